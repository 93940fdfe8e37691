/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/descriptors.h"

#include <sys/resource.h>

/* Per cluster: epoll, eventfd, a resolver's pair, two connections and what a reconnect holds for a moment. */
#define DESCRIPTORS_PER_CLUSTER 8
#define DESCRIPTORS_OF_PROCESS 128

int fc_descriptors_provide(size_t clusters, struct fc_error *err)
{
	rlim_t need = DESCRIPTORS_OF_PROCESS + DESCRIPTORS_PER_CLUSTER * (rlim_t)clusters;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= need)
		return 0;
	return fc_error_set(
		err, FC_ERR_CONFIG,
		"%zu clusters need %llu descriptors, and the limit is %llu: raise it (ulimit -n, LimitNOFILE=)",
		clusters, (unsigned long long)need, (unsigned long long)limit.rlim_cur);
}
