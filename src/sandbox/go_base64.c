/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/go_base64.h"

#include <stdbool.h>

static bool is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

static size_t past_line_ends(const char *text, size_t len, size_t at)
{
	while (at < len && (text[at] == '\n' || text[at] == '\r'))
		at++;
	return at;
}

/* Behind the first `=` at `at`: where Go gives up, or -1. */
static long bad_padding(const char *text, size_t len, size_t at, size_t in_quantum)
{
	size_t next = past_line_ends(text, len, at + 1);

	if (in_quantum < 2)
		return (long)at;
	if (in_quantum == 2) {
		if (next >= len)
			return (long)len;
		if (text[next] != '=')
			return (long)next - 1;
		next = past_line_ends(text, len, next + 1);
	}
	return next < len ? (long)next : -1;
}

long sb_go_base64_fault(const char *text, size_t len)
{
	size_t in_quantum = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' || text[i] == '\r')
			continue;
		if (text[i] == '=')
			return bad_padding(text, len, i, in_quantum);
		if (!is_base64(text[i]))
			return (long)i;
		in_quantum = (in_quantum + 1) % 4;
	}
	return in_quantum ? (long)(len - in_quantum) : -1;
}
