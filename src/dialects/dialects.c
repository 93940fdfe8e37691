/* SPDX-License-Identifier: Apache-2.0 */
#include "dialects/dialects.h"

const struct fc_dialect *const fc_dialects[] = {
	&fc_dialect_k8s_copier, &fc_dialect_configmap_sync, &fc_dialect_k8s_replicator,
	&fc_dialect_kopy,	&fc_dialect_object_sync,    NULL,
};
