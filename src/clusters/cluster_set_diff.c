/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/cluster_set_diff.h"

#include "base/mem.h"

#include <string.h>

#define NOBODY SIZE_MAX

struct diff {
	const struct fc_cluster_present *present;
	size_t count;
	const struct fc_cluster_set *next;
	const char *const *ids;
	size_t *next_of;    /* of a present one: its place in `next`, or NOBODY */
	size_t *present_of; /* the other way round */
};

static void match(struct diff *d, size_t present, size_t next)
{
	d->next_of[present] = next;
	d->present_of[next] = present;
}

static void match_names(struct diff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		size_t k = 0;

		while (k < d->next->count && strcmp(d->present[i].info->name, d->next->clusters[k].info.name) != 0)
			k++;
		if (k < d->next->count)
			match(d, i, k);
	}
}

static bool same_access(const struct diff *d, size_t present, size_t next)
{
	return fc_access_same(d->present[present].access, d->next->clusters[next].access);
}

static bool same_id(const struct diff *d, size_t present, size_t next)
{
	const char *a = d->present[present].id, *b = d->ids[next];

	return a && b && strcmp(a, b) == 0;
}

/* Among what is left on both sides. */
static void match_by(struct diff *d, bool (*same)(const struct diff *d, size_t present, size_t next))
{
	for (size_t i = 0; i < d->count; i++)
		for (size_t k = 0; k < d->next->count && d->next_of[i] == NOBODY && !d->present[i].elsewhere; k++)
			if (d->present_of[k] == NOBODY && same(d, i, k))
				match(d, i, k);
}

static int check_master(const struct diff *d, struct fc_error *err)
{
	size_t master = 0;

	while (master + 1 < d->count && !d->present[master].info->master)
		master++;
	if (d->next_of[master] == d->next->master)
		return 0;
	return fc_error_set(err, FC_ERR_CONFIG, "%s would be the master in place of %s: another master needs a restart",
			    d->next->clusters[d->next->master].info.name, d->present[master].info->name);
}

static bool same_dialects(const struct fc_cluster_info *a, const struct fc_cluster_info *b)
{
	return (!a->dialects && !b->dialects) || json_equal(a->dialects, b->dialects);
}

/* Whose objects are followed is settled when a cluster joins: it leaves and joins again. On the master every dialect
 * acts anyway. */
static void part_where_dialects_differ(struct diff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		size_t k = d->next_of[i];

		if (k == NOBODY || d->present[i].info->master ||
		    same_dialects(d->present[i].info, &d->next->clusters[k].info))
			continue;
		d->next_of[i] = NOBODY;
		d->present_of[k] = NOBODY;
	}
}

static void add(struct fc_cluster_changes *out, enum fc_cluster_change_type type, fc_cluster_no no, size_t index)
{
	FC_GROW(out->list, out->count, out->cap);
	out->list[out->count++] = (struct fc_cluster_change){ .type = type, .no = no, .index = index };
}

static void collect(const struct diff *d, struct fc_cluster_changes *out)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->next_of[i] == NOBODY)
			add(out, FC_CLUSTER_REMOVE, d->present[i].no, 0);
	for (size_t i = 0; i < d->count; i++) {
		size_t k = d->next_of[i];

		if (k != NOBODY && !fc_cluster_info_same(d->present[i].info, &d->next->clusters[k].info))
			add(out, FC_CLUSTER_CHANGE, d->present[i].no, k);
	}
	for (size_t i = 0; i < d->count; i++)
		if (d->next_of[i] != NOBODY && !same_access(d, i, d->next_of[i]))
			add(out, FC_CLUSTER_RENEW, d->present[i].no, d->next_of[i]);
	for (size_t k = 0; k < d->next->count; k++)
		if (d->present_of[k] == NOBODY)
			add(out, FC_CLUSTER_ADD, FC_NO_CLUSTER, k);
}

static size_t *nobodies(size_t count)
{
	size_t *list = fc_xcalloc(count ? count : 1, sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = NOBODY;
	return list;
}

int fc_cluster_set_diff(const struct fc_cluster_present *present, size_t count, const struct fc_cluster_set *next,
			const char *const *ids, struct fc_cluster_changes *out, struct fc_error *err)
{
	FC_AUTO_FREE size_t *next_of = nobodies(count), *present_of = nobodies(next->count);
	struct diff d = { present, count, next, ids, next_of, present_of };

	*out = (struct fc_cluster_changes){ .list = NULL };
	match_names(&d);
	match_by(&d, same_access);
	match_by(&d, same_id);
	if (check_master(&d, err) < 0)
		return -1;
	part_where_dialects_differ(&d);
	collect(&d, out);
	return 0;
}
