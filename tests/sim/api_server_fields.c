/* SPDX-License-Identifier: Apache-2.0 */
/* Who set which field, and server-side apply, as far as the simulation's objects need it: maps are maps of fields,
 * finalizers are a set, any other list is one value. What is counted with are paths, beside them stands the same as
 * FieldsV1, which who asks whose copy it is reads. */
#include "api_server_parts.h"

#include "base/buf.h"

#define STEP "\n"
#define FINALIZER "metadata" STEP "finalizers" STEP

/* --- the fields of an object, by path --- */

static bool is_identity(const char *path)
{
	static const char *const kept[] = { "metadata" STEP "labels", "metadata" STEP "annotations",
					    "metadata" STEP "finalizers" };

	if (strcmp(path, "apiVersion") == 0 || strcmp(path, "kind") == 0)
		return true;
	if (strncmp(path, "metadata" STEP, 9) != 0)
		return false;
	for (size_t i = 0; i < FC_ARRAY_LEN(kept); i++)
		if (strcmp(path, kept[i]) == 0)
			return false;
	return !strchr(path + 9, STEP[0]);
}

static void add_fields(json_t *out, const char *above, const json_t *object)
{
	const char *key;
	json_t *value, *name;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		FC_AUTO_FREE char *path = *above ? fc_xasprintf("%s" STEP "%s", above, key) : fc_xstrdup(key);

		if (is_identity(path) || json_is_null(value))
			continue;
		if (strcmp(path, "metadata" STEP "finalizers") == 0)
			json_array_foreach(value, i, name) {
				FC_AUTO_FREE char *one = fc_xasprintf("%s" STEP "%s", path, json_string_value(name));

				json_object_set(out, one, name);
			}
		else if (json_object_size(value))
			add_fields(out, path, value);
		else if (strcmp(path, "metadata") != 0)
			json_object_set(out, path, value);
	}
}

static json_t *fields_of(const json_t *object)
{
	json_t *out = json_object();

	add_fields(out, "", object);
	return out;
}

static void remove_finalizer(json_t *object, const char *finalizer)
{
	json_t *list = json_object_get(api_metadata(object), "finalizers");

	for (size_t i = json_array_size(list); i > 0; i--)
		if (strcmp(json_string_value(json_array_get(list, i - 1)), finalizer) == 0)
			json_array_remove(list, i - 1);
}

static void remove_field(json_t *object, const char *path)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(path);
	char *rest = copy, *key;

	if (strncmp(path, FINALIZER, strlen(FINALIZER)) == 0) {
		remove_finalizer(object, path + strlen(FINALIZER));
		return;
	}
	while ((key = strsep(&rest, STEP)) && rest)
		object = json_object_get(object, key);
	json_object_del(object, key);
}

/* --- their managers --- */

static json_t *set_of(const json_t *entry)
{
	return json_object_get(entry, "paths");
}

static void add_as_v1(json_t *out, const char *path)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(path);
	bool finalizer = strncmp(path, FINALIZER, strlen(FINALIZER)) == 0;
	char *rest = copy, *key;

	while ((key = strsep(&rest, STEP))) {
		FC_AUTO_FREE char *name =
			finalizer && !rest ? fc_xasprintf("v:\"%s\"", key) : fc_xasprintf("f:%s", key);

		if (!json_object_get(out, name))
			json_object_set_new(out, name, json_object());
		out = json_object_get(out, name);
	}
}

static void print_as_v1(json_t *entry)
{
	json_t *fields = json_object(), *value;
	const char *path;

	json_object_foreach(set_of(entry), path, value)
		add_as_v1(fields, path);
	json_object_set_new(entry, "fieldsV1", fields);
}

/* The entry of that manager, which is made when there is none. */
static json_t *entry_of(json_t *entries, const struct api_write *w, const char *operation)
{
	const char *manager = w->s->writer ?: "users";
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
		if (strcmp(api_string(entry, "manager") ?: "", manager) == 0 &&
		    strcmp(api_string(entry, "operation") ?: "", operation) == 0)
			return entry;
	entry = json_pack("{s:s, s:s, s:{}}", "manager", manager, "operation", operation, "paths");
	json_array_append_new(entries, entry);
	return entry;
}

static void lose(json_t *entries, const json_t *but, const char *path)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
		if (entry != but)
			json_object_del(set_of(entry), path);
}

static void tidy(json_t *object, json_t *entries)
{
	for (size_t i = json_array_size(entries); i > 0; i--)
		if (json_object_size(set_of(json_array_get(entries, i - 1))) == 0)
			json_array_remove(entries, i - 1);
		else
			print_as_v1(json_array_get(entries, i - 1));
	if (json_array_size(entries))
		json_object_set(api_metadata(object), "managedFields", entries);
	else
		json_object_del(api_metadata(object), "managedFields");
}

/* What is there no more is nobody's; what is new or another value is only the writer's. */
static void hand_over(json_t *entries, json_t *writer, const json_t *before, const json_t *now)
{
	const char *path;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)before, path, value)
		if (!json_object_get(now, path))
			lose(entries, NULL, path);
	json_object_foreach((json_t *)(uintptr_t)now, path, value) {
		if (api_same(json_object_get(before, path), value))
			continue;
		lose(entries, writer, path);
		json_object_set_new(set_of(writer), path, json_true());
	}
}

/* Those that the writer sends, who may edit them, else those that stand. */
static json_t *entries_of(const json_t *object, const json_t *old)
{
	const json_t *given = json_object_get(api_metadata(object), "managedFields");
	const json_t *stand = json_object_get(api_metadata(old), "managedFields");

	if (json_array_size(given))
		return json_deep_copy(given);
	return stand ? json_deep_copy(stand) : json_array();
}

void api_fields_written(struct api_write *w, const json_t *old, json_t *object)
{
	json_t *entries, *before, *now;

	if (w->applied)
		return;
	if (!w->s->keeps_managers) {
		json_object_del(api_metadata(object), "managedFields");
		return;
	}
	entries = old ? entries_of(object, old) : json_array();
	before = fields_of(old);
	now = fields_of(object);
	hand_over(entries, entry_of(entries, w, "Update"), before, now);
	tidy(object, entries);
	json_decref(entries);
	json_decref(before);
	json_decref(now);
}

/* --- apply --- */

static void merge(json_t *into, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)from, key, value)
		if (json_is_object(value) && json_is_object(json_object_get(into, key)))
			merge(json_object_get(into, key), value);
		else if (strcmp(key, "finalizers") != 0 || !json_is_array(json_object_get(into, key)))
			json_object_set_new(into, key, json_deep_copy(value));
}

static void merge_finalizers(json_t *object, const json_t *applied)
{
	json_t *into = json_object_get(api_metadata(object), "finalizers"), *name, *have;
	size_t i, k;

	json_array_foreach(json_object_get(api_metadata(applied), "finalizers"), i, name) {
		bool there = false;

		json_array_foreach(into, k, have)
			there = there || json_equal(have, name);
		if (!there)
			json_array_append(into, name);
	}
}

static bool is_anybodys(const json_t *entries, const char *path)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
		if (json_object_get(set_of(entry), path))
			return true;
	return false;
}

/* What was applied last time, is not now, and is nobody else's goes. */
static void prune(json_t *object, const json_t *entries, const json_t *last)
{
	const char *path;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)last, path, value)
		if (!is_anybodys(entries, path))
			remove_field(object, path);
}

static void own(json_t *entry, const json_t *applied)
{
	json_t *fields = fields_of(applied), *set = json_object(), *value;
	const char *path;

	json_object_foreach(fields, path, value)
		json_object_set_new(set, path, json_true());
	json_object_set_new(entry, "paths", set);
	json_decref(fields);
}

/* By force: what others own and this changes is theirs no more; what it leaves as it is belongs to both. */
void api_fields_apply(struct api_write *w, json_t *object, const json_t *applied)
{
	json_t *entries = entries_of(NULL, object), *entry = entry_of(entries, w, "Apply");
	json_t *last = json_incref(set_of(entry)), *before = fields_of(object), *now;

	merge(object, applied);
	merge_finalizers(object, applied);
	own(entry, applied);
	prune(object, entries, last);
	now = fields_of(object);
	hand_over(entries, entry, before, now);
	tidy(object, entries);
	w->applied = true;
	json_decref(entries);
	json_decref(last);
	json_decref(before);
	json_decref(now);
}
