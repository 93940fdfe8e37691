/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pod_template.h"

#include "base/mem.h"

#include <string.h>

#define SIZES "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"
#define SIZES_TEXT "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"

/* What a Pod's fields are called that may be asked for at all. */
static const char *const pod_fields[] = { "metadata.annotations", "metadata.labels",
					  "metadata.name",	  "metadata.namespace",
					  "metadata.uid",	  "spec.nodeName",
					  "spec.restartPolicy",	  "spec.serviceAccountName",
					  "spec.schedulerName",	  "status.phase",
					  "status.hostIP",	  "status.podIP",
					  "status.podIPs",	  NULL };
static const char *const env_fields[] = { "metadata.name", "metadata.namespace",      "metadata.uid",
					  "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
					  "status.podIP",  "status.podIPs",	      NULL };
static const char *const volume_fields[] = { "metadata.annotations", "metadata.labels", "metadata.name",
					     "metadata.namespace",   "metadata.uid",	NULL };
static const char *const container_resources[] = { "limits.cpu",
						   "limits.ephemeral-storage",
						   "limits.memory",
						   "requests.cpu",
						   "requests.ephemeral-storage",
						   "requests.memory",
						   NULL };

/* --- fieldRef --- */

/* metadata.labels['KEY']: the length of what stands before the bracket; 0: no subscript. */
static size_t subscript_at(const char *path)
{
	const char *open = strstr(path, "['");
	size_t len = strlen(path);

	return open && len >= 2 && strcmp(path + len - 2, "']") == 0 && open + 2 <= path + len - 2
		       ? (size_t)(open - path)
		       : 0;
}

static void validate_subscript(const char *path, size_t at_byte, const struct sb_field *at, struct sb_causes *causes)
{
	FC_AUTO_FREE char *key = fc_xstrndup(path + at_byte + 2, strlen(path) - at_byte - 4);

	if (strncmp(path, "metadata.annotations", at_byte) == 0)
		sb_check_annotation_key(causes, at, key);
	else
		sb_check(causes, at, key, sb_faults_qualified_name);
}

static bool is_subscripted_map(const char *path, size_t at_byte)
{
	return (at_byte == 20 && strncmp(path, "metadata.annotations", 20) == 0) ||
	       (at_byte == 15 && strncmp(path, "metadata.labels", 15) == 0);
}

static void validate_field_path(const char *path, bool volume, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *member = SB_CHILD(at, "fieldPath");
	const char *const *words = volume ? volume_fields : env_fields;
	size_t subscript = subscript_at(path);

	/* An older name of the same. */
	path = strcmp(path, "spec.host") == 0 ? "spec.nodeName" : path;
	if (subscript && !is_subscripted_map(path, subscript))
		sb_invalid(causes, member, path,
			   "error converting fieldPath: field label does not support subscript: %s", path);
	else if (subscript)
		validate_subscript(path, subscript, at, causes);
	else if (!sb_is_one_of(path, pod_fields))
		sb_invalid(causes, member, path, "error converting fieldPath: field label not supported: %s", path);
	else if (!sb_is_one_of(path, words))
		sb_not_supported(causes, member, path, words);
}

void sb_validate_field_ref(const json_t *ref, bool volume, const struct sb_field *at, struct sb_causes *causes)
{
	const char *version = sb_text(ref, "apiVersion"), *path = sb_text(ref, "fieldPath");

	if (!ref)
		return;
	if (!*version)
		sb_required(causes, SB_CHILD(at, "apiVersion"), "");
	else if (!*path)
		sb_required(causes, SB_CHILD(at, "fieldPath"), "");
	else if (strcmp(version, "v1") != 0)
		sb_invalid(causes, SB_CHILD(at, "fieldPath"), path,
			   "error converting fieldPath: unsupported pod version: %s", version);
	else
		validate_field_path(path, volume, at, causes);
}

/* --- resourceFieldRef --- */

static void validate_divisor(const char *resource, const char *divisor, const struct sb_field *at,
			     struct sb_causes *causes)
{
	static const char *const cpu[] = { "1m", "1", NULL }, *const sizes[] = { SIZES, NULL };
	const char *what = strchr(resource, '.') ? strchr(resource, '.') + 1 : resource;

	if (!*divisor || strcmp(divisor, "0") == 0)
		return;
	if (strcmp(what, "cpu") == 0 && !sb_is_one_of(divisor, cpu))
		sb_invalid(causes, SB_CHILD(at, "divisor"), resource,
			   "only divisor's values 1m and 1 are supported with the cpu resource");
	if (strcmp(what, "memory") == 0 && !sb_is_one_of(divisor, sizes))
		sb_invalid(causes, SB_CHILD(at, "divisor"), resource,
			   "only divisor's values " SIZES_TEXT " are supported with the memory resource");
	if (strcmp(what, "ephemeral-storage") == 0 && !sb_is_one_of(divisor, sizes))
		sb_invalid(causes, SB_CHILD(at, "divisor"), resource,
			   "only divisor's values " SIZES_TEXT " are supported with the local ephemeral storage "
			   "resource");
}

void sb_validate_resource_ref(const json_t *ref, bool volume, const struct sb_field *at, struct sb_causes *causes)
{
	const char *resource = sb_text(ref, "resource");

	if (!ref)
		return;
	if (volume && !*sb_text(ref, "containerName"))
		sb_required(causes, SB_CHILD(at, "containerName"), "");
	else if (!*resource)
		sb_required(causes, SB_CHILD(at, "resource"), "");
	else if (!sb_is_one_of(resource, container_resources))
		sb_not_supported(causes, SB_CHILD(at, "resource"), resource, container_resources);
	validate_divisor(resource, sb_text(ref, "divisor"), at, causes);
}

/* --- env --- */

static void validate_key_ref(const json_t *ref, const struct sb_field *at, struct sb_causes *causes)
{
	const char *key = sb_text(ref, "key");

	if (!ref)
		return;
	sb_check(causes, SB_CHILD(at, "name"), sb_text(ref, "name"), sb_faults_subdomain);
	if (*key)
		sb_check(causes, SB_CHILD(at, "key"), key, sb_faults_config_key);
	else
		sb_required(causes, SB_CHILD(at, "key"), "");
}

static void validate_from(const json_t *row, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *from = json_object_get(row, "valueFrom");
	size_t count = json_object_size(from);

	if (!from)
		return;
	sb_validate_field_ref(json_object_get(from, "fieldRef"), false, SB_CHILD(at, "fieldRef"), causes);
	sb_validate_resource_ref(json_object_get(from, "resourceFieldRef"), false, SB_CHILD(at, "resourceFieldRef"),
				 causes);
	validate_key_ref(json_object_get(from, "configMapKeyRef"), SB_CHILD(at, "configMapKeyRef"), causes);
	validate_key_ref(json_object_get(from, "secretKeyRef"), SB_CHILD(at, "secretKeyRef"), causes);
	if (!count)
		sb_invalid(causes, at, "",
			   "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
	else if (*sb_text(row, "value"))
		sb_invalid(causes, at, "", "may not be specified when `value` is not empty");
	else if (count > 1)
		sb_invalid(causes, at, "", "may not have more than one field specified at a time");
}

static void validate_source_name(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	const char *name = sb_text(source, "name");

	if (source && !*name)
		sb_required(causes, SB_CHILD(at, "name"), "");
	else if (source)
		sb_check(causes, SB_CHILD(at, "name"), name, sb_faults_subdomain);
}

static void validate_source(const json_t *row, const struct sb_field *list, size_t i, struct sb_causes *causes)
{
	const json_t *map = json_object_get(row, "configMapRef"), *secret = json_object_get(row, "secretRef");
	const struct sb_field *at = SB_INDEX(list, i);

	if (*sb_text(row, "prefix"))
		sb_check(causes, SB_CHILD(at, "prefix"), sb_text(row, "prefix"), sb_faults_env_name);
	validate_source_name(map, SB_CHILD(at, "configMapRef"), causes);
	validate_source_name(secret, SB_CHILD(at, "secretRef"), causes);
	if (!map && !secret)
		sb_invalid(causes, list, "", "must specify one of: `configMapRef` or `secretRef`");
	else if (map && secret)
		sb_invalid(causes, list, "", "may not have more than one field specified at a time");
}

void sb_validate_env(const json_t *container, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *env = SB_CHILD(at, "env"), *from = SB_CHILD(at, "envFrom");
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(container, "env"), i, row) {
		const char *name = sb_text(row, "name");

		if (*name)
			sb_check(causes, SB_CHILD(SB_INDEX(env, i), "name"), name, sb_faults_env_name);
		else
			sb_required(causes, SB_CHILD(SB_INDEX(env, i), "name"), "");
		validate_from(row, SB_CHILD(SB_INDEX(env, i), "valueFrom"), causes);
	}
	json_array_foreach(json_object_get(container, "envFrom"), i, row)
		validate_source(row, from, i, causes);
}
