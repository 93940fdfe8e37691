/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_login.h"

#include "base/mem.h"

/* A new credential is asked for this much before the old one ends: meanwhile the old one serves, so no request waits,
 * and none is on its way when its credential ends. */
#define EARLY_MS 10000
/* Whose time has passed when it is given, or is over before a request could be on its way, comes from another clock; it
 * is used for so long, that a plug-in does not run for each request, or without end. client-go uses it for one. */
#define PASSED_MS 5000
#define LEAST_MS 1000
/* A credential that is refused younger than this was never good: the plug-in is not run again and again. */
#define YOUNG_MS 30000

#define HINTS_PER_HOUR 10
#define HOUR_MS (60 * 60 * 1000)

static int64_t pause_after(const struct fc_exec_login *l, unsigned in_a_row)
{
	int64_t pause_ms = l->first_pause_ms;

	for (; in_a_row > 1 && pause_ms < l->last_pause_ms; in_a_row--)
		pause_ms *= 2;
	return pause_ms < l->last_pause_ms ? pause_ms : l->last_pause_ms;
}

static void set_ends(struct fc_exec_result *r, int64_t wall_ms)
{
	int64_t expires_ms = r->value.expires_ms;

	r->fresh_until_ms = r->usable_until_ms = INT64_MAX;
	if (!expires_ms)
		return;
	if (expires_ms < wall_ms + LEAST_MS)
		expires_ms = wall_ms + PASSED_MS;
	int64_t half_ms = (expires_ms - wall_ms) / 2;
	r->usable_until_ms = expires_ms;
	r->fresh_until_ms = expires_ms - (half_ms < EARLY_MS ? half_ms : EARLY_MS);
}

void fc_exec_login_succeeded(struct fc_exec_login *l, struct fc_exec_credential *credential, int64_t now_ms,
			     int64_t wall_ms)
{
	struct fc_exec_result *r = fc_xcalloc(1, sizeof(*r));

	r->value = *credential;
	*credential = (struct fc_exec_credential){ .token = NULL };
	r->generation = ++l->generation;
	r->got_ms = now_ms;
	r->holders = 1;
	set_ends(r, wall_ms);
	fc_exec_result_drop(l->current);
	l->current = r;
	l->failures = 0;
	l->not_before_ms = 0;
}

void fc_exec_login_failed(struct fc_exec_login *l, const struct fc_error *why, int64_t now_ms)
{
	l->failures++;
	l->error = *why;
	l->not_before_ms = now_ms + pause_after(l, l->failures);
}

void fc_exec_login_refused(struct fc_exec_login *l, const struct fc_exec_result *result, int64_t now_ms)
{
	if (result->generation <= l->refused_generation)
		return;
	l->refused_generation = result->generation;
	l->refusals = now_ms - result->got_ms < YOUNG_MS ? l->refusals + 1 : 1;
	fc_error_set(&l->error, FC_ERR_UNAUTHORIZED, "the server has refused what it gave");
	if (l->refusals > 1)
		l->not_before_ms = now_ms + pause_after(l, l->refusals - 1);
}

bool fc_exec_login_may_hint(struct fc_exec_login *l, int64_t now_ms)
{
	if (l->hints == 0 || now_ms - l->hints_since_ms >= HOUR_MS) {
		l->hints = 0;
		l->hints_since_ms = now_ms;
	}
	return l->hints < HINTS_PER_HOUR && ++l->hints;
}

bool fc_exec_result_is_fresh(const struct fc_exec_result *r, int64_t wall_ms)
{
	return wall_ms <= r->fresh_until_ms;
}

bool fc_exec_result_is_usable(const struct fc_exec_result *r, int64_t wall_ms)
{
	return wall_ms <= r->usable_until_ms;
}

struct fc_exec_result *fc_exec_result_hold(struct fc_exec_result *r)
{
	r->holders++;
	return r;
}

void fc_exec_result_drop(struct fc_exec_result *r)
{
	if (!r || --r->holders > 0)
		return;
	fc_exec_credential_fini(&r->value);
	free(r);
}

void fc_exec_login_fini(struct fc_exec_login *l)
{
	fc_exec_result_drop(l->current);
	l->current = NULL;
}
