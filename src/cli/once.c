/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/once.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cli/clean_text.h"

#include <string.h>

/* Short beside the time that a first list takes. */
#define LOOK_MS 25
/* Long enough for any step; meanwhile signals wait. */
#define ENGINE_ANSWER_MS 1000
/* What lay in the engine's queue at the first look has been taken by the third: events that come of what was done
 * before. */
#define LOOKS 3

struct fc_once {
	struct fc_loop *loop;
	struct fc_engine_thread *engine;
	int64_t until_ms;
	unsigned at_rest; /* looks in a row */
	struct fc_timer *timer;
};

static void ask(struct fc_engine *e, void *user)
{
	*(bool *)user = fc_engine_is_at_rest(e, 0, NULL);
}

static void look(void *user)
{
	struct fc_once *o = user;
	bool rest = false;

	o->timer = NULL;
	if (fc_engine_thread_call(o->engine, ask, &rest, ENGINE_ANSWER_MS) < 0)
		rest = false;
	o->at_rest = rest && fc_engine_thread_depth(o->engine) == 0 ? o->at_rest + 1 : 0;
	if (o->at_rest >= LOOKS || fc_clock_mono_ms() >= o->until_ms)
		fc_loop_stop(o->loop);
	else
		o->timer = fc_loop_timer(o->loop, LOOK_MS, look, o);
}

struct fc_once *fc_once_new(struct fc_loop *loop, struct fc_engine_thread *engine, int64_t timeout_ms)
{
	struct fc_once *o = fc_xcalloc(1, sizeof(*o));

	o->loop = loop;
	o->engine = engine;
	o->until_ms = fc_clock_mono_ms() + timeout_ms;
	o->timer = fc_loop_timer(loop, LOOK_MS, look, o);
	return o;
}

void fc_once_free(struct fc_once *o)
{
	if (!o)
		return;
	fc_loop_timer_cancel(o->loop, &o->timer);
	free(o);
}

/* --- the report --- */

static const char *const members[] = { "target", "path", "source", "state", "reason", "message" };
static const char *const headings[] = { "TARGET", "PATH", "SOURCE", "STATE", "REASON", "MESSAGE" };
#define COLUMNS FC_ARRAY_LEN(members)

/* The caller frees. */
static char *cell(const json_t *rule, size_t column)
{
	const char *text = rule ? json_string_value(json_object_get(rule, members[column])) : headings[column];
	struct fc_buf out = FC_BUF_INIT;

	fc_clean_text(&out, text && *text ? text : "-");
	return fc_buf_steal(&out);
}

static void widen(const json_t *rule, size_t *widths)
{
	for (size_t c = 0; c < COLUMNS; c++) {
		FC_AUTO_FREE char *text = cell(rule, c);
		size_t width = strlen(text);

		widths[c] = width > widths[c] ? width : widths[c];
	}
}

static void put_line(const json_t *rule, const size_t *widths, struct fc_buf *out)
{
	for (size_t c = 0; c < COLUMNS; c++) {
		FC_AUTO_FREE char *text = cell(rule, c);

		if (c + 1 < COLUMNS)
			fc_buf_printf(out, "%-*s   ", (int)widths[c], text);
		else
			fc_buf_printf(out, "%s\n", text);
	}
}

static void put_table(const struct fc_outcome *o, struct fc_buf *out)
{
	size_t widths[COLUMNS] = { 0 }, i;
	const json_t *rule;

	widen(NULL, widths);
	json_array_foreach(o->rules, i, rule)
		if (fc_outcome_verdict(rule) != FC_RULE_WAITS)
			widen(rule, widths);
	put_line(NULL, widths, out);
	json_array_foreach(o->rules, i, rule)
		if (fc_outcome_verdict(rule) != FC_RULE_WAITS)
			put_line(rule, widths, out);
}

bool fc_once_report(const struct fc_outcome *o, struct fc_buf *table, struct fc_buf *warnings)
{
	bool bad = fc_outcome_has(o, FC_RULE_REFUSED) || fc_outcome_has(o, FC_RULE_UNDECIDED);
	const json_t *item;
	size_t i;

	json_array_foreach(o->rules, i, item) {
		if (fc_outcome_verdict(item) != FC_RULE_WAITS)
			continue;
		fc_buf_puts(warnings, "warning: ");
		fc_outcome_put_rule(item, warnings);
		fc_buf_putc(warnings, '\n');
	}
	json_array_foreach(o->problems, i, item) {
		fc_buf_puts(warnings, "fedcopy run: ");
		fc_clean_text(warnings, json_string_value(item));
		fc_buf_putc(warnings, '\n');
	}
	if (bad)
		put_table(o, table);
	return !bad && json_array_size(o->problems) == 0;
}
