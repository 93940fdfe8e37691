/* SPDX-License-Identifier: Apache-2.0 */
/* `fedcopy object-sync`: no flags, all comes from the environment; metrics on 0.0.0.0:9000, whatever is asked for. */
#include "cli/dropin.h"

#include "base/mem.h"
#include "model/names.h"
#include "serve/address.h"
#include "serve/server.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_ADDRESS "0.0.0.0"
#define DEFAULT_PORT "9000"

/* A piece of a list, without the blanks around it. */
static char *trimmed(const char *text, size_t len)
{
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	return fc_xstrndup(text, len);
}

/* Unset, blank, or with a `*` in it: all. */
static int read_namespaces(const char *variable, struct fc_strings *out, struct fc_error *err)
{
	const char *text = getenv(variable);
	bool all = false;

	for (; text && *text; text += text[strcspn(text, ",")] ? strcspn(text, ",") + 1 : strlen(text)) {
		FC_AUTO_FREE char *word = trimmed(text, strcspn(text, ","));

		all = all || strcmp(word, "*") == 0;
		if (!*word || all)
			continue;
		if (!fc_name_is_label(word))
			return fc_error_set(err, FC_ERR_USAGE,
					    "%s: \"%.80s\" is no namespace; give a comma list of names, or *", variable,
					    word);
		fc_strings_add(out, word, strlen(word));
	}
	if (all)
		fc_strings_fini(out);
	return 0;
}

static const char *setting(const char *variable, const char *standard)
{
	const char *value = getenv(variable);

	return value && *value ? value : standard;
}

/* D27: an IPv6 address is one in brackets. */
static int read_address(struct fc_dropin *d, struct fc_error *err)
{
	const char *host = setting("METRICS_LISTEN_ADDR", DEFAULT_ADDRESS);
	const char *port = setting("METRICS_LISTEN_PORT", DEFAULT_PORT);

	if (host[0] != '[' && strchr(host, ':'))
		return fc_error_set(
			err, FC_ERR_USAGE,
			"METRICS_LISTEN_ADDR: \"%.80s\" is no bare address; the port is METRICS_LISTEN_PORT, and "
			"an IPv6 address stands in brackets",
			host);
	d->address = fc_xasprintf("%s:%s", host, port);
	if (fc_address_check(d->address, err) < 0)
		return fc_error_wrap(err, "METRICS_LISTEN_ADDR, METRICS_LISTEN_PORT");
	return 0;
}

/* The first word of the filter that is about all modules. */
static const char *read_level(void)
{
	static const char *const words[][2] = { { "error", "error" }, { "warn", "warn" },   { "info", "info" },
						{ "debug", "debug" }, { "trace", "debug" }, { "off", "error" } };
	const char *text = setting("RUST_LOG", "");

	for (; *text; text += text[strcspn(text, ",")] ? strcspn(text, ",") + 1 : strlen(text)) {
		FC_AUTO_FREE char *word = trimmed(text, strcspn(text, ","));

		for (size_t i = 0; i < FC_ARRAY_LEN(words); i++)
			if (strcasecmp(word, words[i][0]) == 0)
				return words[i][1];
	}
	return "warn";
}

static int read_environment(struct fc_dropin *d, struct fc_error *err)
{
	d->log_level = read_level();
	if (read_namespaces("WATCH_NAMESPACES", &d->bearers_in, err) < 0 ||
	    read_namespaces("SOURCE_NAMESPACES", &d->sources_in, err) < 0 ||
	    read_namespaces("TARGET_NAMESPACES", &d->copies_in, err) < 0)
		return -1;
	return read_address(d, err);
}

static int translate(const struct fc_dropin *d, struct fc_strings *words, struct fc_error *err)
{
	(void)err;
	if (!getenv("FEDCOPY_LOG_LEVEL"))
		fc_dropin_say(words, "log-level", d->log_level);
	return 0;
}

static void serve(struct fc_dropin *d)
{
	d->endpoints[0] = (struct fc_dropin_endpoint){ .flag = "METRICS_LISTEN_ADDR, METRICS_LISTEN_PORT",
						       .address = d->address,
						       .paths = FC_SERVE_METRICS_ONLY };
}

static const struct fc_dropin_queue queues[] = { { 0 } };

const struct fc_dropin_original fc_original_object_sync = {
	.command = "object-sync",
	.dialect = "object-sync",
	.bit = FC_ORIGINAL_OBJECT_SYNC,
	.style = FC_LINE_PFLAG,
	.about =
		"In the place of the object-syncer, in one cluster: copies objects of any kind into other namespaces, as\n"
		"ObjectSyncs ask for it. It has no flags, but variables: WATCH_NAMESPACES, SOURCE_NAMESPACES and\n"
		"TARGET_NAMESPACES (comma lists, * for all), METRICS_LISTEN_ADDR (0.0.0.0), METRICS_LISTEN_PORT (9000),\n"
		"RUST_LOG. Serves metrics on that address, on every path.",
	.permits = "whoever may make an ObjectSync reads and writes objects of every kind in every namespace",
	.resync = "5m",
	.patience_ms = 60000, /* B1 */
	.queues = queues,
	.object_series = true,
	.read_environment = read_environment,
	.translate = translate,
	.serve = serve,
};
