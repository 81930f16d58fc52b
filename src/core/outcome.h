/* outcome.h - what a read came to, kept for those who ask or read later.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_OUTCOME_H
#define SK_CORE_OUTCOME_H

#include "core/limit.h"

/* Flags of recv(2) for what does not come in line with the other bytes. */
#define SK_PAST_BUFFER (MSG_OOB | MSG_ERRQUEUE)

/* Is a stream over for good by err, rather than short of memory or time? */
bool sk_outcome_is_final(sk_err err);

/* A read with `flags` came to err or, if that is 0, to no bytes: if that ends
 * the stream, it is kept (SK_ENDED). */
void sk_outcome_over(struct sk_sock *s, sk_err err, int flags);

/* A read within l is done: it came to err, or to `got` bytes. Keeps an end as
 * above, and whether the limit ended the read (SK_TIMED_OUT). */
void sk_outcome_note(struct sk_sock *s, const struct sk_limit *l, sk_err err,
                     size_t got, int flags);

/* The system tells an error once, and the caller has bytes to tell of first: if
 * it ends the stream, all reads tell it from now on (SK_FAILED). */
void sk_outcome_tell_later(struct sk_sock *s, sk_err err);

/* A send came to err. A reset is told once by the system, which then says that
 * the stream is at its end: so if it was this send that was told, it is kept
 * for the reads behind what has arrived (SK_RESET). */
void sk_outcome_sent(struct sk_sock *s, sk_err err);

/* A read with `flags` came to no bytes: an error if that is the end of a stream
 * that was reset. */
sk_err sk_outcome_end(struct sk_sock *s, int flags);

#endif
