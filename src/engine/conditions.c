/* SPDX-License-Identifier: Apache-2.0 */
/* How it stands with a rule or a pair: kept, counted, and said when it changes for good. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"

static size_t *count_of(struct fc_engine *e, const struct condition *c)
{
	size_t d = 0;

	while (e->options.dialects[d] != c->dialect)
		d++;
	return &e->counts[d][c->state];
}

void condition_init(struct fc_engine *e, struct condition *c, const struct fc_dialect *dialect)
{
	*c = (struct condition){
		.dialect = dialect,
		.state = FC_STATE_PENDING,
		.reported = FC_STATE_PENDING,
		.noticed = FC_STATE_PENDING,
		.reason = "New",
		.message = "",
		.since_ms = e->wall_ms,
	};
	(*count_of(e, c))++;
	e->rule_count++;
}

void condition_fini(struct fc_engine *e, struct condition *c)
{
	(*count_of(e, c))--;
	e->rule_count--;
	free(c->detail);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool condition_set(struct fc_engine *e, struct condition *c, enum fc_state state, const char *reason,
		   const char *message, const char *detail)
{
	if (c->state == state && same_text(c->reason, reason) && same_text(c->message, message) &&
	    same_text(c->detail, detail))
		return false;
	if (c->state != state)
		c->since_ms = e->wall_ms;
	(*count_of(e, c))--;
	c->state = state;
	(*count_of(e, c))++;
	c->reason = reason;
	c->message = message;
	free(c->detail);
	c->detail = fc_xstrdup_null(detail);
	return true;
}

const char *condition_text(const struct condition *c)
{
	return c->detail ? c->detail : c->message;
}

/* In states that mostly pass by themselves, the reasons that somebody may have to mend: a word that nothing is called,
 * a path that cannot be meant. */
static bool may_be_a_mistake(const struct condition *c)
{
	return strcmp(c->reason, "TypeNotServed") == 0 || strcmp(c->reason, "PathThroughScalar") == 0;
}

bool condition_is_news(struct condition *c, enum fc_log_level *level)
{
	bool mistake = may_be_a_mistake(c);

	if (c->state == FC_STATE_PENDING ? !mistake : c->state == c->reported)
		return false;
	*level = fc_state_is_bad(c->state) || mistake ? FC_LOG_WARN : FC_LOG_INFO;
	if (c->state == FC_STATE_IN_SYNC && c->reported == FC_STATE_PENDING)
		*level = FC_LOG_DEBUG;
	c->reported = c->state;
	return true;
}
