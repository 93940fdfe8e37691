/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema_impl.h"

/* Null where the schema does not allow it: a default takes its place, or it goes. */
static bool is_wrong_null(const json_t *schema, const json_t *value)
{
	return json_is_null(value) && json_is_object(schema) && !sb_schema_says(schema, "nullable");
}

static const json_t *default_of(const json_t *schema)
{
	const json_t *value = json_object_get(schema, "default");

	return json_is_null(value) ? NULL : value;
}

static void put_default(json_t *object, const char *name, const json_t *schema)
{
	const json_t *value = json_object_get(object, name), *fallback = default_of(schema);

	if (fallback && (!value || is_wrong_null(schema, value)))
		json_object_set_new(object, name, json_deep_copy(fallback));
}

static void apply(const json_t *schema, json_t *value);

static void apply_object(const json_t *schema, json_t *object)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *additional = json_object_get(schema, "additionalProperties");
	const char *name;
	json_t *value, *property;
	void *tmp;

	json_object_foreach((json_t *)(uintptr_t)properties, name, property)
		put_default(object, name, property);
	json_object_foreach_safe(object, tmp, name, value) {
		const json_t *of = json_object_get(properties, name);

		if (!of && json_is_object(additional)) {
			of = additional;
			put_default(object, name, of);
		}
		value = json_object_get(object, name);
		if (is_wrong_null(of, value))
			json_object_del(object, name);
		else
			apply(of, value);
	}
}

static void apply(const json_t *schema, json_t *value)
{
	const json_t *items = json_object_get(schema, "items");
	size_t i;
	json_t *element;

	if (!schema)
		return;
	if (json_is_object(value))
		apply_object(schema, value);
	json_array_foreach(value, i, element) {
		if (is_wrong_null(items, element) && default_of(items)) {
			json_array_set_new(value, i, json_deep_copy(default_of(items)));
			element = json_array_get(value, i);
		}
		apply(items, element);
	}
}

void sb_schema_default(const struct sb_schema *s, json_t *object)
{
	apply(s->source, object);
}
