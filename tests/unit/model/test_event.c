/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <string.h>

static void test_event_new_is_zeroed_and_bears_no_error(void **state)
{
	struct fc_event *e = fc_event_new(FC_EVENT_OBJECT);

	(void)state;
	assert_int_equal(e->type, FC_EVENT_OBJECT);
	assert_int_equal(e->watch, 0);
	assert_null(e->object);
	assert_int_equal(e->error.cls, FC_ERR_NONE);
	assert_int_equal(e->error.retry_after_ms, -1);
	fc_event_free(e);
}

/* That the strings are freed, too, is what the leak checker says when this program ends. */
static void test_event_free_gives_back_all_it_holds(void **state)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESULT);
	json_t *object = json_object();
	struct fc_resource *r = fc_resource_new(&(struct fc_resource){ .plural = "secrets" });

	(void)state;
	e->namespace_ = fc_xstrdup("shop");
	e->name = fc_xstrdup("web");
	e->resource_version = fc_xstrdup("7");
	e->server_version = fc_xstrdup("v1.20.2");
	e->object = json_incref(object);
	e->resource = fc_resource_ref(r);
	fc_event_free(e);
	assert_int_equal(object->refcount, 1);
	json_decref(object);
	assert_string_equal(r->plural, "secrets");
	fc_resource_unref(r);
}

static void test_event_free_of_null_does_nothing(void **state)
{
	(void)state;
	fc_event_free(NULL);
}

static void test_event_type_names_are_set_and_differ(void **state)
{
	(void)state;
	for (int a = FC_EVENT_TICK; a <= FC_EVENT_RESULT; a++) {
		assert_non_null(fc_event_type_name(a));
		assert_string_not_equal(fc_event_type_name(a), "unknown");
		for (int b = FC_EVENT_TICK; b < a; b++)
			assert_string_not_equal(fc_event_type_name(a), fc_event_type_name(b));
	}
	assert_string_equal(fc_event_type_name(FC_EVENT_RESULT + 1), "unknown");
}

static void test_event_of_a_watch_is_told_from_all_others(void **state)
{
	static const enum fc_event_type of_watches[] = {
		FC_EVENT_LIST_BEGIN,	    FC_EVENT_LIST_END,	   FC_EVENT_OBJECT,	   FC_EVENT_OBJECT_GONE,
		FC_EVENT_OBJECT_UNREADABLE, FC_EVENT_WATCH_FAILED, FC_EVENT_WATCH_RESUMED,
	};

	(void)state;
	for (int type = FC_EVENT_TICK; type <= FC_EVENT_RESULT; type++) {
		bool is = false;

		for (size_t i = 0; i < FC_ARRAY_LEN(of_watches); i++)
			is = is || of_watches[i] == (enum fc_event_type)type;
		assert_int_equal(fc_event_is_of_watch((enum fc_event_type)type), is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event_of_a_watch_is_told_from_all_others),
		cmocka_unit_test(test_event_new_is_zeroed_and_bears_no_error),
		cmocka_unit_test(test_event_free_gives_back_all_it_holds),
		cmocka_unit_test(test_event_free_of_null_does_nothing),
		cmocka_unit_test(test_event_type_names_are_set_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
