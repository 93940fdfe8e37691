/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/self_signed.h"

#include "base/mem.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <stdbool.h>
#include <string.h>

#define YEAR_SECONDS (365L * 24 * 3600)
/* Clocks of containers and hosts differ. */
#define EARLIER_SECONDS 3600L

static bool extend(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	bool done = e && X509_add_ext(certificate, e, -1) == 1;
	X509_EXTENSION_free(e);
	return done;
}

static bool number(X509 *certificate)
{
	uint64_t serial;

	if (RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
		return false;
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1;
}

static bool fill(X509 *c, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(c);

	return X509_set_version(c, X509_VERSION_3) == 1 && number(c) &&
	       X509_gmtime_adj(X509_getm_notBefore(c), -EARLIER_SECONDS) &&
	       X509_gmtime_adj(X509_getm_notAfter(c), YEAR_SECONDS) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0) ==
		       1 &&
	       X509_set_issuer_name(c, name) == 1 && X509_set_pubkey(c, key) == 1 &&
	       extend(c, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
	       extend(c, NID_ext_key_usage, "serverAuth") &&
	       extend(c, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
	       X509_sign(c, key, EVP_sha256()) > 0;
}

/* What stands in the memory of `bio`, as a string. */
static char *text_of(BIO *bio)
{
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);

	return fc_xstrndup(bytes, (size_t)len);
}

int fc_self_signed_make(char **cert_pem, char **key_pem, struct fc_error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	/* Overwritten when freed. */
	BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_secmem());
	bool made = key && certificate && cert_bio && key_bio && fill(certificate, key) &&
		    PEM_write_bio_X509(cert_bio, certificate) == 1 &&
		    PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1;

	if (made) {
		*cert_pem = text_of(cert_bio);
		*key_pem = text_of(key_bio);
	}
	BIO_free(cert_bio);
	BIO_free(key_bio);
	X509_free(certificate);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return made ? 0 : fc_error_set(err, FC_ERR_TLS, "OpenSSL cannot make a certificate of its own");
}
