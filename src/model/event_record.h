/* SPDX-License-Identifier: Apache-2.0 */
/* fc_event_record - what a Kubernetes Event is to tell about an object: data.
 * Owns:    its strings, but for `reason` and `action`, which are static.
 * Threads: made by the engine, handed to the executor of its cluster, which frees it.
 * Fails:   never.
 * Source:  kube-client 10.1, 10.2. Who reports (reportingController and -Instance), the Event's name and its series are
 *          the recorder's (kube/event_recorder.h). */
#ifndef FC_EVENT_RECORD_H
#define FC_EVENT_RECORD_H

#include <stdint.h>

/* Of `note`, without the zero byte (10.1). */
#define FC_EVENT_NOTE_BYTES 1024

enum fc_record_type { FC_RECORD_NORMAL, FC_RECORD_WARNING };

/* A core/v1 ObjectReference. NULL: not known, or, as a namespace, cluster-scoped. Without a name there is none. */
struct fc_object_reference {
	char *api_version, *kind, *namespace_, *name;
	char *uid;		/* ties it to one incarnation of the object */
	char *resource_version; /* what the object was when this was true of it */
};

struct fc_event_record {
	enum fc_record_type type;
	const char *reason; /* CamelCase, static: no changing number is ever in it (10.6) */
	const char *action; /* CamelCase, static: what was being done */
	char *note;	    /* a sentence for people, never with a value of an object; made by fc_event_note */
	struct fc_object_reference regarding, related;
	int64_t wall_ms; /* when it happened, since 1970 */
};

/* Zeroed; never NULL. The caller frees. */
struct fc_event_record *fc_event_record_new(void);
void fc_event_record_free(struct fc_event_record *r); /* NULL allowed */
/* "Normal", "Warning". */
const char *fc_record_type_name(enum fc_record_type type);

/* `text` and then `end` as a note: where both are too long, `text` is cut, at a character, and dots say so. What is not
 * UTF-8 becomes '?', a control character a blank, since servers take no other texts and terminals show them. `end` is
 * short. The caller frees. */
char *fc_event_note(const char *text, const char *end);

#endif
