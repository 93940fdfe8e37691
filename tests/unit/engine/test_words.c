/* SPDX-License-Identifier: Apache-2.0 */
/* What RESOURCE words mean in a cluster, and types that go and come back. */
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

static void test_word_that_means_another_version_moves_its_targets(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_resource v2 = world_resources[0];
	struct fc_action *source, *a;
	struct fc_event *e;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	/* The same type with other verbs is the same type. */
	v2.verbs &= ~(unsigned)FC_VERB_CREATE;
	for (int i = 0; i < 2; i++) {
		e = fc_event_new(FC_EVENT_RESOLVED);
		e->cluster = EDGE1;
		e->name = fc_xstrdup("secrets");
		e->resource = fc_resource_new(&v2);
		world_step(w, e);
		if (i == 0) {
			assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
			assert_string_equal(world_state(w, "edge-1", "data"), "InSync/InSync");
		}
		v2.version = "v2";
	}
	assert_string_equal(world_state(w, "edge-1", NULL), "none");
	a = world_take_watch(w, EDGE1, "secrets", true);
	assert_non_null(a);
	assert_string_equal(a->resource->version, "v2");
	fc_action_free(a);
	a = world_take(w, FC_ACTION_STOP_WATCH);
	assert_non_null(a);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_edited_rule_goes_on_using_its_word(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE1],
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'30','annotations':"
		       "{'k8s-copier.fig.org/replace-data.x':'secret:src:data.a'}}}"));
	assert_int_equal(world_count(w, FC_ACTION_FORGET_WORD), 0);
	assert_int_equal(world_count(w, FC_ACTION_RESOLVE), 0);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* Whoever may annotate must not be able to leave questions behind that are asked for ever. */
static void test_word_that_no_rule_uses_any_more_is_forgotten(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *a;

	world_start(w, &watches);
	for (int i = 0; i < 2; i++)
		world_object(
			w, watches.secrets[EDGE1],
			J("{'metadata':{'name':'t%d','namespace':'ns','uid':'%d','resourceVersion':'%d','annotations':"
			  "{'k8s-copier.fig.org/replace-data':'gadget:src:data'}}}",
			  i, i, 30 + i));
	assert_int_equal(world_count(w, FC_ACTION_RESOLVE), 1);
	world_resolve(w);
	world_gone(w, watches.secrets[EDGE1], "ns", "t0", "40");
	assert_int_equal(world_count(w, FC_ACTION_FORGET_WORD), 0);
	world_gone(w, watches.secrets[EDGE1], "ns", "t1", "41");
	a = world_take(w, FC_ACTION_FORGET_WORD);
	assert_non_null(a);
	assert_int_equal(a->cluster, HUB);
	assert_string_equal(a->name, "gadget");
	fc_action_free(a);
	world_watches_free(&watches);
}

static void resolved(struct world *w, fc_cluster_no cluster, const struct fc_resource *base, const char *version)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);
	struct fc_resource r = *base;

	r.version = version;
	e->cluster = cluster;
	e->name = fc_xstrdup(base->plural);
	e->resource = fc_resource_new(&r);
	world_step(w, e);
}

/* With the targets go their sources and the watches of these, among which the watches of the targets are looked for. */
static void test_word_that_means_another_version_takes_the_watches_of_its_sources_along(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	for (int i = 0; i < 3; i++) {
		world_object(
			w, watches.secrets[EDGE1],
			J("{'metadata':{'name':'t%d','namespace':'ns','uid':'%d','resourceVersion':'20','annotations':"
			  "{'k8s-copier.fig.org/replace-data':'secret:src%d:data'}}}",
			  i, i, i));
		world_resolve(w);
	}
	world_object(w, watches.configmaps[EDGE2],
		     world_bearer("x", "20", WORLD_RULE("data", "configmap:only:data"), ""));
	world_resolve(w);
	world_drop(w);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		resolved(w, i, &world_resources[0], "v2");
		resolved(w, i, &world_resources[1], "v2");
	}
	assert_string_equal(world_state(w, "", NULL), "none");
	/* Of targets two in each cluster, of sources three Secrets and a ConfigMap. */
	assert_int_equal(world_count(w, FC_ACTION_STOP_WATCH), 2 * CLUSTERS + 4);
	assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 2 * CLUSTERS);
	world_watches_free(&watches);
}

static void not_served(struct world *w, fc_cluster_no cluster, const char *word)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);

	e->cluster = cluster;
	e->name = fc_xstrdup(word);
	fc_error_set(&e->error, FC_ERR_NOT_SERVED, "it serves no %s", word);
	world_step(w, e);
}

static void watch_fails(struct world *w, const struct fc_action *watch, enum fc_error_class cls)
{
	struct fc_event *e = world_watch_event(FC_EVENT_WATCH_FAILED, watch);

	fc_error_set(&e->error, cls, "%s", fc_error_class_name(cls));
	world_step(w, e);
}

static void test_rule_whose_source_type_goes_is_pending_and_comes_back_with_it(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	not_served(w, HUB, "secret");
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/TypeNotServed");
	watch_fails(w, source, FC_ERR_NOT_SERVED);
	resolved(w, HUB, &world_resources[0], "v1");
	/* Its watch has not heard of that yet. */
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/TypeNotServed");
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* A watch that says so is enough, and so is one that works again. */
static void test_watch_of_a_source_that_is_not_served_makes_its_rules_pending(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;
	struct fc_event *e;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	watch_fails(w, source, FC_ERR_NOT_FOUND);
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/TypeNotServed");
	e = world_watch_event(FC_EVENT_WATCH_RESUMED, source);
	world_step(w, e);
	assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* kube-client 3.16: unknown, not deleted. */
static void test_targets_whose_type_goes_are_kept_and_not_written(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	for (int round = 0; round < 3; round++) {
		/* Discovery says it, the watch says it, or both. */
		if (round != 1)
			not_served(w, EDGE1, "secrets");
		if (round != 0)
			watch_fails(w, watches.secrets[EDGE1], FC_ERR_NOT_SERVED);
		assert_string_equal(world_state(w, "/dst", NULL), "Pending/TypeNotServed");
		assert_quiet(w);
		/* And it comes back, however that is heard of first. */
		if (round == 0)
			resolved(w, EDGE1, &world_resources[0], "v1");
		else
			world_list(w, watches.secrets[EDGE1], world_target("1", "21"));
		assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
		assert_quiet(w);
		assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
		assert_int_equal(world_count(w, FC_ACTION_STOP_WATCH), 0);
	}
	not_served(w, EDGE1, "secrets");
	world_source_changes(w, source, "2", "11");
	assert_quiet(w);
	resolved(w, EDGE1, &world_resources[0], "v1");
	world_answer_read(w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'a':'2'}}"));
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 1);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_write_that_finds_no_such_type_waits_for_it(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_fail(w, a, FC_ERR_NOT_SERVED, -1);
	fc_action_free(a);
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/TypeNotServed");
	watch_fails(w, watches.secrets[EDGE1], FC_ERR_NOT_SERVED);
	world_tick(w, 600000);
	assert_quiet(w);
	/* It is not made to wait for the rest of a delay. */
	world_list(w, watches.secrets[EDGE1], world_target("1", "21"));
	world_answer_read(w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'a':'2'}}"));
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 1);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* The same names with another scope are another resource. */
static void test_word_that_means_another_scope_is_watched_anew(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_resource scoped = world_resources[0];
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	not_served(w, EDGE1, "secrets");
	scoped.namespaced = false;
	resolved(w, EDGE1, &scoped, "v1");
	assert_string_equal(world_state(w, "", NULL), "none");
	a = world_take(w, FC_ACTION_STOP_WATCH);
	assert_non_null(a);
	fc_action_free(a);
	a = world_take_watch(w, EDGE1, "secrets", true);
	assert_non_null(a);
	assert_false(a->resource->namespaced);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_source_word_that_means_another_version_is_watched_anew_without_a_write(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);
	struct fc_resource v2 = world_resources[0];
	struct fc_action *source, *again;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	v2.version = "v2";
	e->cluster = HUB;
	e->name = fc_xstrdup("secret");
	e->resource = fc_resource_new(&v2);
	world_step(w, e);
	assert_int_equal(world_count(w, FC_ACTION_STOP_WATCH), 1);
	again = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(again);
	assert_string_equal(again->resource->version, "v2");
	world_list(w, again,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
	assert_quiet(w);
	fc_action_free(again);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* kube-client 6.19: what is known stays, and is acted upon. */
static void test_targets_that_may_not_be_watched_any_more_are_kept_and_written(void **state)
{
	static const enum fc_error_class classes[] = { FC_ERR_FORBIDDEN, FC_ERR_UNAUTHORIZED, FC_ERR_SERVER };
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	for (size_t i = 0; i < FC_ARRAY_LEN(classes); i++) {
		FC_AUTO_FREE char *value = fc_xasprintf("v%zu", i), *version = fc_xasprintf("%zu", 30 + i);

		watch_fails(w, watches.secrets[EDGE1], classes[i]);
		assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
		world_source_changes(w, source, value, version);
		a = world_take(w, FC_ACTION_PATCH);
		assert_non_null(a);
		world_answer(w, a, world_target(value, version));
		fc_action_free(a);
		assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
	}
	fc_action_free(source);
	world_watches_free(&watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_word_that_means_another_version_moves_its_targets, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_edited_rule_goes_on_using_its_word, setup, teardown),
		cmocka_unit_test_setup_teardown(test_word_that_no_rule_uses_any_more_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_word_that_means_another_version_takes_the_watches_of_its_sources_along, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rule_whose_source_type_goes_is_pending_and_comes_back_with_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_watch_of_a_source_that_is_not_served_makes_its_rules_pending,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_targets_whose_type_goes_are_kept_and_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_that_finds_no_such_type_waits_for_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_word_that_means_another_scope_is_watched_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_source_word_that_means_another_version_is_watched_anew_without_a_write, setup, teardown),
		cmocka_unit_test_setup_teardown(test_targets_that_may_not_be_watched_any_more_are_kept_and_written,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
