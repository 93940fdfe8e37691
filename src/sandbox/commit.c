/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/garbage.h"
#include "sandbox/kinds.h"
#include "sandbox/managed_fields.h"
#include "sandbox/namespaces.h"
#include "sandbox/store.h"
#include "sandbox/write.h"

#include <inttypes.h>
#include <string.h>

static struct sb_resource *resource_of(struct sb_cluster *c, const struct sb_type *type)
{
	return sb_store_resource(c->store, type->storage_group, type->plural);
}

static bool is_namespace(const struct sb_type *type)
{
	return !*type->group && strcmp(type->plural, "namespaces") == 0;
}

struct sb_object *sb_commit_put(struct sb_cluster *c, const struct sb_type *type, json_t *json)
{
	struct sb_object *o = sb_object_ref(sb_store_put(c->store, resource_of(c, type), json));

	json_object_set_new(json_object_get(json, "metadata"), "resourceVersion", json_sprintf("%" PRIu64, o->version));
	if (o->owners || sb_metadata_is_going(json))
		sb_garbage_look(c->garbage, type, o);
	if (is_namespace(type) && sb_metadata_is_going(json))
		sb_namespaces_terminating(c->namespaces, o->name);
	else if (*o->ns)
		sb_namespaces_poke(c->namespaces, o->ns);
	if (type->ops->stored)
		type->ops->stored(c, json);
	return o;
}

void sb_commit_remove(struct sb_cluster *c, const struct sb_type *type, struct sb_object *o, const json_t *json)
{
	struct sb_object *last = sb_store_remove(c->store, resource_of(c, type), o);

	sb_garbage_owner_gone(c->garbage, fc_json_metadata(json, "uid"));
	sb_garbage_dependent_gone(c->garbage, last, json);
	if (*last->ns)
		sb_namespaces_poke(c->namespaces, last->ns);
	if (type->ops->removed)
		type->ops->removed(c, json);
	sb_object_unref(last);
}

/* As a request of the controller's would. */
static void manage(struct sb_cluster *c, const struct sb_type *type, struct sb_object *old, json_t *object)
{
	struct sb_request request = { .method = "PUT",
				      .path = "/",
				      .accept = "",
				      .content_type = "",
				      .authorization = "",
				      .if_none_match = "",
				      .user_agent = "kube-controller-manager/v1.20.2",
				      .body = "" };
	struct sb_response response = SB_RESPONSE_INIT;
	struct sb_call call = { .cluster = c, .request = &request, .response = &response };
	json_t *before = sb_object_stored(old, type);

	sb_call_parse(&call);
	call.type = sb_type_ref(type);
	sb_managed_fields_update(&call, before, object);
	sb_call_fini(&call);
	sb_response_fini(&response);
	json_decref(before);
}

void sb_write_quietly(struct sb_cluster *c, const struct sb_type *type, struct sb_object *old, json_t *object)
{
	if (sb_metadata_is_going(object) && sb_metadata_may_go(object)) {
		sb_commit_remove(c, type, old, object);
		return;
	}
	manage(c, type, old, object);
	sb_object_unref(sb_commit_put(c, type, object));
}
