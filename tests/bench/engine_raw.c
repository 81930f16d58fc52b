/* engine_raw.c - what all others are measured against: bare system calls; and
 * other ways to do the same without a library.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/raw.h"

const struct engine engine_raw[] = {
    {"raw",
     NULL,
     {
         [WORK_PING]    = raw_ping,
         [WORK_BULK]    = raw_bulk,
         [WORK_LINES]   = raw_lines,
         [WORK_CONNECT] = raw_connect,
     }},
    {"getline", NULL, {[WORK_LINES] = raw_getline}},
    {NULL, NULL, {NULL}},
};
