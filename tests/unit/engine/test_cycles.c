/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that feed each other (B21, B22, D17). */
#include "world.h"

static int setup(void **state)
{
	*state = world_new();
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* A Secret of the master in namespace ns that bears one rule; only its metadata comes. */
static void see(struct world *w, struct world_watches *watches, const char *name, const char *path, const char *value,
		int version)
{
	world_object(w, watches->secrets[HUB],
		     J("{'metadata':{'name':'%s','namespace':'ns','uid':'%s','resourceVersion':'%d','annotations':"
		       "{'k8s-copier.fig.org/replace-%s':'%s'}}}",
		       name, name, version, path, value));
	world_resolve(w);
}

static void test_two_rules_that_feed_each_other_are_suspended_until_an_edit(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	see(w, &watches, "a", "data", "secret:b:data", 1);
	assert_string_equal(world_state(w, "/a", NULL), "Pending/FirstSync");
	see(w, &watches, "b", "data", "secret:a:data", 2);
	assert_string_equal(world_state(w, "/a", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "/b", NULL), "Cycle/Cycle");
	see(w, &watches, "b", "data", "secret:c:data", 3);
	assert_string_equal(world_state(w, "/a", NULL), "Pending/FirstSync");
	assert_string_equal(world_state(w, "/b", NULL), "Pending/FirstSync");
	world_watches_free(&watches);
}

static void test_three_in_a_ring_are_found_and_a_rule_that_only_leads_into_it_is_not(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	see(w, &watches, "a", "data", "secret:b:data", 1);
	see(w, &watches, "b", "data", "secret:c:data", 2);
	/* Reads from the ring, feeds nobody in it. */
	see(w, &watches, "out", "data", "secret:a:data", 3);
	see(w, &watches, "c", "data", "secret:a:data", 4);
	assert_string_equal(world_state(w, "/a", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "/b", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "/c", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "/out", NULL), "Pending/FirstSync");
	world_gone(w, watches.secrets[HUB], "ns", "b", "9");
	assert_string_equal(world_state(w, "/a", NULL), "Pending/FirstSync");
	assert_string_equal(world_state(w, "/c", NULL), "Pending/FirstSync");
	world_watches_free(&watches);
}

/* What the server refused was what it wants without the rule inside it, which the cycle kept out. */
static void test_wide_rule_that_was_refused_is_tried_again_when_one_inside_it_is_on_a_cycle_no_more(void **state)
{
	static const char target[] =
		"{'metadata':{'name':'a','namespace':'ns','uid':'a','resourceVersion':'1','annotations':{"
		"'k8s-copier.fig.org/replace-data':'secret:src:data','k8s-copier.fig.org/replace-data.x':"
		"'secret:b:data.y'}},'data':{}}";
	static const char source[] =
		"{'metadata':{'name':'%s','namespace':'ns','resourceVersion':'5'},'data':{'%s':'%s'}}";
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *src, *of_b, *a;

	world_start(w, &watches);
	world_object(w, watches.secrets[HUB], J(target));
	world_resolve(w);
	src = world_take_watch(w, HUB, "secrets", false);
	of_b = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(of_b);
	assert_string_equal(of_b->name, "b");
	see(w, &watches, "b", "data.y", "secret:a:data.x", 2);
	assert_string_equal(world_state(w, "/a", "data.x"), "Cycle/Cycle");
	world_answer_read(w, "a", J(target));
	world_list(w, of_b, J(source, "b", "y", "good"));
	world_list(w, src, J(source, "src", "x", "bad"));
	world_tick(w, 1000);
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'x':'bad'}"));
	world_fail(w, a, FC_ERR_INVALID, -1);
	fc_action_free(a);
	world_answer_read(w, "a", J(target));
	assert_string_equal(world_state(w, "/a", "data"), "Invalid/Refused");
	world_gone(w, watches.secrets[HUB], "ns", "b", "9");
	while ((a = world_take(w, FC_ACTION_READ))) {
		world_answer(w, a,
			     strcmp(a->name, "b") == 0 ? J(source, "b", "y", "good") : J(source, "src", "x", "bad"));
		fc_action_free(a);
	}
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'x':'good'}"));
	fc_action_free(a);
	fc_action_free(src);
	fc_action_free(of_b);
	world_watches_free(&watches);
}

static void test_self_copy_is_a_cycle_only_where_the_paths_overlap(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	see(w, &watches, "self", "data.a", "secret:self:data", 1);
	assert_string_equal(world_state(w, "/self", NULL), "Cycle/Cycle");
	see(w, &watches, "self", "data.a", "secret:self:data.b", 2);
	assert_string_equal(world_state(w, "/self", NULL), "Pending/FirstSync");
	world_watches_free(&watches);
}

/* B21: a chain is none; and the answer of the first write feeds the second without waiting for an event. */
static void test_chain_passes_a_change_on_from_the_answer_of_a_write(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *middle, *a;

	world_start(w, &watches);
	world_pair(w, &watches, HUB, &source);
	world_object(w, watches.secrets[HUB],
		     J("{'metadata':{'name':'end','namespace':'ns','uid':'e','resourceVersion':'40','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:dst:data'}}}"));
	middle = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(middle);
	world_list(w, middle, world_target("1", "21"));
	a = world_take(w, FC_ACTION_READ);
	world_answer(w, a,
		     J("{'metadata':{'name':'end','namespace':'ns','uid':'e','resourceVersion':'40','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:dst:data'}},'data':{'a':'1'}}"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "/end", NULL), "InSync/InSync");
	assert_quiet(w);

	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_string_equal(a->name, "dst");
	assert_false(a->brief);
	/* The event comes first, on both watches: it is held. */
	world_object(w, watches.secrets[HUB], world_target("2", "22"));
	world_object(w, middle, world_target("2", "22"));
	assert_quiet(w);
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_string_equal(a->name, "end");
	assert_quiet(w);
	fc_action_free(a);
	fc_action_free(middle);
	fc_action_free(source);
	world_watches_free(&watches);
}

#define END                                                                                          \
	"{'metadata':{'name':'end','namespace':'ns','uid':'e','resourceVersion':'40','annotations':" \
	"{'k8s-copier.fig.org/replace-data':'secret:dst:data'}}"

/* The answer lacks what a rule may read that came while it was under way. */
static void test_rule_that_comes_during_a_write_is_fed_by_the_watch_and_not_by_the_answer(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *middle, *a;

	world_start(w, &watches);
	world_pair(w, &watches, HUB, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_true(a->brief);
	world_object(w, watches.secrets[HUB], J(END "}"));
	middle = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(middle);
	world_list(w, middle, world_target("1", "21"));
	world_answer_read(w, "end", J(END ",'data':{'a':'1'}}"));
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "/end", NULL), "InSync/InSync");
	assert_quiet(w);
	world_object(w, middle, world_target("2", "22"));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_string_equal(a->name, "end");
	assert_quiet(w);
	fc_action_free(a);
	fc_action_free(middle);
	fc_action_free(source);
	world_watches_free(&watches);
}

#define MANY 400

static size_t count_in_state(const struct world *w, const char *wanted, const char *reason)
{
	json_t *rules = json_array(), *rule;
	uint64_t cursor = 0;
	size_t i, count = 0;

	fc_engine_rules(w->engine, &cursor, SIZE_MAX, rules);
	json_array_foreach(rules, i, rule)
		count += strcmp(json_string_value(json_object_get(rule, "state")), wanted) == 0 &&
			 strcmp(json_string_value(json_object_get(rule, "reason")), reason) == 0;
	json_decref(rules);
	return count;
}

/* Each of them feeds all others and itself: the search must not go every way there is. */
static void test_object_that_copies_itself_many_times_is_suspended_up_to_the_most_rules_of_one(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	json_t *object = J("{'metadata':{'name':'t','namespace':'ns','uid':'t','resourceVersion':'20'}}");
	json_t *annotations = json_object();

	world_start(w, &watches);
	for (int i = 0; i < MANY; i++) {
		FC_AUTO_FREE char *key = fc_xasprintf("k8s-copier.fig.org/replace-data.k%d", i);

		json_object_set_new(annotations, key, json_string("configmap:t:data"));
	}
	json_object_set_new(json_object_get(object, "metadata"), "annotations", annotations);
	world_object(w, watches.configmaps[HUB], object);
	world_resolve(w);
	assert_int_equal(count_in_state(w, "Cycle", "Cycle"), 256);
	assert_int_equal(count_in_state(w, "Invalid", "TooManyRules"), MANY - 256);
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	world_gone(w, watches.configmaps[HUB], "ns", "t", "21");
	assert_string_equal(world_state(w, "ns/t", NULL), "none");
	world_watches_free(&watches);
}

#define LITERAL WORLD_RULE("data.k", "json:1")
#define FROM_A WORLD_RULE("data.q", "configmap:a:data.k")
#define FROM_B WORLD_RULE("data.k", "configmap:b:data.q")

/* The answer that frees a place for a write is also what tells that this write is one of a cycle. */
static void test_rule_that_is_next_in_line_is_not_written_when_the_answer_closes_a_cycle(void **state)
{
	static const char *const targets[] = { "secrets", "configmaps" };
	struct world *w = world_new_limited(targets, FC_ARRAY_LEN(targets), NULL, 0, 1);
	struct world_watches watches;
	struct fc_action *write, *b;

	(void)state;
	world_start(w, &watches);
	world_object(w, watches.configmaps[HUB], world_bearer("b", "20", LITERAL, "'q':'new'"));
	world_answer_read(w, "b", world_bearer("b", "20", LITERAL, "'q':'new'"));
	write = world_take(w, FC_ACTION_PATCH);
	assert_non_null(write);
	world_object(w, watches.configmaps[HUB], world_bearer("a", "10", FROM_B, "'k':'old'"));
	world_resolve(w);
	b = world_take_watch(w, HUB, "configmaps", false);
	assert_non_null(b);
	world_answer_read(w, "a", world_bearer("a", "10", FROM_B, "'k':'old'"));
	world_list(w, b, world_bearer("b", "19", LITERAL, "'q':'new'"));
	world_answer(w, write, world_bearer("b", "21", LITERAL "," FROM_A, "'q':'new','k':1"));
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	assert_string_equal(world_state(w, "ns/a", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "ns/b", "data.q"), "Cycle/Cycle");
	assert_string_equal(world_state(w, "ns/b", "data.k"), "InSync/InSync");
	fc_action_free(write);
	fc_action_free(b);
	world_watches_free(&watches);
	world_free(w);
}

/* At the start one half of a standing cycle is known before the other: nothing is read for it until all is told. */
static void test_cycle_whose_halves_come_in_two_pages_is_not_written_at_the_start(void **state)
{
	struct world *w = *state;
	struct fc_action *targets, *a;

	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		world_up(w, i);
	world_resolve(w);
	targets = world_take_watch(w, HUB, "configmaps", true);
	assert_non_null(targets);
	while ((a = world_take(w, FC_ACTION_START_WATCH))) {
		world_list(w, a, NULL);
		fc_action_free(a);
	}
	world_list_begin(w, targets);
	world_object(w, targets, world_bearer("a", "10", WORLD_RULE("data.k", "configmap:b:data"), ""));
	world_resolve(w);
	assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
	world_object(w, targets, world_bearer("b", "11", WORLD_RULE("data.k", "configmap:a:data"), ""));
	world_list_end(w, targets);
	while ((a = world_take(w, FC_ACTION_START_WATCH))) {
		world_list(w, a, world_bearer(a->name, "11", "", "'k':'x'"));
		fc_action_free(a);
	}
	assert_string_equal(world_state(w, "ns/a", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "ns/b", NULL), "Cycle/Cycle");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	fc_action_free(targets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_rules_that_feed_each_other_are_suspended_until_an_edit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_three_in_a_ring_are_found_and_a_rule_that_only_leads_into_it_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_wide_rule_that_was_refused_is_tried_again_when_one_inside_it_is_on_a_cycle_no_more, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_self_copy_is_a_cycle_only_where_the_paths_overlap, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_rule_that_comes_during_a_write_is_fed_by_the_watch_and_not_by_the_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chain_passes_a_change_on_from_the_answer_of_a_write, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_object_that_copies_itself_many_times_is_suspended_up_to_the_most_rules_of_one, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_cycle_whose_halves_come_in_two_pages_is_not_written_at_the_start,
						setup, teardown),
		cmocka_unit_test(test_rule_that_is_next_in_line_is_not_written_when_the_answer_closes_a_cycle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
