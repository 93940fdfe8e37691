/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event_record.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include <string.h>

static void expect_note(const char *text, const char *end, const char *want)
{
	FC_AUTO_FREE char *note = fc_event_note(text, end);

	assert_string_equal(note, want);
}

static void test_note_is_text_and_end(void **state FC_UNUSED)
{
	expect_note("data from hub/secrets/shop/cert: no", "", "data from hub/secrets/shop/cert: no");
	expect_note("data: no", " (and 2 more)", "data: no (and 2 more)");
	expect_note("", "", "");
}

/* `count` times `character`, behind `shift` bytes of something else. */
static char *long_text(const char *character, size_t count, size_t shift)
{
	size_t bytes = strlen(character);
	char *text = fc_xcalloc(shift + count * bytes + 1, 1);

	memset(text, '-', shift);
	for (size_t i = 0; i < count; i++)
		memcpy(text + shift + i * bytes, character, bytes);
	return text;
}

static void test_note_is_cut_at_a_character_and_keeps_its_end(void **state FC_UNUSED)
{
	static const char *const characters[] = { "x", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x90\x8C" };

	/* 10.1: 1024 bytes. Wherever in a character the limit falls. */
	for (size_t c = 0; c < FC_ARRAY_LEN(characters); c++) {
		for (size_t shift = 0; shift < 4; shift++) {
			FC_AUTO_FREE char *text = long_text(characters[c], 1100, shift);
			FC_AUTO_FREE char *note = fc_event_note(text, " (and 2 more)");
			size_t len = strlen(note);

			assert_in_range(len, FC_EVENT_NOTE_BYTES - 3, FC_EVENT_NOTE_BYTES);
			assert_string_equal(note + len - 16, "... (and 2 more)");
			assert_memory_equal(note, text, len - 16);
			json_t *valid = json_string(note);
			assert_non_null(valid);
			json_decref(valid);
		}
	}
}

static void test_note_of_just_the_length_is_not_cut(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *text = long_text("x", FC_EVENT_NOTE_BYTES, 0);

	expect_note(text, "", text);
	FC_AUTO_FREE char *note = fc_event_note(text, "y");
	assert_int_equal(strlen(note), FC_EVENT_NOTE_BYTES);
	assert_string_equal(note + FC_EVENT_NOTE_BYTES - 5, "x...y");
}

static void test_note_holds_nothing_but_characters_that_can_be_shown(void **state FC_UNUSED)
{
	expect_note("a\nb\tc\x7F"
		    "d",
		    "", "a b c d");
	expect_note("a\xC2\x9B"
		    "b",
		    "", "a b");
	/* Alone, cut, overlong, a surrogate, beyond the last. */
	expect_note("a\xFF"
		    "b\x80",
		    "\xC3", "a?b??");
	expect_note("\xC0\xAF", "", "??");
	expect_note("\xE0\x80\xAF", "", "???");
	expect_note("\xED\xA0\x80", "", "???");
	expect_note("\xF0\x80\x80\xAF", "", "????");
	expect_note("\xF4\x90\x80\x80", "", "????");
	expect_note("\xE2\x82", "", "??");
	expect_note("\xF0\x9F\x90", "", "???");
}

static void test_record_frees_what_it_holds(void **state FC_UNUSED)
{
	struct fc_event_record *r = fc_event_record_new();

	r->note = fc_xstrdup("note");
	r->regarding = (struct fc_object_reference){ .api_version = fc_xstrdup("v1"),
						     .kind = fc_xstrdup("Secret"),
						     .namespace_ = fc_xstrdup("shop"),
						     .name = fc_xstrdup("web"),
						     .uid = fc_xstrdup("u"),
						     .resource_version = fc_xstrdup("7") };
	r->related.name = fc_xstrdup("cert");
	fc_event_record_free(r);
	fc_event_record_free(NULL);
}

static void test_record_types_are_those_of_kubernetes(void **state FC_UNUSED)
{
	assert_string_equal(fc_record_type_name(FC_RECORD_NORMAL), "Normal");
	assert_string_equal(fc_record_type_name(FC_RECORD_WARNING), "Warning");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note_is_text_and_end),
		cmocka_unit_test(test_note_is_cut_at_a_character_and_keeps_its_end),
		cmocka_unit_test(test_note_of_just_the_length_is_not_cut),
		cmocka_unit_test(test_note_holds_nothing_but_characters_that_can_be_shown),
		cmocka_unit_test(test_record_frees_what_it_holds),
		cmocka_unit_test(test_record_types_are_those_of_kubernetes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
