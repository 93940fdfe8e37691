/* SPDX-License-Identifier: Apache-2.0 */
/* The whole, without its main: clusters behind their ports, the files that lead there, the admin endpoint. */
#include "sandbox/server.h"

#include "base/file.h"
#include "json/decode.h"
#include "json/yaml.h"

#include "wire.h"

#include <jansson.h>
#include <unistd.h>

struct world {
	struct wire wire; /* for its loop and its clients; its own port is not asked */
	char folder[32];
	struct sb_options options;
	struct sb_server *server;
	struct fc_error err;
};

static void unused(void *user FC_UNUSED, const struct sb_request *request FC_UNUSED,
		   struct sb_response *response FC_UNUSED)
{
}

/* Flags beside --clusters and --dir, parted by blanks. */
static void make_world(struct world *w, const char *flags)
{
	*w = (struct world){ .folder = "/tmp/test-server-XXXXXX", .err = FC_ERROR_INIT };
	assert_non_null(mkdtemp(w->folder));
	FC_AUTO_FREE char *line = fc_xasprintf("x --clusters hub,edge --dir %s %s", w->folder, flags);
	char *argv[16], *rest = line;
	int argc = 0;
	for (char *word; (word = strsep(&rest, " "));)
		if (*word)
			argv[argc++] = word;
	wire_open(&w->wire, unused, NULL);
	assert_int_equal(sb_options_parse(&w->options, argc, argv, &w->err), 0);
}

static void start(struct world *w)
{
	w->server = sb_server_new(&w->options, w->wire.loop, &w->err);
	if (!w->server)
		fail_msg("%s", w->err.text);
}

static void drop_world(struct world *w)
{
	static const char *const names[] = { "kubeconfig", "clusters.yaml", "ca.crt", "admin", "load.yaml" };

	sb_server_free(w->server);
	wire_close(&w->wire);
	sb_options_fini(&w->options);
	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++) {
		FC_AUTO_FREE char *path = fc_xasprintf("%s/%s", w->folder, names[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(w->folder), 0);
}

static json_t *read_yaml(const struct world *w, const char *name)
{
	FC_AUTO_FREE char *path = fc_xasprintf("%s/%s", w->folder, name);
	FC_AUTO_FREE char *text = NULL;
	struct fc_error err = FC_ERROR_INIT;
	size_t len;

	assert_int_equal(fc_file_read(path, 100000, &text, &len, &err), 0);
	json_t *document = fc_yaml_parse(text, len, &err);
	assert_non_null(document);
	return document;
}

static struct wire_call *ask(struct world *w, const char *method, const char *server, const char *path,
			     const char *token)
{
	struct wire_call *c = wire_prepare(&w->wire, method, path);
	FC_AUTO_FREE char *url = fc_xasprintf("%s%s", server, path);
	FC_AUTO_FREE char *ca = fc_xasprintf("%s/ca.crt", w->folder);
	FC_AUTO_FREE char *authorization = fc_xasprintf("Authorization: Bearer %s", token);

	curl_easy_setopt(c->easy, CURLOPT_CAINFO_BLOB, NULL);
	curl_easy_setopt(c->easy, CURLOPT_CAINFO, ca);
	curl_easy_setopt(c->easy, CURLOPT_URL, url);
	wire_header(c, authorization);
	wire_send(c);
	wire_until(&w->wire, c->done);
	return c;
}

static long status_of(struct wire_call *c)
{
	long status = c->status;

	wire_end(c);
	return status;
}

/* Of the i-th cluster, as the kubeconfig has it; with the token of another when `whose` says so. */
static struct wire_call *ask_cluster(struct world *w, size_t i, size_t whose, const char *path)
{
	json_t *config = read_yaml(w, "kubeconfig");
	const char *server, *token;

	assert_int_equal(json_unpack(json_array_get(json_object_get(config, "clusters"), i), "{s:{s:s}}", "cluster",
				     "server", &server),
			 0);
	assert_int_equal(json_unpack(json_array_get(json_object_get(config, "users"), whose), "{s:{s:s}}", "user",
				     "token", &token),
			 0);
	struct wire_call *c = ask(w, "GET", server, path, token);
	json_decref(config);
	return c;
}

static struct wire_call *ask_admin(struct world *w, const char *method, const char *path)
{
	json_t *admin = read_yaml(w, "admin");
	const char *url, *token;

	assert_int_equal(json_unpack(admin, "{s:s, s:s}", "url", &url, "token", &token), 0);
	struct wire_call *c = ask(w, method, url, path, token);
	json_decref(admin);
	return c;
}

static void write_load(struct world *w, const char *text)
{
	FC_AUTO_FREE char *path = fc_xasprintf("%s/load.yaml", w->folder);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	free(w->options.loads.items[0].what);
	w->options.loads.items[0].what = fc_steal(&path);
}

static void test_each_cluster_answers_where_the_kubeconfig_says_to_its_own_token(void **state)
{
	struct world w;

	(void)state;
	make_world(&w, "");
	start(&w);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(status_of(ask_cluster(&w, i, i, "/api/v1/namespaces/default")), 200);
		assert_int_equal(status_of(ask_cluster(&w, i, 1 - i, "/api/v1/namespaces/default")), 401);
	}
	drop_world(&w);
}

static char *id_of(struct world *w, size_t i)
{
	struct wire_call *c = ask_cluster(w, i, i, "/api/v1/namespaces/kube-system");
	json_t *ns = json_loads(fc_buf_str(&c->body), 0, NULL);
	char *id = fc_xstrdup(fc_json_metadata(ns, "uid"));

	json_decref(ns);
	wire_end(c);
	return id;
}

static void test_a_seed_gives_the_same_ids_again_and_each_cluster_another(void **state)
{
	static const char *const flags[] = { "--seed 5", "--seed 5", "--seed 6" };
	char *ids[3][2];
	struct world w;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		make_world(&w, flags[i]);
		start(&w);
		ids[i][0] = id_of(&w, 0);
		ids[i][1] = id_of(&w, 1);
		drop_world(&w);
	}
	assert_string_equal(ids[0][0], ids[1][0]);
	assert_string_not_equal(ids[0][0], ids[0][1]);
	assert_string_not_equal(ids[0][0], ids[2][0]);
	for (size_t i = 0; i < 3; i++) {
		free(ids[i][0]);
		free(ids[i][1]);
	}
}

static void test_what_is_loaded_is_there_and_nowhere_else_and_meets_no_cruelty(void **state)
{
	struct world w;

	(void)state;
	make_world(&w, "--load hub=x --cruel hub:error,verb=create");
	write_load(&w, "{apiVersion: v1, kind: ConfigMap, metadata: {name: here}, data: {a: b}}\n");
	start(&w);
	assert_int_equal(status_of(ask_cluster(&w, 0, 0, "/api/v1/namespaces/default/configmaps/here")), 200);
	assert_int_equal(status_of(ask_cluster(&w, 1, 1, "/api/v1/namespaces/default/configmaps/here")), 404);
	drop_world(&w);
}

static void test_the_admin_endpoint_stops_and_starts_a_cluster(void **state)
{
	struct world w;

	(void)state;
	make_world(&w, "--admin-port 0 --cruel edge:error");
	start(&w);
	assert_int_equal(status_of(ask_cluster(&w, 1, 1, "/api/v1/namespaces/default")), 500);
	assert_int_equal(status_of(ask_admin(&w, "DELETE", "/clusters/edge/cruelties")), 200);
	assert_int_equal(status_of(ask_cluster(&w, 1, 1, "/api/v1/namespaces/default")), 200);
	assert_int_equal(status_of(ask_admin(&w, "POST", "/clusters/edge/stop")), 200);
	struct wire_call *c = ask_cluster(&w, 1, 1, "/version");
	assert_int_equal(c->result, CURLE_COULDNT_CONNECT);
	wire_end(c);
	assert_int_equal(status_of(ask_cluster(&w, 0, 0, "/version")), 200);
	assert_int_equal(status_of(ask_admin(&w, "POST", "/clusters/edge/start")), 200);
	assert_int_equal(status_of(ask_cluster(&w, 1, 1, "/version")), 200);
	assert_int_equal(status_of(ask_admin(&w, "POST", "/clusters/edge/restart")), 200);
	assert_int_equal(status_of(ask_cluster(&w, 1, 1, "/version")), 200);
	drop_world(&w);
}

static void refuse(const char *flags, const char *load, enum fc_error_class cls, const char *words)
{
	struct world w;

	make_world(&w, flags);
	if (load)
		write_load(&w, load);
	assert_null(sb_server_new(&w.options, w.wire.loop, &w.err));
	assert_int_equal(w.err.cls, cls);
	if (!strstr(w.err.text, words))
		fail_msg("%s: %s", flags, w.err.text);
	drop_world(&w);
}

static void test_what_keeps_it_from_starting_is_named(void **state)
{
	(void)state;
	refuse("--cruel throttel", NULL, FC_ERR_USAGE,
	       "--cruel throttel: \"throttel\" is no kind of cruelty; there are");
	refuse("--load edge=x", "{apiVersion: v1, kind: ConfigMap, metadata: {name: Bad_Name}}", FC_ERR_CONFIG,
	       "--load edge: ");
	refuse("--load edge=/there/is/none", NULL, FC_ERR_CONFIG, "cannot read /there/is/none");
}

static void test_a_port_in_use_is_named_with_its_cluster(void **state)
{
	struct world w;

	(void)state;
	make_world(&w, "--port 1");
	w.options.first_port = sb_listener_port(w.wire.listener);
	assert_null(sb_server_new(&w.options, w.wire.loop, &w.err));
	assert_non_null(strstr(w.err.text, "cluster hub: port "));
	assert_non_null(strstr(w.err.text, "is in use: end what listens there"));
	drop_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_cluster_answers_where_the_kubeconfig_says_to_its_own_token),
		cmocka_unit_test(test_a_seed_gives_the_same_ids_again_and_each_cluster_another),
		cmocka_unit_test(test_what_is_loaded_is_there_and_nowhere_else_and_meets_no_cruelty),
		cmocka_unit_test(test_the_admin_endpoint_stops_and_starts_a_cluster),
		cmocka_unit_test(test_what_keeps_it_from_starting_is_named),
		cmocka_unit_test(test_a_port_in_use_is_named_with_its_cluster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
