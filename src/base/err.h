/* err.h - libsock's own error codes and the names of its verbs, as text.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_BASE_ERR_H
#define SK_BASE_ERR_H

#include "base/common.h"

/* What a call was doing when it failed: the first word of its sentence. */
enum sk_verb {
    SK_NONE,
    SK_ACCEPT,
    SK_ATMARK,
    SK_BIND,
    SK_CLOSE,
    SK_CONNECT,
    SK_CREATE,
    SK_CREATE_LISTEN,
    SK_CREATE_PAIR,
    SK_EXPORT_FD,
    SK_FD,
    SK_GET_LINGER,
    SK_GET_OPTION,
    SK_GETPEERNAME,
    SK_GETSOCKNAME,
    SK_IMPORT_FD,
    SK_LISTEN,
    SK_READ,
    SK_RECV,
    SK_RECVFROM,
    SK_SELECT,
    SK_SEND,
    SK_SENDTO,
    SK_SET_BLOCK,
    SK_SET_DEADLINE,
    SK_SET_KEEPALIVE,
    SK_SET_LINGER,
    SK_SET_NONBLOCK,
    SK_SET_OPTION,
    SK_SET_TIMEOUT,
    SK_SHUTDOWN,
    SK_WRITE,
    SK_WRITE_ALL,
    SK_VERBS /* how many there are */
};

/* "bind" for SK_BIND. */
const char *sk_err_verb(enum sk_verb verb);

/* The text of a LIBSOCK_E code; NULL if code is none. */
const char *sk_err_text(int code);

#endif
