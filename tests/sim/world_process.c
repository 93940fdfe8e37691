/* SPDX-License-Identifier: Apache-2.0 */
/* One fedcopy: an engine and its watchers, which talk to the servers of the world. */
#include "dialects_parts.h"
#include "world_parts.h"

#include "copy_dialect.h"
#include "dialects/dialects.h"
#include "model/permission.h"

#include <stdio.h>

static const char *const prefixes[] = { "k8s-copier.fig.org/", "fedcopy.dev/",	     COPY_TEST,
					"kopy.kot-labs.com/",  "flynshue.io/",	     "configmapsync.apps.kapendra.com/",
					"k8s-replicator/",     "sync.rustrial.org/", NULL };

static void dialects_of(const struct world *w, const struct fc_dialect *out[6])
{
	unsigned n = 0;

	if (w->speaks & SPEAKS_PATHS)
		out[n++] = &fc_dialect_k8s_copier;
	if (w->speaks & SPEAKS_COPY_TEST)
		out[n++] = &copy_test_dialect;
	if (w->speaks & SPEAKS_KOPY)
		out[n++] = &fc_dialect_kopy;
	if (w->speaks & SPEAKS_SYNC)
		out[n++] = &fc_dialect_configmap_sync;
	if (w->speaks & SPEAKS_REPLICATOR)
		out[n++] = &fc_dialect_k8s_replicator;
	if (w->speaks & SPEAKS_OBJECTS)
		out[n++] = &fc_dialect_object_sync;
	out[n] = NULL;
}

struct slot *process_slot(struct process *p, const struct member *m)
{
	for (unsigned i = 0; i < p->slot_count; i++)
		if (p->slots[i].member == m && p->slots[i].watcher)
			return &p->slots[i];
	return NULL;
}

static struct slot *slot_new(struct world *w, struct process *p, struct member *m)
{
	struct slot *s = &p->slots[p->slot_count];

	*s = (struct slot){ .process = p, .no = p->slot_count++, .member = m };
	s->watcher = sim_watcher_new(&(struct sim_watcher_options){
		.number = s->no,
		.send = promise_send,
		.user = s,
		.server = m->at->api,
		.types = world_types,
		.annotation_prefixes = prefixes,
		.rbac = m->rbac,
	});
	(void)w;
	return s;
}

static json_t *labels_of(const struct member *m)
{
	return json_pack("{s:s}", "region", m->region == 0 ? "eu" : m->region == 1 ? "us" : "asia");
}

static struct fc_permissions *permissions_of(const struct world *w)
{
	struct fc_error err = FC_ERROR_INIT;

	return fc_permissions_read(w->permissions, &err);
}

void process_start(struct world *w, struct process *p)
{
	struct fc_cluster_info infos[MOST_MEMBERS];
	struct fc_permissions *permissions = permissions_of(w);
	size_t count = 0;

	dialects_of(w, p->dialects);
	p->slot_count = 0;
	p->world = w;
	p->number = (unsigned)(p - w->processes);
	p->attempts = json_object();
	for (unsigned i = 0; i < w->member_count; i++) {
		struct member *m = &w->members[i];

		if (!m->alive)
			continue;
		slot_new(w, p, m);
		infos[count++] = (struct fc_cluster_info){
			.name = m->name, .master = i == 0, .reads = m->reads, .labels = labels_of(m)
		};
	}
	p->engine = fc_engine_new(
		&(struct fc_engine_options){
			.clusters = infos,
			.cluster_count = count,
			.master = 0,
			.dialects = p->dialects,
			.known_dialects = speaks_ours(w) ? fc_dialects : NULL,
			.max_deletes = w->max_deletes,
			.target_words = w->words,
			.target_word_count = w->word_count,
			.namespaces = w->space_count ? w->spaces : NULL,
			.namespace_count = w->space_count,
			.permissions = permissions,
			.allow_all = w->allow_all,
			.max_in_flight = w->max_in_flight,
			.max_writes_per_second = w->max_writes_per_second,
			.resync_period_ms = w->resync_period_ms,
		},
		w->seed + p->number);
	for (size_t i = 0; i < count; i++)
		json_decref(infos[i].labels);
	fc_permissions_unref(permissions);
	world_say(w, "process %u starts", p->number);
	process_step(w, p, fc_event_new(FC_EVENT_TICK));
}

static void slot_end(struct slot *s)
{
	if (s->watcher)
		sim_watcher_free(fc_steal(&s->watcher));
	traffic_forget(s);
	views_free(s);
}

void process_stop(struct world *w, struct process *p)
{
	if (!p->engine)
		return;
	world_say(w, "process %u stops", p->number);
	fc_engine_free(fc_steal(&p->engine));
	for (unsigned i = 0; i < p->slot_count; i++)
		slot_end(&p->slots[i]);
	json_decref(p->attempts);
	p->attempts = NULL;
}

/* --- actions --- */

static void say_action(struct world *w, const struct process *p, const struct fc_action *a)
{
	char *body = a->body ? json_dumps(a->body, JSON_COMPACT) : NULL;

	if (a->type == FC_ACTION_REPORT)
		world_say(w, "  p%u report %s: %s %s %s %s: %s", p->number, a->report->message,
			  a->report->target ? a->report->target : "", a->report->path ? a->report->path : "",
			  a->report->state ? a->report->state : "", a->report->reason ? a->report->reason : "",
			  a->report->detail ? a->report->detail : "");
	else if (a->type != FC_ACTION_MEASURE)
		world_say(w, "  p%u %s #%u watch %u request %llu %s%s%s %s/%s %s", p->number,
			  fc_action_type_name(a->type), a->cluster, a->watch, (unsigned long long)a->request,
			  a->resource ? a->resource->plural : "", a->subresource ? "/" : "",
			  a->subresource ? a->subresource : "", a->namespace_ ? a->namespace_ : "",
			  a->name ? a->name : "", body ? body : "");
	free(body);
}

static void take_action(struct world *w, struct process *p, struct fc_action *a)
{
	struct slot *s;

	if (w->told)
		say_action(w, p, a);
	promise_told(w, a);
	if (a->type == FC_ACTION_REPORT || a->type == FC_ACTION_MEASURE || a->type == FC_ACTION_GIVE_UP) {
		if (a->type == FC_ACTION_GIVE_UP)
			world_fail(w, 7, "gave up: %s", a->name);
		fc_action_free(a);
		return;
	}
	s = &p->slots[a->cluster];
	if (!s->watcher) {
		if (a->type != FC_ACTION_STOP_WATCH && a->type != FC_ACTION_FORGET_WORD && a->type != FC_ACTION_RECORD)
			world_fail(w, 4, "%s for a cluster that has left", fc_action_type_name(a->type));
		fc_action_free(a);
		return;
	}
	promise_decided(w, s, a);
	if (a->type == FC_ACTION_START_WATCH)
		view_start(s, a);
	else if (a->type == FC_ACTION_STOP_WATCH)
		view_stop(s, a->watch);
	sim_watcher_take(s->watcher, a);
}

static void say_event(struct world *w, const struct process *p, const struct fc_event *e)
{
	char *body = e->object ? json_dumps(e->object, JSON_COMPACT) : NULL;

	world_say(w, "p%u %s #%u watch %u request %llu %s%s%s %s %s", p->number, fc_event_type_name(e->type),
		  e->cluster, e->watch, (unsigned long long)e->request, e->namespace_ ? e->namespace_ : "",
		  e->namespace_ ? "/" : "", e->name ? e->name : "", e->error.cls ? e->error.text : "",
		  body ? body : "");
	free(body);
}

void process_step(struct world *w, struct process *p, struct fc_event *e)
{
	struct fc_actions actions;
	struct fc_action *a;

	if (w->told && e->type != FC_EVENT_TICK)
		say_event(w, p, e);
	w->stats.events++;
	e->now_ms = w->now_ms;
	e->wall_ms = 1700000000000 + w->now_ms + w->wall_skew_ms;
	fc_actions_init(&actions);
	fc_engine_step(p->engine, e, &actions);
	fc_event_free(e);
	while ((a = fc_actions_take(&actions)))
		take_action(w, p, a);
}

bool process_deliver(struct world *w, struct slot *s)
{
	struct fc_event *e = s->watcher ? sim_watcher_take_event(s->watcher) : NULL;

	if (!e)
		return false;
	if (e->type == FC_EVENT_CLUSTER_UP && e->name && strcmp(e->name, api_server_id(s->member->home->api)) == 0)
		s->known = true;
	view_event(s, e);
	promise_answered(w, s, e);
	process_step(w, s->process, e);
	return true;
}

void process_tick(struct world *w)
{
	for (unsigned i = 0; i < MOST_PROCESSES && !broken(w); i++)
		if (w->processes[i].engine)
			process_step(w, &w->processes[i], fc_event_new(FC_EVENT_TICK));
}

/* --- the operator --- */

static struct fc_event *event_of_member(const struct world *w, const struct member *m, fc_cluster_no no,
					enum fc_event_type type)
{
	struct fc_event *e = fc_event_new(type);

	e->cluster = no;
	if (type == FC_EVENT_CLUSTER_REMOVED)
		return e;
	e->info = fc_xcalloc(1, sizeof(*e->info));
	*e->info = (struct fc_cluster_info){
		.name = fc_xstrdup(m->name), .reads = m->reads, .master = m == &w->members[0], .labels = labels_of(m)
	};
	return e;
}

void process_hears_member(struct world *w, struct member *m, enum fc_event_type type)
{
	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		struct process *p = &w->processes[i];
		struct slot *s = p->engine ? process_slot(p, m) : NULL;

		if (!p->engine)
			continue;
		if (type == FC_EVENT_CLUSTER_ADDED)
			s = slot_new(w, p, m);
		if (!s)
			continue;
		if (type == FC_EVENT_CLUSTER_REMOVED)
			slot_end(s);
		process_step(w, p, event_of_member(w, m, s->no, type));
	}
}

void process_hears_permissions(struct world *w)
{
	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		struct fc_event *e;

		if (!w->processes[i].engine)
			continue;
		e = fc_event_new(FC_EVENT_PERMISSIONS);
		e->permissions = permissions_of(w);
		process_step(w, &w->processes[i], e);
	}
}

/* --- until all has been done --- */

static bool work_off(struct world *w, struct slot *s)
{
	bool any = false;

	if (!s->watcher)
		return false;
	if (!s->member->away)
		any = sim_watcher_connect(s->watcher);
	any = sim_watcher_resolve(s->watcher) || any;
	/* In every other world the echo comes before the answer. */
	while (w->seed % 2 && sim_watcher_execute(s->watcher, 0))
		any = true;
	while (sim_watcher_tell(s->watcher, 0, 8))
		any = true;
	while (w->seed % 2 && !broken(w) && process_deliver(w, s))
		any = true;
	while (sim_watcher_execute(s->watcher, 0))
		any = true;
	while (sim_watcher_answer(s->watcher, 0))
		any = true;
	while (!broken(w) && process_deliver(w, s))
		any = true;
	return any;
}

static int64_t deadline(const struct world *w)
{
	int64_t due_ms = -1;

	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		int64_t own = w->processes[i].engine ? fc_engine_deadline(w->processes[i].engine) : -1;

		if (own >= 0 && (due_ms < 0 || own < due_ms))
			due_ms = own;
	}
	return due_ms;
}

/* Does anything wait for its turn, which a limit of writes holds back for a moment? */
static bool waits_for_its_turn(const struct world *w, int64_t due_ms)
{
	struct fc_engine_work work;
	size_t ready = 0;

	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		if (!w->processes[i].engine)
			continue;
		fc_engine_work(w->processes[i].engine, &work);
		ready += work.ready;
	}
	return ready > 0 && w->max_writes_per_second && due_ms - w->now_ms <= 1000;
}

/* Rounds of work without end are a storm, or rules that never agree. */
#define MOST_ROUNDS 4000
/* Longer than the longest delay of all. */
#define SILENCE_MS (40 * 60 * 1000)
/* Reads that only fail, of a type that is not served, go on for ever with the longest delay between them. */
#define PATIENCE_MS (6 * 3600 * 1000)

void world_settle(struct world *w, int64_t until_ms)
{
	int64_t active_ms = w->now_ms;
	int64_t written_ms = w->now_ms;
	uint64_t requests = w->gets + w->patches, patches = w->patches, effects = w->effects;

	for (unsigned round = 0; round < MOST_ROUNDS && !broken(w); round++) {
		bool any = false;
		int64_t due_ms;

		for (unsigned i = 0; i < MOST_PROCESSES; i++)
			for (unsigned k = 0; w->processes[i].engine && k < w->processes[i].slot_count; k++)
				any = work_off(w, &w->processes[i].slots[k]) || any;
		any = rivals_act(w) || any;
		any = any || dialects_finish(w);
		/* What lasts is tried in vain, and told of, for ever. */
		if (speaks_ours(w) && w->effects == effects) {
			requests = w->gets + w->patches;
			patches = w->patches;
		}
		effects = w->effects;
		if (w->patches != patches) {
			patches = w->patches;
			written_ms = w->now_ms;
		}
		if (w->gets + w->patches != requests) {
			requests = w->gets + w->patches;
			active_ms = w->now_ms;
		}
		if (any) {
			/* Work takes time. */
			w->now_ms += 1;
			continue;
		}
		due_ms = deadline(w);
		if (due_ms < 0 || (until_ms && due_ms > until_ms))
			return;
		if ((due_ms - active_ms > SILENCE_MS || due_ms - written_ms > PATIENCE_MS) &&
		    !waits_for_its_turn(w, due_ms))
			return;
		w->now_ms = due_ms > w->now_ms ? due_ms : w->now_ms + 1;
		process_tick(w);
	}
	world_fail(w, 6, "it does not come to rest");
}
