/* resolver.h - a made-up resolver, whose answers and whose time are the test's.
 *
 * It answers by family. While a family is shut, its look-ups wait inside.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_RESOLVER_H
#define TESTS_SUPPORT_RESOLVER_H

#include <netdb.h>
#include <stdbool.h>

/* What sk_resolve_use() takes. */
int  resolver_look_up(const char *name, const char *service,
                      const struct addrinfo *hints, struct addrinfo **out);
void resolver_release(struct addrinfo *list);

/* Both families are open and know no name; nothing was asked yet. */
void resolver_reset(void);

/* Addresses of any family, NULL behind the last; they stay the caller's. */
void resolver_say(int family, const char *const *addresses);
void resolver_fail(int family, int eai, int system);

void resolver_shut(int family);
void resolver_open(int family);
void resolver_pass(int family); /* let one through that waits, or will */

/* Wait until exactly so many look-ups are inside; until a family has answered
 * so many; until so many answers have been given back. */
void resolver_wait_inside(int count);
void resolver_wait_answered(int family, int count);
void resolver_wait_released(int count);

/* Open both and wait until no look-up runs: then this process has as many
 * threads as when resolver_begin() was called, before all tests. */
void resolver_begin(void);
void resolver_drain(void);

/* Since the last reset. The text is good until it is asked for again. */
const char *resolver_asked(void); /* "one/6 two/4 " */
int         resolver_most_inside(void);
bool        resolver_signals_blocked(void); /* of the last look-up */

#endif
