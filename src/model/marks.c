/* SPDX-License-Identifier: Apache-2.0 */
#include "model/marks.h"

#include <string.h>

static const char *text_in(const json_t *object, const char *map, const char *key)
{
	return json_string_value(json_object_get(json_object_get(json_object_get(object, "metadata"), map), key));
}

const char *fc_marks_annotation(const json_t *object, const char *key)
{
	return text_in(object, "annotations", key);
}

const char *fc_marks_label(const json_t *object, const char *key)
{
	return text_in(object, "labels", key);
}

static bool says_true(const json_t *object, const char *key)
{
	const char *text = fc_marks_annotation(object, key);

	return text && strcmp(text, "true") == 0;
}

bool fc_marks_paused(const json_t *object)
{
	return says_true(object, FC_MARK_PAUSE);
}

bool fc_marks_creates_namespaces(const json_t *object)
{
	return says_true(object, FC_MARK_CREATE_NAMESPACES);
}
