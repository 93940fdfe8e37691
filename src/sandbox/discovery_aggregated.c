/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/discovery_aggregated.h"

#include "base/encode.h"
#include "base/mem.h"
#include "sandbox/api_cruelty.h"

#include <stdint.h>
#include <string.h>

/* Media types of both versions, as they are answered. */
static const char content_v2[] = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
static const char content_v2beta1[] = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

/* --- Accept --- */

enum asked { OTHER, V2, V2BETA1, PLAIN };

struct parameters {
	bool json, as, group, v2, v2beta1, any_as;
};

static void take_parameter(struct parameters *p, const char *word)
{
	if (strcmp(word, "as=APIGroupDiscoveryList") == 0)
		p->as = true;
	else if (strcmp(word, "g=apidiscovery.k8s.io") == 0)
		p->group = true;
	else if (strcmp(word, "v=v2") == 0)
		p->v2 = true;
	else if (strcmp(word, "v=v2beta1") == 0)
		p->v2beta1 = true;
	if (strncmp(word, "as=", 3) == 0)
		p->any_as = true;
}

static enum asked what_is_asked(char *media_type)
{
	struct parameters p = { .json = false };
	char *word;

	word = strsep(&media_type, ";");
	word[strcspn(word, " ")] = '\0';
	p.json = strcmp(word, "application/json") == 0;
	while ((word = strsep(&media_type, ";"))) {
		word += strspn(word, " ");
		word[strcspn(word, " ")] = '\0';
		take_parameter(&p, word);
	}
	if (p.json && p.as && p.group && (p.v2 || p.v2beta1))
		return p.v2 ? V2 : V2BETA1;
	return p.any_as ? OTHER : PLAIN;
}

/* The first alternative that is known decides. */
static enum asked read_accept(const char *accept)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(accept);
	char *rest = copy, *piece;
	enum asked asked = PLAIN;

	while ((piece = strsep(&rest, ","))) {
		asked = what_is_asked(piece + strspn(piece, " "));
		if (asked != OTHER)
			break;
	}
	return asked;
}

/* --- the document --- */

static json_t *kind_of(const struct sb_type *type)
{
	return json_pack("{s:s, s:s, s:s}", "group", type->group, "version", type->version, "kind", type->kind);
}

static void set_words(json_t *object, const char *member, const char *const *words)
{
	json_t *list;

	if (!words)
		return;
	list = json_array();
	while (*words)
		json_array_append_new(list, json_string(*words++));
	json_object_set_new(object, member, list);
}

static void set_subresources(json_t *resource, const struct sb_type *type)
{
	const struct sb_subresource *sub;
	json_t *list = json_array();

	for (size_t i = 0; !type->terminating && (sub = sb_type_subresource(type, i)); i++) {
		json_t *entry = json_pack("{s:s, s:o}", "subresource", sub->name, "responseKind", kind_of(type));

		set_words(entry, "verbs", sub->verbs);
		json_array_append_new(list, entry);
	}
	if (json_array_size(list) > 0)
		json_object_set(resource, "subresources", list);
	json_decref(list);
}

static json_t *resource_of(const struct sb_type *type)
{
	json_t *r = json_pack("{s:s, s:o, s:s, s:s}", "resource", type->plural, "responseKind", kind_of(type), "scope",
			      type->namespaced ? "Namespaced" : "Cluster", "singularResource", type->singular);

	set_words(r, "verbs", sb_type_verbs(type));
	set_words(r, "shortNames", type->short_names);
	set_words(r, "categories", type->categories);
	set_subresources(r, type);
	return r;
}

static json_t *new_group(json_t *items, const char *name)
{
	json_t *metadata = json_object(), *versions = json_array();

	if (*name)
		json_object_set_new(metadata, "name", json_string(name));
	json_object_set_new(metadata, "creationTimestamp", json_null());
	json_array_append_new(items, json_pack("{s:o, s:o}", "metadata", metadata, "versions", versions));
	return versions;
}

/* Where its resources go; NULL: on purpose the server of the group does not answer, and nothing is known of it. */
static json_t *new_version(const struct sb_call *call, json_t *versions, const struct sb_type *type)
{
	json_t *resources = json_array();
	bool stale = *type->group && sb_api_cruelty_breaks_group(call, type->group);

	json_array_append_new(versions, json_pack("{s:s, s:o, s:s}", "version", type->version, "resources", resources,
						  "freshness", stale ? "Stale" : "Current"));
	return stale ? NULL : resources;
}

static json_t *items_of(const struct sb_call *call, bool core)
{
	const struct sb_types *types = call->cluster->types;
	json_t *items = json_array(), *versions = NULL, *resources = NULL;
	const struct sb_type *last = NULL;

	for (size_t i = 0; i < sb_types_count(types); i++) {
		const struct sb_type *type = sb_types_at(types, i);
		bool same_group = last && strcmp(last->group, type->group) == 0;

		if (core == !!*type->group)
			continue;
		if (!same_group)
			versions = new_group(items, type->group);
		if (!same_group || strcmp(last->version, type->version) != 0)
			resources = new_version(call, versions, type);
		if (resources)
			json_array_append_new(resources, resource_of(type));
		last = type;
	}
	return items;
}

char *sb_etag(const char *bytes, size_t len)
{
	struct fc_sha256 *h = fc_sha256_new();
	unsigned char hash[FC_SHA256_BYTES];
	char digits[2 * FC_SHA256_BYTES + 1];

	fc_sha256_add(h, bytes, len);
	fc_sha256_finish(h, hash);
	fc_hex(hash, sizeof(hash), digits);
	return fc_xasprintf("\"%s\"", digits);
}

/* If-None-Match may name several; weak ones match as well. */
static bool client_has(const char *if_none_match, const char *etag)
{
	return strcmp(if_none_match, "*") == 0 || strstr(if_none_match, etag);
}

void sb_answer_with_etag(struct sb_call *call, const char *etag)
{
	sb_response_header(call->response, "etag", etag);
	sb_response_header(call->response, "vary", "Accept");
	if (!client_has(call->request->if_none_match, etag))
		return;
	call->response->status = 304;
	call->response->content_type = NULL;
	fc_buf_clear(&call->response->body);
}

bool sb_discovery_answer_aggregated(struct sb_call *call, bool core)
{
	enum asked asked = read_accept(call->request->accept);
	FC_AUTO_FREE char *text = NULL, *etag = NULL;
	json_t *body;

	if (asked != V2 && asked != V2BETA1)
		return false;
	body = json_pack("{s:s, s:s, s:{}, s:o}", "kind", "APIGroupDiscoveryList", "apiVersion",
			 asked == V2 ? "apidiscovery.k8s.io/v2" : "apidiscovery.k8s.io/v2beta1", "metadata", "items",
			 items_of(call, core));
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	fc_buf_puts(&call->response->body, text);
	fc_buf_putc(&call->response->body, '\n');
	call->response->content_type = asked == V2 ? content_v2 : content_v2beta1;
	etag = sb_etag(text, strlen(text));
	sb_answer_with_etag(call, etag);
	return true;
}
