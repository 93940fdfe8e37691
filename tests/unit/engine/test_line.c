/* SPDX-License-Identifier: Apache-2.0 */
/* The line of those that wait for a free request. */
#include "engine/parts.h"

#include "world.h"

#define JOBS 1000

struct fixture {
	struct line line;
	struct job jobs[JOBS];
};

static int setup(void **state)
{
	*state = fc_xcalloc(1, sizeof(struct fixture));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	line_fini(&f->line);
	free(f);
	return 0;
}

static void test_who_came_first_is_first(void **state)
{
	struct fixture *f = *state;

	assert_null(line_first(&f->line));
	for (size_t i = 0; i < JOBS; i++)
		line_add(&f->line, &f->jobs[i]);
	assert_int_equal(f->line.count, JOBS);
	for (size_t i = 0; i < JOBS; i++) {
		assert_ptr_equal(line_first(&f->line), &f->jobs[i]);
		line_remove(&f->line, &f->jobs[i]);
	}
	assert_null(line_first(&f->line));
}

static void test_who_leaves_the_middle_of_a_line_is_passed_by(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < JOBS; i++)
		line_add(&f->line, &f->jobs[i]);
	for (size_t i = 0; i < JOBS; i++)
		if (i % 3)
			line_remove(&f->line, &f->jobs[i]);
	for (size_t i = 0; i < JOBS; i += 3) {
		assert_ptr_equal(line_first(&f->line), &f->jobs[i]);
		line_remove(&f->line, &f->jobs[i]);
	}
	assert_int_equal(f->line.count, 0);
}

/* While the first waits, for minutes perhaps, others come and go. */
static void test_line_does_not_grow_by_coming_and_going(void **state)
{
	struct fixture *f = *state;

	line_add(&f->line, &f->jobs[0]);
	line_add(&f->line, &f->jobs[1]);
	for (size_t i = 0; i < 100000; i++) {
		line_add(&f->line, &f->jobs[2 + i % 7]);
		line_remove(&f->line, &f->jobs[2 + i % 7]);
	}
	assert_in_range(f->line.cap, 1, 32);
	assert_ptr_equal(line_first(&f->line), &f->jobs[0]);
	line_remove(&f->line, &f->jobs[0]);
	assert_ptr_equal(line_first(&f->line), &f->jobs[1]);
}

static void test_line_keeps_nothing_of_a_crowd_that_has_gone(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < JOBS; i++)
		line_add(&f->line, &f->jobs[i]);
	for (size_t i = JOBS; i-- > 0;)
		line_remove(&f->line, &f->jobs[i]);
	assert_null(f->line.jobs);
	line_add(&f->line, &f->jobs[7]);
	assert_ptr_equal(line_first(&f->line), &f->jobs[7]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_who_came_first_is_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_leaves_the_middle_of_a_line_is_passed_by, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line_does_not_grow_by_coming_and_going, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line_keeps_nothing_of_a_crowd_that_has_gone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
