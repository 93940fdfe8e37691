/* SPDX-License-Identifier: Apache-2.0 */
/* The life of CustomResourceDefinitions, as a real kube-apiserver (1.20) went through it, event by event. */
#include "unit/sandbox/api_world.h"

#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define ZEDS "/apis/z.example.com/v1/namespaces/default/zeds"

static int setup(void **state)
{
	*state = world_new(100);
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* `names`: further members of spec.names; `more`: further members of the first version. */
static int define(struct world *w, const char *plural, const char *kind, const char *names, const char *more)
{
	FC_AUTO_FREE char *body = fc_xasprintf(
		"{\"metadata\":{\"name\":\"%s.z.example.com\"},\"spec\":{\"group\":\"z.example.com\",\"scope\":\"Namespaced\","
		"\"names\":{\"plural\":\"%s\",\"kind\":\"%s\"%s},\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":"
		"true,\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true}}"
		"%s}]}}",
		plural, plural, kind, names, more);

	return ask(w, "POST", CRDS, JSON, body);
}

static int make_zed(struct world *w, const char *name, const char *more)
{
	FC_AUTO_FREE char *body = fc_xasprintf("{\"apiVersion\":\"z.example.com/v1\",\"kind\":\"Zed\",\"metadata\":{"
					       "\"name\":\"%s\"%s}}",
					       name, more);

	return ask(w, "POST", ZEDS, JSON, body);
}

/* Writes down each event of definitions with its conditions. */
struct diary {
	struct sb_sink sink;
	struct fc_buf lines;
};

static void diary_write(struct sb_sink *sink, struct sb_text *line, enum sb_piece piece)
{
	struct diary *d = FC_CONTAINER_OF(sink, struct diary, sink);
	json_t *event = json_loadb(line->bytes, line->len, 0, NULL), *object = json_object_get(event, "object"), *c;
	size_t i;

	(void)piece;
	fc_buf_puts(&d->lines, json_string_value(json_object_get(event, "type")));
	json_array_foreach(json_object_get(json_object_get(object, "status"), "conditions"), i, c)
		fc_buf_printf(&d->lines, " %s=%s:%s", json_string_value(json_object_get(c, "type")),
			      json_string_value(json_object_get(c, "status")),
			      json_string_value(json_object_get(c, "reason")));
	fc_buf_putc(&d->lines, '\n');
	json_decref(event);
}

static void diary_end(struct sb_sink *sink)
{
	(void)sink;
}

static struct sb_watch *diary_open(struct world *w, struct diary *d)
{
	struct sb_response response = world_respond(w, "GET", CRDS "?watch=1&resourceVersion=0", "", NULL);
	struct sb_watch *opened = fc_steal(&response.watch);

	*d = (struct diary){ .sink = { .write = diary_write, .end = diary_end } };
	sb_response_fini(&response);
	sb_watch_start(opened, &d->sink);
	return opened;
}

static void diary_says(struct diary *d, const char *lines)
{
	assert_string_equal(fc_buf_str(&d->lines), lines);
	fc_buf_clear(&d->lines);
}

static void test_a_definition_is_answered_fresh_and_established_by_two_writes(void **state)
{
	struct world *w = *state;
	struct diary d;
	struct sb_watch *watch_ = diary_open(w, &d);

	assert_int_equal(define(w, "zeds", "Zed", "", ""), 201);
	is_at(w, "status",
	      "{\"conditions\":null,\"acceptedNames\":{\"plural\":\"\",\"kind\":\"\"},\"storedVersions\":[\"v1\"]}");
	is_at(w, "spec.names.singular", "zed");
	is_at(w, "spec.names.listKind", "ZedList");
	is_at(w, "spec.conversion.strategy", "None");
	is_at(w, "metadata.generation", "1");
	diary_says(&d, "ADDED\n"
		       "MODIFIED NamesAccepted=True:NoConflicts Established=False:Installing\n"
		       "MODIFIED NamesAccepted=True:NoConflicts Established=True:InitialNamesAccepted\n");
	get(w, CRDS "/zeds.z.example.com");
	is_at(w, "status.acceptedNames",
	      "{\"plural\":\"zeds\",\"kind\":\"Zed\",\"singular\":\"zed\",\"listKind\":\"ZedList\"}");
	is_at(w, "metadata.managedFields.0.manager", "kube-apiserver");
	is_at(w, "metadata.generation", "1");
	sb_watch_close(watch_);
	fc_buf_fini(&d.lines);
}

static void test_instances_are_served_until_the_definition_goes_and_then_no_more(void **state)
{
	struct world *w = *state;
	struct diary d;
	struct sb_watch *crds, *zeds;
	struct tape t;

	define(w, "zeds", "Zed", "", "");
	assert_int_equal(make_zed(w, "one", ""), 201);
	zeds = watch(w, &t, "/apis/z.example.com/v1/zeds?watch=1");
	told(&t, "ADDED one\n");
	crds = diary_open(w, &d);
	fc_buf_clear(&d.lines);
	assert_int_equal(ask(w, "DELETE", CRDS "/zeds.z.example.com", "", NULL), 200);
	is_at(w, "metadata.finalizers.0", "customresourcecleanup.apiextensions.k8s.io");
	is_at(w, "metadata.deletionGracePeriodSeconds", "");
	is_at(w, "status.conditions.2.reason", "InstanceDeletionPending");
	diary_says(&d, "MODIFIED NamesAccepted=True:NoConflicts Established=True:InitialNamesAccepted "
		       "Terminating=True:InstanceDeletionPending\n"
		       "MODIFIED NamesAccepted=True:NoConflicts Established=True:InitialNamesAccepted "
		       "Terminating=True:InstanceDeletionInProgress\n"
		       "DELETED NamesAccepted=True:NoConflicts Established=True:InitialNamesAccepted "
		       "Terminating=True:InstanceDeletionInProgress\n");
	told(&t, "DELETED one\n");
	assert_true(t.ended);
	(void)zeds; /* it ended by itself */
	assert_int_equal(get(w, ZEDS), 404);
	assert_null(w->body); /* as text */
	assert_int_equal(get(w, "/apis/z.example.com"), 404);
	sb_watch_close(crds);
	fc_buf_fini(&d.lines);
	tape_fini(&t);
}

static void test_a_definition_waits_for_the_finalizers_of_its_instances(void **state)
{
	struct world *w = *state;

	define(w, "zeds", "Zed", "", "");
	make_zed(w, "one", "");
	make_zed(w, "two", ",\"finalizers\":[\"a/b\"]");
	ask(w, "DELETE", CRDS "/zeds.z.example.com", "", NULL);
	assert_int_equal(get(w, ZEDS "/one"), 404);
	assert_int_equal(get(w, ZEDS "/two"), 200);
	assert_int_equal(make_zed(w, "three", ""), 405);
	is_at(w, "message", "create not allowed while custom resource definition is terminating");
	is_at(w, "details", "{\"group\":\"z.example.com\",\"kind\":\"zeds\"}");
	get(w, "/apis/z.example.com/v1");
	is_at(w, "resources.0.verbs", "[\"delete\",\"deletecollection\",\"get\",\"list\",\"watch\"]");
	assert_int_equal(ask(w, "PATCH", ZEDS "/two", MERGE_PATCH, "{\"metadata\":{\"finalizers\":null}}"), 200);
	assert_int_equal(get(w, CRDS "/zeds.z.example.com"), 404);
	assert_int_equal(get(w, ZEDS), 404);
}

static void test_a_name_in_use_is_a_conflict_until_it_is_free(void **state)
{
	struct world *w = *state;

	define(w, "zeds", "Zed", "", "");
	define(w, "zeds2", "Zed", ",\"listKind\":\"Zed2List\",\"singular\":\"zeds\",\"shortNames\":[\"zeds\"]", "");
	get(w, CRDS "/zeds2.z.example.com");
	is_at(w, "status.conditions.0.reason", "KindConflict");
	is_at(w, "status.conditions.0.message", "\"Zed\" is already in use");
	is_at(w, "status.conditions.1.reason", "NotAccepted");
	is_at(w, "status.acceptedNames", "{\"plural\":\"zeds2\",\"kind\":\"\",\"listKind\":\"Zed2List\"}");
	assert_int_equal(get(w, "/apis/z.example.com/v1/zeds2"), 404);
	ask(w, "DELETE", CRDS "/zeds.z.example.com", "", NULL);
	get(w, CRDS "/zeds2.z.example.com");
	is_at(w, "status.conditions.1.status", "True");
	is_at(w, "status.acceptedNames.kind", "Zed");
	assert_int_equal(get(w, "/apis/z.example.com/v1/zeds2"), 200);
}

static void test_another_storage_version_is_remembered_and_watches_end(void **state)
{
	struct world *w = *state;
	struct tape t;

	define(w, "zeds", "Zed", "", "");
	watch(w, &t, "/apis/z.example.com/v1/zeds?watch=1");
	assert_int_equal(
		ask(w, "PATCH", CRDS "/zeds.z.example.com", JSON_PATCH,
		    "[{\"op\":\"replace\",\"path\":\"/spec/versions/0/storage\",\"value\":false},{\"op\":\"add\",\"path\":"
		    "\"/spec/versions/-\",\"value\":{\"name\":\"v2\",\"served\":true,\"storage\":true,\"schema\":{"
		    "\"openAPIV3Schema\":{\"type\":\"object\"}}}}]"),
		200);
	is_at(w, "status.storedVersions", "[\"v1\",\"v2\"]");
	is_at(w, "metadata.generation", "2");
	assert_true(t.ended);
	assert_int_equal(get(w, "/apis/z.example.com/v2/zeds"), 200);
	ask(w, "PATCH", CRDS "/zeds.z.example.com", JSON_PATCH, "[{\"op\":\"remove\",\"path\":\"/spec/versions/0\"}]");
	assert_int_equal(w->status, 422);
	is_at(w, "details.causes.0.field", "status.storedVersions[0]");
	is_at(w, "details.causes.0.message", "Invalid value: \"v1\": must appear in spec.versions");
	tape_fini(&t);
}

static void test_another_schema_holds_for_what_is_stored_already(void **state)
{
	struct world *w = *state;
	FC_AUTO_FREE char *before = NULL;

	define(w, "zeds", "Zed", "", "");
	ask(w, "POST", ZEDS, JSON,
	    "{\"apiVersion\":\"z.example.com/v1\",\"kind\":\"Zed\",\"metadata\":{\"name\":\"one\"},\"spec\":{\"x\":1}}");
	before = at(w, "metadata.resourceVersion");
	assert_int_equal(
		ask(w, "PATCH", CRDS "/zeds.z.example.com", JSON_PATCH,
		    "[{\"op\":\"replace\",\"path\":\"/spec/versions/0/schema/openAPIV3Schema\",\"value\":{\"type\":"
		    "\"object\",\"properties\":{\"spec\":{\"type\":\"object\",\"properties\":{\"d\":{\"type\":"
		    "\"string\",\"default\":\"new\"}}}}}}]"),
		200);
	get(w, ZEDS "/one");
	is_at(w, "spec", "{\"d\":\"new\"}");
	is_at(w, "metadata.resourceVersion", before);
}

static void test_a_version_that_is_not_served_is_not_there(void **state)
{
	struct world *w = *state;

	define(w, "zeds", "Zed", "", "");
	ask(w, "PATCH", CRDS "/zeds.z.example.com", JSON_PATCH,
	    "[{\"op\":\"replace\",\"path\":\"/spec/versions/0/served\",\"value\":false}]");
	assert_int_equal(w->status, 200);
	assert_int_equal(get(w, ZEDS), 404);
	ask(w, "PATCH", CRDS "/zeds.z.example.com", JSON_PATCH,
	    "[{\"op\":\"replace\",\"path\":\"/spec/versions/0/served\",\"value\":true}]");
	assert_int_equal(get(w, ZEDS), 200);
}

static void test_what_an_established_definition_cannot_change(void **state)
{
	static const struct {
		const char *path, *value, *field;
	} rows[] = {
		{ "/spec/scope", "Cluster", "spec.scope" },
		{ "/spec/names/kind", "Other", "spec.names.kind" },
		{ "/spec/group", "other.example.com", "spec.group" },
		{ "/spec/names/plural", "others", "spec.names.plural" },
	};
	struct world *w = *state;

	define(w, "zeds", "Zed", "", "");
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *patch = fc_xasprintf("[{\"op\":\"replace\",\"path\":\"%s\",\"value\":\"%s\"}]",
							rows[i].path, rows[i].value);
		FC_AUTO_FREE char *why = fc_xasprintf("Invalid value: \"%s\": field is immutable", rows[i].value);

		assert_int_equal(ask(w, "PATCH", CRDS "/zeds.z.example.com", JSON_PATCH, patch), 422);
		is_at(w, "details.causes.0.field", rows[i].field);
		is_at(w, "details.causes.0.message", why);
	}
}

static void test_conditions_that_are_taken_away_come_back(void **state)
{
	struct world *w = *state;

	define(w, "zeds", "Zed", "", "");
	assert_int_equal(
		ask(w, "PATCH", CRDS "/zeds.z.example.com/status", MERGE_PATCH, "{\"status\":{\"conditions\":null}}"),
		200);
	get(w, CRDS "/zeds.z.example.com");
	is_at(w, "status.conditions.1.status", "True");
	assert_int_equal(get(w, ZEDS), 200);
}

static void test_groups_of_the_community_tell_of_their_approval(void **state)
{
	struct world *w = *state;

	ask(w, "POST", CRDS, JSON,
	    "{\"metadata\":{\"name\":\"as.x.k8s.io\",\"annotations\":{\"api-approved.kubernetes.io\":\"unapproved, a test\"}},"
	    "\"spec\":{\"group\":\"x.k8s.io\",\"scope\":\"Cluster\",\"names\":{\"plural\":\"as\",\"kind\":\"A\"},\"versions\":"
	    "[{\"name\":\"v1\",\"served\":true,\"storage\":true,\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\"}}}]}}");
	assert_int_equal(w->status, 201);
	get(w, CRDS "/as.x.k8s.io");
	is_at(w, "status.conditions.2.type", "KubernetesAPIApprovalPolicyConformant");
	is_at(w, "status.conditions.2.status", "False");
	is_at(w, "status.conditions.2.reason", "UnapprovedAnnotation");
}

static void test_the_end_of_the_cluster_frees_what_definitions_made(void **state)
{
	struct world *w = *state;

	define(w, "zeds", "Zed", "", ",\"subresources\":{\"status\":{}}");
	assert_int_equal(make_zed(w, "one", ""), 201);
	assert_int_equal(get(w, ZEDS "/one/status"), 200);
	/* A dry run begins no end. */
	assert_int_equal(ask(w, "DELETE", CRDS "/zeds.z.example.com?dryRun=All", "", NULL), 200);
	assert_int_equal(get(w, ZEDS "/one"), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_definition_is_answered_fresh_and_established_by_two_writes),
		TEST(test_instances_are_served_until_the_definition_goes_and_then_no_more),
		TEST(test_a_definition_waits_for_the_finalizers_of_its_instances),
		TEST(test_a_name_in_use_is_a_conflict_until_it_is_free),
		TEST(test_another_storage_version_is_remembered_and_watches_end),
		TEST(test_another_schema_holds_for_what_is_stored_already),
		TEST(test_a_version_that_is_not_served_is_not_there),
		TEST(test_what_an_established_definition_cannot_change),
		TEST(test_conditions_that_are_taken_away_come_back),
		TEST(test_groups_of_the_community_tell_of_their_approval),
		TEST(test_the_end_of_the_cluster_frees_what_definitions_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
