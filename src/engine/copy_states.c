/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a pair, and of a site or a copy that has none: the first of design section 5's that applies. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

void pair_set_state(struct fc_engine *e, struct pair *p, enum fc_state state, const char *reason, const char *message,
		    const char *detail)
{
	enum fc_log_level level;

	bool changed = condition_set(e, &p->cond, state, reason, message, detail);

	notice_pair(e, p);
	if (!changed)
		return;
	if (condition_is_news(&p->cond, &level))
		report_pair(e, level, p);
	/* A custom resource's status may tell of it. */
	if (p->site->rule->dialect->copy->status)
		target_mark(e, p->site->rule->bearer->target);
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

	if (!c->speaks)
		condition_init(e, &c->cond, c->origin->key.dialect);
	c->speaks = true;
	if (condition_set(e, &c->cond, state, reason, message, detail) && condition_is_news(&c->cond, &level))
		report_stray(e, level, t);
	notice_stray(e, t);
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
	tell(e, who, FC_STATE_PENDING, "Paused", "fedcopy.dev/pause on the source, its custom resource or Namespace",
	     NULL);
	return true;
}

static bool source_is_unknown(struct fc_engine *e, const struct site *s, tell_fn tell, void *who)
{
	const struct source *source = s->rule->source;

	if (!source || source->known)
		return false;
	if (tell_fault(e, &source->error, true, tell, who) ||
	    (source->watch && tell_fault(e, &source->watch->error, true, tell, who)))
		return true;
	tell(e, who, FC_STATE_PENDING, "FirstSync", "the source is being read for the first time", NULL);
	return true;
}

static bool lacks_finalizer(struct fc_engine *e, const struct site *s, tell_fn tell, void *who)
{
	const struct copy_rule *cr = s->rule;

	if (!cr->spec.finalizer || bearer_has_finalizer(cr->bearer, cr->spec.finalizer))
		return false;
	if (cr->bearer->target->failures)
		return tell_fault(e, &cr->bearer->target->error, true, tell, who);
	tell(e, who, FC_STATE_PENDING, "Finalizer", "the finalizer is put on first", NULL);
	return true;
}

/* The part of the list that comes before anything is said of one destination. */
static bool rule_is_held_up(struct fc_engine *e, const struct site *s, tell_fn tell, void *who)
{
	const struct copy_rule *cr = s->rule;

	if (is_away(e, s->cluster, "TargetCluster", tell, who) ||
	    is_away(e, cluster_of(e, cr->bearer->target->key.cluster), "SourceCluster", tell, who) ||
	    is_connecting(e, s, tell, who) || word_is_pending(e, cr->word, tell, who) ||
	    word_is_pending(e, s->word, tell, who) || is_paused(e, s, tell, who) || source_is_unknown(e, s, tell, who))
		return true;
	return !cr->denied && lacks_finalizer(e, s, tell, who);
}

/* --- sites --- */

static void tell_site(struct fc_engine *e, void *who, enum fc_state state, const char *reason, const char *message,
		      const char *detail)
{
	site_set_state(e, who, state, reason, message, detail);
}

static void judge_silent_site(struct fc_engine *e, struct site *s)
{
	const struct copy_rule *cr = s->rule;

	if (cr->spec.invalid_reason) {
		site_set_state(e, s, FC_STATE_INVALID, cr->spec.invalid_reason, "", cr->spec.invalid_message);
	} else if (cr->bearer->bad_clusters) {
		site_set_state(e, s, FC_STATE_INVALID, "BadClusters", "", cr->bearer->bad_clusters);
	} else if (cr->denied) {
		site_set_state(e, s, FC_STATE_NOT_ALLOWED, "NotAllowed", cr->denied, NULL);
	} else if (rule_is_held_up(e, s, tell_site, s)) {
		return;
	} else if (!cr->source || !cr->source->present) {
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
	if (!t->version && !space && namespaces_listed(p->site->cluster)) {
		pair_set_state(e, p, FC_STATE_PENDING, "NamespaceMissing", "the namespace does not exist yet", NULL);
		return true;
	}
	return false;
}

/* Whoever asks never consents for the other side (design section 7). */
static const char *denied_by_permissions(struct fc_engine *e, const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct copy_query q = {
		.ends = {
			.dialect = cr->dialect,
			.source = { cr->word->cluster->no, cr->resource, copy_rule_source_namespace(cr) },
			.target = { p->site->cluster->no, p->target->key.resource, p->target->key.namespace_ },
			.said = cr->source->said,
			.dialect_consents = cr->dialect->copy->consents && cr->dialect->copy->consents(
				&cr->spec, cr->bearer->target->key.namespace_, cr->resource),
		},
		.takes_over = cr->spec.take_unowned && p->target->version && !p->target->copy->origin,
		.secret_type = cr->secret_type,
	};

	return permission_copy(e, &q).denied;
}

bool pair_is_permitted(struct fc_engine *e, const struct pair *p)
{
	return !denied_by_permissions(e, p);
}

static bool is_denied(struct fc_engine *e, struct pair *p)
{
	const char *denied = p->wish == FC_COPY_REFUSED && p->want_known ? p->why : denied_by_permissions(e, p);

	if (!denied)
		return false;
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

	if (!space || !space->terminating)
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

static bool is_on_cycle(struct fc_engine *e, struct pair *p)
{
	if (!p->on_cycle)
		return false;
	pair_set_state(e, p, FC_STATE_CYCLE, "Cycle",
		       "the rule feeds itself, alone or through others: take one of them out", NULL);
	return true;
}

static bool is_source_missing(struct fc_engine *e, struct pair *p)
{
	const struct source *s = p->site->rule->source;

	if (s->present || s->unreadable)
		return false;
	pair_set_state(e, p, FC_STATE_SOURCE_NOT_FOUND, "SourceNotFound", "the source does not exist", NULL);
	return true;
}

void pair_judge(struct fc_engine *e, struct pair *p)
{
	p->takes_part = !is_invalid(e, p) && !is_on_cycle(e, p) && !rule_is_held_up(e, p->site, tell_pair, p) &&
			!target_is_pending(e, p) && !is_denied(e, p) && !is_source_missing(e, p) &&
			!lacks_cluster_id(e, p) && !is_terminating(e, p) && !is_unreadable(e, p);
	if (!p->takes_part)
		copy_rule_body_was_used(e, p);
}

void pair_set_waiting(struct fc_engine *e, struct pair *p)
{
	const struct target *t = p->target;

	if (t->flapping) {
		pair_set_state(e, p, FC_STATE_FLAPPING, "Flapping", "somebody else keeps undoing what this rule writes",
			       NULL);
		return;
	}
	switch (t->error.cls) {
	case FC_ERR_FORBIDDEN:
	case FC_ERR_UNAUTHORIZED:
		pair_set_state(e, p, FC_STATE_FORBIDDEN, "TargetForbidden", "", t->error.text);
		return;
	case FC_ERR_TERMINATING:
		pair_set_state(e, p, FC_STATE_ERROR, "NamespaceTerminating", "", t->error.text);
		return;
	case FC_ERR_QUOTA:
		pair_set_state(e, p, FC_STATE_ERROR, "Quota", "", t->error.text);
		return;
	default:
		break;
	}
	/* Three tries before it is called an error (design section 5, States). */
	if (t->failures < 3)
		pair_set_state(e, p, FC_STATE_PENDING, "Retrying", "", t->error.text);
	else
		pair_set_state(e, p, FC_STATE_ERROR, "TargetFailed", "", t->error.text);
}
