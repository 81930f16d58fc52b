/* tls_verify.c - is the peer who it should be?
 *
 * OpenSSL checks the chain, the times, the uses and the name; it asks here
 * about every objection it has. Chain and name may be switched off apart, as in
 * PHP. The first objection that stands is the verdict.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include <sock/error.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Names stand in subjectAltName: the subject's common name is for people. */
#define NAME_FLAGS                                                             \
    (X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)

/* Room for the text of any address. */
#define ADDRESS 64

static bool is_client(const struct sk_tls *t)
{
    return t->role == SK_TLS_CLIENT;
}

static bool said_or(int option, bool otherwise)
{
    return option == SK_UNSET ? otherwise : option;
}

/* ---- objections ---- */

static bool is_about_name(int error)
{
    return error == X509_V_ERR_HOSTNAME_MISMATCH ||
           error == X509_V_ERR_IP_ADDRESS_MISMATCH;
}

/* A certificate that is its own issuer is not found in any store; accepting it
 * says nothing about what else may be wrong with it. */
static bool is_allowed(const struct sk_tls *t, int error, int depth)
{
    const struct sk_options *o = &t->context->options;

    if (is_about_name(error))
        return !said_or(o->verify_peer_name, is_client(t));
    if (!said_or(o->verify_peer, is_client(t)))
        return true;
    return o->allow_self_signed && depth == 0 &&
           error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

static void describe(struct sk_tls *t, X509 *certificate, int error)
{
    char subject[160] = "";
    BIO *b            = BIO_new(BIO_s_mem());

    if (b && certificate &&
        X509_NAME_print_ex(b, X509_get_subject_name(certificate), 0,
                           XN_FLAG_RFC2253) >= 0) {
        int n = BIO_read(b, subject, sizeof subject - 1);

        subject[n > 0 ? n : 0] = '\0';
    }
    BIO_free(b);
    snprintf(t->detail, sizeof t->detail, "%s: %s",
             *subject ? subject : "no subject",
             X509_verify_cert_error_string(error));
}

static int judge(int fine, X509_STORE_CTX *store)
{
    SSL *ssl =
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct sk_tls *t     = SSL_get_app_data(ssl);
    int            error = X509_STORE_CTX_get_error(store);
    int            depth = X509_STORE_CTX_get_error_depth(store);

    if (fine)
        return 1;
    if (!t)
        return 0;
    if (is_allowed(t, error, depth)) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    if (!t->verdict) {
        t->verdict = sk_tls_error_of_certificate(error);
        describe(t, X509_STORE_CTX_get_current_cert(store), error);
    }
    return 0;
}

/* ---- before the handshake ---- */

/* A dot behind a name makes it absolute; certificates have none. */
static void cut_dot(char *name)
{
    size_t length = strlen(name);

    if (length > 1 && name[length - 1] == '.')
        name[length - 1] = '\0';
}

/* The scope of a link-local address is this machine's affair. */
static void cut_scope(const char *name, char address[ADDRESS])
{
    snprintf(address, ADDRESS, "%.*s", (int)strcspn(name, "%"), name);
}

/* An address is verified, too, but never sent: RFC 6066 has names only. */
static sk_err set_name(struct sk_tls *t, const struct sk_options *o,
                       bool verify)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
    char               address[ADDRESS];

    cut_scope(t->name, address);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, address))
        return 0;
    ERR_clear_error();
    cut_dot(t->name);
    X509_VERIFY_PARAM_set_hostflags(param, NAME_FLAGS);
    if (verify && !X509_VERIFY_PARAM_set1_host(param, t->name, 0))
        return ENOMEM;
    if (o->sni_enabled && SSL_set_tlsext_host_name(t->ssl, t->name) != 1)
        return ENOMEM;
    return 0;
}

static bool has_wanted(const struct sk_options *o)
{
    return o->peer_fingerprint || o->fingerprints;
}

sk_err sk_tls_verify_set(struct sk_tls *t, const struct sk_options *o)
{
    bool   chain = said_or(o->verify_peer, is_client(t));
    bool   name  = said_or(o->verify_peer_name, is_client(t));
    int    mode  = SSL_VERIFY_NONE;
    sk_err err   = 0;

    if (is_client(t) && t->name)
        err = set_name(t, o, name);
    if (is_client(t) && t->name && t->name[0] == '.') /* OpenSSL: any below */
        return LIBSOCK_ETLS_OPTION;
    if (chain || (is_client(t) && name) || has_wanted(o))
        mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_set_verify(t->ssl, mode, judge);
    return err;
}

/* ---- after it ---- */

static bool is_fingerprint(X509 *certificate, const char *digest,
                           const char *wanted)
{
    static const char hex[] = "0123456789abcdef";
    const EVP_MD     *md    = EVP_get_digestbyname(digest);
    unsigned char     bytes[EVP_MAX_MD_SIZE];
    unsigned          count = 0;

    if (!md || !X509_digest(certificate, md, bytes, &count) ||
        strlen(wanted) != 2 * (size_t)count)
        return false;
    for (unsigned i = 0; i < count; i++)
        if (wanted[2 * i] != hex[bytes[i] >> 4] ||
            wanted[2 * i + 1] != hex[bytes[i] & 15])
            return false;
    return true;
}

static const char *digest_of(const char *fingerprint)
{
    switch (strlen(fingerprint)) {
    case 32:
        return "md5";
    case 40:
        return "sha1";
    default:
        return "sha256";
    }
}

static bool has_fingerprints(X509 *certificate, const struct sk_options *o)
{
    if (o->peer_fingerprint &&
        !is_fingerprint(certificate, digest_of(o->peer_fingerprint),
                        o->peer_fingerprint))
        return false;
    for (const struct sk_option_entry *e = o->fingerprints; e; e = e->next)
        if (!is_fingerprint(certificate, e->key, e->value))
            return false;
    return true;
}

static sk_err refuse(struct sk_tls *t, X509 *certificate, sk_err err,
                     const char *why)
{
    describe(t, certificate, X509_V_OK);
    snprintf(t->detail + strcspn(t->detail, ":"),
             sizeof t->detail - strcspn(t->detail, ":"), ": %s", why);
    return err;
}

/* OpenSSL has compared the name already, unless it ran out of memory as it
 * copied what to compare. */
static bool has_name(const struct sk_tls *t, X509 *certificate)
{
    char address[ADDRESS];
    int  is;

    cut_scope(t->name, address);
    if ((is = X509_check_ip_asc(certificate, address, 0)) == -2)
        is = X509_check_host(certificate, t->name, 0, NAME_FLAGS, NULL);
    return is == 1;
}

static sk_err check(struct sk_tls *t, X509 *certificate,
                    const struct sk_options *o)
{
    bool name = is_client(t) && said_or(o->verify_peer_name, true);

    if (name && !t->name) {
        snprintf(t->detail, sizeof t->detail,
                 "no name to expect: set ssl.peer_name, of a socket without a "
                 "URL by sock_stream_set_context()");
        return LIBSOCK_ETLS_NAME;
    }
    if (!certificate)
        return name || has_wanted(o) || said_or(o->verify_peer, is_client(t))
                   ? LIBSOCK_ETLS_NO_CERTIFICATE
                   : 0;
    if (name && !has_name(t, certificate))
        return refuse(t, certificate, LIBSOCK_ETLS_NAME, "another name");
    if (!has_fingerprints(certificate, o))
        return refuse(t, certificate, LIBSOCK_ETLS_FINGERPRINT,
                      "another fingerprint");
    return 0;
}

sk_err sk_tls_verify_done(struct sk_tls *t, const struct sk_options *o)
{
    X509  *certificate = SSL_get1_peer_certificate(t->ssl);
    sk_err err         = check(t, certificate, o);

    X509_free(certificate);
    return err;
}

/* ---- what was shown ---- */

static X509 *certificate_at(SSL *ssl, const struct sk_options *o, size_t depth)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);

    if (depth == 0)
        return o->capture_peer_cert ? SSL_get0_peer_certificate(ssl) : NULL;
    if (!o->capture_peer_cert_chain)
        return NULL;
    if (SSL_is_server(ssl)) /* there the first is left out */
        depth--;
    return chain && depth < (size_t)sk_X509_num(chain)
               ? sk_X509_value(chain, (int)depth)
               : NULL;
}

static sk_err print(X509 *certificate, char *pem, size_t size, size_t *length)
{
    BIO  *b = BIO_new(BIO_s_mem());
    char *text;
    long  count;

    if (!b || !PEM_write_bio_X509(b, certificate)) {
        BIO_free(b);
        ERR_clear_error();
        return ENOMEM;
    }
    count   = BIO_get_mem_data(b, &text);
    *length = (size_t)count;
    if (*length < size) {
        memcpy(pem, text, *length);
        pem[*length] = '\0';
    }
    BIO_free(b);
    return 0;
}

sk_err sk_tls_peer_certificate(struct sk_tls *t, size_t depth, char *pem,
                               size_t size, size_t *length)
{
    X509  *certificate;
    sk_err err = 0;

    *length = 0;
    if (!sk_tls_is_done(t))
        return ENOTCONN;
    pthread_mutex_lock(&t->lock);
    certificate = certificate_at(t->ssl, &t->context->options, depth);
    if (certificate)
        err = print(certificate, pem, size, length);
    pthread_mutex_unlock(&t->lock);
    return err;
}
