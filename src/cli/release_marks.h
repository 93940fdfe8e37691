/* SPDX-License-Identifier: Apache-2.0 */
/* fc_release_marks - what of an object is fedcopy's to take back: finalizers, marks of copies.
 * Owns:    nothing; what it makes is the caller's.
 * Threads: any; pure.
 * Fails:   never: marks that cannot be understood are left, unless all dialects are meant.
 * Source:  design section 8, `fedcopy release`; section 6 for the marks. */
#ifndef FC_RELEASE_MARKS_H
#define FC_RELEASE_MARKS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "engine/dialect.h"

/* Does the dialect act on that cluster's own objects? Only there its own marks and finalizers are ours, and only copies
 * that come from there. */
struct fc_release_place {
	bool master;
	const json_t *dialects; /* as in struct fc_cluster_info */
};

/* A cluster of the set, as origin marks name it. */
struct fc_release_origin {
	const char *id;
	struct fc_release_place place;
};

struct fc_release_scope {
	const struct fc_dialect *const *dialects; /* that are to be released, NULL-terminated */
	bool every;				  /* they are all that exist, and marks of unknown ones go too */
	const struct fc_release_origin *origins;  /* the last one has no id */
};

struct fc_release {
	json_t *patch;	    /* JSON Patch on the version that was seen; NULL: there is nothing to take off */
	struct fc_buf what; /* "finalizer a, label b" */
	bool asks;	    /* it asks for copies: it comes after them */
	bool other;	    /* marks of a cluster from which nothing is copied by this set were left */
};

/* `object` may be metadata only. Of `out` all is filled; fc_release_fini frees it. */
void fc_release_of(const struct fc_release_scope *scope, const struct fc_release_place *place, const json_t *object,
		   struct fc_release *out);
void fc_release_fini(struct fc_release *r);
bool fc_release_acts(const struct fc_release_place *place, const struct fc_dialect *d);

#endif
