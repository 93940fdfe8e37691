/* SPDX-License-Identifier: Apache-2.0 */
/* The types that the servers of a world serve, and what their admission does. */
#include "world_parts.h"

#include <stdio.h>
#include <strings.h>

static bool bad_inside(const json_t *value)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_string(value))
		return strncmp(json_string_value(value), "bad", 3) == 0;
	json_array_foreach(value, i, item)
		if (bad_inside(item))
			return true;
	json_object_foreach((json_t *)(uintptr_t)value, key, item)
		if (bad_inside(item))
			return true;
	return false;
}

/* As a CRD with a schema and a webhook: refuses, prunes, defaults and mutates. */
static const char *admit_widget(json_t *object, const json_t *old)
{
	json_t *spec = json_object_get(object, "spec"), *a;

	(void)old;
	if (spec && !json_is_object(spec))
		return "spec must be of type object";
	if (bad_inside(spec))
		return "a value is not one of those supported";
	if (!spec)
		return NULL;
	json_object_del(spec, "junk");
	if (!json_object_get(spec, "size"))
		json_object_set_new(spec, "size", json_integer(1));
	a = json_object_get(spec, "a");
	if (json_is_integer(a) && json_integer_value(a) > 50)
		json_object_set_new(spec, "a", json_integer(50));
	return NULL;
}

static const struct api_type secrets = {
	"", "v1", "secrets", "secret", "Secret", .namespaced = true, .immutable_when = "immutable"
};
static const struct api_type config_maps = {
	"", "v1", "configmaps", "configmap", "ConfigMap", .namespaced = true, .immutable_when = "immutable"
};
static const struct api_type gadgets = { "sim.test",	     "v1",	     "gadgets",		"gadget", "Gadget",
					 .namespaced = true, .status = true, .generation = true };
static const struct api_type widgets = {
	"sim.test", "v1", "widgets", "widget", "Widget", .namespaced = true, .generation = true, .admit = admit_widget
};
static const struct api_type federated = { "types.sim.test",   "v1",
					   "federatedsecrets", "federatedsecret",
					   "FederatedSecret",  .namespaced = true,
					   .generation = true };
static const struct api_type zones = {
	"sim.test", "v1", "zones", "zone", "Zone", .generation = true,
};
static const struct api_type roles = {
	"rbac.authorization.k8s.io", "v1", "roles", "role", "Role", .namespaced = true,
};

const struct api_type world_syncs = { "apps.kapendra.com", "v1",
				      "configmapsyncs",	   "configmapsync",
				      "ConfigMapSync",	   .namespaced = true,
				      .status = true,	   .generation = true };

const struct api_type world_object_syncs = {
	"sync.rustrial.org", "v1alpha1",	 "objectsyncs",	 "objectsync",
	"ObjectSync",	     .namespaced = true, .status = true, .generation = true
};

const struct api_type *const world_types[TYPES + 3] = {
	&secrets, &config_maps, &gadgets, &widgets, &federated, &zones, &roles, &world_syncs, &world_object_syncs, NULL,
};
const char *const world_spaces[SPACES] = { "n0", "n1", "n2", "kube-system" };

const char *world_type_word(unsigned type, unsigned pick)
{
	static const char *const words[TYPES][4] = {
		{ "secrets", "secret", "Secret", "secrets" },
		{ "configmaps", "configmap", "ConfigMap", "configmaps.v1." },
		{ "gadgets", "gadget", "gadgets.sim.test", "gadgets.v1.sim.test" },
		{ "widgets", "Widget", "widgets.sim.test", "widget" },
		{ "federatedsecrets", "federatedsecret", "FederatedSecret", "federatedsecrets.types.sim.test" },
		{ "zones", "zone", "zones.sim.test", "Zone" },
		{ "roles", "role", "roles.rbac.authorization.k8s.io", "Role" },
	};

	/* The core group has no name to be written. */
	if (type == CONFIG_MAPS && pick % 4 == 3)
		return "configmap";
	return words[type][pick % 4];
}

static bool name_matches(const struct api_type *t, const char *name, size_t len)
{
	return (strlen(t->plural) == len && strncmp(t->plural, name, len) == 0) ||
	       (strlen(t->singular) == len && strncmp(t->singular, name, len) == 0) ||
	       (strlen(t->kind) == len && strncasecmp(t->kind, name, len) == 0);
}

const struct api_type *world_type_of_word(const struct api_server *s, const char *word)
{
	size_t len = strcspn(word, ".");
	const char *group = word[len] ? word + len + 1 : NULL;

	for (unsigned i = 0; i < TYPES; i++) {
		const struct api_type *t = world_types[i];
		char versioned[64];

		snprintf(versioned, sizeof(versioned), "%s.%s", t->version, t->group);
		if (name_matches(t, word, len) && api_server_serves(s, t) &&
		    (!group || strcmp(group, t->group) == 0 || strcmp(group, versioned) == 0))
			return t;
	}
	return NULL;
}

const char *world_type_path(const struct api_type *t, const char *ns, const char *name, char out[256])
{
	size_t at = (size_t)snprintf(out, 256, *t->group ? "/apis/%s/%s" : "/api%s/%s", t->group, t->version);

	if (*ns)
		at += (size_t)snprintf(out + at, 256 - at, "/namespaces/%s", ns);
	at += (size_t)snprintf(out + at, 256 - at, "/%s", t->plural);
	if (name)
		snprintf(out + at, 256 - at, "/%s", name);
	return out;
}
