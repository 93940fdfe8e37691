/* SPDX-License-Identifier: Apache-2.0 */
/* fc_buf - a growing byte buffer with a limit.
 * Owns:    its bytes, until fc_buf_steal.
 * Threads: one owner.
 * Fails:   appends past the limit or out of memory return -1 and set `failed`; what was there stays. Several appends
 *          may be made and `failed` asked once at the end: after a failure nothing more is appended.
 * Source:  kube-client 2.24, caps on whatever a peer sizes. */
#ifndef FC_BUF_H
#define FC_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct fc_buf {
	char *data; /* always followed by a zero byte that `len` does not count, once anything was appended */
	size_t len, cap;
	size_t limit; /* bytes; 0: no limit of its own */
	bool failed;
};

#define FC_BUF_INIT ((struct fc_buf){ .data = NULL })

/* Each: 0, or -1 with `failed` set and nothing appended. The bytes are copied. */
int fc_buf_append(struct fc_buf *b, const void *bytes, size_t len);
int fc_buf_puts(struct fc_buf *b, const char *s);
int fc_buf_putc(struct fc_buf *b, char c);
int fc_buf_printf(struct fc_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "" when empty; borrowed, valid until the next append. */
const char *fc_buf_str(const struct fc_buf *b);
/* Gives the zero-terminated bytes to the caller (never NULL) and empties the buffer. */
char *fc_buf_steal(struct fc_buf *b);
/* Forgets the content and `failed`, keeps the memory. */
void fc_buf_clear(struct fc_buf *b);
/* Frees the bytes; the buffer is empty and can be used again. */
void fc_buf_fini(struct fc_buf *b);
/* The same for bytes that held a secret: overwritten first. */
void fc_buf_fini_secret(struct fc_buf *b);
#define FC_AUTO_BUF __attribute__((cleanup(fc_buf_fini)))

#endif
