/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/label_selector.h"
#include "sandbox/read.h"

#include <string.h>

/* --- the fields that a type knows beside metadata.name and metadata.namespace --- */

/* How the real server words that it does not know a field. */
enum refusal { KNOWN_ONLY, NOT_SUPPORTED, NOT_SUPPORTED_FOR };

struct field {
	const char *name;
	const char *path, *other_path; /* where it is kept; "" where nothing is */
};

#define REFERENCE(m)                                                     \
	{                                                                \
		"involvedObject." m, "involvedObject." m, "regarding." m \
	}
#define REGARDING(m)                                                \
	{                                                           \
		"regarding." m, "involvedObject." m, "regarding." m \
	}

static const struct field secret_fields[] = { { "type", "type", NULL }, { .name = NULL } };
static const struct field namespace_fields[] = { { "status.phase", "status.phase", NULL }, { .name = NULL } };
static const struct field cron_job_fields[] = { { "status.successful", "", NULL }, { .name = NULL } };
static const struct field event_fields[] = {
	REFERENCE("kind"),
	REFERENCE("namespace"),
	REFERENCE("name"),
	REFERENCE("uid"),
	REFERENCE("apiVersion"),
	REFERENCE("resourceVersion"),
	REFERENCE("fieldPath"),
	{ "reason", "reason", NULL },
	{ "reportingComponent", "reportingComponent", "reportingController" },
	{ "source", "source.component", "deprecatedSource.component" },
	{ "type", "type", NULL },
	{ .name = NULL },
};
static const struct field new_event_fields[] = {
	REGARDING("kind"),
	REGARDING("namespace"),
	REGARDING("name"),
	REGARDING("uid"),
	REGARDING("apiVersion"),
	REGARDING("resourceVersion"),
	REGARDING("fieldPath"),
	{ "reason", "reason", NULL },
	{ "reportingController", "reportingComponent", "reportingController" },
	{ "type", "type", NULL },
	{ .name = NULL },
};

static const struct fields {
	const char *group, *plural;
	const struct field *fields;
	enum refusal refusal;
	bool no_namespace; /* metadata.namespace is none of them */
} known_fields[] = {
	{ "", "secrets", secret_fields, NOT_SUPPORTED, false },
	{ "", "namespaces", namespace_fields, NOT_SUPPORTED, true },
	{ "", "events", event_fields, NOT_SUPPORTED, false },
	{ "events.k8s.io", "events", new_event_fields, NOT_SUPPORTED, false },
	{ "batch", "cronjobs", cron_job_fields, NOT_SUPPORTED_FOR, false },
};

static struct fields fields_of(const struct sb_type *type)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(known_fields); i++)
		if (strcmp(type->plural, known_fields[i].plural) == 0 &&
		    strcmp(type->group, known_fields[i].group) == 0)
			return known_fields[i];
	return (struct fields){ .refusal = type->custom ? NOT_SUPPORTED : KNOWN_ONLY,
				.no_namespace = type->custom && !type->namespaced };
}

/* --- the selectors of one request --- */

enum kept_in { NAME, NAMESPACE, DOCUMENT };

struct test {
	enum kept_in where;
	const struct field *field; /* of DOCUMENT */
	char *value;
	bool differs; /* != */
};

struct sb_filter {
	const struct sb_type *type;
	char *ns; /* of the URL; "": any */
	struct sb_label_selector *labels;
	struct test *tests;
	size_t count, cap;
	bool documents; /* there is a test of DOCUMENT */
};

void sb_filter_free(struct sb_filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		free(f->tests[i].value);
	free(f->tests);
	sb_label_selector_free(f->labels);
	sb_type_unref(f->type);
	free(f->ns);
	free(f);
}

static int refuse_field(struct sb_call *call, enum refusal refusal, const char *name)
{
	switch (refusal) {
	case NOT_SUPPORTED:
		return sb_refuse_bad_request(call, "field label not supported: %s", name);
	case NOT_SUPPORTED_FOR:
		return sb_refuse_bad_request(call, "field label \"%s\" not supported for \"%s\"", name,
					     call->type->kind);
	case KNOWN_ONLY:
		break;
	}
	return sb_refuse_bad_request(
		call, "\"%s\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", name);
}

static int resolve(struct sb_call *call, struct sb_filter *f, struct test *test, const char *name)
{
	struct fields known = fields_of(call->type);

	if (strcmp(name, "metadata.name") == 0) {
		test->where = NAME;
		return 0;
	}
	if (strcmp(name, "metadata.namespace") == 0 && !known.no_namespace) {
		test->where = NAMESPACE;
		return 0;
	}
	test->where = DOCUMENT;
	f->documents = true;
	for (test->field = known.fields; test->field && test->field->name; test->field++)
		if (strcmp(test->field->name, name) == 0)
			return 0;
	return refuse_field(call, known.refusal, name);
}

/* In place: a backslash stands before a comma, an equals sign or itself. */
static int unescape(struct sb_call *call, char *value)
{
	char *to = value;

	for (const char *from = value; *from; from++) {
		if (*from == ',' || *from == '=')
			return sb_refuse_bad_request(call, "invalid field selector: unescaped character in value: %d",
						     *from);
		if (*from == '\\') {
			from++;
			if (!*from || !strchr("\\,=", *from))
				return sb_refuse_bad_request(
					call, "invalid field selector: invalid escape sequence: \\%.1s", from);
		}
		*to++ = *from;
	}
	*to = '\0';
	return 0;
}

/* "KEY=V", "KEY==V", "KEY!=V" */
static int add_term(struct sb_call *call, struct sb_filter *f, const char *selector, const char *term)
{
	size_t key = 0;
	struct test *test;

	while (term[key] && term[key] != '=' && (term[key] != '!' || term[key + 1] != '='))
		key++;
	if (!term[key])
		return sb_refuse_bad_request(call, "invalid selector: '%s'; can't understand '%s'", selector, term);
	FC_AUTO_FREE char *name = fc_xstrndup(term, key);

	FC_GROW(f->tests, f->count, f->cap);
	test = &f->tests[f->count++];
	*test = (struct test){ .differs = term[key] == '!' };
	test->value = fc_xstrdup(term + key + (term[key + 1] == '=' ? 2 : 1));
	if (unescape(call, test->value) < 0)
		return -1;
	return resolve(call, f, test, name);
}

/* Commas with a backslash before them part nothing. */
static size_t term_bytes(const char *s)
{
	size_t len = 0;

	while (s[len] && s[len] != ',')
		len += s[len] == '\\' && s[len + 1] ? 2 : 1;
	return len;
}

static int parse_fields(struct sb_call *call, struct sb_filter *f, const char *selector)
{
	for (const char *at = selector; *at; at += *at == ',') {
		size_t len = term_bytes(at);
		FC_AUTO_FREE char *term = fc_xstrndup(at, len);

		if (*term && add_term(call, f, selector, term) < 0)
			return -1;
		at += len;
	}
	return 0;
}

struct sb_filter *sb_filter_new(struct sb_call *call)
{
	struct sb_filter *f = fc_xcalloc(1, sizeof(*f));
	struct fc_error err = FC_ERROR_INIT;

	f->type = sb_type_ref(call->type);
	f->ns = fc_xstrdup(call->ns);
	f->labels = sb_label_selector_parse(sb_call_param(call, "labelSelector"), &err);
	if (!f->labels)
		sb_refuse_bad_request(call, "%s", err.text);
	if (call->watching && *call->name) {
		FC_GROW(f->tests, f->count, f->cap);
		f->tests[f->count++] = (struct test){ .where = NAME, .value = fc_xstrdup(call->name) };
	}
	if (!f->labels || parse_fields(call, f, sb_call_param(call, "fieldSelector")) < 0) {
		sb_filter_free(f);
		return NULL;
	}
	return f;
}

bool sb_filter_is_empty(const struct sb_filter *f)
{
	return !f->count && sb_label_selector_is_empty(f->labels);
}

const char *sb_filter_name(const struct sb_filter *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->tests[i].where == NAME && !f->tests[i].differs)
			return f->tests[i].value;
	return NULL;
}

/* --- matching --- */

void sb_filter_range(const struct sb_filter *f, struct sb_object *const *objects, size_t count, size_t *from,
		     size_t *to)
{
	const char *name = sb_filter_name(f);

	*from = 0;
	*to = count;
	if (!*f->ns && f->type->namespaced)
		return;
	*from = sb_objects_lower_bound(objects, count, f->ns, name ?: "");
	if (name)
		*to = *from + (*from < count && strcmp(objects[*from]->name, name) == 0 &&
			       strcmp(objects[*from]->ns, f->ns) == 0);
	else if (*f->ns)
		/* No name of the namespace stands behind this one. */
		*to = sb_objects_lower_bound(objects, count, f->ns, "\xff");
}

/* The text at "a.b", "" where there is none. */
static const char *look_up(const json_t *object, const char *path)
{
	const json_t *at = object;

	while (at && path && *path) {
		size_t len = strcspn(path, ".");
		FC_AUTO_FREE char *member = fc_xstrndup(path, len);

		at = json_object_get(at, member);
		path += len + (path[len] == '.');
	}
	return json_string_value(at) ?: "";
}

static const char *field_value(const json_t *object, const struct field *field)
{
	const char *value = look_up(object, field->path);

	return *value || !field->other_path ? value : look_up(object, field->other_path);
}

static bool documents_match(const struct sb_filter *f, const struct sb_object *o)
{
	json_t *object = sb_object_json(o, f->type);
	bool match = true;

	for (size_t i = 0; match && i < f->count; i++)
		if (f->tests[i].where == DOCUMENT)
			match = (strcmp(field_value(object, f->tests[i].field), f->tests[i].value) == 0) !=
				f->tests[i].differs;
	json_decref(object);
	return match;
}

bool sb_filter_matches(const struct sb_filter *f, const struct sb_object *o)
{
	if (*f->ns && strcmp(f->ns, o->ns) != 0)
		return false;
	for (size_t i = 0; i < f->count; i++) {
		const struct test *test = &f->tests[i];
		const char *have = test->where == NAME ? o->name : o->ns;

		if (test->where != DOCUMENT && (strcmp(have, test->value) == 0) == test->differs)
			return false;
	}
	if (!sb_label_selector_matches(f->labels, o))
		return false;
	return !f->documents || documents_match(f, o);
}
