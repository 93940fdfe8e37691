/* SPDX-License-Identifier: Apache-2.0 */
/* The election against a Lease that the test keeps, on a clock that the test turns. Several candidates in a world of
 * their own: test_lease_election_world.c. */
#include "kube/lease_election.h"

#include "unit/kube/lease_bench.h"

static int setup(void **state)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	b->now_ms = START_MS;
	b->wall_ms = WALL_MS;
	b->e = election("me", 7);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	fc_lease_election_free(b->e);
	json_decref(b->stored);
	json_decref(b->last.lease);
	free(b);
	return 0;
}

/* --- one candidate --- */

static enum fc_lease_step next(struct bench *b)
{
	json_decref(fc_steal(&b->last.lease));
	b->last = fc_lease_election_next(b->e, b->now_ms, b->wall_ms);
	return b->last.step;
}

static void answer(struct bench *b)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *lease = serve(b, &b->last, &err);

	fc_lease_election_answered(b->e, b->now_ms, lease, lease ? NULL : &err);
	json_decref(lease);
}

static void answer_error(struct bench *b, enum fc_error_class cls, bool unknown)
{
	struct fc_error err = FC_ERROR_INIT;

	fc_error_set(&err, cls, "no");
	err.outcome_unknown = unknown;
	fc_lease_election_answered(b->e, b->now_ms, NULL, &err);
}

/* Does what is due now, as long as anything is. */
static void settle(struct bench *b)
{
	while (next(b) != FC_LEASE_WAIT && b->last.step != FC_LEASE_DONE)
		answer(b);
}

static void pass(struct bench *b, int64_t ms)
{
	b->now_ms += ms;
	b->wall_ms += ms;
}

static void to_next(struct bench *b)
{
	assert_int_equal(b->last.step, FC_LEASE_WAIT);
	assert_true(b->last.at_ms > b->now_ms);
	pass(b, b->last.at_ms - b->now_ms);
}

static void assert_phase(struct bench *b, enum fc_lease_phase phase)
{
	assert_int_equal(fc_lease_election_phase(b->e), phase);
}

static void lead(struct bench *b)
{
	settle(b);
	assert_phase(b, FC_LEASE_LEADING);
}

/* --- timing --- */

static void test_timing_is_checked(void **state FC_UNUSED)
{
	/* 9.2 */
	static const struct {
		struct fc_lease_timing timing;
		const char *wrong; /* NULL: nothing */
	} rows[] = {
		{ FC_LEASE_TIMING_DEFAULT, NULL },
		{ { 15000, 10000, 0 }, "retry period" },
		{ { 15000, 10000, -1 }, "retry period" },
		{ { 15000, 2400, 2000 }, "renew deadline" },
		{ { 15000, 2401, 2000 }, NULL },
		{ { 15000, INT64_MIN, 2000 }, "renew deadline" },
		{ { 10000, 10000, 2000 }, "lease duration" },
		{ { 10001, 10000, 2000 }, NULL },
		{ { INT64_MAX, 10000, 2000 }, "lease duration" },
		{ { INT64_MAX, INT64_MAX - 1, INT64_MAX - 2 }, "renew deadline" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;
		int rc = fc_lease_timing_check(&rows[i].timing, &err);

		assert_int_equal(rc, rows[i].wrong ? -1 : 0);
		if (rows[i].wrong) {
			assert_int_equal(err.cls, FC_ERR_USAGE);
			assert_non_null(strstr(err.text, rows[i].wrong));
		}
	}
}

static void test_timing_of_a_request_is_half_the_deadline_and_a_second_at_least(void **state FC_UNUSED)
{
	assert_int_equal(fc_lease_timing_request_ms(&FC_LEASE_TIMING_DEFAULT), 5000);
	assert_int_equal(fc_lease_timing_request_ms(&(struct fc_lease_timing){ 1500, 1000, 200 }), 1000);
}

/* --- beginning --- */

static void test_election_makes_a_lease_that_is_not_there_and_leads_at_once(void **state)
{
	struct bench *b = *state;

	/* 9.5 */
	assert_int_equal(next(b), FC_LEASE_GET);
	assert_phase(b, FC_LEASE_STANDBY);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_CREATE);
	assert_string_equal(fc_lease_holder(b->last.lease), "me");
	answer(b);
	assert_phase(b, FC_LEASE_LEADING);
	assert_int_equal(next(b), FC_LEASE_WAIT);
	assert_int_equal(b->last.at_ms, START_MS + 2000);
}

static void test_election_takes_a_lease_without_a_holder_at_once(void **state)
{
	struct bench *b = *state;

	/* 9.4 */
	other_holds(b, "other");
	json_t *released = fc_lease_released(b->stored, b->wall_ms);
	put_in(b, released);
	json_decref(released);
	assert_int_equal(next(b), FC_LEASE_GET);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(b->last.lease, "spec"), "leaseTransitions")), 1);
	answer(b);
	assert_phase(b, FC_LEASE_LEADING);
}

static void test_election_lost_to_a_faster_one_waits(void **state)
{
	struct bench *b = *state;

	next(b);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_CREATE);
	other_holds(b, "other");
	answer(b);
	assert_phase(b, FC_LEASE_STANDBY);
	assert_int_equal(next(b), FC_LEASE_WAIT);
	to_next(b);
	settle(b);
	assert_phase(b, FC_LEASE_STANDBY);
	assert_string_equal(fc_lease_holder(fc_lease_election_lease(b->e)), "other");
}

/* --- standing by --- */

static void test_standby_watches_an_ancient_lease_for_its_whole_duration(void **state)
{
	struct bench *b = *state;

	/* 9.3, 9.4: written ten years ago, by its own words. */
	b->wall_ms -= INT64_C(10) * 365 * 86400 * 1000;
	other_holds(b, "other");
	b->wall_ms = WALL_MS;
	while (b->now_ms < START_MS + 15000) {
		settle(b);
		assert_phase(b, FC_LEASE_STANDBY);
		to_next(b);
	}
	/* And not a millisecond longer. */
	assert_int_equal(b->now_ms, START_MS + 15000);
	settle(b);
	assert_phase(b, FC_LEASE_LEADING);
	assert_int_equal(b->uids, 1);
}

static void test_standby_leaves_a_lease_alone_that_is_renewed_whatever_its_times_say(void **state)
{
	struct bench *b = *state;

	/* 9.3: the other one's clock stands still, then jumps by years to and fro; the own one does so too. */
	for (int i = 0; i < 60; i++) {
		int64_t wall_ms = b->wall_ms;

		b->wall_ms = WALL_MS + (i % 3 - 1) * INT64_C(86400000) * 700 + i;
		other_holds(b, "other");
		b->wall_ms = wall_ms - (i % 2) * INT64_C(86400000) * 300;
		settle(b);
		assert_phase(b, FC_LEASE_STANDBY);
		b->wall_ms = wall_ms;
		pass(b, 2000);
	}
}

static void test_standby_waits_as_long_as_the_lease_says_and_not_as_long_as_itself_would(void **state)
{
	struct bench *b = *state;
	json_t *empty = fc_lease_new("ops", "fedcopy");
	json_t *held = fc_lease_held(empty, "other", 60000, b->wall_ms);

	put_in(b, held);
	json_decref(held);
	json_decref(empty);
	while (b->now_ms < START_MS + 60000) {
		settle(b);
		assert_phase(b, FC_LEASE_STANDBY);
		to_next(b);
	}
	settle(b);
	assert_phase(b, FC_LEASE_LEADING);
}

static void test_standby_counts_anew_whenever_the_lease_changes(void **state)
{
	struct bench *b = *state;

	other_holds(b, "other");
	settle(b);
	pass(b, 14999);
	other_holds(b, "third");
	settle(b);
	assert_phase(b, FC_LEASE_STANDBY);
	pass(b, 14999);
	settle(b);
	assert_phase(b, FC_LEASE_STANDBY);
	pass(b, 1);
	settle(b);
	assert_phase(b, FC_LEASE_LEADING);
}

static void test_standby_takes_a_label_for_no_sign_of_life(void **state)
{
	struct bench *b = *state;

	other_holds(b, "other");
	settle(b);
	pass(b, 10000);
	stamp(b, NULL);
	settle(b);
	pass(b, 5000);
	settle(b);
	assert_phase(b, FC_LEASE_LEADING);
}

static void test_standby_looks_after_one_to_two_point_two_periods(void **state)
{
	struct bench *b = *state;
	int64_t least_ms = INT64_MAX, most_ms = 0;

	/* 9.2: jitter 1.2. */
	for (int i = 0; i < 500; i++) {
		other_holds(b, "other");
		settle(b);
		int64_t wait_ms = b->last.at_ms - b->now_ms;
		least_ms = wait_ms < least_ms ? wait_ms : least_ms;
		most_ms = wait_ms > most_ms ? wait_ms : most_ms;
		to_next(b);
	}
	assert_in_range(least_ms, 2000, 2100);
	assert_in_range(most_ms, 4300, 4400);
}

static void test_standby_goes_on_whatever_fails(void **state)
{
	static const enum fc_error_class classes[] = {
		FC_ERR_NETWORK,	  FC_ERR_TIMEOUT, FC_ERR_FORBIDDEN, FC_ERR_UNAUTHORIZED,
		FC_ERR_THROTTLED, FC_ERR_SERVER,  FC_ERR_PROTOCOL,  FC_ERR_NOT_SERVED,
	};
	struct bench *b = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(classes); i++) {
		assert_int_equal(next(b), FC_LEASE_GET);
		answer_error(b, classes[i], false);
		assert_int_equal(next(b), FC_LEASE_WAIT);
		assert_in_range(b->last.at_ms - b->now_ms, 2000, 4400);
		to_next(b);
	}
	lead(b);
}

static void test_standby_waits_as_long_as_the_server_asks(void **state)
{
	struct bench *b = *state;
	struct fc_error err = FC_ERROR_INIT;

	next(b);
	fc_error_set(&err, FC_ERR_THROTTLED, "later");
	err.retry_after_ms = 30000;
	fc_lease_election_answered(b->e, b->now_ms, NULL, &err);
	assert_int_equal(next(b), FC_LEASE_WAIT);
	assert_int_equal(b->last.at_ms, b->now_ms + 30000);
}

static void test_standby_whose_answer_was_lost_finds_that_it_holds_the_lease(void **state)
{
	struct bench *b = *state;
	struct fc_error none;

	next(b);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_CREATE);
	json_decref(serve(b, &b->last, &none));
	answer_error(b, FC_ERR_TIMEOUT, true);
	assert_phase(b, FC_LEASE_STANDBY);
	next(b);
	to_next(b);
	settle(b);
	assert_phase(b, FC_LEASE_LEADING);
	/* It is still the first one. */
	assert_int_equal(json_integer_value(json_object_get(json_object_get(b->stored, "spec"), "leaseTransitions")),
			 0);
}

static void test_standby_that_slept_while_it_took_the_lease_writes_again_before_it_leads(void **state)
{
	struct bench *b = *state;
	struct fc_error none;

	next(b);
	answer(b);
	next(b);
	json_t *lease = serve(b, &b->last, &none);
	pass(b, 10000);
	fc_lease_election_answered(b->e, b->now_ms, lease, NULL);
	json_decref(lease);
	assert_phase(b, FC_LEASE_STANDBY);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	/* Another one has it by now. */
	other_holds(b, "other");
	answer(b);
	settle(b);
	assert_phase(b, FC_LEASE_STANDBY);
}

/* --- leading --- */

static void test_leader_renews_every_period_by_one_write_alone(void **state)
{
	struct bench *b = *state;

	/* 9.5: the fast path. */
	lead(b);
	for (int i = 0; i < 100; i++) {
		to_next(b);
		assert_int_equal(b->now_ms, START_MS + (i + 1) * 2000);
		assert_int_equal(next(b), FC_LEASE_UPDATE);
		answer(b);
		assert_int_equal(next(b), FC_LEASE_WAIT);
		assert_phase(b, FC_LEASE_LEADING);
		assert_int_equal(fc_lease_election_until_ms(b->e), b->now_ms + 10000);
	}
	assert_int_equal(json_integer_value(json_object_get(json_object_get(b->stored, "spec"), "leaseTransitions")),
			 0);
}

static void test_leader_counts_from_when_the_renewal_was_sent(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	int64_t sent_ms = b->now_ms;
	next(b);
	pass(b, 3000);
	answer(b);
	assert_int_equal(fc_lease_election_until_ms(b->e), sent_ms + 10000);
}

static void test_leader_looks_after_a_conflict_and_goes_on_if_it_is_still_the_one(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	/* Somebody has put a label on it. */
	stamp(b, NULL);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_GET);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	answer(b);
	assert_phase(b, FC_LEASE_LEADING);
	assert_int_equal(next(b), FC_LEASE_WAIT);
}

static void test_leader_has_lost_when_another_one_holds_the_lease(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	other_holds(b, "other");
	settle(b);
	assert_phase(b, FC_LEASE_LOST);
	assert_non_null(strstr(fc_lease_election_why(b->e), "another one holds the Lease: other"));
	assert_int_equal(next(b), FC_LEASE_DONE);
}

static void test_leader_has_lost_when_somebody_empties_the_lease(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	json_t *released = fc_lease_released(b->stored, b->wall_ms);
	put_in(b, released);
	json_decref(released);
	settle(b);
	assert_phase(b, FC_LEASE_LOST);
	assert_non_null(strstr(fc_lease_election_why(b->e), "nobody holds it"));
}

static void test_leader_whose_lease_was_deleted_makes_it_again(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	json_decref(fc_steal(&b->stored));
	settle(b);
	assert_phase(b, FC_LEASE_LEADING);
	assert_string_equal(fc_lease_holder(b->stored), "me");
	assert_string_equal(fc_json_metadata(b->stored, "uid"), "u-2");
}

static void test_leader_whose_lease_was_deleted_has_lost_to_whoever_makes_it_first(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	json_decref(fc_steal(&b->stored));
	next(b);
	answer(b);
	next(b);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_CREATE);
	other_holds(b, "other");
	answer(b);
	/* It looks at once, and not after a period in which there would be two. */
	settle(b);
	assert_phase(b, FC_LEASE_LOST);
}

static void test_leader_in_a_storm_of_conflicts_waits_between_its_tries(void **state)
{
	struct bench *b = *state;
	unsigned requests = 0;

	lead(b);
	to_next(b);
	while (next(b) != FC_LEASE_WAIT) {
		if (b->last.step == FC_LEASE_UPDATE)
			stamp(b, NULL);
		answer(b);
		assert_true(++requests < 10);
	}
	assert_int_equal(b->last.at_ms, b->now_ms + 2000);
	to_next(b);
	settle(b);
	assert_phase(b, FC_LEASE_LEADING);
}

static void test_leader_that_cannot_renew_tries_until_the_deadline_and_has_lost_then(void **state)
{
	struct bench *b = *state;
	unsigned tries = 0;

	/* 9.7 */
	lead(b);
	to_next(b);
	while (b->now_ms < START_MS + 10000) {
		assert_phase(b, FC_LEASE_LEADING);
		if (next(b) == FC_LEASE_WAIT) {
			to_next(b);
			continue;
		}
		tries++;
		answer_error(b, FC_ERR_SERVER, false);
	}
	assert_int_equal(b->now_ms, START_MS + 10000);
	assert_in_range(tries, 4, 6);
	assert_int_equal(next(b), FC_LEASE_DONE);
	assert_phase(b, FC_LEASE_LOST);
	assert_non_null(strstr(fc_lease_election_why(b->e), "not renewed for 10000 ms"));
}

static void test_leader_whose_server_never_answers_is_woken_at_the_deadline(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	assert_int_equal(next(b), FC_LEASE_WAIT);
	assert_int_equal(b->last.at_ms, START_MS + 10000);
	to_next(b);
	assert_int_equal(next(b), FC_LEASE_DONE);
	assert_phase(b, FC_LEASE_LOST);
}

static void test_leader_that_slept_has_lost_though_its_renewal_came_through(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	next(b);
	pass(b, 8000);
	answer(b);
	assert_phase(b, FC_LEASE_LOST);
}

static void test_leader_that_fails_for_a_while_goes_on(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	pass(b, 5000);
	answer_error(b, FC_ERR_TIMEOUT, true);
	/* It looks at once. */
	assert_int_equal(next(b), FC_LEASE_GET);
	answer_error(b, FC_ERR_NETWORK, false);
	assert_int_equal(next(b), FC_LEASE_WAIT);
	assert_int_equal(b->last.at_ms, b->now_ms + 2000);
	to_next(b);
	settle(b);
	assert_phase(b, FC_LEASE_LEADING);
	assert_int_equal(fc_lease_election_until_ms(b->e), b->now_ms + 10000);
}

static void test_leader_does_not_care_for_jumps_of_the_clock_on_the_wall(void **state)
{
	struct bench *b = *state;

	lead(b);
	for (int i = 0; i < 20; i++) {
		to_next(b);
		b->wall_ms += (i % 2 ? -1 : 1) * INT64_C(86400000) * 1000;
		settle(b);
		assert_phase(b, FC_LEASE_LEADING);
	}
}

/* --- giving it back --- */

static void test_release_of_a_leader_empties_the_lease(void **state)
{
	struct bench *b = *state;

	/* 9.8 */
	lead(b);
	fc_lease_election_release(b->e, b->now_ms);
	assert_phase(b, FC_LEASE_RELEASING);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	answer(b);
	assert_phase(b, FC_LEASE_ENDED);
	assert_int_equal(next(b), FC_LEASE_DONE);
	assert_string_equal(fc_lease_holder(b->stored), "");
	assert_int_equal(fc_lease_duration_ms(b->stored), 1000);
}

static void test_release_of_a_standby_is_done_at_once(void **state)
{
	struct bench *b = *state;

	other_holds(b, "other");
	settle(b);
	fc_lease_election_release(b->e, b->now_ms);
	assert_phase(b, FC_LEASE_ENDED);
	assert_string_equal(fc_lease_holder(b->stored), "other");
}

static void test_release_of_a_standby_does_not_wait_for_its_look(void **state)
{
	struct bench *b = *state;

	assert_int_equal(next(b), FC_LEASE_GET);
	fc_lease_election_release(b->e, b->now_ms);
	assert_phase(b, FC_LEASE_ENDED);
}

static void test_release_while_a_standby_takes_the_lease_gives_it_back(void **state)
{
	struct bench *b = *state;

	next(b);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_CREATE);
	fc_lease_election_release(b->e, b->now_ms);
	assert_phase(b, FC_LEASE_RELEASING);
	assert_int_equal(next(b), FC_LEASE_WAIT);
	answer_error(b, FC_ERR_EXISTS, false);
	assert_phase(b, FC_LEASE_ENDED);
}

static void test_release_finds_out_what_became_of_a_write_without_an_answer(void **state)
{
	struct bench *b = *state;
	struct fc_error none;

	next(b);
	answer(b);
	next(b);
	json_decref(serve(b, &b->last, &none));
	fc_lease_election_release(b->e, b->now_ms);
	answer_error(b, FC_ERR_NETWORK, true);
	assert_phase(b, FC_LEASE_RELEASING);
	assert_int_equal(next(b), FC_LEASE_WAIT);
	to_next(b);
	settle(b);
	assert_phase(b, FC_LEASE_ENDED);
	assert_string_equal(fc_lease_holder(b->stored), "");
}

static void test_release_while_it_is_renewed_comes_after_that(void **state)
{
	struct bench *b = *state;

	lead(b);
	to_next(b);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	fc_lease_election_release(b->e, b->now_ms);
	assert_int_equal(next(b), FC_LEASE_WAIT);
	json_decref(fc_steal(&b->last.lease));
	b->last = (struct fc_lease_order){ .step = FC_LEASE_GET };
	stamp(b, NULL);
	answer(b);
	settle(b);
	assert_phase(b, FC_LEASE_ENDED);
	assert_string_equal(fc_lease_holder(b->stored), "");
}

static void test_release_is_tried_again_after_a_conflict(void **state)
{
	struct bench *b = *state;

	lead(b);
	stamp(b, NULL);
	fc_lease_election_release(b->e, b->now_ms);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_GET);
	answer(b);
	assert_int_equal(next(b), FC_LEASE_UPDATE);
	answer(b);
	assert_phase(b, FC_LEASE_ENDED);
	assert_string_equal(fc_lease_holder(b->stored), "");
}

static void test_release_leaves_alone_what_another_one_holds_by_now(void **state)
{
	struct bench *b = *state;

	lead(b);
	other_holds(b, "other");
	fc_lease_election_release(b->e, b->now_ms);
	settle(b);
	assert_phase(b, FC_LEASE_ENDED);
	assert_string_equal(fc_lease_holder(b->stored), "other");
}

static void test_release_ends_at_the_deadline_whatever_fails(void **state)
{
	struct bench *b = *state;

	lead(b);
	fc_lease_election_release(b->e, b->now_ms);
	while (next(b) != FC_LEASE_DONE) {
		if (b->last.step == FC_LEASE_WAIT)
			to_next(b);
		else
			answer_error(b, FC_ERR_NETWORK, true);
	}
	assert_phase(b, FC_LEASE_ENDED);
	assert_int_equal(b->now_ms, START_MS + 10000);
}

static void test_release_of_what_was_lost_is_nothing(void **state)
{
	struct bench *b = *state;

	lead(b);
	pass(b, 10000);
	fc_lease_election_release(b->e, b->now_ms);
	assert_phase(b, FC_LEASE_LOST);
	assert_int_equal(next(b), FC_LEASE_DONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timing_is_checked),
		cmocka_unit_test(test_timing_of_a_request_is_half_the_deadline_and_a_second_at_least),
		TEST(test_election_makes_a_lease_that_is_not_there_and_leads_at_once),
		TEST(test_election_takes_a_lease_without_a_holder_at_once),
		TEST(test_election_lost_to_a_faster_one_waits),
		TEST(test_standby_watches_an_ancient_lease_for_its_whole_duration),
		TEST(test_standby_leaves_a_lease_alone_that_is_renewed_whatever_its_times_say),
		TEST(test_standby_waits_as_long_as_the_lease_says_and_not_as_long_as_itself_would),
		TEST(test_standby_counts_anew_whenever_the_lease_changes),
		TEST(test_standby_takes_a_label_for_no_sign_of_life),
		TEST(test_standby_looks_after_one_to_two_point_two_periods),
		TEST(test_standby_goes_on_whatever_fails),
		TEST(test_standby_waits_as_long_as_the_server_asks),
		TEST(test_standby_whose_answer_was_lost_finds_that_it_holds_the_lease),
		TEST(test_standby_that_slept_while_it_took_the_lease_writes_again_before_it_leads),
		TEST(test_leader_renews_every_period_by_one_write_alone),
		TEST(test_leader_counts_from_when_the_renewal_was_sent),
		TEST(test_leader_looks_after_a_conflict_and_goes_on_if_it_is_still_the_one),
		TEST(test_leader_has_lost_when_another_one_holds_the_lease),
		TEST(test_leader_has_lost_when_somebody_empties_the_lease),
		TEST(test_leader_whose_lease_was_deleted_makes_it_again),
		TEST(test_leader_whose_lease_was_deleted_has_lost_to_whoever_makes_it_first),
		TEST(test_leader_in_a_storm_of_conflicts_waits_between_its_tries),
		TEST(test_leader_that_cannot_renew_tries_until_the_deadline_and_has_lost_then),
		TEST(test_leader_whose_server_never_answers_is_woken_at_the_deadline),
		TEST(test_leader_that_slept_has_lost_though_its_renewal_came_through),
		TEST(test_leader_that_fails_for_a_while_goes_on),
		TEST(test_leader_does_not_care_for_jumps_of_the_clock_on_the_wall),
		TEST(test_release_of_a_leader_empties_the_lease),
		TEST(test_release_of_a_standby_is_done_at_once),
		TEST(test_release_of_a_standby_does_not_wait_for_its_look),
		TEST(test_release_while_a_standby_takes_the_lease_gives_it_back),
		TEST(test_release_finds_out_what_became_of_a_write_without_an_answer),
		TEST(test_release_while_it_is_renewed_comes_after_that),
		TEST(test_release_is_tried_again_after_a_conflict),
		TEST(test_release_leaves_alone_what_another_one_holds_by_now),
		TEST(test_release_ends_at_the_deadline_whatever_fails),
		TEST(test_release_of_what_was_lost_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
