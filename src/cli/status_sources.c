/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status_sources.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

#define ENGINE_ANSWER_MS 5000
/* design section 8: a member that has not answered by then holds up nobody. */
#define FIRST_ATTEMPT_MS 10000
#define STUCK_MS 60000
/* Rules per piece: some hundred KiB of text, some milliseconds of the engine's time. */
#define RULES_PER_PIECE 500

/* --- /metrics --- */

static void collect(struct fc_engine *e, void *user)
{
	struct fc_status_context *c = user;

	for (size_t d = 0; c->dialects[d]; d++) {
		size_t counts[FC_STATES];

		fc_engine_count_rules(e, d, counts);
		for (int s = 0; s < FC_STATES; s++)
			fc_metrics_set(c->metrics, FC_METRIC_RULES, (double)counts[s],
				       FC_LABELS(c->dialects[d]->name, fc_state_name((enum fc_state)s)));
	}
	for (fc_cluster_no no = FC_NO_CLUSTER; fc_engine_next_cluster(e, &no);) {
		struct fc_cluster_summary summary;

		fc_engine_cluster(e, no, &summary);
		fc_metrics_set(c->metrics, FC_METRIC_CLUSTER_UP,
			       summary.state == FC_CLUSTER_SYNCING || summary.state == FC_CLUSTER_SYNCED,
			       FC_LABELS(summary.name));
	}
}

static const char *const one_queue[] = { FC_ENGINE_QUEUE, NULL };

/* What was put into it and not taken yet. The engine works on one event at a time, of whatever queue. */
static void measure_queue(struct fc_status_context *c, struct fc_engine_thread *engine, const char *queue)
{
	const char *const *labels = FC_LABELS(queue);
	double depth = fc_metrics_get(c->metrics, FC_METRIC_WORKQUEUE_ADDS, labels) -
		       fc_metrics_get(c->metrics, FC_METRIC_WORKQUEUE_QUEUE_SECONDS, labels);

	fc_metrics_set(c->metrics, FC_METRIC_WORKQUEUE_DEPTH, depth > 0 ? depth : 0, labels);
	fc_metrics_set(c->metrics, FC_METRIC_WORKQUEUE_UNFINISHED, fc_engine_thread_step_seconds(engine), labels);
	fc_metrics_set(c->metrics, FC_METRIC_WORKQUEUE_LONGEST, fc_engine_thread_step_seconds(engine), labels);
}

static void ask_engine(struct fc_status_context *c, struct fc_engine_thread *engine)
{
	/* An engine that is busy leaves the last figures standing. */
	(void)fc_engine_thread_call(engine, collect, c, ENGINE_ANSWER_MS);
	for (const char *const *queue = c->queues ? c->queues : one_queue; *queue; queue++)
		measure_queue(c, engine, *queue);
}

static void metrics(void *user, struct fc_buf *out)
{
	struct fc_status_context *c = user;
	struct fc_engine_thread *engine = atomic_load(&c->engine);

	if (engine)
		ask_engine(c, engine);
	fc_metrics_text(c->metrics, out);
}

/* --- /livez --- */

static int live(void *user, struct fc_buf *out)
{
	struct fc_status_context *c = user;
	struct fc_engine_thread *engine = atomic_load(&c->engine);
	int64_t stuck_ms = engine ? fc_engine_thread_stuck_ms(engine) : 0;
	int rc = c->leadership ? fc_leadership_live(c->leadership, out) : 0;

	if (stuck_ms >= STUCK_MS) {
		fc_buf_printf(out, "[-]engine failed: events have been waiting for %lld s\n",
			      (long long)(stuck_ms / 1000));
		return -1;
	}
	if (engine)
		fc_buf_puts(out, "[+]engine ok\n");
	return rc;
}

/* --- /readyz --- */

struct readiness {
	struct fc_status_context *context;
	struct fc_buf *out;
	bool ready;
};

static void line(struct readiness *r, const struct fc_cluster_summary *s, bool good)
{
	fc_buf_printf(r->out, "[%c]%s %s %s: %s%s%s\n", good ? '+' : '-', s->name, s->master ? "master" : "member",
		      good ? "ok" : "failed", fc_cluster_state_name(s->state), s->message[0] ? ", " : "", s->message);
}

static void judge(struct fc_engine *e, void *user)
{
	struct readiness *r = user;
	/* Once ready, no member takes that away, one that is new neither. */
	bool waited = fc_clock_mono_ms() - atomic_load(&r->context->started_ms) >= FIRST_ATTEMPT_MS ||
		      atomic_load(&r->context->was_ready);

	r->ready = true;
	for (fc_cluster_no no = FC_NO_CLUSTER; fc_engine_next_cluster(e, &no);) {
		struct fc_cluster_summary s;
		bool good;

		fc_engine_cluster(e, no, &s);
		good = s.master ? s.has_synced : s.had_outcome || waited;
		r->ready = r->ready && good;
		line(r, &s, good);
	}
	if (r->ready)
		atomic_store(&r->context->was_ready, true);
}

static int ready(void *user, struct fc_buf *out)
{
	struct readiness r = { .context = user, .out = out };
	struct fc_leadership *leadership = r.context->leadership;
	struct fc_engine_thread *engine = atomic_load(&r.context->engine);
	int rc = leadership ? fc_leadership_ready(leadership, out) : 0;

	if (!engine)
		return rc;
	if (fc_engine_thread_call(engine, judge, &r, ENGINE_ANSWER_MS) < 0) {
		fc_buf_puts(out, "[-]engine failed: it is busy and did not answer\n");
		return -1;
	}
	return r.ready ? rc : -1;
}

static int not_ready(void *user, json_t *names)
{
	const struct fc_status_context *c = user;
	FC_AUTO_BUF struct fc_buf lines = FC_BUF_INIT;

	if (ready(user, &lines) == 0)
		return 0;
	for (const char *const *part = c->parts; part && *part; part++)
		json_array_append_new(names, json_string(*part));
	return -1;
}

/* --- /debug/rules --- */

struct piece {
	uint64_t *cursor;
	json_t *rules;
	bool more;
};

static void take_piece(struct fc_engine *e, void *user)
{
	struct piece *p = user;

	p->more = fc_engine_rules(e, p->cursor, RULES_PER_PIECE, p->rules) == 1;
}

static int rules(void *user, uint64_t *cursor, struct fc_buf *out, bool *more)
{
	struct fc_status_context *c = user;
	struct fc_engine_thread *engine = atomic_load(&c->engine);
	struct piece p = { .cursor = cursor, .rules = NULL };
	char *text;

	*more = false;
	if (!engine)
		return 0;
	p.rules = json_array();
	if (fc_engine_thread_call(engine, take_piece, &p, ENGINE_ANSWER_MS) < 0) {
		json_decref(p.rules);
		return -1;
	}
	text = json_dumps(p.rules, JSON_COMPACT);
	/* Without the brackets: the server puts the pieces together. */
	if (text && strlen(text) > 2)
		fc_buf_append(out, text + 1, strlen(text) - 2);
	free(text);
	json_decref(p.rules);
	*more = p.more;
	return 0;
}

struct fc_serve_sources fc_status_sources(struct fc_status_context *context)
{
	return (struct fc_serve_sources){
		.user = context,
		.metrics = metrics,
		.live = live,
		.ready = ready,
		.rules = rules,
		.not_ready = not_ready,
	};
}
