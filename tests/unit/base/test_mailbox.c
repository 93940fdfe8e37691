/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mailbox.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static int numbers[64];

static void count_wake(void *user)
{
	++*(int *)user;
}

static void test_mailbox_first_in_first_out(void **state FC_UNUSED)
{
	struct fc_mailbox *m = fc_mailbox_new(0, NULL, NULL);

	for (int i = 0; i < 64; i++)
		assert_int_equal(fc_mailbox_put(m, &numbers[i]), 0);
	assert_int_equal(fc_mailbox_depth(m), 64);
	for (int i = 0; i < 64; i++)
		assert_ptr_equal(fc_mailbox_take(m, 0), &numbers[i]);
	assert_int_equal(fc_mailbox_depth(m), 0);
	assert_null(fc_mailbox_take(m, 0));
	fc_mailbox_free(m);
}

static void test_mailbox_order_survives_growing_in_the_middle_of_the_ring(void **state FC_UNUSED)
{
	struct fc_mailbox *m = fc_mailbox_new(0, NULL, NULL);
	int put = 0, taken = 0;

	/* Two in, one out: the ring wraps at every size before it grows. */
	while (put < 64) {
		assert_int_equal(fc_mailbox_put(m, &numbers[put++]), 0);
		assert_int_equal(fc_mailbox_put(m, &numbers[put++]), 0);
		assert_ptr_equal(fc_mailbox_take(m, 0), &numbers[taken++]);
	}
	while (taken < 64)
		assert_ptr_equal(fc_mailbox_take(m, 0), &numbers[taken++]);
	fc_mailbox_free(m);
}

static void test_mailbox_works_on_after_a_burst(void **state FC_UNUSED)
{
	struct fc_mailbox *m = fc_mailbox_new(0, NULL, NULL);

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5000; i++)
			assert_int_equal(fc_mailbox_put(m, &numbers[i % 64]), 0);
		for (int i = 0; i < 5000; i++)
			assert_ptr_equal(fc_mailbox_take(m, 0), &numbers[i % 64]);
		assert_null(fc_mailbox_take(m, 0));
	}
	fc_mailbox_free(m);
}

static void test_mailbox_wakes_only_when_it_was_empty(void **state FC_UNUSED)
{
	int wakes = 0;
	struct fc_mailbox *m = fc_mailbox_new(0, count_wake, &wakes);

	assert_int_equal(fc_mailbox_put(m, &numbers[0]), 0);
	assert_int_equal(fc_mailbox_put(m, &numbers[1]), 0);
	assert_int_equal(wakes, 1);
	fc_mailbox_take(m, 0);
	assert_int_equal(fc_mailbox_put_now(m, &numbers[2]), 0);
	assert_int_equal(wakes, 1);
	fc_mailbox_take(m, 0);
	fc_mailbox_take(m, 0);
	assert_int_equal(fc_mailbox_put_now(m, &numbers[3]), 0);
	assert_int_equal(wakes, 2);
	fc_mailbox_take(m, 0);
	fc_mailbox_free(m);
}

static void test_mailbox_take_ends_after_its_timeout(void **state FC_UNUSED)
{
	struct fc_mailbox *m = fc_mailbox_new(0, NULL, NULL);
	int64_t start_us = fc_clock_mono_us();

	assert_null(fc_mailbox_take(m, 20));
	assert_true(fc_clock_mono_us() - start_us >= 20000);
	fc_mailbox_free(m);
}

static void test_mailbox_closed_refuses_puts_and_gives_what_is_inside(void **state FC_UNUSED)
{
	struct fc_mailbox *m = fc_mailbox_new(1, NULL, NULL);

	assert_int_equal(fc_mailbox_put(m, &numbers[0]), 0);
	fc_mailbox_close(m);
	assert_int_equal(fc_mailbox_put(m, &numbers[1]), -1);
	assert_int_equal(fc_mailbox_put_now(m, &numbers[1]), -1);
	assert_ptr_equal(fc_mailbox_take(m, -1), &numbers[0]);
	assert_null(fc_mailbox_take(m, -1));
	fc_mailbox_free(m);
}

static void test_mailbox_put_now_passes_a_full_one(void **state FC_UNUSED)
{
	struct fc_mailbox *m = fc_mailbox_new(1, NULL, NULL);

	assert_int_equal(fc_mailbox_put(m, &numbers[0]), 0);
	assert_int_equal(fc_mailbox_put_now(m, &numbers[1]), 0);
	assert_int_equal(fc_mailbox_depth(m), 2);
	assert_ptr_equal(fc_mailbox_take(m, 0), &numbers[0]);
	assert_ptr_equal(fc_mailbox_take(m, 0), &numbers[1]);
	fc_mailbox_free(m);
}

struct sender {
	struct fc_mailbox *m;
	int *messages;
	int count;
	atomic_int done, refused;
};

static void *send_all(void *user)
{
	struct sender *s = user;

	for (int i = 0; i < s->count; i++) {
		if (fc_mailbox_put(s->m, &s->messages[i]) < 0)
			atomic_fetch_add(&s->refused, 1);
		else
			atomic_fetch_add(&s->done, 1);
	}
	return NULL;
}

static void test_mailbox_many_senders_lose_nothing_and_keep_their_order(void **state FC_UNUSED)
{
	enum { SENDERS = 4, EACH = 5000, LIMIT = 8 };
	struct fc_mailbox *m = fc_mailbox_new(LIMIT, NULL, NULL);
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	int next[SENDERS] = { 0 };
	size_t deepest = 0;

	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ .m = m, .messages = fc_xcalloc(EACH, sizeof(int)), .count = EACH };
		for (int k = 0; k < EACH; k++)
			senders[i].messages[k] = i * EACH + k;
		assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
	}
	for (int n = 0; n < SENDERS * EACH; n++) {
		size_t depth = fc_mailbox_depth(m);
		deepest = depth > deepest ? depth : deepest;
		const int *message = fc_mailbox_take(m, -1);
		assert_non_null(message);
		assert_int_equal(*message % EACH, next[*message / EACH]++);
	}
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], NULL);
		free(senders[i].messages);
	}
	assert_null(fc_mailbox_take(m, 0));
	assert_true(deepest <= LIMIT);
	fc_mailbox_free(m);
}

static void test_mailbox_full_holds_the_sender_until_a_take(void **state FC_UNUSED)
{
	struct fc_mailbox *m = fc_mailbox_new(2, NULL, NULL);
	struct sender s = { .m = m, .messages = numbers, .count = 3 };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, send_all, &s), 0);
	while (atomic_load(&s.done) < 2)
		sched_yield();
	/* However long one waits, the third does not come in before there is room. */
	assert_int_equal(fc_mailbox_depth(m), 2);
	assert_int_equal(atomic_load(&s.done), 2);
	for (int i = 0; i < 3; i++)
		assert_ptr_equal(fc_mailbox_take(m, -1), &numbers[i]);
	pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&s.done), 3);
	fc_mailbox_free(m);
}

static void test_mailbox_close_lets_waiting_senders_go(void **state FC_UNUSED)
{
	enum { SENDERS = 3 };
	struct fc_mailbox *m = fc_mailbox_new(1, NULL, NULL);
	struct sender s = { .m = m, .messages = numbers, .count = 2 };
	pthread_t threads[SENDERS];

	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_all, &s), 0);
	while (atomic_load(&s.done) < 1)
		sched_yield();
	fc_mailbox_close(m);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&s.done), 1);
	assert_int_equal(atomic_load(&s.refused), SENDERS * 2 - 1);
	assert_ptr_equal(fc_mailbox_take(m, 0), &numbers[0]);
	fc_mailbox_free(m);
}

static void *take_one(void *user)
{
	return fc_mailbox_take(user, -1);
}

static void *take_to_the_end(void *user)
{
	while (fc_mailbox_take(user, -1))
		;
	return NULL;
}

static void test_mailbox_close_lets_a_waiting_receiver_go(void **state FC_UNUSED)
{
	/* Whether the receiver waits already when the close comes is chance; of so many it does for most. */
	for (int round = 0; round < 200; round++) {
		struct fc_mailbox *m = fc_mailbox_new(0, NULL, NULL);
		pthread_t thread;
		assert_int_equal(fc_mailbox_put(m, &numbers[0]), 0);
		assert_int_equal(pthread_create(&thread, NULL, take_to_the_end, m), 0);
		while (fc_mailbox_depth(m))
			sched_yield();
		sched_yield();
		fc_mailbox_close(m);
		assert_int_equal(pthread_join(thread, NULL), 0);
		fc_mailbox_free(m);
	}
}

static void test_mailbox_put_wakes_a_waiting_receiver(void **state FC_UNUSED)
{
	struct fc_mailbox *m = fc_mailbox_new(0, NULL, NULL);
	pthread_t thread;
	void *taken = NULL;

	assert_int_equal(pthread_create(&thread, NULL, take_one, m), 0);
	assert_int_equal(fc_mailbox_put(m, &numbers[5]), 0);
	pthread_join(thread, &taken);
	assert_ptr_equal(taken, &numbers[5]);
	fc_mailbox_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailbox_first_in_first_out),
		cmocka_unit_test(test_mailbox_order_survives_growing_in_the_middle_of_the_ring),
		cmocka_unit_test(test_mailbox_works_on_after_a_burst),
		cmocka_unit_test(test_mailbox_wakes_only_when_it_was_empty),
		cmocka_unit_test(test_mailbox_take_ends_after_its_timeout),
		cmocka_unit_test(test_mailbox_closed_refuses_puts_and_gives_what_is_inside),
		cmocka_unit_test(test_mailbox_put_now_passes_a_full_one),
		cmocka_unit_test(test_mailbox_many_senders_lose_nothing_and_keep_their_order),
		cmocka_unit_test(test_mailbox_full_holds_the_sender_until_a_take),
		cmocka_unit_test(test_mailbox_close_lets_waiting_senders_go),
		cmocka_unit_test(test_mailbox_close_lets_a_waiting_receiver_go),
		cmocka_unit_test(test_mailbox_put_wakes_a_waiting_receiver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
