/* tls_session.c - going on with the sessions of earlier connections.
 *
 * A resumed session skips the certificate: whoever verified it then is trusted
 * now. So sessions are kept with the context whose options verified them, and
 * by the name that was expected; one of another context is not gone on with.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include <errno.h>
#include <string.h>

/* So many are kept of a context, and the newest of each name. */
#define MOST 32u

static void drop(struct sk_tls_session *s)
{
    SSL_SESSION_free(s->session);
    free(s);
}

/* Take out the one of that name; NULL: there is none. With the lock. */
static struct sk_tls_session *take(struct sk_tls_made *m, const char *name)
{
    struct sk_tls_session **at = &m->sessions, *found;

    while (*at && strcmp((*at)->name, name))
        at = &(*at)->next;
    if ((found = *at))
        *at = found->next;
    return found;
}

/* With the lock. */
static void drop_oldest(struct sk_tls_made *m)
{
    struct sk_tls_session **at    = &m->sessions;
    size_t                  count = 0;

    while (*at && ++count < MOST)
        at = &(*at)->next;
    if (*at && (*at)->next) {
        drop((*at)->next);
        (*at)->next = NULL;
    }
}

/* The server has sent a ticket. 1: the session is ours. */
static int keep(SSL *ssl, SSL_SESSION *session)
{
    struct sk_tls         *t = SSL_get_app_data(ssl);
    struct sk_tls_made    *m = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct sk_tls_session *s, *old;
    size_t                 size;

    if (!t || !t->name || !m)
        return 0;
    size = strlen(t->name) + 1;
    if (!(s = calloc(1, sizeof *s + size)))
        return 0;
    memcpy(s->name, t->name, size);
    s->session = session;
    sk_context_lock(t->context);
    if ((old = take(m, s->name)))
        drop(old);
    s->next     = m->sessions;
    m->sessions = s;
    drop_oldest(m);
    sk_context_unlock(t->context);
    return 1;
}

sk_err sk_tls_session_allow(struct sk_tls_made *m)
{
    if (!SSL_CTX_set_app_data(m->ctx, m))
        return ENOMEM;
    SSL_CTX_set_session_cache_mode(m->ctx, SSL_SESS_CACHE_CLIENT |
                                               SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(m->ctx, keep);
    return 0;
}

static void resume_from(struct sk_tls *t, struct sk_tls *from)
{
    SSL_SESSION *session;

    if (from->context != t->context || !from->name || !t->name ||
        strcmp(from->name, t->name))
        return;
    pthread_mutex_lock(&from->lock);
    session = SSL_get1_session(from->ssl);
    pthread_mutex_unlock(&from->lock);
    if (session && SSL_SESSION_is_resumable(session))
        SSL_set_session(t->ssl, session);
    SSL_SESSION_free(session);
}

/* With TLS 1.3 a ticket is used once (RFC 8446, appendix C.4), and brings the
 * next one. Before, a resumed handshake brings none. */
static SSL_SESSION *use(struct sk_tls *t, struct sk_tls_made *m)
{
    struct sk_tls_session *s;
    SSL_SESSION           *session = NULL;

    sk_context_lock(t->context);
    if ((s = take(m, t->name))) {
        session = s->session;
        SSL_SESSION_up_ref(session);
    }
    if (s && SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION) {
        s->next     = m->sessions;
        m->sessions = s;
    } else if (s) {
        drop(s);
    }
    sk_context_unlock(t->context);
    return session;
}

void sk_tls_session_resume(struct sk_tls *t, struct sk_tls_made *m,
                           struct sk_tls *from)
{
    SSL_SESSION *session;

    if (from)
        resume_from(t, from);
    if (from || !t->name || !(session = use(t, m)))
        return;
    SSL_set_session(t->ssl, session);
    SSL_SESSION_free(session);
}

void sk_tls_session_forget(struct sk_tls_made *m)
{
    struct sk_tls_session *s;

    while ((s = m->sessions)) {
        m->sessions = s->next;
        drop(s);
    }
}
