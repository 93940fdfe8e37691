/* SPDX-License-Identifier: Apache-2.0 */
/* Which changes of state become a Kubernetes Event, and what it says. */
#include "world.h"

#define UID "01234567-89ab-cdef-0123-456789abcdef"

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

/* A Secret edge-1/ns/dst with these annotations. */
static json_t *bearer(const char *version, const char *annotations)
{
	return J("{'metadata':{'name':'dst','namespace':'ns','uid':'" UID "','resourceVersion':'%s',"
		 "'annotations':{%s}},'data':{}}",
		 version, annotations);
}

static size_t records(struct world *w)
{
	return world_count(w, FC_ACTION_RECORD);
}

/* The one Event that there is, now the caller's, is of this type and for that reason. */
static struct fc_action *expect(struct world *w, enum fc_record_type type, const char *reason)
{
	assert_int_equal(records(w), 1);
	struct fc_action *a = world_take(w, FC_ACTION_RECORD);

	assert_string_equal(a->record->reason, reason);
	assert_int_equal(a->record->type, type);
	return a;
}

static void expect_warning(struct world *w, const char *reason)
{
	fc_action_free(expect(w, FC_RECORD_WARNING, reason));
}

static void expect_normal(struct world *w, const char *reason)
{
	fc_action_free(expect(w, FC_RECORD_NORMAL, reason));
}

/* --- what an Event says --- */

static void test_notice_tells_of_the_target_what_is_wrong_with_which_path(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], bearer("20", WORLD_RULE("data.a", "secret:kube-public/src:data.a")));
	world_resolve(w);
	world_no_sources(w);
	struct fc_action *a = expect(w, FC_RECORD_WARNING, "NotAllowed");
	const struct fc_event_record *r = a->record;
	assert_int_equal(a->cluster, EDGE1);
	assert_string_equal(r->action, "Copy");
	assert_string_equal(r->regarding.api_version, "v1");
	assert_string_equal(r->regarding.kind, "Secret");
	assert_string_equal(r->regarding.namespace_, "ns");
	assert_string_equal(r->regarding.name, "dst");
	assert_string_equal(r->regarding.uid, UID);
	assert_string_equal(r->regarding.resource_version, "20");
	assert_null(r->related.name);
	assert_int_equal(r->wall_ms, 1700000000000 + w->now_ms);
	static const char begin[] = "data.a from hub/secrets/kube-public/src: ";
	assert_memory_equal(r->note, begin, sizeof(begin) - 1);
	assert_true(strlen(r->note) > sizeof(begin));
	fc_action_free(a);
	assert_quiet(w);
	world_watches_free(&watches);
}

static void test_notice_of_a_cluster_scoped_target_names_no_namespace(void **state FC_UNUSED)
{
	static const char *const targets[] = { "nodes" };
	struct world *w = world_new_with(targets, 1, NULL, 0);

	world_up(w, HUB);
	world_resolve(w);
	struct fc_action *watch = world_take_watch(w, HUB, "nodes", true);
	assert_non_null(watch);
	world_object(w, watch,
		     J("{'metadata':{'name':'n1','uid':'strange','resourceVersion':'1','annotations':"
		       "{'k8s-copier.fig.org/replace-metadata.labels.a':'secret:kube-public/src:data.a'}}}"));
	world_resolve(w);
	world_no_sources(w);
	struct fc_action *a = expect(w, FC_RECORD_WARNING, "NotAllowed");
	assert_null(a->record->regarding.namespace_);
	assert_string_equal(a->record->regarding.kind, "Node");
	/* What is no UUID is not kept as a text. */
	assert_null(a->record->regarding.uid);
	fc_action_free(a);
	fc_action_free(watch);
	world_free(w);
}

static void test_notice_of_an_api_group_names_it(void **state FC_UNUSED)
{
	static const char *const targets[] = { "roles" };
	struct world *w = world_new_with(targets, 1, NULL, 0);

	world_up(w, HUB);
	world_resolve(w);
	struct fc_action *watch = world_take_watch(w, HUB, "roles", true);
	world_object(w, watch,
		     J("{'metadata':{'name':'dst','namespace':'ns','resourceVersion':'1','annotations':"
		       "{'k8s-copier.fig.org/replace-rules':'json:[\\\"hunter2\\\"]'}}}"));
	struct fc_action *a = expect(w, FC_RECORD_WARNING, "NotAllowed");
	assert_string_equal(a->record->regarding.api_version, "rbac.authorization.k8s.io/v1");
	/* A literal is a value. */
	assert_memory_equal(a->record->note, "rules: ", 7);
	assert_null(strstr(a->record->note, "hunter2"));
	fc_action_free(a);
	fc_action_free(watch);
	world_free(w);
}

static void test_notice_of_a_mistyped_rule_does_not_show_it(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], bearer("20", WORLD_RULE("data.a", "jsn:hunter2")));
	struct fc_action *a = expect(w, FC_RECORD_WARNING, "Invalid");
	assert_memory_equal(a->record->note, "data.a: ", 8);
	assert_null(strstr(a->record->note, "hunter2"));
	fc_action_free(a);
	world_watches_free(&watches);
}

static void test_rules_of_one_target_that_change_together_are_one_notice(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	json_t *object = bearer("20", WORLD_RULE("data.k", "secret:kube-public/src:data.k"));
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");

	for (int i = 0; i < 49; i++) {
		FC_AUTO_FREE char *key = fc_xasprintf("k8s-copier.fig.org/replace-data.l%02d", i);
		json_object_set_new(annotations, key, json_string("secret:kube-public/src:data.k"));
	}
	/* Another state is another Event. */
	json_object_set_new(annotations, "k8s-copier.fig.org/replace-data.z", json_string("nonsense"));
	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], object);
	world_resolve(w);
	world_no_sources(w);
	assert_int_equal(records(w), 2);
	size_t seen = 0;
	for (struct fc_action *a; (a = world_take(w, FC_ACTION_RECORD));) {
		bool many = strcmp(a->record->reason, "NotAllowed") == 0;
		const char *end = strstr(a->record->note, " (and 49 more rules)");

		assert_true(many == (end != NULL));
		if (many) {
			assert_memory_equal(a->record->note, "data.k from hub/secrets/kube-public/src: ", 41);
			assert_string_equal(end, " (and 49 more rules)");
		} else {
			assert_string_equal(a->record->reason, "Invalid");
		}
		seen++;
		fc_action_free(a);
	}
	assert_int_equal(seen, 2);
	world_watches_free(&watches);
}

/* --- which changes --- */

static void test_what_is_well_from_the_start_is_no_notice(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	struct fc_action *a = world_take(w, FC_ACTION_PATCH);
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	/* A source that goes is no bad state, and neither is one that comes back. */
	world_gone(w, source, "ns", "src", "12");
	assert_string_equal(world_state(w, "dst", "data"), "SourceNotFound/SourceNotFound");
	world_source_changes(w, source, "2", "13");
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	assert_int_equal(records(w), 0);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_source_cluster_that_goes_and_comes_back_is_noticed_once_each(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_down(w, HUB);
	expect_warning(w, "ClusterUnreachable");
	world_down(w, HUB);
	world_tick(w, 60000);
	assert_int_equal(records(w), 0);
	world_up(w, HUB);
	struct fc_action *a = expect(w, FC_RECORD_NORMAL, "InSync");
	assert_string_equal(a->record->regarding.resource_version, "21");
	assert_non_null(strstr(a->record->note, "data from hub/secrets/ns/src: "));
	fc_action_free(a);
	world_tick(w, 60000);
	assert_int_equal(records(w), 0);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_targets_own_cluster_that_goes_is_not_told_there(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE2],
		     J("{'metadata':{'name':'bad','namespace':'ns','uid':'b','resourceVersion':'20','annotations':{"
		       "'k8s-copier.fig.org/replace-data':'secret:kube-public/src:data'}}}"));
	world_resolve(w);
	world_no_sources(w);
	expect_warning(w, "NotAllowed");
	for (fc_cluster_no c = EDGE1; c <= EDGE2; c++) {
		world_down(w, c);
		world_up(w, c);
	}
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	assert_string_equal(world_state(w, "bad", "data"), "NotAllowed/NotAllowed");
	/* Nor is it what was told before told again. */
	assert_int_equal(records(w), 0);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_what_becomes_bad_while_the_targets_cluster_is_away_is_told_when_it_is_back(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_down(w, EDGE1);
	world_removed(w, HUB);
	assert_string_equal(world_state(w, "dst", "data"), "Invalid/BadInstance");
	assert_int_equal(records(w), 0);
	world_up(w, EDGE1);
	expect_warning(w, "Invalid");
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_retries_between_two_failures_are_no_notice(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	for (int i = 0; i < 5; i++) {
		struct fc_action *a = world_take(w, FC_ACTION_PATCH);

		assert_non_null(a);
		world_fail(w, a, FC_ERR_FORBIDDEN, -1);
		fc_action_free(a);
		if (i == 0)
			expect_warning(w, "Forbidden");
		assert_int_equal(records(w), 0);
		world_tick(w, 600000);
		/* The value was not kept. */
		world_answer_read(w, "src",
				  J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'11'},"
				    "'data':{'a':'2'}}"));
	}
	struct fc_action *a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_int_equal(records(w), 0);
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	a = expect(w, FC_RECORD_NORMAL, "InSync");
	assert_string_equal(a->record->regarding.resource_version, "22");
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_one_bad_state_after_another_is_noticed(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_down(w, HUB);
	expect_warning(w, "ClusterUnreachable");
	world_up(w, HUB);
	expect_normal(w, "InSync");
	world_down(w, HUB);
	expect_warning(w, "ClusterUnreachable");
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", FC_READS_NONE);
	world_up(w, HUB);
	expect_warning(w, "NotAllowed");
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_out_of_a_bad_state_into_another_that_is_not_bad_is_named(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], bearer("20", WORLD_RULE("data", "secret:kube-public/src:data")));
	world_resolve(w);
	world_no_sources(w);
	expect_warning(w, "NotAllowed");
	world_object(w, watches.secrets[EDGE1], bearer("21", WORLD_RULE("data", "secret:src:data")));
	world_resolve(w);
	assert_int_equal(records(w), 0);
	struct fc_action *source = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(source);
	world_list(w, source, NULL);
	expect_normal(w, "SourceNotFound");
	fc_action_free(source);
	world_watches_free(&watches);
}

/* --- edits --- */

static void test_edit_that_mends_a_rule_is_noticed_once_it_holds(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1],
		     bearer("20", WORLD_RULE("data.a", "nonsense") "," WORLD_RULE("data.b", "nonsense")));
	expect_warning(w, "Invalid");
	/* Still wrong, in another way: it is another rule. */
	world_object(w, watches.secrets[EDGE1],
		     bearer("21", WORLD_RULE("data.a", "nonsense too") "," WORLD_RULE("data.b", "nonsense")));
	expect_warning(w, "Invalid");
	json_t *mended = bearer("22", WORLD_RULE("data.a", "json:1") "," WORLD_RULE("data.b", "nonsense"));
	json_object_set_new(json_object_get(mended, "data"), "a", json_integer(1));
	world_object(w, watches.secrets[EDGE1], json_incref(mended));
	assert_int_equal(records(w), 0);
	world_answer_read(w, "dst", mended);
	struct fc_action *a = expect(w, FC_RECORD_NORMAL, "InSync");
	assert_memory_equal(a->record->note, "data.a: ", 8);
	fc_action_free(a);
	world_watches_free(&watches);
}

static void test_edit_that_mends_a_path_hands_down_to_the_new_rule(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], bearer("20", WORLD_RULE("metadata.uid", "json:1")));
	expect_warning(w, "Invalid");
	/* Edited twice before the first of the edits is known to hold. */
	world_object(w, watches.secrets[EDGE1], bearer("21", WORLD_RULE("data.b", "json:2")));
	world_object(w, watches.secrets[EDGE1], bearer("22", WORLD_RULE("data.c", "json:3")));
	json_t *mended = bearer("22", WORLD_RULE("data.c", "json:3"));
	json_object_set_new(json_object_get(mended, "data"), "c", json_integer(3));
	world_answer_read(w, "dst", json_incref(mended));
	while (world_count(w, FC_ACTION_READ))
		world_answer_read(w, "dst", json_incref(mended));
	json_decref(mended);
	expect_normal(w, "InSync");
	world_watches_free(&watches);
}

static void test_rule_that_is_withdrawn_is_no_notice(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], bearer("20", WORLD_RULE("data.a", "nonsense")));
	expect_warning(w, "Invalid");
	world_object(w, watches.secrets[EDGE1],
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'" UID "','resourceVersion':'21'}}"));
	assert_string_equal(world_state(w, "dst", NULL), "none");
	assert_int_equal(records(w), 0);
	world_watches_free(&watches);
}

static void test_target_that_goes_before_its_notice_is_said_takes_it_along(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	struct fc_action *a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	/* The read after a refusal says that it was this version that was refused, and that it bears no rule. */
	world_fail(w, a, FC_ERR_INVALID, -1);
	fc_action_free(a);
	world_answer_read(w, "dst", J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'21'}}"));
	assert_string_equal(world_state(w, "dst", NULL), "none");
	assert_int_equal(records(w), 0);
	fc_action_free(source);
	world_watches_free(&watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_notice_tells_of_the_target_what_is_wrong_with_which_path),
		cmocka_unit_test(test_notice_of_a_cluster_scoped_target_names_no_namespace),
		cmocka_unit_test(test_notice_of_an_api_group_names_it),
		T(test_notice_of_a_mistyped_rule_does_not_show_it),
		T(test_rules_of_one_target_that_change_together_are_one_notice),
		T(test_what_is_well_from_the_start_is_no_notice),
		T(test_source_cluster_that_goes_and_comes_back_is_noticed_once_each),
		T(test_targets_own_cluster_that_goes_is_not_told_there),
		T(test_what_becomes_bad_while_the_targets_cluster_is_away_is_told_when_it_is_back),
		T(test_retries_between_two_failures_are_no_notice),
		T(test_one_bad_state_after_another_is_noticed),
		T(test_out_of_a_bad_state_into_another_that_is_not_bad_is_named),
		T(test_edit_that_mends_a_rule_is_noticed_once_it_holds),
		T(test_edit_that_mends_a_path_hands_down_to_the_new_rule),
		T(test_rule_that_is_withdrawn_is_no_notice),
		T(test_target_that_goes_before_its_notice_is_said_takes_it_along),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
