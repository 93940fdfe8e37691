/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include <stdio.h>

struct request {
	struct api_server *s;
	struct api_url *url;
	struct api_resource *r;
	const char *content_type;
	const json_t *body;
	bool metadata;
};

static struct api_answer show(const struct request *q, int status, struct api_cell *c)
{
	return api_ok(status, json_incref(q->metadata ? api_cell_metadata(c) : c->object));
}

static json_t *list_metadata(const struct request *q, uint64_t version)
{
	json_t *metadata = json_object();

	if (q->r->custom && !q->metadata)
		json_object_set_new(metadata, "continue", json_string(""));
	api_version_set(metadata, version);
	return metadata;
}

static json_t *list_body(const struct request *q, uint64_t version, json_t *items)
{
	const struct api_type *type = q->r->type;
	json_t *body = json_object();
	char text[256];

	snprintf(text, sizeof(text), "%sList", q->metadata ? "PartialObjectMetadata" : type->kind);
	json_object_set_new(body, "kind", json_string(text));
	if (q->metadata)
		snprintf(text, sizeof(text), "meta.k8s.io/v1");
	else
		snprintf(text, sizeof(text), "%s%s%s", type->group, *type->group ? "/" : "", type->version);
	json_object_set_new(body, "apiVersion", json_string(text));
	json_object_set_new(body, "metadata", list_metadata(q, version));
	json_object_set_new(body, "items", items);
	return body;
}

static json_t *item(const struct request *q, struct api_cell *c)
{
	if (q->metadata)
		return api_cell_metadata(c);
	return q->r->custom ? c->object : api_cell_bare(c);
}

/* A list of nothing but metadata is not made before there is something to put into it. */
static json_t *items_or_null(const struct request *q, json_t *items)
{
	if (!q->metadata || json_array_size(items))
		return items;
	json_decref(items);
	return json_null();
}

static json_t *select_items(const struct request *q, const struct api_selector *sel, struct api_cell **cells,
			    size_t count)
{
	json_t *items = json_array();

	for (size_t i = 0; i < count; i++)
		if ((!q->url->ns || strcmp(cells[i]->ns, q->url->ns) == 0) && api_selector_matches(sel, cells[i]))
			json_array_append(items, item(q, cells[i]));
	return items;
}

/* A version that is still to come: the server waits three seconds for it and gives up. */
static struct api_answer too_new(const struct request *q, const char *version)
{
	json_t *details = json_object(), *causes = json_array();

	api_cause(causes, "ResourceVersionTooLarge", NULL, "Too large resource version");
	json_object_set_new(details, "causes", causes);
	json_object_set_new(details, "retryAfterSeconds", json_integer(1));
	return api_refuse(504, "Timeout", details, "Timeout: Too large resource version: %s, current: %llu", version,
			  (unsigned long long)q->s->version);
}

static struct api_answer list(const struct request *q)
{
	struct api_answer refusal = { .status = 0 };
	struct api_selector *sel = api_selector_new(q->url->labels, q->url->fields, &refusal);
	struct api_cell **past;
	size_t count;
	uint64_t version = q->s->version;
	json_t *items;
	const char *wanted = q->url->resource_version;

	if (wanted && wanted[strspn(wanted, "0123456789")])
		refusal = api_refuse(500, NULL, NULL, "resourceVersion: Invalid value: \"%s\": invalid syntax", wanted);
	if (refusal.status) {
		api_selector_free(sel);
		return refusal;
	}
	if (wanted && strtoull(wanted, NULL, 10) > version) {
		api_selector_free(sel);
		return too_new(q, wanted);
	}
	if (!q->s->lag) {
		items = select_items(q, sel, q->r->cells, q->r->count);
	} else {
		past = api_store_past(q->s, q->r, q->s->lag, &count, &version);
		items = select_items(q, sel, past, count);
		for (size_t i = 0; i < count; i++)
			api_cell_unref(past[i]);
		free(past);
		q->s->lag = 0;
	}
	api_selector_free(sel);
	return api_ok(200, list_body(q, version, items_or_null(q, items)));
}

static struct api_answer get(const struct request *q)
{
	struct api_cell *c = api_store_find(q->r, q->url->ns, q->url->name);

	return c ? show(q, 200, c) : api_not_found(q->r, q->url->name);
}

static struct api_answer not_allowed(void)
{
	return api_refuse(405, "MethodNotAllowed", json_object(),
			  "the server does not allow this method on the requested resource");
}

/* The objects are answered as they were. */
static struct api_answer delete_collection(const struct request *q)
{
	struct api_answer a = list(q);
	json_t *one;
	size_t i;

	if (a.status != 200)
		return a;
	json_array_foreach(json_object_get(a.body, "items"), i, one) {
		const json_t *metadata = api_metadata(one);
		struct api_write w = { .s = q->s,
				       .r = q->r,
				       .ns = api_string(metadata, "namespace"),
				       .name = api_string(metadata, "name") };
		struct api_cell *done = NULL;
		struct api_answer each = api_write_delete(&w, q->body, &done);

		api_cell_unref(done);
		api_answer_fini(&each);
	}
	return a;
}

/* Custom resources are one handler, which knows what was asked for; built-in ones are routes that are there or not. */
static struct api_answer no_such_method(const struct request *q)
{
	const struct api_type *type = q->r->type;

	if (!q->r->custom)
		return not_allowed();
	if (type->namespaced && !q->url->ns)
		return api_not_served();
	return api_refuse(405, "MethodNotAllowed", api_details(NULL, type->group, type->plural),
			  "this is not supported on resources of kind \"%s.%s\"", type->plural, type->group);
}

static struct api_answer write(const struct request *q, const char *method)
{
	struct api_url *u = q->url;
	struct api_write w = { .s = q->s, .r = q->r, .ns = u->ns, .name = u->name };
	struct api_cell *done = NULL;
	struct api_answer a;

	w.status_only = u->subresource && strcmp(u->subresource, "status") == 0;
	w.finalize = u->subresource && strcmp(u->subresource, "finalize") == 0;
	if (strcmp(method, "POST") == 0 && !u->name && (u->ns || !q->r->type->namespaced))
		a = api_write_create(&w, q->body, &done);
	else if (strcmp(method, "PUT") == 0 && u->name)
		a = api_write_put(&w, q->body, &done);
	else if (strcmp(method, "PATCH") == 0 && u->name && !w.finalize)
		a = api_write_patch(&w, q->content_type, q->body, &done);
	else if (strcmp(method, "DELETE") == 0 && u->name && !u->subresource)
		a = api_write_delete(&w, q->body, &done);
	else if (strcmp(method, "DELETE") == 0 && !u->name && !api_is_namespace(q->r))
		return delete_collection(q);
	else
		return no_such_method(q);
	if (done) {
		a = show(q, a.status, done);
		api_cell_unref(done);
	}
	return a;
}

static struct api_answer route(struct request *q, const char *method)
{
	if (q->url->document)
		return strcmp(method, "GET") == 0 ? api_discover(q->s, q->url) : not_allowed();
	q->r = api_url_resource(q->s, q->url);
	if (!q->r)
		return api_not_served();
	if (q->url->subresource && strcmp(q->url->subresource, "status") == 0 && !q->r->type->status)
		return q->r->custom ? api_not_found(q->r, q->url->name) : api_not_served();
	if (strcmp(method, "GET") == 0)
		return q->url->name ? get(q) : list(q);
	if (strcmp(method, "DELETE") != 0 && !json_is_object(q->body) && !json_is_array(q->body))
		return api_bad_request("the object provided is unrecognized");
	return write(q, method);
}

struct api_answer api_request(struct api_server *s, const char *method, const char *path, const char *content_type,
			      bool accept_metadata, const json_t *body)
{
	struct api_url url;
	struct request q = {
		.s = s, .url = &url, .content_type = content_type, .body = body, .metadata = accept_metadata
	};
	struct api_answer a = api_url_parse(&url, path) ? route(&q, method) : api_not_served();

	api_url_fini(&url);
	return a;
}
