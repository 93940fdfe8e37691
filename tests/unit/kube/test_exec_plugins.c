/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_plugins.h"

#include "base/clock.h"
#include "unit/kube/plugin.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

struct bench {
	struct fixture *files;
	struct fc_exec_plugins *plugins;
};

/* Deadlines are far off unless a test is about them: the machine may be busy. */
static int setup(void **state)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	b->files = fixture_new();
	b->plugins = fc_exec_plugins_new();
	*state = b;
	return 0;
}

static void use_options(struct bench *b, const struct fc_exec_plugins_options *options)
{
	fc_exec_plugins_free(b->plugins);
	b->plugins = fc_exec_plugins_new_with(options);
}

/* Every test leaves no child behind, living or dead, and no entry without a user. */
static int teardown(void **state)
{
	struct bench *b = *state;

	assert_int_equal(fc_exec_plugins_count(b->plugins), 0);
	fc_exec_plugins_free(b->plugins);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	fixture_free(b->files);
	free(b);
	return 0;
}

static struct fc_exec_user *join(struct bench *b, const char *path, const char *arg)
{
	struct fc_exec_spec *spec = plugin_spec(path, arg);
	struct fc_error err = FC_ERROR_INIT;
	struct fc_exec_user *u = fc_exec_plugins_join(b->plugins, spec, &err);

	if (!u)
		fail_msg("%s", err.text);
	fc_exec_spec_free(spec);
	return u;
}

static int get_at(struct fc_exec_user *u, int64_t later_ms, const struct fc_exec_credential **out, struct fc_error *err)
{
	return fc_exec_user_get(u, fc_clock_mono_ms() + later_ms, fc_clock_wall_ms() + later_ms, out, err);
}

static void wait_news(struct fc_exec_user *u)
{
	struct pollfd fd = { .fd = fc_exec_user_fd(u), .events = POLLIN };

	while (poll(&fd, 1, 60000) < 0 && errno == EINTR)
		;
	assert_int_equal(fd.revents, POLLIN);
	fc_exec_user_acknowledge(u);
	assert_int_equal(poll(&fd, 1, 0), 0);
}

/* Waits as often as it is told to; `later_ms` is added to both clocks. */
static int settle(struct fc_exec_user *u, int64_t later_ms, const struct fc_exec_credential **out, struct fc_error *err)
{
	int rc;

	*err = FC_ERROR_INIT;
	while ((rc = get_at(u, later_ms, out, err)) == 1)
		wait_news(u);
	return rc;
}

static void expect_token_at(struct fc_exec_user *u, int64_t later_ms, const char *token)
{
	const struct fc_exec_credential *c = NULL;
	struct fc_error err;

	if (settle(u, later_ms, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(c->token, token);
}

static void expect_token(struct fc_exec_user *u, const char *token)
{
	expect_token_at(u, 0, token);
}

static void expect_failure(struct fc_exec_user *u, const char *part)
{
	const struct fc_exec_credential *c = NULL;
	struct fc_error err;

	assert_int_equal(settle(u, 0, &c, &err), -1);
	assert_int_equal(err.cls, FC_ERR_UNAUTHORIZED);
	assert_contains(err.text, "login plug-in /");
	assert_contains(err.text, part);
	assert_lacks(err.text, "geheim");
}

/* kube-client 1.32: one run, then from memory. */
static void test_exec_plugins_run_once_and_remember(void **state)
{
	struct bench *b = *state;
	const char *path = plugin_write(b->files, "p", plugin_says(b->files, "{\"token\":\"t$N\"}"));
	struct fc_exec_user *u = join(b, path, NULL);

	assert_int_equal(plugin_runs(path), 0);
	expect_token(u, "t1");
	expect_token(u, "t1");
	expect_token_at(u, INT64_C(1000) * 86400 * 365, "t1"); /* without a timestamp it has no end */
	assert_int_equal(plugin_runs(path), 1);
	fc_exec_user_leave(u);
}

/* 1.32: whoever is the same shares; whoever differs by an argument does not. */
static void test_exec_plugins_equal_ones_share_and_others_do_not(void **state)
{
	struct bench *b = *state;
	const char *path = plugin_write(b->files, "p", plugin_says(b->files, "{\"token\":\"t$1-$N\"}"));
	struct fc_exec_user *a = join(b, path, "a"), *same = join(b, path, "a"), *other = join(b, path, "b");

	assert_int_equal(fc_exec_plugins_count(b->plugins), 2);
	expect_token(a, "ta-1");
	expect_token(same, "ta-1");
	expect_token(other, "tb-2");
	fc_exec_user_leave(a);
	assert_int_equal(fc_exec_plugins_count(b->plugins), 2);
	fc_exec_user_leave(same);
	fc_exec_user_leave(other);
	/* Forgotten with its last user. */
	struct fc_exec_user *again = join(b, path, "a");
	expect_token(again, "ta-3");
	fc_exec_user_leave(again);
}

/* 1.32: tested at each use. The old one serves until its end while the new one is on its way. */
static void test_exec_plugins_expired_credential_is_renewed(void **state)
{
	struct bench *b = *state;
	const char *body = plugin_says(b->files, "{\"token\":\"t$N\",\"expirationTimestamp\":\"$E\"}");
	FC_AUTO_FREE char *text = fc_xasprintf("case $N in 1) L=600;; 2) L=6000;; *) L=60000;; esac\n"
					       "E=$(date -u -d \"+$L seconds\" +%%FT%%TZ)\n%s",
					       body);
	const char *path = plugin_write(b->files, "p", text);
	struct fc_exec_user *u = join(b, path, NULL);
	const struct fc_exec_credential *c = NULL;
	struct fc_error err = FC_ERROR_INIT;

	expect_token(u, "t1");
	expect_token_at(u, 580000, "t1");
	assert_int_equal(plugin_runs(path), 1);
	/* 5 s before its end: renewed beside, and nobody waits. */
	assert_int_equal(get_at(u, 595000, &c, &err), 0);
	assert_string_equal(c->token, "t1");
	for (int64_t end_ms = fc_clock_mono_ms() + 60000; strcmp(c->token, "t2") != 0; usleep(1000)) {
		assert_true(fc_clock_mono_ms() < end_ms);
		assert_int_equal(get_at(u, 595000, &c, &err), 0);
	}
	assert_int_equal(plugin_runs(path), 2);
	/* It is told, though it has not waited. */
	wait_news(u);
	/* Past the end of that one too: now there is nothing to go on with. */
	assert_int_equal(get_at(u, 6100000, &c, &err), 1);
	wait_news(u);
	assert_int_equal(get_at(u, 6100000, &c, &err), 0);
	assert_string_equal(c->token, "t3");
	fc_exec_user_leave(u);
}

static void test_exec_plugins_passed_stamp_does_not_run_for_each_request(void **state)
{
	struct bench *b = *state;
	const char *path = plugin_write(
		b->files, "p",
		plugin_says(b->files, "{\"token\":\"t$N\",\"expirationTimestamp\":\"2020-01-01T00:00:00Z\"}"));
	struct fc_exec_user *u = join(b, path, NULL);
	const struct fc_exec_credential *c = NULL;
	struct fc_error err = FC_ERROR_INIT;

	expect_token(u, "t1");
	expect_token(u, "t1");
	assert_int_equal(plugin_runs(path), 1);
	assert_int_equal(get_at(u, 6000, &c, &err), 1);
	wait_news(u);
	expect_token_at(u, 4000, "t2");
	fc_exec_user_leave(u);
}

/* 1.33: another one after a 401; whom the old one serves keeps it, and a refusal of the old one asks for no third. */
static void test_exec_plugins_refused_credential_is_asked_for_again(void **state)
{
	struct bench *b = *state;
	const char *path = plugin_write(b->files, "p", plugin_says(b->files, "{\"token\":\"t$N\"}"));
	struct fc_exec_user *a = join(b, path, NULL), *other = join(b, path, NULL);

	expect_token(a, "t1");
	expect_token(other, "t1");
	fc_exec_user_refused(a, fc_clock_mono_ms());
	fc_exec_user_refused(a, fc_clock_mono_ms());
	expect_token(a, "t2");
	expect_token(other, "t1");
	fc_exec_user_refused(other, fc_clock_mono_ms());
	expect_token(other, "t2");
	assert_int_equal(plugin_runs(path), 2);
	/* The 401 of a request that was signed with the first one is in time for nothing. */
	fc_exec_user_refused(a, fc_clock_mono_ms());
	expect_token(a, "t2");
	assert_int_equal(plugin_runs(path), 2);
	fc_exec_user_leave(a);
	fc_exec_user_leave(other);
}

/* What the server refuses again and again does not make the plug-in run in a circle. */
static void test_exec_plugins_refused_at_once_again_waits(void **state)
{
	struct bench *b = *state;
	const char *path = plugin_write(b->files, "p", plugin_says(b->files, "{\"token\":\"t$N\"}"));
	const struct fc_exec_credential *c = NULL;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_exec_user *u = join(b, path, NULL);

	expect_token(u, "t1");
	fc_exec_user_refused(u, fc_clock_mono_ms());
	expect_token(u, "t2");
	int64_t refused_ms = fc_clock_mono_ms() + 1500;
	fc_exec_user_refused(u, refused_ms);
	assert_int_equal(fc_exec_user_get(u, refused_ms + 900, fc_clock_wall_ms(), &c, &err), -1);
	assert_contains(err.text, "refused what it gave");
	assert_int_equal(plugin_runs(path), 2);
	assert_int_equal(fc_exec_user_get(u, refused_ms + 1000, fc_clock_wall_ms(), &c, &err), 1);
	wait_news(u);
	expect_token(u, "t3");
	fc_exec_user_leave(u);
}

/* The last error is given at once, until the pause is over. */
static void test_exec_plugins_failed_run_is_tried_again_after_a_pause(void **state)
{
	struct bench *b = *state;
	const char *path = plugin_write(b->files, "p", "echo geheim; exit 7");
	const struct fc_exec_credential *c = NULL;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_exec_user *u = join(b, path, NULL);

	expect_failure(u, "ended with status 7");
	assert_int_equal(get_at(u, 0, &c, &err), -1);
	assert_int_equal(plugin_runs(path), 1);
	plugin_write(b->files, "p", plugin_says(b->files, "{\"token\":\"t$N\"}"));
	assert_int_equal(get_at(u, 1001, &c, &err), 1);
	wait_news(u);
	expect_token(u, "t2");
	fc_exec_user_leave(u);
}

/* While a new one is not to be had, the old one serves until its end. */
static void test_exec_plugins_failing_renewal_leaves_the_old_one_until_its_end(void **state)
{
	struct bench *b = *state;
	const char *path = plugin_write(
		b->files, "p",
		plugin_says(b->files, "{\"token\":\"t$N\",\"expirationTimestamp\":\"2099-01-01T00:00:00Z\"}"));
	int64_t end_ms = 4070908800000, now_ms = fc_clock_mono_ms();
	const struct fc_exec_credential *c = NULL;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_exec_user *u = join(b, path, NULL);

	expect_token(u, "t1");
	plugin_write(b->files, "p", "exit 7");
	assert_int_equal(fc_exec_user_get(u, now_ms, end_ms - 5000, &c, &err), 0);
	while (plugin_runs(path) < 2)
		usleep(1000);
	assert_int_equal(fc_exec_user_get(u, now_ms, end_ms, &c, &err), 0);
	assert_string_equal(c->token, "t1");
	int rc;
	while ((rc = fc_exec_user_get(u, now_ms, end_ms + 1, &c, &err)) == 1)
		wait_news(u);
	assert_int_equal(rc, -1);
	assert_contains(err.text, "ended with status 7");
	fc_exec_user_leave(u);
}

static void test_exec_plugins_rubbish_and_half_pairs_are_failures_without_a_quote(void **state)
{
	struct bench *b = *state;
	const char *rubbish = plugin_write(b->files, "rubbish", "echo 'geheim {'");
	const char *half = plugin_write(b->files, "half", plugin_says(b->files, "{\"clientKeyData\":\"geheim\"}"));
	const char *nothing = plugin_write(b->files, "nothing", "exit 0");
	const char *gone = fixture_path(b->files, "nowhere");
	struct fc_exec_user *users[] = { join(b, rubbish, "geheim"), join(b, half, NULL), join(b, nothing, NULL),
					 join(b, gone, NULL) };

	expect_failure(users[0], "its answer: ");
	expect_failure(users[1], "clientCertificateData is missing");
	expect_failure(users[2], "its answer: ");
	expect_failure(users[3], "cannot be started: No such file");
	for (size_t i = 0; i < FC_ARRAY_LEN(users); i++)
		fc_exec_user_leave(users[i]);
}

/* 1.36 */
static void test_exec_plugins_hanging_one_is_given_up(void **state)
{
	struct bench *b = *state;
	const char *path = plugin_write(b->files, "p", "sleep 1000");

	use_options(b, &(struct fc_exec_plugins_options){ .deadline_ms = 100 });
	struct fc_exec_user *u = join(b, path, NULL);
	expect_failure(u, "did not end within 100 ms");
	fc_exec_user_leave(u);
}

/* Whoever leaves during a run ends it; the next one of the same kind begins anew. */
static void test_exec_plugins_run_that_nobody_waits_for_is_ended(void **state)
{
	struct bench *b = *state;
	const char *path = plugin_write(b->files, "p", "sleep 1000");
	const struct fc_exec_credential *c = NULL;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_exec_user *u = join(b, path, NULL);

	assert_int_equal(get_at(u, 0, &c, &err), 1);
	while (plugin_runs(path) == 0)
		usleep(1000);
	fc_exec_user_leave(u);
	plugin_write(b->files, "p", plugin_says(b->files, "{\"token\":\"t$N\"}"));
	u = join(b, path, NULL);
	expect_token(u, "t2");
	/* And one that has not begun is dropped. */
	struct fc_exec_user *early = join(b, path, "x");
	(void)!get_at(early, 0, &c, &err);
	fc_exec_user_leave(early);
	fc_exec_user_leave(u);
}

/* More than run at once. */
static void test_exec_plugins_many_different_ones_all_get_their_turn(void **state)
{
	enum { COUNT = 20 };
	struct bench *b = *state;
	const char *path = plugin_write(b->files, "p", plugin_says(b->files, "{\"token\":\"t$1\"}"));
	struct fc_exec_user *users[COUNT];
	const struct fc_exec_credential *c = NULL;
	char name[16];

	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "%d", i);
		users[i] = join(b, path, name);
		assert_int_equal(get_at(users[i], 0, &c, NULL), 1);
	}
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		expect_token(users[i], name);
		fc_exec_user_leave(users[i]);
	}
}

/* NULL, or the user, when it has not got what it should. */
static void *use(void *user)
{
	struct fc_exec_user *u = user;
	const struct fc_exec_credential *c = NULL;
	struct fc_error err;

	for (int i = 0; i < 200; i++) {
		/* What is refused as soon as it comes makes everybody who refused it wait for a millisecond. */
		while (settle(u, 0, &c, &err) != 0) {
			if (!strstr(err.text, "refused what it gave"))
				return u;
			usleep(1000);
		}
		if (c->token[0] != 't')
			return u;
		if (i % 50 == 49)
			fc_exec_user_refused(u, fc_clock_mono_ms());
	}
	fc_exec_user_leave(u);
	return NULL;
}

/* 1.32: all clusters' threads at once; one run serves them, and a refusal that all share asks for one more. */
static void test_exec_plugins_are_shared_by_threads(void **state)
{
	enum { COUNT = 8 };
	struct bench *b = *state;
	const char *path = plugin_write(b->files, "p", plugin_says(b->files, "{\"token\":\"t$N\"}"));
	pthread_t threads[COUNT];

	use_options(b, &(struct fc_exec_plugins_options){ .first_pause_ms = 1, .last_pause_ms = 1 });
	struct fc_exec_user *stays = join(b, path, NULL);
	expect_token(stays, "t1");
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, join(b, path, NULL)), 0);
	for (int i = 0; i < COUNT; i++) {
		void *fault = NULL;
		assert_int_equal(pthread_join(threads[i], &fault), 0);
		assert_null(fault);
	}
	assert_in_range(plugin_runs(path), 2, COUNT * 4 + 1);
	expect_token(stays, "t1");
	fc_exec_user_leave(stays);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_exec_plugins_run_once_and_remember, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_equal_ones_share_and_others_do_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_expired_credential_is_renewed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_passed_stamp_does_not_run_for_each_request, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_refused_credential_is_asked_for_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_refused_at_once_again_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_failed_run_is_tried_again_after_a_pause, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_failing_renewal_leaves_the_old_one_until_its_end,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_rubbish_and_half_pairs_are_failures_without_a_quote,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_hanging_one_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_run_that_nobody_waits_for_is_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_many_different_ones_all_get_their_turn, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_exec_plugins_are_shared_by_threads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
