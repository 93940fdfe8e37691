/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked at every action and at every request: promises 4, 5, 6 and 10, needless writes, and that nothing is
 * written which nobody consents to any more. */
#include "dialects_parts.h"
#include "object_sync_parts.h"
#include "replicator_parts.h"
#include "world_parts.h"

#include "json/decode.h"
#include "model/marks.h"

#include <stdio.h>

static const char *annotation(const json_t *object, const char *key)
{
	return json_string_value(
		json_object_get(json_object_get(json_object_get(object, "metadata"), "annotations"), key));
}

static bool paused(const json_t *object)
{
	const char *text = annotation(object, "fedcopy.dev/pause");

	return text && strcmp(text, "true") == 0;
}

/* --- what may be told --- */

bool text_tells(const char *text)
{
	return text && (strstr(text, SECRET_BASE64) || strstr(text, SECRET_PLAIN));
}

void promise_told(struct world *w, const struct fc_action *a)
{
	const struct fc_report *r = a->report;

	if (a->record && text_tells(a->record->note))
		world_fail(w, 10, "an Event tells a secret value: %s", a->record->note);
	if (r && (text_tells(r->message) || text_tells(r->target) || text_tells(r->path) || text_tells(r->source) ||
		  text_tells(r->reason) || text_tells(r->detail)))
		world_fail(w, 10, "a report tells a secret value: %s %s %s", r->message, r->reason, r->detail);
	for (unsigned i = 0; a->measure && i < FC_METRIC_MAX_LABELS; i++)
		if (text_tells(a->measure->labels[i]))
			world_fail(w, 10, "a measure tells a secret value: %s", a->measure->labels[i]);
}

/* --- what it may do by what it was told --- */

static bool all_paused(const json_t *const *known, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!paused(known[i]))
			return false;
	return count > 0;
}

static bool may_be_written(struct world *w, struct process *p, struct wish *r)
{
	const json_t *sources[MOST_KNOWN], *spaces[MOST_KNOWN];
	unsigned source_count, space_count;
	struct said said = { 0 };

	if (r->literal)
		return wish_allowed(w, r, &said);
	if (!r->source_type)
		return true; /* its type went just now */
	source_count = told_of(p, r->source_member, r->source_type->group, r->source_type->plural, r->source_ns,
			       r->name, sources);
	space_count = told_of(p, r->source_member, "", "namespaces", "", r->source_ns, spaces);
	if (all_paused(sources, source_count) || all_paused(spaces, space_count))
		return false;
	for (unsigned i = 0; i < source_count; i++)
		for (unsigned k = 0; k < space_count; k++) {
			said.source = sources[i];
			said.source_space = spaces[k];
			if (wish_allowed(w, r, &said))
				return true;
		}
	return false;
}

/* --- a write, as it is decided --- */

static bool is_write(const struct fc_action *a)
{
	return a->type == FC_ACTION_PATCH || a->type == FC_ACTION_APPLY || a->type == FC_ACTION_REPLACE ||
	       a->type == FC_ACTION_CREATE || a->type == FC_ACTION_DELETE;
}

static bool pointer_place(struct place *p, const char *pointer)
{
	p->count = 0;
	while (*pointer == '/') {
		size_t len = strcspn(pointer + 1, "/"), n = 0;

		if (p->count == MOST_SEGMENTS || len >= sizeof(p->text[0]))
			return false;
		for (const char *c = pointer + 1; c < pointer + 1 + len; c++) {
			if (*c == '~')
				p->text[p->count][n++] = *++c == '1' ? '/' : '~';
			else
				p->text[p->count][n++] = *c;
		}
		p->text[p->count][n] = '\0';
		p->index[p->count++] = false;
		pointer += 1 + len;
	}
	return true;
}

static const char *patch_version(const json_t *patch)
{
	const json_t *first = json_array_get(patch, 0);
	const char *path = json_string_value(json_object_get(first, "path"));

	if (!path || strcmp(path, "/metadata/resourceVersion") != 0)
		return NULL;
	return json_string_value(json_object_get(first, "value"));
}

static const struct api_type *type_of(const struct fc_action *a)
{
	for (unsigned i = 0; i < TYPES; i++)
		if (strcmp(world_types[i]->plural, a->resource->plural) == 0)
			return world_types[i];
	return NULL;
}

/* What the process was told last of the source, or what stands there. Not of a source that bears rules itself: news of
 * it are held while it is written. */
static void check_value(struct world *w, struct slot *s, const struct fc_action *a, const struct wish *r,
			const json_t *value)
{
	const struct slot *of = r->literal || !r->source_type ? NULL : process_slot(s->process, r->source_member);
	const json_t *newest = of ? told_newest(of, r->source_type->plural, r->source_ns, r->name) : NULL;
	const json_t *told, *heard = NULL, *real = NULL;

	/* Nor of one that is a copy itself. */
	if (!newest || copy_is_somebodys(newest) ||
	    (speaks_ours(w) && (kopy_is_written(newest) || replicator_is_written(newest))) || wishes_any(newest) ||
	    wishes_any(r->source))
		return;
	place_get(&r->from, newest, &told);
	place_get(&r->from, told_heard(of, r->source_type->plural, r->source_ns, r->name), &heard);
	if (r->source)
		place_get(&r->from, r->source, &real);
	if (!(told && json_equal(told, value)) && !(heard && json_equal(heard, value)) &&
	    !(real && json_equal(real, value)))
		world_fail(w, 5, "%s of %s/%s on %s is written with a value that the source had before", r->key,
			   a->namespace_, a->name, s->member->name);
}

/* No other rule has a word there. */
static bool is_alone(const struct wish *rules, unsigned count, const struct wish *r)
{
	for (unsigned i = 0; i < count; i++)
		if (&rules[i] != r && rules[i].to.count && place_compare(&rules[i].to, &r->to) != 2)
			return false;
	return true;
}

/* Is there a rule for what this operation does, and may it? */
static void check_operation(struct world *w, struct slot *s, const struct fc_action *a, const json_t *object,
			    const json_t *operation, struct wish *rules, unsigned count)
{
	const char *path = json_string_value(json_object_get(operation, "path"));
	bool stands = false, may = false, whole = copy_may_be_changed(w, s, a, object, operation);
	struct place place;

	if (!pointer_place(&place, path)) {
		/* Longer than any place of a path rule. */
		if (!speaks_ours(w) || !whole)
			world_fail(w, 4, "a patch of %s", path);
		return;
	}
	for (unsigned i = 0; i < count && !may; i++) {
		struct wish *r = &rules[i];
		int relation = r->invalid ? 2 : place_compare(&place, &r->to);

		/* At the rule's place, or a parent on the way to it. */
		if (relation == 2 || relation > 0)
			continue;
		if (relation < 0 && json_object_size(json_object_get(operation, "value")) > 0)
			continue;
		stands = true;
		wish_find(w, r);
		may = may_be_written(w, s->process, r);
		if (relation == 0 && !(whole && speaks_ours(w)) && is_alone(rules, count, r))
			check_value(w, s, a, r, json_object_get(operation, "value"));
	}
	if ((!stands || !may) && whole)
		return;
	if (!stands)
		world_fail(w, 4, "%s of %s/%s on %s is written, and no rule there says so", path, a->namespace_,
			   a->name, s->member->name);
	else if (!may)
		world_fail(w, 4, "%s of %s/%s on %s is written, and nobody allows it any more", path, a->namespace_,
			   a->name, s->member->name);
}

/* A pause never keeps these. */
static bool is_of_finalizers(const json_t *patch)
{
	const char *path = json_string_value(json_object_get(json_array_get(patch, 1), "path"));

	return path && strncmp(path, "/metadata/finalizers", 20) == 0;
}

static void check_patch(struct world *w, struct slot *s, const struct fc_action *a)
{
	const struct api_type *type = type_of(a);
	const char *version = patch_version(a->body);
	const json_t *object, *spaces[MOST_KNOWN];
	struct wish rules[MOST_WISHES];
	unsigned count;

	if (!type) {
		dialect_changes_sync(w, s, a);
		return;
	}
	if (!version || !*version) {
		world_fail(w, 5, "a patch of %s/%s without a resourceVersion", a->namespace_, a->name);
		return;
	}
	object = api_server_object(s->member->home->api, type->group, type->plural, a->namespace_ ?: "", a->name);
	/* What it was decided on has changed meanwhile: it will be refused. */
	if (!object || strcmp(fc_json_metadata(object, "resourceVersion"), version) != 0)
		return;
	if (fc_json_metadata(object, "deletionTimestamp")[0] && !w->copies)
		world_fail(w, 4, "%s/%s is written while it is being deleted", a->namespace_, a->name);
	count = told_of(s->process, s->member, "", "namespaces", "", a->namespace_ ?: "", spaces);
	if ((paused(object) || all_paused(spaces, count)) && !is_of_finalizers(a->body))
		world_fail(w, 4, "%s/%s is written in spite of its pause", a->namespace_, a->name);
	count = wishes_of(object, rules, MOST_WISHES);
	for (unsigned i = 0; i < count; i++) {
		rules[i].member = s->member;
		rules[i].type = type;
	}
	for (size_t i = 1; i < json_array_size(a->body); i++)
		check_operation(w, s, a, object, json_array_get(a->body, i), rules, count);
	wishes_free(rules, count);
}

/* --- again after a failure --- */

static char *attempt_key(fc_cluster_no no, const char *plural, const char *ns, const char *name, char out[160])
{
	snprintf(out, 160, "%u/%s/%s/%s", no, plural, ns ? ns : "", name ? name : "");
	return out;
}

static char *request_key(fc_cluster_no no, uint64_t request, char out[48])
{
	snprintf(out, 48, "#%u/%llu", no, (unsigned long long)request);
	return out;
}

/* The same object may be read as a source and as a target: twice is no storm yet. */
#define WRITES " written"
enum { AT_ONCE = 3, SHORTEST_DELAY_MS = 100 };

static const char *version_of_write(const struct fc_action *a)
{
	if (a->type == FC_ACTION_APPLY || a->type == FC_ACTION_REPLACE)
		return fc_json_metadata(a->body, "resourceVersion");
	return a->type == FC_ACTION_PATCH ? patch_version(a->body) : a->version;
}

static bool has_version(const json_t *object, const char *version)
{
	return object && strcmp(fc_json_metadata(object, "resourceVersion"), version) == 0;
}

/* Whose it is for: that of the version on which it was decided; else as the process knows it; "": it does not. */
static const char *uid_meant(const struct slot *s, const struct fc_action *a)
{
	const json_t *any = NULL, *newest = told_newest(s, a->resource->plural, a->namespace_ ?: "", a->name ?: "");
	const char *version = version_of_write(a);

	for (const struct view *v = s->views; v; v = v->next) {
		const json_t *object =
			strcmp(v->plural, a->resource->plural) == 0 ? view_object(v, a->namespace_, a->name) : NULL;

		any = any ?: object;
		if (version && has_version(object, version))
			return fc_json_metadata(object, "uid");
	}
	if (version && has_version(newest, version))
		any = newest;
	return any ? fc_json_metadata(any, "uid") : "";
}

/* The source of the copy that is to be made; "": none is. */
static const char *made_from(const struct world *w, const struct slot *s, const struct fc_action *a, char out[128])
{
	return a->type == FC_ACTION_CREATE ? copy_source(w, s->member, a->body, out) ?: "" : "";
}

static void check_spacing(struct world *w, struct slot *s, const struct fc_action *a)
{
	json_t *attempts = s->process->attempts, *entry;
	char key[200], request[48], from[128];
	const char *uid;

	attempt_key(s->no, a->resource->plural, a->namespace_, a->name, key);
	/* A write is no second try of a read, which may have been for another rule. */
	if (is_write(a))
		strcat(key, WRITES);
	uid = uid_meant(s, a);
	json_object_set_new(attempts, request_key(s->no, a->request, request),
			    json_pack("[s, s, s, b, b]", key, uid, made_from(w, s, a, from), 0, 0));
	entry = json_object_get(attempts, key);
	/* What failed was another object of that name. */
	if (entry && strcmp(json_string_value(json_array_get(entry, 2)) ?: "", uid) != 0)
		json_object_del(attempts, key);
	entry = json_object_get(attempts, key);
	if (!entry || w->now_ms >= json_integer_value(json_array_get(entry, 0)))
		return;
	json_array_set_new(entry, 1, json_integer(json_integer_value(json_array_get(entry, 1)) + 1));
	if (json_integer_value(json_array_get(entry, 1)) >= (is_write(a) && !speaks_ours(w) ? 1 : AT_ONCE))
		world_fail(w, 6, "%s/%s on %s is tried again and again without a delay", a->namespace_, a->name,
			   s->member->name);
}

static bool asks_for_delay(enum fc_error_class cls)
{
	return cls == FC_ERR_SERVER || cls == FC_ERR_THROTTLED || cls == FC_ERR_FORBIDDEN || cls == FC_ERR_TIMEOUT;
}

static void note_result(struct world *w, struct slot *s, const struct fc_event *e)
{
	json_t *attempts = s->process->attempts, *asked, *uid, *origin;
	char request[48];
	const char *key;
	int64_t delay_ms = e->error.retry_after_ms > SHORTEST_DELAY_MS ? e->error.retry_after_ms : SHORTEST_DELAY_MS;

	request_key(s->no, e->request, request);
	asked = json_incref(json_object_get(attempts, request));
	if (!asked)
		return;
	json_object_del(attempts, request);
	key = json_string_value(json_array_get(asked, 0));
	uid = json_array_get(asked, 1);
	origin = json_array_get(asked, 2);
	if (e->object) {
		const char *plural = strchr(key, '/') + 1;
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(plural, "/"), plural);
		told_object(s, name, e->object, !json_is_true(json_array_get(asked, 4)));
	}
	if (asks_for_delay(e->error.cls) && !json_is_true(json_array_get(asked, 3))) {
		json_int_t tries = json_integer_value(json_array_get(json_object_get(attempts, key), 1));

		json_object_set_new(attempts, key,
				    json_pack("[I, I, O, O]", (json_int_t)(w->now_ms + delay_ms), tries, uid, origin));
	} else {
		json_object_del(attempts, key);
	}
	json_decref(asked);
}

/* All but what the requests under way are for. */
static void forget_delays(json_t *attempts)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(attempts, next, key, value)
		if (key[0] != '#')
			json_object_del(attempts, key);
}

static void forget_attempts(struct slot *s, const char *plural, const struct fc_event *e)
{
	char key[200];

	attempt_key(s->no, plural, e->object ? fc_json_metadata(e->object, "namespace") : e->namespace_,
		    e->object ? fc_json_metadata(e->object, "name") : e->name, key);
	json_object_del(s->process->attempts, key);
	json_object_del(s->process->attempts, strcat(key, WRITES));
}

static bool still_selects(struct world *w, const struct process *p, const struct fc_event *e, const char *key)
{
	char ns[64] = "";
	unsigned no = 0;

	if (!e->object || speaks_ours(w) || sscanf(key, "%u/%*[^/]/%63[^/]", &no, ns) != 2)
		return false;
	for (unsigned i = 0; i < p->slot_count; i++) {
		const struct member *m = p->slots[i].member;

		if (p->slots[i].no == no)
			return copy_is_selected(w, e->object, m,
						api_server_object(m->home->api, "", "namespaces", "", ns));
	}
	return false;
}

/* A copy that its source asks for no more is forgotten with all that failed: one that is asked for anew is another. */
static void forget_copies(struct world *w, const struct slot *s, const char *plural, const struct fc_event *e)
{
	json_t *attempts = s->process->attempts, *entry;
	char origin[128], type[64];
	const char *key;
	void *next;

	snprintf(origin, sizeof(origin), "%s/%s", e->object ? fc_json_metadata(e->object, "namespace") : e->namespace_,
		 e->object ? fc_json_metadata(e->object, "name") : e->name);
	json_object_foreach_safe(attempts, next, key, entry) {
		bool under_way = key[0] == '#';
		const char *of = under_way ? json_string_value(json_array_get(entry, 0)) : key;

		if (strcmp(json_string_value(json_array_get(entry, under_way ? 2 : 3)) ?: "", origin) != 0 ||
		    sscanf(of, "%*u/%63[^/]", type) != 1 || strcmp(type, plural) != 0)
			continue;
		if (under_way)
			json_array_set_new(entry, 3, json_boolean(!still_selects(w, s->process, e, of)));
		else if (!still_selects(w, s->process, e, of))
			json_object_del(attempts, key);
	}
}

/* Any news of it may be a reason to try at once. */
void promise_answered(struct world *w, struct slot *s, const struct fc_event *e)
{
	json_t *attempts = s->process->attempts;

	switch (e->type) {
	case FC_EVENT_RESULT:
		traffic_answered(w, s, e);
		note_result(w, s, e);
		return;
	case FC_EVENT_CLUSTER_UP:
		/* Of another that stands in its place nothing is waited for. */
		traffic_forget(s);
		forget_delays(attempts);
		return;
	case FC_EVENT_OBJECT:
	case FC_EVENT_OBJECT_GONE:
		if (json_object_size(attempts) == 0)
			return;
		if (speaks_ours(w)) /* it may be what a copy waits for */
			break;
		for (const struct view *v = s->views; v; v = v->next) {
			if (v->watch != e->watch)
				continue;
			forget_attempts(s, v->plural, e);
			if (s->member == &w->members[0])
				forget_copies(w, s, v->plural, e);
		}
		return;
	case FC_EVENT_LIST_BEGIN:
	case FC_EVENT_TICK:
		return;
	default:
		break;
	}
	forget_delays(attempts);
}

void promise_decided(struct world *w, struct slot *s, const struct fc_action *a)
{
	if (!is_write(a) && a->type != FC_ACTION_READ)
		return;
	check_spacing(w, s, a);
	traffic_begins(w, s, a->request, is_write(a));
	if (a->type == FC_ACTION_PATCH)
		check_patch(w, s, a);
	if (a->type == FC_ACTION_APPLY || a->type == FC_ACTION_REPLACE)
		object_sync_writes(w, s, a);
	if (a->type == FC_ACTION_CREATE)
		promise_of_creation(w, s, a);
	if (a->type == FC_ACTION_DELETE)
		promise_of_deletion(w, s, a);
	if (a->type == FC_ACTION_DELETE && (!a->uid || !a->version))
		world_fail(w, 5, "a delete of %s/%s without uid and version", a->namespace_, a->name);
	if (s->member->at == s->member->home && is_write(a) && !s->member->alive)
		world_fail(w, 4, "a write to %s, which has left", s->member->name);
}

/* --- a request, as it arrives --- */

static struct sim_server *server_of(struct world *w, const struct api_server *api)
{
	for (unsigned i = 0; i < w->server_count; i++)
		if (w->servers[i].api == api)
			return &w->servers[i];
	return NULL;
}

/* Does it change anything, where it finds what it was decided on? */
static void check_need(struct world *w, const struct slot *s, const struct fc_action *a, const json_t *before)
{
	const char *version = patch_version(a->body);

	if (!before || !version || strcmp(version, fc_json_metadata(before, "resourceVersion")) != 0)
		return;
	for (size_t i = 1; i < json_array_size(a->body); i++) {
		const json_t *operation = json_array_get(a->body, i), *have;
		struct place place;

		/* A time stands there, of whole seconds. */
		if (!pointer_place(&place, json_string_value(json_object_get(operation, "path"))) ||
		    strcmp(place.text[place.count - 1], REPLICATOR_KEY "replicated-at") == 0)
			continue;
		place_get(&place, before, &have);
		if (have && json_equal(have, json_object_get(operation, "value")))
			world_fail(w, 2, "%s of %s/%s on %s is written, and has that value",
				   json_string_value(json_object_get(operation, "path")), a->namespace_, a->name,
				   s->member->name);
	}
}

static void count_write(struct world *w, const struct fc_action *a, struct api_server *server)
{
	json_t *count;
	char key[160];

	snprintf(key, sizeof(key), "%.8s %s/%s/%s", api_server_id(server), a->resource->plural, a->namespace_ ?: "",
		 a->name ?: "");
	count = json_object_get(w->written, key);
	json_object_set_new(w->written, key, json_integer(json_integer_value(count) + 1));
}

/* Who owns a field of an apply is noted anew where something else was written in between: a write of no value. */
static bool same_but_for_managers(const json_t *before, const json_t *now)
{
	json_t *a = before ? json_deep_copy(before) : NULL, *b = now ? json_deep_copy(now) : NULL;
	bool same;

	json_object_del(json_object_get(a, "metadata"), "managedFields");
	json_object_del(json_object_get(b, "metadata"), "managedFields");
	json_object_del(json_object_get(a, "metadata"), "resourceVersion");
	json_object_del(json_object_get(b, "metadata"), "resourceVersion");
	same = a && b && json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return same;
}

static struct api_answer write_as_fedcopy(struct world *w, struct sim_server *s, const char *manager,
					  const char *method, const char *path, const char *content_type,
					  const json_t *body)
{
	struct api_answer answer;

	api_server_set_writer(s->api, manager ?: FC_FIELD_MANAGER);
	answer = world_server_write(w, s, method, path, content_type, body);
	api_server_set_writer(s->api, NULL);
	return answer;
}

struct api_answer promise_send(void *user, const struct fc_action *a, struct api_server *server, const char *method,
			       const char *path, const char *content_type, const json_t *body)
{
	struct slot *s = user;
	struct world *w = s->process->world;
	const json_t *object =
		api_server_object(server, a->resource->group, a->resource->plural, a->namespace_ ?: "", a->name ?: "");
	long long before = atoll(fc_json_metadata(object, "resourceVersion"));
	bool was_paused = w->calm && copy_is_paused(w, s, a);
	json_t *stood = w->calm ? json_incref((json_t *)(uintptr_t)object) : NULL;
	struct api_answer answer;

	api_server_set_time(server, 1700000000 + w->now_ms / 1000);
	if (server_of(w, server)->stranger)
		world_fail(w, 4, "%s %s is sent to who stands in the place of %s", method, path, s->member->name);
	if (a->type == FC_ACTION_PATCH)
		check_need(w, s, a, object);
	promise_of_copy(w, s, a, object);
	if (a->type == FC_ACTION_READ)
		answer = api_request(server, method, path, content_type, false, body);
	else
		answer = write_as_fedcopy(w, server_of(w, server), a->field_manager, method, path, content_type, body);
	if (w->told)
		world_say(w, "  p%u %s %.8s%s: %d", s->process->number, method, api_server_id(server), path,
			  answer.status);
	if (a->type == FC_ACTION_READ) {
		w->stats.reads++;
		w->gets++;
		json_decref(stood);
		return answer;
	}
	w->stats.writes++;
	w->patches++;
	count_write(w, a, server);
	object = api_server_object(server, a->resource->group, a->resource->plural, a->namespace_ ?: "", a->name ?: "");
	/* The brake lets go at a restart. */
	if (atoll(fc_json_metadata(object, "resourceVersion")) != before && !dialect_tells_failure(w, a, object))
		w->effects++;
	else
		before = atoll(fc_json_metadata(object, "resourceVersion"));
	if (w->calm && !was_paused && !(w->copies && w->max_deletes) && !is_of_finalizers(a->body) &&
	    atoll(fc_json_metadata(object, "resourceVersion")) != before && !same_but_for_managers(stood, object))
		world_fail(w, 2, "%s/%s on %s is changed after a restart, and all was in sync", a->namespace_, a->name,
			   s->member->name);
	json_decref(stood);
	return answer;
}
