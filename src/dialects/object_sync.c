/* SPDX-License-Identifier: Apache-2.0 */
/* object-sync: an ObjectSync copies one object of any namespaced kind into other namespaces, and under other names.
 * What it asks for is in object_sync_scan.c, its status in object_sync_status.c; here are its copies: what they hold,
 * whose they are, and what becomes of them. The rule numbers (B..., D...) here and in the tests are those of
 * docs/object-sync.md. */
#include "dialects/object_sync.h"

#include <string.h>

#include "base/mem.h"
#include "dialects/dialects.h"
#include "json/decode.h"
#include "model/marks.h"

#define SOURCE_OBJECT FC_OBJECT_SYNC_PREFIX "source-object"
#define ADOPTED FC_OBJECT_SYNC_PREFIX "adopted"
#define MANAGED_BY "app.kubernetes.io/managed-by"
#define MANAGER "rustrial-object-syncer"

/* B4, B19: what has failed is tried again after that at the latest. */
#define LONGEST_DELAY_MS (30 * 1000)

/* The object was there before it was taken over. */
#define FLAG_ADOPTED 1u

static const char *const prefixes[] = { FC_OBJECT_SYNC_PREFIX, NULL };
static const char *const bearers[] = { "objectsyncs.sync.rustrial.org", NULL };
static const char *const mark_labels[] = { MANAGED_BY, NULL };
static const char *const mark_annotations[] = { SOURCE_OBJECT, ADOPTED, NULL };
static const char *const finalizers[] = { FC_OBJECT_SYNC_FINALIZER, NULL };

/* --- what a copy holds --- */

/* The map of that name, the caller's own. */
static json_t *map_of(json_t *metadata, const char *name)
{
	json_t *map = json_object_get(metadata, name);

	map = json_is_object(map) ? json_copy(map) : json_object();
	json_object_set_new(metadata, name, map);
	return map;
}

static bool is_ours(const json_t *labels)
{
	const char *manager = json_string_value(json_object_get(labels, MANAGED_BY));

	return manager && strcmp(manager, MANAGER) == 0;
}

static void set_marks(json_t *metadata, json_t *labels, json_t *annotations, const struct fc_copy_place *place)
{
	FC_AUTO_FREE char *from = fc_xasprintf("%s/%s", place->source_namespace, place->source_name);

	json_object_set_new(labels, MANAGED_BY, json_string(MANAGER));
	json_object_set_new(annotations, SOURCE_OBJECT, json_string(from));
	if (place->adopted)
		json_object_set_new(annotations, ADOPTED, json_string("true"));
	json_object_set_new(metadata, "finalizers", json_pack("[s]", FC_OBJECT_SYNC_FINALIZER));
}

/* B15: the whole source; what is a server's or another one's the engine takes off. */
static enum fc_copy_wish desired(const struct fc_copy_spec *rule, const json_t *source,
				 const struct fc_copy_place *place, json_t **wanted, const char **why)
{
	json_t *object = json_copy((json_t *)(uintptr_t)source);
	json_t *metadata = json_copy(json_object_get(source, "metadata"));
	json_t *labels = map_of(metadata, "labels"), *annotations = map_of(metadata, "annotations");

	(void)rule;
	(void)why;
	json_object_set_new(object, "metadata", metadata);
	json_object_del(metadata, "finalizers");
	/* The source may be a copy itself (B31). */
	json_object_del(annotations, ADOPTED);
	if (place->own)
		set_marks(metadata, labels, annotations, place);
	else if (is_ours(labels))
		json_object_del(labels, MANAGED_BY);
	*wanted = object;
	return FC_COPY_WANTED;
}

/* Design section 7: who may make custom resources beside a ConfigMap or Secret may read it. */
static bool consents(const struct fc_copy_spec *rule, const char *bearer_namespace, const struct fc_resource *r)
{
	bool plain = fc_resource_is_secret(r) || (r->group[0] == '\0' && strcmp(r->plural, "configmaps") == 0);

	return plain && (!rule->namespace_ || strcmp(rule->namespace_, bearer_namespace) == 0);
}

/* --- whose copy it is --- */

/* B27. */
static bool mark(const struct fc_dialect *d, const json_t *object, struct fc_copy_mark *out)
{
	const char *from = fc_marks_annotation(object, SOURCE_OBJECT), *slash = from ? strchr(from, '/') : NULL;
	const char *adopted = fc_marks_annotation(object, ADOPTED);

	(void)d;
	if (!slash || slash == from || !slash[1] || strchr(slash + 1, '/') ||
	    !is_ours(json_object_get(json_object_get(object, "metadata"), "labels")))
		return false;
	out->namespace_ = fc_xstrndup(from, (size_t)(slash - from));
	out->name = fc_xstrdup(slash + 1);
	out->flags = adopted && strcmp(adopted, "true") == 0 ? FLAG_ADOPTED : 0;
	return true;
}

/* B28: what was somebody else's loses its marks, and stays. */
static enum fc_copy_end ends(unsigned flags, enum fc_copy_reason why)
{
	(void)why;
	return flags & FLAG_ADOPTED ? FC_COPY_RELEASE : FC_COPY_DELETE;
}

static bool may_recreate(unsigned flags)
{
	return !(flags & FLAG_ADOPTED);
}

static const struct fc_copy_dialect copy = {
	.bearers = bearers,
	.bodies = true,
	/* A label and an annotation: more than anybody puts on by mistake. */
	.marks_prevail = true,
	.marks_name_source = true,
	.mark_labels = mark_labels,
	.mark_annotations = mark_annotations,
	.finalizers = finalizers,
	.tells_bearer = true,
	.prefixes = prefixes,
	.field_manager = MANAGER,
	.source_finalizer = FC_OBJECT_SYNC_FINALIZER,
	.source_annotation = SOURCE_OBJECT,
	.adopted_annotation = ADOPTED,
	.live_spaces = true,
	.marked_chains = true,
	.recreates = true,
	.longest_delay_ms = LONGEST_DELAY_MS,
	.scan = fc_object_sync_scan,
	.consents = consents,
	.desired = desired,
	.mark = mark,
	.ends = ends,
	.may_recreate = may_recreate,
	.remember = fc_object_sync_remember,
	.status = fc_object_sync_status,
};

const struct fc_dialect fc_dialect_object_sync = {
	.name = "object-sync",
	.annotation_prefixes = prefixes,
	.copy = &copy,
};
