/* SPDX-License-Identifier: Apache-2.0 */
#include "copy_dialect.h"

#include <string.h>

#include "base/mem.h"
#include "json/decode.h"
#include "model/marks.h"

static const char *const prefixes[] = { COPY_TEST, NULL };
static const char *const kinds[] = { "configmaps", "secrets", NULL };
static const char *const more_kinds[] = { "configmaps",
					  "secrets",
					  "services",
					  "jobs",
					  "serviceaccounts",
					  "persistentvolumeclaims",
					  "deployments.apps",
					  "statefulsets.apps",
					  "daemonsets.apps",
					  "cronjobs.batch",
					  "endpoints",
					  "pods",
					  "rolebindings.rbac.authorization.k8s.io",
					  "roles.rbac.authorization.k8s.io",
					  "horizontalpodautoscalers.autoscaling",
					  "ingresses.networking.k8s.io",
					  "networkpolicies.networking.k8s.io",
					  "poddisruptionbudgets.policy",
					  NULL };
static const char *const mark_annotations[] = { COPY_TEST "from", COPY_TEST "end", COPY_TEST "leave", NULL };

static const char *const no_labels[] = { NULL };
static const char *const finalizers[] = { COPY_TEST_FINALIZER, NULL };
static const char *annotation(const json_t *object, const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), COPY_TEST "%s", name);
	return fc_json_annotation(object, key);
}

static bool is_true(const char *text)
{
	return text && strcmp(text, "true") == 0;
}

static void add_places(struct fc_copy_spec *s, const char *text)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(text);
	char *rest = NULL;

	for (char *word = strtok_r(copy, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest))
		if (strchr(word, '*'))
			fc_copy_spec_add_pattern(s, word);
		else
			fc_copy_spec_add_name(s, word);
}

/* All of this dialect's words: what else is edited makes no other rule. */
static struct fc_digest text_of(const json_t *object)
{
	json_t *words = json_object(), *value;
	struct fc_digest digest;
	const char *key;

	json_object_foreach(json_object_get(json_object_get(object, "metadata"), "annotations"), key, value)
		if (strncmp(key, COPY_TEST, strlen(COPY_TEST)) == 0)
			json_object_set(words, key, value);
	digest = fc_digest_json(words);
	json_decref(words);
	return digest;
}

static enum fc_copy_strategy strategy_of(const char *word)
{
	if (word && strcmp(word, "apply") == 0)
		return FC_COPY_APPLIES;
	return word && strcmp(word, "replace") == 0 ? FC_COPY_REPLACES : FC_COPY_PATCHES;
}

static void scan(const struct fc_dialect *d, const json_t *object, struct fc_copy_specs *out)
{
	const char *labels = annotation(object, "copy"), *places = annotation(object, "copy-to");
	struct fc_error error = FC_ERROR_INIT;
	struct fc_copy_spec *s;

	(void)d;
	/* A copy is no source. */
	if ((!labels && !places) || annotation(object, "from"))
		return;
	s = fc_copy_specs_add(out);
	s->text = text_of(object);
	s->finalizer = is_true(annotation(object, "finalizer")) ? COPY_TEST_FINALIZER : NULL;
	s->take_unowned = is_true(annotation(object, "take"));
	s->strategy = strategy_of(annotation(object, "strategy"));
	s->exact_metadata = is_true(annotation(object, "exact"));
	if (places)
		add_places(s, places);
	if (!labels)
		return;
	s->selector = fc_selector_parse(labels, &error);
	if (s->selector)
		return;
	s->invalid_reason = "BadSelector";
	s->invalid_message = fc_xstrdup(error.text);
}

/* Who writes the annotation owns the source: that is its consent to be read. */
static bool consents(const struct fc_copy_spec *rule, const char *bearer_namespace, const struct fc_resource *r)
{
	(void)rule;
	(void)bearer_namespace;
	(void)r;
	return true;
}

static void set_own_marks(json_t *annotations, const json_t *source, const struct fc_copy_place *place)
{
	FC_AUTO_FREE char *from = fc_xasprintf("%s/%s", place->source_namespace, place->source_name);
	const char *end = annotation(source, "end"), *leave = annotation(source, "leave");

	json_object_set_new(annotations, COPY_TEST "from", json_string(from));
	if (end)
		json_object_set_new(annotations, COPY_TEST "end", json_string(end));
	if (leave)
		json_object_set_new(annotations, COPY_TEST "leave", json_string(leave));
}

static void set_state(json_t *annotations, const json_t *source)
{
	const char *end = annotation(source, "end"), *leave = annotation(source, "leave");
	FC_AUTO_FREE char *state = fc_xasprintf("%s/%s", end ? end : "", leave ? leave : "");

	json_object_set_new(annotations, FC_MARK_ORIGIN_STATE, json_string(state));
}

/* All that the source is: what must not be taken over is the engine's business. */
static enum fc_copy_wish desired(const struct fc_copy_spec *rule, const json_t *source,
				 const struct fc_copy_place *place, json_t **wanted, const char **why)
{
	json_t *metadata = json_object_get(source, "metadata"), *object, *annotations;

	(void)rule;
	if (is_true(annotation(source, "refuse"))) {
		*why = "the source asks not to be copied";
		return FC_COPY_REFUSED;
	}
	object = json_copy((json_t *)(uintptr_t)source);
	metadata = json_copy(metadata);
	json_object_set_new(object, "metadata", metadata);
	annotations = json_object_get(metadata, "annotations") ? json_copy(json_object_get(metadata, "annotations"))
							       : json_object();
	json_object_set_new(metadata, "annotations", annotations);
	/* The source's is not the copies'. */
	json_object_del(metadata, "finalizers");
	if (place->own)
		set_own_marks(annotations, source, place);
	else if (annotation(source, "end") || annotation(source, "leave"))
		set_state(annotations, source);
	if (json_object_get(metadata, "labels"))
		json_object_set_new(metadata, "labels", json_copy(json_object_get(metadata, "labels")));
	*wanted = object;
	return FC_COPY_WANTED;
}

static enum fc_copy_end end_of(const char *word)
{
	if (word && strcmp(word, "release") == 0)
		return FC_COPY_RELEASE;
	if (word && strcmp(word, "clear") == 0)
		return FC_COPY_CLEAR;
	return word && strcmp(word, "keep") == 0 ? FC_COPY_KEEP : FC_COPY_DELETE;
}

/* By default both are DELETE, which is not 0. */
static unsigned flags_of(const char *end, const char *leave)
{
	return 256u | (unsigned)end_of(end) | (unsigned)end_of(leave) << 4;
}

static bool mark(const struct fc_dialect *d, const json_t *object, struct fc_copy_mark *out)
{
	const char *from = annotation(object, "from"), *slash = from ? strchr(from, '/') : NULL;

	(void)d;
	if (!slash && annotation(object, "released-from")) {
		out->namespace_ = fc_xstrdup(annotation(object, "released-from"));
		out->name = fc_xstrdup(fc_json_metadata(object, "name"));
		return out->released = true;
	}
	if (!slash)
		return false;
	out->namespace_ = fc_xstrndup(from, (size_t)(slash - from));
	out->name = fc_xstrdup(slash + 1);
	out->flags = flags_of(annotation(object, "end"), annotation(object, "leave"));
	return true;
}

/* In other clusters the two words are what the dialect must remember: "release/keep". */
static unsigned state_flags(const char *origin_state)
{
	const char *slash = strchr(origin_state, '/');
	FC_AUTO_FREE char *end = slash ? fc_xstrndup(origin_state, (size_t)(slash - origin_state)) : NULL;

	return flags_of(end, slash ? slash + 1 : NULL);
}

static enum fc_copy_end ends(unsigned flags, enum fc_copy_reason why)
{
	if (!flags)
		return FC_COPY_DELETE;
	return (enum fc_copy_end)(why == FC_COPY_DESELECTED ? flags >> 4 & 15 : flags & 15);
}

static json_t *cleared(const struct fc_dialect *d, const json_t *copy, bool abroad)
{
	json_t *object;

	(void)d;
	(void)abroad;
	if (!json_object_get(copy, "data") && !json_object_get(copy, "binaryData"))
		return NULL;
	object = json_copy((json_t *)(uintptr_t)copy);
	json_object_del(object, "data");
	json_object_del(object, "binaryData");
	return object;
}

/* Both are the same but for the kinds. */
#define COPY_DIALECT(words)                                                                                       \
	{                                                                                                         \
		.bearers = (words), .copies = (words), .released_annotation = COPY_TEST "released-from",          \
		.mark_labels = no_labels, .mark_annotations = mark_annotations, .finalizers = finalizers,         \
		.scan = scan, .desired = desired, .consents = consents, .mark = mark, .state_flags = state_flags, \
		.ends = ends, .cleared = cleared,                                                                 \
	}

static const struct fc_copy_dialect copy = COPY_DIALECT(kinds);
static const struct fc_copy_dialect copy_more = COPY_DIALECT(more_kinds);

const struct fc_dialect copy_test_dialect = {
	.name = "copy-test",
	.annotation_prefixes = prefixes,
	.copy = &copy,
};

const struct fc_dialect copy_test_kinds_dialect = {
	.name = "copy-test",
	.annotation_prefixes = prefixes,
	.copy = &copy_more,
};
