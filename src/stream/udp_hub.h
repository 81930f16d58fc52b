/* udp_hub.h - the datagrams of a UDP server that were taken from the system
 * and read by nobody yet, and whose they are.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_UDP_HUB_H
#define SK_STREAM_UDP_HUB_H

#include "base/list.h"
#include "core/channel.h"
#include "stream/udp_place.h"

/* At most so many datagrams wait in one queue. */
#define SK_UDP_MOST 1024u

/* What a datagram can hold. */
#define SK_UDP_LENGTH 65535u

/* One that was taken from the system. */
struct sk_datagram {
    struct sk_link link;   /* in a queue */
    uint64_t       number; /* in the order they were taken */
    union sk_place from;
    union sk_place to; /* this side's address, for answers; perhaps unknown */
    size_t         length;
    unsigned char  bytes[];
};

/* The channel of a server, or of a handle accepted from it. */
struct sk_udp {
    struct sk_channel  channel;
    struct sk_udp_hub *hub;   /* constant, as are: */
    struct sk_sock    *s;     /* whose channel it is */
    int                fd;    /* its descriptor; once parked, u's own */
    unsigned           epoch; /* sk_handle_epoch as it was made */
    union sk_place     peer;  /* AF_UNSPEC: it is the server */
    union sk_place     here;  /* the address it is bound to, or not known */
    _Atomic bool       ended; /* reading was shut down */
    bool               open;  /* guarded by the hub, as are: */
    struct sk_link     link;  /* of a handle: among the hub's, or parked */
    struct sk_link     queue; /* what it reads before the system's */
    size_t             count; /* of the queue */
};

#define SK_UDP_CHAINS 256u

/* At most so many sockets outlive their handles. */
#define SK_UDP_PARKED 16u

/* What a server and the handles accepted from it share. */
struct sk_udp_hub {
    pthread_mutex_t lock;   /* never held while waiting */
    struct sk_link  link;   /* guarded by the list of hubs */
    bool            any;    /* constant: the server is bound to every address */
    int             port;   /* constant: where it is bound */
    size_t          owners; /* guarded by lock, as are: */
    struct sk_udp  *server; /* NULL: it is closed */
    bool            prepared;              /* the server can accept */
    uint64_t        taken;                 /* datagrams so far */
    struct sk_link  chains[SK_UDP_CHAINS]; /* open handles, by peer */
    struct sk_link  parked; /* closed handles, the oldest first */
    size_t          parked_count;
    int64_t         parked_at; /* when the last one was */
    size_t          waiters;   /* accepts that wait for the bell */
    int             bell;      /* -1: none */
    bool            rung;
    unsigned char   scratch[SK_UDP_LENGTH]; /* what was taken last */
};

/* What was taken last, but for its bytes. */
struct sk_arrival {
    union sk_place from;
    union sk_place to;
    size_t         length;
    int            flags;        /* as recvmsg(2) tells them */
    size_t         control_size; /* of the items that came along */
};

/* A hub, and its server: s, which is bound to `at`. ENOMEM. */
sk_err sk_udp_hub_new(struct sk_sock *s, const struct sk_addr *at,
                      struct sk_udp **out);

/* With the hub locked: it is unlocked, and goes with its last owner. */
void sk_udp_free(struct sk_udp *u);

void sk_udp_lock(struct sk_udp_hub *hub);
void sk_udp_unlock(struct sk_udp_hub *hub);

/* All of these: with the hub locked. None of them waits. */

/* Something for a socket, an owner more. ENOMEM. */
sk_err sk_udp_new(struct sk_udp_hub *hub, struct sk_sock *s,
                  struct sk_udp **out);

/* Take what the system has for u next, with recvmsg's flags; items go where
 * `items` says, if it is not NULL. EAGAIN, what the system says. */
sk_err sk_udp_pull(struct sk_udp *u, int flags, const struct msghdr *items,
                   struct sk_arrival *a);

/* Whose an arrival is: the open handle's of that peer, else the server's. NULL:
 * nobody's. */
struct sk_udp *sk_udp_owner(struct sk_udp_hub *hub, const union sk_place *from,
                            const union sk_place *to);

/* Keep what was taken last for its owner, if there is one, with room and
 * memory: else it is lost, as if the network had. */
void sk_udp_route(struct sk_udp_hub *hub, const struct sk_arrival *a);

/* A copy of what was taken last. ENOMEM. */
sk_err sk_udp_copy(struct sk_udp_hub *hub, const struct sk_arrival *a,
                   struct sk_datagram **out);

/* Give what the system has for u to whom it is for, while there is room with
 * the server and u. */
void sk_udp_drain(struct sk_udp *u);

/* The same for u, which is newly connected, and its server: each sender's in
 * the order they came. */
void sk_udp_settle(struct sk_udp *u);

/* u's handle is gone, its descriptor is u's: it stays until what the system had
 * on the way to it must have come. */
void sk_udp_park(struct sk_udp *u);

/* Give what has come to those who are parked to whom it is for; `all` of them
 * end, or the oldest. */
void sk_udp_unpark(struct sk_udp_hub *hub, bool all);

/* The first of the queue leaves it; NULL: there is none. */
struct sk_datagram *sk_udp_shift(struct sk_udp *u);

/* All of it is dropped. */
void sk_udp_empty(struct sk_udp *u);

/* d goes to where its number belongs; the newest goes if there are too many. */
void sk_udp_insert(struct sk_udp *u, struct sk_datagram *d);

/* From now on u is its peer's: what waits from there is u's. */
void sk_udp_enter(struct sk_udp *u);

/* u is nobody's any more: its queue goes to the server, or, unless `back`, is
 * dropped. */
void sk_udp_leave(struct sk_udp *u, bool back);

#endif
