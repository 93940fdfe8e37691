/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect kopy: an annotation on a ConfigMap or Secret whose value selects namespaces by their labels; each gets a
 * copy of that name. Two families of keys mean the same. Source: its vocabulary as users of kopy know it; the rule
 * numbers (F…, B…, D…) here and in the tests are those of docs/kopy.md. */
#include <string.h>

#include "base/mem.h"
#include "dialects/dialects.h"
#include "json/decode.h"
#include "model/marks.h"

#define HEAD "kopy.kot-labs.com/"
#define GUIDE "flynshue.io/"
#define SYNC "sync"
#define ORIGIN "origin.namespace"
#define FINALIZER "finalizer"
#define RELEASED HEAD "released-from"

/* F1: a source and all that stands on its copies are of one family. */
struct family {
	const char *sync, *origin, *finalizer;
};
/* F2: where a source bears both annotations, the first of these decides. */
static const struct family families[] = {
	{ HEAD SYNC, HEAD ORIGIN, HEAD FINALIZER },
	{ GUIDE SYNC, GUIDE ORIGIN, GUIDE FINALIZER },
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

static const char *const prefixes[] = { HEAD, GUIDE, NULL };
static const char *const kinds[] = { "configmaps", "secrets", NULL };
static const char *const mark_labels[] = { HEAD ORIGIN, GUIDE ORIGIN, NULL };
static const char *const mark_annotations[] = { RELEASED, NULL };
static const char *const finalizers[] = { HEAD FINALIZER, GUIDE FINALIZER, NULL };
/* B2: what a copy takes over of its source, and nothing else. */
static const char *const payload[] = { "data", "binaryData", "immutable", "type", NULL };
/* D15: what these hold belongs to one namespace, or lets nodes into the cluster. */
static const char *const refused_types[] = { "kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token",
					     NULL };

/* --- what an object bears --- */

static const char *sync_of(const json_t *object, const struct family **family)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		const char *text = fc_json_annotation(object, families[i].sync);

		if (!text)
			continue;
		*family = &families[i];
		return text;
	}
	return NULL;
}

/* F3: either family counts. */
static bool bears_finalizer(const json_t *object)
{
	json_t *list = json_object_get(json_object_get(object, "metadata"), "finalizers"), *name;
	size_t i;

	json_array_foreach(list, i, name)
		for (size_t f = 0; json_is_string(name) && f < FAMILIES; f++)
			if (strcmp(json_string_value(name), families[f].finalizer) == 0)
				return true;
	return false;
}

/* The namespace that its origin labels name; NULL: it bears none. Where they differ nobody is named by them: no
 * namespace has that name, and so the object is another source's to everyone (bad input). */
static const char *origin_of(const json_t *object)
{
	const char *first = fc_marks_label(object, families[0].origin);
	const char *second = fc_marks_label(object, families[1].origin);

	if (first && second && strcmp(first, second) != 0)
		return "";
	return first ? first : second;
}

static bool is_copy(const json_t *object)
{
	return origin_of(object) && bears_finalizer(object);
}

static bool mark(const struct fc_dialect *d, const json_t *object, struct fc_copy_mark *out)
{
	const char *from = origin_of(object);
	const struct family *family;

	(void)d;
	if (!is_copy(object)) {
		/* B20, B24: what asks for copies itself is a source; what bears the finalizer was one. */
		if (sync_of(object, &family) || bears_finalizer(object))
			return false;
		out->released = true;
		/* B18, B19: a label names whose it is; a copy that was released is nobody's. */
		out->free_for_all = !from;
		if (!from)
			from = fc_json_annotation(object, RELEASED);
		if (!from)
			return false;
	}
	out->namespace_ = fc_xstrdup(from);
	out->name = fc_xstrdup(from[0] ? fc_json_metadata(object, "name") : "");
	return true;
}

/* --- sources --- */

static struct fc_digest text_digest(const struct family *family, const char *text, bool both)
{
	FC_AUTO_FREE char *line = fc_xasprintf("%s=%s%s", family->sync, text, both ? "\n" : "");

	return fc_digest_bytes(line, strlen(line));
}

static void scan(const struct fc_dialect *d, const json_t *object, struct fc_copy_specs *out)
{
	struct fc_error error = FC_ERROR_INIT;
	const struct family *family = NULL;
	const char *text = sync_of(object, &family);
	bool both = fc_json_annotation(object, families[0].sync) && fc_json_annotation(object, families[1].sync);
	struct fc_copy_spec *s;

	(void)d;
	/* B4: no chains. */
	if (!text || is_copy(object))
		return;
	s = fc_copy_specs_add(out);
	s->text = text_digest(family, text, both);
	s->finalizer = family->finalizer;
	s->exact_metadata = true;
	s->options = (void *)(uintptr_t)family;
	if (both)
		s->warning = "both " HEAD SYNC " and " GUIDE SYNC " are set: the second one is ignored";
	s->selector = fc_selector_parse(text, &error);
	if (s->selector)
		return;
	s->invalid_reason = "BadSelector";
	s->invalid_message = fc_xasprintf("%s: %s", family->sync, error.text);
}

/* Who writes the annotation owns the source: that is its consent to be read. */
static bool consents(const struct fc_copy_spec *rule, const char *bearer_namespace, const struct fc_resource *r)
{
	(void)rule;
	(void)bearer_namespace;
	(void)r;
	return true;
}

static const char *refuses(const json_t *source)
{
	const char *type = json_string_value(json_object_get(source, "type"));

	for (const char *const *t = refused_types; type && *t; t++)
		if (strcmp(type, *t) == 0)
			return "Secrets of this type are never copied: tokens of service accounts, and bootstrap tokens";
	return NULL;
}

static enum fc_copy_wish desired(const struct fc_copy_spec *rule, const json_t *source,
				 const struct fc_copy_place *place, json_t **wanted, const char **why)
{
	const struct family *family = rule->options;
	json_t *object;

	*why = refuses(source);
	if (*why)
		return FC_COPY_REFUSED;
	object = json_object();
	for (const char *const *m = payload; *m; m++)
		if (json_object_get(source, *m))
			json_object_set(object, *m, json_object_get(source, *m));
	if (place->own)
		json_object_set_new(object, "metadata",
				    json_pack("{s:{s:s}, s:[s]}", "labels", family->origin, place->source_namespace,
					      "finalizers", family->finalizer));
	*wanted = object;
	return FC_COPY_WANTED;
}

/* B8: a copy that is selected no more stays as it is; B13 to B16, B23: whatever else ends lets its copies go. */
static enum fc_copy_end ends(unsigned flags, enum fc_copy_reason why)
{
	(void)flags;
	return why == FC_COPY_DESELECTED ? FC_COPY_KEEP : FC_COPY_RELEASE;
}

static const struct fc_copy_dialect copy = {
	.bearers = kinds,
	.copies = kinds,
	.mark_labels = mark_labels,
	.mark_annotations = mark_annotations,
	.finalizers = finalizers,
	.released_annotation = RELEASED,
	.tells_bearer = true,
	.scan = scan,
	.consents = consents,
	.refuses = refuses,
	.desired = desired,
	.mark = mark,
	.ends = ends,
};

const struct fc_dialect fc_dialect_kopy = {
	.name = "kopy",
	.annotation_prefixes = prefixes,
	.copy = &copy,
};
