/* SPDX-License-Identifier: Apache-2.0 */
/* sb_read - get, list and watch.
 * Owns:    a watch belongs to the response until it is started, then to itself until it ends or is closed.
 * Threads: the loop's one.
 * Fails:   -1, the answer is written.
 * Source:  kube-client sections 4 and 5; the API concepts page; KEP-365 (pages), KEP-3157 (streaming lists), KEP-956
 *          (bookmarks). */
#ifndef FC_SANDBOX_READ_H
#define FC_SANDBOX_READ_H

#include <stdbool.h>

#include "sandbox/call.h"
#include "sandbox/object.h"
#include "sandbox/store.h"

int sb_handle_get(struct sb_call *call);
int sb_handle_list(struct sb_call *call);
int sb_handle_watch(struct sb_call *call);

/* Answers with `o` in the form that Accept asks for. Used by writes too. Returns 0. */
int sb_answer_object(struct sb_call *call, int status, const struct sb_object *o);
/* The body is JSON text; whoever asks for YAML gets that. */
void sb_answer_text_is_json(struct sb_call *call);

/* --- what lists and watches have in common: list_options.c --- */
struct sb_list_options {
	const char *version; /* "" for none; of the call */
	uint64_t number;     /* of it */
	bool exact, not_older;
	int64_t limit; /* 0: none */
	int64_t timeout_seconds;
	bool send_initial, has_send_initial; /* sendInitialEvents is true; is there */
};
/* Reads resourceVersion, resourceVersionMatch, limit, timeoutSeconds, sendInitialEvents. -1: the answer is written. */
int sb_list_options(struct sb_call *call, struct sb_list_options *o) FC_MUST_CHECK;
/* What is asked for must have happened already: 504 if not. `retry`: the answer says when to ask again. */
int sb_check_version_is_past(struct sb_call *call, const struct sb_list_options *o, bool retry) FC_MUST_CHECK;
/* The objects that the call is about. */
struct sb_resource *sb_call_resource(const struct sb_call *call);
/* As sb_handle_list, for deletecollection: the objects that were listed too, each with a reference of the caller's, and
 * the array. */
int sb_handle_list_of(struct sb_call *call, struct sb_object ***out, size_t *count);

/* --- labelSelector and fieldSelector of a call, and its namespace: filter.c --- */
struct sb_filter;
struct sb_filter *sb_filter_new(struct sb_call *call); /* NULL: the answer is written (400) */
bool sb_filter_matches(const struct sb_filter *f, const struct sb_object *o);
bool sb_filter_is_empty(const struct sb_filter *f);    /* selects nothing in particular */
const char *sb_filter_name(const struct sb_filter *f); /* the one name that is asked for, or NULL */
/* Where in an array of the store's order those may stand that match: [from, to). */
void sb_filter_range(const struct sb_filter *f, struct sb_object *const *objects, size_t count, size_t *from,
		     size_t *to);
void sb_filter_free(struct sb_filter *f); /* NULL allowed */

/* --- watches: watch.c --- */
/* From now on events go to `sink`: first those that are due already, before this returns. The watch may end then. */
void sb_watch_start(struct sb_watch *w, struct sb_sink *sink);
/* The other side is gone: nothing more is written, `end` is not called. May be called by the sink's `write`. */
void sb_watch_close(struct sb_watch *w); /* NULL allowed */
/* For the store: a change was made; the resource is gone. */
void sb_watch_tell(struct sb_watch *w, struct sb_change *change);
void sb_watch_end(struct sb_watch *w);

/* --- events as text: watch_text.c --- */
enum sb_event { SB_ADDED, SB_MODIFIED, SB_DELETED };
/* The event of `o` as a line, the caller's reference. `change` (NULL: none) keeps it for the other watches of the same
 * form. Tables are made for the call alone; the first of a stream has `columns`. */
struct sb_text *sb_event_text(struct sb_call *call, enum sb_event event, struct sb_object *o, struct sb_change *change,
			      bool columns);
struct sb_text *sb_bookmark_text(struct sb_call *call, uint64_t version, bool initial_events_end);
/* `message` needs no escape in JSON. */
struct sb_text *sb_error_text(const char *message, const char *reason, int code);
void sb_change_texts_free(struct sb_change *change);

#endif
