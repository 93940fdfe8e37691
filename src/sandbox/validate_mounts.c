/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pod_template.h"

#include "base/mem.h"

#include <string.h>

static const char *const propagations[] = { "Bidirectional", "HostToContainer", "None", NULL };

static bool has_backsteps(const char *path)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(path);
	char *rest = copy;

	for (char *part; (part = strsep(&rest, "/"));)
		if (strcmp(part, "..") == 0)
			return true;
	return false;
}

void sb_check_no_backsteps(struct sb_causes *causes, const struct sb_field *at, const char *path)
{
	if (has_backsteps(path))
		sb_invalid(causes, at, path, "must not contain '..'");
}

void sb_check_descending_path(struct sb_causes *causes, const struct sb_field *at, const char *path)
{
	if (*path == '/')
		sb_invalid(causes, at, path, "must be a relative path");
	sb_check_no_backsteps(causes, at, path);
}

/* The row of `list` before `end` whose member is `value`. */
static const json_t *find(const json_t *list, size_t end, const char *member, const char *value)
{
	for (size_t i = 0; i < end && i < json_array_size(list); i++)
		if (strcmp(sb_text(json_array_get(list, i), member), value) == 0)
			return json_array_get(list, i);
	return NULL;
}

struct mounting {
	const json_t *container, *volumes, *mounts, *devices;
	const struct sb_field *at; /* the container */
	struct sb_causes *causes;
};

static void validate_within(const struct mounting *m, const json_t *mount, const struct sb_field *row)
{
	/* The real server forgets which row it is. */
	const struct sb_field *list = SB_CHILD(m->at, "volumeMounts");
	const char *sub = sb_text(mount, "subPath"), *expression = sb_text(mount, "subPathExpr");
	const char *propagation = sb_text(mount, "mountPropagation");
	const json_t *context = json_object_get(m->container, "securityContext");

	if (*sub)
		sb_check_descending_path(m->causes, SB_CHILD(list, "subPath"), sub);
	if (*expression && *sub)
		sb_invalid(m->causes, SB_CHILD(row, "subPathExpr"), expression,
			   "subPathExpr and subPath are mutually exclusive");
	if (*expression)
		sb_check_descending_path(m->causes, SB_CHILD(list, "subPathExpr"), expression);
	if (!json_object_get(mount, "mountPropagation"))
		return;
	if (!sb_is_one_of(propagation, propagations))
		sb_not_supported(m->causes, SB_CHILD(list, "mountPropagation"), propagation, propagations);
	if (strcmp(propagation, "Bidirectional") == 0 && !json_is_true(json_object_get(context, "privileged")))
		sb_forbidden(m->causes, SB_CHILD(list, "mountPropagation"),
			     "Bidirectional mount propagation is available only to privileged containers");
}

static void validate_mount(const struct mounting *m, size_t i)
{
	const json_t *mount = json_array_get(m->mounts, i);
	const struct sb_field *row = SB_INDEX(SB_CHILD(m->at, "volumeMounts"), i);
	const struct sb_field *name_at = SB_CHILD(row, "name"), *path_at = SB_CHILD(row, "mountPath");
	const char *name = sb_text(mount, "name"), *path = sb_text(mount, "mountPath");

	if (!*name)
		sb_required(m->causes, name_at, "");
	if (!*name || !find(m->volumes, SIZE_MAX, "name", name))
		sb_not_found(m->causes, name_at, name);
	if (!*path)
		sb_required(m->causes, path_at, "");
	if (find(m->mounts, i, "mountPath", path))
		sb_invalid(m->causes, path_at, path, "must be unique");
	if (find(m->devices, SIZE_MAX, "name", name))
		sb_invalid(m->causes, name_at, name, "must not already exist in volumeDevices");
	if (find(m->devices, SIZE_MAX, "devicePath", path))
		sb_invalid(m->causes, path_at, path, "must not already exist as a path in volumeDevices");
	validate_within(m, mount, row);
}

static void validate_device_path(const struct mounting *m, size_t i, const char *path, const struct sb_field *at)
{
	if (!*path)
		sb_required(m->causes, at, "");
	if (*path && find(m->devices, i, "devicePath", path))
		sb_invalid(m->causes, at, path, "must be unique");
	if (has_backsteps(path))
		sb_invalid(m->causes, at, path, "can not contain backsteps ('..')");
}

static void validate_device(const struct mounting *m, size_t i)
{
	const json_t *device = json_array_get(m->devices, i);
	const struct sb_field *row = SB_INDEX(SB_CHILD(m->at, "volumeDevices"), i);
	const struct sb_field *name_at = SB_CHILD(row, "name"), *path_at = SB_CHILD(row, "devicePath");
	const char *name = sb_text(device, "name"), *path = sb_text(device, "devicePath");
	const json_t *volume = *name ? find(m->volumes, SIZE_MAX, "name", name) : NULL;

	if (!*name)
		sb_required(m->causes, name_at, "");
	if (*name && find(m->devices, i, "name", name))
		sb_invalid(m->causes, name_at, name, "must be unique");
	if (volume && !json_object_get(volume, "persistentVolumeClaim"))
		sb_invalid(m->causes, name_at, name,
			   "can only use volume source type of PersistentVolumeClaim for block mode");
	if (!volume)
		sb_not_found(m->causes, name_at, name);
	validate_device_path(m, i, path, path_at);
	if (find(m->mounts, SIZE_MAX, "name", name))
		sb_invalid(m->causes, name_at, name, "must not already exist in volumeMounts");
	if (*path && find(m->mounts, SIZE_MAX, "mountPath", path))
		sb_invalid(m->causes, path_at, path, "must not already exist as a path in volumeMounts");
}

void sb_validate_mounts(const json_t *container, const json_t *volumes, const struct sb_field *at,
			struct sb_causes *causes)
{
	const struct mounting m = { container,
				    volumes,
				    json_object_get(container, "volumeMounts"),
				    json_object_get(container, "volumeDevices"),
				    at,
				    causes };

	for (size_t i = 0; i < json_array_size(m.mounts); i++)
		validate_mount(&m, i);
	for (size_t i = 0; i < json_array_size(m.devices); i++)
		validate_device(&m, i);
}
