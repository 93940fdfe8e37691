/* SPDX-License-Identifier: Apache-2.0 */
/* Who may read what for whom, and write what where: the table of the design, section 7. What only the operator can lift
 * (row d) is decided from keys alone, and nothing is read in order to be refused. Where the source's own word could
 * lift it, the source is watched for that word. */
#include "engine/permissions.h"

#include "engine/parts.h"
#include "engine/whole.h"
#include "model/names.h"

#include <string.h>

#define ALLOWED ((struct verdict){ .denied = NULL })

static const char *const guarded_groups[] = {
	"rbac.authorization.k8s.io", "admissionregistration.k8s.io", "certificates.k8s.io",
	"apiextensions.k8s.io",	     "apiregistration.k8s.io",
};

static struct verdict denied(const char *why)
{
	return (struct verdict){ .denied = why };
}

static bool is_guarded(const struct fc_resource *r)
{
	for (size_t i = 0; i < sizeof(guarded_groups) / sizeof(guarded_groups[0]); i++)
		if (strcmp(r->group, guarded_groups[i]) == 0)
			return true;
	return false;
}

static const char *name_of(const struct fc_engine *e, fc_cluster_no no)
{
	const struct cluster *c = cluster_of(e, no);

	return c ? c->info.name : "";
}

static const char *text_of(const char *namespace_)
{
	return namespace_ ? namespace_ : "";
}

/* Row d. */
static bool operator_permits(const struct fc_engine *e, const struct end *from, const struct end *to,
			     const struct fc_resource *resource)
{
	return e->options.allow_all ||
	       fc_permissions_cover(e->permissions, &(struct fc_permission_query){
							    .from_cluster = name_of(e, from->cluster),
							    .from_namespace = text_of(from->namespace_),
							    .to_cluster = name_of(e, to->cluster),
							    .to_namespace = text_of(to->namespace_),
							    .resource = resource,
						    });
}

static bool is_system(const struct end *end)
{
	return fc_name_is_system_namespace(end->namespace_);
}

static bool holds_secrets(const struct fc_resource *r)
{
	return fc_resource_is_secret(r) || fc_resource_is_federated(r);
}

static bool same_namespace(const struct consent_query *q)
{
	return strcmp(text_of(q->source.namespace_), text_of(q->target.namespace_)) == 0;
}

/* What no word of the source's side can make right; NULL: nothing. */
static const char *wants_the_operator(const struct consent_query *q)
{
	if (!text_of(q->source.namespace_)[0])
		return "cluster-scoped sources are read only with the operator's permission";
	if (is_system(&q->source))
		return "the source is in a system namespace";
	if (is_system(&q->target))
		return "the target is in a system namespace";
	if (!text_of(q->target.namespace_)[0])
		return "a cluster-scoped target reads only with the operator's permission";
	if (holds_secrets(q->source.resource) && !holds_secrets(q->target.resource))
		return "a Secret or Federated object feeds only Secrets and Federated objects";
	return NULL;
}

static enum fc_consent dialect_consents(const struct consent_query *q)
{
	enum fc_consent consent = FC_CONSENT_UNSAID;

	if (q->dialect->consents && q->said)
		consent = q->dialect->consents(q->said, text_of(q->target.namespace_));
	return consent == FC_CONSENT_UNSAID && q->dialect_consents ? FC_CONSENT_GIVEN : consent;
}

/* The same words whether there is such a source or not: who asks must not learn it. */
static const char *lacks_consent(const struct consent_query *q, enum fc_reads reads, bool from_master)
{
	if (!same_namespace(q))
		return "the source is in another namespace, and no permission covers it";
	if (from_master && reads == FC_READS_CONSENTED)
		return "this cluster reads only what was consented to (reads: consented), and no permission covers the source";
	return "the source is on another member, and no permission covers it";
}

struct verdict permission_read(const struct fc_engine *e, const struct consent_query *q)
{
	enum fc_reads reads = cluster_of(e, q->target.cluster)->info.reads;
	bool across = q->source.cluster != q->target.cluster;
	enum fc_consent b = dialect_consents(q);
	const char *why;

	if (across && reads == FC_READS_NONE)
		return denied("this cluster reads nothing from other clusters (reads: none)");
	if (b == FC_CONSENT_REFUSED)
		return (struct verdict){ .denied = "the source refuses to be copied", .asks_source = true };
	if (operator_permits(e, &q->source, &q->target, q->source.resource))
		return ALLOWED;
	why = wants_the_operator(q);
	if (why)
		return denied(why);
	if (same_namespace(q) && consent_of_cluster(e, q))
		return ALLOWED;
	if (b == FC_CONSENT_GIVEN && !(across && reads == FC_READS_CONSENTED))
		return ALLOWED;
	if (consent_to_read(e, q))
		return ALLOWED;
	return (struct verdict){ .denied = lacks_consent(q, reads, q->source.cluster == e->options.master),
				 .asks_source = true };
}

/* --- a rule --- */

static struct end target_end(const struct rule *r)
{
	const struct key *key = &r->target->key;

	return (struct end){ (fc_cluster_no)key->cluster, key->resource, key->namespace_ };
}

/* What is written in spite of itself has to be named: the target's resource. A literal comes from the target. */
static const char *guarded_place(const struct fc_engine *e, const struct rule *r, const struct end *from,
				 const struct end *to)
{
	const char *why = NULL;

	if (is_guarded(to->resource))
		why = "objects of this API group are written only with the operator's permission";
	else if (strcmp(fc_path_segment(r->spec.target_path, 0), "status") == 0)
		why = "a path under status is written only with the operator's permission";
	return why && !operator_permits(e, from, to, to->resource) ? why : NULL;
}

struct verdict permission_of_rule(const struct fc_engine *e, const struct rule *r)
{
	struct consent_query q = { .dialect = r->cond.dialect, .target = target_end(r) };
	const char *why;

	if (r->spec.literal) {
		q.source = q.target;
	} else {
		q.source = (struct end){ r->word->cluster->no, r->word->resource, rule_source_namespace(r) };
		q.said = r->source ? r->source->said : NULL;
	}
	why = guarded_place(e, r, &q.source, &q.target);
	if (why)
		return denied(why);
	if (!r->spec.literal)
		return permission_read(e, &q);
	if (is_system(&q.target) && !operator_permits(e, &q.target, &q.target, q.target.resource))
		return denied("the target is in a system namespace");
	return ALLOWED;
}

static void join_graph(struct fc_engine *e, struct rule *r)
{
	r->linked = true;
	cycles_rule_bound(e, r);
	/* As one that is new: what stands in the target by now was not written by it. */
	r->fresh = r->want_moved = true;
	target_wants_anew(r->target, r);
}

static void leave_graph(struct fc_engine *e, struct rule *r)
{
	r->linked = false;
	cycles_rule_unbound(e, r);
	rule_drop_value(r);
}

void permission_renew(struct fc_engine *e, struct rule *r)
{
	struct verdict v = permission_of_rule(e, r);
	bool may_link = r->source && !v.denied;

	r->denied = v.denied;
	r->asks_source = v.asks_source;
	if (r->linked == may_link)
		return;
	if (may_link)
		join_graph(e, r);
	else
		leave_graph(e, r);
	target_mark(e, r->target);
}

void permissions_changed(struct fc_engine *e, const struct fc_event *event)
{
	if (fc_permissions_same(e->permissions, event->permissions))
		return;
	fc_permissions_unref(e->permissions);
	e->permissions = fc_permissions_ref(event->permissions);
	rules_bind_all(e);
}

/* --- a whole object --- */

static bool is_plain(const struct copy_query *q)
{
	static const char *const types[] = { "kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token" };
	const struct fc_resource *r = q->ends.target.resource;

	for (size_t i = 0; q->secret_type && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(q->secret_type, types[i]) == 0)
			return false;
	return fc_resource_is_secret(r) || (r->group[0] == '\0' && strcmp(r->plural, "configmaps") == 0);
}

static const char *write_denied(const struct fc_engine *e, const struct copy_query *q)
{
	const struct end *from = &q->ends.source, *to = &q->ends.target;
	bool own = from->cluster == to->cluster && same_namespace(&q->ends);

	if (operator_permits(e, from, to, to->resource))
		return NULL;
	if (is_guarded(to->resource))
		return "objects of this API group are written only with the operator's permission";
	if (is_system(to))
		return "the target is in a system namespace";
	if (!text_of(to->namespace_)[0])
		return "cluster-scoped objects are written only with the operator's permission";
	if (own || consent_to_write(e, &q->ends))
		return NULL;
	if (q->takes_over)
		return "an object of somebody else stands there, and the namespace does not accept copies from the source's";
	return is_plain(q) ? NULL : "the namespace does not accept objects of this kind from the source's";
}

struct verdict permission_copy(const struct fc_engine *e, const struct copy_query *q)
{
	const char *why = write_denied(e, q);

	return why ? denied(why) : permission_read(e, &q->ends);
}
