/* SPDX-License-Identifier: Apache-2.0 */
#include "dialects/resource_status.h"

#include <string.h>

#include "engine/copy_dialect.h"
#include "json/decode.h"

const char *fc_resource_status_text(const json_t *object, const char *member)
{
	const char *text = NULL;

	(void)fc_json_get_string(object, member, &text);
	return text;
}

json_int_t fc_resource_status_generation(const json_t *bearer)
{
	json_int_t n = 0;

	(void)fc_json_get_integer(json_object_get(bearer, "metadata"), "generation", &n);
	return n;
}

json_t *fc_resource_status_entry(const json_t *status, const char *list, const char *member, const char *text)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(status, list), i, entry) {
		const char *found = fc_resource_status_text(entry, member);

		if (found && strcmp(found, text) == 0)
			return entry;
	}
	return NULL;
}

json_t *fc_resource_status_condition(const json_t *status, const char *type)
{
	return fc_resource_status_entry(status, "conditions", "type", type);
}

void fc_resource_status_set_condition(json_t *status, const json_t *bearer, const char *type, bool on,
				      const char *reason, const char *message)
{
	json_t *list = json_object_get(status, "conditions"), *old = fc_resource_status_condition(status, type), *now;
	const char *word = on ? "True" : "False", *before = fc_resource_status_text(old, "status");
	const char *since =
		before && strcmp(before, word) == 0 ? fc_resource_status_text(old, "lastTransitionTime") : NULL;

	if (!json_is_array(list)) {
		json_object_set_new(status, "conditions", json_array());
		list = json_object_get(status, "conditions");
	}
	now = json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", type, "status", word, "reason", reason, "message", message,
			"lastTransitionTime", since ? since : FC_COPY_NOW);
	if (fc_resource_status_generation(bearer) > 0)
		json_object_set_new(now, "observedGeneration", json_integer(fc_resource_status_generation(bearer)));
	if (!old) {
		json_array_append_new(list, now);
		return;
	}
	json_object_clear(old);
	json_object_update(old, now);
	json_decref(now);
}
