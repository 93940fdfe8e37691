/* SPDX-License-Identifier: Apache-2.0 */
/* Pulling, by k8s-replicator: permission, need, inherited permissions, origin, annotations and clearing, with every
 * case of its specification. */
#include "dialects/replicator_pull.h"

#include "replicator.h"

enum { ALLOW = FC_REPLICATOR_ALLOW, DENY = FC_REPLICATOR_DENY, ERROR = FC_REPLICATOR_ERROR };

struct permission_row {
	const char *source; /* its annotations */
	bool allow_all;
	const char *namespace_; /* of the target */
	int verdict;
};

static void check_permissions(const struct permission_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		FC_AUTO_FREE char *key = fc_xasprintf("%s/target", rows[i].namespace_);
		struct thing target, source;
		const char *why = "not set";
		int verdict;

		thing_init(&source, "source-ns/source", "7", rows[i].source);
		thing_init(&target, key, "3", "'@replicate-from':'source-ns/source'");
		source.words.allow_all = rows[i].allow_all;
		verdict = (int)fc_replicator_may_pull(&target.read, &source.read, &why);
		if (verdict != rows[i].verdict)
			fail_msg("%s for %s: %d: %s", rows[i].source, rows[i].namespace_, verdict, why);
		assert_int_equal(why != NULL, verdict != ALLOW);
		thing_fini(&source);
		thing_fini(&target);
	}
}

static void test_permission_of_the_source_itself_steps_1_to_3(void **state)
{
	static const struct permission_row rows[] = {
		{ "", false, "target-ns", DENY },
		{ "", true, "target-ns", ALLOW },
		{ "'@replication-allowed':'false'", true, "target-ns", DENY },
		{ "'@replication-allowed':'other'", true, "target-ns", ERROR },
		{ "'@replication-allowed-namespaces':'other-ns'", true, "target-ns", DENY },
		{ "'@replication-allowed-namespaces':'((('", true, "target-ns", ERROR },
		{ "'@replication-allowed':'false'", false, "target-ns", DENY },
		{ "'@replication-allowed':'other'", false, "target-ns", ERROR },
		{ "'@replication-allowed-namespaces':'other-ns'", false, "target-ns", DENY },
		{ "'@replication-allowed-namespaces':'((('", false, "target-ns", ERROR },
		{ "'@replication-allowed':'true'", false, "target-ns", ALLOW },
		{ "'@replication-allowed-namespaces':'target-ns'", false, "target-ns", ALLOW },
		{ "'@replication-allowed':'true','@replication-allowed-namespaces':'other-ns'", false, "target-ns",
		  DENY },
		{ "'@replication-allowed':'false','@replication-allowed-namespaces':'target-ns'", false, "target-ns",
		  DENY },
		{ "'@replication-allowed':'true','@replication-allowed-namespaces':'target-ns'", false, "target-ns",
		  ALLOW },
		{ "'@replication-allowed':'false','@replication-allowed-namespaces':'((('", false, "target-ns", DENY },
		{ "'@replication-allowed-namespaces':'abc,def,ghi'", false, "def", ALLOW },
		{ "'@replication-allowed-namespaces':'abc,def,ghi'", false, "xyz", DENY },
		{ "'@replication-allowed-namespaces':'abc, def ,ghi'", false, "def", ALLOW },
		{ "'@replication-allowed-namespaces':''", false, "def", DENY },
		{ "'@replication-allowed-namespaces':'target-ns,((('", false, "target-ns", ERROR },
		{ "'@replication-allowed-namespaces':'number-[0-9]+'", false, "number-123", ALLOW },
		{ "'@replication-allowed-namespaces':'number-[0-9]+'", false, "number-abc", DENY },
		{ "'@replication-allowed-namespaces':'number-[0-9]+'", false, "number-123-test", DENY },
		{ "'@replication-allowed-namespaces':'number-[0-9]+'", false, "test-number-123", DENY },
		{ "'@replication-allowed-namespaces':'number-other,number-[0-9]+'", false, "number-other", ALLOW },
		{ "'@replication-allowed-namespaces':'number-other,number-[0-9]+'", false, "number-123", ALLOW },
	};

	(void)state;
	check_permissions(rows, FC_ARRAY_LEN(rows));
}

/* Of a source that is a replica itself, with its own permission. */
#define LINK "'@replicate-from':'first/one','@replication-allowed':'true'"

static void test_permission_of_the_chain_steps_4_to_6(void **state)
{
	static const struct permission_row rows[] = {
		{ LINK, false, "target-ns", DENY },
		{ LINK ",'@replicated-from-allowed':'one-ns,target-ns'", false, "target-ns", ALLOW },
		{ LINK ",'@replicated-from-allowed':'one-ns'", false, "target-ns", DENY },
		{ LINK ",'@replicated-from-allowed':'((('", false, "target-ns", ERROR },
		{ LINK ",'@replicated-from-allowed':'-'", false, "target-ns", DENY },
		{ LINK ",'@replicated-from-allowed':''", false, "target-ns", DENY },
		{ LINK ",'@replicated-from-allowed':'.*'", false, "target-ns", ALLOW },
		{ LINK ",'@replicated-from-allowed':'.*','@replicated-from-origin':'target-ns/target'", false,
		  "target-ns", ERROR },
		{ LINK ",'@replicated-from-allowed':'.*','@replicated-from-origin':'first/one'", false, "target-ns",
		  ALLOW },
		{ LINK ",'@replicated-from-allowed':'-','@replicated-from-origin':'target-ns/target'", false,
		  "target-ns", DENY },
		/* --allow-all does not override what the chain says (B6). */
		{ "'@replicate-from':'first/one'", true, "target-ns", DENY },
		{ "'@replicate-from':'first/one','@replicated-from-allowed':'.*'", true, "target-ns", ALLOW },
		{ "'@replicate-from':'first/one','@replicated-from-allowed':'.*'", false, "target-ns", DENY },
		/* Without replicate-from it is not even parsed (B6). */
		{ "'@replication-allowed':'true','@replicated-from-allowed':'((('", false, "target-ns", ALLOW },
		{ "'@replication-allowed':'true','@replicated-from-origin':'target-ns/target'", false, "target-ns",
		  ALLOW },
	};

	(void)state;
	check_permissions(rows, FC_ARRAY_LEN(rows));
}

/* --- need --- */

static void test_need_of_a_target_for_a_source_at_version_7_B7_B8(void **state)
{
	enum { YES = FC_REPLICATOR_NEEDS_DATA, CURRENT = FC_REPLICATOR_UP_TO_DATE, ONCE = FC_REPLICATOR_ONCE };
	static const int fault = FC_REPLICATOR_NEED_ERROR;
	static const char once[] = "'@replicate-once':'true'", at5[] = "'@replicated-from-version':'5'",
			  at7[] = "'@replicated-from-version':'7'";
	const struct {
		const char *source, *target, *target_too;
		int need;
	} rows[] = {
		{ "", "", NULL, YES },
		{ once, "", NULL, YES },
		{ "", once, NULL, YES },
		{ once, once, NULL, YES },
		{ "", at7, NULL, CURRENT },
		{ once, at7, NULL, CURRENT },
		{ "", at7, once, CURRENT },
		{ "'@replicate-once':'other'", at7, NULL, CURRENT },
		{ "", at5, NULL, YES },
		{ "'@replicate-once':'false'", at5, NULL, YES },
		{ once, at5, NULL, ONCE },
		{ "", at5, once, ONCE },
		{ once, at5, once, ONCE },
		{ "'@replicate-once':'true','@replicate-once-version':'new'", at5, NULL, YES },
		{ "'@replicate-once-version':'new'", at5, once, YES },
		{ "'@replicate-once':'true','@replicate-once-version':'older'", at5,
		  "'@replicate-once-version':'later'", YES },
		{ "'@replicate-once':'true','@replicate-once-version':'new'", at5, "'@replicate-once-version':'new'",
		  ONCE },
		{ "'@replicate-once':'true','@replicate-once-version':''", at5, NULL, YES },
		{ "'@replicate-once':'true','@replicate-once-version':''", at5, "'@replicate-once-version':''", ONCE },
		{ once, at5, "'@replicate-once-version':'old'", ONCE },
		{ "'@replicate-once':'other'", at5, NULL, fault },
		{ "", at5, "'@replicate-once':'other'", fault },
		{ "'@replicate-once':'other'", "", NULL, YES },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *annotations = fc_xasprintf("%s%s%s", rows[i].target, rows[i].target_too ? "," : "",
							      rows[i].target_too ? rows[i].target_too : "");
		struct thing target, source;

		thing_init(&source, "source-ns/source", "7", rows[i].source);
		thing_init(&target, "target-ns/target", "3", annotations);
		if ((int)fc_replicator_need(&target.read, &source.read) != rows[i].need)
			fail_msg("row %zu: %s / %s", i, rows[i].source, annotations);
		thing_fini(&source);
		thing_fini(&target);
	}
}

/* --- the pull --- */

static void test_pull_is_permission_then_cleared_source_then_need_B9(void **state)
{
	enum {
		NOTHING = FC_REPLICATOR_PULL_NOTHING,
		CLEAR = FC_REPLICATOR_PULL_CLEAR,
		BOOKS = FC_REPLICATOR_PULL_ANNOTATIONS,
		DATA = FC_REPLICATOR_PULL_DATA
	};
#define YES "'@replication-allowed':'true'"
#define AT5 "'@replicated-from-version':'5'"
#define CHAIN "'@replicated-from-allowed':'.*','@replicated-from-origin':'source-ns/source'"
	static const struct {
		const char *source, *target;
		int pull;
		bool says_why;
	} rows[] = {
		{ "", AT5, CLEAR, true },
		{ "'@replication-allowed':'other'", AT5, NOTHING, true },
		{ LINK ",'@replicated-from-allowed':'.*'", AT5, CLEAR, true },
		{ LINK ",'@replicated-from-allowed':'.*','@replicated-from-version':'2'", AT5, DATA, false },
		{ LINK ",'@replicated-from-allowed':'.*','@replicated-from-origin':'target-ns/target'", AT5, NOTHING,
		  true },
		{ YES, "", DATA, false },
		{ YES, AT5, DATA, false },
		{ YES, "'@replicated-from-version':'7'", NOTHING, false },
		{ YES ",'@replicate-once':'true'", AT5 "," CHAIN, NOTHING, false },
		/* D1: what the chain says is brought up to date, although the data stays. */
		{ YES ",'@replicate-once':'true'", AT5, BOOKS, false },
		{ YES ",'@replicate-once':'true','@replication-allowed-namespaces':'target-ns'", AT5 "," CHAIN, BOOKS,
		  false },
		{ YES ",'@replicate-once':'true'",
		  AT5 ",'@replicated-from-allowed':'.*','@replicated-from-origin':'old/one'", BOOKS, false },
		{ YES, AT5 "," CHAIN ",'@replicate-once':'true'", BOOKS, false },
		{ YES, AT5 ",'@replicated-from-allowed':'.*','@replicate-once':'true'", NOTHING, false },
		{ YES ",'@replicate-once':'other'", AT5 "," CHAIN, NOTHING, true },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct thing target, source;
		const char *why;
		int pull;

		thing_init(&source, "source-ns/source", "7", rows[i].source);
		thing_init(&target, "target-ns/target", "3", rows[i].target);
		pull = (int)fc_replicator_pull(&target.read, &source.read, &why);
		if (pull != rows[i].pull || (why != NULL) != rows[i].says_why)
			fail_msg("row %zu: %d, %s", i, pull, why ? why : "-");
		thing_fini(&source);
		thing_fini(&target);
	}
}

/* --- what is inherited --- */

static void test_intersection_of_lists_B10_D8(void **state)
{
	static const struct {
		const char *own, *inherited, *both;
	} rows[] = {
		{ "test-1,test-2", "test-2,test-3", "test-2" },
		{ "test-1,test-2", "test-3,test-4", "-" },
		{ "test-1,.*-2,test-3,*-3,test-4", "test-2,.*-4,test-5,*-5", "test-2,test-4" },
		{ "b,a", "a,b", "b,a" },
		{ "a,a", "a", "a" },
		{ ".*", ".*", ".*" },
		{ "a.*", ".*b", "-" },
		{ "*-3", "*-3", "-" },
		{ "a-[0-9],z", "a-2,a-1,[y-z]", "a-2,a-1,z" },
		{ "c,a-[0-9],z", "a-1,[y-z],c", "c,a-1,z" },
		{ "a,.*", "b,a", "a,b" },
		{ " a , b ", "b,a", "a,b" },
		{ "", "a", "-" },
		{ "a", "", "-" },
		{ "-", "-", "-" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *both = fc_replicator_intersection(rows[i].own, rows[i].inherited);

		assert_string_equal(both, rows[i].both);
	}
}

static void test_inherited_permission_is_what_the_source_and_its_sources_allow_B10(void **state)
{
#define FROM "'@replicate-from':'first/one'"
#define OWN "'@replication-allowed-namespaces':'a,b'"
	static const struct {
		const char *source, *inherited;
	} rows[] = {
		{ "", ".*" },
		{ OWN, "a,b" },
		{ "'@replication-allowed-namespaces':''", "" },
		{ "'@replicated-from-allowed':'c'", ".*" },
		{ OWN ",'@replicated-from-allowed':'c'", "a,b" },
		{ FROM ",'@replicated-from-allowed':'.*'", ".*" },
		{ FROM "," OWN ",'@replicated-from-allowed':'.*'", "a,b" },
		{ FROM, "-" },
		{ FROM "," OWN, "-" },
		{ FROM "," OWN ",'@replicated-from-allowed':'-'", "-" },
		{ FROM ",'@replicated-from-allowed':'c,d'", "c,d" },
		{ FROM "," OWN ",'@replicated-from-allowed':'b,c'", "b" },
		{ FROM "," OWN ",'@replicated-from-allowed':'c'", "-" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct thing source;

		thing_init(&source, "source-ns/source", "7", rows[i].source);
		FC_AUTO_FREE char *inherited = fc_replicator_inherited(&source.read);
		if (strcmp(inherited, rows[i].inherited) != 0)
			fail_msg("%s: %s", rows[i].source, inherited);
		thing_fini(&source);
	}
}

static void test_origin_is_where_the_data_was_born_B11(void **state)
{
	static const struct {
		const char *source, *target, *origin; /* NULL: removed */
	} rows[] = {
		{ "", "", "source-ns/source" },
		{ "'@replicated-from-origin':'x/y'", "", "source-ns/source" },
		{ FROM, "", "source-ns/source" },
		{ FROM ",'@replicated-from-origin':'x/y'", "", "x/y" },
		{ FROM ",'@replicated-from-origin':'x/y'", "'@replicate-once':'true'", NULL },
		{ "", "'@replicate-once':'1'", NULL },
		{ "'@replicate-once':'true'", "", "source-ns/source" },
		{ "", "'@replicate-once':'false'", "source-ns/source" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct thing source, target;

		thing_init(&source, "source-ns/source", "7", rows[i].source);
		thing_init(&target, "target-ns/target", "3", rows[i].target);
		FC_AUTO_FREE char *origin = fc_replicator_origin(&target.read, &source.read);
		if (rows[i].origin)
			assert_string_equal(origin, rows[i].origin);
		else
			assert_null(origin);
		thing_fini(&source);
		thing_fini(&target);
	}
}

/* --- annotations --- */

static void assert_annotations(json_t *got, const char *wanted)
{
	struct thing expected;

	thing_init(&expected, "a/b", "1", wanted);
	if (!json_equal(got, json_object_get(json_object_get(expected.json, "metadata"), "annotations"))) {
		FC_AUTO_FREE char *text = json_dumps(got, JSON_SORT_KEYS);

		fail_msg("%s", text);
	}
	thing_fini(&expected);
	json_decref(got);
}

static void test_annotations_after_a_pull_are_the_targets_and_the_books_B10_to_B12(void **state)
{
	struct thing source, target;

	(void)state;
	thing_init(&source, "source-ns/source", "7",
		   "'@replication-allowed-namespaces':'target-ns','@replicate-once-version':'v2','theirs':'x'");
	thing_init(&target, "target-ns/target", "3", "'mine':'y','@replicate-from':'source-ns/source'");
	assert_annotations(fc_replicator_pulled_annotations(&target.read, &source.read, true),
			   "'mine':'y','@replicate-from':'source-ns/source','@replicated-from-allowed':'target-ns',"
			   "'@replicated-from-origin':'source-ns/source','@replicated-at':'\\u0001now',"
			   "'@replicated-from-version':'7','@replicate-once-version':'v2'");
	/* D1: the books alone. */
	assert_annotations(fc_replicator_pulled_annotations(&target.read, &source.read, false),
			   "'mine':'y','@replicate-from':'source-ns/source','@replicated-from-allowed':'target-ns',"
			   "'@replicated-from-origin':'source-ns/source'");
	/* What was read stays as it was. */
	assert_int_equal(json_object_size(target.read.annotations), 2);
	thing_fini(&source);
	thing_fini(&target);
}

static void test_once_version_and_origin_go_where_the_source_has_none_B11_B12(void **state)
{
	struct thing source, target;

	(void)state;
	thing_init(&source, "source-ns/source", "7", "'@replication-allowed':'true'");
	thing_init(&target, "target-ns/target", "3",
		   "'@replicate-once':'true','@replicate-once-version':'v1','@replicated-from-origin':'x/y'");
	assert_annotations(fc_replicator_pulled_annotations(&target.read, &source.read, true),
			   "'@replicate-once':'true','@replicated-from-allowed':'.*','@replicated-at':'\\u0001now',"
			   "'@replicated-from-version':'7'");
	thing_fini(&source);
	thing_fini(&target);
}

/* --- clearing --- */

/* The target of these annotations and members; NULL: nothing to clear. */
static json_t *cleared_of(const char *annotations, const char *members)
{
	struct fc_replicator_vocabulary v;
	struct fc_replicator_object o;
	struct thing t;
	json_t *more = json_of(members), *cleared;

	thing_init(&t, "ns/o", "7", annotations);
	json_object_update(t.json, more);
	fc_replicator_vocabulary_init(&v, "k8s-replicator");
	fc_replicator_object_read(&v, t.json, &o);
	cleared = fc_replicator_cleared(&o, t.json);
	fc_replicator_object_fini(&o);
	fc_replicator_vocabulary_fini(&v);
	thing_fini(&t);
	json_decref(more);
	return cleared;
}

static void test_clearing_takes_books_and_data_and_keeps_the_rest_B16(void **state)
{
	json_t *wanted = json_of("{'metadata':{'namespace':'ns','name':'o','resourceVersion':'7','annotations':{"
				 "'mine':'y','k8s-replicator/replicate-from':'a/b','k8s-replicator/replicated-at':"
				 "'\\u0001now'}},'kind':'ConfigMap'}");
	json_t *cleared = cleared_of("'mine':'y','@replicate-from':'a/b','@replicated-from-version':'5',"
				     "'@replicate-once-version':'v','@replicated-from-allowed':'.*',"
				     "'@replicated-from-origin':'a/b','@replicated-at':'2025-03-04T05:06:07Z'",
				     "{'kind':'ConfigMap','data':{'a':'1'},'binaryData':{'b':'AA=='}}");

	(void)state;
	assert_true(json_equal(cleared, wanted));
	json_decref(wanted);
	json_decref(cleared);
}

static void test_any_one_of_the_books_is_enough_to_clear_and_none_is_not_B16(void **state)
{
	static const struct {
		const char *annotations;
		bool clears;
	} rows[] = {
		{ "'@replicated-from-version':'5'", true },
		{ "'@replicate-once-version':''", true },
		{ "'@replicated-from-allowed':'-'", true },
		{ "'@replicated-from-origin':'a/b'", true },
		{ "", false },
		{ "'@replicate-from':'a/b'", false },
		{ "'@replicated-at':'2025-03-04T05:06:07Z'", false },
		/* D3: what was pushed here holds what is no longer its. */
		{ "'@replicated-by':'a/b'", true },
		{ "'@replicated-by':'a/b','@replicate-from':'c/d'", true },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_t *cleared = cleared_of(rows[i].annotations, "{'data':{'a':'1'}}");

		if ((cleared != NULL) != rows[i].clears)
			fail_msg("%s", rows[i].annotations);
		json_decref(cleared);
	}
}

static void test_second_clear_changes_nothing_B16_D3(void **state)
{
	static const char *const minimal[] = { "{}", "{'type':'Opaque','data':{}}",
					       "{'type':'kubernetes.io/tls','data':{'tls.crt':'','tls.key':''}}" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(minimal); i++)
		assert_null(cleared_of("'@replicated-by':'a/b','@replicated-at':'2025-03-04T05:06:07Z'", minimal[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_permission_of_the_source_itself_steps_1_to_3),
		cmocka_unit_test(test_permission_of_the_chain_steps_4_to_6),
		cmocka_unit_test(test_need_of_a_target_for_a_source_at_version_7_B7_B8),
		cmocka_unit_test(test_pull_is_permission_then_cleared_source_then_need_B9),
		cmocka_unit_test(test_intersection_of_lists_B10_D8),
		cmocka_unit_test(test_inherited_permission_is_what_the_source_and_its_sources_allow_B10),
		cmocka_unit_test(test_origin_is_where_the_data_was_born_B11),
		cmocka_unit_test(test_annotations_after_a_pull_are_the_targets_and_the_books_B10_to_B12),
		cmocka_unit_test(test_once_version_and_origin_go_where_the_source_has_none_B11_B12),
		cmocka_unit_test(test_clearing_takes_books_and_data_and_keeps_the_rest_B16),
		cmocka_unit_test(test_any_one_of_the_books_is_enough_to_clear_and_none_is_not_B16),
		cmocka_unit_test(test_second_clear_changes_nothing_B16_D3),
	};

	return cmocka_run_group_tests_name("replicator_pull", tests, NULL, NULL);
}
