/* SPDX-License-Identifier: Apache-2.0 */
/* sim_watcher's inner data, shared by sim_watcher.c (connection, words, requests) and sim_watches.c.
 * Owns:    as sim_watcher.h says.
 * Threads: one.
 * Fails:   never.
 * Source:  design section 4. */
#ifndef FC_SIM_WATCHER_PARTS_H
#define FC_SIM_WATCHER_PARTS_H

#include "sim_watcher.h"

#include "base/buf.h"

struct sim_watch {
	struct fc_action *action;
	struct fc_buf path;
	struct api_watch *stream; /* NULL: it lists next, or resumes from `version` */
	char *version;		  /* all up to it was told; NULL: it lists next */
	enum fc_error_class failed;
	json_t *passed;	       /* "namespace/name" of those told of, where a filter drops objects */
	struct fc_event *last; /* what was told last, to be told again */
	struct sim_watch *prev, *next;
};

struct sim_word {
	char *text;
	uint64_t request;
	unsigned verbs;
	bool answered;
	struct fc_resource *told; /* NULL: not served */
	struct sim_word *prev, *next;
};

/* Of requests on their way to the server and events on their way to the engine. */
struct sim_line {
	void **items;
	size_t count, cap;
};

struct sim_watcher {
	struct sim_watcher_options o;
	bool up;
	bool anonymous; /* its id could not be read when it connected last */
	bool heard; /* the engine has taken the news that it is up: what it asked for before meant who was there before
		     */
	unsigned ups, ups_taken;
	struct sim_word *words;
	const struct api_server *resolved_at; /* all words are answered as `resolved` of it has them; NULL: not all */
	unsigned resolved;
	struct sim_watch *watches;
	struct sim_line requests; /* struct fc_action */
	struct sim_line answers;  /* struct fc_event: results that have not arrived yet */
	struct sim_line events;	  /* struct fc_event, in order */
	size_t events_taken;
};

struct fc_event *sim_event_new(const struct sim_watcher *w, enum fc_event_type type);
void sim_post(struct sim_watcher *w, struct fc_event *e);

/* --- sim_watches.c --- */
void sim_watch_start(struct sim_watcher *w, struct fc_action *a); /* taken over */
void sim_watch_stop(struct sim_watcher *w, uint32_t number);	  /* no event of it is delivered after this */
void sim_watch_list_again(struct sim_watcher *w, uint32_t number);
void sim_watch_free(struct sim_watcher *w, struct sim_watch *watch);

#endif
