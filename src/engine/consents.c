/* SPDX-License-Identifier: Apache-2.0 */
/* What sources and Namespaces say about who may read and write (design section 7, rows c and e). */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/glob.h"
#include "model/marks.h"
#include "model/names.h"

bool consent_of_cluster(const struct fc_engine *e, const struct consent_query *q)
{
	if (q->source.cluster == q->target.cluster)
		return true;
	return q->source.cluster == e->options.master &&
	       cluster_of(e, q->target.cluster)->info.reads == FC_READS_SAME_NAMESPACE;
}

static bool lists_namespace(const char *list, const char *namespace_)
{
	struct fc_glob pattern;

	while (fc_glob_next(&list, &pattern))
		if (fc_glob_match_namespace(pattern, namespace_))
			return true;
	return false;
}

static bool lists_cluster(const char *list, const char *name)
{
	struct fc_glob pattern;

	while (fc_glob_next(&list, &pattern))
		if (fc_glob_match(pattern, name))
			return true;
	return false;
}

/* Who reads, or has it written: the other end, or, where both ends are one namespace and what asks lies elsewhere,
 * that. */
static const char *reader_of(const struct consent_query *q)
{
	bool foreign = strcmp(q->source.namespace_, q->target.namespace_) == 0 && !consent_is_own(q);

	return foreign ? q->asker : q->target.namespace_;
}

/* One consent: its two values go together, those of a source and of its Namespace are not mixed. */
static bool covers(const struct fc_engine *e, const struct consent_query *q, const char *namespaces,
		   const char *clusters)
{
	const char *ns = reader_of(q);

	if (strcmp(ns, q->source.namespace_) != 0 && !lists_namespace(namespaces, ns))
		return false;
	return consent_of_cluster(e, q) || lists_cluster(clusters, cluster_of(e, q->target.cluster)->info.name);
}

/* A consent is a word said, and nobody's consent speaks for a system namespace or for what is in none. */
static bool can_consent(const struct end *end)
{
	return end->namespace_ && end->namespace_[0] && !fc_name_is_system_namespace(end->namespace_);
}

bool consent_to_read(const struct fc_engine *e, const struct consent_query *q)
{
	const struct cluster *c = cluster_of(e, q->source.cluster);
	const struct space *s;

	if (!can_consent(&q->source) || !can_consent(&q->target))
		return false;
	s = namespace_find(e, c, q->source.namespace_);
	if (s && covers(e, q, s->allow_namespaces, s->allow_clusters))
		return true;
	return q->said && covers(e, q, fc_marks_annotation(q->said, FC_MARK_ALLOW_NAMESPACES),
				 fc_marks_annotation(q->said, FC_MARK_ALLOW_CLUSTERS));
}

bool consent_to_write(const struct fc_engine *e, const struct consent_query *q)
{
	const struct space *s = namespace_find(e, cluster_of(e, q->target.cluster), q->target.namespace_);
	const char *list = s ? s->accept_from : NULL, *from = cluster_of(e, q->source.cluster)->info.name;
	const char *ns = q->source.namespace_;
	struct fc_glob pattern;

	if (!can_consent(&q->source) || !can_consent(&q->target))
		return false;
	if (reader_of(q) != q->target.namespace_)
		ns = q->asker;
	while (fc_glob_next(&list, &pattern))
		if (fc_glob_match_end(pattern, from, ns))
			return true;
	return false;
}

/* --- what is kept of a source --- */

static bool is_read_here(const struct fc_engine *e, const char *key)
{
	static const char *const words[] = { FC_MARK_ALLOW_NAMESPACES, FC_MARK_ALLOW_CLUSTERS, FC_MARK_PAUSE,
					     FC_MARK_HUB };

	for (size_t i = 0; i < FC_ARRAY_LEN(words); i++)
		if (strcmp(key, words[i]) == 0)
			return true;
	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		for (const char *const *p = d->annotation_prefixes; (d->consents || dialect_judges(d)) && *p; p++)
			if (strncmp(key, *p, strlen(*p)) == 0)
				return true;
	}
	return false;
}

json_t *consent_words(const struct fc_engine *e, const json_t *object)
{
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations"), *mine = NULL, *value;
	const char *key;

	json_object_foreach(annotations, key, value) {
		if (!is_read_here(e, key))
			continue;
		if (!mine)
			mine = json_object();
		json_object_set(mine, key, value);
	}
	return mine ? json_pack("{s:{s:o}}", "metadata", "annotations", mine) : NULL;
}
