/* SPDX-License-Identifier: Apache-2.0 */
/* Marks: whose copy an object is. What marks name is an origin; the rules that make such copies point to the same one.
 * Where an origin has no rule any more, whatever it names is asked for in its cluster before anything is done about
 * what is left of its copies: only a 404 that names it says that it is gone (design section 5, promise 9). */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/copy_marks.h"
#include "model/marks.h"

/* --- keys --- */

static struct origin_key key_make(struct fc_engine *e, const struct fc_dialect *d, const struct fc_resource *r,
				  const struct fc_copy_mark *m)
{
	struct origin_key key;

	/* Compared as bytes. */
	memset(&key, 0, sizeof(key));
	key.cluster = FC_NO_CLUSTER;
	key.dialect = d;
	key.group = fc_intern_take(e->strings, r->group);
	key.kind = fc_intern_take(e->strings, r->kind);
	key.namespace_ = fc_intern_take(e->strings, m->namespace_);
	key.name = fc_intern_take(e->strings, m->name);
	key.rule_namespace = fc_intern_take(e->strings, m->rule_namespace);
	key.rule_name = fc_intern_take(e->strings, m->rule_name);
	return key;
}

static void drop_key(struct fc_engine *e, struct origin_key *key)
{
	fc_intern_drop(e->strings, key->cluster_id);
	fc_intern_drop(e->strings, key->group);
	fc_intern_drop(e->strings, key->kind);
	fc_intern_drop(e->strings, key->namespace_);
	fc_intern_drop(e->strings, key->name);
	fc_intern_drop(e->strings, key->rule_namespace);
	fc_intern_drop(e->strings, key->rule_name);
}

/* A reference to the one of that key, which is given up. */
static struct origin *origin_take(struct fc_engine *e, struct origin_key *key)
{
	struct origin *o = NULL;

	HASH_FIND(hh, e->origins, key, sizeof(*key), o);
	if (o) {
		drop_key(e, key);
	} else {
		o = fc_xcalloc(1, sizeof(*o));
		o->key = *key;
		HASH_ADD(hh, e->origins, key, sizeof(o->key), o);
	}
	return origin_ref(o);
}

struct origin *origin_ref(struct origin *o)
{
	o->refs++;
	return o;
}

static void ask_no_more(struct fc_engine *e, struct origin *o)
{
	struct target *t = o->asked;

	o->gone = o->there = false;
	if (!t)
		return;
	o->asked = NULL;
	DL_DELETE2(t->asked, o, prev_in_asked, next_in_asked);
	/* It may have been kept for this alone. */
	target_mark(e, t);
}

void origin_unref(struct fc_engine *e, struct origin *o)
{
	if (!o || --o->refs)
		return;
	ask_no_more(e, o);
	HASH_DEL(e->origins, o);
	drop_key(e, &o->key);
	free(o->rules);
	free(o->bearers);
	free(o);
}

void origin_mark(struct fc_engine *e, struct origin *o)
{
	for (struct target *t = o ? o->targets : NULL; t; t = t->copy->next_in_origin)
		target_mark(e, t);
}

/* --- rules --- */

struct origin *origin_of_rule(struct fc_engine *e, const struct copy_rule *cr, bool far)
{
	const struct key *bearer = &cr->bearer->target->key;
	const struct cluster *c = cluster_of(e, bearer->cluster);
	bool is_source = !cr->spec.name;
	struct fc_copy_mark m = { 0 };
	struct origin_key key;
	const char *id = far ? fc_intern_take(e->strings, c->id) : NULL;

	if (far && !id)
		return NULL;
	/* A custom resource's own marks name either it or its source; which, is the dialect's way. */
	if (far || is_source || cr->dialect->copy->marks_name_source) {
		m.namespace_ = fc_xstrdup(copy_rule_source_namespace(cr));
		m.name = fc_xstrdup(copy_rule_source_name(cr));
	}
	if (!is_source && (far || !cr->dialect->copy->marks_name_source)) {
		m.rule_namespace = fc_xstrdup(bearer->namespace_);
		m.rule_name = fc_xstrdup(bearer->name);
	}
	key = key_make(e, cr->dialect, cr->word->resource, &m);
	key.cluster_id = id;
	if (!far)
		key.cluster = c->no;
	fc_copy_mark_fini(&m);
	return origin_take(e, &key);
}

void origin_add_rule(struct origin *o, struct copy_rule *cr)
{
	FC_GROW(o->rules, o->rule_count, o->rule_cap);
	o->rules[o->rule_count++] = cr;
}

void origin_remove_rule(struct fc_engine *e, struct origin *o, struct copy_rule *cr)
{
	for (size_t i = 0; i < o->rule_count; i++) {
		if (o->rules[i] != cr)
			continue;
		o->rules[i] = o->rules[--o->rule_count];
		break;
	}
	/* What was said of it was said of another time. */
	o->gone = o->there = false;
	origin_mark(e, o);
}

void origin_add_bearer(struct origin *o, struct bearer *b)
{
	for (size_t i = 0; i < o->bearer_count; i++)
		if (o->bearers[i] == b)
			return;
	FC_GROW(o->bearers, o->bearer_count, o->bearer_cap);
	o->bearers[o->bearer_count++] = b;
	FC_GROW(b->origins, b->origin_count, b->origin_cap);
	b->origins[b->origin_count++] = origin_ref(o);
}

/* Does it name that custom resource, whatever it copies? */
static bool names_rule(const struct fc_engine *e, const struct origin *o, const struct key *k,
		       const struct fc_dialect *d)
{
	return o->key.dialect == d && o->key.rule_name && strcmp(o->key.rule_name, k->name) == 0 &&
	       strcmp(o->key.rule_namespace, k->namespace_) == 0 && origin_cluster(e, o) == cluster_of(e, k->cluster);
}

/* What a custom resource has asked for before may be told by nothing but the marks of its copies: it is looked for when
 * it ends. */
static void expect_of_resource(struct fc_engine *e, struct bearer *b, const struct fc_dialect *d)
{
	const struct key *k = &b->target->key;
	struct cluster *c = cluster_of(e, k->cluster);
	struct fc_copy_mark m = { .rule_namespace = (char *)(uintptr_t)k->namespace_,
				  .rule_name = (char *)(uintptr_t)k->name };
	struct origin *o, *next;

	for (const char *const *text = d->copy->copies; b->target->deleting && text && *text; text++) {
		const struct word *w = cluster_word(e, c, *text);
		struct origin_key key;

		if (!w->resource || d->copy->marks_name_source)
			continue;
		key = key_make(e, d, w->resource, &m);
		key.cluster = c->no;
		o = origin_take(e, &key);
		origin_add_bearer(o, b);
		origin_unref(e, o);
	}
	HASH_ITER(hh, e->origins, o, next)
		if (b->target->deleting && names_rule(e, o, k, d))
			origin_add_bearer(o, b);
}

void origins_expect(struct fc_engine *e, struct bearer *b, const struct fc_dialect *d)
{
	const struct key *k = &b->target->key;
	struct cluster *c = cluster_of(e, k->cluster);
	struct fc_copy_mark m = { 0 };

	if (d->copy->bodies) {
		expect_of_resource(e, b, d);
		return;
	}
	if (b->origin_count)
		return;
	m.namespace_ = fc_xstrdup(k->namespace_);
	m.name = fc_xstrdup(k->name);
	for (int far = 0; far < (c->id ? 2 : 1); far++) {
		struct origin_key key = key_make(e, d, k->resource, &m);
		struct origin *o;

		key.cluster_id = far ? fc_intern_take(e->strings, c->id) : NULL;
		key.cluster = far ? FC_NO_CLUSTER : c->no;
		o = origin_take(e, &key);
		origin_add_bearer(o, b);
		origin_mark(e, o);
		origin_unref(e, o);
	}
	fc_copy_mark_fini(&m);
}

void origins_forget_bearer(struct fc_engine *e, struct bearer *b)
{
	for (size_t i = 0; i < b->origin_count; i++) {
		struct origin *o = b->origins[i];

		for (size_t k = 0; k < o->bearer_count; k++) {
			if (o->bearers[k] != b)
				continue;
			o->bearers[k] = o->bearers[--o->bearer_count];
			break;
		}
		origin_unref(e, o);
	}
	free(b->origins);
	b->origins = NULL;
	b->origin_count = b->origin_cap = 0;
}

/* --- marks of an object --- */

static bool is_copied_by(const struct fc_engine *e, const struct fc_dialect *d, const struct cluster *c)
{
	return d->copy && d->copy->mark && dialect_acts(e, d, c);
}

/* The marks of another cluster go first: a copy that bears them is none of any dialect here. */
static bool read_far(struct fc_engine *e, const struct fc_resource *r, const json_t *object, struct origin_key *key)
{
	const struct fc_dialect *d = NULL;
	struct fc_origin o;

	if (!fc_origin_read(object, &o))
		return false;
	for (size_t i = 0; e->options.dialects[i]; i++)
		if (e->options.dialects[i]->copy && strcmp(e->options.dialects[i]->name, o.dialect) == 0)
			d = e->options.dialects[i];
	if (d) {
		struct fc_copy_mark m = { .namespace_ = o.namespace_,
					  .name = o.name,
					  .rule_namespace = o.rule_namespace,
					  .rule_name = o.rule_name };

		*key = key_make(e, d, r, &m);
		key->cluster_id = fc_intern_take(e->strings, o.cluster_id);
	}
	fc_origin_fini(&o);
	return d;
}

/* Whose marks an object bears; NULL: nobody's. */
static const struct fc_dialect *find_near(const struct fc_engine *e, const struct cluster *c, const json_t *object,
					  bool prevailing, struct fc_copy_mark *m)
{
	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		*m = (struct fc_copy_mark){ 0 };
		if (is_copied_by(e, d, c) && d->copy->marks_prevail == prevailing && d->copy->mark(d, object, m))
			return d;
	}
	return NULL;
}

static bool read_near(struct fc_engine *e, const struct cluster *c, const struct fc_resource *r, const json_t *object,
		      struct origin_key *key, struct fc_copy_mark *m)
{
	const struct fc_dialect *d = find_near(e, c, object, true, m) ?: find_near(e, c, object, false, m);

	if (!d)
		return false;
	*key = key_make(e, d, r, m);
	key->cluster = c->no;
	return true;
}

/* An object that bears marks of another cluster, known or not, is of no dialect here. */
static bool bears_far_marks(const json_t *object)
{
	return fc_json_annotation(object, FC_MARK_ORIGIN);
}

bool copy_is_marked(const struct fc_engine *e, const struct cluster *c, const json_t *object)
{
	if (bears_far_marks(object))
		return true;
	for (size_t i = 0; e->options.dialects[i]; i++) {
		struct fc_copy_mark m = { 0 };
		const struct fc_dialect *d = e->options.dialects[i];
		bool marked = is_copied_by(e, d, c) && d->copy->mark(d, object, &m);

		fc_copy_mark_fini(&m);
		if (marked)
			return true;
	}
	return false;
}

static bool is_claimed_by(const struct fc_dialect *d, const json_t *object)
{
	struct fc_copy_mark m = { 0 };
	struct fc_copy_specs specs = { 0 };
	bool claimed = d->copy->mark && d->copy->mark(d, object, &m) && !m.free_for_all;

	fc_copy_mark_fini(&m);
	/* A custom resource stands nowhere a copy could. */
	if (claimed || d->copy->bodies)
		return claimed;
	d->copy->scan(d, object, &specs);
	claimed = specs.count > 0;
	fc_copy_specs_fini(d, &specs);
	return claimed;
}

bool copy_is_claimed(const struct fc_engine *e, const json_t *object)
{
	const struct fc_dialect *const *known = e->options.known_dialects ?: e->options.dialects;

	if (bears_far_marks(object))
		return true;
	for (; *known; known++)
		if ((*known)->copy && is_claimed_by(*known, object))
			return true;
	return false;
}

/* The links are in struct copy, which most targets have not: no macro of utlist reaches them. */
static void join_list(struct origin *o, struct target *t)
{
	t->copy->prev_in_origin = NULL;
	t->copy->next_in_origin = o->targets;
	if (o->targets)
		o->targets->copy->prev_in_origin = t;
	o->targets = t;
}

static void leave_list(struct origin *o, struct target *t)
{
	struct target *prev = t->copy->prev_in_origin, *next = t->copy->next_in_origin;

	if (prev)
		prev->copy->next_in_origin = next;
	else
		o->targets = next;
	if (next)
		next->copy->prev_in_origin = prev;
	t->copy->prev_in_origin = t->copy->next_in_origin = NULL;
}

/* A finalizer may have waited for one of its copies. */
static void mark_bearers(struct fc_engine *e, const struct origin *o)
{
	for (size_t i = 0; i < o->bearer_count; i++)
		target_mark(e, o->bearers[i]->target);
}

void copy_remember_former(struct fc_engine *e, struct copy *c)
{
	if (!c->origin || !dialect_judges(c->origin->key.dialect))
		return;
	origin_unref(e, c->former);
	c->former = origin_ref(c->origin);
}

void copy_drop_marks(struct fc_engine *e, struct target *t)
{
	struct cluster *c = cluster_of(e, t->key.cluster);
	struct origin *o = t->copy->origin;

	if (!o)
		return;
	t->copy->origin = NULL;
	t->copy->mark_flags = 0;
	t->copy->released = t->copy->free_for_all = t->copy->claimed = false;
	leave_list(o, t);
	if (c)
		c->copies--;
	mark_bearers(e, o);
	holds_mark_source(e, o, t->key.resource);
	memories_mark_bearers(e, t->copy);
	origin_unref(e, o);
}

static void mark_readers(struct fc_engine *e, const struct target *t)
{
	struct source *s = source_of_key(e, &t->key);

	if (s)
		copy_rules_mark_source(e, s);
}

void copy_take_marks(struct fc_engine *e, struct target *t, const json_t *object)
{
	struct cluster *c = cluster_of(e, t->key.cluster);
	struct fc_copy_mark m = { 0 };
	struct origin_key key;
	struct origin *o = NULL;
	bool far = bears_far_marks(object);

	if (far ? read_far(e, t->key.resource, object, &key) : read_near(e, c, t->key.resource, object, &key, &m))
		o = origin_take(e, &key);
	if (!o && !t->copy)
		return;
	copy_part(t);
	if (t->copy->origin != o) {
		copy_drop_marks(e, t);
		t->copy->origin = o;
		if (o) {
			join_list(o, t);
			c->copies++;
		}
		/* Whoever copies it further may be on its way back. */
		mark_readers(e, t);
	} else if (o) {
		origin_unref(e, o);
	}
	free(t->copy->far_state);
	t->copy->far_state = far ? fc_xstrdup_null(fc_marks_annotation(object, FC_MARK_ORIGIN_STATE)) : NULL;
	if (far && o && o->key.dialect->copy->state_flags) {
		const char *text = fc_marks_annotation(object, FC_MARK_ORIGIN_STATE);

		m.flags = text ? o->key.dialect->copy->state_flags(text) : 0;
	}
	if (o && (t->deleting || (m.released && !t->copy->released))) {
		mark_bearers(e, o);
		holds_mark_source(e, o, t->key.resource);
		memories_mark_bearers(e, t->copy);
	}
	t->copy->mark_flags = m.flags;
	t->copy->released = m.released;
	t->copy->free_for_all = m.free_for_all;
	t->copy->claimed = (!o || m.free_for_all) && copy_is_claimed(e, object);
	fc_copy_mark_fini(&m);
}

/* --- is it there? --- */

struct cluster *origin_cluster(const struct fc_engine *e, const struct origin *o)
{
	if (!o->key.cluster_id)
		return cluster_of(e, o->key.cluster);
	for (size_t i = 0; i < e->cluster_count; i++) {
		struct cluster *c = e->clusters[i];

		if (!c->leaving && c->id && strcmp(c->id, o->key.cluster_id) == 0)
			return c;
	}
	return NULL;
}

/* The marks of copies elsewhere, in the very cluster that they name: somebody has brought a copy back, the source
 * itself even. Nobody here has made it. */
bool copy_stands_at_home(const struct fc_engine *e, const struct target *t)
{
	const struct origin *o = t->copy->origin;
	const struct cluster *c = o && o->key.cluster_id ? origin_cluster(e, o) : NULL;

	return c && c->no == t->key.cluster;
}

/* The resource of what is named, as that cluster's watch of it has it; NULL: it is not watched, or has not told. */
static struct watch *watch_of_named(const struct origin *o, const struct cluster *c)
{
	bool by_rule = o->key.rule_name;
	const char *namespace_ = by_rule ? o->key.rule_namespace : o->key.namespace_;
	for (struct watch *w = c->watches; w; w = w->next_in_cluster) {
		if (w->use != WATCH_TARGETS || w->unserved || (w->namespace_ && strcmp(w->namespace_, namespace_) != 0))
			continue;
		if (by_rule && o->key.dialect->copy->bodies ? is_bearer_resource(o->key.dialect, c, w->resource)
							    : strcmp(w->resource->kind, o->key.kind) == 0 &&
								      strcmp(w->resource->group, o->key.group) == 0)
			return w->synced ? w : NULL;
	}
	return NULL;
}

static const char *named_namespace(const struct origin *o)
{
	return o->key.rule_name ? o->key.rule_namespace : o->key.namespace_;
}

static const char *named_name(const struct origin *o)
{
	return o->key.rule_name ? o->key.rule_name : o->key.name;
}

/* Until it has changed, or is written (news are held meanwhile, and may say otherwise), nothing is judged by it. */
static bool is_awaited(struct bearer *b, bool why)
{
	b->awaited = b->awaited || why;
	return why;
}

/* What it wants instead in that cluster is not there yet, and its dialect waits for that. */
static bool is_moving(const struct copy_rule *cr, const struct cluster *c)
{
	if (!cr->dialect->copy->moves)
		return false;
	for (const struct site *s = cr->sites; s; s = s->next)
		for (const struct pair *p = s->cluster == c ? s->pairs : NULL; p; p = p->next_in_site)
			if (p->cond.state != FC_STATE_IN_SYNC)
				return true;
	return false;
}

/* It is there, as its watch tells: no read is needed to say that it asks for no such copies. One whose rules of this
 * dialect cannot be understood, or are of a type that is not known yet, or that is just being written, says nothing. */
enum told { TOLD_NOTHING, TOLD_INVALID, TOLD_ENDING, TOLD_OTHER_RULES };
static enum told told_of_named(struct fc_engine *e, const struct origin *o, const struct watch *w,
			       const struct cluster *there)
{
	const struct target *t = target_find(e, w->cluster, w->resource, named_namespace(o), named_name(o));
	bool waits;

	if (!t || !t->bearer)
		return TOLD_NOTHING;
	waits = t->phase == WRITING;
	for (const struct copy_rule *cr = t->deleting ? NULL : t->bearer->rules; cr; cr = cr->next)
		waits = waits || (cr->dialect == o->key.dialect &&
				  (copy_rule_is_invalid(cr) || !cr->resource || is_moving(cr, there)));
	if (is_awaited(t->bearer, waits))
		return TOLD_INVALID;
	return t->deleting ? TOLD_ENDING : TOLD_OTHER_RULES;
}

void origins_mark_space(struct fc_engine *e, const struct cluster *c, const char *name)
{
	struct origin *o, *next;

	HASH_ITER(hh, e->origins, o, next)
		if (o->targets && o->key.namespace_ && strcmp(o->key.namespace_, name) == 0 &&
		    origin_cluster(e, o) == c)
			origin_mark(e, o);
}

void origins_mark_named(struct fc_engine *e, const struct target *t)
{
	struct origin *o, *next;

	HASH_ITER(hh, e->origins, o, next)
		if (!o->rule_count && strcmp(named_namespace(o), t->key.namespace_) == 0 &&
		    strcmp(named_name(o), t->key.name) == 0)
			origin_mark(e, o);
}

static void ask(struct fc_engine *e, struct origin *o, struct watch *w)
{
	struct target *t = target_take(e, w, named_namespace(o), named_name(o));

	o->asked = t;
	DL_APPEND2(t->asked, o, prev_in_asked, next_in_asked);
	target_mark(e, t);
}

void origins_answered(struct fc_engine *e, struct target *t, bool exists)
{
	for (struct origin *o = t->asked; o; o = o->next_in_asked) {
		o->gone = !exists;
		o->there = exists;
		origin_mark(e, o);
	}
}

void origins_named_is_written(struct fc_engine *e, struct target *t)
{
	bearer_changed(e, t);
	for (struct origin *o = t->asked; o; o = o->next_in_asked)
		origin_mark(e, o);
}

void origins_in_doubt(struct fc_engine *e, struct target *t)
{
	for (struct origin *o = t->asked; o; o = o->next_in_asked) {
		o->gone = o->there = false;
		origin_mark(e, o);
	}
}

void origins_asked_free(struct fc_engine *e, struct target *t)
{
	while (t->asked) {
		struct origin *o = t->asked;

		ask_no_more(e, o);
		origin_mark(e, o);
	}
}

bool asked_decide(struct fc_engine *e, struct target *t)
{
	bool open = false;

	for (struct origin *o = t->asked; o; o = o->next_in_asked)
		open = open || (!o->gone && !o->there);
	if (!open || t->phase != IDLE || cluster_of(e, t->key.cluster)->connection != UP)
		return false;
	if (copy_must_wait(e, t))
		return true;
	target_read(e, t);
	return true;
}

void origins_mark_cluster(struct fc_engine *e, const struct cluster *c)
{
	struct origin *o, *next;

	if (c->connection != UP)
		bearers_mark_ending(e);
	HASH_ITER(hh, e->origins, o, next) {
		if (o->asked && o->asked->key.cluster == c->no && c->connection != UP)
			ask_no_more(e, o);
		/* Finalizers wait for copies on reachable clusters only. */
		for (size_t i = 0; c->connection != UP && i < o->bearer_count; i++)
			if (o->bearers[i]->target->deleting || !o->rule_count)
				target_mark(e, o->bearers[i]->target);
		if (origin_cluster(e, o) == c)
			origin_mark(e, o);
	}
}

/* Its bearer or source may say otherwise in a moment: what is held while it is written, what its watch tells, which was
 * not heard for a while, or what a read is to tell. */
static bool may_say_otherwise(const struct copy_rule *cr)
{
	const struct target *bearer = cr->bearer->target;

	return bearer->phase == WRITING || !bearer->watch->synced || (cr->source && source_is_in_question(cr->source));
}

/* All that its rules select on that cluster is known, and it is not among it. */
bool origin_rules_have_settled(const struct origin *o, const struct cluster *c)
{
	for (size_t i = 0; i < o->rule_count; i++) {
		const struct copy_rule *cr = o->rules[i];

		/* Whatever it may say, it ends. */
		if (!cr->ending && (copy_rule_is_invalid(cr) || cr->denied))
			return false;
		if (is_awaited(cr->bearer, may_say_otherwise(cr) || (!cr->ending && is_moving(cr, c))))
			return false;
		for (const struct site *s = cr->ending ? NULL : cr->sites; s; s = s->next)
			if (s->cluster == c && !s->settled)
				return false;
	}
	return true;
}

/* Copies that are wanted no more by rules that are there: why? */
static enum fc_copy_reason reason_of_rules(const struct origin *o)
{
	bool by_source = !o->key.rule_name && !o->key.dialect->copy->marks_name_source;

	for (size_t i = 0; i < o->rule_count; i++) {
		const struct copy_rule *cr = o->rules[i];

		if (!cr->ending)
			return FC_COPY_DESELECTED;
		by_source = by_source || !cr->bearer->target->deleting;
	}
	return by_source ? FC_COPY_SOURCE_GONE : FC_COPY_BEARER_GONE;
}

/* Is that, by what its rules say now, why nobody wants the copy? */
bool origin_has_reason(const struct origin *o, enum fc_copy_reason why)
{
	/* Without a rule it is deselected by nobody. */
	return o->rule_count ? why == reason_of_rules(o) : why != FC_COPY_DESELECTED;
}

/* What is selected otherwise meanwhile is seen to when the pause is over. What is ending ends. */
static bool rules_are_paused(const struct origin *o)
{
	for (size_t i = 0; i < o->rule_count; i++)
		if (!o->rules[i]->ending && (o->rules[i]->bearer->paused || o->rules[i]->source_paused))
			return true;
	return false;
}

bool origin_is_over(struct fc_engine *e, struct target *t, enum fc_copy_reason *why, bool *counts)
{
	struct origin *o = t->copy->origin;
	struct cluster *c = origin_cluster(e, o);
	bool by_rule = o->key.rule_name;
	enum told told;
	struct watch *w;

	*counts = false;
	if (!c || c->connection != UP || t->copy->released || copy_stands_at_home(e, t) || !named_name(o)[0])
		return false;
	if (o->key.dialect->copy->remember && !o->key.cluster_id)
		return memory_is_over(e, t, why, counts);
	if (o->rule_count) {
		*why = reason_of_rules(o);
		*counts = *why == FC_COPY_SOURCE_GONE;
		return !rules_are_paused(o) && origin_rules_have_settled(o, cluster_of(e, t->key.cluster));
	}
	if (!dialect_acts(e, o->key.dialect, c))
		return false;
	w = watch_of_named(o, c);
	told = w ? told_of_named(e, o, w, cluster_of(e, t->key.cluster)) : TOLD_NOTHING;
	if (!w || told == TOLD_INVALID)
		return false;
	if (told == TOLD_OTHER_RULES || told == TOLD_ENDING) {
		bool ends = told == TOLD_ENDING;

		*why = !ends ? FC_COPY_RULE_GONE : by_rule ? FC_COPY_BEARER_GONE : FC_COPY_SOURCE_GONE;
		*counts = *why == FC_COPY_SOURCE_GONE;
		return true;
	}
	if (!o->asked)
		ask(e, o, w);
	if (o->asked->phase == WRITING)
		return false;
	*why = o->there ? FC_COPY_RULE_GONE : by_rule ? FC_COPY_BEARER_GONE : FC_COPY_SOURCE_GONE;
	*counts = !o->there;
	return o->gone || o->there;
}

bool origin_is_held(struct fc_engine *e, const struct target *t)
{
	const struct origin *o = t->copy->origin;
	struct cluster *c = origin_cluster(e, o);
	struct watch *w = c && !o->rule_count ? watch_of_named(o, c) : NULL;

	for (size_t i = 0; i < o->rule_count; i++)
		if (!o->rules[i]->ending && (copy_rule_is_invalid(o->rules[i]) || o->rules[i]->denied))
			return true;
	return rules_are_paused(o) || (w && told_of_named(e, o, w, cluster_of(e, t->key.cluster)) == TOLD_INVALID);
}
