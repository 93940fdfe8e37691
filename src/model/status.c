/* SPDX-License-Identifier: Apache-2.0 */
#include "model/status.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/decode.h"

#include <string.h>

/* kube-client 2.24. A longer body is a proxy's page, or no Status that anybody reads. */
#define STATUS_MAX_BYTES (64u * 1024)
/* An error's text holds 512 bytes and is wrapped on its way: enough causes to see the pattern, none so long that it
 * hides the rest. */
#define MAX_CAUSES 4
#define MAX_SHOWN_BYTES 128
/* Beyond an hour a server's wish is no use, and the product in milliseconds must not overflow. */
#define MAX_RETRY_AFTER_S 3600

struct row {
	const char *reason;
	int code;
	enum fc_error_class cls;
};

/* kube-client 13.4 to 13.12. The first row of a code is what the code alone means (13.3): without the method a bare 409
 * is a Conflict, "look again", which is never wrong. */
static const struct row rows[] = {
	{ "BadRequest", 400, FC_ERR_INVALID },
	{ "Unauthorized", 401, FC_ERR_UNAUTHORIZED },
	{ "Forbidden", 403, FC_ERR_FORBIDDEN },
	{ "NotFound", 404, FC_ERR_NOT_FOUND },
	{ "MethodNotAllowed", 405, FC_ERR_NOT_SERVED },
	{ "NotAcceptable", 406, FC_ERR_NOT_SERVED },
	{ "UnsupportedMediaType", 415, FC_ERR_NOT_SERVED },
	{ "RequestTimeout", 408, FC_ERR_SERVER }, /* the server did not get the request: nothing happened */
	{ "Conflict", 409, FC_ERR_CONFLICT },
	{ "AlreadyExists", 409, FC_ERR_EXISTS },
	{ "Expired", 410, FC_ERR_GONE },
	{ "Gone", 410, FC_ERR_GONE },
	{ "RequestEntityTooLarge", 413, FC_ERR_INVALID },
	{ "Invalid", 422, FC_ERR_INVALID },
	{ "TooManyRequests", 429, FC_ERR_THROTTLED },
	{ "InternalError", 500, FC_ERR_SERVER },
	{ "ServerTimeout", 500, FC_ERR_SERVER },
	{ "StorageReadError", 500, FC_ERR_SERVER },
	{ "BadGateway", 502, FC_ERR_SERVER },
	{ "ServiceUnavailable", 503, FC_ERR_SERVER },
	{ "Timeout", 504, FC_ERR_TIMEOUT },
};

/* An answer taken apart; everything is borrowed. */
struct answer {
	int code;
	bool is_status;
	enum fc_status_of of;
	const char *reason, *message, *name, *kind; /* "" when absent */
	const json_t *causes;			    /* NULL when absent */
	int64_t retry_after_ms;
};

static const char *string_of(const json_t *object, const char *member)
{
	const char *s = NULL;

	return fc_json_get_string(object, member, &s) == FC_JSON_FOUND ? s : "";
}

static int64_t integer_of(const json_t *object, const char *member)
{
	json_int_t n = 0;

	return fc_json_get_integer(object, member, &n) == FC_JSON_FOUND ? n : 0;
}

/* A custom resource may be called Status, too; its apiVersion has a group. */
static bool is_status(const json_t *body)
{
	const char *version = string_of(body, "apiVersion");

	return strcmp(string_of(body, "kind"), "Status") == 0 && (!*version || strcmp(version, "v1") == 0);
}

bool fc_status_is_failure(const json_t *body)
{
	return is_status(body) && strcmp(string_of(body, "status"), "Success") != 0;
}

static struct answer read_answer(int http_status, const json_t *body, int64_t retry_after_ms, enum fc_status_of of)
{
	struct answer a = { .code = http_status, .of = of, .retry_after_ms = retry_after_ms };
	bool status = is_status(body);
	const json_t *details = NULL;

	if (status)
		fc_json_get_object(body, "details", &details);
	a.is_status = status;
	a.reason = status ? string_of(body, "reason") : "";
	a.message = status ? string_of(body, "message") : "";
	a.name = string_of(details, "name");
	a.kind = string_of(details, "kind");
	fc_json_get_array(details, "causes", &a.causes);
	/* The HTTP status of an ERROR event of a watch was 200 all along (5.8). */
	int64_t own_code = status ? integer_of(body, "code") : 0;
	if (http_status < 300 && own_code >= 300 && own_code < 600)
		a.code = (int)own_code;
	int64_t seconds = integer_of(details, "retryAfterSeconds");
	if (retry_after_ms < 0 && seconds > 0)
		a.retry_after_ms = (seconds < MAX_RETRY_AFTER_S ? seconds : MAX_RETRY_AFTER_S) * 1000;
	if (a.retry_after_ms > MAX_RETRY_AFTER_S * 1000)
		a.retry_after_ms = MAX_RETRY_AFTER_S * 1000;
	return a;
}

static bool has_cause(const struct answer *a, const char *reason)
{
	size_t i;
	json_t *cause;

	json_array_foreach(a->causes, i, cause)
		if (strcmp(string_of(cause, "reason"), reason) == 0)
			return true;
	return false;
}

/* By the reason, by the code where the reason is empty or unknown (13.2). NULL: a code that says nothing more than its
 * hundred. */
static const struct row *row_of(const struct answer *a)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].reason, a->reason) == 0)
			return &rows[i];
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		if (rows[i].code == a->code)
			return &rows[i];
	return NULL;
}

/* What no row has. An unknown 4xx comes from something between us and the server: it is tried again like any broken
 * answer, not held against the rule. A Status that reports a failure and does not say which counts as a 500 (5.4). */
static enum fc_error_class class_of_hundred(int code)
{
	if (code == 414 || code == 431)
		return FC_ERR_INVALID;
	return code >= 300 && code < 500 ? FC_ERR_PROTOCOL : FC_ERR_SERVER;
}

/* 13.13: quota has no reason of its own; the text is read, never shown. */
static bool is_quota(const struct answer *a)
{
	return strstr(a->message, "exceeded quota:") || strstr(a->message, "must specify");
}

/* 4.10: old servers have only the message. */
static bool is_version_too_large(const struct answer *a)
{
	return has_cause(a, "ResourceVersionTooLarge") || strstr(a->message, "Too large resource version");
}

struct verdict {
	enum fc_error_class cls;
	const char *note; /* what the class does not say by itself; "" when nothing */
};

static struct verdict judge(const struct answer *a, const struct row *row)
{
	enum fc_error_class cls = row ? row->cls : class_of_hundred(a->code);

	if (cls == FC_ERR_FORBIDDEN && has_cause(a, "NamespaceTerminating"))
		return (struct verdict){ FC_ERR_TERMINATING, "the namespace is being deleted" };
	if (cls == FC_ERR_FORBIDDEN && is_quota(a))
		return (struct verdict){ FC_ERR_QUOTA, "a quota refuses it" };
	if (cls == FC_ERR_NOT_FOUND && !*a->name)
		return (struct verdict){ FC_ERR_NOT_SERVED, "the type or its version is not served" };
	if (cls == FC_ERR_TIMEOUT && is_version_too_large(a))
		return (struct verdict){ FC_ERR_GONE,
					 "the server has not seen this resourceVersion yet, list again without one" };
	if (strstr(a->message, "failed calling webhook"))
		return (struct verdict){ cls, "an admission webhook could not be called" };
	if (strstr(a->message, "admission webhook"))
		return (struct verdict){ cls, "an admission webhook refuses it" };
	if (a->code >= 300 && a->code < 400)
		return (struct verdict){ cls, "redirects are not followed" };
	return (struct verdict){ cls, a->is_status ? "" : "the body is no Status" };
}

/* A reason is one CamelCase word. Whatever else a webhook writes there is not shown. */
static bool is_word(const char *s)
{
	size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	return len > 0 && len <= 64 && s[len] == '\0';
}

/* At most MAX_SHOWN_BYTES, cut before a character and not inside it. */
static void put_short(struct fc_buf *out, const char *s)
{
	size_t len = strnlen(s, MAX_SHOWN_BYTES + 1);

	if (len <= MAX_SHOWN_BYTES) {
		fc_buf_append(out, s, len);
		return;
	}
	for (len = MAX_SHOWN_BYTES; len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80;)
		len--;
	fc_buf_append(out, s, len);
	fc_buf_puts(out, "...");
}

static void put_cause(struct fc_buf *out, const json_t *cause)
{
	const char *reason = string_of(cause, "reason"), *field = string_of(cause, "field");

	fc_buf_puts(out, is_word(reason) ? reason : "refused");
	if (*field) {
		fc_buf_puts(out, " at ");
		put_short(out, field);
	}
}

static void put_causes(struct fc_buf *out, const json_t *causes)
{
	size_t count = json_array_size(causes), shown = count < MAX_CAUSES ? count : MAX_CAUSES;

	for (size_t i = 0; i < shown; i++) {
		fc_buf_puts(out, i ? ", " : " (");
		put_cause(out, json_array_get(causes, i));
	}
	if (count > shown)
		fc_buf_printf(out, " and %zu more", count - shown);
	if (count)
		fc_buf_putc(out, ')');
}

/* Design section 7: the messages of these answers to reads hold names and rights; every other may quote a value. */
static bool may_show_message(const struct answer *a)
{
	return a->of == FC_STATUS_OF_READ && *a->message &&
	       (a->code == 401 || a->code == 403 || a->code == 404 || a->code == 429);
}

/* "422 Invalid: secrets "x" (FieldValueInvalid at data.key)", "403 Forbidden, a quota refuses it: pods "y"". */
static void put_text(struct fc_buf *out, const struct answer *a, const struct row *row, const char *note)
{
	/* Of an answer without a reason the code's own is said. */
	const char *reason = is_word(a->reason) ? a->reason : row ? row->reason : "";

	fc_buf_printf(out, "%d%s%s%s%s", a->code, *reason ? " " : "", reason, *note ? ", " : "", note);
	if (may_show_message(a)) {
		fc_buf_puts(out, ": ");
		fc_buf_puts(out, a->message);
		return;
	}
	if (*a->kind || *a->name) {
		fc_buf_puts(out, ": ");
		put_short(out, a->kind);
		fc_buf_puts(out, *a->kind && *a->name ? " \"" : *a->name ? "\"" : "");
		put_short(out, a->name);
		fc_buf_puts(out, *a->name ? "\"" : "");
	}
	put_causes(out, a->causes);
}

int fc_status_error_json(int http_status, const json_t *status, int64_t retry_after_ms, enum fc_status_of of,
			 struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	if (!err)
		return -1;
	const struct answer a = read_answer(http_status, status, retry_after_ms, of);
	const struct row *row = row_of(&a);
	const struct verdict v = judge(&a, row);
	put_text(&text, &a, row, v.note);
	fc_error_set(err, v.cls, "%s", fc_buf_str(&text));
	err->http_status = a.code;
	err->retry_after_ms = a.retry_after_ms;
	/* 502 is a proxy's word for a server that took the request and did not answer (13.17). */
	err->outcome_unknown = of == FC_STATUS_OF_WRITE && (v.cls == FC_ERR_TIMEOUT || a.code == 504 || a.code == 502);
	return -1;
}

int fc_status_error(int http_status, const char *body, size_t len, int64_t retry_after_ms, enum fc_status_of of,
		    struct fc_error *err)
{
	/* A body that cannot be decoded is no Status; why is of no interest, and HTML is never parsed. */
	json_t *status = body && len <= STATUS_MAX_BYTES ? fc_decode(body, len, NULL) : NULL;
	int rc = fc_status_error_json(http_status, status, retry_after_ms, of, err);

	json_decref(status);
	return rc;
}
