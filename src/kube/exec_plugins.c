/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_plugins.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "kube/exec_login.h"
#include "kube/exec_process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utlist.h>

/* A login that asks a distant server takes some seconds; what takes longer waits for somebody who is not there. */
#define DEADLINE_MS 60000
#define FIRST_PAUSE_MS 1000
#define LAST_PAUSE_MS 30000
#define MAX_OUTPUT_BYTES ((size_t)1024 * 1024)
/* At the start of a thousand clusters, each with a plug-in of its own: most are interpreters of half a CPU second. */
#define MAX_RUNS 8
/* 401s of requests that were signed before the credential changed still come in; what they refuse is the old one. */
#define STRAGGLERS_MS 1000

enum entry_state { ENTRY_IDLE, ENTRY_QUEUED, ENTRY_RUNNING };

/* One distinct plug-in. */
struct entry {
	struct fc_exec_plugins *plugins;
	struct fc_exec_spec *spec;	 /* never written, so read without the lock */
	struct fc_exec_process *process; /* of the plug-ins' thread */

	/* Guarded by the lock. */
	enum entry_state state;
	bool abandoned; /* its users have left during a run: whoever ends that frees it */
	struct fc_exec_login login;
	struct fc_exec_user *users;
	struct entry *prev, *next; /* in the queue, or among those that run */
	UT_hash_handle hh;
};

struct fc_exec_user {
	struct entry *entry;
	int fd;
	/* Of the user's own thread; the counting of holders needs the lock. */
	struct fc_exec_result *held;
	uint64_t refused;    /* this generation and those before it are not wanted */
	int64_t switched_ms; /* when `held` took another one's place; 0: never */

	bool waiting; /* guarded by the lock, like the list */
	struct fc_exec_user *prev, *next;
};

struct fc_exec_plugins {
	struct fc_exec_plugins_options o;
	struct fc_loop *loop; /* made with the thread */
	pthread_t thread;

	pthread_mutex_t lock; /* guards what is below, and the marked parts of entries and users */
	bool started;
	struct entry *entries; /* by the key of the spec */
	struct entry *queue, *running;
	unsigned runs;
};

struct fc_exec_plugins *fc_exec_plugins_new_with(const struct fc_exec_plugins_options *options)
{
	struct fc_exec_plugins *p = fc_xcalloc(1, sizeof(*p));

	p->o.deadline_ms = options->deadline_ms ? options->deadline_ms : DEADLINE_MS;
	p->o.first_pause_ms = options->first_pause_ms ? options->first_pause_ms : FIRST_PAUSE_MS;
	p->o.last_pause_ms = options->last_pause_ms ? options->last_pause_ms : LAST_PAUSE_MS;
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

struct fc_exec_plugins *fc_exec_plugins_new(void)
{
	return fc_exec_plugins_new_with(&(struct fc_exec_plugins_options){ .deadline_ms = 0 });
}

static void free_entry(struct entry *e)
{
	fc_exec_login_fini(&e->login);
	fc_exec_spec_free(e->spec);
	free(e);
}

/* --- What the thread does ----------------------------------------------------------------------------------------- */

static void tell_users_locked(struct entry *e)
{
	const uint64_t one = 1;
	struct fc_exec_user *u;

	DL_FOREACH(e->users, u) {
		if (!u->waiting)
			continue;
		u->waiting = false;
		/* Fails only where the counter is full, and then the descriptor is readable already. */
		while (write(u->fd, &one, sizeof(one)) < 0 && errno == EINTR)
			;
	}
}

static void log_failure(const struct entry *e, const struct fc_error *why, bool hint)
{
	const char *command = e->spec->command;

	if (hint)
		fc_log(FC_LOG_WARN, "login plug-in failed", FC_KV("command", command),
		       FC_KV("hint", e->spec->install_hint), FC_KV("reason", why->text));
	else
		fc_log(FC_LOG_WARN, "login plug-in failed", FC_KV("command", command), FC_KV("reason", why->text));
}

/* Said when it begins, when it is another failure than before, and when it is over. While the entry is running, and so
 * cannot go. */
static void log_end(struct entry *e, const struct fc_exec_credential *credential, const struct fc_error *why)
{
	struct fc_exec_plugins *p = e->plugins;

	pthread_mutex_lock(&p->lock);
	bool abandoned = e->abandoned, failed_before = e->login.failures > 0;
	bool news = why && (!failed_before || strcmp(e->login.error.text, why->text) != 0);
	bool hint = news && why->cls == FC_ERR_NOT_FOUND && e->spec->install_hint &&
		    fc_exec_login_may_hint(&e->login, fc_clock_mono_ms());
	pthread_mutex_unlock(&p->lock);
	if (abandoned)
		return;
	if (news)
		log_failure(e, why, hint);
	if (!why && failed_before)
		fc_log(FC_LOG_INFO, "login plug-in works again", FC_KV("command", e->spec->command));
	if (!why && credential->expires_ms && credential->expires_ms <= fc_clock_wall_ms())
		fc_log(FC_LOG_WARN, "login plug-in gave a credential whose time has passed; are the clocks right?",
		       FC_KV("command", e->spec->command));
}

/* Enters into the books how a run has ended, and tells who waits. The entry may be gone afterwards. */
static void settle(struct entry *e, struct fc_exec_credential *credential, const struct fc_error *why)
{
	struct fc_exec_plugins *p = e->plugins;
	int64_t now_ms = fc_clock_mono_ms(), wall_ms = fc_clock_wall_ms();

	log_end(e, credential, why);
	pthread_mutex_lock(&p->lock);
	DL_DELETE(p->running, e);
	p->runs--;
	e->state = ENTRY_IDLE;
	e->process = NULL;
	if (why)
		fc_exec_login_failed(&e->login, why, now_ms);
	else
		fc_exec_login_succeeded(&e->login, credential, now_ms, wall_ms);
	tell_users_locked(e);
	bool abandoned = e->abandoned;
	pthread_mutex_unlock(&p->lock);
	if (abandoned)
		free_entry(e);
}

static void start_runs(struct fc_exec_plugins *p);

static void on_done(void *user, const char *output, size_t bytes, const struct fc_error *failure)
{
	struct fc_exec_credential credential = { .token = NULL };
	struct fc_error why = FC_ERROR_INIT;
	struct entry *e = user;
	struct fc_exec_plugins *p = e->plugins;

	if (failure)
		why = *failure;
	else if (fc_exec_credential_parse(output, bytes, e->spec->api_version, &credential, &why) < 0)
		fc_error_wrap(&why, "its answer");
	settle(e, &credential, why.cls == FC_ERR_NONE ? NULL : &why);
	start_runs(p);
}

static void start_run(struct entry *e)
{
	const struct fc_exec_process_options options = {
		.loop = e->plugins->loop,
		.command = e->spec->command,
		.args = e->spec->args,
		.env = e->spec->env,
		.deadline_ms = e->plugins->o.deadline_ms,
		.max_output_bytes = MAX_OUTPUT_BYTES,
		.on_done = on_done,
		.user = e,
	};
	struct fc_error why = FC_ERROR_INIT;

	e->process = fc_exec_process_start(&options, &why);
	if (e->process)
		return;
	settle(e, NULL, &why);
}

static struct entry *next_run(struct fc_exec_plugins *p)
{
	struct entry *e = NULL;

	pthread_mutex_lock(&p->lock);
	if (p->queue && p->runs < MAX_RUNS) {
		e = p->queue;
		DL_DELETE(p->queue, e);
		DL_APPEND(p->running, e);
		p->runs++;
		e->state = ENTRY_RUNNING;
	}
	pthread_mutex_unlock(&p->lock);
	return e;
}

static void start_runs(struct fc_exec_plugins *p)
{
	for (struct entry *e; (e = next_run(p));)
		start_run(e);
}

static struct entry *next_abandoned(struct fc_exec_plugins *p)
{
	struct entry *e;

	pthread_mutex_lock(&p->lock);
	DL_FOREACH(p->running, e)
		if (e->abandoned)
			break;
	if (e) {
		DL_DELETE(p->running, e);
		p->runs--;
	}
	pthread_mutex_unlock(&p->lock);
	return e;
}

static void end_abandoned(struct fc_exec_plugins *p)
{
	for (struct entry *e; (e = next_abandoned(p));) {
		fc_exec_process_cancel(e->process);
		free_entry(e);
	}
}

static void on_wake(void *user)
{
	end_abandoned(user);
	start_runs(user);
}

static void *run(void *user)
{
	fc_loop_run(((struct fc_exec_plugins *)user)->loop);
	return NULL;
}

/* --- What the users' threads do ----------------------------------------------------------------------------------- */

/* The thread inherits a full mask: signals are for the main thread. */
static int start_thread_locked(struct fc_exec_plugins *p, struct fc_error *err)
{
	sigset_t all, old;

	if (p->started)
		return 0;
	if (!p->loop)
		p->loop = fc_loop_new(on_wake, p, err);
	if (!p->loop)
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&p->thread, NULL, run, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0)
		return fc_error_set_errno(err, FC_ERR_LIMIT, rc, "no thread could be started for login plug-ins");
	p->started = true;
	return 0;
}

static struct entry *entry_of_locked(struct fc_exec_plugins *p, const struct fc_exec_spec *spec)
{
	struct entry *e = NULL;

	HASH_FIND(hh, p->entries, spec->key, spec->key_bytes, e);
	if (e)
		return e;
	e = fc_xcalloc(1, sizeof(*e));
	e->plugins = p;
	e->spec = fc_exec_spec_dup(spec);
	e->login.first_pause_ms = p->o.first_pause_ms;
	e->login.last_pause_ms = p->o.last_pause_ms;
	HASH_ADD_KEYPTR(hh, p->entries, e->spec->key, e->spec->key_bytes, e);
	return e;
}

struct fc_exec_user *fc_exec_plugins_join(struct fc_exec_plugins *p, const struct fc_exec_spec *spec,
					  struct fc_error *err)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0) {
		fc_error_set_errno(err, FC_ERR_LIMIT, errno, "no descriptor for a login plug-in");
		return NULL;
	}
	struct fc_exec_user *u = fc_xcalloc(1, sizeof(*u));
	u->fd = fd;
	pthread_mutex_lock(&p->lock);
	u->entry = entry_of_locked(p, spec);
	DL_APPEND(u->entry->users, u);
	pthread_mutex_unlock(&p->lock);
	return u;
}

/* Returns the entry when it is the caller's to free, who then holds no lock. */
static struct entry *forget_entry_locked(struct fc_exec_plugins *p, struct entry *e)
{
	HASH_DELETE(hh, p->entries, e);
	if (e->state == ENTRY_RUNNING) {
		e->abandoned = true;
		fc_loop_wake(p->loop);
		return NULL;
	}
	if (e->state == ENTRY_QUEUED)
		DL_DELETE(p->queue, e);
	return e;
}

void fc_exec_user_leave(struct fc_exec_user *u)
{
	struct entry *e = u ? u->entry : NULL, *unused = NULL;

	if (!u)
		return;
	struct fc_exec_plugins *p = e->plugins;
	pthread_mutex_lock(&p->lock);
	DL_DELETE(e->users, u);
	fc_exec_result_drop(u->held);
	if (!e->users)
		unused = forget_entry_locked(p, e);
	pthread_mutex_unlock(&p->lock);
	if (unused)
		free_entry(unused);
	close(u->fd);
	free(u);
}

static bool is_wanted(const struct fc_exec_user *u, const struct fc_exec_result *r)
{
	return r && r->generation > u->refused;
}

/* The newest that is not refused, whoever asked for it. */
static void switch_locked(struct fc_exec_user *u, int64_t now_ms)
{
	struct fc_exec_result *newest = u->entry->login.current;

	if (!is_wanted(u, newest) || newest == u->held)
		return;
	if (u->held)
		u->switched_ms = now_ms;
	fc_exec_result_drop(u->held);
	u->held = fc_exec_result_hold(newest);
}

static int want_run_locked(struct entry *e, int64_t now_ms, struct fc_error *err)
{
	struct fc_exec_plugins *p = e->plugins;

	if (e->state != ENTRY_IDLE || now_ms < e->login.not_before_ms)
		return 0;
	if (start_thread_locked(p, err) < 0)
		return -1;
	e->state = ENTRY_QUEUED;
	DL_APPEND(p->queue, e);
	fc_loop_wake(p->loop);
	return 0;
}

/* Whatever it is in detail, the cluster cannot be logged in to: a matter for the operator, like a 401. */
static int tell_error_locked(const struct entry *e, struct fc_error *err)
{
	if (err) {
		*err = e->login.error;
		err->cls = FC_ERR_UNAUTHORIZED;
	}
	return fc_error_wrap(err, "login plug-in %s", e->spec->command);
}

static int get_locked(struct fc_exec_user *u, int64_t now_ms, int64_t wall_ms, struct fc_error *err)
{
	struct entry *e = u->entry;

	switch_locked(u, now_ms);
	bool usable = is_wanted(u, u->held) && fc_exec_result_is_usable(u->held, wall_ms);
	if (usable && fc_exec_result_is_fresh(u->held, wall_ms))
		return 0;
	int rc = want_run_locked(e, now_ms, err);
	/* Also who can go on wants to hear: a quiet cluster would keep the old certificate until its next request. */
	u->waiting = e->state != ENTRY_IDLE;
	if (usable)
		return 0;
	if (rc < 0)
		return -1;
	return u->waiting ? 1 : tell_error_locked(e, err);
}

int fc_exec_user_get(struct fc_exec_user *u, int64_t now_ms, int64_t wall_ms, const struct fc_exec_credential **out,
		     struct fc_error *err)
{
	struct fc_exec_plugins *p = u->entry->plugins;
	int rc = 0;

	/* Every request comes this way: no lock while there is nothing to be asked. */
	if (!is_wanted(u, u->held) || !fc_exec_result_is_fresh(u->held, wall_ms)) {
		pthread_mutex_lock(&p->lock);
		rc = get_locked(u, now_ms, wall_ms, err);
		pthread_mutex_unlock(&p->lock);
	}
	if (rc == 0)
		*out = &u->held->value;
	return rc;
}

void fc_exec_user_refused(struct fc_exec_user *u, int64_t now_ms)
{
	struct fc_exec_plugins *p = u->entry->plugins;

	if (!is_wanted(u, u->held) || (u->switched_ms && now_ms - u->switched_ms < STRAGGLERS_MS))
		return;
	u->refused = u->held->generation;
	pthread_mutex_lock(&p->lock);
	fc_exec_login_refused(&u->entry->login, u->held, now_ms);
	pthread_mutex_unlock(&p->lock);
}

int fc_exec_user_fd(const struct fc_exec_user *u)
{
	return u->fd;
}

void fc_exec_user_acknowledge(struct fc_exec_user *u)
{
	uint64_t count;

	while (read(u->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

size_t fc_exec_plugins_count(struct fc_exec_plugins *p)
{
	pthread_mutex_lock(&p->lock);
	size_t count = HASH_COUNT(p->entries);
	pthread_mutex_unlock(&p->lock);
	return count;
}

void fc_exec_plugins_free(struct fc_exec_plugins *p)
{
	if (!p)
		return;
	if (p->started) {
		fc_loop_stop(p->loop);
		pthread_join(p->thread, NULL);
	}
	end_abandoned(p);
	fc_loop_free(p->loop);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
