/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resource.h"

#include "base/buf.h"
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

const struct fc_resource *fc_resource_table_at(const struct fc_resource_table *t, size_t i)
{
	return t->served.items[i];
}

/* A piece of a word; no bytes: whatever. */
struct piece {
	const char *at;
	size_t len;
};

/* One reading of a word: which resources are its candidates, and what they must be called. */
struct reading {
	struct piece name, version, group;
	bool exact_group;  /* the group is meant even when it is "" (the core group) */
	bool first_labels; /* the group's first labels are meant */
};

static bool piece_is(struct piece p, const char *s)
{
	return strlen(s) == p.len && memcmp(p.at, s, p.len) == 0;
}

static bool piece_begins(struct piece p, const char *s)
{
	return p.len > 0 && strncmp(s, p.at, p.len) == 0 && s[p.len] == '.';
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

bool fc_resource_word_names_group(const char *word)
{
	const char *dot = strchr(word, '.');

	return dot && dot[1];
}

bool fc_resource_word_may_mean_group(const char *word, const char *group)
{
	const struct reading by_group = read_word(word, false), by_version = read_word(word, has_three_parts(word));

	return fc_resource_word_names_group(word) &&
	       (piece_is(by_group.group, group) || piece_begins(by_group.group, group) ||
		piece_is(by_version.group, group));
}

static bool is_of_group(const struct reading *w, const char *group)
{
	return !w->exact_group || (w->first_labels ? piece_begins(w->group, group) : piece_is(w->group, group));
}

/* NULL as group or version: every one, as broken entries have them. */
static bool is_candidate(const struct reading *w, const char *group, const char *version)
{
	if (group && !is_of_group(w, group))
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
 * cannot be watched is no use to anybody), but not for a short name. With `like`, only other versions of that. */
static enum fc_resolved find(const struct fc_resource_table *t, const struct reading *w,
			     bool (*has_name)(const struct fc_resource *r, struct piece name), unsigned verbs,
			     const struct fc_resource *like, struct fc_resource **out)
{
	enum fc_resolved found = FC_RESOLVED_NOT_SERVED;

	for (size_t i = 0; i < t->served.count; i++) {
		const struct fc_resource *r = t->served.items[i];
		if (!is_candidate(w, r->group, r->version) || !has_name(r, w->name))
			continue;
		if (like && (strcmp(r->group, like->group) != 0 || strcmp(r->plural, like->plural) != 0))
			continue;
		if ((r->verbs & verbs) == verbs) {
			*out = fc_resource_ref(r);
			return FC_RESOLVED;
		}
		found = FC_RESOLVED_LACKS_VERBS;
	}
	return found;
}

/* By any of its names, the short ones last. */
static enum fc_resolved find_by_names(const struct fc_resource_table *t, const struct reading *w, unsigned verbs,
				      const struct fc_resource *like, struct fc_resource **out)
{
	enum fc_resolved found = find(t, w, is_named, verbs, like, out);

	return found == FC_RESOLVED_NOT_SERVED ? find(t, w, has_short_name, verbs, like, out) : found;
}

static bool could_be_broken(const struct fc_resource_table *t, const struct reading *w)
{
	for (size_t i = 0; i < t->broken_count; i++)
		if (is_candidate(w, t->broken[i].group, t->broken[i].version))
			return true;
	return false;
}

/* What the word says in this table, in the order in which it is tried. */
struct readings {
	struct reading list[2];
	size_t count;
	struct reading by_version; /* also when nothing served has that version */
};

static struct readings readings_of(const struct fc_resource_table *t, const char *word)
{
	bool versioned = has_three_parts(word);
	struct readings all = { .by_version = read_word(word, versioned) };

	if (versioned && is_group_version_served(t, &all.by_version)) {
		all.list[all.count++] = all.by_version;
		return all;
	}
	all.list[all.count++] = read_word(word, false);
	if (all.list[0].group.len > 0) {
		all.list[1] = all.list[0];
		all.list[1].first_labels = true;
		all.count++;
	}
	return all;
}

static enum fc_resolved resolve(const struct fc_resource_table *t, const struct readings *all, unsigned verbs,
				const struct fc_resource *like, struct fc_resource **out)
{
	enum fc_resolved found = FC_RESOLVED_NOT_SERVED;

	*out = NULL;
	if (all->list[0].name.len == 0)
		return found;
	for (size_t i = 0; i < all->count && found == FC_RESOLVED_NOT_SERVED; i++) {
		found = find_by_names(t, &all->list[i], verbs, like, out);
		/* Where the version was not found, a wholly unreadable group may still serve it. */
		if (found == FC_RESOLVED_NOT_SERVED &&
		    (could_be_broken(t, &all->list[i]) || could_be_broken(t, &all->by_version)))
			found = FC_RESOLVED_UNKNOWN;
	}
	return found;
}

enum fc_resolved fc_resource_resolve(const struct fc_resource_table *t, const char *word, unsigned verbs,
				     struct fc_resource **out)
{
	const struct readings all = readings_of(t, word);

	return resolve(t, &all, verbs, NULL, out);
}

static struct fc_resource *find_served(const struct fc_resource_table *t, const struct fc_resource *r, unsigned verbs)
{
	for (size_t i = 0; i < t->served.count; i++)
		if (fc_resource_same(t->served.items[i], r) && (t->served.items[i]->verbs & verbs) == verbs)
			return fc_resource_ref(t->served.items[i]);
	return NULL;
}

/* `version` NULL: any of its versions. */
static bool is_broken(const struct fc_resource_table *t, const char *group, const char *version)
{
	for (size_t i = 0; i < t->broken_count; i++) {
		const struct group_version *b = &t->broken[i];
		if (b->group && strcmp(b->group, group) != 0)
			continue;
		if (!version || !b->version || strcmp(b->version, version) == 0)
			return true;
	}
	return false;
}

enum fc_resolved fc_resource_resolve_again(const struct fc_resource_table *t, const char *word, unsigned verbs,
					   const struct fc_resource *present, struct fc_resource **out)
{
	const struct readings all = readings_of(t, word);

	*out = find_served(t, present, verbs);
	if (*out)
		return FC_RESOLVED;
	if (is_broken(t, present->group, present->version))
		return FC_RESOLVED_UNKNOWN;
	if (resolve(t, &all, verbs, present, out) == FC_RESOLVED)
		return FC_RESOLVED;
	if (is_broken(t, present->group, NULL))
		return FC_RESOLVED_UNKNOWN;
	enum fc_resolved found = resolve(t, &all, verbs, NULL, out);
	return found == FC_RESOLVED_UNKNOWN ? FC_RESOLVED_NOT_SERVED : found;
}

/* Two versions of one resource are no rivals. */
static bool is_in(const struct resources *list, const struct fc_resource *r)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i]->group, r->group) == 0 && strcmp(list->items[i]->plural, r->plural) == 0)
			return true;
	return false;
}

static void find_all(const struct fc_resource_table *t, const struct reading *w,
		     bool (*has_name)(const struct fc_resource *r, struct piece name), unsigned verbs,
		     struct resources *out)
{
	for (size_t i = 0; i < t->served.count; i++) {
		struct fc_resource *r = t->served.items[i];
		if (is_candidate(w, r->group, r->version) && has_name(r, w->name) && (r->verbs & verbs) == verbs &&
		    !is_in(out, r))
			resources_add(out, fc_resource_ref(r));
	}
}

static char *name_list(const struct resources *list)
{
	FC_AUTO_BUF struct fc_buf names = FC_BUF_INIT;
	bool all_builtin = true;

	for (size_t i = 0; i < list->count; i++) {
		const struct fc_resource *r = list->items[i];
		all_builtin = all_builtin && fc_resource_group_is_builtin(r->group);
		/* The core group has no name of its own, so its version stands in for it. */
		fc_buf_printf(&names, "%s%s.%s%s", i ? ", " : "", r->plural, r->group[0] ? "" : r->version,
			      r->group[0] ? r->group : ".");
	}
	return list->count > 1 && !all_builtin ? fc_xstrdup(fc_buf_str(&names)) : NULL;
}

char *fc_resource_rivals(const struct fc_resource_table *t, const char *word, unsigned verbs)
{
	const struct readings all = readings_of(t, word);
	struct resources found = { .count = 0 };

	for (size_t i = 0; i < all.count && found.count == 0 && all.list[0].name.len > 0; i++) {
		find_all(t, &all.list[i], is_named, verbs, &found);
		if (found.count == 0)
			find_all(t, &all.list[i], has_short_name, verbs, &found);
	}
	char *names = name_list(&found);
	resources_fini(&found);
	return names;
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
