/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/credentials.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/token.h"

#include <string.h>

/* Files are read once in 60 s, with 10 s in hand (kube-client 1.17). */
#define TOKEN_FRESH_MS ((int64_t)50000)

struct fc_credentials {
	const struct fc_access *access;
	bool https;
	char *file_token; /* last good value of the file */
	int64_t read_ms;  /* when */
	bool look_again;  /* a server refused it */
	bool failing;	  /* the file could not be read the last time: said once */
};

static bool has_login(const struct fc_access *a)
{
	return a->token || a->token_file || a->username || a->cert_pem;
}

struct fc_credentials *fc_credentials_new(const struct fc_access *access)
{
	struct fc_credentials *c = fc_xcalloc(1, sizeof(*c));

	c->access = access;
	c->https = strncmp(access->server, "https://", strlen("https://")) == 0;
	/* 1.19: over plain http nothing is sent. The server's answer would be 401 with no word of why. */
	if (!c->https && has_login(access))
		fc_log(FC_LOG_WARN, "credentials are not sent over plain http; write https:// in the kubeconfig",
		       FC_KV("server", access->server));
	return c;
}

static void forget_secret(char **secret)
{
	if (*secret)
		fc_free_secret(*secret, strlen(*secret));
	*secret = NULL;
}

void fc_credentials_free(struct fc_credentials *c)
{
	if (!c)
		return;
	forget_secret(&c->file_token);
	free(c);
}

/* A file that cannot be read is looked at again for each request, which costs an open, and logged when that begins. */
static int refresh(struct fc_credentials *c, int64_t now_ms, struct fc_error *err)
{
	struct fc_error why = FC_ERROR_INIT;
	char *token = NULL;

	if (c->file_token && !c->look_again && now_ms - c->read_ms < TOKEN_FRESH_MS)
		return 0;
	if (fc_token_read_file(c->access->token_file, &token, &why) == 0) {
		forget_secret(&c->file_token);
		c->file_token = token;
		c->read_ms = now_ms;
		c->look_again = c->failing = false;
		return 0;
	}
	if (!c->file_token && !c->access->token) {
		if (err)
			*err = why;
		return fc_error_wrap(err, "no token for a request");
	}
	if (!c->failing)
		fc_log(FC_LOG_WARN, "token file cannot be read; going on with the last good token",
		       FC_KV("server", c->access->server), FC_KV("reason", why.text));
	c->failing = true;
	return 0;
}

static void put_basic(const struct fc_access *a, struct fc_buf *out)
{
	const char *password = a->password ? a->password : "";
	char *pair = fc_xasprintf("%s:%s", a->username ? a->username : "", password);
	char *encoded = fc_base64_encode(pair, strlen(pair));

	fc_buf_printf(out, "Authorization: Basic %s", encoded);
	forget_secret(&pair);
	forget_secret(&encoded);
}

int fc_credentials_header(struct fc_credentials *c, int64_t now_ms, struct fc_buf *out, struct fc_error *err)
{
	const struct fc_access *a = c->access;

	if (!c->https)
		return 0;
	if (a->token_file && refresh(c, now_ms, err) < 0)
		return -1;
	const char *token = c->file_token ? c->file_token : a->token;
	if (token)
		fc_buf_printf(out, "Authorization: Bearer %s", token);
	else if (a->username || a->password)
		put_basic(a, out);
	return out->failed ? fc_error_set(err, FC_ERR_MEMORY, "no memory for the credentials of a request") : 0;
}

void fc_credentials_refused(struct fc_credentials *c)
{
	c->look_again = true;
}
