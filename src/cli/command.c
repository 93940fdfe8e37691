/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "base/mem.h"
#include "cli/nearest.h"
#include "cli/reference.h"
#include "cli/version.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	const char *summary; /* NULL: for developers, not listed */
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ .name = "run", .summary = "copy between the clusters of a cluster set, until stopped", .run = fc_cmd_run },
	{ .name = "plan", .summary = "show each write that run would make, and write nothing", .run = fc_cmd_plan },
	{ .name = "clusters",
	  .summary = "show the clusters of a cluster set, and whether they can be reached",
	  .run = fc_cmd_clusters },
	{ .name = "release", .summary = "take back every finalizer and mark, for uninstalling", .run = fc_cmd_release },
	{ .name = "k8s-copier", .summary = "in the place of k8s-copier, with its flags", .run = fc_cmd_k8s_copier },
	{ .name = "kopy", .summary = "in the place of kopy, with its flags", .run = fc_cmd_kopy },
	{ .name = "k8s-replicator",
	  .summary = "in the place of k8s-replicator, with its flags",
	  .run = fc_cmd_k8s_replicator },
	{ .name = "object-sync",
	  .summary = "in the place of the object-syncer, with its variables",
	  .run = fc_cmd_object_sync },
	{ .name = "configmap-sync",
	  .summary = "in the place of the ConfigMapSync operator, with its flags",
	  .run = fc_cmd_configmap_sync },
	{ .name = "version", .summary = "print the version and those of the libraries", .run = fc_cmd_version },
	{ .name = "reference", .run = fc_cmd_reference },
};

int fc_command_fail(const char *command, const struct fc_error *err)
{
	bool usage = err->cls == FC_ERR_USAGE || err->cls == FC_ERR_CONFIG;

	fprintf(stderr, "fedcopy %s: %s\n", command, err->text);
	return usage ? FC_EXIT_USAGE : FC_EXIT_FAILED;
}

int fc_command_print(const struct fc_buf *text)
{
	if (!text->failed && fwrite(fc_buf_str(text), 1, text->len, stdout) == text->len && fflush(stdout) == 0)
		return FC_EXIT_DONE;
	fprintf(stderr, "fedcopy: cannot write to standard output: %s\n", strerror(errno));
	return FC_EXIT_FAILED;
}

static void put_usage(struct fc_buf *out)
{
	fc_buf_puts(out, "Usage: fedcopy COMMAND [flags]\n\n"
			 "Copies parts of Kubernetes objects from a master cluster to member clusters and keeps the "
			 "copies true.\n\n"
			 "Commands:\n");
	for (size_t i = 0; i < FC_ARRAY_LEN(commands); i++) {
		if (commands[i].summary)
			fc_buf_printf(out, "  %-16s%s\n", commands[i].name, commands[i].summary);
	}
	fc_buf_puts(out, "\n\"fedcopy COMMAND --help\" lists the flags of a command.\n");
}

static int print_usage(void)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	put_usage(&text);
	return fc_command_print(&text);
}

static int refuse_operands(const char *command, int argc, char **argv)
{
	struct fc_error err = FC_ERROR_INIT;

	if (argc < 2)
		return FC_EXIT_DONE;
	fc_error_set(&err, FC_ERR_USAGE, "unexpected argument \"%s\"; this command takes none", argv[1]);
	return fc_command_fail(command, &err);
}

int fc_cmd_version(int argc, char **argv)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fc_buf_puts(&text, "Usage: fedcopy version\n\nPrints the version and those of the libraries in use.\n");
		return fc_command_print(&text);
	}
	if (refuse_operands("version", argc, argv) != FC_EXIT_DONE)
		return FC_EXIT_USAGE;
	fc_version_text(&text);
	return fc_command_print(&text);
}

static const struct section {
	const char *name;
	const char *heading;
	void (*put)(struct fc_buf *out);
} sections[] = {
	{ .name = "flags", .heading = "Flags", .put = fc_reference_flags },
	{ .name = "metrics", .heading = "Metrics", .put = fc_reference_metrics },
	{ .name = "states", .heading = "States", .put = fc_reference_states },
};

/* Without a name: all tables under their headings, as docs/reference.md has them. */
int fc_cmd_reference(int argc, char **argv)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
	struct fc_error err = FC_ERROR_INIT;
	bool found = argc < 2;

	for (size_t i = 0; i < FC_ARRAY_LEN(sections); i++) {
		if (argc == 2 && strcmp(argv[1], sections[i].name) == 0) {
			found = true;
			sections[i].put(&text);
		} else if (argc < 2) {
			fc_buf_printf(&text, "%s## %s\n\n", i ? "\n" : "", sections[i].heading);
			sections[i].put(&text);
		}
	}
	if (found)
		return fc_command_print(&text);
	fc_error_set(&err, FC_ERR_USAGE, "unknown table; give flags, metrics or states, or nothing for all");
	return fc_command_fail("reference", &err);
}

static int refuse_command(const char *word)
{
	const char *names[FC_ARRAY_LEN(commands)];

	for (size_t i = 0; i < FC_ARRAY_LEN(commands); i++)
		names[i] = commands[i].summary ? commands[i].name : NULL;
	const char *near = fc_nearest(word, names, FC_ARRAY_LEN(commands));
	if (near)
		fprintf(stderr, "fedcopy: unknown command \"%s\"; did you mean \"%s\"?\n", word, near);
	else
		fprintf(stderr, "fedcopy: unknown command \"%s\"; \"fedcopy help\" lists them\n", word);
	return FC_EXIT_USAGE;
}

static const struct command *find_command(const char *word)
{
	if (strcmp(word, "--version") == 0)
		word = "version";
	for (size_t i = 0; i < FC_ARRAY_LEN(commands); i++) {
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	}
	return NULL;
}

int fc_command_main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_usage();
	const struct command *command = find_command(argv[1]);
	if (!command)
		return refuse_command(argv[1]);
	return command->run(argc - 1, argv + 1);
}
