/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/openapi.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

enum operation { OP_LIST, OP_POST, OP_DELETE_COLLECTION, OP_GET, OP_PUT, OP_PATCH, OP_DELETE };

static const struct {
	const char *method, *action, *word;
	bool writes; /* takes dryRun and fieldManager */
} operations[] = {
	[OP_LIST] = { "get", "list", "list", false },
	[OP_POST] = { "post", "post", "create", true },
	[OP_DELETE_COLLECTION] = { "delete", "deletecollection", "deleteCollection", false },
	[OP_GET] = { "get", "get", "read", false },
	[OP_PUT] = { "put", "put", "replace", true },
	[OP_PATCH] = { "patch", "patch", "patch", true },
	[OP_DELETE] = { "delete", "delete", "delete", false },
};

/* --- parameters --- */

static void add_parameter(const struct sb_openapi *o, json_t *list, const char *name, const char *where,
			  const char *type)
{
	json_t *p = json_pack("{s:s, s:s}", "name", name, "in", where);

	if (o->v3) {
		json_object_set_new(p, "schema", json_pack("{s:s, s:b}", "type", type, "uniqueItems", 1));
	} else {
		json_object_set_new(p, "type", json_string(type));
		json_object_set_new(p, "uniqueItems", json_true());
	}
	if (strcmp(where, "path") == 0)
		json_object_set_new(p, "required", json_true());
	json_array_append_new(list, p);
}

static void add_list_parameters(const struct sb_openapi *o, json_t *list)
{
	static const struct {
		const char *name, *type;
	} all[] = {
		{ "allowWatchBookmarks", "boolean" }, { "continue", "string" },	       { "fieldSelector", "string" },
		{ "labelSelector", "string" },	      { "limit", "integer" },	       { "resourceVersion", "string" },
		{ "resourceVersionMatch", "string" }, { "timeoutSeconds", "integer" }, { "watch", "boolean" }
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(all); i++)
		add_parameter(o, list, all[i].name, "query", all[i].type);
}

static void add_delete_parameters(const struct sb_openapi *o, json_t *list)
{
	add_parameter(o, list, "dryRun", "query", "string");
	add_parameter(o, list, "gracePeriodSeconds", "query", "integer");
	add_parameter(o, list, "orphanDependents", "query", "boolean");
	add_parameter(o, list, "propagationPolicy", "query", "string");
}

static void add_write_parameters(const struct sb_openapi *o, enum operation which, json_t *list)
{
	add_parameter(o, list, "dryRun", "query", "string");
	add_parameter(o, list, "fieldManager", "query", "string");
	/* Younger than version 2's document of 1.20: clients find it in the other one. */
	if (o->v3)
		add_parameter(o, list, "fieldValidation", "query", "string");
	if (which == OP_PATCH)
		add_parameter(o, list, "force", "query", "boolean");
}

/* --- bodies --- */

static json_t *body_schema(const struct sb_openapi *o, const struct sb_type *type, enum operation which)
{
	/* What a patch holds is its own affair. */
	return which == OP_PATCH ? json_pack("{s:s}", "type", "object") : sb_openapi_ref(o, type->definition);
}

static json_t *media_types(const struct sb_type *type, enum operation which)
{
	json_t *list = json_array();

	if (which != OP_PATCH) {
		json_array_append_new(list, json_string("application/json"));
		json_array_append_new(list, json_string("application/yaml"));
		return list;
	}
	json_array_append_new(list, json_string("application/json-patch+json"));
	json_array_append_new(list, json_string("application/merge-patch+json"));
	if (!type->custom)
		json_array_append_new(list, json_string("application/strategic-merge-patch+json"));
	json_array_append_new(list, json_string("application/apply-patch+yaml"));
	return list;
}

static json_t *content(const json_t *types, json_t *schema)
{
	json_t *out = json_object(), *type;
	size_t i;

	json_array_foreach(types, i, type)
		json_object_set_new(out, json_string_value(type), json_pack("{s:O}", "schema", schema));
	json_decref(schema);
	return out;
}

static void set_body(const struct sb_openapi *o, const struct sb_type *type, enum operation which, json_t *op,
		     json_t *parameters)
{
	json_t *types = media_types(type, which), *schema = body_schema(o, type, which);

	if (o->v3) {
		json_object_set_new(op, "requestBody",
				    json_pack("{s:o, s:b}", "content", content(types, schema), "required", 1));
		json_decref(types);
		return;
	}
	json_object_set_new(op, "consumes", types);
	json_array_append_new(parameters, json_pack("{s:s, s:s, s:b, s:o}", "name", "body", "in", "body", "required", 1,
						    "schema", schema));
}

static json_t *result_schema(const struct sb_openapi *o, const struct sb_type *type, enum operation which)
{
	FC_AUTO_FREE char *list = fc_xasprintf("%sList", type->definition);

	if (which == OP_DELETE || which == OP_DELETE_COLLECTION)
		return json_pack("{s:s}", "type", "object");
	return sb_openapi_ref(o, which == OP_LIST ? list : type->definition);
}

static json_t *result(const struct sb_openapi *o, const struct sb_type *type, enum operation which, const char *word)
{
	json_t *schema = result_schema(o, type, which), *types, *out;

	if (!o->v3)
		return json_pack("{s:s, s:o}", "description", word, "schema", schema);
	types = media_types(type, OP_GET);
	out = json_pack("{s:s, s:o}", "description", word, "content", content(types, schema));
	json_decref(types);
	return out;
}

static json_t *results(const struct sb_openapi *o, const struct sb_type *type, enum operation which)
{
	json_t *out = json_object();

	json_object_set_new(out, "200", result(o, type, which, "OK"));
	if (which == OP_POST || which == OP_PUT)
		json_object_set_new(out, "201", result(o, type, which, "Created"));
	json_object_set_new(out, "401", json_pack("{s:s}", "description", "Unauthorized"));
	return out;
}

/* --- operations --- */

static void append_capital(struct fc_buf *out, const char *word, size_t len)
{
	if (len) {
		fc_buf_putc(out, (char)toupper((unsigned char)*word));
		fc_buf_append(out, word + 1, len - 1);
	}
}

/* "createAppsV1NamespacedDeployment"; of a custom type all parts of the group are in it. The caller's. */
static char *operation_id(const struct sb_type *type, enum operation which, bool namespaced, const char *subresource)
{
	const char *group = *type->group ? type->group : "core";
	struct fc_buf out = FC_BUF_INIT;

	fc_buf_puts(&out, operations[which].word);
	do {
		size_t len = strcspn(group, ".");

		append_capital(&out, group, len);
		group += len + (group[len] == '.');
	} while (*group && type->custom);
	append_capital(&out, type->version, strlen(type->version));
	if (which == OP_DELETE_COLLECTION)
		fc_buf_puts(&out, "Collection");
	if (type->namespaced && namespaced)
		fc_buf_puts(&out, "Namespaced");
	fc_buf_puts(&out, type->kind);
	append_capital(&out, subresource, strlen(subresource));
	if (type->namespaced && !namespaced)
		fc_buf_puts(&out, "ForAllNamespaces");
	return fc_buf_steal(&out);
}

static void add_operation(const struct sb_openapi *o, const struct sb_type *type, enum operation which, bool namespaced,
			  const char *subresource, json_t *path)
{
	FC_AUTO_FREE char *id = operation_id(type, which, namespaced, subresource);
	json_t *op = json_object(), *parameters = json_array();

	json_object_set_new(op, "operationId", json_string(id));
	if (!o->v3)
		json_object_set_new(op, "produces", media_types(type, OP_GET));
	if (operations[which].writes) {
		set_body(o, type, which, op, parameters);
		add_write_parameters(o, which, parameters);
	} else if (which == OP_LIST || which == OP_DELETE_COLLECTION) {
		add_list_parameters(o, parameters);
	} else if (which == OP_DELETE) {
		add_delete_parameters(o, parameters);
	}
	json_object_set_new(op, "parameters", parameters);
	json_object_set_new(op, "responses", results(o, type, which));
	json_object_set_new(op, "x-kubernetes-action", json_string(operations[which].action));
	json_object_set_new(
		op, "x-kubernetes-group-version-kind",
		json_pack("{s:s, s:s, s:s}", "group", type->group, "kind", type->kind, "version", type->version));
	json_object_set_new(path, operations[which].method, op);
}

static json_t *add_path(const struct sb_openapi *o, json_t *paths, const char *name)
{
	json_t *path = json_object(), *parameters = json_array();

	if (strstr(name, "{name}"))
		add_parameter(o, parameters, "name", "path", "string");
	if (strstr(name, "{namespace}"))
		add_parameter(o, parameters, "namespace", "path", "string");
	add_parameter(o, parameters, "pretty", "query", "string");
	json_object_set_new(path, "parameters", parameters);
	json_object_set_new(paths, name, path);
	return path;
}

static void add_collection(const struct sb_openapi *o, const struct sb_type *type, const char *name, json_t *paths)
{
	json_t *path = add_path(o, paths, name);

	add_operation(o, type, OP_LIST, true, "", path);
	add_operation(o, type, OP_POST, true, "", path);
	if (!type->no_delete_collection)
		add_operation(o, type, OP_DELETE_COLLECTION, true, "", path);
}

static void add_item(const struct sb_openapi *o, const struct sb_type *type, const char *collection, json_t *paths)
{
	FC_AUTO_FREE char *name = fc_xasprintf("%s/{name}", collection), *status = fc_xasprintf("%s/status", name);
	json_t *path = add_path(o, paths, name);

	add_operation(o, type, OP_GET, true, "", path);
	add_operation(o, type, OP_PUT, true, "", path);
	add_operation(o, type, OP_PATCH, true, "", path);
	add_operation(o, type, OP_DELETE, true, "", path);
	if (!type->has_status)
		return;
	path = add_path(o, paths, status);
	add_operation(o, type, OP_GET, true, "status", path);
	add_operation(o, type, OP_PUT, true, "status", path);
	add_operation(o, type, OP_PATCH, true, "status", path);
}

void sb_openapi_add_paths(const struct sb_openapi *o, const struct sb_type *type, json_t *paths)
{
	const char *root = *type->group ? "/apis" : "/api";
	FC_AUTO_FREE char *everywhere = fc_xasprintf("%s/%s/%s", root, type->api_version, type->plural);
	FC_AUTO_FREE char *within =
		fc_xasprintf("%s/%s/namespaces/{namespace}/%s", root, type->api_version, type->plural);
	const char *collection = type->namespaced ? within : everywhere;

	if (type->namespaced)
		add_operation(o, type, OP_LIST, false, "", add_path(o, paths, everywhere));
	add_collection(o, type, collection, paths);
	add_item(o, type, collection, paths);
}
