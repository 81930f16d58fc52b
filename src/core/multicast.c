/* multicast.c - groups: who belongs to them, and how datagrams get there.
 *
 * The scope of an address ("ff02::1%eth0") is another way to tell the
 * interface. Told twice, it must be the same one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"
#include "core/call.h"

#include <sock/option.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>

/* TCP has no groups, whatever the system lets it set. */
static bool has_groups(const struct sk_sock *s)
{
    return (s->domain == AF_INET || s->domain == AF_INET6) &&
           (s->type == SOCK_DGRAM || s->type == SOCK_RAW);
}

/* The address tells, or nothing was to be told: the socket's own name. */
static bool leave(struct sk_call *c, enum sk_verb verb, sk_err err,
                  const char *what, const char *where)
{
    return what && *what
               ? sk_call_leave_at(c, verb, err, what, SK_NO_PORT, where)
               : sk_call_leave(c, verb, err);
}

/* ---- addresses and interfaces ---- */

/* A mapped IPv4 address is of the other family, however it is written. */
static sk_err parse(int domain, const char *text, struct sk_addr *out)
{
    sk_err err = sk_addr_parse(domain, text, 0, out);

    if (err == SK_ADDR_IS_NAME || err == ENAMETOOLONG)
        return EINVAL;
    if (!err && domain == AF_INET6 &&
        IN6_IS_ADDR_V4MAPPED(&out->u.in6.sin6_addr))
        return EAFNOSUPPORT;
    return err;
}

static bool is_group(const struct sk_addr *a)
{
    return a->u.any.sa_family == AF_INET
               ? IN_MULTICAST(ntohl(a->u.in4.sin_addr.s_addr))
               : IN6_IS_ADDR_MULTICAST(&a->u.in6.sin6_addr);
}

static sk_err find_interface(const char *text, unsigned *index)
{
    char   name[IF_NAMESIZE];
    sk_err err;

    *index = 0;
    if (!text || !*text)
        return 0;
    if ((err = sk_addr_scope(text, index)))
        return err;
    return if_indextoname(*index, name) ? 0 : ENODEV;
}

static sk_err add_scope(const struct sk_addr *a, unsigned *index)
{
    char     name[IF_NAMESIZE];
    uint32_t scope =
        a->u.any.sa_family == AF_INET6 ? a->u.in6.sin6_scope_id : 0;

    if (!scope || scope == *index)
        return 0;
    if (*index)
        return EINVAL;
    *index = scope;
    return if_indextoname(scope, name) ? 0 : ENODEV;
}

/* ---- groups ---- */

/* What a caller asks for. */
struct request {
    enum sk_verb verb;
    int          option; /* MCAST_JOIN_GROUP ... */
    const char  *group;
    const char  *source; /* NULL: the call is about none */
    const char  *interface_name;
};

static sk_err find_source(int domain, const char *text,
                          struct sk_plat_membership *m)
{
    sk_err err;

    m->source.len = 0;
    if (!text)
        return 0;
    if ((err = parse(domain, text, &m->source)))
        return err;
    return is_group(&m->source) ? EINVAL : add_scope(&m->source, &m->index);
}

static sk_err find(int domain, const struct request *r,
                   struct sk_plat_membership *m)
{
    sk_err err;

    if ((err = parse(domain, r->group, &m->group)))
        return err;
    if (!is_group(&m->group))
        return EINVAL;
    if ((err = find_interface(r->interface_name, &m->index)) ||
        (err = add_scope(&m->group, &m->index)))
        return err;
    return find_source(domain, r->source, m);
}

static sk_err change(struct sk_sock *s, const struct request *r)
{
    struct sk_plat_membership m;
    sk_err                    err;

    if (!has_groups(s))
        return EOPNOTSUPP;
    if ((err = find(s->domain, r, &m)))
        return err;
    pthread_mutex_lock(&s->lock);
    err = sk_plat_member(s->fd, r->option, &m);
    pthread_mutex_unlock(&s->lock);
    return err;
}

static bool ask(sock_t *s, const struct request *r)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, r->verb, SK_QUICK))
        return false;
    return leave(&c, r->verb, change(c.s, r), r->group, r->interface_name);
}

/* A source that is NULL is not none but no address. */
static const char *given(const char *text)
{
    return text ? text : "";
}

bool sock_join_group(sock_t *s, const char *group, const char *interface_name)
{
    const struct request r = {SK_JOIN_GROUP, MCAST_JOIN_GROUP, group, NULL,
                              interface_name};

    return ask(s, &r);
}

bool sock_leave_group(sock_t *s, const char *group, const char *interface_name)
{
    const struct request r = {SK_LEAVE_GROUP, MCAST_LEAVE_GROUP, group, NULL,
                              interface_name};

    return ask(s, &r);
}

bool sock_join_source_group(sock_t *s, const char *group, const char *source,
                            const char *interface_name)
{
    const struct request r = {SK_JOIN_SOURCE_GROUP, MCAST_JOIN_SOURCE_GROUP,
                              group, given(source), interface_name};

    return ask(s, &r);
}

bool sock_leave_source_group(sock_t *s, const char *group, const char *source,
                             const char *interface_name)
{
    const struct request r = {SK_LEAVE_SOURCE_GROUP, MCAST_LEAVE_SOURCE_GROUP,
                              group, given(source), interface_name};

    return ask(s, &r);
}

bool sock_block_source(sock_t *s, const char *group, const char *source,
                       const char *interface_name)
{
    const struct request r = {SK_BLOCK_SOURCE, MCAST_BLOCK_SOURCE, group,
                              given(source), interface_name};

    return ask(s, &r);
}

bool sock_unblock_source(sock_t *s, const char *group, const char *source,
                         const char *interface_name)
{
    const struct request r = {SK_UNBLOCK_SOURCE, MCAST_UNBLOCK_SOURCE, group,
                              given(source), interface_name};

    return ask(s, &r);
}

/* ---- the interface to send through ---- */

static sk_err set_interface(struct sk_sock *s, const char *text)
{
    unsigned index;
    sk_err   err;

    if (!has_groups(s))
        return EOPNOTSUPP;
    if ((err = find_interface(text, &index)))
        return err;
    return sk_plat_set_multicast_interface(s->fd, s->domain, index);
}

bool sock_set_multicast_interface(sock_t *s, const char *interface_name)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_SET_MULTICAST_INTERFACE, SK_QUICK))
        return false;
    return leave(&c, SK_SET_MULTICAST_INTERFACE,
                 set_interface(c.s, interface_name), interface_name, NULL);
}

/* An interface that is gone has a number still. */
static sk_err get_interface(struct sk_sock *s, char *text, size_t size)
{
    unsigned index;
    sk_err   err;

    if (!has_groups(s))
        return EOPNOTSUPP;
    if (!text || size < IF_NAMESIZE)
        return EINVAL;
    if ((err = sk_plat_get_multicast_interface(s->fd, s->domain, &index)))
        return err;
    text[0] = '\0';
    if (index && !if_indextoname(index, text))
        snprintf(text, size, "%u", index);
    return 0;
}

bool sock_get_multicast_interface(sock_t *s, char *interface_name, size_t size)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_GET_MULTICAST_INTERFACE, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_GET_MULTICAST_INTERFACE,
                         get_interface(c.s, interface_name, size));
}

/* ---- how far, and whether to this machine ---- */

/* The same option of both families. */
struct twins {
    int in4; /* at IPPROTO_IP */
    int in6; /* at IPPROTO_IPV6 */
};

static const struct twins ttl  = {IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS};
static const struct twins loop = {IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP};

static int level_of(const struct sk_sock *s)
{
    return s->domain == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
}

static int option_of(const struct sk_sock *s, const struct twins *t)
{
    return s->domain == AF_INET ? t->in4 : t->in6;
}

static sk_err set_number(struct sk_sock *s, const struct twins *t, int value)
{
    if (!has_groups(s))
        return EOPNOTSUPP;
    return sk_plat_set_option(s->fd, level_of(s), option_of(s, t), &value,
                              sizeof value);
}

static sk_err get_number(struct sk_sock *s, const struct twins *t, int *value)
{
    size_t size = sizeof *value;

    if (!has_groups(s))
        return EOPNOTSUPP;
    if (!value)
        return EINVAL;
    return sk_plat_get_option(s->fd, level_of(s), option_of(s, t), value,
                              &size);
}

static sk_err set_ttl(struct sk_sock *s, int hops)
{
    if (hops < -1 || hops > 255)
        return has_groups(s) ? EINVAL : EOPNOTSUPP;
    return set_number(s, &ttl, hops < 0 ? 1 : hops);
}

bool sock_set_multicast_ttl(sock_t *s, int hops)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_SET_MULTICAST_TTL, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_SET_MULTICAST_TTL, set_ttl(c.s, hops));
}

bool sock_get_multicast_ttl(sock_t *s, int *hops)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_GET_MULTICAST_TTL, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_GET_MULTICAST_TTL, get_number(c.s, &ttl, hops));
}

bool sock_set_multicast_loop(sock_t *s, bool on)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_SET_MULTICAST_LOOP, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_SET_MULTICAST_LOOP, set_number(c.s, &loop, on));
}

bool sock_get_multicast_loop(sock_t *s, bool *on)
{
    struct sk_call c;
    int            value = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_GET_MULTICAST_LOOP, SK_QUICK))
        return false;
    err = get_number(c.s, &loop, on ? &value : NULL);
    if (!err)
        *on = value;
    return sk_call_leave(&c, SK_GET_MULTICAST_LOOP, err);
}
