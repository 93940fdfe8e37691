/* SPDX-License-Identifier: Apache-2.0 */
#include "json/path.h"

#include "base/mem.h"
#include "unit/json/random_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct fc_path *parse(const char *text, enum fc_path_syntax syntax)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_path *p = fc_path_parse(text, syntax, &err);

	if (!p)
		fail_msg("%s: %s", text, err.text);
	return p;
}

#define DOCUMENT                                                                                                     \
	"{\"s\":\"x\",\"n\":null,\"m\":{\"0\":\"key\",\"n\":null,\"e\":{}},\"l\":[10,null,{\"a\":[5]},\"t\"],\"f\":" \
	"false}"

static void found(const char *path, enum fc_path_found expected, const char *value)
{
	json_auto_t *document = json_loads(DOCUMENT, 0, NULL);
	FC_AUTO_PATH struct fc_path *p = parse(path, FC_PATH_IN_VALUE);
	json_t *there = document;
	enum fc_path_found f = fc_path_get(p, document, &there);

	if (f != expected)
		fail_msg("%s: %d instead of %d", path, f, expected);
	if (!value) {
		assert_null(there);
		return;
	}
	json_auto_t *wanted = json_loads(value, JSON_DECODE_ANY, NULL);
	assert_true(json_equal(there, wanted));
}

static void test_path_get_answers_what_stands_there(void **state FC_UNUSED)
{
	found("s", FC_PATH_FOUND, "\"x\"");
	found("f", FC_PATH_FOUND, "false");
	found("m.e", FC_PATH_FOUND, "{}");
	found("m.0", FC_PATH_FOUND, "\"key\"");
	found("/m/0", FC_PATH_FOUND, "\"key\"");
	found("m['0']", FC_PATH_FOUND, "\"key\"");
	found("m[0]", FC_PATH_BLOCKED, NULL);
	found("l.0", FC_PATH_FOUND, "10");
	found("l[0]", FC_PATH_FOUND, "10");
	found("l.2.a.0", FC_PATH_FOUND, "5");
	found("l.00", FC_PATH_BLOCKED, NULL);
	found("l.x", FC_PATH_BLOCKED, NULL);
	found("/l/-", FC_PATH_BLOCKED, NULL);
	found("l.4", FC_PATH_MISSING, NULL);
	found("l.4.x", FC_PATH_MISSING, NULL);
	found("l.99999999999999999999999999", FC_PATH_MISSING, NULL);
	found("l.1", FC_PATH_IS_NULL, NULL);
	found("l.1.x", FC_PATH_MISSING, NULL);
	found("n", FC_PATH_IS_NULL, NULL);
	found("n.x", FC_PATH_MISSING, NULL);
	found("m.n.x.y", FC_PATH_MISSING, NULL);
	found("x", FC_PATH_MISSING, NULL);
	found("x.y", FC_PATH_MISSING, NULL);
	found("s.x", FC_PATH_BLOCKED, NULL);
	found("s[0]", FC_PATH_BLOCKED, NULL);
	found("f.x.y", FC_PATH_BLOCKED, NULL);
}

static void test_path_get_without_a_document_is_missing(void **state FC_UNUSED)
{
	FC_AUTO_PATH struct fc_path *p = parse("a", FC_PATH_IN_KEY);
	json_t *value;

	assert_int_equal(fc_path_get(p, NULL, &value), FC_PATH_MISSING);
	json_auto_t *null = json_null();
	assert_int_equal(fc_path_get(p, null, &value), FC_PATH_MISSING);
}

/* `flags`: l last is a list, b blocked, n null, g gap in a list. */
static void surveyed(const char *path, unsigned present, const char *flags)
{
	json_auto_t *document = json_loads(DOCUMENT, 0, NULL);
	FC_AUTO_PATH struct fc_path *p = parse(path, FC_PATH_IN_VALUE);
	struct fc_path_ground g;
	char seen[8] = "";

	fc_path_survey(p, document, &g);
	snprintf(seen, sizeof(seen), "%s%s%s%s", g.last_is_list ? "l" : "", g.blocked ? "b" : "", g.is_null ? "n" : "",
		 g.gap_in_list ? "g" : "");
	if (strcmp(seen, flags) != 0 || g.present != present)
		fail_msg("%s: %u %s", path, g.present, seen);
}

static void test_path_survey_tells_what_a_write_would_meet(void **state FC_UNUSED)
{
	surveyed("s", 1, "");
	surveyed("x", 0, "");
	surveyed("x.y.z", 0, "");
	surveyed("m.e.x.y", 2, "");
	surveyed("n", 0, "n");
	surveyed("n.x", 0, "");
	surveyed("m.n.x", 1, "");
	surveyed("l.0", 2, "l");
	surveyed("l.1", 1, "lng");
	surveyed("l.1.x", 1, "g");
	surveyed("l.4", 1, "b");
	surveyed("l.x", 1, "b");
	surveyed("l.2.a.0", 4, "l");
	surveyed("l.2.a.1", 3, "b");
	surveyed("s.x", 1, "b");
	surveyed("m[0]", 1, "b");
	surveyed("x[0]", 0, "b");
	surveyed("x.y[0].z", 0, "b");
	surveyed("n[0]", 0, "b");
	surveyed("x.0.y", 0, "");
}

static void set(const char *path, const char *expected)
{
	json_auto_t *document = json_loads("{\"n\":null,\"l\":[1,null],\"s\":\"x\"}", 0, NULL);
	json_auto_t *before = json_deep_copy(document);
	json_auto_t *value = json_string("new");
	FC_AUTO_PATH struct fc_path *p = parse(path, FC_PATH_IN_VALUE);
	struct fc_error err = FC_ERROR_INIT;
	int rc = fc_path_set(p, document, value, &err);

	assert_int_equal(rc, expected ? 0 : -1);
	if (!expected) {
		assert_int_equal(err.cls, FC_ERR_INVALID);
		assert_non_null(strstr(err.text, "no write is possible at /"));
		assert_true(json_equal(document, before));
		return;
	}
	FC_AUTO_FREE char *text = json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, expected);
}

static void test_path_set_makes_parents_and_replaces_null(void **state FC_UNUSED)
{
	set("s", "{\"l\":[1,null],\"n\":null,\"s\":\"new\"}");
	set("n", "{\"l\":[1,null],\"n\":\"new\",\"s\":\"x\"}");
	set("n.a.0", "{\"l\":[1,null],\"n\":{\"a\":{\"0\":\"new\"}},\"s\":\"x\"}");
	set("a.b", "{\"a\":{\"b\":\"new\"},\"l\":[1,null],\"n\":null,\"s\":\"x\"}");
	set("l[0]", "{\"l\":[\"new\",null],\"n\":null,\"s\":\"x\"}");
	set("l.1.a", "{\"l\":[1,{\"a\":\"new\"}],\"n\":null,\"s\":\"x\"}");
	set("l.2", NULL);
	set("l.0.a", NULL);
	set("s.a", NULL);
	set("a.b[0]", NULL);
}

/* The text goes into JSON: where it is cut, no character is. */
static void test_path_set_error_of_a_long_path_is_utf8(void **state FC_UNUSED)
{
	json_auto_t *document = json_pack("{s:i}", "a", 1);

	for (size_t ascii = 0; ascii < 4; ascii++) {
		FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
		struct fc_error err = FC_ERROR_INIT;

		fc_buf_puts(&text, "a.");
		for (size_t i = 0; i < ascii; i++)
			fc_buf_putc(&text, 'x');
		for (size_t i = 0; i < 400; i++)
			fc_buf_puts(&text, "\u20ac");
		fc_buf_puts(&text, ".b");
		FC_AUTO_PATH struct fc_path *p = parse(fc_buf_str(&text), FC_PATH_IN_KEY);
		assert_int_equal(fc_path_set(p, document, document, &err), -1);
		json_auto_t *utf8 = json_string(err.text);
		assert_non_null(utf8);
	}
}

static void test_path_random_set_then_get_returns_the_value(void **state FC_UNUSED)
{
	struct random r = { 88172645463325252ull };
	unsigned done = 0, refused = 0;

	for (int i = 0; i < 20000; i++) {
		json_auto_t *document = random_object(&r);
		json_auto_t *value = random_json(&r, 2);
		struct fc_path_ground g;
		json_t *there;
		char text[200];

		random_path(&r, text, sizeof(text));
		FC_AUTO_PATH struct fc_path *p = parse(text, FC_PATH_IN_VALUE);
		fc_path_survey(p, document, &g);
		enum fc_path_found before = fc_path_get(p, document, &there);
		/* The two ways to look agree. */
		assert_int_equal(g.present == fc_path_len(p), before == FC_PATH_FOUND);
		assert_int_equal(g.is_null, before == FC_PATH_IS_NULL);
		if (before == FC_PATH_BLOCKED)
			assert_true(g.blocked);
		int rc = fc_path_set(p, document, value, NULL);
		assert_int_equal(rc, g.blocked ? -1 : 0);
		rc == 0 ? done++ : refused++;
		if (rc < 0)
			continue;
		enum fc_path_found after = fc_path_get(p, document, &there);
		assert_int_equal(after, json_is_null(value) ? FC_PATH_IS_NULL : FC_PATH_FOUND);
		assert_true(json_is_null(value) || there == value);
	}
	assert_true(done > 2000 && refused > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_get_answers_what_stands_there),
		cmocka_unit_test(test_path_get_without_a_document_is_missing),
		cmocka_unit_test(test_path_survey_tells_what_a_write_would_meet),
		cmocka_unit_test(test_path_set_makes_parents_and_replaces_null),
		cmocka_unit_test(test_path_set_error_of_a_long_path_is_utf8),
		cmocka_unit_test(test_path_random_set_then_get_returns_the_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
