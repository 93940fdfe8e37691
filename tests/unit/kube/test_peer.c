/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/peer.h"

#include "unit/kube/client.h"

#include <fcntl.h>
#include <netinet/tcp.h>

static void route(void *user FC_UNUSED, const struct tls_seen *request, struct tls_reply *reply)
{
	*reply = (struct tls_reply){ .manner = strcmp(request->url, "/hang") == 0 ? TLS_HANG : TLS_ANSWER,
				     .body = "{}" };
}

static void get(struct client *c, struct outcome *o)
{
	client_connect(c, 0, 0);
	client_do(c, "GET", "/x", NULL, o);
	client_stop(c);
}

static void test_peer_with_another_ca_is_not_trusted(void **state FC_UNUSED)
{
	struct tls_server *s = tls_server_start(NULL, route, NULL);
	char *other_ca, *other_key;
	struct outcome o;

	tls_make_certificate("IP:127.0.0.1", &other_ca, &other_key);
	struct client c = { .access = { .server = s->url, .ca_pem = other_ca } };
	get(&c, &o);
	assert_int_equal(o.err.cls, FC_ERR_TLS);
	assert_int_equal(o.status, 0);
	assert_int_equal(tls_server_requests(s), 0);
	assert_false(c.reachable);
	assert_int_equal(c.unreachable_why.cls, FC_ERR_TLS);
	free(other_ca);
	free(other_key);
	tls_server_stop(s);
}

static void test_peer_without_a_ca_asks_the_systems_roots(void **state FC_UNUSED)
{
	struct tls_server *s = tls_server_start(NULL, route, NULL);
	struct outcome o;
	struct client c = { .access = { .server = s->url } };

	get(&c, &o);
	assert_int_equal(o.err.cls, FC_ERR_TLS);
	tls_server_stop(s);
}

static void test_peer_insecure_asks_no_root(void **state FC_UNUSED)
{
	struct tls_server *s = tls_server_start("DNS:elsewhere.test", route, NULL);
	struct outcome o;
	struct client c = { .access = { .server = s->url, .insecure = true } };

	get(&c, &o);
	assert_int_equal(o.status, 200);
	tls_server_stop(s);
}

static void test_peer_with_another_name_is_not_trusted(void **state FC_UNUSED)
{
	struct tls_server *s = tls_server_start("DNS:kubernetes.test", route, NULL);
	struct outcome o;
	struct client c = { .access = { .server = s->url, .ca_pem = s->ca_pem } };

	get(&c, &o);
	assert_int_equal(o.err.cls, FC_ERR_TLS);
	tls_server_stop(s);
}

static void test_peer_tls_server_name_is_checked_in_place_of_the_host(void **state FC_UNUSED)
{
	struct tls_server *s = tls_server_start("DNS:kubernetes.test", route, NULL);
	struct outcome o;
	char name[] = "kubernetes.test", wrong[] = "other.test", prefixed[128], host[64];

	snprintf(prefixed, sizeof(prefixed), "%s/k8s/clusters/c-1", s->url);
	snprintf(host, sizeof(host), "127.0.0.1:%d", s->port);
	struct client c = { .access = { .server = prefixed, .ca_pem = s->ca_pem, .tls_server_name = name } };
	get(&c, &o);
	assert_false(o.failed);
	assert_string_equal(tls_server_last(s).host, host);
	assert_string_equal(tls_server_last(s).url, "/k8s/clusters/c-1/x");
	c = (struct client){ .access = { .server = s->url, .ca_pem = s->ca_pem, .tls_server_name = wrong } };
	get(&c, &o);
	assert_int_equal(o.err.cls, FC_ERR_TLS);
	tls_server_stop(s);
}

static void test_peer_prefix_of_the_server_stands_before_the_path(void **state FC_UNUSED)
{
	struct tls_server *s = tls_server_start(NULL, route, NULL);
	struct outcome o;
	char prefixed[128];

	snprintf(prefixed, sizeof(prefixed), "%s/prefix", s->url);
	struct client c = { .access = { .server = prefixed, .ca_pem = s->ca_pem } };
	get(&c, &o);
	assert_string_equal(tls_server_last(s).url, "/prefix/x");
	tls_server_stop(s);
}

static void test_peer_explicit_proxy_is_used_whatever_the_environment_excepts(void **state FC_UNUSED)
{
	struct tls_server *s = tls_server_start(NULL, route, NULL);
	struct outcome o;
	int port;
	char proxy[64];

	close(tls_listen(&port)); /* nobody is there */
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", port);
	setenv("NO_PROXY", "*", 1);
	struct client c = { .access = { .server = s->url, .ca_pem = s->ca_pem, .proxy_url = proxy } };
	get(&c, &o);
	unsetenv("NO_PROXY");
	assert_int_equal(o.err.cls, FC_ERR_NETWORK);
	assert_int_equal(tls_server_requests(s), 0);
	tls_server_stop(s);
}

static void test_peer_refused_connection_is_a_network_failure_that_sent_nothing(void **state FC_UNUSED)
{
	struct outcome o;
	int port;
	char url[64];

	close(tls_listen(&port));
	snprintf(url, sizeof(url), "https://127.0.0.1:%d", port);
	struct client c = { .access = { .server = url } };
	client_connect(&c, 0, 0);
	client_do(&c, "PATCH", "/x", "[]", &o);
	client_stop(&c);
	assert_int_equal(o.err.cls, FC_ERR_NETWORK);
	assert_false(o.err.outcome_unknown);
}

static void test_peer_unknown_host_is_a_network_failure(void **state FC_UNUSED)
{
	struct outcome o;
	char url[] = "https://fedcopy-test.invalid";
	struct client c = { .access = { .server = url } };

	get(&c, &o);
	assert_int_equal(o.err.cls, FC_ERR_NETWORK);
}

static void test_peer_that_accepts_and_is_silent_is_a_timeout_that_sent_nothing(void **state FC_UNUSED)
{
	struct outcome o = { .calls = 0 };
	int port, fd = tls_listen(&port);
	char url[64];

	snprintf(url, sizeof(url), "https://127.0.0.1:%d", port);
	struct client c = { .access = { .server = url } };
	client_connect(&c, 0, 0);
	const struct fc_request_options options = { .method = "PATCH",
						    .path = "/x",
						    .body = fc_xstrdup("[]"),
						    .body_bytes = 2,
						    .timeout_ms = 150,
						    .on_done = outcome_keep,
						    .user = &o };
	assert_non_null(fc_transport_send(c.transport, &options, NULL));
	WAIT_FOR(&c, o.calls);
	client_stop(&c);
	close(fd);
	assert_int_equal(o.err.cls, FC_ERR_TIMEOUT);
	assert_false(o.err.outcome_unknown);
}

/* `reset`: the connection is torn down, as the kernel does when the server is killed. */
static enum fc_error_class end_in_handshake(bool reset)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	struct outcome o;
	int port, listener = tls_listen(&port);
	char url[64];

	snprintf(url, sizeof(url), "https://127.0.0.1:%d", port);
	struct client c = { .access = { .server = url } };
	client_connect(&c, 0, 0);
	client_send(&c, "GET", "/x", NULL, &o);
	assert_int_equal(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	int fd = -1;
	WAIT_FOR(&c, (fd = accept(listener, NULL, NULL)) >= 0);
	/* Its greeting has come: the client waits for ours. */
	char greeting;
	WAIT_FOR(&c, recv(fd, &greeting, 1, MSG_PEEK | MSG_DONTWAIT) == 1);
	if (reset)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	close(fd);
	WAIT_FOR(&c, o.calls);
	client_stop(&c);
	close(listener);
	return o.err.cls;
}

static void test_peer_that_ends_in_the_handshake_is_no_question_of_trust(void **state FC_UNUSED)
{
	assert_int_equal(end_in_handshake(false), FC_ERR_NETWORK);
	assert_int_equal(end_in_handshake(true), FC_ERR_NETWORK);
}

/* The descriptor of the client's end of a connection to `port`, or -1. */
static int client_end(int port)
{
	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_in a;
		socklen_t len = sizeof(a);
		if (getpeername(fd, (struct sockaddr *)&a, &len) == 0 && a.sin_family == AF_INET &&
		    ntohs(a.sin_port) == port)
			return fd;
	}
	return -1;
}

static int option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void test_peer_sockets_are_closed_on_exec_and_watch_for_dead_hosts(void **state FC_UNUSED)
{
	struct tls_server *s = tls_server_start(NULL, route, NULL);
	struct outcome o;
	struct client c;

	client_start(&c, s);
	client_send(&c, "GET", "/hang", NULL, &o);
	WAIT_FOR(&c, tls_server_requests(s) == 1);
	int fd = client_end(s->port);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 5);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 45000);
	client_stop(&c);
	tls_server_stop(s);
}

static struct fc_peer *peer_of(const struct fc_access *access)
{
	const struct fc_tls_material tls = { .ca_pem = access->ca_pem,
					     .cert_pem = access->cert_pem,
					     .key_pem = access->key_pem };
	struct fc_error err = FC_ERROR_INIT;
	struct fc_peer *p = fc_peer_new(access, &tls, &err);

	assert_string_equal(err.text, "");
	return p;
}

static void test_peer_address_that_is_no_url_is_refused(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	char server[] = "https://a b";
	const struct fc_access access = { .server = server };

	assert_null(fc_peer_new(&access, &(const struct fc_tls_material){ .ca_pem = NULL }, &err));
	assert_int_equal(err.cls, FC_ERR_CONFIG);
}

static void test_peer_host_for_metrics_bears_no_login(void **state FC_UNUSED)
{
	char server[] = "https://user:secret@[::1]:6443/prefix";
	struct fc_peer *p = peer_of(&(const struct fc_access){ .server = server });

	assert_string_equal(p->host, "[::1]:6443");
	fc_peer_unref(p);
}

static void test_peer_socks_proxy_resolves_names_itself(void **state FC_UNUSED)
{
	char server[] = "https://a.test", proxy[] = "socks5://proxy.test:1080";
	struct fc_peer *p = peer_of(&(const struct fc_access){ .server = server, .proxy_url = proxy });

	assert_string_equal(p->proxy, "socks5h://proxy.test:1080");
	fc_peer_unref(p);
}

static void test_peer_disable_http2_is_obeyed(void **state FC_UNUSED)
{
	char server[] = "https://a.test";
	struct fc_peer *p = peer_of(&(const struct fc_access){ .server = server });

	assert_false(p->http1_only);
	fc_peer_unref(p);
	setenv("DISABLE_HTTP2", "1", 1);
	p = peer_of(&(const struct fc_access){ .server = server });
	assert_true(p->http1_only);
	fc_peer_unref(p);
	unsetenv("DISABLE_HTTP2");
}

static void test_peer_outlives_what_it_was_made_from(void **state FC_UNUSED)
{
	char server[] = "https://a.test", ca[] = "ca", cert[] = "cert", key[] = "key";
	struct fc_access access = { .server = server, .ca_pem = ca, .cert_pem = cert, .key_pem = key };
	struct fc_tls_material other = { .ca_pem = ca, .cert_pem = "cert", .key_pem = "another key" };
	struct fc_peer *p = peer_of(&access), *q = fc_peer_ref(p);

	fc_peer_unref(p);
	assert_true(fc_peer_has_tls(q, &(const struct fc_tls_material){ "ca", "cert", "key" }));
	assert_false(fc_peer_has_tls(q, &other));
	assert_false(fc_peer_has_tls(q, &(const struct fc_tls_material){ .ca_pem = NULL }));
	memset(ca, 'x', 2);
	memset(server, 'x', 5);
	assert_string_equal(q->ca_pem, "ca");
	assert_string_equal(q->base_url, "https://a.test");
	fc_peer_unref(q);
}

static void test_peer_of_an_environment_with_a_proxy_uses_it(void **state FC_UNUSED)
{
	char server[] = "https://a.test";

	setenv("HTTPS_PROXY", "socks5://proxy.test:1080", 1);
	struct fc_peer *p = peer_of(&(const struct fc_access){ .server = server });
	assert_string_equal(p->proxy, "socks5h://proxy.test:1080");
	fc_peer_unref(p);
	setenv("NO_PROXY", ".test", 1);
	p = peer_of(&(const struct fc_access){ .server = server });
	assert_null(p->proxy);
	fc_peer_unref(p);
	unsetenv("HTTPS_PROXY");
	unsetenv("NO_PROXY");
}

/* What libcurl would do by itself: take ALL_PROXY, and send a request to a loopback address through a proxy. */
static void test_peer_without_a_proxy_connects_directly_whatever_libcurl_reads(void **state FC_UNUSED)
{
	struct tls_server *s = tls_server_start(NULL, route, NULL);
	struct outcome o;

	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
	struct client c = { .access = { .server = s->url, .ca_pem = s->ca_pem } };
	get(&c, &o);
	unsetenv("ALL_PROXY");
	unsetenv("HTTPS_PROXY");
	assert_int_equal(o.status, 200);
	tls_server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer_with_another_ca_is_not_trusted),
		cmocka_unit_test(test_peer_without_a_ca_asks_the_systems_roots),
		cmocka_unit_test(test_peer_insecure_asks_no_root),
		cmocka_unit_test(test_peer_with_another_name_is_not_trusted),
		cmocka_unit_test(test_peer_tls_server_name_is_checked_in_place_of_the_host),
		cmocka_unit_test(test_peer_prefix_of_the_server_stands_before_the_path),
		cmocka_unit_test(test_peer_explicit_proxy_is_used_whatever_the_environment_excepts),
		cmocka_unit_test(test_peer_refused_connection_is_a_network_failure_that_sent_nothing),
		cmocka_unit_test(test_peer_unknown_host_is_a_network_failure),
		cmocka_unit_test(test_peer_that_accepts_and_is_silent_is_a_timeout_that_sent_nothing),
		cmocka_unit_test(test_peer_that_ends_in_the_handshake_is_no_question_of_trust),
		cmocka_unit_test(test_peer_sockets_are_closed_on_exec_and_watch_for_dead_hosts),
		cmocka_unit_test(test_peer_address_that_is_no_url_is_refused),
		cmocka_unit_test(test_peer_host_for_metrics_bears_no_login),
		cmocka_unit_test(test_peer_socks_proxy_resolves_names_itself),
		cmocka_unit_test(test_peer_disable_http2_is_obeyed),
		cmocka_unit_test(test_peer_outlives_what_it_was_made_from),
		cmocka_unit_test(test_peer_of_an_environment_with_a_proxy_uses_it),
		cmocka_unit_test(test_peer_without_a_proxy_connects_directly_whatever_libcurl_reads),
	};

	return cmocka_run_group_tests_name("peer", tests, client_global_setup, client_global_teardown);
}
