/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pod_template.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

static void validate_mode(const json_t *object, const char *member, const struct sb_field *at, struct sb_causes *causes)
{
	json_int_t mode = sb_int(object, member, 0);

	if (mode < 0 || mode > 0777)
		sb_invalid_int(causes, SB_CHILD(at, member), mode,
			       "must be a number between 0 and 0777 (octal), both inclusive");
}

/* A file that is made in a volume. */
static void check_file_path(struct sb_causes *causes, const struct sb_field *at, const char *path)
{
	sb_check_descending_path(causes, at, path);
	if (strncmp(path, "..", 2) == 0 && strncmp(path, "../", 3) != 0)
		sb_invalid(causes, at, path, "must not start with '..'");
}

static void require(const json_t *object, const char *member, const struct sb_field *at, struct sb_causes *causes)
{
	if (!*sb_text(object, member))
		sb_required(causes, SB_CHILD(at, member), "");
}

/* --- sources that project keys into files --- */

static void validate_items(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *items = SB_CHILD(at, "items");
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(source, "items"), i, item) {
		const struct sb_field *row = SB_INDEX(items, i);
		const char *path = sb_text(item, "path");

		require(item, "key", row, causes);
		require(item, "path", row, causes);
		if (*path)
			check_file_path(causes, SB_CHILD(row, "path"), path);
		validate_mode(item, "mode", row, causes);
	}
}

static void validate_config_map(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	require(source, "name", at, causes);
	validate_mode(source, "defaultMode", at, causes);
	validate_items(source, at, causes);
}

static void validate_secret(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	require(source, "secretName", at, causes);
	validate_mode(source, "defaultMode", at, causes);
	validate_items(source, at, causes);
}

static void validate_downward_item(const json_t *item, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *field = json_object_get(item, "fieldRef"), *resource = json_object_get(item, "resourceFieldRef");
	const char *path = sb_text(item, "path");

	require(item, "path", at, causes);
	if (*path)
		check_file_path(causes, SB_CHILD(at, "path"), path);
	if (field) {
		sb_validate_field_ref(field, true, SB_CHILD(at, "fieldRef"), causes);
		if (resource)
			sb_invalid(causes, at, "resource",
				   "fieldRef and resourceFieldRef can not be specified simultaneously");
	} else if (resource) {
		sb_validate_resource_ref(resource, true, SB_CHILD(at, "resourceFieldRef"), causes);
	} else {
		sb_required(causes, at, "one of fieldRef and resourceFieldRef is required");
	}
	validate_mode(item, "mode", at, causes);
}

static void validate_downward(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *item;
	size_t i;

	validate_mode(source, "defaultMode", at, causes);
	json_array_foreach(json_object_get(source, "items"), i, item)
		validate_downward_item(item, at, causes);
}

/* --- projected --- */

/* Paths of all sources in one volume may not meet; `value` is what is told of it. */
static void claim_path(json_t *paths, const char *path, const char *value, const struct sb_field *at,
		       struct sb_causes *causes)
{
	if (*path && json_object_get(paths, path))
		sb_invalid(causes, at, value, "conflicting duplicate paths");
	json_object_set_new(paths, path, json_true());
}

static void claim_items(json_t *paths, const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(source, "items"), i, item)
		claim_path(paths, sb_text(item, "path"), sb_text(source, "name"), at, causes);
}

static void validate_token(const json_t *token, const struct sb_field *volume, const struct sb_field *at,
			   struct sb_causes *causes)
{
	json_int_t seconds = sb_int(token, "expirationSeconds", 3600);

	if (seconds < 600)
		sb_invalid_int(causes, SB_CHILD(at, "expirationSeconds"), seconds,
			       "may not specify a duration less than 10 minutes");
	if (seconds > (json_int_t)1 << 32)
		sb_invalid_int(causes, SB_CHILD(at, "expirationSeconds"), seconds,
			       "may not specify a duration larger than 2^32 seconds");
	require(token, "path", volume, causes);
}

static void validate_projection(const json_t *row, json_t *paths, const struct sb_field *volume,
				const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *secret = json_object_get(row, "secret"), *map = json_object_get(row, "configMap");
	const json_t *downward = json_object_get(row, "downwardAPI"), *item;
	const json_t *token = json_object_get(row, "serviceAccountToken");
	size_t i;

	if (json_object_size(row) > 1)
		sb_forbidden(causes, at, "may not specify more than 1 volume type");
	if (secret) {
		require(secret, "name", SB_CHILD(at, "secret"), causes);
		validate_items(secret, SB_CHILD(at, "secret"), causes);
		claim_items(paths, secret, volume, causes);
	}
	if (map) {
		require(map, "name", SB_CHILD(at, "configMap"), causes);
		validate_items(map, SB_CHILD(at, "configMap"), causes);
		claim_items(paths, map, volume, causes);
	}
	json_array_foreach(json_object_get(downward, "items"), i, item) {
		validate_downward_item(item, SB_CHILD(at, "downwardAPI"), causes);
		claim_path(paths, sb_text(item, "path"), sb_text(item, "path"), volume, causes);
	}
	if (token) {
		validate_token(token, volume, SB_CHILD(at, "serviceAccountToken"), causes);
		claim_path(paths, sb_text(token, "path"), sb_text(token, "path"), volume, causes);
	}
}

static void validate_projected(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *list = SB_CHILD(at, "sources");
	json_t *paths = json_object();
	const json_t *row;
	size_t i;

	validate_mode(source, "defaultMode", at, causes);
	json_array_foreach(json_object_get(source, "sources"), i, row)
		validate_projection(row, paths, at, SB_INDEX(list, i), causes);
	json_decref(paths);
}

/* --- the others --- */

static void validate_host_path(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const types[] = { "",     "BlockDevice",  "CharDevice", "Directory", "DirectoryOrCreate",
					     "File", "FileOrCreate", "Socket",	   NULL };
	const char *path = sb_text(source, "path"), *type = sb_text(source, "type");

	if (!*path) {
		sb_required(causes, SB_CHILD(at, "path"), "");
		return;
	}
	sb_check_no_backsteps(causes, SB_CHILD(at, "path"), path);
	if (!sb_is_one_of(type, types))
		sb_not_supported(causes, SB_CHILD(at, "type"), type, types);
}

static void validate_empty_dir(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	if (*sb_text(source, "sizeLimit") == '-')
		sb_forbidden(causes, SB_CHILD(at, "sizeLimit"), "SizeLimit field must be a valid resource quantity");
}

static void validate_claim(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	require(source, "claimName", at, causes);
}

static void validate_nfs(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	const char *path = sb_text(source, "path");

	require(source, "server", at, causes);
	require(source, "path", at, causes);
	if (*path != '/')
		sb_invalid(causes, SB_CHILD(at, "path"), path, "must be an absolute path");
}

static void validate_csi(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *secret = json_object_get(source, "nodePublishSecretRef");
	FC_AUTO_FREE char *driver = fc_xstrdup(sb_text(source, "driver"));

	require(source, "driver", at, causes);
	if (strlen(driver) > 63)
		sb_too_long(causes, SB_CHILD(at, "driver"), 63);
	sb_check(causes, SB_CHILD(at, "driver"), driver, sb_faults_subdomain);
	/* The blank is the real server's. */
	if (secret)
		require(secret, "name", SB_CHILD(at, "nodePublishSecretRef "), causes);
}

static void validate_git(const json_t *source, const struct sb_field *at, struct sb_causes *causes)
{
	require(source, "repository", at, causes);
	sb_check_descending_path(causes, SB_CHILD(at, "directory"), sb_text(source, "directory"));
}

/* In the order in which the real server looks for them; NULL: it may be as it is. */
static const struct {
	const char *member;
	void (*validate)(const json_t *source, const struct sb_field *at, struct sb_causes *causes);
} sources[] = {
	{ "emptyDir", validate_empty_dir },
	{ "hostPath", validate_host_path },
	{ "gitRepo", validate_git },
	{ "gcePersistentDisk", NULL },
	{ "awsElasticBlockStore", NULL },
	{ "secret", validate_secret },
	{ "nfs", validate_nfs },
	{ "iscsi", NULL },
	{ "glusterfs", NULL },
	{ "flocker", NULL },
	{ "persistentVolumeClaim", validate_claim },
	{ "rbd", NULL },
	{ "cinder", NULL },
	{ "cephfs", NULL },
	{ "quobyte", NULL },
	{ "downwardAPI", validate_downward },
	{ "fc", NULL },
	{ "flexVolume", NULL },
	{ "configMap", validate_config_map },
	{ "azureFile", NULL },
	{ "vsphereVolume", NULL },
	{ "photonPersistentDisk", NULL },
	{ "portworxVolume", NULL },
	{ "azureDisk", NULL },
	{ "storageos", NULL },
	{ "projected", validate_projected },
	{ "scaleIO", NULL },
	{ "csi", validate_csi },
};

static void validate_source(const json_t *volume, const struct sb_field *at, struct sb_causes *causes)
{
	unsigned found = 0;

	for (size_t i = 0; i < FC_ARRAY_LEN(sources); i++) {
		const json_t *source = json_object_get(volume, sources[i].member);

		if (source && found++)
			sb_forbidden(causes, SB_CHILD(at, sources[i].member),
				     "may not specify more than 1 volume type");
		else if (source && sources[i].validate)
			sources[i].validate(source, SB_CHILD(at, sources[i].member), causes);
	}
	if (!found)
		sb_required(causes, at, "must specify a volume type");
}

void sb_validate_volumes(const json_t *volumes, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *volume;
	size_t i;

	json_array_foreach(volumes, i, volume) {
		const struct sb_field *name_at = SB_CHILD(SB_INDEX(at, i), "name");
		const char *name = sb_text(volume, "name");
		bool again = false;

		validate_source(volume, SB_INDEX(at, i), causes);
		for (size_t j = 0; j < i; j++)
			again |= strcmp(sb_text(json_array_get(volumes, j), "name"), name) == 0;
		if (!*name)
			sb_required(causes, name_at, "");
		else
			sb_check(causes, name_at, name, sb_faults_label);
		if (*name && again)
			sb_duplicate(causes, name_at, name);
	}
}
