/* engine_libsock.c - libsock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/own.h"

const struct engine engine_libsock[] = {
    {"libsock",
     sock_version,
     {
         [WORK_PING]    = own_ping,
         [WORK_BULK]    = own_bulk,
         [WORK_LINES]   = own_lines,
         [WORK_CONNECT] = own_connect,
         [WORK_HOLD]    = own_hold,
     }},
    {NULL, NULL, {NULL}},
};
