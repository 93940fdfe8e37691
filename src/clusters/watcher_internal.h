/* SPDX-License-Identifier: Apache-2.0 */
/* fc_watcher_internal - what the parts of a watcher share: its connection, words, watches and calls.
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
#include "kube/backoff.h"
#include "kube/discovery.h"
#include "kube/transport.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum fc_watcher_state {
	FC_WATCHER_CONNECTING, /* no outcome yet */
	FC_WATCHER_UP,	       /* CLUSTER_UP was posted */
	FC_WATCHER_DOWN,       /* CLUSTER_DOWN was posted; it is probed until it answers */
};

/* watcher_connect.c: is the cluster there, and which one is it? */
struct fc_watcher_connection {
	enum fc_watcher_state state;
	struct fc_request *request; /* of the probe under way */
	struct fc_timer *timer;	    /* of the next probe, or of another look at the id */
	struct fc_backoff backoff;
	int64_t down_ms;       /* when the present outage, or the first of a row of them, was noticed */
	int64_t up_ms;	       /* when it came up last */
	int64_t up_hurried_ms; /* see HURRY_MS; 0: never */
	int64_t probe_hurried_ms;
	unsigned probes_failed;	       /* in the present outage */
	enum fc_error_class down_kind; /* of what CLUSTER_DOWN said */
	unsigned version_refused;      /* 403 to /version in a row */
	unsigned id_looks;	       /* at an id that may not be read, since it came up */
	char *id;		       /* the last one read; NULL: none yet */
	char *server_version;
};

/* watcher_resolve.c: RESOURCE words. */
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

struct fc_watcher_watch;
struct fc_watcher_call;

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

	struct fc_watcher_connection connection;
	struct fc_watcher_words words;
	struct fc_watcher_looks looks;
	struct fc_watcher_types types;
	struct fc_watcher_watch *watches; /* by number */
	struct fc_watcher_call *calls;
	size_t patches; /* among the calls */
};

/* --- watcher.c --- */

/* An event of this cluster, to be filled and posted. */
struct fc_event *fc_watcher_event(const struct fc_watcher *w, enum fc_event_type type);
void fc_watcher_emit(struct fc_watcher *w, struct fc_event *event);
/* The last call that is waited for at the end has ended. */
void fc_watcher_calls_ended(struct fc_watcher *w);

/* --- watcher_connect.c --- */

void fc_watcher_connect(struct fc_watcher *w);
void fc_watcher_connect_stop(struct fc_watcher *w);
/* The transport's on_reachable. */
void fc_watcher_reachable(void *user, bool reachable, const struct fc_error *why);

/* --- watcher_resolve.c --- */

void fc_watcher_resolve(struct fc_watcher *w, const struct fc_action *action);
void fc_watcher_resolve_forget(struct fc_watcher *w, const struct fc_action *action);
/* The cluster is up: looks for what is not resolved; at once after an outage, which may have changed what is
 * served. */
void fc_watcher_resolve_up(struct fc_watcher *w, bool after_outage);
/* A watch of a type that was resolved was answered 404: looks again soon (kube-client 3.16, 3.17). */
void fc_watcher_resolve_doubt(struct fc_watcher *w, const struct fc_resource *resource);
void fc_watcher_resolve_stop(struct fc_watcher *w);

/* --- watcher_watch.c --- */

/* Tries those again now whose type was gone, and is `resource`: it is served. */
void fc_watcher_watch_retry_gone(struct fc_watcher *w, const struct fc_resource *resource);
void fc_watcher_watch_start(struct fc_watcher *w, const struct fc_action *action);
void fc_watcher_watch_stop(struct fc_watcher *w, uint32_t number);
void fc_watcher_watch_stop_all(struct fc_watcher *w);
void fc_watcher_watch_retry_all(struct fc_watcher *w);

/* --- watcher_call.c --- */

void fc_watcher_read(struct fc_watcher *w, const struct fc_action *action);
void fc_watcher_patch(struct fc_watcher *w, const struct fc_action *action);
void fc_watcher_cancel_reads(struct fc_watcher *w);
void fc_watcher_cancel_calls(struct fc_watcher *w);

#endif
