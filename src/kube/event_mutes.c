/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/event_mutes.h"

#include "base/mem.h"

#include <stddef.h>
#include <string.h>
#include <utlist.h>

#define MOST_MUTES 64
/* After as many namespaces without one that takes Events, it is none of the namespaces' affair: a role that covers the
 * whole cluster lacks the rule. Else each of a thousand namespaces would cost a request. */
#define ALL_AFTER 4

struct fc_event_mute {
	char *namespace_;
	bool patch;
	int64_t until_ms;
	struct fc_event_mute *prev, *next;
};

static void drop(struct fc_event_mutes *m, struct fc_event_mute *mute)
{
	DL_DELETE(m->first, mute);
	m->count--;
	free(mute->namespace_);
	free(mute);
}

bool fc_event_mutes_cover(struct fc_event_mutes *m, const char *namespace_, bool patch, int64_t now_ms)
{
	struct fc_event_mute *mute;

	if (now_ms < m->all_until_ms)
		return true;
	/* All were made for the same time: the oldest end first. */
	while (m->first && m->first->until_ms <= now_ms)
		drop(m, m->first);
	DL_FOREACH(m->first, mute)
		if (mute->patch == patch && strcmp(mute->namespace_, namespace_) == 0)
			return true;
	return false;
}

void fc_event_mutes_add(struct fc_event_mutes *m, const char *namespace_, bool patch, int64_t now_ms, int64_t until_ms)
{
	struct fc_event_mute *mute;

	if (fc_event_mutes_cover(m, namespace_, patch, now_ms))
		return;
	if (m->count >= MOST_MUTES)
		drop(m, m->first);
	mute = fc_xcalloc(1, sizeof(*mute));
	mute->namespace_ = fc_xstrdup(namespace_);
	mute->patch = patch;
	mute->until_ms = until_ms;
	DL_APPEND(m->first, mute);
	m->count++;
	if (!m->ever_allowed && m->count >= ALL_AFTER)
		m->all_until_ms = until_ms;
}

void fc_event_mutes_allowed(struct fc_event_mutes *m)
{
	m->ever_allowed = true;
}

void fc_event_mutes_fini(struct fc_event_mutes *m)
{
	while (m->first)
		drop(m, m->first);
}
