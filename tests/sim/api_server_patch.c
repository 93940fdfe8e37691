/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

/* Where a pointer leads: the last piece, in the container that holds it. */
struct spot {
	json_t *container;
	char *key;
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
static ssize_t element(const json_t *array, const char *key, bool *is_number)
{
	ssize_t size = (ssize_t)json_array_size(array);
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
	ssize_t n;

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
		if (!json_is_object(spot->container) && !json_is_array(spot->container))
			return false;
		if (!piece[len])
			return true;
		spot->container = child(spot->container, spot->key);
		free(fc_steal(&spot->key));
		piece += len + 1;
	}
}

static bool add(const struct spot *spot, json_t *value)
{
	bool is_number;
	ssize_t n, size;

	if (json_is_object(spot->container))
		return json_object_set(spot->container, spot->key, value) == 0;
	if (strcmp(spot->key, "-") == 0)
		return json_array_append(spot->container, value) == 0;
	n = element(spot->container, spot->key, &is_number);
	size = (ssize_t)json_array_size(spot->container);
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
	ssize_t n;

	if (json_is_object(spot->container))
		return json_object_del(spot->container, spot->key) == 0;
	n = element(spot->container, spot->key, &is_number);
	return n >= 0 && json_array_remove(spot->container, (size_t)n) == 0;
}

static bool replace(const struct spot *spot, json_t *value)
{
	bool is_number;
	ssize_t n;

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

/* The place it goes to is looked for when it has left: nothing moves into itself. */
static bool copy_or_move(json_t *doc, const json_t *step, bool move)
{
	struct spot from, to = { .key = NULL };
	json_t *value = NULL;
	bool done = false;

	if (find(doc, api_string(step, "from"), &from)) {
		value = child(from.container, from.key);
		if (!value && json_is_object(from.container))
			value = json_null();
		value = move ? json_incref(value) : json_deep_copy(value);
		done = value && (!move || take(&from)) && find(doc, api_string(step, "path"), &to) && add(&to, value);
	}
	json_decref(value);
	free(from.key);
	free(to.key);
	return done;
}

static bool apply(json_t *doc, const json_t *step)
{
	const char *op = api_string(step, "op");
	json_t *value = json_object_get(step, "value"), *mine = NULL;
	struct spot spot;
	bool done = false;

	if (strcmp(op, "copy") == 0 || strcmp(op, "move") == 0)
		return copy_or_move(doc, step, *op == 'm');
	if (find(doc, api_string(step, "path"), &spot)) {
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

struct api_answer api_patch_json(json_t **doc, const json_t *patch)
{
	size_t i;
	json_t *step;

	if (!json_is_array(patch))
		return api_bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
	json_array_foreach(patch, i, step)
		if (!json_is_object(step))
			return api_bad_request("json: cannot unmarshal into Go value of type jsonpatch.Operation");
	json_array_foreach(patch, i, step)
		if (!api_string(step, "op") || !apply(*doc, step))
			return api_refuse(422, "Invalid", json_object(),
					  "the server rejected our request due to an error in our request");
	return (struct api_answer){ .status = 0 };
}

/* The real server drops members that are null inside of arrays too. */
static json_t *without_nulls(const json_t *value)
{
	const char *member;
	json_t *copy, *item;
	size_t i;

	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, i, item)
			json_array_append_new(copy, without_nulls(item));
		return copy;
	}
	if (!json_is_object(value))
		return json_deep_copy(value);
	copy = json_object();
	json_object_foreach((json_t *)(uintptr_t)value, member, item)
		if (!json_is_null(item))
			json_object_set_new(copy, member, without_nulls(item));
	return copy;
}

/* RFC 7396. */
static json_t *merge(json_t *target, const json_t *patch)
{
	const char *member;
	json_t *value;

	if (!json_is_object(patch)) {
		json_decref(target);
		return without_nulls(patch);
	}
	if (!json_is_object(target)) {
		json_decref(target);
		target = json_object();
	}
	/* jansson 2.14 has no loop over a const object. */
	json_object_foreach((json_t *)(uintptr_t)patch, member, value) {
		json_t *have = json_object_get(target, member);

		if (json_is_null(value))
			json_object_del(target, member);
		else
			json_object_set_new(target, member, merge(json_incref(have), value));
	}
	return target;
}

struct api_answer api_patch_merge(json_t **doc, const json_t *patch)
{
	if (!json_is_object(patch))
		return api_invalid_patch("couldn't get version/kind; json parse error");
	*doc = merge(*doc, patch);
	return (struct api_answer){ .status = 0 };
}
