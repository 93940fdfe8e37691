/* SPDX-License-Identifier: Apache-2.0 */
/* fc_replicator_words - the annotations of k8s-replicator: their keys, and what an object's say.
 * Owns:    a vocabulary its keys; what was read its sentences and lists. Texts are borrowed from the object.
 * Threads: pure functions, any thread; a vocabulary is immutable.
 * Fails:   never: what cannot be understood makes the object inert, with a reason and a sentence.
 * Source:  systems/k8s-replicator.md, Annotations, B1, B2, D4, D7, D20 and its table of bad input. */
#ifndef FC_REPLICATOR_WORDS_H
#define FC_REPLICATOR_WORDS_H

#include <jansson.h>
#include <stdbool.h>

#include "model/namespace_pattern_pool.h"

/* What stands behind the prefix. Users write the first seven. */
enum fc_replicator_word {
	FC_REPLICATE_FROM,
	FC_REPLICATE_TO,
	FC_REPLICATE_TO_NAMESPACES,
	FC_REPLICATE_ONCE,
	FC_REPLICATE_ONCE_VERSION,
	FC_REPLICATION_ALLOWED,
	FC_REPLICATION_ALLOWED_NAMESPACES,
	FC_REPLICATED_AT,
	FC_REPLICATED_BY,
	FC_REPLICATED_FROM_VERSION,
	FC_REPLICATED_FROM_ORIGIN,
	FC_REPLICATED_FROM_ALLOWED,
	FC_REPLICATOR_WORDS
};

/* Names times namespaces of the two instructions to push could be millions: an object that wants more is inert. */
#define FC_REPLICATOR_WANT_MAX 10000

/* What the options say: the keys, and the gates. */
struct fc_replicator_vocabulary {
	char *prefix;			 /* "k8s-replicator/", or "": bare names, and none is unknown */
	char *keys[FC_REPLICATOR_WORDS]; /* prefix included */
	bool ignore_unknown, allow_all;
	struct fc_namespace_pool *pool; /* where expressions are shared; borrowed; NULL: nowhere */
};
/* `prefix` gets its `/` where that is missing; an empty one stays empty. fini frees the keys, not the struct. */
void fc_replicator_vocabulary_init(struct fc_replicator_vocabulary *v, const char *prefix);
void fc_replicator_vocabulary_fini(struct fc_replicator_vocabulary *v);

/* "1 t T TRUE true True" and "0 f F FALSE false False". */
enum fc_replicator_truth { FC_REPLICATOR_FALSE, FC_REPLICATOR_TRUE, FC_REPLICATOR_MALFORMED };
/* NULL: absent, which is false. */
enum fc_replicator_truth fc_replicator_truth(const char *text);

/* An entry of replicate-to. */
struct fc_replicator_entry {
	char *name;
	struct fc_namespace_pattern *namespaces; /* NULL: it names none */
};

/* An object by its metadata. Each text of a word is borrowed from it; NULL: absent, "": there and empty. */
struct fc_replicator_object {
	const struct fc_replicator_vocabulary *words;
	const char *namespace_, *name, *version; /* "" where there are none; version: resourceVersion */
	const json_t *annotations;		 /* NULL: there are none */
	const char *text[FC_REPLICATOR_WORDS];
	char *from_namespace, *from_name; /* replicate-from, resolved; NULL: absent or malformed */
	char *by_namespace, *by_name;	  /* replicated-by; NULL: absent or malformed */
	struct fc_replicator_entry *to;	  /* replicate-to; none: absent, empty or malformed */
	size_t to_count, to_cap;
	/* replicate-to-namespaces, replication-allowed-namespaces; NULL: absent or malformed */
	struct fc_namespace_patterns *to_namespaces, *allowed;
	/* B1, B2, D4, D20: static CamelCase word; NULL: it is not inert. The sentence names annotation and mend. */
	const char *inert_reason;
	char *inert_message;
	const char *unknown; /* ignore_unknown: the first key that nobody knows, for the log; NULL: none. Borrowed */
	bool elsewhere;	     /* it stands in another cluster than those that name it: NAMESPACE/NAME is not its key */
};
/* Fills `out`; `object` needs only its metadata and stays as long as `out` does, as the vocabulary does. An inert
 * object is filled as far as it can be understood. */
void fc_replicator_object_read(const struct fc_replicator_vocabulary *v, const json_t *object,
			       struct fc_replicator_object *out);
void fc_replicator_object_fini(struct fc_replicator_object *o);

/* It holds instructions to push, even empty ones. */
bool fc_replicator_pushes(const struct fc_replicator_object *o);
/* It is to be filled from elsewhere: replicate-from, and no instructions to push unless somebody pushed it here (B19,
 * B25). */
bool fc_replicator_pulls(const struct fc_replicator_object *o);
/* Is `key` that object's NAMESPACE/NAME? NULL is nobody's; what stands elsewhere has none. */
bool fc_replicator_is_key_of(const char *key, const struct fc_replicator_object *o);

/* Are the annotations of this word there and absent in both, and of the same text? B14. */
bool fc_replicator_same_word(const struct fc_replicator_object *a, const struct fc_replicator_object *b,
			     enum fc_replicator_word word);

#endif
