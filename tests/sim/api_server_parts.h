/* SPDX-License-Identifier: Apache-2.0 */
/* api_server_parts - what the files of the model share, and nobody else sees.
 * Owns:    a cell counts its users; objects in it never change, so everybody shares them by reference.
 * Threads: one.
 * Fails:   a function that can refuse returns the answer that says so, with status 0 where it did not.
 * Source:  api_server.h. */
#ifndef FC_SIM_API_SERVER_PARTS_H
#define FC_SIM_API_SERVER_PARTS_H

#include "api_server.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

/* One version of one object. */
struct api_cell {
	unsigned refs;
	json_t *object;
	json_t *bare; /* without apiVersion and kind, as lists of built-in types have it; made when first asked for */
	json_t *metadata;      /* as PartialObjectMetadata; likewise */
	const char *ns, *name; /* of the object; "" for none */
	char *key;	       /* "ns/name", or the name: etcd's order */
	uint64_t version;
};

/* A type that is or was served, and its objects in the order of their keys. */
struct api_resource {
	const struct api_type *type;
	bool served;
	bool custom;	      /* of a CustomResourceDefinition: kept as it comes, where a built-in one is decoded */
	uint64_t served_from; /* watches from before have ended */
	struct api_cell **cells;
	size_t count, cap;
};

/* What one version changed. */
struct api_change {
	unsigned resource;
	struct api_cell *before, *now; /* NULL: did not exist, was deleted */
	struct api_cell *last;	       /* `before` with this change's version, as a DELETED event shows it */
};

struct api_saved {
	uint64_t version;
	struct api_resource *resources; /* each with cells of its own */
	unsigned count;
};

struct api_server {
	struct api_resource **resources;
	unsigned count, cap;
	uint64_t version, forgotten; /* changes are known for forgotten < v <= version, at v & (change_cap - 1) */
	struct api_change *changes;
	size_t change_cap;
	uint64_t random;
	char now[32];
	char id[40];
	unsigned lag;
	bool keeps_managers; /* metadata.managedFields; and knows server-side apply */
	const char *writer;  /* borrowed: the field manager of who writes; NULL: anybody */
	unsigned life;	     /* rises when open watches are cut */
	unsigned discovery;  /* rises when a type comes or goes */
	struct api_saved *saved;
};

/* How many changes are remembered: an API server's watch cache holds 100 at least, etcd five minutes of them. */
#define API_HISTORY 16384

/* --- cells, store and history: api_server_store.c --- */
struct api_cell *api_cell_new(json_t *object, uint64_t version); /* takes over; "metadata" is there */
struct api_cell *api_cell_ref(struct api_cell *c);
void api_cell_unref(struct api_cell *c); /* NULL allowed */
/* Borrowed, in the form that a list, or with `metadata_only` any answer, has. */
json_t *api_cell_bare(struct api_cell *c);
json_t *api_cell_metadata(struct api_cell *c);

struct api_resource *api_store_resource(const struct api_server *s, const char *group, const char *version,
					const char *plural); /* NULL version: any; only what is served */
struct api_cell *api_store_find(const struct api_resource *r, const char *ns, const char *name);
/* The next version is given to `object`, which is taken over and stored. */
struct api_cell *api_store_put(struct api_server *s, struct api_resource *r, struct api_cell *old, json_t *object);
/* Returns the last state, with the version of the deletion; borrowed from history. */
struct api_cell *api_store_remove(struct api_server *s, struct api_resource *r, struct api_cell *old);
/* A version in which nothing that is known here changes: a write of the server's own. */
void api_store_other(struct api_server *s, const struct api_resource *r);
const struct api_change *api_store_change(const struct api_server *s, uint64_t version);
struct api_cell *api_change_last(struct api_server *s, uint64_t version);
/* The cells of that resource as they were `back` changes ago, as far as history knows; each counted. */
struct api_cell **api_store_past(const struct api_server *s, const struct api_resource *r, unsigned back, size_t *count,
				 uint64_t *version);
void api_store_uid(struct api_server *s, char out[40]);
void api_version_set(json_t *metadata, uint64_t version);

/* --- answers: api_server_status.c --- */
struct api_answer api_ok(int status, json_t *body); /* takes over */
struct api_answer api_refuse(int code, const char *reason, json_t *details, const char *fmt, ...) FC_PRINTF(4, 5);
struct api_answer api_bad_request(const char *fmt, ...) FC_PRINTF(1, 2);
struct api_answer api_not_found(const struct api_resource *r, const char *name);
struct api_answer api_not_served(void);
/* `word` is the plural or, where preconditions of a deletion fail, the kind. */
struct api_answer api_conflict(const struct api_resource *r, const char *word, const char *name, const char *fmt, ...)
	FC_PRINTF(4, 5);
json_t *api_details(const char *name, const char *group, const char *kind);
/* Causes gather, and are refused together. */
/* NULL field: it has none. */
void api_cause(json_t *causes, const char *reason, const char *field, const char *fmt, ...) FC_PRINTF(4, 5);
/* The answer for them; status 0 when there are none. The array is taken over. */
struct api_answer api_invalid(const char *group, const char *kind, const char *name, json_t *causes);
/* For a patch whose result cannot be decoded. */
struct api_answer api_invalid_patch(const char *why);

/* --- selectors: api_server_selector.c --- */
struct api_selector;
/* NULL with an answer in `refusal` for what cannot be read. */
struct api_selector *api_selector_new(const char *labels, const char *fields, struct api_answer *refusal);
bool api_selector_matches(const struct api_selector *sel, const struct api_cell *c);
void api_selector_free(struct api_selector *sel);

/* --- URLs: api_server_url.c --- */
struct api_url {
	char *text; /* the path's pieces, each ended by a zero */
	char *query;
	const char *root;					  /* "api", "apis", "version" */
	char *group, *version, *ns, *plural, *name, *subresource; /* in `text`; NULL for none, "" for the core group */
	const char *labels, *fields, *resource_version;		  /* of the query, decoded; NULL for none */
	bool document;						  /* a discovery document: without plural */
};
bool api_url_parse(struct api_url *u, const char *path); /* false: nothing is there; fini all the same */
void api_url_fini(struct api_url *u);
/* The resource that it is about; NULL when none is served there. */
struct api_resource *api_url_resource(const struct api_server *s, const struct api_url *u);

/* --- patches: api_server_patch.c --- */
/* Both change `doc`; or return NULL and an answer. `*doc` may be another value afterwards. */
struct api_answer api_patch_json(json_t **doc, const json_t *patch);
struct api_answer api_patch_merge(json_t **doc, const json_t *patch);

/* --- what objects must be: api_server_meta.c, api_server_kinds.c --- */
/* Brings metadata into the form in which it is kept: known members, without what is empty. Returns what is wrong with
 * it, a static message, or NULL. */
const char *api_meta_decode(json_t *object);
void api_meta_validate(const struct api_resource *r, const json_t *metadata, json_t *causes);
void api_meta_validate_update(const json_t *metadata, const json_t *old, json_t *causes);
bool api_name_is_label(const char *name);
bool api_name_is_subdomain(const char *name);
bool api_name_is_qualified(const char *name);
bool api_label_value(const char *value);
/* Decodes the rest of a built-in kind that the model knows: unknown members go; what is wrong, or NULL. */
const char *api_kind_decode(const struct api_resource *r, json_t *object);
/* Prepares the status, generation and what an update may not touch. `old` is NULL at creation. */
void api_kind_prepare(const struct api_resource *r, json_t *object, const json_t *old, bool status_only);
void api_kind_validate(const struct api_resource *r, const json_t *object, const json_t *old, json_t *causes);
bool api_is_namespace(const struct api_resource *r);

/* --- writes: api_server_write.c --- */
struct api_write {
	struct api_server *s;
	struct api_resource *r;
	const char *ns, *name;
	bool status_only, finalize;
	bool applied; /* the managers of its fields are right already */
};
struct api_answer api_write_create(struct api_write *w, const json_t *body, struct api_cell **done);
struct api_answer api_write_put(struct api_write *w, const json_t *body, struct api_cell **done);
struct api_answer api_write_patch(struct api_write *w, const char *content_type, const json_t *body,
				  struct api_cell **done);
struct api_answer api_write_delete(struct api_write *w, const json_t *options, struct api_cell **done);

/* --- who set which field: api_server_fields.c --- */
/* Of any write but an apply. `old` is NULL at creation. */
void api_fields_written(struct api_write *w, const json_t *old, json_t *object);
/* A forced apply onto `object`, as it stands. */
void api_fields_apply(struct api_write *w, json_t *object, const json_t *applied);

/* --- discovery: api_server_discovery.c --- */
struct api_answer api_discover(const struct api_server *s, const struct api_url *u);

/* --- short words --- */
static inline const char *api_string(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static inline json_t *api_metadata(const json_t *object)
{
	return json_object_get(object, "metadata");
}

static inline bool api_same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

#endif
