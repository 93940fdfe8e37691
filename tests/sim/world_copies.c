/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for whole objects, in the words of the dialect for tests, and objects that look like somebody's copies. */
#include "copy_dialect.h"
#include "dialects_parts.h"
#include "world_parts.h"

#include <stdio.h>

static const char *const selectors[] = { "team=a", "team in (a,b)", "!team", "team", "team in (" };
static const char *const lists[] = { "n1", "n0,n2", "n*", "*", "n1,nowhere", "kube-system,n2" };
static const char *const clusters[] = { "*", "c1,c2", "c1", "region in (eu,us)", "region!=eu", "region in (" };

static json_t *annotations_of(json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata");

	if (!json_object_get(metadata, "annotations"))
		json_object_set_new(metadata, "annotations", json_object());
	return json_object_get(metadata, "annotations");
}

void user_new_copy_rule(struct dice *d, json_t *object)
{
	json_t *a = annotations_of(object);

	if (dice_chance(d, 20)) {
		json_object_del(a, COPY_TEST "copy");
		json_object_del(a, COPY_TEST "copy-to");
		return;
	}
	if (dice_chance(d, 60))
		json_object_set_new(a, COPY_TEST "copy", json_string(selectors[dice_below(d, 5 - dice_chance(d, 90))]));
	else
		json_object_set_new(a, COPY_TEST "copy-to", json_string(lists[dice_below(d, FC_ARRAY_LEN(lists))]));
	if (dice_chance(d, 60))
		json_object_set_new(a, "fedcopy.dev/clusters",
				    json_string(clusters[dice_below(d, 6 - dice_chance(d, 90))]));
	else if (dice_chance(d, 30))
		json_object_del(a, "fedcopy.dev/clusters");
	if (dice_chance(d, 15))
		json_object_set_new(a, COPY_TEST_FINALIZER, json_string("true"));
}

/* A copy from a federation that nobody here knows: nobody's business. */
void user_mark_foreign(struct dice *d, json_t *object, const char *ns, const char *name)
{
	json_t *a = annotations_of(object);

	json_object_set_new(a, "fedcopy.dev/origin",
			    json_sprintf("%s/%s/%s", FOREIGN_ID, dice_chance(d, 50) ? ns : world_spaces[0], name));
	json_object_set_new(a, "fedcopy.dev/origin-rule", json_string("copy-test"));
	json_object_set_new(json_object_get(object, "metadata"), "labels",
			    json_pack("{s:s}", "fedcopy.dev/origin-cluster", FOREIGN_ID));
}

/* --- what the words mean --- */

static const char *label(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(json_object_get(json_object_get(object, "metadata"), "labels"), key));
}

static const char *annotation(const json_t *object, const char *key)
{
	return json_string_value(
		json_object_get(json_object_get(json_object_get(object, "metadata"), "annotations"), key));
}

static bool is(const char *text, const char *other)
{
	return text && strcmp(text, other) == 0;
}

static bool selector_matches(const char *text, const char *team)
{
	if (is(text, "team=a"))
		return is(team, "a");
	if (is(text, "team in (a,b)"))
		return is(team, "a") || is(team, "b");
	return is(text, "!team") ? !team : team != NULL;
}

static bool list_names(const char *list, const char *ns)
{
	char copy[64], *rest = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		if (strcmp(word, ns) == 0 || strcmp(word, "*") == 0 || (strcmp(word, "n*") == 0 && ns[0] == 'n'))
			return true;
	return false;
}

bool copy_cluster_is_selected(const struct world *w, const struct member *m, const char *text)
{
	static const char *const regions[] = { "eu", "us", "asia" };
	const char *region = regions[m->region];

	if (m == &w->members[0])
		return true;
	if (!text)
		return false;
	if (is(text, "*"))
		return true;
	if (is(text, "region in (eu,us)"))
		return is(region, "eu") || is(region, "us");
	if (is(text, "region!=eu"))
		return !is(region, "eu");
	return list_names(text, m->name);
}

bool copy_is_somebodys(const json_t *object)
{
	return annotation(object, COPY_TEST "from") || annotation(object, "fedcopy.dev/origin") ||
	       whole_bears_marks(object);
}

bool copy_is_bad(const json_t *source)
{
	return is(annotation(source, COPY_TEST "copy"), "team in (") ||
	       is(annotation(source, "fedcopy.dev/clusters"), "region in (");
}

bool copy_is_source(const json_t *source)
{
	const char *selector = annotation(source, COPY_TEST "copy");

	if (!source || annotation(source, COPY_TEST "from") || copy_is_bad(source))
		return false;
	return (selector || annotation(source, COPY_TEST "copy-to")) &&
	       !json_object_get(json_object_get(source, "metadata"), "deletionTimestamp");
}

bool copy_is_selected(const struct world *w, const json_t *source, const struct member *to, const json_t *space)
{
	const char *selector = annotation(source, COPY_TEST "copy"), *list = annotation(source, COPY_TEST "copy-to");
	const char *ns = json_string_value(json_object_get(json_object_get(space, "metadata"), "name"));
	const char *own = json_string_value(json_object_get(json_object_get(source, "metadata"), "namespace"));

	if (!copy_is_source(source) || !space ||
	    !copy_cluster_is_selected(w, to, annotation(source, "fedcopy.dev/clusters")))
		return false;
	if (to == &w->members[0] && strcmp(ns, own) == 0)
		return false;
	return (selector && selector_matches(selector, label(space, "team"))) || (list && list_names(list, ns));
}

/* Whose copy it is: "namespace/name" on the master; NULL: nobody's, or of who is not known. */
const char *copy_origin(const struct world *w, const struct member *on, const json_t *object)
{
	const char *origin = annotation(object, "fedcopy.dev/origin"), *id = api_server_id(w->members[0].home->api);
	const char *from = annotation(object, COPY_TEST "from");

	if (on == &w->members[0] && from)
		return from;
	if (origin && strncmp(origin, id, strlen(id)) == 0 &&
	    is(annotation(object, "fedcopy.dev/origin-rule"), "copy-test"))
		return origin + strlen(id) + 1;
	return NULL;
}
