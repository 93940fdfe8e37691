/* SPDX-License-Identifier: Apache-2.0 */
/* kube - the whole Kubernetes client, for programs that use it as a library.
 * Owns:    nothing; the order below tells who owns what.
 * Threads: everything of one cluster on the thread that runs its loop. No state is shared between loops but the log,
 *          the metrics and the plug-ins, which are safe from any thread.
 * Fails:   see each header.
 * Source:  docs/kube-library.md has a whole program, how to build it, and what is promised. */
#ifndef FC_KUBE_H
#define FC_KUBE_H

/* The life of a client, from first to last:
 *
 *   fc_client_setup       once, before the first thread: libcurl, jansson, SIGPIPE.
 *   struct fc_loop        a thread's wait, for any number of clusters. The caller makes it, runs it, frees it last. A
 *                         signal handler or another thread may call fc_loop_stop and fc_loop_wake, nothing else.
 *   struct fc_kubeconfig  the files, merged. Read once; freed when the accesses are made, which do not need it.
 *   struct fc_access      what one context says: server, trust, login. A value of its own, given to a client, which
 *                         frees it. fc_access_in_cluster makes one for a Pod.
 *   struct fc_client      the three that a cluster needs, in one handle. It owns
 *     struct fc_access
 *     struct fc_credentials  the Authorization of each request, kept fresh: token files, certificates, plug-ins;
 *     struct fc_transport    requests over few shared HTTP/2 connections. Whoever wants to share credentials, or to
 *                            renew an access without a restart, makes these two by hand instead.
 *   over its transport, as many as are wanted, in any order:
 *     fc_discovery_start    which resources the server serves; the table is the callee's, fc_resource_resolve looks a
 *                           word up in it. Who knows group, version and plural makes a struct fc_resource without it.
 *     fc_client_watch       lists a collection, then watches it, for ever. Objects are the callee's (json_decref).
 *     fc_object_read, ...   single objects, by request and answer.
 *     fc_transport_send     everything else.
 *
 * All calls into a cluster, and all callbacks out of it, are on the thread that runs its loop. Callbacks come from
 * inside fc_loop_run only, never from inside the call that asked for them, and every header says what they may do. A
 * callback that waits holds up every cluster of its loop: long work belongs to another thread, which hands its result
 * back by fc_loop_wake.
 *
 * At the end: fc_loop_stop, fc_client_close for each client (its watches, requests, credentials and access go with it,
 * without a callback), fc_resource_unref for resources, fc_loop_free. A handle is closed before what it borrows. */

#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/client.h"
#include "kube/credentials.h"
#include "kube/discovery.h"
#include "kube/exec_plugins.h"
#include "kube/informer.h"
#include "kube/kubeconfig.h"
#include "kube/object_client.h"
#include "kube/transport.h"
#include "model/resource.h"

#endif
