/* plat_multicast.c - multicast groups of a POSIX system, with Linux's habits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform/plat.h"

#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

#include <net/if.h>

static int level_of(const struct sk_addr *a)
{
    return a->u.any.sa_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
}

/* ---- groups ---- */

static bool takes_any(int fd, unsigned index, const struct sk_addr *group)
{
    struct group_filter f;
    size_t              size = GROUP_FILTER_SIZE(0);

    memset(&f, 0, sizeof f);
    f.gf_interface = index;
    memcpy(&f.gf_group, &group->u, group->len);
    return !sk_plat_get_option(fd, level_of(group), MCAST_MSFILTER, &f,
                               &size) &&
           f.gf_fmode == MCAST_EXCLUDE;
}

/* Linux makes a membership for any source one for chosen sources when one is
 * joined, and when one that never was joined is left: then nothing arrives any
 * more. So ask first; which interface it would choose, it does not tell. */
static sk_err refuse_any(int fd, const struct sk_plat_membership *m)
{
    struct if_nameindex *all;
    bool                 any = false;

    if (m->index)
        return takes_any(fd, m->index, &m->group) ? EINVAL : 0;
    if (!(all = if_nameindex()))
        return errno;
    for (size_t i = 0; all[i].if_index && !any; i++)
        any = takes_any(fd, all[i].if_index, &m->group);
    if_freenameindex(all);
    return any ? EINVAL : 0;
}

/* Linux says ENOMEM when an AF_INET6 socket has too many memberships, and
 * EINVAL for an interface without IPv6; what else is EINVAL was seen to. */
static sk_err join_reason(const struct sk_addr *group, int code)
{
    if (code == ENOMEM)
        return ENOBUFS;
    return code == EINVAL && level_of(group) == IPPROTO_IPV6 ? EADDRNOTAVAIL
                                                             : code;
}

static sk_err member(int fd, int option, const struct sk_plat_membership *m)
{
    struct group_req r;

    memset(&r, 0, sizeof r);
    r.gr_interface = m->index;
    memcpy(&r.gr_group, &m->group.u, m->group.len);
    return sk_plat_set_option(fd, level_of(&m->group), option, &r, sizeof r);
}

static sk_err source_member(int fd, int option,
                            const struct sk_plat_membership *m)
{
    struct group_source_req r;

    memset(&r, 0, sizeof r);
    r.gsr_interface = m->index;
    memcpy(&r.gsr_group, &m->group.u, m->group.len);
    memcpy(&r.gsr_source, &m->source.u, m->source.len);
    return sk_plat_set_option(fd, level_of(&m->group), option, &r, sizeof r);
}

static bool is_of_sources(int option)
{
    return option == MCAST_JOIN_SOURCE_GROUP ||
           option == MCAST_LEAVE_SOURCE_GROUP;
}

sk_err sk_plat_member(int fd, int option, const struct sk_plat_membership *m)
{
    sk_err err;

    if (is_of_sources(option) && (err = refuse_any(fd, m)))
        return err;
    err = m->source.len ? source_member(fd, option, m) : member(fd, option, m);
    return option == MCAST_JOIN_GROUP || option == MCAST_JOIN_SOURCE_GROUP
               ? join_reason(&m->group, err)
               : err;
}

/* ---- the interface to send through ----
 *
 * Linux tells that of an AF_INET socket by the address it was set with.
 */

static bool is_in4(const struct ifaddrs *a, struct in_addr *out)
{
    struct sockaddr_in in;

    if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET)
        return false;
    memcpy(&in, a->ifa_addr, sizeof in);
    *out = in.sin_addr;
    return true;
}

/* The first address of the interface: it is what datagrams are sent from, too.
 * None if there is none. */
static sk_err address_of(unsigned index, struct in_addr *out)
{
    struct ifaddrs *all;
    struct in_addr  in;
    bool            found = false;

    if (getifaddrs(&all))
        return errno;
    for (struct ifaddrs *a = all; a && !found; a = a->ifa_next) {
        found = is_in4(a, &in) && if_nametoindex(a->ifa_name) == index;
        if (found)
            *out = in;
    }
    freeifaddrs(all);
    return 0;
}

static sk_err interface_of(struct in_addr address, unsigned *out)
{
    struct ifaddrs *all;
    struct in_addr  in;

    if (getifaddrs(&all))
        return errno;
    for (struct ifaddrs *a = all; a && !*out; a = a->ifa_next)
        if (is_in4(a, &in) && in.s_addr == address.s_addr)
            *out = if_nametoindex(a->ifa_name);
    freeifaddrs(all);
    return 0;
}

static sk_err set_interface4(int fd, unsigned index)
{
    struct ip_mreqn m;
    sk_err          err;

    memset(&m, 0, sizeof m);
    m.imr_ifindex = (int)index;
    if (index && (err = address_of(index, &m.imr_address)))
        return err;
    err = sk_plat_set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof m);
    return err == EADDRNOTAVAIL ? ENODEV : err;
}

sk_err sk_plat_set_multicast_interface(int fd, int domain, unsigned index)
{
    int number = (int)index;

    if (domain == AF_INET)
        return set_interface4(fd, index);
    return sk_plat_set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &number,
                              sizeof number);
}

static sk_err get_interface4(int fd, unsigned *index)
{
    struct in_addr address = {INADDR_ANY};
    size_t         size    = sizeof address;
    sk_err         err;

    *index = 0;
    if ((err = sk_plat_get_option(fd, IPPROTO_IP, IP_MULTICAST_IF, &address,
                                  &size)))
        return err;
    return address.s_addr == INADDR_ANY ? 0 : interface_of(address, index);
}

sk_err sk_plat_get_multicast_interface(int fd, int domain, unsigned *index)
{
    size_t size = sizeof *index;

    if (domain == AF_INET)
        return get_interface4(fd, index);
    return sk_plat_get_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index,
                              &size);
}
