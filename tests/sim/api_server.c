/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include <stdio.h>
#include <time.h>

static const struct api_type namespaces = {
	.group = "",
	.version = "v1",
	.plural = "namespaces",
	.singular = "namespace",
	.kind = "Namespace",
	.status = true,
};

void api_server_keep_managers(struct api_server *s)
{
	s->keeps_managers = true;
}

void api_server_set_writer(struct api_server *s, const char *manager)
{
	s->writer = manager;
}

void api_server_set_time(struct api_server *s, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm parts;

	if (gmtime_r(&when, &parts))
		strftime(s->now, sizeof(s->now), "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* A group of a CustomResourceDefinition has a dot, and is not one of Kubernetes itself. */
static bool is_custom(const char *group)
{
	const char *end = strstr(group, ".k8s.io");

	return strchr(group, '.') && !(end && !end[strlen(".k8s.io")]);
}

void api_server_serve(struct api_server *s, const struct api_type *type)
{
	struct api_resource *r = api_store_resource(s, type->group, type->version, type->plural);

	if (r)
		return;
	if (s->count == s->cap)
		FC_GROW(s->resources, s->count, s->cap);
	r = fc_xcalloc(1, sizeof(*r));
	*r = (struct api_resource){ .type = type, .served = true, .custom = is_custom(type->group) };
	s->resources[s->count++] = r;
	s->discovery++;
	/* Its definition has been written, and where it is served, nobody remembers what was before. */
	api_store_other(s, r);
	r->served_from = s->version;
}

void api_server_withdraw(struct api_server *s, const struct api_type *type)
{
	struct api_resource *r = api_store_resource(s, type->group, type->version, type->plural);

	if (!r)
		return;
	while (r->count)
		api_store_remove(s, r, r->cells[0]);
	r->served = false;
	s->discovery++;
	api_store_other(s, r);
}

static void create_namespace(struct api_server *s, const char *name)
{
	json_t *body = json_pack("{s:{s:s}}", "metadata", "name", name);
	struct api_answer a = api_request(s, "POST", "/api/v1/namespaces", "application/json", false, body);

	api_answer_fini(&a);
	json_decref(body);
}

struct api_server *api_server_new(uint64_t seed)
{
	struct api_server *s = fc_xcalloc(1, sizeof(*s));

	s->random = seed;
	api_server_set_time(s, 1600000000);
	api_server_serve(s, &namespaces);
	create_namespace(s, "default");
	create_namespace(s, "kube-system");
	create_namespace(s, "kube-public");
	snprintf(s->id, sizeof(s->id), "%s",
		 api_string(api_metadata(api_store_find(s->resources[0], "", "kube-system")->object), "uid"));
	return s;
}

void api_server_lag(struct api_server *s, unsigned back)
{
	s->lag = back;
}

const json_t *api_server_object(const struct api_server *s, const char *group, const char *plural, const char *ns,
				const char *name)
{
	const struct api_resource *r = api_store_resource(s, group, NULL, plural);
	const struct api_cell *c = r ? api_store_find(r, ns, name) : NULL;

	return c ? c->object : NULL;
}

void api_server_each(const struct api_server *s, void (*fn)(void *user, const struct api_type *type, const json_t *o),
		     void *user)
{
	for (unsigned i = 0; i < s->count; i++)
		for (size_t k = 0; s->resources[i]->served && k < s->resources[i]->count; k++)
			fn(user, s->resources[i]->type, s->resources[i]->cells[k]->object);
}

bool api_server_serves(const struct api_server *s, const struct api_type *type)
{
	return api_store_resource(s, type->group, type->version, type->plural);
}

unsigned api_server_discovery(const struct api_server *s)
{
	return s->discovery;
}

uint64_t api_server_version(const struct api_server *s)
{
	return s->version;
}

const char *api_server_id(const struct api_server *s)
{
	return s->id;
}
