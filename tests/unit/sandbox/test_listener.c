/* SPDX-License-Identifier: Apache-2.0 */
/* The port, its certificates, and what connections meet: what happens below HTTP. */
#include "sandbox/listener.h"

#include "sandbox/call.h"
#include "sandbox/cruelty.h"
#include "sandbox/journal.h"
#include "sandbox/read.h"

#include "wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void handle(void *user FC_UNUSED, const struct sb_request *request FC_UNUSED, struct sb_response *response)
{
	response->content_type = "text/plain";
	(void)fc_buf_puts(&response->body, "ok");
}

static void open_wire(struct wire *w, struct sb_cluster *cluster)
{
	*cluster = (struct sb_cluster){ .cruelty = sb_cruelty_new(1) };
	wire_open(w, handle, NULL);
	w->service.cluster = cluster;
}

static void close_wire(struct wire *w, struct sb_cluster *cluster)
{
	wire_close(w);
	sb_cruelty_free(cluster->cruelty);
}

static void be_cruel(struct sb_cluster *cluster, const char *words)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *rule = sb_cruelty_parse_flag(words, &err);
	unsigned id;

	if (!rule || sb_cruelty_add(cluster->cruelty, rule, fc_clock_mono_ms(), &id, &err) < 0)
		fail_msg("%s: %s", words, err.text);
	json_decref(rule);
}

static CURLcode result_of(struct wire *w, struct wire_call *c)
{
	wire_send(c);
	wire_until(w, c->done);
	CURLcode result = c->result;
	wire_end(c);
	return result;
}

/* Of a request in a connection of its own. */
static CURLcode try_anew(struct wire *w)
{
	struct wire_call *c = wire_prepare(w, "GET", "/");

	curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, 1L);
	return result_of(w, c);
}

#define FIXTURE()                  \
	struct wire w;             \
	struct sb_cluster cluster; \
	(void)state;               \
	open_wire(&w, &cluster)

static void test_the_certificate_is_good_for_the_names_of_loopback(void **state)
{
	static const char *const names[] = { "localhost", "127.0.0.1" };
	FIXTURE();

	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++) {
		struct wire_call *c = wire_prepare(&w, "GET", "/");
		FC_AUTO_FREE char *url = fc_xasprintf("https://%s:%d/", names[i], sb_listener_port(w.listener));
		curl_easy_setopt(c->easy, CURLOPT_URL, url);
		curl_easy_setopt(c->easy, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
		assert_int_equal(result_of(&w, c), CURLE_OK);
	}
	close_wire(&w, &cluster);
}

static void test_another_name_and_another_run_are_not_trusted(void **state)
{
	FIXTURE();
	struct fc_error err = FC_ERROR_INIT;
	struct sb_authority *stranger = sb_authority_new(&err);
	struct wire_call *c = wire_prepare(&w, "GET", "/");
	FC_AUTO_FREE char *url = fc_xasprintf("https://elsewhere:%d/", sb_listener_port(w.listener));
	FC_AUTO_FREE char *way = fc_xasprintf("elsewhere:%d:127.0.0.1", sb_listener_port(w.listener));
	struct curl_slist *resolve = curl_slist_append(NULL, way);

	curl_easy_setopt(c->easy, CURLOPT_URL, url);
	curl_easy_setopt(c->easy, CURLOPT_RESOLVE, resolve);
	assert_int_equal(result_of(&w, c), CURLE_PEER_FAILED_VERIFICATION);
	curl_slist_free_all(resolve);

	struct curl_blob ca = { .data = (void *)(uintptr_t)sb_authority_pem(stranger),
				.len = strlen(sb_authority_pem(stranger)),
				.flags = CURL_BLOB_COPY };
	c = wire_prepare(&w, "GET", "/");
	curl_easy_setopt(c->easy, CURLOPT_CAINFO_BLOB, &ca);
	assert_int_equal(result_of(&w, c), CURLE_PEER_FAILED_VERIFICATION);
	sb_authority_free(stranger);
	close_wire(&w, &cluster);
}

static void test_who_does_not_speak_http2_is_told_in_the_handshake(void **state)
{
	FIXTURE();
	struct wire_call *c = wire_prepare(&w, "GET", "/");

	curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	assert_int_equal(result_of(&w, c), CURLE_SSL_CONNECT_ERROR);
	c = wire_prepare(&w, "GET", "/");
	curl_easy_setopt(c->easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	assert_int_not_equal(result_of(&w, c), CURLE_OK);
	wire_until(&w, w.service.connection_count == 0);
	close_wire(&w, &cluster);
}

static void test_a_swapped_certificate_is_of_an_authority_nobody_trusts(void **state)
{
	FIXTURE();

	be_cruel(&cluster, "other-certificate");
	assert_int_equal(try_anew(&w), CURLE_PEER_FAILED_VERIFICATION);
	sb_cruelty_clear(cluster.cruelty);
	assert_int_equal(try_anew(&w), CURLE_OK);
	close_wire(&w, &cluster);
}

static void test_connections_are_refused_for_as_often_as_told(void **state)
{
	FIXTURE();

	be_cruel(&cluster, "refused-connection,count=2");
	assert_int_not_equal(try_anew(&w), CURLE_OK);
	assert_int_not_equal(try_anew(&w), CURLE_OK);
	assert_int_equal(try_anew(&w), CURLE_OK);
	close_wire(&w, &cluster);
}

static void test_a_port_that_refuses_everybody_is_closed_until_it_no_longer_does(void **state)
{
	FIXTURE();

	be_cruel(&cluster, "refused-connection");
	assert_int_not_equal(try_anew(&w), CURLE_OK);
	assert_int_equal(try_anew(&w), CURLE_COULDNT_CONNECT);
	sb_cruelty_clear(cluster.cruelty);
	wire_until(&w, try_anew(&w) == CURLE_OK);
	close_wire(&w, &cluster);
}

static void test_a_closed_port_refuses_and_opens_again_where_it_was(void **state)
{
	FIXTURE();
	struct fc_error err = FC_ERROR_INIT;
	int port = sb_listener_port(w.listener);

	assert_int_equal(try_anew(&w), CURLE_OK);
	sb_listener_close(w.listener);
	assert_int_equal(try_anew(&w), CURLE_COULDNT_CONNECT);
	assert_int_equal(sb_listener_open(w.listener, &err), 0);
	assert_int_equal(sb_listener_open(w.listener, &err), 0);
	assert_int_equal(sb_listener_port(w.listener), port);
	assert_int_equal(try_anew(&w), CURLE_OK);
	close_wire(&w, &cluster);
}

static void test_a_port_in_use_is_named_with_the_mend(void **state)
{
	FIXTURE();
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *words =
		fc_xasprintf("port %d of 127.0.0.1 is in use: end what listens there, or choose another",
			     sb_listener_port(w.listener));

	assert_null(sb_listener_new(&w.service, sb_listener_port(w.listener), &err));
	assert_string_equal(err.text, words);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	close_wire(&w, &cluster);
}

/* A client that connects and then says these bytes, in the clear. */
static int connect_raw(const struct wire *w, const char *bytes)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)sb_listener_port(w->listener)),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	return fd;
}

static void test_what_is_no_tls_ends_its_own_connection_alone(void **state)
{
	FIXTURE();
	int fd = connect_raw(&w, "GET / HTTP/1.1\r\n\r\n"), silent = connect_raw(&w, "");

	wire_until(&w, w.service.connection_count == 1);
	assert_int_equal(try_anew(&w), CURLE_OK);
	close(silent);
	wire_until(&w, w.service.connection_count == 1);
	close(fd);
	close_wire(&w, &cluster);
}

static void test_without_descriptors_connections_wait_until_there_are_some(void **state)
{
	FIXTURE();
	struct rlimit before, few;

	/* libcurl has its end before the limit; the server's end of it is one too many. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	int fd = connect_raw(&w, ""), next = dup(fd);
	few = (struct rlimit){ (rlim_t)next, before.rlim_max };
	close(next);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int i = 0; i < 5; i++)
		fc_loop_run_once(w.loop, 1);
	assert_int_equal(w.service.connection_count, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	wire_until(&w, w.service.connection_count == 1);
	assert_int_equal(try_anew(&w), CURLE_OK);
	close(fd);
	close_wire(&w, &cluster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_certificate_is_good_for_the_names_of_loopback),
		cmocka_unit_test(test_another_name_and_another_run_are_not_trusted),
		cmocka_unit_test(test_who_does_not_speak_http2_is_told_in_the_handshake),
		cmocka_unit_test(test_a_swapped_certificate_is_of_an_authority_nobody_trusts),
		cmocka_unit_test(test_connections_are_refused_for_as_often_as_told),
		cmocka_unit_test(test_a_port_that_refuses_everybody_is_closed_until_it_no_longer_does),
		cmocka_unit_test(test_a_closed_port_refuses_and_opens_again_where_it_was),
		cmocka_unit_test(test_a_port_in_use_is_named_with_the_mend),
		cmocka_unit_test(test_what_is_no_tls_ends_its_own_connection_alone),
		cmocka_unit_test(test_without_descriptors_connections_wait_until_there_are_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
