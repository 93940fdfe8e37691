/* SPDX-License-Identifier: Apache-2.0 */
#include "model/namespace_pattern_check.h"

#include "base/mem.h"
#include "model/namespace_pattern.h"

#include <stdbool.h>
#include <string.h>

/* What stands before the next character, for those that repeat it. */
enum before { NOTHING, ATOM, REPEATED };

struct scan {
	const char *text, *at, *end;
	enum before before;
	unsigned weight; /* the highest product of counts in the atom before */
	unsigned depth;
	/* Of each open group, the pattern itself first: where it begins, and the highest product of counts in it. */
	struct {
		const char *begin;
		unsigned heaviest;
	} groups[FC_NAMESPACE_PATTERN_MAX_DEPTH + 1];
	struct fc_error *err;
};

/* The POSIX names that RE2 knows as well. */
static const char *const posix_names[] = { "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph",
					   "lower", "print", "punct", "space", "upper", "word",	 "xdigit" };

/* --- what is wrong --- */

/* Counted in characters, from 1. */
static size_t place(const struct scan *s, const char *at)
{
	size_t count = 1;

	for (const char *c = s->text; c < at; c++)
		count += ((unsigned char)*c & 0xC0) != 0x80;
	return count;
}

static int fault(struct scan *s, const char *at, const char *what)
{
	return fc_error_set(s->err, FC_ERR_INVALID, "character %zu: %s", place(s, at), what);
}

/* The same, of a construct that is named as it stands there. */
static int fault_named(struct scan *s, const char *at, size_t len, const char *what)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] < ' ' || at[i] > '~')
			return fault(s, at, what);
	return fc_error_set(s->err, FC_ERR_INVALID, "character %zu: \"%.*s\" %s", place(s, at), (int)len, at, what);
}

/* --- characters --- */

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7F;
}

/* One character of UTF-8, or whatever byte stands there. */
static size_t char_len(const char *at, const char *end)
{
	size_t len = 1;

	while (at + len < end && ((unsigned char)at[len] & 0xC0) == 0x80)
		len++;
	return len;
}

/* `\` and what is behind it; `*is_set`: it stands for many characters. */
static int scan_escape(struct scan *s, bool *is_set)
{
	const char *at = s->at;

	if (at + 1 == s->end)
		return fault(s, at, "a \\ at the end has nothing to escape; write \\\\ for the character itself");
	if (is_control(at[1]))
		return fault(s, at, "a \\ in front of a control character; no name holds one");
	*is_set = strchr("dDwWsS", at[1]) != NULL;
	if (!*is_set && (is_alnum(at[1]) || (at[1] & 0x80)))
		return fault_named(s, at, 1 + char_len(at + 1, s->end),
				   "is not admitted; \\d \\D \\w \\W \\s \\S are, and \\ in front of punctuation");
	s->at += 2;
	return 0;
}

/* --- classes --- */

/* [:alpha:] and [:^alpha:] inside of a class. */
static int scan_posix(struct scan *s)
{
	const char *at = s->at + 2, *name_end;

	at += at < s->end && *at == '^';
	name_end = at;
	while (name_end < s->end && is_alnum(*name_end))
		name_end++;
	for (size_t i = 0; s->at[1] == ':' && i < FC_ARRAY_LEN(posix_names); i++) {
		size_t len = strlen(posix_names[i]);

		if (len != (size_t)(name_end - at) || memcmp(at, posix_names[i], len) != 0)
			continue;
		if (s->end - name_end < 2 || memcmp(name_end, ":]", 2) != 0)
			break;
		s->at = name_end + 2;
		return 0;
	}
	return fault_named(s, s->at, 2,
			   "begins no class that is known, as [:alpha:] is; write \\[ for the character itself");
}

/* A character or a set of them, as a member of a class. */
static int scan_member(struct scan *s, bool *is_set)
{
	*is_set = false;
	if (s->at[0] == '\\')
		return scan_escape(s, is_set);
	if (s->at[0] == '[' && s->at + 1 < s->end && strchr(":.=", s->at[1])) {
		*is_set = true;
		return scan_posix(s);
	}
	if (is_control(s->at[0]))
		return fault(s, s->at, "a control character; no name holds one");
	s->at += char_len(s->at, s->end);
	return 0;
}

/* The character that a member stands for: without its `\`. In UTF-8 the order of bytes is that of the characters. */
static int compare_members(const char *a, const char *a_end, const char *b, const char *b_end)
{
	a += *a == '\\' && a + 1 < a_end;
	b += *b == '\\' && b + 1 < b_end;

	size_t a_len = (size_t)(a_end - a), b_len = (size_t)(b_end - b);
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* A member, or a range of two. */
static int scan_range(struct scan *s)
{
	const char *first = s->at, *first_end, *last;
	bool first_set, last_set;

	if (scan_member(s, &first_set) < 0)
		return -1;
	first_end = s->at;
	if (s->end - s->at < 2 || s->at[0] != '-' || s->at[1] == ']')
		return 0;
	if (first_set)
		return fault(s, s->at, "a - behind a set of characters begins no range; write it last in the class");
	s->at++;
	last = s->at;
	if (scan_member(s, &last_set) < 0)
		return -1;
	if (last_set)
		return fault(s, last, "a set of characters ends no range; write the - last in the class");
	if (compare_members(first, first_end, last, s->at) > 0)
		return fault_named(s, first, (size_t)(s->at - first), "is a range that ends before it begins");
	return 0;
}

static int scan_class(struct scan *s)
{
	const char *begin = s->at++;

	s->at += s->at < s->end && *s->at == '^';
	/* A `]` in the first place is a member. */
	do {
		if (s->at == s->end)
			return fault(s, begin, "the class that begins here is not closed; a ] is missing");
		if (scan_range(s) < 0)
			return -1;
	} while (s->at == s->end || *s->at != ']');
	s->at++;
	s->before = ATOM;
	s->weight = 1;
	return 0;
}

/* --- repetitions --- */

static int check_repeated(struct scan *s, size_t len)
{
	if (s->before == NOTHING)
		return fault_named(s, s->at, len, "has nothing in front of it to repeat");
	if (s->before == REPEATED)
		return fault_named(s, s->at, len, "follows another repetition; leave one of them out");
	return 0;
}

/* {n}, up to the closing brace; 0: no such thing stands here. */
static size_t count_len(const struct scan *s, unsigned *count)
{
	const char *at = s->at + 1;

	*count = 0;
	for (; at < s->end && *at >= '0' && *at <= '9'; at++) {
		if (at - s->at > 1 && s->at[1] == '0')
			return 0;
		if (*count <= FC_NAMESPACE_PATTERN_MAX_COUNT)
			*count = *count * 10 + (unsigned)(*at - '0');
	}
	return at > s->at + 1 && at < s->end && *at == '}' ? (size_t)(at + 1 - s->at) : 0;
}

static int scan_count(struct scan *s)
{
	unsigned count;
	size_t len = count_len(s, &count);

	if (!len)
		return fault(s, s->at,
			     "a { that begins no count; write {n} with a number, or \\{ for the character itself");
	if (check_repeated(s, len) < 0)
		return -1;
	if (count > FC_NAMESPACE_PATTERN_MAX_COUNT)
		return fault_named(s, s->at, len > 8 ? 8 : len, "counts too far; 1000 is the most");
	s->weight *= count ? count : 1;
	if (s->weight > FC_NAMESPACE_PATTERN_MAX_COUNT)
		return fault_named(s, s->at, len, "makes counts that stand in each other more than 1000 times");
	if (s->weight > s->groups[s->depth].heaviest)
		s->groups[s->depth].heaviest = s->weight;
	s->at += len;
	s->before = REPEATED;
	return 0;
}

static int scan_repetition(struct scan *s)
{
	if (check_repeated(s, 1) < 0)
		return -1;
	s->at++;
	s->before = REPEATED;
	return 0;
}

/* --- groups --- */

static int open_group(struct scan *s)
{
	if (s->depth == FC_NAMESPACE_PATTERN_MAX_DEPTH)
		return fault(s, s->at, "groups stand more than 100 deep in each other");
	if (s->at + 1 < s->end && s->at[1] == '?' && (s->end - s->at < 3 || s->at[2] != ':'))
		return fault(s, s->at,
			     "a group with (? is not admitted, except (?: ; no flags, names or looking around");
	s->depth++;
	s->groups[s->depth].begin = s->at;
	s->groups[s->depth].heaviest = 1;
	s->at += s->at + 1 < s->end && s->at[1] == '?' ? 3 : 1;
	s->before = NOTHING;
	return 0;
}

static int close_group(struct scan *s)
{
	if (!s->depth)
		return fault(s, s->at, "a ) that closes no group; write \\) for the character itself");
	s->weight = s->groups[s->depth].heaviest;
	s->depth--;
	if (s->weight > s->groups[s->depth].heaviest)
		s->groups[s->depth].heaviest = s->weight;
	s->at++;
	s->before = ATOM;
	return 0;
}

/* --- all of it --- */

static int scan_other(struct scan *s)
{
	bool is_set;

	if (*s->at == '^' || *s->at == '$')
		return fault_named(
			s, s->at, 1,
			"is not admitted: the whole name must fit in any case; leave it out, or write a \\ in "
			"front of it");
	if (*s->at == ',')
		return fault(s, s->at, "a comma, which parts entries of a list; no name holds one");
	if (is_control(*s->at))
		return fault(s, s->at, "a control character; entries are parted by commas");
	if (*s->at != '\\')
		s->at += char_len(s->at, s->end);
	else if (scan_escape(s, &is_set) < 0)
		return -1;
	s->before = ATOM;
	s->weight = 1;
	return 0;
}

static int scan_next(struct scan *s)
{
	switch (*s->at) {
	case '[':
		return scan_class(s);
	case '(':
		return open_group(s);
	case ')':
		return close_group(s);
	case '*':
	case '+':
	case '?':
		return scan_repetition(s);
	case '{':
		return scan_count(s);
	case '|':
		s->at++;
		s->before = NOTHING;
		return 0;
	default:
		return scan_other(s);
	}
}

int fc_namespace_pattern_check(const char *text, size_t len, struct fc_error *err)
{
	struct scan s = { .text = text, .at = text, .end = text + len, .err = err };

	if (!len)
		return fc_error_set(err, FC_ERR_INVALID,
				    "nothing stands here; a namespace's name or pattern is wanted");
	if (len > FC_NAMESPACE_PATTERN_MAX_BYTES)
		return fc_error_set(err, FC_ERR_INVALID, "a pattern of %zu bytes; %d are the most", len,
				    FC_NAMESPACE_PATTERN_MAX_BYTES);
	s.groups[0].heaviest = 1;
	while (s.at < s.end)
		if (scan_next(&s) < 0)
			return -1;
	if (s.depth)
		return fault(&s, s.groups[s.depth].begin, "the group that begins here is not closed; a ) is missing");
	return 0;
}
