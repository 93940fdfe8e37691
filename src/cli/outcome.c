/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outcome.h"

#include "base/mem.h"
#include "cli/clean_text.h"

#include <string.h>

#define ENGINE_ANSWER_MS 60000
#define RULES_PER_PIECE 500
/* What it waits for; the rest follows from these, mostly. */
#define MOST_WAITS 10

static const char *text_of(const json_t *rule, const char *member)
{
	const char *text = json_string_value(json_object_get(rule, member));

	return text ? text : "";
}

static bool is_state(const json_t *rule, enum fc_state state)
{
	return strcmp(text_of(rule, "state"), fc_state_name(state)) == 0;
}

static bool is_reason(const json_t *rule, const char *reason)
{
	return strcmp(text_of(rule, "reason"), reason) == 0;
}

enum fc_rule_verdict fc_outcome_verdict(const json_t *rule)
{
	static const enum fc_state refused[] = { FC_STATE_INVALID, FC_STATE_CYCLE, FC_STATE_NOT_ALLOWED,
						 FC_STATE_CONFLICT, FC_STATE_FLAPPING };
	bool pending = is_state(rule, FC_STATE_PENDING);

	if (is_state(rule, FC_STATE_SOURCE_NOT_FOUND) || is_state(rule, FC_STATE_PATH_NOT_FOUND) ||
	    (pending && is_reason(rule, "TypeNotServed")))
		return FC_RULE_WAITS;
	for (size_t i = 0; i < FC_ARRAY_LEN(refused); i++)
		if (is_state(rule, refused[i]))
			return FC_RULE_REFUSED;
	if (pending && (is_reason(rule, "TargetTerminating") || is_reason(rule, "Paused")))
		return FC_RULE_REFUSED;
	return FC_RULE_UNDECIDED;
}

bool fc_outcome_has(const struct fc_outcome *o, enum fc_rule_verdict verdict)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(o->rules, i, rule)
		if (fc_outcome_verdict(rule) == verdict)
			return true;
	return false;
}

void fc_outcome_put_rule(const json_t *rule, struct fc_buf *out)
{
	const char *state = text_of(rule, "state"), *reason = text_of(rule, "reason");

	fc_clean_text(out, text_of(rule, "target"));
	fc_buf_putc(out, ' ');
	fc_clean_text(out, text_of(rule, "path"));
	fc_buf_printf(out, ": %s", state);
	if (strcmp(state, reason) != 0)
		fc_buf_printf(out, " (%s)", reason);
	fc_buf_puts(out, ": ");
	fc_clean_text(out, text_of(rule, "message"));
	if (!*text_of(rule, "source"))
		return;
	fc_buf_puts(out, " (from ");
	fc_clean_text(out, text_of(rule, "source"));
	fc_buf_putc(out, ')');
}

/* --- taken from the engine, on its thread --- */

static void add_problem(struct fc_outcome *o, char *sentence)
{
	json_array_append_new(o->problems, json_string(sentence));
	free(sentence);
}

static void take_clusters(const struct fc_engine *e, struct fc_outcome *o)
{
	for (fc_cluster_no no = FC_NO_CLUSTER; fc_engine_next_cluster(e, &no);) {
		struct fc_cluster_summary s;

		fc_engine_cluster(e, no, &s);
		if (s.state == FC_CLUSTER_CONNECTING)
			add_problem(o, fc_xasprintf("cluster %s was not reached: it did not answer in time", s.name));
		else if (s.state == FC_CLUSTER_UNREACHABLE)
			add_problem(o, fc_xasprintf("cluster %s was not reached: %s", s.name, s.message));
	}
}

/* What an unreachable cluster is waited for is said already. */
static void take_waits(const struct fc_engine *e, struct fc_outcome *o)
{
	json_auto_t *waits = json_array();
	const json_t *wait;
	size_t i;

	if (fc_engine_is_at_rest(e, MOST_WAITS, waits) || json_array_size(o->problems))
		return;
	json_array_foreach(waits, i, wait)
		add_problem(o, fc_xasprintf("not done in time: %s", json_string_value(wait)));
}

static void take_rules(const struct fc_engine *e, struct fc_outcome *o)
{
	uint64_t cursor = 0;
	bool more = true;

	while (more) {
		json_auto_t *piece = json_array();
		json_t *rule;
		size_t i;

		more = fc_engine_rules(e, &cursor, RULES_PER_PIECE, piece) == 1;
		json_array_foreach(piece, i, rule) {
			for (int s = 0; s < FC_STATES; s++)
				o->counts[s] += is_state(rule, (enum fc_state)s);
			if (!is_state(rule, FC_STATE_IN_SYNC))
				json_array_append(o->rules, rule);
		}
	}
}

static void take(struct fc_engine *e, void *user)
{
	struct fc_outcome *o = user;

	take_rules(e, o);
	take_clusters(e, o);
	fc_engine_unseen(e, o->problems);
	take_waits(e, o);
}

/* The engine's order is that of its meeting the targets, another one in each run. */
static int by_target(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int order = strcmp(text_of(x, "target"), text_of(y, "target"));

	if (order == 0)
		order = strcmp(text_of(x, "path"), text_of(y, "path"));
	return order ? order : strcmp(text_of(x, "source"), text_of(y, "source"));
}

static void sort(json_t **list)
{
	size_t count = json_array_size(*list), i;
	json_t **items = fc_xcalloc(count + 1, sizeof(json_t *)), *item, *sorted = json_array();

	json_array_foreach(*list, i, item)
		items[i] = item;
	qsort(items, count, sizeof(*items), by_target);
	for (i = 0; i < count; i++)
		json_array_append(sorted, items[i]);
	free(items);
	json_decref(*list);
	*list = sorted;
}

int fc_outcome_take(struct fc_engine_thread *t, struct fc_outcome *out, struct fc_error *err)
{
	*out = (struct fc_outcome){ .rules = json_array(), .problems = json_array() };
	if (fc_engine_thread_call(t, take, out, ENGINE_ANSWER_MS) < 0)
		return fc_error_set(err, FC_ERR_TIMEOUT, "the engine is busy and did not tell what it has come to");
	sort(&out->rules);
	return 0;
}

void fc_outcome_fini(struct fc_outcome *o)
{
	json_decref(o->rules);
	json_decref(o->problems);
	*o = (struct fc_outcome){ .rules = NULL };
}
