/* SPDX-License-Identifier: Apache-2.0 */
/* fc_server - the status endpoint: /metrics, /healthz, /livez, /readyz and /debug/rules over HTTP/1.1.
 * Owns:    its sockets and threads; borrows the sources, which outlive it.
 * Threads: _start and _stop from the main thread; the sources are called on the server's own threads, several at a
 *          time.
 * Fails:   _start only: an address that is wrong (FC_ERR_USAGE, with the mend), in use or not of this machine.
 * Source:  design section 8; kube-client 11.7, 11.8, 11.10; Prometheus text format 0.0.4; RFC 9110 for methods and
 *          statuses. */
#ifndef FC_SERVER_H
#define FC_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* Where the answers come from. Each function is called on a connection's thread of 256 KiB of stack, may wait a
 * moment for the engine, and must return within a few seconds even when the engine does not answer: _stop waits
 * for it. NULL: that path answers 404. */
struct fc_serve_sources {
	void *user;
	void (*metrics)(void *user, struct fc_buf *out);
	/* 0: well; -1: not. Each writes its checks as lines: "[+]name ok" or "[-]name failed: reason". */
	int (*live)(void *user, struct fc_buf *out);
	int (*ready)(void *user, struct fc_buf *out);
	/* One piece of /debug/rules: JSON objects parted by commas, without brackets; it may be empty. *cursor is
	 * 0 at first and afterwards what the call before left there; *more says whether to call again. -1: the
	 * engine does not answer; what was sent ends visibly broken. */
	int (*rules)(void *user, uint64_t *cursor, struct fc_buf *out, bool *more);
	/* For FC_SERVE_NOT_READY: appends the names of what is not ready to a JSON array; -1: that is not known. */
	int (*not_ready)(void *user, json_t *names);
};

enum fc_serve_paths {
	FC_SERVE_STATUS = 1u << 0, /* /metrics, /healthz, /livez, /readyz */
	FC_SERVE_DEBUG = 1u << 1,  /* /debug/rules: on loopback addresses only, else _start refuses */
	/* Of drop-ins, as their originals have them. */
	FC_SERVE_METRICS = 1u << 2, /* /metrics alone */
	FC_SERVE_PINGS = 1u << 3,   /* /healthz and /readyz, which answer 200 while the process runs, and /ping below */
	FC_SERVE_NOT_READY = 1u << 4,	 /* /healthz: a JSON list of what is not ready, 503 until it is empty */
	FC_SERVE_METRICS_ONLY = 1u << 5, /* whatever is asked for is /metrics */
};

struct fc_server;

/* `paths` is a set of enum fc_serve_paths. `address` is as fc_address_parse takes it; port 0 lets the system choose.
 * The caller has blocked the signals it handles, so that no thread of the server receives them. */
struct fc_server *fc_server_start(const char *address, unsigned paths, const struct fc_serve_sources *sources,
				  struct fc_error *err) FC_MUST_CHECK;
/* https, and answers to whom `admit` lets in. */
struct fc_serve_security {
	const char *cert_pem, *key_pem; /* which fit together; copied */
	/* What to answer, as an HTTP status: 200, 401, 403 or 500. `authorization` is the header's value, "" where
	 * there is none. On a connection's thread, as the sources. */
	int (*admit)(void *user, const char *authorization, const char *path);
	void *user;
};
struct fc_server *fc_server_start_secure(const char *address, unsigned paths, const struct fc_serve_sources *sources,
					 const struct fc_serve_security *security, struct fc_error *err) FC_MUST_CHECK;
/* New connections get this pair, which fits together; the port stays open. Those of before end. */
int fc_server_renew(struct fc_server *s, const char *cert_pem, const char *key_pem, struct fc_error *err) FC_MUST_CHECK;
/* The port in use. */
uint16_t fc_server_port(const struct fc_server *s);
/* Refuses new connections, ends the present ones, waits for all threads, frees. NULL allowed. */
void fc_server_stop(struct fc_server *s);

/* The endpoints of one process, as --status-address and --debug-address ask for them. */
struct fc_serve {
	struct fc_server *status; /* NULL: the address was empty */
	struct fc_server *debug;
};

/* Starts what is asked for and logs where. The debug paths are also on the status address when that is a loopback
 * one. On failure nothing runs and the error names the flag. */
int fc_serve_start(struct fc_serve *out, const char *status_address, const char *debug_address,
		   const struct fc_serve_sources *sources, struct fc_error *err) FC_MUST_CHECK;
/* Stops what runs, and waits for it. */
void fc_serve_stop(struct fc_serve *s);

#endif
