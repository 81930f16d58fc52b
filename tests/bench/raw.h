/* raw.h - bare system calls, as a good C programmer writes them: the limit.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "bench/engine.h"

work_fn raw_ping, raw_bulk, raw_lines, raw_connect;
work_fn raw_getline;
work_fn raw_wake, raw_echo, raw_select, raw_poll;
work_fn raw_datagram, raw_burst, raw_burst_gso;
work_fn raw_handshake, raw_handshake_tuned;
work_fn raw_tls_bulk, raw_tls_bulk_tuned;

/* Exactly size bytes from a blocking socket; false: fewer came. */
bool raw_take(int fd, char *bytes, size_t size);

/* A listener, not waiting, on any port of 127.0.0.1; -1: see bench_failed(). */
int raw_listen(int *port);

#endif
