/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be done about a place, by the books that its copy keeps (B7 to B15), and the object that is wanted there.
 * In its own cluster a copy keeps them in annotations of the dialect; elsewhere in fedcopy.dev/origin-state, as JSON:
 * {"version": the source's, "onceVersion": its replicate-once-version}. */
#include "dialects/k8s_replicator.h"

#include <string.h>

#include "base/mem.h"
#include "dialects/replicator_data.h"
#include "dialects/replicator_pull.h"
#include "json/decode.h"
#include "model/marks.h"

/* --- reading --- */

struct reading {
	json_t *words; /* a head, from which the texts are borrowed */
	struct fc_replicator_object object;
};

void *fc_replicator_read(const struct fc_dialect *d, const json_t *object)
{
	struct reading *r = fc_xcalloc(1, sizeof(*r));

	r->words = json_incref((json_t *)(uintptr_t)object);
	fc_replicator_object_read(&fc_replicator_config_of(d)->words, r->words, &r->object);
	return r;
}

void fc_replicator_reading_free(void *reading)
{
	struct reading *r = reading;

	if (!r)
		return;
	fc_replicator_object_fini(&r->object);
	json_decref(r->words);
	free(r);
}

/* The two ends of a rule in one place, read from what they say. */
struct ends {
	const struct fc_replicator_rule *rule;
	const struct fc_copy_spec *spec;
	const struct fc_copy_place *place;
	struct fc_replicator_vocabulary words; /* the config's, and what the operator permits here; keys are borrowed */
	struct fc_replicator_object source, target; /* those of readings are borrowed */
	struct fc_replicator_object own_source, own_target;
	json_t *state; /* of a copy in another cluster; NULL: none */
};

/* What stands nowhere yet says who it will be. */
static json_t *nothing(const struct fc_copy_place *place)
{
	return json_pack("{s:{s:s, s:s}}", "metadata", "namespace", place->namespace_, "name", place->name);
}

static void read_state(struct ends *e)
{
	const char *text = fc_marks_annotation(e->place->standing, FC_MARK_ORIGIN_STATE);

	e->state = text ? json_loads(text, 0, NULL) : NULL;
	for (int i = 0; i < FC_REPLICATOR_WORDS; i++)
		e->target.text[i] = NULL;
	e->target.text[FC_REPLICATED_FROM_VERSION] = json_string_value(json_object_get(e->state, "version"));
	e->target.text[FC_REPLICATE_ONCE_VERSION] = json_string_value(json_object_get(e->state, "onceVersion"));
	/* What bears the instruction may say it of another's data. */
	e->target.text[FC_REPLICATE_ONCE] = e->rule->once ? "true" : NULL;
}

/* One that was read before is the same but for its version, and for whom the operator permits. */
static void end_read(const struct ends *e, const json_t *object, const struct reading *reading,
		     struct fc_replicator_object *own, struct fc_replicator_object *out)
{
	if (!reading)
		fc_replicator_object_read(&e->words, object, own);
	*out = reading ? reading->object : *own;
	out->words = &e->words;
	out->version = fc_json_metadata(object, "resourceVersion");
}

static void ends_read(const struct fc_copy_spec *spec, const struct fc_copy_place *place, json_t **blank,
		      struct ends *out)
{
	*out = (struct ends){ .rule = spec->options, .spec = spec, .place = place };
	out->words = out->rule->config->words;
	out->words.allow_all = out->words.allow_all || place->permitted;
	*blank = place->standing ? NULL : nothing(place);
	end_read(out, place->source, place->source_reading, &out->own_source, &out->source);
	end_read(out, place->standing ? place->standing : *blank, place->standing_reading, &out->own_target,
		 &out->target);
	out->target.elsewhere = !place->own;
	if (!place->own && place->standing)
		read_state(out);
	/* B8: what a pushed copy says of `once` follows its source. */
	else if (!spec->fills)
		out->target.text[FC_REPLICATE_ONCE] = NULL;
}

static void ends_fini(struct ends *e, json_t *blank)
{
	fc_replicator_object_fini(&e->own_source);
	fc_replicator_object_fini(&e->own_target);
	json_decref(e->state);
	json_decref(blank);
}

/* --- what is to be done --- */

static void say(struct fc_copy_verdict *out, enum fc_copy_wish wish, enum fc_state state, const char *reason,
		const char *message)
{
	*out = (struct fc_copy_verdict){ .wish = wish, .state = state, .reason = reason, .message = message };
}

/* B9. */
static void judge_pull(const struct ends *e, struct fc_copy_verdict *out)
{
	const char *why = NULL, *denied = NULL;

	switch (fc_replicator_pull(&e->target, &e->source, &why)) {
	case FC_REPLICATOR_PULL_DATA:
		out->wish = FC_COPY_WANTED;
		return;
	case FC_REPLICATOR_PULL_ANNOTATIONS:
		out->wish = e->place->own ? FC_COPY_WANTED_WORDS : FC_COPY_AS_IT_IS;
		return;
	case FC_REPLICATOR_PULL_CLEAR:
		if (fc_replicator_may_pull(&e->target, &e->source, &denied) == FC_REPLICATOR_DENY)
			say(out, FC_COPY_CLEARED, FC_STATE_NOT_ALLOWED, "NotAllowed", why);
		else
			say(out, FC_COPY_CLEARED, FC_STATE_SOURCE_NOT_FOUND, "SourceCleared", why);
		return;
	case FC_REPLICATOR_PULL_NOTHING:
		break;
	}
	out->wish = FC_COPY_AS_IT_IS;
	if (!why)
		return;
	/* B26. */
	if (fc_replicator_is_key_of(e->source.text[FC_REPLICATED_FROM_ORIGIN], &e->target))
		say(out, FC_COPY_REFUSED, FC_STATE_CYCLE, "Loop", why);
	else
		say(out, FC_COPY_REFUSED, FC_STATE_NOT_ALLOWED, "NotUnderstood", why);
}

static bool same_from(const struct ends *e)
{
	return e->target.from_name && strcmp(e->target.from_name, e->rule->from_name) == 0 &&
	       strcmp(e->target.from_namespace, e->rule->from_namespace) == 0;
}

static bool same_permissions(const struct ends *e)
{
	return fc_replicator_same_word(&e->source, &e->target, FC_REPLICATION_ALLOWED) &&
	       fc_replicator_same_word(&e->source, &e->target, FC_REPLICATION_ALLOWED_NAMESPACES);
}

static bool same_once(const struct ends *e)
{
	const char *key = e->words.keys[FC_REPLICATE_ONCE], *source = e->source.text[FC_REPLICATE_ONCE];
	const char *target = json_string_value(json_object_get(e->target.annotations, key));

	return source && target ? strcmp(source, target) == 0 : source == target;
}

/* B14 for a source that lets its copies pull. */
static enum fc_copy_wish judge_install_from(const struct ends *e)
{
	if (!e->place->standing || !same_from(e) || !same_once(e))
		return FC_COPY_WANTED_FRAME;
	return same_permissions(e) ? FC_COPY_AS_IT_IS : FC_COPY_WANTED_WORDS;
}

/* B14 for a source whose copies hold its data. */
static enum fc_copy_wish judge_install_data(const struct ends *e)
{
	if (!e->place->standing || e->target.text[FC_REPLICATE_FROM])
		return FC_COPY_WANTED;
	switch (fc_replicator_need(&e->target, &e->source)) {
	case FC_REPLICATOR_NEEDS_DATA:
		return FC_COPY_WANTED;
	case FC_REPLICATOR_ONCE:
		return e->place->own && !same_permissions(e) ? FC_COPY_WANTED_WORDS : FC_COPY_AS_IT_IS;
	case FC_REPLICATOR_UP_TO_DATE:
	case FC_REPLICATOR_NEED_ERROR:
		break;
	}
	return FC_COPY_AS_IT_IS;
}

static bool pulls(const struct ends *e)
{
	return e->spec->fills || e->spec->name;
}

static void judge(const struct ends *e, struct fc_copy_verdict *out)
{
	if (e->source.inert_reason)
		say(out, FC_COPY_REFUSED, FC_STATE_NOT_ALLOWED, "SourceInert",
		    "annotations of the source are unknown or malformed: nothing is done with it");
	else if (e->target.inert_reason)
		say(out, FC_COPY_REFUSED, FC_STATE_CONFLICT, "TargetInert",
		    "annotations of what stands there are unknown or malformed: nothing is done with it");
	else if (pulls(e))
		judge_pull(e, out);
	else if (e->rule->from_name)
		out->wish = judge_install_from(e);
	else
		out->wish = judge_install_data(e);
}

void fc_replicator_judge(const struct fc_copy_spec *rule, const struct fc_copy_place *place,
			 struct fc_copy_verdict *out)
{
	struct ends e;
	json_t *blank;

	ends_read(rule, place, &blank, &e);
	judge(&e, out);
	ends_fini(&e, blank);
}

/* --- what is wanted --- */

static json_t *labels_of(const struct fc_replicator_config *config)
{
	json_t *labels = json_object();

	for (const char *const *at = config->labels; at[0]; at += 2)
		json_object_set_new(labels, at[0], json_string(at[1]));
	return labels;
}

/* Of the source, where it is there. */
static void take_over(json_t *annotations, const struct ends *e, enum fc_replicator_word word)
{
	if (e->source.text[word])
		json_object_set_new(annotations, e->words.keys[word], json_string(e->source.text[word]));
	else
		json_object_del(annotations, e->words.keys[word]);
}

static void set(json_t *annotations, const struct ends *e, enum fc_replicator_word word, const char *text)
{
	json_object_set_new(annotations, e->words.keys[word], json_string(text));
}

static void set_path(json_t *annotations, const struct ends *e, enum fc_replicator_word word, const char *namespace_,
		     const char *name)
{
	FC_AUTO_FREE char *path = fc_xasprintf("%s/%s", namespace_, name);

	set(annotations, e, word, path);
}

static json_t *books_abroad(const struct ends *e)
{
	const char *once = e->source.text[FC_REPLICATE_ONCE_VERSION];
	json_auto_t *state = json_pack("{s:s, s:s*}", "version", e->source.version, "onceVersion", once);
	FC_AUTO_FREE char *text = json_dumps(state, JSON_COMPACT | JSON_SORT_KEYS);

	return json_pack("{s:s}", FC_MARK_ORIGIN_STATE, text);
}

/* B15, install-data. */
static json_t *annotations_of_data(const struct ends *e)
{
	json_t *annotations = json_object();

	if (!e->place->own) {
		json_decref(annotations);
		return books_abroad(e);
	}
	set(annotations, e, FC_REPLICATED_AT, FC_COPY_NOW);
	set_path(annotations, e, FC_REPLICATED_BY, e->place->bearer_namespace, e->place->bearer_name);
	set(annotations, e, FC_REPLICATED_FROM_VERSION, e->source.version);
	take_over(annotations, e, FC_REPLICATE_ONCE);
	take_over(annotations, e, FC_REPLICATE_ONCE_VERSION);
	take_over(annotations, e, FC_REPLICATION_ALLOWED);
	take_over(annotations, e, FC_REPLICATION_ALLOWED_NAMESPACES);
	return annotations;
}

/* B15, install-from. */
static json_t *annotations_of_frame(const struct ends *e)
{
	json_t *annotations = json_object();

	set_path(annotations, e, FC_REPLICATED_BY, e->place->bearer_namespace, e->place->bearer_name);
	set_path(annotations, e, FC_REPLICATE_FROM, e->rule->from_namespace, e->rule->from_name);
	take_over(annotations, e, FC_REPLICATE_ONCE);
	take_over(annotations, e, FC_REPLICATION_ALLOWED);
	take_over(annotations, e, FC_REPLICATION_ALLOWED_NAMESPACES);
	return annotations;
}

/* B15, install-allowed. */
static json_t *annotations_of_permissions(const struct ends *e)
{
	json_t *annotations =
		e->target.annotations ? json_copy((json_t *)(uintptr_t)e->target.annotations) : json_object();

	take_over(annotations, e, FC_REPLICATION_ALLOWED);
	take_over(annotations, e, FC_REPLICATION_ALLOWED_NAMESPACES);
	return annotations;
}

static json_t *annotations_for(const struct ends *e, enum fc_copy_wish wish)
{
	if (e->spec->fills)
		return fc_replicator_pulled_annotations(&e->target, &e->source, wish == FC_COPY_WANTED);
	if (wish == FC_COPY_WANTED_FRAME)
		return annotations_of_frame(e);
	return wish == FC_COPY_WANTED_WORDS ? annotations_of_permissions(e) : annotations_of_data(e);
}

/* `type` of a Secret goes with the data: what has another one cannot take it. */
static json_t *object_for(const struct ends *e, enum fc_copy_wish wish, const json_t *source)
{
	json_t *object = json_pack("{s:{s:o}}", "metadata", "annotations", annotations_for(e, wish));

	if (wish == FC_COPY_WANTED_WORDS)
		return object;
	if (!e->spec->fills)
		json_object_set_new(json_object_get(object, "metadata"), "labels", labels_of(e->rule->config));
	if (json_object_get(source, "type"))
		json_object_set(object, "type", json_object_get(source, "type"));
	if (wish == FC_COPY_WANTED)
		fc_replicator_put_data(object, source);
	else if (!e->place->standing)
		fc_replicator_put_minimal_data(object);
	return object;
}

enum fc_copy_wish fc_replicator_desired(const struct fc_copy_spec *rule, const json_t *source,
					const struct fc_copy_place *place, json_t **wanted, const char **why)
{
	struct fc_copy_verdict verdict = { .wish = FC_COPY_AS_IT_IS };
	struct ends e;
	json_t *blank;

	(void)why;
	ends_read(rule, place, &blank, &e);
	judge(&e, &verdict);
	/* Said of the two just before: nothing is wanted of them now. */
	if (verdict.wish == FC_COPY_REFUSED || verdict.wish == FC_COPY_CLEARED)
		verdict.wish = FC_COPY_AS_IT_IS;
	if (verdict.wish != FC_COPY_AS_IT_IS)
		*wanted = object_for(&e, verdict.wish, source);
	ends_fini(&e, blank);
	return verdict.wish;
}
