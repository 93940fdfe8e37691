/* SPDX-License-Identifier: Apache-2.0 */
/* dialects_parts - what the worlds know of kopy and configmap-sync: what their users write, whose copy something is,
 * what is wanted, and what is promised of it.
 * Owns:    nothing; texts are borrowed from objects or copied into what the caller brings.
 * Threads: one.
 * Fails:   never; a broken promise is noted by world_fail.
 * Source:  docs/kopy.md and docs/configmap-sync.md, whose statements (B...) the comments name; design sections 5 to 7.
 *          Nothing is taken from src/dialects. */
#ifndef FC_SIM_DIALECTS_PARTS_H
#define FC_SIM_DIALECTS_PARTS_H

#include "world_parts.h"

#define KOPY_HEAD "kopy.kot-labs.com/"
#define KOPY_GUIDE "flynshue.io/"
#define KOPY_RELEASED KOPY_HEAD "released-from"
#define SYNC_KEY "configmapsync.apps.kapendra.com/"

/* --- world_dialects.c: what people do --- */
void dialects_begin(struct world *w, struct dice *d, struct sim_server *s);
void dialects_new_source(struct dice *d, unsigned type, json_t *object);
void dialects_edit(struct world *w, struct dice *d, struct sim_server *s, enum step_kind kind);
/* What API servers' controllers do in the end: namespaces that can finish terminating do. */
bool dialects_finish(struct world *w);

/* --- oracle_dialects.c: what objects say --- */
enum whole_kind { WHOLE_NONE, WHOLE_KOPY, WHOLE_SYNC };
/* Whose copy an object is. */
struct whole {
	enum whole_kind kind;
	bool own;		    /* by marks of the dialect; else by those of another cluster's copies */
	bool released;		    /* it was a copy */
	bool nobodys;		    /* its two labels differ (kopy, bad input) */
	char ns[64], name[64];	    /* the source; "" not named */
	char rule_ns[64], rule[64]; /* the ConfigMapSync */
};
bool whole_of(const struct world *w, const struct member *on, const json_t *object, struct whole *out);
bool whole_bears_marks(const json_t *object);
/* "namespace/name" of the source on the master, of a copy of any dialect; NULL: it is none. */
const char *copy_source(const struct world *w, const struct member *on, const json_t *object, char out[128]);

const char *whole_annotation(const json_t *object, const char *key);
const char *whole_label(const json_t *object, const char *key);
bool whole_has_finalizer(const json_t *object, const char *finalizer);
bool whole_is_paused(const json_t *object);
bool whole_is_ending(const json_t *object);
const json_t *whole_space(const struct member *m, const char *ns);

bool kopy_has_finalizer(const json_t *object); /* of either family */
bool kopy_is_copy(const json_t *object);
bool kopy_is_written(const json_t *object); /* its finalizer comes or goes */
/* The annotation that decides, and its family's prefix; NULL: there is none. */
const char *kopy_selector(const json_t *object, const char **family);
bool kopy_is_bad(const json_t *source);	    /* selector or clusters cannot be understood */
bool kopy_is_refused(const json_t *source); /* a token */
bool kopy_wants(const struct world *w, const json_t *source, const struct member *to, const char *ns);

struct sync {
	const json_t *object;
	char ns[64], name[64]; /* its own */
	char from[64], to[64], copy[64];
	bool invalid;
};
void sync_read(const json_t *object, struct sync *out);
bool sync_wants(const struct world *w, const struct sync *s, const struct member *to, const char *ns);
const json_t *sync_source(const struct world *w, const struct sync *s);
bool sync_allowed(struct world *w, const struct sync *s, struct member *to, bool generous);
const json_t *sync_named(const struct world *w, const char *ns, const char *name);

/* --- promises_dialects.c: at rest --- */
void promises_of_dialects(struct world *w, const struct process *p);
/* The engine's word for a copy there; NULL: none has that state. */
const json_t *said_of_copy(const json_t *rules, const char *dialect, const struct member *to,
			   const struct api_type *type, const char *ns, const char *name, const char *state);
/* --- promises_sync.c --- */
void promises_of_syncs(struct world *w, const json_t *rules);
bool sync_is_followed(struct world *w, const struct sync *s); /* all that it wants stands */

/* --- promises_requests.c: as requests are decided, and arrive --- */
bool dialect_may_change(struct world *w, const struct slot *s, const struct fc_action *a, const json_t *object,
			const json_t *operation);
void dialect_creates(struct world *w, const struct slot *s, const struct fc_action *a);
void dialect_deletes(struct world *w, struct slot *s, const struct fc_action *a);
void dialect_changes_sync(struct world *w, const struct slot *s, const struct fc_action *a);
/* News of what is being written are held until that is done. */
bool slot_is_writing(const struct slot *s, const char *plural, const char *ns, const char *name);
/* Does nothing that a process was told say otherwise than what is there? */
bool dialect_is_told(struct slot *s, const char *plural, const json_t *real, const char *ns, const char *name);
bool dialect_is_paused(const struct world *w, const struct slot *s, const struct fc_action *a);
/* Is that write a status that tells of a failure? Such a one counts on. */
bool dialect_tells_failure(struct world *w, const struct fc_action *a, const json_t *object);
/* --- promises_copy.c --- */
bool copy_all_say(struct slot *s, const char *plural, const char *ns, const char *name, const json_t *real,
		  const char *member);

#endif
