/* SPDX-License-Identifier: Apache-2.0 */
/* Values and rules, as users write them: every form of a path, of an instance and of a word, and their slips. */
#include "world_parts.h"

#include <stdio.h>

/* What stands in a Secret is recognised wherever it turns up. */
static json_t *secret_value(struct world *w)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned n = ++w->values;

	return json_sprintf(SECRET_BASE64 "%c%c%c%c", digits[n & 63], digits[n >> 6 & 63], digits[n >> 12 & 63],
			    digits[n >> 18 & 63]);
}

/* One after the other: of two in the arguments of one call the compiler chooses which is first, and with it the
 * world. */
json_t *user_values(struct world *w, struct dice *d, unsigned type, unsigned first_depth, unsigned second_depth)
{
	json_t *first = user_value(w, d, type, first_depth);

	return json_pack("[o, o]", first, user_value(w, d, type, second_depth));
}

json_t *user_value(struct world *w, struct dice *d, unsigned type, unsigned depth)
{
	unsigned what = dice_below(d, depth ? 12 : 8);
	json_t *first;

	if (type == SECRETS || type == FEDERATED)
		return secret_value(w);
	if (type == CONFIG_MAPS)
		return json_sprintf("v%u", ++w->values);
	switch (what) {
	case 0:
		return json_integer(dice_below(d, 100));
	case 1:
		return dice_chance(d, 50) ? json_true() : json_null();
	case 2:
		return json_sprintf("bad%u", ++w->values);
	case 3:
		return json_real(dice_below(d, 10) + 0.5);
	case 8:
		return user_values(w, d, type, 0, 0);
	case 9:
		return json_object();
	case 10:
		first = user_value(w, d, type, 0);
		return json_pack("{s:o, s:o}", "c", first, "d", user_value(w, d, type, 0));
	default:
		return json_sprintf("v%u", ++w->values);
	}
}

static const char *target_place(struct dice *d, unsigned type)
{
	static const char *const maps[] = { "data",
					    "data",
					    "data.a",
					    "data.b",
					    "data.b",
					    "data.tls..crt",
					    "data.tls..crt",
					    "data.a.deep",
					    "metadata.labels.team",
					    "metadata.annotations.note",
					    "immutable",
					    "metadata.name",
					    "status.x",
					    "data.a",
					    "data.b" };
	static const char *const specs[] = { "spec",
					     "spec",
					     "spec.a",
					     "spec.b",
					     "spec.b.c",
					     "spec.b.d",
					     "spec.list",
					     "spec.list.0",
					     "spec.list.7",
					     "spec.x..y",
					     "metadata.labels.team",
					     "status.x",
					     "status",
					     "kind",
					     "spec.size",
					     "spec.new.one",
					     "spec.b.c",
					     "spec.a",
					     "spec.b",
					     "metadata.annotations" };
	static const char *const federated[] = { "spec.template.data", "spec.template.data",   "spec.template.data.a",
						 "spec.template",      "spec.template.data.b", "spec" };

	if (type == SECRETS || type == CONFIG_MAPS)
		return maps[dice_below(d, FC_ARRAY_LEN(maps))];
	if (type == FEDERATED && dice_chance(d, 80))
		return federated[dice_below(d, FC_ARRAY_LEN(federated))];
	return specs[dice_below(d, FC_ARRAY_LEN(specs))];
}

static const char *source_place(struct dice *d, unsigned type)
{
	static const char *const maps[] = { "data",	     "data",
					    "data.a",	     "data.b",
					    "data.a",	     "data['tls.crt']",
					    "/data/tls.crt", "data.none",
					    "data.a.q",	     "metadata.labels.team",
					    "data[\"a\"]",   "data.tls..crt" };
	static const char *const specs[] = { "spec",
					     "spec.a",
					     "spec.b",
					     "spec.b.c",
					     "spec.list",
					     "spec.list.0",
					     "spec.list[0]",
					     "spec.list[1]",
					     "/spec/b",
					     "spec['x.y']",
					     "spec.a.q",
					     "spec.none",
					     "status.x",
					     "spec.b[0]",
					     "spec.a",
					     "spec.b",
					     "metadata.labels.team",
					     "spec.list[9]" };
	static const char *const federated[] = { "spec.template.data", "spec.template.data.a", "spec.template",
						 "spec.template.data['b']", "spec" };

	if (type == SECRETS || type == CONFIG_MAPS)
		return maps[dice_below(d, FC_ARRAY_LEN(maps))];
	if (type == FEDERATED && dice_chance(d, 80))
		return federated[dice_below(d, FC_ARRAY_LEN(federated))];
	return specs[dice_below(d, FC_ARRAY_LEN(specs))];
}

/* Places of one level, so that what is copied fits where it goes: most users get it right. */
static void matching_places(struct dice *d, unsigned to, unsigned from, const char **target, const char **source)
{
	bool wide = dice_chance(d, 25), plain = to == SECRETS || to == CONFIG_MAPS;
	bool from_plain = from == SECRETS || from == CONFIG_MAPS;
	static const char *const keys[] = { "data.a", "data.b", "data.tls..crt" };
	static const char *const specs[] = { "spec.a", "spec.b", "spec.x..y", "spec.b.c", "spec.list" };
	static const char *const templates[] = { "spec.template.data.a", "spec.template.data.b" };

	if (wide) {
		*target = plain ? "data" : to == FEDERATED ? "spec.template.data" : "spec";
		*source = from_plain ? "data" : from == FEDERATED ? "spec.template.data" : "spec";
		return;
	}
	*target = plain		    ? keys[dice_below(d, 3)]
		  : to == FEDERATED ? templates[dice_below(d, 2)]
				    : specs[dice_below(d, 5)];
	*source = from_plain	      ? keys[dice_below(d, 3)]
		  : from == FEDERATED ? templates[dice_below(d, 2)]
				      : specs[dice_below(d, 5)];
}

struct some {
	struct dice *d;
	const struct api_type *type;
	const char *ns; /* in this one only; NULL: in any */
	const json_t *found;
	unsigned met;
};

static const char *ns_of(const json_t *object)
{
	return json_string_value(json_object_get(json_object_get(object, "metadata"), "namespace")) ?: "";
}

static void one_of_them(void *user, const struct api_type *type, const json_t *object)
{
	struct some *s = user;

	if (s->type != type || (s->ns && strcmp(s->ns, ns_of(object)) != 0))
		return;
	if (dice_below(s->d, ++s->met) == 0)
		s->found = object;
}

static const char *literal(struct world *w, struct dice *d, unsigned type, char out[160])
{
	json_t *value = user_value(w, d, type, 1);
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	snprintf(out, 160, "json:%s%s", text, dice_chance(d, 5) ? "}" : "");
	free(text);
	json_decref(value);
	return out;
}

/* An instance as people write it; most name what is there. */
static void instance(struct world *w, struct dice *d, const struct member *m, unsigned from, const json_t *target,
		     char out[96])
{
	struct some some = { .d = d, .type = world_types[from] };
	const char *own = ns_of(target), *ns, *name;
	char other[8];

	/* Mostly of the own namespace: that needs no consent. */
	if (*own && from != ZONES && dice_chance(d, 65))
		some.ns = own;
	if (dice_chance(d, 90))
		api_server_each(m->home->api, one_of_them, &some);
	snprintf(other, sizeof(other), "o%u", dice_below(d, NAMES));
	ns = ns_of(some.found);
	name = json_string_value(json_object_get(json_object_get(some.found, "metadata"), "name")) ?: other;
	if (!some.found)
		ns = from == ZONES ? "" : dice_chance(d, 70) && *own ? own : world_spaces[dice_below(d, SPACES)];
	if (dice_chance(d, 2))
		snprintf(out, 96, "%s", dice_chance(d, 50) ? "a/b/c/d" : "Bad_/o1");
	else if (m == &w->members[0] && strcmp(ns, own) == 0 && dice_chance(d, 60))
		snprintf(out, 96, "%s", name);
	else if (m == &w->members[0] && dice_chance(d, 60))
		snprintf(out, 96, "%s/%s", ns, name);
	else
		snprintf(out, 96, "%s/%s/%s", dice_chance(d, 2) ? "nowhere" : m->name, ns, name);
}

static unsigned source_type(struct dice *d, unsigned to)
{
	static const unsigned like[TYPES] = { SECRETS, CONFIG_MAPS, GADGETS, GADGETS, SECRETS, ZONES, ROLES };

	return dice_chance(d, 60) ? like[to] : dice_below(d, TYPES);
}

void user_new_rule(struct world *w, struct dice *d, struct sim_server *s, unsigned type, json_t *object)
{
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");
	unsigned from = source_type(d, type);
	struct member *m = dice_chance(d, 50) ? &w->members[0] : world_living(w, dice_below(d, 64));
	const char *target = target_place(d, type), *source = source_place(d, from), *word;
	char key[128], value[256], where[96];

	if (!(w->speaks & SPEAKS_PATHS))
		return;
	for (unsigned i = 0; i < w->member_count && dice_chance(d, 40); i++)
		if (w->members[i].alive && w->members[i].home == s)
			m = &w->members[i];
	if (dice_chance(d, 60))
		matching_places(d, type, from, &target, &source);
	if (!annotations) {
		annotations = json_object();
		json_object_set_new(json_object_get(object, "metadata"), "annotations", annotations);
	}
	snprintf(key, sizeof(key), RULE_PREFIX "%s", target);
	if (dice_chance(d, 2))
		snprintf(key, sizeof(key), "%s", "k8s-copier.fig.org/other");
	if (dice_chance(d, 10)) {
		literal(w, d, type, value);
	} else {
		instance(w, d, m, from, object, where);
		word = world_type_word(from, dice_below(d, 4));
		snprintf(value, sizeof(value), "%s:%s%s%s", word, where, dice_chance(d, 2) ? "" : ":", source);
	}
	if (dice_chance(d, 1))
		snprintf(value, sizeof(value), "nothings:o1:%s", source);
	json_object_set_new(annotations, key, json_string(value));
}
