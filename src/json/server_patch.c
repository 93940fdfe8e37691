/* SPDX-License-Identifier: Apache-2.0 */
#include "json/server_patch.h"

#include "base/mem.h"
#include "json/decode.h"

#include <string.h>

/* The real server's limit: what the copies of one patch may have together, as text. */
#define COPIED_BYTES ((size_t)3 * 1024 * 1024)
/* Twice what a request may have: what is nested deeper could not be read again at some time. */
#define MAX_DEPTH ((size_t)2 * FC_JSON_MAX_DEPTH)

static const char *text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

/* Where a pointer leads: the last piece, in the container that holds it. */
struct spot {
	json_t *container;
	char *key;
	size_t depth; /* how many containers there are around what stands there */
};

static char *unescape(const char *piece, size_t len)
{
	char *key = fc_xstrndup(piece, len), *to = key;

	for (const char *from = key; *from; from++) {
		if (from[0] == '~' && (from[1] == '0' || from[1] == '1'))
			*to++ = *++from == '0' ? '~' : '/';
		else
			*to++ = *from;
	}
	*to = '\0';
	return key;
}

/* The element's number: as strconv.Atoi reads it, counted from the end when below zero; -1: none. */
static long element(const json_t *array, const char *key, bool *is_number)
{
	long size = (long)json_array_size(array);
	char *end;
	long n = strtol(key, &end, 10);

	*is_number = *key && !*end && strchr("+-0123456789", *key);
	if (!*is_number || n >= size || n < -size)
		return -1;
	return n < 0 ? n + size : n;
}

static json_t *child(json_t *container, const char *key)
{
	bool is_number;
	long n;

	if (json_is_object(container))
		return json_object_get(container, key);
	n = element(container, key, &is_number);
	return n < 0 ? NULL : json_array_get(container, (size_t)n);
}

/* The container exists and is one; the caller frees the key. */
static bool find(json_t *doc, const char *pointer, struct spot *spot)
{
	const char *piece;

	*spot = (struct spot){ .container = doc };
	/* What stands before the first slash is ignored there. */
	piece = pointer ? strchr(pointer, '/') : NULL;
	if (!piece++)
		return false;
	for (;;) {
		size_t len = strcspn(piece, "/");

		spot->key = unescape(piece, len);
		spot->depth++;
		if (!json_is_object(spot->container) && !json_is_array(spot->container))
			return false;
		if (!piece[len])
			return true;
		spot->container = child(spot->container, spot->key);
		free(fc_steal(&spot->key));
		piece += len + 1;
	}
}

/* Containers in containers; no deeper than the document may be. */
static size_t levels(const json_t *value)
{
	size_t most = 0, i;
	const char *key;
	json_t *part;

	if (!json_is_object(value) && !json_is_array(value))
		return 0;
	json_object_foreach((json_t *)(uintptr_t)value, key, part) {
		size_t of_part = levels(part);
		most = of_part > most ? of_part : most;
	}
	json_array_foreach(value, i, part) {
		size_t of_part = levels(part);
		most = of_part > most ? of_part : most;
	}
	return most + 1;
}

static bool add(const struct spot *spot, json_t *value)
{
	bool is_number;
	long n, size;

	if (spot->depth + levels(value) > MAX_DEPTH)
		return false;
	if (json_is_object(spot->container))
		return json_object_set(spot->container, spot->key, value) == 0;
	if (strcmp(spot->key, "-") == 0)
		return json_array_append(spot->container, value) == 0;
	n = element(spot->container, spot->key, &is_number);
	size = (long)json_array_size(spot->container);
	if (n < 0 && is_number && strtol(spot->key, NULL, 10) == size)
		n = size;
	/* From the end, the new element is counted with them. */
	else if (n >= 0 && *spot->key == '-')
		n++;
	return n >= 0 && json_array_insert(spot->container, (size_t)n, value) == 0;
}

static bool take(const struct spot *spot)
{
	bool is_number;
	long n;

	if (json_is_object(spot->container))
		return json_object_del(spot->container, spot->key) == 0;
	n = element(spot->container, spot->key, &is_number);
	return n >= 0 && json_array_remove(spot->container, (size_t)n) == 0;
}

static bool replace(const struct spot *spot, json_t *value)
{
	bool is_number;
	long n;

	if (spot->depth + levels(value) > MAX_DEPTH)
		return false;
	/* The real server (1.20) adds a member that is not there; so does its copy of what is not there, as null. */
	if (json_is_object(spot->container))
		return json_object_set(spot->container, spot->key, value) == 0;
	n = element(spot->container, spot->key, &is_number);
	return n >= 0 && json_array_set(spot->container, (size_t)n, value) == 0;
}

/* What is missing is not null. */
static bool test(const struct spot *spot, const json_t *value)
{
	const json_t *have = child(spot->container, spot->key);

	return have && (value ? json_equal(have, value) : json_is_null(have));
}

/* A copy, while those of the patch so far, `*copied`, leave room for it; NULL. */
static json_t *copy(const json_t *value, size_t *copied)
{
	*copied += json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
	return *copied > COPIED_BYTES ? NULL : json_deep_copy(value);
}

/* The place it goes to is looked for when it has left: nothing moves into itself. */
static bool copy_or_move(json_t *doc, const json_t *step, bool move, size_t *copied)
{
	struct spot from, to = { .key = NULL };
	json_t *value = NULL;
	bool done = false;

	if (find(doc, text(step, "from"), &from)) {
		value = child(from.container, from.key);
		if (!value && json_is_object(from.container))
			value = json_null();
		value = move ? json_incref(value) : copy(value, copied);
		done = value && (!move || take(&from)) && find(doc, text(step, "path"), &to) && add(&to, value);
	}
	json_decref(value);
	free(from.key);
	free(to.key);
	return done;
}

static bool apply(json_t *doc, const json_t *step, size_t *copied)
{
	const char *op = text(step, "op");
	json_t *value = json_object_get(step, "value"), *mine = NULL;
	struct spot spot;
	bool done = false;

	if (strcmp(op, "copy") == 0 || strcmp(op, "move") == 0)
		return copy_or_move(doc, step, *op == 'm', copied);
	if (find(doc, text(step, "path"), &spot)) {
		if (strcmp(op, "test") == 0)
			done = test(&spot, value);
		else if (strcmp(op, "remove") == 0)
			done = take(&spot);
		else if (strcmp(op, "add") == 0 || strcmp(op, "replace") == 0) {
			mine = value ? json_deep_copy(value) : json_null();
			done = *op == 'a' ? add(&spot, mine) : replace(&spot, mine);
		}
	}
	json_decref(mine);
	free(spot.key);
	return done;
}

int fc_server_patch(const json_t *operations, json_t *document, struct fc_error *err)
{
	size_t copied = 0, i;
	json_t *step;

	json_array_foreach(operations, i, step)
		if (!text(step, "op") || !apply(document, step, &copied))
			return fc_error_set(err, FC_ERR_INVALID, "the patch cannot be applied: \"%s\" at \"%.200s\"",
					    text(step, "op") ?: "", text(step, "path") ?: "");
	return 0;
}
