/* SPDX-License-Identifier: Apache-2.0 */
/* clusters/cluster_set.h: the input is a cluster set file; behind a line "# next file" the kubeconfig beside it, else
 * one with the contexts hub, edge-1 and edge-2. */
#include "clusters/cluster_set.h"

#include "fuzz.h"
#include "model/names.h"

static const char usual_kubeconfig[] = "current-context: hub\n"
				       "users: [{name: u, user: {token: abc}}]\n"
				       "clusters: [{name: c, cluster: {server: 'https://10.0.0.1:6443'}}]\n"
				       "contexts:\n"
				       "- {name: hub, context: {cluster: c, user: u}}\n"
				       "- {name: edge-1, context: {cluster: c, user: u}}\n"
				       "- {name: edge-2, context: {cluster: c}}\n";

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	return 0;
}

static void check_cluster(const struct fc_cluster_set *s, size_t i)
{
	const struct fc_cluster_info *info = &s->clusters[i].info;
	const char *label = json_string_value(json_object_get(info->labels, "cluster-master"));

	FUZZ_CHECK(fc_name_is_label(info->name));
	FUZZ_CHECK(s->clusters[i].access && s->clusters[i].access->server);
	FUZZ_CHECK(info->master == (i == s->master));
	FUZZ_CHECK((label && strcmp(label, "true") == 0) == info->master);
	for (size_t k = 0; k < i; k++)
		FUZZ_CHECK(strcmp(s->clusters[k].info.name, info->name) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FC_AUTO_FREE char *text = fuzz_text(data, size);
	const char *more = fuzz_next_file(text), *kubeconfig = more ? more : usual_kubeconfig;
	char set_path[PATH_MAX], kubeconfig_path[PATH_MAX];
	struct fc_error err = FC_ERROR_INIT;

	fuzz_path(set_path, "clusters.yaml");
	fuzz_path(kubeconfig_path, "kubeconfig");
	fuzz_write("clusters.yaml", text, strlen(text));
	fuzz_write("kubeconfig", kubeconfig, strlen(kubeconfig));
	const struct fc_cluster_set_options options = { .file = set_path, .kubeconfig = kubeconfig_path };
	struct fc_cluster_set *s = fc_cluster_set_load(&options, &err);
	if (!s) {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.cls == FC_ERR_CONFIG || err.cls == FC_ERR_USAGE || err.cls == FC_ERR_MEMORY);
		return 0;
	}
	FUZZ_CHECK(s->count > 0 && s->master < s->count);
	for (size_t i = 0; i < s->count; i++)
		check_cluster(s, i);
	fc_cluster_set_free(s);
	return 0;
}
