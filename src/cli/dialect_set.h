/* SPDX-License-Identifier: Apache-2.0 */
/* fc_dialect_set - the dialects that exist, as the operator's options make them.
 * Owns:    the lists, and each dialect that is not as it is by default; fc_dialect_set_fini frees them.
 * Threads: made and freed by one; what is in it is constant.
 * Fails:   never: the options are checked.
 * Source:  design section 8, the options of dialects. */
#ifndef FC_DIALECT_SET_H
#define FC_DIALECT_SET_H

#include "cli/options.h"
#include "engine/dialect.h"

struct fc_dialect_set {
	const struct fc_dialect **known;   /* all, NULL-terminated */
	const struct fc_dialect **enabled; /* those of --dialect, in its order; none given: none */
	const char **names;		   /* of all */
	struct fc_dialect *replicator;
	const char **labels, **kinds; /* of that one */
};

/* The options stay as long as the set. `replicator_allow_all`: of the drop-in, the original's --allow-all, which is no
 * word about anything but what may be pulled. */
void fc_dialect_set_make(const struct fc_options *o, bool replicator_allow_all, struct fc_dialect_set *out);
void fc_dialect_set_fini(struct fc_dialect_set *s);

#endif
