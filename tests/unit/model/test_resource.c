/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <pthread.h>
#include <string.h>

static const struct fc_resource federated = {
	.group = "types.federation.k8s.io",
	.version = "v1alpha1",
	.plural = "federatedsecrets",
	.singular = "federatedsecret",
	.kind = "FederatedSecret",
	.short_names = "fsec",
	.verbs = FC_VERB_GET | FC_VERB_LIST,
	.namespaced = true,
	.has_status = true,
};

static void test_resource_new_copies_every_member(void **state)
{
	char group[] = "apps";
	struct fc_resource from = federated;

	(void)state;
	from.group = group;
	struct fc_resource *r = fc_resource_new(&from);
	memset(group, 'x', sizeof(group) - 1);
	assert_string_equal(r->group, "apps");
	assert_string_equal(r->version, "v1alpha1");
	assert_string_equal(r->plural, "federatedsecrets");
	assert_string_equal(r->singular, "federatedsecret");
	assert_string_equal(r->kind, "FederatedSecret");
	assert_string_equal(r->short_names, "fsec");
	assert_int_equal(r->verbs, FC_VERB_GET | FC_VERB_LIST);
	assert_true(r->namespaced);
	assert_true(r->has_status);
	fc_resource_unref(r);
}

static void test_resource_new_makes_null_strings_empty(void **state)
{
	struct fc_resource *r = fc_resource_new(&(struct fc_resource){ .plural = "secrets" });

	(void)state;
	assert_string_equal(r->group, "");
	assert_string_equal(r->version, "");
	assert_string_equal(r->singular, "");
	assert_string_equal(r->kind, "");
	assert_string_equal(r->short_names, "");
	fc_resource_unref(r);
}

static void *ref_and_unref(void *shared)
{
	for (int i = 0; i < 1000; i++)
		fc_resource_unref(fc_resource_ref(shared));
	fc_resource_unref(shared);
	return NULL;
}

static void test_resource_lives_as_long_as_its_last_reference_in_any_thread(void **state)
{
	struct fc_resource *r = fc_resource_new(&federated);
	pthread_t threads[2];

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ref_and_unref, fc_resource_ref(r)), 0);
	for (size_t i = 0; i < FC_ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	assert_string_equal(r->plural, "federatedsecrets");
	fc_resource_unref(r);
	fc_resource_unref(NULL);
}

static void test_resource_same_compares_group_version_and_plural_only(void **state)
{
	const struct fc_resource a = {
		.group = "apps", .version = "v1", .plural = "deployments", .kind = "Deployment"
	};
	struct fc_resource b = {
		.group = "apps", .version = "v1", .plural = "deployments", .kind = "", .verbs = FC_VERB_GET
	};

	(void)state;
	assert_true(fc_resource_same(&a, &b));
	b.version = "v1beta1";
	assert_false(fc_resource_same(&a, &b));
	b.version = "v1";
	b.group = "extensions";
	assert_false(fc_resource_same(&a, &b));
	b.group = "apps";
	b.plural = "daemonsets";
	assert_false(fc_resource_same(&a, &b));
}

static void test_resource_name_has_the_group_where_there_is_one(void **state)
{
	FC_AUTO_FREE char *core =
		fc_resource_name(&(struct fc_resource){ .group = "", .version = "v1", .plural = "secrets" });
	FC_AUTO_FREE char *grouped = fc_resource_name(&federated);

	(void)state;
	assert_string_equal(core, "secrets");
	assert_string_equal(grouped, "federatedsecrets.types.federation.k8s.io");
}

static void test_resource_is_federated_by_the_beginning_of_its_kind(void **state)
{
	(void)state;
	assert_true(fc_resource_is_federated(&federated));
	assert_false(fc_resource_is_federated(&(struct fc_resource){ .kind = "Secret" }));
	assert_false(fc_resource_is_federated(&(struct fc_resource){ .kind = "federatedSecret" }));
	assert_false(fc_resource_is_federated(&(struct fc_resource){ .kind = "MyFederatedSecret" }));
}

static void test_resource_is_secret_in_the_core_group_only(void **state)
{
	(void)state;
	assert_true(fc_resource_is_secret(&(struct fc_resource){ .group = "", .plural = "secrets", .kind = "Secret" }));
	assert_false(
		fc_resource_is_secret(&(struct fc_resource){ .group = "x.io", .plural = "secrets", .kind = "Secret" }));
	assert_false(fc_resource_is_secret(
		&(struct fc_resource){ .group = "", .plural = "configmaps", .kind = "ConfigMap" }));
}

static void test_resource_group_is_builtin_for_what_the_api_server_itself_serves(void **state)
{
	static const char *const builtin[] = {
		"",	  "apps",	   "batch",	     "autoscaling",
		"policy", "events.k8s.io", "storage.k8s.io", "rbac.authorization.k8s.io"
	};
	static const char *const others[] = { "example.com",
					      "metrics.k8s.io",
					      "snapshot.storage.k8s.io",
					      "types.federation.k8s.io",
					      "gateway.networking.k8s.io",
					      "app",
					      "k8s.io" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(builtin); i++)
		assert_true(fc_resource_group_is_builtin(builtin[i]));
	for (size_t i = 0; i < FC_ARRAY_LEN(others); i++)
		assert_false(fc_resource_group_is_builtin(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resource_group_is_builtin_for_what_the_api_server_itself_serves),
		cmocka_unit_test(test_resource_new_copies_every_member),
		cmocka_unit_test(test_resource_new_makes_null_strings_empty),
		cmocka_unit_test(test_resource_lives_as_long_as_its_last_reference_in_any_thread),
		cmocka_unit_test(test_resource_same_compares_group_version_and_plural_only),
		cmocka_unit_test(test_resource_name_has_the_group_where_there_is_one),
		cmocka_unit_test(test_resource_is_federated_by_the_beginning_of_its_kind),
		cmocka_unit_test(test_resource_is_secret_in_the_core_group_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
