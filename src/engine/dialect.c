/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/dialect.h"

#include <string.h>

#include "base/mem.h"

void fc_rule_spec_fini(struct fc_rule_spec *s)
{
	free(s->invalid_message);
	free(s->key);
	fc_path_free(s->target_path);
	json_decref(s->literal);
	free(s->word);
	free(s->cluster);
	free(s->namespace_);
	free(s->name);
	fc_path_free(s->source_path);
	memset(s, 0, sizeof(*s));
}

struct fc_rule_spec *fc_rule_specs_add(struct fc_rule_specs *list)
{
	FC_GROW(list->items, list->count, list->cap);
	memset(&list->items[list->count], 0, sizeof(*list->items));
	return &list->items[list->count++];
}

void fc_rule_specs_fini(struct fc_rule_specs *list)
{
	for (size_t i = 0; i < list->count; i++)
		fc_rule_spec_fini(&list->items[i]);
	free(list->items);
	*list = (struct fc_rule_specs){ 0 };
}

struct fc_copy_spec *fc_copy_specs_add(struct fc_copy_specs *list)
{
	FC_GROW(list->items, list->count, list->cap);
	memset(&list->items[list->count], 0, sizeof(*list->items));
	return &list->items[list->count++];
}

static void add_text(char ***list, size_t *count, const char *text)
{
	*list = fc_xrealloc(*list, (*count + 1) * sizeof(**list));
	(*list)[(*count)++] = fc_xstrdup(text);
}

void fc_copy_spec_add_name(struct fc_copy_spec *s, const char *namespace_)
{
	add_text(&s->names, &s->name_count, namespace_);
}

void fc_copy_spec_add_pattern(struct fc_copy_spec *s, const char *pattern)
{
	add_text(&s->patterns, &s->pattern_count, pattern);
}

void fc_copy_spec_add_except(struct fc_copy_spec *s, const char *namespace_)
{
	add_text(&s->except, &s->except_count, namespace_);
}

static void free_texts(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

void fc_copy_mark_fini(struct fc_copy_mark *m)
{
	free(m->namespace_);
	free(m->name);
	free(m->rule_namespace);
	free(m->rule_name);
	*m = (struct fc_copy_mark){ 0 };
}

void fc_copy_spec_fini(const struct fc_dialect *d, struct fc_copy_spec *s)
{
	if (s->options && d->copy->free_options)
		d->copy->free_options(s->options);
	free(s->invalid_message);
	free(s->word);
	free(s->group);
	free(s->kind);
	free(s->namespace_);
	free(s->name);
	free(s->copy_name);
	free_texts(s->names, s->name_count);
	free_texts(s->patterns, s->pattern_count);
	free_texts(s->except, s->except_count);
	fc_selector_free(s->selector);
	memset(s, 0, sizeof(*s));
}

void fc_copy_specs_fini(const struct fc_dialect *d, struct fc_copy_specs *list)
{
	for (size_t i = 0; i < list->count; i++)
		fc_copy_spec_fini(d, &list->items[i]);
	free(list->items);
	*list = (struct fc_copy_specs){ 0 };
}
