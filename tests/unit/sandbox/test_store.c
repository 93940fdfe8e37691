/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/sandbox/api_world.h"

#include "base/random.h"

struct shop {
	struct sb_store *s;
	struct sb_resource *r;
};

static int setup(void **state)
{
	struct shop *shop = fc_xcalloc(1, sizeof(*shop));

	shop->s = sb_store_new(8);
	shop->r = sb_store_resource(shop->s, "", "things");
	*state = shop;
	return 0;
}

static int teardown(void **state)
{
	struct shop *shop = *state;

	sb_store_free(shop->s);
	free(shop);
	return 0;
}

static uint64_t put(struct shop *shop, const char *ns, const char *name, int value)
{
	json_t *json = json_pack("{s:{s:s, s:s}, s:i}", "metadata", "namespace", ns, "name", name, "value", value);
	uint64_t version = sb_store_put(shop->s, shop->r, json)->version;

	json_decref(json);
	return version;
}

static void drop(struct shop *shop, const char *ns, const char *name)
{
	sb_object_unref(sb_store_remove(shop->s, shop->r, sb_store_find(shop->r, ns, name)));
}

static void order_is(struct shop *shop, const char *expected)
{
	FC_AUTO_BUF struct fc_buf have = FC_BUF_INIT;

	for (size_t i = 0; i < sb_store_count(shop->r); i++)
		fc_buf_printf(&have, "%s/%s ", sb_store_at(shop->r, i)->ns, sb_store_at(shop->r, i)->name);
	assert_string_equal(fc_buf_str(&have), expected);
}

static void test_objects_stand_in_the_order_of_their_keys(void **state)
{
	struct shop *shop = *state;

	put(shop, "a", "z", 1);
	put(shop, "a-b", "a", 1);
	put(shop, "b", "a", 1);
	put(shop, "a", "b", 1);
	put(shop, "ab", "c", 1);
	/* By the bytes of the key: a hyphen comes before the slash, a letter behind it. */
	order_is(shop, "a-b/a a/b a/z ab/c b/a ");
	drop(shop, "a", "b");
	order_is(shop, "a-b/a a/z ab/c b/a ");
	assert_null(sb_store_find(shop->r, "a", "b"));
	assert_non_null(sb_store_find(shop->r, "ab", "c"));
	assert_null(sb_store_find(shop->r, "a", "zz"));
}

static void test_a_version_is_never_given_twice(void **state)
{
	struct shop *shop = *state;
	uint64_t first = put(shop, "a", "x", 1);

	assert_int_equal(put(shop, "a", "x", 2), first + 1);
	assert_int_equal(sb_store_bump(shop->s), first + 2);
	drop(shop, "a", "x");
	assert_int_equal(sb_store_version(shop->s), first + 3);
	assert_int_equal(sb_store_change(shop->r, 2)->version, first + 3);
}

static void test_a_change_knows_before_and_after(void **state)
{
	struct shop *shop = *state;
	const struct sb_change *c;

	put(shop, "a", "x", 1);
	put(shop, "a", "x", 2);
	drop(shop, "a", "x");
	c = sb_store_change(shop->r, 0);
	assert_null(c->before);
	assert_non_null(c->now);
	c = sb_store_change(shop->r, 1);
	assert_ptr_equal(c->before, sb_store_change(shop->r, 0)->now);
	c = sb_store_change(shop->r, 2);
	assert_null(c->now);
	assert_int_equal(c->last->version, c->version);
	assert_non_null(strstr(c->last->text, "\"value\":2"));
}

static void test_history_forgets_the_oldest_first(void **state)
{
	struct shop *shop = *state;
	uint64_t first = put(shop, "a", "x", 0);

	for (int i = 1; i < 10; i++)
		put(shop, "a", "x", i);
	assert_int_equal(sb_store_change_count(shop->r), 8);
	assert_int_equal(sb_store_oldest(shop->r), first + 1);
	assert_int_equal(sb_store_change(shop->r, 0)->version, first + 2);
	assert_int_equal(sb_store_change_after(shop->r, first + 4), 3);
	assert_int_equal(sb_store_change_after(shop->r, first + 9), 8);
	sb_store_compact(shop->s);
	assert_int_equal(sb_store_change_count(shop->r), 0);
	assert_int_equal(sb_store_oldest(shop->r), first + 9);
}

static void check_past(struct shop *shop, uint64_t version, const char *expected)
{
	struct sb_object **objects;
	size_t count;
	FC_AUTO_BUF struct fc_buf have = FC_BUF_INIT;

	assert_int_equal(sb_store_as_of(shop->r, version, &objects, &count), 0);
	for (size_t i = 0; i < count; i++) {
		fc_buf_printf(&have, "%s%s", objects[i]->name, strstr(objects[i]->text, "\"value\":") + 8);
		sb_object_unref(objects[i]);
	}
	free(objects);
	assert_string_equal(fc_buf_str(&have), expected);
}

static void test_the_past_is_as_it_was(void **state)
{
	struct shop *shop = *state;
	uint64_t one = put(shop, "a", "x", 1), two = put(shop, "a", "y", 1), three = put(shop, "a", "x", 2);

	drop(shop, "a", "x");
	put(shop, "a", "z", 1);
	check_past(shop, one, "x1}");
	check_past(shop, two, "x1}y1}");
	check_past(shop, three, "x2}y1}");
	check_past(shop, three + 1, "y1}");
	check_past(shop, sb_store_version(shop->s), "y1}z1}");
	sb_store_compact(shop->s);
	struct sb_object **objects;
	size_t count;

	assert_int_equal(sb_store_as_of(shop->r, three, &objects, &count), -1);
}

static void test_what_is_dropped_is_empty_and_begins_anew(void **state)
{
	struct shop *shop = *state;

	put(shop, "a", "x", 1);
	put(shop, "a", "y", 1);
	sb_store_drop(shop->s, shop->r);
	assert_int_equal(sb_store_count(shop->r), 0);
	assert_int_equal(sb_store_change_count(shop->r), 0);
	assert_int_equal(sb_store_oldest(shop->r), sb_store_version(shop->s));
	assert_ptr_equal(sb_store_resource(shop->s, "", "things"), shop->r);
}

static void test_what_is_read_otherwise_keeps_its_version_and_tells_nobody(void **state)
{
	struct shop *shop = *state;
	uint64_t version = put(shop, "a", "x", 1);
	json_t *json = json_pack("{s:{s:s, s:s}, s:i}", "metadata", "namespace", "a", "name", "x", "value", 2);

	sb_store_reread(shop->r, sb_store_find(shop->r, "a", "x"), json);
	json_decref(json);
	assert_int_equal(sb_store_find(shop->r, "a", "x")->version, version);
	assert_non_null(strstr(sb_store_find(shop->r, "a", "x")->text, "\"value\":2"));
	assert_int_equal(sb_store_change_count(shop->r), 1);
	assert_int_equal(sb_store_version(shop->s), version);
}

static void test_any_order_of_writes_keeps_the_order_of_keys(void **state)
{
	struct shop *shop = *state;
	struct fc_random random = { .state = 7 };
	bool there[64] = { false };
	size_t expected = 0;

	for (int i = 0; i < 2000; i++) {
		int n = (int)fc_random_between(&random, 0, 63);
		char name[8];

		snprintf(name, sizeof(name), "n%02d", n);
		if (there[n])
			drop(shop, "a", name);
		else
			put(shop, "a", name, i);
		expected += there[n] ? -1ul : 1;
		there[n] = !there[n];
	}
	assert_int_equal(sb_store_count(shop->r), expected);
	for (size_t i = 1; i < expected; i++)
		assert_true(strcmp(sb_store_at(shop->r, i - 1)->name, sb_store_at(shop->r, i)->name) < 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_objects_stand_in_the_order_of_their_keys),
		TEST(test_a_version_is_never_given_twice),
		TEST(test_a_change_knows_before_and_after),
		TEST(test_history_forgets_the_oldest_first),
		TEST(test_the_past_is_as_it_was),
		TEST(test_what_is_dropped_is_empty_and_begins_anew),
		TEST(test_what_is_read_otherwise_keeps_its_version_and_tells_nobody),
		TEST(test_any_order_of_writes_keeps_the_order_of_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
