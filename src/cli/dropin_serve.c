/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dropin_serve.h"

#include "base/file.h"
#include "base/file_watch.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/pem.h"
#include "cli/self_signed.h"

#include <string.h>

/* What is renewed on disk is served within so long (kube-client 11.7), also where it was not whole when it was read, or
 * there was no thread for it. */
#define RETRY_MS 10000

struct pair {
	char *cert_pem, *key_pem;
};

struct fc_dropin_serve {
	struct fc_server *servers[FC_DROPIN_ENDPOINTS];
	struct fc_server *secure; /* one of them; NULL: none */
	const struct fc_dropin_flags *flags;
	struct fc_loop *loop;
	struct fc_file_watch *watch; /* NULL: the certificate is none from a file */
	struct fc_timer *retry;
	struct pair pair;
	bool failing; /* the last look at the files; said once */
};

static void pair_fini(struct pair *p)
{
	free(p->cert_pem);
	fc_free_secret(p->key_pem, p->key_pem ? strlen(p->key_pem) : 0);
	*p = (struct pair){ 0 };
}

static char *path_of(const char *folder, const char *name)
{
	return fc_xasprintf("%s/%s", folder, name);
}

static int read_one(const char *folder, const char *name, char **out, struct fc_error *err)
{
	FC_AUTO_FREE char *path = path_of(folder, name);
	size_t len;

	return fc_file_read(path, FC_PEM_MAX_BYTES, out, &len, err);
}

static int read_pair(const struct fc_dropin_flags *f, struct pair *out, struct fc_error *err)
{
	*out = (struct pair){ 0 };
	if (read_one(f->metrics_cert_path, f->metrics_cert_name, &out->cert_pem, err) < 0 ||
	    read_one(f->metrics_cert_path, f->metrics_cert_key, &out->key_pem, err) < 0 ||
	    fc_pem_check_certificates(out->cert_pem, err) < 0 || fc_pem_check_key(out->key_pem, err) < 0 ||
	    fc_pem_check_pair(out->cert_pem, out->key_pem, err) < 0) {
		pair_fini(out);
		return fc_error_wrap(err, "--metrics-cert-path %s", f->metrics_cert_path);
	}
	return 0;
}

static bool has_files(const struct fc_dropin_flags *f)
{
	return f->metrics_cert_path && *f->metrics_cert_path;
}

/* --- another certificate on disk --- */

static int take_pair(struct fc_dropin_serve *s, struct fc_error *err)
{
	struct pair now FC_CLEANUP(pair_fini) = { 0 };

	if (read_pair(s->flags, &now, err) < 0)
		return -1;
	if (strcmp(now.cert_pem, s->pair.cert_pem) == 0 && strcmp(now.key_pem, s->pair.key_pem) == 0)
		return 0;
	if (fc_server_renew(s->secure, now.cert_pem, now.key_pem, err) < 0)
		return -1;
	fc_log(FC_LOG_INFO, "the certificate of the metrics endpoint was replaced");
	pair_fini(&s->pair);
	s->pair = now;
	now = (struct pair){ 0 };
	return 0;
}

static void retry(void *user);

static void look(void *user)
{
	struct fc_dropin_serve *s = user;
	struct fc_error err = FC_ERROR_INIT;
	fc_loop_timer_cancel(s->loop, &s->retry);
	bool failed = take_pair(s, &err) < 0;
	if (failed && !s->failing)
		fc_log(FC_LOG_WARN, "the certificate of the metrics endpoint stays as it was", FC_KV("why", err.text));
	s->failing = failed;
	if (failed)
		s->retry = fc_loop_timer(s->loop, RETRY_MS, retry, s);
}

static void retry(void *user)
{
	struct fc_dropin_serve *s = user;

	s->retry = NULL;
	look(s);
}

static void follow_files(struct fc_dropin_serve *s)
{
	const struct fc_dropin_flags *f = s->flags;
	FC_AUTO_FREE char *cert = path_of(f->metrics_cert_path, f->metrics_cert_name);
	FC_AUTO_FREE char *key = path_of(f->metrics_cert_path, f->metrics_cert_key);

	s->watch = fc_file_watch_new(&(struct fc_file_watch_options){ .loop = s->loop, .on_change = look, .user = s });
	fc_file_watch_set(s->watch, (const char *const[]){ cert, key }, 2);
}

/* --- start and stop --- */

static int start_secure(struct fc_dropin_serve *s, size_t i, const struct fc_dropin_endpoint *e,
			const struct fc_serve_sources *sources, struct fc_dropin_guard *guard, struct fc_error *err)
{
	int rc = has_files(s->flags) ? read_pair(s->flags, &s->pair, err)
				     : fc_self_signed_make(&s->pair.cert_pem, &s->pair.key_pem, err);

	if (rc < 0)
		return -1;
	s->servers[i] = fc_server_start_secure(e->address, e->paths, sources,
					       &(struct fc_serve_security){ .cert_pem = s->pair.cert_pem,
									    .key_pem = s->pair.key_pem,
									    .admit = fc_dropin_guard_admit,
									    .user = guard },
					       err);
	s->secure = s->servers[i];
	if (s->secure && has_files(s->flags))
		follow_files(s);
	return s->secure ? 0 : -1;
}

static int start_one(struct fc_dropin_serve *s, size_t i, const struct fc_dropin_endpoint *e,
		     const struct fc_serve_sources *sources, struct fc_dropin_guard *guard, struct fc_error *err)
{
	int rc = 0;

	if (!e->address)
		return 0;
	if (e->secure)
		rc = start_secure(s, i, e, sources, guard, err);
	else
		s->servers[i] = fc_server_start(e->address, e->paths, sources, err);
	if (rc < 0 || !s->servers[i])
		return fc_error_wrap(err, "%s", e->flag);
	fc_log(FC_LOG_INFO, "endpoint open", FC_KV("flag", e->flag), FC_KV("address", e->address),
	       FC_KN("port", fc_server_port(s->servers[i])));
	return 0;
}

bool fc_dropin_serve_needs_guard(const struct fc_dropin *d)
{
	for (size_t i = 0; i < FC_DROPIN_ENDPOINTS; i++)
		if (d->endpoints[i].address && d->endpoints[i].secure)
			return true;
	return false;
}

struct fc_dropin_serve *fc_dropin_serve_start(const struct fc_dropin *d, const struct fc_serve_sources *sources,
					      struct fc_dropin_guard *guard, struct fc_loop *loop, struct fc_error *err)
{
	struct fc_dropin_serve *s = fc_xcalloc(1, sizeof(*s));

	s->flags = &d->flags;
	s->loop = loop;
	for (size_t i = 0; i < FC_DROPIN_ENDPOINTS; i++) {
		if (start_one(s, i, &d->endpoints[i], sources, guard, err) == 0)
			continue;
		fc_dropin_serve_stop(s);
		return NULL;
	}
	return s;
}

void fc_dropin_serve_stop(struct fc_dropin_serve *s)
{
	if (!s)
		return;
	fc_file_watch_free(s->watch);
	fc_loop_timer_cancel(s->loop, &s->retry);
	for (size_t i = 0; i < FC_DROPIN_ENDPOINTS; i++)
		fc_server_stop(s->servers[i]);
	pair_fini(&s->pair);
	free(s);
}
