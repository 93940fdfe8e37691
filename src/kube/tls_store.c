/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/tls_store.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/pem.h"

#include <string.h>

static void forget(char *text)
{
	if (text)
		fc_free_secret(text, strlen(text));
}

/* Takes over `text`. */
static void replace(struct fc_tls_text *t, char *text)
{
	forget(t->before);
	t->before = t->now;
	t->now = text;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

void fc_tls_store_init(struct fc_tls_store *s, const struct fc_access *access)
{
	*s = (struct fc_tls_store){ .access = access };
	s->ca.now = fc_xstrdup_null(access->ca_pem);
	s->cert.now = fc_xstrdup_null(access->cert_pem);
	s->key.now = fc_xstrdup_null(access->key_pem);
}

void fc_tls_store_fini(struct fc_tls_store *s)
{
	struct fc_tls_text *const texts[] = { &s->ca, &s->cert, &s->key };

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		forget(texts[i]->now);
		forget(texts[i]->before);
		*texts[i] = (struct fc_tls_text){ .now = NULL };
	}
}

bool fc_tls_store_has_files(const struct fc_tls_store *s)
{
	return s->access->ca_file || s->access->cert_file || s->access->key_file;
}

/* Of the file, or, where there is none, what is in force. */
static int read_text(const char *path, const char *in_force, int (*check)(const char *pem, struct fc_error *err),
		     char **out, struct fc_error *err)
{
	size_t bytes = 0;

	if (!path) {
		*out = fc_xstrdup_null(in_force);
		return 0;
	}
	if (fc_file_read(path, FC_PEM_MAX_BYTES, out, &bytes, err) < 0)
		return -1;
	return check(*out, err) < 0 ? fc_error_wrap(err, "%s", path) : 0;
}

static void note_failure(const struct fc_tls_store *s, bool *failing, const char *message, const struct fc_error *why)
{
	if (!*failing)
		fc_log(FC_LOG_WARN, message, FC_KV("server", s->access->server), FC_KV("reason", why->text));
	*failing = true;
}

static bool look_at_ca(struct fc_tls_store *s)
{
	struct fc_error why = FC_ERROR_INIT;
	char *ca = NULL;

	if (!s->access->ca_file)
		return false;
	if (read_text(s->access->ca_file, NULL, fc_pem_check_certificates, &ca, &why) < 0) {
		note_failure(s, &s->ca_failing, "CA file cannot be used; going on with the last good one", &why);
		forget(ca);
		return false;
	}
	s->ca_failing = false;
	if (same(ca, s->ca.now)) {
		forget(ca);
		return false;
	}
	fc_log(FC_LOG_INFO, "CA file has changed", FC_KV("server", s->access->server),
	       FC_KV("file", s->access->ca_file));
	replace(&s->ca, ca);
	return true;
}

static int read_pair(const struct fc_tls_store *s, char **cert, char **key, struct fc_error *err)
{
	const struct fc_access *a = s->access;

	if (read_text(a->cert_file, s->cert.now, fc_pem_check_certificates, cert, err) < 0 ||
	    read_text(a->key_file, s->key.now, fc_pem_check_key, key, err) < 0)
		return -1;
	return fc_pem_check_pair(*cert, *key, err);
}

/* A rotation writes one file after the other: between them they do not fit, which the next look mends. */
static bool look_at_pair(struct fc_tls_store *s)
{
	struct fc_error why = FC_ERROR_INIT;
	char *cert = NULL, *key = NULL;

	if (!s->access->cert_file && !s->access->key_file)
		return false;
	bool readable = read_pair(s, &cert, &key, &why) == 0;
	bool changed = readable && !fc_tls_store_has_pair(s, cert, key);
	if (!readable)
		note_failure(s, &s->pair_failing,
			     "client certificate files cannot be used; going on with the last good ones", &why);
	else
		s->pair_failing = false;
	if (changed) {
		fc_log(FC_LOG_INFO, "client certificate files have changed", FC_KV("server", s->access->server));
		fc_tls_store_set_pair(s, cert, key);
	}
	forget(cert);
	forget(key);
	return changed;
}

bool fc_tls_store_look(struct fc_tls_store *s)
{
	bool ca = look_at_ca(s), pair = look_at_pair(s);

	return ca || pair;
}

bool fc_tls_store_has_pair(const struct fc_tls_store *s, const char *cert_pem, const char *key_pem)
{
	return same(s->cert.now, cert_pem) && same(s->key.now, key_pem);
}

void fc_tls_store_set_pair(struct fc_tls_store *s, const char *cert_pem, const char *key_pem)
{
	replace(&s->cert, fc_xstrdup_null(cert_pem));
	replace(&s->key, fc_xstrdup_null(key_pem));
}
