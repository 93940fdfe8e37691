/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_credential.h"

#include "unit/kube/fixture.h"

#include <jansson.h>

#define V1 "client.authentication.k8s.io/v1"
#define HEAD "\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\""

static int setup(void **state)
{
	*state = fixture_new();
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static struct fc_exec_credential must_parse(const char *text)
{
	struct fc_exec_credential c = { .token = NULL };
	struct fc_error err = FC_ERROR_INIT;

	if (fc_exec_credential_parse(text, strlen(text), V1, &c, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return c;
}

/* Refused with `part`, and without any secret: those of the tests hold the word geheim. */
static void expect_refused(const char *text, const char *part)
{
	struct fc_exec_credential c = { .token = NULL };
	struct fc_error err = FC_ERROR_INIT;

	if (fc_exec_credential_parse(text, strlen(text), V1, &c, &err) == 0)
		fail_msg("taken: %s", text);
	assert_int_equal(err.cls, FC_ERR_PROTOCOL);
	assert_contains(err.text, part);
	assert_lacks(err.text, "geheim");
	assert_null(c.token);
}

/* kube-client 1.31 */
static void test_exec_credential_token_with_an_end(void **state FC_UNUSED)
{
	struct fc_exec_credential c = must_parse("{" HEAD ",\"spec\":{},\"status\":{\"token\":\" abc\\n\","
						 "\"expirationTimestamp\":\"2026-01-31T12:00:00Z\",\"more\":1}}\n");

	assert_string_equal(c.token, "abc");
	assert_null(c.cert_pem);
	assert_int_equal(c.expires_ms, 1769860800000);
	fc_exec_credential_fini(&c);
	assert_null(c.token);
}

static void test_exec_credential_without_an_end_has_none(void **state FC_UNUSED)
{
	static const char *const ends[] = { "", ",\"expirationTimestamp\":null",
					    ",\"expirationTimestamp\":\"0001-01-01T00:00:00Z\"" };

	for (size_t i = 0; i < FC_ARRAY_LEN(ends); i++) {
		FC_AUTO_FREE char *text = fc_xasprintf("{" HEAD ",\"status\":{\"token\":\"abc\"%s}}", ends[i]);
		struct fc_exec_credential c = must_parse(text);
		assert_int_equal(c.expires_ms, 0);
		fc_exec_credential_fini(&c);
	}
	/* The beginning of time is no "never". */
	struct fc_exec_credential c = must_parse(
		"{" HEAD ",\"status\":{\"token\":\"abc\",\"expirationTimestamp\":\"1970-01-01T00:00:00Z\"}}");
	assert_int_equal(c.expires_ms, 1);
	fc_exec_credential_fini(&c);
}

/* The certificate is PEM text, not base64; with a token or without. */
static void test_exec_credential_certificate_and_key(void **state)
{
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	json_t *reply = json_pack("{s:s, s:s, s:{s:s, s:s, s:s}}", "kind", "ExecCredential", "apiVersion", V1, "status",
				  "clientCertificateData", certificate, "clientKeyData", key, "token", "");
	char *text = json_dumps(reply, 0);
	struct fc_exec_credential c = must_parse(text);
	assert_string_equal(c.cert_pem, certificate);
	assert_string_equal(c.key_pem, key);
	assert_null(c.token);
	fc_exec_credential_fini(&c);
	json_decref(reply);
	free(text);
}

static void test_exec_credential_half_or_foreign_pairs_are_refused(void **state)
{
	const char *certificate, *key, *other, *other_key;

	fixture_pair(*state, &certificate, &key);
	fixture_pair(*state, &other, &other_key);
	const struct {
		const char *certificate, *key, *part;
	} rows[] = {
		{ certificate, "", "clientKeyData is missing" }, { "", key, "clientCertificateData is missing" },
		{ certificate, other_key, "clientKeyData: " },	 { "geheim", key, "clientCertificateData: " },
		{ certificate, "geheim", "clientKeyData: " },
	};
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		/* A token beside it does not make half a pair good. */
		json_t *reply = json_pack("{s:s, s:s, s:{s:s, s:s, s:s}}", "kind", "ExecCredential", "apiVersion", V1,
					  "status", "clientCertificateData", rows[i].certificate, "clientKeyData",
					  rows[i].key, "token", "geheim");
		char *text = json_dumps(reply, 0);
		expect_refused(text, rows[i].part);
		json_decref(reply);
		free(text);
	}
}

static void test_exec_credential_of_another_kind_or_version_is_refused(void **state FC_UNUSED)
{
	expect_refused("", "");
	expect_refused("geheim", "");
	expect_refused("[\"geheim\"]", "no JSON object");
	expect_refused("{\"status\":{\"token\":\"geheim\"}}", "kind");
	expect_refused("{\"kind\":\"Secret\",\"apiVersion\":\"" V1 "\",\"status\":{\"token\":\"geheim\"}}", "kind");
	expect_refused("{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"geheim\"}}", "apiVersion");
	expect_refused("{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\","
		       "\"status\":{\"token\":\"geheim\"}}",
		       "apiVersion is not " V1);
	expect_refused("{" HEAD ",\"status\":{\"token\":\"geheim\"}} geheim", "");
}

static void test_exec_credential_without_anything_to_log_in_with_is_refused(void **state FC_UNUSED)
{
	expect_refused("{" HEAD "}", "has no status");
	expect_refused("{" HEAD ",\"status\":null}", "has no status");
	expect_refused("{" HEAD ",\"status\":\"geheim\"}", "has no status");
	expect_refused("{" HEAD ",\"status\":{}}", "neither a token nor a certificate");
	expect_refused("{" HEAD ",\"status\":{\"token\":\"\",\"clientKeyData\":null}}", "neither a token");
	expect_refused("{" HEAD ",\"status\":{\"token\":[\"geheim\"]}}", "token is no string");
	expect_refused("{" HEAD ",\"status\":{\"token\":\"geheim wort\"}}", "status: the token holds white space");
	expect_refused("{" HEAD ",\"status\":{\"token\":\"geheim\\nX: y\"}}", "status: the token");
	expect_refused("{" HEAD ",\"status\":{\"token\":\"geheim\",\"expirationTimestamp\":\"geheim\"}}",
		       "expirationTimestamp: ");
	expect_refused("{" HEAD ",\"status\":{\"token\":\"geheim\",\"expirationTimestamp\":17}}",
		       "expirationTimestamp is no string");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exec_credential_token_with_an_end),
		cmocka_unit_test(test_exec_credential_without_an_end_has_none),
		cmocka_unit_test_setup_teardown(test_exec_credential_certificate_and_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_credential_half_or_foreign_pairs_are_refused, setup,
						teardown),
		cmocka_unit_test(test_exec_credential_of_another_kind_or_version_is_refused),
		cmocka_unit_test(test_exec_credential_without_anything_to_log_in_with_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
