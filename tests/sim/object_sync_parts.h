/* SPDX-License-Identifier: Apache-2.0 */
/* object_sync_parts - what the worlds know of object-sync: what its users write, what is wanted where, whose copy
 * something is, and what is promised of it.
 * Owns:    nothing; texts are copied, objects borrowed from the servers.
 * Threads: one.
 * Fails:   never; a broken promise is noted by world_fail.
 * Source:  docs/object-sync.md, whose statements (B...) the comments name; design sections 5 to 7. Nothing is taken
 *          from src/dialects. */
#ifndef FC_SIM_OBJECT_SYNC_PARTS_H
#define FC_SIM_OBJECT_SYNC_PARTS_H

#include "dialects_parts.h"

#define OBJECT_SYNC_KEY "sync.rustrial.org/"
#define OBJECT_SYNC_FINALIZER OBJECT_SYNC_KEY "rustrial-object-syncer"
#define OBJECT_SYNC_SOURCE OBJECT_SYNC_KEY "source-object"
#define OBJECT_SYNC_MANAGER "rustrial-object-syncer"

/* --- world_object_sync.c: what people do --- */
void object_sync_begin(struct world *w, struct dice *d, struct sim_server *s);
void object_sync_edit(struct world *w, struct dice *d, struct sim_server *s);

/* --- oracle_object_sync.c: what objects say --- */
struct object_sync {
	const json_t *object;
	char ns[64], name[64];	     /* its own */
	char from[64], source[64];   /* what it copies */
	const struct api_type *type; /* NULL: no namespaced kind */
	bool invalid;
};
void object_sync_read(const json_t *object, struct object_sync *out);
/* All of the master's; `fn` returns false to end. True: all were shown. */
bool object_sync_each(const struct world *w, bool (*fn)(void *user, const struct object_sync *o), void *user);
const json_t *object_sync_source(const struct world *w, const struct object_sync *o);
/* Every namespace that a server of a world may have. */
enum { ALL_SPACES = 6 };
extern const char *const all_spaces[ALL_SPACES];
enum wanted { WANTED_NOT, WANTED_PERHAPS, WANTED }; /* perhaps: the guides leave it open, or this does */
/* Whether a copy of that name is to be there, and how it is written (B10, B11). */
enum wanted object_sync_wants(struct world *w, const struct object_sync *o, struct member *to, const char *ns,
			      const char *name, bool *replaces);
/* May it be there, whatever it asks for? */
enum wanted object_sync_allows(struct world *w, const struct object_sync *o, struct member *to, const char *ns,
			       bool generous);
bool object_sync_is_paused(const struct world *w, const struct object_sync *o);
/* By marks: "namespace/name" of its source; NULL: none. */
const char *object_sync_origin(const struct world *w, const struct member *on, const json_t *object, char out[128]);
bool object_sync_is_of(const struct world *w, const struct member *on, const json_t *object,
		       const struct object_sync *o);
/* B27: does that one's status name its uid, does any? */
bool object_sync_has_listed(const struct object_sync *o, const json_t *copy);
bool object_sync_lists(const struct world *w, const json_t *object);
bool object_sync_is_named(const struct world *w, const struct api_type *type, const json_t *source);

/* --- promises_object_sync.c: at rest --- */
void promises_of_object_syncs(struct world *w, const json_t *rules);
/* --- promises_object_sync_status.c --- */
void promises_of_object_sync_status(struct world *w, const struct object_sync *o, const json_t *rules);
/* Is the copy as its source wants it? NULL: it is; else what differs. */
const char *object_sync_difference(const struct world *w, const json_t *source, const json_t *copy, bool own,
				   bool replaces);

/* --- promises_object_sync_requests.c: as requests are decided --- */
bool object_sync_creates(struct world *w, const struct slot *s, const struct fc_action *a); /* it is its creation */
bool object_sync_deletes(struct world *w, struct slot *s, const struct fc_action *a, const json_t *object);
bool object_sync_may_change(struct world *w, const struct slot *s, const json_t *object, const json_t *operation);
/* An apply or a PUT of a whole object. */
void object_sync_writes(struct world *w, const struct slot *s, const struct fc_action *a);
bool object_sync_pauses(const struct world *w, const struct slot *s, const struct fc_action *a, const json_t *object);
bool object_sync_tells_failure(const struct fc_action *a, const json_t *object);

#endif
