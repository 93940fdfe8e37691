/* SPDX-License-Identifier: Apache-2.0 */
/* fc_process_stats - what the kernel knows of this process.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never; what cannot be read is negative, and is left out of the metrics.
 * Source:  proc(5); the process_* metrics as every Prometheus client library has them (kube-client 11.6). */
#ifndef FC_PROCESS_STATS_H
#define FC_PROCESS_STATS_H

struct fc_process_stats {
	double cpu_seconds;
	double resident_bytes;
	double virtual_bytes;
	double open_fds;
	double max_fds;
	double start_time_seconds; /* since 1970 */
};

/* From /proc, at this moment; what cannot be read is 0. */
void fc_process_stats_read(struct fc_process_stats *out);

#endif
