/* SPDX-License-Identifier: Apache-2.0 */
/* usage: bench-engine [RULES [JSON-FILE [CHANGES]]]
 *
 * What the engine costs by itself: no network, no thread, no clock but the one that measures. Rules on a master and two
 * members, each with a source of its own on the master, all in sync: a fifth of the targets in one namespace, the
 * others ten to a namespace. 1,000 rules, then as many as are asked for, then these on 1,000 clusters. What servers
 * would answer is made here, and its making is not measured.
 *
 * Ends with status 1 where a promise of the design (sections 5 and 10) is not kept. */
#include "base/mem.h"
#include "base/random.h"
#include "dialects/dialects.h"
#include "engine/engine.h"
#include "json/digest.h"
#include "unit/engine/allocations.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FEW_CLUSTERS 3
#define MANY_CLUSTERS 1000
#define CHANGES 20000 /* of sources, unless told */
#define COMING 1000   /* rules that come to a running engine */
#define BATCH 30      /* changes at a time: below the writes that a cluster may have in flight */
#define KEY "the-certificate"
#define PATH "data." KEY /* 20 bytes */
#define RULE "k8s-copier.fig.org/replace-" PATH
/* For names of 30 bytes and a path of 20, with a target and a source of its own. */
#define BYTES_LIMIT 1024
/* Several times slower with fifty times the rules, or so many clusters, is memory that is further away, not work. */
#define RATIO_LIMIT 4.0

static struct fc_resource configmaps = {
	.group = "",
	.version = "v1",
	.plural = "configmaps",
	.singular = "configmap",
	.kind = "ConfigMap",
	.namespaced = true,
	.verbs = ~0u,
};

struct bench {
	struct fc_engine *engine;
	struct fc_cluster_info *infos;
	size_t clusters;
	struct fc_actions actions;
	size_t rules;
	size_t changes;
	size_t sources;	   /* as many as rules, or one for all */
	unsigned *value;   /* of each source */
	unsigned *written; /* of each target */
	uint32_t *targets_watch, sources_watch;
	long long version;
	int64_t now_ms;
	double seconds; /* CPU time of the engine since it was set to 0 */
	size_t writes, reads;
	struct fc_event **queue;
	size_t queued, queue_cap;
};

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- objects --- */

static size_t source_of(const struct bench *b, size_t i)
{
	return b->sources == 1 ? 0 : i;
}

static void namespace_of(const struct bench *b, size_t i, char text[32])
{
	size_t crowd = b->rules / 5, number = i < crowd || b->sources == 1 ? 0 : 1 + (i - crowd) / 10;

	snprintf(text, 32, "namespace-%020zu", number);
}

static json_t *object_new(const struct bench *b, const char *kind, size_t i, long long version)
{
	char name[32], namespace_[32], version_text[32], uid[48];

	snprintf(name, sizeof(name), "%s-%023zu", kind, i);
	snprintf(version_text, sizeof(version_text), "%lld", version);
	snprintf(uid, sizeof(uid), "0000000%x-0000-4000-8000-%012zx", kind[0] % 16u, i);
	namespace_of(b, i, namespace_);
	return json_pack("{s:{s:s, s:s, s:s, s:s}}", "metadata", "name", name, "namespace", namespace_, "uid", uid,
			 "resourceVersion", version_text);
}

static void put_value(json_t *object, unsigned value)
{
	json_object_set_new(object, "data", json_pack("{s:o}", KEY, json_sprintf("value %u of this key", value)));
}

/* As its watch tells it: metadata alone. */
static json_t *target_metadata(struct bench *b, size_t i)
{
	json_t *object = object_new(b, "target", i, ++b->version);
	json_t *rule = json_sprintf("configmap:source-%023zu:" PATH, source_of(b, i));

	json_object_set_new(json_object_get(object, "metadata"), "annotations", json_pack("{s:o}", RULE, rule));
	return object;
}

static json_t *target_whole(struct bench *b, size_t i)
{
	json_t *object = target_metadata(b, i);

	put_value(object, b->written[i]);
	return object;
}

static json_t *source_whole(struct bench *b, size_t i)
{
	json_t *object = object_new(b, "source", i, ++b->version);

	put_value(object, b->value[i]);
	return object;
}

/* --- events --- */

static struct fc_event *add(struct bench *b, enum fc_event_type type)
{
	FC_GROW(b->queue, b->queued, b->queue_cap);
	return b->queue[b->queued++] = fc_event_new(type);
}

static struct fc_event *add_watch(struct bench *b, enum fc_event_type type, uint32_t watch)
{
	struct fc_event *event = add(b, type);

	event->watch = watch;
	event->complete = true;
	return event;
}

static void add_object(struct bench *b, uint32_t watch, json_t *object)
{
	add_watch(b, FC_EVENT_OBJECT, watch)->object = object;
}

static void add_target(struct bench *b, size_t i)
{
	add_object(b, b->targets_watch[i % b->clusters], target_metadata(b, i));
}

/* The engine takes what is queued; its time is measured. */
static void run(struct bench *b)
{
	double began = cpu_seconds();

	for (size_t i = 0; i < b->queued; i++) {
		b->queue[i]->now_ms = b->now_ms;
		fc_engine_step(b->engine, b->queue[i], &b->actions);
	}
	b->seconds += cpu_seconds() - began;
	for (size_t i = 0; i < b->queued; i++)
		fc_event_free(b->queue[i]);
	b->queued = 0;
}

/* --- what servers answer --- */

static size_t number_of(const struct fc_action *a)
{
	return (size_t)strtoull(strchr(a->name, '-') + 1, NULL, 10);
}

static void answer(struct bench *b, const struct fc_action *a)
{
	struct fc_event *event = add(b, FC_EVENT_RESULT);
	size_t i = number_of(a);

	event->request = a->request;
	if (a->type == FC_ACTION_PATCH) {
		b->written[i] = b->value[source_of(b, i)];
		b->writes++;
	} else {
		b->reads++;
	}
	event->object = a->name[0] == 't' ? target_whole(b, i) : source_whole(b, i);
}

static void resolve(struct bench *b, const struct fc_action *a)
{
	struct fc_event *event = add(b, FC_EVENT_RESOLVED);

	event->cluster = a->cluster;
	event->name = fc_xstrdup(a->name);
	event->resource = fc_resource_new(&configmaps);
}

/* One watch of all sources: they are too many for anything else. Namespaces say nothing here. */
static void start_watch(struct bench *b, const struct fc_action *a)
{
	if (strcmp(a->resource->plural, "namespaces") == 0) {
		add_watch(b, FC_EVENT_LIST_BEGIN, a->watch);
		add_watch(b, FC_EVENT_LIST_END, a->watch);
	} else if (a->content == FC_WATCH_BODIES) {
		b->sources_watch = a->watch;
	} else {
		b->targets_watch[a->cluster] = a->watch;
	}
}

static void serve(struct bench *b, struct fc_action *a)
{
	switch (a->type) {
	case FC_ACTION_RESOLVE:
		resolve(b, a);
		break;
	case FC_ACTION_START_WATCH:
		start_watch(b, a);
		break;
	case FC_ACTION_READ:
	case FC_ACTION_PATCH:
		answer(b, a);
		break;
	default:
		break;
	}
	fc_action_free(a);
}

/* Until the engine wants nothing any more. */
static void settle(struct bench *b)
{
	struct fc_action *a;

	do {
		run(b);
		while ((a = fc_actions_take(&b->actions)))
			serve(b, a);
	} while (b->queued);
}

/* --- loading --- */

static void cluster_up(struct bench *b, fc_cluster_no cluster)
{
	struct fc_event *event = add(b, FC_EVENT_CLUSTER_UP);

	event->cluster = cluster;
	event->name = fc_xasprintf("id of %u", cluster);
}

static void list_targets(struct bench *b, fc_cluster_no cluster)
{
	add_watch(b, FC_EVENT_LIST_BEGIN, b->targets_watch[cluster]);
	for (size_t i = cluster; i < b->rules; i += b->clusters) {
		add_target(b, i);
		if (b->queued >= 500)
			settle(b);
	}
	add_watch(b, FC_EVENT_LIST_END, b->targets_watch[cluster]);
	settle(b);
}

static void list_sources(struct bench *b)
{
	add_watch(b, FC_EVENT_LIST_BEGIN, b->sources_watch);
	for (size_t i = 0; i < b->sources; i++) {
		add_object(b, b->sources_watch, source_whole(b, i));
		if (b->queued >= 500)
			settle(b);
	}
	add_watch(b, FC_EVENT_LIST_END, b->sources_watch);
	settle(b);
}

static struct bench *bench_new(size_t clusters, size_t rules, size_t sources)
{
	static const char *const words[] = { "configmaps" };
	static const struct fc_dialect *const dialects[] = { &fc_dialect_k8s_copier, NULL };
	struct bench *b = fc_xcalloc(1, sizeof(*b));
	struct fc_engine_options options = {
		.cluster_count = clusters, .dialects = dialects, .target_words = words, .target_word_count = 1
	};

	*b = (struct bench){ .infos = fc_xcalloc(clusters, sizeof(*b->infos)),
			     .clusters = clusters,
			     .rules = rules,
			     .sources = sources,
			     .value = fc_xcalloc(rules, sizeof(*b->value)),
			     .written = fc_xcalloc(rules, sizeof(*b->written)),
			     .targets_watch = fc_xcalloc(clusters, sizeof(*b->targets_watch)),
			     .now_ms = 1000 };
	for (size_t i = 0; i < clusters; i++)
		b->infos[i] = (struct fc_cluster_info){ .name = fc_xasprintf("cluster-%zu", i), .master = i == 0 };
	options.clusters = b->infos;
	fc_actions_init(&b->actions);
	b->engine = fc_engine_new(&options, 1);
	return b;
}

static void bench_load(struct bench *b)
{
	for (fc_cluster_no i = 0; i < b->clusters; i++)
		cluster_up(b, i);
	settle(b);
	for (fc_cluster_no i = 0; i < b->clusters; i++)
		list_targets(b, i);
	list_sources(b);
}

static void bench_free(struct bench *b)
{
	fc_engine_free(b->engine);
	fc_actions_fini(&b->actions);
	for (size_t i = 0; i < b->clusters; i++)
		free(b->infos[i].name);
	free(b->infos);
	free(b->targets_watch);
	free(b->value);
	free(b->written);
	free(b->queue);
	free(b);
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "bench-engine: %s\n", what);
	exit(1);
}

static void must_be_in_sync(const struct bench *b)
{
	size_t counts[FC_STATES];

	fc_engine_count_rules(b->engine, 0, counts);
	must(counts[FC_STATE_IN_SYNC] == b->rules, "not every rule is in sync");
}

/* --- what is measured --- */

/* Three of these are not inlined, since growth.py counts the instructions between their calls. */

struct figures {
	size_t rules, clusters;
	double load_seconds, bytes_per_rule;
	double change_us, change_whole_us; /* the event of a source; with the answer of the write and its echo */
	double irrelevant_us, irrelevant_allocations;
	double beside_us;	   /* a source changes beside the path */
	double crowd_us, alone_us; /* a foreign change of a target in a crowded namespace, and in a small one */
	double come_us, go_us;	   /* a rule more, a rule less */
	double away_us;		   /* a cluster goes away and is back, for each of its targets */
};

/* Many sources change, each once, then the targets' events come. */
static __attribute__((noinline)) void measure_changes(struct bench *b, struct figures *f)
{
	struct fc_random random = { .state = 7 };
	double events = 0, all = 0;

	for (size_t done = 0; done < b->changes; done += BATCH) {
		size_t first = (size_t)fc_random_between(&random, 0, (int64_t)(b->rules - BATCH));

		b->seconds = 0;
		for (size_t i = first; i < first + BATCH; i++) {
			b->value[i]++;
			add_object(b, b->sources_watch, source_whole(b, i));
		}
		run(b);
		events += b->seconds;
		settle(b);
		for (size_t i = first; i < first + BATCH; i++)
			add_target(b, i);
		settle(b);
		all += b->seconds;
	}
	f->change_us = events / (double)b->changes * 1e6;
	f->change_whole_us = all / (double)b->changes * 1e6;
}

static struct fc_event *stranger(struct bench *b, uint32_t watch, bool gone)
{
	struct fc_event *event = add_watch(b, gone ? FC_EVENT_OBJECT_GONE : FC_EVENT_OBJECT, watch);

	if (gone) {
		event->namespace_ = fc_xstrdup("namespace-00000000000000000000");
		event->name = fc_xstrdup("a-stranger");
		event->resource_version = fc_xasprintf("%lld", ++b->version);
	} else {
		event->object = object_new(b, "stranger", 1, ++b->version);
		json_object_set_new(json_object_get(event->object, "metadata"), "annotations",
				    json_pack("{s:s, s:s}", "example.org/note", "x", "other", "y"));
		put_value(event->object, 1);
	}
	return event;
}

/* Objects without a rule, objects that are no source, of watches that were stopped, and the time. */
static __attribute__((noinline)) void measure_irrelevant(struct bench *b, struct figures *f)
{
	size_t events = 0;

	b->seconds = 0;
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 20; i++) {
			stranger(b, b->targets_watch[(size_t)i % b->clusters], i % 4 == 3);
			stranger(b, b->sources_watch, i % 4 == 3);
			stranger(b, UINT32_MAX, i % 4 == 3);
			add(b, FC_EVENT_TICK);
		}
		events += b->queued;
		size_t before = allocations.calls;
		double began = cpu_seconds();
		for (size_t i = 0; i < b->queued; i++) {
			b->queue[i]->now_ms = b->now_ms;
			fc_engine_step(b->engine, b->queue[i], &b->actions);
		}
		b->seconds += cpu_seconds() - began;
		f->irrelevant_allocations += (double)(allocations.calls - before);
		for (size_t i = 0; i < b->queued; i++)
			fc_event_free(b->queue[i]);
		b->queued = 0;
	}
	must(!b->actions.first, "an event that no rule cares for makes the engine act");
	f->irrelevant_us = b->seconds / (double)events * 1e6;
}

static __attribute__((noinline)) void measure_beside(struct bench *b, struct figures *f)
{
	b->seconds = 0;
	for (size_t i = 0; i < 2000; i++)
		add_object(b, b->sources_watch, source_whole(b, i % b->rules));
	settle(b);
	f->beside_us = b->seconds / 2000 * 1e6;
}

/* Somebody else changes these targets beside the path: an event, a read, and nothing to do. */
static double foreign_change_us(struct bench *b, size_t first)
{
	size_t count = b->rules / 10;

	b->seconds = 0;
	for (size_t i = first; i < first + count; i++) {
		add_target(b, i);
		if (b->queued >= BATCH)
			settle(b);
	}
	settle(b);
	return b->seconds / (double)count * 1e6;
}

/* Rules come to a running engine, and go again. */
static void measure_coming_and_going(struct bench *b, struct figures *f)
{
	size_t more = COMING, old = b->rules;

	b->value = fc_xrealloc(b->value, (old + more) * sizeof(*b->value));
	b->written = fc_xrealloc(b->written, (old + more) * sizeof(*b->written));
	b->seconds = 0;
	for (size_t i = old; i < old + more; i++) {
		b->value[i] = b->written[i] = 0;
		add_target(b, i);
		settle(b);
	}
	f->come_us = b->seconds / (double)more * 1e6;
	b->rules += more;
	must_be_in_sync(b);
	b->rules = old;
	b->seconds = 0;
	for (size_t i = old; i < old + more; i++) {
		struct fc_event *event = add_watch(b, FC_EVENT_OBJECT_GONE, b->targets_watch[i % b->clusters]);
		char text[32];

		snprintf(text, sizeof(text), "target-%023zu", i);
		event->name = fc_xstrdup(text);
		namespace_of(b, i, text);
		event->namespace_ = fc_xstrdup(text);
		event->resource_version = fc_xasprintf("%lld", ++b->version);
	}
	settle(b);
	f->go_us = b->seconds / (double)more * 1e6;
	must_be_in_sync(b);
}

/* A member is away for a moment; what lies there is decided about again. */
static void measure_away(struct bench *b, struct figures *f)
{
	size_t rounds = 20;

	b->seconds = 0;
	for (size_t i = 0; i < rounds; i++) {
		fc_cluster_no cluster = 1 + (fc_cluster_no)(i % (b->clusters - 1));
		struct fc_event *event = add(b, FC_EVENT_CLUSTER_DOWN);

		event->cluster = cluster;
		fc_error_set(&event->error, FC_ERR_NETWORK, "nobody answers");
		settle(b);
		cluster_up(b, cluster);
		settle(b);
	}
	f->away_us = b->seconds / (double)(rounds * b->rules / b->clusters) * 1e6;
	must_be_in_sync(b);
}

static struct figures measure(size_t clusters, size_t rules, size_t changes)
{
	struct figures f = { .rules = rules, .clusters = clusters };
	struct bench *b = bench_new(clusters, rules, rules);
	size_t before = allocations.live, written;

	b->changes = changes;
	bench_load(b);
	must_be_in_sync(b);
	must(b->writes == 0, "what is in sync was written");
	must(b->reads <= rules, "a target was read twice, or a source");
	f.load_seconds = b->seconds;
	free(b->queue);
	b->queue = NULL;
	b->queue_cap = 0;
	f.bytes_per_rule = (double)(allocations.live - before) / (double)rules;
	measure_changes(b, &f);
	written = b->writes;
	must(written > 0, "no change was written");
	measure_irrelevant(b, &f);
	measure_beside(b, &f);
	f.crowd_us = foreign_change_us(b, 0);
	f.alone_us = foreign_change_us(b, rules / 2);
	measure_away(b, &f);
	must(b->writes == written, "what is in sync was written");
	measure_coming_and_going(b, &f);
	bench_free(b);
	return f;
}

struct fan_out {
	double load_seconds, pair_us;
};

/* One source, all targets. */
static struct fan_out measure_fan_out(size_t rules)
{
	struct bench *b = bench_new(FEW_CLUSTERS, rules, 1);
	struct fan_out f;

	bench_load(b);
	must_be_in_sync(b);
	f.load_seconds = b->seconds;
	b->seconds = 0;
	b->value[0]++;
	add_object(b, b->sources_watch, source_whole(b, 0));
	settle(b);
	must_be_in_sync(b);
	must(b->writes == rules, "not every target was written once");
	f.pair_us = b->seconds / (double)rules * 1e6;
	bench_free(b);
	return f;
}

/* --- what is said --- */

struct line {
	const char *name, *words;
	double few, all, clusters; /* of 1,000 rules, of all, of all on many clusters; below 0: not measured */
	double limit;		   /* of `all`, or of the ratios where `by_ratio`; 0: none */
	bool by_ratio;
};

/* Growth from a few rules to all, and from a few clusters to many. */
static double ratio(double from, double to)
{
	return from > 0 && to > 0 ? to / from : 0;
}

static bool is_good(const struct line *l)
{
	if (l->limit == 0)
		return true;
	if (!l->by_ratio)
		return l->all <= l->limit;
	return ratio(l->few, l->all) <= l->limit && ratio(l->all, l->clusters) <= l->limit;
}

static void print_number(double number)
{
	if (number >= 0)
		printf(" %12.2f", number);
	else
		printf(" %12s", "");
}

static bool say(const struct line *l, json_t *out)
{
	bool good = is_good(l);

	printf("%-58s", l->words);
	print_number(l->few);
	print_number(l->all);
	print_number(l->clusters);
	if (l->limit > 0)
		printf("  %s %.6g", l->by_ratio ? "ratio at most" : "at most", l->limit);
	printf("%s\n", good ? "" : "  FAILED");
	json_object_set_new(
		out, l->name,
		json_pack("{s:f, s:f, s:f, s:b}", "few", l->few, "all", l->all, "clusters", l->clusters, "good", good));
	return good;
}

#define THREE(member) few->member, all->member, clusters->member

static bool report(const struct figures *few, const struct figures *all, const struct figures *clusters,
		   const struct fan_out *fan, json_t *out)
{
	/* 50,000 rules in 2 s. */
	const double load_limit = 2.0 * (double)all->rules / 50000;
	const struct line lines[] = {
		{ "load_seconds", "loading, CPU seconds", THREE(load_seconds), load_limit, false },
		{ "bytes_per_rule", "bytes per rule, all else included", THREE(bytes_per_rule), BYTES_LIMIT, false },
		{ "change_us", "a source's change, µs", THREE(change_us), RATIO_LIMIT, true },
		{ "change_whole_us", "with the answer of the write and its echo, µs", THREE(change_whole_us),
		  RATIO_LIMIT, true },
		{ "beside_us", "a source's change beside the path, µs", THREE(beside_us), RATIO_LIMIT, true },
		{ "irrelevant_us", "an event that no rule cares for, µs", THREE(irrelevant_us), RATIO_LIMIT, true },
		{ "irrelevant_allocations", "allocations for those", THREE(irrelevant_allocations), 0, false },
		{ "crowd_us", "a target's foreign change in the crowded namespace, µs", THREE(crowd_us), RATIO_LIMIT,
		  true },
		{ "alone_us", "the same in a namespace of ten, µs", THREE(alone_us), RATIO_LIMIT, true },
		{ "come_us", "a rule more, µs", THREE(come_us), RATIO_LIMIT, true },
		{ "go_us", "a rule less, µs", THREE(go_us), RATIO_LIMIT, true },
		{ "away_us", "a cluster away and back, for each of its targets, µs", THREE(away_us), RATIO_LIMIT,
		  true },
		{ "fan_out_load_seconds", "loading, one source for all, CPU seconds", -1, fan->load_seconds, -1,
		  load_limit, false },
		{ "fan_out_pair_us", "its change, for each target, µs", -1, fan->pair_us, -1, 0, false },
	};
	bool good = all->irrelevant_allocations == 0 && few->irrelevant_allocations == 0;

	printf("%-58s %12zu %12zu %12zu\n", "rules", few->rules, all->rules, clusters->rules);
	printf("%-58s %12zu %12zu %12zu\n", "clusters", few->clusters, all->clusters, clusters->clusters);
	for (size_t i = 0; i < FC_ARRAY_LEN(lines); i++)
		good = say(&lines[i], out) && good;
	if (all->irrelevant_allocations || few->irrelevant_allocations)
		printf("FAILED: an event that no rule cares for allocates\n");
	return good;
}

int main(int argc, char **argv)
{
	size_t rules = argc > 1 ? strtoull(argv[1], NULL, 10) : 50000;
	size_t changes = argc > 3 ? strtoull(argv[3], NULL, 10) : CHANGES;
	json_t *out = json_object();
	struct figures few, all, clusters;
	struct fan_out fan;
	bool good;

	if (rules < 1000 || changes < BATCH) {
		fprintf(stderr, "usage: bench-engine [RULES, at least 1000 [JSON-FILE [CHANGES, at least %d]]]\n",
			BATCH);
		return 2;
	}
	allocations_count();
	/* What OpenSSL takes once is nobody's rule. */
	fc_digest_bytes("", 0);
	few = measure(FEW_CLUSTERS, 1000, changes);
	all = measure(FEW_CLUSTERS, rules, changes);
	clusters = measure(MANY_CLUSTERS, rules, changes);
	fan = measure_fan_out(rules);
	json_object_set_new(out, "rules", json_integer((json_int_t)rules));
	good = report(&few, &all, &clusters, &fan, out);
	if (argc > 2 && json_dump_file(out, argv[2], JSON_INDENT(2)) < 0) {
		fprintf(stderr, "bench-engine: %s cannot be written\n", argv[2]);
		good = false;
	}
	json_decref(out);
	return good ? 0 : 1;
}
