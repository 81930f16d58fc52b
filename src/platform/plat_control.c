/* plat_control.c - control items of a POSIX system, and those of Linux.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform/control.h"

#include <errno.h>
#include <string.h>

#include <arpa/inet.h>

#include <linux/errqueue.h>

/* Newer systems than the headers may send a process's descriptor. */
#define PIDFD 4

enum shape {
    NUMBER,      /* an int, or fewer bytes */
    DESCRIPTORS, /* as many ints as there are */
    RECORD       /* something of its own */
};

static const struct kind {
    int        level;
    int        type;
    enum shape shape;
    size_t     size; /* as it is sent */
} kinds[] = {
    {SOL_SOCKET, SCM_RIGHTS, DESCRIPTORS, sizeof(int)},
    {SOL_SOCKET, SCM_CREDENTIALS, RECORD, sizeof(struct ucred)},
    {SOL_SOCKET, SO_MARK, NUMBER, sizeof(int)},
    {IPPROTO_IP, IP_PKTINFO, RECORD, sizeof(struct in_pktinfo)},
    {IPPROTO_IP, IP_TTL, NUMBER, sizeof(int)},
    {IPPROTO_IP, IP_TOS, NUMBER, sizeof(int)},
    {IPPROTO_IP, IP_RECVERR, RECORD,
     sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in)},
    {IPPROTO_IPV6, IPV6_PKTINFO, RECORD, sizeof(struct in6_pktinfo)},
    {IPPROTO_IPV6, IPV6_HOPLIMIT, NUMBER, sizeof(int)},
    {IPPROTO_IPV6, IPV6_TCLASS, NUMBER, sizeof(int)},
    {IPPROTO_IPV6, IPV6_RECVERR, RECORD,
     sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)},
    {SOL_UDP, UDP_SEGMENT, NUMBER, sizeof(uint16_t)},
    {SOL_UDP, UDP_GRO, NUMBER, sizeof(int)},
};

static const struct kind *kind_of(int level, int type)
{
    for (size_t i = 0; i < SK_COUNT(kinds); i++)
        if (kinds[i].level == level && kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

size_t sk_control_space(int level, int type, size_t count)
{
    const struct kind *kind = kind_of(level, type);

    if (!kind)
        return 0;
    if (kind->shape != DESCRIPTORS)
        return CMSG_SPACE(kind->size);
    return count > (SIZE_MAX - CMSG_SPACE(0) - sizeof(size_t)) / kind->size
               ? 0
               : CMSG_SPACE(count * kind->size);
}

/* ---- walking ---- */

static struct msghdr whole(const struct sk_control *c)
{
    struct msghdr m = {0};

    m.msg_control    = c->bytes;
    m.msg_controllen = c->size;
    return m;
}

static size_t length_of(const struct cmsghdr *item)
{
    return item->cmsg_len < CMSG_LEN(0) ? 0 : item->cmsg_len - CMSG_LEN(0);
}

/* The first item of the pair that has `least` bytes: what the system cut off
 * is not there. */
static const struct cmsghdr *find(const struct sk_control *c, int level,
                                  int type, size_t least)
{
    struct msghdr m = whole(c);

    for (struct cmsghdr *i = CMSG_FIRSTHDR(&m); i; i = CMSG_NXTHDR(&m, i))
        if (i->cmsg_level == level && i->cmsg_type == type &&
            length_of(i) >= least)
            return i;
    return NULL;
}

/* Copies as much of the pair's first item as `size` tells. */
static sk_err get(const struct sk_control *c, int level, int type, void *out,
                  size_t size)
{
    const struct cmsghdr *item = find(c, level, type, size);

    if (!item)
        return ENOMSG;
    memcpy(out, CMSG_DATA(item), size);
    return 0;
}

static sk_err add(struct sk_control *c, int level, int type, const void *data,
                  size_t size)
{
    size_t          space = CMSG_SPACE(size);
    struct cmsghdr *item;

    if (space > c->room - c->size)
        return ENOBUFS;
    if (!c->bytes)
        return 0;
    item             = memset(c->bytes + c->size, 0, space);
    item->cmsg_level = level;
    item->cmsg_type  = type;
    item->cmsg_len   = CMSG_LEN(size);
    memcpy(CMSG_DATA(item), data, size);
    c->size += space;
    return 0;
}

bool sk_control_copy_others(const struct sk_control *c, int level, int type,
                            struct sk_control *out)
{
    struct msghdr m   = whole(c);
    bool          all = true;

    for (struct cmsghdr *i = CMSG_FIRSTHDR(&m); i; i = CMSG_NXTHDR(&m, i))
        if (i->cmsg_level != level || i->cmsg_type != type)
            all &= !add(out, i->cmsg_level, i->cmsg_type, CMSG_DATA(i),
                        length_of(i));
    return all;
}

/* ---- numbers ---- */

static const struct kind *number_of(int level, int type)
{
    const struct kind *kind = kind_of(level, type);

    return kind && kind->shape == NUMBER ? kind : NULL;
}

sk_err sk_control_add_int(struct sk_control *c, int level, int type, int value)
{
    const struct kind *kind = number_of(level, type);
    uint16_t           half = (uint16_t)value;

    if (!kind || kind->type == UDP_GRO || /* which is only told */
        (kind->size == sizeof half && half != value))
        return EINVAL;
    return kind->size == sizeof half
               ? add(c, level, type, &half, sizeof half)
               : add(c, level, type, &value, sizeof value);
}

/* The system sends some of them shorter than it takes them. */
sk_err sk_control_get_int(const struct sk_control *c, int level, int type,
                          int *value)
{
    const struct kind    *kind = number_of(level, type);
    const struct cmsghdr *item;
    uint16_t              half;

    if (!kind)
        return EINVAL;
    if (!(item = find(c, level, type, type == IP_TOS ? 1 : kind->size)))
        return ENOMSG;
    if (length_of(item) >= sizeof *value) {
        memcpy(value, CMSG_DATA(item), sizeof *value);
    } else if (length_of(item) >= sizeof half) {
        memcpy(&half, CMSG_DATA(item), sizeof half);
        *value = half;
    } else {
        *value = *CMSG_DATA(item);
    }
    return 0;
}

/* ---- addresses ---- */

sk_err sk_control_add_pktinfo(struct sk_control    *c,
                              const struct sk_addr *source, unsigned index)
{
    struct in_pktinfo  in4 = {0};
    struct in6_pktinfo in6 = {0};

    if (source->u.any.sa_family == AF_INET) {
        in4.ipi_ifindex  = (int)index;
        in4.ipi_spec_dst = source->u.in4.sin_addr;
        return add(c, IPPROTO_IP, IP_PKTINFO, &in4, sizeof in4);
    }
    in6.ipi6_ifindex = index;
    in6.ipi6_addr    = source->u.in6.sin6_addr;
    return add(c, IPPROTO_IPV6, IPV6_PKTINFO, &in6, sizeof in6);
}

static bool is_group(const struct in_addr *a)
{
    return IN_MULTICAST(ntohl(a->s_addr)) || a->s_addr == INADDR_BROADCAST;
}

/* ipi_spec_dst is where an answer comes from: of what was sent to a group it
 * is an address of the interface. What came before the socket wanted to know
 * has only the address it was sent to. */
static bool get_own4(const struct sk_control *c, struct sk_addr *own,
                     unsigned *index)
{
    struct in_pktinfo in4;

    if (get(c, IPPROTO_IP, IP_PKTINFO, &in4, sizeof in4))
        return false;
    own->len              = sizeof own->u.in4;
    own->u.in4.sin_family = AF_INET;
    own->u.in4.sin_addr   = in4.ipi_spec_dst;
    if (!own->u.in4.sin_addr.s_addr && !is_group(&in4.ipi_addr))
        own->u.in4.sin_addr = in4.ipi_addr;
    *index = (unsigned)in4.ipi_ifindex;
    return true;
}

/* Nothing is sent from a group, nor from everybody: what is left is any address
 * of the family. */
static void forget_group(struct in6_addr *a)
{
    struct in_addr mapped;

    if (IN6_IS_ADDR_MULTICAST(a))
        *a = in6addr_any;
    if (!IN6_IS_ADDR_V4MAPPED(a))
        return;
    memcpy(&mapped, &a->s6_addr[12], sizeof mapped);
    if (is_group(&mapped))
        memset(&a->s6_addr[12], 0, sizeof mapped);
}

static bool get_own6(const struct sk_control *c, struct sk_addr *own,
                     unsigned *index)
{
    struct in6_pktinfo in6;

    if (get(c, IPPROTO_IPV6, IPV6_PKTINFO, &in6, sizeof in6))
        return false;
    own->len               = sizeof own->u.in6;
    own->u.in6.sin6_family = AF_INET6;
    own->u.in6.sin6_addr   = in6.ipi6_addr;
    forget_group(&own->u.in6.sin6_addr);
    if (IN6_IS_ADDR_LINKLOCAL(&own->u.in6.sin6_addr))
        own->u.in6.sin6_scope_id = in6.ipi6_ifindex;
    *index = in6.ipi6_ifindex;
    return true;
}

/* IPv4's says more, where both are told. */
sk_err sk_control_get_pktinfo(const struct sk_control *c, struct sk_addr *own,
                              unsigned *index)
{
    memset(own, 0, sizeof *own);
    return get_own4(c, own, index) || get_own6(c, own, index) ? 0 : ENOMSG;
}

/* The way back is the system's to choose: only a link-local address means
 * nothing without its interface. */
void sk_control_answer(const struct sk_control *received,
                       struct sk_control       *out)
{
    struct sk_addr own;
    unsigned       index;

    out->size = 0;
    if (sk_control_get_pktinfo(received, &own, &index))
        return;
    if (own.u.any.sa_family == AF_INET || !own.u.in6.sin6_scope_id)
        index = 0;
    sk_control_add_pktinfo(out, &own, index);
}

/* ---- credentials ---- */

sk_err sk_control_add_credentials(struct sk_control        *c,
                                  const sock_credentials_t *who)
{
    const struct ucred u = {who->pid, who->uid, who->gid};

    return add(c, SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof u);
}

sk_err sk_control_get_credentials(const struct sk_control *c,
                                  sock_credentials_t      *who)
{
    struct ucred u;
    sk_err       err = get(c, SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof u);

    if (!err)
        *who = (sock_credentials_t){u.pid, u.uid, u.gid};
    return err;
}

/* ---- errors ---- */

/* The offender stands behind the report; its family is AF_UNSPEC if nobody is
 * to blame. */
static void get_offender(const struct cmsghdr *item, struct sk_addr *offender)
{
    const size_t head = sizeof(struct sock_extended_err);
    size_t       size = length_of(item) - head;

    memset(offender, 0, sizeof *offender);
    if (size > sizeof offender->u)
        size = sizeof offender->u;
    memcpy(&offender->u, CMSG_DATA(item) + head, size);
    if (offender->u.any.sa_family == AF_INET && size >= sizeof offender->u.in4)
        offender->len = sizeof offender->u.in4;
    else if (offender->u.any.sa_family == AF_INET6 &&
             size >= sizeof offender->u.in6)
        offender->len = sizeof offender->u.in6;
}

sk_err sk_control_get_error(const struct sk_control *c,
                            sock_message_error_t *out, struct sk_addr *offender)
{
    struct sock_extended_err e;
    const struct cmsghdr    *item;

    if (!(item = find(c, IPPROTO_IP, IP_RECVERR, sizeof e)) &&
        !(item = find(c, IPPROTO_IPV6, IPV6_RECVERR, sizeof e)))
        return ENOMSG;
    memcpy(&e, CMSG_DATA(item), sizeof e);
    memset(out, 0, sizeof *out);
    out->code    = (int)e.ee_errno;
    out->origin  = e.ee_origin;
    out->type    = e.ee_type;
    out->subtype = e.ee_code;
    out->info    = e.ee_info;
    out->data    = e.ee_data;
    get_offender(item, offender);
    return 0;
}

/* ---- descriptors ---- */

/* Where the n-th descriptor stands; NULL: there are not so many. */
static unsigned char *place_of(const struct sk_control *c, size_t n)
{
    struct msghdr m = whole(c);

    for (struct cmsghdr *i = CMSG_FIRSTHDR(&m); i; i = CMSG_NXTHDR(&m, i)) {
        size_t count = length_of(i) / sizeof(int);

        if (i->cmsg_level != SOL_SOCKET || i->cmsg_type != SCM_RIGHTS)
            continue;
        if (n < count)
            return CMSG_DATA(i) + n * sizeof(int);
        n -= count;
    }
    return NULL;
}

bool sk_control_fd(const struct sk_control *c, size_t n, int *fd)
{
    const unsigned char *at = place_of(c, n);

    if (at)
        memcpy(fd, at, sizeof *fd);
    return at;
}

void sk_control_set_fd(struct sk_control *c, size_t n, int fd)
{
    unsigned char *at = place_of(c, n);

    SK_ASSERT(at);
    memcpy(at, &fd, sizeof fd);
}

sk_err sk_control_add_fds(struct sk_control *c, const int *fds, size_t count)
{
    size_t there = 0;

    while (place_of(c, there))
        there++;
    if (!count || count > SK_CONTROL_FDS - there)
        return EINVAL;
    return add(c, SOL_SOCKET, SCM_RIGHTS, fds, count * sizeof *fds);
}

void sk_control_close_fds(struct sk_control *c)
{
    int fd;

    for (size_t n = 0; sk_control_fd(c, n, &fd); n++)
        if (fd >= 0)
            sk_plat_close(fd, true);
    if (!get(c, SOL_SOCKET, PIDFD, &fd, sizeof fd) && fd >= 0)
        sk_plat_close(fd, false);
}

/* ---- where they belong ---- */

static bool item_suits(const struct cmsghdr *item, int domain, bool stream)
{
    bool unix_only =
        item->cmsg_level == SOL_SOCKET &&
        (item->cmsg_type == SCM_RIGHTS || item->cmsg_type == SCM_CREDENTIALS);

    if (domain == AF_UNIX || stream)
        return item->cmsg_level == SOL_SOCKET &&
               (domain == AF_UNIX || !unix_only);
    return !unix_only &&
           (item->cmsg_level != IPPROTO_IPV6 || domain == AF_INET6);
}

bool sk_control_suits(const struct sk_control *c, int domain, bool stream)
{
    struct msghdr m = whole(c);

    for (struct cmsghdr *i = CMSG_FIRSTHDR(&m); i; i = CMSG_NXTHDR(&m, i))
        if (!item_suits(i, domain, stream))
            return false;
    return true;
}
