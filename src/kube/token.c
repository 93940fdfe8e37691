/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/token.h"

#include "base/file.h"
#include "base/mem.h"

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
