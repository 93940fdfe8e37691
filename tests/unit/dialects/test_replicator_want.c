/* SPDX-License-Identifier: Apache-2.0 */
/* Where a source of k8s-replicator wants its copies: every case of B4. */
#include "dialects/replicator_want.h"

#include "base/buf.h"
#include "replicator.h"

/* "ns/name ..." for paths, "(pattern,name) ..." for patterns, as they stand in the set. */
static char *told(const struct fc_replicator_want *w)
{
	struct fc_buf out = FC_BUF_INIT;

	for (size_t i = 0; i < w->count; i++) {
		const struct fc_replicator_wanted *item = &w->items[i];

		assert_true(!item->namespace_ == !!item->pattern);
		if (item->namespace_)
			fc_buf_printf(&out, "%s%s/%s", i ? " " : "", item->namespace_, item->name);
		else
			fc_buf_printf(&out, "%s(%s,%s)", i ? " " : "", fc_namespace_pattern_text(item->pattern),
				      item->name);
	}
	return fc_buf_steal(&out);
}

static char *annotations_of(const char *to, const char *namespaces)
{
	FC_AUTO_FREE char *first = to ? fc_xasprintf("'@replicate-to':'%s'", to) : fc_xstrdup("");
	FC_AUTO_FREE char *second =
		namespaces ? fc_xasprintf("'@replicate-to-namespaces':'%s'", namespaces) : fc_xstrdup("");

	return fc_xasprintf("%s%s%s", first, to && namespaces ? "," : "", second);
}

static void test_want_set_of_source_ns_source_B3_B4(void **state)
{
	static const struct {
		const char *to, *namespaces, *wants;
	} rows[] = {
		{ NULL, NULL, "" },
		{ "abc,source,def", NULL, "source-ns/abc source-ns/def" },
		{ "abc/def,source-ns/source", NULL, "abc/def" },
		{ "[abc]/def,ghi,jkl/mno", NULL, "([abc],def) source-ns/ghi jkl/mno" },
		{ NULL, "[abc],def,source-ns", "def/source ([abc],source)" },
		{ "abc,def/ghi,[mno]/pqr", "cba,[fed]", "cba/abc ([fed],abc) def/ghi ([mno],pqr)" },
		/* Present and empty: none of its kind. */
		{ "", NULL, "" },
		{ NULL, "", "" },
		{ "abc", "", "" },
		{ "", "abc", "" },
		{ "abc/def", "", "abc/def" },
		{ " ,, ", " , ", "" },
		/* Duplicates, and the source by another way. */
		{ "a, a ,x/a,x/a,[x]/a,[x]/a", NULL, "source-ns/a x/a ([x],a)" },
		{ "source", "source-ns,b", "b/source" },
		{ "a,b", "x,y", "x/a y/a x/b y/b" },
		/* D12: only letters, digits, dots and dashes is literal. */
		{ "team-./a", "b.", "team-./a" },
		{ NULL, ".*", "(.*,source)" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *annotations = annotations_of(rows[i].to, rows[i].namespaces);
		struct fc_error error = FC_ERROR_INIT;
		struct fc_replicator_want want;
		struct thing t;

		thing_init(&t, "source-ns/source", "1", annotations);
		if (fc_replicator_want_read(&t.read, &want, &error) < 0)
			fail_msg("%s: %s", annotations, error.text);
		FC_AUTO_FREE char *wants = told(&want);
		assert_string_equal(wants, rows[i].wants);
		fc_replicator_want_fini(&want);
		thing_fini(&t);
	}
}

static void test_malformed_instructions_want_nothing_that_is_known_B4(void **state)
{
	static const struct {
		const char *to, *namespaces;
	} rows[] = {
		{ "abc!", NULL },     { "a/b/c", NULL },     { "abc/[def]", NULL }, { "[abc/def]", NULL },
		{ "[abc/def", NULL }, { "abc,[ghi]", NULL }, { "abc/", NULL },	    { "/abc", NULL },
		{ "a b", NULL },      { NULL, "[abc" },	     { NULL, "[abc,ghi]" }, { NULL, "abc/def" },
		{ NULL, "abc,[/]" },  { "abc", "*" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *annotations = annotations_of(rows[i].to, rows[i].namespaces);
		struct fc_error error = FC_ERROR_INIT;
		struct fc_replicator_want want;
		struct thing t;

		thing_init(&t, "source-ns/source", "1", annotations);
		if (fc_replicator_want_read(&t.read, &want, &error) == 0)
			fail_msg("%s is taken", annotations);
		assert_string_equal(error.text, t.read.inert_message);
		thing_fini(&t);
	}
}

static void test_want_set_holds_paths_and_what_patterns_fit_but_never_the_source_B3(void **state)
{
	static const struct {
		const char *namespace_, *name;
		bool holds;
	} rows[] = {
		{ "x", "a", true },
		{ "x", "b", false },
		{ "team-1", "a", true },
		{ "team-1", "b", false },
		{ "team-1x", "a", false },
		{ "source-ns", "c", true },
		{ "source-ns", "source", false },
		{ "y", "source", true },
		{ "y", "c", false },
	};
	struct fc_replicator_want want;
	struct thing t;

	(void)state;
	thing_init(&t, "source-ns/source", "1", "'@replicate-to':'x/a,team-[0-9]+/a,c,.*/source'");
	assert_int_equal(fc_replicator_want_read(&t.read, &want, NULL), 0);
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		if (fc_replicator_want_holds(&want, rows[i].namespace_, rows[i].name) != rows[i].holds)
			fail_msg("%s/%s", rows[i].namespace_, rows[i].name);
	fc_replicator_want_fini(&want);
	thing_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_want_set_of_source_ns_source_B3_B4),
		cmocka_unit_test(test_malformed_instructions_want_nothing_that_is_known_B4),
		cmocka_unit_test(test_want_set_holds_paths_and_what_patterns_fit_but_never_the_source_B3),
	};

	return cmocka_run_group_tests_name("replicator_want", tests, NULL, NULL);
}
