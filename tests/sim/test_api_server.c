/* SPDX-License-Identifier: Apache-2.0 */
/* Replays conversations with a real API server against the model: recorded/NAME.json, made by record.py. What the real
 * server answered with a name in place of a version, uid or time may be anything in the model, but the same thing each
 * time, and versions in the same order. Messages are for people and are not compared, nor is the order of causes, nor
 * a cause that is told twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_server.h"
#include "api_server_types.h"

#include "base/mem.h"

#include <dirent.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WATCHES 16

static const struct api_type custom_types[] = {
	{ "example.com", "v1", "widgets", "widget", "Widget", .namespaced = true, .generation = true },
	{ "example.com", "v1", "gadgets", "gadget", "Gadget", .namespaced = true, .generation = true, .status = true },
	{ "example.com", "v1", "planets", "planet", "Planet", .generation = true, .status = true },
	{ "example.com", "v1", "comets", "comet", "Comet", .namespaced = true, .generation = true },
};

struct replay {
	struct api_server *s;
	json_t *names; /* "${rv:1}" -> "17" */
	struct api_watch *watches[WATCHES];
	char path[512]; /* where in the answer it is just now */
	size_t path_len;
	char why[1536];
};

/* --- names --- */

static json_t *with_values(const struct replay *r, const json_t *value);

/* What the recording says, with this server's values in place of the names that are known already. */
static json_t *text_with_values(const struct replay *r, const char *text)
{
	char *out = fc_xcalloc(1, 1);
	json_t *string;

	for (const char *p = text; *p;) {
		const char *end = strncmp(p, "${", 2) == 0 ? strchr(p, '}') : NULL;
		size_t len = end ? (size_t)(end + 1 - p) : 1;
		FC_AUTO_FREE char *piece = fc_xstrndup(p, len);
		const char *value = end ? json_string_value(json_object_get(r->names, piece)) : NULL;
		char *longer;

		/* A uid that nobody has, a time that a writer made up. */
		if (end && !value)
			value = strcmp(piece, "${time}") == 0 ? "2001-01-01T00:00:00Z"
							      : "00000000-0000-4000-8000-000000000000";
		longer = fc_xasprintf("%s%s", out, value ?: piece);
		free(out);
		out = longer;
		p += len;
	}
	string = json_string(out);
	free(out);
	return string;
}

static json_t *with_values(const struct replay *r, const json_t *value)
{
	const char *key;
	json_t *item, *copy;
	size_t i;

	if (json_is_string(value))
		return text_with_values(r, json_string_value(value));
	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, i, item)
			json_array_append_new(copy, with_values(r, item));
		return copy;
	}
	if (!json_is_object(value))
		return json_deep_copy(value);
	copy = json_object();
	json_object_foreach((json_t *)(uintptr_t)value, key, item)
		json_object_set_new(copy, key, with_values(r, item));
	return copy;
}

static unsigned long long number_in(const char *name)
{
	return strtoull(strchr(name, ':') + 1, NULL, 10);
}

/* Versions that are told apart by number have to be in that order here. */
static bool in_order(const struct replay *r, const char *name, const char *value)
{
	const char *other;
	json_t *known;

	json_object_foreach(r->names, other, known) {
		unsigned long long n = number_in(name), m = number_in(other);
		unsigned long long v = strtoull(value, NULL, 10), w = strtoull(json_string_value(known), NULL, 10);

		if (strncmp(other, "${rv:", 5) == 0 && ((n < m && v >= w) || (n > m && v <= w)))
			return false;
	}
	return true;
}

static bool same_name(struct replay *r, const char *name, const char *value)
{
	const char *known = json_string_value(json_object_get(r->names, name));

	if (strcmp(name, "${time}") == 0)
		return strlen(value) == strlen("2001-01-01T00:00:00Z") && value[10] == 'T';
	if (known)
		return strcmp(known, value) == 0;
	if (strncmp(name, "${rv:", 5) == 0 && !in_order(r, name, value))
		return false;
	json_object_set_new(r->names, name, json_string(value));
	return true;
}

/* --- comparison --- */

static bool same(struct replay *r, const json_t *want, const json_t *have);

static bool differs(struct replay *r, const json_t *want, const json_t *have)
{
	FC_AUTO_FREE char *w = want ? json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
	FC_AUTO_FREE char *h = have ? json_dumps(have, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;

	snprintf(r->why, sizeof(r->why), "at %s: the real one said %.400s, the model %.400s", r->path, w ?: "nothing",
		 h ?: "nothing");
	return false;
}

static bool same_at(struct replay *r, const char *step, const json_t *want, const json_t *have)
{
	size_t len = r->path_len;
	bool equal;

	r->path_len += (size_t)snprintf(r->path + len, sizeof(r->path) - len, "/%s", step);
	if (r->path_len >= sizeof(r->path))
		r->path_len = sizeof(r->path) - 1;
	equal = same(r, want, have);
	r->path_len = len;
	r->path[len] = '\0';
	return equal;
}

static bool same_objects(struct replay *r, const json_t *want, const json_t *have)
{
	bool is_status = strcmp(json_string_value(json_object_get(want, "kind")) ?: "", "Status") == 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)want, key, value)
		if (!(is_status && strcmp(key, "message") == 0) && !same_at(r, key, value, json_object_get(have, key)))
			return false;
	json_object_foreach((json_t *)(uintptr_t)have, key, value)
		if (!(is_status && strcmp(key, "message") == 0) && !json_object_get(want, key))
			return same_at(r, key, NULL, value);
	return true;
}

static bool has_cause(const json_t *causes, const json_t *wanted)
{
	json_t *cause;
	size_t i;

	json_array_foreach(causes, i, cause)
		if (json_equal(json_object_get(cause, "reason") ?: json_null(),
			       json_object_get(wanted, "reason") ?: json_null()) &&
		    json_equal(json_object_get(cause, "field") ?: json_null(),
			       json_object_get(wanted, "field") ?: json_null()))
			return true;
	return false;
}

static bool same_causes(struct replay *r, const json_t *want, const json_t *have)
{
	json_t *cause;
	size_t i;

	json_array_foreach(want, i, cause)
		if (!has_cause(have, cause))
			return differs(r, cause, have);
	json_array_foreach(have, i, cause)
		if (!has_cause(want, cause))
			return differs(r, want, cause);
	return true;
}

static bool same_arrays(struct replay *r, const json_t *want, const json_t *have)
{
	json_t *value;
	size_t i;

	if (r->path_len > 7 && strcmp(r->path + r->path_len - 7, "/causes") == 0)
		return same_causes(r, want, have);
	json_array_foreach(want, i, value) {
		FC_AUTO_FREE char *step = fc_xasprintf("%zu", i);

		if (!same_at(r, step, value, json_array_get(have, i)))
			return false;
	}
	return json_array_size(want) == json_array_size(have) || differs(r, want, have);
}

static bool same(struct replay *r, const json_t *want, const json_t *have)
{
	const char *text = json_string_value(want);

	if (!want || !have || json_typeof(want) != json_typeof(have))
		return differs(r, want, have);
	if (json_is_object(want))
		return same_objects(r, want, have);
	if (json_is_array(want))
		return same_arrays(r, want, have);
	if (text && strncmp(text, "${", 2) == 0)
		return same_name(r, text, json_string_value(have)) || differs(r, want, have);
	return json_equal(want, have) || differs(r, want, have);
}

/* --- steps --- */

static const char *member(const json_t *step, const char *name)
{
	return json_string_value(json_object_get(step, name));
}

/* Of a discovery document: the rows, in the order of their names. */
static int by_name(const void *a, const void *b)
{
	return strcmp(member(*(json_t *const *)a, "name"), member(*(json_t *const *)b, "name"));
}

static json_t *sorted_rows(const json_t *document, const char *rows)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)document), *list = json_array(), *row, *sorted[64];
	size_t i, n = 0;

	json_array_foreach(json_object_get(document, rows), i, row)
		if (n < FC_ARRAY_LEN(sorted))
			sorted[n++] = row;
	qsort(sorted, n, sizeof(sorted[0]), by_name);
	for (i = 0; i < n; i++)
		json_array_append(list, sorted[i]);
	json_object_set_new(copy, rows, list);
	return copy;
}

static bool replay_ask(struct replay *r, const json_t *step)
{
	json_t *url = text_with_values(r, strchr(member(step, "ask"), ' ') + 1);
	FC_AUTO_FREE char *method = fc_xstrndup(member(step, "ask"), strcspn(member(step, "ask"), " "));
	json_t *given = json_object_get(step, "body"), *body = given ? with_values(r, given) : NULL, *sorted;
	struct api_answer a;
	bool equal = true;
	int status = (int)json_integer_value(json_object_get(step, "status"));
	const json_t *answer = json_object_get(step, "answer");

	a = api_request(r->s, method, json_string_value(url), member(step, "type"),
			json_is_true(json_object_get(step, "metadata")), body);
	if (member(step, "rows")) {
		sorted = sorted_rows(a.body, member(step, "rows"));
		json_decref(a.body);
		a.body = sorted;
	}
	/* A page of words stands as null: the model has a Status in its place. */
	if (!json_is_null(answer))
		equal = same(r, answer, a.body);
	if (equal && a.status != status) {
		snprintf(r->why, sizeof(r->why), "the real one answered %d, the model %d", status, a.status);
		equal = false;
	}
	api_answer_fini(&a);
	json_decref(body);
	json_decref(url);
	return equal;
}

static bool replay_watch(struct replay *r, const json_t *step)
{
	size_t n = (size_t)json_integer_value(json_object_get(step, "watch"));
	json_t *path = text_with_values(r, member(step, "path"));

	assert_true(n < WATCHES);
	r->watches[n] = api_watch_open(r->s, json_string_value(path), json_is_true(json_object_get(step, "metadata")));
	json_decref(path);
	return true;
}

static bool replay_events(struct replay *r, const json_t *step)
{
	struct api_watch *w = r->watches[json_integer_value(json_object_get(step, "events"))];
	json_t *have = json_array(), *event;
	bool equal;

	while ((event = api_watch_next(w)))
		json_array_append_new(have, event);
	equal = same(r, json_object_get(step, "are"), have);
	json_decref(have);
	return equal;
}

static bool replay_ends(struct replay *r, const json_t *step)
{
	struct api_watch *w = r->watches[json_integer_value(json_object_get(step, "ends"))];
	json_t *event = api_watch_next(w);
	bool ended = !event && api_watch_ended(w);

	json_decref(event);
	if (!ended)
		snprintf(r->why, sizeof(r->why), "the real watch had ended");
	return ended;
}

static const struct api_type *type_of(const char *plural)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(custom_types); i++)
		if (strcmp(custom_types[i].plural, plural) == 0)
			return &custom_types[i];
	fail_msg("no type %s", plural);
	return NULL;
}

/* What happens to the server beside requests. */
static bool replay_happening(struct replay *r, const json_t *step)
{
	if (json_object_get(step, "restart")) {
		api_server_restart(r->s);
	} else if (json_object_get(step, "controllers")) {
		while (api_server_run_controllers(r->s))
			;
	} else if (json_object_get(step, "withdraw")) {
		api_server_withdraw(r->s, type_of(member(step, "withdraw")));
	} else if (json_object_get(step, "serve")) {
		api_server_serve(r->s, type_of(member(step, "serve")));
	} else {
		snprintf(r->why, sizeof(r->why), "nobody knows this kind of step");
		return false;
	}
	return true;
}

static bool replay_step(struct replay *r, const json_t *step)
{
	if (json_object_get(step, "ask"))
		return replay_ask(r, step);
	if (json_object_get(step, "watch"))
		return replay_watch(r, step);
	if (json_object_get(step, "events"))
		return replay_events(r, step);
	if (json_object_get(step, "ends"))
		return replay_ends(r, step);
	return replay_happening(r, step);
}

static void serve(struct api_server *s)
{
	api_server_serve(s, &api_type_config_maps);
	api_server_serve(s, &api_type_secrets);
	api_server_serve(s, &api_type_deployments);
	for (size_t i = 0; i < FC_ARRAY_LEN(custom_types); i++)
		api_server_serve(s, &custom_types[i]);
}

static void test_model_answers_as_the_real_server(void **state)
{
	const char *path = *state;
	json_error_t error;
	json_t *recording = json_load_file(path, 0, &error), *step;
	struct replay r = { .s = api_server_new(1), .names = json_object() };
	size_t i, wrong = 0;

	if (!recording)
		fail_msg("%s: %s", path, error.text);
	serve(r.s);
	json_array_foreach(json_object_get(recording, "steps"), i, step) {
		FC_AUTO_FREE char *words = NULL;

		if (replay_step(&r, step))
			continue;
		words = json_dumps(step, JSON_SORT_KEYS);
		print_error("%s:%zu: %s\n  %.300s\n", path, i + 2, r.why, member(step, "ask") ?: words);
		wrong++;
	}
	assert_true(i > 0);
	for (i = 0; i < WATCHES; i++)
		api_watch_close(r.watches[i]);
	json_decref(r.names);
	json_decref(recording);
	api_server_free(r.s);
	assert_int_equal(wrong, 0);
}

/* --- the recordings --- */

static int is_recording(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && strcmp(end, ".json") == 0;
}

int main(void)
{
	char here[] = __FILE__;
	FC_AUTO_FREE char *directory = fc_xasprintf("%s/recorded", dirname(here));
	struct dirent **entries;
	int count = scandir(directory, &entries, is_recording, alphasort), failed;
	struct CMUnitTest *tests;

	if (count <= 0) {
		fprintf(stderr, "%s: no recordings\n", directory);
		return 1;
	}
	tests = fc_xcalloc((size_t)count, sizeof(*tests));
	for (int i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ .name = entries[i]->d_name,
						.test_func = test_model_answers_as_the_real_server,
						.initial_state = fc_xasprintf("%s/%s", directory, entries[i]->d_name) };
	failed = _cmocka_run_group_tests("recorded conversations", tests, (size_t)count, NULL, NULL);
	for (int i = 0; i < count; i++) {
		free(tests[i].initial_state);
		free(entries[i]);
	}
	free(tests);
	free(entries);
	return failed;
}
