/* SPDX-License-Identifier: Apache-2.0 */
/* The echoes of our own patches. A watch tells of what a patch has made too, mostly before the patch is answered
 * (kube-client 6.14), and then tells nothing new. So of an object that is being patched the text of the last change is
 * kept and not decoded; when the answer has come it is forgotten, if it is what the answer tells, or older. Where the
 * answer comes first, its version is remembered until the echo comes: that version alone, since versions go back where
 * a cluster is restored from a backup. A list ends all of it: it may tell of a time before the answer. */
#include "base/clock.h"
#include "base/mem.h"
#include "clusters/watcher_internal.h"
#include "json/framer.h"
#include "model/resource_version.h"

#include <string.h>
#include <utlist.h>

/* A patch that changes nothing has no echo, and a watch may be late: the oldest go first, and none stays for long. */
#define MOST_ANSWERED 32
#define ANSWERED_MS 10000

struct fc_watcher_echo {
	struct fc_watcher_echo *prev, *next; /* in the list of the watcher: those that are answered last, in order */
	struct fc_resource *resource;
	char *namespace_, *name; /* namespace_ may be NULL: cluster-scoped */
	char *answered;		 /* the version that the answer told; NULL: it has not come */
	int64_t answered_ms;
	/* The last change that a watch told before it; bytes NULL: none. */
	uint32_t watch;
	char *version, *bytes;
	size_t len;
	int64_t received_us;
};

static void drop(struct fc_watcher_echo *e)
{
	/* A server that knows no metadata-only form sends whole objects. */
	if (e->bytes)
		fc_free_secret(fc_steal(&e->bytes), e->len);
	free(fc_steal(&e->version));
}

static void echo_free(struct fc_watcher *w, struct fc_watcher_echo *e)
{
	DL_DELETE(w->echoes, e);
	w->answered_echoes -= e->answered != NULL;
	drop(e);
	fc_resource_unref(e->resource);
	free(e->namespace_);
	free(e->name);
	free(e->answered);
	free(e);
}

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static struct fc_watcher_echo *find(struct fc_watcher *w, const struct fc_resource *r, const char *namespace_,
				    const char *name)
{
	struct fc_watcher_echo *e;

	DL_FOREACH(w->echoes, e)
		if (same(e->name, name) && same(e->namespace_, namespace_) && fc_resource_same(e->resource, r))
			return e;
	return NULL;
}

struct fc_watcher_echo *fc_watcher_echo_expect(struct fc_watcher *w, const struct fc_action *patch)
{
	struct fc_watcher_echo *e = find(w, patch->resource, patch->namespace_, patch->name);

	/* The last one's may be kept for this one: it is older than what this one makes. */
	if (e && e->answered)
		echo_free(w, e);
	if (!fc_watcher_watch_has_echo(w, patch->resource, patch->namespace_, patch->name))
		return NULL;
	e = fc_xcalloc(1, sizeof(*e));
	e->resource = fc_resource_ref(patch->resource);
	e->namespace_ = fc_xstrdup_null(patch->namespace_);
	e->name = fc_xstrdup(patch->name);
	DL_PREPEND(w->echoes, e);
	return e;
}

static bool is_echo(struct fc_watcher *w, struct fc_watcher_echo *e, const char *version)
{
	if (fc_rv_compare(version, e->answered) != FC_RV_SAME)
		return false;
	echo_free(w, e);
	return true;
}

/* One watch's alone: another one may tell of the object what this one has not, or not yet. */
static bool keep(struct fc_watcher_echo *e, uint32_t watch, const char *bytes, size_t len, const char *version)
{
	char *copy = e->bytes && e->watch != watch ? NULL : fc_try_realloc(NULL, len);

	if (!copy)
		return false;
	drop(e);
	memcpy(copy, bytes, len);
	e->watch = watch;
	e->bytes = copy;
	e->len = len;
	e->version = fc_xstrdup(version);
	return true;
}

static bool keeps(struct fc_watcher *w, struct fc_watcher_echo *e, uint32_t watch, const char *bytes, size_t len,
		  int64_t received_us, const char *version)
{
	if (e->answered)
		return is_echo(w, e, version);
	if (!keep(e, watch, bytes, len, version))
		return false;
	e->received_us = received_us;
	return true;
}

bool fc_watcher_echo_keeps(struct fc_watcher *w, const struct fc_resource *r, uint32_t watch, const char *bytes,
			   size_t len, int64_t received_us, struct fc_informer_key *key)
{
	struct fc_informer_key found = { 0 };
	bool kept = false;

	fc_watcher_echo_age(w, fc_clock_mono_ms());
	/* What is held back is told after the answer, and may be older: whatever comes behind it is told behind it. */
	if (!w->echoes || w->held.count)
		return false;
	if (fc_framer_find_key(bytes, len, &found.namespace_, &found.name, &found.version) == 0 && found.version) {
		struct fc_watcher_echo *e = find(w, r, found.namespace_, found.name);

		kept = e && keeps(w, e, watch, bytes, len, received_us, found.version);
	}
	if (kept)
		*key = found;
	else
		fc_informer_key_fini(&found);
	return kept;
}

static struct fc_watcher_echo *oldest_answered(struct fc_watcher *w)
{
	struct fc_watcher_echo *e;

	DL_FOREACH(w->echoes, e)
		if (e->answered)
			return e;
	return NULL;
}

void fc_watcher_echo_age(struct fc_watcher *w, int64_t now_ms)
{
	while (w->answered_echoes) {
		struct fc_watcher_echo *oldest = oldest_answered(w);

		if (w->answered_echoes <= MOST_ANSWERED && now_ms - oldest->answered_ms < ANSWERED_MS)
			return;
		echo_free(w, oldest);
	}
}

static void remember(struct fc_watcher *w, struct fc_watcher_echo *e, const char *answered)
{
	/* An older list may be told behind the answer: the echo sets that right. */
	if (w->held.count) {
		echo_free(w, e);
		return;
	}
	drop(e);
	DL_DELETE(w->echoes, e);
	DL_APPEND(w->echoes, e);
	e->answered = fc_xstrdup(answered);
	e->answered_ms = fc_clock_mono_ms();
	w->answered_echoes++;
	fc_watcher_echo_age(w, e->answered_ms);
}

void fc_watcher_echo_settle(struct fc_watcher *w, struct fc_watcher_echo *e, const char *answered)
{
	bool succeeded = answered && answered[0];
	/* With nothing kept the echo is to come. */
	enum fc_rv_order order = !succeeded ? FC_RV_UNKNOWN
				 : e->bytes ? fc_rv_compare(e->version, answered)
					    : FC_RV_OLDER;

	if (order == FC_RV_OLDER) {
		remember(w, e, answered);
		return;
	}
	struct fc_watcher_echo kept = *e;
	e->bytes = NULL;
	echo_free(w, e);
	if (!kept.bytes)
		return;
	if (order != FC_RV_SAME)
		fc_watcher_watch_tell(w, kept.watch, kept.bytes, kept.len, kept.received_us);
	fc_free_secret(kept.bytes, kept.len);
}

void fc_watcher_echo_forget(struct fc_watcher *w, struct fc_watcher_echo *e)
{
	if (e)
		echo_free(w, e);
}

void fc_watcher_echo_overtaken(struct fc_watcher *w, const struct fc_resource *r, uint32_t watch,
			       const char *namespace_, const char *name, const char *version)
{
	struct fc_watcher_echo *e = w->echoes ? find(w, r, namespace_, name) : NULL;

	if (!e)
		return;
	if (!e->answered && e->bytes && e->watch == watch)
		drop(e);
	else if (e->answered && fc_rv_compare(version, e->answered) != FC_RV_OLDER)
		echo_free(w, e);
}

void fc_watcher_echo_drop_watch(struct fc_watcher *w, const struct fc_resource *r, uint32_t watch)
{
	struct fc_watcher_echo *e, *next;

	DL_FOREACH_SAFE(w->echoes, e, next) {
		if (e->answered && fc_resource_same(e->resource, r))
			echo_free(w, e);
		else if (e->bytes && e->watch == watch)
			drop(e);
	}
}

void fc_watcher_echo_drop_all(struct fc_watcher *w)
{
	while (w->echoes)
		echo_free(w, w->echoes);
}
