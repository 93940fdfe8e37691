/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cruelty.h"

#include "base/duration.h"
#include "base/mem.h"
#include "base/random.h"
#include "json/decode.h"
#include "model/glob.h"
#include "sandbox/cruelty_parts.h"

#include <string.h>

struct sb_cruelty {
	struct fc_random random;
	struct sb_cruelty_rule *rules;
	unsigned count, cap, last_id;
};

struct sb_cruelty *sb_cruelty_new(uint64_t seed)
{
	struct sb_cruelty *c = fc_xcalloc(1, sizeof(*c));

	c->random.state = seed;
	return c;
}

static void rule_fini(struct sb_cruelty_rule *r)
{
	free(r->verb);
	free(r->resource);
	free(r->ns);
	free(r->name);
	free(r->agent);
	free(r->group);
	json_decref(r->set);
	json_decref(r->prune);
}

void sb_cruelty_clear(struct sb_cruelty *c)
{
	for (unsigned i = 0; i < c->count; i++)
		rule_fini(&c->rules[i]);
	c->count = 0;
}

void sb_cruelty_free(struct sb_cruelty *c)
{
	if (!c)
		return;
	sb_cruelty_clear(c);
	free(c->rules);
	free(c);
}

int sb_cruelty_add(struct sb_cruelty *c, const json_t *rule, int64_t now_ms, unsigned *id, struct fc_error *err)
{
	struct sb_cruelty_rule r;

	if (sb_cruelty_read(rule, &r, err) < 0)
		return -1;
	FC_GROW(c->rules, c->count, c->cap);
	r.id = ++c->last_id;
	r.set_ms = now_ms;
	c->rules[c->count++] = r;
	*id = r.id;
	return 0;
}

bool sb_cruelty_remove(struct sb_cruelty *c, unsigned id)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (c->rules[i].id != id)
			continue;
		rule_fini(&c->rules[i]);
		memmove(&c->rules[i], &c->rules[i + 1], (c->count - i - 1) * sizeof(*c->rules));
		c->count--;
		return true;
	}
	return false;
}

json_t *sb_cruelty_list(const struct sb_cruelty *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < c->count; i++)
		json_array_append_new(list, sb_cruelty_show(&c->rules[i]));
	return list;
}

bool sb_cruelty_is_calm(const struct sb_cruelty *c)
{
	return c->count == 0;
}

/* --- which one strikes --- */

static bool fits(const char *pattern, const char *word)
{
	return !pattern || fc_glob_match((struct fc_glob){ pattern, strlen(pattern) }, word);
}

static bool fits_resource(const char *pattern, const struct sb_call *call)
{
	FC_AUTO_FREE char *qualified = NULL;

	if (fits(pattern, call->plural))
		return true;
	qualified = fc_xasprintf("%s.%s", call->plural, call->group);
	return fits(pattern, qualified);
}

static bool fits_agent(const char *pattern, const struct sb_call *call)
{
	return !pattern || (call->request && fits(pattern, call->request->user_agent));
}

static bool fits_call(const struct sb_cruelty_rule *r, const struct sb_call *call)
{
	bool narrow = r->verb || r->resource || r->ns || r->name || r->agent || r->group;

	if (!narrow)
		return true;
	return call && fits(r->verb, sb_verb_name(call->verb)) && fits_resource(r->resource, call) &&
	       fits(r->ns, call->ns) && fits(r->name, call->name) && fits(r->group, call->group) &&
	       fits_agent(r->agent, call);
}

static bool is_due(const struct sb_cruelty_rule *r, int64_t now_ms)
{
	int64_t age = now_ms - r->set_ms;

	return age >= r->after_ms && (r->for_ms < 0 || age < r->after_ms + r->for_ms) &&
	       (r->count < 0 || r->met < (uint64_t)r->count);
}

static bool chance(struct fc_random *random, double share)
{
	return share >= 1 || (double)(fc_random_next(random) >> 11) * 0x1p-53 < share;
}

const struct sb_cruelty_rule *sb_cruelty_strikes(struct sb_cruelty *c, enum sb_cruelty_kind kind,
						 const struct sb_call *call, int64_t now_ms)
{
	for (unsigned i = 0; i < c->count; i++) {
		struct sb_cruelty_rule *r = &c->rules[i];

		if (r->kind != kind || !is_due(r, now_ms) || !fits_call(r, call) || !chance(&c->random, r->share))
			continue;
		r->met++;
		return r;
	}
	return NULL;
}

int64_t sb_cruelty_jitter(struct sb_cruelty *c, const struct sb_cruelty_rule *r)
{
	return r->ms + (r->jitter_ms > 0 ? fc_random_between(&c->random, 0, r->jitter_ms) : 0);
}
