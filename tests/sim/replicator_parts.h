/* SPDX-License-Identifier: Apache-2.0 */
/* replicator_parts - what the worlds know of k8s-replicator: what its users write, what objects say in its words, and
 * what is promised of them.
 * Owns:    nothing; texts are borrowed from objects.
 * Threads: one.
 * Fails:   never; a broken promise is noted by world_fail.
 * Source:  docs/k8s-replicator.md, whose statements (B..., D...) the comments name. Nothing is taken from src/dialects.
 */
#ifndef FC_SIM_REPLICATOR_PARTS_H
#define FC_SIM_REPLICATOR_PARTS_H

#include "dialects_parts.h"

#define REPLICATOR_KEY "k8s-replicator/"
#define speaks_replicator(w) ((w)->speaks & SPEAKS_REPLICATOR)

/* What an object is named in this dialect's worlds. */
enum { REPLICATOR_NAMES = 6 };
extern const char *const replicator_names[REPLICATOR_NAMES];

/* --- world_replicator.c: what people do --- */
void replicator_new_object(struct dice *d, unsigned type, json_t *object);
void replicator_begin(struct world *w, struct dice *d);
void replicator_edit(struct world *w, struct dice *d, struct sim_server *s, enum step_kind kind);
/* Whose data or books were changed by anybody, its source's version being what it was: `before` a write, and after. */
void replicator_note_edit(struct world *w, const struct api_server *api, const json_t *before, const json_t *after);

/* --- oracle_replicator.c: what objects say --- */
/* An object in the words of the dialect; NULL texts: absent. */
struct replicator {
	const json_t *object;
	const char *ns, *name, *version;
	const char *from, *to, *to_spaces, *once, *once_version, *allowed, *allowed_spaces;
	const char *by, *from_version, *origin, *inherited;
	char key[96], from_ns[64], from_name[64], by_ns[64], by_name[64];
	bool inert, refused; /* B1, B2, D4, D20; D6 */
};
/* False: there is no object. */
bool replicator_read(const json_t *object, struct replicator *out);
bool replicator_pushes(const struct replicator *o); /* and is no copy itself */
bool replicator_pulls(const struct replicator *o);  /* B19, B25 */
/* B3; elsewhere than in its own cluster its own place is one like any other. */
bool replicator_wants(const struct replicator *source, const char *ns, const char *name, bool elsewhere);
bool replicator_is_true(const char *text); /* NULL is not */

enum replicator_verdict { REPLICATOR_ALLOWS, REPLICATOR_DENIES, REPLICATOR_ERROR };
enum replicator_verdict replicator_permits(const struct replicator *source, const char *ns, const char *key,
					   bool allow_all);
void replicator_inherited(const struct replicator *source, char out[256]); /* B10 */
/* B11; "": none. */
void replicator_origin(const struct replicator *source, bool once, char out[96]);
enum replicator_need { REPLICATOR_NEEDS, REPLICATOR_HAS, REPLICATOR_ONCE };
/* B7, of a copy that bears these two. */
enum replicator_need replicator_need(const struct replicator *source, const char *version, const char *once_version,
				     bool once);
bool replicator_holds_more(const json_t *object); /* than B17 */
bool replicator_same_data(const json_t *a, const json_t *b);
bool replicator_same_type(const json_t *a, const json_t *b);
bool replicator_was_edited(const struct world *w, const struct member *on, const struct api_type *type,
			   const json_t *object);

/* A copy in another cluster than the master's: its source there. */
bool replicator_is_far_copy(const struct world *w, const json_t *object, char ns[64], char name[64]);
/* Does that copy there say that its data is what the pusher wants there? */
bool replicator_is_from(const struct world *w, const json_t *copy, const struct replicator *pusher);
/* On the master by the dialect's marks, elsewhere by fedcopy's. */
bool replicator_is_copy(const struct world *w, const struct member *on, const json_t *object, char ns[64],
			char name[64]);
bool replicator_is_written(const json_t *object);				   /* by the dialect, on the master */
const char *replicator_state(const json_t *object, const char *key, char out[64]); /* of a copy elsewhere */
/* "namespace/name" of where the data comes from; NULL: it is nobody's copy. */
const char *replicator_source(const struct world *w, const struct member *on, const json_t *object, char out[128]);

/* --- promises_replicator.c: at rest --- */
void promises_of_replicator(struct world *w, const json_t *rules);
/* --- requests_replicator.c: as requests are decided --- */
bool replicator_may_change(struct world *w, const struct slot *s, const struct fc_action *a, const json_t *object,
			   const char *path);
void replicator_creates(struct world *w, const struct slot *s, const struct fc_action *a);
void replicator_deletes(struct world *w, struct slot *s, const struct fc_action *a, const json_t *object);
bool replicator_is_paused(const struct world *w, const struct slot *s, const struct api_type *type,
			  const json_t *object);

#endif
