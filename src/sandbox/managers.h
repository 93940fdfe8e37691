/* SPDX-License-Identifier: Apache-2.0 */
/* sb_managers - metadata.managedFields taken apart: one entry for each manager, operation and version.
 * Owns:    its entries and their sets.
 * Threads: the loop's one.
 * Fails:   reading what is no managedFields: they count as absent.
 * Source:  ManagedFieldsEntry of the API reference; recorded conversations (order of entries, when times move). */
#ifndef FC_SANDBOX_MANAGERS_H
#define FC_SANDBOX_MANAGERS_H

#include <jansson.h>
#include <stdbool.h>

struct sb_manager {
	char *name, *api_version, *time; /* time NULL: none */
	bool applied;			 /* operation Apply, else Update */
	json_t *set;			 /* field_set.h */
};

struct sb_managers {
	struct sb_manager *list;
	unsigned count, cap;
};

#define SB_MANAGERS_INIT ((struct sb_managers){ .list = NULL })

/* From object.metadata.managedFields. False: there are none, or they cannot be read. */
bool sb_managers_read(struct sb_managers *m, const json_t *object);
/* An empty list with one empty entry is the way to ask for a new start. */
bool sb_managers_is_reset(const json_t *object);
/* Into object.metadata.managedFields; without entries the member goes. */
void sb_managers_write(struct sb_managers *m, json_t *object);
void sb_managers_fini(struct sb_managers *m);

/* Appliers are known by name alone, others by name and version. Borrowed until the next sb_managers_take. */
struct sb_manager *sb_managers_find(struct sb_managers *m, const char *name, const char *api_version, bool applied);
/* The one of that name, made when there is none, with an empty set. */
struct sb_manager *sb_managers_take(struct sb_managers *m, const char *name, const char *api_version, bool applied);
/* Takes those away that own nothing. */
void sb_managers_drop_empty(struct sb_managers *m);

#endif
