/* SPDX-License-Identifier: Apache-2.0 */
/* Paths, as design section 5 words them, written anew for the checker. */
#include "world_parts.h"

#include <ctype.h>
#include <stdio.h>

static bool add_segment(struct place *p, const char *text, size_t len, bool index)
{
	if (p->count == MOST_SEGMENTS || len >= sizeof(p->text[0]) || len == 0)
		return false;
	memcpy(p->text[p->count], text, len);
	p->text[p->count][len] = '\0';
	p->index[p->count++] = index;
	return true;
}

static bool parse_pointer(struct place *p, const char *text)
{
	while (*text == '/') {
		size_t len = strcspn(text + 1, "/");

		if (!add_segment(p, text + 1, len, false))
			return false;
		text += 1 + len;
	}
	return p->count > 0;
}

/* ['key'], ["key"] or [0]; moves on behind it. */
static bool parse_bracket(struct place *p, const char **text)
{
	const char *begin = *text + 1, *end;
	char quote = *begin;

	if (quote == '\'' || quote == '"') {
		end = strchr(++begin, quote);
		if (!end || end[1] != ']')
			return false;
		*text = end + 2;
		return add_segment(p, begin, (size_t)(end - begin), false);
	}
	end = begin + strspn(begin, "0123456789");
	if (*end != ']')
		return false;
	*text = end + 1;
	return add_segment(p, begin, (size_t)(end - begin), true);
}

/* Up to a single dot or a bracket; a doubled dot is one. */
static bool parse_plain(struct place *p, const char **text, bool in_key)
{
	char segment[32];
	size_t len = 0;

	for (; **text && len < sizeof(segment) - 1; (*text)++) {
		if (**text == '.') {
			if ((*text)[1] != '.')
				break;
			(*text)++;
		} else if (**text == '[' && !in_key) {
			break;
		}
		segment[len++] = **text;
	}
	return add_segment(p, segment, len, false);
}

bool place_parse(struct place *p, const char *text, bool in_key)
{
	p->count = 0;
	if (!in_key && *text == '/')
		return parse_pointer(p, text);
	while (*text) {
		if (*text == '[' && !in_key ? !parse_bracket(p, &text) : !parse_plain(p, &text, in_key))
			return false;
		if (*text == '.') {
			text++;
			if (!*text)
				return false;
		} else if (*text && *text != '[') {
			return false;
		}
	}
	return p->count > 0;
}

static bool as_index(const char *text, size_t *index)
{
	if (!*text || strspn(text, "0123456789") != strlen(text) || (text[0] == '0' && text[1]))
		return false;
	*index = (size_t)atoi(text);
	return true;
}

enum place_found place_get(const struct place *p, const json_t *document, const json_t **value)
{
	const json_t *at = document;
	size_t index;

	*value = NULL;
	for (unsigned i = 0; i < p->count; i++) {
		if (!at || json_is_null(at))
			return PLACE_MISSING;
		if (json_is_object(at) && !p->index[i])
			at = json_object_get(at, p->text[i]);
		else if (json_is_array(at) && as_index(p->text[i], &index))
			at = json_array_get(at, index);
		else
			return PLACE_BLOCKED;
	}
	if (!at || json_is_null(at))
		return PLACE_MISSING;
	*value = at;
	return PLACE_FOUND;
}

bool place_set(const struct place *p, json_t *document, json_t *value)
{
	json_t *at = document, *next;
	size_t index;

	for (unsigned i = 0; i < p->count; i++) {
		bool last = i + 1 == p->count;

		if (json_is_object(at) && !p->index[i]) {
			next = json_object_get(at, p->text[i]);
			if (last)
				return json_object_set(at, p->text[i], value) == 0;
			if (!next || json_is_null(next)) {
				json_object_set_new(at, p->text[i], json_object());
				next = json_object_get(at, p->text[i]);
			}
		} else if (json_is_array(at) && as_index(p->text[i], &index) && index < json_array_size(at)) {
			next = json_array_get(at, index);
			if (last)
				return json_array_set(at, index, value) == 0;
			if (json_is_null(next)) {
				json_array_set_new(at, index, json_object());
				next = json_array_get(at, index);
			}
		} else {
			return false;
		}
		at = next;
	}
	return false;
}

int place_compare(const struct place *a, const struct place *b)
{
	for (unsigned i = 0; i < a->count && i < b->count; i++)
		if (strcmp(a->text[i], b->text[i]) != 0)
			return 2;
	return a->count < b->count ? -1 : a->count > b->count;
}

char *place_text(const struct place *p, char out[160])
{
	size_t at = 0;

	for (unsigned i = 0; i < p->count; i++) {
		if (i)
			out[at++] = '.';
		for (const char *c = p->text[i]; *c && at < 150; c++) {
			out[at++] = *c;
			if (*c == '.')
				out[at++] = *c;
		}
	}
	out[at] = '\0';
	return out;
}
