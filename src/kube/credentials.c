/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/credentials.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/exec_plugins.h"
#include "kube/pem.h"
#include "kube/tls_store.h"
#include "kube/token.h"

#include <string.h>
#include <sys/epoll.h>

/* Files are read once in 60 s, with 10 s in hand (kube-client 1.17). */
#define TOKEN_FRESH_MS ((int64_t)50000)
/* Files of certificates: so often without a reason, and so often at most with one (1.25, 1.26). */
#define LOOK_MS ((int64_t)5 * 60 * 1000)
#define LOOK_AGAIN_MS 1000
/* While they cannot be used: mostly somebody is writing them. */
#define LOOK_FAILING_MS 10000

struct fc_credentials {
	struct fc_credentials_options o;
	struct fc_credentials_listener listener;
	bool https;

	char *file_token; /* last good value of the file */
	int64_t read_ms;  /* when */
	bool look_again;  /* a server refused it */
	bool failing;	  /* the file could not be read the last time: said once */

	struct fc_tls_store tls;
	struct fc_timer *look;
	bool look_is_soon; /* `look` is set for a reason, not for the usual time */
	int64_t looked_ms; /* the last time; 0: never */

	struct fc_exec_user *plugin;		/* NULL: none */
	const struct fc_exec_credential *given; /* what it gave last, to see that it is another; not read otherwise */
	bool waiting;				/* for the plug-in: fc_credentials_headers has said so */
	struct fc_timer *adopt;

	struct fc_credentials_expiry expires;
};

static void look_soon(struct fc_credentials *c, int64_t delay_ms);
static void on_news(void *user, int fd, uint32_t events);

static bool has_login(const struct fc_access *a)
{
	return a->token || a->token_file || a->username || a->cert_pem || a->exec;
}

static int join_plugin(struct fc_credentials *c, struct fc_error *err)
{
	if (!c->o.loop || !c->o.plugins)
		return fc_error_set(err, FC_ERR_INTERNAL, "a login plug-in without anybody to run it");
	c->plugin = fc_exec_plugins_join(c->o.plugins, c->o.access->exec, err);
	if (!c->plugin)
		return -1;
	return fc_loop_set_fd(c->o.loop, fc_exec_user_fd(c->plugin), EPOLLIN, on_news, c, err);
}

static void note_certificate(struct fc_credentials *c)
{
	c->expires.certificate_ms = c->tls.cert.now ? fc_pem_expires_ms(c->tls.cert.now) : 0;
}

struct fc_credentials *fc_credentials_new(const struct fc_credentials_options *options, struct fc_error *err)
{
	struct fc_credentials *c = fc_xcalloc(1, sizeof(*c));
	const struct fc_access *access = options->access;

	c->o = *options;
	c->https = strncmp(access->server, "https://", strlen("https://")) == 0;
	fc_tls_store_init(&c->tls, access);
	note_certificate(c);
	c->expires.token_ms = access->token ? fc_token_expires_ms(access->token) : 0;
	/* 1.19: over plain http nothing is sent. The server's answer would be 401 with no word of why. */
	if (!c->https && has_login(access))
		fc_log(FC_LOG_WARN, "credentials are not sent over plain http; write https:// in the kubeconfig",
		       FC_KV("server", access->server));
	if (c->https && access->exec && join_plugin(c, err) < 0) {
		fc_credentials_free(c);
		return NULL;
	}
	look_soon(c, LOOK_MS);
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
	if (c->o.loop) {
		fc_loop_timer_cancel(c->o.loop, &c->look);
		fc_loop_timer_cancel(c->o.loop, &c->adopt);
	}
	if (c->plugin) {
		fc_loop_remove_fd(c->o.loop, fc_exec_user_fd(c->plugin));
		fc_exec_user_leave(c->plugin);
	}
	fc_tls_store_fini(&c->tls);
	forget_secret(&c->file_token);
	free(c);
}

void fc_credentials_listen(struct fc_credentials *c, const struct fc_credentials_listener *listener)
{
	c->listener = *listener;
}

static void tell_ready(struct fc_credentials *c)
{
	c->waiting = false;
	if (c->listener.on_ready)
		c->listener.on_ready(c->listener.user);
}

static void tell_tls_changed(struct fc_credentials *c)
{
	if (c->listener.on_tls_changed)
		c->listener.on_tls_changed(c->listener.user);
}

/* --- Files with certificates -------------------------------------------------------------------------------------- */

static void on_look(void *user)
{
	struct fc_credentials *c = user;

	c->look = NULL;
	c->look_is_soon = false;
	c->looked_ms = fc_clock_mono_ms();
	bool changed = fc_tls_store_look(&c->tls);
	look_soon(c, c->tls.ca_failing || c->tls.pair_failing ? LOOK_FAILING_MS : LOOK_MS);
	if (!changed)
		return;
	note_certificate(c);
	tell_tls_changed(c);
}

static void look_soon(struct fc_credentials *c, int64_t delay_ms)
{
	if (!c->o.loop || !fc_tls_store_has_files(&c->tls))
		return;
	fc_loop_timer_cancel(c->o.loop, &c->look);
	c->look = fc_loop_timer(c->o.loop, delay_ms, on_look, c);
}

/* From the loop: what is in force does not change under the hands of a caller. */
static void look_for_a_reason(struct fc_credentials *c)
{
	int64_t since_ms = fc_clock_mono_ms() - c->looked_ms;

	if (c->look_is_soon)
		return;
	look_soon(c, c->looked_ms && since_ms < LOOK_AGAIN_MS ? LOOK_AGAIN_MS - since_ms : 0);
	c->look_is_soon = c->look != NULL;
}

/* --- A file with a token ------------------------------------------------------------------------------------------ */

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
		c->expires.token_ms = fc_token_expires_ms(token);
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

/* --- A login plug-in ---------------------------------------------------------------------------------------------- */

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
	return a_ms && (!b_ms || a_ms < b_ms) ? a_ms : b_ms;
}

static void note_given(struct fc_credentials *c, const struct fc_exec_credential *given)
{
	/* Another one was made while this one was held: it has another address. */
	if (c->given == given)
		return;
	c->given = given;
	c->expires = (struct fc_credentials_expiry){ 0 };
	if (given->token)
		c->expires.token_ms = given->expires_ms ? given->expires_ms : fc_token_expires_ms(given->token);
	if (given->cert_pem)
		c->expires.certificate_ms = sooner(given->expires_ms, fc_pem_expires_ms(given->cert_pem));
}

static int ask_plugin(struct fc_credentials *c, int64_t now_ms, const struct fc_exec_credential **given,
		      struct fc_error *err)
{
	return fc_exec_user_get(c->plugin, now_ms, fc_clock_wall_ms(), given, err);
}

/* What the plug-in has given is put in force. */
static void adopt(struct fc_credentials *c)
{
	const struct fc_exec_credential *given = NULL;
	int rc = ask_plugin(c, fc_clock_mono_ms(), &given, NULL);

	if (rc > 0)
		return;
	if (rc == 0)
		note_given(c, given);
	if (rc == 0 && !fc_tls_store_has_pair(&c->tls, given->cert_pem, given->key_pem)) {
		fc_tls_store_set_pair(&c->tls, given->cert_pem, given->key_pem);
		tell_tls_changed(c);
	}
	if (c->waiting)
		tell_ready(c);
}

static void on_news(void *user, int fd FC_UNUSED, uint32_t events FC_UNUSED)
{
	struct fc_credentials *c = user;

	fc_exec_user_acknowledge(c->plugin);
	adopt(c);
}

static void on_adopt(void *user)
{
	struct fc_credentials *c = user;

	c->adopt = NULL;
	adopt(c);
}

/* 0, with the token if there is one; 1: not yet. */
static int plugin_token(struct fc_credentials *c, int64_t now_ms, const char **token, struct fc_error *err)
{
	const struct fc_exec_credential *given = NULL;
	int rc = ask_plugin(c, now_ms, &given, err);

	if (rc == 0 && !fc_tls_store_has_pair(&c->tls, given->cert_pem, given->key_pem)) {
		/* Another cluster has asked for it. It comes in force in the loop's next round. */
		if (!c->adopt)
			c->adopt = fc_loop_timer(c->o.loop, 0, on_adopt, c);
		rc = 1;
	}
	if (rc > 0)
		c->waiting = true;
	if (rc != 0)
		return rc;
	note_given(c, given);
	*token = given->token;
	return 0;
}

/* --- The headers -------------------------------------------------------------------------------------------------- */

static void put_basic(const struct fc_access *a, struct fc_buf *out)
{
	const char *password = a->password ? a->password : "";
	char *pair = fc_xasprintf("%s:%s", a->username ? a->username : "", password);
	char *encoded = fc_base64_encode(pair, strlen(pair));

	fc_buf_printf(out, "Authorization: Basic %s", encoded);
	forget_secret(&pair);
	forget_secret(&encoded);
}

static int append(struct curl_slist **list, const char *line, struct fc_error *err)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory for the credentials of a request");
	*list = longer;
	return 0;
}

/* 0, or 1 where a plug-in is at work; the line stays empty where there is nothing to be said. */
static int authorization(struct fc_credentials *c, int64_t now_ms, struct fc_buf *line, struct fc_error *err)
{
	const struct fc_access *a = c->o.access;
	const char *token = NULL;
	int rc = 0;

	if (c->plugin)
		rc = plugin_token(c, now_ms, &token, err);
	else if (a->token_file)
		rc = refresh(c, now_ms, err);
	if (rc != 0)
		return rc;
	if (!c->plugin)
		token = c->file_token ? c->file_token : a->token;
	if (token)
		fc_buf_printf(line, "Authorization: Bearer %s", token);
	else if (a->username || a->password)
		put_basic(a, line);
	return line->failed ? fc_error_set(err, FC_ERR_MEMORY, "no memory for the credentials of a request") : 0;
}

/* 1.22: after the login. Over plain http too: the names are no secret, and a proxy that logs in by itself (kubectl
 * proxy) would otherwise act as somebody who may do more. */
static int append_impersonation(const struct fc_access *a, struct curl_slist **out, struct fc_error *err)
{
	for (char *const *line = a->impersonate; line && *line; line++)
		if (append(out, *line, err) < 0)
			return -1;
	return 0;
}

int fc_credentials_headers(struct fc_credentials *c, int64_t now_ms, struct curl_slist **out, struct fc_error *err)
{
	struct fc_buf line = FC_BUF_INIT;
	int rc = c->https ? authorization(c, now_ms, &line, err) : 0;

	if (rc == 0 && line.len)
		rc = append(out, fc_buf_str(&line), err);
	if (rc == 0)
		rc = append_impersonation(c->o.access, out, err);
	fc_buf_fini_secret(&line);
	return rc;
}

void fc_credentials_free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *h = headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(headers);
}

struct fc_tls_material fc_credentials_tls(const struct fc_credentials *c)
{
	return (struct fc_tls_material){ .ca_pem = c->tls.ca.now,
					 .cert_pem = c->tls.cert.now,
					 .key_pem = c->tls.key.now };
}

void fc_credentials_refused(struct fc_credentials *c)
{
	c->look_again = true;
	if (c->plugin)
		fc_exec_user_refused(c->plugin, fc_clock_mono_ms());
	look_for_a_reason(c);
}

void fc_credentials_connecting(struct fc_credentials *c)
{
	look_for_a_reason(c);
}

struct fc_credentials_expiry fc_credentials_expires(const struct fc_credentials *c)
{
	return c->expires;
}
