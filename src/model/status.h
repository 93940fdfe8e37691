/* SPDX-License-Identifier: Apache-2.0 */
/* fc_status - what an API server's answer means, and what of it may be shown.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   it describes failures; a body that is no Status is classified by its code (kube-client 13.3).
 * Source:  kube-client section 13; design section 7: servers quote refused values in messages, so of the answer to a
 *          write only code, reason, details.name, details.kind and per cause reason and field are shown; of a read's,
 *          messages of 401, 403, 404, 429. */
#ifndef FC_STATUS_H
#define FC_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum fc_status_of { FC_STATUS_OF_READ, FC_STATUS_OF_WRITE };

/* Classes that need more than reason and code: a 404 that names no object is FC_ERR_NOT_SERVED; a 404 of a create
 * names the namespace that is missing and is FC_ERR_NOT_FOUND; a 504 ResourceVersionTooLarge is FC_ERR_GONE, since
 * it needs a list without a resourceVersion. Of a watch's ERROR event `http_status` is what the Status says, not
 * the 200 of the stream. `outcome_unknown`: writes answered 502 or 504. */

/* Turns an answer with a code of 300 or more (or a 200 of kind Status that is no success, kube-client 13.2) into
 * `err`; returns -1. `retry_after_ms` is the header's value or -1; without it details.retryAfterSeconds serves. */
int fc_status_error(int http_status, const char *body, size_t len, int64_t retry_after_ms, enum fc_status_of of,
		    struct fc_error *err);
/* The same for a decoded Status, as ERROR events of a watch carry it (kube-client 5.8). */
int fc_status_error_json(int http_status, const json_t *status, int64_t retry_after_ms, enum fc_status_of of,
			 struct fc_error *err);
/* Is this decoded 2xx body a Status that reports a failure? */
bool fc_status_is_failure(const json_t *body);

#endif
