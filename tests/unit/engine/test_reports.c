/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine counts and measures (design section 8, Metrics). */
#include "world.h"

struct fixture {
	struct world *w;
	struct world_watches watches;
	struct fc_action *source;
};

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->w = world_new();
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

/* The one measure of that metric that was taken since the last look; its value, and its labels as "a,b,c". */
static double measured(struct fixture *f, enum fc_metric_id id, const char *labels)
{
	struct fc_action *a;
	double value = 0;
	int count = 0;

	while ((a = world_take(f->w, FC_ACTION_MEASURE))) {
		char text[160] = "";

		for (size_t i = 0; i < FC_METRIC_MAX_LABELS && a->measure->labels[i]; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "",
				 a->measure->labels[i]);
		if (a->measure->id == id) {
			assert_string_equal(text, labels);
			value = a->measure->value;
			count++;
		}
		fc_action_free(a);
	}
	assert_int_equal(count, 1);
	return value;
}

static void source_changes(struct fixture *f, const char *value, const char *version)
{
	world_source_changes(f->w, f->source, value, version);
}

static struct fc_action *expect_write(struct fixture *f)
{
	struct fc_action *a = world_take(f->w, FC_ACTION_PATCH);

	assert_non_null(a);
	return a;
}

static void test_write_is_counted_by_what_became_of_it(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	source_changes(f, "2", "11");
	a = expect_write(f);
	world_answer(f->w, a, world_target("2", "22"));
	fc_action_free(a);
	assert_true(measured(f, FC_METRIC_WRITES, "edge-1,k8s-copier,patch,changed") == 1);
	source_changes(f, "3", "12");
	a = expect_write(f);
	world_answer(f->w, a, world_target("2", "22"));
	fc_action_free(a);
	assert_true(measured(f, FC_METRIC_WRITES, "edge-1,k8s-copier,patch,unchanged") == 1);
	source_changes(f, "4", "13");
	a = expect_write(f);
	world_fail(f->w, a, FC_ERR_CONFLICT, -1);
	fc_action_free(a);
	assert_true(measured(f, FC_METRIC_WRITES, "edge-1,k8s-copier,patch,conflict") == 1);
}

static void test_retry_is_counted_when_a_read_or_a_write_has_failed(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	source_changes(f, "2", "11");
	a = expect_write(f);
	world_fail(f->w, a, FC_ERR_SERVER, -1);
	fc_action_free(a);
	assert_true(measured(f, FC_METRIC_WORKQUEUE_RETRIES, "engine") == 1);
	world_tick(f->w, 1000);
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	world_fail(f->w, a, FC_ERR_SERVER, -1);
	fc_action_free(a);
	assert_true(measured(f, FC_METRIC_WORKQUEUE_RETRIES, "engine") == 1);
}

/* From the source's event to the answer to the write, whatever was in between. */
static void test_propagation_is_measured_from_the_event_of_the_source_to_the_answer(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	source_changes(f, "2", "11");
	a = expect_write(f);
	world_tick(f->w, 40);
	world_fail(f->w, a, FC_ERR_SERVER, -1);
	fc_action_free(a);
	world_tick(f->w, 960);
	world_answer_read(f->w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'a':'2'}}"));
	a = expect_write(f);
	world_tick(f->w, 500);
	world_drop(f->w);
	world_answer(f->w, a, world_target("2", "22"));
	fc_action_free(a);
	assert_true(measured(f, FC_METRIC_PROPAGATION_SECONDS, "k8s-copier") == 1.5);
}

/* There was no change of a source. */
static void test_rewrite_is_no_propagation(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	world_object(f->w, f->watches.secrets[EDGE1], world_target("drift", "30"));
	world_answer_read(f->w, "dst", world_target("drift", "30"));
	world_answer_read(f->w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	a = expect_write(f);
	world_answer(f->w, a, world_target("1", "31"));
	fc_action_free(a);
	while ((a = world_take(f->w, FC_ACTION_MEASURE))) {
		assert_int_not_equal(a->measure->id, FC_METRIC_PROPAGATION_SECONDS);
		fc_action_free(a);
	}
}

static void test_rules_are_counted_by_state(void **state)
{
	struct fixture *f = *state;
	size_t counts[FC_STATES], all = 0;

	world_object(f->w, f->watches.secrets[EDGE2],
		     world_bearer("bad", "40", WORLD_RULE("data", "nonsense"), "'a':'1'"));
	fc_engine_count_rules(f->w->engine, 0, counts);
	for (int i = 0; i < FC_STATES; i++)
		all += counts[i];
	assert_int_equal(all, 2);
	assert_int_equal(counts[FC_STATE_IN_SYNC], 1);
	assert_int_equal(counts[FC_STATE_INVALID], 1);
	world_gone(f->w, f->watches.secrets[EDGE2], "ns", "bad", "41");
	fc_engine_count_rules(f->w->engine, 0, counts);
	assert_int_equal(counts[FC_STATE_INVALID], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_write_is_counted_by_what_became_of_it),
		TEST(test_retry_is_counted_when_a_read_or_a_write_has_failed),
		TEST(test_propagation_is_measured_from_the_event_of_the_source_to_the_answer),
		TEST(test_rewrite_is_no_propagation),
		TEST(test_rules_are_counted_by_state),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
