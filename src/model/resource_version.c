/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resource_version.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* As Kubernetes writes them: without leading zeros, so that longer means larger. */
static bool is_decimal(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits > 0 && s[digits] == '\0' && (s[0] != '0' || digits == 1);
}

enum fc_rv_order fc_rv_compare(const char *a, const char *b)
{
	if (!a || !b || !*a || !*b)
		return FC_RV_UNKNOWN;
	if (strcmp(a, b) == 0)
		return FC_RV_SAME;
	if (!is_decimal(a) || !is_decimal(b))
		return FC_RV_UNKNOWN;
	size_t a_digits = strlen(a), b_digits = strlen(b);
	if (a_digits != b_digits)
		return a_digits < b_digits ? FC_RV_OLDER : FC_RV_NEWER;
	return strcmp(a, b) < 0 ? FC_RV_OLDER : FC_RV_NEWER;
}
