/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include <ctype.h>

enum form { STRING, NUMBER, STRING_MAP, STRING_LIST, OBJECT_LIST };

static const struct {
	const char *member;
	enum form form;
} known[] = {
	{ "name", STRING },
	{ "namespace", STRING },
	{ "uid", STRING },
	{ "resourceVersion", STRING },
	{ "creationTimestamp", STRING },
	{ "labels", STRING_MAP },
	{ "annotations", STRING_MAP },
	{ "generation", NUMBER },
	{ "finalizers", STRING_LIST },
	{ "ownerReferences", OBJECT_LIST },
	{ "deletionTimestamp", STRING },
	{ "deletionGracePeriodSeconds", NUMBER },
	{ "generateName", STRING },
	{ "managedFields", OBJECT_LIST },
};

/* A null stands for the zero value wherever a type is decoded. */
static bool fits(json_t *value, enum form form)
{
	const char *member;
	json_t *item;
	size_t i;

	switch (form) {
	case STRING:
		return json_is_string(value);
	case NUMBER:
		return json_is_integer(value);
	case STRING_MAP:
		if (!json_is_object(value))
			return false;
		json_object_foreach(value, member, item)
			if (json_is_null(item))
				json_object_set_new(value, member, json_string(""));
			else if (!json_is_string(item))
				return false;
		return true;
	default:
		if (!json_is_array(value))
			return false;
		json_array_foreach(value, i, item)
			if (form == STRING_LIST ? !json_is_string(item) : !json_is_object(item))
				return false;
		return true;
	}
}

/* As omitempty leaves it out. */
static bool is_empty(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_length(value) == 0;
	case JSON_INTEGER:
		return json_integer_value(value) == 0;
	case JSON_OBJECT:
		return json_object_size(value) == 0;
	case JSON_ARRAY:
		return json_array_size(value) == 0;
	default:
		return false;
	}
}

const char *api_meta_decode(json_t *object)
{
	json_t *metadata = api_metadata(object), *value;
	const char *member;
	void *next;

	if (!metadata || json_is_null(metadata)) {
		json_object_set_new(object, "metadata", json_object());
		return NULL;
	}
	if (!json_is_object(metadata))
		return "json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta";
	json_object_foreach_safe(metadata, next, member, value) {
		size_t i = 0;

		while (i < FC_ARRAY_LEN(known) && strcmp(known[i].member, member) != 0)
			i++;
		if (i < FC_ARRAY_LEN(known) && !json_is_null(value) && !fits(value, known[i].form))
			return "json: cannot unmarshal into Go struct field of ObjectMeta";
		if (i == FC_ARRAY_LEN(known) || json_is_null(value) || is_empty(value))
			json_object_del(metadata, member);
	}
	return NULL;
}

/* --- words --- */

/* RFC 1123: small letters, digits and hyphens, which stand in the middle alone. */
static bool is_label(const char *name, size_t len)
{
	if (len == 0 || len > 63 || name[0] == '-' || name[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '-')
			return false;
	return true;
}

bool api_name_is_label(const char *name)
{
	return is_label(name, strlen(name));
}

/* Its pieces may be longer than labels. */
static bool is_subdomain(const char *name, size_t len)
{
	bool edge = true;

	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool letter = islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]);
		bool last = i + 1 == len || name[i + 1] == '.';

		if (!letter && (edge || last || name[i] != '-'))
			return false;
		edge = false;
		if (last && i + 2 < len) {
			i++;
			edge = true;
		} else if (last && i + 1 < len) {
			return false;
		}
	}
	return true;
}

bool api_name_is_subdomain(const char *name)
{
	return is_subdomain(name, strlen(name));
}

static bool is_word(const char *s, size_t len)
{
	if (len == 0 || len > 63 || !isalnum((unsigned char)s[0]) || !isalnum((unsigned char)s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

bool api_label_value(const char *value)
{
	return !*value || is_word(value, strlen(value));
}

bool api_name_is_qualified(const char *name)
{
	const char *slash = strchr(name, '/');

	if (slash && !is_subdomain(name, (size_t)(slash - name)))
		return false;
	name = slash ? slash + 1 : name;
	return is_word(name, strlen(name));
}

/* --- validation --- */

static void validate_maps(const json_t *metadata, json_t *causes)
{
	size_t bytes = 0;
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(metadata, "labels"), key, value) {
		if (!api_name_is_qualified(key))
			api_cause(causes, "FieldValueInvalid", "metadata.labels",
				  "Invalid value: \"%s\": name part must consist of alphanumeric characters", key);
		if (!api_label_value(json_string_value(value)))
			api_cause(causes, "FieldValueInvalid", "metadata.labels",
				  "Invalid value: \"%s\": a valid label must be an empty string or consist of "
				  "alphanumeric characters",
				  json_string_value(value));
	}
	json_object_foreach(json_object_get(metadata, "annotations"), key, value) {
		FC_AUTO_FREE char *lower = fc_xstrdup(key);

		for (char *c = lower; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (!api_name_is_qualified(lower))
			api_cause(causes, "FieldValueInvalid", "metadata.annotations",
				  "Invalid value: \"%s\": name part must consist of alphanumeric characters", key);
		bytes += strlen(key) + json_string_length(value);
	}
	if (bytes > 256 * 1024)
		api_cause(causes, "FieldValueTooLong", "metadata.annotations",
			  "Too long: must have at most 262144 bytes");
}

/* Built-in types know three short names; custom ones take any. */
static void validate_finalizer(const struct api_resource *r, size_t i, const char *name, json_t *causes)
{
	FC_AUTO_FREE char *field = fc_xasprintf("metadata.finalizers[%zu]", i);

	if (!api_name_is_qualified(name))
		api_cause(causes, "FieldValueInvalid", "metadata.finalizers",
			  "Invalid value: \"%s\": name part must consist of alphanumeric characters", name);
	if (!r->custom && !strchr(name, '/') && strcmp(name, "kubernetes") != 0 && strcmp(name, "orphan") != 0 &&
	    strcmp(name, "foregroundDeletion") != 0)
		api_cause(causes, "FieldValueInvalid", field,
			  "Invalid value: \"%s\": name is neither a standard finalizer name nor is it fully qualified",
			  name);
}

void api_meta_validate(const struct api_resource *r, const json_t *metadata, json_t *causes)
{
	const char *name = api_string(metadata, "name") ?: "";
	json_t *finalizer;
	size_t i;

	if (!*name)
		api_cause(causes, "FieldValueRequired", "metadata.name",
			  "Required value: name or generateName is required");
	else if (api_is_namespace(r) ? !api_name_is_label(name) : !api_name_is_subdomain(name))
		api_cause(causes, "FieldValueInvalid", "metadata.name",
			  "Invalid value: \"%s\": a DNS-1123 subdomain must consist of lower case alphanumeric "
			  "characters, '-' or '.'",
			  name);
	validate_maps(metadata, causes);
	json_array_foreach(json_object_get(metadata, "finalizers"), i, finalizer)
		validate_finalizer(r, i, json_string_value(finalizer), causes);
}

static bool has(const json_t *array, const json_t *item)
{
	json_t *other;
	size_t i;

	json_array_foreach(array, i, other)
		if (json_equal(other, item))
			return true;
	return false;
}

void api_meta_validate_update(const json_t *metadata, const json_t *old, json_t *causes)
{
	static const char *const fixed[] = { "name", "namespace", "uid", "deletionTimestamp",
					     "deletionGracePeriodSeconds" };
	const json_t *finalizers = json_object_get(old, "finalizers");
	json_t *finalizer;
	size_t i;

	for (i = 0; i < FC_ARRAY_LEN(fixed); i++)
		if (!api_same(json_object_get(metadata, fixed[i]), json_object_get(old, fixed[i]))) {
			FC_AUTO_FREE char *field = fc_xasprintf("metadata.%s", fixed[i]);

			api_cause(causes, "FieldValueInvalid", field, "Invalid value: field is immutable");
		}
	if (!json_object_get(old, "deletionTimestamp"))
		return;
	json_array_foreach(json_object_get(metadata, "finalizers"), i, finalizer)
		if (!has(finalizers, finalizer)) {
			api_cause(causes, "FieldValueForbidden", "metadata.finalizers",
				  "Forbidden: no new finalizers can be added if the object is being deleted");
			return;
		}
}
