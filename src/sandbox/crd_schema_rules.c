/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/crd_schema_parts.h"

#include "base/mem.h"
#include "sandbox/schema.h"

#include <string.h>

#define LIST_TYPE "x-kubernetes-list-type"
#define LIST_KEYS "x-kubernetes-list-map-keys"
#define MAP_TYPE "x-kubernetes-map-type"

static bool flag(const json_t *schema, const char *member)
{
	return json_is_true(json_object_get(schema, member));
}

static const char *type_of(const json_t *schema)
{
	return sb_text(schema, "type");
}

/* --- how lists and maps merge --- */

static void need_type(const json_t *s, const char *type, const char *why, const struct sb_field *at,
		      struct sb_causes *causes)
{
	if (!*type_of(s))
		sb_required(causes, SB_CHILD(at, "type"), why);
	else if (strcmp(type_of(s), type) != 0)
		sb_invalid(causes, SB_CHILD(at, "type"), type_of(s), "%s", why);
}

static void check_map_type(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const types[] = { "atomic", "granular", NULL };
	const char *type = sb_text(s, MAP_TYPE);

	if (!*type)
		return;
	if (!sb_is_one_of(type, types))
		sb_not_supported(causes, SB_CHILD(at, MAP_TYPE), type, types);
	need_type(s, "object", "must be object if x-kubernetes-map-type is specified", at, causes);
}

static bool list_has(const json_t *list, const char *word)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (strcmp(json_string_value(item) ?: "", word) == 0)
			return true;
	return false;
}

static void refuse_keys(const json_t *keys, const char *why, const struct sb_field *at, struct sb_causes *causes)
{
	struct fc_buf out = FC_BUF_INIT;

	sb_go_string_list(&out, keys);
	sb_invalid_raw(causes, SB_CHILD(at, LIST_KEYS), fc_buf_str(&out), why);
	fc_buf_fini(&out);
}

static void check_key(const json_t *items, const json_t *property, const char *key, const struct sb_field *at,
		      struct sb_causes *causes)
{
	const struct sb_field *of_items = SB_CHILD(at, "items"), *properties = SB_CHILD(of_items, "properties");
	const struct sb_field *here = SB_KEY(properties, key);
	const char *type = type_of(property);

	if (strcmp(type, "object") == 0 || strcmp(type, "array") == 0)
		sb_invalid(causes, SB_CHILD(here, "type"), type,
			   "must be a scalar type if parent array's x-kubernetes-list-type is map");
	if (!list_has(json_object_get(items, "required"), key) && !json_object_get(property, "default"))
		sb_required(
			causes, SB_CHILD(here, "default"),
			"this property is in x-kubernetes-list-map-keys, so it must have a default or be a required "
			"property");
	if (flag(property, "nullable"))
		sb_forbidden(causes, SB_CHILD(here, "nullable"),
			     "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
}

static void check_keys(const json_t *s, const json_t *items, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *keys = json_object_get(s, LIST_KEYS), *key, *properties = json_object_get(items, "properties");
	bool unknown = false, twice = false;
	size_t i;

	json_array_foreach(keys, i, key) {
		const char *name = json_string_value(key) ?: "";
		const json_t *property = json_object_get(properties, name);

		unknown = unknown || !property;
		for (size_t k = 0; k < i; k++)
			twice = twice || strcmp(json_string_value(json_array_get(keys, k)) ?: "", name) == 0;
		if (property && !twice)
			check_key(items, property, name, at, causes);
	}
	if (unknown)
		refuse_keys(keys, "entries must all be names of item properties", at, causes);
	if (twice)
		refuse_keys(keys, "must not contain duplicate entries", at, causes);
}

static void check_list_map(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *items = json_object_get(s, "items");
	const struct sb_field *of_items = SB_CHILD(at, "items");

	if (json_array_size(json_object_get(s, LIST_KEYS)) == 0) {
		sb_required(causes, SB_CHILD(at, LIST_KEYS), "must not be empty if x-kubernetes-list-type is map");
		return;
	}
	if (!json_is_object(items)) {
		sb_required(causes, of_items, "must have a schema if x-kubernetes-list-type is map");
		return;
	}
	if (strcmp(type_of(items), "object") != 0) {
		need_type(items, "object", "must be object if parent array's x-kubernetes-list-type is map", of_items,
			  causes);
		return;
	}
	if (flag(items, "nullable"))
		sb_forbidden(causes, SB_CHILD(of_items, "nullable"),
			     "cannot be nullable when x-kubernetes-list-type is map");
	check_keys(s, items, at, causes);
}

static void check_list_set(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *items = json_object_get(s, "items");
	const struct sb_field *of_items = SB_CHILD(at, "items");
	const char *map_type = sb_text(items, MAP_TYPE), *list_type = sb_text(items, LIST_TYPE);

	if (flag(items, "nullable"))
		sb_forbidden(causes, SB_CHILD(of_items, "nullable"),
			     "cannot be nullable when x-kubernetes-list-type is set");
	if (strcmp(type_of(items), "object") == 0 && strcmp(map_type, "atomic") != 0)
		sb_invalid(causes, SB_CHILD(of_items, MAP_TYPE), *map_type ? map_type : "null",
			   "must be atomic as item of a list with x-kubernetes-list-type=set");
	if (strcmp(type_of(items), "array") == 0 && *list_type && strcmp(list_type, "atomic") != 0)
		sb_invalid(causes, SB_CHILD(of_items, LIST_TYPE), list_type,
			   "must be atomic as item of a list with x-kubernetes-list-type=set");
}

static void check_list_type(const json_t *s, const char *type, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const types[] = { "atomic", "set", "map", NULL };

	if (!sb_is_one_of(type, types)) {
		sb_not_supported(causes, SB_CHILD(at, LIST_TYPE), type, types);
		return;
	}
	need_type(s, "array", "must be array if x-kubernetes-list-type is specified", at, causes);
	if (strcmp(type, "map") == 0)
		check_list_map(s, at, causes);
	else if (strcmp(type, "set") == 0)
		check_list_set(s, at, causes);
}

void sb_crd_check_topology(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	static const char why[] = "must be map if x-kubernetes-list-map-keys is non-empty";
	const char *type = sb_text(s, LIST_TYPE);
	bool keys = json_array_size(json_object_get(s, LIST_KEYS)) > 0;

	if (keys && !*type)
		sb_required(causes, SB_CHILD(at, LIST_TYPE), why);
	else if (keys && strcmp(type, "map") != 0)
		sb_invalid(causes, SB_CHILD(at, LIST_TYPE), type, why);
	if (*type)
		check_list_type(s, type, at, causes);
	check_map_type(s, at, causes);
}

/* --- allOf, anyOf, oneOf, not --- */

static void check_complete(const json_t *told, const struct sb_field *of_told, const json_t *s,
			   const struct sb_field *at, struct sb_causes *causes);

static const char *const lists[] = { "allOf", "anyOf", "oneOf" };

static void forbid(const json_t *s, const char *member, const char *what, const struct sb_field *at,
		   struct sb_causes *causes)
{
	FC_AUTO_FREE char *why = fc_xasprintf("must be %s to be structural", what);
	const json_t *value = json_object_get(s, member);

	if (value && !json_is_false(value))
		sb_forbidden(causes, SB_CHILD(at, member), why);
}

static void check_nested(const json_t *s, const struct sb_field *at, struct sb_causes *causes);

static void check_all_nested(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	for (size_t l = 0; l < FC_ARRAY_LEN(lists); l++) {
		const struct sb_field *here = SB_CHILD(at, lists[l]);
		const json_t *list = json_object_get(s, lists[l]), *item;
		size_t i;

		json_array_foreach(list, i, item)
			check_nested(item, SB_INDEX(here, i), causes);
	}
	check_nested(json_object_get(s, "not"), SB_CHILD(at, "not"), causes);
}

static void check_nested(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const empty[] = { "type", "title", "description" };
	static const char *const false_ones[] = { "nullable", "x-kubernetes-preserve-unknown-fields",
						  "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string" };
	static const char *const undefined[] = { "default", "additionalProperties", LIST_TYPE, LIST_KEYS, MAP_TYPE };
	const struct sb_field *properties = SB_CHILD(at, "properties");
	const char *name;
	json_t *member;

	if (!json_is_object(s))
		return;
	for (size_t i = 0; i < FC_ARRAY_LEN(empty); i++)
		if (*sb_text(s, empty[i]))
			forbid(s, empty[i], "empty", at, causes);
	for (size_t i = 0; i < FC_ARRAY_LEN(false_ones); i++)
		forbid(s, false_ones[i], "false", at, causes);
	for (size_t i = 0; i < FC_ARRAY_LEN(undefined); i++)
		forbid(s, undefined[i], "undefined", at, causes);
	json_object_foreach(json_object_get(s, "properties"), name, member)
		check_nested(member, SB_KEY(properties, name), causes);
	check_nested(json_object_get(s, "items"), SB_CHILD(at, "items"), causes);
	check_all_nested(s, at, causes);
}

/* `{anyOf: [{type: integer}, {type: string}]}`, which goes with x-kubernetes-int-or-string. */
static bool is_int_or_string_choice(const json_t *s)
{
	const json_t *list = json_object_get(s, "anyOf"), *one = json_array_get(list, 0),
		     *two = json_array_get(list, 1);

	return json_array_size(list) == 2 && json_object_size(one) == 1 && json_object_size(two) == 1 &&
	       strcmp(type_of(one), "integer") == 0 && strcmp(type_of(two), "string") == 0;
}

/* Without what x-kubernetes-int-or-string allows: the caller's. */
static json_t *without_choice(const json_t *s)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)s), *all = json_object_get(s, "allOf");

	if (!flag(s, "x-kubernetes-int-or-string"))
		return copy;
	if (is_int_or_string_choice(s)) {
		json_object_del(copy, "anyOf");
	} else if (is_int_or_string_choice(json_array_get(all, 0))) {
		all = json_deep_copy(all);
		json_object_del(json_array_get(all, 0), "anyOf");
		json_object_set_new(copy, "allOf", all);
	}
	return copy;
}

static void check_told(const json_t *told, const struct sb_field *of_told, const json_t *s, const struct sb_field *at,
		       struct sb_causes *causes)
{
	FC_AUTO_FREE char *where = NULL, *why = NULL;

	if (told) {
		check_complete(told, of_told, s, at, causes);
		return;
	}
	where = sb_field_print(at);
	why = fc_xasprintf("because it is defined in %s", where);
	sb_required(causes, of_told, why);
}

/* What a restriction names has to be told by the schema that it restricts. */
static void check_complete(const json_t *told, const struct sb_field *of_told, const json_t *s,
			   const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *properties = SB_CHILD(at, "properties"), *others = SB_CHILD(of_told, "properties");
	const json_t *all = json_object_get(told, "properties"), *items = json_object_get(told, "items"), *item;
	const char *name;
	json_t *member;
	size_t i;

	json_object_foreach(json_object_get(s, "properties"), name, member)
		check_told(json_object_get(all, name), SB_KEY(others, name), member, SB_KEY(properties, name), causes);
	if (items && json_object_get(s, "items"))
		check_complete(items, SB_CHILD(of_told, "items"), json_object_get(s, "items"), SB_CHILD(at, "items"),
			       causes);
	for (size_t l = 0; l < FC_ARRAY_LEN(lists); l++) {
		const struct sb_field *here = SB_CHILD(at, lists[l]);

		json_array_foreach(json_object_get(s, lists[l]), i, item)
			check_complete(told, of_told, item, SB_INDEX(here, i), causes);
	}
	if (json_object_get(s, "not"))
		check_complete(told, of_told, json_object_get(s, "not"), SB_CHILD(at, "not"), causes);
}

void sb_crd_check_logic(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	json_t *rest = without_choice(s), *item;
	size_t i;

	check_all_nested(rest, at, causes);
	for (size_t l = 0; l < FC_ARRAY_LEN(lists); l++) {
		const struct sb_field *here = SB_CHILD(at, lists[l]);

		json_array_foreach(json_object_get(rest, lists[l]), i, item)
			check_complete(s, at, item, SB_INDEX(here, i), causes);
	}
	if (json_object_get(rest, "not"))
		check_complete(s, at, json_object_get(rest, "not"), SB_CHILD(at, "not"), causes);
	json_decref(rest);
}

/* --- defaults --- */

/* Go prints a number of a tree without the type of its own. */
static void refuse_unknown(const json_t *value, const struct sb_field *at, struct sb_causes *causes)
{
	FC_AUTO_FREE char *words = NULL;
	struct fc_buf out = FC_BUF_INIT;

	words = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	fc_buf_printf(&out, "%s%s", json_is_object(value) ? "map[string]interface {}" : "", words);
	sb_invalid_raw(causes, SB_CHILD(at, "default"), fc_buf_str(&out), "must not have unknown fields");
	fc_buf_fini(&out);
}

static void check_value(const json_t *schema, const json_t *value, const struct sb_field *at, struct sb_causes *causes)
{
	struct sb_schemas *builtin = sb_schemas_new(); /* costs nothing: they are static */
	struct sb_schema *s = sb_schema_of_crd(builtin, schema, false);
	FC_AUTO_FREE char *place = sb_field_print(SB_CHILD(at, "default"));
	struct sb_causes found = SB_CAUSES_INIT;
	json_t *pruned = json_deep_copy(value), *cause;
	size_t i;

	sb_schema_prune(s, pruned);
	if (!json_equal(pruned, value)) {
		refuse_unknown(value, at, causes);
	} else {
		sb_schema_validate(s, value, &found);
		json_array_foreach(found.list, i, cause) {
			/* The value as a whole has a name of its own. */
			const char *field =
				strcmp(sb_text(cause, "field"), "<nil>") == 0 ? "" : sb_text(cause, "field");
			FC_AUTO_FREE char *whole = fc_xasprintf("%s%s%s", place, *field ? "." : "", field);

			sb_cause(causes, sb_text(cause, "reason"), whole, "%s", sb_text(cause, "message"));
		}
		sb_causes_fini(&found);
	}
	json_decref(pruned);
	sb_schema_free(s);
	sb_schemas_free(builtin);
}

static void check_default(const json_t *s, bool in_metadata, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *value = json_object_get(s, "default");

	/* null is no default. */
	if (!value || json_is_null(value))
		return;
	if (in_metadata)
		sb_forbidden(causes, SB_CHILD(at, "default"), "must not be set in top-level metadata");
	else
		check_value(s, value, at, causes);
}

static void walk_defaults(const json_t *s, bool is_root, bool in_metadata, const struct sb_field *at,
			  struct sb_causes *causes)
{
	const struct sb_field *properties = SB_CHILD(at, "properties");
	const char *name;
	json_t *member;

	if (!json_is_object(s))
		return;
	check_default(s, in_metadata, at, causes);
	json_object_foreach(json_object_get(s, "properties"), name, member)
		walk_defaults(member, false, in_metadata || (is_root && strcmp(name, "metadata") == 0),
			      SB_KEY(properties, name), causes);
	walk_defaults(json_object_get(s, "additionalProperties"), false, in_metadata,
		      SB_CHILD(at, "additionalProperties"), causes);
	walk_defaults(json_object_get(s, "items"), false, in_metadata, SB_CHILD(at, "items"), causes);
}

void sb_crd_check_defaults(const json_t *schema, const struct sb_field *at, struct sb_causes *causes)
{
	walk_defaults(schema, true, false, at, causes);
}
