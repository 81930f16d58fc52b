/* promises.h - one list of promises, run over any transport.
 *
 * Every promise is made about `self`, whose `peer` is its other end. It is run
 * over each transport about the client and, unless both ends are the same,
 * about what the server accepted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_PROMISES_H
#define TESTS_SUPPORT_PROMISES_H

#include "support/transport.h"

struct ends {
    const struct transport *t;
    sock_t                 *self, *peer;
    bool                    is_accepted; /* self is what the server accepted */
};

struct promise {
    const char *name;
    void (*test)(void **state);
    unsigned needs; /* what the transport has to be, all of it */
};

/* Where it stands. */
extern const struct promise promises_of_bytes[], promises_of_time[],
    promises_of_closing[], promises_of_readiness[], promises_of_lines[],
    promises_of_names[], promises_of_processes[];

/* Run the list over these transports; returns how many tests failed. */
int promises_run(const struct transport *list, size_t count);

/* What the tests begin and end with. */
struct ends ends_open(void **state);
void        ends_close(struct ends *e);

/* ---- small steps ---- */

/* Byte number `at` of what is sent in tests of order. */
unsigned char byte_at(size_t at);
void          make_bytes(unsigned char *out, size_t from, size_t count);
void          are_bytes(const unsigned char *bytes, size_t from, size_t count);

/* Read so many, in as many calls as it takes; and they are `text`. */
void take_exactly(sock_t *s, void *out, size_t count);
void take_text(sock_t *s, const char *text);
void put_text(sock_t *s, const char *text);

/* It failed on s, with this error. */
#define failed_with(s, call, error)                                            \
    do {                                                                       \
        assert_true((call) < 0);                                               \
        assert_int_equal(sock_last_error(s), error);                           \
    } while (0)

#endif
