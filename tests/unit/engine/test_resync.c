/* SPDX-License-Identifier: Apache-2.0 */
/* From time to time everything is looked at again (design section 5, Reading; promises 1 to 3). */
#include "engine/parts.h"

#include "world.h"

#define PERIOD_MS (30 * 60 * 1000)

struct fixture {
	struct world *w;
	struct world_watches watches;
	struct fc_action *source;
};

static void begin(struct fixture *f, uint64_t seed)
{
	*f = (struct fixture){
		.w = world_new_tuned((struct fc_engine_options){ .resync_period_ms = PERIOD_MS }, seed),
	};
	world_start(f->w, &f->watches);
	world_pair(f->w, &f->watches, EDGE1, &f->source);
	world_drop(f->w);
}

static void end(struct fixture *f)
{
	fc_action_free(f->source);
	world_watches_free(&f->watches);
	world_free(f->w);
}

static int setup(void **state)
{
	*state = fc_xcalloc(1, sizeof(struct fixture));
	begin(*state, 1);
	return 0;
}

static int teardown(void **state)
{
	end(*state);
	free(*state);
	return 0;
}

#define WATCHES (2 * CLUSTERS)

static const struct fc_action *nth_watch(const struct fixture *f, int i)
{
	return i % 2 ? f->watches.secrets[i / 2] : f->watches.configmaps[i / 2];
}

/* Lets that time pass, moment by moment; every relist is noted in `at` and answered with what is known. */
static void pass(struct fixture *f, int64_t ms, int64_t at[WATCHES])
{
	int64_t end_ms = f->w->now_ms + ms, due_ms;

	while ((due_ms = fc_engine_deadline(f->w->engine)) >= 0 && due_ms <= end_ms) {
		struct fc_action *a;

		world_tick(f->w, due_ms - f->w->now_ms);
		while ((a = world_take(f->w, FC_ACTION_RELIST))) {
			for (int i = 0; i < WATCHES; i++) {
				if (nth_watch(f, i)->watch != a->watch)
					continue;
				assert_int_equal(a->cluster, nth_watch(f, i)->cluster);
				assert_int_equal(at[i], 0);
				at[i] = f->w->now_ms;
				world_list(f->w, nth_watch(f, i),
					   nth_watch(f, i) == f->watches.secrets[EDGE1] ? world_target("1", "21")
											: NULL);
			}
			/* Sources are not read again. */
			assert_int_not_equal(a->watch, f->source->watch);
			fc_action_free(a);
		}
	}
	f->w->now_ms = end_ms;
}

static void test_every_metadata_watch_lists_once_in_each_period_at_a_moment_of_its_own(void **state)
{
	struct fixture *f = *state;
	int64_t first[WATCHES] = { 0 }, begun_ms = f->w->now_ms;

	pass(f, PERIOD_MS, first);
	for (int i = 0; i < WATCHES; i++) {
		assert_in_range(first[i], begun_ms + 1, begun_ms + PERIOD_MS);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(first[i], first[k]);
	}
	/* The moment stays the same. */
	for (int round = 1; round < 4; round++) {
		int64_t at[WATCHES] = { 0 };

		pass(f, PERIOD_MS, at);
		for (int i = 0; i < WATCHES; i++)
			assert_int_equal(at[i], first[i] + round * (int64_t)PERIOD_MS);
	}
	/* Promises 2 and 3. */
	assert_quiet(f->w);
}

static void test_moments_come_from_the_seed(void **state)
{
	int64_t at[3][WATCHES] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fixture f;

		begin(&f, i < 2 ? 7 : 8);
		pass(&f, PERIOD_MS, at[i]);
		end(&f);
	}
	assert_memory_equal(at[0], at[1], sizeof(at[0]));
	assert_memory_not_equal(at[0], at[2], sizeof(at[0]));
}

/* Takes the request to list that watch again, whenever it comes within a period. */
static void wait_relist(struct fixture *f, const struct fc_action *watch)
{
	for (int64_t end_ms = f->w->now_ms + PERIOD_MS; f->w->now_ms < end_ms;) {
		struct fc_action *a;

		world_tick(f->w, fc_engine_deadline(f->w->engine) - f->w->now_ms);
		while ((a = world_take(f->w, FC_ACTION_RELIST))) {
			bool found = a->watch == watch->watch;

			/* The others: their lists say nothing of what is not there. */
			if (!found)
				world_step(f->w, world_watch_event(FC_EVENT_LIST_END, a));
			fc_action_free(a);
			if (found)
				return;
		}
	}
	fail_msg("watch %u was not asked to list again", watch->watch);
}

static void test_relist_reveals_what_a_watch_has_missed(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	/* A drift. */
	wait_relist(f, f->watches.secrets[EDGE1]);
	world_list(f->w, f->watches.secrets[EDGE1], world_target("drift", "30"));
	world_answer_read(f->w, "dst", world_target("drift", "30"));
	world_answer_read(f->w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_answer(f->w, a, world_target("1", "31"));
	fc_action_free(a);
	assert_string_equal(world_state(f->w, "edge-1/secrets/ns/dst", "data"), "InSync/InSync");
	/* A new one. */
	wait_relist(f, f->watches.secrets[EDGE2]);
	world_list(f->w, f->watches.secrets[EDGE2], world_target("1", "40"));
	world_answer_read(f->w, "dst", world_target("1", "40"));
	/* And a deletion. */
	wait_relist(f, f->watches.secrets[EDGE1]);
	world_list(f->w, f->watches.secrets[EDGE1], NULL);
	assert_string_equal(world_state(f->w, "edge-1/secrets/ns/dst", "data"), "none");
}

/* Whatever it is that has been forgotten: the list alone, which brings nothing new, has it decided upon again. */
static void test_what_is_stored_is_decided_upon_again(void **state)
{
	struct fixture *f = *state;
	struct target *t = fc_table_next(&f->w->engine->targets, &(uint32_t){ 0 });

	t->rules->present = fc_digest_json(NULL);
	assert_null(t->rules->echo);
	world_list(f->w, f->watches.secrets[EDGE1], world_target("1", "21"));
	assert_quiet(f->w);
	wait_relist(f, f->watches.secrets[EDGE1]);
	world_list(f->w, f->watches.secrets[EDGE1], world_target("1", "21"));
	world_answer_read(f->w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 1);
}

/* The world answers these by itself. */
static void test_namespaces_list_again_too(void **state)
{
	struct fixture *f = *state;
	const struct watch *watch = f->w->engine->clusters[EDGE1]->namespaces_watch;
	int64_t at[WATCHES] = { 0 };
	uint32_t lists;

	assert_non_null(watch);
	lists = watch->generation;
	pass(f, PERIOD_MS, at);
	assert_int_equal(watch->generation, lists + 1);
}

/* Takes all requests to list again; how many of them are for targets of that cluster. */
static size_t relists(struct fixture *f, fc_cluster_no cluster)
{
	struct fc_action *a;
	size_t count = 0;

	while ((a = world_take(f->w, FC_ACTION_RELIST))) {
		for (int i = 0; i < WATCHES; i++)
			count += nth_watch(f, i)->watch == a->watch && a->cluster == cluster;
		fc_action_free(a);
	}
	return count;
}

/* It lists anyway, or will not be answered. */
static void test_watch_that_fails_or_is_at_a_list_and_a_cluster_that_is_away_are_not_asked(void **state)
{
	struct fixture *f = *state;
	struct fc_event *failed = world_watch_event(FC_EVENT_WATCH_FAILED, f->watches.secrets[EDGE1]);

	fc_error_set(&failed->error, FC_ERR_SERVER, "500");
	world_step(f->w, failed);
	world_list_begin(f->w, f->watches.configmaps[EDGE1]);
	world_down(f->w, EDGE2);
	world_drop(f->w);
	world_tick(f->w, PERIOD_MS);
	assert_int_equal(relists(f, EDGE1), 0);
	world_tick(f->w, 3 * PERIOD_MS);
	assert_int_equal(relists(f, EDGE2), 0);
}

/* He may be slow: one that is told to begin anew again and again comes to no end. */
static void test_watch_that_has_not_listed_within_a_period_is_left_in_peace_for_another(void **state)
{
	struct fixture *f = *state;

	world_tick(f->w, PERIOD_MS);
	assert_int_equal(relists(f, HUB), 2);
	world_tick(f->w, PERIOD_MS);
	assert_int_equal(relists(f, HUB), 0);
	world_tick(f->w, PERIOD_MS);
	assert_int_equal(relists(f, HUB), 2);
}

/* Retry-After of a 429 is for all that is sent to the cluster. */
static void test_relist_waits_while_the_cluster_asks_for_patience(void **state)
{
	struct fixture *f = *state;
	struct cluster *c = f->w->engine->clusters[EDGE1];
	struct fc_error refusal = FC_ERROR_INIT;

	fc_error_set(&refusal, FC_ERR_THROTTLED, "429");
	refusal.retry_after_ms = PERIOD_MS + 5000;
	f->w->engine->now_ms = f->w->now_ms;
	throttle_answered(f->w->engine, c, 1, &refusal);
	world_tick(f->w, PERIOD_MS + 4999);
	assert_int_equal(relists(f, EDGE1), 0);
	world_tick(f->w, 1);
	assert_int_equal(relists(f, EDGE1), 2);
}

static void test_period_of_zero_means_never(void **state)
{
	struct world *w = world_new_tuned((struct fc_engine_options){ 0 }, 1);
	struct world_watches watches;
	struct fc_action *source;

	(void)state;
	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	assert_int_equal(fc_engine_deadline(w->engine), -1);
	world_tick(w, 100 * (int64_t)PERIOD_MS);
	assert_int_equal(world_count(w, FC_ACTION_RELIST), 0);
	fc_action_free(source);
	world_watches_free(&watches);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_every_metadata_watch_lists_once_in_each_period_at_a_moment_of_its_own),
		cmocka_unit_test(test_moments_come_from_the_seed),
		TEST(test_relist_reveals_what_a_watch_has_missed),
		TEST(test_what_is_stored_is_decided_upon_again),
		TEST(test_namespaces_list_again_too),
		TEST(test_watch_that_fails_or_is_at_a_list_and_a_cluster_that_is_away_are_not_asked),
		TEST(test_watch_that_has_not_listed_within_a_period_is_left_in_peace_for_another),
		TEST(test_relist_waits_while_the_cluster_asks_for_patience),
		cmocka_unit_test(test_period_of_zero_means_never),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
