/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery by the aggregated documents: kube-client 3.1 to 3.4. They are written after the documentation of
 * apidiscovery.k8s.io. */
#include "kube/discovery.h"

#include "unit/kube/client.h"

#include <stdatomic.h>

#define V2 "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
#define V2BETA1 "application/json;as=APIGroupDiscoveryList;v=v2beta1;g=apidiscovery.k8s.io; charset=utf-8"
#define DOCUMENT(items)                                                                                                   \
	"{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"metadata\":{},\"items\":[" items \
	"]}"
#define GROUP(name, versions) \
	"{\"metadata\":{\"name\":\"" name "\",\"creationTimestamp\":null},\"versions\":[" versions "]}"
#define VERSION(name, resources) "{\"version\":\"" name "\",\"freshness\":\"Current\",\"resources\":[" resources "]}"
#define STALE(name, resources) "{\"version\":\"" name "\",\"freshness\":\"Stale\",\"resources\":[" resources "]}"
#define RESOURCE(plural, kind, more)                                                                             \
	"{\"resource\":\"" plural "\",\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"" kind "\"}," \
	"\"scope\":\"Namespaced\",\"verbs\":[\"get\",\"list\",\"watch\",\"patch\"]" more "}"
#define STATUS ",\"subresources\":[{\"subresource\":\"status\",\"verbs\":[\"get\",\"patch\"]}]"
#define WIDGETS RESOURCE("widgets", "Widget", STATUS)
#define LEGACY_LIST                                                                               \
	"{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"widgets\",\"kind\":\"Widget\"," \
	"\"namespaced\":true,\"verbs\":[\"get\",\"list\",\"watch\",\"patch\"]}]}"

static const char core[] = DOCUMENT("{\"metadata\":{\"creationTimestamp\":null},\"versions\":[" VERSION(
	"v1", RESOURCE("secrets", "Secret", "")) "]}");
static const char groups[] = DOCUMENT(GROUP("first.test", VERSION("v2", WIDGETS) "," VERSION("v1", WIDGETS)) "," GROUP(
	"bad.test",
	STALE("v2", RESOURCE("gadgets", "Gadget", "")) "," VERSION(
		"v1", RESOURCE("gears", "Gear", ""))) "," GROUP("dead.test",
								STALE("v1", "")) "," GROUP("second.test",
											   VERSION("v1", WIDGETS)));
static const char legacy_core[] = "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}";
static const char legacy_groups[] = "{\"kind\":\"APIGroupList\",\"groups\":["
				    "{\"name\":\"first.test\",\"versions\":[{\"version\":\"v2\"},{\"version\":\"v1\"}],"
				    "\"preferredVersion\":{\"version\":\"v2\"}}]}";

/* What a root answers to who asks for the aggregated document, and to others. */
struct root {
	struct tls_reply aggregated, legacy;
	atomic_int asked;
};

struct world {
	struct root core, groups;
	atomic_int lists_asked;
};

static void route(void *user, const struct tls_seen *request, struct tls_reply *reply)
{
	struct world *w = user;
	bool is_core = strcmp(request->url, "/api") == 0;
	bool asks_for_it = strstr(request->accept, "as=APIGroupDiscoveryList");

	if (!is_core && strcmp(request->url, "/apis") != 0) {
		assert_false(asks_for_it);
		atomic_fetch_add(&w->lists_asked, 1);
		*reply = (struct tls_reply){ .body = LEGACY_LIST };
		return;
	}
	struct root *root = is_core ? &w->core : &w->groups;
	atomic_fetch_add(&root->asked, 1);
	*reply = asks_for_it ? root->aggregated : root->legacy;
}

struct fixture {
	struct world world;
	struct tls_server *server;
	struct client client;
	unsigned calls;
	struct fc_resource_table *table;
	struct fc_error err;
};

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->world.core.aggregated = (struct tls_reply){ .body = core, .content_type = V2 };
	f->world.groups.aggregated = (struct tls_reply){ .body = groups, .content_type = V2 };
	f->world.core.legacy = (struct tls_reply){ .body = legacy_core };
	f->world.groups.legacy = (struct tls_reply){ .body = legacy_groups };
	f->server = tls_server_start(NULL, route, &f->world);
	client_start(&f->client, f->server);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_resource_table_free(f->table);
	client_stop(&f->client);
	tls_server_stop(f->server);
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

static void discover_some(struct fixture *f, bool (*wanted)(void *user, const char *group))
{
	fc_resource_table_free(fc_steal(&f->table));
	f->calls = 0;
	assert_non_null(fc_discovery_start_some(f->client.transport, wanted, keep, f));
	WAIT_FOR(&f->client, f->calls);
}

static void discover(struct fixture *f)
{
	discover_some(f, NULL);
}

static void assert_requests(struct fixture *f, int of_core, int of_groups, int of_lists)
{
	assert_int_equal(atomic_load(&f->world.core.asked), of_core);
	assert_int_equal(atomic_load(&f->world.groups.asked), of_groups);
	assert_int_equal(atomic_load(&f->world.lists_asked), of_lists);
}

static void assert_resolves(struct fixture *f, const char *word, const char *group, const char *version)
{
	struct fc_resource *r = NULL;

	assert_non_null(f->table);
	assert_int_equal(fc_resource_resolve(f->table, word, FC_VERB_GET | FC_VERB_WATCH, &r), FC_RESOLVED);
	assert_string_equal(r->group, group);
	assert_string_equal(r->version, version);
	fc_resource_unref(r);
}

static void assert_no(struct fixture *f, const char *word, enum fc_resolved why)
{
	struct fc_resource *r = NULL;

	assert_int_equal(fc_resource_resolve(f->table, word, 0, &r), why);
}

static void test_aggregated_discovery_is_two_requests(void **state)
{
	struct fixture *f = *state;
	struct fc_resource *r = NULL;

	discover(f);
	assert_requests(f, 1, 1, 0);
	assert_int_equal(fc_resource_table_count(f->table), 5);
	assert_resolves(f, "secrets", "", "v1");
	assert_resolves(f, "widgets", "first.test", "v2");
	assert_resolves(f, "widgets.v1.first.test", "first.test", "v1");
	assert_resolves(f, "widgets.second.test", "second.test", "v1");
	assert_int_equal(fc_resource_resolve(f->table, "widgets", 0, &r), FC_RESOLVED);
	assert_true(r->has_status);
	fc_resource_unref(r);
	assert_int_equal(fc_transport_stream_lists(f->client.transport), FC_STREAM_LISTS_LIKELY);
}

static void test_aggregated_discovery_asks_for_both_versions_and_the_legacy_document(void **state)
{
	struct fixture *f = *state;

	f->world.core.aggregated.status = 404;
	discover(f);
	assert_string_equal(tls_server_last(f->server).accept,
			    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
			    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
			    "application/json");
	/* What is not there is not (3.2). */
	assert_requests(f, 1, 1, 0);
	assert_resolves(f, "widgets", "first.test", "v2");
}

static void test_aggregated_discovery_of_the_older_version_is_read_alike(void **state)
{
	struct fixture *f = *state;

	f->world.core.aggregated.content_type = f->world.groups.aggregated.content_type = V2BETA1;
	discover(f);
	assert_requests(f, 1, 1, 0);
	assert_resolves(f, "widgets", "first.test", "v2");
}

static void test_aggregated_stale_group_hides_no_other_and_is_noted(void **state)
{
	struct fixture *f = *state;

	discover(f);
	/* Nobody is asked for it again. */
	assert_requests(f, 1, 1, 0);
	assert_no(f, "gadgets", FC_RESOLVED_UNKNOWN);
	assert_no(f, "gadgets.bad.test", FC_RESOLVED_UNKNOWN);
	assert_no(f, "anything.dead.test", FC_RESOLVED_UNKNOWN);
	/* The first version that is not stale is the preferred one. */
	assert_resolves(f, "gears.bad.test", "bad.test", "v1");
	assert_no(f, "nothing.second.test", FC_RESOLVED_NOT_SERVED);
}

static bool is_second_test(void *user, const char *group)
{
	assert_true(((struct fixture *)user)->calls == 0);
	return strcmp(group, "second.test") == 0;
}

static void test_aggregated_discovery_of_some_groups_is_one_request(void **state)
{
	struct fixture *f = *state;

	discover_some(f, is_second_test);
	assert_requests(f, 0, 1, 0);
	assert_int_equal(fc_resource_table_count(f->table), 1);
	assert_resolves(f, "widgets", "second.test", "v1");
	/* What is broken elsewhere is not known here. */
	assert_no(f, "gadgets.bad.test", FC_RESOLVED_NOT_SERVED);
}

static bool is_nothing(void *user, const char *group)
{
	(void)user;
	(void)group;
	return false;
}

static void test_aggregated_discovery_of_a_group_that_is_not_there_finds_nothing(void **state)
{
	struct fixture *f = *state;

	discover_some(f, is_nothing);
	assert_requests(f, 0, 1, 0);
	assert_non_null(f->table);
	assert_int_equal(fc_resource_table_count(f->table), 0);
}

static void test_where_one_root_is_aggregated_the_legacy_documents_are_read(void **state)
{
	struct fixture *f = *state;

	f->world.core.aggregated = f->world.core.legacy;
	discover(f);
	/* /api/v1 and the six of the groups. */
	assert_requests(f, 1, 1, 7);
	assert_resolves(f, "widgets", "", "v1");
	assert_resolves(f, "widgets.dead.test", "dead.test", "v1");
}

static void test_a_server_that_knows_no_aggregated_documents_costs_no_request_more(void **state)
{
	struct fixture *f = *state;

	f->world.core.aggregated = f->world.core.legacy;
	f->world.groups.aggregated = f->world.groups.legacy;
	discover(f);
	assert_requests(f, 1, 1, 3);
	assert_resolves(f, "widgets.first.test", "first.test", "v2");
	assert_int_equal(fc_transport_stream_lists(f->client.transport), FC_STREAM_LISTS_UNKNOWN);
}

static void test_a_server_that_was_young_and_is_old_is_asked_for_pages_again(void **state)
{
	struct fixture *f = *state;

	discover(f);
	f->world.core.aggregated = f->world.core.legacy;
	f->world.groups.aggregated = f->world.groups.legacy;
	discover(f);
	assert_int_equal(fc_transport_stream_lists(f->client.transport), FC_STREAM_LISTS_UNKNOWN);
}

/* The second try did not ask whether it is young. */
static void test_a_lost_answer_does_not_make_a_server_old(void **state)
{
	struct fixture *f = *state;

	discover(f);
	fc_transport_saw_stream_list(f->client.transport, true);
	f->world.groups.aggregated.status = 503;
	discover(f);
	assert_requests(f, 2, 3, 3);
	assert_int_equal(fc_transport_stream_lists(f->client.transport), FC_STREAM_LISTS_WORK);
}

static void test_documents_that_name_nothing_are_no_servers(void **state)
{
	struct fixture *f = *state;

	f->world.core.aggregated.status = 404;
	f->world.groups.aggregated.body = DOCUMENT("");
	discover(f);
	assert_null(f->table);
	assert_int_equal(f->err.cls, FC_ERR_PROTOCOL);
}

/* Whatever is wrong with it: the second try asks for the legacy document alone. */
static void test_an_aggregated_document_that_cannot_be_had_is_done_without(void **state)
{
	static const struct tls_reply broken[] = {
		{ .status = 406, .body = "{}" },
		{ .status = 503, .body = "{}" },
		{ .content_type = V2, .body = "" },
		{ .content_type = V2, .body = "<html>" },
		{ .content_type = V2, .body = "{\"kind\":\"APIGroupList\",\"items\":[]}" },
		{ .content_type = V2, .body = "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[7]}" },
		{ .content_type = V2, .body = "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[{\"versions\":[]}" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(broken); i++) {
		f->world.groups.aggregated = broken[i];
		atomic_store(&f->world.core.asked, 0);
		atomic_store(&f->world.groups.asked, 0);
		atomic_store(&f->world.lists_asked, 0);
		discover(f);
		assert_requests(f, 1, 2, 3);
		assert_resolves(f, "widgets.v1.first.test", "first.test", "v1");
	}
}

static void test_aggregated_discovery_holds_one_group_at_a_time(void **state)
{
	struct fixture *f = *state;
	FC_AUTO_BUF struct fc_buf body = FC_BUF_INIT;

	fc_buf_puts(&body, "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[");
	for (int i = 0; i < 50; i++) {
		fc_buf_printf(&body,
			      "{\"metadata\":{\"name\":\"g%d.test\"},\"versions\":[{\"version\":\"v1\",\"resources\":[",
			      i);
		for (int k = 0; k < 100; k++)
			fc_buf_printf(
				&body,
				"%s{\"resource\":\"kind%ds\",\"responseKind\":{\"kind\":\"Kind%d\"},"
				"\"scope\":\"Namespaced\",\"verbs\":[\"get\",\"watch\"],\"responseWords\":\"%0900d\"}",
				k ? "," : "", k, k, 0);
		fc_buf_printf(&body, "]}]}%s", i < 49 ? "," : "");
	}
	fc_buf_puts(&body, "]}");
	/* More than may be held of one answer. */
	assert_true(body.len > (size_t)4 * 1024 * 1024);
	f->world.groups.aggregated = (struct tls_reply){ .body = body.data, .content_type = V2 };
	discover(f);
	assert_requests(f, 1, 1, 0);
	assert_resolves(f, "kind99s.g49.test", "g49.test", "v1");
	assert_int_equal(fc_resource_table_count(f->table), 5001);
}

static void test_a_root_of_the_legacy_kind_has_a_limit(void **state)
{
	struct fixture *f = *state;
	size_t len = (size_t)5 * 1024 * 1024;
	FC_AUTO_FREE char *huge = fc_xcalloc(1, len + 1);

	memset(huge, ' ', len);
	f->world.groups.aggregated = f->world.groups.legacy = (struct tls_reply){ .body = huge };
	discover(f);
	assert_null(f->table);
	assert_int_equal(f->err.cls, FC_ERR_LIMIT);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_aggregated_discovery_is_two_requests),
		T(test_aggregated_discovery_asks_for_both_versions_and_the_legacy_document),
		T(test_aggregated_discovery_of_the_older_version_is_read_alike),
		T(test_aggregated_stale_group_hides_no_other_and_is_noted),
		T(test_aggregated_discovery_of_some_groups_is_one_request),
		T(test_aggregated_discovery_of_a_group_that_is_not_there_finds_nothing),
		T(test_where_one_root_is_aggregated_the_legacy_documents_are_read),
		T(test_a_server_that_knows_no_aggregated_documents_costs_no_request_more),
		T(test_a_server_that_was_young_and_is_old_is_asked_for_pages_again),
		T(test_a_lost_answer_does_not_make_a_server_old),
		T(test_documents_that_name_nothing_are_no_servers),
		T(test_an_aggregated_document_that_cannot_be_had_is_done_without),
		T(test_aggregated_discovery_holds_one_group_at_a_time),
		T(test_a_root_of_the_legacy_kind_has_a_limit),
	};
#undef T

	return cmocka_run_group_tests_name("discovery_aggregated", tests, client_global_setup, client_global_teardown);
}
