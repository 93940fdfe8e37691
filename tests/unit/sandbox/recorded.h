/* SPDX-License-Identifier: Apache-2.0 */
/* recorded - what a real kube-apiserver answered to the same questions: recorded/NAME, written by record.py.
 * Owns:    what it reads.
 * Threads: one.
 * Fails:   a test, with the row at fault and what differs.
 * Source:  record.py. */
#ifndef FC_TESTS_RECORDED_H
#define FC_TESTS_RECORDED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Pages, each with its rows. */
static inline json_t *recorded_pages(const char *name)
{
	FC_AUTO_FREE char *path = fc_xasprintf("tests/unit/sandbox/recorded/%s", name);
	json_error_t why;
	json_t *pages = json_load_file(path, 0, &why);

	if (!pages)
		fail_msg("%s: %s", path, why.text);
	return pages;
}

/* Shows both and returns false where they differ. */
static inline bool recorded_same(const json_t *row, const char *what, const json_t *real, const json_t *ours)
{
	if (real && ours && json_equal(real, ours))
		return true;
	FC_AUTO_FREE char *question = json_dumps(row, JSON_COMPACT);
	FC_AUTO_FREE char *a = real ? json_dumps(real, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
	FC_AUTO_FREE char *b = ours ? json_dumps(ours, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
	fprintf(stderr, "%.400s\n  %s, real: %s\n  %s, ours: %s\n", question, what, a ? a : "none", what,
		b ? b : "none");
	return false;
}

/* A value written in a test: with ' for ". The caller's. */
static inline json_t *json_of(const char *text)
{
	FC_AUTO_FREE char *quoted = fc_xstrdup(text);
	json_error_t why;

	for (char *at = quoted; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	json_t *value = json_loads(quoted, JSON_DECODE_ANY, &why);
	if (!value)
		fail_msg("%s: %s", text, why.text);
	return value;
}

#endif
