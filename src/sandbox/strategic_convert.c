/* SPDX-License-Identifier: Apache-2.0 */
/* A patched document becomes Go's type by another way than a body does, which knows other words. */
#include "sandbox/strategic_impl.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

static int convert(const struct sb_schema *s, json_t *parent, const char *key, size_t index, json_t *value,
		   struct fc_error *err);

static const char *kind(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "map";
	case JSON_ARRAY:
		return "slice";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "int64";
	case JSON_REAL:
		return "float64";
	default:
		return "bool";
	}
}

static int convert_object(const struct sb_schema *s, json_t *object, struct fc_error *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return fc_error_set(err, FC_ERR_INVALID,
				    s->values ? "cannot restore map from %s" : "cannot restore struct from: %s",
				    kind(object));
	json_object_foreach(object, name, value) {
		const struct sb_schema *below = s->values ? s->values : sb_schema_member(s, name);

		if (below && convert(below, object, name, 0, value, err) < 0)
			return -1;
	}
	return 0;
}

static int convert_list(const struct sb_schema *s, json_t *list, struct fc_error *err)
{
	if (!json_is_array(list))
		return fc_error_set(err, FC_ERR_INVALID, "cannot restore slice from %s", kind(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (convert(s->items, list, NULL, i, json_array_get(list, i), err) < 0)
			return -1;
	}
	return 0;
}

static int refuse_scalar(const json_t *value, const char *type, bool is_convertible, struct fc_error *err)
{
	if (is_convertible)
		return fc_error_set(err, FC_ERR_INVALID, "cannot convert %s to %s", kind(value), type);
	return fc_error_set(err, FC_ERR_INVALID, "unrecognized type: %s", type);
}

/* What does not fit is cut, as Go's conversions do. */
static int convert_integer(const struct sb_schema *s, json_t *parent, const char *key, size_t index,
			   const json_t *value, struct fc_error *err)
{
	const char *type = s->integer64 ? "int64" : "int32";
	double real = json_real_value(value);
	json_int_t now = json_integer_value(value);

	if (!json_is_number(value))
		return refuse_scalar(value, type, false, err);
	if (json_is_real(value) && (real != trunc(real) || fabs(real) > 9e18))
		return refuse_scalar(value, type, true, err);
	if (json_is_real(value))
		now = (json_int_t)real;
	if (!s->integer64)
		now = (int32_t)(uint32_t)(uint64_t)now;
	if (key)
		json_object_set_new(parent, key, json_integer(now));
	else
		json_array_set_new(parent, index, json_integer(now));
	return 0;
}

static int convert(const struct sb_schema *s, json_t *parent, const char *key, size_t index, json_t *value,
		   struct fc_error *err)
{
	if (json_is_null(value))
		return 0;
	switch (s->type) {
	case SB_OBJECT:
		return convert_object(s, value, err);
	case SB_ARRAY:
		return convert_list(s, value, err);
	case SB_INTEGER:
		return convert_integer(s, parent, key, index, value, err);
	case SB_STRING:
		return json_is_string(value) ? 0 : refuse_scalar(value, "string", json_is_integer(value), err);
	case SB_BOOLEAN:
		return json_is_boolean(value) ? 0 : refuse_scalar(value, "bool", false, err);
	case SB_NUMBER:
		return json_is_number(value) ? 0 : refuse_scalar(value, "float64", false, err);
	case SB_BYTES:
		if (!json_is_string(value) && !json_is_array(value))
			return fc_error_set(err, FC_ERR_INVALID, "cannot restore slice from %s", kind(value));
		return 0;
	default:
		return 0;
	}
}

int sb_strategic_convert(const struct sb_schema *schema, json_t *document, struct fc_error *err)
{
	static const char *const marks[] = { "unmarshalerDecoder: ", "decode base64: " };

	if (convert(schema, NULL, NULL, 0, document, err) < 0)
		return -1;
	if (sb_schema_decode(schema, document, err) == 0)
		return 0;
	/* Where it stands is not told, only what a type says that reads itself. */
	for (size_t i = 0; i < FC_ARRAY_LEN(marks); i++) {
		const char *at = strstr(err->text, marks[i]);

		if (at) {
			FC_AUTO_FREE char *text = fc_xstrdup(at + strlen(marks[i]));
			return fc_error_set(err, FC_ERR_INVALID, "%s", text);
		}
	}
	return -1;
}
