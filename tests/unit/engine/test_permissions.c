/* SPDX-License-Identifier: Apache-2.0 */
/* Every cell of the table of permissions (design section 7), for path rules: what is copied, what is not, and whether
 * the source is even looked at in order to be refused. */
#include "world.h"

/* COPIED: the target is written. ASKED: it is not, and the source is watched for what it says. SHUT: nothing that it
 * could say matters, and it is not watched. */
enum outcome { COPIED, ASKED, SHUT };

struct cell {
	const char *target; /* CLUSTER/RESOURCE/NAMESPACE; the name is dst */
	const char *rule;   /* the value of the annotation */
	enum outcome outcome;
	const char *says;	/* annotations of the source */
	const char *space_says; /* annotations of its Namespace */
	const char *permitted;	/* the operator's list */
	const char *path;	/* NULL: data.x */
	enum fc_reads reads;	/* of the target's cluster */
	bool allow_all;
	bool as_original; /* a drop-in */
};

#define NAMESPACES(list) "'fedcopy.dev/allow-namespaces':'" list "'"
#define READERS(list) "'fedcopy.dev/allow-clusters':'" list "'"
#define ENTRY(from, to, resources) "[{'from':'" from "','to':'" to "','resources':[" resources "]}]"
#define EVERYTHING ENTRY("*/*", "*/*", "'*'")
#define CONFIGMAP "configmap:src:data.x"

#define CELL(t, r, o, ...)                                          \
	{                                                           \
		.target = t, .rule = r, .outcome = o, ##__VA_ARGS__ \
	}

static const struct cell cells[] = {
	/* a: the same namespace, from the own cluster and from the master. */
	CELL("edge-1/configmaps/ns", CONFIGMAP, COPIED),
	CELL("edge-1/configmaps/ns", "configmap:ns/src:data.x", COPIED),
	CELL("edge-1/configmaps/ns", "configmap:hub/ns/src:data.x", COPIED),
	CELL("edge-1/configmaps/ns", "configmap:edge-1/ns/src:data.x", COPIED),
	CELL("hub/configmaps/ns", CONFIGMAP, COPIED),
	CELL("edge-1/configmaps/ns", "configmap:edge-2/ns/src:data.x", ASKED),
	CELL("hub/configmaps/ns", "configmap:edge-2/ns/src:data.x", ASKED),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED),
	CELL("hub/configmaps/ns", "configmap:other/src:data.x", ASKED),
	/* a: unless `reads` says otherwise; the own cluster is no other. */
	CELL("edge-1/configmaps/ns", CONFIGMAP, ASKED, .reads = FC_READS_CONSENTED),
	CELL("edge-1/configmaps/ns", CONFIGMAP, SHUT, .reads = FC_READS_NONE),
	CELL("edge-1/configmaps/ns", "configmap:edge-1/ns/src:data.x", COPIED, .reads = FC_READS_CONSENTED),
	CELL("edge-1/configmaps/ns", "configmap:edge-1/ns/src:data.x", COPIED, .reads = FC_READS_NONE),
	/* c: another namespace, in the clusters that a allows. */
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", COPIED, NAMESPACES("ns")),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", COPIED, NAMESPACES("a, n*")),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", COPIED, .space_says = NAMESPACES("*")),
	CELL("edge-1/configmaps/ns", "configmap:edge-1/other/src:data.x", COPIED, NAMESPACES("ns")),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED, NAMESPACES("ns2,n,team-*")),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED, NAMESPACES("")),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED, .space_says = NAMESPACES("")),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED, READERS("*")),
	CELL("edge-1/configmaps/ns", "configmap:edge-2/other/src:data.x", ASKED, NAMESPACES("*")),
	/* c: another cluster than a allows. */
	CELL("edge-1/configmaps/ns", "configmap:edge-2/ns/src:data.x", COPIED, READERS("edge-*")),
	CELL("edge-1/configmaps/ns", "configmap:edge-2/ns/src:data.x", COPIED, .space_says = READERS("edge-1")),
	CELL("hub/configmaps/ns", "configmap:edge-2/ns/src:data.x", COPIED, READERS("hub")),
	CELL("edge-1/configmaps/ns", "configmap:edge-2/ns/src:data.x", ASKED, READERS("edge-3,hub")),
	CELL("edge-1/configmaps/ns", "configmap:edge-2/ns/src:data.x", ASKED, READERS("")),
	CELL("edge-1/configmaps/ns", "configmap:edge-2/other/src:data.x", COPIED, NAMESPACES("ns") "," READERS("*")),
	CELL("edge-1/configmaps/ns", CONFIGMAP, COPIED, READERS("edge-1"), .reads = FC_READS_CONSENTED),
	CELL("edge-1/configmaps/ns", CONFIGMAP, ASKED, NAMESPACES("*"), .reads = FC_READS_CONSENTED),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED, NAMESPACES("ns"),
	     .reads = FC_READS_CONSENTED),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", COPIED, NAMESPACES("ns") "," READERS("edge-1"),
	     .reads = FC_READS_CONSENTED),
	CELL("edge-1/configmaps/ns", CONFIGMAP, SHUT, NAMESPACES("*") "," READERS("*"),
	     NAMESPACES("*") "," READERS("*"), EVERYTHING, .reads = FC_READS_NONE),
	/* c: the two values of one consent go together. */
	CELL("edge-1/configmaps/ns", "configmap:edge-2/other/src:data.x", ASKED, NAMESPACES("*"), READERS("*")),
	CELL("edge-1/configmaps/ns", "configmap:edge-2/other/src:data.x", ASKED, READERS("*"), NAMESPACES("*")),
	/* d. */
	CELL("edge-1/configmaps/ns", "configmap:edge-2/other/src:data.x", COPIED,
	     .permitted = ENTRY("edge-2/other", "edge-1/ns", "'configmaps'")),
	CELL("edge-1/configmaps/ns", "configmap:edge-2/other/src:data.x", COPIED, .permitted = EVERYTHING),
	CELL("edge-1/configmaps/ns", "configmap:edge-2/other/src:data.x", COPIED, .allow_all = true),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED,
	     .permitted = ENTRY("*/*", "*/*", "'secrets'")),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED, .permitted = ENTRY("hub/ns", "*/*", "'*'")),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED, .permitted = ENTRY("*/*", "hub/*", "'*'")),
	CELL("edge-1/configmaps/ns", CONFIGMAP, COPIED, .permitted = EVERYTHING, .reads = FC_READS_CONSENTED),
	CELL("edge-1/configmaps/ns", CONFIGMAP, SHUT, .allow_all = true, .reads = FC_READS_NONE),
	/* Cluster-scoped sources: d only. */
	CELL("edge-1/configmaps/ns", "node:/src:metadata.name", SHUT, NAMESPACES("*") "," READERS("*")),
	CELL("edge-1/configmaps/ns", "node:src:metadata.name", SHUT, NAMESPACES("*") "," READERS("*")),
	CELL("edge-1/configmaps/ns", "node:edge-2//src:metadata.name", SHUT),
	CELL("edge-1/configmaps/ns", "node:/src:metadata.name", COPIED, .permitted = ENTRY("hub/", "*/*", "'nodes'")),
	CELL("edge-1/configmaps/ns", "node:src:metadata.name", COPIED, .permitted = ENTRY("*/*", "*/*", "'nodes'")),
	CELL("edge-1/configmaps/ns", "node:edge-2//src:metadata.name", COPIED,
	     .permitted = ENTRY("edge-2/", "edge-1/ns", "'nodes'")),
	CELL("edge-1/configmaps/ns", "node:/src:metadata.name", SHUT, .permitted = ENTRY("hub/ns", "*/*", "'nodes'")),
	CELL("edge-1/configmaps/ns", "node:/src:metadata.name", COPIED, .allow_all = true),
	/* Cluster-scoped targets have no namespace that anybody could consent to. */
	CELL("edge-1/nodes/", "configmap:ns/src:data.x", SHUT, NAMESPACES("*") "," READERS("*")),
	CELL("edge-1/nodes/", "configmap:ns/src:data.x", COPIED,
	     .permitted = ENTRY("hub/ns", "edge-1/", "'configmaps'")),
	CELL("edge-1/nodes/", "json:1", COPIED),
	/* System namespaces of every cluster, on both sides: d only, and named. */
	CELL("edge-1/configmaps/ns", "configmap:kube-system/src:data.x", SHUT, NAMESPACES("ns") "," READERS("*")),
	CELL("edge-1/configmaps/ns", "configmap:edge-1/kube-public/src:data.x", SHUT, .space_says = NAMESPACES("*")),
	CELL("edge-1/configmaps/ns", "configmap:kube-system/src:data.x", SHUT, .permitted = EVERYTHING),
	CELL("edge-1/configmaps/ns", "configmap:kube-system/src:data.x", SHUT,
	     .permitted = ENTRY("hub/kube-*", "edge-1/ns", "'*'")),
	CELL("edge-1/configmaps/ns", "configmap:kube-system/src:data.x", COPIED,
	     .permitted = ENTRY("hub/kube-system", "edge-1/ns", "'*'")),
	CELL("edge-1/configmaps/ns", "configmap:kube-system/src:data.x", COPIED, .allow_all = true),
	CELL("edge-1/configmaps/kube-node-lease", CONFIGMAP, SHUT),
	CELL("edge-1/configmaps/kube-system", "configmap:ns/src:data.x", SHUT, NAMESPACES("kube-system")),
	CELL("edge-1/configmaps/kube-system", "configmap:ns/src:data.x", SHUT, .permitted = EVERYTHING),
	CELL("edge-1/configmaps/kube-system", "configmap:ns/src:data.x", COPIED,
	     .permitted = ENTRY("*/*", "*/kube-system", "'configmaps'")),
	CELL("edge-1/configmaps/kube-system", CONFIGMAP, SHUT, .permitted = ENTRY("*/*", "*/kube-system", "'*'")),
	CELL("edge-1/configmaps/kube-system", CONFIGMAP, COPIED,
	     .permitted = ENTRY("hub/kube-system", "*/kube-system", "'*'")),
	CELL("edge-1/configmaps/kube-system", "json:1", SHUT),
	CELL("edge-1/configmaps/kube-system", "json:1", COPIED,
	     .permitted = ENTRY("edge-1/kube-system", "edge-1/kube-system", "'configmaps'")),
	/* What holds secrets feeds what holds secrets, else d. */
	CELL("edge-1/secrets/ns", "secret:src:data.x", COPIED),
	CELL("edge-1/federatedsecrets/ns", "secret:src:data.x", COPIED),
	CELL("edge-1/secrets/ns", "federatedsecret:src:data.x", COPIED),
	CELL("edge-1/secrets/ns", CONFIGMAP, COPIED),
	CELL("edge-1/configmaps/ns", "secret:src:data.x", SHUT),
	CELL("edge-1/configmaps/ns", "secret:src:metadata.name", SHUT),
	CELL("edge-1/configmaps/ns", "federatedsecret:src:data.x", SHUT, NAMESPACES("*") "," READERS("*")),
	CELL("edge-1/configmaps/ns", "secret:src:data.x", COPIED, .permitted = ENTRY("*/*", "*/*", "'secrets'")),
	CELL("edge-1/configmaps/ns", "federatedsecret:src:data.x", COPIED, .allow_all = true),
	/* Guarded groups: d that names what is written. */
	CELL("edge-1/roles/ns", CONFIGMAP, SHUT, NAMESPACES("*")),
	CELL("edge-1/roles/ns", "json:1", SHUT),
	CELL("edge-1/webhooks/", "json:1", SHUT),
	CELL("edge-1/requests/", "json:1", SHUT),
	CELL("edge-1/crds/", "json:1", SHUT),
	CELL("edge-1/apiservices/", "json:1", SHUT),
	CELL("edge-1/roles/ns", CONFIGMAP, SHUT, .permitted = ENTRY("*/*", "*/*", "'configmaps'")),
	CELL("edge-1/roles/ns", CONFIGMAP, COPIED, .permitted = ENTRY("hub/ns", "edge-1/ns", "'roles'")),
	CELL("edge-1/roles/ns", "configmap:other/src:data.x", ASKED, .permitted = ENTRY("*/*", "*/*", "'roles'")),
	CELL("edge-1/roles/ns", "json:1", COPIED,
	     .permitted = ENTRY("*/*", "*/*", "'roles.rbac.authorization.k8s.io'")),
	CELL("edge-1/crds/", "json:1", COPIED, .permitted = ENTRY("*/", "edge-1/", "'crds'")),
	CELL("edge-1/roles/ns", CONFIGMAP, COPIED, .allow_all = true),
	/* Paths under status: the same. */
	CELL("edge-1/configmaps/ns", CONFIGMAP, SHUT, .path = "status.x"),
	CELL("edge-1/configmaps/ns", "json:1", SHUT, .path = "status"),
	CELL("edge-1/configmaps/ns", "json:1", COPIED, .path = "statuses"),
	CELL("edge-1/configmaps/ns", CONFIGMAP, COPIED, .path = "status.x",
	     .permitted = ENTRY("hub/ns", "edge-1/ns", "'configmaps'")),
	CELL("edge-1/configmaps/ns", "json:1", COPIED, .path = "status", .allow_all = true),
	/* A drop-in: inside one cluster as the original, which asks nobody (k8s-copier D18)... */
	CELL("hub/configmaps/ns", "configmap:other/src:data.x", COPIED, .as_original = true),
	CELL("hub/configmaps/ns", "configmap:kube-system/src:data.x", COPIED, .as_original = true),
	CELL("hub/configmaps/kube-system", "configmap:ns/src:data.x", COPIED, .as_original = true),
	CELL("hub/configmaps/ns", "node:/src:metadata.name", COPIED, .as_original = true),
	CELL("hub/configmaps/ns", "secret:src:data.x", COPIED, .as_original = true),
	CELL("hub/roles/ns", CONFIGMAP, COPIED, .as_original = true),
	CELL("hub/configmaps/ns", "json:1", COPIED, .path = "status", .as_original = true),
	/* ... and across clusters as ever. */
	CELL("edge-1/configmaps/ns", CONFIGMAP, COPIED, .as_original = true),
	CELL("edge-1/configmaps/ns", "configmap:other/src:data.x", ASKED, .as_original = true),
	CELL("edge-1/configmaps/ns", "secret:src:data.x", SHUT, .as_original = true),
	CELL("edge-1/configmaps/ns", "configmap:kube-system/src:data.x", SHUT, .as_original = true),
};

/* Whatever can carry a rule here. */
static const char *const targets[] = { "configmaps", "secrets", "federatedsecrets", "roles", "nodes", "webhooks",
				       "requests",   "crds",	"apiservices" };

static fc_cluster_no number_of(const char *target)
{
	return strncmp(target, "hub", 3) == 0 ? HUB : EDGE1;
}

static json_t *target_of(const struct cell *cell)
{
	const char *namespace_ = strrchr(cell->target, '/') + 1;

	return J("{'metadata':{'name':'dst','namespace':'%s','uid':'t','resourceVersion':'20','annotations':"
		 "{'k8s-copier.fig.org/replace-%s':'%s'}}}",
		 namespace_, cell->path ? cell->path : "data.x", cell->rule);
}

static struct world *begin(const struct cell *cell)
{
	struct world *w = world_new_tuned((struct fc_engine_options){ .target_words = targets,
								      .target_word_count = FC_ARRAY_LEN(targets),
								      .allow_all = cell->allow_all,
								      .as_original = cell->as_original },
					  1);

	if (cell->permitted)
		world_permit(w, cell->permitted);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		world_up(w, i);
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", cell->reads);
	world_resolve(w);
	return w;
}

static void see_target(struct world *w, const struct cell *cell)
{
	FC_AUTO_FREE char *kind = fc_xstrdup(strchr(cell->target, '/') + 1);
	struct fc_action *watch;

	*strchr(kind, '/') = '\0';
	watch = world_take_watch(w, number_of(cell->target), kind, true);
	assert_non_null(watch);
	world_list(w, watch, target_of(cell));
	world_resolve(w);
	/* The other types never tell anything: sources are collected for so long. */
	world_tick(w, 2001);
	fc_action_free(watch);
}

static json_t *source_of(const struct cell *cell, const char *namespace_)
{
	return J("{'metadata':{'name':'src','namespace':'%s','resourceVersion':'10','annotations':{%s}},"
		 "'data':{'x':'1'}}",
		 namespace_ ? namespace_ : "", cell->says ? cell->says : "");
}

static void answer_reads(struct world *w, const struct cell *cell)
{
	struct fc_action *a;

	while ((a = world_take(w, FC_ACTION_READ))) {
		world_answer(w, a, strcmp(a->name, "src") == 0 ? source_of(cell, a->namespace_) : target_of(cell));
		fc_action_free(a);
	}
}

/* The source that is watched, if any, is listed with what it says, and its Namespace tells. */
static bool see_source(struct world *w, const struct cell *cell)
{
	bool any = false;

	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		for (size_t k = 0; k < FC_ARRAY_LEN(world_resources); k++) {
			struct fc_action *watch = world_take_watch(w, i, world_resources[k].plural, false);

			if (!watch)
				continue;
			any = true;
			assert_string_equal(watch->name, "src");
			if (cell->space_says)
				world_space(w, i, watch->namespace_, cell->space_says);
			world_list(w, watch, source_of(cell, watch->namespace_));
			fc_action_free(watch);
		}
	}
	return any;
}

static enum outcome play(const struct cell *cell)
{
	struct world *w = begin(cell);
	enum outcome outcome;
	bool seen, copied;

	see_target(w, cell);
	seen = see_source(w, cell);
	if (cell->outcome != COPIED)
		assert_quiet(w);
	answer_reads(w, cell);
	copied = world_count(w, FC_ACTION_PATCH) == 1;
	outcome = copied ? COPIED : seen ? ASKED : SHUT;
	if (copied != (strcmp(world_state(w, "dst", NULL), "Pending/Writing") == 0) ||
	    copied == (strcmp(world_state(w, "dst", NULL), "NotAllowed/NotAllowed") == 0))
		fail_msg("cell %zu: %s <- %s: %s", (size_t)(cell - cells), cell->target, cell->rule,
			 world_state(w, "dst", NULL));
	world_free(w);
	return outcome;
}

static void test_every_cell_of_the_table_of_permissions(void **state)
{
	static const char *const words[] = { "copied", "refused for want of a consent", "refused whatever it says" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(cells); i++) {
		const struct cell *cell = &cells[i];
		enum outcome outcome = play(cell);

		if (outcome != cell->outcome)
			fail_msg("cell %zu: %s <- %s [%s] [%s] [%s]: %s, not %s", i, cell->target, cell->rule,
				 cell->says ? cell->says : "", cell->space_says ? cell->space_says : "",
				 cell->permitted ? cell->permitted : "", words[outcome], words[cell->outcome]);
	}
}

static void see(struct world *w, struct world_watches *watches, const char *namespace_, const char *rule)
{
	world_object(w, watches->secrets[EDGE1],
		     J("{'metadata':{'name':'dst','namespace':'%s','uid':'t','resourceVersion':'20','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'%s'}}}",
		       namespace_, rule));
	world_resolve(w);
}

/* Scope and cluster that do not fit, and names that are none, are the rule's own fault: no URL is made of them. */
static void test_instances_that_fit_nothing_are_invalid_and_ask_nobody(void **state)
{
	static const char *const rows[] = {
		"secret:/src:data",   "node:ns/n1:metadata.labels", "secret:nowhere/ns/src:data", "secret:a/b/c/d:data",
		"secret:ns/..:data",  "secret:ns/%2e%2e:data",	    "secret:hub/ns/a%2Fb:data",	  "secret:Ns/src:data",
		"secret:ns/\\n:data", "secret:../ns/src:data",	    "secret:a?watch=1/src:data",
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct world *w = world_new();
		struct world_watches watches;

		world_start(w, &watches);
		see(w, &watches, "ns", rows[i]);
		if (strcmp(world_state(w, "dst", NULL), "Invalid/BadInstance") != 0)
			fail_msg("%s: %s", rows[i], world_state(w, "dst", NULL));
		assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
		assert_quiet(w);
		world_watches_free(&watches);
		world_free(w);
	}
}

/* B18: what is not selected counts as missing. Where it may not be read besides, that is asked first (design section 5,
 * States), and no source is looked at that is not selected. */
static void test_b18_source_outside_the_selected_namespaces_counts_as_missing(void **state)
{
	static const char *const secrets[] = { "secrets" };
	static const char *const namespaces[] = { "ns", "ns2" };
	struct world *w = world_new_with(secrets, 1, namespaces, 2);
	struct fc_action *first, *second;

	(void)state;
	world_up(w, HUB);
	world_resolve(w);
	first = world_take_watch(w, HUB, "secrets", true);
	second = world_take_watch(w, HUB, "secrets", true);
	assert_non_null(second);
	assert_string_equal(first->namespace_, "ns");
	assert_string_equal(second->namespace_, "ns2");
	world_object(w, first,
		     J("{'metadata':{'name':'dst','namespace':'ns','resourceVersion':'1','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:elsewhere/src:data'}}}"));
	world_resolve(w);
	assert_string_equal(world_state(w, "dst", "data"), "NotAllowed/NotAllowed");
	world_permit(w, EVERYTHING);
	assert_string_equal(world_state(w, "dst", "data"), "SourceNotFound/SourceNotFound");
	assert_null(world_take_watch(w, HUB, "secrets", false));
	fc_action_free(first);
	fc_action_free(second);
	world_free(w);
}

static void test_a_permission_comes_and_goes_while_running(void **state)
{
	struct world *w = world_new();
	struct world_watches watches;
	struct fc_action *source, *a;
	json_t *target = J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'20','annotations':"
			   "{'k8s-copier.fig.org/replace-data':'secret:edge-2/other/src:data'}}}");

	(void)state;
	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], json_incref(target));
	world_resolve(w);
	source = world_take_watch(w, EDGE2, "secrets", false);
	assert_non_null(source);
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'other','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_string_equal(world_state(w, "dst", NULL), "NotAllowed/NotAllowed");
	assert_quiet(w);
	/* Nothing of what it could not use was kept: the value is read now. */
	world_permit(w, ENTRY("edge-2/other", "edge-1/ns", "'secrets'"));
	world_answer_read(w, "dst", target);
	world_answer_read(w, "src",
			  J("{'metadata':{'name':'src','namespace':'other','resourceVersion':'10'},'data':{'a':'1'}}"));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_answer(w, a,
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'21','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:edge-2/other/src:data'}},'data':{'a':'1'}}"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "dst", NULL), "InSync/InSync");
	world_permit(w, ENTRY("edge-2/other", "edge-1/ns", "'configmaps'"));
	assert_string_equal(world_state(w, "dst", NULL), "NotAllowed/NotAllowed");
	world_object(w, source,
		     J("{'metadata':{'name':'src','namespace':'other','resourceVersion':'11'},'data':{'a':'2'}}"));
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
	world_free(w);
}

/* Consents and permissions name clusters, and names change. */
static void test_a_permission_follows_the_names_of_clusters(void **state)
{
	struct world *w = world_new();
	struct world_watches watches;

	(void)state;
	world_start(w, &watches);
	world_permit(w, ENTRY("edge-2/ns", "lab-*/ns", "'secrets'"));
	see(w, &watches, "ns", "secret:edge-2/ns/src:data");
	world_no_sources(w);
	assert_string_equal(world_state(w, "dst", NULL), "NotAllowed/NotAllowed");
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "lab-1", FC_READS_SAME_NAMESPACE);
	assert_string_equal(world_state(w, "dst", NULL), "SourceNotFound/SourceNotFound");
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", FC_READS_SAME_NAMESPACE);
	assert_string_equal(world_state(w, "dst", NULL), "NotAllowed/NotAllowed");
	world_watches_free(&watches);
	world_free(w);
}

/* --- row b --- */

/* As k8s-copier, but for the source's word: `example.com/may` of the source is "yes", "no", or a namespace. */
static enum fc_consent consents(const json_t *source, const char *namespace_)
{
	const char *may = json_string_value(json_object_get(
		json_object_get(json_object_get(source, "metadata"), "annotations"), "k8s-copier.fig.org/may"));

	if (!may)
		return FC_CONSENT_UNSAID;
	if (strcmp(may, "no") == 0)
		return FC_CONSENT_REFUSED;
	return strcmp(may, "yes") == 0 || strcmp(may, namespace_) == 0 ? FC_CONSENT_GIVEN : FC_CONSENT_UNSAID;
}

static void test_the_dialects_own_word_of_the_source_counts(void **state)
{
	static const struct {
		const char *rule, *says, *permitted;
		enum fc_reads reads;
		bool copied;
	} rows[] = {
		{ "configmap:other/src:data.x", "", NULL, FC_READS_SAME_NAMESPACE, false },
		{ "configmap:other/src:data.x", "'k8s-copier.fig.org/may':'yes'", NULL, FC_READS_SAME_NAMESPACE, true },
		{ "configmap:other/src:data.x", "'k8s-copier.fig.org/may':'ns'", NULL, FC_READS_SAME_NAMESPACE, true },
		{ "configmap:other/src:data.x", "'k8s-copier.fig.org/may':'ns2'", NULL, FC_READS_SAME_NAMESPACE,
		  false },
		{ "configmap:edge-2/other/src:data.x", "'k8s-copier.fig.org/may':'yes'", NULL, FC_READS_SAME_NAMESPACE,
		  true },
		/* Across clusters `reads` is more. */
		{ "configmap:other/src:data.x", "'k8s-copier.fig.org/may':'yes'", NULL, FC_READS_CONSENTED, false },
		{ "configmap:other/src:data.x", "'k8s-copier.fig.org/may':'yes'", NULL, FC_READS_NONE, false },
		{ "configmap:edge-1/other/src:data.x", "'k8s-copier.fig.org/may':'yes'", NULL, FC_READS_CONSENTED,
		  true },
		/* A refusal is stronger than anything. */
		{ "configmap:src:data.x", "'k8s-copier.fig.org/may':'no'", NULL, FC_READS_SAME_NAMESPACE, false },
		{ "configmap:src:data.x", "'k8s-copier.fig.org/may':'no'", EVERYTHING, FC_READS_SAME_NAMESPACE, false },
		{ "configmap:src:data.x", "'k8s-copier.fig.org/may':'no','fedcopy.dev/allow-clusters':'*'", NULL,
		  FC_READS_SAME_NAMESPACE, false },
		/* It does not speak for system namespaces. */
		{ "configmap:kube-system/src:data.x", "'k8s-copier.fig.org/may':'yes'", NULL, FC_READS_SAME_NAMESPACE,
		  false },
	};
	struct fc_dialect dialect = *fc_dialects[0];
	const struct fc_dialect *const dialects[] = { &dialect, NULL };

	(void)state;
	dialect.consents = consents;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		const struct cell cell = { .target = "edge-1/configmaps/ns",
					   .rule = rows[i].rule,
					   .says = rows[i].says,
					   .permitted = rows[i].permitted,
					   .reads = rows[i].reads };
		struct world *w =
			world_new_tuned((struct fc_engine_options){ .target_words = targets,
								    .target_word_count = FC_ARRAY_LEN(targets),
								    .dialects = dialects },
					1);

		world_permit(w, cell.permitted);
		for (fc_cluster_no k = 0; k < CLUSTERS; k++)
			world_up(w, k);
		world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", cell.reads);
		world_resolve(w);
		see_target(w, &cell);
		see_source(w, &cell);
		answer_reads(w, &cell);
		if ((world_count(w, FC_ACTION_PATCH) == 1) != rows[i].copied)
			fail_msg("%s [%s]: %s", cell.rule, cell.says, world_state(w, "dst", NULL));
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell_of_the_table_of_permissions),
		cmocka_unit_test(test_instances_that_fit_nothing_are_invalid_and_ask_nobody),
		cmocka_unit_test(test_b18_source_outside_the_selected_namespaces_counts_as_missing),
		cmocka_unit_test(test_a_permission_comes_and_goes_while_running),
		cmocka_unit_test(test_a_permission_follows_the_names_of_clusters),
		cmocka_unit_test(test_the_dialects_own_word_of_the_source_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
