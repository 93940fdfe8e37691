/* SPDX-License-Identifier: Apache-2.0 */
/* The annotations of k8s-replicator: keys, booleans, lists, paths, and what makes an object inert. */
#include "replicator.h"

static void test_prefix_gets_its_slash_where_it_is_missing(void **state)
{
	static const struct {
		const char *prefix, *key;
	} rows[] = {
		{ "k8s-replicator", "k8s-replicator/replicate-from" },
		{ "k8s-replicator/", "k8s-replicator/replicate-from" },
		{ "example.com/r", "example.com/r/replicate-from" },
		{ "", "replicate-from" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_replicator_vocabulary v;

		fc_replicator_vocabulary_init(&v, rows[i].prefix);
		assert_string_equal(v.keys[FC_REPLICATE_FROM], rows[i].key);
		assert_false(v.ignore_unknown || v.allow_all);
		fc_replicator_vocabulary_fini(&v);
	}
}

static void test_annotations_are_the_twelve_of_the_table(void **state)
{
	static const char *const names[FC_REPLICATOR_WORDS] = {
		"replicate-from",
		"replicate-to",
		"replicate-to-namespaces",
		"replicate-once",
		"replicate-once-version",
		"replication-allowed",
		"replication-allowed-namespaces",
		"replicated-at",
		"replicated-by",
		"replicated-from-version",
		"replicated-from-origin",
		"replicated-from-allowed",
	};
	struct fc_replicator_vocabulary v;

	(void)state;
	fc_replicator_vocabulary_init(&v, "");
	for (int i = 0; i < FC_REPLICATOR_WORDS; i++)
		assert_string_equal(v.keys[i], names[i]);
	fc_replicator_vocabulary_fini(&v);
}

static void test_booleans_are_the_twelve_words_and_nothing_else(void **state)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
	static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };
	static const char *const bad[] = { "", " true", "true ", "yes", "no", "tRUE", "2", "on" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(yes); i++) {
		assert_int_equal(fc_replicator_truth(yes[i]), FC_REPLICATOR_TRUE);
		assert_int_equal(fc_replicator_truth(no[i]), FC_REPLICATOR_FALSE);
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(bad); i++)
		assert_int_equal(fc_replicator_truth(bad[i]), FC_REPLICATOR_MALFORMED);
	assert_int_equal(fc_replicator_truth(NULL), FC_REPLICATOR_FALSE);
}

/* --- well-formed --- */

static void test_empty_annotation_is_not_an_absent_one(void **state)
{
	struct thing t;

	(void)state;
	thing_init(&t, "ns/o", "7", "'@replicate-once-version':'','@replicate-to':''");
	assert_null(t.read.inert_reason);
	assert_string_equal(t.read.text[FC_REPLICATE_ONCE_VERSION], "");
	assert_null(t.read.text[FC_REPLICATE_ONCE]);
	assert_true(fc_replicator_pushes(&t.read));
	assert_string_equal(t.read.namespace_, "ns");
	assert_string_equal(t.read.name, "o");
	assert_string_equal(t.read.version, "7");
	thing_fini(&t);
}

static void test_path_without_a_slash_is_of_the_holders_namespace(void **state)
{
	static const struct {
		const char *from, *namespace_, *name;
	} rows[] = { { "a", "ns", "a" }, { "other/a.b", "other", "a.b" }, { "ns/p", "ns", "p" } };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *annotations = fc_xasprintf("'@replicate-from':'%s'", rows[i].from);
		struct thing t;

		thing_init(&t, "ns/o", "1", annotations);
		assert_null(t.read.inert_reason);
		assert_string_equal(t.read.from_namespace, rows[i].namespace_);
		assert_string_equal(t.read.from_name, rows[i].name);
		thing_fini(&t);
	}
}

static void test_object_without_annotations_says_nothing(void **state)
{
	static const char *const forms[] = { "{}", "{'metadata':{}}", "{'metadata':{'annotations':null}}",
					     "{'metadata':{'annotations':{'other':'x','k8s-replicatorx/y':'z'}}}" };
	struct fc_replicator_vocabulary v;

	(void)state;
	fc_replicator_vocabulary_init(&v, "k8s-replicator");
	for (size_t i = 0; i < FC_ARRAY_LEN(forms); i++) {
		json_t *object = json_of(forms[i]);
		struct fc_replicator_object o;

		fc_replicator_object_read(&v, object, &o);
		assert_null(o.inert_reason);
		assert_false(fc_replicator_pushes(&o) || fc_replicator_pulls(&o));
		for (int w = 0; w < FC_REPLICATOR_WORDS; w++)
			assert_null(o.text[w]);
		fc_replicator_object_fini(&o);
		json_decref(object);
	}
	fc_replicator_vocabulary_fini(&v);
}

static void test_object_pulls_unless_it_pushes_for_itself_B19_B25(void **state)
{
	static const struct {
		const char *annotations;
		bool pulls, pushes;
	} rows[] = {
		{ "'@replicate-from':'a'", true, false },
		{ "'@replicate-to':'a'", false, true },
		{ "'@replicate-from':'a','@replicate-to':'b'", false, true },
		{ "'@replicate-from':'a','@replicate-to-namespaces':''", false, true },
		{ "'@replicate-from':'a','@replicate-to':'b','@replicated-by':'x/y'", true, true },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct thing t;

		thing_init(&t, "ns/o", "1", rows[i].annotations);
		assert_int_equal(fc_replicator_pulls(&t.read), rows[i].pulls);
		assert_int_equal(fc_replicator_pushes(&t.read), rows[i].pushes);
		thing_fini(&t);
	}
}

static void test_key_of_an_object_is_its_namespace_and_name(void **state)
{
	struct thing t;

	(void)state;
	thing_init(&t, "ns/o", "1", "'@replicated-by':'a.b/c-d'");
	assert_string_equal(t.read.by_namespace, "a.b");
	assert_string_equal(t.read.by_name, "c-d");
	assert_true(fc_replicator_is_key_of("ns/o", &t.read));
	assert_false(fc_replicator_is_key_of("ns/oo", &t.read));
	assert_false(fc_replicator_is_key_of("ns", &t.read));
	assert_false(fc_replicator_is_key_of("n/o", &t.read));
	assert_false(fc_replicator_is_key_of("", &t.read));
	assert_false(fc_replicator_is_key_of(NULL, &t.read));
	t.read.elsewhere = true;
	assert_false(fc_replicator_is_key_of("ns/o", &t.read));
	thing_fini(&t);
}

static void test_words_are_compared_by_presence_and_text_B14(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "", "", true },
		{ "'@replicate-once':'true'", "'@replicate-once':'true'", true },
		{ "'@replicate-once':'true'", "'@replicate-once':'1'", false },
		{ "'@replicate-once':'false'", "", false },
		{ "", "'@replicate-once':''", false },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct thing a, b;

		thing_init(&a, "ns/a", "1", rows[i].a);
		thing_init(&b, "ns/b", "1", rows[i].b);
		assert_int_equal(fc_replicator_same_word(&a.read, &b.read, FC_REPLICATE_ONCE), rows[i].same);
		thing_fini(&a);
		thing_fini(&b);
	}
}

/* --- inert --- */

static void test_unknown_annotation_makes_inert_unless_ignored_B1(void **state)
{
	static const char *const text = "{'metadata':{'annotations':{'r/replicate-form':'x','r/a':'y','other/b':'z'}}}";
	json_t *object = json_of(text);
	struct fc_replicator_vocabulary v;
	struct fc_replicator_object o;

	(void)state;
	fc_replicator_vocabulary_init(&v, "r");
	fc_replicator_object_read(&v, object, &o);
	assert_string_equal(o.inert_reason, "UnknownAnnotation");
	assert_string_equal(o.inert_message, "r/a: there is no such annotation; correct its name, or take it off");
	assert_null(o.unknown);
	fc_replicator_object_fini(&o);
	v.ignore_unknown = true;
	fc_replicator_object_read(&v, object, &o);
	assert_null(o.inert_reason);
	assert_string_equal(o.unknown, "r/a");
	fc_replicator_object_fini(&o);
	fc_replicator_vocabulary_fini(&v);
	/* Without a prefix every annotation of anybody would be unknown. */
	fc_replicator_vocabulary_init(&v, "");
	fc_replicator_object_read(&v, object, &o);
	assert_null(o.inert_reason);
	assert_null(o.unknown);
	fc_replicator_object_fini(&o);
	fc_replicator_vocabulary_fini(&v);
	json_decref(object);
}

static void test_malformed_annotation_makes_inert_and_is_named_B2(void **state)
{
	static const struct {
		const char *annotations, *reason, *begins, *says;
	} rows[] = {
		{ "'@replicate-once':'maybe'", "MalformedAnnotation", "k8s-replicator/replicate-once: ", "\"true\"" },
		{ "'@replicate-once':''", "MalformedAnnotation", "k8s-replicator/replicate-once: ", "\"true\"" },
		{ "'@replication-allowed':'other'", "MalformedAnnotation",
		  "k8s-replicator/replication-allowed: ", "\"false\"" },
		{ "'@replication-allowed-namespaces':'a,((('", "MalformedAnnotation",
		  "k8s-replicator/replication-allowed-namespaces: ", "\"(((\": character 3" },
		{ "'@replicate-to':'abc!'", "MalformedAnnotation", "k8s-replicator/replicate-to: \"abc!\"",
		  "write NAME" },
		{ "'@replicate-to':'a/b/c'", "MalformedAnnotation", "k8s-replicator/replicate-to: \"a/b/c\"",
		  "more than one /" },
		{ "'@replicate-to':'\xC3\xA9'", "MalformedAnnotation", "k8s-replicator/replicate-to: an entry",
		  "write NAME" },
		{ "'@replicate-to-namespaces':'[abc'", "MalformedAnnotation",
		  "k8s-replicator/replicate-to-namespaces: \"[abc\"", "a ] is missing" },
		{ "'@replicate-to-namespaces':'a/b'", "MalformedAnnotation",
		  "k8s-replicator/replicate-to-namespaces: ", "holds a /" },
		{ "'@replicate-once-version':'a\\u0000b'", "MalformedAnnotation",
		  "k8s-replicator/replicate-once-version: ", "zero byte" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct thing t;

		thing_init(&t, "ns/o", "1", rows[i].annotations);
		if (!t.read.inert_reason)
			fail_msg("%s is not inert", rows[i].annotations);
		assert_string_equal(t.read.inert_reason, rows[i].reason);
		if (strncmp(t.read.inert_message, rows[i].begins, strlen(rows[i].begins)) != 0 ||
		    !strstr(t.read.inert_message, rows[i].says))
			fail_msg("%s", t.read.inert_message);
		thing_fini(&t);
	}
}

static void test_malformed_source_or_the_object_itself_makes_inert_D4(void **state)
{
	static const struct {
		const char *from, *reason;
	} rows[] = {
		{ "a/b/c", "MalformedAnnotation" }, { "", "MalformedAnnotation" },   { "/a", "MalformedAnnotation" },
		{ "a/", "MalformedAnnotation" },    { "A", "MalformedAnnotation" },  { "a b", "MalformedAnnotation" },
		{ "[a]/b", "MalformedAnnotation" }, { " a", "MalformedAnnotation" }, { "a,b", "MalformedAnnotation" },
		{ "o", "PullsFromItself" },	    { "ns/o", "PullsFromItself" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *annotations = fc_xasprintf("'@replicate-from':'%s'", rows[i].from);
		struct thing t;

		thing_init(&t, "ns/o", "1", annotations);
		if (!t.read.inert_reason)
			fail_msg("%s is not inert", rows[i].from);
		assert_string_equal(t.read.inert_reason, rows[i].reason);
		assert_int_equal(strncmp(t.read.inert_message, "k8s-replicator/replicate-from: ", 31), 0);
		thing_fini(&t);
	}
}

static void test_mark_that_is_no_whole_path_makes_inert_D20(void **state)
{
	static const char *const marks[] = { "", "a", "a/b/c", "/", "a/", "/b", "A/b", "a b/c" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(marks); i++) {
		FC_AUTO_FREE char *annotations = fc_xasprintf("'@replicated-by':'%s'", marks[i]);
		struct thing t;

		thing_init(&t, "ns/o", "1", annotations);
		if (!t.read.inert_reason)
			fail_msg("%s is not inert", marks[i]);
		assert_null(t.read.by_name);
		assert_int_equal(strncmp(t.read.inert_message, "k8s-replicator/replicated-by: ", 30), 0);
		thing_fini(&t);
	}
}

/* What the process writes itself is no user's to get wrong. */
static void test_other_bookkeeping_never_makes_inert(void **state)
{
	struct thing t;

	(void)state;
	thing_init(&t, "ns/o", "1",
		   "'@replicated-at':'never','@replicated-from-version':'','@replicated-from-origin':'((',"
		   "'@replicated-from-allowed':'((('");
	assert_null(t.read.inert_reason);
	thing_fini(&t);
}

static void test_inert_object_is_read_as_far_as_it_goes(void **state)
{
	struct thing t;

	(void)state;
	thing_init(&t, "ns/o", "1",
		   "'@replicate-once':'maybe','@replication-allowed-namespaces':'a','@replicated-by':'x/y',"
		   "'@replicate-from':'q'");
	assert_non_null(t.read.inert_reason);
	assert_int_equal(fc_namespace_patterns_count(t.read.allowed), 1);
	assert_string_equal(t.read.by_name, "y");
	assert_string_equal(t.read.from_name, "q");
	thing_fini(&t);
}

/* --- much --- */

/* `count` entries PREFIXn. */
static char *entries(const char *prefix, size_t count)
{
	char *text = fc_xcalloc(count + 1, strlen(prefix) + 12), *at = text;

	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s%s%zu", i ? "," : "", prefix, i);
	return text;
}

static void test_object_that_wants_too_much_is_inert(void **state)
{
	static const struct {
		const char *to_prefix;
		size_t to, namespaces;
		const char *reason;
	} rows[] = {
		{ "n", 100, 100, NULL },     { "n", 101, 100, "TooManyTargets" },
		{ "x/n", 1000, 1000, NULL }, { "x/n", 1001, 1, "MalformedAnnotation" },
		{ "a+/n", 100, 1, NULL },    { "a+/n", 101, 1, "MalformedAnnotation" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *to = entries(rows[i].to_prefix, rows[i].to);
		FC_AUTO_FREE char *namespaces = entries("m", rows[i].namespaces);
		FC_AUTO_FREE char *annotations =
			fc_xasprintf("'@replicate-to':'%s','@replicate-to-namespaces':'%s'", to, namespaces);
		struct thing t;

		thing_init(&t, "ns/o", "1", annotations);
		if (rows[i].reason)
			assert_string_equal(t.read.inert_reason, rows[i].reason);
		else if (t.read.inert_reason)
			fail_msg("%s", t.read.inert_message);
		thing_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix_gets_its_slash_where_it_is_missing),
		cmocka_unit_test(test_annotations_are_the_twelve_of_the_table),
		cmocka_unit_test(test_booleans_are_the_twelve_words_and_nothing_else),
		cmocka_unit_test(test_empty_annotation_is_not_an_absent_one),
		cmocka_unit_test(test_path_without_a_slash_is_of_the_holders_namespace),
		cmocka_unit_test(test_object_without_annotations_says_nothing),
		cmocka_unit_test(test_object_pulls_unless_it_pushes_for_itself_B19_B25),
		cmocka_unit_test(test_key_of_an_object_is_its_namespace_and_name),
		cmocka_unit_test(test_words_are_compared_by_presence_and_text_B14),
		cmocka_unit_test(test_unknown_annotation_makes_inert_unless_ignored_B1),
		cmocka_unit_test(test_malformed_annotation_makes_inert_and_is_named_B2),
		cmocka_unit_test(test_malformed_source_or_the_object_itself_makes_inert_D4),
		cmocka_unit_test(test_mark_that_is_no_whole_path_makes_inert_D20),
		cmocka_unit_test(test_other_bookkeeping_never_makes_inert),
		cmocka_unit_test(test_inert_object_is_read_as_far_as_it_goes),
		cmocka_unit_test(test_object_that_wants_too_much_is_inert),
	};

	return cmocka_run_group_tests_name("replicator_words", tests, NULL, NULL);
}
