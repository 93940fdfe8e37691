/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/object.h"

#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/kinds.h"
#include "sandbox/types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "{\"metadata\":"
#define HEAD_BYTES (sizeof(HEAD) - 1)
/* The version comes first: it is where every text has it, and can be exchanged without a look at the rest. */
#define VERSION_HEAD HEAD "{\"resourceVersion\":\""
#define VERSION_BYTES (sizeof(VERSION_HEAD) - 1)

/* --- rendering --- */

static int append(const char *bytes, size_t len, void *out)
{
	return fc_buf_append(out, bytes, len);
}

static void print_value(const json_t *value, struct fc_buf *out)
{
	json_dump_callback(value, append, out, JSON_COMPACT | JSON_ENCODE_ANY);
}

static void print_member(const char *name, const json_t *value, struct fc_buf *out)
{
	json_t *key = json_string(name) ?: json_string("");

	if (out->data[out->len - 1] != '{')
		fc_buf_putc(out, ',');
	print_value(key, out);
	fc_buf_putc(out, ':');
	print_value(value, out);
	json_decref(key);
}

/* All members but those named. */
static void print_members(const json_t *object, const char *not_this, const char *nor_this, const char *nor_that,
			  struct fc_buf *out)
{
	const char *name;
	json_t *value;

	/* jansson 2.14 has no loop over a const object. */
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
		if (strcmp(name, not_this) != 0 && strcmp(name, nor_this) != 0 && strcmp(name, nor_that) != 0)
			print_member(name, value, out);
}

static unsigned print_text(const json_t *json, uint64_t version, struct fc_buf *out)
{
	unsigned metadata_len;

	if (version)
		fc_buf_printf(out, VERSION_HEAD "%" PRIu64 "\"", version);
	else
		fc_buf_puts(out, HEAD "{");
	print_members(json_object_get(json, "metadata"), "resourceVersion", "", "", out);
	fc_buf_putc(out, '}');
	metadata_len = (unsigned)(out->len - HEAD_BYTES);
	print_members(json, "metadata", "kind", "apiVersion", out);
	fc_buf_putc(out, '}');
	return metadata_len;
}

/* --- what selectors and the collection of garbage ask for, behind the text --- */

static void append_word(struct fc_buf *out, const char *word)
{
	fc_buf_append(out, word, strlen(word) + 1);
}

static size_t append_labels(const json_t *metadata, struct fc_buf *out)
{
	size_t at = out->len;
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(metadata, "labels"), key, value) {
		if (!*key || !json_is_string(value))
			continue;
		append_word(out, key);
		append_word(out, json_string_value(value));
	}
	if (out->len == at)
		return 0;
	append_word(out, "");
	return at;
}

static size_t append_owners(const json_t *metadata, struct fc_buf *out)
{
	size_t at = out->len, i;
	json_t *owner;

	json_array_foreach(json_object_get(metadata, "ownerReferences"), i, owner) {
		const char *uid = json_string_value(json_object_get(owner, "uid"));

		if (uid && *uid)
			append_word(out, uid);
	}
	if (out->len == at)
		return 0;
	append_word(out, "");
	return at;
}

/* The pieces lie in the one that begins at `bytes`, at these places. */
struct places {
	size_t ns, name, labels, owners; /* 0: none */
};

static void set_places(struct sb_object *o, const struct places *at)
{
	char *bytes = (char *)(o + 1);

	o->text = bytes;
	o->ns = bytes + at->ns;
	o->name = bytes + at->name;
	o->labels = at->labels ? bytes + at->labels : NULL;
	o->owners = at->owners ? bytes + at->owners : NULL;
}

struct sb_object *sb_object_new(const json_t *json, uint64_t version)
{
	const json_t *metadata = json_object_get(json, "metadata");
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	struct places at;
	unsigned metadata_len, len;
	struct sb_object *o;

	metadata_len = print_text(json, version, &out);
	len = (unsigned)out.len;
	fc_buf_append(&out, "", 1);
	at.ns = out.len;
	append_word(&out, fc_json_metadata(json, "namespace"));
	at.name = out.len;
	append_word(&out, fc_json_metadata(json, "name"));
	at.labels = append_labels(metadata, &out);
	at.owners = append_owners(metadata, &out);

	o = fc_xrealloc(NULL, sizeof(*o) + out.len);
	*o = (struct sb_object){
		.refs = 1, .metadata_len = metadata_len, .len = len, .bytes = (unsigned)out.len, .version = version
	};
	memcpy(o + 1, out.data, out.len);
	set_places(o, &at);
	return o;
}

struct sb_object *sb_object_at_version(const struct sb_object *o, uint64_t version)
{
	char digits[24];
	const char *rest = o->text + VERSION_BYTES + strcspn(o->text + VERSION_BYTES, "\"");
	size_t head = VERSION_BYTES + (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, version);
	/* As unsigned numbers, which may wrap and come back. */
	size_t shift = head - (size_t)(rest - o->text);
	struct places at = { .ns = (size_t)(o->ns - o->text) + shift,
			     .name = (size_t)(o->name - o->text) + shift,
			     .labels = o->labels ? (size_t)(o->labels - o->text) + shift : 0,
			     .owners = o->owners ? (size_t)(o->owners - o->text) + shift : 0 };
	struct sb_object *other = fc_xrealloc(NULL, sizeof(*other) + o->bytes + shift);
	char *bytes = (char *)(other + 1);

	*other = (struct sb_object){ .refs = 1,
				     .metadata_len = (unsigned)(o->metadata_len + shift),
				     .len = (unsigned)(o->len + shift),
				     .bytes = (unsigned)(o->bytes + shift),
				     .version = version };
	memcpy(bytes, o->text, VERSION_BYTES);
	memcpy(bytes + VERSION_BYTES, digits, head - VERSION_BYTES);
	memcpy(bytes + head, rest, o->bytes - (size_t)(rest - o->text));
	set_places(other, &at);
	return other;
}

struct sb_object *sb_object_ref(struct sb_object *o)
{
	o->refs++;
	return o;
}

void sb_object_unref(struct sb_object *o)
{
	if (o && --o->refs == 0)
		free(o);
}

const char *sb_object_label(const struct sb_object *o, const char *key)
{
	for (const char *have = o->labels; have && *have;) {
		const char *value = have + strlen(have) + 1;

		if (strcmp(have, key) == 0)
			return value;
		have = value + strlen(value) + 1;
	}
	return NULL;
}

/* --- reading --- */

/* What was rendered from a value can be read again: no limit of a peer's is asked for. */
static json_t *read_text(const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, JSON_ALLOW_NUL, NULL);

	if (!json)
		abort();
	return json;
}

/* NULL: objects are served in the form in which they are kept. */
static void (*turned_by(const struct sb_type *type))(json_t *object)
{
	return type->from_stored;
}

static void print_head(const struct sb_type *type, struct fc_buf *out)
{
	fc_buf_puts(out, "{\"kind\":\"");
	fc_buf_puts(out, type->kind);
	fc_buf_puts(out, "\",\"apiVersion\":\"");
	fc_buf_puts(out, type->api_version);
	fc_buf_puts(out, "\"");
}

static void print_turned(const struct sb_object *o, const struct sb_type *type, struct fc_buf *out)
{
	json_t *json = read_text(o->text, o->len);

	turned_by(type)(json);
	print_members(json, "", "", "", out);
	fc_buf_putc(out, '}');
	json_decref(json);
}

void sb_object_print(const struct sb_object *o, const struct sb_type *type, struct fc_buf *out)
{
	print_head(type, out);
	if (turned_by(type)) {
		print_turned(o, type, out);
		return;
	}
	fc_buf_putc(out, ',');
	fc_buf_append(out, o->text + 1, o->len - 1);
}

void sb_object_print_item(const struct sb_object *o, const struct sb_type *type, struct fc_buf *out)
{
	if (type->custom) {
		sb_object_print(o, type, out);
	} else if (turned_by(type)) {
		fc_buf_putc(out, '{');
		print_turned(o, type, out);
	} else {
		fc_buf_append(out, o->text, o->len);
	}
}

json_t *sb_object_stored(const struct sb_object *o, const struct sb_type *type)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	print_head(type, &text);
	fc_buf_putc(&text, ',');
	fc_buf_append(&text, o->text + 1, o->len - 1);
	return read_text(text.data, text.len);
}

json_t *sb_object_json(const struct sb_object *o, const struct sb_type *type)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	sb_object_print(o, type, &text);
	return read_text(text.data, text.len);
}

void sb_object_print_metadata(const struct sb_object *o, struct fc_buf *out)
{
	fc_buf_puts(out, "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":");
	fc_buf_append(out, o->text + HEAD_BYTES, o->metadata_len);
	fc_buf_putc(out, '}');
}
