/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/annotation_filter.h"
#include "kube/informer_internal.h"

#include <string.h>

/* A server that knows no metadata-only form sends whole objects (4.13). managedFields are most of what remains of an
 * object and say nothing to anybody here. */
static void strip(json_t *object)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, key, value) {
		(void)value;
		if (strcmp(key, "apiVersion") && strcmp(key, "kind") && strcmp(key, "metadata"))
			json_object_del(object, key);
	}
	json_object_del(json_object_get(object, "metadata"), "managedFields");
}

/* The keys that the present list or watch adds to, and that a watch takes from. */
static struct fc_key_set *noted(struct fc_informer *i)
{
	return i->phase == FC_INFORMER_WATCH ? &i->passed : &i->listed;
}

static bool wanted(struct fc_informer *i, const json_t *object, const char *namespace_, const char *name)
{
	if (!i->o.annotation_prefixes)
		return true;
	if (fc_annotation_filter_match(object, i->o.annotation_prefixes)) {
		fc_key_set_add(noted(i), namespace_, name);
		return true;
	}
	/* In a list its absence says that it bears none any more; after the list it is forgotten. In a watch it is
	 * passed on once more, and in a stream that has named it already. */
	return i->phase != FC_INFORMER_LIST && fc_key_set_remove(noted(i), namespace_, name);
}

void fc_informer_present(struct fc_informer *i, json_t *object)
{
	const char *namespace_ = fc_json_metadata(object, "namespace");
	const char *name = fc_json_metadata(object, "name");

	if (!*name) {
		struct fc_error why = FC_ERROR_INIT;
		fc_error_set(&why, FC_ERR_PROTOCOL, "an object without metadata.name");
		fc_informer_skip(i, &why);
	}
	if (!*name || !wanted(i, object, namespace_, name)) {
		json_decref(object);
		return;
	}
	if (i->o.metadata_only)
		strip(object);
	i->o.callbacks->on_object(i->o.user, object, i->received_us);
}

void fc_informer_gone(struct fc_informer *i, const char *namespace_, const char *name, const char *version)
{
	/* Both: in a stream it may be one of which only an earlier list told, and whose absence is not told at the end
	 * where that removes nothing. */
	bool passed = fc_key_set_remove(&i->passed, namespace_, name);
	bool listed = fc_key_set_remove(&i->listed, namespace_, name);

	if (!i->o.annotation_prefixes || passed || listed)
		i->o.callbacks->on_gone(i->o.user, namespace_, name, version);
}

void fc_informer_skip(struct fc_informer *i, const struct fc_error *why)
{
	i->removes = false;
	fc_informer_count(i, FC_METRIC_OBJECTS_SKIPPED, fc_error_class_name(why->cls));
	fc_log(FC_LOG_WARN, "object skipped: it has no key that could be found",
	       FC_KV("cluster", fc_transport_cluster(i->o.transport)), FC_KV("resource", i->label),
	       FC_KV("reason", why->text));
}

int fc_informer_undecodable(struct fc_informer *i, const char *bytes, size_t len, bool deleted,
			    const struct fc_error *why, char **version)
{
	FC_AUTO_FREE char *namespace_ = NULL;
	FC_AUTO_FREE char *name = NULL;

	*version = NULL;
	if (fc_framer_find_key(bytes, len, &namespace_, &name, version) < 0)
		return -1;
	if (deleted) {
		fc_informer_gone(i, namespace_, name, *version ? *version : "");
		return 0;
	}
	fc_informer_count(i, FC_METRIC_OBJECTS_SKIPPED, fc_error_class_name(why->cls));
	/* Here, since its listener tells only of what a rule names (5.4: named). */
	fc_log(FC_LOG_WARN, "object skipped: it cannot be held", FC_KV("cluster", fc_transport_cluster(i->o.transport)),
	       FC_KV("resource", i->label), FC_KV("namespace", namespace_), FC_KV("name", name),
	       FC_KV("reason", why->text));
	/* Whether it bears an annotation is not known. It is told of, and noted, so that the listener sees it when it
	 * can be read again. */
	if (i->o.annotation_prefixes)
		fc_key_set_add(noted(i), namespace_, name);
	i->o.callbacks->on_unreadable(i->o.user, namespace_, name, *version, why);
	return 0;
}
