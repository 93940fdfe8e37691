/* SPDX-License-Identifier: Apache-2.0 */
#include "dialects/replicator_want.h"

#include <string.h>

#include "base/mem.h"

static const char *place(const struct fc_replicator_wanted *w)
{
	return w->namespace_ ? w->namespace_ : fc_namespace_pattern_text(w->pattern);
}

static int by_name_and_place(const void *a, const void *b)
{
	const struct fc_replicator_wanted *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	if (!order)
		order = (one->pattern != NULL) - (other->pattern != NULL);
	return order ? order : strcmp(place(one), place(other));
}

static void free_item(struct fc_replicator_wanted *w)
{
	free(w->name);
	free(w->namespace_);
	fc_namespace_pattern_unref(w->pattern);
}

static bool is_own(const struct fc_replicator_want *w, const char *namespace_, const char *name)
{
	return strcmp(namespace_, w->own_namespace) == 0 && strcmp(name, w->own_name) == 0;
}

static void add_path(struct fc_replicator_want *w, const char *namespace_, const char *name)
{
	if (is_own(w, namespace_, name))
		return;
	FC_GROW(w->items, w->count, w->cap);
	w->items[w->count++] =
		(struct fc_replicator_wanted){ .name = fc_xstrdup(name), .namespace_ = fc_xstrdup(namespace_) };
}

static void add(struct fc_replicator_want *w, struct fc_namespace_pattern *namespaces, const char *name)
{
	if (fc_namespace_pattern_is_literal(namespaces)) {
		add_path(w, fc_namespace_pattern_text(namespaces), name);
		return;
	}
	FC_GROW(w->items, w->count, w->cap);
	w->items[w->count++] = (struct fc_replicator_wanted){ .name = fc_xstrdup(name),
							      .pattern = fc_namespace_pattern_ref(namespaces) };
}

/* One name in all namespaces; without that annotation in the source's own. */
static void add_name(struct fc_replicator_want *w, const struct fc_replicator_object *source, const char *name)
{
	if (!source->text[FC_REPLICATE_TO_NAMESPACES])
		add_path(w, source->namespace_, name);
	for (size_t i = 0; i < fc_namespace_patterns_count(source->to_namespaces); i++)
		add(w, fc_namespace_patterns_at(source->to_namespaces, i), name);
}

static void drop_duplicates(struct fc_replicator_want *w)
{
	size_t kept = 0;

	qsort(w->items, w->count, sizeof(*w->items), by_name_and_place);
	for (size_t i = 0; i < w->count; i++) {
		if (kept && by_name_and_place(&w->items[kept - 1], &w->items[i]) == 0)
			free_item(&w->items[i]);
		else
			w->items[kept++] = w->items[i];
	}
	w->count = kept;
}

int fc_replicator_want_read(const struct fc_replicator_object *source, struct fc_replicator_want *out,
			    struct fc_error *err)
{
	*out = (struct fc_replicator_want){ .own_namespace = source->namespace_, .own_name = source->name };
	if (source->inert_reason)
		return fc_error_set(err, FC_ERR_INVALID, "%s", source->inert_message);
	if (!fc_replicator_pushes(source))
		return 0;
	if (!source->text[FC_REPLICATE_TO])
		add_name(out, source, source->name);
	for (size_t i = 0; i < source->to_count; i++) {
		if (source->to[i].namespaces)
			add(out, source->to[i].namespaces, source->to[i].name);
		else
			add_name(out, source, source->to[i].name);
	}
	if (out->count)
		drop_duplicates(out);
	return 0;
}

void fc_replicator_want_fini(struct fc_replicator_want *w)
{
	for (size_t i = 0; i < w->count; i++)
		free_item(&w->items[i]);
	free(w->items);
	*w = (struct fc_replicator_want){ .items = NULL };
}

bool fc_replicator_want_holds(const struct fc_replicator_want *w, const char *namespace_, const char *name)
{
	if (is_own(w, namespace_, name))
		return false;
	for (size_t i = 0; i < w->count; i++) {
		const struct fc_replicator_wanted *item = &w->items[i];

		if (strcmp(item->name, name) != 0)
			continue;
		if (item->namespace_ ? strcmp(item->namespace_, namespace_) == 0
				     : fc_namespace_pattern_matches(item->pattern, namespace_, NULL))
			return true;
	}
	return false;
}
