/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/openapi.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

#define META "io.k8s.apimachinery.pkg.apis.meta.v1."

json_t *sb_openapi_ref(const struct sb_openapi *o, const char *name)
{
	json_t *ref = json_object();

	json_object_set_new(ref, "$ref", json_sprintf("#/%s/%s", o->v3 ? "components/schemas" : "definitions", name));
	return ref;
}

/* --- built-in ones --- */

static json_t *typed(const char *type, const char *format)
{
	json_t *out = json_pack("{s:s}", "type", type);

	if (format)
		json_object_set_new(out, "format", json_string(format));
	return out;
}

static json_t *print(const struct sb_openapi *o, const struct sb_schema *s, bool whole);

static void set_words(json_t *out, const char *member, const char *const *words)
{
	json_t *list = json_array();

	while (words && *words)
		json_array_append_new(list, json_string(*words++));
	json_object_set_new(out, member, list);
}

static void set_merging(json_t *out, const struct sb_schema *s, unsigned flags)
{
	static const char *const list_types[] = { "atomic", "set", "map" };
	bool retain = s->patch_retain_keys || flags & SB_RETAIN_KEYS;

	if (s->has_list_type)
		json_object_set_new(out, "x-kubernetes-list-type", json_string(list_types[s->list_type]));
	if (s->list_keys)
		set_words(out, "x-kubernetes-list-map-keys", s->list_keys);
	if (s->patch_merge_key)
		json_object_set_new(out, "x-kubernetes-patch-merge-key", json_string(s->patch_merge_key));
	if (s->patch_merge || retain)
		json_object_set_new(out, "x-kubernetes-patch-strategy",
				    json_string(!retain		 ? "merge"
						: s->patch_merge ? "merge,retainKeys"
								 : "retainKeys"));
	if (s->atomic_map)
		json_object_set_new(out, "x-kubernetes-map-type", json_string("atomic"));
}

static json_t *print_member(const struct sb_openapi *o, const struct sb_member *m)
{
	json_t *out = print(o, m->schema, false), *more = json_object();

	/* A definition says itself how it merges. */
	if (!m->schema->ref || m->flags & SB_RETAIN_KEYS)
		set_merging(more, m->schema, m->flags);
	if (json_object_size(more) > 0 && m->schema->ref && o->v3)
		/* In version 3 nothing stands beside a reference. */
		out = json_pack("{s:[o]}", "allOf", out);
	json_object_update(out, more);
	json_decref(more);
	return out;
}

static json_t *print_object(const struct sb_openapi *o, const struct sb_schema *s)
{
	json_t *out = typed("object", NULL), *properties = json_object(), *required = json_array();

	for (size_t i = 0; i < s->member_count; i++) {
		json_object_set_new(properties, s->members[i].name, print_member(o, &s->members[i]));
		if (s->members[i].flags & SB_REQUIRED)
			json_array_append_new(required, json_string(s->members[i].name));
	}
	if (json_array_size(required) > 0)
		json_object_set(out, "required", required);
	if (s->member_count)
		json_object_set(out, "properties", properties);
	if (s->values)
		json_object_set_new(out, "additionalProperties", print(o, s->values, false));
	json_decref(properties);
	json_decref(required);
	return out;
}

static json_t *print_any(const struct sb_schema *s)
{
	return s->is_object ? typed("object", NULL) : json_object();
}

static json_t *print(const struct sb_openapi *o, const struct sb_schema *s, bool whole)
{
	json_t *out;

	if (s->ref && !whole)
		return sb_openapi_ref(o, s->ref);
	switch (s->type) {
	case SB_ANY:
		return print_any(s);
	case SB_OBJECT:
		out = print_object(o, s);
		if (s->atomic_map && whole)
			json_object_set_new(out, "x-kubernetes-map-type", json_string("atomic"));
		return out;
	case SB_ARRAY:
		out = typed("array", NULL);
		json_object_set_new(out, "items", print(o, s->items, false));
		return out;
	case SB_STRING:
	case SB_QUANTITY:
		return typed("string", NULL);
	case SB_INTEGER:
		return typed("integer", s->integer64 ? "int64" : "int32");
	case SB_NUMBER:
		return typed("number", "double");
	case SB_BOOLEAN:
		return typed("boolean", NULL);
	case SB_INT_OR_STRING:
		return typed("string", "int-or-string");
	case SB_BYTES:
		return typed("string", "byte");
	case SB_TIME:
	case SB_MICRO_TIME:
		return typed("string", "date-time");
	}
	return json_object();
}

static void add_closure(const struct sb_openapi *o, const struct sb_schema *s, json_t *definitions)
{
	if (s->ref) {
		sb_openapi_add_builtin(o, s, true, definitions);
		return;
	}
	if (s->items)
		add_closure(o, s->items, definitions);
	if (s->values)
		add_closure(o, s->values, definitions);
}

void sb_openapi_add_builtin(const struct sb_openapi *o, const struct sb_schema *s, bool closure, json_t *definitions)
{
	if (json_object_get(definitions, s->ref))
		return;
	json_object_set_new(definitions, s->ref, print(o, s, true));
	if (!closure)
		return;
	for (size_t i = 0; i < s->member_count; i++)
		add_closure(o, s->members[i].schema, definitions);
	if (s->items)
		add_closure(o, s->items, definitions);
	if (s->values)
		add_closure(o, s->values, definitions);
}

/* --- of CustomResourceDefinitions --- */

static bool flag(const json_t *schema, const char *member)
{
	return json_is_true(json_object_get(schema, member));
}

/* What version 2 has no word for goes; what it would get wrong becomes "anything". */
static json_t *weaken(const json_t *schema, bool is_root)
{
	static const char *const unknown[] = { "nullable", "default", "anyOf", "oneOf", "allOf", "not", "example" };
	static const char *const structure[] = { "type",    "format", "properties", "items", "additionalProperties",
						 "required" };
	json_t *out = json_copy((json_t *)(uintptr_t)schema), *properties, *member;
	bool anything = flag(schema, "nullable") || flag(schema, "x-kubernetes-int-or-string") ||
			(flag(schema, "x-kubernetes-preserve-unknown-fields") && !is_root);
	const char *name;

	for (size_t i = 0; i < FC_ARRAY_LEN(unknown); i++)
		json_object_del(out, unknown[i]);
	for (size_t i = 0; i < FC_ARRAY_LEN(structure) && anything; i++)
		json_object_del(out, structure[i]);
	properties = json_object_get(out, "properties");
	if (properties) {
		properties = json_copy(properties);
		json_object_foreach(properties, name, member)
			json_object_set_new(properties, name, weaken(member, false));
		json_object_set_new(out, "properties", properties);
	}
	if (json_is_object(json_object_get(out, "items")))
		json_object_set_new(out, "items", weaken(json_object_get(out, "items"), false));
	if (json_is_object(json_object_get(out, "additionalProperties")))
		json_object_set_new(out, "additionalProperties",
				    weaken(json_object_get(out, "additionalProperties"), false));
	return out;
}

static json_t *print_custom(const struct sb_openapi *o, const struct sb_type *type)
{
	const json_t *source = type->schema->source;
	json_t *out = !source ? typed("object", NULL)
		      : o->v3 ? json_copy((json_t *)(uintptr_t)source)
			      : weaken(source, true);
	json_t *properties = json_object_get(out, "properties");

	/* A schema that knows nothing of the members would refuse all but those named below. */
	if (!properties && !o->v3)
		return out;
	properties = properties ? json_copy(properties) : json_object();
	json_object_set_new(properties, "apiVersion", typed("string", NULL));
	json_object_set_new(properties, "kind", typed("string", NULL));
	json_object_set_new(properties, "metadata", sb_openapi_ref(o, META "ObjectMeta"));
	json_object_set_new(out, "properties", properties);
	return out;
}

static json_t *print_custom_list(const struct sb_openapi *o, const struct sb_type *type)
{
	json_t *items = typed("array", NULL), *properties = json_object();

	json_object_set_new(items, "items", sb_openapi_ref(o, type->definition));
	json_object_set_new(properties, "apiVersion", typed("string", NULL));
	json_object_set_new(properties, "items", items);
	json_object_set_new(properties, "kind", typed("string", NULL));
	json_object_set_new(properties, "metadata", sb_openapi_ref(o, META "ListMeta"));
	return json_pack("{s:s, s:[s], s:o}", "type", "object", "required", "items", "properties", properties);
}

/* --- both --- */

static void set_kind(json_t *definitions, const char *name, const struct sb_type *type, const char *kind)
{
	json_t *definition = json_object_get(definitions, name);

	if (definition)
		json_object_set_new(
			definition, "x-kubernetes-group-version-kind",
			json_pack("[{s:s, s:s, s:s}]", "group", type->group, "kind", kind, "version", type->version));
}

static void add_named(const struct sb_openapi *o, const char *name, json_t *definitions)
{
	const struct sb_schema *s = sb_schemas_find(o->cluster->schemas, name);

	if (s)
		sb_openapi_add_builtin(o, s, true, definitions);
}

void sb_openapi_add_type(const struct sb_openapi *o, const struct sb_type *type, json_t *definitions)
{
	FC_AUTO_FREE char *list = fc_xasprintf("%sList", type->definition);

	if (type->custom) {
		add_named(o, META "ObjectMeta", definitions);
		add_named(o, META "ListMeta", definitions);
		json_object_set_new(definitions, type->definition, print_custom(o, type));
		json_object_set_new(definitions, list, print_custom_list(o, type));
	} else {
		add_named(o, type->definition, definitions);
		add_named(o, list, definitions);
	}
	set_kind(definitions, type->definition, type, type->kind);
	set_kind(definitions, list, type, type->list_kind);
}
