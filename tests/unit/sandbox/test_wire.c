/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/wire.h"

#include "recorded.h"

static struct sb_wire wire(const char *bytes, size_t len)
{
	return sb_wire_of(bytes, len);
}
#define WIRE(bytes) wire(bytes, sizeof(bytes) - 1)

static void numbers_have_seven_bits_in_a_byte(void **state FC_UNUSED)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint64_t number;
	} rows[] = {
		{ "\0", 1, 0 },		{ "\x7f", 1, 127 },
		{ "\x80\x01", 2, 128 }, { "\xac\x02", 2, 300 },
		{ "\x80\x80\0", 3, 0 }, { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, UINT64_MAX },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct sb_wire w = wire(rows[i].bytes, rows[i].len);
		uint64_t number = 1;

		assert_int_equal(sb_wire_varint(&w, &number, NULL), 0);
		assert_true(number == rows[i].number);
		assert_ptr_equal(w.at, w.end);
	}
}

static void a_double_is_eight_bytes(void **state FC_UNUSED)
{
	struct sb_wire w = WIRE("\0\0\0\0\0\0\x04\x40tail"), early = WIRE("\0\0\0\0\0\0\x04");
	struct fc_error err = FC_ERROR_INIT;
	double number;

	assert_int_equal(sb_wire_double(&w, &number, &err), 0);
	assert_true(number == 2.5);
	assert_int_equal(w.end - w.at, 4);
	assert_int_equal(sb_wire_double(&early, &number, &err), -1);
	assert_string_equal(err.text, "unexpected EOF");
}

static void a_piece_is_as_long_as_it_says(void **state FC_UNUSED)
{
	struct sb_wire w = WIRE("\x03"
				"abcd"),
		       piece;

	assert_int_equal(sb_wire_piece(&w, &piece, NULL), 0);
	assert_int_equal(piece.end - piece.at, 3);
	assert_memory_equal(piece.at, "abc", 3);
	assert_int_equal(w.end - w.at, 1);
}

static void a_key_is_a_number_and_a_type(void **state FC_UNUSED)
{
	struct sb_wire w = WIRE("\x9a\x06");
	enum sb_wire_type type;
	uint32_t number;

	assert_int_equal(sb_wire_key(&w, "M", &number, &type, NULL), 0);
	assert_int_equal(number, 99);
	assert_int_equal(type, SB_WIRE_PIECE);
}

static void values_of_any_type_are_passed_over(void **state FC_UNUSED)
{
	static const struct {
		enum sb_wire_type type;
		const char *bytes;
		size_t len;
	} rows[] = {
		{ SB_WIRE_VARINT, "\xff\x01", 2 },
		{ SB_WIRE_FIXED64, "12345678", 8 },
		{ SB_WIRE_FIXED32, "1234", 4 },
		{ SB_WIRE_PIECE, "\x02xy", 3 },
		{ SB_WIRE_GROUP, "\x0a\x01x\x13\x08\x05\x14\x9c\x06", 9 },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct sb_wire w = wire(rows[i].bytes, rows[i].len), early = wire(rows[i].bytes, rows[i].len - 1);
		struct fc_error err = FC_ERROR_INIT;

		assert_int_equal(sb_wire_skip(&w, rows[i].type, &err), 0);
		assert_ptr_equal(w.at, w.end);
		assert_int_equal(sb_wire_skip(&early, rows[i].type, &err), -1);
		assert_string_equal(err.text, "unexpected EOF");
	}
}

static void damage_is_named_as_the_real_server_does(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	enum sb_wire_type type;
	struct sb_wire w, piece;
	uint64_t n;
	uint32_t number;

	w = WIRE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	assert_int_equal(sb_wire_varint(&w, &n, &err), -1);
	assert_string_equal(err.text, "proto: integer overflow");
	w = WIRE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	assert_int_equal(sb_wire_piece(&w, &piece, &err), -1);
	assert_string_equal(err.text, "proto: negative length found during unmarshaling");
	w = WIRE("\x02");
	assert_int_equal(sb_wire_key(&w, "M", &number, &type, &err), -1);
	assert_string_equal(err.text, "proto: M: illegal tag 0 (wire type 2)");
	w = WIRE("\x0c");
	assert_int_equal(sb_wire_key(&w, "M", &number, &type, &err), -1);
	assert_string_equal(err.text, "proto: M: wiretype end group for non-group");
	w = WIRE("");
	assert_int_equal(sb_wire_skip(&w, (enum sb_wire_type)6, &err), -1);
	assert_string_equal(err.text, "proto: illegal wireType 6");
}

static void groups_in_groups_come_to_an_end(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	char deep[400];

	memset(deep, '\x0b', sizeof(deep));
	struct sb_wire w = sb_wire_of(deep, sizeof(deep));
	assert_int_equal(sb_wire_skip(&w, SB_WIRE_GROUP, &err), -1);
	assert_int_equal(err.cls, FC_ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_seven_bits_in_a_byte),
		cmocka_unit_test(a_double_is_eight_bytes),
		cmocka_unit_test(a_piece_is_as_long_as_it_says),
		cmocka_unit_test(a_key_is_a_number_and_a_type),
		cmocka_unit_test(values_of_any_type_are_passed_over),
		cmocka_unit_test(damage_is_named_as_the_real_server_does),
		cmocka_unit_test(groups_in_groups_come_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
