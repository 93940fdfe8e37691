/* SPDX-License-Identifier: Apache-2.0 */
/* sb_continue - the token with which the next page of a list is asked for.
 * Owns:    its key.
 * Threads: any.
 * Fails:   what is no token: FC_ERR_INVALID in the words of the real server.
 * Source:  kube-apiserver's token: unpadded URL base64 of {"v":"meta.k8s.io/v1","rv":N,"start":"NS/NAME\0"}; rv -1: the
 *          rest of a list whose version is not known any more. */
#ifndef FC_SANDBOX_CONTINUE_TOKEN_H
#define FC_SANDBOX_CONTINUE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct sb_continue {
	int64_t rv;  /* 0: there is none */
	char *key;   /* "ns/name", or of a list of one namespace "name" */
	bool behind; /* it goes on behind that key, not with it */
};

int sb_continue_decode(struct sb_continue *c, const char *token, struct fc_error *err) FC_MUST_CHECK;
void sb_continue_fini(struct sb_continue *c);
/* Goes on behind `key`; the caller frees. */
char *sb_continue_encode(int64_t rv, const char *key);

#endif
