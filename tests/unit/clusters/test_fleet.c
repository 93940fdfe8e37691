/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters that come, go and change while others run: before scripted servers. */
#include "clusters/fleet.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "unit/kube/scripted_server.h"

#include <curl/curl.h>

#include <sys/resource.h>

#define WAIT_MS 20000
#define MOST 3

#define VERSION                                                                      \
	{                                                                            \
		.match = "GET /version", .body = { "{\"gitVersion\":\"v1.20.2\"}" }, \
	}
#define ID(id)                                                                              \
	{                                                                                   \
		.match = "namespaces/kube-system",                                          \
		.body = { "{\"metadata\":{\"name\":\"kube-system\",\"uid\":\"" id "\"}}" }, \
	}
#define PATCHED_LATE                                                                     \
	{                                                                                \
		.match = "PATCH ", .body = { "{\"metadata\":{}}" }, .end = SCRIPTED_LATE \
	}

static const struct scripted_step scripts[MOST][4] = {
	{ VERSION, ID("id-0"), VERSION, ID("id-0") },
	{ VERSION, ID("id-1"), PATCHED_LATE },
	{ VERSION, ID("id-2"), VERSION, ID("id-2") },
};

/* The first is the master. */
struct entry {
	const char *name;
	int server;
	const char *token, *region;
};

struct fixture {
	struct scripted_server *servers[MOST];
	struct fc_metrics *metrics;
	struct fc_mailbox *events;
	struct fc_fleet *fleet;
	struct fc_resource *secrets;
};

static void sink(void *user, struct fc_event *event)
{
	assert_int_equal(fc_mailbox_put(user, event), 0);
}

static int setup_group(void **state FC_UNUSED)
{
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	return curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	for (size_t i = 0; i < MOST; i++) {
		size_t steps = 0;

		while (steps < FC_ARRAY_LEN(scripts[i]) && scripts[i][steps].match)
			steps++;
		f->servers[i] = scripted_start(scripts[i], steps);
	}
	f->metrics = fc_metrics_new();
	f->events = fc_mailbox_new(0, NULL, NULL);
	f->secrets = fc_resource_new(
		&(struct fc_resource){ .version = "v1", .plural = "secrets", .kind = "Secret", .namespaced = true });
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->fleet) {
		fc_fleet_stop(f->fleet);
		fc_fleet_join(f->fleet);
		fc_fleet_free(f->fleet);
	}
	for (struct fc_event *event; (event = fc_mailbox_take(f->events, 0));)
		fc_event_free(event);
	fc_mailbox_free(f->events);
	for (size_t i = 0; i < MOST; i++)
		scripted_free(f->servers[i]);
	fc_resource_unref(f->secrets);
	fc_metrics_free(f->metrics);
	free(f);
	return 0;
}

static struct fc_cluster_set *set_of(struct fixture *f, const struct entry *entries, size_t count)
{
	struct fc_cluster_set *s = fc_xcalloc(1, sizeof(*s));

	s->clusters = fc_xcalloc(count, sizeof(*s->clusters));
	s->count = count;
	for (size_t i = 0; i < count; i++) {
		const struct entry *e = &entries[i];
		struct fc_cluster_spec *spec = &s->clusters[i];

		spec->info.name = fc_xstrdup(e->name);
		spec->info.master = i == 0;
		spec->info.labels = e->region ? json_pack("{s:s}", "region", e->region) : NULL;
		spec->access = fc_xcalloc(1, sizeof(*spec->access));
		spec->access->server = fc_xasprintf("https://127.0.0.1:%u", f->servers[e->server]->port);
		spec->access->ca_pem = fc_xstrdup(f->servers[e->server]->certificate_pem);
		spec->access->token = fc_xstrdup(e->token ? e->token : "t");
	}
	return s;
}

#define AT(at_name, at_server, ...)                                   \
	{                                                             \
		.name = (at_name), .server = (at_server), __VA_ARGS__ \
	}
#define SET(f, ...)                                        \
	set_of((f), (const struct entry[]){ __VA_ARGS__ }, \
	       sizeof((const struct entry[]){ __VA_ARGS__ }) / sizeof(struct entry))

static struct fc_event *next(struct fixture *f, enum fc_event_type type, fc_cluster_no no)
{
	struct fc_event *event = fc_mailbox_take(f->events, WAIT_MS);

	if (!event)
		fail_msg("no %s came", fc_event_type_name(type));
	if (event->type != type || event->cluster != no)
		fail_msg("%s of %u came in place of %s of %u", fc_event_type_name(event->type), event->cluster,
			 fc_event_type_name(type), no);
	return event;
}

static void expect(struct fixture *f, enum fc_event_type type, fc_cluster_no no)
{
	fc_event_free(next(f, type, no));
}

static void expect_up(struct fixture *f, fc_cluster_no no, const char *id)
{
	struct fc_event *event = next(f, FC_EVENT_CLUSTER_UP, no);

	assert_string_equal(event->name, id);
	fc_event_free(event);
}

static void expect_described(struct fixture *f, enum fc_event_type type, fc_cluster_no no, const char *name,
			     const char *region)
{
	struct fc_event *event = next(f, type, no);
	const char *label = json_string_value(json_object_get(event->info->labels, "region"));

	assert_string_equal(event->info->name, name);
	assert_string_equal(label ? label : "", region);
	fc_event_free(event);
}

static void expect_no_event(struct fixture *f)
{
	struct fc_event *event = fc_mailbox_take(f->events, 0);

	if (event)
		fail_msg("%s came", fc_event_type_name(event->type));
}

/* Takes the set. */
static void begin(struct fixture *f, struct fc_cluster_set *set)
{
	static const char *const prefixes[] = { "k8s-copier.fig.org/", NULL };
	struct fc_error err = FC_ERROR_INIT;

	f->fleet = fc_fleet_new(&(struct fc_fleet_options){ .annotation_prefixes = prefixes,
							    .metrics = f->metrics,
							    .seed = 1,
							    .grace_ms = WAIT_MS,
							    .sink = sink,
							    .user = f->events },
				set, &err);
	assert_non_null(f->fleet);
	assert_int_equal(fc_fleet_start(f->fleet, &err), 0);
	fc_cluster_set_free(set);
}

static int apply(struct fixture *f, struct fc_cluster_set *set)
{
	struct fc_error err = FC_ERROR_INIT;
	int changes = fc_fleet_apply(f->fleet, set, &err);

	if (changes < 0)
		fail_msg("%s", err.text);
	fc_cluster_set_free(set);
	return changes;
}

static void post(struct fixture *f, enum fc_action_type type, fc_cluster_no no)
{
	struct fc_actions list;

	fc_actions_init(&list);
	struct fc_action *a = fc_actions_add(&list, type);
	a->cluster = no;
	a->resource = fc_resource_ref(f->secrets);
	a->namespace_ = fc_xstrdup("ns");
	a->name = fc_xstrdup("x");
	if (type == FC_ACTION_PATCH)
		a->body = json_array();
	fc_fleet_post(f->fleet, fc_actions_take(&list));
}

static void until_seen(struct fixture *f, int server, const char *part)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (scripted_seen(f->servers[server], part) == 0) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("%s was not asked for", part);
		usleep(1000);
	}
}

static void until_reaped(struct fixture *f)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (fc_fleet_reap(f->fleet) > 0) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("a thread did not end");
		usleep(1000);
	}
}

/* --- the tests --- */

static void test_fleet_numbers_its_first_clusters_by_their_place(void **state)
{
	struct fixture *f = *state;

	begin(f, SET(f, AT("hub", 0), AT("edge", 1)));
	struct fc_event *event = fc_mailbox_take(f->events, WAIT_MS);
	assert_non_null(event);
	fc_cluster_no first = event->cluster;
	assert_int_equal(event->type, FC_EVENT_CLUSTER_UP);
	fc_event_free(event);
	expect_up(f, 1 - first, first ? "id-0" : "id-1");
	assert_int_equal(apply(f, SET(f, AT("hub", 0), AT("edge", 1))), 0);
	expect_no_event(f);
}

static void test_fleet_announces_a_cluster_before_it_tells_of_it(void **state)
{
	struct fixture *f = *state;

	begin(f, SET(f, AT("hub", 0)));
	expect_up(f, 0, "id-0");
	assert_int_equal(apply(f, SET(f, AT("hub", 0), AT("edge", 1, .region = "eu"))), 1);
	expect_described(f, FC_EVENT_CLUSTER_ADDED, 1, "edge", "eu");
	expect_up(f, 1, "id-1");
	post(f, FC_ACTION_READ, 1);
	expect(f, FC_EVENT_RESULT, 1);
	assert_int_equal(scripted_seen(f->servers[1], "GET /api/v1/namespaces/ns/secrets/x"), 1);
}

static void test_fleet_does_nothing_more_on_a_cluster_that_was_removed(void **state)
{
	struct fixture *f = *state;

	begin(f, SET(f, AT("hub", 0)));
	expect_up(f, 0, "id-0");
	apply(f, SET(f, AT("hub", 0), AT("edge", 1)));
	expect(f, FC_EVENT_CLUSTER_ADDED, 1);
	expect_up(f, 1, "id-1");
	assert_true(fc_metrics_get(f->metrics, FC_METRIC_CLUSTER_UP, FC_LABELS("edge")) == 1);

	assert_int_equal(apply(f, SET(f, AT("hub", 0))), 1);
	expect(f, FC_EVENT_CLUSTER_REMOVED, 1);
	post(f, FC_ACTION_READ, 1);
	until_reaped(f);
	expect_no_event(f);
	assert_int_equal(scripted_seen(f->servers[1], "secrets"), 0);
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
	fc_metrics_text(f->metrics, &text);
	assert_null(strstr(fc_buf_str(&text), "\"edge\""));
	assert_non_null(strstr(fc_buf_str(&text), "\"hub\""));

	/* The name comes back as another number. */
	apply(f, SET(f, AT("hub", 0), AT("edge", 2)));
	expect_described(f, FC_EVENT_CLUSTER_ADDED, 2, "edge", "");
	expect_up(f, 2, "id-2");
	post(f, FC_ACTION_READ, 1);
	post(f, FC_ACTION_READ, 17);
	expect_no_event(f);
}

static void test_fleet_lets_a_write_in_flight_finish_and_does_not_wait_for_it(void **state)
{
	struct fixture *f = *state;

	begin(f, SET(f, AT("hub", 0)));
	expect_up(f, 0, "id-0");
	apply(f, SET(f, AT("hub", 0), AT("edge", 1)));
	expect(f, FC_EVENT_CLUSTER_ADDED, 1);
	expect_up(f, 1, "id-1");
	post(f, FC_ACTION_PATCH, 1);
	until_seen(f, 1, "PATCH ");

	apply(f, SET(f, AT("hub", 0)));
	expect(f, FC_EVENT_CLUSTER_REMOVED, 1);
	assert_int_equal(fc_fleet_reap(f->fleet), 1);
	/* Its name is free meanwhile; what is measured under it stays. */
	apply(f, SET(f, AT("hub", 0), AT("edge", 2)));
	expect(f, FC_EVENT_CLUSTER_ADDED, 2);
	expect_up(f, 2, "id-2");
	assert_int_equal(fc_fleet_reap(f->fleet), 1);
	scripted_release(f->servers[1]);
	struct fc_event *event = next(f, FC_EVENT_RESULT, 1);
	assert_int_equal(event->error.cls, FC_ERR_NONE);
	fc_event_free(event);
	until_reaped(f);
	assert_true(fc_metrics_get(f->metrics, FC_METRIC_CLUSTER_UP, FC_LABELS("edge")) == 1);
}

static void test_fleet_ends_while_a_cluster_is_leaving(void **state)
{
	struct fixture *f = *state;

	begin(f, SET(f, AT("hub", 0), AT("edge", 1)));
	apply(f, SET(f, AT("hub", 0)));
}

static void test_fleet_renames_a_cluster_of_the_same_access(void **state)
{
	struct fixture *f = *state;

	begin(f, SET(f, AT("hub", 0)));
	expect_up(f, 0, "id-0");
	assert_int_equal(apply(f, SET(f, AT("centre", 0, .region = "eu"))), 1);
	expect_described(f, FC_EVENT_CLUSTER_CHANGED, 0, "centre", "eu");
	assert_int_equal(apply(f, SET(f, AT("centre", 0, .region = "us"))), 1);
	expect_described(f, FC_EVENT_CLUSTER_CHANGED, 0, "centre", "us");
	post(f, FC_ACTION_READ, 0);
	expect(f, FC_EVENT_RESULT, 0);
	assert_int_equal(scripted_seen(f->servers[0], "GET /version"), 1);
}

/* Once the cluster has told its id, it is expected behind its address. */
static void test_fleet_renames_a_cluster_that_gets_other_credentials_at_the_same_time(void **state)
{
	struct fixture *f = *state;

	begin(f, SET(f, AT("hub", 0)));
	expect_up(f, 0, "id-0");
	assert_int_equal(apply(f, SET(f, AT("centre", 0, .token = "another"))), 2);
	expect_described(f, FC_EVENT_CLUSTER_CHANGED, 0, "centre", "");
	assert_int_equal(apply(f, SET(f, AT("centre", 0, .token = "another"))), 0);
}

/* What such a cluster is told to be mended by: a new name is a new cluster, though address and login are the same. */
static void test_fleet_takes_a_new_name_of_a_cluster_that_was_replaced_for_a_new_cluster(void **state)
{
	struct fixture *f = *state;

	begin(f, SET(f, AT("hub", 0)));
	expect_up(f, 0, "id-0");
	apply(f, SET(f, AT("hub", 0), AT("edge", 1)));
	expect(f, FC_EVENT_CLUSTER_ADDED, 1);
	expect_up(f, 1, "id-1");
	apply(f, SET(f, AT("hub", 0), AT("edge", 2)));
	struct fc_event *event = next(f, FC_EVENT_CLUSTER_DOWN, 1);
	assert_int_equal(event->error.cls, FC_ERR_CONFIG);
	assert_non_null(strstr(event->error.text, "give it a new name"));
	fc_event_free(event);

	assert_int_equal(apply(f, SET(f, AT("hub", 0), AT("lab", 2))), 2);
	expect(f, FC_EVENT_CLUSTER_REMOVED, 1);
	expect_described(f, FC_EVENT_CLUSTER_ADDED, 2, "lab", "");
	expect_up(f, 2, "id-2");
}

static void test_fleet_refuses_another_master_and_all_that_comes_with_it(void **state)
{
	struct fixture *f = *state;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_cluster_set *set = SET(f, AT("edge", 1), AT("hub", 0), AT("lab", 2));

	begin(f, SET(f, AT("hub", 0)));
	expect_up(f, 0, "id-0");
	assert_int_equal(fc_fleet_apply(f->fleet, set, &err), -1);
	assert_string_equal(err.text, "edge would be the master in place of hub: another master needs a restart");
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	fc_cluster_set_free(set);
	expect_no_event(f);
	assert_int_equal(scripted_seen(f->servers[2], "GET"), 0);
	/* What is not refused counts as before. */
	assert_int_equal(apply(f, SET(f, AT("hub", 0), AT("lab", 2))), 1);
	expect(f, FC_EVENT_CLUSTER_ADDED, 1);
	expect_up(f, 1, "id-2");
}

static void test_fleet_refuses_a_set_for_which_there_are_too_few_descriptors(void **state)
{
	struct fixture *f = *state;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_cluster_set *set = SET(f, AT("hub", 0), AT("lab", 2), AT("edge", 1));
	struct rlimit limit;

	begin(f, SET(f, AT("hub", 0)));
	expect_up(f, 0, "id-0");
	/* Too few for both that are new: neither begins. */
	int free_fd = dup(0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)free_fd + 4, limit.rlim_max }), 0);
	close(free_fd);
	assert_int_equal(fc_fleet_apply(f->fleet, set, &err), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(err.cls, FC_ERR_LIMIT);
	fc_cluster_set_free(set);
	expect_no_event(f);
	assert_int_equal(apply(f, SET(f, AT("hub", 0), AT("lab", 2))), 1);
	expect(f, FC_EVENT_CLUSTER_ADDED, 1);
	expect_up(f, 1, "id-2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fleet_numbers_its_first_clusters_by_their_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fleet_announces_a_cluster_before_it_tells_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fleet_does_nothing_more_on_a_cluster_that_was_removed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_fleet_lets_a_write_in_flight_finish_and_does_not_wait_for_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_fleet_ends_while_a_cluster_is_leaving, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fleet_renames_a_cluster_of_the_same_access, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_fleet_renames_a_cluster_that_gets_other_credentials_at_the_same_time, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_fleet_takes_a_new_name_of_a_cluster_that_was_replaced_for_a_new_cluster, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fleet_refuses_another_master_and_all_that_comes_with_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_fleet_refuses_a_set_for_which_there_are_too_few_descriptors, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
