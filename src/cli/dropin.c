/* SPDX-License-Identifier: Apache-2.0 */
/* A drop-in is `fedcopy run` with options that were made otherwise: what the original's flags mean is put into the
 * words of ours, and these are read as ever. What has no counterpart there may still be said by FEDCOPY_ variables. */
#include "cli/dropin.h"

#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/run.h"
#include "cli/version.h"

#include <stdio.h>
#include <string.h>

const struct fc_dropin_original *const fc_originals[] = {
	&fc_original_k8s_copier,  &fc_original_kopy,	       &fc_original_k8s_replicator,
	&fc_original_object_sync, &fc_original_configmap_sync, NULL,
};

void fc_dropin_say(struct fc_strings *words, const char *flag, const char *value)
{
	FC_AUTO_FREE char *word = fc_xasprintf("--%s=%s", flag, value);

	fc_strings_add(words, word, strlen(word));
}

/* Unless the environment says otherwise: a flag would win over it. */
static void say_unless_set(struct fc_strings *words, const char *flag, const char *variable, const char *value)
{
	if (!getenv(variable))
		fc_dropin_say(words, flag, value);
}

static int make_options(const struct fc_dropin *d, struct fc_options *options, struct fc_error *err)
{
	const struct fc_dropin_original *o = d->original;
	struct fc_strings words FC_CLEANUP(fc_strings_fini) = { 0 };

	fc_strings_add(&words, o->command, strlen(o->command));
	fc_dropin_say(&words, "dialect", o->dialect);
	/* Where the original listens is served beside `run`'s own endpoints. */
	say_unless_set(&words, "status-address", FC_DROPIN_STATUS_ADDRESS, "");
	say_unless_set(&words, "debug-address", "FEDCOPY_DEBUG_ADDRESS", "");
	if (o->resync)
		say_unless_set(&words, "resync-period", "FEDCOPY_RESYNC_PERIOD", o->resync);
	/* Never by a variable. k8s-replicator's flag of that name says less, and goes to its dialect alone. */
	fc_dropin_say(&words, "allow-all", "false");
	/* Never by a variable: an original that knows no election has one replica. */
	fc_dropin_say(&words, "leader-elect", d->flags.leader_elect ? "true" : "false");
	if (o->lease)
		fc_dropin_say(&words, "leader-elect-resource-name", o->lease);
	if (o->translate(d, &words, err) < 0)
		return -1;
	return fc_options_parse(FC_COMMAND_DROPIN, (int)words.count, words.items, options, err);
}

static int read_flags(struct fc_dropin *d, int argc, char *const *argv, struct fc_error *err)
{
	const struct fc_dropin_original *o = d->original;
	size_t count;
	const struct fc_flag *rows = fc_dropin_flag_rows(&count);
	struct fc_line line FC_CLEANUP(fc_line_fini) = { 0 };
	struct fc_flags f FC_CLEANUP(fc_flags_fini) = { 0 };

	if (fc_line_read(&line, o->style, rows, count, o->bit, o->command, argc - 1, argv + 1, err) < 0)
		return -1;
	d->help = line.help;
	d->ignored = line.ignored;
	if (d->help)
		return 0;
	fc_flags_init(&f, rows, count, o->bit, o->command);
	if (fc_flags_read_line(&f, (int)line.words.count, line.words.items, err) < 0)
		return -1;
	return fc_flags_store(&f, &d->flags, err);
}

int fc_dropin_parse(const struct fc_dropin_original *original, int argc, char *const *argv, struct fc_dropin *out,
		    struct fc_options *options, struct fc_error *err)
{
	*out = (struct fc_dropin){ .original = original };
	*options = (struct fc_options){ 0 };
	if (read_flags(out, argc, argv, err) < 0)
		return -1;
	if (out->help || out->flags.version)
		return 0;
	if (original->read_environment && original->read_environment(out, err) < 0)
		return -1;
	original->serve(out);
	return make_options(out, options, err);
}

void fc_dropin_fini(struct fc_dropin *d)
{
	size_t count;
	const struct fc_flag *rows = fc_dropin_flag_rows(&count);

	fc_flags_free(rows, count, &d->flags);
	fc_strings_fini(&d->bearers_in);
	fc_strings_fini(&d->sources_in);
	fc_strings_fini(&d->copies_in);
	free(fc_steal(&d->address));
}

void fc_dropin_help(const struct fc_dropin_original *original, struct fc_buf *out)
{
	size_t count;
	const struct fc_flag *rows = fc_dropin_flag_rows(&count);

	fc_buf_printf(out, "Usage: fedcopy %s [flags]\n\n%s\n\nFlags, those of the original:\n", original->command,
		      original->about);
	fc_flags_help(rows, count, original->bit, out);
}

void fc_dropin_warn(const struct fc_dropin *d)
{
	FC_AUTO_FREE char *text =
		fc_xasprintf("inside this cluster %s, as in the original; \"fedcopy run\" asks for permission",
			     d->original->permits);

	fc_log(FC_LOG_WARN, text);
	if (d->flags.allow_all)
		fc_log(FC_LOG_WARN,
		       "--allow-all: whoever may annotate an object reads every source whose annotations do "
		       "not say who may pull it");
	if (d->ignored)
		fc_log(FC_LOG_WARN, "what stands behind an argument that is no flag is not read, as in the original",
		       FC_KV("argument", d->ignored));
}

/* --- the commands --- */

static int show(void (*put)(const struct fc_dropin *d, struct fc_buf *out), const struct fc_dropin *d)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	put(d, &text);
	return fc_command_print(&text);
}

static void put_help(const struct fc_dropin *d, struct fc_buf *out)
{
	fc_dropin_help(d->original, out);
}

static void put_version(const struct fc_dropin *d, struct fc_buf *out)
{
	(void)d;
	fc_version_text(out);
}

static int command(const struct fc_dropin_original *original, int argc, char **argv)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_dropin d;
	struct fc_options options;
	int status;

	if (fc_dropin_parse(original, argc, argv, &d, &options, &err) < 0)
		status = fc_command_fail(original->command, &err);
	else if (d.help)
		status = show(put_help, &d);
	else if (d.flags.version)
		status = show(put_version, &d);
	else
		status = fc_run_dropin(&d, &options);
	fc_options_fini(&options);
	fc_dropin_fini(&d);
	return status;
}

int fc_cmd_k8s_copier(int argc, char **argv)
{
	return command(&fc_original_k8s_copier, argc, argv);
}

int fc_cmd_kopy(int argc, char **argv)
{
	return command(&fc_original_kopy, argc, argv);
}

int fc_cmd_configmap_sync(int argc, char **argv)
{
	return command(&fc_original_configmap_sync, argc, argv);
}

int fc_cmd_k8s_replicator(int argc, char **argv)
{
	return command(&fc_original_k8s_replicator, argc, argv);
}

int fc_cmd_object_sync(int argc, char **argv)
{
	return command(&fc_original_object_sync, argc, argv);
}
