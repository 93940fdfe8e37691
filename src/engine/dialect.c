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
