/* SPDX-License-Identifier: Apache-2.0 */
/* fc_namespace_pattern - a namespace as users name it: literally, or by a regular expression for its whole name; and
 * comma lists of both.
 * Owns:    text and compiled form; references are counted atomically and all is immutable: shared by threads.
 * Threads: any.
 * Fails:   parsing (FC_ERR_INVALID): the sentence names the construct, its place, and the mend. Matching never fails: a
 *          limit that is hit is "does not match", with a reason.
 * Source:  systems/k8s-replicator.md, Annotations (names, dialect of the expressions, D7, D12); design section 9: PCRE2
 *          behind a checker, match limit 10,000 steps, depth 100. */
#ifndef FC_NAMESPACE_PATTERN_H
#define FC_NAMESPACE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A text of that many bytes is the longest; groups stand at most so deep in each other; the highest count in braces,
 * and the highest product of counts that stand in each other. */
#define FC_NAMESPACE_PATTERN_MAX_BYTES 4096
#define FC_NAMESPACE_PATTERN_MAX_DEPTH 100
#define FC_NAMESPACE_PATTERN_MAX_COUNT 1000
/* Entries of a list, and how many of them may be expressions: each is matched with each namespace, or name of another
 * list. */
#define FC_NAMESPACE_PATTERNS_MAX 1000
#define FC_NAMESPACE_PATTERNS_MAX_EXPRESSIONS 100

struct fc_namespace_pattern;

/* Of ^[0-9a-z.-]+$: an object's or namespace's name as annotations have it, and so literal as a pattern too (D12). */
bool fc_namespace_pattern_is_name(const char *text, size_t len);

/* One entry, not terminated, without blanks around it. Beside literal names: literal characters, `\` before
 * punctuation,
 * `.`, [classes] with ranges, `^` and [:alpha:] and its like in them, \d \w \s \D \W \S, `* + ? {n}`, `|`, ( ) and (?:
 * ). Anything else is refused: also a `^` or `$` outside of a class, as the whole name must fit anyway, a second
 * repetition behind the first, and a comma, which would part two entries. One reference; NULL with err. */
struct fc_namespace_pattern *fc_namespace_pattern_parse(const char *text, size_t len, struct fc_error *err)
	FC_MUST_CHECK;
struct fc_namespace_pattern *fc_namespace_pattern_ref(struct fc_namespace_pattern *p); /* NULL allowed, given back */
void fc_namespace_pattern_unref(struct fc_namespace_pattern *p);		       /* NULL allowed */
/* Does anybody else hold a reference? Sure only of one that nobody else can come by meanwhile. */
bool fc_namespace_pattern_is_shared(const struct fc_namespace_pattern *p);
/* As it was written; borrowed. */
const char *fc_namespace_pattern_text(const struct fc_namespace_pattern *p);
bool fc_namespace_pattern_is_literal(const struct fc_namespace_pattern *p);
/* Does the whole name fit? Where a limit was hit before that was known: false, and `*why` (static; NULL allowed) says
 * so; else `*why` is NULL. */
bool fc_namespace_pattern_matches(const struct fc_namespace_pattern *p, const char *name, const char **why);

/* A comma list; blanks around an entry do not count, empty entries neither (D7). */
struct fc_namespace_patterns;
struct fc_namespace_pool; /* namespace_pattern_pool.h */

/* One reference; NULL with err, which names the entry. An empty list holds nothing and matches nothing. */
struct fc_namespace_patterns *fc_namespace_patterns_parse(const char *list, struct fc_error *err) FC_MUST_CHECK;
/* The same without the entries that cannot be understood, or are too many. Never NULL. */
struct fc_namespace_patterns *fc_namespace_patterns_parse_valid(const char *list);
/* Both, with expressions that are shared by their text; `pool` NULL: with none. */
struct fc_namespace_patterns *fc_namespace_patterns_parse_in(struct fc_namespace_pool *pool, const char *list,
							     struct fc_error *err) FC_MUST_CHECK;
struct fc_namespace_patterns *fc_namespace_patterns_parse_valid_in(struct fc_namespace_pool *pool, const char *list);
struct fc_namespace_patterns *fc_namespace_patterns_ref(struct fc_namespace_patterns *l); /* NULL allowed, given back */
void fc_namespace_patterns_unref(struct fc_namespace_patterns *l);			  /* NULL allowed */
size_t fc_namespace_patterns_count(const struct fc_namespace_patterns *l);		  /* NULL: 0 */
/* In the order of the list; borrowed. */
struct fc_namespace_pattern *fc_namespace_patterns_at(const struct fc_namespace_patterns *l, size_t index);
/* Does one of them fit? `*why` as above, of the first that hit a limit when none fits. */
bool fc_namespace_patterns_match(const struct fc_namespace_patterns *l, const char *name, const char **why);

/* Of a comma list the next entry, without the blanks around it, line ends included; `*list` is moved; false: there is
 * none. */
bool fc_namespace_patterns_next(const char **list, const char **entry, size_t *len);

#endif
