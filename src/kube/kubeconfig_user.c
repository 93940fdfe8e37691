/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig_user.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/exec_spec.h"
#include "kube/impersonation.h"
#include "kube/pem.h"
#include "kube/token.h"

#include <string.h>

/* 1.14 */
#define EXEC_EXTENSION "client.authentication.k8s.io/exec"

static bool is_given(const struct fc_kubeconfig_entry *user, const char *key)
{
	const json_t *value = json_object_get(user->body, key);

	return value && !json_is_null(value);
}

/* 1.18, 1.23 */
static int refuse_provider(const struct fc_kubeconfig_entry *user, struct fc_error *err)
{
	const char *fault = "is gone from Kubernetes, with its plug-ins for azure, gcp and oidc; write an exec stanza "
			    "with the provider's login program, or give this user a client certificate, a token or a "
			    "tokenFile";

	if (!is_given(user, "auth-provider"))
		return 0;
	if (is_given(user, "exec"))
		fault = "exec is given too; remove auth-provider, which exec replaces";
	return fc_kubeconfig_entry_fault(user, "auth-provider", fault, err);
}

static int read_certificate(const struct fc_kubeconfig_entry *user, struct fc_access *a, struct fc_error *err)
{
	const struct fc_kubeconfig_material certificate = { "client-certificate", "client-certificate-data",
							    &a->cert_pem, &a->cert_file, fc_pem_check_certificates };
	const struct fc_kubeconfig_material key = { "client-key", "client-key-data", &a->key_pem, &a->key_file,
						    fc_pem_check_key };

	if (fc_kubeconfig_entry_material(user, &certificate, err) < 0 ||
	    fc_kubeconfig_entry_material(user, &key, err) < 0)
		return -1;
	if (!a->cert_pem != !a->key_pem)
		return fc_kubeconfig_entry_fault(user, a->cert_pem ? "client-certificate" : "client-key",
						 "the other of client-certificate and client-key is missing", err);
	if (a->cert_pem && fc_pem_check_pair(a->cert_pem, a->key_pem, err) < 0)
		return fc_kubeconfig_entry_wrap(user, "client-key", err);
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
	return fc_kubeconfig_entry_wrap(user, "tokenFile", err);
}

static int read_token(const struct fc_kubeconfig_entry *user, struct fc_access *a, struct fc_error *err)
{
	const char *token, *path;

	if (fc_kubeconfig_entry_string(user, "token", &token, err) < 0 ||
	    fc_kubeconfig_entry_string(user, "tokenFile", &path, err) < 0)
		return -1;
	if (token && fc_token_trim(token, &a->token, err) < 0)
		return fc_kubeconfig_entry_wrap(user, "token", err);
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
	const char *fault = NULL;

	if (fc_kubeconfig_entry_dup(user, "username", &a->username, err) < 0 ||
	    fc_kubeconfig_entry_dup(user, "password", &a->password, err) < 0)
		return -1;
	if (!a->username && !a->password)
		return 0;
	if (a->token || a->token_file)
		fault = "a token is given too; remove one of them";
	else if (!a->username)
		fault = "a password is given without it";
	else if (strchr(a->username, ':'))
		fault = "holds a colon, which a Basic login cannot carry"; /* RFC 7617 section 2 */
	else if (has_control(a->username) || has_control(a->password))
		fault = "this or the password holds a control character";
	return fault ? fc_kubeconfig_entry_fault(user, "username", fault, err) : 0;
}

/* The names of the fields are said below; the entry alone stands before them. */
static int wrap_entry(const struct fc_kubeconfig_entry *user, struct fc_error *err)
{
	return fc_error_wrap(err, "%s: %s \"%s\"", user->file, user->kind, user->name);
}

int fc_kubeconfig_user_read(const struct fc_kubeconfig_entry *user, struct fc_access *a, struct fc_error *err)
{
	if (refuse_provider(user, err) < 0 || read_certificate(user, a, err) < 0 || read_token(user, a, err) < 0 ||
	    read_basic(user, a, err) < 0)
		return -1;
	return fc_impersonation_read(user->body, &a->impersonate, err) < 0 ? wrap_entry(user, err) : 0;
}

/* NULL where there is none. */
static const json_t *exec_config(const struct fc_kubeconfig_entry *cluster)
{
	const json_t *list = NULL;
	const char *name = NULL;

	fc_json_get_array(cluster->body, "extensions", &list);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		if (fc_json_get_string(row, "name", &name) == FC_JSON_FOUND && strcmp(name, EXEC_EXTENSION) == 0)
			return json_object_get(row, "extension");
	}
	return NULL;
}

int fc_kubeconfig_user_read_exec(const struct fc_kubeconfig_entry *user, const struct fc_kubeconfig_entry *cluster,
				 struct fc_access *a, struct fc_error *err)
{
	struct fc_exec_cluster about = {
		.tls_server_name = a->tls_server_name,
		.proxy_url = a->proxy_url,
		.ca_pem = a->ca_pem,
		.insecure = a->insecure,
		.no_compression = a->no_compression,
		.config = exec_config(cluster),
	};

	if (!is_given(user, "exec"))
		return 0;
	if (a->token || a->token_file || a->username || a->cert_pem) {
		fc_log(FC_LOG_DEBUG, "login plug-in not used, since the user has another login",
		       FC_KV("user", user->name));
		return 0;
	}
	if (fc_kubeconfig_entry_string(cluster, "server", &about.server, err) < 0)
		return -1;
	a->exec = fc_exec_spec_read(json_object_get(user->body, "exec"), user->file, &about, err);
	return a->exec ? 0 : fc_kubeconfig_entry_wrap(user, "exec", err);
}
