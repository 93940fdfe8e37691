/* SPDX-License-Identifier: Apache-2.0 */
/* informer_bench - an informer between a scripted server and a listener that writes down what it is told.
 * Owns:    server, loop, credentials, transport, metrics, the informer.
 * Threads: the test's.
 * Fails:   the test; what does not come fails it after 20 s, with all that was told.
 * Source:  kube/informer.h. */
#ifndef TESTS_INFORMER_BENCH_H
#define TESTS_INFORMER_BENCH_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/informer.h"
#include "kube/informer_internal.h"
#include "unit/kube/scripted_server.h"

#include <curl/curl.h>

#define LIST_HEAD \
	"{\"kind\":\"SecretList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"100\"},\"items\":["
#define LIST_TAIL "]}"
#define ITEM(name, more) "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\",\"resourceVersion\":\"7\"" more "}}"
#define RULE ",\"annotations\":{\"k8s-copier.fig.org/replace-data\":\"x\"}"
#define ESCAPED ",\"annotations\":{\"k8s-copier.fig.org\\/replace-data\":\"x\"}"
#define LABEL ",\"labels\":{\"k8s-copier.fig.org/replace-data\":\"x\"}"
#define EVENT(type, name, version, more)                                                                             \
	"{\"type\":\"" type "\",\"object\":{\"kind\":\"Secret\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name \
	"\",\"resourceVersion\":\"" version "\"" more "}}}\n"
#define BOOKMARK(version) \
	"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Secret\",\"metadata\":{\"resourceVersion\":\"" version "\"}}}\n"
/* The end of a list that is the beginning of a watch. */
#define ALL_TOLD_OF(kind, version)                                                                              \
	"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"" kind "\",\"metadata\":{\"resourceVersion\":\"" version \
	"\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define ALL_TOLD(version) ALL_TOLD_OF("Secret", version)
#define EXPIRED "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Expired\",\"code\":410}"
#define FORBIDDEN \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403}"
/* A number that 64 bits do not hold: jansson refuses it, and it must not be rounded. */
#define BEYOND ",\"generation\":123456789012345678901234567890"

/* The informer under test, and what it told, a line each. */
struct bench {
	struct scripted_server *server;
	struct fc_loop *loop;
	struct fc_access access;
	struct fc_credentials *credentials;
	struct fc_transport *transport;
	struct fc_metrics *metrics;
	struct fc_random random;
	struct fc_resource *secrets;
	struct fc_informer *informer;
	struct fc_buf told;
	bool stop_on_object;
	/* Called at the end of each callback with the line that was written down; NULL: not. */
	void (*then)(struct bench *b, const char *line);
	json_t *last;
	int64_t received_us;
};

static inline void tell(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline void tell(struct bench *b, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fc_buf_puts(&b->told, text);
	if (b->then)
		b->then(b, text);
}

static inline void on_list_begin(void *user)
{
	tell(user, "begin\n");
}

static inline void on_object(void *user, json_t *object, int64_t received_us)
{
	struct bench *b = user;

	json_decref(b->last);
	b->last = object;
	b->received_us = received_us;
	tell(b, "object %s/%s %s\n", fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"),
	     fc_json_metadata(object, "resourceVersion"));
	if (b->stop_on_object)
		fc_informer_stop(fc_steal(&b->informer));
}

static inline void on_gone(void *user, const char *namespace_, const char *name, const char *version)
{
	tell(user, "gone %s/%s %s\n", namespace_, name, version);
}

static inline void on_unreadable(void *user, const char *namespace_, const char *name, const char *version,
				 const struct fc_error *why)
{
	tell(user, "unreadable %s/%s %s %s\n", namespace_ ? namespace_ : "", name, version ? version : "",
	     fc_error_class_name(why->cls));
}

static inline void on_list_end(void *user, bool removes)
{
	tell(user, "%s", removes ? "end\n" : "end-keeping\n");
}

static inline void on_failed(void *user, const struct fc_error *why)
{
	tell(user, "failed %s\n", fc_error_class_name(why->cls));
}

static inline void on_resumed(void *user)
{
	tell(user, "resumed\n");
}

static const struct fc_informer_callbacks callbacks = {
	.on_list_begin = on_list_begin,
	.on_object = on_object,
	.on_gone = on_gone,
	.on_unreadable = on_unreadable,
	.on_list_end = on_list_end,
	.on_failed = on_failed,
	.on_resumed = on_resumed,
};

static inline void on_wake(void *user FC_UNUSED)
{
}

static inline struct bench *bench_new(const struct scripted_step *steps, size_t count)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));
	struct fc_error err = FC_ERROR_INIT;

	b->server = scripted_start(steps, count);
	b->access.server = fc_xasprintf("https://127.0.0.1:%u", b->server->port);
	b->access.ca_pem = b->server->certificate_pem;
	b->random.state = 1;
	b->metrics = fc_metrics_new();
	b->loop = fc_loop_new(on_wake, b, &err);
	assert_non_null(b->loop);
	b->credentials =
		fc_credentials_new(&(struct fc_credentials_options){ .access = &b->access, .loop = b->loop }, &err);
	assert_non_null(b->credentials);
	b->transport = fc_transport_new(&(struct fc_transport_options){ .loop = b->loop,
									.access = &b->access,
									.credentials = b->credentials,
									.metrics = b->metrics,
									.cluster = "hub" },
					&err);
	assert_non_null(b->transport);
	b->secrets = fc_resource_new(
		&(struct fc_resource){ .version = "v1", .plural = "secrets", .kind = "Secret", .namespaced = true });
	return b;
}

static inline void bench_free(struct bench *b)
{
	if (b->informer)
		fc_informer_stop(b->informer);
	fc_transport_free(b->transport);
	fc_credentials_free(b->credentials);
	fc_loop_free(b->loop);
	scripted_free(b->server);
	fc_resource_unref(b->secrets);
	fc_metrics_free(b->metrics);
	fc_buf_fini(&b->told);
	json_decref(b->last);
	free(b->access.server);
	free(b);
}

static inline void start(struct bench *b, struct fc_informer_options o)
{
	o.transport = b->transport;
	o.resource = b->secrets;
	o.metrics = b->metrics;
	o.random = &b->random;
	o.callbacks = &callbacks;
	o.user = b;
	b->informer = fc_informer_start(&o);
	assert_string_equal(fc_buf_str(&b->told), "");
}

static inline void run_until(struct bench *b, bool (*done)(struct bench *b, const void *what), const void *what)
{
	int64_t give_up_ms = fc_clock_mono_ms() + 20000;

	while (!done(b, what)) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("\"%s\" did not happen; told so far:\n%s", (const char *)what, fc_buf_str(&b->told));
		fc_loop_run_once(b->loop, 10);
	}
}

static inline bool was_told(struct bench *b, const void *what)
{
	return strstr(fc_buf_str(&b->told), what) != NULL;
}

static inline bool was_seen(struct bench *b, const void *what)
{
	return scripted_seen(b->server, what) > 0;
}

static inline void until_told(struct bench *b, const char *what)
{
	run_until(b, was_told, what);
}

static inline void until_seen(struct bench *b, const char *what)
{
	run_until(b, was_seen, what);
}

/* Waits for its last line, then compares all. */
static inline void assert_told(struct bench *b, const char *all)
{
	until_told(b, all);
	assert_string_equal(fc_buf_str(&b->told), all);
}

/* The same, and no request waits: a timer that is due at once is gone after one turn of the loop, or the next. */
static inline void assert_told_without_a_pause(struct bench *b, const char *all)
{
	int64_t give_up_ms = fc_clock_mono_ms() + 20000;

	for (int waited = 0; !was_told(b, all); waited = b->informer->retry ? waited + 1 : 0) {
		if (waited > 2 || fc_clock_mono_ms() > give_up_ms)
			fail_msg("\"%s\" did not happen at once; told so far:\n%s", all, fc_buf_str(&b->told));
		fc_loop_run_once(b->loop, 10);
	}
	assert_string_equal(fc_buf_str(&b->told), all);
}

static inline const char *line(struct bench *b, const char *part, size_t n)
{
	return scripted_request(b->server, part, n)->line;
}

#define BENCH(...)                                                   \
	static const struct scripted_step steps[] = { __VA_ARGS__ }; \
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps))

#endif
