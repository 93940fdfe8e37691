/* SPDX-License-Identifier: Apache-2.0 */
/* What an object asks for in the words of k8s-replicator: to be filled from somewhere, or to be copied to places. */
#include "dialects/k8s_replicator.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dialects/replicator_want.h"
#include "model/marks.h"

/* Stands for the source's own name and namespace, where the source itself may be a place: no name of anybody is this.
 */
#define OWN "\001"

void fc_replicator_rule_free(void *rule)
{
	struct fc_replicator_rule *r = rule;

	if (!r)
		return;
	for (size_t i = 0; i < r->pattern_count; i++)
		fc_namespace_pattern_unref(r->patterns[i]);
	free(r->patterns);
	free(r->from_namespace);
	free(r->from_name);
	free(r);
}

static struct fc_copy_spec *add(const struct fc_dialect *d, struct fc_copy_specs *out)
{
	struct fc_copy_spec *s = fc_copy_specs_add(out);
	struct fc_replicator_rule *r = fc_xcalloc(1, sizeof(*r));

	r->config = fc_replicator_config_of(d);
	s->options = r;
	return s;
}

static void set_text(struct fc_copy_spec *s, const struct fc_buf *text)
{
	s->text = fc_digest_bytes(fc_buf_str(text), text->len);
}

/* Nothing is done for it or to it, whoever else names it. */
static void add_inert(const struct fc_dialect *d, const struct fc_replicator_object *o, struct fc_copy_specs *out)
{
	struct fc_copy_spec *s = add(d, out);
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	s->invalid_reason = o->inert_reason;
	s->invalid_message = fc_xstrdup(o->inert_message);
	fc_buf_printf(&text, "inert %s", o->inert_message);
	set_text(s, &text);
}

static void add_pull(const struct fc_dialect *d, const struct fc_replicator_object *o, struct fc_copy_specs *out)
{
	struct fc_copy_spec *s = add(d, out);
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	s->fills = true;
	s->reach = FC_COPY_AT_HOME;
	s->namespace_ = fc_xstrdup(o->from_namespace);
	s->name = fc_xstrdup(o->from_name);
	s->copy_name = fc_xstrdup(o->name);
	fc_copy_spec_add_name(s, o->namespace_);
	fc_buf_printf(&text, "pull %s/%s", o->from_namespace, o->from_name);
	set_text(s, &text);
}

static void add_place(struct fc_copy_spec *s, const struct fc_replicator_wanted *w, const char *namespace_,
		      struct fc_buf *text)
{
	struct fc_replicator_rule *r = s->options;

	if (!w->pattern) {
		fc_copy_spec_add_name(s, namespace_);
		fc_buf_printf(text, " %s", namespace_);
		return;
	}
	FC_GROW(r->patterns, r->pattern_count, r->pattern_cap);
	r->patterns[r->pattern_count++] = fc_namespace_pattern_ref(w->pattern);
	fc_copy_spec_add_pattern(s, fc_namespace_pattern_text(w->pattern));
	fc_buf_printf(text, " ~%s", fc_namespace_pattern_text(w->pattern));
}

static const char *or_own(const char *text, const char *own)
{
	return text && strcmp(text, OWN) == 0 ? own : text;
}

/* The places of one name, which begin at `first`: one rule. Returns where the next name begins. */
static size_t add_push(const struct fc_dialect *d, const struct fc_replicator_object *o,
		       const struct fc_replicator_want *want, size_t first, enum fc_copy_reach reach,
		       struct fc_copy_specs *out)
{
	struct fc_copy_spec *s = add(d, out);
	struct fc_replicator_rule *r = s->options;
	const char *name = or_own(want->items[first].name, o->name);
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
	size_t i = first;

	s->reach = reach;
	s->exact_metadata = true;
	s->copy_name = fc_xstrdup(name);
	r->once = fc_replicator_truth(o->text[FC_REPLICATE_ONCE]) == FC_REPLICATOR_TRUE;
	fc_buf_printf(&text, "push %d %d %s", (int)reach, r->once, name);
	if (o->from_name) {
		r->from_namespace = fc_xstrdup(o->from_namespace);
		r->from_name = fc_xstrdup(o->from_name);
		fc_buf_printf(&text, " from %s/%s", o->from_namespace, o->from_name);
	}
	/* What another object holds is copied to other clusters from there. */
	if (o->from_name && reach == FC_COPY_ABROAD) {
		s->namespace_ = fc_xstrdup(o->from_namespace);
		s->name = fc_xstrdup(o->from_name);
	}
	for (; i < want->count && strcmp(or_own(want->items[i].name, o->name), name) == 0; i++)
		add_place(s, &want->items[i], or_own(want->items[i].namespace_, o->namespace_), &text);
	set_text(s, &text);
	return i;
}

static void add_pushes(const struct fc_dialect *d, const struct fc_replicator_object *o,
		       const struct fc_replicator_object *reader, enum fc_copy_reach reach, struct fc_copy_specs *out)
{
	struct fc_error error = FC_ERROR_INIT;
	struct fc_replicator_want want = { .items = NULL };

	/* Only of what is inert. */
	if (fc_replicator_want_read(reader, &want, &error) < 0)
		return;
	for (size_t i = 0; i < want.count;)
		i = add_push(d, o, &want, i, reach, out);
	fc_replicator_want_fini(&want);
}

/* In other clusters an object of its own name is a place like any other (design section 6). */
static void add_pushes_abroad(const struct fc_dialect *d, const struct fc_replicator_object *o,
			      struct fc_copy_specs *out)
{
	struct fc_replicator_object anywhere = *o;

	anywhere.namespace_ = anywhere.name = OWN;
	add_pushes(d, o, &anywhere, FC_COPY_ABROAD, out);
}

void fc_replicator_scan(const struct fc_dialect *d, const json_t *object, struct fc_copy_specs *out)
{
	struct fc_replicator_object o;

	fc_replicator_object_read(&fc_replicator_config_of(d)->words, object, &o);
	if (o.inert_reason) {
		add_inert(d, &o, out);
	} else if (fc_replicator_pulls(&o)) {
		add_pull(d, &o, out);
	} else if (fc_replicator_pushes(&o) && !o.text[FC_REPLICATED_BY]) {
		add_pushes(d, &o, &o, FC_COPY_AT_HOME, out);
		if (fc_marks_annotation(object, FC_MARK_CLUSTERS))
			add_pushes_abroad(d, &o, out);
	}
	if (o.unknown && out->count)
		out->items[0].warning = "an annotation with the dialect's prefix is unknown, and is ignored";
	fc_replicator_object_fini(&o);
}

bool fc_replicator_matches(const struct fc_copy_spec *rule, const char *namespace_)
{
	const struct fc_replicator_rule *r = rule->options;

	for (size_t i = 0; i < r->pattern_count; i++)
		if (fc_namespace_pattern_matches(r->patterns[i], namespace_, NULL))
			return true;
	return false;
}
