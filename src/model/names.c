/* SPDX-License-Identifier: Apache-2.0 */
#include "model/names.h"

#include "base/mem.h"

#include <stddef.h>
#include <string.h>

#define LABEL_MAX_BYTES 63
#define NAME_MAX_BYTES 253

/* By hand and not by isalnum(), whose answer depends on the locale. */
static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* One label without a limit to its length: Kubernetes limits a subdomain as a whole, not each of its labels. */
static bool is_label_of(const char *s, size_t len)
{
	if (len == 0 || !is_alnum(s[0]) || !is_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

bool fc_name_is_label(const char *s)
{
	if (!s)
		return false;
	size_t len = strnlen(s, LABEL_MAX_BYTES + 1);
	return len <= LABEL_MAX_BYTES && is_label_of(s, len);
}

bool fc_name_is_subdomain(const char *s)
{
	if (!s || strnlen(s, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES)
		return false;
	for (;;) {
		size_t len = strcspn(s, ".");
		if (!is_label_of(s, len))
			return false;
		if (s[len] == '\0')
			return true;
		s += len + 1;
	}
}

bool fc_name_is_path_segment(const char *s)
{
	if (!s || !*s || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return false;
	if (strnlen(s, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES)
		return false;
	for (; *s; s++)
		if (*s == '/' || *s == '%' || (unsigned char)*s < ' ' || *s == 0x7F)
			return false;
	return true;
}

bool fc_name_is_system_namespace(const char *s)
{
	static const char *const system[] = { "kube-system", "kube-public", "kube-node-lease" };

	for (size_t i = 0; s && i < FC_ARRAY_LEN(system); i++)
		if (strcmp(s, system[i]) == 0)
			return true;
	return false;
}
