/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests are harmed, and how: rules that tests set and take back. */
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "proxy.h"

static const char *const ends[] = {
	[FAULT_PASS] = "pass", [FAULT_ANSWER] = "answer", [FAULT_RESET] = "reset", [FAULT_RST_STREAM] = "rst-stream",
	[FAULT_DROP] = "drop",
};
static const char *const cuts[] = { [CUT_RST] = "rst", [CUT_END] = "end", [CUT_CLOSE] = "close" };

static int index_of(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (word && strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

bool fault_path_matches(const char *path, const char *part, const char *without)
{
	return (!part || strstr(path, part)) && (!without || !strstr(path, without));
}

struct fault *fault_match(struct proxy *p, const char *method, const char *path)
{
	struct fault *f;

	DL_FOREACH(p->faults, f) {
		if (f->count == 0 || (f->method && strcmp(f->method, method) != 0) ||
		    !fault_path_matches(path, f->path, f->without))
			continue;
		if (f->skip > 0) {
			f->skip--;
			continue;
		}
		if (f->count > 0)
			f->count--;
		f->hits++;
		return f;
	}
	return NULL;
}

static void free_fault(struct proxy *p, struct fault *f)
{
	DL_DELETE(p->faults, f);
	json_decref(f->headers);
	free(f->method);
	free(f->path);
	free(f->without);
	free(f->body);
	free(f);
}

void fault_remove(struct proxy *p, int id)
{
	struct fault *f, *next;

	DL_FOREACH_SAFE(p->faults, f, next)
		if (id == 0 || f->id == id)
			free_fault(p, f);
}

static int64_t integer(json_t *words, const char *key, int64_t otherwise)
{
	json_t *value = json_object_get(words, key);

	return json_is_integer(value) ? (int64_t)json_integer_value(value) : otherwise;
}

static char *text(json_t *words, const char *key)
{
	return fc_xstrdup_null(json_string_value(json_object_get(words, key)));
}

int fault_add(struct proxy *p, json_t *words)
{
	json_t *cut = json_object_get(words, "cut");
	int end = index_of(ends, FC_ARRAY_LEN(ends), json_string_value(json_object_get(words, "end")));
	int how = index_of(cuts, FC_ARRAY_LEN(cuts), cut ? json_string_value(cut) : "rst");

	if (end < 0 || how < 0)
		return 0;
	struct fault *f = fc_xcalloc(1, sizeof(*f));
	f->id = ++p->fault_ids;
	f->end = (enum fault_end)end;
	f->cut = (enum fault_cut)how;
	f->method = text(words, "method");
	f->path = text(words, "path");
	f->without = text(words, "without");
	f->body = text(words, "body");
	f->headers = json_incref(json_object_get(words, "headers"));
	f->count = (int)integer(words, "count", -1);
	f->skip = (int)integer(words, "skip", 0);
	f->status = (int)integer(words, "status", 500);
	f->code = (uint32_t)integer(words, "code", NGHTTP2_INTERNAL_ERROR);
	f->delay_ms = integer(words, "delay_ms", 0);
	f->cut_after = integer(words, "cut_after", -1);
	f->bytes_per_ms = json_number_value(json_object_get(words, "bytes_per_ms"));
	f->mute = json_is_true(json_object_get(words, "mute"));
	f->forward = f->end == FAULT_PASS || json_is_true(json_object_get(words, "forward"));
	DL_APPEND(p->faults, f);
	return f->id;
}
