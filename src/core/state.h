/* state.h - one socket: the slot that a handle names.
 *
 * A slot's memory lives as long as the process, so a stale handle can always
 * be looked up and refused. Each slot has cache lines of its own: two threads
 * on two handles never fight over one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_STATE_H
#define SK_CORE_STATE_H

#include "base/buf.h"
#include "base/common.h"
#include "platform/plat.h"

#include <pthread.h>
#include <stdatomic.h>

/* Which of a handle's two limits counts. */
enum sk_direction {
    SK_READING, /* and accepting */
    SK_WRITING  /* and connecting */
};

/* sk_sock.flags. */
#define SK_BUFFERED 0x001u    /* the buffer holds bytes */
#define SK_FAILED 0x002u      /* the stream is over: `failure` says why */
#define SK_DEADLINE 0x004u    /* `deadline` counts */
#define SK_READ_LIMIT 0x008u  /* limit_ms[SK_READING] counts */
#define SK_WRITE_LIMIT 0x010u /* limit_ms[SK_WRITING] counts */
#define SK_NONBLOCK 0x020u    /* the descriptor has O_NONBLOCK */
#define SK_STARVED 0x040u     /* a line read refused what is buffered */
#define SK_LINGERS 0x080u     /* close(2) might wait: it was asked to, once */
#define SK_LIMITED 0x100u     /* the descriptor had limits once */
#define SK_CONNECTING 0x200u  /* a connect has the descriptor's limits */
#define SK_SEND_POLLS 0x400u  /* a send must not block in the system */
#define SK_POLLED 0x800u      /* a member of poll sets */
#define SK_TOLD 0x1000u       /* they know that the buffer holds bytes */
#define SK_REARMS 0x2000u     /* one wants to know when a call meets EAGAIN */
#define SK_UNTOLD 0x4000u     /* open, but its handle was given to nobody yet */
#define SK_CHANNEL 0x8000u    /* bytes go through its channel: channel.h */
#define SK_PENDING                                                             \
    0x10000u                /* the channel holds bytes, or somebody to accept  \
                             */
#define SK_KEPT 0x20000u    /* the channel keeps bytes the system refused */
#define SK_SHAKING 0x40000u /* the channel awaits its peer before all else */
#define SK_ENDED 0x80000u   /* a read has met the end, or failed for good */
#define SK_TIMED_OUT 0x100000u /* the last read met its limit */
#define SK_ACCEPTED 0x400000u  /* it came from a listener */
#define SK_OVER 0x200000u  /* the channel has met its end, and tells it on */
#define SK_RESET 0x800000u /* a send was told that the stream was reset */

#define SK_FRESH 0x1000000u /* a connect may block: see connect.c */
#define SK_CUT 0x2000000u   /* shut down while a connect went on */
#define SK_STUCK 0x4000000u /* a connect blocks in the system */

/* Without these a call is its system call and nothing else. */
#define SK_READ_CARE                                                           \
    (SK_BUFFERED | SK_FAILED | SK_DEADLINE | SK_READ_LIMIT | SK_CHANNEL |      \
     SK_TIMED_OUT | SK_RESET)
#define SK_WRITE_CARE                                                          \
    (SK_DEADLINE | SK_WRITE_LIMIT | SK_SEND_POLLS | SK_CHANNEL)

#define SK_NEVER INT64_MAX /* a time that does not come */

struct sk_channel;
struct sk_member;

struct sk_sock {
    /* First line: what every call touches. */
    _Alignas(64) _Atomic uint64_t word; /* life and holders: see handle.c */
    int              fd;                /* set before open, then constant */
    _Atomic unsigned flags;             /* SK_BUFFERED ... */
    _Atomic int      limit_ms[2];       /* by direction; -1 none */
    _Atomic int64_t  deadline;          /* by sk_plat_now(); SK_NEVER none */
    struct sk_buf    buf;               /* guarded by the reading turn */
    uint32_t         next; /* guarded by the table: next free slot, 0 none */
    uint32_t         id;   /* set once: the slot's number, from 1 */

    /* Then the rest. */
    _Atomic int       failure;   /* why SK_FAILED */
    _Atomic unsigned  selectors; /* selects that wait to read: see io.c */
    _Atomic uint32_t  error;     /* last failure: verb and code, report.c */
    _Atomic unsigned  burst;     /* which datagrams may be joined: burst.c */
    struct sk_member *members;   /* of poll sets: see member.h */
    _Atomic(struct sk_channel *) channel; /* see channel.h; NULL: none */
    short                        domain;  /* set before open, then constant */
    short                        type;    /* likewise */
    pthread_mutex_t              lock;    /* never held while waiting */
    char    *where;       /* guarded by lock: text of where_error */
    uint32_t where_error; /* guarded by lock: the error it is of */
    union {
        struct sockaddr     any;
        struct sockaddr_in  in4;
        struct sockaddr_in6 in6;
    } peer; /* guarded by lock; AF_UNSPEC unless a peer is known */
};

static inline bool sk_sock_is_stream(const struct sk_sock *s)
{
    return s->type == SOCK_STREAM;
}

static inline unsigned sk_sock_flags(struct sk_sock *s)
{
    return atomic_load_explicit(&s->flags, memory_order_relaxed);
}

/* Bytes that we hold make a socket readable, but for those that a line read
 * has refused; so does the end that we have met. */
static inline bool sk_flags_readable(unsigned flags)
{
    return (flags & (SK_FAILED | SK_PENDING | SK_OVER)) ||
           (flags & (SK_BUFFERED | SK_STARVED)) == SK_BUFFERED;
}

/* Both return the flags as they were. */
static inline unsigned sk_sock_raise(struct sk_sock *s, unsigned flags)
{
    return atomic_fetch_or_explicit(&s->flags, flags, memory_order_relaxed);
}

static inline unsigned sk_sock_drop(struct sk_sock *s, unsigned flags)
{
    return atomic_fetch_and_explicit(&s->flags, ~flags, memory_order_relaxed);
}

#endif
