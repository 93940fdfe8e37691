/* SPDX-License-Identifier: Apache-2.0 */
/* What the measuring programs of tests/bench stand on: percentiles, command lines, bodies made beforehand. */
#include "base/mem.h"
#include "bench/options.h"
#include "bench/spread.h"
#include "bench/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void test_a_percentile_is_the_value_that_so_many_do_not_exceed(void **state FC_UNUSED)
{
	struct spread s = { .values = NULL };

	assert_int_equal(spread_percentile(&s, 50), 0);
	for (int64_t i = 200; i > 0; i--)
		spread_add(&s, i);
	assert_int_equal(spread_percentile(&s, 50), 100);
	assert_int_equal(spread_percentile(&s, 90), 180);
	assert_int_equal(spread_percentile(&s, 99), 198);
	assert_int_equal(spread_percentile(&s, 100), 200);
	spread_fini(&s);
	spread_add(&s, -7); /* seen before it was acknowledged */
	assert_int_equal(spread_percentile(&s, 1), -7);
	assert_int_equal(spread_percentile(&s, 99), -7);
	spread_fini(&s);
}

static void test_percentiles_are_printed_in_milliseconds(void **state FC_UNUSED)
{
	struct spread s = { .values = NULL };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	spread_add(&s, 1500);
	spread_add(&s, 250);
	spread_print(&s, "words", true, out);
	fclose(out);
	assert_string_equal(text, "\"words\": {\"p50\": 0.250, \"p90\": 1.500, \"p99\": 1.500, \"n\": 2, "
				  "\"all\": [0.250, 1.500]}");
	free(text);
	spread_fini(&s);
}

static int read_line(const char *line, struct options *o)
{
	FC_AUTO_FREE char *words = fc_xasprintf("program %s", line);
	static char kept[512]; /* what is read points into it */
	char *argv[32], *rest = kept;
	int argc = 0;

	snprintf(kept, sizeof(kept), "%s", words);
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	*o = (struct options){ .rounds = 1 };
	return options_read(argc, argv, o);
}

static void test_options_belong_to_the_server_before_them(void **state FC_UNUSED)
{
	struct options o;

	assert_int_equal(read_line("--url u1 --ca c1 --token-file t1 --paths p1 --url=u2 --ca c2 --token-file t2 "
				   "--watch w2 --concurrency 1,16,64 --rounds 7 --body-file b",
				   &o),
			 0);
	assert_int_equal(o.server_count, 2);
	assert_string_equal(o.servers[0].at.url, "u1");
	assert_string_equal(o.servers[0].paths, "p1");
	assert_null(o.servers[0].watch);
	assert_string_equal(o.servers[1].at.token_file, "t2");
	assert_string_equal(o.servers[1].watch, "w2");
	assert_int_equal(o.concurrency_count, 3);
	assert_int_equal(o.concurrency[1], 16);
	assert_int_equal(o.rounds, 7);
	assert_string_equal(o.body, "b");
}

static void test_options_that_are_wrong_are_refused(void **state FC_UNUSED)
{
#define SERVER "--url u --ca c --token-file t"
	static const char *const lines[] = {
		"--ca c",
		"--url u --ca c",
		SERVER " --nothing x",
		SERVER " --rounds",
		SERVER " --rounds 1x",
		SERVER " --rounds -1",
		SERVER " --concurrency 0",
		SERVER " --concurrency 1,",
		SERVER " --concurrency 1;2",
		SERVER " --concurrency 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
		SERVER " word",
		"--rounds 1",
	};
	struct options o;

	for (size_t i = 0; i < FC_ARRAY_LEN(lines); i++)
		assert_int_equal(read_line(lines[i], &o), -1);
	assert_int_equal(read_line(SERVER, &o), 0);
}

static void test_tokens_are_of_one_length_and_differ(void **state FC_UNUSED)
{
	char one[TEXT_TOKEN + 1], other[TEXT_TOKEN + 1];

	text_token('s', 7, one);
	text_token('s', 70, other);
	assert_string_equal(one, "s00000000007");
	assert_int_equal(strlen(one), strlen(other));
	assert_string_not_equal(one, other);
	/* So that it is base64 too, and comes back as it was. */
	assert_int_equal(TEXT_TOKEN % 4, 0);
}

static void test_marks_are_filled_wherever_they_stand(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *filled = text_fill("@V@,@V@@V@.", "@V@", "12");
	FC_AUTO_FREE char *same = text_fill("nothing", "@V@", "12");

	assert_string_equal(filled, "12,1212.");
	assert_string_equal(same, "nothing");
}

static void test_values_are_found_without_reading_the_whole(void **state FC_UNUSED)
{
	static const char line[] =
		"{\"object\":{\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"12\"},\"name\":\"no\"}}";
	size_t len = 0;
	const char *value = text_value(line, strlen(line), "name", &len);

	assert_int_equal(len, 1);
	assert_memory_equal(value, "n", 1);
	value = text_value(line, strlen(line), "resourceVersion", &len);
	assert_memory_equal(value, "12", 2);
	assert_null(text_value(line, strlen(line), "namespace", &len));
	/* Cut off behind the first quote of the value, and inside it. */
	assert_null(text_value(line, 31, "name", &len));
	assert_true(text_has(line, strlen(line), "12"));
	assert_false(text_has(line, strlen(line), "13"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_percentile_is_the_value_that_so_many_do_not_exceed),
		cmocka_unit_test(test_percentiles_are_printed_in_milliseconds),
		cmocka_unit_test(test_options_belong_to_the_server_before_them),
		cmocka_unit_test(test_options_that_are_wrong_are_refused),
		cmocka_unit_test(test_tokens_are_of_one_length_and_differ),
		cmocka_unit_test(test_marks_are_filled_wherever_they_stand),
		cmocka_unit_test(test_values_are_found_without_reading_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
