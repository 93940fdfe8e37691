/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/field_walk.h"

#include "base/mem.h"
#include "sandbox/field_set.h"

#include <stdio.h>
#include <string.h>

/* How a value is walked: by its schema, or by what it is where the schema says anything. */
enum shape { LEAF, MAP, LIST_BY_KEY, LIST_OF_VALUES };

static bool merges_by_key(const struct sb_schema *s)
{
	return s->list_type == SB_LIST_MAP || (!s->has_list_type && s->patch_merge && s->patch_merge_key);
}

static enum shape shape_of(const struct sb_schema *s, const json_t *value)
{
	if (!s || s->type == SB_ANY)
		return json_is_object(value) ? MAP : LEAF;
	if (s->type == SB_OBJECT)
		return s->atomic_map ? LEAF : MAP;
	if (s->type != SB_ARRAY)
		return LEAF;
	if (merges_by_key(s))
		return LIST_BY_KEY;
	return s->list_type == SB_LIST_SET || (!s->has_list_type && s->patch_merge) ? LIST_OF_VALUES : LEAF;
}

bool sb_field_walk_is_named(const struct sb_schema *schema, const char *member)
{
	return schema && sb_schema_member(schema, member);
}

const struct sb_schema *sb_field_walk_below(const struct sb_schema *schema, const char *element)
{
	const struct sb_schema *member;

	if (!schema)
		return NULL;
	if (element[0] != 'f')
		return schema->items;
	member = sb_schema_member(schema, element + 2);
	return member ?: schema->values;
}

/* --- path elements of list items --- */

/* Of a key that an item leaves out: what the type has there by default. A member that Go always writes has its zero. */
static json_t *key_default(const struct sb_schema *items, const char *key)
{
	const struct sb_member *member = items ? sb_schema_find_member(items, key) : NULL;

	if (!member)
		return NULL;
	if (member->schema->source)
		return json_incref(json_object_get(member->schema->source, "default"));
	if (strcmp(key, "protocol") == 0 && sb_schema_member(items, "containerPort"))
		return json_string("TCP");
	if (member->flags & (SB_POINTER | SB_OMIT_EMPTY))
		return NULL;
	return member->schema->type == SB_INTEGER ? json_integer(0) : json_string("");
}

static json_t *key_value(const struct sb_schema *items, const json_t *item, const char *key)
{
	json_t *value = json_object_get(item, key);

	return value ? json_incref(value) : key_default(items, key);
}

/* `k:{...}`, keys in order; the caller frees. NULL: the item lacks one, in *missing. */
static char *key_element(const struct sb_schema *s, const json_t *item, const char **missing)
{
	const char *const one[] = { s->patch_merge_key, NULL };
	const char *const *keys = s->list_type == SB_LIST_MAP && s->list_keys ? s->list_keys : one;
	json_auto_t *named = json_object();
	FC_AUTO_FREE char *text = NULL;

	for (; *keys; keys++) {
		json_t *value = key_value(s->items, item, *keys);

		if (!value) {
			*missing = *keys;
			return NULL;
		}
		json_object_set_new(named, *keys, value);
	}
	text = json_dumps(named, JSON_COMPACT | JSON_SORT_KEYS);
	return text ? fc_xasprintf("k:%s", text) : NULL;
}

static char *value_element(const json_t *item)
{
	FC_AUTO_FREE char *text = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

	return fc_xasprintf("v:%s", text ?: "null");
}

static char *item_element(const struct sb_schema *s, enum shape shape, const json_t *item)
{
	const char *missing;

	return shape == LIST_BY_KEY ? key_element(s, item, &missing) : value_element(item);
}

/* The item of `list` with that element; borrowed; NULL: none. */
static json_t *find_item(const struct sb_schema *s, enum shape shape, const json_t *list, const char *element)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item) {
		FC_AUTO_FREE char *own = item_element(s, shape, item);

		if (own && strcmp(own, element) == 0)
			return item;
	}
	return NULL;
}

/* "f:name"; the caller frees. */
static char *field_element(const char *name)
{
	return fc_xasprintf("f:%s", name);
}

static bool is_empty(const json_t *value)
{
	return !value || json_is_null(value) || (json_is_object(value) && json_object_size(value) == 0) ||
	       (json_is_array(value) && json_array_size(value) == 0);
}

/* --- the places of a value --- */

static void walk_set(const struct sb_schema *s, const json_t *value, json_t *node);

static void walk_set_map(const struct sb_schema *s, const json_t *value, json_t *node)
{
	const char *name;
	json_t *below;

	json_object_foreach((json_t *)(uintptr_t)value, name, below) {
		FC_AUTO_FREE char *element = field_element(name);
		json_t *child = sb_field_set_child(node, element);

		walk_set(sb_field_walk_below(s, element), below, child);
		if (json_is_null(below) || (json_is_object(below) && is_empty(below)) ||
		    !sb_field_walk_is_named(s, name))
			sb_field_set_mark(child);
		sb_field_set_tidy(node, element);
	}
}

static void walk_set(const struct sb_schema *s, const json_t *value, json_t *node)
{
	enum shape shape = shape_of(s, value);
	size_t i;
	json_t *item;

	if (shape == MAP) {
		walk_set_map(s, value, node);
		return;
	}
	if (shape == LEAF) {
		sb_field_set_mark(node);
		return;
	}
	json_array_foreach(value, i, item) {
		FC_AUTO_FREE char *element = item_element(s, shape, item);
		json_t *child = element ? sb_field_set_child(node, element) : NULL;

		if (!child)
			continue;
		walk_set(s->items, item, child);
		sb_field_set_mark(child);
	}
}

json_t *sb_field_walk_set(const struct sb_schema *schema, const json_t *value)
{
	json_t *set = json_object();

	walk_set(schema, value, set);
	return set;
}

/* --- where two differ --- */

static void walk_compare(const struct sb_schema *s, const json_t *old, const json_t *now, struct sb_comparison c);

static void compare_child(const struct sb_schema *s, const char *element, const json_t *old, const json_t *now,
			  struct sb_comparison c)
{
	struct sb_comparison below = { sb_field_set_child(c.added, element), sb_field_set_child(c.modified, element),
				       sb_field_set_child(c.removed, element) };

	walk_compare(sb_field_walk_below(s, element), old, now, below);
	sb_field_set_tidy(c.added, element);
	sb_field_set_tidy(c.modified, element);
	sb_field_set_tidy(c.removed, element);
}

static void compare_maps(const struct sb_schema *s, const json_t *old, const json_t *now, struct sb_comparison c)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)old, name, value) {
		FC_AUTO_FREE char *element = field_element(name);

		compare_child(s, element, value, json_object_get(now, name), c);
	}
	json_object_foreach((json_t *)(uintptr_t)now, name, value) {
		FC_AUTO_FREE char *element = field_element(name);

		if (!json_object_get(old, name))
			compare_child(s, element, NULL, value, c);
	}
}

static void compare_lists(const struct sb_schema *s, enum shape shape, const json_t *old, const json_t *now,
			  struct sb_comparison c)
{
	size_t i;
	json_t *item;

	json_array_foreach(old, i, item) {
		FC_AUTO_FREE char *element = item_element(s, shape, item);

		if (element)
			compare_child(s, element, item, find_item(s, shape, now, element), c);
	}
	json_array_foreach(now, i, item) {
		FC_AUTO_FREE char *element = item_element(s, shape, item);

		if (element && !find_item(s, shape, old, element))
			compare_child(s, element, NULL, item, c);
	}
}

static void walk_compare(const struct sb_schema *s, const json_t *old, const json_t *now, struct sb_comparison c)
{
	enum shape shape = shape_of(s, now ?: old);

	/* What changes between a map and something else, where anything may stand, changes as a whole, and with it goes
	 * or comes what is in the map. */
	if (old && now && shape_of(s, old) != shape) {
		compare_maps(s, json_is_object(old) ? old : NULL, json_is_object(now) ? now : NULL, c);
		shape = LEAF;
	}
	/* Empty against empty is a leaf, so that null and {} are told apart. */
	if (is_empty(old) && is_empty(now))
		shape = LEAF;
	if (!old)
		sb_field_set_mark(c.added);
	else if (!now)
		sb_field_set_mark(c.removed);
	else if (shape == LEAF && !json_equal(old, now))
		sb_field_set_mark(c.modified);
	if (shape == MAP)
		compare_maps(s, old, now, c);
	else if (shape != LEAF)
		compare_lists(s, shape, old, now, c);
}

struct sb_comparison sb_field_walk_compare(const struct sb_schema *schema, const json_t *old, const json_t *now)
{
	struct sb_comparison c = { json_object(), json_object(), json_object() };

	walk_compare(schema, old, now, c);
	return c;
}

bool sb_comparison_is_same(const struct sb_comparison *c)
{
	return sb_field_set_empty(c->added) && sb_field_set_empty(c->modified) && sb_field_set_empty(c->removed);
}

void sb_comparison_fini(struct sb_comparison *c)
{
	json_decref(c->added);
	json_decref(c->modified);
	json_decref(c->removed);
}

/* --- both together --- */

static json_t *merge_maps(const struct sb_schema *s, const json_t *old, const json_t *applied)
{
	json_t *out = json_object(), *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)old, name, value) {
		FC_AUTO_FREE char *element = field_element(name);

		json_object_set_new(
			out, name,
			sb_field_walk_merge(sb_field_walk_below(s, element), value, json_object_get(applied, name)));
	}
	json_object_foreach((json_t *)(uintptr_t)applied, name, value)
		if (!json_object_get(old, name))
			json_object_set_new(out, name, json_deep_copy(value));
	return out;
}

/* The old ones in their order, then what is new in its own. */
static json_t *merge_lists(const struct sb_schema *s, enum shape shape, const json_t *old, const json_t *applied)
{
	json_t *out = json_array(), *item;
	size_t i;

	json_array_foreach(old, i, item) {
		FC_AUTO_FREE char *element = item_element(s, shape, item);

		json_array_append_new(out, sb_field_walk_merge(s->items, item,
							       element ? find_item(s, shape, applied, element) : NULL));
	}
	json_array_foreach(applied, i, item) {
		FC_AUTO_FREE char *element = item_element(s, shape, item);

		if (!element || !find_item(s, shape, old, element))
			json_array_append_new(out, json_deep_copy(item));
	}
	return out;
}

json_t *sb_field_walk_merge(const struct sb_schema *schema, const json_t *old, const json_t *applied)
{
	enum shape shape;

	if (!applied || !old)
		return json_deep_copy(applied ?: old);
	shape = shape_of(schema, applied);
	if (shape == MAP && json_is_object(old) && json_is_object(applied))
		return merge_maps(schema, old, applied);
	if ((shape == LIST_BY_KEY || shape == LIST_OF_VALUES) && json_is_array(old) && json_is_array(applied))
		return merge_lists(schema, shape, old, applied);
	return json_deep_copy(applied);
}

/* --- one without some places --- */

/* NULL when it goes, or nothing is left of it. */
static json_t *remove_child(const struct sb_schema *s, const char *element, const json_t *value, const json_t *set)
{
	const json_t *below = json_object_get(set, element);

	if (!below)
		return json_deep_copy(value);
	if (sb_field_set_has(below))
		return NULL;
	return sb_field_walk_remove(sb_field_walk_below(s, element), value, below);
}

static json_t *remove_from_map(const struct sb_schema *s, const json_t *value, const json_t *set)
{
	json_t *out = json_object(), *below;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)value, name, below) {
		FC_AUTO_FREE char *element = field_element(name);
		json_t *left = remove_child(s, element, below, set);

		if (left)
			json_object_set_new(out, name, left);
	}
	return out;
}

static json_t *remove_from_list(const struct sb_schema *s, enum shape shape, const json_t *value, const json_t *set)
{
	json_t *out = json_array(), *item;
	size_t i;

	json_array_foreach(value, i, item) {
		FC_AUTO_FREE char *element = item_element(s, shape, item);
		json_t *left = element ? remove_child(s, element, item, set) : json_deep_copy(item);

		if (left)
			json_array_append_new(out, left);
	}
	return out;
}

json_t *sb_field_walk_remove(const struct sb_schema *schema, const json_t *value, const json_t *set)
{
	enum shape shape = shape_of(schema, value);
	json_t *out;

	if (sb_field_set_empty(set) || shape == LEAF)
		return json_deep_copy(value);
	out = shape == MAP ? remove_from_map(schema, value, set) : remove_from_list(schema, shape, value, set);
	if (is_empty(out)) {
		json_decref(out);
		return NULL;
	}
	return out;
}

/* --- may it be applied --- */

static int check(const struct sb_schema *s, const json_t *value, struct fc_buf *path, struct fc_error *err);

static int check_at(const struct sb_schema *s, const json_t *value, struct fc_buf *path, size_t len,
		    struct fc_error *err)
{
	int result = check(s, value, path, err);

	path->len = len;
	path->data[len] = '\0';
	return result;
}

static int check_map(const struct sb_schema *s, const json_t *value, struct fc_buf *path, struct fc_error *err)
{
	bool open = !s || s->type == SB_ANY || s->values || s->preserve_unknown;
	size_t len = path->len;
	const char *name;
	json_t *below;

	json_object_foreach((json_t *)(uintptr_t)value, name, below) {
		FC_AUTO_FREE char *element = field_element(name);

		fc_buf_printf(path, ".%s", name);
		if (!open && !sb_field_walk_is_named(s, name))
			return fc_error_set(err, FC_ERR_INVALID, "%s: field not declared in schema", fc_buf_str(path));
		if (check_at(sb_field_walk_below(s, element), below, path, len, err) < 0)
			return -1;
	}
	return 0;
}

/* One item of a list; `seen` has the elements of those before. */
static int check_item(const struct sb_schema *s, enum shape shape, const json_t *item, size_t i, json_t *seen,
		      struct fc_buf *path, struct fc_error *err)
{
	const char *missing = "";
	FC_AUTO_FREE char *element = shape == LIST_BY_KEY ? key_element(s, item, &missing) : value_element(item);
	size_t len = path->len;
	FC_AUTO_BUF struct fc_buf word = FC_BUF_INIT;

	if (!element)
		return fc_error_set(err, FC_ERR_INVALID,
				    "%s: element %zu: associative list with keys has an element that omits key field "
				    "\"%s\" (and doesn't have default value)",
				    fc_buf_str(path), i, missing);
	sb_field_set_word(element, &word);
	if (json_object_get(seen, element))
		return fc_error_set(err, FC_ERR_INVALID, "%s: duplicate entries for key %s", fc_buf_str(path),
				    fc_buf_str(&word));
	json_object_set_new(seen, element, json_true());
	fc_buf_puts(path, fc_buf_str(&word));
	return check_at(s->items, item, path, len, err);
}

static int check_list(const struct sb_schema *s, enum shape shape, const json_t *value, struct fc_buf *path,
		      struct fc_error *err)
{
	json_auto_t *seen = json_object();
	json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
		if (check_item(s, shape, item, i, seen, path, err) < 0)
			return -1;
	return 0;
}

static int check_scalar(const struct sb_schema *s, const json_t *value, const struct fc_buf *path, struct fc_error *err)
{
	FC_AUTO_FREE char *words = NULL;

	switch (s->type) {
	case SB_STRING:
	case SB_BYTES:
	case SB_TIME:
	case SB_MICRO_TIME:
	case SB_QUANTITY:
		if (json_is_string(value))
			return 0;
		words = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		return fc_error_set(err, FC_ERR_INVALID, "%s: expected string, got &value.valueUnstructured{Value:%s}",
				    fc_buf_str(path), words ?: "");
	case SB_INTEGER:
	case SB_NUMBER:
		if (json_is_number(value))
			return 0;
		return fc_error_set(err, FC_ERR_INVALID,
				    "%s: expected numeric (int or float), got *value.valueUnstructured",
				    fc_buf_str(path));
	case SB_BOOLEAN:
		if (json_is_boolean(value))
			return 0;
		words = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		return fc_error_set(err, FC_ERR_INVALID, "%s: expected boolean, got &{%s}", fc_buf_str(path),
				    words ?: "");
	default:
		return 0;
	}
}

static int check(const struct sb_schema *s, const json_t *value, struct fc_buf *path, struct fc_error *err)
{
	enum shape shape = shape_of(s, value);

	if (json_is_null(value))
		return 0;
	if (s && s->type == SB_OBJECT && !json_is_object(value))
		return fc_error_set(err, FC_ERR_INVALID, "%s: expected map, got other type", fc_buf_str(path));
	if (s && s->type == SB_ARRAY && !json_is_array(value))
		return fc_error_set(err, FC_ERR_INVALID, "%s: expected list, got other type", fc_buf_str(path));
	if (json_is_object(value))
		return check_map(s, value, path, err);
	if (shape == LIST_BY_KEY || shape == LIST_OF_VALUES)
		return check_list(s, shape, value, path, err);
	return s ? check_scalar(s, value, path, err) : 0;
}

int sb_field_walk_check(const struct sb_schema *schema, const json_t *value, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf path = FC_BUF_INIT;

	fc_buf_puts(&path, "");
	return check(schema, value, &path, err);
}
