/* SPDX-License-Identifier: Apache-2.0 */
/* What rules say is kept once for all that say the same. */
#include "dialects/dialects.h"
#include "engine/parts.h"

#include "world.h"

static int setup(void **state)
{
	struct fc_engine *e = fc_xcalloc(1, sizeof(*e));

	fc_table_init(&e->specs, spec_hash);
	*state = e;
	return 0;
}

static int teardown(void **state)
{
	struct fc_engine *e = *state;

	assert_int_equal(e->specs.count, 0);
	assert_null(e->specs.items);
	free(e);
	return 0;
}

/* The spec of one annotation. */
static const struct fc_rule_spec *take(struct fc_engine *e, const char *key, const char *value)
{
	struct fc_rule_specs found = { 0 };
	const struct fc_rule_spec *spec;
	json_t *object = json_pack("{s:{s:{s:s}}}", "metadata", "annotations", key, value);

	fc_dialect_k8s_copier.scan(object, &found);
	assert_int_equal(found.count, 1);
	spec = spec_take(e, &found.items[0]);
	fc_rule_specs_fini(&found);
	json_decref(object);
	return spec;
}

#define DATA "k8s-copier.fig.org/replace-data"

static void test_rules_that_differ_in_the_name_alone_share_the_rest(void **state)
{
	struct fc_engine *e = *state;
	const struct fc_rule_spec *a = take(e, DATA, "secret:a:data"), *b = take(e, DATA, "secret:b:data");

	assert_ptr_equal(a, b);
	assert_null(a->name);
	assert_string_equal(a->word, "secret");
	assert_int_equal(e->specs.count, 1);
	spec_drop(e, a);
	assert_string_equal(b->word, "secret");
	spec_drop(e, b);
}

static void test_rules_that_differ_in_anything_else_share_nothing(void **state)
{
	static const char *const rules[][2] = {
		{ DATA, "secret:a:data" },
		{ DATA, "configmap:a:data" },
		{ DATA ".x", "secret:a:data" },
		{ DATA, "secret:a:data.x" },
		{ DATA, "secret:ns/a:data" },
		{ DATA, "secret:other/a:data" },
		{ DATA, "secret:hub/ns/a:data" },
		{ DATA, "secret:edge/ns/a:data" },
		{ DATA, "secret:/a:data" },
		/* These two meet an object differently. */
		{ DATA, "secret:a:data.0" },
		{ DATA, "secret:a:data[0]" },
	};
	struct fc_engine *e = *state;
	const struct fc_rule_spec *taken[FC_ARRAY_LEN(rules)];

	for (size_t i = 0; i < FC_ARRAY_LEN(rules); i++) {
		taken[i] = take(e, rules[i][0], rules[i][1]);
		assert_null(taken[i]->invalid_reason);
		for (size_t k = 0; k < i; k++)
			assert_ptr_not_equal(taken[i], taken[k]);
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(rules); i++)
		spec_drop(e, taken[i]);
}

/* Another spelling of the same place is no other rule. */
static void test_spellings_of_one_place_are_one(void **state)
{
	struct fc_engine *e = *state;
	const struct fc_rule_spec *a = take(e, DATA, "secret:a:data.key"), *b = take(e, DATA, "secret:a:/data/key"),
				  *c = take(e, DATA, "secret:a:data['key']");

	assert_ptr_equal(a, b);
	assert_ptr_equal(a, c);
	spec_drop(e, a);
	spec_drop(e, b);
	spec_drop(e, c);
}

static void test_literals_and_faults_are_not_shared(void **state)
{
	struct fc_engine *e = *state;
	const struct fc_rule_spec *literal = take(e, DATA, "json:1"), *other = take(e, DATA, "json:1");
	const struct fc_rule_spec *fault = take(e, DATA, "nonsense"), *fault_too = take(e, DATA, "nonsense");

	assert_ptr_not_equal(literal, other);
	assert_ptr_not_equal(fault, fault_too);
	assert_int_equal(e->specs.count, 0);
	spec_drop(e, literal);
	assert_int_equal(json_integer_value(other->literal), 1);
	spec_drop(e, other);
	spec_drop(e, fault);
	assert_string_equal(fault_too->invalid_reason, "BadValue");
	spec_drop(e, fault_too);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rules_that_differ_in_the_name_alone_share_the_rest, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_rules_that_differ_in_anything_else_share_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spellings_of_one_place_are_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_literals_and_faults_are_not_shared, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
