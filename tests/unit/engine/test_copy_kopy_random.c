/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect kopy under random edits of sources, copies, labels and namespaces, with clusters that come and go: in the
 * end everything is as docs/kopy.md has it, and a process without memory finds nothing to do. */
#include "base/random.h"
#include "kopy.h"

#define STEPS 60
#define SEEDS 100

static const char *const spaces[] = { "home", "a", "b", "other" };
#define SPACES FC_ARRAY_LEN(spaces)

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

/* Whatever is not there is not changed. */
static void change(struct play *p, const char *ns, const char *merge)
{
	copies_try_patch(p->c, HUB, "ConfigMap", ns, "src", merge);
}

static void make(struct play *p)
{
	static const char *const kinds[] = { SYNC("team=x"), SYNC_GUIDE("team=x"), SYNC("team in x"), "" };
	const char *ns = any_space(p);
	FC_AUTO_FREE char *data = fc_xasprintf("'data':{'a':'%u'}", roll(p, 100));

	if (!copies_object(p->c, HUB, "ConfigMap", ns, "src"))
		copies_make(p->c, HUB, "ConfigMap", ns, "src", kinds[roll(p, 5) % 4], data);
}

static void edit(struct play *p)
{
	static const char *const merges[] = {
		"{'data':{'a':'edited'}}",
		"{'metadata':{'labels':null}}",
		"{'metadata':{'labels':{'foo':'bar'}}}",
		"{'metadata':{'labels':{'" GUIDE "origin.namespace':'other'}}}",
		"{'metadata':{'finalizers':null}}",
		"{'metadata':{'finalizers':['" FINALIZER "']}}",
		"{'metadata':{'annotations':null}}",
		"{'metadata':{'annotations':{'" HEAD "sync':'team=x'}}}",
		"{'metadata':{'annotations':{'" HEAD "sync':'team in x'}}}",
		"{'metadata':{'annotations':{'" HEAD "sync':null,'" GUIDE "sync':'team=x'}}}",
		"{'metadata':{'annotations':{'fedcopy.dev/clusters':'*'}}}",
		"{'metadata':{'annotations':{'fedcopy.dev/clusters':'edge-2'}}}",
		"{'immutable':true}",
	};

	const char *merge = merges[roll(p, FC_ARRAY_LEN(merges))], *ns = any_space(p);

	change(p, ns, merge);
}

static void go(struct play *p)
{
	const char *ns = any_space(p);
	fc_cluster_no cluster = (fc_cluster_no)roll(p, CLUSTERS);

	if (copies_object(p->c, cluster, "ConfigMap", ns, "src"))
		copies_delete(p->c, cluster, "ConfigMap", ns, "src");
}

static void relabel(struct play *p)
{
	FC_AUTO_FREE char *patch = fc_xasprintf("{'metadata':{'labels':{'team':%s}}}", roll(p, 2) ? "'x'" : "null");
	const char *ns = any_space(p);
	fc_cluster_no cluster = (fc_cluster_no)roll(p, CLUSTERS);

	copies_try_patch(p->c, cluster, "Namespace", NULL, ns, patch);
}

static void step(struct play *p)
{
	struct copies *c = p->c;
	fc_cluster_no cluster = (fc_cluster_no)roll(p, CLUSTERS);

	switch (roll(p, 12)) {
	case 0:
	case 1:
		make(p);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		edit(p);
		break;
	case 6:
	case 7:
		go(p);
		break;
	case 8:
		relabel(p);
		break;
	case 9:
		if (!c->down[cluster])
			copies_down(c, cluster);
		break;
	case 10:
		if (c->down[cluster])
			copies_up(c, cluster);
		break;
	default:
		copies_restart(c);
		break;
	}
	if (roll(p, 3))
		copies_settle(c);
	if (!roll(p, 4))
		copies_wait(c, 3000);
}

static void take_all(struct play *p, json_t *all)
{
	for (fc_cluster_no k = 0; k < CLUSTERS; k++)
		for (size_t i = 0; i < SPACES; i++) {
			const json_t *object = copies_object(p->c, k, "ConfigMap", spaces[i], "src");

			json_array_append_new(all, object ? json_deep_copy(object) : json_null());
		}
}

static void assert_nothing_hangs(const json_t *all, uint64_t seed)
{
	json_t *object;
	size_t i;

	json_array_foreach(all, i, object)
		if (fc_json_metadata(object, "deletionTimestamp")[0])
			fail_msg("seed %llu: %s/src hangs at its deletion", (unsigned long long)seed,
				 fc_json_metadata(object, "namespace"));
}

static bool is_of_team_x(struct copies *c, const char *ns)
{
	const json_t *space = copies_object(c, HUB, "Namespace", "", ns);
	const char *team = json_string_value(
		json_object_get(json_object_get(json_object_get(space, "metadata"), "labels"), "team"));

	return team && strcmp(team, "x") == 0;
}

static const char *value_of_sync(const json_t *object)
{
	const char *text = fc_json_annotation(object, HEAD "sync");

	return text ? text : fc_json_annotation(object, GUIDE "sync");
}

/* A copy of the hub follows its source, or is detached, or its source cannot be understood; nobody bears a finalizer
 * without a reason. */
static void assert_copy_is_right(struct play *p, const json_t *copy, uint64_t seed)
{
	struct fc_copy_mark m = { 0 };
	const char *ns = fc_json_metadata(copy, "namespace");
	bool marked = fc_dialect_kopy.copy->mark(&fc_dialect_kopy, copy, &m) && !m.released;
	const json_t *source = marked && m.name[0] ? copies_object(p->c, HUB, "ConfigMap", m.namespace_, "src") : NULL;
	const char *sync = value_of_sync(source);

	if (marked && m.name[0] && !sync)
		fail_msg("seed %llu: %s/src is a copy of nothing", (unsigned long long)seed, ns);
	if (marked && sync && strcmp(sync, "team=x") == 0 && is_of_team_x(p->c, ns) && strcmp(ns, m.namespace_) != 0 &&
	    !json_equal(json_object_get(copy, "data"), json_object_get(source, "data")))
		fail_msg("seed %llu: %s/src is not as its source", (unsigned long long)seed, ns);
	if (!marked && !value_of_sync(copy) &&
	    json_array_size(json_object_get(json_object_get(copy, "metadata"), "finalizers")))
		fail_msg("seed %llu: %s/src keeps its finalizer", (unsigned long long)seed, ns);
	fc_copy_mark_fini(&m);
}

/* What is not ours is found out by a creation that fails: a restart may try, and changes nothing. */
static void check(struct play *p, uint64_t seed)
{
	json_t *before = json_array(), *after = json_array();

	take_all(p, before);
	assert_nothing_hangs(before, seed);
	for (size_t i = 0; i < SPACES; i++)
		if (json_is_object(json_array_get(before, i)))
			assert_copy_is_right(p, json_array_get(before, i), seed);
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

static void play(uint64_t seed)
{
	struct play p = { .c = kopy_new() };

	p.dice.state = seed;
	for (int i = 0; i < STEPS; i++)
		step(&p);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		if (p.c->down[i])
			copies_up(p.c, i);
	copies_wait(p.c, 1800000);
	check(&p, seed);
	copies_free(p.c);
}

static void test_kopy_random_edits_end_in_rest_and_hold_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		play(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kopy_random_edits_end_in_rest_and_hold_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
