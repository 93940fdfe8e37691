/* SPDX-License-Identifier: Apache-2.0 */
#include "json/patch.h"

#include "base/mem.h"
#include "unit/json/random_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct fc_path *parse(const char *text)
{
	struct fc_path *p = fc_path_parse(text, FC_PATH_IN_VALUE, NULL);

	assert_non_null(p);
	return p;
}

/* The container and the last token of a pointer; NULL when a parent is absent. `token` is unescaped in place. */
static json_t *container_of(json_t *document, char *pointer, char **token)
{
	json_t *at = document;
	char *from = pointer + 1;

	for (;;) {
		char *end = strchr(from, '/'), *out = from;

		if (end)
			*end = '\0';
		for (char *c = from; *c; c++) {
			if (*c == '~')
				*out++ = *++c == '1' ? '/' : '~';
			else
				*out++ = *c;
		}
		*out = '\0';
		if (!end) {
			*token = from;
			return at;
		}
		at = json_is_array(at) ? json_array_get(at, strtoul(from, NULL, 10)) : json_object_get(at, from);
		if (!json_is_object(at) && !json_is_array(at))
			return NULL;
		from = end + 1;
	}
}

/* As an API server does it: RFC 6902, `add` and `replace` only, missing parents are an error. */
static int apply(json_t *document, const json_t *patch)
{
	for (size_t i = 0; i < json_array_size(patch); i++) {
		const json_t *operation = json_array_get(patch, i);
		bool add = strcmp(json_string_value(json_object_get(operation, "op")), "add") == 0;
		FC_AUTO_FREE char *pointer = fc_xstrdup(json_string_value(json_object_get(operation, "path")));
		json_t *value = json_object_get(operation, "value");
		char *token;
		json_t *container = container_of(document, pointer, &token);

		if (json_is_object(container)) {
			if (!add && !json_object_get(container, token))
				return -1;
			json_object_set_new(container, token, json_deep_copy(value));
		} else if (json_is_array(container)) {
			size_t index = strtoul(token, NULL, 10);
			if (add ? json_array_insert_new(container, index, json_deep_copy(value))
				: json_array_set_new(container, index, json_deep_copy(value)))
				return -1;
		} else {
			return -1;
		}
	}
	return 0;
}

static void put(struct fc_patch *patch, const char *path, const json_t *document, json_t *value)
{
	FC_AUTO_PATH struct fc_path *p = parse(path);
	struct fc_path_ground ground;

	fc_path_survey(p, document, &ground);
	assert_false(ground.blocked);
	fc_patch_put(patch, p, &ground, value);
	json_decref(value);
}

/* `paths`: all of them are set to 1 in `document`. */
static void makes(const char *document_text, const char *const *paths, const char *expected)
{
	json_auto_t *document = json_loads(document_text, 0, NULL);
	struct fc_patch *patch = fc_patch_new("7");

	for (; *paths; paths++)
		put(patch, *paths, document, json_integer(1));
	json_auto_t *operations = fc_patch_finish(patch);
	FC_AUTO_FREE char *text = json_dumps(operations, JSON_COMPACT);
	assert_string_equal(text, expected);
}

#define VERSION "{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"}"
#define ADD(pointer, value) ",{\"op\":\"add\",\"path\":\"" pointer "\",\"value\":" value "}"
#define REPLACE(pointer, value) ",{\"op\":\"replace\",\"path\":\"" pointer "\",\"value\":" value "}"
#define PATHS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_patch_begins_with_the_version(void **state FC_UNUSED)
{
	struct fc_patch *patch = fc_patch_new("7");
	json_auto_t *operations = fc_patch_finish(patch);
	FC_AUTO_FREE char *text = json_dumps(operations, JSON_COMPACT);

	assert_string_equal(text, "[" VERSION "]");
	fc_patch_free(fc_patch_new("8"));
	fc_patch_free(NULL);
}

static void test_patch_adds_to_maps_and_replaces_in_lists(void **state FC_UNUSED)
{
	makes("{\"a\":{\"b\":2}}", PATHS("a.b"), "[" VERSION ADD("/a/b", "1") "]");
	makes("{\"a\":{}}", PATHS("a.b"), "[" VERSION ADD("/a/b", "1") "]");
	makes("{\"a\":{\"b\":null}}", PATHS("a.b"), "[" VERSION ADD("/a/b", "1") "]");
	makes("{\"a\":[5]}", PATHS("a.0"), "[" VERSION REPLACE("/a/0", "1") "]");
	makes("{\"a\":[null]}", PATHS("a[0]"), "[" VERSION REPLACE("/a/0", "1") "]");
	makes("{\"a\":[{}]}", PATHS("a[0].x/y"), "[" VERSION ADD("/a/0/x~1y", "1") "]");
}

static void test_patch_makes_missing_and_null_parents_outermost_first(void **state FC_UNUSED)
{
	makes("{}", PATHS("a.b.c"), "[" VERSION ADD("/a", "{}") ADD("/a/b", "{}") ADD("/a/b/c", "1") "]");
	makes("{\"a\":null}", PATHS("a.b"), "[" VERSION ADD("/a", "{}") ADD("/a/b", "1") "]");
	makes("{\"a\":{\"b\":null}}", PATHS("a.b.c"), "[" VERSION ADD("/a/b", "{}") ADD("/a/b/c", "1") "]");
	/* `add` at an index would insert an element. */
	makes("{\"a\":[null]}", PATHS("a[0].b.c"),
	      "[" VERSION REPLACE("/a/0", "{}") ADD("/a/0/b", "{}") ADD("/a/0/b/c", "1") "]");
}

static void test_patch_makes_shared_parents_once(void **state FC_UNUSED)
{
	makes("{}", PATHS("a.b.c", "a.b.d", "a.e"),
	      "[" VERSION ADD("/a", "{}") ADD("/a/b", "{}") ADD("/a/b/c", "1") ADD("/a/b/d", "1") ADD("/a/e", "1") "]");
}

static void test_patch_does_not_empty_maps_it_has_put(void **state FC_UNUSED)
{
	json_auto_t *document = json_object();
	struct fc_patch *patch = fc_patch_new("7");

	put(patch, "a.b", document, json_pack("{s:{s:i}}", "x", "y", 2));
	put(patch, "a.b.c", document, json_integer(1));
	put(patch, "a.b.x.z", document, json_integer(1));
	put(patch, "a.b.new.z", document, json_integer(1));
	json_auto_t *operations = fc_patch_finish(patch);
	FC_AUTO_FREE char *text = json_dumps(operations, JSON_COMPACT);
	assert_string_equal(text, "[" VERSION ADD("/a", "{}") ADD("/a/b", "{\"x\":{\"y\":2}}") ADD("/a/b/c", "1")
					  ADD("/a/b/x/z", "1") ADD("/a/b/new", "{}") ADD("/a/b/new/z", "1") "]");
}

static void test_patch_forgets_what_a_later_value_replaces(void **state FC_UNUSED)
{
	json_auto_t *document = json_object();
	json_auto_t *changed = json_pack("{s:{}}", "a");
	struct fc_patch *patch = fc_patch_new("7");

	put(patch, "a.b", document, json_object());
	put(patch, "a", changed, json_object());
	put(patch, "a.b.c", changed, json_integer(1));
	json_auto_t *operations = fc_patch_finish(patch);
	FC_AUTO_FREE char *text = json_dumps(operations, JSON_COMPACT);
	assert_string_equal(text, "[" VERSION ADD("/a", "{}") ADD("/a/b", "{}") ADD("/a", "{}") ADD("/a/b", "{}")
					  ADD("/a/b/c", "1") "]");
}

static void test_patch_keeps_a_reference_to_the_value(void **state FC_UNUSED)
{
	json_auto_t *document = json_object();
	struct fc_patch *patch = fc_patch_new("7");
	json_t *value = json_string("kept");

	put(patch, "a", document, value);
	json_auto_t *operations = fc_patch_finish(patch);
	assert_ptr_equal(json_object_get(json_array_get(operations, 1), "value"), value);
}

/* Puts up to three values, each at a place of the document as the earlier ones leave it, and compares what a server
 * makes of the patch with what fc_path_set makes. */
static void test_patch_random_does_what_path_set_does(void **state FC_UNUSED)
{
	struct random r = { 2463534242ull };
	unsigned puts = 0;

	for (int i = 0; i < 20000; i++) {
		json_auto_t *document = random_object(&r);
		json_object_set_new(document, "metadata", json_pack("{s:s}", "resourceVersion", "7"));
		json_auto_t *wanted = json_deep_copy(document);
		struct fc_patch *patch = fc_patch_new("7");

		for (unsigned n = 1 + random_below(&r, 3); n > 0; n--) {
			json_auto_t *value = random_json(&r, 2);
			struct fc_path_ground ground;
			char text[200];

			random_path(&r, text, sizeof(text));
			FC_AUTO_PATH struct fc_path *p = parse(text);
			fc_path_survey(p, wanted, &ground);
			if (ground.blocked)
				continue;
			fc_patch_put(patch, p, &ground, value);
			json_auto_t *own = json_deep_copy(value);
			assert_int_equal(fc_path_set(p, wanted, own, NULL), 0);
			puts++;
		}
		json_auto_t *operations = fc_patch_finish(patch);
		assert_int_equal(apply(document, operations), 0);
		if (!json_equal(document, wanted))
			fail_msg("%s makes %s", json_dumps(operations, 0), json_dumps(document, 0));
	}
	assert_true(puts > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patch_begins_with_the_version),
		cmocka_unit_test(test_patch_adds_to_maps_and_replaces_in_lists),
		cmocka_unit_test(test_patch_makes_missing_and_null_parents_outermost_first),
		cmocka_unit_test(test_patch_makes_shared_parents_once),
		cmocka_unit_test(test_patch_does_not_empty_maps_it_has_put),
		cmocka_unit_test(test_patch_forgets_what_a_later_value_replaces),
		cmocka_unit_test(test_patch_keeps_a_reference_to_the_value),
		cmocka_unit_test(test_patch_random_does_what_path_set_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
