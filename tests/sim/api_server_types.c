/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_types.h"

#include <string.h>

static void set_default(json_t *object, const char *member, json_t *value)
{
	if (json_object_get(object, member))
		json_decref(value);
	else
		json_object_set_new(object, member, value);
}

static const char *default_containers(json_t *containers)
{
	json_t *c;
	size_t i;

	if (json_array_size(containers) == 0)
		return "spec.template.spec.containers is required";
	json_array_foreach(containers, i, c) {
		set_default(c, "terminationMessagePath", json_string("/dev/termination-log"));
		set_default(c, "terminationMessagePolicy", json_string("File"));
		set_default(c, "imagePullPolicy", json_string("IfNotPresent"));
		set_default(c, "resources", json_object());
	}
	return NULL;
}

static const char *admit_deployment(json_t *object, const json_t *old)
{
	json_t *spec = json_object_get(object, "spec"), *template = json_object_get(spec, "template");
	json_t *pod = json_object_get(template, "spec");

	(void)old;
	if (!json_is_object(json_object_get(spec, "selector")) || !json_is_object(pod))
		return "spec.selector and spec.template are required";
	set_default(object, "status", json_object());
	set_default(spec, "replicas", json_integer(1));
	set_default(spec, "strategy",
		    json_pack("{s:s, s:{s:s, s:s}}", "type", "RollingUpdate", "rollingUpdate", "maxUnavailable", "25%",
			      "maxSurge", "25%"));
	set_default(spec, "revisionHistoryLimit", json_integer(10));
	set_default(spec, "progressDeadlineSeconds", json_integer(600));
	set_default(template, "metadata", json_object());
	set_default(json_object_get(template, "metadata"), "creationTimestamp", json_null());
	set_default(pod, "restartPolicy", json_string("Always"));
	set_default(pod, "terminationGracePeriodSeconds", json_integer(30));
	set_default(pod, "dnsPolicy", json_string("ClusterFirst"));
	set_default(pod, "securityContext", json_object());
	set_default(pod, "schedulerName", json_string("default-scheduler"));
	return default_containers(json_object_get(pod, "containers"));
}

const struct api_type api_type_config_maps = {
	.group = "",
	.version = "v1",
	.plural = "configmaps",
	.singular = "configmap",
	.kind = "ConfigMap",
	.namespaced = true,
	.immutable_when = "immutable",
};

const struct api_type api_type_secrets = {
	.group = "",
	.version = "v1",
	.plural = "secrets",
	.singular = "secret",
	.kind = "Secret",
	.namespaced = true,
	.immutable_when = "immutable",
};

const struct api_type api_type_deployments = {
	.group = "apps",
	.version = "v1",
	.plural = "deployments",
	.singular = "deployment",
	.kind = "Deployment",
	.namespaced = true,
	.status = true,
	.generation = true,
	.admit = admit_deployment,
};

/* --- kinds of whose fields the server has some --- */

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool differs(const json_t *now, const json_t *before, const char *member)
{
	return before && !json_equal(json_object_get(now, member), json_object_get(before, member));
}

/* Another one for each name, port and time: a server draws them. */
static json_int_t drawn(const json_t *object, const json_t *port, const json_t *old)
{
	json_int_t n = old ? 17 : 0;

	for (const char *c = text_in(json_object_get(object, "metadata"), "namespace"); *c; c++)
		n = n * 31 + *c;
	return 30000 + (n + json_integer_value(json_object_get(port, "port"))) % 2767;
}

/* As 1.20 does: a port that comes without its node port gets another one. */
static const char *admit_service(json_t *object, const json_t *old)
{
	json_t *spec = json_object_get(object, "spec"), *before = json_object_get(old, "spec"), *port;
	bool headless = strcmp(text_in(spec, "clusterIP"), "None") == 0;
	size_t i;

	set_default(spec, "type", json_string("ClusterIP"));
	set_default(spec, "sessionAffinity", json_string("None"));
	if (differs(spec, before, "clusterIP"))
		return "spec.clusterIP may not change once set";
	if (!old && !headless && json_object_get(spec, "clusterIP"))
		return "spec.clusterIP: provided IP is already allocated";
	if (!old && !headless)
		json_object_set_new(spec, "clusterIP", json_sprintf("10.0.%d.1", (int)drawn(object, NULL, NULL) % 250));
	json_array_foreach(json_object_get(spec, "ports"), i, port) {
		bool wants = strcmp(text_in(spec, "type"), "NodePort") == 0;

		set_default(port, "protocol", json_string("TCP"));
		if (!wants && json_object_get(port, "nodePort"))
			return "spec.ports.nodePort may not be used when type is ClusterIP";
		if (wants)
			set_default(port, "nodePort", json_integer(drawn(object, port, old)));
	}
	return NULL;
}

static const char *admit_job(json_t *object, const json_t *old)
{
	json_t *spec = json_object_get(object, "spec"), *before = json_object_get(old, "spec");
	json_t *template = json_object_get(spec, "template"), *labels;
	const char *uid;

	if (differs(spec, before, "selector") || differs(spec, before, "template"))
		return "spec.selector and spec.template are immutable";
	if (old)
		return NULL;
	if (json_object_get(spec, "selector") && !json_is_true(json_object_get(spec, "manualSelector")))
		return "spec.selector: not auto-generated";
	if (json_is_true(json_object_get(spec, "manualSelector")))
		return NULL;
	set_default(template, "metadata", json_object());
	set_default(json_object_get(template, "metadata"), "labels", json_object());
	labels = json_object_get(json_object_get(template, "metadata"), "labels");
	uid = text_in(json_object_get(object, "metadata"), "namespace");
	json_object_set_new(labels, "controller-uid", json_sprintf("uid-of-%s", uid));
	json_object_set_new(labels, "job-name", json_string(text_in(json_object_get(object, "metadata"), "name")));
	json_object_set_new(
		spec, "selector",
		json_pack("{s:{s:O}}", "matchLabels", "controller-uid", json_object_get(labels, "controller-uid")));
	return NULL;
}

/* Once bound a claim is what it is, but for its size. */
static const char *admit_claim(json_t *object, const json_t *old)
{
	json_t *spec = json_object_get(object, "spec"), *before = json_object_get(old, "spec");

	if (json_object_get(before, "volumeName") && differs(spec, before, "volumeName"))
		return "spec is immutable after creation except resources.requests for bound claims";
	return NULL;
}

const struct api_type api_type_services = {
	.group = "",
	.version = "v1",
	.plural = "services",
	.singular = "service",
	.kind = "Service",
	.namespaced = true,
	.status = true,
	.admit = admit_service,
};

const struct api_type api_type_jobs = {
	.group = "batch",
	.version = "v1",
	.plural = "jobs",
	.singular = "job",
	.kind = "Job",
	.namespaced = true,
	.status = true,
	.admit = admit_job,
};

const struct api_type api_type_service_accounts = {
	.group = "",
	.version = "v1",
	.plural = "serviceaccounts",
	.singular = "serviceaccount",
	.kind = "ServiceAccount",
	.namespaced = true,
};

const struct api_type api_type_claims = {
	.group = "",
	.version = "v1",
	.plural = "persistentvolumeclaims",
	.singular = "persistentvolumeclaim",
	.kind = "PersistentVolumeClaim",
	.namespaced = true,
	.status = true,
	.admit = admit_claim,
};
