/* SPDX-License-Identifier: Apache-2.0 */
/* The heap that says which target is to be looked at next. */
#include "engine/parts.h"

#include "world.h"

#define TARGETS 300

struct fixture {
	struct fc_engine engine;
	struct target targets[TARGETS];
};

static int setup(void **state)
{
	*state = fc_xcalloc(1, sizeof(struct fixture));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->engine.heap);
	free(f);
	return 0;
}

/* Sets all of them to random times from 1 to 1000, many of which are equal. */
static void set_all(struct fixture *f, uint64_t seed)
{
	struct fc_random random = { .state = seed };

	for (size_t i = 0; i < TARGETS; i++)
		timer_set_earliest(&f->engine, &f->targets[i], fc_random_between(&random, 1, 1000));
}

/* Takes what is due until then, in order; returns how many. */
static size_t take_until(struct fixture *f, int64_t from_ms, int64_t now_ms)
{
	size_t count = 0;

	while (f->engine.heap_count) {
		int64_t due_ms = f->engine.heap[0].due_ms;
		struct alarm *a = alarm_take_due(&f->engine, now_ms);

		if (!a) {
			assert_true(due_ms > now_ms);
			break;
		}
		assert_in_range(due_ms, from_ms, now_ms);
		assert_int_equal(alarm_due_ms(&f->engine, a), 0);
		from_ms = due_ms;
		count++;
	}
	return count;
}

static void test_targets_come_out_in_the_order_of_their_times(void **state)
{
	struct fixture *f = *state;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		size_t count;

		set_all(f, seed);
		count = take_until(f, 1, 400);
		assert_in_range(count, 1, TARGETS - 1);
		assert_int_equal(count + take_until(f, 401, 1000), TARGETS);
		assert_null(alarm_take_due(&f->engine, INT64_MAX));
	}
}

static void test_earliest_of_the_times_of_one_target_wins(void **state)
{
	struct fixture *f = *state;
	struct target *t = &f->targets[0];

	timer_set_earliest(&f->engine, t, 50);
	timer_set_earliest(&f->engine, t, 70);
	assert_int_equal(alarm_due_ms(&f->engine, &t->alarm), 50);
	timer_set_earliest(&f->engine, t, 30);
	assert_int_equal(f->engine.heap_count, 1);
	assert_null(alarm_take_due(&f->engine, 29));
	assert_ptr_equal(alarm_take_due(&f->engine, 30), &t->alarm);
	assert_null(alarm_take_due(&f->engine, INT64_MAX));
}

static void test_earlier_times_move_targets_up(void **state)
{
	struct fixture *f = *state;

	set_all(f, 1);
	for (size_t i = 0; i < TARGETS; i += 3)
		timer_set_earliest(&f->engine, &f->targets[i], alarm_due_ms(&f->engine, &f->targets[i].alarm) / 2);
	assert_int_equal(take_until(f, 1, 1000), TARGETS);
}

static void test_cleared_target_does_not_come_out(void **state)
{
	struct fixture *f = *state;
	size_t cleared = 0;

	set_all(f, 7);
	for (size_t i = 0; i < TARGETS; i += 4, cleared++) {
		timer_clear(&f->engine, &f->targets[i]);
		/* A second time is nothing. */
		timer_clear(&f->engine, &f->targets[i]);
		assert_int_equal(alarm_due_ms(&f->engine, &f->targets[i].alarm), 0);
	}
	assert_int_equal(f->engine.heap_count, TARGETS - cleared);
	assert_int_equal(take_until(f, 1, 1000), TARGETS - cleared);
}

/* 0 means "not set". */
static void test_time_before_the_beginning_is_due_at_once(void **state)
{
	struct fixture *f = *state;

	timer_set_earliest(&f->engine, &f->targets[0], -5);
	assert_ptr_equal(alarm_take_due(&f->engine, 1), &f->targets[0].alarm);
}

static void test_target_that_goes_takes_its_time_along(void **state)
{
	struct world *w = world_new();
	struct world_watches watches;
	struct fc_action *source, *a;

	(void)state;
	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_fail(w, a, FC_ERR_SERVER, -1);
	fc_action_free(a);
	assert_true(fc_engine_deadline(w->engine) > w->now_ms);
	world_gone(w, watches.secrets[EDGE1], "ns", "dst", "22");
	assert_int_equal(fc_engine_deadline(w->engine), -1);
	world_tick(w, 3600000);
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_targets_come_out_in_the_order_of_their_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_earliest_of_the_times_of_one_target_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_earlier_times_move_targets_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cleared_target_does_not_come_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_before_the_beginning_is_due_at_once, setup, teardown),
		cmocka_unit_test(test_target_that_goes_takes_its_time_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
