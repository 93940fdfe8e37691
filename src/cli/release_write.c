/* SPDX-License-Identifier: Apache-2.0 */
/* Takes back what was found in a cluster, some objects at a time. */
#include "cli/release_walk_parts.h"

#include "base/mem.h"
#include "kube/object_client.h"

/* Writes under way at once. */
#define AT_ONCE 16
/* A conflict is somebody else's write: the object is read and judged again. */
#define MAX_TRIES 5

static void write_more(struct fc_release_walk *w);
static void write_one(struct fc_release_finding *f);

static void ended(struct fc_release_finding *f, const struct fc_error *err)
{
	struct fc_release_walk *w = f->walk;

	/* What is gone bears nothing any more. */
	f->failed = err && err->cls != FC_ERR_NOT_FOUND;
	if (f->failed)
		f->error = *err;
	w->writing--;
	write_more(w);
}

static void read_again(void *user, json_t *object, const struct fc_error *err)
{
	struct fc_release_finding *f = user;
	struct fc_buf what;

	f->call = NULL;
	if (err) {
		ended(f, err);
		return;
	}
	/* What it says was to be taken off stays said. */
	what = f->release.what;
	f->release.what = FC_BUF_INIT;
	fc_release_fini(&f->release);
	fc_release_walk_judge(f->walk, object, &f->release);
	fc_buf_fini(&f->release.what);
	f->release.what = what;
	json_decref(object);
	if (f->release.patch)
		write_one(f);
	else
		ended(f, NULL);
}

static void written(void *user, json_t *object, const struct fc_error *err)
{
	struct fc_release_finding *f = user;
	struct fc_release_walk *w = f->walk;
	bool again = err && f->tries < MAX_TRIES && (err->cls == FC_ERR_CONFLICT || err->outcome_unknown);

	f->call = NULL;
	json_decref(object);
	if (again)
		f->call = fc_object_read(fc_client_transport(w->client), f->resource, f->namespace_, f->name,
					 read_again, f);
	else
		ended(f, err);
}

static void write_one(struct fc_release_finding *f)
{
	f->tries++;
	f->call = fc_object_patch(fc_client_transport(f->walk->client), f->resource, f->namespace_, f->name, NULL,
				  f->release.patch, written, f);
}

static void write_more(struct fc_release_walk *w)
{
	while (w->writing < AT_ONCE && w->next < w->count) {
		struct fc_release_finding *f = &w->findings[w->next++];

		if (f->release.asks != w->asks)
			continue;
		f->walk = w;
		w->writing++;
		write_one(f);
	}
	if (w->writing == 0)
		fc_release_walk_phase_ends(w);
}

static void begin_writes(void *user)
{
	struct fc_release_walk *w = user;

	w->timer = NULL;
	write_more(w);
}

void fc_release_walk_write(struct fc_release_walk *w, bool asks)
{
	w->asks = asks;
	w->next = 0;
	w->timer = fc_loop_timer(w->o.loop, 0, begin_writes, w);
}
