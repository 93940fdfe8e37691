/* SPDX-License-Identifier: Apache-2.0 */
#include "dialects/replicator_data.h"

#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "engine/copy_dialect.h"

/* B17: what the API server asks of Secrets of these types; values are base64 as they stand there. */
static const struct minimal {
	const char *type, *key, *value;
} minimals[] = {
	{ "kubernetes.io/dockercfg", ".dockercfg", "e30=" },
	{ "kubernetes.io/dockerconfigjson", ".dockerconfigjson", "e30=" },
	{ "kubernetes.io/basic-auth", "username", "" },
	{ "kubernetes.io/basic-auth", "password", FC_COPY_RANDOM },
	{ "kubernetes.io/ssh-auth", "ssh-privatekey", "ZW1wdHk=" },
	{ "kubernetes.io/tls", "tls.crt", "" },
	{ "kubernetes.io/tls", "tls.key", "" },
};

static const char *type_of(const json_t *object)
{
	const char *type = json_string_value(json_object_get(object, "type"));

	return type ? type : "";
}

static void put_member(json_t *object, const char *member, json_t *value)
{
	if (value && !json_is_null(value))
		json_object_set(object, member, value);
	else
		json_object_del(object, member);
}

void fc_replicator_put_data(json_t *object, const json_t *source)
{
	put_member(object, "data", json_object_get(source, "data"));
	put_member(object, "binaryData", json_object_get(source, "binaryData"));
}

void fc_replicator_put_minimal_data(json_t *object)
{
	json_auto_t *data = json_object();

	for (size_t i = 0; i < FC_ARRAY_LEN(minimals); i++)
		if (strcmp(type_of(object), minimals[i].type) == 0)
			json_object_set_new(data, minimals[i].key, json_string(minimals[i].value));
	put_member(object, "data", json_object_size(data) ? data : NULL);
	put_member(object, "binaryData", NULL);
}

/* --- what is there --- */

static bool is_fresh_password(const char *value)
{
	struct fc_error error = FC_ERROR_INIT;
	char *bytes = NULL;
	size_t len = 0, fit = 0;

	if (fc_base64_decode(value, &bytes, &len, &error) < 0)
		return false;
	while (fit < len && strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", bytes[fit]) &&
	       bytes[fit])
		fit++;
	fc_free_secret(bytes, len);
	return fit == len && len == FC_REPLICATOR_PASSWORD_LEN;
}

static bool is_minimal(const char *type, const char *key, const char *value)
{
	for (size_t i = 0; value && i < FC_ARRAY_LEN(minimals); i++) {
		const struct minimal *m = &minimals[i];

		if (strcmp(type, m->type) != 0 || strcmp(key, m->key) != 0)
			continue;
		return strcmp(m->value, FC_COPY_RANDOM) == 0 ? is_fresh_password(value) : strcmp(value, m->value) == 0;
	}
	return false;
}

bool fc_replicator_holds_more(const json_t *object)
{
	json_t *data = json_object_get(object, "data"), *value;
	const char *key;

	if (json_object_size(json_object_get(object, "binaryData")))
		return true;
	json_object_foreach(data, key, value)
		if (!is_minimal(type_of(object), key, json_string_value(value)))
			return true;
	return false;
}

const char *fc_replicator_refuses(const json_t *object)
{
	static const char *const types[] = { "kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token" };

	for (size_t i = 0; i < FC_ARRAY_LEN(types); i++)
		if (strcmp(type_of(object), types[i]) == 0)
			return "Secrets of this type are never replicated: tokens of service accounts, and bootstrap tokens";
	return NULL;
}

bool fc_replicator_same_type(const json_t *a, const json_t *b)
{
	return strcmp(type_of(a), type_of(b)) == 0;
}

bool fc_replicator_is_immutable(const json_t *object)
{
	return json_is_true(json_object_get(object, "immutable"));
}
