/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong with a target or a source, and what came between: kept beside it, and only while it matters.
 * Owns:    a target or source owns what it points to here.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design section 5, promises 6 and 7 and Writing; kube-client 6.14. */
#ifndef FC_ENGINE_TROUBLE_H
#define FC_ENGINE_TROUBLE_H

#include "base/error.h"
#include "base/random.h"
#include "json/digest.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct fc_engine;
struct source;
struct target;

/* What last went wrong, kept small: there may be one for each of a hundred thousand objects. */
struct fault {
	enum fc_error_class cls; /* FC_ERR_NONE: nothing, and text is NULL */
	char *text;
};

/* What is written by itself: the object, and its status where the kind serves that as a subresource. */
enum part { PART_OBJECT, PART_STATUS, PARTS };

/* What keeps a part of a target back, or the reading of a source, so that no part waits for what another has met. */
struct setback {
	unsigned failures;	 /* in a row */
	struct fault error;	 /* of the last try; NONE: it did not fail */
	int64_t not_before_ms;	 /* back-off: nothing is sent before */
	int64_t values_until_ms; /* reads of sources are waited for until then, to make one write of all; 0: none */
	bool one_by_one; /* a write of several places was refused: each goes alone, to find the one that is at fault */
};

/* What the answer to a write has left open. */
struct doubt {
	char *refused_version;	/* what a write was refused on: a read is to show whether it was this version that
				   refused */
	char *conflict_version; /* what a 409 was decided on: if it still stands then, the 409 was no information */
	int64_t event_until_ms; /* a 409 came: its event is awaited until then; 0: no */
};

/* The newest event that came while the target was being written. */
struct held {
	json_t *object; /* NULL: of one that is not there, or cannot be decoded */
	char *version;	/* NULL: not told */
	bool gone, unreadable;
	bool listed;	  /* a list has told it, or one before it */
	bool begun_again; /* and so old that versions have begun again, after a restore from a backup */
};
/* The same for the source of that name: its body. */
struct held_body {
	json_t *object;
	int64_t received_us;
};

/* Those who undo what is written. A fight goes round between few values: one that was wanted in it before is no new
 * one. */
enum { FIGHT_REWRITES = 10, FIGHT_VALUES = 8 };
struct fight {
	int64_t rewrites[FIGHT_REWRITES + 1]; /* within the last minute, oldest first */
	unsigned count;
	unsigned flaps;			       /* in a row */
	int64_t last_ms;		       /* the newest rewrite, counted still or not */
	struct fc_digest wanted[FIGHT_VALUES]; /* the last ones that made the count begin anew */
	unsigned next;
};

/* --- retry.c: delays after failures --- */
void fault_set(struct fault *f, const struct fc_error *error);
void fault_clear(struct fault *f);
/* The type is not served (kube-client 3.16, 13.14). A list has no name, so that a 404 of one never means an object. */
static inline bool fault_is_of_type(const struct fault *f)
{
	return f->cls == FC_ERR_NOT_SERVED || f->cls == FC_ERR_NOT_FOUND;
}
const struct setback *setback_or_none(const struct setback *s); /* for NULL, one of what nothing keeps back */
struct setback *setback_take(struct setback **at);		/* made where there is none */
void setback_free(struct setback **at);
void setback_free_unused(struct setback **at); /* if it keeps nothing back any more */
int64_t retry_delay_ms(struct fc_random *random, unsigned failures, const struct fc_error *error);
/* That part of the target waits before it is tried again; and it need not any more. */
void retry_failed(struct fc_engine *e, struct target *t, enum part part, const struct fc_error *error);
void retry_succeeded(struct target *t, enum part part);
/* The first, of the reads of a source. */
void retry_source_failed(struct fc_engine *e, struct source *s, const struct fc_error *error);
/* What failed only because the type was not served, or because the cluster was away, need not wait any longer. */
void retry_type_is_back(struct target *t);
void retry_cluster_is_back(struct target *t);
/* Notes a rewrite at this time; true: there are too many (promise 6). */
bool retry_note_rewrite(struct fc_engine *e, struct target *t);
void retry_forget_rewrites(struct target *t);
void retry_end_fight(const struct fc_engine *e, struct target *t); /* if nobody has undone anything for a while */
/* The same where the value is new to the fight: one that was wanted in it before, somebody fights for elsewhere. */
void retry_wants_anew(struct target *t, const struct fc_digest *want);

/* --- doubts.c: what is open after a write, and what came meanwhile --- */
/* A write was answered so; takes over the version that it was decided on. */
void doubt_refused(struct target *t, char *version);
void doubt_conflict(struct target *t, char *version);
/* NULL: none was, or it is clear. */
const char *doubt_refused_version(const struct target *t);
const char *doubt_conflict_version(const struct target *t);
void doubt_refused_is_over(struct target *t);
void doubt_conflict_is_over(struct target *t);
/* The event of whoever changed the target before our write is awaited until then; 0: none is. */
int64_t doubt_event_until_ms(const struct target *t);
void doubt_await_event(struct target *t, int64_t until_ms);
void doubt_free(struct target *t);
void held_free(struct held *h);
void held_forget(struct target *t); /* if there is any */

#endif
