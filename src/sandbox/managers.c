/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/managers.h"

#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/field_set.h"

#include <string.h>

/* More updaters than this are told together, the oldest first. */
#define MAX_UPDATERS 10

static const char *text_of(const json_t *entry, const char *member)
{
	const char *text = "";

	fc_json_get_string(entry, member, &text);
	return text;
}

struct sb_manager *sb_managers_find(struct sb_managers *m, const char *name, const char *api_version, bool applied)
{
	for (unsigned i = 0; i < m->count; i++) {
		struct sb_manager *one = &m->list[i];

		if (one->applied == applied && strcmp(one->name, name) == 0 &&
		    (applied || strcmp(one->api_version, api_version) == 0))
			return one;
	}
	return NULL;
}

struct sb_manager *sb_managers_take(struct sb_managers *m, const char *name, const char *api_version, bool applied)
{
	struct sb_manager *one = sb_managers_find(m, name, api_version, applied);

	if (one)
		return one;
	FC_GROW(m->list, m->count, m->cap);
	one = &m->list[m->count++];
	*one = (struct sb_manager){ .name = fc_xstrdup(name),
				    .api_version = fc_xstrdup(api_version),
				    .applied = applied,
				    .set = json_object() };
	return one;
}

static void manager_fini(struct sb_manager *one)
{
	free(one->name);
	free(one->api_version);
	free(one->time);
	json_decref(one->set);
}

void sb_managers_fini(struct sb_managers *m)
{
	for (unsigned i = 0; i < m->count; i++)
		manager_fini(&m->list[i]);
	free(m->list);
	*m = SB_MANAGERS_INIT;
}

static void remove_at(struct sb_managers *m, unsigned i)
{
	manager_fini(&m->list[i]);
	memmove(&m->list[i], &m->list[i + 1], (m->count - i - 1) * sizeof(*m->list));
	m->count--;
}

void sb_managers_drop_empty(struct sb_managers *m)
{
	for (unsigned i = m->count; i-- > 0;)
		if (sb_field_set_empty(m->list[i].set))
			remove_at(m, i);
}

static const json_t *entries_of(const json_t *object)
{
	return json_object_get(json_object_get(object, "metadata"), "managedFields");
}

static bool read_entry(struct sb_managers *m, const json_t *entry)
{
	const char *operation = text_of(entry, "operation"), *time = text_of(entry, "time");
	bool applied = strcmp(operation, "Apply") == 0;
	json_t *set = sb_field_set_parse(json_object_get(entry, "fieldsV1"));
	struct sb_manager *one;

	if (!set || (!applied && strcmp(operation, "Update") != 0)) {
		json_decref(set);
		return false;
	}
	one = sb_managers_take(m, text_of(entry, "manager"), text_of(entry, "apiVersion"), applied);
	sb_field_set_add(one->set, set);
	json_decref(set);
	free(one->time);
	one->time = *time ? fc_xstrdup(time) : NULL;
	return true;
}

bool sb_managers_read(struct sb_managers *m, const json_t *object)
{
	const json_t *entries = entries_of(object);
	size_t i;
	json_t *entry;

	json_array_foreach(entries, i, entry) {
		if (!read_entry(m, entry)) {
			sb_managers_fini(m);
			return false;
		}
	}
	return m->count;
}

bool sb_managers_is_reset(const json_t *object)
{
	const json_t *entries = entries_of(object);

	return json_array_size(entries) == 1 && json_object_size(json_array_get(entries, 0)) == 0;
}

/* Appliers first, then by time, name and version. */
static int compare(const void *a, const void *b)
{
	const struct sb_manager *p = a, *q = b;
	int order = (int)q->applied - (int)p->applied;

	if (!order)
		order = strcmp(p->time ?: "", q->time ?: "");
	if (!order)
		order = strcmp(p->name, q->name);
	return order ?: strcmp(p->api_version, q->api_version);
}

static unsigned count_updaters(const struct sb_managers *m)
{
	unsigned count = 0;

	for (unsigned i = 0; i < m->count; i++)
		count += !m->list[i].applied;
	return count;
}

/* The oldest of the updaters, in the order of `compare`, become one entry for each version. */
static void cap_updaters(struct sb_managers *m)
{
	for (unsigned i = 0; i < m->count && count_updaters(m) > MAX_UPDATERS;) {
		struct sb_manager old = m->list[i], *ancient;

		if (old.applied || strcmp(old.name, "ancient-changes") == 0) {
			i++;
			continue;
		}
		memmove(&m->list[i], &m->list[i + 1], (m->count - i - 1) * sizeof(*m->list));
		m->count--;
		ancient = sb_managers_take(m, "ancient-changes", old.api_version, false);
		sb_field_set_add(ancient->set, old.set);
		free(ancient->time);
		ancient->time = fc_xstrdup_null(old.time);
		manager_fini(&old);
	}
}

void sb_managers_write(struct sb_managers *m, json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata"), *entries = json_array();

	sb_managers_drop_empty(m);
	if (m->count)
		qsort(m->list, m->count, sizeof(*m->list), compare);
	cap_updaters(m);
	if (m->count)
		qsort(m->list, m->count, sizeof(*m->list), compare);
	for (unsigned i = 0; i < m->count; i++) {
		const struct sb_manager *one = &m->list[i];
		json_t *entry = json_pack("{s:s, s:s, s:s}", "manager", one->name, "operation",
					  one->applied ? "Apply" : "Update", "apiVersion", one->api_version);

		if (one->time)
			json_object_set_new(entry, "time", json_string(one->time));
		json_object_set_new(entry, "fieldsType", json_string("FieldsV1"));
		json_object_set_new(entry, "fieldsV1", sb_field_set_print(one->set));
		json_array_append_new(entries, entry);
	}
	if (m->count)
		json_object_set(metadata, "managedFields", entries);
	else
		json_object_del(metadata, "managedFields");
	json_decref(entries);
}
