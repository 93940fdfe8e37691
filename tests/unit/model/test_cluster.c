/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <string.h>

static struct fc_cluster_info edge(void)
{
	return (struct fc_cluster_info){
		.name = fc_xstrdup("edge-1"),
		.reads = FC_READS_CONSENTED,
		.labels = json_pack("{s:s}", "region", "us"),
	};
}

static void test_copy_owns_its_name_and_shares_the_labels(void **state)
{
	struct fc_cluster_info from = edge(), to;

	(void)state;
	fc_cluster_info_copy(&to, &from);
	assert_ptr_not_equal(to.name, from.name);
	assert_ptr_equal(to.labels, from.labels);
	assert_true(fc_cluster_info_same(&to, &from));
	fc_cluster_info_fini(&from);
	assert_null(from.name);
	assert_string_equal(to.name, "edge-1");
	assert_string_equal(json_string_value(json_object_get(to.labels, "region")), "us");
	fc_cluster_info_fini(&to);
}

static void test_any_difference_makes_another_description(void **state)
{
	struct fc_cluster_info a = edge(), b = edge();

	(void)state;
	assert_true(fc_cluster_info_same(&a, &b));
	b.master = true;
	assert_false(fc_cluster_info_same(&a, &b));
	b.master = false;
	b.reads = FC_READS_NONE;
	assert_false(fc_cluster_info_same(&a, &b));
	b.reads = a.reads;
	b.name[0] = 'f';
	assert_false(fc_cluster_info_same(&a, &b));
	b.name[0] = 'e';
	json_object_set_new(b.labels, "region", json_string("eu"));
	assert_false(fc_cluster_info_same(&a, &b));
	fc_cluster_info_fini(&a);
	fc_cluster_info_fini(&b);
}

static void test_without_labels_two_descriptions_may_be_the_same(void **state)
{
	struct fc_cluster_info a = { .name = fc_xstrdup("hub") }, b, labelled = edge();

	(void)state;
	fc_cluster_info_copy(&b, &a);
	assert_null(b.labels);
	assert_true(fc_cluster_info_same(&a, &b));
	b.labels = json_incref(labelled.labels);
	assert_false(fc_cluster_info_same(&a, &b));
	assert_false(fc_cluster_info_same(&b, &a));
	fc_cluster_info_fini(&a);
	fc_cluster_info_fini(&b);
	fc_cluster_info_fini(&labelled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_owns_its_name_and_shares_the_labels),
		cmocka_unit_test(test_any_difference_makes_another_description),
		cmocka_unit_test(test_without_labels_two_descriptions_may_be_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
