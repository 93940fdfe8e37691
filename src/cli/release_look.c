/* SPDX-License-Identifier: Apache-2.0 */
/* Which types of a cluster may bear something that is to be taken back, and what their objects do bear: one list after
 * the other. */
#include "cli/release_walk_parts.h"

#include "base/mem.h"
#include "json/decode.h"

#include <string.h>

/* --- what to look at --- */

static bool is_known(const struct fc_release_walk *w, const struct fc_resource *r)
{
	for (size_t i = 0; i < w->list_count; i++)
		if (fc_resource_same(w->lists[i].resource, r))
			return true;
	return false;
}

static void add_list(struct fc_release_walk *w, const struct fc_resource *r)
{
	if (is_known(w, r))
		return;
	for (size_t n = 0; n == 0 || (r->namespaced && n < w->o.namespace_count); n++) {
		FC_GROW(w->lists, w->list_count, w->list_cap);
		w->lists[w->list_count++] = (struct release_list){
			.resource = r,
			.namespace_ = r->namespaced && w->o.namespace_count ? w->o.namespaces[n] : NULL,
		};
	}
}

static void word_fails(struct fc_release_walk *w, const char *word, const char *why)
{
	fc_release_walk_problem(w, fc_xasprintf("%s: %s could not be looked at: %s", w->o.info->name, word, why));
}

/* What is not served bears nothing. */
static void add_word(struct fc_release_walk *w, const char *word)
{
	struct fc_resource *r = NULL;

	switch (fc_resource_resolve(w->table, word, FC_VERB_LIST | FC_VERB_PATCH, &r)) {
	case FC_RESOLVED:
		add_list(w, r);
		/* The table holds it as long as the walk lives. */
		fc_resource_unref(r);
		break;
	case FC_RESOLVED_UNKNOWN:
		word_fails(w, word, "its group cannot be read just now");
		break;
	case FC_RESOLVED_LACKS_VERBS:
		word_fails(w, word, "it cannot be listed and patched");
		break;
	case FC_RESOLVED_NOT_SERVED:
		break;
	}
}

static void add_words(struct fc_release_walk *w, const char *const *words)
{
	for (; words && *words; words++)
		add_word(w, *words);
}

static void add_all(struct fc_release_walk *w)
{
	const unsigned verbs = FC_VERB_LIST | FC_VERB_PATCH;

	for (size_t i = 0; i < fc_resource_table_count(w->table); i++)
		if ((fc_resource_table_at(w->table, i)->verbs & verbs) == verbs)
			add_list(w, fc_resource_table_at(w->table, i));
}

static void choose_lists(struct fc_release_walk *w)
{
	static const char *const spaces[] = { "namespaces", NULL };

	for (const struct fc_dialect *const *d = w->o.scope->dialects; *d; d++) {
		const struct fc_copy_dialect *copy = (*d)->copy;

		if (!copy)
			continue;
		add_words(w, spaces);
		add_words(w, copy->bearers);
		add_words(w, copy->copies);
		/* It copies what its rules name: anything. */
		if (!copy->copies)
			add_all(w);
	}
}

/* --- one list after the other --- */

static void next_list(struct fc_release_walk *w);

static void list_began(void *user)
{
	struct fc_release_walk *w = user;

	while (w->count > w->from)
		fc_release_walk_finding_fini(&w->findings[--w->count]);
	w->others = w->others_before;
}

static bool was_found(const struct fc_release_walk *w, const char *namespace_, const char *name)
{
	for (size_t i = w->from; i < w->count; i++)
		if (strcmp(w->findings[i].name, name) == 0 && strcmp(w->findings[i].namespace_, namespace_) == 0)
			return true;
	return false;
}

/* Of Namespaces those that are named are meant. */
static bool is_meant(const struct fc_release_walk *w, const json_t *object)
{
	const struct fc_resource *r = w->lists[w->at].resource;

	if (r->namespaced || r->group[0] || strcmp(r->plural, "namespaces") != 0 || !w->o.namespace_count)
		return true;
	for (size_t i = 0; i < w->o.namespace_count; i++)
		if (strcmp(w->o.namespaces[i], fc_json_metadata(object, "name")) == 0)
			return true;
	return false;
}

static void take(void *user, json_t *object, int64_t received_us)
{
	struct fc_release_walk *w = user;
	struct fc_release release;

	(void)received_us;
	fc_release_walk_judge(w, object, &release);
	w->others += release.other;
	if (release.patch && is_meant(w, object) &&
	    !was_found(w, fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"))) {
		FC_GROW(w->findings, w->count, w->cap);
		w->findings[w->count++] = (struct fc_release_finding){
			.resource = fc_resource_ref((struct fc_resource *)(uintptr_t)w->lists[w->at].resource),
			.namespace_ = fc_xstrdup(fc_json_metadata(object, "namespace")),
			.name = fc_xstrdup(fc_json_metadata(object, "name")),
			.release = release,
			.error = FC_ERROR_INIT,
		};
	} else {
		fc_release_fini(&release);
	}
	json_decref(object);
}

static void list_fails(struct fc_release_walk *w, const char *why)
{
	FC_AUTO_FREE char *name = fc_resource_name(w->lists[w->at].resource);

	fc_release_walk_problem(w, fc_xasprintf("%s: %s could not be looked at: %s", w->o.info->name, name, why));
	next_list(w);
}

static void list_ended(void *user, bool removes)
{
	struct fc_release_walk *w = user;

	if (!removes) {
		list_fails(w, "an object in the list could not be decoded");
		return;
	}
	next_list(w);
}

static void failed(void *user, const struct fc_error *why)
{
	struct fc_release_walk *w = user;

	/* All else is tried again, as long as there is time. */
	if (why->cls == FC_ERR_NOT_SERVED || why->cls == FC_ERR_NOT_FOUND)
		next_list(w);
	else if (why->cls == FC_ERR_FORBIDDEN || why->cls == FC_ERR_UNAUTHORIZED)
		list_fails(w, why->text);
	else
		w->error = *why;
}

static void unreadable(void *user, const char *namespace_, const char *name, const char *version,
		       const struct fc_error *why)
{
	struct fc_release_walk *w = user;
	FC_AUTO_FREE char *type = fc_resource_name(w->lists[w->at].resource);

	(void)version;
	fc_release_walk_problem(w, fc_xasprintf("%s: %s %s/%s could not be looked at: %s", w->o.info->name, type,
						namespace_ ? namespace_ : "", name, why->text));
}

static void too_late(void *user)
{
	struct fc_release_walk *w = user;

	w->timer = NULL;
	list_fails(w, w->error.cls ? w->error.text : "no answer in time");
}

static void next_list(struct fc_release_walk *w)
{
	static const struct fc_informer_callbacks callbacks = {
		.on_list_begin = list_began,
		.on_object = take,
		.on_unreadable = unreadable,
		.on_list_end = list_ended,
		.on_failed = failed,
	};
	const struct release_list *list;

	fc_loop_timer_cancel(w->o.loop, &w->timer);
	if (w->watch)
		fc_client_watch_stop(fc_steal(&w->watch));
	if (w->listening)
		w->at++;
	w->listening = w->at < w->list_count;
	w->error = FC_ERROR_INIT;
	w->from = w->count;
	w->others_before = w->others;
	if (!w->listening) {
		fc_release_walk_phase_ends(w);
		return;
	}
	list = &w->lists[w->at];
	w->timer = fc_loop_timer(w->o.loop, w->o.timeout_ms, too_late, w);
	w->watch = fc_client_watch(w->client, &(struct fc_informer_options){ .resource = list->resource,
									     .namespace_ = list->namespace_,
									     .metadata_only = true,
									     .callbacks = &callbacks,
									     .user = w });
}

static void begin_lists(void *user)
{
	struct fc_release_walk *w = user;

	w->timer = NULL;
	if (w->up)
		choose_lists(w);
	next_list(w);
}

void fc_release_walk_look(struct fc_release_walk *w)
{
	w->timer = fc_loop_timer(w->o.loop, 0, begin_lists, w);
}
