/* SPDX-License-Identifier: Apache-2.0 */
/* fault-proxy - an HTTP/2 proxy between fedcopy and an API server, which breaks what a test tells it to break.
 *
 * usage: fault-proxy PORT UPSTREAM-PORT CERTIFICATE KEY UPSTREAM-CA JOURNAL [CLIENT-CERTIFICATE CLIENT-KEY]
 *
 * Both ends are TLS on 127.0.0.1. The line {"port": N} on standard output says that it listens; orders then come on
 * standard input (control.c). Authorization headers are passed on; a client's certificate ends here, so that the
 * proxy's own, if it has one, is what the API server sees. */
#include "fault_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/mem.h"

#define TICK_MS 5
/* What API servers announce today. */
#define MAX_STREAMS 100

enum { PROGRAM, PORT, UPSTREAM, CERTIFICATE, KEY, CA, JOURNAL, CLIENT_CERTIFICATE, CLIENT_KEY, ARGUMENTS };

static const unsigned char h2[] = { 2, 'h', '2' };

static int fail(const char *what)
{
	fprintf(stderr, "fault-proxy: %s: %s\n", what, errno ? strerror(errno) : "");
	ERR_print_errors_fp(stderr);
	return -1;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
		   unsigned in_len, void *user)
{
	unsigned char *chosen;

	(void)ssl;
	(void)user;
	if (SSL_select_next_proto(&chosen, out_len, h2, sizeof(h2), in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

int fault_proxy_certificate(struct proxy *p, const char *certificate, const char *key)
{
	SSL_CTX *serve = SSL_CTX_new(TLS_server_method());

	if (!serve || SSL_CTX_use_certificate_chain_file(serve, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(serve, key, SSL_FILETYPE_PEM) != 1) {
		SSL_CTX_free(serve);
		return fail(certificate);
	}
	SSL_CTX_set_alpn_select_cb(serve, on_alpn, NULL);
	SSL_CTX_free(p->serve);
	p->serve = serve;
	return 0;
}

static int make_ask(struct proxy *p, char **argv, bool with_certificate)
{
	p->ask = SSL_CTX_new(TLS_client_method());
	if (!p->ask || SSL_CTX_load_verify_file(p->ask, argv[CA]) != 1)
		return fail(argv[CA]);
	SSL_CTX_set_verify(p->ask, SSL_VERIFY_PEER, NULL);
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(p->ask), "127.0.0.1") != 1 ||
	    SSL_CTX_set_alpn_protos(p->ask, h2, sizeof(h2)) != 0)
		return fail("TLS towards the API server");
	if (with_certificate && (SSL_CTX_use_certificate_chain_file(p->ask, argv[CLIENT_CERTIFICATE]) != 1 ||
				 SSL_CTX_use_PrivateKey_file(p->ask, argv[CLIENT_KEY], SSL_FILETYPE_PEM) != 1))
		return fail(argv[CLIENT_CERTIFICATE]);
	return 0;
}

static void on_connection(void *user, int listener, uint32_t events FC_UNUSED)
{
	struct proxy *p = user;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (!p->deaf) {
		pair_accept(p, fd);
		return;
	}
	FC_GROW(p->deaf_fds, p->deaf_count, p->deaf_cap);
	p->deaf_fds[p->deaf_count++] = fd;
}

void fault_proxy_listen(struct proxy *p)
{
	if (p->frozen)
		fc_loop_remove_fd(p->loop, p->listener);
	else if (fc_loop_set_fd(p->loop, p->listener, EPOLLIN, on_connection, p, NULL) < 0)
		abort();
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)atoi(port)),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int begin_listening(struct proxy *p)
{
	const struct sockaddr *address = (const struct sockaddr *)&p->address;

	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->listener < 0)
		return fail("socket");
	(void)setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(p->listener, address, sizeof(p->address)) < 0 || listen(p->listener, 1024) < 0)
		return fail("bind");
	fault_proxy_listen(p);
	printf("{\"port\": %d}\n", ntohs(p->address.sin_port));
	fflush(stdout);
	return 0;
}

static void on_tick(void *user)
{
	struct proxy *p = user;
	struct pair *pair;
	struct stream *s;

	p->tick = fc_loop_timer(p->loop, TICK_MS, on_tick, p);
	if (p->frozen)
		return;
	DL_FOREACH(p->pairs, pair)
		DL_FOREACH(pair->streams, s)
			stream_tick(s, TICK_MS);
}

static int set_up(struct proxy *p, int argc, char **argv)
{
	p->max_streams = MAX_STREAMS;
	p->address = loopback(argv[PORT]);
	p->upstream = loopback(argv[UPSTREAM]);
	p->loop = fc_loop_new(NULL, NULL, NULL);
	p->journal = fopen(argv[JOURNAL], "ae");
	if (!p->loop || !p->journal)
		return fail(argv[JOURNAL]);
	if (fault_proxy_certificate(p, argv[CERTIFICATE], argv[KEY]) < 0 || make_ask(p, argv, argc == ARGUMENTS) < 0 ||
	    control_begin(p) < 0 || begin_listening(p) < 0)
		return -1;
	on_tick(p);
	return 0;
}

static void tear_down(struct proxy *p)
{
	pair_free_all(p);
	fault_remove(p, 0);
	for (size_t i = 0; i < p->deaf_count; i++)
		close(p->deaf_fds[i]);
	free(p->deaf_fds);
	fc_buf_fini(&p->commands);
	SSL_CTX_free(p->serve);
	SSL_CTX_free(p->ask);
	if (p->journal)
		fclose(p->journal);
	fc_loop_free(p->loop);
}

int main(int argc, char **argv)
{
	struct proxy p = { .listener = -1 };

	if (argc != CLIENT_CERTIFICATE && argc != ARGUMENTS) {
		fprintf(stderr, "usage: fault-proxy PORT UPSTREAM-PORT CERTIFICATE KEY UPSTREAM-CA JOURNAL "
				"[CLIENT-CERTIFICATE CLIENT-KEY]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	int rc = set_up(&p, argc, argv);
	if (rc == 0)
		fc_loop_run(p.loop);
	tear_down(&p);
	return rc == 0 ? 0 : 1;
}
