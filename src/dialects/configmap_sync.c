/* SPDX-License-Identifier: Apache-2.0 */
/* configmap-sync: a ConfigMapSync copies one ConfigMap, under its name, from one namespace into another one. What it
 * asks for is in configmap_sync_scan.c, its status in configmap_sync_status.c; here are its copies: what they hold,
 * whose they are, and what becomes of them. */
#include "dialects/configmap_sync.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "dialects/dialects.h"
#include "json/decode.h"
#include "model/marks.h"

#define KEY(name) FC_CONFIGMAP_SYNC_PREFIX name
#define SYNC_NAME KEY("sync-name")
#define SYNC_NAMESPACE KEY("sync-namespace")
#define MANAGED_BY KEY("managed-by")
#define SOURCE_HASH KEY("source-hash")
#define LAST_SYNC KEY("last-sync")
#define OWNER KEY("owner")
#define ADOPTED KEY("adopted")

#define LABEL_VALUE_MAX 63
#define READ_BASE_MS (30 * 1000)
#define WRITE_BASE_MS (60 * 1000)
#define LONGEST_MS (10 * 60 * 1000)

/* The object was there before a ConfigMapSync took it over. */
#define FLAG_ADOPTED 1u

static const char *const prefixes[] = { FC_CONFIGMAP_SYNC_PREFIX, NULL };
static const char *const bearers[] = { "configmapsyncs.apps.kapendra.com", NULL };
static const char *const kinds[] = { "configmaps", NULL };
static const char *const mark_labels[] = { SYNC_NAME, SYNC_NAMESPACE, MANAGED_BY, NULL };
static const char *const mark_annotations[] = { SOURCE_HASH, LAST_SYNC, OWNER, ADOPTED, NULL };
static const char *const finalizers[] = { FC_CONFIGMAP_SYNC_FINALIZER, NULL };
static const char *const payload[] = { "data", "binaryData" };
/* Whether a copy is immutable is not the source's affair (B3, B5, B16). */
static const char *const spared[] = { "immutable", NULL };

/* --- what a copy holds --- */

static json_t *labels_of(const struct fc_copy_place *place)
{
	json_t *labels = json_pack("{s:s, s:s}", SYNC_NAMESPACE, place->bearer_namespace, MANAGED_BY,
				   "configmapsync-controller");

	/* A longer one is no label (D9): the owner annotation says it all. */
	if (strlen(place->bearer_name) <= LABEL_VALUE_MAX)
		json_object_set_new(labels, SYNC_NAME, json_string(place->bearer_name));
	return labels;
}

static json_t *annotations_of(const json_t *source, const struct fc_copy_place *place)
{
	FC_AUTO_FREE char *owner = fc_xasprintf("%s/%s", place->bearer_namespace, place->bearer_name);
	char hash[FC_CONFIGMAP_SYNC_HASH_BYTES];

	fc_configmap_sync_hash(source, hash);
	json_t *annotations = json_pack("{s:s, s:s}", OWNER, owner, SOURCE_HASH, hash);
	if (place->adopted)
		json_object_set_new(annotations, ADOPTED, json_string("true"));
	return annotations;
}

static enum fc_copy_wish desired(const struct fc_copy_spec *rule, const json_t *source,
				 const struct fc_copy_place *place, json_t **wanted, const char **why)
{
	json_t *object = json_object(), *metadata = json_object();

	(void)rule;
	(void)why;
	for (size_t i = 0; i < FC_ARRAY_LEN(payload); i++)
		if (json_object_size(json_object_get(source, payload[i])))
			json_object_set(object, payload[i], json_object_get(source, payload[i]));
	if (place->own) {
		json_object_set_new(metadata, "labels", labels_of(place));
		json_object_set_new(metadata, "annotations", annotations_of(source, place));
	}
	json_object_set_new(object, "metadata", metadata);
	*wanted = object;
	return FC_COPY_WANTED;
}

/* Design section 7: who may make custom resources beside the source may read it. */
static bool consents(const struct fc_copy_spec *rule, const char *bearer_namespace, const struct fc_resource *r)
{
	(void)r;
	return !rule->namespace_ || strcmp(rule->namespace_, bearer_namespace) == 0;
}

/* --- whose copy it is --- */

static bool owned_by(const char *owner, struct fc_copy_mark *out)
{
	const char *slash = strchr(owner, '/');

	if (!slash || slash == owner || !slash[1] || strchr(slash + 1, '/'))
		return false;
	out->rule_namespace = fc_xstrndup(owner, (size_t)(slash - owner));
	out->rule_name = fc_xstrdup(slash + 1);
	return true;
}

/* B21: the annotation decides; copies that the original has made bear labels alone. */
static bool mark(const struct fc_dialect *d, const json_t *object, struct fc_copy_mark *out)
{
	const char *owner = fc_marks_annotation(object, OWNER), *adopted = fc_marks_annotation(object, ADOPTED);
	const char *ns = fc_marks_label(object, SYNC_NAMESPACE), *name = fc_marks_label(object, SYNC_NAME);

	(void)d;
	if (owner && !owned_by(owner, out))
		return false;
	if (!owner && (!ns || !name || !ns[0] || !name[0]))
		return false;
	if (!owner) {
		out->rule_namespace = fc_xstrdup(ns);
		out->rule_name = fc_xstrdup(name);
	}
	out->flags = adopted && strcmp(adopted, "true") == 0 ? FLAG_ADOPTED : 0;
	return true;
}

/* B10, B17 to B19. */
static enum fc_copy_end ends(unsigned flags, enum fc_copy_reason why)
{
	if (why == FC_COPY_SOURCE_GONE)
		return FC_COPY_KEEP;
	return flags & FLAG_ADOPTED ? FC_COPY_RELEASE : FC_COPY_DELETE;
}

/* B16: what was there before is nobody's to delete. */
static bool may_recreate(unsigned flags)
{
	return !(flags & FLAG_ADOPTED);
}

/* B13: 30 s or 1 min, doubled, at most 10 min; whatever the number of failures, it is no less and no more (D2). */
static int64_t retry_delay_ms(enum fc_copy_try what, unsigned failures)
{
	int64_t delay = what == FC_COPY_TRY_READ ? READ_BASE_MS : WRITE_BASE_MS;

	while (failures-- > 1 && delay < LONGEST_MS)
		delay *= 2;
	return delay < LONGEST_MS ? delay : LONGEST_MS;
}

static const struct fc_copy_dialect copy = {
	.bearers = bearers,
	.bodies = true,
	.copies = kinds,
	.outlives_source = true,
	.inherits = true,
	.moves = true,
	.mark_labels = mark_labels,
	.mark_annotations = mark_annotations,
	.finalizers = finalizers,
	.adopted_annotation = ADOPTED,
	.written_annotation = LAST_SYNC,
	.spared_members = spared,
	.prefixes = prefixes,
	.scan = fc_configmap_sync_scan,
	.consents = consents,
	.desired = desired,
	.mark = mark,
	.ends = ends,
	.may_recreate = may_recreate,
	.status = fc_configmap_sync_status,
	.status_before = fc_configmap_sync_status_before,
	.retry_delay_ms = retry_delay_ms,
	.failures = fc_configmap_sync_failures,
};

const struct fc_dialect fc_dialect_configmap_sync = {
	.name = "configmap-sync",
	.annotation_prefixes = prefixes,
	.copy = &copy,
};
