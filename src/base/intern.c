/* SPDX-License-Identifier: Apache-2.0 */
#include "base/intern.h"

#include "base/mem.h"
#include "base/table.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct entry {
	uint32_t hash;
	uint32_t refs;
	char text[];
};

struct fc_intern {
	struct fc_table entries;
};

/* By way of an integer: only the caller's view of the text is const. */
static struct entry *entry_of(const char *interned)
{
	return (struct entry *)((uintptr_t)interned - offsetof(struct entry, text));
}

static uint32_t hash_of(const void *entry)
{
	return ((const struct entry *)entry)->hash;
}

static bool is_text(const void *entry, const void *text)
{
	return strcmp(((const struct entry *)entry)->text, text) == 0;
}

struct fc_intern *fc_intern_new(void)
{
	struct fc_intern *t = fc_xcalloc(1, sizeof(*t));

	fc_table_init(&t->entries, hash_of);
	return t;
}

void fc_intern_free(struct fc_intern *t)
{
	if (!t)
		return;
	assert(t->entries.count == 0);
	fc_table_fini(&t->entries);
	free(t);
}

const char *fc_intern_take(struct fc_intern *t, const char *s)
{
	struct entry *e;
	uint32_t hash;
	size_t len;

	if (!s)
		return NULL;
	len = strlen(s);
	hash = fc_table_hash(s, len);
	e = fc_table_find(&t->entries, hash, is_text, s);
	if (!e) {
		e = fc_xcalloc(1, sizeof(*e) + len + 1);
		e->hash = hash;
		memcpy(e->text, s, len);
		fc_table_add(&t->entries, e);
	}
	e->refs++;
	return e->text;
}

const char *fc_intern_again(struct fc_intern *t FC_UNUSED, const char *interned)
{
	if (interned)
		entry_of(interned)->refs++;
	return interned;
}

void fc_intern_drop(struct fc_intern *t, const char *interned)
{
	if (!interned)
		return;
	struct entry *e = entry_of(interned);
	assert(e->refs > 0);
	if (--e->refs)
		return;
	fc_table_remove(&t->entries, e);
	fc_table_tidy(&t->entries);
	free(e);
}

const char *fc_intern_find(const struct fc_intern *t, const char *s)
{
	struct entry *e = s ? fc_table_find(&t->entries, fc_table_hash(s, strlen(s)), is_text, s) : NULL;

	return e ? e->text : NULL;
}

size_t fc_intern_count(const struct fc_intern *t)
{
	return t->entries.count;
}
