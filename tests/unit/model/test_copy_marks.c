/* SPDX-License-Identifier: Apache-2.0 */
#include "model/copy_marks.h"

#include "model/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_t *marked(const char *origin, const char *rule)
{
	return json_pack("{s:{s:{s:s*, s:s*}}}", "metadata", "annotations", FC_MARK_ORIGIN, origin, FC_MARK_ORIGIN_RULE,
			 rule);
}

static void test_marks_that_were_written_are_read(void **state)
{
	char id[] = "id", ns[] = "ns", name[] = "name", dialect[] = "kopy", rule_ns[] = "rns", rule_name[] = "rname";
	struct fc_origin o = { .cluster_id = id, .namespace_ = ns, .name = name, .dialect = dialect }, out;

	(void)state;
	for (int by_rule = 0; by_rule < 2; by_rule++) {
		json_t *object = json_pack("{s:{}}", "metadata");

		o.rule_namespace = by_rule ? rule_ns : NULL;
		o.rule_name = by_rule ? rule_name : NULL;
		fc_origin_write(&o, json_object_get(object, "metadata"));
		assert_string_equal(fc_marks_annotation(object, FC_MARK_ORIGIN), "id/ns/name");
		assert_string_equal(fc_marks_annotation(object, FC_MARK_ORIGIN_RULE),
				    by_rule ? "kopy/rns/rname" : "kopy");
		assert_string_equal(fc_marks_label(object, FC_MARK_ORIGIN_CLUSTER), "id");
		assert_true(fc_origin_read(object, &out));
		assert_string_equal(out.cluster_id, "id");
		assert_string_equal(out.namespace_, "ns");
		assert_string_equal(out.name, "name");
		assert_string_equal(out.dialect, "kopy");
		assert_int_equal(out.rule_name != NULL, by_rule);
		fc_origin_fini(&out);
		json_decref(object);
	}
}

static void test_marks_that_are_not_whole_are_none(void **state)
{
	static const char *const rows[][2] = {
		{ NULL, NULL },		  { "id/ns/name", NULL },
		{ NULL, "kopy" },	  { "id/ns", "kopy" },
		{ "id/ns/", "kopy" },	  { "/ns/name", "kopy" },
		{ "id/ns/a/b", "kopy" },  { "id/ns/name", "" },
		{ "id/ns/name", "k/a" },  { "id/ns/name", "k/a/b/c" },
		{ "id/ns/name", "k//b" }, { "id/ns/name", "k/a/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *object = marked(rows[i][0], rows[i][1]);
		struct fc_origin o;

		assert_false(fc_origin_read(object, &o));
		json_decref(object);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks_that_were_written_are_read),
		cmocka_unit_test(test_marks_that_are_not_whole_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
