/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plan_print.h"

#include "base/mem.h"
#include "cli/clean_text.h"
#include "json/diff.h"

#include <string.h>

/* Who an object is: of one that is created or deleted, this is no news to whoever reads its key above. */
static bool is_head(const char *pointer)
{
	static const char *const heads[] = { "/apiVersion", "/kind", "/metadata/name", "/metadata/namespace" };

	for (size_t i = 0; i < FC_ARRAY_LEN(heads); i++)
		if (strcmp(pointer, heads[i]) == 0)
			return true;
	return false;
}

/* Of a Secret or Federated object nothing is shown, whatever a value came from. */
static bool is_confidential(const struct fc_planned *w, const struct fc_difference *d)
{
	const json_t *place;
	size_t i;

	if (is_head(d->pointer))
		return false;
	if (fc_resource_is_secret(w->resource) || fc_resource_is_federated(w->resource))
		return true;
	json_array_foreach(w->confidential, i, place)
		if (fc_pointers_overlap(json_string_value(place), d->pointer))
			return true;
	return false;
}

static size_t clusters_written(const struct fc_plan_view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->write_count; i++)
		n += i == 0 || v->writes[i].cluster != v->writes[i - 1].cluster;
	return n;
}

static const char *operation_of(const struct fc_planned *w)
{
	if (!w->before)
		return "create";
	return w->after ? "update" : "delete";
}

/* --- text --- */

static void put_value(const struct fc_plan_view *v, const json_t *value, bool confidential, struct fc_buf *out)
{
	if (confidential) {
		struct fc_plan_mark mark;

		fc_plan_mark(v->key, value, &mark);
		fc_buf_printf(out, "<%zu bytes, hmac %s>", mark.bytes, mark.hmac);
		return;
	}
	FC_AUTO_FREE char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS);
	if (!text)
		abort(); /* out of memory, as in base/mem.h */
	fc_clean_text(out, text);
}

static void put_side(const struct fc_plan_view *v, char sign, const struct fc_difference *d, const json_t *value,
		     bool confidential, struct fc_buf *out)
{
	if (!value)
		return;
	fc_buf_printf(out, "    %c ", sign);
	fc_clean_text(out, d->path);
	fc_buf_puts(out, ": ");
	put_value(v, value, confidential, out);
	fc_buf_putc(out, '\n');
}

static void put_write(const struct fc_plan_view *v, const struct fc_planned *w, struct fc_buf *out)
{
	FC_AUTO_FREE char *resource = fc_resource_name(w->resource);
	struct fc_diff diff FC_CLEANUP(fc_diff_fini) = { .items = NULL };

	fc_buf_printf(out, "  %s %s/%s/", operation_of(w), resource, w->namespace_ ? w->namespace_ : "");
	/* Objects of RBAC may be called almost anything. */
	fc_clean_text(out, w->name);
	fc_buf_printf(out, "%s%s\n", w->subresource ? " " : "", w->subresource ? w->subresource : "");
	fc_diff_json(w->before, w->after, &diff);
	for (size_t i = 0; i < diff.count; i++) {
		bool confidential = is_confidential(w, &diff.items[i]);

		put_side(v, '-', &diff.items[i], diff.items[i].before, confidential, out);
		put_side(v, '+', &diff.items[i], diff.items[i].after, confidential, out);
	}
}

static void put_summary(const struct fc_plan_view *v, struct fc_buf *out)
{
	size_t clusters = clusters_written(v);
	bool first = true;

	fc_buf_printf(out, "%zu write%s in %zu cluster%s", v->write_count, v->write_count == 1 ? "" : "s", clusters,
		      clusters == 1 ? "" : "s");
	for (int s = 0; s < FC_STATES; s++) {
		size_t n = v->outcome->counts[s];

		if (n == 0 || s == FC_STATE_IN_SYNC)
			continue;
		fc_buf_printf(out, "%s %zu rule%s %s", first ? ";" : ",", n, n == 1 ? "" : "s",
			      fc_state_name((enum fc_state)s));
		first = false;
	}
	fc_buf_putc(out, '\n');
}

void fc_plan_text(const struct fc_plan_view *v, struct fc_buf *out)
{
	const json_t *rule;
	size_t i;

	for (i = 0; i < v->write_count; i++) {
		const struct fc_planned *w = &v->writes[i];

		if (i == 0 || w->cluster != v->writes[i - 1].cluster)
			fc_buf_printf(out, "cluster %s\n", v->clusters[w->cluster].name);
		put_write(v, w, out);
	}
	if (v->write_count)
		fc_buf_putc(out, '\n');
	put_summary(v, out);
	json_array_foreach(v->outcome->rules, i, rule) {
		fc_buf_puts(out, "warning: ");
		fc_outcome_put_rule(rule, out);
		fc_buf_putc(out, '\n');
	}
}

/* --- JSON --- */

static json_t *value_json(const struct fc_plan_view *v, const json_t *value, bool confidential)
{
	struct fc_plan_mark mark;

	if (!confidential)
		return json_deep_copy(value);
	fc_plan_mark(v->key, value, &mark);
	return json_pack("{s:I, s:s}", "bytes", (json_int_t)mark.bytes, "hmac", mark.hmac);
}

static json_t *change_json(const struct fc_plan_view *v, const struct fc_planned *w, const struct fc_difference *d)
{
	bool confidential = is_confidential(w, d);
	json_t *o = json_pack("{s:s, s:b}", "path", d->path, "confidential", confidential);

	if (d->before)
		json_object_set_new(o, "old", value_json(v, d->before, confidential));
	if (d->after)
		json_object_set_new(o, "new", value_json(v, d->after, confidential));
	return o;
}

static json_t *write_json(const struct fc_plan_view *v, const struct fc_planned *w)
{
	FC_AUTO_FREE char *resource = fc_resource_name(w->resource);
	struct fc_diff diff FC_CLEANUP(fc_diff_fini) = { .items = NULL };
	json_t *changes = json_array();

	fc_diff_json(w->before, w->after, &diff);
	for (size_t i = 0; i < diff.count; i++)
		json_array_append_new(changes, change_json(v, w, &diff.items[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:o}", "cluster", v->clusters[w->cluster].name, "resource",
			 resource, "namespace", w->namespace_ ? w->namespace_ : "", "name", w->name, "subresource",
			 w->subresource, "operation", operation_of(w), "changes", changes);
}

static json_t *summary_json(const struct fc_plan_view *v)
{
	json_t *states = json_object();

	for (int s = 0; s < FC_STATES; s++)
		if (v->outcome->counts[s])
			json_object_set_new(states, fc_state_name((enum fc_state)s),
					    json_integer((json_int_t)v->outcome->counts[s]));
	return json_pack("{s:I, s:I, s:o}", "writes", (json_int_t)v->write_count, "clusters",
			 (json_int_t)clusters_written(v), "rules", states);
}

int fc_plan_json(const struct fc_plan_view *v, struct fc_buf *out, struct fc_error *err)
{
	json_t *writes = json_array();

	for (size_t i = 0; i < v->write_count; i++)
		json_array_append_new(writes, write_json(v, &v->writes[i]));
	json_auto_t *plan = json_pack("{s:s, s:s, s:o, s:o, s:O, s:O}", "apiVersion", "fedcopy.dev/v1alpha1", "kind",
				      "Plan", "summary", summary_json(v), "writes", writes, "rules", v->outcome->rules,
				      "problems", v->outcome->problems);
	FC_AUTO_FREE char *text = plan ? json_dumps(plan, JSON_INDENT(2)) : NULL;
	if (!text)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory to write JSON");
	fc_buf_printf(out, "%s\n", text);
	return 0;
}
