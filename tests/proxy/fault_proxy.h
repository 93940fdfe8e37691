/* SPDX-License-Identifier: Apache-2.0 */
/* fault_proxy - what the orders change of the program itself.
 * Owns:    nothing.
 * Threads: the loop's.
 * Fails:   as said.
 * Source:  SSL_CTX_use_certificate_chain_file(3). */
#ifndef TESTS_FAULT_PROXY_H
#define TESTS_FAULT_PROXY_H

#include "proxy.h"

/* Connections from here on are served with these; -1: they cannot be read, and nothing changes. */
int fault_proxy_certificate(struct proxy *p, const char *certificate, const char *key);
/* Connections are accepted, or, while frozen, left to the kernel. */
void fault_proxy_listen(struct proxy *p);

#endif
