/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/kinds.h"

#include "base/encode.h"
#include "base/mem.h"
#include "sandbox/go_json.h"
#include "sandbox/validate_data.h"

#include <string.h>

static void defaults(json_t *object)
{
	json_t *strings = json_object_get(object, "stringData"), *value;
	const char *key;

	if (!*sb_text(object, "type"))
		json_object_set_new(object, "type", json_string("Opaque"));
	json_object_foreach(strings, key, value) {
		FC_AUTO_FREE char *text = fc_base64_encode(json_string_value(value) ?: "", json_string_length(value));

		json_object_set_new(sb_need_object(object, "data"), key, json_string(text));
	}
	json_object_del(object, "stringData");
}

/* What a Secret of a type must hold. */
static const struct {
	const char *type, *keys[2];
	/* Of a pair one is enough, it may not be empty, and the field is called otherwise: of a format that the real
	 * server forgets to fill in. */
	bool either;
	bool filled; /* the key must have a value */
	bool json;
} rows[] = {
	{ "kubernetes.io/dockercfg", { ".dockercfg" }, false, false, true },
	{ "kubernetes.io/dockerconfigjson", { ".dockerconfigjson" }, false, false, true },
	{ "kubernetes.io/basic-auth", { "username", "password" }, true, false, false },
	{ "kubernetes.io/ssh-auth", { "ssh-privatekey" }, false, true, false },
	{ "kubernetes.io/tls", { "tls.crt", "tls.key" }, false, false, false },
};

static void validate_json(const struct sb_field *field, const char *base64, struct sb_causes *causes)
{
	FC_AUTO_FREE char *text = NULL, *fault = NULL;
	size_t len = 0;

	if (fc_base64_decode(base64, &text, &len, NULL) == 0)
		fault = sb_go_json_object_fault(text, len);
	if (fault)
		sb_invalid(causes, field, "<secret contents redacted>", "%s", fault);
}

static void validate_key(size_t row, const char *key, const json_t *data, struct sb_causes *causes)
{
	const char *value = json_string_value(json_object_get(data, key));
	const struct sb_field *map = SB_FIELD("data");
	const struct sb_field *in = rows[row].either || rows[row].filled ? SB_KEY(map, "%s") : map;
	const struct sb_field *at = SB_KEY(in, key);

	if (!value || (rows[row].filled && !*value))
		sb_required(causes, at, "");
	else if (rows[row].json)
		validate_json(at, value, causes);
}

static void validate_type(const json_t *object, struct sb_causes *causes)
{
	const json_t *data = json_object_get(object, "data");
	const char *type = sb_text(object, "type");

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		const char *const *keys = rows[i].keys;

		if (strcmp(type, rows[i].type) != 0)
			continue;
		if (rows[i].either && (json_object_get(data, keys[0]) || json_object_get(data, keys[1])))
			continue;
		validate_key(i, keys[0], data, causes);
		if (keys[1])
			validate_key(i, keys[1], data, causes);
	}
}

static void validate_account(const json_t *object, struct sb_causes *causes)
{
	static const char key[] = "kubernetes.io/service-account.name";
	const json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");

	if (strcmp(sb_text(object, "type"), "kubernetes.io/service-account-token") == 0 && !*sb_text(annotations, key))
		sb_required(causes, SB_KEY(SB_FIELD("metadata.annotations"), key), "");
}

static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const json_t *data = json_object_get(object, "data");
	const char *key, *type = sb_text(object, "type");
	json_t *value;

	(void)call;
	if (old && strcmp(type, sb_text(old, "type")) != 0)
		sb_invalid(causes, SB_FIELD("type"), type, "field is immutable");
	if (old)
		sb_validate_frozen_data(old, object, causes);
	json_object_foreach((json_t *)(uintptr_t)data, key, value)
		sb_check(causes, SB_KEY(SB_FIELD("data"), key), key, sb_faults_config_key);
	if (sb_data_bytes(data, true) > SB_MAX_DATA_BYTES)
		sb_too_long(causes, SB_FIELD("data"), SB_MAX_DATA_BYTES);
	validate_account(object, causes);
	validate_type(object, causes);
}

const struct sb_kind sb_kind_secret = {
	.defaults = defaults,
	.validate = validate,
};
