/* setup.h - what exists before the time counts.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_SETUP_H
#define BENCH_SETUP_H

#include "bench/engine.h"

#include <netinet/in.h>

/* A listener on any port of 127.0.0.1, and where; -1. */
int setup_listen(struct sockaddr_in *at);

/* A connection to it; -1. */
int setup_connect(const struct sockaddr_in *to);

/* The connections that bench_idle() of this process's children gives them, so
 * that they are made once for all runs of a row. False: failed. */
bool crowd_open(size_t count);
void crowd_close(void);

#endif
