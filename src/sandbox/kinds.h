/* SPDX-License-Identifier: Apache-2.0 */
/* sb_kind - what is special about one kind: its defaults, its validation, what a write may change.
 * Owns:    nothing; static tables of functions, one file kind_<name>.c each.
 * Threads: any.
 * Fails:   by causes, worded as kube-apiserver words them.
 * Source:  the Kubernetes API reference; recorded conversations. */
#ifndef FC_SANDBOX_KINDS_H
#define FC_SANDBOX_KINDS_H

#include <jansson.h>
#include <stdbool.h>

#include "sandbox/answer.h"

struct sb_type;

/* Each may be NULL. `object` is decoded (schema.h) and changed in place. */
struct sb_kind {
	/* After decoding, at create, update and patch: members that are absent, and those that the real server writes
	 * even when they are empty (spec, status, creationTimestamp: null of templates). Twice is as good as once.
	 * What another version calls differently gets the names under which it is stored (types.h's to_stored). */
	void (*defaults)(json_t *object);
	/* Before create: clears status, sets phase. Metadata is done by
	 * write.c. */
	void (*prepare_create)(struct sb_call *call, json_t *object);
	/* Before update of the main resource (`status_only` false) or of the subresource status: keeps of `old` what
	 * this write may not change (status, or all but status). The generic part (status kept, metadata) is done by
	 * write.c. */
	void (*prepare_update)(struct sb_call *call, const json_t *old, json_t *object, bool status_only);
	/* `old` NULL at creation. Object metadata is validated by write.c, with `name_is_valid` below. */
	void (*validate)(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes);
	/* NULL: an RFC 1123 subdomain. Adds causes for `field` ("metadata.name"). */
	void (*validate_name)(const char *name, bool prefix, const char *field, struct sb_causes *causes);
	/* When validation found nothing, before the object is stored, not for the status: draws what is unique in the
	 * cluster (addresses and ports of a Service). 0; -1: the answer is written. */
	int (*allocate)(struct sb_call *call, const json_t *old, json_t *object, bool dry_run);
	/* Warning headers, e.g. of a deprecated member. */
	void (*warnings)(struct sb_call *call, const json_t *object);
	/* A first deletion begins: what the kind adds to the object that goes, finalizers and status, before it is
	 * decided whether it goes at once. Its deletionTimestamp is set afterwards. */
	void (*begin_delete)(struct sb_cluster *c, json_t *object);
	/* After it was stored and after it was removed: CRDs change types, Namespaces begin to terminate. */
	void (*stored)(struct sb_cluster *c, const json_t *object);
	void (*removed)(struct sb_cluster *c, const json_t *object);
};

extern const struct sb_kind sb_kind_config_map, sb_kind_secret, sb_kind_namespace, sb_kind_service_account,
	sb_kind_service, sb_kind_event, sb_kind_new_event, sb_kind_deployment, sb_kind_cron_job, sb_kind_lease,
	sb_kind_role, sb_kind_role_binding, sb_kind_crd, sb_kind_custom;

/* --- shared by kinds and write.c --- */
/* validate_meta.c */
void sb_validate_metadata(const struct sb_type *type, const json_t *old, const json_t *object,
			  struct sb_causes *causes);
/* validate_field.c; single checks are in validate_names.h. Adds what is wrong with keys and values of labels, or with
 * the name (`prefix`: a generateName) at that field. */
void sb_validate_labels(const json_t *labels, const char *field, struct sb_causes *causes);
void sb_validate_subdomain(const char *name, bool prefix, const char *field, struct sb_causes *causes);
void sb_validate_label(const char *name, bool prefix, const char *field, struct sb_causes *causes);
void sb_validate_dns1035(const char *name, bool prefix, const char *field, struct sb_causes *causes);
void sb_validate_path_segment(const char *name, bool prefix, const char *field, struct sb_causes *causes);

#endif
