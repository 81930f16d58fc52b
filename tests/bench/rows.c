/* rows.c - what is measured, and what libsock aims at.
 *
 * An aim is the ratio of the reference's time to libsock's. Where the reference
 * does the same, it is the little below 1 that a border may cost.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/rows.h"

#include <string.h>

#define AIM(ratio)                                                             \
    {                                                                          \
        {"libsock", ratio},                                                    \
        {                                                                      \
            NULL, 0                                                            \
        }                                                                      \
    }

/* To see how the cost grows. */
#define NO_AIM                                                                 \
    {                                                                          \
        {                                                                      \
            NULL, 0                                                            \
        }                                                                      \
    }

const struct row rows[] = {
    {"ping-64", "64 bytes over TCP, there and back, blocking", WORK_PING, 64, 0,
     AIM(.99), NULL, NULL, 0},
    {"bulk-256", "256 bytes over TCP, one way", WORK_BULK, 256, 0, NO_AIM, NULL,
     NULL, 0},
    {"bulk-4k", "4 KiB over TCP, one way", WORK_BULK, 4096, 0, AIM(.99), NULL,
     NULL, 0},
    {"bulk-16k", "16 KiB over TCP, one way", WORK_BULK, 16384, 0, NO_AIM, NULL,
     NULL, 0},
    {"bulk-64k", "64 KiB over TCP, one way", WORK_BULK, 65536, 0, AIM(.99),
     NULL, NULL, 0},
    {"lines-8", "a line of 8 bytes", WORK_LINES, 8, 0, AIM(.9), "getline", NULL,
     0},
    {"lines-32", "a line of 32 bytes", WORK_LINES, 32, 0, AIM(.9), "getline",
     NULL, 0},
    {"lines-120", "a line of 120 bytes", WORK_LINES, 120, 0, AIM(.9), "getline",
     NULL, 0},
    {"wake-10", "one busy among 10 idle, kept set", WORK_WAKE, 1, 10, AIM(.97),
     NULL, NULL, 0},
    {"wake-100", "one busy among 100 idle, kept set", WORK_WAKE, 1, 100,
     AIM(.97), NULL, NULL, 0},
    {"wake-1000", "one busy among 1,000 idle, kept set", WORK_WAKE, 1, 1000,
     AIM(.97), NULL, NULL, 0},
    {"wake-10000", "one busy among 10,000 idle, kept set", WORK_WAKE, 1, 10000,
     AIM(.97), NULL, NULL, 0},
    {"select-10", "one busy among 10 idle, arrays rebuilt, against epoll",
     WORK_SELECT, 1, 10, AIM(.91), NULL, NULL, 0},
    {"select-100", "one busy among 100 idle, arrays rebuilt, against epoll",
     WORK_SELECT, 1, 100, AIM(.91), NULL, NULL, 0},
    {"select-1000", "one busy among 1,000 idle, arrays rebuilt, against epoll",
     WORK_SELECT, 1, 1000, AIM(.91), NULL, NULL, 0},
    {"select-10000",
     "one busy among 10,000 idle, arrays rebuilt, against epoll", WORK_SELECT,
     1, 10000, AIM(.5), NULL, NULL, 0},
    {"connect", "connect, accept, close both", WORK_CONNECT, 0, 0, AIM(.98),
     NULL, NULL, 0},
    {"datagram-64", "64 bytes over UDP, there and back", WORK_DATAGRAM, 64, 0,
     AIM(.98), NULL, NULL, 0},
    {"burst-1200",
     "one of many datagrams of 1,200 bytes to one place",
     WORK_BURST,
     1200,
     0,
     {{"libsock", 1.04}, {"libsock gso", 20}},
     NULL,
     NULL,
     0},
    {"echo-50", "echo server, 50 clients", WORK_ECHO, 64, 50, AIM(.98), NULL,
     NULL, 0},
    {"echo-500", "echo server, 500 clients", WORK_ECHO, 64, 500, AIM(.98), NULL,
     NULL, 0},
    {"echo-5000", "echo server, 5,000 clients", WORK_ECHO, 64, 5000, AIM(.98),
     NULL, NULL, 0},
    {"handshake", "connect, TLS 1.3 handshake, close", WORK_HANDSHAKE, 0, 0,
     AIM(1.05), NULL, NULL, 0},
    {"tls-bulk-16k", "16 KiB over TLS 1.3, one way", WORK_TLS_BULK, 16384, 0,
     AIM(.98), NULL, NULL, 0},
    {"hold-2", "a call without a system call, 2 threads against 1", WORK_HOLD,
     0, 2, AIM(.77), NULL, "libsock", 1},
    {"hold-8", "a call without a system call, 8 threads against 1", WORK_HOLD,
     0, 8, NO_AIM, NULL, "libsock", 1},
};

const size_t row_count = sizeof rows / sizeof rows[0];

const char *row_work_name(enum work work)
{
    static const char *const names[WORK_COUNT] = {
        [WORK_PING] = "ping",         [WORK_BULK] = "bulk",
        [WORK_LINES] = "lines",       [WORK_WAKE] = "wake",
        [WORK_SELECT] = "select",     [WORK_CONNECT] = "connect",
        [WORK_DATAGRAM] = "datagram", [WORK_BURST] = "burst",
        [WORK_ECHO] = "echo",         [WORK_HANDSHAKE] = "handshake",
        [WORK_TLS_BULK] = "tls-bulk", [WORK_HOLD] = "hold",
    };

    return names[work];
}

bool row_matches(const struct row *row, const char *name)
{
    return !name || strcmp(name, row->name) == 0 ||
           strcmp(name, row_work_name(row->work)) == 0;
}
