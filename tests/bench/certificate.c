/* certificate.c - the certificate of the TLS servers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include "support/certs.h"

const char *bench_certificate(void)
{
    static const struct cert_wish usual;
    static struct cert           *made;

    if (!made)
        made = cert_make(&usual);
    return made->path;
}
