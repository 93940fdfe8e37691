/* SPDX-License-Identifier: Apache-2.0 */
/* random_json - documents and paths by chance, the same in every run.
 * Owns:    nothing; results belong to the caller.
 * Threads: one owner per struct random.
 * Fails:   never.
 * Source:  xorshift64; few and short names, so that paths meet what is there. */
#ifndef FC_RANDOM_JSON_H
#define FC_RANDOM_JSON_H

#include <jansson.h>

#include <stdint.h>
#include <stdio.h>

struct random {
	uint64_t state;
};

static inline unsigned random_below(struct random *r, unsigned n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (unsigned)((r->state >> 11) % n);
}

/* Some need escaping in a pointer or doubling in a path; digits are keys or indexes. */
static inline const char *random_name(struct random *r)
{
	static const char *const names[] = { "a", "b", "tls.crt", "x/y", "m~n", "0", "1", "2", "7" };

	return names[random_below(r, 9)];
}

static inline json_t *random_json(struct random *r, unsigned depth)
{
	unsigned n = random_below(r, depth ? 10 : 5);
	json_t *value;

	switch (n) {
	case 0:
		return json_null();
	case 1:
		return json_integer(random_below(r, 5));
	case 2:
		return json_boolean(random_below(r, 2));
	case 3:
		return json_real(random_below(r, 5) / 2.0);
	case 4:
		return json_string(random_name(r));
	case 5:
	case 6:
		value = json_array();
		for (unsigned i = random_below(r, 4); i > 0; i--)
			json_array_append_new(value, random_json(r, depth - 1));
		return value;
	default:
		value = json_object();
		for (unsigned i = random_below(r, 5); i > 0; i--)
			json_object_set_new(value, random_name(r), random_json(r, depth - 1));
		return value;
	}
}

static inline json_t *random_object(struct random *r)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < 4; i++)
		json_object_set_new(object, random_name(r), random_json(r, 4));
	return object;
}

/* A path in the syntax of annotation values: dotted and bracketed segments by turns. */
static inline void random_path(struct random *r, char *out, size_t out_bytes)
{
	unsigned segments = 1 + random_below(r, 4);
	size_t at = 0;

	for (unsigned i = 0; i < segments; i++) {
		const char *name = random_name(r);
		char dotted[32];
		size_t n = 0;

		for (const char *c = name; *c; c++) {
			dotted[n++] = *c;
			if (*c == '.')
				dotted[n++] = '.';
		}
		dotted[n] = '\0';
		if (random_below(r, 3))
			at += (size_t)snprintf(out + at, out_bytes - at, "%s%s", i ? "." : "", dotted);
		else
			at += (size_t)snprintf(out + at, out_bytes - at, "['%s']", name);
		if (random_below(r, 8) == 0)
			at += (size_t)snprintf(out + at, out_bytes - at, "[%u]", random_below(r, 3));
	}
}

#endif
