/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema.h"

#include "recorded.h"

static int make_schemas(void **state)
{
	*state = sb_schemas_new();
	return 0;
}

static int free_schemas(void **state)
{
	sb_schemas_free(*state);
	return 0;
}

static void each_definition_is_found_by_its_name(void **state)
{
	size_t count = sb_schemas_count(*state);

	assert_true(count > 150);
	for (size_t i = 0; i < count; i++) {
		const struct sb_schema *s = sb_schemas_at(*state, i);

		assert_ptr_equal(sb_schemas_find(*state, s->ref), s);
		assert_non_null(s->go_type);
		if (i > 0)
			assert_true(strcmp(sb_schemas_at(*state, i - 1)->ref, s->ref) < 0);
	}
	assert_null(sb_schemas_find(*state, "io.k8s.api.core.v1.Nothing"));
}

static void each_member_is_found_by_its_name(void **state)
{
	for (size_t i = 0; i < sb_schemas_count(*state); i++) {
		const struct sb_schema *s = sb_schemas_at(*state, i);

		for (size_t j = 0; j < s->member_count; j++) {
			const struct sb_member *m = sb_schema_find_member(s, s->members[j].name);

			assert_ptr_equal(m, &s->members[j]);
			assert_non_null(m->go_name);
			assert_non_null(m->schema);
		}
		assert_null(sb_schema_find_member(s, "no such member"));
	}
}

static void what_is_served_is_there(void **state)
{
	static const char *const names[] = {
		"io.k8s.api.core.v1.ConfigMapList",
		"io.k8s.api.batch.v1.CronJob",
		"io.k8s.api.batch.v1beta1.CronJob",
		"io.k8s.api.events.v1.Event",
		"io.k8s.apimachinery.pkg.apis.meta.v1.Status",
		"io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
		"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++)
		assert_non_null(sb_schemas_find(*state, names[i]));
	/* The later version names its own definitions. */
	const struct sb_schema *job = sb_schemas_find(*state, "io.k8s.api.batch.v1.CronJob");
	assert_string_equal(sb_schema_member(job, "spec")->ref, "io.k8s.api.batch.v1.CronJobSpec");
	assert_string_equal(job->go_type, "v1.CronJob");
}

static void lists_say_by_what_they_are_merged(void **state)
{
	const struct sb_schema *pod = sb_schemas_find(*state, "io.k8s.api.core.v1.PodSpec");
	const struct sb_schema *service = sb_schemas_find(*state, "io.k8s.api.core.v1.ServiceSpec");
	const struct sb_schema *ports = sb_schema_member(service, "ports");

	assert_string_equal(sb_schema_member(pod, "containers")->patch_merge_key, "name");
	assert_true(sb_schema_member(pod, "containers")->patch_merge);
	assert_true(sb_schema_member(pod, "volumes")->patch_retain_keys);
	assert_false(sb_schema_member(pod, "tolerations")->patch_merge);
	assert_int_equal(ports->list_type, SB_LIST_MAP);
	assert_string_equal(ports->list_keys[1], "protocol");
	assert_string_equal(ports->patch_merge_key, "port");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_definition_is_found_by_its_name),
		cmocka_unit_test(each_member_is_found_by_its_name),
		cmocka_unit_test(what_is_served_is_there),
		cmocka_unit_test(lists_say_by_what_they_are_merged),
	};

	return cmocka_run_group_tests(tests, make_schemas, free_schemas);
}
