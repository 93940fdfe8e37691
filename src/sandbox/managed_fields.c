/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/managed_fields.h"

#include "base/mem.h"
#include "sandbox/field_set.h"
#include "sandbox/field_walk.h"
#include "sandbox/managed_fields_parts.h"
#include "sandbox/managers.h"
#include "sandbox/schema.h"

#include <stdio.h>
#include <string.h>

/* What nobody manages: identity, and what the server alone sets. */
static const char *const unmanaged[] = { "name",	"namespace",  "creationTimestamp", "selfLink",	     "uid",
					 "clusterName", "generation", "managedFields",	   "resourceVersion" };

void sb_managed_fields_strip(json_t *set)
{
	json_t *metadata = json_object_get(set, "f:metadata");
	char element[64];

	json_object_del(set, "f:apiVersion");
	json_object_del(set, "f:kind");
	json_object_del(set, ".");
	if (!metadata)
		return;
	json_object_del(metadata, ".");
	for (size_t i = 0; i < FC_ARRAY_LEN(unmanaged); i++) {
		snprintf(element, sizeof(element), "f:%s", unmanaged[i]);
		json_object_del(metadata, element);
	}
	sb_field_set_tidy(set, "f:metadata");
}

static json_t *zero_of(const struct sb_member *member);

/* A Go struct as it is printed before anything was set in it. */
static json_t *zero_struct(const struct sb_schema *s)
{
	json_t *out = json_object();

	for (size_t i = 0; i < s->member_count; i++) {
		const struct sb_member *member = &s->members[i];
		bool is_struct = member->schema->type == SB_OBJECT && !member->schema->values;

		/* omitempty leaves out no struct. */
		if (!(member->flags & SB_OMIT_EMPTY) || (is_struct && !(member->flags & SB_POINTER)))
			json_object_set_new(out, member->name, zero_of(member));
	}
	return out;
}

static json_t *zero_of(const struct sb_member *member)
{
	const struct sb_schema *s = member->schema;

	if (member->flags & SB_POINTER)
		return json_null();
	switch (s->type) {
	case SB_OBJECT:
		return s->values ? json_null() : zero_struct(s);
	case SB_STRING:
		return json_string("");
	case SB_INTEGER:
	case SB_NUMBER:
		return json_integer(0);
	case SB_BOOLEAN:
		return json_false();
	default:
		return json_null();
	}
}

/* The members that a fresh object of a built-in type has before anybody writes into it are those that its type always
 * prints. They are there when the first manager comes, and so are not his. */
json_t *sb_managed_fields_ground(const struct sb_type *type)
{
	return type->custom ? json_pack("{s:{}}", "metadata") : zero_struct(type->schema);
}

json_t *sb_managed_fields_without(const json_t *object)
{
	json_t *copy = json_deep_copy(object);

	json_object_del(json_object_get(copy, "metadata"), "managedFields");
	return copy;
}

void sb_managed_fields_lose(struct sb_managers *managers, const struct sb_manager *but, const struct sb_comparison *c)
{
	for (unsigned i = 0; i < managers->count; i++) {
		struct sb_manager *one = &managers->list[i];

		sb_field_set_subtract(one->set, c->removed);
		if (one == but)
			continue;
		sb_field_set_subtract(one->set, c->modified);
		sb_field_set_subtract(one->set, c->added);
	}
}

char *sb_managed_fields_manager(const struct sb_call *call)
{
	const char *name = sb_call_param(call, "fieldManager"), *agent = call->request->user_agent;

	if (*name)
		return fc_xstrdup(name);
	return fc_xstrndup(agent, strcspn(agent, "/"));
}

void sb_managed_fields_changed(struct sb_call *call, struct sb_manager *one)
{
	char now[32];

	sb_cluster_time(call->cluster, now);
	free(one->time);
	one->time = fc_xstrdup(now);
}

/* What of the write's own entries, or else of the old object's, is the ground for the new ones. */
static bool read_ground(struct sb_managers *managers, const json_t *old, const json_t *object)
{
	if (sb_managers_is_reset(object))
		return false;
	return sb_managers_read(managers, object) || (old && sb_managers_read(managers, old));
}

static void own(struct sb_call *call, struct sb_managers *managers, const struct sb_comparison *c)
{
	FC_AUTO_FREE char *name = sb_managed_fields_manager(call);
	json_t *taken = json_object();

	sb_field_set_add(taken, c->modified);
	sb_field_set_add(taken, c->added);
	sb_managed_fields_strip(taken);
	sb_managed_fields_lose(managers, NULL, c);
	if (!sb_field_set_empty(taken)) {
		struct sb_manager *one = sb_managers_take(managers, name, call->type->api_version, false);

		sb_field_set_add(one->set, taken);
		sb_managed_fields_changed(call, one);
	}
	json_decref(taken);
}

/* What does not have the shape that the schema says, since it was stored under another one, has no managers. */
static bool has_shape(const struct sb_type *type, const json_t *object)
{
	struct fc_error err = FC_ERROR_INIT;

	return !type->custom || sb_field_walk_check(type->schema, object, &err) == 0;
}

void sb_managed_fields_update(struct sb_call *call, const json_t *old, json_t *object)
{
	struct sb_managers managers = SB_MANAGERS_INIT;
	json_t *before = old ? sb_managed_fields_without(old) : sb_managed_fields_ground(call->type);
	json_t *after = sb_managed_fields_without(object);

	/* What has no managers after its creation is not followed until somebody applies it. */
	if (has_shape(call->type, before) && has_shape(call->type, after) &&
	    (read_ground(&managers, old, object) || !old)) {
		struct sb_comparison c = sb_field_walk_compare(call->type->schema, before, after);

		own(call, &managers, &c);
		sb_comparison_fini(&c);
	}
	sb_managers_write(&managers, object);
	sb_managers_fini(&managers);
	json_decref(before);
	json_decref(after);
}
