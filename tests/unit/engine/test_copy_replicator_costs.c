/* SPDX-License-Identifier: Apache-2.0 */
/* What k8s-replicator costs, by counts alone: expressions that are compiled, words that are read, places that are
 * judged, and memory. */
#include "allocations.h"
#include "dialects/k8s_replicator.h"
#include "object_syncs.h"
#include "replicator.h"

static struct {
	size_t read, judged;
} counts;

static void *count_read(const struct fc_dialect *d, const json_t *object)
{
	counts.read++;
	return fc_replicator_read(d, object);
}

static void count_judged(const struct fc_copy_spec *rule, const struct fc_copy_place *place,
			 struct fc_copy_verdict *out)
{
	counts.judged++;
	fc_replicator_judge(rule, place, out);
}

/* The dialect as the program has it, with these two counted. */
struct counted {
	struct fc_dialect *made, dialect;
	struct fc_copy_dialect copy;
	const struct fc_dialect *all[3];
	struct copies *world;
};

static size_t compiled(const struct counted *k)
{
	return fc_namespace_pool_compiled(fc_replicator_config_of(k->made)->words.pool);
}

static void counted_begin(struct counted *k)
{
	k->made = fc_k8s_replicator_new(&(struct fc_k8s_replicator_options){ .prefix = NULL });
	k->dialect = *k->made;
	k->copy = *k->made->copy;
	k->copy.read = count_read;
	k->copy.judge = count_judged;
	k->dialect.copy = &k->copy;
	k->all[0] = &fc_dialect_k8s_copier;
	k->all[1] = &k->dialect;
	k->all[2] = NULL;
	k->world = replicator_new_with(&k->dialect, k->all);
}

static void counted_end(struct counted *k)
{
	copies_free(k->world);
	fc_k8s_replicator_free(k->made);
}

static void count_anew(void)
{
	counts.read = counts.judged = 0;
}

#define TEN(before) \
	before "0+," before "1+," before "2+," before "3+," before "4+," before "5+," before "6+," before "7+"
#define LIST TEN("n") ",[a],[b]"

static void test_k8s_replicator_costs_an_expression_is_compiled_once_for_all_that_hold_it(void **state)
{
	struct counted k;

	(void)state;
	counted_begin(&k);
	replicator_map(k.world, "home", "src", TO("x,y,z") "," TO_NAMESPACES(LIST) "," ALLOWED "," ALLOWED_IN(LIST),
		       "1");
	assert_filled(k.world, "a", "x", "1");
	assert_filled(k.world, "b", "z", "1");
	assert_int_equal(compiled(&k), 10);
	replicator_edit(k.world, "home", "src", "{'data':{'a':'2'}}");
	assert_filled(k.world, "b", "z", "2");
	assert_int_equal(compiled(&k), 10);
	replicator_annotate(k.world, "home", "src", "replication-allowed-namespaces", "'" LIST ",more.*'");
	assert_string_equal(replicator_word(k.world, "b", "z", "replication-allowed-namespaces"), LIST ",more.*");
	assert_int_equal(compiled(&k), 11);
	counted_end(&k);
}

static void test_k8s_replicator_costs_a_source_is_read_once_for_each_change_of_its_words(void **state)
{
	struct counted k;
	size_t before;

	(void)state;
	counted_begin(&k);
	replicator_map(k.world, "home", "src", ALLOWED "," ALLOWED_IN(LIST), "1");
	before = counts.read;
	for (int i = 0; i < 20; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("copy-%d", i);

		copies_make(k.world, HUB, "ConfigMap", i % 2 ? "a" : "b", name, "'annotations':{" FROM("home/src") "}",
			    "");
	}
	copies_settle(k.world);
	assert_filled(k.world, "a", "copy-19", "1");
	/* The source once; each copy as it came, and as it was filled. */
	assert_int_equal(counts.read - before, 1 + 2 * 20);
	count_anew();
	replicator_edit(k.world, "home", "src", "{'data':{'a':'2'}}");
	assert_filled(k.world, "a", "copy-19", "2");
	assert_int_equal(counts.read, 20);
	count_anew();
	replicator_annotate(k.world, "home", "src", "replication-allowed-namespaces", "'" LIST ",more.*'");
	/* And each copy as it was filled with that version. */
	assert_int_equal(counts.read, 1 + 20);
	assert_int_equal(counts.judged, 2 * 20);
	counted_end(&k);
}

static void test_k8s_replicator_costs_a_place_is_judged_when_an_end_of_it_has_moved(void **state)
{
	struct counted k;

	(void)state;
	counted_begin(&k);
	replicator_map(k.world, "home", "src", TO("x,y,z") "," TO_NAMESPACES(LIST), "1");
	assert_filled(k.world, "b", "z", "1");
	count_anew();
	replicator_edit(k.world, "home", "src", "{'data':{'a':'2'}}");
	assert_filled(k.world, "b", "z", "2");
	/* Six copies: the source has moved, and then the copy. */
	assert_int_equal(counts.judged, 2 * 6);
	count_anew();
	replicator_edit(k.world, "a", "x", "{'metadata':{'labels':{'note':'n'}}}");
	assert_int_equal(counts.judged, 1);
	assert_int_equal(counts.read, 0);
	count_anew();
	copies_wait(k.world, 60000);
	assert_int_equal(counts.judged, 0);
	counted_end(&k);
}

/* --- memory --- */

/* A source of both dialects, which goes although it is awaited still. */
static void lose_a_held_source(void)
{
	struct copies *c = copies_make_servers();

	fc_engine_free(c->w.engine);
	c->dialects[1] = &fc_dialect_object_sync;
	c->dialects[2] = &fc_dialect_k8s_replicator;
	c->w.engine = copies_engine(c);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		api_server_serve(c->servers[i], &sync_type);
		copies_space(c, i, "release", "");
		copies_space(c, i, "stage", "");
	}
	copies_start(c);
	copies_make(c, HUB, "ConfigMap", "release", "flags", "'annotations':{" ALLOWED "}", "'data':{'a':'1'}");
	sync_make_in(c, "release", "s", "", TO_STAGE);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_delete(c, HUB, "ConfigMap", "release", "flags");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_null(copies_object(c, HUB, "ConfigMap", "release", "flags"));
	copies_free(c);
}

static void test_k8s_replicator_costs_words_of_a_held_source_go_with_it(void **state)
{
	size_t before;

	(void)state;
	/* Whatever libraries keep for good is there after the first time. */
	lose_a_held_source();
	before = allocations.live;
	lose_a_held_source();
	assert_int_equal(allocations.live, before);
}

#define TEST(name) cmocka_unit_test(test_k8s_replicator_costs_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_expression_is_compiled_once_for_all_that_hold_it),
		TEST(a_source_is_read_once_for_each_change_of_its_words),
		TEST(a_place_is_judged_when_an_end_of_it_has_moved),
		TEST(words_of_a_held_source_go_with_it),
	};

	allocations_count();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
