/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, how long a target waits after it, and when two writers are undoing each other (design section 5,
 * promise 6). */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"

#define FIRST_DELAY_MS 200
#define LONGEST_DELAY_MS (5 * 60 * 1000)
/* Rights may come later, and seldom come within a second (kube-client 13.6). */
#define FIRST_FORBIDDEN_DELAY_MS 5000
#define FLAP_WINDOW_MS 60000
#define FLAP_REWRITES 10
#define FIRST_FLAP_DELAY_MS 1000

void fault_clear(struct fault *f)
{
	free(f->text);
	*f = (struct fault){ .cls = FC_ERR_NONE };
}

void fault_set(struct fault *f, const struct fc_error *error)
{
	char *text = fc_xstrdup(error->text);

	fault_clear(f);
	*f = (struct fault){ .cls = error->cls, .text = text };
}

static int64_t doubled(int64_t first_ms, unsigned times)
{
	int64_t d = first_ms;

	while (times-- > 0 && d < LONGEST_DELAY_MS)
		d *= 2;
	return d < LONGEST_DELAY_MS ? d : LONGEST_DELAY_MS;
}

static bool wants_patience(enum fc_error_class cls)
{
	return cls == FC_ERR_FORBIDDEN || cls == FC_ERR_UNAUTHORIZED || cls == FC_ERR_QUOTA ||
	       cls == FC_ERR_TERMINATING;
}

int64_t retry_delay_ms(struct fc_random *random, unsigned failures, const struct fc_error *error)
{
	int64_t d = doubled(wants_patience(error->cls) ? FIRST_FORBIDDEN_DELAY_MS : FIRST_DELAY_MS,
			    failures ? failures - 1 : 0);

	/* Up to a quarter more: many that failed together do not come back together. The longest with it is the
	 * longest. */
	if (d > LONGEST_DELAY_MS / 5 * 4)
		d = LONGEST_DELAY_MS / 5 * 4;
	d = fc_random_between(random, d, d + d / 4);
	return d > error->retry_after_ms ? d : error->retry_after_ms;
}

void retry_failed(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	t->failures++;
	measure_retry(e);
	fault_set(&t->error, error);
	t->not_before_ms = e->now_ms + retry_delay_ms(&e->random, t->failures, error);
}

void retry_succeeded(struct target *t)
{
	t->failures = 0;
	fault_clear(&t->error);
	t->not_before_ms = 0;
}

void retry_forget_rewrites(struct target *t)
{
	/* The delay was for the old fight. */
	if (t->flapping)
		t->not_before_ms = 0;
	free(t->rewrites);
	t->rewrites = NULL;
	t->rewrite_count = 0;
	t->flaps = 0;
	t->flapping = false;
}

void retry_write_failed(struct fc_engine *e, struct target *t, enum part part, const struct fc_error *error)
{
	struct setback *s = &t->of_status;

	if (part == PART_OBJECT) {
		retry_failed(e, t, error);
		return;
	}
	measure_retry(e);
	fault_set(&s->error, error);
	s->not_before_ms = e->now_ms + retry_delay_ms(&e->random, ++s->failures, error);
}

void retry_write_succeeded(struct target *t, enum part part)
{
	if (part == PART_OBJECT) {
		retry_succeeded(t);
		return;
	}
	fault_clear(&t->of_status.error);
	t->of_status = (struct setback){ .failures = 0 };
}

void retry_type_is_back(struct target *t)
{
	if (fault_is_of_type(&t->error))
		retry_succeeded(t);
	if (fault_is_of_type(&t->of_status.error))
		retry_write_succeeded(t, PART_STATUS);
}

static bool is_of_network(const struct fault *f)
{
	return f->cls == FC_ERR_NETWORK || f->cls == FC_ERR_TIMEOUT;
}

void retry_cluster_is_back(struct target *t)
{
	if (is_of_network(&t->error))
		retry_succeeded(t);
	if (is_of_network(&t->of_status.error))
		retry_write_succeeded(t, PART_STATUS);
}

bool retry_note_rewrite(struct fc_engine *e, struct target *t)
{
	int64_t last = t->rewrite_count ? t->rewrites[t->rewrite_count - 1] : INT64_MIN / 2;
	bool still_undone = t->flapping && e->now_ms - last <= 2 * doubled(FIRST_FLAP_DELAY_MS, t->flaps - 1);
	unsigned old = 0;

	if (!t->rewrites)
		t->rewrites = fc_xcalloc(FLAP_REWRITES + 1, sizeof(*t->rewrites));
	while (old < t->rewrite_count && t->rewrites[old] <= e->now_ms - FLAP_WINDOW_MS)
		old++;
	if (old == 0 && t->rewrite_count == FLAP_REWRITES + 1)
		old = 1;
	t->rewrite_count -= old;
	memmove(t->rewrites, t->rewrites + old, t->rewrite_count * sizeof(*t->rewrites));
	t->rewrites[t->rewrite_count++] = e->now_ms;
	/* Once slowed down, fewer than ten fit into the window: a rewrite that is undone before twice its delay is
	 * over is the same fight. */
	t->flapping = t->rewrite_count > FLAP_REWRITES || still_undone;
	if (t->flapping)
		t->not_before_ms = e->now_ms + doubled(FIRST_FLAP_DELAY_MS, t->flaps++);
	else
		t->flaps = 0;
	return t->flapping;
}
