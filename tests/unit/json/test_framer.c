/* SPDX-License-Identifier: Apache-2.0 */
#include "json/framer.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* What was handed over, each object on a line. */
struct seen {
	struct fc_buf text;
	int objects, unreadable;
	size_t head_len;
	char why[512];
	const char *from, *to; /* set: the bytes must lie in here */
	int refuse_at;	       /* the object at which the callback ends the stream; 0: none */
};

static int see_object(void *user, const char *bytes, size_t len, struct fc_error *err)
{
	struct seen *s = user;

	if (s->from)
		assert_true(bytes >= s->from && bytes + len <= s->to);
	s->objects++;
	fc_buf_append(&s->text, bytes, len);
	fc_buf_putc(&s->text, '\n');
	return s->refuse_at == s->objects ? fc_error_set(err, FC_ERR_CANCELLED, "enough") : 0;
}

static int see_unreadable(void *user, const char *head, size_t len, const struct fc_error *why,
			  struct fc_error *err FC_UNUSED)
{
	struct seen *s = user;

	assert_int_equal(why->cls, FC_ERR_LIMIT);
	memcpy(s->why, why->text, sizeof(s->why));
	s->unreadable++;
	s->head_len = len;
	fc_buf_puts(&s->text, "unreadable ");
	fc_buf_append(&s->text, head, len < 40 ? len : 40);
	fc_buf_putc(&s->text, '\n');
	return 0;
}

static const struct fc_framer_callbacks callbacks = { .on_object = see_object, .on_unreadable = see_unreadable };

static struct fc_framer *framer(enum fc_framer_mode mode, struct seen *s)
{
	*s = (struct seen){ .text = FC_BUF_INIT };
	return fc_framer_new(mode, &callbacks, s);
}

static void finish(struct fc_framer *f, struct seen *s)
{
	fc_framer_free(f);
	fc_buf_fini(&s->text);
}

static int feed(struct fc_framer *f, const char *bytes, size_t len, size_t step, struct fc_error *err)
{
	for (size_t at = 0; at < len; at += step) {
		/* A copy of its own, so that the address sanitizer sees any byte read beyond it. */
		size_t n = len - at < step ? len - at : step;
		FC_AUTO_FREE char *piece = fc_xcalloc(1, n);
		memcpy(piece, bytes + at, n);
		if (fc_framer_feed(f, piece, n, err) < 0)
			return -1;
	}
	return 0;
}

/* The same whatever the size of the reads; `envelope` NULL: a watch. */
static void frames(const char *text, const char *objects, const char *envelope)
{
	for (size_t step = 1; step <= strlen(text); step++) {
		struct seen s;
		struct fc_error err = FC_ERROR_INIT;
		struct fc_framer *f = framer(envelope ? FC_FRAMER_LIST : FC_FRAMER_WATCH, &s);
		size_t len;

		if (feed(f, text, strlen(text), step, &err) < 0 || fc_framer_end(f, &err) < 0)
			fail_msg("step %zu: %s", step, err.text);
		assert_string_equal(fc_buf_str(&s.text), objects);
		if (envelope) {
			assert_string_equal(fc_framer_envelope(f, &len), envelope);
			assert_int_equal(len, strlen(envelope));
		}
		finish(f, &s);
	}
}

static void refuses(enum fc_framer_mode mode, const char *text, const char *says)
{
	for (size_t step = 1; step <= strlen(text) + 1; step++) {
		struct seen s;
		struct fc_error err = FC_ERROR_INIT;
		struct fc_framer *f = framer(mode, &s);

		int rc = feed(f, text, strlen(text), step, &err);
		if (rc == 0)
			rc = fc_framer_end(f, &err);
		assert_int_equal(rc, -1);
		assert_int_equal(err.cls, FC_ERR_PROTOCOL);
		if (!strstr(err.text, says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, says);
		finish(f, &s);
	}
}

static void test_framer_watch_splits_at_every_byte(void **state FC_UNUSED)
{
	frames("{\"type\":\"ADDED\",\"object\":{\"a\":\"\xc3\xa4\xf0\x9f\x98\x80\"}}\n"
	       " {\"type\":\"X{\",\"object\":{\"b\":\"}]\\\"}\\\\\"}}\r\n\t{}{\"c\":[[],{}]}",
	       "{\"type\":\"ADDED\",\"object\":{\"a\":\"\xc3\xa4\xf0\x9f\x98\x80\"}}\n"
	       "{\"type\":\"X{\",\"object\":{\"b\":\"}]\\\"}\\\\\"}}\n{}\n{\"c\":[[],{}]}\n",
	       NULL);
	frames("{\"type\":\"BOOKMARK\"}", "{\"type\":\"BOOKMARK\"}\n", NULL);
	frames(" \n", "", NULL);
}

static void test_framer_watch_ends_normally_in_mid_object(void **state FC_UNUSED)
{
	frames("{\"a\":1}\n{\"type\":\"ADDED\",\"obj", "{\"a\":1}\n", NULL);
	frames("{\"a\":\"", "", NULL);
	frames("{\"a\":\"\\", "", NULL);
}

static void test_framer_watch_refuses_what_is_no_json_object_at_once(void **state FC_UNUSED)
{
	struct seen s;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_framer *f = framer(FC_FRAMER_WATCH, &s);

	refuses(FC_FRAMER_WATCH, "<html><body>502</body></html>", "where one should begin");
	refuses(FC_FRAMER_WATCH, "{}\n]", "where one should begin");
	refuses(FC_FRAMER_WATCH, "[{}]", "where one should begin");
	assert_int_equal(fc_framer_feed(f, "<", 1, &err), -1);
	assert_int_equal(fc_framer_feed(f, "{}", 2, &err), -1);
	assert_int_equal(s.objects, 0);
	finish(f, &s);
}

static void test_framer_hands_over_whole_objects_where_they_lie(void **state FC_UNUSED)
{
	static const char text[] = "{\"a\":1}{\"b\":2} {\"c\":";
	struct seen s;
	struct fc_framer *f = framer(FC_FRAMER_WATCH, &s);

	s.from = text;
	s.to = text + sizeof(text);
	assert_int_equal(fc_framer_feed(f, text, 15, NULL), 0);
	assert_int_equal(s.objects, 2);
	assert_int_equal(fc_framer_peak_bytes(f), 0);
	assert_int_equal(fc_framer_feed(f, text + 15, strlen(text) - 15, NULL), 0);
	assert_in_range(fc_framer_peak_bytes(f), 1, 1024);
	s.from = NULL;
	assert_int_equal(fc_framer_feed(f, "3}", 2, NULL), 0);
	assert_string_equal(fc_buf_str(&s.text), "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
	finish(f, &s);
}

/* An event of `bytes` bytes: a long string inside. */
static void big_event(struct fc_buf *out, size_t bytes)
{
	static const char head[] = "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"big\"},\"data\":\"",
			  tail[] = "\"}}";
	size_t body = bytes - strlen(head) - strlen(tail);

	fc_buf_puts(out, head);
	for (size_t i = 0; i < body; i++)
		fc_buf_putc(out, "abcdefg{[}]"[i % 11]);
	fc_buf_puts(out, tail);
	assert_int_equal(out->len, bytes);
}

static void test_framer_takes_an_event_of_one_mib_in_small_reads(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
	struct seen s;
	struct fc_framer *f = framer(FC_FRAMER_WATCH, &s);

	big_event(&text, 1024 * 1024);
	assert_int_equal(feed(f, text.data, text.len, 7, NULL), 0);
	assert_int_equal(s.objects, 1);
	assert_int_equal(s.text.len, text.len + 1);
	assert_memory_equal(s.text.data, text.data, text.len);
	assert_in_range(fc_framer_peak_bytes(f), 1024 * 1024, 2 * 1024 * 1024);
	finish(f, &s);
}

static void test_framer_takes_4_mib_and_refuses_a_byte_more(void **state FC_UNUSED)
{
	static const size_t steps[] = { 16384, 100000000 };

	for (size_t i = 0; i < FC_ARRAY_LEN(steps); i++) {
		FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
		struct seen s;
		struct fc_framer *f = framer(FC_FRAMER_WATCH, &s);

		big_event(&text, FC_JSON_MAX_BYTES);
		assert_int_equal(feed(f, text.data, text.len, steps[i], NULL), 0);
		assert_int_equal(s.objects, 1);
		fc_buf_clear(&text);
		big_event(&text, FC_JSON_MAX_BYTES + 1);
		fc_buf_puts(&text, "{\"next\":1}");
		fc_buf_clear(&s.text);
		assert_int_equal(feed(f, text.data, text.len, steps[i], NULL), 0);
		assert_int_equal(s.unreadable, 1);
		assert_int_equal(s.objects, 2);
		assert_int_equal(s.head_len, FC_FRAMER_HEAD);
		assert_string_equal(fc_buf_str(&s.text),
				    "unreadable {\"type\":\"ADDED\",\"object\":{\"metadata\":{\"n\n{\"next\":1}\n");
		assert_true(fc_framer_peak_bytes(f) <= FC_JSON_MAX_BYTES);
		finish(f, &s);
	}
}

static void test_framer_passes_over_an_endless_object_in_bounded_memory(void **state FC_UNUSED)
{
	struct seen s;
	struct fc_framer *f = framer(FC_FRAMER_WATCH, &s);
	FC_AUTO_FREE char *chunk = fc_xcalloc(1, 65536);

	memset(chunk, 'x', 65536);
	assert_int_equal(fc_framer_feed(f, "{\"a\":\"", 6, NULL), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(fc_framer_feed(f, chunk, 65536, NULL), 0);
	assert_int_equal(fc_framer_feed(f, "\"}{}", 4, NULL), 0);
	assert_int_equal(s.unreadable, 1);
	assert_int_equal(s.objects, 1);
	assert_non_null(strstr(s.why, "more than 4194304 bytes"));
	assert_true(fc_framer_peak_bytes(f) <= FC_JSON_MAX_BYTES);
	finish(f, &s);
}

/* {"metadata":{"name":"deep"},"a":[[[...]]]} with `levels` in all. */
static void deep_object(struct fc_buf *out, size_t levels)
{
	fc_buf_puts(out, "{\"metadata\":{\"name\":\"deep\"},\"a\":");
	for (size_t i = 1; i < levels; i++)
		fc_buf_putc(out, '[');
	for (size_t i = 1; i < levels; i++)
		fc_buf_putc(out, ']');
	fc_buf_putc(out, '}');
}

static void test_framer_refuses_an_object_too_deep_and_goes_on(void **state FC_UNUSED)
{
	static const size_t levels[] = { 129, 100000 };

	for (size_t i = 0; i < FC_ARRAY_LEN(levels); i++) {
		for (size_t step = 1; step < 1000000; step *= 10) {
			FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
			struct seen s;
			struct fc_framer *f = framer(FC_FRAMER_WATCH, &s);

			deep_object(&text, 128);
			deep_object(&text, levels[i]);
			fc_buf_puts(&text, "{\"b\":1}");
			assert_int_equal(feed(f, text.data, text.len, step, NULL), 0);
			assert_int_equal(s.objects, 2);
			assert_int_equal(s.unreadable, 1);
			assert_non_null(strstr(s.why, "deeper than 128 levels"));
			assert_true(fc_framer_peak_bytes(f) <= 2 * FC_FRAMER_HEAD);
			finish(f, &s);
		}
	}
}

static void test_framer_and_decoder_agree_on_the_depth(void **state FC_UNUSED)
{
	for (size_t levels = 127; levels <= 130; levels++) {
		FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
		struct seen s;
		struct fc_framer *f = framer(FC_FRAMER_WATCH, &s);

		deep_object(&text, levels);
		assert_int_equal(feed(f, text.data, text.len, 10, NULL), 0);
		json_auto_t *value = fc_decode(text.data, text.len, NULL);
		assert_int_equal(s.objects == 1, value != NULL);
		finish(f, &s);
	}
}

static void test_framer_ends_when_the_callback_says_so(void **state FC_UNUSED)
{
	struct seen s;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_framer *f = framer(FC_FRAMER_WATCH, &s);

	s.refuse_at = 2;
	assert_int_equal(fc_framer_feed(f, "{}{}{}", 6, &err), -1);
	assert_int_equal(err.cls, FC_ERR_CANCELLED);
	assert_int_equal(s.objects, 2);
	assert_int_equal(fc_framer_feed(f, "{}", 2, &err), -1);
	assert_int_equal(s.objects, 2);
	finish(f, &s);
}

static void test_framer_says_when_memory_ends(void **state FC_UNUSED)
{
	struct seen s;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_framer *f = framer(FC_FRAMER_WATCH, &s);

	fc_mem_fail_nth(1);
	assert_int_equal(fc_framer_feed(f, "{\"a\":", 5, &err), -1);
	fc_mem_fail_nth(0);
	assert_int_equal(err.cls, FC_ERR_MEMORY);
	finish(f, &s);
}

static void test_framer_list_hands_over_items_wherever_they_stand(void **state FC_UNUSED)
{
	frames("{\"kind\":\"L\",\"items\":[{\"a\":1}, "
	       "{\"b\":\"]}\\\"\"}\n,{\"c\":[{}]}],\"metadata\":{\"continue\":\"x\"}}\n",
	       "{\"a\":1}\n{\"b\":\"]}\\\"\"}\n{\"c\":[{}]}\n",
	       "{\"kind\":\"L\",\"items\":[],\"metadata\":{\"continue\":\"x\"}}");
	frames(" { \"metadata\" : {\"resourceVersion\":\"5\"} , \"items\" : [ {\"a\":1} ] } ", "{\"a\":1}\n",
	       "{ \"metadata\" : {\"resourceVersion\":\"5\"} , \"items\" :[] }");
	frames("{\"items\":[{}]}", "{}\n", "{\"items\":[]}");
}

static void test_framer_list_empty_and_null_items_are_no_items(void **state FC_UNUSED)
{
	frames("{\"items\":[],\"a\":1}", "", "{\"items\":[],\"a\":1}");
	frames("{\"items\": [ ] }", "", "{\"items\":[] }");
	frames("{\"a\":1,\"items\":null}", "", "{\"a\":1,\"items\":[]}");
	frames("{\"items\": null ,\"a\":1}", "", "{\"items\":[] ,\"a\":1}");
}

static void test_framer_list_is_not_misled_by_other_items(void **state FC_UNUSED)
{
	frames("{\"kind\":\"items\",\"metadata\":{\"items\":[{\"no\":1}],\"x\":[\"items\",{\"items\":[{}]}]},"
	       "\"itemsx\":[{}],"
	       "\"item\":[1],\"x\\\"items\":[2],\"items\":[{\"items\":[{\"yes\":1}]}]}",
	       "{\"items\":[{\"yes\":1}]}\n",
	       "{\"kind\":\"items\",\"metadata\":{\"items\":[{\"no\":1}],\"x\":[\"items\",{\"items\":[{}]}]},"
	       "\"itemsx\":[{}],"
	       "\"item\":[1],\"x\\\"items\":[2],\"items\":[]}");
}

static void test_framer_list_refuses_what_is_no_list(void **state FC_UNUSED)
{
	refuses(FC_FRAMER_LIST, "<html>", "where one should begin");
	refuses(FC_FRAMER_LIST, "{\"kind\":\"Status\",\"details\":{\"items\":[]}}", "no `items`");
	refuses(FC_FRAMER_LIST, "{\"items\":{}}", "no list");
	refuses(FC_FRAMER_LIST, "{\"items\":nul1}", "no list");
	refuses(FC_FRAMER_LIST, "{\"items\":[1]}", "between the items");
	refuses(FC_FRAMER_LIST, "{\"items\":[{},]}", "between the items");
	refuses(FC_FRAMER_LIST, "{\"items\":[,{}]}", "between the items");
	refuses(FC_FRAMER_LIST, "{\"items\":[{}{}]}", "between the items");
	refuses(FC_FRAMER_LIST, "{\"items\":[{}},{}]}", "between the items");
	refuses(FC_FRAMER_LIST, "{\"items\":[],\"items\":[]}", "two `items`");
	refuses(FC_FRAMER_LIST, "{\"items\":[]}{", "follows the list");
}

static void test_framer_list_cut_off_anywhere_is_an_error(void **state FC_UNUSED)
{
	static const char text[] = "{\"a\":{\"b\":[\"c\"]},\"items\":[{\"d\":\"e\"},{}],\"f\":null}";

	for (size_t len = 0; len < strlen(text); len++) {
		struct seen s;
		struct fc_error err = FC_ERROR_INIT;
		struct fc_framer *f = framer(FC_FRAMER_LIST, &s);

		assert_int_equal(feed(f, text, len, 3, &err), 0);
		assert_int_equal(fc_framer_end(f, &err), -1);
		assert_int_equal(err.cls, FC_ERR_PROTOCOL);
		finish(f, &s);
	}
}

static void test_framer_list_holds_neither_the_list_nor_a_huge_envelope(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf item = FC_BUF_INIT;
	struct seen s;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_framer *f = framer(FC_FRAMER_LIST, &s);

	big_event(&item, 2000);
	fc_buf_putc(&item, ',');
	assert_int_equal(fc_framer_feed(f, "{\"items\":[", 10, NULL), 0);
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(feed(f, item.data, item.len, 900, NULL), 0);
		fc_buf_clear(&s.text);
	}
	assert_int_equal(s.objects, 2000);
	assert_int_equal(fc_framer_feed(f, "{}],\"x\":\"", 9, NULL), 0);
	assert_true(fc_framer_peak_bytes(f) <= 8192);
	int rc = 0;
	for (int i = 0; i < 70 && rc == 0; i++)
		rc = feed(f, item.data, 1000, 1000, &err);
	assert_int_equal(rc, -1);
	assert_non_null(strstr(err.text, "64 KiB"));
	finish(f, &s);
}

static void test_framer_list_goes_on_after_an_unreadable_item(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
	struct seen s;
	struct fc_framer *f = framer(FC_FRAMER_LIST, &s);

	fc_buf_puts(&text, "{\"items\":[{\"a\":1},");
	deep_object(&text, 200);
	fc_buf_puts(&text, ",{\"b\":1}],\"metadata\":{}}");
	assert_int_equal(feed(f, text.data, text.len, 50, NULL), 0);
	assert_int_equal(fc_framer_end(f, NULL), 0);
	assert_int_equal(s.unreadable, 1);
	assert_string_equal(fc_buf_str(&s.text),
			    "{\"a\":1}\nunreadable {\"metadata\":{\"name\":\"deep\"},\"a\":[[[[[[[[\n{\"b\":1}\n");
	finish(f, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_framer_watch_splits_at_every_byte),
		cmocka_unit_test(test_framer_watch_ends_normally_in_mid_object),
		cmocka_unit_test(test_framer_watch_refuses_what_is_no_json_object_at_once),
		cmocka_unit_test(test_framer_hands_over_whole_objects_where_they_lie),
		cmocka_unit_test(test_framer_takes_an_event_of_one_mib_in_small_reads),
		cmocka_unit_test(test_framer_takes_4_mib_and_refuses_a_byte_more),
		cmocka_unit_test(test_framer_passes_over_an_endless_object_in_bounded_memory),
		cmocka_unit_test(test_framer_refuses_an_object_too_deep_and_goes_on),
		cmocka_unit_test(test_framer_and_decoder_agree_on_the_depth),
		cmocka_unit_test(test_framer_ends_when_the_callback_says_so),
		cmocka_unit_test(test_framer_says_when_memory_ends),
		cmocka_unit_test(test_framer_list_hands_over_items_wherever_they_stand),
		cmocka_unit_test(test_framer_list_empty_and_null_items_are_no_items),
		cmocka_unit_test(test_framer_list_is_not_misled_by_other_items),
		cmocka_unit_test(test_framer_list_refuses_what_is_no_list),
		cmocka_unit_test(test_framer_list_cut_off_anywhere_is_an_error),
		cmocka_unit_test(test_framer_list_holds_neither_the_list_nor_a_huge_envelope),
		cmocka_unit_test(test_framer_list_goes_on_after_an_unreadable_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
