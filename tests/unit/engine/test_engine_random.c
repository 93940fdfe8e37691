/* SPDX-License-Identifier: Apache-2.0 */
/* The engine against API servers that do what API servers do, and fail in the ways in which they fail, by chance but
 * the same for each seed: clusters come, go, get other names and are replaced, types go and come back, backups are
 * restored, events come late and twice, lists break off, writes are refused, conflict or are lost. When it is over,
 * all must be as the rules say (design section 5, promises 1, 2, 4 and 5).
 *
 * FEDCOPY_WORLDS: how many worlds. FEDCOPY_SEED: this one only, and what happens in it is told. */
#include "play.h"

#include <stdlib.h>

enum { STEPS = 700, FAULTS = 10 };

/* Longer than the longest back-off, so that what waits is done in two of them. */
#define RESYNC_MS (10 * 60 * 1000)

/* A few seconds each. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WORLDS 60
#else
#define WORLDS 300
#endif

/* --- the engine's side --- */

static void print_action(struct play *p, const struct fc_action *a)
{
	char *body = a->body ? json_dumps(a->body, JSON_COMPACT) : NULL;

	if (a->type == FC_ACTION_REPORT)
		tell(p, "   report %s %s %s %s %s", a->report->message, a->report->target ? a->report->target : "",
		     a->report->state ? a->report->state : "", a->report->path ? a->report->path : "",
		     a->report->detail ? a->report->detail : "");
	else if (a->type != FC_ACTION_MEASURE)
		tell(p, "   %s #%u watch %u request %llu %s %s/%s %s", fc_action_type_name(a->type), a->cluster,
		     a->watch, (unsigned long long)a->request, a->resource ? a->resource->plural : "",
		     a->namespace_ ? a->namespace_ : "", a->name ? a->name : "", body ? body : "");
	free(body);
}

/* Nothing is asked of who has left, nor of who is not who it should be. */
static void check_action(struct play *p, const struct member *m, const struct fc_action *a)
{
	struct fc_cluster_summary summary;

	fc_engine_cluster(p->engine, a->cluster, &summary);
	if (!m->alive)
		lose(p, "%s for a cluster that has left", fc_action_type_name(a->type));
	if (strstr(summary.message, "another cluster answers") || strstr(summary.message, "same cluster as"))
		lose(p, "%s for %s, which is left alone", fc_action_type_name(a->type), m->name);
	if (a->type == FC_ACTION_PATCH && summary.state < FC_CLUSTER_SYNCING)
		lose(p, "a write to %s, which is not there", m->name);
	if (a->body && holds(a->body, STRANGER))
		lose(p, "a value of the cluster that stands in the place of another is written to %s", m->name);
	if (p->calm && a->type == FC_ACTION_PATCH)
		lose(p, "a needless write of %s on %s", a->name, m->name);
	p->writes += a->type == FC_ACTION_PATCH;
	p->reads += a->type == FC_ACTION_READ;
}

static void take_actions(struct play *p, struct fc_actions *actions)
{
	struct fc_action *a;

	while ((a = fc_actions_take(actions))) {
		struct member *m = &p->members[a->cluster];

		print_action(p, a);
		switch (a->type) {
		case FC_ACTION_GIVE_UP:
			lose(p, "gave up: %s", a->name);
			break;
		case FC_ACTION_RECORD:
			check_action(p, m, a);
			break;
		case FC_ACTION_REPORT:
		case FC_ACTION_MEASURE:
			break;
		case FC_ACTION_STOP_WATCH:
		case FC_ACTION_FORGET_WORD:
			if (m->alive)
				member_takes(m, fc_steal(&a));
			break;
		default:
			check_action(p, m, a);
			member_takes(m, fc_steal(&a));
			break;
		}
		fc_action_free(a);
	}
}

static void step(struct play *p, struct fc_event *e)
{
	struct fc_actions actions;
	char *body = p->told && e->object ? json_dumps(e->object, JSON_COMPACT) : NULL;

	tell(p, "%s #%u watch %u request %llu %s %s", fc_event_type_name(e->type), e->cluster, e->watch,
	     (unsigned long long)e->request,
	     e->error.cls ? e->error.text
	     : e->name	  ? e->name
			  : "",
	     body ? body : "");
	free(body);
	fc_actions_init(&actions);
	e->now_ms = p->now_ms;
	e->wall_ms = 1700000000000 + p->now_ms;
	fc_engine_step(p->engine, e, &actions);
	fc_event_free(e);
	take_actions(p, &actions);
}

static void describe(struct play *p, const struct member *m, enum fc_event_type type)
{
	struct fc_event *e = member_event(m, type);

	e->info = fc_xcalloc(1, sizeof(*e->info));
	*e->info = (struct fc_cluster_info){ .name = fc_xstrdup(m->name), .reads = m->reads, .master = m->no == HUB };
	tell(p, "%s is now called %s", fc_event_type_name(type), m->name);
	step(p, e);
}

static bool deliver(struct play *p, struct member *m)
{
	struct fc_event *e = member_take(m);

	if (!e)
		return false;
	step(p, e);
	return true;
}

/* --- users --- */

static json_t *data_of(json_t *object)
{
	return json_object_get(object, "data");
}

static void new_value(struct play *p, json_t *object, const char *key)
{
	const char *kind = p->filling_stranger ? STRANGER : chance(p, 4) ? "bad" : "v";

	json_object_set_new(data_of(object), key, json_sprintf("%s%u", kind, ++p->values));
}

/* `data` as a whole, one of two places in it, or one in it from a literal. Sources have a lower number than the object,
 * so that nothing turns in a circle. */
static void new_rule(struct play *p, json_t *object, struct place at)
{
	static const char *const words[TYPES][2] = { { "secret", "secrets" },
						     { "configmap", "configmaps" },
						     { "gadget", "gadgets" } };
	static const char *const targets[] = { "data", "data.t1", "data.t2", "data.t2" };
	static const char *const sources[] = { "data", "data.s1", "data.s2", "data.t1" };
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");
	int type = chance(p, 60) ? at.type : (int)below(p, TYPES);
	const char *word = words[type][below(p, 2)];
	unsigned target = below(p, 4), source = target == 0 ? 0 : 1 + below(p, 3);
	int name = at.name ? (int)below(p, (unsigned)at.name) : 0;
	const char *space = space_names[chance(p, 90) ? at.space : 1 - at.space];
	FC_AUTO_FREE char *key = fc_xasprintf("k8s-copier.fig.org/replace-%s", targets[target]);
	const char *cluster = p->members[below(p, p->member_count)].name;

	if (at.name == 0)
		return;
	if (target > 0 && chance(p, 8))
		json_object_set_new(annotations, key, json_sprintf("json:\"v%u\"", ++p->values));
	else if (chance(p, 60))
		json_object_set_new(annotations, key, json_sprintf("%s:o%d:%s", word, name, sources[source]));
	else if (chance(p, 40))
		json_object_set_new(annotations, key, json_sprintf("%s:%s/o%d:%s", word, space, name, sources[source]));
	else
		json_object_set_new(annotations, key,
				    json_sprintf("%s:%s/%s/o%d:%s", word, cluster, space, name, sources[source]));
}

/* Who may read it from elsewhere, from now on. */
static void new_consent(struct play *p, json_t *object)
{
	static const char *const namespaces[] = { "*", "ns", "ns, other", "" };
	static const char *const clusters[] = { "*", "c1", "c2,c3", "" };
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");

	if (chance(p, 60))
		json_object_set_new(annotations, "fedcopy.dev/allow-namespaces", json_string(namespaces[below(p, 4)]));
	else
		json_object_set_new(annotations, "fedcopy.dev/allow-clusters", json_string(clusters[below(p, 4)]));
}

static void edit(struct play *p, struct server *s)
{
	struct place at = { (int)below(p, TYPES), chance(p, 85) ? 0 : 1, (int)below(p, NAMES) };
	json_t *old = object_at(s, at), *object;
	unsigned what = below(p, 100);

	if (old && what < 8) {
		server_put(s, at, NULL);
		return;
	}
	if (!s->served[at.type])
		return;
	object = old ? json_deep_copy(old) : object_new(s, at);
	if (!old || what < 55)
		new_value(p, object, chance(p, 70) ? "s1" : "s2");
	else if (what < 65)
		json_object_del(data_of(object), "s1");
	else if (what < 75)
		new_value(p, object, chance(p, 50) ? "t1" : "t2");
	else if (what < 80)
		json_object_clear(json_object_get(json_object_get(object, "metadata"), "annotations"));
	if (!old || what >= 80)
		new_rule(p, object, at);
	if (chance(p, 15))
		new_consent(p, object);
	server_put(s, at, object);
}

/* --- watchers and servers --- */

static void answer_request(struct play *p, struct member *m)
{
	struct fc_action *a = member_request(m, below(p, (unsigned)m->request_count));
	static const enum fc_error_class classes[] = { FC_ERR_NETWORK,	 FC_ERR_TIMEOUT,    FC_ERR_THROTTLED,
						       FC_ERR_SERVER,	 FC_ERR_FORBIDDEN,  FC_ERR_CONFLICT,
						       FC_ERR_NOT_FOUND, FC_ERR_TERMINATING };
	struct fc_error why = FC_ERROR_INIT;
	enum fc_error_class cls = m->up ? classes[below(p, FC_ARRAY_LEN(classes))] : FC_ERR_NETWORK;
	json_t *object = NULL;

	if (m->up && !chance(p, 15)) {
		object = member_execute(m, a, &why);
		member_answer(m, a, object, &why);
		return;
	}
	/* Of what is lost, some has been done. */
	if ((cls == FC_ERR_NETWORK || cls == FC_ERR_TIMEOUT) && chance(p, 50) && m->server == m->home)
		json_decref(member_execute(m, a, &why));
	if (a->type == FC_ACTION_READ && (cls == FC_ERR_CONFLICT || cls == FC_ERR_NOT_FOUND))
		cls = FC_ERR_SERVER;
	why = FC_ERROR_INIT;
	fc_error_set(&why, cls, "by chance");
	if (cls == FC_ERR_THROTTLED && chance(p, 50))
		why.retry_after_ms = 1000 * below(p, 5);
	why.outcome_unknown = cls == FC_ERR_NETWORK || cls == FC_ERR_TIMEOUT;
	member_answer(m, a, NULL, &why);
}

static void pump(struct play *p, struct member *m)
{
	struct informer *i = m->informers;
	struct trouble trouble;
	unsigned count = 0;

	if (m->request_count && chance(p, 60)) {
		answer_request(p, m);
		return;
	}
	if (chance(p, 40) && member_answer_arrives(m, below(p, 8)))
		return;
	if (chance(p, 30))
		member_answer_words(m);
	for (; i; i = i->next)
		count++;
	if (!count)
		return;
	count = below(p, count);
	for (i = m->informers; count--; i = i->next)
		;
	/* A connection that broke in between: the last may be told once more, or the list has to be read again. */
	if (chance(p, 5) && i->streaming && i->epoch == m->server->epoch && i->version > m->server->log_from)
		i->version -= (int64_t)below(p, 3) * EPOCHS;
	if (i->version < m->server->log_from || chance(p, 3))
		i->streaming = false;
	trouble.breaks_after = chance(p, 10) ? (int)below(p, 3) : -1;
	trouble.lag = chance(p, 10) ? below(p, 4) : 0;
	informer_pump(m, i, 1 + (int)below(p, 3), trouble);
}

static void lose_connection(struct play *p, struct member *m)
{
	while (m->request_count && chance(p, 70))
		answer_request(p, m);
	/* What was sent before has arrived before that is noticed. */
	while (chance(p, 90) && member_answer_arrives(m, 0))
		;
	if (m->up)
		member_says_down(m);
}

static void type_changes(struct play *p, struct server *s)
{
	int type = chance(p, 70) ? GADGETS : (int)below(p, TYPES);

	tell(p, "%s: the type %s changes", s->id, type_rows[type].plural);
	if (!s->served[type]) {
		s->served[type] = true;
		return;
	}
	if (type == GADGETS && chance(p, 40)) {
		s->type_version[type] = 3 - s->type_version[type];
		return;
	}
	s->served[type] = false;
	/* With its definition go its objects, and the watches of it may have ended before they say so. */
	FOR_EACH_PLACE(at)
	{
		if (at.type == type && object_at(s, at) && type == GADGETS && chance(p, 50))
			server_put(s, at, NULL);
	}
}

static void set_changes(struct play *p)
{
	struct member *m = living(p);
	char name[24];

	snprintf(name, sizeof(name), "c%u", below(p, 6));
	if (chance(p, 40) && p->member_count < MEMBERS && !member_of_name(p, name)) {
		/* Sometimes the same cluster under a second name. */
		m = member_new(p, p->servers[below(p, SERVERS - 1)], name);
		describe(p, m, FC_EVENT_CLUSTER_ADDED);
	} else if (m->no != HUB && chance(p, 40)) {
		tell(p, "%s leaves", m->name);
		member_ends(m);
		step(p, member_event(m, FC_EVENT_CLUSTER_REMOVED));
	} else {
		if (!member_of_name(p, name) && chance(p, 60))
			memcpy(m->name, name, sizeof(name));
		else
			m->reads = (enum fc_reads)below(p, 3);
		describe(p, m, FC_EVENT_CLUSTER_CHANGED);
	}
}

/* The server stands still for it: nothing that was asked before is answered after it. */
static void restore(struct play *p, struct server *s)
{
	tell(p, "%s: restored", s->id);
	for (unsigned i = 0; i < p->member_count; i++) {
		struct member *m = &p->members[i];

		if (!m->alive || m->server != s)
			continue;
		lose_connection(p, m);
		while (member_answer_arrives(m, 0))
			;
	}
	server_restore(s);
}

static void fault(struct play *p)
{
	struct member *m = living(p);

	switch (chance(p, 50) ? p->favourite : below(p, FAULTS)) {
	case 0:
	case 1:
		tell(p, "%s goes away", m->name);
		lose_connection(p, m);
		break;
	case 2:
		if (!m->known || shares_its_server(p, m))
			break;
		/* Its address is another cluster's from now on, or its own again. */
		lose_connection(p, m);
		m->server = m->server == m->home ? p->servers[SERVERS - 1] : m->home;
		tell(p, "%s is answered for by %s", m->name, m->server->id);
		break;
	case 3:
	case 4:
		type_changes(p, m->home);
		break;
	case 5:
		m->home->wide_forbidden = !m->home->wide_forbidden;
		break;
	case 6:
		tell(p, "%s: backup", m->home->id);
		server_save(m->home);
		break;
	case 7:
		restore(p, m->home);
		break;
	case 8:
		log_clear(m->home);
		break;
	default:
		set_changes(p);
		break;
	}
}

static void act(struct play *p)
{
	unsigned what = below(p, 100);
	struct member *m = &p->members[below(p, p->member_count)];

	if (what < 45) {
		/* Also of one that has left. */
		for (unsigned k = 1 + below(p, 6); k > 0 && deliver(p, m); k--)
			;
	} else if (what < 75) {
		for (unsigned k = 1 + below(p, 4); m->alive && k > 0; k--)
			pump(p, m);
	} else if (what < 88) {
		edit(p, living(p)->home);
	} else if (what < 95) {
		p->now_ms += below(p, chance(p, 10) ? 10000 : 300);
		step(p, fc_event_new(FC_EVENT_TICK));
	} else if (what < 98) {
		fault(p);
	} else if (m->alive && !m->up) {
		member_says_up(m);
	}
}

/* --- the end --- */

static void heal(struct play *p)
{
	for (unsigned i = 0; i < SERVERS; i++)
		for (int t = 0; t < TYPES; t++)
			p->servers[i]->served[t] = true;
	for (unsigned i = 0; i < p->member_count; i++) {
		struct member *m = &p->members[i];

		/* Of two names for one cluster one goes. */
		if (m->alive && m->no != HUB && shares_its_server(p, m)) {
			tell(p, "%s leaves", m->name);
			member_ends(m);
			step(p, member_event(m, FC_EVENT_CLUSTER_REMOVED));
			continue;
		}
		if (m->alive && m->server != m->home) {
			lose_connection(p, m);
			m->server = m->home;
		}
		if (m->alive && !m->up)
			member_says_up(m);
	}
}

static bool work_off(struct play *p, struct member *m)
{
	bool any = m->alive && member_answer_words(m);

	for (struct informer *i = m->informers, *next; i; i = next) {
		next = i->next;
		any = informer_pump(m, i, INT32_MAX, no_trouble) || any;
	}
	while (m->request_count) {
		struct fc_action *a = member_request(m, 0);
		struct fc_error why = FC_ERROR_INIT;

		json_t *object = member_execute(m, a, &why);

		member_answer(m, a, object, &why);
		any = true;
	}
	while (member_answer_arrives(m, 0))
		any = true;
	while (deliver(p, m))
		any = true;
	return any;
}

/* With a resync there is always a time at which something is to be done: it settles for two periods. */
static void settle(struct play *p)
{
	int64_t end_ms = p->now_ms + 2 * RESYNC_MS;

	for (int round = 0; round < 3000; round++) {
		bool any = false;
		int64_t due_ms;

		for (unsigned i = 0; i < p->member_count; i++)
			any = work_off(p, &p->members[i]) || any;
		if (any)
			continue;
		due_ms = fc_engine_deadline(p->engine);
		if (due_ms < 0 || (p->resyncs && due_ms > end_ms))
			return;
		p->now_ms = due_ms > p->now_ms ? due_ms : p->now_ms + 1;
		step(p, fc_event_new(FC_EVENT_TICK));
	}
	lose(p, "it does not come to rest");
}

/* --- what the rules say, read in the simplest way --- */

static bool lists(const json_t *source, const char *key, const char *name)
{
	const json_t *annotations = json_object_get(json_object_get(source, "metadata"), "annotations");
	const char *list = json_string_value(json_object_get(annotations, key));

	return list && (strcmp(list, "*") == 0 || strstr(list, name));
}

static bool may_read(const struct member *reader, const struct member *from, struct place target, struct place at,
		     const json_t *source)
{
	bool by_cluster = from == reader || (from->no == HUB && reader->reads == FC_READS_SAME_NAMESPACE);

	if (at.type == SECRETS && target.type != SECRETS)
		return false;
	if (from != reader && reader->reads == FC_READS_NONE)
		return false;
	return (at.space == target.space || lists(source, "fedcopy.dev/allow-namespaces", space_names[target.space])) &&
	       (by_cluster || lists(source, "fedcopy.dev/allow-clusters", reader->name));
}

static json_t *value_at(const json_t *object, const char *path)
{
	json_t *data = json_object_get(object, "data");

	return strcmp(path, "data") == 0 ? data : json_object_get(data, path + strlen("data."));
}

/* What the rule wants, borrowed from the source; a literal is given back by the caller, as `*made`. */
static json_t *wanted(struct play *p, const struct member *m, struct place at, const char *rule, json_t **made)
{
	char text[160], *word = text, *instance, *path, *slash, *second;
	struct place source = at;
	const struct member *from = &p->members[HUB];
	const json_t *object;

	if (strncmp(rule, "json:", 5) == 0)
		return *made = json_loads(rule + 5, JSON_DECODE_ANY, NULL);
	snprintf(text, sizeof(text), "%s", rule);
	instance = strchr(word, ':');
	*instance++ = '\0';
	path = strchr(instance, ':');
	*path++ = '\0';
	source.type = type_of_word(word);
	slash = strchr(instance, '/');
	second = slash ? strchr(slash + 1, '/') : NULL;
	if (second) {
		*slash = '\0';
		from = member_of_name(p, instance);
		instance = slash + 1;
		slash = second;
	}
	if (slash) {
		*slash = '\0';
		source.space = strcmp(instance, space_names[1]) == 0;
		instance = slash + 1;
	}
	source.name = atoi(instance + 1);
	object = from ? object_at(from->home, source) : NULL;
	return object && may_read(m, from, at, source, object) ? value_at(object, path) : NULL;
}

/* What `data` is to be: the wide rule's value, and the others' in it. NULL: what is wanted is refused by the server, so
 * that nobody can say. */
static json_t *data_wanted(struct play *p, const struct member *m, struct place at, const json_t *object)
{
	static const char *const places[] = { "data", "data.t1", "data.t2" };
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");
	json_t *data = json_deep_copy(json_object_get(object, "data")), *value, *made = NULL;
	bool wide = false, refused = false;

	for (size_t i = 0; i < FC_ARRAY_LEN(places); i++) {
		FC_AUTO_FREE char *key = fc_xasprintf("k8s-copier.fig.org/replace-%s", places[i]);
		const char *rule = json_string_value(json_object_get(annotations, key));

		value = rule ? wanted(p, m, at, rule, &made) : NULL;
		if (value && i == 0) {
			json_decref(data);
			data = json_deep_copy(value);
			wide = true;
			refused = holds(value, "bad");
		} else if (value && wide) {
			json_object_set(data, places[i] + 5, value);
			refused = refused || holds(value, "bad");
		} else if (value && !holds(value, "bad")) {
			json_object_set(data, places[i] + 5, value);
		}
		json_decref(made);
		made = NULL;
	}
	if (!refused)
		return data;
	json_decref(data);
	return NULL;
}

static void check_object(struct play *p, const struct member *m, struct place at, const json_t *object)
{
	json_t *want = data_wanted(p, m, at, object), *have = json_object_get(object, "data");

	if (want && !json_equal(have, want)) {
		char *a = json_dumps(have, JSON_SORT_KEYS), *b = json_dumps(want, JSON_SORT_KEYS);

		lose(p, "%s/%s/%s/o%d holds %s, and should hold %s", m->name, type_rows[at.type].plural,
		     space_names[at.space], at.name, a, b);
	}
	json_decref(want);
}

static void check_states(struct play *p)
{
	static const char *const final[] = { "InSync", "SourceNotFound", "PathNotFound", "NotAllowed", "Invalid" };
	json_t *rules = json_array(), *rule;
	uint64_t cursor = 0;
	size_t i;

	fc_engine_rules(p->engine, &cursor, SIZE_MAX, rules);
	json_array_foreach(rules, i, rule) {
		const char *state = json_string_value(json_object_get(rule, "state"));
		bool found = false;

		for (size_t k = 0; k < FC_ARRAY_LEN(final); k++)
			found = found || strcmp(state, final[k]) == 0;
		if (!found)
			lose(p, "%s", json_dumps(rule, 0));
	}
	json_decref(rules);
}

static void check_world(struct play *p)
{
	struct fc_engine_work work;
	size_t informers = 0;

	for (unsigned i = 0; i < p->member_count; i++) {
		const struct member *m = &p->members[i];

		if (!m->alive)
			continue;
		for (const struct informer *k = m->informers; k; k = k->next)
			informers++;
		FOR_EACH_PLACE(at)
		{
			const json_t *object = object_at(m->home, at);

			if (object)
				check_object(p, m, at, object);
		}
	}
	check_states(p);
	fc_engine_work(p->engine, &work);
	if (work.in_flight || work.ready || work.watches != informers)
		lose(p, "left: %zu in flight, %zu ready, %zu watches of %zu", work.in_flight, work.ready, work.watches,
		     informers);
}

/* At rest nothing is written, whatever is told again. */
static void check_calm(struct play *p)
{
	size_t reads = p->reads;

	p->calm = true;
	for (unsigned i = 0; i < p->member_count; i++)
		for (struct informer *k = p->members[i].informers; k; k = k->next)
			k->streaming = false;
	settle(p);
	p->now_ms += 600000;
	step(p, fc_event_new(FC_EVENT_TICK));
	settle(p);
	if (p->reads != reads)
		lose(p, "%zu needless reads", p->reads - reads);
}

/* --- worlds --- */

static void begin(struct play *p)
{
	static const char *const words[] = { "secrets", "configmaps", "gadgets" };
	struct fc_cluster_info infos[FIRST_MEMBERS];

	for (unsigned i = 0; i < SERVERS; i++)
		p->servers[i] = server_new(i);
	for (unsigned i = 0; i < FIRST_MEMBERS; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("c%u", i);
		struct member *m = member_new(p, p->servers[i], name);

		infos[i] = (struct fc_cluster_info){ .name = m->name, .master = i == HUB };
		for (unsigned k = below(p, 40); k > 0; k--)
			edit(p, p->servers[i]);
	}
	p->favourite = below(p, FAULTS);
	p->resyncs = chance(p, 30);
	p->filling_stranger = true;
	for (unsigned k = 0; k < 60; k++)
		edit(p, p->servers[SERVERS - 1]);
	p->filling_stranger = false;
	p->now_ms = 1000000;
	p->engine = fc_engine_new(
		&(struct fc_engine_options){
			.clusters = infos,
			.cluster_count = FIRST_MEMBERS,
			.master = HUB,
			.dialects = fc_dialects,
			.target_words = words,
			.target_word_count = FC_ARRAY_LEN(words),
			.max_in_flight = 1 + below(p, 4),
			.max_writes_per_second = chance(p, 20) ? 1 + below(p, 10) : 0,
			.resync_period_ms = p->resyncs ? RESYNC_MS : 0,
		},
		p->seed);
	step(p, fc_event_new(FC_EVENT_TICK));
	for (unsigned i = 0; i < FIRST_MEMBERS; i++)
		if (chance(p, 80))
			member_says_up(&p->members[i]);
}

static void end(struct play *p)
{
	fc_engine_free(p->engine);
	for (unsigned i = 0; i < p->member_count; i++)
		member_free(&p->members[i]);
	for (unsigned i = 0; i < SERVERS; i++)
		server_free(p->servers[i]);
}

static size_t play(uint64_t seed, bool told)
{
	struct play p = { .seed = seed, .told = told, .random = { .state = seed } };

	begin(&p);
	for (int i = 0; i < STEPS; i++)
		act(&p);
	heal(&p);
	settle(&p);
	check_world(&p);
	check_calm(&p);
	check_world(&p);
	end(&p);
	return p.writes;
}

static void test_every_world_settles_as_its_rules_say(void **state)
{
	const char *worlds = getenv("FEDCOPY_WORLDS"), *seed = getenv("FEDCOPY_SEED");
	unsigned count = worlds ? (unsigned)atoi(worlds) : WORLDS;
	size_t writes = 0;

	(void)state;
	if (seed) {
		play(strtoull(seed, NULL, 10), true);
		return;
	}
	for (unsigned i = 1; i <= count; i++)
		writes += play(i, false);
	/* A driver that makes nothing happen finds nothing. */
	assert_true(writes > count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_world_settles_as_its_rules_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
