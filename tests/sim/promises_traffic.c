/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked of how much is asked at one time: the limit of requests under way, which a 429 halves, and the rate
 * of writes (design section 5, promise 6; section 8, --max-in-flight, --max-writes-per-second). */
#include "world_parts.h"

#include <stdio.h>

enum { LIMIT = 16, SUCCESSES_PER_STEP = 100 };

static unsigned most_in_flight(const struct world *w)
{
	return w->max_in_flight ? w->max_in_flight : LIMIT;
}

static json_t *under_way(struct slot *s, bool write)
{
	struct traffic *t = &s->traffic;

	if (!t->requests[write])
		t->requests[write] = json_object();
	return t->requests[write];
}

/* A second's worth may have been saved up, and another comes in that second. */
static void check_rate(struct world *w, struct slot *s)
{
	struct traffic *t = &s->traffic;
	unsigned most = 2 * w->max_writes_per_second;
	int64_t *oldest = &t->writes[t->write_count % MOST_IN_A_SECOND];

	if (most == 0)
		return;
	if (t->write_count >= most && w->now_ms - t->writes[(t->write_count - most) % MOST_IN_A_SECOND] < 1000)
		world_fail(w, 6, "more than %u writes to %s in a second, and %u are allowed", most, s->member->name,
			   w->max_writes_per_second);
	*oldest = w->now_ms;
	t->write_count++;
}

void traffic_begins(struct world *w, struct slot *s, uint64_t request, bool write)
{
	struct traffic *t = &s->traffic;
	unsigned limit = most_in_flight(w) - t->missing;
	json_t *requests = under_way(s, write);
	char key[32];

	snprintf(key, sizeof(key), "%llu", (unsigned long long)request);
	if (json_object_size(requests) >= limit)
		world_fail(w, 6, "%zu %s of %s are under way, %u may be, and one more is asked for",
			   json_object_size(requests), write ? "writes" : "reads", s->member->name, limit);
	json_object_set_new(requests, key, json_true());
	t->newest = request;
	if (write)
		check_rate(w, s);
}

void traffic_answered(struct world *w, struct slot *s, const struct fc_event *e)
{
	struct traffic *t = &s->traffic;
	bool known = false;
	char key[32];

	snprintf(key, sizeof(key), "%llu", (unsigned long long)e->request);
	for (unsigned i = 0; i < FC_ARRAY_LEN(t->requests); i++)
		known = json_object_del(t->requests[i], key) == 0 || known;
	if (e->error.cls == FC_ERR_NONE && t->missing && ++t->successes == SUCCESSES_PER_STEP) {
		t->successes = 0;
		t->missing--;
	}
	/* What was sent under the old limit says nothing of the new one. */
	if (e->error.cls != FC_ERR_THROTTLED || !known)
		return;
	t->successes = 0;
	if (e->request <= t->halved_at)
		return;
	t->halved_at = t->newest;
	t->missing = most_in_flight(w) - (most_in_flight(w) - t->missing + 1) / 2;
}

void traffic_forget(struct slot *s)
{
	for (unsigned i = 0; i < FC_ARRAY_LEN(s->traffic.requests); i++) {
		json_decref(s->traffic.requests[i]);
		s->traffic.requests[i] = NULL;
	}
}
