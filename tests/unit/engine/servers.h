/* SPDX-License-Identifier: Apache-2.0 */
/* servers - API servers and the watchers in front of them, as small as they can be and still go wrong: what the random
 * driver of the engine talks to.
 * Owns:    a server its objects and what it remembers of changes; a member its watches, requests and unread events.
 * Threads: one.
 * Fails:   never; what a real one refuses is an event.
 * Source:  kube-client 4.8 (list, then watch), 5.11 (410), 8.2 (patch with a precondition), 13 (classes of errors). */
#ifndef FC_TEST_ENGINE_SERVERS_H
#define FC_TEST_ENGINE_SERVERS_H

#include "base/random.h"
#include "world.h"

#include <utlist.h>

enum { SECRETS, CONFIGMAPS, GADGETS, TYPES, NAMESPACES }; /* of the last there are none that say anything */
enum { SPACES = 2, NAMES = 12, EPOCHS = 16 };

static const char *const space_names[SPACES] = { "ns", "other" };

static const struct fc_resource type_rows[TYPES] = {
	{ .group = "", .version = "v1", .plural = "secrets", .kind = "Secret", .namespaced = true, .verbs = ~0u },
	{ .group = "", .version = "v1", .plural = "configmaps", .kind = "ConfigMap", .namespaced = true, .verbs = ~0u },
	{ .group = "example.com",
	  .version = "v1",
	  .plural = "gadgets",
	  .kind = "Gadget",
	  .namespaced = true,
	  .verbs = ~0u },
};

/* One object's place. */
struct place {
	int type, space, name;
};

/* What happened to a place at that version; `object` NULL: it was deleted. */
struct entry {
	int64_t version;
	struct place at;
	json_t *object, *before;
};

struct server {
	char id[16];
	int64_t version;
	unsigned epoch; /* grows when versions begin again */
	unsigned next_uid;
	json_t *objects[TYPES][SPACES][NAMES];
	struct entry *log;
	size_t log_count, log_cap;
	int64_t log_from; /* all that happened after it is in the log */
	bool served[TYPES];
	unsigned type_version[TYPES];
	bool wide_forbidden; /* RBAC lets sources be watched by their names only */
	/* A backup of it all. */
	json_t *saved[TYPES][SPACES][NAMES];
	int64_t saved_version;
};

struct told_word {
	char *text;
	int told; /* -1: nothing; 0: not served; else the version */
	struct told_word *next;
};

struct informer {
	struct fc_action *action;
	int type;
	unsigned type_version;
	bool streaming;
	unsigned epoch;
	int64_t version; /* all up to it was told */
	enum fc_error_class failed;
	bool passed[SPACES][NAMES]; /* told of, for the annotations that they bore */
	struct informer *next;
};

/* A cluster of the set: the server that answers there, and the watcher in front of it. */
struct member {
	fc_cluster_no no;
	char name[24];
	bool alive, up;
	bool known; /* the id of `home` was told */
	enum fc_reads reads;
	struct server *server, *home;
	struct told_word *words;
	struct informer *informers;
	struct fc_action **requests;
	size_t request_count, request_cap;
	struct fc_event **answers; /* on their way: events may overtake them */
	size_t answer_count, answer_cap;
	struct fc_event **queue;
	size_t queue_first, queue_count, queue_cap;
};

/* --- objects --- */

static inline json_t *object_at(const struct server *s, struct place at)
{
	return s->objects[at.type][at.space][at.name];
}

static inline const char *version_of(const json_t *object)
{
	return json_string_value(json_object_get(json_object_get(object, "metadata"), "resourceVersion"));
}

static inline bool bears_rules(const json_t *object)
{
	return json_object_size(json_object_get(json_object_get(object, "metadata"), "annotations")) > 0;
}

/* Takes over `object`, NULL to delete. Events share it: it is never written again. */
static inline void server_put(struct server *s, struct place at, json_t *object)
{
	json_t **slot = &s->objects[at.type][at.space][at.name];
	FC_AUTO_FREE char *version = NULL;

	/* Versions that begin again do not meet those of before: that two states of one object have one is beyond
	 * chance in a real cluster. */
	s->version += EPOCHS - s->version % EPOCHS + s->epoch % EPOCHS;
	version = fc_xasprintf("%lld", (long long)s->version);
	if (object)
		json_object_set_new(json_object_get(object, "metadata"), "resourceVersion", json_string(version));
	FC_GROW(s->log, s->log_count, s->log_cap);
	s->log[s->log_count++] =
		(struct entry){ .version = s->version, .at = at, .object = json_incref(object), .before = *slot };
	*slot = object;
}

static inline json_t *object_new(struct server *s, struct place at)
{
	return J("{'metadata':{'name':'o%d','namespace':'%s','uid':'%s-%u','annotations':{}},'data':{}}", at.name,
		 space_names[at.space], s->id, ++s->next_uid);
}

static inline void log_clear(struct server *s)
{
	for (size_t i = 0; i < s->log_count; i++) {
		json_decref(s->log[i].object);
		json_decref(s->log[i].before);
	}
	s->log_count = 0;
	s->log_from = s->version;
}

#define FOR_EACH_PLACE(at)                                                                       \
	for (struct place at = { 0, 0, 0 }; at.type < TYPES; at.name + 1 < NAMES ? at.name++     \
							     : at.space + 1 < SPACES             \
								     ? (at.name = 0, at.space++) \
								     : (at.name = at.space = 0, at.type++))

static inline void server_save(struct server *s)
{
	FOR_EACH_PLACE(at)
	{
		json_t **slot = &s->saved[at.type][at.space][at.name];

		json_decref(*slot);
		*slot = json_incref(object_at(s, at));
	}
	s->saved_version = s->version;
}

/* Versions go back, ids stay. */
static inline void server_restore(struct server *s)
{
	if (s->saved_version == 0)
		return;
	FOR_EACH_PLACE(at)
	{
		json_t **slot = &s->objects[at.type][at.space][at.name];

		json_decref(*slot);
		*slot = json_incref(s->saved[at.type][at.space][at.name]);
	}
	s->version = s->saved_version;
	s->epoch++;
	log_clear(s);
}

static inline struct server *server_new(unsigned index)
{
	struct server *s = fc_xcalloc(1, sizeof(*s));

	snprintf(s->id, sizeof(s->id), "id-%u", index);
	/* Far from each other: no version of the one is ever met on the other. */
	s->version = s->log_from = 1000000 * (int64_t)(index + 1);
	for (int t = 0; t < TYPES; t++) {
		s->served[t] = true;
		s->type_version[t] = 1;
	}
	return s;
}

static inline void server_free(struct server *s)
{
	FOR_EACH_PLACE(at)
	{
		json_decref(s->objects[at.type][at.space][at.name]);
		json_decref(s->saved[at.type][at.space][at.name]);
	}
	log_clear(s);
	free(s->log);
	free(s);
}

/* --- events on their way to the engine --- */

static inline struct fc_event *member_event(const struct member *m, enum fc_event_type type)
{
	struct fc_event *e = fc_event_new(type);

	e->cluster = m->no;
	return e;
}

static inline void post(struct member *m, struct fc_event *e)
{
	FC_GROW(m->queue, m->queue_count, m->queue_cap);
	m->queue[m->queue_count++] = e;
}

/* The next of its events, now the caller's; NULL when there is none. */
static inline struct fc_event *member_take(struct member *m)
{
	if (m->queue_first == m->queue_count) {
		m->queue_first = m->queue_count = 0;
		return NULL;
	}
	return m->queue[m->queue_first++];
}

/* --- what a watcher answers --- */

static inline int type_of_word(const char *text)
{
	for (int t = 0; t < TYPES; t++)
		if (strncmp(text, type_rows[t].plural, strlen(type_rows[t].plural) - 1) == 0)
			return t;
	return -1;
}

static inline int type_of_resource(const struct fc_resource *r)
{
	for (int t = 0; t < TYPES; t++)
		if (strcmp(r->plural, type_rows[t].plural) == 0)
			return t;
	if (strcmp(r->plural, "namespaces") == 0)
		return NAMESPACES;
	fail_msg("no such resource: %s", r->plural);
	return -1;
}

static inline unsigned version_number(const struct fc_resource *r)
{
	return (unsigned)atoi(r->version + 1);
}

/* Says what is new of the words; true: something was. */
static inline bool member_answer_words(struct member *m)
{
	bool any = false;

	for (struct told_word *w = m->words; m->up && w; w = w->next) {
		int type = type_of_word(w->text);
		int now = m->server->served[type] ? (int)m->server->type_version[type] : 0;
		struct fc_event *e;

		if (w->told == now)
			continue;
		w->told = now;
		e = member_event(m, FC_EVENT_RESOLVED);
		e->name = fc_xstrdup(w->text);
		if (now) {
			struct fc_resource r = type_rows[type];

			r.version = now == 1 ? "v1" : "v2";
			e->resource = fc_resource_new(&r);
		} else {
			fc_error_set(&e->error, FC_ERR_NOT_SERVED, "nothing is called that");
		}
		post(m, e);
		any = true;
	}
	return any;
}

static inline void informer_fails(struct member *m, struct informer *i, enum fc_error_class cls)
{
	struct fc_event *e;

	if (i->failed == cls)
		return;
	i->failed = cls;
	e = member_event(m, FC_EVENT_WATCH_FAILED);
	e->watch = i->action->watch;
	fc_error_set(&e->error, cls, "%s", fc_error_class_name(cls));
	post(m, e);
}

static inline bool informer_selects(const struct informer *i, struct place at)
{
	FC_AUTO_FREE char *name = fc_xasprintf("o%d", at.name);

	return at.type == i->type &&
	       (!i->action->namespace_ || strcmp(i->action->namespace_, space_names[at.space]) == 0) &&
	       (!i->action->name || strcmp(i->action->name, name) == 0);
}

static inline struct fc_event *informer_event(const struct member *m, const struct informer *i, enum fc_event_type type)
{
	struct fc_event *e = member_event(m, type);

	e->watch = i->action->watch;
	return e;
}

static inline void informer_object(struct member *m, struct informer *i, struct place at, json_t *object, bool listed)
{
	bool *passed = &i->passed[at.space][at.name];
	struct fc_event *e;

	if (i->action->content == FC_WATCH_ANNOTATED) {
		bool bears = bears_rules(object);

		if (!bears && (listed || !*passed)) {
			*passed = false;
			return;
		}
		*passed = bears;
	}
	e = informer_event(m, i, FC_EVENT_OBJECT);
	e->received_us = 1;
	e->object = i->action->content != FC_WATCH_BODIES
			    ? json_pack("{s:O}", "metadata", json_object_get(object, "metadata"))
			    : json_incref(object);
	post(m, e);
}

static inline void informer_gone(struct member *m, struct informer *i, const struct entry *was)
{
	struct fc_event *e;

	if (i->action->content == FC_WATCH_ANNOTATED && !i->passed[was->at.space][was->at.name])
		return;
	i->passed[was->at.space][was->at.name] = false;
	e = informer_event(m, i, FC_EVENT_OBJECT_GONE);
	e->namespace_ = fc_xstrdup(space_names[was->at.space]);
	e->name = fc_xasprintf("o%d", was->at.name);
	e->resource_version = fc_xasprintf("%lld", (long long)was->version);
	post(m, e);
}

/* What stood there at that version. */
static inline json_t *object_then(const struct server *s, struct place at, int64_t version)
{
	for (size_t k = 0; k < s->log_count; k++)
		if (s->log[k].version > version && memcmp(&s->log[k].at, &at, sizeof(at)) == 0)
			return s->log[k].before;
	return object_at(s, at);
}

/* How a list is to fail. */
struct trouble {
	int breaks_after; /* so many objects; -1: it does not */
	size_t lag;	  /* it is answered by a server that has not heard of so many changes yet */
};

/* A whole list, or one that breaks off. */
static inline void informer_list(struct member *m, struct informer *i, struct trouble trouble)
{
	const struct server *s = m->server;
	int64_t version = trouble.lag && trouble.lag <= s->log_count ? s->log[s->log_count - trouble.lag].version - 1
								     : s->version;
	struct fc_event *e;

	post(m, informer_event(m, i, FC_EVENT_LIST_BEGIN));
	FOR_EACH_PLACE(at)
	{
		json_t *object = object_then(s, at, version);

		if (!object || !informer_selects(i, at))
			continue;
		if (trouble.breaks_after-- == 0) {
			informer_fails(m, i, FC_ERR_SERVER);
			return;
		}
		informer_object(m, i, at, object, true);
	}
	e = informer_event(m, i, FC_EVENT_LIST_END);
	e->complete = true;
	post(m, e);
	i->failed = FC_ERR_NONE;
	i->streaming = true;
	i->epoch = m->server->epoch;
	i->version = version;
}

/* Tells of at most `max` changes; true: something was told. */
static inline bool informer_stream(struct member *m, struct informer *i, int max)
{
	struct server *s = m->server;
	bool any = false;

	if (i->failed != FC_ERR_NONE) {
		i->failed = FC_ERR_NONE;
		post(m, informer_event(m, i, FC_EVENT_WATCH_RESUMED));
		any = true;
	}
	for (size_t k = 0; k < s->log_count && max > 0; k++) {
		if (s->log[k].version <= i->version)
			continue;
		i->version = s->log[k].version;
		if (!informer_selects(i, s->log[k].at))
			continue;
		if (s->log[k].object)
			informer_object(m, i, s->log[k].at, s->log[k].object, false);
		else
			informer_gone(m, i, &s->log[k]);
		any = true;
		max--;
	}
	return any;
}

static const struct trouble no_trouble = { .breaks_after = -1 };

/* Goes on as far as it can; true: something was told. `max` changes at most. */
static inline bool informer_pump(struct member *m, struct informer *i, int max, struct trouble trouble)
{
	size_t before = m->queue_count;

	if (!m->up)
		return false;
	if (i->type == NAMESPACES) {
		if (!i->streaming)
			informer_list(m, i, trouble);
	} else if (!m->server->served[i->type] || m->server->type_version[i->type] != i->type_version) {
		i->streaming = false;
		informer_fails(m, i, FC_ERR_NOT_SERVED);
	} else if (m->server->wide_forbidden && i->action->content == FC_WATCH_BODIES && !i->action->name) {
		i->streaming = false;
		informer_fails(m, i, FC_ERR_FORBIDDEN);
	} else if (i->streaming && i->epoch == m->server->epoch && i->version >= m->server->log_from) {
		return informer_stream(m, i, max);
	} else {
		informer_list(m, i, trouble);
	}
	return m->queue_count != before;
}

/* --- requests --- */

static inline bool holds(const json_t *value, const char *word)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);
	bool found = strstr(text, word);

	free(text);
	return found;
}

/* The member named by a JSON pointer's last segment, and the map that holds it; parents must be there. */
static inline json_t *pointer_parent(json_t *root, char *pointer, char **last)
{
	json_t *at = root;
	char *next;

	for (*last = pointer + 1; (next = strchr(*last, '/')); *last = next + 1) {
		*next = '\0';
		at = json_object_get(at, *last);
	}
	return at;
}

/* The patched object, or NULL with what a server answers. */
static inline json_t *patched(const json_t *object, const json_t *patch, struct fc_error *why)
{
	json_t *copy = json_deep_copy(object), *op;
	size_t i;

	json_array_foreach(patch, i, op) {
		FC_AUTO_FREE char *pointer = fc_xstrdup(json_string_value(json_object_get(op, "path")));
		json_t *value = json_object_get(op, "value"), *parent;
		char *last;

		if (i == 0) {
			/* design section 5, promise 5 */
			assert_string_equal(pointer, "/metadata/resourceVersion");
			if (strcmp(json_string_value(value), version_of(object)) != 0)
				fc_error_set(why, FC_ERR_CONFLICT, "the object has been modified");
			continue;
		}
		parent = pointer_parent(copy, pointer, &last);
		if (holds(value, "bad") || !json_is_object(parent))
			fc_error_set(why, FC_ERR_INVALID, "refused");
		else
			json_object_set(parent, last, value);
	}
	if (why->cls == FC_ERR_NONE)
		return copy;
	json_decref(copy);
	return NULL;
}

static inline struct place place_of(const struct fc_action *a)
{
	return (struct place){
		.type = type_of_resource(a->resource),
		.space = strcmp(a->namespace_, space_names[1]) == 0,
		.name = atoi(a->name + 1),
	};
}

/* Does what the request asks for; the answer, or NULL with why not. */
static inline json_t *member_execute(struct member *m, const struct fc_action *a, struct fc_error *why)
{
	struct place at = place_of(a);
	json_t *object = object_at(m->server, at), *changed;

	if (!m->server->served[at.type] || m->server->type_version[at.type] != version_number(a->resource)) {
		fc_error_set(why, FC_ERR_NOT_SERVED, "no such type");
		return NULL;
	}
	if (!object) {
		fc_error_set(why, FC_ERR_NOT_FOUND, "not found");
		return NULL;
	}
	if (a->type == FC_ACTION_READ)
		return json_incref(object);
	changed = patched(object, a->body, why);
	if (!changed)
		return NULL;
	if (m->server != m->home)
		fail_msg("%s: a write went to the cluster that stands in its place", m->name);
	if (json_equal(changed, object)) {
		json_decref(changed);
		return json_incref(object);
	}
	server_put(m->server, at, changed);
	return json_incref(changed);
}

static inline void member_answer(struct member *m, struct fc_action *a, json_t *object, const struct fc_error *why)
{
	struct fc_event *e = member_event(m, FC_EVENT_RESULT);

	e->request = a->request;
	e->object = object;
	e->error = *why;
	FC_GROW(m->answers, m->answer_count, m->answer_cap);
	m->answers[m->answer_count++] = e;
	fc_action_free(a);
}

/* One of the answers arrives; false: there is none. */
static inline bool member_answer_arrives(struct member *m, size_t i)
{
	struct fc_event *e;

	if (m->answer_count == 0)
		return false;
	i %= m->answer_count;
	e = m->answers[i];
	m->answers[i] = m->answers[--m->answer_count];
	post(m, e);
	return true;
}

/* Takes one of its requests out of the line. */
static inline struct fc_action *member_request(struct member *m, size_t i)
{
	struct fc_action *a = m->requests[i];

	m->requests[i] = m->requests[--m->request_count];
	return a;
}

/* --- the life of a member --- */

static inline void informer_free(struct member *m, struct informer *i)
{
	LL_DELETE(m->informers, i);
	fc_action_free(i->action);
	free(i);
}

static inline void word_forget(struct member *m, const char *text)
{
	for (struct told_word *w = m->words; w; w = w->next) {
		if (strcmp(w->text, text) != 0)
			continue;
		LL_DELETE(m->words, w);
		free(w->text);
		free(w);
		return;
	}
}

/* An action of the engine's, taken over. */
static inline void member_takes(struct member *m, struct fc_action *a)
{
	struct informer *i = NULL;
	struct told_word *word;

	switch (a->type) {
	case FC_ACTION_RESOLVE:
		/* Asked again, it is told again. */
		word_forget(m, a->name);
		word = fc_xcalloc(1, sizeof(*word));
		word->text = fc_xstrdup(a->name);
		word->told = -1;
		LL_PREPEND(m->words, word);
		break;
	case FC_ACTION_FORGET_WORD:
		word_forget(m, a->name);
		break;
	case FC_ACTION_START_WATCH:
		i = fc_xcalloc(1, sizeof(*i));
		i->type = type_of_resource(a->resource);
		i->type_version = version_number(a->resource);
		i->action = a;
		LL_APPEND(m->informers, i);
		return;
	case FC_ACTION_RELIST:
		for (i = m->informers; i && i->action->watch != a->watch; i = i->next)
			;
		assert_non_null(i);
		i->streaming = false;
		break;
	case FC_ACTION_STOP_WATCH:
		for (i = m->informers; i && i->action->watch != a->watch; i = i->next)
			;
		assert_non_null(i);
		informer_free(m, i);
		break;
	default:
		FC_GROW(m->requests, m->request_count, m->request_cap);
		m->requests[m->request_count++] = a;
		return;
	}
	fc_action_free(a);
}

static inline void member_says_up(struct member *m)
{
	struct fc_event *e = member_event(m, FC_EVENT_CLUSTER_UP);

	m->up = m->known = true;
	e->name = fc_xstrdup(m->server->id);
	post(m, e);
}

static inline void member_says_down(struct member *m)
{
	struct fc_event *e = member_event(m, FC_EVENT_CLUSTER_DOWN);

	m->up = false;
	fc_error_set(&e->error, FC_ERR_NETWORK, "connection refused");
	post(m, e);
}

/* What it has not said yet may be said still. */
static inline void member_ends(struct member *m)
{
	m->alive = m->up = false;
	while (m->informers)
		informer_free(m, m->informers);
	while (m->words)
		word_forget(m, m->words->text);
	while (m->request_count)
		fc_action_free(member_request(m, 0));
	while (member_answer_arrives(m, 0))
		;
}

static inline void member_free(struct member *m)
{
	struct fc_event *e;

	member_ends(m);
	while ((e = member_take(m)))
		fc_event_free(e);
	free(m->requests);
	free(m->answers);
	free(m->queue);
}

#endif
