/* SPDX-License-Identifier: Apache-2.0 */
/* fc_outcome - what a run that ends by itself has come to: its rules, and what it could not find out.
 * Owns:    its lists.
 * Threads: main thread; _take asks the engine's.
 * Fails:   _take, when the engine does not answer.
 * Source:  design section 8, `fedcopy plan`, `--once`, `--timeout`. */
#ifndef FC_OUTCOME_H
#define FC_OUTCOME_H

#include "base/buf.h"
#include "cli/engine_thread.h"
#include "model/state.h"

#include <jansson.h>

struct fc_outcome {
	json_t *rules;	  /* that are not InSync: objects as in /debug/rules, by target and path */
	json_t *problems; /* sentences: clusters that were not reached, targets that were not seen, what has not ended
			   */
	size_t counts[FC_STATES]; /* of rules, all dialects together */
};

/* When the engine is at rest, or the time is over; before it is stopped. */
int fc_outcome_take(struct fc_engine_thread *t, struct fc_outcome *out, struct fc_error *err) FC_MUST_CHECK;
void fc_outcome_fini(struct fc_outcome *o);

enum fc_rule_verdict {
	FC_RULE_WAITS,	   /* well as it is: there is nothing to copy yet, or no such type */
	FC_RULE_REFUSED,   /* decided, and nothing is copied until somebody changes rule, target or permissions */
	FC_RULE_UNDECIDED, /* what it needs could not be read or written */
};
/* Of a rule that is not InSync, as an object of /debug/rules. */
enum fc_rule_verdict fc_outcome_verdict(const json_t *rule);
/* Has any rule that verdict? */
bool fc_outcome_has(const struct fc_outcome *o, enum fc_rule_verdict verdict);

/* "edge-1/secrets/shop/web-tls data: NotAllowed: why (from hub/...)", without a line break. */
void fc_outcome_put_rule(const json_t *rule, struct fc_buf *out);

#endif
