/* context.c - the life of a context: made, filled, frozen, shared, freed.
 *
 * Who uses no context uses one of all defaults. There is one for the process,
 * so that TLS reads the system's certificates once, not for every connection;
 * it is never freed. A context made for each stream would cost that.
 *
 * Freezing is one way and seldom: the lock parts it from a setting that is on
 * its way, so no option changes once a stream reads them without a lock.
 *
 * A thread may hold a context's lock, for as long as TLS reads files, while
 * another forks. The child makes the lock anew when it first wants it. Handlers
 * of the fork that take every lock before and make it anew behind would make
 * the fork wait for those files, and need a list of all contexts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/context.h"

#include "core/call.h"
#include "stream/options.h"
#include "stream/tls.h"

#include <errno.h>

static struct sock_context defaults   = {.frozen = true};
static pthread_once_t      once       = PTHREAD_ONCE_INIT;
static pthread_mutex_t     renew_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- life ---- */

/* The first owner's. */
static void furnish(sock_context_t *c)
{
    atomic_init(&c->owners, 1);
    sk_options_init(&c->options);
    pthread_mutex_init(&c->lock, NULL);
    c->forks = sk_handle_forks;
}

static void in_child(void)
{
    pthread_mutex_init(&renew_lock, NULL);
}

static void set_up(void)
{
    sk_handle_set_up(); /* counts forks */
    pthread_atfork(NULL, NULL, in_child);
    furnish(&defaults);
}

sock_context_t *sock_context_create(void)
{
    sock_context_t *c = calloc(1, sizeof *c);

    if (!c) {
        sk_call_refuse(SK_CONTEXT_CREATE, ENOMEM);
        return NULL;
    }
    pthread_once(&once, set_up);
    furnish(c);
    return c;
}

void sock_context_free(sock_context_t *c)
{
    sk_context_release(c);
}

/* ---- the lock ---- */

/* Only a thread that lives in this process can have the lock, and it has come
 * through here since the fork. */
void sk_context_lock(sock_context_t *c)
{
    pthread_mutex_lock(&renew_lock);
    if (c->forks != sk_handle_forks) {
        pthread_mutex_init(&c->lock, NULL);
        c->forks = sk_handle_forks;
    }
    pthread_mutex_unlock(&renew_lock);
    pthread_mutex_lock(&c->lock);
}

void sk_context_unlock(sock_context_t *c)
{
    pthread_mutex_unlock(&c->lock);
}

/* ---- owners ---- */

static bool is_frozen(sock_context_t *c)
{
    return atomic_load_explicit(&c->frozen, memory_order_acquire);
}

sk_err sk_context_use(sock_context_t *c, sock_context_t **out)
{
    if (!c) {
        pthread_once(&once, set_up);
        c = &defaults;
    }
    if (!is_frozen(c)) {
        sk_context_lock(c);
        atomic_store_explicit(&c->frozen, true, memory_order_release);
        sk_context_unlock(c);
    }
    *out = sk_context_share(c);
    return 0;
}

sock_context_t *sk_context_share(sock_context_t *c)
{
    if (c)
        atomic_fetch_add_explicit(&c->owners, 1, memory_order_relaxed);
    return c;
}

void sk_context_release(sock_context_t *c)
{
    if (!c ||
        atomic_fetch_sub_explicit(&c->owners, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t role = 0; role < SK_COUNT(c->made); role++)
        sk_tls_forget(c->made[role]);
    sk_options_fini(&c->options);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- setting ---- */

static sk_err try_to_set(sock_context_t *c, const char *option,
                         const struct sk_value *value, const char **why)
{
    sk_err err = EBUSY;

    *why = "no option was named";
    if (!option)
        return EINVAL;
    *why = "there is no context";
    if (!c)
        return EINVAL;
    *why = "the context is in use";
    sk_context_lock(c);
    if (!is_frozen(c))
        err = sk_options_set(&c->options, option, value, why);
    sk_context_unlock(c);
    return err;
}

static bool set(sock_context_t *c, const char *option,
                const struct sk_value *value)
{
    struct sk_scene scene = {SK_CONTEXT_SET, option, SK_NO_PORT, NULL};
    sk_err          err   = try_to_set(c, option, value, &scene.detail);

    if (err)
        sk_report(NULL, NULL, &scene, err);
    return !err;
}

bool sock_context_set_string(sock_context_t *c, const char *option,
                             const char *value)
{
    const struct sk_value text = {.kind = SK_TEXT, .text = value};

    return set(c, option, &text);
}

bool sock_context_set_int(sock_context_t *c, const char *option, long value)
{
    const struct sk_value number = {.kind = SK_NUMBER, .number = value};

    return set(c, option, &number);
}

bool sock_context_set_bool(sock_context_t *c, const char *option, bool value)
{
    const struct sk_value answer = {.kind = SK_ANSWER, .answer = value};

    return set(c, option, &answer);
}
