/* SPDX-License-Identifier: Apache-2.0 */
/* text - bodies made before they are needed, and what is looked for in answers without reading them whole.
 * Owns:    results belong to the caller.
 * Threads: any.
 * Fails:   a file that cannot be read ends the program with a line on standard error.
 * Source:  API servers write JSON without spaces, and metadata.name before what else is called a name. */
#ifndef FC_TEXT_H
#define FC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The value of a round: so many characters, which stand for themselves in a ConfigMap, and are base64 in a Secret. */
#define TEXT_TOKEN 12
void text_token(char kind, long round, char out[TEXT_TOKEN + 1]);

char *text_read(const char *path);
/* The lines of a file, without empty ones. */
char **text_lines(const char *path, size_t *count);
/* A copy of `text` in which each `mark` is `word`. */
char *text_fill(const char *text, const char *mark, const char *word);

bool text_has(const char *text, size_t len, const char *word);
/* The string behind "key":" in the JSON `text`, the first one; NULL: there is none. */
const char *text_value(const char *text, size_t len, const char *key, size_t *value_len);

#endif
