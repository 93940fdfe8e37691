/* SPDX-License-Identifier: Apache-2.0 */
#include "model/copy_marks.h"

#include <string.h>

#include "base/mem.h"
#include "model/marks.h"

/* The part of `*at` up to the next slash, or to the end; `*at` is behind the slash then, or NULL. */
static char *take_part(const char **at)
{
	const char *slash = *at ? strchr(*at, '/') : NULL;
	char *part;

	if (!*at)
		return NULL;
	part = slash ? fc_xstrndup(*at, (size_t)(slash - *at)) : fc_xstrdup(*at);
	*at = slash ? slash + 1 : NULL;
	return part;
}

static bool is_set(const char *s)
{
	return s && s[0];
}

bool fc_origin_read(const json_t *object, struct fc_origin *out)
{
	const char *origin = fc_marks_annotation(object, FC_MARK_ORIGIN);
	const char *rule = fc_marks_annotation(object, FC_MARK_ORIGIN_RULE);
	bool whole;

	if (!origin || !rule)
		return false;
	out->cluster_id = take_part(&origin);
	out->namespace_ = take_part(&origin);
	out->name = take_part(&origin);
	out->dialect = take_part(&rule);
	out->rule_namespace = take_part(&rule);
	out->rule_name = take_part(&rule);
	/* Either both of the custom resource or none. */
	whole = is_set(out->cluster_id) && out->namespace_ && is_set(out->name) && is_set(out->dialect) && !origin &&
		!rule && (!out->rule_namespace || (is_set(out->rule_namespace) && is_set(out->rule_name)));
	if (!whole)
		fc_origin_fini(out);
	return whole;
}

void fc_origin_fini(struct fc_origin *o)
{
	free(o->cluster_id);
	free(o->namespace_);
	free(o->name);
	free(o->dialect);
	free(o->rule_namespace);
	free(o->rule_name);
	*o = (struct fc_origin){ .cluster_id = NULL };
}

/* Takes over `text`. */
static void put(json_t *metadata, const char *map, const char *key, char *text)
{
	json_t *entries = json_object_get(metadata, map);

	if (!json_is_object(entries)) {
		json_object_set_new(metadata, map, json_object());
		entries = json_object_get(metadata, map);
	}
	json_object_set_new(entries, key, json_string(text));
	free(text);
}

void fc_origin_write(const struct fc_origin *o, json_t *metadata)
{
	put(metadata, "annotations", FC_MARK_ORIGIN, fc_xasprintf("%s/%s/%s", o->cluster_id, o->namespace_, o->name));
	put(metadata, "labels", FC_MARK_ORIGIN_CLUSTER, fc_xstrdup(o->cluster_id));
	put(metadata, "annotations", FC_MARK_ORIGIN_RULE,
	    o->rule_name ? fc_xasprintf("%s/%s/%s", o->dialect, o->rule_namespace, o->rule_name)
			 : fc_xstrdup(o->dialect));
}

bool fc_origin_is_mark(const char *key)
{
	return strcmp(key, FC_MARK_ORIGIN) == 0 || strcmp(key, FC_MARK_ORIGIN_CLUSTER) == 0 ||
	       strcmp(key, FC_MARK_ORIGIN_RULE) == 0 || strcmp(key, FC_MARK_ORIGIN_STATE) == 0;
}
