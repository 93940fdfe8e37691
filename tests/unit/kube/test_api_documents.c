/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/api_documents.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include <string.h>

static void assert_versions(const struct fc_api_versions *list, const char *expected)
{
	char text[512] = "";

	for (size_t i = 0; i < list->count; i++) {
		size_t at = strlen(text);
		snprintf(text + at, sizeof(text) - at, "%s%s/%s", at ? " " : "", list->items[i].group,
			 list->items[i].version);
	}
	assert_string_equal(text, expected);
}

static void test_api_core_lists_its_versions(void **state FC_UNUSED)
{
	static const char body[] = "{\"kind\":\"APIVersions\",\"versions\":[\"v1\",7,\"v2\",\"../x\",\"v1\"]}";
	struct fc_api_versions list = { .items = NULL };

	assert_int_equal(fc_api_read_core(&list, body, strlen(body), NULL), 0);
	assert_versions(&list, "/v1 /v2");
	fc_api_versions_fini(&list);
}

static void test_api_groups_keep_their_order_with_the_preferred_version_first(void **state FC_UNUSED)
{
	static const char body[] =
		"{\"kind\":\"APIGroupList\",\"groups\":["
		"{\"name\":\"b.test\",\"versions\":[{\"version\":\"v1alpha1\"},{\"version\":\"v1\"},{\"version\":\"v2\"}],"
		"\"preferredVersion\":{\"version\":\"v1\"}},"
		"{\"name\":\"a.test\",\"versions\":[{\"version\":\"v1\"},{}]},"
		"{\"name\":\"../x\",\"versions\":[{\"version\":\"v1\"}]},{\"name\":7},8]}";
	struct fc_api_versions list = { .items = NULL };

	assert_int_equal(fc_api_read_groups(&list, body, strlen(body), NULL), 0);
	assert_versions(&list, "b.test/v1 b.test/v1alpha1 b.test/v2 a.test/v1");
	fc_api_versions_fini(&list);
}

static void test_api_list_that_is_null_is_empty(void **state FC_UNUSED)
{
	static const char body[] = "{\"kind\":\"APIGroupList\",\"groups\":null}";
	struct fc_api_versions list = { .items = NULL };

	assert_int_equal(fc_api_read_groups(&list, body, strlen(body), NULL), 0);
	assert_int_equal(list.count, 0);
}

static void assert_no_document(const char *body, enum fc_error_class cls)
{
	struct fc_api_versions versions = { .items = NULL };
	struct fc_api_resources resources = { .items = NULL };
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(fc_api_read_core(&versions, body, strlen(body), &err), -1);
	assert_int_equal(err.cls, cls);
	assert_int_equal(fc_api_read_groups(&versions, body, strlen(body), &err), -1);
	assert_int_equal(err.cls, cls);
	assert_int_equal(fc_api_read_resources(&resources, "g", "v1", body, strlen(body), &err), -1);
	assert_int_equal(err.cls, cls);
}

static void test_api_document_of_another_kind_is_refused(void **state FC_UNUSED)
{
	assert_no_document("", FC_ERR_PROTOCOL);
	assert_no_document("<html>", FC_ERR_PROTOCOL);
	assert_no_document("[]", FC_ERR_PROTOCOL);
	assert_no_document("{\"kind\":\"Status\",\"status\":\"Failure\"}", FC_ERR_PROTOCOL);
	assert_no_document("{\"resources\":[],\"groups\":[],\"versions\":[]}", FC_ERR_PROTOCOL);
	assert_no_document("{\"kind\":\"APIResourceList\",\"resources\":{}}", FC_ERR_PROTOCOL);
}

static void test_api_resources_have_all_their_properties(void **state FC_UNUSED)
{
	static const char body[] =
		"{\"kind\":\"APIResourceList\",\"groupVersion\":\"apps/v1\",\"resources\":["
		"{\"name\":\"deployments\",\"singularName\":\"\",\"namespaced\":true,\"kind\":\"Deployment\",\"verbs\":[\"create\",\"delete\","
		"\"deletecollection\",\"get\",\"list\",\"patch\",\"update\",\"watch\",7],\"shortNames\":[\"deploy\",8,\"dp\"]},"
		"{\"name\":\"deployments/scale\",\"namespaced\":true,\"group\":\"autoscaling\",\"version\":\"v1\",\"kind\":\"Scale\","
		"\"verbs\":[\"get\"]},"
		"{\"name\":\"widgets\",\"singularName\":\"gadget\",\"namespaced\":false,\"kind\":\"Widget\"},"
		"{\"name\":\"nokind\"},{\"kind\":\"NoName\"},9]}";
	struct fc_api_resources list = { .items = NULL };

	assert_int_equal(fc_api_read_resources(&list, "apps", "v1", body, strlen(body), NULL), 0);
	assert_int_equal(list.count, 3);
	const struct fc_resource *d = list.items[0], *scale = list.items[1], *w = list.items[2];
	assert_string_equal(d->group, "apps");
	assert_string_equal(d->version, "v1");
	assert_string_equal(d->plural, "deployments");
	assert_string_equal(d->singular, "deployment");
	assert_string_equal(d->kind, "Deployment");
	assert_string_equal(d->short_names, "deploy,dp");
	assert_true(d->namespaced);
	assert_int_equal(d->verbs, FC_VERB_GET | FC_VERB_LIST | FC_VERB_WATCH | FC_VERB_CREATE | FC_VERB_UPDATE |
					   FC_VERB_PATCH | FC_VERB_DELETE);
	assert_string_equal(scale->plural, "deployments/scale");
	assert_string_equal(scale->group, "apps");
	assert_string_equal(w->singular, "gadget");
	assert_false(w->namespaced);
	assert_int_equal(w->verbs, 0);
	assert_string_equal(w->short_names, "");
	fc_api_resources_fini(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_api_core_lists_its_versions),
		cmocka_unit_test(test_api_groups_keep_their_order_with_the_preferred_version_first),
		cmocka_unit_test(test_api_list_that_is_null_is_empty),
		cmocka_unit_test(test_api_document_of_another_kind_is_refused),
		cmocka_unit_test(test_api_resources_have_all_their_properties),
	};

	json_object_seed(1);
	return cmocka_run_group_tests_name("api_documents", tests, NULL, NULL);
}
