/* SPDX-License-Identifier: Apache-2.0 */
/* Two writers undoing each other (design section 5, promise 6), word by word. */
#include "world.h"

struct fixture {
	struct world *w;
	struct world_watches watches;
	struct fc_action *source;
	int version; /* the newest of anything */
	char value[16];
};

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->w = world_new();
	f->version = 100;
	snprintf(f->value, sizeof(f->value), "1");
	world_start(f->w, &f->watches);
	world_pair(f->w, &f->watches, EDGE1, &f->source);
	world_drop(f->w);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_action_free(f->source);
	world_watches_free(&f->watches);
	world_free(f->w);
	free(f);
	return 0;
}

static json_t *target_at(struct fixture *f, const char *value, int version)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", version);
	f->version = version;
	return world_target(value, text);
}

/* Answers all reads; `undone` is what stands in the target. */
static void serve_reads(struct fixture *f, const char *undone)
{
	struct fc_action *a;

	while ((a = world_take(f->w, FC_ACTION_READ))) {
		world_answer(f->w, a,
			     strcmp(a->name, "dst") == 0
				     ? target_at(f, undone, f->version)
				     : J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'%d'},"
					 "'data':{'a':'%s'}}",
					 f->version, f->value));
		fc_action_free(a);
	}
}

/* The write that is asked for succeeds; false: none is. `pruned`: it changes nothing. */
static bool written(struct fixture *f, bool pruned)
{
	struct fc_action *a = world_take(f->w, FC_ACTION_PATCH);

	if (!a)
		return false;
	world_answer(f->w, a, pruned ? target_at(f, "rival", f->version) : target_at(f, f->value, f->version + 1));
	fc_action_free(a);
	return true;
}

/* Somebody changes the target, and that is undone at once; false: it is not. */
static bool rewritten(struct fixture *f)
{
	world_object(f->w, f->watches.secrets[EDGE1], target_at(f, "rival", f->version + 1));
	serve_reads(f, "rival");
	return written(f, false);
}

static void rewrite(struct fixture *f, int times, int64_t apart_ms)
{
	for (int i = 0; i < times; i++) {
		assert_true(rewritten(f));
		world_tick(f->w, apart_ms);
	}
}

static const char *state_of(const struct fixture *f)
{
	return world_state(f->w, "dst", "data");
}

static void source_value(struct fixture *f, const char *value)
{
	char text[16];

	snprintf(f->value, sizeof(f->value), "%s", value);
	snprintf(text, sizeof(text), "%d", ++f->version);
	world_source_changes(f->w, f->source, f->value, text);
}

static void new_source_value(struct fixture *f)
{
	char text[16];

	snprintf(text, sizeof(text), "v%d", f->version);
	source_value(f, text);
}

static void test_ten_rewrites_in_a_minute_are_no_flap_and_eleven_are(void **state)
{
	struct fixture *f = *state;

	rewrite(f, 10, 100);
	assert_string_equal(state_of(f), "InSync/InSync");
	/* The eleventh is sent still: that it is one too many shows when it is undone as well. */
	assert_true(rewritten(f));
	assert_false(rewritten(f));
	assert_string_equal(state_of(f), "Flapping/Flapping");
}

static void test_flap_is_reported_once(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;
	size_t told = 0;

	rewrite(f, 11, 100);
	assert_false(rewritten(f));
	for (int i = 0; i < 3; i++)
		world_tick(f->w, 10);
	while ((a = world_take(f->w, FC_ACTION_REPORT))) {
		told += a->report->state && strcmp(a->report->state, "Flapping") == 0;
		fc_action_free(a);
	}
	assert_int_equal(told, 1);
}

/* Six seconds apart, ten of them lie within a minute at any time. */
static void test_rewrites_further_apart_than_ten_in_a_minute_are_never_a_flap(void **state)
{
	struct fixture *f = *state;

	rewrite(f, 40, 6000);
	assert_string_equal(state_of(f), "InSync/InSync");
}

static void test_new_source_value_resets_the_count(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++) {
		rewrite(f, 10, 100);
		new_source_value(f);
		assert_true(written(f, false));
	}
	assert_string_equal(state_of(f), "InSync/InSync");
	rewrite(f, 10, 100);
	assert_string_equal(state_of(f), "InSync/InSync");
}

/* It is written at once: the delay was for the old value. */
static void test_new_source_value_ends_a_flap(void **state)
{
	struct fixture *f = *state;

	rewrite(f, 11, 100);
	assert_false(rewritten(f));
	new_source_value(f);
	serve_reads(f, "rival");
	assert_true(written(f, false));
	assert_string_equal(state_of(f), "InSync/InSync");
	rewrite(f, 10, 100);
	assert_string_equal(state_of(f), "InSync/InSync");
}

/* Somebody fights for it elsewhere, or it has come round from the target itself: it goes to and fro with the fight. */
static void test_value_that_was_wanted_in_the_fight_before_is_no_new_one(void **state)
{
	struct fixture *f = *state;

	rewrite(f, 1, 100);
	for (int i = 0; i < 20; i++) {
		source_value(f, i % 2 ? "to" : "fro");
		serve_reads(f, "rival");
		written(f, false);
		rewritten(f);
		world_tick(f->w, 100);
	}
	assert_string_equal(state_of(f), "Flapping/Flapping");
	source_value(f, "new");
	serve_reads(f, "rival");
	assert_true(written(f, false));
	assert_string_equal(state_of(f), "InSync/InSync");
}

/* A source that is told again with the same value is no new one. */
static void test_same_value_of_a_changed_source_resets_nothing(void **state)
{
	struct fixture *f = *state;
	char text[16];

	rewrite(f, 10, 100);
	snprintf(text, sizeof(text), "%d", ++f->version);
	world_source_changes(f->w, f->source, f->value, text);
	assert_quiet(f->w);
	assert_true(rewritten(f));
	assert_false(rewritten(f));
	assert_string_equal(state_of(f), "Flapping/Flapping");
}

static void test_changed_rule_resets_the_count(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	rewrite(f, 11, 100);
	world_object(f->w, f->watches.secrets[EDGE1],
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%d','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:ns/src:data'}},'data':{'a':'rival'}}",
		       ++f->version));
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	fc_action_free(a);
	assert_string_not_equal(state_of(f), "Flapping/Flapping");
}

static void test_answer_that_changes_nothing_never_counts(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 30; i++) {
		char other[16];

		/* Each time something else, so that what the server made of the last one says nothing. */
		snprintf(other, sizeof(other), "r%d", i);
		world_object(f->w, f->watches.secrets[EDGE1], target_at(f, other, f->version + 1));
		serve_reads(f, other);
		assert_true(written(f, true));
		world_tick(f->w, 10);
	}
	assert_string_equal(state_of(f), "InSync/InSync");
}

static void test_write_that_fails_is_no_rewrite(void **state)
{
	struct fixture *f = *state;

	rewrite(f, 9, 10);
	for (int i = 0; i < 5; i++) {
		struct fc_action *a;

		world_object(f->w, f->watches.secrets[EDGE1], target_at(f, "rival", f->version + 1));
		serve_reads(f, "rival");
		a = world_take(f->w, FC_ACTION_PATCH);
		assert_non_null(a);
		world_fail(f->w, a, FC_ERR_CONFLICT, -1);
		fc_action_free(a);
	}
	assert_true(rewritten(f));
	assert_string_equal(state_of(f), "InSync/InSync");
}

/* The write of a rule that is new undoes nothing; but from then on, or from when it was found in sync, the target is
 * its own. */
static void test_first_change_after_the_rule_was_found_in_sync_counts(void **state)
{
	struct fixture *f = *state;
	int rewrites = 0;

	world_object(f->w, f->watches.secrets[EDGE2], world_target("1", "50"));
	while (world_count(f->w, FC_ACTION_READ))
		world_answer_read(f->w, "dst", world_target("1", "50"));
	assert_string_equal(world_state(f->w, "edge-2", "data"), "InSync/InSync");
	for (int version = 60; rewrites < 30; version += 2) {
		char undone[16], back[16];
		struct fc_action *a;

		snprintf(undone, sizeof(undone), "%d", version);
		snprintf(back, sizeof(back), "%d", version + 1);
		world_object(f->w, f->watches.secrets[EDGE2], world_target("rival", undone));
		while ((a = world_take(f->w, FC_ACTION_READ))) {
			world_answer(f->w, a,
				     a->cluster == EDGE2 ? world_target("rival", undone)
							 : J("{'metadata':{'name':'src','namespace':'ns',"
							     "'resourceVersion':'10'},'data':{'a':'1'}}"));
			fc_action_free(a);
		}
		a = world_take(f->w, FC_ACTION_PATCH);
		if (!a)
			break;
		world_answer(f->w, a, world_target("1", back));
		fc_action_free(a);
		rewrites++;
	}
	assert_int_equal(rewrites, 11);
}

/* One second, then twice as long each time, up to five minutes; not even a read meanwhile. */
static void test_flap_is_slowed_down_more_and_more_up_to_five_minutes(void **state)
{
	struct fixture *f = *state;
	int64_t delay_ms = 1000;

	rewrite(f, 11, 0);
	for (int i = 0; i < 15; i++) {
		world_object(f->w, f->watches.secrets[EDGE1], target_at(f, "rival", f->version + 1));
		assert_quiet(f->w);
		assert_int_equal(fc_engine_deadline(f->w->engine) - f->w->now_ms, delay_ms);
		world_tick(f->w, delay_ms - 1);
		assert_quiet(f->w);
		world_tick(f->w, 1);
		serve_reads(f, "rival");
		assert_true(written(f, false));
		delay_ms = delay_ms * 2 < 300000 ? delay_ms * 2 : 300000;
	}
	assert_int_equal(delay_ms, 300000);
}

static void test_flap_ends_when_the_rival_gives_up(void **state)
{
	struct fixture *f = *state;

	rewrite(f, 11, 0);
	assert_false(rewritten(f));
	assert_string_equal(state_of(f), "Flapping/Flapping");
	world_tick(f->w, 1000);
	serve_reads(f, "rival");
	assert_true(written(f, false));
	assert_string_equal(state_of(f), "InSync/InSync");
	world_tick(f->w, 120000);
	/* A change long after is one of its own. */
	rewrite(f, 10, 100);
	assert_string_equal(state_of(f), "InSync/InSync");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_ten_rewrites_in_a_minute_are_no_flap_and_eleven_are),
		TEST(test_flap_is_reported_once),
		TEST(test_rewrites_further_apart_than_ten_in_a_minute_are_never_a_flap),
		TEST(test_new_source_value_resets_the_count),
		TEST(test_new_source_value_ends_a_flap),
		TEST(test_value_that_was_wanted_in_the_fight_before_is_no_new_one),
		TEST(test_same_value_of_a_changed_source_resets_nothing),
		TEST(test_changed_rule_resets_the_count),
		TEST(test_answer_that_changes_nothing_never_counts),
		TEST(test_write_that_fails_is_no_rewrite),
		TEST(test_first_change_after_the_rule_was_found_in_sync_counts),
		TEST(test_flap_is_slowed_down_more_and_more_up_to_five_minutes),
		TEST(test_flap_ends_when_the_rival_gives_up),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
