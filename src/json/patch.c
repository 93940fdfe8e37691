/* SPDX-License-Identifier: Apache-2.0 */
#include "json/patch.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct fc_patch {
	json_t *operations;
	json_t *made; /* JSON Pointer to what this patch puts there */
};

/* All of these are small and their texts are valid UTF-8 (paths and versions are checked where they enter). */
static json_t *must(json_t *value)
{
	if (!value)
		abort();
	return value;
}

/* Takes `value`. */
static void operation(struct fc_patch *p, const char *op, const char *pointer, json_t *value)
{
	json_t *o = must(json_object());

	if (json_object_set_new(o, "op", must(json_string(op))) < 0 ||
	    json_object_set_new(o, "path", must(json_string(pointer))) < 0 ||
	    json_object_set_new(o, "value", must(value)) < 0 || json_array_append_new(p->operations, o) < 0)
		abort();
}

/* What stood below `pointer` by this patch is gone with the new value. */
static void remember(struct fc_patch *p, const char *pointer, json_t *value)
{
	size_t len = strlen(pointer);
	const char *key;
	json_t *old;
	void *next;

	json_object_foreach_safe(p->made, next, key, old) {
		if (strncmp(key, pointer, len) == 0 && key[len] == '/')
			json_object_del(p->made, key);
	}
	if (json_object_set(p->made, pointer, value) < 0)
		abort();
}

struct fc_patch *fc_patch_new(const char *resource_version)
{
	struct fc_patch *p = fc_xcalloc(1, sizeof(*p));

	p->operations = must(json_array());
	p->made = must(json_object());
	operation(p, "replace", "/metadata/resourceVersion", json_string(resource_version));
	return p;
}

void fc_patch_free(struct fc_patch *p)
{
	if (!p)
		return;
	json_decref(p->operations);
	json_decref(p->made);
	free(p);
}

static const json_t *member(const json_t *container, const char *segment)
{
	if (json_is_array(container))
		return json_array_get(container, strtoul(segment, NULL, 10));
	return json_object_get(container, segment);
}

/* Does this patch itself put a map or a list at the first `len` segments: as such, or inside a value further up? */
static bool is_made(const struct fc_patch *p, const struct fc_path *path, size_t len)
{
	for (size_t up = len; up > 0; up--) {
		FC_AUTO_BUF struct fc_buf pointer = FC_BUF_INIT;
		fc_path_prefix_pointer(path, up, &pointer);
		const json_t *value = json_object_get(p->made, fc_buf_str(&pointer));
		if (!value)
			continue;
		for (size_t i = up; i < len; i++)
			value = member(value, fc_path_segment(path, i));
		return json_is_object(value) || json_is_array(value);
	}
	return false;
}

static void put(struct fc_patch *p, const char *op, const struct fc_path *path, size_t len, json_t *value)
{
	FC_AUTO_BUF struct fc_buf pointer = FC_BUF_INIT;

	fc_path_prefix_pointer(path, len, &pointer);
	operation(p, op, fc_buf_str(&pointer), json_incref(value));
	remember(p, fc_buf_str(&pointer), value);
}

/* `add` refuses a place whose parent is absent or null: kube-client 8.2. At an index of a list it would insert. */
void fc_patch_put(struct fc_patch *p, const struct fc_path *path, const struct fc_path_ground *ground, json_t *value)
{
	size_t len = fc_path_len(path);

	for (size_t i = ground->present; i + 1 < len; i++) {
		if (is_made(p, path, i + 1))
			continue;
		json_auto_t *parent = must(json_object());
		put(p, ground->gap_in_list && i == ground->present ? "replace" : "add", path, i + 1, parent);
	}
	put(p, ground->last_is_list ? "replace" : "add", path, len, value);
}

json_t *fc_patch_finish(struct fc_patch *p)
{
	json_t *operations = json_incref(p->operations);

	fc_patch_free(p);
	return operations;
}
