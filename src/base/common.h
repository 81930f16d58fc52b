/* common.h - the few words every file shares.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_BASE_COMMON_H
#define SK_BASE_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The result of an internal call: 0, an errno value or a LIBSOCK_E code. */
typedef int sk_err;

#define SK_LIKELY(x) __builtin_expect(!!(x), 1)
#define SK_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* A function off the fast path: kept out of its callers. */
#define SK_COLD __attribute__((noinline, cold))

/* The argument of that number is a format as printf()'s, whose arguments are a
 * va_list. */
#define SK_FORMAT(number) __attribute__((format(printf, number, 0)))

/* Tells the compiler what it cannot see; nothing is checked. */
#define SK_KNOWN(x) ((x) ? (void)0 : __builtin_unreachable())

/* The compiler forgets what it knows of a number: it makes a "rep stos" or "rep
 * movs", which are slow to start, of a length that it can bound. */
#define SK_FORGET(number) __asm__("" : "+r"(number))

/* A variable shared between files is read without a detour. */
#define SK_PRIVATE __attribute__((visibility("hidden")))

/* A promise between our own functions; stays on in release builds. */
#define SK_ASSERT(x) (SK_LIKELY(x) ? (void)0 : abort())

#define SK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
