/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect kopy in the engine: copies that are made, kept true, and follow the labels of namespaces. The numbers are
 * those of docs/kopy.md. */
#include "kopy.h"

static void test_kopy_b01_b28_the_finalizer_comes_before_the_first_copy(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_space = "home";
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_state(c, "/a/src"), "Forbidden/SourceForbidden");
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 10000);
	assert_string_equal(kopy_finalizers(c, "home"), FINALIZER);
	assert_kopy(c, "a", "1");
	assert_kopy(c, "b", "1");
	assert_string_equal(copies_value(c, HUB, "other", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_b02_d07_a_copy_is_exactly_the_payload_one_label_and_one_finalizer(void **state)
{
	struct copies *c = kopy_new();
	const json_t *copy;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src",
		    "'labels':{'app':'x'},'finalizers':['example.com/f'],'ownerReferences':[{'apiVersion':'v1','kind':"
		    "'ConfigMap','name':'o','uid':'u'}],'annotations':{'" HEAD
		    "sync':'team=x','note':'n','kubectl.kubernetes.io/last-applied-configuration':'{}'}",
		    "'data':{'a':'1'},'binaryData':{'b.c':'AAE='},'immutable':true");
	copies_make(c, HUB, "Secret", "home", "s", SYNC("team=x"),
		    "'type':'kubernetes.io/dockerconfigjson','data':{'.dockerconfigjson':'e30='}");
	copies_settle(c);
	assert_kopy(c, "a", "1");
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_json(json_object_get(copy, "binaryData"), J("{'b.c':'AAE='}"));
	assert_true(json_is_true(json_object_get(copy, "immutable")));
	assert_null(json_object_get(json_object_get(copy, "metadata"), "ownerReferences"));
	copy = copies_object(c, HUB, "Secret", "b", "s");
	assert_string_equal(json_string_value(json_object_get(copy, "type")), "kubernetes.io/dockerconfigjson");
	assert_json(json_object_get(copy, "data"), J("{'.dockerconfigjson':'e30='}"));
	/* The source is as its author has written it. */
	assert_string_equal(copies_annotation(copies_object(c, HUB, "ConfigMap", "home", "src"), "note"), "n");
	assert_string_equal(kopy_labels(c, "home"), "app=x");
	assert_string_equal(kopy_finalizers(c, "home"), "example.com/f," FINALIZER);
	copies_free(c);
}

static void test_kopy_b03_d13_a_change_of_the_source_is_one_write_for_each_copy_and_none_for_an_equal_one(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "home", "{'data':{'a':'2','more':'m'}}");
	assert_kopy(c, "a", "2");
	assert_kopy(c, "b", "2");
	assert_int_equal(c->writes, 2);
	assert_int_equal(c->reads, 0);
	kopy_edit(c, "home", "{'metadata':{'labels':{'app':'y'}}}");
	assert_int_equal(c->writes, 2);
	kopy_edit(c, "home", "{'data':{'more':null}}");
	assert_null(json_object_get(json_object_get(copies_object(c, HUB, "ConfigMap", "a", "src"), "data"), "more"));
	assert_kopy(c, "a", "2");
	copies_free(c);
}

static void test_kopy_b04_whatever_is_changed_on_a_copy_is_undone(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "a", "{'data':{'a':'mine','b':'mine'}}");
	assert_kopy(c, "a", "1");
	kopy_edit(c, "a", "{'metadata':{'labels':{'foo':'bar'}}}");
	assert_kopy(c, "a", "1");
	/* No chains. */
	kopy_edit(c, "a", "{'metadata':{'annotations':{'" HEAD "sync':'team','note':'n'}}}");
	assert_kopy(c, "a", "1");
	assert_int_equal(c->writes, 3);
	kopy_edit(c, "a", "{'metadata':{'finalizers':null}}");
	assert_kopy(c, "a", "1");
	/* What others hold on to is theirs. */
	kopy_edit(c, "a",
		  "{'metadata':{'finalizers':['example.com/f','" FINALIZER
		  "'],'ownerReferences':[{'apiVersion':'v1','kind':'ConfigMap','name':'o','uid':'u'}]}}");
	kopy_edit(c, "home", "{'data':{'a':'2'}}");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(kopy_finalizers(c, "a"), "example.com/f," FINALIZER);
	assert_int_equal(json_array_size(json_object_get(kopy_metadata(c, HUB, "a", "src"), "ownerReferences")), 1);
	copies_free(c);
}

static void test_kopy_b04_a_copy_that_lost_its_label_alone_is_taken_back(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "a", "{'metadata':{'labels':null}}");
	copies_wait(c, 5000);
	assert_kopy(c, "a", "1");
	assert_string_equal(copies_state(c, "/a/src"), "InSync/InSync");
	/* With another payload it may be anybody's, and it is no copy any more. */
	kopy_edit(c, "a", "{'metadata':{'labels':null},'data':{'a':'mine'}}");
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "mine");
	assert_string_equal(kopy_labels(c, "a"), "");
	assert_string_equal(kopy_finalizers(c, "a"), "");
	assert_string_equal(copies_state(c, "/a/src"), "Conflict/Unowned");
	assert_kopy(c, "b", "1");
	copies_free(c);
}

static void test_kopy_b04_a_label_that_was_lost_while_nobody_looked_is_put_back(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	copies_down(c, HUB);
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'labels':null}}");
	c->down[HUB] = false;
	copies_restart(c);
	assert_kopy(c, "a", "1");
	assert_int_equal(c->writes, 1);
	copies_free(c);
}

static void test_kopy_b05_d12_a_copy_that_changed_meanwhile_is_read_and_decided_upon_again(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	for (struct open_watch *o = c->watches; o; o = o->next)
		c->silent[HUB] = true;
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'data':{'a':'mine'}}");
	c->silent[HUB] = false;
	kopy_edit(c, "home", "{'data':{'a':'2'}}");
	copies_wait(c, 10000);
	assert_kopy(c, "a", "2");
	assert_kopy(c, "b", "2");
	copies_free(c);
}

static void test_kopy_b06_d09_what_cannot_be_changed_is_deleted_and_made_again(void **state)
{
	struct copies *c = kopy_new();
	char *before;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'},'immutable':true");
	copies_make(c, HUB, "Secret", "home", "s", SYNC("team=x"), "'type':'one','data':{'k':'YQ=='}");
	copies_settle(c);
	assert_kopy(c, "a", "1");
	before = fc_xstrdup(json_string_value(json_object_get(kopy_metadata(c, HUB, "a", "src"), "uid")));
	kopy_delete(c, "home");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'2'},'immutable':true");
	copies_delete(c, HUB, "Secret", "home", "s");
	copies_settle(c);
	copies_make(c, HUB, "Secret", "home", "s", SYNC("team=x"), "'type':'two','data':{'k':'Yg=='}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_kopy(c, "a", "2");
	assert_string_not_equal(json_string_value(json_object_get(kopy_metadata(c, HUB, "a", "src"), "uid")), before);
	assert_string_equal(json_string_value(json_object_get(copies_object(c, HUB, "Secret", "a", "s"), "type")),
			    "two");
	free(before);
	copies_free(c);
}

/* A copy with its finalizer is terminating first, and made anew when that has been taken off. */
static void test_kopy_b06_d09_a_living_immutable_copy_is_let_go_and_made_again(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "a", "{'immutable':true}");
	copies_wait(c, 5000);
	assert_kopy(c, "a", "1");
	assert_null(json_object_get(copies_object(c, HUB, "ConfigMap", "a", "src"), "immutable"));
	kopy_edit(c, "home", "{'data':{'a':'2'}}");
	copies_wait(c, 5000);
	assert_kopy(c, "a", "2");
	copies_free(c);
}

static void test_kopy_b07_a_namespace_that_comes_or_gets_the_label_gets_its_copy(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	copies_space(c, HUB, "new", "'team':'x'");
	copies_settle(c);
	assert_kopy(c, "new", "1");
	kopy_label_space(c, HUB, "other", "'x'");
	assert_kopy(c, "other", "1");
	copies_free(c);
}

static void test_kopy_b08_d11_a_namespace_that_loses_the_label_keeps_a_copy_that_is_written_no_more(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_label_space(c, HUB, "a", "null");
	assert_kopy(c, "a", "1");
	kopy_edit(c, "home", "{'data':{'a':'2'}}");
	kopy_edit(c, "a", "{'data':{'a':'mine'}}");
	copies_wait(c, 5000);
	assert_kopy(c, "a", "mine");
	assert_kopy(c, "b", "2");
	copies_restart(c);
	assert_kopy(c, "a", "mine");
	assert_int_equal(c->writes, 0);
	kopy_label_space(c, HUB, "a", "'x'");
	assert_kopy(c, "a", "2");
	copies_free(c);
}

static void test_kopy_b09_another_selector_makes_copies_and_leaves_the_others_detached(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_label_space(c, HUB, "b", "'y'");
	kopy_label_space(c, HUB, "other", "'y'");
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':'team in (y,z)'}},'data':{'a':'2'}}");
	assert_kopy(c, "a", "1");
	assert_kopy(c, "b", "2");
	assert_kopy(c, "other", "2");
	copies_free(c);
}

static void test_kopy_b10_the_sources_own_namespace_is_skipped(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	kopy_label_space(c, HUB, "home", "'x'");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_kopy(c, "a", "1");
	assert_string_equal(kopy_annotations(c, "home"), HEAD "sync=team=x");
	assert_string_equal(kopy_labels(c, "home"), "");
	assert_int_equal(c->writes, 3);
	copies_free(c);
}

static void test_kopy_b11_a_namespace_can_finish_terminating(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_end_space(c, HUB, "a");
	assert_null(copies_object(c, HUB, "Namespace", "", "a"));
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_kopy(c, "b", "1");
	copies_free(c);
}

static void test_kopy_b11_nothing_is_made_in_a_terminating_namespace(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "held", "'finalizers':['example.com/f']", "");
	copies_delete(c, HUB, "Namespace", NULL, "a");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(copies_state(c, "/a/src"), "Error/NamespaceTerminating");
	assert_int_equal(c->writes, 2);
	copies_free(c);
}

static void test_kopy_b12_a_deleted_copy_is_let_go_and_made_again(void **state)
{
	struct copies *c = kopy_with_copies();
	char *before = fc_xstrdup(json_string_value(json_object_get(kopy_metadata(c, HUB, "a", "src"), "uid")));

	(void)state;
	kopy_delete(c, "a");
	copies_wait(c, 5000);
	assert_kopy(c, "a", "1");
	assert_string_not_equal(json_string_value(json_object_get(kopy_metadata(c, HUB, "a", "src"), "uid")), before);
	/* One that others hold on to comes when they let go. */
	kopy_edit(c, "a", "{'metadata':{'finalizers':['example.com/f','" FINALIZER "']}}");
	kopy_delete(c, "a");
	assert_string_equal(kopy_finalizers(c, "a"), "example.com/f");
	kopy_edit(c, "a", "{'metadata':{'finalizers':null}}");
	copies_wait(c, 5000);
	assert_kopy(c, "a", "1");
	free(before);
	copies_free(c);
}

static void test_kopy_b26_a_restart_in_sync_writes_nothing(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	/* One of each copy. */
	assert_int_equal(c->reads, 2);
	copies_free(c);
}

static void test_kopy_b27_d08_one_namespace_that_refuses_delays_no_other(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	c->fail_writes = FC_ERR_QUOTA;
	c->fail_space = "a";
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_kopy(c, "b", "1");
	assert_string_equal(copies_state(c, "/a/src"), "Error/Quota");
	assert_non_null(strstr(c->told, "Warning Error ConfigMap home/src: copy hub/configmaps/a/src"));
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 600000);
	assert_kopy(c, "a", "1");
	copies_free(c);
}

static void test_kopy_d13_more_than_a_hundred_namespaces_get_one_write_each(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	for (int i = 0; i < 130; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("s%d", i);

		copies_space(c, HUB, name, "'many':''");
	}
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("many="), "'data':{'a':'1'}");
	copies_settle(c);
	for (int i = 0; i < 130; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("s%d", i);

		assert_kopy(c, name, "1");
	}
	assert_int_equal(c->writes, 131);
	copies_free(c);
}

static void test_kopy_d04_one_selector_means_the_same_on_every_way(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_space(c, HUB, "dev", "'tier':'dev'");
	copies_space(c, HUB, "shut", "'tier':'dev','isolated':''");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("tier in (dev,stage),!isolated"), "'data':{'a':'1'}");
	copies_settle(c);
	/* As it lists, as namespaces come and change, and as a copy is made again. */
	copies_space(c, HUB, "late", "'tier':'stage'");
	copies_space(c, HUB, "late-shut", "'tier':'stage','isolated':'yes'");
	copies_patch(c, HUB, "Namespace", NULL, "other", "{'metadata':{'labels':{'tier':'prod'}}}");
	copies_settle(c);
	kopy_delete(c, "dev");
	copies_wait(c, 5000);
	assert_kopy(c, "dev", "1");
	assert_kopy(c, "late", "1");
	assert_string_equal(copies_value(c, HUB, "shut", "src"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "late-shut", "src"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "other", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_b04_what_is_said_to_fedcopy_on_a_copy_stays(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	kopy_edit(c, "a", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true','note':'n'}}}");
	kopy_edit(c, "home", "{'data':{'a':'2'}}");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	kopy_edit(c, "a", "{'metadata':{'annotations':{'fedcopy.dev/pause':'false','fedcopy.dev/hub':'hub'}}}");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(kopy_annotations(c, "a"), "fedcopy.dev/pause=false,fedcopy.dev/hub=hub");
	copies_free(c);
}

static void test_kopy_d16_namespaces_that_concern_nobody_cost_no_request(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	copies_space(c, HUB, "new", "'team':'y'");
	kopy_label_space(c, HUB, "other", "'z'");
	copies_patch(c, HUB, "Namespace", NULL, "a", "{'metadata':{'labels':{'more':'m'}}}");
	copies_make(c, HUB, "ConfigMap", "a", "else", "", "'data':{'a':'1'}");
	copies_settle(c);
	assert_int_equal(c->writes, 0);
	assert_int_equal(c->reads, 0);
	copies_free(c);
}

/* Bodies are told before metadata is. */
static void put_bodies_first(struct copies *c)
{
	struct open_watch *o;

	for (o = c->watches; o && o->action->content != FC_WATCH_BODIES;)
		o = o->next;
	assert_non_null(o);
	LL_DELETE(c->watches, o);
	LL_PREPEND(c->watches, o);
}

/* A source says in one edit whom it is for no more, and what is not for them. */
static void test_kopy_b22_what_an_edited_source_says_is_for_those_that_it_selects_now(void **state)
{
	struct copies *c = kopy_with_copies();

	(void)state;
	put_bodies_first(c);
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':'team=nobody'}},'data':{'a':'2'}}");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

/* What was told before it asked for anything is read once: a read that fails is tried again. */
static void test_kopy_d15_a_source_whose_type_could_not_be_read_at_first_is_not_stuck(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src", "", "'data':{'a':'1'}");
	/* Somebody reads it, so that its body has been told. */
	copies_make(c, HUB, "ConfigMap", "home", "reader",
		    "'annotations':{'k8s-copier.fig.org/replace-data.a':'configmap:src:data.a'}", "'data':{'a':'0'}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "home", "reader"), "1");
	put_bodies_first(c);
	c->fail_reads = FC_ERR_SERVER;
	c->fail_on = HUB;
	c->fail_space = "home";
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'" HEAD "sync':'team=x'}}}");
	copies_settle(c);
	assert_string_equal(kopy_finalizers(c, "home"), "");
	c->fail_reads = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_kopy(c, "a", "1");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kopy_b01_b28_the_finalizer_comes_before_the_first_copy),
		cmocka_unit_test(test_kopy_b02_d07_a_copy_is_exactly_the_payload_one_label_and_one_finalizer),
		cmocka_unit_test(
			test_kopy_b03_d13_a_change_of_the_source_is_one_write_for_each_copy_and_none_for_an_equal_one),
		cmocka_unit_test(test_kopy_b04_whatever_is_changed_on_a_copy_is_undone),
		cmocka_unit_test(test_kopy_b04_a_copy_that_lost_its_label_alone_is_taken_back),
		cmocka_unit_test(test_kopy_b04_a_label_that_was_lost_while_nobody_looked_is_put_back),
		cmocka_unit_test(test_kopy_b05_d12_a_copy_that_changed_meanwhile_is_read_and_decided_upon_again),
		cmocka_unit_test(test_kopy_b06_d09_what_cannot_be_changed_is_deleted_and_made_again),
		cmocka_unit_test(test_kopy_b06_d09_a_living_immutable_copy_is_let_go_and_made_again),
		cmocka_unit_test(test_kopy_b07_a_namespace_that_comes_or_gets_the_label_gets_its_copy),
		cmocka_unit_test(
			test_kopy_b08_d11_a_namespace_that_loses_the_label_keeps_a_copy_that_is_written_no_more),
		cmocka_unit_test(test_kopy_b09_another_selector_makes_copies_and_leaves_the_others_detached),
		cmocka_unit_test(test_kopy_b10_the_sources_own_namespace_is_skipped),
		cmocka_unit_test(test_kopy_b11_a_namespace_can_finish_terminating),
		cmocka_unit_test(test_kopy_b11_nothing_is_made_in_a_terminating_namespace),
		cmocka_unit_test(test_kopy_b12_a_deleted_copy_is_let_go_and_made_again),
		cmocka_unit_test(test_kopy_b26_a_restart_in_sync_writes_nothing),
		cmocka_unit_test(test_kopy_b27_d08_one_namespace_that_refuses_delays_no_other),
		cmocka_unit_test(test_kopy_d13_more_than_a_hundred_namespaces_get_one_write_each),
		cmocka_unit_test(test_kopy_d04_one_selector_means_the_same_on_every_way),
		cmocka_unit_test(test_kopy_b04_what_is_said_to_fedcopy_on_a_copy_stays),
		cmocka_unit_test(test_kopy_d15_a_source_whose_type_could_not_be_read_at_first_is_not_stuck),
		cmocka_unit_test(test_kopy_b22_what_an_edited_source_says_is_for_those_that_it_selects_now),
		cmocka_unit_test(test_kopy_d16_namespaces_that_concern_nobody_cost_no_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
