/* SPDX-License-Identifier: Apache-2.0 */
/* api_world - a cluster of the sandbox that a test asks as a client would, without any connection.
 * Owns:    the cluster, and the last answer.
 * Threads: one.
 * Fails:   an assertion of cmocka.
 * Source:  sandbox/api.h. */
#ifndef FC_TESTS_API_WORLD_H
#define FC_TESTS_API_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/api.h"
#include "sandbox/cluster.h"
#include "sandbox/garbage.h"
#include "sandbox/namespaces.h"
#include "sandbox/read.h"
#include "sandbox/schema.h"

#define JSON "application/json"
#define JSON_PATCH "application/json-patch+json"
#define MERGE_PATCH "application/merge-patch+json"
#define APPLY_PATCH "application/apply-patch+yaml"
#define STRATEGIC_PATCH "application/strategic-merge-patch+json"
#define AS_METADATA "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
#define AS_METADATA_LIST "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
#define AS_TABLE "application/json;as=Table;v=v1;g=meta.k8s.io"
#define MAPS "/api/v1/namespaces/default/configmaps"

struct world {
	struct sb_schemas *schemas;
	struct sb_cluster *c;
	const char *accept;	   /* of the next requests */
	const char *authorization; /* of the next requests; NULL: the administrator's */
	int status;
	json_t *body; /* of the last answer; NULL: none, or no JSON */
};

static int64_t world_now(void)
{
	return INT64_C(1700000000) * 1000000000;
}

static FC_UNUSED struct world *world_new(unsigned history)
{
	struct world *w = fc_xcalloc(1, sizeof(*w));

	w->schemas = sb_schemas_new();
	w->accept = "";
	w->c = sb_cluster_new(&(struct sb_cluster_options){ .name = "one",
							    .token = "t",
							    .history = history,
							    .seed = 1,
							    .schemas = w->schemas,
							    .bookmark_ms = 1000,
							    .now = world_now },
			      NULL);
	return w;
}

static FC_UNUSED void world_free(struct world *w)
{
	sb_cluster_free(w->c);
	sb_schemas_free(w->schemas);
	json_decref(w->body);
	free(w);
}

static FC_UNUSED struct sb_response world_respond(struct world *w, const char *method, const char *path,
						  const char *type, const char *body)
{
	struct sb_request request = { .method = method,
				      .path = path,
				      .accept = w->accept,
				      .content_type = type,
				      .authorization = w->authorization ?: "Bearer t",
				      .if_none_match = "",
				      .user_agent = "test/1",
				      .body = body ?: "",
				      .body_len = body ? strlen(body) : 0 };
	struct sb_response response = SB_RESPONSE_INIT;

	sb_api_handle(w->c, &request, &response);
	return response;
}

/* The status; the body is w->body until the next call. */
static FC_UNUSED int ask(struct world *w, const char *method, const char *path, const char *type, const char *body)
{
	struct sb_response response = world_respond(w, method, path, type, body);

	json_decref(w->body);
	w->body = json_loadb(fc_buf_str(&response.body), response.body.len, JSON_ALLOW_NUL, NULL);
	w->status = response.status;
	sb_response_fini(&response);
	return w->status;
}

static FC_UNUSED int get(struct world *w, const char *path)
{
	return ask(w, "GET", path, "", NULL);
}

/* "a.b.0.c" of the last answer as text: strings as they are, else JSON; "" where there is nothing. The caller frees. */
static FC_UNUSED char *at(const struct world *w, const char *path)
{
	const json_t *value = w->body;
	FC_AUTO_FREE char *copy = fc_xstrdup(path);
	char *rest = copy, *piece;

	while (value && (piece = strsep(&rest, ".")))
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(piece))
					     : json_object_get(value, piece);
	if (json_is_string(value))
		return fc_xstrdup(json_string_value(value));
	return value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : fc_xstrdup("");
}

static FC_UNUSED void is_at(const struct world *w, const char *path, const char *expected)
{
	FC_AUTO_FREE char *have = at(w, path);

	if (strcmp(have, expected) != 0)
		fail_msg("%s is %s, not %s", path, have, expected);
}

static FC_UNUSED void make(struct world *w, const char *name, const char *more)
{
	FC_AUTO_FREE char *body = fc_xasprintf("{\"metadata\":{\"name\":\"%s\"%s}}", name, more);

	if (ask(w, "POST", MAPS, JSON, body) != 201) {
		FC_AUTO_FREE char *why = at(w, "message");

		fail_msg("%s: %d %s", name, w->status, why);
	}
}

/* --- watches --- */

struct tape {
	struct sb_sink sink;
	struct fc_buf lines; /* as "TYPE name version" each */
	json_t *last;
	bool ended;
};

static void tape_write(struct sb_sink *sink, struct sb_text *line, enum sb_piece piece)
{
	struct tape *t = FC_CONTAINER_OF(sink, struct tape, sink);
	const json_t *object, *metadata;

	(void)piece;
	json_decref(t->last);
	t->last = json_loadb(line->bytes, line->len, 0, NULL);
	assert_non_null(t->last);
	assert_int_equal(line->bytes[line->len - 1], '\n');
	object = json_object_get(t->last, "object");
	metadata = json_object_get(object, "metadata");
	fc_buf_printf(&t->lines, "%s %s\n", json_string_value(json_object_get(t->last, "type")),
		      json_string_value(json_object_get(metadata, "name")) ?: "-");
}

static void tape_end(struct sb_sink *sink)
{
	FC_CONTAINER_OF(sink, struct tape, sink)->ended = true;
}

static FC_UNUSED struct sb_watch *watch(struct world *w, struct tape *t, const char *path)
{
	struct sb_response response = world_respond(w, "GET", path, "", NULL);
	struct sb_watch *opened = fc_steal(&response.watch);

	*t = (struct tape){ .sink = { .write = tape_write, .end = tape_end } };
	assert_int_equal(response.status, 200);
	sb_response_fini(&response);
	sb_watch_start(opened, &t->sink);
	return opened;
}

/* What was told since the last look. */
static FC_UNUSED void told(struct tape *t, const char *lines)
{
	assert_string_equal(fc_buf_str(&t->lines), lines);
	fc_buf_clear(&t->lines);
}

static FC_UNUSED void tape_fini(struct tape *t)
{
	json_decref(t->last);
	fc_buf_fini(&t->lines);
}

/* The controllers, until they have nothing left to do. */
static FC_UNUSED void world_settle(struct world *w)
{
	while (sb_namespaces_step(w->c->namespaces) || sb_garbage_step(w->c->garbage))
		;
}

#endif
