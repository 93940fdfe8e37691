/* SPDX-License-Identifier: Apache-2.0 */
/* object-sync: what those who may write ObjectSyncs and their statuses, and nothing else, can not do with them. Theirs
 * is the namespace qa. */
#include "object_syncs.h"

#define OF_RELEASE "'source':{'group':'','kind':'ConfigMap','name':'flags','namespace':'release'}"

static void make_theirs(struct copies *c, fc_cluster_no cluster, const char *ns, const char *name, const char *metadata)
{
	copies_make(c, cluster, "ConfigMap", ns, name, metadata, "'data':{'a':'theirs'}");
}

static char *entry_of(struct copies *c, fc_cluster_no cluster, const char *ns, const char *name)
{
	const json_t *object = copies_object(c, cluster, "ConfigMap", ns, name);
	FC_AUTO_FREE char *where = cluster == HUB ? fc_xstrdup("") : fc_xasprintf("'cluster':'edge-%d',", cluster);

	return fc_xasprintf("{%s'group':'','version':'v1','kind':'ConfigMap','namespace':'%s','name':'%s',"
			    "'syncedVersion':{'uid':'%s','resource_version':'%s'}}",
			    where, ns, name, fc_json_metadata(object, "uid"),
			    fc_json_metadata(object, "resourceVersion"));
}

/* qa/s has made these copies, it says. */
static void claim(struct copies *c, const char *entries)
{
	FC_AUTO_FREE char *body = fc_xasprintf("{'status':{'destinations':[%s]}}", entries);

	assert_int_equal(syncs_request(c, "PATCH", "qa", "/s/status", body), 200);
	copies_settle(c);
	copies_wait(c, 60000);
}

static void claim_one(struct copies *c, fc_cluster_no cluster, const char *ns, const char *name)
{
	FC_AUTO_FREE char *entry = entry_of(c, cluster, ns, name);

	claim(c, entry);
}

static void edit(struct copies *c, const char *merge)
{
	assert_int_equal(syncs_request(c, "PATCH", "qa", "/s", merge), 200);
	copies_settle(c);
	copies_wait(c, 60000);
}

static void end(struct copies *c)
{
	assert_in_range(syncs_request(c, "DELETE", "qa", "/s", NULL), 200, 202);
	copies_settle(c);
	copies_wait(c, 60000);
	assert_null(api_server_object(c->servers[HUB], "sync.rustrial.org", "objectsyncs", "qa", "s"));
}

static const char *said(struct copies *c, const char *type)
{
	static char text[512];
	const json_t *sync = api_server_object(c->servers[HUB], "sync.rustrial.org", "objectsyncs", "qa", "s");
	json_t *condition;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(sync, "status"), "conditions"), i, condition) {
		if (strcmp(json_string_value(json_object_get(condition, "type")), type) != 0)
			continue;
		snprintf(text, sizeof(text), "%s: %s", json_string_value(json_object_get(condition, "status")),
			 json_string_value(json_object_get(condition, "message")));
		return text;
	}
	return "(none)";
}

static void test_object_sync_hostile_status_gives_no_right_to_what_bears_no_marks(void **state)
{
	static const char *const spaces[] = { "stage", "kube-system" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		fc_cluster_no cluster = i < 2 ? HUB : EDGE1;
		const char *ns = spaces[i % 2];
		struct copies *c = syncs_new();

		make_theirs(c, cluster, ns, "x", "");
		copies_make(c, HUB, "ConfigMap", "qa", "flags", "", "'data':{'a':'mine'}");
		sync_make_in(c, "qa", "s", "", OF_FLAGS ",'destinations':[]");
		copies_settle(c);
		claim_one(c, cluster, ns, "x");
		assert_string_equal(copies_value(c, cluster, ns, "x"), "theirs");
		edit(c, "{'spec':{'destinations':[{'namespace':'stage','name':'x'}]}}");
		claim_one(c, cluster, ns, "x");
		assert_string_equal(copies_value(c, cluster, ns, "x"), "theirs");
		copies_restart(c);
		assert_string_equal(copies_value(c, cluster, ns, "x"), "theirs");
		edit(c, "{'spec':{'destinations':[]}}");
		assert_string_equal(copies_value(c, cluster, ns, "x"), "theirs");
		claim_one(c, cluster, ns, "x");
		end(c);
		assert_string_equal(copies_value(c, cluster, ns, "x"), "theirs");
		copies_free(c);
	}
}

static void test_object_sync_hostile_status_gives_no_right_to_sources_of_others(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->managed = SYNC_MANAGED("Apply", SYNC_FINALIZER_FIELD);
	sync_make_in(c, "qa", "s", "", OF_FLAGS ",'destinations':[]");
	copies_settle(c);
	claim_one(c, HUB, "release", "flags");
	assert_true(has_finalizer(sync_copy(c, "release")));
	copies_restart(c);
	claim_one(c, HUB, "release", "flags");
	assert_string_equal(copies_value(c, HUB, "release", "flags"), "1");
	/* Nor is it kept from being let go. */
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	assert_false(has_finalizer(sync_copy(c, "release")));
	end(c);
	assert_string_equal(copies_value(c, HUB, "release", "flags"), "1");
	copies_free(c);
}

/* It was made as a copy, as the server has noted, by somebody: its namespace is asked even so. */
static void test_object_sync_hostile_status_deletes_nothing_in_a_system_namespace(void **state)
{
	struct copies *c = syncs_new();
	const char *metadata = "'finalizers':['x/y']";

	(void)state;
	c->managed = SYNC_MANAGED("Update", "'f:data':{}," SYNC_FINALIZER_FIELD);
	make_theirs(c, HUB, "kube-system", "x", metadata);
	make_theirs(c, HUB, "stage", "x", metadata);
	sync_make_in(c, "qa", "s", "", OF_FLAGS ",'destinations':[]");
	copies_settle(c);
	claim_one(c, HUB, "kube-system", "x");
	end(c);
	assert_string_equal(
		fc_json_metadata(copies_object(c, HUB, "ConfigMap", "kube-system", "x"), "deletionTimestamp"), "");
	/* Elsewhere it goes. */
	sync_make_in(c, "qa", "s", "", OF_FLAGS ",'destinations':[]");
	copies_settle(c);
	claim_one(c, HUB, "stage", "x");
	assert_string_not_equal(fc_json_metadata(copies_object(c, HUB, "ConfigMap", "stage", "x"), "deletionTimestamp"),
				"");
	copies_free(c);
}

static void test_object_sync_hostile_one_that_names_a_namespace_twice_is_not_in_it(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *before = fc_xstrdup(copy_version(c, "release"));

	(void)state;
	sync_make_in(c, "qa", "s", "'annotations':{'fedcopy.dev/clusters':'*'}",
		     OF_RELEASE ",'destinations':[{'namespace':'release','name':'planted'},{'namespace':'release'}]");
	copies_settle(c);
	copies_wait(c, 60000);
	assert_null(copies_object(c, HUB, "ConfigMap", "release", "planted"));
	assert_null(copies_object(c, EDGE1, "ConfigMap", "release", "planted"));
	assert_null(copies_object(c, EDGE1, "ConfigMap", "release", "flags"));
	assert_string_equal(copy_version(c, "release"), before);
	/* The source's owner may let it. */
	copies_patch(c, HUB, "ConfigMap", "release", "flags",
		     "{'metadata':{'annotations':{'fedcopy.dev/allow-namespaces':'qa'}}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "release", "planted"), "1");
	assert_string_equal(copies_value(c, EDGE1, "release", "flags"), "1");
	assert_true(has_finalizer(sync_copy(c, "release")));
	copies_free(c);
}

static void test_object_sync_hostile_without_destinations_nothing_is_learned_of_a_source(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *ready = NULL, *in_sync = NULL;

	(void)state;
	sync_make_in(c, "qa", "s", "", OF_RELEASE ",'destinations':[]");
	copies_settle(c);
	copies_wait(c, 1000);
	ready = fc_xstrdup(said(c, "Ready"));
	in_sync = fc_xstrdup(said(c, "InSync"));
	assert_non_null(strstr(ready, "False: the source is in another namespace"));
	end(c);
	sync_make_in(c, "qa", "s", "",
		     "'source':{'group':'','kind':'ConfigMap','name':'none','namespace':'release'},'destinations':[]");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(said(c, "Ready"), ready);
	assert_string_equal(said(c, "InSync"), in_sync);
	edit(c, "{'spec':{'source':{'name':'flags'}}}");
	assert_string_equal(said(c, "Ready"), ready);
	copies_patch(c, HUB, "Namespace", NULL, "release",
		     "{'metadata':{'annotations':{'fedcopy.dev/allow-namespaces':'qa'}}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(said(c, "Ready"), "True: registered");
	assert_string_equal(said(c, "InSync"), "True: 0 of 0");
	copies_free(c);
}

static void test_object_sync_brake_is_told_and_does_not_keep_a_namespace_that_is_deleted(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->max_deletes = 1;
	copies_restart(c);
	copies_make(c, HUB, "ConfigMap", "release", "other", "", "'data':{'a':'2'}");
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "t", "",
		  "'source':{'group':'','kind':'ConfigMap','name':'other'},'destinations':[{'namespace':'stage'}]");
	copies_wait(c, 1000);
	copies_delete(c, HUB, "ConfigMap", "release", "flags");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_null(sync_copy(c, "stage"));
	copies_delete(c, HUB, "ConfigMap", "release", "other");
	copies_settle(c);
	copies_wait(c, 60000);
	assert_string_equal(copies_value(c, HUB, "stage", "other"), "2");
	assert_true(sync_is(c, "t", "InSync", "False/Failure: 0 of 1; stage/other: Brake: too many copies"));
	copies_patch(c, HUB, "Namespace", NULL, "release", "{'metadata':{'finalizers':['x/y']}}");
	copies_delete(c, HUB, "Namespace", NULL, "release");
	copies_settle(c);
	copies_wait(c, 60000);
	assert_string_equal(copies_value(c, HUB, "stage", "other"), "(absent)");
	assert_null(copies_object(c, HUB, "ConfigMap", "release", "other"));
	copies_free(c);
}

/* Whether anybody asks for that copy or not. */
static void test_object_sync_copy_that_pulls_by_a_word_of_k8s_replicator_is_a_conflict(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->dialects[1] = &fc_dialect_k8s_replicator;
	c->dialects[2] = &fc_dialect_object_sync;
	copies_restart(c);
	copies_make(c, HUB, "ConfigMap", "stage", "other", "", "'data':{'a':'other'}");
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	sync_patch(c, "s", "{'spec':{'destinations':[{'namespace':'stage','strategy':'merge'}]}}");
	copies_patch(c, HUB, "ConfigMap", "stage", "flags",
		     "{'metadata':{'annotations':{'k8s-replicator/replicate-from':'stage/other'}}}");
	copies_settle(c);
	assert_string_equal(copies_state(c, "stage/flags"), "NotAllowed/NotAllowed");
	copies_patch(c, HUB, "ConfigMap", "stage", "other",
		     "{'metadata':{'annotations':{'k8s-replicator/replication-allowed':'true'}}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_state(c, "stage/flags"), "Conflict/AnotherRule");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_free(c);
}

/* Who takes a permission back, perhaps by mistake, loses no copy of a system namespace by it; one that goes for another
 * reason does not come back. */
static void test_object_sync_permission_taken_back_leaves_what_was_copied_into_a_system_namespace(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *uid = NULL;

	(void)state;
	world_permit(&c->w, "[{'from':'hub/release','to':'hub/kube-system','resources':['configmaps']}]");
	sync_make(c, "s", "", TO_ALL);
	copies_wait(c, 1000);
	uid = fc_xstrdup(fc_json_metadata(sync_copy(c, "kube-system"), "uid"));
	assert_string_equal(copies_value(c, HUB, "kube-system", "flags"), "1");
	world_permit(&c->w, NULL);
	copies_settle(c);
	copies_wait(c, 1000);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	assert_string_equal(copies_value(c, HUB, "kube-system", "flags"), "1");
	assert_true(sync_is(c, "s", "InSync", "False/Failure: 3 of 4; kube-system/flags"));
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	assert_string_equal(fc_json_metadata(sync_copy(c, "kube-system"), "uid"), uid);
	copies_delete(c, HUB, "ConfigMap", "kube-system", "flags");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_null(sync_copy(c, "kube-system"));
	assert_null(sync_entry(c, "s", "kube-system"));
	assert_true(sync_is(c, "s", "InSync", "True/Success: 3 of 3"));
	copies_free(c);
}

static void test_object_sync_source_waits_no_longer_than_for_a_copy_that_lost_its_label(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_space = "stage";
	sync_delete(c, "s");
	copies_delete(c, HUB, "ConfigMap", "stage", "flags");
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'metadata':{'labels':null}}");
	copies_settle(c);
	assert_non_null(sync_object(c, "s"));
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_null(sync_copy(c, "stage"));
	assert_false(has_finalizer(sync_copy(c, "release")));
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

/* The copy that kopy has made of it is a source of object-sync by itself. */
static void test_object_sync_b26_source_of_kopy_whose_copy_is_a_source_is_let_go(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->dialects[1] = &fc_dialect_kopy;
	c->dialects[2] = &fc_dialect_object_sync;
	copies_restart(c);
	copies_space(c, HUB, "team", "'team':'x'");
	copies_patch(c, HUB, "ConfigMap", "release", "flags",
		     "{'metadata':{'annotations':{'kopy.kot-labs.com/sync':'team=x'}}}");
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	sync_make_in(c, "team", "t", "", OF_FLAGS ",'destinations':[{'namespace':'qa'}]");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_true(has_finalizer(sync_copy(c, "team")));
	assert_true(has_finalizer(sync_copy(c, "release")));
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	assert_false(has_finalizer(sync_copy(c, "release")));
	assert_true(bears(sync_copy(c, "release"), "kopy.kot-labs.com/finalizer"));
	assert_true(has_finalizer(sync_copy(c, "team")));
	copies_free(c);
}

#define OF_A_SYNC "'source':{'group':'sync.rustrial.org','kind':'ObjectSync','name':'y'}"

/* What tells of a place is told itself of that place: the step ends all the same. */
static void test_object_sync_hostile_places_of_each_other_and_its_own(void **state)
{
	static const char *const at_its_own = OF_A_SYNC ",'destinations':[{'namespace':'release','name':'x'}]";
	static const char *const at_the_others = OF_A_SYNC ",'destinations':[{'namespace':'release','name':'z'}]";

	(void)state;
	for (int there = 0; there < 2; there++) {
		struct copies *c = syncs_new();

		if (there)
			sync_make(c, "y", "", TO_STAGE);
		sync_make(c, "x", "", at_its_own);
		copies_wait(c, 1000);
		sync_make(c, "z", "", at_its_own);
		sync_patch(c, "x", "{'spec':{'destinations':[{'namespace':'release','name':'z'}]}}");
		copies_wait(c, 60000);
		sync_make_in(c, "stage", "z", "", at_the_others);
		copies_settle(c);
		copies_wait(c, 60000);
		copies_restart(c);
		sync_delete(c, "x");
		sync_delete(c, "z");
		copies_wait(c, 60000);
		assert_null(sync_object(c, "x"));
		assert_null(sync_object(c, "z"));
		copies_free(c);
	}
}

/* Their statuses are left alone, whatever they list. */
static void test_object_sync_hostile_paused_ones_that_list_each_other(void **state)
{
	static const char *const lists[] = { "y", "x" };
	static const char *const names[] = { "x", "y" };
	struct copies *c = syncs_new();

	(void)state;
	for (int i = 0; i < 2; i++)
		sync_make(c, names[i], "'annotations':{'fedcopy.dev/pause':'true'}", TO_STAGE);
	for (int i = 0; i < 2; i++) {
		FC_AUTO_FREE char *what = fc_xasprintf("/%s/status", names[i]);
		FC_AUTO_FREE char *status =
			fc_xasprintf("{'status':{'destinations':[{'group':'sync.rustrial.org','version':'v1alpha1',"
				     "'kind':'ObjectSync','namespace':'release','name':'%s'}]}}",
				     lists[i]);

		assert_int_equal(syncs_request(c, "PATCH", "release", what, status), 200);
	}
	copies_settle(c);
	sync_patch(c, "x", "{'metadata':{'labels':{'foo':'bar'}}}");
	copies_restart(c);
	sync_patch(c, "y", "{'metadata':{'labels':{'foo':'bar'}}}");
	copies_wait(c, 60000);
	assert_non_null(sync_object(c, "x"));
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object_sync_hostile_status_gives_no_right_to_what_bears_no_marks),
		cmocka_unit_test(test_object_sync_hostile_status_gives_no_right_to_sources_of_others),
		cmocka_unit_test(test_object_sync_hostile_status_deletes_nothing_in_a_system_namespace),
		cmocka_unit_test(test_object_sync_hostile_one_that_names_a_namespace_twice_is_not_in_it),
		cmocka_unit_test(test_object_sync_hostile_without_destinations_nothing_is_learned_of_a_source),
		cmocka_unit_test(test_object_sync_brake_is_told_and_does_not_keep_a_namespace_that_is_deleted),
		cmocka_unit_test(test_object_sync_copy_that_pulls_by_a_word_of_k8s_replicator_is_a_conflict),
		cmocka_unit_test(test_object_sync_permission_taken_back_leaves_what_was_copied_into_a_system_namespace),
		cmocka_unit_test(test_object_sync_source_waits_no_longer_than_for_a_copy_that_lost_its_label),
		cmocka_unit_test(test_object_sync_b26_source_of_kopy_whose_copy_is_a_source_is_let_go),
		cmocka_unit_test(test_object_sync_hostile_places_of_each_other_and_its_own),
		cmocka_unit_test(test_object_sync_hostile_paused_ones_that_list_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
