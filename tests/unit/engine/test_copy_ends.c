/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of copies: sources and instructions that go, orphans found after a restart, the brake, finalizers. */
#include "copies.h"

static void test_copies_go_with_their_source_after_one_consistent_read(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	c->writes = c->reads = 0;
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		assert_string_equal(copies_value(c, i, "a", "src"), "(absent)");
		assert_string_equal(copies_value(c, i, "b", "src"), "(absent)");
	}
	assert_int_equal(c->writes, 6);
	/* One for the copies inside the cluster, one for those in others. */
	assert_in_range(c->reads, 1, 2);
	copies_free(c);
}

static void test_list_that_lacks_the_source_is_not_believed(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	c->reads = c->writes = 0;
	/* A lagging replica: the source is not in it yet. */
	for (struct open_watch *o = c->watches; o; o = o->next)
		if (o->action->cluster == HUB && o->action->content != FC_WATCH_BODIES &&
		    strcmp(o->action->resource->plural, "configmaps") == 0) {
			world_list(&c->w, o->action, NULL);
			break;
		}
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	copies_free(c);
}

static void test_second_list_that_lacks_the_source_is_no_answer(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	/* The question whether it is there is asked after the first, and open at the second. */
	for (int i = 0; i < 2; i++)
		for (struct open_watch *o = c->watches; o; o = o->next)
			if (o->action->cluster == HUB && o->action->content != FC_WATCH_BODIES &&
			    strcmp(o->action->resource->plural, "configmaps") == 0) {
				static const char *const spaces[] = { "a", "b" };

				world_list_begin(&c->w, o->action);
				for (int k = 0; k < 2; k++)
					world_object(
						&c->w, o->action,
						json_deep_copy(copies_object(c, HUB, "ConfigMap", spaces[k], "src")));
				world_list_end(&c->w, o->action);
				break;
			}
	c->writes = 0;
	copies_settle(c);
	assert_int_equal(c->writes, 0);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_free(c);
}

static void test_copies_go_when_the_annotation_is_taken_off(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'edge-1'");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'test.fedcopy/copy':null}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "1");
	copies_free(c);
}

/* As long as it is there it may be mended; gone, it asks for nothing. */
static void test_copies_go_with_a_source_whose_rule_cannot_be_read(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'test.fedcopy/copy':'team in x'}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_dialect_decides_what_becomes_of_copies(void **state)
{
	struct copies *c = copies_new();
	const json_t *copy;

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/end':'release'");
	copies_make(c, HUB, "ConfigMap", "home", "clear", "'annotations':{" TO_TEAM_X ",'test.fedcopy/end':'clear'}",
		    "'data':{'a':'1'}");
	copies_make(c, HUB, "ConfigMap", "home", "keep", "'annotations':{" TO_TEAM_X ",'test.fedcopy/end':'keep'}",
		    "'data':{'a':'1'}");
	copies_settle(c);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_delete(c, HUB, "ConfigMap", "home", "clear");
	copies_delete(c, HUB, "ConfigMap", "home", "keep");
	copies_settle(c);
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(copies_annotation(copy, "test.fedcopy/from"), "(none)");
	assert_string_equal(copies_annotation(copy, "test.fedcopy/end"), "(none)");
	assert_string_equal(copies_value(c, HUB, "a", "clear"), "(none)");
	assert_string_equal(copies_annotation(copies_object(c, HUB, "ConfigMap", "a", "clear"), "test.fedcopy/from"),
			    "home/clear");
	assert_string_equal(copies_value(c, HUB, "a", "keep"), "1");
	c->writes = c->reads = 0;
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	/* A source that is made again takes its copies back. */
	copies_make(c, HUB, "ConfigMap", "home", "clear", "'annotations':{" TO_TEAM_X "}", "'data':{'a':'2'}");
	copies_make(c, HUB, "ConfigMap", "home", "keep", "'annotations':{" TO_TEAM_X "}", "'data':{'a':'2'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "clear"), "2");
	assert_string_equal(copies_value(c, HUB, "a", "keep"), "2");
	copies_free(c);
}

static void test_orphans_are_found_by_their_marks_after_a_restart(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	copies_down(c, EDGE1);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_restart(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	copies_up(c, EDGE1);
	copies_wait(c, 10000);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_copies_wait_while_the_cluster_of_their_source_is_away(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	copies_down(c, HUB);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_restart(c);
	copies_wait(c, 60000);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	copies_up(c, HUB);
	copies_wait(c, 10000);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	copies_free(c);
}

#define EVERYWHERE TO_TEAM_X ",'fedcopy.dev/clusters':'*'"

/* Of a source whose watches are silent a read is under way, for a copy that is to be made again. */
static struct copies *read_for_a_copy(struct fc_action **read)
{
	struct copies *c = copies_new();

	copies_source(c, EVERYWHERE);
	c->silent[HUB] = true;
	copies_delete(c, EDGE1, "ConfigMap", "a", "src");
	copies_pump_all(c);
	*read = world_take(&c->w, FC_ACTION_READ);
	assert_non_null(*read);
	assert_string_equal((*read)->namespace_, "home");
	return c;
}

/* The cluster has been restored from a backup meanwhile: the copy is made, and nothing is deleted. */
static void comes_back_restored(struct copies *c)
{
	c->writes = 0;
	copies_up(c, HUB);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "1");
	assert_int_equal(c->writes, 1);
	copies_free(c);
}

static void test_source_that_was_not_found_before_its_cluster_went_away_is_asked_for_when_it_is_back(void **state)
{
	struct fc_action *read;
	struct copies *c = read_for_a_copy(&read);

	(void)state;
	copies_down(c, HUB);
	world_fail(&c->w, read, FC_ERR_NOT_FOUND, -1);
	fc_action_free(read);
	comes_back_restored(c);
}

static void test_source_that_was_ending_before_its_cluster_went_away_is_asked_for_when_it_is_back(void **state)
{
	struct fc_action *read;
	struct copies *c = read_for_a_copy(&read);

	(void)state;
	copies_down(c, HUB);
	world_answer(&c->w, read,
		     J("{'metadata':{'name':'src','namespace':'home','resourceVersion':'900','finalizers':['x/y'],"
		       "'deletionTimestamp':'2023-11-14T22:30:00Z','annotations':{" EVERYWHERE "}},'data':{'a':'1'}}"));
	fc_action_free(read);
	comes_back_restored(c);
}

static void make_many(struct copies *c, int spaces)
{
	for (int i = 0; i < spaces; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("s%d", i);

		copies_space(c, HUB, name, "'many':'yes'");
	}
	copies_source(c, "'test.fedcopy/copy':'many'");
	assert_string_equal(copies_value(c, HUB, "s0", "src"), "1");
}

static int count_many(struct copies *c, int spaces)
{
	int n = 0;

	for (int i = 0; i < spaces; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("s%d", i);

		n += copies_object(c, HUB, "ConfigMap", name, "src") != NULL;
	}
	return n;
}

static void test_brake_stops_deletions_of_one_cluster_until_a_restart(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	make_many(c, 60);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	copies_wait(c, 3600 * 1000);
	assert_int_equal(count_many(c, 60), 10);
	{
		uint64_t cursor = 0;
		json_t *rules = json_array(), *rule;
		size_t i, braked = 0;

		fc_engine_rules(c->w.engine, &cursor, SIZE_MAX, rules);
		json_array_foreach(rules, i, rule)
			braked += strcmp(json_string_value(json_object_get(rule, "reason")), "Brake") == 0 &&
				  strcmp(json_string_value(json_object_get(rule, "state")), "Error") == 0;
		assert_int_equal(braked, 10);
		json_decref(rules);
	}
	c->max_deletes = 100;
	copies_restart(c);
	assert_int_equal(count_many(c, 60), 0);
	copies_free(c);
}

static void test_selection_edited_away_is_no_case_for_the_brake(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	make_many(c, 60);
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'test.fedcopy/copy':'nothing=here'}}}");
	copies_settle(c);
	assert_int_equal(count_many(c, 60), 0);
	copies_free(c);
}

static void test_copies_of_a_terminating_namespace_are_not_counted(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	c->max_deletes = 1;
	copies_restart(c);
	copies_source(c, TO_TEAM_X);
	copies_make(c, HUB, "ConfigMap", "a", "holds", "'finalizers':['x/y']", "");
	copies_delete(c, HUB, "Namespace", NULL, "a");
	copies_settle(c);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "(absent)");
	copies_free(c);
}

static bool has_finalizer(struct copies *c)
{
	const json_t *source = copies_object(c, HUB, "ConfigMap", "home", "src");

	return json_array_size(json_object_get(json_object_get(source, "metadata"), "finalizers")) > 0;
}

static void test_finalizer_comes_before_the_first_copy_and_goes_after_the_last(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/finalizer':'true','fedcopy.dev/clusters':'edge-1'");
	assert_true(has_finalizer(c));
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_int_equal(c->writes, 5);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, EDGE1, "b", "src"), "(absent)");
	assert_null(copies_object(c, HUB, "ConfigMap", "home", "src"));
	copies_free(c);
}

static void have_status(struct copies *c, bool has_status)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);
	struct fc_resource r = world_resources[1];

	r.has_status = has_status;
	e->cluster = HUB;
	e->name = fc_xstrdup("configmaps");
	e->resource = fc_resource_new(&r);
	world_step(&c->w, e);
	copies_settle(c);
}

/* A source may bear path rules too: what they wrote last says nothing of whose delay it is (promise 6). */
static void test_finalizer_that_cannot_be_written_backs_off_after_a_failure_of_the_status(void **state)
{
	struct copies *c = copies_new();
	size_t writes;

	(void)state;
	have_status(c, true);
	copies_source(c, TO_TEAM_X);
	c->fail_writes = FC_ERR_SERVER;
	c->fail_on = HUB;
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'k8s-copier.fig.org/replace-status.m':'json:4'}}}");
	copies_settle(c);
	assert_string_equal(c->last, "PATCH hub configmaps/home/src/status");
	writes = c->writes;
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'test.fedcopy/finalizer':'true'}}}");
	copies_wait(c, 10000);
	assert_string_equal(c->last, "PATCH hub configmaps/home/src");
	/* At 200 ms and doubled delays, of the finalizer and of the status. */
	assert_in_range(c->writes - writes, 1, 20);
	copies_free(c);
}

static void test_finalizer_waits_for_copies_that_cannot_be_deleted(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/finalizer':'true','fedcopy.dev/clusters':'edge-1'");
	c->fail_writes = FC_ERR_SERVER;
	c->fail_on = EDGE1;
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	assert_true(has_finalizer(c));
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_null(copies_object(c, HUB, "ConfigMap", "home", "src"));
	assert_string_equal(copies_value(c, EDGE1, "b", "src"), "(absent)");
	copies_free(c);
}

static void test_finalizer_does_not_wait_for_clusters_that_are_away(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/finalizer':'true','fedcopy.dev/clusters':'*'");
	copies_down(c, EDGE1);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	assert_null(copies_object(c, HUB, "ConfigMap", "home", "src"));
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	copies_up(c, EDGE1);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_finalizer_goes_while_paused_and_after_a_restart(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/finalizer':'true'");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_restart(c);
	assert_null(copies_object(c, HUB, "ConfigMap", "home", "src"));
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_finalizer_goes_when_the_annotation_is_taken_off_while_nobody_looked(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/finalizer':'true','fedcopy.dev/clusters':'edge-1'");
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'test.fedcopy/copy':null,'test.fedcopy/finalizer':null}}}");
	copies_restart(c);
	assert_false(has_finalizer(c));
	assert_string_equal(copies_value(c, HUB, "home", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_source_restored_from_one_of_its_copies_is_no_copy(void **state)
{
	struct copies *c = copies_new();
	FC_AUTO_FREE char *metadata =
		fc_xasprintf("'annotations':{'fedcopy.dev/origin':'%s/home/src','fedcopy.dev/origin-rule':'copy-test'}",
			     api_server_id(c->servers[HUB]));

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'edge-1'");
	copies_down(c, EDGE1);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	/* Taken from the edge, marks and all. */
	copies_make(c, HUB, "ConfigMap", "home", "src", metadata, "'data':{'a':'1'}");
	copies_make(c, HUB, "ConfigMap", "other", "src", metadata, "'data':{'a':'1'}");
	copies_settle(c);
	copies_restart(c);
	assert_string_equal(copies_value(c, HUB, "home", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "other", "src"), "1");
	copies_free(c);
}

static void test_finalizer_does_not_wait_for_paused_copies(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/finalizer':'true'");
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_patch(c, HUB, "Namespace", NULL, "b", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_settle(c);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	assert_null(copies_object(c, HUB, "ConfigMap", "home", "src"));
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	copies_free(c);
}

static void test_refused_release_backs_off(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/end':'release'");
	c->writes = 0;
	c->fail_writes = FC_ERR_INVALID;
	c->fail_on = HUB;
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	copies_wait(c, 60000);
	assert_in_range(c->writes, 4, 24);
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 300000);
	assert_string_equal(copies_annotation(copies_object(c, HUB, "ConfigMap", "a", "src"), COPY_TEST "from"),
			    "(none)");
	copies_free(c);
}

static void test_refused_finalizer_backs_off(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	c->writes = 0;
	c->fail_writes = FC_ERR_INVALID;
	c->fail_on = HUB;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/finalizer':'true'");
	copies_wait(c, 60000);
	assert_in_range(c->writes, 2, 12);
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 300000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_free(c);
}

static void test_creation_that_fails_as_a_conflict_with_nothing_backs_off(void **state)
{
	static const enum fc_error_class classes[] = { FC_ERR_EXISTS, FC_ERR_CONFLICT };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(classes); i++) {
		struct copies *c = copies_new();

		c->writes = 0;
		c->fail_writes = classes[i];
		c->fail_on = HUB;
		copies_source(c, TO_TEAM_X);
		copies_wait(c, 60000);
		assert_in_range(c->writes, 4, 24);
		c->fail_writes = FC_ERR_NONE;
		copies_wait(c, 300000);
		assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
		copies_free(c);
	}
}

static void test_pause_on_the_source_holds_deletions_back(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/pause':'true'");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	copies_settle(c);
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'fedcopy.dev/pause':'true','test.fedcopy/copy':'nothing=here'}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies_go_with_their_source_after_one_consistent_read),
		cmocka_unit_test(test_list_that_lacks_the_source_is_not_believed),
		cmocka_unit_test(test_second_list_that_lacks_the_source_is_no_answer),
		cmocka_unit_test(test_copies_go_when_the_annotation_is_taken_off),
		cmocka_unit_test(test_copies_go_with_a_source_whose_rule_cannot_be_read),
		cmocka_unit_test(test_dialect_decides_what_becomes_of_copies),
		cmocka_unit_test(test_orphans_are_found_by_their_marks_after_a_restart),
		cmocka_unit_test(test_copies_wait_while_the_cluster_of_their_source_is_away),
		cmocka_unit_test(
			test_source_that_was_not_found_before_its_cluster_went_away_is_asked_for_when_it_is_back),
		cmocka_unit_test(test_source_that_was_ending_before_its_cluster_went_away_is_asked_for_when_it_is_back),
		cmocka_unit_test(test_brake_stops_deletions_of_one_cluster_until_a_restart),
		cmocka_unit_test(test_selection_edited_away_is_no_case_for_the_brake),
		cmocka_unit_test(test_copies_of_a_terminating_namespace_are_not_counted),
		cmocka_unit_test(test_finalizer_comes_before_the_first_copy_and_goes_after_the_last),
		cmocka_unit_test(test_finalizer_that_cannot_be_written_backs_off_after_a_failure_of_the_status),
		cmocka_unit_test(test_finalizer_waits_for_copies_that_cannot_be_deleted),
		cmocka_unit_test(test_finalizer_does_not_wait_for_clusters_that_are_away),
		cmocka_unit_test(test_finalizer_goes_while_paused_and_after_a_restart),
		cmocka_unit_test(test_finalizer_goes_when_the_annotation_is_taken_off_while_nobody_looked),
		cmocka_unit_test(test_source_restored_from_one_of_its_copies_is_no_copy),
		cmocka_unit_test(test_finalizer_does_not_wait_for_paused_copies),
		cmocka_unit_test(test_refused_release_backs_off),
		cmocka_unit_test(test_refused_finalizer_backs_off),
		cmocka_unit_test(test_creation_that_fails_as_a_conflict_with_nothing_backs_off),
		cmocka_unit_test(test_pause_on_the_source_holds_deletions_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
