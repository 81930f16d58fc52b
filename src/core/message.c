/* message.c - the message object: what is sent and received together.
 *
 * What depends on the socket is settled when a message is sent: what its
 * address means, which descriptors its handles have. Until then the items for
 * handles hold no descriptor; the handles stand beside them, in order.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/message.h"

#include "core/call.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* More than any system takes with a message. */
#define CONTROL_MAX (1u << 20)

/* The items stand behind the message, where malloc() itself would put them. */
#define HEAD                                                                   \
    ((sizeof(struct sock_message) + _Alignof(max_align_t) - 1) /               \
     _Alignof(max_align_t) * _Alignof(max_align_t))

/* ---- life ---- */

sock_message_t *sock_message_create(size_t control_size)
{
    sock_message_t *m = NULL;

    if (control_size <= CONTROL_MAX)
        m = calloc(1, HEAD + control_size);
    if (!m) {
        sk_call_refuse(SK_MESSAGE_CREATE,
                       control_size <= CONTROL_MAX ? ENOMEM : EINVAL);
        return NULL;
    }
    m->control.bytes = (unsigned char *)m + HEAD;
    m->control.room  = control_size;
    return m;
}

void sk_message_empty(sock_message_t *m)
{
    if (m->received)
        sk_control_close_fds(&m->control);
    m->control.size = 0;
    m->received     = false;
    m->name.len     = 0;
    m->text[0]      = '\0';
    m->length       = 0;
    m->flags        = 0;
    m->handle_count = 0;
}

void sock_message_clear(sock_message_t *m)
{
    if (!m)
        return;
    sk_message_empty(m);
    m->parts = NULL;
    m->count = 0;
}

void sock_message_free(sock_message_t *m)
{
    if (!m)
        return;
    sk_message_empty(m);
    free(m->handles);
    free(m);
}

void sk_message_keep(sock_message_t *m, const struct msghdr *h, size_t length)
{
    m->received     = true;
    m->name.len     = h->msg_namelen;
    m->control.size = h->msg_controllen;
    m->flags        = h->msg_flags & ~MSG_CMSG_CLOEXEC;
    m->length       = length;
}

/* What does not concern a socket is remembered with the thread alone. */
static bool done(enum sk_verb verb, sk_err err)
{
    if (err)
        sk_call_refuse(verb, err);
    return !err;
}

/* An item to be added: it is one of these. */
struct item {
    int                       level, type, value; /* a number, if level is */
    const int                *fds;
    size_t                    count; /* of fds */
    const struct sk_addr     *own;
    unsigned                  index; /* with own */
    const sock_credentials_t *who;
};

static sk_err put(struct sk_control *c, const struct item *item)
{
    if (item->fds)
        return sk_control_add_fds(c, item->fds, item->count);
    if (item->own)
        return sk_control_add_pktinfo(c, item->own, item->index);
    if (item->who)
        return sk_control_add_credentials(c, item->who);
    return sk_control_add_int(c, item->level, item->type, item->value);
}

/* What is added to a received message makes it anew: what came goes, but not
 * before it is sure that the item can be added. */
static sk_err add(sock_message_t *m, const struct item *item)
{
    struct sk_control trial = {NULL, m->control.room, 0};
    sk_err            err;

    if (m->received) {
        if ((err = put(&trial, item)))
            return err;
        sk_message_empty(m);
    }
    return put(&m->control, item);
}

/* ---- name and parts ---- */

/* What surely is an address is parsed once. A path may look like anything, a
 * name like a path: those wait for the socket. */
static void parse_ahead(sock_message_t *m)
{
    int domain = strchr(m->text, ':') ? AF_INET6 : AF_INET;

    if (sk_addr_parse(domain, m->text, m->port, &m->name))
        m->name.len = 0;
}

static sk_err set_name(sock_message_t *m, const char *address, int port)
{
    if (!m || port < 0 || port > 65535)
        return EINVAL;
    if (address && strlen(address) > SK_ADDR_NAME_MAX)
        return ENAMETOOLONG;
    if (m->received)
        sk_message_empty(m);
    strcpy(m->text, address ? address : "");
    m->port     = port;
    m->name.len = 0;
    if (*m->text)
        parse_ahead(m);
    return 0;
}

bool sock_message_set_name(sock_message_t *m, const char *address, int port)
{
    return done(SK_MESSAGE_SET_NAME, set_name(m, address, port));
}

sk_err sk_message_name(const sock_message_t *m, char *address, size_t size,
                       int *port)
{
    if (*m->text) {
        if (address && size < strlen(m->text) + 1)
            return EINVAL;
        if (address)
            strcpy(address, m->text);
        if (port)
            *port = m->port;
        return 0;
    }
    if (address &&
        size < sk_addr_room(m->name.len ? m->name.u.any.sa_family : AF_UNSPEC))
        return EINVAL;
    if (sk_addr_text(&m->name, address, size, port) && address)
        address[0] = '\0';
    return 0;
}

bool sock_message_get_name(const sock_message_t *m, char *address, size_t size,
                           int *port)
{
    return done(SK_MESSAGE_GET_NAME,
                m ? sk_message_name(m, address, size, port) : EINVAL);
}

void sock_message_set_parts(sock_message_t *m, const struct iovec *parts,
                            size_t count)
{
    if (!m)
        return;
    m->parts = parts;
    m->count = count;
}

/* Of a stream one call takes some of them; a datagram cannot be cut. */
sk_err sk_parts_measure(const struct sk_sock *s, const struct iovec *parts,
                        size_t *count, size_t *total)
{
    *total = 0;
    if (*count && !parts)
        return EINVAL;
    for (size_t i = 0; i < *count; i++) {
        if (parts[i].iov_len > (size_t)SSIZE_MAX - *total ||
            (parts[i].iov_len && !parts[i].iov_base))
            return EINVAL;
        *total += parts[i].iov_len;
    }
    if (*count <= IOV_MAX)
        return 0;
    if (!sk_sock_is_stream(s))
        return EMSGSIZE;
    for (size_t i = IOV_MAX; i < *count; i++)
        *total -= parts[i].iov_len;
    *count = IOV_MAX;
    return 0;
}

size_t sock_message_length(const sock_message_t *m)
{
    return m ? m->length : 0;
}

int sock_message_flags(const sock_message_t *m)
{
    return m ? m->flags : 0;
}

/* ---- descriptors ---- */

static sk_err add_handles(sock_message_t *m, sock_t *const *handles,
                          size_t count)
{
    int               none[SK_CONTROL_FDS];
    const struct item item = {.fds = none, .count = count};
    sock_t          **all;
    sk_err            err;

    if (!m || !handles || !count || count > SK_CONTROL_FDS)
        return EINVAL;
    if (!(all = realloc(m->handles, (m->handle_count + count) * sizeof *all)))
        return ENOMEM;
    m->handles = all;
    for (size_t i = 0; i < count; i++)
        none[i] = SK_CONTROL_NO_FD;
    if ((err = add(m, &item)))
        return err;
    memcpy(all + m->handle_count, handles, count * sizeof *all);
    m->handle_count += count;
    return 0;
}

bool sock_message_add_handles(sock_message_t *m, sock_t *const *handles,
                              size_t count)
{
    return done(SK_MESSAGE_ADD_HANDLES, add_handles(m, handles, count));
}

static sk_err add_fds(sock_message_t *m, const int *fds, size_t count)
{
    const struct item item = {.fds = fds, .count = count};

    if (!m || !fds || count > SK_CONTROL_FDS)
        return EINVAL;
    for (size_t i = 0; i < count; i++)
        if (fds[i] < 0)
            return EBADF;
    return add(m, &item);
}

bool sock_message_add_fds(sock_message_t *m, const int *fds, size_t count)
{
    return done(SK_MESSAGE_ADD_FDS, add_fds(m, fds, count));
}

ssize_t sock_message_take_fds(sock_message_t *m, int *fds, size_t max)
{
    size_t taken = 0;
    int    fd;

    if (!m || (!fds && max)) {
        done(SK_MESSAGE_TAKE_FDS, EINVAL);
        return -1;
    }
    for (size_t n = 0;
         taken < max && m->received && sk_control_fd(&m->control, n, &fd);
         n++) {
        if (fd == SK_CONTROL_NO_FD)
            continue;
        fds[taken++] = fd;
        sk_control_set_fd(&m->control, n, SK_CONTROL_NO_FD);
    }
    return (ssize_t)taken;
}

/* ---- numbers, addresses, credentials ---- */

bool sock_message_add_int(sock_message_t *m, int level, int type, int value)
{
    const struct item item = {.level = level, .type = type, .value = value};

    return done(SK_MESSAGE_ADD_INT, m ? add(m, &item) : EINVAL);
}

bool sock_message_get_int(const sock_message_t *m, int level, int type,
                          int *value)
{
    sk_err err = EINVAL;

    if (m && value)
        err = sk_control_get_int(&m->control, level, type, value);
    return done(SK_MESSAGE_GET_INT, err);
}

static sk_err add_pktinfo(sock_message_t *m, const char *source, unsigned index)
{
    struct sk_addr own;
    struct item    item = {.own = &own};
    sk_err         err;

    if (!m || !source)
        return EINVAL;
    err = sk_addr_parse(strchr(source, ':') ? AF_INET6 : AF_INET, source, 0,
                        &own);
    if (!err && own.u.any.sa_family == AF_INET6 && own.u.in6.sin6_scope_id) {
        if (index && index != own.u.in6.sin6_scope_id)
            err = EINVAL;
        index = own.u.in6.sin6_scope_id;
    }
    item.index = index;
    if (!err)
        err = add(m, &item);
    return err == SK_ADDR_IS_NAME ? EINVAL : err;
}

bool sock_message_add_pktinfo(sock_message_t *m, const char *source,
                              unsigned interface_index)
{
    return done(SK_MESSAGE_ADD_PKTINFO,
                add_pktinfo(m, source, interface_index));
}

static sk_err get_pktinfo(const sock_message_t *m, char *address, size_t size,
                          unsigned *index)
{
    struct sk_addr own;
    unsigned       found;
    sk_err         err;

    if (!m)
        return EINVAL;
    if ((err = sk_control_get_pktinfo(&m->control, &own, &found)))
        return err;
    if (address && size < sk_addr_room(own.u.any.sa_family))
        return EINVAL;
    if (index)
        *index = found;
    return sk_addr_text(&own, address, size, NULL);
}

bool sock_message_get_pktinfo(const sock_message_t *m, char *address,
                              size_t size, unsigned *interface_index)
{
    return done(SK_MESSAGE_GET_PKTINFO,
                get_pktinfo(m, address, size, interface_index));
}

bool sock_message_add_credentials(sock_message_t           *m,
                                  const sock_credentials_t *c)
{
    const struct item item = {.who = c};

    return done(SK_MESSAGE_ADD_CREDENTIALS, m && c ? add(m, &item) : EINVAL);
}

bool sock_message_get_credentials(const sock_message_t *m,
                                  sock_credentials_t   *out)
{
    sk_err err = EINVAL;

    if (m && out)
        err = sk_control_get_credentials(&m->control, out);
    return done(SK_MESSAGE_GET_CREDENTIALS, err);
}

/* ---- errors ---- */

static sk_err get_error(const sock_message_t *m, sock_message_error_t *out,
                        size_t size)
{
    sock_message_error_t all;
    struct sk_addr       offender;
    sk_err               err;

    if (!m || !out || !size)
        return EINVAL;
    if ((err = sk_control_get_error(&m->control, &all, &offender)))
        return err;
    sk_addr_text(&offender, all.offender, sizeof all.offender, NULL);
    memset(out, 0, size);
    memcpy(out, &all, size < sizeof all ? size : sizeof all);
    return 0;
}

bool sock_message_get_error(const sock_message_t *m, sock_message_error_t *out,
                            size_t size)
{
    return done(SK_MESSAGE_GET_ERROR, get_error(m, out, size));
}

size_t sock_cmsg_space(int level, int type, size_t count)
{
    return sk_control_space(level, type, count);
}
