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

bool fc_marks_paused(const json_t *object)
{
	const char *text = fc_marks_annotation(object, FC_MARK_PAUSE);

	return text && strcmp(text, "true") == 0;
}
