/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pod_template.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

static const char *const restart_policies[] = { "Always", "OnFailure", "Never", NULL };
static const char *const dns_policies[] = { "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None", NULL };

/* --- metadata --- */

static void validate_labels(const json_t *labels, const struct sb_field *at, struct sb_causes *causes)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)labels, key, value) {
		sb_check(causes, at, key, sb_faults_qualified_name);
		sb_check(causes, at, json_string_value(value) ?: "", sb_faults_label_value);
	}
}

static void validate_annotations(const json_t *annotations, const struct sb_field *at, struct sb_causes *causes)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)annotations, key, value)
		sb_check_annotation_key(causes, at, key);
}

/* --- security --- */

static void validate_host_ports(const json_t *spec, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *list = SB_CHILD(at, "containers");
	const json_t *container, *port;
	size_t i, j;

	if (!json_is_true(json_object_get(spec, "hostNetwork")))
		return;
	json_array_foreach(json_object_get(spec, "containers"), i, container)
		json_array_foreach(json_object_get(container, "ports"), j, port) {
			const struct sb_field *row = SB_INDEX(SB_CHILD(SB_INDEX(list, i), "ports"), j);
			json_int_t number = sb_int(port, "containerPort", 0);

			if (number != sb_int(port, "hostPort", 0))
				sb_invalid_int(causes, SB_CHILD(row, "containerPort"), number,
					       "must match `hostPort` when `hostNetwork` is true");
		}
}

static void check_id(struct sb_causes *causes, const struct sb_field *at, json_int_t id)
{
	if (id < 0 || id > INT32_MAX)
		sb_invalid_int(causes, at, id, "must be between 0 and 2147483647, inclusive");
}

static void validate_security(const json_t *spec, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const ids[] = { "fsGroup", "runAsUser", "runAsGroup" };
	const json_t *context = json_object_get(spec, "securityContext"), *group;
	const struct sb_field *here = SB_CHILD(at, "securityContext");
	size_t i;

	validate_host_ports(spec, at, causes);
	for (i = 0; i < FC_ARRAY_LEN(ids); i++)
		check_id(causes, SB_CHILD(here, ids[i]), sb_int(context, ids[i], 0));
	json_array_foreach(json_object_get(context, "supplementalGroups"), i, group)
		check_id(causes, SB_INDEX(SB_CHILD(here, "supplementalGroups"), i), json_integer_value(group));
	if (json_is_true(json_object_get(spec, "shareProcessNamespace")) &&
	    json_is_true(json_object_get(spec, "hostPID")))
		sb_invalid_raw(causes, SB_CHILD(here, "shareProcessNamespace"), "true",
			       "ShareProcessNamespace and HostPID cannot both be enabled");
}

/* --- names --- */

static void validate_dns(const json_t *spec, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *config = json_object_get(spec, "dnsConfig"), *item;
	const struct sb_field *here = SB_CHILD(at, "dnsConfig");
	size_t i;

	if (strcmp(sb_text(spec, "dnsPolicy"), "None") == 0 && !config)
		sb_required(causes, here, "must provide `dnsConfig` when `dnsPolicy` is None");
	json_array_foreach(json_object_get(config, "nameservers"), i, item)
		if (!sb_faults_none(sb_faults_ip, json_string_value(item) ?: ""))
			sb_invalid(causes, SB_INDEX(SB_CHILD(here, "nameservers"), i), json_string_value(item) ?: "",
				   "must be valid IP address");
	json_array_foreach(json_object_get(config, "searches"), i, item) {
		FC_AUTO_FREE char *search = fc_xstrdup(json_string_value(item) ?: "");
		size_t len = strlen(search);

		if (len && search[len - 1] == '.')
			search[len - 1] = '\0';
		sb_check(causes, SB_INDEX(SB_CHILD(here, "searches"), i), search, sb_faults_subdomain);
	}
	json_array_foreach(json_object_get(config, "options"), i, item)
		if (!*sb_text(item, "name"))
			sb_required(causes, SB_INDEX(SB_CHILD(here, "options"), i), "must not be empty");
}

static void check_if_set(const json_t *spec, const char *member, sb_faults_fn *check, const struct sb_field *at,
			 struct sb_causes *causes)
{
	if (*sb_text(spec, member))
		sb_check(causes, SB_CHILD(at, member), sb_text(spec, member), check);
}

static void validate_host_aliases(const json_t *rows, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *row, *name;
	size_t i, j;

	json_array_foreach(rows, i, row) {
		if (!sb_faults_none(sb_faults_ip, sb_text(row, "ip")))
			sb_invalid(causes, SB_CHILD(at, "ip"), sb_text(row, "ip"), "must be valid IP address");
		json_array_foreach(json_object_get(row, "hostnames"), j, name)
			sb_check(causes, SB_CHILD(at, "hostnames"), json_string_value(name) ?: "", sb_faults_subdomain);
	}
}

static void validate_deadline(const json_t *spec, const struct sb_field *at, struct sb_causes *causes)
{
	json_int_t seconds = sb_int(spec, "activeDeadlineSeconds", 1);

	if (seconds < 1 || seconds > INT32_MAX)
		sb_invalid_int(causes, SB_CHILD(at, "activeDeadlineSeconds"), seconds,
			       "must be between 1 and 2147483647, inclusive");
}

static void validate_names(const json_t *spec, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const preemptions[] = { "PreemptLowerPriority", "Never", NULL };
	const char *preemption = sb_text(spec, "preemptionPolicy");

	check_if_set(spec, "serviceAccountName", sb_faults_subdomain, at, causes);
	check_if_set(spec, "nodeName", sb_faults_subdomain, at, causes);
	validate_deadline(spec, at, causes);
	check_if_set(spec, "hostname", sb_faults_label, at, causes);
	check_if_set(spec, "subdomain", sb_faults_label, at, causes);
	sb_validate_tolerations(json_object_get(spec, "tolerations"), SB_CHILD(at, "tolerations"), causes);
	validate_host_aliases(json_object_get(spec, "hostAliases"), SB_CHILD(at, "hostAliases"), causes);
	check_if_set(spec, "priorityClassName", sb_faults_subdomain, at, causes);
	check_if_set(spec, "runtimeClassName", sb_faults_subdomain, at, causes);
	if (*preemption && !sb_is_one_of(preemption, preemptions))
		sb_not_supported(causes, SB_CHILD(at, "preemptionPolicy"), preemption, preemptions);
}

static void validate_spec(const json_t *spec, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *gate;
	size_t i;

	sb_validate_volumes(json_object_get(spec, "volumes"), SB_CHILD(at, "volumes"), causes);
	sb_validate_containers(spec, at, causes);
	sb_check_word(causes, SB_CHILD(at, "restartPolicy"), sb_text(spec, "restartPolicy"), restart_policies);
	sb_check_word(causes, SB_CHILD(at, "dnsPolicy"), sb_text(spec, "dnsPolicy"), dns_policies);
	validate_labels(json_object_get(spec, "nodeSelector"), SB_CHILD(at, "nodeSelector"), causes);
	validate_security(spec, at, causes);
	sb_validate_affinity(json_object_get(spec, "affinity"), SB_CHILD(at, "affinity"), causes);
	validate_dns(spec, at, causes);
	json_array_foreach(json_object_get(spec, "readinessGates"), i, gate)
		sb_check(causes, SB_CHILD(SB_INDEX(SB_CHILD(at, "readinessGates"), i), "conditionType"),
			 sb_text(gate, "conditionType"), sb_faults_qualified_name);
	sb_validate_spread(json_object_get(spec, "topologySpreadConstraints"),
			   SB_CHILD(at, "topologySpreadConstraints"), causes);
	validate_names(spec, at, causes);
}

void sb_validate_pod_template(const json_t *template, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *metadata = json_object_get(template, "metadata");

	validate_labels(json_object_get(metadata, "labels"), SB_CHILD(at, "labels"), causes);
	validate_annotations(json_object_get(metadata, "annotations"), SB_CHILD(at, "annotations"), causes);
	validate_spec(json_object_get(template, "spec"), SB_CHILD(at, "spec"), causes);
}
