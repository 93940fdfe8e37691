/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/load.h"

#include "base/file.h"
#include "base/mem.h"
#include "json/decode.h"
#include "json/yaml.h"
#include "sandbox/api.h"
#include "sandbox/types.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES ((size_t)16 * 1024 * 1024)

/* Members that say how an object stood in the cluster it was read from; a server refuses or ignores them. */
static const char *const foreign[] = { "resourceVersion", "uid", "selfLink", "creationTimestamp", "managedFields" };

/* In this order, since each needs those before it. */
enum turn { TURN_CRD, TURN_NAMESPACE, TURN_REST, TURNS };

struct item {
	json_t *object;
	char *file;
};

struct load {
	struct sb_cluster *cluster;
	char *authorization;
	struct item *items;
	size_t count, cap;
};

static const char *text_of(const json_t *object, const char *member)
{
	const char *text = "";

	(void)fc_json_get_string(object, member, &text);
	return text;
}

/* --- files --- */

/* Borrows `object`. */
static int add_object(struct load *l, const char *file, json_t *object, struct fc_error *err)
{
	const json_t *items;
	size_t i;
	json_t *item;

	if (!json_is_object(object) || !*text_of(object, "apiVersion") || !*text_of(object, "kind"))
		return fc_error_set(err, FC_ERR_CONFIG, "%s: a document is no object with apiVersion and kind", file);
	if (strcmp(text_of(object, "apiVersion"), "v1") == 0 && strcmp(text_of(object, "kind"), "List") == 0) {
		if (fc_json_get_array(object, "items", &items) != FC_JSON_FOUND)
			return 0;
		json_array_foreach(items, i, item)
			if (add_object(l, file, item, err) < 0)
				return -1;
		return 0;
	}
	FC_GROW(l->items, l->count, l->cap);
	l->items[l->count++] = (struct item){ .object = json_incref(object), .file = fc_xstrdup(file) };
	return 0;
}

static int read_file(struct load *l, const char *file, struct fc_error *err)
{
	char *text;
	size_t len, i;
	json_t *document;
	int rc = 0;

	if (fc_file_read(file, FILE_BYTES, &text, &len, err) < 0)
		return -1;
	json_t *documents = fc_yaml_parse_all(text, len, err);
	fc_free_secret(text, len);
	if (!documents)
		return fc_error_wrap(err, "%s", file);
	json_array_foreach(documents, i, document) {
		rc = add_object(l, file, document, err);
		if (rc < 0)
			break;
	}
	json_decref(documents);
	return rc;
}

static int is_manifest(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
}

static int read_folder(struct load *l, const char *folder, struct fc_error *err)
{
	struct dirent **entries;
	int rc = 0, count = scandir(folder, &entries, is_manifest, alphasort);

	if (count < 0)
		return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot read the folder %s", folder);
	for (int i = 0; i < count; i++) {
		FC_AUTO_FREE char *file = fc_xasprintf("%s/%s", folder, entries[i]->d_name);
		if (rc == 0)
			rc = read_file(l, file, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static int read_path(struct load *l, const char *path, struct fc_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot read %s", path);
	return S_ISDIR(st.st_mode) ? read_folder(l, path, err) : read_file(l, path, err);
}

/* --- requests --- */

static enum turn turn_of(const json_t *object)
{
	if (strcmp(text_of(object, "kind"), "CustomResourceDefinition") == 0)
		return TURN_CRD;
	return strcmp(text_of(object, "kind"), "Namespace") == 0 ? TURN_NAMESPACE : TURN_REST;
}

static const struct sb_type *type_of(const struct load *l, const json_t *object)
{
	FC_AUTO_FREE char *group = fc_xstrdup(text_of(object, "apiVersion"));
	char *version = strchr(group, '/');

	if (version)
		*version++ = '\0';
	return sb_types_of_kind(l->cluster->types, version ? group : "", version ? version : group,
				text_of(object, "kind"));
}

/* Where objects of the type are, for that one's namespace: "/api/v1/namespaces/default/configmaps". */
static char *path_of(const struct sb_type *type, const json_t *object)
{
	const char *ns = fc_json_metadata(object, "namespace");
	const char *root = *type->group ? "/apis" : "/api";

	if (!type->namespaced)
		return fc_xasprintf("%s/%s/%s", root, type->api_version, type->plural);
	return fc_xasprintf("%s/%s/namespaces/%s/%s", root, type->api_version, *ns ? ns : "default", type->plural);
}

/* Returns the status; *answer is the caller's, NULL when it is no JSON, or neither a refusal nor of use to the caller.
 */
static int send(const struct load *l, const char *method, const char *path, const json_t *object, bool used,
		json_t **answer)
{
	FC_AUTO_FREE char *body = json_dumps(object, JSON_COMPACT);
	struct sb_request request = {
		.method = method,
		.path = path,
		.accept = "application/json",
		.content_type = "application/json",
		.authorization = l->authorization,
		.if_none_match = "",
		.user_agent = "fedcopy-sandbox/load",
		.body = body ? body : "",
		.body_len = body ? strlen(body) : 0,
	};
	struct sb_response response = SB_RESPONSE_INIT;

	sb_api_handle(l->cluster, &request, &response);
	int status = response.status;
	*answer = used || status >= 300 ? fc_decode(fc_buf_str(&response.body), response.body.len, NULL) : NULL;
	sb_response_fini(&response);
	return status;
}

/* Names with a '/' or '%' have no place in a path and are refused by the server before. */
static int replace(const struct load *l, const char *path, const json_t *object, bool used, json_t **answer)
{
	FC_AUTO_FREE char *own = fc_xasprintf("%s/%s", path, fc_json_metadata(object, "name"));

	return send(l, "PUT", own, object, used, answer);
}

/* `stored` is what the server has now: its resourceVersion goes with the status. */
static int write_status(const struct load *l, const char *path, json_t *stored, const json_t *status, json_t **answer)
{
	FC_AUTO_FREE char *own = fc_xasprintf("%s/%s/status", path, fc_json_metadata(stored, "name"));

	json_object_set(stored, "status", (json_t *)(uintptr_t)status);
	return send(l, "PUT", own, stored, false, answer);
}

static int create(const struct load *l, const struct sb_type *type, const json_t *object, struct fc_error *err)
{
	FC_AUTO_FREE char *path = path_of(type, object);
	const json_t *status = json_object_get(object, "status");
	/* A CustomResourceDefinition's is made by the server, from what is. */
	bool has_status = type->has_status && json_is_object(status) && turn_of(object) != TURN_CRD;
	json_t *answer, *stored;

	int code = send(l, "POST", path, object, has_status, &answer);
	if (code == 409) {
		json_decref(answer);
		code = replace(l, path, object, has_status, &answer);
	}
	if (code < 300 && answer && has_status) {
		stored = answer;
		code = write_status(l, path, stored, status, &answer);
		json_decref(stored);
	}
	if (code >= 300)
		fc_error_set(err, FC_ERR_CONFIG, "%s", *text_of(answer, "message") ? text_of(answer, "message") : "?");
	json_decref(answer);
	return code < 300 ? 0 : -1;
}

static void forget_origin(json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata");

	for (size_t i = 0; i < FC_ARRAY_LEN(foreign); i++)
		json_object_del(metadata, foreign[i]);
}

static int create_item(const struct load *l, const struct item *item, struct fc_error *err)
{
	const char *kind = text_of(item->object, "kind"), *api_version = text_of(item->object, "apiVersion");
	const struct sb_type *type = type_of(l, item->object);

	if (!type)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "%s: no %s of %s is served; load its CustomResourceDefinition with it", item->file,
				    kind, api_version);
	forget_origin(item->object);
	sb_type_ref(type);
	int rc = create(l, type, item->object, err);
	sb_type_unref(type);
	if (rc < 0)
		fc_error_wrap(err, "%s: %s %s", item->file, kind, fc_json_metadata(item->object, "name"));
	return rc;
}

static int create_all(const struct load *l, struct fc_error *err)
{
	for (enum turn turn = TURN_CRD; turn < TURNS; turn++)
		for (size_t i = 0; i < l->count; i++)
			if (turn_of(l->items[i].object) == turn && create_item(l, &l->items[i], err) < 0)
				return -1;
	return 0;
}

int sb_load(struct sb_cluster *cluster, const char *token, const char *path, struct fc_error *err)
{
	struct load l = { .cluster = cluster, .authorization = fc_xasprintf("Bearer %s", token) };

	int rc = read_path(&l, path, err);
	if (rc == 0)
		rc = create_all(&l, err);
	for (size_t i = 0; i < l.count; i++) {
		json_decref(l.items[i].object);
		free(l.items[i].file);
	}
	free(l.items);
	free(l.authorization);
	return rc;
}
