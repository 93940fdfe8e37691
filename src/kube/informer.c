/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/informer.h"

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "kube/informer_internal.h"
#include "kube/url.h"

#include <assert.h>
#include <string.h>

/* kube-client 5.14. */
#define BACKOFF_BASE_MS 800
#define BACKOFF_CAP_MS 30000

static struct fc_loop *loop_of(const struct fc_informer *i)
{
	return fc_transport_loop(i->o.transport);
}

static void informer_free(struct fc_informer *i)
{
	if (i->request)
		fc_request_cancel(i->request);
	fc_informer_drop_framer(i);
	fc_loop_timer_cancel(loop_of(i), &i->retry);
	fc_loop_timer_cancel(loop_of(i), &i->deadline);
	fc_key_set_fini(&i->passed);
	fc_key_set_fini(&i->listed);
	fc_resource_unref(i->resource);
	free((char *)(uintptr_t)i->o.namespace_);
	free((char *)(uintptr_t)i->o.name);
	free(i->label);
	free(i->version);
	free(i->token);
	free(i);
}

void fc_informer_enter(struct fc_informer *i)
{
	i->entered++;
}

bool fc_informer_is_ending(const struct fc_informer *i)
{
	return i->stopped || i->relist;
}

int fc_informer_unless_ending(const struct fc_informer *i, int rc, struct fc_error *err)
{
	if (!fc_informer_is_ending(i))
		return rc;
	return fc_error_set(err, FC_ERR_CANCELLED, i->stopped ? "stopped" : "to be listed again");
}

static void begin_anew(struct fc_informer *i)
{
	i->relist = false;
	fc_request_cancel(fc_steal(&i->request)); /* NULL allowed */
	fc_informer_drop_framer(i);
	fc_loop_timer_cancel(loop_of(i), &i->deadline);
	free(fc_steal(&i->token));
	i->begun = i->unlimited = false;
	i->expired = i->refusals = 0;
	fc_informer_go(i, FC_INFORMER_LIST, 0);
}

bool fc_informer_leave(struct fc_informer *i)
{
	bool going_on = !fc_informer_is_ending(i);

	/* A request that is still there is the one whose on_data is under way, which must not cancel it: on_done comes
	 * here again. */
	if (--i->entered > 0 || going_on || i->request)
		return going_on;
	if (i->stopped)
		informer_free(i);
	else
		begin_anew(i);
	return false;
}

static void next_request(void *user)
{
	struct fc_informer *i = user;

	i->retry = NULL;
	fc_informer_enter(i);
	if (i->phase == FC_INFORMER_LIST && fc_informer_may_stream(i))
		i->phase = FC_INFORMER_STREAM;
	if (i->phase == FC_INFORMER_LIST)
		fc_informer_list_page(i);
	else
		fc_informer_watch_open(i);
	if (fc_informer_is_ending(i))
		fc_request_cancel(fc_steal(&i->request));
	(void)fc_informer_leave(i);
}

void fc_informer_go(struct fc_informer *i, enum fc_informer_phase phase, int64_t delay_ms)
{
	assert(!i->request);
	i->phase = phase;
	fc_loop_timer_cancel(loop_of(i), &i->retry);
	/* By a timer at once too: a request is never begun from inside the end of another one. */
	i->retry = fc_loop_timer(loop_of(i), delay_ms, next_request, i);
}

void fc_informer_fail(struct fc_informer *i, enum fc_informer_phase next, const struct fc_error *why, bool only_mended)
{
	int64_t now_ms = fc_clock_mono_ms();
	int64_t delay_ms = only_mended ? fc_backoff_at_cap(&i->backoff, i->o.random, now_ms)
				       : fc_backoff_next(&i->backoff, i->o.random, now_ms);

	if (why->retry_after_ms > delay_ms)
		delay_ms = why->retry_after_ms;
	fc_informer_go(i, next, delay_ms);
	if (i->failed != why->cls) {
		i->failed = why->cls;
		i->o.callbacks->on_failed(i->o.user, why);
	}
}

int fc_informer_url(const struct fc_informer *i, struct fc_buf *out, struct fc_error *err)
{
	if (fc_url_object(out, i->resource, i->o.namespace_, NULL, NULL, err) < 0)
		return -1;
	if (i->o.name)
		fc_url_field_selector(out, "metadata.name", i->o.name);
	return 0;
}

void fc_informer_drop_framer(struct fc_informer *i)
{
	fc_framer_free(i->framer);
	i->framer = NULL;
}

void fc_informer_set_version(struct fc_informer *i, const char *version)
{
	if (strcmp(i->version, version) == 0)
		return;
	char *copy = fc_xstrdup(version);
	free(i->version);
	i->version = copy;
}

void fc_informer_count(struct fc_informer *i, enum fc_metric_id id, const char *word)
{
	fc_metrics_add(i->o.metrics, id, 1, FC_LABELS(fc_transport_cluster(i->o.transport), i->label, word));
}

struct fc_informer *fc_informer_start(const struct fc_informer_options *options)
{
	struct fc_informer *i = fc_xcalloc(1, sizeof(*i));

	i->o = *options;
	i->o.namespace_ = fc_xstrdup_null(options->namespace_);
	i->o.name = fc_xstrdup_null(options->name);
	i->resource = fc_resource_ref(options->resource);
	i->o.resource = i->resource;
	i->label = fc_resource_name(i->resource);
	i->version = fc_xstrdup("");
	i->page_items = FC_INFORMER_PAGE_ITEMS;
	i->backoff = FC_BACKOFF_INIT(BACKOFF_BASE_MS, BACKOFF_CAP_MS);

	uint64_t seed = fc_random_next(options->random);
	fc_key_set_init(&i->passed, seed);
	fc_key_set_init(&i->listed, seed);
	fc_informer_go(i, FC_INFORMER_LIST, 0);
	return i;
}

void fc_informer_stop(struct fc_informer *i)
{
	if (i->entered)
		i->stopped = true;
	else
		informer_free(i);
}

void fc_informer_relist(struct fc_informer *i)
{
	if (i->phase == FC_INFORMER_WATCH && !i->relist)
		fc_informer_count(i, FC_METRIC_WATCH_RESTARTS, "relist");
	if (i->entered)
		i->relist = true;
	else
		begin_anew(i);
}

void fc_informer_retry_now(struct fc_informer *i)
{
	if (i->retry)
		fc_informer_go(i, i->phase, 0);
}
