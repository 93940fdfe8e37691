/* SPDX-License-Identifier: Apache-2.0 */
/* watcher_bench - a watcher before a scripted server, and what it posts, for the watcher's tests.
 * Owns:    server, metrics, mailbox of events, watcher.
 * Threads: the test's; the watcher's own once `begin` was called.
 * Fails:   the test, by assertion; a wait for something that does not come fails it after 20 s.
 * Source:  clusters/watcher.h, unit/kube/scripted_server.h. */
#ifndef FC_TESTS_WATCHER_BENCH_H
#define FC_TESTS_WATCHER_BENCH_H

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "clusters/watcher.h"
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
	struct fc_metrics *metrics;
	struct fc_mailbox *events;
	struct fc_watcher *watcher;
	struct fc_resource *secrets;
};

static const char *const prefixes[] = { "k8s-copier.fig.org/", NULL };

static inline void sink(void *user, struct fc_event *event)
{
	assert_int_equal(fc_mailbox_put(user, event), 0);
}

static inline struct bench *bench_new(const struct scripted_step *steps, size_t count)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));
	struct fc_access *access = fc_xcalloc(1, sizeof(*access));
	struct fc_error err = FC_ERROR_INIT;

	b->server = scripted_start(steps, count);
	access->server = fc_xasprintf("https://127.0.0.1:%u", b->server->port);
	access->ca_pem = fc_xstrdup(b->server->certificate_pem);
	b->metrics = fc_metrics_new();
	b->events = fc_mailbox_new(0, NULL, NULL);
	b->secrets = fc_resource_new(
		&(struct fc_resource){ .version = "v1", .plural = "secrets", .kind = "Secret", .namespaced = true });
	b->watcher = fc_watcher_new(&(struct fc_watcher_options){ .name = "hub",
								  .access = access,
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

static inline void begin(struct bench *b)
{
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(fc_watcher_start(b->watcher, &err), 0);
}

static inline void end(struct bench *b)
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
	free(b);
}

/* The next event, which must be of this type. */
static inline struct fc_event *next(struct bench *b, enum fc_event_type type)
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

static inline void expect(struct bench *b, enum fc_event_type type)
{
	fc_event_free(next(b, type));
}

static inline void expect_up(struct bench *b, const char *id)
{
	struct fc_event *event = next(b, FC_EVENT_CLUSTER_UP);

	if (id)
		assert_string_equal(event->name, id);
	else
		assert_null(event->name);
	assert_string_equal(event->server_version, "v1.20.2");
	fc_event_free(event);
}

static inline void expect_down(struct bench *b, enum fc_error_class cls)
{
	struct fc_event *event = next(b, FC_EVENT_CLUSTER_DOWN);

	assert_int_equal(event->error.cls, cls);
	fc_event_free(event);
}

static inline void until_seen(struct bench *b, const char *part)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (scripted_seen(b->server, part) == 0) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("%s was not asked for", part);
		usleep(1000);
	}
}

static inline struct fc_action *action(struct bench *b, enum fc_action_type type)
{
	struct fc_actions list;

	fc_actions_init(&list);
	struct fc_action *a = fc_actions_add(&list, type);
	a->cluster = 3;
	a->resource = fc_resource_ref(b->secrets);
	return fc_actions_take(&list);
}

static inline void post_resolve(struct bench *b, const char *word, uint64_t request)
{
	struct fc_action *a = action(b, FC_ACTION_RESOLVE);

	a->name = fc_xstrdup(word);
	a->verbs = FC_VERB_LIST | FC_VERB_WATCH;
	a->request = request;
	fc_watcher_post(b->watcher, a);
}

static inline void post_object(struct bench *b, enum fc_action_type type, const char *name, uint64_t request)
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

static inline double up_metric(struct bench *b)
{
	return fc_metrics_get(b->metrics, FC_METRIC_CLUSTER_UP, FC_LABELS("hub"));
}

#define BENCH(...)                                                   \
	static const struct scripted_step steps[] = { __VA_ARGS__ }; \
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps))

/* --- on the test's own thread, which may look inside --- */

static inline void turn(struct bench *b, enum fc_event_type type)
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
static inline void settle(struct bench *b)
{
	int64_t until_ms = fc_clock_mono_ms() + 100;

	while (fc_clock_mono_ms() < until_ms)
		fc_loop_run_once(b->watcher->loop, 10);
}

static inline int set_up(void **state FC_UNUSED)
{
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	json_object_seed(1);
	return curl_global_init(CURL_GLOBAL_DEFAULT);
}

#endif
