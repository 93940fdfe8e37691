/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of a ConfigMap's content (B20): lengths before texts, so that no two contents are written alike (D13). */
#include "dialects/configmap_sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_text(struct fc_sha256 *h, const char *bytes, size_t len)
{
	char number[24];

	fc_sha256_add(h, number, (size_t)snprintf(number, sizeof(number), "%zu:", len));
	fc_sha256_add(h, bytes, len);
}

/* What a server has stored decodes; anything else is taken as it stands. */
static void add_value(struct fc_sha256 *h, const json_t *value, bool encoded)
{
	struct fc_error error = FC_ERROR_INIT;
	const char *text = json_string_value(value);
	FC_AUTO_FREE char *bytes = NULL;
	size_t len;

	if (encoded && text && fc_base64_decode(text, &bytes, &len, &error) == 0)
		add_text(h, bytes, len);
	else
		add_text(h, text ? text : "", json_string_length(value));
}

static void add_map(struct fc_sha256 *h, const json_t *map, char letter)
{
	size_t count = 0;
	const char **keys = fc_xcalloc(json_object_size(map) + 1, sizeof(*keys)), *key;
	json_t *value;

	/* Only read: jansson iterates over what is not const. */
	json_object_foreach((json_t *)(uintptr_t)map, key, value)
		keys[count++] = key;
	qsort(keys, count, sizeof(*keys), by_bytes);
	for (size_t i = 0; i < count; i++) {
		fc_sha256_add(h, &letter, 1);
		add_text(h, keys[i], strlen(keys[i]));
		add_value(h, json_object_get(map, keys[i]), letter == 'b');
	}
	free(keys);
}

void fc_configmap_sync_hash(const json_t *source, char out[FC_CONFIGMAP_SYNC_HASH_BYTES])
{
	struct fc_sha256 *h = fc_sha256_new();
	unsigned char hash[FC_SHA256_BYTES];

	add_map(h, json_object_get(source, "data"), 'd');
	add_map(h, json_object_get(source, "binaryData"), 'b');
	fc_sha256_finish(h, hash);
	fc_hex(hash, sizeof(hash), out);
}
