/* SPDX-License-Identifier: Apache-2.0 */
/* What the controllers behind CustomResourceDefinitions do: names are accepted or conflict, the types are established,
 * and at the end the instances are deleted first. */
#include "sandbox/crd.h"

#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/managed_fields.h"
#include "sandbox/schema.h"
#include "sandbox/store.h"
#include "sandbox/validate_field.h"
#include "sandbox/write.h"

#include <string.h>

#define GROUP "apiextensions.k8s.io"
#define PLURAL "customresourcedefinitions"
static const char cleanup[] = "customresourcecleanup.apiextensions.k8s.io";

static struct sb_resource *crds(const struct sb_cluster *c)
{
	return sb_store_resource(c->store, GROUP, PLURAL);
}

static const struct sb_type *own_type(const struct sb_cluster *c)
{
	return sb_types_find(c->types, GROUP, "v1", PLURAL);
}

/* As it is stored now; the caller's; NULL: it is gone. */
static json_t *read_crd(const struct sb_cluster *c, const char *name)
{
	struct sb_object *o = sb_store_find(crds(c), "", name);

	return o ? sb_object_json(o, own_type(c)) : NULL;
}

/* --- conditions --- */

static json_t *find_condition(const json_t *crd, const char *type)
{
	const json_t *list = json_object_get(json_object_get(crd, "status"), "conditions");
	json_t *condition;
	size_t i;

	json_array_foreach(list, i, condition)
		if (strcmp(sb_text(condition, "type"), type) == 0)
			return condition;
	return NULL;
}

static bool is_true(const json_t *crd, const char *type)
{
	return strcmp(sb_text(find_condition(crd, type), "status"), "True") == 0;
}

/* The time is that of the last change of `status`. */
static void set_condition(const struct sb_cluster *c, json_t *crd, const char *type, bool status, const char *reason,
			  const char *message)
{
	json_t *all = sb_need_object(crd, "status"), *list = json_object_get(all, "conditions");
	json_t *condition = find_condition(crd, type);
	const char *word = status ? "True" : "False";
	char now[32];

	sb_cluster_time(c, now);
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(all, "conditions", list);
	}
	if (!condition) {
		condition = json_pack("{s:s, s:s, s:s}", "type", type, "status", "", "lastTransitionTime", now);
		json_array_append_new(list, condition);
	}
	if (strcmp(sb_text(condition, "status"), word) != 0) {
		json_object_set_new(condition, "status", json_string(word));
		json_object_set_new(condition, "lastTransitionTime", json_string(now));
	}
	json_object_set_new(condition, "reason", json_string(reason));
	json_object_set_new(condition, "message", json_string(message) ?: json_string("?"));
}

/* --- names --- */

/* Adds what another one has been given. */
static void add_taken(const json_t *names, json_t *resources, json_t *kinds)
{
	const json_t *short_names = json_object_get(names, "shortNames"), *word;
	size_t i;

	json_object_set_new(resources, sb_text(names, "plural"), json_true());
	json_object_set_new(resources, sb_text(names, "singular"), json_true());
	json_array_foreach(short_names, i, word)
		json_object_set_new(resources, json_string_value(word) ?: "", json_true());
	json_object_set_new(kinds, sb_text(names, "kind"), json_true());
	json_object_set_new(kinds, sb_text(names, "listKind"), json_true());
}

static void gather_taken(const struct sb_cluster *c, const json_t *crd, json_t *resources, json_t *kinds)
{
	struct sb_resource *all = crds(c);
	const char *group = sb_text(json_object_get(crd, "spec"), "group");

	for (size_t i = 0; i < sb_store_count(all); i++) {
		struct sb_object *o = sb_store_at(all, i);
		json_t *other;

		if (strcmp(o->name, fc_json_metadata(crd, "name")) == 0)
			continue;
		other = sb_object_json(o, own_type(c));
		if (strcmp(sb_text(json_object_get(other, "spec"), "group"), group) == 0)
			add_taken(json_object_get(json_object_get(other, "status"), "acceptedNames"), resources, kinds);
		json_decref(other);
	}
}

struct naming {
	const json_t *wanted, *had; /* spec.names, status.acceptedNames */
	json_t *accepted;
	const char *reason; /* of the last conflict; NULL: none */
	char *message;
};

static void conflict(struct naming *n, const char *reason, const char *word)
{
	free(n->message);
	n->reason = reason;
	n->message = fc_xasprintf("\"%s\" is already in use", word);
}

/* One word is kept, or taken when it is free. */
static void accept_word(struct naming *n, const char *member, const json_t *taken, const char *reason)
{
	const char *word = sb_text(n->wanted, member), *had = sb_text(n->had, member);

	if (strcmp(word, had) == 0 || !json_object_get(taken, word)) {
		if (*word)
			json_object_set_new(n->accepted, member, json_string(word));
		return;
	}
	conflict(n, reason, word);
	if (*had)
		json_object_set_new(n->accepted, member, json_string(had));
}

static bool list_has(const json_t *list, const char *word)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (strcmp(json_string_value(item) ?: "", word) == 0)
			return true;
	return false;
}

/* All of them, or those that were had. */
static void accept_short_names(struct naming *n, const json_t *taken)
{
	json_t *wanted = json_object_get(n->wanted, "shortNames"), *had = json_object_get(n->had, "shortNames"), *item;
	bool free_to_take = true;
	size_t i;

	json_array_foreach(wanted, i, item) {
		const char *word = json_string_value(item) ?: "";

		if (list_has(had, word) || !json_object_get(taken, word))
			continue;
		conflict(n, "ShortNamesConflict", word);
		free_to_take = false;
	}
	if (json_array_size(free_to_take ? wanted : had) > 0)
		json_object_set(n->accepted, "shortNames", free_to_take ? wanted : had);
}

static void accept_names(const struct sb_cluster *c, const json_t *crd, struct naming *n)
{
	json_t *resources = json_object(), *kinds = json_object(), *categories;

	n->wanted = json_object_get(json_object_get(crd, "spec"), "names");
	n->had = json_object_get(json_object_get(crd, "status"), "acceptedNames");
	n->accepted = json_pack("{s:s, s:s}", "plural", "", "kind", "");
	gather_taken(c, crd, resources, kinds);
	accept_word(n, "plural", resources, "PluralConflict");
	accept_word(n, "singular", resources, "SingularConflict");
	accept_short_names(n, resources);
	accept_word(n, "kind", kinds, "KindConflict");
	accept_word(n, "listKind", kinds, "ListKindConflict");
	categories = json_object_get(n->wanted, "categories");
	if (json_array_size(categories) > 0)
		json_object_set(n->accepted, "categories", categories);
	json_decref(resources);
	json_decref(kinds);
}

static void set_naming(const struct sb_cluster *c, json_t *crd, struct naming *n)
{
	bool good = !n->reason;

	set_condition(c, crd, "NamesAccepted", good, good ? "NoConflicts" : n->reason,
		      good ? "no conflicts found" : n->message);
	if (good && !is_true(crd, "Established"))
		set_condition(c, crd, "Established", false, "Installing", "the initial names have been accepted");
	else if (!find_condition(crd, "Established"))
		set_condition(c, crd, "Established", false, "NotAccepted", "not all names are accepted");
	json_object_set(sb_need_object(crd, "status"), "acceptedNames", n->accepted);
}

static void set_approval(const struct sb_cluster *c, json_t *crd)
{
	const char *annotation = fc_json_annotation(crd, SB_CRD_APPROVED) ?: "";
	FC_AUTO_FREE char *words = NULL;

	if (!sb_crd_group_is_protected(sb_text(json_object_get(crd, "spec"), "group")))
		return;
	if (strncmp(annotation, "unapproved", 10) == 0) {
		words = fc_xasprintf("not approved: \"%s\"", annotation);
		set_condition(c, crd, "KubernetesAPIApprovalPolicyConformant", false, "UnapprovedAnnotation", words);
	} else {
		words = fc_xasprintf("approved in %s", annotation);
		set_condition(c, crd, "KubernetesAPIApprovalPolicyConformant", true, "ApprovedAnnotation", words);
	}
}

/* --- writing what the controllers write --- */

/* Under their own manager; nothing when nothing changed. */
static void write_status(struct sb_cluster *c, json_t *crd)
{
	struct sb_request request = { .method = "PUT",
				      .path = "/",
				      .accept = "",
				      .content_type = "",
				      .authorization = "",
				      .if_none_match = "",
				      .user_agent = "kube-apiserver/v1.20.2",
				      .body = "" };
	struct sb_response response = SB_RESPONSE_INIT;
	struct sb_call call = { .cluster = c, .request = &request, .response = &response };
	json_t *old = read_crd(c, fc_json_metadata(crd, "name"));

	if (!json_equal(old, crd)) {
		sb_call_parse(&call);
		call.type = own_type(c);
		call.subresource = "status";
		sb_managed_fields_update(&call, old, crd);
		sb_store_put(c->store, crds(c), crd);
		sb_call_fini(&call);
	}
	sb_response_fini(&response);
	json_decref(old);
}

static void establish(struct sb_cluster *c, json_t *crd)
{
	struct naming n = { .wanted = NULL };

	accept_names(c, crd, &n);
	set_naming(c, crd, &n);
	set_approval(c, crd);
	json_decref(n.accepted);
	free(n.message);
	write_status(c, crd);
	if (!is_true(crd, "NamesAccepted") || is_true(crd, "Established"))
		return;
	set_condition(c, crd, "Established", true, "InitialNamesAccepted", "the initial names have been accepted");
	write_status(c, crd);
}

/* --- types --- */

static struct sb_type *new_type(const struct sb_cluster *c, const json_t *crd, const json_t *version)
{
	const json_t *spec = json_object_get(crd, "spec");
	const json_t *schema = json_object_get(json_object_get(version, "schema"), "openAPIV3Schema");
	bool preserve = json_is_true(json_object_get(spec, "preserveUnknownFields"));

	return sb_custom_type_new(crd, version, sb_schema_of_crd(c->schemas, schema, preserve));
}

static void replace_types(struct sb_cluster *c, const json_t *crd)
{
	const json_t *versions = json_object_get(json_object_get(crd, "spec"), "versions"), *v;
	struct sb_type **types = fc_xcalloc(json_array_size(versions) + 1, sizeof(struct sb_type *));
	bool served = is_true(crd, "Established") || is_true(crd, "NamesAccepted");
	size_t count = 0, i;

	json_array_foreach(versions, i, v)
		if (served && json_is_true(json_object_get(v, "served")))
			types[count++] = new_type(c, crd, v);
	sb_types_replace(c->types, fc_json_metadata(crd, "name"), types, count);
	free(types);
}

static struct sb_resource *instances(const struct sb_cluster *c, const json_t *crd)
{
	const json_t *spec = json_object_get(crd, "spec");

	return sb_store_resource(c->store, sb_text(spec, "group"), sb_text(json_object_get(spec, "names"), "plural"));
}

static const json_t *storage_version(const json_t *crd)
{
	const json_t *versions = json_object_get(json_object_get(crd, "spec"), "versions"), *v;
	size_t i;

	json_array_foreach(versions, i, v)
		if (json_is_true(json_object_get(v, "storage")))
			return v;
	return NULL;
}

/* A real server prunes and defaults what it reads. Here what is stored is read as it stands, and so is read anew when
 * its schema changes. */
static void reread_instances(struct sb_cluster *c, const json_t *crd)
{
	struct sb_type *type = new_type(c, crd, storage_version(crd));
	struct sb_resource *r = instances(c, crd);

	for (size_t i = 0; i < sb_store_count(r); i++) {
		struct sb_object *o = sb_store_at(r, i);
		json_t *before = sb_object_json(o, type), *now = json_deep_copy(before);

		sb_schema_prune(type->schema, now);
		sb_schema_default(type->schema, now);
		if (!json_equal(before, now))
			sb_store_reread(r, o, now);
		json_decref(before);
		json_decref(now);
	}
	sb_type_unref(type);
}

/* Watches end when what is served changes, as those of a real server do. */
static void refresh_types(struct sb_cluster *c, const json_t *crd)
{
	const json_t *before = sb_types_crd(c->types, fc_json_metadata(crd, "name"));
	const json_t *names = json_object_get(json_object_get(crd, "status"), "acceptedNames");
	bool changed =
		before && (!json_equal(json_object_get(before, "spec"), json_object_get(crd, "spec")) ||
			   !json_equal(json_object_get(json_object_get(before, "status"), "acceptedNames"), names));

	replace_types(c, crd);
	if (!changed)
		return;
	reread_instances(c, crd);
	sb_store_end_watches(instances(c, crd));
}

/* --- the end --- */

static void add_finalizer(json_t *crd)
{
	json_t *metadata = sb_need_object(crd, "metadata"), *list = json_object_get(metadata, "finalizers");

	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(metadata, "finalizers", list);
	}
	if (!list_has(list, cleanup))
		json_array_append_new(list, json_string(cleanup));
}

void sb_crd_begin_delete(struct sb_cluster *c, json_t *crd)
{
	add_finalizer(crd);
	json_object_del(json_object_get(crd, "metadata"), "deletionGracePeriodSeconds");
	set_condition(c, crd, "Terminating", true, "InstanceDeletionPending",
		      "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon");
}

/* True: that was the last of them. */
static bool remove_finalizer(json_t *crd)
{
	json_t *metadata = json_object_get(crd, "metadata"), *list = json_object_get(metadata, "finalizers");

	for (size_t i = json_array_size(list); i-- > 0;)
		if (strcmp(json_string_value(json_array_get(list, i)) ?: "", cleanup) == 0)
			json_array_remove(list, i);
	return json_array_size(list) == 0;
}

/* Whoever is left waits for a finalizer of its own: its end brings us back. */
static void finish(struct sb_cluster *c, const char *name)
{
	json_t *crd = read_crd(c, name);
	const json_t *finalizers = json_object_get(json_object_get(crd, "metadata"), "finalizers");

	if (crd && *fc_json_metadata(crd, "deletionTimestamp") && list_has(finalizers, cleanup) &&
	    sb_store_count(instances(c, crd)) == 0) {
		if (remove_finalizer(crd)) {
			sb_object_unref(sb_store_remove(c->store, crds(c), sb_store_find(crds(c), "", name)));
			sb_crd_removed(c, crd);
		} else {
			set_condition(c, crd, "Terminating", false, "InstanceDeletionCompleted",
				      "removed all instances");
			write_status(c, crd);
		}
	}
	json_decref(crd);
}

static void delete_instances(struct sb_cluster *c, const json_t *crd)
{
	const struct sb_type *type = sb_types_of_crd(c->types, fc_json_metadata(crd, "name"));
	struct sb_resource *r = instances(c, crd);
	size_t count = sb_store_count(r);
	struct sb_object **all;

	if (!type || !count)
		return;
	all = fc_xcalloc(count, sizeof(struct sb_object *));
	sb_type_ref(type);
	for (size_t i = 0; i < count; i++)
		all[i] = sb_object_ref(sb_store_at(r, i));
	for (size_t i = 0; i < count; i++) {
		if (sb_store_find(r, all[i]->ns, all[i]->name) == all[i])
			sb_delete_quietly(c, type, all[i]);
		sb_object_unref(all[i]);
	}
	sb_type_unref(type);
	free(all);
}

static void terminate(struct sb_cluster *c, json_t *crd)
{
	FC_AUTO_FREE char *name = fc_xstrdup(fc_json_metadata(crd, "name"));

	if (!list_has(json_object_get(json_object_get(crd, "metadata"), "finalizers"), cleanup))
		return;
	set_condition(c, crd, "Terminating", true, "InstanceDeletionInProgress",
		      "CustomResource deletion is in progress");
	write_status(c, crd);
	replace_types(c, crd);
	delete_instances(c, crd);
	finish(c, name);
}

/* --- what the write path tells --- */

/* Names that were in use may be free now. */
static void look_at_others(struct sb_cluster *c, const json_t *crd)
{
	const char *group = sb_text(json_object_get(crd, "spec"), "group");
	struct sb_resource *all = crds(c);

	for (size_t i = 0; i < sb_store_count(all); i++) {
		struct sb_object *o = sb_store_at(all, i);
		json_t *other;

		if (strcmp(o->name, fc_json_metadata(crd, "name")) == 0)
			continue;
		other = sb_object_json(o, own_type(c));
		if (strcmp(sb_text(json_object_get(other, "spec"), "group"), group) == 0 &&
		    !is_true(other, "NamesAccepted") && !*fc_json_metadata(other, "deletionTimestamp")) {
			establish(c, other);
			refresh_types(c, other);
		}
		json_decref(other);
	}
}

void sb_crd_stored(struct sb_cluster *c, const json_t *object)
{
	json_t *crd = read_crd(c, fc_json_metadata(object, "name"));

	if (!crd)
		return;
	if (*fc_json_metadata(crd, "deletionTimestamp")) {
		terminate(c, crd);
	} else {
		establish(c, crd);
		refresh_types(c, crd);
		look_at_others(c, crd);
	}
	json_decref(crd);
}

void sb_crd_removed(struct sb_cluster *c, const json_t *object)
{
	json_t *crd = json_deep_copy(object);

	sb_types_replace(c->types, fc_json_metadata(crd, "name"), NULL, 0);
	sb_store_drop(c->store, instances(c, crd));
	look_at_others(c, crd);
	json_decref(crd);
}

void sb_crd_instance_removed(struct sb_cluster *c, const json_t *instance)
{
	const char *api_version = sb_text(instance, "apiVersion");
	FC_AUTO_FREE char *group = fc_xstrndup(api_version, strcspn(api_version, "/"));
	const struct sb_type *type = sb_types_of_kind(c->types, group, NULL, sb_text(instance, "kind"));

	if (type && type->terminating)
		finish(c, sb_type_crd_name(type));
}

bool sb_crd_group_is_protected(const char *group)
{
	static const char *const domains[] = { "k8s.io", "kubernetes.io" };

	for (size_t i = 0; i < FC_ARRAY_LEN(domains); i++) {
		size_t len = strlen(domains[i]), all = strlen(group);

		if (strcmp(group, domains[i]) == 0 ||
		    (all > len && group[all - len - 1] == '.' && strcmp(group + all - len, domains[i]) == 0))
			return true;
	}
	return false;
}
