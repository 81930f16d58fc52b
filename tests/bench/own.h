/* own.h - the works by libsock's public calls.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_OWN_H
#define BENCH_OWN_H

#include "bench/engine.h"

#include <sock/sock.h>

work_fn own_ping, own_bulk, own_lines, own_connect, own_hold;
work_fn own_wake, own_select, own_echo;
work_fn own_datagram, own_burst, own_burst_gso;
work_fn own_handshake, own_tls_bulk;

/* Says what libsock says of its last failure, and returns false. */
bool own_failed(void);

/* A bench_pair() as handles. */
bool own_pair(sock_t *pair[2]);

/* Exactly size bytes; false: fewer came. */
bool own_take(sock_t *s, char *bytes, size_t size);

#endif
