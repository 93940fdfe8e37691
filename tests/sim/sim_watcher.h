/* SPDX-License-Identifier: Apache-2.0 */
/* sim_watcher - one cluster's watcher thread as the engine knows it, played in one thread: takes actions, talks to an
 * api_server, posts events; late, doubled, coalesced and lost as the real one's may be.
 * Owns:    its watches, the requests on their way there and back, the events that were not delivered yet.
 * Threads: one; all chance comes from the steps that the script of a world names.
 * Fails:   never; a fault is an event.
 * Source:  design section 4; kube-client sections 4 to 6 (what an informer may tell) and 13 (classes of errors). */
#ifndef FC_SIM_WATCHER_H
#define FC_SIM_WATCHER_H

#include "api_server.h"
#include "model/action.h"
#include "model/event.h"

struct sim_watcher;

/* What the process may not do there. */
struct sim_rbac {
	bool no_id;	    /* kube-system may not be read */
	bool no_namespaces; /* Namespaces may not be watched */
	bool no_wide;	    /* bodies are watched by their names only */
};

/* Who stands between a watcher and its server: executes the request and looks at it, before and after. */
typedef struct api_answer sim_send(void *user, const struct fc_action *a, struct api_server *server, const char *method,
				   const char *path, const char *content_type, const json_t *body);

struct sim_watcher_options {
	fc_cluster_no number;
	sim_send *send;
	void *user;
	struct api_server *server;	     /* borrowed: several processes watch one server */
	const struct api_type *const *types; /* all that a server may serve; NULL-terminated */
	const char *const *annotation_prefixes;
	struct sim_rbac rbac;
};
struct sim_watcher *sim_watcher_new(const struct sim_watcher_options *options);
/* Another server answers at its address from the next connection on (a cluster replaced under its name). */
void sim_watcher_move(struct sim_watcher *w, struct api_server *server);
/* All is listed anew: versions have begun again, and a watch from one that is still to come would be silent until then.
 */
void sim_watcher_list_anew(struct sim_watcher *w);
void sim_watcher_set_rbac(struct sim_watcher *w, struct sim_rbac rbac);
void sim_watcher_free(struct sim_watcher *w);

/* The engine's action for this cluster, taken over. */
void sim_watcher_take(struct sim_watcher *w, struct fc_action *a);

/* What may happen next; each returns whether it did anything. `pick` chooses among what is there. */
bool sim_watcher_connect(struct sim_watcher *w); /* CLUSTER_UP, with the id where it may be read */
bool sim_watcher_lose(struct sim_watcher *w);	 /* CLUSTER_DOWN; requests under way have unknown outcomes */
bool sim_watcher_resolve(struct sim_watcher *w); /* answers words whose answer is new */
bool sim_watcher_tell(struct sim_watcher *w, unsigned pick, unsigned max); /* one watch lists or tells at most max
									       changes; coalesced when max is 0 */
bool sim_watcher_again(struct sim_watcher *w, unsigned pick); /* tells the last event of a watch once more */
bool sim_watcher_cut(struct sim_watcher *w, unsigned pick);   /* a watch ends; it resumes, or lists after 410 */
bool sim_watcher_execute(struct sim_watcher *w,
			 unsigned pick); /* a request reaches the server; its answer is on its way */
bool sim_watcher_answer(struct sim_watcher *w, unsigned pick); /* an answer arrives as an event */
enum sim_request_fault {
	SIM_LOST_BEFORE,     /* never reached the server; the outcome is unknown to the client */
	SIM_LOST_AFTER,	     /* took effect, the answer is lost: unknown outcome */
	SIM_THROTTLED,	     /* 429 with Retry-After */
	SIM_SERVER_ERROR,    /* 500, 503: nothing done */
	SIM_GATEWAY_TIMEOUT, /* 504 after taking effect or not */
	SIM_FORBIDDEN,	     /* 403 by RBAC */
	SIM_REQUEST_FAULTS
};
bool sim_watcher_fail_request(struct sim_watcher *w, unsigned pick, enum sim_request_fault fault);
bool sim_watcher_fail_watch(struct sim_watcher *w, unsigned pick, enum fc_error_class cls);

/* The next event for the engine, now the caller's; NULL: none. Events of one watch keep their order. */
struct fc_event *sim_watcher_take_event(struct sim_watcher *w);
bool sim_watcher_is_anonymous(const struct sim_watcher *w); /* it is up, and did not say who it is */
bool sim_watcher_is_up(const struct sim_watcher *w);

#endif
