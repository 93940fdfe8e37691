/* SPDX-License-Identifier: Apache-2.0 */
/* sb_field - where in an object a fault is, and the causes of an Invalid answer in the real server's words.
 * Owns:    nothing: fields stand on the stack and point to their parents; they are printed when there is a fault.
 * Threads: any.
 * Fails:   never.
 * Source:  metav1.StatusCause in the API conventions; recorded conversations; %q and %#v of Go's fmt. */
#ifndef FC_SANDBOX_VALIDATE_FIELD_H
#define FC_SANDBOX_VALIDATE_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "sandbox/answer.h"
#include "sandbox/validate_names.h"

struct sb_field {
	const struct sb_field *parent;
	const char *name; /* a member; NULL: `key`, or else `index` */
	const char *key;
	size_t index;
};
/* spec, spec.ports, data[a.txt], ports[0]: they live as long as the block in which they are written,
 * and the body of an `if` or a loop is one. */
#define SB_FIELD(member) (&(const struct sb_field){ .name = (member) })
#define SB_CHILD(of, member) (&(const struct sb_field){ .parent = (of), .name = (member) })
#define SB_KEY(of, word) (&(const struct sb_field){ .parent = (of), .key = (word) })
#define SB_INDEX(of, i) (&(const struct sb_field){ .parent = (of), .index = (i) })

/* The caller's; NULL is "". */
char *sb_field_print(const struct sb_field *field);

/* The detail of each may be ""; of `invalid` the value is quoted as Go quotes it. */
void sb_invalid(struct sb_causes *causes, const struct sb_field *field, const char *value, const char *fmt, ...)
	FC_PRINTF(4, 5);
void sb_invalid_int(struct sb_causes *causes, const struct sb_field *field, json_int_t value, const char *fmt, ...)
	FC_PRINTF(4, 5);
/* The value as it is. */
void sb_invalid_raw(struct sb_causes *causes, const struct sb_field *field, const char *value, const char *detail);
void sb_duplicate_raw(struct sb_causes *causes, const struct sb_field *field, const char *value);
void sb_required(struct sb_causes *causes, const struct sb_field *field, const char *detail);
void sb_forbidden(struct sb_causes *causes, const struct sb_field *field, const char *detail);
void sb_duplicate(struct sb_causes *causes, const struct sb_field *field, const char *value);
void sb_not_found(struct sb_causes *causes, const struct sb_field *field, const char *value);
/* `words` in the order of the answer, ended by NULL. */
void sb_not_supported(struct sb_causes *causes, const struct sb_field *field, const char *value,
		      const char *const *words);
void sb_too_long(struct sb_causes *causes, const struct sb_field *field, unsigned max);

/* What `check` finds in `value`, each an Invalid of `field`. */
void sb_check(struct sb_causes *causes, const struct sb_field *field, const char *value, sb_faults_fn *check);
/* The same for a metadata.name, or with `prefix` for a metadata.generateName. */
void sb_check_name(struct sb_causes *causes, const struct sb_field *field, const char *value, bool prefix,
		   sb_faults_fn *check);
/* A qualified name in capitals or not. */
void sb_check_annotation_key(struct sb_causes *causes, const struct sb_field *field, const char *key);
/* "must be between 1 and 65535, inclusive" */
void sb_check_port(struct sb_causes *causes, const struct sb_field *field, json_int_t port);
/* A number or a name: containers' ports by name. */
void sb_check_port_or_name(struct sb_causes *causes, const struct sb_field *field, const json_t *port);
/* "must be greater than or equal to 0" */
void sb_check_not_negative(struct sb_causes *causes, const struct sb_field *field, const json_t *number);
/* "" or absent: Required; not one of `words`: not supported. */
void sb_check_word(struct sb_causes *causes, const struct sb_field *field, const char *value, const char *const *words);
bool sb_is_one_of(const char *value, const char *const *words);

/* As Go's %q and %#v print them, for values quoted in messages. `map`: an object of strings or NULL. */
void sb_go_quote(struct fc_buf *out, const char *s);
void sb_go_string_map(struct fc_buf *out, const json_t *map);
void sb_go_string_list(struct fc_buf *out, const json_t *list);

/* All of a text, the caller's; each zero byte in it has become a one, which no name may have either. */
char *sb_whole_text(const json_t *value);
/* A member as text, "" when it is absent or no string; as an integer with `fallback`. NULL object allowed. */
const char *sb_text(const json_t *object, const char *member);
json_int_t sb_int(const json_t *object, const char *member, json_int_t fallback);
/* Both absent, or both equal. */
bool sb_same(const json_t *a, const json_t *b);
/* Sets a member that is absent or null; `value` is taken. */
void sb_set_default(json_t *object, const char *member, json_t *value);
/* The member as an object; made when it is absent. Borrowed. */
json_t *sb_need_object(json_t *object, const char *member);
/* object.member = from.member, or without it when `from` has none. */
void sb_keep_member(json_t *object, const char *member, const json_t *from);

#endif
