/* SPDX-License-Identifier: Apache-2.0 */
/* Events that the listener takes undecoded, and has told later. */
#include "kube/informer_internal.h"

#include "unit/kube/informer_bench.h"

#define LIST                                                                        \
	{                                                                           \
		.match = "limit=500", .body = { LIST_HEAD ITEM("a", "") LIST_TAIL } \
	}

static const char CHANGE[] = EVENT("MODIFIED", "a", "101", RULE);

static void until_watching(struct bench *b)
{
	until_seen(b, "watch=true");
	assert_told(b, "begin\nobject ns/a 7\nend\n");
}

static void tell_change(struct bench *b)
{
	fc_informer_tell(b->informer, CHANGE, strlen(CHANGE), 4711);
}

static void has_one_owner(struct bench *b, const char *line)
{
	if (strstr(line, " 101"))
		assert_int_equal(b->last->refcount, 1);
}

/* It goes to another thread, and counting references is not for two. */
static void test_what_is_told_later_is_the_listeners_alone(void **state FC_UNUSED)
{
	BENCH(LIST, { .match = "watch=true", .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ .metadata_only = true });
	until_watching(b);
	b->then = has_one_owner;
	tell_change(b);
	assert_told(b, "begin\nobject ns/a 7\nend\nobject ns/a 101\n");
	assert_int_equal(b->received_us, 4711);
	bench_free(b);
}

static void relist_on_change(struct bench *b, const char *line)
{
	if (strstr(line, " 101"))
		fc_informer_relist(b->informer);
}

static void test_a_relist_inside_what_is_told_later_does_not_wait_for_a_silent_watch(void **state FC_UNUSED)
{
	BENCH(LIST, { .match = "watch=true", .end = SCRIPTED_HOLD }, LIST,
	      { .match = "watch=true", .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ .metadata_only = true });
	until_watching(b);
	b->then = relist_on_change;
	tell_change(b);
	assert_told(b, "begin\nobject ns/a 7\nend\nobject ns/a 101\nbegin\nobject ns/a 7\nend\n");
	bench_free(b);
}

static void test_without_memory_for_what_is_told_later_it_lists_again(void **state FC_UNUSED)
{
	BENCH(LIST, { .match = "watch=true", .end = SCRIPTED_HOLD }, LIST,
	      { .match = "watch=true", .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ .metadata_only = true });
	until_watching(b);
	fc_mem_fail_nth(1);
	tell_change(b);
	assert_told(b, "begin\nobject ns/a 7\nend\nbegin\nobject ns/a 7\nend\n");
	bench_free(b);
}

/* Else what it holds goes when the server next says something, and its transport may be gone by then. */
static void test_a_stop_inside_what_is_told_later_ends_a_silent_watch(void **state FC_UNUSED)
{
	BENCH(LIST, { .match = "watch=true", .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ .metadata_only = true });
	until_watching(b);
	b->stop_on_object = true;
	tell_change(b);
	assert_null(b->informer);
	bench_free(b);
}

static const char *const prefixes[] = { "k8s-copier.fig.org/", NULL };

static bool takes(void *user, const char *bytes, size_t len, int64_t received_us, struct fc_informer_key *key)
{
	(void)received_us;
	assert_int_equal(fc_framer_find_key(bytes, len, &key->namespace_, &key->name, &key->version), 0);
	tell(user, "taken %s/%s %s\n", key->namespace_, key->name, key->version);
	return true;
}

static void start_taking(struct bench *b, struct fc_informer_callbacks *taking)
{
	*taking = callbacks;
	taking->on_change = takes;
	start(b, (struct fc_informer_options){ .metadata_only = true, .annotation_prefixes = prefixes });
	b->informer->o.callbacks = taking;
}

/* The listener knows it, if not by this informer: by the answer to what has annotated it. */
static void test_the_end_of_what_first_bore_an_annotation_when_it_was_taken_is_told(void **state FC_UNUSED)
{
	BENCH(LIST, { .match = "watch=true",
		      .body = { EVENT("MODIFIED", "a", "101", RULE), EVENT("DELETED", "a", "102", RULE) },
		      .end = SCRIPTED_HOLD });
	struct fc_informer_callbacks taking;

	start_taking(b, &taking);
	assert_told(b, "begin\nend\ntaken ns/a 101\ngone ns/a 102\n");
	bench_free(b);
}

static void test_what_is_taken_without_an_annotation_is_no_news_of_the_next_one(void **state FC_UNUSED)
{
	BENCH(LIST, { .match = "watch=true",
		      .body = { EVENT("MODIFIED", "a", "101", ""), EVENT("DELETED", "a", "102", ""),
				EVENT("ADDED", "b", "103", RULE) },
		      .end = SCRIPTED_HOLD });
	struct fc_informer_callbacks taking;

	start_taking(b, &taking);
	assert_told(b, "begin\nend\ntaken ns/a 101\nobject ns/b 103\n");
	bench_free(b);
}

static int set_up(void **state FC_UNUSED)
{
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	fc_decode_init();
	return curl_global_init(CURL_GLOBAL_DEFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_told_later_is_the_listeners_alone),
		cmocka_unit_test(test_a_relist_inside_what_is_told_later_does_not_wait_for_a_silent_watch),
		cmocka_unit_test(test_without_memory_for_what_is_told_later_it_lists_again),
		cmocka_unit_test(test_a_stop_inside_what_is_told_later_ends_a_silent_watch),
		cmocka_unit_test(test_the_end_of_what_first_bore_an_annotation_when_it_was_taken_is_told),
		cmocka_unit_test(test_what_is_taken_without_an_annotation_is_no_news_of_the_next_one),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
