/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/kinds.h"

#include "sandbox/service_addresses.h"
#include "sandbox/validate_field.h"
#include "sandbox/validate_service.h"

#include <string.h>

/* --- defaults --- */

static void default_ports(json_t *spec)
{
	json_t *port;
	size_t i;

	json_array_foreach(json_object_get(spec, "ports"), i, port) {
		const json_t *target = json_object_get(port, "targetPort");

		sb_set_default(port, "port", json_integer(0));
		sb_set_default(port, "protocol", json_string("TCP"));
		if (!target || (json_is_string(target) ? !json_string_length(target) : !json_integer_value(target)))
			json_object_set_new(port, "targetPort", json_integer(sb_int(port, "port", 0)));
	}
}

static void default_affinity(json_t *spec)
{
	sb_set_default(spec, "sessionAffinity", json_string("None"));
	if (strcmp(sb_text(spec, "sessionAffinity"), "None") == 0)
		json_object_del(spec, "sessionAffinityConfig");
	if (strcmp(sb_text(spec, "sessionAffinity"), "ClientIP") == 0)
		sb_set_default(sb_need_object(sb_need_object(spec, "sessionAffinityConfig"), "clientIP"),
			       "timeoutSeconds", json_integer(10800));
}

/* What the real server knows and, with the features that are off by default, forgets. */
static void drop_features(json_t *spec)
{
	json_t *addresses = json_object_get(spec, "clusterIPs");

	json_object_del(spec, "ipFamilies");
	json_object_del(spec, "ipFamilyPolicy");
	json_object_del(spec, "topologyKeys");
	json_object_del(spec, "allocateLoadBalancerNodePorts");
	while (json_array_size(addresses) > 1)
		json_array_remove(addresses, json_array_size(addresses) - 1);
}

static void defaults(json_t *object)
{
	json_t *spec = sb_need_object(object, "spec");

	sb_need_object(sb_need_object(object, "status"), "loadBalancer");
	default_affinity(spec);
	sb_set_default(spec, "type", json_string("ClusterIP"));
	default_ports(spec);
	if (sb_service_has_node_ports(spec))
		sb_set_default(spec, "externalTrafficPolicy", json_string("Cluster"));
}

/* --- what a write keeps --- */

static void prepare_create(struct sb_call *call, json_t *object)
{
	json_t *spec = json_object_get(object, "spec");
	const char *address = sb_text(spec, "clusterIP");

	(void)call;
	json_object_set_new(object, "status", json_pack("{s:{}}", "loadBalancer"));
	if (*address && !json_object_get(spec, "clusterIPs"))
		json_object_set_new(spec, "clusterIPs", json_pack("[s]", address));
	drop_features(spec);
}

/* Older clients know clusterIP alone: what they meant is guessed. */
static void keep_addresses(const json_t *old, json_t *spec)
{
	const char *before = sb_text(old, "clusterIP"), *now = sb_text(spec, "clusterIP");
	bool same = sb_same(json_object_get(old, "clusterIPs"), json_object_get(spec, "clusterIPs"));

	if (strcmp(before, now) == 0 && !json_object_get(spec, "clusterIPs"))
		sb_keep_member(spec, "clusterIPs", old);
	if (strcmp(before, now) == 0 || !same)
		return;
	if (*now)
		json_object_set_new(spec, "clusterIPs", json_pack("[s]", now));
	else
		json_object_del(spec, "clusterIPs");
}

static bool adds_node_ports(const json_t *old, const json_t *spec)
{
	const json_t *port, *other;
	size_t i, j;

	json_array_foreach(json_object_get(spec, "ports"), i, port) {
		json_int_t number = sb_int(port, "nodePort", 0);
		bool found = number == 0;

		json_array_foreach(json_object_get(old, "ports"), j, other)
			found |= sb_int(other, "nodePort", 0) == number;
		if (!found)
			return true;
	}
	return false;
}

/* What the new type has no use for, and the writer did not ask for, goes. */
static void drop_unused(const json_t *old, json_t *spec)
{
	bool was_external = strcmp(sb_text(old, "type"), "ExternalName") == 0;
	bool is_external = strcmp(sb_text(spec, "type"), "ExternalName") == 0;
	json_t *port;
	size_t i;

	if (!was_external && is_external && strcmp(sb_text(old, "clusterIP"), sb_text(spec, "clusterIP")) == 0 &&
	    sb_same(json_object_get(old, "clusterIPs"), json_object_get(spec, "clusterIPs"))) {
		json_object_del(spec, "clusterIP");
		json_object_del(spec, "clusterIPs");
	}
	if (sb_service_has_node_ports(old) && !sb_service_has_node_ports(spec) && !adds_node_ports(old, spec))
		json_array_foreach(json_object_get(spec, "ports"), i, port)
			json_object_del(port, "nodePort");
	if (sb_service_has_health_port(old) && !sb_service_has_health_port(spec) &&
	    sb_int(old, "healthCheckNodePort", 0) == sb_int(spec, "healthCheckNodePort", 0))
		json_object_del(spec, "healthCheckNodePort");
}

static void prepare_update(struct sb_call *call, const json_t *old, json_t *object, bool status_only)
{
	const json_t *old_spec = json_object_get(old, "spec");
	json_t *spec = json_object_get(object, "spec");

	(void)call;
	if (status_only) {
		sb_keep_member(object, "spec", old);
		return;
	}
	sb_keep_member(object, "status", old);
	keep_addresses(old_spec, spec);
	drop_features(spec);
	drop_unused(old_spec, spec);
}

const struct sb_kind sb_kind_service = {
	.defaults = defaults,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.validate = sb_validate_service,
	.validate_name = sb_validate_dns1035,
	.allocate = sb_service_allocate,
};
