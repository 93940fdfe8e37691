/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/types.h"

#include "base/encode.h"
#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/kinds.h"
#include "sandbox/schema.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* A type of a CRD, and what its texts are of. */
struct custom {
	struct sb_type type;
	json_t *crd; /* a reference; it is never changed */
	const char *crd_name;
	char *api_version, *definition, *warning;
	const char **short_names, **categories;
	struct sb_schema *schema;
	char *rank; /* what its group is sorted by; set while it is in a table */
};

struct sb_types {
	struct sb_type *builtin;
	size_t builtin_count;
	struct custom **customs; /* in the order of discovery */
	size_t custom_count, custom_cap;
	unsigned generation;
};

/* --- versions --- */

struct parsed_version {
	bool plain;	    /* v, a number, and alpha or beta with a number: others come last, by letters */
	unsigned stability; /* 2 stable, 1 beta, 0 alpha */
	unsigned long major, minor;
};

static const char *number(const char *s, unsigned long *out)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return NULL;
	*out = strtoul(s, &end, 10);
	return end;
}

static struct parsed_version parse_version(const char *s)
{
	struct parsed_version v = { .stability = 2 };
	const char *rest = *s == 'v' ? number(s + 1, &v.major) : NULL;

	if (!rest)
		return v;
	if (strncmp(rest, "alpha", 5) == 0 || strncmp(rest, "beta", 4) == 0) {
		v.stability = *rest == 'b';
		rest = number(rest + (*rest == 'b' ? 4 : 5), &v.minor);
	}
	v.plain = rest && !*rest;
	return v;
}

static int descending(unsigned long a, unsigned long b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

int sb_version_order(const char *a, const char *b)
{
	struct parsed_version x = parse_version(a), y = parse_version(b);

	if (!x.plain && !y.plain)
		return strcmp(a, b);
	if (x.plain != y.plain)
		return x.plain ? -1 : 1;
	if (x.stability != y.stability)
		return descending(x.stability, y.stability);
	if (x.major != y.major)
		return descending(x.major, y.major);
	return descending(x.minor, y.minor);
}

/* --- types of CRDs --- */

static const char **words_of(const json_t *list)
{
	size_t n = json_array_size(list), i;
	const char **words;
	const json_t *word;

	if (!n)
		return NULL;
	words = fc_xcalloc(n + 1, sizeof(*words));
	json_array_foreach(list, i, word)
		words[i] = json_string_value(word) ?: "";
	return words;
}

static const char *text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member)) ?: "";
}

/* "types.example.com" becomes "com.example.types". */
static char *reversed(const char *group)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(group);
	struct fc_buf out = FC_BUF_INIT;
	char *dot;

	while ((dot = strrchr(copy, '.'))) {
		fc_buf_printf(&out, "%s.", dot + 1);
		*dot = '\0';
	}
	fc_buf_puts(&out, copy);
	return fc_buf_steal(&out);
}

static void set_names(struct custom *c, const json_t *spec, const json_t *names, const json_t *version)
{
	FC_AUTO_FREE char *package = reversed(text(spec, "group"));
	struct sb_type *t = &c->type;

	t->group = t->storage_group = text(spec, "group");
	t->version = text(version, "name");
	t->plural = text(names, "plural");
	t->singular = text(names, "singular");
	t->kind = text(names, "kind");
	t->list_kind = text(names, "listKind");
	t->short_names = c->short_names = words_of(json_object_get(names, "shortNames"));
	t->categories = c->categories = words_of(json_object_get(names, "categories"));
	t->api_version = c->api_version = fc_xasprintf("%s/%s", t->group, t->version);
	t->definition = c->definition = fc_xasprintf("%s.%s.%s", package, t->version, t->kind);
}

static const char *storage_version(const json_t *spec)
{
	const json_t *versions = json_object_get(spec, "versions"), *v;
	size_t i;

	json_array_foreach(versions, i, v)
		if (json_is_true(json_object_get(v, "storage")))
			return text(v, "name");
	return "";
}

static bool is_terminating(const json_t *crd)
{
	return *fc_json_metadata(crd, "deletionTimestamp");
}

/* The newest stable version, when it is newer than that one; NULL: none. */
static const char *better_version(const json_t *spec, const char *than)
{
	const json_t *versions = json_object_get(spec, "versions"), *v;
	const char *best = NULL;
	size_t i;

	json_array_foreach(versions, i, v) {
		const char *name = text(v, "name");
		struct parsed_version parsed = parse_version(name);

		if (!parsed.plain || parsed.stability != 2 || !json_is_true(json_object_get(v, "served")) ||
		    json_is_true(json_object_get(v, "deprecated")) || sb_version_order(name, than) >= 0)
			continue;
		if (!best || sb_version_order(name, best) < 0)
			best = name;
	}
	return best;
}

static void set_warning(struct custom *c, const json_t *spec, const json_t *version)
{
	const char *words = text(version, "deprecationWarning"), *better = better_version(spec, c->type.version);

	if (!json_is_true(json_object_get(version, "deprecated")))
		return;
	if (*words)
		c->warning = fc_xstrdup(words);
	else if (better)
		c->warning = fc_xasprintf("%s %s is deprecated; use %s/%s %s", c->api_version, c->type.kind,
					  c->type.group, better, c->type.kind);
	else
		c->warning = fc_xasprintf("%s %s is deprecated", c->api_version, c->type.kind);
	c->type.warning = c->warning;
}

struct sb_type *sb_custom_type_new(const json_t *crd, const json_t *version, struct sb_schema *schema)
{
	const json_t *spec = json_object_get(crd, "spec");
	const json_t *names = json_object_get(json_object_get(crd, "status"), "acceptedNames");
	struct custom *c = fc_xcalloc(1, sizeof(*c));
	struct sb_type *t = &c->type;

	c->crd = json_incref((json_t *)(uintptr_t)crd);
	c->crd_name = fc_json_metadata(crd, "name");
	set_names(c, spec, names, version);
	t->storage_version = storage_version(spec);
	t->namespaced = strcmp(text(spec, "scope"), "Namespaced") == 0;
	t->custom = t->counts_generation = t->needs_version = true;
	t->has_status = json_object_get(json_object_get(version, "subresources"), "status");
	t->terminating = is_terminating(crd);
	t->ops = &sb_kind_custom;
	t->schema = c->schema = schema;
	t->columns = json_object_get(version, "additionalPrinterColumns");
	set_warning(c, spec, version);
	t->refs = 1;
	return t;
}

static void custom_free(struct custom *c)
{
	free(c->api_version);
	free(c->definition);
	free(c->warning);
	free(c->short_names);
	free(c->categories);
	free(c->rank);
	sb_schema_free(c->schema);
	json_decref(c->crd);
	free(c);
}

static struct sb_type *writable(const struct sb_type *type)
{
	return (struct sb_type *)(uintptr_t)type;
}

const struct sb_type *sb_type_ref(const struct sb_type *type)
{
	if (type->custom)
		writable(type)->refs++;
	return type;
}

void sb_type_unref(const struct sb_type *type)
{
	if (type && type->custom && --writable(type)->refs == 0)
		custom_free(FC_CONTAINER_OF(writable(type), struct custom, type));
}

/* --- the table --- */

struct sb_types *sb_types_new(const struct sb_schemas *schemas)
{
	struct sb_types *t = fc_xcalloc(1, sizeof(*t));

	t->generation = 1;
	while (sb_builtin_types[t->builtin_count].plural)
		t->builtin_count++;
	t->builtin = fc_xcalloc(t->builtin_count, sizeof(*t->builtin));
	for (size_t i = 0; i < t->builtin_count; i++) {
		t->builtin[i] = sb_builtin_types[i];
		t->builtin[i].schema = sb_schemas_find(schemas, t->builtin[i].definition);
	}
	return t;
}

void sb_types_free(struct sb_types *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->custom_count; i++)
		sb_type_unref(&t->customs[i]->type);
	free(t->customs);
	free(t->builtin);
	free(t);
}

size_t sb_types_count(const struct sb_types *t)
{
	return t->builtin_count + t->custom_count;
}

const struct sb_type *sb_types_at(const struct sb_types *t, size_t i)
{
	return i < t->builtin_count ? &t->builtin[i] : &t->customs[i - t->builtin_count]->type;
}

unsigned sb_types_generation(const struct sb_types *t)
{
	return t->generation;
}

const struct sb_type *sb_types_find(const struct sb_types *t, const char *group, const char *version,
				    const char *plural)
{
	for (size_t i = 0; i < sb_types_count(t); i++) {
		const struct sb_type *type = sb_types_at(t, i);

		if (strcmp(type->plural, plural) == 0 && strcmp(type->group, group) == 0 &&
		    (!version || strcmp(type->version, version) == 0))
			return type;
	}
	return NULL;
}

const struct sb_type *sb_types_of_kind(const struct sb_types *t, const char *group, const char *version,
				       const char *kind)
{
	for (size_t i = 0; i < sb_types_count(t); i++) {
		const struct sb_type *type = sb_types_at(t, i);

		if (strcmp(type->kind, kind) == 0 && strcmp(type->group, group) == 0 &&
		    (!version || strcmp(type->version, version) == 0))
			return type;
	}
	return NULL;
}

bool sb_types_has_group_version(const struct sb_types *t, const char *group, const char *version)
{
	for (size_t i = 0; i < sb_types_count(t); i++) {
		const struct sb_type *type = sb_types_at(t, i);

		if (strcmp(type->group, group) == 0 && strcmp(type->version, version) == 0)
			return true;
	}
	return false;
}

bool sb_types_has_builtin_group(const struct sb_types *t, const char *group)
{
	for (size_t i = 0; i < t->builtin_count; i++)
		if (strcmp(t->builtin[i].group, group) == 0)
			return true;
	return false;
}

/* Groups of CRDs have one priority. The real server then sorts by the names of its APIServices, "v1.example.com", and
 * a group stands where its first one does. */
static void set_rank(const struct sb_types *t, struct custom *c)
{
	free(c->rank);
	c->rank = NULL;
	for (size_t i = 0; i < t->custom_count; i++) {
		const struct sb_type *other = &t->customs[i]->type;
		char *name;

		if (strcmp(other->group, c->type.group) != 0)
			continue;
		name = fc_xasprintf("%s.%s", other->version, other->group);
		if (!c->rank || strcmp(name, c->rank) < 0) {
			free(c->rank);
			c->rank = name;
		} else {
			free(name);
		}
	}
}

static int by_discovery(const void *a, const void *b)
{
	const struct custom *x = *(struct custom *const *)a, *y = *(struct custom *const *)b;
	int order = strcmp(x->rank, y->rank);

	if (order == 0)
		order = sb_version_order(x->type.version, y->type.version);
	return order ? order : strcmp(x->type.plural, y->type.plural);
}

static void drop_types_of(struct sb_types *t, const char *crd)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->custom_count; i++) {
		if (strcmp(t->customs[i]->crd_name, crd) == 0)
			sb_type_unref(&t->customs[i]->type);
		else
			t->customs[kept++] = t->customs[i];
	}
	t->custom_count = kept;
}

void sb_types_replace(struct sb_types *t, const char *crd, struct sb_type *const *types, size_t count)
{
	FC_AUTO_FREE char *name = fc_xstrdup(crd);

	drop_types_of(t, name);
	for (size_t i = 0; i < count; i++) {
		FC_GROW(t->customs, t->custom_count, t->custom_cap);
		t->customs[t->custom_count++] = FC_CONTAINER_OF(types[i], struct custom, type);
	}
	for (size_t i = 0; i < t->custom_count; i++)
		set_rank(t, t->customs[i]);
	if (t->custom_count)
		qsort(t->customs, t->custom_count, sizeof(struct custom *), by_discovery);
	t->generation++;
}

static const struct custom *find_custom(const struct sb_types *t, const char *crd)
{
	for (size_t i = 0; i < t->custom_count; i++)
		if (strcmp(t->customs[i]->crd_name, crd) == 0)
			return t->customs[i];
	return NULL;
}

const json_t *sb_types_crd(const struct sb_types *t, const char *name)
{
	const struct custom *c = find_custom(t, name);

	return c ? c->crd : NULL;
}

const struct sb_type *sb_types_of_crd(const struct sb_types *t, const char *name)
{
	const struct custom *c = find_custom(t, name);

	return c ? &c->type : NULL;
}

const char *sb_type_crd_name(const struct sb_type *type)
{
	return FC_CONTAINER_OF(writable(type), struct custom, type)->crd_name;
}

char *sb_type_storage_hash(const struct sb_type *type)
{
	FC_AUTO_FREE char *name = fc_xasprintf("%s/%s/%s", type->storage_group, type->storage_version, type->kind);
	unsigned char hash[FC_SHA256_BYTES];
	struct fc_sha256 *h = fc_sha256_new();

	fc_sha256_add(h, name, strlen(name));
	fc_sha256_finish(h, hash);
	return fc_base64_encode(hash, 8);
}
