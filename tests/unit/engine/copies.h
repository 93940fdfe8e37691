/* SPDX-License-Identifier: Apache-2.0 */
/* A hub and two edges, each a model of a real API server, with the engine and the dialect for tests between them: what
 * is asked for is done at once, until nothing is left to do. */
#ifndef FC_TEST_ENGINE_COPIES_H
#define FC_TEST_ENGINE_COPIES_H

#include <utlist.h>

#include "json/decode.h"
#include "model/fresh_secret.h"
#include "model/marks.h"
#include "model/status.h"
#include "sim/api_server_types.h"
#include "sim/copy_dialect.h"
#include "world.h"

struct open_watch {
	struct fc_action *action;
	char *path;
	struct api_watch *watch; /* NULL: to be listed */
	json_t *passed;		 /* keys that an annotated watch has told */
	struct open_watch *next;
};

struct copies {
	struct world w; /* engine, actions, infos and clock; its helpers work */
	struct api_server *servers[CLUSTERS];
	struct open_watch *watches;
	bool down[CLUSTERS], silent[CLUSTERS]; /* silent: its watches tell nothing */
	const char *silent_plural;	       /* watches of these resources tell nothing */
	bool vague[CLUSTERS];		       /* it does not say which types it serves */
	struct fc_action *unanswered;	       /* what it was asked about that, a list */
	size_t reads, writes;
	char last[160];			 /* what was written last */
	char told[1024];		 /* the Events: "Warning NotAllowed ConfigMap a/src: NOTE\n" */
	enum fc_error_class fail_reads;	 /* each read of an object in fail_space fails with it */
	enum fc_error_class fail_writes; /* each write fails with it, without an effect */
	fc_cluster_no fail_on;
	const char *fail_space; /* only writes there; NULL: all of that cluster */
	size_t lose_answers;	/* so many next writes take effect, and nobody learns of it */
	bool late_echo;		/* the answer comes before the event */
	bool restores;		/* before the next answer to a write its server goes back to its backup, and tells so */
	long max_deletes;
	unsigned max_in_flight; /* 0: the engine's own */
	bool hidden_bodies;	/* whole ConfigMaps of the hub cannot be listed */
	struct fc_namespace_list bearers_in, sources_in, copies_in;
	bool as_original;     /* and beside that, what a drop-in permits */
	bool not_all_allowed; /* only what design section 7 permits without the operator */
	const struct fc_dialect *dialects[4];
	const struct fc_dialect *const *known; /* NULL: these */
	const char *const *adopting;
	bool keeps_managers; /* the servers do, by api_server_keep_managers: they know an apply */
	const char *managed; /* what reads tell as managedFields, which the model keeps none of */
};

static inline const char *const *copies_target_words(void)
{
	static const char *const words[] = { "configmaps" };

	return words;
}

/* --- paths --- */

static inline char *copies_path(const struct fc_action *a, bool of_object)
{
	FC_AUTO_FREE char *root = a->resource->group[0]
					  ? fc_xasprintf("/apis/%s/%s", a->resource->group, a->resource->version)
					  : fc_xasprintf("/api/%s", a->resource->version);
	FC_AUTO_FREE char *space = a->namespace_ && a->resource->namespaced
					   ? fc_xasprintf("/namespaces/%s", a->namespace_)
					   : fc_xstrdup("");
	FC_AUTO_FREE char *name = of_object ? fc_xasprintf("/%s", a->name) : fc_xstrdup("");

	return fc_xasprintf("%s%s/%s%s%s%s", root, space, a->resource->plural, name, a->subresource ? "/" : "",
			    a->subresource ? a->subresource : "");
}

/* --- watches --- */

static inline bool copies_passes(struct open_watch *o, const json_t *object)
{
	const char *key;
	json_t *value;
	FC_AUTO_FREE char *name =
		fc_xasprintf("%s/%s", fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"));

	if (o->action->content != FC_WATCH_ANNOTATED)
		return true;
	json_object_foreach(json_object_get(json_object_get(object, "metadata"), "annotations"), key, value)
		if (strncmp(key, COPY_TEST, strlen(COPY_TEST)) == 0 || strncmp(key, "fedcopy.dev/", 12) == 0 ||
		    strncmp(key, "k8s-copier.fig.org/", 19) == 0) {
			json_object_set_new(o->passed, name, json_true());
			return true;
		}
	return json_object_del(o->passed, name) == 0;
}

static inline void copies_list(struct copies *c, struct open_watch *o)
{
	struct api_server *s = c->servers[o->action->cluster];
	struct api_answer list = api_request(s, "GET", o->path, NULL, o->action->content != FC_WATCH_BODIES, NULL);
	FC_AUTO_FREE char *from = NULL;
	json_t *item;
	size_t i;

	bool hidden = c->hidden_bodies && o->action->cluster == HUB && o->action->content == FC_WATCH_BODIES &&
		      strcmp(o->action->resource->plural, "configmaps") == 0;

	if (list.status != 200 || hidden) {
		struct fc_event *e = world_watch_event(FC_EVENT_WATCH_FAILED, o->action);

		fc_error_set(&e->error, hidden ? FC_ERR_FORBIDDEN : FC_ERR_NOT_SERVED,
			     hidden ? "403 Forbidden" : "not served");
		world_step(&c->w, e);
		api_answer_fini(&list);
		return;
	}
	world_list_begin(&c->w, o->action);
	json_array_foreach(json_object_get(list.body, "items"), i, item)
		if (copies_passes(o, item))
			world_object(&c->w, o->action, json_incref(item));
	world_list_end(&c->w, o->action);
	from = fc_xasprintf("%s%cresourceVersion=%s", o->path, strchr(o->path, '?') ? '&' : '?',
			    fc_json_metadata(list.body, "resourceVersion"));
	o->watch = api_watch_open(s, from, o->action->content != FC_WATCH_BODIES);
	api_answer_fini(&list);
}

static inline struct open_watch *copies_find_watch(struct copies *c, uint32_t id)
{
	struct open_watch *o;

	LL_SEARCH_SCALAR(c->watches, o, action->watch, id);
	return o;
}

/* One step may stop a watch: its number is looked up again. True: it told something. */
static inline bool copies_pump(struct copies *c, struct open_watch *o)
{
	fc_cluster_no no = o->action->cluster;
	json_t *event, *object;

	if (c->down[no] || c->silent[no] || (c->silent_plural && strstr(c->silent_plural, o->action->resource->plural)))
		return false;
	if (!o->watch) {
		copies_list(c, o);
		return o->watch;
	}
	event = api_watch_next(o->watch);
	if (!event) {
		if (api_watch_ended(o->watch)) {
			api_watch_close(o->watch);
			o->watch = NULL;
			return true;
		}
		return false;
	}
	object = json_object_get(event, "object");
	if (strcmp(json_string_value(json_object_get(event, "type")), "ERROR") == 0) {
		api_watch_close(o->watch);
		o->watch = NULL;
	} else if (strcmp(json_string_value(json_object_get(event, "type")), "DELETED") == 0) {
		if (o->action->content != FC_WATCH_ANNOTATED || copies_passes(o, object))
			world_gone(&c->w, o->action, fc_json_metadata(object, "namespace"),
				   fc_json_metadata(object, "name"), fc_json_metadata(object, "resourceVersion"));
	} else if (copies_passes(o, object)) {
		world_object(&c->w, o->action, json_incref(object));
	}
	json_decref(event);
	return true;
}

static inline bool copies_pump_all(struct copies *c)
{
	bool any = false, again = true;

	while (again) {
		again = false;
		for (struct open_watch *o = c->watches; o && !again; o = o->next) {
			uint32_t id = o->action->watch;

			again = copies_pump(c, o);
			any = any || again;
			if (!copies_find_watch(c, id))
				again = true;
		}
		/* What was started and stopped by the way. */
		if (again && c->w.actions.first)
			return true;
	}
	return any;
}

static inline void copies_close(struct copies *c, uint32_t id)
{
	struct open_watch *o = copies_find_watch(c, id);

	if (!o)
		return;
	LL_DELETE(c->watches, o);
	if (o->watch)
		api_watch_close(o->watch);
	json_decref(o->passed);
	free(o->path);
	fc_action_free(o->action);
	free(o);
}

/* --- requests --- */

static inline void copies_result(struct copies *c, const struct fc_action *a, struct api_answer *answer)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESULT);

	e->cluster = a->cluster;
	e->request = a->request;
	e->brief = a->brief;
	if (answer->status < 300)
		e->object = json_incref(answer->body);
	else
		fc_status_error_json(answer->status, answer->body, -1,
				     a->type == FC_ACTION_READ ? FC_STATUS_OF_READ : FC_STATUS_OF_WRITE, &e->error);
	world_step(&c->w, e);
}

static inline void copies_tell_managers(const struct copies *c, struct api_answer *answer)
{
	json_t *whole = json_deep_copy(answer->body);

	json_object_set_new(json_object_get(whole, "metadata"), "managedFields", J("%s", c->managed));
	json_decref(answer->body);
	answer->body = whole;
}

static inline void copies_merge(json_t *into, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)from, key, value)
		if (json_is_object(value) && json_is_object(json_object_get(into, key)))
			copies_merge(json_object_get(into, key), value);
		else
			json_object_set(into, key, value);
}

/* A list of which each entry has an owner: what others have put there stays. */
static inline void copies_merge_finalizers(json_t *into, const json_t *from)
{
	json_t *list = json_object_get(json_object_get(into, "metadata"), "finalizers"), *name, *ours;
	size_t i, k;

	json_array_foreach(json_object_get(json_object_get(from, "metadata"), "finalizers"), i, name) {
		bool there = false;

		json_array_foreach(list, k, ours)
			there = there || json_equal(ours, name);
		if (list && !there)
			json_array_append(list, name);
	}
}

/* What an apply would make of the object, as far as what is added and changed goes: the model knows no field owners.
 * Takes over `body`. */
static inline json_t *copies_applied(struct api_server *s, const char *path, json_t *body)
{
	struct api_answer stands = api_request(s, "GET", path, NULL, false, NULL);
	json_t *whole = json_deep_copy(stands.body);

	copies_merge_finalizers(body, stands.body);
	copies_merge(whole, body);
	json_decref(body);
	api_answer_fini(&stands);
	return whole;
}

static inline void copies_request(struct copies *c, struct fc_action *a)
{
	struct api_server *s = c->servers[a->cluster];
	FC_AUTO_FREE char *path = copies_path(a, a->type != FC_ACTION_CREATE);
	const char *method = a->type == FC_ACTION_READ					? "GET"
			     : a->type == FC_ACTION_CREATE				? "POST"
			     : a->type == FC_ACTION_PATCH || a->type == FC_ACTION_APPLY ? "PATCH"
			     : a->type == FC_ACTION_REPLACE				? "PUT"
											: "DELETE";
	struct api_answer answer;
	struct fc_error error = FC_ERROR_INIT;
	json_t *body = json_incref(a->body);

	assert_int_equal(fc_fresh_secrets_make(body, &error), 0);
	if (a->type == FC_ACTION_READ)
		c->reads++;
	else
		c->writes++;
	if (a->type != FC_ACTION_READ)
		snprintf(c->last, sizeof(c->last), "%s %s %s/%s/%s%s", method, c->w.infos[a->cluster].name,
			 a->resource->plural, a->namespace_, a->name, a->subresource ? "/status" : "");
	if (c->down[a->cluster]) {
		world_fail(&c->w, a, FC_ERR_NETWORK, -1);
		json_decref(body);
		return;
	}
	if (c->fail_reads && a->type == FC_ACTION_READ && a->cluster == c->fail_on && c->fail_space &&
	    strcmp(c->fail_space, a->namespace_) == 0) {
		world_fail(&c->w, a, c->fail_reads, -1);
		json_decref(body);
		return;
	}
	if (c->fail_writes && a->type != FC_ACTION_READ && a->cluster == c->fail_on &&
	    (!c->fail_space || strcmp(c->fail_space, a->namespace_) == 0)) {
		world_fail(&c->w, a, c->fail_writes, -1);
		json_decref(body);
		return;
	}
	if (a->type == FC_ACTION_DELETE)
		body = json_pack("{s:{s:s, s:s}}", "preconditions", "uid", a->uid, "resourceVersion", a->version);
	if (a->type == FC_ACTION_APPLY && !c->keeps_managers)
		body = copies_applied(s, path, body);
	api_server_set_writer(s, a->field_manager ?: FC_FIELD_MANAGER);
	answer = api_request(s, a->type == FC_ACTION_APPLY && !c->keeps_managers ? "PUT" : method, path,
			     a->type == FC_ACTION_APPLY && c->keeps_managers ? "application/apply-patch+yaml"
			     : a->type == FC_ACTION_PATCH		     ? "application/json-patch+json"
									     : "application/json",
			     false, body);
	api_server_set_writer(s, NULL);
	json_decref(body);
	if (c->managed && a->type == FC_ACTION_READ && answer.status == 200)
		copies_tell_managers(c, &answer);
	/* The echo comes first, mostly. */
	if (!c->late_echo)
		copies_pump_all(c);
	if (c->restores && a->type != FC_ACTION_READ) {
		c->restores = false;
		api_server_restore(s);
		while (copies_pump_all(c))
			;
	}
	if (c->lose_answers && a->type != FC_ACTION_READ) {
		c->lose_answers--;
		world_fail(&c->w, a, FC_ERR_TIMEOUT, -1);
	} else {
		copies_result(c, a, &answer);
	}
	api_answer_fini(&answer);
}

static inline void copies_tell(struct copies *c, const struct fc_event_record *r)
{
	size_t used = strlen(c->told);

	snprintf(c->told + used, sizeof(c->told) - used, "%s %s %s %s/%s: %s\n", fc_record_type_name(r->type),
		 r->reason, r->regarding.kind, r->regarding.namespace_, r->regarding.name, r->note);
}

static inline void copies_do(struct copies *c, struct fc_action *a)
{
	struct open_watch *o;

	switch (a->type) {
	case FC_ACTION_START_WATCH:
		o = fc_xcalloc(1, sizeof(*o));
		o->action = a;
		o->passed = json_object();
		o->path = copies_path(a, false);
		if (a->name) {
			char *path = fc_xasprintf("%s?fieldSelector=metadata.name%%3D%s", o->path, a->name);

			free(o->path);
			o->path = path;
		}
		LL_APPEND(c->watches, o);
		return;
	case FC_ACTION_STOP_WATCH:
		copies_close(c, a->watch);
		break;
	case FC_ACTION_RELIST:
		o = copies_find_watch(c, a->watch);
		if (o && o->watch) {
			api_watch_close(o->watch);
			o->watch = NULL;
		}
		break;
	case FC_ACTION_READ:
	case FC_ACTION_CREATE:
	case FC_ACTION_PATCH:
	case FC_ACTION_APPLY:
	case FC_ACTION_REPLACE:
	case FC_ACTION_DELETE:
		copies_request(c, a);
		break;
	case FC_ACTION_RECORD:
		copies_tell(c, a->record);
		break;
	default:
		break;
	}
	fc_action_free(a);
}

static inline void copies_keep_questions(struct copies *c)
{
	struct fc_action **at = &c->w.actions.first, *a;

	while ((a = *at)) {
		if (a->type != FC_ACTION_RESOLVE || !c->vague[a->cluster]) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		a->next = NULL;
		LL_APPEND(c->unanswered, a);
	}
	c->w.actions.end = at;
}

static inline void copies_resolve(struct copies *c)
{
	do
		copies_keep_questions(c);
	while (world_resolve_one(&c->w));
}

/* Until nothing is left to do at this time. */
static inline void copies_settle(struct copies *c)
{
	for (int i = 0; i < 100000; i++) {
		struct fc_action *a;

		copies_resolve(c);
		a = fc_actions_take(&c->w.actions);
		if (a)
			copies_do(c, a);
		else if (!copies_pump_all(c))
			return;
	}
	fail_msg("it does not come to rest");
}

/* Time passes, in steps: whatever is due is done. */
static inline void copies_wait(struct copies *c, int64_t ms)
{
	int64_t until = c->w.now_ms + ms;

	for (;;) {
		int64_t due = fc_engine_deadline(c->w.engine);

		if (due < 0 || due > until)
			break;
		c->w.now_ms = due > c->w.now_ms ? due : c->w.now_ms + 1;
		world_tick(&c->w, 0);
		copies_settle(c);
	}
	c->w.now_ms = until;
	world_tick(&c->w, 0);
	copies_settle(c);
}

/* --- objects, by whoever uses the clusters; in single quotes --- */

static inline const char *copies_collection(const char *kind)
{
	return strcmp(kind, "Secret") == 0 ? "secrets" : strcmp(kind, "Namespace") == 0 ? "namespaces" : "configmaps";
}

static inline char *copies_url(const char *kind, const char *ns, const char *name)
{
	if (strcmp(kind, "Namespace") == 0)
		return fc_xasprintf("/api/v1/namespaces%s%s", name ? "/" : "", name ? name : "");
	return fc_xasprintf("/api/v1/namespaces/%s/%s%s%s", ns, copies_collection(kind), name ? "/" : "",
			    name ? name : "");
}

/* `more` are further members of the object, `metadata` of its metadata. */
static inline void copies_make(struct copies *c, fc_cluster_no cluster, const char *kind, const char *ns,
			       const char *name, const char *metadata, const char *more)
{
	FC_AUTO_FREE char *path = copies_url(kind, ns, NULL);
	json_t *object = J("{'apiVersion':'v1','kind':'%s','metadata':{'name':'%s'%s%s}%s%s}", kind, name,
			   metadata[0] ? "," : "", metadata, more[0] ? "," : "", more);
	struct api_answer a = api_request(c->servers[cluster], "POST", path, "application/json", false, object);

	if (a.status >= 300)
		fail_msg("%s %s: %d %s", kind, name, a.status, json_dumps(a.body, 0));
	api_answer_fini(&a);
	json_decref(object);
}

static inline int copies_try_patch(struct copies *c, fc_cluster_no cluster, const char *kind, const char *ns,
				   const char *name, const char *merge)
{
	FC_AUTO_FREE char *path = copies_url(kind, ns, name);
	json_t *patch = J("%s", merge);
	struct api_answer a =
		api_request(c->servers[cluster], "PATCH", path, "application/merge-patch+json", false, patch);
	int status = a.status;

	api_answer_fini(&a);
	json_decref(patch);
	return status;
}

static inline void copies_patch(struct copies *c, fc_cluster_no cluster, const char *kind, const char *ns,
				const char *name, const char *merge)
{
	assert_int_equal(copies_try_patch(c, cluster, kind, ns, name, merge), 200);
}

static inline void copies_delete(struct copies *c, fc_cluster_no cluster, const char *kind, const char *ns,
				 const char *name)
{
	FC_AUTO_FREE char *path = copies_url(kind, ns, name);
	struct api_answer a = api_request(c->servers[cluster], "DELETE", path, NULL, false, NULL);

	assert_true(a.status < 300);
	api_answer_fini(&a);
}

static inline void copies_space(struct copies *c, fc_cluster_no cluster, const char *name, const char *labels)
{
	FC_AUTO_FREE char *metadata = fc_xasprintf("'labels':{%s}", labels);

	copies_make(c, cluster, "Namespace", NULL, name, metadata, "");
}

static inline const json_t *copies_object(struct copies *c, fc_cluster_no cluster, const char *kind, const char *ns,
					  const char *name)
{
	return api_server_object(c->servers[cluster], "", copies_collection(kind), ns, name);
}

static inline const char *copies_annotation(const json_t *object, const char *key)
{
	const char *text = fc_json_annotation(object, key);

	return text ? text : "(none)";
}

/* What stands at .data.a; "(absent)", "(none)". */
static inline const char *copies_value(struct copies *c, fc_cluster_no cluster, const char *ns, const char *name)
{
	const json_t *object = copies_object(c, cluster, "ConfigMap", ns, name);
	const char *value = json_string_value(json_object_get(json_object_get(object, "data"), "a"));

	return !object ? "(absent)" : value ? value : "(none)";
}

/* --- the whole --- */

static inline struct fc_engine *copies_engine(struct copies *c)
{
	struct fc_engine_options options = {
		.clusters = c->w.infos,
		.cluster_count = CLUSTERS,
		.master = HUB,
		.dialects = c->dialects,
		.known_dialects = c->known,
		.max_deletes = c->max_deletes,
		.max_in_flight = c->max_in_flight,
		.adopting = c->adopting,
		.allow_all = !c->not_all_allowed,
		.as_original = c->as_original,
		.bearers_in = c->bearers_in,
		.sources_in = c->sources_in,
		.copies_in = c->copies_in,
		.target_words = copies_target_words(),
		.target_word_count = 1,
	};

	return fc_engine_new(&options, 1);
}

static inline void copies_up(struct copies *c, fc_cluster_no i)
{
	c->down[i] = false;
	world_up_as(&c->w, i, api_server_id(c->servers[i]));
	copies_settle(c);
}

/* It says now which types it serves. */
static inline void copies_answer(struct copies *c, fc_cluster_no i)
{
	struct fc_action *a, *next;

	c->vague[i] = false;
	LL_FOREACH_SAFE(c->unanswered, a, next) {
		if (a->cluster != i)
			continue;
		LL_DELETE(c->unanswered, a);
		a->next = NULL;
		*c->w.actions.end = a;
		c->w.actions.end = &a->next;
	}
	copies_settle(c);
}

static inline void copies_down(struct copies *c, fc_cluster_no i)
{
	c->down[i] = true;
	world_down(&c->w, i);
	copies_settle(c);
}

/* A process without memory. */
static inline void copies_restart(struct copies *c)
{
	fc_engine_free(c->w.engine);
	while (c->watches)
		copies_close(c, c->watches->action->watch);
	world_drop(&c->w);
	c->reads = c->writes = 0;
	c->w.engine = copies_engine(c);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		if (!c->down[i])
			copies_up(c, i);
		else
			copies_down(c, i);
	copies_wait(c, 5000);
}

/* The servers stand, nobody watches them yet. */
static inline struct copies *copies_make_servers(void)
{
	static const char *const names[] = { "hub", "edge-1", "edge-2" };
	struct copies *c = fc_xcalloc(1, sizeof(*c));

	c->dialects[0] = &fc_dialect_k8s_copier;
	c->dialects[1] = &copy_test_dialect;
	for (int i = 0; i < CLUSTERS; i++) {
		c->servers[i] = api_server_new((uint64_t)i + 1);
		api_server_serve(c->servers[i], &api_type_config_maps);
		api_server_serve(c->servers[i], &api_type_secrets);
		c->w.infos[i] = (struct fc_cluster_info){ .name = fc_xstrdup(names[i]), .master = i == HUB };
	}
	c->w.infos[EDGE1].labels = J("{'tier':'edge','region':'eu'}");
	c->w.infos[EDGE2].labels = J("{'tier':'edge','region':'us'}");
	c->w.now_ms = 1000000;
	c->w.real_namespaces = true;
	fc_actions_init(&c->w.actions);
	c->w.engine = copies_engine(c);
	return c;
}

static inline void copies_start(struct copies *c)
{
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		copies_up(c, i);
	copies_wait(c, 5000);
	c->reads = c->writes = 0;
}

/* In each cluster the namespaces home (for sources), a, b, other; a and b bear team=x. */
static inline struct copies *copies_new(void)
{
	struct copies *c = copies_make_servers();

	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		copies_space(c, i, "home", "");
		copies_space(c, i, "a", "'team':'x'");
		copies_space(c, i, "b", "'team':'x'");
		copies_space(c, i, "other", "");
	}
	copies_start(c);
	return c;
}

static inline void copies_free(struct copies *c)
{
	struct fc_action *a, *next;

	LL_FOREACH_SAFE(c->unanswered, a, next)
		fc_action_free(a);
	fc_engine_free(c->w.engine);
	while (c->watches)
		copies_close(c, c->watches->action->watch);
	fc_actions_fini(&c->w.actions);
	for (int i = 0; i < CLUSTERS; i++) {
		api_server_free(c->servers[i]);
		fc_cluster_info_fini(&c->w.infos[i]);
	}
	free(c);
}

/* The ConfigMap home/src on the hub, with .data.a = 1 and these annotations (members). */
static inline void copies_source(struct copies *c, const char *annotations)
{
	FC_AUTO_FREE char *metadata = fc_xasprintf("'annotations':{%s}", annotations);

	copies_make(c, HUB, "ConfigMap", "home", "src", metadata, "'data':{'a':'1'}");
	copies_settle(c);
}

/* The state of the one whose target and source hold these texts. */
static inline const char *copies_state(struct copies *c, const char *target)
{
	return world_state(&c->w, target, NULL);
}

#define TO_TEAM_X "'test.fedcopy/copy':'team=x'"

#endif
