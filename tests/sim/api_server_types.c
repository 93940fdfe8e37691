/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_types.h"

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
