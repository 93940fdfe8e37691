/* SPDX-License-Identifier: Apache-2.0 */
/* sb_listener - a port of 127.0.0.1 whose connections go to a service; it can be closed and opened again.
 * Owns:    the socket.
 * Threads: the loop's one.
 * Fails:   open: FC_ERR_CONFIG with the port and the mend; out of descriptors: it waits until there are some.
 * Source:  listen(2), accept4(2). */
#ifndef FC_SANDBOX_LISTENER_H
#define FC_SANDBOX_LISTENER_H

#include "base/error.h"
#include "sandbox/connection.h"

struct sb_listener;
/* Port 0: any free one, which it keeps. The service is borrowed. */
struct sb_listener *sb_listener_new(struct sb_service *service, int port, struct fc_error *err) FC_MUST_CHECK;
void sb_listener_free(struct sb_listener *l); /* NULL allowed; connections stay */
int sb_listener_port(const struct sb_listener *l);

/* New connections are refused by the kernel; those there are stay. */
void sb_listener_close(struct sb_listener *l);
/* The same port again; nothing where it is open. */
int sb_listener_open(struct sb_listener *l, struct fc_error *err) FC_MUST_CHECK;

#endif
