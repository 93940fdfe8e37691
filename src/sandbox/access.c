/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/access.h"

#include "base/hash.h"
#include "base/mem.h"
#include "json/decode.h"
#include "model/glob.h"
#include "sandbox/answer.h"

#include <string.h>

struct user {
	char *token, *name;
	/* Arrays of rules, checked when they were set. */
	json_t *deny, *allow;
	bool revoked;
	UT_hash_handle hh;
};

struct sb_access {
	struct user *users;
};

static struct user *add_user(struct sb_access *a, const char *token, const char *name)
{
	struct user *u;

	HASH_FIND_STR(a->users, token, u);
	if (u) {
		free(u->name);
		json_decref(u->deny);
		json_decref(u->allow);
		u->deny = u->allow = NULL;
	} else {
		u = fc_xcalloc(1, sizeof(*u));
		u->token = fc_xstrdup(token);
		HASH_ADD_KEYPTR(hh, a->users, u->token, strlen(u->token), u);
	}
	u->name = fc_xstrdup(name);
	return u;
}

struct sb_access *sb_access_new(const char *admin_token)
{
	struct sb_access *a = fc_xcalloc(1, sizeof(*a));

	add_user(a, admin_token, "admin");
	return a;
}

void sb_access_free(struct sb_access *a)
{
	struct user *u, *after;

	if (!a)
		return;
	HASH_ITER(hh, a->users, u, after) {
		HASH_DEL(a->users, u);
		free(u->token);
		free(u->name);
		json_decref(u->deny);
		json_decref(u->allow);
		free(u);
	}
	free(a);
}

/* --- rules --- */

static const char *const rule_members[] = { "verbs", "groups", "resources", "namespaces", "names", "nonResourceURLs" };

static bool is_rule_member(const char *member)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(rule_members); i++)
		if (strcmp(member, rule_members[i]) == 0)
			return true;
	return false;
}

static int check_rule(const json_t *rule, struct fc_error *err)
{
	const char *member;
	json_t *list, *word;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)rule, member, list) {
		if (!is_rule_member(member))
			return fc_error_set(err, FC_ERR_INVALID,
					    "\"%s\" is not known; there are verbs, groups, resources, "
					    "namespaces, names and nonResourceURLs",
					    member);
		if (!json_is_array(list))
			return fc_error_set(err, FC_ERR_INVALID, "%s has to be a list of strings", member);
		json_array_foreach(list, i, word)
			if (!json_is_string(word))
				return fc_error_set(err, FC_ERR_INVALID, "%s has to be a list of strings", member);
	}
	return 0;
}

static int check_rules(const json_t *entry, const char *member, struct fc_error *err)
{
	json_t *rules = json_object_get(entry, member), *rule;
	size_t i;

	if (rules && !json_is_array(rules))
		return fc_error_set(err, FC_ERR_INVALID, "\"%s\" has to be a list of rules", member);
	json_array_foreach(rules, i, rule)
		if (check_rule(rule, err) < 0)
			return fc_error_wrap(err, "%s", member);
	return 0;
}

int sb_access_set(struct sb_access *a, const json_t *entry, struct fc_error *err)
{
	const char *token = "", *name = "";
	bool revoked = false;
	struct user *u;

	if (fc_json_get_string(entry, "token", &token) != FC_JSON_FOUND || !*token ||
	    fc_json_get_string(entry, "user", &name) != FC_JSON_FOUND || !*name)
		return fc_error_set(err, FC_ERR_INVALID, "give \"token\" and \"user\", strings that are not empty");
	if (fc_json_get_bool(entry, "revoked", &revoked) == FC_JSON_WRONG_TYPE)
		return fc_error_set(err, FC_ERR_INVALID, "\"revoked\" has to be true or false");
	if (check_rules(entry, "deny", err) < 0 || check_rules(entry, "allow", err) < 0)
		return -1;
	u = add_user(a, token, name);
	u->deny = json_deep_copy(json_object_get(entry, "deny"));
	u->allow = json_deep_copy(json_object_get(entry, "allow"));
	u->revoked = revoked;
	return 0;
}

int sb_access_authenticate(struct sb_access *a, struct sb_call *call)
{
	const char *header = call->request->authorization;
	struct user *u = NULL;

	/* As kube-apiserver with its default flags: who shows no token is anonymous, who shows a wrong one is refused.
	 */
	call->user = "system:anonymous";
	if (strncasecmp(header, "Bearer ", 7) != 0)
		return 0;
	HASH_FIND_STR(a->users, header + 7, u);
	if (!u || u->revoked)
		return sb_refuse(call, 401, "Unauthorized", NULL, "Unauthorized");
	call->user = u->name;
	call->deny = u->deny;
	call->allow = u->allow;
	return 0;
}

/* --- judging --- */

/* An absent list names everything. */
static bool names(const json_t *rule, const char *member, const char *value)
{
	const json_t *list = json_object_get(rule, member);
	size_t i;
	json_t *word;

	if (!list)
		return true;
	json_array_foreach(list, i, word)
		if (fc_glob_match((struct fc_glob){ json_string_value(word), json_string_length(word) }, value))
			return true;
	return false;
}

/* As kube-apiserver: who lists or watches one object by its name asks for that object. "" where there is no name; the
 * caller frees. */
static char *name_of(const struct sb_call *call)
{
	static const char by_name[] = "metadata.name=";
	FC_AUTO_FREE char *terms = fc_xstrdup(sb_call_param(call, "fieldSelector"));
	char *rest = terms, *term;

	while (!*call->name && (term = strsep(&rest, ",")))
		if (strncmp(term, by_name, sizeof(by_name) - 1) == 0) {
			term += sizeof(by_name) - 1;
			return fc_xstrdup(*term == '=' ? term + 1 : term);
		}
	return fc_xstrdup(call->name);
}

static bool rule_fits(const struct sb_call *call, const json_t *rule, const char *resource)
{
	bool document = json_object_get(rule, "nonResourceURLs");
	FC_AUTO_FREE char *name = name_of(call);

	if (document != !sb_call_is_resource(call))
		return false;
	if (document)
		return names(rule, "nonResourceURLs", call->request->path);
	return names(rule, "verbs", sb_verb_name(call->verb)) && names(rule, "groups", call->group) &&
	       names(rule, "resources", resource) && names(rule, "namespaces", call->ns) && names(rule, "names", name);
}

/* Who is anonymous may see health and version, and nothing else. */
static bool anonymous_may(const struct sb_call *call)
{
	static const char *const open[] = { "/healthz", "/livez", "/readyz", "/version", "/version/" };
	size_t len = strcspn(call->request->path, "?");

	for (size_t i = 0; i < FC_ARRAY_LEN(open); i++)
		if (strlen(open[i]) == len && strncmp(open[i], call->request->path, len) == 0)
			return true;
	return false;
}

static bool any_fits(const struct sb_call *call, const json_t *rules, const char *resource)
{
	size_t i;
	json_t *rule;

	json_array_foreach(rules, i, rule)
		if (rule_fits(call, rule, resource))
			return true;
	return false;
}

static bool is_denied(const struct sb_call *call, const char *resource)
{

	if (strcmp(call->user, "system:anonymous") == 0)
		return !anonymous_may(call);
	if (any_fits(call, call->deny, resource))
		return true;
	/* Whoever is known may discover what is served. */
	return call->allow && sb_call_is_resource(call) && !any_fits(call, call->allow, resource);
}

static int forbid_resource(struct sb_call *call, const char *resource)
{
	const char *dot = *call->group ? "." : "", *ns = call->ns;
	FC_AUTO_FREE char *name = name_of(call);
	bool namespace = !*call->group && strcmp(call->plural, "namespaces") == 0 && *call->name;
	FC_AUTO_FREE char *what =
		fc_xasprintf(*name ? "%s%s%s \"%s\"" : "%s%s%s", call->plural, dot, call->group, name);
	FC_AUTO_FREE char *where = NULL;

	/* A Namespace is judged as something in itself. */
	if (namespace)
		ns = call->name;
	where = *ns ? fc_xasprintf("in the namespace \"%s\"", ns) : fc_xstrdup("at the cluster scope");
	return sb_refuse(call, 403, "Forbidden", sb_details(name, call->group, call->plural),
			 "%s is forbidden: User \"%s\" cannot %s resource \"%s\" in API group \"%s\" %s", what,
			 call->user, sb_verb_name(call->verb), resource, call->group, where);
}

int sb_access_authorize(struct sb_access *a FC_UNUSED, struct sb_call *call)
{
	FC_AUTO_FREE char *resource =
		*call->subresource ? fc_xasprintf("%s/%s", call->plural, call->subresource) : fc_xstrdup(call->plural);
	FC_AUTO_FREE char *method = NULL;

	if (!is_denied(call, resource))
		return 0;
	if (sb_call_is_resource(call))
		return forbid_resource(call, resource);
	method = fc_xstrdup(call->request->method);
	for (char *c = method; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	return sb_refuse(call, 403, "Forbidden", json_object(), "forbidden: User \"%s\" cannot %s path \"%.*s\"",
			 call->user, method, (int)strcspn(call->request->path, "?"), call->request->path);
}
