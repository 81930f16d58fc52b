/* err.c - libsock's own error codes and the names of its verbs, as text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/err.h"

#include <sock/error.h>

static const char *const verbs[SK_VERBS] = {
    [SK_NONE]          = "",
    [SK_ACCEPT]        = "accept",
    [SK_ATMARK]        = "atmark",
    [SK_BIND]          = "bind",
    [SK_CLOSE]         = "close",
    [SK_CONNECT]       = "connect",
    [SK_CREATE]        = "create",
    [SK_CREATE_LISTEN] = "create_listen",
    [SK_CREATE_PAIR]   = "create_pair",
    [SK_EXPORT_FD]     = "export_fd",
    [SK_FD]            = "fd",
    [SK_GET_LINGER]    = "get_linger",
    [SK_GET_OPTION]    = "get_option",
    [SK_GETPEERNAME]   = "getpeername",
    [SK_GETSOCKNAME]   = "getsockname",
    [SK_IMPORT_FD]     = "import_fd",
    [SK_LISTEN]        = "listen",
    [SK_READ]          = "read",
    [SK_RECV]          = "recv",
    [SK_RECVFROM]      = "recvfrom",
    [SK_SELECT]        = "select",
    [SK_SEND]          = "send",
    [SK_SENDTO]        = "sendto",
    [SK_SET_BLOCK]     = "set_block",
    [SK_SET_DEADLINE]  = "set_deadline",
    [SK_SET_KEEPALIVE] = "set_keepalive",
    [SK_SET_LINGER]    = "set_linger",
    [SK_SET_NONBLOCK]  = "set_nonblock",
    [SK_SET_OPTION]    = "set_option",
    [SK_SET_TIMEOUT]   = "set_timeout",
    [SK_SHUTDOWN]      = "shutdown",
    [SK_WRITE]         = "write",
    [SK_WRITE_ALL]     = "write_all",
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
