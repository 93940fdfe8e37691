/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pod_template.h"

static const char *const schemes[] = { "HTTP", "HTTPS", NULL };

static void validate_http(const json_t *http, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *header;
	size_t i;

	if (!*sb_text(http, "path"))
		sb_required(causes, SB_CHILD(at, "path"), "");
	sb_check_port_or_name(causes, SB_CHILD(at, "port"), json_object_get(http, "port"));
	if (!sb_is_one_of(sb_text(http, "scheme"), schemes))
		sb_not_supported(causes, SB_CHILD(at, "scheme"), sb_text(http, "scheme"), schemes);
	json_array_foreach(json_object_get(http, "httpHeaders"), i, header)
		sb_check(causes, SB_CHILD(at, "httpHeaders"), sb_text(header, "name"), sb_faults_http_header);
}

static void validate_exec(const json_t *exec, const struct sb_field *at, struct sb_causes *causes)
{
	if (json_array_size(json_object_get(exec, "command")) == 0)
		sb_required(causes, SB_CHILD(at, "command"), "");
}

static void validate_socket(const json_t *socket, const struct sb_field *at, struct sb_causes *causes)
{
	sb_check_port_or_name(causes, SB_CHILD(at, "port"), json_object_get(socket, "port"));
}

static const struct {
	const char *member;
	void (*validate)(const json_t *value, const struct sb_field *at, struct sb_causes *causes);
} handlers[] = {
	{ "exec", validate_exec },
	{ "httpGet", validate_http },
	{ "tcpSocket", validate_socket },
};

void sb_validate_handler(const json_t *handler, const struct sb_field *at, struct sb_causes *causes)
{
	unsigned found = 0;

	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		const json_t *value = json_object_get(handler, handlers[i].member);

		if (value && found++)
			sb_forbidden(causes, SB_CHILD(at, handlers[i].member),
				     "may not specify more than 1 handler type");
		else if (value)
			handlers[i].validate(value, SB_CHILD(at, handlers[i].member), causes);
	}
	if (!found)
		sb_required(causes, at, "must specify a handler type");
}

void sb_validate_probe(const json_t *probe, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const numbers[] = { "initialDelaySeconds", "timeoutSeconds", "periodSeconds",
					       "successThreshold", "failureThreshold" };

	if (!probe)
		return;
	sb_validate_handler(probe, at, causes);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sb_check_not_negative(causes, SB_CHILD(at, numbers[i]), json_object_get(probe, numbers[i]));
}
