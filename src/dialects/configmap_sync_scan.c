/* SPDX-License-Identifier: Apache-2.0 */
/* What a ConfigMapSync asks for. */
#include "dialects/configmap_sync.h"

#include <string.h>

#include "base/mem.h"
#include "json/decode.h"
#include "model/marks.h"
#include "model/names.h"

const char *fc_configmap_sync_word(const json_t *bearer, const char *member)
{
	const char *text = "";

	(void)fc_json_get_string(json_object_get(bearer, "spec"), member, &text);
	return text;
}

const char *fc_configmap_sync_source_namespace(const json_t *bearer)
{
	const char *named = fc_configmap_sync_word(bearer, "sourceNamespace");

	return named[0] ? named : fc_json_metadata(bearer, "namespace");
}

/* A text that is there, or nothing: a number or a list is neither. */
static bool is_text(const json_t *bearer, const char *member, bool required)
{
	const char *text = "";

	switch (fc_json_get_string(json_object_get(bearer, "spec"), member, &text)) {
	case FC_JSON_FOUND:
		return text[0] || !required;
	case FC_JSON_ABSENT:
	case FC_JSON_NULL:
		return !required;
	case FC_JSON_WRONG_TYPE:
		break;
	}
	return false;
}

/* Why nothing can be copied by it; NULL: something can. The caller frees. */
static char *fault_of(const json_t *bearer)
{
	const char *from = fc_configmap_sync_source_namespace(bearer);
	const char *to = fc_configmap_sync_word(bearer, "destinationNamespace");
	const char *name = fc_configmap_sync_word(bearer, "configMapName");

	if (!is_text(bearer, "sourceNamespace", false))
		return fc_xstrdup("spec.sourceNamespace is no text: name a namespace, or leave it out");
	if (!is_text(bearer, "destinationNamespace", true))
		return fc_xstrdup("spec.destinationNamespace is missing: name the namespace to copy into");
	if (!is_text(bearer, "configMapName", true))
		return fc_xstrdup("spec.configMapName is missing: name the ConfigMap to copy");
	if (!fc_name_is_label(from))
		return fc_xstrdup("spec.sourceNamespace is not the name of a namespace");
	if (!fc_name_is_label(to))
		return fc_xstrdup("spec.destinationNamespace is not the name of a namespace");
	if (!fc_name_is_subdomain(name))
		return fc_xstrdup("spec.configMapName is not the name of a ConfigMap");
	if (strcmp(from, to) == 0 && !fc_marks_annotation(bearer, FC_MARK_CLUSTERS))
		return fc_xstrdup("source and destination are the same: name another namespace, or other clusters with "
				  "the annotation " FC_MARK_CLUSTERS);
	return NULL;
}

/* Whether other clusters are named decides about equal namespaces (B24). */
static struct fc_digest text_of(const json_t *bearer)
{
	json_t *spec = json_object_get(bearer, "spec");
	json_t *all = json_pack("{s:O?, s:b}", "spec", spec, "clusters",
				fc_marks_annotation(bearer, FC_MARK_CLUSTERS) != NULL);
	struct fc_digest digest = fc_digest_json(all);

	json_decref(all);
	return digest;
}

void fc_configmap_sync_scan(const struct fc_dialect *d, const json_t *bearer, struct fc_copy_specs *out)
{
	struct fc_copy_spec *s = fc_copy_specs_add(out);

	(void)d;
	s->text = text_of(bearer);
	s->word = fc_xstrdup("configmaps");
	s->finalizer = FC_CONFIGMAP_SYNC_FINALIZER;
	s->finalizer_first = true;
	s->name = fc_xstrdup(fc_configmap_sync_word(bearer, "configMapName"));
	if (fc_configmap_sync_word(bearer, "sourceNamespace")[0])
		s->namespace_ = fc_xstrdup(fc_configmap_sync_word(bearer, "sourceNamespace"));
	s->invalid_message = fault_of(bearer);
	if (s->invalid_message)
		s->invalid_reason = "InvalidSpec";
	else
		fc_copy_spec_add_name(s, fc_configmap_sync_word(bearer, "destinationNamespace"));
}
