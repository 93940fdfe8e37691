/* SPDX-License-Identifier: Apache-2.0 */
/* sb_journal - the last requests of a cluster, one by one: who asked what, and how it was answered. What an audit log
 * is for a real server; without bodies.
 * Owns:    its entries, the oldest of which give way to new ones.
 * Threads: the loop's one.
 * Fails:   never; NULL is a journal that keeps nothing.
 * Source:  audit.k8s.io/v1 Event, stages ResponseStarted and ResponseComplete. */
#ifndef FC_SANDBOX_JOURNAL_H
#define FC_SANDBOX_JOURNAL_H

#include <jansson.h>
#include <stdint.h>

#include "sandbox/call.h"

struct sb_journal;

/* Keeps `size` entries; with 0 it is NULL. */
struct sb_journal *sb_journal_new(unsigned size);
void sb_journal_free(struct sb_journal *j);

/* A request that was answered, or, of a watch, whose answer has begun: then the number that sb_journal_end wants.
 * Health checks and metrics are left out. */
uint64_t sb_journal_add(struct sb_journal *j, const struct sb_call *call);
/* The watch of that number has ended: an entry like its first, with stage ResponseComplete. */
void sb_journal_end(struct sb_journal *j, uint64_t number);

/* {"next": N, "requests": [...]} with the entries from number `since` on; -1: none of them. The caller's. */
json_t *sb_journal_since(const struct sb_journal *j, int64_t since);

#endif
