/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/watcher.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "clusters/watcher_internal.h"
#include "json/decode.h"
#include "unit/kube/scripted_server.h"

#include <curl/curl.h>

#define STATUS(code, reason) "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"" reason "\",\"code\":" #code "}"
#define VERSION_OK                                                                                  \
	{                                                                                           \
		.match = "GET /version", .body = { "{\"major\":\"1\",\"gitVersion\":\"v1.20.2\"}" } \
	}
#define ID_OK                                                                       \
	{                                                                           \
		.match = "namespaces/kube-system", .body = {                        \
			"{\"metadata\":{\"name\":\"kube-system\",\"uid\":\"u-1\"}}" \
		}                                                                   \
	}
#define API                                                                                         \
	{                                                                                           \
		.match = "GET /api", .body = { "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}" } \
	}
#define APIS                                                                                  \
	{                                                                                     \
		.match = "GET /apis", .body = { "{\"kind\":\"APIGroupList\",\"groups\":[]}" } \
	}
#define API_V1                                                                                                        \
	{                                                                                                             \
		.match = "GET /api/v1", .body = {                                                                     \
			"{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",\"resources\":[",                      \
			"{\"name\":\"secrets\",\"singularName\":\"secret\",\"namespaced\":true,\"kind\":\"Secret\",", \
			"\"verbs\":[\"get\",\"list\",\"watch\",\"patch\"]},",                                         \
			"{\"name\":\"bindings\",\"singularName\":\"\",\"namespaced\":true,",                          \
			"\"kind\":\"Binding\",\"verbs\":[\"create\"]}]}"                                              \
		}                                                                                                     \
	}
#define OBJECT(name, more) "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\"" more "}}"
#define RULE ",\"annotations\":{\"k8s-copier.fig.org/x\":\"\"}"
#define WAIT_MS 20000

struct bench {
	struct scripted_server *server;
	struct fc_access access;
	struct fc_cluster_spec spec;
	struct fc_metrics *metrics;
	struct fc_mailbox *events;
	struct fc_watcher *watcher;
	struct fc_resource *secrets;
};

static const char *const prefixes[] = { "k8s-copier.fig.org/", NULL };

static void sink(void *user, struct fc_event *event)
{
	assert_int_equal(fc_mailbox_put(user, event), 0);
}

static struct bench *bench_new(const struct scripted_step *steps, size_t count)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));
	struct fc_error err = FC_ERROR_INIT;

	b->server = scripted_start(steps, count);
	b->access.server = fc_xasprintf("https://127.0.0.1:%u", b->server->port);
	b->access.ca_pem = b->server->certificate_pem;
	b->spec.info.name = fc_xstrdup("hub");
	b->spec.access = &b->access;
	b->metrics = fc_metrics_new();
	b->events = fc_mailbox_new(0, NULL, NULL);
	b->secrets = fc_resource_new(
		&(struct fc_resource){ .version = "v1", .plural = "secrets", .kind = "Secret", .namespaced = true });
	b->watcher = fc_watcher_new(&(struct fc_watcher_options){ .cluster = &b->spec,
								  .number = 3,
								  .annotation_prefixes = prefixes,
								  .metrics = b->metrics,
								  .seed = 1,
								  .sink = sink,
								  .user = b->events },
				    &err);
	assert_non_null(b->watcher);
	return b;
}

static void begin(struct bench *b)
{
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(fc_watcher_start(b->watcher, &err), 0);
}

static void end(struct bench *b)
{
	fc_watcher_stop(b->watcher, 0);
	fc_watcher_join(b->watcher);
	fc_watcher_free(b->watcher);
	for (struct fc_event *event; (event = fc_mailbox_take(b->events, 0));)
		fc_event_free(event);
	fc_mailbox_free(b->events);
	scripted_free(b->server);
	fc_resource_unref(b->secrets);
	fc_metrics_free(b->metrics);
	free(b->access.server);
	free(b->spec.info.name);
	free(b);
}

/* The next event, which must be of this type. */
static struct fc_event *next(struct bench *b, enum fc_event_type type)
{
	struct fc_event *event = fc_mailbox_take(b->events, WAIT_MS);

	if (!event)
		fail_msg("no %s came", fc_event_type_name(type));
	if (event->type != type)
		fail_msg("%s came in place of %s: %s", fc_event_type_name(event->type), fc_event_type_name(type),
			 event->error.text);
	assert_int_equal(event->cluster, 3);
	return event;
}

static void expect(struct bench *b, enum fc_event_type type)
{
	fc_event_free(next(b, type));
}

static void expect_up(struct bench *b, const char *id)
{
	struct fc_event *event = next(b, FC_EVENT_CLUSTER_UP);

	if (id)
		assert_string_equal(event->name, id);
	else
		assert_null(event->name);
	assert_string_equal(event->server_version, "v1.20.2");
	fc_event_free(event);
}

static void expect_down(struct bench *b, enum fc_error_class cls)
{
	struct fc_event *event = next(b, FC_EVENT_CLUSTER_DOWN);

	assert_int_equal(event->error.cls, cls);
	fc_event_free(event);
}

static void until_seen(struct bench *b, const char *part)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (scripted_seen(b->server, part) == 0) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("%s was not asked for", part);
		usleep(1000);
	}
}

static struct fc_action *action(struct bench *b, enum fc_action_type type)
{
	struct fc_actions list;

	fc_actions_init(&list);
	struct fc_action *a = fc_actions_add(&list, type);
	a->cluster = 3;
	a->resource = fc_resource_ref(b->secrets);
	return fc_actions_take(&list);
}

static void post_resolve(struct bench *b, const char *word, uint64_t request)
{
	struct fc_action *a = action(b, FC_ACTION_RESOLVE);

	a->name = fc_xstrdup(word);
	a->verbs = FC_VERB_LIST | FC_VERB_WATCH;
	a->request = request;
	fc_watcher_post(b->watcher, a);
}

static void post_object(struct bench *b, enum fc_action_type type, const char *name, uint64_t request)
{
	struct fc_action *a = action(b, type);

	a->namespace_ = fc_xstrdup("ns");
	a->name = fc_xstrdup(name);
	a->request = request;
	if (type == FC_ACTION_PATCH)
		a->body = json_pack("[{s:s,s:s,s:s}]", "op", "replace", "path", "/metadata/resourceVersion", "value",
				    "7");
	fc_watcher_post(b->watcher, a);
}

static double up_metric(struct bench *b)
{
	return fc_metrics_get(b->metrics, FC_METRIC_CLUSTER_UP, FC_LABELS("hub"));
}

#define BENCH(...)                                                   \
	static const struct scripted_step steps[] = { __VA_ARGS__ }; \
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps))

static void test_connecting_tells_who_the_cluster_is(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);

	begin(b);
	expect_up(b, "u-1");
	assert_true(up_metric(b) == 1);
	assert_non_null(strstr(scripted_request(b->server, "kube-system", 0)->head, "as=PartialObjectMetadata"));
	end(b);
}

static void test_a_cluster_whose_id_may_not_be_read_is_up_and_is_asked_again(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, { .match = "namespaces/kube-system", .status = 403, .body = { STATUS(403, "Forbidden") } },
	      ID_OK);

	begin(b);
	expect_up(b, NULL);
	expect_up(b, "u-1");
	end(b);
}

static void test_wrong_credentials_are_a_cluster_that_is_down_with_the_reason(void **state FC_UNUSED)
{
	BENCH({ .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } },
	      { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } }, VERSION_OK, ID_OK);

	begin(b);
	expect_down(b, FC_ERR_UNAUTHORIZED);
	assert_true(up_metric(b) == 0);
	/* Not once more for the second 401. */
	expect_up(b, "u-1");
	assert_int_equal(scripted_seen(b->server, "GET /version"), 3);
	end(b);
}

static void test_a_server_that_starts_is_not_up_before_version_answers(void **state FC_UNUSED)
{
	BENCH({ .match = "GET /version", .status = 403, .body = { STATUS(403, "Forbidden") } },
	      { .match = "GET /version", .status = 503, .body = { STATUS(503, "ServiceUnavailable") } }, VERSION_OK,
	      ID_OK);

	begin(b);
	/* Once: 403 and 503 are both a server on its way up. */
	expect_down(b, FC_ERR_FORBIDDEN);
	expect_up(b, "u-1");
	end(b);
}

static void test_an_outage_that_turns_into_refused_credentials_is_told_again(void **state FC_UNUSED)
{
	BENCH({ .match = "GET /version", .status = 503, .body = { STATUS(503, "ServiceUnavailable") } },
	      { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } }, VERSION_OK, ID_OK);

	begin(b);
	expect_down(b, FC_ERR_SERVER);
	expect_down(b, FC_ERR_UNAUTHORIZED);
	expect_up(b, "u-1");
	end(b);
}

static void test_html_is_no_api_server(void **state FC_UNUSED)
{
	BENCH({ .match = "GET /version", .body = { "<html>" } }, { .match = "GET /version", .body = { "[]" } },
	      VERSION_OK, ID_OK);

	begin(b);
	expect_down(b, FC_ERR_PROTOCOL);
	expect_up(b, "u-1");
	end(b);
}

static void test_a_killed_server_is_down_and_up_again_with_its_watches(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "limit=", .body = { "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}" } },
	      { .match = "watch=true",
		.body = { "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"6\"}}}" },
		.end = SCRIPTED_HOLD },
	      VERSION_OK, ID_OK,
	      { .match = "resourceVersion=6",
		.body = { "{\"type\":\"ADDED\",\"object\":" OBJECT("a", ",\"resourceVersion\":\"7\"") "}" },
		.end = SCRIPTED_HOLD });

	begin(b);
	expect_up(b, "u-1");
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);
	a->watch = 9;
	fc_watcher_post(b->watcher, a);
	expect(b, FC_EVENT_LIST_BEGIN);
	expect(b, FC_EVENT_LIST_END);
	/* Until the bookmark has arrived. */
	while (fc_metrics_get(b->metrics, FC_METRIC_WATCH_EVENTS, FC_LABELS("hub", "secrets", "BOOKMARK")) < 1)
		usleep(1000);
	scripted_kill(b->server);
	struct fc_event *first = fc_mailbox_take(b->events, WAIT_MS), *second = fc_mailbox_take(b->events, WAIT_MS);
	assert_true(first && second);
	assert_true(first->type == FC_EVENT_CLUSTER_DOWN || first->type == FC_EVENT_WATCH_FAILED);
	assert_true(second->type == FC_EVENT_CLUSTER_DOWN || second->type == FC_EVENT_WATCH_FAILED);
	assert_int_not_equal(first->type, second->type);
	fc_event_free(first);
	fc_event_free(second);

	int64_t back_ms = fc_clock_mono_ms();
	scripted_restart(b->server);
	struct fc_event *event = fc_mailbox_take(b->events, WAIT_MS);
	assert_true(event && (event->type == FC_EVENT_CLUSTER_UP || event->type == FC_EVENT_WATCH_RESUMED));
	fc_event_free(event);
	while ((event = fc_mailbox_take(b->events, WAIT_MS)) && event->type != FC_EVENT_OBJECT)
		fc_event_free(event);
	assert_non_null(event);
	assert_int_equal(event->watch, 9);
	assert_string_equal(fc_json_metadata(event->object, "name"), "a");
	fc_event_free(event);
	/* The longest delay of a fresh outage is 2 s. */
	assert_true(fc_clock_mono_ms() - back_ms < 4000);
	end(b);
}

static void test_a_watch_in_a_long_back_off_is_tried_when_the_cluster_is_back(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "limit=", .body = { "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}" } },
	      { .match = "watch=true", .status = 403, .body = { STATUS(403, "Forbidden") } }, VERSION_OK, ID_OK,
	      { .match = "watch=true",
		.body = { "{\"type\":\"ADDED\",\"object\":" OBJECT("a", ",\"resourceVersion\":\"6\"") "}" },
		.end = SCRIPTED_HOLD });

	begin(b);
	expect_up(b, "u-1");
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);
	a->watch = 9;
	fc_watcher_post(b->watcher, a);
	expect(b, FC_EVENT_LIST_BEGIN);
	expect(b, FC_EVENT_LIST_END);
	/* Its next try is 30 to 60 s away. */
	expect(b, FC_EVENT_WATCH_FAILED);
	scripted_kill(b->server);
	post_object(b, FC_ACTION_READ, "a", 1);
	expect_down(b, FC_ERR_NETWORK);
	expect(b, FC_EVENT_RESULT);
	scripted_restart(b->server);
	expect_up(b, "u-1");
	expect(b, FC_EVENT_WATCH_RESUMED);
	end(b);
}

static void test_a_cluster_that_is_not_there_is_told_once_and_found_when_it_comes(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);

	scripted_kill(b->server);
	begin(b);
	expect_down(b, FC_ERR_NETWORK);
	scripted_restart(b->server);
	expect_up(b, "u-1");
	end(b);
}

static void test_words_that_come_together_are_resolved_by_one_discovery(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, API_V1, APIS, API);

	/* Before the cluster is up they wait. */
	post_resolve(b, "secret", 11);
	post_resolve(b, "helmreleases", 12);
	post_resolve(b, "bindings", 13);
	begin(b);
	expect_up(b, "u-1");
	unsigned seen = 0;
	for (int i = 0; i < 3; i++) {
		struct fc_event *event = next(b, FC_EVENT_RESOLVED);
		seen |= 1u << event->request;
		if (event->request == 11) {
			assert_string_equal(event->name, "secret");
			assert_string_equal(event->resource->plural, "secrets");
			assert_int_equal(event->error.cls, FC_ERR_NONE);
		} else {
			assert_null(event->resource);
			assert_int_equal(event->error.cls, FC_ERR_NOT_SERVED);
		}
		fc_event_free(event);
	}
	assert_int_equal(seen, 1u << 11 | 1u << 12 | 1u << 13);
	assert_int_equal(scripted_seen(b->server, "GET /apis"), 1);

	/* A word that is known needs none. */
	post_resolve(b, "secret", 14);
	struct fc_event *event = next(b, FC_EVENT_RESOLVED);
	assert_int_equal(event->request, 14);
	assert_non_null(event->resource);
	fc_event_free(event);
	assert_int_equal(scripted_seen(b->server, "GET /apis"), 1);
	end(b);
}

static void test_a_new_word_is_looked_for_and_an_old_answer_is_not_told_again(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, API_V1, APIS, API, API_V1, APIS, API);

	begin(b);
	expect_up(b, "u-1");
	post_resolve(b, "nothings", 1);
	struct fc_event *event = next(b, FC_EVENT_RESOLVED);
	assert_int_equal(event->request, 1);
	fc_event_free(event);
	post_resolve(b, "secrets", 2);
	event = next(b, FC_EVENT_RESOLVED);
	assert_int_equal(event->request, 2);
	assert_non_null(event->resource);
	fc_event_free(event);
	assert_int_equal(scripted_seen(b->server, "GET /apis"), 2);
	end(b);
}

static void test_a_watch_tells_until_it_is_stopped(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "limit=",
		.body = { "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[", OBJECT("plain", "") ",",
			  OBJECT("ruled", RULE) ",",
			  OBJECT("broken", RULE ",\"generation\":123456789012345678901234567890"), "]}" } },
	      { .match = "watch=true",
		.body = { "{\"type\":\"DELETED\",\"object\":" OBJECT("ruled", ",\"resourceVersion\":\"8\"") "}" },
		.end = SCRIPTED_HOLD },
	      { .match = "secrets/other", .body = { "{\"metadata\":{\"name\":\"other\"}}" } });

	begin(b);
	expect_up(b, "u-1");
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);
	a->watch = 4;
	a->metadata_only = true;
	fc_watcher_post(b->watcher, a);
	expect(b, FC_EVENT_LIST_BEGIN);
	struct fc_event *event = next(b, FC_EVENT_OBJECT);
	assert_int_equal(event->watch, 4);
	assert_true(event->received_us > 0);
	assert_string_equal(fc_json_metadata(event->object, "name"), "ruled");
	fc_event_free(event);
	event = next(b, FC_EVENT_OBJECT_UNREADABLE);
	assert_string_equal(event->name, "broken");
	assert_int_equal(event->error.cls, FC_ERR_LIMIT);
	fc_event_free(event);
	event = next(b, FC_EVENT_LIST_END);
	assert_true(event->complete);
	fc_event_free(event);
	event = next(b, FC_EVENT_OBJECT_GONE);
	assert_string_equal(event->namespace_, "ns");
	assert_string_equal(event->name, "ruled");
	assert_string_equal(event->resource_version, "8");
	fc_event_free(event);

	a = action(b, FC_ACTION_STOP_WATCH);
	a->watch = 4;
	fc_watcher_post(b->watcher, a);
	/* What follows in the queue is executed after it. */
	post_object(b, FC_ACTION_READ, "other", 1);
	expect(b, FC_EVENT_RESULT);
	scripted_kill(b->server);
	/* A watch that still ran would fail now. */
	post_object(b, FC_ACTION_READ, "other", 2);
	expect_down(b, FC_ERR_NETWORK);
	expect(b, FC_EVENT_RESULT);
	end(b);
}

static void test_reads_and_patches_bring_results(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "GET /api/v1/namespaces/ns/secrets/a", .body = { "{\"metadata\":{\"name\":\"a\"}}" } },
	      { .match = "PATCH /api/v1/namespaces/ns/secrets/a", .status = 409, .body = { STATUS(409, "Conflict") } });

	begin(b);
	expect_up(b, "u-1");
	post_object(b, FC_ACTION_READ, "a", 21);
	struct fc_event *event = next(b, FC_EVENT_RESULT);
	assert_int_equal(event->request, 21);
	assert_string_equal(fc_json_metadata(event->object, "name"), "a");
	fc_event_free(event);
	post_object(b, FC_ACTION_PATCH, "a", 22);
	event = next(b, FC_EVENT_RESULT);
	assert_int_equal(event->request, 22);
	assert_null(event->object);
	assert_int_equal(event->error.cls, FC_ERR_CONFLICT);
	fc_event_free(event);
	assert_string_equal(scripted_request(b->server, "PATCH", 0)->body,
			    "[{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"}]");
	post_object(b, FC_ACTION_READ, "a/b", 23);
	event = next(b, FC_EVENT_RESULT);
	assert_int_equal(event->request, 23);
	assert_int_not_equal(event->error.cls, FC_ERR_NONE);
	fc_event_free(event);
	end(b);
}

static void test_stopping_lets_a_write_in_flight_finish(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "PATCH", .body = { "{\"metadata\":{\"name\":\"a\"}}" }, .end = SCRIPTED_LATE },
	      { .match = "secrets/b", .end = SCRIPTED_LATE });

	begin(b);
	expect_up(b, "u-1");
	post_object(b, FC_ACTION_PATCH, "a", 31);
	post_object(b, FC_ACTION_READ, "b", 32);
	until_seen(b, "PATCH");
	until_seen(b, "secrets/b");
	fc_watcher_stop(b->watcher, WAIT_MS);
	post_object(b, FC_ACTION_READ, "c", 33);
	scripted_release(b->server);
	fc_watcher_join(b->watcher);
	struct fc_event *event = next(b, FC_EVENT_RESULT);
	assert_int_equal(event->request, 31);
	assert_non_null(event->object);
	fc_event_free(event);
	assert_null(fc_mailbox_take(b->events, 0));
	assert_int_equal(scripted_seen(b->server, "secrets/c"), 0);
	end(b);
}

static void test_stopping_waits_no_longer_than_the_grace(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, { .match = "PATCH", .body = { "{}" }, .end = SCRIPTED_LATE });

	begin(b);
	expect_up(b, "u-1");
	post_object(b, FC_ACTION_PATCH, "a", 31);
	until_seen(b, "PATCH");
	fc_watcher_stop(b->watcher, 50);
	fc_watcher_join(b->watcher);
	assert_null(fc_mailbox_take(b->events, 0));
	end(b);
}

/* --- on the test's own thread, which may look inside --- */

static void turn(struct bench *b, enum fc_event_type type)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;
	struct fc_event *event;

	while (!(event = fc_mailbox_take(b->events, 0))) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("no %s came", fc_event_type_name(type));
		fc_loop_run_once(b->watcher->loop, 10);
	}
	if (event->type != type)
		fail_msg("%s came in place of %s", fc_event_type_name(event->type), fc_event_type_name(type));
	fc_event_free(event);
}

/* Time enough for what is to happen at once: for "this does not come". */
static void settle(struct bench *b)
{
	int64_t until_ms = fc_clock_mono_ms() + 100;

	while (fc_clock_mono_ms() < until_ms)
		fc_loop_run_once(b->watcher->loop, 10);
}

static void lose(struct bench *b)
{
	struct fc_error why = FC_ERROR_INIT;

	fc_error_set(&why, FC_ERR_NETWORK, "reset");
	fc_watcher_reachable(b->watcher, false, &why);
}

static void start_watch(struct bench *b)
{
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);

	a->watch = 9;
	fc_watcher_watch_start(b->watcher, a);
	fc_action_free(a);
}

#define LIST_403                                                                       \
	{                                                                              \
		.match = "limit=", .status = 403, .body = { STATUS(403, "Forbidden") } \
	}

static void test_a_cluster_that_only_answers_probes_is_probed_ever_more_seldom(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, VERSION_OK, ID_OK, VERSION_OK, ID_OK, LIST_403, LIST_403, LIST_403);

	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	start_watch(b);
	turn(b, FC_EVENT_WATCH_FAILED);
	for (int i = 0; i < 2; i++) {
		lose(b);
		turn(b, FC_EVENT_CLUSTER_DOWN);
		turn(b, FC_EVENT_CLUSTER_UP);
	}
	settle(b);
	/* Once at its beginning and once after the first outage: its own back-off is 30 s. */
	assert_int_equal(scripted_seen(b->server, "limit="), 2);
	int64_t noticed_ms = b->watcher->connection.down_ms;
	lose(b);
	turn(b, FC_EVENT_CLUSTER_DOWN);
	/* The third delay in a row would be 400 to 800 ms without the memory of the first. */
	assert_true(b->watcher->connection.backoff.next_ms >= 2000);
	assert_true(b->watcher->connection.down_ms == noticed_ms);
	end(b);
}

static void test_an_outage_that_outlasts_a_probe_lets_every_watch_try_at_once(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, VERSION_OK, ID_OK,
	      { .match = "GET /version", .status = 503, .body = { STATUS(503, "ServiceUnavailable") } }, VERSION_OK,
	      ID_OK, LIST_403, LIST_403, LIST_403);

	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	start_watch(b);
	turn(b, FC_EVENT_WATCH_FAILED);
	for (int i = 0; i < 2; i++) {
		lose(b);
		turn(b, FC_EVENT_CLUSTER_DOWN);
		turn(b, FC_EVENT_CLUSTER_UP);
	}
	settle(b);
	assert_int_equal(scripted_seen(b->server, "limit="), 3);
	end(b);
}

static void resolve(struct bench *b, const char *text, void (*fn)(struct fc_watcher *w, const struct fc_action *a))
{
	struct fc_action *a = action(b, fn == fc_watcher_resolve ? FC_ACTION_RESOLVE : FC_ACTION_FORGET_WORD);

	a->name = fc_xstrdup(text);
	a->verbs = FC_VERB_LIST;
	fn(b->watcher, a);
	fc_action_free(a);
}

#define APIS_TWO                                                                                                                  \
	{                                                                                                                         \
		.match = "GET /apis", .body = {                                                                                   \
			"{\"kind\":\"APIGroupList\",\"groups\":[{\"name\":\"example.com\",\"versions\":[{\"version\":\"v1\"}]},", \
			"{\"name\":\"other.com\",\"versions\":[{\"version\":\"v1\"}]}]}"                                          \
		}                                                                                                                 \
	}

#define EMPTY(group)                                                                                             \
	{                                                                                                        \
		.match = "GET /apis/" group "/v1", .body = { "{\"kind\":\"APIResourceList\",\"resources\":[]}" } \
	}

/* As if the time of the next discovery had come. Returns after how long it would have. */
static int64_t rediscover(struct bench *b)
{
	struct fc_watcher_words *words = &b->watcher->words;

	assert_non_null(words->timer);
	int64_t delay_ms = words->due_ms - fc_clock_mono_ms();
	fc_loop_timer_cancel(b->watcher->loop, &words->timer);
	fc_watcher_resolve_up(b->watcher, false);
	while (!words->discovery)
		fc_loop_run_once(b->watcher->loop, 10);
	while (words->discovery)
		fc_loop_run_once(b->watcher->loop, 10);
	return delay_ms;
}

static void test_a_word_that_is_not_served_is_looked_for_ever_more_seldom_in_its_group(void **state FC_UNUSED)
{
	/* The most specific first: a step serves every line that holds its words. */
	BENCH(VERSION_OK, ID_OK, API_V1, API_V1, API_V1, API_V1, API_V1, EMPTY("example.com"), EMPTY("example.com"),
	      EMPTY("example.com"), EMPTY("example.com"), EMPTY("example.com"), EMPTY("other.com"), APIS_TWO, APIS_TWO,
	      APIS_TWO, APIS_TWO, APIS_TWO, API, API, API, API, API);
	struct fc_watcher_words *words = &b->watcher->words;

	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	resolve(b, "widgets.v1.example.com", fc_watcher_resolve);
	turn(b, FC_EVENT_RESOLVED);
	int64_t first_ms = rediscover(b), second_ms = rediscover(b), third_ms = rediscover(b);
	assert_in_range(first_ms, 29000, 60000);
	assert_in_range(second_ms, 59000, 120000);
	assert_in_range(third_ms, 119000, 240000);
	assert_int_equal(scripted_seen(b->server, "other.com"), 0);
	assert_true(scripted_seen(b->server, "example.com") > 0);

	/* A new word may be of any group, and is a reason to look often again. */
	resolve(b, "gadgets", fc_watcher_resolve);
	turn(b, FC_EVENT_RESOLVED);
	assert_int_equal(words->partial, false);
	assert_true(scripted_seen(b->server, "other.com") > 0);
	assert_in_range(words->due_ms - fc_clock_mono_ms(), 29000, 60000);
	end(b);
}

static void test_a_word_that_came_during_a_discovery_of_other_groups_gets_one_of_its_own(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, API_V1, API_V1, APIS, APIS, API, API);

	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	resolve(b, "widgets.example.com", fc_watcher_resolve);
	while (!b->watcher->words.discovery)
		fc_loop_run_once(b->watcher->loop, 10);
	resolve(b, "gadgets.other.com", fc_watcher_resolve);
	turn(b, FC_EVENT_RESOLVED);
	assert_int_equal(scripted_seen(b->server, "GET /apis"), 1);
	turn(b, FC_EVENT_RESOLVED);
	assert_int_equal(scripted_seen(b->server, "GET /apis"), 2);
	end(b);
}

static void test_nothing_is_told_of_a_forgotten_word_nor_looked_for(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, API_V1, APIS, API);
	struct fc_watcher_words *words = &b->watcher->words;

	resolve(b, "gadgets", fc_watcher_resolve);
	resolve(b, "widgets", fc_watcher_resolve);
	resolve(b, "gadgets", fc_watcher_resolve_forget);
	resolve(b, "never-asked", fc_watcher_resolve_forget);
	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	turn(b, FC_EVENT_RESOLVED);
	settle(b);
	assert_null(fc_mailbox_take(b->events, 0));
	assert_non_null(words->timer);
	resolve(b, "widgets", fc_watcher_resolve_forget);
	assert_null(words->timer);
	assert_null(words->first);
	end(b);
}

static void test_the_action_to_forget_reaches_the_word(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, API_V1, APIS, API);

	post_resolve(b, "gadgets", 1);
	struct fc_action *a = action(b, FC_ACTION_FORGET_WORD);
	a->name = fc_xstrdup("gadgets");
	a->verbs = FC_VERB_LIST | FC_VERB_WATCH;
	fc_watcher_post(b->watcher, a);
	post_resolve(b, "widgets", 2);
	begin(b);
	expect_up(b, "u-1");
	struct fc_event *event = next(b, FC_EVENT_RESOLVED);
	assert_string_equal(event->name, "widgets");
	fc_event_free(event);
	assert_null(fc_mailbox_take(b->events, 50));
	end(b);
}

static void test_words_beyond_the_thousandth_are_refused_until_one_is_forgotten(void **state FC_UNUSED)
{
	BENCH(VERSION_OK);
	char text[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "word-%d", i);
		resolve(b, text, fc_watcher_resolve);
	}
	assert_null(fc_mailbox_take(b->events, 0));
	resolve(b, "one-more", fc_watcher_resolve);
	struct fc_event *event = next(b, FC_EVENT_RESOLVED);
	assert_string_equal(event->name, "one-more");
	assert_null(event->resource);
	assert_int_equal(event->error.cls, FC_ERR_LIMIT);
	assert_non_null(strstr(event->error.text, "1000 resources are asked for in cluster hub already"));
	fc_event_free(event);
	/* One that is known may be asked for again. */
	resolve(b, "word-7", fc_watcher_resolve);
	resolve(b, "word-8", fc_watcher_resolve_forget);
	resolve(b, "one-more", fc_watcher_resolve);
	assert_null(fc_mailbox_take(b->events, 0));
	end(b);
}

static void test_one_that_never_started_can_be_freed(void **state FC_UNUSED)
{
	BENCH(VERSION_OK);

	post_object(b, FC_ACTION_READ, "a", 1);
	end(b);
}

static int set_up(void **state FC_UNUSED)
{
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	json_object_seed(1);
	return curl_global_init(CURL_GLOBAL_DEFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connecting_tells_who_the_cluster_is),
		cmocka_unit_test(test_a_cluster_whose_id_may_not_be_read_is_up_and_is_asked_again),
		cmocka_unit_test(test_wrong_credentials_are_a_cluster_that_is_down_with_the_reason),
		cmocka_unit_test(test_a_server_that_starts_is_not_up_before_version_answers),
		cmocka_unit_test(test_an_outage_that_turns_into_refused_credentials_is_told_again),
		cmocka_unit_test(test_html_is_no_api_server),
		cmocka_unit_test(test_a_killed_server_is_down_and_up_again_with_its_watches),
		cmocka_unit_test(test_a_watch_in_a_long_back_off_is_tried_when_the_cluster_is_back),
		cmocka_unit_test(test_a_cluster_that_is_not_there_is_told_once_and_found_when_it_comes),
		cmocka_unit_test(test_words_that_come_together_are_resolved_by_one_discovery),
		cmocka_unit_test(test_a_new_word_is_looked_for_and_an_old_answer_is_not_told_again),
		cmocka_unit_test(test_a_watch_tells_until_it_is_stopped),
		cmocka_unit_test(test_reads_and_patches_bring_results),
		cmocka_unit_test(test_stopping_lets_a_write_in_flight_finish),
		cmocka_unit_test(test_stopping_waits_no_longer_than_the_grace),
		cmocka_unit_test(test_a_cluster_that_only_answers_probes_is_probed_ever_more_seldom),
		cmocka_unit_test(test_an_outage_that_outlasts_a_probe_lets_every_watch_try_at_once),
		cmocka_unit_test(test_a_word_that_is_not_served_is_looked_for_ever_more_seldom_in_its_group),
		cmocka_unit_test(test_a_word_that_came_during_a_discovery_of_other_groups_gets_one_of_its_own),
		cmocka_unit_test(test_nothing_is_told_of_a_forgotten_word_nor_looked_for),
		cmocka_unit_test(test_the_action_to_forget_reaches_the_word),
		cmocka_unit_test(test_words_beyond_the_thousandth_are_refused_until_one_is_forgotten),
		cmocka_unit_test(test_one_that_never_started_can_be_freed),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
