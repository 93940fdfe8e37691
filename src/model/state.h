/* SPDX-License-Identifier: Apache-2.0 */
/* fc_state - the states a rule can be in: the same words in logs, metrics, Events and /debug/rules.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 * Source:  design section 5, States. The order is the order in which they are asked: the first that applies is
 *          the rule's. */
#ifndef FC_STATE_H
#define FC_STATE_H

#include <stdbool.h>

enum fc_state {
	FC_STATE_INVALID,
	FC_STATE_CYCLE,
	FC_STATE_CLUSTER_UNREACHABLE,
	FC_STATE_PENDING,
	FC_STATE_NOT_ALLOWED,
	FC_STATE_SOURCE_NOT_FOUND,
	FC_STATE_PATH_NOT_FOUND,
	FC_STATE_CONFLICT,
	FC_STATE_FLAPPING,
	FC_STATE_FORBIDDEN,
	FC_STATE_ERROR,
	FC_STATE_IN_SYNC,
	FC_STATES
};

/* "InSync"; never NULL. */
const char *fc_state_name(enum fc_state s);
/* One sentence for the reference: when a rule is in this state. */
const char *fc_state_help(enum fc_state s);
/* A state that wants somebody's attention (all but InSync, Pending, SourceNotFound and PathNotFound): logged as a
 * warning. */
bool fc_state_is_bad(enum fc_state s);

#endif
