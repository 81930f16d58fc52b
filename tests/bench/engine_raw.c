/* engine_raw.c - what all others are measured against: bare system calls and
 * OpenSSL; and other ways to do the same without a library.
 *
 * What stands for select is epoll: that is the price to beat.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/raw.h"

const struct engine engine_raw[] = {
    {"raw",
     NULL,
     {
         [WORK_PING]      = raw_ping,
         [WORK_BULK]      = raw_bulk,
         [WORK_LINES]     = raw_lines,
         [WORK_WAKE]      = raw_wake,
         [WORK_SELECT]    = raw_wake,
         [WORK_CONNECT]   = raw_connect,
         [WORK_DATAGRAM]  = raw_datagram,
         [WORK_BURST]     = raw_burst,
         [WORK_ECHO]      = raw_echo,
         [WORK_HANDSHAKE] = raw_handshake,
         [WORK_TLS_BULK]  = raw_tls_bulk,
     }},
    {"raw gso", NULL, {[WORK_BURST] = raw_burst_gso}},
    {"raw tuned",
     NULL,
     {
         [WORK_HANDSHAKE] = raw_handshake_tuned,
         [WORK_TLS_BULK]  = raw_tls_bulk_tuned,
     }},
    {"getline", NULL, {[WORK_LINES] = raw_getline}},
    {"select(2)", NULL, {[WORK_SELECT] = raw_select}},
    {"poll(2)", NULL, {[WORK_SELECT] = raw_poll}},
    {NULL, NULL, {NULL}},
};
