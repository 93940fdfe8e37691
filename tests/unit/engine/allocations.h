/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what the program allocates: how often, and how much of it is held. One program includes this in one file.
 * Owns:    the counters; they are of the whole program.
 * Threads: programs of one thread.
 * Fails:   never; memory that cannot be had is the caller's affair.
 * Source:  malloc(3), Replacing malloc; <sanitizer/allocator_interface.h> where a sanitizer has replaced it already. */
#ifndef FC_TEST_ENGINE_ALLOCATIONS_H
#define FC_TEST_ENGINE_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static struct {
	size_t calls; /* of malloc, calloc and realloc since the start */
	size_t live;  /* bytes that are held now */
} allocations;

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ALLOCATIONS_OF_A_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALLOCATIONS_OF_A_SANITIZER
#endif

#ifdef ALLOCATIONS_OF_A_SANITIZER

size_t __sanitizer_get_allocated_size(const volatile void *p);
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));

static void count_malloc(const volatile void *p, size_t bytes)
{
	(void)p;
	allocations.calls++;
	allocations.live += bytes;
}

static void count_free(const volatile void *p)
{
	allocations.live -= __sanitizer_get_allocated_size(p);
}

/* To be called once, before anything is measured. */
static inline void allocations_count(void)
{
	if (__sanitizer_install_malloc_and_free_hooks(count_malloc, count_free) <= 0)
		abort();
}

#else

#include <malloc.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void __libc_free(void *p);

/* What malloc takes from the system for a block: its length lies in front of it. */
#define ALLOCATIONS_HEAD sizeof(size_t)

static void *counted(void *p)
{
	allocations.calls++;
	if (p)
		allocations.live += malloc_usable_size(p) + ALLOCATIONS_HEAD;
	return p;
}

static void uncounted(void *p)
{
	if (p)
		allocations.live -= malloc_usable_size(p) + ALLOCATIONS_HEAD;
}

void *malloc(size_t bytes)
{
	return counted(__libc_malloc(bytes));
}

void *calloc(size_t count, size_t bytes)
{
	return counted(__libc_calloc(count, bytes));
}

void *realloc(void *old, size_t bytes)
{
	uncounted(old);
	return counted(__libc_realloc(old, bytes));
}

void free(void *p)
{
	uncounted(p);
	__libc_free(p);
}

static inline void allocations_count(void)
{
}

#endif

#endif
