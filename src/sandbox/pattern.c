/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "sandbox/pattern.h"

#include "base/mem.h"

#include <pcre2.h>
#include <string.h>

/* Room for some 500 ways to read a text at once; who has more is tried one way after the other. */
#define WORKSPACE 3000
#define MATCH_LIMIT 1000000
#define HEAP_KIB (32 * 1024)

/* As RE2 has it: `$` is the end alone, and \d and its like are ASCII. */
static pcre2_code *compile(const char *pattern, int *code, size_t *at)
{
	return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, code, at,
			     NULL);
}

/* What is wrong at a place outside of a class in RE2's eyes, and how many characters of it are told; NULL: nothing. */
static const char *foreign_at(const char *at, int *len)
{
	static const char *const groups[] = { "(?=", "(?!", "(?<", "(?>", "(?(" };

	*len = 2;
	if (at[0] == '\\' && at[1] && (strchr("gkGKRXZ", at[1]) || (at[1] >= '1' && at[1] <= '9')))
		return "invalid escape sequence";
	if (strchr("*+?", at[0]) && at[0] && (at[1] == '*' || at[1] == '+'))
		return "invalid nested repetition operator";
	if (strncmp(at, "(*", 2) == 0)
		return "missing argument to repetition operator";
	*len = 3;
	for (size_t i = 0; i < FC_ARRAY_LEN(groups); i++) {
		if (strncmp(at, groups[i], 3) == 0)
			return "invalid or unsupported Perl syntax";
	}
	return NULL;
}

/* What PCRE2 reads and RE2 refuses. */
static const char *foreign(const char *pattern, const char **where, int *len)
{
	bool in_class = false;

	for (const char *at = pattern; *at; at++) {
		const char *what = in_class ? NULL : foreign_at(at, len);

		*where = at;
		if (what)
			return what;
		if (at[0] == '\\' && at[1]) {
			at++;
		} else if (in_class) {
			in_class = at[0] != ']';
		} else if (at[0] == '[') {
			in_class = true;
			at += at[1] == '^';
			at += at[1] == ']';
		}
	}
	return NULL;
}

/* RE2's words for what PCRE2 finds, as far as they are the same faults. */
static int refuse(const char *pattern, int code, size_t at, struct fc_error *err)
{
	char words[128];

	switch (code) {
	case PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS:
		return fc_error_set(err, FC_ERR_INVALID, "missing closing ): `%s`", pattern);
	case PCRE2_ERROR_MISSING_SQUARE_BRACKET:
		return fc_error_set(err, FC_ERR_INVALID, "missing closing ]: `%s`", strchr(pattern, '['));
	case PCRE2_ERROR_QUANTIFIER_INVALID:
		return fc_error_set(err, FC_ERR_INVALID, "missing argument to repetition operator: `%.1s`",
				    at ? pattern + at - 1 : pattern);
	default:
		pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof(words));
		return fc_error_set(err, FC_ERR_INVALID, "%s: `%s`", words, pattern);
	}
}

int sb_pattern_check(const char *pattern, struct fc_error *err)
{
	const char *at, *what;
	int code, len;
	size_t offset;

	what = foreign(pattern, &at, &len);
	if (what)
		return fc_error_set(err, FC_ERR_INVALID, "%s: `%.*s`", what, len, at);
	pcre2_code *compiled = compile(pattern, &code, &offset);
	if (!compiled)
		return refuse(pattern, code, offset, err);
	pcre2_code_free(compiled);
	return 0;
}

/* All ways through the pattern are followed side by side, as RE2 does it: the time grows with the text alone. What has
 * too many of them goes back in the text instead, with a limit. */
static int match(const pcre2_code *compiled, const char *text, size_t len, pcre2_match_data *data)
{
	int workspace[WORKSPACE];
	pcre2_match_context *context = pcre2_match_context_create(NULL);

	pcre2_set_match_limit(context, MATCH_LIMIT);
	pcre2_set_heap_limit(context, HEAP_KIB);
	int matched = pcre2_dfa_match(compiled, (PCRE2_SPTR)text, len, 0, PCRE2_ANCHORED | PCRE2_DFA_SHORTEST, data,
				      context, workspace, WORKSPACE);
	if (matched == PCRE2_ERROR_DFA_WSSIZE)
		matched = pcre2_match(compiled, (PCRE2_SPTR)text, len, 0, PCRE2_ANCHORED, data, context);
	pcre2_match_context_free(context);
	return matched;
}

/* The piece in front stands for all beginnings: they have one limit together. \E ends what a \Q may have begun. */
bool sb_pattern_matches(const char *pattern, const char *text, size_t len)
{
	FC_AUTO_FREE char *anywhere = fc_xasprintf("(?s:.*?)(?:%s\\E)", pattern);
	int code;
	size_t at;
	pcre2_code *compiled = compile(anywhere, &code, &at);

	if (!compiled)
		return false;
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int matched = match(compiled, text, len, data);
	pcre2_match_data_free(data);
	pcre2_code_free(compiled);
	return matched >= 0;
}
