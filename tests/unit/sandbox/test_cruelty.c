/* SPDX-License-Identifier: Apache-2.0 */
/* What rules of cruelty say, and which of them strikes whom, when and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/cruelty.h"

static unsigned add(struct sb_cruelty *c, const char *flag)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *rule = sb_cruelty_parse_flag(flag, &err);
	unsigned id = 0;

	if (!rule)
		fail_msg("%s: %s", flag, err.text);
	assert_int_equal(sb_cruelty_add(c, rule, 1000, &id, &err), 0);
	json_decref(rule);
	return id;
}

static const struct sb_request get = { .method = "GET",
				       .path = "/api/v1/namespaces/a/secrets/b",
				       .user_agent = "mine/1" };
static const struct sb_call call = {
	.request = &get, .verb = SB_VERB_GET, .group = "", .version = "v1", .plural = "secrets", .ns = "a", .name = "b"
};

static bool strikes(struct sb_cruelty *c, enum sb_cruelty_kind kind, int64_t now)
{
	return sb_cruelty_strikes(c, kind, &call, now);
}

static void test_a_rule_strikes_its_kind_alone(void **state)
{
	struct sb_cruelty *c = sb_cruelty_new(1);

	(void)state;
	assert_true(sb_cruelty_is_calm(c));
	add(c, "hang");
	assert_false(sb_cruelty_is_calm(c));
	assert_true(strikes(c, SB_HANG, 1000));
	assert_false(strikes(c, SB_LATENCY, 1000));
	sb_cruelty_clear(c);
	assert_true(sb_cruelty_is_calm(c));
	assert_false(strikes(c, SB_HANG, 1000));
	sb_cruelty_free(c);
}

static void test_verb_resource_namespace_and_name_are_globs(void **state)
{
	static const struct {
		const char *flag;
		bool strikes;
	} rows[] = {
		{ "error,verb=get", true },
		{ "error,verb=list", false },
		{ "error,resource=secrets", true },
		{ "error,resource=sec*", true },
		{ "error,resource=secrets.apps", false },
		{ "error,namespace=a", true },
		{ "error,namespace=b", false },
		{ "error,name=b*", true },
		{ "error,name=c", false },
		{ "error,agent=mine/*", true },
		{ "error,agent=yours/*", false },
		{ "error,group=apps", false },
		{ "error,verb=get,resource=secrets,namespace=a,name=b", true },
		{ "error,verb=get,resource=secrets,namespace=a,name=c", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sb_cruelty *c = sb_cruelty_new(1);

		add(c, rows[i].flag);
		if (strikes(c, SB_ERROR_500, 1000) != rows[i].strikes)
			fail_msg("%s", rows[i].flag);
		/* A connection is no request: what names one does not fit it. */
		assert_null(sb_cruelty_strikes(c, SB_ERROR_500, NULL, 1000));
		sb_cruelty_free(c);
	}
}

static void test_after_for_and_count_bound_a_rule(void **state)
{
	struct sb_cruelty *c = sb_cruelty_new(1);

	(void)state;
	add(c, "throttle,after=500ms,for=1s,count=2,retryAfter=3");
	assert_false(strikes(c, SB_THROTTLE, 1499));
	assert_int_equal(sb_cruelty_strikes(c, SB_THROTTLE, &call, 1500)->retry_after, 3);
	assert_true(strikes(c, SB_THROTTLE, 2499));
	assert_false(strikes(c, SB_THROTTLE, 2499));
	sb_cruelty_clear(c);
	add(c, "throttle,after=500ms,for=1s");
	assert_false(strikes(c, SB_THROTTLE, 2500));
	sb_cruelty_free(c);
}

static unsigned struck_of_1000(uint64_t seed)
{
	struct sb_cruelty *c = sb_cruelty_new(seed);
	unsigned struck = 0;

	add(c, "error,share=0.2");
	for (unsigned i = 0; i < 1000; i++)
		struck += strikes(c, SB_ERROR_500, 1000);
	sb_cruelty_free(c);
	return struck;
}

static void test_a_share_is_met_and_a_seed_repeats_it(void **state)
{
	(void)state;
	assert_in_range(struck_of_1000(7), 150, 250);
	assert_int_equal(struck_of_1000(7), struck_of_1000(7));
	assert_int_not_equal(struck_of_1000(7), struck_of_1000(8));
}

static void test_a_rule_is_listed_and_taken_away_by_its_number(void **state)
{
	struct sb_cruelty *c = sb_cruelty_new(1);
	unsigned first = add(c, "latency,delay=200ms,jitter=50ms"),
		 second = add(c, "mutate,set={\"data\":{\"k\":\"v\"}}");
	const struct sb_cruelty_rule *rule = sb_cruelty_strikes(c, SB_LATENCY, &call, 1000);
	json_t *list;

	(void)state;
	assert_in_range(sb_cruelty_jitter(c, rule), 200, 250);
	list = sb_cruelty_list(c);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "delay")), "200ms");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "met")), 1);
	assert_true(json_is_object(json_object_get(json_array_get(list, 1), "set")));
	json_decref(list);
	assert_true(sb_cruelty_remove(c, first));
	assert_false(sb_cruelty_remove(c, first));
	assert_false(strikes(c, SB_LATENCY, 1000));
	assert_true(strikes(c, SB_MUTATE, 1000));
	assert_int_not_equal(first, second);
	sb_cruelty_free(c);
}

static void test_what_cannot_be_read_names_the_mend(void **state)
{
	static const struct {
		const char *flag, *words;
	} rows[] = {
		{ "nasty", "there are latency, hang" },
		{ "", "there are latency, hang" },
		{ "hang,share=2", "share has to be a number from 0 to 1" },
		{ "hang,share", "\"share\" has to be MEMBER=VALUE" },
		{ "latency,delay=fast", "delay has to be a duration" },
		{ "throttle,retryAfter=soon", "retryAfter has to be a whole number" },
		{ "hang,colour=red", "\"colour\" is no member of a rule" },
		{ "mutate,set=5", "set has to be an object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fc_error err = FC_ERROR_INIT;

		assert_null(sb_cruelty_parse_flag(rows[i].flag, &err));
		if (!strstr(err.text, rows[i].words))
			fail_msg("%s: %s", rows[i].flag, err.text);
	}
}

static void test_every_kind_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SB_CRUELTY_KINDS; i++) {
		assert_non_null(sb_cruelty_name((enum sb_cruelty_kind)i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(sb_cruelty_name((enum sb_cruelty_kind)i),
						sb_cruelty_name((enum sb_cruelty_kind)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rule_strikes_its_kind_alone),
		cmocka_unit_test(test_verb_resource_namespace_and_name_are_globs),
		cmocka_unit_test(test_after_for_and_count_bound_a_rule),
		cmocka_unit_test(test_a_share_is_met_and_a_seed_repeats_it),
		cmocka_unit_test(test_a_rule_is_listed_and_taken_away_by_its_number),
		cmocka_unit_test(test_what_cannot_be_read_names_the_mend),
		cmocka_unit_test(test_every_kind_has_a_word_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
