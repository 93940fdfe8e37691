/* SPDX-License-Identifier: Apache-2.0 */
/* `fedcopy run`: ties clusters, engine, dialects and the status endpoint together, until a signal comes. `run --once`
 * and `fedcopy plan` do the same until nothing is to be expected any more; `plan` puts an executor between engine and
 * clusters that writes nothing.
 *
 * Start: everything is built, the signals are blocked, then the threads begin: endpoint, engine, clusters. The
 *        endpoint comes first because an address in use must end the program before anything is copied. Last, the files
 *        of the cluster set are watched.
 *        With --leader-elect only the endpoint begins, and the thread that waits for the Lease; the engine and the
 *        clusters are made, from the files as they are then, when the process is elected.
 * Stop:  1. the cluster set is not followed any more; 2. the clusters' threads take no more events and actions, finish
 *        writes in flight within the grace period, and end; 3. the engine handles what is left in its queue, and ends;
 *        4. the Lease is given back; 5. the endpoint ends; 6. the log is flushed.
 * A second signal leaves at once, and so does a leader that has lost its Lease: see cli/leadership.c. */
#include "cli/run.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "cli/command.h"
#include "cli/descriptors.h"
#include "cli/dialect_set.h"
#include "cli/dropin_metrics.h"
#include "cli/dropin_patience.h"
#include "cli/dropin_serve.h"
#include "cli/engine_thread.h"
#include "cli/heap.h"
#include "cli/leadership.h"
#include "cli/main_loop.h"
#include "cli/once.h"
#include "cli/options.h"
#include "cli/outcome.h"
#include "cli/plan.h"
#include "cli/plan_print.h"
#include "cli/reload.h"
#include "cli/status_sources.h"
#include "clusters/cluster_set.h"
#include "clusters/fleet.h"
#include "dialects/dialects.h"
#include "json/decode.h"
#include "kube/exec_plugins.h"
#include "model/marks.h"
#include "serve/server.h"

#include <curl/curl.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Writes in flight may finish for so long (design section 4). */
#define GRACE_MS 10000
struct run {
	struct fc_options options;
	const char *adopting[4]; /* dialects, NULL-terminated */
	struct fc_main_loop *main;
	struct fc_cluster_set *set; /* that it began with; later ones are the fleet's affair */
	struct fc_cluster_set_files files;
	struct fc_cluster_info *infos; /* the set's, side by side for the engine */
	struct fc_metrics *metrics;
	struct fc_exec_plugins *plugins;
	struct fc_fleet *fleet;
	struct fc_engine_thread *engine;
	struct fc_reload *reload;
	struct fc_leadership *leadership; /* NULL: without --leader-elect */
	struct fc_error failure;	  /* of beginning, when elected, or of waiting for the cluster */
	struct fc_status_context status;
	struct fc_serve serve;
	const struct fc_dropin *dropin; /* NULL: it stands in for no other program */
	struct fc_dropin_meter *meter;	/* of a drop-in */
	struct fc_dropin_guard *guard;	/* of one that serves by https */
	struct fc_dropin_serve *dropin_serve;
	struct fc_dropin_patience *patience; /* of one that does not wait for ever */
	struct fc_plan *plan;		     /* NULL: what the engine wants done is done */
	struct fc_plan_key key;
	struct fc_once *once;	   /* NULL: until a signal comes */
	struct fc_outcome outcome; /* of one that ends by itself */
	struct fc_dialect_set dialects;
	const char **prefixes; /* of the enabled ones' annotations */
	char *mistake;	       /* why the engine gave up; written by its thread, read after that was joined */
};

static void post_event(void *user, struct fc_event *event)
{
	struct run *r = user;

	if (r->meter)
		fc_dropin_meter_event(r->meter, event);
	fc_engine_thread_post(r->engine, r->plan ? fc_plan_translate(r->plan, event) : event);
}

static void stepped(void *user, const struct fc_event *event, double seconds)
{
	struct run *r = user;

	fc_dropin_meter_stepped(r->meter, event, seconds);
}

static void send_action(void *user, struct fc_action *action)
{
	struct run *r = user;

	fc_fleet_post(r->fleet, action);
}

static void post_action(void *user, struct fc_action *action)
{
	struct run *r = user;

	fc_leadership_must_hold(r->leadership);
	if (r->meter)
		fc_dropin_meter_action(r->meter, action);
	if (r->plan)
		fc_plan_execute(r->plan, action);
	else
		send_action(r, action);
}

/* Every cluster's, before it writes: since the engine has decided it a process may have slept. */
static void before_write(void *user)
{
	struct run *r = user;

	fc_leadership_must_hold(r->leadership);
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

static struct fc_cluster_set_options set_options(const struct run *r)
{
	return (struct fc_cluster_set_options){
		.file = r->options.clusters,
		.kubeconfig = r->options.kubeconfig,
		.master = r->options.master,
		.members = (const char *const *)r->options.members.items,
		.member_count = r->options.members.count,
		.dialects = r->dialects.names,
		.server = r->dropin ? r->dropin->flags.master : NULL,
		.any_context = r->dropin != NULL,
		.in_cluster_only = r->dropin && r->dropin->original->in_cluster_only,
	};
}

static int load_clusters(struct run *r, struct fc_error *err)
{
	struct fc_cluster_set_options options = set_options(r);

	options.files = &r->files;
	r->set = fc_cluster_set_load(&options, err);
	return r->set ? fc_descriptors_provide(r->set->count, err) : -1;
}

static void take_infos(struct run *r)
{
	r->infos = fc_xcalloc(r->set->count, sizeof(*r->infos));
	for (size_t i = 0; i < r->set->count; i++)
		r->infos[i] = r->set->clusters[i].info;
}

static void collect_prefixes(struct run *r)
{
	size_t count = 0, cap = 0;

	for (size_t d = 0; r->dialects.enabled[d]; d++) {
		for (const char *const *p = r->dialects.enabled[d]->annotation_prefixes; *p; p++) {
			FC_GROW(r->prefixes, count, cap);
			r->prefixes[count++] = *p;
		}
	}
	/* What is said to all dialects: who may read, pauses, marks of copies. */
	FC_GROW(r->prefixes, count, cap);
	r->prefixes[count++] = FC_MARK_PREFIX;
	FC_GROW(r->prefixes, count, cap);
	r->prefixes[count] = NULL;
}

static bool ends_by_itself(const struct run *r)
{
	return r->plan || r->options.once;
}

static struct fc_namespace_list list_of(const struct fc_strings *s)
{
	return s ? (struct fc_namespace_list){ (const char *const *)s->items, s->count }
		 : (struct fc_namespace_list){ .count = 0 };
}

static void choose_adopting(struct run *r)
{
	size_t count = 0;

	for (const char *const *name = r->dropin ? r->dropin->original->adopting : NULL; name && *name; name++)
		r->adopting[count++] = *name;
	if (r->options.kopy_overwrite_unowned)
		r->adopting[count++] = fc_dialect_kopy.name;
	if (r->options.object_sync_adopt_existing)
		r->adopting[count++] = fc_dialect_object_sync.name;
}

static void build_engine(struct run *r)
{
	struct fc_engine_thread_options options = {
		.engine = {
			.clusters = r->infos,
			.cluster_count = r->set->count,
			.master = (fc_cluster_no)r->set->master,
			.dialects = r->dialects.enabled,
			.known_dialects = r->dialects.known,
			.target_words = (const char *const *)r->options.targets.items,
			/* They are that dialect's. */
			.target_word_count = fc_options_has_dialect(&r->options, fc_dialect_k8s_copier.name) ?
						     r->options.targets.count :
						     0,
			.namespaces = (const char *const *)r->options.namespaces.items,
			.namespace_count = r->options.namespaces.count,
			.permissions = r->set->permissions,
			.allow_all = r->options.allow_all,
			.bearers_in = list_of(r->dropin ? &r->dropin->bearers_in : NULL),
			.sources_in = list_of(r->dropin ? &r->dropin->sources_in : NULL),
			.copies_in = list_of(r->dropin ? &r->dropin->copies_in : NULL),
			.as_original = r->dropin != NULL,
			.adopting = r->adopting,
			.max_deletes = r->options.max_deletes ? (long)r->options.max_deletes : -1,
			.max_in_flight = (unsigned)r->options.max_in_flight,
			/* What is not sent needs no pace, and what ends soon no second look. */
			.max_writes_per_second = r->plan ? 0 : (unsigned)r->options.max_writes_per_second,
			.resync_period_ms = ends_by_itself(r) ? 0 : r->options.resync_period_ms,
			.marks_confidential = r->plan != NULL,
		},
		.seed = fc_random_seed(),
		.rehearsal = r->plan != NULL,
	};

	choose_adopting(r);
	options.metrics = r->metrics;
	options.on_stepped = r->meter ? stepped : NULL;
	options.queue = r->meter ? fc_dropin_meter_queue(r->meter) : NULL;
	options.on_action = post_action;
	options.on_give_up = give_up;
	options.user = r;
	r->engine = fc_engine_thread_new(&options);
}

static int build_fleet(struct run *r, struct fc_error *err)
{
	const struct fc_fleet_options options = {
		.plugins = r->plugins,
		.annotation_prefixes = r->prefixes,
		.metrics = r->metrics,
		.seed = fc_random_seed(),
		.grace_ms = GRACE_MS,
		.master_proven = r->leadership,
		.sink = post_event,
		.before_write = before_write,
		.user = r,
	};

	r->fleet = fc_fleet_new(&options, r->set, err);
	/* Credentials that are replaced later go with the fleet's hold on them. */
	for (size_t i = 0; i < r->set->count; i++)
		fc_access_free(fc_steal(&r->set->clusters[i].access));
	return r->fleet ? 0 : -1;
}

static int build(struct run *r, struct fc_error *err)
{
	take_infos(r);
	build_engine(r);
	return build_fleet(r, err);
}

static int start(struct run *r, struct fc_error *err)
{
	atomic_store(&r->status.started_ms, fc_clock_mono_ms());
	if (fc_engine_thread_start(r->engine, err) < 0)
		return -1;
	atomic_store(&r->status.engine, r->engine);
	return fc_fleet_start(r->fleet, err);
}

static void announce(const struct run *r)
{
	fc_log(FC_LOG_INFO, "started", FC_KV("version", FC_VERSION), FC_KN("clusters", r->set->count),
	       FC_KV("master", r->set->clusters[r->set->master].info.name));
	if (r->options.allow_all)
		fc_log(FC_LOG_WARN,
		       "--allow-all: whoever may annotate a target reads whatever fedcopy can, in every cluster "
		       "and namespace, and no consent is asked for");
	if (r->dropin)
		fc_dropin_warn(r->dropin);
}

static void make_metrics(struct run *r)
{
	r->metrics = fc_metrics_new();
	fc_metrics_set(r->metrics, FC_METRIC_BUILD_INFO, 1, FC_LABELS(FC_VERSION));
	/* Without an election there is one that acts: this one. */
	if (!r->options.leader_elect)
		fc_metrics_set(r->metrics, FC_METRIC_LEADER, 1, FC_LABELS(r->options.lease_name));
	if (r->dropin)
		r->meter = fc_dropin_meter_new(r->dropin->original, r->metrics);
}

static int start_endpoint(struct run *r, struct fc_error *err)
{
	struct fc_serve_sources sources = fc_status_sources(&r->status);

	r->status.dialects = r->dialects.enabled;
	r->status.metrics = r->metrics;
	r->status.leadership = r->leadership;
	r->status.parts = r->dropin ? r->dropin->endpoints[0].parts : NULL;
	r->status.queues = r->meter ? fc_dropin_meter_queues(r->meter) : NULL;
	atomic_store(&r->status.started_ms, fc_clock_mono_ms());
	atomic_store(&r->status.engine, r->engine); /* NULL before an election */
	if (r->plan)
		return 0;
	if (r->dropin &&
	    !(r->dropin_serve = fc_dropin_serve_start(r->dropin, &sources, r->guard, fc_main_loop_loop(r->main), err)))
		return -1;
	return fc_serve_start(&r->serve, r->options.status_address, r->options.debug_address, &sources, err);
}

static void reload(void *user)
{
	struct run *r = user;

	fc_reload_now(r->reload);
}

static void post_permissions(void *user, struct fc_permissions *permissions)
{
	struct fc_event *event = fc_event_new(FC_EVENT_PERMISSIONS);

	event->permissions = fc_permissions_ref(permissions);
	post_event(user, event);
}

/* Who waits begins with the last one; who leads has gone over to it already. */
static void take_set(void *user, struct fc_cluster_set *set)
{
	struct run *r = user;

	fc_leadership_renew(r->leadership, &set->clusters[set->master]);
	fc_dropin_guard_renew(r->guard, set->clusters[set->master].access);
	if (!r->fleet) {
		struct fc_cluster_set *before = r->set;
		r->set = set;
		set = before;
	}
	fc_cluster_set_free(set);
}

static void follow_files(struct run *r)
{
	r->reload = fc_reload_new(&(struct fc_reload_options){ .loop = fc_main_loop_loop(r->main),
							       .set = set_options(r),
							       .files = &r->files,
							       .fleet = r->fleet,
							       .master = r->set->clusters[r->set->master].info.name,
							       .permissions = r->set->permissions,
							       .on_permissions = r->fleet ? post_permissions : NULL,
							       .on_set = r->leadership || r->guard ? take_set : NULL,
							       .user = r,
							       .metrics = r->metrics });
	fc_main_loop_on_hangup(r->main, reload, r);
}

/* The master's entry in the files may lead to another cluster by now, which the Lease does not speak of: the fleet,
 * which knows them apart, is to judge of it. */
static void begin_where_elected(struct run *r)
{
	struct fc_cluster_spec *master = &r->set->clusters[r->set->master];

	fc_access_free(master->access);
	master->access = fc_leadership_access(r->leadership);
}

static void begin_elected(void *user)
{
	struct run *r = user;

	fc_reload_free(fc_steal(&r->reload));
	begin_where_elected(r);
	if (build(r, &r->failure) < 0 || start(r, &r->failure) < 0) {
		fc_loop_stop(fc_main_loop_loop(r->main));
		return;
	}
	announce(r);
	follow_files(r);
	/* They may have changed since they were last looked at. */
	fc_reload_now(r->reload);
}

static int join_election(struct run *r, struct fc_error *err)
{
	r->leadership = fc_leadership_new(&(struct fc_leadership_options){ .loop = fc_main_loop_loop(r->main),
									   .master = &r->set->clusters[r->set->master],
									   .plugins = r->plugins,
									   .metrics = r->metrics,
									   .namespace_ = r->options.lease_namespace,
									   .name = r->options.lease_name,
									   .timing = r->options.lease_timing,
									   .on_elected = begin_elected,
									   .user = r },
					  err);
	if (!r->leadership || start_endpoint(r, err) < 0)
		return -1;
	return fc_leadership_start(r->leadership, err);
}

static int build_guard(struct run *r, struct fc_error *err)
{
	const struct fc_cluster_spec *own = &r->set->clusters[r->set->master];

	if (!r->dropin || !fc_dropin_serve_needs_guard(r->dropin))
		return 0;
	r->guard = fc_dropin_guard_new(own->info.name, fc_access_share(own->access), err);
	return r->guard ? 0 : -1;
}

static int begin(struct run *r, struct fc_error *err)
{
	r->main = fc_main_loop_new(err);
	if (!r->main)
		return -1;
	collect_prefixes(r);
	r->plugins = fc_exec_plugins_new();
	make_metrics(r);
	if (build_guard(r, err) < 0)
		return -1;
	if (r->options.leader_elect && !r->plan)
		return join_election(r, err);
	if (build(r, err) < 0 || start_endpoint(r, err) < 0 || start(r, err) < 0)
		return -1;
	announce(r);
	return 0;
}

/* In the order that the top of this file tells. */
static void stop(struct run *r)
{
	fc_dropin_patience_free(fc_steal(&r->patience));
	fc_reload_free(fc_steal(&r->reload));
	if (r->fleet) {
		fc_fleet_stop(r->fleet);
		fc_fleet_join(r->fleet);
	}
	if (r->engine)
		fc_engine_thread_stop(r->engine);
	fc_leadership_release(r->leadership);
	/* So that nobody who waits for its answer holds the endpoints up. */
	fc_dropin_guard_end(r->guard);
	fc_dropin_serve_stop(fc_steal(&r->dropin_serve));
	fc_dropin_guard_free(fc_steal(&r->guard));
	fc_serve_stop(&r->serve);
}

static void release(struct run *r)
{
	fc_leadership_free(r->leadership);
	fc_fleet_free(r->fleet);
	fc_exec_plugins_free(r->plugins);
	fc_engine_thread_free(r->engine);
	fc_once_free(r->once);
	fc_plan_free(r->plan);
	fc_plan_key_wipe(&r->key);
	fc_outcome_fini(&r->outcome);
	fc_main_loop_free(r->main);
	fc_dropin_meter_free(r->meter);
	fc_metrics_free(r->metrics);
	free(r->infos);
	fc_dialect_set_fini(&r->dialects);
	free(r->prefixes);
	free(r->mistake);
	fc_cluster_set_free(r->set);
	fc_cluster_set_files_fini(&r->files);
	fc_options_fini(&r->options);
}

/* Nothing happens in a plan; what is worth a line is what it cannot find out. */
static enum fc_log_level log_level(const struct run *r)
{
	return r->plan && r->options.log_level == FC_LOG_INFO ? FC_LOG_WARN : r->options.log_level;
}

static void patience_is_over(void *user, const struct fc_error *why)
{
	struct run *r = user;

	r->failure = *why;
	fc_loop_stop(fc_main_loop_loop(r->main));
}

static void limit_patience(struct run *r)
{
	if (r->dropin && r->dropin->original->patience_ms)
		r->patience = fc_dropin_patience_new(&(struct fc_dropin_patience_options){
			.loop = fc_main_loop_loop(r->main),
			.engine = r->engine,
			.ms = r->dropin->original->patience_ms,
			.on_over = patience_is_over,
			.user = r,
		});
}

/* Until a signal comes; or until there is nothing to be expected any more, which then is taken stock of. */
static int wait_for_end(struct run *r, struct fc_error *err)
{
	int signo;

	if (ends_by_itself(r))
		r->once = fc_once_new(fc_main_loop_loop(r->main), r->engine, r->options.timeout_ms);
	else
		follow_files(r);
	limit_patience(r);
	signo = fc_main_loop_run(r->main);
	if (signo)
		fc_log(FC_LOG_INFO, "stopping", FC_KV("signal", signo == SIGINT ? "SIGINT" : "SIGTERM"));
	if (!r->once)
		return 0;
	if (signo)
		return fc_error_set(err, FC_ERR_CANCELLED, "a signal came before it was done");
	return fc_outcome_take(r->engine, &r->outcome, err);
}

static int run(struct run *r, struct fc_error *err)
{
	fc_log_init(r->options.log_format, log_level(r));
	fc_dialect_set_make(&r->options, r->dropin && r->dropin->flags.allow_all, &r->dialects);
	if (load_clusters(r, err) < 0)
		return -1;
	if (begin(r, err) < 0) {
		stop(r);
		return -1;
	}
	int rc = wait_for_end(r, err);
	stop(r);
	fc_log(FC_LOG_INFO, "stopped");
	if (r->mistake)
		return fc_error_set(err, FC_ERR_CONFIG, "%s", r->mistake);
	if (r->failure.cls) {
		*err = r->failure;
		return -1;
	}
	return rc;
}

/* --- what came of it --- */

static int print_once(const struct run *r)
{
	FC_AUTO_BUF struct fc_buf table = FC_BUF_INIT, warnings = FC_BUF_INIT;
	bool well = fc_once_report(&r->outcome, &table, &warnings);
	int status = fc_command_print(&table);

	fputs(fc_buf_str(&warnings), stderr);
	return well ? status : FC_EXIT_FAILED;
}

static void print_problems(const struct run *r)
{
	const json_t *problem;
	size_t i;

	json_array_foreach(r->outcome.problems, i, problem)
		fprintf(stderr, "fedcopy plan: %s\n", json_string_value(problem));
}

static int print_plan(const struct run *r, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	struct fc_plan_view view = { .clusters = r->infos, .outcome = &r->outcome, .key = &r->key };

	view.writes = fc_plan_writes(r->plan, &view.write_count);
	if (r->options.output != FC_OUTPUT_JSON)
		fc_plan_text(&view, &out);
	else if (fc_plan_json(&view, &out, err) < 0)
		return -1;
	print_problems(r);
	if (fc_command_print(&out) != FC_EXIT_DONE || json_array_size(r->outcome.problems) ||
	    fc_outcome_has(&r->outcome, FC_RULE_UNDECIDED))
		return FC_EXIT_FAILED;
	return view.write_count ? FC_EXIT_CHANGES : FC_EXIT_DONE;
}

static int report(struct run *r, struct fc_error *err)
{
	if (r->plan)
		return print_plan(r, err);
	return r->once ? print_once(r) : FC_EXIT_DONE;
}

static int show_help(enum fc_flag_command command)
{
	struct fc_buf out = FC_BUF_INIT;
	int status;

	fc_options_help(command, &out);
	status = fc_command_print(&out);
	fc_buf_fini(&out);
	return status;
}

static int execute(struct run *r, const char *name)
{
	struct fc_error err = FC_ERROR_INIT;
	int status = -1;

	/* Before the first thread (kube-client 2.26). */
	fc_heap_set();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	fc_decode_init();
	if (run(r, &err) == 0)
		status = report(r, &err);
	if (status < 0)
		status = fc_command_fail(name, &err);
	release(r);
	curl_global_cleanup();
	fc_log_flush();
	return status;
}

static int command(enum fc_flag_command which, const char *name, int argc, char **argv)
{
	struct fc_error err = FC_ERROR_INIT;
	struct run r = { 0 };

	if (fc_options_parse(which, argc, argv, &r.options, &err) < 0) {
		fc_options_fini(&r.options);
		return fc_command_fail(name, &err);
	}
	if (r.options.help) {
		fc_options_fini(&r.options);
		return show_help(which);
	}
	if (which == FC_COMMAND_PLAN) {
		r.plan = fc_plan_new(send_action, &r);
		if (fc_plan_key_make(&r.key, &err) < 0) {
			release(&r);
			return fc_command_fail(name, &err);
		}
	}
	return execute(&r, name);
}

int fc_cmd_run(int argc, char **argv)
{
	return command(FC_COMMAND_RUN, "run", argc, argv);
}

int fc_cmd_plan(int argc, char **argv)
{
	return command(FC_COMMAND_PLAN, "plan", argc, argv);
}

int fc_run_dropin(const struct fc_dropin *dropin, struct fc_options *options)
{
	struct run r = { .options = *options, .dropin = dropin };

	*options = (struct fc_options){ 0 };
	return execute(&r, dropin->original->command);
}
