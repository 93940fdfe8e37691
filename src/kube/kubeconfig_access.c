/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig.h"

#include "base/buf.h"
#include "base/mem.h"
#include "kube/endpoint.h"
#include "kube/exec_spec.h"
#include "kube/impersonation.h"
#include "kube/kubeconfig_user.h"
#include "kube/pem.h"
#include "model/names.h"

#include <stdatomic.h>
#include <string.h>

static int read_trust(const struct fc_kubeconfig_entry *cluster, struct fc_access *a, struct fc_error *err)
{
	const struct fc_kubeconfig_material ca = { "certificate-authority", "certificate-authority-data", &a->ca_pem,
						   &a->ca_file, fc_pem_check_certificates };

	if (fc_kubeconfig_entry_bool(cluster, "insecure-skip-tls-verify", &a->insecure, err) < 0 ||
	    fc_kubeconfig_entry_material(cluster, &ca, err) < 0)
		return -1;
	if (a->insecure && a->ca_pem) {
		fc_error_set(err, FC_ERR_CONFIG, "a certificate-authority is given too; remove one of them");
		return fc_kubeconfig_entry_wrap(cluster, "insecure-skip-tls-verify", err);
	}
	if (fc_kubeconfig_entry_dup(cluster, "tls-server-name", &a->tls_server_name, err) < 0)
		return -1;
	if (a->tls_server_name && fc_endpoint_check_tls_name(a->tls_server_name, err) < 0)
		return fc_kubeconfig_entry_wrap(cluster, "tls-server-name", err);
	return 0;
}

static int read_server(const struct fc_kubeconfig_entry *cluster, struct fc_access *a, struct fc_error *err)
{
	const char *server;

	if (fc_kubeconfig_entry_string(cluster, "server", &server, err) < 0)
		return -1;
	if (!server) {
		fc_error_set(err, FC_ERR_CONFIG, "is missing; write the address of the API server");
		return fc_kubeconfig_entry_wrap(cluster, "server", err);
	}
	/* 1.9; a token or a server name is no TLS material. */
	bool tls = a->ca_pem || a->insecure || a->cert_pem;
	return fc_endpoint_server(server, tls, &a->server, err) < 0 ? fc_kubeconfig_entry_wrap(cluster, "server", err)
								    : 0;
}

/* After the user: whether a server without a scheme is https depends on the client certificate. */
static int read_cluster(const struct fc_kubeconfig_entry *cluster, struct fc_access *a, struct fc_error *err)
{
	if (read_trust(cluster, a, err) < 0 || read_server(cluster, a, err) < 0)
		return -1;
	if (fc_kubeconfig_entry_dup(cluster, "proxy-url", &a->proxy_url, err) < 0)
		return -1;
	if (a->proxy_url && fc_endpoint_check_proxy(a->proxy_url, err) < 0)
		return fc_kubeconfig_entry_wrap(cluster, "proxy-url", err);
	return fc_kubeconfig_entry_bool(cluster, "disable-compression", &a->no_compression, err);
}

/* The cluster or user that a context names; NULL without an error only for a user that is not named: nobody logs in
 * then. */
static int follow(const struct fc_kubeconfig *k, const struct fc_kubeconfig_entry *context,
		  enum fc_kubeconfig_kind kind, const struct fc_kubeconfig_entry **out, struct fc_error *err)
{
	const char *key = kind == FC_KUBECONFIG_CLUSTER ? "cluster" : "user", *name;

	*out = NULL;
	if (fc_kubeconfig_entry_string(context, key, &name, err) < 0)
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
	return fc_kubeconfig_entry_wrap(context, key, err);
}

static int read_context(const struct fc_kubeconfig *k, const struct fc_kubeconfig_entry *context, struct fc_access *a,
			struct fc_error *err)
{
	const struct fc_kubeconfig_entry *user, *cluster;
	const char *namespace_;

	if (follow(k, context, FC_KUBECONFIG_USER, &user, err) < 0 ||
	    follow(k, context, FC_KUBECONFIG_CLUSTER, &cluster, err) < 0)
		return -1;
	if (fc_kubeconfig_entry_string(context, "namespace", &namespace_, err) < 0)
		return -1;
	if (namespace_ && !fc_name_is_label(namespace_)) {
		fc_error_set(err, FC_ERR_CONFIG, "is no DNS label (lower-case letters, digits, '-')");
		return fc_kubeconfig_entry_wrap(context, "namespace", err);
	}
	a->namespace_ = fc_xstrdup(namespace_ ? namespace_ : "default");
	if (user && fc_kubeconfig_user_read(user, a, err) < 0)
		return -1;
	if (read_cluster(cluster, a, err) < 0)
		return -1;
	return user ? fc_kubeconfig_user_read_exec(user, cluster, a, err) : 0;
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

/* The same file, or none and the same text. */
static bool same_material(const char *file_a, const char *pem_a, const char *file_b, const char *pem_b)
{
	return same_text(file_a, file_b) && (file_a || same_text(pem_a, pem_b));
}

static bool same_list(char *const *a, char *const *b)
{
	if (!a || !b)
		return a == b;
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return *a == *b;
}

static bool same_place(const struct fc_access *a, const struct fc_access *b)
{
	return same_text(a->server, b->server) && same_text(a->tls_server_name, b->tls_server_name) &&
	       same_text(a->proxy_url, b->proxy_url) && same_text(a->namespace_, b->namespace_) &&
	       same_material(a->ca_file, a->ca_pem, b->ca_file, b->ca_pem) && a->insecure == b->insecure &&
	       a->no_compression == b->no_compression;
}

static bool same_login(const struct fc_access *a, const struct fc_access *b)
{
	return same_material(a->cert_file, a->cert_pem, b->cert_file, b->cert_pem) &&
	       same_material(a->key_file, a->key_pem, b->key_file, b->key_pem) && same_text(a->token, b->token) &&
	       same_text(a->token_file, b->token_file) && same_text(a->username, b->username) &&
	       same_text(a->password, b->password) && fc_exec_spec_same(a->exec, b->exec) &&
	       same_list(a->impersonate, b->impersonate);
}

bool fc_access_same(const struct fc_access *a, const struct fc_access *b)
{
	return same_place(a, b) && same_login(a, b);
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
	fc_exec_spec_free(a->exec);
	fc_impersonation_free(a->impersonate);
	free(a);
}
