/* SPDX-License-Identifier: Apache-2.0 */
/* Dependents and their owners, as a real cluster (1.20), with its controller-manager, treats them. */
#include "unit/sandbox/api_world.h"

static int setup(void **state)
{
	*state = world_new(100);
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* A ConfigMap of those owners. */
static void depend(struct world *w, const char *name, const char *owner, const char *more)
{
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "/%s", owner), *uid = NULL, *members = NULL;

	get(w, path);
	uid = at(w, "metadata.uid");
	members = fc_xasprintf(",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"%s\","
			       "\"uid\":\"%s\"%s}]",
			       owner, *uid ? uid : "gone", more);
	make(w, name, members);
}

static int state_of(struct world *w, const char *name)
{
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "/%s", name);

	return get(w, path);
}

static void drop(struct world *w, const char *query)
{
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "/%s", query);

	assert_int_equal(ask(w, "DELETE", path, "", NULL), 200);
}

static void test_dependents_go_with_their_owner(void **state)
{
	struct world *w = *state;

	make(w, "owner", "");
	depend(w, "child", "owner", "");
	depend(w, "grandchild", "child", "");
	make(w, "other", "");
	world_settle(w);
	assert_int_equal(state_of(w, "grandchild"), 200);
	drop(w, "owner");
	world_settle(w);
	assert_int_equal(state_of(w, "child"), 404);
	assert_int_equal(state_of(w, "grandchild"), 404);
	assert_int_equal(state_of(w, "other"), 200);
}

static void test_who_names_an_owner_that_never_was_goes(void **state)
{
	struct world *w = *state;

	depend(w, "child", "none", "");
	world_settle(w);
	assert_int_equal(state_of(w, "child"), 404);
}

static void test_an_owner_of_that_name_but_another_uid_is_none(void **state)
{
	struct world *w = *state;

	make(w, "owner", "");
	depend(w, "child", "owner", "");
	drop(w, "owner");
	make(w, "owner", "");
	world_settle(w);
	assert_int_equal(state_of(w, "child"), 404);
	assert_int_equal(state_of(w, "owner"), 200);
}

static void test_one_of_two_owners_is_enough(void **state)
{
	struct world *w = *state;

	make(w, "one", "");
	FC_AUTO_FREE char *one = at(w, "metadata.uid");

	make(w, "two", "");
	FC_AUTO_FREE char *two = at(w, "metadata.uid");
	FC_AUTO_FREE char *members = fc_xasprintf(
		",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"one\",\"uid\":\"%s\"},"
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"two\",\"uid\":\"%s\"}]",
		one, two);

	make(w, "child", members);
	drop(w, "one");
	world_settle(w);
	assert_int_equal(state_of(w, "child"), 200);
	drop(w, "two");
	world_settle(w);
	assert_int_equal(state_of(w, "child"), 404);
}

static void test_orphans_stay_without_their_owner(void **state)
{
	struct world *w = *state;

	make(w, "owner", "");
	depend(w, "child", "owner", "");
	drop(w, "owner?propagationPolicy=Orphan");
	world_settle(w);
	assert_int_equal(state_of(w, "owner"), 404);
	assert_int_equal(state_of(w, "child"), 200);
	is_at(w, "metadata.ownerReferences", "");
}

static void test_in_the_foreground_an_owner_waits_for_those_that_block_it(void **state)
{
	struct world *w = *state;

	make(w, "owner", "");
	depend(w, "child", "owner", ",\"blockOwnerDeletion\":true");
	assert_int_equal(
		ask(w, "PATCH", MAPS "/child", MERGE_PATCH, "{\"metadata\":{\"finalizers\":[\"example.com/x\"]}}"),
		200);
	drop(w, "owner?propagationPolicy=Foreground");
	world_settle(w);
	assert_int_equal(state_of(w, "child"), 200);
	is_at(w, "metadata.deletionTimestamp", "2023-11-14T22:13:20Z");
	assert_int_equal(state_of(w, "owner"), 200);
	assert_int_equal(ask(w, "PATCH", MAPS "/child", MERGE_PATCH, "{\"metadata\":{\"finalizers\":null}}"), 200);
	world_settle(w);
	assert_int_equal(state_of(w, "child"), 404);
	assert_int_equal(state_of(w, "owner"), 404);
}

static void test_an_owner_without_dependents_goes_in_the_foreground_too(void **state)
{
	struct world *w = *state;

	make(w, "owner", "");
	drop(w, "owner?propagationPolicy=Foreground");
	is_at(w, "metadata.finalizers", "[\"foregroundDeletion\"]");
	world_settle(w);
	assert_int_equal(state_of(w, "owner"), 404);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_dependents_go_with_their_owner),
		TEST(test_who_names_an_owner_that_never_was_goes),
		TEST(test_an_owner_of_that_name_but_another_uid_is_none),
		TEST(test_one_of_two_owners_is_enough),
		TEST(test_orphans_stay_without_their_owner),
		TEST(test_in_the_foreground_an_owner_waits_for_those_that_block_it),
		TEST(test_an_owner_without_dependents_goes_in_the_foreground_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
