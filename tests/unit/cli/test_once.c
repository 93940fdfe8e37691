/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run that ends by itself, and what it says then. */
#include "cli/once.h"

#include "base/clock.h"
#include "base/mem.h"
#include "dialects/dialects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

struct fixture {
	struct fc_cluster_info info;
	struct fc_engine_thread *thread;
	struct fc_loop *loop;
};

static void drop_action(void *user, struct fc_action *action)
{
	(void)user;
	fc_action_free(action);
}

static int setup(void **state)
{
	static const struct fc_dialect *const dialects[] = { &fc_dialect_k8s_copier, NULL };
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->info = (struct fc_cluster_info){ .name = fc_xstrdup("hub"), .master = true };
	f->thread = fc_engine_thread_new(&(struct fc_engine_thread_options){
		.engine = { .clusters = &f->info, .cluster_count = 1, .dialects = dialects },
		.on_action = drop_action,
	});
	f->loop = fc_loop_new(NULL, NULL, NULL);
	*state = f;
	return f->loop ? fc_engine_thread_start(f->thread, NULL) : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_engine_thread_stop(f->thread);
	fc_engine_thread_free(f->thread);
	fc_loop_free(f->loop);
	free(f->info.name);
	free(f);
	return 0;
}

static void test_the_loop_ends_when_the_engine_is_at_rest(void **state)
{
	struct fixture *f = *state;
	struct fc_event *e = fc_event_new(FC_EVENT_CLUSTER_UP);
	int64_t begun = fc_clock_mono_ms();
	struct fc_once *once = fc_once_new(f->loop, f->thread, 600000);

	fc_engine_thread_post(f->thread, e);
	fc_loop_run(f->loop);
	assert_true(fc_clock_mono_ms() - begun < 300000);
	fc_once_free(once);
}

static void test_the_loop_ends_when_the_time_is_over(void **state)
{
	struct fixture *f = *state;
	int64_t begun = fc_clock_mono_ms();
	struct fc_once *once = fc_once_new(f->loop, f->thread, 120);

	fc_loop_run(f->loop);
	assert_true(fc_clock_mono_ms() - begun >= 120);
	fc_once_free(once);
	fc_once_free(NULL);
}

static json_t *rule(const char *path, const char *state, const char *reason)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "target", "edge-1/secrets/ns/a", "path", path, "source", "",
			 "state", state, "reason", reason, "message", "so it is");
}

static struct fc_outcome outcome(void)
{
	return (struct fc_outcome){ .rules = json_array(), .problems = json_array() };
}

static void test_all_well_is_no_word(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf table = FC_BUF_INIT, warnings = FC_BUF_INIT;
	struct fc_outcome o = outcome();

	assert_true(fc_once_report(&o, &table, &warnings));
	assert_int_equal(table.len + warnings.len, 0);
	fc_outcome_fini(&o);
}

static void test_what_is_not_there_is_a_warning_and_well(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf table = FC_BUF_INIT, warnings = FC_BUF_INIT;
	struct fc_outcome o = outcome();

	json_array_append_new(o.rules, rule("data", "SourceNotFound", "SourceNotFound"));
	assert_true(fc_once_report(&o, &table, &warnings));
	assert_int_equal(table.len, 0);
	assert_string_equal(fc_buf_str(&warnings), "warning: edge-1/secrets/ns/a data: SourceNotFound: so it is\n");
	fc_outcome_fini(&o);
}

static void test_what_is_not_well_is_a_row_of_the_table(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf table = FC_BUF_INIT, warnings = FC_BUF_INIT;
	struct fc_outcome o = outcome();

	json_array_append_new(o.rules, rule("data.long", "NotAllowed", "NotAllowed"));
	json_array_append_new(o.rules, rule("d", "Pending", "Queued"));
	json_array_append_new(o.rules, rule("data", "PathNotFound", "PathNotFound"));
	assert_false(fc_once_report(&o, &table, &warnings));
	assert_string_equal(fc_buf_str(&table),
			    "TARGET                PATH        SOURCE   STATE        REASON       MESSAGE\n"
			    "edge-1/secrets/ns/a   data.long   -        NotAllowed   NotAllowed   so it is\n"
			    "edge-1/secrets/ns/a   d           -        Pending      Queued       so it is\n");
	assert_non_null(strstr(fc_buf_str(&warnings), "PathNotFound"));
	fc_outcome_fini(&o);
}

static void test_a_problem_alone_is_not_well(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf table = FC_BUF_INIT, warnings = FC_BUF_INIT;
	struct fc_outcome o = outcome();

	json_array_append_new(o.problems, json_string("cluster edge-1 was not reached: refused"));
	assert_false(fc_once_report(&o, &table, &warnings));
	assert_int_equal(table.len, 0);
	assert_string_equal(fc_buf_str(&warnings), "fedcopy run: cluster edge-1 was not reached: refused\n");
	fc_outcome_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_loop_ends_when_the_engine_is_at_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_loop_ends_when_the_time_is_over, setup, teardown),
		cmocka_unit_test(test_all_well_is_no_word),
		cmocka_unit_test(test_what_is_not_there_is_a_warning_and_well),
		cmocka_unit_test(test_what_is_not_well_is_a_row_of_the_table),
		cmocka_unit_test(test_a_problem_alone_is_not_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
