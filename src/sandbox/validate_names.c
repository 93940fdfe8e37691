/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/validate_names.h"

#include "base/mem.h"

#include <arpa/inet.h>

#include <string.h>

#define MORE_THAN(n) "must be no more than " #n " characters"
#define SUBDOMAIN                                                                                                  \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must " \
	"start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "          \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define QUALIFIED                                                                                                \
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " \
	"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "                  \
	"'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

static void add(struct sb_faults *out, const char *text)
{
	if (out->count < SB_MAX_FAULTS)
		out->text[out->count++] = text;
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_alphanumeric(char c)
{
	return is_letter(c) || is_digit(c);
}

/* One or more of letters, digits and `others`. */
static bool consists(const char *s, const char *others)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!is_alphanumeric(*s) && !strchr(others, *s))
			return false;
	return true;
}

static bool is_small_label(const char *s)
{
	size_t len = strlen(s);

	if (!len || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (; *s; s++)
		if (!is_lower(*s) && !is_digit(*s) && *s != '-')
			return false;
	return true;
}

/* Of any length: that is a fault of its own. */
static bool is_subdomain(const char *s)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(s);
	char *rest = copy;

	for (char *part; (part = strsep(&rest, "."));)
		if (!is_small_label(part))
			return false;
	return true;
}

void sb_faults_subdomain(const char *s, struct sb_faults *out)
{
	if (strlen(s) > 253)
		add(out, MORE_THAN(253));
	if (!is_subdomain(s))
		add(out, SUBDOMAIN);
}

void sb_faults_label(const char *s, struct sb_faults *out)
{
	if (strlen(s) > 63)
		add(out, MORE_THAN(63));
	if (!is_small_label(s))
		add(out, "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
			 "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
			 "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
}

void sb_faults_dns1035(const char *s, struct sb_faults *out)
{
	if (strlen(s) > 63)
		add(out, MORE_THAN(63));
	if (!is_small_label(s) || is_digit(*s))
		add(out, "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
			 "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
			 "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
}

void sb_faults_path_prefix(const char *s, struct sb_faults *out)
{
	if (strchr(s, '/'))
		add(out, "may not contain '/'");
	if (strchr(s, '%'))
		add(out, "may not contain '%'");
}

void sb_faults_path_segment(const char *s, struct sb_faults *out)
{
	if (strcmp(s, ".") == 0)
		add(out, "may not be '.'");
	else if (strcmp(s, "..") == 0)
		add(out, "may not be '..'");
	else
		sb_faults_path_prefix(s, out);
}

/* Begins and ends with a letter or digit, with those, '-', '_' and '.' between. */
static bool is_qualified(const char *s)
{
	return consists(s, "-_.") && is_alphanumeric(*s) && is_alphanumeric(s[strlen(s) - 1]);
}

static void faults_of_prefix_part(const char *prefix, struct sb_faults *out)
{
	if (!*prefix) {
		add(out, "prefix part must be non-empty");
		return;
	}
	if (strlen(prefix) > 253)
		add(out, "prefix part " MORE_THAN(253));
	if (!is_subdomain(prefix))
		add(out, "prefix part " SUBDOMAIN);
}

void sb_faults_qualified_name(const char *s, struct sb_faults *out)
{
	const char *slash = strchr(s, '/'), *name = slash ? slash + 1 : s;

	if (slash && strchr(name, '/')) {
		add(out, "a qualified name " QUALIFIED
			 " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
		return;
	}
	if (slash) {
		FC_AUTO_FREE char *prefix = fc_xstrndup(s, (size_t)(slash - s));

		faults_of_prefix_part(prefix, out);
	}
	if (!*name)
		add(out, "name part must be non-empty");
	else if (strlen(name) > 63)
		add(out, "name part " MORE_THAN(63));
	if (!is_qualified(name))
		add(out, "name part " QUALIFIED);
}

void sb_faults_label_value(const char *s, struct sb_faults *out)
{
	if (strlen(s) > 63)
		add(out, MORE_THAN(63));
	if (*s && !is_qualified(s))
		add(out, "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
			 "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
			 "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
}

/* As the name of a file it would lead out of the folder. */
static void faults_of_dots(const char *s, struct sb_faults *out)
{
	if (strcmp(s, ".") == 0)
		add(out, "must not be '.'");
	else if (strcmp(s, "..") == 0)
		add(out, "must not be '..'");
	else if (strncmp(s, "..", 2) == 0)
		add(out, "must not start with '..'");
}

void sb_faults_config_key(const char *s, struct sb_faults *out)
{
	if (strlen(s) > 253)
		add(out, MORE_THAN(253));
	if (!consists(s, "-._"))
		add(out, "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
			 "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
			 "'[-._a-zA-Z0-9]+')");
	faults_of_dots(s, out);
}

void sb_faults_env_name(const char *s, struct sb_faults *out)
{
	if (!consists(s, "-._") || is_digit(*s))
		add(out, "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', "
			 "or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or "
			 "'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')");
	faults_of_dots(s, out);
}

static bool is_port_name(const char *s)
{
	for (; *s; s++)
		if (!is_lower(*s) && !is_digit(*s) && *s != '-')
			return false;
	return true;
}

void sb_faults_port_name(const char *s, struct sb_faults *out)
{
	size_t len = strlen(s);

	if (len > 15)
		add(out, MORE_THAN(15));
	if (!len || !is_port_name(s))
		add(out, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
	if (!strpbrk(s, "abcdefghijklmnopqrstuvwxyz"))
		add(out, "must contain at least one letter or number (a-z, 0-9)");
	if (strstr(s, "--"))
		add(out, "must not contain consecutive hyphens");
	if (len && (s[0] == '-' || s[len - 1] == '-'))
		add(out, "must not begin or end with a hyphen");
}

void sb_faults_ip(const char *s, struct sb_faults *out)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, s, address) != 1 && inet_pton(AF_INET6, s, address) != 1)
		add(out, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

void sb_faults_http_header(const char *s, struct sb_faults *out)
{
	if (!consists(s, "-"))
		add(out, "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', "
			 "regex used for validation is '[-A-Za-z0-9]+')");
}

void sb_faults_of_prefix(sb_faults_fn *check, const char *prefix, struct sb_faults *out)
{
	FC_AUTO_FREE char *name = fc_xstrdup(prefix);
	size_t len = strlen(name);

	if (check == sb_faults_path_segment)
		check = sb_faults_path_prefix;
	else if (len > 1 && name[len - 1] == '-')
		name[len - 1] = 'a';
	check(name, out);
}

bool sb_faults_none(sb_faults_fn *check, const char *s)
{
	struct sb_faults faults = SB_FAULTS_INIT;

	check(s, &faults);
	return faults.count == 0;
}
