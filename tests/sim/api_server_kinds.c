/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include "base/encode.h"

#include <ctype.h>

bool api_is_namespace(const struct api_resource *r)
{
	return strcmp(r->type->plural, "namespaces") == 0 && !*r->type->group;
}

static bool is_core(const struct api_resource *r, const char *kind)
{
	return !*r->type->group && strcmp(r->type->kind, kind) == 0;
}

/* --- decoding --- */

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static void keep(json_t *object, const char *const *members)
{
	const char *member;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, member, value)
		if (json_is_null(value) || !is_one_of(member, members))
			json_object_del(object, member);
}

/* A map of strings, each base64 where `bytes`. An empty one is left out. */
static const char *decode_map(json_t *object, const char *member, bool bytes)
{
	json_t *map = json_object_get(object, member), *value;
	const char *key;

	if (!map)
		return NULL;
	if (!json_is_object(map))
		return "json: cannot unmarshal into Go struct field of type map[string]string";
	json_object_foreach(map, key, value) {
		FC_AUTO_FREE char *decoded = NULL;
		size_t len = 0;

		if (json_is_null(value)) {
			json_object_set_new(map, key, json_string(""));
			continue;
		}
		if (!json_is_string(value))
			return "json: cannot unmarshal into Go struct field of type string";
		if (bytes && json_string_length(value) &&
		    (json_string_length(value) % 4 ||
		     fc_base64_decode(json_string_value(value), &decoded, &len, NULL) < 0))
			return "illegal base64 data at input byte 0";
	}
	if (json_object_size(map) == 0)
		json_object_del(object, member);
	return NULL;
}

static const char *decode_immutable(json_t *object)
{
	const json_t *value = json_object_get(object, "immutable");

	return value && !json_is_boolean(value) ? "json: cannot unmarshal into Go struct field .immutable of type bool"
						: NULL;
}

static const char *decode_config_map(json_t *object)
{
	static const char *const members[] = {
		"apiVersion", "kind", "metadata", "data", "binaryData", "immutable", NULL
	};
	const char *wrong;

	keep(object, members);
	if ((wrong = decode_map(object, "data", false)) || (wrong = decode_map(object, "binaryData", true)))
		return wrong;
	return decode_immutable(object);
}

static const char *decode_secret(json_t *object)
{
	static const char *const members[] = { "apiVersion", "kind", "metadata", "data", "type", "immutable", NULL };
	const char *wrong;
	const json_t *type;

	keep(object, members);
	if ((wrong = decode_map(object, "data", true)) || (wrong = decode_immutable(object)))
		return wrong;
	type = json_object_get(object, "type");
	if (type && !json_is_string(type))
		return "json: cannot unmarshal into Go struct field Secret.type of type v1.SecretType";
	if (!json_string_length(type))
		json_object_set_new(object, "type", json_string("Opaque"));
	return NULL;
}

static const char *decode_namespace(json_t *object)
{
	static const char *const members[] = { "apiVersion", "kind", "metadata", "spec", "status", NULL };
	const json_t *spec, *status;

	keep(object, members);
	spec = json_object_get(object, "spec");
	status = json_object_get(object, "status");
	if ((spec && !json_is_object(spec)) || (status && !json_is_object(status)))
		return "json: cannot unmarshal into Go value of type v1.Namespace";
	if (!spec)
		json_object_set_new(object, "spec", json_object());
	if (!status)
		json_object_set_new(object, "status", json_object());
	return NULL;
}

const char *api_kind_decode(const struct api_resource *r, json_t *object)
{
	if (is_core(r, "ConfigMap"))
		return decode_config_map(object);
	if (is_core(r, "Secret"))
		return decode_secret(object);
	if (api_is_namespace(r))
		return decode_namespace(object);
	return NULL;
}

/* --- what an update may touch --- */

static void set_or_delete(json_t *object, const char *member, const json_t *from)
{
	json_t *value = json_object_get(from, member);

	if (value)
		json_object_set(object, member, value);
	else
		json_object_del(object, member);
}

static void prepare_namespace(json_t *object, const json_t *old, bool status_only)
{
	if (!old) {
		json_object_set_new(object, "spec", json_pack("{s:[s]}", "finalizers", "kubernetes"));
		json_object_set_new(object, "status", json_pack("{s:s}", "phase", "Active"));
		return;
	}
	set_or_delete(object, "spec", old);
	if (!status_only)
		set_or_delete(object, "status", old);
}

/* A status write of a custom object takes the status alone; one of a built-in kind leaves spec and labels as they
 * were, but what else it brings in metadata is taken. */
static void prepare_status_write(const struct api_resource *r, json_t *object, const json_t *old)
{
	const char *member;
	json_t *value, *metadata = api_metadata(object);
	void *next;

	if (!r->custom) {
		set_or_delete(object, "spec", old);
		set_or_delete(metadata, "labels", api_metadata(old));
		return;
	}
	json_object_foreach_safe(object, next, member, value)
		if (strcmp(member, "status") != 0)
			json_object_del(object, member);
	json_object_foreach((json_t *)(uintptr_t)old, member, value)
		if (strcmp(member, "metadata") == 0)
			json_object_set_new(object, member, json_copy(value));
		else if (strcmp(member, "status") != 0)
			json_object_set(object, member, value);
}

/* Anything but metadata and, where that is a subresource, the status. */
static bool content_changed(const struct api_resource *r, const json_t *object, const json_t *old)
{
	const char *member;
	json_t *value;
	size_t members = 0, others = 0;

	json_object_foreach((json_t *)(uintptr_t)object, member, value) {
		if (strcmp(member, "metadata") == 0 || (r->type->status && strcmp(member, "status") == 0))
			continue;
		members++;
		if (!api_same(value, json_object_get(old, member)))
			return true;
	}
	json_object_foreach((json_t *)(uintptr_t)old, member, value)
		if (strcmp(member, "metadata") != 0 && !(r->type->status && strcmp(member, "status") == 0))
			others++;
	return members != others;
}

static void prepare_generation(const struct api_resource *r, json_t *object, const json_t *old)
{
	json_t *metadata = api_metadata(object);
	json_int_t generation = json_integer_value(json_object_get(api_metadata(old), "generation"));
	bool changed;

	if (!old) {
		json_object_set_new(metadata, "generation", json_integer(1));
		return;
	}
	/* Deployments and their like count changes of annotations too. */
	changed = content_changed(r, object, old) ||
		  (!r->custom && !api_same(json_object_get(metadata, "annotations"),
					   json_object_get(api_metadata(old), "annotations")));
	if (changed)
		json_object_set_new(metadata, "generation", json_integer(generation + 1));
}

void api_kind_prepare(const struct api_resource *r, json_t *object, const json_t *old, bool status_only)
{
	if (api_is_namespace(r)) {
		prepare_namespace(object, old, status_only);
		return;
	}
	if (status_only) {
		prepare_status_write(r, object, old);
		return;
	}
	if (r->type->status)
		set_or_delete(object, "status", old);
	if (r->type->status && !r->custom && !old)
		json_object_set_new(object, "status", json_object());
	if (r->type->generation)
		prepare_generation(r, object, old);
}

/* --- validation --- */

/* Keys become names of files. */
static bool data_key(const char *key)
{
	if (!*key || strlen(key) > 253 || strcmp(key, ".") == 0 || strncmp(key, "..", 2) == 0)
		return false;
	for (; *key; key++)
		if (!isalnum((unsigned char)*key) && !strchr("-._", *key))
			return false;
	return true;
}

static size_t validate_map(const json_t *object, const char *member, json_t *causes)
{
	const char *key;
	json_t *value;
	size_t bytes = 0;

	json_object_foreach(json_object_get(object, member), key, value) {
		bytes += json_string_length(value);
		if (!data_key(key)) {
			FC_AUTO_FREE char *field = fc_xasprintf("%s[%s]", member, key);

			api_cause(causes, "FieldValueInvalid", field,
				  "Invalid value: \"%s\": a valid config key must consist of alphanumeric characters, "
				  "'-', '_' or '.'",
				  key);
		}
	}
	return bytes;
}

static void validate_frozen(const struct api_resource *r, const json_t *object, const json_t *old, json_t *causes)
{
	static const char *const members[] = { "data", "binaryData", "spec" };
	const char *when = r->type->immutable_when;

	if (!when || !json_is_true(json_object_get(old, when)))
		return;
	if (!json_is_true(json_object_get(object, when)))
		api_cause(causes, "FieldValueForbidden", when, "Forbidden: field is immutable when `%s` is set", when);
	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++)
		if (!api_same(json_object_get(object, members[i]), json_object_get(old, members[i])))
			api_cause(causes, "FieldValueForbidden", members[i],
				  "Forbidden: field is immutable when `%s` is set", when);
}

/* What a Secret of a type must hold; of those with `either`, one is enough. */
static const struct {
	const char *type, *key;
	bool either, json;
	const char *field; /* where it is another one: of a format that the real server (1.20) forgets to fill in */
} secret_keys[] = {
	{ "kubernetes.io/tls", "tls.crt", false, false, NULL },
	{ "kubernetes.io/tls", "tls.key", false, false, NULL },
	{ "kubernetes.io/basic-auth", "username", true, false, "data[%s][username]" },
	{ "kubernetes.io/basic-auth", "password", true, false, "data[%s][password]" },
	{ "kubernetes.io/ssh-auth", "ssh-privatekey", false, false, "data[%s][ssh-privatekey]" },
	{ "kubernetes.io/dockercfg", ".dockercfg", false, true, NULL },
	{ "kubernetes.io/dockerconfigjson", ".dockerconfigjson", false, true, NULL },
};

static bool is_json(const char *base64)
{
	FC_AUTO_FREE char *text = NULL;
	size_t len = 0;
	json_t *value;

	if (!*base64 || fc_base64_decode(base64, &text, &len, NULL) < 0)
		return false;
	value = json_loadb(text, len, 0, NULL);
	json_decref(value);
	return value;
}

static void validate_secret_key(const json_t *data, size_t i, json_t *causes)
{
	FC_AUTO_FREE char *usual = fc_xasprintf("data[%s]", secret_keys[i].key);
	const char *field = secret_keys[i].field ?: usual, *value = api_string(data, secret_keys[i].key);

	if (!value || (!*value && strcmp(secret_keys[i].key, "ssh-privatekey") == 0))
		api_cause(causes, "FieldValueRequired", field, "Required value");
	else if (secret_keys[i].json && !is_json(value))
		api_cause(causes, "FieldValueInvalid", field, "Invalid value: \"<secret contents redacted>\"");
}

static void validate_secret_type(const json_t *object, json_t *causes)
{
	const char *type = api_string(object, "type");
	const json_t *data = json_object_get(object, "data"), *annotations;
	bool one = json_object_get(data, "username") || json_object_get(data, "password");

	for (size_t i = 0; i < FC_ARRAY_LEN(secret_keys); i++)
		if (strcmp(secret_keys[i].type, type) == 0 && !(secret_keys[i].either && one))
			validate_secret_key(data, i, causes);
	annotations = json_object_get(api_metadata(object), "annotations");
	if (strcmp(type, "kubernetes.io/service-account-token") == 0 &&
	    !api_string(annotations, "kubernetes.io/service-account.name"))
		api_cause(causes, "FieldValueRequired", "metadata.annotations[kubernetes.io/service-account.name]",
			  "Required value");
}

void api_kind_validate(const struct api_resource *r, const json_t *object, const json_t *old, json_t *causes)
{
	bool secret = is_core(r, "Secret");

	validate_frozen(r, object, old, causes);
	if (!secret && !is_core(r, "ConfigMap"))
		return;
	if (secret)
		validate_secret_type(object, causes);
	if (secret && old && !api_same(json_object_get(object, "type"), json_object_get(old, "type")))
		api_cause(causes, "FieldValueInvalid", "type", "Invalid value: \"%s\": field is immutable",
			  api_string(object, "type"));
	if (validate_map(object, "data", causes) + validate_map(object, "binaryData", causes) >
	    (secret ? 1398104 : 1048576))
		api_cause(causes, "FieldValueTooLong", secret ? "data" : "",
			  "Too long: must have at most 1048576 bytes");
}
