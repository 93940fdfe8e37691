/* SPDX-License-Identifier: Apache-2.0 */
#include "model/uid.h"

#include "base/encode.h"

#include <stddef.h>
#include <string.h>

static bool is_dash_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

/* Upper-case digits mean the same UUID, and would come back as another text. */
static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse(const char *text, struct fc_digest *out)
{
	size_t digits = 0;

	if (strlen(text) != FC_UID_TEXT_BYTES - 1)
		return false;
	*out = (struct fc_digest){ { 0 } };
	for (size_t i = 0; text[i]; i++) {
		int digit = digit_of(text[i]);

		if (is_dash_place(i) != (text[i] == '-') || (digit < 0 && text[i] != '-'))
			return false;
		if (digit < 0)
			continue;
		out->bytes[digits / 2] |= (unsigned char)(digits % 2 ? digit : digit << 4);
		digits++;
	}
	return true;
}

struct fc_uid fc_uid_of(const char *text)
{
	struct fc_uid u = { .is_uuid = false };

	u.is_uuid = parse(text, &u.bits);
	if (!u.is_uuid)
		u.bits = fc_digest_bytes(text, strlen(text));
	return u;
}

bool fc_uid_equal(const struct fc_uid *a, const struct fc_uid *b)
{
	return a->is_uuid == b->is_uuid && fc_digest_equal(&a->bits, &b->bits);
}

bool fc_uid_text(const struct fc_uid *u, char out[FC_UID_TEXT_BYTES])
{
	char digits[2 * sizeof(u->bits.bytes) + 1];

	if (!u->is_uuid)
		return false;
	fc_hex(u->bits.bytes, sizeof(u->bits.bytes), digits);
	for (size_t i = 0, from = 0; i < FC_UID_TEXT_BYTES; i++)
		out[i] = is_dash_place(i) ? '-' : digits[from++];
	return true;
}
