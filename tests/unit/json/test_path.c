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

/* `segments`: joined by |. */
static void reads(const char *text, enum fc_path_syntax syntax, const char *segments, const char *pointer)
{
	FC_AUTO_PATH struct fc_path *p = parse(text, syntax);
	FC_AUTO_BUF struct fc_buf joined = FC_BUF_INIT, written = FC_BUF_INIT;

	for (size_t i = 0; i < fc_path_len(p); i++)
		fc_buf_printf(&joined, "%s%s", i ? "|" : "", fc_path_segment(p, i));
	assert_string_equal(fc_buf_str(&joined), segments);
	fc_path_pointer(p, &written);
	assert_string_equal(fc_buf_str(&written), pointer);
}

static void refuses(const char *text, enum fc_path_syntax syntax, const char *says)
{
	struct fc_error err = FC_ERROR_INIT;

	if (fc_path_parse(text, syntax, &err))
		fail_msg("%s was taken", text);
	assert_int_equal(err.cls, FC_ERR_INVALID);
	if (!strstr(err.text, says))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err.text, says);
}

static void test_path_dotted_segments_and_doubled_dots(void **state FC_UNUSED)
{
	for (int syntax = FC_PATH_IN_KEY; syntax <= FC_PATH_IN_VALUE; syntax++) {
		reads("data", (enum fc_path_syntax)syntax, "data", "/data");
		reads("data.tls..crt", (enum fc_path_syntax)syntax, "data|tls.crt", "/data/tls.crt");
		reads("a...b", (enum fc_path_syntax)syntax, "a.|b", "/a./b");
		reads("a....b", (enum fc_path_syntax)syntax, "a..b", "/a..b");
		reads("a.....b", (enum fc_path_syntax)syntax, "a..|b", "/a../b");
		reads("..a", (enum fc_path_syntax)syntax, ".a", "/.a");
		reads("a..", (enum fc_path_syntax)syntax, "a.", "/a.");
		reads("spec.containers.0.image", (enum fc_path_syntax)syntax, "spec|containers|0|image",
		      "/spec/containers/0/image");
		reads("metadata.labels.app/x~y", (enum fc_path_syntax)syntax, "metadata|labels|app/x~y",
		      "/metadata/labels/app~1x~0y");
	}
}

static void test_path_dotted_refuses_empty_segments(void **state FC_UNUSED)
{
	for (int syntax = FC_PATH_IN_KEY; syntax <= FC_PATH_IN_VALUE; syntax++) {
		refuses("", (enum fc_path_syntax)syntax, "empty");
		refuses(".", (enum fc_path_syntax)syntax, "begins with a single dot");
		refuses(".a", (enum fc_path_syntax)syntax, "begins with a single dot");
		refuses("a.", (enum fc_path_syntax)syntax, "ends in a single dot");
		refuses("...", (enum fc_path_syntax)syntax, "ends in a single dot");
		refuses("a...", (enum fc_path_syntax)syntax, "ends in a single dot");
	}
}

static void test_path_in_a_key_knows_no_brackets_and_no_pointer(void **state FC_UNUSED)
{
	reads("a[0].b", FC_PATH_IN_KEY, "a[0]|b", "/a[0]/b");
	reads("/a", FC_PATH_IN_KEY, "/a", "/~1a");
}

static void test_path_in_a_value_has_brackets(void **state FC_UNUSED)
{
	reads("data['tls.crt']", FC_PATH_IN_VALUE, "data|tls.crt", "/data/tls.crt");
	reads("data[\"tls.crt\"].x", FC_PATH_IN_VALUE, "data|tls.crt|x", "/data/tls.crt/x");
	reads("['a']['b'][10].c", FC_PATH_IN_VALUE, "a|b|10|c", "/a/b/10/c");
	reads("[0]", FC_PATH_IN_VALUE, "0", "/0");
	reads("a['it\"s'][\"o'k\"]", FC_PATH_IN_VALUE, "a|it\"s|o'k", "/a/it\"s/o'k");
	reads("a['[0]']['x]y']", FC_PATH_IN_VALUE, "a|[0]|x]y", "/a/[0]/x]y");
	reads("a['']", FC_PATH_IN_VALUE, "a|", "/a/");
	reads("a..[0]", FC_PATH_IN_VALUE, "a.|0", "/a./0");
	reads("a['b\\']", FC_PATH_IN_VALUE, "a|b\\", "/a/b\\");
}

static void test_path_brackets_that_are_wrong_are_refused(void **state FC_UNUSED)
{
	refuses("a[", FC_PATH_IN_VALUE, "needs an index or a quoted key");
	refuses("a[]", FC_PATH_IN_VALUE, "needs an index or a quoted key");
	refuses("a[-1]", FC_PATH_IN_VALUE, "needs an index or a quoted key");
	refuses("a[ 0 ]", FC_PATH_IN_VALUE, "needs an index or a quoted key");
	refuses("a[x]", FC_PATH_IN_VALUE, "needs an index or a quoted key");
	refuses("a[01]", FC_PATH_IN_VALUE, "needless 0");
	refuses("a[0", FC_PATH_IN_VALUE, "not followed by its `]`");
	refuses("a[0x]", FC_PATH_IN_VALUE, "not followed by its `]`");
	refuses("a['b'", FC_PATH_IN_VALUE, "not followed by its `]`");
	refuses("a['b", FC_PATH_IN_VALUE, "does not end");
	refuses("a['b\"]", FC_PATH_IN_VALUE, "does not end");
	refuses("a]b", FC_PATH_IN_VALUE, "without its `[`");
	refuses("a[0]b", FC_PATH_IN_VALUE, "not followed by `.`");
	refuses("a[0]]", FC_PATH_IN_VALUE, "not followed by `.`");
	refuses("a.[0]", FC_PATH_IN_VALUE, "empty segment");
	refuses("a[0]..b", FC_PATH_IN_VALUE, "empty segment");
	refuses("a[0].", FC_PATH_IN_VALUE, "ends in a single dot");
	refuses("a.b\x80", FC_PATH_IN_VALUE, "UTF-8");
}

static void test_path_in_a_value_may_be_a_json_pointer(void **state FC_UNUSED)
{
	reads("/data/tls.crt", FC_PATH_IN_VALUE, "data|tls.crt", "/data/tls.crt");
	reads("/a~1b/m~0n/~01", FC_PATH_IN_VALUE, "a/b|m~n|~1", "/a~1b/m~0n/~01");
	reads("/", FC_PATH_IN_VALUE, "", "/");
	reads("/a//0/[x]", FC_PATH_IN_VALUE, "a||0|[x]", "/a//0/[x]");
	refuses("/a~", FC_PATH_IN_VALUE, "followed by 0 or 1");
	refuses("/a~2b", FC_PATH_IN_VALUE, "followed by 0 or 1");
}

static void test_path_has_at_most_128_segments(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, "a");
	for (int i = 1; i < 128; i++)
		fc_buf_puts(&text, ".a");
	FC_AUTO_PATH struct fc_path *p = parse(fc_buf_str(&text), FC_PATH_IN_KEY);
	assert_int_equal(fc_path_len(p), 128);
	fc_buf_puts(&text, ".a");
	refuses(fc_buf_str(&text), FC_PATH_IN_KEY, "more than 128 segments");
	fc_buf_clear(&text);
	for (int i = 0; i < 300 * 1024; i++)
		fc_buf_putc(&text, 'a');
	refuses(fc_buf_str(&text), FC_PATH_IN_KEY, "256 KiB");
}

static void test_path_prefix_pointer_stops_early(void **state FC_UNUSED)
{
	FC_AUTO_PATH struct fc_path *p = parse("a.b.c", FC_PATH_IN_KEY);
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	fc_path_prefix_pointer(p, 0, &out);
	assert_string_equal(fc_buf_str(&out), "");
	fc_path_prefix_pointer(p, 2, &out);
	assert_string_equal(fc_buf_str(&out), "/a/b");
}

static void relation(const char *a, const char *b, enum fc_path_relation expected, int order)
{
	FC_AUTO_PATH struct fc_path *p = parse(a, FC_PATH_IN_VALUE);
	FC_AUTO_PATH struct fc_path *q = parse(b, FC_PATH_IN_VALUE);
	int found = fc_path_order(p, q);

	assert_int_equal(fc_path_compare(p, q), expected);
	assert_int_equal((found > 0) - (found < 0), order);
}

static void test_path_compare_and_order(void **state FC_UNUSED)
{
	relation("a.b", "/a/b", FC_PATH_EQUAL, 0);
	relation("a.0", "a[0]", FC_PATH_EQUAL, 0);
	relation("a", "a.b", FC_PATH_ABOVE, -1);
	relation("a.b", "a", FC_PATH_BELOW, 1);
	relation("a.b", "a.c", FC_PATH_APART, -1);
	relation("a.b.c", "a.bb", FC_PATH_APART, -1);
	relation("ab", "a.b", FC_PATH_APART, 1);
	relation("a", "a..b", FC_PATH_APART, -1);
}

static void refused_target(const char *text, const char *names)
{
	FC_AUTO_PATH struct fc_path *p = parse(text, FC_PATH_IN_VALUE);
	const char *why = fc_path_refused_as_target(p);

	if (!names && why)
		fail_msg("%s: %s", text, why);
	if (names && (!why || strncmp(why, names, strlen(names)) != 0))
		fail_msg("%s: %s", text, why ? why : "allowed");
}

static void test_path_identity_is_no_target(void **state FC_UNUSED)
{
	static const char *const fields[] = {
		"name",
		"generateName",
		"namespace",
		"uid",
		"resourceVersion",
		"generation",
		"creationTimestamp",
		"deletionTimestamp",
		"deletionGracePeriodSeconds",
		"managedFields",
		"selfLink",
		"ownerReferences",
		"finalizers",
	};
	char text[80], names[80];

	for (size_t i = 0; i < FC_ARRAY_LEN(fields); i++) {
		snprintf(names, sizeof(names), "metadata.%s ", fields[i]);
		snprintf(text, sizeof(text), "metadata.%s", fields[i]);
		refused_target(text, names);
		snprintf(text, sizeof(text), "metadata.%s.x", fields[i]);
		refused_target(text, names);
		snprintf(text, sizeof(text), "/metadata/%s/0", fields[i]);
		refused_target(text, names);
		snprintf(text, sizeof(text), "spec.%s", fields[i]);
		refused_target(text, NULL);
		snprintf(text, sizeof(text), "metadata.%sx", fields[i]);
		refused_target(text, NULL);
	}
	refused_target("apiVersion", "apiVersion ");
	refused_target("kind.x", "kind ");
	refused_target("metadata", "metadata ");
	refused_target("metadata.annotations", "metadata.annotations ");
	refused_target("metadata.annotations.x", NULL);
	refused_target("metadata.labels", NULL);
	refused_target("metadata.labels.name", NULL);
	refused_target("data", NULL);
	refused_target("kinds", NULL);
	refused_target("spec.metadata.name", NULL);
}

static enum fc_path_relation mirror(enum fc_path_relation r)
{
	return r == FC_PATH_ABOVE ? FC_PATH_BELOW : r == FC_PATH_BELOW ? FC_PATH_ABOVE : r;
}

static void test_path_random_pointer_round_trips_and_relations_mirror(void **state FC_UNUSED)
{
	struct random r = { 362436069ull };
	unsigned related = 0;

	for (int i = 0; i < 20000; i++) {
		FC_AUTO_BUF struct fc_buf pointer = FC_BUF_INIT, again = FC_BUF_INIT;
		char a[200], b[200];

		random_path(&r, a, sizeof(a));
		random_path(&r, b, sizeof(b));
		FC_AUTO_PATH struct fc_path *p = parse(a, FC_PATH_IN_VALUE);
		FC_AUTO_PATH struct fc_path *q = parse(b, FC_PATH_IN_VALUE);
		fc_path_pointer(p, &pointer);
		FC_AUTO_PATH struct fc_path *back = parse(fc_buf_str(&pointer), FC_PATH_IN_VALUE);
		assert_int_equal(fc_path_compare(p, back), FC_PATH_EQUAL);
		fc_path_pointer(back, &again);
		assert_string_equal(fc_buf_str(&pointer), fc_buf_str(&again));
		enum fc_path_relation relation_ = fc_path_compare(p, q);
		assert_int_equal(relation_, mirror(fc_path_compare(q, p)));
		int order = fc_path_order(p, q), reverse = fc_path_order(q, p);
		assert_int_equal((order > 0) - (order < 0), (reverse < 0) - (reverse > 0));
		assert_int_equal(order == 0, relation_ == FC_PATH_EQUAL);
		assert_true(relation_ != FC_PATH_ABOVE || order < 0);
		related += relation_ != FC_PATH_APART;
	}
	assert_true(related > 200);
}

static void test_path_fails_cleanly_without_memory(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;

	for (unsigned nth = 1; nth <= 2; nth++) {
		fc_mem_fail_nth(nth);
		assert_null(fc_path_parse("a.b", FC_PATH_IN_KEY, &err));
		fc_mem_fail_nth(0);
		assert_int_equal(err.cls, FC_ERR_MEMORY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_dotted_segments_and_doubled_dots),
		cmocka_unit_test(test_path_dotted_refuses_empty_segments),
		cmocka_unit_test(test_path_in_a_key_knows_no_brackets_and_no_pointer),
		cmocka_unit_test(test_path_in_a_value_has_brackets),
		cmocka_unit_test(test_path_brackets_that_are_wrong_are_refused),
		cmocka_unit_test(test_path_in_a_value_may_be_a_json_pointer),
		cmocka_unit_test(test_path_has_at_most_128_segments),
		cmocka_unit_test(test_path_prefix_pointer_stops_early),
		cmocka_unit_test(test_path_compare_and_order),
		cmocka_unit_test(test_path_identity_is_no_target),
		cmocka_unit_test(test_path_fails_cleanly_without_memory),
		cmocka_unit_test(test_path_random_pointer_round_trips_and_relations_mirror),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
