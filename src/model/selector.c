/* SPDX-License-Identifier: Apache-2.0 */
#include "model/selector.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "model/names.h"

enum test { EXISTS, ABSENT, IN, NOT_IN };

struct requirement {
	enum test test;
	char *key;
	char **values;
	size_t count, cap;
};

struct fc_selector {
	struct requirement *items;
	size_t count, cap;
};

/* A label's name, or a value: at most 63 bytes, alphanumeric at both ends. */
static bool is_word(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > 63 || !isalnum((unsigned char)s[0]) || !isalnum((unsigned char)s[len - 1]))
		return false;
	for (const char *c = s; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return false;
	return true;
}

static bool is_key(const char *s)
{
	const char *slash = strchr(s, '/');
	FC_AUTO_FREE char *prefix = slash ? fc_xstrndup(s, (size_t)(slash - s)) : NULL;

	return slash ? fc_name_is_subdomain(prefix) && is_word(slash + 1) : is_word(s);
}

static const char *skip_blanks(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* The text up to what ends a word, now the caller's; `*at` is moved behind it and the blanks that follow. */
static char *take_word(const char **at)
{
	const char *begin = skip_blanks(*at), *end = begin;

	while (*end && !isspace((unsigned char)*end) && !strchr("=!(),<>", *end))
		end++;
	*at = skip_blanks(end);
	return fc_xstrndup(begin, (size_t)(end - begin));
}

/* Takes over `value`. */
static int add_value(struct requirement *r, char *value, struct fc_error *err)
{
	FC_GROW(r->values, r->count, r->cap);
	r->values[r->count++] = value;
	if (value[0] == '\0' || is_word(value))
		return 0;
	return fc_error_set(err, FC_ERR_INVALID, "'%s' cannot be the value of a label", value);
}

static int parse_set(struct requirement *r, const char **at, struct fc_error *err)
{
	if (**at != '(')
		return fc_error_set(err, FC_ERR_INVALID, "a list of values in parentheses is missing behind '%s'",
				    r->key);
	do {
		++*at;
		if (add_value(r, take_word(at), err) < 0)
			return -1;
	} while (**at == ',');
	if (**at != ')')
		return fc_error_set(err, FC_ERR_INVALID, "the values of '%s' are not closed by a parenthesis", r->key);
	*at = skip_blanks(*at + 1);
	return 0;
}

static int parse_operator(struct requirement *r, const char **at, struct fc_error *err)
{
	if (**at == '!' && (*at)[1] == '=') {
		r->test = NOT_IN;
		*at += 2;
		return add_value(r, take_word(at), err);
	}
	if (**at == '=') {
		r->test = IN;
		*at += (*at)[1] == '=' ? 2 : 1;
		return add_value(r, take_word(at), err);
	}
	if (**at == ',' || **at == '\0') {
		r->test = EXISTS;
		return 0;
	}
	FC_AUTO_FREE char *word = take_word(at);

	if (strcmp(word, "in") != 0 && strcmp(word, "notin") != 0)
		return fc_error_set(err, FC_ERR_INVALID, "behind '%s' stands none of =, ==, !=, in, notin", r->key);
	r->test = word[0] == 'i' ? IN : NOT_IN;
	return parse_set(r, at, err);
}

static int parse_requirement(struct requirement *r, const char **at, struct fc_error *err)
{
	bool absent = *(*at = skip_blanks(*at)) == '!';

	if (absent)
		++*at;
	r->key = take_word(at);
	if (!is_key(r->key))
		return fc_error_set(err, FC_ERR_INVALID, "'%s' cannot be the name of a label", r->key);
	r->test = ABSENT;
	if (!absent && parse_operator(r, at, err) < 0)
		return -1;
	if (**at == ',' || **at == '\0')
		return 0;
	return fc_error_set(err, FC_ERR_INVALID, "behind the requirement for '%s' stands what is no comma", r->key);
}

struct fc_selector *fc_selector_parse(const char *text, struct fc_error *err)
{
	struct fc_selector *s = fc_xcalloc(1, sizeof(*s));
	const char *at = text;

	for (;;) {
		struct requirement *r;

		FC_GROW(s->items, s->count, s->cap);
		r = &s->items[s->count++];
		*r = (struct requirement){ .key = NULL };
		if (parse_requirement(r, &at, err) < 0) {
			fc_selector_free(s);
			return NULL;
		}
		if (*at++ == '\0')
			return s;
	}
}

void fc_selector_free(struct fc_selector *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		for (size_t v = 0; v < s->items[i].count; v++)
			free(s->items[i].values[v]);
		free(s->items[i].values);
		free(s->items[i].key);
	}
	free(s->items);
	free(s);
}

static bool is_among(const struct requirement *r, const char *value)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->values[i], value) == 0)
			return true;
	return false;
}

static bool holds(const struct requirement *r, const json_t *labels)
{
	const char *value = json_string_value(json_object_get(labels, r->key));

	switch (r->test) {
	case EXISTS:
		return value;
	case ABSENT:
		return !value;
	case IN:
		return value && is_among(r, value);
	case NOT_IN:
		break;
	}
	return !value || !is_among(r, value);
}

bool fc_selector_matches(const struct fc_selector *s, const json_t *labels)
{
	for (size_t i = 0; i < s->count; i++)
		if (!holds(&s->items[i], labels))
			return false;
	return true;
}
