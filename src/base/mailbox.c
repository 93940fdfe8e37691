/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mailbox.h"

#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

/* A ring that a burst made larger than this (8 KiB) is given back once it is empty. */
#define KEPT_SLOTS 1024

struct fc_mailbox {
	size_t limit;
	void (*wake)(void *user);
	void *user;

	pthread_mutex_t lock; /* all below */
	pthread_cond_t not_empty, not_full;
	void **slots;
	size_t cap, head, count;
	bool closed;
};

struct fc_mailbox *fc_mailbox_new(size_t limit, void (*wake)(void *user), void *user)
{
	struct fc_mailbox *m = fc_xcalloc(1, sizeof(*m));
	pthread_condattr_t attr;

	m->limit = limit;
	m->wake = wake;
	m->user = user;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	/* A wait must not end early or late because somebody set the clock. */
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->not_empty, &attr);
	pthread_cond_init(&m->not_full, &attr);
	pthread_condattr_destroy(&attr);
	return m;
}

static void grow_locked(struct fc_mailbox *m)
{
	size_t cap = m->cap ? m->cap * 2 : 16, first = m->cap - m->head;
	void **slots = fc_xcalloc(cap, sizeof(*slots));

	if (first > m->count)
		first = m->count;
	if (m->count) {
		memcpy(slots, m->slots + m->head, first * sizeof(*slots));
		memcpy(slots + first, m->slots, (m->count - first) * sizeof(*slots));
	}
	free(m->slots);
	m->slots = slots;
	m->cap = cap;
	m->head = 0;
}

static int put(struct fc_mailbox *m, void *message, bool may_wait)
{
	pthread_mutex_lock(&m->lock);
	while (may_wait && m->limit && m->count >= m->limit && !m->closed)
		pthread_cond_wait(&m->not_full, &m->lock);
	if (m->closed) {
		pthread_mutex_unlock(&m->lock);
		return -1;
	}
	if (m->count == m->cap)
		grow_locked(m);
	bool was_empty = m->count == 0;
	m->slots[(m->head + m->count++) % m->cap] = message;
	if (was_empty)
		pthread_cond_signal(&m->not_empty);
	pthread_mutex_unlock(&m->lock);
	if (was_empty && m->wake)
		m->wake(m->user);
	return 0;
}

int fc_mailbox_put(struct fc_mailbox *m, void *message)
{
	return put(m, message, true);
}

int fc_mailbox_put_now(struct fc_mailbox *m, void *message)
{
	return put(m, message, false);
}

static void wait_locked(struct fc_mailbox *m, int64_t timeout_ms)
{
	/* More than a century would overflow where time_t is narrow, and is for ever anyway. */
	if (timeout_ms < 0 || timeout_ms > INT64_C(4000000000000)) {
		while (m->count == 0 && !m->closed)
			pthread_cond_wait(&m->not_empty, &m->lock);
		return;
	}
	int64_t until_us = fc_clock_mono_us() + timeout_ms * 1000;
	struct timespec until = { .tv_sec = (time_t)(until_us / 1000000),
				  .tv_nsec = (long)(until_us % 1000000) * 1000 };
	while (m->count == 0 && !m->closed)
		if (pthread_cond_timedwait(&m->not_empty, &m->lock, &until) != 0)
			return;
}

static void *take_locked(struct fc_mailbox *m)
{
	void *message = m->slots[m->head];

	m->head = (m->head + 1) % m->cap;
	m->count--;
	if (m->count == 0 && m->cap > KEPT_SLOTS) {
		free(fc_steal(&m->slots));
		m->cap = m->head = 0;
	}
	if (m->count < m->limit)
		pthread_cond_signal(&m->not_full);
	return message;
}

void *fc_mailbox_take(struct fc_mailbox *m, int64_t timeout_ms)
{
	void *message = NULL;

	pthread_mutex_lock(&m->lock);
	if (m->count == 0 && timeout_ms != 0)
		wait_locked(m, timeout_ms);
	if (m->count)
		message = take_locked(m);
	pthread_mutex_unlock(&m->lock);
	return message;
}

void fc_mailbox_close(struct fc_mailbox *m)
{
	pthread_mutex_lock(&m->lock);
	m->closed = true;
	pthread_cond_broadcast(&m->not_empty);
	pthread_cond_broadcast(&m->not_full);
	pthread_mutex_unlock(&m->lock);
}

size_t fc_mailbox_depth(struct fc_mailbox *m)
{
	pthread_mutex_lock(&m->lock);
	size_t count = m->count;
	pthread_mutex_unlock(&m->lock);
	return count;
}

void fc_mailbox_free(struct fc_mailbox *m)
{
	if (!m)
		return;
	assert(m->count == 0);
	pthread_cond_destroy(&m->not_empty);
	pthread_cond_destroy(&m->not_full);
	pthread_mutex_destroy(&m->lock);
	free(m->slots);
	free(m);
}
