/* SPDX-License-Identifier: Apache-2.0 */
/* Several candidates with clocks of their own, which sleep, die and are stopped, and a network that loses and delays.
 */
#include "kube/lease_election.h"

#include "base/random.h"
#include "unit/kube/lease_bench.h"

#define CANDIDATES 3
#define WORLDS 25
#define WORLD_MS 600000

struct candidate {
	struct fc_lease_election *e;
	unsigned births;
	int64_t mono_offset_ms, wall_offset_ms;
	int64_t asleep_until_ms;
	/* The request under way; the answer is made when it arrives at the server, and comes back later. */
	struct fc_lease_order order;
	int64_t served_ms, answered_ms; /* -1: already */
	json_t *answer;
	struct fc_error err;
};

struct world {
	struct bench server;
	struct fc_random random;
	int64_t now_ms;
	struct candidate candidates[CANDIDATES];
	unsigned terms, losses;
	int64_t led_ms;
};

static bool chance(struct world *w, int64_t of)
{
	return fc_random_between(&w->random, 1, of) == 1;
}

static void born(struct world *w, struct candidate *c)
{
	char identity[32];

	fc_lease_election_free(c->e);
	json_decref(c->order.lease);
	json_decref(c->answer);
	int64_t number = c - w->candidates;
	unsigned births = c->births + 1;
	/* In this order: that of two draws in an initializer is the compiler's. */
	int64_t mono_offset_ms = fc_random_between(&w->random, 0, 1000000000);
	int64_t wall_offset_ms = fc_random_between(&w->random, -1000000000, 1000000000);

	*c = (struct candidate){
		.births = births,
		.mono_offset_ms = mono_offset_ms,
		.wall_offset_ms = wall_offset_ms,
		.served_ms = -1,
		.answered_ms = -1,
	};
	snprintf(identity, sizeof(identity), "c%d-%u", (int)number, births);
	c->e = election(identity, fc_random_next(&w->random));
}

static void send(struct world *w, struct candidate *c)
{
	int64_t there_ms = fc_random_between(&w->random, 0, chance(w, 10) ? 5000 : 50);
	int64_t back_ms = fc_random_between(&w->random, 0, chance(w, 10) ? 5000 : 50);

	c->served_ms = chance(w, 15) ? -1 : w->now_ms + there_ms;
	c->answered_ms = w->now_ms + there_ms + back_ms;
	/* As the client that gives up after its 5 s. */
	if (c->served_ms < 0 || c->answered_ms > w->now_ms + 5000)
		c->answered_ms = w->now_ms + 5000;
	c->err = FC_ERROR_INIT;
	fc_error_set(&c->err, FC_ERR_TIMEOUT, "no answer");
	c->err.outcome_unknown = true;
}

/* What is on its way to the server arrives there also when the one who sent it sleeps, or is dead, or has given up. */
static void arrive(struct world *w, struct candidate *c)
{
	struct fc_error err = FC_ERROR_INIT;

	if (c->served_ms < 0 || w->now_ms < c->served_ms)
		return;
	c->served_ms = -1;
	json_t *answer = serve(&w->server, &c->order, &err);
	if (w->now_ms <= c->answered_ms) {
		c->answer = answer;
		c->err = err;
	} else {
		json_decref(answer);
	}
}

static void live(struct world *w, struct candidate *c)
{
	int64_t mono_ms = w->now_ms + c->mono_offset_ms;

	if (c->answered_ms >= 0 && w->now_ms >= c->answered_ms && c->served_ms < 0) {
		c->answered_ms = -1;
		json_decref(fc_steal(&c->order.lease));
		json_t *answer = fc_steal(&c->answer);
		fc_lease_election_answered(c->e, mono_ms, answer, answer ? NULL : &c->err);
		json_decref(answer);
	}
	if (c->answered_ms >= 0) {
		/* The deadline may be over meanwhile. */
		assert_true(fc_lease_election_next(c->e, mono_ms, 0).step >= FC_LEASE_WAIT);
		return;
	}
	struct fc_lease_order order = fc_lease_election_next(c->e, mono_ms, WALL_MS + w->now_ms + c->wall_offset_ms);
	if (order.step == FC_LEASE_WAIT || order.step == FC_LEASE_DONE)
		return;
	c->order = order;
	send(w, c);
}

/* May it act, by the clock that it would look at before it does? */
static bool acts(const struct world *w, const struct candidate *c)
{
	return fc_lease_election_phase(c->e) == FC_LEASE_LEADING &&
	       w->now_ms + c->mono_offset_ms < fc_lease_election_until_ms(c->e);
}

static void befall(struct world *w, struct candidate *c)
{
	enum fc_lease_phase phase = fc_lease_election_phase(c->e);
	/* A program that is gone has nothing on its way any more in this world, for simplicity. */
	bool ended = phase == FC_LEASE_LOST || phase == FC_LEASE_ENDED;

	w->losses += phase == FC_LEASE_LOST;
	if (ended || chance(w, 400000))
		born(w, c);
	else if (chance(w, 200000))
		c->asleep_until_ms = w->now_ms + fc_random_between(&w->random, 0, 40000);
	else if (chance(w, 200000))
		fc_lease_election_release(c->e, w->now_ms + c->mono_offset_ms);
	else if (chance(w, 200000))
		c->wall_offset_ms = fc_random_between(&w->random, -1000000000, 1000000000);
}

static void tick(struct world *w)
{
	unsigned acting = 0;

	for (size_t i = 0; i < CANDIDATES; i++) {
		struct candidate *c = &w->candidates[i];

		arrive(w, c);
		if (w->now_ms < c->asleep_until_ms)
			continue;
		bool acted = acts(w, c);
		live(w, c);
		w->terms += !acted && acts(w, c);
		befall(w, c);
	}
	for (size_t i = 0; i < CANDIDATES; i++)
		acting += acts(w, &w->candidates[i]);
	w->led_ms += acting;
	assert_true(acting <= 1);
}

static void play(uint64_t seed)
{
	struct world w = { .random = { .state = seed }, .server = { .wall_ms = WALL_MS } };

	for (size_t i = 0; i < CANDIDATES; i++)
		born(&w, &w.candidates[i]);
	for (; w.now_ms < WORLD_MS; w.now_ms++)
		tick(&w);
	/* It would be no feat if nobody ever led. */
	assert_true(w.terms > 1);
	assert_true(w.led_ms > WORLD_MS / 4);
	for (size_t i = 0; i < CANDIDATES; i++) {
		fc_lease_election_free(w.candidates[i].e);
		json_decref(w.candidates[i].order.lease);
		json_decref(w.candidates[i].answer);
	}
	json_decref(w.server.stored);
}

static void test_elections_never_have_two_who_act_whatever_happens(void **state FC_UNUSED)
{
	for (uint64_t seed = 1; seed <= WORLDS; seed++)
		play(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elections_never_have_two_who_act_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
