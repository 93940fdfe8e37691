/* SPDX-License-Identifier: Apache-2.0 */
/* The clusters of the set as they are just now: some come, some go, some get another name. Each has its number for the
 * whole run, and stays at its address: the rest of the engine points at it. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

/* Where the first of that number or of a higher one stands. */
static size_t position(const struct fc_engine *e, uint64_t no)
{
	size_t low = 0, high = e->cluster_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (e->clusters[middle]->no < no)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct cluster *cluster_of(const struct fc_engine *e, uint64_t no)
{
	size_t at = no;

	/* While no cluster has left, each stands at its number. */
	if (at >= e->cluster_count || e->clusters[at]->no != no)
		at = position(e, no);
	return at < e->cluster_count && e->clusters[at]->no == no ? e->clusters[at] : NULL;
}

/* While one name is passed on from cluster to cluster two may bear it for a moment: it means neither then. */
static struct cluster *cluster_by_name(const struct fc_engine *e, const char *name)
{
	struct cluster *found = NULL;

	for (size_t i = 0; i < e->cluster_count; i++) {
		struct cluster *c = e->clusters[i];

		if (c->leaving || strcmp(c->info.name, name) != 0)
			continue;
		if (found)
			return NULL;
		found = c;
	}
	return found;
}

struct cluster *cluster_of_source(const struct fc_engine *e, const struct rule *r)
{
	struct cluster *master;

	if (r->spec->cluster)
		return cluster_by_name(e, r->spec->cluster);
	master = cluster_of(e, e->options.master);
	return master && !master->leaving ? master : NULL;
}

static struct cluster *insert(struct fc_engine *e, fc_cluster_no no, const struct fc_cluster_info *info)
{
	struct cluster *c = fc_xcalloc(1, sizeof(*c));
	size_t at = position(e, no);

	c->no = no;
	throttle_init(e, c);
	fc_cluster_info_copy(&c->info, info);
	FC_GROW(e->clusters, e->cluster_count, e->cluster_cap);
	memmove(&e->clusters[at + 1], &e->clusters[at], (e->cluster_count - at) * sizeof(struct cluster *));
	e->clusters[at] = c;
	e->cluster_count++;
	e->outcome_count = 0;
	return c;
}

void clusters_take(struct fc_engine *e, const struct fc_cluster_info *infos, size_t count)
{
	for (size_t i = 0; i < count; i++)
		insert(e, (fc_cluster_no)i, &infos[i]);
}

static void cluster_free(struct fc_engine *e, struct cluster *c)
{
	alarm_clear(e, &c->throttle.alarm);
	words_free(e, c);
	namespaces_free(e, c);
	brake_free(&c->brake);
	line_fini(&c->writes);
	line_fini(&c->reads);
	fc_cluster_info_fini(&c->info);
	free(c->id);
	free(c->told_id);
	free(c->server_version);
	fault_clear(&c->error);
	fault_clear(&c->away);
	free(c);
}

void clusters_free(struct fc_engine *e)
{
	for (size_t i = 0; i < e->cluster_count; i++)
		cluster_free(e, e->clusters[i]);
	free(e->clusters);
}

/* What that name means in a rule has changed. */
static void rebind_by_name(struct fc_engine *e, const char *name)
{
	struct target *t;

	FC_TABLE_FOREACH(&e->targets, at, t)
		for (struct rule *r = t->rules; r; r = r->next)
			if (r->spec->cluster && strcmp(r->spec->cluster, name) == 0)
				rule_rebind(e, r);
}

void cluster_added(struct fc_engine *e, const struct fc_event *event)
{
	struct cluster *c;

	if (cluster_of(e, event->cluster) || !event->info)
		return;
	c = insert(e, event->cluster, event->info);
	c->added = true;
	report_cluster(e, FC_LOG_INFO, c, "cluster is new in the cluster set", NULL);
	words_start(e, c);
	rebind_by_name(e, c->info.name);
	sites_set_changed(e);
}

static void free_targets(struct fc_engine *e, const struct cluster *c)
{
	struct target *t;

	FC_TABLE_FOREACH(&e->targets, at, t)
		if (t->key.cluster == c->no)
			target_free(e, t);
}

static void stop_watches(struct fc_engine *e, struct cluster *c)
{
	c->namespaces_watch = NULL;
	while (c->watches)
		watch_stop(e, c->watches);
}

void cluster_removed(struct fc_engine *e, struct cluster *c)
{
	size_t at = position(e, c->no);

	report_cluster(e, FC_LOG_INFO, c, "cluster has left the cluster set, nothing on it is touched any more", NULL);
	c->leaving = true;
	c->connection = REFUSED;
	/* Its own rules first: they go without a word, those elsewhere that read from it say what they lack. With the
	 * last rule of a source its watch goes, and what is watched then is targets. */
	free_targets(e, c);
	sites_set_changed(e);
	words_abandon(e, c);
	rebind_by_name(e, c->info.name);
	stop_watches(e, c);
	requests_abandon(e, c);
	memmove(&e->clusters[at], &e->clusters[at + 1], (e->cluster_count - at - 1) * sizeof(struct cluster *));
	e->cluster_count--;
	e->outcome_count = 0;
	if (e->freed == c)
		e->freed = NULL;
	/* No finalizer waits for it any more. */
	origins_mark_cluster(e, c);
	cluster_free(e, c);
	clusters_look_again(e);
}

static void rebind_targets(struct fc_engine *e, const struct cluster *c)
{
	struct target *t;

	FC_TABLE_FOREACH(&e->targets, at, t) {
		if (t->key.cluster != c->no)
			continue;
		for (struct rule *r = t->rules; r; r = r->next)
			rule_bind(e, r);
		target_mark(e, t);
	}
	cycles_pairs_permitted_anew(e);
}

static void renamed(struct fc_engine *e, struct cluster *c, const char *old)
{
	char *detail = fc_xasprintf("it was %s", old);

	report_cluster(e, FC_LOG_INFO, c, "cluster has another name", detail);
	free(detail);
	rebind_by_name(e, old);
	rebind_by_name(e, c->info.name);
	if (c->no == e->options.master)
		targets_master_renamed(e);
	/* Consents and permissions name clusters. */
	rules_bind_all(e);
	/* Where it is unreachable, the rules' states name it. */
	cluster_mark_concerned(e, c);
}

void cluster_changed(struct fc_engine *e, struct cluster *c, const struct fc_event *event)
{
	struct fc_cluster_info old = c->info;

	if (!event->info || fc_cluster_info_same(&old, event->info))
		return;
	fc_cluster_info_copy(&c->info, event->info);
	if (c->info.reads != old.reads)
		rebind_targets(e, c);
	if (strcmp(c->info.name, old.name) != 0)
		renamed(e, c, old.name);
	fc_cluster_info_fini(&old);
	sites_set_changed(e);
	clusters_look_again(e);
}

bool fc_engine_next_cluster(const struct fc_engine *e, fc_cluster_no *no)
{
	size_t at = *no == FC_NO_CLUSTER ? 0 : position(e, (uint64_t)*no + 1);

	if (at >= e->cluster_count)
		return false;
	*no = e->clusters[at]->no;
	return true;
}
