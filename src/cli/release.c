/* SPDX-License-Identifier: Apache-2.0 */
/* `fedcopy release`: takes back every finalizer and mark, for uninstalling. A walk through all clusters at once, in one
 * thread, without an engine: what is looked for is written on the objects. Copies come before what asks for them, so
 * that one which ends halfway can be run again. */
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "cli/clean_text.h"
#include "cli/command.h"
#include "cli/descriptors.h"
#include "cli/dialect_set.h"
#include "cli/options.h"
#include "cli/release_walk.h"
#include "clusters/cluster_set.h"
#include "kube/client.h"

#include <stdio.h>
#include <string.h>

struct release {
	struct fc_options options;
	struct fc_dialect_set dialects;
	struct fc_release_origin *origins;
	struct fc_release_scope scope;
	struct fc_cluster_set *set;
	struct fc_exec_plugins *plugins;
	struct fc_loop *loop;
	struct fc_release_walk **walks;
	size_t left;
	size_t found, failed, problems;
};

static void on_wake(void *user)
{
	(void)user;
}

static void on_done(void *user)
{
	struct release *r = user;

	if (--r->left == 0)
		fc_loop_stop(r->loop);
}

static void choose_dialects(struct release *r)
{
	bool every = r->options.dialects.count == 0;

	fc_dialect_set_make(&r->options, false, &r->dialects);
	r->scope = (struct fc_release_scope){ .dialects = every ? r->dialects.known : r->dialects.enabled,
					      .every = every };
}

static int prepare(struct release *r, struct fc_error *err)
{
	choose_dialects(r);
	r->set = fc_cluster_set_load(
		&(struct fc_cluster_set_options){ .file = r->options.clusters,
						  .kubeconfig = r->options.kubeconfig,
						  .master = r->options.master,
						  .members = (const char *const *)r->options.members.items,
						  .member_count = r->options.members.count,
						  .dialects = r->dialects.names },
		err);
	if (!r->set || fc_descriptors_provide(r->set->count, err) < 0)
		return -1;
	r->plugins = fc_exec_plugins_new();
	r->loop = fc_loop_new(on_wake, NULL, err);
	return r->loop ? 0 : -1;
}

/* --- the phases: each for all clusters at once --- */

static void connect_all(struct release *r)
{
	r->walks = fc_xcalloc(r->set->count, sizeof(struct fc_release_walk *));
	r->left = r->set->count;
	for (size_t i = 0; i < r->set->count; i++)
		r->walks[i] = fc_release_walk_start(&(struct fc_release_walk_options){
			.loop = r->loop,
			.info = &r->set->clusters[i].info,
			.access = fc_steal(&r->set->clusters[i].access),
			.plugins = r->plugins,
			.scope = &r->scope,
			.namespaces = (const char *const *)r->options.namespaces.items,
			.namespace_count = r->options.namespaces.count,
			.timeout_ms = r->options.timeout_ms,
			.on_done = on_done,
			.user = r,
		});
	fc_loop_run(r->loop);
}

static void learn_ids(struct release *r)
{
	size_t count = 0;

	r->origins = fc_xcalloc(r->set->count + 1, sizeof(*r->origins));
	for (size_t i = 0; i < r->set->count; i++)
		if (fc_release_walk_id(r->walks[i]))
			r->origins[count++] = (struct fc_release_origin){ fc_release_walk_id(r->walks[i]),
									  fc_release_walk_place(r->walks[i]) };
	r->scope.origins = r->origins;
}

static void look_all(struct release *r)
{
	r->left = r->set->count;
	for (size_t i = 0; i < r->set->count; i++)
		fc_release_walk_look(r->walks[i]);
	fc_loop_run(r->loop);
}

static void write_all(struct release *r, bool asks)
{
	r->left = r->set->count;
	for (size_t i = 0; i < r->set->count; i++)
		fc_release_walk_write(r->walks[i], asks);
	fc_loop_run(r->loop);
}

/* --- what is printed --- */

static void put_finding(const struct release *r, const char *cluster, const struct fc_release_finding *f,
			struct fc_buf *out)
{
	FC_AUTO_FREE char *type = fc_resource_name(f->resource);

	fc_buf_printf(out, "%s/%s/%s/%s: ", cluster, type, f->namespace_, f->name);
	if (!r->options.yes)
		fc_buf_puts(out, "would take off ");
	else if (f->failed)
		fc_buf_puts(out, "could not take off ");
	else
		fc_buf_puts(out, "took off ");
	fc_clean_text(out, fc_buf_str((struct fc_buf *)(uintptr_t)&f->release.what));
	if (f->failed)
		fc_buf_printf(out, ": %s", f->error.text);
	fc_buf_putc(out, '\n');
}

static int by_name(const void *a, const void *b)
{
	const struct fc_release_finding *x = a, *y = b;
	int order = strcmp(x->resource->plural, y->resource->plural);

	order = order ? order : strcmp(x->resource->group, y->resource->group);
	order = order ? order : strcmp(x->namespace_, y->namespace_);
	return order ? order : strcmp(x->name, y->name);
}

static void put_cluster(struct release *r, size_t i, struct fc_buf *out, struct fc_buf *problems)
{
	const char *name = r->set->clusters[i].info.name;
	size_t count, problem_count, others = fc_release_walk_others(r->walks[i]);
	struct fc_release_finding *findings = fc_release_walk_findings(r->walks[i], &count);
	const char *const *texts = fc_release_walk_problems(r->walks[i], &problem_count);

	if (count)
		qsort(findings, count, sizeof(*findings), by_name);
	for (size_t f = 0; f < count; f++) {
		put_finding(r, name, &findings[f], out);
		r->failed += findings[f].failed;
	}
	r->found += count;
	r->problems += problem_count;
	for (size_t p = 0; p < problem_count; p++) {
		fc_buf_puts(problems, "fedcopy release: ");
		fc_clean_text(problems, texts[p]);
		fc_buf_putc(problems, '\n');
	}
	if (others)
		fc_buf_printf(
			problems,
			"fedcopy release: %s: %zu copies of other hubs, or of clusters that are not of this set or could "
			"not be asked who they are, were left alone\n",
			name, others);
}

static int print(struct release *r)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT, problems = FC_BUF_INIT;
	int status;

	for (size_t i = 0; i < r->set->count; i++)
		put_cluster(r, i, &out, &problems);
	if (!r->found)
		fc_buf_puts(&out, "nothing is to be taken back\n");
	else if (!r->options.yes)
		fc_buf_printf(&out, "%zu objects would be released; with --yes they are\n", r->found);
	else
		fc_buf_printf(&out, "%zu objects were released\n", r->found - r->failed);
	status = fc_command_print(&out);
	fputs(fc_buf_str(&problems), stderr);
	if (status != FC_EXIT_DONE || r->problems || r->failed)
		return FC_EXIT_FAILED;
	return r->found && !r->options.yes ? FC_EXIT_CHANGES : FC_EXIT_DONE;
}

static int release(struct release *r, struct fc_error *err)
{
	if (prepare(r, err) < 0)
		return -1;
	connect_all(r);
	learn_ids(r);
	look_all(r);
	if (r->options.yes) {
		write_all(r, false);
		write_all(r, true);
	}
	return print(r);
}

static void clean_up(struct release *r)
{
	for (size_t i = 0; r->walks && i < r->set->count; i++)
		fc_release_walk_free(r->walks[i]);
	fc_exec_plugins_free(r->plugins);
	free(r->walks);
	fc_dialect_set_fini(&r->dialects);
	free(r->origins);
	if (r->loop)
		fc_loop_free(r->loop);
	fc_cluster_set_free(r->set);
	fc_options_fini(&r->options);
}

static int show_help(void)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	fc_options_help(FC_COMMAND_RELEASE, &out);
	return fc_command_print(&out);
}

int fc_cmd_release(int argc, char **argv)
{
	struct fc_error err = FC_ERROR_INIT;
	struct release r = { .set = NULL };
	int status;

	if (fc_options_parse(FC_COMMAND_RELEASE, argc, argv, &r.options, &err) < 0) {
		fc_options_fini(&r.options);
		return fc_command_fail("release", &err);
	}
	if (r.options.help) {
		fc_options_fini(&r.options);
		return show_help();
	}
	/* What happens is printed at the end. */
	fc_log_init(r.options.log_format, r.options.log_level == FC_LOG_INFO ? FC_LOG_WARN : r.options.log_level);
	fc_client_setup();
	status = release(&r, &err);
	if (status < 0)
		status = fc_command_fail("release", &err);
	clean_up(&r);
	fc_log_flush();
	return status;
}
