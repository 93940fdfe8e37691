/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/sandbox/api_world.h"

static const struct sb_type things = { .group = "", .kind = "Thing", .api_version = "v1", .plural = "things" };
static const struct sb_type toys = {
	.group = "x.y", .kind = "Toy", .api_version = "x.y/v1", .plural = "toys", .custom = true
};

static json_t *example(void)
{
	return json_pack("{s:s, s:{s:s, s:s, s:{s:s, s:s}, s:s, s:[{s:s}, {s:s}]}, s:s, s:{s:[i, i]}}", "apiVersion",
			 "v1", "metadata", "name", "n", "namespace", "ns", "labels", "a", "", "b", "c",
			 "resourceVersion", "7", "ownerReferences", "uid", "u1", "uid", "u2", "kind", "Thing", "data",
			 "list", 1, 2);
}

static struct sb_object *make_object(uint64_t version)
{
	json_t *json = example();
	struct sb_object *o = sb_object_new(json, version);

	json_decref(json);
	return o;
}

static void test_an_object_is_kept_as_text_without_kind_and_version(void **state FC_UNUSED)
{
	struct sb_object *o = make_object(12);

	assert_string_equal(o->text, "{\"metadata\":{\"resourceVersion\":\"12\",\"name\":\"n\",\"namespace\":\"ns\","
				     "\"labels\":{\"a\":\"\",\"b\":\"c\"},\"ownerReferences\":[{\"uid\":\"u1\"},"
				     "{\"uid\":\"u2\"}]},\"data\":{\"list\":[1,2]}}");
	assert_int_equal(o->len, strlen(o->text));
	assert_memory_equal(o->text + 12 + o->metadata_len - 2, "]}", 2);
	assert_string_equal(o->ns, "ns");
	assert_string_equal(o->name, "n");
	assert_string_equal(o->owners, "u1");
	assert_string_equal(o->owners + 3, "u2");
	sb_object_unref(o);
}

static void test_labels_are_found_without_reading_the_text(void **state FC_UNUSED)
{
	struct sb_object *o = make_object(12);

	assert_string_equal(sb_object_label(o, "a"), "");
	assert_string_equal(sb_object_label(o, "b"), "c");
	assert_null(sb_object_label(o, "c"));
	sb_object_unref(o);
	json_t *bare = json_pack("{s:{s:s}}", "metadata", "name", "n");

	o = sb_object_new(bare, 1);
	assert_null(sb_object_label(o, "a"));
	assert_null(o->owners);
	assert_string_equal(o->ns, "");
	sb_object_unref(o);
	json_decref(bare);
}

static void test_another_version_is_the_same_object(void **state FC_UNUSED)
{
	struct sb_object *o = make_object(9), *later = sb_object_at_version(o, 10000), *fresh = make_object(10000);

	assert_string_equal(later->text, fresh->text);
	assert_int_equal(later->len, fresh->len);
	assert_int_equal(later->metadata_len, fresh->metadata_len);
	assert_int_equal(later->version, 10000);
	assert_string_equal(later->name, "n");
	assert_string_equal(sb_object_label(later, "b"), "c");
	assert_string_equal(later->owners + 3, "u2");
	sb_object_unref(o);
	o = sb_object_at_version(later, 1);
	assert_string_equal(o->ns, "ns");
	assert_memory_equal(o->text, "{\"metadata\":{\"resourceVersion\":\"1\"", 33);
	sb_object_unref(o);
	sb_object_unref(later);
	sb_object_unref(fresh);
}

static void test_no_version_is_none_in_the_text(void **state FC_UNUSED)
{
	struct sb_object *o = make_object(0);

	assert_memory_equal(o->text, "{\"metadata\":{\"name\":\"n\"", 23);
	sb_object_unref(o);
}

static void test_what_is_read_back_is_what_was_put_in(void **state FC_UNUSED)
{
	struct sb_object *o = make_object(7);
	json_t *expected = example(), *have = sb_object_json(o, &things);

	assert_true(json_equal(have, expected));
	json_decref(expected);
	json_decref(have);
	sb_object_unref(o);
}

static void test_items_of_custom_types_alone_say_what_they_are(void **state FC_UNUSED)
{
	struct sb_object *o = make_object(7);
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	sb_object_print_item(o, &things, &out);
	assert_string_equal(fc_buf_str(&out), o->text);
	fc_buf_clear(&out);
	sb_object_print_item(o, &toys, &out);
	assert_memory_equal(fc_buf_str(&out), "{\"kind\":\"Toy\",\"apiVersion\":\"x.y/v1\",\"metadata\":{", 48);
	fc_buf_clear(&out);
	sb_object_print_metadata(o, &out);
	json_t *json = json_loadb(out.data, out.len, 0, NULL);

	assert_int_equal(json_object_size(json), 3);
	assert_string_equal(json_string_value(json_object_get(json, "kind")), "PartialObjectMetadata");
	json_decref(json);
	sb_object_unref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_object_is_kept_as_text_without_kind_and_version),
		cmocka_unit_test(test_labels_are_found_without_reading_the_text),
		cmocka_unit_test(test_another_version_is_the_same_object),
		cmocka_unit_test(test_no_version_is_none_in_the_text),
		cmocka_unit_test(test_what_is_read_back_is_what_was_put_in),
		cmocka_unit_test(test_items_of_custom_types_alone_say_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
