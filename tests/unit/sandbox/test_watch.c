/* SPDX-License-Identifier: Apache-2.0 */
/* Watches, as a real kube-apiserver (1.20) tells them; streaming lists as KEP-3157 has them. */
#include "base/clock.h"
#include "sandbox/cruelty.h"
#include "unit/sandbox/api_world.h"

static int setup(void **state)
{
	*state = world_new(8);
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void label(struct world *w, const char *name, const char *value)
{
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "/%s", name);
	FC_AUTO_FREE char *body = fc_xasprintf("{\"metadata\":{\"labels\":{\"l\":%s}}}", value);

	assert_int_equal(ask(w, "PATCH", path, MERGE_PATCH, body), 200);
}

static void drop(struct world *w, const char *name)
{
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "/%s", name);

	assert_int_equal(ask(w, "DELETE", path, "", NULL), 200);
}

static char *last(const struct tape *t, const char *member)
{
	const json_t *metadata = json_object_get(json_object_get(t->last, "object"), "metadata");
	const json_t *value = json_object_get(metadata, member);

	return fc_xstrdup(json_string_value(value) ?: "");
}

static void test_a_watch_from_nowhere_begins_with_what_is_there(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *open;

	make(w, "b", "");
	make(w, "a", "");
	open = watch(w, &t, MAPS "?watch=1");
	told(&t, "ADDED a\nADDED b\n");
	make(w, "c", "");
	label(w, "a", "\"x\"");
	drop(w, "b");
	told(&t, "ADDED c\nMODIFIED a\nDELETED b\n");
	sb_watch_close(open);
	tape_fini(&t);
}

static void test_a_watch_from_a_version_tells_what_came_after(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *open;

	make(w, "a", "");
	FC_AUTO_FREE char *version = at(w, "metadata.resourceVersion");
	FC_AUTO_FREE char *path = fc_xasprintf("/api/v1/configmaps?watch=true&resourceVersion=%s", version);

	make(w, "b", "");
	drop(w, "a");
	open = watch(w, &t, path);
	told(&t, "ADDED b\nDELETED a\n");
	sb_watch_close(open);
	tape_fini(&t);
}

static void test_a_deleted_object_shows_its_last_state_at_the_version_of_its_end(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *open;

	make(w, "a", ",\"labels\":{\"l\":\"x\"}");
	FC_AUTO_FREE char *before = at(w, "metadata.resourceVersion");

	open = watch(w, &t, MAPS "?watch=1");
	drop(w, "a");
	FC_AUTO_FREE char *version = last(&t, "resourceVersion");

	assert_true(strtoull(version, NULL, 10) > strtoull(before, NULL, 10));
	assert_non_null(json_object_get(json_object_get(json_object_get(t.last, "object"), "metadata"), "labels"));
	sb_watch_close(open);
	tape_fini(&t);
}

static void test_what_begins_or_ceases_to_match_is_added_or_deleted(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *open;

	make(w, "a", "");
	open = watch(w, &t, MAPS "?watch=1&labelSelector=l%3Dx");
	told(&t, "");
	label(w, "a", "\"x\"");
	label(w, "a", "\"y\"");
	told(&t, "ADDED a\nDELETED a\n");
	/* The state that matched last, at the version in which it ceased to. */
	is_at(w, "metadata.labels.l", "y");
	FC_AUTO_FREE char *now = at(w, "metadata.resourceVersion"), *shown = last(&t, "resourceVersion");

	assert_string_equal(shown, now);
	sb_watch_close(open);
	tape_fini(&t);
}

static void test_a_watch_of_one_namespace_or_name_is_told_of_nothing_else(void **state)
{
	struct world *w = *state;
	struct tape one, other;
	struct sb_watch *named, *elsewhere;

	named = watch(w, &one, MAPS "?watch=1&fieldSelector=metadata.name%3Da");
	elsewhere = watch(w, &other, "/api/v1/namespaces/kube-system/configmaps?watch=1");
	make(w, "a", "");
	make(w, "b", "");
	told(&one, "ADDED a\n");
	told(&other, "");
	sb_watch_close(named);
	sb_watch_close(elsewhere);
	tape_fini(&one);
	tape_fini(&other);
}

static void test_watches_of_one_form_share_the_text(void **state)
{
	struct world *w = *state;
	struct sb_change change = { .version = 5 };
	struct sb_call call = { .cluster = w->c, .type = sb_types_find(w->c->types, "", "v1", "configmaps") };
	struct sb_call metadata = call;
	struct sb_text *a, *b, *c;

	make(w, "a", "");
	change.now = sb_store_find(sb_call_resource(&call), "default", "a");
	metadata.form = SB_FORM_METADATA;
	a = sb_event_text(&call, SB_ADDED, change.now, &change, true);
	b = sb_event_text(&call, SB_ADDED, change.now, &change, true);
	c = sb_event_text(&metadata, SB_ADDED, change.now, &change, true);
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_non_null(strstr(c->bytes, "PartialObjectMetadata"));
	sb_text_unref(a);
	sb_text_unref(b);
	sb_text_unref(c);
	sb_change_texts_free(&change);
}

static void test_what_history_has_forgotten_is_410_and_the_end(void **state)
{
	struct world *w = *state;
	struct tape t;

	for (int i = 0; i < 10; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("m%d", i);

		make(w, name, "");
	}
	watch(w, &t, MAPS "?watch=1&resourceVersion=1");
	told(&t, "ERROR -\n");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(t.last, "object"), "code")), 410);
	assert_true(t.ended);
	tape_fini(&t);
}

static void test_a_version_to_come_is_silent_until_then(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *open;
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "?watch=1&resourceVersion=%llu",
					       (unsigned long long)sb_store_version(w->c->store) + 2);

	open = watch(w, &t, path);
	make(w, "a", "");
	make(w, "b", "");
	make(w, "c", "");
	told(&t, "ADDED c\n");
	sb_watch_close(open);
	tape_fini(&t);
}

static void test_a_streamed_list_ends_with_a_bookmark_that_says_so(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *open;

	make(w, "a", "");
	open = watch(w, &t,
		     MAPS "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan");
	told(&t, "ADDED a\nBOOKMARK -\n");
	const json_t *metadata = json_object_get(json_object_get(t.last, "object"), "metadata");

	assert_string_equal(json_string_value(json_object_get(json_object_get(metadata, "annotations"),
							      "k8s.io/initial-events-end")),
			    "true");
	make(w, "b", "");
	told(&t, "ADDED b\n");
	sb_watch_close(open);
	tape_fini(&t);
	open = watch(w, &t, MAPS "?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan");
	told(&t, "");
	sb_watch_close(open);
	tape_fini(&t);
}

static void test_a_streamed_list_needs_its_match(void **state)
{
	struct world *w = *state;

	assert_int_equal(get(w, MAPS "?watch=1&sendInitialEvents=true"), 422);
	is_at(w, "message",
	      "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires "
	      "setting resourceVersionMatch to NotOlderThan");
	assert_int_equal(get(w, MAPS "?watch=1&resourceVersionMatch=NotOlderThan"), 422);
	assert_int_equal(get(w, MAPS "?watch=1&labelSelector=a,"), 400);
}

static void test_metadata_and_tables_are_told_in_their_form(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *open;

	make(w, "a", "");
	w->accept = AS_METADATA;
	open = watch(w, &t, MAPS "?watch=1");
	assert_string_equal(json_string_value(json_object_get(json_object_get(t.last, "object"), "kind")),
			    "PartialObjectMetadata");
	sb_watch_close(open);
	tape_fini(&t);
	w->accept = AS_TABLE;
	open = watch(w, &t, MAPS "?watch=1");
	w->accept = "";
	assert_non_null(json_object_get(json_object_get(t.last, "object"), "columnDefinitions"));
	make(w, "b", "");
	assert_string_equal(json_string_value(json_object_get(json_object_get(t.last, "object"), "kind")), "Table");
	assert_int_equal(json_array_size(json_object_get(json_object_get(t.last, "object"), "columnDefinitions")), 0);
	sb_watch_close(open);
	tape_fini(&t);
}

/* A sink that is closed by what it is told. */
struct shy {
	struct sb_sink sink;
	struct sb_watch *watch;
	unsigned lines;
};

static void shy_write(struct sb_sink *sink, struct sb_text *line, enum sb_piece piece)
{
	struct shy *s = FC_CONTAINER_OF(sink, struct shy, sink);

	(void)line;
	(void)piece;
	s->lines++;
	sb_watch_close(fc_steal(&s->watch));
}

static void test_a_watch_may_be_closed_while_it_tells(void **state)
{
	struct world *w = *state;
	struct shy first = { .sink = { .write = shy_write } }, second = first;
	struct sb_response response;

	make(w, "a", "");
	make(w, "b", "");
	response = world_respond(w, "GET", MAPS "?watch=1", "", NULL);
	first.watch = fc_steal(&response.watch);
	sb_response_fini(&response);
	sb_watch_start(first.watch, &first.sink);
	assert_int_equal(first.lines, 1);
	response = world_respond(w, "GET", MAPS "?watch=1&resourceVersion=99999", "", NULL);
	sb_response_fini(&response);
	response = world_respond(w, "GET", "/api/v1/namespaces?watch=1&resourceVersion=99999", "", NULL);
	sb_response_fini(&response);
	FC_AUTO_FREE char *path =
		fc_xasprintf(MAPS "?watch=1&resourceVersion=%llu", (unsigned long long)sb_store_version(w->c->store));

	response = world_respond(w, "GET", path, "", NULL);
	second.watch = fc_steal(&response.watch);
	sb_response_fini(&response);
	sb_watch_start(second.watch, &second.sink);
	make(w, "c", "");
	make(w, "d", "");
	assert_int_equal(second.lines, 1);
}

static void test_the_end_of_the_store_ends_its_watches(void **state)
{
	struct world *w = *state;
	struct tape t;

	watch(w, &t, MAPS "?watch=1");
	world_free(w);
	assert_true(t.ended);
	tape_fini(&t);
	*state = world_new(8);
}

/* --- in time --- */

static void on_wake(void *user)
{
	(void)user;
}

static void test_bookmarks_come_in_their_time_and_tell_news_only(void **state)
{
	struct world *w = *state;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_loop *loop = fc_loop_new(on_wake, NULL, &err);
	struct tape t, quiet;
	struct sb_watch *open, *other;

	assert_non_null(loop);
	make(w, "a", "");
	FC_AUTO_FREE char *made = at(w, "metadata.resourceVersion");
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "?watch=1&allowWatchBookmarks=true&resourceVersion=%s", made);

	w->c->loop = loop;
	w->c->bookmark_ms = 10;
	other = watch(w, &quiet, path);
	open = watch(w, &t, MAPS "?watch=1&allowWatchBookmarks=true&timeoutSeconds=100");
	told(&t, "ADDED a\n");
	for (int i = 0; i < 500 && !t.lines.len; i++)
		fc_loop_run_once(loop, 10);
	told(&t, "BOOKMARK -\n");
	FC_AUTO_FREE char *version = last(&t, "resourceVersion");

	assert_string_equal(version, made);
	told(&quiet, "");
	sb_watch_close(open);
	sb_watch_close(other);
	tape_fini(&t);
	tape_fini(&quiet);
	w->c->loop = NULL;
	fc_loop_free(loop);
}

static void test_a_watch_ends_when_its_time_is_over(void **state)
{
	struct world *w = *state;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_loop *loop = fc_loop_new(on_wake, NULL, &err);
	struct tape t;

	assert_non_null(loop);
	w->c->loop = loop;
	watch(w, &t, MAPS "?watch=1&timeoutSeconds=1");
	for (int i = 0; i < 500 && !t.ended; i++)
		fc_loop_run_once(loop, 10);
	assert_true(t.ended);
	tape_fini(&t);
	w->c->loop = NULL;
	fc_loop_free(loop);
}

static void be_cruel(struct world *w, const char *words)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *rule = sb_cruelty_parse_flag(words, &err);
	unsigned id;

	assert_non_null(rule);
	assert_int_equal(sb_cruelty_add(w->c->cruelty, rule, fc_clock_mono_ms(), &id, &err), 0);
	json_decref(rule);
}

static void test_cruelty_says_410_to_a_watch_that_goes_on_from_a_version(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *open;

	make(w, "a", "");
	FC_AUTO_FREE char *version = at(w, "metadata.resourceVersion");
	FC_AUTO_FREE char *path = fc_xasprintf("/api/v1/configmaps?watch=true&resourceVersion=%s", version);

	be_cruel(w, "gone-watch,count=1");
	/* One that begins with what is there has no version that could be too old. */
	open = watch(w, &t, MAPS "?watch=1");
	told(&t, "ADDED a\n");
	sb_watch_close(open);
	tape_fini(&t);
	watch(w, &t, path);
	told(&t, "ERROR -\n");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(t.last, "object"), "code")), 410);
	assert_true(t.ended);
	tape_fini(&t);
	open = watch(w, &t, path);
	told(&t, "");
	sb_watch_close(open);
	tape_fini(&t);
}

static const json_t *group_version(const struct world *w, const char *group)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(w->body, "items"), i, item) {
		const char *name = json_string_value(json_object_get(json_object_get(item, "metadata"), "name"));

		if (strcmp(name ?: "", group) == 0)
			return json_array_get(json_object_get(item, "versions"), 0);
	}
	return NULL;
}

static void freshness_is(const struct world *w, const char *group, const char *freshness, bool has_resources)
{
	const json_t *version = group_version(w, group);

	assert_string_equal(json_string_value(json_object_get(version, "freshness")), freshness);
	assert_int_equal(json_array_size(json_object_get(version, "resources")) > 0, has_resources);
}

static void test_cruelty_breaks_the_discovery_of_one_group(void **state)
{
	struct world *w = *state;

	be_cruel(w, "broken-group,group=batch");
	be_cruel(w, "broken-group,group=apps");
	assert_int_equal(get(w, "/apis/apps/v1"), 503);
	assert_int_equal(get(w, "/apis/coordination.k8s.io/v1"), 200);
	assert_int_equal(get(w, "/apis/apps/v1/deployments"), 200);
	w->accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
	assert_int_equal(get(w, "/apis"), 200);
	freshness_is(w, "apps", "Stale", false);
	freshness_is(w, "coordination.k8s.io", "Current", true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_cruelty_says_410_to_a_watch_that_goes_on_from_a_version),
		TEST(test_cruelty_breaks_the_discovery_of_one_group),
		TEST(test_a_watch_from_nowhere_begins_with_what_is_there),
		TEST(test_a_watch_from_a_version_tells_what_came_after),
		TEST(test_a_deleted_object_shows_its_last_state_at_the_version_of_its_end),
		TEST(test_what_begins_or_ceases_to_match_is_added_or_deleted),
		TEST(test_a_watch_of_one_namespace_or_name_is_told_of_nothing_else),
		TEST(test_watches_of_one_form_share_the_text),
		TEST(test_what_history_has_forgotten_is_410_and_the_end),
		TEST(test_a_version_to_come_is_silent_until_then),
		TEST(test_a_streamed_list_ends_with_a_bookmark_that_says_so),
		TEST(test_a_streamed_list_needs_its_match),
		TEST(test_metadata_and_tables_are_told_in_their_form),
		TEST(test_a_watch_may_be_closed_while_it_tells),
		TEST(test_the_end_of_the_store_ends_its_watches),
		TEST(test_bookmarks_come_in_their_time_and_tell_news_only),
		TEST(test_a_watch_ends_when_its_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
