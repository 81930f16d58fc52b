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
    SK_ADDRINFO_BIND,
    SK_ADDRINFO_CONNECT,
    SK_ADDRINFO_EXPLAIN,
    SK_ADDRINFO_LOOKUP,
    SK_ATMARK,
    SK_BIND,
    SK_BLOCK_SOURCE,
    SK_CLOSE,
    SK_CONNECT,
    SK_CREATE,
    SK_CREATE_LISTEN,
    SK_CREATE_PAIR,
    SK_EXPORT_FD,
    SK_FD,
    SK_GET_LINGER,
    SK_GET_MULTICAST_INTERFACE,
    SK_GET_MULTICAST_LOOP,
    SK_GET_MULTICAST_TTL,
    SK_GET_OPTION,
    SK_GET_PEER_CREDENTIALS,
    SK_GETPEERNAME,
    SK_GETSOCKNAME,
    SK_IMPORT_FD,
    SK_IOVEC_ADD,
    SK_IOVEC_ALLOC,
    SK_IOVEC_DELETE,
    SK_IOVEC_FETCH,
    SK_IOVEC_SET,
    SK_JOIN_GROUP,
    SK_JOIN_SOURCE_GROUP,
    SK_LEAVE_GROUP,
    SK_LEAVE_SOURCE_GROUP,
    SK_LISTEN,
    SK_MESSAGE_ADD_CREDENTIALS,
    SK_MESSAGE_ADD_FDS,
    SK_MESSAGE_ADD_HANDLES,
    SK_MESSAGE_ADD_INT,
    SK_MESSAGE_ADD_PKTINFO,
    SK_MESSAGE_CREATE,
    SK_MESSAGE_GET_CREDENTIALS,
    SK_MESSAGE_GET_ERROR,
    SK_MESSAGE_GET_INT,
    SK_MESSAGE_GET_NAME,
    SK_MESSAGE_GET_PKTINFO,
    SK_MESSAGE_SET_NAME,
    SK_MESSAGE_TAKE_FDS,
    SK_POLL_ADD,
    SK_POLL_CREATE,
    SK_POLL_MODIFY,
    SK_POLL_REMOVE,
    SK_POLL_WAIT,
    SK_READ,
    SK_READV,
    SK_RECV,
    SK_RECVFROM,
    SK_RECVMMSG,
    SK_RECVMSG,
    SK_SELECT,
    SK_SEND,
    SK_SENDMMSG,
    SK_SENDMSG,
    SK_SENDTO,
    SK_SET_BLOCK,
    SK_SET_DEADLINE,
    SK_SET_KEEPALIVE,
    SK_SET_LINGER,
    SK_SET_MULTICAST_INTERFACE,
    SK_SET_MULTICAST_LOOP,
    SK_SET_MULTICAST_TTL,
    SK_SET_NONBLOCK,
    SK_SET_OPTION,
    SK_SET_TIMEOUT,
    SK_SHUTDOWN,
    SK_UNBLOCK_SOURCE,
    SK_WRITE,
    SK_WRITE_ALL,
    SK_WRITEV,
    SK_VERBS /* how many there are */
};

/* "bind" for SK_BIND. */
const char *sk_err_verb(enum sk_verb verb);

/* The text of a LIBSOCK_E code; NULL if code is none. */
const char *sk_err_text(int code);

#endif
