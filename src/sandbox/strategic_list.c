/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/strategic_impl.h"

#include "base/mem.h"

#include <string.h>

static json_t *copy(const json_t *list)
{
	json_t *copied = json_array();

	json_array_extend(copied, (json_t *)(uintptr_t)list);
	return copied;
}

/* What an element is known by: the value of its key, or with no key itself; NULL: it has none. */
static const json_t *identity(const json_t *element, const char *key)
{
	return *key ? json_object_get(element, key) : element;
}

/* The first element that is known by `value`; -1: none. */
static long find(const json_t *list, const json_t *value, const char *key)
{
	for (size_t i = 0; value && i < json_array_size(list); i++) {
		const json_t *other = identity(json_array_get(list, i), key);

		if (other && json_equal(other, value))
			return (long)i;
	}
	return -1;
}

/* --- all elements are of one type --- */

static int refuse_mixture(const json_t *list, const json_t *patch, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	fc_buf_putc(&text, '[');
	if (json_array_size(list))
		sb_strategic_print(&text, list);
	else
		fc_buf_puts(&text, "[]");
	fc_buf_putc(&text, ' ');
	if (json_array_size(patch))
		sb_strategic_print(&text, patch);
	else
		fc_buf_puts(&text, "[]");
	fc_buf_putc(&text, ']');
	return sb_strategic_refuse(err, 500, "list element types are not identical: %s", fc_buf_str(&text));
}

static int go_type(const json_t *value)
{
	return json_is_boolean(value) ? JSON_TRUE : (int)json_typeof(value);
}

/* The type that all have, or -1 with an error. */
static int element_type(const json_t *list, const json_t *patch, struct fc_error *err)
{
	const json_t *lists[] = { list, patch };
	int type = -1;
	size_t i;
	json_t *element;

	for (size_t n = 0; n < FC_ARRAY_LEN(lists); n++) {
		json_array_foreach(lists[n], i, element) {
			if (type < 0)
				type = go_type(element);
			if (type == JSON_ARRAY)
				return sb_strategic_refuse(err, 422, "lists of lists are not supported");
			if (type != go_type(element))
				return refuse_mixture(list, patch, err);
		}
	}
	if (type < 0)
		return sb_strategic_refuse(err, 500, "no elements in any of the given slices");
	return type;
}

/* --- order --- */

/* What stands further in front in `order` comes first; what is not in it moves to the front, as the server has it. */
static bool goes_before(const json_t *a, const json_t *b, const json_t *order, const char *key)
{
	long at_a = find(order, identity(a, key), key), at_b = find(order, identity(b, key), key);

	return at_a < 0 || at_b < 0 || at_a < at_b;
}

/* By insertion: the comparison is no order where elements are unknown, and the result depends on how it is done. */
static void sort_by(json_t *list, const json_t *order, const char *key)
{
	for (size_t i = 1; i < json_array_size(list); i++) {
		for (size_t j = i; j > 0; j--) {
			json_t *later = json_array_get(list, j), *earlier = json_array_get(list, j - 1);

			if (!goes_before(later, earlier, order, key))
				break;
			json_incref(later);
			json_array_set(list, j, earlier);
			json_array_set_new(list, j - 1, later);
		}
	}
}

static int check_keys(const json_t *list, const char *key, struct fc_error *err)
{
	size_t i;
	json_t *element;

	if (!*key)
		return 0;
	json_array_foreach(list, i, element) {
		if (json_is_object(element) && !json_object_get(element, key))
			return sb_strategic_no_key(err, element, key);
	}
	return 0;
}

/* Elements that are to be deleted stand behind the others. */
static void move_deleted(json_t *list)
{
	size_t size = json_array_size(list), at = 0;

	for (size_t n = 0; n < size; n++) {
		json_t *element = json_array_get(list, at);
		const char *word = json_string_value(json_object_get(element, "$patch"));

		if (word && strcmp(word, "delete") == 0) {
			json_array_append(list, element);
			json_array_remove(list, at);
		} else {
			at++;
		}
	}
}

/* Two lists into one: of two elements that the server's order knows the first goes first, else the patch's. */
static json_t *interleave(const json_t *server, const json_t *patched, const json_t *order, const char *key)
{
	json_t *all = json_array();
	size_t i = 0, j = 0;

	while (i < json_array_size(server) || j < json_array_size(patched)) {
		json_t *left = json_array_get(server, i), *right = json_array_get(patched, j);
		long at_left = left ? find(order, identity(left, key), key) : -1;
		long at_right = right ? find(order, identity(right, key), key) : -1;

		if (!right || (left && at_left >= 0 && at_right >= 0 && at_left < at_right)) {
			json_array_append(all, left);
			i++;
		} else {
			json_array_append(all, right);
			j++;
		}
	}
	return all;
}

/* `merged`, parted in what `by` has and what the server alone has, each in its order. */
static json_t *put_in_order(const json_t *merged, const json_t *by, const json_t *server_order, const char *key,
			    struct fc_error *err)
{
	json_auto_t *patched = json_array();
	json_auto_t *server = json_array();
	size_t i;
	json_t *element;

	if (check_keys(merged, key, err) < 0 || check_keys(by, key, err) < 0 || check_keys(server_order, key, err) < 0)
		return NULL;
	json_array_foreach(merged, i, element)
		json_array_append(find(by, identity(element, key), key) >= 0 ? patched : server, element);
	sort_by(patched, by, key);
	sort_by(server, server_order, key);
	move_deleted(patched);
	move_deleted(server);
	return interleave(server, patched, server_order, key);
}

/* --- merging --- */

static json_t *without(const json_t *list, const json_t *taken, const char *key)
{
	json_t *rest = json_array();
	size_t i;
	json_t *element;

	json_array_foreach(list, i, element) {
		const json_t *known_by = identity(element, key);

		if (!known_by || find(taken, known_by, "") < 0)
			json_array_append(rest, element);
	}
	return rest;
}

static json_t *merge_scalars(const json_t *list, const json_t *patch)
{
	const json_t *lists[] = { list, patch };
	json_t *merged = json_array(), *element;
	size_t i;

	for (size_t n = 0; n < FC_ARRAY_LEN(lists); n++) {
		json_array_foreach(lists[n], i, element) {
			if (find(merged, element, "") < 0)
				json_array_append(merged, element);
		}
	}
	return merged;
}

static int refuse_directive(const json_t *directive, const json_t *element, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf word = FC_BUF_INIT, text = FC_BUF_INIT;

	sb_strategic_print(&word, directive);
	sb_strategic_print(&text, element);
	if (strcmp(fc_buf_str(&word), "merge") == 0)
		return sb_strategic_refuse(err, 500, "merging lists cannot yet be specified in the patch");
	return sb_strategic_refuse(err, 500, "unknown patch type: %s in map: %s", fc_buf_str(&word), fc_buf_str(&text));
}

/* What the directives among a patch's elements ask for. */
struct specials {
	json_t *plain;	 /* the elements without one */
	json_t *deleted; /* keys of those that go */
	bool replaces;
};

static int sort_out(const char *key, const json_t *patch, struct specials *s, struct fc_error *err)
{
	size_t i;
	json_t *element;

	json_array_foreach(patch, i, element) {
		json_t *directive = json_object_get(element, "$patch");
		const char *word = json_string_value(directive);

		if (!directive)
			json_array_append(s->plain, element);
		else if (word && strcmp(word, "replace") == 0)
			s->replaces = true;
		else if (!word || strcmp(word, "delete") != 0)
			return refuse_directive(directive, element, err);
		else if (!json_object_get(element, key))
			return sb_strategic_no_key(err, element, key);
		else
			json_array_append(s->deleted, json_object_get(element, key));
	}
	return 0;
}

/* Each element of the patch into the one with its key, or behind all. */
static int merge_elements(const struct sb_list_rule *rule, json_t *list, const json_t *patch, struct fc_error *err)
{
	size_t i;
	json_t *element;

	json_array_foreach(patch, i, element) {
		const json_t *known_by = json_object_get(element, rule->key);
		long at = find(list, known_by, rule->key);

		if (!known_by)
			return sb_strategic_no_key(err, element, rule->key);
		if (at < 0) {
			json_array_append(list, element);
			continue;
		}
		json_t *merged = sb_strategic_merge_map(rule->items, json_array_get(list, (size_t)at), element, err);
		if (!merged)
			return -1;
		json_array_set_new(list, (size_t)at, merged);
	}
	return 0;
}

static json_t *merge_objects(const struct sb_list_rule *rule, const json_t *list, const json_t *patch,
			     struct fc_error *err)
{
	json_auto_t *plain = json_array();
	json_auto_t *deleted = json_array();
	struct specials s = { .plain = plain, .deleted = deleted };

	if (!*rule->key) {
		sb_strategic_refuse(err, 500, "cannot merge lists without merge key for %s",
				    rule->items->type == SB_OBJECT ? "struct" : "string");
		return NULL;
	}
	if (sort_out(rule->key, patch, &s, err) < 0)
		return NULL;
	json_auto_t *kept = s.replaces ? json_incref(plain) : without(list, deleted, rule->key);
	json_auto_t *brought = s.replaces ? json_array() : json_incref(plain);
	json_auto_t *merged = copy(kept);
	if (merge_elements(rule, merged, brought, err) < 0)
		return NULL;
	return put_in_order(merged, brought, kept, rule->key, err);
}

json_t *sb_strategic_merge_list(const struct sb_list_rule *rule, const json_t *list, const json_t *patch,
				bool is_deletion, struct fc_error *err)
{
	if (!json_array_size(list) && !json_array_size(patch))
		return copy(list);
	int type = element_type(list, patch, err);
	if (type < 0)
		return NULL;
	if (type == JSON_OBJECT)
		return merge_objects(rule, list, patch, err);
	if (is_deletion)
		return without(list, patch, "");
	json_auto_t *merged = merge_scalars(list, patch);
	return put_in_order(merged, patch, list, "", err);
}

/* --- $setElementOrder --- */

/* The patch's elements stand in the directive's order. */
static int check_order(const json_t *patch, const json_t *order, const char *key, struct fc_error *err)
{
	size_t at = 0, i;
	json_t *element;

	json_array_foreach(patch, i, element) {
		const char *word = json_string_value(json_object_get(element, "$patch"));
		const json_t *known_by = identity(element, key);

		if (*key && word && (strcmp(word, "delete") == 0 || strcmp(word, "replace") == 0))
			continue;
		if (!known_by)
			return sb_strategic_no_key(err, element, key);
		for (; at < json_array_size(order); at++) {
			const json_t *other = identity(json_array_get(order, at), key);

			if (!other)
				return sb_strategic_no_key(err, json_array_get(order, at), key);
			if (json_equal(other, known_by))
				break;
		}
		if (at++ < json_array_size(order))
			continue;
		FC_AUTO_BUF struct fc_buf given = FC_BUF_INIT, wanted = FC_BUF_INIT;
		sb_strategic_print(&given, patch);
		sb_strategic_print(&wanted, order);
		return sb_strategic_refuse(err, 500,
					   "The order in patch list:\n%s\n doesn't match $setElementOrder list:\n%s\n",
					   fc_buf_str(&given), fc_buf_str(&wanted));
	}
	return 0;
}

json_t *sb_strategic_order(const struct sb_list_rule *rule, const json_t *list, const json_t *patch,
			   const json_t *order, struct fc_error *err)
{
	json_t *merged;

	if (check_order(patch, order, rule->key, err) < 0)
		return NULL;
	if (list && patch)
		merged = rule->merges ? sb_strategic_merge_list(rule, list, patch, false, err) : copy(patch);
	else
		merged = copy(list ? list : patch);
	json_auto_t *all = merged;
	int type = all ? element_type(list, patch, err) : -1;
	if (type < 0)
		return NULL;
	if (type == JSON_OBJECT && !*rule->key) {
		/* The real server loses the connection over it. */
		sb_strategic_refuse(err, 500, "cannot order lists without merge key");
		return NULL;
	}
	return put_in_order(all, order, list, rule->key, err);
}
