/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reload.h"

#include "base/clock.h"
#include "base/file_watch.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/descriptors.h"

#include <string.h>
#include <sys/stat.h>

/* What was in the way may be none of the files that are watched: a certificate that a kubeconfig names, a want of
 * threads. */
#define RETRY_MS 30000
/* How often threads that are ending are looked at. */
#define REAP_MS 100

struct fc_reload {
	struct fc_reload_options o;
	struct fc_file_watch *watch;
	struct fc_timer *retry, *reap;
	char *master; /* the name of the one of the first set; NULL where the fleet knows it */
	char *fault;  /* why the last reading failed; NULL: it did not */
};

static void reap(void *user)
{
	struct fc_reload *r = user;

	r->reap = r->o.fleet && fc_fleet_reap(r->o.fleet) ? fc_loop_timer(r->o.loop, REAP_MS, reap, r) : NULL;
}

static void reap_soon(struct fc_reload *r)
{
	fc_loop_timer_cancel(r->o.loop, &r->reap);
	r->reap = fc_loop_timer(r->o.loop, 0, reap, r);
}

static void retry(void *user)
{
	struct fc_reload *r = user;

	r->retry = NULL;
	fc_reload_now(r);
}

static void failed(struct fc_reload *r, const struct fc_error *why)
{
	fc_metrics_set(r->o.metrics, FC_METRIC_SET_RELOAD_OK, 0, NULL);
	if (r->watch)
		r->retry = fc_loop_timer(r->o.loop, RETRY_MS, retry, r);
	if (r->fault && strcmp(r->fault, why->text) == 0)
		return;
	free(r->fault);
	r->fault = fc_xstrdup(why->text);
	fc_log(FC_LOG_ERROR, "the cluster set cannot be read again; going on with the old one",
	       FC_KV("reason", why->text));
}

static void succeeded(struct fc_reload *r, int changes)
{
	fc_metrics_set(r->o.metrics, FC_METRIC_SET_RELOAD_OK, 1, NULL);
	fc_metrics_set(r->o.metrics, FC_METRIC_SET_RELOAD_TIME, (double)fc_clock_wall_ms() / 1000, NULL);
	if (changes || r->fault)
		fc_log(FC_LOG_INFO, "the cluster set was read again", FC_KN("changes", changes));
	free(fc_steal(&r->fault));
}

/* How many changes that is. */
static int take_permissions(struct fc_reload *r, struct fc_permissions *permissions)
{
	if (fc_permissions_same(r->o.permissions, permissions))
		return 0;
	fc_permissions_unref(r->o.permissions);
	r->o.permissions = fc_permissions_ref(permissions);
	if (r->o.on_permissions)
		r->o.on_permissions(r->o.user, permissions);
	return 1;
}

/* As the fleet does. Who waits for a Lease in one cluster must not come to lead by that of another. */
static int check_master(const struct fc_reload *r, const struct fc_cluster_set *set, struct fc_error *err)
{
	const char *name = set->clusters[set->master].info.name;

	if (!r->master || strcmp(name, r->master) == 0)
		return 0;
	return fc_error_set(err, FC_ERR_CONFIG, "%s would be the master in place of %s: another master needs a restart",
			    name, r->master);
}

/* How many changes it took, or -1. `files` gets what was looked for, whatever becomes of it. */
static int read_again(struct fc_reload *r, struct fc_cluster_set_files *files, struct fc_error *err)
{
	struct fc_cluster_set_options options = r->o.set;
	int changes = -1;

	options.files = files;
	options.again = true;
	struct fc_cluster_set *set = fc_cluster_set_load(&options, err);
	if (!set)
		return -1;
	if (fc_descriptors_provide(set->count, err) == 0)
		changes = r->o.fleet ? fc_fleet_apply(r->o.fleet, set, err) : check_master(r, set, err);
	if (changes >= 0)
		changes += take_permissions(r, set->permissions);
	if (changes >= 0 && r->o.on_set)
		r->o.on_set(r->o.user, fc_steal(&set));
	fc_cluster_set_free(set);
	return changes;
}

void fc_reload_now(struct fc_reload *r)
{
	struct fc_cluster_set_files files = { .paths = NULL };
	struct fc_error err = FC_ERROR_INIT;

	fc_loop_timer_cancel(r->o.loop, &r->retry);
	int changes = read_again(r, &files, &err);
	if (changes < 0)
		failed(r, &err);
	else
		succeeded(r, changes);
	if (r->watch)
		fc_file_watch_set(r->watch, (const char *const *)files.paths, files.count);
	fc_cluster_set_files_fini(&files);
	reap_soon(r);
}

static void files_changed(void *user)
{
	fc_reload_now(user);
}

/* NULL: all of them are, or are missing. */
static const char *no_regular_file(const struct fc_cluster_set_files *files)
{
	struct stat st;

	for (size_t i = 0; i < files->count; i++)
		if (stat(files->paths[i], &st) == 0 && !S_ISREG(st.st_mode))
			return files->paths[i];
	return NULL;
}

struct fc_reload *fc_reload_new(const struct fc_reload_options *options)
{
	struct fc_reload *r = fc_xcalloc(1, sizeof(*r));
	const char *pipe = no_regular_file(options->files);

	r->o = *options;
	r->o.permissions = fc_permissions_ref(options->permissions);
	r->master = options->fleet ? NULL : fc_xstrdup_null(options->master);
	fc_metrics_set(r->o.metrics, FC_METRIC_SET_RELOAD_OK, 1, NULL);
	fc_metrics_set(r->o.metrics, FC_METRIC_SET_RELOAD_TIME, (double)fc_clock_wall_ms() / 1000, NULL);
	if (pipe) {
		fc_log(FC_LOG_WARN, "the cluster set does not follow its files: one of them is no regular file",
		       FC_KV("file", pipe));
		return r;
	}
	r->watch = fc_file_watch_new(
		&(struct fc_file_watch_options){ .loop = options->loop, .on_change = files_changed, .user = r });
	fc_file_watch_set(r->watch, (const char *const *)options->files->paths, options->files->count);
	return r;
}

void fc_reload_free(struct fc_reload *r)
{
	if (!r)
		return;
	fc_file_watch_free(r->watch);
	fc_loop_timer_cancel(r->o.loop, &r->retry);
	fc_loop_timer_cancel(r->o.loop, &r->reap);
	fc_permissions_unref(r->o.permissions);
	free(r->master);
	free(r->fault);
	free(r);
}
