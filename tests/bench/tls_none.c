/* tls_none.c - built without TLS: no certificate, hence no such work.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/raw.h"

const char *bench_certificate(void)
{
    return NULL;
}

bool raw_handshake(const struct job *job)
{
    (void)job;
    return bench_failed("built without TLS");
}

bool raw_handshake_tuned(const struct job *job)
{
    return raw_handshake(job);
}

bool raw_tls_bulk(const struct job *job)
{
    return raw_handshake(job);
}

bool raw_tls_bulk_tuned(const struct job *job)
{
    return raw_handshake(job);
}
