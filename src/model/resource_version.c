/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resource_version.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
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

/* 18 digits always fit, 19 of them need not; none of Kubernetes' own is longer. */
#define MOST_DIGITS 18

static bool as_number(const char *text, uint64_t *number)
{
	if (!is_decimal(text) || strlen(text) > MOST_DIGITS)
		return false;
	*number = strtoull(text, NULL, 10);
	return true;
}

static bool is_number(const struct fc_rv *v)
{
	return v->word & 1;
}

static char *own_text(const struct fc_rv *v)
{
	return (char *)(uintptr_t)v->word;
}

void fc_rv_set(struct fc_rv *v, const char *text)
{
	uint64_t number, word;

	if (text && as_number(text, &number))
		word = number << 1 | 1;
	else
		word = (uintptr_t)fc_xstrdup_null(text);
	if (!is_number(v))
		free(own_text(v));
	v->word = word;
}

char *fc_rv_text(const struct fc_rv *v)
{
	return is_number(v) ? fc_xasprintf("%" PRIu64, v->word >> 1) : fc_xstrdup_null(own_text(v));
}

enum fc_rv_order fc_rv_compare_kept(const char *a, const struct fc_rv *v)
{
	uint64_t number;

	if (!is_number(v))
		return fc_rv_compare(a, own_text(v));
	if (!a || !as_number(a, &number)) {
		FC_AUTO_FREE char *text = fc_rv_text(v);

		return fc_rv_compare(a, text);
	}
	if (number == v->word >> 1)
		return FC_RV_SAME;
	return number < v->word >> 1 ? FC_RV_OLDER : FC_RV_NEWER;
}
