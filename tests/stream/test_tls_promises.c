/* test_tls_promises.c - proves the same promises over TLS: on IPv4, and on
 * IPv6, where no session goes on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/certs.h"
#include "support/promises.h"

#define KIND (IS_STREAM | IS_INET | IS_TLS | IS_FILLING)

static struct transport encrypted[] = {
    {"tls", "tls", KIND, "tls://127.0.0.1:0", pair_by_url, NULL, NULL},
    {"tls6", "tls", KIND, "tls://[::1]:0", pair_by_url, NULL, NULL},
};

/* Small writes in turn would wait for each other's acknowledgements. */
static sock_context_t *without_delay(void)
{
    sock_context_t *c = sock_context_create();

    assert_true(sock_context_set_bool(c, "socket.tcp_nodelay", true));
    return c;
}

static sock_context_t *serving(const struct cert *cert, bool tickets)
{
    sock_context_t *c = without_delay();

    assert_true(sock_context_set_string(c, "ssl.local_cert", cert->path));
    assert_true(sock_context_set_bool(c, "ssl.no_ticket", !tickets));
    return c;
}

int main(void)
{
    size_t          count  = sizeof encrypted / sizeof *encrypted;
    struct cert    *ca     = cert_make_ca("promises");
    struct cert    *cert   = cert_make_signed(ca);
    sock_context_t *server = serving(cert, true);
    sock_context_t *fresh  = serving(cert, false);
    sock_context_t *client = without_delay();
    int             failed;

    sock_context_set_string(client, "ssl.cafile", ca->cert_path);
    for (size_t i = 0; i < count; i++) {
        encrypted[i].server = i == 1 ? fresh : server;
        encrypted[i].client = client;
    }
    failed = promises_run(encrypted, count);
    sock_context_free(server);
    sock_context_free(fresh);
    sock_context_free(client);
    cert_free(cert);
    cert_free(ca);
    return failed;
}
