/* handed.c - sockets that systemd opened for this process.
 *
 * LISTEN_PID says whose they are, LISTEN_FDS how many, from descriptor 3 on,
 * LISTEN_FDNAMES how they are called, with colons between. The environment
 * stays as it is, so what was taken is remembered here: a number is taken once
 * in a process, or a program that has closed it would be given whatever else
 * has the number by then. A child of a fork is another process: nothing was
 * handed to it, but what it has inherited it may use.
 *
 * The memory is a list that only grows, by compare-and-swap: a lock might be
 * held by another thread at the moment of a fork.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/handed.h"

#include "core/socket.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define FIRST 3
#define MOST (INT_MAX / 2)
#define UNNAMED "unknown"

/* What was handed over. */
struct offer {
    int         count;
    const char *names; /* what is left of them; NULL: nothing */
};

/* One descriptor that somebody has asked for; never goes away. */
struct mark {
    struct mark *next; /* set before it is in the list, then constant */
    int          fd;   /* likewise */
    _Atomic bool taken;
};

static _Atomic(struct mark *) marks;

/* ---- what the environment says ---- */

static bool is_number(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return length;
}

static bool is_same(const char *a, size_t a_length, const char *b,
                    size_t b_length)
{
    return a_length == b_length && !memcmp(a, b, a_length);
}

/* Of digits only; more than MOST is INT_MAX. */
static int value_of(const char *text, size_t length)
{
    int value = 0;

    for (size_t i = 0; i < length; i++) {
        int digit = text[i] - '0';

        if (value > (MOST - digit) / 10)
            return INT_MAX;
        value = value * 10 + digit;
    }
    return value;
}

/* The number that a variable holds; -1: none that counts. */
static int number_in(const char *text)
{
    int value = -1;

    if (is_number(text, strlen(text)))
        value = value_of(text, strlen(text));
    return value > MOST ? -1 : value;
}

static sk_err read_offer(struct offer *out, const char **why)
{
    const char *count = sk_plat_env("LISTEN_FDS");
    const char *owner = sk_plat_env("LISTEN_PID");

    out->names = sk_plat_env("LISTEN_FDNAMES");
    if (out->names && !*out->names)
        out->names = NULL;
    out->count = count ? number_in(count) : 0;
    if (!count)
        *why = "LISTEN_FDS is not set: no socket was handed to this process";
    else if (!owner)
        *why = "LISTEN_PID is not set: no socket was handed to this process";
    else if (number_in(owner) != sk_plat_process())
        *why = "LISTEN_PID is another process";
    else if (out->count < 1)
        *why = "LISTEN_FDS is not a number of sockets";
    return *why ? ENOENT : 0;
}

/* The next name; where there are too few, what systemd calls the rest. */
static const char *next_name(struct offer *o, size_t *length)
{
    const char *name = o->names ? o->names : UNNAMED;

    *length = strcspn(name, ":");
    if (o->names)
        o->names = name[*length] ? name + *length + 1 : NULL;
    return name;
}

/* ---- what was taken ---- */

static struct mark *find(struct mark *from, int fd)
{
    while (from && from->fd != fd)
        from = from->next;
    return from;
}

/* One in the list, which is searched again if somebody has added to it. */
static sk_err mark_of(int fd, struct mark **out)
{
    struct mark *fresh = NULL;
    struct mark *first = atomic_load_explicit(&marks, memory_order_acquire);

    while (!(*out = find(first, fd))) {
        if (!fresh && !(fresh = malloc(sizeof *fresh)))
            return ENOMEM;
        fresh->next = first;
        fresh->fd   = fd;
        atomic_init(&fresh->taken, false);
        if (atomic_compare_exchange_strong_explicit(&marks, &first, fresh,
                                                    memory_order_acq_rel,
                                                    memory_order_acquire)) {
            *out = fresh;
            return 0;
        }
    }
    free(fresh);
    return 0;
}

/* ---- taking ---- */

static bool is_bound(int fd)
{
    struct sk_addr at;

    if (sk_plat_sockname(fd, &at))
        return false;
    switch (at.u.any.sa_family) {
    case AF_UNIX:
        return at.len > offsetof(struct sockaddr_un, sun_path);
    case AF_INET:
        return at.u.in4.sin_port;
    case AF_INET6:
        return at.u.in6.sin6_port;
    default:
        return true;
    }
}

static sk_err ask(int fd, int option, int *value)
{
    size_t size = sizeof *value;

    return sk_plat_get_option(fd, SOL_SOCKET, option, value, &size);
}

/* A server's socket listens, or is a datagram socket with a name. */
static sk_err check(int fd, const char **why)
{
    int    type = 0, listens = 0;
    sk_err err;

    if ((err = ask(fd, SO_TYPE, &type)) ||
        (err = ask(fd, SO_ACCEPTCONN, &listens))) {
        *why = err == EBADF
                   ? "LISTEN_FDS counts a descriptor that is not open"
                   : "LISTEN_FDS counts a descriptor that is no socket";
        return err;
    }
    if (!listens && type != SOCK_DGRAM)
        *why = "the socket that was handed over does not listen";
    else if (!listens && !is_bound(fd))
        *why = "the socket that was handed over is not bound";
    return *why ? EINVAL : 0;
}

/* Nothing is done to the descriptor before it is known to be a server's. */
static sk_err take(int fd, struct sk_sock **out, const char **why)
{
    struct mark *m;
    sk_err       err = mark_of(fd, &m);

    if (err)
        return err;
    if (atomic_exchange_explicit(&m->taken, true, memory_order_acq_rel)) {
        *why = "it was taken already";
        return EBUSY;
    }
    if (!(err = check(fd, why)))
        err = sk_socket_adopt(fd, out);
    if (err)
        atomic_store_explicit(&m->taken, false, memory_order_release);
    return err;
}

static sk_err take_number(int fd, const struct offer *o, struct sk_sock **out,
                          const char **why)
{
    static _Thread_local char text[64];

    if (fd >= FIRST && fd - FIRST < o->count)
        return take(fd, out, why);
    if (fd < FIRST)
        snprintf(text, sizeof text, "the first one is %d", FIRST);
    else
        snprintf(text, sizeof text,
                 o->count == 1 ? "only %d was handed over"
                               : "only %d were handed over",
                 o->count);
    *why = text;
    return ENOENT;
}

/* Behind the names all are called the same, however many there are. */
static sk_err take_named(const char *which, size_t length, struct offer *o,
                         struct sk_sock **out, const char **why)
{
    bool   unnamed = is_same(which, length, UNNAMED, sizeof UNNAMED - 1);
    sk_err err     = ENOENT;

    for (int i = 0; i < o->count && (o->names || unnamed); i++) {
        size_t      size;
        const char *name = next_name(o, &size);

        if (!is_same(which, length, name, size))
            continue;
        *why = NULL;
        if ((err = take(FIRST + i, out, why)) != EBUSY)
            return err;
    }
    if (err == ENOENT)
        *why = "no socket of that name";
    return err;
}

sk_err sk_handed_take(const char *which, size_t length, struct sk_sock **out,
                      const char **why)
{
    struct offer o;
    sk_err       err;

    *out = NULL;
    *why = NULL;
    if (!length) {
        *why = "a socket that was handed over has a number or a name";
        return EINVAL;
    }
    if ((err = read_offer(&o, why)))
        return err;
    if (is_number(which, length))
        return take_number(value_of(which, length), &o, out, why);
    return take_named(which, length, &o, out, why);
}
