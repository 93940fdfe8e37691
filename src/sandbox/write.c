/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/write.h"

#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/answer.h"
#include "sandbox/api_cruelty.h"
#include "sandbox/kinds.h"
#include "sandbox/managed_fields.h"
#include "sandbox/namespaces.h"
#include "sandbox/read.h"
#include "sandbox/schema.h"
#include "sandbox/validate_field.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MODIFIED "the object has been modified; please apply your changes to the latest version and try again"
#define NAME_TRIES 8

static const char *meta(const json_t *object, const char *member)
{
	return fc_json_metadata(object, member);
}

static int validate(struct sb_call *call, const json_t *old, const json_t *object)
{
	const struct sb_type *type = call->type;
	struct sb_causes causes = SB_CAUSES_INIT;
	struct sb_type stored = *type;

	/* An Event is named as it is kept, whatever group it is written in. */
	stored.group = type->storage_group;
	sb_validate_metadata(type, old, object, &causes);
	if (type->ops->validate)
		type->ops->validate(call, old, object, &causes);
	if (sb_refuse_invalid(call, &stored, meta(object, "name"), &causes) < 0)
		return -1;
	if (type->ops->warnings)
		type->ops->warnings(call, object);
	return 0;
}

static int allocate(struct sb_call *call, const json_t *old, json_t *object)
{
	if (!call->type->ops->allocate || *call->subresource)
		return 0;
	return call->type->ops->allocate(call, old, object, sb_write_is_dry(call));
}

/* What would have been stored, under the version that stands. */
static int answer_unstored(struct sb_call *call, int status, const json_t *object, uint64_t version)
{
	struct sb_object *o = sb_object_new(object, version);

	sb_answer_object(call, status, o);
	sb_object_unref(o);
	return 0;
}

static int answer_stored(struct sb_call *call, int status, json_t *object)
{
	struct sb_object *o = sb_commit_put(call->cluster, call->type, object);

	sb_answer_object(call, status, o);
	sb_object_unref(o);
	return 0;
}

/* A list of one empty entry takes all managers off an object, until it is written next. */
static bool forget_managers(json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata"), *list = json_object_get(metadata, "managedFields");

	if (json_array_size(list) != 1 || json_object_size(json_array_get(list, 0)))
		return false;
	json_object_del(metadata, "managedFields");
	return true;
}

/* --- create --- */

/* An object of its name is there already; a made name is made again. */
static bool name_is_taken(struct sb_call *call, json_t *object, bool made)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		if (!sb_store_find(sb_call_resource(call), call->ns, meta(object, "name")))
			return false;
		if (!made || !sb_metadata_generate_name(call, object, true))
			return true;
	}
	return true;
}

static int refuse_taken(struct sb_call *call, const char *name)
{
	const struct sb_type *type = call->type;
	json_t *old = sb_object_stored(sb_store_find(sb_call_resource(call), call->ns, name), type);
	bool going = sb_metadata_is_going(old);

	json_decref(old);
	if (!going)
		return sb_refuse_exists(call, type, name);
	return sb_refuse(call, 409, "AlreadyExists", sb_details(name, type->group, type->plural),
			 "object is being deleted: %s%s%s \"%s\" already exists", type->plural, *type->group ? "." : "",
			 type->group, name);
}

static void prepare_created(struct sb_call *call, json_t *object)
{
	const struct sb_type *type = call->type;

	if (type->custom && type->has_status)
		json_object_del(object, "status");
	sb_metadata_begin(call, object);
	sb_metadata_count(type, object, NULL);
	if (type->ops->prepare_create)
		type->ops->prepare_create(call, object);
}

int sb_write_create(struct sb_call *call, json_t *object, bool managed)
{
	json_t *metadata = json_object_get(object, "metadata");
	bool versioned = strtoull(meta(object, "resourceVersion"), NULL, 10) != 0;
	bool dry = sb_write_is_dry(call), made;

	if (sb_namespaces_admit(call, meta(object, "name")) < 0)
		return -1;
	sb_api_cruelty_mutate(call, object);
	sb_metadata_tidy_owners(call, object);
	forget_managers(object);
	if (!managed)
		sb_managed_fields_update(call, NULL, object);
	if (sb_write_check_kind(call, object) < 0)
		return -1;
	made = sb_metadata_generate_name(call, object, false);
	prepare_created(call, object);
	if (validate(call, NULL, object) < 0)
		return -1;
	if (versioned && !dry && call->verb == SB_VERB_CREATE)
		return sb_refuse(call, 500, NULL, NULL, "resourceVersion should not be set on objects to be created");
	json_object_del(metadata, "resourceVersion");
	if (name_is_taken(call, object, made))
		return refuse_taken(call, meta(object, "name"));
	if (allocate(call, NULL, object) < 0)
		return -1;
	return dry ? answer_unstored(call, 201, object, 0) : answer_stored(call, 201, object);
}

int sb_handle_create(struct sb_call *call)
{
	json_t *object;
	int result = -1;

	if (call->type->terminating)
		return sb_refuse(call, 405, "MethodNotAllowed", sb_details(NULL, call->type->group, call->type->plural),
				 "create not allowed while custom resource definition is terminating");
	if (sb_write_options(call, "CreateOptions") < 0 || !(object = sb_call_body(call)))
		return -1;
	if (sb_write_decode(call, object, false) == 0 && sb_write_check_place(call, object, true) == 0)
		result = sb_write_create(call, object, false);
	json_decref(object);
	return result;
}

/* --- update --- */

static int check_uid(struct sb_call *call, const json_t *object, const char *have)
{
	const char *uid = meta(object, "uid");

	if (!*uid || strcmp(uid, have) == 0)
		return 0;
	return sb_refuse_conflict(
		call, call->type, call->name,
		"StorageError: invalid object, Code: 4, Key: /registry/%s%s%s/%s%s%s, ResourceVersion: 0, "
		"AdditionalErrorMsg: Precondition failed: UID in precondition: %s, UID in object "
		"meta: %s",
		call->type->custom ? call->type->group : "", call->type->custom ? "/" : "", call->type->plural,
		call->ns, *call->ns ? "/" : "", call->name, uid, have);
}

static int check_version(struct sb_call *call, const json_t *object, const struct sb_object *old)
{
	const char *given = meta(object, "resourceVersion");
	struct sb_type plural = *call->type;
	struct sb_causes causes = SB_CAUSES_INIT;
	uint64_t version;
	char *end;

	if (!*given && call->type->needs_version) {
		plural.kind = plural.plural;
		sb_cause(&causes, "FieldValueInvalid", "metadata.resourceVersion",
			 "Invalid value: 0x0: must be specified for an update");
		return sb_refuse_invalid(call, &plural, call->name, &causes);
	}
	errno = 0;
	version = strtoull(given, &end, 10);
	if (errno || *end || strchr("+-", *given ?: '0'))
		return sb_refuse(call, 500, NULL, NULL, "strconv.ParseUint: parsing \"%s\": invalid syntax", given);
	if (*given && version != 0 && version != old->version)
		return sb_refuse_conflict(call, call->type, call->name, MODIFIED);
	return 0;
}

/* Of custom objects a status write changes status and managers alone; of built-in ones all of metadata but labels. */
static void keep_all_but_status(const struct sb_type *type, json_t *object, const json_t *old)
{
	json_t *managers = json_incref(json_object_get(json_object_get(object, "metadata"), "managedFields"));
	json_t *status = json_incref(json_object_get(object, "status")), *metadata;

	if (type->custom) {
		json_object_clear(object);
		json_object_update(object, (json_t *)(uintptr_t)old);
		metadata = json_copy(json_object_get(old, "metadata"));
		json_object_set(metadata, "managedFields", managers);
		json_object_set_new(object, "metadata", metadata);
		json_object_set(object, "status", status);
	} else {
		sb_keep_member(object, "spec", old);
		if (strcmp(type->plural, "deployments") == 0)
			sb_keep_member(json_object_get(object, "metadata"), "labels", json_object_get(old, "metadata"));
	}
	if (!status)
		json_object_del(object, "status");
	json_decref(managers);
	json_decref(status);
}

static void prepare_updated(struct sb_call *call, const json_t *old, json_t *object)
{
	const struct sb_type *type = call->type;
	bool status_only = strcmp(call->subresource, "status") == 0;

	sb_metadata_keep(object, old);
	if (strcmp(call->subresource, "finalize") == 0) {
		sb_keep_member(object, "status", old);
		return;
	}
	if (status_only)
		keep_all_but_status(type, object, old);
	else if (type->has_status)
		sb_keep_member(object, "status", old);
	if (type->ops->prepare_update)
		type->ops->prepare_update(call, old, object, status_only);
	if (!status_only)
		sb_metadata_count(type, object, old);
}

static int store(struct sb_call *call, struct sb_object *old, const json_t *old_json, json_t *object)
{
	/* The version is the store's; here it would only hide that nothing has changed. */
	json_object_set(json_object_get(object, "metadata"), "resourceVersion",
			json_object_get(json_object_get(old_json, "metadata"), "resourceVersion"));
	if (sb_write_is_dry(call))
		return answer_unstored(call, 200, object, old->version);
	/* Who takes the last finalizer sees what he made of it, which nobody else does. */
	if (sb_metadata_is_going(old_json) && sb_metadata_may_go(object)) {
		answer_unstored(call, 200, object, old->version);
		sb_commit_remove(call->cluster, call->type, old, old_json);
		return 0;
	}
	if (json_equal(object, old_json))
		return sb_answer_object(call, 200, old);
	return answer_stored(call, 200, object);
}

static int update(struct sb_call *call, struct sb_object *old, const json_t *old_json, json_t *object, bool managed)
{
	if (check_version(call, object, old) < 0)
		return -1;
	sb_api_cruelty_mutate(call, object);
	sb_metadata_tidy_owners(call, object);
	if (!managed && !forget_managers(object))
		sb_managed_fields_update(call, old_json, object);
	if (sb_write_check_kind(call, object) < 0)
		return -1;
	prepare_updated(call, old_json, object);
	if (validate(call, old_json, object) < 0 || allocate(call, old_json, object) < 0)
		return -1;
	return store(call, old, old_json, object);
}

int sb_write_update(struct sb_call *call, struct sb_object *old, json_t *object, bool managed)
{
	json_t *old_json = sb_object_stored(old, call->type);
	int result;

	sb_object_ref(old);
	result = update(call, old, old_json, object, managed);
	sb_object_unref(old);
	json_decref(old_json);
	return result;
}

static int put(struct sb_call *call, json_t *object)
{
	struct sb_object *old;
	json_t *old_json;
	int result;

	if (sb_write_decode(call, object, false) < 0 || sb_write_check_place(call, object, false) < 0)
		return -1;
	old = sb_store_find(sb_call_resource(call), call->ns, call->name);
	if (!old) {
		if (check_uid(call, object, "") < 0)
			return -1;
		if (call->type->create_on_update && !*call->subresource)
			return sb_write_create(call, object, false);
		return sb_refuse_not_found(call, call->type, call->name);
	}
	old_json = sb_object_stored(old, call->type);
	result = check_uid(call, object, meta(old_json, "uid"));
	json_decref(old_json);
	return result < 0 ? -1 : sb_write_update(call, old, object, false);
}

int sb_handle_update(struct sb_call *call)
{
	json_t *object;
	int result;

	if (sb_write_options(call, "UpdateOptions") < 0 || !(object = sb_call_body(call)))
		return -1;
	result = put(call, object);
	json_decref(object);
	return result;
}
