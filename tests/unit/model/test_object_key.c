/* SPDX-License-Identifier: Apache-2.0 */
#include "model/object_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_object_key_of_a_core_resource_has_no_group(void **state)
{
	const struct fc_resource secrets = { .group = "", .version = "v1", .plural = "secrets" };
	FC_AUTO_FREE char *text = fc_object_key_text("hub", &secrets, "shop", "web-tls");

	(void)state;
	assert_string_equal(text, "hub/secrets/shop/web-tls");
}

static void test_object_key_of_a_grouped_resource_names_the_group(void **state)
{
	const struct fc_resource deployments = { .group = "apps", .version = "v1", .plural = "deployments" };
	FC_AUTO_FREE char *text = fc_object_key_text("edge-1", &deployments, "shop", "web");

	(void)state;
	assert_string_equal(text, "edge-1/deployments.apps/shop/web");
}

static void test_object_key_of_a_cluster_scoped_object_has_an_empty_namespace(void **state)
{
	const struct fc_resource nodes = { .group = "", .version = "v1", .plural = "nodes" };
	FC_AUTO_FREE char *without = fc_object_key_text("hub", &nodes, NULL, "n1");
	FC_AUTO_FREE char *empty = fc_object_key_text("hub", &nodes, "", "n1");

	(void)state;
	assert_string_equal(without, "hub/nodes//n1");
	assert_string_equal(empty, "hub/nodes//n1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object_key_of_a_core_resource_has_no_group),
		cmocka_unit_test(test_object_key_of_a_grouped_resource_names_the_group),
		cmocka_unit_test(test_object_key_of_a_cluster_scoped_object_has_an_empty_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
