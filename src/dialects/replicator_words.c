/* SPDX-License-Identifier: Apache-2.0 */
#include "dialects/replicator_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "json/decode.h"

static const char *const words[FC_REPLICATOR_WORDS] = {
	[FC_REPLICATE_FROM] = "replicate-from",
	[FC_REPLICATE_TO] = "replicate-to",
	[FC_REPLICATE_TO_NAMESPACES] = "replicate-to-namespaces",
	[FC_REPLICATE_ONCE] = "replicate-once",
	[FC_REPLICATE_ONCE_VERSION] = "replicate-once-version",
	[FC_REPLICATION_ALLOWED] = "replication-allowed",
	[FC_REPLICATION_ALLOWED_NAMESPACES] = "replication-allowed-namespaces",
	[FC_REPLICATED_AT] = "replicated-at",
	[FC_REPLICATED_BY] = "replicated-by",
	[FC_REPLICATED_FROM_VERSION] = "replicated-from-version",
	[FC_REPLICATED_FROM_ORIGIN] = "replicated-from-origin",
	[FC_REPLICATED_FROM_ALLOWED] = "replicated-from-allowed",
};

/* --- keys --- */

void fc_replicator_vocabulary_init(struct fc_replicator_vocabulary *v, const char *prefix)
{
	size_t len = strlen(prefix);

	*v = (struct fc_replicator_vocabulary){ .prefix = NULL };
	v->prefix = fc_xasprintf("%s%s", prefix, len && prefix[len - 1] != '/' ? "/" : "");
	for (int i = 0; i < FC_REPLICATOR_WORDS; i++)
		v->keys[i] = fc_xasprintf("%s%s", v->prefix, words[i]);
}

void fc_replicator_vocabulary_fini(struct fc_replicator_vocabulary *v)
{
	free(v->prefix);
	for (int i = 0; i < FC_REPLICATOR_WORDS; i++)
		free(v->keys[i]);
	*v = (struct fc_replicator_vocabulary){ .prefix = NULL };
}

/* --- what is wrong --- */

/* The first finding stands: it is the one to be mended first. */
static void inert(struct fc_replicator_object *o, const char *reason, enum fc_replicator_word word, const char *fmt,
		  ...) FC_PRINTF(4, 5);
static void inert(struct fc_replicator_object *o, const char *reason, enum fc_replicator_word word, const char *fmt,
		  ...)
{
	FC_AUTO_FREE char *sentence = NULL;
	va_list args;

	if (o->inert_reason)
		return;
	va_start(args, fmt);
	if (vasprintf(&sentence, fmt, args) < 0)
		abort();
	va_end(args);
	o->inert_reason = reason;
	o->inert_message = fc_xasprintf("%s: %s", o->words->keys[word], sentence);
}

#define MALFORMED "MalformedAnnotation"

/* An entry in quotes, as far as one line can show it. */
static char *quoted(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return fc_xstrdup("an entry");
	return fc_xasprintf("\"%.*s%s\"", (int)(len > 80 ? 80 : len), text, len > 80 ? "..." : "");
}

/* B1. Of several the first by its bytes, so that the sentence is the same each time. */
static const char *find_unknown(const struct fc_replicator_vocabulary *v, const json_t *annotations)
{
	const char *key, *found = NULL;
	size_t len = strlen(v->prefix);
	json_t *value;

	/* Only read: jansson iterates over what is not const. */
	json_object_foreach((json_t *)(uintptr_t)annotations, key, value) {
		int i = 0;

		if (!len || strncmp(key, v->prefix, len) != 0)
			continue;
		while (i < FC_REPLICATOR_WORDS && strcmp(key + len, words[i]) != 0)
			i++;
		if (i == FC_REPLICATOR_WORDS && (!found || strcmp(key, found) < 0))
			found = key;
	}
	return found;
}

static void read_unknown(struct fc_replicator_object *o)
{
	const char *key = find_unknown(o->words, o->annotations);

	if (!key)
		return;
	if (o->words->ignore_unknown) {
		o->unknown = key;
		return;
	}
	o->inert_reason = "UnknownAnnotation";
	o->inert_message = fc_xasprintf("%s: there is no such annotation; correct its name, or take it off", key);
}

/* --- words --- */

static void read_texts(struct fc_replicator_object *o)
{
	for (int i = 0; i < FC_REPLICATOR_WORDS; i++) {
		const json_t *value = json_object_get(o->annotations, o->words->keys[i]);

		o->text[i] = json_string_value(value);
		if (o->text[i] && json_string_length(value) != strlen(o->text[i]))
			inert(o, MALFORMED, (enum fc_replicator_word)i, "holds a zero byte; write it anew");
	}
}

enum fc_replicator_truth fc_replicator_truth(const char *text)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
	static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };

	if (!text)
		return FC_REPLICATOR_FALSE;
	for (size_t i = 0; i < FC_ARRAY_LEN(yes); i++) {
		if (strcmp(text, yes[i]) == 0)
			return FC_REPLICATOR_TRUE;
		if (strcmp(text, no[i]) == 0)
			return FC_REPLICATOR_FALSE;
	}
	return FC_REPLICATOR_MALFORMED;
}

static void read_truth(struct fc_replicator_object *o, enum fc_replicator_word word)
{
	if (fc_replicator_truth(o->text[word]) == FC_REPLICATOR_MALFORMED)
		inert(o, MALFORMED, word, "is neither \"true\" nor \"false\"; write one of them");
}

static struct fc_namespace_patterns *read_patterns(struct fc_replicator_object *o, enum fc_replicator_word word)
{
	struct fc_error error = FC_ERROR_INIT;
	struct fc_namespace_patterns *list;

	if (!o->text[word])
		return NULL;
	list = fc_namespace_patterns_parse_in(o->words->pool, o->text[word], &error);
	if (!list)
		inert(o, MALFORMED, word, "%s", error.text);
	return list;
}

/* NAMESPACE/NAME, both of them; false: it is no such thing. */
static bool read_path(const char *text, char **namespace_, char **name)
{
	const char *slash = strchr(text, '/');

	if (!slash || !fc_namespace_pattern_is_name(text, (size_t)(slash - text)) ||
	    !fc_namespace_pattern_is_name(slash + 1, strlen(slash + 1)))
		return false;
	*namespace_ = fc_xstrndup(text, (size_t)(slash - text));
	*name = fc_xstrdup(slash + 1);
	return true;
}

static void read_from(struct fc_replicator_object *o)
{
	const char *text = o->text[FC_REPLICATE_FROM];

	if (!text)
		return;
	if (fc_namespace_pattern_is_name(text, strlen(text))) {
		o->from_namespace = fc_xstrdup(o->namespace_);
		o->from_name = fc_xstrdup(text);
	} else if (!read_path(text, &o->from_namespace, &o->from_name)) {
		inert(o, MALFORMED, FC_REPLICATE_FROM, "is no source; write NAME or NAMESPACE/NAME");
		return;
	}
	if (strcmp(o->from_namespace, o->namespace_) == 0 && strcmp(o->from_name, o->name) == 0)
		inert(o, "PullsFromItself", FC_REPLICATE_FROM, "names the object itself; name its source");
}

static void read_by(struct fc_replicator_object *o)
{
	const char *text = o->text[FC_REPLICATED_BY];

	if (text && !read_path(text, &o->by_namespace, &o->by_name))
		inert(o, MALFORMED, FC_REPLICATED_BY,
		      "is not the NAMESPACE/NAME of what pushed this object; take it off, and the object is yours");
}

/* --- instructions to push --- */

static void free_entry(struct fc_replicator_entry *e)
{
	free(e->name);
	fc_namespace_pattern_unref(e->namespaces);
}

static void forget_to(struct fc_replicator_object *o)
{
	for (size_t i = 0; i < o->to_count; i++)
		free_entry(&o->to[i]);
	free(o->to);
	o->to = NULL;
	o->to_count = o->to_cap = 0;
}

/* NAME, NAMESPACE/NAME or PATTERN/NAME. */
static int read_entry(struct fc_namespace_pool *pool, const char *text, size_t len, struct fc_replicator_entry *e,
		      struct fc_error *err)
{
	const char *slash = memchr(text, '/', len), *name = slash ? slash + 1 : text;
	size_t name_len = len - (size_t)(name - text);

	*e = (struct fc_replicator_entry){ .name = NULL };
	if (!fc_namespace_pattern_is_name(name, name_len))
		return fc_error_set(err, FC_ERR_INVALID, "%s; write NAME, NAMESPACE/NAME or PATTERN/NAME",
				    memchr(name, '/', name_len) ? "more than one /" : "no object has such a name");
	if (slash) {
		e->namespaces = fc_namespace_pool_parse(pool, text, (size_t)(slash - text), err);
		if (!e->namespaces)
			return -1;
	}
	e->name = fc_xstrndup(name, name_len);
	return 0;
}

static bool is_expression(const struct fc_replicator_entry *e)
{
	return e->namespaces && !fc_namespace_pattern_is_literal(e->namespaces);
}

static void refuse_entry(struct fc_replicator_object *o, const char *text, size_t len, const struct fc_error *error)
{
	FC_AUTO_FREE char *quote = quoted(text, len);

	forget_to(o);
	inert(o, MALFORMED, FC_REPLICATE_TO, "%s: %s", quote, error->text);
}

static void read_to(struct fc_replicator_object *o)
{
	const char *list = o->text[FC_REPLICATE_TO], *text;
	size_t len, expressions = 0;

	while (fc_namespace_patterns_next(&list, &text, &len)) {
		struct fc_error error = FC_ERROR_INIT;
		struct fc_replicator_entry e;

		if (read_entry(o->words->pool, text, len, &e, &error) < 0) {
			refuse_entry(o, text, len, &error);
			return;
		}
		FC_GROW(o->to, o->to_count, o->to_cap);
		o->to[o->to_count++] = e;
		expressions += is_expression(&e);
		if (o->to_count <= FC_NAMESPACE_PATTERNS_MAX && expressions <= FC_NAMESPACE_PATTERNS_MAX_EXPRESSIONS)
			continue;
		forget_to(o);
		inert(o, MALFORMED, FC_REPLICATE_TO, "more than %d entries, or %d patterns among them",
		      FC_NAMESPACE_PATTERNS_MAX, FC_NAMESPACE_PATTERNS_MAX_EXPRESSIONS);
		return;
	}
}

static void read_to_namespaces(struct fc_replicator_object *o)
{
	const char *text = o->text[FC_REPLICATE_TO_NAMESPACES];

	if (text && strchr(text, '/')) {
		inert(o, MALFORMED, FC_REPLICATE_TO_NAMESPACES,
		      "holds a /; write namespaces and patterns alone, the names stand in replicate-to");
		return;
	}
	o->to_namespaces = read_patterns(o, FC_REPLICATE_TO_NAMESPACES);
}

static void check_want(struct fc_replicator_object *o)
{
	size_t names = o->text[FC_REPLICATE_TO] ? 0 : 1, namespaces = 1, paths = 0;

	for (size_t i = 0; i < o->to_count; i++) {
		names += !o->to[i].namespaces;
		paths += o->to[i].namespaces != NULL;
	}
	if (o->text[FC_REPLICATE_TO_NAMESPACES])
		namespaces = fc_namespace_patterns_count(o->to_namespaces);
	if (names * namespaces + paths > FC_REPLICATOR_WANT_MAX)
		inert(o, "TooManyTargets", FC_REPLICATE_TO,
		      "names times namespaces are more than %d targets; name fewer", FC_REPLICATOR_WANT_MAX);
}

/* --- objects --- */

void fc_replicator_object_read(const struct fc_replicator_vocabulary *v, const json_t *object,
			       struct fc_replicator_object *out)
{
	const json_t *annotations = NULL;

	*out = (struct fc_replicator_object){ .words = v };
	out->namespace_ = fc_json_metadata(object, "namespace");
	out->name = fc_json_metadata(object, "name");
	out->version = fc_json_metadata(object, "resourceVersion");
	fc_json_get_object(json_object_get(object, "metadata"), "annotations", &annotations);
	out->annotations = annotations;
	read_unknown(out);
	read_texts(out);
	read_from(out);
	read_to(out);
	read_to_namespaces(out);
	check_want(out);
	read_truth(out, FC_REPLICATE_ONCE);
	read_truth(out, FC_REPLICATION_ALLOWED);
	out->allowed = read_patterns(out, FC_REPLICATION_ALLOWED_NAMESPACES);
	read_by(out);
}

void fc_replicator_object_fini(struct fc_replicator_object *o)
{
	forget_to(o);
	fc_namespace_patterns_unref(o->to_namespaces);
	fc_namespace_patterns_unref(o->allowed);
	free(o->from_namespace);
	free(o->from_name);
	free(o->by_namespace);
	free(o->by_name);
	free(o->inert_message);
	*o = (struct fc_replicator_object){ .words = NULL };
}

bool fc_replicator_pushes(const struct fc_replicator_object *o)
{
	return o->text[FC_REPLICATE_TO] || o->text[FC_REPLICATE_TO_NAMESPACES];
}

bool fc_replicator_pulls(const struct fc_replicator_object *o)
{
	return o->text[FC_REPLICATE_FROM] && (!fc_replicator_pushes(o) || o->text[FC_REPLICATED_BY]);
}

bool fc_replicator_is_key_of(const char *key, const struct fc_replicator_object *o)
{
	size_t len = strlen(o->namespace_);

	return key && !o->elsewhere && strncmp(key, o->namespace_, len) == 0 && key[len] == '/' &&
	       strcmp(key + len + 1, o->name) == 0;
}

bool fc_replicator_same_word(const struct fc_replicator_object *a, const struct fc_replicator_object *b,
			     enum fc_replicator_word word)
{
	const char *one = a->text[word], *other = b->text[word];

	return one == other || (one && other && strcmp(one, other) == 0);
}
