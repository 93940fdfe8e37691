/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/credentials.h"

#include "base/clock.h"
#include "kube/exec_plugins.h"
#include "unit/kube/plugin.h"

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

static void expect_lines(struct fc_credentials *c, const char *const *wanted)
{
	struct fc_error err = FC_ERROR_INIT;
	struct curl_slist *out = NULL, *at;

	if (fc_credentials_headers(c, 0, &out, &err) != 0)
		fail_msg("%s", err.text);
	for (at = out; at && *wanted; at = at->next, wanted++)
		assert_string_equal(at->data, *wanted);
	assert_null(at);
	assert_null(*wanted);
	fc_credentials_free_headers(out);
}

/* 1.22: after the login, on every request; 1.19: the names go over plain http too, where the login does not. */
static void test_credentials_impersonation_follows_the_login(void **state FC_UNUSED)
{
	char *lines[] = { (char[]){ "Impersonate-User: jane" }, (char[]){ "Impersonate-Group: a" }, NULL };
	struct fc_access a = { .server = (char[]){ "https://api" }, .token = (char[]){ "abc" }, .impersonate = lines };
	struct fc_access plain = { .server = (char[]){ "http://api" },
				   .token = (char[]){ "abc" },
				   .impersonate = lines };
	struct fc_credentials *c = credentials_of(&a), *http = credentials_of(&plain);

	expect_lines(c, (const char *const[]){ "Authorization: Bearer abc", lines[0], lines[1], NULL });
	expect_lines(http, (const char *const[]){ lines[0], lines[1], NULL });
	fc_credentials_free(c);
	fc_credentials_free(http);
}

/* Decoded, never verified: {"exp":1769860800}. */
static void test_credentials_say_when_they_expire(void **state)
{
	static const char jwt[] = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3Njk4NjA4MDB9.c2ln";
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	struct fc_access *a = access_of_file("https://api", fixture_write(*state, "token", jwt));
	a->cert_pem = fc_xstrdup(certificate);
	a->key_pem = fc_xstrdup(key);
	struct fc_credentials *c = credentials_of(a);
	assert_int_equal(fc_credentials_expires(c).token_ms, 0); /* not read yet */
	struct curl_slist *out = NULL;
	assert_int_equal(fc_credentials_headers(c, 0, &out, NULL), 0);
	fc_credentials_free_headers(out);
	assert_int_equal(fc_credentials_expires(c).token_ms, 1769860800000);
	int64_t left_ms = fc_credentials_expires(c).certificate_ms - fc_clock_wall_ms();
	assert_true(left_ms > 3500 * 1000 && left_ms <= 3600 * 1000);
	fc_credentials_free(c);
	fc_access_free(a);
}

/* With a loop: what is told, and when. */
struct bench {
	struct fixture *files;
	struct fc_loop *loop;
	struct fc_exec_plugins *plugins;
	struct fc_access *access;
	struct fc_credentials *credentials;
	int ready, changed;
	bool in_call; /* inside one of ours, where nothing may be called back */
	const char *seen_cert;
};

static void on_ready(void *user)
{
	struct bench *b = user;

	assert_false(b->in_call);
	b->ready++;
}

static void on_tls_changed(void *user)
{
	struct bench *b = user;

	assert_false(b->in_call);
	b->changed++;
	/* The old text can still be read, and is not the new one. */
	if (b->seen_cert && fc_credentials_tls(b->credentials).cert_pem)
		assert_string_not_equal(b->seen_cert, fc_credentials_tls(b->credentials).cert_pem);
}

static int setup_bench(void **state)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	b->files = fixture_new();
	b->loop = fc_loop_new(NULL, NULL, NULL);
	b->plugins = fc_exec_plugins_new();
	b->access = fc_xcalloc(1, sizeof(*b->access));
	b->access->server = fc_xstrdup("https://api");
	*state = b;
	return 0;
}

static int teardown_bench(void **state)
{
	struct bench *b = *state;

	fc_credentials_free(b->credentials);
	fc_access_free(b->access);
	fc_exec_plugins_free(b->plugins);
	fc_loop_free(b->loop);
	fixture_free(b->files);
	free(b);
	return 0;
}

static void begin(struct bench *b)
{
	struct fc_error err = FC_ERROR_INIT;

	b->credentials = fc_credentials_new(
		&(struct fc_credentials_options){ .access = b->access, .loop = b->loop, .plugins = b->plugins }, &err);
	if (!b->credentials)
		fail_msg("%s", err.text);
	fc_credentials_listen(
		b->credentials,
		&(struct fc_credentials_listener){ .on_ready = on_ready, .on_tls_changed = on_tls_changed, .user = b });
}

/* As a request would ask: the line in `line`, "" for none. */
static int ask(struct bench *b, char line[256], struct fc_error *err)
{
	struct curl_slist *out = NULL;

	b->in_call = true;
	int rc = fc_credentials_headers(b->credentials, fc_clock_mono_ms(), &out, err);
	b->in_call = false;
	snprintf(line, 256, "%s", out ? out->data : "");
	fc_credentials_free_headers(out);
	return rc;
}

static int settle(struct bench *b, char line[256], struct fc_error *err)
{
	int rc;

	*err = FC_ERROR_INIT;
	while ((rc = ask(b, line, err)) == 1)
		for (int ready = b->ready; b->ready == ready;)
			fc_loop_run_once(b->loop, -1);
	return rc;
}

static void expect_settled(struct bench *b, const char *wanted)
{
	struct fc_error err;
	char line[256];

	if (settle(b, line, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(line, wanted);
}

static void refuse(struct bench *b)
{
	b->in_call = true;
	fc_credentials_refused(b->credentials);
	b->in_call = false;
}

static void connect_again(struct bench *b)
{
	b->in_call = true;
	fc_credentials_connecting(b->credentials);
	b->in_call = false;
}

static void wait_changed(struct bench *b, int times)
{
	while (b->changed < times)
		fc_loop_run_once(b->loop, -1);
	assert_int_equal(b->changed, times);
}

/* As often as the timers set now come round. */
static void let_pass(struct bench *b)
{
	for (int64_t end_ms = fc_clock_mono_ms() + 1200; fc_clock_mono_ms() < end_ms;)
		fc_loop_run_once(b->loop, 50);
}

static void use_files(struct bench *b, const char *ca, const char *certificate, const char *key)
{
	b->access->ca_file = fc_xstrdup(fixture_write(b->files, "ca", ca));
	b->access->ca_pem = fc_xstrdup(ca);
	b->access->cert_file = fc_xstrdup(fixture_write(b->files, "cert", certificate));
	b->access->cert_pem = fc_xstrdup(certificate);
	b->access->key_file = fc_xstrdup(fixture_write(b->files, "key", key));
	b->access->key_pem = fc_xstrdup(key);
}

/* 1.25, 2.17: looked at for a reason, at most once per second, and told from the loop. */
static void test_credentials_certificate_files_are_looked_at_again(void **state)
{
	const char *certificate, *key, *other, *other_key;
	struct bench *b = *state;

	fixture_pair(b->files, &certificate, &key);
	fixture_pair(b->files, &other, &other_key);
	use_files(b, certificate, certificate, key);
	begin(b);
	b->seen_cert = fc_credentials_tls(b->credentials).cert_pem;
	int64_t began_ms = fc_clock_mono_ms();
	connect_again(b);
	fc_loop_run_once(b->loop, 0);
	assert_int_equal(b->changed, 0);
	fixture_write(b->files, "cert", other);
	fixture_write(b->files, "key", other_key);
	refuse(b);
	connect_again(b);
	assert_string_equal(fc_credentials_tls(b->credentials).cert_pem, certificate);
	wait_changed(b, 1);
	assert_true(fc_clock_mono_ms() - began_ms >= 1000);
	assert_string_equal(fc_credentials_tls(b->credentials).cert_pem, other);
	assert_string_equal(fc_credentials_tls(b->credentials).key_pem, other_key);
	assert_string_equal(b->seen_cert, certificate);
}

/* 1.25: both files must fit together, else the old pair stays; 1.26: a CA that cannot be used leaves the old one. */
static void test_credentials_files_that_cannot_be_used_leave_what_there_was(void **state)
{
	const char *certificate, *key, *other, *other_key;
	struct bench *b = *state;

	fixture_pair(b->files, &certificate, &key);
	fixture_pair(b->files, &other, &other_key);
	use_files(b, certificate, certificate, key);
	begin(b);
	fixture_write(b->files, "cert", other);
	fixture_write(b->files, "ca", "");
	connect_again(b);
	let_pass(b);
	fixture_write(b->files, "ca", "-----BEGIN CERTIFICATE-----\nrubbish");
	connect_again(b);
	let_pass(b);
	assert_int_equal(unlink(b->access->ca_file), 0);
	connect_again(b);
	let_pass(b);
	assert_int_equal(b->changed, 0);
	assert_string_equal(fc_credentials_tls(b->credentials).ca_pem, certificate);
	assert_string_equal(fc_credentials_tls(b->credentials).cert_pem, certificate);
	/* The other half comes, and another CA: one change. */
	fixture_write(b->files, "key", other_key);
	fixture_write(b->files, "ca", other);
	connect_again(b);
	wait_changed(b, 1);
	assert_string_equal(fc_credentials_tls(b->credentials).ca_pem, other);
	assert_string_equal(fc_credentials_tls(b->credentials).cert_pem, other);
}

/* 1.25: inline data never reloads. */
static void test_credentials_inline_certificate_stays(void **state)
{
	const char *certificate, *key;
	struct bench *b = *state;

	fixture_pair(b->files, &certificate, &key);
	b->access->cert_pem = fc_xstrdup(certificate);
	b->access->key_pem = fc_xstrdup(key);
	begin(b);
	connect_again(b);
	refuse(b);
	let_pass(b);
	assert_int_equal(b->changed, 0);
	assert_string_equal(fc_credentials_tls(b->credentials).cert_pem, certificate);
	assert_null(fc_credentials_tls(b->credentials).ca_pem);
}

static void use_plugin(struct bench *b, const char *body)
{
	b->access->exec = plugin_spec(plugin_write(b->files, "p", body), NULL);
}

static void use_status(struct bench *b, const char *status)
{
	use_plugin(b, plugin_says(b->files, status));
}

/* 1.32 to 1.34: waited for, kept, asked for again after a 401; another token is no other TLS identity. */
static void test_credentials_token_of_a_plugin(void **state)
{
	struct bench *b = *state;
	struct fc_error err;
	char line[256];

	use_status(b, "{\"token\":\"t$N\",\"expirationTimestamp\":\"2099-01-01T00:00:00Z\"}");
	begin(b);
	assert_int_equal(ask(b, line, &err), 1);
	assert_string_equal(line, "");
	expect_settled(b, "Authorization: Bearer t1");
	expect_settled(b, "Authorization: Bearer t1");
	assert_int_equal(fc_credentials_expires(b->credentials).token_ms, 4070908800000);
	refuse(b);
	expect_settled(b, "Authorization: Bearer t2");
	assert_int_equal(b->changed, 0);
	assert_int_equal(plugin_runs(b->access->exec->command), 2);
}

static void test_credentials_failing_plugin_fails_the_request(void **state)
{
	struct bench *b = *state;
	struct fc_error err;
	char line[256];

	use_plugin(b, "echo geheim; exit 4");
	begin(b);
	assert_int_equal(settle(b, line, &err), -1);
	assert_int_equal(err.cls, FC_ERR_UNAUTHORIZED);
	assert_contains(err.text, "login plug-in /");
	assert_contains(err.text, "ended with status 4");
	assert_lacks(err.text, "geheim");
}

/* The pairs of run 1 and 2, as JSON strings in files that the script reads. */
static const char *write_pair(struct bench *b, const char *name, const char **certificate)
{
	const char *key;

	fixture_pair(b->files, certificate, &key);
	json_t *status = json_pack("{s:s, s:s}", "clientCertificateData", *certificate, "clientKeyData", key);
	char *text = json_dumps(status, 0);
	const char *path = fixture_write(b->files, name, text);
	free(text);
	json_decref(status);
	return path;
}

/* 1.34: another certificate is another TLS identity; both clusters that share the plug-in hear of it. */
static void test_credentials_certificate_of_a_plugin(void **state)
{
	const char *first, *second;
	struct bench *b = *state;

	write_pair(b, "status1", &first);
	write_pair(b, "status2", &second);
	FC_AUTO_FREE char *status = fc_xasprintf("$(cat %s/status$N)", b->files->folder);
	use_status(b, status);
	begin(b);
	assert_null(fc_credentials_tls(b->credentials).cert_pem);
	expect_settled(b, "");
	assert_int_equal(b->changed, 1);
	assert_string_equal(fc_credentials_tls(b->credentials).cert_pem, first);
	assert_true(fc_credentials_expires(b->credentials).certificate_ms > fc_clock_wall_ms());
	/* Another cluster's 401 has brought the second. Ours keeps the first until it is refused. */
	struct bench other = { .loop = b->loop, .plugins = b->plugins, .access = b->access };
	begin(&other);
	expect_settled(&other, "");
	refuse(&other);
	expect_settled(&other, "");
	assert_string_equal(fc_credentials_tls(other.credentials).cert_pem, second);
	expect_settled(b, "");
	assert_string_equal(fc_credentials_tls(b->credentials).cert_pem, first);
	b->seen_cert = fc_credentials_tls(b->credentials).cert_pem;
	refuse(b);
	expect_settled(b, "");
	assert_int_equal(b->changed, 2);
	assert_string_equal(fc_credentials_tls(b->credentials).cert_pem, second);
	assert_int_equal(plugin_runs(b->access->exec->command), 2);
	fc_credentials_free(other.credentials);
}

/* 1.19 */
static void test_credentials_plugin_is_not_run_for_plain_http(void **state)
{
	struct bench *b = *state;

	free(b->access->server);
	b->access->server = fc_xstrdup("http://api");
	use_status(b, "{\"token\":\"t$N\"}");
	begin(b);
	expect_settled(b, "");
	assert_int_equal(plugin_runs(b->access->exec->command), 0);
}

static void test_credentials_plugin_needs_somebody_to_run_it(void **state)
{
	struct bench *b = *state;
	struct fc_error err = FC_ERROR_INIT;

	use_status(b, "{\"token\":\"t$N\"}");
	assert_null(fc_credentials_new(&(struct fc_credentials_options){ .access = b->access, .loop = b->loop }, &err));
	assert_int_equal(err.cls, FC_ERR_INTERNAL);
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
		cmocka_unit_test(test_credentials_impersonation_follows_the_login),
		cmocka_unit_test_setup_teardown(test_credentials_say_when_they_expire, setup, teardown),
		cmocka_unit_test_setup_teardown(test_credentials_certificate_files_are_looked_at_again, setup_bench,
						teardown_bench),
		cmocka_unit_test_setup_teardown(test_credentials_files_that_cannot_be_used_leave_what_there_was,
						setup_bench, teardown_bench),
		cmocka_unit_test_setup_teardown(test_credentials_inline_certificate_stays, setup_bench, teardown_bench),
		cmocka_unit_test_setup_teardown(test_credentials_token_of_a_plugin, setup_bench, teardown_bench),
		cmocka_unit_test_setup_teardown(test_credentials_failing_plugin_fails_the_request, setup_bench,
						teardown_bench),
		cmocka_unit_test_setup_teardown(test_credentials_certificate_of_a_plugin, setup_bench, teardown_bench),
		cmocka_unit_test_setup_teardown(test_credentials_plugin_is_not_run_for_plain_http, setup_bench,
						teardown_bench),
		cmocka_unit_test_setup_teardown(test_credentials_plugin_needs_somebody_to_run_it, setup_bench,
						teardown_bench),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
