/* SPDX-License-Identifier: Apache-2.0 */
/* What JSON schemas have no words for: lists that are sets or maps, and resources inside of resources. */
#include "sandbox/schema_impl.h"

#include "base/mem.h"
#include "sandbox/answer.h"

#include <string.h>

/* The members of a list map's element that are its keys; NULL: it is no object. The caller's. */
static json_t *keys_of(const json_t *schema, const json_t *element)
{
	json_t *keys = json_is_object(element) ? json_object() : NULL, *name, *value;
	size_t i;

	if (!keys)
		return NULL;
	json_array_foreach(json_object_get(schema, "x-kubernetes-list-map-keys"), i, name) {
		value = json_object_get(element, json_string_value(name));
		if (value)
			json_object_set(keys, json_string_value(name), value);
	}
	return keys;
}

static size_t index_of(const json_t *list, const json_t *value)
{
	size_t i = 0;

	while (i < json_array_size(list) && !json_equal(json_array_get(list, i), value))
		i++;
	return i;
}

static void refuse_duplicate(const char *path, size_t index, const json_t *value, struct sb_causes *causes)
{
	FC_AUTO_FREE char *field = fc_xasprintf("%s[%zu]", path, index);
	FC_AUTO_BUF struct fc_buf quote = FC_BUF_INIT;

	sb_schema_quote(&quote, value);
	sb_cause(causes, "FieldValueDuplicate", field, "Duplicate value: %s", fc_buf_str(&quote));
}

/* Each value that comes twice is told once, at its second place. */
static void check_list(const json_t *schema, const char *path, const json_t *list, struct sb_causes *causes)
{
	bool is_map = strcmp(sb_schema_word(schema, "x-kubernetes-list-type"), "map") == 0;
	json_auto_t *seen = json_array();
	json_auto_t *told = json_array();
	size_t i;
	json_t *element;

	if (!is_map && strcmp(sb_schema_word(schema, "x-kubernetes-list-type"), "set") != 0)
		return;
	json_array_foreach(list, i, element) {
		json_auto_t *value = is_map ? keys_of(schema, element) : json_incref(element);

		if (!value)
			continue;
		if (index_of(seen, value) == json_array_size(seen)) {
			json_array_append(seen, value);
		} else if (index_of(told, value) == json_array_size(told)) {
			json_array_append(told, value);
			refuse_duplicate(path, i, value, causes);
		}
	}
}

static void require(const char *path, const json_t *object, const char *name, struct sb_causes *causes)
{
	const char *text = json_string_value(json_object_get(object, name));
	FC_AUTO_FREE char *field = fc_xasprintf("%s.%s", path, name);
	const char *slash = text ? strchr(text, '/') : NULL;

	if (!text)
		sb_cause(causes, "FieldValueRequired", field, "Required value: must not be empty");
	else if (!*text)
		sb_cause(causes, "FieldValueInvalid", field, "Invalid value: \"\": must not be empty");
	else if (slash && strchr(slash + 1, '/') && strcmp(name, "apiVersion") == 0)
		sb_cause(causes, "FieldValueInvalid", field,
			 "Invalid value: \"%s\": unexpected GroupVersion string: %s", text, text);
}

/* The same in a resource inside of this one as in any: it says what it is. */
static void check_resource(const json_t *schema, const char *path, const json_t *value, struct sb_causes *causes)
{
	if (!json_is_object(value) || !*path || !sb_schema_says(schema, "x-kubernetes-embedded-resource"))
		return;
	require(path, value, "apiVersion", causes);
	require(path, value, "kind", causes);
}

static void walk(const json_t *schema, const char *path, const json_t *value,
		 void (*check)(const json_t *schema, const char *path, const json_t *value, struct sb_causes *causes),
		 struct sb_causes *causes)
{
	const json_t *properties = json_object_get(schema, "properties"), *items = json_object_get(schema, "items");
	const json_t *additional = json_object_get(schema, "additionalProperties");
	FC_AUTO_FREE const char **names = sb_schema_sorted_names(value);

	check(schema, path, value, causes);
	for (size_t i = 0; names[i]; i++) {
		const json_t *property = json_object_get(properties, names[i]);
		const json_t *of = property ? property : additional;
		FC_AUTO_FREE char *below = property ? fc_xasprintf("%s%s%s", path, *path ? "." : "", names[i])
						    : fc_xasprintf("%s[%s]", path, names[i]);

		if (json_is_object(of))
			walk(of, below, json_object_get(value, names[i]), check, causes);
	}
	for (size_t i = 0; items && i < json_array_size(value); i++) {
		FC_AUTO_FREE char *below = fc_xasprintf("%s[%zu]", path, i);

		walk(items, below, json_array_get(value, i), check, causes);
	}
}

void sb_schema_validate_lists(const json_t *source, const json_t *object, struct sb_causes *causes)
{
	walk(source, "", object, check_resource, causes);
	walk(source, "", object, check_list, causes);
}
