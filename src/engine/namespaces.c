/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: what they say about those in them, and to whom they consent (design section 7, rows c and e). One
 * metadata watch per cluster, begun when the first object there matters; where RBAC forbids it, Namespaces say nothing.
 */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/marks.h"

/* Every server has it, as this: it is not looked up. */
static const struct fc_resource namespaces = {
	.group = "",
	.version = "v1",
	.plural = "namespaces",
	.kind = "Namespace",
	.verbs = FC_VERB_GET | FC_VERB_LIST | FC_VERB_WATCH,
};

void namespaces_watch(struct fc_engine *e, struct cluster *c)
{
	struct fc_resource *r;

	if (c->namespaces_watch)
		return;
	r = fc_resource_new(&namespaces);
	/* Whole objects are copied by the names and labels of Namespaces: all of them are of interest then. */
	c->namespaces_watch = watch_start_as(e, c->no, resource_take(e, r), NULL, NULL, WATCH_NAMESPACES,
					     e->copies ? FC_WATCH_METADATA : FC_WATCH_ANNOTATED);
	fc_resource_unref(r);
}

bool namespaces_known(const struct cluster *c)
{
	return c->namespaces_failed || (c->namespaces_watch && c->namespaces_watch->synced);
}

bool namespaces_listed(const struct cluster *c)
{
	return c->namespaces_watch && c->namespaces_watch->synced;
}

struct space *namespace_find(const struct fc_engine *e, const struct cluster *c, const char *name)
{
	const char *interned = name && name[0] ? fc_intern_find(e->strings, name) : NULL;
	struct space *s = NULL;

	if (interned)
		HASH_FIND(hh, c->spaces, &interned, sizeof(interned), s);
	return s;
}

static struct space *space_take(struct fc_engine *e, struct cluster *c, const char *name)
{
	struct space *s = namespace_find(e, c, name);

	if (s)
		return s;
	s = fc_xcalloc(1, sizeof(*s));
	s->name = fc_intern_take(e->strings, name);
	HASH_ADD(hh, c->spaces, name, sizeof(s->name), s);
	return s;
}

static void space_free(struct fc_engine *e, struct cluster *c, struct space *s)
{
	HASH_DEL(c->spaces, s);
	fc_intern_drop(e->strings, s->name);
	free(s->allow_namespaces);
	free(s->allow_clusters);
	free(s->accept_from);
	json_decref(s->labels);
	free(s);
}

static bool is_it(const char *namespace_, const char *name)
{
	return !name || (namespace_ && strcmp(namespace_, name) == 0);
}

static void bind_readers(struct fc_engine *e, struct word *w, const char *name)
{
	struct rule *r, *next;

	DL_FOREACH_SAFE2(w->rules, r, next, next_in_word) {
		if (!is_it(rule_source_namespace(r), name))
			continue;
		rule_bind(e, r);
		target_mark(e, r->target);
	}
}

/* Whoever lies in that namespace, or reads from it, is decided about again; NULL: in or from any of the cluster. */
static void mark_concerned(struct fc_engine *e, const struct cluster *c, const char *name)
{
	struct target *t;

	for (const struct watch *w = c->watches; w; w = w->next_in_cluster)
		for (t = w->targets; t; t = t->next_in_watch)
			if (is_it(t->key.namespace_, name)) {
				copy_retry_at_once(t);
				target_mark(e, t);
			}
	for (struct word *w = c->words; w; w = w->next) {
		bind_readers(e, w, name);
		copy_rules_of_space_changed(e, w, name);
	}
	if (!e->copies)
		return;
	FC_TABLE_FOREACH(&e->targets, at, t)
		if (whole_reads_from(t, c, name)) {
			copy_retry_at_once(t);
			target_mark(e, t);
		}
	cycles_pairs_permitted_anew(e);
}

static bool take_text(char **slot, const char *text)
{
	if (*slot ? text && strcmp(*slot, text) == 0 : !text)
		return false;
	free(*slot);
	*slot = fc_xstrdup_null(text);
	return true;
}

static bool take_flag(bool *slot, bool value)
{
	bool news = *slot != value;

	*slot = value;
	return news;
}

/* Only where somebody selects by them: kept for ten thousand Namespaces they would be felt. */
static bool take_labels(const struct fc_engine *e, struct space *s, const json_t *object)
{
	json_t *labels = e->copies ? json_object_get(json_object_get(object, "metadata"), "labels") : NULL;

	if ((!labels && !s->labels) || json_equal(labels, s->labels))
		return false;
	json_decref(s->labels);
	s->labels = json_incref(labels);
	return true;
}

void namespace_object(struct fc_engine *e, struct watch *w, const json_t *object)
{
	struct cluster *c = cluster_of(e, w->cluster);
	const char *name = fc_json_metadata(object, "name");
	bool is_new = !namespace_find(e, c, name), labels, ends;
	struct space *s = space_take(e, c, name);
	bool news;

	s->generation_seen = w->generation;
	news = take_flag(&s->paused, fc_marks_paused(object));
	ends = take_flag(&s->terminating, fc_json_metadata(object, "deletionTimestamp")[0] != '\0');
	news |= ends;
	news |= take_text(&s->allow_namespaces, fc_marks_annotation(object, FC_MARK_ALLOW_NAMESPACES));
	news |= take_text(&s->allow_clusters, fc_marks_annotation(object, FC_MARK_ALLOW_CLUSTERS));
	news |= take_text(&s->accept_from, fc_marks_annotation(object, FC_MARK_ACCEPT_FROM));
	labels = take_labels(e, s, object);
	if (is_new || labels || ends)
		sites_namespace_changed(e, c, s->name);
	if (ends)
		origins_mark_space(e, c, s->name);
	/* At the end of the first list all are. */
	if ((news || (is_new && e->copies)) && w->synced)
		mark_concerned(e, c, s->name);
}

static void is_gone(struct fc_engine *e, struct cluster *c, struct space *s)
{
	const char *name = fc_intern_again(e->strings, s->name);

	space_free(e, c, s);
	mark_concerned(e, c, name);
	sites_namespace_changed(e, c, name);
	fc_intern_drop(e->strings, name);
}

void namespace_gone(struct fc_engine *e, struct watch *w, const char *name)
{
	struct cluster *c = cluster_of(e, w->cluster);
	struct space *s = namespace_find(e, c, name);

	if (s)
		is_gone(e, c, s);
}

void namespace_unreadable(struct fc_engine *e, struct watch *w, const char *name)
{
	struct space *s = namespace_find(e, cluster_of(e, w->cluster), name);

	if (s)
		s->generation_seen = w->generation;
}

void namespaces_list_end(struct fc_engine *e, struct watch *w, bool complete, bool first)
{
	struct cluster *c = cluster_of(e, w->cluster);
	struct space *s, *next;

	HASH_ITER(hh, c->spaces, s, next)
		if (complete && s->generation_seen != w->generation)
			is_gone(e, c, s);
	sites_cluster_changed(e, c);
	if (first)
		mark_concerned(e, c, NULL);
}

void namespaces_failed(struct fc_engine *e, struct watch *w)
{
	struct cluster *c = cluster_of(e, w->cluster);

	/* A connection that broke is no answer. */
	if (w->synced || c->namespaces_failed || c->connection != UP || w->error.cls == FC_ERR_NETWORK)
		return;
	c->namespaces_failed = true;
	report_cluster(e, FC_LOG_INFO, c, "Namespaces cannot be watched: consents and pauses on them are not seen",
		       w->error.text);
	sites_cluster_changed(e, c);
	cluster_mark_concerned(e, c);
}

void namespaces_free(struct fc_engine *e, struct cluster *c)
{
	struct space *s, *next;

	HASH_ITER(hh, c->spaces, s, next)
		space_free(e, c, s);
}
