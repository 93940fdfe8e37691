/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema_impl.h"

#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/pattern.h"

#include <math.h>
#include <string.h>

/* What one schema makes of a value. Of alternatives that all fail, the one with the most matches is told of. */
struct result {
	struct sb_causes causes;
	unsigned matches;
};

static void validate(const json_t *schema, const char *path, const json_t *value, struct result *out);

static void merge(struct result *into, struct result *from)
{
	into->matches += from->matches;
	if (from->causes.list && !into->causes.list)
		into->causes.list = json_array();
	if (from->causes.list)
		json_array_extend(into->causes.list, from->causes.list);
	sb_causes_fini(&from->causes);
}

static bool is_valid(const struct result *r)
{
	return !sb_causes_any(&r->causes);
}

/* The path without the dot that stands before a name at the root; the root itself is none. */
static const char *field_of(const char *path)
{
	path += *path == '.';
	return *path ? path : "<nil>";
}

/* `Invalid value: V: PATH in body ...` */
FC_PRINTF(4, 5)
static void refuse(struct result *out, const char *path, const char *value, const char *fmt, ...)
{
	char words[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	sb_cause(&out->causes, "FieldValueInvalid", field_of(path), "Invalid value: %s: %s in body %s", value, path,
		 words);
}

/* What composed schemas say has no field. */
static void refuse_whole(struct result *out, const char *path, const char *words)
{
	sb_cause(&out->causes, "FieldValueInvalid", "<nil>", "Invalid value: \"\": \"%s\" %s", path, words);
}

static char *quoted(const json_t *value)
{
	struct fc_buf out = FC_BUF_INIT;

	sb_schema_quote(&out, value);
	return fc_buf_steal(&out);
}

/* --- its type --- */

static const char *type_word(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "integer";
	case JSON_REAL:
		return "number";
	case JSON_NULL:
		return "null";
	default:
		return "boolean";
	}
}

static bool is_of_type(const json_t *schema, const char *type, const json_t *value)
{
	const char *word = type_word(value);

	if (sb_schema_says(schema, "x-kubernetes-int-or-string") && !*type)
		return json_is_integer(value) || json_is_string(value);
	return strcmp(type, word) == 0 || (strcmp(type, "number") == 0 && json_is_integer(value));
}

static void refuse_type(struct result *out, const char *path, const char *type, const char *found)
{
	FC_AUTO_FREE char *value = fc_xasprintf("\"%s\"", found);

	refuse(out, path, value, "must be of type %s: %s", type, value);
}

static void validate_type(const json_t *schema, const char *path, const json_t *value, struct result *out)
{
	const char *type = sb_schema_word(schema, "type"), *format = sb_schema_format(schema);
	bool is_either = !*type && sb_schema_says(schema, "x-kubernetes-int-or-string");
	const char *types = is_either ? "integer,string" : type;
	bool has_number = is_either || strcmp(type, "number") == 0 || strcmp(type, "integer") == 0;
	bool has_length = json_is_string(value) || json_is_array(value);

	if (!*types && !*format)
		return;
	if (json_is_null(value)) {
		if (*types && !sb_schema_says(schema, "nullable"))
			refuse_type(out, path, types, "null");
	} else if (!has_length && *format && !is_of_type(schema, type, value)) {
		refuse_type(out, path, format, json_is_integer(value) ? "int64" : json_is_real(value) ? "float64" : "");
	} else if (has_length && *format && !has_number) {
		/* The format alone is looked at. */
		out->matches++;
	} else if (*types && !is_of_type(schema, type, value)) {
		refuse_type(out, path, types, type_word(value));
	}
	out->matches += is_valid(out);
}

/* --- text --- */

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

/* A limit that the schema sets. */
static bool limit(const json_t *schema, const char *name, json_int_t *out)
{
	const json_t *value = json_object_get(schema, name);

	*out = json_is_real(value) ? (json_int_t)json_real_value(value) : json_integer_value(value);
	return json_is_number(value);
}

static void validate_string(const json_t *schema, const char *path, const json_t *value, struct result *out)
{
	const char *text = json_string_value(value), *pattern = sb_schema_word(schema, "pattern");
	const char *format = sb_schema_format(schema);
	FC_AUTO_FREE char *quote = quoted(value);
	json_int_t most, least;

	if (limit(schema, "maxLength", &most) && characters(text) > (size_t)most)
		refuse(out, path, quote, "should be at most %lld chars long", (long long)most);
	else if (limit(schema, "minLength", &least) && characters(text) < (size_t)least)
		refuse(out, path, quote, "should be at least %lld chars long", (long long)least);
	else if (*pattern && !sb_pattern_matches(pattern, text, json_string_length(value)))
		refuse(out, path, quote, "should match '%s'", pattern);
	out->matches++;
	if (*format && !sb_schema_is_format(format, text))
		refuse(out, path, quote, "must be of type %s: %s", format, quote);
}

/* --- numbers --- */

/* A limit as the server compares with it: of a whole number it takes the whole part. */
static char *print_limit(const json_t *bound, const json_t *value, double *number)
{
	*number = json_number_value(bound);
	if (json_is_integer(value) && json_is_real(bound)) {
		*number = trunc(*number);
		return fc_xasprintf("%.0f", *number + 0.0);
	}
	return quoted(bound);
}

static void validate_multiple(const json_t *schema, const char *path, const json_t *value, struct result *out)
{
	const json_t *of = json_object_get(schema, "multipleOf");
	FC_AUTO_FREE char *quote = quoted(value);
	double ratio = json_number_value(value) / json_number_value(of);

	if (!json_is_number(of) || json_number_value(of) <= 0)
		return;
	FC_AUTO_FREE char *factor = quoted(of);
	if (fabs(ratio - nearbyint(ratio)) > 1e-9)
		refuse(out, path, quote, "should be a multiple of %s", factor);
}

static void validate_number(const json_t *schema, const char *path, const json_t *value, struct result *out)
{
	const json_t *least = json_object_get(schema, "minimum"), *most = json_object_get(schema, "maximum");
	FC_AUTO_FREE char *quote = quoted(value);
	double number = json_number_value(value), bound;

	validate_multiple(schema, path, value, out);
	if (json_is_number(least)) {
		FC_AUTO_FREE char *text = print_limit(least, value, &bound);
		bool exclusive = sb_schema_says(schema, "exclusiveMinimum");

		if (number < bound || (exclusive && number == bound))
			refuse(out, path, quote, "should be greater than %s%s", exclusive ? "" : "or equal to ", text);
	}
	if (json_is_number(most)) {
		FC_AUTO_FREE char *text = print_limit(most, value, &bound);
		bool exclusive = sb_schema_says(schema, "exclusiveMaximum");

		if (number > bound || (exclusive && number == bound))
			refuse(out, path, quote, "should be less than %s%s", exclusive ? "" : "or equal to ", text);
	}
	out->matches++;
}

/* --- lists --- */

static bool has_duplicates(const json_t *list)
{
	for (size_t i = 1; i < json_array_size(list); i++) {
		for (size_t j = 0; j < i; j++) {
			if (json_equal(json_array_get(list, i), json_array_get(list, j)))
				return true;
		}
	}
	return false;
}

static void validate_list(const json_t *schema, const char *path, const json_t *list, struct result *out)
{
	const json_t *items = json_object_get(schema, "items");
	size_t size = json_array_size(list), i;
	FC_AUTO_FREE char *quote = fc_xasprintf("%zu", size);
	json_int_t most, least;
	json_t *element;

	/* The real server names the list, not the element. */
	if (items) {
		json_array_foreach(list, i, element) {
			struct result of_element = { .matches = 0 };

			validate(items, path, element, &of_element);
			merge(out, &of_element);
		}
	}
	if (limit(schema, "minItems", &least) && size < (size_t)least)
		refuse(out, path, quote, "should have at least %lld items", (long long)least);
	if (limit(schema, "maxItems", &most) && size > (size_t)most)
		refuse(out, path, quote, "should have at most %lld items", (long long)most);
	if (sb_schema_says(schema, "uniqueItems") && has_duplicates(list))
		refuse(out, path, "\"\"", "shouldn't contain duplicates");
	out->matches++;
}

/* --- objects --- */

static void validate_member(const json_t *schema, const char *path, const char *name, const json_t *value,
			    struct result *out)
{
	const json_t *property = json_object_get(json_object_get(schema, "properties"), name);
	const json_t *additional = json_object_get(schema, "additionalProperties");
	FC_AUTO_FREE char *below = property && !*path ? fc_xstrdup(name) : fc_xasprintf("%s.%s", path, name);
	struct result of_member = { .matches = 0 };

	if (!property && !json_is_object(additional))
		return;
	validate(property ? property : additional, below, value, &of_member);
	merge(out, &of_member);
}

static void validate_object(const json_t *schema, const char *path, const json_t *object, struct result *out)
{
	size_t size = json_object_size(object), i;
	json_int_t most, least;
	json_t *name;

	if (limit(schema, "minProperties", &least) && size < (size_t)least) {
		FC_AUTO_FREE char *value = fc_xasprintf("%lld", (long long)least);
		refuse(out, path, value, "should have at least %s properties", value);
		return;
	}
	if (limit(schema, "maxProperties", &most) && size > (size_t)most) {
		FC_AUTO_FREE char *value = fc_xasprintf("%lld", (long long)most);
		refuse(out, path, value, "should have at most %s properties", value);
		return;
	}
	FC_AUTO_FREE const char **names = sb_schema_sorted_names(object);
	for (i = 0; names[i]; i++)
		validate_member(schema, path, names[i], json_object_get(object, names[i]), out);
	json_array_foreach(json_object_get(schema, "required"), i, name) {
		FC_AUTO_FREE char *below = fc_xasprintf("%s.%s", path, json_string_value(name));

		if (json_is_string(name) && !json_object_get(object, json_string_value(name)))
			sb_cause(&out->causes, "FieldValueRequired", field_of(below), "Required value");
	}
	out->matches++;
}

/* --- any value --- */

static bool is_same_value(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

static void validate_enum(const json_t *schema, const char *path, const json_t *value, struct result *out)
{
	const json_t *allowed = json_object_get(schema, "enum");
	FC_AUTO_BUF struct fc_buf words = FC_BUF_INIT;
	FC_AUTO_FREE char *quote = quoted(value);
	size_t i;
	json_t *one;

	json_array_foreach(allowed, i, one) {
		if (is_same_value(one, value))
			return;
		json_auto_t *text = NULL;
		if (!json_is_string(one)) {
			FC_AUTO_FREE char *dumped = json_dumps(one, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
			text = json_string(dumped ? dumped : "");
		}
		fc_buf_puts(&words, i ? ", " : "");
		sb_schema_quote(&words, text ? text : one);
	}
	if (json_array_size(allowed))
		sb_cause(&out->causes, "FieldValueNotSupported", field_of(path),
			 "Unsupported value: %s: supported values: %s", quote, fc_buf_str(&words));
}

/* How many of the alternatives hold; with `stop` at the first. `best` is of the failing one that comes closest, unless
 * one holds. */
static size_t try_alternatives(const json_t *schemas, bool stop, const char *path, const json_t *value,
			       struct result *best)
{
	size_t valid = 0, i;
	json_t *schema;

	json_array_foreach(schemas, i, schema) {
		struct result one = { .matches = 0 };

		validate(schema, path, value, &one);
		bool holds = is_valid(&one);
		if ((holds && !valid) || (!holds && !valid && (i == 0 || one.matches > best->matches))) {
			sb_causes_fini(&best->causes);
			*best = one;
		} else {
			sb_causes_fini(&one.causes);
		}
		valid += holds;
		if (valid && stop)
			break;
	}
	return valid;
}

static void validate_any_of(const json_t *schemas, const char *path, const json_t *value, struct result *out)
{
	struct result best = { .matches = 0 };

	if (!json_array_size(schemas))
		return;
	if (try_alternatives(schemas, true, path, value, &best) == 0)
		refuse_whole(out, path, "must validate at least one schema (anyOf)");
	merge(out, &best);
}

static void validate_one_of(const json_t *schemas, const char *path, const json_t *value, struct result *out)
{
	struct result best = { .matches = 0 };

	if (!json_array_size(schemas))
		return;
	size_t valid = try_alternatives(schemas, false, path, value, &best);
	FC_AUTO_FREE char *found =
		valid ? fc_xasprintf("Found %zu valid alternatives", valid) : fc_xstrdup("Found none valid");
	FC_AUTO_FREE char *words = fc_xasprintf("must validate one and only one schema (oneOf). %s", found);
	if (valid != 1)
		refuse_whole(out, path, words);
	merge(out, &best);
}

static void validate_all_of(const json_t *schemas, const char *path, const json_t *value, struct result *out)
{
	size_t valid = 0, i;
	json_t *schema;

	json_array_foreach(schemas, i, schema) {
		struct result one = { .matches = 0 };

		validate(schema, path, value, &one);
		valid += is_valid(&one);
		merge(out, &one);
	}
	if (valid == json_array_size(schemas))
		return;
	refuse_whole(out, path,
		     valid ? "must validate all the schemas (allOf)"
			   : "must validate all the schemas (allOf). None validated");
}

static void validate_composed(const json_t *schema, const char *path, const json_t *value, struct result *out)
{
	const json_t *inverse = json_object_get(schema, "not");

	validate_any_of(json_object_get(schema, "anyOf"), path, value, out);
	validate_one_of(json_object_get(schema, "oneOf"), path, value, out);
	validate_all_of(json_object_get(schema, "allOf"), path, value, out);
	if (json_is_object(inverse)) {
		struct result one = { .matches = 0 };

		validate(inverse, path, value, &one);
		if (is_valid(&one))
			refuse_whole(out, path, "must not validate the schema (not)");
		sb_causes_fini(&one.causes);
	}
	out->matches++;
}

static void validate(const json_t *schema, const char *path, const json_t *value, struct result *out)
{
	struct result of_type = { .matches = 0 };

	validate_type(schema, path, value, &of_type);
	merge(out, &of_type);
	if (json_is_null(value)) {
		validate_enum(schema, path, value, out);
		return;
	}
	validate_composed(schema, path, value, out);
	if (json_is_string(value))
		validate_string(schema, path, value, out);
	if (json_is_number(value))
		validate_number(schema, path, value, out);
	if (json_is_array(value))
		validate_list(schema, path, value, out);
	validate_enum(schema, path, value, out);
	if (json_is_object(value))
		validate_object(schema, path, value, out);
	out->matches += 3;
}

void sb_schema_validate(const struct sb_schema *s, const json_t *object, struct sb_causes *causes)
{
	struct result out = { .causes = *causes };

	validate(s->source, "", object, &out);
	*causes = out.causes;
	sb_schema_validate_lists(s->source, object, causes);
}
