/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect k8s-copier: annotations `k8s-copier.fig.org/replace-<path>` on the target, whose value names the source
 * or is JSON. Source: its vocabulary as users of k8s-copier know it; the rule numbers (B…, D…) in the tests are those
 * of its specification. */
#include <string.h>

#include "base/mem.h"
#include "dialects/dialects.h"
#include "json/decode.h"
#include "model/names.h"
#include "model/resource.h"

#define PREFIX "k8s-copier.fig.org/"
#define REPLACE PREFIX "replace-"
#define LITERAL "json:"

static void FC_PRINTF(3, 4) refuse(struct fc_rule_spec *s, const char *reason, const char *fmt, ...)
{
	struct fc_buf text = FC_BUF_INIT;
	char line[512];
	va_list args;

	if (s->invalid_reason)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fc_buf_puts(&text, line);
	s->invalid_reason = reason;
	s->invalid_message = fc_buf_steal(&text);
}

static void scan_target_path(struct fc_rule_spec *s, const char *text)
{
	struct fc_error err = FC_ERROR_INIT;
	const char *refused;

	s->target_path = fc_path_parse(text, FC_PATH_IN_KEY, &err);
	if (!s->target_path) {
		refuse(s, "BadPath", "the path in the annotation's key: %s", err.text);
		return;
	}
	refused = fc_path_refused_as_target(s->target_path);
	if (refused)
		refuse(s, "PathRefused", "%s", refused);
}

static void scan_literal(struct fc_rule_spec *s, const char *text)
{
	struct fc_error err = FC_ERROR_INIT;

	/* The text may be secret: the error says where it goes wrong, not what stands there. */
	s->literal = fc_decode(text, strlen(text), &err);
	if (!s->literal)
		refuse(s, "BadJson", "what follows json: is not one JSON value: %s", err.text);
}

/* NAME, NAMESPACE/NAME, CLUSTER/NAMESPACE/NAME; /NAME and CLUSTER//NAME for cluster-scoped sources. */
static void scan_instance(struct fc_rule_spec *s, const char *text)
{
	const char *first = strchr(text, '/'), *second = first ? strchr(first + 1, '/') : NULL;

	if (second && strchr(second + 1, '/')) {
		refuse(s, "BadInstance",
		       "the instance has too many slashes: write NAME, NAMESPACE/NAME or CLUSTER/NAMESPACE/NAME");
		return;
	}
	s->namespace_of = first ? FC_NAMESPACE_NAMED : FC_NAMESPACE_OF_TARGET;
	if (second) {
		s->cluster = fc_xstrndup(text, (size_t)(first - text));
		s->namespace_ = fc_xstrndup(first + 1, (size_t)(second - first - 1));
		s->name = fc_xstrdup(second + 1);
	} else {
		s->namespace_ = first ? fc_xstrndup(text, (size_t)(first - text)) : NULL;
		s->name = fc_xstrdup(first ? first + 1 : text);
	}
	if (s->cluster && !fc_name_is_label(s->cluster))
		refuse(s, "BadInstance",
		       "the instance's cluster is not a cluster name: use lower-case letters, digits and '-'");
	if (s->namespace_ && s->namespace_[0] == '\0')
		s->namespace_of = FC_NAMESPACE_NONE;
	else if (s->namespace_ && !fc_name_is_label(s->namespace_))
		refuse(s, "BadInstance", "the instance's namespace is not a namespace name");
	if (!fc_name_is_path_segment(s->name))
		refuse(s, "BadInstance", "the instance's name is empty or not a name of an object");
}

static void scan_source(struct fc_rule_spec *s, const char *text)
{
	const char *first = strchr(text, ':'), *second = first ? strchr(first + 1, ':') : NULL;
	struct fc_error err = FC_ERROR_INIT;
	char *instance;

	if (!second) {
		refuse(s, "BadValue", "the value is not of the form RESOURCE:INSTANCE:PATH (or json:VALUE)");
		return;
	}
	s->word = fc_xstrndup(text, (size_t)(first - text));
	if (fc_resource_word_check(s->word, &err) < 0)
		refuse(s, "BadResource", "%s", err.text);
	instance = fc_xstrndup(first + 1, (size_t)(second - first - 1));
	scan_instance(s, instance);
	free(instance);
	s->source_path = fc_path_parse(second + 1, FC_PATH_IN_VALUE, &err);
	if (!s->source_path)
		refuse(s, "BadPath", "the path of the source: %s", err.text);
}

static struct fc_digest text_digest(const char *key, const char *value)
{
	struct fc_buf text = FC_BUF_INIT;
	struct fc_digest digest;

	fc_buf_append(&text, key, strlen(key) + 1);
	fc_buf_puts(&text, value);
	digest = fc_digest_bytes(text.data, text.len);
	fc_buf_fini_secret(&text);
	return digest;
}

static void scan_annotation(struct fc_rule_specs *out, const char *key, const char *value)
{
	struct fc_rule_spec *s = fc_rule_specs_add(out);

	s->text = text_digest(key, value);
	if (strncmp(key, REPLACE, strlen(REPLACE)) != 0) {
		refuse(s, "UnknownAnnotation", "no such annotation: the keys are " REPLACE "<path>");
	} else {
		scan_target_path(s, key + strlen(REPLACE));
		if (strncmp(value, LITERAL, strlen(LITERAL)) == 0)
			scan_literal(s, value + strlen(LITERAL));
		else
			scan_source(s, value);
	}
	if (!s->target_path)
		s->key = fc_xstrdup(key);
}

static void scan(const json_t *object, struct fc_rule_specs *out)
{
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations"), *value;
	const char *key;

	json_object_foreach(annotations, key, value)
		if (strncmp(key, PREFIX, strlen(PREFIX)) == 0 && json_is_string(value))
			scan_annotation(out, key, json_string_value(value));
}

/* B7, B28: null is no value; a missing path leaves the target as it is. */
static enum fc_wanted desired(const struct fc_rule_spec *rule, const json_t *source, json_t **value)
{
	if (rule->literal) {
		*value = json_is_null(rule->literal) ? NULL : rule->literal;
		return *value ? FC_WANTED_VALUE : FC_WANTED_PATH_NOT_FOUND;
	}
	switch (fc_path_get(rule->source_path, source, value)) {
	case FC_PATH_FOUND:
		return FC_WANTED_VALUE;
	case FC_PATH_BLOCKED:
		return FC_WANTED_PATH_BLOCKED;
	case FC_PATH_MISSING:
	case FC_PATH_IS_NULL:
		break;
	}
	return FC_WANTED_PATH_NOT_FOUND;
}

static const char *const prefixes[] = { PREFIX, NULL };

const struct fc_dialect fc_dialect_k8s_copier = {
	.name = "k8s-copier",
	.annotation_prefixes = prefixes,
	.scan = scan,
	.desired = desired,
};
