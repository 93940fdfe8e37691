/* SPDX-License-Identifier: Apache-2.0 */
/* What a dialect says of a place where a copy is to stand; also of one where it keeps books in the copy itself.
 * Owns:    nothing; texts are static.
 * Threads: any.
 * Fails:   never.
 * Source:  design sections 5 and 6. Included by engine/copy_dialect.h. */
#ifndef FC_ENGINE_COPY_BOOKS_H
#define FC_ENGINE_COPY_BOOKS_H

#include "model/state.h"

/* In which clusters a rule counts. */
enum fc_copy_reach {
	FC_COPY_EVERYWHERE, /* the bearer's own, and those of fedcopy.dev/clusters */
	FC_COPY_AT_HOME,    /* the own one alone */
	FC_COPY_ABROAD,	    /* the others alone */
};

/* What a rule wants of a place, given its source. */
enum fc_copy_wish {
	FC_COPY_WANTED,	  /* that object */
	FC_COPY_AS_IT_IS, /* nothing: whatever stands there, or is absent, is right */
	FC_COPY_REFUSED,  /* nothing, and *why says why this source is never copied */
	/* Of dialects that judge: */
	FC_COPY_WANTED_FRAME, /* that object, but members that it lacks stay as they are */
	FC_COPY_WANTED_WORDS, /* of that object the dialect's annotations, all else stays as it is */
	FC_COPY_CLEARED,      /* as `cleared` says */
};

/* What a dialect that keeps books says of a place, by what its two ends say of themselves. */
struct fc_copy_verdict {
	enum fc_copy_wish wish;
	/* How it stands where nothing is to be written (AS_IT_IS, REFUSED, CLEARED); texts are static. */
	enum fc_state state;
	const char *reason, *message;
};

#endif
