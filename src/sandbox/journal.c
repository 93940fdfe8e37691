/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/journal.h"

#include "base/mem.h"

#include <string.h>

struct sb_journal {
	json_t **entries; /* number n at n % size */
	unsigned size;
	uint64_t next; /* the number of the next one; the first is 1 */
};

struct sb_journal *sb_journal_new(unsigned size)
{
	struct sb_journal *j;

	if (!size)
		return NULL;
	j = fc_xcalloc(1, sizeof(*j));
	j->entries = fc_xcalloc(size, sizeof(*j->entries));
	j->size = size;
	j->next = 1;
	return j;
}

void sb_journal_free(struct sb_journal *j)
{
	if (!j)
		return;
	for (unsigned i = 0; i < j->size; i++)
		json_decref(j->entries[i]);
	free(j->entries);
	free(j);
}

static bool is_of_no_interest(const struct sb_call *call)
{
	static const char *const paths[] = { "/metrics", "/readyz", "/livez", "/healthz" };

	for (size_t i = 0; i < FC_ARRAY_LEN(paths); i++)
		if (strncmp(call->request->path, paths[i], strlen(paths[i])) == 0)
			return true;
	return false;
}

static json_t *entry_of(const struct sb_call *call)
{
	const char *verb = sb_call_is_resource(call) ? sb_verb_name(call->verb) : call->request->method;
	const char *resource = sb_call_is_resource(call) ? call->plural : "";
	FC_AUTO_FREE char *what =
		*call->subresource ? fc_xasprintf("%s/%s", resource, call->subresource) : fc_xstrdup(resource);
	char now[40];

	sb_cluster_micro_time(call->cluster, now);
	/* A URL may hold what is no UTF-8; then the entry has no such member. */
	return json_pack("{s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:i, s:s*, s:s, s:s}", "user", call->user, "agent",
			 call->request->user_agent, "verb", verb, "resource", what, "group", call->group, "namespace",
			 call->ns, "name", call->name, "code", call->response->status, "uri", call->request->path,
			 "stage", call->response->watch ? "ResponseStarted" : "ResponseComplete", "time", now);
}

static uint64_t keep(struct sb_journal *j, json_t *entry)
{
	json_t **place = &j->entries[j->next % j->size];

	json_object_set_new(entry, "number", json_integer((json_int_t)j->next));
	json_decref(*place);
	*place = entry;
	return j->next++;
}

uint64_t sb_journal_add(struct sb_journal *j, const struct sb_call *call)
{
	json_t *entry = j && !is_of_no_interest(call) ? entry_of(call) : NULL;

	return entry ? keep(j, entry) : 0;
}

void sb_journal_end(struct sb_journal *j, uint64_t number)
{
	json_t *begun, *ended;

	/* One that gave way to others is not told of again. */
	if (!j || !number || number + j->size < j->next)
		return;
	begun = j->entries[number % j->size];
	ended = json_copy(begun);
	json_object_set_new(ended, "stage", json_string("ResponseComplete"));
	keep(j, ended);
}

json_t *sb_journal_since(const struct sb_journal *j, int64_t since)
{
	json_t *list = json_array();
	uint64_t next = j ? j->next : 1, first = since < 0 ? next : (uint64_t)since;

	if (j && first + j->size < next)
		first = next - j->size;
	for (uint64_t n = first ?: 1; n < next; n++)
		json_array_append(list, j->entries[n % j->size]);
	return json_pack("{s:I, s:o}", "next", (json_int_t)next, "requests", list);
}
