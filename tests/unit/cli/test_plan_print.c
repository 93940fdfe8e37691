/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text and as JSON: what is shown, and what is not. */
#include "cli/plan_print.h"

#include "unit/cli/plan_world.h"

static struct fc_cluster_info clusters[] = { { .name = (char *)(uintptr_t) "hub" },
					     { .name = (char *)(uintptr_t) "edge-1" } };

/* A view of one write, and of these rules. */
static void show(const struct fc_planned *writes, size_t count, json_t *rules, bool json, struct fc_buf *out)
{
	struct fc_plan_key key;
	struct fc_outcome outcome = { .rules = rules ? rules : json_array(), .problems = json_array() };
	struct fc_plan_view view = {
		.writes = writes, .write_count = count, .clusters = clusters, .outcome = &outcome, .key = &key
	};

	outcome.counts[FC_STATE_IN_SYNC] = 4;
	outcome.counts[FC_STATE_NOT_ALLOWED] = json_array_size(rules);
	assert_int_equal(fc_plan_key_make(&key, NULL), 0);
	if (json)
		assert_int_equal(fc_plan_json(&view, out, NULL), 0);
	else
		fc_plan_text(&view, out);
	fc_outcome_fini(&outcome);
}

static struct fc_planned planned(fc_cluster_no cluster, const struct fc_resource *r, const char *before,
				 const char *after, const char *confidential)
{
	return (struct fc_planned){
		.cluster = cluster,
		.resource = r,
		.namespace_ = "ns",
		.name = "a",
		.before = before ? plan_json_of(before) : NULL,
		.after = after ? plan_json_of(after) : NULL,
		.confidential = plan_json_of(confidential),
	};
}

static void planned_fini(struct fc_planned *p)
{
	json_decref(p->before);
	json_decref(p->after);
	json_decref((json_t *)(uintptr_t)p->confidential);
}

static void test_text_is_grouped_by_cluster_and_ends_with_a_summary(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	struct fc_planned writes[] = {
		planned(0, &plan_configmaps, "{'data':{'k':'a'}}", "{'data':{'k':'b','n':1}}", "[]"),
		planned(1, &plan_deployments, "{'spec':{'l':[1,2]}}", "{'spec':{'l':[1]}}", "[]"),
		planned(1, &plan_deployments, "{'status':{}}", "{'status':{'x':true}}", "[]"),
	};

	writes[2].subresource = "status";
	show(writes, 3, NULL, false, &out);
	assert_string_equal(fc_buf_str(&out), "cluster hub\n"
					      "  update configmaps/ns/a\n"
					      "    - data.k: \"a\"\n"
					      "    + data.k: \"b\"\n"
					      "    + data.n: 1\n"
					      "cluster edge-1\n"
					      "  update deployments.apps/ns/a\n"
					      "    - spec.l.1: 2\n"
					      "  update deployments.apps/ns/a status\n"
					      "    + status.x: true\n"
					      "\n"
					      "3 writes in 2 clusters\n");
	for (size_t i = 0; i < FC_ARRAY_LEN(writes); i++)
		planned_fini(&writes[i]);
}

static json_t *some_rules(void)
{
	return plan_json_of("[{'target':'edge-1/configmaps/ns/a','path':'data.k','source':'hub/configmaps/x/s','state':"
			    "'NotAllowed','reason':'NotAllowed','message':'no permission covers it'}]");
}

static void test_text_lists_rules_below_the_summary(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	show(NULL, 0, some_rules(), false, &out);
	assert_string_equal(fc_buf_str(&out),
			    "0 writes in 0 clusters; 1 rule NotAllowed\n"
			    "warning: edge-1/configmaps/ns/a data.k: NotAllowed: no permission covers it "
			    "(from hub/configmaps/x/s)\n");
}

static void test_text_of_others_cannot_drive_the_terminal(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	struct fc_planned write =
		planned(0, &plan_configmaps, "{}", "{'data':{'\\u001b[2J':'\\u009b\\u001b\\n'}}", "[]");

	show(&write, 1, NULL, false, &out);
	for (const char *c = fc_buf_str(&out); *c; c++)
		assert_true(*c == '\n' || (unsigned char)*c >= 0x20);
	assert_null(strstr(fc_buf_str(&out), "\xC2\x9B"));
	planned_fini(&write);
}

/* In both forms. */
static void assert_hidden(struct fc_planned *write, const char *value, const char *shown)
{
	for (int json = 0; json <= 1; json++) {
		FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

		show(write, 1, NULL, json, &out);
		assert_null(strstr(fc_buf_str(&out), value));
		if (shown && !strstr(fc_buf_str(&out), shown))
			fail_msg("%s is not in %s", shown, fc_buf_str(&out));
		assert_non_null(strstr(fc_buf_str(&out), "hmac"));
	}
	planned_fini(write);
}

static void test_name_of_an_object_cannot_drive_the_terminal(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	struct fc_planned write = planned(0, &plan_configmaps, "{'data':{'k':'a'}}", "{'data':{'k':'b'}}", "[]");

	write.name = "a\xc2\x9b"
		     "2J";
	show(&write, 1, NULL, false, &out);
	assert_null(strstr(fc_buf_str(&out), "\xc2\x9b"));
	assert_non_null(strstr(fc_buf_str(&out), "configmaps/ns/a\\u009b2J"));
	planned_fini(&write);
}

static void test_no_value_of_a_secret_or_federated_object_is_shown(void **state FC_UNUSED)
{
	struct fc_planned write =
		planned(0, &plan_secrets, "{'data':{'k':'hidden-1'}}", "{'data':{'k':'hidden-2'}}", "[]");

	assert_hidden(&write, "hidden", "data.k");
	write = planned(0, &plan_secrets, "{}", "{'metadata':{'labels':{'l':'hidden'}}}", "[]");
	assert_hidden(&write, "hidden", "metadata.labels.l");
	write = planned(0, &plan_federated, "{'spec':['hidden']}", "{'spec':{'a':{'b':'hidden-2'}}}", "[]");
	assert_hidden(&write, "hidden", "spec.a.b");
	write = planned(0, &plan_secrets, NULL, "{'metadata':{'name':'shown'},'data':{'k':'hidden'}}", "[]");
	assert_hidden(&write, "hidden", "\"shown\"");
	write = planned(0, &plan_secrets, "{'data':{'k':'hidden'}}", NULL, "[]");
	assert_hidden(&write, "hidden", "data.k");
}

static void test_confidential_places_of_other_objects_are_not_shown(void **state FC_UNUSED)
{
	struct fc_planned write = planned(0, &plan_configmaps, "{'data':{'p':'hidden-1','o':'1'}}",
					  "{'data':{'p':'hidden-2','o':'shown'}}", "['/data/p']");

	assert_hidden(&write, "hidden", "shown");
	/* Above and below of a place too. */
	write = planned(0, &plan_configmaps, "{'data':'hidden'}", "{'data':{'p':{'q':'hidden-2'}}}", "['/data/p']");
	assert_hidden(&write, "hidden", "data.p.q");
}

static void test_equal_values_of_two_objects_have_equal_marks(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	struct fc_planned writes[] = {
		planned(0, &plan_secrets, "{'data':{'k':'old'}}", "{'data':{'k':'new'}}", "[]"),
		planned(1, &plan_configmaps, "{}", "{'data':{'x':'new'}}", "['/data']"),
	};

	show(writes, 2, NULL, true, &out);
	json_auto_t *plan = json_loads(fc_buf_str(&out), 0, NULL);
	const json_t *list = json_object_get(plan, "writes");
	const json_t *first = json_array_get(json_object_get(json_array_get(list, 0), "changes"), 0);
	const json_t *second = json_array_get(json_object_get(json_array_get(list, 1), "changes"), 0);
	assert_true(json_equal(json_object_get(first, "new"), json_object_get(second, "new")));
	assert_false(json_equal(json_object_get(first, "new"), json_object_get(first, "old")));
	assert_null(json_object_get(second, "old"));
	for (size_t i = 0; i < FC_ARRAY_LEN(writes); i++)
		planned_fini(&writes[i]);
}

static void test_json_has_writes_rules_problems_and_summary(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	struct fc_planned write = planned(1, &plan_configmaps, NULL, "{'data':{'k':{'a':[]}}}", "[]");

	show(&write, 1, some_rules(), true, &out);
	json_auto_t *plan = json_loads(fc_buf_str(&out), 0, NULL);
	json_auto_t *wanted = plan_json_of(
		"{'apiVersion':'fedcopy.dev/v1alpha1','kind':'Plan','summary':{'writes':1,'clusters':1,'rules':{'InSync':4,"
		"'NotAllowed':1}},'writes':[{'cluster':'edge-1','resource':'configmaps','namespace':'ns','name':'a',"
		"'subresource':null,'operation':'create','changes':[{'path':'data.k.a','confidential':false,'new':[]}]}],"
		"'problems':[]}");
	json_object_set_new(wanted, "rules", some_rules());
	if (!json_equal(plan, wanted))
		fail_msg("%s", fc_buf_str(&out));
	planned_fini(&write);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_grouped_by_cluster_and_ends_with_a_summary),
		cmocka_unit_test(test_text_lists_rules_below_the_summary),
		cmocka_unit_test(test_text_of_others_cannot_drive_the_terminal),
		cmocka_unit_test(test_name_of_an_object_cannot_drive_the_terminal),
		cmocka_unit_test(test_no_value_of_a_secret_or_federated_object_is_shown),
		cmocka_unit_test(test_confidential_places_of_other_objects_are_not_shown),
		cmocka_unit_test(test_equal_values_of_two_objects_have_equal_marks),
		cmocka_unit_test(test_json_has_writes_rules_problems_and_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
