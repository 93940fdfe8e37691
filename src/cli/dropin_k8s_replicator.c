/* SPDX-License-Identifier: Apache-2.0 */
/* `fedcopy k8s-replicator`: flags by the package flag; /healthz on :9102, and no other endpoint. */
#include "cli/dropin.h"

#include "serve/server.h"

#include <string.h>
#include <strings.h>

/* A list as one word, which the options split again. */
static void say_list(struct fc_strings *words, const char *flag, const struct fc_strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		fc_dropin_say(words, flag, list->items[i]);
}

static int translate(const struct fc_dropin *d, struct fc_strings *words, struct fc_error *err)
{
	const struct fc_dropin_flags *f = &d->flags;

	(void)err;
	if (f->kubeconfig && *f->kubeconfig)
		fc_dropin_say(words, "kubeconfig", f->kubeconfig);
	fc_dropin_say(words, "resync-period", f->resync_period);
	fc_dropin_say(words, "replicator-annotations-prefix", f->annotations_prefix);
	fc_dropin_say(words, "replicator-ignore-unknown", f->ignore_unknown ? "true" : "false");
	say_list(words, "replicator-create-with-labels", &f->labels);
	say_list(words, "replicator-kinds", &f->replicators);
	return 0;
}

static bool runs(const struct fc_dropin_flags *f, const char *kind)
{
	for (size_t i = 0; i < f->replicators.count; i++)
		if (strcasecmp(f->replicators.items[i], kind) == 0 || strcasecmp(f->replicators.items[i], "all") == 0)
			return true;
	return false;
}

static void serve(struct fc_dropin *d)
{
	const struct fc_dropin_flags *f = &d->flags;
	struct fc_dropin_endpoint *out = d->endpoints;
	bool none = !*f->status_address || strcmp(f->status_address, "0") == 0;
	size_t count = 0;

	out[0] = (struct fc_dropin_endpoint){ .flag = "--status-address",
					      .address = none ? NULL : f->status_address,
					      .paths = FC_SERVE_NOT_READY };
	if (runs(f, "configmap"))
		out[0].parts[count++] = "configMap";
	if (runs(f, "secret"))
		out[0].parts[count++] = "secret";
}

/* It counts nothing. */
static const struct fc_dropin_queue queues[] = { { 0 } };

const struct fc_dropin_original fc_original_k8s_replicator = {
	.command = "k8s-replicator",
	.dialect = "k8s-replicator",
	.bit = FC_ORIGINAL_K8S_REPLICATOR,
	.style = FC_LINE_FLAG,
	.about = "In the place of k8s-replicator, in one cluster: pulls and pushes annotated ConfigMaps and Secrets.\n"
		 "Serves /healthz on :9102.",
	.permits = "whoever may annotate an object makes copies of it in every namespace, where no other object stands",
	.in_cluster_only = true,
	.queues = queues,
	.translate = translate,
	.serve = serve,
};
