/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a rule: the first of design section 5's that applies, with a reason and a sentence. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/marks.h"

void rule_set_state(struct fc_engine *e, struct rule *r, enum fc_state state, const char *reason, const char *message,
		    const char *detail)
{
	enum fc_log_level level;

	if (condition_set(e, &r->cond, state, reason, message, detail) && condition_is_news(&r->cond, &level))
		report_rule(e, level, r);
	notice_rule(e, r);
}

/* --- one question after the other, in the order of the design; true: answered --- */

/* A rule above it replaces what blocks the way. Rules are judged in order of path: that one already was. */
static bool is_covered(const struct rule *r)
{
	for (const struct rule *above = r->target->rules; above != r; above = above->next)
		if (above->takes_part &&
		    fc_path_compare(above->spec->target_path, r->spec->target_path) == FC_PATH_ABOVE)
			return true;
	return false;
}

static bool is_invalid(struct fc_engine *e, struct rule *r)
{
	const struct target *t = r->target;

	if (r->spec->invalid_reason) {
		rule_set_state(e, r, FC_STATE_INVALID, r->spec->invalid_reason, "", r->spec->invalid_message);
		return true;
	}
	if (r->misfit) {
		rule_set_state(e, r, FC_STATE_INVALID, "BadInstance", r->misfit, NULL);
		return true;
	}
	/* What it met is the ground below a rule above it, as long as that one is applied, or else what stands there.
	 */
	if (is_covered(r) ? r->child_blocked : t->known && r->ground.blocked) {
		rule_set_state(
			e, r, FC_STATE_INVALID, "TargetPathBlocked",
			"the way to the path runs through a value that is no map, or to a list element that is not there",
			NULL);
		return true;
	}
	if (r->refused) {
		/* The server's words were shown when it refused; they stand until something else was to be shown. */
		if (r->cond.state != FC_STATE_INVALID)
			rule_set_state(e, r, FC_STATE_INVALID, "Refused", "the server refused the value", NULL);
		return true;
	}
	return false;
}

static bool is_on_cycle(struct fc_engine *e, struct rule *r)
{
	if (!r->vertex.on_cycle)
		return false;
	rule_set_state(e, r, FC_STATE_CYCLE, "Cycle",
		       "the rule feeds itself, alone or through others: take one of them out", NULL);
	return true;
}

static bool cluster_is_unreachable(struct fc_engine *e, struct rule *r, const struct cluster *c, const char *reason)
{
	char *detail;

	if (c->connection != DOWN && c->connection != REFUSED)
		return false;
	detail = fc_xasprintf("%s: %s", c->info.name, c->error.text);
	rule_set_state(e, r, FC_STATE_CLUSTER_UNREACHABLE, reason, "", detail);
	free(detail);
	return true;
}

static bool is_unreachable(struct fc_engine *e, struct rule *r)
{
	return cluster_is_unreachable(e, r, cluster_of(e, r->target->key.cluster), "TargetCluster") ||
	       (r->word && cluster_is_unreachable(e, r, r->word->cluster, "SourceCluster"));
}

static void set_type_gone(struct fc_engine *e, struct rule *r, const char *message)
{
	rule_set_state(e, r, FC_STATE_PENDING, "TypeNotServed", message, NULL);
}

/* Its objects are unknown then, neither deleted nor lost (kube-client 3.16). */
static bool target_type_is_gone(struct fc_engine *e, struct rule *r)
{
	const struct watch *w = r->target->watch;

	if (!w->unserved && !fault_is_of_type(&w->error))
		return false;
	set_type_gone(e, r, "the target's cluster does not serve its resource any more");
	return true;
}

static bool source_type_is_gone(struct fc_engine *e, struct rule *r)
{
	const struct watch *w = r->source ? r->source->watch : NULL;

	if (!fault_is_of_type(&r->word->error) && !(w && fault_is_of_type(&w->error)))
		return false;
	set_type_gone(e, r, "the source's cluster serves no such resource just now");
	return true;
}

static bool type_is_pending(struct fc_engine *e, struct rule *r)
{
	if (target_type_is_gone(e, r))
		return true;
	if (!r->word)
		return false;
	if (r->word->resource)
		return source_type_is_gone(e, r);
	r->waits_for_sync = !r->word->answered;
	if (!r->word->answered)
		rule_set_state(e, r, FC_STATE_PENDING, "LookingUpType", "the source's resource is being looked up",
			       NULL);
	else
		rule_set_state(e, r, FC_STATE_PENDING, "TypeNotServed",
			       "the source's cluster serves no such resource yet",
			       r->word->error.cls == FC_ERR_NOT_SERVED ? NULL : r->word->error.text);
	return true;
}

/* As many failures in a row are called an error (design section 5, States). */
#define TRIES 3

/* Another try may be all that is needed. */
static bool may_pass(enum fc_error_class cls)
{
	return cls == FC_ERR_THROTTLED || cls == FC_ERR_SERVER || cls == FC_ERR_TIMEOUT || cls == FC_ERR_NETWORK ||
	       cls == FC_ERR_NOT_FOUND || cls == FC_ERR_CONFLICT;
}

/* `failures`: in a row; TRIES where nobody counts them. */
static bool source_failed(struct fc_engine *e, struct rule *r, const struct fault *why, unsigned failures)
{
	if (may_pass(why->cls) && failures < TRIES) {
		rule_set_state(e, r, FC_STATE_PENDING, "Retrying", "", why->text);
		return true;
	}
	switch (why->cls) {
	case FC_ERR_NONE:
	case FC_ERR_CANCELLED:
		return false;
	case FC_ERR_FORBIDDEN:
	case FC_ERR_UNAUTHORIZED:
		rule_set_state(e, r, FC_STATE_FORBIDDEN, "SourceForbidden", "the source may not be read", why->text);
		return true;
	case FC_ERR_NOT_SERVED:
		set_type_gone(e, r, "the source's cluster serves no such resource just now");
		return true;
	default:
		rule_set_state(e, r, FC_STATE_ERROR, "SourceFailed", "the source cannot be read", why->text);
		return true;
	}
}

/* The source has not told its first state: because it is too early, or because it cannot. */
static bool source_is_unknown(struct fc_engine *e, struct rule *r)
{
	const struct source *s = r->source;
	const struct setback *setback;

	if (!s || (s->known && (r->denied || r->want_known || !s->present || s->unreadable)))
		return false;
	/* Why a source that did not consent cannot be read is no affair of who asks. */
	setback = setback_or_none(s->setback);
	if (r->denied && (setback->error.cls != FC_ERR_NONE || (s->watch && s->watch->error.cls != FC_ERR_NONE)))
		return false;
	if (source_failed(e, r, &setback->error, setback->failures) ||
	    (s->watch && !s->known && source_failed(e, r, &s->watch->error, TRIES)))
		return true;
	/* One that is only looked at for its consent is not worth a read of the target. */
	r->waits_for_sync = !r->denied;
	rule_set_state(e, r, FC_STATE_PENDING, "FirstSync", "the source is being read for the first time", NULL);
	return true;
}

static bool set_paused(struct fc_engine *e, struct rule *r, const char *message)
{
	rule_set_state(e, r, FC_STATE_PENDING, "Paused", message, NULL);
	return true;
}

/* Does what Namespaces say matter to the rule? Not where only the operator could permit it. */
static bool depends_on_source_namespace(const struct rule *r)
{
	return r->word && r->word->resource && rule_source_namespace(r) && (!r->denied || r->asks_source);
}

static bool namespaces_are_unknown(struct fc_engine *e, struct rule *r)
{
	const struct key *target = &r->target->key;

	if ((!target->namespace_[0] || namespaces_known(cluster_of(e, target->cluster))) &&
	    (!depends_on_source_namespace(r) || namespaces_known(r->word->cluster)))
		return false;
	r->waits_for_sync = !r->denied;
	rule_set_state(e, r, FC_STATE_PENDING, "FirstSync", "the Namespaces are being read for the first time", NULL);
	return true;
}

/* A pause on the source's side is shown only to who may read there. */
static bool namespace_is_paused(struct fc_engine *e, struct rule *r)
{
	const struct key *target = &r->target->key;
	const struct space *s = namespace_find(e, cluster_of(e, target->cluster), target->namespace_);

	if (s && s->paused)
		return set_paused(e, r, "the target's Namespace bears fedcopy.dev/pause");
	if (r->denied || !depends_on_source_namespace(r))
		return false;
	s = namespace_find(e, r->word->cluster, rule_source_namespace(r));
	return s && s->paused && set_paused(e, r, "the source's Namespace bears fedcopy.dev/pause");
}

static bool source_is_paused(struct fc_engine *e, struct rule *r)
{
	return r->source && !r->denied && fc_marks_paused(r->source->said) &&
	       set_paused(e, r, "the source bears fedcopy.dev/pause");
}

static bool is_pending(struct fc_engine *e, struct rule *r)
{
	const struct cluster *c = cluster_of(e, r->target->key.cluster);

	if (c->connection == CONNECTING || (r->word && r->word->cluster->connection == CONNECTING)) {
		rule_set_state(e, r, FC_STATE_PENDING, "Connecting", "a cluster is being connected to", NULL);
		return true;
	}
	if (r->target->deleting) {
		rule_set_state(e, r, FC_STATE_PENDING, "TargetTerminating", "the target is being deleted", NULL);
		return true;
	}
	if (r->target->paused)
		return set_paused(e, r, "the target bears fedcopy.dev/pause");
	return type_is_pending(e, r) || namespaces_are_unknown(e, r) || namespace_is_paused(e, r) ||
	       source_is_unknown(e, r) || source_is_paused(e, r);
}

static bool is_denied(struct fc_engine *e, struct rule *r)
{
	if (!r->denied)
		return false;
	rule_set_state(e, r, FC_STATE_NOT_ALLOWED, "NotAllowed", r->denied, NULL);
	return true;
}

static bool is_not_found(struct fc_engine *e, struct rule *r)
{
	if (r->outside || (r->source && !r->source->present)) {
		rule_set_state(e, r, FC_STATE_SOURCE_NOT_FOUND, "SourceNotFound",
			       r->outside ? "the source's namespace is not among those selected by --namespace"
					  : "the source does not exist; the target keeps what it has",
			       NULL);
		return true;
	}
	if (r->source && r->source->unreadable)
		return false;
	if (r->wanted == FC_WANTED_VALUE)
		return false;
	rule_set_state(e, r, FC_STATE_PATH_NOT_FOUND,
		       r->wanted == FC_WANTED_PATH_BLOCKED ? "PathThroughScalar" : "PathNotFound",
		       r->wanted == FC_WANTED_PATH_BLOCKED
			       ? "the path runs through a value of the source that is no map or list"
			       : "the path is absent from the source, or null; the target keeps what it has",
		       NULL);
	return true;
}

static bool is_unreadable(struct fc_engine *e, struct rule *r)
{
	bool source = r->source && r->source->unreadable;

	if (!source && !r->target->unreadable)
		return false;
	rule_set_state(e, r, FC_STATE_ERROR, source ? "SourceUnreadable" : "TargetUnreadable",
		       "the object cannot be decoded (nested too deep, too large, or a number beyond 64 bits)", NULL);
	return true;
}

/* A whole-object rule keeps all of it as its source has it, but for metadata that it does not want. */
static bool is_in_a_copy(struct fc_engine *e, struct rule *r)
{
	if (!r->target->copy || !copy_has_owner(r->target->copy) ||
	    strcmp(fc_path_segment(r->spec->target_path, 0), "metadata") == 0)
		return false;
	rule_set_state(e, r, FC_STATE_CONFLICT, "AnotherRule", "the target is another rule's copy of a whole object",
		       NULL);
	return true;
}

void rule_judge(struct fc_engine *e, struct rule *r)
{
	bool took_part = r->takes_part;

	r->waits_for_sync = false;
	r->takes_part = !is_invalid(e, r) && !is_on_cycle(e, r) && !is_unreachable(e, r) && !is_pending(e, r) &&
			!is_denied(e, r) && !is_not_found(e, r) && !is_in_a_copy(e, r) && !is_unreadable(e, r);
	r->undecided =
		!r->takes_part && (r->cond.state == FC_STATE_CLUSTER_UNREACHABLE || r->cond.state == FC_STATE_PENDING ||
				   r->cond.state == FC_STATE_FORBIDDEN || r->cond.state == FC_STATE_ERROR);
	if (!r->takes_part)
		rule_drop_value(r);
	else if (!took_part && r->target->phase == READING && r->cond.state != FC_STATE_PENDING)
		/* What kept it from taking part is over, whatever the read will show. */
		rule_set_state(e, r, FC_STATE_PENDING, "ReadingTarget", "the target is being read", NULL);
}

bool rule_set_source_failed(struct fc_engine *e, struct rule *r)
{
	const struct setback *s = r->source ? r->source->setback : NULL;

	return s && source_failed(e, r, &s->error, s->failures);
}

/* What its target waits for: what it met itself first. */
static const struct setback *cause_of_waiting(const struct rule *r)
{
	enum part own = rule_part(r), other = own == PART_OBJECT ? PART_STATUS : PART_OBJECT;
	const struct setback *s = setback_or_none(r->target->setbacks[own]);

	return s->error.cls != FC_ERR_NONE ? s : setback_or_none(r->target->setbacks[other]);
}

void rule_set_waiting(struct fc_engine *e, struct rule *r)
{
	const struct setback *s = cause_of_waiting(r);
	const struct fault *why = &s->error;

	if (r->target->flapping) {
		rule_set_state(e, r, FC_STATE_FLAPPING, "Flapping", "somebody else keeps undoing what this rule writes",
			       NULL);
		return;
	}
	switch (why->cls) {
	case FC_ERR_FORBIDDEN:
	case FC_ERR_UNAUTHORIZED:
		rule_set_state(e, r, FC_STATE_FORBIDDEN, "TargetForbidden", "", why->text);
		return;
	case FC_ERR_NOT_SERVED:
		set_type_gone(e, r, "the target's cluster does not serve its resource just now");
		return;
	default:
		break;
	}
	if (may_pass(why->cls) && s->failures < TRIES) {
		rule_set_state(e, r, FC_STATE_PENDING, "Retrying", "", why->text);
		return;
	}
	rule_set_state(e, r, FC_STATE_ERROR, why->cls == FC_ERR_QUOTA ? "Quota" : "TargetFailed", "", why->text);
}
