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
		WITH_TABLE(test_table_marks_what_serves_status_in_its_own_version_only),
		WITH_TABLE(test_table_marks_status_that_came_first),
		WITH_TABLE(test_table_leaves_a_shared_resource_as_it_was_when_marking),
		WITH_TABLE(test_table_counts_resources_and_no_subresources),
		cmocka_unit_test(test_word_check_takes_the_three_forms),
		cmocka_unit_test(test_word_check_refuses_what_can_never_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
