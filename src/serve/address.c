/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEND "give :PORT, an IP address and a port such as 127.0.0.1:9102 or [::1]:9102, or nothing to listen nowhere"

static int refuse(const char *text, const char *why, struct fc_error *err)
{
	return fc_error_set(err, FC_ERR_USAGE, "\"%s\" %s; " MEND, text, why);
}

static int parse_port(const char *text, uint16_t *port)
{
	char *end;

	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 5)
		return -1;
	unsigned long n = strtoul(text, &end, 10);
	if (n > UINT16_MAX)
		return -1;
	*port = (uint16_t)n;
	return 0;
}

static void set_ipv4(struct fc_address *a, struct in_addr host)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(a->port), .sin_addr = host };

	memcpy(&a->sockaddr, &sin, sizeof(sin));
	a->len = sizeof(sin);
	a->loopback = ntohl(host.s_addr) >> 24 == IN_LOOPBACKNET;
}

static void set_ipv6(struct fc_address *a, struct in6_addr host)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port), .sin6_addr = host };

	memcpy(&a->sockaddr, &sin6, sizeof(sin6));
	a->len = sizeof(sin6);
	a->loopback =
		IN6_IS_ADDR_LOOPBACK(&host) || (IN6_IS_ADDR_V4MAPPED(&host) && host.s6_addr[12] == IN_LOOPBACKNET);
}

/* `host` is what stands before the last colon, brackets included. */
static int parse_host(const char *text, char *host, struct fc_address *out, struct fc_error *err)
{
	struct in_addr four;
	struct in6_addr six;
	size_t len = strlen(host);

	if (len == 0) {
		out->any = true;
		set_ipv6(out, in6addr_any);
		return 0;
	}
	if (inet_pton(AF_INET, host, &four) == 1) {
		set_ipv4(out, four);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &six) == 1 || strchr(host, ':')) {
		if (host[0] != '[' || host[len - 1] != ']')
			return refuse(text, "is an IPv6 address without brackets", err);
		host[len - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &six) != 1)
			return refuse(text, "is no IPv6 address", err);
		set_ipv6(out, six);
		return 0;
	}
	return refuse(text, "is not an IP address (host names are not looked up)", err);
}

int fc_address_parse(const char *text, struct fc_address *out, struct fc_error *err)
{
	char host[INET6_ADDRSTRLEN + 2];
	const char *colon = strrchr(text, ':');

	memset(out, 0, sizeof(*out));
	if (!colon)
		return refuse(text, "has no port", err);
	if ((size_t)(colon - text) >= sizeof(host))
		return refuse(text, "is not an IP address (host names are not looked up)", err);
	if (parse_port(colon + 1, &out->port) < 0)
		return refuse(text, "has no port between 0 and 65535 behind its last colon", err);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	return parse_host(text, host, out, err);
}

int fc_address_check(const char *text, struct fc_error *err)
{
	struct fc_address a;

	return *text ? fc_address_parse(text, &a, err) : 0;
}

int fc_address_check_loopback(const char *text, struct fc_error *err)
{
	struct fc_address a;

	if (!*text)
		return 0;
	if (fc_address_parse(text, &a, err) < 0)
		return -1;
	if (!a.loopback)
		return fc_error_set(err, FC_ERR_USAGE,
				    "\"%s\" can be reached from other machines; "
				    "give a loopback address, such as 127.0.0.1:%u or [::1]:%u",
				    text, a.port, a.port);
	return 0;
}

/* A socket bound to the address, or -1 with errno. */
static int bind_socket(const struct fc_address *a)
{
	const int on = 1, off = 0;
	int fd = socket(a->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	/* A restart must not wait for the old process's connections to time out. */
	bool ok = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
	if (ok && a->any && a->sockaddr.ss_family == AF_INET6)
		ok = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0;
	if (ok && bind(fd, (const struct sockaddr *)&a->sockaddr, a->len) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	int kept = errno;
	close(fd);
	errno = kept;
	return -1;
}

static int refuse_bind(const char *text, int sys_errno, struct fc_error *err)
{
	switch (sys_errno) {
	case EADDRINUSE:
		return fc_error_set_errno(
			err, FC_ERR_USAGE, sys_errno,
			"cannot listen on %s (another process has that port; stop it or give another port)", text);
	case EADDRNOTAVAIL:
		return fc_error_set_errno(
			err, FC_ERR_USAGE, sys_errno,
			"cannot listen on %s (no network interface here has that address; give :PORT for all)", text);
	case EACCES:
		return fc_error_set_errno(
			err, FC_ERR_USAGE, sys_errno,
			"cannot listen on %s (give a port from 1024 up, or run with the right to use lower ones)",
			text);
	default:
		return fc_error_set_errno(err, FC_ERR_NETWORK, sys_errno, "cannot listen on %s", text);
	}
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_storage at = { 0 };
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return 0;
	memcpy(&sin, &at, sizeof(sin));
	memcpy(&sin6, &at, sizeof(sin6));
	return ntohs(at.ss_family == AF_INET ? sin.sin_port : sin6.sin6_port);
}

int fc_address_listen(const char *text, uint16_t *port, struct fc_error *err)
{
	struct fc_address a;

	if (fc_address_parse(text, &a, err) < 0)
		return -1;
	int fd = bind_socket(&a);
	if (fd < 0 && a.any && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		/* A kernel or a container without IPv6: every IPv4 address is then all there is. */
		set_ipv4(&a, (struct in_addr){ .s_addr = htonl(INADDR_ANY) });
		fd = bind_socket(&a);
	}
	if (fd < 0)
		return refuse_bind(text, errno, err);
	*port = bound_port(fd);
	return fd;
}
