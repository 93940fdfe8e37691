/* SPDX-License-Identifier: Apache-2.0 */
/* object-sync's pure functions: what is asked for, every row of bad input, copies, marks, ends and the status. Each
 * test bears the number of the rule of its specification. */
#include "dialects/object_sync.h"

#include "base/mem.h"
#include "dialects/dialects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SOURCE "'source':{'group':'','kind':'ConfigMap','name':'flags'}"

static const struct fc_copy_dialect *dialect(void)
{
	return fc_dialect_object_sync.copy;
}

/* JSON in single quotes. */
static json_t *J(const char *quoted)
{
	FC_AUTO_FREE char *text = fc_xstrdup(quoted);
	json_t *value;

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (!value)
		fail_msg("%s", quoted);
	return value;
}

/* An ObjectSync ops/s with these members. */
static json_t *sync_of(const char *members)
{
	FC_AUTO_FREE char *text = fc_xasprintf("{'metadata':{'name':'s','namespace':'ops','generation':3}%s%s}",
					       members[0] ? "," : "", members);

	return J(text);
}

static json_t *sync_to(const char *destinations)
{
	FC_AUTO_FREE char *text = fc_xasprintf("'spec':{" SOURCE ",'destinations':[%s]}", destinations);

	return sync_of(text);
}

/* --- the spec --- */

static void test_object_sync_b11_each_destination_is_a_rule_and_explicit_ones_come_before_every_one(void **state)
{
	json_t *bearer = sync_to(
		"{'namespace':'*','strategy':'replace'},{'namespace':'a'},{'namespace':'a','strategy':'replace'},"
		"{'namespace':''},{'namespace':'b','name':'other'}");
	struct fc_copy_specs specs = { 0 };
	struct fc_object_sync_destination d;

	(void)state;
	dialect()->scan(&fc_dialect_object_sync, bearer, &specs);
	assert_int_equal(specs.count, 3);
	assert_string_equal(specs.items[0].patterns[0], "*");
	assert_int_equal(specs.items[0].except_count, 2);
	assert_string_equal(specs.items[0].except[0], "a");
	assert_int_equal(specs.items[0].strategy, FC_COPY_REPLACES);
	assert_string_equal(specs.items[1].names[0], "a");
	assert_int_equal(specs.items[1].strategy, FC_COPY_APPLIES);
	assert_null(specs.items[1].copy_name);
	assert_string_equal(specs.items[2].copy_name, "other");
	assert_true(fc_object_sync_find(bearer, "a", "flags", &d) && !d.strategy);
	assert_true(fc_object_sync_find(bearer, "z", "flags", &d) && strcmp(d.strategy, "replace") == 0);
	assert_false(fc_object_sync_find(bearer, "z", "other", &d));
	for (size_t i = 0; i < specs.count; i++) {
		assert_null(specs.items[i].invalid_reason);
		assert_string_equal(specs.items[i].word, "ConfigMap.v1.");
		assert_string_equal(specs.items[i].finalizer, FC_OBJECT_SYNC_FINALIZER);
		for (size_t k = 0; k < i; k++)
			assert_false(fc_digest_equal(&specs.items[i].text, &specs.items[k].text));
	}
	fc_copy_specs_fini(&fc_dialect_object_sync, &specs);
	json_decref(bearer);
}

static void test_object_sync_b04_kind_is_named_with_group_and_version(void **state)
{
	static const char *const rows[][2] = {
		{ "'group':'','kind':'Secret'", "Secret.v1." },
		{ "'group':'','kind':'Secret','version':null", "Secret.v1." },
		{ "'group':'batch','kind':'CronJob'", "CronJob.batch" },
		{ "'group':'batch','kind':'CronJob','version':'v1beta1'", "CronJob.v1beta1.batch" },
		{ "'group':'helm.toolkit.fluxcd.io','kind':'HelmRelease'", "HelmRelease.helm.toolkit.fluxcd.io" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *spec =
			fc_xasprintf("'spec':{'source':{%s,'name':'n'},'destinations':[]}", rows[i][0]);
		json_t *bearer = sync_of(spec);
		struct fc_copy_specs specs = { 0 };

		dialect()->scan(&fc_dialect_object_sync, bearer, &specs);
		assert_int_equal(specs.count, 1);
		assert_null(specs.items[0].invalid_reason);
		assert_string_equal(specs.items[0].word, rows[i][1]);
		fc_copy_specs_fini(&fc_dialect_object_sync, &specs);
		json_decref(bearer);
	}
}

static void assert_invalid(const char *members, const char *says)
{
	json_t *bearer = sync_of(members);
	struct fc_copy_specs specs = { 0 };

	dialect()->scan(&fc_dialect_object_sync, bearer, &specs);
	assert_int_equal(specs.count, 1);
	if (!specs.items[0].invalid_reason)
		fail_msg("%s is valid", members);
	assert_string_equal(specs.items[0].invalid_reason, "InvalidSpec");
	if (!strstr(specs.items[0].invalid_message, says))
		fail_msg("%s: %s", members, specs.items[0].invalid_message);
	assert_int_equal(specs.items[0].name_count + specs.items[0].pattern_count, 0);
	fc_copy_specs_fini(&fc_dialect_object_sync, &specs);
	json_decref(bearer);
}

static void test_object_sync_d19_bad_input_what_cannot_be_followed_is_one_rule_that_says_so(void **state)
{
	(void)state;
	assert_invalid("", "spec.source is missing");
	assert_invalid("'spec':null", "spec.source is missing");
	assert_invalid("'spec':{'source':[]}", "spec.source is missing");
	assert_invalid("'spec':{'source':{'kind':'A','name':'n'},'destinations':[]}", "spec.source.group");
	assert_invalid("'spec':{'source':{'group':'','kind':'','name':'n'},'destinations':[]}", "spec.source.kind");
	assert_invalid("'spec':{'source':{'group':'','kind':7,'name':'n'},'destinations':[]}", "spec.source.kind");
	assert_invalid("'spec':{'source':{'group':'','kind':'A/b','name':'n'},'destinations':[]}", "names no kind");
	assert_invalid("'spec':{'source':{'group':'','kind':'A','name':''},'destinations':[]}", "spec.source.name");
	assert_invalid("'spec':{'source':{'group':'','kind':'A','name':'a/b'},'destinations':[]}", "spec.source.name");
	assert_invalid("'spec':{'source':{'group':'','kind':'A','name':'a:b'},'destinations':[]}", "spec.source.name");
	assert_invalid("'spec':{'source':{'group':'','kind':'A','name':'n','namespace':'..'},'destinations':[]}",
		       "spec.source.namespace");
	assert_invalid("'spec':{'source':{'group':'','kind':'A','name':'n','version':1},'destinations':[]}",
		       "spec.source.version");
	assert_invalid("'spec':{" SOURCE "}", "spec.destinations is missing");
	assert_invalid("'spec':{" SOURCE ",'destinations':[{}]}", "has no namespace");
	assert_invalid("'spec':{" SOURCE ",'destinations':['a']}", "has no namespace");
	assert_invalid("'spec':{" SOURCE ",'destinations':[{'namespace':'a'},{'namespace':'b','strategy':'merge'}]}",
		       "strategy is unknown");
	assert_invalid("'spec':{" SOURCE ",'destinations':[{'namespace':'a','strategy':3}]}", "strategy is unknown");
	assert_invalid("'spec':{" SOURCE ",'destinations':[{'namespace':'team-*'}]}", "not the name of a namespace");
	assert_invalid("'spec':{" SOURCE ",'destinations':[{'namespace':'a','name':'B'}]}",
		       "not the name of an object");
	assert_invalid("'spec':{" SOURCE ",'destinations':[{'namespace':'a','name':4}]}", "name is no text");
}

static void test_object_sync_bad_input_without_destinations_the_source_is_followed_still(void **state)
{
	json_t *bearer = sync_to("");
	struct fc_copy_specs specs = { 0 };

	(void)state;
	dialect()->scan(&fc_dialect_object_sync, bearer, &specs);
	assert_int_equal(specs.count, 1);
	assert_null(specs.items[0].invalid_reason);
	assert_string_equal(specs.items[0].name, "flags");
	fc_copy_specs_fini(&fc_dialect_object_sync, &specs);
	json_decref(bearer);
}

static void test_object_sync_b34_odd_entries_of_the_status_are_not_remembered(void **state)
{
	json_t *bearer =
		sync_of("'status':{'destinations':[7,{},{'namespace':'a','name':'n','group':'','kind':''},"
			"{'namespace':'A','name':'n','group':'','kind':'K'},"
			"{'namespace':'a','name':'../x','group':'','kind':'K'},"
			"{'namespace':'a','name':'n','group':'g','kind':'K','cluster':'edge','strategy':'replace',"
			"'syncedVersion':{'uid':'u','resource_version':'7'}}]}");
	struct fc_copy_memories list = { 0 };

	(void)state;
	dialect()->remember(bearer, &list);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].uid, "u");
	assert_string_equal(list.items[0].version, "7");
	assert_string_equal(list.items[0].cluster, "edge");
	assert_null(list.items[0].source_uid);
	assert_int_equal(list.items[0].strategy, FC_COPY_REPLACES);
	free(list.items);
	json_decref(bearer);
}

/* --- copies --- */

static json_t *wanted(const char *source, bool own, bool adopted)
{
	const struct fc_copy_place place = {
		.own = own, .adopted = adopted, .source_namespace = "ops", .source_name = "flags"
	};
	json_t *object = J(source), *copy = NULL;
	const char *why = NULL;

	assert_int_equal(dialect()->desired(NULL, object, &place, &copy, &why), FC_COPY_WANTED);
	json_decref(object);
	return copy;
}

static void assert_json(const json_t *have, const char *want)
{
	json_t *value = J(want);

	if (!json_equal(have, value))
		fail_msg("%s, not %s", json_dumps(have, JSON_ENCODE_ANY), want);
	json_decref(value);
}

static void test_object_sync_b15_copy_is_its_source_with_our_marks(void **state)
{
	json_t *copy =
		wanted("{'metadata':{'labels':{'a':'1','app.kubernetes.io/managed-by':'me'},'annotations':{'b':'2',"
		       "'sync.rustrial.org/adopted':'true'},'finalizers':['x/y']},'spec':{'c':[1]}}",
		       true, false);

	(void)state;
	assert_json(copy, "{'metadata':{'labels':{'a':'1','app.kubernetes.io/managed-by':'rustrial-object-syncer'},"
			  "'annotations':{'b':'2','sync.rustrial.org/source-object':'ops/flags'},'finalizers':"
			  "['sync.rustrial.org/rustrial-object-syncer']},'spec':{'c':[1]}}");
	json_decref(copy);
}

static void test_object_sync_b28_what_was_taken_over_says_so_and_is_released(void **state)
{
	json_t *copy = wanted("{'metadata':{}}", true, true);
	struct fc_copy_mark m = { 0 };

	(void)state;
	assert_true(dialect()->mark(&fc_dialect_object_sync, copy, &m));
	assert_int_equal(dialect()->ends(m.flags, FC_COPY_BEARER_GONE), FC_COPY_RELEASE);
	assert_false(dialect()->may_recreate(m.flags));
	fc_copy_mark_fini(&m);
	json_decref(copy);
}

static void test_object_sync_copy_elsewhere_bears_no_mark_of_the_dialect(void **state)
{
	json_t *copy = wanted("{'metadata':{'labels':{'app.kubernetes.io/managed-by':'rustrial-object-syncer','a':'1'},"
			      "'finalizers':['sync.rustrial.org/rustrial-object-syncer']}}",
			      false, false);

	(void)state;
	assert_json(copy, "{'metadata':{'labels':{'a':'1'},'annotations':{}}}");
	json_decref(copy);
}

static bool is_copy(const char *metadata, const char *of)
{
	FC_AUTO_FREE char *text = fc_xasprintf("{'metadata':{%s}}", metadata);
	FC_AUTO_FREE char *have = NULL;
	struct fc_copy_mark m = { 0 };
	json_t *object = J(text);
	bool marked = dialect()->mark(&fc_dialect_object_sync, object, &m);

	have = marked ? fc_xasprintf("%s/%s", m.namespace_, m.name) : NULL;
	fc_copy_mark_fini(&m);
	json_decref(object);
	return marked && strcmp(have, of) == 0;
}

#define LABEL "'labels':{'app.kubernetes.io/managed-by':'rustrial-object-syncer'}"

static void test_object_sync_b27_label_and_annotation_make_a_copy(void **state)
{
	(void)state;
	assert_true(is_copy(LABEL ",'annotations':{'sync.rustrial.org/source-object':'a/b'}", "a/b"));
	assert_false(is_copy(LABEL, ""));
	assert_false(is_copy("'annotations':{'sync.rustrial.org/source-object':'a/b'}", ""));
	assert_false(is_copy(LABEL ",'annotations':{'sync.rustrial.org/source-object':'ab'}", ""));
	assert_false(is_copy(LABEL ",'annotations':{'sync.rustrial.org/source-object':'/b'}", ""));
	assert_false(is_copy(LABEL ",'annotations':{'sync.rustrial.org/source-object':'a/b/c'}", ""));
	assert_false(is_copy("'labels':{'app.kubernetes.io/managed-by':'Helm'},'annotations':"
			     "{'sync.rustrial.org/source-object':'a/b'}",
			     ""));
	assert_int_equal(dialect()->ends(0, FC_COPY_SOURCE_GONE), FC_COPY_DELETE);
}

static void test_object_sync_consents_to_config_maps_and_secrets_of_its_own_namespace(void **state)
{
	const struct fc_resource maps = { .group = "", .plural = "configmaps", .kind = "ConfigMap" };
	const struct fc_resource secrets = { .group = "", .plural = "secrets", .kind = "Secret" };
	const struct fc_resource jobs = { .group = "batch", .plural = "jobs", .kind = "Job" };
	char other[] = "other";
	const struct fc_copy_spec own = { .name = NULL }, elsewhere = { .namespace_ = other };

	(void)state;
	assert_true(dialect()->consents(&own, "ops", &maps));
	assert_true(dialect()->consents(&own, "ops", &secrets));
	assert_false(dialect()->consents(&own, "ops", &jobs));
	assert_false(dialect()->consents(&elsewhere, "ops", &maps));
	assert_true(dialect()->consents(&elsewhere, "other", &maps));
}

/* --- the status --- */

static const struct fc_resource config_maps = {
	.group = "", .version = "v1", .plural = "configmaps", .kind = "ConfigMap"
};

static struct fc_copy_outcome in_sync(const char *ns)
{
	return (struct fc_copy_outcome){ .cluster = "hub",
					 .namespace_ = ns,
					 .name = "flags",
					 .own = true,
					 .resource = &config_maps,
					 .state = FC_STATE_IN_SYNC,
					 .reason = "InSync",
					 .message = "well",
					 .source_exists = true,
					 .exists = true,
					 .uid = "cu",
					 .version = "2",
					 .source_uid = "su",
					 .source_version = "1" };
}

static const json_t *condition(const json_t *status, const char *type)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(status, "conditions"), i, item)
		if (strcmp(json_string_value(json_object_get(item, "type")), type) == 0)
			return item;
	return NULL;
}

static const char *word(const json_t *status, const char *type, const char *member)
{
	return json_string_value(json_object_get(condition(status, type), member)) ?: "(none)";
}

static void test_object_sync_b13_b32_entries_are_sorted_and_counted(void **state)
{
	json_t *bearer = sync_to("{'namespace':'*'}");
	struct fc_copy_outcome o[] = { in_sync("b"), in_sync("a"), in_sync("a") };
	json_t *status, *list;

	(void)state;
	o[2].cluster = "edge";
	o[2].own = false;
	o[1].state = FC_STATE_CONFLICT;
	o[1].message = "stands there";
	o[1].uid = "theirs";
	status = dialect()->status(bearer, o, 3);
	list = json_object_get(status, "destinations");
	assert_int_equal(json_array_size(list), 3);
	assert_json(json_array_get(list, 0),
		    "{'name':'flags','namespace':'a','group':'','version':'v1','kind':'ConfigMap'}");
	assert_json(json_object_get(json_array_get(list, 1), "cluster"), "'edge'");
	assert_json(json_object_get(json_array_get(list, 2), "syncedVersion"), "{'uid':'cu','resource_version':'2'}");
	assert_string_equal(word(status, "Ready", "status"), "True");
	assert_string_equal(word(status, "InSync", "status"), "False");
	assert_string_equal(word(status, "InSync", "reason"), "Failure");
	assert_string_equal(word(status, "InSync", "message"), "2 of 3; a/flags: stands there");
	assert_int_equal(json_integer_value(json_object_get(condition(status, "InSync"), "observedGeneration")), 3);
	json_decref(status);
	json_decref(bearer);
}

static void test_object_sync_b18_versions_are_those_of_the_last_write(void **state)
{
	json_t *bearer = sync_to("{'namespace':'a'}");
	struct fc_copy_outcome o = in_sync("a");
	json_t *status = dialect()->status(bearer, &o, 1), *again;

	(void)state;
	json_object_set(bearer, "status", status);
	o.version = "9";
	again = dialect()->status(bearer, &o, 1);
	assert_true(json_equal(status, again));
	json_decref(again);
	o.written_version = "9";
	o.written_source_uid = "su";
	o.written_source_version = "8";
	again = dialect()->status(bearer, &o, 1);
	assert_json(json_object_get(json_array_get(json_object_get(again, "destinations"), 0), "sourceVersion"),
		    "{'uid':'su','resource_version':'8'}");
	json_decref(again);
	json_decref(status);
	json_decref(bearer);
}

static void test_object_sync_b13_what_passes_adds_entries_and_says_nothing_else(void **state)
{
	json_t *bearer = sync_to("{'namespace':'*'}"), *status;
	struct fc_copy_outcome o[] = { in_sync("a"), in_sync("b") };

	(void)state;
	o[1].state = FC_STATE_PENDING;
	o[1].passing = true;
	status = dialect()->status(bearer, o, 2);
	assert_int_equal(json_array_size(json_object_get(status, "destinations")), 2);
	assert_null(condition(status, "InSync"));
	json_object_set_new(bearer, "status", status);
	o[0].listed = o[1].listed = true;
	assert_null(dialect()->status(bearer, o, 2));
	json_decref(bearer);
}

static void test_object_sync_b10_missing_namespace_is_no_entry_and_no_failure(void **state)
{
	json_t *bearer = sync_to("{'namespace':'a'}"), *status;
	struct fc_copy_outcome o = in_sync("a");

	(void)state;
	o.state = FC_STATE_PENDING;
	o.reason = "NamespaceMissing";
	status = dialect()->status(bearer, &o, 1);
	assert_int_equal(json_array_size(json_object_get(status, "destinations")), 0);
	assert_string_equal(word(status, "InSync", "message"), "0 of 0");
	assert_string_equal(word(status, "InSync", "status"), "True");
	json_decref(status);
	json_decref(bearer);
}

static void test_object_sync_b05_d02_ready_is_true_again_when_it_can_be_followed(void **state)
{
	json_t *bearer = sync_to("{'namespace':'a'}"), *status;
	struct fc_copy_outcome o = in_sync(NULL);

	(void)state;
	o.state = FC_STATE_PENDING;
	o.reason = "TypeNotServed";
	status = dialect()->status(bearer, &o, 1);
	assert_string_equal(word(status, "Ready", "status"), "False");
	assert_null(condition(status, "InSync"));
	json_object_set_new(bearer, "status", status);
	o = in_sync("a");
	status = dialect()->status(bearer, &o, 1);
	assert_string_equal(word(status, "Ready", "status"), "True");
	assert_string_equal(word(status, "InSync", "status"), "True");
	json_decref(status);
	json_decref(bearer);
}

static void test_object_sync_b24_source_that_is_missing_or_ending_is_not_in_sync(void **state)
{
	json_t *bearer = sync_to(""), *status;
	struct fc_copy_outcome o = in_sync(NULL);

	(void)state;
	o.source_ending = true;
	status = dialect()->status(bearer, &o, 1);
	assert_string_equal(word(status, "InSync", "status"), "False");
	json_decref(status);
	o.source_ending = o.source_exists = false;
	o.state = FC_STATE_SOURCE_NOT_FOUND;
	status = dialect()->status(bearer, &o, 1);
	assert_string_equal(word(status, "InSync", "status"), "False");
	json_decref(status);
	json_decref(bearer);
}

static void test_object_sync_b08_failed_deletion_stays_in_the_status(void **state)
{
	json_t *bearer = sync_to("{'namespace':'a'}"), *status;
	struct fc_copy_outcome o = in_sync("a");

	(void)state;
	json_object_set_new(json_object_get(bearer, "metadata"), "deletionTimestamp",
			    json_string("2025-03-04T05:06:07Z"));
	assert_null(dialect()->status(bearer, &o, 0));
	json_object_set_new(
		bearer, "status",
		J("{'destinations':[{'name':'flags','namespace':'a','group':'','version':'v1','kind':'ConfigMap'}]}"));
	o.left_over = true;
	o.state = FC_STATE_FORBIDDEN;
	o.message = "403";
	status = dialect()->status(bearer, &o, 1);
	assert_int_equal(json_array_size(json_object_get(status, "destinations")), 1);
	assert_string_equal(word(status, "InSync", "message"), "0 of 1; a/flags: 403");
	json_decref(status);
	json_decref(bearer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_object_sync_b11_each_destination_is_a_rule_and_explicit_ones_come_before_every_one),
		cmocka_unit_test(test_object_sync_b04_kind_is_named_with_group_and_version),
		cmocka_unit_test(test_object_sync_d19_bad_input_what_cannot_be_followed_is_one_rule_that_says_so),
		cmocka_unit_test(test_object_sync_bad_input_without_destinations_the_source_is_followed_still),
		cmocka_unit_test(test_object_sync_b34_odd_entries_of_the_status_are_not_remembered),
		cmocka_unit_test(test_object_sync_b15_copy_is_its_source_with_our_marks),
		cmocka_unit_test(test_object_sync_b28_what_was_taken_over_says_so_and_is_released),
		cmocka_unit_test(test_object_sync_copy_elsewhere_bears_no_mark_of_the_dialect),
		cmocka_unit_test(test_object_sync_b27_label_and_annotation_make_a_copy),
		cmocka_unit_test(test_object_sync_consents_to_config_maps_and_secrets_of_its_own_namespace),
		cmocka_unit_test(test_object_sync_b13_b32_entries_are_sorted_and_counted),
		cmocka_unit_test(test_object_sync_b18_versions_are_those_of_the_last_write),
		cmocka_unit_test(test_object_sync_b13_what_passes_adds_entries_and_says_nothing_else),
		cmocka_unit_test(test_object_sync_b10_missing_namespace_is_no_entry_and_no_failure),
		cmocka_unit_test(test_object_sync_b05_d02_ready_is_true_again_when_it_can_be_followed),
		cmocka_unit_test(test_object_sync_b24_source_that_is_missing_or_ending_is_not_in_sync),
		cmocka_unit_test(test_object_sync_b08_failed_deletion_stays_in_the_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
