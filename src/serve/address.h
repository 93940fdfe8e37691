/* SPDX-License-Identifier: Apache-2.0 */
/* fc_address - where to listen: `:9102`, `127.0.0.1:9103`, `[::1]:9103`.
 * Owns:    nothing; plain data.
 * Threads: any.
 * Fails:   FC_ERR_USAGE with the text that was given and the mend. A host name is refused: what it means may change
 *          between two starts, and a debug address must be known to be a loopback address without asking anybody.
 * Source:  design section 8, --status-address and --debug-address; kube-client 11.7. */
#ifndef FC_ADDRESS_H
#define FC_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

struct fc_address {
	struct sockaddr_storage sockaddr; /* IPv4 or IPv6 */
	socklen_t len;
	bool any;      /* no host was given: every address of the machine, IPv4 and IPv6 */
	bool loopback; /* 127.0.0.0/8, ::1, and the former mapped into IPv6 */
	uint16_t port; /* 0: the system chooses */
};

/* `:9102`, `127.0.0.1:9103`, `[::1]:9103`. -1 with FC_ERR_USAGE and the mend: names are refused. */
int fc_address_parse(const char *text, struct fc_address *out, struct fc_error *err) FC_MUST_CHECK;

/* For flags: empty (listen nowhere) or an address; the second wants a loopback one. */
int fc_address_check(const char *text, struct fc_error *err) FC_MUST_CHECK;
int fc_address_check_loopback(const char *text, struct fc_error *err) FC_MUST_CHECK;

/* A listening socket, close-on-exec and non-blocking; *port is the one in use. Fails with FC_ERR_USAGE when the
 * address cannot be had, naming it and the mend, else with FC_ERR_NETWORK. */
int fc_address_listen(const char *text, uint16_t *port, struct fc_error *err) FC_MUST_CHECK;

#endif
