/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a cluster of the sandbox: URLs, media types, selectors, continue tokens and bodies of any kind. The input
 * is up to six requests one after the other, each of four lines: method and path, Accept, Content-Type, body. What one
 * leaves behind the next one meets; every input begins with a fresh cluster. */
#include "sandbox/api.h"

#include "fuzz.h"
#include "json/decode.h"
#include "sandbox/read.h"
#include "sandbox/schema.h"

#define REQUESTS 6

static struct sb_schemas *schemas;

static int64_t fixed_time(void)
{
	return INT64_C(1700000000) * 1000000000;
}

int LLVMFuzzerInitialize(int *argc FC_UNUSED, char ***argv FC_UNUSED)
{
	fuzz_begin();
	schemas = sb_schemas_new();
	return 0;
}

/* The next line, ended by a zero byte in place of its line feed; "" when there is none. */
static char *next_line(char **rest)
{
	static char none[] = "";
	char *line = *rest ? strsep(rest, "\n") : NULL;

	return line ? line : none;
}

static void drop_line(struct sb_sink *sink FC_UNUSED, struct sb_text *line, enum sb_piece piece FC_UNUSED)
{
	FUZZ_CHECK(line->len && line->bytes[line->len - 1] == '\n');
}

static void drop_end(struct sb_sink *sink FC_UNUSED)
{
}

/* An answer has a status that HTTP knows; where it is JSON, it is JSON. */
static void check_answer(const struct sb_response *answer)
{
	FUZZ_CHECK(answer->status >= 200 && answer->status < 600);
	if (answer->watch || !answer->content_type || strcmp(answer->content_type, "application/json") != 0)
		return;
	json_t *value = json_loadb(answer->body.data, answer->body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	FUZZ_CHECK(value);
	json_decref(value);
}

static void ask(struct sb_cluster *c, char **rest)
{
	char *method = next_line(rest), *path = strchr(method, ' ');
	const char *accept = next_line(rest), *content_type = next_line(rest), *body = next_line(rest);
	struct sb_response answer = SB_RESPONSE_INIT;
	struct sb_sink sink = { .write = drop_line, .end = drop_end };

	if (path)
		*path++ = '\0';
	struct sb_request request = { .method = method,
				      .path = path && *path == '/' ? path : "/api/v1/namespaces/default/configmaps",
				      .accept = accept,
				      .content_type = content_type,
				      .authorization = "Bearer token",
				      .if_none_match = "",
				      .user_agent = "fuzz/1",
				      .body = body,
				      .body_len = strlen(body) };
	sb_api_handle(c, &request, &answer);
	check_answer(&answer);
	if (answer.watch) {
		struct sb_watch *watch = fc_steal(&answer.watch);

		sb_watch_start(watch, &sink);
		sb_watch_close(watch);
	}
	sb_response_fini(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sb_cluster_options options = { .name = "fuzz",
					      .token = "token",
					      .history = 8,
					      .seed = 1,
					      .schemas = schemas,
					      .bookmark_ms = 60000,
					      .now = fixed_time };
	struct sb_cluster *c = sb_cluster_new(&options, NULL);
	char *text = fc_xstrndup((const char *)data, size), *rest = text;

	for (int i = 0; i < REQUESTS && rest; i++)
		ask(c, &rest);
	free(text);
	sb_cluster_free(c);
	return 0;
}
