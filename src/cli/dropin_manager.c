/* SPDX-License-Identifier: Apache-2.0 */
/* `fedcopy kopy` and `fedcopy configmap-sync`: both originals are built on the same framework, and share flags,
 * endpoints and election. */
#include "cli/dropin.h"

#include "serve/server.h"

#include <string.h>
#include <strings.h>

static const char *level_of(const char *zap)
{
	if (strcasecmp(zap, "info") == 0)
		return "info";
	if (strcasecmp(zap, "error") == 0 || strcasecmp(zap, "panic") == 0)
		return "error";
	return "debug";
}

static bool wants_json(const struct fc_dropin_flags *f, bool by_default)
{
	if (f->zap_encoder == FC_ZAP_DEFAULT)
		return by_default || !f->zap_devel;
	return f->zap_encoder == FC_ZAP_JSON;
}

static void translate_common(const struct fc_dropin_flags *f, bool json, struct fc_strings *words)
{
	if (f->kubeconfig && *f->kubeconfig)
		fc_dropin_say(words, "kubeconfig", f->kubeconfig);
	if (f->zap_level)
		fc_dropin_say(words, "log-level", level_of(f->zap_level));
	if (wants_json(f, json))
		fc_dropin_say(words, "log-format", "json");
}

static int translate_kopy(const struct fc_dropin *d, struct fc_strings *words, struct fc_error *err)
{
	const struct fc_dropin_flags *f = &d->flags;

	(void)err;
	translate_common(f, false, words);
	return 0;
}

/* Its README promises lines of JSON. */
static int translate_configmap_sync(const struct fc_dropin *d, struct fc_strings *words, struct fc_error *err)
{
	const struct fc_dropin_flags *f = &d->flags;

	(void)err;
	translate_common(f, true, words);
	return 0;
}

static const char *where(const char *address)
{
	return *address && strcmp(address, "0") != 0 ? address : NULL;
}

static void serve(struct fc_dropin *d)
{
	const struct fc_dropin_flags *f = &d->flags;
	struct fc_dropin_endpoint *out = d->endpoints;
	out[0] = (struct fc_dropin_endpoint){ .flag = "--health-probe-bind-address",
					      .address = where(f->health_address),
					      .paths = FC_SERVE_PINGS };
	out[1] = (struct fc_dropin_endpoint){ .flag = "--metrics-bind-address",
					      .address = where(f->metrics_address),
					      .paths = FC_SERVE_METRICS,
					      .secure = f->metrics_secure };
}

static const struct fc_dropin_queue kopy_queues[] = {
	{ .name = "configmap", .resource = "configmaps", .reconciles = true },
	{ .name = "secret", .resource = "secrets", .reconciles = true },
	{ 0 },
};
static const struct fc_dropin_queue configmap_sync_queues[] = { { .name = "configmapsync", .reconciles = true },
								{ 0 } };
static const char *const adopting[] = { "configmap-sync", NULL };

const struct fc_dropin_original fc_original_kopy = {
	.command = "kopy",
	.dialect = "kopy",
	.bit = FC_ORIGINAL_KOPY,
	.style = FC_LINE_FLAG,
	.about =
		"In the place of kopy, in one cluster: copies annotated ConfigMaps and Secrets into all namespaces with\n"
		"certain labels. Serves /healthz and /readyz on :8081, and /metrics where it is told to.",
	.permits = "sources are copied into every namespace that they select, system namespaces included",
	.lease = "536a408e.kopy.kot-labs.com",
	.resync = "10h",
	.queues = kopy_queues,
	.translate = translate_kopy,
	.serve = serve,
};

const struct fc_dropin_original fc_original_configmap_sync = {
	.command = "configmap-sync",
	.dialect = "configmap-sync",
	.bit = FC_ORIGINAL_CONFIGMAP_SYNC,
	.style = FC_LINE_FLAG,
	.about =
		"In the place of the ConfigMapSync operator, in one cluster: copies ConfigMaps into other namespaces, as\n"
		"custom resources ask for it. Serves /healthz and /readyz on :8081, and /metrics where it is told to.",
	.permits = "whoever may make a ConfigMapSync reads and overwrites ConfigMaps in every namespace",
	.lease = "3fe4c69f.kapendra.com",
	.resync = "10h",
	.adopting = adopting,
	.queues = configmap_sync_queues,
	.translate = translate_configmap_sync,
	.serve = serve,
};
