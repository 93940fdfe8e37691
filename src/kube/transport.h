/* SPDX-License-Identifier: Apache-2.0 */
/* fc_transport - HTTP requests to one API server over few, shared HTTP/2 connections.
 * Owns:    curl multi handles, the requests in flight; borrows loop, access, credentials, metrics.
 * Threads: the cluster's thread, the one that runs the loop.
 * Fails:   per request, in `on_done`; a request refused before it was sent fails in fc_transport_send.
 * Source:  kube-client section 2; design section 4, Connections: one multi handle is one connection and one fate,
 *          at most 80 watches on it, a further multi handle beyond; other requests go over the first. libcurl does
 *          HTTP/2, TLS and proxies. */
#ifndef FC_TRANSPORT_H
#define FC_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "kube/credentials.h"
#include "kube/kubeconfig.h"
#include "model/metric.h"

/* Watches on one connection: below the 100 streams that the meanest servers announce, with room for other
 * requests. */
#define FC_TRANSPORT_MAX_WATCHES 80

/* An object, or a watch's objects, without what is not metadata; whole ones from a server that knows no such thing
 * (kube-client 4.13). */
#define FC_ACCEPT_METADATA "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

struct fc_transport;
struct fc_request;

struct fc_transport_options {
	struct fc_loop *loop;
	const struct fc_access *access;
	struct fc_credentials *credentials;
	struct fc_metrics *metrics; /* may be NULL */
	const char *cluster;	    /* its name, for logs and labels */
	const char *purpose;	    /* said in the User-Agent (2.8), static; NULL: none */
	/* The server answered something (true, also an error answer), or could not be reached at all (false, with
	 * why): nothing was heard from it since the request was sent. Called on changes only, and once for the
	 * first outcome. May be NULL. */
	void (*on_reachable)(void *user, bool reachable, const struct fc_error *why);
	/* A new connection to the server was made: who answers there may be another one than before. Before anything
	 * of what came over it is passed on, so from where on_data is called. It must not free the transport. May be
	 * NULL. */
	void (*on_connected)(void *user);
	void *user;
	/* A connection with requests on it that has delivered no byte for silent_ms gets a GET /version with a
	 * limit of probe_ms; when that brings no answer of any status, all requests on the connection fail, and the
	 * next ones get a new one. 0: 20 s and 15 s (design section 4); other values are for tests. */
	int64_t silent_ms, probe_ms;
};

/* Connects with the first request. NULL with err: options that cannot be met, or no descriptor. */
struct fc_transport *fc_transport_new(const struct fc_transport_options *options, struct fc_error *err) FC_MUST_CHECK;
/* Cancels every request, without calling back. */
void fc_transport_free(struct fc_transport *t);

/* From now on requests go to the server that `access` names, as `credentials` say: both borrowed, like the options'
 * were. Requests under way finish where they are; watches end with FC_ERR_CANCELLED, so that their holders open them
 * again. -1 with err: everything stays as it was. */
int fc_transport_renew(struct fc_transport *t, const struct fc_access *access, struct fc_credentials *credentials,
		       struct fc_error *err) FC_MUST_CHECK;

/* From now on logs and metrics bear this name. */
void fc_transport_set_cluster(struct fc_transport *t, const char *cluster);

struct fc_response {
	int status;		  /* HTTP status; 0 when there was no answer */
	const char *content_type; /* "" when none */
	const char *body;	  /* collected bytes, zero-terminated; "" for streams */
	size_t body_bytes;
	/* NULL: a 2xx answer came completely. Else classified by model/status, or network, TLS, timeout. */
	const struct fc_error *error;
	int64_t finished_us; /* monotonic, when its last byte came */
};

struct fc_request_options {
	const char *method;	  /* "GET", "PATCH", ... */
	const char *path;	  /* begins with '/', encoded, with query; the server's prefix is put before it (1.9) */
	const char *accept;	  /* NULL: application/json */
	const char *content_type; /* with a body */
	char *body;		  /* taken over, also by a call that fails; overwritten when freed; NULL: none */
	size_t body_bytes;
	int64_t timeout_ms; /* 0: none (watches: their own deadline, 5.25) */
	bool watch;	    /* counts among the watches of a connection; never compressed */
	/* Of what is collected; beyond it the request fails with FC_ERR_LIMIT. 0: FC_JSON_MAX_BYTES. */
	size_t max_body_bytes;
	/* NULL: the body is collected. Else each piece of a 2xx body as it comes (error bodies are collected,
	 * capped at 64 KiB). -1 with err ends the request with that error. It must not cancel its own request. */
	int (*on_data)(void *user, const char *bytes, size_t len, struct fc_error *err);
	/* Called exactly once unless cancelled; the request is gone when it returns. */
	void (*on_done)(void *user, const struct fc_response *response);
	void *user;
};

/* The options are copied, the body taken over in any case. NULL with err: nothing was sent, and nothing calls
 * back. */
struct fc_request *fc_transport_send(struct fc_transport *t, const struct fc_request_options *options,
				     struct fc_error *err) FC_MUST_CHECK;
/* Of the answer whose bytes on_data is given, inside it; "" when none. Borrowed. */
const char *fc_request_content_type(const struct fc_request *r);
/* Ends it without calling back; the handle is gone. Allowed inside any callback but the request's own on_data;
 * inside its own on_done it does nothing. NULL allowed. */
void fc_request_cancel(struct fc_request *r);

/* Can a watch begin with all objects, so that no list is needed (kube-client 5.17 to 5.20)? Servers of before 1.27 know
 * nothing of it, and of before 1.19 do not even refuse it; a later one may have it switched off. Found by behaviour
 * (3.18), for all who list over this transport. */
enum fc_stream_lists {
	FC_STREAM_LISTS_UNKNOWN, /* nothing seen yet, or an old server: not to be tried */
	FC_STREAM_LISTS_LIKELY,	 /* young enough */
	FC_STREAM_LISTS_WORK,	 /* one was complete */
	FC_STREAM_LISTS_REFUSED,
};
enum fc_stream_lists fc_transport_stream_lists(const struct fc_transport *t);
/* A discovery was answered: in the aggregated form, which 1.26 began with, or not. */
void fc_transport_saw_discovery(struct fc_transport *t, bool aggregated);
/* A streaming list was complete; or was refused, which where others work says nothing of those: single types may have a
 * server of their own. */
void fc_transport_saw_stream_list(struct fc_transport *t, bool works);

/* Requests in flight that are no watches; connections open. */
size_t fc_transport_in_flight(const struct fc_transport *t);
size_t fc_transport_connections(const struct fc_transport *t);
/* What it was made with; borrowed. */
struct fc_loop *fc_transport_loop(const struct fc_transport *t);
const char *fc_transport_cluster(const struct fc_transport *t);

#endif
