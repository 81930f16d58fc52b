/* test_tls_promises_later.c - proves the same promises over TLS 1.2, and over
 * a connection that began in the clear.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/certs.h"
#include "support/promises.h"

#define KIND (IS_STREAM | IS_INET | IS_TLS | IS_FILLING)

static void encrypt(void *with)
{
    sock_t **s = with;

    if (!sock_stream_enable_crypto(*s, true, LIBSOCK_CRYPTO_TLS_CLIENT, NULL)) {
        print_error("%s\n", sock_last_message(*s));
        *s = NULL;
    }
}

/* A connection in the clear that is encrypted later. */
static void encrypt_later(const struct transport *t, sock_t *pair[2])
{
    struct transport plain = *t;
    struct aside     a;
    sock_t          *client;

    plain.is &= ~IS_TLS;
    pair_by_url(&plain, pair);
    client = pair[0];
    aside_start(&a, encrypt, &client);
    if (!sock_stream_enable_crypto(pair[1], true, LIBSOCK_CRYPTO_TLS_SERVER,
                                   NULL))
        fail_msg("%s", sock_last_message(pair[1]));
    aside_join(&a);
    assert_non_null(client);
    greet(pair);
}

static struct transport encrypted[] = {
    {"tlsv1.2", "tls", KIND, "tlsv1.2://127.0.0.1:0", pair_by_url, NULL, NULL},
    {"tcp, then tls", "tls", KIND, "tcp://127.0.0.1:0", encrypt_later, NULL,
     NULL},
};

/* Small writes in turn would wait for each other's acknowledgements. */
static sock_context_t *without_delay(void)
{
    sock_context_t *c = sock_context_create();

    assert_true(sock_context_set_bool(c, "socket.tcp_nodelay", true));
    return c;
}

static sock_context_t *serving(const struct cert *cert)
{
    sock_context_t *c = without_delay();

    assert_true(sock_context_set_string(c, "ssl.local_cert", cert->path));
    return c;
}

int main(void)
{
    size_t          count  = sizeof encrypted / sizeof *encrypted;
    struct cert    *ca     = cert_make_ca("promises");
    struct cert    *cert   = cert_make_signed(ca);
    sock_context_t *server = serving(cert);
    sock_context_t *client = without_delay();
    int             failed;

    sock_context_set_string(client, "ssl.cafile", ca->cert_path);
    for (size_t i = 0; i < count; i++) {
        encrypted[i].server = server;
        encrypted[i].client = client;
    }
    failed = promises_run(encrypted, count);
    sock_context_free(server);
    sock_context_free(client);
    cert_free(cert);
    cert_free(ca);
    return failed;
}
