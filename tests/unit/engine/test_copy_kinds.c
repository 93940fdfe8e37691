/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of kinds of whose fields a server owns some: what it has allocated is neither taken over nor touched. */
#include "copies.h"

static struct copies *kinds_new(void)
{
	struct copies *c = copies_make_servers();

	c->dialects[1] = &copy_test_kinds_dialect;
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		api_server_serve(c->servers[i], &api_type_services);
		api_server_serve(c->servers[i], &api_type_jobs);
		api_server_serve(c->servers[i], &api_type_service_accounts);
		api_server_serve(c->servers[i], &api_type_claims);
		copies_space(c, i, "home", "");
		copies_space(c, i, "a", "");
	}
	copies_start(c);
	return c;
}

static void ask(struct copies *c, const char *method, const char *collection, const char *name, const char *body)
{
	FC_AUTO_FREE char *path = fc_xasprintf("%s%s%s", collection, name ? "/" : "", name ? name : "");
	json_t *object = J("%s", body);
	struct api_answer a = api_request(
		c->servers[HUB], method, path,
		strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json", false, object);

	if (a.status >= 300)
		fail_msg("%s %s: %d %s", method, path, a.status, json_dumps(a.body, 0));
	api_answer_fini(&a);
	json_decref(object);
	copies_settle(c);
}

#define SERVICES(ns) "/api/v1/namespaces/" ns "/services"
#define JOBS(ns) "/apis/batch/v1/namespaces/" ns "/jobs"
#define ACCOUNTS(ns) "/api/v1/namespaces/" ns "/serviceaccounts"
#define CLAIMS(ns) "/api/v1/namespaces/" ns "/persistentvolumeclaims"
#define TO_A "'annotations':{'test.fedcopy/copy-to':'a'}"

static const json_t *spec_of(struct copies *c, const char *group, const char *plural, const char *ns)
{
	const json_t *object = api_server_object(c->servers[HUB], group, plural, ns, "src");

	if (!object)
		fail_msg("there is no %s %s/src", plural, ns);
	return json_object_get(object, "spec");
}

static const char *text(const json_t *object, const char *key)
{
	const char *found = json_string_value(json_object_get(object, key));

	return found ? found : "(none)";
}

static json_int_t node_port(const json_t *spec, size_t i)
{
	return json_integer_value(json_object_get(json_array_get(json_object_get(spec, "ports"), i), "nodePort"));
}

static void service(struct copies *c)
{
	ask(c, "POST", SERVICES("home"), NULL,
	    "{'apiVersion':'v1','kind':'Service','metadata':{'name':'src'," TO_A "},'spec':{'type':'NodePort','ports':["
	    "{'name':'web','port':80},{'name':'tls','port':443}]}}");
}

static void test_service_is_copied_without_its_address_and_node_ports(void **state)
{
	struct copies *c = kinds_new();
	const json_t *from, *to;

	(void)state;
	service(c);
	from = spec_of(c, "", "services", "home");
	to = spec_of(c, "", "services", "a");
	assert_string_not_equal(text(from, "clusterIP"), text(to, "clusterIP"));
	assert_true(node_port(from, 0) != node_port(to, 0));
	assert_int_equal(json_array_size(json_object_get(to, "ports")), 2);
	assert_string_equal(copies_state(c, "hub/services/a/src"), "InSync/InSync");
	copies_free(c);
}

static void test_change_of_a_port_keeps_the_node_ports_that_stand_in_one_write_without_a_read(void **state)
{
	struct copies *c = kinds_new();
	json_int_t web, tls;
	FC_AUTO_FREE char *address = NULL;
	const json_t *to;

	(void)state;
	service(c);
	to = spec_of(c, "", "services", "a");
	web = node_port(to, 0);
	tls = node_port(to, 1);
	address = fc_xstrdup(text(to, "clusterIP"));
	c->writes = c->reads = 0;
	ask(c, "PATCH", SERVICES("home"), "src",
	    "{'spec':{'ports':[{'name':'tls','port':8443,'nodePort':31001},{'name':'web','port':80}]}}");
	to = spec_of(c, "", "services", "a");
	assert_int_equal(node_port(to, 0), tls);
	assert_int_equal(node_port(to, 1), web);
	assert_string_equal(text(to, "clusterIP"), address);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(to, "ports"), 0), "port")),
			 8443);
	assert_int_equal(c->writes, 1);
	assert_int_equal(c->reads, 0);
	copies_free(c);
}

static void test_other_node_ports_and_addresses_are_no_drift(void **state)
{
	struct copies *c = kinds_new();

	(void)state;
	service(c);
	c->writes = 0;
	ask(c, "PATCH", SERVICES("a"), "src",
	    "{'spec':{'ports':[{'name':'web','port':80,'protocol':'TCP','nodePort':32000},{'name':'tls','port':443,"
	    "'protocol':'TCP','nodePort':32001}]}}");
	assert_int_equal(c->writes, 0);
	ask(c, "PATCH", SERVICES("a"), "src", "{'spec':{'sessionAffinity':'ClientIP'}}");
	assert_int_equal(c->writes, 1);
	assert_string_equal(text(spec_of(c, "", "services", "a"), "sessionAffinity"), "None");
	assert_int_equal(node_port(spec_of(c, "", "services", "a"), 0), 32000);
	copies_free(c);
}

static void test_headless_service_stays_headless(void **state)
{
	struct copies *c = kinds_new();

	(void)state;
	ask(c, "POST", SERVICES("home"), NULL,
	    "{'apiVersion':'v1','kind':'Service','metadata':{'name':'src'," TO_A "},'spec':{'clusterIP':'None'}}");
	assert_string_equal(text(spec_of(c, "", "services", "a"), "clusterIP"), "None");
	copies_free(c);
}

static void job(struct copies *c)
{
	ask(c, "POST", JOBS("home"), NULL,
	    "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'src'," TO_A "},'spec':{'parallelism':1,"
	    "'template':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'c'}]}}}}");
}

static void test_job_gets_a_selector_of_its_own_and_follows_what_may_change(void **state)
{
	struct copies *c = kinds_new();
	const json_t *labels;

	(void)state;
	job(c);
	labels = json_object_get(
		json_object_get(json_object_get(spec_of(c, "batch", "jobs", "a"), "template"), "metadata"), "labels");
	assert_string_equal(text(labels, "controller-uid"), "uid-of-a");
	assert_string_equal(text(labels, "app"), "x");
	ask(c, "PATCH", JOBS("home"), "src", "{'spec':{'parallelism':4}}");
	assert_int_equal(json_integer_value(json_object_get(spec_of(c, "batch", "jobs", "a"), "parallelism")), 4);
	assert_string_equal(copies_state(c, "hub/jobs.batch/a/src"), "InSync/InSync");
	copies_free(c);
}

static void claim(struct copies *c)
{
	ask(c, "POST", CLAIMS("home"), NULL,
	    "{'apiVersion':'v1','kind':'PersistentVolumeClaim','metadata':{'name':'src','annotations':{'test.fedcopy/"
	    "copy-to':'a','pv.kubernetes.io/bind-completed':'yes','note':'1'}},'spec':{'volumeName':'pv-1','resources':"
	    "{'requests':{'storage':'1Gi'}}}}");
}

static void test_claim_is_copied_unbound_and_stays_bound_to_its_own_volume(void **state)
{
	struct copies *c = kinds_new();
	const json_t *copy;

	(void)state;
	claim(c);
	assert_string_equal(text(spec_of(c, "", "persistentvolumeclaims", "a"), "volumeName"), "(none)");
	ask(c, "PATCH", CLAIMS("a"), "src",
	    "{'metadata':{'annotations':{'pv.kubernetes.io/bind-completed':'yes'}},'spec':{'volumeName':'pv-2'}}");
	ask(c, "PATCH", CLAIMS("home"), "src", "{'spec':{'resources':{'requests':{'storage':'2Gi'}}}}");
	copy = api_server_object(c->servers[HUB], "", "persistentvolumeclaims", "a", "src");
	assert_string_equal(text(json_object_get(copy, "spec"), "volumeName"), "pv-2");
	assert_string_equal(copies_annotation(copy, "pv.kubernetes.io/bind-completed"), "yes");
	assert_string_equal(copies_annotation(copy, "note"), "1");
	assert_string_equal(
		text(json_object_get(json_object_get(json_object_get(copy, "spec"), "resources"), "requests"),
		     "storage"),
		"2Gi");
	copies_free(c);
}

static void account(struct copies *c)
{
	ask(c, "POST", ACCOUNTS("home"), NULL,
	    "{'apiVersion':'v1','kind':'ServiceAccount','metadata':{'name':'src'," TO_A "},'secrets':[{'name':"
	    "'src-token-1'}],'imagePullSecrets':[{'name':'pull'}]}");
}

static void test_account_has_the_tokens_of_its_own_namespace(void **state)
{
	struct copies *c = kinds_new();
	const json_t *copy;

	(void)state;
	account(c);
	ask(c, "PATCH", ACCOUNTS("a"), "src", "{'secrets':[{'name':'src-token-2'}]}");
	ask(c, "PATCH", ACCOUNTS("home"), "src", "{'imagePullSecrets':[{'name':'pull'},{'name':'more'}]}");
	copy = api_server_object(c->servers[HUB], "", "serviceaccounts", "a", "src");
	assert_string_equal(text(json_array_get(json_object_get(copy, "secrets"), 0), "name"), "src-token-2");
	assert_int_equal(json_array_size(json_object_get(copy, "imagePullSecrets")), 2);
	copies_free(c);
}

static void test_restart_writes_none_of_these_kinds(void **state)
{
	struct copies *c = kinds_new();

	(void)state;
	service(c);
	job(c);
	claim(c);
	account(c);
	ask(c, "PATCH", ACCOUNTS("a"), "src", "{'secrets':[{'name':'src-token-2'}]}");
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	assert_string_equal(copies_state(c, "hub/services/a/src"), "InSync/InSync");
	assert_string_equal(copies_state(c, "hub/jobs.batch/a/src"), "InSync/InSync");
	assert_string_equal(copies_state(c, "hub/persistentvolumeclaims/a/src"), "InSync/InSync");
	assert_string_equal(copies_state(c, "hub/serviceaccounts/a/src"), "InSync/InSync");
	copies_free(c);
}

/* --- deploying tools --- */

static void test_tracking_marks_of_the_source_are_not_copied(void **state)
{
	struct copies *c = kinds_new();
	const json_t *copy;

	(void)state;
	copies_make(
		c, HUB, "ConfigMap", "home", "src",
		"'labels':{'app.kubernetes.io/instance':'argo','app.kubernetes.io/managed-by':'Helm','team':'x'},"
		"'annotations':{'test.fedcopy/copy-to':'a','meta.helm.sh/release-name':'web','kubectl.kubernetes.io/"
		"last-applied-configuration':'{}','note':'1'}",
		"'data':{'a':'1'}");
	copies_settle(c);
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_null(fc_marks_label(copy, "app.kubernetes.io/instance"));
	assert_null(fc_marks_label(copy, "app.kubernetes.io/managed-by"));
	assert_string_equal(fc_marks_label(copy, "team"), "x");
	assert_string_equal(copies_annotation(copy, "meta.helm.sh/release-name"), "(none)");
	assert_string_equal(copies_annotation(copy, "kubectl.kubernetes.io/last-applied-configuration"), "(none)");
	assert_string_equal(copies_annotation(copy, "note"), "1");
	copies_free(c);
}

static void test_marks_that_others_put_on_a_copy_stay_even_on_an_exact_one(void **state)
{
	struct copies *c = kinds_new();
	const json_t *copy;

	(void)state;
	copies_source(c, "'test.fedcopy/copy-to':'a','test.fedcopy/exact':'true'");
	c->writes = 0;
	copies_patch(c, HUB, "ConfigMap", "a", "src",
		     "{'metadata':{'annotations':{'kubectl.kubernetes.io/last-applied-configuration':'{}'},'labels':"
		     "{'argocd.argoproj.io/instance':'x'}}}");
	copies_settle(c);
	assert_int_equal(c->writes, 0);
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'labels':{'foo':'bar'}}}");
	copies_settle(c);
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_null(fc_marks_label(copy, "foo"));
	assert_string_equal(fc_marks_label(copy, "argocd.argoproj.io/instance"), "x");
	assert_string_equal(copies_annotation(copy, "kubectl.kubernetes.io/last-applied-configuration"), "{}");
	copies_free(c);
}

static void test_first_annotation_of_a_copy_does_not_take_a_controller_s_away(void **state)
{
	struct copies *c = kinds_new();
	const json_t *copy;

	(void)state;
	claim(c);
	ask(c, "PATCH", CLAIMS("a"), "src",
	    "{'metadata':{'annotations':{'volume.kubernetes.io/selected-node':'n','note':null}}}");
	copy = api_server_object(c->servers[HUB], "", "persistentvolumeclaims", "a", "src");
	assert_string_equal(copies_annotation(copy, "volume.kubernetes.io/selected-node"), "n");
	assert_string_equal(copies_annotation(copy, "note"), "1");
	copies_free(c);
}

static void test_metadata_of_the_source_that_is_not_its_author_s_is_not_copied(void **state)
{
	struct copies *c = kinds_new();
	const json_t *metadata;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src",
		    "'annotations':{'test.fedcopy/copy-to':'a'},'finalizers':['example.com/keep'],'ownerReferences':[{"
		    "'apiVersion':'v1','kind':'ConfigMap','name':'o','uid':'u'}]",
		    "'data':{'a':'1'}");
	copies_settle(c);
	metadata = json_object_get(copies_object(c, HUB, "ConfigMap", "a", "src"), "metadata");
	assert_non_null(metadata);
	assert_null(json_object_get(metadata, "ownerReferences"));
	assert_null(json_object_get(metadata, "finalizers"));
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_service_is_copied_without_its_address_and_node_ports),
		cmocka_unit_test(test_change_of_a_port_keeps_the_node_ports_that_stand_in_one_write_without_a_read),
		cmocka_unit_test(test_other_node_ports_and_addresses_are_no_drift),
		cmocka_unit_test(test_headless_service_stays_headless),
		cmocka_unit_test(test_job_gets_a_selector_of_its_own_and_follows_what_may_change),
		cmocka_unit_test(test_claim_is_copied_unbound_and_stays_bound_to_its_own_volume),
		cmocka_unit_test(test_account_has_the_tokens_of_its_own_namespace),
		cmocka_unit_test(test_restart_writes_none_of_these_kinds),
		cmocka_unit_test(test_tracking_marks_of_the_source_are_not_copied),
		cmocka_unit_test(test_marks_that_others_put_on_a_copy_stay_even_on_an_exact_one),
		cmocka_unit_test(test_first_annotation_of_a_copy_does_not_take_a_controller_s_away),
		cmocka_unit_test(test_metadata_of_the_source_that_is_not_its_author_s_is_not_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
