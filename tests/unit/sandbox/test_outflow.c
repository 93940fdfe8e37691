/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/outflow.h"

#include "base/mem.h"
#include "sandbox/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* No watch is in here. */
void sb_watch_close(struct sb_watch *w FC_UNUSED)
{
}

static void push(struct sb_outflow *o, const char *text, int64_t due_ms)
{
	struct sb_text *line = sb_text_new(text, strlen(text));

	sb_outflow_push(o, line, line->len, due_ms);
	sb_text_unref(line);
}

/* What goes out at that time, in pieces of `room`. */
static const char *taken(struct sb_outflow *o, size_t room, int64_t now_ms, char *out)
{
	size_t len = 0, n;

	while ((n = sb_outflow_take(o, out + len, room, now_ms)))
		len += n;
	out[len] = '\0';
	return out;
}

static void test_the_body_comes_before_the_lines_whatever_the_pieces(void **state)
{
	char out[64];

	(void)state;
	for (size_t room = 1; room < 20; room++) {
		struct sb_outflow o = { 0 };
		push(&o, "one\n", 0);
		push(&o, "two\n", 0);
		assert_int_equal(fc_buf_puts(&o.body, "body\n"), 0);
		assert_int_equal(o.unsent, 8);
		assert_string_equal(taken(&o, room, 5, out), "body\none\ntwo\n");
		assert_int_equal(o.unsent, 0);
		assert_null(o.body.data);
		assert_false(sb_outflow_is_over(&o));
		assert_int_equal(sb_outflow_wait_ms(&o, 5), -1);
		o.ended = true;
		assert_true(sb_outflow_is_over(&o));
		sb_outflow_fini(&o);
	}
}

static void test_lines_are_shared_and_let_go(void **state)
{
	struct sb_outflow a = { 0 }, b = { 0 };
	struct sb_text *line = sb_text_new("line\n", 5);
	char out[16];

	(void)state;
	sb_outflow_push(&a, line, 5, 0);
	sb_outflow_push(&b, line, 2, 0);
	assert_int_equal(line->refs, 3);
	assert_string_equal(taken(&a, sizeof(out), 0, out), "line\n");
	assert_int_equal(line->refs, 2);
	assert_int_equal(b.unsent, 2);
	assert_string_equal(taken(&b, sizeof(out), 0, out), "li");
	assert_int_equal(line->refs, 1);
	sb_outflow_push(&a, line, 5, 0);
	sb_outflow_fini(&a);
	assert_int_equal(line->refs, 1);
	sb_outflow_fini(&b);
	sb_text_unref(line);
}

static void test_it_is_not_over_before_everything_is_out(void **state)
{
	struct sb_outflow o = { .ended = true };
	char out[16];

	(void)state;
	assert_int_equal(fc_buf_puts(&o.body, "ab"), 0);
	assert_false(sb_outflow_is_over(&o));
	assert_int_equal(sb_outflow_take(&o, out, 1, 0), 1);
	assert_false(sb_outflow_is_over(&o));
	assert_int_equal(sb_outflow_take(&o, out, 9, 0), 1);
	assert_true(sb_outflow_is_over(&o));
	sb_outflow_fini(&o);
}

static void test_a_late_line_holds_those_behind_it_until_it_is_due(void **state)
{
	struct sb_outflow o = { 0 };
	char out[32];

	(void)state;
	push(&o, "one\n", 0);
	push(&o, "two\n", 100);
	push(&o, "three\n", 0);
	assert_string_equal(taken(&o, 3, 99, out), "one\n");
	assert_int_equal(sb_outflow_wait_ms(&o, 99), 1);
	assert_string_equal(taken(&o, 3, 100, out), "two\nthree\n");
	sb_outflow_fini(&o);
}

static void test_a_pace_is_kept_and_tells_when_to_go_on(void **state)
{
	struct sb_outflow o = { .bytes_per_second = 100 };
	char out[64];

	(void)state;
	assert_int_equal(fc_buf_puts(&o.body, "0123456789"), 0);
	assert_string_equal(taken(&o, 64, 1000, out), "");
	assert_int_equal(sb_outflow_wait_ms(&o, 1000), 20);
	assert_string_equal(taken(&o, 64, 1020, out), "01");
	assert_string_equal(taken(&o, 64, 1020, out), "");
	assert_string_equal(taken(&o, 64, 1070, out), "23456");
	assert_string_equal(taken(&o, 64, 9000, out), "789");
	o.bytes_per_second = 2;
	push(&o, "x", 0);
	assert_int_equal(sb_outflow_wait_ms(&o, 9000), 501);
	sb_outflow_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_body_comes_before_the_lines_whatever_the_pieces),
		cmocka_unit_test(test_lines_are_shared_and_let_go),
		cmocka_unit_test(test_it_is_not_over_before_everything_is_out),
		cmocka_unit_test(test_a_late_line_holds_those_behind_it_until_it_is_due),
		cmocka_unit_test(test_a_pace_is_kept_and_tells_when_to_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
