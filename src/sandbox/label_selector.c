/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/label_selector.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/validate_names.h"

#include <errno.h>
#include <string.h>

enum operator{ EXISTS, ABSENT, IN, NOT_IN, GREATER, LESS };

struct requirement {
	enum operator op;
	char *key;
	char **values;
	size_t count, cap;
	long long number; /* of GREATER and LESS */
};

struct sb_label_selector {
	struct requirement *items;
	size_t count, cap;
};

/* The text that is left, and the next token: a word, one of "( ) , ! = == != > <", or "" at the end. */
struct reader {
	const char *rest;
	char token[1024]; /* a longer word is cut, and no key or value either way */
	bool word;
};

static void advance(struct reader *r)
{
	static const char *const pairs[] = { "==", "!=" };
	size_t len;

	r->rest += strspn(r->rest, " \t\r\n");
	len = strcspn(r->rest, " \t\r\n=!(),<>");
	r->word = len > 0;
	if (!len && *r->rest)
		len = strncmp(r->rest, pairs[0], 2) == 0 || strncmp(r->rest, pairs[1], 2) == 0 ? 2 : 1;
	snprintf(r->token, sizeof(r->token), "%.*s", (int)len, r->rest);
	r->rest += len;
}

static bool is(const struct reader *r, const char *token)
{
	return strcmp(r->token, token) == 0;
}

/* What is found is not what has to come. */
static int unexpected(const struct reader *r, const char *expected, struct fc_error *err)
{
	return fc_error_set(err, FC_ERR_INVALID, "found '%s'%s", r->token, expected);
}

static void add_value(struct requirement *req, const char *value)
{
	FC_GROW(req->values, req->count, req->cap);
	req->values[req->count++] = fc_xstrdup(value);
}

/* --- one requirement --- */

/* "(a,b)"; an empty place is the empty value. */
static int parse_values(struct reader *r, struct requirement *req, struct fc_error *err)
{
	if (!is(r, "("))
		return unexpected(r, " expected: '('", err);
	advance(r);
	if (is(r, ")"))
		add_value(req, "");
	else if (!r->word && !is(r, ","))
		return unexpected(r, ", expected: ',', ')' or identifier", err);
	while (!is(r, ")")) {
		if (r->word) {
			add_value(req, r->token);
			advance(r);
			if (!is(r, ",") && !is(r, ")"))
				return unexpected(r, ", expected: ',' or ')'", err);
			continue;
		}
		if (!is(r, ","))
			return unexpected(r, ", expected: ',', or identifier", err);
		if (!req->count)
			add_value(req, "");
		advance(r);
		if (!is(r, ")") && !is(r, ","))
			continue;
		add_value(req, "");
		if (is(r, ",")) {
			advance(r);
			if (is(r, ")"))
				return unexpected(r, ", expected: ',', or identifier", err);
		}
	}
	advance(r);
	return 0;
}

static int parse_one_value(struct reader *r, struct requirement *req, struct fc_error *err)
{
	if (!*r->token || is(r, ",")) {
		add_value(req, "");
		return 0;
	}
	if (!r->word)
		return unexpected(r, ", expected: identifier", err);
	add_value(req, r->token);
	advance(r);
	return 0;
}

static int parse_number(struct requirement *req, struct fc_error *err)
{
	char *end;

	errno = 0;
	req->number = strtoll(req->values[0], &end, 10);
	if (errno || !*req->values[0] || *end)
		return fc_error_set(err, FC_ERR_INVALID, "for 'Gt', 'Lt' operators, the value must be an integer");
	return 0;
}

static int parse_operator(struct reader *r, struct requirement *req, struct fc_error *err)
{
	static const struct {
		const char *token;
		enum operator op;
		bool set;
	} operators[] = { { "=", IN, false },  { "==", IN, false },	  { "!=", NOT_IN, false },
			  { "in", IN, true },  { "notin", NOT_IN, true }, { ">", GREATER, false },
			  { "<", LESS, false } };
	size_t i = 0;

	while (i < FC_ARRAY_LEN(operators) && !is(r, operators[i].token))
		i++;
	if (i == FC_ARRAY_LEN(operators))
		return unexpected(r, ", expected: '=', '!=', '==', 'in', notin'", err);
	req->op = operators[i].op;
	advance(r);
	if (operators[i].set)
		return parse_values(r, req, err);
	if (parse_one_value(r, req, err) < 0)
		return -1;
	return req->op == GREATER || req->op == LESS ? parse_number(req, err) : 0;
}

/* "a; b", the caller's; NULL: there are none. */
static char *join(const struct sb_faults *faults)
{
	struct fc_buf out = FC_BUF_INIT;

	if (!faults->count)
		return NULL;
	for (unsigned i = 0; i < faults->count; i++)
		fc_buf_printf(&out, "%s%s", i ? "; " : "", faults->text[i]);
	return fc_buf_steal(&out);
}

static int check_key(const char *key, struct fc_error *err)
{
	struct sb_faults faults = SB_FAULTS_INIT;
	FC_AUTO_FREE char *words = NULL;

	sb_faults_qualified_name(key, &faults);
	words = join(&faults);
	return words ? fc_error_set(err, FC_ERR_INVALID, "invalid label key \"%s\": %s", key, words) : 0;
}

static int check_values(const struct requirement *req, struct fc_error *err)
{
	for (size_t i = 0; i < req->count; i++) {
		struct sb_faults faults = SB_FAULTS_INIT;
		FC_AUTO_FREE char *words = NULL;

		sb_faults_label_value(req->values[i], &faults);
		words = join(&faults);
		if (words)
			return fc_error_set(err, FC_ERR_INVALID, "invalid label value: \"%s\": at key: \"%s\": %s",
					    req->values[i], req->key, words);
	}
	return 0;
}

static int parse_requirement(struct reader *r, struct requirement *req, struct fc_error *err)
{
	bool absent = is(r, "!");

	if (absent)
		advance(r);
	if (!r->word)
		return unexpected(r, ", expected: identifier", err);
	if (check_key(r->token, err) < 0)
		return -1;
	req->key = fc_xstrdup(r->token);
	req->op = absent ? ABSENT : EXISTS;
	advance(r);
	if (absent || !*r->token || is(r, ","))
		return 0;
	return parse_operator(r, req, err) < 0 ? -1 : check_values(req, err);
}

/* --- all of them --- */

static int parse(struct sb_label_selector *s, struct reader *r, struct fc_error *err)
{
	advance(r);
	while (*r->token) {
		if (!r->word && !is(r, "!"))
			return unexpected(r, ", expected: !, identifier, or 'end of string'", err);
		FC_GROW(s->items, s->count, s->cap);
		s->items[s->count++] = (struct requirement){ .key = NULL };
		if (parse_requirement(r, &s->items[s->count - 1], err) < 0)
			return fc_error_wrap(err, "unable to parse requirement");
		if (!*r->token)
			return 0;
		if (!is(r, ","))
			return unexpected(r, ", expected: ',' or 'end of string'", err);
		advance(r);
		if (!r->word && !is(r, "!"))
			return unexpected(r, ", expected: identifier after ','", err);
	}
	return 0;
}

struct sb_label_selector *sb_label_selector_parse(const char *text, struct fc_error *err)
{
	struct sb_label_selector *s = fc_xcalloc(1, sizeof(*s));
	struct reader r = { .rest = text };

	if (parse(s, &r, err) == 0)
		return s;
	sb_label_selector_free(s);
	return NULL;
}

void sb_label_selector_free(struct sb_label_selector *s)
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

bool sb_label_selector_is_empty(const struct sb_label_selector *s)
{
	return !s->count;
}

static bool is_among(const struct requirement *req, const char *value)
{
	for (size_t i = 0; i < req->count; i++)
		if (strcmp(req->values[i], value) == 0)
			return true;
	return false;
}

static bool is_beyond(const struct requirement *req, const char *value)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno || !*value || *end)
		return false;
	return req->op == GREATER ? number > req->number : number < req->number;
}

static bool holds(const struct requirement *req, const char *value)
{
	switch (req->op) {
	case EXISTS:
		return value;
	case ABSENT:
		return !value;
	case IN:
		return value && is_among(req, value);
	case NOT_IN:
		return !value || !is_among(req, value);
	case GREATER:
	case LESS:
		return value && is_beyond(req, value);
	}
	return false;
}

bool sb_label_selector_matches(const struct sb_label_selector *s, const struct sb_object *o)
{
	for (size_t i = 0; i < s->count; i++)
		if (!holds(&s->items[i], sb_object_label(o, s->items[i].key)))
			return false;
	return true;
}
