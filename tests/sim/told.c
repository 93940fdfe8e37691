/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has been told: by each of its watches, by reads and by answers. What it does is judged by that. */
#include "world_parts.h"

#include "json/decode.h"

#include <stdio.h>

void view_start(struct slot *s, const struct fc_action *a)
{
	struct view *v = fc_xcalloc(1, sizeof(*v));

	v->watch = a->watch;
	snprintf(v->plural, sizeof(v->plural), "%s", a->resource->plural);
	v->objects = json_object();
	v->next = s->views;
	s->views = v;
}

static void view_free(struct view *v)
{
	json_decref(v->objects);
	json_decref(v->listing);
	free(v);
}

void view_stop(struct slot *s, uint32_t watch)
{
	for (struct view **at = &s->views; *at; at = &(*at)->next) {
		struct view *v = *at;

		if (v->watch != watch)
			continue;
		*at = v->next;
		view_free(v);
		return;
	}
}

void views_forget_versions(struct slot *s)
{
	json_decref(fc_steal(&s->newest));
	json_decref(fc_steal(&s->heard));
}

void views_free(struct slot *s)
{
	views_forget_versions(s);
	while (s->views) {
		struct view *v = s->views;

		s->views = v->next;
		view_free(v);
	}
}

static char *key_of(const char *ns, const char *name, char out[96])
{
	snprintf(out, 96, "%s/%s", ns ? ns : "", name);
	return out;
}

const json_t *view_object(const struct view *v, const char *ns, const char *name)
{
	char key[96];

	return json_object_get(v->objects, key_of(ns, name, key));
}

static void view_takes(struct view *v, const struct fc_event *e)
{
	char key[96];

	switch (e->type) {
	case FC_EVENT_LIST_BEGIN:
		json_decref(v->listing);
		v->listing = json_object();
		break;
	case FC_EVENT_LIST_END:
		if (e->complete && v->listing) {
			json_decref(v->objects);
			v->objects = fc_steal(&v->listing);
		}
		break;
	case FC_EVENT_OBJECT:
		key_of(fc_json_metadata(e->object, "namespace"), fc_json_metadata(e->object, "name"), key);
		json_object_set(v->objects, key, e->object);
		if (v->listing)
			json_object_set(v->listing, key, e->object);
		break;
	case FC_EVENT_OBJECT_GONE:
		json_object_del(v->objects, key_of(e->namespace_, e->name, key));
		break;
	default:
		break;
	}
}

static void note_newest(json_t **newest, const char *plural, json_t *object)
{
	char key[160];
	const json_t *known;

	if (strcmp(json_string_value(json_object_get(object, "kind")) ?: "", "PartialObjectMetadata") == 0)
		return;
	if (!*newest)
		*newest = json_object();
	snprintf(key, sizeof(key), "%s/%s/%s", plural, fc_json_metadata(object, "namespace"),
		 fc_json_metadata(object, "name"));
	known = json_object_get(*newest, key);
	if (!known || strcmp(fc_json_metadata(known, "uid"), fc_json_metadata(object, "uid")) != 0 ||
	    atoll(fc_json_metadata(object, "resourceVersion")) > atoll(fc_json_metadata(known, "resourceVersion")))
		json_object_set(*newest, key, object);
}

void told_object(struct slot *s, const char *plural, json_t *object, bool heard)
{
	note_newest(&s->newest, plural, object);
	if (heard)
		note_newest(&s->heard, plural, object);
}

static const json_t *named_in(const json_t *newest, const char *plural, const char *ns, const char *name)
{
	char key[160];

	snprintf(key, sizeof(key), "%s/%s/%s", plural, ns, name);
	return json_object_get(newest, key);
}

const json_t *told_newest(const struct slot *s, const char *plural, const char *ns, const char *name)
{
	return s ? named_in(s->newest, plural, ns, name) : NULL;
}

const json_t *told_heard(const struct slot *s, const char *plural, const char *ns, const char *name)
{
	return named_in(s->heard, plural, ns, name);
}

/* That an object is gone ("namespace/name"): a read of it that is under way may tell of a time before. */
static void note_end(struct slot *s, const char *plural, const char *object)
{
	json_t *asked;
	const char *request;
	char key[200];

	snprintf(key, sizeof(key), "%u/%s/%s", s->no, plural, object);
	json_object_foreach(s->process->attempts, request, asked)
		if (request[0] == '#' && strcmp(json_string_value(json_array_get(asked, 0)), key) == 0)
			json_array_set_new(asked, 4, json_true());
}

/* What is made in the next one of that name is another object than what was tried to be made there. */
static void forget_space(struct slot *s, const char *ns)
{
	json_t *attempts = s->process->attempts, *entry;
	char other[64];
	const char *key;
	unsigned no;
	void *next;

	json_object_foreach_safe(attempts, next, key, entry) {
		bool under_way = key[0] == '#';
		const char *of = under_way ? json_string_value(json_array_get(entry, 0)) : key;

		if (sscanf(of, "%u/%*[^/]/%63[^/]", &no, other) != 2 || no != s->no || strcmp(other, ns) != 0)
			continue;
		if (under_way)
			json_array_set_new(entry, 3, json_true());
		else
			json_object_del(attempts, key);
	}
}

static void is_gone(struct slot *s, const struct view *v, const char *object)
{
	note_end(s, v->plural, object);
	if (strcmp(v->plural, "namespaces") == 0)
		forget_space(s, object + 1);
}

static void note_ends(struct slot *s, const struct view *v, const struct fc_event *e)
{
	char object[96];
	const char *key;
	json_t *value;

	if (e->type == FC_EVENT_OBJECT_GONE)
		is_gone(s, v, key_of(e->namespace_, e->name, object));
	if (e->type != FC_EVENT_LIST_END || !e->complete || !v->listing)
		return;
	json_object_foreach(v->objects, key, value)
		if (!json_object_get(v->listing, key))
			is_gone(s, v, key);
}

void view_event(struct slot *s, const struct fc_event *e)
{
	if (e->type == FC_EVENT_RESULT)
		return;
	for (struct view *v = s->views; v; v = v->next)
		if (v->watch == e->watch) {
			note_ends(s, v, e);
			view_takes(v, e);
			if (e->type == FC_EVENT_OBJECT)
				told_object(s, v->plural, e->object, true);
			return;
		}
}

static bool is_newer(const json_t *a, const json_t *b)
{
	return atoll(fc_json_metadata(a, "resourceVersion")) > atoll(fc_json_metadata(b, "resourceVersion"));
}

unsigned told_of(struct process *p, const struct member *m, const char *group, const char *plural, const char *ns,
		 const char *name, const json_t *out[MOST_KNOWN])
{
	struct slot *s = process_slot(p, m);
	const json_t *newest = told_newest(s, plural, ns, name);
	bool untold = false, ahead = false;
	unsigned count = 0;

	out[count++] = api_server_object(m->home->api, group, plural, ns, name);
	for (const struct view *v = s ? s->views : NULL; v && count < MOST_KNOWN - 2; v = v->next) {
		const json_t *told;

		if (strcmp(v->plural, plural) != 0)
			continue;
		told = view_object(v, ns, name);
		untold = untold || !told;
		if (!told)
			continue;
		out[count++] = told;
		ahead = newest && is_newer(newest, told);
		if (!ahead)
			newest = NULL;
	}
	if (ahead)
		out[count++] = newest;
	if (untold)
		out[count++] = NULL;
	return count;
}
