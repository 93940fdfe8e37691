/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet follows the files of the cluster set. No cluster answers: what is posted is that they come and go. */
#include "cli/reload.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "unit/clusters/set_fixture.h"

#include <curl/curl.h>

#define WAIT_MS 20000

struct bench {
	struct fixture *files;
	struct fc_loop *loop;
	struct fc_metrics *metrics;
	struct fc_mailbox *events;
	struct fc_fleet *fleet;
	struct fc_reload *reload;
	struct fc_permissions *permissions; /* of the set that it has now */
	unsigned permitted;		    /* how often they were told */
	struct fc_cluster_set *taken;	    /* the last one that was handed on */
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
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	b->files = fixture_new();
	b->loop = fc_loop_new(NULL, NULL, NULL);
	assert_non_null(b->loop);
	b->metrics = fc_metrics_new();
	b->events = fc_mailbox_new(0, NULL, NULL);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	fc_reload_free(b->reload);
	fc_fleet_stop(b->fleet);
	fc_fleet_join(b->fleet);
	fc_fleet_free(b->fleet);
	for (struct fc_event *event; (event = fc_mailbox_take(b->events, 0));)
		fc_event_free(event);
	fc_mailbox_free(b->events);
	fc_metrics_free(b->metrics);
	fc_loop_free(b->loop);
	fixture_free(b->files);
	fc_permissions_unref(b->permissions);
	fc_cluster_set_free(b->taken);
	free(b);
	return 0;
}

/* The names, parted by commas; the first is the master. */
static const char *write_set(struct bench *b, const char *names)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(names);
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
	char *rest = copy;

	fc_buf_printf(&text, "apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\nmaster: hub\nclusters:\n");
	for (char *name; (name = strtok_r(rest, ",", &rest));)
		fc_buf_printf(&text, "- {name: %s, kubeconfig: k}\n", name);
	return fixture_write(b->files, "set", fc_buf_str(&text));
}

static void on_permissions(void *user, struct fc_permissions *permissions)
{
	struct bench *b = user;

	b->permitted++;
	fc_permissions_unref(b->permissions);
	b->permissions = fc_permissions_ref(permissions);
}

/* As `run` begins: loads, starts, follows. */
static void begin(struct bench *b, struct fc_cluster_set_options options)
{
	static const char *const prefixes[] = { "k8s-copier.fig.org/", NULL };
	struct fc_cluster_set_files files = { .paths = NULL };
	struct fc_error err = FC_ERROR_INIT;

	options.files = &files;
	struct fc_cluster_set *set = set_must_load(&options);
	options.files = NULL;
	b->permissions = fc_permissions_ref(set->permissions);
	b->fleet = fc_fleet_new(
		&(struct fc_fleet_options){
			.annotation_prefixes = prefixes, .metrics = b->metrics, .sink = sink, .user = b->events },
		set, &err);
	assert_non_null(b->fleet);
	fc_cluster_set_free(set);
	assert_int_equal(fc_fleet_start(b->fleet, &err), 0);
	b->reload = fc_reload_new(&(struct fc_reload_options){ .loop = b->loop,
							       .set = options,
							       .files = &files,
							       .fleet = b->fleet,
							       .permissions = b->permissions,
							       .on_permissions = on_permissions,
							       .user = b,
							       .metrics = b->metrics });
	fc_cluster_set_files_fini(&files);
}

/* Of what the fleet itself posts: those that never answer may say so at any time. */
static struct fc_event *take(struct bench *b)
{
	struct fc_event *event;

	while ((event = fc_mailbox_take(b->events, 0)) && event->type == FC_EVENT_CLUSTER_DOWN)
		fc_event_free(event);
	return event;
}

static void expect(struct bench *b, enum fc_event_type type, fc_cluster_no no, const char *name)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;
	struct fc_event *event;

	while (!(event = take(b))) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("no %s came", fc_event_type_name(type));
		fc_loop_run_once(b->loop, 10);
	}
	assert_int_equal(event->type, type);
	assert_int_equal(event->cluster, no);
	if (name)
		assert_string_equal(event->info->name, name);
	fc_event_free(event);
}

static void until_reload_is(struct bench *b, int good)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while ((int)fc_metrics_get(b->metrics, FC_METRIC_SET_RELOAD_OK, NULL) != good) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("the metric does not become %d", good);
		fc_loop_run_once(b->loop, 10);
	}
}

static void test_reload_follows_the_cluster_set_file(void **state)
{
	struct bench *b = *state;

	set_fixture_kubeconfig(b->files, "k", "hub edge lab");
	begin(b, (struct fc_cluster_set_options){ .file = write_set(b, "hub") });
	write_set(b, "hub,edge");
	expect(b, FC_EVENT_CLUSTER_ADDED, 1, "edge");
	write_set(b, "hub,lab");
	expect(b, FC_EVENT_CLUSTER_REMOVED, 1, NULL);
	expect(b, FC_EVENT_CLUSTER_ADDED, 2, "lab");
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_SET_RELOAD_TIME, NULL) > 1e9);
}

/* What changed between the first load and the watch over the files. */
static void test_reload_notices_what_changed_before_it_began(void **state)
{
	struct bench *b = *state;

	set_fixture_kubeconfig(b->files, "k", "hub edge");
	begin(b, (struct fc_cluster_set_options){ .file = write_set(b, "hub") });
	fc_reload_free(fc_steal(&b->reload));
	const char *file = write_set(b, "hub,edge");
	b->reload = fc_reload_new(&(struct fc_reload_options){
		.loop = b->loop,
		.set = { .file = file },
		.files =
			&(struct fc_cluster_set_files){ .paths = (char *[]){ fixture_keep(b->files, fc_xstrdup(file)) },
							.count = 1 },
		.fleet = b->fleet,
		.permissions = b->permissions,
		.on_permissions = on_permissions,
		.user = b,
		.metrics = b->metrics });
	expect(b, FC_EVENT_CLUSTER_ADDED, 1, "edge");
}

static void permit(struct bench *b, const char *list)
{
	FC_AUTO_FREE char *text = fc_xasprintf("apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\nmaster: hub\n"
					       "clusters:\n- {name: hub, kubeconfig: k}\npermissions: %s\n",
					       list);

	fixture_write(b->files, "set", text);
	fc_reload_now(b->reload);
}

static void on_set(void *user, struct fc_cluster_set *set)
{
	struct bench *b = user;

	fc_cluster_set_free(b->taken);
	b->taken = set;
}

/* As one who waits to be elected reads it. */
static void without_a_fleet(struct bench *b)
{
	struct fc_cluster_set_files none = { .paths = NULL };

	fc_reload_free(fc_steal(&b->reload));
	b->reload = fc_reload_new(&(struct fc_reload_options){ .loop = b->loop,
							       .set = { .file = write_set(b, "hub,edge") },
							       .files = &none,
							       .master = "hub",
							       .permissions = b->permissions,
							       .on_set = on_set,
							       .user = b,
							       .metrics = b->metrics });
}

static void test_reload_without_a_fleet_hands_on_every_good_set(void **state)
{
	struct bench *b = *state;

	set_fixture_kubeconfig(b->files, "k", "hub edge");
	begin(b, (struct fc_cluster_set_options){ .file = write_set(b, "hub") });
	without_a_fleet(b);
	fc_reload_now(b->reload);
	assert_int_equal(b->taken->count, 2);
	/* What is wrong changes nothing; nor does anybody hear of what is permitted. */
	fixture_write(b->files, "set", "clusters: [");
	fc_reload_now(b->reload);
	assert_int_equal(b->taken->count, 2);
	permit(b, "[{from: hub/a, to: hub/b, resources: [secrets]}]");
	assert_int_equal(b->taken->count, 1);
	assert_int_equal(b->permitted, 0);
	assert_null(take(b));
}

/* Of one who waits to be elected, as of one who leads. */
static void test_reload_without_a_fleet_refuses_another_master(void **state)
{
	struct bench *b = *state;

	set_fixture_kubeconfig(b->files, "k", "hub edge");
	begin(b, (struct fc_cluster_set_options){ .file = write_set(b, "hub,edge") });
	without_a_fleet(b);
	fixture_write(b->files, "set",
		      "apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\nmaster: edge\nclusters:\n"
		      "- {name: hub, kubeconfig: k}\n- {name: edge, kubeconfig: k}\n");
	fc_reload_now(b->reload);
	assert_null(b->taken);
	assert_int_equal((int)fc_metrics_get(b->metrics, FC_METRIC_SET_RELOAD_OK, NULL), 0);
	write_set(b, "hub");
	fc_reload_now(b->reload);
	assert_int_equal(b->taken->count, 1);
	assert_int_equal((int)fc_metrics_get(b->metrics, FC_METRIC_SET_RELOAD_OK, NULL), 1);
}

static bool permits(const struct bench *b)
{
	static const struct fc_resource secrets = { .group = "", .plural = "secrets" };

	return fc_permissions_cover(b->permissions, &(struct fc_permission_query){ "hub", "a", "hub", "b", &secrets });
}

static void test_reload_tells_what_the_operator_permits_when_that_changes(void **state)
{
	struct bench *b = *state;

	set_fixture_kubeconfig(b->files, "k", "hub");
	begin(b, (struct fc_cluster_set_options){ .file = write_set(b, "hub") });
	assert_false(permits(b));
	permit(b, "[{from: hub/a, to: hub/b, resources: [secrets]}]");
	assert_int_equal(b->permitted, 1);
	assert_true(permits(b));
	fc_reload_now(b->reload);
	assert_int_equal(b->permitted, 1);
	/* What is wrong changes nothing. */
	permit(b, "[{from: hub, to: hub/b, resources: [secrets]}]");
	assert_int_equal(b->permitted, 1);
	permit(b, "[]");
	assert_int_equal(b->permitted, 2);
	assert_false(permits(b));
}

static void test_reload_keeps_the_old_set_until_a_broken_one_is_mended(void **state)
{
	struct bench *b = *state;

	set_fixture_kubeconfig(b->files, "k", "hub edge");
	begin(b, (struct fc_cluster_set_options){ .file = write_set(b, "hub") });
	fixture_write(b->files, "set", "clusters: [");
	until_reload_is(b, 0);
	assert_null(take(b));
	write_set(b, "hub,edge");
	expect(b, FC_EVENT_CLUSTER_ADDED, 1, "edge");
	until_reload_is(b, 1);
	/* It names what the kubeconfig lacks, which is then added there. */
	write_set(b, "hub,edge,lab");
	until_reload_is(b, 0);
	set_fixture_kubeconfig(b->files, "k", "hub edge lab");
	expect(b, FC_EVENT_CLUSTER_ADDED, 2, "lab");
	until_reload_is(b, 1);
}

/* `kubectl config use-context`, where the current context is the master. */
static void test_reload_refuses_another_master_and_goes_on(void **state)
{
	struct bench *b = *state;
	const char *k = set_fixture_kubeconfig(b->files, "k", "hub edge");

	begin(b, (struct fc_cluster_set_options){ .kubeconfig = k, .service_account_dir = "/nowhere" });
	set_fixture_kubeconfig(b->files, "k", "edge hub");
	until_reload_is(b, 0);
	set_fixture_kubeconfig(b->files, "k", "hub edge lab");
	until_reload_is(b, 1);
	assert_null(take(b));
}

static void test_reload_on_demand_reads_a_set_that_did_not_change(void **state)
{
	struct bench *b = *state;

	set_fixture_kubeconfig(b->files, "k", "hub");
	begin(b, (struct fc_cluster_set_options){ .file = write_set(b, "hub") });
	fc_metrics_set(b->metrics, FC_METRIC_SET_RELOAD_TIME, 0, NULL);
	fc_reload_now(b->reload);
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_SET_RELOAD_TIME, NULL) > 1e9);
	assert_null(take(b));
}

/* From a pipe it was read once; the second time would wait for ever. */
static void test_reload_does_not_follow_a_pipe(void **state)
{
	struct bench *b = *state;
	const char *k = set_fixture_kubeconfig(b->files, "k", "hub");
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	FC_AUTO_FREE char *path = fc_xasprintf("/dev/fd/%d", ends[0]);
	FC_AUTO_FREE char *text = fc_xasprintf("{apiVersion: fedcopy.dev/v1alpha1, kind: ClusterSet, master: hub, "
					       "clusters: [{name: hub, kubeconfig: %s}]}",
					       k);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	begin(b, (struct fc_cluster_set_options){ .file = path });
	set_fixture_kubeconfig(b->files, "k", "edge");
	for (int i = 0; i < 10; i++)
		fc_loop_run_once(b->loop, 50);
	assert_int_equal((int)fc_metrics_get(b->metrics, FC_METRIC_SET_RELOAD_OK, NULL), 1);
	fc_reload_now(b->reload);
	assert_int_equal((int)fc_metrics_get(b->metrics, FC_METRIC_SET_RELOAD_OK, NULL), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reload_follows_the_cluster_set_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_notices_what_changed_before_it_began, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_tells_what_the_operator_permits_when_that_changes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_reload_keeps_the_old_set_until_a_broken_one_is_mended, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_reload_refuses_another_master_and_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_on_demand_reads_a_set_that_did_not_change, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_without_a_fleet_hands_on_every_good_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_without_a_fleet_refuses_another_master, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_does_not_follow_a_pipe, setup, teardown),
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
