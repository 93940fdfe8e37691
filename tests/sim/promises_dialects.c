/* SPDX-License-Identifier: Apache-2.0 */
/* kopy and configmap-sync at rest: every copy that is wanted and permitted stands and is equal, what stands in its way
 * is a Conflict, what is wanted no more has gone as its dialect has it, and no finalizer waits (promises 1, 4 and 8).
 */
#include "dialects_parts.h"
#include "object_sync_parts.h"
#include "replicator_parts.h"

#include "json/decode.h"

#include <stdio.h>

struct rest {
	struct world *world;
	struct member *member;
	const json_t *rules;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

const json_t *said_of_copy(const json_t *rules, const char *dialect, const struct member *to,
			   const struct api_type *type, const char *ns, const char *name, const char *state)
{
	char target[256];
	const json_t *rule;
	size_t i;

	snprintf(target, sizeof(target), "%s/%s/%s/%s", to->name, type->plural, ns, name);
	json_array_foreach(rules, i, rule)
		if (strcmp(text_of(rule, "target"), target) == 0 && strcmp(text_of(rule, "dialect"), dialect) == 0 &&
		    strcmp(text_of(rule, "state"), state) == 0)
			return rule;
	return NULL;
}

static bool same_members(const json_t *a, const json_t *b, const char *const *members)
{
	for (; *members; members++) {
		const json_t *x = json_object_get(a, *members), *y = json_object_get(b, *members);

		if ((x || y) && !(x && y && json_equal(x, y)))
			return false;
	}
	return true;
}

static bool is_master(const struct rest *r, const struct member *m)
{
	return m == &r->world->members[0];
}

static const char *dialect_name(enum whole_kind kind)
{
	return kind == WHOLE_KOPY ? "kopy" : "configmap-sync";
}

/* --- one destination of one rule --- */

/* Labels and annotations that nobody asked for do not stay on copies of kopy (B4). */
static const char *foreign_word(const json_t *copy, const char *map, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(json_object_get(copy, "metadata"), map), key, value) {
		bool any = false;

		for (const char *const *k = known; *k && !any; k++)
			any = strcmp(*k, key) == 0;
		if (!any)
			return key;
	}
	return NULL;
}

static const char *what_differs_of_kopy(const json_t *source, const json_t *copy, bool own)
{
	static const char *const members[] = { "data", "binaryData", "immutable", "type", NULL };
	static const char *const annotations[] = { "fedcopy.dev/pause", "fedcopy.dev/hub", NULL };
	static const char *const far_annotations[] = { "fedcopy.dev/pause", "fedcopy.dev/hub", "fedcopy.dev/origin",
						       "fedcopy.dev/origin-rule", NULL };
	static const char *const far_labels[] = { "fedcopy.dev/origin-cluster", NULL };
	const char *family, *other, *foreign;
	char label[64], finalizer[64];
	const char *labels[] = { label, NULL };

	kopy_selector(source, &family);
	other = strcmp(family, KOPY_HEAD) == 0 ? KOPY_GUIDE "finalizer" : KOPY_HEAD "finalizer";
	snprintf(label, sizeof(label), "%sorigin.namespace", family);
	snprintf(finalizer, sizeof(finalizer), "%sfinalizer", family);
	if (!same_members(source, copy, members))
		return "its payload";
	foreign = foreign_word(copy, "annotations", own ? annotations : far_annotations);
	foreign = foreign ? foreign : foreign_word(copy, "labels", own ? labels : far_labels);
	if (foreign)
		return foreign;
	if (!own)
		return NULL;
	if (!whole_label(copy, label) || strcmp(whole_label(copy, label), fc_json_metadata(source, "namespace")) != 0)
		return "its label";
	return whole_has_finalizer(copy, finalizer) && !whole_has_finalizer(copy, other) ? NULL : "its finalizer";
}

static const char *what_differs_of_sync(const struct sync *s, const json_t *source, const json_t *copy, bool own)
{
	static const char *const members[] = { "data", "binaryData", NULL };
	const char *owner = whole_annotation(copy, SYNC_KEY "owner");
	const char *ns = whole_label(copy, SYNC_KEY "sync-namespace"), *name = whole_label(copy, SYNC_KEY "sync-name");
	const char *by = whole_label(copy, SYNC_KEY "managed-by"), *slash;

	if (!same_members(source, copy, members))
		return "its payload";
	/* What others put there stays. */
	if (!own)
		return NULL;
	slash = owner ? strchr(owner, '/') : NULL;
	if (!slash || strncmp(owner, s->ns, strlen(s->ns)) != 0 || strcmp(slash + 1, s->name) != 0)
		return "its owner";
	if (!ns || !name || !by || strcmp(ns, s->ns) != 0 || strcmp(name, s->name) != 0 ||
	    strcmp(by, "configmapsync-controller") != 0)
		return "its labels";
	return whole_annotation(copy, SYNC_KEY "source-hash") && whole_annotation(copy, SYNC_KEY "last-sync")
		       ? NULL
		       : "its annotations";
}

static bool is_of_source(const struct whole *whole, const json_t *source)
{
	return whole->kind == WHOLE_KOPY && !whole->nobodys &&
	       strcmp(whole->ns, fc_json_metadata(source, "namespace")) == 0 &&
	       strcmp(whole->name, fc_json_metadata(source, "name")) == 0;
}

static bool is_of_sync(const struct whole *whole, const struct sync *s)
{
	return whole->kind == WHOLE_SYNC && strcmp(whole->rule_ns, s->ns) == 0 && strcmp(whole->rule, s->name) == 0 &&
	       (whole->own || (strcmp(whole->ns, s->from) == 0 && strcmp(whole->name, s->copy) == 0));
}

/* `s` NULL: of kopy. What stands there is not its own. */
static void check_conflict(const struct rest *r, const struct api_type *type, const json_t *source,
			   const struct sync *s, struct member *to, const char *ns, const json_t *copy)
{
	enum whole_kind kind = s ? WHOLE_SYNC : WHOLE_KOPY;
	const char *name = fc_json_metadata(source, "name");
	struct whole whole;

	/* B23 of configmap-sync: what nobody owns any more is taken over. */
	if (s && whole_of(r->world, to, copy, &whole) && whole.kind == WHOLE_SYNC && whole.own &&
	    !whole_is_ending(copy) && !sync_named(r->world, whole.rule_ns, whole.rule))
		world_fail(r->world, 1, "%s/%s on %s is of a ConfigMapSync that is gone, and %s/%s wants it", ns, name,
			   to->name, s->ns, s->name);
	else if (!said_of_copy(r->rules, dialect_name(kind), to, type, ns, name, "Conflict") &&
		 !(whole_is_ending(copy) || whole_is_paused(copy) || kopy_has_finalizer(copy)))
		world_fail(r->world, 8, "%s/%s on %s stands in the way of %s, and no Conflict is told", ns, name,
			   to->name, dialect_name(kind));
}

static void check_own(const struct rest *r, const struct api_type *type, const json_t *source, const struct sync *s,
		      struct member *to, const char *ns, const json_t *copy, const struct whole *whole)
{
	struct world *w = r->world;
	const char *name = fc_json_metadata(source, "name"), *differs;

	if (whole_is_ending(copy) || whole_is_paused(copy))
		return;
	if (whole->released) {
		world_fail(w, 1, "%s/%s on %s was released, and its source does not take it back", ns, name, to->name);
		return;
	}
	/* B16: what was there before is nobody's to delete. */
	if (s && whole_annotation(copy, SYNC_KEY "adopted") && json_object_get(copy, "immutable"))
		return;
	differs = s ? what_differs_of_sync(s, source, copy, is_master(r, to))
		    : what_differs_of_kopy(source, copy, is_master(r, to));
	if (differs)
		world_fail(w, 1, "the copy %s %s/%s on %s of %s differs in %s", type->plural, ns, name, to->name,
			   dialect_name(s ? WHOLE_SYNC : WHOLE_KOPY), differs);
}

static void check_place(const struct rest *r, const struct api_type *type, const json_t *source, const struct sync *s,
			struct member *to, const char *ns)
{
	const json_t *space = whole_space(to, ns), *copy;
	const char *name = fc_json_metadata(source, "name");
	struct world *w = r->world;
	struct whole whole;

	if (to->away || !space || whole_is_paused(space) || whole_is_ending(space) ||
	    said_of_copy(r->rules, dialect_name(s ? WHOLE_SYNC : WHOLE_KOPY), to, type, ns, name, "Cycle"))
		return;
	copy = api_server_object(to->home->api, type->group, type->plural, ns, name);
	if (!copy) {
		world_fail(w, 1, "%s has no copy of %s %s/%s in %s of %s", dialect_name(s ? WHOLE_SYNC : WHOLE_KOPY),
			   type->plural, fc_json_metadata(source, "namespace"), name, ns, to->name);
		return;
	}
	if (whole_of(w, to, copy, &whole) && (s ? is_of_sync(&whole, s) : is_of_source(&whole, source)))
		check_own(r, type, source, s, to, ns, copy, &whole);
	else
		check_conflict(r, type, source, s, to, ns, copy);
}

/* --- sources and ConfigMapSyncs --- */

static void check_source(void *user, const struct api_type *type, const json_t *object)
{
	const struct rest *r = user;
	struct world *w = r->world;
	const char *family, *text, *ns = fc_json_metadata(object, "namespace");
	bool of_copies = type == world_types[SECRETS] || type == world_types[CONFIG_MAPS];
	char finalizer[64];

	text = of_copies ? kopy_selector(object, &family) : NULL;
	if (!text || kopy_is_copy(object) || kopy_is_bad(object) || whole_is_ending(object) ||
	    kopy_is_refused(object) || whole_is_paused(object) || whole_is_paused(whole_space(&w->members[0], ns)))
		return;
	snprintf(finalizer, sizeof(finalizer), "%sfinalizer", family);
	if (!whole_has_finalizer(object, finalizer))
		world_fail(w, 1, "the source %s %s/%s bears no finalizer", type->plural, ns,
			   fc_json_metadata(object, "name"));
	for (unsigned i = 0; i < w->member_count && !broken(w); i++)
		for (unsigned k = 0; w->members[i].alive && k < SPACES; k++)
			if (kopy_wants(w, object, &w->members[i], world_spaces[k]) &&
			    copy_allowed(w, type, object, &w->members[i], world_spaces[k], false))
				check_place(r, type, object, NULL, &w->members[i], world_spaces[k]);
}

static bool sync_is_paused(const struct world *w, const struct sync *s)
{
	const struct member *master = &w->members[0];

	return whole_is_paused(s->object) || whole_is_paused(sync_source(w, s)) ||
	       whole_is_paused(whole_space(master, s->ns)) || whole_is_paused(whole_space(master, s->from));
}

static void check_sync(void *user, const struct api_type *type, const json_t *object)
{
	const struct rest *r = user;
	struct world *w = r->world;
	const json_t *source;
	struct sync s;

	if (type != &world_syncs)
		return;
	sync_read(object, &s);
	source = sync_source(w, &s);
	if (!source || sync_is_paused(w, &s))
		return;
	for (unsigned i = 0; i < w->member_count && !broken(w); i++)
		if (w->members[i].alive && sync_wants(w, &s, &w->members[i], s.to) &&
		    sync_allowed(w, &s, &w->members[i], false))
			check_place(r, world_types[CONFIG_MAPS], source, &s, &w->members[i], s.to);
}

/* --- what nobody wants any more --- */

static const char *what_keeps(const struct world *w, const struct api_type *type, const struct whole *whole)
{
	const json_t *source =
		api_server_object(w->members[0].home->api, type->group, type->plural, whole->ns, whole->name);
	const char *family;

	if (!source)
		return NULL;
	/* Whoever is ending ends; what is malformed says nothing. */
	if (whole_is_ending(source) || !kopy_selector(source, &family) || kopy_is_copy(source))
		return NULL;
	return "it may be wanted again";
}

/* B13 to B16, B23: with its source, or the annotation, go the marks. */
static void check_stray_of_kopy(const struct rest *r, const struct api_type *type, const json_t *object,
				const struct whole *whole)
{
	if (whole->released || whole->nobodys)
		return;
	if (!what_keeps(r->world, type, whole))
		world_fail(r->world, 1, "%s %s/%s on %s is a copy of %s/%s still, which is gone", type->plural,
			   fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"), r->member->name,
			   whole->ns, whole->name);
}

struct heir {
	const struct rest *rest;
	const char *ns, *name;
	bool any;
};

static void find_heir(void *user, const struct api_type *type, const json_t *object)
{
	struct heir *h = user;
	struct sync s;

	if (type != &world_syncs)
		return;
	sync_read(object, &s);
	h->any = h->any || (sync_wants(h->rest->world, &s, h->rest->member, h->ns) && strcmp(s.copy, h->name) == 0);
}

/* Another one asks for that place, and takes the copy over as soon as it may. */
static bool has_heir(const struct rest *r, const char *ns, const char *name)
{
	struct heir h = { .rest = r, .ns = ns, .name = name };

	api_server_each(r->world->members[0].home->api, find_heir, &h);
	return h.any;
}

/* B17, B18: copies go with who asked for them. */
static void check_stray_of_sync(const struct rest *r, const json_t *object, const struct whole *whole)
{
	const char *ns = fc_json_metadata(object, "namespace"), *name = fc_json_metadata(object, "name");
	const json_t *rule = sync_named(r->world, whole->rule_ns, whole->rule);
	struct sync s;

	if (rule && !whole_is_ending(rule)) {
		sync_read(rule, &s);
		/* A source is no copy, whatever it bears. */
		if (sync_is_paused(r->world, &s) ||
		    (is_master(r, r->member) && strcmp(s.from, ns) == 0 && strcmp(s.copy, name) == 0))
			return;
		if ((sync_wants(r->world, &s, r->member, ns) && strcmp(s.copy, name) == 0 && is_of_sync(whole, &s)) ||
		    !sync_is_followed(r->world, &s))
			return;
	}
	if (!rule && has_heir(r, ns, name))
		return;
	world_fail(r->world, 1, "the copy %s/%s on %s of the ConfigMapSync %s/%s is left, and not wanted", ns, name,
		   r->member->name, whole->rule_ns, whole->rule);
}

/* A copy in another cluster, known by its marks alone, that waits for the finalizer of somebody else. */
static bool waits_elsewhere(const struct world *w, const struct api_type *type, const json_t *source)
{
	static const char *const spaces[] = { "n0", "n1", "n2", "default", "kube-system", "kube-public" };
	struct whole whole;

	for (unsigned i = 1; i < w->member_count; i++)
		for (unsigned k = 0; w->members[i].alive && k < FC_ARRAY_LEN(spaces); k++) {
			const json_t *copy = api_server_object(w->members[i].home->api, type->group, type->plural,
							       spaces[k], fc_json_metadata(source, "name"));

			if (whole_is_ending(copy) && whole_of(w, &w->members[i], copy, &whole) &&
			    is_of_source(&whole, source))
				return true;
		}
	return false;
}

static void check_finalizers(const struct rest *r, const struct api_type *type, const json_t *object)
{
	const char *family;

	if (!kopy_has_finalizer(object) || !is_master(r, r->member) || kopy_is_copy(object))
		return;
	if ((kopy_selector(object, &family) && !whole_is_ending(object)) || waits_elsewhere(r->world, type, object))
		return;
	/* It may be a copy that lost its label, in somebody's eyes. */
	for (unsigned i = 0; i < SPACES && !whole_is_ending(object); i++) {
		const json_t *source = api_server_object(r->member->home->api, type->group, type->plural,
							 world_spaces[i], fc_json_metadata(object, "name"));

		if (kopy_wants(r->world, source, r->member, fc_json_metadata(object, "namespace")))
			return;
	}
	world_fail(r->world, 1, "%s %s/%s bears a finalizer still, and is neither source nor copy", type->plural,
		   fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"));
}

static void check_object(void *user, const struct api_type *type, const json_t *object)
{
	const struct rest *r = user;
	const json_t *space = whole_space(r->member, fc_json_metadata(object, "namespace"));
	struct whole whole;

	if (type != world_types[SECRETS] && type != world_types[CONFIG_MAPS])
		return;
	check_finalizers(r, type, object);
	if (whole_is_ending(object) && kopy_is_copy(object) && is_master(r, r->member) &&
	    (r->world->speaks & SPEAKS_KOPY) && !whole_is_paused(object) &&
	    whole_of(r->world, r->member, object, &whole) && !whole.nobodys)
		world_fail(r->world, 1, "the copy %s %s/%s is being deleted and not let go", type->plural,
			   fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"));
	if (whole_is_ending(object) || whole_is_paused(object) || whole_is_paused(space) || whole_is_ending(space) ||
	    !whole_of(r->world, r->member, object, &whole))
		return;
	if (whole.kind == WHOLE_KOPY)
		check_stray_of_kopy(r, type, object, &whole);
	else
		check_stray_of_sync(r, object, &whole);
}

static void say_rules(const struct world *w, const json_t *rules)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule)
		if (w->told)
			world_say(w, "  %s: %s of %s: %s %s: %s", text_of(rule, "dialect"), text_of(rule, "target"),
				  text_of(rule, "source"), text_of(rule, "state"), text_of(rule, "reason"),
				  text_of(rule, "message"));
}

void promises_of_dialects(struct world *w, const struct process *p)
{
	struct rest r = { .world = w };
	json_t *rules = json_array();
	uint64_t cursor = 0;

	fc_engine_rules(p->engine, &cursor, SIZE_MAX, rules);
	r.rules = rules;
	say_rules(w, rules);
	if (!w->members[0].away) {
		if (speaks_replicator(w))
			promises_of_replicator(w, rules);
		if (w->speaks & SPEAKS_KOPY)
			api_server_each(w->members[0].home->api, check_source, &r);
		if ((w->speaks & SPEAKS_SYNC) && !broken(w))
			api_server_each(w->members[0].home->api, check_sync, &r);
		for (unsigned i = 0; i < w->member_count && !broken(w); i++) {
			r.member = &w->members[i];
			if (r.member->alive && !r.member->away)
				api_server_each(r.member->home->api, check_object, &r);
		}
		if ((w->speaks & SPEAKS_SYNC) && !broken(w))
			promises_of_syncs(w, rules);
		if ((w->speaks & SPEAKS_OBJECTS) && !broken(w))
			promises_of_object_syncs(w, rules);
	}
	json_decref(rules);
}
