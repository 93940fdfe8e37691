/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/types.h"

#include "base/mem.h"
#include "sandbox/kinds.h"
#include "sandbox/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

struct fixture {
	struct sb_schemas *schemas;
	struct sb_types *types;
};

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->schemas = sb_schemas_new();
	f->types = sb_types_new(f->schemas);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sb_types_free(f->types);
	sb_schemas_free(f->schemas);
	free(f);
	return 0;
}

/* A definition of those versions, and its types. */
static void add(struct fixture *f, const char *plural, const char *group, const char *const *versions)
{
	json_t *crd = json_pack("{s:{s:o}, s:{s:s, s:s, s:[]}, s:{s:{s:s, s:s, s:s, s:s, s:[s]}}}", "metadata", "name",
				json_sprintf("%s.%s", plural, group), "spec", "group", group, "scope", "Namespaced",
				"versions", "status", "acceptedNames", "plural", plural, "singular", "one", "kind",
				"One", "listKind", "OneList", "shortNames", "o");
	json_t *list = json_object_get(json_object_get(crd, "spec"), "versions");
	struct sb_type *types[8];
	size_t count = 0;

	for (size_t i = 0; versions[i]; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:b, s:b}", "name", versions[i], "served", 1, "storage", !i));
	for (; versions[count]; count++)
		types[count] =
			sb_custom_type_new(crd, json_array_get(list, count), sb_schema_of_crd(f->schemas, NULL, true));
	sb_types_replace(f->types, json_string_value(json_object_get(json_object_get(crd, "metadata"), "name")), types,
			 count);
	json_decref(crd);
}

#define VERSIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_every_builtin_type_has_what_is_needed_of_it(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sb_types_count(f->types); i++) {
		const struct sb_type *t = sb_types_at(f->types, i);

		if (!t->schema || !t->ops || !t->list_kind || !t->storage_group || !t->storage_version)
			fail_msg("%s lacks something", t->plural);
		assert_ptr_equal(sb_types_find(f->types, t->group, t->version, t->plural), t);
		assert_ptr_equal(sb_types_of_kind(f->types, t->group, t->version, t->kind), t);
		assert_true(sb_types_has_group_version(f->types, t->group, t->version));
		assert_true(sb_types_has_builtin_group(f->types, t->group));
	}
	assert_null(sb_types_find(f->types, "", "v1", "pods"));
	assert_false(sb_types_has_builtin_group(f->types, "example.com"));
}

static void test_the_hash_of_a_form_is_the_real_servers(void **state)
{
	static const struct {
		const char *group, *version, *plural, *hash;
	} rows[] = {
		{ "", "v1", "configmaps", "qFsyl6wFWjQ=" },
		{ "", "v1", "namespaces", "Q3oi5N2YM8M=" },
		{ "events.k8s.io", "v1", "events", "r2yiGXH7wu8=" },
		{ "batch", "v1", "cronjobs", "h/JlFAZkyyY=" },
		{ "coordination.k8s.io", "v1", "leases", "/sY7hl8ol1U=" },
		{ "apiextensions.k8s.io", "v1", "customresourcedefinitions", "jfWCUB31mvA=" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *hash =
			sb_type_storage_hash(sb_types_find(f->types, rows[i].group, rows[i].version, rows[i].plural));

		assert_string_equal(hash, rows[i].hash);
	}
}

static void test_versions_are_ordered_as_kubernetes_orders_them(void **state FC_UNUSED)
{
	static const char *const order[] = { "v10",	  "v2",	       "v1",   "v11beta2", "v10beta3", "v3beta1",
					     "v12alpha1", "v11alpha2", "foo1", "foo10",	   "v1beta",   "vx" };

	for (size_t i = 0; i + 1 < FC_ARRAY_LEN(order); i++) {
		assert_true(sb_version_order(order[i], order[i + 1]) < 0);
		assert_true(sb_version_order(order[i + 1], order[i]) > 0);
		assert_int_equal(sb_version_order(order[i], order[i]), 0);
	}
}

/* As a real server listed the groups of these three definitions. */
static void test_groups_of_definitions_stand_where_their_first_version_does(void **state)
{
	static const char *const groups[] = { "z.types.example.com", "types.example.com", "a.types.example.com" };
	struct fixture *f = *state;
	size_t builtin = sb_types_count(f->types), g = 0;

	add(f, "aas", "a.types.example.com", VERSIONS("v2"));
	add(f, "gadgets", "types.example.com", VERSIONS("v1beta1", "v1"));
	add(f, "zeds", "z.types.example.com", VERSIONS("v1", "v1beta1", "v10", "v2", "foo", "v2alpha1"));
	for (size_t i = builtin; i < sb_types_count(f->types); i++) {
		if (strcmp(sb_types_at(f->types, i)->group, groups[g]) != 0)
			g++;
		assert_string_equal(sb_types_at(f->types, i)->group, groups[g]);
	}
	assert_string_equal(sb_types_at(f->types, builtin)->version, "v10");
	assert_string_equal(sb_types_at(f->types, builtin + 5)->version, "foo");
}

static void test_without_a_version_the_preferred_one_is_found(void **state)
{
	struct fixture *f = *state;

	add(f, "gadgets", "types.example.com", VERSIONS("v1beta1", "v1"));
	assert_string_equal(sb_types_find(f->types, "types.example.com", NULL, "gadgets")->version, "v1");
	assert_string_equal(sb_types_find(f->types, "batch", NULL, "cronjobs")->version, "v1");
	assert_string_equal(sb_types_of_kind(f->types, "types.example.com", NULL, "One")->definition,
			    "com.example.types.v1.One");
}

static void test_a_type_that_is_held_outlives_its_definition(void **state)
{
	struct fixture *f = *state;
	const struct sb_type *held;
	unsigned before;

	add(f, "gadgets", "types.example.com", VERSIONS("v1"));
	before = sb_types_generation(f->types);
	held = sb_type_ref(sb_types_find(f->types, "types.example.com", "v1", "gadgets"));
	sb_types_replace(f->types, "gadgets.types.example.com", NULL, 0);
	assert_null(sb_types_find(f->types, "types.example.com", "v1", "gadgets"));
	assert_true(sb_types_generation(f->types) > before);
	assert_string_equal(held->short_names[0], "o");
	assert_string_equal(sb_type_crd_name(held), "gadgets.types.example.com");
	sb_type_unref(held);
}

static void test_a_deprecated_version_names_the_better_one(void **state)
{
	static const struct {
		const char *versions, *warning;
	} rows[] = {
		{ "[{\"name\":\"v1beta1\",\"served\":true,\"deprecated\":true},{\"name\":\"v1\",\"served\":true}]",
		  "g.example.com/v1beta1 One is deprecated; use g.example.com/v1 One" },
		{ "[{\"name\":\"v1beta1\",\"served\":true,\"deprecated\":true},{\"name\":\"v1\",\"served\":false}]",
		  "g.example.com/v1beta1 One is deprecated" },
		{ "[{\"name\":\"v2\",\"served\":true,\"deprecated\":true},{\"name\":\"v1\",\"served\":true}]",
		  "g.example.com/v2 One is deprecated" },
		{ "[{\"name\":\"v2\",\"served\":true,\"deprecated\":true,\"deprecationWarning\":\"mine\"}]", "mine" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_t *versions = json_loads(rows[i].versions, 0, NULL);
		json_t *crd = json_pack("{s:{s:s}, s:{s:s, s:O}, s:{s:{s:s}}}", "metadata", "name",
					"ones.g.example.com", "spec", "group", "g.example.com", "versions", versions,
					"status", "acceptedNames", "kind", "One");
		struct sb_type *type =
			sb_custom_type_new(crd, json_array_get(versions, 0), sb_schema_of_crd(f->schemas, NULL, true));

		assert_string_equal(type->warning, rows[i].warning);
		sb_type_unref(type);
		json_decref(crd);
		json_decref(versions);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_builtin_type_has_what_is_needed_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_hash_of_a_form_is_the_real_servers, setup, teardown),
		cmocka_unit_test(test_versions_are_ordered_as_kubernetes_orders_them),
		cmocka_unit_test_setup_teardown(test_groups_of_definitions_stand_where_their_first_version_does, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_without_a_version_the_preferred_one_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_type_that_is_held_outlives_its_definition, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_deprecated_version_names_the_better_one, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
