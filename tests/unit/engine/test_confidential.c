/* SPDX-License-Identifier: Apache-2.0 */
/* Which written values nobody may see. */
#include "unit/engine/world.h"

static int setup(void **state)
{
	static const char *const targets[] = { "secrets", "configmaps" };
	static const struct fc_dialect *const dialects[] = { &fc_dialect_k8s_copier, NULL };
	struct world *w = world_new();
	struct fc_engine_options options = {
		.clusters = w->infos,
		.cluster_count = CLUSTERS,
		.master = HUB,
		.dialects = dialects,
		.target_words = targets,
		.target_word_count = FC_ARRAY_LEN(targets),
		.marks_confidential = true,
	};

	fc_engine_free(w->engine);
	w->engine = fc_engine_new(&options, 1);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct fc_action *write_of(struct world *w, const char *name)
{
	struct fc_action *a = world_take(w, FC_ACTION_PATCH);

	assert_non_null(a);
	assert_string_equal(a->name, name);
	return a;
}

static void see(struct world *w, const struct fc_action *watch, const char *name, const char *annotations,
		const char *data)
{
	world_object(w, watch, world_bearer(name, "20", annotations, data));
	world_resolve(w);
	world_answer_read(w, name, world_bearer(name, "20", annotations, data));
}

static void test_what_comes_from_a_secret_is_marked_place_by_place(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	see(w, watches.secrets[EDGE1], "dst",
	    WORLD_RULE("data.a", "secret:src:data.a") "," WORLD_RULE("data.b", "json:1"), "");
	source = world_take_watch(w, HUB, "secrets", false);
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	a = write_of(w, "dst");
	assert_json(a->confidential, J("['/data/a']"));
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_what_comes_from_a_plain_object_is_not_marked(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	see(w, watches.configmaps[EDGE1], "dst", WORLD_RULE("data.a", "configmap:src:data.a"), "");
	source = world_take_watch(w, HUB, "configmaps", false);
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	a = write_of(w, "dst");
	assert_null(a->confidential);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* `end` reads two places of `middle` on the hub; one of them is fed from a Secret, by a rule that is not allowed: what
 * it copied when it was stands there still. `between` is one more step on the way. */
static void test_a_chain_carries_the_mark_to_the_places_that_it_feeds(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *middle, *between, *a;

	world_start(w, &watches);
	world_object(w, watches.configmaps[HUB],
		     world_bearer("middle", "20", WORLD_RULE("data.s", "secret:src:data.s"), "'s':'1','p':'2'"));
	world_object(w, watches.configmaps[HUB],
		     world_bearer("between", "21", WORLD_RULE("data", "configmap:middle:data"), "'s':'1','p':'2'"));
	world_resolve(w);
	middle = world_take_watch(w, HUB, "configmaps", false);
	world_answer_read(w, "between",
			  world_bearer("between", "21", WORLD_RULE("data", "configmap:middle:data"), "'s':'1'"));
	world_list(w, middle,
		   world_bearer("middle", "20", WORLD_RULE("data.s", "secret:src:data.s"), "'s':'1','p':'2'"));
	a = write_of(w, "between");
	assert_json(a->confidential, J("['/data']"));
	world_answer(w, a,
		     world_bearer("between", "22", WORLD_RULE("data", "configmap:middle:data"), "'s':'1','p':'2'"));
	fc_action_free(a);

#define END WORLD_RULE("data.x", "configmap:between:data.s") "," WORLD_RULE("data.y", "configmap:middle:data.p")
	world_object(w, watches.configmaps[EDGE1], world_bearer("end", "20", END, ""));
	world_resolve(w);
	world_answer_read(w, "middle",
			  world_bearer("middle", "20", WORLD_RULE("data.s", "secret:src:data.s"), "'s':'1','p':'2'"));
	world_answer_read(w, "end", world_bearer("end", "20", END, ""));
	between = world_take_watch(w, HUB, "configmaps", false);
	world_list(w, between,
		   world_bearer("between", "22", WORLD_RULE("data", "configmap:middle:data"), "'s':'1','p':'2'"));
	while ((a = world_take(w, FC_ACTION_READ))) {
		world_answer(
			w, a,
			world_bearer("middle", "20", WORLD_RULE("data.s", "secret:src:data.s"), "'s':'1','p':'2'"));
		fc_action_free(a);
	}
	a = write_of(w, "end");
	assert_json(a->confidential, J("['/data/x']"));
	fc_action_free(a);
	fc_action_free(middle);
	fc_action_free(between);
	world_watches_free(&watches);
}

/* `pw` was copied from a Secret while that was allowed. The rule for all of `data` takes it away, and what it was would
 * be shown as the old value. */
static void test_what_a_rule_of_a_secret_has_left_inside_a_wider_place_is_marked(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	see(w, watches.configmaps[EDGE1], "dst",
	    WORLD_RULE("data", "configmap:src:data") "," WORLD_RULE("data.pw", "secret:s:data.pw"), "'pw':'old'");
	assert_string_equal(world_state(w, "dst", "data.pw"), "NotAllowed/NotAllowed");
	source = world_take_watch(w, HUB, "configmaps", false);
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	a = write_of(w, "dst");
	assert_json(a->confidential, J("['/data/pw']"));
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* `end` reads from `middle`, on which stands what a rule has copied that can not be followed any more. */
static void assert_chain_is_marked(struct world *w, const char *rule)
{
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_object(w, watches.configmaps[HUB], world_bearer("middle", "20", rule, "'s':'1'"));
	world_resolve(w);
	see(w, watches.configmaps[EDGE1], "end", WORLD_RULE("data.x", "configmap:middle:data.s"), "");
	source = world_take_watch(w, HUB, "configmaps", false);
	world_list(w, source, world_bearer("middle", "20", rule, "'s':'1'"));
	a = write_of(w, "end");
	assert_json(a->confidential, J("['/data/x']"));
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_a_source_on_a_cluster_that_has_left_may_have_been_a_secret(void **state)
{
	assert_chain_is_marked(*state, WORLD_RULE("data.s", "secret:gone/ns/src:data.s"));
}

static void test_a_rule_that_an_edit_has_broken_may_have_read_a_secret(void **state)
{
	assert_chain_is_marked(*state, WORLD_RULE("data.s", "secret:src:data..s."));
}

/* What it bears is read by the other one, which may copy a Secret there. */
static void test_what_comes_from_an_object_of_another_hub_is_marked(void **state)
{
	assert_chain_is_marked(*state, "'fedcopy.dev/hub':'other'," WORLD_RULE("data.s", "secret:src:data.s"));
}

/* The list of a kind may take longer than the time for which the first writes wait. */
static void test_what_comes_from_objects_that_may_bear_rules_unseen_is_marked(void **state)
{
	struct world *w = *state;
	struct fc_action *secrets, *configmaps, *source, *a;

	world_up(w, HUB);
	world_up(w, EDGE1);
	world_resolve(w);
	secrets = world_take_watch(w, EDGE1, "secrets", true);
	configmaps = world_take_watch(w, EDGE1, "configmaps", true);
	world_list(w, secrets, NULL);
	world_list(w, configmaps, NULL);
	see(w, configmaps, "dst", WORLD_RULE("data.a", "configmap:src:data.a"), "");
	world_tick(w, 5000);
	world_resolve(w);
	source = world_take_watch(w, HUB, "configmaps", false);
	assert_non_null(source);
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	a = write_of(w, "dst");
	assert_json(a->confidential, J("['/data/a']"));
	fc_action_free(a);
	fc_action_free(source);
	fc_action_free(secrets);
	fc_action_free(configmaps);
}

static void test_nothing_is_marked_where_nobody_is_shown_the_writes(void **state)
{
	struct world *w = world_new();
	struct world_watches watches;
	struct fc_action *source, *a;

	(void)state;
	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = write_of(w, "dst");
	assert_null(a->confidential);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
	world_free(w);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_comes_from_a_secret_is_marked_place_by_place),
		TEST(test_what_comes_from_a_plain_object_is_not_marked),
		TEST(test_a_chain_carries_the_mark_to_the_places_that_it_feeds),
		TEST(test_what_a_rule_of_a_secret_has_left_inside_a_wider_place_is_marked),
		TEST(test_a_source_on_a_cluster_that_has_left_may_have_been_a_secret),
		TEST(test_a_rule_that_an_edit_has_broken_may_have_read_a_secret),
		TEST(test_what_comes_from_an_object_of_another_hub_is_marked),
		TEST(test_what_comes_from_objects_that_may_bear_rules_unseen_is_marked),
		cmocka_unit_test(test_nothing_is_marked_where_nobody_is_shown_the_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
