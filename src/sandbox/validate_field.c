/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/validate_field.h"

#include "base/mem.h"
#include "sandbox/kinds.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void print(struct fc_buf *out, const struct sb_field *field)
{
	if (!field)
		return;
	print(out, field->parent);
	if (field->name)
		fc_buf_printf(out, "%s%s", out->len ? "." : "", field->name);
	else if (field->key)
		fc_buf_printf(out, "[%s]", field->key);
	else
		fc_buf_printf(out, "[%zu]", field->index);
}

char *sb_field_print(const struct sb_field *field)
{
	struct fc_buf out = FC_BUF_INIT;

	print(&out, field);
	return fc_buf_steal(&out);
}

/* `what: value: detail`, of which all but `what` may be empty. */
static void cause(struct sb_causes *causes, const char *reason, const struct sb_field *field, const char *what,
		  const char *value, const char *detail)
{
	FC_AUTO_FREE char *where = sb_field_print(field);

	sb_cause(causes, reason, where, "%s%s%s%s%s", what, *value ? ": " : "", value, *detail ? ": " : "", detail);
}

/* A detail with arguments: printed into `out`. */
#define PRINT_DETAIL(out, fmt)                         \
	do {                                           \
		va_list args_;                         \
		va_start(args_, fmt);                  \
		if (vasprintf(&(out), fmt, args_) < 0) \
			abort();                       \
		va_end(args_);                         \
	} while (0)

void sb_invalid(struct sb_causes *causes, const struct sb_field *field, const char *value, const char *fmt, ...)
{
	FC_AUTO_FREE char *detail = NULL;
	FC_AUTO_BUF struct fc_buf quoted = FC_BUF_INIT;

	PRINT_DETAIL(detail, fmt);
	sb_go_quote(&quoted, value);
	cause(causes, "FieldValueInvalid", field, "Invalid value", fc_buf_str(&quoted), detail);
}

void sb_invalid_int(struct sb_causes *causes, const struct sb_field *field, json_int_t value, const char *fmt, ...)
{
	FC_AUTO_FREE char *detail = NULL, *digits = fc_xasprintf("%" JSON_INTEGER_FORMAT, value);

	PRINT_DETAIL(detail, fmt);
	cause(causes, "FieldValueInvalid", field, "Invalid value", digits, detail);
}

void sb_invalid_raw(struct sb_causes *causes, const struct sb_field *field, const char *value, const char *detail)
{
	cause(causes, "FieldValueInvalid", field, "Invalid value", value, detail);
}

void sb_required(struct sb_causes *causes, const struct sb_field *field, const char *detail)
{
	cause(causes, "FieldValueRequired", field, "Required value", "", detail);
}

void sb_forbidden(struct sb_causes *causes, const struct sb_field *field, const char *detail)
{
	cause(causes, "FieldValueForbidden", field, "Forbidden", "", detail);
}

static void quoted_cause(struct sb_causes *causes, const char *reason, const struct sb_field *field, const char *what,
			 const char *value, const char *detail)
{
	FC_AUTO_BUF struct fc_buf quoted = FC_BUF_INIT;

	sb_go_quote(&quoted, value);
	cause(causes, reason, field, what, fc_buf_str(&quoted), detail);
}

void sb_duplicate(struct sb_causes *causes, const struct sb_field *field, const char *value)
{
	quoted_cause(causes, "FieldValueDuplicate", field, "Duplicate value", value, "");
}

void sb_duplicate_raw(struct sb_causes *causes, const struct sb_field *field, const char *value)
{
	cause(causes, "FieldValueDuplicate", field, "Duplicate value", value, "");
}

void sb_not_found(struct sb_causes *causes, const struct sb_field *field, const char *value)
{
	quoted_cause(causes, "FieldValueNotFound", field, "Not found", value, "");
}

void sb_not_supported(struct sb_causes *causes, const struct sb_field *field, const char *value,
		      const char *const *words)
{
	FC_AUTO_BUF struct fc_buf detail = FC_BUF_INIT;

	fc_buf_puts(&detail, "supported values: ");
	for (const char *const *w = words; *w; w++)
		fc_buf_printf(&detail, "%s\"%s\"", w > words ? ", " : "", *w);
	quoted_cause(causes, "FieldValueNotSupported", field, "Unsupported value", value, fc_buf_str(&detail));
}

void sb_too_long(struct sb_causes *causes, const struct sb_field *field, unsigned max)
{
	FC_AUTO_FREE char *detail = fc_xasprintf("must have at most %u bytes", max);

	cause(causes, "FieldValueTooLong", field, "Too long", "", detail);
}

static void add_faults(struct sb_causes *causes, const struct sb_field *field, const char *value,
		       const struct sb_faults *faults)
{
	for (unsigned i = 0; i < faults->count; i++)
		sb_invalid(causes, field, value, "%s", faults->text[i]);
}

void sb_check(struct sb_causes *causes, const struct sb_field *field, const char *value, sb_faults_fn *check)
{
	sb_check_name(causes, field, value, false, check);
}

void sb_check_name(struct sb_causes *causes, const struct sb_field *field, const char *value, bool prefix,
		   sb_faults_fn *check)
{
	struct sb_faults faults = SB_FAULTS_INIT;

	if (prefix)
		sb_faults_of_prefix(check, value, &faults);
	else
		check(value, &faults);
	add_faults(causes, field, value, &faults);
}

void sb_check_annotation_key(struct sb_causes *causes, const struct sb_field *field, const char *key)
{
	FC_AUTO_FREE char *low = fc_xstrdup(key);
	struct sb_faults faults = SB_FAULTS_INIT;

	for (char *c = low; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	sb_faults_qualified_name(low, &faults);
	add_faults(causes, field, key, &faults);
}

void sb_check_port(struct sb_causes *causes, const struct sb_field *field, json_int_t port)
{
	if (port < 1 || port > 65535)
		sb_invalid_int(causes, field, port, "must be between 1 and 65535, inclusive");
}

void sb_check_port_or_name(struct sb_causes *causes, const struct sb_field *field, const json_t *port)
{
	if (json_is_string(port))
		sb_check(causes, field, json_string_value(port), sb_faults_port_name);
	else
		sb_check_port(causes, field, json_integer_value(port));
}

void sb_check_not_negative(struct sb_causes *causes, const struct sb_field *field, const json_t *number)
{
	if (json_integer_value(number) < 0)
		sb_invalid_int(causes, field, json_integer_value(number), "must be greater than or equal to 0");
}

bool sb_is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(value, *words) == 0)
			return true;
	return false;
}

void sb_check_word(struct sb_causes *causes, const struct sb_field *field, const char *value, const char *const *words)
{
	if (!*value)
		sb_required(causes, field, "");
	else if (!sb_is_one_of(value, words))
		sb_not_supported(causes, field, value, words);
}

/* --- for metadata --- */

void sb_validate_labels(const json_t *labels, const char *field, struct sb_causes *causes)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)labels, key, value) {
		FC_AUTO_FREE char *text = sb_whole_text(value);

		sb_check(causes, SB_FIELD(field), key, sb_faults_qualified_name);
		sb_check(causes, SB_FIELD(field), text, sb_faults_label_value);
	}
}

void sb_validate_subdomain(const char *name, bool prefix, const char *field, struct sb_causes *causes)
{
	sb_check_name(causes, SB_FIELD(field), name, prefix, sb_faults_subdomain);
}

void sb_validate_label(const char *name, bool prefix, const char *field, struct sb_causes *causes)
{
	sb_check_name(causes, SB_FIELD(field), name, prefix, sb_faults_label);
}

void sb_validate_dns1035(const char *name, bool prefix, const char *field, struct sb_causes *causes)
{
	sb_check_name(causes, SB_FIELD(field), name, prefix, sb_faults_dns1035);
}

void sb_validate_path_segment(const char *name, bool prefix, const char *field, struct sb_causes *causes)
{
	sb_check_name(causes, SB_FIELD(field), name, prefix, sb_faults_path_segment);
}

/* --- members --- */

char *sb_whole_text(const json_t *value)
{
	size_t len = json_string_length(value);
	char *text = fc_xcalloc(1, len + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = json_string_value(value)[i] ?: '\1';
	return text;
}

const char *sb_text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member)) ?: "";
}

json_int_t sb_int(const json_t *object, const char *member, json_int_t fallback)
{
	const json_t *value = json_object_get(object, member);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool sb_same(const json_t *a, const json_t *b)
{
	bool none_a = !a || json_is_null(a), none_b = !b || json_is_null(b);

	return none_a || none_b ? none_a && none_b : json_equal(a, b);
}

void sb_set_default(json_t *object, const char *member, json_t *value)
{
	json_t *present = json_object_get(object, member);

	if (present && !json_is_null(present))
		json_decref(value);
	else
		json_object_set_new(object, member, value);
}

json_t *sb_need_object(json_t *object, const char *member)
{
	sb_set_default(object, member, json_object());
	return json_object_get(object, member);
}

void sb_keep_member(json_t *object, const char *member, const json_t *from)
{
	json_t *value = json_object_get(from, member);

	if (value)
		json_object_set_new(object, member, json_deep_copy(value));
	else
		json_object_del(object, member);
}
