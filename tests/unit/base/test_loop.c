/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct pipe_ends {
	int in, out;
};

static struct pipe_ends new_pipe(void)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	return (struct pipe_ends){ ends[0], ends[1] };
}

static void close_pipe(struct pipe_ends p)
{
	close(p.in);
	close(p.out);
}

static void fill(struct pipe_ends p)
{
	assert_int_equal(write(p.out, "x", 1), 1);
}

struct calls {
	struct fc_loop *loop;
	int count, fd, other_fd, spare_fd;
	uint32_t events;
};

static void note(void *user, int fd, uint32_t events)
{
	struct calls *c = user;

	c->count++;
	c->fd = fd;
	c->events = events;
}

static void watch(struct fc_loop *l, int fd, void (*fn)(void *user, int fd, uint32_t events), void *user)
{
	assert_int_equal(fc_loop_set_fd(l, fd, EPOLLIN, fn, user, NULL), 0);
}

static void test_loop_ready_descriptor_is_reported(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct pipe_ends p = new_pipe();
	struct calls c = { 0 };

	watch(l, p.in, note, &c);
	fc_loop_run_once(l, 0);
	assert_int_equal(c.count, 0);
	fill(p);
	fc_loop_run_once(l, -1);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.fd, p.in);
	assert_int_equal(c.events, EPOLLIN);
	fc_loop_free(l);
	close_pipe(p);
}

static void test_loop_second_set_changes_events_function_and_user(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct pipe_ends p = new_pipe();
	struct calls first = { 0 }, second = { 0 };

	watch(l, p.out, note, &first);
	fc_loop_run_once(l, 0);
	assert_int_equal(fc_loop_set_fd(l, p.out, EPOLLOUT, note, &second, NULL), 0);
	fc_loop_run_once(l, 0);
	assert_int_equal(first.count, 0);
	assert_int_equal(second.count, 1);
	assert_int_equal(second.events, EPOLLOUT);
	fc_loop_free(l);
	close_pipe(p);
}

static void test_loop_many_descriptors_in_any_order(void **state FC_UNUSED)
{
	enum { COUNT = 100 };
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct pipe_ends p[COUNT];
	struct calls c[COUNT] = { 0 };

	for (int i = 0; i < COUNT; i++)
		p[i] = new_pipe();
	for (int i = 0; i < COUNT; i++)
		watch(l, p[i * 37 % COUNT].in, note, &c[i * 37 % COUNT]);
	for (int i = 0; i < COUNT; i += 2)
		fc_loop_remove_fd(l, p[i].in);
	for (int i = 0; i < COUNT; i++)
		fill(p[i]);
	/* More rounds than needed: one takes fewer than are ready, and those not yet told come first in the next. */
	for (int i = 0; i < 4; i++)
		fc_loop_run_once(l, 0);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(c[i].count > 0, i % 2);
		assert_int_equal(c[i].fd, i % 2 ? p[i].in : 0);
	}
	fc_loop_free(l);
	for (int i = 0; i < COUNT; i++)
		close_pipe(p[i]);
}

static void remove_other(void *user, int fd, uint32_t events)
{
	struct calls *c = user;

	note(user, fd, events);
	fc_loop_remove_fd(c->loop, fd == c->other_fd ? c->spare_fd : c->other_fd);
}

static void test_loop_removed_in_the_same_round_is_not_called(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct pipe_ends a = new_pipe(), b = new_pipe();
	struct calls c = { .loop = l, .other_fd = a.in, .spare_fd = b.in };

	/* Both are ready; whichever is first removes the other. */
	fill(a);
	fill(b);
	watch(l, a.in, remove_other, &c);
	watch(l, b.in, remove_other, &c);
	fc_loop_run_once(l, 0);
	assert_int_equal(c.count, 1);
	fc_loop_free(l);
	close_pipe(a);
	close_pipe(b);
}

static void remove_self(void *user, int fd, uint32_t events)
{
	struct calls *c = user;

	note(user, fd, events);
	fc_loop_remove_fd(c->loop, fd);
}

static void test_loop_callback_may_remove_its_own(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct pipe_ends p = new_pipe();
	struct calls c = { .loop = l };

	fill(p);
	watch(l, p.in, remove_self, &c);
	fc_loop_run_once(l, 0);
	fc_loop_run_once(l, 0);
	assert_int_equal(c.count, 1);
	fc_loop_remove_fd(l, p.in);
	fc_loop_free(l);
	close_pipe(p);
}

struct reuse {
	struct fc_loop *loop;
	int a_fd, b_fd, empty_fd, rounds;
	struct calls reused;
};

/* Closes the other descriptor, whose event of this round is still to come, and puts an empty pipe in its place. */
static void reuse_other(void *user, int fd, uint32_t events FC_UNUSED)
{
	struct reuse *r = user;
	int other_fd = fd == r->a_fd ? r->b_fd : r->a_fd;

	r->rounds++;
	fc_loop_remove_fd(r->loop, fd);
	fc_loop_remove_fd(r->loop, other_fd);
	dup2(r->empty_fd, other_fd);
	watch(r->loop, other_fd, note, &r->reused);
}

static void test_loop_reused_number_gets_no_event_of_its_predecessor(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct pipe_ends a = new_pipe(), b = new_pipe(), empty = new_pipe();
	struct reuse r = { .loop = l, .a_fd = a.in, .b_fd = b.in, .empty_fd = empty.in };

	fill(a);
	fill(b);
	watch(l, a.in, reuse_other, &r);
	watch(l, b.in, reuse_other, &r);
	fc_loop_run_once(l, 0);
	assert_int_equal(r.rounds, 1);
	assert_int_equal(r.reused.count, 0);
	fill(empty);
	fc_loop_run_once(l, 0);
	assert_int_equal(r.reused.count, 1);
	fc_loop_free(l);
	close_pipe(a);
	close_pipe(b);
	close_pipe(empty);
}

static void test_loop_number_closed_without_removal_can_be_set_again(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct pipe_ends old = new_pipe(), new = new_pipe();
	struct calls before = { 0 }, after = { 0 };

	watch(l, old.in, note, &before);
	dup2(new.in, old.in);
	fill(new);
	watch(l, old.in, note, &after);
	fc_loop_run_once(l, 0);
	assert_int_equal(before.count, 0);
	assert_int_equal(after.count, 1);
	fc_loop_free(l);
	close_pipe(old);
	close_pipe(new);
}

static void test_loop_refused_descriptor_is_an_error(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(fc_loop_set_fd(l, 9999, EPOLLIN, note, NULL, &err), -1);
	assert_int_equal(err.cls, FC_ERR_INTERNAL);
	assert_int_equal(err.sys_errno, EBADF);
	fc_loop_remove_fd(l, 9999);
	fc_loop_run_once(l, 0);
	fc_loop_free(l);
}

struct tick {
	struct fc_loop *loop;
	struct fc_timer *timer, *victim;
	int count, again;
};

static void tick(void *user)
{
	struct tick *t = user;

	t->timer = NULL;
	t->count++;
	fc_loop_timer_cancel(t->loop, &t->victim);
	if (t->again-- > 0)
		t->timer = fc_loop_timer(t->loop, 0, tick, t);
}

static void test_loop_timer_fires_once_and_not_early(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct tick t = { .loop = l };
	int64_t start_us = fc_clock_mono_us();

	t.timer = fc_loop_timer(l, 15, tick, &t);
	int rounds = 0;
	for (; !t.count; rounds++)
		fc_loop_run_once(l, -1);
	assert_true(fc_clock_mono_us() - start_us >= 15000);
	/* It waits for the timer and does not turn until it is due. */
	assert_in_range(rounds, 1, 3);
	fc_loop_run_once(l, 0);
	assert_int_equal(t.count, 1);
	fc_loop_free(l);
}

static void test_loop_timer_without_delay_fires_in_this_round(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct tick zero = { .loop = l }, below = { .loop = l };

	fc_loop_timer(l, 0, tick, &zero);
	fc_loop_timer(l, -5, tick, &below);
	fc_loop_run_once(l, -1);
	assert_int_equal(zero.count, 1);
	assert_int_equal(below.count, 1);
	fc_loop_free(l);
}

static void test_loop_timer_that_sets_itself_again_starves_nobody(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct pipe_ends p = new_pipe();
	struct calls c = { 0 };
	struct tick t = { .loop = l, .again = 1000000 };

	watch(l, p.in, note, &c);
	fill(p);
	fc_loop_timer(l, 0, tick, &t);
	for (int i = 0; i < 10; i++)
		fc_loop_run_once(l, -1);
	assert_int_equal(t.count, 10);
	assert_int_equal(c.count, 10);
	fc_loop_free(l);
	close_pipe(p);
}

static void test_loop_cancelled_timer_does_not_fire(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct tick t = { .loop = l }, other = { .loop = l };

	t.timer = fc_loop_timer(l, 0, tick, &t);
	fc_loop_timer(l, 0, tick, &other);
	fc_loop_timer_cancel(l, &t.timer);
	assert_null(t.timer);
	fc_loop_timer_cancel(l, &t.timer);
	fc_loop_run_once(l, 0);
	assert_int_equal(t.count, 0);
	assert_int_equal(other.count, 1);
	fc_loop_free(l);
}

static void test_loop_timer_may_cancel_another_that_is_due(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct tick victim = { .loop = l }, first = { .loop = l };

	first.timer = fc_loop_timer(l, 0, tick, &first);
	first.victim = fc_loop_timer(l, 0, tick, &victim);
	fc_loop_run_once(l, 0);
	assert_int_equal(first.count, 1);
	assert_int_equal(victim.count, 0);
	fc_loop_free(l);
}

enum { MANY = 5000, DELAYS = 16 };

struct ordered {
	struct order *order;
	struct fc_timer *timer;
	int index, delay_ms;
};

struct order {
	int fired, misplaced, last_of_delay[DELAYS];
	struct ordered all[MANY];
};

static void fire_ordered(void *user)
{
	struct ordered *t = user;
	struct order *o = t->order;

	t->timer = NULL;
	o->fired++;
	/* One made later that waits as long or longer must not have been first. */
	for (int delay = t->delay_ms; delay < DELAYS; delay++)
		o->misplaced += o->last_of_delay[delay] > t->index;
	o->last_of_delay[t->delay_ms] = t->index;
}

static void test_loop_thousands_of_timers_fire_in_order(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct order *o = fc_xcalloc(1, sizeof(*o));

	memset(o->last_of_delay, -1, sizeof(o->last_of_delay));
	for (int i = 0; i < MANY; i++) {
		struct ordered *t = &o->all[i];
		*t = (struct ordered){ .order = o, .index = i, .delay_ms = i * 7919 % DELAYS };
		t->timer = fc_loop_timer(l, t->delay_ms, fire_ordered, t);
	}
	for (int i = 0; i < MANY; i += 3)
		fc_loop_timer_cancel(l, &o->all[i].timer);
	const int expected = MANY - (MANY + 2) / 3;
	while (o->fired < expected)
		fc_loop_run_once(l, -1);
	fc_loop_run_once(l, DELAYS + 1);
	assert_int_equal(o->fired, expected);
	assert_int_equal(o->misplaced, 0);
	fc_loop_free(l);
	free(o);
}

static void test_loop_timer_beyond_all_time_waits(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	struct tick t = { .loop = l };

	fc_loop_timer(l, INT64_MAX, tick, &t);
	fc_loop_run_once(l, 1);
	assert_int_equal(t.count, 0);
	fc_loop_free(l);
}

static void count_wake(void *user)
{
	++*(int *)user;
}

static void test_loop_several_wakes_become_one_call(void **state FC_UNUSED)
{
	int wakes = 0;
	struct fc_loop *l = fc_loop_new(count_wake, &wakes, NULL);

	fc_loop_wake(l);
	fc_loop_wake(l);
	fc_loop_run_once(l, -1);
	assert_int_equal(wakes, 1);
	fc_loop_run_once(l, 0);
	assert_int_equal(wakes, 1);
	fc_loop_wake(l);
	fc_loop_run_once(l, -1);
	assert_int_equal(wakes, 2);
	fc_loop_free(l);
}

static void test_loop_stop_is_no_wake_and_may_come_before_the_run(void **state FC_UNUSED)
{
	int wakes = 0;
	struct fc_loop *l = fc_loop_new(count_wake, &wakes, NULL);

	fc_loop_stop(l);
	fc_loop_run(l);
	fc_loop_run_once(l, 0);
	assert_int_equal(wakes, 0);
	fc_loop_free(l);
}

static void *run_loop(void *user)
{
	fc_loop_run(user);
	return NULL;
}

static void test_loop_stop_from_another_thread_ends_the_run(void **state FC_UNUSED)
{
	struct fc_loop *l = fc_loop_new(NULL, NULL, NULL);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run_loop, l), 0);
	fc_loop_stop(l);
	assert_int_equal(pthread_join(thread, NULL), 0);
	fc_loop_free(l);
}

/* Threads put into a mailbox that wakes the loop, whose thread takes: as the engine and the clusters do. */
struct post {
	struct fc_loop *loop;
	struct fc_mailbox *mailbox;
	int taken, wanted;
	atomic_int failed;
};

enum { SENDERS = 4, EACH = 2000 };

static void take_all(void *user)
{
	struct post *p = user;

	while (fc_mailbox_take(p->mailbox, 0))
		p->taken++;
	if (p->taken == p->wanted)
		fc_loop_stop(p->loop);
}

static void wake_loop(void *user)
{
	struct post *p = user;

	fc_loop_wake(p->loop);
}

static void *post_all(void *user)
{
	struct post *p = user;

	for (int i = 0; i < EACH; i++)
		if (fc_mailbox_put(p->mailbox, p) < 0)
			atomic_fetch_add(&p->failed, 1);
	return NULL;
}

static void test_loop_no_wake_of_many_threads_is_lost(void **state FC_UNUSED)
{
	struct post p = { .wanted = SENDERS * EACH };
	pthread_t runner, senders[SENDERS];

	p.loop = fc_loop_new(take_all, &p, NULL);
	p.mailbox = fc_mailbox_new(16, wake_loop, &p);
	assert_int_equal(pthread_create(&runner, NULL, run_loop, p.loop), 0);
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&senders[i], NULL, post_all, &p), 0);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	/* Ends only if every message came. */
	pthread_join(runner, NULL);
	assert_int_equal(p.taken, p.wanted);
	assert_int_equal(atomic_load(&p.failed), 0);
	fc_mailbox_free(p.mailbox);
	fc_loop_free(p.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loop_ready_descriptor_is_reported),
		cmocka_unit_test(test_loop_second_set_changes_events_function_and_user),
		cmocka_unit_test(test_loop_many_descriptors_in_any_order),
		cmocka_unit_test(test_loop_removed_in_the_same_round_is_not_called),
		cmocka_unit_test(test_loop_callback_may_remove_its_own),
		cmocka_unit_test(test_loop_reused_number_gets_no_event_of_its_predecessor),
		cmocka_unit_test(test_loop_number_closed_without_removal_can_be_set_again),
		cmocka_unit_test(test_loop_refused_descriptor_is_an_error),
		cmocka_unit_test(test_loop_timer_fires_once_and_not_early),
		cmocka_unit_test(test_loop_timer_without_delay_fires_in_this_round),
		cmocka_unit_test(test_loop_timer_that_sets_itself_again_starves_nobody),
		cmocka_unit_test(test_loop_cancelled_timer_does_not_fire),
		cmocka_unit_test(test_loop_timer_may_cancel_another_that_is_due),
		cmocka_unit_test(test_loop_thousands_of_timers_fire_in_order),
		cmocka_unit_test(test_loop_timer_beyond_all_time_waits),
		cmocka_unit_test(test_loop_several_wakes_become_one_call),
		cmocka_unit_test(test_loop_stop_is_no_wake_and_may_come_before_the_run),
		cmocka_unit_test(test_loop_stop_from_another_thread_ends_the_run),
		cmocka_unit_test(test_loop_no_wake_of_many_threads_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
