/* SPDX-License-Identifier: Apache-2.0 */
/* The executor that writes nothing. */
#include "unit/cli/plan_world.h"

#include "json/decode.h"
#include "model/resource_version.h"

#define OBJECT(version, data) \
	"{'metadata':{'name':'a','namespace':'ns','uid':'u','resourceVersion':'" version "'},'data':" data "}"

static void assert_data(const json_t *object, const char *wanted)
{
	FC_AUTO_FREE char *text = json_dumps(json_object_get(object, "data"), JSON_COMPACT | JSON_SORT_KEYS);
	json_auto_t *want = plan_json_of(wanted);
	FC_AUTO_FREE char *want_text = json_dumps(want, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, want_text);
}

static void test_a_write_becomes_a_read_under_another_number(void **state)
{
	struct plan_world *w = *state;
	struct fc_event *e;

	fc_plan_execute(w->plan, plan_patch(2, &plan_configmaps, "a", "7", "/data/k", "'new'"));
	assert_int_equal(w->sent->type, FC_ACTION_READ);
	assert_int_equal(w->sent->cluster, 2);
	assert_string_equal(w->sent->namespace_, "ns");
	assert_string_equal(w->sent->name, "a");
	assert_null(w->sent->body);
	assert_true(w->sent->request != 1);
	e = plan_answer(w, OBJECT("7", "{'k':'old'}"), FC_ERR_NONE);
	assert_int_equal(e->request, 1);
	assert_int_equal(e->error.cls, FC_ERR_NONE);
	assert_data(e->object, "{'k':'new'}");
	fc_event_free(e);
}

static void test_the_version_of_a_planned_object_is_newer_than_any_real_one(void **state)
{
	struct plan_world *w = *state;
	struct fc_event *e =
		plan_write(w, plan_patch(0, &plan_configmaps, "a", "7", "/data/k", "'x'"), OBJECT("7", "{}"));
	FC_AUTO_FREE char *first = fc_xstrdup(fc_json_metadata(e->object, "resourceVersion"));

	assert_int_equal(fc_rv_compare(first, "18446744073709551615"), FC_RV_NEWER);
	fc_event_free(e);
	/* And each than the one before. */
	e = plan_write(w, plan_patch(0, &plan_configmaps, "a", first, "/data/k", "'y'"), OBJECT("7", "{}"));
	assert_int_equal(e->error.cls, FC_ERR_NONE);
	assert_int_equal(fc_rv_compare(fc_json_metadata(e->object, "resourceVersion"), first), FC_RV_NEWER);
	fc_event_free(e);
}

static void assert_write_fails(struct plan_world *w, const char *object, enum fc_error_class answer,
			       enum fc_error_class wanted)
{
	struct fc_event *e;
	size_t count;

	fc_plan_execute(w->plan, plan_patch(0, &plan_configmaps, "a", "7", "/data/k", "'x'"));
	e = plan_answer(w, object, answer);
	assert_int_equal(e->request, 1);
	assert_int_equal(e->error.cls, wanted);
	assert_null(e->object);
	fc_event_free(e);
	fc_plan_writes(w->plan, &count);
	assert_int_equal(count, 0);
}

static void test_a_write_fails_as_it_would_on_the_server(void **state)
{
	struct plan_world *w = *state;

	assert_write_fails(w, OBJECT("8", "{}"), FC_ERR_NONE, FC_ERR_CONFLICT);
	assert_write_fails(w, "{'metadata':{'name':'a','resourceVersion':'7'},'data':'text'}", FC_ERR_NONE,
			   FC_ERR_INVALID);
	assert_write_fails(w, NULL, FC_ERR_NOT_FOUND, FC_ERR_NOT_FOUND);
	assert_write_fails(w, NULL, FC_ERR_FORBIDDEN, FC_ERR_FORBIDDEN);
	assert_write_fails(w, NULL, FC_ERR_NETWORK, FC_ERR_NETWORK);
}

static void test_a_write_of_what_stands_there_keeps_the_version(void **state)
{
	struct plan_world *w = *state;
	struct fc_event *e =
		plan_write(w, plan_patch(0, &plan_configmaps, "a", "7", "/data/k", "'x'"), OBJECT("7", "{'k':'x'}"));
	size_t count;

	assert_string_equal(fc_json_metadata(e->object, "resourceVersion"), "7");
	fc_event_free(e);
	fc_plan_writes(w->plan, &count);
	assert_int_equal(count, 0);
}

/* The second write is decided on the first, though the cluster still shows the object as it was. */
static void test_writes_of_one_object_build_on_each_other_and_are_one(void **state)
{
	struct plan_world *w = *state;
	struct fc_event *e =
		plan_write(w, plan_patch(0, &plan_configmaps, "a", "7", "/data/k", "'x'"), OBJECT("7", "{'old':'1'}"));
	FC_AUTO_FREE char *version = fc_xstrdup(fc_json_metadata(e->object, "resourceVersion"));
	const struct fc_planned *writes;
	size_t count;

	fc_event_free(e);
	e = plan_write(w, plan_patch(0, &plan_configmaps, "a", version, "/data/l", "'y'"), OBJECT("7", "{'old':'1'}"));
	assert_data(e->object, "{'old':'1','k':'x','l':'y'}");
	fc_event_free(e);
	writes = fc_plan_writes(w->plan, &count);
	assert_int_equal(count, 1);
	assert_data(writes[0].before, "{'old':'1'}");
	assert_data(writes[0].after, "{'old':'1','k':'x','l':'y'}");
	assert_null(json_object_get(json_object_get(writes[0].after, "metadata"), "resourceVersion"));
}

static void test_what_is_written_back_is_no_write(void **state)
{
	struct plan_world *w = *state;
	struct fc_event *e =
		plan_write(w, plan_patch(0, &plan_configmaps, "a", "7", "/data/k", "'x'"), OBJECT("7", "{'k':'1'}"));
	FC_AUTO_FREE char *version = fc_xstrdup(fc_json_metadata(e->object, "resourceVersion"));
	size_t count;

	fc_event_free(e);
	fc_event_free(plan_write(w, plan_patch(0, &plan_configmaps, "a", version, "/data/k", "'1'"),
				 OBJECT("7", "{'k':'1'}")));
	fc_plan_writes(w->plan, &count);
	assert_int_equal(count, 0);
}

static void test_reads_and_watches_show_the_object_as_it_would_stand(void **state)
{
	struct plan_world *w = *state;
	struct fc_action *watch = plan_action(FC_ACTION_START_WATCH, 0, &plan_configmaps, "a");
	struct fc_event *e;

	watch->watch = 5;
	fc_plan_execute(w->plan, watch);
	assert_int_equal(w->sent->type, FC_ACTION_START_WATCH);
	fc_event_free(plan_write(w, plan_patch(0, &plan_configmaps, "a", "7", "/data/k", "'x'"), OBJECT("7", "{}")));

	fc_plan_execute(w->plan, plan_action(FC_ACTION_READ, 0, &plan_configmaps, "a"));
	e = plan_answer(w, OBJECT("7", "{}"), FC_ERR_NONE);
	assert_data(e->object, "{'k':'x'}");
	fc_event_free(e);

	e = fc_event_new(FC_EVENT_OBJECT);
	e->watch = 5;
	e->object = plan_json_of(OBJECT("9", "{}"));
	e = fc_plan_translate(w->plan, e);
	assert_data(e->object, "{'k':'x'}");
	fc_event_free(e);
}

static void test_other_objects_and_other_clusters_are_shown_as_they_are(void **state)
{
	struct plan_world *w = *state;
	struct fc_action *watch = plan_action(FC_ACTION_START_WATCH, 1, &plan_configmaps, "a");
	struct fc_event *e;

	watch->watch = 5;
	fc_plan_execute(w->plan, watch);
	fc_event_free(plan_write(w, plan_patch(0, &plan_configmaps, "a", "7", "/data/k", "'x'"), OBJECT("7", "{}")));
	e = fc_event_new(FC_EVENT_OBJECT);
	e->watch = 5;
	e->object = plan_json_of(OBJECT("9", "{}"));
	e = fc_plan_translate(w->plan, e);
	assert_data(e->object, "{}");
	fc_event_free(e);
	fc_plan_execute(w->plan, plan_action(FC_ACTION_READ, 0, &plan_secrets, "a"));
	e = plan_answer(w, OBJECT("9", "{}"), FC_ERR_NONE);
	assert_data(e->object, "{}");
	fc_event_free(e);
	/* A read that fails tells nothing of the object. */
	fc_plan_execute(w->plan, plan_action(FC_ACTION_READ, 0, &plan_configmaps, "a"));
	e = plan_answer(w, NULL, FC_ERR_NETWORK);
	assert_int_equal(e->error.cls, FC_ERR_NETWORK);
	assert_null(e->object);
	fc_event_free(e);
}

static struct fc_action *creation(const char *name)
{
	struct fc_action *a = plan_action(FC_ACTION_CREATE, 0, &plan_configmaps, name);

	a->body = plan_json_of("{'data':{'k':'v'}}");
	return a;
}

static void test_a_creation_gives_an_object_where_there_is_none(void **state)
{
	struct plan_world *w = *state;
	const struct fc_planned *writes;
	struct fc_event *e = plan_write(w, creation("a"), NULL);
	size_t count;

	assert_int_equal(e->error.cls, FC_ERR_NONE);
	assert_data(e->object, "{'k':'v'}");
	assert_string_equal(fc_json_metadata(e->object, "name"), "a");
	assert_string_not_equal(fc_json_metadata(e->object, "uid"), "");
	fc_event_free(e);
	/* From now on it is there. */
	fc_plan_execute(w->plan, plan_action(FC_ACTION_READ, 0, &plan_configmaps, "a"));
	e = plan_answer(w, NULL, FC_ERR_NOT_FOUND);
	assert_int_equal(e->error.cls, FC_ERR_NONE);
	assert_data(e->object, "{'k':'v'}");
	fc_event_free(e);
	e = plan_write(w, creation("a"), NULL);
	assert_int_equal(e->error.cls, FC_ERR_EXISTS);
	fc_event_free(e);
	e = plan_write(w, creation("b"), OBJECT("7", "{}"));
	assert_int_equal(e->error.cls, FC_ERR_EXISTS);
	fc_event_free(e);
	writes = fc_plan_writes(w->plan, &count);
	assert_int_equal(count, 1);
	assert_null(writes[0].before);
	assert_data(writes[0].after, "{'k':'v'}");
}

static struct fc_action *whole(enum fc_action_type type, const char *version, const char *data)
{
	struct fc_action *a = plan_action(type, 0, &plan_configmaps, "a");

	a->body = json_pack("{s:{s:s, s:s, s:s}, s:o}", "metadata", "name", "a", "uid", "u", "resourceVersion", version,
			    "data", plan_json_of(data));
	return a;
}

static void test_a_replaced_object_stands_as_it_was_put_on_the_version_that_was_seen(void **state)
{
	struct plan_world *w = *state;
	struct fc_event *e =
		plan_write(w, whole(FC_ACTION_REPLACE, "6", "{'k':'new'}"), OBJECT("7", "{'k':'v','l':'v'}"));

	assert_int_equal(e->error.cls, FC_ERR_CONFLICT);
	fc_event_free(e);
	e = plan_write(w, whole(FC_ACTION_REPLACE, "7", "{'k':'new'}"), OBJECT("7", "{'k':'v','l':'v'}"));
	assert_int_equal(e->error.cls, FC_ERR_NONE);
	assert_data(e->object, "{'k':'new'}");
	fc_event_free(e);
}

static void test_an_applied_object_keeps_what_the_apply_does_not_name(void **state)
{
	struct plan_world *w = *state;
	struct fc_event *e =
		plan_write(w, whole(FC_ACTION_APPLY, "7", "{'k':'new'}"), OBJECT("7", "{'k':'v','l':'v'}"));

	assert_int_equal(e->error.cls, FC_ERR_NONE);
	assert_data(e->object, "{'k':'new','l':'v'}");
	fc_event_free(e);
}

static struct fc_action *deletion(const char *uid, const char *version)
{
	struct fc_action *a = plan_action(FC_ACTION_DELETE, 0, &plan_configmaps, "a");

	a->uid = fc_xstrdup(uid);
	a->version = fc_xstrdup(version);
	return a;
}

static void test_a_deletion_takes_the_object_away_under_its_preconditions(void **state)
{
	struct plan_world *w = *state;
	const struct fc_planned *writes;
	struct fc_event *e = plan_write(w, deletion("other", "7"), OBJECT("7", "{'k':'v'}"));
	size_t count;

	assert_int_equal(e->error.cls, FC_ERR_CONFLICT);
	fc_event_free(e);
	e = plan_write(w, deletion("u", "8"), OBJECT("7", "{'k':'v'}"));
	assert_int_equal(e->error.cls, FC_ERR_CONFLICT);
	fc_event_free(e);
	e = plan_write(w, deletion("u", "7"), OBJECT("7", "{'k':'v'}"));
	assert_int_equal(e->error.cls, FC_ERR_NONE);
	fc_event_free(e);
	fc_plan_execute(w->plan, plan_action(FC_ACTION_READ, 0, &plan_configmaps, "a"));
	e = plan_answer(w, OBJECT("7", "{'k':'v'}"), FC_ERR_NONE);
	assert_int_equal(e->error.cls, FC_ERR_NOT_FOUND);
	assert_null(e->object);
	fc_event_free(e);
	writes = fc_plan_writes(w->plan, &count);
	assert_int_equal(count, 1);
	assert_data(writes[0].before, "{'k':'v'}");
	assert_null(writes[0].after);
	/* Made again, it is another one. */
	e = plan_write(w, creation("a"), OBJECT("7", "{'k':'v'}"));
	assert_int_equal(e->error.cls, FC_ERR_NONE);
	fc_event_free(e);
}

/* It goes with its last finalizer, which is part of the same deletion. */
static void test_a_deletion_waits_for_finalizers(void **state)
{
	struct plan_world *w = *state;
	const char *object = "{'metadata':{'name':'a','uid':'u','resourceVersion':'7','finalizers':['f']},'data':{}}";
	struct fc_event *e = plan_write(w, deletion("u", "7"), object);
	FC_AUTO_FREE char *version = fc_xstrdup(fc_json_metadata(e->object, "resourceVersion"));
	const struct fc_planned *writes;
	size_t count;

	assert_string_not_equal(fc_json_metadata(e->object, "deletionTimestamp"), "");
	fc_event_free(e);
	e = plan_write(w, plan_patch(0, &plan_configmaps, "a", version, "/metadata/finalizers", "[]"), object);
	assert_int_equal(e->error.cls, FC_ERR_NONE);
	fc_event_free(e);
	fc_plan_execute(w->plan, plan_action(FC_ACTION_READ, 0, &plan_configmaps, "a"));
	e = plan_answer(w, object, FC_ERR_NONE);
	assert_int_equal(e->error.cls, FC_ERR_NOT_FOUND);
	fc_event_free(e);
	writes = fc_plan_writes(w->plan, &count);
	assert_int_equal(count, 1);
	assert_null(writes[0].after);
}

static void test_a_deleted_object_is_in_no_watch(void **state)
{
	struct plan_world *w = *state;
	struct fc_action *watch = plan_action(FC_ACTION_START_WATCH, 0, &plan_configmaps, "a");
	struct fc_event *e;

	watch->watch = 5;
	fc_plan_execute(w->plan, watch);
	fc_event_free(plan_write(w, deletion("u", "7"), OBJECT("7", "{}")));
	e = fc_event_new(FC_EVENT_OBJECT);
	e->watch = 5;
	e->object = plan_json_of(OBJECT("7", "{}"));
	e = fc_plan_translate(w->plan, e);
	assert_int_equal(e->type, FC_EVENT_TICK);
	fc_event_free(e);
}

/* Two writes, as the server takes them, and each shows its part only. */
static void test_a_subresource_is_a_write_of_its_own(void **state)
{
	struct plan_world *w = *state;
	const char *object = "{'metadata':{'name':'a','namespace':'ns','uid':'u','resourceVersion':'7'},'spec':{},"
			     "'status':{'s':1}}";
	struct fc_event *e = plan_write(w, plan_patch(0, &plan_deployments, "a", "7", "/spec/k", "'x'"), object);
	struct fc_action *a =
		plan_patch(0, &plan_deployments, "a", fc_json_metadata(e->object, "resourceVersion"), "/status/s", "2");
	const struct fc_planned *writes;
	size_t count;

	fc_event_free(e);
	a->subresource = fc_xstrdup("status");
	fc_event_free(plan_write(w, a, object));
	writes = fc_plan_writes(w->plan, &count);
	assert_int_equal(count, 2);
	assert_null(writes[0].subresource);
	assert_null(json_object_get(writes[0].after, "status"));
	assert_string_equal(writes[1].subresource, "status");
	assert_int_equal(json_object_size(writes[1].after), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(writes[1].after, "status"), "s")), 2);
}

static void test_writes_come_by_cluster_then_by_object(void **state)
{
	static const struct {
		fc_cluster_no cluster;
		const struct fc_resource *resource;
		const char *name;
	} in[] = { { 1, &plan_secrets, "a" },
		   { 0, &plan_secrets, "b" },
		   { 0, &plan_secrets, "a" },
		   { 0, &plan_configmaps, "z" } };
	static const int order[] = { 3, 2, 1, 0 };
	struct plan_world *w = *state;
	const struct fc_planned *writes;
	size_t count;

	for (size_t i = 0; i < FC_ARRAY_LEN(in); i++)
		fc_event_free(plan_write(w, plan_patch(in[i].cluster, in[i].resource, in[i].name, "7", "/data/k", "1"),
					 OBJECT("7", "{}")));
	writes = fc_plan_writes(w->plan, &count);
	assert_int_equal(count, FC_ARRAY_LEN(in));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(writes[i].cluster, in[order[i]].cluster);
		assert_string_equal(writes[i].name, in[order[i]].name);
	}
}

static void test_what_changes_nothing_goes_out_as_it_is_and_what_is_no_request_does_not(void **state)
{
	static const enum fc_action_type out[] = { FC_ACTION_RESOLVE,	  FC_ACTION_FORGET_WORD, FC_ACTION_READ,
						   FC_ACTION_START_WATCH, FC_ACTION_STOP_WATCH,	 FC_ACTION_RELIST };
	struct plan_world *w = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(out); i++) {
		fc_plan_execute(w->plan, plan_action(out[i], 0, &plan_configmaps, "a"));
		assert_int_equal(w->sent_count, i + 1);
		assert_int_equal(w->sent->type, out[i]);
	}
	fc_plan_execute(w->plan, plan_action(FC_ACTION_MEASURE, 0, &plan_configmaps, "a"));
	fc_plan_execute(w->plan, plan_action(FC_ACTION_RECORD, 0, &plan_configmaps, "a"));
	assert_int_equal(w->sent_count, FC_ARRAY_LEN(out));
}

static void test_confidential_places_of_all_writes_are_kept(void **state)
{
	struct plan_world *w = *state;
	struct fc_action *a = plan_patch(0, &plan_configmaps, "a", "7", "/data/k", "'x'");
	const struct fc_planned *writes;
	struct fc_event *e;
	size_t count;

	a->confidential = plan_json_of("['/data/k']");
	e = plan_write(w, a, OBJECT("7", "{}"));
	a = plan_patch(0, &plan_configmaps, "a", fc_json_metadata(e->object, "resourceVersion"), "/data/l", "'x'");
	a->confidential = plan_json_of("['/data/l']");
	fc_event_free(e);
	fc_event_free(plan_write(w, a, OBJECT("7", "{}")));
	writes = fc_plan_writes(w->plan, &count);
	json_auto_t *wanted = plan_json_of("['/data/k','/data/l']");
	assert_true(json_equal(writes[0].confidential, wanted));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, plan_setup, plan_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_write_becomes_a_read_under_another_number),
		TEST(test_the_version_of_a_planned_object_is_newer_than_any_real_one),
		TEST(test_a_write_fails_as_it_would_on_the_server),
		TEST(test_a_write_of_what_stands_there_keeps_the_version),
		TEST(test_writes_of_one_object_build_on_each_other_and_are_one),
		TEST(test_what_is_written_back_is_no_write),
		TEST(test_reads_and_watches_show_the_object_as_it_would_stand),
		TEST(test_other_objects_and_other_clusters_are_shown_as_they_are),
		TEST(test_a_creation_gives_an_object_where_there_is_none),
		TEST(test_a_replaced_object_stands_as_it_was_put_on_the_version_that_was_seen),
		TEST(test_an_applied_object_keeps_what_the_apply_does_not_name),
		TEST(test_a_deletion_takes_the_object_away_under_its_preconditions),
		TEST(test_a_deletion_waits_for_finalizers),
		TEST(test_a_deleted_object_is_in_no_watch),
		TEST(test_a_subresource_is_a_write_of_its_own),
		TEST(test_writes_come_by_cluster_then_by_object),
		TEST(test_what_changes_nothing_goes_out_as_it_is_and_what_is_no_request_does_not),
		TEST(test_confidential_places_of_all_writes_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
