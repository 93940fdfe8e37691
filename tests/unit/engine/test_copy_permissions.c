/* SPDX-License-Identifier: Apache-2.0 */
/* Every cell of the table of permissions (design section 7), for whole objects: both sides are asked. */
#include "engine/parts.h"

#include "world.h"

struct cell {
	bool permitted;
	fc_cluster_no from, to;
	const char *kind, *from_ns, *to_ns;
	const char *says;    /* annotations of the source */
	const char *accepts; /* annotations of the target's Namespace */
	const char *list;    /* the operator's */
	bool consents;	     /* the dialect knows of a consent */
	bool takes_over;
	const char *type;  /* of a Secret */
	const char *asker; /* the namespace of the custom resource that asks */
	enum fc_reads reads;
};

#define TO_ALL "'fedcopy.dev/allow-namespaces':'*','fedcopy.dev/allow-clusters':'*'"
#define FROM(list) "'fedcopy.dev/accept-from':'" list "'"
#define ENTRY(from, to, resources) "[{'from':'" from "','to':'" to "','resources':[" resources "]}]"
#define CELL(p, f, n, t, m, k, ...)                                                                    \
	{                                                                                              \
		.permitted = p, .from = f, .from_ns = n, .to = t, .to_ns = m, .kind = k, ##__VA_ARGS__ \
	}

static const struct cell cells[] = {
	/* Inside a namespace there is no other side. */
	CELL(true, HUB, "ns", HUB, "ns", "deployments"),
	/* A ConfigMap or Secret goes into any namespace, as far as it may be read. */
	CELL(true, HUB, "ns", EDGE1, "ns", "configmaps"),
	CELL(false, HUB, "other", EDGE1, "ns", "configmaps"),
	CELL(true, HUB, "other", EDGE1, "ns", "configmaps", .says = TO_ALL),
	CELL(true, HUB, "other", HUB, "ns", "secrets", .says = TO_ALL),
	CELL(true, HUB, "other", EDGE1, "ns", "secrets", .consents = true),
	CELL(true, HUB, "other", EDGE1, "ns", "secrets", .consents = true, .type = "kubernetes.io/tls"),
	/* Two types of Secrets are no plain ones. */
	CELL(false, HUB, "other", EDGE1, "ns", "secrets", .consents = true,
	     .type = "kubernetes.io/service-account-token"),
	CELL(false, HUB, "other", EDGE1, "ns", "secrets", .consents = true, .type = "bootstrap.kubernetes.io/token"),
	CELL(true, HUB, "other", EDGE1, "ns", "secrets", .consents = true, .accepts = FROM("hub/other"),
	     .type = "bootstrap.kubernetes.io/token"),
	/* What somebody else has there is taken over by e or d only. */
	CELL(false, HUB, "other", EDGE1, "ns", "configmaps", .consents = true, .takes_over = true),
	CELL(true, HUB, "other", EDGE1, "ns", "configmaps", .consents = true, .takes_over = true,
	     .accepts = FROM("hub/other")),
	CELL(true, HUB, "other", EDGE1, "ns", "configmaps", .takes_over = true,
	     .list = ENTRY("hub/other", "edge-1/ns", "'configmaps'")),
	/* A custom resource elsewhere is in no namespace that it names twice: c and e are to name its own. */
	CELL(true, HUB, "ns", HUB, "ns", "deployments", .asker = "ns"),
	CELL(false, HUB, "ns", HUB, "ns", "deployments", .asker = "other"),
	CELL(false, HUB, "ns", HUB, "ns", "configmaps", .asker = "other"),
	CELL(false, HUB, "ns", EDGE1, "ns", "configmaps", .asker = "other"),
	CELL(true, HUB, "ns", EDGE1, "ns", "configmaps", .asker = "ns"),
	CELL(false, HUB, "ns", HUB, "ns", "configmaps", .asker = "other",
	     .says = "'fedcopy.dev/allow-namespaces':'some'"),
	CELL(true, HUB, "ns", HUB, "ns", "configmaps", .asker = "other",
	     .says = "'fedcopy.dev/allow-namespaces':'other'"),
	CELL(false, HUB, "ns", EDGE1, "ns", "deployments", .asker = "other",
	     .says = "'fedcopy.dev/allow-namespaces':'other'", .accepts = FROM("hub/ns")),
	CELL(true, HUB, "ns", EDGE1, "ns", "deployments", .asker = "other",
	     .says = "'fedcopy.dev/allow-namespaces':'other'", .accepts = FROM("hub/other")),
	CELL(true, HUB, "ns", HUB, "ns", "deployments", .asker = "other",
	     .list = ENTRY("hub/ns", "hub/ns", "'deployments'")),
	CELL(true, HUB, "other", HUB, "ns", "configmaps", .asker = "third", .says = TO_ALL),
	/* e: any other kind. */
	CELL(false, HUB, "other", EDGE1, "ns", "deployments", .consents = true),
	CELL(false, HUB, "ns", EDGE1, "ns", "deployments"),
	CELL(false, HUB, "ns", EDGE1, "ns", "federatedsecrets"),
	CELL(true, HUB, "other", EDGE1, "ns", "deployments", .consents = true, .accepts = FROM("hub/other")),
	CELL(true, HUB, "other", EDGE1, "ns", "deployments", .consents = true, .accepts = FROM("x/y, h*/o*")),
	CELL(true, HUB, "ns", EDGE1, "ns", "deployments", .accepts = FROM("*/*")),
	CELL(false, HUB, "other", EDGE1, "ns", "deployments", .consents = true, .accepts = FROM("hub/ns,edge-1/*")),
	CELL(false, HUB, "other", EDGE1, "ns", "deployments", .consents = true, .accepts = FROM("")),
	CELL(false, HUB, "other", EDGE1, "ns", "deployments", .consents = true, .accepts = FROM("*")),
	/* e is no consent to read, nor is b one to write. */
	CELL(false, HUB, "other", EDGE1, "ns", "deployments", .accepts = FROM("*/*")),
	/* d: both. */
	CELL(true, HUB, "other", EDGE1, "ns", "deployments", .list = ENTRY("hub/other", "*/*", "'deployments.apps'")),
	CELL(false, HUB, "other", EDGE1, "ns", "deployments", .list = ENTRY("hub/other", "*/*", "'deployments.batch'")),
	/* System namespaces and guarded groups: d only. */
	CELL(false, HUB, "other", EDGE1, "kube-system", "configmaps", .consents = true, .accepts = FROM("*/*")),
	CELL(false, HUB, "kube-system", EDGE1, "ns", "configmaps", .consents = true,
	     .accepts = FROM("hub/kube-system")),
	CELL(false, HUB, "other", EDGE1, "kube-system", "configmaps", .list = ENTRY("*/*", "*/*", "'*'")),
	CELL(true, HUB, "other", EDGE1, "kube-system", "configmaps", .list = ENTRY("*/*", "*/kube-system", "'*'")),
	CELL(false, HUB, "other", EDGE1, "ns", "roles", .consents = true, .accepts = FROM("*/*")),
	CELL(false, HUB, "ns", HUB, "ns", "roles"),
	CELL(true, HUB, "other", EDGE1, "ns", "roles", .list = ENTRY("*/*", "*/*", "'roles'")),
	/* Cluster-scoped objects: d only. */
	CELL(false, HUB, NULL, EDGE1, NULL, "nodes", .consents = true),
	CELL(true, HUB, NULL, EDGE1, NULL, "nodes", .list = ENTRY("hub/", "edge-1/", "'nodes'")),
	/* `reads` of the cluster that is written to is more than b. */
	CELL(false, HUB, "other", EDGE1, "ns", "configmaps", .consents = true, .reads = FC_READS_CONSENTED),
	CELL(true, HUB, "other", EDGE1, "ns", "configmaps", .says = TO_ALL, .reads = FC_READS_CONSENTED),
	CELL(false, HUB, "other", EDGE1, "ns", "configmaps", .says = TO_ALL, .consents = true,
	     .list = ENTRY("*/*", "*/*", "'*'"), .reads = FC_READS_NONE),
};

static const struct fc_resource *kind_of(const char *plural)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(world_resources); i++)
		if (strcmp(world_resources[i].plural, plural) == 0)
			return &world_resources[i];
	fail_msg("no such kind: %s", plural);
	return NULL;
}

static void test_every_cell_of_the_table_for_whole_objects(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(cells); i++) {
		const struct cell *cell = &cells[i];
		struct world *w = world_new();
		struct world_watches watches;
		json_t *said = J("{'metadata':{'annotations':{%s}}}", cell->says ? cell->says : "");
		const struct fc_resource *r = kind_of(cell->kind);
		struct copy_query q = {
			.ends = { .dialect = fc_dialects[0],
				  .source = { cell->from, r, cell->from_ns },
				  .target = { cell->to, r, cell->to_ns },
				  .asker = cell->asker,
				  .said = said,
				  .dialect_consents = cell->consents },
			.takes_over = cell->takes_over,
			.secret_type = cell->type,
		};
		struct verdict v;

		world_start(w, &watches);
		world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", cell->reads);
		world_permit(w, cell->list);
		/* For an object there the Namespaces are watched. */
		world_object(w, watches.secrets[EDGE1], world_bearer("x", "5", WORLD_RULE("data.x", "json:1"), ""));
		if (cell->accepts)
			world_space(w, EDGE1, cell->to_ns, cell->accepts);
		v = permission_copy(w->engine, &q);
		if (!v.denied != cell->permitted)
			fail_msg("cell %zu: %s", i, v.denied ? v.denied : "permitted");
		json_decref(said);
		world_watches_free(&watches);
		world_free(w);
	}
}

/* What the source itself could say is worth a look at it; what the target's side refuses is not. */
static void test_only_a_source_whose_word_could_help_is_asked(void **state)
{
	struct world *w = world_new();
	struct copy_query q = {
		.ends = { .dialect = fc_dialects[0],
			  .source = { HUB, kind_of("configmaps"), "other" },
			  .target = { EDGE1, kind_of("configmaps"), "ns" } },
	};

	(void)state;
	assert_true(permission_copy(w->engine, &q).asks_source);
	q.takes_over = true;
	assert_non_null(permission_copy(w->engine, &q).denied);
	assert_false(permission_copy(w->engine, &q).asks_source);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell_of_the_table_for_whole_objects),
		cmocka_unit_test(test_only_a_source_whose_word_could_help_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
