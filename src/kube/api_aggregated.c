/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/api_aggregated.h"

#include "base/mem.h"
#include "json/decode.h"

#include <string.h>
#include <strings.h>

#define GROUP "apidiscovery.k8s.io"

/* NULL when absent, null or of another type. */
static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

/* A piece of a header between two separators. */
struct piece {
	const char *at;
	size_t len;
};

static struct piece trimmed(const char *at, size_t len)
{
	while (len && strchr(" \t\"", *at)) {
		at++;
		len--;
	}
	while (len && strchr(" \t\"", at[len - 1]))
		len--;
	return (struct piece){ at, len };
}

static bool piece_is(struct piece p, const char *word)
{
	return p.len == strlen(word) && strncasecmp(p.at, word, p.len) == 0;
}

enum { HAS_GROUP = 1, HAS_VERSION = 2, HAS_KIND = 4, HAS_ALL = 7 };

/* What a parameter `name=value` says of it; others, `charset` among them, say nothing. */
static unsigned look_at_parameter(struct piece p)
{
	const char *equals = memchr(p.at, '=', p.len);

	if (!equals)
		return 0;
	size_t name_len = (size_t)(equals - p.at);
	struct piece name = trimmed(p.at, name_len), value = trimmed(equals + 1, p.len - name_len - 1);
	if (piece_is(name, "g") && piece_is(value, GROUP))
		return HAS_GROUP;
	if (piece_is(name, "v") && (piece_is(value, "v2") || piece_is(value, "v2beta1")))
		return HAS_VERSION;
	return piece_is(name, "as") && piece_is(value, FC_AGGREGATED_KIND) ? HAS_KIND : 0;
}

bool fc_api_is_aggregated(const char *content_type)
{
	size_t len = strcspn(content_type, ";");
	unsigned has = 0;

	if (!piece_is(trimmed(content_type, len), "application/json"))
		return false;
	while (content_type[len]) {
		content_type += len + 1;
		len = strcspn(content_type, ";");
		has |= look_at_parameter(trimmed(content_type, len));
	}
	return has == HAS_ALL;
}

static void add_subresource(struct fc_api_resources *list, const struct fc_resource *of, const json_t *sub)
{
	const char *name = text_of(sub, "subresource");
	struct fc_resource r = *of;

	if (!name || !name[0])
		return;
	FC_AUTO_FREE char *plural = fc_xasprintf("%s/%s", of->plural, name);
	r.plural = plural;
	r.singular = NULL;
	r.kind = text_of(json_object_get(sub, "responseKind"), "kind");
	if (!r.kind)
		r.kind = "";
	fc_api_resources_add(list, &r, sub);
}

/* The group and version of an entry's responseKind are not read: they say where its kind is from, while requests go to
 * the group it stands in. One without responseKind only holds subresources (3.3). */
static void add_resource(struct fc_api_resources *list, const struct fc_api_version *of, const json_t *resource)
{
	const char *scope = text_of(resource, "scope");
	const struct fc_resource r = {
		.group = of->group,
		.version = of->version,
		.plural = text_of(resource, "resource"),
		.singular = text_of(resource, "singularResource"),
		.kind = text_of(json_object_get(resource, "responseKind"), "kind"),
		.namespaced = scope && strcmp(scope, "Namespaced") == 0,
	};
	json_t *sub;
	size_t i;

	if (!r.plural || !r.plural[0])
		return;
	if (r.kind && r.kind[0])
		fc_api_resources_add(list, &r, resource);
	json_array_foreach(json_object_get(resource, "subresources"), i, sub)
		add_subresource(list, &r, sub);
}

static void add_version(struct fc_api_versions *list, const char *group, const json_t *version)
{
	struct fc_api_version *v = fc_api_versions_add(list, group, text_of(version, "version"));
	const char *freshness = text_of(version, "freshness");
	json_t *resource;
	size_t i;

	if (!v)
		return;
	/* What an old answer of its server had is still there, and may be true no more. */
	v->stale = freshness && strcmp(freshness, "Stale") == 0;
	if (v->stale)
		return;
	json_array_foreach(json_object_get(version, "resources"), i, resource)
		add_resource(&v->resources, v, resource);
}

int fc_api_read_aggregated(struct fc_api_versions *list, bool core, const char *item, size_t len, struct fc_error *err)
{
	const json_t *versions = NULL;
	json_t *version;
	size_t i;
	json_auto_t *group = fc_decode(item, len, err);

	if (!group)
		return -1;
	enum fc_json_found found = fc_json_get_array(group, "versions", &versions);
	if (!json_is_object(group) || (found != FC_JSON_FOUND && found != FC_JSON_NULL))
		return fc_error_set(err, FC_ERR_PROTOCOL, "an item of " FC_AGGREGATED_KIND " without versions");
	const char *name = fc_json_metadata(group, "name");
	if (core != !name[0])
		return 0;
	json_array_foreach(versions, i, version)
		add_version(list, name, version);
	return 0;
}
