/* SPDX-License-Identifier: Apache-2.0 */
/* Design section 7, row a, and every refusal that only the operator could lift. Nothing is read in order to be refused.
 */
#include "world.h"

struct row {
	fc_cluster_no cluster;
	const char *kind; /* of the target: secrets or configmaps */
	const char *namespace_;
	const char *key; /* behind replace- */
	const char *value;
	const char *state;
};

static const struct row rows[] = {
	/* The same namespace, from the master and from the own cluster. */
	{ EDGE1, "secrets", "ns", "data", "secret:src:data", "Pending/FirstSync" },
	{ HUB, "secrets", "ns", "data", "secret:src:data", "Pending/FirstSync" },
	{ EDGE1, "secrets", "ns", "data", "secret:edge-1/ns/src:data", "Pending/FirstSync" },
	{ EDGE1, "configmaps", "ns", "data", "configmap:ns/src:data", "Pending/FirstSync" },
	/* Another namespace, another member: somebody else's consent. */
	{ EDGE1, "secrets", "ns", "data", "secret:other/src:data", "NotAllowed/NotAllowed" },
	{ EDGE1, "secrets", "ns", "data", "secret:edge-2/ns/src:data", "NotAllowed/NotAllowed" },
	{ HUB, "secrets", "ns", "data", "secret:edge-2/ns/src:data", "NotAllowed/NotAllowed" },
	/* Cluster-scoped sources, system namespaces. */
	{ EDGE1, "secrets", "ns", "data", "node:/n1:metadata.labels", "NotAllowed/NotAllowed" },
	{ EDGE1, "secrets", "ns", "data", "node:n1:metadata.labels", "NotAllowed/NotAllowed" },
	{ EDGE1, "secrets", "kube-system", "data", "secret:src:data", "NotAllowed/NotAllowed" },
	{ EDGE1, "secrets", "ns", "data", "secret:kube-public/src:data", "NotAllowed/NotAllowed" },
	/* What feeds what. */
	{ EDGE1, "configmaps", "ns", "data", "secret:src:data", "NotAllowed/NotAllowed" },
	{ EDGE1, "configmaps", "ns", "data", "federatedsecret:src:spec", "NotAllowed/NotAllowed" },
	{ EDGE1, "secrets", "ns", "data", "configmap:src:data", "Pending/FirstSync" },
	{ EDGE1, "secrets", "ns", "data", "federatedsecret:src:spec.template.data", "Pending/FirstSync" },
	/* Paths under status. */
	{ EDGE1, "configmaps", "ns", "status.x", "configmap:src:data.x", "NotAllowed/NotAllowed" },
	{ EDGE1, "configmaps", "ns", "status", "json:1", "NotAllowed/NotAllowed" },
	/* Scope and cluster that do not fit are the rule's own fault. */
	{ EDGE1, "secrets", "ns", "data", "secret:/src:data", "Invalid/BadInstance" },
	{ EDGE1, "secrets", "ns", "data", "node:ns/n1:metadata.labels", "Invalid/BadInstance" },
	{ EDGE1, "secrets", "ns", "data", "secret:nowhere/ns/src:data", "Invalid/BadInstance" },
	{ EDGE1, "secrets", "ns", "data", "gadget:src:data", "Pending/TypeNotServed" },
};

static void see(struct world *w, struct world_watches *watches, const struct row *row)
{
	struct fc_action **of_kind = strcmp(row->kind, "secrets") == 0 ? watches->secrets : watches->configmaps;

	world_object(w, of_kind[row->cluster],
		     J("{'metadata':{'name':'dst','namespace':'%s','uid':'t','resourceVersion':'20','annotations':"
		       "{'k8s-copier.fig.org/replace-%s':'%s'}}}",
		       row->namespace_, row->key, row->value));
	world_resolve(w);
}

static void test_every_row_is_judged_from_keys_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct world *w = world_new();
		struct world_watches watches;

		world_start(w, &watches);
		see(w, &watches, &rows[i]);
		if (strcmp(world_state(w, "dst", NULL), rows[i].state) != 0)
			fail_msg("%s %s: %s, not %s", rows[i].kind, rows[i].value, world_state(w, "dst", NULL),
				 rows[i].state);
		/* What is refused is neither watched nor read, and costs no read of the target. */
		if (strncmp(rows[i].state, "Pending/FirstSync", 17) != 0) {
			assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
			assert_quiet(w);
		}
		world_watches_free(&watches);
		world_free(w);
	}
}

static void test_reads_of_the_cluster_narrow_what_it_may_ask_of_others(void **state)
{
	static const enum fc_reads narrow[] = { FC_READS_NONE, FC_READS_CONSENTED };
	static const struct row from_master = { EDGE1, "secrets", "ns", "data", "secret:src:data", "" };
	static const struct row from_itself = { EDGE1, "secrets", "ns", "data", "secret:edge-1/ns/src:data", "" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(narrow); i++) {
		struct world *w = world_new();
		struct world_watches watches;

		world_start(w, &watches);
		world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", narrow[i]);
		see(w, &watches, &from_master);
		assert_string_equal(world_state(w, "dst", NULL), "NotAllowed/NotAllowed");
		assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
		world_gone(w, watches.secrets[EDGE1], "ns", "dst", "21");
		see(w, &watches, &from_itself);
		assert_string_equal(world_state(w, "dst", NULL), "Pending/FirstSync");
		world_watches_free(&watches);
		world_free(w);
	}
}

static void test_guarded_api_groups_are_never_written(void **state)
{
	static const char *const targets[] = { "roles" };
	struct world *w = world_new_with(targets, 1, NULL, 0);
	struct fc_action *watch;

	(void)state;
	world_up(w, HUB);
	world_resolve(w);
	watch = world_take_watch(w, HUB, "roles", true);
	assert_non_null(watch);
	world_object(w, watch,
		     J("{'metadata':{'name':'dst','namespace':'ns','resourceVersion':'1','annotations':"
		       "{'k8s-copier.fig.org/replace-rules':'json:[]'}}}"));
	assert_string_equal(world_state(w, "dst", "rules"), "NotAllowed/NotAllowed");
	assert_quiet(w);
	fc_action_free(watch);
	world_free(w);
}

/* B18. */
static void test_source_outside_the_selected_namespaces_counts_as_missing(void **state)
{
	static const char *const targets[] = { "secrets" };
	static const char *const namespaces[] = { "ns", "ns2" };
	struct world *w = world_new_with(targets, 1, namespaces, 2);
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
	assert_null(world_take_watch(w, HUB, "secrets", false));
	/* Not permitted besides: and that is asked first (design section 5, States). */
	assert_string_equal(world_state(w, "dst", "data"), "NotAllowed/NotAllowed");
	fc_action_free(first);
	fc_action_free(second);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_is_judged_from_keys_alone),
		cmocka_unit_test(test_reads_of_the_cluster_narrow_what_it_may_ask_of_others),
		cmocka_unit_test(test_guarded_api_groups_are_never_written),
		cmocka_unit_test(test_source_outside_the_selected_namespaces_counts_as_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
