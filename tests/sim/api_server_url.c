/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include <stdio.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place. A plus is a blank in queries alone. */
static char *decode(char *s, bool query)
{
	char *to = s;

	for (const char *from = s; *from; from++) {
		if (*from == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
			*to++ = (char)(hex(from[1]) * 16 + hex(from[2]));
			from += 2;
		} else {
			*to++ = query && *from == '+' ? ' ' : *from;
		}
	}
	*to = '\0';
	return s;
}

static void parse_query(struct api_url *u)
{
	char *rest = u->query, *pair;

	while ((pair = strsep(&rest, "&"))) {
		char *value = strchr(pair, '=');

		if (!value)
			continue;
		*value++ = '\0';
		decode(value, true);
		if (!*value)
			continue;
		if (strcmp(pair, "labelSelector") == 0)
			u->labels = value;
		else if (strcmp(pair, "fieldSelector") == 0)
			u->fields = value;
		else if (strcmp(pair, "resourceVersion") == 0)
			u->resource_version = value;
	}
}

static char *next(char **rest)
{
	char *piece = strsep(rest, "/");

	return piece && *piece ? decode(piece, false) : NULL;
}

/* The paths of documents: /version, /api, /apis, /api/VERSION, /apis/GROUP, /apis/GROUP/VERSION. */
static bool parse_root(struct api_url *u, char **rest)
{
	u->root = next(rest);
	if (!u->root)
		return false;
	if (strcmp(u->root, "version") == 0)
		return true;
	if (strcmp(u->root, "api") == 0) {
		u->group = u->text;
		*u->text = '\0';
		u->version = next(rest);
		return true;
	}
	if (strcmp(u->root, "apis") != 0)
		return false;
	u->group = next(rest);
	u->version = u->group ? next(rest) : NULL;
	return true;
}

bool api_url_parse(struct api_url *u, const char *path)
{
	char *rest;

	*u = (struct api_url){ .text = fc_xstrdup(path) };
	rest = u->text + 1;
	u->query = strchr(u->text, '?');
	if (u->query) {
		*u->query++ = '\0';
		parse_query(u);
	}
	if (*path != '/' || !parse_root(u, &rest))
		return false;
	u->plural = next(&rest);
	u->document = !u->plural;
	if (!u->plural)
		return true;
	u->name = next(&rest);
	u->subresource = next(&rest);
	/* A namespace is an object, and a place of objects. Its subresources are the ones known here. */
	if (strcmp(u->plural, "namespaces") == 0 && u->subresource && strcmp(u->subresource, "status") != 0 &&
	    strcmp(u->subresource, "finalize") != 0) {
		u->ns = u->name;
		u->plural = u->subresource;
		u->name = next(&rest);
		u->subresource = next(&rest);
	}
	return !next(&rest);
}

void api_url_fini(struct api_url *u)
{
	free(u->text);
}

struct api_resource *api_url_resource(const struct api_server *s, const struct api_url *u)
{
	struct api_resource *r;

	if (!u->version || !u->plural)
		return NULL;
	r = api_store_resource(s, u->group, u->version, u->plural);
	if (!r || (u->ns && !r->type->namespaced) || (u->name && !u->ns && r->type->namespaced))
		return NULL;
	if (!u->subresource || strcmp(u->subresource, "status") == 0 ||
	    (strcmp(u->subresource, "finalize") == 0 && api_is_namespace(r)))
		return r;
	return NULL;
}
