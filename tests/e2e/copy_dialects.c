/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a fedcopy that end-to-end tests run: with the dialect for tests, which copies whole objects of any
 * kind. */
#include "dialects/dialects.h"

#include "../sim/copy_dialect.h"

const struct fc_dialect *const fc_dialects[] = {
	&fc_dialect_k8s_copier,
	&copy_test_kinds_dialect,
	NULL,
};
