/* SPDX-License-Identifier: Apache-2.0 */
/* fc_mem - memory in two kinds: small and fixed (abort on failure), sized by network or file (can fail).
 * Owns:    nothing; the caller frees with free().
 * Threads: any.
 * Fails:   fc_x* never return NULL; fc_try_* return NULL and leave what was there untouched.
 * Source:  an allocation of a few bytes cannot be recovered from sensibly; one sized by a peer must be. */
#ifndef FC_MEM_H
#define FC_MEM_H

#include <stddef.h>
#include <stdlib.h>

#define FC_UNUSED __attribute__((unused))
#define FC_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* The struct of that type whose member `pointer` points to. */
#define FC_CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Zeroed, copied or printed memory of a size that the program itself decides; the caller frees. Out of memory they
 * end it. */
void *fc_xcalloc(size_t count, size_t size) __attribute__((returns_nonnull, malloc));
void *fc_xrealloc(void *old, size_t bytes) __attribute__((returns_nonnull));
char *fc_xstrdup(const char *s) __attribute__((returns_nonnull, malloc));
char *fc_xstrndup(const char *s, size_t bytes) __attribute__((returns_nonnull, malloc));
char *fc_xasprintf(const char *fmt, ...) __attribute__((returns_nonnull, malloc, format(printf, 1, 2)));
/* NULL gives NULL. */
char *fc_xstrdup_null(const char *s);

/* For sizes that a peer or a file decides: NULL when there is no memory, and `old` is still the caller's. */
void *fc_try_realloc(void *old, size_t bytes) __attribute__((warn_unused_result));

/* How many of this thread's calls of it have ever returned NULL: whoever calls through a library that may overlook one
 * compares before and after. */
unsigned fc_try_failures(void);

/* For tests: the n-th fc_try_realloc of this thread from now fails (1: the next); 0 switches it off. */
void fc_mem_fail_nth(unsigned nth);

/* Overwrites memory that held a secret, in a way the compiler keeps, then frees it. NULL allowed. */
void fc_free_secret(void *p, size_t bytes);

/* Scope cleanup: `FC_AUTO_FREE char *s = ...;` frees at every exit of the scope. */
static inline void fc_free_ptr(void *p)
{
	free(*(void **)p);
}
#define FC_AUTO_FREE __attribute__((cleanup(fc_free_ptr)))
#define FC_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Takes the value out of a variable and leaves NULL behind: the visible word of a hand-over. */
#define fc_steal(pp)                                 \
	(__extension__({                             \
		__typeof__(*(pp)) fc_taken_ = *(pp); \
		*(pp) = NULL;                        \
		fc_taken_;                           \
	}))

/* Grows an array so that `count + 1` elements fit. `cap` is in elements. */
#define FC_GROW(array, count, cap)                                                        \
	do {                                                                              \
		if ((count) == (cap)) {                                                   \
			(cap) = (cap) ? (cap)*2 : 4;                                      \
			(array) = fc_xrealloc((array), (size_t)(cap) * sizeof(*(array))); \
		}                                                                         \
	} while (0)

#endif
