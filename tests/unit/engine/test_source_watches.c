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
		if (a->type == FC_ACTION_START_WATCH && !a->metadata_only) {
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
		char name[8];

		assert_int_equal(r.count, 1);
		snprintf(name, sizeof(name), "t%d", i);
		world_gone(w, watches.secrets[EDGE1], "ns", name, "900");
		follow(w, &r);
	}
	assert_int_equal(r.count, 0);
	world_watches_free(&watches);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
