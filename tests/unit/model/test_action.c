/* SPDX-License-Identifier: Apache-2.0 */
#include "model/action.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <string.h>

static void test_actions_come_in_the_order_in_which_they_were_added(void **state)
{
	struct fc_actions list;
	struct fc_action *a;

	(void)state;
	fc_actions_init(&list);
	fc_actions_add(&list, FC_ACTION_READ);
	fc_actions_add(&list, FC_ACTION_PATCH);
	a = fc_actions_take(&list);
	assert_int_equal(a->type, FC_ACTION_READ);
	assert_null(a->next);
	fc_action_free(a);
	/* Emptied and filled again: the end must have come back to the beginning. */
	fc_action_free(fc_actions_take(&list));
	assert_null(fc_actions_take(&list));
	fc_actions_add(&list, FC_ACTION_REPORT);
	a = fc_actions_take(&list);
	assert_int_equal(a->type, FC_ACTION_REPORT);
	fc_action_free(a);
	fc_actions_fini(&list);
}

static void test_actions_added_are_zeroed(void **state)
{
	struct fc_actions list;

	(void)state;
	fc_actions_init(&list);
	const struct fc_action *a = fc_actions_add(&list, FC_ACTION_START_WATCH);
	static const struct fc_action zero = { .type = FC_ACTION_START_WATCH };
	assert_memory_equal(a, &zero, sizeof(zero));
	fc_actions_fini(&list);
}

static struct fc_report *full_report(void)
{
	struct fc_report *r = fc_xcalloc(1, sizeof(*r));

	r->message = fc_xstrdup("rule is in sync");
	r->cluster = fc_xstrdup("hub");
	r->target = fc_xstrdup("hub/secrets/shop/web");
	r->path = fc_xstrdup("data");
	r->source = fc_xstrdup("hub/secrets/shop/cert");
	r->state = "InSync";
	r->reason = fc_xstrdup("Written");
	r->detail = fc_xstrdup("1 write");
	return r;
}

/* Takes all that was added; what it forgets to free the leak checker reports. */
static void test_actions_fini_frees_every_member(void **state)
{
	struct fc_actions list;
	json_t *body = json_array();

	(void)state;
	fc_actions_init(&list);
	struct fc_action *a = fc_actions_add(&list, FC_ACTION_PATCH);
	a->resource = fc_resource_new(&(struct fc_resource){ .plural = "secrets" });
	a->namespace_ = fc_xstrdup("shop");
	a->name = fc_xstrdup("web");
	a->subresource = fc_xstrdup("status");
	a->body = json_incref(body);
	fc_actions_add(&list, FC_ACTION_REPORT)->report = full_report();
	a = fc_actions_add(&list, FC_ACTION_RECORD);
	a->record = fc_event_record_new();
	a->record->note = fc_xstrdup("data from hub/secrets/shop/cert: it is not there");
	struct fc_measure *measure = fc_xcalloc(1, sizeof(*measure));
	for (int i = 0; i < FC_METRIC_MAX_LABELS; i++)
		measure->labels[i] = fc_xstrdup("x");
	fc_actions_add(&list, FC_ACTION_MEASURE)->measure = measure;
	fc_actions_fini(&list);
	assert_int_equal(body->refcount, 1);
	assert_null(list.first);
	json_decref(body);
}

static void test_action_free_of_null_does_nothing(void **state)
{
	(void)state;
	fc_action_free(NULL);
}

static void test_action_type_names_are_set_and_differ(void **state)
{
	(void)state;
	for (int a = FC_ACTION_RESOLVE; a <= FC_ACTION_GIVE_UP; a++) {
		assert_string_not_equal(fc_action_type_name(a), "unknown");
		for (int b = FC_ACTION_RESOLVE; b < a; b++)
			assert_string_not_equal(fc_action_type_name(a), fc_action_type_name(b));
	}
	assert_string_equal(fc_action_type_name(FC_ACTION_GIVE_UP + 1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions_come_in_the_order_in_which_they_were_added),
		cmocka_unit_test(test_actions_added_are_zeroed),
		cmocka_unit_test(test_actions_fini_frees_every_member),
		cmocka_unit_test(test_action_free_of_null_does_nothing),
		cmocka_unit_test(test_action_type_names_are_set_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
