/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong in a world, and what operators do to the set of clusters. */
#include "world_parts.h"

#include <stdio.h>

static struct process *process_of(struct world *w, unsigned pick)
{
	struct process *p = &w->processes[pick % MOST_PROCESSES];

	return p->engine ? p : &w->processes[0];
}

static struct slot *slot_of(struct world *w, const struct step *s)
{
	return process_slot(process_of(w, s->d), world_living(w, s->a));
}

void member_lose(struct world *w, struct member *m)
{
	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		struct slot *s = w->processes[i].engine ? process_slot(&w->processes[i], m) : NULL;

		if (s)
			sim_watcher_lose(s->watcher);
	}
}

static void member_connect(struct world *w, struct member *m)
{
	m->away = false;
	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		struct slot *s = w->processes[i].engine ? process_slot(&w->processes[i], m) : NULL;

		if (s)
			sim_watcher_connect(s->watcher);
	}
}

/* Of the members that this server answers for. */
static void server_lose(struct world *w, const struct sim_server *server)
{
	for (unsigned i = 0; i < w->member_count; i++)
		if (w->members[i].alive && w->members[i].at == server)
			member_lose(w, &w->members[i]);
}

static bool is_shared(const struct world *w, const struct member *m)
{
	for (unsigned i = 0; i < w->member_count; i++)
		if (&w->members[i] != m && w->members[i].alive && w->members[i].home == m->home)
			return true;
	return false;
}

static void member_move(struct world *w, struct member *m, struct sim_server *to)
{
	member_lose(w, m);
	m->at = to;
	world_say(w, "%s is now answered for by %.8s", m->name, api_server_id(to->api));
	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		struct slot *s = w->processes[i].engine ? process_slot(&w->processes[i], m) : NULL;

		if (s)
			sim_watcher_move(s->watcher, to->api);
	}
}

/* Who it is has to be known to all, else the other is taken for it. */
static bool is_known(struct world *w, struct member *m)
{
	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		struct slot *s = w->processes[i].engine ? process_slot(&w->processes[i], m) : NULL;

		if (s && !s->known)
			return false;
	}
	return !m->rbac.no_id;
}

static bool is_anonymous(struct world *w, struct member *m)
{
	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		struct slot *s = w->processes[i].engine ? process_slot(&w->processes[i], m) : NULL;

		if (s && sim_watcher_is_anonymous(s->watcher))
			return true;
	}
	return m->rbac.no_id;
}

static struct sim_server *stranger_of(struct world *w)
{
	struct dice d = { { w->seed } };
	struct sim_server *s;

	for (unsigned i = 0; i < w->server_count; i++)
		if (w->servers[i].stranger)
			return &w->servers[i];
	if (w->server_count == MOST_SERVERS)
		return NULL;
	s = world_server_new(w);
	s->stranger = true;
	for (unsigned k = 0; k < 10; k++)
		user_edit(w, &d, s, STEP_CREATE);
	return s;
}

static void replace(struct world *w, struct member *m)
{
	struct sim_server *stranger = stranger_of(w);

	if (m->at != m->home)
		member_move(w, m, m->home);
	else if (stranger && is_known(w, m) && !is_shared(w, m))
		member_move(w, m, stranger);
}

static void set_rbac(struct world *w, struct member *m, struct sim_rbac rbac)
{
	m->rbac = rbac;
	for (unsigned i = 0; i < MOST_PROCESSES; i++) {
		struct slot *s = w->processes[i].engine ? process_slot(&w->processes[i], m) : NULL;

		if (s)
			sim_watcher_set_rbac(s->watcher, rbac);
	}
}

static void change_rbac(struct world *w, struct member *m, unsigned pick)
{
	struct sim_rbac rbac = m->rbac;

	if (m->at != m->home)
		return;
	switch (pick % 3) {
	case 0:
		rbac.no_id = !rbac.no_id;
		break;
	case 1:
		rbac.no_namespaces = !rbac.no_namespaces;
		break;
	default:
		rbac.no_wide = !rbac.no_wide;
		break;
	}
	set_rbac(w, m, rbac);
}

/* The server stands still for it: what was asked or told before has arrived or is lost. */
static void restore(struct world *w, struct sim_server *server)
{
	if (!server->saved)
		return;
	server_lose(w, server);
	for (unsigned i = 0; i < MOST_PROCESSES; i++)
		for (unsigned k = 0; w->processes[i].engine && k < w->processes[i].slot_count; k++) {
			struct slot *s = &w->processes[i].slots[k];

			if (s->watcher && s->member->home == server) {
				sim_watcher_list_anew(s->watcher);
				views_forget_versions(s);
			}
			if (!s->watcher || s->member->at != server)
				continue;
			while (sim_watcher_answer(s->watcher, 0))
				;
			while (!broken(w) && process_deliver(w, s))
				;
			sim_watcher_list_anew(s->watcher);
			views_forget_versions(s);
		}
	world_server_restore(server);
}

static void change_type(struct world *w, const struct step *s)
{
	static const unsigned changing[] = { GADGETS, WIDGETS, FEDERATED, ZONES };
	struct api_server *api = world_living(w, s->a)->home->api;
	const struct api_type *t = world_types[changing[s->b % 4]];

	if (api_server_serves(api, t))
		api_server_withdraw(api, t);
	else
		api_server_serve(api, t);
}

static void member_leaves(struct world *w, struct member *m)
{
	world_say(w, "%s leaves", m->name);
	m->alive = false;
	process_hears_member(w, m, FC_EVENT_CLUSTER_REMOVED);
}

void members_remove_doubles(struct world *w)
{
	for (unsigned i = 1; i < w->member_count; i++)
		if (w->members[i].alive && is_shared(w, &w->members[i]))
			member_leaves(w, &w->members[i]);
}

static void member_comes(struct world *w, const struct step *s, const char *name)
{
	struct sim_server *home = NULL;
	struct member *m;

	/* One that was of the set before, mostly: the same cluster, now under another name. */
	for (unsigned i = 0; i < w->server_count && !home; i++) {
		struct sim_server *candidate = &w->servers[(i + s->c) % w->server_count];
		bool used = false;

		for (unsigned k = 0; k < w->member_count; k++)
			used = used || (w->members[k].alive && w->members[k].home == candidate);
		/* Under two names at once, now and then. */
		if (!candidate->stranger && (!used || s->d % 8 == 0))
			home = candidate;
	}
	if (!home && w->server_count + 1 < MOST_SERVERS)
		home = world_server_new(w);
	if (!home || w->member_count == MOST_MEMBERS)
		return;
	m = world_member_add(w, home, name);
	world_say(w, "%s comes", name);
	process_hears_member(w, m, FC_EVENT_CLUSTER_ADDED);
}

static bool has_room(const struct world *w)
{
	for (unsigned i = 0; i < MOST_PROCESSES; i++)
		if (w->processes[i].engine && w->processes[i].slot_count == MOST_SLOTS)
			return false;
	return true;
}

static void change_set(struct world *w, const struct step *s)
{
	struct member *m = world_living(w, s->a);
	char name[16];

	snprintf(name, sizeof(name), "c%u", s->b % 8);
	w->set_changed = true;
	switch (s->c % 5) {
	case 0:
		if (!world_member(w, name) && has_room(w))
			member_comes(w, s, name);
		return;
	case 1:
		if (m != &w->members[0])
			member_leaves(w, m);
		return;
	case 2:
		if (!world_member(w, name))
			memcpy(m->name, name, sizeof(name));
		break;
	case 3:
		m->reads = (enum fc_reads)(s->d % 3);
		break;
	default:
		m->region = s->d % 3;
		break;
	}
	process_hears_member(w, m, FC_EVENT_CLUSTER_CHANGED);
}

static void restart(struct world *w, struct process *p)
{
	for (unsigned i = 0; i < w->member_count; i++)
		if (w->members[i].alive && w->members[i].at != w->members[i].home)
			member_move(w, &w->members[i], w->members[i].home);
	members_remove_doubles(w);
	process_stop(w, p);
	process_start(w, p);
	for (unsigned i = 0; i < p->slot_count; i++)
		if (!p->slots[i].member->away)
			sim_watcher_connect(p->slots[i].watcher);
}

static void second(struct world *w)
{
	struct process *p = &w->processes[1];

	if (p->engine)
		process_stop(w, p);
	else if (!(w->speaks & (SPEAKS_SYNC | SPEAKS_OBJECTS))) /* a status has one writer: two take turns by a lease */
		restart(w, p);
}

static void pass(struct world *w, const struct step *s)
{
	w->now_ms += s->b % 10 == 0 ? s->a % 20000 : s->a % 300;
	process_tick(w);
}

static void jump(struct world *w, const struct step *s)
{
	w->now_ms += (int64_t)(1 + s->a % 12) * 3600 * 1000;
	w->wall_skew_ms += ((int64_t)(s->b % 2000) - 1000) * 1000;
	process_tick(w);
}

static void change_permissions(struct world *w, const struct step *s)
{
	struct dice d = dice_of(w, s);

	json_decref(w->permissions);
	w->permissions = world_permissions(&d);
	process_hears_permissions(w);
}

static void fail_request(struct world *w, struct slot *slot, const struct step *s)
{
	(void)w;
	sim_watcher_fail_request(slot->watcher, s->b, (enum sim_request_fault)(s->c % SIM_REQUEST_FAULTS));
}

static void fail_watch(struct slot *slot, const struct step *s)
{
	static const enum fc_error_class classes[] = { FC_ERR_SERVER, FC_ERR_GONE, FC_ERR_THROTTLED, FC_ERR_FORBIDDEN,
						       FC_ERR_NETWORK };

	sim_watcher_fail_watch(slot->watcher, s->b, classes[s->c % 5]);
}

static void deliver(struct world *w, struct slot *slot, const struct step *s)
{
	for (unsigned n = 1 + s->b % 12; n > 0 && !broken(w) && process_deliver(w, slot); n--)
		;
}

static void play_watcher(struct world *w, const struct step *s)
{
	struct slot *slot = slot_of(w, s);

	if (!slot)
		return;
	switch (s->kind) {
	case STEP_TELL:
		if (s->c % 4 == 0)
			sim_watcher_resolve(slot->watcher);
		sim_watcher_tell(slot->watcher, s->b, s->c % 6);
		break;
	case STEP_EXECUTE:
		sim_watcher_execute(slot->watcher, s->b);
		break;
	case STEP_ANSWER:
		sim_watcher_answer(slot->watcher, s->b);
		break;
	case STEP_DELIVER:
		deliver(w, slot, s);
		break;
	case STEP_AGAIN:
		sim_watcher_again(slot->watcher, s->b);
		break;
	case STEP_CUT:
		sim_watcher_cut(slot->watcher, s->b);
		break;
	case STEP_FAIL_REQUEST:
		fail_request(w, slot, s);
		break;
	default:
		fail_watch(slot, s);
		break;
	}
}

/* A watch lists again, and is answered by a replica that is behind. */
static void lag(struct world *w, const struct step *s)
{
	struct slot *slot = slot_of(w, s);

	if (!slot || slot->member->at != slot->member->home)
		return;
	api_server_lag(slot->member->home->api, 1 + s->c % 6);
	sim_watcher_fail_watch(slot->watcher, s->b, FC_ERR_GONE);
	sim_watcher_tell(slot->watcher, s->b, 0);
}

void fault_play(struct world *w, const struct step *s)
{
	struct member *m = world_living(w, s->a);

	switch (s->kind) {
	case STEP_PASS:
		pass(w, s);
		break;
	case STEP_COMPACT:
		api_server_compact(m->home->api);
		break;
	case STEP_LAG:
		lag(w, s);
		break;
	case STEP_SERVER_RESTART:
		api_server_restart(m->home->api);
		break;
	case STEP_SAVE:
		api_server_save(m->home->api);
		m->home->saved = true;
		break;
	case STEP_RESTORE:
		restore(w, m->home);
		break;
	case STEP_LOSE:
		m->away = s->b % 2;
		member_lose(w, m);
		break;
	case STEP_CONNECT:
		member_connect(w, m);
		break;
	case STEP_REPLACE:
		replace(w, m);
		break;
	case STEP_RBAC:
		change_rbac(w, m, s->b);
		break;
	case STEP_TYPE:
		change_type(w, s);
		break;
	case STEP_CLOCK_JUMP:
		jump(w, s);
		break;
	case STEP_RESTART:
		restart(w, process_of(w, s->d));
		break;
	case STEP_SECOND:
		second(w);
		break;
	case STEP_CLUSTER:
		change_set(w, s);
		break;
	case STEP_PERMIT:
		change_permissions(w, s);
		break;
	default:
		play_watcher(w, s);
		break;
	}
}

void world_heal(struct world *w)
{
	for (unsigned i = 0; i < MOST_RIVALS; i++)
		w->rivals[i].active = false;
	members_remove_doubles(w);
	for (unsigned i = 0; i < w->member_count; i++) {
		struct member *m = &w->members[i];

		if (!m->alive)
			continue;
		if (m->at != m->home)
			member_move(w, m, m->home);
		/* Who it is may be read again from the next connection on. */
		if (is_anonymous(w, m) || !is_known(w, m))
			member_lose(w, m);
		set_rbac(w, m, (struct sim_rbac){ .no_id = false });
		api_server_lag(m->home->api, 0);
		member_connect(w, m);
	}
}
