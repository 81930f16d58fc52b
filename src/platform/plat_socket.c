/* plat_socket.c - socket descriptors of a POSIX system.
 *
 * recv and send, never read and write: the file layer costs more. MSG_NOSIGNAL
 * on every send, so that no SIGPIPE is ever raised.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform/plat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <netinet/udp.h>
#include <sys/ioctl.h>
#include <sys/time.h>

/* 0, or why the call failed. */
static sk_err outcome(int result)
{
    return result < 0 ? errno : 0;
}

sk_err sk_plat_socket(int domain, int type, int protocol, int *fd)
{
    *fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    return outcome(*fd);
}

sk_err sk_plat_pair(int domain, int type, int protocol, int fds[2])
{
    return outcome(socketpair(domain, type | SOCK_CLOEXEC, protocol, fds));
}

sk_err sk_plat_accept(int fd, struct sk_addr *from, int *out)
{
    socklen_t len = sizeof from->u;

    if (!from) {
        *out = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        return outcome(*out);
    }
    *out      = accept4(fd, &from->u.any, &len, SOCK_CLOEXEC);
    from->len = *out < 0 ? 0 : len;
    return outcome(*out);
}

/* 0 seconds drop what is unsent and wait for nothing: they stay. */
static void stop_lingering(int fd)
{
    struct linger l   = {0, 0};
    socklen_t     len = sizeof l;

    if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len) || !l.l_onoff ||
        !l.l_linger)
        return;
    l.l_onoff = 0;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

void sk_plat_close(int fd, bool may_linger)
{
    if (may_linger)
        stop_lingering(fd);
    close(fd);
}

sk_err sk_plat_shutdown(int fd, int how)
{
    return outcome(shutdown(fd, how));
}

sk_err sk_plat_dup(int fd, int *out)
{
    *out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return outcome(*out);
}

sk_err sk_plat_nonblock(int fd, bool on)
{
    int value = on;

    return outcome(ioctl(fd, FIONBIO, &value));
}

/* Rounds up, so that a limit is never reached early. */
static int milliseconds(const struct timeval *t)
{
    int64_t ms = (int64_t)t->tv_sec * 1000 + (t->tv_usec + 999) / 1000;

    if (!t->tv_sec && !t->tv_usec)
        return -1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static sk_err learn_limit(int fd, int option, int *ms)
{
    struct timeval t   = {0, 0};
    socklen_t      len = sizeof t;

    if (getsockopt(fd, SOL_SOCKET, option, &t, &len))
        return errno;
    *ms = milliseconds(&t);
    return 0;
}

static sk_err learn_int(int fd, int option, int *value)
{
    socklen_t len = sizeof *value;

    return outcome(getsockopt(fd, SOL_SOCKET, option, value, &len));
}

sk_err sk_plat_adopt(int fd, struct sk_plat_kind *out)
{
    struct linger linger = {0, 0};
    socklen_t     len    = sizeof linger;
    int           mode;
    sk_err        err;

    if ((err = learn_int(fd, SO_DOMAIN, &out->domain)) ||
        (err = learn_int(fd, SO_TYPE, &out->type)) ||
        (err = learn_limit(fd, SO_RCVTIMEO, &out->limit_ms[0])) ||
        (err = learn_limit(fd, SO_SNDTIMEO, &out->limit_ms[1])))
        return err;
    if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len))
        return errno;
    out->lingers = linger.l_onoff && linger.l_linger > 0;
    if ((mode = fcntl(fd, F_GETFL)) < 0)
        return errno;
    out->nonblock = mode & O_NONBLOCK;
    return outcome(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

sk_err sk_plat_bind(int fd, const struct sk_addr *a)
{
    return outcome(bind(fd, &a->u.any, a->len));
}

sk_err sk_plat_listen(int fd, int backlog)
{
    return outcome(listen(fd, backlog < 0 ? INT_MAX : backlog));
}

sk_err sk_plat_connect(int fd, const struct sk_addr *a)
{
    return outcome(connect(fd, &a->u.any, a->len));
}

sk_err sk_plat_disconnect(int fd)
{
    struct sockaddr nobody;

    memset(&nobody, 0, sizeof nobody);
    nobody.sa_family = AF_UNSPEC;
    return outcome(connect(fd, &nobody, sizeof nobody));
}

sk_err sk_plat_sockname(int fd, struct sk_addr *a)
{
    a->len = sizeof a->u;
    return outcome(getsockname(fd, &a->u.any, &a->len));
}

sk_err sk_plat_peername(int fd, struct sk_addr *a)
{
    a->len = sizeof a->u;
    return outcome(getpeername(fd, &a->u.any, &a->len));
}

ssize_t sk_plat_recvmsg(int fd, struct msghdr *m, int flags)
{
    ssize_t n = recvmsg(fd, m, flags | MSG_CMSG_CLOEXEC);

    return n < 0 ? -errno : n;
}

ssize_t sk_plat_sendmsg(int fd, const struct msghdr *m, int flags)
{
    ssize_t n = sendmsg(fd, m, flags | MSG_NOSIGNAL);

    return n < 0 ? -errno : n;
}

ssize_t sk_plat_recvmmsg(int fd, struct mmsghdr *list, size_t count, int flags)
{
    int n = recvmmsg(fd, list, (unsigned)count,
                     flags | MSG_WAITFORONE | MSG_CMSG_CLOEXEC, NULL);

    return n < 0 ? -errno : n;
}

ssize_t sk_plat_sendmmsg(int fd, struct mmsghdr *list, size_t count, int flags)
{
    int n = sendmmsg(fd, list, (unsigned)count, flags | MSG_NOSIGNAL);

    return n < 0 ? -errno : n;
}

static bool option_is(int fd, int level, int option, int want)
{
    int       value = 0;
    socklen_t len   = sizeof value;

    return !getsockopt(fd, level, option, &value, &len) && value == want;
}

bool sk_plat_cuts(int fd)
{
    return option_is(fd, SOL_SOCKET, SO_PROTOCOL, IPPROTO_UDP) &&
           option_is(fd, SOL_UDP, UDP_SEGMENT, 0) &&
           option_is(fd, SOL_UDP, UDP_CORK, 0) &&
           option_is(fd, SOL_SOCKET, SO_TIMESTAMPING, 0);
}

sk_err sk_plat_atmark(int fd, bool *at)
{
    int result = sockatmark(fd);

    *at = result > 0;
    return result < 0 && errno == ENOTTY ? EOPNOTSUPP : outcome(result);
}

sk_err sk_plat_set_option(int fd, int level, int option, const void *value,
                          size_t size)
{
    if (size > INT_MAX)
        return EINVAL;
    return outcome(setsockopt(fd, level, option, value, (socklen_t)size));
}

sk_err sk_plat_get_option(int fd, int level, int option, void *value,
                          size_t *size)
{
    socklen_t len = *size > INT_MAX ? INT_MAX : (socklen_t)*size;

    if (getsockopt(fd, level, option, value, &len))
        return errno;
    *size = len;
    return 0;
}

sk_err sk_plat_peer_credentials(int fd, sock_credentials_t *out)
{
    struct ucred peer;
    socklen_t    len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
        return errno;
    if (!peer.pid && peer.uid == (uid_t)-1)
        return ENOTCONN;
    *out = (sock_credentials_t){peer.pid, peer.uid, peer.gid};
    return 0;
}

sk_err sk_plat_limit(int fd, bool writing, int ms)
{
    struct timeval t = {0, 0};

    if (ms > 0) {
        t.tv_sec  = ms / 1000;
        t.tv_usec = ms % 1000 * 1000;
    }
    return outcome(setsockopt(
        fd, SOL_SOCKET, writing ? SO_SNDTIMEO : SO_RCVTIMEO, &t, sizeof t));
}
