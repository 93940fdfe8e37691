/* SPDX-License-Identifier: Apache-2.0 */
/* configmap-sync's pure functions: what is asked for, every row of bad input, the hash, marks, ends, delays and the
 * status. Each test bears the number of the rule of its specification. */
#include "dialects/configmap_sync.h"

#include "base/mem.h"
#include "dialects/dialects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define KEY "configmapsync.apps.kapendra.com/"

static const struct fc_copy_dialect *dialect(void)
{
	return fc_dialect_configmap_sync.copy;
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

/* A ConfigMapSync ops/s with these members. */
static json_t *sync_of(const char *members)
{
	FC_AUTO_FREE char *text = fc_xasprintf("{'metadata':{'name':'s','namespace':'ops','generation':3}%s%s}",
					       members[0] ? "," : "", members);

	return J(text);
}

/* --- the spec --- */

static void scan(const json_t *bearer, struct fc_copy_specs *out)
{
	*out = (struct fc_copy_specs){ 0 };
	dialect()->scan(&fc_dialect_configmap_sync, bearer, out);
	assert_int_equal(out->count, 1);
}

static void test_configmap_sync_spec_is_one_source_and_one_destination(void **state)
{
	json_t *bearer = sync_of("'spec':{'sourceNamespace':'release','destinationNamespace':'stage',"
				 "'configMapName':'flags'}");
	struct fc_copy_specs specs;

	(void)state;
	scan(bearer, &specs);
	assert_null(specs.items[0].invalid_reason);
	assert_string_equal(specs.items[0].word, "configmaps");
	assert_string_equal(specs.items[0].namespace_, "release");
	assert_string_equal(specs.items[0].name, "flags");
	assert_int_equal(specs.items[0].name_count, 1);
	assert_string_equal(specs.items[0].names[0], "stage");
	assert_string_equal(specs.items[0].finalizer, KEY "finalizer");
	assert_false(specs.items[0].take_unowned);
	fc_copy_specs_fini(&fc_dialect_configmap_sync, &specs);
	json_decref(bearer);
}

static void test_configmap_sync_left_out_source_namespace_is_its_own(void **state)
{
	static const char *const forms[] = { "", "'sourceNamespace':'',", "'sourceNamespace':null," };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(forms); i++) {
		FC_AUTO_FREE char *spec =
			fc_xasprintf("'spec':{%s'destinationNamespace':'stage','configMapName':'flags'}", forms[i]);
		json_t *bearer = sync_of(spec);
		struct fc_copy_specs specs;

		scan(bearer, &specs);
		assert_null(specs.items[0].invalid_reason);
		assert_null(specs.items[0].namespace_);
		assert_string_equal(fc_configmap_sync_source_namespace(bearer), "ops");
		fc_copy_specs_fini(&fc_dialect_configmap_sync, &specs);
		json_decref(bearer);
	}
}

static void assert_invalid(const char *members, const char *says)
{
	json_t *bearer = sync_of(members);
	struct fc_copy_specs specs;

	scan(bearer, &specs);
	if (!specs.items[0].invalid_reason)
		fail_msg("%s is valid", members);
	assert_string_equal(specs.items[0].invalid_reason, "InvalidSpec");
	assert_non_null(strstr(specs.items[0].invalid_message, says));
	assert_int_equal(specs.items[0].name_count, 0);
	fc_copy_specs_fini(&fc_dialect_configmap_sync, &specs);
	json_decref(bearer);
}

static void test_configmap_sync_bad_input_missing_or_empty_words_are_invalid(void **state)
{
	(void)state;
	assert_invalid("", "spec.destinationNamespace");
	assert_invalid("'spec':null", "spec.destinationNamespace");
	assert_invalid("'spec':[]", "spec.destinationNamespace");
	assert_invalid("'spec':{'configMapName':'flags'}", "spec.destinationNamespace");
	assert_invalid("'spec':{'configMapName':'flags','destinationNamespace':''}", "spec.destinationNamespace");
	assert_invalid("'spec':{'configMapName':'flags','destinationNamespace':7}", "spec.destinationNamespace");
	assert_invalid("'spec':{'destinationNamespace':'stage'}", "spec.configMapName");
	assert_invalid("'spec':{'destinationNamespace':'stage','configMapName':''}", "spec.configMapName");
	assert_invalid("'spec':{'destinationNamespace':'stage','configMapName':['flags']}", "spec.configMapName");
	assert_invalid("'spec':{'sourceNamespace':1,'destinationNamespace':'stage','configMapName':'flags'}",
		       "spec.sourceNamespace");
}

static void test_configmap_sync_bad_input_names_that_are_none_are_invalid(void **state)
{
	(void)state;
	assert_invalid("'spec':{'destinationNamespace':'Stage','configMapName':'flags'}", "spec.destinationNamespace");
	assert_invalid("'spec':{'destinationNamespace':'a.b','configMapName':'flags'}", "spec.destinationNamespace");
	assert_invalid("'spec':{'destinationNamespace':'..','configMapName':'flags'}", "spec.destinationNamespace");
	assert_invalid("'spec':{'destinationNamespace':'stage','configMapName':'a/b'}", "spec.configMapName");
	assert_invalid("'spec':{'destinationNamespace':'stage','configMapName':'A'}", "spec.configMapName");
	assert_invalid("'spec':{'sourceNamespace':'a b','destinationNamespace':'stage','configMapName':'flags'}",
		       "spec.sourceNamespace");
}

static void test_configmap_sync_b24_bad_input_source_that_is_its_own_destination_is_invalid(void **state)
{
	(void)state;
	assert_invalid("'spec':{'sourceNamespace':'ops','destinationNamespace':'ops','configMapName':'flags'}",
		       "the same");
	assert_invalid("'spec':{'destinationNamespace':'ops','configMapName':'flags'}", "the same");
}

static void test_configmap_sync_b24_equal_namespaces_are_valid_where_other_clusters_are_named(void **state)
{
	json_t *bearer = sync_of("'spec':{'destinationNamespace':'ops','configMapName':'flags'}");
	struct fc_copy_specs without, with;

	(void)state;
	scan(bearer, &without);
	json_object_set_new(json_object_get(bearer, "metadata"), "annotations",
			    json_pack("{s:s}", "fedcopy.dev/clusters", "*"));
	scan(bearer, &with);
	assert_null(with.items[0].invalid_reason);
	/* Another text: another rule. */
	assert_false(fc_digest_equal(&with.items[0].text, &without.items[0].text));
	fc_copy_specs_fini(&fc_dialect_configmap_sync, &without);
	fc_copy_specs_fini(&fc_dialect_configmap_sync, &with);
	json_decref(bearer);
}

static void test_configmap_sync_consents_to_its_own_namespace_alone(void **state)
{
	struct fc_copy_spec s = { .namespace_ = NULL };
	char own[] = "ops", other[] = "release";

	(void)state;
	assert_true(dialect()->consents(&s, "ops", NULL));
	s.namespace_ = own;
	assert_true(dialect()->consents(&s, "ops", NULL));
	s.namespace_ = other;
	assert_false(dialect()->consents(&s, "ops", NULL));
}

/* --- the hash --- */

static void assert_hash(const char *source, const char *want)
{
	json_t *object = J(source);
	char hash[FC_CONFIGMAP_SYNC_HASH_BYTES];

	fc_configmap_sync_hash(object, hash);
	assert_string_equal(hash, want);
	json_decref(object);
}

static void test_configmap_sync_b20_hash_is_that_of_the_specification(void **state)
{
	(void)state;
	assert_hash("{'data':{'b':'2','a':'1'}}", "b404d87a2bd81c9c967b25ad143b40cf19b9e20c47eaeb86e316dea86b82a1ce");
	assert_hash("{}", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash("{'data':{},'binaryData':{}}", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash("{'data':{'search':'beta','checkout':'on'}}",
		    "8d84395b3e363dd9adf760fb928ad4bd278e5b4884f30d728488fd2e4ec0fca9");
}

/* SHA-256 of "d1:k2:\xc3\xa9b1:k3:\x00\x01\xff". */
static void test_configmap_sync_b20_lengths_are_bytes_and_binary_data_is_decoded(void **state)
{
	static const char text[] = "d1:k2:\xc3\xa9"
				   "b1:k3:\x00\x01\xff";
	struct fc_sha256 *h = fc_sha256_new();
	unsigned char want[FC_SHA256_BYTES];
	char hex[FC_CONFIGMAP_SYNC_HASH_BYTES];

	(void)state;
	fc_sha256_add(h, text, sizeof(text) - 1);
	fc_sha256_finish(h, want);
	fc_hex(want, sizeof(want), hex);
	assert_hash("{'binaryData':{'k':'AAH/'},'data':{'k':'\xc3\xa9'}}", hex);
}

static void test_configmap_sync_d13_contents_that_print_alike_hash_apart(void **state)
{
	json_t *one = J("{'data':{'a':'1 b:2'}}"), *two = J("{'data':{'a':'1','b':'2'}}");
	json_t *binary = J("{'binaryData':{'a':'MQ=='}}"), *plain = J("{'data':{'a':'1'}}");
	char a[FC_CONFIGMAP_SYNC_HASH_BYTES], b[FC_CONFIGMAP_SYNC_HASH_BYTES];

	(void)state;
	fc_configmap_sync_hash(one, a);
	fc_configmap_sync_hash(two, b);
	assert_string_not_equal(a, b);
	fc_configmap_sync_hash(binary, a);
	fc_configmap_sync_hash(plain, b);
	assert_string_not_equal(a, b);
	json_decref(one);
	json_decref(two);
	json_decref(binary);
	json_decref(plain);
}

/* --- copies --- */

static json_t *copy_of(const char *source, const char *name, bool own)
{
	const struct fc_copy_place place = {
		.cluster = "hub",
		.namespace_ = "stage",
		.name = "flags",
		.own = own,
		.source_namespace = "release",
		.source_name = "flags",
		.bearer_namespace = "ops",
		.bearer_name = name,
	};
	struct fc_copy_spec rule = { 0 };
	json_t *object = J(source), *wanted = NULL;
	const char *why = NULL;

	assert_int_equal(dialect()->desired(&rule, object, &place, &wanted, &why), FC_COPY_WANTED);
	json_decref(object);
	return wanted;
}

static void test_configmap_sync_b03_copy_is_data_and_marks(void **state)
{
	json_t *have = copy_of("{'metadata':{'labels':{'l':'1'},'annotations':{'n':'1'},'finalizers':['f']},"
			       "'data':{'a':'1','b':'2'},'binaryData':{'c':'AAH/'},'immutable':true}",
			       "s", true);
	json_t *want = J("{'data':{'a':'1','b':'2'},'binaryData':{'c':'AAH/'},'metadata':{'labels':{"
			 "'" KEY "sync-name':'s','" KEY "sync-namespace':'ops',"
			 "'" KEY "managed-by':'configmapsync-controller'},'annotations':{'" KEY "owner':'ops/s'}}}");
	json_t *annotations = json_object_get(json_object_get(have, "metadata"), "annotations");

	(void)state;
	assert_int_equal(strlen(json_string_value(json_object_get(annotations, KEY "source-hash"))), 64);
	json_object_del(annotations, KEY "source-hash");
	assert_true(json_equal(have, want));
	json_decref(have);
	json_decref(want);
}

static void test_configmap_sync_copy_elsewhere_bears_no_mark_of_the_dialect(void **state)
{
	json_t *have = copy_of("{'data':{'a':'1'}}", "s", false), *want = J("{'data':{'a':'1'},'metadata':{}}");

	(void)state;
	assert_true(json_equal(have, want));
	json_decref(have);
	json_decref(want);
}

static void test_configmap_sync_d09_name_longer_than_a_label_is_in_the_annotation_alone(void **state)
{
	char name[65];
	json_t *have, *metadata;
	struct fc_copy_mark m = { 0 };

	(void)state;
	memset(name, 'x', 64);
	name[64] = '\0';
	have = copy_of("{}", name, true);
	metadata = json_object_get(have, "metadata");
	assert_null(json_object_get(json_object_get(metadata, "labels"), KEY "sync-name"));
	assert_int_equal(json_object_size(json_object_get(metadata, "labels")), 2);
	assert_true(dialect()->mark(&fc_dialect_configmap_sync, have, &m));
	assert_string_equal(m.rule_name, name);
	fc_copy_mark_fini(&m);
	json_decref(have);
	name[63] = '\0';
	have = copy_of("{}", name, true);
	assert_int_equal(json_object_size(json_object_get(json_object_get(have, "metadata"), "labels")), 3);
	json_decref(have);
}

static void assert_mark(const char *metadata, const char *owner, unsigned flags)
{
	FC_AUTO_FREE char *text = fc_xasprintf("{'metadata':{%s}}", metadata), *have = NULL;
	struct fc_copy_mark m = { 0 };
	json_t *object = J(text);

	if (dialect()->mark(&fc_dialect_configmap_sync, object, &m))
		have = fc_xasprintf("%s/%s", m.rule_namespace, m.rule_name);
	assert_string_equal(have ?: "nobody", owner);
	assert_int_equal(m.flags, flags);
	assert_null(m.name);
	fc_copy_mark_fini(&m);
	json_decref(object);
}

#define BOTH_LABELS "'labels':{'" KEY "sync-name':'l','" KEY "sync-namespace':'ns'}"

static void test_configmap_sync_b21_annotation_decides_and_labels_where_it_is_missing(void **state)
{
	(void)state;
	assert_mark(BOTH_LABELS, "ns/l", 0);
	assert_mark(BOTH_LABELS ",'annotations':{'" KEY "owner':'ops/s'}", "ops/s", 0);
	assert_mark("'annotations':{'" KEY "owner':'ops/s'}", "ops/s", 0);
	assert_mark("'annotations':{'" KEY "owner':'ops/s','" KEY "adopted':'true'}", "ops/s", 1);
	assert_mark("'annotations':{'" KEY "owner':'ops/s','" KEY "adopted':'yes'}", "ops/s", 0);
	/* Nobody's. */
	assert_mark("", "nobody", 0);
	assert_mark("'labels':{'" KEY "sync-name':'l'}", "nobody", 0);
	assert_mark("'labels':{'" KEY "sync-name':'','" KEY "sync-namespace':'ns'}", "nobody", 0);
	assert_mark("'labels':{'" KEY "managed-by':'configmapsync-controller'}", "nobody", 0);
	assert_mark(BOTH_LABELS ",'annotations':{'" KEY "owner':'ops'}", "nobody", 0);
	assert_mark(BOTH_LABELS ",'annotations':{'" KEY "owner':'/s'}", "nobody", 0);
	assert_mark(BOTH_LABELS ",'annotations':{'" KEY "owner':'a/b/c'}", "nobody", 0);
}

static void test_configmap_sync_b17_copy_is_deleted_and_what_was_there_before_is_released(void **state)
{
	static const enum fc_copy_reason reasons[] = { FC_COPY_BEARER_GONE, FC_COPY_RULE_GONE, FC_COPY_DESELECTED };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(reasons); i++) {
		assert_int_equal(dialect()->ends(0, reasons[i]), FC_COPY_DELETE);
		assert_int_equal(dialect()->ends(1, reasons[i]), FC_COPY_RELEASE);
	}
	/* B10, B19. */
	assert_int_equal(dialect()->ends(0, FC_COPY_SOURCE_GONE), FC_COPY_KEEP);
	assert_true(dialect()->outlives_source);
}

static void test_configmap_sync_b16_only_its_own_copies_are_made_anew(void **state)
{
	(void)state;
	assert_true(dialect()->may_recreate(0));
	assert_false(dialect()->may_recreate(1));
}

static void test_configmap_sync_b13_delays_double_up_to_ten_minutes(void **state)
{
	static const int reads[] = { 30, 60, 120, 240, 480, 600, 600 }, writes[] = { 60, 120, 240, 480, 600, 600 };

	(void)state;
	for (unsigned i = 0; i < FC_ARRAY_LEN(reads); i++)
		assert_int_equal(dialect()->retry_delay_ms(FC_COPY_TRY_READ, i + 1), reads[i] * 1000);
	for (unsigned i = 0; i < FC_ARRAY_LEN(writes); i++)
		assert_int_equal(dialect()->retry_delay_ms(FC_COPY_TRY_WRITE, i + 1), writes[i] * 1000);
}

static void test_configmap_sync_d02_any_number_of_failures_gives_a_delay_in_bounds(void **state)
{
	static const unsigned many[] = { 29, 30, 31, 63, 64, 1000000, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(many); i++)
		assert_int_equal(dialect()->retry_delay_ms(FC_COPY_TRY_WRITE, many[i]), 600000);
	assert_int_equal(dialect()->retry_delay_ms(FC_COPY_TRY_READ, 0), 30000);
}

static void test_configmap_sync_d02_bad_input_retry_counts_in_the_status_are_clamped(void **state)
{
	static const struct {
		const char *status;
		unsigned count;
	} rows[] = {
		{ "'status':{'retryCount':4}", 4 },
		{ "'status':{'retryCount':-4}", 0 },
		{ "'status':{'retryCount':9000000000000}", 1000000 },
		{ "'status':{'retryCount':'4'}", 0 },
		{ "'status':{}", 0 },
		{ "'status':[]", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_t *bearer = sync_of(rows[i].status);

		assert_int_equal(fc_configmap_sync_failures(bearer), rows[i].count);
		json_decref(bearer);
	}
}

/* --- the status --- */

#define SPEC "'spec':{'sourceNamespace':'release','destinationNamespace':'stage','configMapName':'flags'}"

static struct fc_copy_outcome outcome(enum fc_state state, const char *reason)
{
	return (struct fc_copy_outcome){ .cluster = "hub",
					 .namespace_ = "stage",
					 .name = "flags",
					 .own = true,
					 .state = state,
					 .reason = reason,
					 .message = "why",
					 .source_exists = true,
					 .exists = true };
}

static json_t *status_of(const char *members, const struct fc_copy_outcome *outcomes, size_t count)
{
	FC_AUTO_FREE char *all = fc_xasprintf("%s%s%s", SPEC, members[0] ? "," : "", members);
	json_t *bearer = sync_of(all), *status = dialect()->status(bearer, outcomes, count);

	json_decref(bearer);
	return status;
}

/* "syncStatus Synced SourceAvailable Ready". */
static void assert_status(json_t *status, const char *want)
{
	char have[256];
	size_t used;
	json_t *condition;
	size_t i;

	assert_non_null(status);
	used = (size_t)snprintf(have, sizeof(have), "%s", json_string_value(json_object_get(status, "syncStatus")));
	json_array_foreach(json_object_get(status, "conditions"), i, condition)
		used += (size_t)snprintf(have + used, sizeof(have) - used, " %s/%s",
					 json_string_value(json_object_get(condition, "status")),
					 json_string_value(json_object_get(condition, "reason")));
	assert_string_equal(have, want);
	json_decref(status);
}

static void test_configmap_sync_status_of_each_state(void **state)
{
	static const struct {
		enum fc_state state;
		const char *reason, *want;
	} rows[] = {
		{ FC_STATE_IN_SYNC, "InSync", "Success True/SyncSucceeded True/SourceFound True/AllComponentsReady" },
		{ FC_STATE_INVALID, "Refused", "Failed False/SyncFailed True/SourceFound False/NotReady" },
		{ FC_STATE_CYCLE, "Cycle", "Failed False/LoopDetected True/SourceFound False/NotReady" },
		{ FC_STATE_NOT_ALLOWED, "NotAllowed", "Failed False/NotAllowed False/NotAllowed False/NotReady" },
		{ FC_STATE_SOURCE_NOT_FOUND, "SourceNotFound",
		  "Failed False/SourceNotFound False/SourceNotFound False/NotReady" },
		{ FC_STATE_CONFLICT, "Unowned", "Failed False/DestinationConflict True/SourceFound False/NotReady" },
		{ FC_STATE_FLAPPING, "Flapping", "Failed False/SyncFailed True/SourceFound False/NotReady" },
		{ FC_STATE_FORBIDDEN, "SourceForbidden", "Failed False/SyncFailed False/FetchError False/NotReady" },
		{ FC_STATE_FORBIDDEN, "TargetForbidden", "Failed False/SyncFailed True/SourceFound False/NotReady" },
		{ FC_STATE_ERROR, "SourceFailed", "Failed False/SyncFailed False/FetchError False/NotReady" },
		{ FC_STATE_ERROR, "Quota", "Failed False/SyncFailed True/SourceFound False/NotReady" },
		{ FC_STATE_PENDING, "TargetTerminating", "Failed False/SyncFailed True/SourceFound False/NotReady" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_copy_outcome o = outcome(rows[i].state, rows[i].reason);

		assert_status(status_of("", &o, 1), rows[i].want);
	}
}

static void test_configmap_sync_bad_input_spec_is_told_as_invalid(void **state)
{
	struct fc_copy_outcome o = outcome(FC_STATE_INVALID, "InvalidSpec");
	json_t *status;

	(void)state;
	o.namespace_ = NULL;
	status = status_of("", &o, 1);
	assert_true(json_is_false(json_object_get(status, "sourceExists")));
	assert_string_equal(json_string_value(json_object_get(status, "message")), "why");
	assert_status(status, "Failed False/InvalidSpec False/InvalidSpec False/NotReady");
}

static void test_configmap_sync_what_is_not_allowed_tells_nothing_of_source_and_destination(void **state)
{
	struct fc_copy_outcome o = outcome(FC_STATE_NOT_ALLOWED, "NotAllowed");
	json_t *status = status_of("", &o, 1);

	(void)state;
	assert_true(json_is_false(json_object_get(status, "sourceExists")));
	assert_true(json_is_false(json_object_get(status, "destinationExists")));
	json_decref(status);
}

static void test_configmap_sync_what_passes_or_ends_leaves_the_status(void **state)
{
	struct fc_copy_outcome o = outcome(FC_STATE_PENDING, "Writing");
	json_t *bearer;

	(void)state;
	o.passing = true;
	assert_null(status_of("", &o, 1));
	o = outcome(FC_STATE_IN_SYNC, "InSync");
	bearer = sync_of(SPEC);
	json_object_set_new(json_object_get(bearer, "metadata"), "deletionTimestamp",
			    json_string("2025-01-01T00:00:00Z"));
	assert_null(dialect()->status(bearer, &o, 1));
	assert_null(dialect()->status_before(bearer, &o, 1));
	json_decref(bearer);
	assert_null(dialect()->status(NULL, NULL, 0));
}

#define FULL                                                                                                            \
	"'status':{'syncStatus':'Failed','lastSyncTime':'2025-03-04T05:06:07Z','retryCount':2,'sourceExists':true,"     \
	"'destinationExists':true,'conditions':[{'type':'Synced','status':'False','reason':'SyncFailed','message':'m'," \
	"'lastTransitionTime':'2025-03-04T05:06:07Z','observedGeneration':%d}]}"

static void test_configmap_sync_b27_time_of_a_transition_stays_with_its_status(void **state)
{
	FC_AUTO_FREE char *full = fc_xasprintf(FULL, 2);
	struct fc_copy_outcome o = outcome(FC_STATE_CONFLICT, "Unowned");
	json_t *status = status_of(full, &o, 1), *synced = json_array_get(json_object_get(status, "conditions"), 0);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(synced, "lastTransitionTime")), "2025-03-04T05:06:07Z");
	assert_string_equal(json_string_value(json_object_get(synced, "reason")), "DestinationConflict");
	assert_int_equal(json_integer_value(json_object_get(synced, "observedGeneration")), 3);
	/* What is no failed try leaves their number; the time of the last success stays (D7). */
	assert_int_equal(json_integer_value(json_object_get(status, "retryCount")), 2);
	assert_string_equal(json_string_value(json_object_get(status, "lastSyncTime")), "2025-03-04T05:06:07Z");
	json_decref(status);
	o = outcome(FC_STATE_IN_SYNC, "InSync");
	status = status_of(full, &o, 1);
	synced = json_array_get(json_object_get(status, "conditions"), 0);
	assert_string_equal(json_string_value(json_object_get(synced, "lastTransitionTime")), FC_COPY_NOW);
	assert_int_equal(json_integer_value(json_object_get(status, "retryCount")), 0);
	json_decref(status);
}

static void test_configmap_sync_b02_begins_without_a_status_and_after_an_edit(void **state)
{
	static const struct {
		const char *status;
		bool begins;
	} rows[] = {
		{ "", true },
		{ "'status':{}", true },
		{ "'status':{'syncStatus':'Odd'}", true },
		{ "'status':{'syncStatus':'InProgress'}", false },
		{ "'status':{'syncStatus':'Success'}", false },
		{ "'status':{'syncStatus':'Failed','conditions':[{'type':'Synced','observedGeneration':3}]}", false },
		{ "'status':{'syncStatus':'Failed','conditions':[{'type':'Synced','observedGeneration':2}]}", true },
		{ "'status':{'syncStatus':'InProgress','conditions':[{'type':'Synced','observedGeneration':2}]}",
		  false },
	};
	struct fc_copy_outcome o = outcome(FC_STATE_PENDING, "Writing");

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_t *bearer = sync_of(rows[i].status), *status = dialect()->status_before(bearer, &o, 1);

		assert_int_equal(status != NULL, rows[i].begins);
		if (status)
			assert_string_equal(json_string_value(json_object_get(status, "syncStatus")), "InProgress");
		json_decref(status);
		json_decref(bearer);
	}
}

static void test_configmap_sync_clusters_are_told_by_name_and_success_is_that_of_all(void **state)
{
	struct fc_copy_outcome all[] = { outcome(FC_STATE_CONFLICT, "Unowned"), outcome(FC_STATE_IN_SYNC, "InSync"),
					 outcome(FC_STATE_IN_SYNC, "InSync") };
	json_t *status, *clusters;

	(void)state;
	all[0].cluster = "edge-2";
	all[2].cluster = "edge-1";
	all[0].own = all[2].own = false;
	status = status_of("", all, 3);
	clusters = json_object_get(status, "clusters");
	assert_int_equal(json_array_size(clusters), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(clusters, 0), "name")), "edge-1");
	assert_string_equal(json_string_value(json_object_get(json_array_get(clusters, 0), "syncStatus")), "Success");
	assert_string_equal(json_string_value(json_object_get(json_array_get(clusters, 1), "syncStatus")), "Failed");
	assert_string_equal(json_string_value(json_object_get(status, "message")), "cluster edge-2: why");
	/* The conditions speak for the own cluster, but for Ready. */
	assert_status(status, "Failed True/SyncSucceeded True/SourceFound False/NotReady");
	all[0].state = FC_STATE_PENDING;
	all[0].passing = true;
	assert_status(status_of("", all, 3), "InProgress True/SyncSucceeded True/SourceFound False/NotReady");
	assert_status(status_of("'status':{'clusters':[{'name':'edge-2','syncStatus':'Success'}]}", all, 3),
		      "Success True/SyncSucceeded True/SourceFound True/AllComponentsReady");
}

/* Whoever may write the status may have written this. */
static void test_configmap_sync_bad_input_odd_entries_of_clusters_are_made_anew_or_told_as_far_as_they_go(void **state)
{
	static const char *const odd[] = { "{'name':'edge-2'}", "{'name':'edge-2','syncStatus':7}",
					   "{'name':'edge-2','syncStatus':'Well'}", "'edge-2'", "null" };
	struct fc_copy_outcome all[] = { outcome(FC_STATE_IN_SYNC, "InSync"), outcome(FC_STATE_PENDING, "FirstSync") };
	json_t *status;

	(void)state;
	all[1].cluster = "edge-2";
	all[1].own = false;
	all[1].passing = true;
	for (size_t i = 0; i < FC_ARRAY_LEN(odd); i++) {
		FC_AUTO_FREE char *before = fc_xasprintf("'status':{'clusters':[%s]}", odd[i]);

		assert_status(status_of(before, all, 2),
			      "InProgress True/SyncSucceeded True/SourceFound False/NotReady");
	}
	status = status_of("'status':{'clusters':[{'name':'edge-2','syncStatus':'Failed'}]}", all, 2);
	assert_string_equal(json_string_value(json_object_get(status, "message")), "cluster edge-2: not in sync");
	assert_status(status, "Failed True/SyncSucceeded True/SourceFound False/NotReady");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configmap_sync_spec_is_one_source_and_one_destination),
		cmocka_unit_test(test_configmap_sync_left_out_source_namespace_is_its_own),
		cmocka_unit_test(test_configmap_sync_bad_input_missing_or_empty_words_are_invalid),
		cmocka_unit_test(test_configmap_sync_bad_input_names_that_are_none_are_invalid),
		cmocka_unit_test(test_configmap_sync_b24_bad_input_source_that_is_its_own_destination_is_invalid),
		cmocka_unit_test(test_configmap_sync_b24_equal_namespaces_are_valid_where_other_clusters_are_named),
		cmocka_unit_test(test_configmap_sync_consents_to_its_own_namespace_alone),
		cmocka_unit_test(test_configmap_sync_b20_hash_is_that_of_the_specification),
		cmocka_unit_test(test_configmap_sync_b20_lengths_are_bytes_and_binary_data_is_decoded),
		cmocka_unit_test(test_configmap_sync_d13_contents_that_print_alike_hash_apart),
		cmocka_unit_test(test_configmap_sync_b03_copy_is_data_and_marks),
		cmocka_unit_test(test_configmap_sync_copy_elsewhere_bears_no_mark_of_the_dialect),
		cmocka_unit_test(test_configmap_sync_d09_name_longer_than_a_label_is_in_the_annotation_alone),
		cmocka_unit_test(test_configmap_sync_b21_annotation_decides_and_labels_where_it_is_missing),
		cmocka_unit_test(test_configmap_sync_b17_copy_is_deleted_and_what_was_there_before_is_released),
		cmocka_unit_test(test_configmap_sync_b16_only_its_own_copies_are_made_anew),
		cmocka_unit_test(test_configmap_sync_b13_delays_double_up_to_ten_minutes),
		cmocka_unit_test(test_configmap_sync_d02_any_number_of_failures_gives_a_delay_in_bounds),
		cmocka_unit_test(test_configmap_sync_d02_bad_input_retry_counts_in_the_status_are_clamped),
		cmocka_unit_test(test_configmap_sync_status_of_each_state),
		cmocka_unit_test(test_configmap_sync_bad_input_spec_is_told_as_invalid),
		cmocka_unit_test(test_configmap_sync_what_is_not_allowed_tells_nothing_of_source_and_destination),
		cmocka_unit_test(test_configmap_sync_what_passes_or_ends_leaves_the_status),
		cmocka_unit_test(test_configmap_sync_b27_time_of_a_transition_stays_with_its_status),
		cmocka_unit_test(test_configmap_sync_b02_begins_without_a_status_and_after_an_edit),
		cmocka_unit_test(test_configmap_sync_clusters_are_told_by_name_and_success_is_that_of_all),
		cmocka_unit_test(
			test_configmap_sync_bad_input_odd_entries_of_clusters_are_made_anew_or_told_as_far_as_they_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
