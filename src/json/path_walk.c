/* SPDX-License-Identifier: Apache-2.0 */
#include "json/path.h"

#include "base/mem.h"
#include "json/path_impl.h"

#include <stdlib.h>
#include <string.h>

bool fc_path_as_index(const char *text, size_t *index)
{
	size_t len = strlen(text);

	if (len == 0 || strspn(text, "0123456789") != len || (len > 1 && *text == '0'))
		return false;
	*index = (size_t)strtoull(text, NULL, 10);
	return true;
}

enum step {
	STEP_VALUE,	   /* something stands there, null perhaps */
	STEP_ABSENT,	   /* a map without that member */
	STEP_OUT_OF_RANGE, /* a list that is too short */
	STEP_WRONG,	   /* a scalar, a list entered by name, a map entered by index */
};

static enum step step_into(const struct fc_path *p, size_t i, const json_t *container, json_t **value)
{
	const char *text = fc_path_segment(p, i);
	size_t index;

	*value = NULL;
	if (json_is_object(container)) {
		if (p->segments[i].bracketed)
			return STEP_WRONG;
		*value = json_object_get(container, text);
		return *value ? STEP_VALUE : STEP_ABSENT;
	}
	if (!json_is_array(container) || !fc_path_as_index(text, &index))
		return STEP_WRONG;
	*value = json_array_get(container, index);
	return *value ? STEP_VALUE : STEP_OUT_OF_RANGE;
}

enum fc_path_found fc_path_get(const struct fc_path *p, const json_t *document, json_t **value)
{
	const json_t *at = document;
	json_t *next = NULL;

	*value = NULL;
	if (!document)
		return FC_PATH_MISSING;
	for (size_t i = 0; i < p->len; i++) {
		if (json_is_null(at))
			return FC_PATH_MISSING;
		switch (step_into(p, i, at, &next)) {
		case STEP_VALUE:
			at = next;
			break;
		case STEP_ABSENT:
		case STEP_OUT_OF_RANGE:
			return FC_PATH_MISSING;
		case STEP_WRONG:
			return FC_PATH_BLOCKED;
		}
	}
	if (json_is_null(at))
		return FC_PATH_IS_NULL;
	*value = next;
	return FC_PATH_FOUND;
}

/* Below a place where nothing stands only maps are made: an index there has no list to be in. */
static bool index_below(const struct fc_path *p, size_t from)
{
	for (size_t i = from; i < p->len; i++) {
		if (p->segments[i].bracketed)
			return true;
	}
	return false;
}

void fc_path_survey(const struct fc_path *p, const json_t *document, struct fc_path_ground *ground)
{
	const json_t *at = document;
	json_t *next = NULL;

	*ground = (struct fc_path_ground){ .present = 0 };
	for (size_t i = 0; i < p->len; i++) {
		bool last = i + 1u == p->len;
		enum step step = step_into(p, i, at, &next);

		if (step == STEP_OUT_OF_RANGE || step == STEP_WRONG) {
			ground->blocked = true;
			return;
		}
		ground->last_is_list = last && json_is_array(at);
		if (step == STEP_ABSENT || json_is_null(next)) {
			ground->is_null = last && step == STEP_VALUE;
			ground->gap_in_list = json_is_array(at);
			ground->blocked = index_below(p, i + 1);
			return;
		}
		ground->present++;
		at = next;
	}
}

static int put_into(const struct fc_path *p, size_t i, json_t *container, json_t *value)
{
	const char *text = fc_path_segment(p, i);
	size_t index;

	if (json_is_object(container))
		return json_object_set(container, text, value);
	return fc_path_as_index(text, &index) ? json_array_set(container, index, value) : -1;
}

int fc_path_set(const struct fc_path *p, json_t *document, json_t *value, struct fc_error *err)
{
	struct fc_path_ground ground;
	json_t *at = document;

	fc_path_survey(p, document, &ground);
	if (ground.blocked || p->len == 0) {
		FC_AUTO_BUF struct fc_buf where = FC_BUF_INIT;
		fc_path_prefix_pointer(p, ground.present + 1u, &where);
		return fc_error_set(err, FC_ERR_INVALID, "no write is possible at %s", fc_buf_str(&where));
	}
	for (size_t i = 0; i + 1 < p->len; i++) {
		json_t *next;

		step_into(p, i, at, &next);
		if (!next || json_is_null(next)) {
			json_auto_t *made = json_object();
			if (put_into(p, i, at, made) < 0)
				return fc_error_set(err, FC_ERR_MEMORY, "out of memory for a parent of a path");
			next = made;
		}
		at = next;
	}
	if (put_into(p, p->len - 1u, at, value) < 0)
		return fc_error_set(err, FC_ERR_INTERNAL, "a value that cannot be put at its path");
	return 0;
}
