/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule says, from its text alone, and who may read for whom: design sections 5 and 7 in the plainest way. */
#include "world_parts.h"

#include <stdio.h>

/* --- a rule's text --- */

static bool is_label(const char *s, size_t len)
{
	if (len == 0 || len > 30)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') ||
		      (s[i] == '-' && i > 0 && i + 1 < len)))
			return false;
	return true;
}

/* Identity fields, and what the rules themselves stand in. */
static bool may_not_be_written(const struct place *p)
{
	static const char *const fields[] = { "name",
					      "generateName",
					      "namespace",
					      "uid",
					      "resourceVersion",
					      "generation",
					      "creationTimestamp",
					      "deletionTimestamp",
					      "managedFields",
					      "selfLink",
					      "ownerReferences",
					      "finalizers",
					      "deletionGracePeriodSeconds" };

	if (strcmp(p->text[0], "apiVersion") == 0 || strcmp(p->text[0], "kind") == 0)
		return true;
	if (strcmp(p->text[0], "metadata") != 0)
		return false;
	if (p->count == 1 || (p->count == 2 && strcmp(p->text[1], "annotations") == 0))
		return true;
	for (size_t i = 0; i < FC_ARRAY_LEN(fields); i++)
		if (strcmp(p->text[1], fields[i]) == 0)
			return true;
	return false;
}

static bool read_instance(struct wish *r, const char *text, size_t len)
{
	const char *end = text + len, *first = memchr(text, '/', len);
	const char *second = first ? memchr(first + 1, '/', (size_t)(end - first - 1)) : NULL;
	const char *ns = text, *name = text;

	if (second && memchr(second + 1, '/', (size_t)(end - second - 1)))
		return false;
	if (second) {
		if (!is_label(text, (size_t)(first - text)))
			return false;
		r->names_cluster = true;
		snprintf(r->cluster, sizeof(r->cluster), "%.*s", (int)(first - text), text);
		ns = first + 1;
		first = second;
	}
	if (first) {
		r->names_ns = true;
		snprintf(r->ns, sizeof(r->ns), "%.*s", (int)(first - ns), ns);
		if (first != ns && !is_label(ns, (size_t)(first - ns)))
			return false;
		name = first + 1;
	}
	snprintf(r->name, sizeof(r->name), "%.*s", (int)(end - name), name);
	return r->name[0] != '\0';
}

static bool read_value(struct wish *r, const char *value)
{
	const char *first, *second;

	if (strncmp(value, "json:", 5) == 0) {
		r->literal = json_loads(value + 5, JSON_DECODE_ANY, NULL);
		return r->literal;
	}
	first = strchr(value, ':');
	second = first ? strchr(first + 1, ':') : NULL;
	if (!second || first == value)
		return false;
	snprintf(r->word, sizeof(r->word), "%.*s", (int)(first - value), value);
	return read_instance(r, first + 1, (size_t)(second - first - 1)) && place_parse(&r->from, second + 1, false);
}

static int by_place(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;

	for (unsigned i = 0; i < x->to.count && i < y->to.count; i++) {
		int order = strcmp(x->to.text[i], y->to.text[i]);

		if (order)
			return order;
	}
	if (x->to.count != y->to.count)
		return x->to.count < y->to.count ? -1 : 1;
	return strcmp(x->key, y->key);
}

unsigned wishes_of(const json_t *object, struct wish *out, unsigned most)
{
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations"), *value;
	unsigned count = 0;
	const char *key;

	json_object_foreach(annotations, key, value) {
		struct wish *r = &out[count];

		if (strncmp(key, "k8s-copier.fig.org/", 19) != 0 || count == most)
			continue;
		*r = (struct wish){ .object = object };
		count++;
		if (strncmp(key, RULE_PREFIX, strlen(RULE_PREFIX)) != 0) {
			snprintf(r->key, sizeof(r->key), "%s", key);
			r->invalid = true;
			continue;
		}
		snprintf(r->key, sizeof(r->key), "%s", key + strlen(RULE_PREFIX));
		if (!place_parse(&r->to, r->key, true)) {
			snprintf(r->key, sizeof(r->key), "%s", key);
			r->invalid = true;
		} else {
			r->invalid = !read_value(r, json_string_value(value)) || may_not_be_written(&r->to);
		}
	}
	/* The order in which they are applied: a parent before its children. */
	if (count)
		qsort(out, count, sizeof(*out), by_place);
	return count;
}

bool wishes_any(const json_t *object)
{
	struct wish one;
	unsigned count = wishes_of(object, &one, 1);

	wishes_free(&one, count);
	return count > 0;
}

void wishes_free(struct wish *r, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		json_decref(r[i].literal);
}

/* --- its source --- */

static const char *ns_of(const json_t *object)
{
	return json_string_value(json_object_get(json_object_get(object, "metadata"), "namespace")) ?: "";
}

void wish_find(struct world *w, struct wish *r)
{
	r->source_member = r->names_cluster ? world_member(w, r->cluster) : &w->members[0];
	r->source_type = NULL;
	r->source = NULL;
	if (r->invalid || r->literal || !r->source_member)
		return;
	r->source_type = world_type_of_word(r->source_member->home->api, r->word);
	if (!r->source_type)
		return;
	r->source_ns = r->names_ns ? r->ns : r->source_type->namespaced ? ns_of(r->object) : "";
	if (r->source_type->namespaced == (*r->source_ns != '\0'))
		r->source = api_server_object(r->source_member->home->api, r->source_type->group,
					      r->source_type->plural, r->source_ns, r->name);
}

/* --- section 7 --- */

static bool is_system(const char *ns)
{
	return strcmp(ns, "kube-system") == 0 || strcmp(ns, "kube-public") == 0 || strcmp(ns, "kube-node-lease") == 0;
}

static bool glob(const char *p, const char *end, const char *name)
{
	if (p == end)
		return !*name;
	if (*p == '*')
		return glob(p + 1, end, name) || (*name && glob(p, end, name + 1));
	return *p == *name && glob(p + 1, end, name + 1);
}

static bool glob_ns(const char *p, const char *end, const char *ns)
{
	return !(is_system(ns) && memchr(p, '*', (size_t)(end - p))) && glob(p, end, ns);
}

static bool in_list(const char *list, const char *name, bool is_ns)
{
	while (list && *list) {
		const char *end = list + strcspn(list, ",");

		if (end != list && (is_ns ? glob_ns(list, end, name) : glob(list, end, name)))
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

static bool end_fits(const char *pattern, const char *cluster, const char *ns)
{
	const char *slash = strchr(pattern, '/');

	return glob(pattern, slash, cluster) && glob_ns(slash + 1, slash + strlen(slash), ns);
}

static bool resource_fits(const char *word, const struct api_type *t)
{
	char full[96];

	snprintf(full, sizeof(full), "%s%s%s", t->plural, *t->group ? "." : "", t->group);
	return glob(word, word + strlen(word), t->plural) || glob(word, word + strlen(word), full);
}

/* Row d. */
static bool operator_permits(const struct world *w, const struct wish *r, const struct api_type *t,
			     const struct member *from, const char *from_ns)
{
	json_t *entry, *word;
	size_t i, k;

	if (w->allow_all)
		return true;
	json_array_foreach(w->permissions, i, entry) {
		if (!end_fits(json_string_value(json_object_get(entry, "from")), from->name, from_ns) ||
		    !end_fits(json_string_value(json_object_get(entry, "to")), r->member->name, ns_of(r->object)))
			continue;
		json_array_foreach(json_object_get(entry, "resources"), k, word)
			if (resource_fits(json_string_value(word), t))
				return true;
	}
	return false;
}

static const char *mark(const json_t *object, const char *key)
{
	return json_string_value(
		json_object_get(json_object_get(json_object_get(object, "metadata"), "annotations"), key));
}

/* Row c, of one object that may say it, to whoever reads from namespace `ns`. */
static bool consents(const struct world *w, const struct wish *r, const json_t *object, const char *ns)
{
	bool own = r->source_member == r->member ||
		   (r->source_member == &w->members[0] && r->member->reads == FC_READS_SAME_NAMESPACE);

	if (!object)
		return false;
	return (strcmp(ns, r->source_ns) == 0 || in_list(mark(object, "fedcopy.dev/allow-namespaces"), ns, true)) &&
	       (own || in_list(mark(object, "fedcopy.dev/allow-clusters"), r->member->name, false));
}

static bool holds_secrets(const struct api_type *t)
{
	return strcmp(t->plural, "secrets") == 0 || strncmp(t->kind, "Federated", 9) == 0;
}

bool wish_allowed(struct world *w, const struct wish *r, const struct said *said)
{
	const char *ns = ns_of(r->object);
	const struct member *from = r->literal ? r->member : r->source_member;
	const char *from_ns = r->literal ? ns : r->source_ns;
	bool guarded = r->type == world_types[ROLES] || strcmp(r->to.text[0], "status") == 0;
	bool across = from != r->member;

	if (guarded && !operator_permits(w, r, r->type, from, from_ns))
		return false;
	if (r->literal)
		return !is_system(ns) || operator_permits(w, r, r->type, from, from_ns);
	if (across && r->member->reads == FC_READS_NONE)
		return false;
	if (operator_permits(w, r, r->source_type, from, from_ns))
		return true;
	if (!*from_ns || !*ns || is_system(from_ns) || is_system(ns) ||
	    (holds_secrets(r->source_type) && !holds_secrets(r->type)))
		return false;
	if (strcmp(ns, from_ns) == 0 &&
	    (!across || (from == &w->members[0] && r->member->reads == FC_READS_SAME_NAMESPACE)))
		return true;
	return consents(w, r, said->source, ns) || consents(w, r, said->source_space, ns);
}

bool copy_allowed(struct world *w, const struct api_type *type, const json_t *source, struct member *to, const char *ns,
		  bool generous)
{
	return copy_allowed_from(w, type, ns_of(source), source, to, ns, true, generous);
}

bool copy_is_permitted_by_operator(const struct world *w, const struct api_type *type, const char *from_ns,
				   struct member *to, const char *ns)
{
	json_t *target = json_pack("{s:{s:s}}", "metadata", "namespace", ns);
	struct wish r = { .member = to, .type = type, .object = target };
	bool permits = operator_permits(w, &r, type, &w->members[0], from_ns);

	json_decref(target);
	return permits;
}

/* `reader`: whose namespace row c is to name; NULL: the rule itself is the source's consent. */
static bool may_be_copied(struct world *w, const struct api_type *type, const char *from_ns, const json_t *source,
			  struct member *to, const char *ns, const char *reader, bool generous)
{
	json_t *target = json_pack("{s:{s:s}}", "metadata", "namespace", ns);
	struct wish r = { .member = to,
			  .type = type,
			  .object = target,
			  .source_member = &w->members[0],
			  .source_type = type,
			  .source_ns = from_ns };
	struct api_server *home = w->members[0].home->api;
	bool across = to != &w->members[0], allowed;

	if (across && to->reads == FC_READS_NONE)
		allowed = false;
	else if (operator_permits(w, &r, type, &w->members[0], from_ns))
		allowed = true;
	else if (is_system(ns) || is_system(from_ns))
		allowed = false;
	else if (!reader && !(across && to->reads == FC_READS_CONSENTED))
		allowed = true; /* Secrets and ConfigMaps are plain */
	else
		allowed = generous || consents(w, &r, source, reader ? reader : ns) ||
			  consents(w, &r, api_server_object(home, "", "namespaces", "", from_ns), reader ? reader : ns);
	json_decref(target);
	return allowed;
}

bool copy_allowed_from(struct world *w, const struct api_type *type, const char *from_ns, const json_t *source,
		       struct member *to, const char *ns, bool said, bool generous)
{
	return may_be_copied(w, type, from_ns, source, to, ns, said ? NULL : ns, generous);
}

bool copy_allowed_for(struct world *w, const struct api_type *type, const char *from_ns, const json_t *source,
		      struct member *to, const char *ns, const char *asker, bool generous)
{
	const char *reader = strcmp(from_ns, ns) == 0 ? asker : ns;

	return may_be_copied(w, type, from_ns, source, to, ns, strcmp(from_ns, asker) == 0 ? NULL : reader, generous);
}
