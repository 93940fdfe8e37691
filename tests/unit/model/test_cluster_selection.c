/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cluster_selection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_star_names_and_selectors_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		bool edge1, edge2; /* {region: eu}, no labels */
	} rows[] = {
		{ "*", true, true },	      { " * ", true, true },
		{ "edge-1", true, false },    { "edge-2 , edge-1", true, true },
		{ "region", false, false }, /* a name, as every plain word */
		{ "region=eu", true, false }, { "region in (eu,us),tier!=edge", true, false },
		{ "!region", false, true },
	};
	json_t *labels = json_pack("{s:s}", "region", "eu");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fc_error error = FC_ERROR_INIT;
		struct fc_cluster_selection *s = fc_cluster_selection_parse(rows[i].text, &error);

		if (!s)
			fail_msg("%s: %s", rows[i].text, error.text);
		if (fc_cluster_selection_takes(s, "edge-1", labels) != rows[i].edge1 ||
		    fc_cluster_selection_takes(s, "edge-2", NULL) != rows[i].edge2)
			fail_msg("%s means others", rows[i].text);
		fc_cluster_selection_free(s);
	}
	json_decref(labels);
}

static void test_malformed_selection_is_refused_with_a_sentence(void **state)
{
	static const char *const rows[] = { "", " ", ",", "edge-1,", "edge-1,*", "Edge", "a b", "a=b,", "(" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fc_error error = FC_ERROR_INIT;

		if (fc_cluster_selection_parse(rows[i], &error))
			fail_msg("'%s' is taken", rows[i]);
		assert_true(error.text[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_star_names_and_selectors_are_told_apart),
		cmocka_unit_test(test_malformed_selection_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
