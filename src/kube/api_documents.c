/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/api_documents.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/decode.h"
#include "model/names.h"

#include <ctype.h>
#include <string.h>

static void drop(json_t **value)
{
	json_decref(*value);
}
#define AUTO_JSON __attribute__((cleanup(drop)))

/* NULL when absent, null or of another type. */
static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

/* The document, of the right kind, and its list. A list that is null is an empty one: Go writes it so. */
static json_t *read_list(const char *body, size_t len, const char *kind, const char *member, const json_t **list,
			 struct fc_error *err)
{
	json_t *document = fc_decode(body, len, err);

	if (!document)
		return NULL;
	const char *its_kind = text_of(document, "kind");
	*list = NULL;
	enum fc_json_found found = fc_json_get_array(document, member, list);
	if (its_kind && strcmp(its_kind, kind) == 0 && (found == FC_JSON_FOUND || found == FC_JSON_NULL))
		return document;
	json_decref(document);
	fc_error_set(err, FC_ERR_PROTOCOL, "the answer is no %s", kind);
	return NULL;
}

static bool has_version(const struct fc_api_versions *list, const char *group, const char *version)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].group, group) == 0 && strcmp(list->items[i].version, version) == 0)
			return true;
	return false;
}

struct fc_api_version *fc_api_versions_add(struct fc_api_versions *list, const char *group, const char *version)
{
	if (!version || !fc_name_is_path_segment(version) || has_version(list, group, version))
		return NULL;
	if (group[0] && !fc_name_is_path_segment(group))
		return NULL;
	FC_GROW(list->items, list->count, list->cap);
	list->items[list->count] =
		(struct fc_api_version){ .group = fc_xstrdup(group), .version = fc_xstrdup(version) };
	return &list->items[list->count++];
}

int fc_api_read_core(struct fc_api_versions *list, const char *body, size_t len, struct fc_error *err)
{
	const json_t *versions;
	json_t *version;
	size_t i;
	AUTO_JSON json_t *document = read_list(body, len, "APIVersions", "versions", &versions, err);

	if (!document)
		return -1;
	json_array_foreach(versions, i, version)
		(void)fc_api_versions_add(list, "", json_string_value(version));
	return 0;
}

static void add_group(struct fc_api_versions *list, const json_t *group)
{
	const char *name = text_of(group, "name");
	json_t *version;
	size_t i;

	if (!name || !name[0])
		return;
	(void)fc_api_versions_add(list, name, text_of(json_object_get(group, "preferredVersion"), "version"));
	json_array_foreach(json_object_get(group, "versions"), i, version)
		(void)fc_api_versions_add(list, name, text_of(version, "version"));
}

int fc_api_read_groups(struct fc_api_versions *list, const char *body, size_t len, struct fc_error *err)
{
	const json_t *groups;
	json_t *group;
	size_t i;
	AUTO_JSON json_t *document = read_list(body, len, "APIGroupList", "groups", &groups, err);

	if (!document)
		return -1;
	json_array_foreach(groups, i, group)
		add_group(list, group);
	return 0;
}

void fc_api_versions_fini(struct fc_api_versions *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].group);
		free(list->items[i].version);
		fc_api_resources_fini(&list->items[i].resources);
	}
	free(list->items);
	*list = (struct fc_api_versions){ .items = NULL };
}

static unsigned verbs_of(const json_t *resource)
{
	static const struct {
		const char *word;
		enum fc_verb verb;
	} known[] = {
		{ "create", FC_VERB_CREATE }, { "delete", FC_VERB_DELETE }, { "get", FC_VERB_GET },
		{ "list", FC_VERB_LIST },     { "patch", FC_VERB_PATCH },   { "update", FC_VERB_UPDATE },
		{ "watch", FC_VERB_WATCH },
	};
	unsigned verbs = 0;
	json_t *word;
	size_t i;

	json_array_foreach(json_object_get(resource, "verbs"), i, word)
		for (size_t k = 0; k < FC_ARRAY_LEN(known); k++)
			if (json_is_string(word) && strcmp(json_string_value(word), known[k].word) == 0)
				verbs |= known[k].verb;
	return verbs;
}

static void put_short_names(const json_t *resource, struct fc_buf *out)
{
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(resource, "shortNames"), i, name) {
		if (!json_is_string(name))
			continue;
		if (out->len)
			fc_buf_putc(out, ',');
		fc_buf_puts(out, json_string_value(name));
	}
}

/* 3.9: built-in types of older servers name no singular; it is the kind in lower case. */
static char *singular_of(const struct fc_resource *r)
{
	bool given = r->singular && r->singular[0];
	char *singular = fc_xstrdup(given ? r->singular : r->kind);

	if (!given)
		for (char *c = singular; *c; c++)
			*c = (char)tolower((unsigned char)*c);
	return singular;
}

void fc_api_resources_add(struct fc_api_resources *list, const struct fc_resource *r, const json_t *entry)
{
	FC_AUTO_BUF struct fc_buf short_names = FC_BUF_INIT;
	struct fc_resource whole = *r;

	if (!r->plural || !r->plural[0] || !r->kind)
		return;
	put_short_names(entry, &short_names);
	FC_AUTO_FREE char *singular = singular_of(r);
	whole.singular = singular;
	whole.short_names = fc_buf_str(&short_names);
	whole.verbs = verbs_of(entry);
	FC_GROW(list->items, list->count, list->cap);
	list->items[list->count++] = fc_resource_new(&whole);
}

/* An entry's own `group` and `version` are not read: they say where its kind is from (a Scale of autoscaling/v1),
 * while requests go to the list's. */
static void add_resource(struct fc_api_resources *list, const char *group, const char *version, const json_t *resource)
{
	const struct fc_resource r = {
		.group = group,
		.version = version,
		.plural = text_of(resource, "name"),
		.singular = text_of(resource, "singularName"),
		.kind = text_of(resource, "kind"),
		.namespaced = json_is_true(json_object_get(resource, "namespaced")),
	};

	fc_api_resources_add(list, &r, resource);
}

int fc_api_read_resources(struct fc_api_resources *list, const char *group, const char *version, const char *body,
			  size_t len, struct fc_error *err)
{
	const json_t *resources;
	json_t *resource;
	size_t i;
	AUTO_JSON json_t *document = read_list(body, len, "APIResourceList", "resources", &resources, err);

	if (!document)
		return -1;
	json_array_foreach(resources, i, resource)
		add_resource(list, group, version, resource);
	return 0;
}

void fc_api_resources_fini(struct fc_api_resources *list)
{
	for (size_t i = 0; i < list->count; i++)
		fc_resource_unref(list->items[i]);
	free(list->items);
	*list = (struct fc_api_resources){ .items = NULL };
}
