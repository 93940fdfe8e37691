/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include <ctype.h>

/* The grammar is that of labels.Parse: KEY, !KEY, KEY=V, KEY==V, KEY!=V, KEY in (V,...), KEY notin (V,...), KEY>N,
 * KEY<N, with commas between. */
enum operator{ EXISTS, ABSENT, IN, NOT_IN, GREATER, LESS };

struct requirement {
	char *key;
	enum operator op;
	char **values;
	size_t count, cap;
};

struct api_selector {
	struct requirement *labels, *fields;
	size_t label_count, label_cap, field_count, field_cap;
};

static void requirement_fini(struct requirement *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->values[i]);
	free(r->values);
	free(r->key);
}

void api_selector_free(struct api_selector *sel)
{
	if (!sel)
		return;
	for (size_t i = 0; i < sel->label_count; i++)
		requirement_fini(&sel->labels[i]);
	for (size_t i = 0; i < sel->field_count; i++)
		requirement_fini(&sel->fields[i]);
	free(sel->labels);
	free(sel->fields);
	free(sel);
}

static void skip(const char **p)
{
	while (isspace((unsigned char)**p))
		++*p;
}

/* A word ends at a blank or at what means something. "" where there is none. */
static char *word(const char **p)
{
	const char *from;

	skip(p);
	from = *p;
	*p += strcspn(*p, " \t\n,()=!<>");
	return fc_xstrndup(from, (size_t)(*p - from));
}

static void add_value(struct requirement *r, char *value)
{
	FC_GROW(r->values, r->count, r->cap);
	r->values[r->count++] = value;
}

/* "(a,b)": an empty word is the empty value. */
static bool parse_set(const char **p, struct requirement *r)
{
	skip(p);
	if (*(*p)++ != '(')
		return false;
	for (;;) {
		add_value(r, word(p));
		skip(p);
		if (**p == ')')
			return ++*p;
		if (*(*p)++ != ',')
			return false;
	}
}

static bool parse_operator(const char **p, struct requirement *r)
{
	FC_AUTO_FREE char *name = NULL;

	skip(p);
	r->op = EXISTS;
	if (**p == '\0' || **p == ',')
		return true;
	if (**p == '=' || **p == '!') {
		r->op = **p == '=' ? IN : NOT_IN;
		if (**p == '!' && (*p)[1] != '=')
			return false;
		*p += (*p)[1] == '=' ? 2 : 1;
		add_value(r, word(p));
		return true;
	}
	if (**p == '>' || **p == '<') {
		char *end;

		r->op = **p == '>' ? GREATER : LESS;
		++*p;
		add_value(r, word(p));
		(void)strtoll(r->values[0], &end, 10);
		return *r->values[0] && !*end;
	}
	name = word(p);
	r->op = strcmp(name, "in") == 0 ? IN : NOT_IN;
	return (r->op == IN || strcmp(name, "notin") == 0) && parse_set(p, r);
}

static bool parse_requirement(const char **p, struct requirement *r)
{
	*r = (struct requirement){ .key = NULL };
	skip(p);
	if (**p == '!') {
		++*p;
		r->key = word(p);
		r->op = ABSENT;
	} else {
		r->key = word(p);
		if (!parse_operator(p, r))
			return false;
	}
	skip(p);
	return (**p == '\0' || **p == ',') && api_name_is_qualified(r->key);
}

static bool parse_labels(struct api_selector *sel, const char *text)
{
	const char *p = text;

	for (;;) {
		struct requirement *r;

		FC_GROW(sel->labels, sel->label_count, sel->label_cap);
		r = &sel->labels[sel->label_count++];
		if (!parse_requirement(&p, r))
			return false;
		for (size_t i = 0; i < r->count; i++)
			if (!api_label_value(r->values[i]))
				return false;
		if (!*p++)
			return true;
	}
}

/* fields.ParseSelector: KEY=V, KEY==V, KEY!=V; the keys that every resource has. */
static bool parse_fields(struct api_selector *sel, const char *text)
{
	const char *p = text;

	while (*p) {
		size_t len = strcspn(p, ","), key = strcspn(p, "=!,"), sign;
		struct requirement *r;

		if (key == len || (p[key] == '!' && p[key + 1] != '='))
			return false;
		FC_GROW(sel->fields, sel->field_count, sel->field_cap);
		r = &sel->fields[sel->field_count++];
		*r = (struct requirement){ .key = fc_xstrndup(p, key), .op = p[key] == '!' ? NOT_IN : IN };
		sign = p[key + 1] == '=' ? 2 : 1;
		add_value(r, fc_xstrndup(p + key + sign, len - key - sign));
		if (strcmp(r->key, "metadata.name") != 0 && strcmp(r->key, "metadata.namespace") != 0)
			return false;
		p += len + (p[len] == ',');
	}
	return true;
}

struct api_selector *api_selector_new(const char *labels, const char *fields, struct api_answer *refusal)
{
	struct api_selector *sel = fc_xcalloc(1, sizeof(*sel));

	if (labels && !parse_labels(sel, labels)) {
		*refusal = api_bad_request("unable to parse requirement: %s", labels);
		api_selector_free(sel);
		return NULL;
	}
	if (fields && !parse_fields(sel, fields)) {
		*refusal = api_bad_request("field label not supported: %s", fields);
		api_selector_free(sel);
		return NULL;
	}
	return sel;
}

static bool one_of(const struct requirement *r, const char *value)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->values[i], value) == 0)
			return true;
	return false;
}

static bool label_matches(const struct requirement *r, const char *value)
{
	char *end;
	long long number;

	switch (r->op) {
	case EXISTS:
		return value;
	case ABSENT:
		return !value;
	case IN:
		return value && one_of(r, value);
	case NOT_IN:
		return !value || !one_of(r, value);
	case GREATER:
	case LESS:
		number = value ? strtoll(value, &end, 10) : 0;
		if (!value || !*value || *end)
			return false;
		return r->op == GREATER ? number > strtoll(r->values[0], NULL, 10)
					: number < strtoll(r->values[0], NULL, 10);
	}
	return false;
}

bool api_selector_matches(const struct api_selector *sel, const struct api_cell *c)
{
	const json_t *labels = json_object_get(api_metadata(c->object), "labels");

	for (size_t i = 0; i < sel->field_count; i++) {
		const struct requirement *r = &sel->fields[i];
		const char *value = strcmp(r->key, "metadata.name") == 0 ? c->name : c->ns;

		if (one_of(r, value) != (r->op == IN))
			return false;
	}
	for (size_t i = 0; i < sel->label_count; i++)
		if (!label_matches(&sel->labels[i], api_string(labels, sel->labels[i].key)))
			return false;
	return true;
}
