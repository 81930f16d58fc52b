/* net.h - sockets in the states that tests need.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_NET_H
#define TESTS_SUPPORT_NET_H

#include <sock/sock.h>

#include <stdint.h>

/* What cmocka.h wants before it. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Two connected TCP sockets. */
void tcp_pair(sock_t *pair[2]);

/* Two connected AF_UNIX sockets. */
void unix_pair(int type, sock_t *pair[2]);

void close_pair(sock_t *pair[2]);

/* A socket that waits in connect(2), and the listener, whose backlog is full.
 * *fillers fill it; close them all with close_full(). */
struct full {
    sock_t *listener;
    sock_t *fillers[8];
    char    address[LIBSOCK_ADDRSTRLEN];
    int     port;
};
void full_backlog(int domain, struct full *f);
/* The same at this address; false if somebody has it. */
bool full_backlog_at(int domain, const char *address, int port, struct full *f);
void close_full(struct full *f);

/* An AF_UNIX datagram socket, bound, whose queue is full. */
sock_t *full_receiver(char *address, size_t size);

/* Fill what the peer does not read: the next write would wait. */
void fill(sock_t *s);

int port_of(sock_t *s);
int open_descriptors(void);

/* A thread that selects many may keep a set of them, which takes two
 * descriptors: from here on it has one. */
void have_a_set_kept(void);

int64_t now_ms(void);

/* Threads of this process; wait until there are so many. */
int  running_threads(void);
void wait_for_threads(int count);

/* Wait until a thread, or a process, sleeps in a system call. */
void wait_until_asleep(int tid);

/* cmocka group set-up and teardown: no descriptor is left behind. */
int count_descriptors(void **state);
int compare_descriptors(void **state);

#endif
