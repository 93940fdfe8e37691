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
	struct fc_credentials_options o;
	struct fc_credentials_listener listener;
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

struct fc_credentials *fc_credentials_new(const struct fc_credentials_options *options, struct fc_error *err)
{
	struct fc_credentials *c = fc_xcalloc(1, sizeof(*c));
	const struct fc_access *access = options->access;

	(void)err;
	c->o = *options;
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
	if (fc_token_read_file(c->o.access->token_file, &token, &why) == 0) {
		forget_secret(&c->file_token);
		c->file_token = token;
		c->read_ms = now_ms;
		c->look_again = c->failing = false;
		return 0;
	}
	if (!c->file_token && !c->o.access->token) {
		if (err)
			*err = why;
		return fc_error_wrap(err, "no token for a request");
	}
	if (!c->failing)
		fc_log(FC_LOG_WARN, "token file cannot be read; going on with the last good token",
		       FC_KV("server", c->o.access->server), FC_KV("reason", why.text));
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

void fc_credentials_listen(struct fc_credentials *c, const struct fc_credentials_listener *listener)
{
	c->listener = *listener;
}

int fc_credentials_headers(struct fc_credentials *c, int64_t now_ms, struct curl_slist **out, struct fc_error *err)
{
	const struct fc_access *a = c->o.access;
	struct fc_buf line = FC_BUF_INIT;

	if (!c->https)
		return 0;
	if (a->token_file && refresh(c, now_ms, err) < 0)
		return -1;
	const char *token = c->file_token ? c->file_token : a->token;
	if (token)
		fc_buf_printf(&line, "Authorization: Bearer %s", token);
	else if (a->username || a->password)
		put_basic(a, &line);
	struct curl_slist *longer = line.len ? curl_slist_append(*out, fc_buf_str(&line)) : *out;
	bool failed = line.failed || (line.len && !longer);
	fc_buf_fini_secret(&line);
	if (failed)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory for the credentials of a request");
	*out = longer;
	return 0;
}

void fc_credentials_free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *h = headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(headers);
}

struct fc_tls_material fc_credentials_tls(const struct fc_credentials *c)
{
	const struct fc_access *a = c->o.access;

	return (struct fc_tls_material){ .ca_pem = a->ca_pem, .cert_pem = a->cert_pem, .key_pem = a->key_pem };
}

void fc_credentials_refused(struct fc_credentials *c)
{
	c->look_again = true;
}

void fc_credentials_connecting(struct fc_credentials *c)
{
	(void)c;
}

struct fc_credentials_expiry fc_credentials_expires(const struct fc_credentials *c)
{
	(void)c;
	return (struct fc_credentials_expiry){ 0 };
}
