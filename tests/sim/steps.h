/* SPDX-License-Identifier: Apache-2.0 */
/* steps - what may happen in a world, with how often it does: one list for the maker of scripts, the player, the cases
 * that are kept as text, and the statistics.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 * Source:  what Kubernetes allows to happen: kube-client sections 4 to 6, 8 and 13. */
#ifndef FC_SIM_STEPS_H
#define FC_SIM_STEPS_H

/* name, weight in a common world, weight in a world that has much of it */
#define SIM_STEPS(STEP)                                                                             \
	/* the life of a federation */                                                              \
	STEP(TELL, 160, 160)	/* a: cluster, b: watch, c: at most so many changes, 0 coalesces */ \
	STEP(EXECUTE, 80, 80)	/* a: cluster, b: request */                                        \
	STEP(ANSWER, 80, 80)	/* a: cluster, b: answer */                                         \
	STEP(DELIVER, 200, 200) /* a: cluster, b: how many events */                                \
	STEP(PASS, 30, 30)	/* a: milliseconds of time, small mostly */                         \
	/* users */                                                                                 \
	STEP(EDIT_SOURCE, 24, 60) /* a value at a place that rules read */                          \
	STEP(EDIT_TARGET, 16, 60) /* drift */                                                       \
	STEP(EDIT_RULE, 16, 60)	  /* an annotation comes, changes or goes */                        \
	STEP(CREATE, 14, 30)                                                                        \
	STEP(DELETE, 8, 30)   /* with or without finalizers of others */                            \
	STEP(RECREATE, 5, 30) /* the same name, at once */                                          \
	STEP(CONSENT, 10, 40) /* allow-namespaces, allow-clusters, accept-from */                   \
	STEP(PAUSE, 5, 20)                                                                          \
	STEP(NAMESPACE, 6, 30)	/* created, labelled, deleted */                                    \
	STEP(COPY_RULE, 10, 40) /* the test dialect's annotation comes, changes or goes */          \
	STEP(RIVAL, 4, 30)	/* a controller that puts its own value back, begins or ends */     \
	STEP(TYPE, 2, 10)	/* a type is served or withdrawn */                                 \
	/* faults */                                                                                \
	STEP(AGAIN, 10, 60)	   /* an event is told twice */                                     \
	STEP(CUT, 6, 40)	   /* a watch ends */                                               \
	STEP(FAIL_REQUEST, 18, 90) /* c: enum sim_request_fault */                                  \
	STEP(FAIL_WATCH, 5, 30)	   /* c: class */                                                   \
	STEP(COMPACT, 4, 20)	   /* history is forgotten: 410 */                                  \
	STEP(LAG, 5, 40)	   /* the next list is behind */                                    \
	STEP(SERVER_RESTART, 2, 10)                                                                 \
	STEP(SAVE, 2, 4) /* a backup */                                                             \
	STEP(RESTORE, 1, 8)                                                                         \
	STEP(LOSE, 4, 30)	/* a cluster is away */                                             \
	STEP(CONNECT, 8, 40)	/* and back */                                                      \
	STEP(REPLACE, 1, 6)	/* another cluster answers under the name, or the old one again */  \
	STEP(RBAC, 2, 10)	/* rights are taken and given */                                    \
	STEP(CLOCK_JUMP, 2, 10) /* a: hours forward: everything is due; wall time also backward */  \
	STEP(RESTART, 2, 20)	/* fedcopy starts anew, with no memory */                           \
	STEP(SECOND, 1, 10)	/* a second fedcopy runs beside, or stops */                        \
	/* the operator */                                                                          \
	STEP(CLUSTER, 3, 20) /* added, removed, renamed, relabelled, other `reads` */               \
	STEP(PERMIT, 4, 20)  /* permissions of the cluster set file */                              \
	/* users of kopy and of ConfigMapSyncs, in worlds that speak these dialects */              \
	STEP(KOPY, 20, 60)   /* a sync annotation comes, changes or goes */                         \
	STEP(SYNC, 20, 60)   /* a ConfigMapSync is made, edited or deleted */                       \
	STEP(TAMPER, 16, 60) /* what copies are known by is changed, or forged */                   \
	STEP(FEED, 14, 40)   /* a source's payload, whole */                                        \
	/* users of k8s-replicator */                                                               \
	STEP(REPLICATE, 24, 70) /* words to pull, to push, and of consent come, change or go */     \
	STEP(BOOKS, 14, 50)	/* what replicas say of themselves is changed, or they go */        \
	STEP(OBJECTS, 24, 60)	/* an ObjectSync is made, edited or deleted */

enum step_kind {
#define STEP(name, common, much) STEP_##name,
	SIM_STEPS(STEP)
#undef STEP
		STEP_KINDS
};

const char *step_name(enum step_kind kind); /* script.c */

#endif
