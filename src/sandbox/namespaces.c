/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/namespaces.h"

#include "base/loop.h"
#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/namespace_conditions.h"
#include "sandbox/store.h"
#include "sandbox/validate_field.h"
#include "sandbox/write.h"

#include <string.h>

#define FINALIZER "kubernetes"

struct terminating {
	char *name;
	bool due;
};

struct sb_namespaces {
	struct sb_cluster *c;
	struct terminating *list;
	size_t count, cap;
	struct fc_timer *timer;
};

struct sb_namespaces *sb_namespaces_new(struct sb_cluster *c)
{
	struct sb_namespaces *n = fc_xcalloc(1, sizeof(*n));

	n->c = c;
	return n;
}

void sb_namespaces_free(struct sb_namespaces *n)
{
	if (!n)
		return;
	if (n->c->loop)
		fc_loop_timer_cancel(n->c->loop, &n->timer);
	while (n->count)
		free(n->list[--n->count].name);
	free(n->list);
	free(n);
}

static struct terminating *find(const struct sb_namespaces *n, const char *ns)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->list[i].name, ns) == 0)
			return &n->list[i];
	return NULL;
}

/* --- admission --- */

static int refuse_terminating(struct sb_call *call, const char *name)
{
	const struct sb_type *type = call->type;
	FC_AUTO_FREE char *why = fc_xasprintf("namespace %s is being terminated", call->ns);
	json_t *details = sb_details(name, type->group, type->plural);

	json_object_set_new(details, "causes",
			    json_pack("[{s:s, s:s, s:s}]", "reason", "NamespaceTerminating", "message", why, "field",
				      "metadata.namespace"));
	return sb_refuse(call, 403, "Forbidden", details,
			 "%s%s%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being "
			 "terminated",
			 type->plural, *type->group ? "." : "", type->group, name, call->ns);
}

int sb_namespaces_admit(struct sb_call *call, const char *name)
{
	struct sb_cluster *c = call->cluster;

	if (!*call->ns)
		return 0;
	if (!sb_store_find(sb_store_resource(c->store, "", "namespaces"), "", call->ns))
		return sb_refuse_not_found(call, sb_types_find(c->types, "", "v1", "namespaces"), call->ns);
	return find(c->namespaces, call->ns) ? refuse_terminating(call, name) : 0;
}

/* --- when there is work --- */

static void on_timer(void *user)
{
	struct sb_namespaces *n = user;

	n->timer = NULL;
	while (sb_namespaces_step(n))
		;
}

static void set_due(struct sb_namespaces *n, struct terminating *t)
{
	t->due = true;
	if (n->c->loop && !n->timer)
		n->timer = fc_loop_timer(n->c->loop, 0, on_timer, n);
}

void sb_namespaces_terminating(struct sb_namespaces *n, const char *ns)
{
	struct terminating *t = find(n, ns);

	if (!t) {
		FC_GROW(n->list, n->count, n->cap);
		t = &n->list[n->count++];
		t->name = fc_xstrdup(ns);
	}
	set_due(n, t);
}

void sb_namespaces_poke(struct sb_namespaces *n, const char *ns)
{
	struct terminating *t = find(n, ns);

	if (t)
		set_due(n, t);
}

static void forget(struct sb_namespaces *n, const char *ns)
{
	struct terminating *t = find(n, ns);

	free(t->name);
	*t = n->list[--n->count];
}

/* --- the end of what is in it --- */

static struct sb_resource *resource_of(const struct sb_namespaces *n, const struct sb_type *type)
{
	return sb_store_resource(n->c->store, type->storage_group, type->plural);
}

/* Each resource once: under the version in which it is kept. */
static bool is_content(const struct sb_type *type)
{
	return type->namespaced && strcmp(type->group, type->storage_group) == 0 &&
	       strcmp(type->version, type->storage_version) == 0;
}

/* The objects of the namespace, each held. */
static struct sb_object **objects_in(const struct sb_resource *r, const char *ns, size_t *count)
{
	size_t all, from, to;
	struct sb_object *const *objects = sb_store_objects(r, &all);
	struct sb_object **list;

	from = sb_objects_lower_bound(objects, all, ns, "");
	to = sb_objects_lower_bound(objects, all, ns, "\xff");
	*count = to - from;
	list = fc_xcalloc(*count + 1, sizeof(struct sb_object *));
	for (size_t i = 0; i < *count; i++)
		list[i] = sb_object_ref(objects[from + i]);
	return list;
}

static void delete_content(struct sb_namespaces *n, const struct sb_type *type, const char *ns)
{
	size_t count;
	struct sb_object **list = objects_in(resource_of(n, type), ns, &count);

	for (size_t i = 0; i < count; i++) {
		/* What one deletion did may have taken the next one too. */
		struct sb_object *now = sb_store_find(resource_of(n, type), list[i]->ns, list[i]->name);

		if (now)
			sb_delete_quietly(n->c, type, now);
		sb_object_unref(list[i]);
	}
	free(list);
}

static void count_content(struct sb_namespaces *n, const struct sb_type *type, const char *ns,
			  struct sb_remaining *remaining)
{
	size_t count;
	struct sb_object **list = objects_in(resource_of(n, type), ns, &count);

	for (size_t i = 0; i < count; i++) {
		json_t *object = sb_object_stored(list[i], type);

		sb_remaining_add(remaining, type, object);
		json_decref(object);
		sb_object_unref(list[i]);
	}
	free(list);
}

static bool is_held(const json_t *ns)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(json_object_get(ns, "spec"), "finalizers"), i, item)
		if (strcmp(json_string_value(item) ?: "", FINALIZER) == 0)
			return true;
	return false;
}

static void let_go(json_t *ns)
{
	json_t *finalizers = json_object_get(json_object_get(ns, "spec"), "finalizers");

	for (size_t i = json_array_size(finalizers); i; i--)
		if (strcmp(json_string_value(json_array_get(finalizers, i - 1)) ?: "", FINALIZER) == 0)
			json_array_remove(finalizers, i - 1);
	if (!json_array_size(finalizers))
		json_object_del(json_object_get(ns, "spec"), "finalizers");
}

/* Where its state is told, and it goes when nothing is left. */
static void conclude(struct sb_namespaces *n, const struct sb_type *type, const char *name,
		     const struct sb_remaining *remaining)
{
	struct sb_resource *r = resource_of(n, type);
	struct sb_object *o = sb_store_find(r, "", name);
	json_t *ns = o ? sb_object_stored(o, type) : NULL;
	char now[32];

	if (!ns)
		return;
	sb_cluster_time(n->c, now);
	if (sb_namespace_conditions(sb_need_object(ns, "status"), remaining, now)) {
		sb_write_quietly(n->c, type, o, ns);
		o = sb_store_find(r, "", name);
	}
	if (o && sb_remaining_none(remaining)) {
		let_go(ns);
		/* What is left to hold it has no time to lose. */
		json_object_set_new(json_object_get(ns, "metadata"), "deletionGracePeriodSeconds", json_integer(0));
		sb_write_quietly(n->c, type, o, ns);
	}
	json_decref(ns);
}

static void empty(struct sb_namespaces *n, const struct sb_type *type, const char *name)
{
	struct sb_remaining remaining = SB_REMAINING_INIT;

	for (size_t i = 0; i < sb_types_count(n->c->types); i++)
		if (is_content(sb_types_at(n->c->types, i)))
			delete_content(n, sb_types_at(n->c->types, i), name);
	for (size_t i = 0; i < sb_types_count(n->c->types); i++)
		if (is_content(sb_types_at(n->c->types, i)))
			count_content(n, sb_types_at(n->c->types, i), name, &remaining);
	conclude(n, type, name, &remaining);
	sb_remaining_fini(&remaining);
}

static void work(struct sb_namespaces *n, const char *name)
{
	const struct sb_type *type = sb_types_find(n->c->types, "", "v1", "namespaces");
	const struct sb_object *o = sb_store_find(resource_of(n, type), "", name);
	json_t *ns = o ? sb_object_stored(o, type) : NULL;

	if (!ns || !sb_metadata_is_going(ns))
		forget(n, name);
	else if (is_held(ns))
		empty(n, type, name);
	json_decref(ns);
}

bool sb_namespaces_step(struct sb_namespaces *n)
{
	for (size_t i = 0; i < n->count; i++) {
		if (!n->list[i].due)
			continue;
		FC_AUTO_FREE char *name = fc_xstrdup(n->list[i].name);

		n->list[i].due = false;
		work(n, name);
		return true;
	}
	return false;
}
