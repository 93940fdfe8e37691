/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's inner data: what src/engine's files share and nobody else sees.
 * Owns:    struct fc_engine owns everything; the comment of each pointer says when it is borrowed.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design section 5, Reading and Writing; kube-client 6.18 for the sharing of watches. */
#ifndef FC_ENGINE_STORE_H
#define FC_ENGINE_STORE_H

#include "base/hash.h"
#include "base/intern.h"
#include "base/random.h"
#include "base/table.h"
#include "engine/engine.h"
#include "engine/traffic.h"
#include "engine/trouble.h"
#include "json/digest.h"

#include <utlist.h>

#include <stdbool.h>

struct copy_rule; /* this and the next four: engine/copy.h */
struct site;
struct pair;
struct origin;
struct memory;

/* An object's key. All pointers are interned, so keys are equal when their bytes are. */
struct key {
	const struct fc_resource *resource; /* from fc_engine.resources */
	const char *namespace_;		    /* "" for cluster-scoped */
	const char *name;
	uint64_t cluster; /* as wide as a pointer: no padding between the bytes that are compared */
};

/* What a watch is for. */
enum watch_use {
	WATCH_SOURCES,	  /* bodies, for what rules read */
	WATCH_TARGETS,	  /* metadata of annotated objects, for what is written */
	WATCH_NAMESPACES, /* metadata of the cluster's Namespaces: consents and pauses */
};

/* A watch that was started. */
struct watch {
	uint32_t id;
	fc_cluster_no cluster;
	const struct fc_resource *resource; /* borrowed from fc_engine.resources */
	const char *namespace_;		    /* interned or NULL: all namespaces */
	const char *name;		    /* interned or NULL: all objects */
	enum watch_use use;
	enum fc_watch_content content;
	bool synced;	/* its first list is complete; of targets: since their cluster was left alone last */
	bool broadened; /* it is to tell more than it did, and has not listed since */
	bool listing;
	bool relisting;		/* asked to list again, which it has not done yet */
	bool forbidden;		/* of sources: refused by RBAC, and nothing has come of it since */
	bool has_status;	/* of targets: their status is written by itself */
	bool skipped_hubs;	/* of targets: it told of objects that follow another master */
	bool unserved;		/* of targets: discovery says that its type is gone, and nothing has come of it since */
	uint32_t generation;	/* counts lists: what bears an older number at the end of a list was not in it */
	struct fault error;	/* why it does not work just now; cls NONE: it does */
	struct target *targets; /* WATCH_TARGETS: those seen on it (list `in_watch`) */
	struct source *sources; /* WATCH_SOURCES: those that rely on it (list `in_watch`) */
	int64_t slot_ms;	/* when it is to list again next, of all but sources; 0: never */
	struct alarm alarm;	/* for that */
	struct watch *prev_in_cluster, *next_in_cluster;
	UT_hash_handle hh; /* fc_engine.watches */
};

/* A RESOURCE word as one cluster understands it. */
struct word {
	struct cluster *cluster;
	const char *text; /* interned */
	bool for_targets; /* it is one of --target */
	bool answered;
	const struct fc_resource *resource; /* from fc_engine.resources; NULL: not served, or not known yet */
	bool patchable;			    /* objects of it can be written */
	struct fault error;		    /* why there is none, or, with a resource, why it is none any more */
	bool for_copies;		    /* a dialect names it: it is watched for instructions or marks */
	struct rule *rules;		    /* those that wait for it or rely on it (list `in_word`) */
	struct copy_rule *copy_rules;	    /* the same for whole objects */
	struct site *sites;		    /* and what they have in this cluster */
	struct memory *memories;	    /* what statuses remember of it */
	struct word *next;
};

/* REFUSED: it answers, and is not who it should be. Nothing is asked of it, and what it tells is not heard. */
enum connection { CONNECTING, UP, DOWN, REFUSED };

/* A Namespace, as far as anybody reads it. Those that bear no word for fedcopy need not be here. */
struct space {
	const char *name; /* interned */
	uint32_t generation_seen;
	bool paused;				 /* fedcopy.dev/pause: nothing in it is written or read from */
	bool terminating;			 /* bears a deletionTimestamp */
	char *allow_namespaces, *allow_clusters; /* design section 7, row c; NULL: not said */
	char *accept_from;			 /* row e */
	json_t *labels;				 /* NULL: none */
	UT_hash_handle hh;			 /* cluster.spaces */
};

/* Deletions and clears of the last minutes because something is gone (promise 9), oldest first. */
struct brake {
	int64_t *times;
	size_t count, cap;
	bool pulled; /* stays so until a restart */
};

struct cluster {
	fc_cluster_no no;
	struct fc_cluster_info info;
	enum connection connection;
	char *id;      /* uid of kube-system; NULL: not known */
	char *told_id; /* the one that it told last, known or refused */
	bool answers;  /* the last that was heard of its connection is that it is up */
	bool added;    /* it came while running */
	bool leaving;  /* it is being removed: nobody finds it by its name */
	char *server_version;
	struct fault error;
	struct fault away; /* why it does not answer, told while it is REFUSED for something else */
	bool had_outcome, has_synced;
	struct word *words;
	struct watch *watches;		/* of what is there (list `in_cluster`) */
	struct watch *namespaces_watch; /* NULL: nothing of it was of interest yet */
	bool namespaces_failed;		/* they could not be watched at first, and that was said */
	struct space *spaces;		/* its Namespaces that were told of, by name */
	struct site *sites;		/* of whole-object rules (list `in_cluster`) */
	size_t copies;			/* targets here that bear marks of copies */
	struct brake brake;
	struct line writes, reads; /* those that wait */
	unsigned writes_in_flight, reads_in_flight;
	struct throttle throttle;
};

struct fc_engine {
	struct fc_engine_options options;
	struct fc_permissions *permissions; /* those of the operator, as they were told last */
	struct fc_random random;
	struct fc_intern *strings;
	const struct fc_resource **resources;
	size_t resource_count, resource_cap;
	struct cluster **clusters; /* in the order of their numbers, which may have gaps */
	size_t cluster_count, cluster_cap;
	unsigned set_changes; /* clusters that came, went, or got another name or labels, and changed permissions */
	size_t outcome_count; /* of them, from the first on, that are known to have synced or failed once */
	struct watch *watches;
	struct fc_table targets, sources; /* of struct target and struct source, by their keys */
	struct fc_table specs;		  /* what rules say: specs.c */
	size_t unknown_sources;		  /* which have told nothing yet */
	struct source_group *groups;	  /* source_watches.c */
	struct origin *origins;
	struct copy_rule *with_body; /* those that got a body in this step: kept only if a pair wants it still */
	bool copies;		     /* a dialect has rules for whole objects: all Namespaces are watched */
	struct request *requests;
	struct alarm_time *heap; /* the earliest first: timers.c */
	size_t heap_count, heap_cap;
	struct target **dirty; /* to be decided about before this step ends, in this order; NULL: it is done, or gone */
	size_t dirty_count, dirty_cap;
	size_t (*counts)[FC_STATES]; /* per dialect */
	size_t rule_count;
	uint32_t next_watch, visit;
	uint64_t next_request, next_target;
	bool words_forgotten; /* a watch may be nobody's since */
	bool started;
	/* At the start sources are only collected, until every cluster has told its targets or failed to, at most
	 * until then: each is then watched once, as widely as it will be, and its first body serves all its rules. */
	bool collecting;
	int64_t collect_until_ms;
	size_t cycle_count;    /* rules on a cycle */
	bool cycle_opened;     /* one of them went in this step: the others may be free */
	struct vertex **bound; /* those bound in this step which feed others */
	size_t bound_count, bound_cap;
	struct target **owed; /* of which an Event is to tell at the end of the step */
	size_t owed_count, owed_cap;
	/* Of the step under way. */
	struct cluster *freed; /* a request of it has ended, or it has come back: who waits there may go */
	struct fc_actions *out;
	int64_t now_ms, wall_ms;
	int64_t event_us; /* when its event came from the network: what latencies are measured to */
};

#endif
