/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/watcher_words.h"

#include "unit/clusters/types_world.h"

#define WIDGETS TYPE("example.com", "v1", "widgets", "Widget")
#define WIDGETS_ALPHA TYPE("example.com", "v1alpha1", "widgets", "Widget")
#define WIDGETS_OF_CLUSTER ((struct world_type){ "example.com", "v1", "widgets", "Widget", true })
#define GADGETS TYPE("other.com", "v1", "gadgets", "Gadget")
#define NOTHING ((struct world_type){ .plural = NULL })

static bool follows(struct world *world)
{
	return world->watcher->types.informer && !world->watcher->types.listing && world->watcher->types.newest;
}

static bool is_quiet(struct world *world)
{
	return !world->watcher->words.discovery && !world->watcher->looks.timer;
}

/* Discovery shows it in place of the first. Returns how many discoveries began before. */
static unsigned serve(struct world *world, struct world_type type)
{
	unsigned before;

	WITH_WORLD(world, before = world->discoveries; world->types[0] = type);
	return before;
}

/* A CRD that concerns nobody, so that the informer has seen something. */
static struct world *world_with_a_crd(void)
{
	struct world *world = world_new();

	world_crd_event(world, "ADDED", "foreign.nobody.org", 1);
	return world;
}

static struct world *world_with_widgets(const char *text)
{
	struct world *world = world_with_a_crd();

	world_crd_event(world, "ADDED", "widgets.example.com", 1);
	world_serve(world, 0, WIDGETS);
	world_up(world);
	world_ask(world, text);
	world_expect(world, text, "example.com/v1");
	WORLD_WAIT(world, follows(world) && is_quiet(world));
	return world;
}

static void test_a_type_that_is_installed_is_found_within_seconds(void **state FC_UNUSED)
{
	struct world *world = world_with_a_crd();

	world_up(world);
	world_ask(world, "widgets.example.com");
	world_expect(world, "widgets.example.com", "");
	world_ask(world, "gadget");
	world_expect(world, "gadget", "");
	WORLD_WAIT(world, follows(world) && is_quiet(world));

	world_crd_event(world, "ADDED", "widgets.example.com", 1);
	/* Discovery is behind. */
	world_turn(world, 600);
	unsigned before = serve(world, WIDGETS);
	world_expect(world, "widgets.example.com", "example.com/v1");
	assert_in_range(world_count(world, &world->discoveries), before, before + 1);
	/* What comes is waited for 20 s at most: by itself it would be looked for after 30 to 60 s. */
	world_crd_event(world, "ADDED", "gadgets.other.com", 1);
	world_serve(world, 1, GADGETS);
	world_expect(world, "gadget", "other.com/v1");
	/* Found is found. */
	WORLD_WAIT(world, is_quiet(world));
	world_end(world);
}

static void test_words_of_built_in_types_follow_no_crds(void **state FC_UNUSED)
{
	struct world *world = world_with_a_crd();

	world_serve(world, 0, TYPE("apps", "v1", "deployments", "Deployment"));
	world_up(world);
	world_ask(world, "secrets");
	world_expect(world, "secrets", "/v1");
	world_ask(world, "deployment");
	world_expect(world, "deployment", "apps/v1");
	world_turn(world, 100);
	assert_int_equal(world_count(world, &world->crd_lists), 0);
	assert_null(world->watcher->types.informer);

	/* The first that is not built in does, until it is forgotten. */
	world_ask(world, "widgets.example.com");
	world_expect(world, "widgets.example.com", "");
	WORLD_WAIT(world, follows(world));
	world_forget(world, "widgets.example.com");
	assert_null(world->watcher->types.informer);
	assert_null(world->watcher->types.timer);
	world_end(world);
}

static void test_a_type_whose_crd_goes_is_not_served_and_comes_back_with_it(void **state FC_UNUSED)
{
	static const char *const words[] = { "widgets.example.com", "Widget" };

	for (size_t i = 0; i < FC_ARRAY_LEN(words); i++) {
		struct world *world = world_with_widgets(words[i]);

		world_crd_event(world, "DELETED", "widgets.example.com", 1);
		world_turn(world, 400);
		unsigned before = serve(world, NOTHING);
		world_expect(world, words[i], "");
		/* The first look after it went; a word without a group is looked for in all the others too. */
		assert_in_range(world_count(world, &world->discoveries), before, before + 1 + i);
		world_crd_event(world, "ADDED", "widgets.example.com", 1);
		before = serve(world, WIDGETS);
		world_expect(world, words[i], "example.com/v1");
		assert_in_range(world_count(world, &world->discoveries), before, before + 1);
		world_end(world);
	}
}

static void test_a_type_that_moves_to_another_version_is_followed_at_once(void **state FC_UNUSED)
{
	struct world *world = world_with_a_crd();

	world_crd_event(world, "ADDED", "widgets.example.com", 1);
	world_serve(world, 0, WIDGETS_ALPHA);
	world_up(world);
	world_ask(world, "widgets");
	world_expect(world, "widgets", "example.com/v1alpha1");
	WORLD_WAIT(world, follows(world));
	/* Both are served: it stays (3.17). */
	world_crd_event(world, "MODIFIED", "widgets.example.com", 2);
	world_serve(world, 1, WIDGETS);
	unsigned before = world_count(world, &world->discoveries);
	WORLD_WAIT(world, world_count(world, &world->discoveries) > before + 1);
	world_expect_nothing(world);
	world_crd_event(world, "MODIFIED", "widgets.example.com", 3);
	world_serve(world, 0, NOTHING);
	world_expect(world, "widgets", "example.com/v1");
	world_end(world);
}

static void test_a_type_that_is_made_again_with_another_scope_is_told(void **state FC_UNUSED)
{
	struct world *world = world_with_widgets("widgets.example.com");

	world_crd_event(world, "DELETED", "widgets.example.com", 1);
	world_crd_event(world, "ADDED", "widgets.example.com", 1);
	world_serve(world, 0, WIDGETS_OF_CLUSTER);
	struct fc_event *event = world_next(world, FC_EVENT_RESOLVED);
	assert_non_null(event->resource);
	assert_false(event->resource->namespaced);
	fc_event_free(event);
	world_end(world);
}

static void test_types_that_concern_no_word_cause_no_look(void **state FC_UNUSED)
{
	struct world *world = world_with_widgets("widgets.example.com");
	unsigned before = world_count(world, &world->discoveries);

	/* Another group; another type of the group; the status of its own. */
	world_crd_event(world, "ADDED", "widgets.nobody.org", 1);
	world_crd_event(world, "ADDED", "gadgets.example.com", 1);
	world_crd_event(world, "MODIFIED", "widgets.example.com", 1);
	world_crd_event(world, "DELETED", "widgets.nobody.org", 1);
	world_turn(world, 500);
	assert_true(is_quiet(world));
	assert_int_equal(world_count(world, &world->discoveries), before);
	world_end(world);
}

static void test_a_look_reads_the_group_concerned_and_no_other(void **state FC_UNUSED)
{
	struct world *world = world_with_a_crd();

	world_serve(world, 0, GADGETS);
	world_up(world);
	world_ask(world, "widget");
	world_expect(world, "widget", "");
	WORLD_WAIT(world, follows(world) && is_quiet(world));
	unsigned core = world_count(world, &world->core_read), documents = world_count(world, &world->documents);
	world_serve(world, 1, WIDGETS);
	world_crd_event(world, "ADDED", "widgets.example.com", 1);
	world_expect(world, "widget", "example.com/v1");
	assert_int_equal(world_count(world, &world->core_read), core);
	assert_int_equal(world_count(world, &world->documents), documents + 1);
	world_end(world);
}

static void test_a_type_that_came_between_discovery_and_the_first_list_is_found(void **state FC_UNUSED)
{
	struct world *world = world_with_a_crd();

	world_crd_event(world, "ADDED", "widgets.example.com", 1);
	world_serve(world, 1, WIDGETS);
	WITH_WORLD(world, world->served_at_list = 1);
	world_up(world);
	world_ask(world, "Widget");
	world_expect(world, "Widget", "");
	world_expect(world, "Widget", "example.com/v1");
	world_end(world);
}

static void test_what_happened_between_two_lists_is_seen_in_the_second(void **state FC_UNUSED)
{
	struct world *world = world_with_widgets("widgets.example.com");

	world_ask(world, "gadgets");
	world_expect(world, "gadgets", "");
	WORLD_WAIT(world, is_quiet(world));
	WITH_WORLD(world, world->expired = 2;
		   world->events[world->event_count++] = ((struct world_event){ "DELETED", "widgets.example.com", 1 });
		   world->events[world->event_count++] = ((struct world_event){ "ADDED", "gadgets.other.com", 1 });
		   world->types[0] = GADGETS);
	/* The 410 is the first that the watch hears. */
	for (int i = 0; i < 2; i++) {
		struct fc_event *event = world_next(world, FC_EVENT_RESOLVED);
		assert_true((strcmp(event->name, "gadgets") == 0) == (event->resource != NULL));
		fc_event_free(event);
	}
	assert_true(world_count(world, &world->crd_lists) > 1);
	world_end(world);
}

static void test_crds_that_may_not_be_read_are_asked_for_seldom_and_after_an_outage(void **state FC_UNUSED)
{
	struct world *world = world_with_a_crd();
	struct fc_watcher_types *types = &world->watcher->types;

	WITH_WORLD(world, world->crd_status = 403);
	world_up(world);
	world_ask(world, "widgets.example.com");
	world_expect(world, "widgets.example.com", "");
	WORLD_WAIT(world, types->timer);
	assert_null(types->informer);
	assert_true(types->told);
	/* Another word, or another answer, is no reason to ask again. */
	world_ask(world, "gadgets.example.com");
	world_expect(world, "gadgets.example.com", "");
	world_turn(world, 100);
	assert_int_equal(world_count(world, &world->crd_lists), 1);
	WITH_WORLD(world, world->crd_status = 0);
	fc_watcher_resolve_up(world->watcher, true);
	WORLD_WAIT(world, follows(world));
	assert_null(types->timer);
	world_end(world);
}

static void test_nothing_is_read_at_a_cluster_that_took_the_place_of_the_known_one(void **state FC_UNUSED)
{
	struct world *world = world_with_widgets("widgets.example.com");
	struct fc_watcher *w = world->watcher;
	struct fc_error why = FC_ERROR_INIT;

	world_ask(world, "gadgets.other.com");
	WORLD_WAIT(world, w->words.discovery);
	fc_error_set(&why, FC_ERR_CONFIG, "another cluster");
	fc_watcher_sever(w, FC_WATCHER_REPLACED, &why);
	fc_event_free(world_next(world, FC_EVENT_CLUSTER_DOWN));
	assert_null(w->types.informer);
	assert_null(w->words.discovery);
	fc_watcher_types_adjust(w);
	assert_null(w->types.informer);

	fc_event_free(world_next(world, FC_EVENT_CLUSTER_UP));
	world_expect(world, "gadgets.other.com", "");
	WORLD_WAIT(world, follows(world) && is_quiet(world));
	world_end(world);
}

static void test_a_crd_that_changes_all_the_time_makes_no_storm(void **state FC_UNUSED)
{
	struct world *world = world_with_widgets("widgets.example.com");
	struct fc_watcher_looks *looks = &world->watcher->looks;
	unsigned before = world_count(world, &world->discoveries);

	/* As if thirty-nine had been made just now: one more, then one in 5 s. */
	int64_t began_ms = fc_clock_mono_ms();
	looks->spent_ms = began_ms + INT64_C(39) * 5000;
	for (int i = 2; i < 12; i++) {
		world_crd_event(world, "MODIFIED", "widgets.example.com", i);
		world_turn(world, 100);
	}
	WORLD_WAIT(world, world_count(world, &world->discoveries) > before && !world->watcher->words.discovery);
	assert_true(world_count(world, &world->discoveries) <= before + 1 + (fc_clock_mono_ms() - began_ms) / 5000);
	assert_non_null(looks->timer);
	assert_true(looks->due_ms >= began_ms + 5000);
	world_end(world);
}

/* What a start costs: two documents in place of one for each group-version, and one request in place of list and watch.
 */
static void test_a_young_server_is_asked_twice_for_its_types_and_once_for_each_collection(void **state FC_UNUSED)
{
	const struct world_type widgets = WIDGETS;
	struct world *world = world_new();

	world->young = true;
	world_serve(world, 0, WIDGETS);
	world_serve(world, 1, GADGETS);
	world_up(world);
	world_ask(world, "widgets");
	world_expect(world, "widgets", "example.com/v1");
	world_watch_widgets(world, &widgets);
	fc_event_free(world_next(world, FC_EVENT_LIST_BEGIN));
	struct fc_event *end = world_next(world, FC_EVENT_LIST_END);
	assert_true(end->complete);
	fc_event_free(end);
	WORLD_WAIT(world,
		   is_quiet(world) && world_count(world, &world->crd_streams) == 1 && !world->watcher->types.listing);
	assert_int_equal(world_count(world, &world->discoveries), 1);
	assert_int_equal(world_count(world, &world->core_read), 1);
	assert_int_equal(world_count(world, &world->object_streams), 1);
	assert_int_equal(world_count(world, &world->documents), 0);
	assert_int_equal(world_count(world, &world->object_lists), 0);
	assert_int_equal(world_count(world, &world->crd_lists), 0);
	world_end(world);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_type_that_is_installed_is_found_within_seconds),
		cmocka_unit_test(test_words_of_built_in_types_follow_no_crds),
		cmocka_unit_test(test_a_type_whose_crd_goes_is_not_served_and_comes_back_with_it),
		cmocka_unit_test(test_a_type_that_moves_to_another_version_is_followed_at_once),
		cmocka_unit_test(test_a_type_that_is_made_again_with_another_scope_is_told),
		cmocka_unit_test(test_types_that_concern_no_word_cause_no_look),
		cmocka_unit_test(test_a_look_reads_the_group_concerned_and_no_other),
		cmocka_unit_test(test_a_type_that_came_between_discovery_and_the_first_list_is_found),
		cmocka_unit_test(test_what_happened_between_two_lists_is_seen_in_the_second),
		cmocka_unit_test(test_crds_that_may_not_be_read_are_asked_for_seldom_and_after_an_outage),
		cmocka_unit_test(test_nothing_is_read_at_a_cluster_that_took_the_place_of_the_known_one),
		cmocka_unit_test(test_a_crd_that_changes_all_the_time_makes_no_storm),
		cmocka_unit_test(test_a_young_server_is_asked_twice_for_its_types_and_once_for_each_collection),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
