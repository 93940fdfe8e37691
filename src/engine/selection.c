/* SPDX-License-Identifier: Apache-2.0 */
/* Which clusters and namespaces a whole-object rule means: a site for each cluster, a pair for each namespace of it. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/glob.h"
#include "model/names.h"

/* --- watches of destinations --- */

static struct watch *find_watch(const struct cluster *c, const struct fc_resource *r, const char *namespace_)
{
	for (struct watch *w = c->watches; w; w = w->next_in_cluster)
		if (w->use == WATCH_TARGETS && w->resource == r &&
		    (!w->namespace_ || (namespace_ && strcmp(w->namespace_, namespace_) == 0)))
			return w;
	return NULL;
}

/* From what bears a mark, to all metadata, to whole objects. */
static int breadth(enum fc_watch_content content)
{
	return content == FC_WATCH_ANNOTATED ? 0 : content == FC_WATCH_METADATA ? 1 : 2;
}

struct watch *target_watch(struct fc_engine *e, struct cluster *c, const struct fc_resource *r, const char *namespace_,
			   enum fc_watch_content content)
{
	struct watch *w = find_watch(c, r, namespace_);

	if (!w)
		return watch_start_as(e, c->no, r, namespace_, NULL, WATCH_TARGETS, content);
	if (breadth(content) <= breadth(w->content))
		return w;
	/* What it told stays known. The new list tells the same again, and more: until then nobody knows what stands
	 * where it told of nothing. */
	w->content = content;
	w->broadened = true;
	if (c->connection != REFUSED) {
		watch_silence(e, w);
		watch_say_start(e, w);
	}
	return w;
}

static struct watch *site_watch(struct fc_engine *e, const struct site *s, const char *namespace_)
{
	const struct fc_resource *r = s->word->resource;
	bool narrow = (e->options.namespace_count || e->options.copies_in.count) && r->namespaced;

	/* Of a thousand namespaces it is looked up once. */
	if (s->pairs && !s->pairs->target->watch->namespace_ && s->pairs->target->key.resource == r)
		return s->pairs->target->watch;
	return target_watch(e, s->cluster, r, narrow ? namespace_ : NULL, FC_WATCH_METADATA);
}

/* --- namespaces --- */

static bool is_named(const struct fc_copy_spec *spec, const char *namespace_)
{
	for (size_t i = 0; i < spec->name_count; i++)
		if (strcmp(spec->names[i], namespace_) == 0)
			return true;
	return false;
}

static bool is_excepted(const struct fc_copy_spec *spec, const char *namespace_)
{
	for (size_t i = 0; i < spec->except_count; i++)
		if (strcmp(spec->except[i], namespace_) == 0)
			return true;
	return false;
}

static bool is_matched(const struct copy_rule *cr, const struct space *space)
{
	const struct fc_copy_spec *spec = &cr->spec;

	if (is_excepted(spec, space->name))
		return false;
	if (spec->selector && fc_selector_matches(spec->selector, space->labels))
		return true;
	if (cr->dialect->copy->matches)
		return spec->pattern_count && cr->dialect->copy->matches(spec, space->name);
	for (size_t i = 0; i < spec->pattern_count; i++)
		if (fc_glob_match((struct fc_glob){ spec->patterns[i], strlen(spec->patterns[i]) }, space->name))
			return true;
	return false;
}

static bool needs_spaces(const struct fc_copy_spec *spec)
{
	return spec->selector || spec->pattern_count;
}

/* The source itself is no copy of it. */
static bool is_source(const struct site *s, const char *namespace_)
{
	const struct copy_rule *cr = s->rule;

	return s->cluster == cr->word->cluster && strcmp(namespace_, copy_rule_source_namespace(cr)) == 0 &&
	       strcmp(copy_rule_name(cr), copy_rule_source_name(cr)) == 0;
}

static bool is_ending(const struct site *s, const struct space *space)
{
	return s->rule->dialect->copy->live_spaces && space->terminating;
}

/* What was copied stays when the operator permits it no more (design section 7). */
static bool has_copy(struct fc_engine *e, const struct site *s, const char *namespace_)
{
	const struct copy_rule *cr = s->rule;
	const struct target *t = target_find(e, s->cluster->no, s->word->resource, namespace_, copy_rule_name(cr));
	const struct copy *c = t ? t->copy : NULL;
	const struct memory *m = c ? memory_of(c, cr->bearer) : NULL;

	if (!m || !fc_rv_is_set(&t->version))
		return false;
	return memory_is_of(m, c) || (c->origin && c->origin == (s->cluster == cr->word->cluster ? cr->near : cr->far));
}

/* A pattern means system namespaces only where the operator does. */
static bool is_left_out(struct fc_engine *e, const struct site *s, const char *namespace_)
{
	const struct copy_rule *cr = s->rule;
	const struct copy_query q = { .ends = {
					      .source = { cr->word->cluster->no, cr->resource,
							  copy_rule_source_namespace(cr) },
					      .target = { s->cluster->no, s->word->resource, namespace_ },
				      } };

	return cr->dialect->copy->live_spaces && fc_name_is_system_namespace(namespace_) &&
	       !permission_of_operator(e, &q) && !has_copy(e, s, namespace_);
}

static bool is_outside(const struct fc_engine *e, const char *namespace_)
{
	return !namespace_selected(e, namespace_) || !namespace_is_in(&e->options.copies_in, namespace_);
}

static bool is_selected(struct fc_engine *e, const struct site *s, const char *namespace_)
{
	const struct fc_copy_spec *spec = &s->rule->spec;
	const struct space *space = namespace_find(e, s->cluster, namespace_);

	if (is_outside(e, namespace_) || is_source(s, namespace_) || (space && is_ending(s, space)))
		return false;
	return is_named(spec, namespace_) || (space && is_matched(s->rule, space) && !is_left_out(e, s, namespace_));
}

static void settle_namespace(struct fc_engine *e, struct site *s, const char *namespace_)
{
	struct pair *p = pair_find(e, s, namespace_);

	if (is_selected(e, s, namespace_)) {
		if (!p)
			pair_add(e, s, namespace_, site_watch(e, s, namespace_));
	} else if (p) {
		pair_free(e, p);
	}
}

/* Nothing is known, or to be done, of what it selects: an invalid rule leaves all as it is. */
static bool is_idle(const struct site *s)
{
	const struct copy_rule *cr = s->rule;

	return copy_rule_is_invalid(cr) || cr->denied || !cr->source || !s->word || !s->word->resource;
}

/* The type may be another version here; another kind it is not. */
static bool is_same_kind(const struct site *s)
{
	const struct fc_resource *here = s->word->resource, *there = s->rule->resource;

	return strcmp(here->kind, there->kind) == 0 && strcmp(here->group, there->group) == 0 &&
	       here->namespaced == there->namespaced;
}

static void drop_pairs(struct fc_engine *e, struct site *s)
{
	while (s->pairs)
		pair_free(e, s->pairs);
}

static void origin_settled(struct fc_engine *e, struct site *s)
{
	const struct copy_rule *cr = s->rule;

	origin_mark(e, s->cluster == cr->word->cluster ? cr->near : cr->far);
}

static void drop_unselected(struct fc_engine *e, struct site *s)
{
	struct pair *p, *next;

	DL_FOREACH_SAFE2(s->pairs, p, next, next_in_site)
		if (p->target->key.resource != s->word->resource || !is_selected(e, s, p->target->key.namespace_))
			pair_free(e, p);
}

static void warn_outside(struct fc_engine *e, struct copy_rule *cr)
{
	if (cr->warned)
		return;
	cr->warned = true;
	notice_warning(e, cr->bearer->target, "a destination's namespace is not one of those that are worked in");
}

static void add_selected(struct fc_engine *e, struct site *s)
{
	struct space *space, *next;

	for (size_t i = 0; i < s->rule->spec.name_count; i++) {
		settle_namespace(e, s, s->rule->spec.names[i]);
		if (s->rule->dialect->copy->live_spaces && is_outside(e, s->rule->spec.names[i]))
			warn_outside(e, s->rule);
	}
	if (needs_spaces(&s->rule->spec))
		HASH_ITER(hh, s->cluster->spaces, space, next)
			settle_namespace(e, s, space->name);
}

void site_settle(struct fc_engine *e, struct site *s)
{
	bool known = !needs_spaces(&s->rule->spec) || namespaces_listed(s->cluster);

	s->settled = false;
	if (is_idle(s) || !is_same_kind(s)) {
		drop_pairs(e, s);
	} else if (s->rule->ending) {
		/* What it had made is known by its marks alone. */
		site_watch(e, s, copy_rule_source_namespace(s->rule));
		s->settled = true;
		drop_pairs(e, s);
	} else if (known) {
		/* Whatever stands there must be known before anything is judged to be left over. */
		site_watch(e, s, copy_rule_source_namespace(s->rule));
		s->settled = true;
		drop_unselected(e, s);
		add_selected(e, s);
	}
	if (s->settled)
		origin_settled(e, s);
	if (s->rule->hold)
		target_mark(e, s->rule->hold);
	copy_rule_look_at_body(e, s->rule);
	site_judge(e, s);
}

/* --- sites --- */

static struct site *site_new(struct fc_engine *e, struct copy_rule *cr, struct cluster *c)
{
	struct site *s = fc_xcalloc(1, sizeof(*s));

	s->rule = cr;
	s->cluster = c;
	s->serial = ++e->next_target;
	s->speaks = true;
	condition_init(e, &s->cond, cr->dialect);
	LL_PREPEND(cr->sites, s);
	DL_APPEND2(c->sites, s, prev_in_cluster, next_in_cluster);
	if (!cr->word)
		return s;
	s->word = cluster_word(e, c, cr->word->text);
	DL_APPEND2(s->word->sites, s, prev_in_word, next_in_word);
	namespaces_watch(e, c);
	return s;
}

void site_free(struct fc_engine *e, struct site *s)
{
	drop_pairs(e, s);
	site_is_silent(e, s);
	if (s->word) {
		DL_DELETE2(s->word->sites, s, prev_in_word, next_in_word);
		if (!word_is_used(s->word))
			cluster_forget_word(e, s->word);
	}
	DL_DELETE2(s->cluster->sites, s, prev_in_cluster, next_in_cluster);
	LL_DELETE(s->rule->sites, s);
	free(s);
}

static struct site *site_find(const struct copy_rule *cr, const struct cluster *c)
{
	struct site *s;

	for (s = cr->sites; s && s->cluster != c; s = s->next)
		;
	return s;
}

/* The own cluster always, but for what is meant for others: what there is to say of the rule is said there. */
static bool takes_cluster(const struct copy_rule *cr, const struct cluster *c)
{
	const struct fc_cluster_selection *clusters = cr->bearer->clusters;

	if (c->no == cr->bearer->target->key.cluster)
		return cr->spec.reach != FC_COPY_ABROAD;
	return cr->spec.reach != FC_COPY_AT_HOME && !copy_rule_is_invalid(cr) && !cr->denied && cr->resource &&
	       clusters && !c->leaving && fc_cluster_selection_takes(clusters, c->info.name, c->info.labels);
}

/* One that came while this process runs may have left before, with copies that the status lists no more. */
static bool may_have_had_another_name(const struct fc_engine *e, const struct copy_rule *cr, const struct cluster *c)
{
	return c->added && cr->dialect->copy->remember && cr->bearer->names_clusters && cr->word && cr->resource &&
	       !e->options.copies_in.count;
}

void copy_rule_select_clusters(struct fc_engine *e, struct copy_rule *cr)
{
	for (size_t i = 0; i < e->cluster_count; i++) {
		struct cluster *c = e->clusters[i];
		struct site *s = site_find(cr, c);

		/* Malformed: what was copied stays, nothing is written; no longer selected: that is another matter. */
		if (s && (!takes_cluster(cr, c) || (!s->word && cr->word))) {
			site_free(e, s);
			s = NULL;
		}
		if (!s && takes_cluster(cr, c))
			s = site_new(e, cr, c);
		if (s)
			site_settle(e, s);
		else if (may_have_had_another_name(e, cr, c))
			copies_are_sought(e, c, cr->word->text);
	}
	/* Copies on clusters that it has no site on any more. */
	if (cr->far)
		origin_mark(e, cr->far);
}

void sites_namespace_changed(struct fc_engine *e, struct cluster *c, const char *name)
{
	struct site *s, *next;

	DL_FOREACH_SAFE2(c->sites, s, next, next_in_cluster) {
		if (!s->settled || s->rule->ending)
			continue;
		settle_namespace(e, s, name);
		origin_settled(e, s);
		site_judge(e, s);
	}
}

static void settle_again(struct fc_engine *e, struct site *s, const char *namespace_)
{
	if (!s->settled || s->rule->ending || !s->rule->dialect->copy->live_spaces)
		return;
	settle_namespace(e, s, namespace_);
	origin_settled(e, s);
	site_judge(e, s);
}

void site_copy_is_listed(struct fc_engine *e, const struct memory *m)
{
	for (struct copy_rule *cr = fc_name_is_system_namespace(m->is.namespace_) ? m->bearer->rules : NULL; cr;
	     cr = cr->next)
		for (struct site *s = cr->sites; s; s = s->next)
			if (s->cluster == m->cluster && s->word == m->word)
				settle_again(e, s, m->is.namespace_);
}

void sites_copy_is_told(struct fc_engine *e, const struct target *t)
{
	struct pair *p, *next;

	if (!fc_name_is_system_namespace(t->key.namespace_))
		return;
	for (const struct memory *m = t->copy->memories; m; m = m->next_in_target)
		site_copy_is_listed(e, m);
	LL_FOREACH_SAFE(t->copy->pairs, p, next)
		settle_again(e, p->site, t->key.namespace_);
}

void sites_cluster_changed(struct fc_engine *e, struct cluster *c)
{
	struct site *s, *next;

	DL_FOREACH_SAFE2(c->sites, s, next, next_in_cluster)
		site_settle(e, s);
	DL_FOREACH2(c->sites, s, next_in_cluster)
		if (s->rule->dialect->copy->remember)
			target_mark(e, s->rule->bearer->target);
}

void sites_set_changed(struct fc_engine *e)
{
	struct target *t;

	e->set_changes++;
	if (!e->copies)
		return;
	FC_TABLE_FOREACH(&e->targets, at, t) {
		for (struct copy_rule *cr = t->bearer ? t->bearer->rules : NULL; cr; cr = cr->next)
			copy_rule_bind(e, cr);
		if (t->bearer)
			memories_bind(e, t->bearer);
	}
}
