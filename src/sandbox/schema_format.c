/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of text that API servers check. */
#include "sandbox/schema_impl.h"

#include "base/mem.h"
#include "sandbox/go_time.h"
#include "sandbox/pattern.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_date(const char *text)
{
	FC_AUTO_FREE char *moment = fc_xasprintf("%sT00:00:00Z", text);
	FC_AUTO_FREE char *parsed = strlen(text) == 10 ? sb_go_time_canonical(moment, false, NULL) : NULL;

	return parsed;
}

static bool is_date_time(const char *text)
{
	static const char pattern[] =
		"^[tT]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?([zZ]|[+-][0-9]{2}:[0-9]{2})$";
	size_t len = strlen(text);
	FC_AUTO_FREE char *date = fc_xstrndup(text, 10);

	return len > 10 && is_date(date) && sb_pattern_matches(pattern, text + 10, len - 10);
}

static bool is_ipv4(const char *text)
{
	/* Zeros in front are none that count. */
	static const char pattern[] =
		"^0*(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.0*(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}$";

	return sb_pattern_matches(pattern, text, strlen(text));
}

static bool is_ipv6(const char *text)
{
	struct in6_addr a;

	return strchr(text, ':') && inet_pton(AF_INET6, text, &a) == 1;
}

static bool is_cidr(const char *text)
{
	const char *slash = strchr(text, '/');
	FC_AUTO_FREE char *address = fc_xstrndup(text, slash ? (size_t)(slash - text) : 0);
	size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;

	if (!digits || digits > 3 || slash[1 + digits])
		return false;
	return is_ipv4(address) ? atoi(slash + 1) <= 32 : is_ipv6(address) && atoi(slash + 1) <= 128;
}

/* Each digit times its weight, divisible by `modulus`; X stands for ten at the end. */
static bool is_isbn(const char *text, size_t length)
{
	size_t count = 0;
	int sum = 0;

	for (; *text; text++) {
		int digit = isdigit((unsigned char)*text) ? *text - '0' : 10;

		if (*text == '-' || *text == ' ')
			continue;
		if (digit == 10 && (*text != 'X' || length != 10 || count != 9))
			return false;
		sum += digit * (length == 10 ? 10 - (int)count : count % 2 ? 3 : 1);
		count++;
	}
	return count == length && sum % (length == 10 ? 11 : 10) == 0;
}

static bool is_isbn10(const char *text)
{
	return is_isbn(text, 10);
}

static bool is_isbn13(const char *text)
{
	return is_isbn(text, 13);
}

static bool is_any_isbn(const char *text)
{
	return is_isbn10(text) || is_isbn13(text);
}

/* Luhn's sum. */
static bool is_credit_card(const char *text)
{
	int sum = 0, count = 0;

	for (size_t i = strlen(text); i > 0; i--) {
		int digit = text[i - 1] - '0';

		if (text[i - 1] == '-' || text[i - 1] == ' ')
			continue;
		if (!isdigit((unsigned char)text[i - 1]))
			return false;
		if (count++ % 2)
			digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return count >= 13 && count <= 19 && sum % 10 == 0;
}

static bool is_any(const char *text FC_UNUSED)
{
	return true;
}

static const struct {
	const char *name; /* without dashes */
	bool (*check)(const char *text);
	const char *pattern;
} formats[] = {
	{ "bsonobjectid", NULL, "^[0-9a-fA-F]{24}$" },
	{ "byte", NULL, "^(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$" },
	{ "cidr", is_cidr, NULL },
	{ "creditcard", is_credit_card, NULL },
	{ "date", is_date, NULL },
	{ "datetime", is_date_time, NULL },
	{ "duration", NULL,
	  "^[-+]?0$|^[-+]?(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|\\x{b5}s|\\x{3bc}s|ms|s|m|h))+$"
	  "|[0-9]+\\s*(?i:ns|nano|us|\\x{b5}s|micro|m|s|h|d|w)" },
	{ "email", NULL, "^[^\\s@<>()\\[\\],;:\\\\\"]+@[^\\s@<>()\\[\\],;:\\\\\"]+$|^[^<>@]*<[^\\s@<>]+@[^\\s@<>]+>$" },
	{ "hexcolor", NULL, "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$" },
	{ "hostname", NULL,
	  "^(?=.{1,255}$)([a-zA-Z0-9\\p{S}\\p{L}]((-?[a-zA-Z0-9\\p{S}\\p{L}]{0,62})?)"
	  "|([a-zA-Z0-9\\p{S}\\p{L}](([a-zA-Z0-9-\\p{S}\\p{L}]{0,61}[a-zA-Z0-9\\p{S}\\p{L}])?)(\\.)){1,}"
	  "([a-zA-Z\\p{L}]){2,63})$" },
	{ "ipv4", is_ipv4, NULL },
	{ "ipv6", is_ipv6, NULL },
	{ "isbn", is_any_isbn, NULL },
	{ "isbn10", is_isbn10, NULL },
	{ "isbn13", is_isbn13, NULL },
	{ "mac", NULL,
	  "^(([0-9a-fA-F]{2}:){5}(([0-9a-fA-F]{2}:){2})?[0-9a-fA-F]{2}"
	  "|([0-9a-fA-F]{2}-){5}(([0-9a-fA-F]{2}-){2})?[0-9a-fA-F]{2}"
	  "|[0-9a-fA-F]{4}\\.[0-9a-fA-F]{4}\\.([0-9a-fA-F]{4}\\.)?[0-9a-fA-F]{4})$" },
	{ "password", is_any, NULL },
	{ "rgbcolor", NULL,
	  "^rgb\\(\\s*(([01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5])\\s*,\\s*){2}([01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5])\\s*\\)$" },
	{ "ssn", NULL, "^[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}$" },
	{ "uri", NULL, "^(?:[a-zA-Z][a-zA-Z0-9+.-]*:[^\\s]+|/[^\\s]*)$" },
	{ "uuid", NULL, "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$" },
	{ "uuid3", NULL, "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$" },
	{ "uuid4", NULL, "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$" },
	{ "uuid5", NULL, "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$" },
};

/* Of a known format, where dashes count for nothing: date-time is datetime. FC_ARRAY_LEN(formats): unknown. */
static size_t find_format(const char *format)
{
	FC_AUTO_FREE char *plain = fc_xstrdup(format);
	size_t len = 0, i = 0;

	for (const char *at = format; *at; at++) {
		if (*at != '-')
			plain[len++] = *at;
	}
	plain[len] = '\0';
	while (i < FC_ARRAY_LEN(formats) && strcmp(formats[i].name, plain) != 0)
		i++;
	return i;
}

const char *sb_schema_format(const json_t *source)
{
	const char *format = sb_schema_word(source, "format");

	return find_format(format) < FC_ARRAY_LEN(formats) ? format : "";
}

bool sb_schema_is_format(const char *format, const char *text)
{
	size_t i = find_format(format);

	if (i == FC_ARRAY_LEN(formats))
		return true;
	return formats[i].check ? formats[i].check(text) : sb_pattern_matches(formats[i].pattern, text, strlen(text));
}
