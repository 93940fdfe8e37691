/* SPDX-License-Identifier: Apache-2.0 */
/* fc_file - whole small files and paths.
 * Owns:    results belong to the caller.
 * Threads: any.
 * Fails:   with the path and errno's words; files over the limit are refused, not cut.
 * Source:  POSIX; descriptors are close-on-exec (kube-client 2.26). */
#ifndef FC_FILE_H
#define FC_FILE_H

#include <stddef.h>

#include "base/error.h"

/* Reads all of `path`, a pipe too; a zero byte follows the content. */
int fc_file_read(const char *path, size_t limit_bytes, char **out, size_t *out_bytes, struct fc_error *err)
	FC_MUST_CHECK;

/* `path` as it is when absolute, else below the folder that holds `base_file` (kube-client 1.6). */
char *fc_path_beside(const char *base_file, const char *path);

#endif
