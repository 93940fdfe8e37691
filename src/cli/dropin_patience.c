/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dropin_patience.h"

#include "base/mem.h"

/* Long enough for any step; meanwhile signals wait. */
#define ENGINE_ANSWER_MS 1000

struct fc_dropin_patience {
	struct fc_dropin_patience_options o;
	struct fc_timer *timer;
};

struct question {
	bool known;
	char *message; /* of the first cluster that is not known */
};

static void ask(struct fc_engine *e, void *user)
{
	struct question *q = user;

	q->known = true;
	for (fc_cluster_no no = FC_NO_CLUSTER; q->known && fc_engine_next_cluster(e, &no);) {
		struct fc_cluster_summary s;

		fc_engine_cluster(e, no, &s);
		q->known = s.spaces_known;
		if (!q->known)
			q->message = fc_xstrdup(s.message);
	}
}

static void look(void *user)
{
	struct fc_dropin_patience *p = user;
	struct question q = { 0 };
	struct fc_error why = FC_ERROR_INIT;

	p->timer = NULL;
	if (fc_engine_thread_call(p->o.engine, ask, &q, ENGINE_ANSWER_MS) < 0) {
		p->timer = fc_loop_timer(p->o.loop, ENGINE_ANSWER_MS, look, p);
		return;
	}
	if (!q.known) {
		fc_error_set(&why, FC_ERR_TIMEOUT, "the Namespaces could not be listed within %u s%s%s", p->o.ms / 1000,
			     q.message[0] ? ": " : "", q.message);
		p->o.on_over(p->o.user, &why);
	}
	free(q.message);
}

struct fc_dropin_patience *fc_dropin_patience_new(const struct fc_dropin_patience_options *options)
{
	struct fc_dropin_patience *p = fc_xcalloc(1, sizeof(*p));

	p->o = *options;
	p->timer = fc_loop_timer(p->o.loop, p->o.ms, look, p);
	return p;
}

void fc_dropin_patience_free(struct fc_dropin_patience *p)
{
	if (!p)
		return;
	fc_loop_timer_cancel(p->o.loop, &p->timer);
	free(p);
}
