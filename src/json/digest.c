/* SPDX-License-Identifier: Apache-2.0 */
#include "json/digest.h"

#include "base/encode.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The canonical form: one letter for the type, then 64-bit lengths and numbers, lowest byte first. It is made in
 * pieces, so that no value is written out whole. */
struct sink {
	struct fc_sha256 *hash;
	unsigned char pending[512]; /* a call into OpenSSL costs more than the few bytes of a number */
	size_t pending_len;
};

static void flush(struct sink *s)
{
	if (s->pending_len > 0)
		fc_sha256_add(s->hash, s->pending, s->pending_len);
	s->pending_len = 0;
}

static void put(struct sink *s, const void *bytes, size_t len)
{
	if (len > sizeof(s->pending) - s->pending_len)
		flush(s);
	if (len > sizeof(s->pending)) {
		fc_sha256_add(s->hash, bytes, len);
		return;
	}
	if (len > 0)
		memcpy(s->pending + s->pending_len, bytes, len);
	s->pending_len += len;
}

static void put_number(struct sink *s, char type, uint64_t n)
{
	unsigned char bytes[9] = { (unsigned char)type };

	for (size_t i = 0; i < 8; i++)
		bytes[i + 1] = (unsigned char)(n >> (8 * i));
	put(s, bytes, sizeof(bytes));
}

static void put_text(struct sink *s, char type, const char *text, size_t len)
{
	put_number(s, type, len);
	put(s, text, len);
}

/* A real number that is a whole one within 64 bits is that integer, exactly: beyond 2^53 too, where turning the
 * integer into a real number would make neighbours equal. -0.0 is the integer 0. A whole number beyond 64 bits
 * equals no integer that can be held. */
static void put_real(struct sink *s, double real)
{
	uint64_t bits;

	if (real >= -0x1p63 && real < 0x1p63 && (double)(int64_t)real == real) {
		put_number(s, 'i', (uint64_t)(int64_t)real);
		return;
	}
	memcpy(&bits, &real, sizeof(bits));
	put_number(s, 'r', bits);
}

struct member {
	const char *key;
	size_t key_len;
	const json_t *value;
};

static int by_key(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	size_t shorter = x->key_len < y->key_len ? x->key_len : y->key_len;
	int order = memcmp(x->key, y->key, shorter);

	return order ? order : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

static void put_value(struct sink *s, const json_t *value);

static void put_object(struct sink *s, const json_t *object)
{
	size_t count = json_object_size(object), i = 0;
	FC_AUTO_FREE struct member *members = fc_xcalloc(count ? count : 1, sizeof(*members));
	/* Walking changes nothing, though jansson's type says otherwise. */
	json_t *walked = (json_t *)(uintptr_t)object;

	for (void *at = json_object_iter(walked); at && i < count; at = json_object_iter_next(walked, at), i++)
		members[i] = (struct member){ .key = json_object_iter_key(at),
					      .key_len = json_object_iter_key_len(at),
					      .value = json_object_iter_value(at) };
	qsort(members, i, sizeof(*members), by_key);
	put_number(s, 'o', i);
	for (size_t m = 0; m < i; m++) {
		put_text(s, 'k', members[m].key, members[m].key_len);
		put_value(s, members[m].value);
	}
}

static void put_value(struct sink *s, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_object(s, value);
		break;
	case JSON_ARRAY:
		put_number(s, 'a', json_array_size(value));
		for (size_t i = 0; i < json_array_size(value); i++)
			put_value(s, json_array_get(value, i));
		break;
	case JSON_STRING:
		put_text(s, 's', json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		put_number(s, 'i', (uint64_t)json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(s, json_real_value(value));
		break;
	case JSON_TRUE:
		put(s, "t", 1);
		break;
	case JSON_FALSE:
		put(s, "f", 1);
		break;
	case JSON_NULL:
		put(s, "n", 1);
		break;
	}
}

static struct fc_digest finish(struct sink *s)
{
	unsigned char hash[FC_SHA256_BYTES];
	struct fc_digest d;

	flush(s);
	fc_sha256_finish(s->hash, hash);
	memcpy(d.bytes, hash, sizeof(d.bytes));
	/* All zero means missing. */
	if (fc_digest_is_missing(&d))
		d.bytes[0] = 1;
	return d;
}

struct fc_digest fc_digest_json(const json_t *value)
{
	struct sink s = { .hash = NULL };

	if (!value)
		return (struct fc_digest){ .bytes = { 0 } };
	s.hash = fc_sha256_new();
	put_value(&s, value);
	return finish(&s);
}

struct fc_digest fc_digest_bytes(const void *bytes, size_t len)
{
	struct sink s = { .hash = fc_sha256_new() };

	put_text(&s, 'b', bytes, len);
	return finish(&s);
}

bool fc_digest_equal(const struct fc_digest *a, const struct fc_digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool fc_digest_is_missing(const struct fc_digest *d)
{
	static const struct fc_digest missing = { .bytes = { 0 } };

	return fc_digest_equal(d, &missing);
}
