/* SPDX-License-Identifier: Apache-2.0 */
/* fc_replicator_data - what ConfigMaps and Secrets hold when k8s-replicator has filled or cleared them.
 * Owns:    what is given belongs to the caller.
 * Threads: pure functions, any thread.
 * Fails:   never.
 * Source:  systems/k8s-replicator.md B13, B16, B17, D3, D5, D6, D17. A Secret is what bears a `type`: lists leave out
 *          an object's kind. */
#ifndef FC_REPLICATOR_DATA_H
#define FC_REPLICATOR_DATA_H

#include <jansson.h>
#include <stdbool.h>

/* B17: characters of a fresh password, of [A-Za-z0-9]. */
#define FC_REPLICATOR_PASSWORD_LEN 128

/* B13: `object` has the source's data and binaryData, and none where the source has none. The values are shared. */
void fc_replicator_put_data(json_t *object, const json_t *source);
/* B17: the same with what a Secret of its type holds at least; a fresh password is FC_COPY_RANDOM, which whoever sends
 * it puts in. ConfigMaps and other types hold nothing. */
void fc_replicator_put_minimal_data(json_t *object);
/* B16, D3: does it hold anything that clearing would take away? By shape: keys, fixed values, a password's length and
 * letters. */
bool fc_replicator_holds_more(const json_t *object);
/* D6: a Secret that is never a source and never a target; static sentence, NULL: it may be. */
const char *fc_replicator_refuses(const json_t *object);
/* D5: are both Secrets of one type, or both none? An absent type is none. */
bool fc_replicator_same_type(const json_t *a, const json_t *b);
/* D17: it says `immutable: true`. */
bool fc_replicator_is_immutable(const json_t *object);

#endif
