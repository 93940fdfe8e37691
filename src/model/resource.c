/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resource.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/* What a struct fc_resource really is: one block with its strings behind it. Only the count is ever written again. */
struct counted {
	struct fc_resource r;
	atomic_uint refs;
	char strings[];
};

static struct counted *counted_of(const struct fc_resource *r)
{
	/* The struct is const for its readers; its count is not. */
	return (struct counted *)(uintptr_t)r;
}

static size_t string_bytes(const char *s)
{
	return (s ? strlen(s) : 0) + 1;
}

static const char *put_string(char **at, const char *s)
{
	size_t bytes = string_bytes(s);
	char *copy = memcpy(*at, s ? s : "", bytes);

	*at += bytes;
	return copy;
}

struct fc_resource *fc_resource_new(const struct fc_resource *from)
{
	size_t bytes = string_bytes(from->group) + string_bytes(from->version) + string_bytes(from->plural) +
		       string_bytes(from->singular) + string_bytes(from->kind) + string_bytes(from->short_names);
	struct counted *c = fc_xcalloc(1, sizeof(*c) + bytes);
	char *at = c->strings;

	c->r = *from;
	c->r.group = put_string(&at, from->group);
	c->r.version = put_string(&at, from->version);
	c->r.plural = put_string(&at, from->plural);
	c->r.singular = put_string(&at, from->singular);
	c->r.kind = put_string(&at, from->kind);
	c->r.short_names = put_string(&at, from->short_names);
	atomic_init(&c->refs, 1);
	return &c->r;
}

struct fc_resource *fc_resource_ref(const struct fc_resource *r)
{
	struct counted *c = counted_of(r);

	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return &c->r;
}

void fc_resource_unref(const struct fc_resource *r)
{
	if (!r)
		return;
	struct counted *c = counted_of(r);
	if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
		free(c);
}

bool fc_resource_same(const struct fc_resource *a, const struct fc_resource *b)
{
	return strcmp(a->group, b->group) == 0 && strcmp(a->version, b->version) == 0 &&
	       strcmp(a->plural, b->plural) == 0;
}

char *fc_resource_name(const struct fc_resource *r)
{
	return fc_xasprintf("%s%s%s", r->plural, r->group[0] ? "." : "", r->group);
}

bool fc_resource_is_federated(const struct fc_resource *r)
{
	return strncmp(r->kind, "Federated", strlen("Federated")) == 0;
}

bool fc_resource_is_secret(const struct fc_resource *r)
{
	return r->group[0] == '\0' && strcmp(r->plural, "secrets") == 0;
}

bool fc_resource_group_is_builtin(const char *group)
{
	/* Of every release from 1.16 on; what kube-apiserver's own tree installs, and no other group under k8s.io:
	 * those of metrics, snapshots or gateways are served by CRDs or by servers of their own. */
	static const char *const builtin[] = {
		"",
		"admissionregistration.k8s.io",
		"apiextensions.k8s.io",
		"apiregistration.k8s.io",
		"apps",
		"auditregistration.k8s.io",
		"authentication.k8s.io",
		"authorization.k8s.io",
		"autoscaling",
		"batch",
		"certificates.k8s.io",
		"coordination.k8s.io",
		"discovery.k8s.io",
		"events.k8s.io",
		"extensions",
		"flowcontrol.apiserver.k8s.io",
		"internal.apiserver.k8s.io",
		"networking.k8s.io",
		"node.k8s.io",
		"policy",
		"rbac.authorization.k8s.io",
		"resource.k8s.io",
		"scheduling.k8s.io",
		"settings.k8s.io",
		"storage.k8s.io",
		"storagemigration.k8s.io",
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(builtin); i++)
		if (strcmp(group, builtin[i]) == 0)
			return true;
	return false;
}
