/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/pem.h"

#include "base/mem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <time.h>

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void free_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static BIO *open_text(const char *pem, struct fc_error *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);

	if (!bio)
		fc_error_set(err, FC_ERR_MEMORY, "no memory to read a certificate or key");
	return bio;
}

/* Stands where OpenSSL would ask the terminal; `user` learns that the text is encrypted. */
static int refuse_password(char *buf FC_UNUSED, int size FC_UNUSED, int writing FC_UNUSED, void *user)
{
	bool *asked = user;

	*asked = true;
	return -1;
}

/* OpenSSL's queue of errors is emptied at every end: libcurl, on the same thread, would take a stale one for its
 * own. */
int fc_pem_check_certificates(const char *pem, struct fc_error *err)
{
	FC_CLEANUP(free_bio) BIO *bio = open_text(pem, err);
	bool asked = false;
	int count = 0;

	if (!bio)
		return -1;
	for (;;) {
		X509 *certificate = PEM_read_bio_X509(bio, NULL, refuse_password, &asked);
		if (!certificate)
			break;
		X509_free(certificate);
		count++;
	}
	bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	if (!at_end)
		return fc_error_set(err, FC_ERR_CONFIG, "certificate %d cannot be read: it is damaged or cut off",
				    count + 1);
	if (count == 0)
		return fc_error_set(err, FC_ERR_CONFIG,
				    "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
	return 0;
}

static EVP_PKEY *read_key(const char *pem, struct fc_error *err)
{
	FC_CLEANUP(free_bio) BIO *bio = open_text(pem, err);
	bool asked = false;

	if (!bio)
		return NULL;
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, &asked);
	ERR_clear_error();
	if (!key && asked)
		fc_error_set(err, FC_ERR_CONFIG, "the private key is encrypted; store it without a password");
	else if (!key)
		fc_error_set(err, FC_ERR_CONFIG, "holds no private key in PEM form that can be read");
	return key;
}

int fc_pem_check_key(const char *pem, struct fc_error *err)
{
	FC_CLEANUP(free_key) EVP_PKEY *key = read_key(pem, err);

	return key ? 0 : -1;
}

int fc_pem_check_pair(const char *certificate_pem, const char *key_pem, struct fc_error *err)
{
	FC_CLEANUP(free_bio) BIO *bio = open_text(certificate_pem, err);
	FC_CLEANUP(free_key) EVP_PKEY *key = bio ? read_key(key_pem, err) : NULL;
	bool asked = false;

	if (!key)
		return -1;
	FC_CLEANUP(free_certificate) X509 *certificate = PEM_read_bio_X509(bio, NULL, refuse_password, &asked);
	int matches = certificate && X509_check_private_key(certificate, key) == 1;
	ERR_clear_error();
	if (!matches)
		return fc_error_set(err, FC_ERR_CONFIG, "the private key is not that of the (first) certificate");
	return 0;
}

int64_t fc_pem_expires_ms(const char *pem)
{
	FC_CLEANUP(free_bio) BIO *bio = open_text(pem, NULL);
	struct tm tm = { 0 };
	bool asked = false;

	if (!bio)
		return 0;
	FC_CLEANUP(free_certificate) X509 *certificate = PEM_read_bio_X509(bio, NULL, refuse_password, &asked);
	bool known = certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1;
	ERR_clear_error();
	return known ? (int64_t)timegm(&tm) * 1000 : 0;
}
