/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the simulated world share: the federation, its processes, and who checks what.
 * Owns:    struct world owns all that it points to.
 * Threads: one.
 * Fails:   never: world_fail notes the first promise that is broken, and the world ends.
 * Source:  design sections 5 to 8. */
#ifndef FC_SIM_WORLD_PARTS_H
#define FC_SIM_WORLD_PARTS_H

#include "base/mem.h"
#include "base/random.h"
#include "engine/engine.h"
#include "sim_watcher.h"
#include "steps.h"
#include "world.h"

#include <string.h>

enum {
	MOST_SERVERS = 24,
	MOST_MEMBERS = 40,
	MOST_SLOTS = 64,
	MOST_PROCESSES = 2,
	MOST_RIVALS = 4,
	TYPES = 7, /* of world_types */
	SPACES = 4,
	NAMES = 4,
};

enum type_no { SECRETS, CONFIG_MAPS, GADGETS, WIDGETS, FEDERATED, ZONES, ROLES };

/* Every value of a Secret begins with it, as base64 of "topsecret" has it, or as it is. */
#define SECRET_BASE64 "dG9wc2VjcmV0"
#define SECRET_PLAIN "topsecret"
/* The id of a cluster that is none of any world. */
#define FOREIGN_ID "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"

extern const struct api_type *const world_types[TYPES + 3]; /* and the custom resources; NULL-terminated */
extern const struct api_type world_syncs, world_object_syncs;
extern const char *const world_spaces[SPACES];
/* What people call a type: plural, singular or kind, with its group or without. */
const char *world_type_word(unsigned type, unsigned pick);
/* As discovery resolves it (systems/k8s-copier.md, RESOURCE); NULL: no type's. */
const struct api_type *world_type_of_word(const struct api_server *s, const char *word);
const char *world_type_path(const struct api_type *t, const char *ns, const char *name, char out[256]);

struct sim_server {
	struct api_server *api;
	bool stranger; /* stands in another's place */
	bool saved, restored;
	/* Whose version it was, by version, as bits of names: that two states of one object have one version is beyond
	 * what can be told apart, and what happens after a restore takes another then. */
	uint64_t *used;
	size_t used_cap;
};

/* A line of the cluster set file. */
struct member {
	char name[16];
	bool alive;
	struct sim_server *home;
	struct sim_server *at; /* who answers at its address */
	enum fc_reads reads;
	unsigned region;
	struct sim_rbac rbac;
	bool away; /* nobody answers */
};

/* What one watch has told a process so far, by "namespace/name". */
struct view {
	uint32_t watch;
	char plural[32];
	json_t *objects, *listing;
	struct view *next;
};

/* What is asked of a cluster, and what it can take. */
enum { MOST_IN_A_SECOND = 16 };
struct traffic {
	json_t *requests[2]; /* under way: reads, writes; by number */
	unsigned missing;    /* of the limit, since it was halved */
	unsigned successes;
	uint64_t newest, halved_at;
	int64_t writes[MOST_IN_A_SECOND]; /* when the last ones began */
	uint64_t write_count;
};

/* A cluster as a process numbers it. */
struct slot {
	struct process *process;
	fc_cluster_no no;
	struct member *member;
	struct sim_watcher *watcher; /* NULL: it has left */
	bool known;		     /* the id of its home was told */
	struct view *views;
	struct traffic traffic;
	int64_t deletes_ms[64]; /* of copies whose source was gone */
	unsigned delete_count;
	json_t *newest; /* the newest body that it has told of each object, by "resource/namespace/name" */
	json_t *heard;	/* the same, but for answers that it may not have listened to */
};

/* What was tried on an object, and when it may be tried again. */
struct attempt {
	const struct api_type *type;
	char key[96];
	int64_t not_before_ms;
	uint64_t request;
	bool waits;
};

struct process {
	struct world *world;
	unsigned number;
	struct fc_engine *engine; /* NULL: it does not run */
	const struct fc_dialect *dialects[6];
	struct slot slots[MOST_SLOTS];
	unsigned slot_count;
	bool hears_set;	  /* was told of the set as it is */
	json_t *attempts; /* by cluster number and object: see promises_retry.c */
};

struct rival {
	bool active;
	struct sim_server *server;
	const struct api_type *type;
	char ns[16], name[16], key[64];
	json_t *value;
};

struct world {
	struct fc_random random; /* of the building only: a step has numbers of its own */
	uint64_t seed;
	bool told;
	struct verdict verdict;
	struct world_stats stats;
	struct sim_server servers[MOST_SERVERS];
	unsigned server_count;
	struct member members[MOST_MEMBERS];
	unsigned member_count;
	struct process processes[MOST_PROCESSES];
	struct rival rivals[MOST_RIVALS];
	int64_t now_ms, wall_skew_ms;
	unsigned values; /* made so far */
	/* Options of every process. */
	const char *words[TYPES];
	size_t word_count;
	bool is_target[TYPES];
	const char *spaces[SPACES];
	size_t space_count; /* --namespace; 0: all */
	bool allow_all;
	json_t *permissions;
	unsigned max_in_flight, max_writes_per_second;
	int64_t resync_period_ms;
	unsigned speaks;	/* bits of enum speaks */
	bool copies;		/* a dialect for whole objects is spoken */
	bool set_changed;	/* clusters came, went, or have other labels: what is selected may be old news */
	bool selection_changed; /* rules or labels were edited: what is deleted for that is not counted by the brake */
	long max_deletes;	/* 0: the default, which no world reaches */
	bool old_cycles;	/* some are known of from before only: a restart forgets them */
	bool calm;		/* nothing is written any more */
	uint64_t patches, gets; /* that reached a server */
	uint64_t effects;	/* writes that changed anything but a ConfigMapSync's status */
	json_t *edited;		/* replicas that somebody has written since they were filled: world_replicator.c */
	json_t *written;	/* by path, after the first letters of the server's id: how often */
};

/* Of numbers that a step brings: what they choose does not depend on other steps. */
struct dice {
	struct fc_random random;
};
struct dice dice_of(const struct world *w, const struct step *s);
unsigned dice_below(struct dice *d, unsigned n);
bool dice_chance(struct dice *d, unsigned percent);

void world_fail(struct world *w, int promise, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void world_say(const struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Dialects that ship, for whole objects. */
#define speaks_ours(w) ((w)->speaks & (SPEAKS_KOPY | SPEAKS_SYNC | SPEAKS_OBJECTS | SPEAKS_REPLICATOR))
#define broken(w) ((w)->verdict.promise != 0)

/* --- world_build.c --- */
void world_build(struct world *w);
void world_fini(struct world *w);
struct member *world_member(struct world *w, const char *name);
struct member *world_living(struct world *w, unsigned pick);
struct member *world_member_add(struct world *w, struct sim_server *home, const char *name);
struct sim_server *world_server_new(struct world *w);
void world_server_restore(struct sim_server *s);
/* Of every request that writes, whoever sends it. */
struct api_answer world_server_write(struct world *w, struct sim_server *s, const char *method, const char *path,
				     const char *content_type, const json_t *body);
bool world_server_run_controllers(struct sim_server *s); /* one change of theirs; false: there is nothing to do */
json_t *world_permissions(struct dice *d);

/* --- world_users.c: what people and controllers write --- */
json_t *user_object(struct world *w, struct dice *d, unsigned type, const char *ns, const char *name);
bool user_put(struct world *w, struct sim_server *s, const struct api_type *t, const char *ns, const char *name,
	      json_t *object); /* takes the object; NULL deletes; under /status too where the kind has that */
void user_play(struct world *w, const struct step *s);
void user_edit(struct world *w, struct dice *d, struct sim_server *s, enum step_kind kind);
bool rivals_act(struct world *w);

/* --- world_rules.c: what they write into annotations --- */
#define RULE_PREFIX "k8s-copier.fig.org/replace-"
void user_new_rule(struct world *w, struct dice *d, struct sim_server *s, unsigned type, json_t *object);
json_t *user_value(struct world *w, struct dice *d, unsigned type, unsigned depth);
json_t *user_values(struct world *w, struct dice *d, unsigned type, unsigned first_depth, unsigned second_depth);

/* --- world_copies.c: rules for whole objects --- */
void user_new_copy_rule(struct dice *d, json_t *object);
void user_mark_foreign(struct dice *d, json_t *object, const char *ns, const char *name);
bool copy_is_somebodys(const json_t *object); /* as anybody's copy */
bool copy_is_bad(const json_t *source);	      /* its rule cannot be understood */
bool copy_is_source(const json_t *source);
bool copy_cluster_is_selected(const struct world *w, const struct member *m, const char *clusters);
bool copy_is_selected(const struct world *w, const json_t *source, const struct member *to, const json_t *space);
const char *copy_origin(const struct world *w, const struct member *on, const json_t *object);

/* --- promises_copy.c --- */
void promises_of_copies(struct world *w, const json_t *rules);
/* Of a whole object, as it arrives where `object` stands. */
void promise_of_copy(struct world *w, struct slot *s, const struct fc_action *a, const json_t *object);
void promise_of_creation(struct world *w, const struct slot *s, const struct fc_action *a); /* as it is decided */
void promise_of_deletion(struct world *w, struct slot *s, const struct fc_action *a);
bool copy_is_paused(const struct world *w, const struct slot *s, const struct fc_action *a);
/* May this operation of a patch be, although no path rule says so? */
bool copy_may_be_changed(struct world *w, const struct slot *s, const struct fc_action *a, const json_t *object,
			 const json_t *operation);

/* --- world_process.c: fedcopy --- */
void process_start(struct world *w, struct process *p);
void process_stop(struct world *w, struct process *p);
void process_step(struct world *w, struct process *p, struct fc_event *e);
bool process_deliver(struct world *w, struct slot *s);
void process_tick(struct world *w);
void process_hears_member(struct world *w, struct member *m, enum fc_event_type type);
void process_hears_permissions(struct world *w);
struct slot *process_slot(struct process *p, const struct member *m);
/* Works off all that waits, and lets time pass, until `until_ms` at the latest or, when that is 0, until nothing is
 * going to happen any more. */
void world_settle(struct world *w, int64_t until_ms);

/* --- world_faults.c --- */
void fault_play(struct world *w, const struct step *s);
void world_heal(struct world *w);
void member_lose(struct world *w, struct member *m);
/* One cluster under two names is the operator's slip: two processes may each believe the other name. */
void members_remove_doubles(struct world *w);

/* --- oracle.c: what section 5 and 7 say of one rule --- */
enum { MOST_SEGMENTS = 8, MOST_WISHES = 128 };
struct place {
	char text[MOST_SEGMENTS][32];
	bool index[MOST_SEGMENTS]; /* was written in brackets */
	unsigned count;
};
/* A rule as it stands in an annotation. */
struct wish {
	struct member *member; /* of its target */
	const struct api_type *type;
	const json_t *object; /* borrowed */
	char key[80];	      /* of the annotation, behind the prefix */
	struct place to, from;
	bool invalid;
	json_t *literal;
	char word[64], cluster[24], ns[32], name[40];
	bool names_cluster, names_ns;
	/* found */
	struct member *source_member;
	const struct api_type *source_type;
	const char *source_ns; /* "" cluster-scoped */
	const json_t *source;
	const json_t *value;					   /* borrowed; NULL: none */
	enum fc_state state;					   /* IN_SYNC: it takes part */
	bool undecided, unsure;					   /* something near it may say otherwise */
	bool on_cycle, by_copies, was_refused, blocked, of_copies; /* by_copies: a cycle that copies close */
};
bool place_parse(struct place *p, const char *text, bool in_key);
enum place_found { PLACE_FOUND, PLACE_MISSING, PLACE_BLOCKED };
enum place_found place_get(const struct place *p, const json_t *document, const json_t **value);
bool place_set(const struct place *p, json_t *document, json_t *value); /* borrowed value */
/* -1: a lies above b, 0 equal, 1 below; 2: apart */
int place_compare(const struct place *a, const struct place *b);
char *place_text(const struct place *p, char out[160]);
unsigned wishes_of(const json_t *object, struct wish *out, unsigned most);
bool wishes_any(const json_t *object);		 /* NULL: none */
void wish_find(struct world *w, struct wish *r); /* its source, as the servers have it */
void wishes_free(struct wish *r, unsigned count);

/* What is said about consents; for each there may be several answers, when news is under way: any may allow. */
struct said {
	const json_t *source, *source_space, *target_space;
};
bool wish_allowed(struct world *w, const struct wish *r, const struct said *said);
/* May a copy of the master's `source` be in that namespace? `generous`: whatever people could consent to, they do. */
bool copy_allowed(struct world *w, const struct api_type *type, const json_t *source, struct member *to, const char *ns,
		  bool generous);
/* Is it permitted, whatever those say who own the two ends? */
bool copy_is_permitted_by_operator(const struct world *w, const struct api_type *type, const char *from_ns,
				   struct member *to, const char *ns);
/* The same of a source that may not exist; `said`: the rule itself is the consent of `from_ns` to be read. */
bool copy_allowed_from(struct world *w, const struct api_type *type, const char *from_ns, const json_t *source,
		       struct member *to, const char *ns, bool said, bool generous);
/* The same for a custom resource of namespace `asker`: in the source's own it is the consent to be read. In a third one
 * who asks cannot consent for the source: where both ends bear one name, the consent has to name the asker's. */
bool copy_allowed_for(struct world *w, const struct api_type *type, const char *from_ns, const json_t *source,
		      struct member *to, const char *ns, const char *asker, bool generous);

/* --- promises_run.c: what is checked while it happens --- */
void promise_decided(struct world *w, struct slot *s, const struct fc_action *a);
struct api_answer promise_send(void *slot, const struct fc_action *a, struct api_server *server, const char *method,
			       const char *path, const char *content_type, const json_t *body);
void promise_told(struct world *w, const struct fc_action *a);
void promise_answered(struct world *w, struct slot *s, const struct fc_event *e);
bool text_tells(const char *text); /* a secret value is in it */

/* --- told.c: what a process has been told --- */
void view_start(struct slot *s, const struct fc_action *a);
void view_stop(struct slot *s, uint32_t watch);
void view_event(struct slot *s, const struct fc_event *e);
void views_free(struct slot *s);
void views_forget_versions(struct slot *s); /* they begin again */
const json_t *view_object(const struct view *v, const char *ns, const char *name);
/* By an answer, or by a watch. `heard`: no answer that came for something that is gone; such a one may be overheard. */
void told_object(struct slot *s, const char *plural, json_t *object, bool heard);
/* The newest whole object of that name that anything has told: a watch, a read, or an answer to a write. */
const json_t *told_newest(const struct slot *s, const char *plural, const char *ns, const char *name);
const json_t *told_heard(const struct slot *s, const char *plural, const char *ns, const char *name);
/* All that may be known of an object: what is there, what each watch has told last, and nothing (NULL), as far as one
 * of them has not told of it; what a read has told, while every watch that tells of it is behind that. */
enum { MOST_KNOWN = 8 };
unsigned told_of(struct process *p, const struct member *m, const char *group, const char *plural, const char *ns,
		 const char *name, const json_t *out[MOST_KNOWN]);

/* --- promises_traffic.c: how much is asked at one time --- */
void traffic_begins(struct world *w, struct slot *s, uint64_t request, bool write);
void traffic_answered(struct world *w, struct slot *s, const struct fc_event *e);
void traffic_forget(struct slot *s); /* what is under way is not waited for any more */

/* --- promises_end.c: what is checked when all has come to rest --- */
void promises_of_rest(struct world *w);
void promises_of_calm(struct world *w);
void promises_of_change(struct world *w); /* promises_change.c */
/* The engine's word for a rule in rules_of: "target path". */
void wish_key(const struct wish *r, char out[320]);
json_t *rules_of(const struct process *p); /* what it says of each rule, by that key; a new reference */

#endif
