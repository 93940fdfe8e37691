/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/event_series.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "model/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 253
#define SERIAL_DIGITS 16
/* More than this many with different notes are told as one (10.4). */
#define COMBINED_AFTER 10
#define COMBINED_PREFIX "(combined from similar events): "

/* --- sameness --- */

static void put(struct fc_buf *b, const char *text)
{
	/* The zero byte, too: no two parts can be parted in two ways. NULL and "" mean the same. */
	fc_buf_append(b, text ? text : "", (text ? strlen(text) : 0) + 1);
}

static void put_reference(struct fc_buf *b, const struct fc_object_reference *r)
{
	put(b, r->api_version);
	put(b, r->kind);
	put(b, r->namespace_);
	put(b, r->name);
	put(b, r->uid);
}

struct fc_digest fc_event_key(const struct fc_event_record *r)
{
	FC_AUTO_BUF struct fc_buf b = FC_BUF_INIT;

	put(&b, fc_record_type_name(r->type));
	put(&b, r->action);
	put(&b, r->reason);
	put_reference(&b, &r->regarding);
	put_reference(&b, &r->related);
	return fc_digest_bytes(b.data, b.len);
}

struct fc_digest fc_event_object_key(const struct fc_event_record *r)
{
	FC_AUTO_BUF struct fc_buf b = FC_BUF_INIT;

	put_reference(&b, &r->regarding);
	return fc_digest_bytes(b.data, b.len);
}

/* --- names --- */

bool fc_event_is_cluster_scoped(const struct fc_event_record *r)
{
	return !r->regarding.namespace_ || !r->regarding.namespace_[0];
}

const char *fc_event_namespace(const struct fc_event_record *r)
{
	return fc_event_is_cluster_scoped(r) ? "default" : r->regarding.namespace_;
}

/* Names of some kinds (RBAC) hold what names of Events may not, and a cut name may end in a dot. */
static char *stem(const char *object)
{
	char *name = fc_xstrndup(object, NAME_BYTES - 1 - SERIAL_DIGITS);
	size_t len = strlen(name);

	while (len > 0 && (name[len - 1] == '.' || name[len - 1] == '-'))
		name[--len] = '\0';
	if (fc_name_is_subdomain(name))
		return name;
	free(name);
	return fc_xstrdup("fedcopy");
}

char *fc_event_name(const struct fc_event_series *s)
{
	FC_AUTO_FREE char *name = stem(s->record->regarding.name);

	return fc_xasprintf("%s.%016" PRIx64, name, s->serial);
}

/* --- bodies --- */

static json_t *micro_time(int64_t wall_ms)
{
	char text[FC_RFC3339_BYTES];

	fc_time_rfc3339_micro(wall_ms, text);
	return json_string(text);
}

/* Whole seconds, in which a fraction is allowed and dropped. */
static json_t *plain_time(int64_t wall_ms)
{
	char text[FC_RFC3339_BYTES];

	fc_time_rfc3339(wall_ms, text);
	return json_string(text);
}

static void set(json_t *object, const char *member, const char *text)
{
	if (text && *text)
		json_object_set_new(object, member, json_string(text));
}

static json_t *reference(const struct fc_object_reference *r)
{
	json_t *o = json_object();

	set(o, "apiVersion", r->api_version);
	set(o, "kind", r->kind);
	set(o, "namespace", r->namespace_);
	set(o, "name", r->name);
	set(o, "uid", r->uid);
	set(o, "resourceVersion", r->resource_version);
	return o;
}

static json_t *series(const struct fc_event_series *s)
{
	return json_pack("{s:I, s:o}", "count", (json_int_t)s->count, "lastObservedTime", micro_time(s->last_ms));
}

static json_t *note(const struct fc_event_series *s)
{
	if (!s->legacy || !s->combined || s->count <= COMBINED_AFTER)
		return json_string(s->record->note);

	FC_AUTO_FREE char *whole = fc_xasprintf(COMBINED_PREFIX "%s", s->record->note);
	FC_AUTO_FREE char *cut = fc_event_note(whole, "");
	return json_string(cut);
}

static json_t *new_body(const struct fc_event_series *s, const char *instance)
{
	json_t *o =
		json_pack("{s:s, s:o, s:o, s:s, s:s, s:o}", "apiVersion", "events.k8s.io/v1", "eventTime",
			  micro_time(s->first_ms), "regarding", reference(&s->record->regarding), "reportingController",
			  FC_EVENT_CONTROLLER, "reportingInstance", instance, "note", note(s));

	if (s->record->related.name)
		json_object_set_new(o, "related", reference(&s->record->related));
	if (s->count > 1)
		json_object_set_new(o, "series", series(s));
	return o;
}

/* As clients of those days wrote it. */
static json_t *legacy_body(const struct fc_event_series *s, const char *instance)
{
	json_t *o = json_pack("{s:s, s:o, s:o, s:o, s:I, s:{s:s, s:s}, s:o}", "apiVersion", "v1", "firstTimestamp",
			      plain_time(s->first_ms), "lastTimestamp", plain_time(s->last_ms), "involvedObject",
			      reference(&s->record->regarding), "count", (json_int_t)s->count, "source", "component",
			      "fedcopy", "host", instance, "message", note(s));

	if (s->record->related.name)
		json_object_set_new(o, "related", reference(&s->record->related));
	return o;
}

json_t *fc_event_body(const struct fc_event_series *s, const char *instance)
{
	json_t *o = s->legacy ? legacy_body(s, instance) : new_body(s, instance);
	FC_AUTO_FREE char *name = fc_event_name(s);

	json_object_set_new(o, "kind", json_string("Event"));
	json_object_set_new(o, "metadata",
			    json_pack("{s:s, s:s}", "name", name, "namespace", fc_event_namespace(s->record)));
	json_object_set_new(o, "type", json_string(fc_record_type_name(s->record->type)));
	json_object_set_new(o, "reason", json_string(s->record->reason));
	json_object_set_new(o, "action", json_string(s->record->action));
	return o;
}

/* All but the count of a events.k8s.io/v1 Event cannot be changed. */
json_t *fc_event_patch(const struct fc_event_series *s)
{
	if (!s->legacy)
		return json_pack("{s:o}", "series", series(s));
	return json_pack("{s:I, s:o, s:o}", "count", (json_int_t)s->count, "lastTimestamp", plain_time(s->last_ms),
			 "message", note(s));
}
