/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct sb_schemas {
	const struct sb_schema *all;
	size_t count;
};

struct sb_schemas *sb_schemas_new(void)
{
	struct sb_schemas *s = fc_xcalloc(1, sizeof(*s));

	s->all = sb_builtin_schemas;
	s->count = sb_builtin_schema_count;
	return s;
}

void sb_schemas_free(struct sb_schemas *s)
{
	free(s);
}

size_t sb_schemas_count(const struct sb_schemas *s)
{
	return s->count;
}

const struct sb_schema *sb_schemas_at(const struct sb_schemas *s, size_t i)
{
	return &s->all[i];
}

static int compare_ref(const void *ref, const void *schema)
{
	return strcmp(ref, ((const struct sb_schema *)schema)->ref);
}

const struct sb_schema *sb_schemas_find(const struct sb_schemas *s, const char *ref)
{
	return bsearch(ref, s->all, s->count, sizeof(*s->all), compare_ref);
}

const struct sb_schema *sb_schemas_object_meta(const struct sb_schemas *s)
{
	return sb_schemas_find(s, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
}
