/* SPDX-License-Identifier: Apache-2.0 */
/* Requests under way have a limit per cluster; who waits is decided about anew when its turn comes. */
#include "world.h"

#define TARGETS 40
#define LIMIT 16

static json_t *target(int i, const char *value, int version)
{
	return J("{'metadata':{'name':'t%d','namespace':'ns','uid':'u%d','resourceVersion':'%d','annotations':"
		 "{'k8s-copier.fig.org/replace-data':'secret:src:data'}},'data':{'a':'%s'}}",
		 i, i, version, value);
}

static int number_of(const struct fc_action *a)
{
	return atoi(a->name + 1);
}

/* TARGETS targets of one source on edge-1, all in sync at value 1. The reads themselves go at most LIMIT at a time. */
static struct fc_action *begin(struct world *w, struct world_watches *watches)
{
	struct fc_action *source = NULL, *a;
	size_t reads = 0;

	world_start(w, watches);
	for (int i = 0; i < TARGETS; i++) {
		world_object(w, watches->secrets[EDGE1], target(i, "1", 100 + i));
		world_resolve(w);
	}
	source = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(source);
	assert_int_equal(world_count(w, FC_ACTION_READ), LIMIT);
	while ((a = world_take(w, FC_ACTION_READ))) {
		assert_true(world_count(w, FC_ACTION_READ) < LIMIT);
		world_answer(w, a, target(number_of(a), "1", 100 + number_of(a)));
		fc_action_free(a);
		reads++;
	}
	assert_int_equal(reads, TARGETS);
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_quiet(w);
	return source;
}

static void test_fan_out_keeps_within_the_limit_and_reaches_every_target_once(void **state)
{
	struct world *w = world_new();
	struct world_watches watches;
	struct fc_action *source = begin(w, &watches), *a;
	int writes[TARGETS] = { 0 };

	(void)state;
	world_source_changes(w, source, "2", "11");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), LIMIT);
	while ((a = world_take(w, FC_ACTION_PATCH))) {
		writes[number_of(a)]++;
		world_answer(w, a, target(number_of(a), "2", 200 + number_of(a)));
		fc_action_free(a);
	}
	for (int i = 0; i < TARGETS; i++)
		assert_int_equal(writes[i], 1);
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
	world_free(w);
}

/* A value that changes twice while a target waits for its turn is written once, the newest. */
static void test_target_in_line_is_written_with_the_newest_value_only(void **state)
{
	struct world *w = world_new();
	struct world_watches watches;
	struct fc_action *source = begin(w, &watches), *a;
	int newest = 0;

	(void)state;
	world_source_changes(w, source, "2", "11");
	world_source_changes(w, source, "3", "12");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), LIMIT);
	for (int i = 0; (a = world_take(w, FC_ACTION_PATCH)); i++) {
		const char *value =
			json_string_value(json_object_get(json_object_get(json_array_get(a->body, 1), "value"), "a"));

		assert_string_equal(value, i < LIMIT ? "2" : "3");
		newest += value[0] == '3';
		world_answer(w, a, target(number_of(a), value, 300 + i));
		fc_action_free(a);
	}
	assert_int_equal(newest, TARGETS);
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
	world_free(w);
}

static void test_one_busy_cluster_holds_up_no_other(void **state)
{
	struct world *w = world_new();
	struct world_watches watches;
	struct fc_action *source = begin(w, &watches), *a;
	bool other = false;

	(void)state;
	world_object(w, watches.secrets[EDGE2], world_target("1", "500"));
	a = world_take(w, FC_ACTION_READ);
	while (a) {
		if (a->cluster == EDGE2)
			world_answer(w, a, world_target("1", "500"));
		else
			world_answer(
				w, a,
				J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
		fc_action_free(a);
		a = world_take(w, FC_ACTION_READ);
	}
	world_source_changes(w, source, "2", "11");
	while ((a = world_take(w, FC_ACTION_PATCH))) {
		other = other || a->cluster == EDGE2;
		fc_action_free(a);
	}
	assert_true(other);
	fc_action_free(source);
	world_watches_free(&watches);
	world_free(w);
}

static void test_answer_for_a_target_that_is_gone_is_of_no_interest(void **state)
{
	struct world *w = world_new();
	struct world_watches watches;
	struct fc_action *a;

	(void)state;
	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], target(1, "1", 100));
	world_resolve(w);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	world_gone(w, watches.secrets[EDGE1], "ns", "t1", "101");
	world_answer(w, a, target(1, "1", 100));
	fc_action_free(a);
	assert_string_equal(world_state(w, "t1", NULL), "none");
	assert_quiet(w);
	world_watches_free(&watches);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fan_out_keeps_within_the_limit_and_reaches_every_target_once),
		cmocka_unit_test(test_target_in_line_is_written_with_the_newest_value_only),
		cmocka_unit_test(test_one_busy_cluster_holds_up_no_other),
		cmocka_unit_test(test_answer_for_a_target_that_is_gone_is_of_no_interest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
