/* SPDX-License-Identifier: Apache-2.0 */
/* fc_warnings - what a server warns of in its answers to reads, each text said once.
 * Owns:    hashes of the texts that were said.
 * Threads: one owner.
 * Fails:   never; beyond FC_WARNINGS_MAX texts nothing more is said, so that a server cannot fill the log.
 * Source:  kube-client 2.20; RFC 7234, section 5.5: `299 - "text"`. Those of writes may quote values: nobody gives them
 *          here. */
#ifndef FC_WARNINGS_H
#define FC_WARNINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FC_WARNINGS_MAX 64

struct fc_warnings {
	uint64_t said[FC_WARNINGS_MAX];
	size_t count;
};

/* Logs the text of a Warning header's value unless it was logged before, or is no 299. Whether it did. */
bool fc_warnings_show(struct fc_warnings *w, const char *cluster, const char *value, size_t len);

#endif
