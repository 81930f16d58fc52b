/* tls_bio.c - where OpenSSL reads its cipher text, and where it writes it.
 *
 * OpenSSL's own BIO for sockets would raise SIGPIPE, and have OpenSSL wait for
 * a write that it has begun: a refused one would have to be repeated with the
 * same bytes. This one takes all it is given. What the system refuses is kept,
 * and goes out before anything else; while there is any, nothing new is
 * encrypted. So OpenSSL only ever waits to read.
 *
 * A system that can send no more is no reason for OpenSSL to fail, either: what
 * has arrived can still be read. The failure is remembered for the writers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include "core/poll.h"
#include "core/send.h"

#include <sock/error.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A handshake may send its whole flight, with long chains of certificates. */
#define MOST_KEPT (256u * 1024u)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static BIO_METHOD    *method; /* set once; lives as long as the process */

/* ---- reading ---- */

static int take(BIO *b, char *out, size_t size, size_t *taken)
{
    struct sk_tls       *t  = BIO_get_data(b);
    struct sk_tls_input *in = &t->in;
    size_t               there;

    BIO_clear_retry_flags(b);
    there  = in->feeding ? in->end - in->start : 0;
    *taken = there < size ? there : size;
    if (!*taken) {
        if (!in->feeding || !in->over)
            BIO_set_retry_read(b);
        return 0;
    }
    memcpy(out, in->data + in->start, *taken);
    in->start += *taken;
    return 1;
}

/* ---- writing ---- */

/* A peer that asks for answers and reads none does not fill our memory. */
static void refuse_more(struct sk_tls *t)
{
    t->unsendable = ENOBUFS;
    sk_tls_fail(t, LIBSOCK_ETLS_PROTOCOL);
    snprintf(t->detail, sizeof t->detail,
             "the peer asks for answers that it does not read");
}

static void keep(struct sk_tls *t, const char *bytes, size_t count)
{
    size_t room = 0;
    bool   had  = sk_buf_size(&t->kept);

    if (count > MOST_KEPT - sk_buf_size(&t->kept))
        refuse_more(t);
    while (count && !t->unsendable) {
        if (sk_buf_reserve(&t->kept, sk_buf_size(&t->kept) + count, &room)) {
            t->unsendable = ENOMEM;
            break;
        }
        if (room > count)
            room = count;
        memcpy(sk_buf_back(&t->kept), bytes, room);
        sk_buf_added(&t->kept, room);
        bytes += room;
        count -= room;
    }
    if (!had && sk_buf_size(&t->kept)) {
        sk_sock_raise(t->s, SK_KEPT);
        sk_poll_rewatch(t->s);
    }
}

static void drop_kept(struct sk_tls *t)
{
    sk_buf_free(&t->kept);
    sk_sock_drop(t->s, SK_KEPT);
    sk_poll_rewatch(t->s);
}

/* How many of these bytes the system takes now. */
static size_t send_now(struct sk_tls *t, const char *bytes, size_t count)
{
    size_t  sent = 0;
    ssize_t n;

    while (sent < count && !t->unsendable) {
        n = sk_send_raw(t->s, bytes + sent, count - sent);
        if (n > 0)
            sent += (size_t)n;
        else if (n == -EAGAIN || n == -ENOBUFS)
            break;
        else if (n != -EINTR)
            t->unsendable = n ? (sk_err)-n : EPIPE;
    }
    return sent;
}

void sk_tls_bio_flush(struct sk_tls *t)
{
    size_t sent;

    if (!sk_buf_size(&t->kept))
        return;
    sent = send_now(t, sk_buf_front(&t->kept), sk_buf_size(&t->kept));
    sk_buf_take(&t->kept, NULL, sent);
    if (t->unsendable || !sk_buf_size(&t->kept))
        drop_kept(t);
}

static int put(BIO *b, const char *bytes, size_t count, size_t *written)
{
    struct sk_tls *t    = BIO_get_data(b);
    size_t         sent = 0;

    BIO_clear_retry_flags(b);
    if (!sk_buf_size(&t->kept))
        sent = send_now(t, bytes, count);
    keep(t, bytes + sent, count - sent);
    *written = count;
    return 1;
}

/* ---- the rest ---- */

static long control(BIO *b, int what, long number, void *pointer)
{
    struct sk_tls *t = BIO_get_data(b);

    (void)number;
    (void)pointer;
    switch (what) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return t->in.feeding && t->in.over && t->in.start == t->in.end;
    default:
        return 0;
    }
}

static void set_up(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "libsock");

    if (m && BIO_meth_set_read_ex(m, take) && BIO_meth_set_write_ex(m, put) &&
        BIO_meth_set_ctrl(m, control))
        method = m;
    else
        BIO_meth_free(m);
}

BIO *sk_tls_bio_new(struct sk_tls *t)
{
    BIO *b;

    pthread_once(&once, set_up);
    if (!method || !(b = BIO_new(method)))
        return NULL;
    BIO_set_data(b, t);
    BIO_set_init(b, 1);
    return b;
}
