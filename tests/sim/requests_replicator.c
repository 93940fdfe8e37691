/* SPDX-License-Identifier: Apache-2.0 */
/* k8s-replicator, as requests are decided: nothing is made that nobody asks for, nothing is written but data and books
 * of replicas, nothing is deleted that is pushed still, and what is inert is not touched (promises 4, 5 and 9). */
#include "replicator_parts.h"

#include "json/decode.h"

#include <stdio.h>

static const struct api_type *type_of(const struct fc_action *a)
{
	return world_types[strcmp(a->resource->plural, "secrets") == 0 ? SECRETS : CONFIG_MAPS];
}

static const json_t *source_of(const struct world *w, const struct api_type *type, const char *ns, const char *name)
{
	return api_server_object(w->members[0].home->api, type->group, type->plural, ns, name);
}

static bool is_master(const struct world *w, const struct slot *s)
{
	return s->member == &w->members[0];
}

/* What is pushed is the dialect's as a whole; of what pulls its data and books are. */
bool replicator_may_change(struct world *w, const struct slot *s, const struct fc_action *a, const json_t *object,
			   const char *path)
{
	char ns[64], name[64];
	struct replicator o;
	bool pushed = replicator_is_copy(w, s->member, object, ns, name);

	(void)a;
	if (!is_master(w, s))
		return pushed;
	if (!replicator_read(object, &o) || o.inert)
		return false;
	if (pushed)
		return true;
	return replicator_pulls(&o) && (strncmp(path, "/data", 5) == 0 || strncmp(path, "/binaryData", 11) == 0 ||
					strncmp(path, "/metadata/annotations/k8s-replicator~1", 38) == 0);
}

static bool is_known(struct world *w, struct slot *at, const struct api_type *type, const json_t *source,
		     const char *ns)
{
	struct slot *master = process_slot(at->process, &w->members[0]);
	const json_t *space = whole_space(at->member, ns);

	return master && source && space && !w->set_changed && dialect_is_told(at, "namespaces", space, "", ns) &&
	       dialect_is_told(master, type->plural, source, fc_json_metadata(source, "namespace"),
			       fc_json_metadata(source, "name"));
}

static bool is_asked_for(const struct world *w, const struct member *to, const struct replicator *s, const char *ns,
			 const char *name)
{
	const char *clusters = whole_annotation(s->object, "fedcopy.dev/clusters");
	bool elsewhere = to != &w->members[0];

	return !whole_is_ending(s->object) && replicator_wants(s, ns, name, elsewhere) &&
	       (!elsewhere || (clusters && copy_cluster_is_selected(w, to, clusters)));
}

/* Of whose data it is: elsewhere it need not be who pushes it. */
static void read_from(const struct world *w, const struct slot *at, const json_t *copy, const char *pusher,
		      char out[64])
{
	const char *origin = is_master(w, at) ? NULL : whole_annotation(copy, "fedcopy.dev/origin");
	const char *slash = origin ? strchr(origin, '/') : NULL;

	snprintf(out, 64, "%.*s", slash ? (int)strcspn(slash + 1, "/") : (int)strlen(pusher),
		 slash ? slash + 1 : pusher);
}

void replicator_creates(struct world *w, const struct slot *at, const struct fc_action *a)
{
	const struct api_type *type = type_of(a);
	const char *name = fc_json_metadata(a->body, "name"), *label;
	const json_t *labels = json_object_get(json_object_get(a->body, "metadata"), "labels");
	char ns[64], of[64], from[64];
	struct replicator s;

	label = whole_label(a->body, "app.kubernetes.io/managed-by");
	replicator_is_copy(w, at->member, a->body, ns, of);
	if (!label || strcmp(label, "k8s-replicator") != 0 || json_object_size(labels) != (is_master(w, at) ? 1U : 2U))
		world_fail(w, 4, "k8s-replicator: %s/%s on %s is made with labels that are not its", a->namespace_,
			   name, at->member->name);
	read_from(w, at, a->body, ns, from);
	if (!copy_allowed_from(w, type, from, NULL, at->member, a->namespace_, true, true))
		world_fail(w, 4, "k8s-replicator: a copy of %s/%s at %s/%s of %s, where none may be", ns, of,
			   a->namespace_, name, at->member->name);
	if (replicator_read(source_of(w, type, ns, of), &s) && !is_asked_for(w, at->member, &s, a->namespace_, name) &&
	    is_known(w, (struct slot *)(uintptr_t)at, type, s.object, a->namespace_))
		world_fail(w, 4, "k8s-replicator: a copy of %s/%s at %s/%s of %s, and nobody asks for one", ns, of,
			   a->namespace_, name, at->member->name);
}

/* `object` is what stands there, of the version that is to go. */
void replicator_deletes(struct world *w, struct slot *at, const struct fc_action *a, const json_t *object)
{
	const struct api_type *type = type_of(a);
	char ns[64], of[64];
	struct replicator s, t;

	replicator_is_copy(w, at->member, object, ns, of);
	if (is_master(w, at) && replicator_read(object, &t) && t.inert)
		world_fail(w, 4, "k8s-replicator: %s/%s is deleted, and is inert", a->namespace_, a->name);
	if (!replicator_read(source_of(w, type, ns, of), &s) || json_object_get(object, "immutable") ||
	    !replicator_same_type(object, s.object) || (!is_master(w, at) && !replicator_is_from(w, object, &s)))
		return;
	if (((s.inert && !whole_is_ending(s.object)) || is_asked_for(w, at->member, &s, a->namespace_, a->name)) &&
	    is_known(w, at, type, s.object, a->namespace_))
		world_fail(w, 9, "k8s-replicator: the copy %s/%s on %s is deleted, and %s", a->namespace_, a->name,
			   at->member->name, s.inert ? "its source is inert" : "is asked for");
}

static bool is_held(const struct world *w, const struct api_type *type, const char *ns, const char *name)
{
	return whole_is_paused(source_of(w, type, ns, name)) || whole_is_paused(whole_space(&w->members[0], ns));
}

bool replicator_is_paused(const struct world *w, const struct slot *at, const struct api_type *type,
			  const json_t *object)
{
	char ns[64], name[64];
	struct replicator o;

	if (!replicator_read(object, &o))
		return false;
	if (is_master(w, at) && replicator_pulls(&o) && is_held(w, type, o.from_ns, o.from_name))
		return true;
	return replicator_is_copy(w, at->member, object, ns, name) && is_held(w, type, ns, name);
}
