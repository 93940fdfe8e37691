/* SPDX-License-Identifier: Apache-2.0 */
/* fc_exec_plugins - the login plug-ins of the process: run on one thread, their credentials shared by all clusters.
 * Owns:    that thread with its loop, from the first use on; per distinct plug-in the last credential.
 * Threads: _new and _free from the main thread, _join from any; a user belongs to one thread at a time, which is told
 *          of news by a descriptor, never by a call.
 * Fails:   a plug-in that fails is run again after 1 s, doubled up to 30 s; meanwhile its users get the last error.
 * Source:  kube-client 1.29, 1.32 to 1.36. */
#ifndef FC_EXEC_PLUGINS_H
#define FC_EXEC_PLUGINS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "kube/exec_credential.h"
#include "kube/exec_spec.h"

struct fc_exec_plugins;
struct fc_exec_user;

struct fc_exec_plugins *fc_exec_plugins_new(void);
/* For tests; 0 stands for the usual value: 60 s, 1 s, 30 s. */
struct fc_exec_plugins_options {
	int64_t deadline_ms, first_pause_ms, last_pause_ms;
};
struct fc_exec_plugins *fc_exec_plugins_new_with(const struct fc_exec_plugins_options *options);
/* After every user has left. A run under way is killed. NULL allowed. */
void fc_exec_plugins_free(struct fc_exec_plugins *p);
/* Distinct plug-ins that have users. */
size_t fc_exec_plugins_count(struct fc_exec_plugins *p);

/* One cluster's use of a plug-in; the spec is copied. Users of equal specs share what it gives. Runs nothing yet. NULL
 * with err: no descriptor. */
struct fc_exec_user *fc_exec_plugins_join(struct fc_exec_plugins *p, const struct fc_exec_spec *spec,
					  struct fc_error *err) FC_MUST_CHECK;
/* What only this user needed goes too, a run under way included. NULL allowed. */
void fc_exec_user_leave(struct fc_exec_user *u);

/* The credential to use now, at this monotonic time and this one of the wall clock: 0 and `*out`, valid until the next
 * call for this user; 1: a run is under way, the descriptor will be readable; -1 with err: the last run has failed, and
 * the next one waits. */
int fc_exec_user_get(struct fc_exec_user *u, int64_t now_ms, int64_t wall_ms, const struct fc_exec_credential **out,
		     struct fc_error *err) FC_MUST_CHECK;
/* The server answered 401 to what _get has given: this user wants another one. Those whom it serves go on with it. */
void fc_exec_user_refused(struct fc_exec_user *u, int64_t now_ms);

/* Readable (EPOLLIN) when _get is worth another call: after it has returned 1, or has given what will end soon. */
int fc_exec_user_fd(const struct fc_exec_user *u);
/* Makes it unreadable again; before _get. */
void fc_exec_user_acknowledge(struct fc_exec_user *u);

#endif
