/* SPDX-License-Identifier: Apache-2.0 */
/* Rules under `status` of a kind with that subresource: a write of their own (systems/k8s-copier.md B29; design section
 * 5, Writing; kube-client 8.13). */
#include "world.h"

#define TWO_RULES "'k8s-copier.fig.org/replace-spec.n':'json:3','k8s-copier.fig.org/replace-status.m':'json:4'"
#define STATUS_RULE "'k8s-copier.fig.org/replace-status.m':'json:4'"

struct fixture {
	struct world *w;
	struct fc_action *watch; /* of Deployments on edge-1 */
};

static void say_type(struct world *w, fc_cluster_no cluster, bool has_status)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);
	struct fc_resource r = world_resources[3];

	r.has_status = has_status;
	e->cluster = cluster;
	e->name = fc_xstrdup("deployments");
	e->resource = fc_resource_new(&r);
	world_step(w, e);
}

static int setup(void **state)
{
	static const char *const targets[] = { "deployments" };
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	/* Paths under status are the operator's to permit, which is not what is looked at here. */
	f->w = world_new_tuned(
		(struct fc_engine_options){ .target_words = targets, .target_word_count = 1, .allow_all = true }, 1);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		world_up(f->w, i);
	world_resolve(f->w);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		struct fc_action *a = world_take_watch(f->w, i, "deployments", true);

		world_list(f->w, a, NULL);
		if (i == EDGE1)
			f->watch = a;
		else
			fc_action_free(a);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_action_free(f->watch);
	world_free(f->w);
	free(f);
	return 0;
}

static json_t *target(const char *rules, const char *spec, const char *status, int version)
{
	return J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%d','annotations':{%s}},"
		 "'spec':{%s},'status':{%s}}",
		 version, rules, spec, status);
}

/* The target is seen and read. */
static void begin(struct fixture *f, const char *rules, const char *spec, const char *status)
{
	world_object(f->w, f->watch, target(rules, spec, status, 20));
	world_answer_read(f->w, "dst", target(rules, spec, status, 20));
}

/* Somebody changes it. */
static void foreign_change(struct fixture *f, const char *rules, const char *spec, const char *status, int version)
{
	world_object(f->w, f->watch, target(rules, spec, status, version));
	world_answer_read(f->w, "dst", target(rules, spec, status, version));
}

/* The one write that is asked for: of the status or of the object, on that version, and what it does after saying so.
 * The caller's. */
static struct fc_action *expect_write(struct fixture *f, bool of_status, int version, json_t *operations)
{
	struct fc_action *a = world_take(f->w, FC_ACTION_PATCH);

	assert_non_null(a);
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 0);
	if (of_status)
		assert_string_equal(a->subresource, "status");
	else
		assert_null(a->subresource);
	json_array_insert_new(operations, 0,
			      J("{'op':'replace','path':'/metadata/resourceVersion','value':'%d'}", version));
	assert_json(a->body, operations);
	return a;
}

static void answer(struct fixture *f, struct fc_action *a, json_t *object)
{
	world_answer(f->w, a, object);
	fc_action_free(a);
}

static void refuse(struct fixture *f, struct fc_action *a, enum fc_error_class cls)
{
	world_fail(f->w, a, cls, -1);
	fc_action_free(a);
}

static void test_object_is_written_first_and_its_status_on_the_version_of_the_answer(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, TWO_RULES, "", "");
	a = expect_write(f, false, 20, J("[{'op':'add','path':'/spec/n','value':3}]"));
	assert_string_equal(world_state(f->w, "dst", "status.m"), "Pending/Writing");
	answer(f, a, target(TWO_RULES, "'n':3", "", 21));
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "InSync/InSync");
	a = expect_write(f, true, 21, J("[{'op':'add','path':'/status/m','value':4}]"));
	answer(f, a, target(TWO_RULES, "'n':3", "'m':4", 22));
	assert_string_equal(world_state(f->w, "dst", "status.m"), "InSync/InSync");
	assert_quiet(f->w);
	/* Promise 3: what comes of both is no foreign change. */
	world_object(f->w, f->watch, target(TWO_RULES, "'n':3", "", 21));
	world_object(f->w, f->watch, target(TWO_RULES, "'n':3", "'m':4", 22));
	assert_quiet(f->w);
}

static void test_without_the_subresource_status_is_part_of_the_one_write(void **state)
{
	struct fixture *f = *state;

	say_type(f->w, EDGE1, false);
	begin(f, TWO_RULES, "", "");
	answer(f,
	       expect_write(f, false, 20,
			    J("[{'op':'add','path':'/spec/n','value':3},{'op':'add','path':'/status/m','value':4}]")),
	       target(TWO_RULES, "'n':3", "'m':4", 21));
	assert_quiet(f->w);
}

static void test_each_part_is_written_only_where_it_differs(void **state)
{
	struct fixture *f = *state;

	/* Promise 2: in sync, nothing. */
	begin(f, TWO_RULES, "'n':3", "'m':4");
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "status.m"), "InSync/InSync");
	foreign_change(f, TWO_RULES, "'n':3", "'m':5", 30);
	answer(f, expect_write(f, true, 30, J("[{'op':'add','path':'/status/m','value':4}]")),
	       target(TWO_RULES, "'n':3", "'m':4", 31));
	assert_quiet(f->w);
	foreign_change(f, TWO_RULES, "'n':5", "'m':4", 40);
	answer(f, expect_write(f, false, 40, J("[{'op':'add','path':'/spec/n','value':3}]")),
	       target(TWO_RULES, "'n':3", "'m':4", 41));
	assert_quiet(f->w);
}

/* The answer of each is the truth of its own part. */
static void test_status_that_the_server_prunes_is_written_once(void **state)
{
	struct fixture *f = *state;

	begin(f, TWO_RULES, "'n':3", "");
	answer(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':4}]")),
	       target(TWO_RULES, "'n':3", "", 20));
	assert_string_equal(world_state(f->w, "dst", "status.m"), "InSync/InSync");
	assert_quiet(f->w);
	foreign_change(f, TWO_RULES, "'n':5", "", 30);
	answer(f, expect_write(f, false, 30, J("[{'op':'add','path':'/spec/n','value':3}]")),
	       target(TWO_RULES, "'n':3", "", 31));
	assert_quiet(f->w);
}

/* A status that is missing is made, as every parent is. */
static void test_missing_status_is_made_by_the_write_of_the_status(void **state)
{
	struct fixture *f = *state;
	const char *bare = "{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'20',"
			   "'annotations':{" STATUS_RULE "}}}";

	world_object(f->w, f->watch, J("%s", bare));
	world_answer_read(f->w, "dst", J("%s", bare));
	fc_action_free(expect_write(
		f, true, 20,
		J("[{'op':'add','path':'/status','value':{}},{'op':'add','path':'/status/m','value':4}]")));
}

/* Promise 7, both ways. */
static void test_status_that_may_not_be_written_does_not_keep_the_object_back(void **state)
{
	struct fixture *f = *state;

	begin(f, TWO_RULES, "'n':3", "");
	refuse(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':4}]")), FC_ERR_FORBIDDEN);
	assert_string_equal(world_state(f->w, "dst", "status.m"), "Forbidden/TargetForbidden");
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "InSync/InSync");
	foreign_change(f, TWO_RULES, "'n':5", "", 30);
	answer(f, expect_write(f, false, 30, J("[{'op':'add','path':'/spec/n','value':3}]")),
	       target(TWO_RULES, "'n':3", "", 31));
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "status.m"), "Forbidden/TargetForbidden");
	/* It is tried again by itself. */
	world_tick(f->w, 10000);
	answer(f, expect_write(f, true, 31, J("[{'op':'add','path':'/status/m','value':4}]")),
	       target(TWO_RULES, "'n':3", "'m':4", 32));
	assert_string_equal(world_state(f->w, "dst", "status.m"), "InSync/InSync");
}

static void test_object_that_may_not_be_written_does_not_keep_its_status_back(void **state)
{
	struct fixture *f = *state;

	begin(f, TWO_RULES, "", "");
	refuse(f, expect_write(f, false, 20, J("[{'op':'add','path':'/spec/n','value':3}]")), FC_ERR_FORBIDDEN);
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "Forbidden/TargetForbidden");
	answer(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':4}]")),
	       target(TWO_RULES, "", "'m':4", 21));
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "Forbidden/TargetForbidden");
	assert_string_equal(world_state(f->w, "dst", "status.m"), "InSync/InSync");
	assert_quiet(f->w);
	world_tick(f->w, 10000);
	answer(f, expect_write(f, false, 21, J("[{'op':'add','path':'/spec/n','value':3}]")),
	       target(TWO_RULES, "'n':3", "'m':4", 22));
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "InSync/InSync");
}

static void test_refused_status_is_invalid_alone(void **state)
{
	struct fixture *f = *state;

	begin(f, TWO_RULES, "'n':3", "");
	refuse(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':4}]")), FC_ERR_INVALID);
	world_answer_read(f->w, "dst", target(TWO_RULES, "'n':3", "", 20));
	assert_string_equal(world_state(f->w, "dst", "status.m"), "Invalid/Refused");
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "InSync/InSync");
	assert_quiet(f->w);
}

static void test_conflict_of_the_status_waits_for_the_event_that_caused_it(void **state)
{
	struct fixture *f = *state;

	begin(f, TWO_RULES, "'n':3", "");
	refuse(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':4}]")), FC_ERR_CONFLICT);
	assert_quiet(f->w);
	foreign_change(f, TWO_RULES, "'n':3", "'k':1", 25);
	answer(f, expect_write(f, true, 25, J("[{'op':'add','path':'/status/m','value':4}]")),
	       target(TWO_RULES, "'n':3", "'k':1,'m':4", 26));
	assert_quiet(f->w);
}

/* A webhook may answer 409 to every write of a status: a failure of that part, with growing delays (promises 6, 7). */
static void test_status_that_meets_409_for_ever_backs_off_and_keeps_nothing_else_back(void **state)
{
	struct fixture *f = *state;

	begin(f, TWO_RULES, "'n':3", "");
	refuse(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':4}]")), FC_ERR_CONFLICT);
	world_tick(f->w, 2000);
	world_answer_read(f->w, "dst", target(TWO_RULES, "'n':3", "", 20));
	assert_quiet(f->w);
	world_tick(f->w, 300);
	refuse(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':4}]")), FC_ERR_CONFLICT);
	world_tick(f->w, 2000);
	world_answer_read(f->w, "dst", target(TWO_RULES, "'n':3", "", 20));
	assert_quiet(f->w);
	foreign_change(f, TWO_RULES, "'n':5", "", 21);
	answer(f, expect_write(f, false, 21, J("[{'op':'add','path':'/spec/n','value':3}]")),
	       target(TWO_RULES, "'n':3", "", 22));
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "InSync/InSync");
	assert_quiet(f->w);
}

static void test_status_write_of_unknown_outcome_is_read_back_once(void **state)
{
	struct fixture *f = *state;

	begin(f, TWO_RULES, "'n':3", "");
	refuse(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':4}]")), FC_ERR_TIMEOUT);
	/* Backed off, as every failure is. */
	assert_quiet(f->w);
	world_tick(f->w, 5000);
	world_answer_read(f->w, "dst", target(TWO_RULES, "'n':3", "'m':4", 21));
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "status.m"), "InSync/InSync");
}

/* A CustomResourceDefinition may get the subresource, and lose it. */
static void test_subresource_that_comes_and_goes_moves_the_writes(void **state)
{
	struct fixture *f = *state;

	say_type(f->w, EDGE1, false);
	begin(f, STATUS_RULE, "", "");
	/* It has come, and discovery does not know it yet: the write does nothing, without a word. */
	answer(f, expect_write(f, false, 20, J("[{'op':'add','path':'/status/m','value':4}]")),
	       target(STATUS_RULE, "", "", 20));
	assert_quiet(f->w);
	say_type(f->w, EDGE1, true);
	answer(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':4}]")),
	       target(STATUS_RULE, "", "'m':4", 21));
	assert_quiet(f->w);
	say_type(f->w, EDGE1, false);
	assert_quiet(f->w);
	foreign_change(f, STATUS_RULE, "", "", 30);
	fc_action_free(expect_write(f, false, 30, J("[{'op':'add','path':'/status/m','value':4}]")));
}

/* Promise 6: of one target, whichever part of it. */
static void test_rewrites_of_the_status_count_as_those_of_its_object(void **state)
{
	struct fixture *f = *state;
	int version = 20, writes = 0;

	begin(f, TWO_RULES, "'n':3", "'m':4");
	while (writes < 30) {
		bool of_status = writes % 2;
		struct fc_action *a;

		version += 2;
		world_object(f->w, f->watch,
			     target(TWO_RULES, of_status ? "'n':3" : "'n':0", of_status ? "'m':0" : "'m':4", version));
		a = world_take(f->w, FC_ACTION_READ);
		if (!a)
			break;
		answer(f, a, target(TWO_RULES, of_status ? "'n':3" : "'n':0", of_status ? "'m':0" : "'m':4", version));
		a = world_take(f->w, FC_ACTION_PATCH);
		assert_non_null(a);
		answer(f, a, target(TWO_RULES, "'n':3", "'m':4", version + 1));
		writes++;
	}
	assert_int_equal(writes, 11);
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "Flapping/Flapping");
}

/* Promise 3 holds for both: one change of a source, one write and no read. */
static void test_change_of_a_source_costs_one_write_of_the_status_and_no_read(void **state)
{
#define FED \
	"'k8s-copier.fig.org/replace-spec.n':'configmap:src:data.n','k8s-copier.fig.org/replace-status.m':'configmap:src:data.m'"
	struct fixture *f = *state;
	struct fc_action *source;

	world_object(f->w, f->watch, target(FED, "'n':'1'", "'m':'1'", 20));
	world_resolve(f->w);
	source = world_take_watch(f->w, HUB, "configmaps", false);
	assert_non_null(source);
	world_answer_read(f->w, "dst", target(FED, "'n':'1'", "'m':'1'", 20));
	world_list(f->w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'n':'1','m':'1'}}"));
	assert_quiet(f->w);
	world_object(f->w, source,
		     J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'n':'1','m':'2'}}"));
	answer(f, expect_write(f, true, 20, J("[{'op':'add','path':'/status/m','value':'2'}]")),
	       target(FED, "'n':'1'", "'m':'2'", 21));
	assert_quiet(f->w);
	/* Both at once: two writes, in which the second has its value still. */
	world_object(f->w, source,
		     J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'12'},'data':{'n':'3','m':'3'}}"));
	answer(f, expect_write(f, false, 21, J("[{'op':'add','path':'/spec/n','value':'3'}]")),
	       target(FED, "'n':'3'", "'m':'2'", 22));
	assert_int_equal(world_count(f->w, FC_ACTION_READ), 0);
	answer(f, expect_write(f, true, 22, J("[{'op':'add','path':'/status/m','value':'3'}]")),
	       target(FED, "'n':'3'", "'m':'3'", 23));
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "status.m"), "InSync/InSync");
	fc_action_free(source);
#undef FED
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_object_is_written_first_and_its_status_on_the_version_of_the_answer),
		TEST(test_without_the_subresource_status_is_part_of_the_one_write),
		TEST(test_each_part_is_written_only_where_it_differs),
		TEST(test_status_that_the_server_prunes_is_written_once),
		TEST(test_missing_status_is_made_by_the_write_of_the_status),
		TEST(test_status_that_may_not_be_written_does_not_keep_the_object_back),
		TEST(test_object_that_may_not_be_written_does_not_keep_its_status_back),
		TEST(test_refused_status_is_invalid_alone),
		TEST(test_conflict_of_the_status_waits_for_the_event_that_caused_it),
		TEST(test_status_that_meets_409_for_ever_backs_off_and_keeps_nothing_else_back),
		TEST(test_status_write_of_unknown_outcome_is_read_back_once),
		TEST(test_subresource_that_comes_and_goes_moves_the_writes),
		TEST(test_change_of_a_source_costs_one_write_of_the_status_and_no_read),
		TEST(test_rewrites_of_the_status_count_as_those_of_its_object),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
