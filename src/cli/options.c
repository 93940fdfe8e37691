/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/mem.h"
#include "cli/nearest.h"
#include "dialects/dialects.h"
#include "model/names.h"
#include "model/resource.h"
#include "serve/address.h"

#include <string.h>
#include <strings.h>

/* One connection carries no more writes than that at once (design section 4: 1000 streams). */
#define IN_FLIGHT_MAX 1000

#define EVERY_COMMAND (FC_COMMAND_RUN | FC_COMMAND_CLUSTERS | FC_COMMAND_PLAN | FC_COMMAND_RELEASE)
/* Those with an engine. */
#define ENGINE_COMMANDS (FC_COMMAND_RUN | FC_COMMAND_PLAN)

#define DEFAULT_DIALECT "k8s-copier"

/* More copies than any cluster holds. */
#define DELETES_MAX 1000000000
/* Beyond that a rate is none. */
#define WRITES_PER_SECOND_MAX 1000000

/* In the order of their enums, which index them. */
static const char *const output_words[] = {
	[FC_OUTPUT_PEOPLE] = "", /* never given: a value that is empty is refused before */
	[FC_OUTPUT_TABLE] = "table",
	[FC_OUTPUT_TEXT] = "text",
	[FC_OUTPUT_JSON] = "json",
	[FC_OUTPUT_YAML] = "yaml",
	NULL
};
static const char *const format_words[] = { [FC_LOG_TEXT] = "text", [FC_LOG_JSON] = "json", NULL };
static const char *const level_words[] = {
	[FC_LOG_ERROR] = "error", [FC_LOG_WARN] = "warn", [FC_LOG_INFO] = "info", [FC_LOG_DEBUG] = "debug", NULL,
};
_Static_assert(sizeof(enum fc_log_format) == sizeof(unsigned) && sizeof(enum fc_log_level) == sizeof(unsigned),
	       "fc_flags_store writes words as unsigned");

static int check_namespace(const char *word, struct fc_error *err)
{
	if (fc_name_is_label(word))
		return 0;
	return fc_error_set(err, FC_ERR_USAGE,
			    "\"%.80s\" is no namespace: lower-case letters, digits and '-', at most 63, "
			    "beginning and ending with a letter or digit",
			    word);
}

static int check_lease_name(const char *word, struct fc_error *err)
{
	if (fc_name_is_subdomain(word))
		return 0;
	return fc_error_set(err, FC_ERR_USAGE,
			    "\"%.80s\" is no name of a Lease: lower-case letters, digits, '-' and '.', beginning and "
			    "ending with a letter or digit",
			    word);
}

static int check_target(const char *word, struct fc_error *err)
{
	if (fc_resource_word_check(word, err) < 0)
		return fc_error_wrap(err, "\"%.80s\"", word); /* which one of the list */
	return 0;
}

#define MAX_DIALECTS 16

static int check_dialect(const char *word, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf known = FC_BUF_INIT;
	const char *names[MAX_DIALECTS], *near;
	size_t count = 0;

	if (fc_dialect_named(word))
		return 0;
	for (; count < MAX_DIALECTS && fc_dialects[count]; count++) {
		names[count] = fc_dialects[count]->name;
		fc_buf_printf(&known, "%s%s", count ? ", " : "", names[count]);
	}
	near = fc_nearest(word, names, count);
	if (near)
		return fc_error_set(err, FC_ERR_USAGE, "there is no dialect \"%.80s\"; did you mean \"%s\"?", word,
				    near);
	return fc_error_set(err, FC_ERR_USAGE, "there is no dialect \"%.80s\"; those that exist are %s", word,
			    fc_buf_str(&known));
}

static int check_prefix(const char *word, struct fc_error *err)
{
	size_t len = strlen(word);
	FC_AUTO_FREE char *name = fc_xstrndup(word, len && word[len - 1] == '/' ? len - 1 : len);

	if (!len || fc_name_is_subdomain(name))
		return 0;
	return fc_error_set(err, FC_ERR_USAGE,
			    "\"%.80s\" is no prefix of annotations: a DNS name, with or without the / behind it, or "
			    "nothing",
			    word);
}

static int check_label(const char *word, struct fc_error *err)
{
	const char *equals = strchr(word, '=');

	if (!*word || (equals && equals != word && equals[1] && !strchr(equals + 1, '=')))
		return 0;
	return fc_error_set(err, FC_ERR_USAGE, "\"%.80s\" is no label; write KEY=VALUE, or an empty value for none",
			    word);
}

static int check_kind(const char *word, struct fc_error *err)
{
	static const char *const kinds[] = { "", "configmap", "secret", "all" };

	for (size_t i = 0; i < FC_ARRAY_LEN(kinds); i++)
		if (strcasecmp(word, kinds[i]) == 0)
			return 0;
	return fc_error_set(err, FC_ERR_USAGE, "\"%.80s\" is none of configmap, secret and all", word);
}

static const struct fc_flag rows[] = {
	{ .name = "clusters",
	  .type = FC_FLAG_STRING,
	  .value_name = "FILE",
	  .commands = EVERY_COMMAND,
	  .offset = offsetof(struct fc_options, clusters),
	  .help = "the cluster set file; excludes --master and --member" },
	{ .name = "kubeconfig",
	  .type = FC_FLAG_STRING,
	  .value_name = "FILE",
	  .commands = EVERY_COMMAND,
	  .tolerated = FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, kubeconfig),
	  .help = "the kubeconfig, or several parted by colons; without it those in KUBECONFIG, then the pod's service "
		  "account, then ~/.kube/config" },
	{ .name = "master",
	  .type = FC_FLAG_STRING,
	  .value_name = "[NAME=]CONTEXT",
	  .commands = EVERY_COMMAND,
	  .offset = offsetof(struct fc_options, master),
	  .help = "the kubeconfig context of the master cluster; without it the current context, in a pod its own "
		  "cluster; a context that is no DNS label needs NAME=" },
	{ .name = "member",
	  .type = FC_FLAG_LIST,
	  .value_name = "[NAME=]CONTEXT",
	  .commands = EVERY_COMMAND,
	  .offset = offsetof(struct fc_options, members),
	  .help = "the kubeconfig context of a member cluster; may be repeated" },
	{ .name = "dialect",
	  .type = FC_FLAG_LIST,
	  .value_name = "NAME",
	  .default_text = DEFAULT_DIALECT,
	  .commands = ENGINE_COMMANDS | FC_COMMAND_RELEASE,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, dialects),
	  .commas = true,
	  .check = check_dialect,
	  .help = "the dialects whose rules are followed; release: whose finalizers and marks are taken back, without it of "
		  "all; may be repeated or a comma list" },
	{ .name = "target",
	  .short_name = 't',
	  .type = FC_FLAG_LIST,
	  .value_name = "RESOURCE",
	  .commands = ENGINE_COMMANDS,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, targets),
	  .commas = true,
	  .check = check_target,
	  .help = "required with the dialect k8s-copier: the resources whose objects may carry its annotations, such as "
		  "secrets, federatedsecret or deployments.v1.apps; may be repeated or a comma list" },
	{ .name = "namespace",
	  .short_name = 'n',
	  .type = FC_FLAG_LIST,
	  .value_name = "NAMESPACE",
	  .commands = ENGINE_COMMANDS | FC_COMMAND_RELEASE,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, namespaces),
	  .commas = true,
	  .check = check_namespace,
	  .help = "only these namespaces, for targets and sources; without it all; may be repeated or a comma list" },
	{ .name = "allow-all",
	  .type = FC_FLAG_BOOL,
	  .commands = ENGINE_COMMANDS,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, allow_all),
	  .help = "everything may be copied from everywhere to everywhere, as far as the clusters let this process: "
		  "nobody else's consent is asked for" },
	{ .name = "kopy-overwrite-unowned",
	  .type = FC_FLAG_BOOL,
	  .commands = ENGINE_COMMANDS,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, kopy_overwrite_unowned),
	  .help = "kopy: an object of a copy's name that nobody has made as a copy, and that is nobody's by any "
		  "dialect's words, is taken over instead of left alone" },
	{ .name = "replicator-annotations-prefix",
	  .type = FC_FLAG_STRING,
	  .value_name = "PREFIX",
	  .default_text = "k8s-replicator",
	  .commands = ENGINE_COMMANDS | FC_COMMAND_RELEASE,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, replicator_prefix),
	  .empty = true,
	  .check = check_prefix,
	  .help = "k8s-replicator: the prefix of its annotations; empty: they have none, and no annotation is unknown" },
	{ .name = "replicator-create-with-labels",
	  .type = FC_FLAG_LIST,
	  .value_name = "KEY=VALUE",
	  .default_text = "app.kubernetes.io/managed-by=k8s-replicator",
	  .commands = ENGINE_COMMANDS | FC_COMMAND_RELEASE,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, replicator_labels),
	  .commas = true,
	  .empty = true,
	  .check = check_label,
	  .help = "k8s-replicator: the labels of the copies that it makes; empty: none; may be repeated or a comma "
		  "list" },
	{ .name = "replicator-ignore-unknown",
	  .type = FC_FLAG_BOOL,
	  .commands = ENGINE_COMMANDS | FC_COMMAND_RELEASE,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, replicator_ignore_unknown),
	  .help = "k8s-replicator: an unknown annotation with its prefix is told of, and the object is followed all the "
		  "same" },
	{ .name = "replicator-kinds",
	  .type = FC_FLAG_LIST,
	  .value_name = "KIND",
	  .default_text = "all",
	  .commands = ENGINE_COMMANDS | FC_COMMAND_RELEASE,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, replicator_kinds),
	  .commas = true,
	  .empty = true,
	  .check = check_kind,
	  .help = "k8s-replicator: what is replicated: configmap, secret or all; empty: nothing; may be repeated or a "
		  "comma list" },
	{ .name = "object-sync-adopt-existing",
	  .type = FC_FLAG_BOOL,
	  .commands = ENGINE_COMMANDS,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, object_sync_adopt_existing),
	  .help = "object-sync: an object of a copy's name that nobody has made as a copy, and that is nobody's by any "
		  "dialect's words, is taken over instead of left alone; it stays when the copies go" },
	{ .name = "config",
	  .type = FC_FLAG_STRING,
	  .value_name = "FILE",
	  .commands = EVERY_COMMAND,
	  .offset = offsetof(struct fc_options, config),
	  .help = "a YAML file with flag names as keys; flags and FEDCOPY_ variables win over it" },
	{ .name = "max-in-flight",
	  .type = FC_FLAG_INT,
	  .value_name = "N",
	  .default_text = "16",
	  .commands = ENGINE_COMMANDS,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, max_in_flight),
	  .min = 1,
	  .max = IN_FLIGHT_MAX,
	  .help = "how many writes, and as many reads, may be under way at once in one cluster" },
	{ .name = "max-deletes",
	  .type = FC_FLAG_INT,
	  .value_name = "N",
	  .default_text = "50",
	  .commands = ENGINE_COMMANDS,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, max_deletes),
	  .min = 0,
	  .max = DELETES_MAX,
	  .help = "how many copies of whole objects may be deleted or cleared in ten minutes in one cluster because "
		  "what they are made from is gone; a tenth of its copies, if that is more" },
	{ .name = "max-writes-per-second",
	  .type = FC_FLAG_INT,
	  .value_name = "N",
	  .default_text = "0",
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, max_writes_per_second),
	  .min = 0,
	  .max = WRITES_PER_SECOND_MAX,
	  .help = "how many writes may begin in a second in one cluster, up to a second's worth of them at once; 0: no "
		  "limit" },
	{ .name = "resync-period",
	  .type = FC_FLAG_DURATION,
	  .value_name = "DURATION",
	  .default_text = "30m",
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, resync_period_ms),
	  .help = "in it everything that is known is looked at again once, and the metadata of targets is listed anew; 0: "
		  "never" },
	{ .name = "once",
	  .type = FC_FLAG_BOOL,
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND,
	  .offset = offsetof(struct fc_options, once),
	  .help = "run: copy until nothing is left to copy, then end; exit status 1 when a rule is not applied or a "
		  "cluster was not reached" },
	{ .name = "yes",
	  .type = FC_FLAG_BOOL,
	  .commands = FC_COMMAND_RELEASE,
	  .offset = offsetof(struct fc_options, yes),
	  .line_only = true,
	  .help = "release: do it; without it only what would be done is printed" },
	{ .name = "timeout",
	  .type = FC_FLAG_DURATION,
	  .value_name = "DURATION",
	  .default_text = "60s",
	  .commands = EVERY_COMMAND,
	  .offset = offsetof(struct fc_options, timeout_ms),
	  .help = "plan, clusters, release, and run with --once: a cluster that was not reached by then counts as "
		  "unreachable" },
	{ .name = "output",
	  .short_name = 'o',
	  .type = FC_FLAG_WORD,
	  .value_name = "text|table|json|yaml",
	  .commands = FC_COMMAND_CLUSTERS | FC_COMMAND_PLAN,
	  .offset = offsetof(struct fc_options, output),
	  .words = output_words,
	  .help = "the form of what is printed: by plan text or json, by clusters table, json or yaml; without it the "
		  "first" },
	{ .name = "leader-elect",
	  .type = FC_FLAG_BOOL,
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, leader_elect),
	  .help = "of several processes only the one copies that holds a Lease on the master cluster; the others wait, and "
		  "watch nothing" },
	{ .name = "leader-elect-lease-duration",
	  .type = FC_FLAG_DURATION,
	  .value_name = "DURATION",
	  .default_text = "15s",
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, lease_timing.lease_ms),
	  .help = "for so long after its last renewal others leave the Lease to its holder" },
	{ .name = "leader-elect-renew-deadline",
	  .type = FC_FLAG_DURATION,
	  .value_name = "DURATION",
	  .default_text = "10s",
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, lease_timing.deadline_ms),
	  .help = "a leader that has not renewed its Lease for so long ends at once; less than the lease duration" },
	{ .name = "leader-elect-retry-period",
	  .type = FC_FLAG_DURATION,
	  .value_name = "DURATION",
	  .default_text = "2s",
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, lease_timing.retry_ms),
	  .help = "the leader renews its Lease so often, and the others look at it nearly so often; the renew deadline is "
		  "more than 1.2 times that" },
	{ .name = "leader-elect-resource-name",
	  .type = FC_FLAG_STRING,
	  .value_name = "NAME",
	  .default_text = "fedcopy",
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, lease_name),
	  .check = check_lease_name,
	  .help = "the name of the Lease" },
	{ .name = "leader-elect-resource-namespace",
	  .type = FC_FLAG_STRING,
	  .value_name = "NAMESPACE",
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, lease_namespace),
	  .check = check_namespace,
	  .help = "the namespace of the Lease on the master cluster; without it the pod's, outside of one that of the "
		  "master's kubeconfig context" },
	{ .name = "status-address",
	  .type = FC_FLAG_STRING,
	  .value_name = "ADDRESS",
	  .default_text = ":9102",
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, status_address),
	  .empty = true,
	  .check = fc_address_check,
	  .help = "where /metrics, /healthz, /livez and /readyz are served; empty: nowhere" },
	{ .name = "debug-address",
	  .type = FC_FLAG_STRING,
	  .value_name = "ADDRESS",
	  .default_text = "127.0.0.1:9103",
	  .commands = FC_COMMAND_RUN,
	  .tolerated = EVERY_COMMAND | FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, debug_address),
	  .empty = true,
	  .check = fc_address_check_loopback,
	  .help = "where /debug/rules is served, a loopback address; empty: only on a --status-address that is one" },
	{ .name = "log-format",
	  .type = FC_FLAG_WORD,
	  .value_name = "text|json",
	  .default_text = "text",
	  .commands = EVERY_COMMAND,
	  .tolerated = FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, log_format),
	  .words = format_words,
	  .help = "the form of the log lines on standard error" },
	{ .name = "log-level",
	  .type = FC_FLAG_WORD,
	  .value_name = "error|warn|info|debug",
	  .default_text = "info",
	  .commands = EVERY_COMMAND,
	  .tolerated = FC_COMMAND_DROPIN,
	  .offset = offsetof(struct fc_options, log_level),
	  .words = level_words,
	  .help = "the least important lines that are logged" },
	{ .name = "help",
	  .short_name = 'h',
	  .type = FC_FLAG_BOOL,
	  .commands = EVERY_COMMAND,
	  .offset = offsetof(struct fc_options, help),
	  .line_only = true,
	  .stops = true,
	  .help = "print this and end" },
};

const struct fc_flag *fc_flag_rows(size_t *count)
{
	*count = FC_ARRAY_LEN(rows);
	return rows;
}

static const char *command_name(enum fc_flag_command command)
{
	switch (command) {
	case FC_COMMAND_RUN:
		return "fedcopy run";
	case FC_COMMAND_CLUSTERS:
		return "fedcopy clusters";
	case FC_COMMAND_PLAN:
		return "fedcopy plan";
	case FC_COMMAND_RELEASE:
		return "fedcopy release";
	case FC_COMMAND_DROPIN:
		break;
	}
	return "fedcopy";
}

static int read_sources(struct fc_flags *f, int argc, char *const *argv, struct fc_error *err)
{
	if (fc_flags_read_line(f, argc - 1, argv + 1, err) < 0)
		return -1;
	if (f->stopped)
		return 0;
	if (f->operands.count)
		return fc_error_set(err, FC_ERR_USAGE,
				    "unexpected argument \"%s\"; everything is given by flags, see \"%s --help\"",
				    f->operands.items[0], f->command_name);
	if (fc_flags_read_environment(f, err) < 0)
		return -1;
	const struct fc_flag_given *config = fc_flags_given(f, "config");
	if (!config->origin)
		return 0;
	if (!*config->words.items[0])
		return fc_error_set(err, FC_ERR_USAGE, "%s: the value is empty; give one or leave it out",
				    config->origin);
	if (fc_flags_read_file(f, config->words.items[0], err) < 0)
		return fc_error_wrap(err, "%s", config->origin);
	return 0;
}

static int check_clusters(const struct fc_flags *f, struct fc_error *err)
{
	const char *file = fc_flags_given(f, "clusters")->origin, *master = fc_flags_given(f, "master")->origin;
	const char *member = fc_flags_given(f, "member")->origin;

	if (file && (master || member))
		return fc_error_set(err, FC_ERR_USAGE,
				    "%s excludes %s: name the clusters in the cluster set file or by flags, not both",
				    file, master ? master : member);
	return 0;
}

/* The second of two equal addresses could only fail to bind, with words that do not say why. */
static int check_addresses(const struct fc_options *o, struct fc_error *err)
{
	struct fc_address status;

	if (!*o->status_address || strcmp(o->status_address, o->debug_address) != 0)
		return 0;
	if (fc_address_parse(o->status_address, &status, err) < 0)
		return -1;
	if (status.port == 0)
		return 0;
	return fc_error_set(err, FC_ERR_USAGE,
			    "--debug-address is the same as --status-address, where /debug/rules is served anyway as "
			    "it is a loopback address; give --debug-address= or another port");
}

/* A namespace given twice would be watched twice. */
static void drop_repeated(struct fc_strings *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		size_t j = 0;
		while (j < kept && strcmp(s->items[j], s->items[i]) != 0)
			j++;
		if (j < kept)
			free(s->items[i]);
		else
			s->items[kept++] = s->items[i];
	}
	s->count = kept;
}

/* The form for people is another one in each command; `run` prints in none. */
static int settle_output(const struct fc_flags *f, struct fc_options *o, struct fc_error *err)
{
	bool plan = f->command == FC_COMMAND_PLAN;

	if (o->output == FC_OUTPUT_PEOPLE)
		o->output = plan ? FC_OUTPUT_TEXT : FC_OUTPUT_TABLE;
	if (o->output == FC_OUTPUT_JSON || (o->output == FC_OUTPUT_TEXT) == plan)
		return 0;
	return fc_error_set(err, FC_ERR_USAGE, "%s: \"%s\" is no form of this command; give %s",
			    fc_flags_given(f, "output")->origin, output_words[o->output],
			    plan ? "text or json" : "table, json or yaml");
}

static int check_timeout(const struct fc_flags *f, const struct fc_options *o, struct fc_error *err)
{
	if (o->timeout_ms > 0 || (f->command == FC_COMMAND_RUN && !o->once))
		return 0;
	return fc_error_set(err, FC_ERR_USAGE, "--timeout: no cluster answers in no time; give some, as in 10s");
}

static int check_election(const struct fc_flags *f, const struct fc_options *o, struct fc_error *err)
{
	if (f->command != FC_COMMAND_RUN && f->command != FC_COMMAND_DROPIN)
		return 0;
	if (o->leader_elect && o->once)
		return fc_error_set(
			err, FC_ERR_USAGE,
			"--leader-elect is for processes that go on until they are stopped; leave it out with "
			"--once");
	if (fc_lease_timing_check(&o->lease_timing, err) < 0)
		return fc_error_wrap(err, "--leader-elect-lease-duration, --leader-elect-renew-deadline, "
					  "--leader-elect-retry-period");
	return 0;
}

bool fc_options_has_dialect(const struct fc_options *o, const char *name)
{
	for (size_t i = 0; i < o->dialects.count; i++)
		if (strcmp(o->dialects.items[i], name) == 0)
			return true;
	return false;
}

static int understand(const struct fc_flags *f, struct fc_options *out, struct fc_error *err)
{
	if (fc_flags_store(f, out, err) < 0)
		return -1;
	/* What it takes back it takes back of all, unless told otherwise. */
	if (f->command == FC_COMMAND_RELEASE && !fc_flags_given(f, "dialect")->origin)
		fc_strings_fini(&out->dialects);
	drop_repeated(&out->dialects);
	if (f->command & ENGINE_COMMANDS && fc_options_has_dialect(out, DEFAULT_DIALECT) && out->targets.count == 0)
		return fc_error_set(err, FC_ERR_USAGE,
				    "--target is required: name the resources that carry the annotations, for example "
				    "--target=secrets,federatedsecret");
	drop_repeated(&out->targets);
	drop_repeated(&out->namespaces);
	if (check_clusters(f, err) < 0)
		return -1;
	if (check_election(f, out, err) < 0 || check_timeout(f, out, err) < 0 || settle_output(f, out, err) < 0)
		return -1;
	return check_addresses(out, err);
}

int fc_options_parse(enum fc_flag_command command, int argc, char *const *argv, struct fc_options *out,
		     struct fc_error *err)
{
	struct fc_flags f FC_CLEANUP(fc_flags_fini) = { 0 };

	*out = (struct fc_options){ 0 };
	fc_flags_init(&f, rows, FC_ARRAY_LEN(rows), command, command_name(command));
	if (read_sources(&f, argc, argv, err) < 0)
		return -1;
	if (f.stopped) {
		out->help = true;
		return 0;
	}
	if (understand(&f, out, err) == 0)
		return 0;
	fc_options_fini(out);
	return -1;
}

void fc_options_fini(struct fc_options *o)
{
	fc_flags_free(rows, FC_ARRAY_LEN(rows), o);
}

static const char *usage_of(enum fc_flag_command command)
{
	switch (command) {
	case FC_COMMAND_RUN:
		return "fedcopy run --target=RESOURCE[,...] [flags]\n\n"
		       "Copies parts of Kubernetes objects from the master cluster to member clusters, as the "
		       "annotations\n"
		       "k8s-copier.fig.org/replace-<path> on the targets ask for, and keeps the copies true until "
		       "stopped.\n\n";
	case FC_COMMAND_PLAN:
		return "fedcopy plan --target=RESOURCE[,...] [flags]\n\n"
		       "Reads what \"fedcopy run\" would read, writes nothing, and prints each write that it would make:\n"
		       "paths, old and new values; those of Secrets, of Federated objects and of what is fed from them as\n"
		       "sizes and marks. Below it every rule that does not hold, with the reason. Exit status 0: there is\n"
		       "nothing to write, 3: there is, 1: a cluster was not reached, or a rule could not be decided. Flags\n"
		       "of \"fedcopy run\" that are not listed here are accepted and make no difference.\n\n";
	case FC_COMMAND_CLUSTERS:
		return "fedcopy clusters [flags]\n\n"
		       "Looks at each cluster of the cluster set once and prints who and where it is, whether it can "
		       "be\n"
		       "reached or why not, and until when the credentials are good. Warns on standard error of those "
		       "that\n"
		       "end within 14 days. Exit status 1 when a cluster cannot be reached. Flags of \"fedcopy run\" "
		       "that are\n"
		       "not listed here are accepted and make no difference.\n\n";
	case FC_COMMAND_RELEASE:
		return "fedcopy release [flags]\n\n"
		       "For uninstalling: takes every finalizer and every mark of fedcopy off sources, custom resources and "
		       "copies,\n"
		       "in all clusters of the cluster set. Nothing is deleted: copies stay, as ordinary objects. Stop "
		       "\"fedcopy run\"\n"
		       "first, it would put them back. Prints what would be done and ends with status 3, or with 0 when there "
		       "is\n"
		       "nothing; with --yes it does it. Status 1: a cluster was not reached, or something could not be looked "
		       "at or\n"
		       "written; all else is done. Flags of \"fedcopy run\" that are not listed here are accepted and make no\n"
		       "difference.\n\n";
	case FC_COMMAND_DROPIN:
		break; /* fc_dropin_help */
	}
	return "";
}

void fc_options_help(enum fc_flag_command command, struct fc_buf *out)
{
	fc_buf_printf(out, "Usage: %s", usage_of(command));
	fc_flags_help(rows, FC_ARRAY_LEN(rows), command, out);
	fc_buf_puts(out, "\nA flag that is not given is taken from the environment (FEDCOPY_LOG_LEVEL for --log-level; "
			 "lists as\n"
			 "comma lists), then from the file that --config names.\n");
}
