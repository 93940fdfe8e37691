/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/lease.h"

#include "base/mem.h"
#include "json/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1767225600123)
#define NOW "2026-01-01T00:00:00.123000Z"

static json_t *lease_of(const char *text)
{
	json_t *lease = json_loads(text, 0, NULL);

	assert_non_null(lease);
	return lease;
}

#define HEAD                                                                                                              \
	"{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"fedcopy\",\"namespace\":" \
	"\"ops\",\"uid\":\"u-1\",\"resourceVersion\":\"7\",\"labels\":{\"team\":\"a\"}}"
#define HELD_BY_A                                                                                 \
	HEAD ",\"spec\":{\"holderIdentity\":\"a\",\"leaseDurationSeconds\":15,\"acquireTime\":\"" \
	     "2020-01-01T00:00:00.000000Z\",\"renewTime\":\"2020-01-01T00:00:10.000000Z\",\"leaseTransitions\":3}}"

static void assert_is(json_t *got, const char *want_text)
{
	json_t *want = lease_of(want_text);

	if (!json_equal(got, want)) {
		FC_AUTO_FREE char *text = json_dumps(got, JSON_COMPACT);
		fail_msg("%s", text);
	}
	json_decref(got);
	json_decref(want);
}

static void test_lease_that_is_new_is_held_with_no_transition(void **state FC_UNUSED)
{
	/* 9.1 */
	json_t *empty = fc_lease_new("ops", "fedcopy");

	assert_string_equal(fc_lease_holder(empty), "");
	assert_is(
		fc_lease_held(empty, "a", 15000, NOW_MS),
		"{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"fedcopy\","
		"\"namespace\":\"ops\"},\"spec\":{\"holderIdentity\":\"a\",\"leaseDurationSeconds\":15,\"acquireTime\":"
		"\"" NOW "\",\"renewTime\":\"" NOW "\",\"leaseTransitions\":0}}");
	json_decref(empty);
}

static void test_lease_renewed_keeps_when_it_was_acquired_and_the_transitions(void **state FC_UNUSED)
{
	/* 9.6 */
	json_t *lease = lease_of(HELD_BY_A);

	assert_is(fc_lease_held(lease, "a", 15000, NOW_MS),
		  HEAD ",\"spec\":{\"holderIdentity\":\"a\",\"leaseDurationSeconds\":15,\"acquireTime\":\""
		       "2020-01-01T00:00:00.000000Z\",\"renewTime\":\"" NOW "\",\"leaseTransitions\":3}}");
	json_decref(lease);
}

static void test_lease_taken_over_is_acquired_now_and_has_one_transition_more(void **state FC_UNUSED)
{
	json_t *lease = lease_of(HELD_BY_A);

	/* 9.6; what others have put on the object stays. */
	assert_is(fc_lease_held(lease, "b", 15000, NOW_MS),
		  HEAD ",\"spec\":{\"holderIdentity\":\"b\",\"leaseDurationSeconds\":15,\"acquireTime\":\"" NOW
		       "\",\"renewTime\":\"" NOW "\",\"leaseTransitions\":4}}");
	/* What was read is not written. */
	assert_string_equal(fc_lease_holder(lease), "a");
	json_decref(lease);
}

static void test_lease_released_has_no_holder_and_keeps_the_transitions(void **state FC_UNUSED)
{
	/* 9.8 */
	json_t *lease = lease_of(HELD_BY_A);
	json_t *released = fc_lease_released(lease, NOW_MS);

	assert_string_equal(fc_lease_holder(released), "");
	assert_is(json_incref(released),
		  HEAD ",\"spec\":{\"holderIdentity\":\"\",\"leaseDurationSeconds\":1,"
		       "\"acquireTime\":\"" NOW "\",\"renewTime\":\"" NOW "\",\"leaseTransitions\":3}}");
	/* Who takes it then is one more. */
	assert_is(fc_lease_held(released, "b", 15000, NOW_MS),
		  HEAD ",\"spec\":{\"holderIdentity\":\"b\",\"leaseDurationSeconds\":15,\"acquireTime\":\"" NOW
		       "\",\"renewTime\":\"" NOW "\",\"leaseTransitions\":4}}");
	json_decref(released);
	json_decref(lease);
}

static void test_lease_members_that_newer_servers_know_stay(void **state FC_UNUSED)
{
	json_t *lease = lease_of(HEAD ",\"spec\":{\"strategy\":\"OldestEmulationVersion\",\"preferredHolder\":\"c\"}}");
	json_t *held = fc_lease_held(lease, "a", 1500, NOW_MS);
	const json_t *spec = json_object_get(held, "spec");

	assert_string_equal(json_string_value(json_object_get(spec, "strategy")), "OldestEmulationVersion");
	assert_string_equal(json_string_value(json_object_get(spec, "preferredHolder")), "c");
	/* Rounded up: nobody waits less than was meant. */
	assert_int_equal(fc_lease_duration_ms(held), 2000);
	assert_int_equal(json_integer_value(json_object_get(spec, "leaseTransitions")), 1);
	json_decref(held);
	json_decref(lease);
}

static void test_lease_transitions_never_leave_their_32_bits(void **state FC_UNUSED)
{
	json_t *lease = lease_of(HEAD ",\"spec\":{\"holderIdentity\":\"a\",\"leaseTransitions\":2147483647}}");
	json_t *held = fc_lease_held(lease, "b", 15000, NOW_MS);

	assert_int_equal(json_integer_value(json_object_get(json_object_get(held, "spec"), "leaseTransitions")),
			 INT32_MAX);
	json_decref(held);
	json_decref(lease);
}

static void test_lease_duration_that_is_odd_is_none_or_the_longest(void **state FC_UNUSED)
{
	json_t *without = lease_of(HEAD ",\"spec\":{\"holderIdentity\":\"a\"}}");
	json_t *negative = lease_of(HEAD ",\"spec\":{\"leaseDurationSeconds\":-5}}");
	json_t *huge = lease_of(HEAD ",\"spec\":{\"leaseDurationSeconds\":9223372036854775807}}");

	assert_int_equal(fc_lease_duration_ms(without), 0);
	assert_int_equal(fc_lease_duration_ms(negative), 0);
	assert_int_equal(fc_lease_duration_ms(huge), INT64_C(2147483647000));
	json_decref(without);
	json_decref(negative);
	json_decref(huge);
}

static void test_lease_is_the_same_whatever_stands_in_its_metadata(void **state FC_UNUSED)
{
	json_t *a = lease_of(HELD_BY_A), *b = lease_of(HELD_BY_A);

	assert_true(fc_lease_same(a, b));
	json_object_set_new(json_object_get(b, "metadata"), "resourceVersion", json_string("8"));
	json_object_set_new(json_object_get(b, "metadata"), "labels", json_object());
	assert_true(fc_lease_same(a, b));
	json_object_set_new(json_object_get(b, "spec"), "renewTime", json_string(NOW));
	assert_false(fc_lease_same(a, b));
	json_decref(b);
	b = lease_of(HELD_BY_A);
	/* Made anew. */
	json_object_set_new(json_object_get(b, "metadata"), "uid", json_string("u-2"));
	assert_false(fc_lease_same(a, b));
	json_decref(a);
	json_decref(b);
}

static void test_lease_of_wrong_types_is_refused(void **state FC_UNUSED)
{
	static const char *const bad[] = {
		"{\"kind\":\"Status\"}",
		"[]",
		"{\"kind\":\"Lease\",\"spec\":[]}",
		"{\"kind\":\"Lease\",\"spec\":{\"holderIdentity\":1}}",
		"{\"kind\":\"Lease\",\"spec\":{\"leaseDurationSeconds\":\"15\"}}",
		"{\"kind\":\"Lease\",\"spec\":{\"leaseTransitions\":1.5}}",
	};
	static const char *const good[] = {
		"{\"kind\":\"Lease\"}",
		"{\"kind\":\"Lease\",\"spec\":null}",
		"{\"kind\":\"Lease\",\"spec\":{\"holderIdentity\":null,\"leaseDurationSeconds\":null}}",
		HELD_BY_A,
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(bad); i++) {
		struct fc_error err = FC_ERROR_INIT;
		json_t *lease = lease_of(bad[i]);

		assert_int_equal(fc_lease_check(lease, &err), -1);
		assert_int_equal(err.cls, FC_ERR_PROTOCOL);
		assert_string_equal(fc_lease_holder(lease), "");
		json_decref(lease);
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(good); i++) {
		json_t *lease = lease_of(good[i]);

		assert_int_equal(fc_lease_check(lease, NULL), 0);
		json_decref(lease);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lease_that_is_new_is_held_with_no_transition),
		cmocka_unit_test(test_lease_renewed_keeps_when_it_was_acquired_and_the_transitions),
		cmocka_unit_test(test_lease_taken_over_is_acquired_now_and_has_one_transition_more),
		cmocka_unit_test(test_lease_released_has_no_holder_and_keeps_the_transitions),
		cmocka_unit_test(test_lease_members_that_newer_servers_know_stay),
		cmocka_unit_test(test_lease_transitions_never_leave_their_32_bits),
		cmocka_unit_test(test_lease_duration_that_is_odd_is_none_or_the_longest),
		cmocka_unit_test(test_lease_is_the_same_whatever_stands_in_its_metadata),
		cmocka_unit_test(test_lease_of_wrong_types_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
