/* SPDX-License-Identifier: Apache-2.0 */
/* What the main thread sees of an election; the election itself: tests/unit/kube/test_lease_*.c. */
#include "cli/leadership.h"

#include "base/log.h"
#include "unit/kube/client.h"

#include <sys/wait.h>

struct bench {
	struct tls_server *tls;
	struct client client; /* its loop alone is used */
	struct fc_cluster_spec master;
	struct fc_leadership *leadership;
	unsigned elected;
	bool refuse;
};

/* Nobody holds the Lease, and whatever is written is taken. */
static void route(void *user, const struct tls_seen *request, struct tls_reply *reply)
{
	struct bench *b = user;

	if (b->refuse) {
		reply->status = 403;
		reply->body = "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403}";
	} else if (strcmp(request->method, "GET") == 0) {
		reply->status = 404;
		reply->body = "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404,"
			      "\"details\":{\"name\":\"fedcopy\",\"kind\":\"leases\"}}";
	} else {
		reply->allocated = strdup(request->body);
	}
}

static void on_elected(void *user)
{
	((struct bench *)user)->elected++;
}

static int setup(void **state)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	unsetenv("POD_NAMESPACE");
	b->tls = tls_server_start(NULL, route, b);
	b->client.loop = fc_loop_new(NULL, NULL, NULL);
	assert_non_null(b->client.loop);
	b->master.info.name = fc_xstrdup("hub");
	b->master.access = fc_xcalloc(1, sizeof(*b->master.access));
	b->master.access->server = fc_xstrdup(b->tls->url);
	b->master.access->ca_pem = fc_xstrdup(b->tls->ca_pem);
	b->master.access->namespace_ = fc_xstrdup("of-the-context");
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	fc_leadership_release(b->leadership);
	fc_leadership_free(b->leadership);
	tls_server_stop(b->tls);
	fc_loop_free(b->client.loop);
	fc_access_free(b->master.access);
	free(b->master.info.name);
	free(b);
	return 0;
}

static struct fc_leadership *join(struct bench *b, const char *namespace_, struct fc_error *err)
{
	b->leadership = fc_leadership_new(&(struct fc_leadership_options){ .loop = b->client.loop,
									   .master = &b->master,
									   .namespace_ = namespace_,
									   .name = "fedcopy",
									   .timing = FC_LEASE_TIMING_DEFAULT,
									   .on_elected = on_elected,
									   .user = b },
					  err);
	return b->leadership;
}

static int ready(struct bench *b, char *text, size_t room)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	int rc = fc_leadership_ready(b->leadership, &out);

	snprintf(text, room, "%s", fc_buf_str(&out));
	return rc;
}

static void test_leadership_begins_on_the_main_thread_when_elected(void **state)
{
	struct bench *b = *state;
	struct tls_seen last;
	char text[1024];

	assert_non_null(join(b, "ops", NULL));
	assert_int_equal(ready(b, text, sizeof(text)), -1);
	assert_non_null(strstr(text, "was not looked at yet"));
	assert_int_equal(fc_leadership_start(b->leadership, NULL), 0);
	WAIT_FOR(&b->client, b->elected);
	/* It would not come back if it did not hold. */
	fc_leadership_must_hold(b->leadership);
	assert_int_equal(ready(b, text, sizeof(text)), 0);
	assert_string_equal(text, "[+]leader-election ok: leader\n");
	FC_AUTO_BUF struct fc_buf live = FC_BUF_INIT;
	assert_int_equal(fc_leadership_live(b->leadership, &live), 0);
	client_settle(&b->client);
	assert_int_equal(b->elected, 1);
	last = tls_server_last(b->tls);
	assert_non_null(strstr(last.url, "/namespaces/ops/"));
}

static void test_leadership_is_not_ready_without_rights(void **state)
{
	struct bench *b = *state;
	char text[1024] = "";

	b->refuse = true;
	assert_non_null(join(b, "ops", NULL));
	assert_int_equal(fc_leadership_start(b->leadership, NULL), 0);
	WAIT_FOR(&b->client, ready(b, text, sizeof(text)) == -1 && strstr(text, "allow its user"));
	assert_int_equal(b->elected, 0);
}

static void test_leadership_without_a_namespace_takes_the_pods_or_the_contexts(void **state)
{
	struct bench *b = *state;
	struct tls_seen last;

	setenv("POD_NAMESPACE", "of-the-pod", 1);
	assert_non_null(join(b, NULL, NULL));
	unsetenv("POD_NAMESPACE");
	assert_int_equal(fc_leadership_start(b->leadership, NULL), 0);
	WAIT_FOR(&b->client, b->elected);
	fc_leadership_release(b->leadership);
	last = tls_server_last(b->tls);
	assert_non_null(strstr(last.url, "/namespaces/of-the-pod/"));
	fc_leadership_free(fc_steal(&b->leadership));
	b->elected = 0;
	assert_non_null(join(b, "", NULL));
	assert_int_equal(fc_leadership_start(b->leadership, NULL), 0);
	WAIT_FOR(&b->client, b->elected);
	fc_leadership_release(b->leadership);
	last = tls_server_last(b->tls);
	assert_non_null(strstr(last.url, "/namespaces/of-the-context/"));
}

static void test_leadership_refuses_a_namespace_that_is_none(void **state)
{
	struct bench *b = *state;
	struct fc_error err = FC_ERROR_INIT;

	setenv("POD_NAMESPACE", "../x", 1);
	assert_null(join(b, NULL, &err));
	unsetenv("POD_NAMESPACE");
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_non_null(strstr(err.text, "POD_NAMESPACE"));
}

static void test_leadership_that_is_not_certain_ends_the_process(void **state)
{
	struct bench *b = *state;
	int status = 0;

	/* Without an election everybody may. */
	fc_leadership_must_hold(NULL);
	assert_non_null(join(b, "ops", NULL));
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		fclose(stderr);
		close(2);
		fc_leadership_must_hold(b->leadership);
		_exit(77);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_leadership_begins_on_the_main_thread_when_elected),
		TEST(test_leadership_is_not_ready_without_rights),
		TEST(test_leadership_without_a_namespace_takes_the_pods_or_the_contexts),
		TEST(test_leadership_refuses_a_namespace_that_is_none),
		TEST(test_leadership_that_is_not_certain_ends_the_process),
	};

	return cmocka_run_group_tests(tests, client_global_setup, client_global_teardown);
}
