/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/event_mutes.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void add_many(struct fc_event_mutes *m, unsigned from, unsigned to, int64_t until_ms)
{
	for (unsigned i = from; i < to; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("ns-%u", i);
		fc_event_mutes_add(m, name, false, until_ms - 1000, until_ms);
	}
}

static void test_mute_covers_its_namespace_and_verb_until_its_end(void **state FC_UNUSED)
{
	struct fc_event_mutes m = { 0 };

	fc_event_mutes_add(&m, "shop", false, 0, 100);
	fc_event_mutes_add(&m, "shop", false, 50, 150);
	assert_true(fc_event_mutes_cover(&m, "shop", false, 99));
	assert_false(fc_event_mutes_cover(&m, "shop", true, 99));
	assert_false(fc_event_mutes_cover(&m, "bar", false, 99));
	assert_false(fc_event_mutes_cover(&m, "shop", false, 100));
	fc_event_mutes_fini(&m);
}

static void test_mutes_of_several_namespaces_are_one_of_all_where_nothing_was_ever_allowed(void **state FC_UNUSED)
{
	struct fc_event_mutes m = { 0 };

	add_many(&m, 0, 4, 1000);
	assert_true(fc_event_mutes_cover(&m, "bar", true, 999));
	assert_false(fc_event_mutes_cover(&m, "bar", true, 1000));
	fc_event_mutes_fini(&m);
}

static void test_mutes_stay_single_where_something_was_allowed_and_the_oldest_goes(void **state FC_UNUSED)
{
	struct fc_event_mutes m = { 0 };

	fc_event_mutes_allowed(&m);
	add_many(&m, 0, 65, 1000);
	assert_false(fc_event_mutes_cover(&m, "bar", false, 0));
	assert_false(fc_event_mutes_cover(&m, "ns-0", false, 0));
	assert_true(fc_event_mutes_cover(&m, "ns-1", false, 0));
	assert_true(fc_event_mutes_cover(&m, "ns-64", false, 0));
	assert_int_equal(m.count, 64);
	fc_event_mutes_fini(&m);
	assert_int_equal(m.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mute_covers_its_namespace_and_verb_until_its_end),
		cmocka_unit_test(test_mutes_of_several_namespaces_are_one_of_all_where_nothing_was_ever_allowed),
		cmocka_unit_test(test_mutes_stay_single_where_something_was_allowed_and_the_oldest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
