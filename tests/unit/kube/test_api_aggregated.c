/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/api_aggregated.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include <string.h>

static void test_aggregated_content_type_is_told_by_its_parameters_in_any_order(void **state FC_UNUSED)
{
	static const char *const yes[] = {
		"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
		"application/json;as=APIGroupDiscoveryList;v=v2beta1;g=apidiscovery.k8s.io",
		"Application/JSON ; charset=utf-8; g=\"apidiscovery.k8s.io\"; v = v2 ;as=APIGroupDiscoveryList;",
	};
	static const char *const no[] = {
		"",
		";",
		"application/json",
		"application/json;charset=utf-8",
		"application/json;g=apidiscovery.k8s.io;v=v2",
		"application/json;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList",
		"application/json;v=v2;as=APIGroupDiscoveryList",
		"application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList",
		"application/json;g=apidiscovery.k8s.io.test;v=v2;as=APIGroupDiscoveryList",
		"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryLists",
		"application/json;g;v=v2;as=APIGroupDiscoveryList",
		"application/yaml;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
		"text/html; g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(yes); i++)
		assert_true(fc_api_is_aggregated(yes[i]));
	for (size_t i = 0; i < FC_ARRAY_LEN(no); i++)
		assert_false(fc_api_is_aggregated(no[i]));
}

/* Written after the documentation of apidiscovery.k8s.io/v2. */
static const char apps[] =
	"{\"metadata\":{\"name\":\"apps\",\"creationTimestamp\":null},\"versions\":["
	"{\"version\":\"v1\",\"freshness\":\"Current\",\"resources\":["
	"{\"resource\":\"deployments\",\"responseKind\":{\"group\":\"apps\",\"version\":\"v1\",\"kind\":\"Deployment\"},"
	"\"scope\":\"Namespaced\",\"singularResource\":\"deployment\",\"verbs\":[\"create\",\"get\",\"list\",\"patch\",\"watch\","
	"\"deletecollection\"],\"shortNames\":[\"deploy\",\"dp\"],\"categories\":[\"all\"],\"subresources\":["
	"{\"subresource\":\"scale\",\"responseKind\":{\"group\":\"autoscaling\",\"version\":\"v1\",\"kind\":\"Scale\"},"
	"\"acceptedTypes\":null,\"verbs\":[\"get\",\"patch\",\"update\"]},"
	"{\"subresource\":\"status\",\"responseKind\":{\"kind\":\"Deployment\"},\"verbs\":[\"get\",\"patch\"]},"
	"{\"verbs\":[\"get\"]},7]},"
	"{\"resource\":\"nodes\",\"responseKind\":{\"kind\":\"Node\"},\"scope\":\"Cluster\",\"verbs\":[\"get\"]},"
	"{\"resource\":\"holders\",\"scope\":\"Namespaced\",\"verbs\":null,\"subresources\":["
	"{\"subresource\":\"proxy\",\"verbs\":[\"get\"]}]},"
	"{\"resource\":\"\",\"responseKind\":{\"kind\":\"X\"}},{\"responseKind\":{\"kind\":\"X\"}},8]},"
	"{\"version\":\"v1beta1\",\"freshness\":\"Stale\",\"resources\":["
	"{\"resource\":\"deployments\",\"responseKind\":{\"kind\":\"Deployment\"},\"scope\":\"Namespaced\"}]},"
	"{\"version\":\"../x\"},{\"freshness\":\"Current\"},9]}";

static void test_aggregated_group_has_its_versions_in_order_with_their_resources(void **state FC_UNUSED)
{
	struct fc_api_versions list = { .items = NULL };

	assert_int_equal(fc_api_read_aggregated(&list, false, apps, strlen(apps), NULL), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].group, "apps");
	assert_string_equal(list.items[0].version, "v1");
	assert_false(list.items[0].stale);
	const struct fc_api_resources *v1 = &list.items[0].resources;
	assert_int_equal(v1->count, 5);
	const struct fc_resource *d = v1->items[0];
	assert_string_equal(d->group, "apps");
	assert_string_equal(d->version, "v1");
	assert_string_equal(d->plural, "deployments");
	assert_string_equal(d->singular, "deployment");
	assert_string_equal(d->kind, "Deployment");
	assert_string_equal(d->short_names, "deploy,dp");
	assert_true(d->namespaced);
	assert_int_equal(d->verbs, FC_VERB_CREATE | FC_VERB_GET | FC_VERB_LIST | FC_VERB_PATCH | FC_VERB_WATCH);
	assert_string_equal(v1->items[1]->plural, "deployments/scale");
	assert_string_equal(v1->items[1]->group, "apps");
	assert_string_equal(v1->items[1]->kind, "Scale");
	assert_string_equal(v1->items[2]->plural, "deployments/status");
	assert_string_equal(v1->items[3]->plural, "nodes");
	assert_string_equal(v1->items[3]->singular, "node");
	assert_false(v1->items[3]->namespaced);
	/* What only holds subresources is none itself. */
	assert_string_equal(v1->items[4]->plural, "holders/proxy");
	fc_api_versions_fini(&list);
}

static void test_aggregated_version_that_is_stale_has_no_resources(void **state FC_UNUSED)
{
	struct fc_api_versions list = { .items = NULL };

	assert_int_equal(fc_api_read_aggregated(&list, false, apps, strlen(apps), NULL), 0);
	assert_string_equal(list.items[1].version, "v1beta1");
	assert_true(list.items[1].stale);
	assert_int_equal(list.items[1].resources.count, 0);
	fc_api_versions_fini(&list);
}

static void test_aggregated_core_group_is_the_one_without_a_name(void **state FC_UNUSED)
{
	static const char core[] = "{\"metadata\":{\"creationTimestamp\":null},\"versions\":[{\"version\":\"v1\"}]}";
	struct fc_api_versions list = { .items = NULL };

	assert_int_equal(fc_api_read_aggregated(&list, false, core, strlen(core), NULL), 0);
	assert_int_equal(fc_api_read_aggregated(&list, true, apps, strlen(apps), NULL), 0);
	assert_int_equal(list.count, 0);
	assert_int_equal(fc_api_read_aggregated(&list, true, core, strlen(core), NULL), 0);
	assert_int_equal(fc_api_read_aggregated(&list, true, core, strlen(core), NULL), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].group, "");
	fc_api_versions_fini(&list);
}

static void test_aggregated_item_that_is_no_group_is_refused(void **state FC_UNUSED)
{
	static const char *const bodies[] = { "", "[]", "7", "{}", "{\"metadata\":{\"name\":\"a\"},\"versions\":{}}" };
	static const char none[] = "{\"metadata\":{\"name\":\"a\"},\"versions\":null}";
	struct fc_api_versions list = { .items = NULL };

	for (size_t i = 0; i < FC_ARRAY_LEN(bodies); i++) {
		struct fc_error err = FC_ERROR_INIT;
		assert_int_equal(fc_api_read_aggregated(&list, false, bodies[i], strlen(bodies[i]), &err), -1);
		assert_int_equal(err.cls, FC_ERR_PROTOCOL);
	}
	assert_int_equal(fc_api_read_aggregated(&list, false, none, strlen(none), NULL), 0);
	assert_int_equal(list.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aggregated_content_type_is_told_by_its_parameters_in_any_order),
		cmocka_unit_test(test_aggregated_group_has_its_versions_in_order_with_their_resources),
		cmocka_unit_test(test_aggregated_version_that_is_stale_has_no_resources),
		cmocka_unit_test(test_aggregated_core_group_is_the_one_without_a_name),
		cmocka_unit_test(test_aggregated_item_that_is_no_group_is_refused),
	};

	json_object_seed(1);
	return cmocka_run_group_tests_name("api_aggregated", tests, NULL, NULL);
}
