/* SPDX-License-Identifier: Apache-2.0 */
#include "json/patch_apply.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/digest.h"
#include "json/path_impl.h"

#include <string.h>

/* Takes one token off the front of a pointer, which stands at its `/`; unescaped. */
static void take_token(const char **pointer, struct fc_buf *token)
{
	const char *at = *pointer + 1;

	fc_buf_clear(token);
	for (; *at && *at != '/'; at++) {
		if (*at == '~' && (at[1] == '0' || at[1] == '1'))
			fc_buf_putc(token, *++at == '1' ? '/' : '~');
		else
			fc_buf_putc(token, *at);
	}
	*pointer = at;
}

static json_t *member(const json_t *container, const char *token)
{
	size_t index;

	if (json_is_array(container))
		return fc_path_as_index(token, &index) ? json_array_get(container, index) : NULL;
	return json_object_get(container, token);
}

/* The container that the last token is about; NULL: there is none. */
static json_t *find_container(json_t *document, const char *pointer, struct fc_buf *token)
{
	json_t *at = document;

	if (*pointer != '/')
		return NULL;
	take_token(&pointer, token);
	while (at && *pointer) {
		at = member(at, fc_buf_str(token));
		take_token(&pointer, token);
	}
	return json_is_object(at) || json_is_array(at) ? at : NULL;
}

static int add(json_t *container, const char *token, const json_t *value)
{
	size_t index;

	if (json_is_object(container))
		return json_object_set_new(container, token, json_deep_copy(value));
	if (strcmp(token, "-") == 0)
		return json_array_append_new(container, json_deep_copy(value));
	/* Before the element that stands there, or behind the last one. */
	return fc_path_as_index(token, &index) ? json_array_insert_new(container, index, json_deep_copy(value)) : -1;
}

static int replace(json_t *container, const char *token, const json_t *value)
{
	size_t index;

	if (!member(container, token))
		return -1;
	if (json_is_object(container))
		return json_object_set_new(container, token, json_deep_copy(value));
	return fc_path_as_index(token, &index) ? json_array_set_new(container, index, json_deep_copy(value)) : -1;
}

static int take_away(json_t *container, const char *token)
{
	size_t index;

	if (json_is_object(container))
		return json_object_del(container, token);
	return fc_path_as_index(token, &index) ? json_array_remove(container, index) : -1;
}

static int test(const json_t *container, const char *token, const json_t *value)
{
	struct fc_digest have = fc_digest_json(member(container, token)), want = fc_digest_json(value);

	return fc_digest_equal(&have, &want) ? 0 : -1;
}

static int apply_one(const json_t *operation, json_t *document)
{
	const char *op = json_string_value(json_object_get(operation, "op"));
	const char *pointer = json_string_value(json_object_get(operation, "path"));
	const json_t *value = json_object_get(operation, "value");
	FC_AUTO_BUF struct fc_buf token = FC_BUF_INIT;
	json_t *container = op && pointer ? find_container(document, pointer, &token) : NULL;

	if (!container)
		return -1;
	if (strcmp(op, "remove") == 0)
		return take_away(container, fc_buf_str(&token));
	if (!value)
		return -1;
	if (strcmp(op, "add") == 0)
		return add(container, fc_buf_str(&token), value);
	if (strcmp(op, "replace") == 0)
		return replace(container, fc_buf_str(&token), value);
	return strcmp(op, "test") == 0 ? test(container, fc_buf_str(&token), value) : -1;
}

int fc_patch_apply(const json_t *operations, json_t *document, struct fc_error *err)
{
	const json_t *operation;
	size_t i;

	json_array_foreach(operations, i, operation) {
		const char *op = json_string_value(json_object_get(operation, "op"));
		const char *pointer = json_string_value(json_object_get(operation, "path"));

		if (apply_one(operation, document) < 0)
			return fc_error_set(err, FC_ERR_INVALID, "the patch cannot be applied: \"%s\" at \"%.200s\"",
					    op ? op : "", pointer ? pointer : "");
	}
	return 0;
}
