/* SPDX-License-Identifier: Apache-2.0 */
/* The federation that a seed begins with. */
#include "dialects_parts.h"
#include "replicator_parts.h"
#include "world_parts.h"

#include <stdio.h>

struct sim_server *world_server_new(struct world *w)
{
	struct sim_server *s = &w->servers[w->server_count++];

	s->api = api_server_new(fc_random_next(&w->random));
	for (unsigned i = 0; i < TYPES; i++)
		api_server_serve(s->api, world_types[i]);
	if (w->speaks & SPEAKS_SYNC)
		api_server_serve(s->api, &world_syncs);
	if (w->speaks & SPEAKS_OBJECTS) {
		api_server_keep_managers(s->api);
		api_server_serve(s->api, &world_object_syncs);
	}
	for (unsigned i = 0; i < SPACES - 1; i++) {
		json_t *body = json_pack("{s:{s:s}}", "metadata", "name", world_spaces[i]);
		struct api_answer a =
			api_request(s->api, "POST", "/api/v1/namespaces", "application/json", false, body);

		json_decref(body);
		api_answer_fini(&a);
	}
	return s;
}

void world_server_restore(struct sim_server *s)
{
	api_server_restore(s->api);
	s->restored = true;
}

static uint32_t hash(const char *path, const json_t *body, bool creates)
{
	const char *name = json_string_value(json_object_get(json_object_get(body, "metadata"), "name"));
	uint32_t h = 2166136261u;

	for (const char *c = path; *c && strcmp(c, "/status") != 0; c++)
		h = (h ^ (unsigned char)*c) * 16777619u;
	h = creates ? (h ^ '/') * 16777619u : h;
	for (const char *c = name; creates && c && *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619u;
	return h;
}

/* A change of what nobody looks at. */
static void pass_a_version(struct sim_server *s)
{
	static const struct api_type leases = { "coordination.k8s.io", "v1", "leases", "lease", "Lease",
						.namespaced = false };
	json_t *body =
		json_pack("{s:s, s:s, s:{s:s}, s:{s:I}}", "kind", "Lease", "apiVersion", "coordination.k8s.io/v1",
			  "metadata", "name", "l", "spec", "n", (json_int_t)api_server_version(s->api));
	struct api_answer a;

	api_server_serve(s->api, &leases);
	a = api_request(s->api, "POST", "/apis/coordination.k8s.io/v1/leases", "application/json", false, body);
	if (a.status == 409) {
		api_answer_fini(&a);
		a = api_request(s->api, "PUT", "/apis/coordination.k8s.io/v1/leases/l", "application/json", false,
				body);
	}
	api_answer_fini(&a);
	json_decref(body);
}

/* The next version is to be none that one of these has had before the server was restored. */
static void pass_versions_of(struct sim_server *s, uint64_t whose)
{
	while (s->restored && api_server_version(s->api) + 1 < s->used_cap &&
	       (s->used[api_server_version(s->api) + 1] & whose))
		pass_a_version(s);
}

static void note_version_of(struct sim_server *s, uint64_t whose)
{
	uint64_t version = api_server_version(s->api);

	if (version >= s->used_cap) {
		size_t cap = (size_t)version * 2 + 64;

		s->used = fc_xrealloc(s->used, cap * sizeof(*s->used));
		memset(s->used + s->used_cap, 0, (cap - s->used_cap) * sizeof(*s->used));
		s->used_cap = cap;
	}
	s->used[version] |= whose;
}

static const json_t *written_object(const struct world *w, struct sim_server *s, const char *path)
{
	char plural[16], ns[64], name[64];

	if (!speaks_replicator(w) || sscanf(path, "/api/v1/namespaces/%63[^/]/%15[^/]/%63[^/?]", ns, plural, name) != 3)
		return NULL;
	return api_server_object(s->api, "", plural, ns, name);
}

struct api_answer world_server_write(struct world *w, struct sim_server *s, const char *method, const char *path,
				     const char *content_type, const json_t *body)
{
	json_t *before = json_deep_copy(written_object(w, s, path));
	const json_t *after;
	uint64_t whose = UINT64_C(1) << hash(path, body, strcmp(method, "POST") == 0) % 64;
	struct api_answer a;

	pass_versions_of(s, whose);
	a = api_request(s->api, method, path, content_type, false, body);
	note_version_of(s, whose);
	after = written_object(w, s, path);
	if (before && after)
		replicator_note_edit(w, s->api, before, after);
	json_decref(before);
	return a;
}

/* Whose object the next one is that they write is theirs to know: it may be anybody's. */
bool world_server_run_controllers(struct sim_server *s)
{
	bool any;

	pass_versions_of(s, UINT64_MAX);
	any = api_server_run_controllers(s->api);
	if (any)
		note_version_of(s, UINT64_MAX);
	return any;
}

struct member *world_member(struct world *w, const char *name)
{
	for (unsigned i = 0; i < w->member_count; i++)
		if (w->members[i].alive && strcmp(w->members[i].name, name) == 0)
			return &w->members[i];
	return NULL;
}

/* The first is the master, and stays. */
struct member *world_living(struct world *w, unsigned pick)
{
	struct member *m = &w->members[pick % w->member_count];

	return m->alive ? m : &w->members[0];
}

struct member *world_member_add(struct world *w, struct sim_server *home, const char *name)
{
	struct member *m = &w->members[w->member_count++];

	*m = (struct member){ .alive = true, .home = home, .at = home };
	snprintf(m->name, sizeof(m->name), "%s", name);
	return m;
}

static unsigned cluster_count(struct dice *d)
{
	if (dice_chance(d, 85))
		return 1 + dice_below(d, 4);
	return dice_chance(d, 80) ? 5 + dice_below(d, 4) : 9 + dice_below(d, 12);
}

/* Patterns and names of ends, as an operator lists them. */
json_t *world_permissions(struct dice *d)
{
	static const char *const ends[] = { "*/*", "c0/*", "*/n0", "c1/n1", "c*/kube-system", "*/n*", "*/", "c0/n2" };
	static const char *const words[] = { "secrets", "configmaps", "*",	   "gadgets.sim.test",
					     "roles*",	"zones",      "federated*" };
	json_t *list = json_array();

	for (unsigned n = dice_below(d, 4); n > 0; n--) {
		const char *from = ends[dice_below(d, FC_ARRAY_LEN(ends))];
		const char *to = ends[dice_below(d, FC_ARRAY_LEN(ends))];
		const char *word = words[dice_below(d, FC_ARRAY_LEN(words))];

		json_array_append_new(list, json_pack("{s:s, s:s, s:[s]}", "from", from, "to", to, "resources", word));
	}
	return list;
}

static void choose_options(struct world *w, struct dice *d)
{
	for (unsigned i = 0; i < TYPES; i++) {
		if (!dice_chance(d, 75))
			continue;
		w->is_target[i] = true;
		w->words[w->word_count++] = world_type_word(i, dice_below(d, 4));
	}
	if (dice_chance(d, 8))
		for (unsigned i = 0; i < SPACES; i++)
			if (dice_chance(d, 60))
				w->spaces[w->space_count++] = world_spaces[i];
	w->copies = dice_chance(d, 50) || speaks_ours(w);
	if (w->copies)
		w->space_count = 0;
	if (!speaks_ours(w))
		w->speaks = SPEAKS_PATHS | (w->copies ? SPEAKS_COPY_TEST : 0);
	w->max_deletes = dice_chance(d, 85) ? 0 : 1 + dice_below(d, 3);
	/* Who is gone for the brake and who is only ended is promised of the dialect of the tests. */
	if (speaks_ours(w))
		w->max_deletes = 0;
	w->allow_all = dice_chance(d, 6);
	w->permissions = dice_chance(d, 40) ? world_permissions(d) : json_array();
	w->max_writes_per_second = dice_chance(d, 85) ? 0 : 1 + dice_below(d, 5);
	w->resync_period_ms = dice_chance(d, 85) ? 0 : 30 * 60 * 1000;
	w->max_in_flight = dice_chance(d, 50) ? 0 : 1 + dice_below(d, 3);
}

void world_build(struct world *w)
{
	struct dice d = { { fc_random_next(&w->random) } };
	unsigned count = cluster_count(&d);

	w->now_ms = 1000000;
	w->written = json_object();
	w->edited = json_object();
	choose_options(w, &d);
	for (unsigned i = 0; i < count; i++) {
		char name[16];

		snprintf(name, sizeof(name), "c%u", i);
		world_member_add(w, world_server_new(w), name);
		if (dice_chance(&d, 20))
			w->members[i].reads = (enum fc_reads)dice_below(&d, 3);
		w->members[i].region = dice_below(&d, 3);
	}
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 2 + dice_below(&d, count > 8 ? 4 : 12); k > 0; k--)
			user_edit(w, &d, w->members[i].home, STEP_CREATE);
	for (unsigned i = 0; speaks_ours(w) && i < count; i++)
		dialects_begin(w, &d, w->members[i].home);
	if (speaks_replicator(w))
		replicator_begin(w, &d);
}

void world_fini(struct world *w)
{
	for (unsigned i = 0; i < MOST_PROCESSES; i++)
		process_stop(w, &w->processes[i]);
	for (unsigned i = 0; i < w->server_count; i++) {
		api_server_free(w->servers[i].api);
		free(w->servers[i].used);
	}
	for (unsigned i = 0; i < MOST_RIVALS; i++)
		json_decref(w->rivals[i].value);
	json_decref(w->permissions);
	json_decref(w->written);
	json_decref(w->edited);
}
