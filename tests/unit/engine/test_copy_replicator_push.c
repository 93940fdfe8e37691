/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect k8s-replicator in the engine: objects that push copies of themselves, or that let their copies pull. The
 * numbers are those of docs/k8s-replicator.md. */
#include "replicator.h"

/* All annotations as one text, without the times and versions: "by=home/src,...". */
static const char *words(struct copies *c, const char *ns, const char *name)
{
	static char text[512];
	const json_t *annotations = json_object_get(
		json_object_get(copies_object(c, HUB, "ConfigMap", ns, name), "metadata"), "annotations");
	const char *key;
	json_t *value;

	text[0] = '\0';
	json_object_foreach((json_t *)(uintptr_t)annotations, key, value) {
		const char *shown = strncmp(key, R, strlen(R)) == 0 ? key + strlen(R) : key;

		if (strcmp(shown, "replicated-at") == 0 || strcmp(shown, "replicated-from-version") == 0)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s;", shown);
		else
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%s;", shown,
				 json_string_value(value));
	}
	return text;
}

static bool has_word(struct copies *c, const char *ns, const char *name, const char *word)
{
	return strstr(words(c, ns, name), word);
}

static size_t count_words(struct copies *c, const char *ns, const char *name)
{
	return json_object_size(json_object_get(
		json_object_get(copies_object(c, HUB, "ConfigMap", ns, name), "metadata"), "annotations"));
}

/* home/src, copied to a and b. */
static struct copies *with_push(const char *more)
{
	struct copies *c = replicator_new();
	FC_AUTO_FREE char *annotations = fc_xasprintf("%s%s", TO_NAMESPACES("a,[b]"), more);

	replicator_map(c, "home", "src", annotations, "1");
	assert_filled(c, "a", "src", "1");
	assert_filled(c, "b", "src", "1");
	c->reads = c->writes = 0;
	c->told[0] = '\0';
	return c;
}

static void test_k8s_replicator_b15_d14_d18_a_pushed_copy_is_exactly_what_is_wanted(void **state)
{
	struct copies *c = replicator_new();
	const json_t *copy;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src",
		    "'labels':{'app':'x'},'finalizers':['example.com/f'],'annotations':{'note':'n'," TO_NAMESPACES(
			    "a") "," ALLOWED "," ALLOWED_IN("a,b") "," ONCE ",'" R "replicate-once-version':'v1'}",
		    "'data':{'a':'1'},'binaryData':{'b':'AAE='},'immutable':true");
	copies_settle(c);
	assert_filled(c, "a", "src", "1");
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_json(json_object_get(copy, "binaryData"), J("{'b':'AAE='}"));
	assert_null(json_object_get(copy, "immutable"));
	assert_json(json_object_get(json_object_get(copy, "metadata"), "labels"),
		    J("{'app.kubernetes.io/managed-by':'k8s-replicator'}"));
	assert_null(json_object_get(json_object_get(copy, "metadata"), "finalizers"));
	assert_int_equal(count_words(c, "a", "src"), 7);
	assert_true(has_word(c, "a", "src", "replicated-by=home/src;"));
	assert_true(has_word(c, "a", "src", "replicated-at;"));
	assert_true(has_word(c, "a", "src", "replicate-once=true;"));
	assert_true(has_word(c, "a", "src", "replicate-once-version=v1;"));
	assert_true(has_word(c, "a", "src", "replication-allowed=true;"));
	assert_true(has_word(c, "a", "src", "replication-allowed-namespaces=a,b;"));
	assert_int_equal(c->writes, 1);
	copies_free(c);
}

static void test_k8s_replicator_b14_a_change_of_the_source_is_one_write_for_each_copy(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_filled(c, "a", "src", "2");
	assert_filled(c, "b", "src", "2");
	assert_int_equal(c->writes, 2);
	assert_int_equal(c->reads, 0);
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_b14_bad_input_what_others_have_made_is_left_and_replaced_when_it_goes(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "a", "src", "", "mine");
	replicator_map(c, "b", "src", FROM("home/other"), "mine");
	replicator_map(c, "home", "src", TO_NAMESPACES("a,b"), "1");
	copies_wait(c, 5000);
	assert_value(c, "a", "src", "mine");
	assert_value(c, "b", "src", "mine");
	assert_string_equal(copies_state(c, "/a/src"), "Conflict/Unowned");
	replicator_delete(c, "a", "src");
	assert_filled(c, "a", "src", "1");
	copies_free(c);
}

static void test_k8s_replicator_b20_b21_copies_go_with_their_source_and_come_back_while_it_is_there(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	replicator_delete(c, "a", "src");
	assert_filled(c, "a", "src", "1");
	replicator_delete(c, "home", "src");
	assert_value(c, "a", "src", "(absent)");
	assert_value(c, "b", "src", "(absent)");
	copies_free(c);
}

static void test_k8s_replicator_b20_d08_the_former_source_gets_its_place_back_else_the_lowest_key(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "other", "z", TO("a/copy"), "z");
	assert_value(c, "a", "copy", "z");
	replicator_map(c, "home", "y", TO("a/copy"), "y");
	replicator_map(c, "home", "x", TO("a/copy"), "x");
	assert_value(c, "a", "copy", "z");
	replicator_delete(c, "a", "copy");
	assert_value(c, "a", "copy", "z");
	replicator_delete(c, "other", "z");
	assert_value(c, "a", "copy", "x");
	assert_string_equal(replicator_word(c, "a", "copy", "replicated-by"), "home/x");
	copies_free(c);
}

static void test_k8s_replicator_b19_what_left_the_want_set_is_deleted(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	replicator_annotate(c, "home", "src", "replicate-to-namespaces", "'b'");
	copies_wait(c, 1000);
	assert_value(c, "a", "src", "(absent)");
	assert_value(c, "b", "src", "1");
	replicator_annotate(c, "home", "src", "replicate-to-namespaces", "null");
	copies_wait(c, 1000);
	assert_value(c, "b", "src", "(absent)");
	copies_free(c);
}

static void test_k8s_replicator_b29_orphans_of_pushes_are_deleted_after_a_restart(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	copies_down(c, HUB);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	c->down[HUB] = false;
	copies_restart(c);
	assert_value(c, "a", "src", "(absent)");
	assert_value(c, "b", "src", "(absent)");
	copies_free(c);
}

static void test_k8s_replicator_b01_targets_of_an_inert_source_are_left_also_after_a_restart(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	replicator_edit(c, "home", "src",
			"{'data':{'a':'2'},'metadata':{'annotations':{'" R "replicate-to-namespaces':'[a','" R
			"replicate-x':''}}}");
	copies_wait(c, 5000);
	assert_value(c, "a", "src", "1");
	copies_restart(c);
	assert_value(c, "a", "src", "1");
	assert_value(c, "b", "src", "1");
	assert_int_equal(c->writes, 0);
	/* Its deletion is seen to. */
	replicator_delete(c, "home", "src");
	assert_value(c, "a", "src", "(absent)");
	copies_free(c);
}

/* Whatever has to do with that object waits for the same. */
static void assert_all_are(struct copies *c, const char *target, const char *reason)
{
	json_auto_t *rules = json_array();
	uint64_t cursor = 0;
	json_t *rule;
	size_t i;

	fc_engine_rules(c->w.engine, &cursor, SIZE_MAX, rules);
	json_array_foreach(rules, i, rule)
		if (strstr(json_string_value(json_object_get(rule, "target")), target))
			assert_string_equal(json_string_value(json_object_get(rule, "reason")), reason);
}

/* What an inert source has pushed comes to pull, by somebody's doing or after a restart: it waits, and it is said. */
static void test_k8s_replicator_b01_b19_a_copy_of_an_inert_source_that_pulls_waits_and_says_so(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	replicator_map(c, "home", "other", ALLOWED, "3");
	replicator_annotate(c, "home", "src", "replicate-x", "''");
	replicator_annotate(c, "a", "src", "replicate-from", "'home/other'");
	copies_wait(c, 5000);
	assert_string_equal(copies_state(c, "/a/src"), "Conflict/AnotherRule");
	copies_restart(c);
	assert_string_equal(copies_state(c, "/a/src"), "Conflict/AnotherRule");
	assert_value(c, "a", "src", "1");
	assert_int_equal(c->writes, 0);
	/* Followed again, it does not push what pulls. */
	replicator_annotate(c, "home", "src", "replicate-x", "null");
	copies_wait(c, 5000);
	assert_string_equal(copies_state(c, "/a/src"), "InSync/InSync");
	assert_string_equal(replicator_word(c, "a", "src", "replicate-from"), "(none)");
	copies_free(c);
}

static void test_k8s_replicator_b19_a_copy_that_pulls_waits_for_a_paused_source_that_pushed_it_and_says_so(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	replicator_map(c, "home", "other", ALLOWED, "3");
	replicator_edit(c, "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	replicator_annotate(c, "a", "src", "replicate-from", "'home/other'");
	copies_wait(c, 5000);
	assert_all_are(c, "/a/src", "Paused");
	copies_restart(c);
	assert_all_are(c, "/a/src", "Paused");
	assert_value(c, "a", "src", "1");
	copies_free(c);
}

static void test_k8s_replicator_b02_d20_bad_input_an_inert_copy_is_left_by_its_source(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	replicator_annotate(c, "a", "src", "replicate-once", "'maybe'");
	replicator_annotate(c, "b", "src", "replicated-by", "'nobody'");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_value(c, "a", "src", "1");
	assert_value(c, "b", "src", "1");
	replicator_delete(c, "home", "src");
	copies_wait(c, 5000);
	assert_value(c, "a", "src", "1");
	assert_value(c, "b", "src", "1");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_b05_b22_bad_input_namespaces_that_come_are_served(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", TO_NAMESPACES("late,team-[0-9]+"), "1");
	copies_wait(c, 1000);
	assert_string_equal(copies_state(c, "/late/src"), "Pending/NamespaceMissing");
	copies_space(c, HUB, "team-7", "");
	copies_space(c, HUB, "team-x", "");
	copies_space(c, HUB, "late", "");
	copies_settle(c);
	assert_filled(c, "team-7", "src", "1");
	assert_filled(c, "late", "src", "1");
	assert_value(c, "team-x", "src", "(absent)");
	copies_free(c);
}

static void test_k8s_replicator_b03_b04_names_paths_and_patterns(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", TO("x, src,other/y,[ab]/z") "," TO_NAMESPACES("home,b"), "1");
	copies_wait(c, 1000);
	assert_filled(c, "home", "x", "1");
	assert_filled(c, "b", "x", "1");
	assert_filled(c, "b", "src", "1");
	assert_filled(c, "other", "y", "1");
	assert_filled(c, "a", "z", "1");
	assert_filled(c, "b", "z", "1");
	assert_value(c, "a", "x", "(absent)");
	assert_int_equal(c->writes, 6);
	replicator_annotate(c, "home", "src", "replicate-to", "''");
	copies_wait(c, 1000);
	assert_value(c, "b", "z", "(absent)");
	assert_value(c, "home", "x", "(absent)");
	assert_value(c, "home", "src", "1");
	copies_free(c);
}

static void test_k8s_replicator_b08_b14_once_copies_stay_and_their_permissions_move(void **state)
{
	struct copies *c = with_push("," ONCE);

	(void)state;
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_value(c, "a", "src", "1");
	assert_int_equal(c->writes, 0);
	replicator_annotate(c, "home", "src", "replication-allowed", "'true'");
	assert_value(c, "a", "src", "1");
	assert_string_equal(replicator_word(c, "a", "src", "replication-allowed"), "true");
	assert_int_equal(c->writes, 2);
	replicator_annotate(c, "home", "src", "replicate-once-version", "'2'");
	assert_filled(c, "a", "src", "2");
	replicator_annotate(c, "home", "src", "replicate-once", "null");
	replicator_edit(c, "home", "src", "{'data':{'a':'3'}}");
	assert_filled(c, "a", "src", "3");
	assert_string_equal(replicator_word(c, "a", "src", "replicate-once"), "(none)");
	copies_free(c);
}

static void test_k8s_replicator_b15_combined_the_copies_are_made_and_pull_by_themselves(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "other", "seed", FROM("home/src") "," TO("a/copy"), "seed");
	copies_wait(c, 1000);
	assert_filled(c, "a", "copy", "1");
	assert_string_equal(replicator_word(c, "a", "copy", "replicated-by"), "other/seed");
	assert_string_equal(replicator_word(c, "a", "copy", "replicate-from"), "home/src");
	assert_string_equal(replicator_word(c, "a", "copy", "replicated-from-origin"), "home/src");
	assert_value(c, "other", "seed", "seed");
	c->writes = c->reads = 0;
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_filled(c, "a", "copy", "2");
	assert_int_equal(c->writes, 1);
	assert_int_equal(c->reads, 0);
	/* Its copies come to hold its own data. */
	replicator_annotate(c, "other", "seed", "replicate-from", "null");
	copies_wait(c, 1000);
	assert_value(c, "a", "copy", "seed");
	assert_string_equal(replicator_word(c, "a", "copy", "replicate-from"), "(none)");
	replicator_annotate(c, "other", "seed", "replicate-from", "'home/src'");
	copies_wait(c, 1000);
	assert_filled(c, "a", "copy", "2");
	c->writes = 0;
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_b15_install_allowed_keeps_all_else(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "other", "seed", FROM("home/src") "," TO("a/copy"), NULL);
	copies_wait(c, 1000);
	replicator_edit(c, "a", "copy", "{'metadata':{'labels':{'mine':'x'},'annotations':{'note':'n'}}}");
	c->writes = 0;
	replicator_annotate(c, "other", "seed", "replication-allowed", "'true'");
	assert_string_equal(replicator_word(c, "a", "copy", "replication-allowed"), "true");
	assert_filled(c, "a", "copy", "1");
	assert_true(has_word(c, "a", "copy", "note=n;"));
	assert_string_equal(replicator_word(c, "a", "copy", "replicated-from-origin"), "home/src");
	assert_int_equal(c->writes, 1);
	copies_free(c);
}

static void test_k8s_replicator_d03_a_combined_source_that_moves_to_nothing_clears_its_copies(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "other", "seed", FROM("home/src") "," TO("a/copy"), NULL);
	copies_wait(c, 1000);
	assert_filled(c, "a", "copy", "1");
	replicator_annotate(c, "other", "seed", "replicate-from", "'home/missing'");
	copies_wait(c, 5000);
	assert_cleared(c, "a", "copy");
	assert_string_equal(replicator_word(c, "a", "copy", "replicate-from"), "home/missing");
	c->writes = 0;
	copies_wait(c, 60000);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_b25_a_combined_source_is_never_filled_and_nobody_pulls_from_it(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "other", "seed", FROM("home/src") "," TO("a/copy") "," ALLOWED, "seed");
	replicator_map(c, "b", "end", FROM("other/seed"), NULL);
	copies_wait(c, 1000);
	assert_value(c, "other", "seed", "seed");
	assert_value(c, "b", "end", "(none)");
	copies_free(c);
}

static void test_k8s_replicator_b19_a_pushed_copy_may_be_pulled_from_and_goes_with_its_source(void **state)
{
	struct copies *c = with_push("," ALLOWED);

	(void)state;
	replicator_map(c, "other", "end", FROM("a/src"), NULL);
	assert_value(c, "other", "end", "1");
	assert_string_equal(replicator_word(c, "other", "end", "replicated-from-origin"), "a/src");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_value(c, "other", "end", "2");
	replicator_delete(c, "home", "src");
	assert_value(c, "a", "src", "(absent)");
	assert_cleared(c, "other", "end");
	copies_free(c);
}

static void test_k8s_replicator_b15_another_type_and_what_was_made_immutable_are_made_again(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	replicator_edit(c, "a", "src", "{'immutable':true}");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_filled(c, "a", "src", "2");
	assert_null(json_object_get(copies_object(c, HUB, "ConfigMap", "a", "src"), "immutable"));
	copies_make(c, HUB, "Secret", "home", "s", "'annotations':{" TO_NAMESPACES("a") "}",
		    "'type':'x','data':{'a':'MQ=='}");
	copies_settle(c);
	c->silent[HUB] = true;
	copies_delete(c, HUB, "Secret", "home", "s");
	copies_make(c, HUB, "Secret", "home", "s", "'annotations':{" TO_NAMESPACES("a") "}",
		    "'type':'y','data':{'a':'MQ=='}");
	c->silent[HUB] = false;
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(json_string_value(json_object_get(copies_object(c, HUB, "Secret", "a", "s"), "type")), "y");
	copies_free(c);
}

static void test_k8s_replicator_d16_a_copy_that_is_being_deleted_is_not_written(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	replicator_edit(c, "a", "src", "{'metadata':{'finalizers':['example.com/f']}}");
	replicator_delete(c, "a", "src");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_value(c, "a", "src", "1");
	replicator_edit(c, "a", "src", "{'metadata':{'finalizers':null}}");
	copies_wait(c, 1000);
	assert_filled(c, "a", "src", "2");
	copies_free(c);
}

static void test_k8s_replicator_b17_an_empty_install_holds_what_the_type_asks_for(void **state)
{
	struct copies *c = replicator_new();
	const json_t *data;

	(void)state;
	copies_make(c, HUB, "Secret", "other", "seed", "'annotations':{" FROM("home/missing") "," TO("a/copy") "}",
		    "'type':'kubernetes.io/basic-auth','data':{'username':'dQ==','password':'cA=='}");
	copies_settle(c);
	copies_wait(c, 1000);
	data = json_object_get(copies_object(c, HUB, "Secret", "a", "copy"), "data");
	assert_string_equal(json_string_value(json_object_get(data, "username")), "");
	/* 128 letters and digits, as base64. */
	assert_int_equal(json_string_length(json_object_get(data, "password")), 172);
	c->writes = 0;
	copies_wait(c, 60000);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_b30_an_echo_or_an_event_told_twice_writes_nothing(void **state)
{
	struct copies *c = with_push("," ALLOWED);

	(void)state;
	replicator_map(c, "other", "end", FROM("home/src"), NULL);
	c->late_echo = true;
	c->writes = 0;
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	copies_wait(c, 5000);
	assert_filled(c, "a", "src", "2");
	assert_filled(c, "other", "end", "2");
	assert_int_equal(c->writes, 3);
	for (struct open_watch *o = c->watches; o; o = o->next) {
		if (o->watch)
			api_watch_close(o->watch);
		o->watch = NULL;
	}
	copies_settle(c);
	copies_wait(c, 5000);
	assert_int_equal(c->writes, 3);
	copies_free(c);
}

static void test_k8s_replicator_b31_d09_bad_input_what_failed_is_tried_again_and_harms_no_other(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	c->fail_writes = FC_ERR_SERVER;
	c->fail_space = "a";
	replicator_map(c, "home", "src", TO_NAMESPACES("a,b"), "1");
	copies_wait(c, 60000);
	assert_value(c, "a", "src", "(absent)");
	assert_filled(c, "b", "src", "1");
	assert_true(c->writes < 20);
	assert_string_equal(copies_state(c, "/a/src"), "Error/TargetFailed");
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 300000);
	assert_filled(c, "a", "src", "1");
	copies_free(c);
}

static void test_k8s_replicator_b31_what_changed_meanwhile_is_decided_upon_again(void **state)
{
	struct copies *c = with_push("");

	(void)state;
	c->silent[HUB] = true;
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'labels':{'x':'y'}}}");
	c->silent[HUB] = false;
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	copies_wait(c, 10000);
	assert_filled(c, "a", "src", "2");
	copies_free(c);
}

#define TEST(name) cmocka_unit_test(test_k8s_replicator_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(b15_d14_d18_a_pushed_copy_is_exactly_what_is_wanted),
		TEST(b14_a_change_of_the_source_is_one_write_for_each_copy),
		TEST(b14_bad_input_what_others_have_made_is_left_and_replaced_when_it_goes),
		TEST(b20_b21_copies_go_with_their_source_and_come_back_while_it_is_there),
		TEST(b20_d08_the_former_source_gets_its_place_back_else_the_lowest_key),
		TEST(b19_what_left_the_want_set_is_deleted),
		TEST(b29_orphans_of_pushes_are_deleted_after_a_restart),
		TEST(b01_targets_of_an_inert_source_are_left_also_after_a_restart),
		TEST(b01_b19_a_copy_of_an_inert_source_that_pulls_waits_and_says_so),
		TEST(b19_a_copy_that_pulls_waits_for_a_paused_source_that_pushed_it_and_says_so),
		TEST(b02_d20_bad_input_an_inert_copy_is_left_by_its_source),
		TEST(b05_b22_bad_input_namespaces_that_come_are_served),
		TEST(b03_b04_names_paths_and_patterns),
		TEST(b08_b14_once_copies_stay_and_their_permissions_move),
		TEST(b15_combined_the_copies_are_made_and_pull_by_themselves),
		TEST(b15_install_allowed_keeps_all_else),
		TEST(d03_a_combined_source_that_moves_to_nothing_clears_its_copies),
		TEST(b25_a_combined_source_is_never_filled_and_nobody_pulls_from_it),
		TEST(b19_a_pushed_copy_may_be_pulled_from_and_goes_with_its_source),
		TEST(b15_another_type_and_what_was_made_immutable_are_made_again),
		TEST(d16_a_copy_that_is_being_deleted_is_not_written),
		TEST(b17_an_empty_install_holds_what_the_type_asks_for),
		TEST(b30_an_echo_or_an_event_told_twice_writes_nothing),
		TEST(b31_d09_bad_input_what_failed_is_tried_again_and_harms_no_other),
		TEST(b31_what_changed_meanwhile_is_decided_upon_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
