/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/discovery.h"

#include "unit/kube/client.h"

#include <stdatomic.h>

#define LIST(resources) "{\"kind\":\"APIResourceList\",\"resources\":[" resources "]}"
#define WIDGETS \
	"{\"name\":\"widgets\",\"kind\":\"Widget\",\"namespaced\":true,\"verbs\":[\"get\",\"list\",\"watch\",\"patch\"]}"
#define WIDGET_STATUS \
	"{\"name\":\"widgets/status\",\"kind\":\"Widget\",\"namespaced\":true,\"verbs\":[\"get\",\"patch\"]}"
#define SECRETS \
	"{\"name\":\"secrets\",\"kind\":\"Secret\",\"namespaced\":true,\"verbs\":[\"get\",\"list\",\"watch\",\"patch\"]}"

static const char groups[] = "{\"kind\":\"APIGroupList\",\"groups\":["
			     "{\"name\":\"first.test\",\"versions\":[{\"version\":\"v1\"},{\"version\":\"v2\"}],"
			     "\"preferredVersion\":{\"version\":\"v2\"}},"
			     "{\"name\":\"second.test\",\"versions\":[{\"version\":\"v1\"}]},"
			     "{\"name\":\"bad.test\",\"versions\":[{\"version\":\"v1\"}]}]}";

/* What a test makes worse. */
struct world {
	const char *core_body; /* of /api; NULL: as usual */
	int core_status, groups_status, bad_status;
	atomic_int bad_asked, bad_recovers_at; /* bad.test answers 503, and from this try on as it should; 0: never */
	atomic_int asked_in_all;
	atomic_bool preferred_waits; /* first.test/v2 is answered last */
	struct tls_server *server;
};

static void route_root(struct world *w, const char *url, struct tls_reply *reply)
{
	if (strcmp(url, "/api") == 0)
		*reply =
			(struct tls_reply){ .status = w->core_status,
					    .body = w->core_body ? w->core_body
								 : "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}" };
	else
		*reply = (struct tls_reply){ .status = w->groups_status, .body = groups };
}

static void route(void *user, const struct tls_seen *request, struct tls_reply *reply)
{
	struct world *w = user;
	const char *url = request->url;

	atomic_fetch_add(&w->asked_in_all, 1);
	if (strcmp(url, "/api") == 0 || strcmp(url, "/apis") == 0) {
		route_root(w, url, reply);
	} else if (strcmp(url, "/apis/bad.test/v1") == 0) {
		int tries = atomic_fetch_add(&w->bad_asked, 1) + 1;
		bool well = w->bad_recovers_at && tries >= w->bad_recovers_at;
		*reply = (struct tls_reply){ .status = well	       ? 200
						       : w->bad_status ? w->bad_status
								       : 503,
					     .body = well ? LIST("{\"name\":\"gadgets\",\"kind\":\"Gadget\"}")
							  : "no endpoints" };
	} else if (strcmp(url, "/api/v1") == 0) {
		*reply = (struct tls_reply){ .body = LIST(SECRETS) };
	} else {
		if (atomic_load(&w->preferred_waits) && strstr(url, "/v2"))
			tls_wait_released(w->server);
		*reply = (struct tls_reply){ .body = LIST(WIDGETS "," WIDGET_STATUS) };
	}
}

struct fixture {
	struct world world;
	struct client client;
	unsigned calls;
	struct fc_resource_table *table;
	struct fc_error err;
};

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->world.server = tls_server_start(NULL, route, &f->world);
	client_start(&f->client, f->world.server);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_resource_table_free(f->table);
	client_stop(&f->client);
	tls_server_stop(f->world.server);
	free(f);
	return 0;
}

static void keep(void *user, struct fc_resource_table *table, const struct fc_error *err)
{
	struct fixture *f = user;

	assert_true((table == NULL) == (err != NULL));
	f->calls++;
	f->table = table;
	f->err = err ? *err : FC_ERROR_INIT;
}

static void discover(struct fixture *f)
{
	assert_non_null(fc_discovery_start(f->client.transport, keep, f));
	assert_int_equal(f->calls, 0);
	WAIT_FOR(&f->client, f->calls);
	assert_int_equal(f->calls, 1);
}

static void assert_resolves(struct fixture *f, const char *word, const char *group, const char *version)
{
	struct fc_resource *r = NULL;

	assert_int_equal(fc_resource_resolve(f->table, word, FC_VERB_GET | FC_VERB_WATCH, &r), FC_RESOLVED);
	assert_string_equal(r->group, group);
	assert_string_equal(r->version, version);
	fc_resource_unref(r);
}

static bool is_second_test(void *user, const char *group)
{
	assert_true(((struct fixture *)user)->calls == 0);
	return strcmp(group, "second.test") == 0;
}

static void test_discovery_of_some_groups_reads_no_other(void **state)
{
	struct fixture *f = *state;

	assert_non_null(fc_discovery_start_some(f->client.transport, is_second_test, keep, f));
	WAIT_FOR(&f->client, f->calls);
	assert_resolves(f, "widgets.second.test", "second.test", "v1");
	assert_int_equal(fc_resource_table_count(f->table), 1);
	/* /apis and a document. */
	assert_int_equal(atomic_load(&f->world.asked_in_all), 2);
}

static bool is_core_or_nothing(void *user, const char *group)
{
	(void)user;
	return !group[0];
}

static void test_discovery_of_the_core_group_reads_it(void **state)
{
	struct fixture *f = *state;

	assert_non_null(fc_discovery_start_some(f->client.transport, is_core_or_nothing, keep, f));
	WAIT_FOR(&f->client, f->calls);
	assert_resolves(f, "secrets", "", "v1");
	assert_int_equal(fc_resource_table_count(f->table), 1);
	assert_int_equal(atomic_load(&f->world.asked_in_all), 3);
}

static void test_discovery_of_some_groups_needs_a_list_of_groups(void **state)
{
	struct fixture *f = *state;

	f->world.groups_status = 404;
	assert_non_null(fc_discovery_start_some(f->client.transport, is_second_test, keep, f));
	WAIT_FOR(&f->client, f->calls);
	assert_null(f->table);
	assert_int_equal(f->err.cls, FC_ERR_PROTOCOL);
}

static void test_discovery_group_that_is_advertised_and_not_there_holds_nothing(void **state)
{
	struct fixture *f = *state;
	struct fc_resource *r = NULL;

	f->world.bad_status = 404;
	discover(f);
	assert_int_equal(atomic_load(&f->world.bad_asked), 1);
	assert_int_equal(fc_resource_resolve(f->table, "gadgets.bad.test", 0, &r), FC_RESOLVED_NOT_SERVED);
}

static void test_discovery_reads_every_group_version_in_order(void **state)
{
	struct fixture *f = *state;
	struct fc_resource *r = NULL;

	atomic_store(&f->world.bad_recovers_at, 1);
	discover(f);
	assert_non_null(f->table);
	assert_int_equal(fc_resource_table_count(f->table), 5);
	assert_resolves(f, "secrets", "", "v1");
	assert_resolves(f, "widgets", "first.test", "v2");
	assert_resolves(f, "widgets.v1.first.test", "first.test", "v1");
	assert_resolves(f, "widgets.second.test", "second.test", "v1");
	assert_int_equal(fc_resource_resolve(f->table, "widgets", 0, &r), FC_RESOLVED);
	assert_true(r->has_status);
	fc_resource_unref(r);
	assert_int_equal(fc_resource_resolve(f->table, "nothing", 0, &r), FC_RESOLVED_NOT_SERVED);
}

static void test_discovery_order_is_not_that_of_the_answers(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->world.bad_recovers_at, 1);
	atomic_store(&f->world.preferred_waits, true);
	assert_non_null(fc_discovery_start(f->client.transport, keep, f));
	WAIT_FOR(&f->client, atomic_load(&f->world.asked_in_all) == 7);
	client_settle(&f->client);
	assert_int_equal(f->calls, 0);
	tls_server_release(f->world.server);
	WAIT_FOR(&f->client, f->calls);
	assert_resolves(f, "widgets", "first.test", "v2");
}

static void test_discovery_broken_group_hides_no_other_and_is_noted(void **state)
{
	struct fixture *f = *state;
	struct fc_resource *r = NULL;

	discover(f);
	assert_non_null(f->table);
	assert_int_equal(atomic_load(&f->world.bad_asked), 2);
	assert_resolves(f, "widgets.second.test", "second.test", "v1");
	assert_int_equal(fc_resource_resolve(f->table, "gadgets", 0, &r), FC_RESOLVED_UNKNOWN);
	assert_int_equal(fc_resource_resolve(f->table, "gadgets.bad.test", 0, &r), FC_RESOLVED_UNKNOWN);
}

static void test_discovery_broken_group_gets_a_second_try(void **state)
{
	struct fixture *f = *state;
	struct fc_resource *r = NULL;

	atomic_store(&f->world.bad_recovers_at, 2);
	discover(f);
	assert_int_equal(fc_resource_resolve(f->table, "gadgets", 0, &r), FC_RESOLVED);
	fc_resource_unref(r);
}

static void test_discovery_without_its_roots_fails(void **state)
{
	struct fixture *f = *state;

	f->world.groups_status = 500;
	discover(f);
	assert_null(f->table);
	assert_int_equal(f->err.cls, FC_ERR_SERVER);
	assert_non_null(strstr(f->err.text, "/apis"));
}

static void test_discovery_tolerates_a_root_that_is_not_there(void **state)
{
	struct fixture *f = *state;

	f->world.core_status = 404;
	f->world.core_body = "404 page not found";
	discover(f);
	assert_non_null(f->table);
	assert_resolves(f, "widgets", "first.test", "v2");
}

static void test_discovery_of_something_else_says_so(void **state)
{
	struct fixture *f = *state;

	f->world.core_status = f->world.groups_status = 404;
	discover(f);
	assert_null(f->table);
	assert_int_equal(f->err.cls, FC_ERR_PROTOCOL);
	f->calls = 0;
	f->world.core_status = f->world.groups_status = 200;
	f->world.core_body = "<html>";
	discover(f);
	assert_null(f->table);
	assert_int_equal(f->err.cls, FC_ERR_PROTOCOL);
}

static void test_discovery_that_cannot_send_fails_from_the_loop(void **state)
{
	struct fixture *f = *state;
	char path[] = "/nonexistent/token";

	f->client.access.token_file = path;
	discover(f);
	assert_null(f->table);
	assert_int_equal(atomic_load(&f->world.asked_in_all), 0);
}

static void test_discovery_cancelled_never_calls_back(void **state)
{
	struct fixture *f = *state;

	fc_discovery_cancel(fc_discovery_start(f->client.transport, keep, f));
	atomic_store(&f->world.preferred_waits, true);
	struct fc_discovery *d = fc_discovery_start(f->client.transport, keep, f);
	WAIT_FOR(&f->client, atomic_load(&f->world.bad_asked) == 1);
	fc_discovery_cancel(d);
	fc_discovery_cancel(NULL);
	tls_server_release(f->world.server);
	client_settle(&f->client);
	assert_int_equal(f->calls, 0);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 0);
}

static void test_discovery_reads_one_document_into_a_table(void **state FC_UNUSED)
{
	struct fc_resource_table *t = fc_resource_table_new();
	static const char body[] = LIST(WIDGET_STATUS "," WIDGETS);
	struct fc_resource *r = NULL;

	assert_int_equal(fc_discovery_read_resources(t, "g.test", "v1", body, strlen(body), NULL), 0);
	assert_int_equal(fc_resource_resolve(t, "widget", FC_VERB_PATCH, &r), FC_RESOLVED);
	assert_true(r->has_status);
	fc_resource_unref(r);
	assert_int_equal(fc_discovery_read_resources(t, "g.test", "v1", "{}", 2, NULL), -1);
	fc_resource_table_free(t);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_discovery_of_some_groups_reads_no_other),
		T(test_discovery_of_the_core_group_reads_it),
		T(test_discovery_of_some_groups_needs_a_list_of_groups),
		T(test_discovery_group_that_is_advertised_and_not_there_holds_nothing),
		T(test_discovery_reads_every_group_version_in_order),
		T(test_discovery_order_is_not_that_of_the_answers),
		T(test_discovery_broken_group_hides_no_other_and_is_noted),
		T(test_discovery_broken_group_gets_a_second_try),
		T(test_discovery_without_its_roots_fails),
		T(test_discovery_tolerates_a_root_that_is_not_there),
		T(test_discovery_of_something_else_says_so),
		T(test_discovery_that_cannot_send_fails_from_the_loop),
		T(test_discovery_cancelled_never_calls_back),
		cmocka_unit_test(test_discovery_reads_one_document_into_a_table),
	};
#undef T

	return cmocka_run_group_tests_name("discovery", tests, client_global_setup, client_global_teardown);
}
