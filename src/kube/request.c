/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/request.h"

#include "base/clock.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/credentials.h"
#include "model/status.h"

#include <string.h>
#include <strings.h>

/* A Status at most (kube-client 2.24); what goes beyond is dropped, and the answer is classified by its code. */
#define ERROR_BODY_BYTES ((size_t)64 * 1024)
/* libcurl holds one receive and one send buffer per handle, also of a watch that is silent for minutes. 16 KiB is
 * one TLS record, and the least that it takes for sending. */
#define BUFFER_BYTES 16384
/* What an answer to a patch takes, mostly. */
#define BODY_BYTES ((size_t)4096)
/* libcurl's own words are kept this long: some quote whole certificate names. */
#define REASON_CHARS "200"

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
	if (r->connection_heard_us)
		*r->connection_heard_us = r->heard_us;
}

static int64_t seconds_as_ms(const char *text, size_t len)
{
	int64_t seconds = 0;
	size_t i = 0;

	while (i < len && (text[i] == ' ' || text[i] == '\t'))
		i++;
	size_t first = i;
	/* Nine digits: no overflow, and more than a lifetime. The form with a date is ignored (2.13). */
	for (; i < len && i - first < 9 && text[i] >= '0' && text[i] <= '9'; i++)
		seconds = seconds * 10 + (text[i] - '0');
	bool any = i > first;
	while (i < len && strchr(" \t\r\n", text[i]))
		i++;
	return any && i == len ? seconds * 1000 : -1;
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
	static const char retry_after[] = "retry-after:";
	struct fc_request *r = user;
	size_t len = size * count, name_len = strlen(retry_after);

	heard(r);
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
		r->retry_after_ms = -1; /* a further answer of the same request: after a 1xx */
	if (len > name_len && strncasecmp(line, retry_after, name_len) == 0)
		r->retry_after_ms = seconds_as_ms(line + name_len, len - name_len);
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
	if (r->state == FC_REQUEST_CANCELLED)
		return CURL_WRITEFUNC_ERROR;
	if (len == 0)
		return 0;
	int rc = success && r->on_data ? pass_on(r, bytes, len) : collect(r, bytes, len, success);
	return rc < 0 ? CURL_WRITEFUNC_ERROR : len;
}

/* A function and not CURLOPT_POSTFIELDS, with no way to rewind: libcurl repeats a request by itself when a
 * connection that it had used before dies without an answer, and must not do so once a byte of a write is out
 * (kube-client 2.14, 13.17). */
static size_t on_send(char *out, size_t size, size_t count, void *user)
{
	struct fc_request *r = user;
	size_t room = size * count, left = r->request_body_bytes - r->request_body_sent;
	size_t len = left < room ? left : room;

	memcpy(out, r->request_body + r->request_body_sent, len);
	r->request_body_sent += len;
	return len;
}

static CURLcode apply_method(struct fc_request *r, CURL *easy)
{
	CURLcode rc = CURLE_OK;

	if (r->request_body) {
		SET(rc, easy, CURLOPT_POST, 1L);
		SET(rc, easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->request_body_bytes);
		SET(rc, easy, CURLOPT_READFUNCTION, on_send);
		SET(rc, easy, CURLOPT_READDATA, r);
	} else {
		SET(rc, easy, CURLOPT_HTTPGET, 1L);
	}
	if (!r->read)
		SET(rc, easy, CURLOPT_CUSTOMREQUEST, r->method);
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
	SET(rc, easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
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

static int add_headers(struct fc_request *r, const struct fc_peer *peer, const struct fc_request_options *o)
{
	if (add_header(r, "Accept", o->accept ? o->accept : "application/json") < 0)
		return -1;
	if (r->request_body && o->content_type && add_header(r, "Content-Type", o->content_type) < 0)
		return -1;
	/* An empty value takes libcurl's own header out: waiting for a 100 costs a round trip. */
	if (r->request_body && add_line(r, "Expect:") < 0)
		return -1;
	return peer->host_header ? add_line(r, peer->host_header) : 0;
}

static int prepare(struct fc_request *r, const struct fc_peer *peer, const struct fc_request_options *o)
{
	FC_AUTO_FREE char *url = fc_xasprintf("%s%s", peer->base_url, o->path);

	r->easy = curl_easy_init();
	if (!r->easy || add_headers(r, peer, o) < 0)
		return -1;
	CURLcode rc = fc_peer_apply(peer, r->easy);
	SET(rc, r->easy, CURLOPT_URL, url);
	SET(rc, r->easy, CURLOPT_HTTPHEADER, r->headers);
	SET(rc, r->easy, CURLOPT_TIMEOUT_MS, (long)o->timeout_ms);
	/* 2.10: watches are never compressed, and asking would only let a proxy hold them back. */
	if (!o->watch && !peer->access->no_compression)
		SET(rc, r->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (rc == CURLE_OK)
		rc = apply_method(r, r->easy);
	if (rc == CURLE_OK)
		rc = apply_answer(r, r->easy);
	return rc == CURLE_OK ? 0 : -1;
}

struct fc_request *fc_request_new(const struct fc_peer *peer, const struct fc_request_options *options,
				  struct curl_slist *credentials, struct fc_error *err)
{
	struct fc_request *r = fc_xcalloc(1, sizeof(*r));

	r->headers = credentials;

	r->request_body = options->body;
	r->request_body_bytes = options->body ? options->body_bytes : 0;
	r->method = fc_xstrdup(options->method ? options->method : "");
	r->read = strcmp(r->method, "GET") == 0;
	r->watch = options->watch;
	r->max_body_bytes = options->max_body_bytes ? options->max_body_bytes : FC_JSON_MAX_BYTES;
	r->retry_after_ms = -1;
	r->on_data = options->on_data;
	r->on_done = options->on_done;
	r->user = options->user;
	bool sound = r->method[0] && options->path && options->path[0] == '/' && !(r->read && r->request_body);
	if (!sound)
		fc_error_set(err, FC_ERR_INTERNAL,
			     "no request was made: it lacks a method or a path, or is a GET with a body");
	else if (prepare(r, peer, options) < 0)
		fc_error_set(err, FC_ERR_MEMORY, "no memory to prepare a request");
	else
		return r;
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
	free(r->failure);
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
	curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &sys_errno);
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
 * nothing. */
static bool is_outcome_unknown(const struct fc_request *r, int status)
{
	long sent_bytes = 0;

	curl_easy_getinfo(r->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	return !r->read && sent_bytes > 0 && (status < 300 || status == 502 || status == 504);
}

void fc_request_outcome(struct fc_request *r, CURLcode code, const struct fc_error *why, struct fc_response *out,
			struct fc_error *err)
{
	int status = status_of(r);
	char *content_type = NULL;

	curl_easy_getinfo(r->easy, CURLINFO_CONTENT_TYPE, &content_type);
	*err = FC_ERROR_INIT;
	if (why || r->failure)
		*err = why ? *why : *r->failure;
	else
		set_error(r, status, code, err);
	if (err->cls != FC_ERR_NONE && is_outcome_unknown(r, status))
		err->outcome_unknown = true;
	*out = (struct fc_response){
		.status = status,
		.content_type = content_type ? content_type : "",
		.body = fc_buf_str(&r->body),
		.body_bytes = r->body.len,
		.error = err->cls == FC_ERR_NONE ? NULL : err,
		.finished_us = r->heard_us ? r->heard_us : fc_clock_mono_us(),
	};
}
