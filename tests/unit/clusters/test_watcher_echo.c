/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch tells of objects that are being patched: all on the test's own thread. */
#include "clusters/watcher.h"

#include "clusters/watcher_internal.h"
#include "unit/clusters/watcher_bench.h"

#define VERSION(v) ",\"resourceVersion\":\"" v "\""
#define MODIFIED(name, v) "{\"type\":\"MODIFIED\",\"object\":" OBJECT(name, RULE VERSION(v)) "}\n"
#define DELETED(name, v) "{\"type\":\"DELETED\",\"object\":" OBJECT(name, RULE VERSION(v)) "}\n"
#define LIST                                                                               \
	{                                                                                  \
		.match = "limit=", .body = {                                               \
			"{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[",           \
			OBJECT("a", RULE VERSION("4")) "," OBJECT("b", RULE VERSION("4")), \
			"]}"                                                               \
		}                                                                          \
	}
/* It tells these when the server is released. */
#define WATCH(...)                                                                   \
	{                                                                            \
		.match = "watch=true", .body = { __VA_ARGS__ }, .end = SCRIPTED_STAY \
	}

/* "object a 7", or what else the watcher has posted next. */
static char *told(struct bench *b, const char *awaited)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;
	struct fc_event *event;

	while (!(event = fc_mailbox_take(b->events, 0))) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("not told: %s", awaited);
		fc_loop_run_once(b->watcher->loop, 10);
	}
	char *words = fc_xasprintf("%s %s %s", fc_event_type_name(event->type),
				   event->name ? event->name : fc_json_metadata(event->object, "name"),
				   fc_json_metadata(event->object, "resourceVersion"));
	fc_event_free(event);
	return words;
}

static void tells(struct bench *b, const char *words)
{
	FC_AUTO_FREE char *is = told(b, words);

	assert_string_equal(is, words);
}

/* Is it the first? */
static bool tells_one_of(struct bench *b, const char *words, const char *or_words)
{
	FC_AUTO_FREE char *is = told(b, words);

	if (strcmp(is, words) == 0)
		return true;
	assert_string_equal(is, or_words);
	return false;
}

static void tells_nothing(struct bench *b)
{
	assert_int_equal(fc_mailbox_depth(b->events), 0);
}

static void go_up(struct bench *b)
{
	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
}

static void until_asked(struct bench *b, const char *part)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (scripted_seen(b->server, part) == 0) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("%s was not asked for", part);
		fc_loop_run_once(b->watcher->loop, 10);
	}
}

/* `name` NULL: all objects. */
static void start(struct bench *b, uint32_t number, enum fc_watch_content content, bool without_echoes,
		  const char *name)
{
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);

	a->watch = number;
	a->content = content;
	a->without_echoes = without_echoes;
	a->name = fc_xstrdup_null(name);
	fc_watcher_watch_start(b->watcher, a);
	fc_action_free(a);
}

static void lists(struct bench *b)
{
	tells(b, "list-begin  ");
	tells(b, "object a 4");
	tells(b, "object b 4");
	tells(b, "list-end  ");
}

static void open_watch(struct bench *b, enum fc_watch_content content)
{
	go_up(b);
	start(b, 4, content, true, NULL);
	lists(b);
}

static struct fc_watcher_echo *patch(struct bench *b, const char *name)
{
	struct fc_action *a = action(b, FC_ACTION_PATCH);

	a->namespace_ = fc_xstrdup("ns");
	a->name = fc_xstrdup(name);
	struct fc_watcher_echo *e = fc_watcher_echo_expect(b->watcher, a);
	fc_action_free(a);
	return e;
}

static void test_an_echo_before_the_answer_is_not_told(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("a", "7"), MODIFIED("b", "8")));

	open_watch(b, FC_WATCH_ANNOTATED);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	tells(b, "object b 8");
	fc_watcher_echo_settle(b->watcher, e, "7");
	tells_nothing(b);
	assert_null(b->watcher->echoes);
	end(b);
}

static void test_an_echo_after_the_answer_is_not_told(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("a", "7"), MODIFIED("b", "8"), MODIFIED("a", "9")));

	open_watch(b, FC_WATCH_ANNOTATED);
	fc_watcher_echo_settle(b->watcher, patch(b, "a"), "7");
	scripted_release(b->server);
	tells(b, "object b 8");
	tells(b, "object a 9");
	assert_null(b->watcher->echoes);
	end(b);
}

/* Where a cluster is restored from a backup they are somebody else's, and new. */
static void test_older_versions_than_the_answer_are_told(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST,
	      WATCH(MODIFIED("a", "5"), MODIFIED("a", "6"), MODIFIED("a", "7"), MODIFIED("b", "8")));

	open_watch(b, FC_WATCH_ANNOTATED);
	fc_watcher_echo_settle(b->watcher, patch(b, "a"), "7");
	scripted_release(b->server);
	tells(b, "object a 5");
	tells(b, "object a 6");
	tells(b, "object b 8");
	end(b);
}

/* The versions began anew, and have come to the same number. */
static void test_an_answer_is_forgotten_when_a_list_begins(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, { .match = "resourceVersion=5", .end = SCRIPTED_STAY }, LIST,
	      WATCH(MODIFIED("a", "7")));

	open_watch(b, FC_WATCH_ANNOTATED);
	fc_watcher_echo_settle(b->watcher, patch(b, "a"), "7");
	until_asked(b, "resourceVersion=5");
	fc_watcher_watch_relist(b->watcher, 4);
	lists(b);
	scripted_release(b->server);
	tells(b, "object a 7");
	end(b);
}

/* The list tells of a time before the answer, and behind it. */
static void test_an_answer_during_a_list_is_forgotten_at_its_end(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "limit=",
		.body = { "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[",
			  OBJECT("b", RULE VERSION("4")) "," OBJECT("a", RULE VERSION("4")), "]}" },
		.end = SCRIPTED_HOLD },
	      WATCH(MODIFIED("a", "7")));

	go_up(b);
	start(b, 4, FC_WATCH_ANNOTATED, true, NULL);
	tells(b, "list-begin  ");
	tells(b, "object b 4");
	fc_watcher_echo_settle(b->watcher, patch(b, "a"), "7");
	scripted_release(b->server);
	tells(b, "object a 4");
	tells(b, "list-end  ");
	tells(b, "object a 7");
	end(b);
}

static void test_an_answer_is_forgotten_with_its_watch(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST);

	open_watch(b, FC_WATCH_ANNOTATED);
	fc_watcher_echo_settle(b->watcher, patch(b, "a"), "7");
	assert_non_null(b->watcher->echoes);
	fc_watcher_watch_pause(b->watcher, 4);
	assert_null(b->watcher->echoes);
	fc_watcher_echo_settle(b->watcher, patch(b, "a"), "7");
	assert_non_null(b->watcher->echoes);
	fc_watcher_watch_stop(b->watcher, 4);
	assert_null(b->watcher->echoes);
	end(b);
}

/* Its list and an answer may have changed places. */
static void test_nothing_is_kept_while_something_is_held_back(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("b", "6"), MODIFIED("a", "7")));

	open_watch(b, FC_WATCH_ANNOTATED);
	struct fc_watcher_echo *e = patch(b, "a");
	fc_watcher_hold(b->watcher);
	scripted_release(b->server);
	for (int64_t until_ms = fc_clock_mono_ms() + WAIT_MS; b->watcher->held.count < 2;) {
		assert_true(fc_clock_mono_ms() < until_ms);
		fc_loop_run_once(b->watcher->loop, 10);
	}
	fc_watcher_echo_settle(b->watcher, e, "7");
	assert_null(b->watcher->echoes);
	fc_watcher_hold_confirm(b->watcher);
	tells(b, "object b 6");
	tells(b, "object a 7");
	end(b);
}

static void test_what_somebody_else_made_meanwhile_is_told_after_the_answer(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("a", "7"), MODIFIED("a", "9"), MODIFIED("b", "10")));

	open_watch(b, FC_WATCH_ANNOTATED);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	tells(b, "object b 10");
	fc_watcher_echo_settle(b->watcher, e, "7");
	tells(b, "object a 9");
	tells_nothing(b);
	end(b);
}

static void test_what_was_kept_is_told_when_the_patch_has_failed(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("a", "7"), MODIFIED("b", "8")));

	open_watch(b, FC_WATCH_ANNOTATED);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	tells(b, "object b 8");
	fc_watcher_echo_settle(b->watcher, e, NULL);
	tells(b, "object a 7");
	end(b);
}

static void test_a_deletion_overtakes_what_was_kept(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("a", "7"), DELETED("a", "8"), MODIFIED("b", "9")));

	open_watch(b, FC_WATCH_ANNOTATED);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	tells(b, "object-gone a ");
	tells(b, "object b 9");
	fc_watcher_echo_settle(b->watcher, e, NULL);
	tells_nothing(b);
	end(b);
}

static void test_a_list_overtakes_what_was_kept(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("a", "7"), MODIFIED("b", "8")), LIST);

	open_watch(b, FC_WATCH_ANNOTATED);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	tells(b, "object b 8");
	fc_watcher_watch_relist(b->watcher, 4);
	tells(b, "list-begin  ");
	tells(b, "object a 4");
	fc_watcher_echo_settle(b->watcher, e, NULL);
	tells(b, "object b 4");
	tells(b, "list-end  ");
	tells_nothing(b);
	end(b);
}

static void test_a_watch_that_ends_takes_what_was_kept_of_it_along(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("a", "7"), MODIFIED("b", "8")));

	open_watch(b, FC_WATCH_ANNOTATED);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	tells(b, "object b 8");
	fc_watcher_watch_stop(b->watcher, 4);
	fc_watcher_echo_settle(b->watcher, e, NULL);
	tells_nothing(b);
	end(b);
}

/* What is kept is not asked for again when the watch is. */
static void test_the_next_watch_begins_behind_what_was_kept(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, { .match = "watch=true", .body = { MODIFIED("a", "7") }, .end = SCRIPTED_LATE },
	      { .match = "resourceVersion=7", .body = { MODIFIED("b", "8") }, .end = SCRIPTED_HOLD });

	open_watch(b, FC_WATCH_ANNOTATED);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	tells(b, "object b 8");
	fc_watcher_echo_settle(b->watcher, e, NULL);
	tells(b, "object a 7");
	end(b);
}

/* A rule may read it: its watch tells it whole, and at once. */
static void test_a_watch_of_bodies_keeps_nothing(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("a", "7")));

	open_watch(b, FC_WATCH_BODIES);
	assert_null(patch(b, "a"));
	scripted_release(b->server);
	tells(b, "object a 7");
	end(b);
}

static void test_an_object_that_cannot_be_decoded_is_told_as_such_later_too(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST,
	      WATCH("{\"type\":\"MODIFIED\",\"object\":" OBJECT("a", RULE VERSION("7") ",\"generation\":1e999") "}\n",
		    MODIFIED("b", "8")));

	open_watch(b, FC_WATCH_ANNOTATED);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	tells(b, "object b 8");
	fc_watcher_echo_settle(b->watcher, e, NULL);
	tells(b, "object-unreadable a ");
	end(b);
}

#define WATCH_A(...)                                                                    \
	{                                                                               \
		.match = "fieldSelector", .body = { __VA_ARGS__ }, .end = SCRIPTED_STAY \
	}
#define LIST_A                                                                   \
	{                                                                        \
		.match = "fieldSelector", .body = {                              \
			"{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[", \
			OBJECT("a", RULE VERSION("4")),                          \
			"]}"                                                     \
		}                                                                \
	}

static void open_watch_of_a(struct bench *b, enum fc_watch_content content, bool without_echoes)
{
	start(b, 5, content, without_echoes, "a");
	tells(b, "list-begin  ");
	tells(b, "object a 4");
	tells(b, "list-end  ");
	until_asked(b, "fieldSelector=metadata.name%3Da&watch=true");
}

/* That of namespaces, say: the answers are not for it. */
static void test_another_watch_hears_of_what_was_answered(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST_A, WATCH_A(MODIFIED("a", "7")), LIST,
	      { .match = "watch=true", .end = SCRIPTED_STAY });

	go_up(b);
	open_watch_of_a(b, FC_WATCH_METADATA, false);
	start(b, 4, FC_WATCH_METADATA, true, NULL);
	lists(b);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	tells(b, "object a 7");
	fc_watcher_echo_settle(b->watcher, e, "7");
	end(b);
}

/* Each may tell of it what the other does not. */
static void test_of_two_watches_without_echoes_none_keeps_what_the_other_has_told(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST_A, WATCH_A(MODIFIED("a", "7")), LIST,
	      WATCH(MODIFIED("a", "7"), MODIFIED("b", "8")));

	go_up(b);
	open_watch_of_a(b, FC_WATCH_METADATA, true);
	start(b, 4, FC_WATCH_METADATA, true, NULL);
	lists(b);
	struct fc_watcher_echo *e = patch(b, "a");
	scripted_release(b->server);
	/* One of both is kept, whichever came first. */
	bool a_first = tells_one_of(b, "object a 7", "object b 8");
	tells(b, a_first ? "object b 8" : "object a 7");
	fc_watcher_echo_settle(b->watcher, e, NULL);
	tells(b, "object a 7");
	end(b);
}

/* It may be late: the object is another one by now. */
static void test_what_another_watch_tells_overtakes_nothing(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST, WATCH(MODIFIED("a", "7"), MODIFIED("b", "8")), LIST_A,
	      WATCH_A(DELETED("a", "6")));

	open_watch(b, FC_WATCH_METADATA);
	struct fc_watcher_echo *e = patch(b, "a");
	until_asked(b, "watch=true");
	scripted_release(b->server);
	tells(b, "object b 8");
	open_watch_of_a(b, FC_WATCH_BODIES, false);
	tells(b, "object-gone a ");
	fc_watcher_echo_settle(b->watcher, e, NULL);
	tells(b, "object a 7");
	end(b);
}

/* Patches that change nothing have no echo. */
static void test_answers_without_an_echo_are_not_remembered_for_ever(void **state FC_UNUSED)
{
	BENCH(VERSION_OK);
	char name[16];

	start(b, 4, FC_WATCH_ANNOTATED, true, NULL);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%u", i % 50);
		fc_watcher_echo_settle(b->watcher, patch(b, name), "7");
		assert_true(b->watcher->answered_echoes <= 32);
	}
	assert_int_equal(b->watcher->answered_echoes, 32);
	struct fc_watcher_echo *in_flight = patch(b, "a");
	fc_watcher_echo_age(b->watcher, fc_clock_mono_ms() + 1000);
	assert_int_equal(b->watcher->answered_echoes, 32);
	fc_watcher_echo_age(b->watcher, fc_clock_mono_ms() + 10000);
	assert_int_equal(b->watcher->answered_echoes, 0);
	assert_ptr_equal(b->watcher->echoes, in_flight);
	fc_watcher_echo_forget(b->watcher, in_flight);
	end(b);
}

static void test_of_what_no_watch_tells_no_echo_is_expected(void **state FC_UNUSED)
{
	BENCH(VERSION_OK);

	assert_null(patch(b, "a"));
	start(b, 4, FC_WATCH_ANNOTATED, false, NULL);
	start(b, 5, FC_WATCH_BODIES, true, NULL);
	start(b, 6, FC_WATCH_ANNOTATED, true, "b");
	assert_null(patch(b, "a"));
	struct fc_watcher_echo *e = patch(b, "b");
	assert_non_null(e);
	fc_watcher_echo_forget(b->watcher, e);
	end(b);
}

static void test_a_patch_that_is_given_up_leaves_nothing(void **state FC_UNUSED)
{
	BENCH(VERSION_OK);

	start(b, 4, FC_WATCH_ANNOTATED, true, NULL);
	fc_watcher_echo_forget(b->watcher, patch(b, "a"));
	fc_watcher_echo_forget(b->watcher, NULL);
	assert_null(b->watcher->echoes);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_echo_before_the_answer_is_not_told),
		cmocka_unit_test(test_an_echo_after_the_answer_is_not_told),
		cmocka_unit_test(test_older_versions_than_the_answer_are_told),
		cmocka_unit_test(test_an_answer_is_forgotten_when_a_list_begins),
		cmocka_unit_test(test_an_answer_during_a_list_is_forgotten_at_its_end),
		cmocka_unit_test(test_an_answer_is_forgotten_with_its_watch),
		cmocka_unit_test(test_nothing_is_kept_while_something_is_held_back),
		cmocka_unit_test(test_what_somebody_else_made_meanwhile_is_told_after_the_answer),
		cmocka_unit_test(test_what_was_kept_is_told_when_the_patch_has_failed),
		cmocka_unit_test(test_a_deletion_overtakes_what_was_kept),
		cmocka_unit_test(test_a_list_overtakes_what_was_kept),
		cmocka_unit_test(test_a_watch_that_ends_takes_what_was_kept_of_it_along),
		cmocka_unit_test(test_the_next_watch_begins_behind_what_was_kept),
		cmocka_unit_test(test_a_watch_of_bodies_keeps_nothing),
		cmocka_unit_test(test_an_object_that_cannot_be_decoded_is_told_as_such_later_too),
		cmocka_unit_test(test_another_watch_hears_of_what_was_answered),
		cmocka_unit_test(test_of_two_watches_without_echoes_none_keeps_what_the_other_has_told),
		cmocka_unit_test(test_what_another_watch_tells_overtakes_nothing),
		cmocka_unit_test(test_answers_without_an_echo_are_not_remembered_for_ever),
		cmocka_unit_test(test_of_what_no_watch_tells_no_echo_is_expected),
		cmocka_unit_test(test_a_patch_that_is_given_up_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
