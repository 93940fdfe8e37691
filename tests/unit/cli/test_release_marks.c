/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/release_marks.h"

#include "base/mem.h"
#include "json/decode.h"
#include "model/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* --- a dialect, and another one --- */

static bool mark(const struct fc_dialect *of, const json_t *object, struct fc_copy_mark *out)
{
	const char *from = fc_json_annotation(object, "d/from");

	(void)of;
	if (from)
		out->namespace_ = fc_xstrdup(from);
	return from;
}

static bool no_mark(const struct fc_dialect *of, const json_t *object, struct fc_copy_mark *out)
{
	(void)of;
	(void)object;
	(void)out;
	return false;
}

static const char *const no_words[] = { NULL };
static const char *const labels[] = { "d/label", NULL };
static const char *const annotations[] = { "d/from", "d/end", NULL };
static const char *const finalizers[] = { "d/finalizer", NULL };
static const char *const other_finalizers[] = { "e/finalizer", NULL };
static const struct fc_copy_dialect copy = {
	.bearers = no_words,
	.mark_labels = labels,
	.mark_annotations = annotations,
	.released_annotation = "d/released",
	.finalizers = finalizers,
	.mark = mark,
};
static const struct fc_copy_dialect other_copy = {
	.bearers = no_words,
	.mark_labels = no_words,
	.mark_annotations = no_words,
	.finalizers = other_finalizers,
	.mark = no_mark,
};
static const struct fc_dialect d = { .name = "d", .copy = &copy }, other = { .name = "e", .copy = &other_copy };
static const struct fc_dialect paths = { .name = "paths" };
static const struct fc_dialect *const both[] = { &paths, &d, &other, NULL };
static const struct fc_dialect *const one[] = { &d, NULL };
/* A hub, and a member that is the hub of others. */
static const struct fc_release_origin origins[] = { { "hub-id", { .master = true } },
						    { "member-id", { .master = false } },
						    { NULL, { .master = false } } };

/* What is taken off the object in one sentence; "" for nothing. */
static void takes_of(const struct fc_release_origin *from, const struct fc_dialect *const *dialects, bool every,
		     bool master, const char *object, const char *expected)
{
	const struct fc_release_scope scope = { .dialects = dialects, .every = every, .origins = from };
	const struct fc_release_place place = { .master = master };
	FC_AUTO_FREE char *text = fc_xstrdup(object);
	struct fc_release r;
	json_t *o;

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	o = json_loads(text, 0, NULL);
	assert_non_null(o);
	fc_release_of(&scope, &place, o, &r);
	if (strcmp(fc_buf_str(&r.what), expected) != 0)
		fail_msg("%s: \"%s\"", object, fc_buf_str(&r.what));
	assert_int_equal(r.patch != NULL, expected[0] != '\0');
	fc_release_fini(&r);
	json_decref(o);
}

static void takes(const struct fc_dialect *const *dialects, bool every, bool master, const char *object,
		  const char *expected)
{
	takes_of(origins, dialects, every, master, object, expected);
}

static void test_copy_loses_the_marks_and_finalizers_of_its_dialect_and_nothing_else(void **state)
{
	(void)state;
	takes(both, true, true,
	      "{'metadata':{'finalizers':['d/finalizer','x/f'],'labels':{'d/label':'1','app':'x'},'annotations':"
	      "{'d/from':'ns','d/end':'keep','d/released':'ns','note':'1'}}}",
	      "finalizer d/finalizer, label d/label, annotation d/from, annotation d/end, annotation d/released");
}

static void test_what_is_no_copy_keeps_words_that_mean_something_else_there(void **state)
{
	(void)state;
	takes(both, true, true, "{'metadata':{'annotations':{'d/end':'keep'},'labels':{'d/label':'1'}}}", "");
}

static void test_finalizers_of_the_dialects_that_are_meant_go(void **state)
{
	static const char object[] = "{'metadata':{'finalizers':['d/finalizer','e/finalizer']}}";

	(void)state;
	takes(both, true, true, object, "finalizer d/finalizer, finalizer e/finalizer");
	takes(one, false, true, object, "finalizer d/finalizer");
}

static void test_own_marks_are_ours_only_where_the_dialect_acts(void **state)
{
	(void)state;
	takes(both, true, false, "{'metadata':{'finalizers':['d/finalizer'],'annotations':{'d/from':'ns'}}}", "");
}

static void test_marks_of_an_origin_in_the_set_go_everywhere(void **state)
{
	static const char object[] =
		"{'metadata':{'labels':{'fedcopy.dev/origin-cluster':'hub-id'},'annotations':{'fedcopy.dev/origin':"
		"'hub-id/ns/src','fedcopy.dev/origin-rule':'d','fedcopy.dev/origin-state':'x','fedcopy.dev/pause':'true'}}}";

	(void)state;
	takes(one, false, false, object,
	      "label fedcopy.dev/origin-cluster, annotation fedcopy.dev/origin, annotation fedcopy.dev/origin-rule, "
	      "annotation fedcopy.dev/origin-state");
}

static void test_marks_of_another_dialect_or_another_hub_stay(void **state)
{
	(void)state;
	takes(one, false, false,
	      "{'metadata':{'annotations':{'fedcopy.dev/origin':'hub-id/ns/src','fedcopy.dev/origin-rule':'e'}}}", "");
	takes(both, true, false,
	      "{'metadata':{'annotations':{'fedcopy.dev/origin':'far-id/ns/src','fedcopy.dev/origin-rule':'d'}}}", "");
}

static void test_copies_that_come_from_a_member_are_those_of_its_own_hub(void **state)
{
	static const char far[] =
		"{'metadata':{'annotations':{'fedcopy.dev/origin':'member-id/ns/src','fedcopy.dev/origin-rule':'d'}}}";
	static const char unknown[] = "{'metadata':{'annotations':{'fedcopy.dev/origin':'member-id/ns/src',"
				      "'fedcopy.dev/origin-rule':'former'}}}";
	json_t *dialects = json_pack("[s]", "d");
	const struct fc_release_origin acting[] = { { "member-id", { .dialects = dialects } }, { .id = NULL } };

	(void)state;
	takes(both, true, false, far, "");
	takes(both, true, false, unknown, "");
	takes(both, true, false, "{'metadata':{'labels':{'fedcopy.dev/origin-cluster':'member-id'}}}", "");
	takes(both, true, false, "{'metadata':{'annotations':{'fedcopy.dev/created-for':'member-id/ns/src'}}}", "");
	/* Where the dialect acts they were made by a hub of this set once. */
	takes_of(acting, both, true, false, far, "annotation fedcopy.dev/origin, annotation fedcopy.dev/origin-rule");
	takes_of(acting, both, true, false, unknown, "");
	json_decref(dialects);
}

static void test_rests_of_marks_and_unknown_dialects_go_where_all_are_meant(void **state)
{
	(void)state;
	takes(both, true, false, "{'metadata':{'labels':{'fedcopy.dev/origin-cluster':'hub-id'}}}",
	      "label fedcopy.dev/origin-cluster");
	takes(one, false, false, "{'metadata':{'labels':{'fedcopy.dev/origin-cluster':'hub-id'}}}", "");
	takes(both, true, false,
	      "{'metadata':{'annotations':{'fedcopy.dev/origin':'hub-id/ns/src','fedcopy.dev/origin-rule':'former'}}}",
	      "annotation fedcopy.dev/origin, annotation fedcopy.dev/origin-rule");
}

static void test_namespaces_lose_the_mark_that_says_for_whom_they_were_created(void **state)
{
	(void)state;
	takes(one, false, false, "{'metadata':{'annotations':{'fedcopy.dev/created-for':'hub-id/ns/src'}}}",
	      "annotation fedcopy.dev/created-for");
	takes(one, false, false, "{'metadata':{'annotations':{'fedcopy.dev/created-for':'far-id/ns/src'}}}", "");
}

static void test_patch_begins_with_the_version_that_was_seen(void **state)
{
	const struct fc_release_scope scope = { .dialects = one, .origins = origins };
	const struct fc_release_place place = { .master = true };
	json_t *object = json_pack("{s:{s:s, s:[s, s], s:{s:s}}}", "metadata", "resourceVersion", "7", "finalizers",
				   "d/finalizer", "x/f", "annotations", "d/from", "ns");
	json_t *expected =
		json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:[s]}, {s:s, s:s}]", "op", "replace", "path",
			  "/metadata/resourceVersion", "value", "7", "op", "add", "path", "/metadata/finalizers",
			  "value", "x/f", "op", "remove", "path", "/metadata/annotations/d~1from");
	struct fc_release r;

	(void)state;
	fc_release_of(&scope, &place, object, &r);
	assert_true(json_equal(r.patch, expected));
	assert_false(r.asks);
	fc_release_fini(&r);
	json_decref(expected);
	json_object_del(json_object_get(object, "metadata"), "annotations");
	fc_release_of(&scope, &place, object, &r);
	assert_true(r.asks);
	fc_release_fini(&r);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_loses_the_marks_and_finalizers_of_its_dialect_and_nothing_else),
		cmocka_unit_test(test_what_is_no_copy_keeps_words_that_mean_something_else_there),
		cmocka_unit_test(test_finalizers_of_the_dialects_that_are_meant_go),
		cmocka_unit_test(test_own_marks_are_ours_only_where_the_dialect_acts),
		cmocka_unit_test(test_marks_of_an_origin_in_the_set_go_everywhere),
		cmocka_unit_test(test_marks_of_another_dialect_or_another_hub_stay),
		cmocka_unit_test(test_copies_that_come_from_a_member_are_those_of_its_own_hub),
		cmocka_unit_test(test_rests_of_marks_and_unknown_dialects_go_where_all_are_meant),
		cmocka_unit_test(test_namespaces_lose_the_mark_that_says_for_whom_they_were_created),
		cmocka_unit_test(test_patch_begins_with_the_version_that_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
