/* SPDX-License-Identifier: Apache-2.0 */
/* sb_field_set - a set of places in an object, as managedFields hold it.
 * Owns:    sets are JSON objects of the caller's.
 * Threads: any.
 * Fails:   parsing what is no FieldsV1: NULL.
 * Source:  FieldsV1 of the API reference; the server-side apply page.
 *
 * A set is a tree of JSON objects whose keys are path elements as FieldsV1 writes them ("f:name", `k:{"name":"a"}`,
 * `v:"x"`); a node that is itself in the set has the key ".". Unlike in FieldsV1 it is there at leaves too. */
#ifndef FC_SANDBOX_FIELD_SET_H
#define FC_SANDBOX_FIELD_SET_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "sandbox/schema.h"

json_t *sb_field_set_parse(const json_t *fields_v1);
json_t *sb_field_set_print(const json_t *set); /* FieldsV1; a new reference */

void sb_field_set_mark(json_t *node);			       /* it is in the set */
bool sb_field_set_has(const json_t *node);		       /* is it? NULL: no */
bool sb_field_set_empty(const json_t *set);		       /* nothing in it, nor below */
json_t *sb_field_set_child(json_t *node, const char *element); /* made when absent; borrowed */
/* Takes the child away when nothing is in it. */
void sb_field_set_tidy(json_t *node, const char *element);

void sb_field_set_add(json_t *set, const json_t *other);      /* the union, into `set` */
void sb_field_set_subtract(json_t *set, const json_t *other); /* what is in `other`, place by place */
json_t *sb_field_set_intersection(const json_t *a, const json_t *b);
/* Adds the named members on the way to each place: whoever owns spec.a is taken to own spec. */
void sb_field_set_add_named(json_t *set, const struct sb_schema *schema);
/* A path element as people read it: `.name`, `[port=80,protocol="TCP"]`, `[="x"]`. */
void sb_field_set_word(const char *element, struct fc_buf *out);
/* Calls `fn` with each place in the set as people read it, ".spec.ports[port=80].name", in the order of the elements.
 */
void sb_field_set_each(const json_t *set, void (*fn)(void *user, const char *path), void *user);

#endif
