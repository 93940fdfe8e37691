/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "sandbox/validate_field.h"
#include "sandbox/write.h"

#include <string.h>

#define SUFFIX_BYTES 5
#define MAX_NAME_BYTES 63

static json_t *metadata_of(const json_t *object)
{
	return json_object_get(object, "metadata");
}

void sb_metadata_begin(struct sb_call *call, json_t *object)
{
	static const char *const not_the_clients[] = { "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
						       "clusterName" };
	json_t *metadata = metadata_of(object);
	char text[40];

	for (size_t i = 0; i < FC_ARRAY_LEN(not_the_clients); i++)
		json_object_del(metadata, not_the_clients[i]);
	sb_cluster_uid(call->cluster, text);
	json_object_set_new(metadata, "uid", json_string(text));
	sb_cluster_time(call->cluster, text);
	json_object_set_new(metadata, "creationTimestamp", json_string(text));
}

void sb_metadata_tidy_owners(struct sb_call *call, json_t *object)
{
	json_t *owners = json_object_get(metadata_of(object), "ownerReferences"), *uids = json_object(),
	       *told = json_array();
	FC_AUTO_BUF struct fc_buf warning = FC_BUF_INIT;

	for (size_t i = 0; i < json_array_size(owners);) {
		const json_t *owner = json_array_get(owners, i);
		const char *uid = sb_text(owner, "uid");
		const json_t *before = json_object_get(uids, uid);

		if (before && json_equal(before, owner)) {
			json_array_append_new(told, json_string(uid));
			json_array_remove(owners, i);
			continue;
		}
		if (!before)
			json_object_set(uids, uid, (json_t *)(uintptr_t)owner);
		i++;
	}
	if (json_array_size(told)) {
		fc_buf_puts(&warning,
			    "299 - \".metadata.ownerReferences contains duplicate entries; API server dedups owner "
			    "references in 1.20+, and may reject such requests as early as 1.24; please fix your "
			    "requests; duplicate UID(s) observed: ");
		for (size_t i = 0; i < json_array_size(told); i++)
			fc_buf_printf(&warning, "%s%s", i ? ", " : "", json_string_value(json_array_get(told, i)));
		fc_buf_putc(&warning, '"');
		sb_response_header(call->response, "warning", fc_buf_str(&warning));
	}
	json_decref(uids);
	json_decref(told);
}

/* Without vowels, so that no words come about, and without what is easily mistaken for something else. */
static void suffix(struct sb_cluster *c, char out[SUFFIX_BYTES + 1])
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";

	for (size_t i = 0; i < SUFFIX_BYTES; i++)
		out[i] = letters[fc_random_between(&c->random, 0, (int64_t)sizeof(letters) - 2)];
	out[SUFFIX_BYTES] = '\0';
}

bool sb_metadata_generate_name(struct sb_call *call, json_t *object, bool taken)
{
	json_t *metadata = metadata_of(object);
	const char *base = sb_text(metadata, "generateName");
	char end[SUFFIX_BYTES + 1];

	if (!*base || (*sb_text(metadata, "name") && !taken))
		return false;
	suffix(call->cluster, end);
	json_object_set_new(metadata, "name", json_sprintf("%.*s%s", MAX_NAME_BYTES - SUFFIX_BYTES, base, end));
	return true;
}

static void keep(json_t *metadata, const json_t *old, const char *member, bool always)
{
	json_t *value = json_object_get(old, member);

	if (value && (always || !json_object_get(metadata, member)))
		json_object_set(metadata, member, value);
}

void sb_metadata_keep(json_t *object, const json_t *old)
{
	json_t *metadata = metadata_of(object);
	const json_t *had = metadata_of(old);

	keep(metadata, had, "uid", false);
	keep(metadata, had, "creationTimestamp", true);
	keep(metadata, had, "deletionTimestamp", true);
	keep(metadata, had, "deletionGracePeriodSeconds", false);
	json_object_del(metadata, "selfLink");
	json_object_del(metadata, "clusterName");
	json_object_del(metadata, "generation");
	keep(metadata, had, "generation", true);
}

/* Anything but metadata and, where that is a subresource, the status. */
static bool is_content(const struct sb_type *type, const char *member)
{
	return strcmp(member, "metadata") != 0 && (!type->has_status || strcmp(member, "status") != 0);
}

static bool content_differs(const struct sb_type *type, const json_t *object, const json_t *old)
{
	const char *member;
	json_t *value;
	size_t members = 0, others = 0;

	json_object_foreach((json_t *)(uintptr_t)object, member, value) {
		if (!is_content(type, member))
			continue;
		members++;
		if (!sb_same(value, json_object_get(old, member)))
			return true;
	}
	json_object_foreach((json_t *)(uintptr_t)old, member, value)
		others += is_content(type, member);
	return members != others;
}

void sb_metadata_count(const struct sb_type *type, json_t *object, const json_t *old)
{
	json_t *metadata = metadata_of(object);
	bool changed;

	if (!type->counts_generation)
		return;
	if (!old) {
		json_object_set_new(metadata, "generation", json_integer(1));
		return;
	}
	/* Deployments count changes of annotations too. */
	changed = content_differs(type, object, old) || (strcmp(type->plural, "deployments") == 0 && !type->custom &&
							 !sb_same(json_object_get(metadata, "annotations"),
								  json_object_get(metadata_of(old), "annotations")));
	if (changed)
		json_object_set_new(metadata, "generation",
				    json_integer(sb_int(metadata_of(old), "generation", 0) + 1));
}

bool sb_metadata_may_go(const json_t *object)
{
	return json_array_size(json_object_get(metadata_of(object), "finalizers")) == 0 &&
	       json_array_size(json_object_get(json_object_get(object, "spec"), "finalizers")) == 0;
}

bool sb_metadata_is_going(const json_t *object)
{
	return json_object_get(metadata_of(object), "deletionTimestamp");
}
