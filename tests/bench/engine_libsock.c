/* engine_libsock.c - libsock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/own.h"

const struct engine engine_libsock[] = {
    {"libsock",
     sock_version,
     {
         [WORK_PING]      = own_ping,
         [WORK_BULK]      = own_bulk,
         [WORK_LINES]     = own_lines,
         [WORK_WAKE]      = own_wake,
         [WORK_SELECT]    = own_select,
         [WORK_CONNECT]   = own_connect,
         [WORK_DATAGRAM]  = own_datagram,
         [WORK_BURST]     = own_burst,
         [WORK_ECHO]      = own_echo,
         [WORK_HANDSHAKE] = own_handshake,
         [WORK_TLS_BULK]  = own_tls_bulk,
         [WORK_HOLD]      = own_hold,
     }},
    {"libsock gso", sock_version, {[WORK_BURST] = own_burst_gso}},
    {NULL, NULL, {NULL}},
};
