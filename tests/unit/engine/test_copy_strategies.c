/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that are applied or replaced in place of being patched. */
#include "copies.h"

#define APPLIED "'test.fedcopy/copy-to':'a','test.fedcopy/strategy':'apply'"
#define REPLACED "'test.fedcopy/copy-to':'a','test.fedcopy/strategy':'replace'"

static const char *data_of(struct copies *c, const char *key)
{
	const json_t *copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	const char *value = json_string_value(json_object_get(json_object_get(copy, "data"), key));

	return value ? value : "(none)";
}

static void test_apply_is_one_write_on_the_version_seen_and_no_read(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, APPLIED);
	assert_string_equal(c->last, "POST hub configmaps/a/src");
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(c->last, "PATCH hub configmaps/a/src");
	assert_string_equal(data_of(c, "a"), "2");
	assert_int_equal(c->writes, 1);
	assert_int_equal(c->reads, 0);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	copies_free(c);
}

static void test_apply_names_uid_and_version_and_forces(void **state)
{
	struct copies *c = copies_new();
	const json_t *copy, *metadata;
	struct fc_action *a;

	(void)state;
	copies_source(c, APPLIED);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	while (!(a = world_take(&c->w, FC_ACTION_APPLY)))
		assert_true(copies_pump_all(c));
	copy = json_object_get(copies_object(c, HUB, "ConfigMap", "a", "src"), "metadata");
	metadata = json_object_get(a->body, "metadata");
	assert_true(a->force);
	assert_true(json_equal(json_object_get(metadata, "uid"), json_object_get(copy, "uid")));
	assert_true(json_equal(json_object_get(metadata, "resourceVersion"), json_object_get(copy, "resourceVersion")));
	assert_null(json_object_get(metadata, "managedFields"));
	fc_action_free(a);
	copies_free(c);
}

static void test_apply_leaves_what_others_own_and_is_not_repeated_for_it(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, APPLIED);
	c->writes = 0;
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'data':{'foreign':'x'}}");
	copies_settle(c);
	copies_wait(c, 60000);
	assert_in_range(c->writes, 0, 1);
	assert_string_equal(data_of(c, "foreign"), "x");
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'data':{'a':'theirs'}}");
	copies_settle(c);
	assert_string_equal(data_of(c, "a"), "1");
	copies_free(c);
}

/* The model knows no field owners: what a watch would tell of the copy with these. */
static void tell_owners(struct copies *c, const char *owners)
{
	json_t *copy = json_deep_copy(copies_object(c, HUB, "ConfigMap", "a", "src"));
	struct open_watch *o = c->watches;
	struct fc_action *a;

	while (strcmp(o->action->resource->plural, "configmaps") != 0 || o->action->cluster != HUB || o->action->name)
		o = o->next;
	json_object_set_new(json_object_get(copy, "metadata"), "managedFields", J("%s", owners));
	json_object_set_new(json_object_get(copy, "metadata"), "resourceVersion", json_string("999999"));
	world_object(&c->w, o->action, json_deep_copy(copy));
	/* What changed besides is asked. */
	a = world_take(&c->w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(&c->w, a, copy);
	fc_action_free(a);
}

static void expect_turn(const char *owners, const char *expected)
{
	struct copies *c = copies_new();
	struct fc_action *a;
	json_t *patch = J("%s", expected);

	copies_source(c, APPLIED);
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'annotations':{'x':'y'}}}");
	copies_settle(c);
	tell_owners(c, owners);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	while (!(a = world_take(&c->w, FC_ACTION_PATCH)))
		assert_true(copies_pump_all(c));
	json_array_remove(a->body, 0);
	if (!json_equal(a->body, patch))
		fail_msg("%s", json_dumps(a->body, 0));
	/* The answer, as the model can give it: without owners. Then it is applied. */
	world_answer(&c->w, a, json_deep_copy(copies_object(c, HUB, "ConfigMap", "a", "src")));
	fc_action_free(a);
	copies_settle(c);
	assert_string_equal(data_of(c, "a"), "2");
	json_decref(patch);
	copies_free(c);
}

static void test_what_was_created_is_turned_into_what_was_applied_before_the_first_apply(void **state)
{
	(void)state;
	expect_turn("[{'manager':'kubectl','operation':'Update'},{'manager':'fedcopy','operation':'Update'}]",
		    "[{'op':'replace','path':'/metadata/managedFields/1/operation','value':'Apply'}]");
}

static void test_what_was_patched_since_takes_the_place_of_what_was_applied_before(void **state)
{
	(void)state;
	expect_turn("[{'manager':'fedcopy','operation':'Apply'},{'manager':'fedcopy','operation':'Update'}]",
		    "[{'op':'replace','path':'/metadata/managedFields/1/operation','value':'Apply'},"
		    "{'op':'remove','path':'/metadata/managedFields/0'}]");
}

static struct fc_action *next_of(struct copies *c, enum fc_action_type type)
{
	struct fc_action *a;

	while (!(a = world_take(&c->w, type)))
		assert_true(copies_pump_all(c));
	return a;
}

/* An event bears no owners, and those that were known may stand in other places since: they are read, and of this copy
 * nothing else would be. */
static void test_owners_are_read_before_an_apply_where_an_event_has_come_since(void **state)
{
	struct copies *c = copies_new();
	struct open_watch *o = c->watches;
	json_t *copy;
	struct fc_action *a;

	(void)state;
	copies_source(c, APPLIED);
	copy = json_deep_copy(copies_object(c, HUB, "ConfigMap", "a", "src"));
	json_object_set_new(json_object_get(copy, "metadata"), "generation", json_integer(3));
	while (strcmp(o->action->resource->plural, "configmaps") != 0 || o->action->cluster != HUB || o->action->name)
		o = o->next;
	json_object_set_new(json_object_get(copy, "metadata"), "resourceVersion", json_string("999998"));
	world_object(&c->w, o->action, json_deep_copy(copy));
	a = next_of(c, FC_ACTION_READ);
	world_answer(&c->w, a, json_deep_copy(copy));
	fc_action_free(a);
	json_object_set_new(json_object_get(copy, "metadata"), "resourceVersion", json_string("999999"));
	world_object(&c->w, o->action, json_deep_copy(copy));
	assert_null(world_take(&c->w, FC_ACTION_READ));
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	a = next_of(c, FC_ACTION_READ);
	json_object_set_new(json_object_get(copy, "metadata"), "managedFields",
			    J("[{'manager':'fedcopy','operation':'Update'}]"));
	world_answer(&c->w, a, copy);
	fc_action_free(a);
	a = next_of(c, FC_ACTION_PATCH);
	assert_string_equal(json_string_value(json_object_get(json_array_get(a->body, 1), "path")),
			    "/metadata/managedFields/0/operation");
	fc_action_free(a);
	copies_free(c);
}

/* It may be adopted: who owns its fields is asked then. */
static void test_answer_to_a_rule_that_writes_where_a_copy_is_to_stand_is_asked_for_whole(void **state)
{
	struct copies *c = copies_new();
	struct fc_action *a;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "part", "", "'data':{'v':'1'}");
	copies_make(c, HUB, "ConfigMap", "a", "src",
		    "'annotations':{'k8s-copier.fig.org/replace-data.x':'configmap:part:data.v'}", "'data':{}");
	copies_source(c, APPLIED);
	copies_wait(c, 2000);
	assert_string_equal(world_state(&c->w, "hub/configmaps/a/src", ""), "Conflict/Unowned");
	copies_patch(c, HUB, "ConfigMap", "a", "part", "{'data':{'v':'2'}}");
	for (;;) {
		world_resolve(&c->w);
		a = fc_actions_take(&c->w.actions);
		if (a && a->type == FC_ACTION_PATCH)
			break;
		if (a) {
			copies_do(c, a);
		} else if (!copies_pump_all(c)) {
			c->w.now_ms = fc_engine_deadline(c->w.engine);
			assert_true(c->w.now_ms > 0);
			world_tick(&c->w, 0);
		}
	}
	assert_false(a->brief);
	fc_action_free(a);
	copies_free(c);
}

static void test_replace_reads_once_and_puts_all_of_it(void **state)
{
	struct copies *c = copies_new();
	const json_t *copy;

	(void)state;
	copies_source(c, REPLACED);
	copies_patch(c, HUB, "ConfigMap", "a", "src",
		     "{'metadata':{'labels':{'foreign':'x','argocd.argoproj.io/instance':'x'},'finalizers':['x/keep']},"
		     "'data':{'foreign':'x'}}");
	copies_settle(c);
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_string_equal(data_of(c, "foreign"), "(none)");
	assert_null(fc_marks_label(copy, "foreign"));
	assert_string_equal(fc_marks_label(copy, "argocd.argoproj.io/instance"), "x");
	assert_int_equal(json_array_size(json_object_get(json_object_get(copy, "metadata"), "finalizers")), 1);
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(c->last, "PUT hub configmaps/a/src");
	assert_string_equal(data_of(c, "a"), "2");
	assert_int_equal(c->writes, 1);
	assert_int_equal(c->reads, 1);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	copies_free(c);
}

static void test_restart_writes_nothing_whatever_the_strategy(void **state)
{
	static const char *const strategies[] = { APPLIED, REPLACED };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(strategies); i++) {
		struct copies *c = copies_new();

		copies_source(c, strategies[i]);
		copies_restart(c);
		assert_int_equal(c->writes, 0);
		assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
		copies_free(c);
	}
}

static void test_lost_answer_of_a_replace_is_looked_at_and_not_repeated(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, REPLACED);
	c->lose_answers = 1;
	c->writes = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_int_equal(c->writes, 1);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apply_is_one_write_on_the_version_seen_and_no_read),
		cmocka_unit_test(test_apply_names_uid_and_version_and_forces),
		cmocka_unit_test(test_apply_leaves_what_others_own_and_is_not_repeated_for_it),
		cmocka_unit_test(test_what_was_created_is_turned_into_what_was_applied_before_the_first_apply),
		cmocka_unit_test(test_what_was_patched_since_takes_the_place_of_what_was_applied_before),
		cmocka_unit_test(test_owners_are_read_before_an_apply_where_an_event_has_come_since),
		cmocka_unit_test(test_answer_to_a_rule_that_writes_where_a_copy_is_to_stand_is_asked_for_whole),
		cmocka_unit_test(test_replace_reads_once_and_puts_all_of_it),
		cmocka_unit_test(test_restart_writes_nothing_whatever_the_strategy),
		cmocka_unit_test(test_lost_answer_of_a_replace_is_looked_at_and_not_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
