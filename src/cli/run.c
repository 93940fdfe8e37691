/* SPDX-License-Identifier: Apache-2.0 */
/* `fedcopy run`: ties clusters, engine, dialects and the status endpoint together, until a signal comes.
 *
 * Start: everything is built, the signals are blocked, then the threads begin: endpoint, engine, clusters. The
 *        endpoint comes first because an address in use must end the program before anything is copied.
 * Stop:  1. the clusters' threads take no more events and actions, finish writes in flight within the grace
 * period, and end;
 *        2. the engine handles what is left in its queue, and ends; 3. the endpoint ends; 4. the log is flushed.
 * A second signal leaves at once. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "cli/command.h"
#include "cli/engine_thread.h"
#include "cli/options.h"
#include "cli/status_sources.h"
#include "clusters/cluster_set.h"
#include "clusters/watcher.h"
#include "dialects/dialects.h"
#include "json/decode.h"
#include "serve/server.h"

#include <curl/curl.h>

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* Writes in flight may finish for so long (design section 4). */
#define GRACE_MS 10000
/* Per cluster: epoll, eventfd, a resolver's pair, two connections and what a reconnect holds for a moment. */
#define DESCRIPTORS_PER_CLUSTER 8
#define DESCRIPTORS_OF_PROCESS 128

/* Seconds after the start, and after that. */
#define FIRST_TRIM_S 10
#define NEXT_TRIM_S 600
/* One arena per thread would be a thousand of them; these few are shared by threads that mostly wait. */
#define ARENAS 4

struct run {
	struct fc_options options;
	struct fc_cluster_set *set;
	struct fc_cluster_info *infos; /* the set's, side by side for the engine */
	struct fc_metrics *metrics;
	struct fc_watcher **watchers;
	struct fc_engine_thread *engine;
	struct fc_status_context status;
	struct fc_serve serve;
	const char **prefixes; /* of all dialects' annotations */
	char *mistake;	       /* why the engine gave up; written by its thread, read after that was joined */
};

static void post_event(void *user, struct fc_event *event)
{
	struct run *r = user;

	fc_engine_thread_post(r->engine, event);
}

/* Ends the run as a signal does: in the one order in which it ends. */
static void give_up(void *user, const char *why)
{
	struct run *r = user;

	if (r->mistake)
		return;
	r->mistake = fc_xstrdup(why);
	kill(getpid(), SIGTERM);
}

static int raise_descriptor_limit(size_t clusters, struct fc_error *err)
{
	rlim_t need = DESCRIPTORS_OF_PROCESS + DESCRIPTORS_PER_CLUSTER * (rlim_t)clusters;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= need)
		return 0;
	return fc_error_set(
		err, FC_ERR_CONFIG,
		"%zu clusters need %llu descriptors, and the limit is %llu: raise it (ulimit -n, LimitNOFILE=)",
		clusters, (unsigned long long)need, (unsigned long long)limit.rlim_cur);
}

static int load_clusters(struct run *r, struct fc_error *err)
{
	const struct fc_cluster_set_options options = {
		.file = r->options.clusters,
		.kubeconfig = r->options.kubeconfig,
		.master = r->options.master,
		.members = (const char *const *)r->options.members.items,
		.member_count = r->options.members.count,
	};

	r->set = fc_cluster_set_load(&options, err);
	if (!r->set)
		return -1;
	r->infos = fc_xcalloc(r->set->count, sizeof(*r->infos));
	for (size_t i = 0; i < r->set->count; i++)
		r->infos[i] = r->set->clusters[i].info;
	return raise_descriptor_limit(r->set->count, err);
}

static void collect_prefixes(struct run *r)
{
	size_t count = 0, cap = 0;

	for (size_t d = 0; fc_dialects[d]; d++) {
		for (const char *const *p = fc_dialects[d]->annotation_prefixes; *p; p++) {
			FC_GROW(r->prefixes, count, cap);
			r->prefixes[count++] = *p;
		}
	}
	FC_GROW(r->prefixes, count, cap);
	r->prefixes[count] = NULL;
}

static int build(struct run *r, struct fc_error *err)
{
	struct fc_engine_thread_options options = {
		.engine = {
			.clusters = r->infos,
			.cluster_count = r->set->count,
			.master = (fc_cluster_no)r->set->master,
			.dialects = fc_dialects,
			.target_words = (const char *const *)r->options.targets.items,
			.target_word_count = r->options.targets.count,
			.namespaces = (const char *const *)r->options.namespaces.items,
			.namespace_count = r->options.namespaces.count,
			.max_in_flight = (unsigned)r->options.max_in_flight,
		},
		.seed = fc_random_seed(),
	};
	uint64_t seed = options.seed;

	collect_prefixes(r);
	r->metrics = fc_metrics_new();
	fc_metrics_set(r->metrics, FC_METRIC_BUILD_INFO, 1, FC_LABELS(FC_VERSION));
	r->watchers = fc_xcalloc(r->set->count, sizeof(struct fc_watcher *));
	options.metrics = r->metrics;
	options.watchers = r->watchers;
	options.on_give_up = give_up;
	options.user = r;
	r->engine = fc_engine_thread_new(&options);
	for (size_t i = 0; i < r->set->count; i++) {
		const struct fc_watcher_options watcher = {
			.name = r->set->clusters[i].info.name,
			.access = fc_steal(&r->set->clusters[i].access),
			.number = (fc_cluster_no)i,
			.annotation_prefixes = r->prefixes,
			.metrics = r->metrics,
			.seed = ++seed,
			.sink = post_event,
			.user = r,
		};

		r->watchers[i] = fc_watcher_new(&watcher, err);
		if (!r->watchers[i])
			return fc_error_wrap(err, "cluster %s", r->set->clusters[i].info.name);
	}
	return 0;
}

static int start(struct run *r, struct fc_error *err)
{
	struct fc_serve_sources sources;

	r->status = (struct fc_status_context){
		.engine = r->engine,
		.set = r->set,
		.dialects = fc_dialects,
		.metrics = r->metrics,
		.started_ms = fc_clock_mono_ms(),
	};
	sources = fc_status_sources(&r->status);
	if (fc_serve_start(&r->serve, r->options.status_address, r->options.debug_address, &sources, err) < 0)
		return -1;
	if (fc_engine_thread_start(r->engine, err) < 0)
		return -1;
	for (size_t i = 0; i < r->set->count; i++)
		if (fc_watcher_start(r->watchers[i], err) < 0)
			return fc_error_wrap(err, "cluster %s", r->set->clusters[i].info.name);
	return 0;
}

/* In the order that the top of this file tells. */
static void stop(struct run *r)
{
	for (size_t i = 0; r->watchers && i < r->set->count; i++)
		if (r->watchers[i])
			fc_watcher_stop(r->watchers[i], GRACE_MS);
	for (size_t i = 0; r->watchers && i < r->set->count; i++)
		if (r->watchers[i])
			fc_watcher_join(r->watchers[i]);
	if (r->engine)
		fc_engine_thread_stop(r->engine);
	fc_serve_stop(&r->serve);
}

static void release(struct run *r)
{
	for (size_t i = 0; r->watchers && i < r->set->count; i++)
		if (r->watchers[i])
			fc_watcher_free(r->watchers[i]);
	free(r->watchers);
	fc_engine_thread_free(r->engine);
	fc_metrics_free(r->metrics);
	free(r->infos);
	free(r->prefixes);
	free(r->mistake);
	fc_cluster_set_free(r->set);
	fc_options_fini(&r->options);
}

static void leave_at_once(int signo)
{
	(void)signo;
	_exit(FC_EXIT_FAILED);
}

/* Blocked in every thread; taken here one by one. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* What a start needs for a moment (discovery, first lists) glibc keeps, in every arena: given back once it is
 * over, and now and then, it is a third less memory at a hundred clusters. */
static int wait_and_trim(const sigset_t *set)
{
	struct timespec wait = { .tv_sec = FIRST_TRIM_S };

	for (;;) {
		int signo = sigtimedwait(set, NULL, &wait);

		if (signo > 0)
			return signo;
		if (errno == EAGAIN) {
			malloc_trim(0);
			wait.tv_sec = NEXT_TRIM_S;
		}
	}
}

static void wait_for_signal(const sigset_t *set)
{
	struct sigaction again = { .sa_handler = leave_at_once };
	int signo = wait_and_trim(set);

	fc_log(FC_LOG_INFO, "stopping", FC_KV("signal", signo == SIGINT ? "SIGINT" : "SIGTERM"));
	sigaction(SIGINT, &again, NULL);
	sigaction(SIGTERM, &again, NULL);
	pthread_sigmask(SIG_UNBLOCK, set, NULL);
}

static int run(struct run *r, struct fc_error *err)
{
	sigset_t signals;

	fc_log_init(r->options.log_format, r->options.log_level);
	if (load_clusters(r, err) < 0)
		return -1;
	block_signals(&signals);
	if (build(r, err) < 0 || start(r, err) < 0) {
		stop(r);
		return -1;
	}
	fc_log(FC_LOG_INFO, "started", FC_KV("version", FC_VERSION), FC_KN("clusters", r->set->count),
	       FC_KV("master", r->set->clusters[r->set->master].info.name));
	wait_for_signal(&signals);
	stop(r);
	fc_log(FC_LOG_INFO, "stopped");
	if (r->mistake)
		return fc_error_set(err, FC_ERR_CONFIG, "%s", r->mistake);
	return 0;
}

static int show_help(void)
{
	struct fc_buf out = FC_BUF_INIT;
	int status;

	fc_options_help(FC_COMMAND_RUN, &out);
	status = fc_command_print(&out);
	fc_buf_fini(&out);
	return status;
}

int fc_cmd_run(int argc, char **argv)
{
	struct fc_error err = FC_ERROR_INIT;
	struct run r = { 0 };
	int status = FC_EXIT_DONE;

	if (fc_options_parse(FC_COMMAND_RUN, argc, argv, &r.options, &err) < 0) {
		fc_options_fini(&r.options);
		return fc_command_fail("run", &err);
	}
	if (r.options.help) {
		fc_options_fini(&r.options);
		return show_help();
	}
	/* Before the first thread (kube-client 2.26). */
	mallopt(M_ARENA_MAX, ARENAS);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	fc_decode_init();
	if (run(&r, &err) < 0)
		status = fc_command_fail("run", &err);
	release(&r);
	curl_global_cleanup();
	fc_log_flush();
	return status;
}
