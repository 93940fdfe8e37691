/* SPDX-License-Identifier: Apache-2.0 */
/* The clusters are read as in a run. A write is not sent: its target is read instead, under a number that is none of
 * the engine's, the write is done in memory, and the engine is told the outcome as its answer. From then on every word
 * about that object (reads, watches) shows it as it would stand, so that what follows from the write is planned too.
 *
 * The version of such an object is newer than any real one: those are decimal numbers of 64 bits, and these have 21
 * digits. So the engine never takes a real event of it for a later change. */
#include "cli/plan.h"

#include "base/hash.h"
#include "base/mem.h"
#include "json/decode.h"
#include "json/patch_apply.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The engine counts its requests from 1. */
#define OWN_REQUEST ((uint64_t)1 << 63)
#define VERSION_POINTER "/metadata/resourceVersion"

/* An object as it would stand. */
struct object {
	char *key;
	json_t *value; /* with a version of ours; NULL: it would be deleted */
	UT_hash_handle hh;
};

/* A request under way. */
struct asked {
	uint64_t number;
	char *key;
	struct fc_action *write; /* what the engine wanted; NULL: it only reads */
	UT_hash_handle hh;
};

struct watching {
	uint32_t watch;
	char *type; /* the part of a key that is the same for all its objects */
	UT_hash_handle hh;
};

struct entry {
	char *key;
	struct fc_action *write; /* the first one: what it is about */
	json_t *before, *after;
	json_t *confidential;
	UT_hash_handle hh;
};

struct fc_plan {
	void (*send)(void *user, struct fc_action *action);
	void *user;
	struct fc_planned *planned; /* made by fc_plan_writes */

	pthread_mutex_t lock; /* guards all below */
	struct object *objects;
	struct asked *asked;
	struct watching *watching;
	struct entry *entries;
	uint64_t requests, versions;
};

struct fc_plan *fc_plan_new(void (*send)(void *user, struct fc_action *action), void *user)
{
	struct fc_plan *p = fc_xcalloc(1, sizeof(*p));

	p->send = send;
	p->user = user;
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

static void asked_free(struct fc_plan *p, struct asked *a)
{
	HASH_DEL(p->asked, a);
	fc_action_free(a->write);
	free(a->key);
	free(a);
}

static void watching_free(struct fc_plan *p, struct watching *w)
{
	HASH_DEL(p->watching, w);
	free(w->type);
	free(w);
}

static void object_free(struct fc_plan *p, struct object *o)
{
	HASH_DEL(p->objects, o);
	free(o->key);
	json_decref(o->value);
	free(o);
}

static void entry_free(struct fc_plan *p, struct entry *e)
{
	HASH_DEL(p->entries, e);
	fc_action_free(e->write);
	free(e->key);
	json_decref(e->before);
	json_decref(e->after);
	json_decref(e->confidential);
	free(e);
}

static void planned_free(struct fc_plan *p)
{
	for (size_t i = 0; p->planned && p->planned[i].name; i++) {
		json_decref(p->planned[i].before);
		json_decref(p->planned[i].after);
	}
	free(fc_steal(&p->planned));
}

void fc_plan_free(struct fc_plan *p)
{
	if (!p)
		return;
	planned_free(p);
	while (p->asked)
		asked_free(p, p->asked);
	while (p->watching)
		watching_free(p, p->watching);
	while (p->objects)
		object_free(p, p->objects);
	while (p->entries)
		entry_free(p, p->entries);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* Values go from thread to thread as copies: jansson counts holders of one tree in a way that the thread sanitizer
 * cannot tell from a race. */
static json_t *copy_of(const json_t *value)
{
	json_t *copy = value ? json_deep_copy(value) : NULL;

	if (value && !copy)
		abort(); /* as in base/mem.h: an object of a few MiB */
	return copy;
}

/* --- keys --- */

/* As the engine tells objects apart. No part can hold a blank. */
static char *type_text(fc_cluster_no cluster, const struct fc_resource *r)
{
	return fc_xasprintf("%" PRIu32 " %s %s %s", cluster, r->group, r->version, r->plural);
}

static char *object_text(const char *type, const char *namespace_, const char *name)
{
	return fc_xasprintf("%s %s %s", type, namespace_ ? namespace_ : "", name);
}

static char *key_of(const struct fc_action *a)
{
	FC_AUTO_FREE char *type = type_text(a->cluster, a->resource);

	return object_text(type, a->namespace_, a->name);
}

static struct object *find_object(struct fc_plan *p, const char *key)
{
	struct object *o = NULL;

	HASH_FIND_STR(p->objects, key, o);
	return o;
}

/* --- from the engine --- */

static void note_watch(struct fc_plan *p, const struct fc_action *a)
{
	struct watching *w = fc_xcalloc(1, sizeof(*w));

	w->watch = a->watch;
	w->type = type_text(a->cluster, a->resource);
	HASH_ADD(hh, p->watching, watch, sizeof(w->watch), w);
}

static void forget_watch(struct fc_plan *p, const struct fc_action *a)
{
	struct watching *w = NULL;

	HASH_FIND(hh, p->watching, &a->watch, sizeof(a->watch), w);
	if (w)
		watching_free(p, w);
}

static void note_request(struct fc_plan *p, const struct fc_action *a, uint64_t number, struct fc_action *write)
{
	struct asked *asked = fc_xcalloc(1, sizeof(*asked));

	asked->number = number;
	asked->key = key_of(a);
	asked->write = write;
	HASH_ADD(hh, p->asked, number, sizeof(asked->number), asked);
}

/* Takes over the write, and gives the read that goes out in its place. */
static struct fc_action *read_instead(struct fc_plan *p, struct fc_action *write)
{
	struct fc_actions list;
	struct fc_action *read;
	json_t *shared = write->body;

	fc_actions_init(&list);
	read = fc_actions_add(&list, FC_ACTION_READ);
	(void)fc_actions_take(&list);
	write->body = copy_of(shared);
	json_decref(shared);
	read->cluster = write->cluster;
	read->request = OWN_REQUEST | ++p->requests;
	read->resource = fc_resource_ref(write->resource);
	read->namespace_ = fc_xstrdup_null(write->namespace_);
	read->name = fc_xstrdup(write->name);
	note_request(p, write, read->request, write);
	return read;
}

/* What goes to the cluster; NULL: nothing. */
static struct fc_action *what_to_send(struct fc_plan *p, struct fc_action *a)
{
	switch (a->type) {
	case FC_ACTION_PATCH:
	case FC_ACTION_APPLY:
	case FC_ACTION_REPLACE:
	case FC_ACTION_CREATE:
	case FC_ACTION_DELETE:
		return read_instead(p, a);
	case FC_ACTION_READ:
		note_request(p, a, a->request, NULL);
		return a;
	case FC_ACTION_START_WATCH:
		note_watch(p, a);
		return a;
	case FC_ACTION_STOP_WATCH:
		forget_watch(p, a);
		return a;
	case FC_ACTION_RESOLVE:
	case FC_ACTION_FORGET_WORD:
	case FC_ACTION_RELIST:
		return a;
	case FC_ACTION_RECORD: /* an Event would be a write too */
	case FC_ACTION_REPORT:
	case FC_ACTION_MEASURE:
	case FC_ACTION_GIVE_UP:
		break; /* for whoever steps the engine */
	}
	fc_action_free(a);
	return NULL;
}

void fc_plan_execute(struct fc_plan *p, struct fc_action *action)
{
	pthread_mutex_lock(&p->lock);
	struct fc_action *out = what_to_send(p, action);
	pthread_mutex_unlock(&p->lock);
	if (out)
		p->send(p->user, out);
}

/* --- a write, in memory --- */

static bool is_terminating(const json_t *object)
{
	return fc_json_metadata(object, "deletionTimestamp")[0] != '\0';
}

static bool has_finalizers(const json_t *object)
{
	return json_array_size(json_object_get(json_object_get(object, "metadata"), "finalizers")) > 0;
}

/* The version that a patch was decided on, which it carries as its first operation. */
static const char *decided_version(const json_t *operations)
{
	const json_t *first = json_array_get(operations, 0);
	const char *pointer = json_string_value(json_object_get(first, "path"));

	return pointer && strcmp(pointer, VERSION_POINTER) == 0 ? json_string_value(json_object_get(first, "value"))
								: NULL;
}

static json_t *patched(const struct fc_action *write, const json_t *before, struct fc_error *err)
{
	const char *version = decided_version(write->body);

	if (version && strcmp(version, fc_json_metadata(before, "resourceVersion")) != 0) {
		fc_error_set(err, FC_ERR_CONFLICT, "the object has been modified");
		return NULL;
	}
	json_auto_t *after = copy_of(before);
	return fc_patch_apply(write->body, after, err) < 0 ? NULL : json_incref(after);
}

static json_t *metadata_of(json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata");

	if (metadata)
		return metadata;
	json_object_set_new(object, "metadata", json_object());
	return json_object_get(object, "metadata");
}

static json_t *created(struct fc_plan *p, const struct fc_action *write, const json_t *before, struct fc_error *err)
{
	json_t *after, *metadata;

	if (before) {
		fc_error_set(err, FC_ERR_EXISTS, "the object exists already");
		return NULL;
	}
	after = copy_of(write->body);
	metadata = metadata_of(after);
	json_object_set_new(metadata, "name", json_string(write->name));
	if (write->namespace_)
		json_object_set_new(metadata, "namespace", json_string(write->namespace_));
	json_object_set_new(metadata, "uid", json_sprintf("00000000-0000-4000-8000-%012" PRIx64, p->versions + 1));
	return after;
}

static bool is_other(const char *wanted, const json_t *object, const char *member)
{
	return wanted && strcmp(wanted, fc_json_metadata(object, member)) != 0;
}

/* As it is until its finalizers are gone. */
static json_t *deleted(const struct fc_action *write, const json_t *before, struct fc_error *err)
{
	json_t *after;

	if (is_other(write->uid, before, "uid") || is_other(write->version, before, "resourceVersion")) {
		fc_error_set(err, FC_ERR_CONFLICT, "the object has been modified");
		return NULL;
	}
	after = copy_of(before);
	if (!is_terminating(before))
		json_object_set_new(metadata_of(after), "deletionTimestamp", json_string("1970-01-01T00:00:00Z"));
	return after;
}

/* Member by member, as deep as both are maps. What an owner of fields gives up goes too on a server; that is not known
 * here. */
static void merge(json_t *into, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)from, key, value) {
		json_t *there = json_object_get(into, key);

		if (json_is_object(there) && json_is_object(value))
			merge(there, value);
		else
			json_object_set_new(into, key, copy_of(value));
	}
}

/* A server-side apply, or a PUT: the body names the version that it was decided on. */
static json_t *put(const struct fc_action *write, const json_t *before, struct fc_error *err)
{
	json_t *after;

	if (is_other(fc_json_metadata(write->body, "uid"), before, "uid") ||
	    is_other(fc_json_metadata(write->body, "resourceVersion"), before, "resourceVersion")) {
		fc_error_set(err, FC_ERR_CONFLICT, "the object has been modified");
		return NULL;
	}
	if (write->type == FC_ACTION_REPLACE)
		return copy_of(write->body);
	after = copy_of(before);
	merge(after, write->body);
	return after;
}

/* What the server would answer: the object after the write, of a deletion the object that goes; NULL with err. */
static json_t *written(struct fc_plan *p, const struct fc_action *write, const json_t *before, struct fc_error *err)
{
	if (!before && write->type != FC_ACTION_CREATE) {
		fc_error_set(err, FC_ERR_NOT_FOUND, "the object does not exist");
		return NULL;
	}
	switch (write->type) {
	case FC_ACTION_CREATE:
		return created(p, write, before, err);
	case FC_ACTION_DELETE:
		return deleted(write, before, err);
	case FC_ACTION_APPLY:
	case FC_ACTION_REPLACE:
		return put(write, before, err);
	default:
		return patched(write, before, err);
	}
}

static void set_version(struct fc_plan *p, json_t *object)
{
	char version[32];

	snprintf(version, sizeof(version), "1%020" PRIu64, ++p->versions);
	json_object_set_new(metadata_of(object), "resourceVersion", json_string(version));
}

static void note_object(struct fc_plan *p, const char *key, const json_t *value)
{
	struct object *o = find_object(p, key);

	if (!o) {
		o = fc_xcalloc(1, sizeof(*o));
		o->key = fc_xstrdup(key);
		HASH_ADD_KEYPTR(hh, p->objects, o->key, strlen(o->key), o);
	}
	json_decref(o->value);
	o->value = copy_of(value);
}

static struct entry *entry_of(struct fc_plan *p, struct asked *asked, const json_t *before)
{
	const char *subresource = asked->write->subresource;
	FC_AUTO_FREE char *key = fc_xasprintf("%s %s", asked->key, subresource ? subresource : "");
	struct entry *e = NULL;

	HASH_FIND_STR(p->entries, key, e);
	if (e)
		return e;
	e = fc_xcalloc(1, sizeof(*e));
	e->key = fc_steal(&key);
	e->before = copy_of(before);
	e->confidential = json_array();
	HASH_ADD_KEYPTR(hh, p->entries, e->key, strlen(e->key), e);
	return e;
}

static void note_write(struct fc_plan *p, struct asked *asked, const json_t *before, const json_t *after)
{
	struct entry *e = entry_of(p, asked, before);
	json_auto_t *places = copy_of(asked->write->confidential);

	if (places)
		json_array_extend(e->confidential, places);
	json_decref(e->after);
	/* What takes a finalizer off an object that is to be deleted is part of the deletion. */
	e->after = is_terminating(after) && !is_terminating(e->before) ? NULL : copy_of(after);
	if (!e->write)
		e->write = fc_steal(&asked->write);
}

/* --- to the engine --- */

/* The object as a cluster has just told it, or as it would stand; borrowed. */
static const json_t *present(struct fc_plan *p, const char *key, const struct fc_event *event)
{
	const struct object *o = find_object(p, key);

	return o ? o->value : event->object;
}

/* The event that answered our read becomes the answer to the write. */
static void answer_write(struct fc_plan *p, struct asked *asked, struct fc_event *event)
{
	bool found = event->error.cls == FC_ERR_NONE;

	event->request = asked->write->request;
	/* What may not be read cannot be planned. */
	if (!found && event->error.cls != FC_ERR_NOT_FOUND)
		return;
	event->error = FC_ERROR_INIT;
	const json_t *before = present(p, asked->key, event);
	json_t *after = written(p, asked->write, before, &event->error);
	if (after && !json_equal(before, after)) {
		set_version(p, after);
		note_write(p, asked, before, after);
		/* From here on `before` may be gone. */
		note_object(p, asked->key, is_terminating(after) && !has_finalizers(after) ? NULL : after);
	}
	json_decref(event->object);
	event->object = after;
}

static void answer_read(struct fc_plan *p, const struct asked *asked, struct fc_event *event)
{
	const struct object *o = find_object(p, asked->key);

	if (!o || (event->error.cls != FC_ERR_NONE && event->error.cls != FC_ERR_NOT_FOUND))
		return;
	json_decref(event->object);
	event->object = copy_of(o->value);
	event->error = FC_ERROR_INIT;
	if (!o->value)
		fc_error_set(&event->error, FC_ERR_NOT_FOUND, "the object does not exist");
}

static void translate_result(struct fc_plan *p, struct fc_event *event)
{
	struct asked *asked = NULL;

	HASH_FIND(hh, p->asked, &event->request, sizeof(event->request), asked);
	if (!asked)
		return;
	if (asked->write)
		answer_write(p, asked, event);
	else
		answer_read(p, asked, event);
	asked_free(p, asked);
}

/* A watch shows the object as it would stand. False: it would not be there. */
static bool translate_object(struct fc_plan *p, struct fc_event *event)
{
	struct watching *w = NULL;

	HASH_FIND(hh, p->watching, &event->watch, sizeof(event->watch), w);
	if (!w || !p->objects)
		return true;
	FC_AUTO_FREE char *key = object_text(w->type, fc_json_metadata(event->object, "namespace"),
					     fc_json_metadata(event->object, "name"));
	const struct object *o = find_object(p, key);
	if (!o)
		return true;
	json_decref(event->object);
	event->object = copy_of(o->value);
	return o->value != NULL;
}

struct fc_event *fc_plan_translate(struct fc_plan *p, struct fc_event *event)
{
	bool counts = true;

	pthread_mutex_lock(&p->lock);
	if (event->type == FC_EVENT_RESULT)
		translate_result(p, event);
	else if (event->type == FC_EVENT_OBJECT)
		counts = translate_object(p, event);
	pthread_mutex_unlock(&p->lock);
	if (counts)
		return event;
	/* Something is told all the same: the time. */
	fc_event_free(event);
	return fc_event_new(FC_EVENT_TICK);
}

/* --- what came of it --- */

/* The part of the object that the write is about: a server keeps `status` apart where there is such a subresource. */
static json_t *part_of(const struct entry *e, json_t *object)
{
	json_t *part = object ? json_copy(object) : NULL;
	json_t *metadata = json_object_get(part, "metadata");

	if (!part)
		return NULL;
	if (e->write->subresource) {
		json_decref(part);
		return json_pack("{s:O?}", e->write->subresource, json_object_get(object, e->write->subresource));
	}
	if (e->write->resource->has_status)
		json_object_del(part, "status");
	metadata = metadata ? json_copy(metadata) : NULL;
	if (metadata) {
		json_object_del(metadata, "resourceVersion");
		json_object_del(metadata, "uid");
		json_object_set_new(part, "metadata", metadata);
	}
	return part;
}

static int by_key(const void *a, const void *b)
{
	const struct fc_planned *x = a, *y = b;
	int order = (x->cluster > y->cluster) - (x->cluster < y->cluster);

	if (order == 0)
		order = strcmp(x->resource->plural, y->resource->plural);
	if (order == 0)
		order = strcmp(x->resource->group, y->resource->group);
	if (order == 0)
		order = strcmp(x->namespace_ ? x->namespace_ : "", y->namespace_ ? y->namespace_ : "");
	if (order == 0)
		order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->subresource ? x->subresource : "", y->subresource ? y->subresource : "");
}

static bool take_planned(const struct entry *e, struct fc_planned *out)
{
	*out = (struct fc_planned){
		.cluster = e->write->cluster,
		.resource = e->write->resource,
		.namespace_ = e->write->namespace_,
		.name = e->write->name,
		.subresource = e->write->subresource,
		.before = part_of(e, e->before),
		.after = part_of(e, e->after),
		.confidential = e->confidential,
	};
	if (!json_equal(out->before, out->after))
		return true;
	/* Written, and written back: nothing that anybody would see. */
	json_decref(out->before);
	json_decref(out->after);
	*out = (struct fc_planned){ .name = NULL };
	return false;
}

const struct fc_planned *fc_plan_writes(struct fc_plan *p, size_t *count)
{
	struct entry *e, *next;

	planned_free(p);
	*count = 0;
	/* One more: the end, which has no name. */
	p->planned = fc_xcalloc(HASH_COUNT(p->entries) + 1, sizeof(*p->planned));
	HASH_ITER(hh, p->entries, e, next)
		*count += take_planned(e, &p->planned[*count]);
	qsort(p->planned, *count, sizeof(*p->planned), by_key);
	return p->planned;
}
