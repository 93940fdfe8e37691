/* SPDX-License-Identifier: Apache-2.0 */
/* sb_types - what a cluster serves: built-in types, shared by all clusters, and those of its CustomResourceDefinitions.
 * Owns:    types of CRDs count their users, since calls and watches outlive a CRD's end; built-in ones are static.
 * Threads: the loop's one.
 * Fails:   never; "not served" is NULL.
 * Source:  discovery documents of kube-apiserver 1.20; kube-client section 3. */
#ifndef FC_SANDBOX_TYPES_H
#define FC_SANDBOX_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct sb_cluster;
struct sb_kind;
struct sb_schema;
struct sb_schemas;
struct sb_types;

/* One group, version and plural that is served. */
struct sb_type {
	const char *group, *version; /* group "" for core */
	const char *plural, *singular, *kind, *list_kind;
	const char *const *short_names; /* ended by NULL; NULL: none */
	const char *const *categories;
	const char *api_version; /* "v1", "apps/v1" */
	/* Where objects are kept: group and plural of store.h. Events are served by two groups and kept once. */
	const char *storage_group, *storage_version;
	/* The name of its definition in OpenAPI: "io.k8s.api.core.v1.ConfigMap", "com.example.v1.Toy". */
	const char *definition;
	bool namespaced;
	bool custom;	 /* of a CRD: lists have kind and apiVersion in items, no strategic patch */
	bool has_status; /* the subresource */
	bool counts_generation;
	bool create_on_update; /* PUT of what does not exist creates it (Lease, Event, Role do; ConfigMap does not) */
	bool needs_version;    /* PUT without resourceVersion is refused (Lease, Service, CRDs, custom resources) */
	bool no_delete_collection;	/* Namespace, Service */
	bool terminating;		/* its CRD goes away: nothing more is created; 405 */
	const struct sb_kind *ops;	/* defaults, validation: kinds.h; never NULL */
	const struct sb_schema *schema; /* never NULL: of CRDs without one, "anything" */
	/* Objects that are kept in another form than this type's are turned over, in place; NULL: the same form. */
	void (*from_stored)(json_t *object);
	void (*to_stored)(json_t *object);
	/* Printer columns: table.h reads them. For CRDs additionalPrinterColumns of this version, else NULL. */
	const json_t *columns;
	const char *warning; /* for the Warning header of each answer: a version of a CRD that is deprecated; NULL */
	unsigned refs;	     /* of a custom type; 0: built-in */
};

struct sb_types *sb_types_new(const struct sb_schemas *schemas);
void sb_types_free(struct sb_types *t);

/* NULL: not served. `version` NULL: the preferred one. Borrowed until the type goes: hold it by sb_type_ref. */
const struct sb_type *sb_types_find(const struct sb_types *t, const char *group, const char *version,
				    const char *plural);
/* By kind, for bodies and owner references. */
const struct sb_type *sb_types_of_kind(const struct sb_types *t, const char *group, const char *version,
				       const char *kind);
bool sb_types_has_group_version(const struct sb_types *t, const char *group, const char *version);
/* Is the group one that kube-apiserver serves by itself? */
bool sb_types_has_builtin_group(const struct sb_types *t, const char *group);
const struct sb_type *sb_type_ref(const struct sb_type *type);
void sb_type_unref(const struct sb_type *type); /* NULL allowed */

/* All that is served, in the order of discovery: groups by priority, versions, then by plural. */
size_t sb_types_count(const struct sb_types *t);
const struct sb_type *sb_types_at(const struct sb_types *t, size_t i);
/* Rises with each change of what is served: for ETags of discovery and OpenAPI. */
unsigned sb_types_generation(const struct sb_types *t);
/* What the server tells of the form that objects are kept in: "qFsyl6wFWjQ="; the caller frees. */
char *sb_type_storage_hash(const struct sb_type *type);
/* The verbs that discovery shows, ended by NULL. */
const char *const *sb_type_verbs(const struct sb_type *type);
struct sb_subresource {
	const char *name;
	const char *const *verbs;
};
/* The i-th subresource, by name; NULL: there are no more. */
const struct sb_subresource *sb_type_subresource(const struct sb_type *type, size_t i);
/* Orders versions as Kubernetes does: v2, v1, v1beta2, v1beta1, v1alpha1, then others by letters; for qsort. */
int sb_version_order(const char *a, const char *b);

/* The rows of builtin_types.c, ended by one without a plural; `schema` is not set in them. */
extern const struct sb_type sb_builtin_types[];

/* --- for crd.c --- */
/* A type for one version of a CRD, with one reference. Its texts are those of `crd`, which it holds and which is not
 * changed any more; `schema` is taken over. */
struct sb_type *sb_custom_type_new(const json_t *crd, const json_t *version, struct sb_schema *schema);
/* Replaces all types that the CRD of that name has made by these, whose references are taken over. */
void sb_types_replace(struct sb_types *t, const char *crd, struct sb_type *const *types, size_t count);
/* The CRD of that name as it was when its types were made, borrowed; NULL: it has none. And one of its types. */
const json_t *sb_types_crd(const struct sb_types *t, const char *name);
const struct sb_type *sb_types_of_crd(const struct sb_types *t, const char *name);
/* Of a custom type. */
const char *sb_type_crd_name(const struct sb_type *type);

#endif
