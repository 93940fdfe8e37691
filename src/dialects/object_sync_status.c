/* SPDX-License-Identifier: Apache-2.0 */
/* The status of an ObjectSync: which copies there are (B13, B18, B34), whether it can be followed (Ready), and whether
 * all copies are as they are wanted (InSync). While anything is only on its way to another state it says no more than
 * which copies are about to be made. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialects/object_sync.h"
#include "dialects/resource_status.h"
#include "json/decode.h"
#include "model/marks.h"

#define SUCCESS "Success"
#define FAILURE "Failure"

struct count {
	size_t good, all;
	const struct fc_copy_outcome *bad; /* the first that keeps it from being in sync; NULL: none */
};

/* --- destinations --- */

static bool has_reason(const struct fc_copy_outcome *o, const char *reason)
{
	return o->reason && strcmp(o->reason, reason) == 0;
}

static const char *text_in(const json_t *object, const char *member)
{
	return fc_resource_status_text(object, member) ?: "";
}

static const char *cluster_of(const struct fc_copy_outcome *o)
{
	return o->own || !o->cluster ? "" : o->cluster;
}

/* One spec may have named objects of one kind in a place where the next names those of another. */
static bool is_of_kind(const json_t *entry, const struct fc_copy_outcome *o)
{
	const char *group = o->resource ? o->resource->group : o->group;
	const char *kind = o->resource ? o->resource->kind : o->kind;

	return !kind || (strcmp(text_in(entry, "group"), group) == 0 && strcmp(text_in(entry, "kind"), kind) == 0);
}

static json_t *entry_of(const json_t *bearer, const struct fc_copy_outcome *o)
{
	json_t *list = json_object_get(json_object_get(bearer, "status"), "destinations"), *entry;
	size_t i;

	json_array_foreach(list, i, entry)
		if (strcmp(text_in(entry, "namespace"), o->namespace_) == 0 &&
		    strcmp(text_in(entry, "name"), o->name) == 0 &&
		    strcmp(text_in(entry, "cluster"), cluster_of(o)) == 0 && is_of_kind(entry, o))
			return entry;
	return NULL;
}

/* B10: what waits for its namespace is none. B24: nor is what has no source, once it is gone. */
static bool is_listed(const struct fc_copy_outcome *o)
{
	if (!o->namespace_ || o->left_over)
		return o->namespace_;
	if (o->state == FC_STATE_SOURCE_NOT_FOUND)
		return o->ours && o->listed;
	return !has_reason(o, "NamespaceMissing");
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static void set_version(json_t *entry, const char *member, const char *uid, const char *version)
{
	if (uid && version)
		json_object_set_new(entry, member, json_pack("{s:s, s:s}", "uid", uid, "resource_version", version));
}

static void keep(json_t *entry, const json_t *old, const char *member)
{
	if (json_object_get(old, member))
		json_object_set(entry, member, json_object_get(old, member));
}

/* B18: what was written last, and of what; as it was found where nothing was written. */
static void set_versions(json_t *entry, const json_t *old, const struct fc_copy_outcome *o)
{
	bool same = same_text(fc_resource_status_text(json_object_get(old, "syncedVersion"), "uid"), o->uid) &&
		    same_text(fc_resource_status_text(json_object_get(old, "sourceVersion"), "uid"), o->source_uid);

	if (o->state == FC_STATE_IN_SYNC && o->written_version) {
		set_version(entry, "sourceVersion", o->written_source_uid, o->written_source_version);
		set_version(entry, "syncedVersion", o->uid, o->written_version);
	} else if (o->state == FC_STATE_IN_SYNC && !same) {
		set_version(entry, "sourceVersion", o->source_uid, o->source_version);
		set_version(entry, "syncedVersion", o->uid, o->version);
	} else {
		keep(entry, old, "sourceVersion");
		keep(entry, old, "syncedVersion");
	}
}

static json_t *new_entry(const json_t *bearer, const struct fc_copy_outcome *o)
{
	const json_t *old = entry_of(bearer, o);
	struct fc_object_sync_destination d;
	json_t *entry;

	/* It is what it was. */
	if (old && (o->left_over || !o->resource))
		return json_deep_copy(old);
	if (!o->resource)
		return NULL;
	entry = json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", o->name, "namespace", o->namespace_, "group",
			  o->resource->group, "version", o->resource->version, "kind", o->resource->kind);
	if (!o->own)
		json_object_set_new(entry, "cluster", json_string(o->cluster));
	if (fc_object_sync_find(bearer, o->namespace_, o->name, &d) && d.strategy)
		json_object_set_new(entry, "strategy", json_string(d.strategy));
	set_versions(entry, old, o);
	return entry;
}

static int by_place(const void *a, const void *b)
{
	static const char *const keys[] = { "namespace", "name", "cluster" };
	const json_t *const *x = a, *const *y = b;
	int order = 0;

	for (size_t i = 0; i < FC_ARRAY_LEN(keys) && !order; i++)
		order = strcmp(text_in(*x, keys[i]), text_in(*y, keys[i]));
	return order;
}

static json_t *new_list(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count)
{
	json_t **entries = fc_xcalloc(count + 1, sizeof(json_t *)), *list = json_array();
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (is_listed(&outcomes[i]) && (entries[n] = new_entry(bearer, &outcomes[i])))
			n++;
	qsort(entries, n, sizeof(json_t *), by_place);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, entries[i]);
	free(entries);
	return list;
}

/* B13: a copy is listed before it is made. What else has come about is told when all has. */
static bool lacks_entry(const struct fc_copy_outcome *outcomes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!outcomes[i].listed && is_listed(&outcomes[i]) && outcomes[i].resource)
			return true;
	return false;
}

static json_t *list_with_missing(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count)
{
	const json_t *stands = json_object_get(json_object_get(bearer, "status"), "destinations");
	size_t stood = json_array_size(stands), n = stood;
	json_t **entries = fc_xcalloc(stood + count + 1, sizeof(json_t *)), *list = json_array();

	for (size_t i = 0; i < stood; i++)
		entries[i] = json_deep_copy(json_array_get(stands, i));
	for (size_t i = 0; i < count; i++)
		if (!outcomes[i].listed && is_listed(&outcomes[i]) && outcomes[i].resource)
			entries[n++] = new_entry(bearer, &outcomes[i]);
	qsort(entries, n, sizeof(json_t *), by_place);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, entries[i]);
	free(entries);
	return list;
}

/* --- Ready --- */

/* Why it cannot be followed at all; NULL: it can. The kind of its source is that of its own cluster. */
static const char *unready(const struct fc_copy_outcome *o)
{
	if (!o->own || o->left_over)
		return NULL;
	if (has_reason(o, "TypeNotServed"))
		return "the cluster serves no such group, version and kind";
	if (o->namespace_)
		return NULL;
	if (o->state == FC_STATE_INVALID || o->state == FC_STATE_NOT_ALLOWED)
		return o->message;
	return o->source_outside ? "the source's namespace is not one of those that are worked in" : NULL;
}

static const char *first_unready(const struct fc_copy_outcome *outcomes, size_t count)
{
	const char *why = NULL;

	for (size_t i = 0; i < count && !why; i++)
		why = unready(&outcomes[i]);
	return why;
}

static void set_ready(json_t *status, const json_t *bearer, const char *why)
{
	fc_resource_status_set_condition(status, bearer, "Ready", !why, why ? FAILURE : SUCCESS, why ?: "registered");
}

/* --- InSync --- */

static bool is_braked(const struct fc_copy_outcome *o)
{
	return has_reason(o, "Brake");
}

static bool is_good(const struct fc_copy_outcome *o)
{
	return o->state == FC_STATE_IN_SYNC && !o->left_over && !o->source_ending &&
	       (o->namespace_ || o->source_exists);
}

static struct count count_of(const struct fc_copy_outcome *outcomes, size_t count)
{
	struct count n = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct fc_copy_outcome *o = &outcomes[i];
		bool listed = is_listed(o), good = is_good(o);
		/* What waits for its namespace is no fault, but a source that is missing is one. */
		bool waits = o->namespace_ && has_reason(o, "NamespaceMissing") && !o->source_missing;

		if (listed) {
			n.all++;
			n.good += good;
		}
		/* Its own words are worth more than those of what waits for the same. And what the brake has stopped
		 * waits for the operator. */
		if (!waits && !good && (!n.bad || (is_braked(o) && !is_braked(n.bad))))
			n.bad = o;
	}
	return n;
}

/* Whoever may not read a source is not told of it. */
static const char *why_bad(const struct fc_copy_outcome *o)
{
	if (o->source_ending && o->state != FC_STATE_NOT_ALLOWED && !is_braked(o))
		return "the source is being deleted";
	if (has_reason(o, "NamespaceMissing"))
		return "the source does not exist";
	return o->message ?: o->reason ?: "";
}

static char *message_of(const struct count *n)
{
	const struct fc_copy_outcome *o = n->bad;
	const char *why = o ? why_bad(o) : "";
	bool far = o && !o->own && o->cluster;

	if (!o)
		return fc_xasprintf("%zu of %zu", n->good, n->all);
	if (!o->namespace_)
		return fc_xasprintf("%zu of %zu; %s%s%s", n->good, n->all, far ? o->cluster : "", far ? ": " : "", why);
	return fc_xasprintf("%zu of %zu; %s%s%s/%s: %s%s", n->good, n->all, far ? o->cluster : "", far ? "/" : "",
			    o->namespace_, o->name, is_braked(o) ? "Brake: " : "", why);
}

static void set_in_sync(json_t *status, const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count)
{
	struct count n = count_of(outcomes, count);
	FC_AUTO_FREE char *message = message_of(&n);

	fc_resource_status_set_condition(status, bearer, "InSync", !n.bad, n.bad ? FAILURE : SUCCESS, message);
}

/* --- the whole --- */

static bool any_is_passing(const struct fc_copy_outcome *outcomes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (outcomes[i].passing)
			return true;
	return false;
}

static bool is_ending(const json_t *bearer)
{
	return fc_json_metadata(bearer, "deletionTimestamp")[0] != '\0';
}

static bool any_is_left_over(const struct fc_copy_outcome *outcomes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (outcomes[i].left_over)
			return true;
	return false;
}

static json_t *status_as_it_stands(const json_t *bearer)
{
	const json_t *status = json_object_get(bearer, "status");

	return json_is_object(status) ? json_deep_copy(status) : json_object();
}

json_t *fc_object_sync_status(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count)
{
	bool passing = any_is_passing(outcomes, count), lacks = lacks_entry(outcomes, count);
	const char *why = first_unready(outcomes, count);
	json_t *status;

	/* What is being deleted tells of what keeps it. */
	if (fc_marks_paused(bearer) || (passing && !lacks && !why) ||
	    (is_ending(bearer) && (passing || !any_is_left_over(outcomes, count))))
		return NULL;
	status = status_as_it_stands(bearer);
	if (passing)
		json_object_set_new(status, "destinations", list_with_missing(bearer, outcomes, count));
	else
		json_object_set_new(status, "destinations", new_list(bearer, outcomes, count));
	if (!is_ending(bearer))
		set_ready(status, bearer, why);
	if (!passing && !why)
		set_in_sync(status, bearer, outcomes, count);
	return status;
}
