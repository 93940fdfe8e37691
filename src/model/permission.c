/* SPDX-License-Identifier: Apache-2.0 */
#include "model/permission.h"

#include "base/mem.h"
#include "json/decode.h"
#include "model/glob.h"

#include <stdatomic.h>
#include <string.h>

struct entry {
	char *from, *to;
	char **resources;
	size_t resource_count;
};

struct fc_permissions {
	atomic_uint refs;
	struct entry *entries;
	size_t count;
};

/* --- reading --- */

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-*"

static bool is_of(const char *text, size_t len, const char *letters)
{
	return strspn(text, letters) >= len;
}

/* A slip of the pen would fit nothing, and nobody would hear of it. */
static int check_end(const char *key, const char *text, struct fc_error *err)
{
	const char *slash = text ? strchr(text, '/') : NULL;

	if (!slash)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "%s: write CLUSTER/NAMESPACE, as in \"hub/platform\" or \"*/*\"", key);
	if (slash == text || !is_of(text, (size_t)(slash - text), NAME_LETTERS))
		return fc_error_set(err, FC_ERR_CONFIG, "%s: \"%s\" begins with no cluster's name or pattern", key,
				    text);
	if (!is_of(slash + 1, strlen(slash + 1), NAME_LETTERS))
		return fc_error_set(err, FC_ERR_CONFIG,
				    "%s: what follows the '/' of \"%s\" is no namespace's name or pattern", key, text);
	return 0;
}

static int read_end(const json_t *object, const char *key, char **out, struct fc_error *err)
{
	const char *text = NULL;

	fc_json_get_string(object, key, &text);
	if (check_end(key, text, err) < 0)
		return -1;
	*out = fc_xstrdup(text);
	return 0;
}

static int read_resources(const json_t *object, struct entry *entry, struct fc_error *err)
{
	const json_t *list = NULL;

	fc_json_get_array(object, "resources", &list);
	if (json_array_size(list) == 0)
		return fc_error_set(
			err, FC_ERR_CONFIG,
			"resources: name them in a list, as in [secrets, cronjobs.batch], or write [\"*\"]");
	entry->resources = fc_xcalloc(json_array_size(list), sizeof(char *));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));

		if (!word || !*word || !is_of(word, strlen(word), NAME_LETTERS "."))
			return fc_error_set(
				err, FC_ERR_CONFIG,
				"resources[%zu]: is no resource's name; write its plural, with its group, as "
				"in secrets or cronjobs.batch",
				i);
		entry->resources[entry->resource_count++] = fc_xstrdup(word);
	}
	return 0;
}

static int read_entry(const json_t *object, struct entry *entry, struct fc_error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return fc_error_set(err, FC_ERR_CONFIG,
				    "is no mapping, as in {from: hub/platform, to: \"*/*\", resources: [secrets]}");
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
		if (strcmp(key, "from") != 0 && strcmp(key, "to") != 0 && strcmp(key, "resources") != 0)
			return fc_error_set(err, FC_ERR_CONFIG,
					    "unknown key \"%s\"; the keys here are from, to, resources", key);
	if (read_end(object, "from", &entry->from, err) < 0 || read_end(object, "to", &entry->to, err) < 0)
		return -1;
	return read_resources(object, entry, err);
}

struct fc_permissions *fc_permissions_read(const json_t *list, struct fc_error *err)
{
	struct fc_permissions *p = fc_xcalloc(1, sizeof(*p));

	atomic_init(&p->refs, 1);
	if (!list || json_is_null(list))
		return p;
	if (!json_is_array(list)) {
		fc_error_set(err, FC_ERR_CONFIG, "permissions: is no list");
		fc_permissions_unref(p);
		return NULL;
	}
	p->entries = fc_xcalloc(json_array_size(list) + 1, sizeof(*p->entries));
	for (size_t i = 0; i < json_array_size(list); i++) {
		p->count++;
		if (read_entry(json_array_get(list, i), &p->entries[i], err) == 0)
			continue;
		fc_error_wrap(err, "permissions[%zu]", i);
		fc_permissions_unref(p);
		return NULL;
	}
	return p;
}

/* --- one list, many threads --- */

struct fc_permissions *fc_permissions_ref(struct fc_permissions *p)
{
	if (p)
		atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void fc_permissions_unref(struct fc_permissions *p)
{
	if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < p->count; i++) {
		struct entry *entry = &p->entries[i];

		for (size_t k = 0; k < entry->resource_count; k++)
			free(entry->resources[k]);
		free(entry->resources);
		free(entry->from);
		free(entry->to);
	}
	free(p->entries);
	free(p);
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
	if (strcmp(a->from, b->from) != 0 || strcmp(a->to, b->to) != 0 || a->resource_count != b->resource_count)
		return false;
	for (size_t i = 0; i < a->resource_count; i++)
		if (strcmp(a->resources[i], b->resources[i]) != 0)
			return false;
	return true;
}

bool fc_permissions_same(const struct fc_permissions *a, const struct fc_permissions *b)
{
	size_t count = a ? a->count : 0;

	if (count != (b ? b->count : 0))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!same_entry(&a->entries[i], &b->entries[i]))
			return false;
	return true;
}

/* --- asking --- */

static struct fc_glob glob_of(const char *text)
{
	return (struct fc_glob){ text, strlen(text) };
}

/* "secrets" and "secrets.example.com" are two resources; a word without a group means the one of any group. */
static bool names_resource(const char *word, const struct fc_resource *r)
{
	FC_AUTO_FREE char *full = NULL;

	if (fc_glob_match(glob_of(word), r->plural))
		return true;
	full = fc_resource_name(r);
	return fc_glob_match(glob_of(word), full);
}

static bool covers(const struct entry *entry, const struct fc_permission_query *q)
{
	if (!fc_glob_match_end(glob_of(entry->from), q->from_cluster, q->from_namespace) ||
	    !fc_glob_match_end(glob_of(entry->to), q->to_cluster, q->to_namespace))
		return false;
	for (size_t i = 0; i < entry->resource_count; i++)
		if (names_resource(entry->resources[i], q->resource))
			return true;
	return false;
}

bool fc_permissions_cover(const struct fc_permissions *p, const struct fc_permission_query *q)
{
	for (size_t i = 0; p && i < p->count; i++)
		if (covers(&p->entries[i], q))
			return true;
	return false;
}
