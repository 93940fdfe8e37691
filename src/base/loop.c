/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What one epoll_wait brings; the rest comes in the next round. On the stack, which has 256 KiB. */
#define EVENTS_PER_ROUND 64
/* In place of a generation for the eventfd; those of descriptors begin at 1. */
#define WAKE_TAG 0

struct watch {
	int fd;
	uint32_t generation; /* which registration of this number: a closed and reused one is another */
	void (*fn)(void *user, int fd, uint32_t events);
	void *user;
};

struct fc_timer {
	int64_t due_us;
	uint64_t seq; /* in order of creation where due together */
	size_t place; /* in the heap */
	void (*fn)(void *user);
	void *user;
};

struct fc_loop {
	int epoll_fd, event_fd;
	void (*on_wake)(void *user);
	void *user;

	/* Sorted by fd. Not indexed by it: with a thousand loops each would pay for the descriptors of all. */
	struct watch *watches;
	size_t watch_count, watch_cap;
	uint32_t generation;

	struct fc_timer **heap; /* the earliest first */
	size_t timer_count, timer_cap;
	uint64_t timer_seq;

	atomic_bool woken, stopped;
};

static int add_event_fd(struct fc_loop *l)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = WAKE_TAG };

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->event_fd, &ev);
}

struct fc_loop *fc_loop_new(void (*on_wake)(void *user), void *user, struct fc_error *err)
{
	struct fc_loop *l = fc_xcalloc(1, sizeof(*l));

	l->on_wake = on_wake;
	l->user = user;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll_fd < 0 || l->event_fd < 0 || add_event_fd(l) < 0) {
		fc_error_set_errno(err, FC_ERR_LIMIT, errno, "cannot open the descriptors of an event loop");
		fc_loop_free(l);
		return NULL;
	}
	return l;
}

void fc_loop_free(struct fc_loop *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->timer_count; i++)
		free(l->heap[i]);
	free(l->heap);
	free(l->watches);
	if (l->event_fd >= 0)
		close(l->event_fd);
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	free(l);
}

/* Where the watch of `fd` stands, or would stand. */
static size_t watch_place(const struct fc_loop *l, int fd)
{
	size_t low = 0, high = l->watch_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (l->watches[middle].fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct watch *find_watch(const struct fc_loop *l, int fd)
{
	size_t i = watch_place(l, fd);

	return i < l->watch_count && l->watches[i].fd == fd ? &l->watches[i] : NULL;
}

static struct watch *insert_watch(struct fc_loop *l, int fd)
{
	size_t i = watch_place(l, fd);

	FC_GROW(l->watches, l->watch_count, l->watch_cap);
	memmove(l->watches + i + 1, l->watches + i, (l->watch_count - i) * sizeof(*l->watches));
	l->watch_count++;
	l->watches[i] = (struct watch){ .fd = fd };
	return &l->watches[i];
}

static void forget_watch(struct fc_loop *l, struct watch *w)
{
	size_t i = (size_t)(w - l->watches);

	l->watch_count--;
	memmove(w, w + 1, (l->watch_count - i) * sizeof(*w));
}

static int control(struct fc_loop *l, int op, int fd, uint32_t events, uint32_t generation)
{
	struct epoll_event ev = { .events = events, .data.u64 = (uint64_t)generation << 32 | (uint32_t)fd };

	return epoll_ctl(l->epoll_fd, op, fd, &ev);
}

static uint32_t next_generation(struct fc_loop *l)
{
	if (++l->generation == WAKE_TAG)
		l->generation++;
	return l->generation;
}

static int add_watch(struct fc_loop *l, int fd, uint32_t events, uint32_t *generation)
{
	*generation = next_generation(l);
	return control(l, EPOLL_CTL_ADD, fd, events, *generation);
}

int fc_loop_set_fd(struct fc_loop *l, int fd, uint32_t events, void (*fn)(void *user, int fd, uint32_t events),
		   void *user, struct fc_error *err)
{
	struct watch *w = find_watch(l, fd);
	uint32_t generation = w ? w->generation : 0;
	int rc = w ? control(l, EPOLL_CTL_MOD, fd, events, generation) : add_watch(l, fd, events, &generation);

	/* Closed without being removed, and the number given out anew: epoll has forgotten it, so to us it is new. */
	if (rc < 0 && w && errno == ENOENT)
		rc = add_watch(l, fd, events, &generation);
	if (rc < 0) {
		bool full = errno == ENOSPC || errno == ENOMEM;
		return fc_error_set_errno(err, full ? FC_ERR_LIMIT : FC_ERR_INTERNAL, errno,
					  "cannot watch descriptor %d", fd);
	}
	if (!w)
		w = insert_watch(l, fd);
	w->generation = generation;
	w->fn = fn;
	w->user = user;
	return 0;
}

void fc_loop_remove_fd(struct fc_loop *l, int fd)
{
	struct watch *w = find_watch(l, fd);

	if (!w)
		return;
	/* Fails where the descriptor was closed before, which has removed it from epoll. */
	control(l, EPOLL_CTL_DEL, fd, 0, 0);
	forget_watch(l, w);
}

static bool earlier(const struct fc_timer *a, const struct fc_timer *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->seq < b->seq;
}

static void heap_set(struct fc_loop *l, size_t place, struct fc_timer *t)
{
	l->heap[place] = t;
	t->place = place;
}

static void heap_up(struct fc_loop *l, struct fc_timer *t)
{
	size_t place = t->place;

	for (; place > 0 && earlier(t, l->heap[(place - 1) / 2]); place = (place - 1) / 2)
		heap_set(l, place, l->heap[(place - 1) / 2]);
	heap_set(l, place, t);
}

static void heap_down(struct fc_loop *l, struct fc_timer *t)
{
	size_t place = t->place;

	for (size_t child; (child = 2 * place + 1) < l->timer_count; place = child) {
		if (child + 1 < l->timer_count && earlier(l->heap[child + 1], l->heap[child]))
			child++;
		if (!earlier(l->heap[child], t))
			break;
		heap_set(l, place, l->heap[child]);
	}
	heap_set(l, place, t);
}

static void heap_remove(struct fc_loop *l, struct fc_timer *t)
{
	struct fc_timer *last = l->heap[--l->timer_count];

	if (last == t)
		return;
	heap_set(l, t->place, last);
	heap_up(l, last);
	heap_down(l, last);
}

struct fc_timer *fc_loop_timer(struct fc_loop *l, int64_t delay_ms, void (*fn)(void *user), void *user)
{
	/* Whoever asks for more than some ten thousand years gets those: the sum must not overflow. */
	const int64_t most_ms = INT64_MAX / 4000;
	struct fc_timer *t = fc_xcalloc(1, sizeof(*t));

	if (delay_ms < 0)
		delay_ms = 0;
	t->due_us = fc_clock_mono_us() + (delay_ms < most_ms ? delay_ms : most_ms) * 1000;
	t->seq = l->timer_seq++;
	t->fn = fn;
	t->user = user;
	FC_GROW(l->heap, l->timer_count, l->timer_cap);
	heap_set(l, l->timer_count++, t);
	heap_up(l, t);
	return t;
}

void fc_loop_timer_cancel(struct fc_loop *l, struct fc_timer **timer)
{
	struct fc_timer *t = fc_steal(timer);

	if (!t)
		return;
	heap_remove(l, t);
	free(t);
}

static int wait_ms(const struct fc_loop *l, int64_t timeout_ms)
{
	int64_t wait = timeout_ms;

	if (l->timer_count) {
		/* Rounded up, so that the timer is due when the wait is over. */
		int64_t timer_ms = (l->heap[0]->due_us - fc_clock_mono_us() + 999) / 1000;
		if (timer_ms < 0)
			timer_ms = 0;
		if (wait < 0 || timer_ms < wait)
			wait = timer_ms;
	}
	if (wait < 0)
		return -1;
	return wait < INT_MAX ? (int)wait : INT_MAX;
}

static void handle_wake(struct fc_loop *l)
{
	uint64_t count;

	/* First empty, then forget, then call: a wake that comes in between finds `woken` either still set, and is
	 * covered by this call, or reset, and writes again. A stop writes too, without being a wake. */
	while (read(l->event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	if (atomic_exchange(&l->woken, false) && l->on_wake)
		l->on_wake(l->user);
}

static void handle_event(struct fc_loop *l, const struct epoll_event *ev)
{
	uint32_t generation = (uint32_t)(ev->data.u64 >> 32);
	int fd = (int)(uint32_t)ev->data.u64;

	if (generation == WAKE_TAG) {
		handle_wake(l);
		return;
	}
	/* Looked up anew for each event: an earlier callback of this round may have removed or replaced it. */
	const struct watch *w = find_watch(l, fd);
	if (w && w->generation == generation)
		w->fn(w->user, fd, ev->events);
}

/* Those that are due now. What they set themselves waits for the next round, so that a timer that sets itself again
 * with no delay does not keep descriptors from being served; it sorts behind all that is due now. */
static void handle_timers(struct fc_loop *l)
{
	int64_t now_us = l->timer_count ? fc_clock_mono_us() : 0;
	uint64_t first_new = l->timer_seq;

	while (l->timer_count && l->heap[0]->due_us <= now_us && l->heap[0]->seq < first_new) {
		struct fc_timer t = *l->heap[0];
		struct fc_timer *done = l->heap[0];
		heap_remove(l, done);
		free(done);
		t.fn(t.user);
	}
}

void fc_loop_run_once(struct fc_loop *l, int64_t timeout_ms)
{
	struct epoll_event events[EVENTS_PER_ROUND];
	int count = epoll_wait(l->epoll_fd, events, EVENTS_PER_ROUND, wait_ms(l, timeout_ms));

	/* Below zero: a signal came, which is a round without events. */
	for (int i = 0; i < count; i++)
		handle_event(l, &events[i]);
	handle_timers(l);
}

void fc_loop_run(struct fc_loop *l)
{
	/* A stop before the run counts: the thread may start later than whoever stops it. */
	while (!atomic_exchange(&l->stopped, false))
		fc_loop_run_once(l, -1);
}

/* Async-signal-safe. The counter cannot overflow: it is written by stops and by the first of several wakes. */
static void ring(struct fc_loop *l)
{
	const uint64_t one = 1;
	int saved_errno = errno;

	while (write(l->event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	errno = saved_errno;
}

void fc_loop_wake(struct fc_loop *l)
{
	if (!atomic_exchange(&l->woken, true))
		ring(l);
}

void fc_loop_stop(struct fc_loop *l)
{
	atomic_store(&l->stopped, true);
	ring(l);
}
