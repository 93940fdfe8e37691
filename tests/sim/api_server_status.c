/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include <stdarg.h>
#include <stdio.h>

struct api_answer api_ok(int status, json_t *body)
{
	return (struct api_answer){ .status = status, .body = body };
}

void api_answer_fini(struct api_answer *a)
{
	json_decref(a->body);
	a->body = NULL;
}

static json_t *text(const char *fmt, va_list args) FC_PRINTF(1, 0);
static json_t *text(const char *fmt, va_list args)
{
	char *words = NULL;
	json_t *string;

	if (vasprintf(&words, fmt, args) < 0)
		abort();
	string = json_string(words);
	free(words);
	return string ?: json_string("");
}

static struct api_answer refusal(int code, const char *reason, json_t *details, json_t *message)
{
	json_t *body = json_object();

	json_object_set_new(body, "kind", json_string("Status"));
	json_object_set_new(body, "apiVersion", json_string("v1"));
	json_object_set_new(body, "metadata", json_object());
	json_object_set_new(body, "status", json_string("Failure"));
	json_object_set_new(body, "message", message);
	if (reason)
		json_object_set_new(body, "reason", json_string(reason));
	if (details)
		json_object_set_new(body, "details", details);
	json_object_set_new(body, "code", json_integer(code));
	return (struct api_answer){ .status = code, .body = body };
}

struct api_answer api_refuse(int code, const char *reason, json_t *details, const char *fmt, ...)
{
	va_list args;
	json_t *message;

	va_start(args, fmt);
	message = text(fmt, args);
	va_end(args);
	return refusal(code, reason, details, message);
}

struct api_answer api_bad_request(const char *fmt, ...)
{
	va_list args;
	json_t *message;

	va_start(args, fmt);
	message = text(fmt, args);
	va_end(args);
	return refusal(400, "BadRequest", NULL, message);
}

json_t *api_details(const char *name, const char *group, const char *kind)
{
	json_t *details = json_object();

	if (name && *name)
		json_object_set_new(details, "name", json_string(name));
	if (group && *group)
		json_object_set_new(details, "group", json_string(group));
	if (kind && *kind)
		json_object_set_new(details, "kind", json_string(kind));
	return details;
}

/* "configmaps", "deployments.apps" */
static char *qualified(const char *group, const char *word)
{
	return *group ? fc_xasprintf("%s.%s", word, group) : fc_xstrdup(word);
}

struct api_answer api_not_found(const struct api_resource *r, const char *name)
{
	FC_AUTO_FREE char *words = qualified(r->type->group, r->type->plural);

	return api_refuse(404, "NotFound", api_details(name, r->type->group, r->type->plural), "%s \"%s\" not found",
			  words, name);
}

struct api_answer api_not_served(void)
{
	return api_refuse(404, "NotFound", json_object(), "the server could not find the requested resource");
}

struct api_answer api_conflict(const struct api_resource *r, const char *word, const char *name, const char *fmt, ...)
{
	FC_AUTO_FREE char *words = qualified(r->type->group, word);
	va_list args;
	json_t *why;
	struct api_answer a;

	va_start(args, fmt);
	why = text(fmt, args);
	va_end(args);
	a = api_refuse(409, "Conflict", api_details(name, r->type->group, word),
		       "Operation cannot be fulfilled on %s \"%s\": %s", words, name, json_string_value(why));
	json_decref(why);
	return a;
}

void api_cause(json_t *causes, const char *reason, const char *field, const char *fmt, ...)
{
	json_t *cause = json_object();
	va_list args;

	if (reason)
		json_object_set_new(cause, "reason", json_string(reason));
	va_start(args, fmt);
	json_object_set_new(cause, "message", text(fmt, args));
	va_end(args);
	if (field)
		json_object_set_new(cause, "field", json_string(field) ?: json_string("?"));
	json_array_append_new(causes, cause);
}

struct api_answer api_invalid(const char *group, const char *kind, const char *name, json_t *causes)
{
	FC_AUTO_FREE char *what = qualified(group, kind);
	char words[1024] = "";
	size_t i, at = 0;
	json_t *cause, *details;

	if (json_array_size(causes) == 0) {
		json_decref(causes);
		return (struct api_answer){ .status = 0 };
	}
	json_array_foreach(causes, i, cause)
		if (at < sizeof(words))
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%s: %s", i ? ", " : "",
					       api_string(cause, "field"), api_string(cause, "message"));
	details = api_details(name, group, kind);
	json_object_set_new(details, "causes", causes);
	if (json_array_size(causes) > 1)
		return api_refuse(422, "Invalid", details, "%s \"%s\" is invalid: [%s]", what, name, words);
	return api_refuse(422, "Invalid", details, "%s \"%s\" is invalid: %s", what, name, words);
}

struct api_answer api_invalid_patch(const char *why)
{
	json_t *causes = json_array();

	api_cause(causes, "FieldValueInvalid", "patch", "Invalid value: %s", why);
	return api_invalid("", "", "", causes);
}
