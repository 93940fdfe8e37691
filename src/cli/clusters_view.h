/* SPDX-License-Identifier: Apache-2.0 */
/* fc_clusters_view - what `fedcopy clusters` found, as a table, as JSON or as YAML; and what to warn of.
 * Owns:    nothing; borrows the rows.
 * Threads: main thread.
 * Fails:   as fc_yaml_print does.
 * Source:  design section 8; columns in capitals and "-" for nothing, as kubectl prints tables. */
#ifndef FC_CLUSTERS_VIEW_H
#define FC_CLUSTERS_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "clusters/probe.h"
#include "model/cluster.h"

/* A credential that ends sooner than this is warned of. */
#define FC_CLUSTERS_WARN_MS (INT64_C(14) * 24 * 3600 * 1000)

struct fc_clusters_row {
	const struct fc_cluster_info *info;
	const char *server;
	const struct fc_probe_result *result;
};

/* "reachable", "unreachable". */
const char *fc_clusters_state(const struct fc_clusters_row *row);

/* `now_ms` since 1970: how long credentials have still. */
void fc_clusters_table(const struct fc_clusters_row *rows, size_t count, int64_t now_ms, struct fc_buf *out);
int fc_clusters_json(const struct fc_clusters_row *rows, size_t count, struct fc_buf *out, struct fc_error *err)
	FC_MUST_CHECK;
int fc_clusters_yaml(const struct fc_clusters_row *rows, size_t count, struct fc_buf *out, struct fc_error *err)
	FC_MUST_CHECK;

/* A line for each credential that has ended or will soon. */
void fc_clusters_warnings(const struct fc_clusters_row *rows, size_t count, int64_t now_ms, struct fc_buf *out);

#endif
