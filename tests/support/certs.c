/* certs.c - certificates that tests need, made when they need them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/certs.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEED(x) ((x) ? (void)0 : give_up(#x, __LINE__))

static void give_up(const char *what, int line)
{
    fprintf(stderr, "certs.c:%d: %s\n", line, what);
    abort();
}

/* ---- files ---- */

static char  directory[64];
static pid_t maker;

static void remove_directory(void)
{
    DIR           *d;
    struct dirent *e;
    char           path[400];

    if (getpid() != maker || !(d = opendir(directory)))
        return;
    while ((e = readdir(d))) {
        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        unlink(path);
    }
    closedir(d);
    rmdir(directory);
}

static void new_path(char *path, size_t size, const char *kind)
{
    static unsigned number;

    if (!maker) {
        snprintf(directory, sizeof directory, "/tmp/libsock-certs-XXXXXX");
        NEED(mkdtemp(directory));
        maker = getpid();
        atexit(remove_directory);
    }
    snprintf(path, size, "%s/%u-%ld.%s", directory, ++number, (long)getpid(),
             kind);
}

void cert_make_file(const char *text, char *path, size_t size)
{
    FILE *f;

    new_path(path, size, "txt");
    NEED(f = fopen(path, "w"));
    NEED(fputs(text, f) >= 0);
    NEED(!fclose(f));
}

void cert_join(const char *const *paths, size_t count, char *path, size_t size)
{
    FILE *out, *in;
    char  bytes[4096];

    new_path(path, size, "pem");
    NEED(out = fopen(path, "w"));
    for (size_t i = 0; i < count; i++) {
        size_t n;

        NEED(in = fopen(paths[i], "r"));
        while ((n = fread(bytes, 1, sizeof bytes, in)))
            NEED(fwrite(bytes, 1, n, out) == n);
        fclose(in);
    }
    NEED(!fclose(out));
}

/* ---- certificates ---- */

static EVP_PKEY *make_key(int rsa_bits)
{
    EVP_PKEY *key =
        rsa_bits ? EVP_RSA_gen((unsigned)rsa_bits) : EVP_EC_gen("P-256");

    NEED(key);
    return key;
}

static void extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX      ctx;
    X509_EXTENSION *e;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    NEED(e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value));
    NEED(X509_add_ext(x, e, -1));
    X509_EXTENSION_free(e);
}

static void extend_all(X509 *x, X509 *issuer, const struct cert_wish *w)
{
    char ca[64] = "critical,CA:TRUE";

    if (w->is_ca) {
        if (w->path_length)
            snprintf(ca, sizeof ca, "critical,CA:TRUE,pathlen:%d",
                     w->path_length - 1);
        extend(x, issuer, NID_basic_constraints, ca);
        extend(x, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
        return;
    }
    extend(x, issuer, NID_basic_constraints, "critical,CA:FALSE");
    extend(x, issuer, NID_ext_key_usage,
           w->uses ? w->uses : "serverAuth,clientAuth");
    if (!w->names)
        extend(x, issuer, NID_subject_alt_name,
               "DNS:localhost,IP:127.0.0.1,IP:::1");
    else if (*w->names)
        extend(x, issuer, NID_subject_alt_name, w->names);
}

static X509 *make_x509(const struct cert_wish *w, EVP_PKEY *key)
{
    X509      *x    = X509_new();
    X509_NAME *name = X509_NAME_new();
    X509      *issuer;
    uint64_t   serial = 0;

    NEED(x && name);
    NEED(RAND_bytes((unsigned char *)&serial, 7) == 1);
    X509_set_version(x, 2);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), w->from_s ? w->from_s : -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), w->until_s ? w->until_s : 86400);
    NEED(X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_UTF8,
        (const unsigned char *)(w->subject ? w->subject : "localhost"), -1, -1,
        0));
    X509_set_subject_name(x, name);
    issuer = w->issuer ? w->issuer->x509 : x;
    X509_set_issuer_name(x, X509_get_subject_name(issuer));
    X509_set_pubkey(x, key);
    extend_all(x, issuer, w);
    NEED(X509_sign(x, w->issuer ? w->issuer->key : key,
                   EVP_get_digestbyname(w->digest ? w->digest : "SHA256")));
    X509_NAME_free(name);
    return x;
}

static void write_key(FILE *f, EVP_PKEY *key, const char *passphrase)
{
    int length = passphrase ? (int)strlen(passphrase) : 0;

    NEED(PEM_write_PrivateKey(f, key, passphrase ? EVP_aes_256_cbc() : NULL,
                              (const unsigned char *)passphrase, length, NULL,
                              NULL));
}

/* The chain is what the issuer's file holds in front of its key. */
static void copy_chain(FILE *out, const struct cert *issuer)
{
    FILE *in;
    X509 *x;

    if (!issuer || X509_check_issued(issuer->x509, issuer->x509) == X509_V_OK)
        return;
    NEED(in = fopen(issuer->path, "r"));
    while ((x = PEM_read_X509(in, NULL, NULL, NULL))) {
        NEED(PEM_write_X509(out, x));
        X509_free(x);
    }
    ERR_clear_error();
    fclose(in);
}

static void write_files(struct cert *c, const struct cert_wish *w)
{
    FILE *f;

    new_path(c->path, sizeof c->path, "pem");
    NEED(f = fopen(c->path, "w"));
    NEED(PEM_write_X509(f, c->x509));
    copy_chain(f, w->issuer);
    write_key(f, c->key, w->passphrase);
    NEED(!fclose(f));
    new_path(c->cert_path, sizeof c->cert_path, "crt");
    NEED(f = fopen(c->cert_path, "w"));
    NEED(PEM_write_X509(f, c->x509));
    NEED(!fclose(f));
    new_path(c->key_path, sizeof c->key_path, "key");
    NEED(f = fopen(c->key_path, "w"));
    write_key(f, c->key, w->passphrase);
    NEED(!fclose(f));
}

struct cert *cert_make(const struct cert_wish *wish)
{
    struct cert  *c = calloc(1, sizeof *c);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned      count = 0;

    NEED(c);
    c->key  = make_key(wish->rsa_bits);
    c->x509 = make_x509(wish, c->key);
    write_files(c, wish);
    NEED(X509_digest(c->x509, EVP_sha256(), digest, &count));
    for (unsigned i = 0; i < count; i++)
        snprintf(c->sha256 + 2 * i, 3, "%02x", digest[i]);
    return c;
}

void cert_free(struct cert *c)
{
    if (!c)
        return;
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    free(c);
}

struct cert *cert_make_ca(const char *name)
{
    const struct cert_wish wish = {.subject = name, .is_ca = true};

    return cert_make(&wish);
}

struct cert *cert_make_signed(const struct cert *ca)
{
    const struct cert_wish wish = {.issuer = ca};

    return cert_make(&wish);
}

/* ---- revocation ---- */

static void add_revoked(X509_CRL *crl, const struct cert *c)
{
    X509_REVOKED *r = X509_REVOKED_new();
    ASN1_TIME    *t = ASN1_TIME_new();

    NEED(r && t);
    X509_gmtime_adj(t, -60);
    NEED(X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(c->x509)));
    NEED(X509_REVOKED_set_revocationDate(r, t));
    NEED(X509_CRL_add0_revoked(crl, r));
    ASN1_TIME_free(t);
}

void cert_make_crl(const struct cert *ca, const struct cert *revoked,
                   long seconds, char *path, size_t size)
{
    X509_CRL  *crl = X509_CRL_new();
    ASN1_TIME *t   = ASN1_TIME_new();
    FILE      *f;

    NEED(crl && t);
    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->x509));
    X509_gmtime_adj(t, -3600);
    X509_CRL_set1_lastUpdate(crl, t);
    X509_gmtime_adj(t, seconds);
    X509_CRL_set1_nextUpdate(crl, t);
    if (revoked)
        add_revoked(crl, revoked);
    NEED(X509_CRL_sign(crl, ca->key, EVP_sha256()));
    new_path(path, size, "crl");
    NEED(f = fopen(path, "w"));
    NEED(PEM_write_X509_CRL(f, crl));
    NEED(!fclose(f));
    ASN1_TIME_free(t);
    X509_CRL_free(crl);
}
