/* SPDX-License-Identifier: Apache-2.0 */
/* Anybody who may write a custom resource's status may list any object in it. So the uid that a status names counts
 * only where the object itself shows that it was made as a copy: this process has seen it with the marks of a copy, or
 * its managedFields say so. What they cannot tell is nobody's. */
#include "engine/memories.h"

#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/marks.h"

/* --- what managedFields tell --- */

static bool names_finalizer(const json_t *fields, const struct fc_copy_dialect *d)
{
	const json_t *list = json_object_get(json_object_get(fields, "f:metadata"), "f:finalizers");

	for (const char *const *f = d->finalizers; f && *f; f++) {
		FC_AUTO_FREE char *key = fc_xasprintf("v:\"%s\"", *f);

		if (json_object_get(list, key))
			return true;
	}
	return false;
}

/* Members of the root beside metadata. */
static bool names_content(const json_t *fields)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)fields, key, value)
		if (strncmp(key, "f:", 2) == 0 && strcmp(key, "f:metadata") != 0)
			return true;
	return false;
}

/* Whoever makes a copy sets what it holds and its finalizer at once. What is put on a source is the finalizer alone,
 * and what is written by path never is one. Under the original's name nothing but copies was given content. */
static bool makes_copy(const json_t *entry, const struct fc_copy_dialect *d)
{
	const char *manager = json_string_value(json_object_get(entry, "manager")) ?: "";
	const json_t *fields = json_object_get(entry, "fieldsV1");

	if (json_object_get(entry, "subresource") || !names_content(fields))
		return false;
	if (d->field_manager && strcmp(manager, d->field_manager) == 0)
		return true;
	return strcmp(manager, FC_FIELD_MANAGER) == 0 && names_finalizer(fields, d);
}

static const struct fc_copy_dialect *dialect_of(const struct copy *c)
{
	for (const struct memory *m = c->memories; m; m = m->next_in_target)
		if (m->of)
			return m->of;
	return NULL;
}

void proof_take_whole(struct copy *c, const json_t *object)
{
	const struct fc_copy_dialect *d = dialect_of(c);
	json_t *entry;
	size_t i;

	if (c->proof != PROOF_UNKNOWN || !d)
		return;
	c->proof = PROOF_STRANGER;
	json_array_foreach(json_object_get(json_object_get(object, "metadata"), "managedFields"), i, entry)
		if (makes_copy(entry, d))
			c->proof = PROOF_COPY;
}

/* --- what this process has seen --- */

void proof_forget(struct fc_engine *e, struct copy *c)
{
	origin_unref(e, fc_steal(&c->proven));
	c->proof = PROOF_UNKNOWN;
}

void proof_take_marks(struct fc_engine *e, struct copy *c)
{
	if (!c->origin || !c->origin->key.dialect->copy->remember || c->released || c->proven == c->origin)
		return;
	origin_unref(e, c->proven);
	c->proven = origin_ref(c->origin);
}

void proof_released(struct fc_engine *e, struct copy *c)
{
	proof_forget(e, c);
	c->proof = PROOF_STRANGER;
}

/* --- whose it is by that --- */

static bool has_asked_for(const struct bearer *b, const struct origin *o)
{
	for (size_t i = 0; i < b->origin_count; i++)
		if (b->origins[i] == o)
			return true;
	return false;
}

bool proof_says_more(const struct copy *c, const struct memory *m)
{
	return memory_is_of(m, c) || (c->origin && has_asked_for(m->bearer, c->origin));
}

bool proof_counts(const struct copy *c, const struct memory *m)
{
	return c->proven ? has_asked_for(m->bearer, c->proven) : c->proof == PROOF_COPY;
}

bool proof_is_open(const struct target *t)
{
	const struct copy *c = t->copy;

	if (!c || !fc_rv_is_set(&t->version) || c->origin || c->proven || c->proof != PROOF_UNKNOWN)
		return false;
	for (const struct memory *m = c->memories; m; m = m->next_in_target)
		if (memory_is_of(m, c))
			return true;
	return false;
}

/* Without marks no owner of the object has let it become a copy by them: its namespace is asked as for a new one. */
static bool may_write(const struct fc_engine *e, const struct target *t, const struct bearer *b)
{
	const struct key *k = &b->target->key;
	const struct copy_query q = { .ends = {
					      .source = { (fc_cluster_no)k->cluster, t->key.resource, k->namespace_ },
					      .target = { (fc_cluster_no)t->key.cluster, t->key.resource,
							  t->key.namespace_ },
				      } };

	return permission_write(e, &q);
}

bool proof_lets_delete(const struct fc_engine *e, const struct target *t)
{
	const struct copy *c = t->copy;

	for (const struct memory *m = c->origin ? NULL : c->memories; m; m = m->next_in_target)
		if (memory_is_of(m, c) && proof_counts(c, m) && may_write(e, t, m->bearer))
			return true;
	return c->origin;
}
