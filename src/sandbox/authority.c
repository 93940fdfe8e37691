/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/authority.h"

#include "base/mem.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string.h>

#define HOUR_SECONDS 3600L
#define YEAR_SECONDS (365 * 24 * HOUR_SECONDS)
#define LOOPBACK_NAMES "DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:::1"

/* A key and a certificate that speaks for it. */
struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

struct sb_authority {
	char *pem;
	SSL_CTX *own, *other;
};

static int refuse(struct fc_error *err, const char *what)
{
	char why[256];

	ERR_error_string_n(ERR_get_error(), why, sizeof(why));
	ERR_clear_error();
	return fc_error_set(err, FC_ERR_TLS, "OpenSSL cannot make %s: %s", what, why);
}

static void identity_fini(struct identity *i)
{
	EVP_PKEY_free(i->key);
	X509_free(i->certificate);
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	bool added = e && X509_add_ext(certificate, e, -1) == 1;
	X509_EXTENSION_free(e);
	return added;
}

/* Random: two runs' certificates of one name must not share a number (RFC 5280, 4.1.2.2). */
static bool set_serial(X509 *certificate)
{
	unsigned char bytes[16];
	bool set = false;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (bytes[0] & 0x3f) | 0x40; /* positive, and of full length */
	BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	if (number)
		set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
	BN_free(number);
	return set;
}

static bool set_names(X509 *certificate, const char *name, const X509 *issuer)
{
	X509_NAME *subject = X509_get_subject_name(certificate);

	if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) != 1)
		return false;
	return X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject) == 1;
}

static bool extend_authority(X509 *c)
{
	return add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE") &&
	       add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(c, c, NID_subject_key_identifier, "hash");
}

static bool extend_server(X509 *c, X509 *issuer)
{
	return add_extension(c, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(c, issuer, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(c, issuer, NID_ext_key_usage, "serverAuth") &&
	       add_extension(c, issuer, NID_authority_key_identifier, "keyid") &&
	       add_extension(c, issuer, NID_subject_alt_name, LOOPBACK_NAMES);
}

/* `issuer` NULL: an authority, signed by itself. */
static bool make(struct identity *out, const char *name, const struct identity *issuer)
{
	out->key = EVP_EC_gen("P-256");
	out->certificate = X509_new();
	X509 *c = out->certificate;
	if (!out->key || !c || X509_set_version(c, X509_VERSION_3) != 1 || !set_serial(c))
		return false;
	/* An hour back: clocks of containers and hosts differ. */
	if (!X509_gmtime_adj(X509_getm_notBefore(c), -HOUR_SECONDS) ||
	    !X509_gmtime_adj(X509_getm_notAfter(c), YEAR_SECONDS))
		return false;
	if (!set_names(c, name, issuer ? issuer->certificate : NULL) || X509_set_pubkey(c, out->key) != 1)
		return false;
	if (issuer ? !extend_server(c, issuer->certificate) : !extend_authority(c))
		return false;
	return X509_sign(c, issuer ? issuer->key : out->key, EVP_sha256()) > 0;
}

static int choose_protocol(SSL *ssl FC_UNUSED, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *in, unsigned in_len, void *user FC_UNUSED)
{
	static const unsigned char h2[] = { 2, 'h', '2' };
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, out_len, h2, sizeof(h2), in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(const struct identity *server)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context)
		return NULL;
	/* Memory is for objects: a connection at rest keeps neither buffers nor a session to resume. */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_use_certificate(context, server->certificate) == 1 &&
	    SSL_CTX_use_PrivateKey(context, server->key) == 1)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

static char *print_certificate(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *pem = NULL;

	if (bio && PEM_write_bio_X509(bio, certificate) == 1) {
		long len = BIO_get_mem_data(bio, &bytes);
		pem = fc_xstrndup(bytes, (size_t)len);
	}
	BIO_free(bio);
	return pem;
}

/* A new authority and one server of it; the authority's key is forgotten. `pem` NULL: not asked for. */
static SSL_CTX *new_servers(char **pem)
{
	struct identity authority = { 0 }, server = { 0 };
	SSL_CTX *context = NULL;

	if (make(&authority, "fedcopy-sandbox-ca", NULL) && make(&server, "fedcopy-sandbox", &authority))
		context = new_context(&server);
	if (context && pem)
		*pem = print_certificate(authority.certificate);
	identity_fini(&authority);
	identity_fini(&server);
	return context;
}

struct sb_authority *sb_authority_new(struct fc_error *err)
{
	struct sb_authority *a = fc_xcalloc(1, sizeof(*a));

	a->own = new_servers(&a->pem);
	a->other = new_servers(NULL);
	if (a->own && a->other && a->pem)
		return a;
	refuse(err, "the certificates of this run");
	sb_authority_free(a);
	return NULL;
}

void sb_authority_free(struct sb_authority *a)
{
	if (!a)
		return;
	SSL_CTX_free(a->own);
	SSL_CTX_free(a->other);
	free(a->pem);
	free(a);
}

const char *sb_authority_pem(const struct sb_authority *a)
{
	return a->pem;
}

SSL_CTX *sb_authority_context(const struct sb_authority *a)
{
	return a->own;
}

SSL_CTX *sb_authority_other_context(const struct sb_authority *a)
{
	return a->other;
}
