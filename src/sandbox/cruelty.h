/* SPDX-License-Identifier: Apache-2.0 */
/* sb_cruelty - what is done to requests, watches and connections of a cluster on purpose: rules, chance from a seed,
 * and which of them meets what. It only decides; connection.c and the API do it.
 * Owns:    its rules.
 * Threads: the loop's one.
 * Fails:   a rule that cannot be read: an error that names the member and the mend.
 * Source:  what real servers and networks were seen to do; docs/sandbox.md lists each with its name. */
#ifndef FC_SANDBOX_CRUELTY_H
#define FC_SANDBOX_CRUELTY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "sandbox/call.h"

enum sb_cruelty_kind {
	SB_LATENCY,	  /* delay before the answer: `ms`, and up to `jitter_ms` more */
	SB_HANG,	  /* no answer, ever */
	SB_SILENT_WATCH,  /* the watch's stream stays open and tells nothing */
	SB_CUT_WATCH,	  /* the stream ends in the middle of a line */
	SB_DOUBLED_EVENT, /* an event is told twice */
	SB_LATE_EVENT,	  /* an event and those behind it wait `ms` */
	SB_SKIPPED_BOOKMARK,
	SB_GONE_WATCH,	  /* 410: as an ERROR event, when it begins or in place of the next line */
	SB_GONE_CONTINUE, /* 410 to a continue token */
	SB_CONFLICT,	  /* 409 to a write that would have been taken */
	SB_THROTTLE,	  /* 429; `retry_after` seconds, or -1 without the header */
	SB_ERROR_500,
	SB_BAD_GATEWAY,	 /* 502 with HTML */
	SB_UNAVAILABLE,	 /* 503 */
	SB_TIMEOUT_DONE, /* 504, and the write did happen */
	SB_RESET_BEFORE, /* the connection is reset before the request is looked at */
	SB_RESET_AFTER,	 /* after it was executed, without an answer */
	SB_GOAWAY,
	SB_REFUSED_STREAM,
	SB_FEW_STREAMS,	       /* SETTINGS_MAX_CONCURRENT_STREAMS `streams` (100) on new connections */
	SB_OTHER_CERTIFICATE,  /* new connections get a certificate of another CA */
	SB_TOKEN_REFUSED,      /* 401 */
	SB_SLOW_BYTES,	       /* `bytes_per_second` */
	SB_REFUSED_CONNECTION, /* accepted and closed; with share 1 the port is closed */
	SB_STALE_LIST,	       /* a list as of `back` changes ago, with that resourceVersion */
	SB_BROKEN_GROUP,       /* discovery of one `group` fails with 503 */
	SB_MUTATE, /* the server defaults and prunes: `set` is merged into, `prune` taken from what is written */
	SB_CRUELTY_KINDS
};
const char *sb_cruelty_name(enum sb_cruelty_kind kind); /* "latency", "silent-watch", ... */

struct sb_cruelty_rule {
	unsigned id;
	enum sb_cruelty_kind kind;
	double share;			   /* of what matches, 0 to 1; default 1 */
	char *verb, *resource, *ns, *name; /* globs; NULL: any. resource: plural or plural.group */
	char *agent;			   /* glob of User-Agent */
	int64_t after_ms, for_ms;	   /* from when it was set; for_ms -1: until it is taken away */
	int64_t count;			   /* at most so many times; -1: no end */
	int64_t ms, jitter_ms, retry_after, streams, bytes_per_second, back;
	char *group;
	json_t *set, *prune; /* of SB_MUTATE */
	uint64_t met;	     /* how often it has struck */
	int64_t set_ms;	     /* when it was set */
};

struct sb_cruelty;
struct sb_cruelty *sb_cruelty_new(uint64_t seed);
void sb_cruelty_free(struct sb_cruelty *c);

/* One rule as JSON ({"kind": "throttle", "share": 0.2, "verb": "patch", "retryAfter": 1, ...}); *id for its removal. */
int sb_cruelty_add(struct sb_cruelty *c, const json_t *rule, int64_t now_ms, unsigned *id, struct fc_error *err)
	FC_MUST_CHECK;
/* As a flag: "throttle,share=0.2,verb=patch". The caller's JSON for sb_cruelty_add. */
json_t *sb_cruelty_parse_flag(const char *text, struct fc_error *err) FC_MUST_CHECK;
bool sb_cruelty_remove(struct sb_cruelty *c, unsigned id);
void sb_cruelty_clear(struct sb_cruelty *c);
json_t *sb_cruelty_list(const struct sb_cruelty *c); /* with `met`; the caller's */

/* The rule of that kind that strikes now, by chance, or NULL. `call` NULL: a connection, not a request. Counts it. */
const struct sb_cruelty_rule *sb_cruelty_strikes(struct sb_cruelty *c, enum sb_cruelty_kind kind,
						 const struct sb_call *call, int64_t now_ms);
/* `ms` of the rule and up to `jitter_ms` more, by chance. */
int64_t sb_cruelty_jitter(struct sb_cruelty *c, const struct sb_cruelty_rule *r);
/* Is there any rule at all: nothing else is asked while there is none. */
bool sb_cruelty_is_calm(const struct sb_cruelty *c);

#endif
