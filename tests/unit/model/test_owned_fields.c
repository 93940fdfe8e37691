/* SPDX-License-Identifier: Apache-2.0 */
#include "model/owned_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct fc_resource services = { .group = "", .version = "v1", .plural = "services", .kind = "Service" };
static const struct fc_resource jobs = { .group = "batch", .version = "v1", .plural = "jobs", .kind = "Job" };
static const struct fc_resource pods = { .group = "", .version = "v1", .plural = "pods", .kind = "Pod" };
static const struct fc_resource secrets = { .group = "", .version = "v1", .plural = "secrets", .kind = "Secret" };
static const struct fc_resource accounts = { .group = "", .kind = "ServiceAccount", .plural = "serviceaccounts" };
static const struct fc_resource claims = { .group = "", .kind = "PersistentVolumeClaim", .plural = "pvcs" };
static const struct fc_resource bindings = { .group = "rbac.authorization.k8s.io", .kind = "RoleBinding" };

/* With single quotes. */
static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *value;

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(copy, JSON_DECODE_ANY, NULL);
	free(copy);
	assert_non_null(value);
	return value;
}

static void assert_text(json_t *value, const char *expected)
{
	json_t *want = parse(expected);

	if (!json_equal(value, want))
		fail_msg("%s instead of %s", json_dumps(value, JSON_SORT_KEYS), expected);
	json_decref(want);
	json_decref(value);
}

static void strips(const struct fc_resource *r, const char *object, const char *expected)
{
	json_t *whole = parse(object), *before = json_deep_copy(whole);

	assert_text(fc_owned_strip(r, whole), expected);
	assert_true(json_equal(whole, before));
	json_decref(before);
	json_decref(whole);
}

static void test_metadata_of_the_server_and_status_go_from_every_kind(void **state)
{
	(void)state;
	strips(&secrets,
	       "{'metadata':{'name':'s','namespace':'n','uid':'u','resourceVersion':'1','generation':1,"
	       "'creationTimestamp':'t','deletionTimestamp':'t','deletionGracePeriodSeconds':0,'managedFields':[],"
	       "'selfLink':'/','generateName':'s-','ownerReferences':[{}],'finalizers':['f'],'labels':{'a':'b'}},"
	       "'data':{'a':'b'},'status':{}}",
	       "{'metadata':{'name':'s','namespace':'n','labels':{'a':'b'}},'data':{'a':'b'}}");
}

static void test_what_holds_nothing_of_the_server_is_given_as_it_is(void **state)
{
	json_t *object = parse("{'metadata':{'name':'s'},'data':{'a':'b'}}"), *same = fc_owned_strip(&secrets, object);

	(void)state;
	assert_ptr_equal(same, object);
	json_decref(same);
	json_decref(object);
}

static void test_service_loses_addresses_and_node_ports_and_keeps_none(void **state)
{
	(void)state;
	strips(&services,
	       "{'spec':{'type':'NodePort','clusterIP':'10.0.0.1','clusterIPs':['10.0.0.1'],'ipFamilies':['IPv4'],"
	       "'ipFamilyPolicy':'SingleStack','healthCheckNodePort':3,'ports':[{'port':80,'nodePort':30001},"
	       "{'port':81}]}}",
	       "{'spec':{'type':'NodePort','ipFamilyPolicy':'SingleStack','ports':[{'port':80},{'port':81}]}}");
	strips(&services, "{'spec':{'clusterIP':'None','clusterIPs':['None']}}",
	       "{'spec':{'clusterIP':'None','clusterIPs':['None']}}");
}

static void test_job_loses_selector_and_labels_unless_they_are_its_author_s(void **state)
{
	static const char manual[] = "{'spec':{'manualSelector':true,'selector':{'matchLabels':{'a':'b'}},'template':"
				     "{'metadata':{'labels':{'a':'b','job-name':'mine'}}}}}";

	(void)state;
	strips(&jobs,
	       "{'spec':{'selector':{'matchLabels':{'controller-uid':'u'}},'template':{'metadata':{'labels':"
	       "{'a':'b','controller-uid':'u','job-name':'j','batch.kubernetes.io/controller-uid':'u',"
	       "'batch.kubernetes.io/job-name':'j'}},'spec':{}}}}",
	       "{'spec':{'template':{'metadata':{'labels':{'a':'b'}},'spec':{}}}}");
	strips(&jobs, manual, manual);
}

static void test_pod_loses_its_node_and_the_volume_of_its_token(void **state)
{
	(void)state;
	strips(&pods,
	       "{'spec':{'nodeName':'n','volumes':[{'name':'v'},{'name':'kube-api-access-x'}],'containers':[{'name':"
	       "'c','volumeMounts':[{'name':'v'},{'name':'kube-api-access-x'}]},{'name':'d'}]}}",
	       "{'spec':{'volumes':[{'name':'v'}],'containers':[{'name':'c','volumeMounts':[{'name':'v'}]},"
	       "{'name':'d'}]}}");
}

static void test_bindings_and_tokens_go(void **state)
{
	(void)state;
	strips(&claims, "{'spec':{'volumeName':'pv','resources':{}}}", "{'spec':{'resources':{}}}");
	strips(&accounts, "{'secrets':[{'name':'t'}],'imagePullSecrets':[{'name':'p'}]}",
	       "{'imagePullSecrets':[{'name':'p'}]}");
}

static void restores(const struct fc_resource *r, const char *wanted, const char *standing, const char *expected)
{
	json_t *a = parse(wanted), *b = parse(standing);

	assert_text(fc_owned_restore(r, a, b), expected);
	json_decref(a);
	json_decref(b);
}

static void test_what_stands_is_put_back_where_all_is_written(void **state)
{
	(void)state;
	restores(
		&services,
		"{'metadata':{'name':'s'},'spec':{'type':'NodePort','ports':[{'name':'b','port':9},{'name':'a','port'"
		":80},{'name':'c','port':7}]}}",
		"{'metadata':{'name':'s','uid':'u','resourceVersion':'5'},'spec':{'type':'NodePort','clusterIP':'ip',"
		"'ports':[{'name':'a','port':80,'nodePort':1},{'name':'b','port':81,'nodePort':2}]}}",
		"{'metadata':{'name':'s','uid':'u','resourceVersion':'5'},'spec':{'type':'NodePort','clusterIP':'ip',"
		"'ports':[{'name':'b','port':9,'nodePort':2},{'name':'a','port':80,'nodePort':1},{'name':'c','port':7}]}}");
}

static void test_ports_without_names_are_told_apart_by_number_and_protocol(void **state)
{
	(void)state;
	restores(&services,
		 "{'spec':{'type':'NodePort','ports':[{'port':53,'protocol':'UDP'},{'port':53,'protocol':'TCP'}]}}",
		 "{'spec':{'ports':[{'port':53,'protocol':'TCP','nodePort':1},{'port':53,'protocol':'UDP','nodePort':2}"
		 "]}}",
		 "{'spec':{'type':'NodePort','ports':[{'port':53,'protocol':'UDP','nodePort':2},{'port':53,'protocol':"
		 "'TCP','nodePort':1}]}}");
}

static void test_service_of_another_type_gets_back_only_what_it_may_have(void **state)
{
	(void)state;
	restores(&services, "{'spec':{'type':'ClusterIP','ports':[{'port':1}]}}",
		 "{'spec':{'clusterIP':'ip','healthCheckNodePort':5,'ports':[{'port':1,'nodePort':2}]}}",
		 "{'spec':{'type':'ClusterIP','clusterIP':'ip','ports':[{'port':1}]}}");
	restores(&services, "{'spec':{'type':'ExternalName','externalName':'x.y'}}", "{'spec':{'clusterIP':'ip'}}",
		 "{'spec':{'type':'ExternalName','externalName':'x.y'}}");
}

static void test_one_member_of_spec_is_restored_like_the_whole(void **state)
{
	json_t *wanted = parse("{'type':'NodePort','ports':[{'port':1},{'port':2}]}");
	json_t *standing = parse("[{'port':2,'nodePort':7}]");

	(void)state;
	assert_text(fc_owned_restore_part(&services, "ports", json_object_get(wanted, "ports"), standing, wanted),
		    "[{'port':1},{'port':2,'nodePort':7}]");
	assert_text(fc_owned_restore_part(&services, "ports", json_object_get(wanted, "ports"), NULL, wanted),
		    "[{'port':1},{'port':2}]");
	json_decref(wanted);
	json_decref(standing);
}

/* --- keys --- */

static bool is_key(const struct fc_resource *r, enum fc_owned_map map, const char *key, const char *object)
{
	json_t *o = parse(object);
	bool owned = fc_owned_is_key(r, map, key, o);

	json_decref(o);
	return owned;
}

static void test_tracking_marks_of_deploying_tools_are_not_copied(void **state)
{
	static const struct {
		enum fc_owned_map map;
		const char *key;
	} marks[] = {
		{ FC_OWNED_ANNOTATION, "kubectl.kubernetes.io/last-applied-configuration" },
		{ FC_OWNED_ANNOTATION, "argocd.argoproj.io/tracking-id" },
		{ FC_OWNED_LABEL, "argocd.argoproj.io/instance" },
		{ FC_OWNED_LABEL, "app.kubernetes.io/instance" },
		{ FC_OWNED_LABEL, "kustomize.toolkit.fluxcd.io/name" },
		{ FC_OWNED_ANNOTATION, "kustomize.toolkit.fluxcd.io/checksum" },
		{ FC_OWNED_LABEL, "helm.toolkit.fluxcd.io/namespace" },
		{ FC_OWNED_LABEL, "fluxcd.io/sync-gc-mark" },
		{ FC_OWNED_ANNOTATION, "meta.helm.sh/release-name" },
		{ FC_OWNED_LABEL, "applyset.kubernetes.io/part-of" },
		{ FC_OWNED_LABEL, "kapp.k14s.io/app" },
		{ FC_OWNED_LABEL, "objectset.rio.cattle.io/hash" },
		{ FC_OWNED_LABEL, "kubefed.io/managed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (!is_key(&secrets, marks[i].map, marks[i].key, "{}"))
			fail_msg("%s", marks[i].key);
}

static void test_other_labels_are_the_author_s(void **state)
{
	static const char *const labels[] = { "app.kubernetes.io/name",
					      "app.kubernetes.io/version",
					      "helm.sh/chart",
					      "argocd.argoproj.io/secret-type",
					      "team",
					      "controller-uid",
					      "deployment.kubernetes.io/revision" };

	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (is_key(&secrets, FC_OWNED_LABEL, labels[i], "{}"))
			fail_msg("%s", labels[i]);
}

static void test_managed_by_is_a_mark_of_helm_with_that_value_only(void **state)
{
	static const char key[] = "app.kubernetes.io/managed-by";

	(void)state;
	assert_true(is_key(&secrets, FC_OWNED_LABEL, key,
			   "{'metadata':{'labels':{'app.kubernetes.io/managed-by':'Helm'}}}"));
	assert_false(
		is_key(&secrets, FC_OWNED_LABEL, key, "{'metadata':{'labels':{'app.kubernetes.io/managed-by':'me'}}}"));
}

static void test_instance_that_is_a_release_of_helm_s_is_the_chart_s(void **state)
{
	static const char key[] = "app.kubernetes.io/instance";

	(void)state;
	assert_false(is_key(&secrets, FC_OWNED_LABEL, key,
			    "{'metadata':{'labels':{'app.kubernetes.io/instance':'web'},'annotations':"
			    "{'meta.helm.sh/release-name':'web'}}}"));
	assert_true(is_key(&secrets, FC_OWNED_LABEL, key,
			   "{'metadata':{'labels':{'app.kubernetes.io/instance':'argo-app'},'annotations':"
			   "{'meta.helm.sh/release-name':'web'}}}"));
}

static void test_keys_of_controllers_count_on_their_kinds_alone(void **state)
{
	(void)state;
	assert_true(is_key(&claims, FC_OWNED_ANNOTATION, "pv.kubernetes.io/bind-completed", "{}"));
	assert_true(is_key(&claims, FC_OWNED_ANNOTATION, "volume.kubernetes.io/selected-node", "{}"));
	assert_false(is_key(&secrets, FC_OWNED_ANNOTATION, "pv.kubernetes.io/bind-completed", "{}"));
	assert_true(is_key(&jobs, FC_OWNED_LABEL, "job-name", "{}"));
	assert_false(is_key(&jobs, FC_OWNED_ANNOTATION, "job-name", "{}"));
}

static void test_what_no_update_changes_is_named(void **state)
{
	(void)state;
	assert_true(fc_owned_is_fixed(&secrets, "type"));
	assert_false(fc_owned_is_fixed(&services, "type"));
	assert_true(fc_owned_is_fixed(&bindings, "roleRef"));
	assert_true(fc_owned_parts_spec(&services));
	assert_false(fc_owned_parts_spec(&secrets));
}

static void test_every_row_has_a_place_and_a_reason(void **state)
{
	struct fc_owned_line line;
	size_t count = 0;

	(void)state;
	for (; fc_owned_line(count, &line); count++) {
		if (!line.place[0] || !line.why || !line.why[0])
			fail_msg("row %zu", count);
		free(line.place);
	}
	assert_in_range(count, 60, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metadata_of_the_server_and_status_go_from_every_kind),
		cmocka_unit_test(test_what_holds_nothing_of_the_server_is_given_as_it_is),
		cmocka_unit_test(test_service_loses_addresses_and_node_ports_and_keeps_none),
		cmocka_unit_test(test_job_loses_selector_and_labels_unless_they_are_its_author_s),
		cmocka_unit_test(test_pod_loses_its_node_and_the_volume_of_its_token),
		cmocka_unit_test(test_bindings_and_tokens_go),
		cmocka_unit_test(test_what_stands_is_put_back_where_all_is_written),
		cmocka_unit_test(test_ports_without_names_are_told_apart_by_number_and_protocol),
		cmocka_unit_test(test_service_of_another_type_gets_back_only_what_it_may_have),
		cmocka_unit_test(test_one_member_of_spec_is_restored_like_the_whole),
		cmocka_unit_test(test_tracking_marks_of_deploying_tools_are_not_copied),
		cmocka_unit_test(test_other_labels_are_the_author_s),
		cmocka_unit_test(test_managed_by_is_a_mark_of_helm_with_that_value_only),
		cmocka_unit_test(test_instance_that_is_a_release_of_helm_s_is_the_chart_s),
		cmocka_unit_test(test_keys_of_controllers_count_on_their_kinds_alone),
		cmocka_unit_test(test_what_no_update_changes_is_named),
		cmocka_unit_test(test_every_row_has_a_place_and_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
