/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the objects that rules read, in whatever order it is told. */
#include "world.h"

/* A target on edge-2 that reads another place of the same source. */
#define OTHER_PLACE                                                                                     \
	J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'500','annotations':" \
	  "{'k8s-copier.fig.org/replace-data.a':'secret:src:data.a'}},'data':{'a':'1'}}")

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

/* Promise 3: after a restart in sync there is no read of a source, however late the last cluster tells its targets. */
static void test_sources_are_watched_when_every_cluster_has_told_its_targets(void **state)
{
	struct world *w = *state;
	struct fc_action *first, *second, *third, *a;

	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		world_up(w, i);
	world_resolve(w);
	first = world_take_watch(w, EDGE1, "secrets", true);
	second = world_take_watch(w, EDGE2, "secrets", true);
	world_list(w, first, world_target("1", "20"));
	world_resolve(w);
	assert_null(world_take_watch(w, HUB, "secrets", false));
	world_list(w, second, OTHER_PLACE);
	while ((third = world_take(w, FC_ACTION_START_WATCH))) {
		world_list(w, third, NULL);
		if (third->content == FC_WATCH_BODIES)
			break;
		fc_action_free(third);
	}
	assert_non_null(third);
	assert_string_equal(third->name, "src");
	world_list(w, third, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	while ((a = world_take(w, FC_ACTION_READ))) {
		assert_string_equal(a->name, "dst");
		world_answer(w, a, a->cluster == EDGE1 ? world_target("1", "20") : OTHER_PLACE);
		fc_action_free(a);
	}
	assert_string_equal(world_state(w, "edge-1", "data"), "InSync/InSync");
	assert_string_equal(world_state(w, "edge-2", "data.a"), "InSync/InSync");
	assert_quiet(w);
	fc_action_free(first);
	fc_action_free(second);
	fc_action_free(third);
}

/* B7, B13: the target keeps what it has. */
static void test_source_that_goes_leaves_the_target_and_comes_back(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_gone(w, source, "ns", "src", "12");
	assert_quiet(w);
	assert_string_equal(world_state(w, "dst", "data"), "SourceNotFound/SourceNotFound");
	/* A late event of before the deletion does not bring it back. */
	world_source_changes(w, source, "late", "11");
	assert_quiet(w);
	world_source_changes(w, source, "again", "13");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'a':'again'}"));
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_path_that_is_missing_or_null_leaves_the_target(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, source, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'}}"));
	assert_string_equal(world_state(w, "dst", "data"), "PathNotFound/PathNotFound");
	world_object(w, source, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'12'},'data':null}"));
	assert_string_equal(world_state(w, "dst", "data"), "PathNotFound/PathNotFound");
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* A rule on another place of a source that is known: its body was not kept. The read fails, and nothing else would ever
 * tell. */
static void test_failed_read_of_a_source_is_tried_again(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a, *b = NULL;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE2], OTHER_PLACE);
	while ((a = world_take(w, FC_ACTION_READ))) {
		if (a->cluster == HUB)
			b = a;
		else
			world_answer(w, a, OTHER_PLACE);
		if (a != b)
			fc_action_free(a);
	}
	assert_non_null(b);
	/* Three tries before it is called an error (design section 5, States). */
	for (int tries = 1; tries <= 3; tries++) {
		world_fail(w, b, FC_ERR_SERVER, -1);
		fc_action_free(b);
		assert_string_equal(world_state(w, "edge-2", "data.a"),
				    tries < 3 ? "Pending/Retrying" : "Error/SourceFailed");
		assert_string_equal(world_state(w, "edge-1", "data"), "InSync/InSync");
		assert_true(fc_engine_deadline(w->engine) > w->now_ms);
		world_tick(w, fc_engine_deadline(w->engine) - w->now_ms);
		b = tries < 3 ? world_take(w, FC_ACTION_READ) : NULL;
	}
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_int_equal(a->cluster, HUB);
	world_answer(w, a, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "edge-2", "data.a"), "InSync/InSync");
	fc_action_free(source);
	world_watches_free(&watches);
}

/* A relist is how a missed deletion shows (kube-client 6.5). */
static void test_relist_that_does_not_name_an_object_means_it_is_gone(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_list(w, source, NULL);
	assert_string_equal(world_state(w, "dst", "data"), "SourceNotFound/SourceNotFound");
	world_list(w, watches.secrets[EDGE1], NULL);
	assert_string_equal(world_state(w, "dst", NULL), "none");
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* The item of a list is a snapshot from before what a quicker watch has told. */
static void test_item_of_a_list_that_is_older_than_an_event_writes_nothing(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *wide, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	/* Nine sources in one namespace: the namespace's watch starts. */
	for (int i = 0; i < 8; i++) {
		world_object(
			w, watches.secrets[EDGE2],
			J("{'metadata':{'name':'d%d','namespace':'ns','uid':'d%d','resourceVersion':'20','annotations':"
			  "{'k8s-copier.fig.org/replace-data':'secret:s%d:data'}}}",
			  i, i, i));
		world_resolve(w);
	}
	while ((wide = world_take_watch(w, HUB, "secrets", false)) && wide->name)
		fc_action_free(wide);
	assert_non_null(wide);
	world_drop(w);
	world_list_begin(w, wide);
	world_source_changes(w, source, "2", "12");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	world_source_changes(w, wide, "1", "10");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	assert_string_equal(world_state(w, "/dst", "data"), "InSync/InSync");
	fc_action_free(source);
	fc_action_free(wide);
	world_watches_free(&watches);
}

#define LITERAL WORLD_RULE("data.k", "json:1")
#define FROM_B WORLD_RULE("data.v", "configmap:b:data.z")

/* The ConfigMap b of the master is a target, and the source of c, which is in sync; b's write is under way. */
static struct fc_action *write_a_source(struct world *w, struct world_watches *watches, struct fc_action **watch)
{
	struct fc_action *read, *write;

	world_start(w, watches);
	world_object(w, watches->configmaps[HUB], world_bearer("b", "10", LITERAL, ""));
	read = world_take(w, FC_ACTION_READ);
	assert_non_null(read);
	world_object(w, watches->configmaps[HUB], world_bearer("c", "11", FROM_B, ""));
	world_resolve(w);
	*watch = world_take_watch(w, HUB, "configmaps", false);
	assert_non_null(*watch);
	world_list(w, *watch, world_bearer("b", "10", LITERAL, "'z':'old'"));
	world_answer(w, read, world_bearer("b", "10", LITERAL, "'z':'old'"));
	fc_action_free(read);
	world_answer_read(w, "c", world_bearer("c", "11", FROM_B, "'v':'old'"));
	assert_string_equal(world_state(w, "ns/c", NULL), "InSync/InSync");
	write = world_take(w, FC_ACTION_PATCH);
	assert_non_null(write);
	assert_string_equal(write->name, "b");
	return write;
}

static void test_answer_to_a_write_does_not_bring_a_deleted_source_back(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *b, *write = write_a_source(w, &watches, &b);

	/* It was written at 12 and deleted at 13; the deletion is told first. */
	world_gone(w, b, "ns", "b", "13");
	world_answer(w, write, world_bearer("b", "12", LITERAL, "'z':'old','k':1"));
	world_gone(w, watches.configmaps[HUB], "ns", "b", "13");
	assert_string_equal(world_state(w, "ns/c", NULL), "SourceNotFound/SourceNotFound");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	fc_action_free(write);
	fc_action_free(b);
	world_watches_free(&watches);
}

/* A body that came during the write is looked at when the write has failed, and is dead by then. */
static void test_held_body_does_not_bring_a_deleted_source_back(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *b, *write = write_a_source(w, &watches, &b);

	world_object(w, b, world_bearer("b", "12", LITERAL, "'z':'foreign'"));
	world_gone(w, b, "ns", "b", "13");
	world_fail(w, write, FC_ERR_NOT_FOUND, -1);
	world_gone(w, watches.configmaps[HUB], "ns", "b", "13");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	assert_string_equal(world_state(w, "ns/c", NULL), "SourceNotFound/SourceNotFound");
	fc_action_free(write);
	fc_action_free(b);
	world_watches_free(&watches);
}

/* The cluster was restored from a backup while the write was under way: what was held before that is no more. */
static void held_body_is_of_before_the_restore(struct world *w, const char *listed)
{
	struct world_watches watches;
	struct fc_action *b, *write = write_a_source(w, &watches, &b), *a;

	world_object(w, b, world_bearer("b", "20", LITERAL, "'z':'before'"));
	world_list(w, b, world_bearer("b", listed, LITERAL, "'z':'restored'"));
	world_fail(w, write, FC_ERR_CONFLICT, -1);
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	world_answer_read(w, "b", world_bearer("b", listed, LITERAL, "'z':'restored'"));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_string_equal(a->name, "c");
	assert_json(json_object_get(json_array_get(a->body, json_array_size(a->body) - 1), "value"), J("'restored'"));
	fc_action_free(a);
	fc_action_free(write);
	fc_action_free(b);
	world_watches_free(&watches);
}

static void test_held_body_that_a_list_contradicts_is_not_believed(void **state)
{
	held_body_is_of_before_the_restore(*state, "8");
}

static void test_held_body_is_not_believed_where_the_list_has_passed_the_known_version(void **state)
{
	held_body_is_of_before_the_restore(*state, "15");
}

#define FROM_A WORLD_RULE("data.k", "configmap:a:data.k")
#define B_TO_C WORLD_RULE("data.k", "configmap:b:data.k")
#define B_TO_D WORLD_RULE("data.k", "configmap:b:data.j")

/* a feeds b, b feeds c, which are in sync; a is not known yet. */
static void make_chain(struct world *w, struct world_watches *watches, struct fc_action **a, struct fc_action **b)
{
	world_start(w, watches);
	world_object(w, watches->configmaps[HUB], world_bearer("b", "10", FROM_A, ""));
	world_resolve(w);
	world_answer_read(w, "b", world_bearer("b", "10", FROM_A, "'k':'0'"));
	*a = world_take_watch(w, HUB, "configmaps", false);
	world_object(w, watches->configmaps[EDGE1], world_bearer("c", "11", B_TO_C, ""));
	*b = world_take_watch(w, HUB, "configmaps", false);
	assert_non_null(*a);
	assert_non_null(*b);
	world_list(w, *b, world_bearer("b", "10", FROM_A, "'k':'0'"));
	world_answer_read(w, "c", world_bearer("c", "11", B_TO_C, "'k':'0'"));
	assert_string_equal(world_state(w, "ns/c", NULL), "InSync/InSync");
}

static void test_read_that_is_older_than_the_answer_to_a_write_is_not_believed(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *a, *b, *request, *slow = NULL;

	make_chain(w, &watches, &a, &b);
	/* Another place of b: it is read, and the answer is slow. */
	world_object(w, watches.configmaps[EDGE2], world_bearer("d", "12", B_TO_D, ""));
	while ((request = world_take(w, FC_ACTION_READ))) {
		if (strcmp(request->name, "b") == 0) {
			slow = request;
			continue;
		}
		world_answer(w, request, world_bearer("d", "12", B_TO_D, ""));
		fc_action_free(request);
	}
	assert_non_null(slow);
	world_list(w, a, world_bearer("a", "5", "", "'k':'1'"));
	request = world_take(w, FC_ACTION_PATCH);
	assert_non_null(request);
	assert_string_equal(request->name, "b");
	world_answer(w, request, world_bearer("b", "13", FROM_A, "'k':'1'"));
	fc_action_free(request);
	request = world_take(w, FC_ACTION_PATCH);
	assert_non_null(request);
	assert_string_equal(request->name, "c");
	world_answer(w, request, world_bearer("c", "20", B_TO_C, "'k':'1'"));
	fc_action_free(request);
	world_answer(w, slow, world_bearer("b", "10", FROM_A, "'k':'0'"));
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	assert_string_equal(world_state(w, "ns/c", NULL), "InSync/InSync");
	fc_action_free(slow);
	fc_action_free(a);
	fc_action_free(b);
	world_watches_free(&watches);
}

static void test_read_that_is_older_than_a_list_does_not_bring_a_deleted_source_back(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *slow;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE1], world_target("drift", "30"));
	world_answer_read(w, "dst", world_target("drift", "30"));
	slow = world_take(w, FC_ACTION_READ);
	assert_non_null(slow);
	assert_string_equal(slow->name, "src");
	world_list(w, source, NULL);
	assert_string_equal(world_state(w, "/dst", NULL), "SourceNotFound/SourceNotFound");
	world_answer(
		w, slow,
		J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	assert_string_equal(world_state(w, "/dst", NULL), "SourceNotFound/SourceNotFound");
	fc_action_free(slow);
	fc_action_free(source);
	world_watches_free(&watches);
}

#define SPACES 5
#define MANY 9

static json_t *numbered_source(int space, int i)
{
	return J("{'metadata':{'name':'s%d','namespace':'n%d','uid':'s','resourceVersion':'%d'},'data':{'a':'1'}}", i,
		 space, 100 + space * 10 + i);
}

static void list_space(struct world *w, const struct fc_action *watch, int space)
{
	for (int i = 0; i < MANY; i++)
		world_object(w, watch, numbered_source(space, i));
}

/* As many namespaces, each with as many sources, as make the watch of the whole cluster start beside those of the
 * namespaces. `narrow` is the watch of the first source alone. */
static void make_wide_watches(struct world *w, struct world_watches *watches, struct fc_action *wides[SPACES],
			      struct fc_action **narrow)
{
	struct fc_action *a;
	size_t count = 0;

	*narrow = NULL;
	world_start(w, watches);
	for (int i = 0; i < SPACES * MANY; i++) {
		world_object(
			w, watches->secrets[EDGE1],
			J("{'metadata':{'name':'t%d','namespace':'n%d','uid':'%d','resourceVersion':'20','annotations':"
			  "{'k8s-copier.fig.org/replace-data':'secret:s%d:data'}}}",
			  i % MANY, i / MANY, i, i % MANY));
		world_resolve(w);
	}
	while ((a = world_take_watch(w, HUB, "secrets", false))) {
		if (!a->name) {
			assert_in_range(count, 0, SPACES - 1);
			wides[count++] = a;
		} else if (!*narrow && strcmp(a->name, "s0") == 0 && strcmp(a->namespace_, "n0") == 0) {
			*narrow = a;
		} else {
			fc_action_free(a);
		}
	}
	assert_int_equal(count, SPACES);
	assert_non_null(*narrow);
	assert_null(wides[SPACES - 1]->namespace_);
}

static void test_two_wide_lists_at_once_call_no_source_missing(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *wides[SPACES] = { NULL }, *narrow;
	const struct fc_action *whole;

	make_wide_watches(w, &watches, wides, &narrow);
	whole = wides[SPACES - 1];
	world_list(w, narrow, numbered_source(0, 0));
	world_list_begin(w, wides[0]);
	list_space(w, wides[0], 0);
	world_list_begin(w, whole);
	list_space(w, whole, 0);
	/* The namespace's list ends between two pages of the cluster's. */
	world_list_end(w, wides[0]);
	for (int space = 1; space < SPACES; space++)
		list_space(w, whole, space);
	world_list_end(w, whole);
	assert_string_equal(world_state(w, "/n0/t0", NULL), "Pending/FirstSync");
	world_answer_read(w, "t0",
			  J("{'metadata':{'name':'t0','namespace':'n0','uid':'0','resourceVersion':'20','annotations':"
			    "{'k8s-copier.fig.org/replace-data':'secret:s0:data'}},'data':{'a':'1'}}"));
	assert_string_equal(world_state(w, "/n0/t0", NULL), "InSync/InSync");
	fc_action_free(narrow);
	for (int i = 0; i < SPACES; i++)
		fc_action_free(wides[i]);
	world_watches_free(&watches);
}

/* Promise 3: what one rule has learnt of a place serves the next that reads it. */
static void test_second_target_of_a_known_source_in_sync_reads_no_source(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], world_target("1", "20"));
	world_resolve(w);
	source = world_take_watch(w, HUB, "secrets", false);
	world_answer_read(w, "dst", world_target("1", "20"));
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	world_object(w, watches.secrets[EDGE2], world_target("1", "20"));
	world_answer_read(w, "dst", world_target("1", "20"));
	assert_quiet(w);
	assert_string_equal(world_state(w, "edge-2", "data"), "InSync/InSync");
	fc_action_free(source);
	world_watches_free(&watches);
}

static json_t *source_object(const char *value, const char *version)
{
	return J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'%s'},'data':{'a':'%s'}}",
		 version, value);
}

/* The next write carries that value; it is answered at that version. */
static void assert_written(struct world *w, const char *value, const char *version)
{
	struct fc_action *a = world_take(w, FC_ACTION_PATCH);

	assert_non_null(a);
	assert_json(json_array_get(a->body, 1), J("{'op':'add','path':'/data','value':{'a':'%s'}}", value));
	world_answer(w, a, world_target(value, version));
	fc_action_free(a);
}

/* After a restore from a backup versions begin again: a list shows smaller ones, and so do the events behind it. */
static void test_versions_of_a_restored_source_may_go_back(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *read;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "100");
	assert_written(w, "2", "22");
	world_list(w, source, source_object("1", "50"));
	read = world_take(w, FC_ACTION_READ);
	assert_non_null(read);
	/* What comes while it is read may be newer than the answer. */
	world_source_changes(w, source, "3", "51");
	world_answer(w, read, source_object("1", "50"));
	fc_action_free(read);
	assert_written(w, "1", "23");
	world_answer_read(w, "src", source_object("3", "51"));
	assert_written(w, "3", "24");
	/* From now on it is as ever. */
	world_source_changes(w, source, "4", "52");
	assert_written(w, "4", "25");
	world_source_changes(w, source, "3", "51");
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_read_in_doubt_that_fails_is_tried_again(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *read;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "100");
	assert_written(w, "2", "22");
	world_list(w, source, source_object("1", "50"));
	read = world_take(w, FC_ACTION_READ);
	assert_non_null(read);
	world_fail(w, read, FC_ERR_SERVER, -1);
	fc_action_free(read);
	assert_quiet(w);
	world_tick(w, 1000);
	world_answer_read(w, "src", source_object("1", "50"));
	assert_written(w, "1", "23");
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_source_that_a_restored_backup_lacks_may_come_with_a_smaller_version(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "100");
	assert_written(w, "2", "22");
	world_list(w, source, NULL);
	assert_string_equal(world_state(w, "/dst", NULL), "SourceNotFound/SourceNotFound");
	assert_quiet(w);
	world_source_changes(w, source, "3", "60");
	world_answer_read(w, "src", source_object("3", "60"));
	assert_written(w, "3", "23");
	/* Gone and come again once more, and the deletion's version is small too. */
	world_gone(w, source, "ns", "src", "61");
	assert_string_equal(world_state(w, "/dst", NULL), "SourceNotFound/SourceNotFound");
	world_source_changes(w, source, "2", "60");
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* A chain: b is the target of a, and the source of c. It is just being written; `*b` is its watch as a source. */
static struct fc_action *write_in_a_chain(struct world *w, struct world_watches *watches, struct fc_action **b)
{
	struct fc_action *a, *write;

	world_start(w, watches);
	world_object(w, watches->secrets[HUB], world_bearer("b", "10", WORLD_RULE("data", "secret:a:data"), "'k':'0'"));
	world_object(w, watches->secrets[EDGE1], world_bearer("c", "20", WORLD_RULE("data", "secret:b:data"), ""));
	world_resolve(w);
	a = world_take_watch(w, HUB, "secrets", false);
	*b = world_take_watch(w, HUB, "secrets", false);
	assert_string_equal(a->name, "a");
	assert_string_equal((*b)->name, "b");
	world_answer_read(w, "b", world_bearer("b", "10", WORLD_RULE("data", "secret:a:data"), "'k':'0'"));
	world_answer_read(w, "c", world_bearer("c", "20", WORLD_RULE("data", "secret:b:data"), "'k':'0'"));
	world_list(w, *b, world_bearer("b", "10", WORLD_RULE("data", "secret:a:data"), "'k':'0'"));
	world_list(w, a, J("{'metadata':{'name':'a','namespace':'ns','resourceVersion':'5'},'data':{'k':'1'}}"));
	fc_action_free(a);
	write = world_take(w, FC_ACTION_PATCH);
	assert_non_null(write);
	assert_string_equal(write->name, "b");
	return write;
}

static void test_answer_to_a_write_does_not_bring_back_what_a_list_has_not_named(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *b, *write = write_in_a_chain(w, &watches, &b);

	world_list(w, b, NULL);
	world_answer(w, write, world_bearer("b", "11", WORLD_RULE("data", "secret:a:data"), "'k':'1'"));
	assert_string_equal(world_state(w, "ns/c", NULL), "SourceNotFound/SourceNotFound");
	world_answer_read(w, "b", world_bearer("b", "11", WORLD_RULE("data", "secret:a:data"), "'k':'1'"));
	assert_string_not_equal(world_state(w, "ns/c", NULL), "SourceNotFound/SourceNotFound");
	fc_action_free(write);
	fc_action_free(b);
	world_watches_free(&watches);
}

/* The event that was held meanwhile is proof enough. */
static void test_event_behind_a_list_and_the_answer_to_a_write_bring_a_source_back(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *b, *write = write_in_a_chain(w, &watches, &b);

	world_list(w, b, NULL);
	world_object(w, b, world_bearer("b", "11", WORLD_RULE("data", "secret:a:data"), "'k':'1'"));
	world_answer(w, write, world_bearer("b", "11", WORLD_RULE("data", "secret:a:data"), "'k':'1'"));
	assert_int_equal(world_count(w, FC_ACTION_READ), 0);
	assert_string_not_equal(world_state(w, "ns/c", NULL), "SourceNotFound/SourceNotFound");
	fc_action_free(write);
	fc_action_free(b);
	world_watches_free(&watches);
}

/* Its target's refusals were void each time that the absence was told again. */
static void test_absence_that_is_told_again_is_no_news_for_a_rule_that_came_later(void **state)
{
	static const char rules[] =
		WORLD_RULE("data", "configmap:good:data") "," WORLD_RULE("data.x", "configmap:none:data.x");
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *watch, *good, *write;

	world_start(w, &watches);
	world_object(w, watches.configmaps[EDGE1],
		     world_bearer("first", "20", WORLD_RULE("data", "configmap:none:data"), ""));
	world_resolve(w);
	watch = world_take_watch(w, HUB, "configmaps", false);
	assert_non_null(watch);
	world_list(w, watch, NULL);
	world_drop(w);
	world_object(w, watches.configmaps[EDGE1], world_bearer("second", "30", rules, ""));
	world_resolve(w);
	good = world_take_watch(w, HUB, "configmaps", false);
	world_answer_read(w, "second", world_bearer("second", "30", rules, ""));
	world_list(w, good, J("{'metadata':{'name':'good','namespace':'ns','resourceVersion':'5'},'data':{'k':'1'}}"));
	write = world_take(w, FC_ACTION_PATCH);
	assert_non_null(write);
	world_fail(w, write, FC_ERR_INVALID, -1);
	fc_action_free(write);
	world_answer_read(w, "second", world_bearer("second", "30", rules, ""));
	assert_string_equal(world_state(w, "ns/second", "data"), "Invalid/Refused");
	world_list(w, watch, NULL);
	assert_string_equal(world_state(w, "ns/second", "data"), "Invalid/Refused");
	assert_quiet(w);
	fc_action_free(good);
	fc_action_free(watch);
	world_watches_free(&watches);
}

/* Nobody but a read can tell any more, so it has to come to an answer. */
static void test_question_whether_a_source_is_there_is_asked_until_it_is_answered(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *wide, *read;

	world_start(w, &watches);
	for (int i = 0; i < 9; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("t%d", i),
				  *rule = fc_xasprintf("'k8s-copier.fig.org/replace-data':'configmap:s%d:data'", i);

		world_object(w, watches.configmaps[EDGE1], world_bearer(name, "20", rule, ""));
		world_resolve(w);
		world_answer_read(w, name, world_bearer(name, "20", rule, "'a':'1'"));
	}
	/* The last made it one watch of all; until that has synced, each of the others tells by itself. */
	for (int i = 0; i < 8; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("s%d", i);
		struct fc_action *own = world_take_watch(w, HUB, "configmaps", false);

		world_list(w, own, world_bearer(name, "30", "", "'a':'1'"));
		fc_action_free(own);
	}
	wide = world_take_watch(w, HUB, "configmaps", false);
	assert_null(wide->name);
	world_drop(w);
	world_list_begin(w, wide);
	for (int i = 1; i < 9; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("s%d", i);

		world_object(w, wide, world_bearer(name, "30", "", "'a':'1'"));
	}
	world_list_end(w, wide);
	read = world_take(w, FC_ACTION_READ);
	assert_non_null(read);
	assert_string_equal(read->name, "s0");
	world_fail(w, read, FC_ERR_SERVER, -1);
	fc_action_free(read);
	assert_quiet(w);
	world_tick(w, 1000);
	read = world_take(w, FC_ACTION_READ);
	assert_non_null(read);
	assert_string_equal(read->name, "s0");
	world_fail(w, read, FC_ERR_NOT_FOUND, -1);
	fc_action_free(read);
	assert_string_equal(world_state(w, "ns/t0", NULL), "SourceNotFound/SourceNotFound");
	fc_action_free(wide);
	world_watches_free(&watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sources_are_watched_when_every_cluster_has_told_its_targets, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_source_that_goes_leaves_the_target_and_comes_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_path_that_is_missing_or_null_leaves_the_target, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_read_of_a_source_is_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_relist_that_does_not_name_an_object_means_it_is_gone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_item_of_a_list_that_is_older_than_an_event_writes_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_answer_to_a_write_does_not_bring_a_deleted_source_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_held_body_does_not_bring_a_deleted_source_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held_body_that_a_list_contradicts_is_not_believed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_held_body_is_not_believed_where_the_list_has_passed_the_known_version, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_that_is_older_than_the_answer_to_a_write_is_not_believed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_read_that_is_older_than_a_list_does_not_bring_a_deleted_source_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_wide_lists_at_once_call_no_source_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_target_of_a_known_source_in_sync_reads_no_source, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_versions_of_a_restored_source_may_go_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_in_doubt_that_fails_is_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_source_that_a_restored_backup_lacks_may_come_with_a_smaller_version, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answer_to_a_write_does_not_bring_back_what_a_list_has_not_named,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_absence_that_is_told_again_is_no_news_for_a_rule_that_came_later,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_question_whether_a_source_is_there_is_asked_until_it_is_answered,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_event_behind_a_list_and_the_answer_to_a_write_bring_a_source_back,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
