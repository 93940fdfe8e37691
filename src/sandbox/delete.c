/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "json/decode.h"
#include "json/yaml.h"
#include "sandbox/answer.h"
#include "sandbox/kinds.h"
#include "sandbox/protobuf.h"
#include "sandbox/read.h"
#include "sandbox/schema.h"
#include "sandbox/validate_field.h"
#include "sandbox/write.h"

#include <string.h>

#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"

static const struct sb_type options_type = { .group = "meta.k8s.io", .kind = "DeleteOptions", .plural = "" };

/* --- DeleteOptions --- */

struct options {
	json_t *body; /* what the following point into; NULL: they are of the query */
	const char *uid, *version;
	enum sb_propagation propagation;
	bool dry;
};

/* 0: it may be DeleteOptions. */
static int check_kind(struct sb_call *call, const json_t *body)
{
	const char *kind = sb_text(body, "kind");

	if (!*kind || strcmp(kind, "DeleteOptions") == 0)
		return 0;
	return sb_refuse(call, 500, NULL, NULL,
			 "no kind \"%s\" is registered for version \"%s\" in scheme "
			 "\"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"",
			 kind, sb_text(body, "apiVersion"));
}

static int check_body(struct sb_call *call, const struct sb_schema *schema, json_t *body)
{
	FC_AUTO_FREE char *fault = sb_body_fault(body, call->request->body, call->request->body_len);
	struct fc_error err = FC_ERROR_INIT;

	if (fault)
		return sb_refuse(call, 500, NULL, NULL, "%s", fault);
	if (check_kind(call, body) < 0)
		return -1;
	if (schema && sb_schema_decode(schema, body, &err) < 0)
		return sb_refuse(call, 500, NULL, NULL,
				 "%s, error found in #10 byte of ...||..., bigger context ...||...", err.text);
	return 0;
}

static json_t *read_text(struct sb_call *call, const struct sb_schema *schema, bool yaml)
{
	const struct sb_request *q = call->request;
	struct fc_error err = FC_ERROR_INIT;
	json_t *body = yaml ? fc_yaml_parse(q->body, q->body_len, &err) : fc_decode(q->body, q->body_len, &err);

	if (json_is_null(body)) {
		json_decref(body);
		return json_object();
	}
	if (check_body(call, schema, body) == 0)
		return body;
	json_decref(body);
	return NULL;
}

static json_t *read_protobuf(struct sb_call *call, const struct sb_schema *schema)
{
	struct fc_error err = FC_ERROR_INIT;
	struct sb_envelope envelope;
	json_t *body = NULL;

	if (sb_envelope_open(&envelope, call->request->body, call->request->body_len, &err) == 0)
		body = sb_protobuf_decode(&envelope, schema, "DeleteOptions", NULL, &err);
	sb_envelope_fini(&envelope);
	if (!body)
		sb_refuse(call, 500, NULL, NULL, "%s", err.text);
	if (body && check_kind(call, body) == 0)
		return body;
	json_decref(body);
	return NULL;
}

/* NULL: the answer is written. */
static json_t *read_body(struct sb_call *call)
{
	const struct sb_schema *schema =
		sb_schemas_find(call->cluster->schemas, "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
	char type[64];

	sb_call_content_type(call, type, sizeof(type));
	if (!*type || strcmp(type, "application/json") == 0 || strcmp(type, "application/yaml") == 0)
		return read_text(call, schema, strcmp(type, "application/yaml") == 0);
	/* Of custom resources, too: the options are a type of the server's own. */
	if (schema && strcmp(type, SB_PROTOBUF_TYPE) == 0)
		return read_protobuf(call, schema);
	sb_refuse_media_type(call,
			     "the body of the request was in an unknown format - accepted media types include: "
			     "application/json, application/yaml%s",
			     call->type->custom ? "" : ", " SB_PROTOBUF_TYPE);
	return NULL;
}

static void take_propagation(struct options *o, const char *word, const json_t *orphan, struct sb_causes *causes)
{
	static const char *const words[] = { "", "Background", "Foreground", "Orphan" };
	size_t i = 0;

	while (i < FC_ARRAY_LEN(words) && strcmp(word, words[i]) != 0)
		i++;
	if (*word && json_is_boolean(orphan))
		sb_invalid(causes, SB_FIELD("propagationPolicy"), word,
			   "orphanDependents and deletionPropagation cannot be both set");
	else if (i == FC_ARRAY_LEN(words))
		sb_cause(causes, "FieldValueNotSupported", "propagationPolicy",
			 "Unsupported value: \"%s\": supported values: \"Foreground\", \"Background\", \"Orphan\", "
			 "\"nil\"",
			 word);
	else
		o->propagation = (enum sb_propagation)i;
	if (json_is_boolean(orphan))
		o->propagation = json_is_true(orphan) ? SB_PROPAGATE_ORPHAN : SB_PROPAGATE_BACKGROUND;
}

static int take_query(struct sb_call *call, struct options *o, struct sb_causes *causes)
{
	const char *orphan = sb_call_param(call, "orphanDependents"),
		   *grace = sb_call_param(call, "gracePeriodSeconds");
	char *end;

	strtoll(grace, &end, 10);
	if (*end)
		return sb_refuse_bad_request(call, "strconv.ParseInt: parsing \"%s\": invalid syntax", grace);
	take_propagation(o, sb_call_param(call, "propagationPolicy"),
			 !*orphan ? NULL : json_boolean(sb_call_flag(call, "orphanDependents")), causes);
	sb_check_dry_run(call, causes);
	o->dry = sb_write_is_dry(call);
	return 0;
}

static int take_body(struct sb_call *call, struct options *o, struct sb_causes *causes)
{
	const json_t *preconditions, *dry;

	o->body = read_body(call);
	if (!o->body)
		return -1;
	preconditions = json_object_get(o->body, "preconditions");
	dry = json_object_get(o->body, "dryRun");
	o->uid = sb_text(preconditions, "uid");
	o->version = sb_text(preconditions, "resourceVersion");
	take_propagation(o, sb_text(o->body, "propagationPolicy"), json_object_get(o->body, "orphanDependents"),
			 causes);
	sb_refuse_dry_run(dry, causes);
	o->dry = json_array_size(dry);
	return 0;
}

/* A body is read in place of the query. */
static int parse_options(struct sb_call *call, struct options *o)
{
	struct sb_causes causes = SB_CAUSES_INIT;
	int result;

	*o = (struct options){ .uid = "", .version = "" };
	result = call->request->body_len ? take_body(call, o, &causes) : take_query(call, o, &causes);
	if (result < 0) {
		sb_causes_fini(&causes);
		return -1;
	}
	return sb_refuse_invalid(call, &options_type, "", &causes);
}

/* --- finalizers of the collection of garbage --- */

static bool is_collectors(const char *finalizer)
{
	return strcmp(finalizer, FOREGROUND) == 0 || strcmp(finalizer, ORPHAN) == 0;
}

/* Without a word of the client what stands there counts, and then the type's own way. */
static const char *wanted_finalizer(const struct sb_type *type, const json_t *finalizers,
				    enum sb_propagation propagation)
{
	size_t i;
	json_t *item;

	if (propagation != SB_PROPAGATE_DEFAULT)
		return propagation == SB_PROPAGATE_ORPHAN	? ORPHAN
		       : propagation == SB_PROPAGATE_FOREGROUND ? FOREGROUND
								: NULL;
	json_array_foreach(finalizers, i, item)
		if (is_collectors(json_string_value(item) ?: ""))
			return strcmp(json_string_value(item), ORPHAN) == 0 ? ORPHAN : FOREGROUND;
	/* Old versions of types that have always left their dependents behind. */
	return strcmp(type->group, "batch") == 0 && strcmp(type->plural, "cronjobs") == 0 &&
			       strcmp(type->version, "v1beta1") == 0
		       ? ORPHAN
		       : NULL;
}

static bool has(const json_t *finalizers, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach(finalizers, i, item)
		if (strcmp(json_string_value(item) ?: "", name) == 0)
			return true;
	return false;
}

static void set_finalizers(const struct sb_type *type, json_t *metadata, enum sb_propagation propagation)
{
	const json_t *before = json_object_get(metadata, "finalizers");
	const char *wanted = wanted_finalizer(type, before, propagation);
	json_t *now = json_array(), *item;
	size_t i;

	json_array_foreach(before, i, item)
		if (!is_collectors(json_string_value(item) ?: ""))
			json_array_append(now, item);
	if (wanted)
		json_array_append_new(now, json_string(wanted));
	/* The order of what is not changed stays. */
	if (json_array_size(now) == 0)
		json_object_del(metadata, "finalizers");
	else if (json_array_size(now) != json_array_size(before) || (wanted && !has(before, wanted)))
		json_object_set(metadata, "finalizers", now);
	json_decref(now);
}

/* --- one object --- */

static bool has_no_grace(const struct sb_type *type)
{
	return strcmp(type->plural, "namespaces") == 0 || strcmp(type->plural, "customresourcedefinitions") == 0;
}

/* A first deletion begins. */
static void begin(struct sb_cluster *c, const struct sb_type *type, json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata");
	json_int_t generation = sb_int(metadata, "generation", 0);
	char now[32];

	sb_cluster_time(c, now);
	json_object_set_new(metadata, "deletionTimestamp", json_string(now));
	if (!has_no_grace(type)) {
		json_object_set_new(metadata, "deletionGracePeriodSeconds", json_integer(0));
		if (generation)
			json_object_set_new(metadata, "generation", json_integer(generation + 1));
	}
	if (!*type->group && strcmp(type->plural, "namespaces") == 0)
		json_object_set_new(sb_need_object(object, "status"), "phase", json_string("Terminating"));
	if (type->ops->begin_delete)
		type->ops->begin_delete(c, object);
}

/* What becomes of the object, the caller's; NULL: it goes at once. */
static json_t *marked(struct sb_cluster *c, const struct sb_type *type, const json_t *old,
		      enum sb_propagation propagation)
{
	json_t *object = json_deep_copy(old);

	if (!sb_metadata_is_going(object))
		begin(c, type, object);
	set_finalizers(type, json_object_get(object, "metadata"), propagation);
	if (type->ops->begin_delete && !sb_metadata_is_going(old))
		type->ops->begin_delete(c, object);
	if (sb_metadata_may_go(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

void sb_delete_by(struct sb_cluster *c, const struct sb_type *type, struct sb_object *o,
		  enum sb_propagation propagation)
{
	json_t *old = sb_object_stored(o, type), *object = marked(c, type, old, propagation);

	if (!object)
		sb_commit_remove(c, type, o, old);
	else if (!json_equal(object, old))
		sb_object_unref(sb_commit_put(c, type, object));
	json_decref(object);
	json_decref(old);
}

void sb_delete_quietly(struct sb_cluster *c, const struct sb_type *type, struct sb_object *o)
{
	sb_delete_by(c, type, o, SB_PROPAGATE_BACKGROUND);
}

/* --- as a request --- */

static int check_preconditions(struct sb_call *call, const struct options *o, const json_t *old)
{
	const char *uid = fc_json_metadata(old, "uid"), *version = fc_json_metadata(old, "resourceVersion");
	const char *name = fc_json_metadata(old, "name");
	struct sb_type kind = *call->type;

	/* Here the real server names the kind where it elsewhere names the resource. */
	kind.plural = kind.kind;
	if (*o->uid && strcmp(o->uid, uid) != 0)
		return sb_refuse_conflict(call, &kind, name,
					  "the UID in the precondition (%s) does not match the UID in record (%s). The "
					  "object might have been deleted and then recreated",
					  o->uid, uid);
	if (*o->version && strcmp(o->version, version) != 0)
		return sb_refuse_conflict(call, &kind, name,
					  "the ResourceVersion in the precondition (%s) does not match the "
					  "ResourceVersion in record (%s). The object might have been modified",
					  o->version, version);
	return 0;
}

static bool is_core(const struct sb_type *type, const char *plural)
{
	return !*type->group && strcmp(type->plural, plural) == 0;
}

static int answer_success(struct sb_call *call, const json_t *old)
{
	json_t *details = sb_details(fc_json_metadata(old, "name"), call->type->group, call->type->plural), *body;

	json_object_set_new(details, "uid", json_string(fc_json_metadata(old, "uid")));
	body = json_pack("{s:s, s:s, s:{}, s:s, s:o}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
			 "Success", "details", details);
	sb_answer_json(call, 200, body);
	json_decref(body);
	return 0;
}

/* Of a ServiceAccount the real server shows what it was. */
static int answer_gone(struct sb_call *call, const struct sb_object *was, const json_t *old)
{
	return is_core(call->type, "serviceaccounts") ? sb_answer_object(call, 200, was) : answer_success(call, old);
}

/* Of a Service it says that it has gone, also while something holds it. */
static int answer_marked(struct sb_call *call, const struct options *o, struct sb_object *was, const json_t *old,
			 json_t *object)
{
	struct sb_object *now;

	if (json_equal(object, old))
		now = sb_object_ref(was);
	else if (o->dry)
		now = sb_object_new(object, was->version);
	else
		now = sb_commit_put(call->cluster, call->type, object);
	if (is_core(call->type, "services"))
		answer_success(call, old);
	else
		sb_answer_object(call, 200, now);
	sb_object_unref(now);
	return 0;
}

static int delete_one(struct sb_call *call, const struct options *o, struct sb_object *was)
{
	json_t *old = sb_object_stored(was, call->type), *object = NULL;
	int result = check_preconditions(call, o, old);

	sb_object_ref(was);
	if (result == 0 && (object = marked(call->cluster, call->type, old, o->propagation))) {
		result = answer_marked(call, o, was, old, object);
	} else if (result == 0) {
		if (!o->dry)
			sb_commit_remove(call->cluster, call->type, was, old);
		answer_gone(call, was, old);
	}
	sb_object_unref(was);
	json_decref(object);
	json_decref(old);
	return result;
}

static bool is_immortal(const struct sb_call *call)
{
	static const char *const names[] = { "default", "kube-system", "kube-public" };

	if (*call->type->group || strcmp(call->type->plural, "namespaces") != 0)
		return false;
	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++)
		if (strcmp(call->name, names[i]) == 0)
			return true;
	return false;
}

static int delete_named(struct sb_call *call, const struct options *o)
{
	struct sb_object *was;

	if (is_immortal(call))
		return sb_refuse(call, 403, "Forbidden", sb_details(call->name, "", "namespaces"),
				 "namespaces \"%s\" is forbidden: this namespace may not be deleted", call->name);
	was = sb_store_find(sb_call_resource(call), call->ns, call->name);
	return was ? delete_one(call, o, was) : sb_refuse_not_found(call, call->type, call->name);
}

int sb_handle_delete(struct sb_call *call)
{
	struct options o;
	int result = parse_options(call, &o);

	if (result == 0)
		result = delete_named(call, &o);
	json_decref(o.body);
	return result;
}

/* The list is answered as it was. */
static int delete_listed(struct sb_call *call, const struct options *o)
{
	struct fc_buf list = FC_BUF_INIT;
	struct sb_object **objects;
	size_t count;
	int result;

	if (sb_handle_list_of(call, &objects, &count) < 0)
		return -1;
	result = 0;
	list = call->response->body;
	call->response->body = FC_BUF_INIT;
	for (size_t i = 0; i < count; i++) {
		/* What one deletion did may have taken the next one too. */
		struct sb_object *now =
			result == 0 ? sb_store_find(sb_call_resource(call), objects[i]->ns, objects[i]->name) : NULL;

		if (now)
			result = delete_one(call, o, now);
		sb_object_unref(objects[i]);
	}
	free(objects);
	if (result == 0) {
		fc_buf_fini(&call->response->body);
		call->response->body = list;
	} else {
		fc_buf_fini(&list);
	}
	return result;
}

int sb_handle_delete_collection(struct sb_call *call)
{
	struct options o;
	int result = parse_options(call, &o);

	if (result == 0)
		result = delete_listed(call, &o);
	json_decref(o.body);
	return result;
}
