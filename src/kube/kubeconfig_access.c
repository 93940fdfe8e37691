/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/endpoint.h"
#include "kube/kubeconfig_entry.h"
#include "kube/pem.h"
#include "kube/token.h"
#include "model/names.h"

#include <stdatomic.h>
#include <string.h>

/* The bundle of a whole distribution is about 220 KiB. */
#define MAX_PEM_BYTES ((size_t)1024 * 1024)

/* Whatever a file is wrong in is the operator's to mend, so the class is CONFIG whatever the helper below said. */
static int at_key(const struct fc_kubeconfig_entry *e, const char *key, struct fc_error *err)
{
	if (err && err->cls != FC_ERR_MEMORY)
		err->cls = FC_ERR_CONFIG;
	return fc_error_wrap(err, "%s: %s \"%s\": %s", e->file, e->kind, e->name, key);
}

/* NULL where the key is absent, null or empty: client-go makes no difference between these. */
static int get_string(const struct fc_kubeconfig_entry *e, const char *key, const char **out, struct fc_error *err)
{
	*out = NULL;
	if (fc_json_get_string(e->body, key, out) == FC_JSON_WRONG_TYPE) {
		fc_error_set(err, FC_ERR_CONFIG, "is no string (put quotes around it)");
		return at_key(e, key, err);
	}
	if (*out && !(*out)[0])
		*out = NULL;
	return 0;
}

static int dup_string(const struct fc_kubeconfig_entry *e, const char *key, char **out, struct fc_error *err)
{
	const char *value;

	if (get_string(e, key, &value, err) < 0)
		return -1;
	*out = fc_xstrdup_null(value);
	return 0;
}

static int get_bool(const struct fc_kubeconfig_entry *e, const char *key, bool *out, struct fc_error *err)
{
	*out = false;
	if (fc_json_get_bool(e->body, key, out) != FC_JSON_WRONG_TYPE)
		return 0;
	fc_error_set(err, FC_ERR_CONFIG, "is neither true nor false (take quotes off)");
	return at_key(e, key, err);
}

/* A certificate or key: inline as KEY-data, or in the file that KEY names. */
struct material {
	const char *key, *data_key;
	char **pem, **file; /* where they go */
	int (*check)(const char *pem, struct fc_error *err);
};

static int read_material_file(const struct fc_kubeconfig_entry *e, const char *path, const struct material *m,
			      struct fc_error *err)
{
	size_t bytes = 0;

	*m->file = fc_path_beside(e->file, path);
	if (fc_file_read(*m->file, MAX_PEM_BYTES, m->pem, &bytes, err) < 0)
		return at_key(e, m->key, err);
	if (m->check(*m->pem, err) == 0)
		return 0;
	fc_error_wrap(err, "%s", *m->file);
	return at_key(e, m->key, err);
}

static int read_material(const struct fc_kubeconfig_entry *e, const struct material *m, struct fc_error *err)
{
	const char *path, *data;
	size_t bytes = 0;

	if (get_string(e, m->key, &path, err) < 0 || get_string(e, m->data_key, &data, err) < 0)
		return -1;
	if (path && data) {
		fc_error_set(err, FC_ERR_CONFIG, "%s is given too; remove one of them", m->data_key);
		return at_key(e, m->key, err);
	}
	if (path)
		return read_material_file(e, path, m, err);
	if (!data)
		return 0;
	if (fc_base64_decode(data, m->pem, &bytes, err) < 0 || m->check(*m->pem, err) < 0)
		return at_key(e, m->data_key, err);
	return 0;
}

/* Entries of users that this version must not use with half of their meaning. Other contexts of the file are not
 * harmed. */
static int refuse_unsupported(const struct fc_kubeconfig_entry *user, struct fc_error *err)
{
	static const char impersonation[] = "impersonation is not supported by this version; remove as, as-uid, "
					    "as-groups and as-user-extra, and log in as the user meant";
	static const struct {
		const char *key, *why;
	} refused[] = {
		{ "exec", "credential plug-ins are not supported by this version; give this user a client "
			  "certificate, a token or a tokenFile" },
		{ "auth-provider", "is gone from Kubernetes and replaced by exec, which is not supported by this "
				   "version either; give this user a client certificate, a token or a tokenFile" },
		{ "as", impersonation },
		{ "as-uid", impersonation },
		{ "as-groups", impersonation },
		{ "as-user-extra", impersonation },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(refused); i++) {
		const json_t *value = json_object_get(user->body, refused[i].key);
		const char *text = json_string_value(value);
		if (!value || json_is_null(value) || (text && !text[0]))
			continue;
		fc_error_set(err, FC_ERR_CONFIG, "%s", refused[i].why);
		return at_key(user, refused[i].key, err);
	}
	return 0;
}

static int read_certificate(const struct fc_kubeconfig_entry *user, struct fc_access *a, struct fc_error *err)
{
	const struct material certificate = { "client-certificate", "client-certificate-data", &a->cert_pem,
					      &a->cert_file, fc_pem_check_certificates };
	const struct material key = { "client-key", "client-key-data", &a->key_pem, &a->key_file, fc_pem_check_key };

	if (read_material(user, &certificate, err) < 0 || read_material(user, &key, err) < 0)
		return -1;
	if (!a->cert_pem != !a->key_pem) {
		fc_error_set(err, FC_ERR_CONFIG, "the other of client-certificate and client-key is missing");
		return at_key(user, a->cert_pem ? "client-certificate" : "client-key", err);
	}
	if (a->cert_pem && fc_pem_check_pair(a->cert_pem, a->key_pem, err) < 0)
		return at_key(user, "client-key", err);
	return 0;
}

static int check_token_file(const struct fc_kubeconfig_entry *user, const struct fc_access *a, struct fc_error *err)
{
	char *token = NULL;

	/* 1.16: with an inline token to begin with, a file that comes later does no harm. Its value is read when it is
	 * needed. */
	if (a->token || fc_token_read_file(a->token_file, &token, err) == 0) {
		if (token)
			fc_free_secret(token, strlen(token));
		return 0;
	}
	return at_key(user, "tokenFile", err);
}

static int read_token(const struct fc_kubeconfig_entry *user, struct fc_access *a, struct fc_error *err)
{
	const char *token, *path;

	if (get_string(user, "token", &token, err) < 0 || get_string(user, "tokenFile", &path, err) < 0)
		return -1;
	if (token && fc_token_trim(token, &a->token, err) < 0)
		return at_key(user, "token", err);
	if (!path)
		return 0;
	a->token_file = fc_path_beside(user->file, path);
	return check_token_file(user, a, err);
}

static bool has_control(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7F)
			return true;
	return false;
}

static int read_basic(const struct fc_kubeconfig_entry *user, struct fc_access *a, struct fc_error *err)
{
	if (dup_string(user, "username", &a->username, err) < 0 || dup_string(user, "password", &a->password, err) < 0)
		return -1;
	if (!a->username && !a->password)
		return 0;
	const char *fault = NULL;
	if (a->token || a->token_file)
		fault = "a token is given too; remove one of them";
	else if (!a->username)
		fault = "a password is given without it";
	else if (strchr(a->username, ':'))
		fault = "holds a colon, which a Basic login cannot carry"; /* RFC 7617 section 2 */
	else if (has_control(a->username) || has_control(a->password))
		fault = "this or the password holds a control character";
	if (!fault)
		return 0;
	fc_error_set(err, FC_ERR_CONFIG, "%s", fault);
	return at_key(user, "username", err);
}

static int read_user(const struct fc_kubeconfig_entry *user, struct fc_access *a, struct fc_error *err)
{
	if (refuse_unsupported(user, err) < 0 || read_certificate(user, a, err) < 0)
		return -1;
	return read_token(user, a, err) < 0 ? -1 : read_basic(user, a, err);
}

static int read_trust(const struct fc_kubeconfig_entry *cluster, struct fc_access *a, struct fc_error *err)
{
	const struct material ca = { "certificate-authority", "certificate-authority-data", &a->ca_pem, &a->ca_file,
				     fc_pem_check_certificates };

	if (get_bool(cluster, "insecure-skip-tls-verify", &a->insecure, err) < 0 ||
	    read_material(cluster, &ca, err) < 0)
		return -1;
	if (a->insecure && a->ca_pem) {
		fc_error_set(err, FC_ERR_CONFIG, "a certificate-authority is given too; remove one of them");
		return at_key(cluster, "insecure-skip-tls-verify", err);
	}
	if (dup_string(cluster, "tls-server-name", &a->tls_server_name, err) < 0)
		return -1;
	if (a->tls_server_name && fc_endpoint_check_tls_name(a->tls_server_name, err) < 0)
		return at_key(cluster, "tls-server-name", err);
	return 0;
}

static int read_server(const struct fc_kubeconfig_entry *cluster, struct fc_access *a, struct fc_error *err)
{
	const char *server;

	if (get_string(cluster, "server", &server, err) < 0)
		return -1;
	if (!server) {
		fc_error_set(err, FC_ERR_CONFIG, "is missing; write the address of the API server");
		return at_key(cluster, "server", err);
	}
	/* 1.9; a token or a server name is no TLS material. */
	bool tls = a->ca_pem || a->insecure || a->cert_pem;
	return fc_endpoint_server(server, tls, &a->server, err) < 0 ? at_key(cluster, "server", err) : 0;
}

/* After the user: whether a server without a scheme is https depends on the client certificate. */
static int read_cluster(const struct fc_kubeconfig_entry *cluster, struct fc_access *a, struct fc_error *err)
{
	if (read_trust(cluster, a, err) < 0 || read_server(cluster, a, err) < 0)
		return -1;
	if (dup_string(cluster, "proxy-url", &a->proxy_url, err) < 0)
		return -1;
	if (a->proxy_url && fc_endpoint_check_proxy(a->proxy_url, err) < 0)
		return at_key(cluster, "proxy-url", err);
	return get_bool(cluster, "disable-compression", &a->no_compression, err);
}

/* The cluster or user that a context names; NULL without an error only for a user that is not named: nobody logs in
 * then. */
static int follow(const struct fc_kubeconfig *k, const struct fc_kubeconfig_entry *context,
		  enum fc_kubeconfig_kind kind, const struct fc_kubeconfig_entry **out, struct fc_error *err)
{
	const char *key = kind == FC_KUBECONFIG_CLUSTER ? "cluster" : "user", *name;

	*out = NULL;
	if (get_string(context, key, &name, err) < 0)
		return -1;
	if (!name && kind == FC_KUBECONFIG_USER)
		return 0;
	*out = name ? fc_kubeconfig_find(k, kind, name) : NULL;
	if (*out)
		return 0;
	if (name)
		fc_error_set(err, FC_ERR_CONFIG, "there is no %s \"%s\"", key, name);
	else
		fc_error_set(err, FC_ERR_CONFIG, "is missing");
	return at_key(context, key, err);
}

static int read_context(const struct fc_kubeconfig *k, const struct fc_kubeconfig_entry *context, struct fc_access *a,
			struct fc_error *err)
{
	const struct fc_kubeconfig_entry *user, *cluster;
	const char *namespace_;

	if (follow(k, context, FC_KUBECONFIG_USER, &user, err) < 0 ||
	    follow(k, context, FC_KUBECONFIG_CLUSTER, &cluster, err) < 0)
		return -1;
	if (get_string(context, "namespace", &namespace_, err) < 0)
		return -1;
	if (namespace_ && !fc_name_is_label(namespace_)) {
		fc_error_set(err, FC_ERR_CONFIG, "is no DNS label (lower-case letters, digits, '-')");
		return at_key(context, "namespace", err);
	}
	a->namespace_ = fc_xstrdup(namespace_ ? namespace_ : "default");
	if (user && read_user(user, a, err) < 0)
		return -1;
	return read_cluster(cluster, a, err);
}

static void unknown_context(const struct fc_kubeconfig *k, const char *context, struct fc_error *err)
{
	enum { SHOWN = 12 };
	FC_AUTO_BUF struct fc_buf names = FC_BUF_INIT;
	const char *name;
	size_t i;

	for (i = 0; (name = fc_kubeconfig_context(k, i)); i++)
		if (i < SHOWN)
			fc_buf_printf(&names, "%s%s", i ? ", " : "", name);
	if (i == 0)
		fc_error_set(err, FC_ERR_CONFIG,
			     "there is no context \"%s\": no kubeconfig with contexts was found (%s)", context,
			     fc_kubeconfig_places(k));
	else
		fc_error_set(err, FC_ERR_CONFIG, "there is no context \"%s\" in %s; there are %s%s", context,
			     fc_kubeconfig_places(k), fc_buf_str(&names), i > SHOWN ? " and more" : "");
}

struct fc_access *fc_kubeconfig_access(const struct fc_kubeconfig *k, const char *context, struct fc_error *err)
{
	const struct fc_kubeconfig_entry *entry = fc_kubeconfig_find(k, FC_KUBECONFIG_CONTEXT, context);

	if (!entry) {
		unknown_context(k, context, err);
		return NULL;
	}
	struct fc_access *a = fc_xcalloc(1, sizeof(*a));
	if (read_context(k, entry, a, err) < 0) {
		fc_access_free(a);
		return NULL;
	}
	return a;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool fc_access_same(const struct fc_access *a, const struct fc_access *b)
{
	return same_text(a->server, b->server) && same_text(a->token, b->token);
}

struct fc_access *fc_access_share(struct fc_access *a)
{
	atomic_fetch_add(&a->holders, 1);
	return a;
}

void fc_access_free(struct fc_access *a)
{
	if (!a || atomic_fetch_sub(&a->holders, 1) > 0)
		return;
	/* A proxy's address may hold a password; the rest is wiped along, which costs nothing. */
	char *const strings[] = { a->server,	a->ca_pem,	    a->ca_file,	  a->cert_pem,	 a->key_pem,
				  a->cert_file, a->key_file,	    a->token,	  a->token_file, a->username,
				  a->password,	a->tls_server_name, a->proxy_url, a->namespace_ };

	for (size_t i = 0; i < FC_ARRAY_LEN(strings); i++)
		if (strings[i])
			fc_free_secret(strings[i], strlen(strings[i]));
	free(a);
}
