/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* This program has a clock of its own, in place of base/clock.c: nothing waits for ten seconds. */
static int64_t now_ms;

int64_t fc_clock_mono_ms(void)
{
	return now_ms;
}

int64_t fc_clock_mono_us(void)
{
	return now_ms * 1000;
}

int64_t fc_clock_wall_ms(void)
{
	return now_ms;
}

void fc_time_rfc3339(int64_t wall_ms, char out[FC_RFC3339_BYTES])
{
	snprintf(out, FC_RFC3339_BYTES, "T%d", (int)wall_ms);
}

/* Standard error goes to memory between start and end, so that cmocka keeps it for itself otherwise. */
struct capture {
	int old_fd, fd;
	char *text;
};

static struct capture start(enum fc_log_format format, enum fc_log_level level)
{
	struct capture c = { .old_fd = dup(STDERR_FILENO), .fd = memfd_create("log", MFD_CLOEXEC) };

	now_ms = 0;
	dup2(c.fd, STDERR_FILENO);
	fc_log_init(format, level);
	return c;
}

static const char *end(struct capture *c)
{
	fc_log_flush();
	dup2(c->old_fd, STDERR_FILENO);
	off_t bytes = lseek(c->fd, 0, SEEK_END);
	c->text = fc_xcalloc((size_t)bytes + 1, 1);
	assert_int_equal(pread(c->fd, c->text, (size_t)bytes, 0), bytes);
	close(c->fd);
	close(c->old_fd);
	return c->text;
}

static void finish(struct capture *c)
{
	free(c->text);
}

static void test_log_text_line_has_level_message_and_fields(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);

	fc_log(FC_LOG_INFO, "rule in sync", FC_KV("cluster", "edge-1"), FC_KV("target", "edge-1/secrets/shop/tls"),
	       FC_KN("writes", -3), FC_KV("reason", "nothing to do"));
	fc_log(FC_LOG_ERROR, "stopped");
	assert_string_equal(end(&c), "T0 info  rule in sync cluster=edge-1 target=edge-1/secrets/shop/tls writes=-3 "
				     "reason=\"nothing to do\"\nT0 error stopped\n");
	finish(&c);
}

static void test_log_json_line_is_one_object(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_JSON, FC_LOG_INFO);

	fc_log(FC_LOG_WARN, "say \"hi\"", FC_KV("path", "a\\b\"c"), FC_KN("n", INT64_MIN), FC_KV("none", NULL));
	assert_string_equal(
		end(&c), "{\"time\":\"T0\",\"level\":\"warn\",\"message\":\"say \\\"hi\\\"\",\"path\":\"a\\\\b\\\"c\","
			 "\"n\":-9223372036854775808,\"none\":\"\"}\n");
	finish(&c);
}

static void test_log_text_values_are_quoted_where_they_need_it(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);

	fc_log(FC_LOG_INFO, "m", FC_KV("a", "x/y:z,1"), FC_KV("b", ""), FC_KV("c", "p q"), FC_KV("d", "k=v"),
	       FC_KV("e", "\""), FC_KV("f", "\\"), FC_KV("g", "\xC3\xBC"), FC_KV("h", NULL));
	assert_string_equal(
		end(&c),
		"T0 info  m a=x/y:z,1 b=\"\" c=\"p q\" d=\"k=v\" e=\"\\\"\" f=\"\\\\\" g=\"\xC3\xBC\" h=\"\"\n");
	finish(&c);
}

static void test_log_control_characters_are_escaped_everywhere(void **state FC_UNUSED)
{
	/* Newline, tab, return, escape, delete, and C1's CSI as UTF-8. */
	static const char evil[] = "a\n\t\r\x1B[31m\x7F\xC2\x9B";
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);

	fc_log(FC_LOG_INFO, evil, FC_KV("k", evil));
	assert_string_equal(end(&c),
			    "T0 info  a\\n\\t\\r\\u001b[31m\\u007f\\u009b k=\"a\\n\\t\\r\\u001b[31m\\u007f\\u009b\"\n");
	finish(&c);
	c = start(FC_LOG_JSON, FC_LOG_INFO);
	fc_log(FC_LOG_INFO, evil);
	assert_non_null(strstr(end(&c), "\"message\":\"a\\n\\t\\r\\u001b[31m\\u007f\\u009b\"}"));
	finish(&c);
}

static void test_log_bytes_that_are_not_utf8_are_replaced(void **state FC_UNUSED)
{
	static const char *const rows[][2] = {
		{ "a\xFFz", "a\uFFFDz" },
		{ "a\xC3", "a\uFFFD" },
		{ "\x80", "\uFFFD" },
		{ "\xC0\xAF", "\uFFFD\uFFFD" },
		{ "\xE0\x80\xAF", "\uFFFD\uFFFD\uFFFD" },
		{ "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD" },
		{ "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD" },
		{ "\xF8\x88\x80\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD" },
		{ "\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xBC", "\u20AC\U0001F600\u00FC" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct capture c = start(FC_LOG_JSON, FC_LOG_INFO);
		char expected[128];
		fc_log(FC_LOG_INFO, "m", FC_KV("k", rows[i][0]));
		snprintf(expected, sizeof(expected), "\"k\":\"%s\"}\n", rows[i][1]);
		assert_non_null(strstr(end(&c), expected));
		finish(&c);
	}
}

static void test_log_level_holds_back_what_is_below_it(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_TEXT, FC_LOG_WARN);

	fc_log(FC_LOG_DEBUG, "debug");
	fc_log(FC_LOG_INFO, "info");
	fc_log(FC_LOG_WARN, "warn");
	fc_log(FC_LOG_ERROR, "error");
	assert_string_equal(end(&c), "T0 warn  warn\nT0 error error\n");
	assert_false(fc_log_enabled(FC_LOG_INFO));
	assert_true(fc_log_enabled(FC_LOG_ERROR));
	finish(&c);
}

static void test_log_repeats_are_counted_and_written_before_the_next_other_line(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);

	for (int i = 0; i < 4; i++)
		fc_log(FC_LOG_WARN, "watch ended", FC_KV("cluster", "a"));
	now_ms = 5;
	fc_log(FC_LOG_WARN, "watch ended", FC_KV("cluster", "b"));
	assert_string_equal(end(&c), "T0 warn  watch ended cluster=a\nT5 warn  watch ended cluster=a repeated=3\n"
				     "T5 warn  watch ended cluster=b\n");
	finish(&c);
}

static void test_log_repeat_after_ten_seconds_is_written_with_its_count(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_JSON, FC_LOG_INFO);

	fc_log(FC_LOG_INFO, "m");
	now_ms = 9999;
	fc_log(FC_LOG_INFO, "m");
	fc_log(FC_LOG_INFO, "m");
	now_ms = 10000;
	fc_log(FC_LOG_INFO, "m");
	now_ms = 20000;
	fc_log(FC_LOG_INFO, "m");
	assert_string_equal(end(&c), "{\"time\":\"T0\",\"level\":\"info\",\"message\":\"m\"}\n"
				     "{\"time\":\"T10000\",\"level\":\"info\",\"message\":\"m\",\"repeated\":3}\n"
				     "{\"time\":\"T20000\",\"level\":\"info\",\"message\":\"m\"}\n");
	finish(&c);
}

static void test_log_flush_writes_the_pending_count_once(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);

	fc_log(FC_LOG_INFO, "m");
	fc_log(FC_LOG_INFO, "m");
	fc_log_flush();
	fc_log_flush();
	assert_string_equal(end(&c), "T0 info  m\nT0 info  m repeated=1\n");
	finish(&c);
}

static void test_log_same_words_at_another_level_are_another_line(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);

	fc_log(FC_LOG_INFO, "m");
	fc_log(FC_LOG_WARN, "m");
	assert_string_equal(end(&c), "T0 info  m\nT0 warn  m\n");
	finish(&c);
}

static void test_log_long_value_is_cut(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);
	char *value = fc_xcalloc(10001, 1);

	memset(value, 'v', 10000);
	fc_log(FC_LOG_INFO, "m", FC_KV("k", value), FC_KV("after", "x"));
	const char *text = end(&c);
	assert_int_equal(strlen(text), strlen("T0 info  m k=") + 2048 + strlen("... after=x\n"));
	assert_non_null(strstr(text, "vvv... after=x\n"));
	free(value);
	finish(&c);
}

static void test_log_line_of_too_many_fields_stays_well_formed(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_JSON, FC_LOG_INFO);
	struct fc_log_field fields[20];
	char value[2049] = { 0 };

	memset(value, '\x01', 2048);
	for (size_t i = 0; i < FC_ARRAY_LEN(fields); i++)
		fields[i] = FC_KV("k", value);
	fc_log_write(FC_LOG_INFO, "m", fields, FC_ARRAY_LEN(fields));
	const char *text = end(&c);
	assert_in_range(strlen(text), 50000, 66000);
	assert_string_equal(text + strlen(text) - 9, "\\u0001\"}\n");
	finish(&c);
}

static void test_log_without_memory_loses_the_line_only(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);

	for (unsigned nth = 1; nth <= 3; nth++) {
		fc_mem_fail_nth(nth);
		fc_log(FC_LOG_INFO, "lost or not", FC_KN("nth", nth));
		fc_mem_fail_nth(0);
	}
	fc_log(FC_LOG_INFO, "after");
	const char *text = end(&c);
	assert_non_null(strstr(text, "T0 info  after\n"));
	finish(&c);
}

static void test_log_keeps_errno(void **state FC_UNUSED)
{
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);

	close(STDERR_FILENO);
	errno = ENOTTY;
	fc_log(FC_LOG_INFO, "nobody reads this");
	int after = errno;
	dup2(c.fd, STDERR_FILENO);
	end(&c);
	assert_int_equal(after, ENOTTY);
	finish(&c);
}

static void *log_many(void *user)
{
	for (int i = 0; i < 500; i++)
		fc_log(FC_LOG_INFO, "line", FC_KV("thread", user), FC_KN("i", i));
	return NULL;
}

static void test_log_lines_of_threads_do_not_mix(void **state FC_UNUSED)
{
	static char names[4][2] = { "a", "b", "c", "d" };
	struct capture c = start(FC_LOG_TEXT, FC_LOG_INFO);
	pthread_t threads[4];
	int next[4] = { 0 }, lines = 0;

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_many, names[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	end(&c);
	for (char *rest = c.text, *line; (line = strsep(&rest, "\n")) && *line; lines++) {
		char name, expected[64];
		assert_int_equal(sscanf(line, "T0 info  line thread=%c", &name), 1);
		assert_in_range(name, 'a', 'd');
		snprintf(expected, sizeof(expected), "T0 info  line thread=%c i=%d", name, next[name - 'a']++);
		assert_string_equal(line, expected);
	}
	assert_int_equal(lines, 2000);
	finish(&c);
}

static void test_log_words_of_the_command_line_are_read(void **state FC_UNUSED)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	enum fc_log_level level;
	enum fc_log_format format;

	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++) {
		assert_int_equal(fc_log_parse_level(names[i], &level), 0);
		assert_int_equal(level, i);
	}
	assert_int_equal(fc_log_parse_level("Info", &level), -1);
	assert_int_equal(fc_log_parse_level("", &level), -1);
	assert_int_equal(fc_log_parse_format("text", &format), 0);
	assert_int_equal(format, FC_LOG_TEXT);
	assert_int_equal(fc_log_parse_format("json", &format), 0);
	assert_int_equal(format, FC_LOG_JSON);
	assert_int_equal(fc_log_parse_format("xml", &format), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_text_line_has_level_message_and_fields),
		cmocka_unit_test(test_log_json_line_is_one_object),
		cmocka_unit_test(test_log_text_values_are_quoted_where_they_need_it),
		cmocka_unit_test(test_log_control_characters_are_escaped_everywhere),
		cmocka_unit_test(test_log_bytes_that_are_not_utf8_are_replaced),
		cmocka_unit_test(test_log_level_holds_back_what_is_below_it),
		cmocka_unit_test(test_log_repeats_are_counted_and_written_before_the_next_other_line),
		cmocka_unit_test(test_log_repeat_after_ten_seconds_is_written_with_its_count),
		cmocka_unit_test(test_log_flush_writes_the_pending_count_once),
		cmocka_unit_test(test_log_same_words_at_another_level_are_another_line),
		cmocka_unit_test(test_log_long_value_is_cut),
		cmocka_unit_test(test_log_line_of_too_many_fields_stays_well_formed),
		cmocka_unit_test(test_log_without_memory_loses_the_line_only),
		cmocka_unit_test(test_log_keeps_errno),
		cmocka_unit_test(test_log_lines_of_threads_do_not_mix),
		cmocka_unit_test(test_log_words_of_the_command_line_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
