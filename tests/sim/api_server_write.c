/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#define MODIFIED "the object has been modified; please apply your changes to the latest version and try again"
#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"
#define APPLY "application/apply-patch+yaml"

static const struct api_answer fine = { .status = 0 };

/* --- what arrives --- */

static struct api_answer wrong_type(const char *version, const char *kind, const char *name, const char *field)
{
	const char *slash = strchr(version, '/');
	FC_AUTO_FREE char *group = slash ? fc_xstrndup(version, (size_t)(slash - version)) : fc_xstrdup("");
	json_t *causes = json_array();

	api_cause(causes, "FieldValueInvalid", field, "Invalid value: \"%s\"", field[0] == 'k' ? kind : version);
	return api_invalid(group, kind, name, causes);
}

/* Custom objects say what they are. */
static struct api_answer check_custom(const json_t *object, const char *version, bool patched)
{
	const char *kind = api_string(object, "kind") ?: "", *given = api_string(object, "apiVersion") ?: "";
	const char *name = api_string(api_metadata(object), "name") ?: "";
	json_t *details;

	if (!*kind)
		return patched ? api_invalid_patch("Object 'Kind' is missing")
			       : api_bad_request("Object 'Kind' is missing");
	if (!*given) {
		details = json_pack("{s:[{s:s}]}", "causes", "message", "Object 'apiVersion' is missing");
		return api_refuse(500, "InternalError", details,
				  "Internal error occurred: Object 'apiVersion' is missing");
	}
	if (strcmp(given, version) != 0)
		return patched ? wrong_type(given, kind, name, "apiVersion")
			       : api_bad_request("the API version in the data (%s) does not match the expected API "
						 "version (%s)",
						 given, version);
	return fine;
}

/* That it is another one is seen late, when the object would be stored. */
static struct api_answer check_custom_kind(const struct api_write *w, const json_t *object)
{
	const char *kind = api_string(object, "kind");

	if (!w->r->custom || strcmp(kind, w->r->type->kind) == 0)
		return fine;
	return wrong_type(api_string(object, "apiVersion"), kind, api_string(api_metadata(object), "name") ?: "",
			  "kind");
}

/* Those of a built-in type may leave it out: the path tells. */
static struct api_answer check_built_in(const struct api_write *w, const json_t *object, const char *version,
					bool patched)
{
	const char *kind = api_string(object, "kind"), *given = api_string(object, "apiVersion");

	if ((!kind || !*kind || strcmp(kind, w->r->type->kind) == 0) &&
	    (!given || !*given || strcmp(given, version) == 0))
		return fine;
	if (patched)
		return api_invalid_patch("the object is of another kind or version");
	return api_bad_request("%s in version \"%s\" cannot be handled as a %s", kind ?: "", given ?: "",
			       w->r->type->kind);
}

static struct api_answer check_type(const struct api_write *w, json_t *object, bool patched)
{
	const struct api_type *type = w->r->type;
	FC_AUTO_FREE char *version =
		*type->group ? fc_xasprintf("%s/%s", type->group, type->version) : fc_xstrdup(type->version);
	struct api_answer a;

	a = w->r->custom ? check_custom(object, version, patched) : check_built_in(w, object, version, patched);
	if (a.status)
		return a;
	if (!w->r->custom) {
		json_object_set_new(object, "kind", json_string(type->kind));
		json_object_set_new(object, "apiVersion", json_string(version));
	}
	return fine;
}

static const char *decode(const struct api_resource *r, json_t *object)
{
	const char *wrong;

	if (!json_is_object(object))
		return "the object provided is unrecognized";
	wrong = api_meta_decode(object);
	return wrong ?: api_kind_decode(r, object);
}

/* Name and namespace are those of the path, or missing. */
static struct api_answer check_place(const struct api_write *w, json_t *object)
{
	json_t *metadata = api_metadata(object);
	const char *ns = api_string(metadata, "namespace"), *name = api_string(metadata, "name");

	if (!w->ns)
		json_object_del(metadata, "namespace");
	else if (ns && strcmp(ns, w->ns) != 0)
		return api_bad_request("the namespace of the provided object does not match the namespace sent on the "
				       "request");
	if (w->name && !name)
		return api_bad_request("the name of the object (%s based on URL) was undeterminable: name must be "
				       "provided",
				       w->name);
	if (w->name && strcmp(name, w->name) != 0)
		return api_bad_request("the name of the object (%s) does not match the name on the URL (%s)", name,
				       w->name);
	if (w->ns)
		json_object_set_new(metadata, "namespace", json_string(w->ns));
	return fine;
}

static struct api_answer admit(const struct api_write *w, json_t *object, const json_t *old)
{
	const char *why = w->r->type->admit ? w->r->type->admit(object, old) : NULL;
	json_t *causes;

	if (!why)
		return fine;
	causes = json_array();
	api_cause(causes, "FieldValueInvalid", "spec", "%s", why);
	return api_invalid(w->r->type->group, w->r->type->kind, api_string(api_metadata(object), "name") ?: "", causes);
}

/* --- create --- */

/* As the admission plug-in NamespaceLifecycle does. */
static struct api_answer check_namespace(const struct api_write *w, const char *name)
{
	const struct api_cell *c;
	json_t *details, *cause;

	if (!w->ns)
		return fine;
	c = api_store_find(w->s->resources[0], "", w->ns);
	if (!c)
		return api_not_found(w->s->resources[0], w->ns);
	if (!json_object_get(api_metadata(c->object), "deletionTimestamp"))
		return fine;
	details = api_details(name, w->r->type->group, w->r->type->plural);
	cause = json_array();
	api_cause(cause, "NamespaceTerminating", "metadata.namespace", "namespace %s is being terminated", w->ns);
	json_object_set_new(details, "causes", cause);
	return api_refuse(403, "Forbidden", details,
			  "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being "
			  "terminated",
			  w->r->type->plural, name, w->ns);
}

static void begin_metadata(const struct api_write *w, json_t *metadata)
{
	char uid[40];

	json_object_del(metadata, "deletionTimestamp");
	json_object_del(metadata, "deletionGracePeriodSeconds");
	api_store_uid(w->s, uid);
	json_object_set_new(metadata, "uid", json_string(uid));
	json_object_set_new(metadata, "creationTimestamp", json_string(w->s->now));
}

static struct api_answer create(struct api_write *w, json_t **object, struct api_cell **done)
{
	const char *wrong, *name;
	struct api_answer a;
	json_t *causes;

	wrong = decode(w->r, *object);
	if (wrong)
		return api_bad_request("%s in version \"%s\" cannot be handled as a %s: %s", w->r->type->kind,
				       w->r->type->version, w->r->type->kind, wrong);
	if ((a = check_type(w, *object, false)).status || (a = check_place(w, *object)).status)
		return a;
	name = api_string(api_metadata(*object), "name") ?: "";
	if ((a = check_namespace(w, name)).status || (a = admit(w, *object, NULL)).status)
		return a;
	if (api_string(api_metadata(*object), "resourceVersion"))
		return api_refuse(500, NULL, NULL, "resourceVersion should not be set on objects to be created");
	if ((a = check_custom_kind(w, *object)).status)
		return a;
	begin_metadata(w, api_metadata(*object));
	api_kind_prepare(w->r, *object, NULL, false);
	api_fields_written(w, NULL, *object);
	causes = json_array();
	api_meta_validate(w->r, api_metadata(*object), causes);
	api_kind_validate(w->r, *object, NULL, causes);
	if ((a = api_invalid(w->r->type->group, w->r->type->kind, name, causes)).status)
		return a;
	if (api_store_find(w->r, w->ns, name))
		return api_refuse(409, "AlreadyExists", api_details(name, w->r->type->group, w->r->type->plural),
				  "%s \"%s\" already exists", w->r->type->plural, name);
	*done = api_cell_ref(api_store_put(w->s, w->r, NULL, fc_steal(object)));
	return (struct api_answer){ .status = 201 };
}

struct api_answer api_write_create(struct api_write *w, const json_t *body, struct api_cell **done)
{
	json_t *object = json_deep_copy(body);
	struct api_answer a = create(w, &object, done);

	json_decref(object);
	return a;
}

/* --- update --- */

static void keep_member(json_t *metadata, const json_t *old, const char *member, bool always)
{
	json_t *value = json_object_get(old, member);

	if (value && (always || !json_object_get(metadata, member)))
		json_object_set(metadata, member, value);
}

/* What the writer may not change without being refused for it. */
static void keep_metadata(json_t *metadata, const json_t *old)
{
	keep_member(metadata, old, "uid", false);
	keep_member(metadata, old, "creationTimestamp", true);
	keep_member(metadata, old, "deletionTimestamp", true);
	keep_member(metadata, old, "deletionGracePeriodSeconds", false);
	json_object_del(metadata, "generation");
	keep_member(metadata, old, "generation", true);
}

static struct api_answer check_version(const struct api_write *w, const json_t *metadata, const struct api_cell *old)
{
	const char *given = api_string(metadata, "resourceVersion");
	const char *have = api_string(api_metadata(old->object), "resourceVersion");
	json_t *causes;

	if (!given && w->r->custom) {
		causes = json_array();
		api_cause(causes, "FieldValueInvalid", "metadata.resourceVersion",
			  "Invalid value: 0x0: must be specified for an update");
		return api_invalid(w->r->type->group, w->r->type->plural, w->name, causes);
	}
	if (given && strcmp(given, have) != 0)
		return api_conflict(w->r, w->r->type->plural, w->name, MODIFIED);
	return fine;
}

static bool may_go(const json_t *object)
{
	return json_array_size(json_object_get(api_metadata(object), "finalizers")) == 0 &&
	       json_array_size(json_object_get(json_object_get(object, "spec"), "finalizers")) == 0;
}

static bool is_going(const json_t *object)
{
	return json_object_get(api_metadata(object), "deletionTimestamp");
}

/* Stores the object, unless it says what is there already, or removes it, when the last finalizer has gone: then the
 * writer sees what it made of it, which nobody else does. */
static void commit(struct api_write *w, struct api_cell *old, json_t **object, bool ignored, struct api_cell **done)
{
	json_object_set(api_metadata(*object), "resourceVersion",
			json_object_get(api_metadata(old->object), "resourceVersion"));
	if (is_going(old->object) && may_go(*object)) {
		*done = api_cell_new(fc_steal(object), old->version);
		api_store_remove(w->s, w->r, old);
	} else if (!ignored && json_equal(*object, old->object)) {
		*done = api_cell_ref(old);
	} else {
		*done = api_cell_ref(api_store_put(w->s, w->r, old, fc_steal(object)));
	}
}

/* Who writes what a built-in type ignores in that place has written all the same: the server notes in managedFields,
 * which this model does not keep, that the fields are his, and the object has a new version. */
static bool writes_what_is_ignored(const struct api_write *w, const json_t *object, const json_t *old)
{
	if (w->r->custom || api_is_namespace(w->r) || !w->r->type->status)
		return false;
	if (!w->status_only)
		return !api_same(json_object_get(object, "status"), json_object_get(old, "status"));
	return !api_same(json_object_get(object, "spec"), json_object_get(old, "spec")) ||
	       !api_same(json_object_get(api_metadata(object), "labels"), json_object_get(api_metadata(old), "labels"));
}

static struct api_answer update(struct api_write *w, struct api_cell *old, json_t **object, struct api_cell **done)
{
	const json_t *old_metadata = api_metadata(old->object);
	json_t *metadata = api_metadata(*object), *causes;
	struct api_answer a;
	bool ignored;

	if ((a = admit(w, *object, old->object)).status || (a = check_version(w, metadata, old)).status ||
	    (a = check_custom_kind(w, *object)).status)
		return a;
	keep_metadata(metadata, old_metadata);
	ignored = writes_what_is_ignored(w, *object, old->object);
	if (w->finalize)
		json_object_set(*object, "status", json_object_get(old->object, "status"));
	else
		api_kind_prepare(w->r, *object, old->object, w->status_only);
	api_fields_written(w, old->object, *object);
	metadata = api_metadata(*object);
	causes = json_array();
	api_meta_validate(w->r, metadata, causes);
	api_meta_validate_update(metadata, old_metadata, causes);
	api_kind_validate(w->r, *object, old->object, causes);
	if ((a = api_invalid(w->r->type->group, w->r->type->kind, w->name, causes)).status)
		return a;
	commit(w, old, object, ignored, done);
	return (struct api_answer){ .status = 200 };
}

static struct api_answer uid_differs(const struct api_write *w, const char *uid, const json_t *old)
{
	return api_conflict(w->r, w->r->type->plural, w->name,
			    "Precondition failed: UID in precondition: %s, UID in object meta: %s", uid,
			    api_string(api_metadata(old), "uid"));
}

static struct api_answer put(struct api_write *w, json_t **object, struct api_cell **done)
{
	struct api_cell *old;
	const char *wrong, *uid;
	struct api_answer a;

	wrong = decode(w->r, *object);
	if (wrong)
		return api_bad_request("%s in version \"%s\" cannot be handled as a %s: %s", w->r->type->kind,
				       w->r->type->version, w->r->type->kind, wrong);
	if ((a = check_type(w, *object, false)).status || (a = check_place(w, *object)).status)
		return a;
	old = api_store_find(w->r, w->ns, w->name);
	if (!old)
		return api_not_found(w->r, w->name);
	uid = api_string(api_metadata(*object), "uid");
	if (uid && strcmp(uid, api_string(api_metadata(old->object), "uid")) != 0)
		return uid_differs(w, uid, old->object);
	return update(w, old, object, done);
}

struct api_answer api_write_put(struct api_write *w, const json_t *body, struct api_cell **done)
{
	json_t *object = json_deep_copy(body);
	struct api_answer a = put(w, &object, done);

	json_decref(object);
	return a;
}

/* By force, as all are that are sent to it. */
static struct api_answer apply(struct api_write *w, json_t *object, const json_t *body)
{
	const char *uid = api_string(api_metadata(body), "uid");

	if (uid && strcmp(uid, api_string(api_metadata(object), "uid")) != 0)
		return uid_differs(w, uid, object);
	api_fields_apply(w, object, body);
	return fine;
}

static struct api_answer patch(struct api_write *w, struct api_cell *old, const char *content_type, const json_t *body,
			       json_t **object, struct api_cell **done)
{
	struct api_answer a;
	const char *wrong;

	if (strcmp(content_type, "application/json-patch+json") == 0)
		a = api_patch_json(object, body);
	else if (strcmp(content_type, APPLY) == 0)
		a = apply(w, *object, body);
	else
		a = api_patch_merge(object, body);
	if (a.status)
		return a;
	wrong = decode(w->r, *object);
	if (wrong)
		return api_invalid_patch(wrong);
	if ((a = check_type(w, *object, true)).status || (a = check_place(w, *object)).status)
		return a;
	return update(w, old, object, done);
}

/* It is made, unless the writer says which one he means. A version alone says nothing. */
static struct api_answer apply_to_nothing(struct api_write *w, const json_t *body, struct api_cell **done)
{
	const char *uid = api_string(api_metadata(body), "uid");
	json_t *object;
	struct api_answer a;

	if (uid)
		return api_conflict(
			w->r, w->r->type->plural, w->name,
			"uid mismatch: the provided object specified uid %s, and no existing object was found", uid);
	object = json_deep_copy(body);
	json_object_del(api_metadata(object), "resourceVersion");
	a = api_write_create(w, object, done);
	json_decref(object);
	return a;
}

struct api_answer api_write_patch(struct api_write *w, const char *content_type, const json_t *body,
				  struct api_cell **done)
{
	struct api_cell *old = api_store_find(w->r, w->ns, w->name);
	struct api_answer a;
	json_t *object;

	if (!content_type || (strcmp(content_type, "application/json-patch+json") != 0 &&
			      strcmp(content_type, "application/merge-patch+json") != 0 &&
			      !(w->s->keeps_managers && strcmp(content_type, APPLY) == 0)))
		return api_refuse(415, "UnsupportedMediaType", NULL,
				  "the body of the request was in an unknown format");
	if (!old && strcmp(content_type, APPLY) == 0)
		return apply_to_nothing(w, body, done);
	if (!old)
		return api_not_found(w->r, w->name);
	object = json_deep_copy(old->object);
	a = patch(w, old, content_type, body, &object, done);
	json_decref(object);
	return a;
}

/* --- delete --- */

static struct api_answer check_preconditions(const struct api_write *w, const json_t *options,
					     const struct api_cell *old)
{
	const json_t *given = json_object_get(options, "preconditions"), *metadata = api_metadata(old->object);
	const char *uid = api_string(given, "uid"), *version = api_string(given, "resourceVersion");
	const char *have_uid = api_string(metadata, "uid"), *have_version = api_string(metadata, "resourceVersion");

	if (uid && strcmp(uid, have_uid) != 0)
		return api_conflict(
			w->r, w->r->type->kind, w->name,
			"the UID in the precondition (%s) does not match the UID in record (%s). The object "
			"might have been deleted and then recreated",
			uid, have_uid);
	if (version && strcmp(version, have_version) != 0)
		return api_conflict(
			w->r, w->r->type->kind, w->name,
			"the ResourceVersion in the precondition (%s) does not match the ResourceVersion in "
			"record (%s). The object might have been modified",
			version, have_version);
	return fine;
}

/* The finalizer that a policy asks for is there, the other is not. */
static void apply_policy(json_t *metadata, const char *policy)
{
	const char *wanted = NULL;
	json_t *finalizers, *item;
	size_t i;

	if (!policy)
		return;
	if (strcmp(policy, "Foreground") == 0)
		wanted = FOREGROUND;
	else if (strcmp(policy, "Orphan") == 0)
		wanted = ORPHAN;
	finalizers = json_array();
	json_array_foreach(json_object_get(metadata, "finalizers"), i, item)
		if (strcmp(json_string_value(item), FOREGROUND) != 0 && strcmp(json_string_value(item), ORPHAN) != 0)
			json_array_append(finalizers, item);
	if (wanted)
		json_array_append_new(finalizers, json_string(wanted));
	if (json_array_size(finalizers))
		json_object_set(metadata, "finalizers", finalizers);
	else
		json_object_del(metadata, "finalizers");
	json_decref(finalizers);
}

/* Marks it as going: what holds it back decides when it goes. */
static struct api_cell *mark(struct api_write *w, struct api_cell *old, json_t *object)
{
	json_t *metadata = api_metadata(object);
	json_int_t generation = json_integer_value(json_object_get(metadata, "generation"));

	if (!is_going(object)) {
		json_object_set_new(metadata, "deletionTimestamp", json_string(w->s->now));
		if (!api_is_namespace(w->r))
			json_object_set_new(metadata, "deletionGracePeriodSeconds", json_integer(0));
		if (generation)
			json_object_set_new(metadata, "generation", json_integer(generation + 1));
		if (api_is_namespace(w->r))
			json_object_set_new(object, "status", json_pack("{s:s}", "phase", "Terminating"));
	}
	if (json_equal(object, old->object))
		return api_cell_ref(old);
	return api_cell_ref(api_store_put(w->s, w->r, old, json_incref(object)));
}

static json_t *success(const struct api_resource *r, const struct api_cell *gone)
{
	json_t *body = json_object(), *details = api_details(gone->name, r->type->group, r->type->plural);

	json_object_set(details, "uid", json_object_get(api_metadata(gone->object), "uid"));
	json_object_set_new(body, "kind", json_string("Status"));
	json_object_set_new(body, "apiVersion", json_string("v1"));
	json_object_set_new(body, "metadata", json_object());
	json_object_set_new(body, "status", json_string("Success"));
	json_object_set_new(body, "details", details);
	return body;
}

static struct api_answer check_deletion(const struct api_write *w, const json_t *options)
{
	static const char *const immortal[] = { "default", "kube-system", "kube-public" };
	const char *policy = api_string(options, "propagationPolicy");
	json_t *causes;

	if (policy && strcmp(policy, "Foreground") != 0 && strcmp(policy, "Background") != 0 &&
	    strcmp(policy, "Orphan") != 0) {
		causes = json_array();
		api_cause(causes, "FieldValueNotSupported", "propagationPolicy", "Unsupported value: \"%s\"", policy);
		return api_invalid("meta.k8s.io", "DeleteOptions", "", causes);
	}
	for (size_t i = 0; api_is_namespace(w->r) && i < FC_ARRAY_LEN(immortal); i++)
		if (strcmp(w->name, immortal[i]) == 0)
			return api_refuse(403, "Forbidden", api_details(w->name, "", "namespaces"),
					  "namespaces \"%s\" is forbidden: this namespace may not be deleted", w->name);
	return fine;
}

struct api_answer api_write_delete(struct api_write *w, const json_t *options, struct api_cell **done)
{
	struct api_cell *old = api_store_find(w->r, w->ns, w->name), *gone;
	struct api_answer a;
	json_t *object;

	if ((a = check_deletion(w, options)).status)
		return a;
	if (!old)
		return api_not_found(w->r, w->name);
	if ((a = check_preconditions(w, options, old)).status)
		return a;
	object = json_deep_copy(old->object);
	apply_policy(api_metadata(object), api_string(options, "propagationPolicy"));
	if (!may_go(object)) {
		*done = mark(w, old, object);
		json_decref(object);
		return (struct api_answer){ .status = 200 };
	}
	json_decref(object);
	gone = api_store_remove(w->s, w->r, old);
	return (struct api_answer){ .status = 200, .body = success(w->r, gone) };
}
