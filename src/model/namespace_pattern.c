/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "model/namespace_pattern.h"

#include "base/mem.h"
#include "model/namespace_pattern_check.h"
#include "model/namespace_pattern_pool.h"

#include <pcre2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#define MATCH_LIMIT 10000
#define DEPTH_LIMIT 100
#define HEAP_KIB 256
/* Room for some 200 ways to read a name at once: the time goes with their square. */
#define WORKSPACE 1200

struct fc_namespace_pattern {
	atomic_uint refs;
	char *text;
	pcre2_code *code; /* NULL: literal */
};

struct fc_namespace_patterns {
	atomic_uint refs;
	struct fc_namespace_pattern **items;
	size_t count, cap, expressions;
};

bool fc_namespace_pattern_is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr("0123456789abcdefghijklmnopqrstuvwxyz.-", text[i]) || !text[i])
			return false;
	return len > 0;
}

/* --- one entry --- */

/* Before and behind what a user wrote: the whole name fits, or nothing. */
#define HEAD "(?:"
#define TAIL ")\\z"

/* \d and its like are ASCII; `.` takes no part of a character. */
static pcre2_code *compile(const char *text, size_t len, struct fc_error *err)
{
	const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C;
	FC_AUTO_FREE char *whole = fc_xasprintf(HEAD "%.*s" TAIL, (int)len, text);
	int code;
	size_t at;
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)whole, strlen(whole), options, &code, &at, NULL);
	char words[128];

	if (compiled)
		return compiled;
	/* What is well-formed and yet too large when its counts are written out. */
	pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof(words));
	at = at < strlen(HEAD) ? 0 : at - strlen(HEAD);
	fc_error_set(err, code == PCRE2_ERROR_HEAP_FAILED ? FC_ERR_MEMORY : FC_ERR_INVALID, "byte %zu: %s", at + 1,
		     words);
	return NULL;
}

struct fc_namespace_pattern *fc_namespace_pattern_parse(const char *text, size_t len, struct fc_error *err)
{
	struct fc_namespace_pattern *p;
	pcre2_code *code = NULL;

	if (!fc_namespace_pattern_is_name(text, len)) {
		if (fc_namespace_pattern_check(text, len, err) < 0)
			return NULL;
		code = compile(text, len, err);
		if (!code)
			return NULL;
	}
	p = fc_xcalloc(1, sizeof(*p));
	atomic_init(&p->refs, 1);
	p->text = fc_xstrndup(text, len);
	p->code = code;
	return p;
}

struct fc_namespace_pattern *fc_namespace_pattern_ref(struct fc_namespace_pattern *p)
{
	if (p)
		atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void fc_namespace_pattern_unref(struct fc_namespace_pattern *p)
{
	if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1)
		return;
	pcre2_code_free(p->code);
	free(p->text);
	free(p);
}

bool fc_namespace_pattern_is_shared(const struct fc_namespace_pattern *p)
{
	/* Only read: atomics are loaded from what is not const. */
	return atomic_load_explicit((atomic_uint *)(uintptr_t)&p->refs, memory_order_acquire) > 1;
}

const char *fc_namespace_pattern_text(const struct fc_namespace_pattern *p)
{
	return p->text;
}

bool fc_namespace_pattern_is_literal(const struct fc_namespace_pattern *p)
{
	return !p->code;
}

/* --- matching --- */

/* All ways through the pattern are followed side by side: the time grows with the name, and the room is the limit,
 * which no pattern that people write comes near. Going back in the name instead would call `(a|b)+` and a long name too
 * deep, and takes its 10,000 steps through all of a long pattern each. */
static int run(const pcre2_code *code, const char *name, pcre2_match_data *data, pcre2_match_context *context)
{
	int workspace[WORKSPACE];

	pcre2_set_match_limit(context, MATCH_LIMIT);
	pcre2_set_depth_limit(context, DEPTH_LIMIT);
	pcre2_set_heap_limit(context, HEAP_KIB);
	return pcre2_dfa_match(code, (PCRE2_SPTR)name, strlen(name), 0, PCRE2_DFA_SHORTEST, data, context, workspace,
			       WORKSPACE);
}

static bool is_limit(int result)
{
	return result == PCRE2_ERROR_DFA_WSSIZE || result == PCRE2_ERROR_MATCHLIMIT ||
	       result == PCRE2_ERROR_DEPTHLIMIT || result == PCRE2_ERROR_HEAPLIMIT;
}

bool fc_namespace_pattern_matches(const struct fc_namespace_pattern *p, const char *name, const char **why)
{
	pcre2_match_context *context;
	pcre2_match_data *data;
	const char *reason = NULL;
	int result = PCRE2_ERROR_NOMEMORY;

	if (why)
		*why = NULL;
	if (!p->code)
		return strcmp(p->text, name) == 0;
	context = pcre2_match_context_create(NULL);
	data = pcre2_match_data_create(1, NULL);
	if (context && data)
		result = run(p->code, name, data, context);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	if (result == PCRE2_ERROR_NOMEMORY)
		reason = "there is no memory to match a pattern";
	else if (is_limit(result))
		reason = "a pattern has too many ways to fit a name; it counts as not fitting";
	if (why)
		*why = reason;
	return result >= 0;
}

/* --- lists --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool fc_namespace_patterns_next(const char **list, const char **entry, size_t *len)
{
	while (*list && **list) {
		const char *text = *list;
		size_t size = strcspn(text, ",");

		*list = text + size + (text[size] == ',');
		for (; size && is_blank(*text); text++)
			size--;
		while (size && is_blank(text[size - 1]))
			size--;
		if (!size)
			continue;
		*entry = text;
		*len = size;
		return true;
	}
	return false;
}

static struct fc_namespace_patterns *patterns_new(void)
{
	struct fc_namespace_patterns *l = fc_xcalloc(1, sizeof(*l));

	atomic_init(&l->refs, 1);
	return l;
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

/* A sentence that finds the entry for who wrote it, whatever stands in it. */
static void wrap_entry(struct fc_error *err, const char *entry, size_t len, size_t number)
{
	if (len <= 100 && is_printable(entry, len))
		fc_error_wrap(err, "\"%.*s\"", (int)len, entry);
	else
		fc_error_wrap(err, "entry %zu", number);
}

static int add_entry(struct fc_namespace_patterns *l, struct fc_namespace_pool *pool, const char *entry, size_t len,
		     struct fc_error *err)
{
	struct fc_namespace_pattern *p;

	if (l->count == FC_NAMESPACE_PATTERNS_MAX)
		return fc_error_set(err, FC_ERR_INVALID, "more than %d entries; write patterns for many namespaces",
				    FC_NAMESPACE_PATTERNS_MAX);
	p = fc_namespace_pool_parse(pool, entry, len, err);
	if (!p)
		return -1;
	if (p->code && l->expressions == FC_NAMESPACE_PATTERNS_MAX_EXPRESSIONS) {
		fc_namespace_pattern_unref(p);
		return fc_error_set(err, FC_ERR_INVALID, "more than %d patterns; join some of them with |",
				    FC_NAMESPACE_PATTERNS_MAX_EXPRESSIONS);
	}
	l->expressions += p->code != NULL;
	FC_GROW(l->items, l->count, l->cap);
	l->items[l->count++] = p;
	return 0;
}

static struct fc_namespace_patterns *parse_list(struct fc_namespace_pool *pool, const char *list, bool all,
						struct fc_error *err)
{
	struct fc_namespace_patterns *l = patterns_new();
	const char *entry;
	size_t len;

	for (size_t number = 1; fc_namespace_patterns_next(&list, &entry, &len); number++) {
		if (add_entry(l, pool, entry, len, err) == 0 || !all)
			continue;
		wrap_entry(err, entry, len, number);
		fc_namespace_patterns_unref(l);
		return NULL;
	}
	return l;
}

struct fc_namespace_patterns *fc_namespace_patterns_parse_in(struct fc_namespace_pool *pool, const char *list,
							     struct fc_error *err)
{
	return parse_list(pool, list, true, err);
}

struct fc_namespace_patterns *fc_namespace_patterns_parse_valid_in(struct fc_namespace_pool *pool, const char *list)
{
	return parse_list(pool, list, false, NULL);
}

struct fc_namespace_patterns *fc_namespace_patterns_parse(const char *list, struct fc_error *err)
{
	return parse_list(NULL, list, true, err);
}

struct fc_namespace_patterns *fc_namespace_patterns_parse_valid(const char *list)
{
	return parse_list(NULL, list, false, NULL);
}

struct fc_namespace_patterns *fc_namespace_patterns_ref(struct fc_namespace_patterns *l)
{
	if (l)
		atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
	return l;
}

void fc_namespace_patterns_unref(struct fc_namespace_patterns *l)
{
	if (!l || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < l->count; i++)
		fc_namespace_pattern_unref(l->items[i]);
	free(l->items);
	free(l);
}

size_t fc_namespace_patterns_count(const struct fc_namespace_patterns *l)
{
	return l ? l->count : 0;
}

struct fc_namespace_pattern *fc_namespace_patterns_at(const struct fc_namespace_patterns *l, size_t index)
{
	return l->items[index];
}

bool fc_namespace_patterns_match(const struct fc_namespace_patterns *l, const char *name, const char **why)
{
	if (why)
		*why = NULL;
	for (size_t i = 0; i < fc_namespace_patterns_count(l); i++) {
		const char *reason;

		if (fc_namespace_pattern_matches(l->items[i], name, &reason)) {
			if (why)
				*why = NULL;
			return true;
		}
		if (why && !*why)
			*why = reason;
	}
	return false;
}
