/* SPDX-License-Identifier: Apache-2.0 */
/* What the analyser cannot see, since it looks at one file at a time: these return -1. Without it, every function that
 * fails by them looks as if it went on. lint-analyse includes it before all else. */
#ifndef FC_LINT_PROMISES_H
#define FC_LINT_PROMISES_H

#include "base/error.h"

#define fc_error_set(...) (fc_error_set(__VA_ARGS__), -1)
#define fc_error_set_errno(...) (fc_error_set_errno(__VA_ARGS__), -1)
#define fc_error_wrap(...) (fc_error_wrap(__VA_ARGS__), -1)

#endif
