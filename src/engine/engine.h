/* SPDX-License-Identifier: Apache-2.0 */
/* fc_engine - the copy engine: events in, actions out. Decides what is read and written in every cluster.
 * Owns:    all rules, targets and sources and what is known of them; nothing of it is locked.
 * Threads: one; pure: no I/O, no thread, no clock of its own. The same seed and the same events give the same
 *          actions.
 * Fails:   never: what goes wrong in a cluster or a rule is a state of that rule, with a reason.
 * Source:  design section 5. docs/architecture.md tells the way of a change through it. */
#ifndef FC_ENGINE_H
#define FC_ENGINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/dialect.h"
#include "model/action.h"
#include "model/cluster.h"
#include "model/event.h"
#include "model/permission.h"

struct fc_engine;

/* Namespaces; none: all. Borrowed for the engine's life. */
struct fc_namespace_list {
	const char *const *items;
	size_t count;
};

struct fc_engine_options {
	const struct fc_cluster_info *clusters; /* those of the start, numbers 0 and up; copied */
	size_t cluster_count;
	fc_cluster_no master;			  /* stays the master for the whole run */
	const struct fc_dialect *const *dialects; /* NULL-terminated, borrowed */
	/* All that exist, NULL-terminated, borrowed: no copy takes over a word of any; NULL: those of `dialects` */
	const struct fc_dialect *const *known_dialects;
	/* --target: resources that carry annotations, resolved in every cluster; borrowed for the engine's life */
	const char *const *target_words;
	size_t target_word_count;
	/* --namespace: only these, for targets and sources; none: all; borrowed for the engine's life */
	const char *const *namespaces;
	size_t namespace_count;
	/* Narrower still: where custom resources are honoured, the sources that they name may lie, copies of whole
	 * objects may stand */
	struct fc_namespace_list bearers_in, sources_in, copies_in;
	/* Promise 9: deletions and clears per cluster in ten minutes; 0: 50, below 0: none at all */
	long max_deletes;
	/* The operator's list, NULL: an empty one; a reference of its own is taken. */
	struct fc_permissions *permissions;
	bool allow_all; /* --allow-all: the operator permits everything */
	/* A drop-in: inside one cluster nobody is asked, as by the original; across clusters as ever */
	bool as_original;
	/* Names of dialects whose rules take over objects that nobody owns, NULL-terminated; NULL: none; borrowed */
	const char *const *adopting;
	unsigned max_in_flight;		/* writes under way per cluster, and as many reads; 0: 16 */
	unsigned max_writes_per_second; /* per cluster; 0: no limit */
	int64_t resync_period_ms;	/* in it everything is looked at again once; 0: never */
	bool marks_confidential;	/* writes are shown to people: each says which of its values nobody may see */
};

/* Knows the clusters and nothing of them yet; never NULL. `seed` decides every jitter. The caller frees. */
struct fc_engine *fc_engine_new(const struct fc_engine_options *options, uint64_t seed);
/* Between steps. NULL allowed. Requests under way are forgotten, not taken back. */
void fc_engine_free(struct fc_engine *e);

/* Takes the event in (the caller frees it) and appends what is to be done. The first step also says what to watch. */
void fc_engine_step(struct fc_engine *e, const struct fc_event *event, struct fc_actions *out);

/* When (event time, ms) it wants a FC_EVENT_TICK at the latest; -1: no need. */
int64_t fc_engine_deadline(const struct fc_engine *e);

/* --- what is known, for people and metrics; between steps --- */

/* Rules of /debug/rules as JSON objects, at most `max` of them, appended to `array`, beginning behind `*cursor`
 * (0: at the start), which is moved. Returns 1 while more may follow, else 0. Rules that come and go between calls
 * may or may not be among them. */
int fc_engine_rules(const struct fc_engine *e, uint64_t *cursor, size_t max, json_t *array);

/* How many rules of dialect number `dialect` are in each state. */
void fc_engine_count_rules(const struct fc_engine *e, size_t dialect, size_t counts[FC_STATES]);

enum fc_cluster_state {
	FC_CLUSTER_CONNECTING,	/* no first outcome yet */
	FC_CLUSTER_UNREACHABLE, /* the last attempt failed, or it is left alone because it is not who it should be */
	FC_CLUSTER_SYNCING, /* reachable; the watches of its targets have not all delivered their first list, or failed
			       at it */
	FC_CLUSTER_SYNCED,
};
struct fc_cluster_summary {
	const char *name;
	const char *id;		    /* uid of kube-system; NULL: not known */
	const char *server_version; /* NULL: not known */
	bool master;
	enum fc_cluster_state state;
	int has_synced;	     /* was synced once in this run */
	int had_outcome;     /* synced, or failed its first attempt, once in this run */
	bool spaces_known;   /* its Namespaces were listed, or it was reached and nothing there asks for them */
	const char *message; /* why unreachable, else "" */
};
/* Goes through the clusters that are of the set now, in the order of their numbers: `*no` is moved to the next one,
 * from FC_NO_CLUSTER to the first. False when there is none. */
bool fc_engine_next_cluster(const struct fc_engine *e, fc_cluster_no *no);
/* The strings are borrowed until the next step. Of a number that is none of the set: connecting, without a name. */
void fc_engine_cluster(const struct fc_engine *e, fc_cluster_no no, struct fc_cluster_summary *out);
/* "connecting", "unreachable", "syncing", "synced". */
const char *fc_cluster_state_name(enum fc_cluster_state s);

struct fc_engine_work {
	size_t targets, sources, rules, watches;
	size_t ready;	  /* targets and sources that wait for a free request */
	size_t in_flight; /* requests under way */
};
/* Counts, in time proportional to what waits. */
void fc_engine_work(const struct fc_engine *e, struct fc_engine_work *out);

/* --- has it come to rest? rest.c --- */

/* Is everything decided that can be decided without a change from outside? Not while a cluster may still be reached, a
 * word has no answer, a watch has not told its first list, a request is under way or waits for its turn, or a failure
 * is to be tried again. What has failed three times, or for want of rights or quota, counts as decided, and so does
 * what only an operator can mend. Appends to `waits` (NULL: not wanted) at most `max` sentences that say what it waits
 * for. */
bool fc_engine_is_at_rest(const struct fc_engine *e, size_t max, json_t *waits);
/* Appends a sentence for each resource of --target in each reachable cluster whose objects could not be listed: whether
 * there are rules is not known. */
void fc_engine_unseen(const struct fc_engine *e, json_t *sentences);

#endif
