/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_keys - a key pair, made when the driver starts, and texts in which $CRT and $KEY stand for it.
 * Owns:    the pair, until the process ends.
 * Threads: one.
 * Fails:   by abort.
 * Source:  OpenSSL; no key lies in the repository, and none expires there. */
#ifndef FC_TESTS_FUZZ_KEYS_H
#define FC_TESTS_FUZZ_KEYS_H

#include "base/buf.h"
#include "base/encode.h"
#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

struct fuzz_keys {
	char *certificate, *key;	   /* PEM */
	char *certificate_word, *key_word; /* what $CRT and $KEY stand for: base64, as kubeconfigs have it */
};

static inline char *fuzz_take_bio(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *text = fc_xstrndup(data, (size_t)len);

	BIO_free(bio);
	return text;
}

static inline void fuzz_keys_make(struct fuzz_keys *k)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *certificate_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());

	FUZZ_CHECK(key && x);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	FUZZ_CHECK(X509_sign(x, key, EVP_sha256()) > 0);
	FUZZ_CHECK(PEM_write_bio_X509(certificate_bio, x) == 1);
	FUZZ_CHECK(PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1);
	X509_free(x);
	EVP_PKEY_free(key);
	k->certificate = fuzz_take_bio(certificate_bio);
	k->key = fuzz_take_bio(key_bio);
	k->certificate_word = fc_base64_encode(k->certificate, strlen(k->certificate));
	k->key_word = fc_base64_encode(k->key, strlen(k->key));
}

/* The caller frees. */
static inline char *fuzz_keys_fill(const struct fuzz_keys *k, const char *text)
{
	struct fc_buf out = FC_BUF_INIT;

	while (*text) {
		size_t len = strcspn(text, "$");
		fc_buf_append(&out, text, len);
		text += len;
		if (strncmp(text, "$CRT", 4) == 0 || strncmp(text, "$KEY", 4) == 0) {
			fc_buf_puts(&out, text[1] == 'C' ? k->certificate_word : k->key_word);
			text += 4;
		} else if (*text) {
			fc_buf_putc(&out, *text++);
		}
	}
	return fc_buf_steal(&out);
}

#endif
