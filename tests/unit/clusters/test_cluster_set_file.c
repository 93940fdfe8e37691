/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/cluster_set.h"

#include "base/file.h"
#include "unit/clusters/set_fixture.h"

#define HEAD "apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\n"
#define HUB "- {name: hub, labels: {cluster-master: \"true\"}}\n"

/* Every test has a kubeconfig with these contexts, found as KUBECONFIG and beside the cluster set files. */
static int setup(void **state)
{
	struct fixture *f = fixture_new();

	setenv("KUBECONFIG", set_fixture_kubeconfig(f, "kubeconfig", "hub edge-1 edge-2 other"), 1);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static struct fc_cluster_set *load(void **state, const char *text)
{
	const struct fc_cluster_set_options options = { .file = fixture_write(*state, "set.yaml", text),
							.service_account_dir = "/nowhere" };

	return set_must_load(&options);
}

static void expect_refused(void **state, const char *text, const char *part)
{
	const struct fc_cluster_set_options options = { .file = fixture_write(*state, "set.yaml", text) };
	struct fc_error err = FC_ERROR_INIT;

	if (fc_cluster_set_load(&options, &err))
		fail_msg("taken: %s", text);
	assert_contains(err.text, "/set.yaml: ");
	assert_contains(err.text, part);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
}

/* design section 8, the example */
static void test_set_file_is_read_in_its_order(void **state)
{
	struct fc_cluster_set *s = load(
		state, HEAD "clusters:\n"
			    "- name: edge-1\n  labels: {region: us, \"example.org/Tier\": \"\"}\n  reads: consented\n"
			    "- name: hub\n  labels: {cluster-master: \"true\", region: eu}\n  context: other\n"
			    "- {name: edge-2, reads: none, labels: {cluster-master: \"false\"}}\n");

	assert_int_equal(s->count, 3);
	assert_int_equal(s->master, 1);
	set_expect_cluster(s, 0, "edge-1", "https://edge-1");
	set_expect_cluster(s, 1, "hub", "https://other");
	set_expect_cluster(s, 2, "edge-2", "https://edge-2");
	assert_string_equal(json_string_value(json_object_get(s->clusters[0].info.labels, "region")), "us");
	assert_int_equal(s->clusters[0].info.reads, FC_READS_CONSENTED);
	assert_int_equal(s->clusters[1].info.reads, FC_READS_SAME_NAMESPACE);
	assert_int_equal(s->clusters[2].info.reads, FC_READS_NONE);
	fc_cluster_set_free(s);
}

static void test_set_file_names_the_master_at_the_top(void **state)
{
	struct fc_cluster_set *s =
		load(state, HEAD "master: edge-1\nclusters:\n- {name: hub}\n- name: edge-1\n  context:\n  labels:\n");

	assert_int_equal(s->master, 1);
	assert_true(s->clusters[1].info.master);
	assert_string_equal(json_string_value(json_object_get(s->clusters[1].info.labels, "cluster-master")), "true");
	fc_cluster_set_free(s);
}

static void test_set_file_has_exactly_one_master(void **state)
{
	expect_refused(state, HEAD "clusters:\n- {name: hub}\n- {name: edge-1}\n",
		       "no master: give exactly one cluster the label");
	expect_refused(state, HEAD "clusters:\n" HUB "- {name: edge-1, labels: {cluster-master: \"true\"}}\n",
		       "two masters: \"hub\" and \"edge-1\"");
	expect_refused(state, HEAD "master: edge-1\nclusters:\n" HUB "- {name: edge-1}\n",
		       "two masters: \"edge-1\" by master:, \"hub\"");
	expect_refused(state, HEAD "master: hubb\nclusters:\n- {name: hub}\n",
		       "no cluster of this file is called \"hubb\"");
	expect_refused(state, HEAD "master: hub\nclusters:\n- {name: hub, labels: {cluster-master: \"false\"}}\n",
		       "\"false\"");
	expect_refused(state, HEAD "clusters:\n- {name: hub, labels: {cluster-master: \"yes\"}}\n",
		       "neither \"true\" nor \"false\"");
}

static void test_set_file_unknown_keys_are_named_with_the_known_ones(void **state)
{
	expect_refused(state, HEAD "clusters:\n" HUB "- {name: edge-1, contxt: x}\n",
		       "clusters[1] (edge-1): unknown key \"contxt\"; the keys here are name, labels, kubeconfig, "
		       "context, reads, dialects");
	expect_refused(state, HEAD "cluster:\n" HUB,
		       "unknown key \"cluster\"; the keys here are apiVersion, kind, master, clusters, permissions");
}

static void test_set_file_dialects_of_a_cluster_are_read(void **state)
{
	struct fc_cluster_set *s =
		load(state, HEAD "clusters:\n" HUB "- {name: edge-1, dialects: [kopy, object-sync]}\n");

	assert_null(s->clusters[0].info.dialects);
	assert_int_equal(json_array_size(s->clusters[1].info.dialects), 2);
	assert_string_equal(json_string_value(json_array_get(s->clusters[1].info.dialects, 1)), "object-sync");
	fc_cluster_set_free(s);
	s = load(state, HEAD "clusters:\n" HUB "- {name: edge-1, dialects: []}\npermissions: []\n");
	assert_null(s->clusters[1].info.dialects);
	fc_cluster_set_free(s);
	fc_cluster_set_free(load(state, HEAD "clusters:\n" HUB "- {name: edge-1, dialects: }\npermissions:\n"));
}

static void test_set_file_dialects_that_are_none_are_refused(void **state)
{
	static const char *const known[] = { "k8s-copier", "kopy", NULL };
	const struct fc_cluster_set_options options = {
		.file = fixture_write(*state, "set.yaml",
				      HEAD "clusters:\n" HUB "- {name: edge-1, dialects: [kopi]}\n"),
		.dialects = known,
	};
	struct fc_error err = FC_ERROR_INIT;

	assert_null(fc_cluster_set_load(&options, &err));
	assert_contains(err.text, "clusters[1] (edge-1): dialects: there is no \"kopi\"; those that exist are "
				  "k8s-copier, kopy");
	expect_refused(state, HEAD "clusters:\n" HUB "- {name: edge-1, dialects: kopy}\n", "dialects is no list");
	expect_refused(state, HEAD "clusters:\n" HUB "- {name: edge-1, dialects: [1]}\n", "dialects[0] is no string");
}

static void test_set_file_lists_what_the_operator_permits(void **state)
{
	static const struct fc_resource cronjobs = { .group = "batch", .plural = "cronjobs" };
	struct fc_cluster_set *s =
		load(state, HEAD "clusters:\n" HUB "permissions:\n"
				 "- {from: hub/platform, to: \"*/*\", resources: [cronjobs.batch]}\n");

	assert_true(fc_permissions_cover(
		s->permissions, &(struct fc_permission_query){ "hub", "platform", "edge-1", "shop", &cronjobs }));
	assert_false(fc_permissions_cover(s->permissions,
					  &(struct fc_permission_query){ "hub", "shop", "edge-1", "shop", &cronjobs }));
	fc_cluster_set_free(s);
	expect_refused(state, HEAD "clusters:\n" HUB "permissions:\n- {from: hub/a, to: \"*/*\"}\n",
		       "permissions[0]: resources: name them in a list");
}

static void test_set_file_faults_are_named_with_their_place(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "clusters: [\n", "line" },
		{ "", "is no cluster set" },
		{ "apiVersion: v1\nkind: Config\n", "\"apiVersion: fedcopy.dev/v1alpha1\"" },
		{ "apiVersion: fedcopy.dev/v1alpha1\nclusters: []\n", "\"kind: ClusterSet\"" },
		{ HEAD, "clusters: is no list" },
		{ HEAD "clusters: []\n", "clusters: is no list, or an empty one" },
		{ HEAD "clusters: {hub: {}}\n", "clusters: is no list" },
		{ HEAD "clusters: [hub]\n", "clusters[0]: is no mapping" },
		{ HEAD "clusters:\n" HUB "- {context: x}\n", "clusters[1]: has no name" },
		{ HEAD "clusters:\n- {name: 5}\n", "clusters[0]: name is no string" },
		{ HEAD "clusters:\n- {name: Hub_1}\n", "clusters[0] (Hub_1): the name is no DNS label" },
		{ HEAD "clusters:\n" HUB "- {name: edge-1}\n- {name: hub}\n", "clusters[2] (hub): clusters[0] has that "
									      "name too" },
		{ HEAD "clusters:\n- {name: hub, labels: [a]}\n", "clusters[0] (hub): labels is no mapping" },
		{ HEAD "clusters:\n- {name: hub, labels: {cluster-master: true}}\n", "put quotes around it: "
										     "cluster-master: \"true\"" },
		{ HEAD "clusters:\n- {name: hub, labels: {region: no}}\n", "the value of region is no string" },
		{ HEAD "clusters:\n- {name: hub, labels: {region: \"e u\"}}\n", "the value of region can be no value "
										"of a label" },
		{ HEAD "clusters:\n- {name: hub, labels: {\"a b\": x}}\n", "\"a b\" can be no key" },
		{ HEAD "clusters:\n- {name: hub, labels: {\"A/b\": x}}\n", "\"A/b\" can be no key" },
		{ HEAD "clusters:\n" HUB "- {name: edge-1, reads: all}\n",
		  "clusters[1] (edge-1): reads: \"all\" is none of same-namespace, consented and none" },
		{ HEAD "clusters:\n" HUB "- {name: edge-1, kubeconfig: \"\"}\n", "clusters[1] (edge-1): kubeconfig is "
										 "empty" },
		{ HEAD "clusters:\n" HUB "- {name: edge-1, context: [x]}\n", "clusters[1] (edge-1): context is no "
									     "string" },
		{ HEAD "clusters:\n" HUB "- {name: edge-1, context: nobody}\n", "clusters[1] (edge-1): there is no "
										"context \"nobody\"" },
		{ HEAD "clusters:\n" HUB "- {name: edge-1, kubeconfig: gone}\n", "clusters[1] (edge-1): cannot open" },
		{ HEAD "clusters:\n" HUB "clusters:\n" HUB, "line" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		expect_refused(state, rows[i].text, rows[i].part);
}

static void test_set_file_that_is_missing_is_named_with_the_flag(void **state FC_UNUSED)
{
	const struct fc_cluster_set_options options = { .file = "/nowhere/set.yaml" };
	struct fc_error err = FC_ERROR_INIT;

	assert_null(fc_cluster_set_load(&options, &err));
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, "--clusters: ");
	assert_contains(err.text, "/nowhere/set.yaml");
}

static void test_set_file_that_is_too_large_is_wrong_use(void **state)
{
	size_t bytes = (size_t)20 << 20;
	FC_AUTO_FREE char *text = fc_xcalloc(1, bytes + 1);
	struct fc_error err = FC_ERROR_INIT;

	memset(text, '#', bytes);
	const struct fc_cluster_set_options options = { .file = fixture_write(*state, "large.yaml", text) };
	assert_null(fc_cluster_set_load(&options, &err));
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, "--clusters: ");
	assert_contains(err.text, "is larger than");
}

/* kubeconfig: relative to the cluster set file, a list of files too; absent: --kubeconfig's rules. */
static void test_set_file_kubeconfigs_lie_beside_it(void **state)
{
	struct fixture *f = *state;
	const char *third = set_fixture_kubeconfig(f, "third", "c");

	setenv("KUBECONFIG", "/nowhere", 1);
	set_fixture_kubeconfig(f, "sets/k/first", "a");
	set_fixture_kubeconfig(f, "sets/second", "b");
	FC_AUTO_FREE char *text = fc_xasprintf(HEAD "master: a\nclusters:\n- {name: a, kubeconfig: k/first}\n"
						    "- {name: b, kubeconfig: \"k/first:second\"}\n- {name: c, "
						    "kubeconfig: %s}\n- {name: d}\n",
					       third);
	const struct fc_cluster_set_options options = { .file = fixture_write(f, "sets/set.yaml", text),
							.kubeconfig = set_fixture_kubeconfig(f, "flag", "d") };
	struct fc_cluster_set *s = set_must_load(&options);
	set_expect_cluster(s, 0, "a", "https://a");
	set_expect_cluster(s, 1, "b", "https://b");
	set_expect_cluster(s, 2, "c", "https://c");
	set_expect_cluster(s, 3, "d", "https://d");
	fc_cluster_set_free(s);
}

/* kube-client 1.3 for a master that names neither file nor context; a member is never taken for our own cluster. */
static void test_set_file_master_without_a_place_is_the_cluster_we_run_in(void **state)
{
	struct fixture *f = *state;
	struct fc_cluster_set_options options = { .file = fixture_write(f, "set.yaml",
									HEAD "clusters:\n" HUB "- {name: edge-1}\n"),
						  .service_account_dir = f->folder };

	fixture_write(f, "token", "abc");
	setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	struct fc_cluster_set *s = set_must_load(&options);
	set_expect_cluster(s, 0, "hub", "https://hub"); /* KUBECONFIG is given */
	fc_cluster_set_free(s);

	unsetenv("KUBECONFIG");
	set_fixture_kubeconfig(f, ".kube/config", "hub edge-1");
	s = set_must_load(&options);
	set_expect_cluster(s, 0, "hub", "https://10.0.0.1:443");
	set_expect_cluster(s, 1, "edge-1", "https://edge-1");
	fc_cluster_set_free(s);

	options.file = fixture_write(f, "named.yaml", HEAD "master: hub\nclusters:\n- {name: hub, context: hub}\n");
	s = set_must_load(&options);
	set_expect_cluster(s, 0, "hub", "https://hub");
	fc_cluster_set_free(s);
}

/* The files in clusters/, as they are, with kubeconfigs beside them. Tests run from the top of the source tree. */
static struct fc_cluster_set *load_shipped(void **state, const char *name)
{
	FC_AUTO_FREE char *shipped = fc_xasprintf("clusters/%s", name);
	FC_AUTO_FREE char *text = NULL;
	struct fc_error err = FC_ERROR_INIT;
	size_t bytes;

	if (fc_file_read(shipped, 65536, &text, &bytes, &err) < 0)
		fail_msg("%s", err.text);
	const struct fc_cluster_set_options options = { .file = fixture_write(*state, name, text),
							.service_account_dir = "/nowhere" };
	return set_must_load(&options);
}

static void test_set_file_demo_is_a_hub_and_two_members(void **state)
{
	struct fc_cluster_set *s = load_shipped(state, "demo.yaml");

	assert_int_equal(s->count, 3);
	set_expect_cluster(s, 0, "hub", "https://hub");
	set_expect_cluster(s, 1, "edge-1", "https://edge-1");
	set_expect_cluster(s, 2, "edge-2", "https://edge-2");
	assert_int_equal(s->master, 0);
	fc_cluster_set_free(s);
}

static void test_set_file_two_regions_differ_in_what_may_be_read(void **state)
{
	set_fixture_kubeconfig(*state, "eu.kubeconfig", "hub shop-eu-1");
	set_fixture_kubeconfig(*state, "us.kubeconfig", "us-1 us-lab");
	struct fc_cluster_set *s = load_shipped(state, "two-regions.yaml");

	assert_int_equal(s->count, 4);
	assert_int_equal(s->master, 0);
	set_expect_cluster(s, 1, "eu-1", "https://shop-eu-1");
	assert_int_equal(s->clusters[1].info.reads, FC_READS_SAME_NAMESPACE);
	assert_int_equal(s->clusters[2].info.reads, FC_READS_CONSENTED);
	assert_int_equal(s->clusters[3].info.reads, FC_READS_NONE);
	assert_string_equal(json_string_value(json_object_get(s->clusters[2].info.labels, "region")), "us");
	fc_cluster_set_free(s);
}

static void test_set_file_from_kubeconfig_needs_nothing_but_contexts(void **state)
{
	setenv("KUBECONFIG", set_fixture_kubeconfig(*state, "mine", "staging production"), 1);
	struct fc_cluster_set *s = load_shipped(state, "from-kubeconfig.yaml");

	assert_int_equal(s->count, 2);
	assert_int_equal(s->master, 0);
	set_expect_cluster(s, 0, "production", "https://production");
	set_expect_cluster(s, 1, "staging", "https://staging");
	fc_cluster_set_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_set_file_is_read_in_its_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_names_the_master_at_the_top, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_has_exactly_one_master, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_unknown_keys_are_named_with_the_known_ones, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_set_file_dialects_of_a_cluster_are_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_dialects_that_are_none_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_lists_what_the_operator_permits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_faults_are_named_with_their_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_that_is_missing_is_named_with_the_flag, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_that_is_too_large_is_wrong_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_kubeconfigs_lie_beside_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_master_without_a_place_is_the_cluster_we_run_in, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_set_file_demo_is_a_hub_and_two_members, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_two_regions_differ_in_what_may_be_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_file_from_kubeconfig_needs_nothing_but_contexts, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
