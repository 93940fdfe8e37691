/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/annotation_filter.h"

#include "base/mem.h"
#include "json/decode.h"

#include <string.h>

/* A character of a prefix may be spelled \u002f, and '/' also \/; the other escapes stand for characters that no key
 * has. Go's encoder writes \u003c, \u003e and \u0026, so such objects are decoded too: they are few. */
static bool may_be_escaped(const char *bytes, size_t len)
{
	const char *end = bytes + len;

	for (const char *p = bytes; (p = memchr(p, '\\', (size_t)(end - p))); p += 2) {
		if (end - p < 2)
			return false;
		if (p[1] == 'u' || p[1] == '/')
			return true;
	}
	return false;
}

static bool holds_key(const char *bytes, size_t len, const char *prefix)
{
	size_t prefix_len = strlen(prefix);
	const char *end = bytes + len;

	/* With the quote before it: of a longer word that ends like a prefix the key does not begin with it. */
	for (const char *p = bytes; (p = memmem(p, (size_t)(end - p), prefix, prefix_len)); p++) {
		if (p > bytes && p[-1] == '"')
			return true;
	}
	return false;
}

bool fc_annotation_filter_may_match(const char *bytes, size_t len, const char *const *prefixes)
{
	for (; *prefixes; prefixes++) {
		if (holds_key(bytes, len, *prefixes))
			return true;
	}
	return may_be_escaped(bytes, len);
}

static bool begins_with_any(const char *key, const char *const *prefixes)
{
	for (; *prefixes; prefixes++) {
		if (strncmp(key, *prefixes, strlen(*prefixes)) == 0)
			return true;
	}
	return false;
}

bool fc_annotation_filter_match(const json_t *object, const char *const *prefixes)
{
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");
	const char *key;
	json_t *value;

	json_object_foreach(annotations, key, value) {
		(void)value;
		if (begins_with_any(key, prefixes))
			return true;
	}
	return false;
}
