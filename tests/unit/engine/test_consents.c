/* SPDX-License-Identifier: Apache-2.0 */
/* Consents, pauses and hubs as they come and go (design section 7, rows c and e; section 6). */
#include "world.h"

#define ALLOW_NS "'fedcopy.dev/allow-namespaces':'ns'"
#define PAUSED "'fedcopy.dev/pause':'true'"

struct bench {
	struct world *w;
	struct world_watches watches;
	struct fc_action *source; /* the watch of hub/secrets/other/src */
};

static int setup(void **state)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	b->w = world_new();
	world_start(b->w, &b->watches);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	fc_action_free(b->source);
	world_watches_free(&b->watches);
	world_free(b->w);
	free(b);
	return 0;
}

/* edge-1/secrets/ns/dst, which reads `data` of hub/secrets/other/src. */
static json_t *target(const char *annotations, const char *value, const char *version)
{
	return J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%s','annotations':{%s%s"
		 "'k8s-copier.fig.org/replace-data':'secret:other/src:data'}},'data':{'a':'%s'}}",
		 version, annotations, annotations[0] ? "," : "", value);
}

static json_t *source(const char *annotations, const char *value, const char *version)
{
	return J("{'metadata':{'name':'src','namespace':'other','uid':'s','resourceVersion':'%s','annotations':{%s}},"
		 "'data':{'a':'%s'}}",
		 version, annotations, value);
}

/* The rule is there, and its source is listed; NULL: there is none. */
static void see(struct bench *b, json_t *listed)
{
	world_object(b->w, b->watches.secrets[EDGE1], target("", "0", "20"));
	world_resolve(b->w);
	b->source = world_take_watch(b->w, HUB, "secrets", false);
	assert_non_null(b->source);
	world_list(b->w, b->source, listed);
}

static void expect(struct bench *b, const char *state)
{
	assert_string_equal(world_state(b->w, "/dst", NULL), state);
}

/* The write that is due is made: the target holds `value` then, at that version. */
static void expect_write(struct bench *b, const char *value, const char *version)
{
	struct fc_action *a = world_take(b->w, FC_ACTION_PATCH);

	assert_non_null(a);
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(json_array_get(a->body, json_array_size(a->body) - 1), "value"), "a")),
		value);
	world_answer(b->w, a, target("", value, version));
	fc_action_free(a);
	expect(b, "InSync/InSync");
}

/* A rule in sync by the source's consent: the source stands at version 11, the target at 21. */
static void in_sync(struct bench *b)
{
	see(b, source(ALLOW_NS, "1", "11"));
	world_answer_read(b->w, "dst", target("", "0", "20"));
	world_answer_read(b->w, "src", source(ALLOW_NS, "1", "11"));
	expect_write(b, "1", "21");
}

static char *words_of(struct bench *b)
{
	json_t *rules = json_array();
	uint64_t cursor = 0;
	char *text;

	fc_engine_rules(b->w->engine, &cursor, SIZE_MAX, rules);
	assert_int_equal(json_array_size(rules), 1);
	json_object_del(json_array_get(rules, 0), "since");
	text = json_dumps(rules, JSON_SORT_KEYS);
	json_decref(rules);
	return text;
}

/* --- the source's word --- */

static void test_consent_of_the_source_comes_with_its_event_and_is_used_at_once(void **state)
{
	struct bench *b = *state;

	see(b, source("", "1", "10"));
	expect(b, "NotAllowed/NotAllowed");
	/* Not even the target is read for it. */
	assert_quiet(b->w);
	world_object(b->w, b->source, source(ALLOW_NS, "1", "11"));
	world_answer_read(b->w, "dst", target("", "0", "20"));
	world_answer_read(b->w, "src", source(ALLOW_NS, "1", "11"));
	expect_write(b, "1", "21");
}

static void test_consent_withdrawn_stops_copying_and_leaves_what_was_copied(void **state)
{
	struct bench *b = *state;

	in_sync(b);
	world_object(b->w, b->source, source("", "2", "12"));
	expect(b, "NotAllowed/NotAllowed");
	/* Drift is nobody's affair any more. */
	world_object(b->w, b->watches.secrets[EDGE1], target("", "drift", "30"));
	world_object(b->w, b->source, source("", "3", "13"));
	world_tick(b->w, 600000);
	expect(b, "NotAllowed/NotAllowed");
	assert_quiet(b->w);
	/* It may be given again. */
	world_object(b->w, b->source, source(ALLOW_NS, "3", "14"));
	world_answer_read(b->w, "dst", target("", "drift", "30"));
	world_answer_read(b->w, "src", source(ALLOW_NS, "3", "14"));
	expect_write(b, "3", "31");
}

static void test_consent_withdrawn_during_a_write_lets_it_end_and_nothing_follow(void **state)
{
	struct bench *b = *state;
	struct fc_action *write;

	in_sync(b);
	world_object(b->w, b->source, source(ALLOW_NS, "2", "12"));
	write = world_take(b->w, FC_ACTION_PATCH);
	assert_non_null(write);
	world_object(b->w, b->source, source("", "3", "13"));
	expect(b, "NotAllowed/NotAllowed");
	world_answer(b->w, write, target("", "2", "22"));
	expect(b, "NotAllowed/NotAllowed");
	assert_quiet(b->w);
	fc_action_free(write);
}

static void test_consent_withdrawn_during_a_write_that_fails_is_not_tried_again(void **state)
{
	static const enum fc_error_class classes[] = { FC_ERR_SERVER, FC_ERR_TIMEOUT, FC_ERR_CONFLICT,
						       FC_ERR_THROTTLED };

	for (size_t i = 0; i < FC_ARRAY_LEN(classes); i++) {
		struct bench *b;
		struct fc_action *write;

		assert_int_equal(setup(state), 0);
		b = *state;
		in_sync(b);
		world_object(b->w, b->source, source(ALLOW_NS, "2", "12"));
		write = world_take(b->w, FC_ACTION_PATCH);
		assert_non_null(write);
		world_object(b->w, b->source, source("", "2", "13"));
		world_fail(b->w, write, classes[i], -1);
		world_tick(b->w, 600000);
		expect(b, "NotAllowed/NotAllowed");
		assert_quiet(b->w);
		fc_action_free(write);
		teardown(state);
	}
}

/* Events of a source that is being written as a target wait for the answer: a withdrawal does not. */
static void test_consent_withdrawn_while_the_source_itself_is_written_counts_at_once(void **state)
{
	struct bench *b = *state;
	struct fc_action *write;
	json_t *bearer = J(
		"{'metadata':{'name':'src','namespace':'other','uid':'s','resourceVersion':'12','annotations':{" ALLOW_NS
		",'k8s-copier.fig.org/replace-data.b':'json:1'}},'data':{'a':'1'}}");

	in_sync(b);
	world_object(b->w, b->watches.secrets[HUB], json_incref(bearer));
	world_answer_read(b->w, "src", bearer);
	write = world_take(b->w, FC_ACTION_PATCH);
	assert_non_null(write);
	world_object(b->w, b->source,
		     J("{'metadata':{'name':'src','namespace':'other','uid':'s','resourceVersion':'13','annotations':{"
		       "'k8s-copier.fig.org/replace-data.b':'json:1'}},'data':{'a':'1'}}"));
	expect(b, "NotAllowed/NotAllowed");
	world_object(b->w, b->watches.secrets[EDGE1], target("", "drift", "30"));
	assert_quiet(b->w);
	fc_action_free(write);
}

static void test_source_that_is_deleted_takes_its_consent_along(void **state)
{
	struct bench *b = *state;

	in_sync(b);
	world_gone(b->w, b->source, "other", "src", "12");
	expect(b, "NotAllowed/NotAllowed");
	world_object(b->w, b->source, source("", "9", "13"));
	expect(b, "NotAllowed/NotAllowed");
	assert_quiet(b->w);
}

/* --- nothing is learnt --- */

static void test_missing_source_and_one_that_does_not_consent_are_told_in_the_same_words(void **state)
{
	struct bench *b = *state;
	char *missing, *silent, *unreadable;
	struct fc_event *e;

	see(b, NULL);
	missing = words_of(b);
	world_object(b->w, b->source,
		     source("'fedcopy.dev/allow-namespaces':'ns2','fedcopy.dev/pause':'true'", "1", "10"));
	silent = words_of(b);
	e = world_watch_event(FC_EVENT_OBJECT_UNREADABLE, b->source);
	e->namespace_ = fc_xstrdup("other");
	e->name = fc_xstrdup("src");
	e->resource_version = fc_xstrdup("11");
	fc_error_set(&e->error, FC_ERR_LIMIT, "too deep");
	world_step(b->w, e);
	unreadable = words_of(b);
	assert_string_equal(missing, silent);
	assert_string_equal(missing, unreadable);
	assert_non_null(strstr(missing, "NotAllowed"));
	free(missing);
	free(silent);
	free(unreadable);
}

static void test_why_a_source_that_may_not_be_known_cannot_be_read_is_not_told(void **state)
{
	struct bench *b = *state;
	char *missing, *failed;
	struct fc_event *e;

	see(b, NULL);
	missing = words_of(b);
	world_gone(b->w, b->watches.secrets[EDGE1], "ns", "dst", "21");
	fc_action_free(fc_steal(&b->source));
	world_object(b->w, b->watches.secrets[EDGE1], target("", "0", "22"));
	world_resolve(b->w);
	b->source = world_take_watch(b->w, HUB, "secrets", false);
	assert_non_null(b->source);
	e = world_watch_event(FC_EVENT_WATCH_FAILED, b->source);
	fc_error_set(&e->error, FC_ERR_FORBIDDEN, "secrets src is forbidden");
	world_step(b->w, e);
	failed = words_of(b);
	assert_string_equal(missing, failed);
	free(missing);
	free(failed);
}

/* A second rule that reads what is known already. */
static void test_rule_that_comes_later_to_a_known_source_learns_nothing_either(void **state)
{
	struct bench *b = *state;

	see(b, source("'fedcopy.dev/allow-namespaces':'elsewhere'", "1", "10"));
	world_object(b->w, b->watches.configmaps[EDGE1],
		     J("{'metadata':{'name':'late','namespace':'ns','uid':'l','resourceVersion':'40','annotations':{"
		       "'k8s-copier.fig.org/replace-data.x':'configmap:other/src:data.a'}}}"));
	world_resolve(b->w);
	world_object(b->w, b->watches.secrets[EDGE1],
		     J("{'metadata':{'name':'second','namespace':'ns','uid':'l','resourceVersion':'41','annotations':{"
		       "'k8s-copier.fig.org/replace-data.x':'secret:other/src:data.b'}}}"));
	assert_string_equal(world_state(b->w, "/second", NULL), "NotAllowed/NotAllowed");
	assert_quiet(b->w);
	/* It learns when it may. */
	world_object(
		b->w, b->source,
		J("{'metadata':{'name':'src','namespace':'other','uid':'s','resourceVersion':'11','annotations':{" ALLOW_NS
		  "}},'data':{'a':'1'}}"));
	assert_string_equal(world_state(b->w, "/second", NULL), "PathNotFound/PathNotFound");
}

/* --- the Namespace's word --- */

static void test_consent_of_the_namespace_comes_and_goes(void **state)
{
	struct bench *b = *state;

	see(b, source("", "1", "10"));
	expect(b, "NotAllowed/NotAllowed");
	world_space(b->w, HUB, "other", ALLOW_NS);
	world_answer_read(b->w, "dst", target("", "0", "20"));
	world_answer_read(b->w, "src", source("", "1", "10"));
	expect_write(b, "1", "21");
	world_space(b->w, HUB, "other", "'fedcopy.dev/allow-namespaces':''");
	expect(b, "NotAllowed/NotAllowed");
	world_object(b->w, b->source, source("", "2", "12"));
	assert_quiet(b->w);
	world_space(b->w, HUB, "other", ALLOW_NS);
	expect(b, "Pending/ReadingSource");
	world_answer_read(b->w, "src", source("", "2", "12"));
	expect_write(b, "2", "22");
	/* With the Namespace, or its last annotation, goes its word. */
	world_gone(b->w, b->w->namespaces[HUB], "", "other", "99");
	expect(b, "NotAllowed/NotAllowed");
}

static void test_namespace_that_consents_lets_a_missing_source_be_known_as_missing(void **state)
{
	struct bench *b = *state;

	see(b, NULL);
	expect(b, "NotAllowed/NotAllowed");
	world_space(b->w, HUB, "other", ALLOW_NS);
	expect(b, "SourceNotFound/SourceNotFound");
	world_space(b->w, HUB, "other", "");
	expect(b, "NotAllowed/NotAllowed");
}

/* A list that names it no more, as after a gap. */
static void test_consent_of_a_namespace_that_a_list_does_not_name_is_gone(void **state)
{
	struct bench *b = *state;

	see(b, NULL);
	world_space(b->w, HUB, "other", ALLOW_NS);
	expect(b, "SourceNotFound/SourceNotFound");
	world_list(b->w, b->w->namespaces[HUB], NULL);
	expect(b, "NotAllowed/NotAllowed");
}

/* --- what Namespaces say is known before anything is decided --- */

static struct world *by_hand(struct world_watches *watches, bool annotated)
{
	struct world *w = world_new();

	w->namespaces_by_hand = true;
	world_start(w, watches);
	world_object(w, watches->secrets[EDGE1],
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'20','annotations':{%s"
		       "'k8s-copier.fig.org/replace-data':'secret:src:data'}},'data':{'a':'0'}}",
		       annotated ? PAUSED "," : ""));
	world_resolve(w);
	return w;
}

static void test_rules_wait_until_the_namespaces_of_both_sides_have_told(void **state)
{
	struct world_watches watches;
	struct world *w = by_hand(&watches, false);
	struct fc_action *source = world_take_watch(w, HUB, "secrets", false);

	(void)state;
	assert_non_null(source);
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	world_answer_read(
		w, "dst",
		J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'20','annotations':{"
		  "'k8s-copier.fig.org/replace-data':'secret:src:data'}},'data':{'a':'0'}}"));
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/FirstSync");
	world_list(w, w->namespaces[EDGE1], NULL);
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/FirstSync");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	/* The master's is paused: known in time. */
	world_list(w, w->namespaces[HUB],
		   J("{'metadata':{'name':'ns','resourceVersion':'5','annotations':{" PAUSED "}}}"));
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/Paused");
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
	world_free(w);
}

static size_t infos(struct world *w)
{
	struct fc_action *a;
	size_t n = 0;

	while ((a = world_take(w, FC_ACTION_REPORT))) {
		n += a->report->level == FC_LOG_INFO && strstr(a->report->message, "Namespaces cannot be watched");
		fc_action_free(a);
	}
	return n;
}

static void test_namespaces_that_may_not_be_watched_say_nothing_and_that_is_told_once(void **state)
{
	struct world_watches watches;
	struct world *w = by_hand(&watches, false);
	struct fc_event *e;

	(void)state;
	world_no_sources(w);
	for (int i = 0; i < 2; i++) {
		e = world_watch_event(FC_EVENT_WATCH_FAILED, w->namespaces[EDGE1]);
		fc_error_set(&e->error, FC_ERR_FORBIDDEN, "namespaces is forbidden");
		world_step(w, e);
	}
	assert_int_equal(infos(w), 1);
	/* A connection that breaks is no answer. */
	e = world_watch_event(FC_EVENT_WATCH_FAILED, w->namespaces[HUB]);
	fc_error_set(&e->error, FC_ERR_NETWORK, "reset");
	world_step(w, e);
	assert_int_equal(infos(w), 0);
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/FirstSync");
	e = world_watch_event(FC_EVENT_WATCH_FAILED, w->namespaces[HUB]);
	fc_error_set(&e->error, FC_ERR_FORBIDDEN, "namespaces is forbidden");
	world_step(w, e);
	assert_int_equal(infos(w), 1);
	assert_string_equal(world_state(w, "/dst", NULL), "SourceNotFound/SourceNotFound");
	/* The rights may come. */
	world_list(w, w->namespaces[HUB],
		   J("{'metadata':{'name':'ns','resourceVersion':'5','annotations':{" PAUSED "}}}"));
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/Paused");
	world_watches_free(&watches);
	world_free(w);
}

/* --- cycles --- */

static json_t *ring(const char *name, const char *from, const char *annotations, const char *version)
{
	return J("{'metadata':{'name':'%s','namespace':'%s','uid':'u-%s','resourceVersion':'%s','annotations':{%s%s"
		 "'k8s-copier.fig.org/replace-data':'secret:%s:data'}},'data':{'a':'%s'}}",
		 name, strcmp(name, "a") == 0 ? "ns" : "other", name, version, annotations, annotations[0] ? "," : "",
		 from, name);
}

static void test_rules_that_are_not_permitted_take_no_part_in_cycles(void **state)
{
	struct bench *b = *state;
	struct fc_action *of_a, *of_b;

	/* hub/ns/a reads hub/other/b, which reads hub/ns/a; each needs the other's word. */
	world_object(b->w, b->watches.secrets[HUB], ring("a", "other/b", "", "10"));
	world_object(b->w, b->watches.secrets[HUB], ring("b", "ns/a", "", "11"));
	world_resolve(b->w);
	of_a = world_take_watch(b->w, HUB, "secrets", false);
	of_b = world_take_watch(b->w, HUB, "secrets", false);
	assert_non_null(of_b);
	if (strcmp(of_a->name, "a") != 0) {
		struct fc_action *other = of_a;

		of_a = of_b;
		of_b = other;
	}
	world_list(b->w, of_a, ring("a", "other/b", "", "10"));
	world_list(b->w, of_b, ring("b", "ns/a", "", "11"));
	assert_string_equal(world_state(b->w, "ns/a", NULL), "NotAllowed/NotAllowed");
	assert_string_equal(world_state(b->w, "other/b", NULL), "NotAllowed/NotAllowed");
	/* One alone is no cycle. */
	world_object(b->w, of_a, ring("a", "other/b", "'fedcopy.dev/allow-namespaces':'other'", "12"));
	assert_string_equal(world_state(b->w, "ns/a", NULL), "NotAllowed/NotAllowed");
	assert_string_not_equal(world_state(b->w, "other/b", NULL), "Cycle/Cycle");
	world_object(b->w, of_b, ring("b", "ns/a", "'fedcopy.dev/allow-namespaces':'ns'", "13"));
	assert_string_equal(world_state(b->w, "ns/a", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(b->w, "other/b", NULL), "Cycle/Cycle");
	world_object(b->w, of_b, ring("b", "ns/a", "", "14"));
	assert_string_equal(world_state(b->w, "ns/a", NULL), "NotAllowed/NotAllowed");
	assert_string_not_equal(world_state(b->w, "other/b", NULL), "Cycle/Cycle");
	fc_action_free(of_a);
	fc_action_free(of_b);
}

/* --- pauses --- */

static void test_pause_on_the_target_costs_nothing_and_ends_at_once(void **state)
{
	struct bench *b = *state;

	in_sync(b);
	world_object(b->w, b->watches.secrets[EDGE1], target(PAUSED, "1", "30"));
	expect(b, "Pending/Paused");
	world_object(b->w, b->source, source(ALLOW_NS, "2", "12"));
	world_object(b->w, b->watches.secrets[EDGE1], target(PAUSED, "drift", "31"));
	expect(b, "Pending/Paused");
	assert_quiet(b->w);
	world_object(b->w, b->watches.secrets[EDGE1], target("", "drift", "32"));
	world_answer_read(b->w, "dst", target("", "drift", "32"));
	world_answer_read(b->w, "src", source(ALLOW_NS, "2", "12"));
	expect_write(b, "2", "33");
	/* Any other word is none. */
	world_object(b->w, b->watches.secrets[EDGE1], target("'fedcopy.dev/pause':'yes'", "2", "34"));
	world_answer_read(b->w, "dst", target("'fedcopy.dev/pause':'yes'", "2", "34"));
	expect(b, "InSync/InSync");
}

/* What is said of the rule of dst. */
static void expect_message(struct bench *b, const char *message)
{
	uint64_t cursor = 0;
	json_t *rules = json_array();

	fc_engine_rules(b->w->engine, &cursor, SIZE_MAX, rules);
	assert_int_equal(json_array_size(rules), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rules, 0), "message")), message);
	json_decref(rules);
}

static void test_pause_that_takes_the_place_of_another_is_told(void **state)
{
	struct bench *b = *state;

	in_sync(b);
	world_object(b->w, b->watches.secrets[EDGE1], target(PAUSED, "1", "30"));
	expect_message(b, "the target bears fedcopy.dev/pause");
	world_space(b->w, EDGE1, "ns", PAUSED);
	world_object(b->w, b->watches.secrets[EDGE1], target("", "1", "31"));
	expect(b, "Pending/Paused");
	expect_message(b, "the target's Namespace bears fedcopy.dev/pause");
}

static void test_pause_during_a_write_lets_it_end_and_nothing_follow(void **state)
{
	struct bench *b = *state;
	struct fc_action *write;

	in_sync(b);
	world_object(b->w, b->source, source(ALLOW_NS, "2", "12"));
	write = world_take(b->w, FC_ACTION_PATCH);
	assert_non_null(write);
	world_object(b->w, b->source, source(ALLOW_NS "," PAUSED, "3", "13"));
	world_answer(b->w, write, target("", "2", "22"));
	expect(b, "Pending/Paused");
	assert_quiet(b->w);
	fc_action_free(write);
}

static void test_pause_on_the_source_ends_at_once(void **state)
{
	struct bench *b = *state;

	in_sync(b);
	world_object(b->w, b->source, source(ALLOW_NS "," PAUSED, "2", "12"));
	expect(b, "Pending/Paused");
	assert_quiet(b->w);
	world_object(b->w, b->source, source(ALLOW_NS, "2", "13"));
	expect_write(b, "2", "22");
}

static void test_pause_on_a_namespace_of_either_side_ends_at_once(void **state)
{
	struct bench *b = *state;
	const struct {
		fc_cluster_no cluster;
		const char *name;
	} sides[] = { { EDGE1, "ns" }, { HUB, "other" } };

	in_sync(b);
	for (size_t i = 0; i < FC_ARRAY_LEN(sides); i++) {
		FC_AUTO_FREE char *value = fc_xasprintf("%zu", i + 2), *version = fc_xasprintf("%zu", i + 12),
				  *written = fc_xasprintf("%zu", i + 40);

		world_space(b->w, sides[i].cluster, sides[i].name, PAUSED);
		expect(b, "Pending/Paused");
		world_object(b->w, b->source, source(ALLOW_NS, value, version));
		assert_quiet(b->w);
		world_space(b->w, sides[i].cluster, sides[i].name, "");
		if (world_count(b->w, FC_ACTION_READ))
			world_answer_read(b->w, "src", source(ALLOW_NS, value, version));
		expect_write(b, value, written);
	}
	/* Namespaces of the same name elsewhere do not count. */
	world_object(b->w, b->watches.secrets[HUB], world_bearer("x", "70", WORLD_RULE("data", "secret:src:data"), ""));
	world_space(b->w, HUB, "ns", PAUSED);
	expect(b, "InSync/InSync");
}

/* That there is a source, and that it is paused, is no affair of who may not read it. */
static void test_pause_on_a_namespace_that_cannot_be_decoded_any_more_stays(void **state)
{
	struct bench *b = *state;
	const struct fc_action *watch;
	struct fc_event *event;

	in_sync(b);
	world_space(b->w, HUB, "other", PAUSED);
	expect(b, "Pending/Paused");
	watch = b->w->namespaces[HUB];
	world_list_begin(b->w, watch);
	event = world_watch_event(FC_EVENT_OBJECT_UNREADABLE, watch);
	event->name = fc_xstrdup("other");
	world_step(b->w, event);
	world_list_end(b->w, watch);
	expect(b, "Pending/Paused");
}

static void test_pause_of_a_source_that_does_not_consent_is_not_shown(void **state)
{
	struct bench *b = *state;

	see(b, source(PAUSED, "1", "10"));
	expect(b, "NotAllowed/NotAllowed");
	world_space(b->w, HUB, "other", PAUSED);
	expect(b, "NotAllowed/NotAllowed");
	/* The own side's is. */
	world_space(b->w, EDGE1, "ns", PAUSED);
	expect(b, "Pending/Paused");
}

static void test_literals_are_paused_with_their_target(void **state)
{
	struct bench *b = *state;

	world_object(b->w, b->watches.secrets[EDGE1],
		     world_bearer("dst", "20", WORLD_RULE("data.x", "json:1") "," PAUSED, ""));
	expect(b, "Pending/Paused");
	assert_quiet(b->w);
	world_object(b->w, b->watches.secrets[EDGE1], world_bearer("dst", "21", WORLD_RULE("data.x", "json:1"), ""));
	expect(b, "Pending/ReadingTarget");
}

/* --- hubs --- */

static json_t *follower(const char *hub, const char *version)
{
	return J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%s','annotations':{"
		 "'fedcopy.dev/hub':'%s','k8s-copier.fig.org/replace-data.x':'json:1'}},'data':{}}",
		 version, hub);
}

static void test_rules_of_another_master_are_no_rules(void **state)
{
	struct bench *b = *state;

	world_object(b->w, b->watches.secrets[EDGE1], follower("elsewhere", "20"));
	expect(b, "none");
	assert_int_equal(world_count(b->w, FC_ACTION_START_WATCH), 0);
	assert_quiet(b->w);
	/* An edit makes them ours, and another's again. */
	world_object(b->w, b->watches.secrets[EDGE1], follower("hub", "21"));
	expect(b, "Pending/ReadingTarget");
	world_object(b->w, b->watches.secrets[EDGE1], follower("", "22"));
	expect(b, "none");
	world_object(b->w, b->watches.secrets[EDGE1], follower("hub", "23"));
	expect(b, "Pending/ReadingTarget");
	world_object(b->w, b->watches.secrets[EDGE1], follower("edge-1", "24"));
	expect(b, "none");
}

static void test_rules_follow_a_master_that_is_renamed(void **state)
{
	struct bench *b = *state;
	struct fc_action *again, *stop;

	world_object(b->w, b->watches.secrets[EDGE1], follower("new-hub", "20"));
	world_object(b->w, b->watches.configmaps[EDGE2], follower("hub", "20"));
	assert_string_equal(world_state(b->w, "edge-2/configmaps/ns/dst", NULL), "Pending/ReadingTarget");
	world_drop(b->w);
	world_described(b->w, FC_EVENT_CLUSTER_CHANGED, HUB, "new-hub", FC_READS_SAME_NAMESPACE);
	assert_string_equal(world_state(b->w, "edge-2/configmaps/ns/dst", NULL), "none");
	/* Those that are its own now were not kept: only where there were such, they are listed again. */
	assert_int_equal(world_count(b->w, FC_ACTION_START_WATCH), 2);
	stop = world_take(b->w, FC_ACTION_STOP_WATCH);
	assert_non_null(stop);
	again = world_take_watch(b->w, EDGE1, "secrets", true);
	assert_non_null(again);
	world_list(b->w, again, follower("new-hub", "20"));
	assert_string_equal(world_state(b->w, "edge-1/secrets/ns/dst", NULL), "Pending/ReadingTarget");
	/* A member's name is no hub's. */
	world_drop(b->w);
	world_described(b->w, FC_EVENT_CLUSTER_CHANGED, EDGE2, "newer", FC_READS_SAME_NAMESPACE);
	assert_int_equal(world_count(b->w, FC_ACTION_START_WATCH), 0);
	fc_action_free(again);
	fc_action_free(stop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_consent_of_the_source_comes_with_its_event_and_is_used_at_once),
		T(test_consent_withdrawn_stops_copying_and_leaves_what_was_copied),
		T(test_consent_withdrawn_during_a_write_lets_it_end_and_nothing_follow),
		cmocka_unit_test(test_consent_withdrawn_during_a_write_that_fails_is_not_tried_again),
		T(test_consent_withdrawn_while_the_source_itself_is_written_counts_at_once),
		T(test_source_that_is_deleted_takes_its_consent_along),
		T(test_missing_source_and_one_that_does_not_consent_are_told_in_the_same_words),
		T(test_why_a_source_that_may_not_be_known_cannot_be_read_is_not_told),
		T(test_rule_that_comes_later_to_a_known_source_learns_nothing_either),
		T(test_consent_of_the_namespace_comes_and_goes),
		T(test_namespace_that_consents_lets_a_missing_source_be_known_as_missing),
		T(test_consent_of_a_namespace_that_a_list_does_not_name_is_gone),
		cmocka_unit_test(test_rules_wait_until_the_namespaces_of_both_sides_have_told),
		cmocka_unit_test(test_namespaces_that_may_not_be_watched_say_nothing_and_that_is_told_once),
		T(test_rules_that_are_not_permitted_take_no_part_in_cycles),
		T(test_pause_on_the_target_costs_nothing_and_ends_at_once),
		T(test_pause_that_takes_the_place_of_another_is_told),
		T(test_pause_during_a_write_lets_it_end_and_nothing_follow),
		T(test_pause_on_the_source_ends_at_once),
		T(test_pause_on_a_namespace_of_either_side_ends_at_once),
		T(test_pause_on_a_namespace_that_cannot_be_decoded_any_more_stays),
		T(test_pause_of_a_source_that_does_not_consent_is_not_shown),
		T(test_literals_are_paused_with_their_target),
		T(test_rules_of_another_master_are_no_rules),
		T(test_rules_follow_a_master_that_is_renamed),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
