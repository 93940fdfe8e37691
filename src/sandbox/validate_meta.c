/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/kinds.h"
#include "sandbox/validate_field.h"

#include <ctype.h>
#include <string.h>

#define MAX_ANNOTATIONS_BYTES (256 * 1024)
#define METADATA SB_FIELD("metadata")
#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"

static void validate_name(const struct sb_type *type, const json_t *metadata, struct sb_causes *causes)
{
	const json_t *given = json_object_get(metadata, "name");
	FC_AUTO_FREE char *name = sb_whole_text(given),
			  *base = sb_whole_text(json_object_get(metadata, "generateName"));
	size_t had = json_array_size(causes->list);
	void (*check)(const char *name, bool prefix, const char *field, struct sb_causes *causes) =
		type->ops->validate_name ?: sb_validate_subdomain;

	if (*base)
		check(base, true, "metadata.generateName", causes);
	if (*name)
		check(name, false, "metadata.name", causes);
	else
		sb_required(causes, SB_CHILD(METADATA, "name"), "name or generateName is required");
	/* The real server takes it where any name will do. */
	if (strlen(sb_text(metadata, "name")) != json_string_length(given) && json_array_size(causes->list) == had)
		sb_invalid(causes, SB_CHILD(METADATA, "name"), name, "may not contain a zero byte");
}

static void validate_annotations(const json_t *annotations, struct sb_causes *causes)
{
	const char *key;
	json_t *value;
	size_t bytes = 0;

	json_object_foreach((json_t *)(uintptr_t)annotations, key, value) {
		struct sb_faults faults = SB_FAULTS_INIT;
		FC_AUTO_FREE char *lower = fc_xstrdup(key);

		for (char *c = lower; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		sb_faults_qualified_name(lower, &faults);
		for (unsigned i = 0; i < faults.count; i++)
			sb_invalid(causes, SB_CHILD(METADATA, "annotations"), key, "%s", faults.text[i]);
		bytes += strlen(key) + json_string_length(value);
	}
	if (bytes > MAX_ANNOTATIONS_BYTES)
		sb_too_long(causes, SB_CHILD(METADATA, "annotations"), MAX_ANNOTATIONS_BYTES);
}

/* --- owners --- */

static bool has_version(const char *api_version)
{
	const char *slash = strchr(api_version, '/');

	return slash ? slash[1] && !strchr(slash + 1, '/') : *api_version;
}

static void print_owner(struct fc_buf *out, const json_t *owner)
{
	static const struct {
		const char *member, *name;
	} words[] = { { "apiVersion", "APIVersion" }, { "kind", "Kind" }, { "name", "Name" }, { "uid", "UID" } };

	fc_buf_puts(out, "v1.OwnerReference{");
	for (size_t i = 0; i < FC_ARRAY_LEN(words); i++) {
		fc_buf_printf(out, "%s%s:", i ? ", " : "", words[i].name);
		sb_go_quote(out, sb_text(owner, words[i].member));
	}
	/* The real server shows where in its memory these are. */
	fc_buf_printf(out, ", Controller:(*bool)(%s), BlockOwnerDeletion:(*bool)(%s)}",
		      json_object_get(owner, "controller") ? "0xc000000000" : "nil",
		      json_object_get(owner, "blockOwnerDeletion") ? "0xc000000001" : "nil");
}

static void validate_owner(const json_t *owner, struct sb_causes *causes)
{
	static const struct {
		const char *member, *why;
	} needed[] = { { "kind", "kind must not be empty" },
		       { "name", "name must not be empty" },
		       { "uid", "uid must not be empty" } };
	const char *version = sb_text(owner, "apiVersion");

	if (!has_version(version))
		sb_invalid(causes, SB_CHILD(SB_CHILD(METADATA, "ownerReferences"), "apiVersion"), version,
			   "version must not be empty");
	for (size_t i = 0; i < FC_ARRAY_LEN(needed); i++)
		if (!*sb_text(owner, needed[i].member))
			sb_invalid(causes, SB_CHILD(SB_CHILD(METADATA, "ownerReferences"), needed[i].member), "", "%s",
				   needed[i].why);
	if (strcmp(version, "v1") == 0 && strcmp(sb_text(owner, "kind"), "Event") == 0) {
		FC_AUTO_BUF struct fc_buf value = FC_BUF_INIT;

		print_owner(&value, owner);
		sb_invalid_raw(causes, SB_CHILD(METADATA, "ownerReferences"), fc_buf_str(&value),
			       "/v1, Kind=Event is disallowed from being an owner");
	}
}

static void refuse_controllers(const json_t *owners, const char *first, const char *second, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf value = FC_BUF_INIT;
	FC_AUTO_FREE char *why = fc_xasprintf("Only one reference can have Controller set to true. Found \"true\" in "
					      "references for %s and %s",
					      first, second);
	size_t i;
	json_t *owner;

	fc_buf_puts(&value, "[]v1.OwnerReference{");
	json_array_foreach(owners, i, owner) {
		fc_buf_puts(&value, i ? ", " : "");
		print_owner(&value, owner);
	}
	fc_buf_putc(&value, '}');
	sb_invalid_raw(causes, SB_CHILD(METADATA, "ownerReferences"), fc_buf_str(&value), why);
}

static void validate_owners(const json_t *owners, struct sb_causes *causes)
{
	const char *controller = NULL;
	size_t i;
	json_t *owner;

	json_array_foreach(owners, i, owner) {
		validate_owner(owner, causes);
		if (!json_is_true(json_object_get(owner, "controller")))
			continue;
		if (controller)
			refuse_controllers(owners, controller, sb_text(owner, "name"), causes);
		controller = controller ?: sb_text(owner, "name");
	}
}

/* --- finalizers --- */

static bool has(const json_t *list, const char *word)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
		if (strcmp(json_string_value(item) ?: "", word) == 0)
			return true;
	return false;
}

/* Built-in types know three short names; custom ones take any. */
static void validate_standard(const json_t *finalizers, struct sb_causes *causes)
{
	static const char *const standard[] = { "kubernetes", ORPHAN, FOREGROUND, NULL };
	size_t i;
	json_t *item;

	json_array_foreach(finalizers, i, item) {
		const char *name = json_string_value(item) ?: "";

		if (!strchr(name, '/') && !sb_is_one_of(name, standard))
			sb_invalid(causes, SB_INDEX(SB_CHILD(METADATA, "finalizers"), i), name,
				   "name is neither a standard finalizer name nor is it fully qualified");
	}
}

static void validate_finalizers(const json_t *finalizers, struct sb_causes *causes)
{
	size_t i;
	json_t *item;

	json_array_foreach(finalizers, i, item)
		sb_check(causes, SB_CHILD(METADATA, "finalizers"), json_string_value(item) ?: "",
			 sb_faults_qualified_name);
	if (has(finalizers, ORPHAN) && has(finalizers, FOREGROUND)) {
		FC_AUTO_BUF struct fc_buf value = FC_BUF_INIT;

		sb_go_string_list(&value, finalizers);
		sb_invalid_raw(causes, SB_CHILD(METADATA, "finalizers"), fc_buf_str(&value),
			       "finalizer " ORPHAN " and " FOREGROUND " cannot be both set");
	}
}

/* What is being deleted is held by nobody new. */
static void validate_no_new_finalizers(const json_t *had, const json_t *metadata, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf why = FC_BUF_INIT;
	json_t *found = json_array(), *item;
	size_t i;

	json_array_foreach(json_object_get(metadata, "finalizers"), i, item)
		if (!has(json_object_get(had, "finalizers"), json_string_value(item) ?: ""))
			json_array_append(found, item);
	if (json_array_size(found)) {
		fc_buf_puts(&why,
			    "no new finalizers can be added if the object is being deleted, found new finalizers ");
		sb_go_string_list(&why, found);
		sb_forbidden(causes, SB_CHILD(METADATA, "finalizers"), fc_buf_str(&why));
	}
	json_decref(found);
}

/* --- what stays as it is --- */

static void print_fixed(struct fc_buf *out, const char *member, const json_t *value)
{
	const char *text = json_string_value(value);

	if (json_is_integer(value))
		fc_buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (strcmp(member, "deletionTimestamp") == 0 && text)
		/* As Go prints a time. */
		fc_buf_printf(out, "%.10s %.8s +0000 UTC", text, strlen(text) > 11 ? text + 11 : "");
	else
		sb_go_quote(out, text ?: "");
}

static void validate_fixed(const json_t *had, const json_t *metadata, struct sb_causes *causes)
{
	static const char *const members[] = { "name", "namespace", "uid", "deletionTimestamp",
					       "deletionGracePeriodSeconds" };

	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++) {
		const json_t *value = json_object_get(metadata, members[i]);
		FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

		if (sb_same(value, json_object_get(had, members[i])))
			continue;
		print_fixed(&text, members[i], value);
		sb_invalid_raw(causes, SB_CHILD(METADATA, members[i]), fc_buf_str(&text), "field is immutable");
	}
}

/* --- all of it --- */

static void validate_maps(const json_t *metadata, struct sb_causes *causes)
{
	sb_validate_labels(json_object_get(metadata, "labels"), "metadata.labels", causes);
	validate_annotations(json_object_get(metadata, "annotations"), causes);
	validate_owners(json_object_get(metadata, "ownerReferences"), causes);
}

static void validate_whole(const struct sb_type *type, const json_t *metadata, bool standard, struct sb_causes *causes)
{
	sb_check_not_negative(causes, SB_CHILD(METADATA, "generation"), json_object_get(metadata, "generation"));
	validate_maps(metadata, causes);
	validate_finalizers(json_object_get(metadata, "finalizers"), causes);
	if (standard && !type->custom)
		validate_standard(json_object_get(metadata, "finalizers"), causes);
}

static void validate_change(const json_t *had, const json_t *metadata, struct sb_causes *causes)
{
	if (json_object_get(had, "deletionTimestamp"))
		validate_no_new_finalizers(had, metadata, causes);
	validate_fixed(had, metadata, causes);
	validate_maps(metadata, causes);
}

/* Some kinds look at the whole object again when it is updated. */
static bool looks_again(const struct sb_type *type)
{
	static const char *const plurals[] = { "configmaps", "secrets",	     "services",     "serviceaccounts",
					       "roles",	     "rolebindings", "clusterroles", "clusterrolebindings",
					       NULL };

	return !type->custom && sb_is_one_of(type->plural, plurals);
}

/* The real server looks several times, and tells as often: what all objects have in common first, then as the kind
 * does. */
void sb_validate_metadata(const struct sb_type *type, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const json_t *metadata = json_object_get(object, "metadata"), *had = json_object_get(old, "metadata");

	if (!old) {
		validate_name(type, metadata, causes);
		validate_whole(type, metadata, true, causes);
		return;
	}
	validate_whole(type, metadata, false, causes);
	validate_change(had, metadata, causes);
	validate_change(had, metadata, causes);
	if (!type->custom)
		validate_standard(json_object_get(metadata, "finalizers"), causes);
	if (looks_again(type))
		validate_whole(type, metadata, true, causes);
}
