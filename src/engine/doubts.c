/* SPDX-License-Identifier: Apache-2.0 */
/* What is open after a write: what its answer did not say, and the event that came meanwhile. */
#include "base/mem.h"
#include "engine/parts.h"

static struct doubt *take(struct target *t)
{
	return t->doubt = t->doubt ?: fc_xcalloc(1, sizeof(*t->doubt));
}

static void free_unused(struct target *t)
{
	const struct doubt *d = t->doubt;

	if (d && !d->refused_version && !d->conflict_version && !d->event_until_ms)
		doubt_free(t);
}

void doubt_free(struct target *t)
{
	struct doubt *d = fc_steal(&t->doubt);

	if (!d)
		return;
	free(d->refused_version);
	free(d->conflict_version);
	free(d);
}

void doubt_refused(struct target *t, char *version)
{
	free(take(t)->refused_version);
	t->doubt->refused_version = version;
}

void doubt_conflict(struct target *t, char *version)
{
	free(take(t)->conflict_version);
	t->doubt->conflict_version = version;
}

const char *doubt_refused_version(const struct target *t)
{
	return t->doubt ? t->doubt->refused_version : NULL;
}

const char *doubt_conflict_version(const struct target *t)
{
	return t->doubt ? t->doubt->conflict_version : NULL;
}

void doubt_refused_is_over(struct target *t)
{
	if (!t->doubt)
		return;
	free(fc_steal(&t->doubt->refused_version));
	free_unused(t);
}

void doubt_conflict_is_over(struct target *t)
{
	if (!t->doubt)
		return;
	free(fc_steal(&t->doubt->conflict_version));
	free_unused(t);
}

int64_t doubt_event_until_ms(const struct target *t)
{
	return t->doubt ? t->doubt->event_until_ms : 0;
}

void doubt_await_event(struct target *t, int64_t until_ms)
{
	if (until_ms || t->doubt)
		take(t)->event_until_ms = until_ms;
	free_unused(t);
}

void held_free(struct held *h)
{
	json_decref(h->object);
	free(h->version);
	free(h);
}

void held_forget(struct target *t)
{
	if (t->held)
		held_free(fc_steal(&t->held));
}
