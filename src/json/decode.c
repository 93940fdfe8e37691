/* SPDX-License-Identifier: Apache-2.0 */
#include "json/decode.h"

#include "base/mem.h"

#include <string.h>

static void *try_malloc(size_t bytes)
{
	return fc_try_realloc(NULL, bytes);
}

void fc_decode_init(void)
{
	json_set_alloc_funcs(try_malloc, free);
	json_object_seed(0);
}

/* jansson parses recursively, up to 2048 levels, which is more than a watcher's stack holds: depth is counted before
 * it sees the text. What is no JSON may be miscounted here; jansson refuses it, all but a zero byte behind a number,
 * which it loses. */
static int check_shape(const char *bytes, size_t len, struct fc_error *err)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > FC_JSON_MAX_DEPTH)
				return fc_error_set(err, FC_ERR_LIMIT, "nested deeper than %d levels at byte %zu",
						    FC_JSON_MAX_DEPTH, i + 1);
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		} else if (c == '\0') {
			return fc_error_set(err, FC_ERR_PROTOCOL, "not JSON: a zero at byte %zu", i + 1);
		}
	}
	return 0;
}

/* jansson's own text quotes the input, which may be a secret: only its code and place are used. */
static int explain(const json_error_t *e, struct fc_error *err)
{
	/* jansson has a word for whatever is wrong with the text; without memory it often has none. */
	if (!e->text[0])
		return fc_error_set(err, FC_ERR_MEMORY, "out of memory for a JSON value");
	switch (json_error_code(e)) {
	case json_error_out_of_memory:
		return fc_error_set(err, FC_ERR_MEMORY, "out of memory for a JSON value");
	case json_error_numeric_overflow:
		return fc_error_set(err, FC_ERR_LIMIT, "a number beyond 64 bits at byte %d", e->position);
	case json_error_null_byte_in_key:
		return fc_error_set(err, FC_ERR_LIMIT, "a member name with a NUL character at byte %d", e->position);
	case json_error_invalid_utf8:
		return fc_error_set(err, FC_ERR_PROTOCOL, "not JSON: broken UTF-8 at byte %d", e->position);
	case json_error_premature_end_of_input:
		return fc_error_set(err, FC_ERR_PROTOCOL, "not JSON: it ends too early, at byte %d", e->position);
	case json_error_end_of_input_expected:
		return fc_error_set(err, FC_ERR_PROTOCOL, "not JSON: something follows the value at byte %d",
				    e->position);
	case json_error_duplicate_key:
		return fc_error_set(err, FC_ERR_PROTOCOL, "a member is named twice at byte %d", e->position);
	default:
		return fc_error_set(err, FC_ERR_PROTOCOL, "not JSON: bad syntax at byte %d", e->position);
	}
}

static json_t *decode(const char *bytes, size_t len, size_t flags, struct fc_error *err)
{
	json_error_t why;
	unsigned failures = fc_try_failures();

	if (len > FC_JSON_MAX_BYTES) {
		fc_error_set(err, FC_ERR_LIMIT, "more than %u bytes of JSON", FC_JSON_MAX_BYTES);
		return NULL;
	}
	if (check_shape(bytes, len, err) < 0)
		return NULL;
	json_t *value = json_loadb(len ? bytes : "", len, JSON_DECODE_ANY | JSON_ALLOW_NUL | flags, &why);
	if (fc_try_failures() != failures) {
		/* Whatever came of it. */
		fc_error_set(err, FC_ERR_MEMORY, "out of memory for a JSON value");
		json_decref(value);
		return NULL;
	}
	if (!value)
		explain(&why, err);
	return value;
}

json_t *fc_decode(const char *bytes, size_t len, struct fc_error *err)
{
	return decode(bytes, len, 0, err);
}

json_t *fc_decode_strict(const char *bytes, size_t len, struct fc_error *err)
{
	return decode(bytes, len, JSON_REJECT_DUPLICATES, err);
}

static enum fc_json_found look_up(const json_t *object, const char *member, json_t **value)
{
	*value = json_object_get(object, member);
	if (!*value)
		return FC_JSON_ABSENT;
	return json_is_null(*value) ? FC_JSON_NULL : FC_JSON_FOUND;
}

static bool is_c_string(const json_t *value)
{
	return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value);
}

enum fc_json_found fc_json_get_string(const json_t *object, const char *member, const char **out)
{
	json_t *value;
	enum fc_json_found found = look_up(object, member, &value);

	if (found != FC_JSON_FOUND)
		return found;
	if (!is_c_string(value))
		return FC_JSON_WRONG_TYPE;
	*out = json_string_value(value);
	return FC_JSON_FOUND;
}

enum fc_json_found fc_json_get_bool(const json_t *object, const char *member, bool *out)
{
	json_t *value;
	enum fc_json_found found = look_up(object, member, &value);

	if (found != FC_JSON_FOUND)
		return found;
	if (!json_is_boolean(value))
		return FC_JSON_WRONG_TYPE;
	*out = json_is_true(value);
	return FC_JSON_FOUND;
}

enum fc_json_found fc_json_get_integer(const json_t *object, const char *member, json_int_t *out)
{
	json_t *value;
	enum fc_json_found found = look_up(object, member, &value);

	if (found != FC_JSON_FOUND)
		return found;
	if (!json_is_integer(value))
		return FC_JSON_WRONG_TYPE;
	*out = json_integer_value(value);
	return FC_JSON_FOUND;
}

static enum fc_json_found get_typed(const json_t *object, const char *member, json_type type, const json_t **out)
{
	json_t *value;
	enum fc_json_found found = look_up(object, member, &value);

	if (found != FC_JSON_FOUND)
		return found;
	if (json_typeof(value) != type)
		return FC_JSON_WRONG_TYPE;
	*out = value;
	return FC_JSON_FOUND;
}

enum fc_json_found fc_json_get_object(const json_t *object, const char *member, const json_t **out)
{
	return get_typed(object, member, JSON_OBJECT, out);
}

enum fc_json_found fc_json_get_array(const json_t *object, const char *member, const json_t **out)
{
	return get_typed(object, member, JSON_ARRAY, out);
}

const char *fc_json_metadata(const json_t *object, const char *member)
{
	const char *text = "";

	fc_json_get_string(json_object_get(object, "metadata"), member, &text);
	return text;
}

const char *fc_json_annotation(const json_t *object, const char *key)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const char *text = NULL;

	fc_json_get_string(json_object_get(metadata, "annotations"), key, &text);
	return text;
}
