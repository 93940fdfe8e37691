/* SPDX-License-Identifier: Apache-2.0 */
/* Two tables: places in objects, and keys of labels and annotations. A row is here because a real server refuses,
 * overwrites or allocates the value, or because another program takes the mark for a claim on the object. */
#include "model/owned_fields.h"

#include "base/buf.h"
#include "base/mem.h"
#include "model/glob.h"

#include <string.h>

#define DEPTH 6
/* Every element of a list. */
#define EACH "*"

/* What must hold for the place to be the server's. */
enum when {
	ALWAYS,
	/* "None" is the author's: it makes a Service headless. */
	UNLESS_NONE,
	/* The author may say that selector and labels are his: spec.manualSelector. */
	UNLESS_MANUAL,
	/* An element of a list whose name begins so. */
	NAMED,
};

struct place {
	const char *group, *kind; /* NULL: of every kind */
	const char *path[DEPTH];
	enum when when;
	const char *name; /* of the element, with `*` at its end */
	const char *why;
};

static const struct place places[] = {
	/* Every kind: model of metadata in the API conventions. A value of these is refused, or overwritten. */
	{ NULL, NULL, { "status" }, .why = "what controllers have found; written through a resource of its own" },
	{ NULL, NULL, { "metadata", "uid" }, .why = "the server gives it" },
	{ NULL, NULL, { "metadata", "resourceVersion" }, .why = "the server gives it" },
	{ NULL, NULL, { "metadata", "generation" }, .why = "the server counts it" },
	{ NULL, NULL, { "metadata", "creationTimestamp" }, .why = "the server sets it" },
	{ NULL, NULL, { "metadata", "deletionTimestamp" }, .why = "the server sets it" },
	{ NULL, NULL, { "metadata", "deletionGracePeriodSeconds" }, .why = "the server sets it" },
	{ NULL, NULL, { "metadata", "managedFields" }, .why = "the server keeps it" },
	{ NULL, NULL, { "metadata", "selfLink" }, .why = "the server made it, in former times" },
	{ NULL, NULL, { "metadata", "generateName" }, .why = "it says how the source got its name" },
	{ NULL, NULL, { "metadata", "clusterName" }, .why = "of no meaning, dropped by later servers" },
	{ NULL,
	  NULL,
	  { "metadata", "ownerReferences" },
	  .why = "owners are named by uid in their own namespace: elsewhere the garbage collector deletes what names them" },
	{ NULL, NULL, { "metadata", "finalizers" }, .why = "nobody would take the source's off a copy" },

	{ "", "Service", { "spec", "clusterIP" }, UNLESS_NONE, .why = "allocated; an address has one Service" },
	{ "", "Service", { "spec", "clusterIPs" }, UNLESS_NONE, .why = "allocated; an address has one Service" },
	{ "", "Service", { "spec", "ipFamily" }, .why = "follows from the addresses (alpha, before 1.20)" },
	{ "", "Service", { "spec", "ipFamilies" }, .why = "follows from the addresses; another cluster may lack one" },
	{ "", "Service", { "spec", "healthCheckNodePort" }, .why = "allocated, one for each Service of a cluster" },
	{ "",
	  "Service",
	  { "spec", "ports", EACH, "nodePort" },
	  .why = "allocated, one for each port of a cluster; it cannot be told from one that was asked for" },

	{ "",
	  "PersistentVolumeClaim",
	  { "spec", "volumeName" },
	  .why = "the binding: a volume has one claim, and once set it cannot be changed" },
	{ "", "PersistentVolume", { "spec", "claimRef" }, .why = "the binding: names a claim by its uid" },

	{ "batch", "Job", { "spec", "selector" }, UNLESS_MANUAL, .why = "made of the Job's own uid, and fixed" },
	{ "batch",
	  "Job",
	  { "spec", "template", "metadata", "labels", "controller-uid" },
	  UNLESS_MANUAL,
	  .why = "what the selector selects" },
	{ "batch",
	  "Job",
	  { "spec", "template", "metadata", "labels", "job-name" },
	  UNLESS_MANUAL,
	  .why = "the server sets it beside the other" },
	{ "batch",
	  "Job",
	  { "spec", "template", "metadata", "labels", "batch.kubernetes.io/controller-uid" },
	  UNLESS_MANUAL,
	  .why = "the same, since 1.27" },
	{ "batch",
	  "Job",
	  { "spec", "template", "metadata", "labels", "batch.kubernetes.io/job-name" },
	  UNLESS_MANUAL,
	  .why = "the same, since 1.27" },

	{ "",
	  "ServiceAccount",
	  { "secrets" },
	  .why = "names of token Secrets, which a controller makes and enters; another namespace has none of these" },

	{ "", "Pod", { "spec", "nodeName" }, .why = "the scheduler's decision" },
	{ "",
	  "Pod",
	  { "spec", "volumes", EACH },
	  NAMED,
	  "kube-api-access-*",
	  .why = "admission adds the ServiceAccount's token" },
	{ "",
	  "Pod",
	  { "spec", "volumes", EACH },
	  NAMED,
	  "default-token-*",
	  .why = "the same, before 1.21: the Secret is of one namespace" },
	{ "",
	  "Pod",
	  { "spec", "containers", EACH, "volumeMounts", EACH },
	  NAMED,
	  "kube-api-access-*",
	  .why = "mounts of that volume" },
	{ "",
	  "Pod",
	  { "spec", "containers", EACH, "volumeMounts", EACH },
	  NAMED,
	  "default-token-*",
	  .why = "mounts of that volume" },
	{ "",
	  "Pod",
	  { "spec", "initContainers", EACH, "volumeMounts", EACH },
	  NAMED,
	  "kube-api-access-*",
	  .why = "mounts of that volume" },
	{ "",
	  "Pod",
	  { "spec", "initContainers", EACH, "volumeMounts", EACH },
	  NAMED,
	  "default-token-*",
	  .why = "mounts of that volume" },

	{ "", "Namespace", { "spec", "finalizers" }, .why = "the server holds it until the namespace is empty" },
};

/* --- keys --- */

enum key_when {
	KEY_ALWAYS,
	/* With that value only. */
	KEY_WITH_VALUE,
	/* Not where it says the release of a chart that Helm itself has installed: then it is the chart's own. */
	KEY_UNLESS_RELEASE,
};

#define LABELS 1u
#define ANNOTATIONS 2u
#define BOTH (LABELS | ANNOTATIONS)
#define HELM_RELEASE "meta.helm.sh/release-name"

struct key {
	const char *group, *kind; /* NULL: of every kind */
	unsigned maps;
	enum key_when when;
	const char *key; /* with `*` at its end: all that begin so */
	const char *value;
	const char *why;
};

/* These are not meant, although a row with `*` would name them. */
static const char *const exceptions[] = {
	/* No tracking mark: it makes a Secret the description of a cluster or repository for Argo CD, and people copy
	 * such Secrets on purpose. */
	"argocd.argoproj.io/secret-type",
	NULL,
};

static const struct key keys[] = {
	{ NULL, NULL, ANNOTATIONS, KEY_ALWAYS, "kubectl.kubernetes.io/last-applied-configuration",
	  .why = "describes the source, with its values; kubectl apply would take fields off a copy by it" },

	/* What deploying tools know their own objects by: they would adopt a copy, or prune it. */
	{ NULL, NULL, BOTH, KEY_ALWAYS, "argocd.argoproj.io/*", .why = "Argo CD: tracking-id, instance, hooks, waves" },
	{ NULL, NULL, LABELS, KEY_UNLESS_RELEASE, "app.kubernetes.io/instance",
	  .why = "Argo CD tracks by it unless told otherwise, and prunes what bears it and is in no repository" },
	{ NULL, NULL, BOTH, KEY_ALWAYS, "kustomize.toolkit.fluxcd.io/*", .why = "Flux: whose Kustomization it is" },
	{ NULL, NULL, BOTH, KEY_ALWAYS, "helm.toolkit.fluxcd.io/*", .why = "Flux: whose HelmRelease it is" },
	{ NULL, NULL, BOTH, KEY_ALWAYS, "fluxcd.io/sync-*", .why = "Flux 1: the mark by which it collects garbage" },
	{ NULL, NULL, ANNOTATIONS, KEY_ALWAYS, "meta.helm.sh/*", .why = "Helm: whose release it is" },
	{ NULL, NULL, LABELS, KEY_WITH_VALUE, "app.kubernetes.io/managed-by", "Helm",
	  .why = "Helm: with the annotations it lets a release adopt the object" },
	{ NULL, NULL, LABELS, KEY_ALWAYS, "applyset.kubernetes.io/part-of", .why = "kubectl apply --prune --applyset" },
	{ NULL, NULL, BOTH, KEY_ALWAYS, "kapp.k14s.io/*", .why = "kapp: whose app it is" },
	{ NULL, NULL, BOTH, KEY_ALWAYS, "objectset.rio.cattle.io/*", .why = "Rancher Fleet and k3s: whose set it is" },
	{ NULL, NULL, LABELS, KEY_ALWAYS, "kubefed.io/managed",
	  .why = "KubeFed deletes what bears it and is not federated" },

	{ "apps", "Deployment", ANNOTATIONS, KEY_ALWAYS, "deployment.kubernetes.io/*",
	  .why = "the controller counts revisions" },
	{ "extensions", "Deployment", ANNOTATIONS, KEY_ALWAYS, "deployment.kubernetes.io/*", .why = "the same" },
	{ "apps", "ReplicaSet", ANNOTATIONS, KEY_ALWAYS, "deployment.kubernetes.io/*",
	  .why = "the Deployment's controller sets it" },
	{ "apps", "DaemonSet", ANNOTATIONS, KEY_ALWAYS, "deprecated.daemonset.template.generation",
	  .why = "the server counts it at each change of the template" },
	{ "autoscaling", "HorizontalPodAutoscaler", ANNOTATIONS, KEY_ALWAYS,
	  "autoscaling.alpha.kubernetes.io/conditions", .why = "status, where version v1 has no place for it" },
	{ "autoscaling", "HorizontalPodAutoscaler", ANNOTATIONS, KEY_ALWAYS,
	  "autoscaling.alpha.kubernetes.io/current-metrics", .why = "the same" },
	{ "batch", "Job", LABELS, KEY_ALWAYS, "controller-uid", .why = "taken over from the template" },
	{ "batch", "Job", LABELS, KEY_ALWAYS, "job-name", .why = "the same" },
	{ "batch", "Job", LABELS, KEY_ALWAYS, "batch.kubernetes.io/controller-uid", .why = "the same, since 1.27" },
	{ "batch", "Job", LABELS, KEY_ALWAYS, "batch.kubernetes.io/job-name", .why = "the same, since 1.27" },
	{ "batch", "Job", ANNOTATIONS, KEY_ALWAYS, "batch.kubernetes.io/job-tracking",
	  .why = "the controller's, from 1.22 to 1.26; an update may not add it" },
	{ "batch", "Job", ANNOTATIONS, KEY_ALWAYS, "batch.kubernetes.io/cronjob-scheduled-timestamp",
	  .why = "the CronJob's controller sets it" },
	{ "", "PersistentVolumeClaim", ANNOTATIONS, KEY_ALWAYS, "pv.kubernetes.io/*", .why = "the binding" },
	{ "", "PersistentVolumeClaim", ANNOTATIONS, KEY_ALWAYS, "volume.beta.kubernetes.io/storage-provisioner",
	  .why = "who is to make its volume" },
	{ "", "PersistentVolumeClaim", ANNOTATIONS, KEY_ALWAYS, "volume.kubernetes.io/*",
	  .why = "who is to make or resize its volume, on which node" },
	{ "", "PersistentVolume", ANNOTATIONS, KEY_ALWAYS, "pv.kubernetes.io/*",
	  .why = "the binding, and who made it" },
	{ "", "Endpoints", ANNOTATIONS, KEY_ALWAYS, "endpoints.kubernetes.io/*",
	  .why = "the controller's: when it was triggered, what did not fit" },
	{ "", "Endpoints", LABELS, KEY_ALWAYS, "endpoints.kubernetes.io/managed-by",
	  .why = "the controller deletes what it finds under its name and has not made" },
	{ "", "Endpoints", LABELS, KEY_ALWAYS, "service.kubernetes.io/headless", .why = "the controller's" },
	{ "discovery.k8s.io", "EndpointSlice", LABELS, KEY_ALWAYS, "endpointslice.kubernetes.io/managed-by",
	  .why = "the controller deletes what it finds under its name and has not made" },
	{ "discovery.k8s.io", "EndpointSlice", ANNOTATIONS, KEY_ALWAYS,
	  "endpoints.kubernetes.io/last-change-trigger-time", .why = "the controller's" },
	{ "", "Secret", ANNOTATIONS, KEY_ALWAYS, "kubernetes.io/service-account.uid",
	  .why = "names an account by its uid: the controller deletes a Secret whose account is another" },
	{ "", "Namespace", LABELS, KEY_ALWAYS, "kubernetes.io/metadata.name", .why = "the server sets it" },
};

/* --- what no update changes --- */

static const struct {
	const char *group, *kind, *member;
} fixed[] = {
	{ "", "Secret", "type" },
	/* kubectl auth reconcile deletes and creates too. */
	{ "rbac.authorization.k8s.io", "RoleBinding", "roleRef" },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", "roleRef" },
};

static bool is_of(const struct fc_resource *r, const char *group, const char *kind)
{
	return !kind || (strcmp(r->kind, kind) == 0 && strcmp(r->group, group) == 0);
}

bool fc_owned_is_fixed(const struct fc_resource *r, const char *member)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(fixed); i++)
		if (is_of(r, fixed[i].group, fixed[i].kind) && strcmp(member, fixed[i].member) == 0)
			return true;
	return false;
}

static bool fits(const char *pattern, const char *text)
{
	return fc_glob_match((struct fc_glob){ pattern, strlen(pattern) }, text);
}

/* --- places --- */

/* Only read: jansson copies and counts what is not const. */
static json_t *loose(const json_t *value)
{
	return (json_t *)(uintptr_t)value;
}

static size_t depth_of(const struct place *p)
{
	size_t depth = 0;

	while (depth < DEPTH && p->path[depth])
		depth++;
	return depth;
}

static bool is_none(const json_t *value)
{
	const char *text = json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);

	return text && strcmp(text, "None") == 0;
}

static bool is_owned(const struct place *p, const json_t *value)
{
	const char *name;

	switch (p->when) {
	case UNLESS_NONE:
		return !is_none(value);
	case NAMED:
		name = json_string_value(json_object_get(value, "name"));
		return name && fits(p->name, name);
	case ALWAYS:
	case UNLESS_MANUAL:
		break;
	}
	return true;
}

static json_t *without(const json_t *value, const struct place *p, size_t at);

/* A new reference; NULL: the element goes. */
static json_t *element_without(const json_t *element, const struct place *p, size_t at)
{
	if (at + 1 < depth_of(p))
		return without(element, p, at + 1);
	return is_owned(p, element) ? NULL : json_incref(loose(element));
}

static json_t *list_without(const json_t *list, const struct place *p, size_t at)
{
	json_t *rest = json_array(), *element;
	bool same = true;
	size_t i;

	json_array_foreach(list, i, element) {
		json_t *left = element_without(element, p, at);

		same = same && left == element;
		if (left)
			json_array_append_new(rest, left);
	}
	if (!same)
		return rest;
	json_decref(rest);
	return json_incref(loose(list));
}

/* `value` without what lies behind path[at]: a new reference, to itself where there is nothing. */
static json_t *without(const json_t *value, const struct place *p, size_t at)
{
	json_t *inner, *left = NULL, *copy;

	if (strcmp(p->path[at], EACH) == 0)
		return json_is_array(value) ? list_without(value, p, at) : json_incref(loose(value));
	inner = json_object_get(value, p->path[at]);
	if (!inner)
		return json_incref(loose(value));
	if (at + 1 < depth_of(p))
		left = without(inner, p, at + 1);
	else if (!is_owned(p, inner))
		left = json_incref(inner);
	if (left == inner) {
		json_decref(left);
		return json_incref(loose(value));
	}
	copy = json_copy(loose(value));
	if (left)
		json_object_set_new(copy, p->path[at], left);
	else
		json_object_del(copy, p->path[at]);
	return copy;
}

static bool applies(const struct place *p, const struct fc_resource *r, const json_t *spec)
{
	return is_of(r, p->group, p->kind) &&
	       !(p->when == UNLESS_MANUAL && json_is_true(json_object_get(spec, "manualSelector")));
}

json_t *fc_owned_strip(const struct fc_resource *r, const json_t *object)
{
	const json_t *spec = json_object_get(object, "spec");
	json_t *rest = json_incref(loose(object));

	for (size_t i = 0; i < FC_ARRAY_LEN(places); i++) {
		json_t *before = rest;

		if (!applies(&places[i], r, spec))
			continue;
		rest = without(before, &places[i], 0);
		json_decref(before);
	}
	return rest;
}

bool fc_owned_parts_spec(const struct fc_resource *r)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(places); i++)
		if (places[i].kind && strcmp(places[i].path[0], "spec") == 0 &&
		    is_of(r, places[i].group, places[i].kind))
			return true;
	return false;
}

/* --- putting back what stands there --- */

static bool same_member(const json_t *a, const json_t *b, const char *member)
{
	const json_t *x = json_object_get(a, member), *y = json_object_get(b, member);

	return (!x && !y) || json_equal(x, y);
}

/* The element that stands for the same thing: by name, where there are names; a port without one by its number. */
static json_t *twin_of(const json_t *element, const json_t *list)
{
	json_t *other;
	size_t i;

	json_array_foreach(list, i, other) {
		if (!same_member(element, other, "name"))
			continue;
		if (json_object_get(element, "name") ||
		    (same_member(element, other, "port") && same_member(element, other, "protocol")))
			return other;
	}
	return NULL;
}

static void put_back(json_t *wanted, const json_t *standing, const struct place *p, size_t at);

static void put_back_list(json_t *wanted, const json_t *standing, const struct place *p, size_t at)
{
	bool last = at + 1 == depth_of(p);
	json_t *element;
	size_t i;

	json_array_foreach(last ? standing : wanted, i, element) {
		if (last && is_owned(p, element))
			json_array_append(wanted, element);
		else if (!last)
			put_back(element, twin_of(element, standing), p, at + 1);
	}
}

static void put_back(json_t *wanted, const json_t *standing, const struct place *p, size_t at)
{
	json_t *theirs;

	if (strcmp(p->path[at], EACH) == 0) {
		if (json_is_array(wanted) && json_is_array(standing))
			put_back_list(wanted, standing, p, at);
		return;
	}
	theirs = json_object_get(standing, p->path[at]);
	if (!theirs || !json_is_object(wanted))
		return;
	if (at + 1 < depth_of(p)) {
		put_back(json_object_get(wanted, p->path[at]), theirs, p, at + 1);
		return;
	}
	if (is_owned(p, theirs) && !json_object_get(wanted, p->path[at]))
		json_object_set(wanted, p->path[at], theirs);
}

/* Ports and addresses are of those types of Services only; with another the server refuses them. */
static bool has_room_for(const struct place *p, const json_t *spec)
{
	const char *type = json_string_value(json_object_get(spec, "type"));
	const char *last = p->path[depth_of(p) - 1];

	if (!type || !p->kind || strcmp(p->kind, "Service") != 0)
		return true;
	if (strcmp(last, "nodePort") == 0)
		return strcmp(type, "NodePort") == 0 || strcmp(type, "LoadBalancer") == 0;
	if (strcmp(last, "healthCheckNodePort") == 0) {
		const char *policy = json_string_value(json_object_get(spec, "externalTrafficPolicy"));

		return strcmp(type, "LoadBalancer") == 0 && policy && strcmp(policy, "Local") == 0;
	}
	return strcmp(type, "ExternalName") != 0;
}

json_t *fc_owned_restore_part(const struct fc_resource *r, const char *member, const json_t *wanted,
			      const json_t *standing, const json_t *spec)
{
	json_t *whole = json_deep_copy(wanted);

	for (size_t i = 0; whole && standing && i < FC_ARRAY_LEN(places); i++) {
		const struct place *p = &places[i];

		if (p->kind && strcmp(p->path[0], "spec") == 0 && strcmp(p->path[1], member) == 0 && depth_of(p) > 2 &&
		    applies(p, r, spec) && has_room_for(p, spec))
			put_back(whole, standing, p, 2);
	}
	return whole;
}

json_t *fc_owned_restore(const struct fc_resource *r, const json_t *wanted, const json_t *standing)
{
	const json_t *spec = json_object_get(wanted, "spec");
	json_t *whole = json_deep_copy(wanted);

	for (size_t i = 0; whole && i < FC_ARRAY_LEN(places); i++)
		if (applies(&places[i], r, spec) && has_room_for(&places[i], spec))
			put_back(whole, standing, &places[i], 0);
	return whole;
}

/* --- keys --- */

static const char *text_at(const json_t *object, const char *map, const char *key)
{
	return json_string_value(json_object_get(json_object_get(json_object_get(object, "metadata"), map), key));
}

static bool key_holds(const struct key *k, const char *value, const json_t *object)
{
	const char *release;

	switch (k->when) {
	case KEY_ALWAYS:
		break;
	case KEY_WITH_VALUE:
		return value && strcmp(value, k->value) == 0;
	case KEY_UNLESS_RELEASE:
		release = text_at(object, "annotations", HELM_RELEASE);
		return !release || !value || strcmp(release, value) != 0;
	}
	return true;
}

bool fc_owned_is_key(const struct fc_resource *r, enum fc_owned_map map, const char *key, const json_t *object)
{
	const char *value = text_at(object, map == FC_OWNED_LABEL ? "labels" : "annotations", key);

	for (const char *const *e = exceptions; *e; e++)
		if (strcmp(key, *e) == 0)
			return false;
	for (size_t i = 0; i < FC_ARRAY_LEN(keys); i++)
		if ((keys[i].maps & (map == FC_OWNED_LABEL ? LABELS : ANNOTATIONS)) && fits(keys[i].key, key) &&
		    is_of(r, keys[i].group, keys[i].kind) && key_holds(&keys[i], value, object))
			return true;
	return false;
}

/* --- for people --- */

static char *place_text(const struct place *p)
{
	struct fc_buf out = FC_BUF_INIT;

	for (size_t i = 0; i < depth_of(p); i++) {
		if (strcmp(p->path[i], EACH) == 0)
			fc_buf_puts(&out, "[]");
		else
			fc_buf_printf(&out, "%s%s", i ? "." : "", p->path[i]);
	}
	if (p->name)
		fc_buf_printf(&out, " named %s", p->name);
	return fc_buf_steal(&out);
}

bool fc_owned_line(size_t i, struct fc_owned_line *out)
{
	const struct key *k;

	if (i < FC_ARRAY_LEN(places)) {
		*out = (struct fc_owned_line){ places[i].kind, place_text(&places[i]), places[i].why };
		return true;
	}
	if (i - FC_ARRAY_LEN(places) >= FC_ARRAY_LEN(keys))
		return false;
	k = &keys[i - FC_ARRAY_LEN(places)];
	*out = (struct fc_owned_line){
		.kind = k->kind,
		.place = fc_xasprintf("%s %s%s%s",
				      k->maps == BOTH	  ? "label or annotation"
				      : k->maps == LABELS ? "label"
							  : "annotation",
				      k->key, k->value ? ": " : "", k->value ? k->value : ""),
		.why = k->why,
	};
	return true;
}
