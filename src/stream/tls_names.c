/* tls_names.c - a server's certificate by the name that a client asks for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include <string.h>

/* "*.example.com" stands for one label. */
static bool suits(const char *pattern, const char *name)
{
    if (pattern[0] == '*' && pattern[1] == '.') {
        const char *dot = strchr(name, '.');

        return dot && dot != name && !OPENSSL_strcasecmp(pattern + 1, dot);
    }
    return !OPENSSL_strcasecmp(pattern, name);
}

/* A name of its own goes before a pattern. */
static SSL_CTX *find_name(const struct sk_tls_made *made, const char *name)
{
    SSL_CTX *found = NULL;

    for (const struct sk_tls_name *n = made->names; n; n = n->next) {
        if (!suits(n->name, name))
            continue;
        if (n->name[0] != '*')
            return n->ctx;
        found = n->ctx;
    }
    return found;
}

int sk_tls_choose_name(SSL *ssl, int *alert, void *arg)
{
    const struct sk_tls_made *made = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    SSL_CTX    *ctx  = name ? find_name(made, name) : NULL;

    (void)alert;
    if (ctx)
        SSL_set_SSL_CTX(ssl, ctx);
    return ctx ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}
