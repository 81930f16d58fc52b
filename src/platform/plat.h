/* plat.h - what libsock asks of a system: the whole contract.
 *
 * Every function returns 0 or an errno value, waits only where it says so, and
 * raises no signal. Descriptors it makes are close-on-exec from birth. None
 * retries after EINTR; the callers know how much time is left.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_PLATFORM_PLAT_H
#define SK_PLATFORM_PLAT_H

#include "base/common.h"

#include <sock/base.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <errno.h>
#include <poll.h>

/* An address of any family that has a text form. */
struct sk_addr {
    socklen_t len; /* 0: none */
    union {
        struct sockaddr         any;
        struct sockaddr_in      in4;
        struct sockaddr_in6     in6;
        struct sockaddr_un      un;
        struct sockaddr_storage room; /* what the system says fits here */
    } u;
};

/* What an imported descriptor turns out to be. */
struct sk_plat_kind {
    int  domain;
    int  type;
    bool nonblock;
    int  limit_ms[2]; /* reading, writing; -1 none */
    bool lingers;     /* close(2) would wait */
};

/* ---- descriptors ---- */

/* type may hold SOCK_NONBLOCK. */
sk_err sk_plat_socket(int domain, int type, int protocol, int *fd);
sk_err sk_plat_pair(int domain, int type, int protocol, int fds[2]);

/* Waits. from may be NULL; the new descriptor is blocking. */
sk_err sk_plat_accept(int fd, struct sk_addr *from, int *out);

/* The only place that closes a descriptor. It never waits: if fd may linger,
 * the wait for unsent bytes is left to the system. */
void   sk_plat_close(int fd, bool may_linger);
sk_err sk_plat_shutdown(int fd, int how);

/* Another descriptor of the same socket. */
sk_err sk_plat_dup(int fd, int *out);
sk_err sk_plat_nonblock(int fd, bool on);

/* Learns what fd is and makes it close-on-exec; ENOTSOCK, EBADF. */
sk_err sk_plat_adopt(int fd, struct sk_plat_kind *out);

/* ---- names ---- */

sk_err sk_plat_bind(int fd, const struct sk_addr *a);
sk_err sk_plat_listen(int fd, int backlog); /* negative: the most there is */
sk_err sk_plat_connect(int fd, const struct sk_addr *a); /* waits */
sk_err sk_plat_disconnect(int fd); /* ends an attempt to connect */
sk_err sk_plat_sockname(int fd, struct sk_addr *a);
sk_err sk_plat_peername(int fd, struct sk_addr *a);

/* ---- bytes: these wait unless flags or the descriptor say not to ---- */

/* Those that every program lives on are inline: nothing stands between a call
 * and its system call. The count, or less an errno value. */
static inline ssize_t sk_plat_recv(int fd, void *buf, size_t len, int flags)
{
    ssize_t n = recv(fd, buf, len, flags);

    if (SK_LIKELY(n > 0))
        return n;
    return n ? -errno : 0;
}

static inline ssize_t sk_plat_send(int fd, const void *buf, size_t len,
                                   int flags)
{
    ssize_t n = send(fd, buf, len, flags | MSG_NOSIGNAL);

    if (SK_LIKELY(n > 0))
        return n;
    return n ? -errno : 0;
}

/* The same with an address. from's len is 0 if the system told none. */
static inline ssize_t sk_plat_recvfrom(int fd, void *buf, size_t len, int flags,
                                       struct sk_addr *from)
{
    ssize_t n;

    from->len = sizeof from->u;
    n         = recvfrom(fd, buf, len, flags, &from->u.any, &from->len);
    return SK_LIKELY(n >= 0) ? n : -errno;
}

static inline ssize_t sk_plat_sendto(int fd, const void *buf, size_t len,
                                     int flags, const struct sk_addr *to)
{
    ssize_t n = sendto(fd, buf, len, flags | MSG_NOSIGNAL, &to->u.any, to->len);

    return SK_LIKELY(n >= 0) ? n : -errno;
}

sk_err sk_plat_atmark(int fd, bool *at);

/* The same with parts and control items; descriptors arrive close-on-exec. */
ssize_t sk_plat_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t sk_plat_sendmsg(int fd, const struct msghdr *m, int flags);

/* The same for many; how many. The first may wait; of a receive, only it. */
ssize_t sk_plat_recvmmsg(int fd, struct mmsghdr *list, size_t count, int flags);
ssize_t sk_plat_sendmmsg(int fd, struct mmsghdr *list, size_t count, int flags);

/* Is fd a UDP socket, and does the system cut one message of it into datagrams
 * of a size that goes with it? Only if no option of fd has them cut, put
 * together or counted in another way. */
bool sk_plat_cuts(int fd);

/* ---- the file of an AF_UNIX socket ---- */

/* Which file it is. While a socket that was bound to it is open, no other file
 * has these numbers, even if this one was removed. */
struct sk_plat_file {
    uint64_t device;
    uint64_t inode;
    unsigned mode; /* its permissions when it was looked at */
};

/* The directory in which path stands. With `lock` nobody else has it who asks
 * for that: EAGAIN if somebody does. */
sk_err sk_plat_file_enter(const char *path, bool lock, int *dir);
void   sk_plat_file_leave(int dir);

/* The three look at the name itself, not at what a symbolic link stands for.
 * ENOTSOCK: it is no socket; ESTALE: it is not that file any more. */
sk_err sk_plat_file_look(int dir, const char *name, struct sk_plat_file *out);
sk_err sk_plat_file_change(int dir, const char *name,
                           const struct sk_plat_file *which, unsigned mode);
sk_err sk_plat_file_remove(int dir, const char *name,
                           const struct sk_plat_file *which);

/* The file that fd is going to be bound to is born with these permissions at
 * the most. */
sk_err sk_plat_file_limit(int fd, unsigned mode);

/* path as seen from the root, in memory that is the caller's. */
sk_err sk_plat_file_whole(const char *path, char **out);

/* ---- options ---- */

sk_err sk_plat_set_option(int fd, int level, int option, const void *value,
                          size_t size);
sk_err sk_plat_get_option(int fd, int level, int option, void *value,
                          size_t *size);

/* The system's own limit for reading or for writing; -1 none. */
sk_err sk_plat_limit(int fd, bool writing, int ms);

/* Who is at the other end of an AF_UNIX connection; ENOTCONN if the system does
 * not know. */
sk_err sk_plat_peer_credentials(int fd, sock_credentials_t *out);

/* ---- multicast ---- */

/* A group, perhaps from one source only. */
struct sk_plat_membership {
    unsigned       index; /* the interface; 0: the system chooses */
    struct sk_addr group;
    struct sk_addr source; /* len 0: any */
};

/* option is MCAST_JOIN_GROUP or one of its kind. To join or leave a source of
 * a group that is joined for any is EINVAL. */
sk_err sk_plat_member(int fd, int option, const struct sk_plat_membership *m);

/* The interface that datagrams leave through; 0: the system chooses. ENODEV. */
sk_err sk_plat_set_multicast_interface(int fd, int domain, unsigned index);
sk_err sk_plat_get_multicast_interface(int fd, int domain, unsigned *index);

/* ---- time and waiting ---- */

/* Nanoseconds on a clock that never goes back. */
int64_t sk_plat_now(void);

/* Waits; *ready is how many entries have events, 0 when the time is over. */
sk_err sk_plat_poll(struct pollfd *fds, size_t count, int timeout_ms,
                    int *ready);

/* A bell ends a wait from outside: its descriptor, readable once it was rung
 * and until it is muffled. Ringing may be done in a signal handler, and leaves
 * errno alone. */
sk_err sk_plat_bell(int *fd);
void   sk_plat_ring(int fd);
void   sk_plat_muffle(int fd);

/* Is there a handler of a signal that may come at any time? */
bool sk_plat_handles_signals(void);

/* Was every handler that could have interrupted a call set with SA_RESTART? */
bool sk_plat_restarts(void);

/* ---- the process ---- */

/* As for getenv(3): NULL if it is not set, valid until somebody changes it. */
const char *sk_plat_env(const char *name);
int64_t     sk_plat_process(void); /* its number */

/* ---- text ---- */

/* The system's text for an errno value, in English; valid until this thread
 * asks again. */
const char *sk_plat_strerror(int code);

#endif
