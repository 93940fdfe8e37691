/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cruelty_parts.h"

#include "base/buf.h"
#include "base/duration.h"
#include "base/mem.h"
#include "json/decode.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const names[SB_CRUELTY_KINDS] = {
	[SB_LATENCY] = "latency",
	[SB_HANG] = "hang",
	[SB_SILENT_WATCH] = "silent-watch",
	[SB_CUT_WATCH] = "cut-watch",
	[SB_DOUBLED_EVENT] = "doubled-event",
	[SB_LATE_EVENT] = "late-event",
	[SB_SKIPPED_BOOKMARK] = "skipped-bookmark",
	[SB_GONE_WATCH] = "gone-watch",
	[SB_GONE_CONTINUE] = "gone-continue",
	[SB_CONFLICT] = "conflict",
	[SB_THROTTLE] = "throttle",
	[SB_ERROR_500] = "error",
	[SB_BAD_GATEWAY] = "bad-gateway",
	[SB_UNAVAILABLE] = "unavailable",
	[SB_TIMEOUT_DONE] = "timeout-done",
	[SB_RESET_BEFORE] = "reset-before",
	[SB_RESET_AFTER] = "reset-after",
	[SB_GOAWAY] = "goaway",
	[SB_REFUSED_STREAM] = "refused-stream",
	[SB_FEW_STREAMS] = "few-streams",
	[SB_OTHER_CERTIFICATE] = "other-certificate",
	[SB_TOKEN_REFUSED] = "token-refused",
	[SB_SLOW_BYTES] = "slow-bytes",
	[SB_REFUSED_CONNECTION] = "refused-connection",
	[SB_STALE_LIST] = "stale-list",
	[SB_BROKEN_GROUP] = "broken-group",
	[SB_MUTATE] = "mutate",
};

const char *sb_cruelty_name(enum sb_cruelty_kind kind)
{
	return names[kind];
}

/* The members of a rule, but kind, share, set and prune. */
enum form { TEXT, NUMBER, SPAN };
static const struct {
	const char *name;
	enum form form;
	size_t at;
	int64_t ground; /* when it is not given */
} members[] = {
	{ "verb", TEXT, offsetof(struct sb_cruelty_rule, verb), 0 },
	{ "resource", TEXT, offsetof(struct sb_cruelty_rule, resource), 0 },
	{ "namespace", TEXT, offsetof(struct sb_cruelty_rule, ns), 0 },
	{ "name", TEXT, offsetof(struct sb_cruelty_rule, name), 0 },
	{ "agent", TEXT, offsetof(struct sb_cruelty_rule, agent), 0 },
	{ "group", TEXT, offsetof(struct sb_cruelty_rule, group), 0 },
	{ "after", SPAN, offsetof(struct sb_cruelty_rule, after_ms), 0 },
	{ "for", SPAN, offsetof(struct sb_cruelty_rule, for_ms), -1 },
	{ "delay", SPAN, offsetof(struct sb_cruelty_rule, ms), 1000 },
	{ "jitter", SPAN, offsetof(struct sb_cruelty_rule, jitter_ms), 0 },
	{ "count", NUMBER, offsetof(struct sb_cruelty_rule, count), -1 },
	{ "retryAfter", NUMBER, offsetof(struct sb_cruelty_rule, retry_after), -1 },
	{ "streams", NUMBER, offsetof(struct sb_cruelty_rule, streams), 100 },
	{ "bytesPerSecond", NUMBER, offsetof(struct sb_cruelty_rule, bytes_per_second), 1000 },
	{ "back", NUMBER, offsetof(struct sb_cruelty_rule, back), 1 },
};

static char **text_at(struct sb_cruelty_rule *r, size_t i)
{
	return (char **)(void *)((char *)r + members[i].at);
}

static int64_t *number_at(struct sb_cruelty_rule *r, size_t i)
{
	return (int64_t *)(void *)((char *)r + members[i].at);
}

static int find_kind(const char *word, enum sb_cruelty_kind *kind)
{
	for (unsigned i = 0; word && i < SB_CRUELTY_KINDS; i++) {
		if (strcmp(names[i], word) == 0) {
			*kind = (enum sb_cruelty_kind)i;
			return 0;
		}
	}
	return -1;
}

static int refuse_kind(const char *word, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf all = FC_BUF_INIT;

	for (unsigned i = 0; i < SB_CRUELTY_KINDS; i++)
		fc_buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
	return fc_error_set(err, FC_ERR_INVALID, "\"%s\" is no kind of cruelty; there are %s", word, fc_buf_str(&all));
}

static int read_member(struct sb_cruelty_rule *r, size_t i, const json_t *value, struct fc_error *err)
{
	const char *name = members[i].name;

	switch (members[i].form) {
	case TEXT:
		if (!json_is_string(value))
			return fc_error_set(err, FC_ERR_INVALID, "%s has to be a string, a glob", name);
		free(*text_at(r, i));
		*text_at(r, i) = fc_xstrdup(json_string_value(value));
		return 0;
	case NUMBER:
		if (!json_is_integer(value) || json_integer_value(value) < -1)
			return fc_error_set(err, FC_ERR_INVALID, "%s has to be a whole number", name);
		*number_at(r, i) = json_integer_value(value);
		return 0;
	case SPAN:
		if (!json_is_string(value) || fc_duration_parse(json_string_value(value), number_at(r, i), err) < 0)
			return fc_error_set(err, FC_ERR_INVALID, "%s has to be a duration such as 500ms or 1m30s",
					    name);
		return 0;
	}
	return 0;
}

static int read_any(struct sb_cruelty_rule *r, const char *name, json_t *value, struct fc_error *err)
{
	if (strcmp(name, "kind") == 0)
		return 0;
	if (strcmp(name, "share") == 0) {
		r->share = json_number_value(value);
		if (!json_is_number(value) || r->share < 0 || r->share > 1)
			return fc_error_set(err, FC_ERR_INVALID, "share has to be a number from 0 to 1");
		return 0;
	}
	if (strcmp(name, "set") == 0 || strcmp(name, "prune") == 0) {
		json_t **to = *name == 's' ? &r->set : &r->prune;

		if (*name == 's' ? !json_is_object(value) : !json_is_array(value))
			return fc_error_set(err, FC_ERR_INVALID,
					    "set has to be an object, prune a list of JSON Pointers");
		json_decref(*to);
		*to = json_incref(value);
		return 0;
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return read_member(r, i, value, err);
	return fc_error_set(err, FC_ERR_INVALID, "\"%s\" is no member of a rule; docs/sandbox.md lists them", name);
}

static void rule_fini(struct sb_cruelty_rule *r)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++)
		if (members[i].form == TEXT)
			free(*text_at(r, i));
	json_decref(r->set);
	json_decref(r->prune);
}

int sb_cruelty_read(const json_t *rule, struct sb_cruelty_rule *out, struct fc_error *err)
{
	struct sb_cruelty_rule r = { .share = 1 };
	const char *kind = NULL, *name;
	json_t *value;

	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++)
		if (members[i].form != TEXT)
			*number_at(&r, i) = members[i].ground;
	if (fc_json_get_string(rule, "kind", &kind) != FC_JSON_FOUND || find_kind(kind, &r.kind) < 0)
		return refuse_kind(kind ?: "", err);
	json_object_foreach((json_t *)(uintptr_t)rule, name, value) {
		if (read_any(&r, name, value, err) < 0) {
			rule_fini(&r);
			return -1;
		}
	}
	*out = r;
	return 0;
}

static json_t *show_member(struct sb_cruelty_rule *r, size_t i)
{
	char span[32];

	if (members[i].form == TEXT)
		return *text_at(r, i) ? json_string(*text_at(r, i)) : NULL;
	if (*number_at(r, i) == members[i].ground)
		return NULL;
	if (members[i].form == NUMBER)
		return json_integer(*number_at(r, i));
	snprintf(span, sizeof(span), "%lldms", (long long)*number_at(r, i));
	return json_string(span);
}

json_t *sb_cruelty_show(const struct sb_cruelty_rule *rule)
{
	struct sb_cruelty_rule copy = *rule;
	json_t *out = json_pack("{s:I, s:s, s:f, s:I}", "id", (json_int_t)rule->id, "kind", names[rule->kind], "share",
				rule->share, "met", (json_int_t)rule->met);

	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++) {
		json_t *value = show_member(&copy, i);

		if (value)
			json_object_set_new(out, members[i].name, value);
	}
	if (rule->set)
		json_object_set(out, "set", rule->set);
	if (rule->prune)
		json_object_set(out, "prune", rule->prune);
	return out;
}

/* --- flags --- */

/* Numbers are numbers, and all else is text. */
static json_t *flag_value(const char *text)
{
	json_t *number = *text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	if (json_is_number(number) || json_is_object(number) || json_is_array(number))
		return number;
	json_decref(number);
	return json_string(text);
}

json_t *sb_cruelty_parse_flag(const char *text, struct fc_error *err)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(text);
	char *rest = copy, *piece = strsep(&rest, ",");
	json_t *rule = json_pack("{s:s}", "kind", piece);
	struct sb_cruelty_rule checked;

	while (rule && (piece = strsep(&rest, ","))) {
		char *value = strchr(piece, '=');

		if (!value) {
			fc_error_set(err, FC_ERR_USAGE, "\"%s\" has to be MEMBER=VALUE", piece);
			json_decref(rule);
			return NULL;
		}
		*value++ = '\0';
		json_object_set_new(rule, piece, flag_value(value) ?: json_string(""));
	}
	if (!rule || sb_cruelty_read(rule, &checked, err) < 0) {
		json_decref(rule);
		return NULL;
	}
	rule_fini(&checked);
	return rule;
}
