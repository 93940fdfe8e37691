/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/request.h"

#include "base/clock.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/connection.h"
#include "kube/credentials.h"
#include "model/status.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A Status at most (kube-client 2.24); what goes beyond is dropped, and the answer is classified by its code. */
#define ERROR_BODY_BYTES ((size_t)64 * 1024)
/* libcurl holds one receive and one send buffer per handle. 16 KiB is one TLS record, and the least that it takes for
 * sending. */
#define BUFFER_BYTES 16384
/* Of a watch, which is there all the time and mostly has nothing to read: a fleet has thousands of them. */
#define WATCH_BUFFER_BYTES 4096
/* What an answer to a patch takes, mostly. */
#define BODY_BYTES ((size_t)4096)
/* libcurl's own words are kept this long: some quote whole certificate names. */
#define REASON_CHARS "200"
/* What libcurl says of a stream that the server has refused (2.7), and says nowhere else but to CURLOPT_DEBUGFUNCTION.
 * The second it says of any request that it is about to send again because its connection was lost before the answer;
 * in the version that was tried (KNOWN_LIBCURL), for a stream of HTTP/2 and without an error's text before it that is a
 * refused stream, since a lost connection is told in so many words. Later ones are silent at the end of a connection
 * too: there a refusal on a connection that was used before counts as an unknown outcome. */
#define STREAM_WORDS "Using Stream ID"
#define REFUSED_WORDS "REFUSED_STREAM, retrying"
#define LOST_WORDS "Connection died, retrying"
#define KNOWN_LIBCURL 0x075801

#define SET(rc, easy, option, value)                                        \
	do {                                                                \
		if ((rc) == CURLE_OK)                                       \
			(rc) = curl_easy_setopt((easy), (option), (value)); \
	} while (0)

static int status_of(const struct fc_request *r)
{
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 ? (int)status : 0; /* 1xx is no answer */
}

static void heard(struct fc_request *r)
{
	r->heard_us = fc_clock_mono_us();
	if (r->heard)
		r->heard->us = r->heard_us;
}

/* -1: no number. Nine digits: no overflow, and more than a lifetime. The form with a date is ignored (2.13). */
static int64_t seconds_as_ms(const char *text, size_t len)
{
	int64_t seconds = 0;

	if (len == 0 || len > 9)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		seconds = seconds * 10 + (text[i] - '0');
	}
	return seconds * 1000;
}

static bool is_header(const char *line, size_t len, const char *name, const char **value, size_t *value_len)
{
	size_t name_len = strlen(name);

	if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
		return false;
	line += name_len + 1;
	len -= name_len + 1;
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	while (len && strchr(" \t\r\n", line[len - 1]))
		len--;
	*value = line;
	*value_len = len;
	return true;
}

static void keep_mark(struct fc_request *r, const char *line, size_t len)
{
	static const struct {
		const char *header;
		size_t place;
	} kept[] = {
		{ "audit-id", offsetof(struct fc_request_marks, audit_id) },
		{ "x-kubernetes-pf-flowschema-uid", offsetof(struct fc_request_marks, flow_schema) },
		{ "x-kubernetes-pf-prioritylevel-uid", offsetof(struct fc_request_marks, priority_level) },
	};
	const char *value;
	size_t value_len;

	for (size_t i = 0; i < FC_ARRAY_LEN(kept); i++) {
		if (!is_header(line, len, kept[i].header, &value, &value_len))
			continue;
		if (!r->marks)
			r->marks = fc_xcalloc(1, sizeof(*r->marks));
		snprintf((char *)r->marks + kept[i].place, sizeof(r->marks->audit_id), "%.*s",
			 value_len < 64 ? (int)value_len : 63, value);
	}
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
	struct fc_request *r = user;
	size_t len = size * count, value_len;
	const char *value;

	heard(r);
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
		r->retry_after_ms = -1; /* a further answer of the same request: after a 1xx */
	else if (is_header(line, len, "retry-after", &value, &value_len))
		r->retry_after_ms = seconds_as_ms(value, value_len);
	else if (r->read && r->on_warning && is_header(line, len, "warning", &value, &value_len))
		r->on_warning(r, value, value_len);
	else if (status_of(r) >= 400)
		keep_mark(r, line, len);
	if (r->on_answered && line[0] == '\r' && status_of(r) > 0)
		r->on_answered(r);
	return len;
}

static int fail(struct fc_request *r, const struct fc_error *why)
{
	if (!r->failure)
		r->failure = fc_xcalloc(1, sizeof(*r->failure));
	*r->failure = *why;
	return -1;
}

/* Grown by hand: realloc would leave a copy of what may be a Secret's body behind in freed memory. */
static int append(struct fc_buf *body, const char *bytes, size_t len)
{
	if (len >= body->cap - body->len) {
		size_t cap = body->len + len + 1;
		cap = cap < BODY_BYTES ? BODY_BYTES : cap * 2;
		char *data = fc_try_realloc(NULL, cap);
		if (!data)
			return -1;
		if (body->len)
			memcpy(data, body->data, body->len);
		fc_free_secret(body->data, body->cap);
		body->data = data;
		body->cap = cap;
	}
	return fc_buf_append(body, bytes, len);
}

static int collect(struct fc_request *r, const char *bytes, size_t len, bool success)
{
	struct fc_error why = FC_ERROR_INIT;
	size_t limit = success ? r->max_body_bytes : ERROR_BODY_BYTES;

	if (len > limit - r->body.len) {
		if (!success)
			return 0;
		fc_error_set(&why, FC_ERR_LIMIT, "the answer is larger than %zu bytes", limit);
		return fail(r, &why);
	}
	if (append(&r->body, bytes, len) == 0)
		return 0;
	fc_error_set(&why, FC_ERR_MEMORY, "no memory for an answer");
	return fail(r, &why);
}

static int pass_on(struct fc_request *r, const char *bytes, size_t len)
{
	struct fc_error why = FC_ERROR_INIT;

	if (r->on_data(r->user, bytes, len, &why) == 0)
		return 0;
	if (why.cls == FC_ERR_NONE)
		fc_error_set(&why, FC_ERR_INTERNAL, "the answer was refused without a reason");
	return fail(r, &why);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct fc_request *r = user;
	size_t len = size * count;
	int status = status_of(r);
	bool success = status >= 200 && status < 300;

	heard(r);
	if (r->heard && r->watch && len >= WATCH_BUFFER_BYTES)
		r->heard->filled = true;
	if (r->state == FC_REQUEST_CANCELLED)
		return CURL_WRITEFUNC_ERROR;
	if (len == 0)
		return 0;
	int rc = success && r->on_data ? pass_on(r, bytes, len) : collect(r, bytes, len, success);
	return rc < 0 ? CURL_WRITEFUNC_ERROR : len;
}

/* A function and not CURLOPT_POSTFIELDS: libcurl repeats a request by itself when a connection that it had used before
 * dies without an answer, and must not do so once a byte of a write is out (kube-client 2.14, 13.17). */
static size_t on_send(char *out, size_t size, size_t count, void *user)
{
	struct fc_request *r = user;
	size_t room = size * count, left = r->request_body_bytes - r->request_body_sent;
	size_t len = left < room ? left : room;

	if (r->request_body_sent == 0)
		curl_easy_setopt(r->easy, CURLOPT_VERBOSE, 1L);
	memcpy(out, r->request_body + r->request_body_sent, len);
	r->request_body_sent += len;
	r->refused = false;
	return len;
}

/* From the beginning, and only for a stream that the server has refused: nothing was done with it (RFC 9113, 8.7), and
 * the request goes out again on another connection (2.7). */
static int on_rewind(void *user, curl_off_t offset, int origin)
{
	struct fc_request *r = user;

	if (!r->refused || offset != 0 || origin != SEEK_SET)
		return CURL_SEEKFUNC_FAIL;
	r->request_body_sent = 0;
	return CURL_SEEKFUNC_OK;
}

static bool begins_with(const char *text, size_t len, const char *words)
{
	return len >= strlen(words) && memcmp(text, words, strlen(words)) == 0;
}

static bool is_lost_by_refusal(struct fc_request *r)
{
	return r->streamed && !r->error_text[0] && curl_version_info(CURLVERSION_NOW)->version_num == KNOWN_LIBCURL &&
	       r->connection && fc_connection_stands(r->connection, r);
}

/* What goes out and comes in passes by here too, and is not looked at. */
static int on_words(CURL *easy FC_UNUSED, curl_infotype type, char *text, size_t len, void *user)
{
	struct fc_request *r = user;

	if (type != CURLINFO_TEXT)
		return 0;
	if (begins_with(text, len, STREAM_WORDS))
		r->streamed = true;
	else if (begins_with(text, len, REFUSED_WORDS))
		r->refused = true;
	else if (begins_with(text, len, LOST_WORDS))
		r->refused = is_lost_by_refusal(r);
	return 0;
}

/* Before the body goes out libcurl has a line for each header, which is more work than sending it. They are asked for
 * only where it must tell whether there are streams. And it wakes its thread when the time to connect is over, of a
 * request that has long been answered too. */
void fc_request_starts(struct fc_request *r, bool streams, bool connected)
{
	r->streamed = streams;
	if (!r->read && !streams)
		curl_easy_setopt(r->easy, CURLOPT_VERBOSE, 1L);
	if (connected)
		curl_easy_setopt(r->easy, CURLOPT_CONNECTTIMEOUT_MS, 0L);
}

static CURLcode apply_write(struct fc_request *r, CURL *easy)
{
	CURLcode rc = CURLE_OK;

	SET(rc, easy, CURLOPT_POST, 1L);
	SET(rc, easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->request_body_bytes);
	SET(rc, easy, CURLOPT_READFUNCTION, on_send);
	SET(rc, easy, CURLOPT_READDATA, r);
	SET(rc, easy, CURLOPT_SEEKFUNCTION, on_rewind);
	SET(rc, easy, CURLOPT_SEEKDATA, r);
	SET(rc, easy, CURLOPT_DEBUGFUNCTION, on_words);
	SET(rc, easy, CURLOPT_DEBUGDATA, r);
	SET(rc, easy, CURLOPT_CUSTOMREQUEST, r->method);
	return rc;
}

static CURLcode apply_method(struct fc_request *r, CURL *easy)
{
	CURLcode rc = CURLE_OK;

	if (!r->read)
		return apply_write(r, easy);
	SET(rc, easy, CURLOPT_HTTPGET, 1L);
	return rc;
}

static CURLcode apply_answer(struct fc_request *r, CURL *easy)
{
	CURLcode rc = CURLE_OK;

	SET(rc, easy, CURLOPT_WRITEFUNCTION, on_body);
	SET(rc, easy, CURLOPT_WRITEDATA, r);
	SET(rc, easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(rc, easy, CURLOPT_HEADERDATA, r);
	SET(rc, easy, CURLOPT_ERRORBUFFER, r->error_text);
	SET(rc, easy, CURLOPT_PRIVATE, r);
	SET(rc, easy, CURLOPT_BUFFERSIZE, r->watch ? (long)WATCH_BUFFER_BYTES : (long)BUFFER_BYTES);
	SET(rc, easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
	return rc;
}

static int add_header(struct fc_request *r, const char *name, const char *value)
{
	FC_AUTO_FREE char *line = fc_xasprintf("%s: %s", name, value);
	struct curl_slist *longer = curl_slist_append(r->headers, line);

	if (longer)
		r->headers = longer;
	return longer ? 0 : -1;
}

static int add_line(struct fc_request *r, const char *line)
{
	struct curl_slist *longer = line && line[0] ? curl_slist_append(r->headers, line) : r->headers;

	if (longer)
		r->headers = longer;
	return longer ? 0 : -1;
}

static int add_headers(struct fc_request *r)
{
	if (add_header(r, "Accept", r->accept ? r->accept : "application/json") < 0)
		return -1;
	if (r->request_body && r->content_type && add_header(r, "Content-Type", r->content_type) < 0)
		return -1;
	/* An empty value takes libcurl's own header out: waiting for a 100 costs a round trip. */
	if (r->request_body && add_line(r, "Expect:") < 0)
		return -1;
	return r->peer->host_header ? add_line(r, r->peer->host_header) : 0;
}

static void forget_words(struct fc_request *r)
{
	free(fc_steal(&r->path));
	free(fc_steal(&r->accept));
	free(fc_steal(&r->content_type));
}

int fc_request_prepare(struct fc_request *r, struct fc_peer *peer, struct curl_slist *credentials, int64_t timeout_ms,
		       struct fc_error *err)
{
	FC_AUTO_FREE char *url = fc_xasprintf("%s%s", peer->base_url, r->path);
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	r->peer = fc_peer_ref(peer);
	r->headers = credentials;
	r->easy = curl_easy_init();
	if (r->easy && add_headers(r) == 0)
		rc = fc_peer_apply(peer, r->easy);
	SET(rc, r->easy, CURLOPT_URL, url);
	SET(rc, r->easy, CURLOPT_HTTPHEADER, r->headers);
	SET(rc, r->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	/* 2.10: watches are never compressed, and asking would only let a proxy hold them back. */
	if (!r->watch && !peer->no_compression)
		SET(rc, r->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (rc == CURLE_OK)
		rc = apply_method(r, r->easy);
	if (rc == CURLE_OK)
		rc = apply_answer(r, r->easy);
	forget_words(r);
	return rc == CURLE_OK ? 0 : fc_error_set(err, FC_ERR_MEMORY, "no memory to prepare a request");
}

/* A write without a body would be one that libcurl may repeat by itself; none is needed: what is deleted is deleted on
 * conditions. */
static bool is_sound(const struct fc_request *r)
{
	return r->method[0] && r->path && r->path[0] == '/' && r->read == !r->request_body;
}

struct fc_request *fc_request_new(const struct fc_request_options *options, struct fc_error *err)
{
	struct fc_request *r = fc_xcalloc(1, sizeof(*r));

	r->request_body = options->body;
	r->request_body_bytes = options->body ? options->body_bytes : 0;
	r->method = fc_xstrdup(options->method ? options->method : "");
	r->path = fc_xstrdup_null(options->path);
	r->accept = fc_xstrdup_null(options->accept);
	r->content_type = fc_xstrdup_null(options->content_type);
	r->read = strcmp(r->method, "GET") == 0;
	r->watch = options->watch;
	r->timeout_ms = options->timeout_ms;
	r->started_us = fc_clock_mono_us();
	r->max_body_bytes = options->max_body_bytes ? options->max_body_bytes : FC_JSON_MAX_BYTES;
	r->retry_after_ms = -1;
	r->on_data = options->on_data;
	r->on_done = options->on_done;
	r->user = options->user;
	if (is_sound(r))
		return r;
	fc_error_set(err, FC_ERR_INTERNAL,
		     "no request was made: it lacks a method or a path, or is a GET with a body or a write without");
	fc_request_free(r);
	return NULL;
}

void fc_request_free(struct fc_request *r)
{
	if (!r)
		return;
	curl_easy_cleanup(r->easy);
	fc_credentials_free_headers(r->headers);
	if (r->request_body)
		fc_free_secret(r->request_body, r->request_body_bytes);
	fc_buf_fini_secret(&r->body); /* the body of a Secret that was read */
	forget_words(r);
	fc_peer_unref(r->peer);
	free(r->failure);
	free(r->marks);
	free(r->method);
	free(r);
}

static void set_redirect_error(const struct fc_request *r, int status, struct fc_error *err)
{
	char *target = NULL, *host = NULL;
	CURLU *u = curl_url();

	curl_easy_getinfo(r->easy, CURLINFO_REDIRECT_URL, &target);
	if (u && target && curl_url_set(u, CURLUPART_URL, target, 0) == CURLUE_OK)
		curl_url_get(u, CURLUPART_HOST, &host, 0);
	fc_error_set(err, FC_ERR_PROTOCOL, "answer %d: redirected to host %.100s, which is not followed", status,
		     host ? host : "(none given)");
	err->http_status = status;
	curl_free(host);
	curl_url_cleanup(u);
}

/* SSL_CONNECT_ERROR is also libcurl's word for a connection that ended inside the handshake; that is no question of
 * trust, and must be tried again. Told apart by words because the error queue is gone by now. */
static bool is_broken_handshake(const char *text)
{
	return strstr(text, "SSL_ERROR_SYSCALL") || strstr(text, "SSL_connect: Connection") ||
	       strstr(text, "Recv failure") || strstr(text, "Send failure") || strstr(text, "unexpected eof");
}

static enum fc_error_class class_of(CURLcode code, const char *text)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return FC_ERR_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
		return is_broken_handshake(text) ? FC_ERR_NETWORK : FC_ERR_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_CLIENTCERT:
		return FC_ERR_TLS;
	case CURLE_OUT_OF_MEMORY:
		return FC_ERR_MEMORY;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
		return FC_ERR_PROTOCOL;
	case CURLE_URL_MALFORMAT:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_UNKNOWN_OPTION:
		return FC_ERR_INTERNAL;
	default:
		return FC_ERR_NETWORK; /* DNS, refused, reset, ended early, HTTP/2 errors: to be tried again */
	}
}

/* libcurl quotes an address that it cannot use, login and all: that of a proxy from the environment, say. */
static bool may_quote_a_login(CURLcode code, const char *text)
{
	return code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_UNSUPPORTED_PROTOCOL ||
	       code == CURLE_URL_MALFORMAT || strstr(text, "://");
}

static void set_curl_error(const struct fc_request *r, CURLcode code, struct fc_error *err)
{
	const char *text = r->error_text;
	long sys_errno = 0;

	if (!text[0] || may_quote_a_login(code, text))
		text = curl_easy_strerror(code);
	/* It wanted to send a write again, and on_rewind did not let it. */
	if (code == CURLE_SEND_FAIL_REWIND)
		text = "the connection was lost before the answer came";
	curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &sys_errno);
	/* libcurl says that it could not connect, the system why: refused, no route. */
	if (code == CURLE_COULDNT_CONNECT && sys_errno)
		fc_error_set_errno(err, class_of(code, text), (int)sys_errno, "%." REASON_CHARS "s", text);
	else
		fc_error_set(err, class_of(code, text), "%." REASON_CHARS "s", text);
	err->sys_errno = (int)sys_errno;
}

static void set_error(const struct fc_request *r, int status, CURLcode code, struct fc_error *err)
{
	enum fc_status_of of = r->read ? FC_STATUS_OF_READ : FC_STATUS_OF_WRITE;

	if (status >= 300 && status < 400)
		set_redirect_error(r, status, err);
	else if (status >= 400)
		fc_status_error(status, fc_buf_str(&r->body), r->body.len, r->retry_after_ms, of, err);
	else if (code != CURLE_OK)
		set_curl_error(r, code, err);
	else if (status == 0)
		fc_error_set(err, FC_ERR_PROTOCOL, "an answer without a status");
}

/* 13.17: not a read, a byte of it went out, and no answer of the server itself says what became of it. 502 and 504
 * are a proxy's or the server's words for not knowing either. A refused connection or a failed handshake sent
 * nothing, and a refused stream was not looked at. */
static bool is_outcome_unknown(const struct fc_request *r, int status)
{
	long sent_bytes = 0;

	if (r->refused)
		return false;
	curl_easy_getinfo(r->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	return !r->read && sent_bytes > 0 && (status < 300 || status == 502 || status == 504);
}

bool fc_request_repeat(struct fc_request *r, CURLcode code)
{
	int64_t left_ms = r->timeout_ms - (fc_clock_mono_us() - r->started_us) / 1000;
	long sent_bytes = 0;

	curl_easy_getinfo(r->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	if (!r->read || r->probe || r->repeated || r->failure || code == CURLE_OK || sent_bytes == 0 ||
	    status_of(r) > 0 || class_of(code, r->error_text) != FC_ERR_NETWORK || (r->timeout_ms && left_ms <= 0))
		return false;
	r->repeated = true;
	r->error_text[0] = '\0';
	return curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, (long)(r->timeout_ms ? left_ms : 0)) == CURLE_OK;
}

const char *fc_request_content_type(const struct fc_request *r)
{
	char *content_type = NULL;

	curl_easy_getinfo(r->easy, CURLINFO_CONTENT_TYPE, &content_type);
	return content_type ? content_type : "";
}

void fc_request_outcome(struct fc_request *r, CURLcode code, const struct fc_error *why, struct fc_response *out,
			struct fc_error *err)
{
	int status = status_of(r);

	*err = FC_ERROR_INIT;
	if (why || r->failure)
		*err = why ? *why : *r->failure;
	else
		set_error(r, status, code, err);
	if (err->cls != FC_ERR_NONE && is_outcome_unknown(r, status))
		err->outcome_unknown = true;
	*out = (struct fc_response){
		.status = status,
		.content_type = fc_request_content_type(r),
		.body = fc_buf_str(&r->body),
		.body_bytes = r->body.len,
		.error = err->cls == FC_ERR_NONE ? NULL : err,
		.finished_us = r->heard_us ? r->heard_us : fc_clock_mono_us(),
	};
}
