/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect object-sync under random edits of ObjectSyncs, sources, copies and namespaces, with clusters that come
 * and go: in the end what is said to be in sync is, nobody bears a finalizer without a reason, nothing hangs at its
 * deletion, and a process without memory finds nothing to do. */
#include "base/random.h"
#include "object_syncs.h"

#define STEPS 60
#define SEEDS 190
/* Of those behind them, what has found a defect of the engine once. */
static const uint64_t found[] = { 201, 257, 265, 314, 400, 401, 416, 439, 857 };

static const char *const spaces[] = { "release", "stage", "qa" };
#define SPACES FC_ARRAY_LEN(spaces)
static const char *const syncs[] = { "s", "t", "u" };
#define SYNCS FC_ARRAY_LEN(syncs)

struct play {
	struct copies *c;
	struct fc_random dice;
};

/* One after the other, never two among the arguments of a call: compilers differ in which comes first, and a seed would
 * be another play with each. */
static uint32_t roll(struct play *p, uint32_t sides)
{
	return (uint32_t)(fc_random_next(&p->dice) % sides);
}

static const char *any_space(struct play *p)
{
	return spaces[roll(p, SPACES)];
}

static const char *any_name(struct play *p)
{
	return roll(p, 4) ? "flags" : "twin";
}

static const char *any_destinations(struct play *p)
{
	static const char *const lists[] = {
		"[]",
		"[{'namespace':'stage'}]",
		"[{'namespace':'stage'},{'namespace':'qa','strategy':'replace'}]",
		"[{'namespace':'*'}]",
		"[{'namespace':'*','strategy':'replace'},{'namespace':'qa','strategy':'apply'}]",
		"[{'namespace':'release'},{'namespace':'missing'}]",
		"[{'namespace':'stage','name':'twin'}]",
		"[{'namespace':'stage','strategy':'merge'}]",
	};

	return lists[roll(p, FC_ARRAY_LEN(lists))];
}

/* The first and the second lie in release, the third in stage. */
static const char *space_of(size_t i)
{
	return i < 2 ? "release" : "stage";
}

static const json_t *sync_at(struct copies *c, size_t i)
{
	return api_server_object(c->servers[HUB], "sync.rustrial.org", "objectsyncs", space_of(i), syncs[i]);
}

static void ask(struct play *p)
{
	static const char *const clusters[] = { "", "'fedcopy.dev/clusters':'*'", "'fedcopy.dev/clusters':'edge-2'" };
	size_t i = roll(p, SYNCS);
	FC_AUTO_FREE char *metadata = fc_xasprintf("'annotations':{%s}", clusters[roll(p, FC_ARRAY_LEN(clusters))]);
	const char *destinations = any_destinations(p), *source = any_name(p);
	FC_AUTO_FREE char *spec = fc_xasprintf("'source':{'group':'','kind':'ConfigMap','name':'%s'},'destinations':%s",
					       source, destinations);

	if (!sync_at(p->c, i))
		sync_make_in(p->c, space_of(i), syncs[i], metadata, spec);
}

static void ask_otherwise(struct play *p)
{
	size_t i = roll(p, SYNCS);
	FC_AUTO_FREE char *what = fc_xasprintf("/%s", syncs[i]), *merge = NULL;

	switch (roll(p, 4)) {
	case 0:
		merge = fc_xasprintf("{'spec':{'source':{'name':'%s'}}}", roll(p, 2) ? "flags" : "twin");
		break;
	case 1:
		merge = fc_xasprintf("{'metadata':{'annotations':{'fedcopy.dev/clusters':%s}}}",
				     roll(p, 2) ? "'edge-1'" : "null");
		break;
	default:
		merge = fc_xasprintf("{'spec':{'destinations':%s}}", any_destinations(p));
		break;
	}
	syncs_request(p->c, "PATCH", space_of(i), what, merge);
}

static void ask_no_more(struct play *p)
{
	size_t i = roll(p, SYNCS);
	FC_AUTO_FREE char *what = fc_xasprintf("/%s", syncs[i]);

	syncs_request(p->c, "DELETE", space_of(i), what, NULL);
}

static void make(struct play *p)
{
	const char *ns = any_space(p), *name = any_name(p);
	FC_AUTO_FREE char *data = fc_xasprintf("'data':{'a':'%u'}", roll(p, 100));

	if (!copies_object(p->c, HUB, "ConfigMap", ns, name))
		copies_make(p->c, HUB, "ConfigMap", ns, name, "", data);
}

static void edit(struct play *p)
{
	static const char *const merges[] = {
		"{'data':{'a':'edited'}}",
		"{'data':{'foreign':'1'}}",
		"{'metadata':{'labels':null}}",
		"{'metadata':{'labels':{'foo':'bar'}}}",
		"{'metadata':{'finalizers':null}}",
		"{'metadata':{'annotations':null}}",
		"{'metadata':{'labels':null,'annotations':null,'finalizers':null}}",
		"{'immutable':true}",
	};

	const char *merge = merges[roll(p, FC_ARRAY_LEN(merges))], *name = any_name(p), *ns = any_space(p);
	fc_cluster_no cluster = roll(p, 2) ? HUB : EDGE2;

	copies_try_patch(p->c, cluster, "ConfigMap", ns, name, merge);
}

static void go(struct play *p)
{
	const char *ns = any_space(p), *name = any_name(p);
	fc_cluster_no cluster = (fc_cluster_no)roll(p, CLUSTERS);

	if (copies_object(p->c, cluster, "ConfigMap", ns, name))
		copies_delete(p->c, cluster, "ConfigMap", ns, name);
}

static void turn(struct play *p)
{
	fc_cluster_no cluster = (fc_cluster_no)roll(p, CLUSTERS);

	if (p->c->down[cluster])
		copies_up(p->c, cluster);
	else if (roll(p, 2))
		copies_down(p->c, cluster);
	else
		copies_restart(p->c);
}

static void step(struct play *p)
{
	void (*const steps[])(struct play *) = { ask,  ask,  ask_otherwise, ask_otherwise, ask_no_more, make,
						 make, edit, edit,	    edit,	   go,		turn };

	steps[roll(p, FC_ARRAY_LEN(steps))](p);
	if (roll(p, 3))
		copies_settle(p->c);
	if (!roll(p, 4))
		copies_wait(p->c, 3000);
}

static void take_all(struct play *p, json_t *all)
{
	static const char *const names[] = { "flags", "twin" };

	for (fc_cluster_no k = 0; k < CLUSTERS; k++)
		for (size_t i = 0; i < SPACES * 2; i++) {
			const json_t *object = copies_object(p->c, k, "ConfigMap", spaces[i / 2], names[i % 2]);

			json_array_append_new(all, object ? json_deep_copy(object) : json_null());
		}
	for (size_t i = 0; i < SYNCS; i++)
		json_array_append_new(all, sync_at(p->c, i) ? json_deep_copy(sync_at(p->c, i)) : json_null());
}

static const char *text_in(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member)) ?: "";
}

/* By an ObjectSync's status, or as its source. */
static bool is_named(struct copies *c, const char *ns, const char *name)
{
	for (size_t i = 0; i < SYNCS; i++) {
		json_t *list = json_object_get(json_object_get(sync_at(c, i), "status"), "destinations"), *entry;
		const json_t *spec = json_object_get(sync_at(c, i), "spec");
		size_t k;

		if (sync_at(c, i) && strcmp(space_of(i), ns) == 0 &&
		    strcmp(text_in(json_object_get(spec, "source"), "name"), name) == 0)
			return true;
		json_array_foreach(list, k, entry)
			if (strcmp(text_in(entry, "namespace"), ns) == 0 && strcmp(text_in(entry, "name"), name) == 0)
				return true;
	}
	return false;
}

/* By one whose spec cannot be followed: its copies stay, and with them their source, whatever it names by now. */
static bool is_kept_by_a_mistake(struct copies *c, const char *ns)
{
	for (size_t i = 0; i < SYNCS; i++) {
		const json_t *sync = sync_at(c, i), *status = json_object_get(sync, "status");
		json_t *item;
		size_t k;

		if (!sync || strcmp(space_of(i), ns) != 0 || !json_array_size(json_object_get(status, "destinations")))
			continue;
		json_array_foreach(json_object_get(status, "conditions"), k, item)
			if (strcmp(text_in(item, "type"), "Ready") == 0 &&
			    strcmp(text_in(item, "status"), "False") == 0)
				return true;
	}
	return false;
}

static void assert_reasons(struct play *p, const json_t *all, uint64_t seed)
{
	json_t *object;
	size_t i;

	json_array_foreach(all, i, object) {
		const char *ns = fc_json_metadata(object, "namespace"), *name = fc_json_metadata(object, "name");

		if (fc_json_metadata(object, "deletionTimestamp")[0] && !is_kept_by_a_mistake(p->c, ns))
			fail_msg("seed %llu: %s/%s hangs at its deletion", (unsigned long long)seed, ns, name);
		if (i < SPACES * 2 && json_is_object(object) && has_finalizer(object) && !is_named(p->c, ns, name))
			fail_msg("seed %llu: %s/%s bears a finalizer and nobody names it", (unsigned long long)seed, ns,
				 name);
	}
}

static bool holds(const json_t *copy, const json_t *source)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(source, "data"), key, value)
		if (!json_equal(value, json_object_get(json_object_get(copy, "data"), key)))
			return false;
	return true;
}

static fc_cluster_no cluster_named(const char *name)
{
	return strcmp(name, "edge-1") == 0 ? EDGE1 : strcmp(name, "edge-2") == 0 ? EDGE2 : HUB;
}

static void assert_in_sync(struct play *p, size_t i, uint64_t seed)
{
	const json_t *sync = sync_at(p->c, i), *spec = json_object_get(sync, "spec");
	json_t *list = json_object_get(json_object_get(sync, "status"), "destinations"), *item;
	const json_t *source =
		copies_object(p->c, HUB, "ConfigMap", space_of(i), text_in(json_object_get(spec, "source"), "name"));
	bool well = false;
	size_t k;

	json_array_foreach(json_object_get(json_object_get(sync, "status"), "conditions"), k, item)
		if (strcmp(text_in(item, "type"), "InSync") == 0)
			well = strcmp(text_in(item, "status"), "True") == 0 &&
			       json_equal(json_object_get(item, "observedGeneration"),
					  json_object_get(json_object_get(sync, "metadata"), "generation"));
	if (well && !source)
		fail_msg("seed %llu: %s is in sync without a source", (unsigned long long)seed, syncs[i]);
	json_array_foreach(list, k, item) {
		const json_t *copy = copies_object(p->c, cluster_named(text_in(item, "cluster")), "ConfigMap",
						   text_in(item, "namespace"), text_in(item, "name"));

		if (well && strcmp(text_in(item, "namespace"), "default") != 0 && !holds(copy, source))
			fail_msg("seed %llu: %s: %s/%s is not as its source", (unsigned long long)seed, syncs[i],
				 text_in(item, "namespace"), text_in(item, "name"));
	}
}

/* What is not ours is found out by a creation that fails: a restart may try, and changes nothing. */
static void check(struct play *p, uint64_t seed)
{
	json_t *before = json_array(), *after = json_array();

	take_all(p, before);
	assert_reasons(p, before, seed);
	for (size_t i = 0; i < SYNCS; i++)
		assert_in_sync(p, i, seed);
	copies_restart(p->c);
	take_all(p, after);
	for (size_t i = 0; i < json_array_size(before); i++)
		if (!json_equal(json_array_get(before, i), json_array_get(after, i)))
			fail_msg("seed %llu: a restart changes %s to %s", (unsigned long long)seed,
				 json_dumps(json_array_get(before, i), JSON_ENCODE_ANY),
				 json_dumps(json_array_get(after, i), JSON_ENCODE_ANY));
	json_decref(before);
	json_decref(after);
}

/* With the ObjectSyncs go all finalizers, and all copies that can be reached. */
static void end(struct play *p, uint64_t seed)
{
	json_t *all = json_array(), *object;
	size_t i;

	for (i = 0; i < SYNCS; i++) {
		FC_AUTO_FREE char *what = fc_xasprintf("/%s", syncs[i]);

		syncs_request(p->c, "DELETE", space_of(i), what, NULL);
	}
	copies_settle(p->c);
	copies_wait(p->c, 600000);
	take_all(p, all);
	json_array_foreach(all, i, object)
		if (json_is_object(object) &&
		    (has_finalizer(object) || fc_json_metadata(object, "deletionTimestamp")[0]))
			fail_msg("seed %llu: %s is left", (unsigned long long)seed, json_dumps(object, 0));
	json_decref(all);
}

static void play(uint64_t seed)
{
	struct play p = { .c = syncs_new() };

	p.dice.state = seed;
	/* Servers tell who made what: by that a copy is known after a restart that has lost its marks. */
	p.c->managed = SYNC_MANAGED("Apply", "'f:data':{}," SYNC_FINALIZER_FIELD);
	for (int i = 0; i < STEPS; i++)
		step(&p);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		if (p.c->down[i])
			copies_up(p.c, i);
	copies_wait(p.c, 1800000);
	check(&p, seed);
	end(&p, seed);
	copies_free(p.c);
}

static void test_object_sync_random_edits_end_in_rest_and_hold_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		play(seed);
	for (size_t i = 0; i < FC_ARRAY_LEN(found); i++)
		play(found[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object_sync_random_edits_end_in_rest_and_hold_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
