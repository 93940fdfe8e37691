/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/watcher_words.h"

#include "unit/clusters/types_world.h"

/* First among the steps: a step serves every line that holds its words, and "GET /apis" is in this one's too. */
#define NO_CRDS                                                                                           \
	{                                                                                                 \
		.match = "customresourcedefinitions", .status = 403, .body = { STATUS(403, "Forbidden") } \
	}

/* How often this very line was asked. */
static size_t asked(struct bench *b, const char *line)
{
	size_t count = 0;

	pthread_mutex_lock(&b->server->lock);
	for (size_t i = 0; i < b->server->request_count; i++)
		count += strcmp(b->server->requests[i].line, line) == 0;
	pthread_mutex_unlock(&b->server->lock);
	return count;
}

static void test_words_that_come_together_are_resolved_by_one_discovery(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, NO_CRDS, API_V1, APIS, API);

	/* Before the cluster is up they wait. */
	post_resolve(b, "secret", 11);
	post_resolve(b, "helmreleases", 12);
	post_resolve(b, "bindings", 13);
	begin(b);
	expect_up(b, "u-1");
	unsigned seen = 0;
	for (int i = 0; i < 3; i++) {
		struct fc_event *event = next(b, FC_EVENT_RESOLVED);
		seen |= 1u << event->request;
		if (event->request == 11) {
			assert_string_equal(event->name, "secret");
			assert_string_equal(event->resource->plural, "secrets");
			assert_int_equal(event->error.cls, FC_ERR_NONE);
		} else {
			assert_null(event->resource);
			assert_int_equal(event->error.cls, FC_ERR_NOT_SERVED);
		}
		fc_event_free(event);
	}
	assert_int_equal(seen, 1u << 11 | 1u << 12 | 1u << 13);
	assert_int_equal(asked(b, "GET /apis"), 1);

	/* A word that is known needs none. */
	post_resolve(b, "secret", 14);
	struct fc_event *event = next(b, FC_EVENT_RESOLVED);
	assert_int_equal(event->request, 14);
	assert_non_null(event->resource);
	fc_event_free(event);
	assert_int_equal(asked(b, "GET /apis"), 1);
	end(b);
}

static void test_a_new_word_is_looked_for_and_an_old_answer_is_not_told_again(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, NO_CRDS, API_V1, APIS, API, API_V1, APIS, API);

	begin(b);
	expect_up(b, "u-1");
	post_resolve(b, "nothings", 1);
	struct fc_event *event = next(b, FC_EVENT_RESOLVED);
	assert_int_equal(event->request, 1);
	fc_event_free(event);
	post_resolve(b, "secrets", 2);
	event = next(b, FC_EVENT_RESOLVED);
	assert_int_equal(event->request, 2);
	assert_non_null(event->resource);
	fc_event_free(event);
	assert_int_equal(asked(b, "GET /apis"), 2);
	end(b);
}

static void resolve(struct bench *b, const char *text, void (*fn)(struct fc_watcher *w, const struct fc_action *a))
{
	struct fc_action *a = action(b, fn == fc_watcher_resolve ? FC_ACTION_RESOLVE : FC_ACTION_FORGET_WORD);

	a->name = fc_xstrdup(text);
	a->verbs = FC_VERB_LIST;
	fn(b->watcher, a);
	fc_action_free(a);
}

#define APIS_TWO                                                                                                                  \
	{                                                                                                                         \
		.match = "GET /apis", .body = {                                                                                   \
			"{\"kind\":\"APIGroupList\",\"groups\":[{\"name\":\"example.com\",\"versions\":[{\"version\":\"v1\"}]},", \
			"{\"name\":\"other.com\",\"versions\":[{\"version\":\"v1\"}]}]}"                                          \
		}                                                                                                                 \
	}

#define EMPTY(group)                                                                                             \
	{                                                                                                        \
		.match = "GET /apis/" group "/v1", .body = { "{\"kind\":\"APIResourceList\",\"resources\":[]}" } \
	}

/* As if the time of the next discovery had come. Returns after how long it would have. */
static int64_t rediscover(struct bench *b)
{
	struct fc_watcher_words *words = &b->watcher->words;

	assert_non_null(words->timer);
	int64_t delay_ms = words->due_ms - fc_clock_mono_ms();
	fc_loop_timer_cancel(b->watcher->loop, &words->timer);
	fc_watcher_resolve_up(b->watcher, false);
	while (!words->discovery)
		fc_loop_run_once(b->watcher->loop, 10);
	while (words->discovery)
		fc_loop_run_once(b->watcher->loop, 10);
	return delay_ms;
}

static void test_a_word_that_is_not_served_is_looked_for_ever_more_seldom_in_its_group(void **state FC_UNUSED)
{
	/* The most specific first: a step serves every line that holds its words. */
	BENCH(VERSION_OK, ID_OK, NO_CRDS, API_V1, API_V1, API_V1, API_V1, API_V1, EMPTY("example.com"),
	      EMPTY("example.com"), EMPTY("example.com"), EMPTY("example.com"), EMPTY("example.com"),
	      EMPTY("other.com"), APIS_TWO, APIS_TWO, APIS_TWO, APIS_TWO, APIS_TWO, API, API, API, API, API);
	struct fc_watcher_words *words = &b->watcher->words;

	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	resolve(b, "widgets.v1.example.com", fc_watcher_resolve);
	turn(b, FC_EVENT_RESOLVED);
	int64_t first_ms = rediscover(b), second_ms = rediscover(b), third_ms = rediscover(b);
	assert_in_range(first_ms, 20000, 60000);
	assert_in_range(second_ms, 50000, 120000);
	assert_in_range(third_ms, 110000, 240000);
	assert_int_equal(scripted_seen(b->server, "other.com"), 0);
	assert_true(scripted_seen(b->server, "apis/example.com") > 0);

	/* A new word may be of any group, and is a reason to look often again. */
	resolve(b, "gadgets", fc_watcher_resolve);
	turn(b, FC_EVENT_RESOLVED);
	assert_int_equal(words->partial, false);
	assert_true(scripted_seen(b->server, "other.com") > 0);
	assert_in_range(words->due_ms - fc_clock_mono_ms(), 20000, 60000);
	end(b);
}

static void test_a_word_that_came_during_a_discovery_of_other_groups_gets_one_of_its_own(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, NO_CRDS, API_V1, API_V1, APIS, APIS, API, API);

	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	resolve(b, "widgets.example.com", fc_watcher_resolve);
	while (!b->watcher->words.discovery)
		fc_loop_run_once(b->watcher->loop, 10);
	resolve(b, "gadgets.other.com", fc_watcher_resolve);
	turn(b, FC_EVENT_RESOLVED);
	assert_int_equal(asked(b, "GET /apis"), 1);
	turn(b, FC_EVENT_RESOLVED);
	assert_int_equal(asked(b, "GET /apis"), 2);
	end(b);
}

static void test_nothing_is_told_of_a_forgotten_word_nor_looked_for(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, NO_CRDS, API_V1, APIS, API);
	struct fc_watcher_words *words = &b->watcher->words;

	resolve(b, "gadgets", fc_watcher_resolve);
	resolve(b, "widgets", fc_watcher_resolve);
	resolve(b, "gadgets", fc_watcher_resolve_forget);
	resolve(b, "never-asked", fc_watcher_resolve_forget);
	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	turn(b, FC_EVENT_RESOLVED);
	settle(b);
	assert_null(fc_mailbox_take(b->events, 0));
	assert_non_null(words->timer);
	resolve(b, "widgets", fc_watcher_resolve_forget);
	assert_null(words->timer);
	assert_null(words->first);
	end(b);
}

static void test_the_action_to_forget_reaches_the_word(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, NO_CRDS, API_V1, APIS, API);

	post_resolve(b, "gadgets", 1);
	struct fc_action *a = action(b, FC_ACTION_FORGET_WORD);
	a->name = fc_xstrdup("gadgets");
	a->verbs = FC_VERB_LIST | FC_VERB_WATCH;
	fc_watcher_post(b->watcher, a);
	post_resolve(b, "widgets", 2);
	begin(b);
	expect_up(b, "u-1");
	struct fc_event *event = next(b, FC_EVENT_RESOLVED);
	assert_string_equal(event->name, "widgets");
	fc_event_free(event);
	assert_null(fc_mailbox_take(b->events, 50));
	end(b);
}

static void test_words_beyond_the_thousandth_are_refused_until_one_is_forgotten(void **state FC_UNUSED)
{
	BENCH(VERSION_OK);
	char text[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "word-%d", i);
		resolve(b, text, fc_watcher_resolve);
	}
	assert_null(fc_mailbox_take(b->events, 0));
	resolve(b, "one-more", fc_watcher_resolve);
	struct fc_event *event = next(b, FC_EVENT_RESOLVED);
	assert_string_equal(event->name, "one-more");
	assert_null(event->resource);
	assert_int_equal(event->error.cls, FC_ERR_LIMIT);
	assert_non_null(strstr(event->error.text, "1000 resources are asked for in cluster hub already"));
	fc_event_free(event);
	/* One that is known may be asked for again. */
	resolve(b, "word-7", fc_watcher_resolve);
	resolve(b, "word-8", fc_watcher_resolve_forget);
	resolve(b, "one-more", fc_watcher_resolve);
	assert_null(fc_mailbox_take(b->events, 0));
	end(b);
}

#define WIDGETS TYPE("example.com", "v1", "widgets", "Widget")
#define NOTHING ((struct world_type){ .plural = NULL })

/* CRDs may not be read there: what is found out is found out by looking. */
static struct world *world_without_crds(const char *text)
{
	struct world *world = world_new();

	WITH_WORLD(world, world->crd_status = 403);
	world_serve(world, 8, WIDGETS);
	world_up(world);
	world_ask(world, text);
	world_expect(world, text, "example.com/v1");
	world_watch_widgets(world, &WIDGETS);
	/* All that its watch tells by itself: it hears nothing more. */
	fc_event_free(world_next(world, FC_EVENT_LIST_BEGIN));
	fc_event_free(world_next(world, FC_EVENT_LIST_END));
	return world;
}

/* As its watch does when it is answered 404. */
static void doubt(struct world *world)
{
	struct fc_resource *r = fc_resource_new(&(struct fc_resource){
		.group = "example.com", .version = "v1", .plural = "widgets", .namespaced = true });

	fc_watcher_resolve_doubt(world->watcher, r);
	fc_resource_unref(r);
}

static void full_discovery(struct world *world)
{
	unsigned before = world_count(world, &world->discoveries);

	fc_watcher_discover_new(world->watcher);
	WORLD_WAIT(world, world_count(world, &world->discoveries) > before && !world->watcher->words.discovery);
}

static void test_a_word_stays_with_its_resource_when_another_gets_the_same_name(void **state FC_UNUSED)
{
	struct world *world = world_without_crds("widgets");

	/* It stands before the other in the server's order. */
	world_serve(world, 0, TYPE("a.com", "v1", "widgets", "Widget"));
	world_ask(world, "gadgets");
	world_expect(world, "gadgets", "");
	world_expect_nothing(world);
	/* A new word takes the first; both are warned of, once. */
	world_ask(world, "Widget");
	world_expect(world, "Widget", "a.com/v1");
	assert_int_equal(world->watcher->words.rivalled_count, 2);
	world_ask(world, "WIDGET");
	world_expect(world, "WIDGET", "a.com/v1");
	world_forget(world, "WIDGET");
	world_ask(world, "WIDGET");
	world_expect(world, "WIDGET", "a.com/v1");
	assert_int_equal(world->watcher->words.rivalled_count, 3);
	/* It moves when its own is gone. */
	world_serve(world, 8, NOTHING);
	doubt(world);
	world_expect(world, "widgets", "a.com/v1");
	world_end(world);
}

static void test_a_type_that_is_gone_is_told_within_seconds_without_crds(void **state FC_UNUSED)
{
	struct world *world = world_without_crds("widgets.example.com");
	int64_t began_ms = fc_clock_mono_ms();

	world_serve(world, 8, NOTHING);
	doubt(world);
	world_expect(world, "widgets.example.com", "");
	/* It was waited for 20 s at most: by itself it would be looked for after 30 to 60 s. */
	assert_true(fc_clock_mono_ms() - began_ms >= 1500);
	/* It is looked for a little longer, since a definition may just be replaced. */
	world_serve(world, 8, WIDGETS);
	world_expect(world, "widgets.example.com", "example.com/v1");
	world_end(world);
}

static void test_a_type_that_is_missing_for_a_moment_is_not_told(void **state FC_UNUSED)
{
	struct world *world = world_without_crds("widgets.example.com");

	/* The first look misses it. */
	WITH_WORLD(world, world->ghosts = 1);
	doubt(world);
	WORLD_WAIT(world, world->watcher->words.first->missed_ms > 0);
	WORLD_WAIT(world, !world->watcher->looks.timer && !world->watcher->words.discovery);
	world_expect_nothing(world);
	assert_false(world->watcher->words.first->doubted);
	world_end(world);
}

static void test_a_watch_that_was_gone_is_tried_again_when_its_type_is_served(void **state FC_UNUSED)
{
	struct world *world = world_new();

	WITH_WORLD(world, world->objects_refused = 2);
	world_serve(world, 8, WIDGETS);
	world_up(world);
	world_ask(world, "widgets.example.com");
	world_expect(world, "widgets.example.com", "example.com/v1");
	world_watch_widgets(world, &WIDGETS);
	fc_event_free(world_next(world, FC_EVENT_WATCH_FAILED));
	/* They are waited for 20 s at most: by itself it would be tried again after 30 to 60 s. */
	fc_event_free(world_next(world, FC_EVENT_LIST_BEGIN));
	fc_event_free(world_next(world, FC_EVENT_LIST_END));
	world_end(world);
}

static void test_a_word_of_a_group_that_cannot_be_read_stays_what_it_is(void **state FC_UNUSED)
{
	struct world *world = world_without_crds("widgets");

	WITH_WORLD(world, world->types[8] = NOTHING; world->broken = "example.com");
	doubt(world);
	WORLD_WAIT(world, !world->watcher->looks.timer && !world->watcher->words.discovery);
	world_expect_nothing(world);
	assert_true(world->watcher->words.first->doubted);
	assert_non_null(world->watcher->words.timer);

	/* Another one does not keep it from being gone, nor hides anything. */
	WITH_WORLD(world, world->broken = "other.com");
	doubt(world);
	world_expect(world, "widgets", "");
	world_ask(world, "secrets");
	world_expect(world, "secrets", "/v1");
	world_end(world);
}

static void test_a_word_of_a_group_that_could_not_be_read_for_a_moment_is_found_soon_after(void **state FC_UNUSED)
{
	struct world *world = world_new();

	WITH_WORLD(world, world->crd_status = 403; world->broken = "example.com");
	world_up(world);
	world_ask(world, "widgets");
	struct fc_event *event = world_next(world, FC_EVENT_RESOLVED);
	assert_int_equal(event->error.cls, FC_ERR_SERVER);
	fc_event_free(event);
	/* What comes is waited for 20 s at most: what no group serves is looked for after 30 to 60 s. */
	WITH_WORLD(world, world->broken = NULL; world->types[8] = WIDGETS);
	world_expect(world, "widgets", "example.com/v1");
	/* Such a word is looked for seldom, now that all can be read. */
	world_ask(world, "nothings");
	world_expect(world, "nothings", "");
	assert_in_range(world->watcher->words.due_ms - fc_clock_mono_ms(), 20000, 60000);
	world_end(world);
}

static void test_a_type_is_looked_at_again_after_an_outage(void **state FC_UNUSED)
{
	struct world *world = world_without_crds("widgets.example.com");

	world_serve(world, 8,
		    (struct world_type){ .group = "example.com",
					 .version = "v1",
					 .plural = "widgets",
					 .kind = "Widget",
					 .cluster_scoped = true });
	fc_watcher_resolve_up(world->watcher, true);
	struct fc_event *event = world_next(world, FC_EVENT_RESOLVED);
	assert_false(event->resource->namespaced);
	fc_event_free(event);
	WORLD_WAIT(world, !world->watcher->looks.timer);
	world_end(world);
}

static void test_a_discovery_that_fails_takes_nothing_away(void **state FC_UNUSED)
{
	struct world *world = world_without_crds("widgets.example.com");

	full_discovery(world);
	WITH_WORLD(world, world->groups_status = 500);
	doubt(world);
	WORLD_WAIT(world, !world->watcher->looks.timer && !world->watcher->words.discovery);
	world_expect_nothing(world);
	assert_true(world->watcher->words.first->doubted);
	world_end(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_that_come_together_are_resolved_by_one_discovery),
		cmocka_unit_test(test_a_new_word_is_looked_for_and_an_old_answer_is_not_told_again),
		cmocka_unit_test(test_a_word_that_is_not_served_is_looked_for_ever_more_seldom_in_its_group),
		cmocka_unit_test(test_a_word_that_came_during_a_discovery_of_other_groups_gets_one_of_its_own),
		cmocka_unit_test(test_nothing_is_told_of_a_forgotten_word_nor_looked_for),
		cmocka_unit_test(test_the_action_to_forget_reaches_the_word),
		cmocka_unit_test(test_words_beyond_the_thousandth_are_refused_until_one_is_forgotten),
		cmocka_unit_test(test_a_word_stays_with_its_resource_when_another_gets_the_same_name),
		cmocka_unit_test(test_a_type_that_is_gone_is_told_within_seconds_without_crds),
		cmocka_unit_test(test_a_type_that_is_missing_for_a_moment_is_not_told),
		cmocka_unit_test(test_a_watch_that_was_gone_is_tried_again_when_its_type_is_served),
		cmocka_unit_test(test_a_word_of_a_group_that_cannot_be_read_stays_what_it_is),
		cmocka_unit_test(test_a_word_of_a_group_that_could_not_be_read_for_a_moment_is_found_soon_after),
		cmocka_unit_test(test_a_type_is_looked_at_again_after_an_outage),
		cmocka_unit_test(test_a_discovery_that_fails_takes_nothing_away),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
