/* SPDX-License-Identifier: Apache-2.0 */
/* What a cluster can take: limits that a 429 halves, the patience that it asks for, the rate that the operator sets
 * (design section 5, promise 6; section 8, flags). */
#include "engine/parts.h"

#include "world.h"

#define TARGETS 40
#define LIMIT 16

static json_t *target(int i, const char *value, int version)
{
	return J("{'metadata':{'name':'t%d','namespace':'ns','uid':'u%d','resourceVersion':'%d','annotations':"
		 "{'k8s-copier.fig.org/replace-data':'secret:src:data'}},'data':{'a':'%s'}}",
		 i, i, version, value);
}

static int number_of(const struct fc_action *a)
{
	return atoi(a->name + 1);
}

struct fixture {
	struct world *w;
	struct world_watches watches;
	struct fc_action *source;
	int version;
	char value[16];
};

/* A target of that number on that cluster, in sync at value 1. */
static void add_target(struct fixture *f, fc_cluster_no cluster, int i)
{
	struct fc_action *a;

	world_object(f->w, f->watches.secrets[cluster], target(i, "1", 100 + i));
	world_resolve(f->w);
	while ((a = world_take(f->w, FC_ACTION_READ))) {
		world_answer(f->w, a, target(number_of(a), "1", 100 + number_of(a)));
		fc_action_free(a);
	}
}

/* TARGETS targets of one source on edge-1. */
static struct fixture *begin(struct fc_engine_options options)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->version = 1000;
	f->w = world_new_tuned(options, 1);
	world_start(f->w, &f->watches);
	for (int i = 0; i < TARGETS; i++)
		add_target(f, EDGE1, i);
	f->source = world_take_watch(f->w, HUB, "secrets", false);
	assert_non_null(f->source);
	world_list(f->w, f->source,
		   J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_quiet(f->w);
	/* What reading them all has used up is there again. */
	world_tick(f->w, 60000);
	return f;
}

static void end(struct fixture *f)
{
	fc_action_free(f->source);
	world_watches_free(&f->watches);
	world_free(f->w);
	free(f);
}

static void source_changes(struct fixture *f)
{
	char version[16];

	snprintf(f->value, sizeof(f->value), "v%d", ++f->version);
	snprintf(version, sizeof(version), "%d", f->version);
	world_source_changes(f->w, f->source, f->value, version);
}

static size_t writes_asked(const struct fixture *f)
{
	return world_count(f->w, FC_ACTION_PATCH);
}

/* Answers one write as a server does that takes it. */
static void write_succeeds(struct fixture *f)
{
	struct fc_action *a = world_take(f->w, FC_ACTION_PATCH);
	const char *value;

	assert_non_null(a);
	value = json_string_value(json_object_get(json_object_get(json_array_get(a->body, 1), "value"), "a"));
	world_answer(f->w, a, target(number_of(a), value, ++f->version));
	fc_action_free(a);
}

/* Reads of the source, for values that were dropped while their targets waited, and of who is seen for the first time.
 */
static void serve_reads(struct fixture *f)
{
	struct fc_action *a;

	while ((a = world_take(f->w, FC_ACTION_READ))) {
		world_answer(
			f->w, a,
			strcmp(a->name, "src") == 0
				? J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'%d'},'data':{'a':'%s'}}",
				    atoi(f->value + 1), f->value)
				: target(number_of(a), "1", 400));
		fc_action_free(a);
	}
}

static void all_writes_succeed(struct fixture *f)
{
	while (writes_asked(f))
		write_succeeds(f);
}

static void write_fails(struct fixture *f, enum fc_error_class cls, int64_t retry_after_ms)
{
	struct fc_action *a = world_take(f->w, FC_ACTION_PATCH);

	assert_non_null(a);
	world_fail(f->w, a, cls, retry_after_ms);
	fc_action_free(a);
}

/* How many writes are under way at one time, if there is work for more. */
static unsigned limit_of(const struct fixture *f)
{
	return f->w->engine->clusters[EDGE1]->throttle.limit;
}

/* Everything that waits is done, however long that takes. */
static void settle(struct fixture *f)
{
	for (int i = 0; i < 1000; i++) {
		int64_t due_ms;

		serve_reads(f);
		all_writes_succeed(f);
		due_ms = fc_engine_deadline(f->w->engine);
		if (due_ms < 0)
			return;
		world_tick(f->w, due_ms > f->w->now_ms ? due_ms - f->w->now_ms : 1);
	}
	fail_msg("it does not come to rest");
}

static void test_429_halves_the_limit_of_what_is_under_way(void **state)
{
	struct fixture *f = begin((struct fc_engine_options){ 0 });

	(void)state;
	source_changes(f);
	assert_int_equal(writes_asked(f), LIMIT);
	write_fails(f, FC_ERR_THROTTLED, -1);
	/* 15 are under way; not before 7 are one more may begin. */
	for (int i = 0; i < LIMIT - 1 - LIMIT / 2; i++) {
		write_succeeds(f);
		assert_int_equal(writes_asked(f), LIMIT - 2 - i);
	}
	write_succeeds(f);
	assert_int_equal(writes_asked(f), LIMIT / 2);
	settle(f);
	source_changes(f);
	assert_int_equal(writes_asked(f), LIMIT / 2);
	end(f);
}

/* One burst that is refused is one reason: all of it was sent under the old limit. */
static void test_burst_that_is_refused_as_a_whole_halves_once_and_the_next_again(void **state)
{
	struct fixture *f = begin((struct fc_engine_options){ 0 });
	static const unsigned limits[] = { 8, 4, 2, 1, 1 };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(limits); i++) {
		source_changes(f);
		assert_int_equal(writes_asked(f), i == 0 ? LIMIT : limits[i - 1]);
		/* What takes their places is sent under the new limit, and waits for its answer. */
		for (unsigned k = i == 0 ? LIMIT : limits[i - 1]; k > 0; k--)
			write_fails(f, FC_ERR_THROTTLED, -1);
		assert_int_equal(limit_of(f), limits[i]);
		settle(f);
	}
	end(f);
}

static void test_limit_regains_one_with_each_hundred_successes_up_to_what_it_was(void **state)
{
	struct fixture *f = begin((struct fc_engine_options){ .max_in_flight = 4 });
	unsigned successes = 0;

	(void)state;
	source_changes(f);
	write_fails(f, FC_ERR_THROTTLED, -1);
	assert_int_equal(limit_of(f), 2);
	while (limit_of(f) < 4) {
		if (writes_asked(f) == 0) {
			settle(f);
			source_changes(f);
		}
		while (writes_asked(f) && limit_of(f) < 4) {
			write_succeeds(f);
			successes++;
			/* settle() has its own share of them. */
			assert_in_range(limit_of(f), 2, 4);
		}
		assert_true(successes <= 200);
	}
	for (int i = 0; i < 10; i++) {
		settle(f);
		source_changes(f);
		assert_int_equal(writes_asked(f), 4);
	}
	assert_int_equal(limit_of(f), 4);
	end(f);
}

/* Counted one by one. */
static void test_ninety_nine_successes_regain_nothing_and_another_429_counts_from_anew(void **state)
{
	struct fixture *f = begin((struct fc_engine_options){ .max_in_flight = 4 });
	struct fc_engine *e = f->w->engine;
	struct cluster *c = e->clusters[EDGE1];
	struct fc_error refusal = FC_ERROR_INIT, conflict = FC_ERROR_INIT;

	(void)state;
	fc_error_set(&refusal, FC_ERR_THROTTLED, "429");
	fc_error_set(&conflict, FC_ERR_CONFLICT, "409");
	throttle_answered(e, c, ++e->next_request, &refusal);
	assert_int_equal(limit_of(f), 2);
	for (int i = 0; i < 99; i++)
		throttle_answered(e, c, ++e->next_request, NULL);
	/* What is no success neither counts nor takes away. */
	throttle_answered(e, c, ++e->next_request, &conflict);
	assert_int_equal(limit_of(f), 2);
	throttle_answered(e, c, ++e->next_request, NULL);
	assert_int_equal(limit_of(f), 3);
	for (int i = 0; i < 99; i++)
		throttle_answered(e, c, ++e->next_request, NULL);
	throttle_answered(e, c, ++e->next_request, &refusal);
	assert_int_equal(limit_of(f), 1);
	for (int i = 0; i < 99; i++)
		throttle_answered(e, c, ++e->next_request, NULL);
	assert_int_equal(limit_of(f), 1);
	throttle_answered(e, c, ++e->next_request, NULL);
	assert_int_equal(limit_of(f), 2);
	end(f);
}

static void test_429_with_retry_after_closes_the_cluster_and_no_other_until_then(void **state)
{
	struct fixture *f = begin((struct fc_engine_options){ 0 });
	struct fc_action *a;
	size_t others = 0;

	(void)state;
	add_target(f, EDGE2, 90);
	source_changes(f);
	write_fails(f, FC_ERR_THROTTLED, 7000);
	/* What is under way may end; nothing new begins, on that cluster. */
	while ((a = world_take(f->w, FC_ACTION_PATCH))) {
		others += a->cluster == EDGE2;
		world_answer(f->w, a, target(number_of(a), f->value, ++f->version));
		fc_action_free(a);
	}
	assert_int_equal(others, 1);
	source_changes(f);
	assert_string_equal(world_state(f->w, "edge-1/secrets/ns/t39", NULL), "Pending/Throttled");
	while ((a = world_take(f->w, FC_ACTION_PATCH))) {
		assert_int_equal(a->cluster, EDGE2);
		fc_action_free(a);
	}
	/* A target that is seen for the first time is not read. */
	world_object(f->w, f->watches.secrets[EDGE1], target(91, "1", 400));
	assert_quiet(f->w);
	world_tick(f->w, 6999);
	assert_quiet(f->w);
	assert_int_equal(fc_engine_deadline(f->w->engine), f->w->now_ms + 1);
	world_tick(f->w, 1);
	serve_reads(f);
	assert_int_equal(writes_asked(f), LIMIT / 2);
	settle(f);
	end(f);
}

/* The longest of what it has said counts. */
static void test_second_retry_after_never_shortens_the_first(void **state)
{
	struct fixture *f = begin((struct fc_engine_options){ 0 });

	(void)state;
	source_changes(f);
	write_fails(f, FC_ERR_THROTTLED, 9000);
	write_fails(f, FC_ERR_THROTTLED, 1000);
	while (writes_asked(f))
		write_succeeds(f);
	world_tick(f->w, 8999);
	/* Nor is a value read that cannot be written yet. */
	assert_quiet(f->w);
	world_tick(f->w, 1);
	serve_reads(f);
	assert_true(writes_asked(f) > 0);
	end(f);
}

/* It is the target's own then: others go on. */
static void test_503_with_retry_after_keeps_back_its_target_alone(void **state)
{
	struct fixture *f = begin((struct fc_engine_options){ 0 });
	struct fc_action *a;

	(void)state;
	source_changes(f);
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_fail(f->w, a, FC_ERR_SERVER, 8000);
	assert_int_equal(limit_of(f), LIMIT);
	all_writes_succeed(f);
	world_tick(f->w, 7999);
	serve_reads(f);
	assert_int_equal(writes_asked(f), 0);
	world_tick(f->w, 1);
	serve_reads(f);
	assert_int_equal(writes_asked(f), 1);
	fc_action_free(a);
	end(f);
}

/* N at once after a while of nothing, then N in each second. */
static void test_rate_limit_lets_a_seconds_worth_go_at_once_and_then_one_by_one(void **state)
{
	struct fixture *f = begin((struct fc_engine_options){ .max_writes_per_second = 5 });
	size_t sent;

	(void)state;
	source_changes(f);
	assert_int_equal(writes_asked(f), 5);
	all_writes_succeed(f);
	assert_quiet(f->w);
	assert_int_equal(fc_engine_deadline(f->w->engine), f->w->now_ms + 200);
	assert_string_equal(world_state(f->w, "t39", NULL), "Pending/RateLimited");
	world_tick(f->w, 199);
	assert_quiet(f->w);
	world_tick(f->w, 1);
	assert_int_equal(writes_asked(f), 1);
	all_writes_succeed(f);
	for (sent = 6; sent < TARGETS;) {
		world_tick(f->w, 200);
		assert_int_equal(writes_asked(f), 1);
		all_writes_succeed(f);
		sent++;
	}
	world_tick(f->w, 60000);
	source_changes(f);
	/* Not more than a second's worth, however long it was quiet. */
	assert_int_equal(writes_asked(f), 5);
	end(f);
}

static void test_rate_of_one_cluster_is_not_used_up_by_another(void **state)
{
	struct fixture *f = begin((struct fc_engine_options){ .max_writes_per_second = 2 });
	struct fc_action *a;
	size_t edge1 = 0, edge2 = 0;

	(void)state;
	for (int i = 60; i < 65; i++)
		add_target(f, EDGE2, i);
	source_changes(f);
	while ((a = world_take(f->w, FC_ACTION_PATCH))) {
		edge1 += a->cluster == EDGE1;
		edge2 += a->cluster == EDGE2;
		fc_action_free(a);
	}
	assert_int_equal(edge1, 2);
	assert_int_equal(edge2, 2);
	end(f);
}

/* The rate is one of writes. */
static void test_reads_are_not_counted_in_the_rate(void **state)
{
	struct world *w = world_new_tuned((struct fc_engine_options){ .max_writes_per_second = 1 }, 1);
	struct world_watches watches;

	(void)state;
	world_start(w, &watches);
	for (int i = 0; i < 10; i++)
		world_object(w, watches.secrets[EDGE1], target(i, "1", 100 + i));
	world_resolve(w);
	assert_int_equal(world_count(w, FC_ACTION_READ), 10);
	world_watches_free(&watches);
	world_free(w);
}

/* design section 5, Writing; kube-client 13.17: connection lost, 504, deadline. */
static void test_write_of_unknown_outcome_is_read_back_exactly_once_before_the_next_decision(void **state)
{
	static const enum fc_error_class classes[] = { FC_ERR_NETWORK, FC_ERR_TIMEOUT };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(classes) * 2; i++) {
		bool happened = i % 2;
		struct world *w = world_new();
		struct world_watches watches;
		struct fc_action *source, *a;

		world_start(w, &watches);
		world_pair(w, &watches, EDGE1, &source);
		world_source_changes(w, source, "2", "11");
		a = world_take(w, FC_ACTION_PATCH);
		assert_non_null(a);
		world_fail(w, a, classes[i / 2], -1);
		fc_action_free(a);
		assert_quiet(w);
		world_tick(w, 5000);
		assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
		assert_int_equal(world_count(w, FC_ACTION_READ), 1);
		world_answer_read(w, "dst", happened ? world_target("2", "22") : world_target("1", "21"));
		/* Of what has happened it is told once more, which is no news. */
		world_object(w, watches.secrets[EDGE1], world_target(happened ? "2" : "1", happened ? "22" : "21"));
		if (happened) {
			assert_quiet(w);
			assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
		} else {
			world_answer_read(
				w, "src",
				J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'a':'2'}}"));
			assert_int_equal(world_count(w, FC_ACTION_READ), 0);
			assert_int_equal(world_count(w, FC_ACTION_PATCH), 1);
		}
		fc_action_free(source);
		world_watches_free(&watches);
		world_free(w);
	}
}

/* What was never sent has no outcome to look for. */
static void test_write_that_was_not_sent_is_not_read_back(void **state)
{
	struct world *w = world_new();
	struct world_watches watches;
	struct fc_action *source, *a;
	struct fc_event *event = fc_event_new(FC_EVENT_RESULT);

	(void)state;
	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	event->cluster = EDGE1;
	event->request = a->request;
	fc_error_set(&event->error, FC_ERR_NETWORK, "nothing was sent, the cluster is down");
	world_step(w, event);
	fc_action_free(a);
	world_tick(w, 5000);
	/* The value was not kept while it had to wait. */
	world_answer_read(w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'a':'2'}}"));
	assert_int_equal(world_count(w, FC_ACTION_READ), 0);
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 1);
	fc_action_free(source);
	world_watches_free(&watches);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_429_halves_the_limit_of_what_is_under_way),
		cmocka_unit_test(test_burst_that_is_refused_as_a_whole_halves_once_and_the_next_again),
		cmocka_unit_test(test_limit_regains_one_with_each_hundred_successes_up_to_what_it_was),
		cmocka_unit_test(test_ninety_nine_successes_regain_nothing_and_another_429_counts_from_anew),
		cmocka_unit_test(test_429_with_retry_after_closes_the_cluster_and_no_other_until_then),
		cmocka_unit_test(test_second_retry_after_never_shortens_the_first),
		cmocka_unit_test(test_503_with_retry_after_keeps_back_its_target_alone),
		cmocka_unit_test(test_rate_limit_lets_a_seconds_worth_go_at_once_and_then_one_by_one),
		cmocka_unit_test(test_rate_of_one_cluster_is_not_used_up_by_another),
		cmocka_unit_test(test_reads_are_not_counted_in_the_rate),
		cmocka_unit_test(test_write_of_unknown_outcome_is_read_back_exactly_once_before_the_next_decision),
		cmocka_unit_test(test_write_that_was_not_sent_is_not_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
