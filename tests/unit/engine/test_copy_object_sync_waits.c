/* SPDX-License-Identifier: Apache-2.0 */
/* object-sync: what it waits for before it writes a status or lets an ObjectSync go, and what it does not wait for.
 * Namespaces that are not listed yet, clusters that have not answered yet, kinds that are not served any more. */
#include "object_syncs.h"

#define OF_KEY "'source':{'group':'','kind':'Secret','name':'key'}"
#define TO_EDGE1 "'annotations':{'fedcopy.dev/clusters':'edge-1'}"

/* Another process, to which only the hub answers. */
static void restart_with_hub_alone(struct copies *c)
{
	fc_engine_free(c->w.engine);
	while (c->watches)
		copies_close(c, c->watches->action->watch);
	world_drop(&c->w);
	c->w.engine = copies_engine(c);
	c->vague[EDGE1] = c->vague[EDGE2] = true;
	copies_up(c, HUB);
	copies_wait(c, 5000);
}

/* --- namespaces --- */

/* Nothing is to be written for it but its status, which says of a namespace that is missing that it is no destination.
 */
static void test_object_sync_b10_b34_status_stays_until_the_namespaces_are_known(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *before = NULL;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "qa", "flags", "", "");
	sync_make(c, "s", "",
		  "'source':{'group':'','kind':'ConfigMap','name':'flags','namespace':'qa'},'destinations':"
		  "[{'namespace':'gone'}]");
	copies_wait(c, 5000);
	assert_true(sync_is(c, "s", "InSync", "True/Success: 0 of 0"));
	before = fc_xstrdup(fc_json_metadata(sync_object(c, "s"), "resourceVersion"));
	c->silent_plural = "namespaces";
	copies_restart(c);
	copies_wait(c, 60000);
	assert_string_equal(fc_json_metadata(sync_object(c, "s"), "resourceVersion"), before);
	copies_free(c);
}

/* --- clusters --- */

/* Copies of an ObjectSync may lie on it, whatever that says today. */
static void test_object_sync_b08_end_waits_for_a_cluster_that_never_answered_until_it_fails(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	restart_with_hub_alone(c);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_copy(c, "stage"));
	assert_non_null(sync_object(c, "s"));
	copies_down(c, EDGE1);
	assert_non_null(sync_object(c, "s"));
	copies_down(c, EDGE2);
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

static void test_object_sync_b08_end_waits_for_the_types_of_a_cluster_that_has_just_answered(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", TO_EDGE1, TO_STAGE);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, EDGE1, "stage", "flags"), "1");
	restart_with_hub_alone(c);
	copies_down(c, EDGE2);
	copies_up(c, EDGE1);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_non_null(sync_object(c, "s"));
	copies_answer(c, EDGE1);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, EDGE1, "stage", "flags"), "(absent)");
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

/* What it says cannot be followed, so that no copy of it is known that would bring it up again. k8s-replicator asks
 * each cluster for its kinds. */
static struct copies *with_one_that_ends(void)
{
	struct copies *c = syncs_new();

	c->dialects[2] = &fc_dialect_k8s_replicator;
	copies_restart(c);
	sync_make(c, "s", "", OF_FLAGS ",'destinations':[{'namespace':'stage','strategy':'none'}]");
	assert_true(has_finalizer(sync_object(c, "s")));
	restart_with_hub_alone(c);
	copies_down(c, EDGE2);
	copies_up(c, EDGE1);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_non_null(sync_object(c, "s"));
	return c;
}

static void test_object_sync_b08_end_is_looked_at_again_when_a_cluster_says_its_types(void **state)
{
	struct copies *c = with_one_that_ends();

	(void)state;
	copies_answer(c, EDGE1);
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

static void test_object_sync_b08_end_is_looked_at_again_when_a_cluster_that_said_nothing_goes_away(void **state)
{
	struct copies *c = with_one_that_ends();

	(void)state;
	copies_down(c, EDGE1);
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

/* Its lists never come: until it is known to be away they are waited for. */
static void test_object_sync_b08_end_waits_for_no_cluster_that_went_away_before_it_told_its_copies(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", TO_EDGE1, TO_STAGE);
	copies_wait(c, 1000);
	c->silent[EDGE1] = true;
	copies_restart(c);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_non_null(sync_object(c, "s"));
	copies_down(c, EDGE1);
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

/* The cluster has told all but that one. */
static void test_object_sync_b08_end_waits_for_the_answer_about_its_kind(void **state)
{
	struct copies *c = syncs_new_with(true, NULL);

	(void)state;
	copies_make(c, HUB, "Secret", "release", "key", "", "'data':{'a':'MQ=='}");
	c->vague[EDGE1] = true;
	sync_make(c, "s", TO_EDGE1, OF_KEY ",'destinations':[{'namespace':'stage'}]");
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_non_null(sync_object(c, "s"));
	copies_answer(c, EDGE1);
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

/* That list is all that the hub has not told: without it there is nothing left to wait for. */
static void test_object_sync_b08_end_waits_for_no_list_that_nobody_wants_any_more(void **state)
{
	struct copies *c = syncs_new_with(true, NULL);

	(void)state;
	sync_make(c, "s", "", OF_KEY ",'destinations':[]");
	sync_make(c, "t", "", TO_STAGE);
	copies_wait(c, 1000);
	c->silent_plural = "configmaps secrets";
	copies_restart(c);
	c->silent_plural = "secrets";
	copies_settle(c);
	sync_delete(c, "t");
	copies_wait(c, 1000);
	assert_non_null(sync_object(c, "t"));
	sync_patch(c, "s", "{'spec':{'source':{'kind':'ConfigMap','name':'none'}}}");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "t"));
	copies_free(c);
}

/* The list tells of less than what the write was decided on: its answer is of a time that is no more. */
static void test_object_sync_b09_finalizer_that_a_restore_has_undone_is_put_on_again(void **state)
{
	struct copies *c = syncs_new_with(true, NULL);

	(void)state;
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_space = "release";
	sync_make_in(c, "qa", "s", "",
		     "'source':{'group':'','kind':'ConfigMap','name':'flags','namespace':'release'},'destinations':"
		     "[{'namespace':'stage'}]");
	copies_settle(c);
	api_server_save(c->servers[HUB]);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_false(has_finalizer(sync_copy(c, "release")));
	c->fail_writes = FC_ERR_NONE;
	c->restores = true;
	copies_wait(c, 60000);
	assert_false(c->restores);
	assert_string_equal(copies_value(c, HUB, "release", "flags"), "1");
	assert_true(has_finalizer(sync_copy(c, "release")));
	copies_free(c);
}

/* --- others --- */

static void test_object_sync_b08_end_waits_for_no_copy_that_others_hold(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags",
		     "{'metadata':{'finalizers':['" SYNC_FINALIZER "','x.y/z']}}");
	copies_settle(c);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_true(fc_json_metadata(sync_copy(c, "stage"), "deletionTimestamp")[0]);
	assert_false(has_finalizer(sync_copy(c, "stage")));
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

static void test_object_sync_b08_end_waits_for_no_copy_that_is_paused(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags",
		     "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_settle(c);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

/* Nobody knows which kind it means, as long as it does not say so. */
static void test_object_sync_b26_source_is_let_go_when_a_mistaken_one_of_its_name_is_gone(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "t", "", "'source':{'kind':'ConfigMap','name':'flags'},'destinations':[]");
	copies_wait(c, 1000);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_true(has_finalizer(sync_copy(c, "release")));
	sync_delete(c, "t");
	copies_wait(c, 1000);
	assert_false(has_finalizer(sync_copy(c, "release")));
	copies_free(c);
}

/* k8s-replicator has all ConfigMaps listed, whoever is named. */
static void test_object_sync_b26_source_keeps_its_finalizer_until_all_that_may_name_it_are_listed(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *before = NULL;

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	before = fc_xstrdup(copy_version(c, "release"));
	c->dialects[2] = &fc_dialect_k8s_replicator;
	c->silent_plural = "objectsyncs";
	copies_restart(c);
	copies_wait(c, 60000);
	assert_true(has_finalizer(sync_copy(c, "release")));
	c->silent_plural = NULL;
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copy_version(c, "release"), before);
	copies_free(c);
}

static void test_object_sync_b24_pause_of_a_source_ends_with_it(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	copies_patch(c, HUB, "ConfigMap", "release", "flags",
		     "{'metadata':{'finalizers':null,'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_delete(c, HUB, "ConfigMap", "release", "flags");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_true(sync_is(c, "s", "InSync", "False/Failure"));
	assert_null(sync_copy(c, "stage"));
	copies_free(c);
}

/* It may stand there still. */
static void test_object_sync_b13_copy_in_a_cluster_that_is_away_stays_listed(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", TO_EDGE1, TO_STAGE);
	copies_wait(c, 1000);
	assert_int_equal(json_array_size(sync_status(c, "s", "destinations")), 2);
	copies_down(c, EDGE1);
	sync_patch(c, "s", "{'metadata':{'annotations':null}}");
	copies_wait(c, 60000);
	assert_int_equal(json_array_size(sync_status(c, "s", "destinations")), 2);
	copies_up(c, EDGE1);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, EDGE1, "stage", "flags"), "(absent)");
	assert_int_equal(json_array_size(sync_status(c, "s", "destinations")), 1);
	copies_free(c);
}

/* What was written to the one before is not the new one's, although its status would be the same. */
static void test_object_sync_b32_one_made_again_at_once_gets_its_status(void **state)
{
	static const char spec[] = "'source':{'group':'','kind':'ConfigMap','name':'none'},'destinations':[]";
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", spec);
	copies_wait(c, 1000);
	assert_true(sync_is(c, "s", "InSync", "False/Failure"));
	assert_int_equal(syncs_request(c, "PATCH", "release", "/s", "{'metadata':{'finalizers':null}}"), 200);
	assert_int_equal(syncs_request(c, "DELETE", "release", "/s", NULL), 200);
	sync_make_in(c, "release", "s", "", spec);
	/* The watch has missed that, and lists. */
	api_server_restart(c->servers[HUB]);
	copies_settle(c);
	copies_wait(c, 1000);
	assert_true(sync_is(c, "s", "InSync", "False/Failure"));
	copies_free(c);
}

/* Without it nobody knows what the ObjectSync asks for: the copy may be the one that it wants. */
static void test_object_sync_b34_copy_elsewhere_stays_until_the_master_has_answered_about_its_kind(void **state)
{
	struct copies *c = syncs_new_with(true, NULL);
	FC_AUTO_FREE char *before = NULL;

	(void)state;
	copies_make(c, HUB, "Secret", "release", "key", "", "'data':{'a':'MQ=='}");
	sync_make(c, "s", TO_EDGE1, OF_KEY ",'destinations':[{'namespace':'stage'}]");
	copies_wait(c, 1000);
	before = fc_xstrdup(fc_json_metadata(copies_object(c, EDGE1, "Secret", "stage", "key"), "uid"));
	c->silent_plural = "objectsyncs";
	copies_restart(c);
	c->vague[HUB] = true;
	c->silent_plural = NULL;
	copies_settle(c);
	copies_wait(c, 60000);
	assert_string_equal(fc_json_metadata(copies_object(c, EDGE1, "Secret", "stage", "key"), "uid"), before);
	copies_answer(c, HUB);
	copies_wait(c, 5000);
	assert_string_equal(fc_json_metadata(copies_object(c, EDGE1, "Secret", "stage", "key"), "uid"), before);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

/* --- kinds --- */

static void say_unserved(struct copies *c, const char *word)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);

	e->cluster = HUB;
	e->name = fc_xstrdup(word);
	fc_error_set(&e->error, FC_ERR_NOT_SERVED, "the cluster serves no such resource");
	world_step(&c->w, e);
	copies_settle(c);
}

static void test_object_sync_b04_kind_that_is_served_no_more_is_told(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "Secret", "release", "key", "", "'data':{'a':'MQ=='}");
	sync_make(c, "s", "", OF_KEY ",'destinations':[]");
	assert_true(sync_is(c, "s", "Ready", "True/Success"));
	say_unserved(c, "Secret.v1.");
	copies_wait(c, 1000);
	assert_true(sync_is(c, "s", "Ready", "False"));
	copies_free(c);
}

/* Whether the source bears the finalizer will not be known. */
static void test_object_sync_b08_end_waits_for_no_source_whose_kind_cannot_be_listed(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", OF_KEY ",'destinations':[]");
	copies_wait(c, 1000);
	api_server_withdraw(c->servers[HUB], &api_type_secrets);
	copies_restart(c);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

/* It is told by the watches, by 404, or by discovery; not by events of the objects, of which nothing is known since. */
static void type_goes(struct copies *c, const char *plural, bool by_discovery)
{
	struct open_watch *o;
	struct fc_event *e;

	c->silent_plural = plural;
	api_server_withdraw(c->servers[HUB],
			    strcmp(plural, "secrets") == 0 ? &api_type_secrets : &api_type_config_maps);
	if (by_discovery)
		say_unserved(c, plural);
	for (o = by_discovery ? NULL : c->watches; o; o = o->next) {
		if (o->action->cluster != HUB || strcmp(o->action->resource->plural, plural) != 0)
			continue;
		e = world_watch_event(FC_EVENT_WATCH_FAILED, o->action);
		fc_error_set(&e->error, FC_ERR_NOT_SERVED, "the cluster serves no such resource");
		world_step(&c->w, e);
	}
	copies_settle(c);
}

/* Its status lists the copy still. */
static void ends_without(const char *plural, const char *named, const char *other, bool by_discovery)
{
	struct copies *c = syncs_new_with(true, NULL);
	FC_AUTO_FREE char *spec = fc_xasprintf("%s,'destinations':[{'namespace':'stage'}]", named);
	FC_AUTO_FREE char *merge = fc_xasprintf("{'spec':{%s}}", other);

	copies_make(c, HUB, "Secret", "release", "key", "", "'data':{'a':'MQ=='}");
	sync_make(c, "s", "", spec);
	copies_wait(c, 1000);
	assert_true(sync_is(c, "s", "InSync", "True/Success: 1 of 1"));
	type_goes(c, plural, by_discovery);
	sync_patch(c, "s", merge);
	copies_wait(c, 1000);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

static void test_object_sync_b08_end_waits_for_no_kind_whose_watch_says_that_it_is_not_served(void **state)
{
	(void)state;
	ends_without("secrets", OF_KEY, OF_FLAGS, false);
}

static void test_object_sync_b08_end_waits_for_no_kind_that_discovery_does_not_know_any_more(void **state)
{
	(void)state;
	ends_without("configmaps", OF_FLAGS, OF_KEY, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object_sync_b10_b34_status_stays_until_the_namespaces_are_known),
		cmocka_unit_test(test_object_sync_b08_end_waits_for_a_cluster_that_never_answered_until_it_fails),
		cmocka_unit_test(test_object_sync_b08_end_waits_for_the_types_of_a_cluster_that_has_just_answered),
		cmocka_unit_test(test_object_sync_b08_end_is_looked_at_again_when_a_cluster_says_its_types),
		cmocka_unit_test(
			test_object_sync_b08_end_is_looked_at_again_when_a_cluster_that_said_nothing_goes_away),
		cmocka_unit_test(
			test_object_sync_b08_end_waits_for_no_cluster_that_went_away_before_it_told_its_copies),
		cmocka_unit_test(test_object_sync_b08_end_waits_for_the_answer_about_its_kind),
		cmocka_unit_test(test_object_sync_b08_end_waits_for_no_list_that_nobody_wants_any_more),
		cmocka_unit_test(test_object_sync_b09_finalizer_that_a_restore_has_undone_is_put_on_again),
		cmocka_unit_test(test_object_sync_b08_end_waits_for_no_copy_that_others_hold),
		cmocka_unit_test(test_object_sync_b08_end_waits_for_no_copy_that_is_paused),
		cmocka_unit_test(test_object_sync_b26_source_is_let_go_when_a_mistaken_one_of_its_name_is_gone),
		cmocka_unit_test(test_object_sync_b24_pause_of_a_source_ends_with_it),
		cmocka_unit_test(test_object_sync_b13_copy_in_a_cluster_that_is_away_stays_listed),
		cmocka_unit_test(test_object_sync_b32_one_made_again_at_once_gets_its_status),
		cmocka_unit_test(
			test_object_sync_b34_copy_elsewhere_stays_until_the_master_has_answered_about_its_kind),
		cmocka_unit_test(test_object_sync_b04_kind_that_is_served_no_more_is_told),
		cmocka_unit_test(test_object_sync_b08_end_waits_for_no_source_whose_kind_cannot_be_listed),
		cmocka_unit_test(test_object_sync_b26_source_keeps_its_finalizer_until_all_that_may_name_it_are_listed),
		cmocka_unit_test(test_object_sync_b08_end_waits_for_no_kind_whose_watch_says_that_it_is_not_served),
		cmocka_unit_test(test_object_sync_b08_end_waits_for_no_kind_that_discovery_does_not_know_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
