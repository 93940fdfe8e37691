/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/probe.h"

#include "base/clock.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/transport.h"

/* Time for a plug-in or a rewritten token file to have something better than what was refused. */
#define AGAIN_MS 500

#define VERSION_PATH "/version"
#define ID_PATH "/api/v1/namespaces/kube-system"
#define ACCEPT_METADATA "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

struct fc_probe {
	struct fc_probe_options o;
	struct fc_credentials *credentials;
	struct fc_transport *transport;
	struct fc_request *request;
	struct fc_timer *timer;
	int64_t deadline_ms, sent_us;
	bool tried_again; /* after a 401 */
	struct fc_probe_result result;
};

static void ask_version(void *user);

static void finish(struct fc_probe *p)
{
	p->result.expires = fc_credentials_expires(p->credentials);
	p->o.on_done(p->o.user, &p->result);
}

static void fail(struct fc_probe *p, const struct fc_error *why)
{
	p->result.error = *why;
	finish(p);
}

static void get(struct fc_probe *p, const char *path, const char *accept,
		void (*on_done)(void *user, const struct fc_response *response))
{
	struct fc_error err = FC_ERROR_INIT;
	int64_t left_ms = p->deadline_ms - fc_clock_mono_ms();

	p->sent_us = fc_clock_mono_us();
	p->request = fc_transport_send(p->transport,
				       &(struct fc_request_options){
					       .method = "GET",
					       .path = path,
					       .accept = accept,
					       .timeout_ms = left_ms > 0 ? left_ms : 1,
					       .on_done = on_done,
					       .user = p,
				       },
				       &err);
	if (!p->request)
		fail(p, &err);
}

/* Who may not read the id still reaches the cluster (design section 2, cluster id). */
static void id_answered(void *user, const struct fc_response *response)
{
	struct fc_probe *p = user;

	p->request = NULL;
	if (response->status == 0) {
		fail(p, response->error);
		return;
	}
	p->result.round_trip_us = response->finished_us - p->sent_us;
	if (!response->error) {
		json_auto_t *namespace_ = fc_decode(response->body, response->body_bytes, NULL);
		const char *uid = fc_json_metadata(namespace_, "uid");

		p->result.id = *uid ? fc_xstrdup(uid) : NULL;
	}
	p->result.reachable = true;
	finish(p);
}

static void ask_id(struct fc_probe *p)
{
	get(p, ID_PATH, ACCEPT_METADATA, id_answered);
}

static int read_version(struct fc_probe *p, const struct fc_response *response, struct fc_error *err)
{
	json_auto_t *version = fc_decode(response->body, response->body_bytes, err);
	const char *git = NULL;

	if (!version)
		return fc_error_wrap(err, "the answer to " VERSION_PATH);
	if (fc_json_get_string(version, "gitVersion", &git) != FC_JSON_FOUND)
		return fc_error_set(err, FC_ERR_PROTOCOL, "the answer to " VERSION_PATH " is not an API server's");
	p->result.server_version = fc_xstrdup(git);
	return 0;
}

static void version_answered(void *user, const struct fc_response *response)
{
	struct fc_probe *p = user;
	struct fc_error err = response->error ? *response->error : FC_ERROR_INIT;

	p->request = NULL;
	if (err.cls == FC_ERR_UNAUTHORIZED && !p->tried_again) {
		p->tried_again = true;
		p->timer = fc_loop_timer(p->o.loop, AGAIN_MS, ask_version, p);
	} else if (err.cls == FC_ERR_FORBIDDEN || (!response->error && read_version(p, response, &err) == 0)) {
		ask_id(p);
	} else {
		fail(p, &err);
	}
}

static void ask_version(void *user)
{
	struct fc_probe *p = user;

	p->timer = NULL;
	get(p, VERSION_PATH, NULL, version_answered);
}

struct fc_probe *fc_probe_start(const struct fc_probe_options *options, struct fc_error *err)
{
	struct fc_probe *p = fc_xcalloc(1, sizeof(*p));

	p->o = *options;
	p->deadline_ms = fc_clock_mono_ms() + options->timeout_ms;
	p->result = (struct fc_probe_result){ .error = FC_ERROR_INIT, .round_trip_us = -1 };
	p->credentials = fc_credentials_new(&(struct fc_credentials_options){ .access = options->access,
									      .loop = options->loop,
									      .plugins = options->plugins },
					    err);
	if (p->credentials)
		p->transport = fc_transport_new(&(struct fc_transport_options){ .loop = options->loop,
										.access = options->access,
										.credentials = p->credentials,
										.cluster = options->name },
						err);
	if (!p->transport) {
		fc_probe_free(p);
		return NULL;
	}
	p->timer = fc_loop_timer(options->loop, 0, ask_version, p);
	return p;
}

void fc_probe_free(struct fc_probe *p)
{
	if (!p)
		return;
	fc_loop_timer_cancel(p->o.loop, &p->timer);
	if (p->request)
		fc_request_cancel(p->request);
	fc_transport_free(p->transport);
	fc_credentials_free(p->credentials);
	free(p->result.id);
	free(p->result.server_version);
	free(p);
}
