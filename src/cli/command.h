/* SPDX-License-Identifier: Apache-2.0 */
/* fc_command - the subcommands, and how each of them ends.
 * Owns:    nothing.
 * Threads: main thread only.
 * Fails:   exit status 0 done, 1 failed, 2 usage, 3 there would be something to do.
 * Source:  design section 8. */
#ifndef FC_COMMAND_H
#define FC_COMMAND_H

#include "base/buf.h"
#include "base/error.h"

enum fc_exit { FC_EXIT_DONE = 0, FC_EXIT_FAILED = 1, FC_EXIT_USAGE = 2, FC_EXIT_CHANGES = 3 };

/* A command gets argv[0] as its own name and returns the exit status. It has said on standard error why it failed. */
int fc_cmd_run(int argc, char **argv);
int fc_cmd_plan(int argc, char **argv);
int fc_cmd_release(int argc, char **argv);
int fc_cmd_clusters(int argc, char **argv);
int fc_cmd_version(int argc, char **argv);
/* In the place of other programs: cli/dropin.h. */
int fc_cmd_k8s_copier(int argc, char **argv);
int fc_cmd_kopy(int argc, char **argv);
int fc_cmd_k8s_replicator(int argc, char **argv);
int fc_cmd_object_sync(int argc, char **argv);
int fc_cmd_configmap_sync(int argc, char **argv);
int fc_cmd_reference(int argc, char **argv);

/* The whole program after main has prepared the process: finds the command and runs it. */
int fc_command_main(int argc, char **argv);

/* Says "fedcopy COMMAND: ..." on standard error; `command` is its name alone. Returns the exit status: FC_EXIT_USAGE
 * for FC_ERR_USAGE and FC_ERR_CONFIG (both are texts of the operator, mended by him), else FC_EXIT_FAILED. */
int fc_command_fail(const char *command, const struct fc_error *err);

/* Writes to standard output and flushes: FC_EXIT_DONE, or FC_EXIT_FAILED when the text did not get there (disk full,
 * closed). */
int fc_command_print(const struct fc_buf *text);

#endif
