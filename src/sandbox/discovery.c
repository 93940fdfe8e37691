/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/discovery.h"

#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/discovery_aggregated.h"

#include <string.h>

static const char *not_acceptable = "only the following media types are accepted: application/json, application/yaml, "
				    "application/vnd.kubernetes.protobuf";

static int answer(struct sb_call *call, json_t *body)
{
	sb_answer_json(call, 200, body);
	json_decref(body);
	return 0;
}

static json_t *words(const char *const *list)
{
	json_t *array = json_array();

	while (*list)
		json_array_append_new(array, json_string(*list++));
	return array;
}

/* --- the resources of one version --- */

static json_t *resource_of(const struct sb_type *type)
{
	json_t *r = json_object();
	FC_AUTO_FREE char *hash = sb_type_storage_hash(type);

	json_object_set_new(r, "name", json_string(type->plural));
	/* Built-in types leave the singular to be guessed. */
	json_object_set_new(r, "singularName", json_string(type->custom ? type->singular : ""));
	json_object_set_new(r, "namespaced", json_boolean(type->namespaced));
	json_object_set_new(r, "kind", json_string(type->kind));
	json_object_set_new(r, "verbs", words(sb_type_verbs(type)));
	if (type->short_names)
		json_object_set_new(r, "shortNames", words(type->short_names));
	if (type->categories)
		json_object_set_new(r, "categories", words(type->categories));
	json_object_set_new(r, "storageVersionHash", json_string(hash));
	return r;
}

static json_t *subresource_of(const struct sb_type *type, const struct sb_subresource *sub)
{
	json_t *r = json_object();

	json_object_set_new(r, "name", json_sprintf("%s/%s", type->plural, sub->name));
	json_object_set_new(r, "singularName", json_string(""));
	json_object_set_new(r, "namespaced", json_boolean(type->namespaced));
	json_object_set_new(r, "kind", json_string(type->kind));
	json_object_set_new(r, "verbs", words(sub->verbs));
	return r;
}

static void add_resources(json_t *list, const struct sb_type *type)
{
	const struct sb_subresource *sub;

	json_array_append_new(list, resource_of(type));
	/* While a CustomResourceDefinition goes, its subresources are not shown. */
	for (size_t i = 0; !type->terminating && (sub = sb_type_subresource(type, i)); i++)
		json_array_append_new(list, subresource_of(type, sub));
}

static int refuse_unknown(struct sb_call *call)
{
	/* Groups of CustomResourceDefinitions are served by another part of the real server, which answers in text. */
	if (strncmp(call->request->path, "/apis", 5) != 0 ||
	    sb_types_has_builtin_group(call->cluster->types, call->group))
		return sb_refuse_not_served(call);
	return sb_refuse_page_not_found(call);
}

static int handle_resources(struct sb_call *call)
{
	const struct sb_types *types = call->cluster->types;
	json_t *body, *list;

	if (!sb_types_has_group_version(types, call->group, call->version))
		return refuse_unknown(call);
	body = json_object();
	list = json_array();
	json_object_set_new(body, "kind", json_string("APIResourceList"));
	if (*call->group)
		json_object_set_new(body, "apiVersion", json_string("v1"));
	for (size_t i = 0; i < sb_types_count(types); i++) {
		const struct sb_type *type = sb_types_at(types, i);

		if (strcmp(type->group, call->group) != 0 || strcmp(type->version, call->version) != 0)
			continue;
		json_object_set_new(body, "groupVersion", json_string(type->api_version));
		add_resources(list, type);
	}
	json_object_set_new(body, "resources", list);
	return answer(call, body);
}

/* --- groups --- */

static json_t *version_of(const struct sb_type *type)
{
	json_t *v = json_object();

	json_object_set_new(v, "groupVersion", json_string(type->api_version));
	json_object_set_new(v, "version", json_string(type->version));
	return v;
}

/* Types come by group, and by version within it: the first version is the preferred one. */
static json_t *group_at(const struct sb_types *types, size_t first)
{
	const struct sb_type *type = sb_types_at(types, first);
	const char *group = type->group, *version = "";
	json_t *g = json_object(), *versions = json_array();

	json_object_set_new(g, "name", json_string(group));
	for (size_t i = first; i < sb_types_count(types); i++) {
		const struct sb_type *next = sb_types_at(types, i);

		if (strcmp(next->group, group) != 0)
			break;
		if (strcmp(next->version, version) != 0)
			json_array_append_new(versions, version_of(next));
		version = next->version;
	}
	json_object_set_new(g, "versions", versions);
	json_object_set_new(g, "preferredVersion", version_of(type));
	return g;
}

static int handle_groups(struct sb_call *call)
{
	const struct sb_types *types = call->cluster->types;
	json_t *body = json_object(), *list = json_array();
	const char *group = "";

	json_object_set_new(body, "kind", json_string("APIGroupList"));
	json_object_set_new(body, "apiVersion", json_string("v1"));
	for (size_t i = 0; i < sb_types_count(types); i++) {
		const struct sb_type *type = sb_types_at(types, i);

		if (strcmp(type->group, group) != 0)
			json_array_append_new(list, group_at(types, i));
		group = type->group;
	}
	json_object_set_new(body, "groups", list);
	return answer(call, body);
}

static int handle_group(struct sb_call *call)
{
	const struct sb_types *types = call->cluster->types;

	for (size_t i = 0; i < sb_types_count(types); i++) {
		json_t *body, *group;

		if (strcmp(sb_types_at(types, i)->group, call->group) != 0)
			continue;
		body = json_object();
		group = group_at(types, i);
		json_object_set_new(body, "kind", json_string("APIGroup"));
		json_object_set_new(body, "apiVersion", json_string("v1"));
		json_object_update(body, group);
		json_decref(group);
		return answer(call, body);
	}
	return sb_refuse_page_not_found(call);
}

static int handle_core(struct sb_call *call)
{
	json_t *body = json_pack("{s:s, s:[s]}", "kind", "APIVersions", "versions", "v1");

	if (call->cluster->port)
		json_object_set_new(body, "serverAddressByClientCIDRs",
				    json_pack("[{s:s, s:o}]", "clientCIDR", "0.0.0.0/0", "serverAddress",
					      json_sprintf("127.0.0.1:%d", call->cluster->port)));
	return answer(call, body);
}

int sb_handle_discovery(struct sb_call *call)
{
	bool core = strncmp(call->request->path, "/apis", 5) != 0;
	bool root = !*call->group && !*call->version;

	if (root && sb_discovery_answer_aggregated(call, core))
		return 0;
	if (!call->acceptable || call->form != SB_FORM_FULL)
		return sb_refuse_not_acceptable(call, "%s", not_acceptable);
	if (*call->version)
		return handle_resources(call);
	if (root)
		return core ? handle_core(call) : handle_groups(call);
	return handle_group(call);
}
