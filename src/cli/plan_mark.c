/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plan_mark.h"

#include "base/encode.h"
#include "base/mem.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <string.h>

int fc_plan_key_make(struct fc_plan_key *key, struct fc_error *err)
{
	if (RAND_bytes(key->bytes, sizeof(key->bytes)) == 1)
		return 0;
	return fc_error_set(err, FC_ERR_INTERNAL, "no random bytes for a key");
}

void fc_plan_key_wipe(struct fc_plan_key *key)
{
	OPENSSL_cleanse(key->bytes, sizeof(key->bytes));
}

void fc_plan_mark(const struct fc_plan_key *key, const json_t *value, struct fc_plan_mark *out)
{
	/* With its quotes: the string "1" is not the number. */
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	size_t len = text ? strlen(text) : 0;
	unsigned char hmac[FC_SHA256_BYTES];

	if (!text)
		abort(); /* out of memory, as in base/mem.h */
	fc_hmac_sha256(key->bytes, sizeof(key->bytes), text, len, hmac);
	fc_hex(hmac, FC_PLAN_MARK_DIGITS / 2, out->hmac);
	out->bytes = json_is_string(value) ? json_string_length(value) : len;
	fc_free_secret(text, len);
}
