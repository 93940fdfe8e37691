/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/mem.h"
#include "channel.h"
#include "proxy.h"

/* How long after the announcement the GOAWAY with a number follows: longer than a request is under way on loopback
 * (RFC 9113, 6.8: at least a round trip). */
#define GOAWAY_MS 200

static void free_pair(struct pair *pair)
{
	struct stream *s, *next;

	DL_DELETE(pair->proxy->pairs, pair);
	DL_FOREACH_SAFE(pair->streams, s, next)
		stream_free(s);
	nghttp2_session_del(pair->down_session);
	nghttp2_session_del(pair->up_session);
	channel_free(pair->down, pair->reset);
	channel_free(pair->up, true);
	free(pair);
}

static void on_sweep(void *user)
{
	struct proxy *p = user;
	struct pair *pair, *next;

	p->sweep = NULL;
	DL_FOREACH_SAFE(p->pairs, pair, next)
		if (pair->doomed)
			free_pair(pair);
}

void pair_doom(struct pair *pair, bool reset)
{
	struct proxy *p = pair->proxy;

	if (pair->doomed)
		return;
	pair->doomed = true;
	pair->reset = reset;
	if (!p->sweep)
		p->sweep = fc_loop_timer(p->loop, 0, on_sweep, p);
}

void pair_free_all(struct proxy *p)
{
	while (p->pairs)
		free_pair(p->pairs);
	fc_loop_timer_cancel(p->loop, &p->sweep);
}

void pair_wake(struct pair *pair)
{
	if (nghttp2_session_want_write(pair->down_session))
		channel_wake(pair->down);
	if (nghttp2_session_want_write(pair->up_session))
		channel_wake(pair->up);
}

static void on_goaway(void *user)
{
	struct pair *pair, *next;
	struct proxy *p = user;

	DL_FOREACH_SAFE(p->pairs, pair, next) {
		if (!pair->leaving || pair->doomed)
			continue;
		nghttp2_submit_goaway(pair->down_session, NGHTTP2_FLAG_NONE,
				      nghttp2_session_get_last_proc_stream_id(pair->down_session), NGHTTP2_NO_ERROR,
				      NULL, 0);
		pair_wake(pair);
	}
}

void pair_goaway(struct pair *pair)
{
	if (pair->leaving || !pair->opened)
		return;
	pair->leaving = true;
	nghttp2_submit_shutdown_notice(pair->down_session);
	pair_wake(pair);
	(void)fc_loop_timer(pair->proxy->loop, GOAWAY_MS, on_goaway, pair->proxy);
}

void pair_announce(struct pair *pair, uint32_t max_streams)
{
	nghttp2_settings_entry entry = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams };

	if (!pair->opened)
		return;
	nghttp2_submit_settings(pair->down_session, NGHTTP2_FLAG_NONE, &entry, 1);
	pair_wake(pair);
}

void pair_apply(struct pair *pair)
{
	channel_pause(pair->down, pair->proxy->frozen);
	channel_pause(pair->up, pair->proxy->frozen);
}

static int connect_upstream(const struct proxy *p)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (connect(fd, (const struct sockaddr *)&p->upstream, sizeof(p->upstream)) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

void pair_accept(struct proxy *p, int fd)
{
	struct pair *pair = fc_xcalloc(1, sizeof(*pair));

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	pair->proxy = p;
	pair->number = ++p->connections;
	DL_APPEND(p->pairs, pair);
	int up_fd = connect_upstream(p);
	if (up_fd < 0) {
		close(fd);
		pair_doom(pair, false);
		return;
	}
	SSL *down = SSL_new(p->serve), *up = SSL_new(p->ask);
	SSL_set_accept_state(down);
	SSL_set_connect_state(up);
	pair->down = channel_new(p->loop, fd, down, &down_callbacks, pair);
	pair->up = channel_new(p->loop, up_fd, up, &up_callbacks, pair);
	if (down_begin(pair) < 0 || up_begin(pair) < 0)
		pair_doom(pair, false);
}
