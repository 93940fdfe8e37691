/* SPDX-License-Identifier: Apache-2.0 */
#include "json/yaml_print.h"

#include "base/mem.h"
#include "json/decode.h"
#include "json/yaml_scalar.h"

#include <string.h>

static int put(yaml_emitter_t *emitter, yaml_event_t *event, int initialised, struct fc_error *err)
{
	if (initialised && yaml_emitter_emit(emitter, event))
		return 0;
	return fc_error_set(err, FC_ERR_MEMORY, "YAML cannot be written: %s",
			    emitter->problem ? emitter->problem : "no memory");
}

/* Read back as a plain scalar, is it this text? */
static bool may_be_plain(const char *text, size_t len)
{
	yaml_event_t event = { .type = YAML_SCALAR_EVENT };
	const char *why = NULL;

	event.data.scalar.value = (yaml_char_t *)(uintptr_t)text;
	event.data.scalar.length = len;
	event.data.scalar.plain_implicit = 1;
	event.data.scalar.style = YAML_PLAIN_SCALAR_STYLE;
	if (len == 0 || fc_yaml_scalar_is_merge(&event))
		return false;
	json_auto_t *value = fc_yaml_scalar(&event, &why);
	return json_is_string(value);
}

/* The emitter falls back to quotes by itself where the text has characters that mean something in YAML. */
static int put_scalar(yaml_emitter_t *emitter, const char *text, size_t len, yaml_scalar_style_t style,
		      struct fc_error *err)
{
	yaml_event_t event;
	int made =
		yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *)(uintptr_t)text, (int)len, 1, 1, style);

	return put(emitter, &event, made, err);
}

static int put_string(yaml_emitter_t *emitter, const char *text, size_t len, struct fc_error *err)
{
	return put_scalar(emitter, text, len,
			  may_be_plain(text, len) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE, err);
}

static int put_value(yaml_emitter_t *emitter, const json_t *value, int depth, struct fc_error *err);

static int put_list(yaml_emitter_t *emitter, const json_t *list, int depth, struct fc_error *err)
{
	yaml_event_t event;
	int made = yaml_sequence_start_event_initialize(
		&event, NULL, NULL, 1, json_array_size(list) ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE);

	if (put(emitter, &event, made, err) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (put_value(emitter, json_array_get(list, i), depth, err) < 0)
			return -1;
	return put(emitter, &event, yaml_sequence_end_event_initialize(&event), err);
}

static int put_map(yaml_emitter_t *emitter, const json_t *map, int depth, struct fc_error *err)
{
	yaml_event_t event;
	int made = yaml_mapping_start_event_initialize(
		&event, NULL, NULL, 1, json_object_size(map) ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE);
	json_t *members = (json_t *)(uintptr_t)map;

	if (put(emitter, &event, made, err) < 0)
		return -1;
	for (void *i = json_object_iter(members); i; i = json_object_iter_next(members, i)) {
		const char *key = json_object_iter_key(i);
		if (put_string(emitter, key, strlen(key), err) < 0 ||
		    put_value(emitter, json_object_iter_value(i), depth, err) < 0)
			return -1;
	}
	return put(emitter, &event, yaml_mapping_end_event_initialize(&event), err);
}

static int put_value(yaml_emitter_t *emitter, const json_t *value, int depth, struct fc_error *err)
{
	if (depth == 0)
		return fc_error_set(err, FC_ERR_LIMIT, "nested deeper than %d levels", FC_JSON_MAX_DEPTH);
	if (json_is_object(value))
		return put_map(emitter, value, depth - 1, err);
	if (json_is_array(value))
		return put_list(emitter, value, depth - 1, err);
	if (json_is_string(value))
		return put_string(emitter, json_string_value(value), json_string_length(value), err);
	FC_AUTO_FREE char *text = json_dumps(value, JSON_ENCODE_ANY);
	if (!text)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory to write YAML");
	return put_scalar(emitter, text, strlen(text), YAML_PLAIN_SCALAR_STYLE, err);
}

static int append(void *user, unsigned char *bytes, size_t len)
{
	return fc_buf_append(user, bytes, len) == 0;
}

static int put_document(yaml_emitter_t *emitter, const json_t *value, struct fc_error *err)
{
	yaml_event_t event;

	if (put(emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), err) < 0 ||
	    put(emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1), err) < 0 ||
	    put_value(emitter, value, FC_JSON_MAX_DEPTH, err) < 0)
		return -1;
	if (put(emitter, &event, yaml_document_end_event_initialize(&event, 1), err) < 0)
		return -1;
	return put(emitter, &event, yaml_stream_end_event_initialize(&event), err);
}

int fc_yaml_print(const json_t *value, struct fc_buf *out, struct fc_error *err)
{
	yaml_emitter_t emitter;

	if (!yaml_emitter_initialize(&emitter))
		return fc_error_set(err, FC_ERR_MEMORY, "no memory to write YAML");
	yaml_emitter_set_output(&emitter, append, out);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	int rc = put_document(&emitter, value, err);
	yaml_emitter_delete(&emitter);
	return rc;
}
