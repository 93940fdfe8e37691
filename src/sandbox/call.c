/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/call.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "json/decode.h"
#include "json/yaml.h"
#include "sandbox/answer.h"
#include "sandbox/protobuf.h"
#include "sandbox/go_json.h"
#include "sandbox/table.h"

#include <ctype.h>
#include <string.h>

#define SUMMARY_BYTES 30

const char *sb_verb_name(enum sb_verb verb)
{
	static const char *const names[] = { "get",    "list",	"watch",  "create",
					     "update", "patch", "delete", "deletecollection" };

	return verb < FC_ARRAY_LEN(names) ? names[verb] : "";
}

/* --- the URL --- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; a zero byte is not decoded, and so cannot end a text early. A plus is a blank in queries alone. */
static char *decode(char *s, bool query)
{
	char *to = s;

	for (const char *from = s; *from; from++) {
		if (*from == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0 && (from[1] != '0' || from[2] != '0')) {
			*to++ = (char)(hex(from[1]) * 16 + hex(from[2]));
			from += 2;
		} else {
			*to++ = query && *from == '+' ? ' ' : *from;
		}
	}
	*to = '\0';
	return s;
}

/* "a=b&c" becomes "a=b\0c\0\0", decoded. */
static char *split_query(const char *query)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(query);
	struct fc_buf out = FC_BUF_INIT;
	char *rest = copy, *pair;

	while ((pair = strsep(&rest, "&"))) {
		if (!*pair)
			continue;
		decode(pair, true);
		fc_buf_append(&out, pair, strlen(pair) + 1);
	}
	fc_buf_append(&out, "", 1);
	return fc_buf_steal(&out);
}

static const char *find_param(const struct sb_call *call, const char *name)
{
	size_t len = strlen(name);

	for (const char *pair = call->query; *pair; pair += strlen(pair) + 1)
		if (strncmp(pair, name, len) == 0 && (!pair[len] || pair[len] == '='))
			return pair + len + (pair[len] == '=');
	return NULL;
}

const char *sb_call_param(const struct sb_call *call, const char *name)
{
	return find_param(call, name) ?: "";
}

bool sb_call_has_param(const struct sb_call *call, const char *name)
{
	return find_param(call, name);
}

bool sb_call_flag(const struct sb_call *call, const char *name)
{
	const char *value = find_param(call, name);

	return value && strcasecmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

static const char *next(char **rest)
{
	const char *piece;

	do {
		piece = strsep(rest, "/");
	} while (piece && !*piece);
	return piece ? decode((char *)(uintptr_t)piece, false) : "";
}

static void parse_place(struct sb_call *call, char **rest)
{
	call->plural = next(rest);
	/* An old way to ask for a watch. */
	call->watching = strcmp(call->plural, "watch") == 0 && strcmp(call->request->method, "GET") == 0;
	if (call->watching)
		call->plural = next(rest);
	call->name = next(rest);
	call->subresource = next(rest);
	/* A namespace is an object, and a place of objects. Its subresources are the ones known here. */
	if (strcmp(call->plural, "namespaces") == 0 && *call->subresource && strcmp(call->subresource, "status") != 0 &&
	    strcmp(call->subresource, "finalize") != 0) {
		call->ns = call->name;
		call->plural = call->subresource;
		call->name = next(rest);
		call->subresource = next(rest);
	}
}

static void parse_path(struct sb_call *call, char *path)
{
	char *rest = path;
	const char *root = next(&rest);

	call->group = call->version = call->plural = call->ns = call->name = call->subresource = "";
	if (strcmp(root, "apis") == 0)
		call->group = next(&rest);
	else if (strcmp(root, "api") != 0)
		return;
	call->version = next(&rest);
	parse_place(call, &rest);
	/* Nothing is that deep. */
	if (*next(&rest))
		call->subresource = "?";
}

static enum sb_verb verb_of(const struct sb_call *call)
{
	const char *method = call->request->method;

	if (strcmp(method, "GET") == 0) {
		if (call->watching)
			return SB_VERB_WATCH;
		if (*call->name)
			return SB_VERB_GET;
		return sb_call_flag(call, "watch") ? SB_VERB_WATCH : SB_VERB_LIST;
	}
	if (strcmp(method, "POST") == 0)
		return SB_VERB_CREATE;
	if (strcmp(method, "PUT") == 0)
		return SB_VERB_UPDATE;
	if (strcmp(method, "PATCH") == 0)
		return SB_VERB_PATCH;
	if (strcmp(method, "DELETE") == 0)
		return *call->name ? SB_VERB_DELETE : SB_VERB_DELETE_COLLECTION;
	return SB_VERB_NONE;
}

/* --- Accept --- */

static bool has_parameter(const char *media_type, const char *parameter)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(media_type);
	char *rest = copy, *piece;

	while ((piece = strsep(&rest, ";"))) {
		piece += strspn(piece, " ");
		piece[strcspn(piece, " ")] = '\0';
		if (strcasecmp(piece, parameter) == 0)
			return true;
	}
	return false;
}

/* Some media type of those that the server makes, whatever its parameters ask for? */
static bool is_made(const char *media_type)
{
	static const char *const made[] = { "application/json", "application/yaml", SB_PROTOBUF_TYPE, "*/*" };
	size_t len = strcspn(media_type, "; ");

	for (size_t i = 0; i < FC_ARRAY_LEN(made); i++)
		if (strlen(made[i]) == len && strncasecmp(media_type, made[i], len) == 0)
			return true;
	return false;
}

/* The first alternative that is served decides. */
static bool take_alternative(struct sb_call *call, const char *media_type)
{
	size_t len = strcspn(media_type, "; ");
	bool json = strncmp(media_type, "application/json", len) == 0 && len == 16;
	bool yaml = strncmp(media_type, "application/yaml", len) == 0 && len == 16;

	call->made |= is_made(media_type);
	if (!json && !yaml && (strncmp(media_type, "*/*", len) != 0 || len != 3))
		return false;
	if (strstr(media_type, "as=")) {
		bool v1 = has_parameter(media_type, "g=meta.k8s.io") && has_parameter(media_type, "v=v1");
		bool beta = has_parameter(media_type, "g=meta.k8s.io") && has_parameter(media_type, "v=v1beta1");

		if ((v1 || beta) && has_parameter(media_type, "as=Table"))
			call->form = SB_FORM_TABLE;
		else if (v1 && (has_parameter(media_type, "as=PartialObjectMetadata") ||
				has_parameter(media_type, "as=PartialObjectMetadataList")))
			call->form = SB_FORM_METADATA;
		else
			return false;
		call->form_of_list = has_parameter(media_type, "as=PartialObjectMetadataList");
		call->beta = !v1;
	}
	call->yaml = yaml;
	return true;
}

static void parse_accept(struct sb_call *call)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(call->request->accept);
	char *rest = copy, *piece;

	call->acceptable = !*copy;
	while (!call->acceptable && (piece = strsep(&rest, ",")))
		call->acceptable = take_alternative(call, piece + strspn(piece, " "));
}

void sb_call_parse(struct sb_call *call)
{
	const char *query = strchr(call->request->path, '?');

	call->url = query ? fc_xstrndup(call->request->path, (size_t)(query - call->request->path))
			  : fc_xstrdup(call->request->path);
	call->query = split_query(query ? query + 1 : "");
	parse_path(call, call->url);
	call->verb = verb_of(call);
	parse_accept(call);
}

bool sb_call_is_resource(const struct sb_call *call)
{
	return *call->plural;
}

/* --- what is served --- */

static bool subresource_is_served(const struct sb_call *call)
{
	const struct sb_type *type = call->type;

	if (!*call->subresource)
		return true;
	if (strcmp(call->subresource, "status") == 0)
		return type->has_status;
	return strcmp(call->subresource, "finalize") == 0 && strcmp(type->plural, "namespaces") == 0 && !*type->group;
}

static int refuse_unknown(struct sb_call *call)
{
	/* Groups of their own are served by another part of the real server, which answers in text. */
	if (!sb_types_has_builtin_group(call->cluster->types, call->group))
		return sb_refuse_page_not_found(call);
	return sb_refuse_not_served(call);
}

static bool method_is_served(const struct sb_call *call)
{
	bool everywhere = call->type->namespaced && !*call->ns;

	switch (call->verb) {
	case SB_VERB_GET:
		return strcmp(call->subresource, "finalize") != 0;
	case SB_VERB_LIST:
	case SB_VERB_WATCH:
		return true;
	case SB_VERB_CREATE:
		return !*call->name && !everywhere;
	case SB_VERB_UPDATE:
		return *call->name;
	case SB_VERB_PATCH:
		return *call->name && strcmp(call->subresource, "finalize") != 0;
	case SB_VERB_DELETE:
		return !*call->subresource;
	case SB_VERB_DELETE_COLLECTION:
		/* Namespaces and Services are deleted one by one. */
		return !everywhere && !call->type->no_delete_collection;
	case SB_VERB_NONE:
		break;
	}
	return false;
}

static int check_accept(struct sb_call *call)
{
	bool custom = call->type->custom;

	if (!call->acceptable && !call->made)
		return sb_refuse(call, 406, "NotAcceptable", json_object(), "406: Not Acceptable");
	if (call->verb == SB_VERB_WATCH && call->yaml)
		return sb_refuse_not_acceptable(
			call, "only the following media types are accepted: application/json;stream=watch%s",
			custom ? "" : ", " SB_PROTOBUF_TYPE ";stream=watch");
	if (call->acceptable)
		return 0;
	return sb_refuse_not_acceptable(
		call, "only the following media types are accepted: application/json, application/yaml%s",
		custom ? "" : ", " SB_PROTOBUF_TYPE);
}

/* One form is of objects, another of lists of them. */
static int check_form(struct sb_call *call)
{
	bool list = call->verb == SB_VERB_LIST || call->verb == SB_VERB_DELETE_COLLECTION;
	const char *package = *call->type->group ? call->type->group : "core";

	if (call->form != SB_FORM_METADATA || call->verb == SB_VERB_WATCH || list == call->form_of_list)
		return 0;
	if (list)
		return sb_refuse_not_acceptable(
			call, "you requested PartialObjectMetadata, but the requested object is a list (*%.*s.%sList)",
			(int)strcspn(package, "."), package, call->type->kind);
	return sb_refuse_not_acceptable(
		call, "you requested PartialObjectMetadataList, but the requested object is not a list (*%.*s.%s)",
		(int)strcspn(package, "."), package, call->type->kind);
}

/* Of custom objects a handler decides that knows what was asked for; built-in ones have a route or none. */
static int refuse_subresource(struct sb_call *call)
{
	if (!call->type->custom)
		return sb_refuse_not_served(call);
	return strcmp(call->subresource, "status") == 0 ? sb_refuse_not_found(call, call->type, call->name)
							: sb_refuse_page_not_found(call);
}

static int refuse_method(struct sb_call *call)
{
	const struct sb_type *type = call->type;

	if (!type->custom)
		return sb_refuse_method(call);
	if (type->namespaced && !*call->ns)
		return sb_refuse_page_not_found(call);
	if (!*call->subresource)
		return sb_refuse_method(call);
	return sb_refuse(call, 405, "MethodNotAllowed", sb_details(NULL, type->group, type->plural),
			 "%s is not supported on resources of kind \"%s.%s\"", sb_verb_name(call->verb), type->plural,
			 type->group);
}

int sb_call_resolve(struct sb_call *call)
{
	const struct sb_type *type = sb_types_find(call->cluster->types, call->group, call->version, call->plural);

	if (!type)
		return refuse_unknown(call);
	call->type = sb_type_ref(type);
	if ((*call->ns && !type->namespaced) || (*call->name && !*call->ns && type->namespaced))
		return type->custom ? sb_refuse_page_not_found(call) : sb_refuse_not_served(call);
	if (!subresource_is_served(call))
		return refuse_subresource(call);
	if (!method_is_served(call))
		return refuse_method(call);
	if (call->type->terminating && call->verb == SB_VERB_CREATE)
		return sb_refuse(call, 405, "MethodNotAllowed", sb_details("", type->group, type->plural),
				 "create not allowed while custom resource definition is terminating");
	if (check_accept(call) < 0 || check_form(call) < 0)
		return -1;
	if (call->form != SB_FORM_TABLE)
		return 0;
	/* Built-in types print no status of its own. */
	if (*call->subresource && !type->custom)
		return sb_refuse_not_acceptable(call, "only the following media types are accepted: application/json, "
						      "application/yaml, " SB_PROTOBUF_TYPE);
	return sb_table_check(call);
}

void sb_call_fini(struct sb_call *call)
{
	free(call->url);
	free(call->query);
	sb_type_unref(call->type);
}

/* --- the body --- */

void sb_call_content_type(const struct sb_call *call, char *out, size_t bytes)
{
	const char *from = call->request->content_type;
	size_t len = strcspn(from, "; ");

	if (len >= bytes)
		len = bytes - 1;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)tolower((unsigned char)from[i]);
	out[len] = '\0';
}

/* What the real server quotes of a body that it cannot read. */
static char *summary(const char *body, size_t len)
{
	size_t shown = len > SUMMARY_BYTES ? SUMMARY_BYTES : len;
	const char *more = len > SUMMARY_BYTES ? " ..." : "";
	FC_AUTO_FREE char *digits = NULL;

	if (!len)
		return fc_xstrdup("<empty>");
	if (*body == '{')
		return fc_xasprintf("%.*s%s", (int)shown, body, more);
	digits = fc_xcalloc(shown * 2 + 1, 1);
	fc_hex(body, shown, digits);
	return fc_xasprintf("%s%s", digits, more);
}

int sb_refuse_body(struct sb_call *call, const char *why)
{
	FC_AUTO_FREE char *quoted = summary(call->request->body, call->request->body_len);

	return sb_refuse_bad_request(call, "the object provided is unrecognized (must be of type %s): %s (%s)",
				     call->type->kind, why, quoted);
}

#define BODY_TYPE \
	"struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }"

const char *sb_go_type(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "number";
	default:
		return "bool";
	}
}

/* Kind and apiVersion are read before anything else, in Go. */
static char *typed_fault(const json_t *body)
{
	static const char *const members[] = { "kind", "apiVersion" };

	if (!json_is_object(body))
		return fc_xasprintf("json: cannot unmarshal %s into Go value of type " BODY_TYPE, sb_go_type(body));
	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++) {
		const json_t *value = json_object_get(body, members[i]);

		if (value && !json_is_string(value) && !json_is_null(value))
			return fc_xasprintf("json: cannot unmarshal %s into Go struct field .%s of type string",
					    sb_go_type(value), members[i]);
	}
	return NULL;
}

char *sb_body_fault(const json_t *body, const char *bytes, size_t len)
{
	FC_AUTO_FREE char *why = body ? typed_fault(body) : sb_go_json_fault(bytes, len);

	if (body && !why)
		return NULL;
	return fc_xasprintf("couldn't get version/kind; json parse error: %s", why ?: "the body cannot be held");
}

/* The server shows how the body begins. */
#define SHOWN_BYTES 30

static json_t *refuse_envelope(struct sb_call *call, const struct fc_error *why)
{
	size_t len = call->request->body_len, shown = len < SHOWN_BYTES ? len : SHOWN_BYTES;
	char digits[2 * SHOWN_BYTES + 1];

	fc_hex(call->request->body, shown, digits);
	sb_refuse_bad_request(call, "the object provided is unrecognized (must be of type %s): %s (%s%s)",
			      call->type->kind, why->text, len ? digits : "<empty>", len > shown ? " ..." : "");
	return NULL;
}

static json_t *protobuf_body(struct sb_call *call)
{
	const struct sb_type *type = call->type;
	struct fc_error err = FC_ERROR_INIT;
	struct sb_envelope envelope;
	json_t *body;

	if (sb_envelope_open(&envelope, call->request->body, call->request->body_len, &err) < 0) {
		body = refuse_envelope(call, &err);
	} else {
		body = sb_protobuf_decode(&envelope, type->schema, type->kind, type->api_version, &err);
		if (!body)
			sb_refuse_bad_request(call, "%s in version \"%s\" cannot be handled as a %s: %s", type->kind,
					      type->version, type->kind, err.text);
	}
	sb_envelope_fini(&envelope);
	return body;
}

json_t *sb_call_body(struct sb_call *call)
{
	const struct sb_request *q = call->request;
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *fault = NULL;
	char type[64];
	bool is_protobuf;
	json_t *body;

	sb_call_content_type(call, type, sizeof(type));
	is_protobuf = !call->type->custom && strcmp(type, SB_PROTOBUF_TYPE) == 0;
	if (*type && strcmp(type, "application/json") != 0 && strcmp(type, "application/yaml") != 0 && !is_protobuf) {
		sb_refuse_media_type(call,
				     "the body of the request was in an unknown format - accepted media types "
				     "include: application/json, application/yaml%s",
				     call->type->custom ? "" : ", " SB_PROTOBUF_TYPE);
		return NULL;
	}
	if (q->body_too_large) {
		sb_refuse(call, 413, "RequestEntityTooLarge", NULL, "Request entity too large: limit is 3145728");
		return NULL;
	}
	if (is_protobuf)
		return protobuf_body(call);
	body = strcmp(type, "application/yaml") == 0 ? fc_yaml_parse(q->body, q->body_len, &err)
						     : fc_decode(q->body, q->body_len, &err);
	/* Go takes a null for an empty object. */
	if (json_is_null(body)) {
		json_decref(body);
		return json_object();
	}
	fault = sb_body_fault(body, q->body, q->body_len);
	if (!fault)
		return body;
	json_decref(body);
	sb_refuse_body(call, fault);
	return NULL;
}
