/* SPDX-License-Identifier: Apache-2.0 */
/* fc_server_probe - asks one server whether it serves, and which cluster it is.
 * Owns:    its request, and the version that was read; borrows the transport.
 * Threads: the one that runs the transport's loop.
 * Fails:   what goes wrong is the answer.
 * Source:  kube-client 3.18; design section 2, cluster id, and section 8, /readyz. */
#ifndef FC_SERVER_PROBE_H
#define FC_SERVER_PROBE_H

#include "kube/transport.h"

#include <stdint.h>

struct fc_server_answer {
	const struct fc_error *error; /* NULL: it serves */
	const char *id;		      /* NULL: see `unreadable` */
	/* Why there is no id: FORBIDDEN, NOT_FOUND, NOT_SERVED, or PROTOCOL (an object without uid). */
	const struct fc_error *unreadable;
};

/* The holder fills in the first members; zeroed, the others are as they should begin. */
struct fc_server_probe {
	struct fc_transport *transport;
	/* Not from inside a call made here, unless the request was refused before it was sent. */
	void (*answered)(void *user, const struct fc_server_answer *answer);
	void *user;
	int64_t timeout_ms;	    /* of each request; 0: 5 s */
	struct fc_request *request; /* under way */
	unsigned version_refused;   /* 403 to /version in a row */
	int64_t sent_us;
	int64_t round_trip_us;	  /* of the last /version that was answered */
	int64_t id_round_trip_us; /* of the last look at the id that was */
	char *server_version;	  /* of the last one that could be read */
};

/* GET /version, then the id; or the id alone. One at a time. */
void fc_server_probe_start(struct fc_server_probe *p);
void fc_server_probe_id(struct fc_server_probe *p);
/* A 403 to /version is believed from now on: nobody waits for a server that has just started. */
void fc_server_probe_believe(struct fc_server_probe *p);
void fc_server_probe_cancel(struct fc_server_probe *p);
/* Cancels it too. */
void fc_server_probe_fini(struct fc_server_probe *p);

#endif
