/* SPDX-License-Identifier: Apache-2.0 */
#include "json/diff.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The place that is being compared, in both spellings. */
struct place {
	struct fc_buf path, pointer;
};

/* Where it ended before a segment was added. */
struct mark {
	size_t path, pointer;
};

static struct mark enter(struct place *p, const char *segment)
{
	struct mark mark = { .path = p->path.len, .pointer = p->pointer.len };

	if (p->pointer.len)
		fc_buf_putc(&p->path, '.');
	fc_buf_putc(&p->pointer, '/');
	for (; *segment; segment++) {
		fc_buf_putc(&p->path, *segment);
		if (*segment == '.')
			fc_buf_putc(&p->path, '.');
		if (*segment == '~' || *segment == '/')
			fc_buf_puts(&p->pointer, *segment == '~' ? "~0" : "~1");
		else
			fc_buf_putc(&p->pointer, *segment);
	}
	return mark;
}

static void leave(struct place *p, struct mark mark)
{
	p->path.len = mark.path;
	p->pointer.len = mark.pointer;
	p->pointer.data[mark.pointer] = '\0';
	/* It has none where the only segment so far was an empty name. */
	if (p->path.data)
		p->path.data[mark.path] = '\0';
}

static void note(struct fc_diff *d, const struct place *p, json_t *before, json_t *after)
{
	FC_GROW(d->items, d->count, d->cap);
	d->items[d->count++] = (struct fc_difference){
		.path = fc_xstrdup(fc_buf_str(&p->path)),
		.pointer = fc_xstrdup(fc_buf_str(&p->pointer)),
		.before = json_incref(before),
		.after = json_incref(after),
	};
}

static bool is_leaf(const json_t *value)
{
	return json_object_size(value) == 0 && json_array_size(value) == 0;
}

static bool is_same(const json_t *a, const json_t *b)
{
	struct fc_digest x = fc_digest_json(a), y = fc_digest_json(b);

	return fc_digest_equal(&x, &y);
}

static void compare(struct fc_diff *d, struct place *p, json_t *before, json_t *after);

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
	const char **items;
	size_t count, cap;
};

static void add_names(struct names *n, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		FC_GROW(n->items, n->count, n->cap);
		n->items[n->count++] = key;
	}
}

static void compare_members(struct fc_diff *d, struct place *p, json_t *before, json_t *after)
{
	struct names names = { 0 };

	add_names(&names, before);
	add_names(&names, after);
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), by_text);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];

		if (i > 0 && strcmp(name, names.items[i - 1]) == 0)
			continue;
		struct mark mark = enter(p, name);
		compare(d, p, json_object_get(before, name), json_object_get(after, name));
		leave(p, mark);
	}
	free(names.items);
}

static void compare_elements(struct fc_diff *d, struct place *p, json_t *before, json_t *after)
{
	size_t left = json_array_size(before), right = json_array_size(after);

	for (size_t i = 0; i < left || i < right; i++) {
		char index[24];

		snprintf(index, sizeof(index), "%zu", i);
		struct mark mark = enter(p, index);
		compare(d, p, json_array_get(before, i), json_array_get(after, i));
		leave(p, mark);
	}
}

/* All leaves of what came or went alone. */
static void spread(struct fc_diff *d, struct place *p, json_t *before, json_t *after)
{
	const json_t *one = before ? before : after;

	if (!one)
		return;
	if (is_leaf(one))
		note(d, p, before, after);
	else if (json_is_object(one))
		compare_members(d, p, before, after);
	else
		compare_elements(d, p, before, after);
}

static void compare(struct fc_diff *d, struct place *p, json_t *before, json_t *after)
{
	if (is_same(before, after))
		return;
	if (json_is_object(before) && json_is_object(after)) {
		compare_members(d, p, before, after);
	} else if (json_is_array(before) && json_is_array(after)) {
		compare_elements(d, p, before, after);
	} else if (before && after && is_leaf(before) && is_leaf(after)) {
		note(d, p, before, after);
	} else {
		spread(d, p, before, NULL);
		spread(d, p, NULL, after);
	}
}

void fc_diff_json(json_t *before, json_t *after, struct fc_diff *out)
{
	struct place p = { .path = FC_BUF_INIT, .pointer = FC_BUF_INIT };

	compare(out, &p, before, after);
	fc_buf_fini(&p.path);
	fc_buf_fini(&p.pointer);
}

void fc_diff_fini(struct fc_diff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->items[i].path);
		free(d->items[i].pointer);
		json_decref(d->items[i].before);
		json_decref(d->items[i].after);
	}
	free(d->items);
	*d = (struct fc_diff){ .items = NULL };
}

bool fc_pointers_overlap(const char *a, const char *b)
{
	size_t shorter = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	if (strncmp(a, b, shorter) != 0)
		return false;
	return (!a[shorter] || a[shorter] == '/') && (!b[shorter] || b[shorter] == '/');
}
