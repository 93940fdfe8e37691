/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/column_path.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_a_path_that_cannot_be_read_is_none(void **state FC_UNUSED)
{
	static const char *const texts[] = { "spec",	     ".",	  ".a[",
					     ".a[x]",	     ".a['b",	  ".a[?(b==1)]",
					     ".a[?(@.b==)]", "..",	  ".a[?(@.b=1)]",
					     ".a[?(@.b==1]", ".a[\"b\"]", "" };

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		struct sb_column_path *p = sb_column_path_parse(texts[i]);

		/* "." is the whole, and so is nothing at all. */
		assert_int_equal(p != NULL, texts[i][0] == '\0' || (texts[i][0] == '.' && !texts[i][1]));
		sb_column_path_free(p);
	}
}

static void test_filters_compare_texts_numbers_and_truth(void **state FC_UNUSED)
{
	static const struct {
		const char *path;
		int found;
	} rows[] = {
		{ "[?(@.n==2)].id", 2 },    { "[?(@.n!=1)].id", 2 },	   { "[?(@.n<2)].id", 1 },
		{ "[?(@.n<=1)].id", 1 },    { "[?(@.n>1)].id", 2 },	   { "[?(@.n>=3)].id", 3 },
		{ "[?(@.t==true)].id", 2 }, { "[?( @.s == 'b' )].id", 3 }, { "[?(@.s)].id", 3 },
	};
	json_t *list = json_loads("[{\"id\":1,\"n\":1,\"t\":false},{\"id\":2,\"n\":2,\"t\":true},{\"id\":3,\"n\":3.5,"
				  "\"s\":\"b\"}]",
				  0, NULL);

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct sb_column_path *p = sb_column_path_parse(rows[i].path);

		assert_non_null(p);
		assert_int_equal(json_integer_value(sb_column_path_get(p, list)), rows[i].found);
		sb_column_path_free(p);
	}
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_path_that_cannot_be_read_is_none),
		cmocka_unit_test(test_filters_compare_texts_numbers_and_truth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
