/* SPDX-License-Identifier: Apache-2.0 */
/* fc_informer_internal - what the parts of an informer share: listing, watching, passing on, trying again.
 * Owns:    see informer.h.
 * Threads: the cluster's thread.
 * Fails:   see informer.h.
 * Source:  see informer.h. */
#ifndef FC_INFORMER_INTERNAL_H
#define FC_INFORMER_INTERNAL_H

#include "json/framer.h"
#include "kube/backoff.h"
#include "kube/informer.h"
#include "kube/key_set.h"

#define FC_INFORMER_PAGE_ITEMS 500

enum fc_informer_phase {
	FC_INFORMER_LIST,   /* the request under way, or the next one, is a page of a list, or the next one a stream */
	FC_INFORMER_STREAM, /* the request under way is a watch that begins with all objects */
	FC_INFORMER_WATCH,  /* ... or the next one, is a watch from `version` on; or a stream behind their end */
};

struct fc_informer {
	struct fc_informer_options o; /* namespace_, name and resource are its own */
	struct fc_resource *resource;
	char *label; /* the resource for metrics and logs */

	enum fc_informer_phase phase;
	struct fc_request *request;
	struct fc_framer *framer;
	struct fc_timer *retry;	   /* the next request's */
	struct fc_timer *deadline; /* the watch's (5.25) */
	struct fc_backoff backoff;
	enum fc_error_class failed; /* what on_failed was told; FC_ERR_NONE: it works */
	unsigned entered;	    /* callbacks under way: it must not be freed */
	bool stopped;		    /* to be freed when they are done */
	bool relist;		    /* to list again when they are done */
	int64_t received_us;	    /* of the bytes being handled */

	char *version; /* the resourceVersion to go on from; "" when the server gave none */

	/* list */
	char *token; /* of the next page; NULL: the first */
	bool begun;  /* on_list_begin was told of this one */
	bool removes;
	bool unlimited; /* in one page, because a token was too old before the end (4.5) */
	bool in_pages;	/* until a list is complete it comes in pages, since one as a stream was not */
	bool never_streams;
	int page_items; /* asked for per page: fewer after one that took too long, until a list is complete */

	/* watch */
	int64_t opened_ms, overdue_ms;
	int64_t check_ms;  /* when a stream's silence is to be looked at */
	bool advanced;	   /* an object's event moved `version` since it was opened; a bookmark is no progress */
	bool unordered;	   /* began without version: the first ADDED are synthetic and in no order (5.9) */
	unsigned expired;  /* 410 in a row, with no object's event between them */
	unsigned refusals; /* 5xx since a watch last worked */

	/* With a filter: what was passed on, and what the list under way names. */
	struct fc_key_set passed, listed;
};

/* --- informer.c --- */

/* Does the next request after `delay_ms`. */
void fc_informer_go(struct fc_informer *i, enum fc_informer_phase phase, int64_t delay_ms);
/* Tells the failure and goes on after a back-off: the longest when `only_mended` by somebody's act. */
void fc_informer_fail(struct fc_informer *i, enum fc_informer_phase next, const struct fc_error *why, bool only_mended);
/* The collection's URL, with selector; the caller adds its own parameters. */
int fc_informer_url(const struct fc_informer *i, struct fc_buf *out, struct fc_error *err) FC_MUST_CHECK;
void fc_informer_drop_framer(struct fc_informer *i);
void fc_informer_set_version(struct fc_informer *i, const char *version);
void fc_informer_count(struct fc_informer *i, enum fc_metric_id id, const char *word);
/* Brackets around whatever calls back. _leave returns false when the informer was stopped, or told to list again,
 * meanwhile: what is under way ends. Outside on_data a stopped one is gone then. */
void fc_informer_enter(struct fc_informer *i);
bool fc_informer_leave(struct fc_informer *i);
/* Is what is under way to end? Then the error says so, and 0 becomes -1. */
bool fc_informer_is_ending(const struct fc_informer *i);
int fc_informer_unless_ending(const struct fc_informer *i, int rc, struct fc_error *err);

/* --- informer_pass.c --- */

/* An object is there: takes it over, and passes it on if it is wanted; one without a name is skipped. */
void fc_informer_present(struct fc_informer *i, json_t *object);
void fc_informer_gone(struct fc_informer *i, const char *namespace_, const char *name, const char *version);
/* Present or (`deleted`) gone, but not to be decoded: found by its bytes. -1 when its key is not in them.
 * *version, if it was found, is the caller's. */
int fc_informer_undecodable(struct fc_informer *i, const char *bytes, size_t len, bool deleted,
			    const struct fc_error *why, char **version);
/* Counts and logs an object that nothing can be told of. It might be any: nothing may be taken for absent at the end of
 * the list that it is of (5.4). */
void fc_informer_skip(struct fc_informer *i, const struct fc_error *why);

/* --- informer_list.c --- */

void fc_informer_list_page(struct fc_informer *i);
/* The first of it has come; nothing where that is said. */
void fc_informer_list_begins(struct fc_informer *i);
/* All of it was told. The caller has seen to what comes next. */
void fc_informer_list_complete(struct fc_informer *i);
/* Back-off, then a list from its beginning. */
void fc_informer_list_failed(struct fc_informer *i, const struct fc_error *why);

/* --- informer_stream.c --- */

/* Can the next list be the beginning of a watch? */
bool fc_informer_may_stream(const struct fc_informer *i);
/* Its request is under way. */
void fc_informer_stream_began(struct fc_informer *i);
/* It ended before the list did; `why` NULL: properly. */
void fc_informer_stream_ended(struct fc_informer *i, const struct fc_error *why);
/* A bookmark came in it: the end of the list, if that says so. */
void fc_informer_stream_bookmark(struct fc_informer *i, const json_t *bookmark);
/* The timer that ends one whose end is not told. */
void fc_informer_stream_check(void *user);

/* --- informer_watch.c --- */

/* By its phase a watch or a stream. */
void fc_informer_watch_open(struct fc_informer *i);
/* The deadline's timer. */
void fc_informer_watch_overdue(void *user);

#endif
