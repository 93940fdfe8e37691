/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <string.h>

#define ALL (FC_VERB_GET | FC_VERB_LIST | FC_VERB_WATCH | FC_VERB_UPDATE | FC_VERB_PATCH)
#define READ_ONLY (FC_VERB_GET | FC_VERB_LIST)

/* In the order in which a server would advertise them: core, then groups, in a group the preferred version first. */
static const struct fc_resource served[] = {
	{ .version = "v1",
	  .plural = "configmaps",
	  .singular = "configmap",
	  .kind = "ConfigMap",
	  .short_names = "cm",
	  .verbs = ALL },
	{ .version = "v1", .plural = "secrets", .singular = "", .kind = "Secret", .verbs = ALL },
	{ .version = "v1",
	  .plural = "events",
	  .singular = "event",
	  .kind = "Event",
	  .short_names = "ev",
	  .verbs = ALL },
	{ .version = "v1",
	  .plural = "componentstatuses",
	  .kind = "ComponentStatus",
	  .short_names = "cs",
	  .verbs = READ_ONLY },
	{ .version = "v1",
	  .plural = "nodes",
	  .singular = "node",
	  .kind = "Node",
	  .short_names = "no",
	  .verbs = READ_ONLY },
	{ .group = "apps",
	  .version = "v1",
	  .plural = "deployments",
	  .singular = "deployment",
	  .kind = "Deployment",
	  .short_names = "deploy,dep",
	  .verbs = ALL },
	{ .group = "apps",
	  .version = "v1",
	  .plural = "deployments/status",
	  .kind = "Deployment",
	  .verbs = FC_VERB_GET | FC_VERB_PATCH },
	{ .group = "apps", .version = "v1", .plural = "deployments/scale", .kind = "Scale", .verbs = ALL },
	{ .group = "apps",
	  .version = "v1beta1",
	  .plural = "deployments",
	  .singular = "deployment",
	  .kind = "Deployment",
	  .verbs = ALL },
	{ .group = "apps",
	  .version = "v1beta1",
	  .plural = "oldthings",
	  .singular = "oldthing",
	  .kind = "OldThing",
	  .verbs = ALL },
	{ .group = "events.k8s.io",
	  .version = "v1",
	  .plural = "events",
	  .singular = "event",
	  .kind = "Event",
	  .verbs = ALL },
	{ .group = "metrics.x.io",
	  .version = "v1",
	  .plural = "nodes",
	  .singular = "node",
	  .kind = "NodeMetrics",
	  .verbs = ALL },
	{ .group = "types.federation.k8s.io",
	  .version = "v1alpha1",
	  .plural = "federatedsecrets",
	  .singular = "federatedsecret",
	  .kind = "FederatedSecret",
	  .verbs = ALL },
	/* Its plural is the short name of another. */
	{ .group = "late.io", .version = "v1", .plural = "cm", .singular = "", .kind = "CloudMachine", .verbs = ALL },
	{ .group = "late.io", .version = "v1", .plural = "depots", .kind = "Dep", .verbs = ALL },
	{ .group = "late.io",
	  .version = "v1",
	  .plural = "shorts",
	  .singular = "short",
	  .kind = "Short",
	  .short_names = "s1,s2",
	  .verbs = ALL },
};

static int set_up(void **state)
{
	struct fc_resource_table *t = fc_resource_table_new();

	for (size_t i = 0; i < FC_ARRAY_LEN(served); i++)
		fc_resource_table_add(t, fc_resource_new(&served[i]));
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	fc_resource_table_free(*state);
	return 0;
}

/* `expected` is "group/version/plural", or the word for why there is none. */
static void expect(const struct fc_resource_table *t, const char *word, unsigned verbs, const char *expected)
{
	static const char *const outcomes[] = { "", "not served", "lacks verbs", "unknown" };
	struct fc_resource *r = (struct fc_resource *)(uintptr_t)&served[0];
	enum fc_resolved found = fc_resource_resolve(t, word, verbs, &r);
	FC_AUTO_FREE char *got = found == FC_RESOLVED ? fc_xasprintf("%s/%s/%s", r->group, r->version, r->plural)
						      : fc_xstrdup(outcomes[found]);

	assert_int_equal(found == FC_RESOLVED, r != NULL);
	fc_resource_unref(r);
	assert_string_equal(got, expected);
}

static void test_resolve_takes_plural_singular_and_kind(void **state)
{
	expect(*state, "configmaps", ALL, "/v1/configmaps");
	expect(*state, "configmap", ALL, "/v1/configmaps");
	expect(*state, "ConfigMap", ALL, "/v1/configmaps");
	expect(*state, "CONFIGMAP", ALL, "/v1/configmaps");
	expect(*state, "federatedsecret", ALL, "types.federation.k8s.io/v1alpha1/federatedsecrets");
}

static void test_resolve_compares_plural_with_case_and_kind_without(void **state)
{
	expect(*state, "ConfigMaps", ALL, "not served");
	expect(*state, "secret", ALL, "/v1/secrets"); /* no singular: the kind serves */
	expect(*state, "Secrets", ALL, "not served");
}

static void test_resolve_takes_name_and_group(void **state)
{
	expect(*state, "deployments.apps", ALL, "apps/v1/deployments");
	expect(*state, "Deployment.apps", ALL, "apps/v1/deployments");
	expect(*state, "deployments.extensions", ALL, "not served");
	expect(*state, "configmaps.apps", ALL, "not served");
}

static void test_resolve_takes_name_version_and_group(void **state)
{
	expect(*state, "deployments.v1.apps", ALL, "apps/v1/deployments");
	expect(*state, "deployments.v1beta1.apps", ALL, "apps/v1beta1/deployments");
	expect(*state, "federatedsecrets.v1alpha1.types.federation.k8s.io", ALL,
	       "types.federation.k8s.io/v1alpha1/federatedsecrets");
	expect(*state, "configmaps.v1.", ALL, "/v1/configmaps");
}

static void test_resolve_stays_inside_a_served_group_version(void **state)
{
	/* apps/v1 is served and has none: v1beta1, which has, is not asked. */
	expect(*state, "oldthings.v1.apps", ALL, "not served");
	expect(*state, "oldthings.v1beta1.apps", ALL, "apps/v1beta1/oldthings");
}

static void test_resolve_reads_a_dotted_group_where_no_such_version_is_served(void **state)
{
	expect(*state, "federatedsecrets.types.federation.k8s.io", ALL,
	       "types.federation.k8s.io/v1alpha1/federatedsecrets");
	expect(*state, "events.events.k8s.io", ALL, "events.k8s.io/v1/events");
}

static void test_resolve_takes_the_first_of_several(void **state)
{
	expect(*state, "events", ALL, "/v1/events");
	expect(*state, "deployments", ALL, "apps/v1/deployments");
	expect(*state, "oldthings", ALL, "apps/v1beta1/oldthings");
}

static void test_resolve_prefers_what_serves_the_verbs(void **state)
{
	expect(*state, "nodes", READ_ONLY, "/v1/nodes");
	expect(*state, "nodes", ALL, "metrics.x.io/v1/nodes");
	expect(*state, "componentstatuses", ALL, "lacks verbs");
	expect(*state, "nodes.v1.", ALL, "lacks verbs");
}

static void test_resolve_never_takes_a_subresource(void **state)
{
	expect(*state, "deployments/status", FC_VERB_GET, "not served");
	expect(*state, "deployments/scale", FC_VERB_GET, "not served");
	expect(*state, "Scale", FC_VERB_GET, "not served");
}

static void test_resolve_takes_a_short_name_last(void **state)
{
	expect(*state, "deploy", ALL, "apps/v1/deployments");
	expect(*state, "s1", ALL, "late.io/v1/shorts");
	expect(*state, "s2", ALL, "late.io/v1/shorts");
	expect(*state, "s", ALL, "not served");
	expect(*state, "s1,s2", ALL, "not served");
	expect(*state, "deploy.apps", ALL, "apps/v1/deployments");
}

static void test_resolve_prefers_any_other_name_to_a_short_one(void **state)
{
	expect(*state, "cm", ALL, "late.io/v1/cm");
	expect(*state, "dep", ALL, "late.io/v1/depots");
	expect(*state, "cm.v1.", ALL, "/v1/configmaps");
}

static void test_resolve_of_a_nameless_word_is_not_served(void **state)
{
	expect(*state, "", ALL, "not served");
	expect(*state, ".", ALL, "not served");
	expect(*state, ".apps", ALL, "not served");
	expect(*state, ".v1.apps", ALL, "not served");
	expect(*state, "deployments..apps", ALL, "not served");
}

static void test_resolve_does_not_know_where_a_group_that_could_hold_it_is_broken(void **state)
{
	struct fc_resource_table *t = *state;

	fc_resource_table_add_broken(t, "custom.io", "v1");
	expect(t, "widgets", ALL, "unknown");
	expect(t, "widgets.custom.io", ALL, "unknown");
	expect(t, "widgets.v1.custom.io", ALL, "unknown");
	expect(t, "widgets.v2.custom.io", ALL, "not served");
	expect(t, "widgets.apps", ALL, "not served");
	expect(t, "widgets.v1.", ALL, "not served");
}

static void test_resolve_finds_what_is_readable_beside_a_broken_group(void **state)
{
	struct fc_resource_table *t = *state;

	fc_resource_table_add_broken(t, "custom.io", "v1");
	expect(t, "secrets", ALL, "/v1/secrets");
	expect(t, "componentstatuses", ALL, "lacks verbs");
}

static void test_resolve_does_not_know_where_whole_groups_are_broken(void **state)
{
	struct fc_resource_table *t = *state;

	fc_resource_table_add_broken(t, "custom.io", NULL);
	expect(t, "widgets.v7.custom.io", ALL, "unknown");
	expect(t, "widgets.other.io", ALL, "not served");
	fc_resource_table_add_broken(t, NULL, NULL);
	expect(t, "widgets.other.io", ALL, "unknown");
	expect(t, "secrets", ALL, "/v1/secrets");
}

static void test_resolve_of_a_broken_version_does_not_change_its_meaning(void **state)
{
	struct fc_resource_table *t = *state;
	const struct fc_resource odd = { .group = "v3.apps", .version = "v1", .plural = "deployments", .verbs = ALL };

	fc_resource_table_add(t, fc_resource_new(&odd));
	expect(t, "deployments.v3.apps", ALL, "v3.apps/v1/deployments");
	fc_resource_table_add_broken(t, "apps", "v3");
	expect(t, "deployments.v3.apps", ALL, "unknown");
}

static void test_resolve_takes_the_first_labels_of_a_group_where_none_is_called_so(void **state)
{
	struct fc_resource_table *t = *state;

	expect(t, "federatedsecrets.types", ALL, "types.federation.k8s.io/v1alpha1/federatedsecrets");
	expect(t, "federatedsecrets.types.federation", ALL, "types.federation.k8s.io/v1alpha1/federatedsecrets");
	expect(t, "federatedsecrets.typ", ALL, "not served");
	expect(t, "shorts.late", ALL, "late.io/v1/shorts");
	/* One of the very name comes first, wherever it stands. */
	fc_resource_table_add(t, fc_resource_new(&(struct fc_resource){
					 .group = "late", .version = "v1", .plural = "shorts", .verbs = ALL }));
	expect(t, "shorts.late", ALL, "late/v1/shorts");
	fc_resource_table_add_broken(t, "events.k8s.io", "v2");
	expect(t, "widgets.events", ALL, "unknown");
}

/* `present` is "group/version/plural". */
static void expect_again(const struct fc_resource_table *t, const char *word, const char *group, const char *version,
			 const char *plural, const char *expected)
{
	static const char *const outcomes[] = { "", "not served", "lacks verbs", "unknown" };
	const struct fc_resource present = { .group = group, .version = version, .plural = plural };
	struct fc_resource *r = NULL;
	enum fc_resolved found = fc_resource_resolve_again(t, word, ALL, &present, &r);
	FC_AUTO_FREE char *got = found == FC_RESOLVED ? fc_xasprintf("%s/%s/%s", r->group, r->version, r->plural)
						      : fc_xstrdup(outcomes[found]);

	fc_resource_unref(r);
	assert_string_equal(got, expected);
}

static void test_resolve_again_stays_while_it_is_served(void **state)
{
	expect_again(*state, "events", "events.k8s.io", "v1", "events", "events.k8s.io/v1/events");
	expect_again(*state, "deployments", "apps", "v1beta1", "deployments", "apps/v1beta1/deployments");
	expect_again(*state, "dep", "apps", "v1", "deployments", "apps/v1/deployments");
}

static void test_resolve_again_takes_another_version_before_another_group(void **state)
{
	expect_again(*state, "events", "events.k8s.io", "v1beta1", "events", "events.k8s.io/v1/events");
	expect_again(*state, "deployments.apps", "apps", "v2", "deployments", "apps/v1/deployments");
	expect_again(*state, "events", "gone.io", "v1", "events", "/v1/events");
	/* A version that was asked for is not another one. */
	expect_again(*state, "shorts.v2.late.io", "late.io", "v2", "shorts", "not served");
}

static void test_resolve_again_does_not_know_where_its_own_group_is_broken(void **state)
{
	struct fc_resource_table *t = *state;

	fc_resource_table_add_broken(t, "events.k8s.io", "v2");
	expect_again(t, "events", "events.k8s.io", "v2", "events", "unknown");
	/* It may be in the version that cannot be read; another group does not take over meanwhile. */
	expect_again(t, "nodes", "events.k8s.io", "v1beta1", "nodes", "unknown");
	/* Another broken group does not keep what is gone. */
	expect_again(t, "widgets", "late.io", "v1", "widgets", "not served");
	fc_resource_table_add_broken(t, NULL, NULL);
	expect_again(t, "widgets", "late.io", "v1", "widgets", "unknown");
}

static void expect_rivals(const struct fc_resource_table *t, const char *word, const char *expected)
{
	FC_AUTO_FREE char *got = fc_resource_rivals(t, word, ALL);

	if (expected)
		assert_non_null(got);
	if (got)
		assert_string_equal(got, expected ? expected : "none");
}

static void test_rivals_are_named_so_that_each_name_means_one(void **state)
{
	struct fc_resource_table *t = *state;
	const struct fc_resource cards = { .group = "b.io", .version = "v1", .plural = "secrets", .verbs = ALL };
	const struct fc_resource shorts = {
		.group = "b.io", .version = "v1", .plural = "deps", .kind = "Dep", .short_names = "s1", .verbs = ALL
	};

	expect_rivals(t, "secrets", NULL);
	fc_resource_table_add(t, fc_resource_new(&cards));
	fc_resource_table_add(t, fc_resource_new(&shorts));
	expect_rivals(t, "secrets", "secrets.v1., secrets.b.io");
	expect(t, "secrets.v1.", ALL, "/v1/secrets");
	expect(t, "secrets.b.io", ALL, "b.io/v1/secrets");
	expect_rivals(t, "secrets.b.io", NULL);
	expect_rivals(t, "s1", "shorts.late.io, deps.b.io");
	expect_rivals(t, "nothing", NULL);
	expect_rivals(t, "", NULL);
}

static void test_rivals_are_neither_versions_nor_built_in_twins_nor_what_lacks_verbs(void **state)
{
	expect_rivals(*state, "deployments", NULL);
	expect_rivals(*state, "events", NULL);
	expect_rivals(*state, "nodes", NULL);
}

static void test_words_name_groups_or_leave_them_open(void **state)
{
	(void)state;
	assert_false(fc_resource_word_names_group("widgets"));
	assert_false(fc_resource_word_names_group("widgets."));
	assert_true(fc_resource_word_names_group("widgets.a.io"));
	assert_true(fc_resource_word_names_group("secrets.v1."));
	assert_true(fc_resource_word_may_mean_group("secrets.v1.", ""));
	assert_true(fc_resource_word_may_mean_group("widgets.v1.a.io", "a.io"));
	assert_true(fc_resource_word_may_mean_group("widgets.v1.a.io", "v1.a.io"));
	assert_true(fc_resource_word_may_mean_group("widgets.a", "a.io"));
	assert_true(fc_resource_word_may_mean_group("widgets.a.io", "io")); /* its version a */
	assert_true(fc_resource_word_may_mean_group("widgets.v1.a.io", "a.io"));
	assert_false(fc_resource_word_may_mean_group("widgets.a.io", "b.a.io"));
	assert_false(fc_resource_word_may_mean_group("widgets.a.io", ""));
	assert_false(fc_resource_word_may_mean_group("widgets", "a.io"));
}

static bool has_status(const struct fc_resource_table *t, const char *word)
{
	struct fc_resource *r;

	assert_int_equal(fc_resource_resolve(t, word, 0, &r), FC_RESOLVED);
	bool has = r->has_status;
	fc_resource_unref(r);
	return has;
}

static void test_table_marks_what_serves_status_in_its_own_version_only(void **state)
{
	assert_true(has_status(*state, "deployments.v1.apps"));
	assert_false(has_status(*state, "deployments.v1beta1.apps"));
	assert_false(has_status(*state, "configmaps"));
}

static void test_table_marks_status_that_came_first(void **state)
{
	struct fc_resource_table *t = *state;

	fc_resource_table_add(t, fc_resource_new(&(struct fc_resource){
					 .group = "a.io", .version = "v1", .plural = "things/status" }));
	fc_resource_table_add(
		t, fc_resource_new(&(struct fc_resource){ .group = "a.io", .version = "v1", .plural = "things" }));
	assert_true(has_status(t, "things"));
}

static void test_table_leaves_a_shared_resource_as_it_was_when_marking(void **state)
{
	struct fc_resource_table *t = *state;
	struct fc_resource *shared =
		fc_resource_new(&(struct fc_resource){ .group = "a.io", .version = "v1", .plural = "things" });

	fc_resource_table_add(t, fc_resource_ref(shared));
	fc_resource_table_add(t, fc_resource_new(&(struct fc_resource){
					 .group = "a.io", .version = "v1", .plural = "things/status" }));
	assert_false(shared->has_status);
	assert_true(has_status(t, "things"));
	fc_resource_unref(shared);
}

static void test_table_counts_resources_and_no_subresources(void **state)
{
	assert_int_equal(fc_resource_table_count(*state), FC_ARRAY_LEN(served) - 2);
	fc_resource_table_free(NULL);
}

static void test_word_check_takes_the_three_forms(void **state)
{
	static const char *const good[] = {
		"secrets",     "FederatedSecret",      "deployments.apps",
		"secrets.",    "deployments.v1.apps",  "federatedsecrets.types.federation.k8s.io",
		"secrets.v1.", "a.v1alpha1.types.b.io"
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(good); i++)
		assert_int_equal(fc_resource_word_check(good[i], NULL), 0);
}

static void test_word_check_refuses_what_can_never_resolve(void **state)
{
	static const char *const bad[] = { "",	       ".",	   ".apps",	  "secrets/status", "a b",
					   "a:b",      "a..apps",  "a.Apps",	  "a.v1..apps",	    "a.-x",
					   "a.v1.b_c", "\xC3\xA4", "a.v1.apps/x", "a.v_1." };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(bad); i++) {
		struct fc_error err = FC_ERROR_INIT;
		assert_int_equal(fc_resource_word_check(bad[i], &err), -1);
		assert_int_equal(err.cls, FC_ERR_INVALID);
		assert_non_null(strstr(err.text, "NAME.VERSION.GROUP"));
	}
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TABLE(test_resolve_takes_plural_singular_and_kind),
		WITH_TABLE(test_resolve_compares_plural_with_case_and_kind_without),
		WITH_TABLE(test_resolve_takes_name_and_group),
		WITH_TABLE(test_resolve_takes_name_version_and_group),
		WITH_TABLE(test_resolve_stays_inside_a_served_group_version),
		WITH_TABLE(test_resolve_reads_a_dotted_group_where_no_such_version_is_served),
		WITH_TABLE(test_resolve_takes_the_first_of_several),
		WITH_TABLE(test_resolve_prefers_what_serves_the_verbs),
		WITH_TABLE(test_resolve_never_takes_a_subresource),
		WITH_TABLE(test_resolve_takes_a_short_name_last),
		WITH_TABLE(test_resolve_prefers_any_other_name_to_a_short_one),
		WITH_TABLE(test_resolve_of_a_nameless_word_is_not_served),
		WITH_TABLE(test_resolve_does_not_know_where_a_group_that_could_hold_it_is_broken),
		WITH_TABLE(test_resolve_finds_what_is_readable_beside_a_broken_group),
		WITH_TABLE(test_resolve_does_not_know_where_whole_groups_are_broken),
		WITH_TABLE(test_resolve_of_a_broken_version_does_not_change_its_meaning),
		WITH_TABLE(test_resolve_takes_the_first_labels_of_a_group_where_none_is_called_so),
		WITH_TABLE(test_resolve_again_stays_while_it_is_served),
		WITH_TABLE(test_resolve_again_takes_another_version_before_another_group),
		WITH_TABLE(test_resolve_again_does_not_know_where_its_own_group_is_broken),
		WITH_TABLE(test_rivals_are_named_so_that_each_name_means_one),
		WITH_TABLE(test_rivals_are_neither_versions_nor_built_in_twins_nor_what_lacks_verbs),
		cmocka_unit_test(test_words_name_groups_or_leave_them_open),
		WITH_TABLE(test_table_marks_what_serves_status_in_its_own_version_only),
		WITH_TABLE(test_table_marks_status_that_came_first),
		WITH_TABLE(test_table_leaves_a_shared_resource_as_it_was_when_marking),
		WITH_TABLE(test_table_counts_resources_and_no_subresources),
		cmocka_unit_test(test_word_check_takes_the_three_forms),
		cmocka_unit_test(test_word_check_refuses_what_can_never_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
