/* SPDX-License-Identifier: Apache-2.0 */
/* fixture - a folder of its own for each test, with files, key pairs and kubeconfigs in it.
 * Owns:    the folder, removed by fixture_free with all that lies in it; strings of _path and _base64 until then.
 * Threads: one.
 * Fails:   the test.
 * Source:  key pairs are made with OpenSSL at run time, so that none lies in the repository and none expires there. */
#ifndef FC_TESTS_FIXTURE_H
#define FC_TESTS_FIXTURE_H

#include "base/encode.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	char folder[64];
	char *strings[2048]; /* freed at the end */
	size_t count;
};

static inline char *fixture_keep(struct fixture *f, char *s)
{
	assert_true(f->count < FC_ARRAY_LEN(f->strings));
	f->strings[f->count++] = s;
	return s;
}

static inline struct fixture *fixture_new(void)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/fedcopy-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	/* What the machine of the developer says must not be in the game. */
	unsetenv("KUBECONFIG");
	unsetenv("KUBERNETES_SERVICE_HOST");
	unsetenv("KUBERNETES_SERVICE_PORT");
	unsetenv("POD_NAMESPACE");
	setenv("HOME", f->folder, 1);
	return f;
}

static inline int fixture_remove(const char *path, const struct stat *st FC_UNUSED, int type FC_UNUSED,
				 struct FTW *ftw FC_UNUSED)
{
	return remove(path);
}

static inline void fixture_free(struct fixture *f)
{
	nftw(f->folder, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
	for (size_t i = 0; i < f->count; i++)
		free(f->strings[i]);
	free(f);
}

static inline const char *fixture_path(struct fixture *f, const char *name)
{
	return fixture_keep(f, fc_xasprintf("%s/%s", f->folder, name));
}

/* Writes a file below the folder, folders on the way included; returns its path. */
static inline const char *fixture_write(struct fixture *f, const char *name, const char *text)
{
	const char *path = fixture_path(f, name);

	for (char *slash = strchr(path + strlen(f->folder) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static inline const char *fixture_base64(struct fixture *f, const char *text)
{
	return fixture_keep(f, fc_base64_encode(text, strlen(text)));
}

static inline const char *fixture_bio(struct fixture *f, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	char *text = fixture_keep(f, fc_xstrndup(data, (size_t)len));
	BIO_free(bio);
	return text;
}

/* A self-signed certificate and its key; with `password` the key is encrypted. */
static inline void fixture_pair_with(struct fixture *f, const char **certificate_pem, const char **key_pem,
				     const char *password)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();

	assert_true(key && x);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1,
				   0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	BIO *certificate_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509(certificate_bio, x), 1);
	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(key_bio, key, password ? EVP_aes_128_cbc() : NULL, password,
						       password ? (int)strlen(password) : 0, NULL, NULL),
			 1);
	*certificate_pem = fixture_bio(f, certificate_bio);
	*key_pem = fixture_bio(f, key_bio);
	X509_free(x);
	EVP_PKEY_free(key);
}

static inline void fixture_pair(struct fixture *f, const char **certificate_pem, const char **key_pem)
{
	fixture_pair_with(f, certificate_pem, key_pem, NULL);
}

#define assert_contains(text, part)                                                 \
	do {                                                                        \
		if (!strstr((text), (part)))                                        \
			fail_msg("\"%s\" does not contain \"%s\"", (text), (part)); \
	} while (0)
#define assert_lacks(text, part)                                            \
	do {                                                                \
		if (strstr((text), (part)))                                 \
			fail_msg("\"%s\" contains \"%s\"", (text), (part)); \
	} while (0)

#endif
