/* SPDX-License-Identifier: Apache-2.0 */
#include "dialects/replicator_pull.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dialects/replicator_data.h"
#include "engine/copy_dialect.h"

#define ALL ".*"
#define NOBODY "-"

/* --- permission --- */

static enum fc_replicator_verdict deny(const char **why, const char *sentence)
{
	*why = sentence;
	return FC_REPLICATOR_DENY;
}

static enum fc_replicator_verdict error(const char **why, const char *sentence)
{
	*why = sentence;
	return FC_REPLICATOR_ERROR;
}

/* Steps 1 to 3. */
static enum fc_replicator_verdict source_permits(const struct fc_replicator_object *target,
						 const struct fc_replicator_object *source, const char **why)
{
	const char *allowed = source->text[FC_REPLICATION_ALLOWED],
		   *namespaces = source->text[FC_REPLICATION_ALLOWED_NAMESPACES], *limit;

	if (!allowed && !namespaces && !source->words->allow_all)
		return deny(why, "the source has neither replication-allowed nor replication-allowed-namespaces");
	if (fc_replicator_truth(allowed) == FC_REPLICATOR_MALFORMED)
		return error(why, "the source's replication-allowed is neither \"true\" nor \"false\"");
	if (allowed && fc_replicator_truth(allowed) == FC_REPLICATOR_FALSE)
		return deny(why, "the source's replication-allowed is false");
	if (!namespaces)
		return FC_REPLICATOR_ALLOW;
	if (!source->allowed)
		return error(why, "the source's replication-allowed-namespaces cannot be understood");
	if (!fc_namespace_patterns_match(source->allowed, target->namespace_, &limit))
		return deny(why,
			    limit ? limit : "the source's replication-allowed-namespaces leave this namespace out");
	return FC_REPLICATOR_ALLOW;
}

/* Steps 5 and 6: who gave it to the source may have allowed fewer. */
static enum fc_replicator_verdict chain_permits(const struct fc_replicator_object *target,
						const struct fc_replicator_object *source, const char **why)
{
	const char *inherited = source->text[FC_REPLICATED_FROM_ALLOWED], *limit;
	struct fc_namespace_patterns *list;
	bool fits;

	if (!inherited || strcmp(inherited, NOBODY) == 0)
		return deny(why, "the source is a replica, and has no permission to be pulled on");
	list = fc_namespace_patterns_parse_in(source->words->pool, inherited, NULL);
	if (!list)
		return error(why, "the source's replicated-from-allowed cannot be understood");
	fits = fc_namespace_patterns_match(list, target->namespace_, &limit);
	fc_namespace_patterns_unref(list);
	if (!fits)
		return deny(why, limit ? limit : "those before the source in the chain leave this namespace out");
	if (fc_replicator_is_key_of(source->text[FC_REPLICATED_FROM_ORIGIN], target))
		return error(why, "a loop: what the source holds was born here");
	return FC_REPLICATOR_ALLOW;
}

enum fc_replicator_verdict fc_replicator_may_pull(const struct fc_replicator_object *target,
						  const struct fc_replicator_object *source, const char **why)
{
	enum fc_replicator_verdict verdict;

	*why = NULL;
	verdict = source_permits(target, source, why);
	if (verdict != FC_REPLICATOR_ALLOW || !source->text[FC_REPLICATE_FROM])
		return verdict;
	return chain_permits(target, source, why);
}

/* --- need --- */

enum fc_replicator_need fc_replicator_need(const struct fc_replicator_object *target,
					   const struct fc_replicator_object *source)
{
	const char *has = target->text[FC_REPLICATED_FROM_VERSION];
	enum fc_replicator_truth source_once, target_once;

	if (!has)
		return FC_REPLICATOR_NEEDS_DATA;
	if (strcmp(has, source->version) == 0)
		return FC_REPLICATOR_UP_TO_DATE;
	source_once = fc_replicator_truth(source->text[FC_REPLICATE_ONCE]);
	target_once = fc_replicator_truth(target->text[FC_REPLICATE_ONCE]);
	if (source_once == FC_REPLICATOR_MALFORMED || target_once == FC_REPLICATOR_MALFORMED)
		return FC_REPLICATOR_NEED_ERROR;
	if (source_once == FC_REPLICATOR_FALSE && target_once == FC_REPLICATOR_FALSE)
		return FC_REPLICATOR_NEEDS_DATA;
	if (!source->text[FC_REPLICATE_ONCE_VERSION] ||
	    fc_replicator_same_word(source, target, FC_REPLICATE_ONCE_VERSION))
		return FC_REPLICATOR_ONCE;
	return FC_REPLICATOR_NEEDS_DATA;
}

/* --- the pull --- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* D1: the chain's permissions and origin move on, also where the data stays for ever. */
static bool chain_is_current(const struct fc_replicator_object *target, const struct fc_replicator_object *source)
{
	FC_AUTO_FREE char *allowed = fc_replicator_inherited(source);
	FC_AUTO_FREE char *origin = fc_replicator_origin(target, source);

	return same_text(allowed, target->text[FC_REPLICATED_FROM_ALLOWED]) &&
	       same_text(origin, target->text[FC_REPLICATED_FROM_ORIGIN]);
}

enum fc_replicator_pull fc_replicator_pull(const struct fc_replicator_object *target,
					   const struct fc_replicator_object *source, const char **why)
{
	enum fc_replicator_verdict verdict = fc_replicator_may_pull(target, source, why);

	if (verdict != FC_REPLICATOR_ALLOW)
		return verdict == FC_REPLICATOR_DENY ? FC_REPLICATOR_PULL_CLEAR : FC_REPLICATOR_PULL_NOTHING;
	if (source->text[FC_REPLICATE_FROM] && !source->text[FC_REPLICATED_FROM_VERSION]) {
		*why = "the source is a replica that holds nothing";
		return FC_REPLICATOR_PULL_CLEAR;
	}
	switch (fc_replicator_need(target, source)) {
	case FC_REPLICATOR_NEEDS_DATA:
		return FC_REPLICATOR_PULL_DATA;
	case FC_REPLICATOR_ONCE:
		return chain_is_current(target, source) ? FC_REPLICATOR_PULL_NOTHING : FC_REPLICATOR_PULL_ANNOTATIONS;
	case FC_REPLICATOR_NEED_ERROR:
		*why = "replicate-once of the source or target is neither \"true\" nor \"false\"";
		return FC_REPLICATOR_PULL_NOTHING;
	case FC_REPLICATOR_UP_TO_DATE:
		break;
	}
	return FC_REPLICATOR_PULL_NOTHING;
}

/* --- inherited permissions --- */

static bool in_list(const struct fc_namespace_patterns *list, const char *text)
{
	for (size_t i = 0; i < fc_namespace_patterns_count(list); i++)
		if (strcmp(fc_namespace_pattern_text(fc_namespace_patterns_at(list, i)), text) == 0)
			return true;
	return false;
}

static bool matched_by_expression(const struct fc_namespace_patterns *list, const char *name)
{
	for (size_t i = 0; i < fc_namespace_patterns_count(list); i++) {
		const struct fc_namespace_pattern *p = fc_namespace_patterns_at(list, i);

		if (!fc_namespace_pattern_is_literal(p) && fc_namespace_pattern_matches(p, name, NULL))
			return true;
	}
	return false;
}

/* Appends to `out` what it does not hold yet: `told` is what stands in it. */
static void tell(struct fc_buf *out, json_t *told, const char *text)
{
	if (json_object_get(told, text))
		return;
	json_object_set_new(told, text, json_true());
	fc_buf_printf(out, "%s%s", out->len ? "," : "", text);
}

/* The literals of `list` that a pattern of `other` fits. */
static void tell_literals(struct fc_buf *out, json_t *told, const struct fc_namespace_patterns *list,
			  const struct fc_namespace_patterns *other)
{
	for (size_t i = 0; i < fc_namespace_patterns_count(list); i++) {
		const struct fc_namespace_pattern *p = fc_namespace_patterns_at(list, i);
		const char *text = fc_namespace_pattern_text(p);

		if (fc_namespace_pattern_is_literal(p) && matched_by_expression(other, text))
			tell(out, told, text);
	}
}

static char *intersection(struct fc_namespace_pool *pool, const char *own, const char *inherited)
{
	struct fc_namespace_patterns *mine = fc_namespace_patterns_parse_valid_in(pool, own);
	struct fc_namespace_patterns *theirs = fc_namespace_patterns_parse_valid_in(pool, inherited);
	struct fc_buf out = FC_BUF_INIT;
	json_auto_t *told = json_object();

	for (size_t i = 0; i < fc_namespace_patterns_count(mine); i++) {
		const char *text = fc_namespace_pattern_text(fc_namespace_patterns_at(mine, i));

		if (in_list(theirs, text))
			tell(&out, told, text);
	}
	/* D8: this order. */
	tell_literals(&out, told, theirs, mine);
	tell_literals(&out, told, mine, theirs);
	fc_namespace_patterns_unref(mine);
	fc_namespace_patterns_unref(theirs);
	if (!out.len)
		fc_buf_puts(&out, NOBODY);
	return fc_buf_steal(&out);
}

char *fc_replicator_intersection(const char *own, const char *inherited)
{
	return intersection(NULL, own, inherited);
}

char *fc_replicator_inherited(const struct fc_replicator_object *source)
{
	const char *own = source->text[FC_REPLICATION_ALLOWED_NAMESPACES],
		   *inherited = source->text[FC_REPLICATED_FROM_ALLOWED];

	if (!source->text[FC_REPLICATE_FROM] || (inherited && strcmp(inherited, ALL) == 0))
		return fc_xstrdup(own ? own : ALL);
	if (!inherited || strcmp(inherited, NOBODY) == 0)
		return fc_xstrdup(NOBODY);
	return own ? intersection(source->words->pool, own, inherited) : fc_xstrdup(inherited);
}

char *fc_replicator_origin(const struct fc_replicator_object *target, const struct fc_replicator_object *source)
{
	const char *origin = source->text[FC_REPLICATED_FROM_ORIGIN];

	if (fc_replicator_truth(target->text[FC_REPLICATE_ONCE]) == FC_REPLICATOR_TRUE)
		return NULL;
	if (source->text[FC_REPLICATE_FROM] && origin)
		return fc_xstrdup(origin);
	return fc_xasprintf("%s/%s", source->namespace_, source->name);
}

/* --- annotations --- */

static json_t *copy_map(const json_t *map)
{
	/* Only read: jansson copies what is not const. */
	return map ? json_copy((json_t *)(uintptr_t)map) : json_object();
}

/* NULL takes it off. */
static void put(json_t *annotations, const struct fc_replicator_object *o, enum fc_replicator_word word,
		const char *text)
{
	if (text)
		json_object_set_new(annotations, o->words->keys[word], json_string(text));
	else
		json_object_del(annotations, o->words->keys[word]);
}

json_t *fc_replicator_pulled_annotations(const struct fc_replicator_object *target,
					 const struct fc_replicator_object *source, bool data)
{
	FC_AUTO_FREE char *allowed = fc_replicator_inherited(source);
	FC_AUTO_FREE char *origin = fc_replicator_origin(target, source);
	json_t *annotations = copy_map(target->annotations);

	put(annotations, target, FC_REPLICATED_FROM_ALLOWED, allowed);
	put(annotations, target, FC_REPLICATED_FROM_ORIGIN, origin);
	if (!data)
		return annotations;
	put(annotations, target, FC_REPLICATED_AT, FC_COPY_NOW);
	put(annotations, target, FC_REPLICATED_FROM_VERSION, source->version);
	put(annotations, target, FC_REPLICATE_ONCE_VERSION, source->text[FC_REPLICATE_ONCE_VERSION]);
	return annotations;
}

/* --- clearing --- */

static const enum fc_replicator_word bookkeeping[] = { FC_REPLICATED_FROM_VERSION, FC_REPLICATE_ONCE_VERSION,
						       FC_REPLICATED_FROM_ALLOWED, FC_REPLICATED_FROM_ORIGIN };

/* Data that a user put in before any replication is never wiped; what was pushed here is (D3). */
static bool has_to_clear(const struct fc_replicator_object *target, const json_t *object)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(bookkeeping); i++)
		if (target->text[bookkeeping[i]])
			return true;
	return target->text[FC_REPLICATED_BY] && fc_replicator_holds_more(object);
}

json_t *fc_replicator_cleared(const struct fc_replicator_object *target, const json_t *object)
{
	json_t *cleared, *metadata, *annotations;

	if (!has_to_clear(target, object))
		return NULL;
	cleared = copy_map(object);
	metadata = copy_map(json_object_get(object, "metadata"));
	annotations = copy_map(target->annotations);
	for (size_t i = 0; i < FC_ARRAY_LEN(bookkeeping); i++)
		put(annotations, target, bookkeeping[i], NULL);
	put(annotations, target, FC_REPLICATED_AT, FC_COPY_NOW);
	json_object_set_new(metadata, "annotations", annotations);
	json_object_set_new(cleared, "metadata", metadata);
	fc_replicator_put_minimal_data(cleared);
	return cleared;
}
