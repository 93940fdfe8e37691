/* SPDX-License-Identifier: Apache-2.0 */
/* When the engine has come to rest, and what it waits for when not. */
#include "unit/engine/world.h"

#define RULE WORLD_RULE("data", "secret:src:data")

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

/* Namespaces that nobody has anything to say about. */
static void list_namespaces(struct world *w)
{
	for (fc_cluster_no c = HUB; c < CLUSTERS; c++) {
		struct fc_action *a;

		while ((a = world_take_watch(w, c, "namespaces", false))) {
			world_list(w, a, NULL);
			fc_action_free(a);
		}
	}
}

static void assert_rest(struct world *w)
{
	json_auto_t *waits = json_array();

	list_namespaces(w);
	if (!fc_engine_is_at_rest(w->engine, 10, waits)) {
		FC_AUTO_FREE char *text = json_dumps(waits, JSON_INDENT(1));
		fail_msg("not at rest: %s", text);
	}
	assert_int_equal(json_array_size(waits), 0);
	assert_true(fc_engine_is_at_rest(w->engine, 0, NULL));
}

/* Not at rest, and one of the reasons has these words. */
static void assert_waits(struct world *w, const char *words)
{
	json_auto_t *waits = json_array();
	const json_t *wait;
	size_t i;

	list_namespaces(w);
	assert_false(fc_engine_is_at_rest(w->engine, 0, NULL));
	assert_false(fc_engine_is_at_rest(w->engine, 10, waits));
	json_array_foreach(waits, i, wait)
		if (strstr(json_string_value(wait), words))
			return;
	FC_AUTO_FREE char *text = json_dumps(waits, JSON_INDENT(1));
	fail_msg("it does not wait for \"%s\" but: %s", words, text);
}

static void assert_unseen(const struct world *w, const char *words)
{
	json_auto_t *sentences = json_array();

	fc_engine_unseen(w->engine, sentences);
	assert_int_equal(json_array_size(sentences), words != NULL);
	if (words && !strstr(json_string_value(json_array_get(sentences, 0)), words))
		fail_msg("%s", json_string_value(json_array_get(sentences, 0)));
}

static void test_before_the_first_step_there_is_no_rest(void **state)
{
	struct world *w = *state;

	assert_waits(w, "nothing has begun");
	world_tick(w, 0);
	assert_waits(w, "cluster hub has not answered");
	assert_waits(w, "cluster edge-2 has not answered");
}

static void test_clusters_words_and_lists_are_waited_for_one_after_the_other(void **state)
{
	struct world *w = *state;

	for (fc_cluster_no c = HUB; c < CLUSTERS; c++)
		world_up(w, c);
	assert_waits(w, "cluster edge-1 has not said what secrets is");
	world_resolve(w);
	for (fc_cluster_no c = HUB; c < CLUSTERS; c++) {
		for (int i = 0; i < 2; i++) {
			struct fc_action *a = world_take_watch(w, c, i ? "configmaps" : "secrets", true);

			assert_waits(w, i ? "has not listed configmaps" : "has not listed secrets");
			world_list(w, a, NULL);
			fc_action_free(a);
		}
	}
	assert_rest(w);
	assert_unseen(w, NULL);
}

static void test_only_so_many_reasons_are_given(void **state)
{
	json_auto_t *waits = json_array();
	struct world *w = *state;

	world_tick(w, 0);
	assert_false(fc_engine_is_at_rest(w->engine, 2, waits));
	assert_int_equal(json_array_size(waits), 2);
}

static void test_reads_and_writes_are_waited_for_until_all_is_in_sync(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	assert_rest(w);
	world_object(w, watches.secrets[EDGE1], world_bearer("dst", "20", RULE, ""));
	assert_waits(w, "cluster hub has not said what secret is");
	world_resolve(w);
	source = world_take_watch(w, HUB, "secrets", false);
	assert_waits(w, "cluster hub has not listed secrets ns/src");
	assert_waits(w, "edge-1/secrets/ns/dst waits for a source's first answer");
	world_answer_read(w, "dst", world_bearer("dst", "20", RULE, ""));
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_waits(w, "1 request under way");
	a = world_take(w, FC_ACTION_PATCH);
	world_answer(w, a, world_bearer("dst", "21", RULE, "'a':'1'"));
	assert_rest(w);
	/* A list that begins again may bring news. */
	world_list_begin(w, source);
	assert_waits(w, "has not listed secrets ns/src");
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* A pair in sync whose source then changes: the write that it asks for. */
static struct fc_action *next_write(struct world *w, struct world_watches *watches, struct fc_action **source)
{
	struct fc_action *a;

	world_start(w, watches);
	world_pair(w, watches, EDGE1, source);
	assert_rest(w);
	world_source_changes(w, *source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	return a;
}

static void test_a_failed_write_is_waited_for_three_times(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a = next_write(w, &watches, &source);

	for (int failures = 1; failures <= 3; failures++) {
		world_fail(w, a, FC_ERR_SERVER, -1);
		fc_action_free(a);
		if (failures == 3)
			break;
		assert_waits(w, "edge-1/secrets/ns/dst is tried again");
		/* The value was dropped: the source is read for it. */
		world_tick(w, 10000);
		a = world_take(w, FC_ACTION_READ);
		assert_non_null(a);
		assert_waits(w, "1 request under way");
		world_answer(w, a,
			     J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'11'},"
			       "'data':{'a':'2'}}"));
		fc_action_free(a);
		a = world_take(w, FC_ACTION_PATCH);
		assert_non_null(a);
	}
	assert_string_equal(world_state(w, "dst", "data"), "Error/TargetFailed");
	assert_rest(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_a_write_that_is_forbidden_is_decided(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a = next_write(w, &watches, &source);

	world_fail(w, a, FC_ERR_FORBIDDEN, -1);
	assert_rest(w);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_the_event_behind_a_conflict_is_waited_for(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a = next_write(w, &watches, &source);

	world_fail(w, a, FC_ERR_CONFLICT, -1);
	assert_waits(w, "edge-1/secrets/ns/dst was changed by somebody else");
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_requests_that_stand_in_line_are_waited_for(void **state)
{
	static const char *const targets[] = { "secrets", "configmaps" };
	struct world *w = world_new_limited(targets, FC_ARRAY_LEN(targets), NULL, 0, 1);
	struct world_watches watches;

	(void)state;
	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], world_bearer("a", "20", WORLD_RULE("data.x", "json:1"), ""));
	world_object(w, watches.secrets[EDGE1], world_bearer("b", "21", WORLD_RULE("data.x", "json:1"), ""));
	assert_waits(w, "requests wait for others to cluster edge-1");
	/* In a cluster that is away they stand there for ever. */
	world_down(w, EDGE1);
	assert_waits(w, "cluster edge-1 cannot be reached: connection refused");
	world_watches_free(&watches);
	world_free(w);
}

static void test_a_cluster_that_is_away_is_waited_for_where_it_may_come_back(void **state)
{
	struct fc_event *e = fc_event_new(FC_EVENT_CLUSTER_DOWN);
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_down(w, EDGE2);
	assert_waits(w, "cluster edge-2 cannot be reached: connection refused");
	e->cluster = EDGE2;
	fc_error_set(&e->error, FC_ERR_TLS, "the certificate is of somebody else");
	world_step(w, e);
	assert_rest(w);
	world_watches_free(&watches);
}

static void fail_watch(struct world *w, const struct fc_action *watch, enum fc_error_class cls)
{
	struct fc_event *e = world_watch_event(FC_EVENT_WATCH_FAILED, watch);

	fc_error_set(&e->error, cls, "%s", fc_error_class_name(cls));
	world_step(w, e);
}

static void test_a_list_that_fails_is_waited_for_where_another_try_may_help(void **state)
{
	struct world *w = *state;
	struct fc_action *a;

	for (fc_cluster_no c = HUB; c < CLUSTERS; c++)
		world_up(w, c);
	world_resolve(w);
	for (fc_cluster_no c = HUB; c < CLUSTERS; c++) {
		a = world_take_watch(w, c, "configmaps", true);
		world_list(w, a, NULL);
		fc_action_free(a);
		a = world_take_watch(w, c, "secrets", true);
		if (c != EDGE2)
			world_list(w, a, NULL);
		if (c != EDGE2)
			fc_action_free(a);
	}
	fail_watch(w, a, FC_ERR_SERVER);
	assert_waits(w, "cluster edge-2 has not listed secrets");
	assert_unseen(w, "cluster edge-2: secrets cannot be listed: server");
	fail_watch(w, a, FC_ERR_FORBIDDEN);
	assert_rest(w);
	assert_unseen(w, "cluster edge-2: secrets cannot be listed: forbidden");
	world_list(w, a, NULL);
	assert_unseen(w, NULL);
	fc_action_free(a);
}

static void answer_word(struct world *w, fc_cluster_no cluster, const char *word, enum fc_error_class cls)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);

	e->cluster = cluster;
	e->name = fc_xstrdup(word);
	fc_error_set(&e->error, cls, "%s", fc_error_class_name(cls));
	world_step(w, e);
}

/* A type that is not served has no objects; one that could not be asked for may have some. */
static void test_a_word_without_a_type_is_an_answer(void **state)
{
	static const char *const targets[] = { "gadgets" };
	struct world *w = world_new_with(targets, FC_ARRAY_LEN(targets), NULL, 0);

	(void)state;
	for (fc_cluster_no c = HUB; c < CLUSTERS; c++)
		world_up(w, c);
	for (fc_cluster_no c = HUB; c < CLUSTERS; c++)
		answer_word(w, c, "gadgets", FC_ERR_NOT_SERVED);
	assert_rest(w);
	assert_unseen(w, NULL);
	answer_word(w, EDGE1, "gadgets", FC_ERR_SERVER);
	assert_rest(w);
	assert_unseen(w, "cluster edge-1: what gadgets is cannot be found out: server");
	world_free(w);
}

/* A value that was dropped is read again, and cannot be. */
static void test_a_source_that_cannot_be_read_is_waited_for_three_times(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE1], world_target("foreign", "30"));
	world_answer_read(w, "dst", world_target("foreign", "30"));
	for (int failures = 1; failures <= 3; failures++) {
		a = world_take(w, FC_ACTION_READ);
		assert_non_null(a);
		assert_string_equal(a->name, "src");
		world_fail(w, a, FC_ERR_SERVER, -1);
		fc_action_free(a);
		if (failures < 3) {
			assert_waits(w, "hub/secrets/ns/src could not be read and is tried again");
			world_tick(w, 10000);
		}
	}
	assert_rest(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_before_the_first_step_there_is_no_rest),
		TEST(test_clusters_words_and_lists_are_waited_for_one_after_the_other),
		TEST(test_only_so_many_reasons_are_given),
		TEST(test_reads_and_writes_are_waited_for_until_all_is_in_sync),
		TEST(test_a_failed_write_is_waited_for_three_times),
		TEST(test_a_write_that_is_forbidden_is_decided),
		TEST(test_the_event_behind_a_conflict_is_waited_for),
		cmocka_unit_test(test_requests_that_stand_in_line_are_waited_for),
		TEST(test_a_cluster_that_is_away_is_waited_for_where_it_may_come_back),
		TEST(test_a_list_that_fails_is_waited_for_where_another_try_may_help),
		cmocka_unit_test(test_a_word_without_a_type_is_an_answer),
		TEST(test_a_source_that_cannot_be_read_is_waited_for_three_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
