/* SPDX-License-Identifier: Apache-2.0 */
/* fc_lease_election - who of several processes acts: one of them at a time, by a Lease. What to do next, without doing
 * it.
 * Owns:    the Lease as it was last seen.
 * Threads: one at a time.
 * Fails:   never: what fails is tried again, until the process has lost what it held.
 * Source:  kube-client 9.2 to 9.8. The clock is given in; it must go on while the machine sleeps (fc_clock_boot_ms). */
#ifndef FC_LEASE_ELECTION_H
#define FC_LEASE_ELECTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct fc_lease_timing {
	int64_t lease_ms;    /* others leave a Lease alone for so long after its last sign of life */
	int64_t deadline_ms; /* who has not renewed for so long acts no more */
	int64_t retry_ms;    /* between two renewals, and two looks of those who wait */
};
#define FC_LEASE_TIMING_DEFAULT ((struct fc_lease_timing){ .lease_ms = 15000, .deadline_ms = 10000, .retry_ms = 2000 })

/* lease > deadline > 1.2 x retry > 0 (9.2). FC_ERR_USAGE naming what is wrong; the caller names the flags. */
int fc_lease_timing_check(const struct fc_lease_timing *t, struct fc_error *err) FC_MUST_CHECK;
/* How long one request may take: half of the deadline, a second at least (9.2). */
int64_t fc_lease_timing_request_ms(const struct fc_lease_timing *t);

struct fc_lease_election;

struct fc_lease_election_options {
	const char *namespace_, *name; /* of the Lease; copied, like the next */
	const char *identity;	       /* this process and no other one (9.9) */
	struct fc_lease_timing timing; /* has passed the check */
	uint64_t seed;
};
/* Never NULL. The first step is due at once. */
struct fc_lease_election *fc_lease_election_new(const struct fc_lease_election_options *options);
void fc_lease_election_free(struct fc_lease_election *e); /* NULL allowed */

enum fc_lease_phase {
	FC_LEASE_STANDBY,   /* looks whether it may hold the Lease */
	FC_LEASE_LEADING,   /* holds it, and renews it */
	FC_LEASE_RELEASING, /* gives it back, if it holds it */
	FC_LEASE_ENDED,	    /* has given it back, or never had it, or could not in time */
	FC_LEASE_LOST,	    /* was leading and may not act any more: another one may do so already */
};
/* As of the last call below. */
enum fc_lease_phase fc_lease_election_phase(const struct fc_lease_election *e);
/* While it is leading, until when: from the moment on at which the last renewal was sent. */
int64_t fc_lease_election_until_ms(const struct fc_lease_election *e);
/* Why it was lost; "" when it was not. Borrowed. */
const char *fc_lease_election_why(const struct fc_lease_election *e);
/* As last seen; NULL: not there, or not seen yet. Borrowed until the next answer. */
const json_t *fc_lease_election_lease(const struct fc_lease_election *e);

enum fc_lease_step {
	FC_LEASE_WAIT,	 /* nothing before `at_ms`, but an answer or a call to release */
	FC_LEASE_GET,	 /* read the Lease */
	FC_LEASE_CREATE, /* POST `lease` */
	FC_LEASE_UPDATE, /* PUT `lease`, whose resourceVersion is the precondition */
	FC_LEASE_DONE,	 /* ended or lost: no more */
};
struct fc_lease_order {
	enum fc_lease_step step;
	int64_t at_ms;
	json_t *lease; /* the caller's */
};
/* What to do now. A request that it orders is under way until _answered is called, and only waits are ordered until
 * then. To be asked again after every answer, and when `at_ms` is reached. */
struct fc_lease_order fc_lease_election_next(struct fc_lease_election *e, int64_t now_ms, int64_t wall_ms);
/* What came of the request under way: the Lease of the answer (borrowed), which has passed fc_lease_check, or NULL with
 * why. An error whose outcome is unknown says so. */
void fc_lease_election_answered(struct fc_lease_election *e, int64_t now_ms, json_t *lease, const struct fc_error *why);
/* What it guards has ended: the Lease is given back within the deadline (9.8). Again: nothing. */
void fc_lease_election_release(struct fc_lease_election *e, int64_t now_ms);

#endif
