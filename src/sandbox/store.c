/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/store.h"

#include "base/mem.h"
#include "sandbox/read.h"

#include <string.h>

/* A sorted array: found by bisection, and an object that comes or goes moves pointers only. Objects mostly come in
 * order, and then nothing moves. */
struct array {
	struct sb_object **items;
	size_t count, cap;
};

struct sb_resource {
	char *group, *plural;
	struct array objects;
	size_t owned;
	struct sb_history history;
	struct sb_watch **watches;
	size_t watch_count, watch_cap;
	bool telling; /* a watch that leaves now leaves a hole */
};

struct sb_store {
	struct sb_resource **resources;
	size_t count, cap;
	uint64_t version;
	unsigned history;
};

struct sb_store *sb_store_new(unsigned history)
{
	struct sb_store *s = fc_xcalloc(1, sizeof(*s));

	s->history = history;
	s->version = 1;
	return s;
}

uint64_t sb_store_version(const struct sb_store *s)
{
	return s->version;
}

uint64_t sb_store_bump(struct sb_store *s)
{
	return ++s->version;
}

struct sb_resource *sb_store_resource(struct sb_store *s, const char *group, const char *plural)
{
	struct sb_resource *r;

	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->resources[i]->plural, plural) == 0 && strcmp(s->resources[i]->group, group) == 0)
			return s->resources[i];
	r = fc_xcalloc(1, sizeof(*r));
	r->group = fc_xstrdup(group);
	r->plural = fc_xstrdup(plural);
	r->history.limit = s->history;
	FC_GROW(s->resources, s->count, s->cap);
	s->resources[s->count++] = r;
	return r;
}

/* --- the array --- */

/* By the bytes of "ns/name", which is not put together for it: "a-b/x" stands before "a/x". */
static int compare(const struct sb_object *o, const char *ns, const char *name)
{
	const unsigned char *a = (const unsigned char *)o->ns, *b = (const unsigned char *)ns;

	while (*a && *a == *b)
		a++, b++;
	if (*a == *b)
		return strcmp(o->name, name);
	return (*a ? *a : '/') - (*b ? *b : '/');
}

size_t sb_objects_lower_bound(struct sb_object *const *objects, size_t count, const char *ns, const char *name)
{
	size_t low = 0, high = count;

	/* What comes in order goes to the end. */
	if (high && compare(objects[high - 1], ns, name) < 0)
		return high;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(objects[middle], ns, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where it stands, or would stand. */
static size_t place(const struct array *a, const char *ns, const char *name, bool *found)
{
	size_t at = sb_objects_lower_bound(a->items, a->count, ns, name);

	*found = at < a->count && compare(a->items[at], ns, name) == 0;
	return at;
}

/* Takes over `o`; gives back what stood there, a reference of the caller's, or NULL. */
static struct sb_object *insert(struct array *a, struct sb_object *o)
{
	bool found;
	size_t at = place(a, o->ns, o->name, &found);
	struct sb_object *before = NULL;

	if (found) {
		before = a->items[at];
	} else {
		FC_GROW(a->items, a->count, a->cap);
		memmove(a->items + at + 1, a->items + at, (a->count++ - at) * sizeof(struct sb_object *));
	}
	a->items[at] = o;
	return before;
}

static struct sb_object *take_out(struct array *a, const char *ns, const char *name)
{
	bool found;
	size_t at = place(a, ns, name, &found);
	struct sb_object *o;

	if (!found)
		return NULL;
	o = a->items[at];
	memmove(a->items + at, a->items + at + 1, (--a->count - at) * sizeof(struct sb_object *));
	return o;
}

static void array_fini(struct array *a)
{
	for (size_t i = 0; i < a->count; i++)
		sb_object_unref(a->items[i]);
	free(a->items);
}

struct sb_object *sb_store_find(const struct sb_resource *r, const char *ns, const char *name)
{
	bool found;
	size_t at = place(&r->objects, ns, name, &found);

	return found ? r->objects.items[at] : NULL;
}

size_t sb_store_count(const struct sb_resource *r)
{
	return r->objects.count;
}

size_t sb_store_owned(const struct sb_resource *r)
{
	return r->owned;
}

bool sb_store_any_owned(const struct sb_store *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->resources[i]->owned)
			return true;
	return false;
}

struct sb_object *sb_store_at(const struct sb_resource *r, size_t i)
{
	return r->objects.items[i];
}

struct sb_object *const *sb_store_objects(const struct sb_resource *r, size_t *count)
{
	*count = r->objects.count;
	return r->objects.items;
}

/* --- watches --- */

void sb_store_subscribe(struct sb_resource *r, struct sb_watch *w)
{
	FC_GROW(r->watches, r->watch_count, r->watch_cap);
	r->watches[r->watch_count++] = w;
}

void sb_store_unsubscribe(struct sb_resource *r, struct sb_watch *w)
{
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i] == w) {
			r->watches[i] = r->telling ? NULL : r->watches[--r->watch_count];
			return;
		}
}

static void close_holes(struct sb_resource *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i])
			r->watches[kept++] = r->watches[i];
	r->watch_count = kept;
}

static void tell(struct sb_resource *r, struct sb_change *change)
{
	r->telling = true;
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i])
			sb_watch_tell(r->watches[i], change);
	r->telling = false;
	close_holes(r);
	sb_change_texts_free(change);
	sb_history_push(&r->history, change);
}

void sb_store_end_watches(struct sb_resource *r)
{
	while (r->watch_count)
		sb_watch_end(r->watches[r->watch_count - 1]);
}

/* --- changes --- */

struct sb_object *sb_store_put(struct sb_store *s, struct sb_resource *r, const json_t *json)
{
	struct sb_change change = { .version = ++s->version };

	change.now = sb_object_new(json, change.version);
	change.before = insert(&r->objects, sb_object_ref(change.now));
	r->owned += change.now->owners != NULL;
	r->owned -= change.before && change.before->owners;
	tell(r, &change);
	return change.now;
}

void sb_store_reread(struct sb_resource *r, struct sb_object *o, const json_t *json)
{
	struct sb_object *now = sb_object_new(json, o->version), *before;

	r->owned += now->owners != NULL;
	before = insert(&r->objects, now);
	r->owned -= before && before->owners;
	sb_object_unref(before);
}

struct sb_object *sb_store_remove(struct sb_store *s, struct sb_resource *r, struct sb_object *o)
{
	struct sb_change change = { .version = ++s->version };
	struct sb_object *last = sb_object_at_version(o, change.version);

	change.last = sb_object_ref(last);
	change.before = take_out(&r->objects, o->ns, o->name);
	r->owned -= change.before && change.before->owners;
	tell(r, &change);
	return last;
}

void sb_store_drop(struct sb_store *s, struct sb_resource *r)
{
	while (r->objects.count)
		sb_object_unref(sb_store_remove(s, r, r->objects.items[r->objects.count - 1]));
	sb_store_end_watches(r);
	sb_history_forget(&r->history, s->version);
}

void sb_store_free(struct sb_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		struct sb_resource *r = s->resources[i];

		sb_store_end_watches(r);
		array_fini(&r->objects);
		sb_history_fini(&r->history);
		free(r->watches);
		free(r->group);
		free(r->plural);
		free(r);
	}
	free(s->resources);
	free(s);
}

/* --- the past --- */

uint64_t sb_store_oldest(const struct sb_resource *r)
{
	return r->history.forgotten;
}

uint64_t sb_store_changed(const struct sb_resource *r)
{
	return r->history.count ? sb_history_at(&r->history, r->history.count - 1)->version : r->history.forgotten;
}

size_t sb_store_change_count(const struct sb_resource *r)
{
	return r->history.count;
}

const struct sb_change *sb_store_change(const struct sb_resource *r, size_t i)
{
	return sb_history_at(&r->history, i);
}

size_t sb_store_change_after(const struct sb_resource *r, uint64_t version)
{
	return sb_history_after(&r->history, version);
}

static void undo(struct array *a, const struct sb_change *change)
{
	const struct sb_object *shown = change->now ?: change->last;

	sb_object_unref(change->before ? insert(a, sb_object_ref(change->before))
				       : take_out(a, shown->ns, shown->name));
}

int sb_store_as_of(const struct sb_resource *r, uint64_t version, struct sb_object ***out, size_t *count)
{
	struct array a = { .count = r->objects.count, .cap = r->objects.count + 1 };

	if (version < r->history.forgotten)
		return -1;
	a.items = fc_xcalloc(a.cap, sizeof(*a.items));
	for (size_t i = 0; i < a.count; i++)
		a.items[i] = sb_object_ref(r->objects.items[i]);
	for (size_t i = r->history.count; i && sb_history_at(&r->history, i - 1)->version > version; i--)
		undo(&a, sb_history_at(&r->history, i - 1));
	*out = a.items;
	*count = a.count;
	return 0;
}

void sb_store_compact(struct sb_store *s)
{
	for (size_t i = 0; i < s->count; i++)
		sb_history_forget(&s->resources[i]->history, s->version);
}
