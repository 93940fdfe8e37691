/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/kinds.h"

#include "sandbox/validate_data.h"

static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const json_t *data = json_object_get(object, "data"), *binary = json_object_get(object, "binaryData");
	size_t bytes = sb_data_bytes(data, false) + sb_data_bytes(binary, true);
	const char *key;
	json_t *value;

	(void)call;
	if (old)
		sb_validate_frozen_data(old, object, causes);
	json_object_foreach((json_t *)(uintptr_t)data, key, value) {
		const struct sb_field *field = SB_KEY(SB_FIELD("data"), key);

		sb_check(causes, field, key, sb_faults_config_key);
		if (json_object_get(binary, key))
			sb_invalid(causes, field, key, "duplicate of key present in binaryData");
	}
	json_object_foreach((json_t *)(uintptr_t)binary, key, value)
		sb_check(causes, SB_KEY(SB_FIELD("binaryData"), key), key, sb_faults_config_key);
	if (bytes > SB_MAX_DATA_BYTES)
		sb_too_long(causes, SB_KEY(NULL, ""), SB_MAX_DATA_BYTES);
}

const struct sb_kind sb_kind_config_map = {
	.validate = validate,
};
