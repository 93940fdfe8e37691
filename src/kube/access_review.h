/* SPDX-License-Identifier: Apache-2.0 */
/* fc_access_review - asks an API server who bears a token, and whether he may ask for a path that is no resource.
 * Owns:    its requests.
 * Threads: the one that runs the transport's loop.
 * Fails:   as a verdict: FC_ACCESS_FAILED, with why.
 * Source:  kube-client 11.7: TokenReview, then SubjectAccessReview with nonResourceAttributes. */
#ifndef FC_ACCESS_REVIEW_H
#define FC_ACCESS_REVIEW_H

#include "base/error.h"
#include "kube/transport.h"

enum fc_access_verdict {
	FC_ACCESS_ALLOWED,
	FC_ACCESS_UNKNOWN,   /* nobody bears that token */
	FC_ACCESS_FORBIDDEN, /* who bears it may not */
	FC_ACCESS_FAILED,    /* the server did not say */
};

struct fc_access_review;
/* `why` is NULL but for FC_ACCESS_FAILED. The review is gone when it returns. */
typedef void fc_access_review_done(void *user, enum fc_access_verdict verdict, const struct fc_error *why);

/* May who bears `token` GET `path`? Called back once, never from inside this. */
struct fc_access_review *fc_access_review_start(struct fc_transport *t, const char *token, const char *path,
						fc_access_review_done *done, void *user);
/* Without calling back. NULL allowed. */
void fc_access_review_cancel(struct fc_access_review *r);

#endif
