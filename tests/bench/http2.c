/* SPDX-License-Identifier: Apache-2.0 */
#include "http2.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_ROUND 16
#define TOKEN_BYTES ((size_t)64 * 1024)
/* libcurl would open a further socket for each request beyond 100. */
#define MAX_STREAMS 1000L
/* The largest that libcurl takes: of an event of a watch that is longer than the buffer, the rest would wait for the
 * next one. */
#define WATCH_BUFFER_BYTES ((long)512 * 1024)

struct http2_loop {
	int epoll_fd;
	struct http2 **connections;
	size_t count, cap;
};

struct http2 {
	struct http2_loop *loop;
	uint32_t number; /* in the loop */
	CURLM *multi;
	int64_t due_us; /* libcurl wants to be called then; INT64_MAX: not */
	char *base_url, *ca_file, *authorization;
};

struct http2_request {
	struct http2 *connection;
	CURL *easy;
	struct curl_slist *headers;
	struct http2_options o;
	bool running;
	int status; /* for http2_ask */
	char error_text[CURL_ERROR_SIZE];
};

void http2_die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void must(CURLcode rc)
{
	if (rc != CURLE_OK)
		http2_die("libcurl: %s", curl_easy_strerror(rc));
}

static void must_multi(CURLMcode rc)
{
	if (rc != CURLM_OK)
		http2_die("libcurl: %s", curl_multi_strerror(rc));
}

struct http2_loop *http2_loop_new(void)
{
	struct http2_loop *loop = fc_xcalloc(1, sizeof(*loop));

	must(curl_global_init(CURL_GLOBAL_DEFAULT));
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		http2_die("epoll: %s", strerror(errno));
	return loop;
}

static int on_socket(CURL *easy FC_UNUSED, curl_socket_t fd, int what, void *user, void *socket_data FC_UNUSED)
{
	struct http2 *c = user;
	struct epoll_event event = { .data.u64 = (uint64_t)c->number << 32 | (uint32_t)fd };

	if (what & CURL_POLL_IN && what != CURL_POLL_REMOVE)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT && what != CURL_POLL_REMOVE)
		event.events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(c->loop->epoll_fd, EPOLL_CTL_DEL, fd, &event);
	else if (epoll_ctl(c->loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0)
		epoll_ctl(c->loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	return 0;
}

static int on_timer(CURLM *multi FC_UNUSED, long delay_ms, void *user)
{
	struct http2 *c = user;

	c->due_us = delay_ms < 0 ? INT64_MAX : fc_clock_mono_us() + (int64_t)delay_ms * 1000;
	return 0;
}

static char *read_token(const char *path)
{
	struct fc_error err = FC_ERROR_INIT;
	char *text;
	size_t len;

	if (fc_file_read(path, TOKEN_BYTES, &text, &len, &err) < 0)
		http2_die("%s", err.text);
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

struct http2 *http2_new(struct http2_loop *loop, const struct http2_server *server)
{
	struct http2 *c = fc_xcalloc(1, sizeof(*c));
	FC_AUTO_FREE char *token = read_token(server->token_file);

	c->loop = loop;
	c->number = (uint32_t)loop->count;
	c->due_us = INT64_MAX;
	c->base_url = fc_xstrdup(server->url);
	c->ca_file = fc_xstrdup(server->ca_file);
	c->authorization = fc_xasprintf("Authorization: Bearer %s", token);
	c->multi = curl_multi_init();
	if (!c->multi)
		http2_die("libcurl: no memory");
	must_multi(curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket));
	must_multi(curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c));
	must_multi(curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer));
	must_multi(curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c));
	must_multi(curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX));
	must_multi(curl_multi_setopt(c->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, MAX_STREAMS));
	FC_GROW(loop->connections, loop->count, loop->cap);
	loop->connections[loop->count++] = c;
	return c;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct http2_request *r = user;

	if (r->o.on_bytes)
		r->o.on_bytes(r->o.user, bytes, size * count);
	return size * count;
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
	struct http2_request *r = user;
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	if (line[0] == '\r')
		r->o.on_head(r->o.user, (int)status);
	return size * count;
}

static void add_header(struct http2_request *r, const char *name, const char *value)
{
	FC_AUTO_FREE char *line = fc_xasprintf("%s%s", name, value);

	r->headers = curl_slist_append(r->headers, line);
	if (!r->headers)
		http2_die("libcurl: no memory");
}

static void set_up(struct http2_request *r)
{
	CURL *easy = r->easy;

	must(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS));
	must(curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L));
	must(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
	must(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
	must(curl_easy_setopt(easy, CURLOPT_CAINFO, r->connection->ca_file));
	must(curl_easy_setopt(easy, CURLOPT_CAPATH, NULL));
	must(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, r->headers));
	must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body));
	must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, r));
	if (r->o.on_head) {
		must(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header));
		must(curl_easy_setopt(easy, CURLOPT_HEADERDATA, r));
	}
	must(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->error_text));
	must(curl_easy_setopt(easy, CURLOPT_PRIVATE, r));
	if (r->o.method)
		must(curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->o.method));
	else
		must(curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, WATCH_BUFFER_BYTES));
}

struct http2_request *http2_request_new(struct http2 *c, const struct http2_options *options)
{
	struct http2_request *r = fc_xcalloc(1, sizeof(*r));

	r->connection = c;
	r->o = *options;
	r->easy = curl_easy_init();
	if (!r->easy)
		http2_die("libcurl: no memory");
	add_header(r, c->authorization, "");
	add_header(r, "Accept: ", "application/json");
	if (options->content_type) {
		add_header(r, "Content-Type: ", options->content_type);
		add_header(r, "Expect:", "");
	}
	set_up(r);
	return r;
}

void http2_request_free(struct http2_request *r)
{
	if (!r)
		return;
	if (r->running)
		curl_multi_remove_handle(r->connection->multi, r->easy);
	curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->headers);
	free(r);
}

void http2_free(struct http2 *c)
{
	curl_multi_cleanup(c->multi);
	free(c->base_url);
	free(c->ca_file);
	free(c->authorization);
	free(c);
}

void http2_loop_free(struct http2_loop *loop)
{
	close(loop->epoll_fd);
	free(loop->connections);
	free(loop);
	curl_global_cleanup();
}

void http2_send(struct http2_request *r, const char *path, const char *body, size_t body_bytes)
{
	FC_AUTO_FREE char *url = fc_xasprintf("%s%s", r->connection->base_url, path);

	must(curl_easy_setopt(r->easy, CURLOPT_URL, url));
	if (body) {
		must(curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_bytes));
		must(curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, body));
	}
	r->running = true;
	must_multi(curl_multi_add_handle(r->connection->multi, r->easy));
}

static void collect_finished(struct http2 *c)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(c->multi, &left))) {
		CURLcode code = message->data.result;
		struct http2_request *r = NULL;
		long status = 0;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &r);
		curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		curl_multi_remove_handle(c->multi, r->easy); /* `message` is gone with it */
		if (code != CURLE_OK)
			http2_die("%s: %s", c->base_url, r->error_text[0] ? r->error_text : curl_easy_strerror(code));
		r->running = false;
		r->status = (int)status;
		if (r->o.on_done)
			r->o.on_done(r->o.user, r->status);
	}
}

static void act(struct http2 *c, curl_socket_t fd, int events)
{
	int running;

	must_multi(curl_multi_socket_action(c->multi, fd, events, &running));
	collect_finished(c);
}

static bool run_timers(struct http2_loop *loop)
{
	int64_t now_us = fc_clock_mono_us();
	bool any = false;

	for (size_t i = 0; i < loop->count; i++) {
		struct http2 *c = loop->connections[i];

		if (c->due_us > now_us)
			continue;
		c->due_us = INT64_MAX;
		any = true;
		act(c, CURL_SOCKET_TIMEOUT, 0);
	}
	return any;
}

static int wait_ms(const struct http2_loop *loop, int64_t until_us)
{
	for (size_t i = 0; i < loop->count; i++)
		if (loop->connections[i]->due_us < until_us)
			until_us = loop->connections[i]->due_us;
	if (until_us == INT64_MAX)
		return -1;
	int64_t ms = (until_us - fc_clock_mono_us() + 999) / 1000;
	return ms < 0 ? 0 : ms < INT_MAX ? (int)ms : INT_MAX;
}

static int events_of(uint32_t epoll_events)
{
	int events = 0;

	if (epoll_events & EPOLLIN)
		events |= CURL_CSELECT_IN;
	if (epoll_events & EPOLLOUT)
		events |= CURL_CSELECT_OUT;
	if (epoll_events & (EPOLLERR | EPOLLHUP))
		events |= CURL_CSELECT_ERR;
	return events;
}

void http2_run_once(struct http2_loop *loop, int64_t until_us)
{
	struct epoll_event events[EVENTS_PER_ROUND];

	if (run_timers(loop))
		return;
	int count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_ROUND, wait_ms(loop, until_us));
	for (int i = 0; i < count; i++) {
		struct http2 *c = loop->connections[events[i].data.u64 >> 32];

		act(c, (int)(uint32_t)events[i].data.u64, events_of(events[i].events));
	}
}

int http2_ask(struct http2_request *r, struct http2_loop *loop, const char *path)
{
	http2_send(r, path, NULL, 0);
	while (r->running)
		http2_run_once(loop, INT64_MAX);
	return r->status;
}
