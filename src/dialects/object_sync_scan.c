/* SPDX-License-Identifier: Apache-2.0 */
/* What an ObjectSync asks for: one rule for each destination, and what its status remembers of the copies. */
#include "dialects/object_sync.h"

#include <string.h>

#include "base/mem.h"
#include "json/decode.h"
#include "model/names.h"
#include "model/resource.h"

#define RBAC "rbac.authorization.k8s.io"

static const char *text_in(const json_t *object, const char *member)
{
	const char *text = "";

	(void)fc_json_get_string(object, member, &text);
	return text;
}

static const json_t *spec_of(const json_t *bearer)
{
	return json_object_get(bearer, "spec");
}

static const json_t *source_of(const json_t *bearer)
{
	return json_object_get(spec_of(bearer), "source");
}

static const json_t *destinations_of(const json_t *bearer)
{
	return json_object_get(spec_of(bearer), "destinations");
}

const char *fc_object_sync_source(const json_t *bearer, const char *member)
{
	return text_in(source_of(bearer), member);
}

bool fc_object_sync_destination(const json_t *bearer, size_t i, struct fc_object_sync_destination *out)
{
	const json_t *d = json_array_get(destinations_of(bearer), i);
	const char *name = text_in(d, "name"), *strategy = text_in(d, "strategy");

	if (!d)
		return false;
	*out = (struct fc_object_sync_destination){
		.namespace_ = text_in(d, "namespace"),
		.name = name[0] ? name : fc_object_sync_source(bearer, "name"),
		.strategy = strategy[0] ? strategy : NULL,
	};
	return true;
}

bool fc_object_sync_is_every(const struct fc_object_sync_destination *d)
{
	return !d->namespace_[0] || strcmp(d->namespace_, "*") == 0;
}

enum fc_copy_strategy fc_object_sync_strategy(const char *word)
{
	return word && strcmp(word, "replace") == 0 ? FC_COPY_REPLACES : FC_COPY_APPLIES;
}

/* B11: an explicit namespace before `*`, then the first in the list. */
bool fc_object_sync_find(const json_t *bearer, const char *namespace_, const char *name,
			 struct fc_object_sync_destination *out)
{
	struct fc_object_sync_destination d;
	bool found = false;

	for (size_t i = 0; fc_object_sync_destination(bearer, i, &d); i++) {
		bool every = fc_object_sync_is_every(&d);

		if (strcmp(d.name, name) != 0 || (!every && strcmp(d.namespace_, namespace_) != 0) || (every && found))
			continue;
		*out = d;
		found = true;
		if (!every)
			return true;
	}
	return found;
}

/* --- what cannot be followed --- */

enum need { MAY_BE_NULL, MAY_BE_EMPTY, MUST_SAY };

static bool is_text(const json_t *object, const char *member, enum need need)
{
	const char *text = "";

	switch (fc_json_get_string(object, member, &text)) {
	case FC_JSON_FOUND:
		return text[0] || need != MUST_SAY;
	case FC_JSON_ABSENT:
	case FC_JSON_NULL:
		return need == MAY_BE_NULL;
	case FC_JSON_WRONG_TYPE:
		break;
	}
	return false;
}

/* RESOURCE of source and copies: in the core group it is the version that says that it is that group. */
static char *word_of(const json_t *bearer)
{
	const char *group = fc_object_sync_source(bearer, "group"), *kind = fc_object_sync_source(bearer, "kind");
	const char *version = fc_object_sync_source(bearer, "version");

	if (group[0] && !version[0])
		return fc_xasprintf("%s.%s", kind, group);
	return fc_xasprintf("%s.%s.%s", kind, version[0] ? version : "v1", group);
}

/* Roles may bear names that nothing else may. */
static bool is_name(const json_t *bearer, const char *name)
{
	return strcmp(fc_object_sync_source(bearer, "group"), RBAC) == 0 ? fc_name_is_path_segment(name)
									 : fc_name_is_subdomain(name);
}

static const char *fault_of_source(const json_t *bearer)
{
	const json_t *source = source_of(bearer);
	FC_AUTO_FREE char *word = word_of(bearer);
	struct fc_error error = FC_ERROR_INIT;

	if (!json_is_object(source))
		return "spec.source is missing: name the object to copy";
	if (!is_text(source, "group", MAY_BE_EMPTY))
		return "spec.source.group is missing: name the API group, or \"\" for the core group";
	if (!is_text(source, "version", MAY_BE_NULL))
		return "spec.source.version is no text: name a version, or leave it out";
	if (!is_text(source, "kind", MUST_SAY))
		return "spec.source.kind is missing: name the kind, as in a manifest";
	if (!is_text(source, "name", MUST_SAY))
		return "spec.source.name is missing: name the object to copy";
	if (!is_text(source, "namespace", MAY_BE_NULL))
		return "spec.source.namespace is no text: name a namespace, or leave it out";
	if (fc_resource_word_check(word, &error) < 0)
		return "spec.source names no kind: group, version and kind are as in a manifest";
	if (!is_name(bearer, fc_object_sync_source(bearer, "name")))
		return "spec.source.name is not the name of an object";
	if (fc_object_sync_source(bearer, "namespace")[0] &&
	    !fc_name_is_label(fc_object_sync_source(bearer, "namespace")))
		return "spec.source.namespace is not the name of a namespace";
	return NULL;
}

static const char *fault_of_destination(const json_t *bearer, size_t i, const struct fc_object_sync_destination *d)
{
	const json_t *entry = json_array_get(destinations_of(bearer), i);

	if (!json_is_object(entry) || !is_text(entry, "namespace", MAY_BE_EMPTY))
		return "a destination has no namespace: name one, or \"*\" for all";
	if (!is_text(entry, "name", MAY_BE_NULL))
		return "a destination's name is no text: name the copies, or leave it out";
	if (!is_text(entry, "strategy", MAY_BE_NULL) ||
	    (d->strategy && strcmp(d->strategy, "apply") != 0 && strcmp(d->strategy, "replace") != 0))
		return "a destination's strategy is unknown: it is apply or replace";
	if (!fc_object_sync_is_every(d) && !fc_name_is_label(d->namespace_))
		return "a destination's namespace is not the name of a namespace";
	return is_name(bearer, d->name) ? NULL : "a destination's name is not the name of an object";
}

/* NULL: it can be followed. */
static const char *fault_of(const json_t *bearer)
{
	const char *fault = fault_of_source(bearer);
	struct fc_object_sync_destination d;

	if (!fault && !json_is_array(destinations_of(bearer)))
		fault = "spec.destinations is missing: it is a list, which may be empty";
	for (size_t i = 0; !fault && fc_object_sync_destination(bearer, i, &d); i++)
		fault = fault_of_destination(bearer, i, &d);
	return fault;
}

/* --- its rules --- */

static struct fc_copy_spec *add_rule(struct fc_copy_specs *out, const json_t *bearer)
{
	struct fc_copy_spec *s = fc_copy_specs_add(out);
	const char *namespace_ = fc_object_sync_source(bearer, "namespace");

	s->word = word_of(bearer);
	s->group = fc_xstrdup(fc_object_sync_source(bearer, "group"));
	s->kind = fc_xstrdup(fc_object_sync_source(bearer, "kind"));
	s->name = fc_xstrdup(fc_object_sync_source(bearer, "name"));
	if (namespace_[0])
		s->namespace_ = fc_xstrdup(namespace_);
	s->finalizer = FC_OBJECT_SYNC_FINALIZER;
	s->finalizer_first = true;
	s->strategy = FC_COPY_APPLIES;
	return s;
}

/* Of what it says: an edit of one destination leaves the others as they are. */
static void set_text(struct fc_copy_spec *s, const json_t *bearer, const struct fc_object_sync_destination *d)
{
	json_t *except = json_array(), *all;

	for (size_t i = 0; i < s->except_count; i++)
		json_array_append_new(except, json_string(s->except[i]));
	all = json_pack("{s:O?, s:s?, s:s?, s:s?, s:o}", "source", source_of(bearer), "namespace",
			d ? d->namespace_ : NULL, "name", d ? d->name : NULL, "strategy", d ? d->strategy : NULL,
			"except", except);
	s->text = fc_digest_json(all);
	json_decref(all);
}

/* Another one before it, or an explicit one, has that place. */
static bool is_shadowed(const json_t *bearer, size_t i, const struct fc_object_sync_destination *d)
{
	struct fc_object_sync_destination other;

	for (size_t k = 0; k < i && fc_object_sync_destination(bearer, k, &other); k++)
		if (strcmp(other.name, d->name) == 0 &&
		    (fc_object_sync_is_every(d)
			     ? fc_object_sync_is_every(&other)
			     : !fc_object_sync_is_every(&other) && strcmp(other.namespace_, d->namespace_) == 0))
			return true;
	return false;
}

static void add_exceptions(struct fc_copy_spec *s, const json_t *bearer, const struct fc_object_sync_destination *d)
{
	struct fc_object_sync_destination other;

	for (size_t k = 0; fc_object_sync_destination(bearer, k, &other); k++)
		if (!fc_object_sync_is_every(&other) && strcmp(other.name, d->name) == 0)
			fc_copy_spec_add_except(s, other.namespace_);
}

static void add_destination(struct fc_copy_specs *out, const json_t *bearer, const struct fc_object_sync_destination *d)
{
	struct fc_copy_spec *s = add_rule(out, bearer);

	s->strategy = fc_object_sync_strategy(d->strategy);
	if (strcmp(d->name, s->name) != 0)
		s->copy_name = fc_xstrdup(d->name);
	if (fc_object_sync_is_every(d)) {
		fc_copy_spec_add_pattern(s, "*");
		add_exceptions(s, bearer, d);
	} else {
		fc_copy_spec_add_name(s, d->namespace_);
	}
	set_text(s, bearer, d);
}

/* What cannot be followed is one rule that says so; and without a destination the source is followed still. */
void fc_object_sync_scan(const struct fc_dialect *dialect, const json_t *bearer, struct fc_copy_specs *out)
{
	const char *fault = fault_of(bearer);
	struct fc_object_sync_destination d;
	struct fc_copy_spec *s;

	(void)dialect;
	for (size_t i = 0; !fault && fc_object_sync_destination(bearer, i, &d); i++)
		if (!is_shadowed(bearer, i, &d))
			add_destination(out, bearer, &d);
	if (out->count)
		return;
	s = add_rule(out, bearer);
	set_text(s, bearer, NULL);
	if (!fault)
		return;
	s->text = fc_digest_json(spec_of(bearer));
	s->invalid_reason = "InvalidSpec";
	s->names_source = !fault_of_source(bearer);
	s->invalid_message = fc_xstrdup(fault);
}

/* --- what the status says --- */

static const char *text_or_null(const json_t *object, const char *member)
{
	const char *text = text_in(object, member);

	return text[0] ? text : NULL;
}

static void add_memory(struct fc_copy_memories *out, const json_t *entry)
{
	const json_t *synced = json_object_get(entry, "syncedVersion"),
		     *source = json_object_get(entry, "sourceVersion");
	struct fc_copy_memory m = {
		.cluster = text_or_null(entry, "cluster"),
		.group = text_in(entry, "group"),
		.kind = text_in(entry, "kind"),
		.namespace_ = text_in(entry, "namespace"),
		.name = text_in(entry, "name"),
		.uid = text_or_null(synced, "uid"),
		.version = text_or_null(synced, "resource_version"),
		.source_uid = text_or_null(source, "uid"),
		.source_version = text_or_null(source, "resource_version"),
		.strategy = fc_object_sync_strategy(text_or_null(entry, "strategy")),
	};

	/* Anybody may write a status. */
	if (!m.kind[0] || !fc_name_is_label(m.namespace_) || !fc_name_is_path_segment(m.name))
		return;
	FC_GROW(out->items, out->count, out->cap);
	out->items[out->count++] = m;
}

void fc_object_sync_remember(const json_t *bearer, struct fc_copy_memories *out)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(bearer, "status"), "destinations"), i, entry)
		add_memory(out, entry);
}
