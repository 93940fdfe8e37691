/* SPDX-License-Identifier: Apache-2.0 */
/* What /metrics says of the engine: the workqueue_* that dashboards know, with this program's one queue as their name
 * (design section 8; kube-client 11.2), and the states of rules and clusters. */
#include "cli/status_sources.h"

#include "base/clock.h"
#include "base/mem.h"
#include "dialects/dialects.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct fc_cluster_info info;
	struct fc_status_context context;
	sem_t entered, leave;
};

static void drop_action(void *user, struct fc_action *action)
{
	(void)user;
	fc_action_free(action);
}

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->info = (struct fc_cluster_info){ .name = fc_xstrdup("hub"), .master = true };
	f->context.metrics = fc_metrics_new();
	f->context.dialects = fc_dialects;
	f->context.engine = fc_engine_thread_new(&(struct fc_engine_thread_options){
		.engine = { .clusters = &f->info, .cluster_count = 1, .dialects = fc_dialects },
		.metrics = f->context.metrics,
		.on_action = drop_action,
	});
	sem_init(&f->entered, 0, 0);
	sem_init(&f->leave, 0, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_engine_thread_free(f->context.engine);
	fc_metrics_free(f->context.metrics);
	sem_destroy(&f->entered);
	sem_destroy(&f->leave);
	free(f->info.name);
	free(f);
	return 0;
}

/* The value behind that series' name; -1: it is not there. */
static double value_of(struct fixture *f, const char *series)
{
	struct fc_serve_sources sources = fc_status_sources(&f->context);
	struct fc_buf text = FC_BUF_INIT;
	const char *at;
	double value = -1;

	sources.metrics(sources.user, &text);
	for (at = fc_buf_str(&text); at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (strncmp(at, series, strlen(series)) == 0 && at[strlen(series)] == ' ')
			value = strtod(at + strlen(series), NULL);
	fc_buf_fini(&text);
	return value;
}

static void nothing(struct fc_engine *e, void *user)
{
	(void)e;
	(void)user;
}

static void test_events_are_counted_and_timed(void **state)
{
	struct fixture *f = *state;

	/* Before anything has happened a dashboard finds the counter of what it waits for. */
	assert_int_equal(fc_engine_thread_start(f->context.engine, NULL), 0);
	assert_true(value_of(f, "workqueue_retries_total{name=\"engine\"}") == 0);
	for (int i = 0; i < 3; i++)
		fc_engine_thread_post(f->context.engine, fc_event_new(FC_EVENT_TICK));
	/* Behind them in the queue. */
	assert_int_equal(fc_engine_thread_call(f->context.engine, nothing, NULL, 30000), 0);
	while (fc_engine_thread_depth(f->context.engine))
		;
	assert_true(value_of(f, "workqueue_adds_total{name=\"engine\"}") == 3);
	fc_engine_thread_stop(f->context.engine);
	assert_int_equal(fc_metrics_get(f->context.metrics, FC_METRIC_WORKQUEUE_QUEUE_SECONDS, FC_LABELS("engine")), 3);
	assert_int_equal(fc_metrics_get(f->context.metrics, FC_METRIC_WORKQUEUE_WORK_SECONDS, FC_LABELS("engine")), 3);
}

static void test_events_that_wait_are_the_depth(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++)
		fc_engine_thread_post(f->context.engine, fc_event_new(FC_EVENT_TICK));
	assert_int_equal(fc_engine_thread_depth(f->context.engine), 5);
	assert_int_equal(fc_engine_thread_start(f->context.engine, NULL), 0);
	fc_engine_thread_stop(f->context.engine);
	assert_true(value_of(f, "workqueue_depth{name=\"engine\"}") == 0);
}

static void test_idle_engine_has_no_unfinished_work(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fc_engine_thread_start(f->context.engine, NULL), 0);
	assert_int_equal(fc_engine_thread_call(f->context.engine, nothing, NULL, 30000), 0);
	fc_engine_thread_stop(f->context.engine);
	assert_true(value_of(f, "workqueue_unfinished_work_seconds{name=\"engine\"}") == 0);
	assert_true(value_of(f, "workqueue_longest_running_processor_seconds{name=\"engine\"}") == 0);
}

static void test_every_state_and_every_cluster_has_its_series(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fc_engine_thread_start(f->context.engine, NULL), 0);
	for (int s = 0; s < FC_STATES; s++) {
		char series[120];

		snprintf(series, sizeof(series), "fedcopy_rules{dialect=\"k8s-copier\",state=\"%s\"}",
			 fc_state_name((enum fc_state)s));
		assert_true(value_of(f, series) == 0);
	}
	assert_true(value_of(f, "fedcopy_cluster_up{cluster=\"hub\"}") == 0);
	assert_true(value_of(f, "process_start_time_seconds") > 0);
	assert_true(value_of(f, "process_resident_memory_bytes") > 0);
	fc_engine_thread_stop(f->context.engine);
}

static void test_one_that_waits_for_being_elected_shows_no_engine(void **state)
{
	struct fixture *f = *state;
	struct fc_engine_thread *engine = atomic_exchange(&f->context.engine, NULL);
	struct fc_serve_sources sources = fc_status_sources(&f->context);
	struct fc_buf text = FC_BUF_INIT;
	uint64_t cursor = 0;
	bool more = true;

	assert_true(value_of(f, "workqueue_depth{name=\"engine\"}") == -1);
	assert_true(value_of(f, "process_start_time_seconds") > 0);
	assert_int_equal(sources.live(sources.user, &text), 0);
	assert_int_equal(sources.rules(sources.user, &cursor, &text, &more), 0);
	assert_false(more);
	assert_string_equal(fc_buf_str(&text), "");
	fc_buf_fini(&text);
	atomic_store(&f->context.engine, engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_events_are_counted_and_timed),
		TEST(test_events_that_wait_are_the_depth),
		TEST(test_idle_engine_has_no_unfinished_work),
		TEST(test_every_state_and_every_cluster_has_its_series),
		TEST(test_one_that_waits_for_being_elected_shows_no_engine),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
