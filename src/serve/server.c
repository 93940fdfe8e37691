/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/server.h"

#include "base/log.h"
#include "base/mem.h"
#include "serve/address.h"

#include <microhttpd.h>

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A scraper, two probes and some people; more than that is somebody who holds connections open. */
#define MAX_CONNECTIONS 64u
/* So that no single peer can keep the kubelet's probes out, which come from another address. */
#define MAX_CONNECTIONS_OF_ONE 32u
#define IDLE_SECONDS 30u
/* As every thread of the program. A thread per connection, so that /livez answers while another path waits for the
 * engine. */
#define STACK_BYTES ((size_t)256 * 1024)
/* Request line, headers and answer headers of one connection; probes and scrapers need a tenth. */
#define CONNECTION_BYTES ((size_t)16 * 1024)
/* How much of a streamed answer is handed to a connection at once. */
#define BLOCK_BYTES ((size_t)8 * 1024)

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define TEXT_METRICS "text/plain; version=0.0.4; charset=utf-8"

struct fc_server {
	struct fc_serve_sources sources;
	unsigned paths;
	uint16_t port;
	struct MHD_Daemon *daemon;
	char *cert_pem, *key_pem;					       /* NULL: http */
	int (*admit)(void *user, const char *authorization, const char *path); /* NULL: everybody */
	void *admit_user;
	/* Ends the one before, whose last answers may take their time. */
	pthread_t retirer;
	bool retires; /* that thread is not joined yet */
};

/* One request, while it is answered. */
struct request {
	const struct fc_server *server;
	struct MHD_Connection *connection;
	const char *path;
};

struct route {
	const char *path;
	unsigned paths; /* of enum fc_serve_paths: where it is served */
	enum MHD_Result (*answer)(const struct request *r);
	bool (*served)(const struct fc_serve_sources *s);
};

static enum MHD_Result send_response(const struct request *r, unsigned status, const char *type,
				     struct MHD_Response *response)
{
	if (!response)
		return MHD_NO;
	bool ok = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
		  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES &&
		  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES;
	if (ok && status == MHD_HTTP_METHOD_NOT_ALLOWED)
		ok = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") == MHD_YES;
	enum MHD_Result result = ok ? MHD_queue_response(r->connection, status, response) : MHD_NO;
	MHD_destroy_response(response);
	return result;
}

/* Sends and empties the buffer. An answer of which a part is missing is not sent as if it were whole. */
static enum MHD_Result send_buf(const struct request *r, unsigned status, const char *type, struct fc_buf *body)
{
	if (body->failed) {
		fc_buf_fini(body);
		return MHD_NO;
	}
	size_t len = body->len;
	char *bytes = fc_buf_steal(body);
	struct MHD_Response *response = MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(bytes);
	return send_response(r, status, type, response);
}

static bool wants_list(const struct request *r)
{
	/* NULL without "=": `?verbose` has no value, so the key itself is looked for. */
	return MHD_lookup_connection_value_n(r->connection, MHD_GET_ARGUMENT_KIND, "verbose", strlen("verbose"), NULL,
					     NULL) == MHD_YES;
}

/* The form of the API server's own health paths: the checks, then one line of judgement; `ok` alone where nobody
 * asked for more. */
static enum MHD_Result send_health(const struct request *r, bool well, bool list, struct fc_buf *checks)
{
	if (well && !list) {
		fc_buf_clear(checks);
		fc_buf_puts(checks, "ok");
	} else {
		if (checks->len && checks->data[checks->len - 1] != '\n')
			fc_buf_putc(checks, '\n');
		fc_buf_printf(checks, "%s check %s\n", r->path + 1, well ? "passed" : "failed");
	}
	return send_buf(r, well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, TEXT_PLAIN, checks);
}

/* That this answers is the check: it depends on no cluster and not on the engine (kube-client 11.9). */
static enum MHD_Result answer_healthz(const struct request *r)
{
	struct fc_buf checks = FC_BUF_INIT;

	fc_buf_puts(&checks, "[+]ping ok\n");
	return send_health(r, true, wants_list(r), &checks);
}

static enum MHD_Result answer_livez(const struct request *r)
{
	struct fc_buf checks = FC_BUF_INIT;
	bool well = r->server->sources.live(r->server->sources.user, &checks) == 0;

	return send_health(r, well, wants_list(r), &checks);
}

/* Lists each cluster without being asked, because a ready process may still have lost members (design section 8). */
static enum MHD_Result answer_readyz(const struct request *r)
{
	struct fc_buf checks = FC_BUF_INIT;
	bool well = r->server->sources.ready(r->server->sources.user, &checks) == 0;

	return send_health(r, well, true, &checks);
}

/* As controllers built on a common framework answer: that they run is all that is checked. */
static enum MHD_Result answer_ping(const struct request *r)
{
	struct fc_buf checks = FC_BUF_INIT;

	fc_buf_puts(&checks, "[+]ping ok\n");
	return send_health(r, true, wants_list(r), &checks);
}

static enum MHD_Result answer_one_ping(const struct request *r)
{
	struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, "ok");
	return send_buf(r, MHD_HTTP_OK, TEXT_PLAIN, &text);
}

/* k8s-replicator, Flags: one name for each that has not synced. */
static enum MHD_Result answer_not_ready(const struct request *r)
{
	json_t *names = json_array();
	bool well = r->server->sources.not_ready(r->server->sources.user, names) == 0 && json_array_size(names) == 0;
	json_t *body = json_pack("{s:o}", "notReady", names);
	FC_AUTO_FREE char *text = json_dumps(body, JSON_COMPACT);
	struct fc_buf out = FC_BUF_INIT;

	json_decref(body);
	fc_buf_puts(&out, text ? text : "{}");
	return send_buf(r, well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, "application/json", &out);
}

static enum MHD_Result answer_metrics(const struct request *r)
{
	struct fc_buf text = FC_BUF_INIT;

	r->server->sources.metrics(r->server->sources.user, &text);
	return send_buf(r, MHD_HTTP_OK, TEXT_METRICS, &text);
}

/* /debug/rules while it is sent: one piece at a time is asked for when the one before has gone out, so that
 * neither the engine is held for a hundred thousand rules nor all of them stand in memory. */
struct stream {
	const struct fc_serve_sources *sources;
	uint64_t cursor;
	struct fc_buf piece;
	size_t sent; /* bytes of `piece` that have gone out */
	bool any;    /* an object has been sent: the next one needs a comma */
	bool more;   /* ask again */
	bool closed; /* the closing bracket is in `piece` */
};

static void stream_free(void *user)
{
	struct stream *s = user;

	fc_buf_fini(&s->piece);
	free(s);
}

/* Puts the next bytes into `piece`. -1: the source failed. */
static int stream_fill(struct stream *s)
{
	FC_AUTO_BUF struct fc_buf objects = FC_BUF_INIT;

	fc_buf_clear(&s->piece);
	s->sent = 0;
	if (!s->more) {
		s->closed = true;
		return fc_buf_puts(&s->piece, "\n]\n");
	}
	s->more = false;
	if (s->sources->rules(s->sources->user, &s->cursor, &objects, &s->more) < 0 || objects.failed)
		return -1;
	if (objects.len == 0)
		return 0;
	fc_buf_puts(&s->piece, s->any ? ",\n" : "\n");
	s->any = true;
	return fc_buf_append(&s->piece, objects.data, objects.len);
}

static ssize_t stream_read(void *user, uint64_t pos, char *out, size_t max)
{
	struct stream *s = user;

	(void)pos;
	while (s->sent == s->piece.len) {
		if (s->closed)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (stream_fill(s) < 0 || s->piece.failed)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size_t n = s->piece.len - s->sent;
	if (n > max)
		n = max;
	memcpy(out, s->piece.data + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

static enum MHD_Result answer_rules(const struct request *r)
{
	struct stream *s = fc_xcalloc(1, sizeof(*s));
	struct fc_buf sorry = FC_BUF_INIT;

	s->sources = &r->server->sources;
	s->more = true;
	/* The first piece before the status: an engine that does not answer is a 503 and not a broken 200. */
	if (stream_fill(s) < 0 || s->piece.failed) {
		stream_free(s);
		fc_buf_puts(&sorry, "the engine does not answer at the moment; /livez says more\n");
		return send_buf(r, MHD_HTTP_SERVICE_UNAVAILABLE, TEXT_PLAIN, &sorry);
	}
	FC_AUTO_BUF struct fc_buf first = s->piece;
	s->piece = FC_BUF_INIT;
	fc_buf_putc(&s->piece, '[');
	fc_buf_append(&s->piece, fc_buf_str(&first), first.len);
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, stream_read, s, stream_free);
	if (!response)
		stream_free(s);
	return send_response(r, MHD_HTTP_OK, "application/json", response);
}

static bool serves_always(const struct fc_serve_sources *s)
{
	(void)s;
	return true;
}

static bool serves_metrics(const struct fc_serve_sources *s)
{
	return s->metrics;
}

static bool serves_live(const struct fc_serve_sources *s)
{
	return s->live;
}

static bool serves_ready(const struct fc_serve_sources *s)
{
	return s->ready;
}

static bool serves_rules(const struct fc_serve_sources *s)
{
	return s->rules;
}

static bool serves_not_ready(const struct fc_serve_sources *s)
{
	return s->not_ready;
}

static const struct route routes[] = {
	{ .path = "/debug/rules", .paths = FC_SERVE_DEBUG, .answer = answer_rules, .served = serves_rules },
	{ .path = "/healthz", .paths = FC_SERVE_STATUS, .answer = answer_healthz, .served = serves_always },
	{ .path = "/livez", .paths = FC_SERVE_STATUS, .answer = answer_livez, .served = serves_live },
	{ .path = "/metrics",
	  .paths = FC_SERVE_STATUS | FC_SERVE_METRICS,
	  .answer = answer_metrics,
	  .served = serves_metrics },
	{ .path = "/readyz", .paths = FC_SERVE_STATUS, .answer = answer_readyz, .served = serves_ready },
	{ .path = "/healthz", .paths = FC_SERVE_PINGS, .answer = answer_ping, .served = serves_always },
	{ .path = "/healthz/ping", .paths = FC_SERVE_PINGS, .answer = answer_one_ping, .served = serves_always },
	{ .path = "/readyz", .paths = FC_SERVE_PINGS, .answer = answer_ping, .served = serves_always },
	{ .path = "/readyz/ping", .paths = FC_SERVE_PINGS, .answer = answer_one_ping, .served = serves_always },
	{ .path = "/healthz", .paths = FC_SERVE_NOT_READY, .answer = answer_not_ready, .served = serves_not_ready },
};

static bool is_served(const struct fc_server *s, const struct route *route)
{
	return (route->paths & s->paths) && route->served(&s->sources);
}

static enum MHD_Result answer_unknown(const struct request *r)
{
	struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, "not found; served here:\n");
	for (size_t i = 0; i < FC_ARRAY_LEN(routes); i++) {
		if (is_served(r->server, &routes[i]))
			fc_buf_printf(&text, "%s\n", routes[i].path);
	}
	return send_buf(r, MHD_HTTP_NOT_FOUND, TEXT_PLAIN, &text);
}

static enum MHD_Result answer_method(const struct request *r)
{
	struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, "only GET and HEAD are answered here\n");
	return send_buf(r, MHD_HTTP_METHOD_NOT_ALLOWED, TEXT_PLAIN, &text);
}

/* A web page opened on this machine can be made to ask here under a name of its own (DNS rebinding). Whoever means
 * this machine says an address or localhost. */
static bool host_is_this_machine(const struct request *r)
{
	const char *host = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	size_t name = host ? strcspn(host, ":") : 0;

	if (!host || host[0] == '[' || strspn(host, "0123456789.") == name)
		return true;
	return name == strlen("localhost") && strncasecmp(host, "localhost", name) == 0;
}

static enum MHD_Result answer_foreign_host(const struct request *r)
{
	struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, "ask for this by address or as localhost\n");
	return send_buf(r, MHD_HTTP_FORBIDDEN, TEXT_PLAIN, &text);
}

/* 0: it may be answered. */
static int refusal_of(const struct request *r)
{
	const struct fc_server *s = r->server;
	const char *authorization;
	int status;

	if (!s->admit)
		return 0;
	authorization = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	status = s->admit(s->admit_user, authorization ? authorization : "", r->path);
	return status == MHD_HTTP_OK ? 0 : status;
}

static enum MHD_Result answer_refusal(const struct request *r, int status)
{
	struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, status == MHD_HTTP_UNAUTHORIZED ? "Unauthorized\n"
			   : status == MHD_HTTP_FORBIDDEN  ? "Authorization denied\n"
							   : "the API server cannot be asked who may read this\n");
	return send_buf(r, (unsigned)status, TEXT_PLAIN, &text);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_bytes, void **state)
{
	const struct request r = { .server = user, .connection = connection, .path = url };

	(void)version;
	(void)upload;
	bool any = r.server->paths & FC_SERVE_METRICS_ONLY;
	if (!any && strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return *upload_bytes ? MHD_NO : answer_method(&r);
	/* Called once with the headers and once more at the end of the request: answered then, the connection can be
	 * used again. */
	if (!*state) {
		*state = connection;
		return MHD_YES;
	}
	if (*upload_bytes) {
		*upload_bytes = 0;
		return MHD_YES;
	}
	int refusal = refusal_of(&r);
	if (refusal)
		return answer_refusal(&r, refusal);
	if (any)
		return answer_metrics(&r);
	for (size_t i = 0; i < FC_ARRAY_LEN(routes); i++) {
		if (strcmp(url, routes[i].path) != 0 || !is_served(r.server, &routes[i]))
			continue;
		return routes[i].paths == FC_SERVE_DEBUG && !host_is_this_machine(&r) ? answer_foreign_host(&r)
										      : routes[i].answer(&r);
	}
	return answer_unknown(&r);
}

/* Takes over the socket: it is closed on failure too. */
static struct MHD_Daemon *start_daemon(struct fc_server *s, int fd)
{
	const unsigned flags =
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, s->cert_pem },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, s->key_pem },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags | (s->cert_pem ? MHD_USE_TLS : 0), s->port, NULL, NULL, on_request, s,
				MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
				MHD_OPTION_PER_IP_CONNECTION_LIMIT, MAX_CONNECTIONS_OF_ONE,
				MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				CONNECTION_BYTES, MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, MHD_OPTION_ARRAY,
				s->cert_pem ? tls : &tls[2], MHD_OPTION_END);
}

static void free_pair(char *cert_pem, char *key_pem)
{
	free(cert_pem);
	fc_free_secret(key_pem, key_pem ? strlen(key_pem) : 0);
}

static void server_free(struct fc_server *s)
{
	free_pair(s->cert_pem, s->key_pem);
	free(s);
}

struct fc_server *fc_server_start_secure(const char *address, unsigned paths, const struct fc_serve_sources *sources,
					 const struct fc_serve_security *security, struct fc_error *err)
{
	uint16_t port = 0;

	if ((paths & FC_SERVE_DEBUG) && fc_address_check_loopback(address, err) < 0)
		return NULL;
	int fd = fc_address_listen(address, &port, err);
	if (fd < 0)
		return NULL;
	struct fc_server *s = fc_xcalloc(1, sizeof(*s));
	s->sources = *sources;
	s->paths = paths;
	s->port = port;
	if (security) {
		s->cert_pem = fc_xstrdup(security->cert_pem);
		s->key_pem = fc_xstrdup(security->key_pem);
		s->admit = security->admit;
		s->admit_user = security->user;
	}
	s->daemon = start_daemon(s, fd);
	if (s->daemon)
		return s;
	fc_error_set(err, FC_ERR_NETWORK, "cannot serve on %s: no thread or descriptor could be had for it%s", address,
		     security ? ", or its certificate cannot be used" : "");
	server_free(s);
	return NULL;
}

struct fc_server *fc_server_start(const char *address, unsigned paths, const struct fc_serve_sources *sources,
				  struct fc_error *err)
{
	return fc_server_start_secure(address, paths, sources, NULL, err);
}

/* --- another certificate --- */

/* What served until now. */
struct retired {
	struct MHD_Daemon *daemon;
	char *cert_pem, *key_pem;
	int fd; /* its own of the listening socket; below 0: it closes that itself */
};

static void *retire(void *user)
{
	struct retired *r = user;

	MHD_stop_daemon(r->daemon);
	if (r->fd >= 0)
		close(r->fd);
	free_pair(r->cert_pem, r->key_pem);
	free(r);
	return NULL;
}

static void join_retirer(struct fc_server *s)
{
	if (s->retires)
		pthread_join(s->retirer, NULL);
	s->retires = false;
}

/* Takes over what is in it. Not in this thread, for which signals and other files wait. */
static void retire_soon(struct fc_server *s, const struct retired *before)
{
	struct retired *r = fc_xcalloc(1, sizeof(*r));

	*r = *before;
	r->fd = (int)MHD_quiesce_daemon(r->daemon);
	join_retirer(s);
	s->retires = pthread_create(&s->retirer, NULL, retire, r) == 0;
	if (!s->retires)
		retire(r);
}

static bool is_same_file(int a, int b)
{
	struct stat of_a, of_b;

	return fstat(a, &of_a) == 0 && fstat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/* On the socket of the one that serves now, which goes on until it is told otherwise. */
static struct MHD_Daemon *start_beside(struct fc_server *s)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_LISTEN_FD);
	int listening = info ? info->listen_fd : -1, fd = listening < 0 ? -1 : fcntl(listening, F_DUPFD_CLOEXEC, 0);
	struct MHD_Daemon *daemon = fd < 0 ? NULL : start_daemon(s, fd);

	/* Where it did not come as far as to take it over. */
	if (!daemon && fd >= 0 && is_same_file(fd, listening))
		close(fd);
	return daemon;
}

int fc_server_renew(struct fc_server *s, const char *cert_pem, const char *key_pem, struct fc_error *err)
{
	struct retired before = { s->daemon, s->cert_pem, s->key_pem, -1 };
	struct MHD_Daemon *daemon;

	s->cert_pem = fc_xstrdup(cert_pem);
	s->key_pem = fc_xstrdup(key_pem);
	daemon = start_beside(s);
	if (!daemon) {
		free_pair(s->cert_pem, s->key_pem);
		s->cert_pem = before.cert_pem;
		s->key_pem = before.key_pem;
		return fc_error_set(err, FC_ERR_CONFIG,
				    "the certificate cannot be used, or no thread or descriptor could be had for it");
	}
	s->daemon = daemon;
	retire_soon(s, &before);
	return 0;
}

uint16_t fc_server_port(const struct fc_server *s)
{
	return s->port;
}

void fc_server_stop(struct fc_server *s)
{
	if (!s)
		return;
	if (s->daemon)
		MHD_stop_daemon(s->daemon); /* closes the listening socket too */
	join_retirer(s);
	server_free(s);
}

static int start_one(struct fc_server **out, const char *flag, const char *address, unsigned paths,
		     const struct fc_serve_sources *sources, struct fc_error *err)
{
	*out = NULL;
	if (!*address)
		return 0;
	*out = fc_server_start(address, paths, sources, err);
	if (!*out)
		return fc_error_wrap(err, "%s", flag);
	fc_log(FC_LOG_INFO, "endpoint open", FC_KV("flag", flag), FC_KV("address", address),
	       FC_KN("port", fc_server_port(*out)));
	return 0;
}

int fc_serve_start(struct fc_serve *out, const char *status_address, const char *debug_address,
		   const struct fc_serve_sources *sources, struct fc_error *err)
{
	unsigned status_paths = FC_SERVE_STATUS;

	if (*status_address && fc_address_check_loopback(status_address, NULL) == 0)
		status_paths |= FC_SERVE_DEBUG;
	*out = (struct fc_serve){ 0 };
	if (start_one(&out->status, "--status-address", status_address, status_paths, sources, err) < 0)
		return -1;
	if (start_one(&out->debug, "--debug-address", debug_address, FC_SERVE_DEBUG, sources, err) == 0)
		return 0;
	fc_serve_stop(out);
	return -1;
}

void fc_serve_stop(struct fc_serve *s)
{
	fc_server_stop(s->debug);
	fc_server_stop(s->status);
	*s = (struct fc_serve){ 0 };
}
