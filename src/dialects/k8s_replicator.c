/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect k8s-replicator: annotations by which ConfigMaps and Secrets pull their data from others, push copies of
 * themselves, or both, with consent, chains and copies that are made once. What an object asks for is in
 * k8s_replicator_scan.c, what is done about a place in k8s_replicator_judge.c. Rule numbers here and in the tests are
 * those of docs/k8s-replicator.md. */
#include "dialects/k8s_replicator.h"

#include <string.h>

#include "base/mem.h"
#include "dialects/dialects.h"
#include "dialects/replicator_data.h"
#include "dialects/replicator_pull.h"
#include "dialects/replicator_want.h"
#include "json/decode.h"
#include "model/marks.h"

#define NAME "k8s-replicator"
#define HEAD NAME "/"

/* It cannot be understood, and nobody does anything about it (B1, B2). */
#define FLAG_INERT 1u

const struct fc_replicator_config *fc_replicator_config_of(const struct fc_dialect *d)
{
	return d->options;
}

/* --- whose copy it is --- */

/* B14, D20. */
static bool mark(const struct fc_dialect *d, const json_t *object, struct fc_copy_mark *out)
{
	const struct fc_replicator_vocabulary *words = &fc_replicator_config_of(d)->words;
	struct fc_replicator_object o;

	if (!fc_marks_annotation(object, words->keys[FC_REPLICATED_BY]))
		return false;
	fc_replicator_object_read(words, object, &o);
	out->namespace_ = fc_xstrdup(o.by_name ? o.by_namespace : "");
	out->name = fc_xstrdup(o.by_name ? o.by_name : "");
	out->flags = o.inert_reason ? FLAG_INERT : 0;
	fc_replicator_object_fini(&o);
	return true;
}

/* B18 to B20, B23: once or not. */
static enum fc_copy_end ends(unsigned flags, enum fc_copy_reason why)
{
	(void)why;
	return flags & FLAG_INERT ? FC_COPY_KEEP : FC_COPY_DELETE;
}

/* Who pushes owns what is read; who is pulled from says so in annotations, which `judge` reads (design section 7). */
static bool consents(const struct fc_copy_spec *rule, const char *bearer_namespace, const struct fc_resource *r)
{
	(void)rule;
	(void)bearer_namespace;
	(void)r;
	return true;
}

/* --- clearing --- */

/* A copy in another cluster keeps its books in one annotation of fedcopy's own. */
static json_t *cleared_abroad(const json_t *copy)
{
	json_t *object = json_copy((json_t *)(uintptr_t)copy), *metadata = json_copy(json_object_get(copy, "metadata"));
	json_t *annotations = json_copy(json_object_get(metadata, "annotations"));

	json_object_del(annotations, FC_MARK_ORIGIN_STATE);
	json_object_set_new(metadata, "annotations", annotations);
	json_object_set_new(object, "metadata", metadata);
	fc_replicator_put_minimal_data(object);
	return object;
}

/* B16, D3. At home fedcopy's annotation says nothing, whoever has put it there. */
static json_t *cleared(const struct fc_dialect *d, const json_t *copy, bool abroad)
{
	struct fc_replicator_object o;
	json_t *object;

	if (abroad)
		return fc_marks_annotation(copy, FC_MARK_ORIGIN_STATE) ? cleared_abroad(copy) : NULL;
	fc_replicator_object_read(&fc_replicator_config_of(d)->words, copy, &o);
	object = fc_replicator_cleared(&o, copy);
	fc_replicator_object_fini(&o);
	return object;
}

/* --- tables --- */

static const char *const no_keys[] = { NULL };
static const char *const kinds[] = { "configmaps", "secrets", NULL };
/* D17: whoever makes an object immutable means it. */
static const char *const spared[] = { "immutable", NULL };
static const char *const labels[] = { "app.kubernetes.io/managed-by", NAME, NULL };
static const char *const prefixes[] = { HEAD, NULL };
static const char *const mark_annotations[] = { HEAD "replicated-at",		HEAD "replicated-by",
						HEAD "replicated-from-version", HEAD "replicated-from-origin",
						HEAD "replicated-from-allowed", NULL };

/* Never written: a vocabulary that is made at run time owns its texts. */
#define TEXT(literal) (char *)(uintptr_t)(literal)
#define KEY(word) TEXT(HEAD word)

static const struct fc_replicator_config defaults = {
	.words = { .prefix = TEXT(HEAD),
		   .keys = { KEY("replicate-from"), KEY("replicate-to"), KEY("replicate-to-namespaces"),
			     KEY("replicate-once"), KEY("replicate-once-version"), KEY("replication-allowed"),
			     KEY("replication-allowed-namespaces"), KEY("replicated-at"), KEY("replicated-by"),
			     KEY("replicated-from-version"), KEY("replicated-from-origin"),
			     KEY("replicated-from-allowed") } },
	.labels = labels,
};

static const struct fc_copy_dialect copy = {
	.bearers = kinds,
	.copies = kinds,
	.mark_labels = no_keys,
	.mark_annotations = mark_annotations,
	.finalizers = no_keys,
	.written_annotation = HEAD "replicated-at",
	.spared_members = spared,
	.tells_bearer = true,
	.scan = fc_replicator_scan,
	.consents = consents,
	.free_options = fc_replicator_rule_free,
	.refuses = fc_replicator_refuses,
	.desired = fc_replicator_desired,
	.judge = fc_replicator_judge,
	.read = fc_replicator_read,
	.free_reading = fc_replicator_reading_free,
	.matches = fc_replicator_matches,
	.mark = mark,
	.ends = ends,
	.cleared = cleared,
};

const struct fc_dialect fc_dialect_k8s_replicator = {
	.name = NAME,
	.options = &defaults,
	.annotation_prefixes = prefixes,
	.copy = &copy,
};

/* --- with other options --- */

struct configured {
	struct fc_dialect dialect;
	struct fc_copy_dialect copy;
	struct fc_replicator_config config;
	const char *prefixes[FC_REPLICATOR_WORDS + 1];
	const char *marks[FC_REPLICATOR_WORDS + 1];
};

/* Without a prefix an annotation is known by its whole name. */
static void set_prefixes(struct configured *c)
{
	const struct fc_replicator_vocabulary *words = &c->config.words;

	if (words->prefix[0]) {
		c->prefixes[0] = words->prefix;
		return;
	}
	for (size_t i = 0; i < FC_REPLICATOR_WORDS; i++)
		c->prefixes[i] = words->keys[i];
}

struct fc_dialect *fc_k8s_replicator_new(const struct fc_k8s_replicator_options *o)
{
	struct configured *c = fc_xcalloc(1, sizeof(*c));

	fc_replicator_vocabulary_init(&c->config.words, o->prefix ? o->prefix : NAME);
	c->config.words.ignore_unknown = o->ignore_unknown;
	c->config.words.allow_all = o->allow_all;
	c->config.words.pool = fc_namespace_pool_new();
	c->config.labels = o->labels ? o->labels : labels;
	set_prefixes(c);
	for (size_t i = FC_REPLICATED_AT; i < FC_REPLICATOR_WORDS; i++)
		c->marks[i - FC_REPLICATED_AT] = c->config.words.keys[i];
	c->copy = copy;
	c->copy.mark_annotations = c->marks;
	c->copy.written_annotation = c->config.words.keys[FC_REPLICATED_AT];
	c->copy.bearers = c->copy.copies = o->kinds ? o->kinds : kinds;
	c->dialect = fc_dialect_k8s_replicator;
	c->dialect.options = &c->config;
	c->dialect.annotation_prefixes = c->prefixes;
	c->dialect.copy = &c->copy;
	return &c->dialect;
}

void fc_k8s_replicator_free(struct fc_dialect *d)
{
	struct configured *c = (struct configured *)d;

	if (!c)
		return;
	fc_namespace_pool_free(c->config.words.pool);
	fc_replicator_vocabulary_fini(&c->config.words);
	free(c);
}
