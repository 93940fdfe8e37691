/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine has to say: log lines, numbers and the list of rules. No value of an object is ever in it. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/object_key.h"

char *target_text(const struct fc_engine *e, const struct target *t)
{
	const struct key *k = &t->key;

	return fc_object_key_text(cluster_of(e, k->cluster)->info.name, k->resource, k->namespace_, k->name);
}

char *rule_source_text(const struct fc_engine *e, const struct rule *r)
{
	const struct cluster *master = cluster_of(e, e->options.master);
	const char *cluster, *namespace_;

	/* Of a value that is not understood nothing is shown: it may be a mistyped literal. */
	if (r->spec->invalid_reason || !r->spec->word)
		return fc_xstrdup(r->spec->literal ? "json:" : "");
	cluster = r->spec->cluster ? r->spec->cluster : master ? master->info.name : "";
	namespace_ = rule_source_namespace(r);
	if (r->word && r->word->resource)
		return fc_object_key_text(cluster, r->word->resource, namespace_, r->source_name);
	return fc_xasprintf("%s/%s/%s/%s", cluster, r->spec->word, namespace_ ? namespace_ : "", r->source_name);
}

/* As an annotation key spells it: segments parted by dots, a literal dot doubled. */
char *rule_path_text(const struct rule *r)
{
	struct fc_buf out = FC_BUF_INIT;

	if (!r->spec->target_path)
		return fc_xstrdup(r->spec->key ? r->spec->key : "");
	for (size_t i = 0; i < fc_path_len(r->spec->target_path); i++) {
		if (i > 0)
			fc_buf_putc(&out, '.');
		for (const char *c = fc_path_segment(r->spec->target_path, i); *c; c++) {
			fc_buf_putc(&out, *c);
			if (*c == '.')
				fc_buf_putc(&out, '.');
		}
	}
	return fc_buf_steal(&out);
}

static struct fc_report *report_new(struct fc_engine *e, enum fc_log_level level, const char *message)
{
	struct fc_report *r = fc_xcalloc(1, sizeof(*r));

	r->level = level;
	r->message = fc_xstrdup(message);
	fc_actions_add(e->out, FC_ACTION_REPORT)->report = r;
	return r;
}

void report_rule(struct fc_engine *e, enum fc_log_level level, const struct rule *r)
{
	struct fc_report *report =
		report_new(e, level, fc_state_is_bad(r->cond.state) ? "rule is not applied" : "rule");

	report->cluster = fc_xstrdup(cluster_of(e, r->target->key.cluster)->info.name);
	report->target = target_text(e, r->target);
	report->path = rule_path_text(r);
	report->source = rule_source_text(e, r);
	report->state = fc_state_name(r->cond.state);
	report->reason = fc_xstrdup(r->cond.reason);
	report->detail = fc_xstrdup(condition_text(&r->cond));
}

void report_cluster(struct fc_engine *e, enum fc_log_level level, const struct cluster *c, const char *message,
		    const char *detail)
{
	struct fc_report *report = report_new(e, level, message);

	report->cluster = fc_xstrdup(c->info.name);
	report->detail = fc_xstrdup_null(detail);
}

/* B31: one line per write, with every path that it carried. */
void report_write(struct fc_engine *e, const struct target *t)
{
	struct fc_report *report = report_new(e, FC_LOG_INFO, "copied");
	struct fc_buf paths = FC_BUF_INIT;

	report->cluster = fc_xstrdup(cluster_of(e, t->key.cluster)->info.name);
	for (const struct rule *r = t->rules; r; r = r->next) {
		char *path;

		if (!r->in_write)
			continue;
		if (!report->target) {
			report->target = target_text(e, t);
			report->source = rule_source_text(e, r);
		}
		path = rule_path_text(r);
		fc_buf_printf(&paths, "%s%s", paths.len ? "," : "", path);
		free(path);
	}
	report->path = fc_buf_steal(&paths);
	/* Two writes of one target differ in it: no line about a write is ever taken for a repetition. */
	report->version = fc_rv_text(&t->version);
}

static struct fc_measure *measure_new(struct fc_engine *e, enum fc_metric_id id, double value)
{
	struct fc_measure *m = fc_xcalloc(1, sizeof(*m));

	m->id = id;
	m->value = value;
	fc_actions_add(e->out, FC_ACTION_MEASURE)->measure = m;
	return m;
}

/* The dialect of the last write: the first of its rules speaks for all. */
static const char *dialect_of_write(const struct target *t)
{
	for (const struct rule *r = t->rules; r; r = r->next)
		if (r->in_write)
			return r->cond.dialect->name;
	return "";
}

void measure_write(struct fc_engine *e, const struct target *t, const char *result)
{
	struct fc_measure *m = measure_new(e, FC_METRIC_WRITES, 1);

	m->labels[0] = fc_xstrdup(cluster_of(e, t->key.cluster)->info.name);
	m->labels[1] = fc_xstrdup(whole_is_writing(t) ? whole_dialect(t) : dialect_of_write(t));
	m->labels[2] = fc_xstrdup(whole_verb(t));
	m->labels[3] = fc_xstrdup(result);
}

void measure_retry(struct fc_engine *e)
{
	struct fc_measure *m = measure_new(e, FC_METRIC_WORKQUEUE_RETRIES, 1);

	m->labels[0] = fc_xstrdup("engine");
}

static void measure_latency(struct fc_engine *e, int64_t sent_us, const struct fc_dialect *d)
{
	struct fc_measure *m;

	if (sent_us == 0)
		return;
	m = measure_new(e, FC_METRIC_PROPAGATION_SECONDS, (double)(e->event_us - sent_us) / 1e6);
	if (m->value < 0)
		m->value = 0;
	m->labels[0] = fc_xstrdup(d->name);
}

void measure_propagation(struct fc_engine *e, const struct rule *r)
{
	measure_latency(e, r->echo ? r->echo->sent_us : 0, r->cond.dialect);
}

void measure_pair_propagation(struct fc_engine *e, const struct pair *p)
{
	measure_latency(e, p->sent_us, p->cond.dialect);
}

/* --- whole objects --- */

char *copy_source_text(const struct fc_engine *e, const struct copy_rule *cr)
{
	const char *cluster = cluster_of(e, cr->bearer->target->key.cluster)->info.name;

	if (cr->resource)
		return fc_object_key_text(cluster, cr->resource, copy_rule_source_namespace(cr),
					  copy_rule_source_name(cr));
	return fc_xasprintf("%s/%s/%s/%s", cluster, cr->word ? cr->word->text : "", copy_rule_source_namespace(cr),
			    copy_rule_source_name(cr));
}

/* Of a copy that nobody wants: what its marks name. */
char *origin_text(const struct fc_engine *e, const struct origin *o)
{
	const struct cluster *c = origin_cluster(e, o);

	return fc_xasprintf("%s/%s/%s/%s", c ? c->info.name : o->key.cluster_id, o->key.kind,
			    o->key.namespace_ ? o->key.namespace_ : o->key.rule_namespace,
			    o->key.name ? o->key.name : o->key.rule_name);
}

/* What stands there, as its marks name it, or whose status lists it. */
char *copy_origin_text(const struct fc_engine *e, const struct target *t)
{
	const struct copy *c = t->copy;

	if (c->origin)
		return origin_text(e, c->origin);
	return c->memories ? target_text(e, c->memories->bearer->target) : fc_xstrdup("");
}

static void report_condition(struct fc_engine *e, enum fc_log_level level, const struct condition *cond,
			     const char *cluster, char *target, char *source)
{
	struct fc_report *report = report_new(e, level, fc_state_is_bad(cond->state) ? "rule is not applied" : "rule");

	report->cluster = fc_xstrdup(cluster);
	report->target = target;
	report->source = source;
	report->state = fc_state_name(cond->state);
	report->reason = fc_xstrdup(cond->reason);
	report->detail = fc_xstrdup(condition_text(cond));
}

void report_warning(struct fc_engine *e, const struct target *on, const char *text)
{
	struct fc_report *report = report_new(e, FC_LOG_WARN, "rule is not applied");

	report->cluster = fc_xstrdup(cluster_of(e, on->key.cluster)->info.name);
	report->source = target_text(e, on);
	report->state = fc_state_name(FC_STATE_INVALID);
	report->detail = fc_xstrdup(text);
}

void report_pair(struct fc_engine *e, enum fc_log_level level, const struct pair *p)
{
	report_condition(e, level, &p->cond, p->site->cluster->info.name, target_text(e, p->target),
			 copy_source_text(e, p->site->rule));
}

void report_site(struct fc_engine *e, enum fc_log_level level, const struct site *s)
{
	report_condition(e, level, &s->cond, s->cluster->info.name, NULL, copy_source_text(e, s->rule));
}

void report_stray(struct fc_engine *e, enum fc_log_level level, const struct target *t)
{
	report_condition(e, level, &t->copy->cond, cluster_of(e, t->key.cluster)->info.name, target_text(e, t),
			 copy_origin_text(e, t));
}

void report_whole_write(struct fc_engine *e, const struct target *t, const char *version)
{
	static const char *const words[] = {
		[COPY_WRITES_NOTHING] = "written", [COPY_CREATES] = "copied",	    [COPY_PATCHES] = "copied",
		[COPY_TURNS] = "written",	   [COPY_DELETES] = "copy deleted", [COPY_RELEASES] = "copy released",
		[COPY_CLEARS] = "copy cleared",	   [COPY_MAKES_SPACE] = "written",
	};
	const struct copy *c = t->copy;
	struct fc_report *report = report_new(e, FC_LOG_INFO, words[c ? c->writing : COPY_WRITES_NOTHING]);

	report->cluster = fc_xstrdup(cluster_of(e, t->key.cluster)->info.name);
	report->target = target_text(e, t);
	if (c && c->writer)
		report->source = copy_source_text(e, c->writer->site->rule);
	else if (c && c->origin)
		report->source = origin_text(e, c->origin);
	report->version = fc_xstrdup(version);
}

/* --- snapshots --- */

/* Takes over the three texts. */
static void add_json(json_t *array, const struct condition *cond, char *source, char *target, char *path)
{
	char since[FC_RFC3339_BYTES];

	fc_time_rfc3339(cond->since_ms, since);
	json_array_append_new(array,
			      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "dialect", cond->dialect->name,
					"source", source, "target", target, "path", path, "state",
					fc_state_name(cond->state), "reason", cond->reason, "message",
					condition_text(cond), "since", since, "writes", (json_int_t)cond->writes));
	free(source);
	free(target);
	free(path);
}

static void add_copies(const struct fc_engine *e, const struct target *t, json_t *array)
{
	for (const struct pair *p = t->copy ? t->copy->pairs : NULL; p; p = p->next)
		add_json(array, &p->cond, copy_source_text(e, p->site->rule), target_text(e, t), fc_xstrdup(""));
	if (t->copy && t->copy->speaks)
		add_json(array, &t->copy->cond, copy_origin_text(e, t), target_text(e, t), fc_xstrdup(""));
	for (const struct copy_rule *cr = t->bearer ? t->bearer->rules : NULL; cr; cr = cr->next)
		for (const struct site *s = cr->sites; s; s = s->next)
			if (s->speaks)
				add_json(array, &s->cond, copy_source_text(e, cr), fc_xstrdup(""), fc_xstrdup(""));
}

int fc_engine_rules(const struct fc_engine *e, uint64_t *cursor, size_t max, json_t *array)
{
	const struct target *t;

	FC_TABLE_FOREACH(&e->targets, at, t) {
		if (t->serial <= *cursor)
			continue;
		if (json_array_size(array) >= max)
			return 1;
		for (const struct rule *r = t->rules; r; r = r->next)
			add_json(array, &r->cond, rule_source_text(e, r), target_text(e, t), rule_path_text(r));
		add_copies(e, t, array);
		*cursor = t->serial;
	}
	return 0;
}

void fc_engine_count_rules(const struct fc_engine *e, size_t dialect, size_t counts[FC_STATES])
{
	memcpy(counts, e->counts[dialect], sizeof(e->counts[dialect]));
}

void fc_engine_work(const struct fc_engine *e, struct fc_engine_work *out)
{
	*out = (struct fc_engine_work){
		.targets = e->targets.count,
		.sources = e->sources.count,
		.rules = e->rule_count,
		.watches = HASH_COUNT(e->watches),
		.in_flight = HASH_COUNT(e->requests),
	};
	for (size_t i = 0; i < e->cluster_count; i++)
		out->ready += e->clusters[i]->writes.count + e->clusters[i]->reads.count;
}
