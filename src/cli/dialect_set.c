/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dialect_set.h"

#include "base/mem.h"
#include "dialects/dialects.h"

#include <string.h>
#include <strings.h>

/* Key and value in turn; they part the option's own texts. */
static const char **labels_of(const struct fc_strings *words)
{
	const char **labels = fc_xcalloc(2 * words->count + 1, sizeof(*labels));
	size_t count = 0;

	for (size_t i = 0; i < words->count; i++) {
		char *equals = strchr(words->items[i], '=');

		/* The empty word says that there are none. */
		if (!equals)
			continue;
		*equals = '\0';
		labels[count++] = words->items[i];
		labels[count++] = equals + 1;
	}
	return labels;
}

static bool has_word(const struct fc_strings *words, const char *text)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcasecmp(words->items[i], text) == 0)
			return true;
	return false;
}

static const char **kinds_of(const struct fc_strings *words)
{
	const char **kinds = fc_xcalloc(3, sizeof(*kinds));
	bool all = has_word(words, "all");
	size_t count = 0;

	if (all || has_word(words, "configmap"))
		kinds[count++] = "configmaps";
	if (all || has_word(words, "secret"))
		kinds[count++] = "secrets";
	return kinds;
}

static const struct fc_dialect *as_set(const struct fc_dialect_set *s, const struct fc_dialect *d)
{
	return d == &fc_dialect_k8s_replicator ? s->replicator : d;
}

void fc_dialect_set_make(const struct fc_options *o, bool replicator_allow_all, struct fc_dialect_set *out)
{
	size_t known = 0;

	while (fc_dialects[known])
		known++;
	*out = (struct fc_dialect_set){ .labels = labels_of(&o->replicator_labels),
					.kinds = kinds_of(&o->replicator_kinds) };
	out->replicator = fc_k8s_replicator_new(&(struct fc_k8s_replicator_options){
		.prefix = o->replicator_prefix,
		.labels = out->labels,
		.kinds = out->kinds,
		.ignore_unknown = o->replicator_ignore_unknown,
		.allow_all = replicator_allow_all,
	});
	out->known = fc_xcalloc(known + 1, sizeof(*out->known));
	out->names = fc_xcalloc(known + 1, sizeof(*out->names));
	out->enabled = fc_xcalloc(o->dialects.count + 1, sizeof(*out->enabled));
	for (size_t i = 0; i < known; i++) {
		out->known[i] = as_set(out, fc_dialects[i]);
		out->names[i] = fc_dialects[i]->name;
	}
	for (size_t i = 0; i < o->dialects.count; i++)
		out->enabled[i] = as_set(out, fc_dialect_named(o->dialects.items[i]));
}

void fc_dialect_set_fini(struct fc_dialect_set *s)
{
	free(s->known);
	free(s->enabled);
	free(s->names);
	fc_k8s_replicator_free(s->replicator);
	free(s->labels);
	free(s->kinds);
	*s = (struct fc_dialect_set){ .known = NULL };
}
