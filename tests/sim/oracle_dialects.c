/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of kopy and configmap-sync mean, by their guides alone. */
#include "dialects_parts.h"
#include "object_sync_parts.h"
#include "replicator_parts.h"

#include "json/decode.h"

#include <stdio.h>

/* --- looking --- */

static const char *in_metadata(const json_t *object, const char *map, const char *key)
{
	return json_string_value(json_object_get(json_object_get(json_object_get(object, "metadata"), map), key));
}

const char *whole_annotation(const json_t *object, const char *key)
{
	return in_metadata(object, "annotations", key);
}

const char *whole_label(const json_t *object, const char *key)
{
	return in_metadata(object, "labels", key);
}

bool whole_has_finalizer(const json_t *object, const char *finalizer)
{
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(object, "metadata"), "finalizers"), i, name)
		if (strcmp(json_string_value(name), finalizer) == 0)
			return true;
	return false;
}

bool whole_is_paused(const json_t *object)
{
	const char *text = whole_annotation(object, "fedcopy.dev/pause");

	return text && strcmp(text, "true") == 0;
}

bool whole_is_ending(const json_t *object)
{
	return json_object_get(json_object_get(object, "metadata"), "deletionTimestamp");
}

const json_t *whole_space(const struct member *m, const char *ns)
{
	return api_server_object(m->home->api, "", "namespaces", "", ns);
}

static bool is(const char *text, const char *other)
{
	return text && strcmp(text, other) == 0;
}

static bool are_bad_clusters(const json_t *object)
{
	return is(whole_annotation(object, "fedcopy.dev/clusters"), "region in (");
}

/* --- kopy --- */

bool kopy_has_finalizer(const json_t *object)
{
	return whole_has_finalizer(object, KOPY_HEAD "finalizer") ||
	       whole_has_finalizer(object, KOPY_GUIDE "finalizer");
}

static const char *kopy_origin(const json_t *object, bool *differ)
{
	const char *head = whole_label(object, KOPY_HEAD "origin.namespace");
	const char *guide = whole_label(object, KOPY_GUIDE "origin.namespace");

	*differ = head && guide && strcmp(head, guide) != 0;
	return head ? head : guide;
}

bool kopy_is_copy(const json_t *object)
{
	bool differ;

	return kopy_origin(object, &differ) && kopy_has_finalizer(object);
}

/* F2. */
const char *kopy_selector(const json_t *object, const char **family)
{
	const char *text = whole_annotation(object, KOPY_HEAD "sync");

	*family = text ? KOPY_HEAD : KOPY_GUIDE;
	return text ? text : whole_annotation(object, KOPY_GUIDE "sync");
}

bool kopy_is_written(const json_t *object)
{
	const char *family;

	return kopy_has_finalizer(object) || kopy_selector(object, &family);
}

bool kopy_is_bad(const json_t *source)
{
	const char *family, *text = kopy_selector(source, &family);

	return text && (!*text || *text == ' ' || is(text, "team in (") || are_bad_clusters(source));
}

bool kopy_is_refused(const json_t *source)
{
	const char *type = json_string_value(json_object_get(source, "type"));

	return is(type, "bootstrap.kubernetes.io/token");
}

static bool selects(const char *text, const char *team)
{
	if (is(text, "team=a"))
		return is(team, "a");
	if (is(text, "team==b"))
		return is(team, "b");
	if (is(text, "team in (a,b)"))
		return is(team, "a") || is(team, "b");
	if (is(text, "team!=a"))
		return !is(team, "a");
	if (is(text, "team notin (b),team"))
		return team && !is(team, "b");
	return is(text, "!team") ? !team : team != NULL;
}

bool kopy_wants(const struct world *w, const json_t *source, const struct member *to, const char *ns)
{
	const char *family, *text = source ? kopy_selector(source, &family) : NULL;
	const json_t *space = whole_space(to, ns);

	if (!text || !space || kopy_is_copy(source) || kopy_is_bad(source) || kopy_is_refused(source) ||
	    whole_is_ending(source) ||
	    !copy_cluster_is_selected(w, to, whole_annotation(source, "fedcopy.dev/clusters")))
		return false;
	/* B10 */
	if (to == &w->members[0] && strcmp(ns, fc_json_metadata(source, "namespace")) == 0)
		return false;
	return selects(text, whole_label(space, "team"));
}

/* --- configmap-sync --- */

static bool is_label(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len < 64 && !text[len] && text[0] != '-' && text[len - 1] != '-';
}

void sync_read(const json_t *object, struct sync *out)
{
	const json_t *spec = json_object_get(object, "spec");
	const char *from = json_string_value(json_object_get(spec, "sourceNamespace"));
	const char *to = json_string_value(json_object_get(spec, "destinationNamespace"));
	const char *name = json_string_value(json_object_get(spec, "configMapName"));

	*out = (struct sync){ .object = object };
	snprintf(out->ns, sizeof(out->ns), "%s", fc_json_metadata(object, "namespace"));
	snprintf(out->name, sizeof(out->name), "%s", fc_json_metadata(object, "name"));
	snprintf(out->from, sizeof(out->from), "%s", from && *from ? from : out->ns);
	snprintf(out->to, sizeof(out->to), "%s", to ? to : "");
	snprintf(out->copy, sizeof(out->copy), "%s", name ? name : "");
	out->invalid = !is_label(out->from) || !is_label(out->to) || !is_label(out->copy) || are_bad_clusters(object) ||
		       (strcmp(out->from, out->to) == 0 && !whole_annotation(object, "fedcopy.dev/clusters"));
}

bool sync_wants(const struct world *w, const struct sync *s, const struct member *to, const char *ns)
{
	if (s->invalid || whole_is_ending(s->object) || strcmp(s->to, ns) != 0 ||
	    !copy_cluster_is_selected(w, to, whole_annotation(s->object, "fedcopy.dev/clusters")))
		return false;
	/* B24 */
	return to != &w->members[0] || strcmp(s->from, s->to) != 0;
}

const json_t *sync_source(const struct world *w, const struct sync *s)
{
	return api_server_object(w->members[0].home->api, "", "configmaps", s->from, s->copy);
}

bool sync_allowed(struct world *w, const struct sync *s, struct member *to, bool generous)
{
	return copy_allowed_for(w, world_types[CONFIG_MAPS], s->from, sync_source(w, s), to, s->to, s->ns, generous);
}

const json_t *sync_named(const struct world *w, const char *ns, const char *name)
{
	return api_server_object(w->members[0].home->api, world_syncs.group, world_syncs.plural, ns, name);
}

/* --- whose copy it is --- */

static void split(const char *text, char ns[64], char name[64])
{
	const char *slash = strchr(text, '/');

	snprintf(ns, 64, "%.*s", slash ? (int)(slash - text) : 0, text);
	snprintf(name, 64, "%s", slash ? slash + 1 : "");
}

static bool by_kopy(const json_t *object, struct whole *out)
{
	const char *family, *from = kopy_origin(object, &out->nobodys);

	if (!kopy_is_copy(object)) {
		/* B20, B24 */
		if (kopy_selector(object, &family) || kopy_has_finalizer(object))
			return false;
		out->released = true;
		from = from ? from : whole_annotation(object, KOPY_RELEASED);
	}
	if (!from)
		return false;
	out->kind = WHOLE_KOPY;
	snprintf(out->ns, sizeof(out->ns), "%s", from);
	snprintf(out->name, sizeof(out->name), "%s", fc_json_metadata(object, "name"));
	return true;
}

/* B21 */
static bool by_sync(const json_t *object, struct whole *out)
{
	const char *owner = whole_annotation(object, SYNC_KEY "owner");
	const char *ns = whole_label(object, SYNC_KEY "sync-namespace"),
		   *name = whole_label(object, SYNC_KEY "sync-name");

	if (owner)
		split(owner, out->rule_ns, out->rule);
	else if (ns && name)
		snprintf(out->rule_ns, 64, "%s", ns), snprintf(out->rule, 64, "%s", name);
	out->released = false;
	out->kind = WHOLE_SYNC;
	return out->rule_ns[0] && out->rule[0];
}

static bool by_origin(const struct world *w, const json_t *object, struct whole *out)
{
	const char *origin = whole_annotation(object, "fedcopy.dev/origin");
	const char *rule = whole_annotation(object, "fedcopy.dev/origin-rule");
	const char *id = api_server_id(w->members[0].home->api);

	if (!origin || !rule || strncmp(origin, id, strlen(id)) != 0)
		return false;
	split(origin + strlen(id) + 1, out->ns, out->name);
	if (strcmp(rule, "kopy") == 0)
		out->kind = WHOLE_KOPY;
	else if (strncmp(rule, "configmap-sync/", 15) == 0)
		out->kind = WHOLE_SYNC, split(rule + 15, out->rule_ns, out->rule);
	return out->kind != WHOLE_NONE;
}

bool whole_of(const struct world *w, const struct member *on, const json_t *object, struct whole *out)
{
	*out = (struct whole){ .own = on == &w->members[0] };
	if (!object)
		return false;
	if (!out->own)
		return by_origin(w, object, out);
	if ((w->speaks & SPEAKS_KOPY) && by_kopy(object, out))
		return true;
	*out = (struct whole){ .own = true };
	if ((w->speaks & SPEAKS_SYNC) && by_sync(object, out))
		return true;
	*out = (struct whole){ .own = true };
	return by_origin(w, object, out);
}

bool whole_bears_marks(const json_t *object)
{
	bool differ;

	return kopy_origin(object, &differ) || whole_annotation(object, SYNC_KEY "owner") ||
	       whole_label(object, SYNC_KEY "sync-name") || whole_annotation(object, OBJECT_SYNC_SOURCE) ||
	       replicator_is_written(object);
}

const char *copy_source(const struct world *w, const struct member *on, const json_t *object, char out[128])
{
	struct whole whole;
	struct sync s;

	if (!speaks_ours(w))
		return copy_origin(w, on, object);
	if (object_sync_origin(w, on, object, out) || replicator_source(w, on, object, out))
		return out;
	if (!whole_of(w, on, object, &whole) || whole.released)
		return NULL;
	if (whole.own && whole.kind == WHOLE_SYNC && sync_named(w, whole.rule_ns, whole.rule)) {
		sync_read(sync_named(w, whole.rule_ns, whole.rule), &s);
		snprintf(whole.ns, sizeof(whole.ns), "%s", s.from);
		snprintf(whole.name, sizeof(whole.name), "%s", s.copy);
	}
	snprintf(out, 128, "%s/%s", whole.ns, whole.name);
	return out;
}
