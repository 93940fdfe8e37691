/* SPDX-License-Identifier: Apache-2.0 */
/* What a run that ends by itself has come to. */
#include "cli/outcome.h"

#include "base/mem.h"
#include "dialects/dialects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static enum fc_rule_verdict verdict(enum fc_state state, const char *reason)
{
	json_auto_t *rule = json_pack("{s:s, s:s}", "state", fc_state_name(state), "reason", reason);

	return fc_outcome_verdict(rule);
}

static void test_every_state_has_the_verdict_that_the_exit_status_needs(void **state FC_UNUSED)
{
	static const enum fc_rule_verdict verdicts[FC_STATES] = {
		[FC_STATE_INVALID] = FC_RULE_REFUSED,
		[FC_STATE_CYCLE] = FC_RULE_REFUSED,
		[FC_STATE_CLUSTER_UNREACHABLE] = FC_RULE_UNDECIDED,
		[FC_STATE_PENDING] = FC_RULE_UNDECIDED,
		[FC_STATE_NOT_ALLOWED] = FC_RULE_REFUSED,
		[FC_STATE_SOURCE_NOT_FOUND] = FC_RULE_WAITS,
		[FC_STATE_PATH_NOT_FOUND] = FC_RULE_WAITS,
		[FC_STATE_CONFLICT] = FC_RULE_REFUSED,
		[FC_STATE_FLAPPING] = FC_RULE_REFUSED,
		[FC_STATE_FORBIDDEN] = FC_RULE_UNDECIDED,
		[FC_STATE_ERROR] = FC_RULE_UNDECIDED,
	};

	for (int s = 0; s < FC_STATES; s++)
		if (s != FC_STATE_IN_SYNC)
			assert_int_equal(verdict((enum fc_state)s, "Whatever"), verdicts[s]);
	assert_int_equal(verdict(FC_STATE_PENDING, "TypeNotServed"), FC_RULE_WAITS);
	assert_int_equal(verdict(FC_STATE_PENDING, "TargetTerminating"), FC_RULE_REFUSED);
	assert_int_equal(verdict(FC_STATE_PENDING, "Paused"), FC_RULE_REFUSED);
}

static void test_a_rule_is_one_line(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	json_auto_t *rule = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "target", "edge-1/secrets/ns/a", "path", "data",
				      "state", "Pending", "reason", "TypeNotServed", "message", "line one\nline two",
				      "source", "hub/gadgets/ns/b");

	fc_outcome_put_rule(rule, &out);
	assert_string_equal(fc_buf_str(&out), "edge-1/secrets/ns/a data: Pending (TypeNotServed): line "
					      "one\\u000aline two (from hub/gadgets/ns/b)");
	fc_buf_clear(&out);
	json_object_set_new(rule, "reason", json_string("Pending"));
	json_object_set_new(rule, "source", json_string(""));
	fc_outcome_put_rule(rule, &out);
	assert_string_equal(fc_buf_str(&out), "edge-1/secrets/ns/a data: Pending: line one\\u000aline two");
}

/* --- with an engine --- */

struct fixture {
	struct fc_cluster_info infos[2];
	struct fc_engine_thread *thread;
	_Atomic uint32_t watch; /* of edge-1's secrets */
};

static void take_action(void *user, struct fc_action *action)
{
	struct fixture *f = user;

	/* Beside that of its targets the engine watches Namespaces. */
	if (action->type == FC_ACTION_START_WATCH && action->cluster == 1 &&
	    strcmp(action->resource->plural, "namespaces") != 0)
		f->watch = action->watch;
	fc_action_free(action);
}

static int setup(void **state)
{
	static const char *const targets[] = { "secrets" };
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->infos[0] = (struct fc_cluster_info){ .name = fc_xstrdup("hub"), .master = true };
	f->infos[1] = (struct fc_cluster_info){ .name = fc_xstrdup("edge-1") };
	f->thread = fc_engine_thread_new(&(struct fc_engine_thread_options){
		.engine = { .clusters = f->infos,
			    .cluster_count = 2,
			    .dialects = fc_dialects,
			    .target_words = targets,
			    .target_word_count = 1 },
		.on_action = take_action,
		.user = f,
		.rehearsal = true,
	});
	*state = f;
	return fc_engine_thread_start(f->thread, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_engine_thread_stop(f->thread);
	fc_engine_thread_free(f->thread);
	free(f->infos[0].name);
	free(f->infos[1].name);
	free(f);
	return 0;
}

static void post(struct fixture *f, enum fc_event_type type, fc_cluster_no cluster, enum fc_error_class cls)
{
	struct fc_event *e = fc_event_new(type);

	e->cluster = cluster;
	if (cls != FC_ERR_NONE)
		fc_error_set(&e->error, cls, "no way there");
	fc_engine_thread_post(f->thread, e);
}

static bool has_problem(const struct fc_outcome *o, const char *words)
{
	const json_t *problem;
	size_t i;

	json_array_foreach(o->problems, i, problem)
		if (strstr(json_string_value(problem), words))
			return true;
	return false;
}

/* Events that wait are taken after a call, which is made between two steps. */
static void take_until(struct fixture *f, const char *words, struct fc_outcome *o)
{
	for (;;) {
		assert_int_equal(fc_outcome_take(f->thread, o, NULL), 0);
		if (has_problem(o, words))
			return;
		fc_outcome_fini(o);
	}
}

static void test_clusters_that_were_not_reached_are_problems(void **state)
{
	struct fixture *f = *state;
	struct fc_outcome o;

	post(f, FC_EVENT_CLUSTER_DOWN, 1, FC_ERR_NETWORK);
	take_until(f, "cluster edge-1 was not reached: no way there", &o);
	assert_int_equal(json_array_size(o.problems), 2);
	assert_true(has_problem(&o, "cluster hub was not reached: it did not answer in time"));
	assert_int_equal(json_array_size(o.rules), 0);
	fc_outcome_fini(&o);
}

static void resolve(struct fixture *f, fc_cluster_no cluster)
{
	static const struct fc_resource secrets = {
		.group = "", .version = "v1", .plural = "secrets", .kind = "Secret", .namespaced = true, .verbs = ~0u
	};
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);

	e->cluster = cluster;
	e->name = fc_xstrdup("secrets");
	e->resource = fc_resource_new(&secrets);
	fc_engine_thread_post(f->thread, e);
}

static void nothing(struct fc_engine *e, void *user)
{
	(void)e;
	(void)user;
}

static void test_what_has_not_ended_is_a_problem(void **state)
{
	struct fixture *f = *state;
	struct fc_outcome o;

	for (fc_cluster_no c = 0; c < 2; c++)
		post(f, FC_EVENT_CLUSTER_UP, c, FC_ERR_NONE);
	take_until(f, "not done in time: cluster edge-1 has not said what secrets is", &o);
	assert_int_equal(json_array_size(o.rules), 0);
	fc_outcome_fini(&o);
}

/* Rules come in the order of their targets, whatever the engine's was; those in sync are counted only. */
static void test_rules_are_sorted_and_counted(void **state)
{
	static const char *const names[] = { "c", "a", "b" };
	struct fixture *f = *state;
	struct fc_outcome o;

	for (fc_cluster_no c = 0; c < 2; c++) {
		post(f, FC_EVENT_CLUSTER_UP, c, FC_ERR_NONE);
		resolve(f, c);
	}
	/* So the watch is there. */
	assert_int_equal(fc_engine_thread_call(f->thread, nothing, NULL, 30000), 0);
	while (!f->watch)
		assert_int_equal(fc_engine_thread_call(f->thread, nothing, NULL, 30000), 0);
	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++) {
		struct fc_event *e = fc_event_new(FC_EVENT_OBJECT);

		e->watch = f->watch;
		e->object = json_pack("{s:{s:s, s:s, s:s, s:{s:s}}}", "metadata", "name", names[i], "namespace", "ns",
				      "resourceVersion", "5", "annotations", "k8s-copier.fig.org/replace-data",
				      "no rule at all");
		fc_engine_thread_post(f->thread, e);
	}
	do {
		assert_int_equal(fc_outcome_take(f->thread, &o, NULL), 0);
		if (o.counts[FC_STATE_INVALID] == 3)
			break;
		fc_outcome_fini(&o);
	} while (true);
	for (size_t i = 0; i < 3; i++) {
		char target[64];

		snprintf(target, sizeof(target), "edge-1/secrets/ns/%c", (char)('a' + i));
		assert_string_equal(json_string_value(json_object_get(json_array_get(o.rules, i), "target")), target);
	}
	assert_true(fc_outcome_has(&o, FC_RULE_REFUSED));
	assert_false(fc_outcome_has(&o, FC_RULE_WAITS));
	assert_true(has_problem(&o, "has not listed secrets") || has_problem(&o, "cannot be listed"));
	fc_outcome_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_state_has_the_verdict_that_the_exit_status_needs),
		cmocka_unit_test(test_a_rule_is_one_line),
		cmocka_unit_test_setup_teardown(test_clusters_that_were_not_reached_are_problems, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_has_not_ended_is_a_problem, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules_are_sorted_and_counted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
