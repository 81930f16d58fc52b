/* peer.c - who is at the other end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/peer.h"

#include <errno.h>
#include <string.h>

sk_err sk_peer(struct sk_sock *s, struct sk_addr *out)
{
    pthread_mutex_lock(&s->lock);
    memcpy(&out->u, &s->peer, sizeof s->peer);
    pthread_mutex_unlock(&s->lock);
    out->len = sizeof s->peer;
    return out->u.any.sa_family == AF_UNSPEC ? sk_plat_peername(s->fd, out) : 0;
}

sk_err sk_peer_allows(struct sk_sock *s)
{
    struct sk_addr peer;

    return sk_sock_is_stream(s) && !sk_peer(s, &peer) ? EISCONN : 0;
}

void sk_peer_sent(struct sk_sock *s, struct sk_addr *from)
{
    if (!from->len && sk_sock_is_stream(s) && sk_peer(s, from))
        from->len = 0;
}
