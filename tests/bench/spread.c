/* SPDX-License-Identifier: Apache-2.0 */
#include "spread.h"

#include "base/mem.h"

void spread_add(struct spread *s, int64_t us)
{
	FC_GROW(s->values, s->count, s->cap);
	s->values[s->count++] = us;
}

static int compare(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return one < other ? -1 : one > other;
}

int64_t spread_percentile(struct spread *s, unsigned percent)
{
	if (s->count == 0)
		return 0;
	qsort(s->values, s->count, sizeof(*s->values), compare);
	size_t rank = (s->count * percent + 99) / 100;
	return s->values[rank > 0 ? rank - 1 : 0];
}

void spread_print(struct spread *s, const char *name, bool all, FILE *out)
{
	fprintf(out, "\"%s\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"n\": %zu", name,
		(double)spread_percentile(s, 50) / 1000, (double)spread_percentile(s, 90) / 1000,
		(double)spread_percentile(s, 99) / 1000, s->count);
	for (size_t i = 0; all && i < s->count; i++)
		fprintf(out, "%s%.3f", i ? ", " : ", \"all\": [", (double)s->values[i] / 1000);
	fputs(all && s->count ? "]}" : "}", out);
}

void spread_fini(struct spread *s)
{
	free(s->values);
	*s = (struct spread){ .values = NULL };
}
