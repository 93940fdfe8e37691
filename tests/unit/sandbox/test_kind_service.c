/* SPDX-License-Identifier: Apache-2.0 */
#include "kind_cases.h"

#include "sandbox/store.h"

int main(void)
{
	struct sb_cluster cluster = { .random = { .state = 1 }, .store = sb_store_new(10) };
	json_t *first = json_pack("{s:{s:s, s:s}, s:{s:s}}", "metadata", "namespace", "default", "name", "kubernetes",
				  "spec", "clusterIP", "10.0.0.1");
	int failed;

	sb_store_put(cluster.store, sb_store_resource(cluster.store, "", "services"), first);
	failed = kind_cases_run("service", &cluster);
	json_decref(first);
	sb_store_free(cluster.store);
	return failed;
}
