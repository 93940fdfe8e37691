/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/field_validation.h"

#include "base/mem.h"
#include "sandbox/schema.h"
#include "sandbox/validate_field.h"

#include <stdint.h>
#include <string.h>

/* "spec.containers[0].foo" of a place and a member; the caller frees. */
static char *below(const char *place, const char *member)
{
	return fc_xasprintf("%s%s%s", place, *place ? "." : "", member);
}

static void add_unknown(const char *place, json_t *found)
{
	json_array_append_new(found, json_sprintf("unknown field \"%s\"", place));
}

/* --- built-in types: by their schema --- */

static void walk(const struct sb_schema *s, const json_t *value, const char *place, json_t *found);

static void walk_object(const struct sb_schema *s, const json_t *object, const char *place, json_t *found)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		FC_AUTO_FREE char *here = below(place, name);
		const struct sb_schema *member = s->values ?: sb_schema_member(s, name);

		if (member)
			walk(member, value, here, found);
		else
			add_unknown(here, found);
	}
}

static void walk(const struct sb_schema *s, const json_t *value, const char *place, json_t *found)
{
	const json_t *item;
	size_t i;

	if (s->type == SB_OBJECT && !s->preserve_unknown && (s->member_count || s->values))
		walk_object(s, value, place, found);
	if (s->type != SB_ARRAY)
		return;
	json_array_foreach(value, i, item) {
		FC_AUTO_FREE char *here = fc_xasprintf("%s[%zu]", place, i);

		walk(s->items, item, here, found);
	}
}

/* --- custom ones: what pruning takes away --- */

static void compare(const json_t *before, const json_t *after, const char *place, json_t *found)
{
	const char *name;
	json_t *value;
	const json_t *item;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)before, name, value) {
		FC_AUTO_FREE char *here = below(place, name);
		const json_t *kept = json_object_get(after, name);

		if (kept)
			compare(value, kept, here, found);
		else
			add_unknown(here, found);
	}
	json_array_foreach(before, i, item) {
		FC_AUTO_FREE char *here = fc_xasprintf("%s[%zu]", place, i);

		compare(item, json_array_get(after, i), here, found);
	}
}

static void look_at_custom(const struct sb_call *call, const json_t *object, json_t *found)
{
	json_t *pruned = json_deep_copy(object);

	sb_schema_prune(call->type->schema, pruned);
	compare(object, pruned, "", found);
	json_decref(pruned);
	walk(sb_schemas_object_meta(call->cluster->schemas), json_object_get(object, "metadata"), "metadata", found);
}

static json_t *unknown_fields(const struct sb_call *call, const json_t *object)
{
	json_t *found = json_array();

	if (call->type->custom)
		look_at_custom(call, object, found);
	else
		walk(call->type->schema, object, "", found);
	return found;
}

void sb_warn(struct sb_call *call, const char *words)
{
	struct fc_buf out = FC_BUF_INIT;

	fc_buf_puts(&out, "299 - ");
	sb_go_quote(&out, words);
	sb_response_header(call->response, "warning", fc_buf_str(&out));
	fc_buf_fini(&out);
}

static char *joined(const json_t *found)
{
	struct fc_buf out = FC_BUF_INIT;
	const json_t *one;
	size_t i;

	fc_buf_puts(&out, "strict decoding error: ");
	json_array_foreach(found, i, one)
		fc_buf_printf(&out, "%s%s", i ? ", " : "", json_string_value(one));
	return fc_buf_steal(&out);
}

char *sb_field_validation(struct sb_call *call, const json_t *object)
{
	const char *wanted = sb_call_param(call, "fieldValidation");
	bool strict = strcmp(wanted, "Strict") == 0;
	json_t *found, *one;
	char *why = NULL;
	size_t i;

	if (!strict && strcmp(wanted, "Warn") != 0)
		return NULL;
	found = unknown_fields(call, object);
	json_array_foreach(found, i, one)
		if (!strict)
			sb_warn(call, json_string_value(one));
	if (strict && json_array_size(found) > 0)
		why = joined(found);
	json_decref(found);
	return why;
}
