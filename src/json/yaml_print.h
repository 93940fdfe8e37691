/* SPDX-License-Identifier: Apache-2.0 */
/* fc_yaml_print - JSON values as YAML text, for people and for other programs.
 * Owns:    nothing; the text is appended to the caller's buffer.
 * Threads: any.
 * Fails:   FC_ERR_MEMORY; FC_ERR_LIMIT when nested deeper than fc_decode allows.
 * Source:  libyaml's emitter. A string that would be read as something else (fc_yaml_scalar) is quoted, so that
 *          fc_yaml_parse gives back what was printed. */
#ifndef FC_YAML_PRINT_H
#define FC_YAML_PRINT_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

/* One document in block style, members in the order of the object, ended by a line end. */
int fc_yaml_print(const json_t *value, struct fc_buf *out, struct fc_error *err) FC_MUST_CHECK;

#endif
