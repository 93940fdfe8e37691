/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kube.h"

#include "base/buf.h"
#include "base/clock.h"
#include "kube/client.h"
#include "unit/kube/fixture.h"
#include "unit/kube/scripted_server.h"

#include <sys/mman.h>

#define ITEM(name) "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\",\"resourceVersion\":\"7\"}}"
#define LIST(items) "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[" items "]}"
#define EVENT(type, name)                                                                                        \
	"{\"type\":\"" type "\",\"object\":{\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\",\"resource" \
	"Version\":\"12\"}}}\n"
/* A number that 64 bits do not hold. */
#define BEYOND                                                                                                          \
	"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"wide\",\"generation\":123456789012345678901234567890" \
	"}}}\n"
#define FORBIDDEN "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403}"

struct bench {
	struct fixture *files;
	struct scripted_server *server;
	struct fc_loop *loop;
	struct fc_client *client;
	struct fc_resource *secrets;
	struct fc_client_watch *watch;
	struct fc_buf told; /* a line for each call */
	bool stop_inside;
};

static struct bench *bench_new(const struct scripted_step *steps, size_t count)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));
	struct fc_error err = FC_ERROR_INIT;

	b->files = fixture_new();
	b->server = scripted_start(steps, count);
	b->loop = fc_loop_new(NULL, NULL, &err);
	assert_non_null(b->loop);
	struct fc_access *access = fc_xcalloc(1, sizeof(*access));
	access->server = fc_xasprintf("https://127.0.0.1:%u", b->server->port);
	access->ca_pem = fc_xstrdup(b->server->certificate_pem);
	b->client =
		fc_client_open(&(struct fc_client_options){ .loop = b->loop, .name = "hub", .access = access }, &err);
	assert_non_null(b->client);
	b->secrets = fc_resource_new(
		&(struct fc_resource){ .version = "v1", .plural = "secrets", .kind = "Secret", .namespaced = true });
	return b;
}
#define BENCH(...)                                                   \
	static const struct scripted_step steps[] = { __VA_ARGS__ }; \
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps))

static void bench_free(struct bench *b)
{
	fc_client_close(b->client);
	fc_loop_free(b->loop);
	scripted_free(b->server);
	fc_resource_unref(b->secrets);
	fc_buf_fini(&b->told);
	fixture_free(b->files);
	free(b);
}

static void tell(void *user, const char *what, const char *name)
{
	fc_buf_printf(&((struct bench *)user)->told, "%s %s\n", what, name);
}

static void on_list_begin(void *user)
{
	tell(user, "begin", "");
}

static void on_object(void *user, json_t *object, int64_t received_us)
{
	struct bench *b = user;

	assert_true(received_us > 0);
	tell(b, "object", fc_json_metadata(object, "name"));
	json_decref(object);
	if (b->stop_inside)
		fc_client_watch_stop(fc_steal(&b->watch));
}

static void on_gone(void *user, const char *namespace_, const char *name, const char *resource_version)
{
	assert_string_equal(namespace_, "ns");
	assert_string_equal(resource_version, "12");
	tell(user, "gone", name);
}

static void on_unreadable(void *user, const char *namespace_, const char *name, const char *resource_version,
			  const struct fc_error *why)
{
	assert_null(namespace_);
	assert_null(resource_version);
	assert_int_equal(why->cls, FC_ERR_LIMIT);
	tell(user, "unreadable", name);
}

static void on_list_end(void *user, bool removes)
{
	tell(user, "end", removes ? "removes" : "keeps");
}

static void on_failed(void *user, const struct fc_error *why)
{
	tell(user, "failed", fc_error_class_name(why->cls));
}

static void on_resumed(void *user)
{
	tell(user, "resumed", "");
}

static const struct fc_informer_callbacks all = {
	.on_list_begin = on_list_begin,
	.on_object = on_object,
	.on_gone = on_gone,
	.on_unreadable = on_unreadable,
	.on_list_end = on_list_end,
	.on_failed = on_failed,
	.on_resumed = on_resumed,
};

static struct fc_client_watch *watch(struct bench *b, const struct fc_informer_callbacks *callbacks)
{
	return fc_client_watch(
		b->client, &(struct fc_informer_options){ .resource = b->secrets, .callbacks = callbacks, .user = b });
}

static void until(struct bench *b, const char *told)
{
	int64_t give_up_ms = fc_clock_mono_ms() + 30000;

	while (!strstr(fc_buf_str(&b->told), told)) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("\"%s\" did not come; there is:\n%s", told, fc_buf_str(&b->told));
		fc_loop_run_once(b->loop, 10);
	}
}

static void until_seen(struct bench *b, const char *request, size_t times)
{
	int64_t give_up_ms = fc_clock_mono_ms() + 30000;

	while (scripted_seen(b->server, request) < times) {
		assert_true(fc_clock_mono_ms() < give_up_ms);
		fc_loop_run_once(b->loop, 10);
	}
}

static void test_client_watch_hands_every_call_on(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .status = 403, .body = { FORBIDDEN } },
	      { .match = "limit=", .body = { LIST(ITEM("a") "," ITEM("b")) } },
	      { .match = "watch=true", .body = { EVENT("MODIFIED", "a"), EVENT("DELETED", "b"), BEYOND } });
	b->watch = watch(b, &all);
	assert_string_equal(fc_buf_str(&b->told), "");
	until(b, "failed");
	/* 403 waits long; another try is not what this test is about. */
	fc_client_watch_stop(b->watch);
	watch(b, &all);
	until(b, "unreadable");
	assert_string_equal(fc_buf_str(&b->told), "failed forbidden\nbegin \nobject a\nobject b\nend removes\n"
						  "object a\ngone b\nunreadable wide\n");
	bench_free(b);
}

static void test_client_watch_tells_that_it_works_again(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST("") } }, { .match = "watch=true", .status = 500, .body = { "{}" } },
	      { .match = "watch=true", .body = { EVENT("ADDED", "late") }, .end = SCRIPTED_HOLD });
	watch(b, &all);
	until(b, "late");
	assert_non_null(strstr(fc_buf_str(&b->told), "failed server\nresumed \nobject late\n"));
	bench_free(b);
}

/* What `act` writes to standard error; the caller frees. */
static char *logged(struct bench *b, void (*act)(struct bench *b))
{
	int kept = dup(STDERR_FILENO), file = memfd_create("log", MFD_CLOEXEC);
	static char text[4096];

	assert_true(kept >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
	act(b);
	fc_log_flush();
	dup2(kept, STDERR_FILENO);
	ssize_t len = pread(file, text, sizeof(text) - 1, 0);
	close(kept);
	close(file);
	return fc_xstrndup(text, len > 0 ? (size_t)len : 0);
}

static void watch_unasked(struct bench *b)
{
	watch(b, NULL);
	until_seen(b, "watch=true", 2);
}

static void test_client_watch_without_callbacks_logs_what_nobody_asked_for(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .status = 500, .body = { "{}" } },
	      { .match = "limit=", .body = { LIST(ITEM("a")) } },
	      { .match = "watch=true", .body = { EVENT("MODIFIED", "a"), EVENT("DELETED", "a"), BEYOND } });
	FC_AUTO_FREE char *log = logged(b, watch_unasked);
	assert_contains(log, "watch fails and is tried again cluster=hub resource=secrets");
	assert_contains(log, "object cannot be decoded cluster=hub resource=secrets namespace=\"\" name=wide");
	bench_free(b);
}

static void test_client_watch_may_be_stopped_inside_its_callback(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST(ITEM("a") "," ITEM("b")) } },
	      { .match = "configmaps?limit=", .body = { LIST(ITEM("other")) } });
	struct fc_resource *configmaps =
		fc_resource_new(&(struct fc_resource){ .version = "v1", .plural = "configmaps", .namespaced = true });
	b->stop_inside = true;
	b->watch = watch(b, &all);
	until(b, "object a");
	assert_null(b->watch);
	/* Others of the client go on, in front of it and behind it. */
	b->stop_inside = false;
	fc_client_watch(b->client,
			&(struct fc_informer_options){ .resource = configmaps, .callbacks = &all, .user = b });
	until(b, "object other");
	assert_null(strstr(fc_buf_str(&b->told), "object b"));
	fc_resource_unref(configmaps);
	bench_free(b);
}

static void test_client_close_ends_what_is_under_way_without_a_call(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .end = SCRIPTED_LATE }, { .match = "limit=", .end = SCRIPTED_LATE },
	      { .match = "limit=", .end = SCRIPTED_LATE });
	watch(b, &all);
	struct fc_client_watch *middle = watch(b, &all);
	watch(b, &all);
	until_seen(b, "limit=", 3);
	fc_client_watch_stop(middle);
	fc_client_close(fc_steal(&b->client));
	assert_string_equal(fc_buf_str(&b->told), "");
	bench_free(b);
}

static void keep_object(void *user, json_t *object, const struct fc_error *err)
{
	tell(user, "read", err ? err->text : fc_json_metadata(object, "name"));
	json_decref(object);
}

static void test_client_transport_serves_single_requests(void **state FC_UNUSED)
{
	BENCH({ .match = "/secrets/one", .body = { ITEM("one") } });
	assert_string_equal(fc_client_name(b->client), "hub");
	assert_string_equal(fc_transport_cluster(fc_client_transport(b->client)), "hub");
	assert_non_null(strstr(fc_client_access(b->client)->server, "https://127.0.0.1:"));
	assert_non_null(fc_object_read(fc_client_transport(b->client), b->secrets, "ns", "one", keep_object, b));
	until(b, "read one\n");
	bench_free(b);
}

/* Two clusters, one loop, one thread. */
static void test_client_opens_what_a_context_says(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST(ITEM("first")) } },
	      { .match = "limit=", .body = { LIST(ITEM("second")) } });
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *text = fc_xasprintf(
		"clusters: [{name: c, cluster: {server: 'https://127.0.0.1:%u', certificate-authority-data: %s}}]\n"
		"contexts: [{name: one, context: {cluster: c}}, {name: two, context: {cluster: c}}]\n",
		b->server->port, fixture_base64(b->files, b->server->certificate_pem));
	struct fc_kubeconfig *k = fc_kubeconfig_load(fixture_write(b->files, "kubeconfig", text), &err);
	assert_non_null(k);
	assert_null(fc_client_open_context(b->loop, k, "three", &err));
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, "three");
	struct fc_client *one = fc_client_open_context(b->loop, k, "one", &err);
	struct fc_client *two = fc_client_open_context(b->loop, k, "two", &err);
	fc_kubeconfig_free(k);
	assert_true(one && two);
	assert_string_equal(fc_client_name(two), "two");
	const struct fc_informer_options options = { .resource = b->secrets, .callbacks = &all, .user = b };
	fc_client_watch(one, &options);
	fc_client_watch(two, &options);
	until(b, "object first");
	until(b, "object second");
	fc_client_close(one);
	fc_client_close(two);
	bench_free(b);
}

/* The client makes the set of plug-ins by itself. */
static void test_client_logs_in_by_a_plug_in_of_its_own(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST(ITEM("a")) } });
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *text = fc_xasprintf(
		"clusters: [{name: c, cluster: {server: 'https://127.0.0.1:%u', certificate-authority-data: %s}}]\n"
		"users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, "
		"interactiveMode: Never, args: [-c, 'echo {\\\"kind\\\":\\\"ExecCredential\\\","
		"\\\"apiVersion\\\":\\\"client.authentication.k8s.io/v1\\\","
		"\\\"status\\\":{\\\"token\\\":\\\"of-the-plug-in\\\"}}']}}}]\n"
		"contexts: [{name: one, context: {cluster: c, user: u}}]\n",
		b->server->port, fixture_base64(b->files, b->server->certificate_pem));
	struct fc_kubeconfig *k = fc_kubeconfig_load(fixture_write(b->files, "kubeconfig", text), &err);
	assert_non_null(k);
	struct fc_client *c = fc_client_open_context(b->loop, k, "one", &err);
	fc_kubeconfig_free(k);
	if (!c)
		fail_msg("%s", err.text);
	fc_client_watch(c, &(struct fc_informer_options){ .resource = b->secrets, .callbacks = &all, .user = b });
	until(b, "object a");
	assert_contains(scripted_request(b->server, "limit=", 0)->head, "Bearer of-the-plug-in");
	fc_client_close(c);
	bench_free(b);
}

/* The access is taken over all the same: AddressSanitizer sees it when not. */
static void test_client_that_cannot_be_opened_says_which_cluster(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_loop *loop = fc_loop_new(NULL, NULL, &err);
	struct fc_access *access = fc_xcalloc(1, sizeof(*access));

	access->server = fc_xstrdup("https://a b");
	access->token = fc_xstrdup("abc");
	assert_null(
		fc_client_open(&(struct fc_client_options){ .loop = loop, .name = "edge-1", .access = access }, &err));
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, "edge-1");
	fc_client_close(NULL);
	fc_loop_free(loop);
}

static int setup_group(void **state FC_UNUSED)
{
	fc_client_setup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_watch_hands_every_call_on),
		cmocka_unit_test(test_client_watch_tells_that_it_works_again),
		cmocka_unit_test(test_client_watch_without_callbacks_logs_what_nobody_asked_for),
		cmocka_unit_test(test_client_watch_may_be_stopped_inside_its_callback),
		cmocka_unit_test(test_client_close_ends_what_is_under_way_without_a_call),
		cmocka_unit_test(test_client_transport_serves_single_requests),
		cmocka_unit_test(test_client_opens_what_a_context_says),
		cmocka_unit_test(test_client_logs_in_by_a_plug_in_of_its_own),
		cmocka_unit_test(test_client_that_cannot_be_opened_says_which_cluster),
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
