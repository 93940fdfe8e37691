/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema_impl.h"

#include "base/mem.h"
#include "json/decode.h"

#include <string.h>

/* What one walk carries. */
struct coercion {
	const struct sb_schema *object_meta;
	struct fc_error *err;
};

static int walk(const struct coercion *c, const json_t *schema, const char *path, json_t *value);

/* The server writes metadata out by the order of names before it reads them: errors tell. */
static json_t *sorted_copy(const json_t *value)
{
	FC_AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	return text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
}

static int refuse_metadata(const struct coercion *c, const char *path, const json_t *metadata,
			   const struct fc_error *why)
{
	FC_AUTO_BUF struct fc_buf quoted = FC_BUF_INIT;

	if (!*path)
		return fc_error_set(c->err, FC_ERR_INVALID, "%s", why->text);
	sb_schema_quote(&quoted, metadata);
	return fc_error_set(c->err, FC_ERR_INVALID, "%s.metadata: Invalid value: %s: %s", path, fc_buf_str(&quoted),
			    why->text);
}

static int coerce_metadata(const struct coercion *c, const char *path, json_t *object)
{
	const json_t *metadata = json_object_get(object, "metadata");
	struct fc_error why = FC_ERROR_INIT;

	if (!metadata)
		return 0;
	json_auto_t *now = json_is_null(metadata) ? json_object() : sorted_copy(metadata);
	if (!now)
		return fc_error_set(c->err, FC_ERR_MEMORY, "out of memory for metadata");
	if (sb_schema_decode(c->object_meta, now, &why) < 0)
		return refuse_metadata(c, path, metadata, &why);
	if (json_is_null(json_object_get(now, "creationTimestamp")))
		json_object_del(now, "creationTimestamp");
	json_object_set(object, "metadata", now);
	return 0;
}

static int check_text(const struct coercion *c, const char *path, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	FC_AUTO_BUF struct fc_buf quoted = FC_BUF_INIT;

	if (!value || json_is_string(value))
		return 0;
	sb_schema_quote(&quoted, value);
	return fc_error_set(c->err, FC_ERR_INVALID, "%s.%s: Invalid value: %s: must be a string", path, name,
			    fc_buf_str(&quoted));
}

static int walk_object(const struct coercion *c, const json_t *schema, const char *path, json_t *object)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *additional = json_object_get(schema, "additionalProperties");
	const char *name;
	json_t *value;

	if (*path && sb_schema_says(schema, "x-kubernetes-embedded-resource") &&
	    (check_text(c, path, object, "apiVersion") < 0 || check_text(c, path, object, "kind") < 0 ||
	     coerce_metadata(c, path, object) < 0))
		return -1;
	json_object_foreach(object, name, value) {
		const json_t *property = json_object_get(properties, name);
		const json_t *of = property ? property : additional;
		FC_AUTO_FREE char *below = property ? fc_xasprintf("%s%s%s", path, *path ? "." : "", name)
						    : fc_xasprintf("%s[%s]", path, name);

		if (json_is_object(of) && walk(c, of, below, value) < 0)
			return -1;
	}
	return 0;
}

/* A whole number is one, however it was written. */
static void make_whole(json_t *parent, const char *key, size_t index, const json_t *value)
{
	double number = json_real_value(value);

	if (!json_is_real(value) || number < -1e15 || number > 1e15 || number != (double)(json_int_t)number)
		return;
	if (key)
		json_object_set_new(parent, key, json_integer((json_int_t)number));
	else
		json_array_set_new(parent, index, json_integer((json_int_t)number));
}

static void make_numbers_whole(json_t *value)
{
	const char *key;
	json_t *below;
	size_t i;

	json_object_foreach(value, key, below) {
		make_numbers_whole(below);
		make_whole(value, key, 0, below);
	}
	json_array_foreach(value, i, below) {
		make_numbers_whole(below);
		make_whole(value, NULL, i, below);
	}
}

static int walk(const struct coercion *c, const json_t *schema, const char *path, json_t *value)
{
	const json_t *items = json_object_get(schema, "items");
	size_t i;
	json_t *element;

	if (json_is_object(value))
		return walk_object(c, schema, path, value);
	json_array_foreach(value, i, element) {
		FC_AUTO_FREE char *below = fc_xasprintf("%s[%zu]", path, i);

		if (items && walk(c, items, below, element) < 0)
			return -1;
	}
	return 0;
}

int sb_schema_coerce(const struct sb_schema *s, json_t *object, struct fc_error *err)
{
	const struct coercion c = { .object_meta = sb_schema_member(s, "metadata"), .err = err };

	make_numbers_whole(object);
	if (coerce_metadata(&c, "", object) < 0)
		return -1;
	return walk(&c, s->source, "", object);
}
