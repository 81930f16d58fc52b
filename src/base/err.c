/* err.c - libsock's own error codes and the names of its verbs, as text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/err.h"

#include <sock/error.h>

static const char *const verbs[SK_VERBS] = {
    [SK_NONE]                    = "",
    [SK_ACCEPT]                  = "accept",
    [SK_ADDRINFO_BIND]           = "addrinfo_bind",
    [SK_ADDRINFO_CONNECT]        = "addrinfo_connect",
    [SK_ADDRINFO_EXPLAIN]        = "addrinfo_explain",
    [SK_ADDRINFO_LOOKUP]         = "addrinfo_lookup",
    [SK_ATMARK]                  = "atmark",
    [SK_BIND]                    = "bind",
    [SK_BLOCK_SOURCE]            = "block_source",
    [SK_CLOSE]                   = "close",
    [SK_CONNECT]                 = "connect",
    [SK_CREATE]                  = "create",
    [SK_CREATE_LISTEN]           = "create_listen",
    [SK_CREATE_PAIR]             = "create_pair",
    [SK_EXPORT_FD]               = "export_fd",
    [SK_FD]                      = "fd",
    [SK_GET_LINGER]              = "get_linger",
    [SK_GET_MULTICAST_INTERFACE] = "get_multicast_interface",
    [SK_GET_MULTICAST_LOOP]      = "get_multicast_loop",
    [SK_GET_MULTICAST_TTL]       = "get_multicast_ttl",
    [SK_GET_OPTION]              = "get_option",
    [SK_GET_PEER_CREDENTIALS]    = "get_peer_credentials",
    [SK_GETPEERNAME]             = "getpeername",
    [SK_GETSOCKNAME]             = "getsockname",
    [SK_IMPORT_FD]               = "import_fd",
    [SK_IOVEC_ADD]               = "iovec_add",
    [SK_IOVEC_ALLOC]             = "iovec_alloc",
    [SK_IOVEC_DELETE]            = "iovec_delete",
    [SK_IOVEC_FETCH]             = "iovec_fetch",
    [SK_IOVEC_SET]               = "iovec_set",
    [SK_JOIN_GROUP]              = "join_group",
    [SK_JOIN_SOURCE_GROUP]       = "join_source_group",
    [SK_LEAVE_GROUP]             = "leave_group",
    [SK_LEAVE_SOURCE_GROUP]      = "leave_source_group",
    [SK_LISTEN]                  = "listen",
    [SK_MESSAGE_ADD_CREDENTIALS] = "message_add_credentials",
    [SK_MESSAGE_ADD_FDS]         = "message_add_fds",
    [SK_MESSAGE_ADD_HANDLES]     = "message_add_handles",
    [SK_MESSAGE_ADD_INT]         = "message_add_int",
    [SK_MESSAGE_ADD_PKTINFO]     = "message_add_pktinfo",
    [SK_MESSAGE_CREATE]          = "message_create",
    [SK_MESSAGE_GET_CREDENTIALS] = "message_get_credentials",
    [SK_MESSAGE_GET_ERROR]       = "message_get_error",
    [SK_MESSAGE_GET_INT]         = "message_get_int",
    [SK_MESSAGE_GET_NAME]        = "message_get_name",
    [SK_MESSAGE_GET_PKTINFO]     = "message_get_pktinfo",
    [SK_MESSAGE_SET_NAME]        = "message_set_name",
    [SK_MESSAGE_TAKE_FDS]        = "message_take_fds",
    [SK_POLL_ADD]                = "poll_add",
    [SK_POLL_CREATE]             = "poll_create",
    [SK_POLL_MODIFY]             = "poll_modify",
    [SK_POLL_REMOVE]             = "poll_remove",
    [SK_POLL_WAIT]               = "poll_wait",
    [SK_READ]                    = "read",
    [SK_READV]                   = "readv",
    [SK_RECV]                    = "recv",
    [SK_RECVFROM]                = "recvfrom",
    [SK_RECVMMSG]                = "recvmmsg",
    [SK_RECVMSG]                 = "recvmsg",
    [SK_SELECT]                  = "select",
    [SK_SEND]                    = "send",
    [SK_SENDMMSG]                = "sendmmsg",
    [SK_SENDMSG]                 = "sendmsg",
    [SK_SENDTO]                  = "sendto",
    [SK_SET_BLOCK]               = "set_block",
    [SK_SET_DEADLINE]            = "set_deadline",
    [SK_SET_KEEPALIVE]           = "set_keepalive",
    [SK_SET_LINGER]              = "set_linger",
    [SK_SET_MULTICAST_INTERFACE] = "set_multicast_interface",
    [SK_SET_MULTICAST_LOOP]      = "set_multicast_loop",
    [SK_SET_MULTICAST_TTL]       = "set_multicast_ttl",
    [SK_SET_NONBLOCK]            = "set_nonblock",
    [SK_SET_OPTION]              = "set_option",
    [SK_SET_TIMEOUT]             = "set_timeout",
    [SK_SHUTDOWN]                = "shutdown",
    [SK_UNBLOCK_SOURCE]          = "unblock_source",
    [SK_WRITE]                   = "write",
    [SK_WRITE_ALL]               = "write_all",
    [SK_WRITEV]                  = "writev",
};

static const struct {
    int         code;
    const char *text;
} texts[] = {
    {LIBSOCK_EAI_AGAIN, "Temporary failure in name resolution"},
    {LIBSOCK_EAI_BADFLAGS, "Bad flags for a name look-up"},
    {LIBSOCK_EAI_FAIL, "Permanent failure in name resolution"},
    {LIBSOCK_EAI_FAMILY, "Address family not supported by name look-up"},
    {LIBSOCK_EAI_NONAME, "Name or service not known"},
    {LIBSOCK_EAI_SERVICE, "Service not known for this socket type"},
    {LIBSOCK_EAI_SOCKTYPE, "Socket type not supported by name look-up"},
    {LIBSOCK_EAI_NODATA, "No address for this name"},
    {LIBSOCK_EAI_ADDRFAMILY, "No address in this family for this name"},
    {LIBSOCK_EAI_OVERFLOW, "Name too long for a look-up"},
    {LIBSOCK_EAI_OTHER, "Name look-up failed"},
};

const char *sk_err_verb(enum sk_verb verb)
{
    SK_ASSERT(verb < SK_VERBS);
    return verbs[verb];
}

const char *sk_err_text(int code)
{
    for (size_t i = 0; i < SK_COUNT(texts); i++)
        if (texts[i].code == code)
            return texts[i].text;
    return NULL;
}
