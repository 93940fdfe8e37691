/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/cluster_set.h"

#include "unit/clusters/set_fixture.h"

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

static void expect_refused(const struct fc_cluster_set_options *options, enum fc_error_class cls, const char *part)
{
	struct fc_error err = FC_ERROR_INIT;

	if (fc_cluster_set_load(options, &err))
		fail_msg("taken; wanted: %s", part);
	assert_contains(err.text, part);
	assert_int_equal(err.cls, cls);
}

static void expect_member_refused(const char *kubeconfig, const char *member, enum fc_error_class cls, const char *part)
{
	const struct fc_cluster_set_options options = {
		.kubeconfig = kubeconfig, .master = "hub", .members = &member, .member_count = 1
	};

	expect_refused(&options, cls, part);
}

/* design section 8: --master and --member [NAME=]CONTEXT */
static void test_cluster_set_of_flags_keeps_their_order_and_labels_the_master(void **state)
{
	static const char *const members[] = { "edge-1", "paris=arn:aws:eks:1:cluster/P", "odd=a=b" };
	const char *k = set_fixture_kubeconfig(*state, "k", "edge-1 hub arn:aws:eks:1:cluster/P a=b");
	const struct fc_cluster_set_options options = {
		.kubeconfig = k, .master = "centre=hub", .members = members, .member_count = 3
	};
	struct fc_cluster_set *s = set_must_load(&options);

	assert_int_equal(s->count, 4);
	assert_int_equal(s->master, 0);
	set_expect_cluster(s, 0, "centre", "https://hub");
	set_expect_cluster(s, 1, "edge-1", "https://edge-1");
	set_expect_cluster(s, 2, "paris", "https://arn-aws-eks-1-cluster-P");
	set_expect_cluster(s, 3, "odd", "https://a-b");
	assert_string_equal(json_string_value(json_object_get(s->clusters[0].info.labels, "cluster-master")), "true");
	assert_null(json_object_get(s->clusters[1].info.labels, "cluster-master"));
	assert_int_equal(s->clusters[1].info.reads, FC_READS_SAME_NAMESPACE);
	fc_cluster_set_free(s);
}

static void test_cluster_set_file_and_flags_exclude_each_other(void **state)
{
	static const char *const members[] = { "edge-1" };
	const char *k = set_fixture_kubeconfig(*state, "k", "hub edge-1");
	const struct fc_cluster_set_options with_master = { .file = "f", .kubeconfig = k, .master = "hub" };
	const struct fc_cluster_set_options with_member = {
		.file = "f", .kubeconfig = k, .members = members, .member_count = 1
	};

	expect_refused(&with_master, FC_ERR_USAGE, "--clusters and --master exclude each other");
	expect_refused(&with_member, FC_ERR_USAGE, "--clusters and --member exclude each other");
}

static void test_cluster_set_context_that_is_no_label_is_told_how_to_name_it(void **state)
{
	const char *k = set_fixture_kubeconfig(*state, "k", "hub Admin@Paris_1");

	expect_member_refused(k, "Admin@Paris_1", FC_ERR_USAGE, "--member Admin@Paris_1: ");
	expect_member_refused(k, "Admin@Paris_1", FC_ERR_USAGE, "for example --member admin-paris-1=Admin@Paris_1");
	expect_member_refused(k, "Paris=hub", FC_ERR_USAGE, "\"Paris\" before the '='");
	expect_member_refused(k, "@", FC_ERR_USAGE, "--member edge-1=@");
	expect_member_refused(k, "paris=", FC_ERR_USAGE, "--member paris=: give [NAME=]CONTEXT");
	expect_member_refused(k, "", FC_ERR_USAGE, "give [NAME=]CONTEXT");
}

static void test_cluster_set_flag_that_names_no_context_is_a_usage_error(void **state)
{
	const char *k = set_fixture_kubeconfig(*state, "k", "hub edge-1");

	expect_member_refused(k, "egde-1", FC_ERR_USAGE, "--member egde-1: there is no context \"egde-1\"");
	expect_member_refused(k, "egde-1", FC_ERR_USAGE, "hub, edge-1");
	expect_member_refused(k, "edge=egde-1", FC_ERR_USAGE, "--member edge=egde-1: ");
	const struct fc_cluster_set_options master = { .kubeconfig = k, .master = "hubb" };
	expect_refused(&master, FC_ERR_USAGE, "--master hubb: ");
	const struct fc_cluster_set_options missing = { .kubeconfig = "/nowhere/kubeconfig", .master = "hub" };
	expect_refused(&missing, FC_ERR_CONFIG, "/nowhere/kubeconfig");
}

static void test_cluster_set_context_that_cannot_be_used_is_the_fault_of_the_file(void **state)
{
	const char *k = fixture_write(*state, "k", "contexts: [{name: hub, context: {cluster: gone}}]\n");
	const struct fc_cluster_set_options options = { .kubeconfig = k, .master = "hub" };

	expect_refused(&options, FC_ERR_CONFIG, "--master hub: ");
	expect_refused(&options, FC_ERR_CONFIG, "/k: context \"hub\": cluster: ");
}

static void test_cluster_set_same_name_twice_is_refused(void **state)
{
	const char *k = set_fixture_kubeconfig(*state, "k", "hub edge-1");
	static const char *const members[] = { "edge-1" };

	expect_member_refused(k, "hub", FC_ERR_USAGE, "--member hub: another cluster is called \"hub\" already");
	const char *current = set_fixture_kubeconfig(*state, "k2", "edge-1 hub");
	const struct fc_cluster_set_options by_default = { .kubeconfig = current,
							   .members = members,
							   .member_count = 1 };
	expect_refused(&by_default, FC_ERR_USAGE, "without --master the current context is the master");
}

/* design section 8: the current context as master, no member */
static void test_cluster_set_without_flags_is_the_current_context(void **state)
{
	const struct fc_cluster_set_options none = { .service_account_dir = "/nowhere" };

	setenv("KUBECONFIG", set_fixture_kubeconfig(*state, "k", "hub edge-1"), 1);
	struct fc_cluster_set *s = set_must_load(&none);
	assert_int_equal(s->count, 1);
	set_expect_cluster(s, 0, "hub", "https://hub");
	fc_cluster_set_free(s);

	setenv("KUBECONFIG", set_fixture_kubeconfig(*state, "k", "kubernetes-admin@kubernetes"), 1);
	expect_refused(&none, FC_ERR_USAGE, "--master kubernetes-admin-kubernetes=kubernetes-admin@kubernetes");
	setenv("KUBECONFIG", fixture_write(*state, "k", "current-context: gone\n"), 1);
	expect_refused(&none, FC_ERR_USAGE, "the current context as master: there is no context \"gone\"");
	setenv("KUBECONFIG", fixture_path(*state, "nowhere"), 1);
	expect_refused(&none, FC_ERR_USAGE, "--clusters FILE");
}

/* kube-client 1.3: --kubeconfig, KUBECONFIG, in-cluster, home. */
static void test_cluster_set_inside_a_cluster_is_that_cluster_unless_a_kubeconfig_is_given(void **state)
{
	static const char *const members[] = { "edge-1" };
	struct fixture *f = *state;
	const char *k = set_fixture_kubeconfig(f, ".kube/config", "hub edge-1");
	struct fc_cluster_set_options options = { .service_account_dir = f->folder,
						  .members = members,
						  .member_count = 1 };

	setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	fixture_write(f, "token", "abc");
	struct fc_cluster_set *s = set_must_load(&options);
	assert_int_equal(s->count, 2);
	set_expect_cluster(s, 0, "in-cluster", "https://10.0.0.1:443");
	set_expect_cluster(s, 1, "edge-1", "https://edge-1");
	fc_cluster_set_free(s);

	options.kubeconfig = k;
	s = set_must_load(&options);
	set_expect_cluster(s, 0, "hub", "https://hub");
	fc_cluster_set_free(s);

	options.kubeconfig = NULL;
	setenv("KUBECONFIG", k, 1);
	s = set_must_load(&options);
	set_expect_cluster(s, 0, "hub", "https://hub");
	fc_cluster_set_free(s);

	/* In a cluster, but with no token: not a reason to go to another cluster. */
	unsetenv("KUBECONFIG");
	assert_int_equal(unlink(fixture_path(f, "token")), 0);
	expect_refused(&options, FC_ERR_CONFIG, "/token");
}

/* The one cluster of a drop-in. */
static void test_cluster_set_of_a_drop_in_takes_any_context_and_another_server(void **state)
{
	struct fixture *f = *state;
	const char *k = set_fixture_kubeconfig(f, "k", "kubernetes-admin@kubernetes");
	struct fc_cluster_set_options options = { .service_account_dir = "/nowhere",
						  .kubeconfig = k,
						  .any_context = true };
	struct fc_cluster_set *s = set_must_load(&options);

	set_expect_cluster(s, 0, "kubernetes-admin-kubernetes", "https://kubernetes-admin-kubernetes");
	fc_cluster_set_free(s);
	options.server = "https://elsewhere:6443/";
	s = set_must_load(&options);
	set_expect_cluster(s, 0, "kubernetes-admin-kubernetes", "https://elsewhere:6443");
	fc_cluster_set_free(s);
	options.server = "ftp://elsewhere";
	expect_refused(&options, FC_ERR_CONFIG, "--master");
}

static void test_cluster_set_of_a_drop_in_may_be_that_of_the_pod_alone(void **state)
{
	struct fixture *f = *state;
	const char *k = set_fixture_kubeconfig(f, "k", "hub");
	struct fc_cluster_set_options options = { .service_account_dir = f->folder, .in_cluster_only = true };

	setenv("KUBECONFIG", k, 1);
	expect_refused(&options, FC_ERR_USAGE, "give --kube-config FILE");
	setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	fixture_write(f, "token", "abc");
	struct fc_cluster_set *s = set_must_load(&options);
	set_expect_cluster(s, 0, "in-cluster", "https://10.0.0.1:443");
	fc_cluster_set_free(s);
	options.kubeconfig = k;
	s = set_must_load(&options);
	set_expect_cluster(s, 0, "hub", "https://hub");
	fc_cluster_set_free(s);
}

/* --- the files that it was read from --- */

static void expect_files(struct fc_cluster_set_options *options, bool loads, const char *const *paths, size_t count)
{
	struct fc_cluster_set_files files = { .paths = NULL };
	struct fc_error err = FC_ERROR_INIT;

	options->files = &files;
	struct fc_cluster_set *s = fc_cluster_set_load(options, &err);
	assert_int_equal(s != NULL, loads);
	fc_cluster_set_free(s);
	assert_int_equal(files.count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(files.paths[i], paths[i]);
	fc_cluster_set_files_fini(&files);
	options->files = NULL;
}

static void test_cluster_set_tells_the_files_it_was_read_from_missing_ones_too(void **state)
{
	struct fixture *f = *state;
	const char *a = set_fixture_kubeconfig(f, "a", "hub"), *b = set_fixture_kubeconfig(f, "b", "edge-1");
	const char *gone = fixture_path(f, "gone"), *usual = fixture_path(f, ".kube/config");
	static const char *const members[] = { "edge-1" };
	struct fc_cluster_set_options options = {
		.service_account_dir = "/nowhere", .master = "hub", .members = members, .member_count = 1
	};

	setenv("KUBECONFIG", fixture_keep(f, fc_xasprintf("%s:%s:%s", gone, a, b)), 1);
	expect_files(&options, true, (const char *const[]){ gone, a, b }, 3);
	fixture_write(f, "a", "broken: [");
	expect_files(&options, false, (const char *const[]){ gone, a, b }, 3);
	options.kubeconfig = gone;
	expect_files(&options, false, &gone, 1);
	options.kubeconfig = NULL;
	unsetenv("KUBECONFIG");
	expect_files(&options, false, &usual, 1);
}

static void test_cluster_set_file_and_the_kubeconfigs_that_it_names_are_told(void **state)
{
	struct fixture *f = *state;
	const char *file = fixture_write(f, "set",
					 "apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\nmaster: hub\n"
					 "clusters: [{name: hub, kubeconfig: k}, {name: edge-1, kubeconfig: sub/k},"
					 "{name: edge-2, kubeconfig: k}]\n");
	const char *k = set_fixture_kubeconfig(f, "k", "hub edge-2"), *sub = fixture_path(f, "sub/k");
	struct fc_cluster_set_options options = { .file = file };

	expect_files(&options, false, (const char *const[]){ file, k, sub }, 3);
	set_fixture_kubeconfig(f, "sub/k", "edge-1");
	expect_files(&options, true, (const char *const[]){ file, k, sub }, 3);
	fixture_write(f, "set", "[");
	expect_files(&options, false, &file, 1);
}

/* Reading a pipe twice would wait for ever. */
static void test_cluster_set_is_read_again_from_regular_files_only(void **state)
{
	struct fixture *f = *state;
	const char *pipe = fixture_path(f, "pipe"), *k = set_fixture_kubeconfig(f, "k", "hub");
	struct fc_cluster_set_options options = { .file = pipe, .again = true };

	assert_int_equal(mkfifo(pipe, 0600), 0);
	expect_refused(&options, FC_ERR_CONFIG, "/pipe is no regular file: it cannot be read again");
	options = (struct fc_cluster_set_options){ .kubeconfig = pipe, .again = true };
	expect_refused(&options, FC_ERR_CONFIG, "/pipe is no regular file: it cannot be read again");
	options.kubeconfig = k;
	fc_cluster_set_free(set_must_load(&options));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cluster_set_of_a_drop_in_takes_any_context_and_another_server,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_of_a_drop_in_may_be_that_of_the_pod_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_of_flags_keeps_their_order_and_labels_the_master,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_file_and_flags_exclude_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_context_that_is_no_label_is_told_how_to_name_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_flag_that_names_no_context_is_a_usage_error, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_context_that_cannot_be_used_is_the_fault_of_the_file,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_same_name_twice_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_without_flags_is_the_current_context, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_cluster_set_inside_a_cluster_is_that_cluster_unless_a_kubeconfig_is_given, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_tells_the_files_it_was_read_from_missing_ones_too,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_file_and_the_kubeconfigs_that_it_names_are_told, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_cluster_set_is_read_again_from_regular_files_only, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
