/* SPDX-License-Identifier: Apache-2.0 */
/* plugin - little login plug-ins, written as scripts into a test's folder, which count their runs.
 * Owns:    nothing beside the fixture's folder.
 * Threads: one.
 * Fails:   the test.
 * Source:  client.authentication.k8s.io/v1. */
#ifndef FC_TESTS_PLUGIN_H
#define FC_TESTS_PLUGIN_H

#include "kube/exec_spec.h"
#include "unit/kube/fixture.h"

#define PLUGIN_V1 "client.authentication.k8s.io/v1"

/* Says this ExecCredential, whose status is shell text between single quotes: $N is the number of the run. */
static inline const char *plugin_says(struct fixture *f, const char *status)
{
	return fixture_keep(f, fc_xasprintf("cat <<EOF\n{\"kind\":\"ExecCredential\",\"apiVersion\":\"" PLUGIN_V1
					    "\",\"status\":%s}\nEOF",
					    status));
}

/* A script of that name that adds a line to NAME.runs, sets N to their number, and goes on with `body`. Written beside
 * and moved there, so that a run that begins now finds the old or the new one. */
static inline const char *plugin_write(struct fixture *f, const char *name, const char *body)
{
	const char *path = fixture_path(f, name);
	FC_AUTO_FREE char *text =
		fc_xasprintf("#!/bin/sh\necho run >>%s.runs\nN=$(wc -l <%s.runs)\n%s\n", path, path, body);
	FC_AUTO_FREE char *new_name = fc_xasprintf("%s.new", name);
	const char *new_path = fixture_write(f, new_name, text);

	assert_int_equal(chmod(new_path, 0755), 0);
	assert_int_equal(rename(new_path, path), 0);
	return path;
}

static inline int plugin_runs(const char *path)
{
	FC_AUTO_FREE char *runs = fc_xasprintf("%s.runs", path);
	int count = 0;

	FILE *file = fopen(runs, "r");
	for (int c; file && (c = fgetc(file)) != EOF;)
		count += c == '\n';
	if (file)
		fclose(file);
	return count;
}

/* What a kubeconfig would say of it; `arg` may be NULL. */
static inline struct fc_exec_spec *plugin_spec(const char *path, const char *arg)
{
	struct fc_exec_cluster cluster = { .server = "https://api" };
	struct fc_error err = FC_ERROR_INIT;
	json_t *exec = json_pack("{s:s, s:s, s:s, s:s, s:[s*]}", "command", path, "apiVersion", PLUGIN_V1,
				 "interactiveMode", "Never", "installHint", "see the manual", "args", arg);
	struct fc_exec_spec *s = fc_exec_spec_read(exec, path, &cluster, &err);

	if (!s)
		fail_msg("%s", err.text);
	json_decref(exec);
	return s;
}

#endif
