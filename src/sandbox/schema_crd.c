/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The table is const, what is made here is not. */
static struct sb_schema *writable(const struct sb_schema *s)
{
	return (struct sb_schema *)(uintptr_t)s;
}

static struct sb_schema *make(const struct sb_schemas *all, const json_t *source);

const char *sb_schema_word(const json_t *source, const char *name)
{
	const char *text = json_string_value(json_object_get(source, name));

	return text ? text : "";
}

bool sb_schema_says(const json_t *source, const char *name)
{
	return json_is_true(json_object_get(source, name));
}

static enum sb_schema_type type_of(const json_t *source)
{
	static const struct {
		const char *word;
		enum sb_schema_type type;
	} types[] = {
		{ "object", SB_OBJECT },   { "array", SB_ARRAY },   { "string", SB_STRING },
		{ "integer", SB_INTEGER }, { "number", SB_NUMBER }, { "boolean", SB_BOOLEAN },
	};

	if (sb_schema_says(source, "x-kubernetes-int-or-string"))
		return SB_INT_OR_STRING;
	for (size_t i = 0; i < FC_ARRAY_LEN(types); i++) {
		if (strcmp(types[i].word, sb_schema_word(source, "type")) == 0)
			return types[i].type;
	}
	return SB_ANY;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sb_member *)a)->name, ((const struct sb_member *)b)->name);
}

static void add_member(struct sb_member *members, size_t *count, const char *name, const struct sb_schema *schema)
{
	members[(*count)++] = (struct sb_member){ .name = name, .go_name = "", .schema = schema };
}

/* A resource has these three, whatever its schema says of them. */
bool sb_schema_is_of_resource(const char *name)
{
	return strcmp(name, "kind") == 0 || strcmp(name, "apiVersion") == 0 || strcmp(name, "metadata") == 0;
}

static void add_members(struct sb_schema *s, const struct sb_schemas *all)
{
	static const struct sb_schema string = { .type = SB_STRING };
	const json_t *properties = json_object_get(s->source, "properties");
	struct sb_member *members = fc_xcalloc(json_object_size(properties) + 3, sizeof(*members));
	const char *name;
	json_t *property;

	json_object_foreach((json_t *)(uintptr_t)properties, name, property) {
		if (!s->embedded_resource || !sb_schema_is_of_resource(name))
			add_member(members, &s->member_count, name, make(all, property));
	}
	if (s->embedded_resource) {
		add_member(members, &s->member_count, "kind", &string);
		add_member(members, &s->member_count, "apiVersion", &string);
		add_member(members, &s->member_count, "metadata", sb_schemas_object_meta(all));
	}
	qsort(members, s->member_count, sizeof(*members), by_name);
	s->members = members;
}

static void set_list(struct sb_schema *s)
{
	const json_t *keys = json_object_get(s->source, "x-kubernetes-list-map-keys");
	const char *type = sb_schema_word(s->source, "x-kubernetes-list-type");
	const char **list = fc_xcalloc(json_array_size(keys) + 1, sizeof(*list));
	size_t i;
	json_t *key;

	json_array_foreach(keys, i, key)
		list[i] = json_is_string(key) ? json_string_value(key) : "";
	s->list_keys = list;
	s->has_list_type = *type;
	if (strcmp(type, "map") == 0)
		s->list_type = SB_LIST_MAP;
	else if (strcmp(type, "set") == 0)
		s->list_type = SB_LIST_SET;
}

static void fill(struct sb_schema *s, const struct sb_schemas *all, const json_t *source)
{
	const json_t *additional = json_object_get(source, "additionalProperties");

	s->custom = true;
	s->source = source;
	s->type = type_of(source);
	s->preserve_unknown |= sb_schema_says(source, "x-kubernetes-preserve-unknown-fields");
	s->embedded_resource |= sb_schema_says(source, "x-kubernetes-embedded-resource");
	s->nullable = sb_schema_says(source, "nullable");
	s->atomic_map = strcmp(sb_schema_word(source, "x-kubernetes-map-type"), "atomic") == 0;
	s->integer64 = strcmp(sb_schema_word(source, "format"), "int32") != 0;
	if (json_is_object(additional) || json_is_true(additional))
		s->values = make(all, additional);
	if (s->type == SB_ARRAY) {
		s->items = make(all, json_object_get(source, "items"));
		set_list(s);
	}
	if (s->type == SB_OBJECT || s->embedded_resource)
		add_members(s, all);
}

/* `source` may be NULL or true: anything. */
static struct sb_schema *make(const struct sb_schemas *all, const json_t *source)
{
	struct sb_schema *s = fc_xcalloc(1, sizeof(*s));

	fill(s, all, source);
	return s;
}

struct sb_schema *sb_schema_of_crd(const struct sb_schemas *s, const json_t *open_api_v3, bool preserve_unknown)
{
	struct sb_schema *root = fc_xcalloc(1, sizeof(*root));

	root->embedded_resource = true;
	root->preserve_unknown = preserve_unknown || !open_api_v3;
	fill(root, s, json_incref((json_t *)(uintptr_t)open_api_v3));
	root->type = SB_OBJECT;
	return root;
}

static void free_parts(struct sb_schema *s)
{
	if (!s || !s->custom)
		return;
	for (size_t i = 0; i < s->member_count; i++)
		free_parts(writable(s->members[i].schema));
	free((void *)(uintptr_t)s->members);
	free((void *)(uintptr_t)s->list_keys);
	free_parts(writable(s->values));
	free_parts(writable(s->items));
	free(s);
}

void sb_schema_free(struct sb_schema *s)
{
	json_t *source = s ? (json_t *)(uintptr_t)s->source : NULL;

	free_parts(s);
	json_decref(source);
}
