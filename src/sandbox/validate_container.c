/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pod_template.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };
static const char *const pull_policies[] = { "Always", "IfNotPresent", "Never", NULL };

static bool named_before(const json_t *list, size_t end, const char *name)
{
	for (size_t i = 0; i < end && i < json_array_size(list); i++)
		if (strcmp(sb_text(json_array_get(list, i), "name"), name) == 0)
			return true;
	return false;
}

/* --- ports --- */

static void validate_port(const json_t *ports, size_t i, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *port = json_array_get(ports, i);
	const char *name = sb_text(port, "name");
	json_int_t number = sb_int(port, "containerPort", 0), host = sb_int(port, "hostPort", 0);

	if (*name && !sb_faults_none(sb_faults_port_name, name))
		sb_check(causes, SB_CHILD(at, "name"), name, sb_faults_port_name);
	else if (*name && named_before(ports, i, name))
		sb_duplicate(causes, SB_CHILD(at, "name"), name);
	if (number)
		sb_check_port(causes, SB_CHILD(at, "containerPort"), number);
	else
		sb_required(causes, SB_CHILD(at, "containerPort"), "");
	if (host)
		sb_check_port(causes, SB_CHILD(at, "hostPort"), host);
	sb_check_word(causes, SB_CHILD(at, "protocol"), sb_text(port, "protocol"), protocols);
}

/* --- security --- */

static void validate_id(const json_t *context, const char *member, const struct sb_field *at, struct sb_causes *causes)
{
	json_int_t id = sb_int(context, member, 0);

	if (id < 0 || id > INT32_MAX)
		sb_invalid_int(causes, SB_CHILD(at, member), id, "must be between 0 and 2147483647, inclusive");
}

static void validate_security(const json_t *context, const struct sb_field *at, struct sb_causes *causes)
{
	if (!context)
		return;
	if (json_is_true(json_object_get(context, "privileged")))
		sb_forbidden(causes, SB_CHILD(at, "privileged"), "disallowed by cluster policy");
	validate_id(context, "runAsUser", at, causes);
	validate_id(context, "runAsGroup", at, causes);
}

/* --- one container --- */

static void validate_one_success(const json_t *probe, const struct sb_field *at, struct sb_causes *causes)
{
	json_int_t successes = sb_int(probe, "successThreshold", 1);

	if (successes != 1)
		sb_invalid_int(causes, SB_CHILD(at, "successThreshold"), successes, "must be 1");
}

static void validate_life(const json_t *container, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *lifecycle = json_object_get(container, "lifecycle");
	const json_t *start = json_object_get(lifecycle, "postStart"), *stop = json_object_get(lifecycle, "preStop");
	const json_t *live = json_object_get(container, "livenessProbe");
	const json_t *startup = json_object_get(container, "startupProbe");

	if (start)
		sb_validate_handler(start, SB_CHILD(SB_CHILD(at, "lifecycle"), "postStart"), causes);
	if (stop)
		sb_validate_handler(stop, SB_CHILD(SB_CHILD(at, "lifecycle"), "preStop"), causes);
	sb_validate_probe(live, SB_CHILD(at, "livenessProbe"), causes);
	validate_one_success(live, SB_CHILD(at, "livenessProbe"), causes);
	sb_validate_probe(startup, SB_CHILD(at, "startupProbe"), causes);
	validate_one_success(startup, SB_CHILD(at, "startupProbe"), causes);
}

static void validate_policies(const json_t *container, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const policies[] = { "File", "FallbackToLogsOnError", NULL };
	const char *policy = sb_text(container, "terminationMessagePolicy");

	if (!*policy)
		sb_required(causes, SB_CHILD(at, "terminationMessagePolicy"),
			    "must be 'File' or 'FallbackToLogsOnError'");
	else if (!sb_is_one_of(policy, policies))
		sb_invalid(causes, SB_CHILD(at, "terminationMessagePolicy"), policy,
			   "must be 'File' or 'FallbackToLogsOnError'");
}

static void validate_name(const json_t *list, size_t i, const struct sb_field *at, struct sb_causes *causes)
{
	const char *name = sb_text(json_array_get(list, i), "name");

	if (!*name)
		sb_required(causes, SB_CHILD(at, "name"), "");
	else
		sb_check(causes, SB_CHILD(at, "name"), name, sb_faults_label);
	if (*name && named_before(list, i, name))
		sb_duplicate(causes, SB_CHILD(at, "name"), name);
}

static void validate_container(const json_t *list, size_t i, const json_t *volumes, const struct sb_field *at,
			       struct sb_causes *causes)
{
	const json_t *container = json_array_get(list, i), *ports = json_object_get(container, "ports");

	validate_name(list, i, at, causes);
	if (!*sb_text(container, "image"))
		sb_required(causes, SB_CHILD(at, "image"), "");
	validate_life(container, at, causes);
	validate_policies(container, at, causes);
	sb_validate_probe(json_object_get(container, "readinessProbe"), SB_CHILD(at, "readinessProbe"), causes);
	for (size_t j = 0; j < json_array_size(ports); j++)
		validate_port(ports, j, SB_INDEX(SB_CHILD(at, "ports"), j), causes);
	sb_validate_env(container, at, causes);
	sb_validate_mounts(container, volumes, at, causes);
	sb_check_word(causes, SB_CHILD(at, "imagePullPolicy"), sb_text(container, "imagePullPolicy"), pull_policies);
	sb_validate_resources(json_object_get(container, "resources"), SB_CHILD(at, "resources"), causes);
	validate_security(json_object_get(container, "securityContext"), SB_CHILD(at, "securityContext"), causes);
}

/* Ports of the node, as the real server tells of the second use: "TCP/IP/99". */
static void validate_host_ports(const json_t *containers, const struct sb_field *list, struct sb_causes *causes)
{
	json_t *seen = json_object();
	const json_t *container, *port;
	size_t i, j;

	json_array_foreach(containers, i, container) {
		json_array_foreach(json_object_get(container, "ports"), j, port) {
			const struct sb_field *row = SB_INDEX(SB_CHILD(SB_INDEX(list, i), "ports"), j);
			FC_AUTO_FREE char *key = fc_xasprintf("%s/%s/%" JSON_INTEGER_FORMAT, sb_text(port, "protocol"),
							      sb_text(port, "hostIP"), sb_int(port, "hostPort", 0));

			if (sb_int(port, "hostPort", 0) == 0)
				continue;
			if (json_object_get(seen, key))
				sb_duplicate(causes, SB_CHILD(row, "hostPort"), key);
			json_object_set_new(seen, key, json_true());
		}
	}
	json_decref(seen);
}

static void validate_list(const json_t *list, const json_t *volumes, const struct sb_field *at,
			  struct sb_causes *causes)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		validate_container(list, i, volumes, SB_INDEX(at, i), causes);
	validate_host_ports(list, at, causes);
}

/* --- what init containers may not have --- */

/* As Go prints it, but for where its parts lie in memory. */
static const char *go_pointer(const json_t *object, const char *member)
{
	return json_object_get(object, member) ? "0xc000000000" : "nil";
}

static char *go_lifecycle(const json_t *lifecycle)
{
	return fc_xasprintf("core.Lifecycle{PostStart:(*core.Handler)(%s), PreStop:(*core.Handler)(%s)}",
			    go_pointer(lifecycle, "postStart"), go_pointer(lifecycle, "preStop"));
}

static char *go_probe(const json_t *probe)
{
	return fc_xasprintf("core.Probe{Handler:core.Handler{Exec:(*core.ExecAction)(%s), "
			    "HTTPGet:(*core.HTTPGetAction)(%s), TCPSocket:(*core.TCPSocketAction)(%s)}, "
			    "InitialDelaySeconds:%lld, TimeoutSeconds:%lld, PeriodSeconds:%lld, SuccessThreshold:%lld, "
			    "FailureThreshold:%lld}",
			    go_pointer(probe, "exec"), go_pointer(probe, "httpGet"), go_pointer(probe, "tcpSocket"),
			    sb_int(probe, "initialDelaySeconds", 0), sb_int(probe, "timeoutSeconds", 0),
			    sb_int(probe, "periodSeconds", 0), sb_int(probe, "successThreshold", 0),
			    sb_int(probe, "failureThreshold", 0));
}

static void validate_unset(const json_t *container, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const members[] = { "lifecycle", "livenessProbe", "readinessProbe", "startupProbe" };

	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++) {
		const json_t *value = json_object_get(container, members[i]);
		FC_AUTO_FREE char *go = i == 0 ? go_lifecycle(value) : go_probe(value);

		if (value)
			sb_invalid_raw(causes, SB_CHILD(at, members[i]), go, "must not be set for init containers");
	}
}

void sb_validate_containers(const json_t *spec, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *volumes = json_object_get(spec, "volumes"), *list = json_object_get(spec, "containers");
	const json_t *first = json_object_get(spec, "initContainers"), *container;
	const struct sb_field *first_at = SB_CHILD(at, "initContainers");
	size_t i;

	if (json_array_size(list) == 0)
		sb_required(causes, SB_CHILD(at, "containers"), "");
	else
		validate_list(list, volumes, SB_CHILD(at, "containers"), causes);
	validate_list(first, volumes, first_at, causes);
	json_array_foreach(first, i, container) {
		const char *name = sb_text(container, "name");

		if (named_before(list, SIZE_MAX, name) || named_before(first, i, name))
			sb_duplicate(causes, SB_CHILD(SB_INDEX(first_at, i), "name"), name);
		validate_unset(container, SB_INDEX(first_at, i), causes);
	}
}
