/* SPDX-License-Identifier: Apache-2.0 */
/* model/status.h. The first line of the input is `r` or `w` (of a read, of a write), the HTTP status, and Retry-After
 * in ms or nothing; the rest is the body: `w 422\n{"kind":"Status",...}`. */
#include "model/status.h"

#include "fuzz.h"
#include "json/decode.h"

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

/* What is read of a message, because servers give no other sign; it tells no value. */
static const char *const telling[] = { "exceeded quota:", "must specify", "Too large resource version",
				       "failed calling webhook", "admission webhook" };

/* The same Status with a message of which only that is left, and with none in its causes. */
static json_t *without_messages(const json_t *body)
{
	json_t *copy = json_deep_copy(body), *cause;
	const char *message = NULL;
	char left[256] = "";
	size_t i;

	if (fc_json_get_string(copy, "message", &message) == FC_JSON_FOUND)
		for (i = 0; i < FC_ARRAY_LEN(telling); i++)
			if (strstr(message, telling[i]))
				snprintf(left + strlen(left), sizeof(left) - strlen(left), " %s", telling[i]);
	json_object_set_new(copy, "message", json_string(left));
	json_array_foreach(json_object_get(json_object_get(copy, "details"), "causes"), i, cause)
		json_object_del(cause, "message");
	return copy;
}

static bool may_show_message(int code, enum fc_status_of of)
{
	return of == FC_STATUS_OF_READ && (code == 401 || code == 403 || code == 404 || code == 429);
}

static void check_same(const struct fc_error *a, const struct fc_error *b)
{
	FUZZ_CHECK(strcmp(a->text, b->text) == 0);
	FUZZ_CHECK(a->cls == b->cls && a->http_status == b->http_status && a->retry_after_ms == b->retry_after_ms &&
		   a->outcome_unknown == b->outcome_unknown);
}

/* Design section 7: nothing of a write's message may be shown. So the error is the same without one. */
static void check_decoded(int code, const json_t *body, int64_t retry_ms, enum fc_status_of of,
			  const struct fc_error *err)
{
	struct fc_error again = FC_ERROR_INIT;
	json_auto_t *quiet = without_messages(body);

	FUZZ_CHECK(fc_status_error_json(code, body, retry_ms, of, &again) == -1);
	check_same(err, &again);
	if (may_show_message(err->http_status, of))
		return;
	FUZZ_CHECK(fc_status_error_json(code, quiet, retry_ms, of, &again) == -1);
	check_same(err, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FC_AUTO_FREE char *text = fuzz_text(data, size < 64 ? size : 64);
	const uint8_t *line_end = memchr(data, '\n', size);
	size_t head = line_end ? (size_t)(line_end + 1 - data) : size;
	enum fc_status_of of = text[0] == 'w' ? FC_STATUS_OF_WRITE : FC_STATUS_OF_READ;
	struct fc_error err = FC_ERROR_INIT;
	const char *body = (const char *)data + head;
	long long retry_ms = -1;
	int code = 0;

	if (sscanf(text + (text[0] != '\0'), "%d %lld", &code, &retry_ms) < 1 || code < 100 || code > 599 ||
	    retry_ms < -1 || retry_ms > 86400000)
		return 0;
	FUZZ_CHECK(fc_status_error(code, body, size - head, retry_ms, of, &err) == -1);
	fuzz_check_error(&err);
	FUZZ_CHECK(err.http_status >= 100 && err.http_status < 600);
	FUZZ_CHECK(!err.outcome_unknown || of == FC_STATUS_OF_WRITE);
	/* A server's wish is kept, up to an hour. */
	FUZZ_CHECK(retry_ms < 0 || err.retry_after_ms == (retry_ms < 3600000 ? retry_ms : 3600000));
	json_auto_t *decoded = fc_decode(body, size - head, NULL);
	if (!decoded)
		return 0;
	check_decoded(code, decoded, retry_ms, of, &err);
	fc_status_is_failure(decoded);
	return 0;
}
