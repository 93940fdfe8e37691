/* SPDX-License-Identifier: Apache-2.0 */
/* fc_client - one cluster to talk to: access, credentials and transport in one handle, and watches over it.
 * Owns:    its access, credentials, transport and watches; borrows loop, plug-ins and metrics.
 * Threads: the one that runs the loop; several clients may share a loop, and so a thread. fc_client_setup: once,
 *          before the first thread.
 * Fails:   _open, for an access that cannot be used or without descriptors: it makes no request. A server that is not
 *          there fails each request, and each watch tries again for ever.
 * Source:  kube/kube.h tells where it stands among the other parts. */
#ifndef FC_CLIENT_H
#define FC_CLIENT_H

#include "kube/informer.h"
#include "kube/transport.h"

struct fc_client;
struct fc_client_watch;

/* What the libraries below need of a process: libcurl and jansson are set up, and a peer that goes away is an error of
 * a write and not the signal SIGPIPE. */
void fc_client_setup(void);

struct fc_client_options {
	struct fc_loop *loop;
	const char *name;		 /* of the cluster, for logs and labels; copied */
	struct fc_access *access;	 /* taken over, also by a call that fails */
	struct fc_exec_plugins *plugins; /* shared by clients; NULL: one that needs a plug-in has it alone */
	struct fc_metrics *metrics;	 /* may be NULL */
	const char *purpose;		 /* as that of a transport; NULL: none */
};

/* Connects with the first request. NULL with err. */
struct fc_client *fc_client_open(const struct fc_client_options *options, struct fc_error *err) FC_MUST_CHECK;
/* One of what a context of a kubeconfig says, called like the context; for all else, its options' defaults. */
struct fc_client *fc_client_open_context(struct fc_loop *loop, const struct fc_kubeconfig *k, const char *context,
					 struct fc_error *err) FC_MUST_CHECK;
/* Ends its watches and cancels its requests, without calling back. Not from inside a callback of its own. NULL
 * allowed. */
void fc_client_close(struct fc_client *c);

/* For discovery, single objects and requests of one's own; borrowed. */
struct fc_transport *fc_client_transport(const struct fc_client *c);
/* As it was given; borrowed. */
const struct fc_access *fc_client_access(const struct fc_client *c);
const char *fc_client_name(const struct fc_client *c);

/* Lists and watches one collection from now on, as kube/informer.h tells. Of the options `transport`, `metrics` and
 * `random` are filled in here. Callbacks that are NULL do nothing (the object is freed); a failure that nobody asked
 * for is logged. The callbacks are copied. */
struct fc_client_watch *fc_client_watch(struct fc_client *c, const struct fc_informer_options *options);
/* Ends it before its client does: no callback after this. Allowed inside a callback. */
void fc_client_watch_stop(struct fc_client_watch *w);

#endif
