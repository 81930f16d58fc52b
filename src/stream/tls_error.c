/* tls_error.c - OpenSSL's many reasons, as our few codes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include <sock/error.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <errno.h>
#include <stdio.h>

struct pair {
    int    from;
    sk_err to;
};

static sk_err find(const struct pair *pairs, size_t count, int from, sk_err no)
{
    for (size_t i = 0; i < count; i++)
        if (pairs[i].from == from)
            return pairs[i].to;
    return no;
}

/* ---- handshakes and records ---- */

/* An alert of the peer's has this added to its number. */
#define ALERT 1000

static const struct pair reasons[] = {
    {SSL_R_WRONG_VERSION_NUMBER, LIBSOCK_ETLS_PROTOCOL},
    {SSL_R_HTTP_REQUEST, LIBSOCK_ETLS_PROTOCOL},
    {SSL_R_HTTPS_PROXY_REQUEST, LIBSOCK_ETLS_PROTOCOL},
    {SSL_R_UNSUPPORTED_PROTOCOL, LIBSOCK_ETLS_VERSION},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, LIBSOCK_ETLS_VERSION},
    {SSL_R_VERSION_TOO_LOW, LIBSOCK_ETLS_VERSION},
    {SSL_R_VERSION_TOO_HIGH, LIBSOCK_ETLS_VERSION},
    {SSL_R_WRONG_SSL_VERSION, LIBSOCK_ETLS_VERSION},
    {ALERT + SSL3_AD_HANDSHAKE_FAILURE, LIBSOCK_ETLS_REFUSED},
    {ALERT + TLS1_AD_PROTOCOL_VERSION, LIBSOCK_ETLS_VERSION},
    {ALERT + TLS1_AD_INSUFFICIENT_SECURITY, LIBSOCK_ETLS_CIPHER},
    {ALERT + TLS1_AD_NO_APPLICATION_PROTOCOL, LIBSOCK_ETLS_ALPN},
    {SSL_R_NO_SHARED_CIPHER, LIBSOCK_ETLS_CIPHER},
    {SSL_R_NO_CIPHERS_AVAILABLE, LIBSOCK_ETLS_CIPHER},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, LIBSOCK_ETLS_CIPHER},
    {SSL_R_NO_SHARED_GROUPS, LIBSOCK_ETLS_CIPHER},
    {SSL_R_NO_SUITABLE_KEY_SHARE, LIBSOCK_ETLS_CIPHER},
    {SSL_R_NO_APPLICATION_PROTOCOL, LIBSOCK_ETLS_ALPN},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, LIBSOCK_ETLS_NO_CERTIFICATE},
    {ALERT + SSL3_AD_NO_CERTIFICATE, LIBSOCK_ETLS_REFUSED_CERTIFICATE},
    {ALERT + SSL3_AD_BAD_CERTIFICATE, LIBSOCK_ETLS_REFUSED_CERTIFICATE},
    {ALERT + SSL3_AD_UNSUPPORTED_CERTIFICATE, LIBSOCK_ETLS_REFUSED_CERTIFICATE},
    {ALERT + SSL3_AD_CERTIFICATE_REVOKED, LIBSOCK_ETLS_REFUSED_CERTIFICATE},
    {ALERT + SSL3_AD_CERTIFICATE_EXPIRED, LIBSOCK_ETLS_REFUSED_CERTIFICATE},
    {ALERT + SSL3_AD_CERTIFICATE_UNKNOWN, LIBSOCK_ETLS_REFUSED_CERTIFICATE},
    {ALERT + TLS1_AD_UNKNOWN_CA, LIBSOCK_ETLS_REFUSED_CERTIFICATE},
    {ALERT + TLS1_AD_ACCESS_DENIED, LIBSOCK_ETLS_REFUSED_CERTIFICATE},
    {ALERT + TLS13_AD_CERTIFICATE_REQUIRED, LIBSOCK_ETLS_REFUSED_CERTIFICATE},
};

static sk_err code_of(unsigned long error)
{
    int reason = ERR_GET_REASON(error);

    if (reason == ERR_R_MALLOC_FAILURE)
        return ENOMEM;
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return LIBSOCK_ETLS_OTHER;
    if (reason > ALERT && reason < ALERT + 256)
        return find(reasons, SK_COUNT(reasons), reason, LIBSOCK_ETLS_REFUSED);
    return find(reasons, SK_COUNT(reasons), reason, LIBSOCK_ETLS_PROTOCOL);
}

/* The first in the queue is the cause, the others are what came of it; but of a
 * record that does not decrypt the cipher complains first. */
static unsigned long take_cause(void)
{
    unsigned long first = ERR_get_error(), next = ERR_peek_error();

    if (ERR_GET_LIB(first) == ERR_LIB_PROV &&
        ERR_GET_LIB(next) == ERR_LIB_SSL &&
        ERR_GET_REASON(next) == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC)
        return next;
    return first;
}

sk_err sk_tls_error_take(char *detail, size_t size)
{
    unsigned long error = take_cause();
    const char   *text  = error ? ERR_reason_error_string(error) : NULL;

    detail[0] = '\0';
    if (text)
        snprintf(detail, size, "%s", text);
    else if (error && ERR_SYSTEM_ERROR(error))
        snprintf(detail, size, "%s", sock_strerror((int)ERR_GET_REASON(error)));
    ERR_clear_error();
    return error ? code_of(error) : LIBSOCK_ETLS_OTHER;
}

/* ---- certificates ---- */

static const struct pair verdicts[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, LIBSOCK_ETLS_UNTRUSTED},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, LIBSOCK_ETLS_UNTRUSTED},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, LIBSOCK_ETLS_UNTRUSTED},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, LIBSOCK_ETLS_UNTRUSTED},
    {X509_V_ERR_CERT_UNTRUSTED, LIBSOCK_ETLS_UNTRUSTED},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, LIBSOCK_ETLS_UNTRUSTED},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, LIBSOCK_ETLS_SELF_SIGNED},
    {X509_V_ERR_CERT_HAS_EXPIRED, LIBSOCK_ETLS_EXPIRED},
    {X509_V_ERR_CERT_NOT_YET_VALID, LIBSOCK_ETLS_NOT_YET_VALID},
    {X509_V_ERR_HOSTNAME_MISMATCH, LIBSOCK_ETLS_NAME},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, LIBSOCK_ETLS_NAME},
    {X509_V_ERR_CERT_REVOKED, LIBSOCK_ETLS_REVOKED},
    {X509_V_ERR_UNABLE_TO_GET_CRL, LIBSOCK_ETLS_CRL},
    {X509_V_ERR_CRL_HAS_EXPIRED, LIBSOCK_ETLS_CRL},
    {X509_V_ERR_CRL_NOT_YET_VALID, LIBSOCK_ETLS_CRL},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, LIBSOCK_ETLS_CRL},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, LIBSOCK_ETLS_CRL},
    {X509_V_ERR_INVALID_PURPOSE, LIBSOCK_ETLS_PURPOSE},
    {X509_V_ERR_CERT_REJECTED, LIBSOCK_ETLS_PURPOSE},
    {X509_V_ERR_INVALID_CA, LIBSOCK_ETLS_PURPOSE},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, LIBSOCK_ETLS_CHAIN_TOO_LONG},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, LIBSOCK_ETLS_CHAIN_TOO_LONG},
    {X509_V_ERR_EE_KEY_TOO_SMALL, LIBSOCK_ETLS_WEAK},
    {X509_V_ERR_CA_KEY_TOO_SMALL, LIBSOCK_ETLS_WEAK},
    {X509_V_ERR_CA_MD_TOO_WEAK, LIBSOCK_ETLS_WEAK},
    {X509_V_ERR_OUT_OF_MEM, ENOMEM},
};

sk_err sk_tls_error_of_certificate(int error)
{
    return find(verdicts, SK_COUNT(verdicts), error, LIBSOCK_ETLS_CERTIFICATE);
}
