/* tls_none.c - TLS where it is not built in: every attempt is EOPNOTSUPP.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls.h"

#include <errno.h>
#include <stdio.h>

const bool sk_tls_built_in = false;

sk_err sk_tls_prepare(sock_context_t *c, enum sk_tls_role role, char *detail,
                      size_t size)
{
    (void)c;
    (void)role;
    snprintf(detail, size, "TLS is not built in");
    return EOPNOTSUPP;
}

void sk_tls_forget(struct sk_tls_made *made)
{
    SK_ASSERT(!made);
}

sk_err sk_tls_new(sock_context_t *c, const struct sk_tls_wish *wish,
                  struct sk_tls **out)
{
    (void)c;
    (void)wish;
    *out = NULL;
    return EOPNOTSUPP;
}

void sk_tls_free(struct sk_tls *t)
{
    SK_ASSERT(!t);
}

/* Without an engine none of these is ever called. */

void sk_tls_forked(struct sk_tls *t)
{
    SK_ASSERT(!t);
}

sk_err sk_tls_hand_back(struct sk_sock *s, struct sk_tls *t)
{
    (void)s;
    SK_ASSERT(!t);
    return EOPNOTSUPP;
}

sk_err sk_tls_shake(struct sk_call *c, struct sk_limit *l, struct sk_tls *t)
{
    (void)c;
    (void)l;
    SK_ASSERT(!t);
    return EOPNOTSUPP;
}

sk_err sk_tls_read(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                   void *buf, size_t len, size_t *got)
{
    (void)buf;
    (void)len;
    *got = 0;
    return sk_tls_shake(c, l, t);
}

sk_err sk_tls_write(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                    const void *buf, size_t len, size_t *sent)
{
    (void)buf;
    (void)len;
    *sent = 0;
    return sk_tls_shake(c, l, t);
}

sk_err sk_tls_goodbye(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                      enum sk_tls_end end)
{
    (void)end;
    return sk_tls_shake(c, l, t);
}

void sk_tls_end_reading(struct sk_tls *t)
{
    SK_ASSERT(!t);
}

void sk_tls_flush(struct sk_sock *s, struct sk_tls *t)
{
    (void)s;
    SK_ASSERT(!t);
}

void sk_tls_last_words(struct sk_sock *s, struct sk_tls *t)
{
    (void)s;
    SK_ASSERT(!t);
}

void sk_tls_explain(struct sk_tls *t, sk_err err, char *out, size_t size)
{
    (void)t;
    (void)err;
    snprintf(out, size, "%s", "");
}

bool sk_tls_is_method(struct sk_tls *t, enum sk_tls_role role, int method)
{
    (void)t;
    (void)role;
    (void)method;
    return false;
}

sk_err sk_tls_may_end(struct sk_tls *t)
{
    SK_ASSERT(!t);
    return EOPNOTSUPP;
}

bool sk_tls_is_done(struct sk_tls *t)
{
    (void)t;
    return false;
}

void sk_tls_describe(struct sk_tls *t, sock_meta_t *out)
{
    (void)t;
    (void)out;
}

size_t sk_tls_unread(struct sk_tls *t)
{
    (void)t;
    return 0;
}

sk_err sk_tls_peer_certificate(struct sk_tls *t, size_t depth, char *pem,
                               size_t size, size_t *length)
{
    (void)t;
    (void)depth;
    (void)pem;
    (void)size;
    *length = 0;
    return EOPNOTSUPP;
}
