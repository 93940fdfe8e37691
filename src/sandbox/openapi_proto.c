/* SPDX-License-Identifier: Apache-2.0 */
/* The message openapi.v2.Document of gnostic, of it what kubectl reads. Numbers of fields are those of its definition,
 * OpenAPIv2.proto; an extension is the text of its value, which is read as YAML. */
#include "sandbox/openapi.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

/* --- the wire --- */

static void put_varint(struct fc_buf *out, uint64_t n)
{
	for (; n > 0x7f; n >>= 7)
		fc_buf_putc(out, (char)(n | 0x80));
	fc_buf_putc(out, (char)n);
}

static void put_bytes(struct fc_buf *out, unsigned field, const char *bytes, size_t len)
{
	put_varint(out, field << 3 | 2);
	put_varint(out, len);
	fc_buf_append(out, bytes, len);
}

static void put_text(struct fc_buf *out, unsigned field, const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	if (json_is_string(value))
		put_bytes(out, field, json_string_value(value), json_string_length(value));
}

static void put_flag(struct fc_buf *out, unsigned field, const json_t *object, const char *member)
{
	if (!json_is_true(json_object_get(object, member)))
		return;
	put_varint(out, field << 3);
	put_varint(out, 1);
}

static void put_texts(struct fc_buf *out, unsigned field, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (json_is_string(item))
			put_bytes(out, field, json_string_value(item), json_string_length(item));
}

typedef void print_fn(const json_t *value, struct fc_buf *out);

/* A message within a message. */
static void put_message(struct fc_buf *out, unsigned field, const json_t *value, print_fn *print)
{
	struct fc_buf inner = FC_BUF_INIT;

	print(value, &inner);
	put_bytes(out, field, fc_buf_str(&inner), inner.len);
	fc_buf_fini(&inner);
}

static void put_member(struct fc_buf *out, unsigned field, const json_t *object, const char *member, print_fn *print)
{
	const json_t *value = json_object_get(object, member);

	if (value)
		put_message(out, field, value, print);
}

/* Each member as a message of name and value. */
static void put_named(struct fc_buf *out, unsigned field, const json_t *object, print_fn *print)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		struct fc_buf inner = FC_BUF_INIT;

		put_bytes(&inner, 1, name, strlen(name));
		put_message(&inner, 2, value, print);
		put_bytes(out, field, fc_buf_str(&inner), inner.len);
		fc_buf_fini(&inner);
	}
}

static void print_any(const json_t *value, struct fc_buf *out)
{
	FC_AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	put_bytes(out, 2, text, strlen(text));
}

static void put_extensions(struct fc_buf *out, unsigned field, const json_t *object)
{
	json_t *extensions = json_object(), *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
		if (strncmp(name, "x-", 2) == 0)
			json_object_set(extensions, name, value);
	put_named(out, field, extensions, print_any);
	json_decref(extensions);
}

/* --- schemas --- */

static void print_schema(const json_t *s, struct fc_buf *out);

/* One schema, in the message that could hold several. */
static void print_items(const json_t *items, struct fc_buf *out)
{
	put_message(out, 1, items, print_schema);
}

static void print_additional(const json_t *value, struct fc_buf *out)
{
	if (json_is_object(value)) {
		put_message(out, 1, value, print_schema);
	} else {
		put_varint(out, 2 << 3);
		put_varint(out, json_is_true(value));
	}
}

static void print_type(const json_t *type, struct fc_buf *out)
{
	put_bytes(out, 1, json_string_value(type), json_string_length(type));
}

static void print_properties(const json_t *properties, struct fc_buf *out)
{
	put_named(out, 1, properties, print_schema);
}

static void print_schema(const json_t *s, struct fc_buf *out)
{
	const json_t *values = json_object_get(s, "enum"), *value;
	size_t i;

	put_text(out, 1, s, "$ref");
	put_text(out, 2, s, "format");
	put_text(out, 3, s, "title");
	put_text(out, 4, s, "description");
	put_text(out, 17, s, "pattern");
	put_texts(out, 19, json_object_get(s, "required"));
	json_array_foreach(values, i, value)
		put_message(out, 20, value, print_any);
	put_member(out, 21, s, "additionalProperties", print_additional);
	put_member(out, 22, s, "type", print_type);
	put_member(out, 23, s, "items", print_items);
	put_member(out, 25, s, "properties", print_properties);
	put_extensions(out, 31, s);
}

/* --- paths --- */

static void print_body_parameter(const json_t *p, struct fc_buf *out)
{
	put_text(out, 2, p, "name");
	put_text(out, 3, p, "in");
	put_flag(out, 4, p, "required");
	put_member(out, 5, p, "schema", print_schema);
}

static void print_query_parameter(const json_t *p, struct fc_buf *out)
{
	put_text(out, 2, p, "in");
	put_text(out, 4, p, "name");
	put_text(out, 6, p, "type");
	put_flag(out, 20, p, "uniqueItems");
}

static void print_path_parameter(const json_t *p, struct fc_buf *out)
{
	put_flag(out, 1, p, "required");
	put_text(out, 2, p, "in");
	put_text(out, 4, p, "name");
	put_text(out, 5, p, "type");
}

static bool is_in(const json_t *parameter, const char *where)
{
	return strcmp(json_string_value(json_object_get(parameter, "in")) ?: "", where) == 0;
}

static void print_other_parameter(const json_t *p, struct fc_buf *out)
{
	if (is_in(p, "path"))
		put_message(out, 4, p, print_path_parameter);
	else
		put_message(out, 3, p, print_query_parameter);
}

static void print_parameter(const json_t *p, struct fc_buf *out)
{
	if (is_in(p, "body"))
		put_message(out, 1, p, print_body_parameter);
	else
		put_message(out, 2, p, print_other_parameter);
}

/* That it is one, and no reference to one. */
static void print_parameter_item(const json_t *p, struct fc_buf *out)
{
	put_message(out, 1, p, print_parameter);
}

static void put_parameters(struct fc_buf *out, unsigned field, const json_t *object)
{
	const json_t *list = json_object_get(object, "parameters"), *p;
	size_t i;

	json_array_foreach(list, i, p)
		put_message(out, field, p, print_parameter_item);
}

static void print_schema_item(const json_t *schema, struct fc_buf *out)
{
	put_message(out, 1, schema, print_schema);
}

static void print_response(const json_t *response, struct fc_buf *out)
{
	put_text(out, 1, response, "description");
	put_member(out, 2, response, "schema", print_schema_item);
}

static void print_response_value(const json_t *response, struct fc_buf *out)
{
	put_message(out, 1, response, print_response);
}

static void print_responses(const json_t *responses, struct fc_buf *out)
{
	put_named(out, 1, responses, print_response_value);
}

static void print_operation(const json_t *operation, struct fc_buf *out)
{
	put_text(out, 5, operation, "operationId");
	put_texts(out, 6, json_object_get(operation, "produces"));
	put_texts(out, 7, json_object_get(operation, "consumes"));
	put_parameters(out, 8, operation);
	put_member(out, 9, operation, "responses", print_responses);
	put_extensions(out, 13, operation);
}

static void print_path(const json_t *path, struct fc_buf *out)
{
	put_member(out, 2, path, "get", print_operation);
	put_member(out, 3, path, "put", print_operation);
	put_member(out, 4, path, "post", print_operation);
	put_member(out, 5, path, "delete", print_operation);
	put_member(out, 8, path, "patch", print_operation);
	put_parameters(out, 9, path);
}

static void print_paths(const json_t *paths, struct fc_buf *out)
{
	put_named(out, 2, paths, print_path);
}

static void print_info(const json_t *info, struct fc_buf *out)
{
	put_text(out, 1, info, "title");
	put_text(out, 2, info, "version");
}

void sb_openapi_print_proto(const json_t *document, struct fc_buf *out)
{
	put_text(out, 1, document, "swagger");
	put_member(out, 2, document, "info", print_info);
	put_member(out, 8, document, "paths", print_paths);
	put_member(out, 9, document, "definitions", print_properties);
}
