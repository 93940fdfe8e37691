/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of k8s-replicator mean, by its guide alone. */
#include "object_sync_parts.h"
#include "replicator_parts.h"

#include "json/decode.h"

#include <regex.h>
#include <stdio.h>

const char *const replicator_names[REPLICATOR_NAMES] = { "o0", "o1", "o2", "o3", "p0", "p1" };

static bool is(const char *text, const char *other)
{
	return text && strcmp(text, other) == 0;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* --- lists and patterns --- */

static bool is_name(const char *text)
{
	return *text && !text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz.-")];
}

/* D12: 1 fits, 0 does not, -1: it is no pattern. */
static int fits(const char *entry, const char *ns)
{
	char whole[96];
	regex_t compiled;
	int result;

	if (is_name(entry))
		return strcmp(entry, ns) == 0;
	snprintf(whole, sizeof(whole), "^(%s)$", entry);
	if (regcomp(&compiled, whole, REG_EXTENDED | REG_NOSUB) != 0)
		return -1;
	result = regexec(&compiled, ns, 0, NULL, 0) == 0;
	regfree(&compiled);
	return result;
}

/* Fills `copy` with the next entry, without blanks; NULL: there is none. */
static const char *next_entry(const char **list, char copy[96])
{
	while (**list) {
		size_t len = strcspn(*list, ","), from = strspn(*list, " "), to = len;

		if (from < len) {
			while (to > from && (*list)[to - 1] == ' ')
				to--;
			snprintf(copy, 96, "%.*s", (int)(to - from), *list + from);
			*list += len + ((*list)[len] == ',');
			return copy;
		}
		*list += len + ((*list)[len] == ',');
	}
	return NULL;
}

static int list_fits(const char *list, const char *ns)
{
	char entry[96];
	int result = 0;

	while (next_entry(&list, entry)) {
		int one = fits(entry, ns);

		if (one < 0)
			return -1;
		result |= one;
	}
	return result;
}

static bool is_bad_list(const char *list)
{
	return list && list_fits(list, "any") < 0;
}

/* "PLACE/NAME" or "NAME"; false: neither. */
static bool split(const char *entry, const char *own, char ns[64], char name[64])
{
	const char *slash = strrchr(entry, '/');

	snprintf(ns, 64, "%.*s", slash ? (int)(slash - entry) : (int)strlen(own), slash ? entry : own);
	snprintf(name, 64, "%s", slash ? slash + 1 : entry);
	return is_name(name) && (!slash || slash > entry);
}

static bool is_bad_to(const char *list)
{
	char entry[96], ns[64], name[64];

	while (list && next_entry(&list, entry))
		if (!split(entry, "any", ns, name) || strchr(ns, '/') || fits(ns, "any") < 0)
			return true;
	return false;
}

/* --- objects --- */

static bool is_bool(const char *text, bool *value)
{
	static const char *const words[] = { "1", "t", "T", "TRUE",  "true",  "True",
					     "0", "f", "F", "FALSE", "false", "False" };

	for (size_t i = 0; i < FC_ARRAY_LEN(words); i++)
		if (is(text, words[i])) {
			*value = i < 6;
			return true;
		}
	return false;
}

bool replicator_is_true(const char *text)
{
	bool value = false;

	return text && is_bool(text, &value) && value;
}

static bool is_bad_bool(const char *text)
{
	bool value;

	return text && !is_bool(text, &value);
}

static const char *word(const json_t *object, const char *key)
{
	char whole[64];

	snprintf(whole, sizeof(whole), REPLICATOR_KEY "%s", key);
	return whole_annotation(object, whole);
}

static bool has_unknown(const json_t *object)
{
	static const char *const known[] = { "replicate-from",
					     "replicate-to",
					     "replicate-to-namespaces",
					     "replicate-once",
					     "replicate-once-version",
					     "replication-allowed",
					     "replication-allowed-namespaces",
					     "replicated-at",
					     "replicated-by",
					     "replicated-from-version",
					     "replicated-from-origin",
					     "replicated-from-allowed" };
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(json_object_get(object, "metadata"), "annotations"), key, value) {
		bool any = strncmp(key, REPLICATOR_KEY, strlen(REPLICATOR_KEY)) != 0;

		for (size_t i = 0; i < FC_ARRAY_LEN(known) && !any; i++)
			any = strcmp(key + strlen(REPLICATOR_KEY), known[i]) == 0;
		if (!any)
			return true;
	}
	return false;
}

static bool is_path(const char *text)
{
	const char *slash = strchr(text, '/');
	char ns[64];

	snprintf(ns, sizeof(ns), "%.*s", slash ? (int)(slash - text) : 0, text);
	return slash && is_name(ns) && is_name(slash + 1);
}

static void read_words(const json_t *object, struct replicator *o)
{
	o->from = word(object, "replicate-from");
	o->to = word(object, "replicate-to");
	o->to_spaces = word(object, "replicate-to-namespaces");
	o->once = word(object, "replicate-once");
	o->once_version = word(object, "replicate-once-version");
	o->allowed = word(object, "replication-allowed");
	o->allowed_spaces = word(object, "replication-allowed-namespaces");
	o->by = word(object, "replicated-by");
	o->from_version = word(object, "replicated-from-version");
	o->origin = word(object, "replicated-from-origin");
	o->inherited = word(object, "replicated-from-allowed");
}

bool replicator_read(const json_t *object, struct replicator *out)
{
	const char *type = json_string_value(json_object_get(object, "type"));

	*out = (struct replicator){ .object = object };
	if (!object)
		return false;
	out->ns = fc_json_metadata(object, "namespace");
	out->name = fc_json_metadata(object, "name");
	out->version = fc_json_metadata(object, "resourceVersion");
	snprintf(out->key, sizeof(out->key), "%s/%s", out->ns, out->name);
	read_words(object, out);
	out->refused = is(type, "kubernetes.io/service-account-token") || is(type, "bootstrap.kubernetes.io/token");
	out->inert = has_unknown(object) || is_bad_bool(out->once) || is_bad_bool(out->allowed) ||
		     is_bad_list(out->to_spaces) || (out->to_spaces && strchr(out->to_spaces, '/')) ||
		     is_bad_list(out->allowed_spaces) || is_bad_to(out->to);
	if (out->from) {
		split(out->from, out->ns, out->from_ns, out->from_name);
		out->inert = out->inert || !(is_name(out->from) || is_path(out->from)) ||
			     (is(out->from_ns, out->ns) && is(out->from_name, out->name));
	}
	if (out->by) {
		split(out->by, "", out->by_ns, out->by_name);
		out->inert = out->inert || !is_path(out->by);
	}
	return true;
}

bool replicator_pushes(const struct replicator *o)
{
	return !o->inert && !o->by && (o->to || o->to_spaces);
}

bool replicator_pulls(const struct replicator *o)
{
	return !o->inert && o->from && (o->by || (!o->to && !o->to_spaces));
}

bool replicator_wants(const struct replicator *source, const char *ns, const char *name, bool elsewhere)
{
	const char *list = source->to ? source->to : "";
	char entry[96], of[64], called[64];
	bool named = !source->to && is(source->name, name), paths = false;

	if (!replicator_pushes(source) || (!elsewhere && is(source->ns, ns) && is(source->name, name)))
		return false;
	while (next_entry(&list, entry)) {
		split(entry, "", of, called);
		if (!is(called, name))
			continue;
		if (strchr(entry, '/'))
			paths = paths || fits(of, ns) > 0;
		else
			named = true;
	}
	return paths || (named && (source->to_spaces ? list_fits(source->to_spaces, ns) > 0 : is(source->ns, ns)));
}

/* --- who may pull --- */

enum replicator_verdict replicator_permits(const struct replicator *s, const char *ns, const char *key, bool allow_all)
{
	int listed = s->allowed_spaces ? list_fits(s->allowed_spaces, ns) : 1, inherited;

	if (!s->allowed && !s->allowed_spaces && !allow_all)
		return REPLICATOR_DENIES;
	if (is_bad_bool(s->allowed))
		return REPLICATOR_ERROR;
	if (s->allowed && !replicator_is_true(s->allowed))
		return REPLICATOR_DENIES;
	if (listed <= 0)
		return listed < 0 ? REPLICATOR_ERROR : REPLICATOR_DENIES;
	if (!s->from)
		return REPLICATOR_ALLOWS;
	if (!s->inherited || is(s->inherited, "-"))
		return REPLICATOR_DENIES;
	inherited = list_fits(s->inherited, ns);
	if (inherited <= 0)
		return inherited < 0 ? REPLICATOR_ERROR : REPLICATOR_DENIES;
	return is(s->origin, key) ? REPLICATOR_ERROR : REPLICATOR_ALLOWS;
}

static bool list_has(const char *list, const char *text)
{
	char entry[96];

	while (next_entry(&list, entry))
		if (strcmp(entry, text) == 0)
			return true;
	return false;
}

static void append(char out[256], const char *text)
{
	size_t len = strlen(out);

	if (!list_has(out, text))
		snprintf(out + len, 256 - len, "%s%s", len ? "," : "", text);
}

/* Literals of `list` that a pattern of the other fits. */
static void append_fitting(char out[256], const char *list, const char *patterns)
{
	char literal[96], pattern[96];

	while (next_entry(&list, literal)) {
		const char *rest = patterns;

		while (is_name(literal) && next_entry(&rest, pattern))
			if (!is_name(pattern) && fits(pattern, literal) > 0)
				append(out, literal);
	}
}

void replicator_inherited(const struct replicator *s, char out[256])
{
	const char *own = s->allowed_spaces;
	char entry[96];

	if (!s->from || is(s->inherited, ".*")) {
		snprintf(out, 256, "%s", own ? own : ".*");
	} else if (!s->inherited || is(s->inherited, "-")) {
		snprintf(out, 256, "-");
	} else if (!own) {
		snprintf(out, 256, "%s", s->inherited);
	} else {
		out[0] = '\0';
		while (next_entry(&own, entry))
			if (list_has(s->inherited, entry))
				append(out, entry);
		append_fitting(out, s->inherited, s->allowed_spaces);
		append_fitting(out, s->allowed_spaces, s->inherited);
		if (!*out)
			snprintf(out, 256, "-");
	}
}

void replicator_origin(const struct replicator *s, bool once, char out[96])
{
	snprintf(out, 96, "%s", once ? "" : s->from && s->origin ? s->origin : s->key);
}

enum replicator_need replicator_need(const struct replicator *source, const char *version, const char *once_version,
				     bool once)
{
	if (!version)
		return REPLICATOR_NEEDS;
	if (is(version, source->version))
		return REPLICATOR_HAS;
	if (!once && !replicator_is_true(source->once))
		return REPLICATOR_NEEDS;
	return !source->once_version || same(source->once_version, once_version) ? REPLICATOR_ONCE : REPLICATOR_NEEDS;
}

/* --- data --- */

bool replicator_holds_more(const json_t *object)
{
	const char *type = json_string_value(json_object_get(object, "type"));
	const json_t *data = json_object_get(object, "data");

	if (json_object_size(json_object_get(object, "binaryData")))
		return true;
	if (is(type, "kubernetes.io/ssh-auth"))
		return json_object_size(data) != 1 ||
		       !is(json_string_value(json_object_get(data, "ssh-privatekey")), "ZW1wdHk=");
	return json_object_size(data) > 0;
}

static bool same_map(const json_t *a, const json_t *b, const char *key)
{
	const json_t *x = json_object_get(a, key), *y = json_object_get(b, key);

	return (json_object_size(x) == 0 && json_object_size(y) == 0) || (x && y && json_equal(x, y));
}

bool replicator_same_data(const json_t *a, const json_t *b)
{
	return same_map(a, b, "data") && same_map(a, b, "binaryData");
}

bool replicator_same_type(const json_t *a, const json_t *b)
{
	return same(json_string_value(json_object_get(a, "type")), json_string_value(json_object_get(b, "type")));
}

/* --- whose copy it is --- */

bool replicator_is_far_copy(const struct world *w, const json_t *object, char ns[64], char name[64])
{
	const char *origin = whole_annotation(object, "fedcopy.dev/origin");
	const char *rule = whole_annotation(object, "fedcopy.dev/origin-rule");
	const char *id = api_server_id(w->members[0].home->api);

	if (!origin || !rule || strncmp(rule, "k8s-replicator", 14) != 0 || strncmp(origin, id, strlen(id)) != 0)
		return false;
	/* Whoever pushes the data of another is named too. */
	return split(rule[14] == '/' ? rule + 15 : origin + strlen(id) + 1, "", ns, name);
}

bool replicator_is_from(const struct world *w, const json_t *copy, const struct replicator *pusher)
{
	const char *origin = whole_annotation(copy, "fedcopy.dev/origin");
	const char *id = api_server_id(w->members[0].home->api);
	char ns[64], name[64];

	split(origin + strlen(id) + 1, "", ns, name);
	return is(pusher->from ? pusher->from_ns : pusher->ns, ns) &&
	       is(pusher->from ? pusher->from_name : pusher->name, name);
}

bool replicator_is_copy(const struct world *w, const struct member *on, const json_t *object, char ns[64],
			char name[64])
{
	struct replicator o;
	char origin[128];

	if (!object || !speaks_replicator(w))
		return false;
	if (on != &w->members[0])
		return replicator_is_far_copy(w, object, ns, name);
	/* Label and annotation of an ObjectSync make it its copy ("Whose it is"), whatever is forged besides. */
	if (object_sync_origin(w, on, object, origin))
		return false;
	if (!replicator_read(object, &o) || !o.by)
		return false;
	snprintf(ns, 64, "%s", o.by_ns);
	snprintf(name, 64, "%s", o.by_name);
	return is_path(o.by);
}

bool replicator_is_written(const json_t *object)
{
	return word(object, "replicate-from") || word(object, "replicated-by");
}

const char *replicator_state(const json_t *object, const char *key, char out[64])
{
	const char *text = whole_annotation(object, "fedcopy.dev/origin-state");
	json_t *state = text ? json_loads(text, 0, NULL) : NULL;
	const char *value = json_string_value(json_object_get(state, key));

	snprintf(out, 64, "%s", value ? value : "");
	value = value ? out : NULL;
	json_decref(state);
	return value;
}

const char *replicator_source(const struct world *w, const struct member *on, const json_t *object, char out[128])
{
	char ns[64], name[64];
	struct replicator o;

	if (!speaks_replicator(w) || !object)
		return NULL;
	if (on == &w->members[0] && replicator_read(object, &o) && replicator_pulls(&o)) {
		snprintf(out, 128, "%s/%s", o.from_ns, o.from_name);
		return out;
	}
	if (!replicator_is_copy(w, on, object, ns, name))
		return NULL;
	snprintf(out, 128, "%s/%s", ns, name);
	return out;
}

/* --- who has edited it --- */

static void edit_key(const char *id, const char *plural, const json_t *object, char out[256])
{
	const char *version = word(object, "replicated-from-version");

	if (!version)
		version = whole_annotation(object, "fedcopy.dev/origin-state");
	snprintf(out, 256, "%.8s %s/%s/%s %.64s", id, plural, fc_json_metadata(object, "namespace"),
		 fc_json_metadata(object, "name"), version ? version : "");
}

bool replicator_was_edited(const struct world *w, const struct member *on, const struct api_type *type,
			   const json_t *object)
{
	char key[256];

	edit_key(api_server_id(on->home->api), type->plural, object, key);
	return json_object_get(w->edited, key);
}

static bool same_words(const json_t *a, const json_t *b)
{
	static const char *const words[] = { "replicate-once",	       "replicate-once-version",
					     "replication-allowed",    "replication-allowed-namespaces",
					     "replicated-from-origin", "replicated-from-allowed" };

	for (size_t i = 0; i < FC_ARRAY_LEN(words); i++)
		if (!same(word(a, words[i]), word(b, words[i])))
			return false;
	return true;
}

void replicator_note_edit(struct world *w, const struct api_server *api, const json_t *before, const json_t *after)
{
	const char *plural = json_object_get(after, "type") ? "secrets" : "configmaps";
	char old[256], key[256];

	edit_key(api_server_id(api), plural, before, old);
	edit_key(api_server_id(api), plural, after, key);
	if (strcmp(old, key) == 0 && (!replicator_same_data(before, after) || !same_words(before, after)))
		json_object_set_new(w->edited, key, json_true());
}
