/* SPDX-License-Identifier: Apache-2.0 */
/* sb_pod_template - the template of Pods that Deployments and CronJobs hold: its defaults and what is wrong with it.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   by causes.
 * Source:  the Kubernetes API reference of PodTemplateSpec; recorded conversations with a kube-apiserver of default
 *          flags (no privileged containers). Volumes of cloud providers are looked at no closer than that there is
 *          one source. */
#ifndef FC_SANDBOX_POD_TEMPLATE_H
#define FC_SANDBOX_POD_TEMPLATE_H

#include <jansson.h>

#include "sandbox/validate_field.h"

/* default_pod.c */
void sb_default_pod_template(json_t *template);
/* validate_pod.c; `at` is the template's field. */
void sb_validate_pod_template(const json_t *template, const struct sb_field *at, struct sb_causes *causes);

/* --- parts of it, each of a Pod's spec at its own field --- */
/* validate_container.c: containers, then initContainers. */
void sb_validate_containers(const json_t *spec, const struct sb_field *at, struct sb_causes *causes);
/* validate_env.c: env and envFrom of a container. */
void sb_validate_env(const json_t *container, const struct sb_field *at, struct sb_causes *causes);
/* A fieldRef of the environment, or of a volume; NULL: there is none. */
void sb_validate_field_ref(const json_t *ref, bool volume, const struct sb_field *at, struct sb_causes *causes);
void sb_validate_resource_ref(const json_t *ref, bool volume, const struct sb_field *at, struct sb_causes *causes);
/* validate_mounts.c: volumeMounts and volumeDevices of a container. */
void sb_validate_mounts(const json_t *container, const json_t *volumes, const struct sb_field *at,
			struct sb_causes *causes);
/* A path within a volume: relative and without "..". */
void sb_check_descending_path(struct sb_causes *causes, const struct sb_field *at, const char *path);
void sb_check_no_backsteps(struct sb_causes *causes, const struct sb_field *at, const char *path);
/* validate_probe.c */
void sb_validate_probe(const json_t *probe, const struct sb_field *at, struct sb_causes *causes);
void sb_validate_handler(const json_t *handler, const struct sb_field *at, struct sb_causes *causes);
/* validate_resources.c: limits and requests. */
void sb_validate_resources(const json_t *resources, const struct sb_field *at, struct sb_causes *causes);
/* validate_volume.c */
void sb_validate_volumes(const json_t *volumes, const struct sb_field *at, struct sb_causes *causes);
/* validate_scheduling.c */
void sb_validate_affinity(const json_t *affinity, const struct sb_field *at, struct sb_causes *causes);
void sb_validate_spread(const json_t *rows, const struct sb_field *at, struct sb_causes *causes);
void sb_validate_tolerations(const json_t *rows, const struct sb_field *at, struct sb_causes *causes);

#endif
