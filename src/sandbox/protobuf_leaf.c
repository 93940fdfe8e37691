/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/protobuf_leaf.h"

#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/go_time.h"
#include "sandbox/quantity.h"

#include <string.h>

/* The first second of the year 1, which is Go's zero time, and that behind the year 9999. */
#define TIME_ZERO INT64_C(-62135596800)
#define TIME_END INT64_C(253402300800)

json_t *sb_leaf_refuse(const char *why, struct fc_error *err)
{
	fc_error_set(err, FC_ERR_INVALID, "%s", why);
	return NULL;
}

json_t *sb_leaf_text(struct sb_wire piece, struct fc_error *err)
{
	return json_stringn((const char *)piece.at, (size_t)(piece.end - piece.at))
		       ?: sb_leaf_refuse("a text that is not UTF-8", err);
}

/* --- shapes --- */

static const struct sb_schema text = { .type = SB_STRING };
static const struct sb_schema boolean = { .type = SB_BOOLEAN };
static const struct sb_schema int32 = { .type = SB_INTEGER };
static const struct sb_schema int64 = { .type = SB_INTEGER, .integer64 = true };

static void add(struct sb_leaf *leaf, const char *name, const struct sb_schema *s)
{
	unsigned short number = (unsigned short)++leaf->shape.member_count;

	leaf->members[number - 1] = (struct sb_member){ name, name, s, 0, number };
}

static void add_list(struct sb_leaf *leaf, const char *name, const struct sb_schema *items)
{
	leaf->list = (struct sb_schema){ .type = SB_ARRAY, .items = items };
	add(leaf, name, &leaf->list);
}

static bool is_or(const struct sb_schema *s, const char *suffix)
{
	const char *at = strstr(s->ref ?: "", "PropsOr");

	return at && strcmp(at + strlen("PropsOr"), suffix) == 0;
}

/* JSON, or in a JSON schema a schema or something else. */
static void shape_of_any(struct sb_leaf *leaf, const struct sb_schema *s)
{
	if (!s->values) {
		add(leaf, "Raw", &text);
	} else if (is_or(s, "Bool")) {
		add(leaf, "Allows", &boolean);
		add(leaf, "Schema", s->values);
	} else {
		add(leaf, "Schema", s->values);
		add_list(leaf, "List", is_or(s, "StringArray") ? &text : s->values);
	}
}

void sb_leaf_shape(struct sb_leaf *leaf, const struct sb_schema *s)
{
	*leaf = (struct sb_leaf){ .shape = { .type = SB_OBJECT, .go_type = s->go_type, .members = leaf->members } };
	switch (s->type) {
	case SB_TIME:
	case SB_MICRO_TIME:
		add(leaf, "Seconds", &int64);
		add(leaf, "Nanos", &int32);
		break;
	case SB_QUANTITY:
		add(leaf, "String", &text);
		break;
	case SB_INT_OR_STRING:
		add(leaf, "Type", &int64);
		add(leaf, "IntVal", &int32);
		add(leaf, "StrVal", &text);
		break;
	default:
		shape_of_any(leaf, s);
	}
}

/* --- values --- */

static json_int_t integer(const json_t *parts, const char *name)
{
	return json_integer_value(json_object_get(parts, name));
}

/* Nothing is Go's zero time, which JSON has as null. */
static json_t *time_of(const json_t *parts, bool micro, struct fc_error *err)
{
	int64_t seconds = integer(parts, "Seconds");
	int micros = micro ? (int)(integer(parts, "Nanos") / 1000) : 0;

	if (!json_object_size(parts))
		return json_null();
	if (seconds < TIME_ZERO || seconds >= TIME_END)
		return sb_leaf_refuse("a time that is not in the years 1 to 9999", err);
	seconds += micros / 1000000;
	micros %= 1000000;
	if (micros < 0) {
		seconds--;
		micros += 1000000;
	}
	if (seconds < TIME_ZERO || seconds >= TIME_END)
		return sb_leaf_refuse("a time that is not in the years 1 to 9999", err);
	if (seconds == TIME_ZERO && !micros)
		return json_null();
	FC_AUTO_FREE char *printed = sb_go_time_print(seconds, micros, micro);
	return json_string(printed);
}

static json_t *quantity_of(const json_t *given, struct fc_error *err)
{
	FC_AUTO_FREE char *canonical = given ? sb_quantity_canonical(json_string_value(given), false, err) : NULL;

	if (!given)
		return json_string("0");
	return canonical ? json_string(canonical) : NULL;
}

static json_t *int_or_string_of(const json_t *parts, struct fc_error *err)
{
	switch (integer(parts, "Type")) {
	case 0:
		return json_integer(integer(parts, "IntVal"));
	case 1:
		return json_incref(json_object_get(parts, "StrVal")) ?: json_string("");
	default:
		return sb_leaf_refuse("impossible IntOrString.Type", err);
	}
}

static json_t *raw_of(const json_t *parts, struct fc_error *err)
{
	const json_t *raw = json_object_get(parts, "Raw");

	if (!json_string_length(raw))
		return json_null();
	return fc_decode(json_string_value(raw), json_string_length(raw), err);
}

/* The list where it has an element, else the schema, else whether anything is allowed, else nothing. */
static json_t *alternative_of(const struct sb_schema *s, json_t *parts)
{
	json_t *list = json_object_get(parts, "List"), *schema = json_object_get(parts, "Schema");

	if (json_array_size(list))
		return json_incref(list);
	if (schema)
		return json_incref(schema);
	return is_or(s, "Bool") ? json_boolean(json_is_true(json_object_get(parts, "Allows"))) : json_null();
}

json_t *sb_leaf_value(const struct sb_schema *s, json_t *parts, struct fc_error *err)
{
	switch (s->type) {
	case SB_TIME:
	case SB_MICRO_TIME:
		return time_of(parts, s->type == SB_MICRO_TIME, err);
	case SB_QUANTITY:
		return quantity_of(json_object_get(parts, "String"), err);
	case SB_INT_OR_STRING:
		return int_or_string_of(parts, err);
	default:
		return s->values ? alternative_of(s, parts) : raw_of(parts, err);
	}
}
