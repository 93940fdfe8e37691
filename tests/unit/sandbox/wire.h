/* SPDX-License-Identifier: Apache-2.0 */
/* wire - a service on a port of loopback, and clients of it by libcurl, all in the test's one thread.
 * Owns:    loop, authority, port, requests.
 * Threads: the test's.
 * Fails:   the test, by assertion; what does not come within ten seconds never does.
 * Source:  libcurl's multi interface. */
#ifndef TESTS_SANDBOX_WIRE_H
#define TESTS_SANDBOX_WIRE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/authority.h"
#include "sandbox/connection.h"
#include "sandbox/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define WIRE_PATIENCE_MS 10000

struct wire {
	struct fc_loop *loop;
	struct sb_authority *authority;
	struct sb_service service;
	struct sb_listener *listener;
	CURLM *multi;
};

/* One request of a client, and what came of it. */
struct wire_call {
	struct wire *wire;
	CURL *easy;
	struct curl_slist *headers;
	struct fc_buf head, body;
	const char *upload;
	size_t upload_len, uploaded;
	bool done, paused;
	CURLcode result;
	long status;
};

static void wire_open(struct wire *w, void (*handle)(void *, const struct sb_request *, struct sb_response *),
		      void *user)
{
	struct fc_error err = FC_ERROR_INIT;

	/* As main does: a client that went away is an error of a write. */
	(void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	*w = (struct wire){ .loop = fc_loop_new(NULL, NULL, &err), .authority = sb_authority_new(&err) };
	assert_non_null(w->loop);
	assert_non_null(w->authority);
	w->service = (struct sb_service){ .loop = w->loop, .authority = w->authority, .handle = handle, .user = user };
	w->listener = sb_listener_new(&w->service, 0, &err);
	assert_non_null(w->listener);
	assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
	w->multi = curl_multi_init();
	assert_non_null(w->multi);
	curl_multi_setopt(w->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
}

static void wire_close(struct wire *w)
{
	curl_multi_cleanup(w->multi);
	sb_listener_free(w->listener);
	sb_connections_end(&w->service, false);
	sb_authority_free(w->authority);
	fc_loop_free(w->loop);
	curl_global_cleanup();
}

static size_t wire_take(char *bytes, size_t size, size_t count, void *user)
{
	(void)fc_buf_append(user, bytes, size * count);
	return size * count;
}

static size_t wire_take_body(char *bytes, size_t size, size_t count, void *user)
{
	struct wire_call *c = user;

	return c->paused ? CURL_WRITEFUNC_PAUSE : wire_take(bytes, size, count, &c->body);
}

static size_t wire_give(char *room, size_t size, size_t count, void *user)
{
	struct wire_call *c = user;
	size_t len = c->upload_len - c->uploaded;

	if (len > size * count)
		len = size * count;
	memcpy(room, c->upload + c->uploaded, len);
	c->uploaded += len;
	return len;
}

static struct wire_call *wire_prepare(struct wire *w, const char *method, const char *path)
{
	struct wire_call *c = fc_xcalloc(1, sizeof(*c));
	FC_AUTO_FREE char *url = fc_xasprintf("https://127.0.0.1:%d%s", sb_listener_port(w->listener), path);
	struct curl_blob ca = { .data = (void *)(uintptr_t)sb_authority_pem(w->authority),
				.len = strlen(sb_authority_pem(w->authority)),
				.flags = CURL_BLOB_COPY };

	c->wire = w;
	c->easy = curl_easy_init();
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->easy, CURLOPT_URL, url);
	curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->easy, CURLOPT_NOBODY, (long)(strcmp(method, "HEAD") == 0));
	curl_easy_setopt(c->easy, CURLOPT_CAINFO_BLOB, &ca);
	curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(c->easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, wire_take);
	curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, &c->head);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, wire_take_body);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	return c;
}

static FC_UNUSED void wire_header(struct wire_call *c, const char *line)
{
	c->headers = curl_slist_append(c->headers, line);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
}

/* `body` is borrowed until the call is freed. */
static FC_UNUSED void wire_body(struct wire_call *c, const char *body, size_t len)
{
	c->upload = body;
	c->upload_len = len;
	curl_easy_setopt(c->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, wire_give);
	curl_easy_setopt(c->easy, CURLOPT_READDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)len);
}

static void wire_send(struct wire_call *c)
{
	assert_int_equal(curl_multi_add_handle(c->wire->multi, c->easy), CURLM_OK);
}

static void wire_end(struct wire_call *c)
{
	curl_multi_remove_handle(c->wire->multi, c->easy);
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	fc_buf_fini(&c->head);
	fc_buf_fini(&c->body);
	free(c);
}

/* Both sides go on a little. */
static void wire_step(struct wire *w)
{
	int running, left;
	CURLMsg *message;
	char *user;

	fc_loop_run_once(w->loop, 1);
	assert_int_equal(curl_multi_perform(w->multi, &running), CURLM_OK);
	while ((message = curl_multi_info_read(w->multi, &left))) {
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
		struct wire_call *c = (void *)user;
		c->done = true;
		c->result = message->data.result;
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &c->status);
	}
}

/* Until the condition holds. */
#define wire_until(w, condition)                                           \
	do {                                                               \
		int64_t late_ms_ = fc_clock_mono_ms() + WIRE_PATIENCE_MS;  \
		while (!(condition)) {                                     \
			if (fc_clock_mono_ms() > late_ms_)                 \
				fail_msg("it never came: %s", #condition); \
			wire_step(w);                                      \
		}                                                          \
	} while (0)

static FC_UNUSED struct wire_call *wire_ask(struct wire *w, const char *method, const char *path)
{
	struct wire_call *c = wire_prepare(w, method, path);

	wire_send(c);
	wire_until(w, c->done);
	return c;
}

/* Is the line, "name: value", in the head of the answer? */
static FC_UNUSED bool wire_has_header(const struct wire_call *c, const char *line)
{
	FC_AUTO_FREE char *wanted = fc_xasprintf("\n%s\r\n", line);

	return strstr(fc_buf_str(&c->head), wanted);
}

#endif
