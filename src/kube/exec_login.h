/* SPDX-License-Identifier: Apache-2.0 */
/* fc_exec_login - what is known of one login plug-in: the credential it gave last, and when it may be run again.
 * Owns:    the last result; results are counted, and freed with the last who holds one.
 * Threads: the holder's lock is held for every call, the counting included; a result itself is never written again.
 * Fails:   never; the time is given by the caller.
 * Source:  kube-client 1.32, 1.33, 1.35. Private to exec_plugins.c. */
#ifndef FC_EXEC_LOGIN_H
#define FC_EXEC_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "kube/exec_credential.h"

struct fc_exec_result {
	struct fc_exec_credential value;
	uint64_t generation; /* of its login, from 1 */
	int64_t got_ms;	     /* monotonic */
	/* Wall clock; INT64_MAX: never. A new one is asked for from the first on, and this one used until the second.
	 */
	int64_t fresh_until_ms, usable_until_ms;
	unsigned holders;
};

struct fc_exec_login {
	struct fc_exec_result *current; /* NULL: none yet */
	struct fc_error error;		/* of the last run that failed, or of the last refusal */
	int64_t not_before_ms;		/* monotonic: no run earlier */
	uint64_t generation, refused_generation;
	unsigned failures, refusals; /* in a row */
	unsigned hints;		     /* shown since hints_since_ms */
	int64_t hints_since_ms;
	int64_t first_pause_ms, last_pause_ms; /* set by the holder: 1 s and 30 s, but for tests */
};

/* A run has ended well: takes the credential over. */
void fc_exec_login_succeeded(struct fc_exec_login *l, struct fc_exec_credential *credential, int64_t now_ms,
			     int64_t wall_ms);
/* A run has failed: the next one waits 1 s, doubled up to 30 s. */
void fc_exec_login_failed(struct fc_exec_login *l, const struct fc_error *why, int64_t now_ms);
/* A server has answered 401 to that result. Once per result the next run is made possible at once; when what it gives
 * is refused too, soon after, with the same growing pauses. */
void fc_exec_login_refused(struct fc_exec_login *l, const struct fc_exec_result *result, int64_t now_ms);
/* May the install hint be shown (at most 10 times per hour)? Counts it. */
bool fc_exec_login_may_hint(struct fc_exec_login *l, int64_t now_ms);

/* Has it no end that has passed? */
bool fc_exec_result_is_fresh(const struct fc_exec_result *r, int64_t wall_ms);
bool fc_exec_result_is_usable(const struct fc_exec_result *r, int64_t wall_ms);
struct fc_exec_result *fc_exec_result_hold(struct fc_exec_result *r);
/* NULL allowed. */
void fc_exec_result_drop(struct fc_exec_result *r);

void fc_exec_login_fini(struct fc_exec_login *l);

#endif
