/* tls_feed.c - one step of OpenSSL, and the cipher text that it needs.
 *
 * OpenSSL does no input or output of its own. Who has the reading turn fetches
 * cipher text from the system, waiting as any read does; OpenSSL decrypts it
 * under the engine's lock, which nobody holds while waiting.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include "core/outcome.h"
#include "core/poll.h"
#include "core/wait.h"

#include <sock/error.h>

#include <openssl/err.h>

#include <errno.h>
#include <string.h>

/* What is fetched at once: the largest record fits, with its head and tail. */
#define FETCH (SK_TLS_RECORD + 2048u)
#define RECORD_HEAD 5u

/* ---- a step: with the lock ---- */

/* OpenSSL tells its failures by the thread's queue of errors, which has to be
 * empty before. */
void sk_tls_step_begin(struct sk_tls *t, struct sk_sock *s, bool feeding)
{
    pthread_mutex_lock(&t->lock);
    t->s          = s;
    t->epoch      = atomic_load(&sk_handle_epoch);
    t->in.feeding = feeding;
    ERR_clear_error();
}

void sk_tls_step_end(struct sk_tls *t)
{
    t->in.feeding = false;
    pthread_mutex_unlock(&t->lock);
}

sk_err sk_tls_fail(struct sk_tls *t, sk_err err)
{
    if (!t->failure)
        t->failure = err;
    ERR_clear_error();
    return err;
}

sk_err sk_tls_step_reason(struct sk_tls *t, int result)
{
    sk_err err;

    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        t->heard = true;
        return 0;
    default:
        break;
    }
    if (t->in.feeding && t->in.over && t->in.start == t->in.end)
        return sk_tls_fail(t, LIBSOCK_ETLS_TRUNCATED);
    if (t->verdict)
        return sk_tls_fail(t, t->verdict);
    err = sk_tls_error_take(t->detail, sizeof t->detail);
    return sk_tls_fail(t, err);
}

/* ---- what is there: with the lock ---- */

/* Does what is here already hold something that the system cannot tell of? A
 * whole record may be none of the peer's bytes, but then a read finds out. */
static bool holds_more(struct sk_tls *t)
{
    const unsigned char *head  = (unsigned char *)t->in.data + t->in.start;
    size_t               there = t->in.end - t->in.start;

    if (SSL_pending(t->ssl) > 0)
        return true;
    return there >= RECORD_HEAD &&
           there >= RECORD_HEAD + ((size_t)head[3] << 8 | head[4]);
}

/* The peer may say goodbye, or break the protocol, and leave its connection
 * open: of such an end the system has nothing to tell. */
void sk_tls_tell_pending(struct sk_tls *t)
{
    unsigned now = (holds_more(t) ? SK_PENDING : 0u) |
                   (t->heard || t->failure ? SK_OVER : 0u);
    unsigned was = sk_sock_flags(t->s) & (SK_PENDING | SK_OVER);

    if (was & ~now)
        sk_sock_drop(t->s, was & ~now);
    if (!now)
        return;
    sk_sock_raise(t->s, now);
    sk_poll_notify(t->s);
}

/* ---- fetching: with the reading turn, without the lock ---- */

static void drop_input(struct sk_tls *t)
{
    free(t->in.data);
    t->in.data  = NULL;
    t->in.start = t->in.end = 0;
}

bool sk_tls_is_late(struct sk_limit *l)
{
    return l->expired = !sk_wait_left(l->until);
}

static bool has_kept(struct sk_sock *s)
{
    return sk_sock_flags(s) & SK_KEPT;
}

/* While something is kept, it is sent as soon as that is possible: the peer may
 * be waiting for it. */
static sk_err fetch_and_flush(struct sk_sock *s, struct sk_limit *l,
                              struct sk_tls *t, size_t *got)
{
    ssize_t n;
    sk_err  err = 0;

    while (!err) {
        sk_tls_flush(s, t);
        n = sk_io_try_raw(s, t->in.data, FETCH);
        if (n >= 0) {
            *got = (size_t)n;
            return 0;
        }
        err = n == -EINTR ? 0 : (sk_err)-n;
        if (err == EAGAIN && !l->nonblock)
            err = sk_wait_fd(s, has_kept(s) ? POLLIN | POLLOUT : POLLIN,
                             l->until);
    }
    l->expired = err == ETIMEDOUT;
    return err;
}

/* What ends the connection is told from now on; what ends the call is not. */
static sk_err note(struct sk_sock *s, const struct sk_limit *l,
                   struct sk_tls *t, sk_err err)
{
    if (!err || l->expired || !sk_outcome_is_final(err) || sk_handle_closing(s))
        return err;
    pthread_mutex_lock(&t->lock);
    sk_tls_fail(t, err);
    pthread_mutex_unlock(&t->lock);
    return err;
}

/* Memory that nobody waits with is given back. */
sk_err sk_tls_fetch(struct sk_sock *s, struct sk_limit *l, struct sk_tls *t)
{
    struct sk_tls_input *in  = &t->in;
    size_t               got = 0;
    sk_err               err;

    if (in->over)
        return LIBSOCK_ETLS_TRUNCATED;
    if (!in->data && !(in->data = malloc(FETCH)))
        return ENOMEM;
    in->start = in->end = 0;
    err                 = has_kept(s) ? fetch_and_flush(s, l, t, &got)
                                      : sk_io_receive_raw(s, l, in->data, FETCH, &got);
    l->polls            = l->polls || l->until != SK_NEVER;
    if (err)
        drop_input(t);
    in->end  = got;
    in->over = !err && !got;
    return note(s, l, t, err);
}

/* Nothing can be sent any more; the peer may have told why before it left. That
 * it did leave says more than that nobody listens. */
sk_err sk_tls_fetch_last(struct sk_sock *s, struct sk_tls *t)
{
    struct sk_limit now = {SK_NEVER, true, true, false};
    sk_err          err = sk_tls_fetch(s, &now, t);

    if (!err && !t->in.over)
        return 0;
    pthread_mutex_lock(&t->lock);
    err = t->unsendable == EPIPE && t->in.over ? LIBSOCK_ETLS_TRUNCATED
                                               : t->unsendable;
    sk_tls_fail(t, err);
    pthread_mutex_unlock(&t->lock);
    return err;
}
