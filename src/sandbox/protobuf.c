/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/protobuf.h"

#include "base/encode.h"
#include "base/mem.h"
#include "sandbox/protobuf_leaf.h"

#include <string.h>

static int decode_message(const struct sb_schema *s, unsigned outer, struct sb_wire w, json_t *object, unsigned depth,
			  struct fc_error *err);

/* --- members --- */

/* "ConfigMap" of "v1.ConfigMap", "ObjectMeta" of "TypeMeta: ObjectMeta" */
static const char *last_word(const char *name, char mark)
{
	const char *at = strrchr(name ?: "", mark);

	return at ? at + 1 + (at[1] == ' ') : name ?: "";
}

static int refuse_type(const struct sb_member *m, enum sb_wire_type type, struct fc_error *err)
{
	return fc_error_set(err, FC_ERR_INVALID, "proto: wrong wireType = %d for field %s", (int)type,
			    last_word(m->go_name, ':'));
}

static enum sb_wire_type type_of(const struct sb_schema *s)
{
	switch (s->type) {
	case SB_INTEGER:
	case SB_BOOLEAN:
		return SB_WIRE_VARINT;
	case SB_NUMBER:
		return SB_WIRE_FIXED64;
	default:
		return SB_WIRE_PIECE;
	}
}

static json_t *decode_number(const struct sb_schema *s, struct sb_wire *w, struct fc_error *err)
{
	uint64_t n = 0;
	double real = 0;

	if ((s->type == SB_NUMBER ? sb_wire_double(w, &real, err) : sb_wire_varint(w, &n, err)) < 0)
		return NULL;
	if (s->type == SB_BOOLEAN)
		return json_boolean(n != 0);
	if (s->type == SB_INTEGER)
		return json_integer(s->integer64 ? (json_int_t)n : (int32_t)n);
	return json_real(real) ?: sb_leaf_refuse("a number that JSON does not have", err);
}

/* A message; `old`: the part of it that came before, which goes on. A new reference. */
static json_t *decode_struct(const struct sb_schema *s, struct sb_wire piece, json_t *old, unsigned depth,
			     struct fc_error *err)
{
	json_t *object = json_is_object(old) ? json_incref(old) : json_object();

	if (decode_message(s, 0, piece, object, depth, err) == 0)
		return object;
	json_decref(object);
	return NULL;
}

/* Types that are written in another way in JSON: the parts of their message first. */
static json_t *decode_leaf(const struct sb_schema *s, struct sb_wire piece, unsigned depth, struct fc_error *err)
{
	struct sb_leaf leaf;

	sb_leaf_shape(&leaf, s);
	json_auto_t *parts = decode_struct(&leaf.shape, piece, NULL, depth, err);
	return parts ? sb_leaf_value(s, parts, err) : NULL;
}

static json_t *decode_value(const struct sb_schema *s, struct sb_wire *w, json_t *old, unsigned depth,
			    struct fc_error *err)
{
	struct sb_wire piece;

	if (type_of(s) != SB_WIRE_PIECE)
		return decode_number(s, w, err);
	if (sb_wire_piece(w, &piece, err) < 0)
		return NULL;
	if (s->type == SB_STRING)
		return sb_leaf_text(piece, err);
	if (s->type == SB_BYTES) {
		FC_AUTO_FREE char *text = fc_base64_encode(piece.at, (size_t)(piece.end - piece.at));

		return json_string(text);
	}
	if (s->type == SB_OBJECT)
		return decode_struct(s, piece, old, depth, err);
	return decode_leaf(s, piece, depth, err);
}

/* --- lists and maps --- */

static int append(const struct sb_schema *items, struct sb_wire *w, json_t *list, unsigned depth, struct fc_error *err)
{
	json_t *value = decode_value(items, w, NULL, depth, err);

	return value ? json_array_append_new(list, value) : -1;
}

/* One element, or several numbers in one piece. */
static int decode_elements(const struct sb_member *m, struct sb_wire *w, enum sb_wire_type type, json_t *list,
			   unsigned depth, struct fc_error *err)
{
	const struct sb_schema *items = m->schema->items;
	struct sb_wire piece;

	if (type == type_of(items))
		return append(items, w, list, depth, err);
	if (type != SB_WIRE_PIECE)
		return refuse_type(m, type, err);
	if (sb_wire_piece(w, &piece, err) < 0)
		return -1;
	while (piece.at < piece.end)
		if (append(items, &piece, list, depth, err) < 0)
			return -1;
	return 0;
}

/* What a map has for a key that came without a value. */
static json_t *zero_of(const struct sb_schema *s)
{
	if (s->type == SB_STRING || s->type == SB_BYTES)
		return json_string("");
	if (s->type == SB_QUANTITY)
		return json_string("0");
	return s->type == SB_OBJECT ? json_object() : json_null();
}

/* A message with the key and the value. */
static int decode_entry(const struct sb_schema *values, struct sb_wire *w, json_t *map, unsigned depth,
			struct fc_error *err)
{
	static const struct sb_schema text = { .type = SB_STRING };
	const struct sb_member parts[] = { { "key", "", &text, 0, 1 }, { "value", "", values, 0, 2 } };
	const struct sb_schema shape = { .type = SB_OBJECT, .members = parts, .member_count = FC_ARRAY_LEN(parts) };
	struct sb_wire piece;

	if (sb_wire_piece(w, &piece, err) < 0)
		return -1;
	json_auto_t *entry = decode_struct(&shape, piece, NULL, depth, err);
	if (!entry)
		return -1;
	const json_t *key = json_object_get(entry, "key");
	json_t *value = json_object_get(entry, "value");
	const char *name = json_string_value(key) ?: "";
	if (strlen(name) != json_string_length(key))
		return fc_error_set(err, FC_ERR_INVALID, "a key of a map has a zero byte in it");
	return json_object_set_new(map, name, value ? json_incref(value) : zero_of(values));
}

/* --- messages --- */

/* The list or map that a member already is, or becomes. Borrowed. */
static json_t *collection(json_t *object, const struct sb_member *m)
{
	json_t *have = json_object_get(object, m->name);

	if (!have) {
		have = m->schema->type == SB_ARRAY ? json_array() : json_object();
		json_object_set_new(object, m->name, have);
	}
	return have;
}

static int decode_member(const struct sb_member *m, struct sb_wire *w, enum sb_wire_type type, json_t *object,
			 unsigned depth, struct fc_error *err)
{
	const struct sb_schema *s = m->schema;

	if (s->type == SB_ARRAY)
		return decode_elements(m, w, type, collection(object, m), depth, err);
	if (type != type_of(s))
		return refuse_type(m, type, err);
	if (s->type == SB_OBJECT && s->values)
		return decode_entry(s->values, w, collection(object, m), depth, err);
	json_t *value = decode_value(s, w, json_object_get(object, m->name), depth, err);
	return value ? json_object_set_new(object, m->name, value) : -1;
}

/* `outer`: the number of the message that is read, where it is embedded in that of `s`; 0. NULL: none. */
static const struct sb_member *find(const struct sb_schema *s, unsigned outer, uint32_t number)
{
	for (size_t i = 0; number < SB_INSIDE(1, 0) && i < s->member_count; i++)
		if (s->members[i].number == SB_INSIDE(outer, number))
			return &s->members[i];
	return NULL;
}

static bool is_embedded(const struct sb_schema *s, unsigned outer, uint32_t number)
{
	for (size_t i = 0; !outer && i < s->member_count; i++)
		if ((uint32_t)s->members[i].number >> 8 == number)
			return true;
	return false;
}

static int decode_field(const struct sb_schema *s, unsigned outer, struct sb_wire *w, json_t *object, unsigned depth,
			struct fc_error *err)
{
	const struct sb_member *m;
	enum sb_wire_type type;
	struct sb_wire piece;
	uint32_t number;

	if (sb_wire_key(w, last_word(s->go_type, '.'), &number, &type, err) < 0)
		return -1;
	m = find(s, outer, number);
	if (m)
		return decode_member(m, w, type, object, depth, err);
	if (type != SB_WIRE_PIECE || !is_embedded(s, outer, number))
		return sb_wire_skip(w, type, err);
	if (sb_wire_piece(w, &piece, err) < 0)
		return -1;
	return decode_message(s, number, piece, object, depth, err);
}

static int decode_message(const struct sb_schema *s, unsigned outer, struct sb_wire w, json_t *object, unsigned depth,
			  struct fc_error *err)
{
	if (depth >= SB_PROTOBUF_MAX_DEPTH)
		return fc_error_set(err, FC_ERR_LIMIT, "proto: nested deeper than %d levels", SB_PROTOBUF_MAX_DEPTH);
	while (w.at < w.end)
		if (decode_field(s, outer, &w, object, depth + 1, err) < 0)
			return -1;
	return 0;
}

/* --- the envelope --- */

static const char prefix[4] = "k8s";

/* runtime.Unknown; only what it is and the message are of use. */
static int read_type(struct sb_envelope *e, struct sb_wire w, struct fc_error *err)
{
	static const struct sb_schema text = { .type = SB_STRING };
	static const struct sb_member parts[] = { { "apiVersion", "APIVersion", &text, 0, 1 },
						  { "kind", "Kind", &text, 0, 2 } };
	static const struct sb_schema type_meta = {
		.type = SB_OBJECT, .go_type = "TypeMeta", .members = parts, .member_count = FC_ARRAY_LEN(parts)
	};
	json_auto_t *type = decode_struct(&type_meta, w, NULL, 0, err);

	if (!type)
		return -1;
	free(e->api_version);
	free(e->kind);
	e->api_version = fc_xstrdup(json_string_value(json_object_get(type, "apiVersion")) ?: "");
	e->kind = fc_xstrdup(json_string_value(json_object_get(type, "kind")) ?: "");
	return 0;
}

static int read_field(struct sb_envelope *e, struct sb_wire *w, struct fc_error *err)
{
	enum sb_wire_type type;
	struct sb_wire piece;
	uint32_t number;

	if (sb_wire_key(w, "Unknown", &number, &type, err) < 0)
		return -1;
	if (number > 2)
		return sb_wire_skip(w, type, err);
	if (type != SB_WIRE_PIECE)
		return fc_error_set(err, FC_ERR_INVALID, "proto: wrong wireType = %d for field %s", (int)type,
				    number == 1 ? "TypeMeta" : "Raw");
	if (sb_wire_piece(w, &piece, err) < 0)
		return -1;
	if (number == 1)
		return read_type(e, piece, err);
	e->message = piece;
	return 0;
}

int sb_envelope_open(struct sb_envelope *e, const char *bytes, size_t len, struct fc_error *err)
{
	*e = (struct sb_envelope){ .api_version = fc_xstrdup(""), .kind = fc_xstrdup(""), .message = { NULL, NULL } };
	if (!len)
		return fc_error_set(err, FC_ERR_INVALID, "empty data");
	if (len < sizeof(prefix) || memcmp(bytes, prefix, sizeof(prefix)) != 0)
		return fc_error_set(err, FC_ERR_INVALID,
				    "provided data does not appear to be a protobuf message, expected prefix [107 56 "
				    "115 0]");
	if (len == sizeof(prefix))
		return fc_error_set(err, FC_ERR_INVALID, "empty body");
	struct sb_wire w = sb_wire_of(bytes + sizeof(prefix), len - sizeof(prefix));
	while (w.at < w.end)
		if (read_field(e, &w, err) < 0)
			return -1;
	return 0;
}

void sb_envelope_fini(struct sb_envelope *e)
{
	free(e->api_version);
	free(e->kind);
}

json_t *sb_protobuf_decode(const struct sb_envelope *e, const struct sb_schema *s, const char *kind,
			   const char *api_version, struct fc_error *err)
{
	bool is_other = (*e->kind && strcmp(e->kind, kind) != 0) ||
			(*e->api_version && api_version && strcmp(e->api_version, api_version) != 0);
	json_t *object = is_other ? json_object() : decode_struct(s, e->message, NULL, 0, err);

	if (object && *e->kind)
		json_object_set_new(object, "kind", json_string(e->kind));
	if (object && *e->api_version)
		json_object_set_new(object, "apiVersion", json_string(e->api_version));
	return object;
}
