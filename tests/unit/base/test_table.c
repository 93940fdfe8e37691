/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table.h"

#include "base/mem.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

struct item {
	uint64_t number;
};

static uint32_t hash_of(const void *item)
{
	return fc_table_hash(&((const struct item *)item)->number, sizeof(uint64_t));
}

/* As bad as can be: all in one slot, and all with one tag. */
static uint32_t no_hash(const void *item FC_UNUSED)
{
	return 7;
}

static bool is_number(const void *item, const void *key)
{
	return ((const struct item *)item)->number == *(const uint64_t *)key;
}

static struct item *find(const struct fc_table *t, uint64_t number)
{
	struct item probe = { number };

	return fc_table_find(t, t->hash(&probe), is_number, &number);
}

static void test_table_finds_what_was_added_and_nothing_else(void **state FC_UNUSED)
{
	struct item items[] = { { 1 }, { 2 }, { 3 } };
	struct fc_table t;

	fc_table_init(&t, hash_of);
	assert_null(find(&t, 1));
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i++)
		fc_table_add(&t, &items[i]);
	assert_int_equal(t.count, 3);
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i++)
		assert_ptr_equal(find(&t, items[i].number), &items[i]);
	assert_null(find(&t, 4));
	fc_table_remove(&t, &items[1]);
	assert_int_equal(t.count, 2);
	assert_null(find(&t, 2));
	assert_ptr_equal(find(&t, 3), &items[2]);
	fc_table_add(&t, &items[1]);
	assert_ptr_equal(find(&t, 2), &items[1]);
	fc_table_fini(&t);
	assert_null(find(&t, 1));
}

static void test_table_works_when_all_hashes_are_one(void **state FC_UNUSED)
{
	struct item items[100];
	struct fc_table t;

	fc_table_init(&t, no_hash);
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i++) {
		items[i].number = i;
		fc_table_add(&t, &items[i]);
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i += 2)
		fc_table_remove(&t, &items[i]);
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i++)
		assert_ptr_equal(find(&t, i), i % 2 ? &items[i] : NULL);
	fc_table_fini(&t);
}

static void test_table_is_walked_in_the_order_of_coming(void **state FC_UNUSED)
{
	struct item items[1000], *item;
	struct fc_table t;
	uint64_t last = 0, met = 0;

	fc_table_init(&t, hash_of);
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i++) {
		items[i].number = i + 1;
		fc_table_add(&t, &items[i]);
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i += 3)
		fc_table_remove(&t, &items[i]);
	for (int tidied = 0; tidied < 2; tidied++, last = 0) {
		FC_TABLE_FOREACH(&t, at, item) {
			assert_true(item->number > last);
			last = item->number;
			met++;
		}
		fc_table_tidy(&t);
	}
	assert_int_equal(met, 2 * t.count);
	fc_table_fini(&t);
}

/* Each takes its successor out and adds another one, which is met in the end. */
static void test_table_may_change_while_it_is_walked(void **state FC_UNUSED)
{
	struct item items[600], *item;
	struct fc_table t;
	size_t added = 300, met = 0;

	fc_table_init(&t, hash_of);
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i++)
		items[i].number = i;
	for (size_t i = 0; i < 300; i++)
		fc_table_add(&t, &items[i]);
	FC_TABLE_FOREACH(&t, at, item) {
		met++;
		if (item->number >= 300)
			continue;
		assert_int_equal(item->number % 2, 0);
		fc_table_remove(&t, item + 1);
		fc_table_add(&t, &items[added++]);
	}
	assert_int_equal(met, 300);
	assert_int_equal(t.count, 300);
	fc_table_fini(&t);
}

static void test_table_that_is_tidied_forgets_what_was_taken_out(void **state FC_UNUSED)
{
	struct item items[1000];
	struct fc_table t;
	uint32_t most;

	fc_table_init(&t, hash_of);
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i++) {
		items[i].number = i;
		fc_table_add(&t, &items[i]);
	}
	most = t.slot_count;
	for (size_t i = 10; i < FC_ARRAY_LEN(items); i++)
		fc_table_remove(&t, &items[i]);
	assert_int_equal(t.used, 1000);
	fc_table_tidy(&t);
	assert_int_equal(t.used, 10);
	assert_int_equal(t.item_cap, 10);
	assert_true(t.slot_count < most);
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i++)
		assert_ptr_equal(find(&t, i), i < 10 ? &items[i] : NULL);
	for (size_t i = 0; i < 10; i++)
		fc_table_remove(&t, &items[i]);
	fc_table_tidy(&t);
	assert_null(t.items);
	assert_null(t.slots);
	fc_table_fini(&t);
}

/* Few are held at a time, and many come and go: its size is that of those few. */
static void test_table_does_not_grow_by_coming_and_going(void **state FC_UNUSED)
{
	struct item items[16] = { { 0 } };
	struct fc_table t;

	fc_table_init(&t, hash_of);
	for (uint64_t i = 0; i < 10000; i++) {
		struct item *item = &items[i % FC_ARRAY_LEN(items)];

		if (i >= FC_ARRAY_LEN(items))
			fc_table_remove(&t, item);
		item->number = i;
		fc_table_add(&t, item);
		fc_table_tidy(&t);
	}
	assert_int_equal(t.count, FC_ARRAY_LEN(items));
	assert_true(t.slot_count <= 64);
	assert_true(t.item_cap <= 64);
	fc_table_fini(&t);
}

static void test_table_agrees_with_an_array_whatever_happens(void **state FC_UNUSED)
{
	struct fc_random random = { .state = 11 };
	struct item items[500];
	bool in[500] = { false };
	struct fc_table t;
	uint32_t count = 0;

	fc_table_init(&t, hash_of);
	for (size_t i = 0; i < FC_ARRAY_LEN(items); i++)
		items[i].number = i * 4096;
	for (int step = 0; step < 50000; step++) {
		size_t i = (size_t)fc_random_between(&random, 0, (int64_t)FC_ARRAY_LEN(items) - 1);

		assert_ptr_equal(find(&t, items[i].number), in[i] ? &items[i] : NULL);
		if (in[i])
			fc_table_remove(&t, &items[i]);
		else
			fc_table_add(&t, &items[i]);
		count += in[i] ? -1u : 1u;
		in[i] = !in[i];
		assert_int_equal(t.count, count);
		if (step % 7 == 0)
			fc_table_tidy(&t);
	}
	fc_table_fini(&t);
}

static void test_table_hash_depends_on_every_byte_and_on_the_length(void **state FC_UNUSED)
{
	char text[40] = "a-name-of-thirty-bytes-or-more-of-them";
	uint32_t hash = fc_table_hash(text, 38);

	for (size_t i = 0; i < 38; i++) {
		text[i] ^= 1;
		assert_int_not_equal(fc_table_hash(text, 38), hash);
		text[i] ^= 1;
	}
	assert_int_equal(fc_table_hash(text, 38), hash);
	assert_int_not_equal(fc_table_hash(text, 39), hash);
	assert_int_not_equal(fc_table_hash("\0", 1), fc_table_hash("\0\0", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_finds_what_was_added_and_nothing_else),
		cmocka_unit_test(test_table_works_when_all_hashes_are_one),
		cmocka_unit_test(test_table_is_walked_in_the_order_of_coming),
		cmocka_unit_test(test_table_may_change_while_it_is_walked),
		cmocka_unit_test(test_table_that_is_tidied_forgets_what_was_taken_out),
		cmocka_unit_test(test_table_does_not_grow_by_coming_and_going),
		cmocka_unit_test(test_table_agrees_with_an_array_whatever_happens),
		cmocka_unit_test(test_table_hash_depends_on_every_byte_and_on_the_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
