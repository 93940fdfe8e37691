/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/options.h"

#include "base/mem.h"
#include "base/random.h"
#include "model/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HISTORY 1000
#define HISTORY_MAX 1000000000
#define JOURNAL_MAX 10000000
#define PORT_MAX 65535

#define SEE_HELP "see \"fedcopy-sandbox --help\""

struct flag {
	const char *name, *value_name;
	const char *help;
	/* `value` is never empty. NULL: a flag without a value. */
	int (*take)(struct sb_options *o, const char *value, struct fc_error *err);
	size_t offset; /* of the bool of a flag without a value */
};

/* A whole number from `least` to `most`. */
static int take_number(const char *value, uint64_t least, uint64_t most, uint64_t *out, struct fc_error *err)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && !*end && errno == 0 && *out >= least && *out <= most)
		return 0;
	return fc_error_set(err, FC_ERR_USAGE, "\"%.80s\" is no number from %llu to %llu", value,
			    (unsigned long long)least, (unsigned long long)most);
}

static bool has_cluster(const struct sb_options *o, const char *name)
{
	for (unsigned i = 0; i < o->cluster_count; i++)
		if (strcmp(o->clusters[i], name) == 0)
			return true;
	return false;
}

static int add_cluster(struct sb_options *o, const char *name, struct fc_error *err)
{
	if (!fc_name_is_label(name))
		return fc_error_set(err, FC_ERR_USAGE,
				    "\"%.80s\" is no name of a cluster: lower-case letters, digits and '-', at most "
				    "63, beginning and ending with a letter or digit",
				    name);
	if (has_cluster(o, name))
		return fc_error_set(err, FC_ERR_USAGE, "\"%.80s\" is named twice; give each cluster a name of its own",
				    name);
	FC_GROW(o->clusters, o->cluster_count, o->cluster_cap);
	o->clusters[o->cluster_count++] = fc_xstrdup(name);
	return 0;
}

static int take_clusters(struct sb_options *o, const char *value, struct fc_error *err)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(value);
	char *rest = copy, *name;

	while ((name = strsep(&rest, ",")))
		if (add_cluster(o, name, err) < 0)
			return -1;
	return 0;
}

static int take_directory(struct sb_options *o, const char *value, struct fc_error *err FC_UNUSED)
{
	free(o->directory);
	o->directory = fc_xstrdup(value);
	return 0;
}

/* Takes `cluster` over. */
static void add_order(struct sb_orders *orders, char *cluster, const char *what)
{
	FC_GROW(orders->items, orders->count, orders->cap);
	orders->items[orders->count++] = (struct sb_order){ .cluster = cluster, .what = fc_xstrdup(what) };
}

static int take_load(struct sb_options *o, const char *value, struct fc_error *err)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value || !equals[1])
		return fc_error_set(err, FC_ERR_USAGE,
				    "\"%.80s\" is not CLUSTER=FILE; give the name of a cluster, or * for all, and a "
				    "file or folder",
				    value);
	add_order(&o->loads, fc_xstrndup(value, (size_t)(equals - value)), equals + 1);
	return 0;
}

/* Values of a rule may hold colons; the word in front of a cluster's does not. */
static int take_cruelty(struct sb_options *o, const char *value, struct fc_error *err FC_UNUSED)
{
	size_t word = strcspn(value, ":,=");

	if (value[word] == ':')
		add_order(&o->cruelties, fc_xstrndup(value, word), value + word + 1);
	else
		add_order(&o->cruelties, fc_xstrdup("*"), value);
	return 0;
}

static int take_history(struct sb_options *o, const char *value, struct fc_error *err)
{
	uint64_t number;

	if (take_number(value, 1, HISTORY_MAX, &number, err) < 0)
		return -1;
	o->history = (unsigned)number;
	return 0;
}

static int take_journal(struct sb_options *o, const char *value, struct fc_error *err)
{
	uint64_t number;

	if (take_number(value, 0, JOURNAL_MAX, &number, err) < 0)
		return -1;
	o->journal = (unsigned)number;
	return 0;
}

static int take_admin_port(struct sb_options *o, const char *value, struct fc_error *err)
{
	uint64_t number;

	if (take_number(value, 0, PORT_MAX, &number, err) < 0)
		return -1;
	o->admin_port = (int)number;
	return 0;
}

static int take_port(struct sb_options *o, const char *value, struct fc_error *err)
{
	uint64_t number;

	if (take_number(value, 1, PORT_MAX, &number, err) < 0)
		return -1;
	o->first_port = (int)number;
	return 0;
}

static int take_seed(struct sb_options *o, const char *value, struct fc_error *err)
{
	return take_number(value, 0, UINT64_MAX, &o->seed, err);
}

static const struct flag flags[] = {
	{ "clusters", "NAME,...", "required: the clusters to serve; the first is the master in clusters.yaml",
	  take_clusters, 0 },
	{ "dir", "DIR", "required: where kubeconfig, clusters.yaml and ca.crt are written; made where there is none",
	  take_directory, 0 },
	{ "load", "CLUSTER=PATH",
	  "objects to create at the start: a file of YAML or JSON, or a folder of such files; * for all clusters; may "
	  "be repeated",
	  take_load, 0 },
	{ "port", "FIRST", "the first cluster's port, those of the others behind it; without it any free ones",
	  take_port, 0 },
	{ "history", "N", "how many events are kept of each resource (1000); a watch that asks for older ones gets 410",
	  take_history, 0 },
	{ "admin-port", "PORT", "serve the admin endpoint there, 0: on any free port; DIR/admin tells URL and token",
	  take_admin_port, 0 },
	{ "journal", "N",
	  "remember the last N requests of each cluster, for the admin endpoint to tell; without it none", take_journal,
	  0 },
	{ "cruel", "[CLUSTER:]RULE",
	  "a cruelty from the start, as in throttle,share=0.2,verb=patch; without CLUSTER in all; may be repeated",
	  take_cruelty, 0 },
	{ "seed", "N", "what chance and uids come from; without it another one each time", take_seed, 0 },
	{ "help", NULL, "print this and end", NULL, offsetof(struct sb_options, help) },
	{ "version", NULL, "print the version and end", NULL, offsetof(struct sb_options, version) },
};

static const struct flag *find_flag(const char *name, size_t len)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(flags); i++)
		if (strlen(flags[i].name) == len && memcmp(flags[i].name, name, len) == 0)
			return &flags[i];
	return NULL;
}

/* `next` is the argument behind it, NULL where there is none; *used is set when it is the value. */
static int take_flag(struct sb_options *o, const char *word, const char *next, bool *used, struct fc_error *err)
{
	const char *equals = strchr(word, '='), *value = equals ? equals + 1 : NULL;
	const struct flag *f = find_flag(word, equals ? (size_t)(equals - word) : strlen(word));

	if (!f)
		return fc_error_set(err, FC_ERR_USAGE, "unknown flag --%.80s; " SEE_HELP, word);
	if (!f->take && value)
		return fc_error_set(err, FC_ERR_USAGE, "--%s takes no value; leave \"=%.80s\" out", f->name, value);
	if (!f->take) {
		*(bool *)((char *)o + f->offset) = true;
		return 0;
	}
	*used = !value;
	if (!value)
		value = next;
	if (!value || !*value)
		return fc_error_set(err, FC_ERR_USAGE, "--%s needs a value, as in --%s %s", f->name, f->name,
				    f->value_name);
	if (f->take(o, value, err) < 0)
		return fc_error_wrap(err, "--%s", f->name);
	return 0;
}

static int check_orders(const struct sb_options *o, const struct sb_orders *orders, const char *flag,
			struct fc_error *err)
{
	for (unsigned i = 0; i < orders->count; i++) {
		const char *name = orders->items[i].cluster;
		if (strcmp(name, "*") != 0 && !has_cluster(o, name))
			return fc_error_set(err, FC_ERR_USAGE, "--%s: there is no cluster \"%.80s\" in --clusters",
					    flag, name);
	}
	return 0;
}

static int check(const struct sb_options *o, struct fc_error *err)
{
	if (!o->cluster_count)
		return fc_error_set(err, FC_ERR_USAGE,
				    "--clusters is required: name the clusters to serve, as in --clusters hub,edge-1");
	if (!o->directory)
		return fc_error_set(err, FC_ERR_USAGE,
				    "--dir is required: name a folder for the kubeconfig, as in --dir /tmp/sandbox");
	int64_t last = (int64_t)o->first_port + o->cluster_count - 1;
	if (o->first_port && last > PORT_MAX)
		return fc_error_set(err, FC_ERR_USAGE,
				    "--port: %u clusters from %d on would need port %lld; begin lower",
				    o->cluster_count, o->first_port, (long long)last);
	if (o->first_port && o->admin_port >= o->first_port && o->admin_port <= last)
		return fc_error_set(err, FC_ERR_USAGE, "--admin-port: %d is a cluster's port; give another",
				    o->admin_port);
	if (check_orders(o, &o->loads, "load", err) < 0)
		return -1;
	return check_orders(o, &o->cruelties, "cruel", err);
}

int sb_options_parse(struct sb_options *o, int argc, char *const *argv, struct fc_error *err)
{
	*o = (struct sb_options){ .history = HISTORY, .admin_port = -1, .seed = fc_random_seed() };
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool used = false;
		if (strcmp(word, "-h") == 0)
			word = "--help";
		if (strncmp(word, "--", 2) != 0 || !word[2])
			return fc_error_set(err, FC_ERR_USAGE,
					    "unexpected argument \"%.80s\"; everything is given by flags, " SEE_HELP,
					    word);
		if (take_flag(o, word + 2, next, &used, err) < 0)
			return -1;
		if (o->help || o->version)
			return 0;
		i += used;
	}
	return check(o, err);
}

static void free_orders(struct sb_orders *orders)
{
	for (unsigned i = 0; i < orders->count; i++) {
		free(orders->items[i].cluster);
		free(orders->items[i].what);
	}
	free(orders->items);
}

void sb_options_fini(struct sb_options *o)
{
	for (unsigned i = 0; i < o->cluster_count; i++)
		free(o->clusters[i]);
	free(o->clusters);
	free(o->directory);
	free_orders(&o->loads);
	free_orders(&o->cruelties);
	*o = (struct sb_options){ 0 };
}

/* Words of `text` in lines of at most 100 columns behind a margin. */
static void print_wrapped(const char *text)
{
	const size_t width = 80;
	size_t column = 0;

	for (const char *word = text; *word; word += strspn(word, " ")) {
		size_t len = strcspn(word, " ");
		if (column && column + 1 + len > width) {
			printf("\n");
			column = 0;
		}
		column += (size_t)printf("%s%.*s", column ? " " : "        ", (int)len, word);
		word += len;
	}
	printf("\n");
}

void sb_options_help(void)
{
	printf("usage: fedcopy-sandbox --clusters NAME,... --dir DIR [flags]\n\n"
	       "Serves one Kubernetes API per name on loopback, from memory; prints \"ready\" when all answer.\n"
	       "Nothing is kept when it ends.\n\nflags:\n");
	for (size_t i = 0; i < FC_ARRAY_LEN(flags); i++) {
		printf("  --%s%s%s\n", flags[i].name, flags[i].value_name ? " " : "",
		       flags[i].value_name ? flags[i].value_name : "");
		print_wrapped(flags[i].help);
	}
}

const char *sb_options_flag(size_t i)
{
	return i < FC_ARRAY_LEN(flags) ? flags[i].name : NULL;
}

bool sb_order_is_for(const struct sb_order *order, const char *cluster)
{
	return strcmp(order->cluster, "*") == 0 || strcmp(order->cluster, cluster) == 0;
}
