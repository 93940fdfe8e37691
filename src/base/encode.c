/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits.h>
#include <stdbool.h>
#include <string.h>

struct fc_sha256 {
	EVP_MD_CTX *ctx;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_base64_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* Copies `text` without white space to `out`; returns its length, or -1 when it is not padded base64. OpenSSL's decoder
 * alone would take padding in the middle and count padding bytes as content. */
static long compact(const char *text, char *out, int *padding)
{
	size_t len = 0;

	*padding = 0;
	for (; *text; text++) {
		if (is_space(*text))
			continue;
		if (*text == '=')
			++*padding;
		else if (!is_base64_digit(*text) || *padding)
			return -1;
		out[len++] = *text;
	}
	return len % 4 || *padding > 2 ? -1 : (long)len;
}

/* The error never quotes the text: most of what is decoded are keys and tokens. */
int fc_base64_decode(const char *text, char **out, size_t *out_bytes, struct fc_error *err)
{
	size_t text_bytes = strlen(text);
	int padding, decoded = -1;

	if (text_bytes > INT_MAX)
		return fc_error_set(err, FC_ERR_LIMIT, "base64 of %zu bytes is too large", text_bytes);
	char *digits = fc_try_realloc(NULL, text_bytes + 1);
	char *bytes = digits ? fc_try_realloc(NULL, text_bytes / 4 * 3 + 4) : NULL;
	if (!bytes) {
		free(digits);
		return fc_error_set(err, FC_ERR_MEMORY, "no memory to decode %zu bytes of base64", text_bytes);
	}
	long len = compact(text, digits, &padding);
	if (len == 0)
		decoded = 0;
	else if (len > 0)
		decoded = EVP_DecodeBlock((unsigned char *)bytes, (unsigned char *)digits, (int)len);
	fc_free_secret(digits, text_bytes);
	if (decoded < 0) {
		free(bytes);
		return fc_error_set(err, FC_ERR_INVALID,
				    "malformed base64 (standard alphabet, padded to a multiple of 4)");
	}
	*out_bytes = (size_t)(decoded - padding);
	bytes[*out_bytes] = '\0';
	*out = bytes;
	return 0;
}

char *fc_base64_encode(const void *bytes, size_t len)
{
	/* OpenSSL counts in int; pieces of a multiple of 3 bytes join without padding between them. */
	enum { PIECE_BYTES = 3 << 20 };
	const unsigned char *in = bytes;
	char *out = fc_xrealloc(NULL, len / 3 * 4 + 4 + 1), *end = out;

	*out = '\0';
	while (len) {
		size_t piece = len < PIECE_BYTES ? len : PIECE_BYTES;
		end += EVP_EncodeBlock((unsigned char *)end, in, (int)piece);
		in += piece;
		len -= piece;
	}
	return out;
}

/* SHA-256 fails only where OpenSSL itself is out of order; a hash that is not one must not be used. */
static void must(int ok)
{
	if (!ok)
		abort();
}

struct fc_sha256 *fc_sha256_new(void)
{
	struct fc_sha256 *h = fc_xcalloc(1, sizeof(*h));

	h->ctx = EVP_MD_CTX_new();
	must(h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL));
	return h;
}

void fc_sha256_add(struct fc_sha256 *h, const void *bytes, size_t len)
{
	must(EVP_DigestUpdate(h->ctx, bytes, len));
}

void fc_sha256_finish(struct fc_sha256 *h, unsigned char out[FC_SHA256_BYTES])
{
	must(EVP_DigestFinal_ex(h->ctx, out, NULL));
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void fc_hmac_sha256(const void *key, size_t key_bytes, const void *bytes, size_t len,
		    unsigned char out[FC_SHA256_BYTES])
{
	must(key_bytes <= INT_MAX && HMAC(EVP_sha256(), key, (int)key_bytes, bytes, len, out, NULL) != NULL);
}

void fc_hex(const void *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = bytes;

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 0xF];
	}
	*out = '\0';
}
