/* SPDX-License-Identifier: Apache-2.0 */
#include "base/intern.h"

#include "base/hash.h"
#include "base/mem.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct entry {
	UT_hash_handle hh;
	size_t refs;
	char text[];
};

struct fc_intern {
	struct entry *entries;
};

/* By way of an integer: only the caller's view of the text is const. */
static struct entry *entry_of(const char *interned)
{
	return (struct entry *)((uintptr_t)interned - offsetof(struct entry, text));
}

static struct entry *find(const struct fc_intern *t, const char *s, size_t len)
{
	struct entry *e;

	HASH_FIND(hh, t->entries, s, len, e);
	return e;
}

struct fc_intern *fc_intern_new(void)
{
	return fc_xcalloc(1, sizeof(struct fc_intern));
}

void fc_intern_free(struct fc_intern *t)
{
	if (!t)
		return;
	assert(!t->entries);
	free(t);
}

const char *fc_intern_take(struct fc_intern *t, const char *s)
{
	if (!s)
		return NULL;
	size_t len = strlen(s);
	struct entry *e = find(t, s, len);
	if (!e) {
		e = fc_xcalloc(1, sizeof(*e) + len + 1);
		memcpy(e->text, s, len);
		HASH_ADD_KEYPTR(hh, t->entries, e->text, len, e);
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
	HASH_DEL(t->entries, e);
	free(e);
}

const char *fc_intern_find(const struct fc_intern *t, const char *s)
{
	struct entry *e = s ? find(t, s, strlen(s)) : NULL;

	return e ? e->text : NULL;
}

size_t fc_intern_count(const struct fc_intern *t)
{
	return HASH_COUNT(t->entries);
}
