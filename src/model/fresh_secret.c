/* SPDX-License-Identifier: Apache-2.0 */
#include "model/fresh_secret.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"

#include <string.h>

/* NULL: failed. */
static json_t *password(struct fc_error *err)
{
	char *text = fc_xcalloc(1, FC_FRESH_SECRET_LETTERS), *encoded;
	json_t *value = NULL;

	if (fc_random_letters(text, FC_FRESH_SECRET_LETTERS, err) == 0) {
		encoded = fc_base64_encode(text, FC_FRESH_SECRET_LETTERS);
		value = json_string(encoded);
		fc_free_secret(encoded, strlen(encoded));
	}
	fc_free_secret(text, FC_FRESH_SECRET_LETTERS);
	return value;
}

static bool is_mark(const json_t *value)
{
	return json_is_string(value) && strcmp(json_string_value(value), FC_FRESH_SECRET_MARK) == 0;
}

static int make_in(json_t *value, struct fc_error *err, int (*each)(json_t *body, struct fc_error *err))
{
	return json_is_object(value) || json_is_array(value) ? each(value, err) : 0;
}

int fc_fresh_secrets_make(json_t *body, struct fc_error *err)
{
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach(body, i, value)
		if (make_in(value, err, fc_fresh_secrets_make) < 0)
			return -1;
	json_object_foreach(body, key, value) {
		if (is_mark(value)) {
			json_t *fresh = password(err);

			if (!fresh)
				return -1;
			/* The key stays: what is gone through does not change. */
			json_object_set_new(body, key, fresh);
		} else if (make_in(value, err, fc_fresh_secrets_make) < 0) {
			return -1;
		}
	}
	return 0;
}
