/* SPDX-License-Identifier: Apache-2.0 */
/* fc_plan_print - what `fedcopy plan` has found, as text for people or as JSON.
 * Owns:    nothing; borrows all of the view.
 * Threads: main thread.
 * Fails:   _json (no memory).
 * Source:  design section 8, `fedcopy plan`; values of Secrets, of kinds named Federated* and of what is fed from
 * either are shown as sizes and marks (plan_mark.h), in both forms. */
#ifndef FC_PLAN_PRINT_H
#define FC_PLAN_PRINT_H

#include "base/buf.h"
#include "cli/outcome.h"
#include "cli/plan.h"
#include "cli/plan_mark.h"

struct fc_plan_view {
	const struct fc_planned *writes;
	size_t write_count;
	const struct fc_cluster_info *clusters; /* by number */
	const struct fc_outcome *outcome;
	const struct fc_plan_key *key;
};

void fc_plan_text(const struct fc_plan_view *v, struct fc_buf *out);
int fc_plan_json(const struct fc_plan_view *v, struct fc_buf *out, struct fc_error *err) FC_MUST_CHECK;

#endif
