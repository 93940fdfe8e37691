/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/token.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"
#include "json/decode.h"

#include <string.h>

static const char white_space[] = " \t\r\n\v\f";

int fc_token_trim(const char *text, char **out, struct fc_error *err)
{
	const char *begin = text + strspn(text, white_space);
	size_t len = strlen(begin);

	while (len > 0 && strchr(white_space, begin[len - 1]))
		len--;
	if (len == 0)
		return fc_error_set(err, FC_ERR_CONFIG, "the token is empty");
	if (len > FC_TOKEN_MAX_BYTES)
		return fc_error_set(err, FC_ERR_CONFIG, "the token is longer than %d bytes", FC_TOKEN_MAX_BYTES);
	for (size_t i = 0; i < len; i++)
		if (begin[i] <= ' ' || begin[i] >= 0x7F)
			return fc_error_set(err, FC_ERR_CONFIG,
					    "the token holds white space or characters that no token has");
	*out = fc_xstrndup(begin, len);
	return 0;
}

int fc_token_read_file(const char *path, char **out, struct fc_error *err)
{
	char *text = NULL;
	size_t bytes = 0;

	if (fc_file_read(path, FC_TOKEN_MAX_BYTES + 256, &text, &bytes, err) < 0)
		return -1;
	int rc;
	if (strlen(text) != bytes)
		rc = fc_error_set(err, FC_ERR_CONFIG, "the token holds a zero byte");
	else
		rc = fc_token_trim(text, out, err);
	fc_free_secret(text, bytes);
	return rc < 0 ? fc_error_wrap(err, "%s", path) : 0;
}

/* The second of three parts, as base64 of the usual alphabet with its padding (RFC 7515 section 2); NULL where the
 * token is no JSON Web Token. */
static char *payload_of(const char *token)
{
	const char *begin = strchr(token, '.');
	const char *end = begin ? strchr(begin + 1, '.') : NULL;

	if (!end || strchr(end + 1, '.'))
		return NULL;
	size_t len = (size_t)(end - ++begin), padded = (len + 3) / 4 * 4;
	char *text = fc_try_realloc(NULL, padded + 1);
	if (!text)
		return NULL;
	memset(text, '=', padded);
	for (size_t i = 0; i < len; i++)
		text[i] = begin[i] == '-' ? '+' : begin[i] == '_' ? '/' : begin[i];
	text[padded] = '\0';
	return text;
}

int64_t fc_token_expires_ms(const char *token)
{
	/* Above it, milliseconds do not fit: the year 292 million. */
	const double most_s = (double)(INT64_MAX / 1000 - 1000);
	char *text = payload_of(token), *json = NULL;
	size_t bytes = 0;
	double expires_s = 0;

	if (!text)
		return 0;
	if (fc_base64_decode(text, &json, &bytes, NULL) == 0) {
		json_auto_t *claims = fc_decode(json, bytes, NULL);
		const json_t *claim = json_object_get(claims, "exp");
		expires_s = json_is_number(claim) ? json_number_value(claim) : 0;
		fc_free_secret(json, bytes);
	}
	fc_free_secret(text, strlen(text));
	return expires_s > 0 && expires_s < most_s ? (int64_t)expires_s * 1000 : 0;
}
