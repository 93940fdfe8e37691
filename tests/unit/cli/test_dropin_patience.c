/* SPDX-License-Identifier: Apache-2.0 */
/* A drop-in that does not wait for ever. */
#include "cli/dropin_patience.h"

#include "base/clock.h"
#include "base/mem.h"
#include "dialects/dialects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { PATIENCE_MS = 60 };

struct fixture {
	struct fc_cluster_info info;
	struct fc_engine_thread *thread;
	struct fc_loop *loop;
	struct fc_timer *timer;
	struct fc_error why;
	int64_t begun_ms;
};

static void drop_action(void *user, struct fc_action *action)
{
	(void)user;
	fc_action_free(action);
}

static int setup(void **state)
{
	static const struct fc_dialect *const dialects[] = { &fc_dialect_object_sync, NULL };
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->info = (struct fc_cluster_info){ .name = fc_xstrdup("hub"), .master = true };
	f->thread = fc_engine_thread_new(&(struct fc_engine_thread_options){
		.engine = { .clusters = &f->info, .cluster_count = 1, .dialects = dialects },
		.on_action = drop_action,
	});
	f->loop = fc_loop_new(NULL, NULL, NULL);
	f->begun_ms = fc_clock_mono_ms();
	*state = f;
	return f->loop ? fc_engine_thread_start(f->thread, NULL) : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_engine_thread_stop(f->thread);
	fc_engine_thread_free(f->thread);
	fc_loop_timer_cancel(f->loop, &f->timer);
	fc_loop_free(f->loop);
	free(f->info.name);
	free(f);
	return 0;
}

static void over(void *user, const struct fc_error *why)
{
	struct fixture *f = user;

	f->why = *why;
	fc_loop_stop(f->loop);
}

static void end(void *user)
{
	struct fixture *f = user;

	f->timer = NULL;
	fc_loop_stop(f->loop);
}

/* Until its patience is over, or would have been. */
static void wait(struct fixture *f)
{
	struct fc_dropin_patience *p = fc_dropin_patience_new(&(struct fc_dropin_patience_options){
		.loop = f->loop, .engine = f->thread, .ms = PATIENCE_MS, .on_over = over, .user = f });

	f->timer = fc_loop_timer(f->loop, 2 * PATIENCE_MS, end, f);
	fc_loop_run(f->loop);
	fc_dropin_patience_free(p);
}

static void test_a_cluster_that_is_never_reached_is_waited_for_no_longer_than_that(void **state)
{
	struct fixture *f = *state;
	struct fc_event *e = fc_event_new(FC_EVENT_CLUSTER_DOWN);

	fc_error_set(&e->error, FC_ERR_NETWORK, "connection refused");
	fc_engine_thread_post(f->thread, e);
	wait(f);
	assert_true(fc_clock_mono_ms() - f->begun_ms >= PATIENCE_MS);
	assert_int_equal(f->why.cls, FC_ERR_TIMEOUT);
	assert_non_null(strstr(f->why.text, "Namespaces could not be listed within 0 s: "));
	assert_non_null(strstr(f->why.text, "connection refused"));
}

static void test_a_cluster_that_is_reached_and_asks_for_nothing_is_well(void **state)
{
	struct fixture *f = *state;
	struct fc_event *e = fc_event_new(FC_EVENT_CLUSTER_UP);

	e->server_version = fc_xstrdup("v1.20.2");
	fc_engine_thread_post(f->thread, e);
	wait(f);
	assert_int_equal(f->why.cls, FC_ERR_NONE);
	assert_null(f->timer);
}

static void test_one_that_is_freed_before_says_nothing(void **state)
{
	struct fixture *f = *state;
	struct fc_dropin_patience *p = fc_dropin_patience_new(&(struct fc_dropin_patience_options){
		.loop = f->loop, .engine = f->thread, .ms = PATIENCE_MS, .on_over = over, .user = f });

	fc_dropin_patience_free(p);
	fc_dropin_patience_free(NULL);
	f->timer = fc_loop_timer(f->loop, 2 * PATIENCE_MS, end, f);
	fc_loop_run(f->loop);
	assert_int_equal(f->why.cls, FC_ERR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_cluster_that_is_never_reached_is_waited_for_no_longer_than_that,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_cluster_that_is_reached_and_asks_for_nothing_is_well, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_one_that_is_freed_before_says_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
