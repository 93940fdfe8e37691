/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/crd_schema.h"

#include "base/mem.h"
#include "sandbox/crd_schema_parts.h"
#include "sandbox/pattern.h"

#include <stdint.h>
#include <string.h>

static bool flag(const json_t *schema, const char *member)
{
	return json_is_true(json_object_get(schema, member));
}

static const char *type_of(const json_t *schema)
{
	return sb_text(schema, "type");
}

/* --- what OpenAPI v3 has and the server has not; checked at every place --- */

static const struct {
	const char *member, *why;
} unsupported[] = {
	{ "id", "id is not supported" },
	{ "additionalItems", "additionalItems is not supported" },
	{ "patternProperties", "patternProperties is not supported" },
	{ "definitions", "definitions is not supported" },
	{ "dependencies", "dependencies is not supported" },
	{ "$ref", "$ref is not supported" },
};

/* What has one of these anywhere is not looked at as a structure. */
static bool has_unsupported(const json_t *value)
{
	const json_t *item;
	const char *name;
	json_t *member;
	size_t i;

	for (i = 0; i < FC_ARRAY_LEN(unsupported); i++)
		if (json_object_get(value, unsupported[i].member))
			return true;
	if (json_is_array(json_object_get(value, "items")))
		return true;
	json_array_foreach(value, i, item)
		if (has_unsupported(item))
			return true;
	json_object_foreach((json_t *)(uintptr_t)value, name, member) {
		const char *key;
		json_t *one;

		if (strcmp(name, "properties") != 0) {
			if (has_unsupported(member))
				return true;
			continue;
		}
		/* Names of members are the writer's own. */
		json_object_foreach(member, key, one)
			if (has_unsupported(one))
				return true;
	}
	return false;
}

static void check_unsupported(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(unsupported); i++)
		if (json_object_get(s, unsupported[i].member))
			sb_forbidden(causes, SB_CHILD(at, unsupported[i].member), unsupported[i].why);
	if (json_is_array(json_object_get(s, "items")))
		sb_forbidden(causes, SB_CHILD(at, "items"), "items must be a schema object and not an array");
	if (flag(s, "uniqueItems"))
		sb_forbidden(causes, SB_CHILD(at, "uniqueItems"),
			     "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
	if (json_object_size(json_object_get(s, "properties")) > 0 && json_object_get(s, "additionalProperties"))
		sb_forbidden(causes, SB_CHILD(at, "additionalProperties"),
			     "additionalProperties and properties are mutual exclusive");
	if (json_is_false(json_object_get(s, "x-kubernetes-preserve-unknown-fields")))
		sb_invalid_raw(causes, SB_CHILD(at, "x-kubernetes-preserve-unknown-fields"), "false",
			       "must be true or undefined");
}

static void check_type(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const types[] = { "array", "boolean", "integer", "number", "object", "string", NULL };
	const char *type = type_of(s);

	if (*type && !sb_is_one_of(type, types))
		sb_not_supported(causes, SB_CHILD(at, "type"), type, types);
	if (strcmp(type, "null") == 0)
		sb_forbidden(causes, SB_CHILD(at, "type"),
			     "type cannot be set to null, use nullable as an alternative");
}

static void check_pattern(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	const char *pattern = sb_text(s, "pattern");
	struct fc_error err = FC_ERROR_INIT;

	if (*pattern && sb_pattern_check(pattern, &err) < 0)
		sb_invalid(causes, SB_CHILD(at, "pattern"), pattern,
			   "must be a valid regular expression, but isn't: error parsing regexp: %s", err.text);
}

static void check_own(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	check_type(s, at, causes);
	check_unsupported(s, at, causes);
	check_pattern(s, at, causes);
	sb_crd_check_topology(s, at, causes);
}

static void check_everywhere(const json_t *s, const struct sb_field *at, struct sb_causes *causes);

static void check_list(const json_t *s, const char *member, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *here = SB_CHILD(at, member);
	const json_t *list = json_object_get(s, member), *item;
	size_t i;

	json_array_foreach(list, i, item)
		check_everywhere(item, SB_INDEX(here, i), causes);
}

static void check_everywhere(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *properties = SB_CHILD(at, "properties");
	const char *name;
	json_t *member;

	if (!json_is_object(s))
		return;
	check_own(s, at, causes);
	json_object_foreach(json_object_get(s, "properties"), name, member)
		check_everywhere(member, SB_KEY(properties, name), causes);
	check_everywhere(json_object_get(s, "additionalProperties"), SB_CHILD(at, "additionalProperties"), causes);
	check_everywhere(json_object_get(s, "items"), SB_CHILD(at, "items"), causes);
	check_list(s, "allOf", at, causes);
	check_list(s, "anyOf", at, causes);
	check_list(s, "oneOf", at, causes);
	check_everywhere(json_object_get(s, "not"), SB_CHILD(at, "not"), causes);
}

/* --- structural: each place has a type, told once --- */

enum level { ROOT, ITEM, FIELD };

static void check_metadata(const json_t *s, const struct sb_field *at, bool is_root, struct sb_causes *causes)
{
	static const char *const strings[] = { "apiVersion", "kind" };
	const struct sb_field *properties = SB_CHILD(at, "properties"), *of_metadata = SB_KEY(properties, "metadata");
	json_t *all = json_object_get(s, "properties"), *metadata = json_object_get(all, "metadata"), *value;
	bool other = false;
	const char *name;

	for (size_t i = 0; i < FC_ARRAY_LEN(strings); i++) {
		const json_t *one = json_object_get(all, strings[i]);
		const struct sb_field *here = SB_KEY(properties, strings[i]);

		if (one && strcmp(type_of(one), "string") != 0)
			sb_invalid(causes, SB_CHILD(here, "type"), type_of(one), "must be string");
	}
	if (!metadata)
		return;
	if (strcmp(type_of(metadata), "object") != 0) {
		sb_invalid(causes, SB_CHILD(of_metadata, "type"), type_of(metadata), "must be object");
		return;
	}
	json_object_foreach(json_object_get(metadata, "properties"), name, value)
		other = other || (strcmp(name, "name") != 0 && strcmp(name, "generateName") != 0);
	json_object_foreach(metadata, name, value)
		other = other || (strcmp(name, "type") != 0 && strcmp(name, "properties") != 0 &&
				  strcmp(name, "description") != 0);
	if (other && is_root)
		sb_forbidden(causes, of_metadata,
			     "must not specify anything other than name and generateName, but metadata is implicitly "
			     "specified");
}

static void check_root(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	if (!*type_of(s))
		sb_required(causes, SB_CHILD(at, "type"), "must not be empty at the root");
	else if (strcmp(type_of(s), "object") != 0)
		sb_invalid(causes, SB_CHILD(at, "type"), type_of(s), "must be object at the root");
	if (json_object_get(s, "additionalProperties"))
		sb_forbidden(causes, SB_CHILD(at, "additionalProperties"), "must not be used at the root");
}

static void check_embedded(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	static const char why[] = "must be object if x-kubernetes-embedded-resource is true";

	if (!*type_of(s))
		sb_required(causes, SB_CHILD(at, "type"), why);
	else if (strcmp(type_of(s), "object") != 0)
		sb_invalid(causes, SB_CHILD(at, "type"), type_of(s), why);
	if (json_object_size(json_object_get(s, "properties")) == 0 && !flag(s, "x-kubernetes-preserve-unknown-fields"))
		sb_required(causes, SB_CHILD(at, "properties"),
			    "must not be empty if x-kubernetes-embedded-resource is true without "
			    "x-kubernetes-preserve-unknown-fields");
}

static void check_level(const json_t *s, enum level level, const struct sb_field *at, struct sb_causes *causes)
{
	bool embedded = flag(s, "x-kubernetes-embedded-resource");

	if (level == ROOT)
		check_root(s, at, causes);
	else if (!*type_of(s) && !embedded && !flag(s, "x-kubernetes-int-or-string") &&
		 !flag(s, "x-kubernetes-preserve-unknown-fields"))
		sb_required(causes, SB_CHILD(at, "type"),
			    level == ITEM ? "must not be empty for specified array items"
					  : "must not be empty for specified object fields");
	if (embedded)
		check_embedded(s, at, causes);
	if (strcmp(type_of(s), "array") == 0 && !json_is_object(json_object_get(s, "items")))
		sb_required(causes, SB_CHILD(at, "items"), "must be specified");
	if (level == ROOT || embedded)
		check_metadata(s, at, level == ROOT, causes);
}

static void check_structure(const json_t *s, enum level level, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *properties = SB_CHILD(at, "properties");
	const char *name;
	json_t *member;

	if (!json_is_object(s))
		return;
	check_level(s, level, at, causes);
	sb_crd_check_logic(s, at, causes);
	json_object_foreach(json_object_get(s, "properties"), name, member)
		check_structure(member, FIELD, SB_KEY(properties, name), causes);
	check_structure(json_object_get(s, "additionalProperties"), FIELD, SB_CHILD(at, "additionalProperties"),
			causes);
	check_structure(json_object_get(s, "items"), ITEM, SB_CHILD(at, "items"), causes);
}

static int by_words(const void *a, const void *b)
{
	const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;
	int order = strcmp(sb_text(x, "field"), sb_text(y, "field"));

	return order ? order : strcmp(sb_text(x, "message"), sb_text(y, "message"));
}

/* These come sorted, whatever order members have. */
static void append_sorted(struct sb_causes *causes, struct sb_causes *more)
{
	size_t count = json_array_size(more->list);
	json_t **list = fc_xcalloc(count + 1, sizeof(json_t *));

	for (size_t i = 0; i < count; i++)
		list[i] = json_array_get(more->list, i);
	qsort(list, count, sizeof(json_t *), by_words);
	if (count && !causes->list)
		causes->list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append(causes->list, list[i]);
	free(list);
	sb_causes_fini(more);
}

static void check_root_with_status(const json_t *s, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const refused[] = { "enum", "additionalProperties", "allOf", "anyOf", "oneOf", "not" };

	for (size_t i = 0; i < FC_ARRAY_LEN(refused); i++) {
		if (!json_object_get(s, refused[i]))
			continue;
		sb_invalid_raw(
			causes, at, "apiextensions.JSONSchemaProps{...}",
			"only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum "
			"MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items "
			"Properties ExternalDocs Example XPreserveUnknownFields] fields are allowed at the root of "
			"the schema if the status subresource is enabled");
		return;
	}
}

void sb_crd_schema_validate(const json_t *schema, bool has_status, const struct sb_field *at, struct sb_causes *causes)
{
	struct sb_causes structural = SB_CAUSES_INIT, defaults = SB_CAUSES_INIT;

	if (has_status)
		check_root_with_status(schema, at, causes);
	if (flag(schema, "nullable"))
		sb_forbidden(causes, SB_CHILD(at, "nullable"), "nullable cannot be true at the root");
	check_everywhere(schema, at, causes);
	if (has_unsupported(schema))
		return;
	check_structure(schema, ROOT, at, &structural);
	if (!sb_causes_any(&structural) && !sb_causes_any(causes)) {
		sb_crd_check_defaults(schema, at, &defaults);
		append_sorted(causes, &defaults);
	}
	append_sorted(causes, &structural);
}
