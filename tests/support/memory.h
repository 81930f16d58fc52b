/* memory.h - a process that runs out of memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_MEMORY_H
#define TESTS_SUPPORT_MEMORY_H

#include <stddef.h>

/* A sanitizer needs more than it has and ends the program. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_HAS_LIMIT 0
#else
#define MEMORY_HAS_LIMIT 1
#endif

/* From now on little more than `more` bytes can be had beyond what is there. */
void memory_limit(size_t more);
void memory_unlimit(void);

#endif
