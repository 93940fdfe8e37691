/* SPDX-License-Identifier: Apache-2.0 */
/* fc_error - what went wrong, in a form that a caller can act on.
 * Owns:    nothing; a fixed-size struct on the caller's stack.
 * Threads: plain data, as safe as its holder.
 * Fails:   never; text that does not fit is cut.
 * Source:  classes after kube-client 13.4 to 13.18: each answers "retry? relist? look again? tell the user?". */
#ifndef FC_ERROR_H
#define FC_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/* Every function that can fail and whose failure must not be overlooked. */
#define FC_MUST_CHECK __attribute__((warn_unused_result))
#define FC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum fc_error_class {
	FC_ERR_NONE = 0,
	FC_ERR_USAGE,	     /* the command line: names the flag and the mend; exit status 2 */
	FC_ERR_CONFIG,	     /* a file of the operator: names file, place and mend */
	FC_ERR_INVALID,	     /* refused as wrong: 400, 413, 422; again only when the input changes */
	FC_ERR_UNAUTHORIZED, /* 401 */
	FC_ERR_FORBIDDEN,    /* 403 by RBAC */
	FC_ERR_QUOTA,	     /* 403 by quota */
	FC_ERR_TERMINATING,  /* 403 because the namespace is going away */
	FC_ERR_NOT_FOUND,    /* 404 that names an object: it is absent */
	FC_ERR_NOT_SERVED,   /* 404 that names none: the type or version is not served; 405, 406, 415 */
	FC_ERR_EXISTS,	     /* 409 AlreadyExists */
	FC_ERR_CONFLICT,     /* 409 Conflict: information, not a failure */
	FC_ERR_GONE,	     /* 410: list again */
	FC_ERR_THROTTLED,    /* 429 */
	FC_ERR_SERVER,	     /* 500, 502, 503: try again later */
	FC_ERR_TIMEOUT,	     /* 504 or our own deadline: the outcome of a write is unknown */
	FC_ERR_NETWORK,	     /* refused, reset, ended early, name not resolved */
	FC_ERR_TLS,	     /* the peer could not be verified; never downgraded */
	FC_ERR_PROTOCOL,     /* the answer is not what the protocol says (HTML, broken framing) */
	FC_ERR_LIMIT,	     /* an object too large, nested too deep, a number that cannot be held */
	FC_ERR_MEMORY,	     /* an allocation sized by the network or a file failed */
	FC_ERR_CANCELLED,    /* we ended it ourselves; not a failure */
	FC_ERR_INTERNAL,     /* a promise of our own code was broken */
	FC_ERR_CLASSES
};

struct fc_error {
	enum fc_error_class cls;
	int http_status;	/* 0: there was no HTTP answer */
	int sys_errno;		/* 0: none */
	int64_t retry_after_ms; /* -1: the server did not say */
	bool outcome_unknown;	/* the request was sent and may have taken effect (kube-client 13.17) */
	char text[512];		/* one line, from outside in; never a secret value */
};

/* The value an error has before anything happened. */
#define FC_ERROR_INIT ((struct fc_error){ .cls = FC_ERR_NONE, .retry_after_ms = -1 })

/* Fills `err` (NULL allowed) and returns -1, so that a failing function can end with `return fc_error_set(...)`. */
int fc_error_set(struct fc_error *err, enum fc_error_class cls, const char *fmt, ...) FC_PRINTF(3, 4);

/* The same with errno's words behind the text; `sys_errno` is kept. */
int fc_error_set_errno(struct fc_error *err, enum fc_error_class cls, int sys_errno, const char *fmt, ...)
	FC_PRINTF(4, 5);

/* Puts "context: " before the text, keeps class, status and retry-after, returns -1. One line of context per
 * layer. */
int fc_error_wrap(struct fc_error *err, const char *fmt, ...) FC_PRINTF(2, 3);

/* The class as a lower-case word for logs and metrics ("not-found"); never NULL. */
const char *fc_error_class_name(enum fc_error_class cls);

#endif
