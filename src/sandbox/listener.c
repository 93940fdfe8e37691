/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/listener.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Then whoever else has something is served. */
#define ACCEPTED_AT_ONCE 64
/* How long to leave connections to the kernel when no descriptor is left. */
#define BREATHER_MS 100
/* How often to look whether a cruelty still keeps the port closed. */
#define CLOSED_LOOK_MS 20

struct sb_listener {
	struct sb_service *service;
	int fd; /* -1: closed */
	int port;
	struct fc_timer *timer; /* to open again, or to go on accepting */
};

static void on_connections(void *user, int fd, uint32_t events);

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int bind_and_listen(int fd, int port)
{
	struct sockaddr_in address = loopback(port);

	/* A port that was just closed is taken again although old connections linger in it. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return listen(fd, SOMAXCONN);
}

static int refuse_port(struct fc_error *err, int port)
{
	if (errno == EADDRINUSE)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "port %d of 127.0.0.1 is in use: end what listens there, or choose another", port);
	return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot listen on port %d of 127.0.0.1", port);
}

int sb_listener_open(struct sb_listener *l, struct fc_error *err)
{
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof(address);

	if (l->fd >= 0)
		return 0;
	fc_loop_timer_cancel(l->service->loop, &l->timer);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fc_error_set_errno(err, FC_ERR_LIMIT, errno, "cannot open a socket");
	if (bind_and_listen(fd, l->port) < 0 || getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
		refuse_port(err, l->port);
		close(fd);
		return -1;
	}
	if (fc_loop_set_fd(l->service->loop, fd, EPOLLIN, on_connections, l, err) < 0) {
		close(fd);
		return -1;
	}
	l->fd = fd;
	l->port = ntohs(address.sin_port);
	return 0;
}

void sb_listener_close(struct sb_listener *l)
{
	fc_loop_timer_cancel(l->service->loop, &l->timer);
	if (l->fd < 0)
		return;
	fc_loop_remove_fd(l->service->loop, l->fd);
	close(l->fd);
	l->fd = -1;
}

struct sb_listener *sb_listener_new(struct sb_service *service, int port, struct fc_error *err)
{
	struct sb_listener *l = fc_xcalloc(1, sizeof(*l));

	*l = (struct sb_listener){ .service = service, .fd = -1, .port = port };
	if (sb_listener_open(l, err) == 0)
		return l;
	sb_listener_free(l);
	return NULL;
}

void sb_listener_free(struct sb_listener *l)
{
	if (!l)
		return;
	sb_listener_close(l);
	free(l);
}

int sb_listener_port(const struct sb_listener *l)
{
	return l->port;
}

/* --- connections --- */

static void refuse_connection(int fd)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

static void look_again(void *user);

/* True: it is as if nobody listened there; looked at again until the cruelty is over. */
static bool keep_closed(struct sb_listener *l)
{
	struct sb_connection_faults faults;

	sb_faults_of_connection(l->service->cluster, &faults);
	if (!faults.closed)
		return false;
	sb_listener_close(l);
	l->timer = fc_loop_timer(l->service->loop, CLOSED_LOOK_MS, look_again, l);
	return true;
}

static void look_again(void *user)
{
	struct sb_listener *l = user;
	struct fc_error err = FC_ERROR_INIT;

	l->timer = NULL;
	if (keep_closed(l) || sb_listener_open(l, &err) == 0)
		return;
	fc_log(FC_LOG_WARN, "port is not open again", FC_KV("reason", err.text));
	l->timer = fc_loop_timer(l->service->loop, BREATHER_MS, look_again, l);
}

/* False: no more now. */
static bool accept_one(struct sb_listener *l)
{
	struct sb_connection_faults faults;

	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return errno == EINTR || errno == ECONNABORTED;
	sb_faults_of_connection(l->service->cluster, &faults);
	if (faults.refused) {
		refuse_connection(fd);
		return !faults.closed || !keep_closed(l);
	}
	/* Small frames are answers somebody waits for. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	sb_connection_new(l->service, fd, &faults);
	return true;
}

static void go_on(void *user)
{
	struct sb_listener *l = user;

	l->timer = NULL;
	if (fc_loop_set_fd(l->service->loop, l->fd, EPOLLIN, on_connections, l, NULL) < 0)
		l->timer = fc_loop_timer(l->service->loop, BREATHER_MS, go_on, l);
}

static void on_connections(void *user, int fd FC_UNUSED, uint32_t events FC_UNUSED)
{
	struct sb_listener *l = user;

	errno = 0;
	for (int i = 0; i < ACCEPTED_AT_ONCE; i++)
		if (!accept_one(l))
			break;
	if (l->fd < 0 || (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM))
		return;
	fc_loop_remove_fd(l->service->loop, l->fd);
	l->timer = fc_loop_timer(l->service->loop, BREATHER_MS, go_on, l);
}
