/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/service_addresses.h"

#include "base/mem.h"
#include "base/random.h"
#include "json/decode.h"
#include "sandbox/store.h"
#include "sandbox/validate_field.h"

#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#define NETWORK 0x0A000000u /* 10.0.0.0/24: its first and last addresses are nobody's */
#define ADDRESSES 254u
#define FIRST_PORT 30000u
#define PORTS 2768u

static const char not_in_network[] = "provided IP is not in the valid range. The range of valid IPs is 10.0.0.0/24";
static const char address_taken[] = "provided IP is already allocated";
static const char not_in_ports[] = "provided port is not in the valid range. The range of valid ports is 30000-32767";
static const char port_taken[] = "provided port is already allocated";

/* What other Services have, and what this one was given. */
struct pool {
	bool addresses[ADDRESSES + 1]; /* by the last byte */
	bool ports[PORTS];
};

struct drawing {
	struct sb_call *call;
	const char *name;
	bool dry_run;
	struct pool pool;
};

static bool is_of_type(const json_t *spec, const char *type)
{
	return strcmp(sb_text(spec, "type"), type) == 0;
}

bool sb_service_is_headless(const json_t *spec)
{
	const char *first = json_string_value(json_array_get(json_object_get(spec, "clusterIPs"), 0));

	return first && strcmp(first, "None") == 0;
}

bool sb_service_has_node_ports(const json_t *spec)
{
	return is_of_type(spec, "NodePort") || is_of_type(spec, "LoadBalancer");
}

bool sb_service_has_health_port(const json_t *spec)
{
	return is_of_type(spec, "LoadBalancer") && strcmp(sb_text(spec, "externalTrafficPolicy"), "Local") == 0;
}

/* 1 to ADDRESSES; 0: of another network. */
static unsigned address_number(const char *text)
{
	struct in_addr address;
	uint32_t number;

	if (inet_pton(AF_INET, text, &address) != 1)
		return 0;
	number = ntohl(address.s_addr) - NETWORK;
	return number >= 1 && number <= ADDRESSES ? number : 0;
}

static void take_port(struct pool *pool, json_int_t port)
{
	if (port >= FIRST_PORT && port < FIRST_PORT + PORTS)
		pool->ports[port - FIRST_PORT] = true;
}

static void take_of(struct pool *pool, const json_t *spec)
{
	const json_t *port;
	size_t i;

	pool->addresses[address_number(sb_text(spec, "clusterIP"))] = true;
	take_port(pool, sb_int(spec, "healthCheckNodePort", 0));
	json_array_foreach(json_object_get(spec, "ports"), i, port)
		take_port(pool, sb_int(port, "nodePort", 0));
}

static void take_stored(struct pool *pool, struct sb_cluster *c)
{
	const struct sb_resource *services = sb_store_resource(c->store, "", "services");
	size_t count = sb_store_count(services);

	for (size_t i = 0; i < count; i++) {
		const struct sb_object *o = sb_store_at(services, i);
		json_t *service = fc_decode(o->text, o->len, NULL);

		take_of(pool, json_object_get(service, "spec"));
		json_decref(service);
	}
}

/* A free one of `count` from `first` on, from a place drawn by lot; -1: there is none. */
static int draw(struct drawing *d, const bool *taken, unsigned first, unsigned count)
{
	unsigned start = (unsigned)fc_random_between(&d->call->cluster->random, 0, count - 1);

	for (unsigned i = 0; i < count; i++) {
		unsigned at = first + (start + i) % count;

		if (!taken[at])
			return (int)at;
	}
	return -1;
}

static int refuse_internal(struct drawing *d, const char *what, const char *why)
{
	json_t *details = json_object();

	json_object_set_new(details, "causes", json_pack("[{s:o}]", "message", json_sprintf("%s: %s", what, why)));
	return sb_refuse(d->call, 500, "InternalError", details, "Internal error occurred: %s: %s", what, why);
}

static int refuse_causes(struct drawing *d, struct sb_causes *causes)
{
	return sb_refuse_invalid(d->call, d->call->type, d->name, causes);
}

/* --- the cluster address --- */

static int give_address(struct drawing *d, json_t *spec, const char *address)
{
	unsigned number = address_number(address);
	FC_AUTO_BUF struct fc_buf list = FC_BUF_INIT;
	FC_AUTO_FREE char *detail = NULL;
	struct sb_causes causes = SB_CAUSES_INIT;

	if (number && !d->pool.addresses[number]) {
		d->pool.addresses[number] = true;
		return 0;
	}
	sb_go_string_list(&list, json_object_get(spec, "clusterIPs"));
	detail = fc_xasprintf("failed to allocated ip:%s with error:%s", address,
			      number ? address_taken : not_in_network);
	sb_invalid_raw(&causes, SB_FIELD("spec.clusterIPs"), fc_buf_str(&list), detail);
	return refuse_causes(d, &causes);
}

static int draw_address(struct drawing *d, json_t *spec)
{
	int number = draw(d, d->pool.addresses, 1, ADDRESSES);
	char text[20];

	if (number < 0)
		return refuse_internal(d, "failed to allocate a serviceIP", "range is full");
	snprintf(text, sizeof(text), "10.0.0.%d", number);
	json_object_set_new(spec, "clusterIP", json_string(text));
	json_object_set_new(spec, "clusterIPs", json_pack("[s]", text));
	return 0;
}

static int allocate_address(struct drawing *d, json_t *spec)
{
	const char *address = sb_text(spec, "clusterIP");

	if (d->dry_run || is_of_type(spec, "ExternalName") || sb_service_is_headless(spec))
		return 0;
	return *address ? give_address(d, spec, address) : draw_address(d, spec);
}

/* --- node ports --- */

/* NULL: it is given now. */
static const char *port_fault(struct drawing *d, json_int_t port)
{
	if (port < FIRST_PORT || port >= FIRST_PORT + PORTS)
		return d->dry_run ? NULL : not_in_ports;
	if (d->pool.ports[port - FIRST_PORT])
		return port_taken;
	take_port(&d->pool, port);
	return NULL;
}

static int give_port(struct drawing *d, size_t i, json_int_t port)
{
	const char *fault = port_fault(d, port);
	struct sb_causes causes = SB_CAUSES_INIT;

	if (!fault)
		return 0;
	sb_invalid_int(&causes, SB_CHILD(SB_INDEX(SB_FIELD("spec.ports"), i), "nodePort"), port, "%s", fault);
	return refuse_causes(d, &causes);
}

static int draw_port(struct drawing *d, json_t *object, const char *member, const char *what)
{
	int port = draw(d, d->pool.ports, 0, PORTS);

	if (port < 0)
		return refuse_internal(d, what, "range is full");
	d->pool.ports[port] = true;
	json_object_set_new(object, member, json_integer(port + FIRST_PORT));
	return 0;
}

/* What another row of the same port number, of any protocol, asks for. */
static json_int_t asked_for(const json_t *ports, json_int_t number)
{
	const json_t *port;
	size_t i;

	json_array_foreach(ports, i, port)
		if (sb_int(port, "port", 0) == number && sb_int(port, "nodePort", 0))
			return sb_int(port, "nodePort", 0);
	return 0;
}

/* The node port of the first row before `i` with this port number; 0: there is none. */
static json_int_t given_before(const json_t *ports, size_t i, json_int_t number)
{
	for (size_t j = 0; j < i; j++)
		if (sb_int(json_array_get(ports, j), "port", 0) == number)
			return sb_int(json_array_get(ports, j), "nodePort", 0);
	return 0;
}

/* Rows of one port number share a node port unless they ask for different ones. */
static int create_port(struct drawing *d, const json_t *ports, size_t i, json_t *port)
{
	json_int_t number = sb_int(port, "port", 0), before = given_before(ports, i, number), asked;

	if (before) {
		asked = sb_int(port, "nodePort", 0);
		if (!asked)
			json_object_set_new(port, "nodePort", json_integer(before));
		return !asked || asked == before ? 0 : give_port(d, i, asked);
	}
	asked = asked_for(ports, number);
	if (!asked)
		return draw_port(d, port, "nodePort", "failed to allocate a nodePort");
	json_object_set_new(port, "nodePort", json_integer(asked));
	return give_port(d, i, asked);
}

static bool had_port(const json_t *ports, size_t count, json_int_t node_port)
{
	for (size_t i = 0; i < count && i < json_array_size(ports); i++)
		if (sb_int(json_array_get(ports, i), "nodePort", 0) == node_port)
			return true;
	return false;
}

static int update_port(struct drawing *d, const json_t *old_ports, const json_t *ports, size_t i, json_t *port)
{
	json_int_t asked = sb_int(port, "nodePort", 0);

	if (!asked)
		return draw_port(d, port, "nodePort", "failed to allocate a nodePort");
	if (had_port(old_ports, SIZE_MAX, asked) || had_port(ports, i, asked))
		return 0;
	return give_port(d, i, asked);
}

static int allocate_ports(struct drawing *d, const json_t *old_spec, json_t *spec)
{
	json_t *ports = json_object_get(spec, "ports"), *port;
	size_t i;

	if (!sb_service_has_node_ports(spec))
		return 0;
	json_array_foreach(ports, i, port) {
		int rc = old_spec ? update_port(d, json_object_get(old_spec, "ports"), ports, i, port)
				  : create_port(d, ports, i, port);

		if (rc < 0)
			return -1;
	}
	return 0;
}

/* --- the port of health checks --- */

static int give_health_port(struct drawing *d, json_t *spec)
{
	json_int_t asked = sb_int(spec, "healthCheckNodePort", 0);
	const char *fault;
	char what[96];

	if (!asked)
		return draw_port(d, spec, "healthCheckNodePort", "failed to allocate a HealthCheck NodePort");
	fault = port_fault(d, asked);
	snprintf(what, sizeof(what), "failed to allocate requested HealthCheck NodePort %" JSON_INTEGER_FORMAT, asked);
	return fault ? refuse_internal(d, what, fault) : 0;
}

static int allocate_health_port(struct drawing *d, const json_t *old_spec, json_t *spec)
{
	bool before = old_spec && sb_service_has_health_port(old_spec), now = sb_service_has_health_port(spec);
	json_int_t port = sb_int(spec, "healthCheckNodePort", 0);
	struct sb_causes causes = SB_CAUSES_INIT;

	if (before && !now)
		json_object_del(spec, "healthCheckNodePort");
	if (!now)
		return 0;
	if (!before)
		return give_health_port(d, spec);
	if (port == sb_int(old_spec, "healthCheckNodePort", 0))
		return 0;
	sb_invalid_int(&causes, SB_FIELD("spec.healthCheckNodePort"), port,
		       "cannot change healthCheckNodePort on loadBalancer service with externalTraffic=Local during "
		       "update");
	return refuse_causes(d, &causes);
}

static int check_traffic(struct drawing *d, const json_t *spec)
{
	struct sb_causes causes = SB_CAUSES_INIT;
	const char *policy = sb_text(spec, "externalTrafficPolicy");
	json_int_t port = sb_int(spec, "healthCheckNodePort", 0);

	if (!sb_service_has_node_ports(spec) && *policy)
		sb_invalid(&causes, SB_FIELD("spec.externalTrafficPolicy"), policy,
			   "ExternalTrafficPolicy can only be set on NodePort and LoadBalancer service");
	if (!sb_service_has_health_port(spec) && port)
		sb_invalid_int(&causes, SB_FIELD("spec.healthCheckNodePort"), port,
			       "HealthCheckNodePort can only be set on LoadBalancer service with "
			       "ExternalTrafficPolicy=Local");
	return sb_causes_any(&causes) ? refuse_causes(d, &causes) : 0;
}

/* An address without the list of addresses is listed when it is stored. */
static void list_address(json_t *spec)
{
	const char *address = sb_text(spec, "clusterIP");

	if (*address && !json_object_get(spec, "clusterIPs"))
		json_object_set_new(spec, "clusterIPs", json_pack("[s]", address));
}

int sb_service_allocate(struct sb_call *call, const json_t *old, json_t *object, bool dry_run)
{
	struct drawing d = { .call = call, .dry_run = dry_run };
	const json_t *old_spec = json_object_get(old, "spec");
	json_t *spec = json_object_get(object, "spec");

	d.name = sb_text(json_object_get(object, "metadata"), "name");
	/* A dry run minds its own ports alone. */
	if (!dry_run)
		take_stored(&d.pool, call->cluster);
	if ((!old || is_of_type(old_spec, "ExternalName")) && allocate_address(&d, spec) < 0)
		return -1;
	if (allocate_ports(&d, old_spec, spec) < 0 || allocate_health_port(&d, old_spec, spec) < 0)
		return -1;
	if (old && sb_service_has_node_ports(old_spec) && !sb_service_has_node_ports(spec))
		json_object_del(spec, "externalTrafficPolicy");
	if (check_traffic(&d, spec) < 0)
		return -1;
	if (old && !is_of_type(spec, "LoadBalancer"))
		json_object_set_new(object, "status", json_pack("{s:{}}", "loadBalancer"));
	list_address(spec);
	return 0;
}
