/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/fleet.h"

#include "base/log.h"
#include "base/mem.h"
#include "clusters/cluster_set_diff.h"

#include <pthread.h>
#include <string.h>

struct ship {
	fc_cluster_no no;
	struct fc_watcher *watcher;
	struct fc_cluster_info info;
	struct fc_access *access; /* the latest; the watcher holds it too */
	/* Guarded by the fleet's lock. */
	char *id;	/* the last one it has told; NULL: none yet */
	bool elsewhere; /* its name leads to another cluster than that */

	struct ship *next; /* of those that are leaving */
};

struct fc_fleet {
	struct fc_fleet_options o;
	uint64_t seed;
	struct ship *leaving; /* stopped, not yet ended */

	/* Guards what follows, and who each ship's cluster is. The main thread alone changes the table, so it reads it
	 * without. Held while an action is put into a watcher's mailbox, whose own lock comes after it; never while the
	 * sink runs. */
	pthread_mutex_t lock;
	struct ship **ships; /* by number; NULL where a cluster has left */
	size_t count, cap;
};

/* --- what passes through --- */

static void note_who(struct ship *s, const struct fc_event *event)
{
	bool is_up = event->type == FC_EVENT_CLUSTER_UP;

	if (is_up)
		s->elsewhere = false;
	else if (s->id && event->error.cls == FC_ERR_CONFIG)
		s->elsewhere = true;
	if (is_up && event->name && (!s->id || strcmp(s->id, event->name) != 0)) {
		free(s->id);
		s->id = fc_xstrdup(event->name);
	}
}

/* Every watcher's sink. */
static void pass_on(void *user, struct fc_event *event)
{
	struct fc_fleet *f = user;

	if (event->type == FC_EVENT_CLUSTER_UP || event->type == FC_EVENT_CLUSTER_DOWN) {
		pthread_mutex_lock(&f->lock);
		struct ship *s = event->cluster < f->count ? f->ships[event->cluster] : NULL;
		if (s)
			note_who(s, event);
		pthread_mutex_unlock(&f->lock);
	}
	f->o.sink(f->o.user, event);
}

/* Every watcher's. */
static void before_write(void *user)
{
	struct fc_fleet *f = user;

	if (f->o.before_write)
		f->o.before_write(f->o.user);
}

void fc_fleet_post(struct fc_fleet *f, struct fc_action *action)
{
	pthread_mutex_lock(&f->lock);
	struct ship *s = action->cluster < f->count ? f->ships[action->cluster] : NULL;
	if (s)
		fc_watcher_post(s->watcher, fc_steal(&action));
	pthread_mutex_unlock(&f->lock);
	fc_action_free(action);
}

/* With labels of its own: jansson counts holders with plain reads beside its atomic writes, so a tree whose holders
 * come and go in two threads is one that the thread sanitizer cannot tell from a race. */
static void copy_info(struct fc_cluster_info *to, const struct fc_cluster_info *from)
{
	fc_cluster_info_copy(to, from);
	json_decref(to->labels);
	to->labels = json_deep_copy(from->labels);
	if (from->labels && !to->labels)
		abort(); /* out of memory for a few bytes, as in base/mem.h */
}

/* Tells the engine; `info` is that of a cluster that comes or changes. */
static void announce(struct fc_fleet *f, enum fc_event_type type, fc_cluster_no no, const struct fc_cluster_info *info)
{
	struct fc_event *event = fc_event_new(type);

	event->cluster = no;
	if (info) {
		event->info = fc_xcalloc(1, sizeof(*event->info));
		copy_info(event->info, info);
	}
	f->o.sink(f->o.user, event);
}

/* --- ships --- */

static void ship_free(struct ship *s)
{
	if (!s)
		return;
	fc_watcher_free(s->watcher);
	fc_cluster_info_fini(&s->info);
	fc_access_free(s->access);
	free(s->id);
	free(s);
}

static struct ship *ship_new(struct fc_fleet *f, const struct fc_cluster_spec *spec, fc_cluster_no no, bool proven,
			     struct fc_error *err)
{
	struct ship *s = fc_xcalloc(1, sizeof(*s));

	s->no = no;
	copy_info(&s->info, &spec->info);
	s->access = fc_access_share(spec->access);
	s->watcher = fc_watcher_new(&(struct fc_watcher_options){ .name = s->info.name,
								  .access = fc_access_share(spec->access),
								  .proven = proven,
								  .number = no,
								  .plugins = f->o.plugins,
								  .annotation_prefixes = f->o.annotation_prefixes,
								  .metrics = f->o.metrics,
								  .seed = ++f->seed,
								  .sink = pass_on,
								  .before_write = before_write,
								  .user = f },
				    err);
	if (s->watcher)
		return s;
	ship_free(s);
	return NULL;
}

/* The next number is its own. */
static void put_in(struct fc_fleet *f, struct ship *s)
{
	pthread_mutex_lock(&f->lock);
	FC_GROW(f->ships, f->count, f->cap);
	f->ships[f->count++] = s;
	pthread_mutex_unlock(&f->lock);
}

static void take_out(struct fc_fleet *f, struct ship *s)
{
	pthread_mutex_lock(&f->lock);
	f->ships[s->no] = NULL;
	pthread_mutex_unlock(&f->lock);
}

/* --- one change each --- */

static void leave(struct fc_fleet *f, struct ship *s)
{
	fc_log(FC_LOG_INFO, "cluster removed, nothing on it is touched any more", FC_KV("cluster", s->info.name));
	/* First the engine is told, so that it decides nothing more about it; then nothing reaches it. */
	announce(f, FC_EVENT_CLUSTER_REMOVED, s->no, NULL);
	take_out(f, s);
	fc_watcher_stop(s->watcher, f->o.grace_ms);
	s->next = f->leaving;
	f->leaving = s;
}

static void describe_anew(struct fc_fleet *f, struct ship *s, const struct fc_cluster_info *info)
{
	FC_AUTO_FREE char *old_name = fc_xstrdup(s->info.name);

	fc_cluster_info_fini(&s->info);
	copy_info(&s->info, info);
	announce(f, FC_EVENT_CLUSTER_CHANGED, s->no, &s->info);
	if (strcmp(old_name, s->info.name) == 0) {
		fc_log(FC_LOG_INFO, "cluster has other labels or reads", FC_KV("cluster", s->info.name));
		return;
	}
	fc_log(FC_LOG_INFO, "cluster renamed", FC_KV("cluster", s->info.name), FC_KV("was", old_name));
	fc_watcher_rename(s->watcher, s->info.name);
}

static void renew(struct ship *s, struct fc_access *access)
{
	fc_log(FC_LOG_INFO, "cluster has another address or other credentials, they are tried",
	       FC_KV("cluster", s->info.name));
	fc_access_free(s->access);
	s->access = fc_access_share(access);
	fc_watcher_renew(s->watcher, fc_access_share(access));
}

static int join_in(struct fc_fleet *f, struct ship *s, struct fc_error *err)
{
	put_in(f, s);
	announce(f, FC_EVENT_CLUSTER_ADDED, s->no, &s->info);
	if (fc_watcher_start(s->watcher, err) == 0) {
		fc_log(FC_LOG_INFO, "cluster added", FC_KV("cluster", s->info.name));
		return 0;
	}
	leave(f, s);
	return -1;
}

/* --- another set --- */

/* The fleet as the diff wants it. */
struct snapshot {
	struct fc_cluster_present *present;
	size_t count;
	char **present_ids;    /* as many as `present` */
	const char **next_ids; /* borrowed from these */
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_address(const struct fc_access *a, const struct fc_access *b)
{
	return same_text(a->server, b->server) && same_text(a->tls_server_name, b->tls_server_name) &&
	       same_text(a->proxy_url, b->proxy_url);
}

/* Behind an address that is known, the same cluster is expected: so one that gets another name and other credentials at
 * once is renamed. Should it be another one after all, the watcher finds out before anything is done there. */
static const char *expected_id(const struct snapshot *s, const struct fc_access *access)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->present[i].id && !s->present[i].elsewhere && same_address(s->present[i].access, access))
			return s->present[i].id;
	return NULL;
}

static void snapshot_take(struct fc_fleet *f, const struct fc_cluster_set *next, struct snapshot *s)
{
	s->count = 0;
	s->present = fc_xcalloc(f->count, sizeof(*s->present));
	s->present_ids = fc_xcalloc(f->count, sizeof(*s->present_ids));
	s->next_ids = fc_xcalloc(next->count, sizeof(*s->next_ids));
	pthread_mutex_lock(&f->lock);
	for (size_t no = 0; no < f->count; no++) {
		const struct ship *ship = f->ships[no];

		if (!ship)
			continue;
		s->present_ids[s->count] = fc_xstrdup_null(ship->id);
		s->present[s->count] = (struct fc_cluster_present){
			.no = ship->no,
			.info = &ship->info,
			.access = ship->access,
			.id = s->present_ids[s->count],
			.elsewhere = ship->elsewhere,
		};
		s->count++;
	}
	pthread_mutex_unlock(&f->lock);
	for (size_t i = 0; i < next->count; i++)
		s->next_ids[i] = expected_id(s, next->clusters[i].access);
}

static void snapshot_fini(struct snapshot *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->present_ids[i]);
	free(s->present_ids);
	free(s->next_ids);
	free(s->present);
}

/* Those that are new, before anything is changed: a set for which there are too few descriptors is refused whole. */
static int make_new(struct fc_fleet *f, const struct fc_cluster_set *next, const struct fc_cluster_changes *changes,
		    struct ship **made, struct fc_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < changes->count; i++) {
		const struct fc_cluster_change *c = &changes->list[i];

		if (c->type != FC_CLUSTER_ADD)
			continue;
		made[n] = ship_new(f, &next->clusters[c->index], (fc_cluster_no)(f->count + n), false, err);
		if (!made[n]) {
			while (n > 0)
				ship_free(made[--n]);
			return -1;
		}
		n++;
	}
	return 0;
}

static int carry_out(struct fc_fleet *f, const struct fc_cluster_set *next, const struct fc_cluster_changes *changes,
		     struct fc_error *err)
{
	FC_AUTO_FREE struct ship **made = fc_xcalloc(changes->count + 1, sizeof(struct ship *));
	struct ship **new_one = made;
	int rc = 0;

	if (make_new(f, next, changes, made, err) < 0)
		return -1;
	for (size_t i = 0; i < changes->count; i++) {
		const struct fc_cluster_change *c = &changes->list[i];
		const struct fc_cluster_spec *spec = &next->clusters[c->index];

		switch (c->type) {
		case FC_CLUSTER_REMOVE:
			leave(f, f->ships[c->no]);
			break;
		case FC_CLUSTER_CHANGE:
			describe_anew(f, f->ships[c->no], &spec->info);
			break;
		case FC_CLUSTER_RENEW:
			renew(f->ships[c->no], spec->access);
			break;
		case FC_CLUSTER_ADD:
			if (join_in(f, *new_one++, err) < 0)
				rc = -1;
			break;
		}
	}
	return rc;
}

int fc_fleet_apply(struct fc_fleet *f, const struct fc_cluster_set *next, struct fc_error *err)
{
	struct fc_cluster_changes changes;
	struct snapshot s;

	snapshot_take(f, next, &s);
	int rc = fc_cluster_set_diff(s.present, s.count, next, s.next_ids, &changes, err);
	snapshot_fini(&s);
	if (rc == 0)
		rc = carry_out(f, next, &changes, err);
	free(changes.list);
	return rc < 0 ? -1 : (int)changes.count;
}

static bool is_borne(const struct fc_fleet *f, const char *name)
{
	for (size_t no = 0; no < f->count; no++)
		if (f->ships[no] && strcmp(f->ships[no]->info.name, name) == 0)
			return true;
	return false;
}

size_t fc_fleet_reap(struct fc_fleet *f)
{
	struct ship **place = &f->leaving;
	size_t left = 0;

	while (*place) {
		struct ship *s = *place;

		if (!fc_watcher_has_ended(s->watcher)) {
			place = &s->next;
			left++;
			continue;
		}
		*place = s->next;
		fc_watcher_join(s->watcher);
		/* The name may have come back meanwhile, with another cluster or the same. */
		if (!is_borne(f, s->info.name))
			fc_metrics_forget(f->o.metrics, "cluster", s->info.name);
		ship_free(s);
	}
	return left;
}

/* --- the whole --- */

struct fc_fleet *fc_fleet_new(const struct fc_fleet_options *options, const struct fc_cluster_set *set,
			      struct fc_error *err)
{
	struct fc_fleet *f = fc_xcalloc(1, sizeof(*f));

	f->o = *options;
	f->seed = options->seed;
	pthread_mutex_init(&f->lock, NULL);
	for (size_t i = 0; i < set->count; i++) {
		bool proven = options->master_proven && i == set->master;
		struct ship *s = ship_new(f, &set->clusters[i], (fc_cluster_no)i, proven, err);

		if (!s) {
			fc_fleet_free(f);
			return NULL;
		}
		put_in(f, s);
	}
	return f;
}

int fc_fleet_start(struct fc_fleet *f, struct fc_error *err)
{
	for (size_t no = 0; no < f->count; no++)
		if (fc_watcher_start(f->ships[no]->watcher, err) < 0)
			return -1;
	return 0;
}

void fc_fleet_stop(struct fc_fleet *f)
{
	for (size_t no = 0; no < f->count; no++)
		if (f->ships[no])
			fc_watcher_stop(f->ships[no]->watcher, f->o.grace_ms);
}

void fc_fleet_join(struct fc_fleet *f)
{
	for (struct ship *s = f->leaving; s; s = s->next)
		fc_watcher_join(s->watcher);
	for (size_t no = 0; no < f->count; no++)
		if (f->ships[no])
			fc_watcher_join(f->ships[no]->watcher);
}

void fc_fleet_free(struct fc_fleet *f)
{
	if (!f)
		return;
	for (struct ship *s; (s = f->leaving);) {
		f->leaving = s->next;
		ship_free(s);
	}
	for (size_t no = 0; no < f->count; no++)
		ship_free(f->ships[no]);
	free(f->ships);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
