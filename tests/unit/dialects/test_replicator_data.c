/* SPDX-License-Identifier: Apache-2.0 */
/* What ConfigMaps and Secrets hold when k8s-replicator has filled or cleared them. */
#include "dialects/replicator_data.h"

#include "base/encode.h"
#include "engine/copy_dialect.h"
#include "replicator.h"

static void test_pull_replaces_all_data_and_nothing_else_B13(void **state)
{
	static const struct {
		const char *target, *source, *result;
	} rows[] = {
		{ "{'kind':'ConfigMap','data':{'a':'1','b':'2'},'binaryData':{'c':'AA=='},'immutable':false}",
		  "{'data':{'a':'9'},'immutable':true}", "{'kind':'ConfigMap','data':{'a':'9'},'immutable':false}" },
		{ "{'data':{'a':'1'}}", "{'binaryData':{'c':'AA=='}}", "{'binaryData':{'c':'AA=='}}" },
		{ "{'type':'Opaque','data':{'a':'MQ=='}}", "{'type':'other','data':{'b':'Mg=='}}",
		  "{'type':'Opaque','data':{'b':'Mg=='}}" },
		{ "{'type':'Opaque','data':{'a':'MQ=='}}", "{'type':'Opaque'}", "{'type':'Opaque'}" },
		{ "{'data':{'a':'1'}}", "{'data':null,'binaryData':null}", "{}" },
		{ "{}", "{'data':{'a':'1'}}", "{'data':{'a':'1'}}" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_auto_t *target = json_of(rows[i].target), *source = json_of(rows[i].source),
			    *result = json_of(rows[i].result);

		fc_replicator_put_data(target, source);
		if (!json_equal(target, result))
			fail_msg("row %zu", i);
	}
}

static const struct {
	const char *type, *data;
} minimal[] = {
	{ "kubernetes.io/dockercfg", "{'.dockercfg':'e30='}" },
	{ "kubernetes.io/dockerconfigjson", "{'.dockerconfigjson':'e30='}" },
	{ "kubernetes.io/basic-auth", "{'username':'','password':'\\u0001random'}" },
	{ "kubernetes.io/ssh-auth", "{'ssh-privatekey':'ZW1wdHk='}" },
	{ "kubernetes.io/tls", "{'tls.crt':'','tls.key':''}" },
	{ "Opaque", NULL },
	{ "example.com/own", NULL },
	{ "", NULL },
};

static void test_minimal_data_is_what_the_type_asks_for_B17(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(minimal); i++) {
		json_auto_t *object = json_of("{'data':{'a':'MQ=='},'binaryData':{'b':'AA=='}}");
		json_auto_t *data = minimal[i].data ? json_of(minimal[i].data) : NULL;

		json_object_set_new(object, "type", json_string(minimal[i].type));
		fc_replicator_put_minimal_data(object);
		if (data ? !json_equal(json_object_get(object, "data"), data) : json_object_get(object, "data") != NULL)
			fail_msg("%s", minimal[i].type);
		assert_null(json_object_get(object, "binaryData"));
	}
	json_auto_t *config_map = json_of("{'kind':'ConfigMap','data':{'a':'1'}}");
	fc_replicator_put_minimal_data(config_map);
	assert_int_equal(json_object_size(config_map), 1);
}

/* What a server has of the minimal data, with a password. */
static json_t *as_stored(size_t i, size_t password_len, char letter)
{
	FC_AUTO_FREE char *password = fc_xcalloc(1, password_len + 1);
	json_t *object = json_object();

	memset(password, letter, password_len);
	json_object_set_new(object, "type", json_string(minimal[i].type));
	fc_replicator_put_minimal_data(object);
	if (json_object_get(json_object_get(object, "data"), "password")) {
		FC_AUTO_FREE char *encoded = fc_base64_encode(password, password_len);

		json_object_set_new(json_object_get(object, "data"), "password", json_string(encoded));
	}
	return object;
}

static void test_minimal_data_is_no_more_than_minimal_and_any_other_is_B16(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(minimal); i++) {
		json_auto_t *object = as_stored(i, 128, 'x');

		if (fc_replicator_holds_more(object))
			fail_msg("%s", minimal[i].type);
		if (!json_object_get(object, "data"))
			json_object_set_new(object, "data", json_object());
		assert_false(fc_replicator_holds_more(object));
		json_object_set_new(json_object_get(object, "data"), "further", json_string(""));
		assert_true(fc_replicator_holds_more(object));
	}
}

static void test_password_that_nobody_made_afresh_is_more_than_minimal_B16(void **state)
{
	static const struct {
		size_t len;
		char letter;
		bool more;
	} rows[] = {
		{ 128, 'Z', false }, { 127, 'Z', true }, { 129, 'Z', true }, { 128, '-', true }, { 0, 'Z', true }
	};
	static const char *const texts[] = { "no base64!", "\\u0001random", "" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_auto_t *object = as_stored(2, rows[i].len, rows[i].letter);

		assert_int_equal(fc_replicator_holds_more(object), rows[i].more);
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		FC_AUTO_FREE char *text = fc_xasprintf(
			"{'type':'kubernetes.io/basic-auth','data':{'username':'','password':'%s'}}", texts[i]);
		json_auto_t *object = json_of(text);

		assert_true(fc_replicator_holds_more(object));
	}
}

static void test_changed_values_and_foreign_members_are_more_than_minimal_B16(void **state)
{
	static const char *const more[] = {
		"{'data':{'a':''}}",
		"{'binaryData':{'a':''}}",
		"{'type':'Opaque','data':{'tls.crt':''}}",
		"{'type':'kubernetes.io/tls','data':{'tls.crt':'MQ==','tls.key':''}}",
		"{'type':'kubernetes.io/dockercfg','data':{'.dockercfg':'eyJhIjoxfQ=='}}",
		"{'type':'kubernetes.io/ssh-auth','data':{'ssh-privatekey':'aGVsbG8='}}",
		"{'type':'kubernetes.io/basic-auth','data':{'username':'MQ=='}}",
	};
	static const char *const less[] = { "{}", "{'data':null}", "{'data':{},'binaryData':{}}",
					    "{'type':'kubernetes.io/basic-auth','data':{'username':''}}" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(more); i++) {
		json_auto_t *object = json_of(more[i]);

		if (!fc_replicator_holds_more(object))
			fail_msg("%s", more[i]);
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(less); i++) {
		json_auto_t *object = json_of(less[i]);

		if (fc_replicator_holds_more(object))
			fail_msg("%s", less[i]);
	}
}

static void test_token_types_are_never_source_or_target_D6(void **state)
{
	static const struct {
		const char *object;
		bool refused;
	} rows[] = {
		{ "{'type':'kubernetes.io/service-account-token'}", true },
		{ "{'type':'bootstrap.kubernetes.io/token'}", true },
		{ "{'type':'kubernetes.io/tls'}", false },
		{ "{'type':'Opaque'}", false },
		{ "{}", false },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_auto_t *object = json_of(rows[i].object);

		assert_int_equal(fc_replicator_refuses(object) != NULL, rows[i].refused);
	}
}

static void test_types_and_immutability_are_compared_D5_D17(void **state)
{
	json_auto_t *opaque = json_of("{'type':'Opaque','immutable':true}"), *none = json_of("{'immutable':false}"),
		    *tls = json_of("{'type':'kubernetes.io/tls','immutable':'true'}");

	(void)state;
	assert_true(fc_replicator_same_type(opaque, opaque));
	assert_true(fc_replicator_same_type(none, none));
	assert_false(fc_replicator_same_type(opaque, tls));
	assert_false(fc_replicator_same_type(opaque, none));
	assert_true(fc_replicator_is_immutable(opaque));
	assert_false(fc_replicator_is_immutable(none));
	assert_false(fc_replicator_is_immutable(tls));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pull_replaces_all_data_and_nothing_else_B13),
		cmocka_unit_test(test_minimal_data_is_what_the_type_asks_for_B17),
		cmocka_unit_test(test_minimal_data_is_no_more_than_minimal_and_any_other_is_B16),
		cmocka_unit_test(test_password_that_nobody_made_afresh_is_more_than_minimal_B16),
		cmocka_unit_test(test_changed_values_and_foreign_members_are_more_than_minimal_B16),
		cmocka_unit_test(test_token_types_are_never_source_or_target_D6),
		cmocka_unit_test(test_types_and_immutability_are_compared_D5_D17),
	};

	return cmocka_run_group_tests_name("replicator_data", tests, NULL, NULL);
}
