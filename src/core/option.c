/* option.c - socket options, the peer's credentials, mode and time limits.
 *
 * The limits for reading and writing are the handle's own; the options that
 * speak of them are translated. All other options go to the system as they are.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/burst.h"
#include "core/call.h"
#include "core/gro.h"

#include <sock/option.h>
#include <sock/socket.h>

#include <errno.h>
#include <limits.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/time.h>

/* ---- the options that libsock must know of ---- */

static bool is_limit(int level, int option)
{
    return level == SOL_SOCKET &&
           (option == SO_RCVTIMEO || option == SO_SNDTIMEO);
}

static enum sk_direction way_of(int option)
{
    return option == SO_RCVTIMEO ? SK_READING : SK_WRITING;
}

static sk_err set_limit(struct sk_sock *s, int option, const void *value,
                        size_t size)
{
    struct timeval t;
    int64_t        ms;

    if (size != sizeof t)
        return EINVAL;
    memcpy(&t, value, sizeof t);
    if (t.tv_sec < 0 || t.tv_usec < 0 || t.tv_usec >= 1000000)
        return EDOM;
    ms = t.tv_sec > INT_MAX / 1000
             ? INT_MAX
             : (int64_t)t.tv_sec * 1000 + (t.tv_usec + 999) / 1000;
    if (!ms)
        ms = -1;
    return sk_limit_set(s, way_of(option), ms > INT_MAX ? INT_MAX : (int)ms);
}

static sk_err get_limit(struct sk_sock *s, int option, void *value,
                        size_t *size)
{
    struct timeval t  = {0, 0};
    int            ms = atomic_load_explicit(&s->limit_ms[way_of(option)],
                                             memory_order_relaxed);

    if (*size < sizeof t)
        return EINVAL;
    if (ms > 0) {
        t.tv_sec  = ms / 1000;
        t.tv_usec = ms % 1000 * 1000;
    }
    memcpy(value, &t, sizeof t);
    *size = sizeof t;
    return 0;
}

/* close() must know whether the system might wait. Never taken back: what was
 * connected meanwhile has inherited it. */
static void note_linger(struct sk_sock *s, const void *value, size_t size)
{
    struct linger l;

    if (size < sizeof l)
        return;
    memcpy(&l, value, sizeof l);
    if (l.l_onoff && l.l_linger > 0)
        sk_sock_raise(s, SK_LINGERS);
}

/* ---- options as bytes ---- */

static sk_err set_option(struct sk_sock *s, int level, int option,
                         const void *value, size_t size)
{
    sk_err err;

    if (!value)
        return EINVAL;
    pthread_mutex_lock(&s->lock);
    if (is_limit(level, option))
        err = set_limit(s, option, value, size);
    else if (level == SOL_UDP && option == UDP_GRO)
        err = sk_gro_set(s, value, size);
    else
        err = sk_plat_set_option(s->fd, level, option, value, size);
    if (!err && level == SOL_SOCKET && option == SO_LINGER)
        note_linger(s, value, size);
    sk_burst_ask_again(s);
    pthread_mutex_unlock(&s->lock);
    return err;
}

bool sock_set_option(sock_t *s, int level, int option, const void *value,
                     size_t size)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_SET_OPTION, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_SET_OPTION,
                         set_option(c.s, level, option, value, size));
}

static sk_err get_option(struct sk_sock *s, int level, int option, void *value,
                         size_t *size)
{
    if (!value || !size)
        return EINVAL;
    if (is_limit(level, option))
        return get_limit(s, option, value, size);
    return sk_plat_get_option(s->fd, level, option, value, size);
}

bool sock_get_option(sock_t *s, int level, int option, void *value,
                     size_t *size)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_GET_OPTION, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_GET_OPTION,
                         get_option(c.s, level, option, value, size));
}

/* ---- options as numbers ---- */

bool sock_set_option_int(sock_t *s, int level, int option, int value)
{
    return sock_set_option(s, level, option, &value, sizeof value);
}

/* The system cuts a longer option off without a word: so there is room for
 * more than an int, and what fills it is none. */
static sk_err get_option_int(struct sk_sock *s, int level, int option,
                             int *value)
{
    union {
        int           number;
        unsigned char byte;
        char          more[64];
    } room;
    size_t size = sizeof room;
    sk_err err;

    if (!value || is_limit(level, option))
        return EINVAL;
    if ((err = sk_plat_get_option(s->fd, level, option, &room, &size)))
        return err;
    if (size == sizeof room.number)
        *value = room.number;
    else if (size == sizeof room.byte)
        *value = room.byte;
    else
        err = EINVAL;
    return err;
}

bool sock_get_option_int(sock_t *s, int level, int option, int *value)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_GET_OPTION, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_GET_OPTION,
                         get_option_int(c.s, level, option, value));
}

/* ---- linger, keep-alive ---- */

bool sock_set_linger(sock_t *s, int seconds)
{
    const struct linger l = {seconds >= 0, seconds >= 0 ? seconds : 0};
    struct sk_call      c;
    sk_err              err = EINVAL;

    if (!sk_call_enter(&c, s, SK_SET_LINGER, SK_QUICK))
        return false;
    if (seconds >= -1 && seconds <= 65535)
        err = set_option(c.s, SOL_SOCKET, SO_LINGER, &l, sizeof l);
    return sk_call_leave(&c, SK_SET_LINGER, err);
}

bool sock_get_linger(sock_t *s, int *seconds)
{
    struct linger  l;
    struct sk_call c;
    size_t         size = sizeof l;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_GET_LINGER, SK_QUICK))
        return false;
    err = seconds ? get_option(c.s, SOL_SOCKET, SO_LINGER, &l, &size) : EINVAL;
    if (!err)
        *seconds = l.l_onoff ? l.l_linger : -1;
    return sk_call_leave(&c, SK_GET_LINGER, err);
}

static sk_err set_int(struct sk_sock *s, int level, int option, int value)
{
    return sk_plat_set_option(s->fd, level, option, &value, sizeof value);
}

static bool is_tcp(struct sk_sock *s)
{
    return (s->domain == AF_INET || s->domain == AF_INET6) &&
           sk_sock_is_stream(s);
}

/* The numbers first: probing does not start with half of them. */
static sk_err set_keepalive(struct sk_sock *s, int idle_s, int interval_s,
                            int count)
{
    sk_err err;

    if (!is_tcp(s))
        return EOPNOTSUPP;
    if (idle_s < -1 || interval_s < 0 || count < 0)
        return EINVAL;
    if (idle_s < 0)
        return set_int(s, SOL_SOCKET, SO_KEEPALIVE, 0);
    if ((idle_s && (err = set_int(s, SOL_TCP, TCP_KEEPIDLE, idle_s))) ||
        (interval_s &&
         (err = set_int(s, SOL_TCP, TCP_KEEPINTVL, interval_s))) ||
        (count && (err = set_int(s, SOL_TCP, TCP_KEEPCNT, count))))
        return err;
    return set_int(s, SOL_SOCKET, SO_KEEPALIVE, 1);
}

bool sock_set_keepalive(sock_t *s, int idle_s, int interval_s, int count)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_SET_KEEPALIVE, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_SET_KEEPALIVE,
                         set_keepalive(c.s, idle_s, interval_s, count));
}

/* ---- the peer ---- */

/* The system tells of a listener, too: itself. */
static sk_err get_peer_credentials(struct sk_sock *s, sock_credentials_t *out)
{
    struct sk_addr peer;
    sk_err         err;

    if (s->domain != AF_UNIX)
        return EOPNOTSUPP;
    if (!out)
        return EINVAL;
    if ((err = sk_plat_peername(s->fd, &peer)))
        return err;
    return sk_plat_peer_credentials(s->fd, out);
}

bool sock_get_peer_credentials(sock_t *s, sock_credentials_t *out)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_GET_PEER_CREDENTIALS, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_GET_PEER_CREDENTIALS,
                         get_peer_credentials(c.s, out));
}

/* ---- mode ---- */

/* The mode and the flag that tells of it change together. */
static bool set_mode(sock_t *s, enum sk_verb verb, bool nonblock)
{
    struct sk_call c;
    sk_err         err;

    if (!sk_call_enter(&c, s, verb, SK_QUICK))
        return false;
    pthread_mutex_lock(&c.s->lock);
    err = sk_plat_nonblock(c.s->fd, nonblock);
    if (!err && nonblock)
        sk_sock_raise(c.s, SK_NONBLOCK);
    else if (!err)
        sk_sock_drop(c.s, SK_NONBLOCK);
    pthread_mutex_unlock(&c.s->lock);
    return sk_call_leave(&c, verb, err);
}

bool sock_set_nonblock(sock_t *s)
{
    return set_mode(s, SK_SET_NONBLOCK, true);
}

bool sock_set_block(sock_t *s)
{
    return set_mode(s, SK_SET_BLOCK, false);
}

/* ---- time ---- */

static sk_err set_timeout(struct sk_sock *s, int timeout_ms)
{
    sk_err err;

    if (timeout_ms < -1)
        return EINVAL;
    pthread_mutex_lock(&s->lock);
    if (!(err = sk_limit_set(s, SK_READING, timeout_ms)))
        err = sk_limit_set(s, SK_WRITING, timeout_ms);
    pthread_mutex_unlock(&s->lock);
    return err;
}

bool sock_set_timeout(sock_t *s, int timeout_ms)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_SET_TIMEOUT, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_SET_TIMEOUT, set_timeout(c.s, timeout_ms));
}

bool sock_set_deadline(sock_t *s, int timeout_ms)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_SET_DEADLINE, SK_QUICK))
        return false;
    if (timeout_ms < -1)
        return sk_call_leave(&c, SK_SET_DEADLINE, EINVAL);
    sk_limit_deadline(c.s, timeout_ms);
    return sk_call_leave(&c, SK_SET_DEADLINE, 0);
}
