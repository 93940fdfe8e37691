/* SPDX-License-Identifier: Apache-2.0 */
/* `fedcopy k8s-copier`: flags by pflag, klog's among them; /metrics on :8080, and no other endpoint. */
#include "cli/dropin.h"

#include "serve/server.h"

#include <stdlib.h>

/* From there on klog tells of workers and queues. */
#define VERBOSE 2

static int translate(const struct fc_dropin *d, struct fc_strings *words, struct fc_error *err)
{
	const struct fc_dropin_flags *f = &d->flags;

	if (f->targets.count == 0)
		return fc_error_set(err, FC_ERR_USAGE,
				    "--target is required: name the resources that carry the annotations, for example "
				    "--target=secrets,federatedsecret");
	for (size_t i = 0; i < f->targets.count; i++)
		fc_dropin_say(words, "target", f->targets.items[i]);
	/* --namespace= is all, as where a variable of the manifest is empty. */
	for (size_t i = 0; i < f->namespaces.count; i++)
		if (*f->namespaces.items[i])
			fc_dropin_say(words, "namespace", f->namespaces.items[i]);
	if (f->kubeconfig && *f->kubeconfig)
		fc_dropin_say(words, "kubeconfig", f->kubeconfig);
	if (f->verbosity >= VERBOSE)
		fc_dropin_say(words, "log-level", "debug");
	return 0;
}

/* No flag says where: the variable is all that can. */
static void serve(struct fc_dropin *d)
{
	struct fc_dropin_endpoint *out = d->endpoints;

	if (getenv(FC_DROPIN_STATUS_ADDRESS))
		return;
	out[0] = (struct fc_dropin_endpoint){ .flag = "metrics", .address = ":8080", .paths = FC_SERVE_METRICS };
}

static const struct fc_dropin_queue queues[] = { { .name = "copier" }, { 0 } };

const struct fc_dropin_original fc_original_k8s_copier = {
	.command = "k8s-copier",
	.dialect = "k8s-copier",
	.bit = FC_ORIGINAL_K8S_COPIER,
	.style = FC_LINE_PFLAG,
	.about =
		"In the place of k8s-copier, in one cluster: keeps fields of annotated objects equal to fields of others.\n"
		"Serves /metrics on :8080.",
	.permits = "whoever may annotate a target reads every object that this process can read, in every namespace",
	.resync = "0",
	.queues = queues,
	.translate = translate,
	.serve = serve,
};
