/* SPDX-License-Identifier: Apache-2.0 */
#include "model/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static struct fc_error answer(int code, const char *body, enum fc_status_of of)
{
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(fc_status_error(code, body, strlen(body), -1, of, &err), -1);
	return err;
}

#define STATUS(members) "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\"," members "}"

/* kube-client 13.4 to 13.12, a line each. */
static const struct {
	int code;
	const char *reason;
	enum fc_error_class cls;
} rows[] = {
	{ 400, "BadRequest", FC_ERR_INVALID },
	{ 401, "Unauthorized", FC_ERR_UNAUTHORIZED },
	{ 403, "Forbidden", FC_ERR_FORBIDDEN },
	{ 404, "NotFound", FC_ERR_NOT_FOUND },
	{ 405, "MethodNotAllowed", FC_ERR_NOT_SERVED },
	{ 406, "NotAcceptable", FC_ERR_NOT_SERVED },
	{ 415, "UnsupportedMediaType", FC_ERR_NOT_SERVED },
	{ 409, "AlreadyExists", FC_ERR_EXISTS },
	{ 409, "Conflict", FC_ERR_CONFLICT },
	{ 410, "Gone", FC_ERR_GONE },
	{ 410, "Expired", FC_ERR_GONE },
	{ 413, "RequestEntityTooLarge", FC_ERR_INVALID },
	{ 422, "Invalid", FC_ERR_INVALID },
	{ 429, "TooManyRequests", FC_ERR_THROTTLED },
	{ 500, "InternalError", FC_ERR_SERVER },
	{ 500, "ServerTimeout", FC_ERR_SERVER },
	{ 500, "StorageReadError", FC_ERR_SERVER },
	{ 503, "ServiceUnavailable", FC_ERR_SERVER },
	{ 504, "Timeout", FC_ERR_TIMEOUT },
};

static void test_status_is_classified_by_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		char body[256];
		snprintf(body, sizeof(body),
			 STATUS("\"reason\":\"%s\",\"code\":%d,\"details\":{\"name\":\"web\",\"kind\":\"secrets\"}"),
			 rows[i].reason, rows[i].code);
		struct fc_error err = answer(rows[i].code, body, FC_STATUS_OF_READ);
		assert_int_equal(err.cls, rows[i].cls);
		assert_int_equal(err.http_status, rows[i].code);
		assert_int_equal(err.retry_after_ms, -1);
		assert_non_null(strstr(err.text, rows[i].reason));
	}
}

static void test_status_reason_weighs_more_than_the_code(void **state)
{
	(void)state;
	struct fc_error err = answer(500, STATUS("\"reason\":\"Conflict\",\"code\":500"), FC_STATUS_OF_WRITE);
	assert_int_equal(err.cls, FC_ERR_CONFLICT);
}

static void test_status_with_an_unknown_or_no_reason_is_classified_by_its_code(void **state)
{
	(void)state;
	assert_int_equal(answer(409, STATUS("\"reason\":\"\""), FC_STATUS_OF_WRITE).cls, FC_ERR_CONFLICT);
	assert_int_equal(answer(409, STATUS("\"reason\":\"Newfangled\""), FC_STATUS_OF_WRITE).cls, FC_ERR_CONFLICT);
	assert_int_equal(answer(503, STATUS("\"code\":503"), FC_STATUS_OF_READ).cls, FC_ERR_SERVER);
	assert_int_equal(answer(422, STATUS("\"reason\":7"), FC_STATUS_OF_WRITE).cls, FC_ERR_INVALID);
}

static void test_status_of_a_body_that_is_none_is_classified_by_the_code(void **state)
{
	static const struct {
		int code;
		enum fc_error_class cls;
	} cases[] = {
		{ 302, FC_ERR_PROTOCOL },  { 400, FC_ERR_INVALID },    { 401, FC_ERR_UNAUTHORIZED },
		{ 403, FC_ERR_FORBIDDEN }, { 404, FC_ERR_NOT_SERVED }, { 405, FC_ERR_NOT_SERVED },
		{ 407, FC_ERR_PROTOCOL },  { 408, FC_ERR_SERVER },     { 409, FC_ERR_CONFLICT },
		{ 410, FC_ERR_GONE },	   { 413, FC_ERR_INVALID },    { 414, FC_ERR_INVALID },
		{ 421, FC_ERR_PROTOCOL },  { 429, FC_ERR_THROTTLED },  { 431, FC_ERR_INVALID },
		{ 500, FC_ERR_SERVER },	   { 502, FC_ERR_SERVER },     { 503, FC_ERR_SERVER },
		{ 504, FC_ERR_TIMEOUT },   { 520, FC_ERR_SERVER },
	};
	static const char *const bodies[] = { "<html>secret-page</html>", "", "{\"kind\":\"Table\"}",
					      "{\"kind\":\"Status\"", "[1]" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(cases); i++)
		for (size_t j = 0; j < FC_ARRAY_LEN(bodies); j++) {
			struct fc_error err = answer(cases[i].code, bodies[j], FC_STATUS_OF_READ);
			assert_int_equal(err.cls, cases[i].cls);
			assert_int_equal(err.http_status, cases[i].code);
			assert_null(strstr(err.text, "secret-page"));
		}
	assert_non_null(strstr(answer(502, "<html>", FC_STATUS_OF_READ).text, "no Status"));
}

static void test_status_longer_than_64_kib_is_none(void **state)
{
	size_t bytes = 64 * 1024 + 1;
	FC_AUTO_FREE char *body = fc_xcalloc(1, bytes + 1);
	struct fc_error err = FC_ERROR_INIT;
	const char *status = STATUS("\"reason\":\"Conflict\"");

	(void)state;
	memset(body, ' ', bytes);
	memcpy(body, status, strlen(status));
	assert_int_equal(fc_status_error(500, body, bytes - 1, -1, FC_STATUS_OF_READ, &err), -1);
	assert_int_equal(err.cls, FC_ERR_CONFLICT);
	assert_int_equal(fc_status_error(500, body, bytes, -1, FC_STATUS_OF_READ, &err), -1);
	assert_int_equal(err.cls, FC_ERR_SERVER);
}

static void test_status_403_by_quota_is_its_own_class(void **state)
{
	(void)state;
	struct fc_error exceeded = answer(
		403,
		STATUS("\"reason\":\"Forbidden\",\"message\":\"secrets \\\"a\\\" is forbidden: exceeded quota: q, "
		       "requested: secrets=1\",\"details\":{\"name\":\"a\",\"kind\":\"secrets\"}"),
		FC_STATUS_OF_WRITE);
	struct fc_error missing = answer(
		403,
		STATUS("\"reason\":\"Forbidden\",\"message\":\"pods \\\"a\\\" is forbidden: failed quota: q: must "
		       "specify cpu\""),
		FC_STATUS_OF_WRITE);
	assert_int_equal(exceeded.cls, FC_ERR_QUOTA);
	assert_non_null(strstr(exceeded.text, "quota"));
	assert_int_equal(missing.cls, FC_ERR_QUOTA);
}

static void test_status_403_by_a_terminating_namespace_is_its_own_class(void **state)
{
	(void)state;
	struct fc_error err =
		answer(403,
		       STATUS("\"reason\":\"Forbidden\",\"details\":{\"name\":\"a\",\"kind\":\"secrets\",\"causes\":[{"
			      "\"reason\":"
			      "\"NamespaceTerminating\",\"message\":\"namespace x is being terminated\",\"field\":"
			      "\"metadata.namespace\"}]}"),
		       FC_STATUS_OF_WRITE);
	assert_int_equal(err.cls, FC_ERR_TERMINATING);
	assert_non_null(strstr(err.text, "being deleted"));
}

static void test_status_403_by_rbac_is_forbidden(void **state)
{
	(void)state;
	struct fc_error err = answer(403,
				     STATUS("\"reason\":\"Forbidden\",\"message\":\"secrets is forbidden: User "
					    "\\\"u\\\" cannot list resource\","
					    "\"details\":{\"kind\":\"secrets\"}"),
				     FC_STATUS_OF_READ);
	assert_int_equal(err.cls, FC_ERR_FORBIDDEN);
	assert_non_null(strstr(err.text, "cannot list resource"));
}

static void test_status_404_that_names_an_object_says_it_is_absent(void **state)
{
	(void)state;
	struct fc_error err =
		answer(404, STATUS("\"reason\":\"NotFound\",\"details\":{\"name\":\"web\",\"kind\":\"secrets\"}"),
		       FC_STATUS_OF_READ);
	assert_int_equal(err.cls, FC_ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "secrets \"web\""));
}

static void test_status_404_that_names_none_says_the_type_is_not_served(void **state)
{
	(void)state;
	struct fc_error err = answer(404,
				     STATUS("\"reason\":\"NotFound\",\"message\":\"the server could not find the "
					    "requested resource\",\"details\":{}"),
				     FC_STATUS_OF_READ);
	assert_int_equal(err.cls, FC_ERR_NOT_SERVED);
	assert_int_equal(
		answer(404, STATUS("\"reason\":\"NotFound\",\"details\":{\"name\":\"\"}"), FC_STATUS_OF_READ).cls,
		FC_ERR_NOT_SERVED);
	assert_int_equal(answer(404, STATUS("\"reason\":\"NotFound\",\"details\":{\"name\":5}"), FC_STATUS_OF_READ).cls,
			 FC_ERR_NOT_SERVED);
}

static void test_status_404_of_a_create_names_the_missing_namespace(void **state)
{
	(void)state;
	struct fc_error err =
		answer(404, STATUS("\"reason\":\"NotFound\",\"details\":{\"name\":\"team-a\",\"kind\":\"namespaces\"}"),
		       FC_STATUS_OF_WRITE);
	assert_int_equal(err.cls, FC_ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "namespaces \"team-a\""));
}

static void test_status_504_of_a_too_large_version_asks_for_a_new_list(void **state)
{
	(void)state;
	struct fc_error by_cause = answer(
		504,
		STATUS("\"reason\":\"Timeout\",\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}],"
		       "\"retryAfterSeconds\":1}"),
		FC_STATUS_OF_READ);
	struct fc_error by_message =
		answer(504, STATUS("\"reason\":\"Timeout\",\"message\":\"Too large resource version: 9, current: 4\""),
		       FC_STATUS_OF_READ);
	assert_int_equal(by_cause.cls, FC_ERR_GONE);
	assert_int_equal(by_cause.retry_after_ms, 1000);
	assert_non_null(strstr(by_cause.text, "list again"));
	assert_int_equal(by_message.cls, FC_ERR_GONE);
}

static void test_status_of_a_write_that_timed_out_leaves_the_outcome_unknown(void **state)
{
	(void)state;
	assert_true(answer(504, STATUS("\"reason\":\"Timeout\""), FC_STATUS_OF_WRITE).outcome_unknown);
	assert_true(answer(502, "<html>", FC_STATUS_OF_WRITE).outcome_unknown);
	assert_false(answer(504, STATUS("\"reason\":\"Timeout\""), FC_STATUS_OF_READ).outcome_unknown);
	assert_false(answer(409, STATUS("\"reason\":\"Conflict\""), FC_STATUS_OF_WRITE).outcome_unknown);
	assert_false(answer(503, STATUS("\"reason\":\"ServiceUnavailable\""), FC_STATUS_OF_WRITE).outcome_unknown);
}

static int64_t retry_after(const char *seconds, int64_t header_ms)
{
	struct fc_error err = FC_ERROR_INIT;
	char body[256];

	snprintf(body, sizeof(body), STATUS("\"reason\":\"TooManyRequests\",\"details\":{\"retryAfterSeconds\":%s}"),
		 seconds);
	assert_int_equal(fc_status_error(429, body, strlen(body), header_ms, FC_STATUS_OF_READ, &err), -1);
	return err.retry_after_ms;
}

static void test_status_retry_after_comes_from_the_header_else_from_the_details(void **state)
{
	(void)state;
	assert_int_equal(retry_after("7", 2000), 2000);
	assert_int_equal(retry_after("7", 0), 0);
	assert_int_equal(retry_after("7", -1), 7000);
	assert_int_equal(retry_after("0", -1), -1);
	assert_int_equal(retry_after("-3", -1), -1);
	assert_int_equal(retry_after("\"x\"", -1), -1);
	assert_int_equal(retry_after("9223372036854775807", -1), 3600 * 1000);
	assert_int_equal(retry_after("7", INT64_C(999999999000)), 3600 * 1000);
}

#define SECRET "hunter2-in-clear"
#define LEAKY                                                                                                  \
	"\"message\":\"Secret \\\"web\\\" is invalid: data: Invalid value: \\\"" SECRET "\\\"\",\"details\":{" \
	"\"name\":\"web\",\"kind\":\"Secret\",\"uid\":\"" SECRET "\",\"group\":\"" SECRET "\",\"causes\":["    \
	"{\"reason\":\"FieldValueInvalid\",\"message\":\"Invalid value: " SECRET "\",\"field\":\"data.key\"}," \
	"{\"reason\":\"Invalid: " SECRET "\",\"message\":\"" SECRET "\",\"field\":\"type\"}]},"                \
	"\"metadata\":{\"continue\":\"" SECRET "\"}"

static void test_status_of_a_write_never_shows_a_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		char body[2048];
		snprintf(body, sizeof(body), STATUS("\"reason\":\"%s\"," LEAKY), rows[i].reason);
		struct fc_error err = answer(rows[i].code, body, FC_STATUS_OF_WRITE);
		assert_null(strstr(err.text, SECRET));
		assert_non_null(strstr(err.text, rows[i].reason));
		assert_non_null(strstr(err.text, "Secret \"web\""));
		assert_non_null(strstr(err.text, "FieldValueInvalid at data.key"));
		assert_non_null(strstr(err.text, "at type"));
	}
}

static void test_status_of_a_write_shows_no_reason_that_is_more_than_a_word(void **state)
{
	(void)state;
	struct fc_error err = answer(400, STATUS("\"reason\":\"denied: " SECRET "\""), FC_STATUS_OF_WRITE);
	assert_null(strstr(err.text, SECRET));
	assert_string_equal(err.text, "400 BadRequest");
}

static void test_status_of_a_read_shows_the_message_of_four_codes_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		char body[2048];
		int code = rows[i].code;
		bool shown = code == 401 || code == 403 || code == 404 || code == 429;
		snprintf(body, sizeof(body), STATUS("\"reason\":\"%s\"," LEAKY), rows[i].reason);
		struct fc_error err = answer(code, body, FC_STATUS_OF_READ);
		assert_int_equal(strstr(err.text, "is invalid: data") != NULL, shown);
	}
}

static void test_status_shows_four_causes_and_counts_the_rest(void **state)
{
	(void)state;
	struct fc_error err =
		answer(422,
		       STATUS("\"reason\":\"Invalid\",\"details\":{\"causes\":[{\"field\":\"a\"},{\"field\":\"b\"},{"
			      "\"reason\":"
			      "\"FieldValueRequired\"},{\"field\":\"d\"},{\"field\":\"e\"},{\"field\":\"f\"}]}"),
		       FC_STATUS_OF_WRITE);
	assert_string_equal(err.text,
			    "422 Invalid (refused at a, refused at b, FieldValueRequired, refused at d and 2 more)");
}

static void test_status_cuts_long_fields_before_a_character(void **state)
{
	char body[1024], field[400] = "";

	(void)state;
	/* 127 bytes and then characters of two: the limit of 128 falls into the first of them. */
	memset(field, 'f', 127);
	for (int i = 0; i < 100; i++)
		strcat(field, "\xC3\xA4");
	snprintf(body, sizeof(body), STATUS("\"reason\":\"Invalid\",\"details\":{\"causes\":[{\"field\":\"%s\"}]}"),
		 field);
	struct fc_error err = answer(422, body, FC_STATUS_OF_WRITE);
	assert_non_null(strstr(err.text, "fff...)"));
	assert_null(strstr(err.text, "\xC3"));
}

static void test_status_says_when_a_webhook_refused_and_not_why(void **state)
{
	(void)state;
	struct fc_error err =
		answer(400, STATUS("\"message\":\"admission webhook \\\"x\\\" denied the request: " SECRET "\""),
		       FC_STATUS_OF_WRITE);
	assert_string_equal(err.text, "400 BadRequest, an admission webhook refuses it");
	err = answer(500, STATUS("\"reason\":\"InternalError\",\"message\":\"failed calling webhook \\\"x\\\"\""),
		     FC_STATUS_OF_WRITE);
	assert_int_equal(err.cls, FC_ERR_SERVER);
	assert_non_null(strstr(err.text, "could not be called"));
}

static void test_status_with_members_of_wrong_types_is_no_crash(void **state)
{
	static const char *const bodies[] = {
		STATUS("\"reason\":[],\"message\":{},\"details\":7"),
		STATUS("\"details\":{\"causes\":{\"a\":1},\"name\":null,\"retryAfterSeconds\":1.5}"),
		STATUS("\"details\":{\"causes\":[null,7,\"x\",{\"reason\":7,\"field\":[]}]}"),
		STATUS("\"code\":\"x\""),
		"null",
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(bodies); i++) {
		assert_int_equal(answer(422, bodies[i], FC_STATUS_OF_WRITE).cls, FC_ERR_INVALID);
		assert_int_equal(answer(422, bodies[i], FC_STATUS_OF_READ).cls, FC_ERR_INVALID);
	}
}

static struct fc_error event_error(const char *text)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *status = json_loads(text, 0, NULL);

	assert_non_null(status);
	assert_int_equal(fc_status_error_json(200, status, -1, FC_STATUS_OF_READ, &err), -1);
	json_decref(status);
	return err;
}

static void test_status_in_a_watch_counts_by_its_own_code(void **state)
{
	(void)state;
	struct fc_error expired = event_error(STATUS("\"reason\":\"Expired\",\"code\":410"));
	assert_int_equal(expired.cls, FC_ERR_GONE);
	assert_int_equal(expired.http_status, 410);
	assert_int_equal(event_error(STATUS("\"code\":410")).cls, FC_ERR_GONE);
	assert_int_equal(event_error(STATUS("\"code\":429")).cls, FC_ERR_THROTTLED);
	assert_int_equal(event_error(STATUS("\"code\":999999")).cls, FC_ERR_SERVER);
	assert_int_equal(event_error("{}").cls, FC_ERR_SERVER);
}

static void test_status_of_success_is_no_failure(void **state)
{
	static const struct {
		const char *body;
		bool failure;
	} cases[] = {
		{ "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Success\"}", false },
		{ "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\"}", true },
		{ "{\"kind\":\"Status\",\"apiVersion\":\"v1\"}", true },
		{ "{\"kind\":\"Status\"}", true },
		{ "{\"kind\":\"Status\",\"apiVersion\":\"example.io/v1\",\"status\":{}}", false },
		{ "{\"kind\":\"Secret\",\"apiVersion\":\"v1\"}", false },
		{ "[]", false },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(cases); i++) {
		json_t *body = json_loads(cases[i].body, 0, NULL);
		assert_int_equal(fc_status_is_failure(body), cases[i].failure);
		json_decref(body);
	}
	assert_false(fc_status_is_failure(NULL));
}

static void test_status_error_may_be_left_out(void **state)
{
	(void)state;
	assert_int_equal(fc_status_error(500, NULL, 0, -1, FC_STATUS_OF_READ, NULL), -1);
	assert_int_equal(fc_status_error_json(500, NULL, -1, FC_STATUS_OF_READ, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_is_classified_by_its_reason),
		cmocka_unit_test(test_status_reason_weighs_more_than_the_code),
		cmocka_unit_test(test_status_with_an_unknown_or_no_reason_is_classified_by_its_code),
		cmocka_unit_test(test_status_of_a_body_that_is_none_is_classified_by_the_code),
		cmocka_unit_test(test_status_longer_than_64_kib_is_none),
		cmocka_unit_test(test_status_403_by_quota_is_its_own_class),
		cmocka_unit_test(test_status_403_by_a_terminating_namespace_is_its_own_class),
		cmocka_unit_test(test_status_403_by_rbac_is_forbidden),
		cmocka_unit_test(test_status_404_that_names_an_object_says_it_is_absent),
		cmocka_unit_test(test_status_404_that_names_none_says_the_type_is_not_served),
		cmocka_unit_test(test_status_404_of_a_create_names_the_missing_namespace),
		cmocka_unit_test(test_status_504_of_a_too_large_version_asks_for_a_new_list),
		cmocka_unit_test(test_status_of_a_write_that_timed_out_leaves_the_outcome_unknown),
		cmocka_unit_test(test_status_retry_after_comes_from_the_header_else_from_the_details),
		cmocka_unit_test(test_status_of_a_write_never_shows_a_message),
		cmocka_unit_test(test_status_of_a_write_shows_no_reason_that_is_more_than_a_word),
		cmocka_unit_test(test_status_of_a_read_shows_the_message_of_four_codes_only),
		cmocka_unit_test(test_status_shows_four_causes_and_counts_the_rest),
		cmocka_unit_test(test_status_cuts_long_fields_before_a_character),
		cmocka_unit_test(test_status_says_when_a_webhook_refused_and_not_why),
		cmocka_unit_test(test_status_with_members_of_wrong_types_is_no_crash),
		cmocka_unit_test(test_status_in_a_watch_counts_by_its_own_code),
		cmocka_unit_test(test_status_of_success_is_no_failure),
		cmocka_unit_test(test_status_error_may_be_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
