/* SPDX-License-Identifier: Apache-2.0 */
/* What people and other controllers do to objects. They use the API like everybody, and know nothing of fedcopy. */
#include "dialects_parts.h"
#include "replicator_parts.h"
#include "world_parts.h"

#include <stdio.h>

static json_t *metadata_of(const json_t *object)
{
	return json_object_get(object, "metadata");
}

static json_t *member_map(json_t *object, const char *key)
{
	json_t *map = json_object_get(object, key);

	if (!json_is_object(map)) {
		map = json_object();
		json_object_set_new(object, key, map);
	}
	return map;
}

json_t *user_object(struct world *w, struct dice *d, unsigned type, const char *ns, const char *name)
{
	json_t *o = json_pack("{s:{s:s}}", "metadata", "name", name), *into;

	if (*ns)
		json_object_set_new(metadata_of(o), "namespace", json_string(ns));
	if (type == SECRETS || type == CONFIG_MAPS) {
		into = member_map(o, "data");
		json_object_set_new(into, "a", user_value(w, d, type, 0));
		if (dice_chance(d, 60))
			json_object_set_new(into, "b", user_value(w, d, type, 0));
		if (dice_chance(d, 40))
			json_object_set_new(into, "tls.crt", user_value(w, d, type, 0));
		return o;
	}
	json_object_set_new(o, "kind", json_string(world_types[type]->kind));
	json_object_set_new(o, "apiVersion",
			    json_sprintf("%s/%s", world_types[type]->group, world_types[type]->version));
	into = member_map(o, "spec");
	if (type == FEDERATED) {
		into = member_map(member_map(into, "template"), "data");
		json_object_set_new(into, "a", user_value(w, d, type, 0));
		return o;
	}
	json_object_set_new(into, "a", user_value(w, d, type, 0));
	json_object_set_new(into, "b", user_value(w, d, type, 1));
	if (dice_chance(d, 50))
		json_object_set_new(into, "list", user_values(w, d, type, 0, 1));
	if (dice_chance(d, 30))
		json_object_set_new(into, "x.y", user_value(w, d, type, 0));
	return o;
}

static bool send(struct world *w, struct sim_server *s, const char *method, const char *path, const json_t *body)
{
	struct api_answer a;
	bool done;

	api_server_set_time(s->api, 1700000000 + w->now_ms / 1000);
	a = world_server_write(w, s, method, path, "application/json", body);
	done = a.status < 300;
	if (w->told) {
		char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

		world_say(w, "  user %s %.8s%s %s: %d", method, api_server_id(s->api), path, text ? text : "",
			  a.status);
		free(text);
	}
	api_answer_fini(&a);
	return done;
}

bool user_put(struct world *w, struct sim_server *s, const struct api_type *t, const char *ns, const char *name,
	      json_t *object)
{
	const json_t *old = api_server_object(s->api, t->group, t->plural, ns, name);
	char path[256];
	bool done;

	world_type_path(t, ns, old ? name : NULL, path);
	if (!object)
		return old && send(w, s, "DELETE", path, NULL);
	/* Whoever edits has just read, or wants no check. */
	done = send(w, s, old ? "PUT" : "POST", path, object);
	if (done && t->status && json_object_get(object, "status")) {
		json_object_del(metadata_of(object), "resourceVersion");
		json_object_set(metadata_of(object), "resourceVersion",
				json_object_get(metadata_of(api_server_object(s->api, t->group, t->plural, ns, name)),
						"resourceVersion"));
		world_type_path(t, ns, name, path);
		strcat(path, "/status");
		send(w, s, "PUT", path, object);
	}
	json_decref(object);
	return done;
}

/* --- which object --- */

struct found {
	struct dice *d;
	unsigned met;
	bool with_rules;
	const struct api_type *type;
	const json_t *object;
};

static bool has_rules(const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(metadata_of(object), "annotations"), key, value)
		if (strncmp(key, RULE_PREFIX, strlen(RULE_PREFIX)) == 0)
			return true;
	return false;
}

static unsigned number_of(const struct api_type *t)
{
	unsigned i = 0;

	while (i < TYPES && world_types[i] != t)
		i++;
	return i;
}

static void find_one(void *user, const struct api_type *type, const json_t *object)
{
	struct found *f = user;

	if (number_of(type) == TYPES || (f->with_rules && !has_rules(object)))
		return;
	if (dice_below(f->d, ++f->met) != 0)
		return;
	f->type = type;
	f->object = object;
}

static const char *ns_of(const json_t *object)
{
	return json_string_value(json_object_get(metadata_of(object), "namespace")) ?: "";
}

static const char *name_of(const json_t *object)
{
	return json_string_value(json_object_get(metadata_of(object), "name"));
}

static struct found find(struct dice *d, struct sim_server *s, bool with_rules)
{
	struct found f = { .d = d, .with_rules = with_rules };

	api_server_each(s->api, find_one, &f);
	return f;
}

/* --- edits --- */

static struct sim_server *server_of(struct world *w, const char *plural, const json_t *object)
{
	(void)plural;
	for (unsigned i = 0; i < w->server_count; i++)
		for (unsigned t = 0; t < TYPES; t++)
			if (api_server_object(w->servers[i].api, world_types[t]->group, world_types[t]->plural,
					      ns_of(object), name_of(object)) == object)
				return &w->servers[i];
	return NULL;
}

/* An object that a rule of another reads, if the first that is found has one. */
static struct found find_source(struct world *w, struct dice *d, struct sim_server **s)
{
	struct found f = find(d, *s, true);
	struct wish wishes[MOST_WISHES];
	unsigned count;

	if (!f.object)
		return find(d, *s, false);
	count = wishes_of(f.object, wishes, MOST_WISHES);
	for (unsigned i = 0, from = dice_below(d, count ? count : 1); i < count; i++) {
		struct wish *r = &wishes[(i + from) % count];

		r->type = f.type;
		wish_find(w, r);
		if (!r->source || r->source == f.object)
			continue;
		f.type = r->source_type;
		f.object = r->source;
		*s = server_of(w, f.type->plural, f.object);
		break;
	}
	wishes_free(wishes, count);
	return f;
}

static json_t *content_map(json_t *o, unsigned type, struct dice *d)
{
	if (type == SECRETS || type == CONFIG_MAPS)
		return member_map(o, "data");
	if (type == FEDERATED)
		return member_map(member_map(member_map(o, "spec"), "template"), "data");
	if (type == GADGETS && dice_chance(d, 15))
		return member_map(o, "status");
	return member_map(o, "spec");
}

static void change_content(struct world *w, struct dice *d, unsigned type, json_t *o)
{
	bool plain = type == SECRETS || type == CONFIG_MAPS || type == FEDERATED;
	static const char *const keys[2][6] = { { "a", "b", "list", "x.y", "x", "size" },
						{ "a", "b", "tls.crt", "a", "b", "a" } };
	const char *key = keys[plain][dice_below(d, 6)];
	json_t *into = content_map(o, type, d);

	if (dice_chance(d, 8)) {
		json_object_set_new(member_map(metadata_of(o), "labels"), "team", json_sprintf("t%u", ++w->values));
		return;
	}
	if (dice_chance(d, 15))
		json_object_del(into, key);
	else if (!plain && strcmp(key, "list") == 0)
		json_object_set_new(into, key, user_values(w, d, type, 1, 0));
	else
		json_object_set_new(into, key, user_value(w, d, type, 1));
}

static void edit_source(struct world *w, struct dice *d, struct sim_server *s)
{
	struct found f = find_source(w, d, &s);
	json_t *o;

	if (!f.object || !s)
		return;
	o = json_deep_copy(f.object);
	change_content(w, d, number_of(f.type), o);
	user_put(w, s, f.type, ns_of(o), name_of(o), o);
}

/* What lies at a rule's place is changed, or lies beside it. */
static void edit_target(struct world *w, struct dice *d, struct sim_server *s)
{
	struct found f = find(d, s, true);
	struct wish wishes[MOST_WISHES];
	unsigned count, type;
	json_t *o, *value;

	if (!f.object)
		return;
	o = json_deep_copy(f.object);
	type = number_of(f.type);
	count = wishes_of(f.object, wishes, MOST_WISHES);
	if (count && dice_chance(d, 80) && wishes[0].to.count) {
		const struct wish *r = &wishes[dice_below(d, count)];

		value = user_value(w, d, type, r->to.count == 1 ? 0 : 1);
		if (r->to.count > 0 && (r->to.count > 1 || json_is_object(value)))
			place_set(&r->to, o, value);
		json_decref(value);
	} else {
		change_content(w, d, type, o);
	}
	wishes_free(wishes, count);
	user_put(w, s, f.type, ns_of(o), name_of(o), o);
}

static void drop_a_rule(struct dice *d, json_t *o)
{
	json_t *annotations = json_object_get(metadata_of(o), "annotations"), *value;
	unsigned met = 0;
	const char *key, *chosen = NULL;

	json_object_foreach(annotations, key, value)
		if (strncmp(key, RULE_PREFIX, strlen(RULE_PREFIX)) == 0 && dice_below(d, ++met) == 0)
			chosen = key;
	if (chosen)
		json_object_del(annotations, chosen);
}

static void edit_rule(struct world *w, struct dice *d, struct sim_server *s)
{
	struct found f = find(d, s, dice_chance(d, 60));
	json_t *o;

	/* Whose copy something is, is not for users to say; and what is one bears no rules. */
	if (!f.object || !(w->speaks & SPEAKS_PATHS) || ((w->speaks & SPEAKS_COPY_TEST) && copy_is_somebodys(f.object)))
		return;
	o = json_deep_copy(f.object);
	if (dice_chance(d, 35))
		drop_a_rule(d, o);
	else
		user_new_rule(w, d, s, number_of(f.type), o);
	user_put(w, s, f.type, ns_of(o), name_of(o), o);
}

static void create(struct world *w, struct dice *d, struct sim_server *s)
{
	static const unsigned common[] = { SECRETS, SECRETS, CONFIG_MAPS, CONFIG_MAPS, GADGETS,
					   GADGETS, WIDGETS, FEDERATED,	  ZONES,       ROLES };
	unsigned type = common[dice_below(d, FC_ARRAY_LEN(common))];
	const char *ns = type == ZONES ? "" : world_spaces[dice_chance(d, 93) ? dice_below(d, SPACES - 1) : SPACES - 1];
	const struct api_type *t = world_types[type];
	char name[8];
	json_t *o;

	snprintf(name, sizeof(name), "o%u", dice_below(d, NAMES));
	if (api_server_object(s->api, t->group, t->plural, ns, name))
		return;
	o = user_object(w, d, type, ns, name);
	for (unsigned n = dice_chance(d, 65) ? 1 + dice_below(d, 3) : 0; n > 0; n--)
		user_new_rule(w, d, s, type, o);
	if ((w->speaks & SPEAKS_KOPY) && type <= CONFIG_MAPS && dice_chance(d, 35))
		dialects_new_source(d, type, o);
	if (speaks_replicator(w) && type <= CONFIG_MAPS && dice_chance(d, 55))
		replicator_new_object(d, type, o);
	if ((w->speaks & SPEAKS_COPY_TEST) && type <= CONFIG_MAPS && dice_chance(d, 35))
		user_new_copy_rule(d, o);
	else if ((w->speaks & SPEAKS_COPY_TEST) && type <= CONFIG_MAPS && dice_chance(d, 12))
		user_mark_foreign(d, o, ns, name);
	user_put(w, s, t, ns, name, o);
}

static void set_finalizers(json_t *o, bool any)
{
	if (any)
		json_object_set_new(metadata_of(o), "finalizers", json_pack("[s]", "sim.test/wait"));
	else
		json_object_del(metadata_of(o), "finalizers");
}

static void delete (struct world *w, struct dice *d, struct sim_server *s, bool again)
{
	struct found f = find(d, s, dice_chance(d, 50));
	char ns[16], name[16];
	json_t *o;

	if (!f.object)
		return;
	snprintf(ns, sizeof(ns), "%s", ns_of(f.object));
	snprintf(name, sizeof(name), "%s", name_of(f.object));
	o = json_deep_copy(f.object);
	if (json_object_get(metadata_of(o), "deletionTimestamp")) {
		set_finalizers(o, false);
		user_put(w, s, f.type, ns, name, o);
		return;
	}
	if (!again && dice_chance(d, 30)) {
		set_finalizers(o, true);
		user_put(w, s, f.type, ns, name, json_incref(o));
	}
	user_put(w, s, f.type, ns, name, NULL);
	json_decref(o);
	if (!again || api_server_object(s->api, f.type->group, f.type->plural, ns, name))
		return;
	o = user_object(w, d, number_of(f.type), ns, name);
	for (unsigned n = dice_below(d, 3); n > 0; n--)
		user_new_rule(w, d, s, number_of(f.type), o);
	user_put(w, s, f.type, ns, name, o);
}

/* --- words for fedcopy --- */

static void set_mark(json_t *o, const char *key, const char *value)
{
	json_t *annotations = member_map(metadata_of(o), "annotations");

	if (value)
		json_object_set_new(annotations, key, json_string(value));
	else
		json_object_del(annotations, key);
}

static const struct api_type spaces = { "", "v1", "namespaces", "namespace", "Namespace", .namespaced = false };

static void edit_space(struct world *w, struct sim_server *s, const char *name, const char *key, const char *value)
{
	const json_t *have = api_server_object(s->api, "", "namespaces", "", name);
	json_t *o = have ? json_deep_copy(have) : NULL;

	if (!o)
		return;
	set_mark(o, key, value);
	user_put(w, s, &spaces, "", name, o);
}

static void consent(struct world *w, struct dice *d, struct sim_server *s)
{
	static const char *const keys[] = { "fedcopy.dev/allow-namespaces", "fedcopy.dev/allow-namespaces",
					    "fedcopy.dev/allow-clusters", "fedcopy.dev/accept-from" };
	static const char *const values[] = { "*", "n*", "n1", "n0,n2", "", "kube-system,n1", "c*", "c1,c2", "*/*" };
	const char *key = keys[dice_below(d, 4)];
	const char *value = dice_chance(d, 25) ? NULL : values[dice_below(d, FC_ARRAY_LEN(values))];
	struct found f;
	json_t *o;

	if (dice_chance(d, 35)) {
		edit_space(w, s, world_spaces[dice_below(d, SPACES)], key, value);
		return;
	}
	f = find_source(w, d, &s);
	if (!f.object || !s)
		return;
	o = json_deep_copy(f.object);
	set_mark(o, key, value);
	user_put(w, s, f.type, ns_of(o), name_of(o), o);
}

static void pause(struct world *w, struct dice *d, struct sim_server *s)
{
	const char *value = dice_chance(d, 50) ? "true" : dice_chance(d, 20) ? "yes" : NULL;
	struct found f = find(d, s, dice_chance(d, 60));
	json_t *o;

	if (dice_chance(d, 30)) {
		edit_space(w, s, world_spaces[dice_below(d, SPACES)], "fedcopy.dev/pause", value);
		return;
	}
	if (!f.object)
		return;
	o = json_deep_copy(f.object);
	set_mark(o, "fedcopy.dev/pause", value);
	user_put(w, s, f.type, ns_of(o), name_of(o), o);
}

static void label_space(struct world *w, struct sim_server *s, const char *name, unsigned team)
{
	json_t *o = json_deep_copy(api_server_object(s->api, "", "namespaces", "", name));

	w->selection_changed = true;
	if (team == 2)
		json_object_del(member_map(metadata_of(o), "labels"), "team");
	else
		json_object_set_new(member_map(metadata_of(o), "labels"), "team", json_string(team ? "b" : "a"));
	user_put(w, s, &spaces, "", name, o);
}

static void copy_rule(struct world *w, struct dice *d)
{
	struct sim_server *s = w->members[0].home;
	struct found f = find(d, s, false);
	json_t *o;

	if (!(w->speaks & SPEAKS_COPY_TEST) || !f.object || number_of(f.type) > CONFIG_MAPS ||
	    copy_is_somebodys(f.object))
		return;
	w->selection_changed = true;
	o = json_deep_copy(f.object);
	user_new_copy_rule(d, o);
	user_put(w, s, f.type, ns_of(o), name_of(o), o);
}

static void change_space(struct world *w, struct dice *d, struct sim_server *s)
{
	const char *name = world_spaces[dice_below(d, SPACES - 1)];
	char path[64];

	snprintf(path, sizeof(path), "/api/v1/namespaces/%s", name);
	if (!api_server_object(s->api, "", "namespaces", "", name)) {
		json_t *body = json_pack("{s:{s:s}}", "metadata", "name", name);

		send(w, s, "POST", "/api/v1/namespaces", body);
		json_decref(body);
	} else if (dice_chance(d, 25)) {
		send(w, s, "DELETE", path, NULL);
	} else {
		label_space(w, s, name, dice_below(d, 3));
	}
	while (dice_chance(d, 80) && world_server_run_controllers(s))
		;
}

/* --- rivals --- */

static bool has_rival(const struct world *w, const struct sim_server *s, const json_t *object)
{
	for (unsigned i = 0; i < MOST_RIVALS; i++) {
		const struct rival *r = &w->rivals[i];

		if (r->active && r->server == s && strcmp(r->ns, ns_of(object)) == 0 &&
		    strcmp(r->name, name_of(object)) == 0)
			return true;
	}
	return false;
}

static void rival_comes(struct world *w, struct dice *d, struct sim_server *s)
{
	struct rival *r = &w->rivals[dice_below(d, MOST_RIVALS)];
	struct found f = find(d, s, true);
	struct wish wishes[MOST_WISHES];
	unsigned count;

	if (r->active) {
		r->active = false;
		return;
	}
	/* Two that fight each other are nobody's affair. */
	if (!f.object || has_rival(w, s, f.object))
		return;
	count = wishes_of(f.object, wishes, MOST_WISHES);
	for (unsigned i = 0; i < count && !r->active; i++) {
		if (wishes[i].invalid || wishes[i].to.count < 2)
			continue;
		json_decref(r->value);
		*r = (struct rival){ .active = true, .server = s, .type = f.type };
		r->value = user_value(w, d, number_of(f.type), 0);
		snprintf(r->ns, sizeof(r->ns), "%s", ns_of(f.object));
		snprintf(r->name, sizeof(r->name), "%s", name_of(f.object));
		snprintf(r->key, sizeof(r->key), "%s", wishes[i].key);
	}
	wishes_free(wishes, count);
}

/* Each puts back what it holds for right. */
bool rivals_act(struct world *w)
{
	bool any = false;

	for (unsigned i = 0; i < MOST_RIVALS; i++) {
		struct rival *r = &w->rivals[i];
		const json_t *have, *object;
		struct place place;
		uint64_t before;
		json_t *o;

		if (!r->active || !place_parse(&place, r->key, true))
			continue;
		object = api_server_object(r->server->api, r->type->group, r->type->plural, r->ns, r->name);
		if (!object || (place_get(&place, object, &have) == PLACE_FOUND && json_equal(have, r->value)))
			continue;
		o = json_deep_copy(object);
		before = api_server_version(r->server->api);
		if (place_set(&place, o, r->value))
			user_put(w, r->server, r->type, r->ns, r->name, o);
		else
			json_decref(o);
		/* What the server does not let it do it gives up. */
		r->active = api_server_version(r->server->api) != before;
		any = any || r->active;
	}
	return any;
}

/* --- steps --- */

void user_edit(struct world *w, struct dice *d, struct sim_server *s, enum step_kind kind)
{
	switch (kind) {
	case STEP_EDIT_SOURCE:
		edit_source(w, d, s);
		break;
	case STEP_EDIT_TARGET:
		edit_target(w, d, s);
		break;
	case STEP_EDIT_RULE:
		edit_rule(w, d, s);
		break;
	case STEP_CREATE:
		create(w, d, s);
		break;
	case STEP_DELETE:
	case STEP_RECREATE:
		delete (w, d, s, kind == STEP_RECREATE);
		break;
	case STEP_CONSENT:
		consent(w, d, s);
		break;
	case STEP_PAUSE:
		pause(w, d, s);
		break;
	case STEP_NAMESPACE:
		change_space(w, d, s);
		break;
	case STEP_COPY_RULE:
		copy_rule(w, d);
		break;
	case STEP_RIVAL:
		rival_comes(w, d, s);
		break;
	default:
		dialects_edit(w, d, s, kind);
		break;
	}
}

void user_play(struct world *w, const struct step *s)
{
	struct dice d = dice_of(w, s);

	user_edit(w, &d, world_living(w, s->a)->home, s->kind);
}
