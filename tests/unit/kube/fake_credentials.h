/* SPDX-License-Identifier: Apache-2.0 */
/* fake_credentials - in place of kube/credentials.c: says what the test wants, and remembers what it was asked.
 * Owns:    itself; strings are borrowed from the test.
 * Threads: the test's.
 * Fails:   as the test wants.
 * Source:  kube/credentials.h. A program that includes this links none of the real one. */
#ifndef TESTS_FAKE_CREDENTIALS_H
#define TESTS_FAKE_CREDENTIALS_H

#include "base/mem.h"
#include "kube/credentials.h"

#include <stdio.h>
#include <string.h>

struct fc_credentials {
	struct fc_credentials_options o;
	struct fc_credentials_listener listener;
	int verdict;	   /* of _headers: 0, 1, -1 */
	const char *token; /* NULL: no header */
	struct fc_tls_material tls;
	unsigned asked, refused, connecting;
};

struct fc_credentials *fc_credentials_new(const struct fc_credentials_options *options, struct fc_error *err)
{
	struct fc_credentials *c = fc_xcalloc(1, sizeof(*c));

	(void)err;
	c->o = *options;
	c->tls = (struct fc_tls_material){ .ca_pem = options->access->ca_pem };
	return c;
}

void fc_credentials_free(struct fc_credentials *c)
{
	free(c);
}

void fc_credentials_listen(struct fc_credentials *c, const struct fc_credentials_listener *listener)
{
	c->listener = *listener;
}

int fc_credentials_headers(struct fc_credentials *c, int64_t now_ms, struct curl_slist **out, struct fc_error *err)
{
	char line[128];

	(void)now_ms;
	c->asked++;
	if (c->verdict < 0)
		return fc_error_set(err, FC_ERR_UNAUTHORIZED, "the plug-in failed");
	if (c->verdict > 0)
		return 1;
	snprintf(line, sizeof(line), "Authorization: Bearer %s", c->token ? c->token : "");
	if (c->token)
		*out = curl_slist_append(*out, line);
	return 0;
}

void fc_credentials_free_headers(struct curl_slist *headers)
{
	curl_slist_free_all(headers);
}

struct fc_tls_material fc_credentials_tls(const struct fc_credentials *c)
{
	return c->tls;
}

void fc_credentials_refused(struct fc_credentials *c)
{
	c->refused++;
}

void fc_credentials_connecting(struct fc_credentials *c)
{
	c->connecting++;
}

struct fc_credentials_expiry fc_credentials_expires(const struct fc_credentials *c)
{
	(void)c;
	return (struct fc_credentials_expiry){ .token_ms = 0 };
}

/* They have come, or have failed: as credentials.c does, from the loop. */
static inline void fake_settle(struct fc_credentials *c, int verdict, const char *token)
{
	c->verdict = verdict;
	c->token = token;
	c->listener.on_ready(c->listener.user);
}

static inline void fake_change_tls(struct fc_credentials *c, const char *ca_pem)
{
	c->tls.ca_pem = ca_pem;
	c->listener.on_tls_changed(c->listener.user);
}

#endif
