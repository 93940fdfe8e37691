/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/lease_client.h"

#include "base/log.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/client.h"
#include "kube/lease.h"
#include "kube/url.h"
#include "model/marks.h"

#include <stdio.h>
#include <string.h>

struct fc_lease_client {
	struct fc_lease_client_options o;
	struct fc_client *client;
	struct fc_client *trial; /* of another access that is tried first; NULL: there is none */
	char *uid;		 /* of the Lease that `client` has shown last; NULL: it has shown none yet */

	/* Under way. */
	struct fc_request *request;
	struct fc_timer *failing; /* runs instead of one that could not be sent */
	struct fc_error failure;
	enum fc_lease_step step;
	json_t *lease; /* to be written */
	bool on_trial;
	uint32_t told; /* a bit per class of the trial's failures that was logged */
};

_Static_assert(FC_ERR_CLASSES <= 32, "a bit of `told` for each class");

static const struct fc_resource leases = {
	.group = "coordination.k8s.io",
	.version = "v1",
	.plural = "leases",
	.kind = "Lease",
	.namespaced = true,
};

static void put(struct fc_lease_client *c);

static struct fc_client *open_client(struct fc_lease_client *c, struct fc_access *access, struct fc_error *err)
{
	/* Without metrics: the gauge of requests in flight is the cluster's own client's. */
	return fc_client_open(&(struct fc_client_options){ .loop = c->o.loop,
							   .name = c->o.cluster,
							   .access = access,
							   .plugins = c->o.plugins,
							   .purpose = "leader-election" },
			      err);
}

struct fc_lease_client *fc_lease_client_new(const struct fc_lease_client_options *options, struct fc_error *err)
{
	struct fc_lease_client *c = fc_xcalloc(1, sizeof(*c));

	c->o = *options;
	c->client = open_client(c, options->access, err);
	if (c->client)
		return c;
	free(c);
	return NULL;
}

static void forget_request(struct fc_lease_client *c)
{
	json_decref(fc_steal(&c->lease));
}

void fc_lease_client_free(struct fc_lease_client *c)
{
	if (!c)
		return;
	fc_loop_timer_cancel(c->o.loop, &c->failing);
	fc_request_cancel(c->request);
	forget_request(c);
	fc_client_close(c->trial);
	fc_client_close(c->client);
	free(c->uid);
	free(c);
}

struct fc_access *fc_lease_client_access(const struct fc_lease_client *c)
{
	return fc_access_share((struct fc_access *)(uintptr_t)fc_client_access(c->client));
}

struct fc_transport *fc_lease_client_transport(const struct fc_lease_client *c)
{
	return fc_client_transport(c->client);
}

/* --- the access that is tried --- */

static void adopt(struct fc_lease_client *c)
{
	struct fc_client *old = c->client;

	c->client = fc_steal(&c->trial);
	fc_log(FC_LOG_INFO, "leader election: the cluster's new entry is used", FC_KV("cluster", c->o.cluster),
	       FC_KV("server", fc_client_access(c->client)->server));
	c->o.on_moved(c->o.user);
	fc_client_close(old);
}

/* An entry that leads to another cluster answers well too, and there another one may be elected while the first leader
 * goes on: only the Lease that is known already is a sign that it does not. */
static bool is_good(const struct fc_lease_client *c, const json_t *lease, const struct fc_error *why)
{
	if (!lease)
		return !c->uid && why->cls == FC_ERR_NOT_FOUND;
	return !c->uid || strcmp(c->uid, fc_json_metadata(lease, "uid")) == 0;
}

static void tell_trial(struct fc_lease_client *c, const struct fc_error *why)
{
	enum fc_error_class cls = why ? why->cls : FC_ERR_CONFIG;

	if (!(c->told & (UINT32_C(1) << cls)))
		fc_log(FC_LOG_WARN,
		       "leader election: the cluster's new entry does not work yet, going on with the old one",
		       FC_KV("cluster", c->o.cluster), FC_KV("server", fc_client_access(c->trial)->server),
		       FC_KV("reason", why ? why->text : "it leads to another Lease; another cluster needs a restart"));
	c->told |= UINT32_C(1) << cls;
}

/* --- one request --- */

static void settle(struct fc_lease_client *c, json_t *lease, const struct fc_error *why)
{
	if (c->on_trial && !is_good(c, lease, why)) {
		tell_trial(c, why);
		c->on_trial = false;
		put(c);
		return;
	}
	if (c->on_trial)
		adopt(c);
	c->on_trial = false;
	forget_request(c);
	if (lease) {
		free(c->uid);
		c->uid = fc_xstrdup(fc_json_metadata(lease, "uid"));
	}
	c->o.on_done(c->o.user, lease, why);
}

static json_t *read_answer(const struct fc_lease_client *c, const struct fc_response *response, struct fc_error *err)
{
	json_t *lease;

	if (response->error) {
		*err = *response->error;
		return NULL;
	}
	lease = fc_decode(response->body, response->body_bytes, err);
	if (lease && fc_lease_check(lease, err) == 0)
		return lease;
	json_decref(lease);
	err->outcome_unknown = c->step != FC_LEASE_GET;
	return NULL;
}

static void on_done(void *user, const struct fc_response *response)
{
	struct fc_lease_client *c = user;
	struct fc_error err = FC_ERROR_INIT;

	c->request = NULL;
	json_t *lease = read_answer(c, response, &err);
	settle(c, lease, lease ? NULL : &err);
	json_decref(lease);
}

static void on_failing(void *user)
{
	struct fc_lease_client *c = user;
	struct fc_error err = c->failure;

	c->failing = NULL;
	settle(c, NULL, &err);
}

static int put_path(const struct fc_lease_client *c, int64_t timeout_ms, struct fc_buf *path, struct fc_error *err)
{
	const char *name = c->step == FC_LEASE_CREATE ? NULL : c->o.name;
	char seconds[24];

	if (fc_url_object(path, &leases, c->o.namespace_, name, NULL, err) < 0)
		return -1;
	if (c->step != FC_LEASE_GET)
		fc_url_query(path, "fieldManager", FC_FIELD_MANAGER);
	snprintf(seconds, sizeof(seconds), "%llds", (long long)(timeout_ms + 999) / 1000);
	fc_url_query(path, "timeout", seconds);
	return path->failed ? fc_error_set(err, FC_ERR_MEMORY, "no memory for the path of a request") : 0;
}

static const char *method(enum fc_lease_step step)
{
	if (step == FC_LEASE_GET)
		return "GET";
	return step == FC_LEASE_CREATE ? "POST" : "PUT";
}

static int start(struct fc_lease_client *c, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf path = FC_BUF_INIT;
	/* What is left after an attempt in vain must do for the old one. */
	int64_t timeout_ms = c->on_trial ? c->o.timeout_ms / 2 : c->o.timeout_ms;
	char *body = NULL;

	if (put_path(c, timeout_ms, &path, err) < 0)
		return -1;
	if (c->step != FC_LEASE_GET && !(body = json_dumps(c->lease, JSON_COMPACT)))
		return fc_error_set(err, FC_ERR_MEMORY, "no memory for the Lease");
	c->request = fc_transport_send(fc_client_transport(c->on_trial ? c->trial : c->client),
				       &(struct fc_request_options){
					       .method = method(c->step),
					       .path = fc_buf_str(&path),
					       .content_type = body ? "application/json" : NULL,
					       .body = body,
					       .body_bytes = body ? strlen(body) : 0,
					       .timeout_ms = timeout_ms,
					       .on_done = on_done,
					       .user = c,
				       },
				       err);
	return c->request ? 0 : -1;
}

static void put(struct fc_lease_client *c)
{
	c->failure = FC_ERROR_INIT;
	if (start(c, &c->failure) < 0)
		c->failing = fc_loop_timer(c->o.loop, 0, on_failing, c);
}

void fc_lease_client_send(struct fc_lease_client *c, const struct fc_lease_order *order)
{
	forget_request(c);
	c->step = order->step;
	c->lease = order->lease;
	/* One that was deleted is made again where it stood, and nowhere else. */
	c->on_trial = c->trial && !(c->uid && order->step == FC_LEASE_CREATE);
	put(c);
}

void fc_lease_client_renew(struct fc_lease_client *c, struct fc_access *access)
{
	struct fc_error err = FC_ERROR_INIT;
	bool again = c->on_trial;

	if (again) {
		fc_request_cancel(fc_steal(&c->request));
		fc_loop_timer_cancel(c->o.loop, &c->failing);
	}
	fc_client_close(fc_steal(&c->trial));
	c->on_trial = false;
	c->told = 0;
	if (fc_access_same(access, fc_client_access(c->client))) {
		fc_access_free(access);
	} else {
		c->trial = open_client(c, access, &err);
		if (!c->trial)
			fc_log(FC_LOG_WARN,
			       "leader election: the cluster's new entry cannot be used, going on with the old one",
			       FC_KV("cluster", c->o.cluster), FC_KV("reason", err.text));
	}
	if (again)
		put(c);
}
