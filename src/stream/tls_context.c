/* tls_context.c - a context's ssl.* options, made into what OpenSSL wants.
 *
 * Made once for each role, when the first stream needs it, and then shared by
 * all of them: files are read and keys decrypted once. Who wants to read the
 * files anew makes another context.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include <sock/error.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is being made, and where to say why it cannot be. */
struct making {
    const struct sk_options *o;
    enum sk_tls_role         role;
    struct sk_tls_made      *made;
    char                    *detail;
    size_t                   size;
    bool                    *asked; /* the key's file wants a passphrase */
};

static sk_err refuse(const struct making *m, sk_err err, const char *option,
                     const char *value)
{
    char why[SK_TLS_DETAIL];

    if (sk_tls_error_take(why, sizeof why) == ENOMEM)
        return ENOMEM;
    snprintf(m->detail, m->size, "ssl.%s%s%s%s%s", option, value ? " " : "",
             value ? value : "", *why ? ": " : "", why);
    return err;
}

/* ---- certificate and key ---- */

/* Asked for whenever a file is encrypted; without this OpenSSL would ask the
 * terminal. */
static int give_passphrase(char *out, int size, int writing, void *making)
{
    const struct making *m          = making;
    const char          *passphrase = m->o->passphrase;
    size_t               length     = passphrase ? strlen(passphrase) : 0;

    (void)writing;
    *m->asked = true;
    if (!length || length > (size_t)size)
        return -1;
    memcpy(out, passphrase, length);
    return (int)length;
}

/* The last in the queue tells what OpenSSL was about. One of 256 wrong
 * passphrases decrypts to what looks right, and only then is no key: so who was
 * asked for one, and got no key, had the wrong one. */
static sk_err code_of_key(const struct making *m)
{
    unsigned long error = ERR_peek_last_error();
    int           lib = ERR_GET_LIB(error), why = ERR_GET_REASON(error);

    if (lib == ERR_LIB_X509 &&
        (why == X509_R_KEY_VALUES_MISMATCH || why == X509_R_KEY_TYPE_MISMATCH))
        return LIBSOCK_ETLS_KEY_MISMATCH;
    if (*m->asked && lib == ERR_LIB_SSL && why == ERR_R_PEM_LIB)
        return LIBSOCK_ETLS_PASSPHRASE;
    return LIBSOCK_ETLS_LOCAL_KEY;
}

static sk_err use_key(const struct making *m, SSL_CTX *ctx, const char *option,
                      const char *file)
{
    *m->asked = false;
    if (SSL_CTX_use_PrivateKey_file(ctx, file, SSL_FILETYPE_PEM) != 1)
        return refuse(m, code_of_key(m), option, file);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return refuse(m, LIBSOCK_ETLS_KEY_MISMATCH, option, file);
    return 0;
}

static sk_err use_certificate(const struct making *m, SSL_CTX *ctx,
                              const char *option, const char *certificate,
                              const char *key_option, const char *key)
{
    sk_err err;

    SSL_CTX_set_default_passwd_cb_userdata(
        ctx, (void *)(uintptr_t)m); /* only read */
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
        err = refuse(m, LIBSOCK_ETLS_LOCAL_CERT, option, certificate);
    else
        err =
            use_key(m, ctx, key ? key_option : option, key ? key : certificate);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
    return err;
}

/* ---- whom to trust ---- */

static bool verifies(const struct making *m)
{
    const struct sk_options *o = m->o;

    return o->verify_peer == SK_UNSET ? m->role == SK_TLS_CLIENT
                                      : o->verify_peer;
}

static sk_err add_revoked(const struct making *m, X509_STORE *store)
{
    X509_LOOKUP *look_up;

    if (!m->o->crlfile)
        return 0;
    look_up = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (!look_up)
        return ENOMEM;
    if (X509_load_crl_file(look_up, m->o->crlfile, X509_FILETYPE_PEM) < 1)
        return refuse(m, LIBSOCK_ETLS_CRLFILE, "crlfile", m->o->crlfile);
    X509_STORE_set_flags(store,
                         X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return 0;
}

/* A server tells its clients whose certificates it takes. */
static sk_err name_authorities(const struct making *m, SSL_CTX *ctx)
{
    STACK_OF(X509_NAME) * names;

    if (m->role != SK_TLS_SERVER || !m->o->cafile)
        return 0;
    if (!(names = SSL_load_client_CA_file(m->o->cafile)))
        return refuse(m, LIBSOCK_ETLS_CA, "cafile", m->o->cafile);
    SSL_CTX_set_client_CA_list(ctx, names);
    return 0;
}

/* OpenSSL takes any name for a directory's, and then finds nothing there. */
static sk_err use_directory(const struct making *m, SSL_CTX *ctx)
{
    const char *path = m->o->capath;
    char        inside[4096];
    int         n   = snprintf(inside, sizeof inside, "%s/.", path), dir;
    sk_err      err = ENAMETOOLONG;

    if (n > 0 && (size_t)n < sizeof inside)
        err = sk_plat_file_enter(inside, false, &dir);
    if (!err)
        sk_plat_file_leave(dir);
    else
        ERR_raise(ERR_LIB_SYS, (int)err);
    if (err || SSL_CTX_load_verify_dir(ctx, path) != 1)
        return refuse(m, LIBSOCK_ETLS_CA, "capath", path);
    return 0;
}

/* The system's certificates are the world's: a server that wants a certificate
 * from its clients has to say whose. */
static sk_err trust(const struct making *m, SSL_CTX *ctx)
{
    const struct sk_options *o = m->o;
    sk_err                   err;

    if (o->cafile && SSL_CTX_load_verify_file(ctx, o->cafile) != 1)
        return refuse(m, LIBSOCK_ETLS_CA, "cafile", o->cafile);
    if (o->capath && (err = use_directory(m, ctx)))
        return err;
    if (!o->cafile && !o->capath) {
        if (m->role == SK_TLS_CLIENT)
            SSL_CTX_set_default_verify_paths(ctx);
        else if (verifies(m) && !o->allow_self_signed)
            return refuse(m, LIBSOCK_ETLS_CA, "verify_peer",
                          "needs ssl.cafile or ssl.capath on a server");
    }
    SSL_CTX_set_verify_depth(ctx, o->verify_depth);
    ERR_clear_error();
    return add_revoked(m, SSL_CTX_get_cert_store(ctx));
}

/* ---- ciphers and protocols ---- */

/* Some sets, like "ALL", have ciphers without a certificate, or without
 * encryption: never those. */
static sk_err set_cipher_list(const struct making *m, SSL_CTX *ctx)
{
    static const char never[] = ":!aNULL:!eNULL";
    size_t            length  = strlen(m->o->ciphers);
    char             *list    = malloc(length + sizeof never);
    sk_err            err     = 0;

    if (!list)
        return ENOMEM;
    memcpy(list, m->o->ciphers, length);
    memcpy(list + length, never, sizeof never);
    if (SSL_CTX_set_cipher_list(ctx, list) != 1)
        err = refuse(m, LIBSOCK_ETLS_OPTION, "ciphers", m->o->ciphers);
    free(list);
    return err;
}

static sk_err set_ciphers(const struct making *m, SSL_CTX *ctx)
{
    const struct sk_options *o = m->o;
    sk_err                   err;

    if (o->security_level != SK_UNSET)
        SSL_CTX_set_security_level(ctx, o->security_level);
    if (o->ciphers && (err = set_cipher_list(m, ctx)))
        return err;
    if (o->ciphersuites && SSL_CTX_set_ciphersuites(ctx, o->ciphersuites) != 1)
        return refuse(m, LIBSOCK_ETLS_OPTION, "ciphersuites", o->ciphersuites);
    if (o->curves && SSL_CTX_set1_groups_list(ctx, o->curves) != 1)
        return refuse(m, LIBSOCK_ETLS_OPTION, "curves", o->curves);
    return 0;
}

/* "h2,http/1.1" as a length before each name. */
static sk_err read_protocols(const struct making *m)
{
    const char         *text = m->o->alpn_protocols;
    struct sk_tls_made *made = m->made;

    if (!text)
        return 0;
    if (!(made->alpn = malloc(strlen(text) + 1)))
        return ENOMEM;
    for (;;) {
        size_t length = strcspn(text, ",");

        if (!length || length > 255)
            return refuse(m, LIBSOCK_ETLS_OPTION, "alpn_protocols", text);
        made->alpn[made->alpn_length++] = (unsigned char)length;
        memcpy(made->alpn + made->alpn_length, text, length);
        made->alpn_length += length;
        if (!text[length])
            return 0;
        text += length + 1;
    }
}

/* The server's order counts. RFC 7301 has a server end a handshake in which
 * nothing is in common, lest one protocol be taken for another. */
static int choose_protocol(SSL *ssl, const unsigned char **out,
                           unsigned char *length, const unsigned char *in,
                           unsigned in_length, void *arg)
{
    struct sk_tls_made *made = arg;
    unsigned char      *chosen;

    (void)ssl;
    if (SSL_select_next_proto(&chosen, length, made->alpn,
                              (unsigned)made->alpn_length, in,
                              in_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static sk_err set_protocols(const struct making *m, SSL_CTX *ctx)
{
    if (!m->made->alpn)
        return 0;
    if (m->role == SK_TLS_SERVER)
        SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, m->made);
    else if (SSL_CTX_set_alpn_protos(ctx, m->made->alpn,
                                     (unsigned)m->made->alpn_length))
        return ENOMEM;
    return 0;
}

/* ---- one SSL_CTX ---- */

static sk_err set_behaviour(const struct making *m, SSL_CTX *ctx)
{
    static const unsigned char ours[] = "libsock";
    uint64_t                   yes = SSL_OP_NO_RENEGOTIATION, no = 0;

    *(m->o->disable_compression ? &yes : &no) |= SSL_OP_NO_COMPRESSION;
    if (m->o->honor_cipher_order)
        yes |= SSL_OP_CIPHER_SERVER_PREFERENCE;
    if (m->o->no_ticket)
        yes |= SSL_OP_NO_TICKET;
    SSL_CTX_set_options(ctx, yes);
    SSL_CTX_clear_options(ctx, no);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(ctx, give_passphrase);
    if (m->role == SK_TLS_CLIENT)
        return 0;
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, m->o->no_ticket ? 0 : 1);
    return SSL_CTX_set_session_id_context(ctx, ours, sizeof ours - 1) ? 0
                                                                      : ENOMEM;
}

static sk_err make_ctx(const struct making *m, SSL_CTX **out)
{
    SSL_CTX *ctx = SSL_CTX_new(m->role == SK_TLS_CLIENT ? TLS_client_method()
                                                        : TLS_server_method());
    sk_err   err;

    if (!ctx)
        return ENOMEM;
    if (!(err = set_behaviour(m, ctx)) && !(err = set_ciphers(m, ctx)) &&
        !(err = trust(m, ctx)) && !(err = name_authorities(m, ctx)) &&
        !(err = set_protocols(m, ctx)))
        *out = ctx;
    else
        SSL_CTX_free(ctx);
    return err;
}

/* ---- a certificate for each name ---- */

static sk_err add_name(const struct making *m, const struct sk_option_entry *e)
{
    size_t              size = strlen(e->key) + 1;
    struct sk_tls_name *n;
    sk_err              err;

    if (!e->value)
        return refuse(m, LIBSOCK_ETLS_LOCAL_CERT, "SNI_server_keys", e->key);
    if (!(n = calloc(1, sizeof *n + size)))
        return ENOMEM;
    memcpy(n->name, e->key, size);
    n->next        = m->made->names;
    m->made->names = n;
    if ((err = make_ctx(m, &n->ctx)))
        return err;
    return use_certificate(m, n->ctx, "SNI_server_certs", e->value,
                           "SNI_server_keys", e->value2);
}

static sk_err add_names(const struct making *m)
{
    sk_err err = 0;

    if (m->role != SK_TLS_SERVER)
        return 0;
    for (const struct sk_option_entry *e = m->o->sni_server; !err && e;
         e                               = e->next)
        err = add_name(m, e);
    SSL_CTX_set_tlsext_servername_callback(m->made->ctx, sk_tls_choose_name);
    SSL_CTX_set_tlsext_servername_arg(m->made->ctx, m->made);
    return err;
}

/* ---- all of it ---- */

static sk_err add_own_certificate(const struct making *m)
{
    const struct sk_options *o = m->o;

    if (o->local_cert)
        return use_certificate(m, m->made->ctx, "local_cert", o->local_cert,
                               "local_pk", o->local_pk);
    if (o->local_pk)
        return refuse(m, LIBSOCK_ETLS_LOCAL_CERT, "local_pk",
                      "is set, but ssl.local_cert is not");
    if (m->role == SK_TLS_SERVER && !o->sni_server)
        return refuse(m, LIBSOCK_ETLS_LOCAL_CERT, "local_cert",
                      "is not set: a server needs a certificate");
    return 0;
}

/* One that is set alone moves the other's default; two must not contradict each
 * other, lest the weaker one rule. */
static sk_err check_versions(const struct making *m)
{
    const struct sk_options *o = m->o;

    if (!o->max_proto_version || o->min_proto_version <= o->max_proto_version)
        return 0;
    return refuse(m, LIBSOCK_ETLS_OPTION, "min_proto_version",
                  "is above ssl.max_proto_version");
}

static sk_err make(struct making *m)
{
    sk_err err = check_versions(m);

    if (err)
        return err;
    if (!(m->made = calloc(1, sizeof *m->made)))
        return ENOMEM;
    m->made->options = m->o;
    if ((err = read_protocols(m)) || (err = make_ctx(m, &m->made->ctx)) ||
        (err = add_own_certificate(m)) || (err = add_names(m)))
        return err;
    if (m->role == SK_TLS_CLIENT && !m->o->no_ticket)
        return sk_tls_session_allow(m->made);
    return 0;
}

sk_err sk_tls_prepare(sock_context_t *c, enum sk_tls_role role, char *detail,
                      size_t size)
{
    bool          asked = false;
    struct making m     = {&c->options, role, NULL, detail, size, &asked};
    sk_err        err   = 0;

    detail[0] = '\0';
    sk_context_lock(c);
    if (!c->made[role]) {
        ERR_clear_error();
        if (!(err = make(&m)))
            c->made[role] = m.made;
        else
            sk_tls_forget(m.made);
        ERR_clear_error();
    }
    sk_context_unlock(c);
    return err;
}

struct sk_tls_made *sk_tls_made_of(sock_context_t *c, enum sk_tls_role role)
{
    struct sk_tls_made *made;

    sk_context_lock(c);
    made = c->made[role];
    sk_context_unlock(c);
    SK_ASSERT(made);
    return made;
}

void sk_tls_forget(struct sk_tls_made *made)
{
    struct sk_tls_name *n;

    if (!made)
        return;
    while ((n = made->names)) {
        made->names = n->next;
        SSL_CTX_free(n->ctx);
        free(n);
    }
    sk_tls_session_forget(made);
    SSL_CTX_free(made->ctx);
    free(made->alpn);
    free(made);
}
