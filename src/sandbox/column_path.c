/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/column_path.h"

#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum step_kind { MEMBER, DESCENDANT, SLICE, EVERY, FILTER };
enum comparison { EXISTS, EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

struct step {
	enum step_kind kind;
	char *member;		     /* MEMBER, DESCENDANT */
	long from, to;		     /* SLICE: negative ones count from the end */
	struct sb_column_path *left; /* FILTER */
	enum comparison comparison;
	json_t *right;
};

struct sb_column_path {
	struct step *steps;
	size_t count, cap;
};

static struct step *add_step(struct sb_column_path *p, enum step_kind kind)
{
	struct step *s;

	FC_GROW(p->steps, p->count, p->cap);
	s = &p->steps[p->count++];
	*s = (struct step){ .kind = kind };
	return s;
}

void sb_column_path_free(struct sb_column_path *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		free(p->steps[i].member);
		sb_column_path_free(p->steps[i].left);
		json_decref(p->steps[i].right);
	}
	free(p->steps);
	free(p);
}

/* --- parsing: each returns what follows, or NULL --- */

static const char *parse_steps(struct sb_column_path *p, const char *s, bool in_filter);

/* A name up to the next dot or bracket; a backslash takes the next letter as it is. */
static const char *parse_member(struct sb_column_path *p, const char *s, enum step_kind kind)
{
	struct fc_buf name = FC_BUF_INIT;

	while (*s && !strchr(".[]()=!<> ", *s)) {
		if (*s == '\\' && s[1])
			s++;
		fc_buf_putc(&name, *s++);
	}
	if (!name.len) {
		fc_buf_fini(&name);
		return NULL;
	}
	if (strcmp(name.data, "*") == 0) {
		fc_buf_fini(&name);
		add_step(p, EVERY);
	} else {
		add_step(p, kind)->member = fc_buf_steal(&name);
	}
	return s;
}

static const char *parse_quoted(const char *s, char **out)
{
	char quote = *s++;
	struct fc_buf text = FC_BUF_INIT;

	for (; *s && *s != quote; s++) {
		if (*s == '\\' && s[1])
			s++;
		fc_buf_putc(&text, *s);
	}
	if (*s != quote) {
		fc_buf_fini(&text);
		return NULL;
	}
	*out = fc_buf_steal(&text);
	return s + 1;
}

static const char *parse_slice(struct sb_column_path *p, const char *s)
{
	struct step *step = add_step(p, SLICE);
	char *end;

	step->from = strtol(s, &end, 10);
	if (*end == ':') {
		const char *to = end + 1;

		step->to = strtol(to, &end, 10);
		if (end == to)
			step->to = LONG_MAX;
	} else if (end == s) {
		return NULL;
	} else {
		step->to = step->from == -1 ? LONG_MAX : step->from + 1;
	}
	return *end == ']' ? end + 1 : NULL;
}

static const char *parse_comparison(const char *s, enum comparison *out)
{
	static const struct {
		const char *word;
		enum comparison comparison;
	} words[] = { { "==", EQUAL },	       { "!=", UNEQUAL }, { "<=", LESS_EQUAL },
		      { ">=", GREATER_EQUAL }, { "<", LESS },	  { ">", GREATER } };

	for (size_t i = 0; i < FC_ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i].word);

		if (strncmp(s, words[i].word, len) != 0)
			continue;
		*out = words[i].comparison;
		return s + len;
	}
	return NULL;
}

static const char *parse_literal(const char *s, json_t **out)
{
	FC_AUTO_FREE char *text = NULL;
	char *end;
	double number;

	if (*s == '"' || *s == '\'') {
		s = parse_quoted(s, &text);
		*out = s ? json_string(text) : NULL;
		return *out ? s : NULL;
	}
	if (strncmp(s, "true", 4) == 0 || strncmp(s, "false", 5) == 0) {
		*out = json_boolean(*s == 't');
		return s + (*s == 't' ? 4 : 5);
	}
	number = strtod(s, &end);
	*out = end == s ? NULL : json_real(number);
	return *out ? end : NULL;
}

static const char *blanks(const char *s)
{
	return s + strspn(s, " ");
}

/* Behind "[?(": "@.type=="Ready")]". */
static const char *parse_filter(struct sb_column_path *p, const char *s)
{
	struct sb_column_path *left = fc_xcalloc(1, sizeof(*left));
	enum comparison comparison = EXISTS;
	json_t *right = NULL;
	struct step *step = add_step(p, FILTER);

	step->left = left;
	s = blanks(s);
	if (*s != '@' || !(s = parse_steps(left, s + 1, true)))
		return NULL;
	s = blanks(s);
	if (*s != ')') {
		s = parse_comparison(s, &comparison);
		if (!s || !(s = parse_literal(blanks(s), &right)))
			return NULL;
		step->right = right;
	}
	step->comparison = comparison;
	s = blanks(s);
	return strncmp(s, ")]", 2) == 0 ? s + 2 : NULL;
}

/* Behind "['": a dot in the key parts it, as outside of brackets. */
static const char *parse_key(struct sb_column_path *p, const char *s)
{
	size_t len = strcspn(s, "'");
	FC_AUTO_FREE char *path = fc_xasprintf(".%.*s", (int)len, s);

	if (strncmp(s + len, "']", 2) != 0 || !parse_steps(p, path, false))
		return NULL;
	return s + len + 2;
}

static const char *parse_bracket(struct sb_column_path *p, const char *s)
{
	if (strncmp(s, "?(", 2) == 0)
		return parse_filter(p, s + 2);
	if (strncmp(s, "*]", 2) == 0) {
		/* Of a list alone, as the server has it. */
		add_step(p, SLICE)->to = LONG_MAX;
		return s + 2;
	}
	return *s == '\'' ? parse_key(p, s + 1) : parse_slice(p, s);
}

static const char *parse_steps(struct sb_column_path *p, const char *s, bool in_filter)
{
	while (s && *s) {
		if (strncmp(s, "..", 2) == 0)
			s = parse_member(p, s + 2, DESCENDANT);
		else if (*s == '.')
			s = parse_member(p, s + 1, MEMBER);
		else if (*s == '[')
			s = parse_bracket(p, s + 1);
		else
			return in_filter ? s : NULL;
	}
	return s;
}

struct sb_column_path *sb_column_path_parse(const char *text)
{
	struct sb_column_path *p = fc_xcalloc(1, sizeof(*p));

	/* "." alone is the whole. */
	if (strcmp(text, ".") == 0 || parse_steps(p, text, false))
		return p;
	sb_column_path_free(p);
	return NULL;
}

/* --- looking up: the first that is found --- */

static const json_t *walk(const struct sb_column_path *p, size_t at, const json_t *value);

static bool compare(double difference, enum comparison how)
{
	switch (how) {
	case EXISTS:
		return true;
	case EQUAL:
		return fpclassify(difference) == FP_ZERO;
	case UNEQUAL:
		return fpclassify(difference) != FP_ZERO;
	case LESS:
		return difference < 0;
	case LESS_EQUAL:
		return difference <= 0;
	case GREATER:
		return difference > 0;
	case GREATER_EQUAL:
		return difference >= 0;
	}
	return false;
}

static bool matches(const struct step *step, const json_t *item)
{
	const json_t *left = walk(step->left, 0, item), *right = step->right;

	if (!left)
		return false;
	if (step->comparison == EXISTS)
		return true;
	if (json_is_string(left) && json_is_string(right))
		return compare(strcmp(json_string_value(left), json_string_value(right)), step->comparison);
	if (json_is_number(left) && json_is_number(right))
		return compare(json_number_value(left) - json_number_value(right), step->comparison);
	if (json_is_boolean(left) && json_is_boolean(right))
		return compare(json_is_true(left) - json_is_true(right), step->comparison);
	return step->comparison == UNEQUAL;
}

static const json_t *walk_list(const struct sb_column_path *p, size_t at, const json_t *list)
{
	const struct step *step = &p->steps[at];
	long size = (long)json_array_size(list);
	long from = step->from < 0 ? step->from + size : step->from;
	long to = step->to < 0 ? step->to + size : step->to;

	if (!json_is_array(list) || from < 0)
		return NULL;
	for (long i = from; i < to && i < size; i++) {
		const json_t *item = json_array_get(list, (size_t)i), *found;

		found = walk(p, at + 1, item);
		if (found)
			return found;
	}
	return NULL;
}

/* Every member or item, in the order of names, that a filter takes. */
static const json_t *walk_every(const struct sb_column_path *p, size_t at, const json_t *value)
{
	const struct step *step = &p->steps[at];
	const json_t *found = NULL;
	const char *name;
	json_t *item;
	size_t i;

	json_array_foreach(value, i, item) {
		if (step->kind == FILTER && !matches(step, item))
			continue;
		found = walk(p, at + 1, item);
		if (found)
			return found;
	}
	if (step->kind == FILTER)
		return NULL;
	json_object_foreach((json_t *)(uintptr_t)value, name, item) {
		found = walk(p, at + 1, item);
		if (found)
			return found;
	}
	return NULL;
}

static const json_t *walk_down(const struct sb_column_path *p, size_t at, const json_t *value)
{
	const json_t *found = json_object_get(value, p->steps[at].member);
	const char *name;
	json_t *item;
	size_t i;

	if (found && (found = walk(p, at + 1, found)))
		return found;
	json_object_foreach((json_t *)(uintptr_t)value, name, item) {
		found = walk_down(p, at, item);
		if (found)
			return found;
	}
	json_array_foreach(value, i, item) {
		found = walk_down(p, at, item);
		if (found)
			return found;
	}
	return NULL;
}

static const json_t *walk(const struct sb_column_path *p, size_t at, const json_t *value)
{
	if (!value || at == p->count)
		return value;
	switch (p->steps[at].kind) {
	case MEMBER:
		return walk(p, at + 1, json_object_get(value, p->steps[at].member));
	case DESCENDANT:
		return walk_down(p, at, value);
	case SLICE:
		return walk_list(p, at, value);
	case EVERY:
	case FILTER:
		return walk_every(p, at, value);
	}
	return NULL;
}

const json_t *sb_column_path_get(const struct sb_column_path *p, const json_t *document)
{
	return walk(p, 0, document);
}
