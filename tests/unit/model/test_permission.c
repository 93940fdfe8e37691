/* SPDX-License-Identifier: Apache-2.0 */
#include "model/permission.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct fc_resource secrets = { .group = "", .plural = "secrets" };
static const struct fc_resource other_secrets = { .group = "example.com", .plural = "secrets" };
static const struct fc_resource cronjobs = { .group = "batch", .plural = "cronjobs" };

static json_t *list_of(const char *text)
{
	char json[1000];

	snprintf(json, sizeof(json), "%s", text);
	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	json_t *list = json_loads(json, JSON_DECODE_ANY, NULL);
	if (!list)
		fail_msg("no JSON: %s", json);
	return list;
}

static struct fc_permissions *read(const char *text)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *list = list_of(text);
	struct fc_permissions *p = fc_permissions_read(list, &err);

	json_decref(list);
	if (!p)
		fail_msg("%s", err.text);
	return p;
}

static bool covers(const struct fc_permissions *p, const char *from_cluster, const char *from, const char *to_cluster,
		   const char *to, const struct fc_resource *r)
{
	return fc_permissions_cover(p, &(struct fc_permission_query){ from_cluster, from, to_cluster, to, r });
}

static void test_permission_covers_what_all_three_of_its_parts_name(void **state)
{
	struct fc_permissions *p = read("[{'from':'hub/platform','to':'edge-*/*','resources':['cronjobs.batch']},"
					"{'from':'hub/a','to':'hub/b','resources':['secrets','configmaps']}]");

	(void)state;
	assert_true(covers(p, "hub", "platform", "edge-1", "shop", &cronjobs));
	assert_true(covers(p, "hub", "a", "hub", "b", &secrets));
	assert_false(covers(p, "hub", "platform", "hub", "shop", &cronjobs));
	assert_false(covers(p, "hub", "other", "edge-1", "shop", &cronjobs));
	assert_false(covers(p, "edge-1", "platform", "edge-1", "shop", &cronjobs));
	assert_false(covers(p, "hub", "platform", "edge-1", "shop", &secrets));
	assert_false(covers(p, "hub", "b", "hub", "a", &secrets));
	fc_permissions_unref(p);
}

static void test_permission_names_resources_with_and_without_their_group(void **state)
{
	static const struct {
		const char *word;
		bool secrets, other_secrets, cronjobs;
	} rows[] = {
		{ "*", true, true, true },
		{ "secrets", true, true, false },
		{ "secrets.example.com", false, true, false },
		{ "*.example.com", false, true, false },
		{ "cronjobs", false, false, true },
		{ "cronjobs.batch", false, false, true },
		{ "cronjobs.*", false, false, true },
		{ "cron*", false, false, true },
		{ "cronjobs.apps", false, false, false },
		{ "job", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *text = fc_xasprintf("[{'from':'*/*','to':'*/*','resources':['%s']}]", rows[i].word);
		struct fc_permissions *p = read(text);

		if (covers(p, "hub", "a", "hub", "b", &secrets) != rows[i].secrets ||
		    covers(p, "hub", "a", "hub", "b", &other_secrets) != rows[i].other_secrets ||
		    covers(p, "hub", "a", "hub", "b", &cronjobs) != rows[i].cronjobs)
			fail_msg("%s", rows[i].word);
		fc_permissions_unref(p);
	}
}

static void test_permission_star_covers_no_system_namespace_on_either_side(void **state)
{
	struct fc_permissions *all = read("[{'from':'*/*','to':'*/*','resources':['*']}]");
	struct fc_permissions *named = read("[{'from':'hub/kube-system','to':'*/*','resources':['*']}]");

	(void)state;
	assert_true(covers(all, "hub", "a", "hub", "b", &secrets));
	assert_false(covers(all, "hub", "kube-system", "hub", "b", &secrets));
	assert_false(covers(all, "hub", "a", "hub", "kube-public", &secrets));
	assert_true(covers(named, "hub", "kube-system", "hub", "b", &secrets));
	assert_false(covers(named, "hub", "kube-system", "edge-1", "kube-system", &secrets));
	fc_permissions_unref(all);
	fc_permissions_unref(named);
}

static void test_permission_list_that_is_empty_permits_nothing(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_permissions *absent = fc_permissions_read(NULL, &err), *empty = read("[]"), *null = read("null");

	(void)state;
	assert_non_null(absent);
	assert_false(covers(absent, "hub", "a", "hub", "b", &secrets));
	assert_false(covers(empty, "hub", "a", "hub", "b", &secrets));
	assert_false(covers(NULL, "hub", "a", "hub", "b", &secrets));
	assert_true(fc_permissions_same(absent, empty) && fc_permissions_same(NULL, null));
	fc_permissions_unref(absent);
	fc_permissions_unref(empty);
	fc_permissions_unref(null);
	fc_permissions_unref(NULL);
	assert_null(fc_permissions_ref(NULL));
}

static void test_permission_lists_differ_in_any_part(void **state)
{
	static const char *const texts[] = {
		"[]",
		"[{'from':'a/b','to':'c/d','resources':['secrets']}]",
		"[{'from':'a/x','to':'c/d','resources':['secrets']}]",
		"[{'from':'a/b','to':'c/x','resources':['secrets']}]",
		"[{'from':'a/b','to':'c/d','resources':['nodes']}]",
		"[{'from':'a/b','to':'c/d','resources':['secrets','nodes']}]",
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		for (size_t k = 0; k < FC_ARRAY_LEN(texts); k++) {
			struct fc_permissions *a = read(texts[i]), *b = read(texts[k]);

			assert_true(fc_permissions_same(a, b) == (i == k));
			fc_permissions_unref(a);
			fc_permissions_unref(b);
		}
	}
}

static void test_permission_faults_name_the_entry_and_the_mend(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "{}", "permissions: is no list" },
		{ "'all'", "permissions: is no list" },
		{ "['all']", "permissions[0]: is no mapping" },
		{ "[{'to':'a/b','resources':['*']}]", "permissions[0]: from: write CLUSTER/NAMESPACE" },
		{ "[{'from':'hub','to':'a/b','resources':['*']}]", "permissions[0]: from: write CLUSTER/NAMESPACE" },
		{ "[{'from':7,'to':'a/b','resources':['*']}]", "permissions[0]: from: write CLUSTER/NAMESPACE" },
		{ "[{'from':'a/b','to':'/b','resources':['*']}]", "to: \"/b\" begins with no cluster's name" },
		{ "[{'from':'a/b','to':'Hub/b','resources':['*']}]", "to: \"Hub/b\" begins with no cluster's name" },
		{ "[{'from':'a/b/c','to':'a/b','resources':['*']}]", "what follows the '/' of \"a/b/c\"" },
		{ "[{'from':'a/b?','to':'a/b','resources':['*']}]", "what follows the '/' of \"a/b?\"" },
		{ "[{'from':'a/b','to':'a/b'}]", "resources: name them in a list" },
		{ "[{'from':'a/b','to':'a/b','resources':[]}]", "resources: name them in a list" },
		{ "[{'from':'a/b','to':'a/b','resources':'*'}]", "resources: name them in a list" },
		{ "[{'from':'a/b','to':'a/b','resources':['*']},{'from':'a/b','to':'a/b','resources':['x','Secret']}]",
		  "permissions[1]: resources[1]: is no resource's name" },
		{ "[{'from':'a/b','to':'a/b','resources':[1]}]",
		  "permissions[0]: resources[0]: is no resource's name" },
		{ "[{'form':'a/b'}]", "permissions[0]: unknown key \"form\"; the keys here are from, to, resources" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;
		json_t *list = list_of(rows[i].text);

		if (fc_permissions_read(list, &err))
			fail_msg("taken: %s", rows[i].text);
		json_decref(list);
		assert_int_equal(err.cls, FC_ERR_CONFIG);
		if (!strstr(err.text, rows[i].part))
			fail_msg("%s: %s, not %s", rows[i].text, err.text, rows[i].part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_permission_covers_what_all_three_of_its_parts_name),
		cmocka_unit_test(test_permission_names_resources_with_and_without_their_group),
		cmocka_unit_test(test_permission_star_covers_no_system_namespace_on_either_side),
		cmocka_unit_test(test_permission_list_that_is_empty_permits_nothing),
		cmocka_unit_test(test_permission_lists_differ_in_any_part),
		cmocka_unit_test(test_permission_faults_name_the_entry_and_the_mend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
