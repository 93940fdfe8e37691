/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/namespace_conditions.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/validate_field.h"

#include <string.h>

static void count(json_t **counts, const char *key)
{
	if (!*counts)
		*counts = json_object();
	json_object_set_new(*counts, key, json_integer(sb_int(*counts, key, 0) + 1));
}

void sb_remaining_add(struct sb_remaining *r, const struct sb_type *type, const json_t *object)
{
	FC_AUTO_FREE char *resource = fc_xasprintf("%s.%s", type->plural, type->group);
	size_t i;
	json_t *finalizer;

	count(&r->resources, resource);
	json_array_foreach(json_object_get(json_object_get(object, "metadata"), "finalizers"), i, finalizer)
		count(&r->finalizers, json_string_value(finalizer) ?: "");
}

bool sb_remaining_none(const struct sb_remaining *r)
{
	return !r->resources;
}

void sb_remaining_fini(struct sb_remaining *r)
{
	json_decref(r->resources);
	json_decref(r->finalizers);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "WORDSa LINK 1 resource instances, b LINK 2 resource instances", by name. */
static void print_counts(const json_t *counts, const char *words, const char *link, struct fc_buf *out)
{
	size_t n = json_object_size(counts), i = 0;
	const char **keys = fc_xcalloc(n + 1, sizeof(*keys)), *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)counts, key, value)
		keys[i++] = key;
	qsort(keys, n, sizeof(*keys), by_name);
	fc_buf_puts(out, words);
	for (i = 0; i < n; i++)
		fc_buf_printf(out, "%s%s %s %lld resource instances", i ? ", " : "", keys[i], link,
			      (long long)sb_int(counts, keys[i], 0));
	free(keys);
}

static json_t *find(const json_t *conditions, const char *type)
{
	size_t i;
	json_t *condition;

	json_array_foreach(conditions, i, condition)
		if (strcmp(sb_text(condition, "type"), type) == 0)
			return condition;
	return NULL;
}

/* The time is that of the last change of its status. */
static bool set(json_t *conditions, const char *type, bool status, const char *reason, const char *message,
		const char *now)
{
	const char *word = status ? "True" : "False";
	json_t *have = find(conditions, type);

	if (have && strcmp(sb_text(have, "status"), word) == 0 && strcmp(sb_text(have, "reason"), reason) == 0 &&
	    strcmp(sb_text(have, "message"), message) == 0)
		return false;
	if (!have) {
		have = json_object();
		json_array_append_new(conditions, have);
	}
	json_object_set_new(have, "type", json_string(type));
	if (strcmp(sb_text(have, "status"), word) != 0)
		json_object_set_new(have, "lastTransitionTime", json_string(now));
	json_object_set_new(have, "status", json_string(word));
	json_object_set_new(have, "reason", json_string(reason));
	json_object_set_new(have, "message", json_string(message));
	return true;
}

static bool set_counts(json_t *conditions, const struct sb_remaining *r, const char *now)
{
	FC_AUTO_BUF struct fc_buf resources = FC_BUF_INIT, finalizers = FC_BUF_INIT;
	bool changed;

	if (r->resources)
		print_counts(r->resources, "Some resources are remaining: ", "has", &resources);
	else
		fc_buf_puts(&resources, "All content successfully removed");
	if (r->finalizers)
		print_counts(r->finalizers, "Some content in the namespace has finalizers remaining: ", "in",
			     &finalizers);
	else
		fc_buf_puts(&finalizers, "All content-preserving finalizers finished");
	changed = set(conditions, "NamespaceContentRemaining", r->resources,
		      r->resources ? "SomeResourcesRemain" : "ContentRemoved", fc_buf_str(&resources), now);
	return set(conditions, "NamespaceFinalizersRemaining", r->finalizers,
		   r->finalizers ? "SomeFinalizersRemain" : "ContentHasNoFinalizers", fc_buf_str(&finalizers), now) ||
	       changed;
}

bool sb_namespace_conditions(json_t *status, const struct sb_remaining *r, const char *now)
{
	json_t *conditions = json_object_get(status, "conditions");
	bool changed;

	if (!conditions) {
		conditions = json_array();
		json_object_set_new(status, "conditions", conditions);
	}
	changed = set(conditions, "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
		      "All resources successfully discovered", now);
	changed = set(conditions, "NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions",
		      "All legacy kube types successfully parsed", now) ||
		  changed;
	changed = set(conditions, "NamespaceDeletionContentFailure", false, "ContentDeleted",
		      "All content successfully deleted, may be waiting on finalization", now) ||
		  changed;
	return set_counts(conditions, r, now) || changed;
}
