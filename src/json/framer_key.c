/* SPDX-License-Identifier: Apache-2.0 */
#include "json/framer.h"

#include "base/mem.h"

#include <jansson.h>

#include <string.h>

/* Only three levels can hold what is looked for (object, metadata, name): what lies deeper is passed over by
 * counting. */
#define LEVELS 3

enum member { M_OTHER, M_OBJECT, M_METADATA, M_NAMESPACE, M_NAME, M_VERSION, MEMBERS };

static const char *const member_names[MEMBERS] = {
	[M_OBJECT] = "object", [M_METADATA] = "metadata",	[M_NAMESPACE] = "namespace",
	[M_NAME] = "name",     [M_VERSION] = "resourceVersion",
};

struct key_search {
	const char *bytes;
	size_t len, at, depth;
	enum member way[LEVELS + 1]; /* way[d]: the member whose value is open at depth d */
	char *own[MEMBERS];	     /* found in metadata */
	char *inner[MEMBERS];	     /* found in object.metadata: a watch event */
};

static void free_all(char **texts)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		free(texts[i]);
		texts[i] = NULL;
	}
}

static enum member classify(const char *text, size_t len)
{
	for (enum member m = M_OBJECT; m < MEMBERS; m++) {
		if (strlen(member_names[m]) == len && memcmp(member_names[m], text, len) == 0)
			return m;
	}
	return M_OTHER;
}

static bool is_field(enum member m)
{
	return m == M_NAMESPACE || m == M_NAME || m == M_VERSION;
}

/* Where a string value at the present place belongs, or NULL. */
static char **slot(struct key_search *s)
{
	const enum member *way = s->way;

	if (s->depth == 2 && way[1] == M_METADATA && is_field(way[2]))
		return &s->own[way[2]];
	if (s->depth == 3 && way[1] == M_OBJECT && way[2] == M_METADATA && is_field(way[3]))
		return &s->inner[way[3]];
	return NULL;
}

static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~' || text[i] == '\\')
			return false;
	return true;
}

/* Keeps the string whose quotes stand at `from` and before `to`. Names and versions mostly stand for themselves. */
static void keep(char **where, const char *bytes, size_t from, size_t to)
{
	if (*where)
		return;
	if (is_plain(bytes + from + 1, to - from - 2)) {
		*where = fc_xstrndup(bytes + from + 1, to - from - 2);
		return;
	}
	json_auto_t *text = json_loadb(bytes + from, to - from, JSON_DECODE_ANY, NULL);
	if (json_is_string(text))
		*where = fc_xstrdup(json_string_value(text));
}

/* Passes over the string that begins at `at`. Returns false when it is cut off. */
static bool pass_string(struct key_search *s)
{
	size_t from = s->at++;

	while (s->at < s->len && s->bytes[s->at] != '"')
		s->at += s->bytes[s->at] == '\\' ? 2 : 1;
	if (s->at >= s->len)
		return false;
	size_t to = ++s->at;
	while (s->at < s->len && strchr(" \t\r\n", s->bytes[s->at]) && s->bytes[s->at])
		s->at++;
	bool is_name = s->at < s->len && s->bytes[s->at] == ':';
	if (s->depth == 0 || s->depth > LEVELS)
		return true;
	if (is_name)
		s->way[s->depth] = classify(s->bytes + from + 1, to - from - 2);
	else if (slot(s))
		keep(slot(s), s->bytes, from, to);
	return true;
}

static void search(struct key_search *s)
{
	while (s->at < s->len) {
		char c = s->bytes[s->at];

		if (c == '"') {
			if (!pass_string(s))
				return;
			continue;
		}
		if (c == '{' || c == '[') {
			if (++s->depth <= LEVELS)
				s->way[s->depth] = M_OTHER;
		} else if ((c == '}' || c == ']') && s->depth > 0) {
			s->depth--;
		}
		s->at++;
	}
}

int fc_framer_find_key(const char *bytes, size_t len, char **namespace_, char **name, char **resource_version)
{
	struct key_search s = { .bytes = bytes, .len = len };

	search(&s);
	/* An object may have a member called `object` of its own: its own metadata goes first. */
	char **found = s.own[M_NAME] ? s.own : s.inner;
	int rc = found[M_NAME] ? 0 : -1;
	*name = fc_steal(&found[M_NAME]);
	*namespace_ = rc == 0 ? fc_steal(&found[M_NAMESPACE]) : NULL;
	*resource_version = rc == 0 ? fc_steal(&found[M_VERSION]) : NULL;
	free_all(s.own);
	free_all(s.inner);
	return rc;
}
