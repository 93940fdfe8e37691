/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/types.h"

#include "base/mem.h"

#include <string.h>

static const char *const builtin_verbs[] = { "create", "delete", "deletecollection", "get", "list", "patch", "update",
					     "watch",  NULL };
static const char *const without_collection[] = { "create", "delete", "get", "list", "patch", "update", "watch", NULL };
static const char *const custom_verbs[] = { "delete", "deletecollection", "get",   "list", "patch",
					    "create", "update",		  "watch", NULL };
static const char *const terminating_verbs[] = { "delete", "deletecollection", "get", "list", "watch", NULL };
static const char *const status_verbs[] = { "get", "patch", "update", NULL };
static const char *const finalize_verbs[] = { "update", NULL };

const char *const *sb_type_verbs(const struct sb_type *type)
{
	if (type->terminating)
		return terminating_verbs;
	if (type->custom)
		return custom_verbs;
	return type->no_delete_collection ? without_collection : builtin_verbs;
}

const struct sb_subresource *sb_type_subresource(const struct sb_type *type, size_t i)
{
	static const struct sb_subresource finalize = { "finalize", finalize_verbs };
	static const struct sb_subresource status = { "status", status_verbs };
	const struct sb_subresource *all[2];
	size_t count = 0;

	if (strcmp(type->plural, "namespaces") == 0 && !*type->group)
		all[count++] = &finalize;
	if (type->has_status)
		all[count++] = &status;
	return i < count ? all[i] : NULL;
}
