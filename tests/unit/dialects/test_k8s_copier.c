/* SPDX-License-Identifier: Apache-2.0 */
/* The annotations of k8s-copier: what each form means, and every row of the table of bad input. */
#include "base/mem.h"
#include "dialects/dialects.h"

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void scan_one(const char *key, const char *value, struct fc_rule_specs *out)
{
	json_t *object = json_pack("{s:{s:{s:s, s:s}}}", "metadata", "annotations", key, value, "other", "x");

	assert_non_null(object);
	fc_dialect_k8s_copier.scan(object, out);
	json_decref(object);
}

/* The place as JSON Pointer. */
static void assert_place(const struct fc_path *p, const char *pointer)
{
	struct fc_buf text = FC_BUF_INIT;

	assert_non_null(p);
	fc_path_pointer(p, &text);
	assert_string_equal(fc_buf_str(&text), pointer);
	fc_buf_fini(&text);
}

struct good {
	const char *key, *value;
	const char *target, *word, *cluster;
	enum fc_instance_namespace namespace_of;
	const char *namespace_, *name, *source;
};

static const struct good goods[] = {
	{ "replace-spec.template.data", "secrets:cloud-certificate:data", "/spec/template/data", "secrets", NULL,
	  FC_NAMESPACE_OF_TARGET, NULL, "cloud-certificate", "/data" },
	{ "replace-data.ca..crt", "configmap:platform/root-ca:data.ca..crt", "/data/ca.crt", "configmap", NULL,
	  FC_NAMESPACE_NAMED, "platform", "root-ca", "/data/ca.crt" },
	{ "replace-a", "deployments.v1.apps:edge-1/ns/api:metadata.labels['app.kubernetes.io/name']", "/a",
	  "deployments.v1.apps", "edge-1", FC_NAMESPACE_NAMED, "ns", "api",
	  "/metadata/labels/app.kubernetes.io~1name" },
	{ "replace-a", "node:/n1:metadata", "/a", "node", NULL, FC_NAMESPACE_NONE, "", "n1", "/metadata" },
	{ "replace-a", "node:hub//n1:metadata", "/a", "node", "hub", FC_NAMESPACE_NONE, "", "n1", "/metadata" },
	/* Everything behind the second colon is the path. */
	{ "replace-a", "secret:s:data['x:y']", "/a", "secret", NULL, FC_NAMESPACE_OF_TARGET, NULL, "s", "/data/x:y" },
	{ "replace-a", "secret:s:/data/tls.crt", "/a", "secret", NULL, FC_NAMESPACE_OF_TARGET, NULL, "s",
	  "/data/tls.crt" },
	{ "replace-spec.containers.0.image", "secret:s:spec[0]", "/spec/containers/0/image", "secret", NULL,
	  FC_NAMESPACE_OF_TARGET, NULL, "s", "/spec/0" },
	/* D14. */
	{ "replace-a...b", "secret:s:a", "/a./b", "secret", NULL, FC_NAMESPACE_OF_TARGET, NULL, "s", "/a" },
};

static void assert_text(const char *have, const char *want)
{
	if (!want)
		assert_null(have);
	else
		assert_string_equal(have, want);
}

static void test_every_form_of_a_value_means_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(goods); i++) {
		const struct good *g = &goods[i];
		char *key = fc_xasprintf("k8s-copier.fig.org/%s", g->key);
		struct fc_rule_specs specs = { 0 };
		const struct fc_rule_spec *s;

		scan_one(key, g->value, &specs);
		assert_int_equal(specs.count, 1);
		s = &specs.items[0];
		if (s->invalid_reason)
			fail_msg("%s: %s", g->value, s->invalid_message);
		assert_place(s->target_path, g->target);
		assert_place(s->source_path, g->source);
		assert_string_equal(s->word, g->word);
		assert_text(s->cluster, g->cluster);
		assert_int_equal(s->namespace_of, g->namespace_of);
		assert_text(s->namespace_, g->namespace_);
		assert_string_equal(s->name, g->name);
		fc_rule_specs_fini(&specs);
		free(key);
	}
}

struct bad {
	const char *key, *value, *reason;
};

static const struct bad bads[] = {
	{ "other", "secret:s:data", "UnknownAnnotation" },
	{ "replace", "secret:s:data", "UnknownAnnotation" },
	{ "replace-", "secret:s:data", "BadPath" },
	{ "replace-.data", "secret:s:data", "BadPath" },
	{ "replace-data.", "secret:s:data", "BadPath" },
	/* D7: fewer than two colons. */
	{ "replace-data", "secret", "BadValue" },
	{ "replace-data", "secret:name", "BadValue" },
	{ "replace-data", "", "BadValue" },
	{ "replace-data", ":name:data", "BadResource" },
	{ "replace-data", "secret::data", "BadInstance" },
	{ "replace-data", "secret:ns/:data", "BadInstance" },
	{ "replace-data", "secret:a/b/c/d:data", "BadInstance" },
	{ "replace-data", "secret:Not_A_Namespace/s:data", "BadInstance" },
	{ "replace-data", "secret:UPPER/ns/s:data", "BadInstance" },
	{ "replace-data", "secret:../s:data", "BadInstance" },
	{ "replace-data", "secret:s:", "BadPath" },
	{ "replace-data", "secret:s:data.", "BadPath" },
	{ "replace-data", "secret:s:data[", "BadPath" },
	{ "replace-data", "json:", "BadJson" },
	{ "replace-data", "json:{", "BadJson" },
	{ "replace-data", "json:{} x", "BadJson" },
	/* D19: identity. */
	{ "replace-apiVersion", "json:1", "PathRefused" },
	{ "replace-kind", "json:1", "PathRefused" },
	{ "replace-metadata", "json:{}", "PathRefused" },
	{ "replace-metadata.name", "json:1", "PathRefused" },
	{ "replace-metadata.generateName", "json:1", "PathRefused" },
	{ "replace-metadata.namespace", "json:1", "PathRefused" },
	{ "replace-metadata.uid", "json:1", "PathRefused" },
	{ "replace-metadata.resourceVersion", "json:1", "PathRefused" },
	{ "replace-metadata.generation", "json:1", "PathRefused" },
	{ "replace-metadata.creationTimestamp", "json:1", "PathRefused" },
	{ "replace-metadata.deletionTimestamp", "json:1", "PathRefused" },
	{ "replace-metadata.deletionGracePeriodSeconds", "json:1", "PathRefused" },
	{ "replace-metadata.managedFields", "json:1", "PathRefused" },
	{ "replace-metadata.managedFields.0.manager", "json:1", "PathRefused" },
	{ "replace-metadata.selfLink", "json:1", "PathRefused" },
	{ "replace-metadata.ownerReferences", "json:1", "PathRefused" },
	{ "replace-metadata.finalizers", "json:1", "PathRefused" },
	{ "replace-metadata.annotations", "json:{}", "PathRefused" },
};

static void test_every_bad_input_is_found_with_a_reason_and_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(bads); i++) {
		char *key = fc_xasprintf("k8s-copier.fig.org/%s", bads[i].key);
		struct fc_rule_specs specs = { 0 };

		scan_one(key, bads[i].value, &specs);
		assert_int_equal(specs.count, 1);
		if (!specs.items[0].invalid_reason || strcmp(specs.items[0].invalid_reason, bads[i].reason) != 0)
			fail_msg("%s=%s: %s, not %s", bads[i].key, bads[i].value, specs.items[0].invalid_reason,
				 bads[i].reason);
		assert_true(strlen(specs.items[0].invalid_message) > 10);
		fc_rule_specs_fini(&specs);
		free(key);
	}
}

static void test_invalid_json_literal_is_not_quoted(void **state)
{
	struct fc_rule_specs specs = { 0 };

	(void)state;
	scan_one("k8s-copier.fig.org/replace-data", "json:{\"password\": hunter2}", &specs);
	assert_string_equal(specs.items[0].invalid_reason, "BadJson");
	assert_null(strstr(specs.items[0].invalid_message, "hunter2"));
	fc_rule_specs_fini(&specs);
}

static void test_path_below_metadata_that_is_no_identity_may_be_written(void **state)
{
	struct fc_rule_specs specs = { 0 };

	(void)state;
	scan_one("k8s-copier.fig.org/replace-metadata.labels.x", "json:\"y\"", &specs);
	assert_null(specs.items[0].invalid_reason);
	fc_rule_specs_fini(&specs);
}

/* As an annotation's key spells it. */
static char *dotted(const char *const segments[], size_t count)
{
	struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, "k8s-copier.fig.org/replace-");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			fc_buf_putc(&text, '.');
		for (const char *c = segments[i]; *c; c++) {
			fc_buf_putc(&text, *c);
			if (*c == '.')
				fc_buf_putc(&text, '.');
		}
	}
	return fc_buf_steal(&text);
}

/* Annotations are a map, so two sources for one place would need two spellings of it: there are none. Segments of up to
 * three signs, among them dots: whatever key is read as these segments is the one that spells them. */
static void test_b20_a_place_has_one_spelling_in_a_key(void **state)
{
	static const char *const parts[] = { "a", "0", "1", "a.", "a..", "a.b", "0.", "-_" };
	const size_t n = FC_ARRAY_LEN(parts);

	(void)state;
	for (size_t i = 0; i < n * n * n; i++) {
		const char *segments[] = { parts[i % n], parts[i / n % n], parts[i / n / n] };
		FC_AUTO_FREE char *key = dotted(segments, 3);
		struct fc_rule_specs specs = { 0 };

		scan_one(key, "json:1", &specs);
		assert_null(specs.items[0].invalid_reason);
		assert_int_equal(fc_path_len(specs.items[0].target_path), 3);
		for (size_t s = 0; s < 3; s++)
			assert_string_equal(fc_path_segment(specs.items[0].target_path, s), segments[s]);
		fc_rule_specs_fini(&specs);
	}
	/* And no path of a key ends up in an index that a dotted segment could not name. */
	struct fc_rule_specs specs = { 0 };
	scan_one("k8s-copier.fig.org/replace-a[0]", "json:1", &specs);
	assert_place(specs.items[0].target_path, "/a[0]");
	fc_rule_specs_fini(&specs);
}

static enum fc_wanted desire(const char *value, const json_t *source, json_t **out)
{
	struct fc_rule_specs specs = { 0 };
	enum fc_wanted wanted;

	scan_one("k8s-copier.fig.org/replace-data", value, &specs);
	wanted = fc_dialect_k8s_copier.desired(&specs.items[0], source, out);
	if (*out && specs.items[0].literal)
		*out = NULL; /* it goes with the rule */
	fc_rule_specs_fini(&specs);
	return wanted;
}

/* B7, B28. */
static void test_nothing_is_wanted_where_the_source_has_nothing(void **state)
{
	json_t *source = json_pack("{s:{s:s, s:n, s:[i]}}", "data", "a", "text", "b", "l", 1), *value = NULL;

	(void)state;
	assert_int_equal(desire("secret:s:data.a", source, &value), FC_WANTED_VALUE);
	assert_string_equal(json_string_value(value), "text");
	assert_int_equal(desire("secret:s:data.b", source, &value), FC_WANTED_PATH_NOT_FOUND);
	assert_int_equal(desire("secret:s:data.c", source, &value), FC_WANTED_PATH_NOT_FOUND);
	assert_int_equal(desire("secret:s:data.l.1", source, &value), FC_WANTED_PATH_NOT_FOUND);
	assert_int_equal(desire("secret:s:data.l.0", source, &value), FC_WANTED_VALUE);
	assert_int_equal(desire("secret:s:data.a.x", source, &value), FC_WANTED_PATH_BLOCKED);
	value = NULL;
	assert_int_equal(desire("json:null", NULL, &value), FC_WANTED_PATH_NOT_FOUND);
	assert_int_equal(desire("json:3", NULL, &value), FC_WANTED_VALUE);
	json_decref(source);
}

static void test_equal_text_is_the_same_rule_and_other_text_another(void **state)
{
	struct fc_rule_specs a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	scan_one("k8s-copier.fig.org/replace-data", "secret:s:data", &a);
	scan_one("k8s-copier.fig.org/replace-data", "secret:s:data", &b);
	scan_one("k8s-copier.fig.org/replace-data", "secret:s:other", &c);
	assert_true(fc_digest_equal(&a.items[0].text, &b.items[0].text));
	assert_false(fc_digest_equal(&a.items[0].text, &c.items[0].text));
	fc_rule_specs_fini(&a);
	fc_rule_specs_fini(&b);
	fc_rule_specs_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form_of_a_value_means_what_it_says),
		cmocka_unit_test(test_every_bad_input_is_found_with_a_reason_and_a_sentence),
		cmocka_unit_test(test_invalid_json_literal_is_not_quoted),
		cmocka_unit_test(test_path_below_metadata_that_is_no_identity_may_be_written),
		cmocka_unit_test(test_b20_a_place_has_one_spelling_in_a_key),
		cmocka_unit_test(test_nothing_is_wanted_where_the_source_has_nothing),
		cmocka_unit_test(test_equal_text_is_the_same_rule_and_other_text_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
