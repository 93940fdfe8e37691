/* SPDX-License-Identifier: Apache-2.0 */
/* How wide sources are watched (design section 5, Reading). */
#include "world.h"

/* The watches of sources that run, in the order of their start. */
struct running {
	struct fc_action *items[256];
	size_t count;
};

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

/* Takes note of what was started and stopped since. */
static void follow(struct world *w, struct running *r)
{
	struct fc_action *a;

	while ((a = fc_actions_take(&w->actions))) {
		if (a->type == FC_ACTION_START_WATCH && a->content == FC_WATCH_BODIES) {
			r->items[r->count++] = a;
			continue;
		}
		for (size_t i = 0; a->type == FC_ACTION_STOP_WATCH && i < r->count; i++) {
			if (r->items[i]->watch != a->watch)
				continue;
			fc_action_free(r->items[i]);
			memmove(&r->items[i], &r->items[i + 1], (r->count - i - 1) * sizeof(r->items[0]));
			r->count--;
			break;
		}
		fc_action_free(a);
	}
}

static void forget(struct running *r)
{
	while (r->count)
		fc_action_free(r->items[--r->count]);
}

static struct fc_action *find(const struct running *r, const char *namespace_, bool named)
{
	for (size_t i = 0; i < r->count; i++) {
		const char *have = r->items[i]->namespace_;

		if ((r->items[i]->name != NULL) == named &&
		    (namespace_ ? have && strcmp(have, namespace_) == 0 : have == NULL))
			return r->items[i];
	}
	return NULL;
}

/* A target in that namespace with a source of its own. */
static void add(struct world *w, struct world_watches *watches, const char *namespace_, int i)
{
	world_object(w, watches->secrets[EDGE1],
		     J("{'metadata':{'name':'t%d','namespace':'%s','uid':'%s-%d','resourceVersion':'%d','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:s%d:data'}}}",
		       i, namespace_, namespace_, i, 100 + i, i));
	world_resolve(w);
}

/* That target goes, and with it its source. */
static void take_away(struct world *w, struct world_watches *watches, const char *namespace_, int i)
{
	FC_AUTO_FREE char *name = fc_xasprintf("t%d", i);

	world_gone(w, watches->secrets[EDGE1], namespace_, name, "900");
}

/* The watch of that source alone. */
static struct fc_action *find_own(const struct running *r, const char *namespace_, int i)
{
	FC_AUTO_FREE char *name = fc_xasprintf("s%d", i);

	for (size_t k = 0; k < r->count; k++)
		if (r->items[k]->name && strcmp(r->items[k]->name, name) == 0 &&
		    strcmp(r->items[k]->namespace_, namespace_) == 0)
			return r->items[k];
	return NULL;
}

static void watch_fails(struct world *w, const struct fc_action *watch, enum fc_error_class cls)
{
	struct fc_event *e = world_watch_event(FC_EVENT_WATCH_FAILED, watch);

	fc_error_set(&e->error, cls, "%s", fc_error_class_name(cls));
	world_step(w, e);
}

static json_t *source(const char *namespace_, int i)
{
	return J("{'metadata':{'name':'s%d','namespace':'%s','resourceVersion':'%d'},'data':{'a':'%d'}}", i, namespace_,
		 500 + i, i);
}

static void test_eight_sources_of_a_namespace_are_named_one_by_one_the_ninth_widens(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *wide, *read;

	world_start(w, &watches);
	for (int i = 0; i < 8; i++)
		add(w, &watches, "ns", i);
	follow(w, &r);
	assert_int_equal(r.count, 8);
	assert_string_equal(r.items[3]->name, "s3");
	assert_string_equal(r.items[3]->namespace_, "ns");
	for (int i = 0; i < 8; i++)
		world_list(w, r.items[i], source("ns", i));
	add(w, &watches, "ns", 8);
	follow(w, &r);
	/* The old ones run until the new one has synced. */
	assert_int_equal(r.count, 9);
	wide = find(&r, "ns", false);
	assert_non_null(wide);
	world_list_begin(w, wide);
	for (int i = 0; i < 9; i++)
		if (i != 2)
			world_object(w, wide, source("ns", i));
	follow(w, &r);
	assert_int_equal(r.count, 9);
	world_list_end(w, wide);
	/* What the wide list did not name may have come after its snapshot: its own watch had shown it. A read tells.
	 */
	read = world_take(w, FC_ACTION_READ);
	while (read && strcmp(read->name, "s2") != 0) {
		fc_action_free(read);
		read = world_take(w, FC_ACTION_READ);
	}
	assert_non_null(read);
	follow(w, &r);
	assert_int_equal(r.count, 1);
	assert_ptr_equal(r.items[0], wide);
	world_fail(w, read, FC_ERR_NOT_FOUND, -1);
	fc_action_free(read);
	assert_string_equal(world_state(w, "/t2", NULL), "SourceNotFound/SourceNotFound");
	assert_string_not_equal(world_state(w, "/t3", NULL), "SourceNotFound/SourceNotFound");
	forget(&r);
	world_watches_free(&watches);
}

static void test_source_added_under_a_synced_wide_watch_is_read_once(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *a, *wide;
	bool read = false;

	world_start(w, &watches);
	for (int i = 0; i < 9; i++)
		add(w, &watches, "ns", i);
	follow(w, &r);
	wide = find(&r, "ns", false);
	world_list(w, wide, source("ns", 0));
	follow(w, &r);
	add(w, &watches, "ns", 20);
	while ((a = fc_actions_take(&w->actions))) {
		read = read || (a->type == FC_ACTION_READ && strcmp(a->name, "s20") == 0);
		assert_int_not_equal(a->type, FC_ACTION_START_WATCH);
		fc_action_free(a);
	}
	assert_true(read);
	forget(&r);
	world_watches_free(&watches);
}

/* Its object may have gone by in a page that is over already: the end of this list must not make it absent. */
static void test_source_added_while_a_wide_list_is_under_way_is_not_taken_for_gone(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *a, *read = NULL, *wide;

	world_start(w, &watches);
	for (int i = 0; i < 9; i++)
		add(w, &watches, "ns", i);
	follow(w, &r);
	wide = find(&r, "ns", false);
	world_list_begin(w, wide);
	world_object(w, wide, source("ns", 20));
	follow(w, &r);
	add(w, &watches, "ns", 20);
	while ((a = fc_actions_take(&w->actions))) {
		if (a->type == FC_ACTION_READ && strcmp(a->name, "s20") == 0)
			read = fc_steal(&a);
		fc_action_free(a);
	}
	assert_non_null(read);
	world_list_end(w, wide);
	follow(w, &r);
	assert_string_not_equal(world_state(w, "/t20", NULL), "SourceNotFound/SourceNotFound");
	world_answer(w, read, source("ns", 20));
	assert_string_not_equal(world_state(w, "/t20", NULL), "SourceNotFound/SourceNotFound");
	fc_action_free(read);
	forget(&r);
	world_watches_free(&watches);
}

static void test_fifth_wide_namespace_becomes_a_watch_of_the_cluster(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *all;

	world_start(w, &watches);
	for (int n = 0; n < 4; n++) {
		char namespace_[8];

		snprintf(namespace_, sizeof(namespace_), "n%d", n);
		for (int i = 0; i < 9; i++)
			add(w, &watches, namespace_, i);
		follow(w, &r);
		assert_non_null(find(&r, namespace_, false));
		world_list(w, find(&r, namespace_, false), NULL);
		follow(w, &r);
	}
	assert_int_equal(r.count, 4);
	for (int i = 0; i < 9; i++)
		add(w, &watches, "n4", i);
	follow(w, &r);
	all = find(&r, NULL, false);
	assert_non_null(all);
	assert_null(find(&r, "n4", false));
	world_list(w, all, NULL);
	follow(w, &r);
	assert_int_equal(r.count, 1);
	assert_ptr_equal(r.items[0], all);
	forget(&r);
	world_watches_free(&watches);
}

static void test_forty_named_watches_of_a_resource_are_enough(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;

	world_start(w, &watches);
	for (int n = 0; n < 40; n++) {
		char namespace_[8];

		snprintf(namespace_, sizeof(namespace_), "n%d", n);
		add(w, &watches, namespace_, 0);
	}
	follow(w, &r);
	assert_int_equal(r.count, 40);
	add(w, &watches, "n40", 0);
	follow(w, &r);
	assert_int_equal(r.count, 41);
	assert_non_null(find(&r, "n40", false));
	forget(&r);
	world_watches_free(&watches);
}

/* The rights may be just for those namespaces. */
static void test_with_selected_namespaces_nothing_is_watched_cluster_wide(void **state)
{
	static const char *const targets[] = { "secrets" };
	static const char *const namespaces[] = { "n0", "n1", "n2", "n3", "n4", "n5" };
	struct world *w = world_new_with(targets, 1, namespaces, 6);
	struct running r = { .count = 0 };
	struct fc_action *watch[6];

	(void)state;
	world_up(w, HUB);
	world_up(w, EDGE1);
	world_resolve(w);
	for (int n = 0; n < 6; n++)
		watch[n] = world_take_watch(w, EDGE1, "secrets", true);
	for (int n = 0; n < 6; n++) {
		for (int i = 0; i < 9; i++) {
			struct world_watches as = { .secrets = { NULL, watch[n], NULL } };

			add(w, &as, watch[n]->namespace_, i);
		}
	}
	/* The third cluster never answers: it is not waited for longer than this. */
	assert_int_equal(fc_engine_deadline(w->engine), w->now_ms + 2000);
	follow(w, &r);
	assert_int_equal(r.count, 0);
	world_tick(w, 2000);
	follow(w, &r);
	/* Nine of each were known by then: nobody was watched alone first. */
	assert_int_equal(r.count, 6);
	assert_null(find(&r, NULL, false));
	for (int n = 0; n < 6; n++) {
		assert_non_null(find(&r, namespaces[n], false));
		fc_action_free(watch[n]);
	}
	forget(&r);
	world_free(w);
}

static void test_last_rule_of_a_source_ends_its_watch(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;

	world_start(w, &watches);
	for (int i = 0; i < 9; i++)
		add(w, &watches, "ns", i);
	follow(w, &r);
	world_list(w, find(&r, "ns", false), NULL);
	follow(w, &r);
	for (int i = 0; i < 9; i++) {
		size_t left = (size_t)(8 - i);

		take_away(w, &watches, "ns", i);
		follow(w, &r);
		/* With four left each has begun to be watched alone. */
		assert_int_equal(r.count, left == 0 ? 0 : left <= 4 ? 1 + left : 1);
	}
	world_watches_free(&watches);
}

/* Nine sources of one namespace under one watch of it, which has synced. */
static struct fc_action *widened(struct world *w, struct world_watches *watches, struct running *r)
{
	struct fc_action *wide;

	world_start(w, watches);
	for (int i = 0; i < 9; i++)
		add(w, watches, "ns", i);
	follow(w, r);
	wide = find(r, "ns", false);
	assert_non_null(wide);
	world_list_begin(w, wide);
	for (int i = 0; i < 9; i++)
		world_object(w, wide, source("ns", i));
	world_list_end(w, wide);
	follow(w, r);
	assert_int_equal(r->count, 1);
	return wide;
}

static void test_half_of_what_made_it_wide_is_watched_one_by_one_again(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *wide = widened(w, &watches, &r);

	for (int i = 8; i > 3; i--) {
		follow(w, &r);
		assert_int_equal(r.count, 1);
		take_away(w, &watches, "ns", i);
	}
	follow(w, &r);
	/* The wide one is relied on until each of the others has synced. */
	assert_int_equal(r.count, 5);
	assert_ptr_equal(r.items[0], wide);
	for (int i = 0; i < 4; i++) {
		assert_ptr_equal(r.items[0], wide);
		world_list(w, find_own(&r, "ns", i), source("ns", i));
		assert_int_equal(world_count(w, FC_ACTION_READ), 0);
		follow(w, &r);
	}
	assert_int_equal(r.count, 4);
	assert_null(find(&r, "ns", false));
	forget(&r);
	world_watches_free(&watches);
}

/* Absence in the list of a watch that takes over is a question, and an answer that fails is none. */
static void test_read_at_a_hand_over_that_fails_is_made_again(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *a;

	(void)widened(w, &watches, &r);
	world_object(w, watches.secrets[EDGE1],
		     world_bearer("dst", "300", WORLD_RULE("data", "secret:s0:data"), "'a':'0'"));
	world_answer_read(w, "dst", world_bearer("dst", "300", WORLD_RULE("data", "secret:s0:data"), "'a':'0'"));
	assert_string_equal(world_state(w, "ns/dst", NULL), "InSync/InSync");
	for (int i = 8; i > 3; i--)
		take_away(w, &watches, "ns", i);
	follow(w, &r);
	for (int i = 1; i < 4; i++)
		world_list(w, find_own(&r, "ns", i), source("ns", i));
	/* The wide watch has told of it, and ends before it tells that it is gone. */
	world_list(w, find_own(&r, "ns", 0), NULL);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "s0");
	world_fail(w, a, FC_ERR_SERVER, 0);
	fc_action_free(a);
	world_tick(w, 1000);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "s0");
	world_fail(w, a, FC_ERR_NOT_FOUND, 0);
	fc_action_free(a);
	assert_string_equal(world_state(w, "ns/dst", NULL), "SourceNotFound/SourceNotFound");
	follow(w, &r);
	forget(&r);
	world_watches_free(&watches);
}

static void test_between_the_two_thresholds_nothing_is_started_or_stopped(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;

	(void)widened(w, &watches, &r);
	for (int round = 0; round < 3; round++) {
		for (int i = 5; i < 9; i++)
			take_away(w, &watches, "ns", i);
		for (int i = 5; i < 9; i++)
			add(w, &watches, "ns", i);
	}
	assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
	assert_int_equal(world_count(w, FC_ACTION_STOP_WATCH), 0);
	forget(&r);
	world_watches_free(&watches);
}

static void test_growing_while_narrowing_turns_round(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *wide = widened(w, &watches, &r);

	for (int i = 4; i < 9; i++)
		take_away(w, &watches, "ns", i);
	follow(w, &r);
	world_list(w, find_own(&r, "ns", 0), source("ns", 0));
	for (int i = 4; i < 9; i++)
		add(w, &watches, "ns", i);
	follow(w, &r);
	assert_int_equal(r.count, 1);
	assert_ptr_equal(r.items[0], wide);
	forget(&r);
	world_watches_free(&watches);
}

static void test_few_crowded_namespaces_end_the_watch_of_the_cluster(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *all;

	world_start(w, &watches);
	for (int n = 0; n < 5; n++) {
		FC_AUTO_FREE char *namespace_ = fc_xasprintf("n%d", n);

		for (int i = 0; i < 9; i++)
			add(w, &watches, namespace_, i);
	}
	follow(w, &r);
	all = find(&r, NULL, false);
	assert_non_null(all);
	world_list(w, all, NULL);
	follow(w, &r);
	assert_int_equal(r.count, 1);
	/* Three crowded ones and one with three sources: not yet. */
	for (int i = 0; i < 9; i++)
		take_away(w, &watches, "n4", i);
	for (int i = 3; i < 9; i++)
		take_away(w, &watches, "n3", i);
	follow(w, &r);
	assert_int_equal(r.count, 1);
	for (int i = 4; i < 9; i++)
		take_away(w, &watches, "n2", i);
	follow(w, &r);
	/* Two namespaces as a whole, three and four sources by their names. */
	assert_int_equal(r.count, 1 + 2 + 3 + 4);
	for (size_t i = r.count - 1; i > 0; i--)
		world_list(w, r.items[i], NULL);
	follow(w, &r);
	assert_int_equal(r.count, 2 + 3 + 4);
	assert_null(find(&r, NULL, false));
	forget(&r);
	world_watches_free(&watches);
}

/* RBAC may name single objects: a wide watch is refused then, and the narrow ones work (design section 5, Reading). */
static void test_where_a_wide_watch_is_forbidden_all_are_watched_by_their_names(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *wide;

	world_start(w, &watches);
	for (int i = 0; i < 9; i++)
		add(w, &watches, "ns", i);
	follow(w, &r);
	wide = find(&r, "ns", false);
	for (int i = 0; i < 8; i++)
		world_list(w, find_own(&r, "ns", i), source("ns", i));
	watch_fails(w, wide, FC_ERR_FORBIDDEN);
	for (int i = 9; i < 60; i++)
		add(w, &watches, "ns", i);
	follow(w, &r);
	assert_int_equal(r.count, 61);
	for (int i = 0; i < 60; i++)
		assert_non_null(find_own(&r, "ns", i));
	assert_string_equal(world_state(w, "/t8", NULL), "Pending/FirstSync");
	world_list(w, find_own(&r, "ns", 8), NULL);
	assert_string_equal(world_state(w, "/t8", NULL), "SourceNotFound/SourceNotFound");
	/* The rights come: the wide one takes over. */
	world_list_begin(w, wide);
	for (int i = 0; i < 60; i++)
		world_object(w, wide, source("ns", i));
	world_list_end(w, wide);
	follow(w, &r);
	assert_int_equal(r.count, 1);
	assert_ptr_equal(r.items[0], wide);
	forget(&r);
	world_watches_free(&watches);
}

static void test_wide_watch_that_is_forbidden_later_gives_its_sources_back_to_narrow_ones(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *wide = widened(w, &watches, &r);

	watch_fails(w, wide, FC_ERR_FORBIDDEN);
	follow(w, &r);
	assert_int_equal(r.count, 10);
	/* What is known stays, and is not read again. */
	for (int i = 0; i < 9; i++)
		world_list(w, find_own(&r, "ns", i), source("ns", i));
	assert_int_equal(world_count(w, FC_ACTION_READ), 0);
	/* Another failure is no permission. */
	watch_fails(w, wide, FC_ERR_SERVER);
	follow(w, &r);
	assert_int_equal(r.count, 10);
	forget(&r);
	world_watches_free(&watches);
}

static void test_where_the_cluster_may_not_be_watched_its_namespaces_may(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;
	struct fc_action *all;

	world_start(w, &watches);
	for (int n = 0; n < 5; n++) {
		FC_AUTO_FREE char *namespace_ = fc_xasprintf("n%d", n);

		for (int i = 0; i < 9; i++)
			add(w, &watches, namespace_, i);
	}
	follow(w, &r);
	all = find(&r, NULL, false);
	assert_non_null(all);
	watch_fails(w, all, FC_ERR_FORBIDDEN);
	for (int i = 0; i < 9; i++)
		add(w, &watches, "n5", i);
	follow(w, &r);
	assert_non_null(find(&r, "n4", false));
	assert_non_null(find(&r, "n5", false));
	for (int n = 0; n < 6; n++) {
		FC_AUTO_FREE char *namespace_ = fc_xasprintf("n%d", n);

		world_list(w, find(&r, namespace_, false), NULL);
	}
	follow(w, &r);
	/* Those of the six namespaces, and the one that goes on trying. */
	assert_int_equal(r.count, 7);
	forget(&r);
	world_watches_free(&watches);
}

static void test_source_whose_own_watch_is_forbidden_makes_its_rule_forbidden(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches watches;

	world_start(w, &watches);
	add(w, &watches, "ns", 0);
	follow(w, &r);
	watch_fails(w, find_own(&r, "ns", 0), FC_ERR_FORBIDDEN);
	assert_string_equal(world_state(w, "/t0", NULL), "Forbidden/SourceForbidden");
	forget(&r);
	world_watches_free(&watches);
}

static void test_many_crowded_namespaces_at_the_start_are_watched_as_one_cluster_at_once(void **state)
{
	struct world *w = *state;
	struct running r = { .count = 0 };
	struct world_watches as = { 0 };

	world_up(w, HUB);
	world_up(w, EDGE1);
	world_resolve(w);
	as.secrets[EDGE1] = world_take_watch(w, EDGE1, "secrets", true);
	for (int n = 0; n < 5; n++) {
		FC_AUTO_FREE char *namespace_ = fc_xasprintf("n%d", n);

		for (int i = 0; i < 9; i++)
			add(w, &as, namespace_, i);
	}
	add(w, &as, "n5", 0);
	world_tick(w, 2000);
	follow(w, &r);
	assert_int_equal(r.count, 1);
	assert_non_null(find(&r, NULL, false));
	/* Where that is forbidden, each namespace is watched, and the single one by its name. */
	watch_fails(w, r.items[0], FC_ERR_FORBIDDEN);
	follow(w, &r);
	assert_int_equal(r.count, 1 + 5 + 1);
	assert_non_null(find_own(&r, "n5", 0));
	forget(&r);
	world_watches_free(&as);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_eight_sources_of_a_namespace_are_named_one_by_one_the_ninth_widens,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_source_added_under_a_synced_wide_watch_is_read_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_source_added_while_a_wide_list_is_under_way_is_not_taken_for_gone,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifth_wide_namespace_becomes_a_watch_of_the_cluster, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_forty_named_watches_of_a_resource_are_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(test_with_selected_namespaces_nothing_is_watched_cluster_wide, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_last_rule_of_a_source_ends_its_watch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_of_what_made_it_wide_is_watched_one_by_one_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_read_at_a_hand_over_that_fails_is_made_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_between_the_two_thresholds_nothing_is_started_or_stopped, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_growing_while_narrowing_turns_round, setup, teardown),
		cmocka_unit_test_setup_teardown(test_few_crowded_namespaces_end_the_watch_of_the_cluster, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_where_a_wide_watch_is_forbidden_all_are_watched_by_their_names,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_wide_watch_that_is_forbidden_later_gives_its_sources_back_to_narrow_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_where_the_cluster_may_not_be_watched_its_namespaces_may, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_source_whose_own_watch_is_forbidden_makes_its_rule_forbidden,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_many_crowded_namespaces_at_the_start_are_watched_as_one_cluster_at_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
