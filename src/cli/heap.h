/* SPDX-License-Identifier: Apache-2.0 */
/* fc_heap - how glibc's malloc is set for a program of a thousand threads that mostly wait.
 * Owns:    the process's settings of malloc, and of the environment only GLIBC_TUNABLES.
 * Threads: main thread only, before the first other one.
 * Fails:   never: where the system does not let it, more memory is needed.
 * Source:  mallopt(3); "Memory Allocation Tunables" of the GNU C Library's manual. */
#ifndef FC_HEAP_H
#define FC_HEAP_H

/* The value that GLIBC_TUNABLES is to have for it, given the present one (NULL: unset); malloc'd. NULL: the operator
 * has set himself what is set here, which is left alone, or it is set. */
char *fc_heap_tuned(const char *value);
/* The value without what fc_heap_tuned added, malloc'd; NULL: the variable is to be unset. `value` may be NULL. */
char *fc_heap_untuned(const char *value);

/* The first thing that main does. Some settings are read only when a program starts: the process becomes itself again
 * with them, under the same id, unless it has them. What it starts itself later gets the environment as it was. */
void fc_heap_start(char **argv);

/* What can be set while it runs. */
void fc_heap_set(void);

#endif
