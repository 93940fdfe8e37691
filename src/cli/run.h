/* SPDX-License-Identifier: Apache-2.0 */
/* fc_run - `fedcopy run` for whoever makes its options otherwise.
 * Owns:    nothing.
 * Threads: main thread only.
 * Fails:   exit statuses as cli/command.h has them; why is on standard error.
 * Source:  design section 8. */
#ifndef FC_RUN_H
#define FC_RUN_H

#include "cli/dropin.h"

/* Until a signal comes. What is in `options` is taken over; `dropin` is borrowed. */
int fc_run_dropin(const struct fc_dropin *dropin, struct fc_options *options);

#endif
