/* SPDX-License-Identifier: Apache-2.0 */
/* `fedcopy clusters`: one look at each cluster of the set, all at once, in one thread. */
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "cli/clusters_view.h"
#include "cli/command.h"
#include "cli/descriptors.h"
#include "cli/options.h"
#include "clusters/cluster_set.h"
#include "clusters/probe.h"
#include "json/decode.h"
#include "kube/exec_plugins.h"

#include <curl/curl.h>

#include <stdio.h>
#include <string.h>

struct look {
	struct looks *all;
	struct fc_probe *probe;
	struct fc_probe_result result; /* a copy that owns nothing */
};

struct looks {
	struct fc_options options;
	struct fc_cluster_set *set;
	struct fc_exec_plugins *plugins;
	struct fc_loop *loop;
	struct look *each;
	struct fc_clusters_row *rows;
	size_t left;
};

static void on_wake(void *user)
{
	(void)user;
}

static void ended(struct looks *l)
{
	if (--l->left == 0)
		fc_loop_stop(l->loop);
}

static void on_done(void *user, const struct fc_probe_result *result)
{
	struct look *look = user;

	look->result = *result;
	ended(look->all);
}

static void begin(struct looks *l, size_t i)
{
	struct look *look = &l->each[i];
	const struct fc_cluster_spec *spec = &l->set->clusters[i];

	look->all = l;
	look->result = (struct fc_probe_result){ .error = FC_ERROR_INIT, .round_trip_us = -1 };
	look->probe = fc_probe_start(
		&(struct fc_probe_options){
			.loop = l->loop,
			.access = spec->access,
			.plugins = l->plugins,
			.name = spec->info.name,
			.timeout_ms = l->options.timeout_ms,
			.on_done = on_done,
			.user = look,
		},
		&look->result.error);
	l->rows[i] = (struct fc_clusters_row){ .info = &spec->info,
					       .server = spec->access->server,
					       .result = &look->result };
	if (!look->probe)
		ended(l);
}

/* The same cluster twice is a mistake that `run` refuses to start with. */
static void mark_doubles(struct looks *l)
{
	for (size_t i = 0; i < l->set->count; i++) {
		struct fc_probe_result *r = &l->each[i].result;

		for (size_t j = 0; j < i && r->reachable && r->id; j++) {
			const struct fc_probe_result *other = &l->each[j].result;
			if (!other->id || strcmp(other->id, r->id) != 0)
				continue;
			r->reachable = false;
			fc_error_set(&r->error, FC_ERR_CONFIG,
				     "it is the same cluster as %s: take one of the two out of the cluster set",
				     l->set->clusters[j].info.name);
		}
	}
}

static int look(struct looks *l, struct fc_error *err)
{
	const struct fc_cluster_set_options options = {
		.file = l->options.clusters,
		.kubeconfig = l->options.kubeconfig,
		.master = l->options.master,
		.members = (const char *const *)l->options.members.items,
		.member_count = l->options.members.count,
	};

	l->set = fc_cluster_set_load(&options, err);
	if (!l->set || fc_descriptors_provide(l->set->count, err) < 0)
		return -1;
	l->plugins = fc_exec_plugins_new();
	l->loop = fc_loop_new(on_wake, NULL, err);
	if (!l->loop)
		return -1;
	l->each = fc_xcalloc(l->set->count, sizeof(*l->each));
	l->rows = fc_xcalloc(l->set->count, sizeof(*l->rows));
	l->left = l->set->count;
	for (size_t i = 0; i < l->set->count; i++)
		begin(l, i);
	fc_loop_run(l->loop);
	mark_doubles(l);
	return 0;
}

static int print(const struct looks *l, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT, warnings = FC_BUF_INIT;
	int64_t now_ms = fc_clock_wall_ms();
	int status = FC_EXIT_DONE;

	if (l->options.output == FC_OUTPUT_JSON && fc_clusters_json(l->rows, l->set->count, &out, err) < 0)
		return -1;
	if (l->options.output == FC_OUTPUT_YAML && fc_clusters_yaml(l->rows, l->set->count, &out, err) < 0)
		return -1;
	if (l->options.output == FC_OUTPUT_TABLE)
		fc_clusters_table(l->rows, l->set->count, now_ms, &out);
	fc_clusters_warnings(l->rows, l->set->count, now_ms, &warnings);
	status = fc_command_print(&out);
	fputs(fc_buf_str(&warnings), stderr);
	for (size_t i = 0; i < l->set->count; i++)
		if (!l->each[i].result.reachable)
			status = FC_EXIT_FAILED;
	return status;
}

static void release(struct looks *l)
{
	for (size_t i = 0; l->each && i < l->set->count; i++)
		fc_probe_free(l->each[i].probe);
	fc_exec_plugins_free(l->plugins);
	free(l->each);
	free(l->rows);
	if (l->loop)
		fc_loop_free(l->loop);
	fc_cluster_set_free(l->set);
	fc_options_fini(&l->options);
}

static int show_help(void)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	fc_options_help(FC_COMMAND_CLUSTERS, &out);
	return fc_command_print(&out);
}

int fc_cmd_clusters(int argc, char **argv)
{
	struct fc_error err = FC_ERROR_INIT;
	struct looks l = { .set = NULL };
	int status = -1;

	if (fc_options_parse(FC_COMMAND_CLUSTERS, argc, argv, &l.options, &err) < 0) {
		fc_options_fini(&l.options);
		return fc_command_fail("clusters", &err);
	}
	if (l.options.help) {
		fc_options_fini(&l.options);
		return show_help();
	}
	fc_log_init(l.options.log_format, l.options.log_level);
	/* Before anything that could use it (kube-client 2.26). */
	curl_global_init(CURL_GLOBAL_DEFAULT);
	fc_decode_init();
	if (look(&l, &err) == 0)
		status = print(&l, &err);
	if (status < 0)
		status = fc_command_fail("clusters", &err);
	release(&l);
	curl_global_cleanup();
	fc_log_flush();
	return status;
}
