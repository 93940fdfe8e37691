/* SPDX-License-Identifier: Apache-2.0 */
/* The world of copies.h with the dialect object-sync. In each cluster the namespaces release, stage, qa and
 * kube-system; on the hub the ConfigMap release/flags with .data.a = 1. Nothing is permitted by the operator: an
 * ObjectSync lies beside its source. */
#ifndef FC_TEST_ENGINE_OBJECT_SYNCS_H
#define FC_TEST_ENGINE_OBJECT_SYNCS_H

#include "copies.h"

#define SYNC_KEY "sync.rustrial.org/"
#define SYNC_FINALIZER SYNC_KEY "rustrial-object-syncer"
#define SYNC_MARKS                                                            \
	"'labels':{'app.kubernetes.io/managed-by':'rustrial-object-syncer'}," \
	"'annotations':{'" SYNC_KEY "source-object':'release/flags'}"

#define SYNC_MANAGED(operation, fields) "[{'manager':'fedcopy','operation':'" operation "','fieldsV1':{" fields "}}]"
#define SYNC_FINALIZER_FIELD "'f:metadata':{'f:finalizers':{'v:\\\"" SYNC_FINALIZER "\\\"':{}}}"

static const struct api_type sync_type = {
	.group = "sync.rustrial.org",
	.version = "v1alpha1",
	.plural = "objectsyncs",
	.singular = "objectsync",
	.kind = "ObjectSync",
	.namespaced = true,
	.status = true,
	.generation = true,
};

static inline struct copies *syncs_new_with(bool all_allowed, const char *const *adopting)
{
	static const char *const spaces[] = { "release", "stage", "qa" };
	struct copies *c = copies_make_servers();

	fc_engine_free(c->w.engine);
	c->dialects[1] = &fc_dialect_object_sync;
	c->not_all_allowed = !all_allowed;
	c->adopting = adopting;
	c->w.engine = copies_engine(c);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		api_server_serve(c->servers[i], &sync_type);
		for (size_t s = 0; s < FC_ARRAY_LEN(spaces); s++)
			copies_space(c, i, spaces[s], "");
	}
	copies_start(c);
	copies_make(c, HUB, "ConfigMap", "release", "flags", "", "'data':{'a':'1'}");
	return c;
}

static inline struct copies *syncs_new(void)
{
	return syncs_new_with(false, NULL);
}

/* `what` is the path behind the collection, "" or "/NAME" or "/NAME/status". */
static inline int syncs_request(struct copies *c, const char *method, const char *ns, const char *what,
				const char *body)
{
	FC_AUTO_FREE char *path =
		fc_xasprintf("/apis/sync.rustrial.org/v1alpha1/namespaces/%s/objectsyncs%s", ns, what);
	json_t *object = body ? J("%s", body) : NULL;
	struct api_answer a = api_request(
		c->servers[HUB], method, path,
		strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json", false, object);
	int status = a.status;

	json_decref(object);
	api_answer_fini(&a);
	return status;
}

static inline void sync_make_in(struct copies *c, const char *ns, const char *name, const char *metadata,
				const char *spec)
{
	FC_AUTO_FREE char *body = fc_xasprintf("{'apiVersion':'sync.rustrial.org/v1alpha1','kind':'ObjectSync',"
					       "'metadata':{'name':'%s'%s%s},'spec':{%s}}",
					       name, metadata[0] ? "," : "", metadata, spec);

	assert_int_equal(syncs_request(c, "POST", ns, "", body), 201);
}

#define OF_FLAGS "'source':{'group':'','kind':'ConfigMap','name':'flags'}"
#define TO_STAGE OF_FLAGS ",'destinations':[{'namespace':'stage'}]"
#define TO_ALL OF_FLAGS ",'destinations':[{'namespace':'*'}]"

/* release/NAME. */
static inline void sync_make(struct copies *c, const char *name, const char *metadata, const char *spec)
{
	sync_make_in(c, "release", name, metadata, spec);
	copies_settle(c);
}

static inline void sync_patch(struct copies *c, const char *name, const char *merge)
{
	FC_AUTO_FREE char *what = fc_xasprintf("/%s", name);

	assert_int_equal(syncs_request(c, "PATCH", "release", what, merge), 200);
	copies_settle(c);
}

static inline void sync_delete(struct copies *c, const char *name)
{
	FC_AUTO_FREE char *what = fc_xasprintf("/%s", name);

	assert_in_range(syncs_request(c, "DELETE", "release", what, NULL), 200, 202);
	copies_settle(c);
}

static inline const json_t *sync_object(struct copies *c, const char *name)
{
	return api_server_object(c->servers[HUB], "sync.rustrial.org", "objectsyncs", "release", name);
}

static inline const json_t *sync_status(struct copies *c, const char *name, const char *member)
{
	return json_object_get(json_object_get(sync_object(c, name), "status"), member);
}

static inline const json_t *sync_condition(struct copies *c, const char *name, const char *type)
{
	json_t *condition;
	size_t i;

	json_array_foreach(sync_status(c, name, "conditions"), i, condition)
		if (strcmp(json_string_value(json_object_get(condition, "type")), type) == 0)
			return condition;
	return NULL;
}

/* "True/Success: 1 of 1"; "(none)". The next call of it makes it void. */
static inline const char *sync_says(struct copies *c, const char *name, const char *type)
{
	static char text[512];
	const json_t *condition = sync_condition(c, name, type);

	if (!condition)
		return "(none)";
	snprintf(text, sizeof(text), "%s/%s: %s", json_string_value(json_object_get(condition, "status")),
		 json_string_value(json_object_get(condition, "reason")),
		 json_string_value(json_object_get(condition, "message")));
	return text;
}

static inline bool sync_is(struct copies *c, const char *name, const char *type, const char *begin)
{
	const char *says = sync_says(c, name, type);

	if (strncmp(says, begin, strlen(begin)) == 0)
		return true;
	print_message("%s %s: %s, not %s\n", name, type, says, begin);
	return false;
}

/* The entry of status.destinations; NULL: none. */
static inline const json_t *sync_entry(struct copies *c, const char *name, const char *ns)
{
	json_t *entry;
	size_t i;

	json_array_foreach(sync_status(c, name, "destinations"), i, entry)
		if (strcmp(json_string_value(json_object_get(entry, "namespace")), ns) == 0)
			return entry;
	return NULL;
}

static inline const char *sync_version(struct copies *c, const char *name, const char *ns, const char *which)
{
	const json_t *version = json_object_get(sync_entry(c, name, ns), which);

	return json_string_value(json_object_get(version, "resource_version")) ?: "(none)";
}

static inline const json_t *sync_copy(struct copies *c, const char *ns)
{
	return copies_object(c, HUB, "ConfigMap", ns, "flags");
}

static inline const char *copy_version(struct copies *c, const char *ns)
{
	return fc_json_metadata(sync_copy(c, ns), "resourceVersion");
}

static inline bool bears(const json_t *object, const char *finalizer)
{
	json_t *list = json_object_get(json_object_get(object, "metadata"), "finalizers"), *name;
	size_t i;

	json_array_foreach(list, i, name)
		if (strcmp(json_string_value(name), finalizer) == 0)
			return true;
	return false;
}

static inline bool has_finalizer(const json_t *object)
{
	return bears(object, SYNC_FINALIZER);
}

#endif
