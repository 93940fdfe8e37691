/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/validate_field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static void assert_field(const struct sb_field *field, const char *expected)
{
	FC_AUTO_FREE char *text = sb_field_print(field);

	assert_string_equal(text, expected);
}

static void test_fields_are_printed_from_their_root(void **state)
{
	const struct sb_field *spec = SB_FIELD("spec"), *ports = SB_CHILD(spec, "ports");

	(void)state;
	assert_field(NULL, "");
	assert_field(ports, "spec.ports");
	assert_field(SB_CHILD(SB_INDEX(ports, 2), "name"), "spec.ports[2].name");
	assert_field(SB_KEY(SB_FIELD("data"), "a.txt"), "data[a.txt]");
	assert_field(SB_KEY(NULL, ""), "[]");
}

static void assert_cause(struct sb_causes *causes, const char *reason, const char *message)
{
	const json_t *cause = json_array_get(causes->list, 0);

	assert_int_equal(json_array_size(causes->list), 1);
	assert_string_equal(sb_text(cause, "reason"), reason);
	assert_string_equal(sb_text(cause, "message"), message);
	assert_string_equal(sb_text(cause, "field"), "spec.a");
	sb_causes_fini(causes);
}

static void test_causes_are_worded_by_their_kind(void **state)
{
	static const char *const words[] = { "A", "B", NULL };
	const struct sb_field *at = SB_CHILD(SB_FIELD("spec"), "a");
	struct sb_causes causes = SB_CAUSES_INIT;

	(void)state;
	sb_invalid(&causes, at, "x\"y", "must be %d", 5);
	assert_cause(&causes, "FieldValueInvalid", "Invalid value: \"x\\\"y\": must be 5");
	sb_invalid_int(&causes, at, -1, "must be %s", "more");
	assert_cause(&causes, "FieldValueInvalid", "Invalid value: -1: must be more");
	sb_required(&causes, at, "");
	assert_cause(&causes, "FieldValueRequired", "Required value");
	sb_forbidden(&causes, at, "why");
	assert_cause(&causes, "FieldValueForbidden", "Forbidden: why");
	sb_duplicate(&causes, at, "x");
	assert_cause(&causes, "FieldValueDuplicate", "Duplicate value: \"x\"");
	sb_not_found(&causes, at, "x");
	assert_cause(&causes, "FieldValueNotFound", "Not found: \"x\"");
	sb_not_supported(&causes, at, "x", words);
	assert_cause(&causes, "FieldValueNotSupported", "Unsupported value: \"x\": supported values: \"A\", \"B\"");
	sb_too_long(&causes, at, 63);
	assert_cause(&causes, "FieldValueTooLong", "Too long: must have at most 63 bytes");
}

static void test_ports_are_numbers_or_names(void **state)
{
	const struct sb_field *at = SB_CHILD(SB_FIELD("spec"), "a");
	struct sb_causes causes = SB_CAUSES_INIT;
	json_t *good = json_pack("[i, i, s]", 1, 65535, "web"), *bad = json_integer(0);

	(void)state;
	for (size_t i = 0; i < json_array_size(good); i++)
		sb_check_port_or_name(&causes, at, json_array_get(good, i));
	assert_false(sb_causes_any(&causes));
	sb_check_port_or_name(&causes, at, bad);
	assert_cause(&causes, "FieldValueInvalid", "Invalid value: 0: must be between 1 and 65535, inclusive");
	json_decref(good);
	json_decref(bad);
}

static void test_members_are_set_kept_and_compared(void **state)
{
	json_t *object = json_pack("{s:s, s:i, s:n}", "a", "x", "b", 5, "c");
	json_t *from = json_pack("{s:{s:s}}", "d", "e", "f");

	(void)state;
	assert_string_equal(sb_text(object, "a"), "x");
	assert_string_equal(sb_text(object, "b"), "");
	assert_string_equal(sb_text(NULL, "b"), "");
	assert_int_equal(sb_int(object, "b", 7), 5);
	assert_int_equal(sb_int(object, "c", 7), 7);
	assert_true(sb_same(json_object_get(object, "c"), NULL));
	assert_false(sb_same(json_object_get(object, "a"), NULL));
	sb_set_default(object, "a", json_string("y"));
	assert_string_equal(sb_text(object, "a"), "x");
	sb_keep_member(object, "a", from);
	assert_null(json_object_get(object, "a"));
	sb_keep_member(object, "d", from);
	assert_string_equal(sb_text(sb_need_object(object, "d"), "e"), "f");
	assert_ptr_not_equal(json_object_get(object, "d"), json_object_get(from, "d"));
	json_decref(object);
	json_decref(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_are_printed_from_their_root),
		cmocka_unit_test(test_causes_are_worded_by_their_kind),
		cmocka_unit_test(test_ports_are_numbers_or_names),
		cmocka_unit_test(test_members_are_set_kept_and_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
