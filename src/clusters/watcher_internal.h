/* SPDX-License-Identifier: Apache-2.0 */
/* fc_watcher_internal - what the parts of a watcher share: its connection, words, watches, calls, what is held.
 * Owns:    see watcher.h.
 * Threads: all functions on the watcher's own thread, or on the main thread before it began and after it ended.
 * Fails:   see watcher.h.
 * Source:  see watcher.h. */
#ifndef FC_WATCHER_INTERNAL_H
#define FC_WATCHER_INTERNAL_H

#include "base/loop.h"
#include "base/mailbox.h"
#include "base/random.h"
#include "clusters/watcher.h"
#include "clusters/watcher_connection.h"
#include "kube/backoff.h"
#include "kube/discovery.h"
#include "kube/informer.h"
#include "kube/transport.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* watcher_words.h: RESOURCE words. */
struct fc_watcher_word;
struct fc_watcher_words {
	struct fc_watcher_word *first;
	size_t count;
	bool full_told;	 /* that there are too many */
	char **rivalled; /* texts that were warned of, since they mean several resources */
	size_t rivalled_count, rivalled_cap;
	struct fc_discovery *discovery; /* under way */
	bool partial;			/* it reads some groups only, and tells of the words only that are sought */
	bool look;			/* it is one of the looks */
	struct fc_timer *timer;		/* of the next one that is no look */
	int64_t due_ms;			/* when that is */
	int64_t earliest_ms;		/* of one for a new word */
	struct fc_backoff pace;		/* of those for new words */
	struct fc_backoff retry;	/* of those for words that nothing served matched */
	struct fc_backoff retry_failed; /* of those after one that failed */
	struct fc_backoff retry_unread; /* of those for words that may be in a group that could not be read */
};

/* watcher_discover.c: a row of looks after something happened to a type. */
struct fc_watcher_looks {
	struct fc_timer *timer; /* of the next one */
	unsigned done;		/* in the row */
	int64_t due_ms;		/* when the next one is */
	int64_t spent_ms;	/* until then the looks of the past are paid for, see LOOK_COST_MS */
	char **groups;		/* where words that name none may come to mean something */
	size_t group_count, group_cap;
};

/* watcher_types.c: the CRDs. */
struct fc_watcher_types {
	struct fc_informer *informer; /* NULL: not followed */
	struct fc_timer *timer;	      /* of the next try where they may not be read */
	char *newest;		      /* resourceVersion seen; NULL: none yet */
	char *since;		      /* ... before the list under way */
	bool listing;
	bool told; /* that they may not be read */
};

struct fc_event_recorder;
struct fc_watcher_watch;
struct fc_watcher_call;
struct fc_watcher_echo;
struct fc_watcher_trial;
struct fc_watcher_retired;

struct fc_watcher {
	struct fc_watcher_options o;
	char *name; /* of the cluster */
	struct fc_access *access;
	pthread_t thread;
	bool started;
	_Atomic bool ended; /* the thread has, or is about to */
	struct fc_loop *loop;
	struct fc_mailbox *actions;
	struct fc_credentials *credentials;
	struct fc_transport *transport;
	struct fc_random random;

	_Atomic bool stop_asked;
	_Atomic int64_t grace_ms;
	bool stopping;
	struct fc_timer *grace;

	/* Handed over by any thread, taken by this one; NULL: nothing new. */
	_Atomic(struct fc_access *) new_access;
	_Atomic(char *) new_name;

	struct fc_watcher_connection connection;
	struct fc_watcher_held held;
	struct fc_watcher_trial *trial;	    /* of the cluster's new entry; NULL: none */
	struct fc_watcher_retired *retired; /* what requests of an earlier entry may still borrow */
	struct fc_watcher_words words;
	struct fc_watcher_looks looks;
	struct fc_watcher_types types;
	struct fc_watcher_watch *watches; /* by number */
	struct fc_watcher_call *calls;
	size_t writes;			    /* among the calls */
	struct fc_watcher_echo *echoes;	    /* of objects that are being patched, or just were */
	size_t answered_echoes;		    /* the latter */
	struct fc_event_recorder *recorder; /* NULL: no Event was to be written yet */
};

/* --- watcher.c --- */

/* An event of this cluster, to be filled and posted. */
struct fc_event *fc_watcher_event(const struct fc_watcher *w, enum fc_event_type type);
/* Posts it, or keeps it back while it may be another cluster's. */
void fc_watcher_emit(struct fc_watcher *w, struct fc_event *event);
/* The last call that is waited for at the end has ended. */
void fc_watcher_calls_ended(struct fc_watcher *w);

/* --- watcher_resolve.c --- */

void fc_watcher_resolve(struct fc_watcher *w, const struct fc_action *action);
void fc_watcher_resolve_forget(struct fc_watcher *w, const struct fc_action *action);
/* The cluster is up: looks for what is not resolved; at once after an outage, which may have changed what is
 * served. */
void fc_watcher_resolve_up(struct fc_watcher *w, bool after_outage);
/* A watch of a type that was resolved was answered 404: looks again soon (kube-client 3.16, 3.17). */
void fc_watcher_resolve_doubt(struct fc_watcher *w, const struct fc_resource *resource);
/* Nothing is read of what is served until it is up again. */
void fc_watcher_resolve_rest(struct fc_watcher *w);
void fc_watcher_resolve_stop(struct fc_watcher *w);

/* --- watcher_watch.c --- */

/* Tries those again now whose type was gone, and is `resource`: it is served. */
void fc_watcher_watch_retry_gone(struct fc_watcher *w, const struct fc_resource *resource);
void fc_watcher_watch_start(struct fc_watcher *w, const struct fc_action *action);
void fc_watcher_watch_stop(struct fc_watcher *w, uint32_t number);
void fc_watcher_watch_stop_all(struct fc_watcher *w);
void fc_watcher_watch_retry_all(struct fc_watcher *w);
/* What they know may be another cluster's: they list again. */
void fc_watcher_watch_relist_all(struct fc_watcher *w);
/* In case that it has missed something. */
void fc_watcher_watch_relist(struct fc_watcher *w, uint32_t number);
/* It, or no watch at all, reads anything until _resume, after which those that were paused list again. */
void fc_watcher_watch_pause(struct fc_watcher *w, uint32_t number);
void fc_watcher_watch_pause_all(struct fc_watcher *w);
void fc_watcher_watch_resume_all(struct fc_watcher *w);

/* Is there a watch without echoes that tells of that object? */
bool fc_watcher_watch_has_echo(const struct fc_watcher *w, const struct fc_resource *r, const char *namespace_,
			       const char *name);
/* What fc_watcher_echo_keeps has kept of that watch is told now. */
void fc_watcher_watch_tell(struct fc_watcher *w, uint32_t number, const char *bytes, size_t len, int64_t received_us);

/* --- watcher_echo.c --- */

/* A patch is sent: the last change of its object that a watch without echoes tells of is kept back, until one of the
 * next two. NULL: there is no such watch. */
struct fc_watcher_echo *fc_watcher_echo_expect(struct fc_watcher *w, const struct fc_action *patch);
/* Its answer was told, with this version of the object (NULL: none): what was kept is told if it is news. `e` is the
 * caller's no more. */
void fc_watcher_echo_settle(struct fc_watcher *w, struct fc_watcher_echo *e, const char *answered);
void fc_watcher_echo_forget(struct fc_watcher *w, struct fc_watcher_echo *e); /* NULL allowed */
/* Is the event of that text kept? Then its key is told, which is the caller's. */
bool fc_watcher_echo_keeps(struct fc_watcher *w, const struct fc_resource *r, uint32_t watch, const char *bytes,
			   size_t len, int64_t received_us, struct fc_informer_key *key);
/* The watch has told of that object: what was kept of it is older, and the answer if this is not. */
void fc_watcher_echo_overtaken(struct fc_watcher *w, const struct fc_resource *r, uint32_t watch,
			       const char *namespace_, const char *name, const char *version);
/* It lists or ends: what was kept of it is old, and what was answered may be told of anew. */
void fc_watcher_echo_drop_watch(struct fc_watcher *w, const struct fc_resource *r, uint32_t watch);
/* Answers whose echo has not come by now: for some it never does. */
void fc_watcher_echo_age(struct fc_watcher *w, int64_t now_ms);
void fc_watcher_echo_drop_all(struct fc_watcher *w); /* no patch is in flight any more */

/* --- watcher_call.c --- */

void fc_watcher_read(struct fc_watcher *w, const struct fc_action *action);
void fc_watcher_write(struct fc_watcher *w, const struct fc_action *action);
void fc_watcher_cancel_reads(struct fc_watcher *w);
void fc_watcher_cancel_calls(struct fc_watcher *w);
/* Cuts off every request in flight: each is answered as one that was lost on the way. */
void fc_watcher_lose_calls(struct fc_watcher *w);

/* --- watcher_events.c --- */

/* Takes the record out of the action. Whatever becomes of it, nobody hears of it. */
void fc_watcher_record(struct fc_watcher *w, struct fc_action *action);
/* A request under way is cut off, as one that was lost on the way. */
void fc_watcher_record_interrupt(struct fc_watcher *w);
/* What waits is dropped. Before the transport goes. */
void fc_watcher_record_stop(struct fc_watcher *w);

#endif
