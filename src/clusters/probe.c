/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/probe.h"

#include "base/clock.h"
#include "base/mem.h"
#include "clusters/server_probe.h"

/* Time for a plug-in or a rewritten token file to have something better than what was refused. */
#define AGAIN_MS 500

struct fc_probe {
	struct fc_probe_options o;
	struct fc_credentials *credentials;
	struct fc_server_probe server;
	struct fc_timer *timer;
	int64_t deadline_ms;
	bool tried_again; /* after a 401 */
	struct fc_probe_result result;
};

static void ask(void *user)
{
	struct fc_probe *p = user;
	int64_t left_ms = p->deadline_ms - fc_clock_mono_ms();

	p->timer = NULL;
	p->server.timeout_ms = left_ms > 0 ? left_ms : 1;
	fc_server_probe_believe(&p->server);
	fc_server_probe_start(&p->server);
}

static void answered(void *user, const struct fc_server_answer *answer)
{
	struct fc_probe *p = user;

	if (answer->error && answer->error->cls == FC_ERR_UNAUTHORIZED && !p->tried_again) {
		p->tried_again = true;
		p->timer = fc_loop_timer(p->o.loop, AGAIN_MS, ask, p);
		return;
	}
	p->result.reachable = !answer->error;
	if (answer->error)
		p->result.error = *answer->error;
	p->result.id = fc_xstrdup_null(answer->id);
	p->result.server_version = fc_steal(&p->server.server_version);
	/* That of the id: it goes over the connection that the first request has made. */
	p->result.round_trip_us = p->server.id_round_trip_us ? p->server.id_round_trip_us : -1;
	p->result.expires = fc_credentials_expires(p->credentials);
	p->o.on_done(p->o.user, &p->result);
}

struct fc_probe *fc_probe_start(const struct fc_probe_options *options, struct fc_error *err)
{
	struct fc_probe *p = fc_xcalloc(1, sizeof(*p));

	p->o = *options;
	p->deadline_ms = fc_clock_mono_ms() + options->timeout_ms;
	p->server = (struct fc_server_probe){ .answered = answered, .user = p };
	p->result = (struct fc_probe_result){ .error = FC_ERROR_INIT, .round_trip_us = -1 };
	p->credentials = fc_credentials_new(&(struct fc_credentials_options){ .access = options->access,
									      .loop = options->loop,
									      .plugins = options->plugins },
					    err);
	if (p->credentials)
		p->server.transport = fc_transport_new(&(struct fc_transport_options){ .loop = options->loop,
										       .access = options->access,
										       .credentials = p->credentials,
										       .cluster = options->name },
						       err);
	if (!p->server.transport) {
		fc_probe_free(p);
		return NULL;
	}
	p->timer = fc_loop_timer(options->loop, 0, ask, p);
	return p;
}

void fc_probe_free(struct fc_probe *p)
{
	if (!p)
		return;
	fc_loop_timer_cancel(p->o.loop, &p->timer);
	fc_server_probe_fini(&p->server);
	fc_transport_free(p->server.transport);
	fc_credentials_free(p->credentials);
	free(p->result.id);
	free(p->result.server_version);
	free(p);
}
