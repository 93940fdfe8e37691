/* SPDX-License-Identifier: Apache-2.0 */
/* sb_go_time - times as the API takes and gives them: RFC 3339.
 * Owns:    nothing; results belong to the caller.
 * Threads: any.
 * Fails:   FC_ERR_INVALID with the words of Go's parser.
 * Source:  RFC 3339; metav1.Time and MicroTime; answers of a real server. */
#ifndef FC_SANDBOX_GO_TIME_H
#define FC_SANDBOX_GO_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* The same moment in UTC: "2020-01-02T03:04:05Z" whatever fraction came, with `micro` "2020-01-02T03:04:05.000006Z",
 * which takes six digits and no other number of them. NULL: it is none. */
char *sb_go_time_canonical(const char *text, bool micro, struct fc_error *err) FC_MUST_CHECK;
/* The moment so many seconds after 1970, in the years 1 to 9999; microseconds are written with `micro`. */
char *sb_go_time_print(int64_t seconds, int microseconds, bool micro);

#endif
