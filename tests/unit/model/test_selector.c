/* SPDX-License-Identifier: Apache-2.0 */
#include "model/selector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_selector_matches_as_kubernetes_says(void **state)
{
	static const struct {
		const char *selector;
		bool both, one, none; /* {team: a, tier: "edge"}, {team: ""}, no labels */
	} rows[] = {
		{ "team=a", true, false, false },
		{ "team==a", true, false, false },
		{ "team = a , tier = edge", true, false, false },
		{ "team=", false, true, false },
		{ "team!=a", false, true, true },
		{ "team", true, true, false },
		{ "!team", false, false, true },
		{ "! team", false, false, true },
		{ "team in (b, a)", true, false, false },
		{ "team in ()", false, true, false },
		{ "team notin (a,b)", false, true, true },
		{ "team in (a),tier notin (hub)", true, false, false },
		{ "example.com/team!=a", true, true, true },
	};
	json_t *both = json_pack("{s:s, s:s}", "team", "a", "tier", "edge"), *one = json_pack("{s:s}", "team", "");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fc_error error = FC_ERROR_INIT;
		struct fc_selector *s = fc_selector_parse(rows[i].selector, &error);

		if (!s)
			fail_msg("%s: %s", rows[i].selector, error.text);
		if (fc_selector_matches(s, both) != rows[i].both || fc_selector_matches(s, one) != rows[i].one ||
		    fc_selector_matches(s, NULL) != rows[i].none)
			fail_msg("%s matches otherwise", rows[i].selector);
		fc_selector_free(s);
	}
	json_decref(both);
	json_decref(one);
}

static void test_malformed_selector_is_refused_with_a_sentence(void **state)
{
	static const char *const rows[] = {
		"",	     " ",
		",",	     "a=b,",
		"=b",	     "a=b c",
		"a in b",    "a in (b",
		"a in (b,c", "a in b)",
		"a notin",   "a ~ b",
		"!",	     "!a=b",
		"-a=b",	     "a=-b",
		"a=b=c",     "a/b/c=d",
		"A B=c",     "a===b",
		"a>1",	     "a in (b) c",
		"/a=b",	     "Example/a=b",
		"a!b",	     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg=b",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fc_error error = FC_ERROR_INIT;
		struct fc_selector *s = fc_selector_parse(rows[i], &error);

		if (s)
			fail_msg("'%s' is taken", rows[i]);
		assert_int_equal(error.cls, FC_ERR_INVALID);
		assert_true(error.text[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selector_matches_as_kubernetes_says),
		cmocka_unit_test(test_malformed_selector_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
