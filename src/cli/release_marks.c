/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/release_marks.h"

#include "base/mem.h"
#include "json/decode.h"
#include "model/copy_marks.h"
#include "model/marks.h"

#include <string.h>

static bool is_listed(const char *const *list, const char *text)
{
	for (; list && *list; list++)
		if (strcmp(*list, text) == 0)
			return true;
	return false;
}

/* `dialect` NULL: not known which. */
static bool acts_as(const struct fc_release_place *place, const char *dialect)
{
	json_t *name;
	size_t i;

	json_array_foreach(place->dialects, i, name)
		if (dialect && json_is_string(name) && strcmp(json_string_value(name), dialect) == 0)
			return true;
	return place->master;
}

bool fc_release_acts(const struct fc_release_place *place, const struct fc_dialect *d)
{
	return d->copy && acts_as(place, d->name);
}

/* A cluster of the set may be the hub of another one: its copies are that one's. */
static bool comes_from_here(const struct fc_release_scope *s, const char *id, const char *dialect)
{
	for (const struct fc_release_origin *o = s->origins; id && o && o->id; o++)
		if (strcmp(o->id, id) == 0)
			return acts_as(&o->place, dialect);
	return false;
}

static void say(struct fc_release *r, const char *what, const char *name)
{
	fc_buf_printf(&r->what, "%s%s %s", r->what.len ? ", " : "", what, name);
}

/* Takes over `value`. */
static void operation(json_t *patch, const char *op, const char *pointer, json_t *value)
{
	json_t *o = json_pack("{s:s, s:s}", "op", op, "path", pointer);

	if (value)
		json_object_set_new(o, "value", value);
	json_array_append_new(patch, o);
}

static void take_off(struct fc_release *r, const char *map, const char *what, const char *key)
{
	struct fc_buf pointer = FC_BUF_INIT;

	fc_buf_printf(&pointer, "/metadata/%s/", map);
	for (const char *c = key; *c; c++) {
		if (*c == '~' || *c == '/')
			fc_buf_puts(&pointer, *c == '~' ? "~0" : "~1");
		else
			fc_buf_putc(&pointer, *c);
	}
	operation(r->patch, "remove", fc_buf_str(&pointer), NULL);
	fc_buf_fini(&pointer);
	say(r, what, key);
}

/* --- the dialects' own --- */

struct own {
	const struct fc_release_scope *scope;
	const struct fc_release_place *place;
	const json_t *object;
};

static bool bears_mark_of(const struct fc_dialect *d, const json_t *object)
{
	struct fc_copy_mark mark = { .namespace_ = NULL };
	bool marked = d->copy->mark(d, object, &mark);

	fc_copy_mark_fini(&mark);
	return marked;
}

static bool is_own_key(const struct own *o, const char *key, bool label)
{
	for (const struct fc_dialect *const *d = o->scope->dialects; *d; d++) {
		const struct fc_copy_dialect *copy = (*d)->copy;

		if (!fc_release_acts(o->place, *d))
			continue;
		/* Who keeps books keeps them also on what somebody else has made. */
		if (!copy->judge && !bears_mark_of(*d, o->object))
			continue;
		if (is_listed(label ? copy->mark_labels : copy->mark_annotations, key) ||
		    (!label && copy->released_annotation && strcmp(copy->released_annotation, key) == 0))
			return true;
	}
	return false;
}

static bool is_own_finalizer(const struct own *o, const char *name)
{
	for (const struct fc_dialect *const *d = o->scope->dialects; *d; d++)
		if (fc_release_acts(o->place, *d) && is_listed((*d)->copy->finalizers, name))
			return true;
	return false;
}

static void release_finalizers(const struct own *o, struct fc_release *r)
{
	json_t *rest = json_array(), *name;
	bool any = false, copy = false;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(o->object, "metadata"), "finalizers"), i, name) {
		if (!json_is_string(name) || !is_own_finalizer(o, json_string_value(name))) {
			json_array_append(rest, name);
			continue;
		}
		any = true;
		say(r, "finalizer", json_string_value(name));
	}
	if (any)
		operation(r->patch, "add", "/metadata/finalizers", json_incref(rest));
	json_decref(rest);
	for (const struct fc_dialect *const *d = o->scope->dialects; *d; d++)
		copy = copy || (fc_release_acts(o->place, *d) && bears_mark_of(*d, o->object));
	r->asks = any && !copy;
}

/* --- the marks of copies in other clusters --- */

/* The cluster that they name; NULL: they cannot be understood. */
static char *origin_of(const json_t *object, char **dialect)
{
	const char *label = fc_marks_label(object, FC_MARK_ORIGIN_CLUSTER);
	struct fc_origin origin = { .cluster_id = NULL };

	if (!fc_origin_read(object, &origin))
		return label ? fc_xstrdup(label) : NULL;
	char *id = fc_xstrdup(origin.cluster_id);

	*dialect = fc_xstrdup(origin.dialect);
	fc_origin_fini(&origin);
	return id;
}

static bool bears_origin(const json_t *object)
{
	return fc_marks_annotation(object, FC_MARK_ORIGIN) || fc_marks_annotation(object, FC_MARK_ORIGIN_RULE) ||
	       fc_marks_annotation(object, FC_MARK_ORIGIN_STATE) || fc_marks_label(object, FC_MARK_ORIGIN_CLUSTER);
}

static bool is_selected(const struct fc_release_scope *s, const char *dialect)
{
	for (const struct fc_dialect *const *d = s->dialects; dialect && *d; d++)
		if (strcmp((*d)->name, dialect) == 0)
			return true;
	return s->every;
}

static bool origin_goes(const struct fc_release_scope *s, const json_t *object, struct fc_release *r)
{
	FC_AUTO_FREE char *dialect = NULL, *id = NULL;

	if (!bears_origin(object))
		return false;
	id = origin_of(object, &dialect);
	if (!is_selected(s, dialect))
		return false;
	if (comes_from_here(s, id, dialect))
		return true;
	r->other = true;
	return false;
}

/* --- Namespaces that were created for copies --- */

static bool is_created_here(const struct own *o, const char *key, const json_t *value)
{
	const char *whose = json_string_value(value), *slash = whose ? strchr(whose, '/') : NULL;

	if (!slash || strcmp(key, FC_MARK_CREATED_FOR) != 0)
		return false;
	FC_AUTO_FREE char *id = fc_xstrndup(whose, (size_t)(slash - whose));

	return comes_from_here(o->scope, id, NULL);
}

/* --- the whole --- */

static void release_map(const struct own *o, bool origin, bool labels, struct fc_release *r)
{
	const char *map = labels ? "labels" : "annotations", *key;
	json_t *value;

	json_object_foreach(json_object_get(json_object_get(o->object, "metadata"), map), key, value) {
		if ((origin && fc_origin_is_mark(key)) || is_own_key(o, key, labels) ||
		    (!labels && is_created_here(o, key, value)))
			take_off(r, map, labels ? "label" : "annotation", key);
	}
}

void fc_release_of(const struct fc_release_scope *scope, const struct fc_release_place *place, const json_t *object,
		   struct fc_release *out)
{
	const struct own o = { scope, place, object };
	bool origin;

	*out = (struct fc_release){ .patch = json_array(), .what = FC_BUF_INIT };
	origin = origin_goes(scope, object, out);
	operation(out->patch, "replace", "/metadata/resourceVersion",
		  json_string(fc_json_metadata(object, "resourceVersion")));
	release_finalizers(&o, out);
	release_map(&o, origin, true, out);
	release_map(&o, origin, false, out);
	if (json_array_size(out->patch) > 1)
		return;
	json_decref(out->patch);
	out->patch = NULL;
}

void fc_release_fini(struct fc_release *r)
{
	json_decref(r->patch);
	fc_buf_fini(&r->what);
	*r = (struct fc_release){ .patch = NULL };
}
