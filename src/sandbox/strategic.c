/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/strategic.h"

#include "base/mem.h"
#include "sandbox/schema_impl.h"
#include "sandbox/strategic_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DELETE_FROM "$deleteFromPrimitiveList"
#define SET_ORDER "$setElementOrder"
#define RETAIN_KEYS "$retainKeys"

int sb_strategic_refuse(struct fc_error *err, int status, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	int len = vasprintf(&text, fmt, args);
	va_end(args);
	fc_error_set(err, len < 0 ? FC_ERR_MEMORY : FC_ERR_INVALID, "%s", len < 0 ? "out of memory" : text);
	if (len >= 0)
		free(text);
	if (err)
		err->http_status = status;
	return -1;
}

static void print_object(struct fc_buf *out, const json_t *object)
{
	FC_AUTO_FREE const char **names = sb_schema_sorted_names(object);

	fc_buf_puts(out, "map[");
	for (size_t i = 0; names[i]; i++) {
		fc_buf_printf(out, "%s%s:", i ? " " : "", names[i]);
		sb_strategic_print(out, json_object_get(object, names[i]));
	}
	fc_buf_putc(out, ']');
}

void sb_strategic_print(struct fc_buf *out, const json_t *value)
{
	size_t i;
	json_t *element;

	if (json_is_object(value)) {
		print_object(out, value);
	} else if (json_is_array(value)) {
		fc_buf_putc(out, '[');
		json_array_foreach(value, i, element) {
			fc_buf_puts(out, i ? " " : "");
			sb_strategic_print(out, element);
		}
		fc_buf_putc(out, ']');
	} else if (json_is_string(value)) {
		fc_buf_puts(out, json_string_value(value));
	} else if (!value || json_is_null(value)) {
		fc_buf_puts(out, "<nil>");
	} else {
		sb_schema_quote(out, value);
	}
}

int sb_strategic_no_key(struct fc_error *err, const json_t *element, const char *key)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	sb_strategic_print(&text, element);
	return sb_strategic_refuse(err, 500, "map: %s does not contain declared merge key: %s", fc_buf_str(&text), key);
}

/* --- what the schema says of a member --- */

/* A member of a struct; NULL: there is no such, or it is no struct. */
static const struct sb_schema *look_up(const struct sb_schema *schema, const char *name, struct fc_error *err)
{
	const struct sb_schema *member = sb_schema_member(schema, name);
	const char *type = schema->go_type ? strrchr(schema->go_type, '.') : NULL;

	if (member)
		return member;
	if (schema->type != SB_OBJECT || schema->values)
		sb_strategic_refuse(err, 500, "merging an object in json but data type is not struct, instead is: %s",
				    schema->type == SB_OBJECT ? "map" : "slice");
	else
		sb_strategic_refuse(err, 500, "unable to find api field in struct %s for the json field \"%s\"",
				    type ? type + 1 : "", name);
	return NULL;
}

static int look_up_list(const struct sb_schema *schema, const char *name, struct sb_list_rule *rule,
			struct fc_error *err)
{
	const struct sb_schema *list = look_up(schema, name, err);

	if (!list)
		return -1;
	if (list->type != SB_ARRAY)
		return sb_strategic_refuse(err, 500, "expected slice or array type, but got: %s",
					   list->type == SB_OBJECT && list->values ? "map" : "struct");
	*rule = (struct sb_list_rule){
		.items = list->items,
		.key = list->patch_merge_key ? list->patch_merge_key : "",
		.merges = list->patch_merge,
	};
	return 0;
}

/* --- directives --- */

static bool is_for(const char *name, const char *directive)
{
	return strncmp(name, directive, strlen(directive)) == 0;
}

/* "list" of "$setElementOrder/list"; NULL: it names none. */
static const char *list_of(const char *name, const char *directive, const char *what, struct fc_error *err)
{
	size_t len = strlen(directive);

	if (name[len] == '/')
		return name + len + 1;
	sb_strategic_refuse(err, 400, "invalid patch format of %s list", what);
	return NULL;
}

/* `$patch` in an object: the whole result. */
static json_t *direct(const json_t *directive, json_t *patch, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT, word = FC_BUF_INIT;
	const char *name = json_string_value(directive);

	if (name && strcmp(name, "replace") == 0) {
		json_object_del(patch, "$patch");
		return json_incref(patch);
	}
	if (name && strcmp(name, "delete") == 0)
		return json_object();
	sb_strategic_print(&text, patch);
	sb_strategic_print(&word, directive);
	if (json_is_integer(directive))
		sb_strategic_refuse(err, 500, "unknown patch type: %%!s(int64=%s) in map: %s", fc_buf_str(&word),
				    fc_buf_str(&text));
	else
		sb_strategic_refuse(err, 500, "unknown patch type: %s in map: %s", fc_buf_str(&word),
				    fc_buf_str(&text));
	return NULL;
}

static bool holds(const json_t *list, const char *text)
{
	size_t i;
	json_t *element;

	json_array_foreach(list, i, element) {
		if (json_is_string(element) && strcmp(json_string_value(element), text) == 0)
			return true;
	}
	return false;
}

/* Whatever is not named goes; the patch may bring nothing else. */
static int retain_keys(json_t *object, json_t *patch, struct fc_error *err)
{
	json_auto_t *keys = json_incref(json_object_get(patch, RETAIN_KEYS));
	const char *name;
	json_t *value;
	void *tmp;

	if (!keys)
		return 0;
	json_object_del(patch, RETAIN_KEYS);
	if (!json_is_array(keys))
		return sb_strategic_refuse(err, 400, "invalid patch format of retainKeys");
	json_object_foreach(patch, name, value) {
		if (!json_is_null(value) && !is_for(name, DELETE_FROM) && !is_for(name, SET_ORDER) &&
		    !holds(keys, name))
			return sb_strategic_refuse(err, 400, "invalid patch format of retainKeys");
	}
	json_object_foreach_safe(object, tmp, name, value) {
		if (!holds(keys, name))
			json_object_del(object, name);
	}
	return 0;
}

static const char *go_kind(const json_t *value)
{
	if (json_is_object(value))
		return "map[string]interface {}";
	if (json_is_array(value))
		return "[]interface {}";
	if (json_is_string(value))
		return "string";
	if (json_is_boolean(value))
		return "bool";
	return json_is_integer(value) ? "int64" : json_is_real(value) ? "float64" : "nil";
}

static int refuse_argument(const json_t *value, struct fc_error *err)
{
	return sb_strategic_refuse(err, 500, "expected a []interface {}, but received a %s", go_kind(value));
}

static int order_list(const struct sb_schema *schema, json_t *object, json_t *patch, const char *directive,
		      const json_t *order, struct fc_error *err)
{
	const char *name = list_of(directive, SET_ORDER, "setElementOrder", err);
	const json_t *list = name ? json_object_get(object, name) : NULL;
	const json_t *change = name ? json_object_get(patch, name) : NULL;
	struct sb_list_rule rule;

	if (!json_is_array(order))
		return refuse_argument(order, err);
	if (!name)
		return -1;
	if (list && !json_is_array(list))
		return refuse_argument(list, err);
	if (change && !json_is_array(change))
		return refuse_argument(change, err);
	if (look_up_list(schema, name, &rule, err) < 0)
		return -1;
	if (!list && !change)
		return 0;
	json_t *ordered = sb_strategic_order(&rule, list, change, order, err);
	if (!ordered)
		return -1;
	json_object_set_new(object, name, ordered);
	json_object_del(patch, name);
	return 0;
}

/* The first of them by name; NULL: there is none. The caller's. */
static char *next_order(const json_t *patch)
{
	FC_AUTO_FREE const char **names = sb_schema_sorted_names(patch);
	size_t i = 0;

	while (names[i] && !is_for(names[i], SET_ORDER))
		i++;
	return fc_xstrdup_null(names[i]);
}

/* Each is taken out of the patch, with the list that it is about. */
static int order_lists(const struct sb_schema *schema, json_t *object, json_t *patch, struct fc_error *err)
{
	int result = 0;
	char *name;

	while (result == 0 && (name = next_order(patch))) {
		json_auto_t *order = json_incref(json_object_get(patch, name));

		json_object_del(patch, name);
		result = order_list(schema, object, patch, name, order, err);
		free(name);
	}
	return result;
}

/* --- members --- */

static int merge_object_member(const struct sb_schema *schema, json_t *object, const char *name, json_t *patch,
			       struct fc_error *err)
{
	const struct sb_schema *member = look_up(schema, name, err);
	json_t *merged = member ? sb_strategic_merge_map(member, json_object_get(object, name), patch, err) : NULL;

	if (merged)
		json_object_set_new(object, name, merged);
	return merged ? 0 : -1;
}

static int merge_list_member(const struct sb_schema *schema, json_t *object, const char *name, json_t *patch,
			     bool is_deletion, struct fc_error *err)
{
	struct sb_list_rule rule;

	if (look_up_list(schema, name, &rule, err) < 0)
		return -1;
	if (!rule.merges) {
		json_object_set(object, name, patch);
		return 0;
	}
	json_t *merged = sb_strategic_merge_list(&rule, json_object_get(object, name), patch, is_deletion, err);
	if (merged)
		json_object_set_new(object, name, merged);
	return merged ? 0 : -1;
}

/* Of two numbers or two booleans, too. */
static bool is_same_type(const json_t *a, const json_t *b)
{
	return json_typeof(a) == json_typeof(b);
}

static int merge_member(const struct sb_schema *schema, json_t *object, const char *name, json_t *patch,
			struct fc_error *err)
{
	bool is_deletion = is_for(name, DELETE_FROM);

	if (is_deletion)
		name = list_of(name, DELETE_FROM, "primitive", err);
	if (!name)
		return -1;
	json_t *now = json_object_get(object, name);
	if (json_is_null(patch)) {
		json_object_del(object, name);
	} else if (now && is_same_type(now, patch) && json_is_object(now)) {
		return merge_object_member(schema, object, name, patch, err);
	} else if (now && is_same_type(now, patch) && json_is_array(now)) {
		return merge_list_member(schema, object, name, patch, is_deletion, err);
	} else if (now || !is_deletion) {
		json_object_set(object, name, patch);
	}
	return 0;
}

json_t *sb_strategic_merge_map(const struct sb_schema *schema, json_t *object, json_t *patch, struct fc_error *err)
{
	const json_t *directive = json_object_get(patch, "$patch");
	const char *name;
	json_t *value;

	if (directive)
		return direct(directive, patch, err);
	if (retain_keys(object, patch, err) < 0 || order_lists(schema, object, patch, err) < 0)
		return NULL;
	json_object_foreach(patch, name, value) {
		if (merge_member(schema, object, name, value, err) < 0)
			return NULL;
	}
	return json_incref(object);
}

/* The document itself becomes what is in `other`. */
static void become(json_t *document, const json_t *other)
{
	if (document == other)
		return;
	json_object_clear(document);
	json_object_update(document, (json_t *)(uintptr_t)other);
}

int sb_strategic_apply(const struct sb_schema *schema, json_t *document, const json_t *patch, struct fc_error *err)
{
	/* Directives are taken out of it on the way. */
	json_auto_t *own = json_deep_copy(patch);
	struct fc_error why = FC_ERROR_INIT;

	if (!own)
		return fc_error_set(err, FC_ERR_MEMORY, "out of memory for a patch");
	json_auto_t *merged = sb_strategic_merge_map(schema, document, own, err);
	if (!merged)
		return -1;
	become(document, merged);
	if (sb_strategic_convert(schema, document, &why) == 0)
		return 0;
	return sb_strategic_refuse(err, 422, "%s", why.text);
}
