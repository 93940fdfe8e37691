/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/pool.h"

#include "base/mem.h"
#include "kube/transport.h"

#include <string.h>

struct fc_pool {
	struct fc_connection_options o;
	struct fc_connection **connections; /* to one and the same peer */
	size_t count, cap;
	struct fc_connection **leaving; /* given up, or to be closed when idle */
	size_t leaving_count, leaving_cap;
	/* Connections are freed by it only, from the loop, where none of their own functions is on the stack. */
	struct fc_timer *sweep;
};

struct fc_pool *fc_pool_new(const struct fc_connection_options *options)
{
	struct fc_pool *p = fc_xcalloc(1, sizeof(*p));

	p->o = *options;
	return p;
}

static void free_all(struct fc_connection **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fc_connection_free(list[i]);
	free(list);
}

void fc_pool_free(struct fc_pool *p)
{
	if (!p)
		return;
	fc_loop_timer_cancel(p->o.loop, &p->sweep);
	free_all(p->connections, p->count);
	free_all(p->leaving, p->leaving_count);
	free(p);
}

/* By index, since what their watches' holders do may add further ones. */
static void sweep_leaving(struct fc_pool *p)
{
	struct fc_error why = FC_ERROR_INIT;
	size_t kept = 0;

	fc_error_set(&why, FC_ERR_CANCELLED, "the server's address or the credentials have changed");
	for (size_t i = 0; i < p->leaving_count; i++) {
		struct fc_connection *c = p->leaving[i];
		fc_connection_end_watches(c, &why);
		if (fc_connection_requests(c) > 0)
			p->leaving[kept++] = c;
		else
			fc_connection_free(c);
	}
	p->leaving_count = kept;
}

static void on_sweep(void *user)
{
	struct fc_pool *p = user;
	size_t kept = 0;

	p->sweep = NULL;
	sweep_leaving(p);
	for (size_t i = 0; i < p->count; i++) {
		struct fc_connection *c = p->connections[i];
		if (i == 0 || fc_connection_requests(c) > 0)
			p->connections[kept++] = c;
		else
			fc_connection_free(c);
	}
	p->count = kept;
}

void fc_pool_tidy(struct fc_pool *p)
{
	if (!p->sweep)
		p->sweep = fc_loop_timer(p->o.loop, 0, on_sweep, p);
}

static struct fc_connection *find(const struct fc_pool *p, bool watch)
{
	for (size_t i = 0; i < p->count; i++)
		if (!watch || fc_connection_watches(p->connections[i]) < FC_TRANSPORT_MAX_WATCHES)
			return p->connections[i];
	return NULL;
}

bool fc_pool_is_open(const struct fc_pool *p, bool watch)
{
	const struct fc_connection *c = find(p, watch);

	return c && fc_connection_is_open(c);
}

struct fc_connection *fc_pool_get(struct fc_pool *p, bool watch, struct fc_peer *peer, struct fc_error *err)
{
	struct fc_connection *c = find(p, watch);

	if (c)
		return c;
	struct fc_connection_options options = p->o;
	options.peer = peer;
	c = fc_connection_new(&options, err);
	if (!c)
		return NULL;
	FC_GROW(p->connections, p->count, p->cap);
	p->connections[p->count++] = c;
	return c;
}

static void leave(struct fc_pool *p, struct fc_connection *c)
{
	FC_GROW(p->leaving, p->leaving_count, p->leaving_cap);
	p->leaving[p->leaving_count++] = c;
	fc_pool_tidy(p);
}

void fc_pool_retire(struct fc_pool *p, struct fc_connection *c)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->connections[i] != c)
			continue;
		memmove(p->connections + i, p->connections + i + 1, (p->count - i - 1) * sizeof(*p->connections));
		p->count--;
		leave(p, c);
		break;
	}
	/* Else it is among those that leave. */
	fc_pool_tidy(p);
}

void fc_pool_drain(struct fc_pool *p)
{
	for (size_t i = 0; i < p->count; i++)
		leave(p, p->connections[i]);
	p->count = 0;
}

size_t fc_pool_count(const struct fc_pool *p)
{
	return p->count + p->leaving_count;
}

int64_t fc_pool_heard_us(const struct fc_pool *p)
{
	int64_t last = 0;

	for (size_t i = 0; i < p->count; i++) {
		int64_t heard = fc_connection_heard_us(p->connections[i]);
		if (heard > last)
			last = heard;
	}
	return last;
}
