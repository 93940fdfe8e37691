/* SPDX-License-Identifier: Apache-2.0 */
/* What came through, for the tests to read: one JSON object a line. Tokens are the tests' own, and stand there as they
 * came. */
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "channel.h"
#include "proxy.h"

static const char *value_of(const struct stream *s, const char *name)
{
	for (size_t i = 0; i < s->request.count; i++)
		if (strcmp((const char *)s->request.nv[i].name, name) == 0)
			return (const char *)s->request.nv[i].value;
	return NULL;
}

/* Name to list of values: Impersonate-Group may be there often. */
static json_t *impersonation(const struct stream *s)
{
	static const char prefix[] = "impersonate-";
	json_t *all = json_object();

	for (size_t i = 0; i < s->request.count; i++) {
		const char *name = (const char *)s->request.nv[i].name;
		if (strncmp(name, prefix, strlen(prefix)) != 0)
			continue;
		if (!json_object_get(all, name))
			json_object_set_new(all, name, json_array());
		json_array_append_new(json_object_get(all, name), json_string((const char *)s->request.nv[i].value));
	}
	return all;
}

static json_t *scheme_of(const char *authorization)
{
	const char *space = authorization ? strchr(authorization, ' ') : NULL;

	return space ? json_stringn(authorization, (size_t)(space - authorization)) : json_string("");
}

void journal_write(const struct stream *s, const struct fault *f)
{
	const struct stream *other;
	const char *authorization = value_of(s, "authorization"), *agent = value_of(s, "user-agent");
	const char *host = value_of(s, ":authority"),
		   *sni = SSL_get_servername(channel_ssl(s->pair->down), TLSEXT_NAMETYPE_host_name);
	int streams = 0;

	DL_COUNT(s->pair->streams, other, streams);
	json_t *line = json_pack("{sI si sI sI ss ss ss ss so so ss ss si}", "time_ms", (json_int_t)fc_clock_wall_ms(),
				 "stream", s->down_id, "number", (json_int_t)s->pair->proxy->requests, "connection",
				 (json_int_t)s->pair->number, "method", s->method, "path", s->path, "authorization",
				 authorization ? authorization : "", "user_agent", agent ? agent : "", "scheme",
				 scheme_of(authorization), "impersonate", impersonation(s), "host", host ? host : "",
				 "sni", sni ? sni : "", "streams", streams);
	if (!line)
		abort();
	json_object_set_new(line, "fault", f ? json_integer(f->id) : json_null());
	char *text = json_dumps(line, JSON_COMPACT);
	fprintf(s->pair->proxy->journal, "%s\n", text);
	fflush(s->pair->proxy->journal);
	free(text);
	json_decref(line);
}
