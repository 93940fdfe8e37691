/* SPDX-License-Identifier: Apache-2.0 */
/* The life of Namespaces: as a real cluster (1.20), with its controller-manager, shows it. */
#include "unit/sandbox/api_world.h"

#define HERE "/api/v1/namespaces/here"
#define TYPE(i, type) "status.conditions." i ".type"

static int setup(void **state)
{
	struct world *w = world_new(100);

	assert_int_equal(ask(w, "POST", "/api/v1/namespaces", JSON, "{\"metadata\":{\"name\":\"here\"}}"), 201);
	is_at(w, "spec.finalizers", "[\"kubernetes\"]");
	is_at(w, "status.phase", "Active");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void put(struct world *w, const char *name, const char *more)
{
	FC_AUTO_FREE char *body = fc_xasprintf("{\"metadata\":{\"name\":\"%s\"%s}}", name, more);

	assert_int_equal(ask(w, "POST", HERE "/configmaps", JSON, body), 201);
}

static void test_an_empty_one_says_so_and_goes(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *open;

	open = watch(w, &t, "/api/v1/namespaces?watch=1&fieldSelector=metadata.name%3Dhere");
	assert_int_equal(ask(w, "DELETE", HERE, "", NULL), 200);
	is_at(w, "status.phase", "Terminating");
	is_at(w, "metadata.deletionGracePeriodSeconds", "");
	is_at(w, "spec.finalizers", "[\"kubernetes\"]");
	world_settle(w);
	told(&t, "ADDED here\nMODIFIED here\nMODIFIED here\nDELETED here\n");
	assert_int_equal(get(w, HERE), 404);
	sb_watch_close(open);
	tape_fini(&t);
}

static void test_what_is_in_it_goes_first(void **state)
{
	struct world *w = *state;

	put(w, "a", "");
	put(w, "b", "");
	make(w, "outside", "");
	ask(w, "DELETE", HERE, "", NULL);
	world_settle(w);
	assert_int_equal(get(w, HERE "/configmaps/a"), 404);
	assert_int_equal(get(w, HERE), 404);
	assert_int_equal(get(w, MAPS "/outside"), 200);
}

static void test_nothing_new_is_created_in_one_that_goes(void **state)
{
	struct world *w = *state;

	ask(w, "DELETE", HERE, "", NULL);
	assert_int_equal(ask(w, "POST", HERE "/configmaps", JSON, "{\"metadata\":{\"name\":\"new\"}}"), 403);
	is_at(w, "message",
	      "configmaps \"new\" is forbidden: unable to create new content in namespace here because it is being "
	      "terminated");
	is_at(w, "details.causes.0.reason", "NamespaceTerminating");
}

static void test_a_finalizer_in_it_holds_it_and_is_named(void **state)
{
	struct world *w = *state;

	put(w, "a", ",\"finalizers\":[\"example.com/x\"]");
	put(w, "b", "");
	ask(w, "DELETE", HERE, "", NULL);
	world_settle(w);
	assert_int_equal(get(w, HERE), 200);
	is_at(w, "status.conditions.0.type", "NamespaceDeletionDiscoveryFailure");
	is_at(w, "status.conditions.3.type", "NamespaceContentRemaining");
	is_at(w, "status.conditions.3.status", "True");
	is_at(w, "status.conditions.3.message", "Some resources are remaining: configmaps. has 1 resource instances");
	is_at(w, "status.conditions.4.reason", "SomeFinalizersRemain");
	is_at(w, "status.conditions.4.message",
	      "Some content in the namespace has finalizers remaining: example.com/x in 1 resource instances");
	assert_int_equal(ask(w, "PATCH", HERE "/configmaps/a", MERGE_PATCH, "{\"metadata\":{\"finalizers\":null}}"),
			 200);
	world_settle(w);
	assert_int_equal(get(w, HERE), 404);
}

static void test_finalizers_of_its_own_hold_it(void **state)
{
	struct world *w = *state;

	ask(w, "PATCH", HERE, MERGE_PATCH, "{\"metadata\":{\"finalizers\":[\"example.com/x\"]}}");
	ask(w, "DELETE", HERE, "", NULL);
	world_settle(w);
	assert_int_equal(get(w, HERE), 200);
	is_at(w, "spec", "{}");
	assert_int_equal(ask(w, "PATCH", HERE, MERGE_PATCH, "{\"metadata\":{\"finalizers\":null}}"), 200);
	assert_int_equal(get(w, HERE), 404);
}

static void test_its_finalizer_is_taken_by_finalize(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "PUT", HERE "/finalize", JSON,
			     "{\"metadata\":{\"name\":\"here\"},\"spec\":{\"finalizers\":[]}}"),
			 200);
	assert_int_equal(ask(w, "DELETE", HERE, "", NULL), 200);
	is_at(w, "status", "Success");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_an_empty_one_says_so_and_goes),	    TEST(test_what_is_in_it_goes_first),
		TEST(test_nothing_new_is_created_in_one_that_goes), TEST(test_a_finalizer_in_it_holds_it_and_is_named),
		TEST(test_finalizers_of_its_own_hold_it),	    TEST(test_its_finalizer_is_taken_by_finalize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
