/* SPDX-License-Identifier: Apache-2.0 */
/* CustomResourceDefinitions: their defaults, and what is wrong with them, in the words of the real server. It turns
 * them into a form of its own first, in which what all versions have in common stands at the top: places in its answers
 * are of that form. */
#include "sandbox/kinds.h"

#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/crd.h"
#include "sandbox/crd_schema.h"
#include "sandbox/validate_field.h"

#include <ctype.h>
#include <string.h>

/* --- defaults --- */

static void default_names(json_t *names)
{
	FC_AUTO_FREE char *singular = fc_xstrdup(sb_text(names, "kind"));

	for (char *c = singular; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (!*singular)
		return;
	if (!*sb_text(names, "singular"))
		json_object_set_new(names, "singular", json_string(singular));
	if (!*sb_text(names, "listKind"))
		json_object_set_new(names, "listKind", json_sprintf("%sList", sb_text(names, "kind")));
}

static void defaults(json_t *object)
{
	json_t *spec = sb_need_object(object, "spec"), *status = sb_need_object(object, "status");
	json_t *accepted = sb_need_object(status, "acceptedNames");

	default_names(sb_need_object(spec, "names"));
	sb_set_default(spec, "conversion", json_pack("{s:s}", "strategy", "None"));
	sb_set_default(accepted, "plural", json_string(""));
	sb_set_default(accepted, "kind", json_string(""));
	sb_set_default(status, "conditions", json_null());
	sb_set_default(status, "storedVersions", json_null());
}

static const char *storage_version(const json_t *object)
{
	const json_t *versions = json_object_get(json_object_get(object, "spec"), "versions"), *v;
	size_t i;

	json_array_foreach(versions, i, v)
		if (json_is_true(json_object_get(v, "storage")))
			return sb_text(v, "name");
	return NULL;
}

static bool list_has(const json_t *list, const char *word)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (strcmp(json_string_value(item) ?: "", word) == 0)
			return true;
	return false;
}

static void add_stored_version(json_t *object)
{
	json_t *status = sb_need_object(object, "status"), *list = json_object_get(status, "storedVersions");
	const char *version = storage_version(object);

	if (!version || list_has(list, version))
		return;
	/* The old object may share its status. */
	status = json_copy(status);
	list = json_is_array(list) ? json_copy(list) : json_array();
	json_array_append_new(list, json_string(version));
	json_object_set_new(status, "storedVersions", list);
	json_object_set_new(object, "status", status);
}

static void prepare_create(struct sb_call *call, json_t *object)
{
	(void)call;
	json_object_set_new(object, "status",
			    json_pack("{s:n, s:{s:s, s:s}, s:n}", "conditions", "acceptedNames", "plural", "", "kind",
				      "", "storedVersions"));
	add_stored_version(object);
}

static void prepare_update(struct sb_call *call, const json_t *old, json_t *object, bool status_only)
{
	(void)call;
	(void)old;
	if (!status_only)
		add_stored_version(object);
}

/* --- names --- */

static void check_words(const json_t *list, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
		sb_check(causes, SB_INDEX(at, i), json_string_value(word) ?: "", sb_faults_dns1035);
}

static void check_kind(const json_t *names, const char *member, const struct sb_field *at, struct sb_causes *causes)
{
	FC_AUTO_FREE char *lower = fc_xstrdup(sb_text(names, member));
	struct sb_faults faults = SB_FAULTS_INIT;

	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (*lower)
		sb_faults_dns1035(lower, &faults);
	for (unsigned i = 0; i < faults.count; i++)
		sb_invalid(causes, SB_CHILD(at, member), sb_text(names, member),
			   "may have mixed case, but should otherwise match: %s", faults.text[i]);
}

static void check_names(const json_t *names, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const members[] = { "plural", "singular" };

	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++)
		if (*sb_text(names, members[i]))
			sb_check(causes, SB_CHILD(at, members[i]), sb_text(names, members[i]), sb_faults_dns1035);
	check_kind(names, "kind", at, causes);
	check_kind(names, "listKind", at, causes);
	check_words(json_object_get(names, "shortNames"), SB_CHILD(at, "shortNames"), causes);
	if (*sb_text(names, "kind") && strcmp(sb_text(names, "kind"), sb_text(names, "listKind")) == 0)
		sb_invalid(causes, SB_CHILD(at, "listKind"), sb_text(names, "listKind"),
			   "kind and listKind may not be the same");
	check_words(json_object_get(names, "categories"), SB_CHILD(at, "categories"), causes);
}

static void need_names(const json_t *names, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const members[] = { "plural", "singular", "kind", "listKind" };

	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++)
		if (!*sb_text(names, members[i]))
			sb_required(causes, SB_CHILD(at, members[i]), "");
}

/* --- what a version has, or all of them --- */

static void check_columns(const json_t *columns, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const types[] = { "boolean", "date", "integer", "number", "string", NULL };
	static const char *const formats[] = { "byte",	"date",	 "date-time", "double", "float",
					       "int32", "int64", "password",  NULL };
	static const char type_words[] = "must be one of boolean,date,integer,number,string";
	const json_t *column;
	size_t i;

	json_array_foreach(columns, i, column) {
		const struct sb_field *here = SB_INDEX(at, i);
		const char *type = sb_text(column, "type"), *format = sb_text(column, "format");
		const char *path = sb_text(column, "jsonPath");

		if (!*sb_text(column, "name"))
			sb_required(causes, SB_CHILD(here, "name"), "");
		if (!*type)
			sb_required(causes, SB_CHILD(here, "type"), type_words);
		else if (!sb_is_one_of(type, types))
			sb_invalid(causes, SB_CHILD(here, "type"), type, type_words);
		if (*format && !sb_is_one_of(format, formats))
			sb_invalid(causes, SB_CHILD(here, "format"), format,
				   "must be one of byte,date,date-time,double,float,int32,int64,password");
		if (!*path)
			sb_required(causes, SB_CHILD(here, "JSONPath"), "");
		else if (*path != '.')
			sb_invalid(causes, SB_CHILD(here, "JSONPath"), path,
				   "must be a simple json path starting with .");
	}
}

static void check_path(const json_t *scale, const char *member, const char *below, const struct sb_field *at,
		       struct sb_causes *causes)
{
	const char *path = sb_text(scale, member);

	if (!*path)
		sb_required(causes, SB_CHILD(at, member), "");
	else if (*path != '.')
		sb_invalid(causes, SB_CHILD(at, member), path, "must be a simple json path starting with .");
	else if (strncmp(path + 1, below, strlen(below)) != 0 || path[strlen(below) + 1] != '.')
		sb_invalid(causes, SB_CHILD(at, member), path, "should be a json path under .%s", below);
}

static void check_subresources(const json_t *subresources, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *scale = json_object_get(subresources, "scale");
	const struct sb_field *here = SB_CHILD(at, "scale");
	const char *selector = sb_text(scale, "labelSelectorPath");

	if (!json_is_object(scale))
		return;
	check_path(scale, "specReplicasPath", "spec", here, causes);
	check_path(scale, "statusReplicasPath", "status", here, causes);
	if (!*selector)
		return;
	if (*selector != '.')
		sb_invalid(causes, SB_CHILD(here, "labelSelectorPath"), selector,
			   "must be a simple json path starting with .");
	else if (strncmp(selector, ".spec.", 6) != 0 && strncmp(selector, ".status.", 8) != 0)
		sb_invalid(causes, SB_CHILD(here, "labelSelectorPath"), selector,
			   "should be a json path under either .status or .spec");
}

/* Do all versions have that member alike? Then it stands at the top. */
static bool is_common(const json_t *versions, const char *member)
{
	const json_t *first = json_object_get(json_array_get(versions, 0), member), *v;
	size_t i;

	json_array_foreach(versions, i, v)
		if (!sb_same(json_object_get(v, member), first))
			return false;
	return json_array_size(versions) > 0;
}

static bool has_status(const json_t *version)
{
	return json_object_get(json_object_get(version, "subresources"), "status");
}

static void check_schema(const json_t *version, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *schema = json_object_get(json_object_get(version, "schema"), "openAPIV3Schema");

	if (schema)
		sb_crd_schema_validate(schema, has_status(version), SB_CHILD(at, "openAPIV3Schema"), causes);
}

static void check_own(const json_t *versions, const json_t *v, const struct sb_field *at, struct sb_causes *causes)
{
	if (!is_common(versions, "schema"))
		check_schema(v, SB_CHILD(at, "schema"), causes);
	if (!is_common(versions, "subresources"))
		check_subresources(json_object_get(v, "subresources"), SB_CHILD(at, "subresources"), causes);
	if (!is_common(versions, "additionalPrinterColumns"))
		check_columns(json_object_get(v, "additionalPrinterColumns"), SB_CHILD(at, "additionalPrinterColumns"),
			      causes);
}

static void check_common(const json_t *versions, const struct sb_field *spec, struct sb_causes *causes)
{
	const json_t *v = json_array_get(versions, 0);

	if (is_common(versions, "schema"))
		check_schema(v, SB_CHILD(spec, "validation"), causes);
	if (is_common(versions, "subresources"))
		check_subresources(json_object_get(v, "subresources"), SB_CHILD(spec, "subresources"), causes);
	if (is_common(versions, "additionalPrinterColumns"))
		check_columns(json_object_get(v, "additionalPrinterColumns"),
			      SB_CHILD(spec, "additionalPrinterColumns"), causes);
}

/* --- versions --- */

#define MAX_WARNING 256

static void check_warning(const json_t *version, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *value = json_object_get(version, "deprecationWarning");
	const struct sb_field *here = SB_CHILD(at, "deprecationWarning");
	const char *words = json_string_value(value);

	if (!words)
		return;
	if (!json_is_true(json_object_get(version, "deprecated")))
		sb_invalid(causes, here, words, "can only be set for deprecated versions");
	if (strlen(words) > MAX_WARNING)
		sb_invalid(causes, here, words, "must be <= %d characters long", MAX_WARNING);
	if (!*words)
		sb_invalid(causes, here, words, "must not be an empty string");
	for (size_t i = 0; words[i]; i++) {
		if ((unsigned char)words[i] >= ' ' && words[i] != '\x7f')
			continue;
		sb_invalid(causes, here, words,
			   "must only contain printable UTF-8 characters; non-printable character found at index %zu",
			   i);
		break;
	}
}

/* As Go's %#v prints one version when all that versions may differ in is common. */
static void print_version(struct fc_buf *out, const json_t *v)
{
	fc_buf_puts(out, "apiextensions.CustomResourceDefinitionVersion{Name:");
	sb_go_quote(out, sb_text(v, "name"));
	fc_buf_printf(out,
		      ", Served:%s, Storage:%s, Deprecated:%s, DeprecationWarning:(*string)(nil), "
		      "Schema:(*apiextensions.CustomResourceValidation)(nil), "
		      "Subresources:(*apiextensions.CustomResourceSubresources)(nil), "
		      "AdditionalPrinterColumns:[]apiextensions.CustomResourceColumnDefinition(nil)}",
		      json_is_true(json_object_get(v, "served")) ? "true" : "false",
		      json_is_true(json_object_get(v, "storage")) ? "true" : "false",
		      json_is_true(json_object_get(v, "deprecated")) ? "true" : "false");
}

static void refuse_versions(const json_t *versions, const struct sb_field *at, const char *why,
			    struct sb_causes *causes)
{
	struct fc_buf out = FC_BUF_INIT;
	const json_t *v;
	size_t i;

	fc_buf_puts(&out, "[]apiextensions.CustomResourceDefinitionVersion");
	fc_buf_puts(&out, json_is_array(versions) ? "{" : "(nil)");
	json_array_foreach(versions, i, v) {
		fc_buf_puts(&out, i ? ", " : "");
		print_version(&out, v);
	}
	if (json_is_array(versions))
		fc_buf_putc(&out, '}');
	sb_invalid_raw(causes, at, fc_buf_str(&out), why);
	fc_buf_fini(&out);
}

static bool names_are_unique(const json_t *versions)
{
	json_t *seen = json_object();
	const json_t *v;
	size_t i, count;

	json_array_foreach(versions, i, v)
		json_object_set_new(seen, sb_text(v, "name"), json_true());
	count = json_object_size(seen);
	json_decref(seen);
	return count == json_array_size(versions);
}

static void need_schemas(const json_t *versions, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *v,
		*first = json_object_get(json_object_get(json_array_get(versions, 0), "schema"), "openAPIV3Schema");
	size_t i;

	if (first && is_common(versions, "schema"))
		return;
	json_array_foreach(versions, i, v) {
		const struct sb_field *here = SB_INDEX(at, i);
		const struct sb_field *schema = SB_CHILD(here, "schema");

		if (!json_object_get(json_object_get(v, "schema"), "openAPIV3Schema"))
			sb_required(causes, SB_CHILD(schema, "openAPIV3Schema"), "schemas are required");
	}
}

static void check_versions(const json_t *versions, const struct sb_field *spec, struct sb_causes *causes)
{
	const struct sb_field *at = SB_CHILD(spec, "versions");
	const char *first = sb_text(json_array_get(versions, 0), "name");
	unsigned stored = 0;
	const json_t *v;
	size_t i;

	need_schemas(versions, at, causes);
	json_array_foreach(versions, i, v) {
		const struct sb_field *here = SB_INDEX(at, i);

		stored += json_is_true(json_object_get(v, "storage"));
		sb_check(causes, SB_CHILD(here, "name"), sb_text(v, "name"), sb_faults_dns1035);
		check_warning(v, here, causes);
		check_own(versions, v, here, causes);
	}
	if (!names_are_unique(versions))
		refuse_versions(versions, at, "must contain unique version names", causes);
	if (stored != 1)
		refuse_versions(versions, at, "must have exactly one version marked as storage version", causes);
	if (*first)
		sb_check(causes, SB_CHILD(spec, "version"), first, sb_faults_dns1035);
}

/* --- the whole --- */

static void check_group(const char *group, const struct sb_field *at, struct sb_causes *causes)
{
	if (!*group)
		sb_required(causes, at, "");
	else if (!sb_faults_none(sb_faults_subdomain, group))
		sb_check(causes, at, group, sb_faults_subdomain);
	else if (!strchr(group, '.'))
		sb_invalid(causes, at, group, "should be a domain with at least one dot");
}

static void check_no_webhook(const json_t *webhook, const struct sb_field *at, struct sb_causes *causes)
{
	static const char why[] = "should not be set when strategy is not set to Webhook";

	if (json_array_size(json_object_get(webhook, "conversionReviewVersions")) > 0)
		sb_forbidden(causes, SB_CHILD(at, "conversionReviewVersions"), why);
	if (json_object_get(webhook, "clientConfig"))
		sb_forbidden(causes, SB_CHILD(at, "webhookClientConfig"), why);
}

/* Webhooks are not called: a definition that needs one is refused, so that no version is ever served half right. */
static void check_webhook(const json_t *webhook, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const strategies[] = { "None", NULL };
	bool versions = json_array_size(json_object_get(webhook, "conversionReviewVersions")) > 0;
	bool config = json_object_get(webhook, "clientConfig");

	if (!config)
		sb_required(causes, SB_CHILD(at, "webhookClientConfig"), "required when strategy is set to Webhook");
	if (!versions)
		sb_required(causes, SB_CHILD(at, "conversionReviewVersions"), "");
	if (config && versions)
		sb_not_supported(causes, SB_CHILD(at, "strategy"), "Webhook", strategies);
}

static void check_conversion(const json_t *conversion, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const strategies[] = { "None", "Webhook", NULL };
	const json_t *webhook = json_object_get(conversion, "webhook");
	const char *strategy = sb_text(conversion, "strategy");

	sb_check_word(causes, SB_CHILD(at, "strategy"), strategy, strategies);
	if (strcmp(strategy, "Webhook") == 0)
		check_webhook(webhook, at, causes);
	else
		check_no_webhook(webhook, at, causes);
}

static void check_spec(const json_t *spec, struct sb_causes *causes)
{
	static const char *const scopes[] = { "Cluster", "Namespaced", NULL };
	const json_t *names = json_object_get(spec, "names"), *versions = json_object_get(spec, "versions");
	const struct sb_field *at = SB_FIELD("spec"), *of_names = SB_CHILD(at, "names");

	check_group(sb_text(spec, "group"), SB_CHILD(at, "group"), causes);
	sb_check_word(causes, SB_CHILD(at, "scope"), sb_text(spec, "scope"), scopes);
	check_versions(versions, at, causes);
	need_names(names, of_names, causes);
	check_names(names, of_names, causes);
	check_common(versions, at, causes);
	check_conversion(json_object_get(spec, "conversion"), SB_CHILD(at, "conversion"), causes);
}

static void refuse_no_storage(const json_t *v, const struct sb_field *at, struct sb_causes *causes)
{
	FC_AUTO_FREE char *why = fc_xasprintf("must have the storage version %s", sb_text(v, "name"));
	struct fc_buf out = FC_BUF_INIT;

	print_version(&out, v);
	sb_invalid_raw(causes, at, fc_buf_str(&out), why);
	fc_buf_fini(&out);
}

static bool has_version(const json_t *versions, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach(versions, i, v)
		if (strcmp(sb_text(v, "name"), name) == 0)
			return true;
	return false;
}

/* A name finds its stored version once. */
static bool is_told_before(const json_t *versions, size_t at)
{
	const char *name = sb_text(json_array_get(versions, at), "name");

	for (size_t i = 0; i < at; i++)
		if (strcmp(sb_text(json_array_get(versions, i), "name"), name) == 0)
			return true;
	return false;
}

static void check_stored_versions(const json_t *object, struct sb_causes *causes)
{
	const json_t *versions = json_object_get(json_object_get(object, "spec"), "versions"), *v;
	const json_t *stored = json_object_get(json_object_get(object, "status"), "storedVersions");
	const struct sb_field *status = SB_FIELD("status"), *at = SB_CHILD(status, "storedVersions");
	size_t i;

	if (json_array_size(stored) == 0) {
		sb_invalid_raw(causes, at, json_is_array(stored) ? "[]string{}" : "[]string(nil)",
			       "must have at least one stored version");
		return;
	}
	json_array_foreach(versions, i, v)
		if (json_is_true(json_object_get(v, "storage")) &&
		    (!list_has(stored, sb_text(v, "name")) || is_told_before(versions, i)))
			refuse_no_storage(v, at, causes);
	json_array_foreach(stored, i, v)
		if (!has_version(versions, json_string_value(v) ?: ""))
			sb_invalid(causes, SB_INDEX(at, i), json_string_value(v) ?: "", "must appear in spec.versions");
}

static void check_approval(const json_t *object, struct sb_causes *causes)
{
	const char *words = fc_json_annotation(object, SB_CRD_APPROVED);
	const struct sb_field *metadata = SB_FIELD("metadata"), *all = SB_CHILD(metadata, "annotations");
	const struct sb_field *at = SB_KEY(all, SB_CRD_APPROVED);

	if (!sb_crd_group_is_protected(sb_text(json_object_get(object, "spec"), "group")))
		return;
	if (!words || !*words)
		sb_required(causes, at,
			    "protected groups must have approval annotation \"" SB_CRD_APPROVED
			    "\", see https://github.com/kubernetes/enhancements/pull/1111");
	else if (strncmp(words, "unapproved", 10) != 0 && !strstr(words, "://"))
		sb_invalid(causes, at, words,
			   "protected groups must have approval annotation \"" SB_CRD_APPROVED
			   "\" with either a URL or a reason starting with \"unapproved\", see "
			   "https://github.com/kubernetes/enhancements/pull/1111");
}

static void check_unchanged(const json_t *old, const json_t *new, const char *member, const struct sb_field *at,
			    struct sb_causes *causes)
{
	const char *value = sb_text(new, member);

	if (strcmp(sb_text(old, member), value) != 0)
		sb_invalid(causes, SB_CHILD(at, member), value, "field is immutable");
}

static bool is_established(const json_t *object)
{
	const json_t *list = json_object_get(json_object_get(object, "status"), "conditions"), *c;
	size_t i;

	json_array_foreach(list, i, c)
		if (strcmp(sb_text(c, "type"), "Established") == 0)
			return strcmp(sb_text(c, "status"), "True") == 0;
	return false;
}

static void check_immutable(const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const json_t *before = json_object_get(old, "spec"), *now = json_object_get(object, "spec");
	const json_t *names_before = json_object_get(before, "names"), *names = json_object_get(now, "names");
	const struct sb_field *at = SB_FIELD("spec"), *of_names = SB_CHILD(at, "names");

	if (is_established(old)) {
		check_unchanged(before, now, "scope", at, causes);
		check_unchanged(names_before, names, "kind", of_names, causes);
	}
	check_unchanged(before, now, "group", at, causes);
	check_unchanged(names_before, names, "plural", of_names, causes);
}

static void check_name(const json_t *object, struct sb_causes *causes)
{
	const json_t *spec = json_object_get(object, "spec");
	const char *name = fc_json_metadata(object, "name");
	FC_AUTO_FREE char *wanted =
		fc_xasprintf("%s.%s", sb_text(json_object_get(spec, "names"), "plural"), sb_text(spec, "group"));
	const struct sb_field *metadata = SB_FIELD("metadata");

	if (*name && strcmp(name, wanted) != 0)
		sb_invalid(causes, SB_CHILD(metadata, "name"), name, "must be spec.names.plural+\".\"+spec.group");
}

static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const json_t *spec = json_object_get(object, "spec");

	if (strcmp(call->subresource, "status") == 0)
		return;
	if (!old)
		check_name(object, causes);
	check_spec(spec, causes);
	if (old)
		check_immutable(old, object, causes);
	check_stored_versions(object, causes);
	check_approval(object, causes);
	if (json_is_true(json_object_get(spec, "preserveUnknownFields"))) {
		const struct sb_field *at = SB_FIELD("spec");

		sb_invalid_raw(
			causes, SB_CHILD(at, "preserveUnknownFields"), "true",
			"cannot set to true, set x-preserve-unknown-fields to true in spec.versions[*].schema instead");
	}
}

const struct sb_kind sb_kind_crd = {
	.defaults = defaults,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.validate = validate,
	.begin_delete = sb_crd_begin_delete,
	.stored = sb_crd_stored,
	.removed = sb_crd_removed,
};
