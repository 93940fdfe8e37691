/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/server_probe.h"

#include "base/clock.h"
#include "base/mem.h"
#include "json/decode.h"

/* Two requests, and the first attempt is to have an outcome within 10 s (design section 8, /readyz). */
#define PROBE_TIMEOUT_MS 5000
/* 403 to /version in a row, after which it is taken for the server's last word: one that starts answers so for some
 * seconds, one whose operator took /version from everybody does so for ever. */
#define VERSION_REFUSALS 5

#define VERSION_PATH "/version"
#define ID_PATH "/api/v1/namespaces/kube-system"

static void fail(struct fc_server_probe *p, const struct fc_error *why)
{
	p->answered(p->user, &(struct fc_server_answer){ .error = why });
}

static void get(struct fc_server_probe *p, const char *path, const char *accept,
		void (*on_done)(void *user, const struct fc_response *response))
{
	struct fc_error err = FC_ERROR_INIT;

	p->sent_us = fc_clock_mono_us();
	p->request = fc_transport_send(p->transport,
				       &(struct fc_request_options){
					       .method = "GET",
					       .path = path,
					       .accept = accept,
					       .timeout_ms = p->timeout_ms ? p->timeout_ms : PROBE_TIMEOUT_MS,
					       .on_done = on_done,
					       .user = p,
				       },
				       &err);
	/* Refused before it was sent, for want of credentials or of descriptors. */
	if (!p->request)
		fail(p, &err);
}

static bool tells_that_it_serves(const struct fc_error *error)
{
	return error->cls == FC_ERR_FORBIDDEN || error->cls == FC_ERR_NOT_FOUND || error->cls == FC_ERR_NOT_SERVED;
}

static void read_id(struct fc_server_probe *p, const struct fc_response *response)
{
	json_auto_t *namespace_ = fc_decode(response->body, response->body_bytes, NULL);
	const char *uid = fc_json_metadata(namespace_, "uid");
	struct fc_error none = FC_ERROR_INIT;

	if (*uid) {
		p->answered(p->user, &(struct fc_server_answer){ .id = uid });
		return;
	}
	fc_error_set(&none, FC_ERR_PROTOCOL, "the answer to GET " ID_PATH " holds no uid");
	p->answered(p->user, &(struct fc_server_answer){ .unreadable = &none });
}

static void id_answered(void *user, const struct fc_response *response)
{
	struct fc_server_probe *p = user;
	struct fc_error err = response->error ? *response->error : FC_ERROR_INIT;

	p->request = NULL;
	if (response->status > 0)
		p->id_round_trip_us = response->finished_us - p->sent_us;
	if (!response->error) {
		read_id(p, response);
		return;
	}
	fc_error_wrap(&err, "GET " ID_PATH);
	if (tells_that_it_serves(&err))
		p->answered(p->user, &(struct fc_server_answer){ .unreadable = &err });
	else
		fail(p, &err);
}

static int read_version(struct fc_server_probe *p, const struct fc_response *response, struct fc_error *err)
{
	json_auto_t *version = fc_decode(response->body, response->body_bytes, err);
	const char *git = NULL;

	if (!version)
		return fc_error_wrap(err, "the answer is not an API server's");
	if (!json_is_object(version))
		return fc_error_set(err, FC_ERR_PROTOCOL, "the answer is not an API server's");
	(void)fc_json_get_string(version, "gitVersion", &git);
	free(p->server_version);
	p->server_version = fc_xstrdup_null(git);
	return 0;
}

/* An API server that starts or stops refuses this with 503 or 403; one that answers it serves. */
static void version_answered(void *user, const struct fc_response *response)
{
	struct fc_server_probe *p = user;
	struct fc_error err = response->error ? *response->error : FC_ERROR_INIT;

	p->request = NULL;
	if (response->status > 0)
		p->round_trip_us = response->finished_us - p->sent_us;
	p->version_refused = err.cls == FC_ERR_FORBIDDEN ? p->version_refused + 1 : 0;
	if (p->version_refused >= VERSION_REFUSALS || (!response->error && read_version(p, response, &err) == 0)) {
		fc_server_probe_id(p);
		return;
	}
	fc_error_wrap(&err, "GET " VERSION_PATH);
	fail(p, &err);
}

void fc_server_probe_start(struct fc_server_probe *p)
{
	get(p, VERSION_PATH, NULL, version_answered);
}

void fc_server_probe_id(struct fc_server_probe *p)
{
	get(p, ID_PATH, FC_ACCEPT_METADATA, id_answered);
}

void fc_server_probe_believe(struct fc_server_probe *p)
{
	p->version_refused = VERSION_REFUSALS - 1;
}

void fc_server_probe_cancel(struct fc_server_probe *p)
{
	fc_request_cancel(p->request);
	p->request = NULL;
}

void fc_server_probe_fini(struct fc_server_probe *p)
{
	fc_server_probe_cancel(p);
	free(p->server_version);
	p->server_version = NULL;
}
