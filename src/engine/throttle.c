/* SPDX-License-Identifier: Apache-2.0 */
/* What a cluster can take (design section 5, promise 6): how many requests at one time, which a 429 halves; when it may
 * be asked again, where it has said so; how many writes per second, where the operator has said so. Time is that of the
 * events. */
#include "engine/parts.h"

/* A limit that was halved grows by one after so many successes. */
#define SUCCESSES_PER_STEP 100
/* A write costs so much credit: with a rate of N per second, N come in a millisecond. */
#define WRITE_CREDIT 1000

void throttle_init(const struct fc_engine *e, struct cluster *c)
{
	/* A whole second's worth: what has been quiet may begin with that many at once. */
	c->throttle = (struct throttle){
		.limit = e->options.max_in_flight,
		.credit = (int64_t)e->options.max_writes_per_second * WRITE_CREDIT,
		.alarm.kind = ALARM_CLUSTER,
	};
}

bool throttle_is_closed(const struct fc_engine *e, const struct cluster *c)
{
	return c->throttle.closed_until_ms > e->now_ms;
}

/* What the time since has brought. */
static void collect_credit(const struct fc_engine *e, struct throttle *t)
{
	int64_t rate = e->options.max_writes_per_second, most = rate * WRITE_CREDIT;
	int64_t passed_ms = e->now_ms - t->credited_ms;

	/* After a second it is full: a longer time would only be a number too large to multiply. */
	if (passed_ms < 0)
		passed_ms = 0;
	t->credit += rate * (passed_ms < 1000 ? passed_ms : 1000);
	if (t->credit > most)
		t->credit = most;
	t->credited_ms = e->now_ms;
}

static bool rate_allows(struct fc_engine *e, struct throttle *t)
{
	int64_t rate = e->options.max_writes_per_second;

	if (rate == 0)
		return true;
	collect_credit(e, t);
	if (t->credit >= WRITE_CREDIT)
		return true;
	alarm_set_earliest(e, &t->alarm, e->now_ms + (WRITE_CREDIT - t->credit + rate - 1) / rate);
	return false;
}

bool throttle_allows(struct fc_engine *e, struct cluster *c, bool write)
{
	struct throttle *t = &c->throttle;

	if (throttle_is_closed(e, c)) {
		alarm_set_earliest(e, &t->alarm, t->closed_until_ms);
		return false;
	}
	/* An answer comes, and moves the line on. */
	if ((write ? c->writes_in_flight : c->reads_in_flight) >= t->limit)
		return false;
	return !write || rate_allows(e, t);
}

void throttle_begins(struct fc_engine *e, struct cluster *c, bool write)
{
	if (write && e->options.max_writes_per_second)
		c->throttle.credit -= WRITE_CREDIT;
}

static void refused(struct fc_engine *e, struct throttle *t, uint64_t request, const struct fc_error *error)
{
	if (error->retry_after_ms > 0 && e->now_ms + error->retry_after_ms > t->closed_until_ms)
		t->closed_until_ms = e->now_ms + error->retry_after_ms;
	t->successes = 0;
	/* What was sent before the limit was halved went out under the old one: that it is refused too says nothing of
	 * the new one. Else one burst of a fan-out would always end at 1. */
	if (request <= t->halved_at)
		return;
	t->halved_at = e->next_request;
	if (t->limit > 1)
		t->limit /= 2;
}

void throttle_answered(struct fc_engine *e, struct cluster *c, uint64_t request, const struct fc_error *error)
{
	struct throttle *t = &c->throttle;

	if (error && error->cls == FC_ERR_THROTTLED) {
		refused(e, t, request, error);
		return;
	}
	if (error || t->limit >= e->options.max_in_flight || ++t->successes < SUCCESSES_PER_STEP)
		return;
	t->successes = 0;
	t->limit++;
}
