/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema.h"

#include <stdlib.h>
#include <string.h>

static int compare_name(const void *name, const void *member)
{
	return strcmp(name, ((const struct sb_member *)member)->name);
}

const struct sb_member *sb_schema_find_member(const struct sb_schema *s, const char *name)
{
	if (!s->member_count)
		return NULL;
	return bsearch(name, s->members, s->member_count, sizeof(*s->members), compare_name);
}

const struct sb_schema *sb_schema_member(const struct sb_schema *s, const char *name)
{
	const struct sb_member *member = sb_schema_find_member(s, name);

	return member ? member->schema : NULL;
}
