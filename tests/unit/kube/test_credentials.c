/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/credentials.h"

#include "unit/kube/fixture.h"

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

/* Without a loop: none of these waits for anything. */
static struct fc_credentials *credentials_of(const struct fc_access *a)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_credentials *c = fc_credentials_new(&(struct fc_credentials_options){ .access = a }, &err);

	if (!c)
		fail_msg("%s", err.text);
	return c;
}

static void expect_header(struct fc_credentials *c, int64_t now_ms, const char *wanted)
{
	struct fc_error err = FC_ERROR_INIT;
	struct curl_slist *out = NULL;

	if (fc_credentials_headers(c, now_ms, &out, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(out ? out->data : "", wanted);
	fc_credentials_free_headers(out);
}

static struct fc_access *access_of_file(const char *server, const char *path)
{
	struct fc_access *a = fc_xcalloc(1, sizeof(*a));

	a->server = fc_xstrdup(server);
	a->token_file = fc_xstrdup(path);
	return a;
}

/* kube-client 1.16 */
static void test_credentials_inline_token_is_a_bearer(void **state FC_UNUSED)
{
	struct fc_access a = { .server = (char[]){ "https://api" }, .token = (char[]){ "abc" } };
	struct fc_credentials *c = credentials_of(&a);

	expect_header(c, 0, "Authorization: Bearer abc");
	fc_credentials_free(c);
}

/* 1.18; the pair of RFC 7617 section 2. */
static void test_credentials_basic_is_encoded(void **state FC_UNUSED)
{
	struct fc_access a = { .server = (char[]){ "https://api" },
			       .username = (char[]){ "Aladdin" },
			       .password = (char[]){ "open sesame" } };
	struct fc_credentials *c = credentials_of(&a);

	expect_header(c, 0, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	fc_credentials_free(c);
}

static void test_credentials_of_a_certificate_alone_are_no_header(void **state FC_UNUSED)
{
	struct fc_access a = { .server = (char[]){ "https://api" },
			       .cert_pem = (char[]){ "x" },
			       .key_pem = (char[]){ "x" } };
	struct fc_credentials *c = credentials_of(&a);

	expect_header(c, 0, "");
	fc_credentials_free(c);
}

/* 1.19 */
static void test_credentials_never_go_over_plain_http(void **state)
{
	const char *path = fixture_write(*state, "token", "file");
	struct fc_access a = { .server = (char[]){ "http://api" }, .token = (char[]){ "abc" } };
	struct fc_access *of_file = access_of_file("http://api", path);
	struct fc_credentials *inline_ = credentials_of(&a), *file = credentials_of(of_file);

	expect_header(inline_, 0, "");
	expect_header(file, 0, "");
	fc_credentials_free(inline_);
	fc_credentials_free(file);
	fc_access_free(of_file);
}

/* 1.17, 1.39: a rotated token is used after 50 s, without a restart. */
static void test_credentials_token_file_is_read_again_after_50_seconds(void **state)
{
	const char *path = fixture_write(*state, "token", "first\n");
	struct fc_access *a = access_of_file("https://api", path);
	struct fc_credentials *c = credentials_of(a);

	expect_header(c, 1000, "Authorization: Bearer first");
	fixture_write(*state, "token", "second\n");
	expect_header(c, 50999, "Authorization: Bearer first");
	expect_header(c, 51001, "Authorization: Bearer second");
	fc_credentials_free(c);
	fc_access_free(a);
}

/* 2.17 */
static void test_credentials_refused_makes_the_next_request_look_again(void **state)
{
	const char *path = fixture_write(*state, "token", "first");
	struct fc_access *a = access_of_file("https://api", path);
	struct fc_credentials *c = credentials_of(a);

	expect_header(c, 1000, "Authorization: Bearer first");
	fixture_write(*state, "token", "second");
	fc_credentials_refused(c);
	expect_header(c, 1001, "Authorization: Bearer second");
	fixture_write(*state, "token", "third");
	expect_header(c, 1002, "Authorization: Bearer second");
	fc_credentials_free(c);
	fc_access_free(a);
}

/* 1.17 */
static void test_credentials_failed_read_keeps_the_last_good_token(void **state)
{
	const char *path = fixture_write(*state, "token", "first");
	struct fc_access *a = access_of_file("https://api", path);
	struct fc_credentials *c = credentials_of(a);

	expect_header(c, 0, "Authorization: Bearer first");
	assert_int_equal(unlink(path), 0);
	expect_header(c, 60000, "Authorization: Bearer first");
	fixture_write(*state, "token", "  ");
	expect_header(c, 61000, "Authorization: Bearer first");
	fixture_write(*state, "token", "second");
	expect_header(c, 61001, "Authorization: Bearer second");
	fc_credentials_free(c);
	fc_access_free(a);
}

/* 1.16: the file's value wins; the inline one serves until there is one. */
static void test_credentials_file_wins_over_inline(void **state)
{
	const char *path = fixture_path(*state, "token");
	struct fc_access *a = access_of_file("https://api", path);

	a->token = fc_xstrdup("inline");
	struct fc_credentials *c = credentials_of(a);
	expect_header(c, 0, "Authorization: Bearer inline");
	fixture_write(*state, "token", "file");
	expect_header(c, 1, "Authorization: Bearer file");
	assert_int_equal(unlink(path), 0);
	expect_header(c, 60000, "Authorization: Bearer file");
	fc_credentials_free(c);
	fc_access_free(a);
}

/* 1.17, 1.24 */
static void test_credentials_without_any_token_fail_the_request(void **state)
{
	const char *path = fixture_write(*state, "token", "geheim wort");
	struct fc_access *a = access_of_file("https://api", path);
	struct fc_credentials *c = credentials_of(a);
	struct fc_error err = FC_ERROR_INIT;
	struct curl_slist *out = NULL;

	assert_int_equal(fc_credentials_headers(c, 0, &out, &err), -1);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, path);
	assert_lacks(err.text, "geheim");
	assert_null(out);
	fixture_write(*state, "token", "good");
	expect_header(c, 1, "Authorization: Bearer good");
	fc_credentials_free(c);
	fc_access_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials_inline_token_is_a_bearer),
		cmocka_unit_test(test_credentials_basic_is_encoded),
		cmocka_unit_test(test_credentials_of_a_certificate_alone_are_no_header),
		cmocka_unit_test_setup_teardown(test_credentials_never_go_over_plain_http, setup, teardown),
		cmocka_unit_test_setup_teardown(test_credentials_token_file_is_read_again_after_50_seconds, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_credentials_refused_makes_the_next_request_look_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_credentials_failed_read_keeps_the_last_good_token, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_credentials_file_wins_over_inline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_credentials_without_any_token_fail_the_request, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
