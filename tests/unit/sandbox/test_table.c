/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: columns and cells as a real kube-apiserver (1.20) gives them for the same objects. Descriptions of columns
 * are documentation, which the sandbox has not. The cluster's clock stands still at 2023-11-14T22:13:20Z. */
#include "unit/sandbox/api_world.h"

#include "sandbox/store.h"

#define SERVICES "/api/v1/namespaces/default/services"

static int setup(void **state)
{
	struct world *w = world_new(100);

	w->accept = AS_TABLE ",application/json";
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* Stores what a client could not write by one request, a status for example. */
static void put(struct world *w, const char *group, const char *plural, const char *ns, const char *name,
		const char *members)
{
	FC_AUTO_FREE char *text =
		fc_xasprintf("{\"metadata\":{\"name\":\"%s\"%s%s%s,\"creationTimestamp\":"
			     "\"2023-11-14T22:13:20Z\"}%s%s}",
			     name, *ns ? ",\"namespace\":\"" : "", ns, *ns ? "\"" : "", *members ? "," : "", members);
	json_t *object = json_loads(text, 0, NULL);

	assert_non_null(object);
	sb_store_put(w->c->store, sb_store_resource(w->c->store, group, plural), object);
	json_decref(object);
}

static void cells(struct world *w, const char *path, const char *expected)
{
	assert_int_equal(get(w, path), 200);
	is_at(w, "kind", "Table");
	is_at(w, "rows.0.cells", expected);
}

/* "Name Data Age(1)": with the priorities that are not 0. */
static void columns(struct world *w, const char *path, const char *expected)
{
	struct fc_buf out = FC_BUF_INIT;
	const json_t *c;
	size_t i;

	assert_int_equal(get(w, path), 200);
	json_array_foreach(json_object_get(w->body, "columnDefinitions"), i, c) {
		json_int_t priority = json_integer_value(json_object_get(c, "priority"));
		const char *type = json_string_value(json_object_get(c, "type"));

		fc_buf_printf(&out, "%s%s", i ? ", " : "", json_string_value(json_object_get(c, "name")));
		if (strcmp(type, "string") != 0)
			fc_buf_printf(&out, ":%s", type);
		if (priority)
			fc_buf_printf(&out, "(%d)", (int)priority);
	}
	assert_string_equal(fc_buf_str(&out), expected);
	fc_buf_fini(&out);
}

static void test_each_type_has_the_columns_of_the_real_server(void **state)
{
	static const struct {
		const char *path, *columns;
	} rows[] = {
		{ "/api/v1/configmaps", "Name, Data, Age" },
		{ "/api/v1/secrets", "Name, Type, Data, Age" },
		{ "/api/v1/serviceaccounts", "Name, Secrets, Age" },
		{ "/api/v1/services", "Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector(1)" },
		{ "/api/v1/events", "Last Seen, Type, Reason, Object, Subobject(1), Source(1), Message, First Seen(1), "
				    "Count(1), Name(1)" },
		{ "/apis/events.k8s.io/v1/events", "Last Seen, Type, Reason, Object, Subobject(1), Source(1), Message, "
						   "First Seen(1), Count(1), Name(1)" },
		{ "/api/v1/namespaces", "Name, Status, Age" },
		{ "/apis/apps/v1/deployments",
		  "Name, Ready, Up-to-date, Available, Age, Containers(1), Images(1), Selector(1)" },
		{ "/apis/batch/v1beta1/cronjobs",
		  "Name, Schedule, Suspend:boolean, Active:integer, Last Schedule, Age, "
		  "Containers(1), Images(1), Selector(1)" },
		{ "/apis/coordination.k8s.io/v1/leases", "Name, Holder, Age" },
		{ "/apis/rbac.authorization.k8s.io/v1/roles", "Name, Created At:date" },
		{ "/apis/rbac.authorization.k8s.io/v1/rolebindings",
		  "Name, Role, Age, Users(1), Groups(1), ServiceAccounts(1)" },
		{ "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
		  "Name, Role, Age, Users(1), Groups(1), ServiceAccounts(1)" },
		{ "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "Name, Created At:date" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		columns(w, rows[i].path, rows[i].columns);
}

static void test_services_are_shown_as_the_real_server_shows_them(void **state)
{
	static const struct {
		const char *name, *members, *cells;
	} rows[] = {
		{ "s1",
		  "\"spec\":{\"type\":\"ClusterIP\",\"clusterIPs\":[\"10.0.0.151\"],\"ports\":[{\"port\":80,\"protocol\":\"TCP\"},"
		  "{\"port\":81,\"protocol\":\"UDP\"}],\"selector\":{\"b\":\"2\",\"a\":\"1\"}}",
		  "[\"s1\",\"ClusterIP\",\"10.0.0.151\",\"<none>\",\"80/TCP,81/UDP\",\"0s\",\"a=1,b=2\"]" },
		{ "s2",
		  "\"spec\":{\"type\":\"ClusterIP\",\"clusterIPs\":[\"None\"],\"ports\":[{\"port\":80,\"protocol\":\"TCP\"}]}",
		  "[\"s2\",\"ClusterIP\",\"None\",\"<none>\",\"80/TCP\",\"0s\",\"<none>\"]" },
		{ "s3",
		  "\"spec\":{\"type\":\"NodePort\",\"clusterIPs\":[\"10.0.0.140\"],\"ports\":[{\"port\":80,\"nodePort\":30123,"
		  "\"protocol\":\"TCP\"}]}",
		  "[\"s3\",\"NodePort\",\"10.0.0.140\",\"<none>\",\"80:30123/TCP\",\"0s\",\"<none>\"]" },
		{ "s4",
		  "\"spec\":{\"type\":\"LoadBalancer\",\"clusterIPs\":[\"10.0.0.13\"],\"ports\":[{\"port\":80,\"nodePort\":30124,"
		  "\"protocol\":\"TCP\"}]}",
		  "[\"s4\",\"LoadBalancer\",\"10.0.0.13\",\"<pending>\",\"80:30124/TCP\",\"0s\",\"<none>\"]" },
		{ "s5",
		  "\"spec\":{\"type\":\"LoadBalancer\",\"clusterIPs\":[\"10.0.0.119\"],\"externalIPs\":[\"1.2.3.4\"]},\"status\":{"
		  "\"loadBalancer\":{\"ingress\":[{\"hostname\":\"h.example.com\"},{\"ip\":\"9.9.9.9\"}]}}",
		  "[\"s5\",\"LoadBalancer\",\"10.0.0.119\",\"9.9.9.9,h.example.com,1.2.3.4\",\"<none>\",\"0s\",\"<none>\"]" },
		{ "s6",
		  "\"spec\":{\"type\":\"ClusterIP\",\"clusterIPs\":[\"10.0.0.66\"],\"externalIPs\":[\"1.2.3.4\",\"1.2.3.5\"]}",
		  "[\"s6\",\"ClusterIP\",\"10.0.0.66\",\"1.2.3.4,1.2.3.5\",\"<none>\",\"0s\",\"<none>\"]" },
		{ "s8", "\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"x.example.com\"}",
		  "[\"s8\",\"ExternalName\",\"<none>\",\"x.example.com\",\"<none>\",\"0s\",\"<none>\"]" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *path = fc_xasprintf(SERVICES "/%s", rows[i].name);

		put(w, "", "services", "default", rows[i].name, rows[i].members);
		cells(w, path, rows[i].cells);
	}
}

#define TEMPLATE \
	"\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"},{\"name\":\"d\",\"image\":\"j:1\"}]}}"

static void test_what_runs_pods_is_shown_as_the_real_server_shows_it(void **state)
{
	struct world *w = *state;

	put(w, "apps", "deployments", "default", "d1",
	    "\"spec\":{\"replicas\":3,\"selector\":{\"matchLabels\":{\"k\":\"x\",\"a\":\"b\"},\"matchExpressions\":[{\"key\":"
	    "\"a\",\"operator\":\"In\",\"values\":[\"b\",\"a\"]},{\"key\":\"k\",\"operator\":\"Exists\"}]}," TEMPLATE
	    "},"
	    "\"status\":{\"readyReplicas\":1,\"updatedReplicas\":2,\"availableReplicas\":1}");
	cells(w, "/apis/apps/v1/namespaces/default/deployments/d1",
	      "[\"d1\",\"1/3\",2,1,\"0s\",\"c,d\",\"i,j:1\",\"a=b,a in (a,b),k=x,k\"]");
	put(w, "apps", "deployments", "default", "d2",
	    "\"spec\":{\"replicas\":0,\"selector\":{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":["
	    "\"z\",\"y\"]},{\"key\":\"kk\",\"operator\":\"DoesNotExist\"}]}," TEMPLATE "}");
	cells(w, "/apis/apps/v1/namespaces/default/deployments/d2",
	      "[\"d2\",\"0/0\",0,0,\"0s\",\"c,d\",\"i,j:1\",\"a notin (y,z),!kk\"]");
	put(w, "batch", "cronjobs", "default", "j1",
	    "\"spec\":{\"schedule\":\"* * * * *\",\"suspend\":true,\"jobTemplate\":{\"spec\":{" TEMPLATE
	    "}}},\"status\":{"
	    "\"lastScheduleTime\":\"2023-11-14T20:26:00Z\",\"active\":[{},{}]}");
	cells(w, "/apis/batch/v1beta1/namespaces/default/cronjobs/j1",
	      "[\"j1\",\"* * * * *\",\"True\",2,\"107m\",\"0s\",\"c,d\",\"i,j:1\",\"<none>\"]");
}

static void test_events_are_shown_as_the_real_server_shows_them(void **state)
{
	static const char object[] =
		"\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"p\",\"fieldPath\":\"spec.containers{x}\"}";
	static const struct {
		const char *name, *members, *cells;
	} rows[] = {
		{ "e1",
		  "\"source\":{\"component\":\"c\",\"host\":\"h\"},\"reason\":\"R\",\"message\":\" two\\nlines \",\"type\":"
		  "\"Warning\",\"count\":7,\"firstTimestamp\":\"2023-11-14T21:13:20Z\",\"lastTimestamp\":\"2023-11-14T22:11:40Z\"",
		  "[\"100s\",\"Warning\",\"R\",\"pod/p\",\"spec.containers{x}\",\"c, h\",\"two\\nlines\",\"60m\",7,\"e1\"]" },
		{ "e2",
		  "\"eventTime\":\"2023-11-14T22:10:00.000000Z\",\"reportingComponent\":\"r.c/x\",\"reportingInstance\":\"i\","
		  "\"firstTimestamp\":null,\"lastTimestamp\":null,\"reason\":\"R\",\"type\":\"Normal\"",
		  "[\"3m20s\",\"Normal\",\"R\",\"pod/p\",\"spec.containers{x}\",\"r.c/x, i\",\"\",\"3m20s\",1,\"e2\"]" },
		{ "e3",
		  "\"eventTime\":\"2023-11-14T22:10:00.000000Z\",\"series\":{\"count\":3,\"lastObservedTime\":"
		  "\"2023-11-14T22:12:30.000000Z\"},\"reportingComponent\":\"r.c/x\",\"reportingInstance\":\"i\",\"reason\":"
		  "\"R\",\"type\":\"Normal\"",
		  "[\"50s\",\"Normal\",\"R\",\"pod/p\",\"spec.containers{x}\",\"r.c/x, i\",\"\",\"3m20s\",4,\"e3\"]" },
		{ "e4", "\"source\":{\"host\":\"h\"},\"lastTimestamp\":\"2023-11-06T22:13:20Z\"",
		  "[\"8d\",\"\",\"\",\"pod/p\",\"spec.containers{x}\",\", h\",\"\",\"<unknown>\",1,\"e4\"]" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *members = fc_xasprintf("%s,%s", object, rows[i].members);
		FC_AUTO_FREE char *core = fc_xasprintf("/api/v1/namespaces/default/events/%s", rows[i].name);
		FC_AUTO_FREE char *renamed =
			fc_xasprintf("/apis/events.k8s.io/v1/namespaces/default/events/%s", rows[i].name);

		put(w, "", "events", "default", rows[i].name, members);
		cells(w, core, rows[i].cells);
		cells(w, renamed, rows[i].cells);
	}
}

static void test_other_types_are_shown_as_the_real_server_shows_them(void **state)
{
	struct world *w = *state;

	put(w, "", "configmaps", "default", "m", "\"data\":{\"a\":\"b\",\"c\":\"d\"},\"binaryData\":{\"x\":\"AAE=\"}");
	cells(w, MAPS "/m", "[\"m\",3,\"0s\"]");
	put(w, "", "secrets", "default", "s", "\"type\":\"Opaque\",\"data\":{\"a\":\"Yg==\"}");
	cells(w, "/api/v1/namespaces/default/secrets/s", "[\"s\",\"Opaque\",1,\"0s\"]");
	put(w, "", "serviceaccounts", "default", "a", "\"secrets\":[{\"name\":\"x\"}]");
	cells(w, "/api/v1/namespaces/default/serviceaccounts/a", "[\"a\",1,\"0s\"]");
	cells(w, "/api/v1/namespaces/default", "[\"default\",\"Active\",\"0s\"]");
	put(w, "coordination.k8s.io", "leases", "default", "l", "\"spec\":{\"holderIdentity\":\"me\"}");
	cells(w, "/apis/coordination.k8s.io/v1/namespaces/default/leases/l", "[\"l\",\"me\",\"0s\"]");
	put(w, "rbac.authorization.k8s.io", "roles", "default", "r", "\"rules\":[]");
	cells(w, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/r", "[\"r\",\"2023-11-14T22:13:20Z\"]");
	put(w, "rbac.authorization.k8s.io", "clusterrolebindings", "", "b",
	    "\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"admin\"},\"subjects\":[{\"kind\":\"User\",\"name\":\"u\"},{\"kind\":"
	    "\"User\",\"name\":\"v\"},{\"kind\":\"Group\",\"name\":\"g\"},{\"kind\":\"ServiceAccount\",\"name\":\"s\","
	    "\"namespace\":\"n\"}]");
	cells(w, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/b",
	      "[\"b\",\"ClusterRole/admin\",\"0s\",\"u, v\",\"g\",\"n/s\"]");
}

static void test_rows_hold_what_is_asked_for(void **state)
{
	struct world *w = *state;

	put(w, "", "configmaps", "default", "m", "\"data\":{\"a\":\"b\"}");
	get(w, MAPS "/m");
	is_at(w, "rows.0.object.kind", "PartialObjectMetadata");
	is_at(w, "rows.0.object.metadata.name", "m");
	is_at(w, "rows.0.object.data", "");
	get(w, MAPS "/m?includeObject=Metadata");
	is_at(w, "rows.0.object.apiVersion", "meta.k8s.io/v1");
	get(w, MAPS "/m?includeObject=None");
	is_at(w, "rows.0.object", "null");
	get(w, MAPS "/m?includeObject=Object");
	is_at(w, "rows.0.object.kind", "ConfigMap");
	is_at(w, "rows.0.object.data.a", "b");
	w->accept = "application/json;as=Table;v=v1beta1;g=meta.k8s.io";
	get(w, MAPS "/m");
	is_at(w, "apiVersion", "meta.k8s.io/v1beta1");
	is_at(w, "rows.0.object.apiVersion", "meta.k8s.io/v1beta1");
	w->accept = AS_TABLE;
	assert_int_equal(get(w, MAPS "/m?includeObject=bogus"), 400);
	is_at(w, "message",
	      "Unable to convert to Table as requested: includeObject: Invalid value: \"bogus\": must be 'Metadata', "
	      "'Object', 'None', or empty");
}

static void test_a_list_has_its_metadata_and_may_be_empty(void **state)
{
	struct world *w = *state;

	put(w, "", "configmaps", "default", "m", "");
	put(w, "", "configmaps", "default", "n", "");
	get(w, MAPS "?limit=1");
	is_at(w, "metadata.remainingItemCount", "1");
	assert_int_equal(json_array_size(json_object_get(w->body, "rows")), 1);
	get(w, MAPS "?labelSelector=no%3Done");
	is_at(w, "rows", "[]");
	is_at(w, "columnDefinitions.0.format", "name");
	get(w, MAPS "/m");
	assert_true(json_is_string(json_object_get(json_object_get(w->body, "metadata"), "resourceVersion")));
}

static void test_a_watch_tells_one_row_each_and_the_columns_once(void **state)
{
	struct world *w = *state;
	struct tape t;
	struct sb_watch *watch_;

	put(w, "", "configmaps", "default", "m", "");
	watch_ = watch(w, &t, MAPS "?watch=1");
	assert_string_equal(json_string_value(json_object_get(t.last, "type")), "ADDED");
	assert_int_equal(json_array_size(json_object_get(json_object_get(t.last, "object"), "columnDefinitions")), 3);
	put(w, "", "configmaps", "default", "m", "\"data\":{\"a\":\"b\"}");
	assert_true(json_is_null(json_object_get(json_object_get(t.last, "object"), "columnDefinitions")));
	assert_int_equal(json_array_size(json_object_get(json_object_get(t.last, "object"), "rows")), 1);
	sb_watch_close(watch_);
	tape_fini(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_type_has_the_columns_of_the_real_server),
		TEST(test_services_are_shown_as_the_real_server_shows_them),
		TEST(test_what_runs_pods_is_shown_as_the_real_server_shows_it),
		TEST(test_events_are_shown_as_the_real_server_shows_them),
		TEST(test_other_types_are_shown_as_the_real_server_shows_them),
		TEST(test_rows_hold_what_is_asked_for),
		TEST(test_a_list_has_its_metadata_and_may_be_empty),
		TEST(test_a_watch_tells_one_row_each_and_the_columns_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
