/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the dialect k8s-replicator have in common: copies.h with that dialect, and its objects. */
#ifndef FC_TEST_ENGINE_REPLICATOR_H
#define FC_TEST_ENGINE_REPLICATOR_H

#include "copies.h"

#define R "k8s-replicator/"
#define FROM(source) "'" R "replicate-from':'" source "'"
#define TO(places) "'" R "replicate-to':'" places "'"
#define TO_NAMESPACES(places) "'" R "replicate-to-namespaces':'" places "'"
#define ALLOWED "'" R "replication-allowed':'true'"
#define ALLOWED_IN(places) "'" R "replication-allowed-namespaces':'" places "'"
#define ONCE "'" R "replicate-once':'true'"

/* All that the program ships. */
static const struct fc_dialect *const known[] = { &fc_dialect_k8s_copier, &fc_dialect_k8s_replicator, &fc_dialect_kopy,
						  &fc_dialect_configmap_sync, NULL };

/* As copies_new, with this dialect instead of the one for tests, and only what design section 7 permits by itself. */
static inline struct copies *replicator_new_with(const struct fc_dialect *d, const struct fc_dialect *const *all)
{
	struct copies *c = copies_make_servers();

	c->dialects[1] = d;
	c->not_all_allowed = true;
	c->known = all;
	fc_engine_free(c->w.engine);
	c->w.engine = copies_engine(c);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		copies_space(c, i, "home", "");
		copies_space(c, i, "a", "");
		copies_space(c, i, "b", "");
		copies_space(c, i, "other", "");
	}
	copies_start(c);
	return c;
}

static inline struct copies *replicator_new(void)
{
	return replicator_new_with(&fc_dialect_k8s_replicator, known);
}

/* A ConfigMap of the hub with these annotations (members); `value` NULL: it holds nothing. */
static inline void replicator_map(struct copies *c, const char *ns, const char *name, const char *annotations,
				  const char *value)
{
	FC_AUTO_FREE char *metadata = fc_xasprintf("'annotations':{%s}", annotations);
	FC_AUTO_FREE char *data = value ? fc_xasprintf("'data':{'a':'%s'}", value) : fc_xstrdup("");

	copies_make(c, HUB, "ConfigMap", ns, name, metadata, data);
	copies_settle(c);
}

static inline void replicator_edit(struct copies *c, const char *ns, const char *name, const char *merge)
{
	copies_patch(c, HUB, "ConfigMap", ns, name, merge);
	copies_settle(c);
}

/* `value`: JSON, or null to take it off. */
static inline void replicator_annotate(struct copies *c, const char *ns, const char *name, const char *word,
				       const char *value)
{
	FC_AUTO_FREE char *merge = fc_xasprintf("{'metadata':{'annotations':{'" R "%s':%s}}}", word, value);

	replicator_edit(c, ns, name, merge);
}

static inline void replicator_delete(struct copies *c, const char *ns, const char *name)
{
	copies_delete(c, HUB, "ConfigMap", ns, name);
	copies_settle(c);
	copies_wait(c, 1000);
}

/* "(none)": it bears no such annotation. */
static inline const char *replicator_word(struct copies *c, const char *ns, const char *name, const char *word)
{
	FC_AUTO_FREE char *key = fc_xasprintf(R "%s", word);

	return copies_annotation(copies_object(c, HUB, "ConfigMap", ns, name), key);
}

static inline const char *replicator_version(struct copies *c, const char *ns, const char *name)
{
	return fc_json_metadata(copies_object(c, HUB, "ConfigMap", ns, name), "resourceVersion");
}

static inline void assert_value(struct copies *c, const char *ns, const char *name, const char *value)
{
	assert_string_equal(copies_value(c, HUB, ns, name), value);
}

/* Filled from home/src. */
static inline void assert_filled(struct copies *c, const char *ns, const char *name, const char *value)
{
	assert_value(c, ns, name, value);
	assert_string_equal(replicator_word(c, ns, name, "replicated-from-version"),
			    replicator_version(c, "home", "src"));
}

static inline void assert_cleared(struct copies *c, const char *ns, const char *name)
{
	assert_value(c, ns, name, "(none)");
	assert_string_equal(replicator_word(c, ns, name, "replicated-from-version"), "(none)");
	assert_string_equal(replicator_word(c, ns, name, "replicated-from-allowed"), "(none)");
	assert_string_equal(replicator_word(c, ns, name, "replicated-from-origin"), "(none)");
	assert_string_equal(replicator_word(c, ns, name, "replicate-once-version"), "(none)");
}

#endif
