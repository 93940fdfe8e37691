/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/proxy.h"

#include "base/mem.h"

#include <curl/curl.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An address of either family; IPv4 in its first four bytes. */
struct ip {
	int family; /* AF_UNSPEC: none */
	unsigned char bytes[16];
};

static struct ip ip_of(const char *text)
{
	struct ip ip = { .family = AF_INET };

	if (inet_pton(AF_INET, text, ip.bytes) == 1)
		return ip;
	ip.family = AF_INET6;
	if (inet_pton(AF_INET6, text, ip.bytes) == 1)
		return ip;
	return (struct ip){ .family = AF_UNSPEC };
}

static bool is_loopback(const char *host)
{
	static const unsigned char v6[16] = { [15] = 1 };
	struct ip ip = ip_of(host);

	if (ip.family == AF_INET)
		return ip.bytes[0] == 127;
	return ip.family == AF_INET6 ? memcmp(ip.bytes, v6, sizeof(v6)) == 0 : strcasecmp(host, "localhost") == 0;
}

static bool same_bits(const struct ip *a, const struct ip *b, long bits)
{
	size_t whole = (size_t)bits / 8;
	unsigned char mask = (unsigned char)(0xFF00u >> (bits % 8));

	if (a->family != b->family || memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return bits % 8 == 0 || ((a->bytes[whole] ^ b->bytes[whole]) & mask) == 0;
}

/* "10.0.0.0/8". */
static bool network_covers(const char *network, const char *bits_text, const struct ip *ip)
{
	struct ip base = ip_of(network);
	char *end;
	long bits = strtol(bits_text, &end, 10);

	if (base.family == AF_UNSPEC || !isdigit((unsigned char)*bits_text) || *end ||
	    bits > (base.family == AF_INET ? 32 : 128))
		return false;
	return same_bits(&base, ip, bits);
}

/* Takes ":port" and brackets off; the port, or "". */
static char *split_port(char **host)
{
	char *colon = strrchr(*host, ':');
	char *bracket = strchr(*host, ']');

	if ((*host)[0] == '[' && bracket) {
		bool port = bracket[1] == ':';
		*bracket = '\0';
		(*host)++;
		return port ? bracket + 2 : bracket;
	}
	/* A bare IPv6 address has more than one. */
	if (!colon || strchr(*host, ':') != colon)
		return *host + strlen(*host);
	*colon = '\0';
	return colon + 1;
}

/* "example.com" covers itself and what ends in ".example.com"; ".example.com" and "*.example.com" only the latter. */
static bool name_covers(const char *name, const char *host)
{
	if (name[0] == '*' && name[1] == '.')
		name++;
	bool itself = name[0] != '.';
	size_t name_len = strlen(name), host_len = strlen(host);
	if (itself && strcasecmp(name, host) == 0)
		return true;
	if (host_len <= name_len || strcasecmp(host + host_len - name_len, name) != 0)
		return false;
	return !itself || host[host_len - name_len - 1] == '.';
}

static bool entry_covers(char *entry, const char *host, const char *port, const struct ip *ip)
{
	char *slash = strchr(entry, '/');

	if (strcmp(entry, "*") == 0)
		return true;
	if (slash) {
		*slash = '\0';
		return ip->family != AF_UNSPEC && network_covers(entry, slash + 1, ip);
	}
	const char *entry_port = split_port(&entry);
	if (!*entry || (*entry_port && strcmp(entry_port, port) != 0))
		return false;
	struct ip entry_ip = ip_of(entry);
	if (entry_ip.family != AF_UNSPEC)
		return same_bits(&entry_ip, ip, entry_ip.family == AF_INET ? 32 : 128);
	return name_covers(entry, host);
}

static const char *variable(const char *upper, const char *lower)
{
	const char *value = getenv(upper);

	if (!value || !*value)
		value = getenv(lower);
	return value && *value ? value : NULL;
}

static bool is_excepted(const char *host, const char *port)
{
	const char *list = variable("NO_PROXY", "no_proxy");
	struct ip ip = ip_of(host);
	char *rest = NULL;

	if (is_loopback(host))
		return true;
	FC_AUTO_FREE char *copy = fc_xstrdup(list ? list : "");
	/* White space parts entries too: nobody means a host with a blank in it. */
	for (char *entry = strtok_r(copy, ", \t", &rest); entry; entry = strtok_r(NULL, ", \t", &rest))
		if (entry_covers(entry, host, port, &ip))
			return true;
	return false;
}

static bool is_proxy(const char *url)
{
	static const char *const schemes[] = { "http", "https", "socks5", "socks5h" };
	CURLU *u = curl_url();
	char *scheme = NULL;
	bool found = false;

	if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK)
		for (size_t i = 0; i < FC_ARRAY_LEN(schemes); i++)
			found = found || strcmp(scheme, schemes[i]) == 0;
	curl_free(scheme);
	curl_url_cleanup(u);
	return found;
}

int fc_proxy_from_environment(const char *scheme, const char *host, const char *port, char **out, struct fc_error *err)
{
	bool https = strcmp(scheme, "https") == 0;
	const char *upper = https ? "HTTPS_PROXY" : "HTTP_PROXY";
	const char *value = variable(upper, https ? "https_proxy" : "http_proxy");

	*out = NULL;
	if (!value || is_excepted(host, port))
		return 0;
	char *url = strstr(value, "://") ? fc_xstrdup(value) : fc_xasprintf("http://%s", value);
	if (is_proxy(url)) {
		*out = url;
		return 0;
	}
	fc_free_secret(url, strlen(url));
	return fc_error_set(err, FC_ERR_CONFIG,
			    "the environment's %s is not the address of a proxy: write http://, https:// or socks5://, "
			    "then host:port, or name the server in NO_PROXY",
			    upper);
}
