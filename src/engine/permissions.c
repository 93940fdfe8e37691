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

#define FOREIGN_SOURCE "the source is in another namespace, and no permission covers it"

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

/* Row d, and what a drop-in permits as its original does. */
static bool operator_permits(const struct fc_engine *e, const struct end *from, const struct end *to,
			     const struct fc_resource *resource)
{
	if (e->options.allow_all || (e->options.as_original && from->cluster == to->cluster))
		return true;
	return fc_permissions_cover(e->permissions, &(struct fc_permission_query){
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

/* A custom resource that names another one's namespace twice is not in it. */
bool consent_is_own(const struct consent_query *q)
{
	const char *ns = text_of(q->source.namespace_);

	return strcmp(ns, text_of(q->target.namespace_)) == 0 && (!q->asker || strcmp(ns, q->asker) == 0);
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
	if (!consent_is_own(q))
		return FOREIGN_SOURCE;
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
	if (consent_is_own(q) && consent_of_cluster(e, q))
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
	else if (strcmp(fc_path_segment(r->spec->target_path, 0), "status") == 0)
		why = "a path under status is written only with the operator's permission";
	return why && !operator_permits(e, from, to, to->resource) ? why : NULL;
}

struct verdict permission_of_rule(const struct fc_engine *e, const struct rule *r)
{
	struct consent_query q = { .dialect = r->cond.dialect, .target = target_end(r) };
	const char *why;

	if (r->spec->literal) {
		q.source = q.target;
	} else {
		q.source = (struct end){ r->word->cluster->no, r->word->resource, rule_source_namespace(r) };
		q.said = r->source ? r->source->said : NULL;
	}
	why = guarded_place(e, r, &q.source, &q.target);
	if (why)
		return denied(why);
	if (!r->spec->literal)
		return permission_read(e, &q);
	if (is_system(&q.target) && !operator_permits(e, &q.target, &q.target, q.target.resource))
		return denied("the target is in a system namespace");
	return ALLOWED;
}

static void join_graph(struct fc_engine *e, struct rule *r)
{
	r->linked = true;
	cycles_rule_bound(e, r);
	rule_joins(r);
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
	/* Patterns mean more namespaces, or fewer. */
	sites_set_changed(e);
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
	bool own = from->cluster == to->cluster && consent_is_own(&q->ends);

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

/* Whoever asks never consents for the other side (design section 7). */
struct consent_query permission_ends(const struct copy_rule *cr, struct end to)
{
	const struct fc_copy_dialect *d = cr->dialect->copy;
	const char *ns = cr->bearer->target->key.namespace_;

	return (struct consent_query){
		.dialect = cr->dialect,
		.source = { cr->word->cluster->no, cr->resource, copy_rule_source_namespace(cr) },
		.target = to,
		.asker = d->bodies ? ns : NULL,
		.said = cr->source ? cr->source->said : NULL,
		.dialect_consents = d->consents && d->consents(&cr->spec, ns, cr->resource),
	};
}

static bool may_be_read(const struct fc_engine *e, const struct copy_rule *cr, const struct cluster *c, const char *ns)
{
	const struct consent_query q = permission_ends(cr, (struct end){ c->no, cr->resource, ns });

	return !permission_read(e, &q).denied;
}

/* Without a copy it is what it asks for itself that counts, or what copies it would make. */
bool copy_rule_may_know_source(const struct fc_engine *e, const struct site *s)
{
	const struct copy_rule *cr = s->rule;
	const char *own = cr->bearer->target->key.namespace_;
	const struct space *space, *next;

	if (!cr->dialect->copy->remember || !cr->resource || strcmp(copy_rule_source_namespace(cr), own) == 0 ||
	    may_be_read(e, cr, cr->word->cluster, own))
		return true;
	for (size_t i = 0; i < cr->spec.name_count; i++)
		if (may_be_read(e, cr, s->cluster, cr->spec.names[i]))
			return true;
	if (cr->spec.pattern_count)
		HASH_ITER(hh, s->cluster->spaces, space, next)
			if (may_be_read(e, cr, s->cluster, space->name))
				return true;
	return false;
}

bool copy_rule_may_look(const struct fc_engine *e, const struct copy_rule *cr)
{
	const struct fc_copy_spec *s = &cr->spec;
	const struct site own = { .rule = (struct copy_rule *)(uintptr_t)cr, .cluster = cr->word->cluster };

	return s->name_count || s->pattern_count || s->selector || copy_rule_may_know_source(e, &own);
}

const char *permission_hides_source(void)
{
	return FOREIGN_SOURCE;
}

bool permission_write(const struct fc_engine *e, const struct copy_query *q)
{
	return !write_denied(e, q);
}

bool permission_of_operator(const struct fc_engine *e, const struct copy_query *q)
{
	return operator_permits(e, &q->ends.source, &q->ends.target, q->ends.target.resource);
}
