/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/lease_election.h"

#include "base/mem.h"
#include "base/random.h"
#include "kube/lease.h"

#include <string.h>

/* 9.2: a look comes after anything from one to 2.2 retry periods, so that those who wait do not all come at once. */
#define JITTER_NUMERATOR 12
#define JITTER_DENOMINATOR 10
#define LEAST_REQUEST_MS 1000

/* What the next request is for. */
enum purpose {
	LOOK, /* what stands there? */
	MAKE, /* it is not there */
	TAKE, /* to hold it, or to go on holding it */
	FREE, /* to give it back */
};

struct fc_lease_election {
	char *namespace_, *name, *identity;
	struct fc_lease_timing timing;
	struct fc_random random;
	enum fc_lease_phase phase;
	struct fc_error why; /* of a loss */

	json_t *lease;	     /* as last seen; NULL: not there, or not seen yet */
	int64_t observed_ms; /* when it was first seen to be so (9.3) */
	int64_t sent_ms;     /* the request that was last sent */
	int64_t renewed_ms;  /* when the last write was sent by which it was held */
	int64_t release_by_ms;

	enum purpose next;
	int64_t due_ms; /* of the next request */
	bool in_flight; /* one for `next` is */
	/* It goes by what was last seen, without having looked again: the fast path of 9.5. */
	bool unseen;
	/* After a conflict it was looked again at once: not a second time in a row. */
	bool hurried;
	/* A write may have come through whose answer was lost. */
	bool maybe_held;
};

int fc_lease_timing_check(const struct fc_lease_timing *t, struct fc_error *err)
{
	if (t->retry_ms <= 0)
		return fc_error_set(err, FC_ERR_USAGE, "the retry period must be more than nothing");
	if (t->deadline_ms <= t->retry_ms || (t->deadline_ms - t->retry_ms) <= t->retry_ms / 5)
		return fc_error_set(err, FC_ERR_USAGE,
				    "the renew deadline must be longer than 1.2 times the retry period");
	if (t->lease_ms <= t->deadline_ms)
		return fc_error_set(err, FC_ERR_USAGE, "the lease duration must be longer than the renew deadline");
	if (t->lease_ms > (int64_t)INT32_MAX * 1000)
		return fc_error_set(err, FC_ERR_USAGE, "the lease duration is longer than a Lease can say");
	return 0;
}

int64_t fc_lease_timing_request_ms(const struct fc_lease_timing *t)
{
	return t->deadline_ms / 2 > LEAST_REQUEST_MS ? t->deadline_ms / 2 : LEAST_REQUEST_MS;
}

struct fc_lease_election *fc_lease_election_new(const struct fc_lease_election_options *options)
{
	struct fc_lease_election *e = fc_xcalloc(1, sizeof(*e));

	e->namespace_ = fc_xstrdup(options->namespace_);
	e->name = fc_xstrdup(options->name);
	e->identity = fc_xstrdup(options->identity);
	e->timing = options->timing;
	e->random.state = options->seed;
	e->why = FC_ERROR_INIT;
	e->due_ms = INT64_MIN;
	return e;
}

void fc_lease_election_free(struct fc_lease_election *e)
{
	if (!e)
		return;
	json_decref(e->lease);
	free(e->namespace_);
	free(e->name);
	free(e->identity);
	free(e);
}

enum fc_lease_phase fc_lease_election_phase(const struct fc_lease_election *e)
{
	return e->phase;
}

int64_t fc_lease_election_until_ms(const struct fc_lease_election *e)
{
	return e->renewed_ms + e->timing.deadline_ms;
}

const char *fc_lease_election_why(const struct fc_lease_election *e)
{
	return e->why.text;
}

const json_t *fc_lease_election_lease(const struct fc_lease_election *e)
{
	return e->lease;
}

static bool is_mine(const struct fc_lease_election *e)
{
	return strcmp(fc_lease_holder(e->lease), e->identity) == 0;
}

/* 9.3, 9.4: held by another one until nothing has changed about it for as long as it says, counted from when we saw it
 * change. What its times say is nothing to go by. */
static int64_t held_until_ms(const struct fc_lease_election *e)
{
	int64_t duration_ms = fc_lease_duration_ms(e->lease);

	return e->observed_ms + (duration_ms ? duration_ms : e->timing.lease_ms);
}

static void plan(struct fc_lease_election *e, enum purpose next, int64_t due_ms)
{
	e->next = next;
	e->due_ms = due_ms;
	e->unseen = false;
}

static void lose(struct fc_lease_election *e)
{
	e->phase = FC_LEASE_LOST;
}

static void lose_to(struct fc_lease_election *e)
{
	const char *holder = fc_lease_holder(e->lease);

	if (*holder)
		fc_error_set(&e->why, FC_ERR_CONFLICT, "another one holds the Lease: %.200s", holder);
	else
		fc_error_set(&e->why, FC_ERR_CONFLICT, "somebody has written into the Lease that nobody holds it");
	lose(e);
}

/* --- what comes next --- */

static bool is_over(const struct fc_lease_election *e)
{
	return e->phase == FC_LEASE_ENDED || e->phase == FC_LEASE_LOST;
}

static void look_at_clock(struct fc_lease_election *e, int64_t now_ms)
{
	if (e->phase == FC_LEASE_LEADING && now_ms >= fc_lease_election_until_ms(e)) {
		fc_error_set(&e->why, FC_ERR_TIMEOUT, "the Lease was not renewed for %lld ms, the deadline is %lld ms",
			     (long long)(now_ms - e->renewed_ms), (long long)e->timing.deadline_ms);
		lose(e);
	} else if (e->phase == FC_LEASE_RELEASING && now_ms >= e->release_by_ms) {
		e->phase = FC_LEASE_ENDED;
	}
}

static int64_t wait_until_ms(const struct fc_lease_election *e)
{
	int64_t limit_ms = INT64_MAX;

	if (e->phase == FC_LEASE_LEADING)
		limit_ms = fc_lease_election_until_ms(e);
	else if (e->phase == FC_LEASE_RELEASING)
		limit_ms = e->release_by_ms;
	return e->in_flight || e->due_ms > limit_ms ? limit_ms : e->due_ms;
}

static struct fc_lease_order order(struct fc_lease_election *e, int64_t wall_ms)
{
	int64_t lease_ms = e->timing.lease_ms;

	switch (e->next) {
	case MAKE: {
		json_auto_t *empty = fc_lease_new(e->namespace_, e->name);
		return (struct fc_lease_order){ .step = FC_LEASE_CREATE,
						.lease = fc_lease_held(empty, e->identity, lease_ms, wall_ms) };
	}
	case TAKE:
		return (struct fc_lease_order){ .step = FC_LEASE_UPDATE,
						.lease = fc_lease_held(e->lease, e->identity, lease_ms, wall_ms) };
	case FREE:
		return (struct fc_lease_order){ .step = FC_LEASE_UPDATE,
						.lease = fc_lease_released(e->lease, wall_ms) };
	case LOOK:
		break;
	}
	return (struct fc_lease_order){ .step = FC_LEASE_GET };
}

struct fc_lease_order fc_lease_election_next(struct fc_lease_election *e, int64_t now_ms, int64_t wall_ms)
{
	look_at_clock(e, now_ms);
	if (is_over(e))
		return (struct fc_lease_order){ .step = FC_LEASE_DONE };
	if (e->in_flight || now_ms < e->due_ms)
		return (struct fc_lease_order){ .step = FC_LEASE_WAIT, .at_ms = wait_until_ms(e) };
	e->in_flight = true;
	e->sent_ms = now_ms;
	return order(e, wall_ms);
}

/* --- what was answered --- */

static int64_t next_look_ms(struct fc_lease_election *e, int64_t now_ms)
{
	int64_t retry_ms = e->timing.retry_ms;

	return now_ms + retry_ms + fc_random_between(&e->random, 0, retry_ms * JITTER_NUMERATOR / JITTER_DENOMINATOR);
}

static void observe(struct fc_lease_election *e, json_t *lease, int64_t now_ms)
{
	if (!e->lease || !fc_lease_same(e->lease, lease))
		e->observed_ms = now_ms;
	json_decref(e->lease);
	e->lease = json_incref(lease);
}

/* Held by another one. Its end is not waited for longer than need be. */
static void stand_by(struct fc_lease_election *e, int64_t now_ms)
{
	int64_t look_ms = next_look_ms(e, now_ms), end_ms = held_until_ms(e);

	e->maybe_held = false;
	plan(e, LOOK, end_ms < look_ms ? end_ms : look_ms);
}

static void seen(struct fc_lease_election *e, int64_t now_ms)
{
	bool free = !*fc_lease_holder(e->lease), mine = is_mine(e);

	if (e->phase == FC_LEASE_RELEASING) {
		if (mine)
			plan(e, FREE, now_ms);
		else
			e->phase = FC_LEASE_ENDED;
	} else if (e->phase == FC_LEASE_LEADING && !mine) {
		lose_to(e);
	} else if (mine || free || now_ms >= held_until_ms(e)) {
		plan(e, TAKE, now_ms);
	} else {
		stand_by(e, now_ms);
	}
}

/* What was written counts from when it was sent: others may have seen it as early as that. */
static void held(struct fc_lease_election *e, int64_t now_ms)
{
	e->renewed_ms = e->sent_ms;
	e->hurried = false;
	e->maybe_held = true;
	if (e->phase == FC_LEASE_RELEASING) {
		plan(e, FREE, now_ms);
		return;
	}
	/* So late an answer is none to act by; but that it is ours is known, and the next one will come sooner. */
	if (e->phase == FC_LEASE_STANDBY && now_ms >= fc_lease_election_until_ms(e)) {
		plan(e, TAKE, now_ms);
		return;
	}
	e->phase = FC_LEASE_LEADING;
	plan(e, TAKE, now_ms + e->timing.retry_ms);
	e->unseen = true;
}

static void went_well(struct fc_lease_election *e, json_t *lease, int64_t now_ms)
{
	observe(e, lease, now_ms);
	if (e->next == LOOK)
		seen(e, now_ms);
	else if (e->next == FREE)
		e->phase = FC_LEASE_ENDED;
	else if (is_mine(e))
		held(e, now_ms);
	else
		/* The server made something else of it. */
		plan(e, LOOK, next_look_ms(e, now_ms));
}

static bool somebody_wrote(const struct fc_error *why)
{
	return why->cls == FC_ERR_CONFLICT || why->cls == FC_ERR_EXISTS || why->cls == FC_ERR_NOT_FOUND;
}

/* One that leads looks at once where it went by what it knew, or where somebody else has written: that may be another
 * one that leads already. */
static bool must_hurry(struct fc_lease_election *e, const struct fc_error *why)
{
	bool hurry = e->unseen || (somebody_wrote(why) && !e->hurried && e->next != LOOK);

	if (e->phase == FC_LEASE_STANDBY)
		return false;
	e->hurried = hurry && !e->unseen;
	return hurry;
}

static void went_wrong(struct fc_lease_election *e, const struct fc_error *why, int64_t now_ms)
{
	int64_t due_ms = now_ms + e->timing.retry_ms;

	if (e->phase == FC_LEASE_RELEASING && !e->maybe_held) {
		e->phase = FC_LEASE_ENDED;
		return;
	}
	if (must_hurry(e, why)) {
		plan(e, LOOK, now_ms);
		return;
	}
	if (e->phase == FC_LEASE_STANDBY) {
		due_ms = next_look_ms(e, now_ms);
		if (why->retry_after_ms > due_ms - now_ms)
			due_ms = now_ms + why->retry_after_ms;
	}
	plan(e, LOOK, due_ms);
}

/* It is not there. A leader whose Lease was deleted makes it again: whoever is faster holds it. */
static void missing(struct fc_lease_election *e, int64_t now_ms)
{
	json_decref(fc_steal(&e->lease));
	if (e->phase == FC_LEASE_RELEASING)
		e->phase = FC_LEASE_ENDED;
	else
		plan(e, MAKE, now_ms);
}

void fc_lease_election_answered(struct fc_lease_election *e, int64_t now_ms, json_t *lease, const struct fc_error *why)
{
	e->in_flight = false;
	look_at_clock(e, now_ms);
	if (is_over(e))
		return;
	if (lease) {
		went_well(e, lease, now_ms);
		return;
	}
	if (e->next == MAKE || e->next == TAKE)
		e->maybe_held = e->maybe_held || why->outcome_unknown;
	if (e->next == LOOK && why->cls == FC_ERR_NOT_FOUND)
		missing(e, now_ms);
	else
		went_wrong(e, why, now_ms);
}

/* --- the end --- */

void fc_lease_election_release(struct fc_lease_election *e, int64_t now_ms)
{
	bool writes = e->in_flight && e->next != LOOK;

	look_at_clock(e, now_ms);
	if (is_over(e) || e->phase == FC_LEASE_RELEASING)
		return;
	e->phase = FC_LEASE_RELEASING;
	e->release_by_ms = now_ms + e->timing.deadline_ms;
	if (!e->maybe_held && !writes)
		e->phase = FC_LEASE_ENDED;
	else if (!e->in_flight)
		plan(e, e->lease && is_mine(e) ? FREE : LOOK, now_ms);
}
