/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/validate_service.h"

#include "base/mem.h"
#include "sandbox/kinds.h"
#include "sandbox/service_addresses.h"
#include "sandbox/validate_field.h"

#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#define KUBELET_PORT 10250
#define RANGES_KEY "service.beta.kubernetes.io/load-balancer-source-ranges"

static const char *const types[] = { "ClusterIP", "ExternalName", "LoadBalancer", "NodePort", NULL };
static const char *const affinities[] = { "ClientIP", "None", NULL };
static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };

static bool is_type(const json_t *spec, const char *type)
{
	return strcmp(sb_text(spec, "type"), type) == 0;
}

/* --- the type --- */

static void validate_headless(const json_t *spec, struct sb_causes *causes)
{
	if (sb_service_is_headless(spec))
		sb_invalid(causes, SB_INDEX(SB_FIELD("spec.clusterIPs"), 0), "None",
			   "may not be set to 'None' for %s services", sb_text(spec, "type"));
}

static void validate_external_name(const json_t *spec, struct sb_causes *causes)
{
	FC_AUTO_FREE char *name = fc_xstrdup(sb_text(spec, "externalName"));
	size_t len = strlen(name);

	if (json_object_get(spec, "clusterIPs"))
		sb_forbidden(causes, SB_FIELD("spec.clusterIPs"), "may not be set for ExternalName services");
	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
	if (len)
		sb_check(causes, SB_FIELD("spec.externalName"), name, sb_faults_subdomain);
	else
		sb_required(causes, SB_FIELD("spec.externalName"), "");
}

static void validate_of_type(const json_t *spec, struct sb_causes *causes)
{
	const json_t *port;
	size_t i;

	if (is_type(spec, "LoadBalancer"))
		json_array_foreach(json_object_get(spec, "ports"), i, port)
			if (sb_int(port, "port", 0) == KUBELET_PORT)
				sb_invalid_int(causes, SB_INDEX(SB_FIELD("spec.ports"), i), KUBELET_PORT,
					       "may not expose port %d externally since it is used by kubelet",
					       KUBELET_PORT);
	if (is_type(spec, "LoadBalancer") || is_type(spec, "NodePort"))
		validate_headless(spec, causes);
	if (is_type(spec, "ExternalName"))
		validate_external_name(spec, causes);
}

/* --- ports --- */

static bool named_before(const json_t *ports, size_t i, const char *name)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(sb_text(json_array_get(ports, j), "name"), name) == 0)
			return true;
	return false;
}

static void validate_port(const json_t *ports, size_t i, struct sb_causes *causes)
{
	const json_t *port = json_array_get(ports, i);
	const struct sb_field *at = SB_INDEX(SB_FIELD("spec.ports"), i);
	const char *name = sb_text(port, "name"), *app = sb_text(port, "appProtocol");

	if (!*name && json_array_size(ports) > 1)
		sb_required(causes, SB_CHILD(at, "name"), "");
	if (*name) {
		sb_check(causes, SB_CHILD(at, "name"), name, sb_faults_label);
		if (named_before(ports, i, name))
			sb_duplicate(causes, SB_CHILD(at, "name"), name);
	}
	sb_check_port(causes, SB_CHILD(at, "port"), sb_int(port, "port", 0));
	sb_check_word(causes, SB_CHILD(at, "protocol"), sb_text(port, "protocol"), protocols);
	sb_check_port_or_name(causes, SB_CHILD(at, "targetPort"), json_object_get(port, "targetPort"));
	if (*app)
		sb_check(causes, SB_CHILD(at, "appProtocol"), app, sb_faults_qualified_name);
}

static void go_target(struct fc_buf *out, const json_t *target)
{
	fc_buf_printf(out, "intstr.IntOrString{Type:%d, IntVal:%" JSON_INTEGER_FORMAT ", StrVal:",
		      json_is_string(target) ? 1 : 0, json_integer_value(target));
	sb_go_quote(out, json_string_value(target) ?: "");
	fc_buf_putc(out, '}');
}

/* As Go prints the whole row, but for where the text of appProtocol lies in memory. */
static void go_port(struct fc_buf *out, const json_t *port)
{
	fc_buf_puts(out, "core.ServicePort{Name:");
	sb_go_quote(out, sb_text(port, "name"));
	fc_buf_puts(out, ", Protocol:");
	sb_go_quote(out, sb_text(port, "protocol"));
	fc_buf_printf(out, ", AppProtocol:(*string)(%s), Port:%" JSON_INTEGER_FORMAT ", TargetPort:",
		      json_object_get(port, "appProtocol") ? "0xc000000000" : "nil", sb_int(port, "port", 0));
	go_target(out, json_object_get(port, "targetPort"));
	fc_buf_printf(out, ", NodePort:%" JSON_INTEGER_FORMAT "}", sb_int(port, "nodePort", 0));
}

static bool is_known_protocol(const json_t *port)
{
	return sb_is_one_of(sb_text(port, "protocol"), protocols);
}

static void validate_one_protocol(const json_t *ports, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf list = FC_BUF_INIT;
	const char *first = NULL;
	const json_t *port;
	bool mixed = false;
	size_t i;

	fc_buf_puts(&list, "[]core.ServicePort{");
	json_array_foreach(ports, i, port) {
		fc_buf_puts(&list, i ? ", " : "");
		go_port(&list, port);
		if (!is_known_protocol(port))
			continue;
		first = first ?: sb_text(port, "protocol");
		mixed |= strcmp(first, sb_text(port, "protocol")) != 0;
	}
	fc_buf_putc(&list, '}');
	if (mixed)
		sb_invalid_raw(causes, SB_FIELD("spec.ports"), fc_buf_str(&list),
			       "may not contain more than 1 protocol when type is 'LoadBalancer'");
}

static bool same_in(const json_t *a, const json_t *b, const char *number)
{
	return strcmp(sb_text(a, "protocol"), sb_text(b, "protocol")) == 0 &&
	       sb_int(a, number, 0) == sb_int(b, number, 0);
}

static bool seen_before(const json_t *ports, size_t i, const char *number)
{
	for (size_t j = 0; j < i; j++)
		if (same_in(json_array_get(ports, j), json_array_get(ports, i), number))
			return true;
	return false;
}

static void validate_twice(const json_t *ports, struct sb_causes *causes)
{
	const struct sb_field *list = SB_FIELD("spec.ports");
	const json_t *port;
	size_t i;

	json_array_foreach(ports, i, port) {
		FC_AUTO_FREE char *number = fc_xasprintf("%" JSON_INTEGER_FORMAT, sb_int(port, "nodePort", 0));

		if (sb_int(port, "nodePort", 0) && seen_before(ports, i, "nodePort"))
			sb_duplicate_raw(causes, SB_CHILD(SB_INDEX(list, i), "nodePort"), number);
	}
	json_array_foreach(ports, i, port) {
		FC_AUTO_BUF struct fc_buf row = FC_BUF_INIT;
		json_t *key;

		if (!seen_before(ports, i, "port"))
			continue;
		key = json_pack("{s:s, s:I}", "protocol", sb_text(port, "protocol"), "port", sb_int(port, "port", 0));
		go_port(&row, key);
		json_decref(key);
		sb_duplicate_raw(causes, SB_INDEX(list, i), fc_buf_str(&row));
	}
}

static void validate_node_ports(const json_t *spec, struct sb_causes *causes)
{
	const json_t *ports = json_object_get(spec, "ports"), *port;
	size_t i;

	if (is_type(spec, "LoadBalancer"))
		validate_one_protocol(ports, causes);
	if (is_type(spec, "ClusterIP"))
		json_array_foreach(ports, i, port)
			if (sb_int(port, "nodePort", 0))
				sb_forbidden(causes, SB_CHILD(SB_INDEX(SB_FIELD("spec.ports"), i), "nodePort"),
					     "may not be used when `type` is 'ClusterIP'");
	validate_twice(ports, causes);
}

/* --- addresses --- */

static void validate_affinity(const json_t *spec, struct sb_causes *causes)
{
	const json_t *client = json_object_get(json_object_get(spec, "sessionAffinityConfig"), "clientIP");
	json_int_t seconds = sb_int(client, "timeoutSeconds", 0);

	sb_check_word(causes, SB_FIELD("spec.sessionAffinity"), sb_text(spec, "sessionAffinity"), affinities);
	if (strcmp(sb_text(spec, "sessionAffinity"), "ClientIP") == 0 && (seconds <= 0 || seconds > 86400))
		sb_invalid_int(causes, SB_FIELD("spec.sessionAffinityConfig.clientIP.timeoutSeconds"), seconds,
			       "must be greater than 0 and less than 86400");
}

static void invalid_addresses(const json_t *spec, const char *why, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf list = FC_BUF_INIT;

	sb_go_string_list(&list, json_object_get(spec, "clusterIPs"));
	sb_invalid_raw(causes, SB_FIELD("spec.clusterIPs"), fc_buf_str(&list), why);
}

static void validate_addresses(const json_t *spec, struct sb_causes *causes)
{
	const json_t *list = json_object_get(spec, "clusterIPs");
	const char *one = sb_text(spec, "clusterIP"), *first = json_string_value(json_array_get(list, 0));

	if (is_type(spec, "ExternalName"))
		return;
	if (*one && !first)
		sb_required(causes, SB_FIELD("spec.clusterIPs"), "");
	if (!*one && first)
		invalid_addresses(spec, "must be empty when clusterIP is empty", causes);
	if (*one && first && strcmp(one, first) != 0)
		invalid_addresses(spec, "element [0] must match clusterIP", causes);
	if (first && strcmp(first, "None") != 0)
		sb_check(causes, SB_INDEX(SB_FIELD("spec.clusterIPs"), 0), first, sb_faults_ip);
}

/* NULL: it may be anybody's. */
static const char *special_address(const char *text)
{
	struct in6_addr six;
	struct in_addr four;
	uint32_t number;

	if (inet_pton(AF_INET, text, &four) == 1) {
		number = ntohl(four.s_addr);
		if (number == 0)
			return "may not be unspecified (0.0.0.0)";
		if (number >> 24 == 127)
			return "may not be in the loopback range (127.0.0.0/8)";
		if (number >> 16 == 0xA9FE)
			return "may not be in the link-local range (169.254.0.0/16)";
		return number >> 8 == 0xE00000 ? "may not be in the link-local multicast range (224.0.0.0/24)" : NULL;
	}
	if (inet_pton(AF_INET6, text, &six) != 1)
		return NULL;
	if (IN6_IS_ADDR_UNSPECIFIED(&six))
		return "may not be unspecified (0.0.0.0)";
	if (IN6_IS_ADDR_LOOPBACK(&six))
		return "may not be in the loopback range (127.0.0.0/8)";
	if (IN6_IS_ADDR_LINKLOCAL(&six))
		return "may not be in the link-local range (169.254.0.0/16)";
	return IN6_IS_ADDR_MC_LINKLOCAL(&six) ? "may not be in the link-local multicast range (224.0.0.0/24)" : NULL;
}

static void validate_external_addresses(const json_t *spec, struct sb_causes *causes)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(spec, "externalIPs"), i, item) {
		const struct sb_field *at = SB_INDEX(SB_FIELD("spec.externalIPs"), i);
		const char *address = json_string_value(item) ?: "", *special = special_address(address);

		sb_check(causes, at, address, sb_faults_ip);
		if (special)
			sb_invalid(causes, at, address, "%s", special);
	}
}

/* --- ranges --- */

static bool is_network(const char *text)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(text + strspn(text, " \t"));
	char *slash, *end;
	unsigned char bytes[16];
	long bits;
	bool six;

	copy[strcspn(copy, " \t")] = '\0';
	slash = strchr(copy, '/');
	if (!slash || slash[1] < '0' || slash[1] > '9')
		return false;
	*slash = '\0';
	bits = strtol(slash + 1, &end, 10);
	six = strchr(copy, ':');
	return !*end && bits <= (six ? 128 : 32) && inet_pton(six ? AF_INET6 : AF_INET, copy, bytes) == 1;
}

static bool are_networks(const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (!is_network(json_string_value(item) ?: ""))
			return false;
	return true;
}

static json_t *ranges_of_annotation(const char *text)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(text + strspn(text, " \t"));
	json_t *list = json_array();
	char *rest = copy;

	if (*copy)
		for (char *part; (part = strsep(&rest, ","));)
			json_array_append_new(list, json_string(part));
	return list;
}

/* As Go prints a list of words. */
static char *go_words(const json_t *list)
{
	struct fc_buf out = FC_BUF_INIT;
	const json_t *item;
	size_t i;

	fc_buf_putc(&out, '[');
	json_array_foreach(list, i, item)
		fc_buf_printf(&out, "%s%s", i ? " " : "", json_string_value(item) ?: "");
	fc_buf_putc(&out, ']');
	return fc_buf_steal(&out);
}

static void validate_ranges(const json_t *object, const json_t *spec, struct sb_causes *causes)
{
	const json_t *list = json_object_get(spec, "loadBalancerSourceRanges");
	const json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");
	const json_t *annotation = json_object_get(annotations, RANGES_KEY);
	const struct sb_field *key = SB_KEY(SB_FIELD("metadata.annotations"), RANGES_KEY);
	const struct sb_field *at = list ? SB_FIELD("spec.LoadBalancerSourceRanges") : key;
	FC_AUTO_FREE char *words = list ? go_words(list) : fc_xstrdup_null(json_string_value(annotation));
	json_t *ranges = list ? json_deep_copy(list) : ranges_of_annotation(words ?: "");

	if (words && !is_type(spec, "LoadBalancer"))
		sb_forbidden(causes, at, "may only be used when `type` is 'LoadBalancer'");
	if (words && !are_networks(ranges))
		sb_invalid(causes, at, words, "must be a list of IP ranges. For example, 10.240.0.0/24,10.250.0.0/24 ");
	json_decref(ranges);
}

static void validate_traffic(const json_t *spec, struct sb_causes *causes)
{
	const char *policy = sb_text(spec, "externalTrafficPolicy");
	json_int_t port = sb_int(spec, "healthCheckNodePort", 0);

	if (*policy && strcmp(policy, "Cluster") != 0 && strcmp(policy, "Local") != 0)
		sb_invalid(causes, SB_FIELD("spec.externalTrafficPolicy"), policy,
			   "ExternalTrafficPolicy must be empty, Cluster or Local");
	if (port < 0)
		sb_invalid_int(causes, SB_FIELD("spec.healthCheckNodePort"), port,
			       "HealthCheckNodePort must be not less than 0");
}

/* --- updates --- */

static void validate_address_kept(const json_t *old, const json_t *spec, struct sb_causes *causes)
{
	const json_t *before = json_array_get(json_object_get(old, "clusterIPs"), 0);
	const json_t *now = json_array_get(json_object_get(spec, "clusterIPs"), 0);
	FC_AUTO_BUF struct fc_buf list = FC_BUF_INIT;

	if (is_type(old, "ExternalName") || is_type(spec, "ExternalName") || !before || sb_same(before, now))
		return;
	sb_go_string_list(&list, json_object_get(spec, "clusterIPs"));
	sb_invalid_raw(causes, SB_INDEX(SB_FIELD("spec.clusterIPs"), 0), fc_buf_str(&list),
		       now ? "may not change once set" : "primary clusterIP can not be unset");
}

/* Looked for twice by the real server, and told twice. */
static void validate_version(const json_t *object, struct sb_causes *causes)
{
	bool given = *sb_text(json_object_get(object, "metadata"), "resourceVersion");

	for (int i = 0; !given && i < 2; i++)
		sb_invalid(causes, SB_FIELD("metadata.resourceVersion"), "", "must be specified for an update");
}

static void validate_status(const json_t *object, struct sb_causes *causes)
{
	const json_t *balancer = json_object_get(json_object_get(object, "status"), "loadBalancer"), *row;
	size_t i;

	json_array_foreach(json_object_get(balancer, "ingress"), i, row) {
		const struct sb_field *at = SB_INDEX(SB_FIELD("status.loadBalancer.ingress"), i);
		const char *ip = sb_text(row, "ip"), *host = sb_text(row, "hostname");

		if (*ip && !sb_faults_none(sb_faults_ip, ip))
			sb_invalid(causes, SB_CHILD(at, "ip"), ip, "must be a valid IP address");
		if (!*host)
			continue;
		sb_check(causes, SB_CHILD(at, "hostname"), host, sb_faults_subdomain);
		if (sb_faults_none(sb_faults_ip, host))
			sb_invalid(causes, SB_CHILD(at, "hostname"), host, "must be a DNS name, not an IP address");
	}
}

void sb_validate_service(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const json_t *spec = json_object_get(object, "spec"), *ports = json_object_get(spec, "ports");

	if (old && strcmp(call->subresource, "status") == 0) {
		validate_status(object, causes);
		return;
	}
	if (old)
		validate_version(object, causes);
	if (old)
		validate_address_kept(json_object_get(old, "spec"), spec, causes);
	if (json_array_size(ports) == 0 && !sb_service_is_headless(spec) && !is_type(spec, "ExternalName"))
		sb_required(causes, SB_FIELD("spec.ports"), "");
	validate_of_type(spec, causes);
	for (size_t i = 0; i < json_array_size(ports); i++)
		validate_port(ports, i, causes);
	sb_validate_labels(json_object_get(spec, "selector"), "spec.selector", causes);
	validate_affinity(spec, causes);
	validate_addresses(spec, causes);
	validate_external_addresses(spec, causes);
	sb_check_word(causes, SB_FIELD("spec.type"), sb_text(spec, "type"), types);
	validate_node_ports(spec, causes);
	validate_ranges(object, spec, causes);
	validate_traffic(spec, causes);
}
