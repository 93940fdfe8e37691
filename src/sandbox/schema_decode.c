/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema_impl.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "sandbox/go_base64.h"
#include "sandbox/go_time.h"
#include "sandbox/quantity.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The server's decoder reads on behind a fault, and puts the names of what it passes in front of the error, until it
 * has lost its place in the text. Both are followed here, since the words of the first error depend on it. */
struct decoder {
	char *error; /* NULL: none so far */
	bool lost;   /* it found no end of what was wrong */
};

/* A struct of more members is read by another of Go's decoders, which names its type once more on the way out. */
#define FEW_MEMBERS 10

/* What is to stand in place of `value`, the caller's; NULL: itself, as it was changed. */
static json_t *decode(struct decoder *d, const struct sb_schema *s, json_t *value);
static json_t *decode_quantity(struct decoder *d, const json_t *value, bool milli);

FC_PRINTF(2, 3) static void prefix(struct decoder *d, const char *fmt, ...)
{
	char words[256];
	va_list args;

	if (!d->error)
		return;
	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	char *longer = fc_xasprintf("%s%s", words, d->error);
	free(d->error);
	d->error = longer;
}

/* The character with which the value begins in the text. */
static char first_character(const json_t *value)
{
	FC_AUTO_FREE char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	return text ? text[0] : '?';
}

static bool is_one_digit(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= 9;
}

/* Only the first error counts. `lost`: the decoder stands inside of what was wrong. */
static void fail(struct decoder *d, bool lost, char *text)
{
	if (d->error) {
		free(text);
		return;
	}
	d->error = text;
	d->lost = lost;
}

/* It looked at one character: a longer value is still to be read. */
static void fail_expected(struct decoder *d, const char *what, const json_t *value)
{
	fail(d, !is_one_digit(value), fc_xasprintf("%s, but found %c", what, first_character(value)));
}

/* What Go has for a member or element that is absent or null; NULL: null. */
static json_t *zero_value(const struct sb_schema *s)
{
	switch (s->type) {
	case SB_STRING:
	case SB_BYTES:
		return json_string("");
	case SB_INTEGER:
	case SB_NUMBER:
	case SB_INT_OR_STRING:
		return json_integer(0);
	case SB_BOOLEAN:
		return json_false();
	case SB_QUANTITY:
		return json_string("0");
	case SB_OBJECT:
		return s->values ? NULL : json_object();
	default:
		return NULL;
	}
}

static bool is_nilable(const struct sb_schema *s)
{
	return s->type == SB_ARRAY || s->type == SB_BYTES || s->type == SB_ANY || (s->type == SB_OBJECT && s->values);
}

static bool is_zero(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
	case JSON_FALSE:
		return true;
	case JSON_STRING:
		return json_string_length(value) == 0;
	case JSON_INTEGER:
		return json_integer_value(value) == 0;
	case JSON_REAL:
		return json_real_value(value) == 0;
	case JSON_ARRAY:
		return json_array_size(value) == 0;
	case JSON_OBJECT:
		return json_object_size(value) == 0;
	default:
		return false;
	}
}

static void fill(const struct sb_schema *s, json_t *object);

/* As Go writes a member that nothing was said of. */
static void fill_absent(const struct sb_member *m, json_t *object)
{
	const struct sb_schema *s = m->schema;
	bool is_struct = s->type == SB_OBJECT && !s->values;

	if (is_nilable(s) || (m->flags & SB_POINTER)) {
		json_object_del(object, m->name);
		if (!(m->flags & SB_OMIT_EMPTY))
			json_object_set_new(object, m->name, json_null());
		return;
	}
	json_t *zero = zero_value(s);
	bool is_always = is_struct || s->type == SB_TIME || s->type == SB_MICRO_TIME || s->type == SB_QUANTITY ||
			 s->type == SB_INT_OR_STRING;
	if (!is_always && (m->flags & SB_OMIT_EMPTY)) {
		json_decref(zero);
		json_object_del(object, m->name);
		return;
	}
	json_object_set_new(object, m->name, zero ? zero : json_null());
	if (is_struct)
		fill(s, zero);
}

/* Members of a struct that were not in the text, and empty ones that were. */
static void fill(const struct sb_schema *s, json_t *object)
{
	for (size_t i = 0; i < s->member_count; i++) {
		const struct sb_member *m = &s->members[i];
		const json_t *value = json_object_get(object, m->name);
		bool is_struct = m->schema->type == SB_OBJECT && !m->schema->values;
		bool may_be_empty = (m->flags & SB_POINTER) || is_struct || m->schema->type == SB_ANY;

		if (!value || json_is_null(value) || (!may_be_empty && is_zero(value)))
			fill_absent(m, object);
	}
}

/* A member that Go's type does not have is passed over. Behind an error, what is not a number loses the way. */
static void pass_over(struct decoder *d, const json_t *value)
{
	size_t i;
	json_t *element;

	if (!d->error)
		return;
	if (json_is_object(value) && json_object_size(value) > 0)
		d->lost = true;
	json_array_foreach(value, i, element)
		d->lost |= !json_is_number(element);
}

/* A value behind an error: the decoder cannot look ahead any more, so that it finds the end of few. */
static void pass_behind(struct decoder *d, const struct sb_schema *s, bool is_pointer, const json_t *value)
{
	bool is_empty = !json_is_string(value) && is_zero(value);

	if (json_is_null(value))
		return;
	if (s->type == SB_OBJECT && s->member_count > FEW_MEMBERS && !is_empty)
		prefix(d, "%s.", s->go_type);
	if (s->type == SB_ARRAY)
		prefix(d, "%s: ", s->go_type);
	if (s->type == SB_STRING)
		d->lost = !json_is_string(value) && !is_one_digit(value);
	else
		d->lost = !is_empty || !(json_is_object(value) || json_is_array(value));
	d->lost |= is_pointer;
}

static void decode_members(struct decoder *d, const struct sb_schema *s, json_t *object)
{
	const char *name;
	json_t *value;
	void *tmp;

	json_object_foreach_safe(object, tmp, name, value) {
		const struct sb_member *m = sb_schema_find_member(s, name);

		if (!m) {
			pass_over(d, value);
			json_object_del(object, name);
		} else {
			json_t *now = NULL;

			if (d->error)
				pass_behind(d, m->schema, m->flags & SB_POINTER, value);
			else if (!json_is_null(value))
				now = decode(d, m->schema, value);
			if (now)
				json_object_set_new(object, m->name, now);
			prefix(d, "%s: ", m->go_name);
		}
		if (d->lost)
			break;
	}
}

static void decode_struct(struct decoder *d, const struct sb_schema *s, json_t *value)
{
	if (!json_is_object(value) && s->member_count) {
		fail_expected(d, "readObjectStart: expect { or n", value);
		return;
	}
	if (!json_is_object(value)) {
		fail(d, true, fc_xstrdup("skipObjectDecoder: expect object or null"));
		return;
	}
	decode_members(d, s, value);
	prefix(d, "%s.", s->go_type);
	if (!d->error)
		fill(s, value);
}

/* Null among the elements of a list or map is Go's zero value. */
static json_t *decode_element(struct decoder *d, const struct sb_schema *s, json_t *value)
{
	if (d->error) {
		pass_behind(d, s, false, value);
		return NULL;
	}
	if (!json_is_null(value))
		return decode(d, s, value);
	json_t *zero = zero_value(s);
	if (json_is_object(zero))
		fill(s, zero);
	return zero;
}

static void decode_map(struct decoder *d, const struct sb_schema *s, json_t *map)
{
	const char *name;
	json_t *value, *now;
	void *tmp;

	if (!json_is_object(map)) {
		fail_expected(d, "ReadMapCB: expect { or n", map);
		return;
	}
	json_object_foreach_safe(map, tmp, name, value) {
		/* A map of quantities is a list of resources, in which nothing is finer than a thousandth. */
		if (s->values->type == SB_QUANTITY && !json_is_null(value) && !d->error)
			now = decode_quantity(d, value, true);
		else
			now = decode_element(d, s->values, value);
		if (now)
			json_object_set_new(map, name, now);
		if (d->lost)
			break;
	}
}

static void decode_list(struct decoder *d, const struct sb_schema *s, json_t *list)
{
	if (!json_is_array(list))
		fail_expected(d, "decode slice: expect [ or n", list);
	for (size_t i = 0; !d->lost && i < json_array_size(list); i++) {
		json_t *now = decode_element(d, s->items, json_array_get(list, i));

		if (now)
			json_array_set_new(list, i, now);
	}
	prefix(d, "%s: ", s->go_type);
}

static void decode_integer(struct decoder *d, const struct sb_schema *s, const json_t *value)
{
	unsigned bits = s->integer64 ? 64 : 32;
	json_int_t n = json_integer_value(value);

	if (json_is_real(value)) {
		fail(d, true, fc_xstrdup("assertInteger: can not decode float as int"));
	} else if (!json_is_integer(value)) {
		/* The byte that it does not print well. */
		fail(d, true, fc_xasprintf("readUint%u: unexpected character: \xEF\xBF\xBD", bits));
	} else if (!s->integer64 && (n > UINT32_MAX || n < -(json_int_t)UINT32_MAX)) {
		fail(d, true, fc_xstrdup("readUint32: overflow"));
	} else if (!s->integer64 && (n > INT32_MAX || n < INT32_MIN)) {
		fail(d, false, fc_xasprintf("ReadInt32: overflow: %lld", n < 0 ? -(long long)n : (long long)n));
	}
}

/* A whole number is written without a point. */
static json_t *decode_number(struct decoder *d, const json_t *value)
{
	double n = json_real_value(value);

	if (!json_is_number(value))
		fail(d, true, fc_xstrdup("readNumberAsString: invalid number"));
	else if (json_is_real(value) && n >= -1e15 && n <= 1e15 && n == (double)(json_int_t)n)
		return json_integer((json_int_t)n);
	return NULL;
}

/* Numbers are bytes, too. */
static json_t *decode_byte_list(struct decoder *d, const json_t *list)
{
	static const struct sb_schema byte = { .type = SB_INTEGER };
	FC_AUTO_BUF struct fc_buf bytes = FC_BUF_INIT;

	for (size_t i = 0; i < json_array_size(list) && !d->lost; i++) {
		const json_t *value = json_array_get(list, i);
		json_int_t n = json_integer_value(value);

		decode_integer(d, &byte, value);
		if (!d->error && (n > UINT8_MAX || n < 0))
			fail(d, false, fc_xasprintf("ReadUint8: overflow: %lld", (long long)n));
		fc_buf_putc(&bytes, (char)n);
	}
	prefix(d, "[]uint8: ");
	FC_AUTO_FREE char *text = fc_base64_encode(fc_buf_str(&bytes), bytes.len);
	return d->error ? NULL : json_string(text);
}

/* As Go writes it back: on one line, bits that no byte has are zero. */
static json_t *decode_bytes(struct decoder *d, const json_t *value)
{
	struct fc_error err = FC_ERROR_INIT;
	char *bytes;
	size_t len;

	if (json_is_array(value))
		return decode_byte_list(d, value);
	if (!json_is_string(value)) {
		fail(d, true, fc_xstrdup("base64Codec: invalid input"));
		return NULL;
	}
	long bad = sb_go_base64_fault(json_string_value(value), json_string_length(value));
	if (bad < 0 && fc_base64_decode(json_string_value(value), &bytes, &len, &err) < 0)
		bad = 0;
	if (bad >= 0) {
		fail(d, false, fc_xasprintf("decode base64: illegal base64 data at input byte %ld", bad));
		return NULL;
	}
	FC_AUTO_FREE char *again = fc_base64_encode(bytes, len);
	free(bytes);
	return json_string(again);
}

static const char *word_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return "string";
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	default:
		return "number";
	}
}

/* The types that read themselves: the decoder is behind them when they fail. */
static void fail_itself(struct decoder *d, char *text)
{
	bool is_first = !d->error;

	fail(d, false, text);
	if (is_first)
		prefix(d, "unmarshalerDecoder: ");
}

static json_t *decode_time(struct decoder *d, const json_t *value, bool micro)
{
	struct fc_error err = FC_ERROR_INIT;

	if (!json_is_string(value)) {
		fail_itself(d, fc_xasprintf("json: cannot unmarshal %s into Go value of type string", word_of(value)));
		return NULL;
	}
	FC_AUTO_FREE char *text = sb_go_time_canonical(json_string_value(value), micro, &err);
	if (!text)
		fail_itself(d, fc_xstrdup(err.text));
	return text ? json_string(text) : NULL;
}

/* The text of a number, as it may have stood in the body. */
static char *number_text(const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	return text ? text : fc_xstrdup("");
}

static json_t *decode_quantity(struct decoder *d, const json_t *value, bool milli)
{
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *number = json_is_string(value) ? NULL : number_text(value);
	FC_AUTO_FREE char *text = sb_quantity_canonical(number ? number : json_string_value(value), milli, &err);

	if (!text)
		fail_itself(d, fc_xstrdup(err.text));
	return text ? json_string(text) : NULL;
}

static void decode_int_or_string(struct decoder *d, const json_t *value)
{
	json_int_t n = json_integer_value(value);

	if (json_is_string(value) || (json_is_integer(value) && n <= INT32_MAX && n >= INT32_MIN))
		return;
	FC_AUTO_FREE char *number = json_is_number(value) ? number_text(value) : NULL;
	fail_itself(d, fc_xasprintf("json: cannot unmarshal %s%s%s into Go value of type int32", word_of(value),
				    number ? " " : "", number ? number : ""));
}

/* JSON as it is; what of it is a JSON schema is decoded as one. */
static void decode_any(struct decoder *d, const struct sb_schema *s, json_t *value)
{
	bool takes_bool = s->ref && strstr(s->ref, "OrBool");
	size_t i;
	json_t *element;

	if (!s->values)
		return;
	if (json_is_object(value))
		decode_struct(d, s->values, value);
	else if (takes_bool && !json_is_boolean(value))
		fail_itself(d, fc_xstrdup("boolean or JSON schema expected"));
	json_array_foreach(value, i, element) {
		if (json_is_object(element))
			decode_struct(d, s->values, element);
		else if (!json_is_string(element))
			fail_itself(d, fc_xasprintf("json: cannot unmarshal %s into Go value of type %s",
						    word_of(element), s->values->go_type));
	}
}

static json_t *decode(struct decoder *d, const struct sb_schema *s, json_t *value)
{
	switch (s->type) {
	case SB_OBJECT:
		if (s->values)
			decode_map(d, s, value);
		else
			decode_struct(d, s, value);
		return NULL;
	case SB_ARRAY:
		decode_list(d, s, value);
		return NULL;
	case SB_STRING:
		if (!json_is_string(value))
			fail_expected(d, "ReadString: expects \" or n", value);
		return NULL;
	case SB_INTEGER:
		decode_integer(d, s, value);
		return NULL;
	case SB_NUMBER:
		return decode_number(d, value);
	case SB_BOOLEAN:
		if (!json_is_boolean(value))
			fail_expected(d, "ReadBool: expect t or f", value);
		return NULL;
	case SB_BYTES:
		return decode_bytes(d, value);
	case SB_ANY:
		decode_any(d, s, value);
		return NULL;
	case SB_INT_OR_STRING:
		decode_int_or_string(d, value);
		return NULL;
	case SB_QUANTITY:
		return decode_quantity(d, value, false);
	default:
		return decode_time(d, value, s->type == SB_MICRO_TIME);
	}
}

int sb_schema_decode(const struct sb_schema *s, json_t *object, struct fc_error *err)
{
	struct decoder d = { .error = NULL };

	if (s->custom)
		return sb_schema_coerce(s, object, err);
	json_decref(decode(&d, s, object));
	if (!d.error)
		return 0;
	fc_error_set(err, FC_ERR_INVALID, "%s", d.error);
	free(d.error);
	return -1;
}
