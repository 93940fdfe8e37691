/* SPDX-License-Identifier: Apache-2.0 */
#include "json/yaml.h"

#include "base/mem.h"
#include "json/decode.h"
#include "json/yaml_scalar.h"

#include <yaml.h>

#include <string.h>

#define MAX_TEXT_BYTES (16u * 1024 * 1024)
/* What all aliases of a text together may add, in bytes of text and 32 for each value: ten times what a manifest
 * with anchors needs, and nothing that "a billion laughs" could use. */
#define MAX_EXPANSION (4u * 1024 * 1024)
#define VALUE_COST 32u

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	const char *text;
	size_t len;
	json_t *anchors; /* of the present document */
	size_t expanded;
	struct fc_error *err;
};

static json_t *fail_at(struct reader *r, yaml_mark_t at, const char *why)
{
	fc_error_set(r->err, FC_ERR_CONFIG, "line %zu, column %zu: %s", at.line + 1, at.column + 1, why);
	return NULL;
}

static json_t *no_memory(struct reader *r)
{
	fc_error_set(r->err, FC_ERR_MEMORY, "out of memory for a YAML value");
	return NULL;
}

/* For bytes that are no characters libyaml knows an offset only. */
static int fail_bytes(struct reader *r)
{
	yaml_mark_t at = { .index = r->parser.problem_offset };

	for (size_t i = 0; i < r->parser.problem_offset && i < r->len; i++) {
		at.column++;
		if (r->text[i] == '\n') {
			at.line++;
			at.column = 0;
		}
	}
	fail_at(r, at, r->parser.problem);
	return -1;
}

/* libyaml's sentences are constants: they quote nothing. */
static int explain(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR) {
		no_memory(r);
		return -1;
	}
	if (p->error == YAML_READER_ERROR)
		return fail_bytes(r);
	return fc_error_set(r->err, FC_ERR_CONFIG, "line %zu, column %zu: %s%s%s", p->problem_mark.line + 1,
			    p->problem_mark.column + 1, p->problem ? p->problem : "not YAML", p->context ? " " : "",
			    p->context ? p->context : "");
}

static int next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event))
		return 0;
	memset(&r->event, 0, sizeof(r->event));
	return explain(r);
}

/* What a copy of the value costs and how many levels it has. Ends early once the cost is beyond the limit. */
static size_t measure(const json_t *value, size_t spent, size_t *levels)
{
	size_t below = 0, deepest = 0;
	json_t *walked = (json_t *)(uintptr_t)value, *member;
	const char *key;

	spent += VALUE_COST + json_string_length(value);
	for (size_t i = 0; i < json_array_size(value) && spent <= MAX_EXPANSION; i++) {
		spent = measure(json_array_get(value, i), spent, &below);
		deepest = below > deepest ? below : deepest;
	}
	json_object_foreach(walked, key, member) {
		if (spent > MAX_EXPANSION)
			break;
		spent = measure(member, spent + strlen(key), &below);
		deepest = below > deepest ? below : deepest;
	}
	*levels = deepest + (json_is_object(value) || json_is_array(value));
	return spent;
}

/* A copy, since a value that stands twice in one tree would change in two places. */
static json_t *parse_alias(struct reader *r, size_t depth)
{
	const json_t *value = json_object_get(r->anchors, (const char *)r->event.data.alias.anchor);
	size_t levels;

	if (!value)
		return fail_at(r, r->event.start_mark, "an alias without an anchor before it");
	r->expanded = measure(value, r->expanded, &levels);
	if (r->expanded > MAX_EXPANSION)
		return fail_at(r, r->event.start_mark, "aliases that expand to more than 4 MiB");
	if (depth + levels > FC_JSON_MAX_DEPTH)
		return fail_at(r, r->event.start_mark, "nested deeper than 128 levels");
	json_t *copy = json_deep_copy(value);
	return copy ? copy : no_memory(r);
}

static json_t *remember_anchor(struct reader *r, const char *anchor, json_t *value)
{
	if (!anchor || !value)
		return value;
	if (json_object_set(r->anchors, anchor, value) == 0)
		return value;
	json_decref(value);
	return no_memory(r);
}

static json_t *parse_scalar(struct reader *r)
{
	const char *why = NULL;
	json_t *value = fc_yaml_scalar(&r->event, &why);

	if (!value)
		return why == fc_yaml_scalar_no_memory ? no_memory(r) : fail_at(r, r->event.start_mark, why);
	return remember_anchor(r, (const char *)r->event.data.scalar.anchor, value);
}

static json_t *parse_node(struct reader *r, size_t depth);

static json_t *parse_sequence(struct reader *r, size_t depth)
{
	FC_AUTO_FREE char *anchor = fc_xstrdup_null((const char *)r->event.data.sequence_start.anchor);
	json_auto_t *list = json_array();

	for (;;) {
		if (next(r) < 0)
			return NULL;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return remember_anchor(r, anchor, json_incref(list));
		json_t *element = parse_node(r, depth + 1);
		if (!element)
			return NULL;
		if (json_array_append_new(list, element) < 0)
			return no_memory(r);
	}
}

static char *parse_key(struct reader *r, size_t depth)
{
	yaml_mark_t at = r->event.start_mark;
	const char *why = NULL;
	char *key = NULL;

	if (r->event.type != YAML_SCALAR_EVENT && r->event.type != YAML_ALIAS_EVENT) {
		fail_at(r, at, "a key that is a mapping or a sequence");
		return NULL;
	}
	json_auto_t *value = parse_node(r, depth);
	if (!value)
		return NULL;
	key = fc_yaml_scalar_key(value, &why);
	if (!key)
		fail_at(r, at, why);
	return key;
}

/* The value of `<<`: a mapping, or a sequence of them of which the first wins. Kept as a list until the mapping's
 * own keys are known, which win over all of them wherever they stand. */
static json_t *parse_merge(struct reader *r, size_t depth)
{
	yaml_mark_t at;

	if (next(r) < 0)
		return NULL;
	at = r->event.start_mark;
	json_auto_t *value = parse_node(r, depth);
	if (!value)
		return NULL;
	json_auto_t *list = json_is_array(value) ? json_incref(value) : json_pack("[O]", value);
	if (!list)
		return no_memory(r);
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!json_is_object(json_array_get(list, i)))
			return fail_at(r, at, "a merge key (<<) whose value is no mapping");
	}
	return json_incref(list);
}

static int merge_all(json_t *map, const json_t *merged)
{
	for (size_t i = 0; i < json_array_size(merged); i++) {
		if (json_object_update_missing(map, json_array_get(merged, i)) < 0)
			return -1;
	}
	return 0;
}

static int parse_member(struct reader *r, size_t depth, json_t *map)
{
	yaml_mark_t at = r->event.start_mark;
	FC_AUTO_FREE char *key = parse_key(r, depth + 1);

	if (!key)
		return -1;
	if (json_object_get(map, key)) {
		fail_at(r, at, "a key that stands in this mapping already");
		return -1;
	}
	if (next(r) < 0)
		return -1;
	json_t *value = parse_node(r, depth + 1);
	if (!value)
		return -1;
	if (json_object_set_new(map, key, value) < 0) {
		no_memory(r);
		return -1;
	}
	return 0;
}

static json_t *parse_mapping(struct reader *r, size_t depth)
{
	FC_AUTO_FREE char *anchor = fc_xstrdup_null((const char *)r->event.data.mapping_start.anchor);
	json_auto_t *map = json_object();
	json_auto_t *merged = NULL;

	for (;;) {
		if (next(r) < 0)
			return NULL;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		if (!fc_yaml_scalar_is_merge(&r->event)) {
			if (parse_member(r, depth, map) < 0)
				return NULL;
			continue;
		}
		if (merged)
			return fail_at(r, r->event.start_mark, "a second merge key (<<) in one mapping");
		merged = parse_merge(r, depth);
		if (!merged)
			return NULL;
	}
	if (merge_all(map, merged) < 0)
		return no_memory(r);
	return remember_anchor(r, anchor, json_incref(map));
}

/* `depth`: how many mappings and sequences are open around the node. */
static json_t *parse_node(struct reader *r, size_t depth)
{
	bool opens = r->event.type == YAML_SEQUENCE_START_EVENT || r->event.type == YAML_MAPPING_START_EVENT;

	if (opens && depth >= FC_JSON_MAX_DEPTH)
		return fail_at(r, r->event.start_mark, "nested deeper than 128 levels");
	switch (r->event.type) {
	case YAML_ALIAS_EVENT:
		return parse_alias(r, depth);
	case YAML_SCALAR_EVENT:
		return parse_scalar(r);
	case YAML_SEQUENCE_START_EVENT:
		return parse_sequence(r, depth);
	case YAML_MAPPING_START_EVENT:
		return parse_mapping(r, depth);
	default:
		return fail_at(r, r->event.start_mark, "no value where one should be");
	}
}

static int parse_document(struct reader *r, json_t *documents, size_t most)
{
	yaml_mark_t at = r->event.start_mark;

	json_object_clear(r->anchors);
	if (next(r) < 0)
		return -1;
	json_auto_t *value = parse_node(r, 0);
	if (!value || next(r) < 0)
		return -1;
	if (json_is_null(value))
		return 0;
	if (json_array_size(documents) == most) {
		fail_at(r, at, "a second document where one is expected");
		return -1;
	}
	return json_array_append(documents, value);
}

static int parse_stream(struct reader *r, json_t *documents, size_t most)
{
	do {
		if (next(r) < 0)
			return -1;
		if (r->event.type == YAML_DOCUMENT_START_EVENT && parse_document(r, documents, most) < 0)
			return -1;
	} while (r->event.type != YAML_STREAM_END_EVENT);
	return 0;
}

/* JSON goes to the JSON parser first: libyaml refuses some of it (pairs of \u escapes beyond 16 bits). What that
 * parser refuses is read as YAML, which may allow it, or names line and column of the fault. */
static json_t *try_json(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && strchr(" \t\r\n", text[at]) && text[at])
		at++;
	return at < len && text[at] == '{' ? fc_decode_strict(text, len, NULL) : NULL;
}

static json_t *parse_documents(const char *text, size_t len, size_t most, struct fc_error *err)
{
	struct reader r = { .text = text, .len = len, .err = err };
	json_auto_t *documents = json_array();
	json_t *json;
	int rc;

	if (len > MAX_TEXT_BYTES) {
		fc_error_set(err, FC_ERR_CONFIG, "more than 16 MiB of text");
		return NULL;
	}
	json = try_json(text, len);
	if (json)
		return json_array_append_new(documents, json) < 0 ? no_memory(&r) : json_incref(documents);
	if (!yaml_parser_initialize(&r.parser))
		return no_memory(&r);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(len ? text : ""), len);
	r.anchors = json_object();
	rc = parse_stream(&r, documents, most);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	json_decref(r.anchors);
	return rc < 0 ? NULL : json_incref(documents);
}

json_t *fc_yaml_parse(const char *text, size_t len, struct fc_error *err)
{
	json_auto_t *documents = parse_documents(text, len, 1, err);

	if (!documents)
		return NULL;
	return json_array_size(documents) ? json_incref(json_array_get(documents, 0)) : json_null();
}

json_t *fc_yaml_parse_all(const char *text, size_t len, struct fc_error *err)
{
	return parse_documents(text, len, SIZE_MAX, err);
}
