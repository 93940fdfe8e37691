/* SPDX-License-Identifier: Apache-2.0 */
/* fc_trim - an object's text to its value, without metadata.managedFields.
 * Owns:    the result belongs to the caller (json_decref).
 * Threads: any.
 * Fails:   as fc_decode.
 * Source:  managedFields are half of many objects, and most of the work of decoding them; what is dropped afterwards
 *          need not be decoded (kube-client 4.13). */
#ifndef FC_TRIM_H
#define FC_TRIM_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

enum fc_trim_of {
	FC_TRIM_OBJECT,
	FC_TRIM_EVENT, /* of a watch: of its `object` */
};

/* fc_decode. A managedFields that is no list, or whose name is written with escapes, stays. What stands in the list is
 * not looked at, well-formed or not. */
json_t *fc_decode_trimmed(const char *bytes, size_t len, enum fc_trim_of of, struct fc_error *err) FC_MUST_CHECK;

#endif
