/* SPDX-License-Identifier: Apache-2.0 */
/* The thread around the engine: calls from outside, how long it has been stuck, and its end. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/engine_thread.h"
#include "dialects/dialects.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct fc_cluster_info info;
	struct fc_engine_thread *thread;
	char why[256];
	sem_t entered, leave;
};

static void on_give_up(void *user, const char *why)
{
	struct fixture *f = user;

	snprintf(f->why, sizeof(f->why), "%s", why);
}

static void drop_action(void *user, struct fc_action *action)
{
	(void)user;
	fc_action_free(action);
}

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));
	struct fc_engine_thread_options options = {
		.engine = { .clusters = &f->info, .cluster_count = 1, .dialects = fc_dialects },
		.on_action = drop_action,
		.on_give_up = on_give_up,
		.user = f,
	};

	f->info = (struct fc_cluster_info){ .name = fc_xstrdup("hub"), .master = true };
	f->thread = fc_engine_thread_new(&options);
	sem_init(&f->entered, 0, 0);
	sem_init(&f->leave, 0, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_engine_thread_free(f->thread);
	sem_destroy(&f->entered);
	sem_destroy(&f->leave);
	free(f->info.name);
	free(f);
	return 0;
}

static void count_rules(struct fc_engine *e, void *user)
{
	struct fc_engine_work work;

	fc_engine_work(e, &work);
	*(size_t *)user = work.rules + 1;
}

static void test_call_runs_between_two_steps_and_is_waited_for(void **state)
{
	struct fixture *f = *state;
	size_t rules = 0;

	assert_int_equal(fc_engine_thread_start(f->thread, NULL), 0);
	assert_int_equal(fc_engine_thread_call(f->thread, count_rules, &rules, 30000), 0);
	assert_int_equal(rules, 1);
	fc_engine_thread_stop(f->thread);
}

static void hold(struct fc_engine *e, void *user)
{
	struct fixture *f = user;

	(void)e;
	sem_post(&f->entered);
	sem_wait(&f->leave);
}

static void *hold_from_outside(void *user)
{
	struct fixture *f = user;

	assert_int_equal(fc_engine_thread_call(f->thread, hold, f, 30000), 0);
	return NULL;
}

static void test_call_to_a_busy_engine_is_given_up_and_never_made(void **state)
{
	struct fixture *f = *state;
	size_t rules = 0;
	pthread_t other;

	assert_int_equal(fc_engine_thread_start(f->thread, NULL), 0);
	pthread_create(&other, NULL, hold_from_outside, f);
	sem_wait(&f->entered);
	assert_int_equal(fc_engine_thread_call(f->thread, count_rules, &rules, 20), -1);
	sem_post(&f->leave);
	pthread_join(other, NULL);
	fc_engine_thread_stop(f->thread);
	assert_int_equal(rules, 0);
}

static void test_call_after_the_end_comes_back_at_once(void **state)
{
	struct fixture *f = *state;
	int64_t begun = fc_clock_mono_ms();
	size_t rules = 0;

	assert_int_equal(fc_engine_thread_start(f->thread, NULL), 0);
	fc_engine_thread_stop(f->thread);
	assert_int_equal(fc_engine_thread_call(f->thread, count_rules, &rules, 600000), -1);
	assert_true(fc_clock_mono_ms() - begun < 600000);
	assert_int_equal(rules, 0);
}

/* /livez must not fail because nothing happened for an hour and then something does. */
static void test_idle_time_is_no_time_of_being_stuck(void **state)
{
	struct fixture *f = *state;
	int64_t posted;

	/* Not started: the last step is as old as the thread's making. */
	posted = fc_clock_mono_ms();
	while (fc_clock_mono_ms() - posted < 30)
		;
	posted = fc_clock_mono_ms();
	assert_int_equal(fc_engine_thread_stuck_ms(f->thread), 0);
	fc_engine_thread_post(f->thread, fc_event_new(FC_EVENT_TICK));
	/* In this order: time may pass between the two. */
	int64_t stuck_ms = fc_engine_thread_stuck_ms(f->thread);
	assert_true(stuck_ms <= fc_clock_mono_ms() - posted);
}

/* --- k8s-copier D9: the original's table of rules was read by three threads while they wrote it --- */

#define POSTERS 3
#define OBJECTS_EACH 100

struct busy {
	struct fc_engine_thread *thread;
	struct fc_cluster_info info;
	sem_t watched;
	uint32_t watch;
	pthread_t actor; /* who made the first action */
	bool acted, others_acted;
};

static void note_action(void *user, struct fc_action *action)
{
	struct busy *b = user;

	b->others_acted = b->others_acted || (b->acted && !pthread_equal(b->actor, pthread_self()));
	b->actor = pthread_self();
	b->acted = true;
	if (action->type == FC_ACTION_START_WATCH && strcmp(action->resource->plural, "namespaces") != 0) {
		b->watch = action->watch;
		sem_post(&b->watched);
	}
	fc_action_free(action);
}

static struct fc_event *watch_event(const struct busy *b, enum fc_event_type type)
{
	struct fc_event *event = fc_event_new(type);

	event->watch = b->watch;
	return event;
}

struct poster {
	struct busy *busy;
	int number;
};

static void *post_targets(void *user)
{
	struct poster *p = user;

	for (int i = 0; i < OBJECTS_EACH; i++) {
		struct fc_event *event = watch_event(p->busy, FC_EVENT_OBJECT);
		FC_AUTO_FREE char *name = fc_xasprintf("target-%d-%d", p->number, i);

		event->object =
			json_pack("{s:{s:s, s:s, s:s, s:{s:s}}}", "metadata", "name", name, "namespace", "ns",
				  "resourceVersion", "1", "annotations", "k8s-copier.fig.org/replace-data.a", "json:1");
		fc_engine_thread_post(p->busy->thread, event);
	}
	return NULL;
}

static void *ask_again_and_again(void *user)
{
	struct busy *b = user;
	size_t rules = 0;

	while (rules < POSTERS * OBJECTS_EACH + 1)
		if (fc_engine_thread_call(b->thread, count_rules, &rules, 30000) < 0)
			break;
	return NULL;
}

static void post_words(struct busy *b)
{
	struct fc_resource configmaps = { .group = "",
					  .version = "v1",
					  .plural = "configmaps",
					  .singular = "configmap",
					  .kind = "ConfigMap",
					  .namespaced = true,
					  .verbs = ~0u };
	struct fc_event *event = fc_event_new(FC_EVENT_CLUSTER_UP);

	event->name = fc_xstrdup("id");
	fc_engine_thread_post(b->thread, event);
	event = fc_event_new(FC_EVENT_RESOLVED);
	event->name = fc_xstrdup("configmaps");
	event->resource = fc_resource_new(&configmaps);
	fc_engine_thread_post(b->thread, event);
	sem_wait(&b->watched);
	fc_engine_thread_post(b->thread, watch_event(b, FC_EVENT_LIST_BEGIN));
}

/* Events from many threads, questions from another: one thread owns the rules, and it alone acts. */
static void test_d09_one_thread_owns_the_rules_whoever_posts_and_asks(void **state)
{
	static const char *const words[] = { "configmaps" };
	struct busy b = { .info = { .name = fc_xstrdup("hub"), .master = true } };
	struct fc_engine_thread_options options = {
		.engine = { .clusters = &b.info,
			    .cluster_count = 1,
			    .dialects = fc_dialects,
			    .target_words = words,
			    .target_word_count = 1 },
		.on_action = note_action,
		.user = &b,
	};
	struct poster posters[POSTERS];
	pthread_t threads[POSTERS], asker;
	size_t rules = 0;

	(void)state;
	sem_init(&b.watched, 0, 0);
	b.thread = fc_engine_thread_new(&options);
	assert_int_equal(fc_engine_thread_start(b.thread, NULL), 0);
	post_words(&b);
	pthread_create(&asker, NULL, ask_again_and_again, &b);
	for (int i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){ .busy = &b, .number = i };
		pthread_create(&threads[i], NULL, post_targets, &posters[i]);
	}
	for (int i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	fc_engine_thread_post(b.thread, watch_event(&b, FC_EVENT_LIST_END));
	pthread_join(asker, NULL);
	assert_int_equal(fc_engine_thread_call(b.thread, count_rules, &rules, 30000), 0);
	assert_int_equal(rules, POSTERS * OBJECTS_EACH + 1);
	fc_engine_thread_stop(b.thread);
	assert_true(b.acted);
	assert_false(b.others_acted);
	fc_engine_thread_free(b.thread);
	sem_destroy(&b.watched);
	free(b.info.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_call_runs_between_two_steps_and_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_call_to_a_busy_engine_is_given_up_and_never_made, setup, teardown),
		cmocka_unit_test_setup_teardown(test_call_after_the_end_comes_back_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_time_is_no_time_of_being_stuck, setup, teardown),
		cmocka_unit_test(test_d09_one_thread_owns_the_rules_whoever_posts_and_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
