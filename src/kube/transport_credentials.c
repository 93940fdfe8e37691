/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "kube/transport_internal.h"

#include <utlist.h>

#include <string.h>

static bool same_material(const struct fc_tls_material *a, const struct fc_tls_material *b)
{
	return a->ca_pem == b->ca_pem && a->cert_pem == b->cert_pem && a->key_pem == b->key_pem;
}

static void go_to(struct fc_transport *t, struct fc_peer *peer, const struct fc_tls_material *tls)
{
	fc_peer_say_purpose(peer, t->o.purpose);
	fc_peer_unref(t->peer);
	t->peer = peer;
	t->tls = *tls;
	fc_pool_drain(t->pool);
}

static int take_material(struct fc_transport *t, const struct fc_tls_material *tls, struct fc_error *err)
{
	if (fc_peer_has_tls(t->peer, tls)) {
		t->tls = *tls;
		return 0;
	}
	struct fc_peer *peer = fc_peer_new(t->o.access, tls, err);
	if (!peer)
		return -1;
	go_to(t, peer, tls);
	return 0;
}

/* A plug-in's certificate comes with its first answer, and a changed file's at any time: what is in force is asked for
 * before each request. Requests made before keep their peer, and the connections of it take no new ones. */
static int refresh_peer(struct fc_transport *t, struct fc_error *err)
{
	struct fc_tls_material tls = fc_credentials_tls(t->o.credentials);

	return same_material(&tls, &t->tls) ? 0 : take_material(t, &tls, err);
}

/* Looked at even where it stands at the same places: they may have been given out anew. */
static void on_tls_changed(void *user)
{
	struct fc_transport *t = user;
	struct fc_tls_material tls = fc_credentials_tls(t->o.credentials);
	struct fc_error err = FC_ERROR_INIT;

	if (take_material(t, &tls, &err) < 0)
		fc_log(FC_LOG_WARN, "changed certificates cannot be used", FC_KV("cluster", t->cluster),
		       FC_KV("reason", err.text));
}

/* 1: its credentials are not there yet. */
static int sign(struct fc_transport *t, struct fc_request *r, struct fc_error *err)
{
	struct curl_slist *headers = NULL;
	int64_t spent_ms = (fc_clock_mono_us() - r->started_us) / 1000;

	if (!fc_pool_is_open(t->pool, r->watch))
		fc_credentials_connecting(t->o.credentials);
	int rc = fc_credentials_headers(t->o.credentials, fc_clock_mono_ms(), &headers, err);
	if (rc == 0)
		rc = refresh_peer(t, err);
	if (rc != 0) {
		fc_credentials_free_headers(headers);
		return rc;
	}
	int64_t left_ms = r->timeout_ms > spent_ms ? r->timeout_ms - spent_ms : 1;
	return fc_request_prepare(r, t->peer, headers, r->timeout_ms ? left_ms : 0, err);
}

static int set_out_signed(struct fc_transport *t, struct fc_request *r, struct fc_error *err)
{
	struct fc_connection *c = fc_pool_get(t->pool, r->watch, t->peer, err);

	return c ? fc_transport_put_on(t, c, r, err) : -1;
}

int fc_transport_set_out(struct fc_transport *t, struct fc_request *r, struct fc_error *err)
{
	int rc = sign(t, r, err);

	return rc == 0 ? set_out_signed(t, r, err) : rc;
}

void fc_transport_unpark(struct fc_transport *t, struct fc_request *r)
{
	DL_DELETE(t->parked, r);
	fc_loop_timer_cancel(t->o.loop, &r->deadline);
}

static void on_parked_too_long(void *user)
{
	struct fc_request *r = user;
	struct fc_transport *t = r->transport;
	struct fc_error why = FC_ERROR_INIT;

	r->deadline = NULL;
	fc_transport_unpark(t, r);
	fc_error_set(&why, FC_ERR_TIMEOUT,
		     "no credentials within %lld ms: the plug-in that gives them is still at work",
		     (long long)r->timeout_ms);
	fc_transport_finish_unsent(t, r, &why);
}

void fc_transport_park(struct fc_transport *t, struct fc_request *r)
{
	r->transport = t;
	r->state = FC_REQUEST_PARKED;
	r->round = t->round;
	DL_APPEND(t->parked, r);
	if (r->timeout_ms)
		r->deadline = fc_loop_timer(t->o.loop, r->timeout_ms, on_parked_too_long, r);
}

/* Those that were there when the word came, and no later ones: a request that fails may be followed by another one
 * that is parked. Any callback may change the list. */
static void on_credentials(void *user)
{
	struct fc_transport *t = user;
	unsigned round = ++t->round;
	struct fc_request *r;

	while ((r = t->parked) && r->round != round) {
		struct fc_error err = FC_ERROR_INIT;
		int rc = sign(t, r, &err);
		if (rc == 1)
			return;
		fc_transport_unpark(t, r);
		if (rc == 0)
			rc = set_out_signed(t, r, &err);
		if (rc < 0)
			fc_transport_finish_unsent(t, r, &err);
	}
}

static void on_look(void *user)
{
	struct fc_transport *t = user;

	t->look = NULL;
	on_credentials(t);
}

void fc_transport_listen(struct fc_transport *t)
{
	const struct fc_credentials_listener listener = { .on_ready = on_credentials,
							  .on_tls_changed = on_tls_changed,
							  .user = t };

	fc_credentials_listen(t->o.credentials, &listener);
}

void fc_transport_listen_no_more(struct fc_transport *t)
{
	fc_credentials_listen(t->o.credentials, &(const struct fc_credentials_listener){ .on_ready = NULL });
}

int fc_transport_renew(struct fc_transport *t, const struct fc_access *access, struct fc_credentials *credentials,
		       struct fc_error *err)
{
	struct fc_tls_material tls = fc_credentials_tls(credentials);
	struct fc_peer *peer = fc_peer_new(access, &tls, err);

	if (!peer)
		return fc_error_wrap(err, "cluster %s", t->cluster);
	fc_transport_listen_no_more(t);
	/* It may be another server. */
	if (strcmp(access->server, t->o.access->server) != 0)
		t->stream_lists = FC_STREAM_LISTS_UNKNOWN;
	t->o.access = access;
	t->o.credentials = credentials;
	t->signature++;
	fc_transport_listen(t);
	go_to(t, peer, &tls);
	/* From the loop, like every word of credentials. */
	if (t->parked && !t->look)
		t->look = fc_loop_timer(t->o.loop, 0, on_look, t);
	return 0;
}
