/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of src/engine share about requests, what a cluster can take, and when something is looked at again.
 * Owns:    nothing; who owns the data is said in engine/store.h.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design section 5, promise 6 and Reading; section 8, --max-in-flight, --max-writes-per-second. */
#ifndef FC_ENGINE_TRAFFIC_H
#define FC_ENGINE_TRAFFIC_H

#include "base/error.h"
#include "base/hash.h"
#include "model/event.h"

#include <stdbool.h>
#include <stdint.h>

struct fc_engine;
struct cluster;
struct watch;

/* When something is to be looked at again: a member of what it is for. The time is in fc_engine.heap. */
enum alarm_kind { ALARM_TARGET, ALARM_CLUSTER, ALARM_WATCH };
struct alarm {
	unsigned place : 30; /* in the heap, counted from 1; 0: not set */
	enum alarm_kind kind : 2;
};
struct alarm_time {
	int64_t due_ms;
	struct alarm *alarm;
};

/* What can wait for a free request in a cluster: a target's write, a target's read, a source's read. It is a member of
 * that target or source. */
enum job_kind { JOB_NONE, JOB_READ_TARGET, JOB_WRITE_TARGET, JOB_READ_SOURCE };
struct job {
	uint64_t number : 60;	/* in the line; of the request under way */
	enum job_kind kind : 3; /* what it waits for, or what is under way */
	bool queued : 1;
};

/* Those that wait, first come first served: line.c. */
struct line {
	struct job **jobs;   /* a ring of `cap`, a power of two; NULL: it has left */
	uint64_t first, end; /* the numbers in it, `end` not */
	size_t cap, count;
};

struct request {
	uint64_t id;
	struct job *job; /* NULL: its owner is gone, the answer is of no interest */
	enum job_kind kind;
	struct cluster *cluster;
	UT_hash_handle hh;
};

/* What a cluster can take: design section 5, promise 6. */
struct throttle {
	unsigned limit;		 /* of writes at one time, and of reads */
	unsigned successes;	 /* since the limit has changed */
	uint64_t halved_at;	 /* the newest request when it was halved last */
	int64_t closed_until_ms; /* it has asked for patience: nothing new is sent before */
	int64_t credit;		 /* writes that may go now, in thousandths; without a rate limit of no meaning */
	int64_t credited_ms;	 /* when that was so */
	struct alarm alarm;	 /* who waits there may go */
};

/* --- requests.c: the requests under way and those that wait --- */
/* Counts the job as under way and gives its request a number, or, where the cluster has no request free, puts it in
 * line and returns 0: its owner is asked again when its turn comes. */
uint64_t job_start(struct fc_engine *e, struct cluster *c, struct job *j, enum job_kind kind);
static inline bool job_is_under_way(const struct job *j)
{
	return j->kind != JOB_NONE && !j->queued;
}
bool job_could_start(struct fc_engine *e, struct cluster *c, enum job_kind kind);
void job_wait(struct cluster *c, struct job *j, enum job_kind kind);
void job_leave_line(struct cluster *c, struct job *j);
void job_forget(struct fc_engine *e, struct cluster *c, struct job *j); /* its owner goes */
void request_done(struct fc_engine *e, const struct fc_event *event);
/* What is under way in the cluster has failed, as far as its owners go; answers that come still are not heard. */
void requests_abandon(struct fc_engine *e, struct cluster *c);
void jobs_run(struct fc_engine *e, struct cluster *c);

/* --- line.c --- */
void line_add(struct line *l, struct job *j); /* numbers it */
void line_remove(struct line *l, const struct job *j);
struct job *line_first(struct line *l); /* NULL: nobody waits */
void line_fini(struct line *l);

/* --- timers.c --- */
int64_t alarm_due_ms(const struct fc_engine *e, const struct alarm *a); /* 0: not set */
/* The earlier of this and what is set. */
void alarm_set_earliest(struct fc_engine *e, struct alarm *a, int64_t due_ms);
void alarm_clear(struct fc_engine *e, struct alarm *a);
/* The first that is due, not set any more; NULL when none is. */
struct alarm *alarm_take_due(struct fc_engine *e, int64_t now_ms);

/* --- throttle.c: what a cluster can take --- */
void throttle_init(const struct fc_engine *e, struct cluster *c);
/* May one more request begin? Where only time keeps it back, the cluster's line moves on by itself. */
bool throttle_allows(struct fc_engine *e, struct cluster *c, bool write);
bool throttle_is_closed(const struct fc_engine *e, const struct cluster *c); /* it has asked for patience */
void throttle_begins(struct fc_engine *e, struct cluster *c, bool write);
/* NULL: a success. */
void throttle_answered(struct fc_engine *e, struct cluster *c, uint64_t request, const struct fc_error *error);

/* --- resync.c: from time to time everything is looked at again --- */
void resync_begin(struct fc_engine *e, struct watch *w);
void resync_end(struct fc_engine *e, struct watch *w);
void resync_due(struct fc_engine *e, struct watch *w);

#endif
