/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/field_set.h"

#include "base/mem.h"
#include "sandbox/field_walk.h"

#include <string.h>

#define SELF "."

static bool is_self(const char *element)
{
	return strcmp(element, SELF) == 0;
}

json_t *sb_field_set_parse(const json_t *fields_v1)
{
	json_t *set = json_object(), *child, *parsed;
	const char *element;

	if (!json_is_object(fields_v1)) {
		json_decref(set);
		return NULL;
	}
	if (json_object_size(fields_v1) == 0)
		sb_field_set_mark(set);
	json_object_foreach((json_t *)(uintptr_t)fields_v1, element, child) {
		if (is_self(element)) {
			sb_field_set_mark(set);
			continue;
		}
		parsed = strchr("fkvi", element[0]) && element[0] && element[1] == ':' ? sb_field_set_parse(child)
										       : NULL;
		if (!parsed) {
			json_decref(set);
			return NULL;
		}
		json_object_set_new(set, element, parsed);
	}
	return set;
}

json_t *sb_field_set_print(const json_t *set)
{
	json_t *out = json_object(), *child;
	const char *element;

	json_object_foreach((json_t *)(uintptr_t)set, element, child)
		if (!is_self(element))
			json_object_set_new(out, element, sb_field_set_print(child));
	if (sb_field_set_has(set) && json_object_size(out))
		json_object_set_new(out, SELF, json_object());
	return out;
}

void sb_field_set_mark(json_t *node)
{
	json_object_set_new(node, SELF, json_true());
}

bool sb_field_set_has(const json_t *node)
{
	return json_object_get(node, SELF);
}

bool sb_field_set_empty(const json_t *set)
{
	json_t *child;
	const char *element;

	if (sb_field_set_has(set))
		return false;
	json_object_foreach((json_t *)(uintptr_t)set, element, child)
		if (!sb_field_set_empty(child))
			return false;
	return true;
}

json_t *sb_field_set_child(json_t *node, const char *element)
{
	json_t *child = json_object_get(node, element);

	if (!child) {
		child = json_object();
		json_object_set_new(node, element, child);
	}
	return child;
}

void sb_field_set_tidy(json_t *node, const char *element)
{
	if (sb_field_set_empty(json_object_get(node, element)))
		json_object_del(node, element);
}

void sb_field_set_add(json_t *set, const json_t *other)
{
	json_t *child;
	const char *element;

	json_object_foreach((json_t *)(uintptr_t)other, element, child) {
		if (is_self(element))
			sb_field_set_mark(set);
		else
			sb_field_set_add(sb_field_set_child(set, element), child);
	}
}

void sb_field_set_subtract(json_t *set, const json_t *other)
{
	json_t *theirs, *ours;
	const char *element;

	json_object_foreach((json_t *)(uintptr_t)other, element, theirs) {
		ours = json_object_get(set, element);
		if (!ours)
			continue;
		if (is_self(element)) {
			json_object_del(set, SELF);
			continue;
		}
		sb_field_set_subtract(ours, theirs);
		sb_field_set_tidy(set, element);
	}
}

json_t *sb_field_set_intersection(const json_t *a, const json_t *b)
{
	json_t *out = json_object(), *ours, *theirs;
	const char *element;

	json_object_foreach((json_t *)(uintptr_t)a, element, ours) {
		theirs = json_object_get(b, element);
		if (!theirs)
			continue;
		if (is_self(element)) {
			sb_field_set_mark(out);
			continue;
		}
		json_object_set_new(out, element, sb_field_set_intersection(ours, theirs));
		sb_field_set_tidy(out, element);
	}
	return out;
}

void sb_field_set_add_named(json_t *set, const struct sb_schema *schema)
{
	json_t *child;
	const char *element;

	json_object_foreach(set, element, child) {
		const struct sb_schema *below = sb_field_walk_below(schema, element);

		if (is_self(element))
			continue;
		if (element[0] == 'f' && sb_field_walk_is_named(schema, element + 2) && !sb_field_set_empty(child))
			sb_field_set_mark(child);
		sb_field_set_add_named(child, below);
	}
}

/* --- words --- */

/* `k:{"port":80,"protocol":"TCP"}` becomes `[port=80,protocol="TCP"]`. */
static void print_key(const char *text, struct fc_buf *out)
{
	json_t *keys = json_loads(text, 0, NULL), *value;
	const char *name;
	bool first = true;

	fc_buf_putc(out, '[');
	json_object_foreach(keys, name, value) {
		FC_AUTO_FREE char *word = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		fc_buf_printf(out, "%s%s=%s", first ? "" : ",", name, word ?: "");
		first = false;
	}
	fc_buf_putc(out, ']');
	json_decref(keys);
}

void sb_field_set_word(const char *element, struct fc_buf *out)
{
	if (element[0] == 'f')
		fc_buf_printf(out, ".%s", element + 2);
	else if (element[0] == 'k')
		print_key(element + 2, out);
	else
		fc_buf_printf(out, "[%s%s]", element[0] == 'v' ? "=" : "", element + 2);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The elements in their order; the caller frees the list alone. */
static const char **sorted_elements(const json_t *set, size_t *count)
{
	const char **list = fc_xcalloc(json_object_size(set) + 1, sizeof(*list)), *element;
	json_t *child;

	*count = 0;
	json_object_foreach((json_t *)(uintptr_t)set, element, child)
		if (!is_self(element))
			list[(*count)++] = element;
	qsort(list, *count, sizeof(*list), compare_names);
	return list;
}

static void each(const json_t *set, struct fc_buf *path, void (*fn)(void *user, const char *path), void *user)
{
	size_t len = path->len, count;
	FC_AUTO_FREE const char **elements = sorted_elements(set, &count);

	if (sb_field_set_has(set))
		fn(user, fc_buf_str(path));
	for (size_t i = 0; i < count; i++) {
		sb_field_set_word(elements[i], path);
		each(json_object_get(set, elements[i]), path, fn, user);
		path->len = len;
		path->data[len] = '\0';
	}
}

void sb_field_set_each(const json_t *set, void (*fn)(void *user, const char *path), void *user)
{
	FC_AUTO_BUF struct fc_buf path = FC_BUF_INIT;

	fc_buf_puts(&path, "");
	each(set, &path, fn, user);
}
