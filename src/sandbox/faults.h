/* SPDX-License-Identifier: Apache-2.0 */
/* sb_faults - which cruelties of a cluster meet a connection, a request, a line of a watch. Asked here, in one go, and
 * done by listener.c and stream.c, which see plain orders. (Answers in place of the right one are api_cruelty.h's.)
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   never; where nothing is to be done, everything is zero.
 * Source:  cruelty.h. */
#ifndef FC_SANDBOX_FAULTS_H
#define FC_SANDBOX_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/cluster.h"
#include "sandbox/exchange.h"

struct sb_connection_faults {
	bool refused;		/* accepted and closed */
	bool closed;		/* and so is the port, for as long as that holds */
	bool other_certificate; /* of an authority that nobody trusts */
	uint32_t streams;	/* at most so many at once; 0: as always */
};

enum sb_fault_end {
	SB_END_WELL,
	SB_END_HANG,	    /* nothing is executed, nothing answered */
	SB_END_RESET,	    /* the connection is, and nothing executed */
	SB_END_REFUSED,	    /* RST_STREAM with REFUSED_STREAM, and nothing executed */
	SB_END_RESET_AFTER, /* executed, then the connection is reset */
};

struct sb_request_faults {
	int64_t wait_ms; /* before anything happens */
	enum sb_fault_end end;
	bool goaway;		  /* the connection takes no further request */
	int64_t bytes_per_second; /* of the answer; 0: as fast as may be */
};

struct sb_line_faults {
	bool silent;  /* neither this line nor any other */
	bool gone;    /* 410 in its place, then the end */
	bool cut;     /* half of it, then the end */
	bool doubled; /* twice */
	bool skipped; /* not at all */
	int64_t late_ms;
};

/* `cluster` NULL, and one without cruelty: nothing is done. */
void sb_faults_of_connection(struct sb_cluster *cluster, struct sb_connection_faults *out);
void sb_faults_of_request(struct sb_cluster *cluster, const struct sb_request *request, struct sb_request_faults *out);
void sb_faults_of_line(struct sb_cluster *cluster, const struct sb_request *request, enum sb_piece piece,
		       struct sb_line_faults *out);

#endif
