/* SPDX-License-Identifier: Apache-2.0 */
/* The world of copies.h with the dialect configmap-sync. In each cluster the namespaces release, stage, qa and ops; on
 * the hub the ConfigMap release/flags with .data.a = 1. Nothing is permitted by the operator: a ConfigMapSync lies
 * beside its source. */
#ifndef FC_TEST_ENGINE_CONFIGMAP_SYNCS_H
#define FC_TEST_ENGINE_CONFIGMAP_SYNCS_H

#include "copies.h"

#define SYNC_KEY "configmapsync.apps.kapendra.com/"

static const struct api_type sync_type = {
	.group = "apps.kapendra.com",
	.version = "v1",
	.plural = "configmapsyncs",
	.singular = "configmapsync",
	.kind = "ConfigMapSync",
	.namespaced = true,
	.status = true,
	.generation = true,
};

static inline struct copies *syncs_new(void)
{
	static const char *const spaces[] = { "release", "stage", "qa", "ops" };
	struct copies *c = copies_make_servers();

	fc_engine_free(c->w.engine);
	c->dialects[1] = &fc_dialect_configmap_sync;
	c->not_all_allowed = true;
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

/* `what` is the path behind the collection, "" or "/NAME" or "/NAME/status". */
static inline int syncs_request(struct copies *c, const char *method, const char *ns, const char *what,
				const char *body)
{
	FC_AUTO_FREE char *path = fc_xasprintf("/apis/apps.kapendra.com/v1/namespaces/%s/configmapsyncs%s", ns, what);
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
	FC_AUTO_FREE char *body = fc_xasprintf("{'apiVersion':'apps.kapendra.com/v1','kind':'ConfigMapSync',"
					       "'metadata':{'name':'%s'%s%s},'spec':{%s}}",
					       name, metadata[0] ? "," : "", metadata, spec);

	assert_int_equal(syncs_request(c, "POST", ns, "", body), 201);
}

#define TO_STAGE "'destinationNamespace':'stage','configMapName':'flags'"

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
	return api_server_object(c->servers[HUB], "apps.kapendra.com", "configmapsyncs", "release", name);
}

static inline const json_t *sync_status(struct copies *c, const char *name, const char *member)
{
	return json_object_get(json_object_get(sync_object(c, name), "status"), member);
}

static inline const char *sync_word(struct copies *c, const char *name, const char *member)
{
	return json_string_value(sync_status(c, name, member)) ?: "(none)";
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

/* "True/SyncSucceeded". */
static inline void assert_condition(struct copies *c, const char *name, const char *type, const char *want)
{
	const json_t *condition = sync_condition(c, name, type);
	char have[80];

	assert_non_null(condition);
	snprintf(have, sizeof(have), "%s/%s", json_string_value(json_object_get(condition, "status")),
		 json_string_value(json_object_get(condition, "reason")));
	assert_string_equal(have, want);
}

static inline void assert_failed(struct copies *c, const char *name, const char *synced, const char *source)
{
	assert_string_equal(sync_word(c, name, "syncStatus"), "Failed");
	assert_condition(c, name, "Synced", synced);
	assert_condition(c, name, "SourceAvailable", source);
	assert_condition(c, name, "Ready", "False/NotReady");
}

static inline void assert_success(struct copies *c, const char *name)
{
	assert_string_equal(sync_word(c, name, "syncStatus"), "Success");
	assert_condition(c, name, "Synced", "True/SyncSucceeded");
	assert_condition(c, name, "SourceAvailable", "True/SourceFound");
	assert_condition(c, name, "Ready", "True/AllComponentsReady");
	assert_int_equal(json_integer_value(sync_status(c, name, "retryCount")), 0);
	assert_true(json_is_true(sync_status(c, name, "sourceExists")));
	assert_true(json_is_true(sync_status(c, name, "destinationExists")));
}

static inline json_int_t sync_retries(struct copies *c, const char *name)
{
	return json_integer_value(sync_status(c, name, "retryCount"));
}

static inline const json_t *sync_copy(struct copies *c, const char *ns)
{
	return copies_object(c, HUB, "ConfigMap", ns, "flags");
}

static inline const char *copy_version(struct copies *c, const char *ns)
{
	return fc_json_metadata(sync_copy(c, ns), "resourceVersion");
}

/* What the status of release/NAME has said since that version, one word behind the other; `version` gets that of the
 * first "InProgress". */
static inline char *sync_words_since(struct copies *c, const char *since, char version[32])
{
	FC_AUTO_FREE char *path =
		fc_xasprintf("/apis/apps.kapendra.com/v1/namespaces/release/configmapsyncs?resourceVersion=%s", since);
	struct api_watch *w = api_watch_open(c->servers[HUB], path, false);
	struct fc_buf out = FC_BUF_INIT;
	FC_AUTO_FREE char *last = fc_xstrdup("");
	json_t *event;

	while ((event = api_watch_next(w))) {
		const json_t *object = json_object_get(event, "object");
		const char *word =
			json_string_value(json_object_get(json_object_get(object, "status"), "syncStatus")) ?: "";

		if (strcmp(word, last) != 0) {
			fc_buf_puts(&out, out.len ? " " : "");
			fc_buf_puts(&out, word);
			if (strcmp(word, "InProgress") == 0)
				snprintf(version, 32, "%s", fc_json_metadata(object, "resourceVersion"));
		}
		free(last);
		last = fc_xstrdup(word);
		json_decref(event);
	}
	api_watch_close(w);
	return fc_buf_steal(&out);
}

static inline bool sync_has_finalizer(struct copies *c, const char *name)
{
	json_t *list = json_object_get(json_object_get(sync_object(c, name), "metadata"), "finalizers");

	return json_array_size(list) == 1 &&
	       strcmp(json_string_value(json_array_get(list, 0)), SYNC_KEY "finalizer") == 0;
}

#endif
