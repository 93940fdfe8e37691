/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the dialect kopy have in common: copies.h with that dialect, and its objects. */
#ifndef FC_TEST_ENGINE_KOPY_H
#define FC_TEST_ENGINE_KOPY_H

#include "copies.h"

#define HEAD "kopy.kot-labs.com/"
#define GUIDE "flynshue.io/"
#define SYNC(value) "'annotations':{'" HEAD "sync':'" value "'}"
#define SYNC_GUIDE(value) "'annotations':{'" GUIDE "sync':'" value "'}"
#define FINALIZER HEAD "finalizer"
#define FINALIZER_GUIDE GUIDE "finalizer"
#define COPY_OF(space) "'labels':{'" HEAD "origin.namespace':'" space "'},'finalizers':['" FINALIZER "']"

/* All that the program ships. */
static const struct fc_dialect *const known[] = { &fc_dialect_k8s_copier, &fc_dialect_kopy, &fc_dialect_configmap_sync,
						  NULL };

/* As copies_new, with kopy instead of the dialect for tests, and only what design section 7 permits by itself. */
static inline struct copies *kopy_new_adopting(const char *const *adopting)
{
	struct copies *c = copies_make_servers();

	c->dialects[1] = &fc_dialect_kopy;
	c->not_all_allowed = true;
	c->adopting = adopting;
	c->known = known;
	fc_engine_free(c->w.engine);
	c->w.engine = copies_engine(c);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		copies_space(c, i, "home", "");
		copies_space(c, i, "a", "'team':'x'");
		copies_space(c, i, "b", "'team':'x'");
		copies_space(c, i, "other", "");
	}
	copies_start(c);
	return c;
}

static inline struct copies *kopy_new(void)
{
	return kopy_new_adopting(NULL);
}

/* The ConfigMap home/src of the hub, selected by team=x: copies in a and b. */
static inline struct copies *kopy_with_copies(void)
{
	struct copies *c = kopy_new();

	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	c->reads = c->writes = 0;
	c->told[0] = '\0';
	return c;
}

static inline const json_t *kopy_metadata(struct copies *c, fc_cluster_no cluster, const char *ns, const char *name)
{
	return json_object_get(copies_object(c, cluster, "ConfigMap", ns, name), "metadata");
}

/* All of them, as one text: "k=v,k=v"; "": none. */
static inline const char *kopy_map(const json_t *metadata, const char *which)
{
	static char text[512];
	const char *key;
	json_t *value;

	text[0] = '\0';
	json_object_foreach(json_object_get(metadata, which), key, value)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s=%s", text[0] ? "," : "", key,
			 json_string_value(value));
	return text;
}

static inline const char *kopy_labels(struct copies *c, const char *ns)
{
	return kopy_map(kopy_metadata(c, HUB, ns, "src"), "labels");
}

static inline const char *kopy_annotations(struct copies *c, const char *ns)
{
	return kopy_map(kopy_metadata(c, HUB, ns, "src"), "annotations");
}

static inline const char *kopy_finalizers(struct copies *c, const char *ns)
{
	static char text[512];
	json_t *name;
	size_t i;

	text[0] = '\0';
	json_array_foreach(json_object_get(kopy_metadata(c, HUB, ns, "src"), "finalizers"), i, name)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "",
			 json_string_value(name));
	return text;
}

/* A copy as B2 has it, with that value. */
static inline void assert_kopy(struct copies *c, const char *ns, const char *value)
{
	assert_string_equal(copies_value(c, HUB, ns, "src"), value);
	assert_string_equal(kopy_labels(c, ns), HEAD "origin.namespace=home");
	assert_string_equal(kopy_annotations(c, ns), "");
	assert_string_equal(kopy_finalizers(c, ns), FINALIZER);
}

/* Released as B14 has it. */
static inline void assert_released(struct copies *c, const char *ns, const char *value)
{
	assert_string_equal(copies_value(c, HUB, ns, "src"), value);
	assert_string_equal(kopy_labels(c, ns), "");
	assert_string_equal(kopy_annotations(c, ns), HEAD "released-from=home");
	assert_string_equal(kopy_finalizers(c, ns), "");
}

static inline void kopy_edit(struct copies *c, const char *ns, const char *merge)
{
	copies_patch(c, HUB, "ConfigMap", ns, "src", merge);
	copies_settle(c);
}

static inline void kopy_label_space(struct copies *c, fc_cluster_no cluster, const char *ns, const char *team)
{
	FC_AUTO_FREE char *patch = fc_xasprintf("{'metadata':{'labels':{'team':%s}}}", team);

	copies_patch(c, cluster, "Namespace", NULL, ns, patch);
	copies_settle(c);
}

static inline void kopy_delete(struct copies *c, const char *ns)
{
	copies_delete(c, HUB, "ConfigMap", ns, "src");
	copies_settle(c);
}

/* The namespace's own controller takes its contents away, until nothing is left of it or something holds on. */
static inline void kopy_end_space(struct copies *c, fc_cluster_no cluster, const char *ns)
{
	copies_delete(c, cluster, "Namespace", NULL, ns);
	copies_settle(c);
	for (int i = 0; i < 20; i++) {
		while (api_server_run_controllers(c->servers[cluster]))
			copies_settle(c);
		copies_wait(c, 1000);
	}
}

#endif
