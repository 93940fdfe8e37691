/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect kopy in the engine: what is deleted, released and taken back, who else wants the place, and bad input.
 * The numbers are those of docs/kopy.md. */
#include "kopy.h"

static void test_kopy_f01_a_source_of_the_older_family_writes_only_keys_of_that_family(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC_GUIDE("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER_GUIDE);
	assert_string_equal(kopy_labels(c, "a"), GUIDE "origin.namespace=home");
	assert_string_equal(kopy_finalizers(c, "a"), FINALIZER_GUIDE);
	kopy_delete(c, "home");
	assert_released(c, "a", "1");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_f02_bad_input_of_both_annotations_the_first_decides_and_a_warning_says_so(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src",
		    "'annotations':{'" GUIDE "sync':'team=y','" HEAD "sync':'team=x'}", "'data':{'a':'1'}");
	copies_settle(c);
	assert_kopy(c, "a", "1");
	assert_string_equal(c->told, "Warning Invalid ConfigMap home/src: both " HEAD "sync and " GUIDE
				     "sync are set: the second one is ignored\n");
	copies_free(c);
}

static void test_kopy_f03_marks_of_either_family_count(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "src",
		    "'labels':{'" GUIDE "origin.namespace':'home'},'finalizers':['" FINALIZER "']",
		    "'data':{'a':'old'}");
	copies_make(c, HUB, "ConfigMap", "home", "src",
		    "'finalizers':['" FINALIZER_GUIDE "'],'annotations':{'" HEAD "sync':'team=x'}", "'data':{'a':'1'}");
	copies_settle(c);
	assert_kopy(c, "a", "1");
	copies_wait(c, 2000);
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER);
	copies_free(c);
}

static void test_kopy_b13_d06_a_copy_that_nobody_wants_is_let_go_and_not_made_again(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_label_space(c, HUB, "a", "null");
	kopy_delete(c, "a");
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	/* The source is gone, and nobody has looked meanwhile. */
	copies_down(c, HUB);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'finalizers':null}}");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_delete(c, HUB, "ConfigMap", "b", "src");
	c->down[HUB] = false;
	copies_restart(c);
	assert_string_equal(copies_value(c, HUB, "b", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_b14_b28_a_deleted_source_goes_when_its_last_copy_is_released(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	c->fail_writes = FC_ERR_SERVER;
	c->fail_space = "b";
	kopy_delete(c, "home");
	assert_released(c, "a", "1");
	assert_kopy(c, "b", "1");
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER);
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_released(c, "b", "1");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	/* For good. */
	copies_restart(c);
	kopy_edit(c, "a", "{'data':{'a':'mine'}}");
	assert_released(c, "a", "mine");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_kopy_b14_detached_copies_are_released_too(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_label_space(c, HUB, "a", "null");
	assert_kopy(c, "a", "1");
	c->fail_writes = FC_ERR_SERVER;
	c->fail_space = "a";
	kopy_delete(c, "home");
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER);
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_released(c, "a", "1");
	assert_released(c, "b", "1");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_b14_a_source_whose_copies_another_one_waits_for_stays_until_they_are_released(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "other", "src", SYNC("team=x"), "'data':{'a':'2'}");
	copies_settle(c);
	c->fail_writes = FC_ERR_SERVER;
	c->fail_space = "a";
	kopy_delete(c, "home");
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER);
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_released(c, "a", "1");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_b14_a_source_with_a_malformed_value_is_released_all_the_same(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':'team in x'}}}");
	assert_kopy(c, "a", "1");
	kopy_delete(c, "home");
	copies_wait(c, 5000);
	assert_released(c, "a", "1");
	assert_released(c, "b", "1");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_d17_a_source_that_lost_its_annotation_and_is_deleted_before_anybody_looked(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	copies_down(c, HUB);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':null}}");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	c->down[HUB] = false;
	copies_restart(c);
	assert_released(c, "a", "1");
	assert_released(c, "b", "1");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_b15_the_namespace_of_a_source_can_finish_terminating(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_end_space(c, HUB, "home");
	assert_null(copies_object(c, HUB, "Namespace", "", "home"));
	assert_released(c, "a", "1");
	assert_released(c, "b", "1");
	copies_free(c);
}

static void test_kopy_b16_without_the_annotation_the_copies_are_released_and_the_source_stays(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':null}}}");
	assert_released(c, "a", "1");
	assert_released(c, "b", "1");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "1");
	assert_string_equal(kopy_finalizers(c, "home"), "");
	copies_free(c);
}

static void test_kopy_b16_a_malformed_annotation_that_is_taken_off_releases_after_a_restart_too(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':'team in x'}}}");
	copies_restart(c);
	assert_kopy(c, "a", "1");
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER);
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':null}}}");
	copies_wait(c, 5000);
	assert_released(c, "a", "1");
	assert_string_equal(kopy_finalizers(c, "home"), "");
	copies_free(c);
}

static void test_kopy_b17_copies_move_with_the_annotation_to_the_other_family(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC_GUIDE("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	copies_restart(c);
	c->fail_writes = FC_ERR_SERVER;
	c->fail_space = "a";
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" GUIDE "sync':null,'" HEAD "sync':'team=x'}}}");
	/* The old finalizer goes last. */
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER_GUIDE "," FINALIZER);
	assert_kopy(c, "b", "1");
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_kopy(c, "a", "1");
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER);
	/* Finalizer on, two copies, finalizer off, and what failed. */
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_kopy_b18_of_two_sources_the_first_wins_and_the_second_is_told(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "other", "src", SYNC("team=x"), "'data':{'a':'2'}");
	/* A label is enough to say whose it is. */
	copies_space(c, HUB, "d", "'team':'x'");
	copies_settle(c);
	assert_kopy(c, "a", "1");
	assert_non_null(strstr(c->told, "Warning Conflict ConfigMap other/src: copy hub/configmaps/"));
	assert_null(strstr(c->told, "ConfigMap a/src"));
	copies_make(c, HUB, "ConfigMap", "other", "named", "'labels':{'" HEAD "origin.namespace':'elsewhere'}",
		    "'data':{'a':'old'}");
	copies_make(c, HUB, "ConfigMap", "home", "named", SYNC("team"), "'data':{'a':'1'}");
	kopy_label_space(c, HUB, "other", "'x'");
	assert_string_equal(copies_value(c, HUB, "other", "named"), "old");
	assert_string_equal(copies_state(c, "/other/named"), "Conflict/AnotherRule");
	assert_string_equal(copies_value(c, HUB, "a", "named"), "1");
	copies_free(c);
}

static void test_kopy_b19_d05_an_object_of_somebody_else_is_left_alone_until_it_goes(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "src", "'labels':{'app':'y'}", "'data':{'a':'theirs'}");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "theirs");
	assert_string_equal(kopy_finalizers(c, "a"), "");
	assert_string_equal(copies_state(c, "/a/src"), "Conflict/Unowned");
	assert_non_null(strstr(c->told, "Warning Conflict ConfigMap home/src: copy hub/configmaps/a/src"));
	assert_kopy(c, "b", "1");
	kopy_delete(c, "a");
	assert_kopy(c, "a", "1");
	/* Nor does it go with the source. */
	kopy_delete(c, "b");
	copies_free(c);
}

static void test_kopy_b19_a_stranger_survives_the_deletion_of_the_source(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "src", "", "'data':{'a':'theirs'}");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	kopy_delete(c, "home");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "theirs");
	assert_string_equal(kopy_annotations(c, "a"), "");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_b19_the_operator_may_have_unowned_objects_taken_over(void **state)
{
	static const char *const adopting[] = { "kopy", NULL };
	struct copies *c = kopy_new_adopting(adopting);

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "src", "'labels':{'app':'y'},'finalizers':['example.com/f']",
		    "'data':{'a':'theirs'}");
	copies_make(c, HUB, "ConfigMap", "b", "src", "'annotations':{'" HEAD "released-from':'elsewhere'}", "");
	/* Another source's copy, and what asks for copies itself, are nobody's to take. */
	copies_make(c, HUB, "ConfigMap", "other", "src", SYNC("team=q"), "'data':{'a':'2'}");
	copies_space(c, HUB, "d", "'team':'x'");
	copies_make(c, HUB, "ConfigMap", "d", "src", "'labels':{'" HEAD "origin.namespace':'elsewhere'}", "");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	kopy_label_space(c, HUB, "other", "'x'");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(kopy_labels(c, "a"), HEAD "origin.namespace=home");
	assert_string_equal(kopy_finalizers(c, "a"), "example.com/f," FINALIZER);
	assert_kopy(c, "b", "1");
	assert_string_equal(copies_value(c, HUB, "other", "src"), "2");
	assert_string_equal(copies_value(c, HUB, "d", "src"), "(none)");
	assert_string_equal(kopy_finalizers(c, "d"), "");
	copies_free(c);
}

/* Made by a controller that fedcopy is not, or not there: it is somebody's. */
static void test_kopy_b19_copies_and_sources_of_other_controllers_are_not_taken_over(void **state)
{
	static const char *const adopting[] = { "kopy", NULL };
	static const char *const theirs[][2] = {
		/* The dialect is not enabled. */
		{ "'annotations':{'configmapsync.apps.kapendra.com/owner':'ops/s'}", "hub" },
		{ "'labels':{'configmapsync.apps.kapendra.com/sync-name':'s',"
		  "'configmapsync.apps.kapendra.com/sync-namespace':'ops'}",
		  "hub" },
		/* kopy does not act on members. */
		{ COPY_OF("elsewhere"), "edge-1" },
		{ "'labels':{'" HEAD "origin.namespace':'elsewhere'}", "edge-1" },
		{ SYNC("team=q"), "edge-1" },
		/* Another hub's, of a dialect that is none here. */
		{ "'annotations':{'fedcopy.dev/origin':'far-id/home/src','fedcopy.dev/origin-rule':'former'}",
		  "edge-1" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(theirs); i++) {
		struct copies *c = kopy_new_adopting(adopting);
		fc_cluster_no where = strcmp(theirs[i][1], "hub") == 0 ? HUB : EDGE1;
		FC_AUTO_FREE char *state_of = fc_xasprintf("%s/configmaps/a/src", theirs[i][1]);
		FC_AUTO_FREE char *version = NULL;

		copies_make(c, where, "ConfigMap", "a", "src", theirs[i][0], "'data':{'a':'theirs'}");
		copies_make(c, EDGE1, "ConfigMap", "b", "src", "", "'data':{'a':'free'}");
		version = fc_xstrdup(
			json_string_value(json_object_get(kopy_metadata(c, where, "a", "src"), "resourceVersion")));
		copies_make(c, HUB, "ConfigMap", "home", "src",
			    "'annotations':{'" HEAD "sync':'team=x','fedcopy.dev/clusters':'*'}", "'data':{'a':'1'}");
		copies_settle(c);
		assert_string_equal(
			json_string_value(json_object_get(kopy_metadata(c, where, "a", "src"), "resourceVersion")),
			version);
		assert_string_equal(copies_state(c, state_of), "Conflict/Unowned");
		/* What nobody owns is taken, on members too. */
		assert_string_equal(copies_value(c, EDGE1, "b", "src"), "1");
		copies_free(c);
	}
}

/* Its finalizer is that of one who asked. */
static void test_kopy_b19_a_former_source_is_no_copy_that_has_lost_its_label(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	/* Both hold the same, and the second comes to be selected by the first. */
	copies_make(c, HUB, "ConfigMap", "other", "src", SYNC("team=q"), "'data':{'a':'1'}");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	kopy_label_space(c, HUB, "other", "'x'");
	assert_string_equal(kopy_finalizers(c, "other"), FINALIZER);
	kopy_edit(c, "other", "{'metadata':{'annotations':null}}");
	copies_wait(c, 5000);
	assert_string_equal(kopy_labels(c, "other"), "");
	assert_string_equal(kopy_finalizers(c, "other"), "");
	assert_string_equal(copies_state(c, "/other/src"), "Conflict/Unowned");
	copies_free(c);
}

static void test_kopy_b19_a_former_source_with_copies_is_known_after_a_restart(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_space(c, HUB, "q", "'team':'q'");
	copies_make(c, HUB, "ConfigMap", "other", "src", SYNC("team=q"), "'data':{'a':'1'}");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	kopy_label_space(c, HUB, "other", "'x'");
	assert_string_equal(kopy_labels(c, "q"), HEAD "origin.namespace=other");
	copies_patch(c, HUB, "ConfigMap", "other", "src", "{'metadata':{'annotations':null}}");
	copies_restart(c);
	copies_wait(c, 60000);
	assert_string_equal(kopy_labels(c, "other"), "");
	assert_string_equal(kopy_annotations(c, "q"), HEAD "released-from=other");
	copies_free(c);
}

static void test_kopy_b20_a_source_that_is_made_again_takes_its_copies_back(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_delete(c, "home");
	assert_released(c, "a", "1");
	/* What code of the older family has released. */
	kopy_edit(c, "b", "{'metadata':{'annotations':null,'labels':{'" GUIDE "origin.namespace':'home'}}}");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'2'}");
	copies_settle(c);
	assert_kopy(c, "a", "2");
	assert_kopy(c, "b", "2");
	copies_free(c);
}

static void test_kopy_b20_a_source_elsewhere_takes_no_released_copy(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_delete(c, "home");
	copies_make(c, HUB, "ConfigMap", "other", "src", SYNC("team=x"), "'data':{'a':'2'}");
	copies_settle(c);
	assert_released(c, "a", "1");
	assert_string_equal(copies_state(c, "/a/src"), "Conflict/Unowned");
	copies_free(c);
}

static void test_kopy_b21_d14_the_second_source_has_its_turn_when_the_place_is_free(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "other", "src", SYNC("team=x"), "'data':{'a':'2'}");
	copies_settle(c);
	kopy_delete(c, "home");
	assert_released(c, "a", "1");
	kopy_delete(c, "a");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(kopy_labels(c, "a"), HEAD "origin.namespace=other");
	copies_free(c);
}

static void test_kopy_b22_d01_a_label_made_by_hand_gives_no_right_to_the_source(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src", "", "'data':{'a':'secret'}");
	copies_make(c, HUB, "ConfigMap", "other", "src", COPY_OF("home"), "'data':{'a':'none'}");
	copies_settle(c);
	assert_released(c, "other", "none");
	/* Nor where the source is one, for others. */
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':'team=x'}}}");
	kopy_edit(c, "other",
		  "{'metadata':{'annotations':null,'labels':{'" HEAD
		  "origin.namespace':'home'},'finalizers':['" FINALIZER "']}}");
	copies_wait(c, 5000);
	assert_kopy(c, "other", "none");
	copies_free(c);
}

static void test_kopy_b23_d06_a_copy_without_a_source_is_released_after_one_read_that_says_so(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "src", COPY_OF("home"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_released(c, "a", "1");
	assert_int_equal(c->reads, 1);
	assert_int_equal(c->writes, 1);
	copies_wait(c, 60000);
	assert_int_equal(c->reads, 1);
	copies_free(c);
}

static void test_kopy_b24_a_stale_label_goes_with_the_write_of_the_finalizer(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src",
		    "'labels':{'app':'y','" GUIDE "origin.namespace':'other'}," SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(kopy_labels(c, "home"), "app=y");
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER);
	assert_kopy(c, "a", "1");
	assert_int_equal(c->writes, 3);
	copies_free(c);
}

static void test_kopy_b25_d10_while_the_source_is_terminating_no_copy_is_written(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "home", "{'metadata':{'finalizers':['example.com/f','" FINALIZER "']}}");
	kopy_delete(c, "home");
	assert_released(c, "a", "1");
	assert_string_equal(kopy_finalizers(c, "home"), "example.com/f");
	c->writes = 0;
	kopy_edit(c, "home", "{'data':{'a':'2'}}");
	copies_space(c, HUB, "new", "'team':'x'");
	kopy_edit(c, "a", "{'data':{'a':'mine'}}");
	copies_wait(c, 60000);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void assert_selects_nothing(const char *value)
{
	FC_AUTO_FREE char *metadata = fc_xasprintf("'annotations':{'" HEAD "sync':'%s'}", value);
	struct copies *c = kopy_new();

	copies_make(c, HUB, "ConfigMap", "home", "src", metadata, "'data':{'a':'1'}");
	copies_settle(c);
	assert_int_equal(c->writes, 0);
	assert_string_equal(copies_state(c, ""), "Invalid/BadSelector");
	assert_non_null(strstr(c->told, "Warning Invalid ConfigMap home/src: "));
	copies_free(c);
}

static void test_kopy_d02_d03_bad_input_a_value_that_is_no_selector_selects_nothing(void **state)
{
	(void)state;
	assert_selects_nothing("");
	assert_selects_nothing(" ");
	assert_selects_nothing("team in x");
	assert_selects_nothing("team=x,");
	assert_selects_nothing("_team=x");
	assert_selects_nothing("team=x y");
}

static void test_kopy_bad_input_copies_stay_while_the_value_is_malformed_and_one_that_is_deleted_is_let_go(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':'team in x'}},'data':{'a':'2'}}");
	kopy_edit(c, "a", "{'data':{'a':'mine'}}");
	kopy_delete(c, "b");
	copies_wait(c, 5000);
	assert_kopy(c, "a", "mine");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "(absent)");
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':'team=x'}}}");
	assert_kopy(c, "a", "2");
	assert_kopy(c, "b", "2");
	copies_free(c);
}

static void test_kopy_bad_input_labels_of_both_families_that_differ_are_another_sources(void **state)
{
	struct copies *c = kopy_new();
	static const char both[] = "'labels':{'" HEAD "origin.namespace':'home','" GUIDE
				   "origin.namespace':'other'},'finalizers':['" FINALIZER "']";

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "src", both, "'data':{'a':'old'}");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "old");
	assert_string_equal(kopy_finalizers(c, "a"), FINALIZER);
	assert_string_equal(copies_state(c, "/a/src"), "Conflict/AnotherRule");
	kopy_delete(c, "a");
	copies_wait(c, 5000);
	assert_kopy(c, "a", "1");
	copies_free(c);
}

static void test_kopy_bad_input_a_selector_without_a_match_makes_a_finalizer_and_no_copy(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=nobody"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER);
	assert_int_equal(c->writes, 1);
	assert_string_equal(copies_state(c, ""), "InSync/NothingSelected");
	copies_free(c);
}

static void refuse_type(const char *type)
{
	FC_AUTO_FREE char *more = fc_xasprintf("'type':'%s','data':{'token':'eA=='}", type);
	struct copies *c = kopy_new();

	c->not_all_allowed = false;
	copies_restart(c);
	copies_make(c, HUB, "Secret", "home", "src",
		    "'annotations':{'" HEAD "sync':'team=x','kubernetes.io/service-account.name':'s'}", more);
	copies_settle(c);
	assert_int_equal(c->writes, 0);
	assert_null(copies_object(c, HUB, "Secret", "a", "src"));
	assert_string_equal(copies_state(c, ""), "NotAllowed/NotAllowed");
	assert_non_null(strstr(c->told, "Warning NotAllowed Secret home/src: "));
	copies_free(c);
}

static void test_kopy_d15_bad_input_tokens_are_refused_whoever_permits_everything(void **state)
{
	(void)state;
	refuse_type("kubernetes.io/service-account-token");
	refuse_type("bootstrap.kubernetes.io/token");
}

/* The value is edited after the type was seen: it is a rule anew. */
static void test_kopy_d15_bad_input_a_refused_source_stays_so_when_its_annotation_is_edited(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "Secret", "home", "src", SYNC("team=x"),
		    "'type':'bootstrap.kubernetes.io/token','data':{'token':'eA=='}");
	copies_settle(c);
	copies_patch(c, HUB, "Secret", "home", "src", "{'metadata':{'annotations':{'" HEAD "sync':'team'}}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_int_equal(c->writes, 0);
	assert_string_equal(copies_state(c, ""), "NotAllowed/NotAllowed");
	copies_free(c);
}

static void test_kopy_d10_bad_input_what_is_being_deleted_gets_no_finalizer(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src", "'finalizers':['example.com/f']", "'data':{'a':'1'}");
	kopy_delete(c, "home");
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':'team=x'}}}");
	copies_wait(c, 5000);
	assert_string_equal(kopy_finalizers(c, "home"), "example.com/f");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_kopy_bad_input_a_copy_that_the_server_refuses_harms_no_other(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	c->fail_writes = FC_ERR_INVALID;
	c->fail_space = "a";
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(copies_state(c, "/a/src"), "Invalid/Refused");
	assert_kopy(c, "b", "1");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kopy_f01_a_source_of_the_older_family_writes_only_keys_of_that_family),
		cmocka_unit_test(test_kopy_f02_bad_input_of_both_annotations_the_first_decides_and_a_warning_says_so),
		cmocka_unit_test(test_kopy_f03_marks_of_either_family_count),
		cmocka_unit_test(test_kopy_b13_d06_a_copy_that_nobody_wants_is_let_go_and_not_made_again),
		cmocka_unit_test(test_kopy_b14_b28_a_deleted_source_goes_when_its_last_copy_is_released),
		cmocka_unit_test(test_kopy_b14_detached_copies_are_released_too),
		cmocka_unit_test(
			test_kopy_b14_a_source_whose_copies_another_one_waits_for_stays_until_they_are_released),
		cmocka_unit_test(test_kopy_b14_a_source_with_a_malformed_value_is_released_all_the_same),
		cmocka_unit_test(test_kopy_d17_a_source_that_lost_its_annotation_and_is_deleted_before_anybody_looked),
		cmocka_unit_test(test_kopy_b15_the_namespace_of_a_source_can_finish_terminating),
		cmocka_unit_test(test_kopy_b16_without_the_annotation_the_copies_are_released_and_the_source_stays),
		cmocka_unit_test(test_kopy_b16_a_malformed_annotation_that_is_taken_off_releases_after_a_restart_too),
		cmocka_unit_test(test_kopy_b17_copies_move_with_the_annotation_to_the_other_family),
		cmocka_unit_test(test_kopy_b18_of_two_sources_the_first_wins_and_the_second_is_told),
		cmocka_unit_test(test_kopy_b19_d05_an_object_of_somebody_else_is_left_alone_until_it_goes),
		cmocka_unit_test(test_kopy_b19_a_stranger_survives_the_deletion_of_the_source),
		cmocka_unit_test(test_kopy_b19_the_operator_may_have_unowned_objects_taken_over),
		cmocka_unit_test(test_kopy_b19_copies_and_sources_of_other_controllers_are_not_taken_over),
		cmocka_unit_test(test_kopy_b19_a_former_source_is_no_copy_that_has_lost_its_label),
		cmocka_unit_test(test_kopy_b19_a_former_source_with_copies_is_known_after_a_restart),
		cmocka_unit_test(test_kopy_b20_a_source_that_is_made_again_takes_its_copies_back),
		cmocka_unit_test(test_kopy_b20_a_source_elsewhere_takes_no_released_copy),
		cmocka_unit_test(test_kopy_b21_d14_the_second_source_has_its_turn_when_the_place_is_free),
		cmocka_unit_test(test_kopy_b22_d01_a_label_made_by_hand_gives_no_right_to_the_source),
		cmocka_unit_test(test_kopy_b23_d06_a_copy_without_a_source_is_released_after_one_read_that_says_so),
		cmocka_unit_test(test_kopy_b24_a_stale_label_goes_with_the_write_of_the_finalizer),
		cmocka_unit_test(test_kopy_b25_d10_while_the_source_is_terminating_no_copy_is_written),
		cmocka_unit_test(test_kopy_d02_d03_bad_input_a_value_that_is_no_selector_selects_nothing),
		cmocka_unit_test(
			test_kopy_bad_input_copies_stay_while_the_value_is_malformed_and_one_that_is_deleted_is_let_go),
		cmocka_unit_test(test_kopy_bad_input_labels_of_both_families_that_differ_are_another_sources),
		cmocka_unit_test(test_kopy_bad_input_a_selector_without_a_match_makes_a_finalizer_and_no_copy),
		cmocka_unit_test(test_kopy_d15_bad_input_tokens_are_refused_whoever_permits_everything),
		cmocka_unit_test(test_kopy_d15_bad_input_a_refused_source_stays_so_when_its_annotation_is_edited),
		cmocka_unit_test(test_kopy_d10_bad_input_what_is_being_deleted_gets_no_finalizer),
		cmocka_unit_test(test_kopy_bad_input_a_copy_that_the_server_refuses_harms_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
