/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a pair, and of a site or a copy that has none: the first of design section 5's that applies. */
#include <string.h>

#include "base/mem.h"
#include "engine/copy_judge.h"
#include "engine/new_spaces.h"
#include "engine/parts.h"
#include "engine/whole.h"

/* A chain of copies that is longer has no end, or is none that anybody has made on purpose. */
#define MOST_HOPS 64

void pair_set_state(struct fc_engine *e, struct pair *p, enum fc_state state, const char *reason, const char *message,
		    const char *detail)
{
	enum fc_log_level level;

	bool changed = condition_set(e, &p->cond, state, reason, message, detail);

	notice_pair(e, p);
	/* A custom resource's status may tell of it; and of what stands there, which changes without it. */
	if (p->site->rule->dialect->copy->status &&
	    (changed || (state != FC_STATE_IN_SYNC && state != FC_STATE_PENDING && !bearer_has_status(p->target))))
		target_mark(e, p->site->rule->bearer->target);
	if (!changed)
		return;
	if (condition_is_news(&p->cond, &level))
		report_pair(e, level, p);
	/* What was wanted before may have waited for it. */
	if (state == FC_STATE_IN_SYNC && p->site->rule->dialect->copy->moves)
		bearer_changed(e, p->site->rule->bearer->target);
}

void site_set_state(struct fc_engine *e, struct site *s, enum fc_state state, const char *reason, const char *message,
		    const char *detail)
{
	enum fc_log_level level;

	if (!s->speaks)
		return;
	bool changed = condition_set(e, &s->cond, state, reason, message, detail);
	notice_site(e, s);
	if (!changed)
		return;
	if (condition_is_news(&s->cond, &level))
		report_site(e, level, s);
	if (s->rule->dialect->copy->status)
		target_mark(e, s->rule->bearer->target);
}

void site_is_silent(struct fc_engine *e, struct site *s)
{
	if (!s->speaks)
		return;
	condition_fini(e, &s->cond);
	s->speaks = false;
}

void stray_set_state(struct fc_engine *e, struct target *t, enum fc_state state, const char *reason,
		     const char *message, const char *detail)
{
	struct copy *c = t->copy;
	enum fc_log_level level;
	bool changed;

	if (!c->speaks)
		condition_init(e, &c->cond, copy_dialect_of(t));
	c->speaks = true;
	changed = condition_set(e, &c->cond, state, reason, message, detail);
	notice_stray(e, t);
	if (!changed)
		return;
	/* Their statuses tell of it; and what it was made of may wait for it to go. */
	memories_mark_bearers(e, c);
	if (c->origin)
		holds_mark_source(e, c->origin, t->key.resource);
	if (condition_is_news(&c->cond, &level))
		report_stray(e, level, t);
}

void stray_is_silent(struct fc_engine *e, struct copy *c)
{
	if (!c->speaks)
		return;
	condition_fini(e, &c->cond);
	c->speaks = false;
}

/* --- what holds for a rule in a cluster, with or without a pair --- */

typedef void (*tell_fn)(struct fc_engine *e, void *who, enum fc_state state, const char *reason, const char *message,
			const char *detail);

static bool is_away(struct fc_engine *e, const struct cluster *c, const char *reason, tell_fn tell, void *who)
{
	FC_AUTO_FREE char *detail = NULL;

	if (c->connection != DOWN && c->connection != REFUSED)
		return false;
	detail = fc_xasprintf("%s: %s", c->info.name, c->error.text);
	tell(e, who, FC_STATE_CLUSTER_UNREACHABLE, reason, "", detail);
	return true;
}

static bool tell_fault(struct fc_engine *e, const struct fault *f, bool source, tell_fn tell, void *who)
{
	switch (f->cls) {
	case FC_ERR_NONE:
	case FC_ERR_CANCELLED:
		return false;
	case FC_ERR_FORBIDDEN:
	case FC_ERR_UNAUTHORIZED:
		tell(e, who, FC_STATE_FORBIDDEN, source ? "SourceForbidden" : "TargetForbidden", "", f->text);
		return true;
	case FC_ERR_NOT_SERVED:
	case FC_ERR_NOT_FOUND:
		tell(e, who, FC_STATE_PENDING, "TypeNotServed", "the cluster does not serve the resource just now",
		     NULL);
		return true;
	default:
		tell(e, who, FC_STATE_ERROR, source ? "SourceFailed" : "TargetFailed", "", f->text);
		return true;
	}
}

static bool word_is_pending(struct fc_engine *e, const struct word *w, tell_fn tell, void *who)
{
	if (!w || !w->answered) {
		tell(e, who, FC_STATE_PENDING, "LookingUpType", "the resource is being looked up", NULL);
		return true;
	}
	if (w->resource && !fault_is_of_type(&w->error))
		return false;
	tell(e, who, FC_STATE_PENDING, "TypeNotServed", "the cluster serves no such resource just now", NULL);
	return true;
}

/* It means something there, and not what the rule means. */
static bool is_another_type(struct fc_engine *e, const struct copy_rule *cr, tell_fn tell, void *who)
{
	if (!cr->word || !cr->word->resource || cr->resource)
		return false;
	tell(e, who, FC_STATE_PENDING, "TypeNotServed", "the cluster serves no such resource just now", NULL);
	return true;
}

static bool is_connecting(struct fc_engine *e, const struct site *s, tell_fn tell, void *who)
{
	const struct cluster *own = cluster_of(e, s->rule->bearer->target->key.cluster);

	if (s->cluster->connection != CONNECTING && own->connection != CONNECTING)
		return false;
	tell(e, who, FC_STATE_PENDING, "Connecting", "a cluster is being connected to", NULL);
	return true;
}

static bool is_paused(struct fc_engine *e, const struct site *s, tell_fn tell, void *who)
{
	const struct copy_rule *cr = s->rule;
	const struct key *b = &cr->bearer->target->key;
	const struct cluster *own = cluster_of(e, b->cluster);
	const struct space *spaces[] = { namespace_find(e, own, b->namespace_),
					 namespace_find(e, own, copy_rule_source_namespace(cr)) };

	if (!cr->bearer->paused && !cr->source_paused && !(spaces[0] && spaces[0]->paused) &&
	    !(spaces[1] && spaces[1]->paused))
		return false;
	tell(e, who, FC_STATE_PENDING, "Paused",
	     namespace_is_in(&e->options.bearers_in, b->namespace_)
		     ? "fedcopy.dev/pause on the source, its custom resource or Namespace"
		     : "its namespace is none of those that are worked in",
	     NULL);
	return true;
}

static bool source_is_unknown(struct fc_engine *e, const struct site *s, tell_fn tell, void *who)
{
	const struct source *source = s->rule->source;

	if (!source || source->known)
		return false;
	if (tell_fault(e, &setback_or_none(source->setback)->error, true, tell, who) ||
	    (source->watch && tell_fault(e, &source->watch->error, true, tell, who)))
		return true;
	tell(e, who, FC_STATE_PENDING, "FirstSync", "the source is being read for the first time", NULL);
	return true;
}

static bool lacks_finalizer(struct fc_engine *e, const struct site *s, tell_fn tell, void *who)
{
	const struct copy_rule *cr = s->rule;
	const struct setback *setback;

	if (!cr->spec.finalizer || bearer_has_finalizer(cr->bearer, cr->spec.finalizer))
		return false;
	setback = setback_or_none(cr->bearer->target->setbacks[PART_OBJECT]);
	if (setback->failures)
		return tell_fault(e, &setback->error, true, tell, who);
	tell(e, who, FC_STATE_PENDING, "Finalizer", "the finalizer is put on first", NULL);
	return true;
}

/* Of that nothing depends on what the source is like. */
static bool clusters_hold_up(struct fc_engine *e, const struct site *s, tell_fn tell, void *who)
{
	const struct copy_rule *cr = s->rule;

	return is_away(e, s->cluster, "TargetCluster", tell, who) ||
	       is_away(e, cluster_of(e, cr->bearer->target->key.cluster), "SourceCluster", tell, who) ||
	       is_connecting(e, s, tell, who) || word_is_pending(e, cr->word, tell, who) ||
	       is_another_type(e, cr, tell, who) || word_is_pending(e, s->word, tell, who);
}

/* The part of the list that comes before anything is said of one destination. */
static bool rule_is_held_up(struct fc_engine *e, const struct site *s, tell_fn tell, void *who)
{
	if (clusters_hold_up(e, s, tell, who) || is_paused(e, s, tell, who) || source_is_unknown(e, s, tell, who))
		return true;
	return !s->rule->denied && lacks_finalizer(e, s, tell, who);
}

static bool is_patient(const struct pair *p)
{
	return p->site->rule->dialect->copy->retry_delay_ms;
}

/* --- sites --- */

static void tell_site(struct fc_engine *e, void *who, enum fc_state state, const char *reason, const char *message,
		      const char *detail)
{
	site_set_state(e, who, state, reason, message, detail);
}

/* Who consents is not known before the Namespaces are. */
static void tell_hidden(struct fc_engine *e, struct site *s)
{
	if (namespaces_known(cluster_of(e, s->rule->bearer->target->key.cluster)))
		site_set_state(e, s, FC_STATE_NOT_ALLOWED, "NotAllowed", permission_hides_source(), NULL);
	else
		site_set_state(e, s, FC_STATE_PENDING, "FirstSync", "the cluster's Namespaces are being read", NULL);
}

/* By what it says itself. */
static bool tell_wrong_rule(struct fc_engine *e, struct site *s)
{
	const struct copy_rule *cr = s->rule;

	if (cr->spec.invalid_reason)
		site_set_state(e, s, FC_STATE_INVALID, cr->spec.invalid_reason, "", cr->spec.invalid_message);
	else if (cr->bearer->bad_clusters)
		site_set_state(e, s, FC_STATE_INVALID, "BadClusters", "", cr->bearer->bad_clusters);
	else if (cr->misfit)
		site_set_state(e, s, FC_STATE_INVALID, "ClusterScoped", cr->misfit, NULL);
	else if (cr->denied)
		site_set_state(e, s, FC_STATE_NOT_ALLOWED, "NotAllowed", cr->denied, NULL);
	else
		return false;
	return true;
}

static void judge_silent_site(struct fc_engine *e, struct site *s)
{
	const struct copy_rule *cr = s->rule;

	if (tell_wrong_rule(e, s) || clusters_hold_up(e, s, tell_site, s))
		return;
	if (source_is_selected(e, cr) && !copy_rule_may_know_source(e, s)) {
		tell_hidden(e, s);
		return;
	}
	if (rule_is_held_up(e, s, tell_site, s))
		return;
	if (!cr->source || !cr->source->present) {
		site_set_state(e, s, FC_STATE_SOURCE_NOT_FOUND, "SourceNotFound", "the source does not exist", NULL);
	} else if (!s->settled) {
		if (!tell_fault(e, &s->cluster->namespaces_watch->error, false, tell_site, s))
			site_set_state(e, s, FC_STATE_PENDING, "FirstSync", "the cluster's Namespaces are being read",
				       NULL);
	} else {
		site_set_state(e, s, FC_STATE_IN_SYNC, "NothingSelected", "no namespace is selected here", NULL);
	}
}

void site_judge(struct fc_engine *e, struct site *s)
{
	if (s->pairs)
		return;
	if (!s->speaks)
		condition_init(e, &s->cond, s->rule->dialect);
	s->speaks = true;
	judge_silent_site(e, s);
}

/* --- pairs --- */

static void tell_pair(struct fc_engine *e, void *who, enum fc_state state, const char *reason, const char *message,
		      const char *detail)
{
	pair_set_state(e, who, state, reason, message, detail);
}

static bool is_invalid(struct fc_engine *e, struct pair *p)
{
	if (!p->refused)
		return false;
	if (p->cond.state != FC_STATE_INVALID)
		pair_set_state(e, p, FC_STATE_INVALID, "Refused", "the server refused the copy", NULL);
	return true;
}

/* Known to be missing, and nobody makes it. */
static bool lacks_namespace(struct fc_engine *e, const struct pair *p)
{
	const struct target *t = p->target;

	return !is_patient(p) && !fc_rv_is_set(&t->version) && namespaces_listed(p->site->cluster) &&
	       !namespace_find(e, p->site->cluster, t->key.namespace_) && !new_space_is_wanted(e, p);
}

/* Whether it has one is not known yet. */
static bool awaits_namespaces(const struct pair *p)
{
	return !is_patient(p) && !fc_rv_is_set(&p->target->version) && !namespaces_known(p->site->cluster);
}

static bool target_is_pending(struct fc_engine *e, struct pair *p)
{
	const struct target *t = p->target;
	const struct space *space = namespace_find(e, p->site->cluster, t->key.namespace_);

	if (t->copy->paused || (space && space->paused)) {
		pair_set_state(e, p, FC_STATE_PENDING, "Paused", "fedcopy.dev/pause on the copy or its Namespace",
			       NULL);
		return true;
	}
	if (t->watch->unserved || !t->watch->synced) {
		if (!tell_fault(e, &t->watch->error, false, tell_pair, p))
			pair_set_state(e, p, FC_STATE_PENDING, "FirstSync",
				       "the destination's objects are being listed", NULL);
		return true;
	}
	if (!fc_rv_is_set(&t->version) && p->site->rule->bearer->creates_spaces &&
	    !namespaces_known(p->site->cluster)) {
		pair_set_state(e, p, FC_STATE_PENDING, "FirstSync", "the cluster's Namespaces are being read", NULL);
		return true;
	}
	if (fc_rv_is_set(&t->version) || space || !namespaces_listed(p->site->cluster))
		return false;
	p->needs_space = new_space_is_wanted(e, p);
	if (!p->needs_space && !is_patient(p)) {
		pair_set_state(e, p, FC_STATE_PENDING, "NamespaceMissing", "the namespace does not exist yet", NULL);
		return true;
	}
	return false;
}

static struct copy_query query_of(const struct fc_engine *e, const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct end to = { p->site->cluster->no, p->target->key.resource, p->target->key.namespace_ };

	return (struct copy_query){
		.ends = permission_ends(cr, to),
		/* Who says that strangers are taken over permits it: the operator. */
		.takes_over = pair_takes_unowned(p) && !pair_may_adopt(e, p),
		.secret_type = cr->secret_type,
	};
}

static const char *denied_by_permissions(struct fc_engine *e, const struct pair *p)
{
	const struct copy_query q = query_of(e, p);

	return permission_copy(e, &q).denied;
}

bool pair_operator_permits(struct fc_engine *e, const struct pair *p)
{
	const struct copy_query q = query_of(e, p);

	return permission_of_operator(e, &q);
}

bool pair_is_permitted(struct fc_engine *e, const struct pair *p)
{
	return !denied_by_permissions(e, p);
}

static bool is_denied(struct fc_engine *e, struct pair *p)
{
	bool refused = p->wish == FC_COPY_REFUSED && p->want_known && !dialect_judges(p->site->rule->dialect);
	const char *denied = refused ? p->why : denied_by_permissions(e, p);

	if (!denied)
		return false;
	/* What is filled without a permission is cleared. */
	if (copy_rule_clears(p->site->rule))
		p->verdict.wish = FC_COPY_CLEARED;
	pair_set_state(e, p, FC_STATE_NOT_ALLOWED, "NotAllowed", denied, NULL);
	return true;
}

/* Who it is that a copy comes from must be said in its marks. */
static bool lacks_cluster_id(struct fc_engine *e, struct pair *p)
{
	const struct cluster *own = cluster_of(e, p->site->rule->bearer->target->key.cluster);

	if (p->site->cluster == own || (own->id && p->site->cluster->id))
		return false;
	pair_set_state(e, p, FC_STATE_FORBIDDEN, "NoClusterId",
		       "copies between clusters need the uid of kube-system, which may not be read", NULL);
	return true;
}

static bool is_terminating(struct fc_engine *e, struct pair *p)
{
	const struct space *space = namespace_find(e, p->site->cluster, p->target->key.namespace_);

	if (!space || !space->terminating || is_patient(p))
		return false;
	pair_set_state(e, p, FC_STATE_ERROR, "NamespaceTerminating", "the namespace is being deleted", NULL);
	return true;
}

static bool is_unreadable(struct fc_engine *e, struct pair *p)
{
	const struct source *s = p->site->rule->source;

	if (!s->unreadable && !p->target->unreadable)
		return false;
	pair_set_state(e, p, FC_STATE_ERROR, s->unreadable ? "SourceUnreadable" : "TargetUnreadable",
		       "the object cannot be decoded (nested too deep, too large, or a number beyond 64 bits)", NULL);
	return true;
}

/* Is the destination, by the marks of its source and of what that was made of, where the source comes from? */
static bool feeds_its_origin(struct fc_engine *e, const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct key *k = &p->target->key;
	const struct target *t = cr->source ? target_of_key(e, &cr->source->key) : NULL;

	for (int hops = 0; t && t->copy && t->copy->origin && hops < MOST_HOPS; hops++) {
		const struct origin *o = t->copy->origin;
		const struct cluster *c = o->key.name ? origin_cluster(e, o) : NULL;

		if (!c)
			return false;
		if (c->no == k->cluster && strcmp(o->key.name, k->name) == 0 &&
		    strcmp(o->key.namespace_, k->namespace_) == 0 && strcmp(o->key.kind, k->resource->kind) == 0 &&
		    strcmp(o->key.group, k->resource->group) == 0)
			return true;
		t = target_find(e, c->no, t->key.resource, o->key.namespace_, o->key.name);
	}
	return false;
}

static bool is_on_cycle(struct fc_engine *e, struct pair *p)
{
	/* Who keeps books knows loops by his own words. And where there is no namespace nothing goes round. */
	if (dialect_judges(p->site->rule->dialect) || lacks_namespace(e, p))
		return false;
	if (!p->vertex.on_cycle && !(p->site->rule->dialect->copy->marked_chains && feeds_its_origin(e, p)))
		return false;
	if (awaits_namespaces(p)) {
		pair_set_state(e, p, FC_STATE_PENDING, "FirstSync", "the cluster's Namespaces are being read", NULL);
		return true;
	}
	pair_set_state(e, p, FC_STATE_CYCLE, "Cycle",
		       "the rule feeds itself, alone or through others: take one of them out", NULL);
	return true;
}

/* Whoever asks must not learn whether there is something that it may not see. */
static const char *hidden(struct fc_engine *e, const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	bool near = strcmp(copy_rule_source_namespace(cr), p->target->key.namespace_) == 0;

	if (!copy_rule_clears(cr) || near || pair_operator_permits(e, p))
		return NULL;
	return permission_hides_source();
}

static bool is_source_missing(struct fc_engine *e, struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct source *s = cr->source;
	const char *denied;

	p->source_gone = (!s->present && !s->unreadable) || (copy_rule_clears(cr) && cr->source_ending);
	if (!p->source_gone)
		return false;
	denied = hidden(e, p);
	if (denied) {
		pair_set_state(e, p, FC_STATE_NOT_ALLOWED, "NotAllowed", denied, NULL);
		return true;
	}
	pair_set_state(e, p, FC_STATE_SOURCE_NOT_FOUND, "SourceNotFound", "the source does not exist", NULL);
	return true;
}

/* Nothing is made of a source that could go before its copies do. */
static bool awaits_hold(struct fc_engine *e, struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct setback *setback;

	if (hold_is_put_on(cr))
		return false;
	setback = setback_or_none(cr->hold ? cr->hold->setbacks[PART_OBJECT] : NULL);
	if (!setback->failures || !tell_fault(e, &setback->error, true, tell_pair, p))
		pair_set_state(e, p, FC_STATE_PENDING, "Finalizer", "the finalizer is put on the source first", NULL);
	return true;
}

/* Last of all: for what would not be written even so none is created. */
static bool awaits_space(struct fc_engine *e, struct pair *p)
{
	if (p->want_known && p->wish == FC_COPY_AS_IT_IS)
		p->needs_space = false;
	if (p->needs_space)
		new_space_tell(e, p);
	return p->needs_space;
}

/* What its dialect says of the place, where it judges. */
static bool is_judged_otherwise(struct fc_engine *e, struct pair *p)
{
	struct fc_copy_verdict *v = &p->verdict;
	const char *denied;

	if (!dialect_judges(p->site->rule->dialect))
		return false;
	pair_ask_verdict(e, p);
	if (v->wish != FC_COPY_REFUSED && v->wish != FC_COPY_CLEARED)
		return false;
	denied = v->state == FC_STATE_NOT_ALLOWED ? hidden(e, p) : NULL;
	pair_set_state(e, p, v->state, denied ? "NotAllowed" : v->reason, denied ? denied : v->message, NULL);
	return true;
}

static bool is_unfit(struct fc_engine *e, struct pair *p)
{
	if (!p->unfit)
		return false;
	pair_set_state(e, p, FC_STATE_CONFLICT, "Unfit", p->unfit, NULL);
	return true;
}

void pair_judge(struct fc_engine *e, struct pair *p)
{
	bool may_be_written;

	p->source_gone = false;
	memset(&p->verdict, 0, sizeof(p->verdict));
	p->needs_space = false;
	may_be_written = !is_invalid(e, p) && !is_on_cycle(e, p) && !rule_is_held_up(e, p->site, tell_pair, p) &&
			 !target_is_pending(e, p) && !is_denied(e, p) && !is_source_missing(e, p) &&
			 !lacks_cluster_id(e, p) && !is_terminating(e, p) && !is_unreadable(e, p) &&
			 !is_judged_otherwise(e, p) && !is_unfit(e, p) && !awaits_hold(e, p);
	p->needs_space = p->needs_space && may_be_written;
	p->takes_part = may_be_written && !awaits_space(e, p);
	pair_count_unread(e, p);
	if (!p->takes_part)
		copy_rule_body_was_used(e, p);
}

bool pair_tell_source_fault(struct fc_engine *e, struct pair *p)
{
	return tell_fault(e, &setback_or_none(p->site->rule->source->setback)->error, true, tell_pair, p);
}

/* What others never come to, or wait for. */
static bool tell_at_once(struct fc_engine *e, struct pair *p)
{
	const struct fault *f = &setback_or_none(p->target->setbacks[PART_OBJECT])->error;

	if (f->cls == FC_ERR_INVALID)
		pair_set_state(e, p, FC_STATE_INVALID, "Refused", "", f->text);
	else if (f->cls == FC_ERR_NOT_FOUND)
		pair_set_state(e, p, FC_STATE_ERROR, "NamespaceMissing", "the namespace does not exist", NULL);
	return f->cls == FC_ERR_INVALID || f->cls == FC_ERR_NOT_FOUND;
}

void pair_set_waiting(struct fc_engine *e, struct pair *p)
{
	const struct setback *s = setback_or_none(p->target->setbacks[PART_OBJECT]);

	if (p->target->flapping) {
		pair_set_state(e, p, FC_STATE_FLAPPING, "Flapping", "somebody else keeps undoing what this rule writes",
			       NULL);
		return;
	}
	switch (s->error.cls) {
	case FC_ERR_FORBIDDEN:
	case FC_ERR_UNAUTHORIZED:
		pair_set_state(e, p, FC_STATE_FORBIDDEN, "TargetForbidden", "", s->error.text);
		return;
	case FC_ERR_TERMINATING:
		pair_set_state(e, p, FC_STATE_ERROR, "NamespaceTerminating", "", s->error.text);
		return;
	case FC_ERR_QUOTA:
		pair_set_state(e, p, FC_STATE_ERROR, "Quota", "", s->error.text);
		return;
	default:
		break;
	}
	if (is_patient(p) && tell_at_once(e, p))
		return;
	/* Three tries before it is called an error (design section 5, States). */
	if (s->failures < 3 && !is_patient(p))
		pair_set_state(e, p, FC_STATE_PENDING, "Retrying", "", s->error.text);
	else
		pair_set_state(e, p, FC_STATE_ERROR, "TargetFailed", "", s->error.text);
}
