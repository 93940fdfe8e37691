/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema_impl.h"

#include <string.h>

static void prune(const json_t *schema, bool is_resource, json_t *value);

/* The schema of a member that is none of `properties`: *known is false where there is to be none. `true` for a schema
 * lets a value be, and nothing be inside of it. */
static const json_t *of_others(const json_t *schema, bool *known)
{
	const json_t *additional = json_object_get(schema, "additionalProperties");

	*known = json_is_object(additional) || json_is_true(additional);
	return json_is_object(additional) ? additional : NULL;
}

static void prune_object(const json_t *schema, bool is_resource, bool preserve, json_t *object)
{
	const json_t *properties = json_object_get(schema, "properties");
	const char *name;
	json_t *value;
	void *tmp;

	json_object_foreach_safe(object, tmp, name, value) {
		const json_t *property = json_object_get(properties, name);
		bool known = property;

		if (is_resource && sb_schema_is_of_resource(name))
			continue;
		if (!property)
			property = of_others(schema, &known);
		if (known)
			prune(property, false, value);
		else if (!preserve)
			json_object_del(object, name);
	}
}

/* Below a preserved list its elements are preserved, too, but for what the schema knows of them. */
static void prune_preserved(const json_t *schema, bool is_resource, json_t *value)
{
	size_t i;
	json_t *element;

	if (json_is_object(value))
		prune_object(schema, is_resource, true, value);
	json_array_foreach(value, i, element) {
		const json_t *items = json_object_get(schema, "items");

		if (items)
			prune_preserved(items, false, element);
	}
}

static void prune(const json_t *schema, bool is_resource, json_t *value)
{
	size_t i;
	json_t *element;

	is_resource |= sb_schema_says(schema, "x-kubernetes-embedded-resource");
	if (sb_schema_says(schema, "x-kubernetes-preserve-unknown-fields")) {
		prune_preserved(schema, is_resource, value);
		return;
	}
	if (json_is_object(value))
		prune_object(schema, is_resource, false, value);
	json_array_foreach(value, i, element)
		prune(json_object_get(schema, "items"), false, element);
}

void sb_schema_prune(const struct sb_schema *s, json_t *object)
{
	if (s->preserve_unknown)
		prune_preserved(s->source, true, object);
	else
		prune(s->source, true, object);
}
