/* SPDX-License-Identifier: Apache-2.0 */
/* fc_descriptors - are there enough file descriptors for the clusters?
 * Owns:    the process's limit of open files, which it raises as far as it may.
 * Threads: main thread.
 * Fails:   FC_ERR_CONFIG with the number needed and the mend.
 * Source:  design section 4; getrlimit(2). */
#ifndef FC_DESCRIPTORS_H
#define FC_DESCRIPTORS_H

#include "base/error.h"

#include <stddef.h>

int fc_descriptors_provide(size_t clusters, struct fc_error *err) FC_MUST_CHECK;

#endif
