/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_credential.h"

#include "base/mem.h"
#include "json/decode.h"
#include "kube/pem.h"
#include "kube/timestamp.h"
#include "kube/token.h"

#include <string.h>

/* Absent, null and empty leave NULL: a plug-in written in Go may print any of them for nothing. */
static int get_string(const json_t *object, const char *key, const char **out, struct fc_error *err)
{
	*out = NULL;
	if (fc_json_get_string(object, key, out) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_PROTOCOL, "%s is no string", key);
	if (*out && !(*out)[0])
		*out = NULL;
	return 0;
}

static int check_head(const json_t *reply, const char *api_version, struct fc_error *err)
{
	const char *kind, *version;

	if (!json_is_object(reply))
		return fc_error_set(err, FC_ERR_PROTOCOL, "is no ExecCredential: no JSON object");
	if (get_string(reply, "kind", &kind, err) < 0 || get_string(reply, "apiVersion", &version, err) < 0)
		return -1;
	if (!kind || strcmp(kind, "ExecCredential") != 0)
		return fc_error_set(err, FC_ERR_PROTOCOL, "is no ExecCredential: kind is another one");
	if (!version || strcmp(version, api_version) != 0)
		return fc_error_set(err, FC_ERR_PROTOCOL, "apiVersion is not %s, for which the kubeconfig asks",
				    api_version);
	return 0;
}

static int copy(const char *text, char **out, struct fc_error *err)
{
	size_t bytes = strlen(text) + 1;

	*out = fc_try_realloc(NULL, bytes);
	if (!*out)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory for a credential");
	memcpy(*out, text, bytes);
	return 0;
}

static int take_token(const json_t *status, struct fc_exec_credential *c, struct fc_error *err)
{
	const char *token;

	if (get_string(status, "token", &token, err) < 0)
		return -1;
	return token ? fc_token_trim(token, &c->token, err) : 0;
}

static int take_pair(const json_t *status, struct fc_exec_credential *c, struct fc_error *err)
{
	const char *cert, *key;

	if (get_string(status, "clientCertificateData", &cert, err) < 0 ||
	    get_string(status, "clientKeyData", &key, err) < 0)
		return -1;
	if (!cert && !key)
		return 0;
	if (!cert || !key)
		return fc_error_set(err, FC_ERR_PROTOCOL, "%s is missing beside its other half",
				    cert ? "clientKeyData" : "clientCertificateData");
	if (copy(cert, &c->cert_pem, err) < 0 || copy(key, &c->key_pem, err) < 0)
		return -1;
	if (fc_pem_check_certificates(cert, err) < 0)
		return fc_error_wrap(err, "clientCertificateData");
	if (fc_pem_check_key(key, err) < 0 || fc_pem_check_pair(cert, key, err) < 0)
		return fc_error_wrap(err, "clientKeyData");
	return 0;
}

static int take_expiry(const json_t *status, struct fc_exec_credential *c, struct fc_error *err)
{
	const char *text = NULL;

	switch (fc_json_get_string(status, "expirationTimestamp", &text)) {
	case FC_JSON_WRONG_TYPE:
		return fc_error_set(err, FC_ERR_PROTOCOL, "expirationTimestamp is no string");
	case FC_JSON_FOUND:
		break;
	default:
		return 0;
	}
	if (fc_timestamp_parse(text, &c->expires_ms, err) < 0)
		return fc_error_wrap(err, "expirationTimestamp");
	/* Go's zero time, 0001-01-01, is how "none" comes out of some plug-ins; client-go takes it for that too.
	 * Another moment before 1970 has passed all the same. */
	if (strncmp(text, "0001-01-01T00:00:00", strlen("0001-01-01T00:00:00")) == 0)
		c->expires_ms = 0;
	else if (c->expires_ms <= 0)
		c->expires_ms = 1;
	return 0;
}

static int take_status(const json_t *reply, struct fc_exec_credential *c, struct fc_error *err)
{
	const json_t *status = NULL;

	if (fc_json_get_object(reply, "status", &status) != FC_JSON_FOUND)
		return fc_error_set(err, FC_ERR_PROTOCOL, "has no status");
	if (take_token(status, c, err) < 0 || take_pair(status, c, err) < 0 || take_expiry(status, c, err) < 0)
		return fc_error_wrap(err, "status");
	if (!c->token && !c->cert_pem)
		return fc_error_set(err, FC_ERR_PROTOCOL,
				    "status holds neither a token nor a certificate with its key");
	return 0;
}

int fc_exec_credential_parse(const char *text, size_t len, const char *api_version, struct fc_exec_credential *out,
			     struct fc_error *err)
{
	struct fc_exec_credential c = { .token = NULL };
	json_auto_t *reply = fc_decode(text, len, err);

	if (!reply)
		return -1;
	if (check_head(reply, api_version, err) == 0 && take_status(reply, &c, err) == 0) {
		*out = c;
		return 0;
	}
	fc_exec_credential_fini(&c);
	/* What a helper calls a fault of a file is here one of the plug-in's answer. */
	if (err && err->cls != FC_ERR_MEMORY)
		err->cls = FC_ERR_PROTOCOL;
	return -1;
}

static void forget(char **secret)
{
	if (*secret)
		fc_free_secret(*secret, strlen(*secret));
	*secret = NULL;
}

void fc_exec_credential_fini(struct fc_exec_credential *c)
{
	forget(&c->token);
	forget(&c->cert_pem);
	forget(&c->key_pem);
	c->expires_ms = 0;
}
