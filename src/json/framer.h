/* SPDX-License-Identifier: Apache-2.0 */
/* fc_framer - finds the objects in the bytes of a list or a watch, so that no list is ever held whole.
 * Owns:    the bytes of the one object that is under way; at most FC_JSON_MAX_BYTES of them, released when it is
 *          done.
 * Threads: one owner.
 * Fails:   broken framing only (FC_ERR_PROTOCOL: ends the stream). An object too deep or too large is handed over as
 *          unreadable and the stream goes on.
 * Source:  kube-client 5.3 (newlines, chunks and frames are no limits), 4.3, 4.4, 2.24; design section 4: string and
 *          depth state only; jansson reads each object. Time is linear in the bytes fed. */
#ifndef FC_FRAMER_H
#define FC_FRAMER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum fc_framer_mode {
	FC_FRAMER_WATCH, /* JSON objects one after the other: {type, object} */
	FC_FRAMER_LIST,	 /* one object; the elements of its top-level `items` array are handed over one by one */
};

struct fc_framer_callbacks {
	/* One object, complete. `bytes` is valid during the call only. Return -1 (with err) to end the stream. */
	int (*on_object)(void *user, const char *bytes, size_t len, struct fc_error *err);
	/* One object that cannot be held: `why` has class FC_ERR_LIMIT. `head` is what was kept of its beginning (at
	 * most FC_FRAMER_HEAD bytes), enough as a rule to find metadata.name in it. Return -1 to end the stream. */
	int (*on_unreadable)(void *user, const char *head, size_t len, const struct fc_error *why,
			     struct fc_error *err);
};
#define FC_FRAMER_HEAD 16384

struct fc_framer;

/* Borrows the callbacks and `user`; never NULL. */
struct fc_framer *fc_framer_new(enum fc_framer_mode mode, const struct fc_framer_callbacks *callbacks, void *user);
void fc_framer_free(struct fc_framer *f);

/* The next bytes, in any pieces; calls back from inside. -1 ends the stream: nothing more may be fed. */
int fc_framer_feed(struct fc_framer *f, const char *bytes, size_t len, struct fc_error *err) FC_MUST_CHECK;

/* Watch: always 0 (a cut-off last object is a normal end, kube-client 5.4). List: -1 unless the list object was
 * complete, and -1 when it had no `items` array (null counts as an empty one: Go writes it so). */
int fc_framer_end(struct fc_framer *f, struct fc_error *err) FC_MUST_CHECK;

/* List: everything of the list object but the elements of `items`, as JSON text with an empty `items` (kind,
 * apiVersion, metadata with resourceVersion and continue, wherever they stood); capped at 64 KiB. Borrowed, valid
 * after fc_framer_end. */
const char *fc_framer_envelope(const struct fc_framer *f, size_t *len);

/* The most bytes it ever held, for the tests of the memory bound. */
size_t fc_framer_peak_bytes(const struct fc_framer *f);

/* Looks for metadata.namespace, metadata.name and metadata.resourceVersion in the text of an object that could not
 * be decoded (nested however deep, cut off anywhere), also below a watch event's `object`. Returns -1 when the name
 * is not found; strings are the caller's, namespace may be NULL. */
int fc_framer_find_key(const char *bytes, size_t len, char **namespace_, char **name, char **resource_version);

#endif
