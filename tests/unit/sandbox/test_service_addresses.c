/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/service_addresses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/kinds.h"
#include "sandbox/store.h"

struct bench {
	struct sb_cluster cluster;
	struct sb_type type;
	struct sb_response response;
	struct sb_call call;
};

static int set_up(void **state)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	b->cluster.random.state = 7;
	b->cluster.store = sb_store_new(10);
	b->type = (struct sb_type){ .group = "", .kind = "Service", .plural = "services" };
	b->response = SB_RESPONSE_INIT;
	b->call = (struct sb_call){ .cluster = &b->cluster, .type = &b->type, .response = &b->response };
	b->call.subresource = "";
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	sb_store_free(b->cluster.store);
	fc_buf_fini(&b->response.body);
	free(b);
	return 0;
}

/* A stored Service of that name; 0, or -1 when it was refused. */
static int create(struct bench *b, const char *name, json_t *spec)
{
	json_t *object = json_pack("{s:{s:s, s:s}, s:o}", "metadata", "namespace", "ns", "name", name, "spec", spec);
	int rc;

	sb_kind_service.defaults(object);
	sb_kind_service.prepare_create(&b->call, object);
	rc = sb_service_allocate(&b->call, NULL, object, false);
	if (rc == 0)
		sb_store_put(b->cluster.store, sb_store_resource(b->cluster.store, "", "services"), object);
	json_decref(object);
	return rc;
}

static json_t *one_port(const char *type)
{
	return json_pack("{s:s, s:[{s:i}]}", "type", type, "ports", "port", 80);
}

static void test_every_address_is_given_once_until_none_is_left(void **state)
{
	struct bench *b = *state;
	const struct sb_resource *services = sb_store_resource(b->cluster.store, "", "services");
	json_t *seen = json_object();
	char name[16];

	for (int i = 0; i < 254; i++) {
		snprintf(name, sizeof(name), "s-%d", i);
		assert_int_equal(create(b, name, one_port("ClusterIP")), 0);
	}
	for (size_t i = 0; i < sb_store_count(services); i++) {
		json_t *service = json_loads(sb_store_at(services, i)->text, 0, NULL);
		const char *address = json_string_value(json_object_get(json_object_get(service, "spec"), "clusterIP"));

		assert_non_null(address);
		assert_memory_equal(address, "10.0.0.", 7);
		assert_null(json_object_get(seen, address));
		json_object_set_new(seen, address, json_true());
		json_decref(service);
	}
	assert_int_equal(json_object_size(seen), 254);
	assert_int_equal(create(b, "one-more", one_port("ClusterIP")), -1);
	assert_int_equal(b->response.status, 500);
	assert_non_null(strstr(b->response.body.data,
			       "Internal error occurred: failed to allocate a serviceIP: range is full"));
	json_decref(seen);
}

static void test_a_headless_service_needs_no_address(void **state)
{
	struct bench *b = *state;

	assert_int_equal(create(b, "a", json_pack("{s:s}", "clusterIP", "None")), 0);
	assert_int_equal(create(b, "b", json_pack("{s:s}", "clusterIP", "None")), 0);
}

static void test_a_node_port_of_another_service_is_taken(void **state)
{
	struct bench *b = *state;

	assert_int_equal(
		create(b, "a",
		       json_pack("{s:s, s:[{s:i, s:i}]}", "type", "NodePort", "ports", "port", 80, "nodePort", 30077)),
		0);
	assert_int_equal(
		create(b, "b",
		       json_pack("{s:s, s:[{s:i, s:i}]}", "type", "NodePort", "ports", "port", 80, "nodePort", 30077)),
		-1);
	assert_int_equal(b->response.status, 422);
	assert_non_null(strstr(b->response.body.data, "spec.ports[0].nodePort: Invalid value: 30077: provided port is "
						      "already allocated"));
}

static void test_a_dry_run_draws_no_address(void **state)
{
	struct bench *b = *state;
	json_t *object = json_pack("{s:{s:s}, s:o}", "metadata", "name", "a", "spec", one_port("NodePort")), *spec;

	sb_kind_service.defaults(object);
	sb_kind_service.prepare_create(&b->call, object);
	assert_int_equal(sb_service_allocate(&b->call, NULL, object, true), 0);
	spec = json_object_get(object, "spec");
	assert_null(json_object_get(spec, "clusterIP"));
	assert_non_null(json_object_get(json_array_get(json_object_get(spec, "ports"), 0), "nodePort"));
	json_decref(object);
}

static void test_a_dry_run_minds_its_own_ports(void **state)
{
	struct bench *b = *state;
	json_t *object = json_pack("{s:{s:s}, s:{s:s, s:s, s:i, s:[{s:i, s:i}]}}", "metadata", "name", "a", "spec",
				   "type", "LoadBalancer", "externalTrafficPolicy", "Local", "healthCheckNodePort",
				   30077, "ports", "port", 80, "nodePort", 30077);

	sb_kind_service.defaults(object);
	sb_kind_service.prepare_create(&b->call, object);
	assert_int_equal(sb_service_allocate(&b->call, NULL, object, true), -1);
	assert_int_equal(b->response.status, 500);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_address_is_given_once_until_none_is_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_headless_service_needs_no_address, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_node_port_of_another_service_is_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_dry_run_draws_no_address, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_dry_run_minds_its_own_ports, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
