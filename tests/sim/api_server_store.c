/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include <inttypes.h>
#include <stdio.h>

/* --- cells --- */

struct api_cell *api_cell_new(json_t *object, uint64_t version)
{
	struct api_cell *c = fc_xcalloc(1, sizeof(*c));
	const json_t *metadata = api_metadata(object);

	c->refs = 1;
	c->object = object;
	c->version = version;
	c->ns = api_string(metadata, "namespace") ?: "";
	c->name = api_string(metadata, "name") ?: "";
	c->key = *c->ns ? fc_xasprintf("%s/%s", c->ns, c->name) : fc_xstrdup(c->name);
	return c;
}

struct api_cell *api_cell_ref(struct api_cell *c)
{
	if (c)
		c->refs++;
	return c;
}

void api_cell_unref(struct api_cell *c)
{
	if (!c || --c->refs)
		return;
	json_decref(c->object);
	json_decref(c->bare);
	json_decref(c->metadata);
	free(c->key);
	free(c);
}

json_t *api_cell_bare(struct api_cell *c)
{
	const char *member;
	json_t *value;

	if (!c->bare) {
		c->bare = json_object();
		json_object_foreach(c->object, member, value)
			if (strcmp(member, "kind") != 0 && strcmp(member, "apiVersion") != 0)
				json_object_set(c->bare, member, value);
	}
	return c->bare;
}

json_t *api_cell_metadata(struct api_cell *c)
{
	if (!c->metadata) {
		c->metadata = json_object();
		json_object_set_new(c->metadata, "kind", json_string("PartialObjectMetadata"));
		json_object_set_new(c->metadata, "apiVersion", json_string("meta.k8s.io/v1"));
		json_object_set(c->metadata, "metadata", api_metadata(c->object));
	}
	return c->metadata;
}

void api_version_set(json_t *metadata, uint64_t version)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, version);
	json_object_set_new(metadata, "resourceVersion", json_string(text));
}

/* --- the objects of a resource --- */

struct api_resource *api_store_resource(const struct api_server *s, const char *group, const char *version,
					const char *plural)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct api_resource *r = s->resources[i];

		if (r->served && strcmp(r->type->plural, plural) == 0 && strcmp(r->type->group, group) == 0 &&
		    (!version || strcmp(r->type->version, version) == 0))
			return r;
	}
	return NULL;
}

/* Compares a cell's key with "ns/name" without putting that together. */
static int compare(const char *key, const char *ns, const char *name)
{
	if (*ns) {
		size_t len = strlen(ns);
		int order = strncmp(key, ns, len);

		if (order)
			return order;
		if (key[len] != '/')
			return (unsigned char)key[len] < '/' ? -1 : 1;
		key += len + 1;
	}
	return strcmp(key, name);
}

/* Where it stands, or would stand. */
static size_t place(const struct api_resource *r, const char *ns, const char *name, bool *found)
{
	size_t low = 0, high = r->count;

	*found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare(r->cells[middle]->key, ns, name);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct api_cell *api_store_find(const struct api_resource *r, const char *ns, const char *name)
{
	bool found;
	size_t at = place(r, ns ?: "", name, &found);

	return found ? r->cells[at] : NULL;
}

/* Takes over the cell. */
static void insert(struct api_resource *r, struct api_cell *c)
{
	bool found;
	size_t at = place(r, c->ns, c->name, &found);

	if (found) {
		api_cell_unref(r->cells[at]);
	} else {
		FC_GROW(r->cells, r->count, r->cap);
		memmove(r->cells + at + 1, r->cells + at, (r->count++ - at) * sizeof(*r->cells));
	}
	r->cells[at] = c;
}

static void take_out(struct api_resource *r, const struct api_cell *c)
{
	bool found;
	size_t at = place(r, c->ns, c->name, &found);

	if (!found)
		return;
	api_cell_unref(r->cells[at]);
	memmove(r->cells + at, r->cells + at + 1, (--r->count - at) * sizeof(*r->cells));
}

/* --- history --- */

static void change_fini(struct api_change *c)
{
	api_cell_unref(c->before);
	api_cell_unref(c->now);
	api_cell_unref(c->last);
	*c = (struct api_change){ .resource = 0 };
}

static struct api_change *change_at(const struct api_server *s, uint64_t version)
{
	return &s->changes[version & (s->change_cap - 1)];
}

static void grow_history(struct api_server *s)
{
	struct api_change *old = s->changes;
	size_t old_cap = s->change_cap;

	s->change_cap = old_cap ? old_cap * 2 : 64;
	s->changes = fc_xcalloc(s->change_cap, sizeof(*s->changes));
	for (uint64_t v = s->forgotten + 1; old && v <= s->version; v++)
		*change_at(s, v) = old[v & (old_cap - 1)];
	free(old);
}

static void forget_to(struct api_server *s, uint64_t version)
{
	for (; s->forgotten < version; s->forgotten++)
		if (s->changes)
			change_fini(change_at(s, s->forgotten + 1));
}

/* The room of the next version, which begins. */
static struct api_change *next_change(struct api_server *s, const struct api_resource *r)
{
	struct api_change *c;

	if (s->version - s->forgotten == API_HISTORY)
		forget_to(s, s->forgotten + 1);
	else if (s->version - s->forgotten == s->change_cap)
		grow_history(s);
	c = change_at(s, ++s->version);
	for (c->resource = 0; s->resources[c->resource] != r; c->resource++)
		;
	return c;
}

struct api_cell *api_store_put(struct api_server *s, struct api_resource *r, struct api_cell *old, json_t *object)
{
	struct api_change *c = next_change(s, r);

	api_version_set(api_metadata(object), s->version);
	c->before = api_cell_ref(old);
	c->now = api_cell_new(object, s->version);
	insert(r, api_cell_ref(c->now));
	return c->now;
}

struct api_cell *api_store_remove(struct api_server *s, struct api_resource *r, struct api_cell *old)
{
	struct api_change *c = next_change(s, r);

	c->before = api_cell_ref(old);
	take_out(r, old);
	return api_change_last(s, s->version);
}

void api_store_other(struct api_server *s, const struct api_resource *r)
{
	next_change(s, r);
}

const struct api_change *api_store_change(const struct api_server *s, uint64_t version)
{
	return change_at(s, version);
}

struct api_cell *api_change_last(struct api_server *s, uint64_t version)
{
	struct api_change *c = change_at(s, version);

	if (!c->last) {
		json_t *object = json_copy(c->before->object), *metadata = json_copy(api_metadata(object));

		api_version_set(metadata, version);
		json_object_set_new(object, "metadata", metadata);
		c->last = api_cell_new(object, version);
	}
	return c->last;
}

void api_server_compact(struct api_server *s)
{
	forget_to(s, s->version);
}

static void copy_cells(struct api_resource *to, const struct api_resource *from)
{
	*to = *from;
	to->cap = to->count = from->count;
	to->cells = to->count ? fc_xcalloc(to->count, sizeof(*to->cells)) : NULL;
	for (size_t i = 0; i < to->count; i++)
		to->cells[i] = api_cell_ref(from->cells[i]);
}

static void drop_cells(struct api_resource *r)
{
	for (size_t i = 0; i < r->count; i++)
		api_cell_unref(r->cells[i]);
	free(r->cells);
	r->cells = NULL;
	r->count = r->cap = 0;
}

struct api_cell **api_store_past(const struct api_server *s, const struct api_resource *r, unsigned back, size_t *count,
				 uint64_t *version)
{
	struct api_resource past;

	copy_cells(&past, r);
	*version = s->version;
	for (; back && *version > s->forgotten; back--, --*version) {
		const struct api_change *c = change_at(s, *version);

		if (s->resources[c->resource] != r)
			continue;
		if (c->before)
			insert(&past, api_cell_ref(c->before));
		else if (c->now)
			take_out(&past, c->now);
	}
	*count = past.count;
	return past.cells;
}

/* --- backups --- */

static void saved_free(struct api_saved *saved)
{
	if (!saved)
		return;
	for (unsigned i = 0; i < saved->count; i++)
		drop_cells(&saved->resources[i]);
	free(saved->resources);
	free(saved);
}

void api_server_save(struct api_server *s)
{
	saved_free(s->saved);
	s->saved = fc_xcalloc(1, sizeof(*s->saved));
	s->saved->version = s->version;
	s->saved->count = s->count;
	s->saved->resources = fc_xcalloc(s->count, sizeof(*s->saved->resources));
	for (unsigned i = 0; i < s->count; i++)
		copy_cells(&s->saved->resources[i], s->resources[i]);
}

/* The watch cache of a server that starts knows nothing from before. */
void api_server_restore(struct api_server *s)
{
	if (!s->saved)
		return;
	forget_to(s, s->version);
	s->version = s->forgotten = s->saved->version;
	for (unsigned i = 0; i < s->count; i++) {
		struct api_resource *r = s->resources[i];

		drop_cells(r);
		if (i < s->saved->count)
			copy_cells(r, &s->saved->resources[i]);
		else
			r->served = false;
	}
	s->life++;
	s->discovery++;
}

void api_server_restart(struct api_server *s)
{
	forget_to(s, s->version);
	/* A server that starts writes objects of its own, which nobody here asks for. */
	s->forgotten = ++s->version;
	s->life++;
}

/* --- the whole --- */

static uint64_t random_next(struct api_server *s)
{
	/* splitmix64, from Vigna's public domain source. */
	uint64_t z = (s->random += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void api_store_uid(struct api_server *s, char out[40])
{
	uint64_t a = random_next(s), b = random_next(s);

	snprintf(out, 40, "%08x-%04x-4%03x-%04x-%012" PRIx64, (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff,
		 (unsigned)a & 0xfff, ((unsigned)(b >> 48) & 0x3fff) | 0x8000, b & 0xffffffffffff);
}

void api_server_free(struct api_server *s)
{
	if (!s)
		return;
	forget_to(s, s->version);
	free(s->changes);
	for (unsigned i = 0; i < s->count; i++) {
		drop_cells(s->resources[i]);
		free(s->resources[i]);
	}
	free(s->resources);
	saved_free(s->saved);
	free(s);
}
