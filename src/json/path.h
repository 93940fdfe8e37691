/* SPDX-License-Identifier: Apache-2.0 */
/* fc_path - a place inside a JSON document: parse, look up, compare, print.
 * Owns:    its segments.
 * Threads: immutable once made: any.
 * Fails:   parsing, with a sentence that names the fault; looking up answers one of fc_path_found.
 * Source:  design section 5, Paths; systems/k8s-copier.md, Paths; RFC 6901 for JSON Pointer. */
#ifndef FC_PATH_H
#define FC_PATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

struct fc_path;

enum fc_path_syntax {
	FC_PATH_IN_KEY,	  /* in an annotation key: segments parted by `.`, `..` is a literal dot */
	FC_PATH_IN_VALUE, /* in an annotation value: also ['key'], ["key"], [0]; with a leading `/` JSON Pointer */
};

/* `data.tls..crt`, `spec.containers.0.image`, `spec['a/b'][0]`, `/data/tls.crt`. In dotted form a leading, trailing
 * or (in effect) empty segment is refused; brackets follow a segment directly or stand at the beginning; quoted keys
 * know no escapes. */
struct fc_path *fc_path_parse(const char *text, enum fc_path_syntax syntax, struct fc_error *err) FC_MUST_CHECK;
/* NULL allowed. */
void fc_path_free(struct fc_path *p);
static inline void fc_path_free_ptr(struct fc_path **p)
{
	fc_path_free(*p);
}
/* A path has at most this many segments: no document is deeper. */
#define FC_PATH_MAX_SEGMENTS 128
#define FC_AUTO_PATH __attribute__((cleanup(fc_path_free_ptr)))

/* Segments: at least one, at most FC_PATH_MAX_SEGMENTS. */
size_t fc_path_len(const struct fc_path *p);
/* Segment i as text, without dots doubled or brackets. */
const char *fc_path_segment(const struct fc_path *p, size_t i);

/* The place as JSON Pointer (RFC 6901, `~` and `/` escaped): one spelling for equal places. Appends to `out`. */
void fc_path_pointer(const struct fc_path *p, struct fc_buf *out);
/* The pointer of the first `len` segments only. */
void fc_path_prefix_pointer(const struct fc_path *p, size_t len, struct fc_buf *out);

/* How two places lie to each other, by the text of their segments (an index and a key of the same digits are the
 * same place). */
enum fc_path_relation { FC_PATH_APART, FC_PATH_EQUAL, FC_PATH_ABOVE, FC_PATH_BELOW };
/* ABOVE: a is a prefix of b. */
enum fc_path_relation fc_path_compare(const struct fc_path *a, const struct fc_path *b);
/* Written the same, but for the spelling of a segment: `[0]` and `.0` are not, they meet an object differently. */
bool fc_path_same(const struct fc_path *a, const struct fc_path *b);
/* Orders by segments, a parent before its children: for qsort. */
int fc_path_order(const struct fc_path *a, const struct fc_path *b);

/* May this place be written? NULL, or why not: design section 5 lists the identity fields (systems/k8s-copier.md
 * D19). */
const char *fc_path_refused_as_target(const struct fc_path *p);

enum fc_path_found {
	FC_PATH_FOUND,	 /* a value stands there and is not null */
	FC_PATH_MISSING, /* the last segment, or a parent, is absent or null, or an index is out of range */
	FC_PATH_IS_NULL, /* the place itself holds null */
	FC_PATH_BLOCKED, /* a scalar on the way, or a list entered with what is no index */
};

/* The value at the place, borrowed; NULL unless FC_PATH_FOUND. An all-digit segment (no needless leading zero: one
 * place has one spelling) is an index only where the value there is a list; a bracketed number `[0]` is an index
 * always (an object there is FC_PATH_BLOCKED). */
enum fc_path_found fc_path_get(const struct fc_path *p, const json_t *document, json_t **value);

/* What a write at this place would meet: how much of the way is there. */
struct fc_path_ground {
	unsigned char present; /* leading segments whose value is there and not null; len: the place too */
	bool last_is_list : 1; /* the last segment is an element of a list: only `replace` is possible */
	bool blocked : 1;      /* a parent is of another type, an index is out of range or would have to be made */
	bool is_null : 1;      /* the place itself is there and holds null */
	bool gap_in_list : 1;  /* the way ends at a null that is an element of a list: `add` would insert */
};
/* Fills all of `ground`; `document` may be NULL: then nothing is there. */
void fc_path_survey(const struct fc_path *p, const json_t *document, struct fc_path_ground *ground);

/* Puts `value` (borrowed, taken by reference) at the place in `document`, which it changes: parents that are missing
 * or null become objects. -1 when blocked or out of range. For wanted values under construction; never on a tree
 * that crossed a thread. */
int fc_path_set(const struct fc_path *p, json_t *document, json_t *value, struct fc_error *err) FC_MUST_CHECK;

#endif
