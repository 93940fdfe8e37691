/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/validate_data.h"

#include "base/mem.h"

/* Of padded base64 without line breaks: decoding brings it into that form. */
static size_t decoded_bytes(const char *text, size_t len)
{
	size_t bytes = len / 4 * 3;

	while (len > 0 && text[len - 1] == '=') {
		len--;
		bytes--;
	}
	return bytes;
}

size_t sb_data_bytes(const json_t *map, bool base64)
{
	const char *key;
	json_t *value;
	size_t bytes = 0;

	json_object_foreach((json_t *)(uintptr_t)map, key, value) {
		size_t len = json_string_length(value);

		bytes += base64 && len ? decoded_bytes(json_string_value(value), len) : len;
	}
	return bytes;
}

void sb_validate_frozen_data(const json_t *old, const json_t *object, struct sb_causes *causes)
{
	static const char why[] = "field is immutable when `immutable` is set";
	static const char *const members[] = { "data", "binaryData" };

	if (!json_is_true(json_object_get(old, "immutable")))
		return;
	if (!json_is_true(json_object_get(object, "immutable")))
		sb_forbidden(causes, SB_FIELD("immutable"), why);
	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++)
		if (!sb_same(json_object_get(old, members[i]), json_object_get(object, members[i])))
			sb_forbidden(causes, SB_FIELD(members[i]), why);
}
