/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/answer.h"

#include "json/yaml_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static json_t *text_of(const char *fmt, va_list args) FC_PRINTF(1, 0);
static json_t *text_of(const char *fmt, va_list args)
{
	char *words = NULL;
	json_t *string;

	if (vasprintf(&words, fmt, args) < 0)
		abort();
	/* What a client sent may be quoted, and need not be UTF-8. */
	string = json_string(words) ?: json_string_nocheck("?");
	free(words);
	return string;
}

/* By names, as the real server does it. */
static int print_yaml(const json_t *value, struct fc_buf *out)
{
	FC_AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
	json_auto_t *sorted = text ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;

	return sorted ? fc_yaml_print(sorted, out, NULL) : -1;
}

static void print(struct sb_call *call, const json_t *value)
{
	struct fc_buf *out = &call->response->body;
	FC_AUTO_FREE char *words = NULL;

	fc_buf_clear(out);
	if (call->yaml && print_yaml(value, out) == 0) {
		call->response->content_type = "application/yaml";
		return;
	}
	fc_buf_clear(out);
	words = json_dumps(value, JSON_COMPACT);
	fc_buf_puts(out, words ?: "{}");
	fc_buf_putc(out, '\n');
	call->response->content_type = "application/json";
}

int sb_answer_json(struct sb_call *call, int status, const json_t *value)
{
	call->response->status = status;
	print(call, value);
	return 0;
}

int sb_refuse(struct sb_call *call, int code, const char *reason, json_t *details, const char *fmt, ...)
{
	va_list args;
	json_t *message, *body;

	va_start(args, fmt);
	message = text_of(fmt, args);
	va_end(args);
	body = json_pack("{s:s, s:s, s:{}, s:s, s:o}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
			 "Failure", "message", message);
	if (reason)
		json_object_set_new(body, "reason", json_string(reason));
	if (details)
		json_object_set_new(body, "details", details);
	json_object_set_new(body, "code", json_integer(code));
	sb_answer_json(call, code, body);
	json_decref(body);
	return -1;
}

json_t *sb_details(const char *name, const char *group, const char *kind)
{
	json_t *details = json_object();

	if (name && *name)
		json_object_set_new(details, "name", json_string(name) ?: json_string("?"));
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

int sb_refuse_not_found(struct sb_call *call, const struct sb_type *type, const char *name)
{
	FC_AUTO_FREE char *words = qualified(type->group, type->plural);

	return sb_refuse(call, 404, "NotFound", sb_details(name, type->group, type->plural), "%s \"%s\" not found",
			 words, name);
}

int sb_refuse_not_served(struct sb_call *call)
{
	return sb_refuse(call, 404, "NotFound", json_object(), "the server could not find the requested resource");
}

int sb_refuse_page_not_found(struct sb_call *call)
{
	call->response->status = 404;
	call->response->content_type = "text/plain; charset=utf-8";
	fc_buf_clear(&call->response->body);
	fc_buf_puts(&call->response->body, "404 page not found\n");
	return -1;
}

int sb_refuse_exists(struct sb_call *call, const struct sb_type *type, const char *name)
{
	FC_AUTO_FREE char *words = qualified(type->group, type->plural);

	return sb_refuse(call, 409, "AlreadyExists", sb_details(name, type->group, type->plural),
			 "%s \"%s\" already exists", words, name);
}

int sb_refuse_conflict(struct sb_call *call, const struct sb_type *type, const char *name, const char *fmt, ...)
{
	FC_AUTO_FREE char *words = qualified(type->group, type->plural);
	va_list args;
	json_t *why;

	va_start(args, fmt);
	why = text_of(fmt, args);
	va_end(args);
	sb_refuse(call, 409, "Conflict", sb_details(name, type->group, type->plural),
		  "Operation cannot be fulfilled on %s \"%s\": %s", words, name, json_string_value(why));
	json_decref(why);
	return -1;
}

int sb_refuse_method(struct sb_call *call)
{
	return sb_refuse(call, 405, "MethodNotAllowed", json_object(),
			 "the server does not allow this method on the requested resource");
}

void sb_cause(struct sb_causes *causes, const char *reason, const char *field, const char *fmt, ...)
{
	json_t *cause = json_object();
	va_list args;

	if (!causes->list)
		causes->list = json_array();
	if (reason)
		json_object_set_new(cause, "reason", json_string(reason));
	va_start(args, fmt);
	json_object_set_new(cause, "message", text_of(fmt, args));
	va_end(args);
	if (field)
		json_object_set_new(cause, "field", json_string(field) ?: json_string("?"));
	json_array_append_new(causes->list, cause);
}

bool sb_causes_any(const struct sb_causes *causes)
{
	return json_array_size(causes->list) > 0;
}

void sb_causes_fini(struct sb_causes *causes)
{
	json_decref(causes->list);
	causes->list = NULL;
}

static bool was_told(const json_t *list, size_t before, const json_t *cause)
{
	for (size_t i = 0; i < before; i++)
		if (json_equal(json_array_get(list, i), cause))
			return true;
	return false;
}

/* "a: ..., b: ...", each once, although the causes may name one twice; the caller frees. */
static char *joined(const json_t *list, unsigned *told)
{
	struct fc_buf words = FC_BUF_INIT;
	size_t i;
	json_t *cause;

	*told = 0;
	json_array_foreach(list, i, cause) {
		const char *field = json_string_value(json_object_get(cause, "field"));

		if (was_told(list, i, cause))
			continue;
		if ((*told)++)
			fc_buf_puts(&words, ", ");
		if (field)
			fc_buf_printf(&words, "%s: ", field);
		fc_buf_puts(&words, json_string_value(json_object_get(cause, "message")));
	}
	return fc_buf_steal(&words);
}

int sb_refuse_invalid(struct sb_call *call, const struct sb_type *type, const char *name, struct sb_causes *causes)
{
	/* Events are core's, whichever group they were sent to. */
	const char *group = type->storage_group ?: type->group;
	FC_AUTO_FREE char *what = qualified(group, type->kind), *words = NULL;
	unsigned told;
	json_t *details;

	if (!sb_causes_any(causes))
		return 0;
	words = joined(causes->list, &told);
	details = sb_details(name, group, type->kind);
	json_object_set_new(details, "causes", fc_steal(&causes->list));
	return sb_refuse(call, 422, "Invalid", details,
			 told > 1 ? "%s \"%s\" is invalid: [%s]" : "%s \"%s\" is invalid: %s", what, name, words);
}
