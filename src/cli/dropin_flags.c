/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dropin_flags.h"

#include "base/duration.h"
#include "base/mem.h"
#include "cli/options.h"
#include "model/resource.h"
#include "serve/address.h"

#include <string.h>

#define REPLICATOR FC_ORIGINAL_K8S_REPLICATOR
#define COPIER FC_ORIGINAL_K8S_COPIER
#define MANAGERS (FC_ORIGINAL_KOPY | FC_ORIGINAL_CONFIGMAP_SYNC)

/* The first stands for a flag that was not given: as an argument the framework refuses the empty word too. */
static const char *const encoder_words[] = { "", "json", "console", NULL };
/* The framework's help says nano, its code nanos. */
static const char *const time_words[] = { "",	     "epoch",	"millis",      "nano", "nanos",
					  "iso8601", "rfc3339", "rfc3339nano", NULL };
static const char *const stacktrace_words[] = { "", "debug", "info", "warn", "error", "panic", NULL };

/* "0" is the framework's word for nowhere, as "" is. */
static int check_address(const char *text, struct fc_error *err)
{
	return strcmp(text, "0") == 0 ? 0 : fc_address_check(text, err);
}

static int check_zap_level(const char *text, struct fc_error *err)
{
	static const char *const words[] = { "debug", "info", "error", "panic" };

	for (size_t i = 0; i < FC_ARRAY_LEN(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return 0;
	if (strspn(text, "0123456789") == strlen(text) && strspn(text, "0") < strlen(text))
		return 0;
	return fc_error_set(err, FC_ERR_USAGE,
			    "\"%.80s\" is no level; give debug, info, error, panic, or a whole number above 0", text);
}

/* As a flag of `fedcopy run` that means the same is judged. */
static int check_as(const char *flag, const char *text, struct fc_error *err)
{
	size_t count;
	const struct fc_flag *run = fc_flag_rows(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(run[i].name, flag) == 0 && run[i].check)
			return run[i].check(text, err);
	return 0;
}

static int check_prefix(const char *text, struct fc_error *err)
{
	return check_as("replicator-annotations-prefix", text, err);
}

static int check_label(const char *text, struct fc_error *err)
{
	return check_as("replicator-create-with-labels", text, err);
}

static int check_kind(const char *text, struct fc_error *err)
{
	return check_as("replicator-kinds", text, err);
}

static int check_duration(const char *text, struct fc_error *err)
{
	int64_t ms;

	return fc_duration_parse(text, &ms, err);
}

#define TEXT(flag, set, field, value, standard, says)                                                               \
	{                                                                                                           \
		.name = (flag), .type = FC_FLAG_STRING, .value_name = (value), .default_text = (standard),          \
		.commands = (set), .offset = offsetof(struct fc_dropin_flags, field), .empty = true, .help = (says) \
	}
/* A list, since several flags share its field. */
#define UNUSED(flag, set, value, says)                                                              \
	{                                                                                           \
		.name = (flag), .type = FC_FLAG_LIST, .value_name = (value), .commands = (set),     \
		.offset = offsetof(struct fc_dropin_flags, no_texts), .empty = true, .help = (says) \
	}
#define SWITCH(flag, set, field, standard, says)                                                     \
	{                                                                                            \
		.name = (flag), .type = FC_FLAG_BOOL, .default_text = (standard), .commands = (set), \
		.offset = offsetof(struct fc_dropin_flags, field), .help = (says)                    \
	}
#define CHOICE(flag, set, field, value, list, says)                                                                  \
	{                                                                                                            \
		.name = (flag), .type = FC_FLAG_WORD, .value_name = (value), .commands = (set),                      \
		.offset = offsetof(struct fc_dropin_flags, field), .words = (list), .any_case = true, .help = (says) \
	}
#define NUMBER(flag, letter, set, field, standard, says)                                                          \
	{                                                                                                         \
		.name = (flag), .short_name = (letter), .type = FC_FLAG_INT, .value_name = "N",                   \
		.default_text = (standard), .commands = (set), .offset = offsetof(struct fc_dropin_flags, field), \
		.min = INT32_MIN, .max = INT32_MAX, .help = (says)                                                \
	}
#define ADDRESS(flag, set, field, standard, says)                                                            \
	{                                                                                                    \
		.name = (flag), .type = FC_FLAG_STRING, .value_name = "ADDRESS", .default_text = (standard), \
		.commands = (set), .offset = offsetof(struct fc_dropin_flags, field), .empty = true,         \
		.check = check_address, .help = (says)                                                       \
	}

#define LIST(flag, set, field, value, standard, judge, says)                                                         \
	{                                                                                                            \
		.name = (flag), .type = FC_FLAG_LIST, .value_name = (value), .default_text = (standard),             \
		.commands = (set), .offset = offsetof(struct fc_dropin_flags, field), .commas = true, .empty = true, \
		.check = (judge), .help = (says)                                                                     \
	}

#define KLOG_FILES "lines go to standard error, whatever it says"
#define NO_WEBHOOK "there is no webhook: no effect, as in the original"

static const struct fc_flag rows[] = {
	{ .name = "target",
	  .short_name = 't',
	  .type = FC_FLAG_LIST,
	  .value_name = "RESOURCE",
	  .commands = COPIER,
	  .offset = offsetof(struct fc_dropin_flags, targets),
	  .commas = true,
	  .empty = true,
	  .help = "required: the resources whose objects may carry annotations; may be repeated or a comma list" },
	{ .name = "namespace",
	  .short_name = 'n',
	  .type = FC_FLAG_LIST,
	  .value_name = "NAMESPACE",
	  .commands = COPIER,
	  .offset = offsetof(struct fc_dropin_flags, namespaces),
	  .commas = true,
	  .empty = true,
	  .help = "only these namespaces; without it all; may be repeated or a comma list" },
	TEXT("kubeconfig", COPIER | MANAGERS, kubeconfig, "FILE", NULL,
	     "the kubeconfig; without it those in KUBECONFIG, then the pod's service account, then ~/.kube/config"),
	TEXT("master", COPIER, master, "URL", NULL,
	     "the address of the API server, in place of the one in the kubeconfig of --kubeconfig or KUBECONFIG"),
	ADDRESS("metrics-bind-address", MANAGERS, metrics_address, "0",
		"where /metrics is served, such as :8443 for https or :8080 for http; 0: nowhere"),
	SWITCH("metrics-secure", MANAGERS, metrics_secure, "true",
	       "metrics by https, to whom the API server knows and lets read /metrics; =false: by http, to everybody"),
	TEXT("metrics-cert-path", MANAGERS, metrics_cert_path, "FOLDER", NULL,
	     "the folder of certificate and key of the metrics endpoint; without it a self-signed one is made"),
	TEXT("metrics-cert-name", MANAGERS, metrics_cert_name, "FILE", "tls.crt", "the certificate in that folder"),
	TEXT("metrics-cert-key", MANAGERS, metrics_cert_key, "FILE", "tls.key", "the key in that folder"),
	ADDRESS("health-probe-bind-address", MANAGERS, health_address, ":8081",
		"where /healthz and /readyz are served; 0: nowhere"),
	SWITCH("leader-elect", MANAGERS, leader_elect, NULL,
	       "of several replicas one acts: the one that holds the original's Lease"),
	SWITCH("enable-http2", MANAGERS, no_bool, NULL, "the endpoints speak HTTP/1.1: no effect"),
	UNUSED("webhook-cert-path", MANAGERS, "FOLDER", NO_WEBHOOK),
	UNUSED("webhook-cert-name", MANAGERS, "FILE", NO_WEBHOOK),
	UNUSED("webhook-cert-key", MANAGERS, "FILE", NO_WEBHOOK),
	SWITCH("zap-devel", MANAGERS, zap_devel, "true",
	       "=false: log lines are JSON, where --zap-encoder says nothing"),
	CHOICE("zap-encoder", MANAGERS, zap_encoder, "json|console", encoder_words, "the form of the log lines"),
	{ .name = "zap-log-level",
	  .type = FC_FLAG_STRING,
	  .value_name = "LEVEL",
	  .commands = MANAGERS,
	  .offset = offsetof(struct fc_dropin_flags, zap_level),
	  .check = check_zap_level,
	  .help = "the least important lines that are logged: debug, info, error, panic, or a number, which means debug; "
		  "without it info" },
	CHOICE("zap-stacktrace-level", MANAGERS, no_word, "info|error|panic", stacktrace_words,
	       "there are no stack traces: no effect"),
	CHOICE("zap-time-encoding", MANAGERS, no_word, "FORM", time_words,
	       "epoch, millis, nano, iso8601, rfc3339, rfc3339nano: times are RFC 3339, no effect"),
	SWITCH("version", FC_ORIGINAL_KOPY, version, NULL, "print the version and end"),
	{ .name = "annotations-prefix",
	  .type = FC_FLAG_STRING,
	  .value_name = "PREFIX",
	  .default_text = "k8s-replicator",
	  .commands = REPLICATOR,
	  .offset = offsetof(struct fc_dropin_flags, annotations_prefix),
	  .empty = true,
	  .check = check_prefix,
	  .help = "the prefix of its annotations; empty: they have none, and no annotation is unknown" },
	SWITCH("allow-all", REPLICATOR, allow_all, NULL, "sources without permission annotations may be pulled"),
	SWITCH("ignore-unknown", REPLICATOR, ignore_unknown, NULL,
	       "an unknown annotation is told of, and the object is followed all the same"),
	{ .name = "resync-period",
	  .type = FC_FLAG_STRING,
	  .value_name = "DURATION",
	  .default_text = "30m",
	  .commands = REPLICATOR,
	  .offset = offsetof(struct fc_dropin_flags, resync_period),
	  .check = check_duration,
	  .help = "in it everything is looked at again once; 0: never" },
	LIST("run-replicators", REPLICATOR, replicators, "KIND", "all", check_kind,
	     "what is replicated: configmap, secret or all; empty: nothing"),
	LIST("create-with-labels", REPLICATOR, labels, "KEY=VALUE", "app.kubernetes.io/managed-by=k8s-replicator",
	     check_label, "the labels of the copies that it makes; empty: none"),
	ADDRESS("status-address", REPLICATOR, status_address, ":9102", "where /healthz is served; 0: nowhere"),
	TEXT("kube-config", REPLICATOR, kubeconfig, "FILE", NULL, "the kubeconfig; without it the pod's own cluster"),
	NUMBER("v", 'v', COPIER, verbosity, "0", "from 2 on debug lines are logged"),
	UNUSED("vmodule", COPIER, "PATTERN=N,...", "there are no such modules: no effect"),
	SWITCH("logtostderr", COPIER, no_bool, "true", KLOG_FILES),
	SWITCH("alsologtostderr", COPIER, no_bool, NULL, KLOG_FILES),
	UNUSED("stderrthreshold", COPIER, "LEVEL", KLOG_FILES),
	UNUSED("log_dir", COPIER, "FOLDER", KLOG_FILES),
	UNUSED("log_file", COPIER, "FILE", KLOG_FILES),
	NUMBER("log_file_max_size", 0, COPIER, no_number, NULL, KLOG_FILES),
	UNUSED("log_backtrace_at", COPIER, "FILE:N", "there are no stack traces: no effect"),
	SWITCH("one_output", COPIER, no_bool, NULL, KLOG_FILES),
	SWITCH("skip_headers", COPIER, no_bool, NULL, "lines keep their beginnings: no effect"),
	SWITCH("skip_log_headers", COPIER, no_bool, NULL, KLOG_FILES),
	SWITCH("add_dir_header", COPIER, no_bool, NULL, "lines name no source files: no effect"),
};

const struct fc_flag *fc_dropin_flag_rows(size_t *count)
{
	*count = FC_ARRAY_LEN(rows);
	return rows;
}
