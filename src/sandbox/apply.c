/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/managed_fields.h"

#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/field_set.h"
#include "sandbox/field_walk.h"
#include "sandbox/managed_fields_parts.h"

#include <string.h>

/* --- conflicts --- */

struct conflicts {
	json_t *causes; /* of the Status */
	struct fc_buf words;
	char *who;
	unsigned count;
};

static void tell_conflict(void *user, const char *path)
{
	struct conflicts *told = user;
	FC_AUTO_FREE char *message = fc_xasprintf("conflict with %s", told->who);

	json_array_append_new(told->causes, json_pack("{s:s, s:s, s:s}", "reason", "FieldManagerConflict", "message",
						      message, "field", path));
	told->count++;
}

static void list_path(void *user, const char *path)
{
	fc_buf_printf(user, "\n- %s", path);
}

/* `"name" using v1`; an applier is named alone. The caller frees. */
static char *words_of(const struct sb_manager *one)
{
	return one->applied ? fc_xasprintf("\"%s\"", one->name)
			    : fc_xasprintf("\"%s\" using %s", one->name, one->api_version);
}

static void gather(struct conflicts *told, const struct sb_manager *one, const json_t *set)
{
	told->who = words_of(one);
	fc_buf_printf(&told->words, "%sconflicts with %s:", told->count ? "\n" : "", told->who);
	sb_field_set_each(set, tell_conflict, told);
	sb_field_set_each(set, list_path, &told->words);
	free(told->who);
}

/* A single one is told on the line. */
static int refuse_one(struct sb_call *call, const struct conflicts *told, json_t *details)
{
	const json_t *cause = json_array_get(told->causes, 0);

	return sb_refuse(call, 409, "Conflict", details, "Apply failed with 1 conflict: %s: %s",
			 json_string_value(json_object_get(cause, "message")),
			 json_string_value(json_object_get(cause, "field")));
}

static int refuse_conflicts(struct sb_call *call, struct conflicts *told)
{
	int result = 0;

	if (told->count) {
		json_t *details = json_pack("{s:O}", "causes", told->causes);

		result = told->count == 1
				 ? refuse_one(call, told, details)
				 : sb_refuse(call, 409, "Conflict", details, "Apply failed with %u conflicts: %s",
					     told->count, fc_buf_str(&told->words));
	}
	json_decref(told->causes);
	fc_buf_fini(&told->words);
	return result;
}

static int compare_managers(const void *a, const void *b)
{
	const struct sb_manager *const *p = a, *const *q = b;
	int order = strcmp((*p)->name, (*q)->name);

	return order ?: (int)(*q)->applied - (int)(*p)->applied;
}

/* All but `own`, by name; the caller frees the list. */
static const struct sb_manager **others_of(const struct sb_managers *managers, const struct sb_manager *own,
					   unsigned *count)
{
	const struct sb_manager **others = fc_xcalloc(managers->count + 1, sizeof(*others));

	*count = 0;
	for (unsigned i = 0; i < managers->count; i++)
		if (&managers->list[i] != own)
			others[(*count)++] = &managers->list[i];
	qsort(others, *count, sizeof(*others), compare_managers);
	return others;
}

/* What others own and this would change. */
static int find_conflicts(struct sb_call *call, const struct sb_managers *managers, const struct sb_manager *own,
			  const struct sb_comparison *c)
{
	struct conflicts told = { .causes = json_array() };
	json_t *changed = json_object();
	unsigned count;
	FC_AUTO_FREE const struct sb_manager **others = others_of(managers, own, &count);

	sb_field_set_add(changed, c->modified);
	sb_field_set_add(changed, c->added);
	for (unsigned i = 0; i < count; i++) {
		json_t *common = sb_field_set_intersection(others[i]->set, changed);

		if (!sb_field_set_empty(common))
			gather(&told, others[i], common);
		json_decref(common);
	}
	json_decref(changed);
	return refuse_conflicts(call, &told);
}

/* --- what is no longer applied --- */

/* What this manager applied last time, does not now, and nobody else owns: the places to take away. */
static json_t *abandoned(const struct sb_schema *schema, const struct sb_managers *managers, const json_t *last)
{
	json_t *gone = json_deep_copy(last), *kept = json_object();

	sb_field_set_add_named(gone, schema);
	for (unsigned i = 0; i < managers->count; i++)
		sb_field_set_add(kept, managers->list[i].set);
	sb_field_set_add_named(kept, schema);
	sb_field_set_subtract(gone, kept);
	json_decref(kept);
	return gone;
}

static json_t *prune(const struct sb_schema *schema, json_t *merged, const struct sb_managers *managers,
		     const json_t *last)
{
	json_t *gone = abandoned(schema, managers, last);
	json_t *pruned = sb_field_walk_remove(schema, merged, gone);

	json_decref(gone);
	json_decref(merged);
	return pruned ?: json_object();
}

/* --- apply --- */

/* An object that nobody has managed so far belongs to "before-first-apply". */
static void read_managers(struct sb_call *call, struct sb_managers *managers, const json_t *old)
{
	struct sb_manager *before;

	if (!old || sb_managers_read(managers, old))
		return;
	before = sb_managers_take(managers, "before-first-apply", call->type->api_version, false);
	json_decref(before->set);
	before->set = sb_field_walk_set(call->type->schema, old);
	sb_managed_fields_strip(before->set);
	sb_managed_fields_changed(call, before);
}

/* A kind that is not the URL's: what the real server does not know, or knows and cannot merge. */
static int check_kind(struct sb_call *call, const json_t *applied)
{
	const struct sb_type *type = call->type;
	const char *kind = json_string_value(json_object_get(applied, "kind")) ?: "";

	if (strcmp(kind, type->kind) == 0)
		return 0;
	if (sb_types_of_kind(call->cluster->types, type->group, type->version, kind))
		return sb_refuse(call, 500, NULL, NULL,
				 "failed to merge config: expected objects of the same type, but got {0xc000000000 "
				 "{<nil> <nil> <nil>}} and {0xc000000000 {<nil> <nil> <nil>}}");
	return sb_refuse(call, 500, NULL, NULL,
			 "failed to create typed patch object: no corresponding type for %s/%s, Kind=%s", type->group,
			 type->version, kind);
}

static int check(struct sb_call *call, const json_t *old, const json_t *applied)
{
	const json_t *metadata = json_object_get(applied, "metadata");
	const char *uid = json_string_value(json_object_get(metadata, "uid"));
	struct fc_error err = FC_ERROR_INIT;

	if (json_array_size(json_object_get(metadata, "managedFields")))
		return sb_refuse_bad_request(call, "metadata.managedFields must be nil");
	if (check_kind(call, applied) < 0)
		return -1;
	if (sb_field_walk_check(call->type->schema, applied, &err) < 0)
		return sb_refuse(call, 500, NULL, NULL, "failed to create typed patch object: %s", err.text);
	if (!json_string_length(json_object_get(metadata, "name")))
		return sb_refuse_bad_request(
			call,
			"the name of the object (%s based on URL) was undeterminable: name must be "
			"provided",
			call->name);
	if (!old && uid && *uid)
		return sb_refuse_conflict(call, call->type, call->name,
					  "uid mismatch: the provided object specified uid %s, and no existing object "
					  "was found",
					  uid);
	return 0;
}

/* The new object, and in `managers` who owns what of it then; NULL: conflicts are answered. */
static json_t *lay_over(struct sb_call *call, struct sb_managers *managers, json_t *ground, const json_t *applied)
{
	const struct sb_schema *schema = call->type->schema;
	FC_AUTO_FREE char *name = sb_managed_fields_manager(call);
	struct sb_manager *own = sb_managers_take(managers, name, call->type->api_version, true);
	json_t *last = own->set, *now = sb_field_walk_merge(schema, ground, applied);
	struct sb_comparison c;
	bool moved;

	/* Who applies an object names it, and so keeps its metadata while what else he had there goes. */
	own->set = sb_field_walk_set(schema, applied);
	now = prune(schema, now, managers, last);
	sb_managed_fields_strip(own->set);
	moved = !json_equal(own->set, last);
	json_decref(last);
	c = sb_field_walk_compare(schema, ground, now);
	moved = moved || !sb_comparison_is_same(&c);
	if (!sb_call_flag(call, "force") && find_conflicts(call, managers, own, &c) < 0) {
		json_decref(now);
		now = NULL;
	} else {
		free(own->api_version);
		own->api_version = fc_xstrdup(call->type->api_version);
		sb_managed_fields_lose(managers, own, &c);
		if (moved || !own->time)
			sb_managed_fields_changed(call, own);
	}
	sb_comparison_fini(&c);
	return now;
}

json_t *sb_apply(struct sb_call *call, const json_t *old, const json_t *applied)
{
	struct sb_managers managers = SB_MANAGERS_INIT;
	json_t *ground, *now;

	if (check(call, old, applied) < 0)
		return NULL;
	ground = old ? sb_managed_fields_without(old) : sb_managed_fields_ground(call->type);
	read_managers(call, &managers, old);
	now = lay_over(call, &managers, ground, applied);
	if (now) {
		sb_managers_write(&managers, now);
		/* A version that is given for what does not exist is of no account. */
		if (!old)
			json_object_del(json_object_get(now, "metadata"), "resourceVersion");
	}
	sb_managers_fini(&managers);
	json_decref(ground);
	return now;
}
