/* SPDX-License-Identifier: Apache-2.0 */
/* From files to clusters without memory: of the allocations that a file sizes the n-th fails, for every n until the way
 * has no n-th. What comes out is what comes out with enough memory, or an error that says so; AddressSanitizer sees
 * what is lost on the way. */
#include "kube/kubeconfig.h"

#include "clusters/cluster_set.h"
#include "unit/clusters/set_fixture.h"

/* Far more than any of these ways has: the loop ends before. */
#define MOST 2000

static int setup(void **state)
{
	*state = fixture_new();
	return 0;
}

static int teardown(void **state)
{
	fc_mem_fail_nth(0);
	fixture_free(*state);
	return 0;
}

/* Did the n-th allocation since fc_mem_fail_nth(n) come, and fail? Else one of the next n does. */
static bool nth_has_failed(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		FC_AUTO_FREE void *p = fc_try_realloc(NULL, 1);
		if (!p)
			return false;
	}
	return true;
}

/* `way` does everything from the files on, checks what it got, and frees it; -1 with err. `expected` is the class with
 * which the files are refused when there is memory; FC_ERR_NONE: they are good. Returns how many allocations failed. */
static unsigned fail_each(struct fixture *f, int (*way)(struct fixture *f, struct fc_error *err),
			  enum fc_error_class expected)
{
	for (unsigned n = 1; n < MOST; n++) {
		struct fc_error err = FC_ERROR_INIT;

		fc_mem_fail_nth(n);
		int rc = way(f, &err);
		bool failed = nth_has_failed(n);
		fc_mem_fail_nth(0);
		if (rc == 0 && expected != FC_ERR_NONE)
			fail_msg("allocation %u failed, and broken files were taken for good ones", n);
		if (rc < 0 && err.cls != expected && err.cls != FC_ERR_MEMORY)
			fail_msg("allocation %u failed, and the error is of class %s: %s", n,
				 fc_error_class_name(err.cls), err.text);
		assert_true(rc == 0 || err.text[0]);
		if (!failed) {
			assert_int_equal(err.cls, expected);
			return n - 1;
		}
	}
	fail_msg("%d allocations", MOST);
	return 0;
}

/* Two files, all of what a user can be, inline and beside them. */
static const char *write_kubeconfigs(struct fixture *f)
{
	const char *certificate, *key;

	fixture_pair(f, &certificate, &key);
	fixture_write(f, "ca.crt", certificate);
	fixture_write(f, "tls.crt", certificate);
	fixture_write(f, "tls.key", key);
	fixture_write(f, "token", "from-the-file\n");
	const char *inline_ca = fixture_base64(f, certificate), *inline_key = fixture_base64(f, key);
	FC_AUTO_FREE char *one = fc_xasprintf(
		"clusters:\n- {name: one, cluster: {server: 'https://one', certificate-authority-data: %s}}\n"
		"users:\n- {name: one, user: {client-certificate-data: %s, client-key-data: %s}}\n"
		"contexts:\n- {name: one, context: {cluster: one, user: one}}\npreferences: {x: 1_000, y: 1.5, z: !!binary YQ==}\n",
		inline_ca, inline_ca, inline_key);
	static const char two[] =
		"clusters:\n- {name: two, cluster: {server: 'https://two', certificate-authority: ca.crt}}\n"
		"users:\n- {name: cert, user: {client-certificate: tls.crt, client-key: tls.key}}\n"
		"- {name: file, user: {tokenFile: token}}\n- {name: word, user: {token: ' abc '}}\n"
		"contexts:\n- {name: cert, context: {cluster: two, user: cert}}\n"
		"- {name: file, context: {cluster: two, user: file}}\n"
		"- {name: word, context: {cluster: two, user: word}}\n";
	return fixture_keep(f, fc_xasprintf("%s:%s", fixture_write(f, "one", one), fixture_write(f, "two", two)));
}

static struct fc_access *open_access(const struct fc_kubeconfig *k, const char *context, struct fc_error *err)
{
	return k ? fc_kubeconfig_access(k, context, err) : NULL;
}

static int one_access(const char *list, const char *context, struct fc_error *err)
{
	struct fc_kubeconfig *k = fc_kubeconfig_load(list, err);
	struct fc_access *a = open_access(k, context, err);
	int rc = a ? 0 : -1;

	/* Both files are in it, or neither. */
	if (k) {
		assert_string_equal(fc_kubeconfig_context(k, 0), "one");
		assert_string_equal(fc_kubeconfig_context(k, 3), "word");
	}
	if (a) {
		assert_string_equal(a->server, strcmp(context, "one") == 0 ? "https://one" : "https://two");
		assert_non_null(a->ca_pem);
		assert_true(a->token || a->token_file || (a->cert_pem && a->key_pem));
	}
	fc_access_free(a);
	fc_kubeconfig_free(k);
	return rc;
}

static int access_inline(struct fixture *f, struct fc_error *err)
{
	return one_access(f->strings[f->count - 1], "one", err);
}

static int access_certificate_files(struct fixture *f, struct fc_error *err)
{
	return one_access(f->strings[f->count - 1], "cert", err);
}

static int access_token_file(struct fixture *f, struct fc_error *err)
{
	return one_access(f->strings[f->count - 1], "file", err);
}

static int access_token(struct fixture *f, struct fc_error *err)
{
	return one_access(f->strings[f->count - 1], "word", err);
}

static void test_kubeconfig_without_memory_is_refused_as_a_whole(void **state)
{
	write_kubeconfigs(*state);
	assert_true(fail_each(*state, access_inline, FC_ERR_NONE) >= 8);
	assert_true(fail_each(*state, access_certificate_files, FC_ERR_NONE) >= 5);
	assert_true(fail_each(*state, access_token_file, FC_ERR_NONE) >= 3);
	assert_true(fail_each(*state, access_token, FC_ERR_NONE) >= 3);
}

static int load_last(struct fixture *f, struct fc_error *err)
{
	struct fc_kubeconfig *k = fc_kubeconfig_load(f->strings[f->count - 1], err);

	fc_kubeconfig_free(k);
	return k ? 0 : -1;
}

/* The list of faults is memory too: without it the broken file must not pass for one that is not there. */
static void test_kubeconfig_broken_beside_a_good_one_is_refused_without_memory_too(void **state)
{
	const char *good = set_fixture_kubeconfig(*state, "good", "hub edge-1");
	const char *broken = fixture_write(*state, "broken", "users: 5\n");
	const char *unreadable = fixture_write(*state, "unreadable", "a: [\n");

	fixture_keep(*state, fc_xasprintf("%s:%s:%s", good, broken, unreadable));
	assert_true(fail_each(*state, load_last, FC_ERR_CONFIG) >= 4);
}

static int access_unknown(struct fixture *f, struct fc_error *err)
{
	struct fc_kubeconfig *k = fc_kubeconfig_load(f->strings[f->count - 1], err);
	struct fc_access *a = open_access(k, "nowhere", err);

	assert_null(a);
	fc_kubeconfig_free(k);
	return -1;
}

static void test_kubeconfig_unknown_context_is_refused_without_memory_too(void **state)
{
	set_fixture_kubeconfig(*state, "kubeconfig", "hub edge-1");
	fixture_path(*state, "kubeconfig");
	assert_true(fail_each(*state, access_unknown, FC_ERR_CONFIG) >= 3);
}

static int cluster_set(struct fixture *f, struct fc_error *err)
{
	const struct fc_cluster_set_options options = { .file = f->strings[f->count - 1] };
	struct fc_cluster_set *s = fc_cluster_set_load(&options, err);

	if (!s)
		return -1;
	assert_int_equal(s->count, 2);
	set_expect_cluster(s, 0, "hub", "https://hub");
	set_expect_cluster(s, 1, "edge-1", "https://edge-1");
	fc_cluster_set_free(s);
	return 0;
}

/* HOME's kubeconfig has other servers under the same names: a list that was lost must not lead there. */
static void test_cluster_set_without_memory_never_reads_another_kubeconfig(void **state)
{
	static const char head[] = "apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\nmaster: hub\n";

	fixture_write(*state, ".kube/config",
		      "clusters: [{name: c, cluster: {server: 'https://elsewhere'}}]\n"
		      "contexts: [{name: hub, context: {cluster: c}}, {name: edge-1, context: {cluster: c}}]\n");
	set_fixture_kubeconfig(*state, "first", "hub");
	set_fixture_kubeconfig(*state, "second", "edge-1");
	FC_AUTO_FREE char *text =
		fc_xasprintf("%sclusters:\n- {name: hub, kubeconfig: 'first:second', labels: {a: b}}\n"
			     "- {name: edge-1, kubeconfig: 'first:second', context: edge-1}\n",
			     head);
	fixture_write(*state, "clusters.yaml", text);
	assert_true(fail_each(*state, cluster_set, FC_ERR_NONE) >= 5);
	FC_AUTO_FREE char *broken = fc_xasprintf("%sclusters: [{name: hub, nmae: x}]\n", head);
	fixture_write(*state, "clusters.yaml", broken);
	assert_true(fail_each(*state, cluster_set, FC_ERR_CONFIG) >= 1);
}

static int cluster_set_by_flags(struct fixture *f, struct fc_error *err)
{
	const char *members[] = { "edge-1" };
	const struct fc_cluster_set_options options = {
		.kubeconfig = f->strings[f->count - 1], .master = "hub", .members = members, .member_count = 1
	};
	struct fc_cluster_set *s = fc_cluster_set_load(&options, err);

	fc_cluster_set_free(s);
	return s ? 0 : -1;
}

static void test_cluster_set_by_flags_without_memory_is_refused(void **state)
{
	set_fixture_kubeconfig(*state, "kubeconfig", "hub edge-1");
	fixture_path(*state, "kubeconfig");
	assert_true(fail_each(*state, cluster_set_by_flags, FC_ERR_NONE) >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kubeconfig_without_memory_is_refused_as_a_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_broken_beside_a_good_one_is_refused_without_memory_too,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_unknown_context_is_refused_without_memory_too, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_without_memory_never_reads_another_kubeconfig, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_by_flags_without_memory_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
