/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cluster.h"

#include "base/mem.h"

#include <string.h>

void fc_cluster_info_copy(struct fc_cluster_info *to, const struct fc_cluster_info *from)
{
	*to = *from;
	to->name = fc_xstrdup(from->name);
	to->labels = json_incref(from->labels);
}

void fc_cluster_info_fini(struct fc_cluster_info *info)
{
	free(info->name);
	json_decref(info->labels);
	*info = (struct fc_cluster_info){ .name = NULL };
}

bool fc_cluster_info_same(const struct fc_cluster_info *a, const struct fc_cluster_info *b)
{
	/* jansson finds NULL unequal to everything, itself included. */
	bool labels = (!a->labels && !b->labels) || json_equal(a->labels, b->labels);

	return labels && strcmp(a->name, b->name) == 0 && a->master == b->master && a->reads == b->reads;
}
