/* SPDX-License-Identifier: Apache-2.0 */
#include "json/trim.h"

#include "base/mem.h"
#include "json/decode.h"

#include <stdbool.h>
#include <string.h>

#define FIELD "\"managedFields\""
/* Only so many levels can hold what is looked for (object, metadata, managedFields). */
#define LEVELS 3

struct search {
	const char *bytes;
	size_t len, at, depth;
	size_t name[LEVELS + 1]; /* name[d]: where the member begins whose value is open at depth d; its quote */
	char opened[LEVELS + 1]; /* opened[d]: by which bracket depth d was */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind the string that begins at `at`; `len` where it is cut off. */
static size_t behind_string(const struct search *s, size_t at)
{
	for (at++; at < s->len && s->bytes[at] != '"'; at++)
		at += s->bytes[at] == '\\';
	return at < s->len ? at + 1 : s->len;
}

static size_t behind_space(const struct search *s, size_t at)
{
	while (at < s->len && is_space(s->bytes[at]))
		at++;
	return at;
}

/* Behind the list that begins at `at`; 0: it has no end. */
static size_t behind_list(const struct search *s, size_t at)
{
	size_t depth = 0;

	while (at < s->len) {
		char c = s->bytes[at];

		if (c == '"') {
			at = behind_string(s, at);
			continue;
		}
		at++;
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && --depth == 0)
			return at;
	}
	return 0;
}

static bool says(const struct search *s, size_t at, const char *word)
{
	size_t word_len = strlen(word);

	return s->len - at >= word_len && memcmp(s->bytes + at, word, word_len) == 0;
}

static bool is_field(const struct search *s, enum fc_trim_of of, size_t at)
{
	size_t level = of == FC_TRIM_EVENT ? 3 : 2;

	return s->depth == level && s->opened[level] == '{' && says(s, at, FIELD) &&
	       says(s, s->name[level - 1], "\"metadata\"") &&
	       (of == FC_TRIM_OBJECT || says(s, s->name[1], "\"object\""));
}

static size_t before_space(const struct search *s, size_t at)
{
	while (at > 0 && is_space(s->bytes[at - 1]))
		at--;
	return at;
}

/* What stands before `at`, spaces apart. */
static char last_before(const struct search *s, size_t at)
{
	at = before_space(s, at);
	return at ? s->bytes[at - 1] : '\0';
}

static char next_behind(const struct search *s, size_t at)
{
	at = behind_space(s, at);
	return at < s->len ? s->bytes[at] : '\0';
}

/* The member whose name begins at `from` and whose value at `value`, with one of the commas beside it. False too where
 * what is broken around it would be good without it. */
static bool measure(const struct search *s, size_t from, size_t value, size_t *begin, size_t *end)
{
	if (value == s->len || s->bytes[value] != '[' || !(*end = behind_list(s, value)))
		return false;
	*begin = before_space(s, from);
	char before = last_before(s, from), behind = next_behind(s, *end);

	if (before == ',') {
		char earlier = last_before(s, --*begin);

		return earlier != '{' && earlier != ',' && (behind == ',' || behind == '}');
	}
	if (before != '{' || behind != ',')
		return before == '{' && behind == '}';
	*end = behind_space(s, *end) + 1;
	return next_behind(s, *end) == '"';
}

static bool find(struct search *s, enum fc_trim_of of, size_t *begin, size_t *end)
{
	while (s->at < s->len) {
		char c = s->bytes[s->at];

		if (c == '"') {
			size_t from = s->at;
			size_t colon = behind_space(s, s->at = behind_string(s, from));

			if (colon == s->len || s->bytes[colon] != ':')
				continue;
			if (is_field(s, of, from))
				return measure(s, from, behind_space(s, colon + 1), begin, end);
			if (s->depth <= LEVELS)
				s->name[s->depth] = from;
			continue;
		}
		/* Of a list's elements none has a name: its own bracket is none. */
		if ((c == '{' || c == '[') && ++s->depth <= LEVELS) {
			s->name[s->depth] = s->at;
			s->opened[s->depth] = c;
		} else if ((c == '}' || c == ']') && s->depth > 0) {
			s->depth--;
		}
		s->at++;
	}
	return false;
}

json_t *fc_decode_trimmed(const char *bytes, size_t len, enum fc_trim_of of, struct fc_error *err)
{
	struct search s = { .bytes = bytes, .len = len };
	size_t begin, end;

	if (len > FC_JSON_MAX_BYTES || !memmem(bytes, len, FIELD, strlen(FIELD)) || !find(&s, of, &begin, &end))
		return fc_decode(bytes, len, err);
	size_t rest = len - (end - begin);
	char *text = fc_try_realloc(NULL, rest);
	if (!text) {
		fc_error_set(err, FC_ERR_MEMORY, "out of memory for a JSON value");
		return NULL;
	}
	memcpy(text, bytes, begin);
	memcpy(text + begin, bytes + end, len - end);
	json_t *value = fc_decode(text, rest, err);
	fc_free_secret(text, rest);
	/* What is wrong with it is said of the place where it stands. */
	return value || !err || err->cls == FC_ERR_MEMORY ? value : fc_decode(bytes, len, err);
}
