/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/url.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct fc_resource secrets = { .group = "", .version = "v1", .plural = "secrets", .namespaced = true };
static const struct fc_resource deployments = {
	.group = "apps", .version = "v1", .plural = "deployments", .namespaced = true
};
static const struct fc_resource nodes = { .group = "", .version = "v1", .plural = "nodes" };
static const struct fc_resource roles = { .group = "rbac.authorization.k8s.io",
					  .version = "v1",
					  .plural = "clusterroles" };

static void expect(const char *wanted, const struct fc_resource *r, const char *namespace_, const char *name,
		   const char *sub)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	struct fc_error err = FC_ERROR_INIT;

	if (fc_url_object(&out, r, namespace_, name, sub, &err) < 0)
		fail_msg("%s: %s", wanted, err.text);
	assert_string_equal(fc_buf_str(&out), wanted);
}

static void expect_refused(const struct fc_resource *r, const char *namespace_, const char *name, const char *sub)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	struct fc_error err = FC_ERROR_INIT;

	fc_buf_puts(&out, "kept");
	assert_int_equal(fc_url_object(&out, r, namespace_, name, sub, &err), -1);
	assert_int_equal(err.cls, FC_ERR_INTERNAL);
	assert_string_equal(fc_buf_str(&out), "kept");
}

/* kube-client 2.23 */
static void test_url_has_the_shapes_of_core_and_groups(void **state FC_UNUSED)
{
	expect("/api/v1/namespaces/shop/secrets/tls", &secrets, "shop", "tls", NULL);
	expect("/api/v1/namespaces/shop/secrets", &secrets, "shop", NULL, NULL);
	expect("/apis/apps/v1/namespaces/shop/deployments/web/status", &deployments, "shop", "web", "status");
	expect("/api/v1/nodes/n1", &nodes, NULL, "n1", NULL);
	expect("/apis/rbac.authorization.k8s.io/v1/clusterroles", &roles, "", NULL, NULL);
}

/* 2.23 */
static void test_url_of_all_namespaces_omits_the_namespace(void **state FC_UNUSED)
{
	expect("/api/v1/secrets", &secrets, NULL, NULL, NULL);
	expect("/apis/apps/v1/deployments", &deployments, "", NULL, NULL);
}

/* 2.22 */
static void test_url_refuses_names_that_would_be_another_path(void **state FC_UNUSED)
{
	static const char *const names[] = { "", ".", "..", "a/b", "a%2fb", "../../../nodes", "a\nb" };
	struct fc_resource twisted = secrets;

	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++) {
		expect_refused(&secrets, "shop", names[i], NULL);
		expect_refused(&secrets, "shop", "tls", names[i]);
		if (names[i][0])
			expect_refused(&secrets, names[i], "tls", NULL);
	}
	twisted.plural = "..";
	expect_refused(&twisted, "shop", "tls", NULL);
	twisted = secrets;
	twisted.group = "a/b";
	expect_refused(&twisted, "shop", "tls", NULL);
	twisted = secrets;
	twisted.version = "";
	expect_refused(&twisted, "shop", "tls", NULL);
}

/* 2.22: the server would take it for something else, or for everything. */
static void test_url_refuses_a_name_without_its_namespace_and_a_namespace_without_use(void **state FC_UNUSED)
{
	expect_refused(&secrets, NULL, "tls", NULL);
	expect_refused(&secrets, "", "tls", NULL);
	expect_refused(&nodes, "shop", "n1", NULL);
	expect_refused(&secrets, "shop", NULL, "status");
}

/* 2.22 */
static void test_url_encodes_everything_else(void **state FC_UNUSED)
{
	expect("/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode%20%3F%23%C3%A4", &roles, NULL,
	       "system:node ?#\xc3\xa4", NULL);
	expect("/api/v1/nodes/a-b_c.d~e", &nodes, NULL, "a-b_c.d~e", NULL);
}

/* 2.22: `labelSelector=a in (b,c)` must survive. */
static void test_url_query_values_survive(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	fc_buf_puts(&out, "/api/v1/nodes/a%3Fb");
	fc_url_query(&out, "labelSelector", "a in (b,c)&x=y+1%");
	fc_url_query_number(&out, "limit", 500);
	fc_url_query_number(&out, "least", INT64_MIN);
	assert_string_equal(fc_buf_str(&out), "/api/v1/nodes/"
					      "a%3Fb?labelSelector=a%20in%20%28b%2Cc%29%26x%3Dy%2B1%25&limit=500"
					      "&least=-9223372036854775808");
}

/* A Role may be called "a=b": in a selector its name must stay a name. */
static void test_url_field_selector_escapes_its_own_signs(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	fc_buf_puts(&out, "/x");
	fc_url_field_selector(&out, "metadata.name", "a=b,c\\d");
	assert_string_equal(fc_buf_str(&out), "/x?fieldSelector=metadata.name%3Da%5C%3Db%5C%2Cc%5C%5Cd");
}

static void test_url_says_when_there_is_no_memory_for_it(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = { .limit = 10 };
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(fc_url_object(&out, &secrets, "shop", "tls", NULL, &err), -1);
	assert_int_equal(err.cls, FC_ERR_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url_has_the_shapes_of_core_and_groups),
		cmocka_unit_test(test_url_of_all_namespaces_omits_the_namespace),
		cmocka_unit_test(test_url_refuses_names_that_would_be_another_path),
		cmocka_unit_test(test_url_refuses_a_name_without_its_namespace_and_a_namespace_without_use),
		cmocka_unit_test(test_url_encodes_everything_else),
		cmocka_unit_test(test_url_query_values_survive),
		cmocka_unit_test(test_url_field_selector_escapes_its_own_signs),
		cmocka_unit_test(test_url_says_when_there_is_no_memory_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
