/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect kopy by itself: what an object asks for, what a copy is to be, and whose an object is. */
#include "base/mem.h"
#include "dialects/dialects.h"

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "kopy.kot-labs.com/"
#define GUIDE "flynshue.io/"

static const struct fc_copy_dialect *kopy(void)
{
	return fc_dialect_kopy.copy;
}

/* JSON with single quotes. */
static json_t *parse(const char *text)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(text);
	json_t *value;

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(copy, 0, NULL);
	assert_non_null(value);
	return value;
}

/* An object home/src with these members of its metadata. */
static json_t *object_with(const char *metadata)
{
	FC_AUTO_FREE char *text = fc_xasprintf("{'metadata':{'name':'src','namespace':'home'%s%s},'data':{'k':'v'}}",
					       metadata[0] ? "," : "", metadata);

	return parse(text);
}

static struct fc_copy_specs scan(const char *metadata)
{
	json_t *object = object_with(metadata);
	struct fc_copy_specs specs = { 0 };

	kopy()->scan(&fc_dialect_kopy, object, &specs);
	json_decref(object);
	return specs;
}

static void assert_selects(const char *value, const char *labels, bool expected)
{
	FC_AUTO_FREE char *metadata = fc_xasprintf("'annotations':{'" HEAD "sync':'%s'}", value);
	struct fc_copy_specs specs = scan(metadata);
	json_t *tree = parse(labels);

	assert_int_equal(specs.count, 1);
	assert_null(specs.items[0].invalid_reason);
	assert_int_equal(fc_selector_matches(specs.items[0].selector, tree), expected);
	json_decref(tree);
	fc_copy_specs_fini(&fc_dialect_kopy, &specs);
}

static void test_kopy_d02_d04_every_form_of_the_value_selects_by_the_labels_of_a_namespace(void **state)
{
	(void)state;
	assert_selects("k=v", "{'k':'v'}", true);
	assert_selects("k=v", "{'k':'w'}", false);
	assert_selects("k==v", "{'k':'v'}", true);
	assert_selects("k!=v", "{}", true);
	assert_selects("k!=v", "{'k':'v'}", false);
	assert_selects("k in (a,b)", "{'k':'b'}", true);
	assert_selects("k notin (a,b)", "{'k':'b'}", false);
	assert_selects("k", "{'k':'x'}", true);
	assert_selects("!k", "{'k':'x'}", false);
	assert_selects("a=b,c=d", "{'a':'b'}", false);
	assert_selects("a=b,c=d", "{'a':'b','c':'d'}", true);
	assert_selects("tier in (dev,stage),!isolated", "{'tier':'dev'}", true);
	/* An empty value is a value. */
	assert_selects("k=", "{}", false);
	assert_selects("k=", "{'k':''}", true);
}

static void test_kopy_d03_bad_input_a_malformed_value_is_a_rule_that_says_why_and_selects_nothing(void **state)
{
	static const char *const values[] = { "",     " ",     "k in a", "k in (a", "=v", "k=v,",    "k=a b",	"-k=v",
					      "k=-v", "k > 1", "k=a,,b", "a/b/c=d", "!",  "k=v w=x", "UP ER=v", "k()" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(values); i++) {
		FC_AUTO_FREE char *metadata = fc_xasprintf("'annotations':{'" GUIDE "sync':'%s'}", values[i]);
		struct fc_copy_specs specs = scan(metadata);

		assert_int_equal(specs.count, 1);
		assert_string_equal(specs.items[0].invalid_reason, "BadSelector");
		assert_non_null(strstr(specs.items[0].invalid_message, GUIDE "sync: "));
		assert_null(specs.items[0].selector);
		fc_copy_specs_fini(&fc_dialect_kopy, &specs);
	}
}

static void test_an_object_without_the_annotation_asks_for_nothing(void **state)
{
	static const char *const others[] = { "", "'annotations':{'" HEAD "other':'k=v'}",
					      "'labels':{'" HEAD "sync':'k=v'}" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(others); i++) {
		struct fc_copy_specs specs = scan(others[i]);

		assert_int_equal(specs.count, 0);
		fc_copy_specs_fini(&fc_dialect_kopy, &specs);
	}
}

static void test_a_copy_asks_for_nothing_and_what_only_bears_its_label_does(void **state)
{
	struct fc_copy_specs copy = scan("'annotations':{'" HEAD "sync':'k'},'labels':{'" GUIDE
					 "origin.namespace':'x'},'finalizers':['" HEAD "finalizer']");
	struct fc_copy_specs stale = scan("'annotations':{'" HEAD "sync':'k'},'labels':{'" GUIDE
					  "origin.namespace':'x'},'finalizers':['example.com/f']");

	(void)state;
	assert_int_equal(copy.count, 0);
	assert_int_equal(stale.count, 1);
	fc_copy_specs_fini(&fc_dialect_kopy, &copy);
	fc_copy_specs_fini(&fc_dialect_kopy, &stale);
}

static void test_the_family_of_the_annotation_is_that_of_the_finalizer_and_the_first_of_two_decides(void **state)
{
	struct fc_copy_specs guide = scan("'annotations':{'" GUIDE "sync':'k'}");
	struct fc_copy_specs both = scan("'annotations':{'" GUIDE "sync':'a','" HEAD "sync':'b'}");
	json_t *labels = parse("{'b':''}");

	(void)state;
	assert_string_equal(guide.items[0].finalizer, GUIDE "finalizer");
	assert_null(guide.items[0].warning);
	assert_int_equal(both.count, 1);
	assert_string_equal(both.items[0].finalizer, HEAD "finalizer");
	assert_true(fc_selector_matches(both.items[0].selector, labels));
	assert_non_null(both.items[0].warning);
	json_decref(labels);
	fc_copy_specs_fini(&fc_dialect_kopy, &guide);
	fc_copy_specs_fini(&fc_dialect_kopy, &both);
}

/* What is wanted where, for a source with that annotation; NULL: nothing. */
static json_t *wanted(const char *annotation, const char *source, bool own, const char **why)
{
	FC_AUTO_FREE char *metadata = fc_xasprintf("'annotations':{'%ssync':'k'}", annotation);
	struct fc_copy_specs specs = scan(metadata);
	const struct fc_copy_place place = { .own = own, .namespace_ = "a", .source_namespace = "home" };
	json_t *tree = parse(source), *object = NULL;
	enum fc_copy_wish wish = kopy()->desired(&specs.items[0], tree, &place, &object, why);

	assert_int_equal(wish, object ? FC_COPY_WANTED : FC_COPY_REFUSED);
	json_decref(tree);
	fc_copy_specs_fini(&fc_dialect_kopy, &specs);
	return object;
}

static void assert_same(json_t *have, const char *text)
{
	json_t *want = parse(text);

	assert_true(json_equal(have, want));
	json_decref(have);
	json_decref(want);
}

static void test_a_copy_is_the_payload_the_label_and_the_finalizer_of_the_family(void **state)
{
	const char *why;

	(void)state;
	assert_same(wanted(GUIDE,
			   "{'kind':'ConfigMap','metadata':{'labels':{'l':'m'},'annotations':{'a':'b'},'uid':'u'},"
			   "'data':{'k':'v'},'binaryData':{'a~b/c':'AA=='},'immutable':false,'status':{}}",
			   true, &why),
		    "{'metadata':{'labels':{'" GUIDE "origin.namespace':'home'},'finalizers':['" GUIDE
		    "finalizer']},'data':{'k':'v'},'binaryData':{'a~b/c':'AA=='},'immutable':false}");
	assert_same(wanted(HEAD, "{'data':{'k':'dg=='},'type':'Opaque'}", true, &why),
		    "{'metadata':{'labels':{'" HEAD "origin.namespace':'home'},'finalizers':['" HEAD
		    "finalizer']},'data':{'k':'dg=='},'type':'Opaque'}");
	/* In another cluster nothing says kopy. */
	assert_same(wanted(HEAD, "{'data':{'k':'v'}}", false, &why), "{'data':{'k':'v'}}");
}

static void test_tokens_are_refused(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_null(wanted(HEAD, "{'type':'kubernetes.io/service-account-token'}", true, &why));
	assert_non_null(why);
	assert_null(wanted(HEAD, "{'type':'bootstrap.kubernetes.io/token'}", false, &why));
	assert_null(kopy()->refuses(NULL));
}

struct whose {
	const char *metadata, *namespace_; /* NULL: it bears no marks */
	bool released, free_for_all;
};

static const struct whose objects[] = {
	{ "", NULL, false, false },
	/* A copy, of either family or half of each. */
	{ "'labels':{'" HEAD "origin.namespace':'x'},'finalizers':['" HEAD "finalizer']", "x", false, false },
	{ "'labels':{'" GUIDE "origin.namespace':'x'},'finalizers':['" HEAD "finalizer']", "x", false, false },
	{ "'labels':{'" HEAD "origin.namespace':'x','" GUIDE "origin.namespace':'x'},'finalizers':['f','" GUIDE
	  "finalizer']",
	  "x", false, false },
	/* Released, by the older code and by this. */
	{ "'labels':{'" GUIDE "origin.namespace':'x'}", "x", true, false },
	{ "'annotations':{'" HEAD "released-from':'x'}", "x", true, true },
	/* The label says more than the marker. */
	{ "'labels':{'" HEAD "origin.namespace':'y'},'annotations':{'" HEAD "released-from':'x'}", "y", true, false },
	/* A source, or what was one. */
	{ "'finalizers':['" HEAD "finalizer']", NULL, false, false },
	{ "'finalizers':['" HEAD "finalizer'],'annotations':{'" HEAD "released-from':'x'}", NULL, false, false },
	{ "'annotations':{'" HEAD "sync':'k','" HEAD "released-from':'x'}", NULL, false, false },
	{ "'annotations':{'" HEAD "sync':'k'},'labels':{'" HEAD "origin.namespace':'x'}", NULL, false, false },
	/* Two names are none: nobody's to take. */
	{ "'labels':{'" HEAD "origin.namespace':'x','" GUIDE "origin.namespace':'y'},'finalizers':['" HEAD
	  "finalizer']",
	  "", false, false },
	/* The reserved label says nothing. */
	{ "'labels':{'" HEAD "origin.name':'x'},'finalizers':['f']", NULL, false, false },
};

static void test_marks_say_whose_an_object_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(objects); i++) {
		const struct whose *w = &objects[i];
		json_t *object = object_with(w->metadata);
		struct fc_copy_mark m = { 0 };

		print_message("%s\n", w->metadata);
		assert_int_equal(kopy()->mark(&fc_dialect_kopy, object, &m), w->namespace_ != NULL);
		if (w->namespace_) {
			assert_string_equal(m.namespace_, w->namespace_);
			assert_string_equal(m.name, w->namespace_[0] ? "src" : "");
			assert_int_equal(m.released, w->released);
			assert_int_equal(m.free_for_all, w->free_for_all);
		}
		fc_copy_mark_fini(&m);
		json_decref(object);
	}
}

static void test_only_what_is_deselected_keeps_its_marks(void **state)
{
	(void)state;
	assert_int_equal(kopy()->ends(0, FC_COPY_DESELECTED), FC_COPY_KEEP);
	assert_int_equal(kopy()->ends(0, FC_COPY_SOURCE_GONE), FC_COPY_RELEASE);
	assert_int_equal(kopy()->ends(0, FC_COPY_RULE_GONE), FC_COPY_RELEASE);
	assert_int_equal(kopy()->ends(0, FC_COPY_BEARER_GONE), FC_COPY_RELEASE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kopy_d02_d04_every_form_of_the_value_selects_by_the_labels_of_a_namespace),
		cmocka_unit_test(test_kopy_d03_bad_input_a_malformed_value_is_a_rule_that_says_why_and_selects_nothing),
		cmocka_unit_test(test_an_object_without_the_annotation_asks_for_nothing),
		cmocka_unit_test(test_a_copy_asks_for_nothing_and_what_only_bears_its_label_does),
		cmocka_unit_test(
			test_the_family_of_the_annotation_is_that_of_the_finalizer_and_the_first_of_two_decides),
		cmocka_unit_test(test_a_copy_is_the_payload_the_label_and_the_finalizer_of_the_family),
		cmocka_unit_test(test_tokens_are_refused),
		cmocka_unit_test(test_marks_say_whose_an_object_is),
		cmocka_unit_test(test_only_what_is_deselected_keeps_its_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
