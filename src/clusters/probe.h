/* SPDX-License-Identifier: Apache-2.0 */
/* fc_probe - one look at a cluster: is it there, who is it, how far away, and until when may we come in?
 * Owns:    credentials, transport and request of the look; borrows loop, access and plug-ins.
 * Threads: the one that runs the loop. Many may be under way on one loop.
 * Fails:   _start (no descriptor, an address that cannot be used); all else is the result.
 * Source:  design section 8, `fedcopy clusters`; kube-client 3.18, and 13.5 for one more try after a 401. */
#ifndef FC_PROBE_H
#define FC_PROBE_H

#include "base/error.h"
#include "base/loop.h"
#include "kube/credentials.h"
#include "kube/kubeconfig.h"

#include <stdbool.h>
#include <stdint.h>

struct fc_probe;

struct fc_probe_result {
	bool reachable;
	struct fc_error error; /* why not */
	char *id;	       /* uid of kube-system; NULL: it may not be read */
	char *server_version;  /* gitVersion; NULL: it may not be read */
	int64_t round_trip_us; /* of one request on the open connection; -1: there was none */
	struct fc_credentials_expiry expires;
};

struct fc_probe_options {
	struct fc_loop *loop;
	const struct fc_access *access;
	struct fc_exec_plugins *plugins; /* NULL where the access names none */
	const char *name;		 /* of the cluster; borrowed */
	int64_t timeout_ms;		 /* of the whole look */
	/* Once, from the loop; the result is borrowed and lives as long as the probe. */
	void (*on_done)(void *user, const struct fc_probe_result *result);
	void *user;
};

/* The first request goes out when the loop runs. */
struct fc_probe *fc_probe_start(const struct fc_probe_options *options, struct fc_error *err) FC_MUST_CHECK;
/* Ends it, whether or not it is done. Not inside its on_done. NULL allowed. */
void fc_probe_free(struct fc_probe *p);

#endif
