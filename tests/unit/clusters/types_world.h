/* SPDX-License-Identifier: Apache-2.0 */
/* types_world - an API server whose types come and go, and a watcher before it, for the tests of RESOURCE words.
 * Owns:    server, watcher, mailbox of events.
 * Threads: the watcher's loop is turned by the test's thread, which may look inside; the server has its own.
 * Fails:   the test, by assertion; a wait for something that does not come fails it after 20 s.
 * Source:  kube-client 3.3 and 3.5 for discovery, 4 and 5 for the list and the watch of CRDs. */
#ifndef FC_TESTS_TYPES_WORLD_H
#define FC_TESTS_TYPES_WORLD_H

#include "base/buf.h"
#include "unit/clusters/watcher_bench.h"

#define WORLD_TYPES 16
#define WORLD_EVENTS 256
#define AGGREGATED "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
#define STREAM "sendInitialEvents=true"
#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

/* What discovery shows. */
struct world_type {
	const char *group, *version, *plural, *kind; /* static; plural NULL: free */
	bool cluster_scoped;
};

#define TYPE(g, v, p, k) ((struct world_type){ .group = (g), .version = (v), .plural = (p), .kind = (k) })

/* What the watch of CRDs tells; the version is its place. */
struct world_event {
	const char *type, *name;
	int generation;
};

struct world {
	struct tls_server *server;
	struct fc_watcher *watcher;
	struct fc_mailbox *mailbox;
	struct fc_metrics *metrics;

	pthread_mutex_t mu; /* guards the rest */
	pthread_cond_t changed;
	bool ending;
	struct world_type types[WORLD_TYPES];
	struct world_event events[WORLD_EVENTS];
	int event_count;
	const char *broken; /* a group whose documents are answered 503 */
	int ghosts;	    /* so many documents of advertised groups are answered 404 */
	int groups_status;  /* of /apis; 0: 200 */
	int crd_status;	    /* of lists of CRDs; 0: 200 */
	int expired;	    /* so many watches are answered 410 */
	int served_at_list; /* types from this one on are shown only once CRDs were listed; 0: all */
	unsigned discoveries, core_read, documents, crd_lists;
	unsigned object_lists;	  /* of widgets */
	unsigned objects_refused; /* so many of these are answered 404 */
	bool young;		  /* it has aggregated discovery and streaming lists, which hold nothing */
	unsigned crd_streams, object_streams;
};

/* --- the server's threads --- */

static inline bool world_is_shown(const struct world *world, size_t i)
{
	return world->types[i].plural &&
	       (world->served_at_list == 0 || (int)i < world->served_at_list || world->crd_lists > 0);
}

static inline void world_groups(struct world *world, struct fc_buf *out)
{
	const char *comma = "";

	fc_buf_puts(out, "{\"kind\":\"APIGroupList\",\"groups\":[");
	/* A type is an entry of its own: a reader makes one of the versions of a group. */
	for (size_t i = 0; i < WORLD_TYPES; i++) {
		if (!world_is_shown(world, i))
			continue;
		fc_buf_printf(out, "%s{\"name\":\"%s\",\"versions\":[{\"version\":\"%s\"}]}", comma,
			      world->types[i].group, world->types[i].version);
		comma = ",";
	}
	if (world->broken)
		fc_buf_printf(out, "%s{\"name\":\"%s\",\"versions\":[{\"version\":\"v1\"}]}", comma, world->broken);
	fc_buf_puts(out, "]}");
}

static inline int world_document(struct world *world, const char *url, struct fc_buf *out)
{
	const char *comma = "";
	bool found = false;

	fc_buf_puts(out, "{\"kind\":\"APIResourceList\",\"resources\":[");
	for (size_t i = 0; i < WORLD_TYPES; i++) {
		const struct world_type *type = &world->types[i];
		FC_AUTO_FREE char *place = fc_xasprintf("/apis/%s/%s", type->group, type->version);
		if (!world_is_shown(world, i) || strcmp(place, url) != 0)
			continue;
		found = true;
		fc_buf_printf(out,
			      "%s{\"name\":\"%s\",\"kind\":\"%s\",\"namespaced\":%s,"
			      "\"verbs\":[\"get\",\"list\",\"watch\",\"patch\"]}",
			      comma, type->plural, type->kind, type->cluster_scoped ? "false" : "true");
		comma = ",";
	}
	fc_buf_puts(out, "]}");
	if (world->broken && strncmp(url + strlen("/apis/"), world->broken, strlen(world->broken)) == 0)
		return 503;
	if (found && world->ghosts > 0) {
		world->ghosts--;
		return 404;
	}
	return found ? 200 : 404;
}

static inline void world_crd(struct fc_buf *out, const struct world_event *event, int version)
{
	fc_buf_printf(out, "{\"metadata\":{\"name\":\"%s\",\"generation\":%d,\"resourceVersion\":\"%d\"}}", event->name,
		      event->generation, version);
}

static inline void world_crd_list(struct world *world, struct fc_buf *out)
{
	const char *comma = "";

	world->crd_lists++;
	fc_buf_printf(out,
		      "{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{\"resourceVersion\":\"%d\"},\"items\":[",
		      world->event_count);
	for (int i = 0; i < world->event_count; i++) {
		bool last = strcmp(world->events[i].type, "DELETED") != 0;
		for (int k = i + 1; k < world->event_count; k++)
			last = last && strcmp(world->events[k].name, world->events[i].name) != 0;
		if (!last)
			continue;
		fc_buf_puts(out, comma);
		world_crd(out, &world->events[i], i + 1);
		comma = ",";
	}
	fc_buf_puts(out, "]}");
}

/* Waits for news, tells them, and ends: it is opened again from there. */
static inline int world_crd_watch(struct world *world, const char *url, struct fc_buf *out)
{
	const char *at = strstr(url, "resourceVersion=");
	int since = at ? (int)strtol(at + strlen("resourceVersion="), NULL, 10) : 0;

	if (world->expired > 0) {
		world->expired--;
		fc_buf_puts(out, STATUS(410, "Expired"));
		return 410;
	}
	while (!world->ending && world->event_count == since && world->expired == 0)
		pthread_cond_wait(&world->changed, &world->mu);
	if (world->expired > 0) {
		world->expired--;
		fc_buf_puts(out, "{\"type\":\"ERROR\",\"object\":" STATUS(410, "Expired") "}\n");
	}
	for (int i = since; i < world->event_count; i++) {
		fc_buf_printf(out, "{\"type\":\"%s\",\"object\":", world->events[i].type);
		world_crd(out, &world->events[i], i + 1);
		fc_buf_puts(out, "}\n");
	}
	return 200;
}

/* All in one document each. */
static inline void world_aggregated(struct world *world, bool core, struct fc_buf *out)
{
	const char *comma = "";

	fc_buf_puts(out, "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[");
	if (core)
		fc_buf_puts(out, "{\"metadata\":{},\"versions\":[{\"version\":\"v1\",\"resources\":[{\"resource\":"
				 "\"secrets\",\"responseKind\":{\"kind\":\"Secret\"},\"scope\":\"Namespaced\","
				 "\"verbs\":[\"list\",\"watch\"]}]}]}");
	for (size_t i = 0; i < WORLD_TYPES && !core; i++) {
		const struct world_type *type = &world->types[i];
		if (!world_is_shown(world, i))
			continue;
		fc_buf_printf(out,
			      "%s{\"metadata\":{\"name\":\"%s\"},\"versions\":[{\"version\":\"%s\",\"resources\":["
			      "{\"resource\":\"%s\",\"responseKind\":{\"kind\":\"%s\"},\"scope\":\"%s\","
			      "\"verbs\":[\"get\",\"list\",\"watch\",\"patch\"]}]}]}",
			      comma, type->group, type->version, type->plural, type->kind,
			      type->cluster_scoped ? "Cluster" : "Namespaced");
		comma = ",";
	}
	fc_buf_puts(out, "]}");
}

/* What only a young server does; false: it is asked for what all do. */
static inline bool world_answer_young(struct world *world, const struct tls_seen *request, struct tls_reply *reply,
				      struct fc_buf *out)
{
	bool core = strcmp(request->url, "/api") == 0;

	if (strstr(request->url, STREAM)) {
		if (strncmp(request->url, CRDS, strlen(CRDS)) == 0)
			world->crd_streams++;
		else
			world->object_streams++;
		reply->manner = TLS_STREAM_HANG;
		fc_buf_puts(out, "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\","
				 "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n");
		return true;
	}
	if ((!core && strcmp(request->url, "/apis") != 0) || !strstr(request->accept, "APIGroupDiscoveryList"))
		return false;
	world->discoveries += !core;
	world->core_read += core;
	reply->content_type = AGGREGATED;
	world_aggregated(world, core, out);
	return true;
}

static inline int world_objects(struct world *world, const char *url, struct fc_buf *out)
{
	if (strstr(url, "watch=true")) {
		while (!world->ending)
			pthread_cond_wait(&world->changed, &world->mu);
		return 200;
	}
	world->object_lists++;
	if (world->objects_refused == 0) {
		fc_buf_puts(out, "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}");
		return 200;
	}
	world->objects_refused--;
	fc_buf_puts(out, "404 page not found\n");
	return 404;
}

static inline int world_answer(struct world *world, const char *url, struct fc_buf *out)
{
	if (strncmp(url, CRDS, strlen(CRDS)) == 0) {
		if (world->crd_status) {
			world->crd_lists++;
			fc_buf_puts(out, STATUS(403, "Forbidden"));
			return world->crd_status;
		}
		if (strstr(url, "watch=true"))
			return world_crd_watch(world, url, out);
		world_crd_list(world, out);
	} else if (strcmp(url, "/version") == 0) {
		fc_buf_puts(out, "{\"gitVersion\":\"v1.20.2\"}");
	} else if (strstr(url, "kube-system")) {
		fc_buf_puts(out, "{\"metadata\":{\"name\":\"kube-system\",\"uid\":\"u-1\"}}");
	} else if (strcmp(url, "/api") == 0) {
		world->core_read++;
		fc_buf_puts(out, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}");
	} else if (strcmp(url, "/api/v1") == 0) {
		fc_buf_puts(out,
			    "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"secrets\",\"kind\":\"Secret\","
			    "\"namespaced\":true,\"verbs\":[\"list\",\"watch\"]}]}");
	} else if (strcmp(url, "/apis") == 0) {
		world->discoveries++;
		world_groups(world, out);
		return world->groups_status ? world->groups_status : 200;
	} else if (strstr(url, "/widgets")) {
		return world_objects(world, url, out);
	} else {
		world->documents++;
		return world_document(world, url, out);
	}
	return 200;
}

static inline void world_route(void *user, const struct tls_seen *request, struct tls_reply *reply)
{
	struct world *world = user;
	struct fc_buf out = FC_BUF_INIT;

	pthread_mutex_lock(&world->mu);
	if (!world->young || !world_answer_young(world, request, reply, &out))
		reply->status = world_answer(world, request->url, &out);
	pthread_mutex_unlock(&world->mu);
	reply->allocated = fc_xstrdup(fc_buf_str(&out));
	fc_buf_fini(&out);
}

/* --- the test --- */

static inline struct world *world_new(void)
{
	struct world *world = fc_xcalloc(1, sizeof(*world));
	struct fc_access *access = fc_xcalloc(1, sizeof(*access));

	pthread_mutex_init(&world->mu, NULL);
	pthread_cond_init(&world->changed, NULL);
	world->server = tls_server_start(NULL, world_route, world);
	access->server = fc_xstrdup(world->server->url);
	access->ca_pem = fc_xstrdup(world->server->ca_pem);
	world->metrics = fc_metrics_new();
	world->mailbox = fc_mailbox_new(0, NULL, NULL);
	world->watcher = fc_watcher_new(&(struct fc_watcher_options){ .name = "hub",
								      .access = access,
								      .number = 3,
								      .annotation_prefixes = prefixes,
								      .metrics = world->metrics,
								      .seed = 1,
								      .sink = sink,
								      .user = world->mailbox },
					NULL);
	assert_non_null(world->watcher);
	return world;
}

static inline void world_end(struct world *world)
{
	fc_watcher_free(world->watcher);
	pthread_mutex_lock(&world->mu);
	world->ending = true;
	pthread_cond_broadcast(&world->changed);
	pthread_mutex_unlock(&world->mu);
	tls_server_stop(world->server);
	for (struct fc_event *event; (event = fc_mailbox_take(world->mailbox, 0));)
		fc_event_free(event);
	fc_mailbox_free(world->mailbox);
	fc_metrics_free(world->metrics);
	pthread_cond_destroy(&world->changed);
	pthread_mutex_destroy(&world->mu);
	free(world);
}

/* WITH_WORLD(world, expression): reads or writes its state. */
#define WITH_WORLD(world, ...)                             \
	do {                                               \
		pthread_mutex_lock(&(world)->mu);          \
		__VA_ARGS__;                               \
		pthread_cond_broadcast(&(world)->changed); \
		pthread_mutex_unlock(&(world)->mu);        \
	} while (0)

static inline unsigned world_count(struct world *world, const unsigned *counter)
{
	unsigned n;

	WITH_WORLD(world, n = *counter);
	return n;
}

/* Discovery shows it from now on. */
static inline void world_serve(struct world *world, size_t place, struct world_type type)
{
	WITH_WORLD(world, world->types[place] = type);
}

static inline void world_crd_event(struct world *world, const char *type, const char *name, int generation)
{
	WITH_WORLD(world, assert_true(world->event_count < WORLD_EVENTS);
		   world->events[world->event_count++] = ((struct world_event){ type, name, generation }));
}

static inline void world_turn(struct world *world, int64_t ms)
{
	int64_t until_ms = fc_clock_mono_ms() + ms;

	while (fc_clock_mono_ms() < until_ms)
		fc_loop_run_once(world->watcher->loop, 10);
}

#define WORLD_WAIT(world, condition)                                           \
	do {                                                                   \
		int64_t give_up_ms_ = fc_clock_mono_ms() + WAIT_MS;            \
		while (!(condition)) {                                         \
			if (fc_clock_mono_ms() > give_up_ms_)                  \
				fail_msg("did not come true: %s", #condition); \
			fc_loop_run_once((world)->watcher->loop, 10);          \
		}                                                              \
	} while (0)

/* What watches tell comes when it comes: it is passed over where something else is waited for. */
static inline struct fc_event *world_take(struct world *world, enum fc_event_type type)
{
	struct fc_event *event = fc_mailbox_take(world->mailbox, 0);

	while (event && event->type != type && event->type >= FC_EVENT_LIST_BEGIN &&
	       event->type <= FC_EVENT_WATCH_RESUMED) {
		fc_event_free(event);
		event = fc_mailbox_take(world->mailbox, 0);
	}
	return event;
}

static inline struct fc_event *world_next(struct world *world, enum fc_event_type type)
{
	struct fc_event *event = NULL;

	WORLD_WAIT(world, (event = world_take(world, type)));
	if (event->type != type)
		fail_msg("%s came in place of %s: %s", fc_event_type_name(event->type), fc_event_type_name(type),
			 event->error.text);
	return event;
}

/* Nothing has been posted. */
static inline void world_expect_nothing(struct world *world)
{
	struct fc_event *event = fc_mailbox_take(world->mailbox, 0);

	if (event)
		fail_msg("%s came: %s", fc_event_type_name(event->type), event->error.text);
}

static inline void world_up(struct world *world)
{
	fc_watcher_connect(world->watcher);
	fc_event_free(world_next(world, FC_EVENT_CLUSTER_UP));
}

static inline void world_resolve_to(struct world *world, const char *text,
				    void (*fn)(struct fc_watcher *w, const struct fc_action *a))
{
	struct fc_actions list;

	fc_actions_init(&list);
	struct fc_action *a = fc_actions_add(&list, FC_ACTION_RESOLVE);
	a->name = fc_xstrdup(text);
	a->verbs = FC_VERB_LIST | FC_VERB_WATCH;
	fn(world->watcher, a);
	fc_actions_fini(&list);
}

static inline void world_ask(struct world *world, const char *text)
{
	world_resolve_to(world, text, fc_watcher_resolve);
}

static inline void world_forget(struct world *world, const char *text)
{
	world_resolve_to(world, text, fc_watcher_resolve_forget);
}

/* The next answer is of `text`: `version`/`group`, or not served. */
static inline void world_expect(struct world *world, const char *text, const char *group_version)
{
	struct fc_event *event = world_next(world, FC_EVENT_RESOLVED);

	assert_string_equal(event->name, text);
	if (!event->resource) {
		if (strcmp(group_version, "") != 0)
			fail_msg("%s is not resolved: %s", text, event->error.text);
		assert_int_equal(event->error.cls, FC_ERR_NOT_SERVED);
	} else {
		FC_AUTO_FREE char *got = fc_xasprintf("%s/%s", event->resource->group, event->resource->version);
		assert_string_equal(got, group_version);
	}
	fc_event_free(event);
}

static inline void world_watch_widgets(struct world *world, const struct world_type *type)
{
	struct fc_actions list;

	fc_actions_init(&list);
	struct fc_action *a = fc_actions_add(&list, FC_ACTION_START_WATCH);
	a->watch = 1;
	a->resource = fc_resource_new(&(struct fc_resource){ .group = type->group,
							     .version = type->version,
							     .plural = type->plural,
							     .kind = type->kind,
							     .namespaced = true });
	fc_watcher_watch_start(world->watcher, a);
	fc_actions_fini(&list);
}

#endif
