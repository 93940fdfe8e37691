/* SPDX-License-Identifier: Apache-2.0 */
/* The status of a ConfigMapSync (B2, B6, B10 to B12, B27). Its own fields speak for its own cluster, `clusters` for
 * the others. What is only on its way to another state leaves what stands. */
#include "dialects/configmap_sync.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "dialects/resource_status.h"
#include "json/decode.h"

#define SUCCESS "Success"
#define FAILED "Failed"
#define IN_PROGRESS "InProgress"
#define MOST_FAILURES 1000000

/* What one outcome comes to. */
struct finding {
	bool open; /* nothing lasting can be said */
	bool well;
	bool hidden;		   /* whether source and destination exist is not told */
	const char *reason;	   /* of Synced */
	const char *source_reason; /* of SourceAvailable */
	char *message;
};

unsigned fc_configmap_sync_failures(const json_t *bearer)
{
	json_int_t n = 0;

	(void)fc_json_get_integer(json_object_get(bearer, "status"), "retryCount", &n);
	return n < 0 ? 0 : n > MOST_FAILURES ? MOST_FAILURES : (unsigned)n;
}

static bool is_word(const char *word)
{
	return word && (strcmp(word, SUCCESS) == 0 || strcmp(word, FAILED) == 0 || strcmp(word, IN_PROGRESS) == 0);
}

/* --- what an outcome comes to --- */

static struct finding failed(const struct fc_copy_outcome *o, const char *reason, const char *source_reason)
{
	return (struct finding){ .reason = reason,
				 .source_reason = source_reason,
				 .message = fc_xstrdup(o->message ? o->message : o->reason) };
}

static struct finding hidden(const struct fc_copy_outcome *o, const char *reason)
{
	struct finding f = failed(o, reason, reason);

	f.hidden = true;
	return f;
}

/* In its own cluster a source may be its own copy's place, where other clusters are named (B24). */
static bool is_at_home(const json_t *bearer)
{
	return strcmp(fc_configmap_sync_source_namespace(bearer),
		      fc_configmap_sync_word(bearer, "destinationNamespace")) == 0;
}

static struct finding in_sync(const json_t *bearer, const struct fc_copy_outcome *o)
{
	struct finding f = { .well = true, .reason = "SyncSucceeded", .source_reason = "SourceFound" };

	if (o->namespace_ || is_at_home(bearer)) {
		f.message = fc_xstrdup("the copy holds what its source holds");
		return f;
	}
	f = hidden(o, "NotAllowed");
	free(f.message);
	f.message = fc_xasprintf("namespace %s is not one of those that are worked in",
				 fc_configmap_sync_word(bearer, "destinationNamespace"));
	return f;
}

static struct finding source_not_found(const json_t *bearer, const struct fc_copy_outcome *o)
{
	struct finding f = failed(o, "SourceNotFound", "SourceNotFound");

	free(f.message);
	f.message = fc_xasprintf("source ConfigMap %s/%s not found", fc_configmap_sync_source_namespace(bearer),
				 fc_configmap_sync_word(bearer, "configMapName"));
	return f;
}

static struct finding sync_failed(const json_t *bearer, const struct fc_copy_outcome *o)
{
	bool fetch = strncmp(o->reason, "Source", strlen("Source")) == 0;
	struct finding f = failed(o, "SyncFailed", fetch ? "FetchError" : "SourceFound");

	if (strcmp(o->reason, "NamespaceMissing") != 0)
		return f;
	free(f.message);
	f.message = fc_xasprintf("destination namespace %s not found",
				 fc_configmap_sync_word(bearer, "destinationNamespace"));
	return f;
}

static struct finding find(const json_t *bearer, const struct fc_copy_outcome *o)
{
	static const struct finding open = { .open = true };

	switch (o->state) {
	case FC_STATE_IN_SYNC:
		return in_sync(bearer, o);
	case FC_STATE_INVALID:
		/* Of one place it is the server that has refused the copy. */
		return o->namespace_ ? sync_failed(bearer, o) : hidden(o, "InvalidSpec");
	case FC_STATE_CYCLE:
		return failed(o, "LoopDetected", o->source_exists ? "SourceFound" : "SourceNotFound");
	case FC_STATE_NOT_ALLOWED:
		return hidden(o, "NotAllowed");
	case FC_STATE_SOURCE_NOT_FOUND:
		return source_not_found(bearer, o);
	case FC_STATE_CONFLICT:
		return failed(o, "DestinationConflict", "SourceFound");
	case FC_STATE_PENDING:
		return o->passing || strcmp(o->reason, "Paused") == 0 ? open : sync_failed(bearer, o);
	case FC_STATE_CLUSTER_UNREACHABLE:
		return o->own ? open : sync_failed(bearer, o);
	default:
		return sync_failed(bearer, o);
	}
}

/* --- times --- */

/* The last success: this process's last write, what a status said before, or now where nobody knows. */
static void set_last_sync(json_t *object, const char *before, int64_t written_ms)
{
	char time[FC_RFC3339_BYTES] = "";

	if (written_ms)
		fc_time_rfc3339_seconds(written_ms, time);
	if (before && strcmp(before, time) >= 0)
		json_object_set_new(object, "lastSyncTime", json_string(before));
	else
		json_object_set_new(object, "lastSyncTime", json_string(written_ms ? time : FC_COPY_NOW));
}

/* --- other clusters --- */

static json_t *entry_of(const json_t *status, const char *cluster)
{
	return fc_resource_status_entry(status, "clusters", "name", cluster);
}

static json_t *cluster_entry(const json_t *bearer, const json_t *old, const struct fc_copy_outcome *o)
{
	struct finding f = find(bearer, o);
	const char *before = fc_resource_status_text(old, "lastSyncTime");
	json_t *entry;

	if (f.open)
		return is_word(fc_resource_status_text(old, "syncStatus"))
			       ? json_deep_copy(old)
			       : json_pack("{s:s, s:s}", "name", o->cluster, "syncStatus", IN_PROGRESS);
	entry = json_pack("{s:s, s:s, s:s}", "name", o->cluster, "syncStatus", f.well ? SUCCESS : FAILED, "message",
			  o->state == FC_STATE_CLUSTER_UNREACHABLE ? "the cluster cannot be reached" : f.message);
	if (f.well)
		set_last_sync(entry, before, o->written_ms);
	else if (before)
		json_object_set_new(entry, "lastSyncTime", json_string(before));
	free(f.message);
	return entry;
}

static int by_cluster(const void *a, const void *b)
{
	const struct fc_copy_outcome *const *x = a, *const *y = b;

	return strcmp((*x)->cluster, (*y)->cluster);
}

static void set_clusters(json_t *status, const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count)
{
	const struct fc_copy_outcome **others = fc_xcalloc(count + 1, sizeof(struct fc_copy_outcome *));
	json_t *list = json_array();
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (!outcomes[i].own)
			others[n++] = &outcomes[i];
	qsort(others, n, sizeof(struct fc_copy_outcome *), by_cluster);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, cluster_entry(bearer, entry_of(status, others[i]->cluster), others[i]));
	free(others);
	if (json_array_size(list))
		json_object_set(status, "clusters", list);
	else
		json_object_del(status, "clusters");
	json_decref(list);
}

/* The first one with that word, which each has by now; NULL: none has it. */
static const json_t *cluster_with(const json_t *status, const char *word)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(status, "clusters"), i, entry)
		if (strcmp(fc_resource_status_text(entry, "syncStatus"), word) == 0)
			return entry;
	return NULL;
}

/* --- the whole --- */

static json_t *status_as_it_stands(const json_t *bearer)
{
	const json_t *status = json_object_get(bearer, "status");

	return json_is_object(status) ? json_deep_copy(status) : json_object();
}

static const struct fc_copy_outcome *own_outcome(const struct fc_copy_outcome *outcomes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (outcomes[i].own)
			return &outcomes[i];
	return NULL;
}

static void set_existence(json_t *status, const json_t *bearer, const struct fc_copy_outcome *o, bool hides)
{
	bool copy_exists = o->namespace_ ? o->exists : is_at_home(bearer) && o->source_exists;

	if (o->unseen)
		copy_exists = json_is_true(json_object_get(status, "destinationExists"));
	json_object_set_new(status, "sourceExists", json_boolean(!hides && o->source_exists));
	json_object_set_new(status, "destinationExists", json_boolean(!hides && copy_exists));
}

/* Success only when all clusters are. */
static void sum_up(json_t *status, const struct finding *f)
{
	const json_t *bad = cluster_with(status, FAILED);
	FC_AUTO_FREE char *why = NULL;

	if (!f->well || bad)
		json_object_set_new(status, "syncStatus", json_string(FAILED));
	else
		json_object_set_new(status, "syncStatus",
				    json_string(cluster_with(status, IN_PROGRESS) ? IN_PROGRESS : SUCCESS));
	if (f->well && bad)
		why = fc_xasprintf("cluster %s: %s", fc_resource_status_text(bad, "name"),
				   fc_resource_status_text(bad, "message") ?: "not in sync");
	json_object_set_new(status, "message", json_string(why ? why : f->message));
}

static void set_conditions(json_t *status, const json_t *bearer, const struct finding *f)
{
	bool found = strcmp(f->source_reason, "SourceFound") == 0;
	bool ready = strcmp(fc_resource_status_text(status, "syncStatus"), SUCCESS) == 0;

	fc_resource_status_set_condition(status, bearer, "Synced", f->well, f->reason, f->message);
	fc_resource_status_set_condition(status, bearer, "SourceAvailable", found, f->source_reason,
					 found ? "the source ConfigMap was found" : f->message);
	fc_resource_status_set_condition(status, bearer, "Ready", ready, ready ? "AllComponentsReady" : "NotReady",
					 fc_resource_status_text(status, "message"));
}

static int64_t last_written_ms(const struct fc_copy_outcome *own, const struct fc_copy_outcome *outcomes, size_t count)
{
	int64_t last = own->written_ms;

	/* Where nothing is copied at home, what was copied elsewhere counts. */
	for (size_t i = 0; i < count && !own->namespace_; i++)
		if (outcomes[i].written_ms > last)
			last = outcomes[i].written_ms;
	return last;
}

/* B6, B10 to B12. What is no failed try leaves the number of these. */
static void set_own(json_t *status, const json_t *bearer, const struct finding *f, const struct fc_copy_outcome *own,
		    int64_t written_ms)
{
	bool counts = strcmp(f->reason, "SyncFailed") == 0 && own->failures;
	FC_AUTO_FREE char *before = fc_xstrdup_null(fc_resource_status_text(status, "lastSyncTime"));
	json_int_t failures = f->well ? 0 : fc_configmap_sync_failures(bearer);

	/* The same failure may be told of by two that run at once: neither counts it back. */
	if (counts && failures < own->failures)
		failures = own->failures;
	set_existence(status, bearer, own, f->hidden);
	json_object_set_new(status, "retryCount", json_integer(failures));
	sum_up(status, f);
	set_conditions(status, bearer, f);
	if (f->well)
		set_last_sync(status, before, written_ms);
}

/* What is being deleted is told of by what happens to it. */
static bool is_ending(const json_t *bearer)
{
	return fc_json_metadata(bearer, "deletionTimestamp")[0] != '\0';
}

json_t *fc_configmap_sync_status(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count)
{
	const struct fc_copy_outcome *own = own_outcome(outcomes, count);
	struct finding f;
	json_t *status;

	if (!own || is_ending(bearer))
		return NULL;
	status = status_as_it_stands(bearer);
	f = find(bearer, own);
	if (f.open && !fc_resource_status_text(status, "syncStatus")) {
		json_decref(status);
		return NULL;
	}
	set_clusters(status, bearer, outcomes, count);
	if (!f.open)
		set_own(status, bearer, &f, own, last_written_ms(own, outcomes, count));
	free(f.message);
	return status;
}

/* A result is of the generation that its conditions name; the original names none. */
static bool has_begun(const json_t *bearer)
{
	const json_t *status = json_object_get(bearer, "status");
	const char *word = fc_resource_status_text(status, "syncStatus");
	json_int_t seen = 0;

	if (!is_word(word))
		return false;
	if (strcmp(word, IN_PROGRESS) == 0)
		return true;
	(void)fc_json_get_integer(fc_resource_status_condition(status, "Synced"), "observedGeneration", &seen);
	return seen == 0 || seen == fc_resource_status_generation(bearer);
}

/* B2. */
json_t *fc_configmap_sync_status_before(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count)
{
	const struct fc_copy_outcome *own = own_outcome(outcomes, count);
	json_t *status;

	if (!own || is_ending(bearer) || has_begun(bearer))
		return NULL;
	status = status_as_it_stands(bearer);
	json_object_set_new(status, "syncStatus", json_string(IN_PROGRESS));
	json_object_set_new(status, "message", json_string("being copied"));
	set_existence(status, bearer, own, false);
	return status;
}
