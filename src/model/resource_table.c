/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resource.h"

#include "base/mem.h"
#include "model/names.h"

#include <string.h>
#include <strings.h>

struct group_version {
	char *group;   /* NULL: every group */
	char *version; /* NULL: every version */
};

struct resources {
	struct fc_resource **items;
	size_t count, cap;
};

struct fc_resource_table {
	struct resources served;
	struct resources early_status; /* `x/status` that came before x */
	struct group_version *broken;
	size_t broken_count, broken_cap;
};

struct fc_resource_table *fc_resource_table_new(void)
{
	return fc_xcalloc(1, sizeof(struct fc_resource_table));
}

static void resources_add(struct resources *list, struct fc_resource *r)
{
	FC_GROW(list->items, list->count, list->cap);
	list->items[list->count++] = r;
}

static void resources_fini(struct resources *list)
{
	for (size_t i = 0; i < list->count; i++)
		fc_resource_unref(list->items[i]);
	free(list->items);
}

void fc_resource_table_free(struct fc_resource_table *t)
{
	if (!t)
		return;
	resources_fini(&t->served);
	resources_fini(&t->early_status);
	for (size_t i = 0; i < t->broken_count; i++) {
		free(t->broken[i].group);
		free(t->broken[i].version);
	}
	free(t->broken);
	free(t);
}

/* A resource may be shared already, so the mark is set on a copy. Consumes and gives one reference. */
static struct fc_resource *with_status(struct fc_resource *r)
{
	struct fc_resource marked = *r;

	marked.has_status = true;
	struct fc_resource *copy = fc_resource_new(&marked);
	fc_resource_unref(r);
	return copy;
}

/* Is `sub` the `x/status` of `r`, which is x? */
static bool is_status_of(const struct fc_resource *sub, const struct fc_resource *r)
{
	size_t len = strlen(r->plural);

	return strncmp(sub->plural, r->plural, len) == 0 && strcmp(sub->plural + len, "/status") == 0 &&
	       strcmp(sub->group, r->group) == 0 && strcmp(sub->version, r->version) == 0;
}

/* Consumes `sub`. From the end, since servers name a subresource right behind its resource. */
static void add_status(struct fc_resource_table *t, struct fc_resource *sub)
{
	for (size_t i = t->served.count; i-- > 0;) {
		struct fc_resource **r = &t->served.items[i];
		if (!is_status_of(sub, *r))
			continue;
		*r = with_status(*r);
		fc_resource_unref(sub);
		return;
	}
	resources_add(&t->early_status, sub);
}

void fc_resource_table_add(struct fc_resource_table *t, struct fc_resource *r)
{
	const char *slash = strchr(r->plural, '/');

	if (slash && strcmp(slash, "/status") == 0) {
		add_status(t, r);
		return;
	}
	if (slash || !*r->plural) {
		fc_resource_unref(r);
		return;
	}
	for (size_t i = 0; i < t->early_status.count && !r->has_status; i++)
		if (is_status_of(t->early_status.items[i], r))
			r = with_status(r);
	resources_add(&t->served, r);
}

void fc_resource_table_add_broken(struct fc_resource_table *t, const char *group, const char *version)
{
	FC_GROW(t->broken, t->broken_count, t->broken_cap);
	t->broken[t->broken_count++] = (struct group_version){
		.group = fc_xstrdup_null(group),
		.version = fc_xstrdup_null(version),
	};
}

size_t fc_resource_table_count(const struct fc_resource_table *t)
{
	return t->served.count;
}

/* A piece of a word; no bytes: whatever. */
struct piece {
	const char *at;
	size_t len;
};

/* One reading of a word: which resources are its candidates, and what they must be called. */
struct reading {
	struct piece name, version, group;
	bool exact_group; /* the group is meant even when it is "" (the core group) */
};

static bool piece_is(struct piece p, const char *s)
{
	return strlen(s) == p.len && memcmp(p.at, s, p.len) == 0;
}

/* Steps 1 and 2 of the resolution. With a version only where the word has three parts or more. */
static struct reading read_word(const char *word, bool with_version)
{
	struct reading w = { .name = { word, strcspn(word, ".") } };
	const char *rest = word + w.name.len;

	if (*rest == '.')
		rest++;
	if (with_version) {
		w.version = (struct piece){ rest, strcspn(rest, ".") };
		rest += w.version.len + 1;
	}
	w.group = (struct piece){ rest, strlen(rest) };
	w.exact_group = with_version || w.group.len > 0;
	return w;
}

/* A version must stand between the dots; "pods.v1." is the core group's pods. */
static bool has_three_parts(const char *word)
{
	const char *dot = strchr(word, '.');

	return dot && dot[1] != '.' && strchr(dot + 1, '.');
}

/* NULL as group or version: every one, as broken entries have them. */
static bool is_candidate(const struct reading *w, const char *group, const char *version)
{
	if (w->exact_group && group && !piece_is(w->group, group))
		return false;
	return w->version.len == 0 || !version || piece_is(w->version, version);
}

static bool is_group_version_served(const struct fc_resource_table *t, const struct reading *w)
{
	for (size_t i = 0; i < t->served.count; i++)
		if (is_candidate(w, t->served.items[i]->group, t->served.items[i]->version))
			return true;
	/* Advertised and not readable just now is served, too: the word must not change its meaning for that. */
	for (size_t i = 0; i < t->broken_count; i++)
		if (t->broken[i].group && t->broken[i].version &&
		    is_candidate(w, t->broken[i].group, t->broken[i].version))
			return true;
	return false;
}

/* Step 3. */
static bool is_named(const struct fc_resource *r, struct piece name)
{
	return piece_is(name, r->plural) || piece_is(name, r->singular) ||
	       (strlen(r->kind) == name.len && strncasecmp(r->kind, name.at, name.len) == 0);
}

static bool has_short_name(const struct fc_resource *r, struct piece name)
{
	for (const char *s = r->short_names; *s;) {
		size_t len = strcspn(s, ",");
		if (len == name.len && memcmp(s, name.at, len) == 0)
			return true;
		s += len + (s[len] == ',');
	}
	return false;
}

/* Step 5: the table's order decides. What has the name and lacks a verb makes way for what has both (a resource that
 * cannot be watched is no use to anybody), but not for a short name. */
static enum fc_resolved find(const struct fc_resource_table *t, const struct reading *w,
			     bool (*has_name)(const struct fc_resource *r, struct piece name), unsigned verbs,
			     struct fc_resource **out)
{
	enum fc_resolved found = FC_RESOLVED_NOT_SERVED;

	for (size_t i = 0; i < t->served.count; i++) {
		const struct fc_resource *r = t->served.items[i];
		if (!is_candidate(w, r->group, r->version) || !has_name(r, w->name))
			continue;
		if ((r->verbs & verbs) == verbs) {
			*out = fc_resource_ref(r);
			return FC_RESOLVED;
		}
		found = FC_RESOLVED_LACKS_VERBS;
	}
	return found;
}

static bool could_be_broken(const struct fc_resource_table *t, const struct reading *w)
{
	for (size_t i = 0; i < t->broken_count; i++)
		if (is_candidate(w, t->broken[i].group, t->broken[i].version))
			return true;
	return false;
}

enum fc_resolved fc_resource_resolve(const struct fc_resource_table *t, const char *word, unsigned verbs,
				     struct fc_resource **out)
{
	bool versioned = has_three_parts(word);
	const struct reading by_version = read_word(word, versioned), by_group = read_word(word, false);
	const struct reading *w = versioned && is_group_version_served(t, &by_version) ? &by_version : &by_group;

	*out = NULL;
	if (w->name.len == 0)
		return FC_RESOLVED_NOT_SERVED;
	enum fc_resolved found = find(t, w, is_named, verbs, out);
	if (found == FC_RESOLVED_NOT_SERVED)
		found = find(t, w, has_short_name, verbs, out);
	/* Where the version was not found, a wholly unreadable group may still serve it. */
	if (found == FC_RESOLVED_NOT_SERVED && (could_be_broken(t, w) || could_be_broken(t, &by_version)))
		found = FC_RESOLVED_UNKNOWN;
	return found;
}

static bool is_word_name(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = s[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return len > 0;
}

int fc_resource_word_check(const char *word, struct fc_error *err)
{
	const struct reading by_group = read_word(word, false), by_version = read_word(word, has_three_parts(word));
	bool core = by_version.group.len == 0; /* "secrets", "secrets.", "secrets.v1." */

	if (by_group.name.len == 0)
		return fc_error_set(err, FC_ERR_INVALID,
				    "the resource has no name: write NAME, NAME.GROUP or NAME.VERSION.GROUP");
	if (!is_word_name(by_group.name.at, by_group.name.len))
		return fc_error_set(err, FC_ERR_INVALID,
				    "a resource's name has letters, digits and '-' only: write NAME, NAME.GROUP or "
				    "NAME.VERSION.GROUP");
	if (by_group.group.len == 0 || fc_name_is_subdomain(by_group.group.at))
		return 0;
	if (by_version.version.len == 0 || !is_word_name(by_version.version.at, by_version.version.len) ||
	    (!core && !fc_name_is_subdomain(by_version.group.at)))
		return fc_error_set(err, FC_ERR_INVALID,
				    "a resource's group is lower-case words parted by single dots: write NAME, "
				    "NAME.GROUP or NAME.VERSION.GROUP");
	return 0;
}
