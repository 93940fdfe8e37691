/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include <inttypes.h>

struct api_watch {
	struct api_server *s;
	struct api_resource *r;
	struct api_selector *sel;
	struct api_url url;
	bool metadata;
	unsigned life; /* of the server, when it was opened */
	uint64_t told; /* all changes up to it */
	/* A watch from nowhere begins with what is there. */
	struct api_cell **present;
	size_t present_count, present_at;
	struct api_answer refusal; /* told as an ERROR, then it ends */
	bool ended;
};

static void fail(struct api_watch *w, struct api_answer refusal)
{
	w->refusal = refusal;
}

static struct api_answer expired(uint64_t version, uint64_t oldest)
{
	return api_refuse(410, "Expired", NULL, "too old resource version: %" PRIu64 " (%" PRIu64 ")", version, oldest);
}

static void begin_with_present(struct api_watch *w)
{
	w->present = fc_xcalloc(w->r->count ?: 1, sizeof(*w->present));
	w->present_count = w->r->count;
	for (size_t i = 0; i < w->present_count; i++)
		w->present[i] = api_cell_ref(w->r->cells[i]);
	w->told = w->s->version;
}

static void begin(struct api_watch *w)
{
	const char *from = w->url.resource_version;
	struct api_answer refusal = { .status = 0 };

	w->r = w->url.document ? NULL : api_url_resource(w->s, &w->url);
	if (!w->r || w->url.name || w->url.subresource) {
		fail(w, api_not_served());
		return;
	}
	w->sel = api_selector_new(w->url.labels, w->url.fields, &refusal);
	if (!w->sel) {
		fail(w, refusal);
		return;
	}
	w->told = from ? strtoull(from, NULL, 10) : 0;
	if (!w->told)
		begin_with_present(w);
	else if (w->told < w->s->forgotten || w->told < w->r->served_from)
		fail(w, expired(w->told, w->s->forgotten));
}

struct api_watch *api_watch_open(struct api_server *s, const char *path, bool accept_metadata)
{
	struct api_watch *w = fc_xcalloc(1, sizeof(*w));

	w->s = s;
	w->metadata = accept_metadata;
	w->life = s->life;
	if (api_url_parse(&w->url, path))
		begin(w);
	else
		fail(w, api_not_served());
	return w;
}

static json_t *event(const char *type, json_t *object)
{
	json_t *e = json_object();

	json_object_set_new(e, "type", json_string(type));
	json_object_set(e, "object", object);
	return e;
}

static json_t *event_of(const struct api_watch *w, const char *type, struct api_cell *c)
{
	return event(type, w->metadata ? api_cell_metadata(c) : c->object);
}

static bool wants(const struct api_watch *w, const struct api_cell *c)
{
	return c && (!w->url.ns || strcmp(c->ns, w->url.ns) == 0) && api_selector_matches(w->sel, c);
}

static json_t *present_event(struct api_watch *w)
{
	while (w->present_at < w->present_count) {
		struct api_cell *c = w->present[w->present_at++];

		if (wants(w, c))
			return event_of(w, "ADDED", c);
	}
	return NULL;
}

/* Whether this watch is told of a change; what it knows of its object before and after. */
static bool sees(const struct api_watch *w, uint64_t version, bool *before, bool *now)
{
	const struct api_change *c = api_store_change(w->s, version);

	if (w->s->resources[c->resource] != w->r)
		return false;
	*before = wants(w, c->before);
	*now = wants(w, c->now);
	return *before || *now;
}

static json_t *change_event(const struct api_watch *w, uint64_t version)
{
	const struct api_change *c = api_store_change(w->s, version);
	bool before, now;

	if (!sees(w, version, &before, &now))
		return NULL;
	if (now)
		return event_of(w, before ? "MODIFIED" : "ADDED", c->now);
	return event_of(w, "DELETED", api_change_last(w->s, version));
}

/* Tells the end; a change that was not told in time is lost to it. */
static bool is_cut(struct api_watch *w)
{
	if (w->ended || w->life != w->s->life)
		return w->ended = true;
	if (w->refusal.status)
		return false;
	if (w->told < w->s->forgotten)
		fail(w, expired(w->told, w->s->forgotten));
	return false;
}

json_t *api_watch_next(struct api_watch *w)
{
	json_t *e = NULL;

	if (is_cut(w))
		return NULL;
	if (w->refusal.status) {
		w->ended = true;
		return event("ERROR", w->refusal.body);
	}
	e = present_event(w);
	while (!e && w->told < w->s->version)
		e = change_event(w, ++w->told);
	if (!e && !w->r->served)
		w->ended = true;
	return e;
}

bool api_watch_ended(struct api_watch *w)
{
	return is_cut(w);
}

json_t *api_watch_bookmark(struct api_watch *w)
{
	json_t *object, *metadata, *e;
	const struct api_type *type;
	bool before, now;

	if (is_cut(w) || w->refusal.status || w->present_at < w->present_count)
		return NULL;
	while (w->told < w->s->version && !sees(w, w->told + 1, &before, &now))
		w->told++;
	type = w->r->type;
	object = json_object();
	metadata = json_object();
	json_object_set_new(object, "kind", json_string(w->metadata ? "PartialObjectMetadata" : type->kind));
	json_object_set_new(object, "apiVersion",
			    w->metadata	   ? json_string("meta.k8s.io/v1")
			    : *type->group ? json_sprintf("%s/%s", type->group, type->version)
					   : json_string(type->version));
	json_object_set_new(metadata, "creationTimestamp", json_null());
	api_version_set(metadata, w->told);
	json_object_set_new(object, "metadata", metadata);
	e = event("BOOKMARK", object);
	json_decref(object);
	return e;
}

void api_watch_close(struct api_watch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->present_count; i++)
		api_cell_unref(w->present[i]);
	free(w->present);
	api_answer_fini(&w->refusal);
	api_selector_free(w->sel);
	api_url_fini(&w->url);
	free(w);
}
