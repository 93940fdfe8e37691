/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/answer.h"
#include "sandbox/field_validation.h"
#include "sandbox/kinds.h"
#include "sandbox/schema.h"
#include "sandbox/validate_field.h"
#include "sandbox/write.h"

#include <string.h>

static const struct sb_type nameless = { .group = "", .kind = "", .plural = "" };

int sb_refuse_patched(struct sb_call *call, const json_t *value, const char *why)
{
	struct sb_causes causes = SB_CAUSES_INIT;
	FC_AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	FC_AUTO_BUF struct fc_buf quoted = FC_BUF_INIT;

	/* What is text already is not written as JSON. */
	sb_go_quote(&quoted, json_is_string(value) ? json_string_value(value) : text ?: "");
	sb_cause(&causes, "FieldValueInvalid", "patch", "Invalid value: %s: %s", fc_buf_str(&quoted), why);
	return sb_refuse_invalid(call, &nameless, "", &causes);
}

static int refuse_words(struct sb_call *call, const json_t *patched, const char *why)
{
	if (patched)
		return sb_refuse_patched(call, patched, why);
	return sb_refuse_bad_request(call, "%s in version \"%s\" cannot be handled as a %s: %s", call->type->kind,
				     call->type->version, call->type->kind, why);
}

/* The real server goes on with the bytes around the fault. */
static int refuse_decoding(struct sb_call *call, const json_t *patched, const char *fault)
{
	FC_AUTO_FREE char *why =
		fc_xasprintf("%s, error found in #10 byte of ...||..., bigger context ...||...", fault);

	return refuse_words(call, patched, why);
}

/* --- kind and apiVersion --- */

/* "v1" of "apps/v1" */
static const char *version_of(const char *api_version)
{
	const char *slash = strchr(api_version, '/');

	return slash ? slash + 1 : api_version;
}

static char *group_of(const char *api_version)
{
	const char *slash = strchr(api_version, '/');

	return fc_xstrndup(api_version, slash ? (size_t)(slash - api_version) : 0);
}

/* The name of the group's package in the real server: "core", "apps", "rbac". */
static char *package_of(const struct sb_type *type)
{
	return *type->group ? fc_xstrndup(type->group, strcspn(type->group, ".")) : fc_xstrdup("core");
}

/* Versions that the real server knew once, or knows beside those that are served here. */
static const struct {
	const char *kind, *api_version;
} known_elsewhere[] = {
	{ "Deployment", "apps/v1beta1" },
	{ "Deployment", "apps/v1beta2" },
	{ "Deployment", "extensions/v1beta1" },
	{ "CronJob", "batch/v2alpha1" },
	{ "Event", "events.k8s.io/v1beta1" },
	{ "Lease", "coordination.k8s.io/v1beta1" },
	{ "Role", "rbac.authorization.k8s.io/v1beta1" },
	{ "RoleBinding", "rbac.authorization.k8s.io/v1beta1" },
	{ "ClusterRole", "rbac.authorization.k8s.io/v1beta1" },
	{ "ClusterRoleBinding", "rbac.authorization.k8s.io/v1beta1" },
	{ "CustomResourceDefinition", "apiextensions.k8s.io/v1beta1" },
};

static bool is_other_version(const struct sb_call *call, const char *kind, const char *api_version)
{
	if (strcmp(kind, call->type->kind) != 0)
		return false;
	for (size_t i = 0; i < FC_ARRAY_LEN(known_elsewhere); i++)
		if (strcmp(known_elsewhere[i].kind, kind) == 0 &&
		    strcmp(known_elsewhere[i].api_version, api_version) == 0)
			return true;
	return false;
}

/* Lists are kinds too. */
static bool is_known(const struct sb_call *call, const char *group, const char *version, const char *kind)
{
	size_t len = strlen(kind);
	FC_AUTO_FREE char *of_list = len > 4 && strcmp(kind + len - 4, "List") == 0 ? fc_xstrndup(kind, len - 4) : NULL;

	return sb_types_of_kind(call->cluster->types, group, version, kind) ||
	       (of_list && sb_types_of_kind(call->cluster->types, group, version, of_list));
}

/* It is read as what it says it is, before that is seen not to fit. */
static int refuse_other_patched(struct sb_call *call, const json_t *object, const struct sb_type *other,
				const char *why)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *copy = json_deep_copy(object);
	bool read = !other || other->custom || sb_schema_decode(other->schema, copy, &err) == 0;

	json_decref(copy);
	return read ? sb_refuse_patched(call, object, why) : refuse_decoding(call, object, err.text);
}

static int refuse_kind(struct sb_call *call, const json_t *object, const char *kind, const char *api_version,
		       bool patched)
{
	const struct sb_type *type = call->type;
	FC_AUTO_FREE char *group = group_of(api_version), *package = package_of(type), *why = NULL;

	if (!patched && strchr(version_of(api_version), '/')) {
		why = fc_xasprintf("unexpected GroupVersion string: %s", api_version);
		return sb_refuse_body(call, why);
	}
	if (!patched && is_other_version(call, kind, api_version))
		return sb_refuse_bad_request(
			call, "the API version in the data (%s) does not match the expected API version (%s)",
			api_version, type->api_version);
	if (is_known(call, group, version_of(api_version), kind))
		why = fc_xasprintf("converting (%s.%s) to (%s.%s): unknown conversion", version_of(api_version), kind,
				   package, type->kind);
	else
		why = fc_xasprintf("no kind \"%s\" is registered for version \"%s\" in scheme "
				   "\"pkg/api/legacyscheme/scheme.go:30\"",
				   kind, api_version);
	if (patched)
		return refuse_other_patched(
			call, object, sb_types_of_kind(call->cluster->types, group, version_of(api_version), kind),
			why);
	return sb_refuse_bad_request(call, "%s in version \"%s\" cannot be handled as a %s: %s", kind,
				     version_of(api_version), type->kind, why);
}

static int refuse_nameless(struct sb_call *call)
{
	return sb_refuse_bad_request(
		call, "the name of the object (%s based on URL) was undeterminable: name must be provided", call->name);
}

/* Those of a built-in type may leave it out: the path tells. */
static int check_built_in(struct sb_call *call, const json_t *object, bool patched)
{
	const char *kind = sb_text(object, "kind"), *given = sb_text(object, "apiVersion");

	/* Without them the result of a patch is read as nothing in particular. */
	if (patched && !*kind && !*given)
		return refuse_nameless(call);
	if (!*kind)
		kind = call->type->kind;
	if (!*given)
		given = call->type->api_version;
	if (strcmp(kind, call->type->kind) == 0 && strcmp(given, call->type->api_version) == 0)
		return 0;
	return refuse_kind(call, object, kind, given, patched);
}

static int refuse_no_kind(struct sb_call *call, const json_t *object, bool patched)
{
	FC_AUTO_FREE char *text = json_dumps(object, JSON_COMPACT);
	FC_AUTO_FREE char *why = fc_xasprintf("unmarshalerDecoder: Object 'Kind' is missing in '%s'", text);

	return refuse_decoding(call, patched ? object : NULL, why);
}

static int refuse_other(struct sb_call *call, const json_t *object, const char *field, const char *wanted)
{
	const char *kind = sb_text(object, "kind");
	FC_AUTO_FREE char *group = group_of(sb_text(object, "apiVersion"));
	struct sb_type type = { .group = group, .kind = kind, .plural = "" };
	struct sb_causes causes = SB_CAUSES_INIT;

	sb_cause(&causes, "FieldValueInvalid", field, "Invalid value: \"%s\": must be %s", sb_text(object, field),
		 wanted);
	return sb_refuse_invalid(call, &type, fc_json_metadata(object, "name"), &causes);
}

/* Custom objects say what they are. */
static int check_custom(struct sb_call *call, const json_t *object, bool patched)
{
	const char *given = sb_text(object, "apiVersion");

	if (!*sb_text(object, "kind"))
		return refuse_no_kind(call, object, patched);
	if (!*given)
		return sb_refuse(call, 500, "InternalError",
				 json_pack("{s:[{s:s}]}", "causes", "message",
					   "Object 'apiVersion' is missing in 'object has no apiVersion field'"),
				 "Internal error occurred: Object 'apiVersion' is missing in 'object has no apiVersion "
				 "field'");
	if (patched || strcmp(given, call->type->api_version) == 0)
		return 0;
	return sb_refuse_bad_request(call,
				     "the API version in the data (%s) does not match the expected API version (%s)",
				     given, call->type->api_version);
}

int sb_write_check_kind(struct sb_call *call, const json_t *object)
{
	if (!call->type->custom)
		return 0;
	if (strcmp(sb_text(object, "kind"), call->type->kind) != 0)
		return refuse_other(call, object, "kind", call->type->kind);
	if (strcmp(sb_text(object, "apiVersion"), call->type->api_version) != 0)
		return refuse_other(call, object, "apiVersion", call->type->api_version);
	return 0;
}

/* --- members --- */

/* What a patch made is written by Go before it is read again, and Go sorts. */
static void sort_members(json_t *object)
{
	FC_AUTO_FREE char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	json_t *sorted, *value;
	const char *member;

	if (!json_is_object(object))
		return;
	sorted = json_loads(text, JSON_ALLOW_NUL, NULL);

	json_object_clear(object);
	json_object_foreach(sorted, member, value)
		json_object_set(object, member, value);
	json_decref(sorted);
}

static bool has_empty_managers(const json_t *object)
{
	const json_t *list = json_object_get(json_object_get(object, "metadata"), "managedFields");

	return json_is_array(list) && !json_array_size(list);
}

static int decode(struct sb_call *call, json_t *object, struct fc_error *err)
{
	const struct sb_type *type = call->type;
	bool forget = has_empty_managers(object);

	/* The real server writes it anew before it reads it. */
	if (type->custom)
		sort_members(json_object_get(object, "metadata"));
	if (sb_schema_decode(type->schema, object, err) < 0)
		return -1;
	if (type->custom) {
		sb_schema_prune(type->schema, object);
		sb_schema_default(type->schema, object);
	} else {
		/* Only now: the decoder's words tell the order in which the members came. */
		json_object_set_new(object, "kind", json_string(type->kind));
		json_object_set_new(object, "apiVersion", json_string(type->api_version));
	}
	sb_need_object(object, "metadata");
	/* Said on purpose, which the decoder hides: as one empty entry says it too. */
	if (forget)
		json_object_set_new(json_object_get(object, "metadata"), "managedFields", json_pack("[{}]"));
	if (type->to_stored)
		type->to_stored(object);
	if (type->ops->defaults)
		type->ops->defaults(object);
	return 0;
}

int sb_write_decode(struct sb_call *call, json_t *object, bool patched)
{
	const struct sb_type *type = call->type;
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *why = NULL;
	json_t *before;
	int result;

	if (patched)
		sort_members(object);
	before = patched ? json_deep_copy(object) : NULL;

	if ((type->custom ? check_custom(call, object, patched) : check_built_in(call, object, patched)) < 0)
		result = -1;
	else if ((why = sb_field_validation(call, object)))
		result = refuse_words(call, before, why);
	else if (decode(call, object, &err) == 0)
		result = 0;
	else
		result = refuse_decoding(call, before, err.text);
	json_decref(before);
	return result;
}

/* --- where it belongs --- */

static int check_created(struct sb_call *call, const char *ns)
{
	if (*call->ns && *ns && strcmp(ns, call->ns) != 0)
		return sb_refuse_bad_request(call, "the namespace of the provided object does not match the namespace "
						   "sent on the request");
	return 0;
}

static int check_changed(struct sb_call *call, const char *ns, const char *name)
{
	if (!*name)
		return refuse_nameless(call);
	if (strcmp(name, call->name) != 0)
		return sb_refuse_bad_request(
			call, "the name of the object (%s) does not match the name on the URL (%s)", name, call->name);
	if (*call->ns && *ns && strcmp(ns, call->ns) != 0)
		return sb_refuse_bad_request(
			call, "the namespace of the object (%s) does not match the namespace on the request (%s)", ns,
			call->ns);
	return 0;
}

int sb_write_check_place(struct sb_call *call, json_t *object, bool created)
{
	json_t *metadata = json_object_get(object, "metadata");
	const char *ns = sb_text(metadata, "namespace");

	if ((created ? check_created(call, ns) : check_changed(call, ns, sb_text(metadata, "name"))) < 0)
		return -1;
	if (*call->ns)
		json_object_set_new(metadata, "namespace", json_string(call->ns));
	else
		json_object_del(metadata, "namespace");
	return 0;
}

/* --- options --- */

static void check_manager(struct sb_call *call, bool apply, struct sb_causes *causes)
{
	const char *manager = sb_call_param(call, "fieldManager");

	if (apply && !*manager)
		sb_required(causes, SB_FIELD("fieldManager"), "is required for apply patch");
	if (strlen(manager) > 128)
		sb_too_long(causes, SB_FIELD("fieldManager"), 128);
	for (size_t i = 0; manager[i]; i++)
		if ((unsigned char)manager[i] < ' ' || manager[i] == 0x7f)
			sb_invalid(causes, SB_FIELD("fieldManager"), manager,
				   "invalid character U+%04X (at position %zu)", manager[i], i);
}

void sb_refuse_dry_run(const json_t *words, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf quoted = FC_BUF_INIT;
	size_t i;
	json_t *word;

	json_array_foreach(words, i, word)
		if (strcmp(json_string_value(word) ?: "", "All") != 0)
			break;
	if (i == json_array_size(words))
		return;
	sb_go_string_list(&quoted, words);
	sb_cause(causes, "FieldValueNotSupported", "dryRun", "Unsupported value: %s: supported values: \"All\"",
		 fc_buf_str(&quoted));
}

void sb_check_dry_run(const struct sb_call *call, struct sb_causes *causes)
{
	json_t *words = json_array();

	/* All values count, an empty one too. */
	for (const char *pair = call->query; *pair; pair += strlen(pair) + 1)
		if (strncmp(pair, "dryRun", 6) == 0 && (!pair[6] || pair[6] == '='))
			json_array_append_new(words, json_string(pair + 6 + (pair[6] == '=')) ?: json_string("?"));
	sb_refuse_dry_run(words, causes);
	json_decref(words);
}

int sb_write_options(struct sb_call *call, const char *kind)
{
	struct sb_type type = { .group = "meta.k8s.io", .kind = kind, .plural = "" };
	struct sb_causes causes = SB_CAUSES_INIT;
	char content_type[64];
	bool apply;

	sb_call_content_type(call, content_type, sizeof(content_type));
	apply = call->verb == SB_VERB_PATCH && strcmp(content_type, "application/apply-patch+yaml") == 0;
	if (call->verb == SB_VERB_PATCH && !apply && sb_call_has_param(call, "force"))
		sb_forbidden(&causes, SB_FIELD("force"), "may not be specified for non-apply patch");
	check_manager(call, apply, &causes);
	sb_check_dry_run(call, &causes);
	return sb_refuse_invalid(call, &type, "", &causes);
}

bool sb_write_is_dry(const struct sb_call *call)
{
	return strcmp(sb_call_param(call, "dryRun"), "All") == 0;
}
