/* SPDX-License-Identifier: Apache-2.0 */
/* kind_cases - one kind's functions held against what a real kube-apiserver answered to the same objects.
 * Owns:    what it reads from kinds/NAME.yaml (the cases) and kinds/NAME.json (the answers, by kinds/record.py).
 * Threads: one.
 * Fails:   a test per case.
 * Source:  recorded conversations. */
#ifndef FC_TESTS_KIND_CASES_H
#define FC_TESTS_KIND_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "json/yaml.h"
#include "sandbox/kinds.h"
#include "sandbox/schema.h"
#include "sandbox/types.h"

#define KIND_CASES_FOLDER "tests/unit/sandbox/kinds/"

struct kind_case {
	const struct sb_type *type;
	const struct sb_kind *kind; /* the type's */
	struct sb_cluster *cluster; /* NULL where the kind asks for nothing in it */
	const json_t *file, *row, *answer;
};

static json_t *kind_case_read(const char *name, const char *suffix)
{
	FC_AUTO_FREE char *path = fc_xasprintf(KIND_CASES_FOLDER "%s.%s", name, suffix), *text = NULL;
	struct fc_error err = FC_ERROR_INIT;
	json_t *value = NULL;
	size_t len;

	if (fc_file_read(path, 4 * 1024 * 1024, &text, &len, &err) == 0)
		value = fc_yaml_parse(text, len, &err);
	if (!value)
		fprintf(stderr, "%s: %s\n", path, err.text);
	return value;
}

static json_t *kind_case_decoded(const struct kind_case *c, json_t *object)
{
	struct fc_error err = FC_ERROR_INIT;

	if (sb_schema_decode(c->type->schema, object, &err) < 0)
		fail_msg("%s", err.text);
	if (c->type->to_stored)
		c->type->to_stored(object);
	if (c->kind->defaults)
		c->kind->defaults(object);
	return object;
}

/* With what the recorder adds and write.c sees to. */
static json_t *kind_case_object(const struct kind_case *c, const char *member)
{
	json_t *object = json_deep_copy(json_object_get(c->row, member)), *metadata;

	json_object_set(object, "apiVersion", json_object_get(c->file, "apiVersion"));
	json_object_set(object, "kind", json_object_get(c->file, "kind"));
	if (!json_object_get(object, "metadata"))
		json_object_set_new(object, "metadata", json_object());
	metadata = json_object_get(object, "metadata");
	if (!json_object_get(metadata, "name"))
		json_object_set_new(metadata, "name", json_string("case"));
	if (!json_object_get(metadata, "namespace") && !json_is_true(json_object_get(c->file, "cluster")))
		json_object_set_new(metadata, "namespace", json_string("kinds"));
	/* Updates say which version they are of. */
	if (json_object_get(c->row, "old") && !json_object_get(metadata, "resourceVersion"))
		json_object_set_new(metadata, "resourceVersion", json_string("1"));
	return kind_case_decoded(c, object);
}

static json_t *kind_case_stored(const struct kind_case *c, struct sb_call *call)
{
	json_t *old = kind_case_object(c, "old");

	if (c->kind->prepare_create)
		c->kind->prepare_create(call, old);
	if (c->kind->allocate)
		assert_int_equal(c->kind->allocate(call, NULL, old, false), 0);
	return old;
}

/* What the answer does not name since it was drawn by lot. */
static void kind_case_mask(json_t *value, const json_t *expected)
{
	const char *key;
	json_t *member;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)expected, key, member) {
		json_t *mine = json_object_get(value, key);

		if (mine && json_is_string(member) && strcmp(json_string_value(member), "drawn") == 0)
			json_object_set(value, key, member);
		else
			kind_case_mask(mine, member);
	}
	json_array_foreach(expected, i, member)
		kind_case_mask(json_array_get(value, i), member);
}

/* Compares; what differs is shown from a little before the first difference. */
static void kind_case_same(const json_t *got, const json_t *expected)
{
	FC_AUTO_FREE char *a = json_dumps(got, JSON_SORT_KEYS | JSON_INDENT(1) | JSON_ENCODE_ANY);
	FC_AUTO_FREE char *b = json_dumps(expected, JSON_SORT_KEYS | JSON_INDENT(1) | JSON_ENCODE_ANY);
	const char *x = a ?: "nothing", *y = b ?: "nothing";
	size_t same = 0, from;

	while (x[same] && x[same] == y[same])
		same++;
	from = same > 200 ? same - 200 : 0;
	if (x[same] || y[same])
		fail_msg("got:\n%.400s\n--- the real server answered:\n%.400s", x + from, y + from);
}

/* What was refused with an answer of its own. */
static void kind_case_refused(const struct kind_case *c, struct sb_call *call)
{
	json_t *status = json_loadb(call->response->body.data, call->response->body.len, 0, NULL);

	assert_int_equal(call->response->status, json_integer_value(json_object_get(c->answer, "code")));
	kind_case_same(json_object_get(json_object_get(status, "details"), "causes"),
		       json_object_get(c->answer, "causes"));
	json_decref(status);
	fc_buf_fini(&call->response->body);
}

/* metadata and the rest of a write are write.c's: tested there. */
static void kind_case_outcome(const struct kind_case *c, struct sb_call *call, const json_t *old, json_t *object,
			      struct sb_causes *causes)
{
	json_t *wanted = json_object_get(c->answer, "object");

	if (sb_causes_any(causes)) {
		kind_case_same(causes->list, json_object_get(c->answer, "causes"));
		return;
	}
	if (c->kind->allocate && !*call->subresource && c->kind->allocate(call, old, object, false) < 0) {
		kind_case_refused(c, call);
		return;
	}
	if (!wanted)
		kind_case_same(NULL, json_object_get(c->answer, "causes"));
	if (c->type->from_stored)
		c->type->from_stored(object);
	if (c->kind->warnings)
		c->kind->warnings(call, object);
	json_object_del(object, "metadata");
	kind_case_mask(object, wanted);
	kind_case_same(object, wanted);
}

/* Warning headers, in their order; frees them. */
static void kind_case_warnings(const struct kind_case *c, struct sb_response *response)
{
	json_t *got = json_array();

	for (unsigned i = 0; i < response->header_count; i++) {
		json_array_append_new(got, json_string(response->headers[i].value));
		free(response->headers[i].value);
	}
	kind_case_same(json_array_size(got) ? got : NULL, json_object_get(c->answer, "warnings"));
	json_decref(got);
}

static void kind_case_run(void **state)
{
	struct kind_case *c = *state;
	struct sb_response response = SB_RESPONSE_INIT;
	const char *part = json_string_value(json_object_get(c->row, "write")) ?: "";
	struct sb_call call = {
		.type = c->type, .response = &response, .cluster = c->cluster, .subresource = part, .form = SB_FORM_FULL
	};
	json_t *old = json_object_get(c->row, "old") ? kind_case_stored(c, &call) : NULL;
	json_t *object = kind_case_object(c, "object");
	struct sb_causes causes = SB_CAUSES_INIT;

	assert_non_null(c->answer);
	if (old && c->kind->prepare_update && strcmp(part, "finalize") != 0)
		c->kind->prepare_update(&call, old, object, *part);
	if (!old && c->kind->prepare_create)
		c->kind->prepare_create(&call, object);
	if (c->kind->validate)
		c->kind->validate(&call, old, object, &causes);
	kind_case_outcome(c, &call, old, object, &causes);
	sb_causes_fini(&causes);
	json_decref(object);
	json_decref(old);
	kind_case_warnings(c, &response);
}

static const struct sb_type *kind_case_type(const struct sb_types *types, const json_t *file)
{
	FC_AUTO_FREE char *group = fc_xstrdup(json_string_value(json_object_get(file, "apiVersion")) ?: "");
	char *slash = strchr(group, '/'), *version = slash ? slash + 1 : group;

	if (slash)
		*slash = '\0';
	return sb_types_find(types, slash ? group : "", version, json_string_value(json_object_get(file, "plural")));
}

static int kind_cases_of(const char *name, const struct sb_type *type, struct sb_cluster *cluster, const json_t *file,
			 const json_t *answers)
{
	size_t count = json_array_size(json_object_get(file, "cases")), i;
	FC_AUTO_FREE struct kind_case *cases = fc_xcalloc(count + 1, sizeof(*cases));
	FC_AUTO_FREE struct CMUnitTest *tests = fc_xcalloc(count + 1, sizeof(*tests));
	json_t *row;

	json_array_foreach(json_object_get(file, "cases"), i, row) {
		const char *title = json_string_value(json_object_get(row, "name"));

		cases[i] = (struct kind_case){ type, type->ops, cluster, file, row, json_object_get(answers, title) };
		tests[i] = (struct CMUnitTest){ title, kind_case_run, NULL, NULL, &cases[i] };
	}
	return count ? _cmocka_run_group_tests(name, tests, count, NULL, NULL) : 1;
}

/* Each case of kinds/NAME.yaml is a test. */
static int kind_cases_run(const char *name, struct sb_cluster *cluster)
{
	json_t *file = kind_case_read(name, "yaml"), *answers = kind_case_read(name, "json");
	struct sb_schemas *schemas = sb_schemas_new();
	struct sb_types *types = sb_types_new(schemas);
	const struct sb_type *type = kind_case_type(types, file);
	int failed = type ? kind_cases_of(name, type, cluster, file, answers) : 1;

	json_decref(file);
	json_decref(answers);
	sb_types_free(types);
	sb_schemas_free(schemas);
	return failed;
}

#endif
