/* SPDX-License-Identifier: Apache-2.0 */
/* Which changes of a whole copy's state become a Kubernetes Event, and on which object. */
#include "copies.h"

/* The Events since the last time are these. */
static void expect(struct copies *c, const char *want)
{
	assert_string_equal(c->told, want);
	c->told[0] = '\0';
}

static void test_copy_that_is_well_from_the_start_is_no_notice(void **state FC_UNUSED)
{
	struct copies *c = copies_new();

	copies_source(c, TO_TEAM_X);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	expect(c, "");
	copies_free(c);
}

static void test_copy_that_does_not_stand_is_told_of_where_it_is_asked_for(void **state FC_UNUSED)
{
	struct copies *c = copies_new();

	/* In two namespaces, together. */
	copies_source(c, TO_TEAM_X ",'test.fedcopy/refuse':'true'");
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "NotAllowed/NotAllowed");
	assert_memory_equal(c->told, "Warning NotAllowed ConfigMap home/src: copy hub/configmaps/a/src: ", 66);
	assert_non_null(strstr(c->told, " (and 1 more rule)\n"));
	/* One line. */
	assert_ptr_equal(strchr(c->told, '\n') + 1, c->told + strlen(c->told));
	copies_free(c);
}

static void test_copy_that_stands_at_last_is_told_of_where_it_was_missing(void **state FC_UNUSED)
{
	struct copies *c = copies_new();

	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_on = HUB;
	copies_source(c, "'test.fedcopy/copy-to':'a'");
	assert_int_equal(strncmp(c->told, "Warning Forbidden ConfigMap home/src: copy hub/configmaps/a/src: ", 65), 0);
	c->told[0] = '\0';
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 3600 * 1000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_int_equal(strncmp(c->told, "Normal InSync ConfigMap home/src: copy hub/configmaps/a/src: ", 61), 0);
	c->told[0] = '\0';
	/* From then on it can be told of itself. */
	c->fail_writes = FC_ERR_FORBIDDEN;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_int_equal(strncmp(c->told, "Warning Forbidden ConfigMap a/src: copy of hub/configmaps/home/src: ", 68),
			 0);
	copies_free(c);
}

static void test_copy_that_stands_is_told_of_where_it_stands(void **state FC_UNUSED)
{
	struct copies *c = copies_new();

	copies_make(c, HUB, "ConfigMap", "a", "src", "", "'data':{'a':'mine'}");
	copies_source(c, TO_TEAM_X);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Conflict/Unowned");
	assert_int_equal(strncmp(c->told, "Warning Conflict ConfigMap a/src: copy of hub/configmaps/home/src: ", 67),
			 0);
	c->told[0] = '\0';
	copies_wait(c, 3600 * 1000);
	expect(c, "");
	copies_free(c);
}

static void test_copies_that_cannot_be_asked_for_are_told_of_where_they_are_asked_for(void **state FC_UNUSED)
{
	struct copies *c = copies_new();

	copies_source(c, TO_TEAM_X);
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'test.fedcopy/copy':'team in x'}}}");
	copies_settle(c);
	assert_string_equal(copies_state(c, ""), "Invalid/BadSelector");
	assert_int_equal(strncmp(c->told, "Warning Invalid ConfigMap home/src: copies in cluster hub: ", 59), 0);
	copies_free(c);
}

static void test_failing_writes_of_a_copy_are_noticed_once_and_so_is_their_end(void **state FC_UNUSED)
{
	struct copies *c = copies_new();

	copies_source(c, "'test.fedcopy/copy-to':'a'");
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_on = HUB;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_int_equal(strncmp(c->told, "Warning Forbidden ConfigMap a/src: ", 35), 0);
	c->told[0] = '\0';
	copies_wait(c, 3600 * 1000);
	expect(c, "");
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 3600 * 1000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_int_equal(strncmp(c->told, "Normal InSync ConfigMap a/src: ", 31), 0);
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_that_is_well_from_the_start_is_no_notice),
		cmocka_unit_test(test_copy_that_does_not_stand_is_told_of_where_it_is_asked_for),
		cmocka_unit_test(test_copy_that_stands_at_last_is_told_of_where_it_was_missing),
		cmocka_unit_test(test_copy_that_stands_is_told_of_where_it_stands),
		cmocka_unit_test(test_copies_that_cannot_be_asked_for_are_told_of_where_they_are_asked_for),
		cmocka_unit_test(test_failing_writes_of_a_copy_are_noticed_once_and_so_is_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
