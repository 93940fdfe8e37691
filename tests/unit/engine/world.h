/* SPDX-License-Identifier: Apache-2.0 */
/* A master and two members made of nothing but events and actions: what the engine's tests talk to it with. */
#ifndef FC_TEST_ENGINE_WORLD_H
#define FC_TEST_ENGINE_WORLD_H

#include "base/mem.h"
#include "dialects/dialects.h"
#include "engine/engine.h"

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { HUB, EDGE1, EDGE2, CLUSTERS, NUMBERS = 128 };

struct world {
	struct fc_engine *engine;
	struct fc_actions actions; /* what the engine wants and nobody has looked at yet */
	struct fc_cluster_info infos[CLUSTERS];
	int64_t now_ms;
	size_t reports; /* taken away by the way */
	/* The watches of Namespaces, kept out of `actions`: each is answered with an empty list at once, unless that is
	 * done by hand. */
	struct fc_action *namespaces[NUMBERS]; /* by the number of the cluster */
	bool real_namespaces;		       /* their watches are like any other */
	bool namespaces_by_hand;
	int64_t space_versions;
};

static const struct fc_resource world_resources[] = {
	{ .group = "",
	  .version = "v1",
	  .plural = "secrets",
	  .singular = "secret",
	  .kind = "Secret",
	  .namespaced = true,
	  .verbs = ~0u },
	{ .group = "",
	  .version = "v1",
	  .plural = "configmaps",
	  .singular = "configmap",
	  .kind = "ConfigMap",
	  .namespaced = true,
	  .verbs = ~0u },
	{ .group = "", .version = "v1", .plural = "nodes", .singular = "node", .kind = "Node", .verbs = ~0u },
	{ .group = "apps",
	  .version = "v1",
	  .plural = "deployments",
	  .singular = "deployment",
	  .kind = "Deployment",
	  .namespaced = true,
	  .verbs = ~0u,
	  .has_status = true },
	{ .group = "types.kubefed.io",
	  .version = "v1beta1",
	  .plural = "federatedsecrets",
	  .singular = "federatedsecret",
	  .kind = "FederatedSecret",
	  .namespaced = true,
	  .verbs = ~0u },
	{ .group = "rbac.authorization.k8s.io",
	  .version = "v1",
	  .plural = "roles",
	  .singular = "role",
	  .kind = "Role",
	  .namespaced = true,
	  .verbs = ~0u },
	{ .group = "example.com",
	  .version = "v1",
	  .plural = "copyorders",
	  .singular = "copyorder",
	  .kind = "CopyOrder",
	  .namespaced = true,
	  .has_status = true,
	  .verbs = ~0u },
	{ .group = "apps.kapendra.com",
	  .version = "v1",
	  .plural = "configmapsyncs",
	  .singular = "configmapsyncs.apps.kapendra.com",
	  .kind = "ConfigMapSync",
	  .namespaced = true,
	  .has_status = true,
	  .verbs = ~0u },
	{ .group = "sync.rustrial.org",
	  .version = "v1alpha1",
	  .plural = "objectsyncs",
	  .singular = "objectsyncs.sync.rustrial.org",
	  .kind = "ObjectSync",
	  .namespaced = true,
	  .has_status = true,
	  .verbs = ~0u },
	{ .group = "", .version = "v1", .plural = "services", .kind = "Service", .namespaced = true, .verbs = ~0u },
	{ .group = "",
	  .version = "v1",
	  .plural = "serviceaccounts",
	  .kind = "ServiceAccount",
	  .namespaced = true,
	  .verbs = ~0u },
	{ .group = "",
	  .version = "v1",
	  .plural = "persistentvolumeclaims",
	  .kind = "PersistentVolumeClaim",
	  .namespaced = true,
	  .verbs = ~0u },
	{ .group = "batch", .version = "v1", .plural = "jobs", .kind = "Job", .namespaced = true, .verbs = ~0u },
	{ .group = "admissionregistration.k8s.io", .version = "v1", .plural = "webhooks", .kind = "W", .verbs = ~0u },
	{ .group = "certificates.k8s.io", .version = "v1", .plural = "requests", .kind = "R", .verbs = ~0u },
	{ .group = "apiextensions.k8s.io", .version = "v1", .plural = "crds", .kind = "C", .verbs = ~0u },
	{ .group = "apiregistration.k8s.io", .version = "v1", .plural = "apiservices", .kind = "A", .verbs = ~0u },
};

/* JSON with single quotes, so that it can be read in C. */
static inline json_t *J(const char *fmt, ...) FC_PRINTF(1, 2);
static inline json_t *J(const char *fmt, ...)
{
	char text[2048];
	json_error_t error;
	json_t *value;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(text, JSON_DECODE_ANY, &error);
	if (!value)
		fail_msg("%s: %s", error.text, text);
	return value;
}

static inline bool world_watches_namespaces(const struct world *w, const struct fc_action *a)
{
	if (a->type == FC_ACTION_STOP_WATCH || a->type == FC_ACTION_RELIST)
		return a->cluster < NUMBERS && w->namespaces[a->cluster] &&
		       w->namespaces[a->cluster]->watch == a->watch;
	return a->type == FC_ACTION_START_WATCH && a->cluster < NUMBERS &&
	       strcmp(a->resource->plural, "namespaces") == 0;
}

/* The first that is about a watch of Namespaces, now the caller's; NULL when there is none. */
static inline struct fc_action *world_take_namespaces(struct world *w)
{
	for (struct fc_action **at = &w->actions.first; *at; at = &(*at)->next) {
		struct fc_action *a = *at;

		if (!world_watches_namespaces(w, a))
			continue;
		*at = a->next;
		if (!*at)
			w->actions.end = at;
		a->next = NULL;
		return a;
	}
	return NULL;
}

static inline void world_list(struct world *w, const struct fc_action *watch, json_t *object);
static inline void world_list_begin(struct world *w, const struct fc_action *watch);
static inline struct fc_event *world_watch_event(enum fc_event_type type, const struct fc_action *watch);

static inline void world_step(struct world *w, struct fc_event *event)
{
	struct fc_action *a;

	event->now_ms = w->now_ms;
	event->wall_ms = 1700000000000 + w->now_ms;
	fc_engine_step(w->engine, event, &w->actions);
	fc_event_free(event);
	while (!w->real_namespaces && (a = world_take_namespaces(w))) {
		fc_cluster_no cluster = a->cluster;
		bool starts = a->type == FC_ACTION_START_WATCH;

		if (a->type == FC_ACTION_RELIST) {
			/* A list that says nothing new. */
			world_list_begin(w, w->namespaces[cluster]);
			world_step(w, world_watch_event(FC_EVENT_LIST_END, w->namespaces[cluster]));
			fc_action_free(a);
			continue;
		}
		fc_action_free(w->namespaces[cluster]);
		w->namespaces[cluster] = starts ? fc_steal(&a) : NULL;
		fc_action_free(a);
		if (starts && !w->namespaces_by_hand)
			world_list(w, w->namespaces[cluster], NULL);
	}
}

static inline void world_tick(struct world *w, int64_t ms)
{
	w->now_ms += ms;
	world_step(w, fc_event_new(FC_EVENT_TICK));
}

/* The first action of that type, now the caller's; NULL when there is none. Others stay in order. */
static inline struct fc_action *world_take(struct world *w, enum fc_action_type type)
{
	struct fc_actions rest;
	struct fc_action *a, *found = NULL;

	fc_actions_init(&rest);
	while ((a = fc_actions_take(&w->actions))) {
		if (!found && a->type == type) {
			found = a;
			continue;
		}
		*rest.end = a;
		rest.end = &a->next;
		a->next = NULL;
	}
	w->actions.first = rest.first;
	w->actions.end = rest.first ? rest.end : &w->actions.first;
	return found;
}

static inline size_t world_count(const struct world *w, enum fc_action_type type)
{
	size_t n = 0;

	for (const struct fc_action *a = w->actions.first; a; a = a->next)
		n += a->type == type;
	return n;
}

/* Whatever the engine wants just now is left undone. */
static inline void world_drop(struct world *w)
{
	struct fc_action *a;

	while ((a = fc_actions_take(&w->actions)))
		fc_action_free(a);
}

static inline void world_up_as(struct world *w, fc_cluster_no cluster, const char *id)
{
	struct fc_event *e = fc_event_new(FC_EVENT_CLUSTER_UP);

	e->cluster = cluster;
	e->name = fc_xstrdup_null(id);
	world_step(w, e);
}

static inline void world_up(struct world *w, fc_cluster_no cluster)
{
	FC_AUTO_FREE char *id = fc_xasprintf("id-%u", cluster);

	world_up_as(w, cluster, id);
}

static inline void world_down(struct world *w, fc_cluster_no cluster)
{
	struct fc_event *e = fc_event_new(FC_EVENT_CLUSTER_DOWN);

	e->cluster = cluster;
	fc_error_set(&e->error, FC_ERR_NETWORK, "connection refused");
	world_step(w, e);
}

static inline void world_removed(struct world *w, fc_cluster_no cluster)
{
	struct fc_event *e = fc_event_new(FC_EVENT_CLUSTER_REMOVED);

	e->cluster = cluster;
	world_step(w, e);
}

/* ADDED or CHANGED: it is described so from now on. */
static inline void world_described(struct world *w, enum fc_event_type type, fc_cluster_no cluster, const char *name,
				   enum fc_reads reads)
{
	struct fc_event *e = fc_event_new(type);

	e->cluster = cluster;
	e->info = fc_xcalloc(1, sizeof(*e->info));
	*e->info = (struct fc_cluster_info){ .name = fc_xstrdup(name), .reads = reads, .master = cluster == HUB };
	world_step(w, e);
}

/* The operator permits this list from now on; NULL: nothing. */
static inline void world_permit(struct world *w, const char *list)
{
	struct fc_event *e = fc_event_new(FC_EVENT_PERMISSIONS);
	json_t *json = list ? J("%s", list) : NULL;

	e->permissions = fc_permissions_read(json, &e->error);
	if (!e->permissions)
		fail_msg("%s", e->error.text);
	json_decref(json);
	world_step(w, e);
}

/* The Namespace of that cluster bears these annotations from now on. */
static inline void world_space(struct world *w, fc_cluster_no cluster, const char *name, const char *annotations);

/* By its plural, its singular, KIND.GROUP or KIND.VERSION.GROUP. */
static inline bool world_is_named(const struct fc_resource *r, const char *word)
{
	char kind[96], full[96];

	snprintf(kind, sizeof(kind), "%s.%s", r->kind, r->group);
	snprintf(full, sizeof(full), "%s.%s.%s", r->kind, r->version, r->group);
	return strcmp(r->plural, word) == 0 || (r->singular && strcmp(r->singular, word) == 0) ||
	       strcmp(kind, word) == 0 || strcmp(full, word) == 0;
}

/* Answers a question for a word from the table above; false: there is none. */
static inline bool world_resolve_one(struct world *w)
{
	struct fc_action *a = world_take(w, FC_ACTION_RESOLVE);
	struct fc_event *e;

	if (!a)
		return false;
	e = fc_event_new(FC_EVENT_RESOLVED);
	e->cluster = a->cluster;
	e->name = fc_xstrdup(a->name);
	for (size_t i = 0; i < FC_ARRAY_LEN(world_resources); i++)
		if (world_is_named(&world_resources[i], a->name))
			e->resource = fc_resource_new(&world_resources[i]);
	if (!e->resource)
		fc_error_set(&e->error, FC_ERR_NOT_SERVED, "nothing is called that");
	world_step(w, e);
	fc_action_free(a);
	return true;
}

static inline void world_resolve(struct world *w)
{
	while (world_resolve_one(w))
		;
}

static inline struct fc_event *world_watch_event(enum fc_event_type type, const struct fc_action *watch)
{
	struct fc_event *e = fc_event_new(type);

	e->cluster = watch->cluster;
	e->watch = watch->watch;
	return e;
}

static inline void world_list_begin(struct world *w, const struct fc_action *watch)
{
	world_step(w, world_watch_event(FC_EVENT_LIST_BEGIN, watch));
}

static inline void world_list_end(struct world *w, const struct fc_action *watch)
{
	struct fc_event *e = world_watch_event(FC_EVENT_LIST_END, watch);

	e->complete = true;
	world_step(w, e);
}

/* Takes over the object. */
static inline void world_object(struct world *w, const struct fc_action *watch, json_t *object)
{
	struct fc_event *e = world_watch_event(FC_EVENT_OBJECT, watch);

	e->object = object;
	e->received_us = w->now_ms * 1000;
	world_step(w, e);
}

static inline void world_gone(struct world *w, const struct fc_action *watch, const char *namespace_, const char *name,
			      const char *version)
{
	struct fc_event *e = world_watch_event(FC_EVENT_OBJECT_GONE, watch);

	e->namespace_ = fc_xstrdup(namespace_);
	e->name = fc_xstrdup(name);
	e->resource_version = fc_xstrdup(version);
	world_step(w, e);
}

static inline void world_space(struct world *w, fc_cluster_no cluster, const char *name, const char *annotations)
{
	assert_non_null(w->namespaces[cluster]);
	world_object(w, w->namespaces[cluster],
		     J("{'metadata':{'name':'%s','resourceVersion':'%lld','annotations':{%s}}}", name,
		       (long long)++w->space_versions, annotations));
}

/* A whole list of one object or none; takes it over. */
static inline void world_list(struct world *w, const struct fc_action *watch, json_t *object)
{
	world_list_begin(w, watch);
	if (object)
		world_object(w, watch, object);
	world_list_end(w, watch);
}

/* Answers a read or a write; takes over the object. */
static inline void world_answer(struct world *w, const struct fc_action *request, json_t *object)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESULT);

	e->cluster = request->cluster;
	e->request = request->request;
	e->brief = request->brief;
	e->object = object;
	world_step(w, e);
}

static inline void world_fail(struct world *w, const struct fc_action *request, enum fc_error_class cls,
			      int64_t retry_after_ms)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESULT);

	e->cluster = request->cluster;
	e->request = request->request;
	fc_error_set(&e->error, cls, "%s", fc_error_class_name(cls));
	e->error.retry_after_ms = retry_after_ms;
	e->error.outcome_unknown = cls == FC_ERR_TIMEOUT || cls == FC_ERR_NETWORK;
	world_step(w, e);
}

/* The read that is asked for next has that name, and is answered with that object, which it takes over. */
static inline void world_answer_read(struct world *w, const char *name, json_t *object)
{
	struct fc_action *a = world_take(w, FC_ACTION_READ);

	assert_non_null(a);
	assert_string_equal(a->name, name);
	world_answer(w, a, object);
	fc_action_free(a);
}

/* The state of the one rule of that target (part of its key) and path; NULL path: any. */
static inline const char *world_state(const struct world *w, const char *target, const char *path)
{
	static char state[160];
	uint64_t cursor = 0;
	json_t *rules = json_array(), *rule;
	size_t i;

	fc_engine_rules(w->engine, &cursor, SIZE_MAX, rules);
	snprintf(state, sizeof(state), "none");
	json_array_foreach(rules, i, rule)
		if (strstr(json_string_value(json_object_get(rule, "target")), target) &&
		    (!path || strcmp(json_string_value(json_object_get(rule, "path")), path) == 0))
			snprintf(state, sizeof(state), "%s/%s", json_string_value(json_object_get(rule, "state")),
				 json_string_value(json_object_get(rule, "reason")));
	json_decref(rules);
	return state;
}

static inline void assert_json(const json_t *have, json_t *want)
{
	if (!json_equal(have, want)) {
		char *a = json_dumps(have, JSON_ENCODE_ANY | JSON_SORT_KEYS),
		     *b = json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS);

		print_error("have %s\nwant %s\n", a, b);
		free(a);
		free(b);
		json_decref(want);
		fail();
	}
	json_decref(want);
}

/* Nothing is asked of any cluster: no read, no write. */
static inline void assert_quiet(const struct world *w)
{
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	assert_int_equal(world_count(w, FC_ACTION_READ), 0);
}

/* `options` without clusters, which are filled in; without dialects: k8s-copier alone; without words: secrets and
 * configmaps. */
static inline struct world *world_new_tuned(struct fc_engine_options options, uint64_t seed)
{
	static const char *const names[] = { "hub", "edge-1", "edge-2" };
	static const char *const targets[] = { "secrets", "configmaps" };
	static const struct fc_dialect *const copier[] = { &fc_dialect_k8s_copier, NULL };
	struct world *w = fc_xcalloc(1, sizeof(*w));

	for (int i = 0; i < CLUSTERS; i++)
		w->infos[i] = (struct fc_cluster_info){ .name = fc_xstrdup(names[i]), .master = i == HUB };
	options.clusters = w->infos;
	options.cluster_count = CLUSTERS;
	options.master = HUB;
	if (!options.dialects)
		options.dialects = copier;
	if (!options.target_words) {
		options.target_words = targets;
		options.target_word_count = FC_ARRAY_LEN(targets);
	}
	w->now_ms = 1000000;
	fc_actions_init(&w->actions);
	w->engine = fc_engine_new(&options, seed);
	return w;
}

/* `max_in_flight`: 0 for the default. */
static inline struct world *world_new_limited(const char *const *targets, size_t target_count,
					      const char *const *namespaces, size_t namespace_count,
					      unsigned max_in_flight)
{
	return world_new_tuned(
		(struct fc_engine_options){
			.target_words = targets,
			.target_word_count = target_count,
			.namespaces = namespaces,
			.namespace_count = namespace_count,
			.max_in_flight = max_in_flight,
		},
		1);
}

static inline struct world *world_new_with(const char *const *targets, size_t target_count,
					   const char *const *namespaces, size_t namespace_count)
{
	return world_new_limited(targets, target_count, namespaces, namespace_count, 0);
}

static inline struct world *world_new(void)
{
	static const char *const targets[] = { "secrets", "configmaps" };

	return world_new_with(targets, FC_ARRAY_LEN(targets), NULL, 0);
}

static inline void world_free(struct world *w)
{
	fc_engine_free(w->engine);
	fc_actions_fini(&w->actions);
	for (int i = 0; i < CLUSTERS; i++)
		free(w->infos[i].name);
	for (int i = 0; i < NUMBERS; i++)
		fc_action_free(w->namespaces[i]);
	free(w);
}

/* The watch that was asked for, on that cluster, of that resource, of targets or of sources; now the caller's. */
static inline struct fc_action *world_take_watch(struct world *w, fc_cluster_no cluster, const char *plural,
						 bool of_targets)
{
	struct fc_actions rest;
	struct fc_action *a, *found = NULL;

	fc_actions_init(&rest);
	while ((a = fc_actions_take(&w->actions))) {
		if (!found && a->type == FC_ACTION_START_WATCH && a->cluster == cluster &&
		    (a->content == FC_WATCH_ANNOTATED) == of_targets && strcmp(a->resource->plural, plural) == 0) {
			found = a;
			continue;
		}
		*rest.end = a;
		rest.end = &a->next;
		a->next = NULL;
	}
	w->actions.first = rest.first;
	w->actions.end = rest.first ? rest.end : &w->actions.first;
	return found;
}

/* Every source that is to be watched is not there. */
static inline void world_no_sources(struct world *w)
{
	struct fc_action *a;

	for (fc_cluster_no i = 0; i < NUMBERS; i++) {
		for (size_t k = 0; k < FC_ARRAY_LEN(world_resources); k++) {
			while ((a = world_take_watch(w, i, world_resources[k].plural, false))) {
				world_list(w, a, NULL);
				fc_action_free(a);
			}
		}
	}
}

/* All clusters are up, their words resolved; `watches` are those of the targets in all clusters, synced and empty. */
struct world_watches {
	struct fc_action *secrets[CLUSTERS], *configmaps[CLUSTERS];
};
static inline void world_start(struct world *w, struct world_watches *watches)
{
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		world_up(w, i);
	world_resolve(w);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		watches->secrets[i] = world_take_watch(w, i, "secrets", true);
		watches->configmaps[i] = world_take_watch(w, i, "configmaps", true);
		assert_non_null(watches->secrets[i]);
		assert_non_null(watches->configmaps[i]);
		world_list(w, watches->secrets[i], NULL);
		world_list(w, watches->configmaps[i], NULL);
	}
}

static inline void world_watches_free(struct world_watches *watches)
{
	for (int i = 0; i < CLUSTERS; i++) {
		fc_action_free(watches->secrets[i]);
		fc_action_free(watches->configmaps[i]);
	}
}

/* A rule from the Secret hub/ns/src to a Secret ns/dst of a cluster, brought to InSync: the source holds {a: 1} at
 * version 10, the target stands at version 21 after one write. `source` is the watch of the source, the caller's. */
static inline void world_pair(struct world *w, struct world_watches *watches, fc_cluster_no cluster,
			      struct fc_action **source)
{
	struct fc_action *a;

	world_object(w, watches->secrets[cluster],
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'20','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:src:data'}}}"));
	world_resolve(w);
	*source = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(*source);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(w, a,
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'20','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:src:data'}}}"));
	fc_action_free(a);
	world_list(w, *source,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_answer(w, a,
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'21','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:src:data'}},'data':{'a':'1'}}"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
}

/* One rule as a member of `annotations`, in the quotes of J. */
#define WORLD_RULE(path, value) "'k8s-copier.fig.org/replace-" path "':'" value "'"

/* An object of namespace ns; `annotations` and `data` are the members of these. */
static inline json_t *world_bearer(const char *name, const char *version, const char *annotations, const char *data)
{
	return J("{'metadata':{'name':'%s','namespace':'ns','uid':'u-%s','resourceVersion':'%s','annotations':{%s}},"
		 "'data':{%s}}",
		 name, name, version, annotations, data);
}

/* The source's object with another value and version. */
static inline void world_source_changes(struct world *w, const struct fc_action *source, const char *value,
					const char *version)
{
	world_object(
		w, source,
		J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'%s'},'data':{'a':'%s'}}",
		  version, value));
}

/* The target's object as it stands with that value and version. */
static inline json_t *world_target(const char *value, const char *version)
{
	return J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%s','annotations':"
		 "{'k8s-copier.fig.org/replace-data':'secret:src:data'}},'data':{'a':'%s'}}",
		 version, value);
}

#endif
