/* SPDX-License-Identifier: Apache-2.0 */
/* What may be counted without a clock: allocations on the way of an event that no rule cares for, and the memory of a
 * rule. tests/bench/bench_engine.c measures the rest. */
#include "allocations.h"
#include "world.h"

static int setup(void **state)
{
	*state = world_new();
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* The event is made before and freed after what is counted. */
static size_t allocations_of(struct world *w, struct fc_event *event)
{
	size_t before;

	event->now_ms = w->now_ms;
	before = allocations.calls;
	fc_engine_step(w->engine, event, &w->actions);
	before = allocations.calls - before;
	fc_event_free(event);
	return before;
}

static struct fc_event *object_event(const struct fc_action *watch, json_t *object)
{
	struct fc_event *event = world_watch_event(FC_EVENT_OBJECT, watch);

	event->object = object;
	return event;
}

static struct fc_event *gone_event(const struct fc_action *watch, const char *name)
{
	struct fc_event *event = world_watch_event(FC_EVENT_OBJECT_GONE, watch);

	event->namespace_ = fc_xstrdup("ns");
	event->name = fc_xstrdup(name);
	event->resource_version = fc_xstrdup("900");
	return event;
}

static json_t *stranger(void)
{
	return J("{'metadata':{'name':'stranger','namespace':'elsewhere','uid':'x','resourceVersion':'800',"
		 "'annotations':{'example.org/note':'x'}},'data':{'a':'1'}}");
}

static void test_event_that_no_rule_cares_for_allocates_nothing(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, stopped = { .watch = 4711 };

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	/* Objects without a rule and objects that are no source: new, changed, gone. */
	assert_int_equal(allocations_of(w, object_event(watches.secrets[EDGE1], stranger())), 0);
	assert_int_equal(allocations_of(w, object_event(source, stranger())), 0);
	assert_int_equal(allocations_of(w, gone_event(watches.secrets[EDGE1], "stranger")), 0);
	assert_int_equal(allocations_of(w, gone_event(source, "stranger")), 0);
	/* What a watch says that was stopped already, and nothing but the time. */
	assert_int_equal(allocations_of(w, object_event(&stopped, world_target("2", "801"))), 0);
	assert_int_equal(allocations_of(w, fc_event_new(FC_EVENT_TICK)), 0);
	/* What is known: an echo that was dropped already, a version that is told once more. */
	assert_int_equal(allocations_of(w, object_event(watches.secrets[EDGE1], world_target("1", "21"))), 0);
	assert_null(w->actions.first);
	/* The counter counts. */
	assert_true(allocations_of(w, object_event(watches.secrets[EDGE1], world_target("1", "22"))) > 0);
	fc_action_free(source);
	world_watches_free(&watches);
}

#define RULES 2000
/* Under sanitizers blocks are as long as was asked for: there it is less. */
#define BYTES_PER_RULE 1792

static json_t *numbered(const char *kind, unsigned i, const char *annotations)
{
	return J(
		"{'metadata':{'name':'%s-%023u','namespace':'ns','uid':'%u','resourceVersion':'%u','annotations':{%s}},"
		"'data':{'the-certificate':'%u'}}",
		kind, i, i, i + 100, annotations, i);
}

static json_t *numbered_target(unsigned i)
{
	FC_AUTO_FREE char *rule =
		fc_xasprintf(WORLD_RULE("data.the-certificate", "secret:source-%023u:data.the-certificate"), i);

	return numbered("target", i, rule);
}

static void answer_reads(struct world *w)
{
	struct fc_action *a;

	while ((a = world_take(w, FC_ACTION_READ))) {
		world_answer(w, a, numbered_target((unsigned)strtoul(strchr(a->name, '-') + 1, NULL, 10)));
		fc_action_free(a);
	}
}

/* Names of 30 bytes, a path of 20, a source of its own, and all in sync. */
static void test_rule_more_costs_a_bounded_number_of_bytes(void **state)
{
	struct world *w = *state;
	struct fc_action *watch, *source;
	size_t before, counts[FC_STATES];

	world_up(w, HUB);
	world_resolve(w);
	watch = world_take_watch(w, HUB, "secrets", true);
	world_list_begin(w, watch);
	world_drop(w);
	before = allocations.live;
	for (unsigned i = 0; i < RULES; i++) {
		world_object(w, watch, numbered_target(i));
		world_resolve(w);
		answer_reads(w);
		world_drop(w);
	}
	world_list_end(w, watch);
	world_tick(w, 2000);
	source = world_take_watch(w, HUB, "secrets", false);
	assert_null(source->name);
	world_list_begin(w, source);
	for (unsigned i = 0; i < RULES; i++) {
		world_object(w, source, numbered("source", i, ""));
		world_drop(w);
	}
	world_list_end(w, source);
	world_drop(w);
	fc_engine_count_rules(w->engine, 0, counts);
	assert_int_equal(counts[FC_STATE_IN_SYNC], RULES);
	assert_in_range((allocations.live - before) / RULES, 256, BYTES_PER_RULE);
	fc_action_free(source);
	fc_action_free(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_event_that_no_rule_cares_for_allocates_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rule_more_costs_a_bounded_number_of_bytes, setup, teardown),
	};

	allocations_count();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
