/* SPDX-License-Identifier: Apache-2.0 */
#include "json/merge_patch.h"

#include <stdint.h>

/* The real server drops members that are null inside of arrays too. */
static json_t *without_nulls(const json_t *value)
{
	const char *member;
	json_t *copy, *item;
	size_t i;

	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, i, item)
			json_array_append_new(copy, without_nulls(item));
		return copy;
	}
	if (!json_is_object(value))
		return json_deep_copy(value);
	copy = json_object();
	json_object_foreach((json_t *)(uintptr_t)value, member, item)
		if (!json_is_null(item))
			json_object_set_new(copy, member, without_nulls(item));
	return copy;
}

json_t *fc_merge_patch(json_t *target, const json_t *patch)
{
	const char *member;
	json_t *value;

	if (!json_is_object(patch)) {
		json_decref(target);
		return without_nulls(patch);
	}
	if (!json_is_object(target)) {
		json_decref(target);
		target = json_object();
	}
	/* jansson 2.14 has no loop over a const object. */
	json_object_foreach((json_t *)(uintptr_t)patch, member, value) {
		json_t *have = json_object_get(target, member);

		if (json_is_null(value))
			json_object_del(target, member);
		else
			json_object_set_new(target, member, fc_merge_patch(json_incref(have), value));
	}
	return target;
}
