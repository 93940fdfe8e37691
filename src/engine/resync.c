/* SPDX-License-Identifier: Apache-2.0 */
/* From time to time everything is looked at again (design section 5, Reading): in each period every watch of metadata
 * lists once more, which shows what it has missed, and what is known of the objects that the list names is decided upon
 * anew. Each watch has a moment of its own in the period, from the seed, so that no server is asked for everything at
 * once. Sources are not read again: their watches deliver bodies, and a list of those is what costs. */
#include "base/mem.h"
#include "engine/parts.h"

void resync_begin(struct fc_engine *e, struct watch *w)
{
	int64_t period_ms = e->options.resync_period_ms;

	w->alarm.kind = ALARM_WATCH;
	if (period_ms <= 0 || w->use == WATCH_SOURCES)
		return;
	w->slot_ms = e->now_ms + fc_random_between(&e->random, 1, period_ms);
	alarm_set_earliest(e, &w->alarm, w->slot_ms);
}

void resync_end(struct fc_engine *e, struct watch *w)
{
	alarm_clear(e, &w->alarm);
}

/* One that fails, or is at a list, lists anyway. */
static bool is_to_list(const struct cluster *c, const struct watch *w)
{
	return c->connection == UP && w->synced && !w->listing && !w->relisting && w->error.cls == FC_ERR_NONE;
}

void resync_due(struct fc_engine *e, struct watch *w)
{
	struct cluster *c = cluster_of(e, w->cluster);
	int64_t period_ms = e->options.resync_period_ms;
	struct fc_action *a;

	/* Where nothing may be sent just now the slot waits. */
	if (c->connection == UP && throttle_is_closed(e, c)) {
		alarm_set_earliest(e, &w->alarm, c->throttle.closed_until_ms);
		return;
	}
	/* The slot stays where it is in the period, however late the time was told. */
	w->slot_ms += ((e->now_ms - w->slot_ms) / period_ms + 1) * period_ms;
	alarm_set_earliest(e, &w->alarm, w->slot_ms);
	if (!is_to_list(c, w)) {
		/* Who has not begun within a period may be slow, or have been overtaken by a change of connections: he
		 * is asked again in the next. */
		w->relisting = false;
		return;
	}
	w->relisting = true;
	a = fc_actions_add(e->out, FC_ACTION_RELIST);
	a->cluster = w->cluster;
	a->watch = w->id;
}
