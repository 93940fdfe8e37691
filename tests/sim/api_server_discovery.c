/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

static json_t *document(const char *kind, const char *version)
{
	json_t *d = json_object();

	json_object_set_new(d, "kind", json_string(kind));
	if (version)
		json_object_set_new(d, "apiVersion", json_string(version));
	return d;
}

#define VERBS 8
static const char *const built_in[VERBS] = { "create", "delete", "deletecollection", "get",
					     "list",   "patch",	 "update",	     "watch" };
static const char *const custom[VERBS] = { "delete", "deletecollection", "get",	   "list",
					   "patch",  "create",		 "update", "watch" };
static const char *const of_status[VERBS] = { "get", "patch", "update" };
static const char *const of_finalize[VERBS] = { "update" };

static json_t *verbs(const struct api_resource *r, const char *const words[VERBS])
{
	json_t *list = json_array();

	for (size_t i = 0; i < VERBS && words[i]; i++)
		if (!api_is_namespace(r) || strcmp(words[i], "deletecollection") != 0)
			json_array_append_new(list, json_string(words[i]));
	return list;
}

static json_t *entry(const struct api_resource *r, const char *subresource, const char *const words[VERBS])
{
	const struct api_type *type = r->type;
	json_t *e = json_object();

	json_object_set_new(e, "name", json_sprintf("%s%s", type->plural, subresource));
	/* Built-in types leave the singular to be guessed. */
	json_object_set_new(e, "singularName", json_string(r->custom && !*subresource ? type->singular : ""));
	json_object_set_new(e, "namespaced", json_boolean(type->namespaced));
	json_object_set_new(e, "kind", json_string(type->kind));
	json_object_set_new(e, "verbs", verbs(r, words));
	return e;
}

static struct api_answer resources(const struct api_server *s, const char *group, const char *version)
{
	json_t *d, *list = json_array();

	for (unsigned i = 0; i < s->count; i++) {
		const struct api_resource *r = s->resources[i];

		if (!r->served || strcmp(r->type->group, group) != 0 || strcmp(r->type->version, version) != 0)
			continue;
		json_array_append_new(list, entry(r, "", r->custom ? custom : built_in));
		if (r->type->status)
			json_array_append_new(list, entry(r, "/status", of_status));
		if (api_is_namespace(r))
			json_array_append_new(list, entry(r, "/finalize", of_finalize));
	}
	if (json_array_size(list) == 0) {
		json_decref(list);
		return api_not_served();
	}
	d = document("APIResourceList", *group ? "v1" : NULL);
	json_object_set_new(d, "groupVersion", *group ? json_sprintf("%s/%s", group, version) : json_string(version));
	json_object_set_new(d, "resources", list);
	return api_ok(200, d);
}

static json_t *version_of(const struct api_type *type)
{
	return json_pack("{s:o, s:s}", "groupVersion", json_sprintf("%s/%s", type->group, type->version), "version",
			 type->version);
}

/* The first version that is served is preferred. */
static json_t *find_group(json_t *groups, const char *name)
{
	json_t *group;
	size_t i;

	json_array_foreach(groups, i, group)
		if (strcmp(api_string(group, "name"), name) == 0)
			return group;
	return NULL;
}

static void add_version(json_t *group, const struct api_type *type)
{
	json_t *versions = json_object_get(group, "versions"), *v;
	size_t i;

	json_array_foreach(versions, i, v)
		if (strcmp(api_string(v, "version"), type->version) == 0)
			return;
	json_array_append_new(versions, version_of(type));
}

static json_t *all_groups(const struct api_server *s)
{
	json_t *groups = json_array();

	for (unsigned i = 0; i < s->count; i++) {
		const struct api_type *type = s->resources[i]->type;
		json_t *group;

		if (!s->resources[i]->served || !*type->group)
			continue;
		group = find_group(groups, type->group);
		if (!group) {
			group = json_object();
			json_object_set_new(group, "name", json_string(type->group));
			json_object_set_new(group, "versions", json_array());
			json_object_set_new(group, "preferredVersion", version_of(type));
			json_array_append_new(groups, group);
		}
		add_version(group, type);
	}
	return groups;
}

static struct api_answer root(const struct api_server *s, const struct api_url *u)
{
	json_t *d;

	if (strcmp(u->root, "version") == 0)
		return api_ok(200, json_pack("{s:s, s:s, s:s}", "major", "1", "minor", "20", "gitVersion", "v1.20.2"));
	if (strcmp(u->root, "api") == 0) {
		d = document("APIVersions", NULL);
		json_object_set_new(d, "versions", json_pack("[s]", "v1"));
		return api_ok(200, d);
	}
	d = document("APIGroupList", "v1");
	json_object_set_new(d, "groups", all_groups(s));
	return api_ok(200, d);
}

static struct api_answer one_group(const struct api_server *s, const char *name)
{
	json_t *groups = all_groups(s), *group = find_group(groups, name), *d;
	const char *member;
	json_t *value;

	if (!group) {
		json_decref(groups);
		return api_not_served();
	}
	d = document("APIGroup", "v1");
	json_object_foreach(group, member, value)
		json_object_set(d, member, value);
	json_decref(groups);
	return api_ok(200, d);
}

struct api_answer api_discover(const struct api_server *s, const struct api_url *u)
{
	if (u->version)
		return resources(s, u->group, u->version);
	if (u->group && *u->group)
		return one_group(s, u->group);
	return root(s, u);
}
