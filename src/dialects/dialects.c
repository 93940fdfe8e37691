/* SPDX-License-Identifier: Apache-2.0 */
#include "dialects/dialects.h"

const struct fc_dialect *const fc_dialects[] = {
	&fc_dialect_k8s_copier,
	NULL,
};
