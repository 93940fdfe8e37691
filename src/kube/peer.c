/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/peer.h"

#include "base/mem.h"
#include "kube/proxy.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A dead host is seen after 30 + 3 * 5 s where nothing is under way, and after as long where bytes wait for their
 * receipt (2.5). */
#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS ((KEEPALIVE_IDLE_S + KEEPALIVE_INTERVAL_S * KEEPALIVE_COUNT) * 1000)
/* Name, TCP, proxy and TLS together: client-go's dial limit (2.3), and below the 45 s in which a server that
 * accepts and never answers must be noticed. */
#define CONNECT_TIMEOUT_MS 30000
/* A connection that has carried nothing for so long is not used again (2.3). */
#define IDLE_S 90

/* 2.8: Go's words for the machine, which audit logs and flow schemas know. */
#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#elif defined(__powerpc64__)
#define ARCHITECTURE "ppc64le"
#elif defined(__s390x__)
#define ARCHITECTURE "s390x"
#else
#define ARCHITECTURE "other"
#endif
#define USER_AGENT "fedcopy/" FC_VERSION " (linux/" ARCHITECTURE ") kubernetes/unknown"

#define SET(rc, easy, option, value)                                        \
	do {                                                                \
		if ((rc) == CURLE_OK)                                       \
			(rc) = curl_easy_setopt((easy), (option), (value)); \
	} while (0)

struct address {
	char *scheme, *host, *port, *path; /* of libcurl's allocator */
};

static void address_fini(struct address *a)
{
	curl_free(a->scheme);
	curl_free(a->host);
	curl_free(a->port);
	curl_free(a->path);
}

static int address_read(struct address *a, const char *url, struct fc_error *err)
{
	CURLU *u = curl_url();

	if (!u)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory for the server's address");
	CURLUcode rc = curl_url_set(u, CURLUPART_URL, url, 0);
	if (!rc)
		rc = curl_url_get(u, CURLUPART_SCHEME, &a->scheme, 0);
	if (!rc)
		rc = curl_url_get(u, CURLUPART_HOST, &a->host, 0);
	if (!rc)
		rc = curl_url_get(u, CURLUPART_PORT, &a->port, CURLU_DEFAULT_PORT);
	if (!rc)
		rc = curl_url_get(u, CURLUPART_PATH, &a->path, 0);
	curl_url_cleanup(u);
	return rc ? fc_error_set(err, FC_ERR_CONFIG, "the server's address is no URL: %s", curl_url_strerror(rc)) : 0;
}

/* The server's `host[:port]` as the URL writes it, without a login: `authority` of `scheme://authority/path`. */
static char *authority_of(const char *url)
{
	const char *begin = strstr(url, "://");

	begin = begin ? begin + 3 : url;
	size_t len = strcspn(begin, "/?#");
	const char *at = memrchr(begin, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - begin);
		begin = at + 1;
	}
	return fc_xstrndup(begin, len);
}

/* 1.12: libcurl takes the name for SNI and for the check of the certificate from the URL only. So the URL bears the
 * certificate's name, CONNECT_TO leads it to the server, and the Host header is said by hand. */
static int take_tls_name(struct fc_peer *p, const char *tls_name, const struct address *a, struct fc_error *err)
{
	size_t path_len = strlen(a->path);

	if (path_len > 0 && a->path[path_len - 1] == '/')
		path_len--;
	free(p->base_url);
	p->base_url = fc_xasprintf("%s://%s:%s%.*s", a->scheme, tls_name, a->port, (int)path_len, a->path);
	p->host_header = fc_xasprintf("Host: %s", p->host);
	FC_AUTO_FREE char *to = fc_xasprintf("::%s:%s", a->host, a->port);
	p->connect_to = curl_slist_append(NULL, to);
	return p->connect_to ? 0 : fc_error_set(err, FC_ERR_MEMORY, "no memory for the server's address");
}

static void forget_secret(char **secret)
{
	if (*secret)
		fc_free_secret(*secret, strlen(*secret));
	*secret = NULL;
}

/* Go's clients let a SOCKS5 proxy resolve the name; libcurl's word for that is socks5h. */
static void let_proxy_resolve(char **proxy)
{
	static const char scheme[] = "socks5://";

	if (!*proxy || strncmp(*proxy, scheme, strlen(scheme)) != 0)
		return;
	char *resolving = fc_xasprintf("socks5h://%s", *proxy + strlen(scheme));
	forget_secret(proxy);
	*proxy = resolving;
}

/* One that is given counts whatever the environment says, its exceptions included (1.13, 2.9). */
static int take_proxy(struct fc_peer *p, const char *given, const struct address *a, struct fc_error *err)
{
	size_t len = strlen(a->host);
	bool brackets = len > 2 && a->host[0] == '[';
	FC_AUTO_FREE char *host = fc_xstrndup(a->host + brackets, brackets ? len - 2 : len);

	if (given)
		p->proxy = fc_xstrdup(given);
	else if (fc_proxy_from_environment(a->scheme, host, a->port, &p->proxy, err) < 0)
		return -1;
	let_proxy_resolve(&p->proxy);
	return 0;
}

static int take_address(struct fc_peer *p, const struct fc_access *access, struct fc_error *err)
{
	__attribute__((cleanup(address_fini))) struct address a = { .scheme = NULL };

	if (address_read(&a, access->server, err) < 0 || take_proxy(p, access->proxy_url, &a, err) < 0)
		return -1;
	if (access->tls_server_name && access->tls_server_name[0] && strcmp(a.scheme, "https") == 0)
		return take_tls_name(p, access->tls_server_name, &a, err);
	return 0;
}

struct fc_peer *fc_peer_new(const struct fc_access *access, const struct fc_tls_material *tls, struct fc_error *err)
{
	const char *no_http2 = getenv("DISABLE_HTTP2");
	struct fc_peer *p = fc_xcalloc(1, sizeof(*p));

	p->refs = 1;
	p->http1_only = no_http2 && no_http2[0];
	p->insecure = access->insecure;
	p->no_compression = access->no_compression;
	p->base_url = fc_xstrdup(access->server);
	p->host = authority_of(access->server);
	p->user_agent = fc_xstrdup(USER_AGENT);
	p->ca_pem = fc_xstrdup_null(tls->ca_pem);
	p->cert_pem = fc_xstrdup_null(tls->cert_pem);
	p->key_pem = fc_xstrdup_null(tls->key_pem);
	if (take_address(p, access, err) == 0)
		return p;
	fc_peer_unref(p);
	return NULL;
}

void fc_peer_say_purpose(struct fc_peer *p, const char *purpose)
{
	if (!purpose)
		return;
	free(p->user_agent);
	p->user_agent = fc_xasprintf(USER_AGENT "/%s", purpose);
}

struct fc_peer *fc_peer_ref(struct fc_peer *p)
{
	p->refs++;
	return p;
}

void fc_peer_unref(struct fc_peer *p)
{
	if (!p || --p->refs > 0)
		return;
	free(p->base_url);
	free(p->host);
	free(p->host_header);
	curl_slist_free_all(p->connect_to);
	free(p->user_agent);
	forget_secret(&p->proxy); /* it may hold a login */
	free(p->ca_pem);
	free(p->cert_pem);
	forget_secret(&p->key_pem);
	free(p);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool fc_peer_has_tls(const struct fc_peer *p, const struct fc_tls_material *tls)
{
	return same_text(p->ca_pem, tls->ca_pem) && same_text(p->cert_pem, tls->cert_pem) &&
	       same_text(p->key_pem, tls->key_pem);
}

/* libcurl 7.88 opens sockets without close-on-exec (2.26) and knows no TCP_KEEPCNT. A refused option (a socket that
 * is not TCP) costs an earlier notice of a dead host, not the connection. */
curl_socket_t fc_peer_open_socket(const struct curl_sockaddr *address)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
	};
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	if (fd < 0)
		return CURL_SOCKET_BAD;
	for (size_t i = 0; i < FC_ARRAY_LEN(options); i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(options[i].value)) < 0)
			break;
	return fd;
}

static struct curl_blob blob_of(char *pem)
{
	/* Read in place: the peer outlives every handle, and a thousand requests need not copy the CA a thousand
	 * times. */
	return (struct curl_blob){ .data = pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY };
}

static CURLcode apply_trust(const struct fc_peer *p, CURL *easy)
{
	CURLcode rc = CURLE_OK;

	SET(rc, easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(rc, easy, CURLOPT_SSL_VERIFYPEER, p->insecure ? 0L : 1L);
	SET(rc, easy, CURLOPT_SSL_VERIFYHOST, p->insecure ? 0L : 2L);
	if (p->ca_pem) {
		struct curl_blob ca = blob_of(p->ca_pem);
		SET(rc, easy, CURLOPT_CAINFO_BLOB, &ca);
		/* A CA that is given is the only root (1.10); libcurl would go on to trust its built-in folder
		 * beside the blob. */
		SET(rc, easy, CURLOPT_CAPATH, NULL);
		SET(rc, easy, CURLOPT_CAINFO, NULL);
	}
	if (p->cert_pem && p->key_pem) {
		struct curl_blob cert = blob_of(p->cert_pem);
		struct curl_blob key = blob_of(p->key_pem);
		SET(rc, easy, CURLOPT_SSLCERT_BLOB, &cert);
		SET(rc, easy, CURLOPT_SSLKEY_BLOB, &key);
	}
	return rc;
}

static CURLcode apply_route(const struct fc_peer *p, CURL *easy)
{
	CURLcode rc = CURLE_OK;

	SET(rc, easy, CURLOPT_HTTP_VERSION, (long)(p->http1_only ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
	SET(rc, easy, CURLOPT_PIPEWAIT, 1L);
	SET(rc, easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	SET(rc, easy, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
	SET(rc, easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* Both are always said, else libcurl asks the environment by its own rules. */
	SET(rc, easy, CURLOPT_PROXY, p->proxy ? p->proxy : "");
	SET(rc, easy, CURLOPT_NOPROXY, "");
	if (p->connect_to)
		SET(rc, easy, CURLOPT_CONNECT_TO, p->connect_to);
	return rc;
}

CURLcode fc_peer_apply(const struct fc_peer *p, CURL *easy)
{
	CURLcode rc = CURLE_OK;

	SET(rc, easy, CURLOPT_NOSIGNAL, 1L);
	/* A name server that does not answer must not hold up the thread when a request is cancelled. */
	SET(rc, easy, CURLOPT_QUICK_EXIT, 1L);
	SET(rc, easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(rc, easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(rc, easy, CURLOPT_PATH_AS_IS, 1L);
	SET(rc, easy, CURLOPT_USERAGENT, p->user_agent);
	if (rc == CURLE_OK)
		rc = apply_route(p, easy);
	return rc == CURLE_OK ? apply_trust(p, easy) : rc;
}
