/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/copy_judge.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/marks.h"

/* --- readings --- */

struct reading {
	const struct fc_dialect *dialect;
	json_t *words;
	void *read;
	struct reading *next;
};

static void forget(struct reading *r)
{
	r->dialect->copy->free_reading(r->read);
	json_decref(r->words);
}

void readings_free(struct reading **list)
{
	while (*list) {
		struct reading *r = *list;

		*list = r->next;
		forget(r);
		free(r);
	}
}

static struct reading *find(struct reading **list, const struct fc_dialect *d)
{
	for (struct reading *r = *list; r; r = r->next)
		if (r->dialect == d)
			return r;
	return NULL;
}

/* NULL: nothing is said, or the dialect reads each time. */
static const void *reading_of(struct reading **list, const struct fc_dialect *d, json_t *words, const json_t *head)
{
	struct reading *r = find(list, d);

	if (!words || !d->copy->read)
		return NULL;
	/* Whoever holds words changes them never: others that are equal are the same ones. */
	if (r && r->words == words)
		return r->read;
	if (r) {
		forget(r);
	} else {
		r = fc_xcalloc(1, sizeof(*r));
		r->dialect = d;
		r->next = *list;
		*list = r;
	}
	r->words = json_incref(words);
	r->read = d->copy->read(d, head);
	return r->read;
}

/* --- places --- */

bool pair_is_at_home(const struct pair *p)
{
	return p->site->cluster->no == p->site->rule->bearer->target->key.cluster;
}

struct fc_copy_place pair_place(const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct key *bearer = &cr->bearer->target->key;

	return (struct fc_copy_place){
		.cluster = p->site->cluster->info.name,
		.namespace_ = p->target->key.namespace_,
		.name = p->target->key.name,
		.own = pair_is_at_home(p),
		.source_namespace = copy_rule_source_namespace(cr),
		.source_name = copy_rule_source_name(cr),
		.bearer_namespace = bearer->namespace_,
		.bearer_name = bearer->name,
		.adopted = p->target->copy->adopted,
	};
}

/* Borrowed; NULL: nothing is said. */
static json_t *words_of_source(const struct pair *p)
{
	return json_object_get(json_object_get(p->site->rule->source->said, "metadata"), "annotations");
}

static const char *far_state(const struct pair *p)
{
	return pair_is_at_home(p) ? NULL : p->target->copy->far_state;
}

static json_t *words_of_target(const struct pair *p)
{
	return pair_is_at_home(p) && p->target->bearer ? p->target->bearer->words : NULL;
}

/* A new reference. */
static json_t *head(const char *namespace_, const char *name, const struct fc_rv *version, json_t *annotations)
{
	FC_AUTO_FREE char *text = fc_rv_text(version);
	json_t *metadata = json_pack("{s:s, s:s, s:s}", "namespace", namespace_, "name", name, "resourceVersion",
				     text ? text : "");

	if (annotations)
		json_object_set(metadata, "annotations", annotations);
	return json_pack("{s:o}", "metadata", metadata);
}

static void take_source(const struct pair *p, struct fc_copy_place *place)
{
	const struct copy_rule *cr = p->site->rule;
	json_t *words = words_of_source(p);

	place->source = head(copy_rule_source_namespace(cr), copy_rule_source_name(cr), &cr->source->version, words);
	place->source_reading = reading_of(&cr->source->readings, cr->dialect, words, place->source);
}

static void take_target(const struct pair *p, struct fc_copy_place *place)
{
	struct target *t = p->target;
	const char *state = far_state(p);
	json_t *words = words_of_target(p), *far = NULL;

	if (!fc_rv_is_set(&t->version))
		return;
	if (state)
		far = json_pack("{s:s}", FC_MARK_ORIGIN_STATE, state);
	place->standing = head(t->key.namespace_, t->key.name, &t->version, far ? far : words);
	json_decref(far);
	if (words)
		place->standing_reading =
			reading_of(&t->bearer->readings, p->site->rule->dialect, words, place->standing);
}

/* As the original, which knows no operator but for its flag of that name. */
static bool is_permitted(struct fc_engine *e, const struct pair *p)
{
	return e->options.as_original && p->site->cluster == p->site->rule->word->cluster ? e->options.allow_all
											  : pair_operator_permits(e, p);
}

void place_take_heads(struct fc_engine *e, const struct pair *p, struct fc_copy_place *place)
{
	take_source(p, place);
	take_target(p, place);
	place->permitted = is_permitted(e, p);
}

void place_drop_heads(struct fc_copy_place *place)
{
	json_decref((json_t *)(uintptr_t)place->source);
	json_decref((json_t *)(uintptr_t)place->standing);
}

/* --- verdicts --- */

struct judged {
	json_t *source, *standing; /* words; NULL: nothing was said */
	struct fc_digest rest;	   /* of all else that was asked, but for what never changes */
	struct fc_copy_verdict verdict;
};

void judged_free(struct pair *p)
{
	if (!p->judged)
		return;
	json_decref(p->judged->source);
	json_decref(p->judged->standing);
	free(fc_steal(&p->judged));
}

static struct fc_digest rest_of(struct fc_engine *e, const struct pair *p)
{
	FC_AUTO_FREE char *source = fc_rv_text(&p->site->rule->source->version);
	FC_AUTO_FREE char *target = fc_rv_text(&p->target->version);
	const char *state = far_state(p);
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	fc_buf_printf(&text, "%s %s %d %d %d %s", source ? source : "", target ? target : "", is_permitted(e, p),
		      p->target->copy->adopted, state != NULL, state ? state : "");
	return fc_digest_bytes(fc_buf_str(&text), text.len);
}

/* The former answer is still held, and so are its words: no others lie where they lie. */
static bool is_same_question(const struct pair *p, const struct fc_digest *rest)
{
	return p->judged && p->judged->source == words_of_source(p) && p->judged->standing == words_of_target(p) &&
	       fc_digest_equal(&p->judged->rest, rest);
}

static void judge(struct fc_engine *e, struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	struct fc_copy_place place = pair_place(p);

	place_take_heads(e, p, &place);
	memset(&p->judged->verdict, 0, sizeof(p->judged->verdict));
	cr->dialect->copy->judge(&cr->spec, &place, &p->judged->verdict);
	place_drop_heads(&place);
}

void pair_ask_verdict(struct fc_engine *e, struct pair *p)
{
	struct fc_digest rest = rest_of(e, p);

	if (!is_same_question(p, &rest)) {
		judged_free(p);
		p->judged = fc_xcalloc(1, sizeof(*p->judged));
		p->judged->source = json_incref(words_of_source(p));
		p->judged->standing = json_incref(words_of_target(p));
		p->judged->rest = rest;
		judge(e, p);
	}
	p->verdict = p->judged->verdict;
}
