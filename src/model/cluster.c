/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cluster.h"

#include "base/mem.h"

#include <string.h>

void fc_cluster_info_copy(struct fc_cluster_info *to, const struct fc_cluster_info *from)
{
	*to = *from;
	to->name = fc_xstrdup(from->name);
	to->labels = json_incref(from->labels);
	to->dialects = json_incref(from->dialects);
}

void fc_cluster_info_fini(struct fc_cluster_info *info)
{
	free(info->name);
	json_decref(info->labels);
	json_decref(info->dialects);
	*info = (struct fc_cluster_info){ .name = NULL };
}

/* jansson finds NULL unequal to everything, itself included. */
static bool same_value(const json_t *a, const json_t *b)
{
	return (!a && !b) || json_equal(a, b);
}

bool fc_cluster_info_same(const struct fc_cluster_info *a, const struct fc_cluster_info *b)
{
	return same_value(a->labels, b->labels) && same_value(a->dialects, b->dialects) &&
	       strcmp(a->name, b->name) == 0 && a->master == b->master && a->reads == b->reads;
}
