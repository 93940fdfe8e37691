/* SPDX-License-Identifier: Apache-2.0 */
/* In phases, so that the clusters' ids are all known before anything is judged by them: who it is and what it serves;
 * one list after the other (release_look.c); the writes, some at a time (release_write.c). Here are the first, and what
 * came of all. */
#include "cli/release_walk.h"

#include "base/mem.h"
#include "cli/release_walk_parts.h"
#include "kube/discovery.h"
#include "kube/object_client.h"

#include <string.h>

void fc_release_walk_problem(struct fc_release_walk *w, char *text)
{
	for (size_t i = 0; i < w->problem_count; i++)
		if (strcmp(w->problems[i], text) == 0) {
			free(text);
			return;
		}
	FC_GROW(w->problems, w->problem_count, w->problem_cap);
	w->problems[w->problem_count++] = text;
}

void fc_release_walk_phase_ends(struct fc_release_walk *w)
{
	fc_loop_timer_cancel(w->o.loop, &w->timer);
	w->o.on_done(w->o.user);
}

void fc_release_walk_judge(struct fc_release_walk *w, const json_t *object, struct fc_release *out)
{
	const struct fc_release_place place = fc_release_walk_place(w);

	fc_release_of(w->o.scope, &place, object, out);
}

/* --- who it is, what it serves --- */

static void not_reached(struct fc_release_walk *w, const struct fc_error *why)
{
	fc_release_walk_problem(
		w, fc_xasprintf("%s: cannot be reached, nothing on it was released: %s", w->o.info->name, why->text));
	fc_release_walk_phase_ends(w);
}

static void fail_later(void *user)
{
	struct fc_release_walk *w = user;

	w->timer = NULL;
	not_reached(w, &w->error);
}

static void give_up(void *user)
{
	struct fc_release_walk *w = user;

	w->timer = NULL;
	fc_server_probe_cancel(&w->probe);
	fc_discovery_cancel(fc_steal(&w->discovery));
	fc_error_set(&w->error, FC_ERR_TIMEOUT, "no answer within %lld s", (long long)(w->o.timeout_ms / 1000));
	not_reached(w, &w->error);
}

static void discovered(void *user, struct fc_resource_table *table, const struct fc_error *err)
{
	struct fc_release_walk *w = user;

	w->discovery = NULL;
	if (err) {
		not_reached(w, err);
		return;
	}
	w->table = table;
	w->up = true;
	fc_release_walk_phase_ends(w);
}

static void answered(void *user, const struct fc_server_answer *answer)
{
	struct fc_release_walk *w = user;

	if (answer->error) {
		not_reached(w, answer->error);
		return;
	}
	w->id = fc_xstrdup_null(answer->id);
	if (!w->id)
		fc_release_walk_problem(
			w, fc_xasprintf("%s: its id (uid of kube-system) may not be read: copies that name it are not "
					"known as such",
					w->o.info->name));
	w->discovery = fc_discovery_start(fc_client_transport(w->client), discovered, w);
}

struct fc_release_walk *fc_release_walk_start(const struct fc_release_walk_options *options)
{
	struct fc_release_walk *w = fc_xcalloc(1, sizeof(*w));

	w->o = *options;
	w->error = FC_ERROR_INIT;
	w->client = fc_client_open(&(struct fc_client_options){ .loop = options->loop,
								.name = options->info->name,
								.access = options->access,
								.plugins = options->plugins },
				   &w->error);
	if (!w->client) {
		w->timer = fc_loop_timer(options->loop, 0, fail_later, w);
		return w;
	}
	w->timer = fc_loop_timer(options->loop, options->timeout_ms, give_up, w);
	w->probe = (struct fc_server_probe){ .transport = fc_client_transport(w->client),
					     .answered = answered,
					     .user = w,
					     .timeout_ms = options->timeout_ms };
	fc_server_probe_believe(&w->probe);
	fc_server_probe_start(&w->probe);
	return w;
}

/* --- what came of it --- */

void fc_release_walk_finding_fini(struct fc_release_finding *f)
{
	fc_object_cancel(f->call);
	fc_resource_unref(f->resource);
	free(f->namespace_);
	free(f->name);
	fc_release_fini(&f->release);
}

void fc_release_walk_free(struct fc_release_walk *w)
{
	if (!w)
		return;
	fc_loop_timer_cancel(w->o.loop, &w->timer);
	fc_server_probe_fini(&w->probe);
	fc_discovery_cancel(w->discovery);
	for (size_t i = 0; i < w->count; i++)
		fc_release_walk_finding_fini(&w->findings[i]);
	if (w->client)
		fc_client_close(w->client);
	if (w->table)
		fc_resource_table_free(w->table);
	for (size_t i = 0; i < w->problem_count; i++)
		free(w->problems[i]);
	free(w->problems);
	free(w->findings);
	free(w->lists);
	free(w->id);
	free(w);
}

const char *fc_release_walk_id(const struct fc_release_walk *w)
{
	return w->id;
}

struct fc_release_place fc_release_walk_place(const struct fc_release_walk *w)
{
	return (struct fc_release_place){ .master = w->o.info->master, .dialects = w->o.info->dialects };
}

bool fc_release_walk_is_up(const struct fc_release_walk *w)
{
	return w->up;
}

struct fc_release_finding *fc_release_walk_findings(const struct fc_release_walk *w, size_t *count)
{
	*count = w->count;
	return w->findings;
}

const char *const *fc_release_walk_problems(const struct fc_release_walk *w, size_t *count)
{
	*count = w->problem_count;
	return (const char *const *)w->problems;
}

size_t fc_release_walk_others(const struct fc_release_walk *w)
{
	return w->others;
}
