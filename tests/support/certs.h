/* certs.h - certificates that tests need, made when they need them.
 *
 * Keys are elliptic, which takes no time, unless an RSA key is asked for. The
 * files stand in a directory of this process, removed at its end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_CERTS_H
#define TESTS_SUPPORT_CERTS_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>

struct cert {
    X509     *x509;
    EVP_PKEY *key;
    char      path[160]; /* PEM: certificate, those of its issuers but for
                            the root, key */
    char cert_path[160]; /* PEM: the certificate alone */
    char key_path[160];  /* PEM: the key alone, encrypted if asked for */
    char sha256[65];     /* fingerprint: hex digits */
};

/* What is zero is usual: a certificate for "localhost", 127.0.0.1 and ::1, of
 * both uses, valid from an hour ago for a day, signed by its issuer. */
struct cert_wish {
    const struct cert *issuer;     /* NULL: signed by itself */
    const char        *subject;    /* its common name; NULL: "localhost" */
    const char        *names;      /* "DNS:a.example,IP:::1"; "": none */
    const char        *uses;       /* "clientAuth"; NULL: both */
    const char        *passphrase; /* the keys in the files are encrypted */
    const char        *digest;     /* "SHA1"; NULL: SHA256 */
    long               from_s;     /* valid from so many seconds from now */
    long               until_s;    /* until */
    int                rsa_bits;   /* 0: an elliptic key */
    bool               is_ca;
    int                path_length; /* of a CA: further CAs below it, plus 1 */
};

/* Never fails: the test does. */
struct cert *cert_make(const struct cert_wish *wish);
void         cert_free(struct cert *c);

/* A CA that trusts itself; and what it signs for "localhost". */
struct cert *cert_make_ca(const char *name);
struct cert *cert_make_signed(const struct cert *ca);

/* A list of what `ca` has revoked (NULL: nothing), valid from now for so many
 * seconds; the file's name goes to path. */
void cert_make_crl(const struct cert *ca, const struct cert *revoked,
                   long seconds, char *path, size_t size);

/* A file of that text; the name goes to path. */
void cert_make_file(const char *text, char *path, size_t size);

/* The contents of several files in one. */
void cert_join(const char *const *paths, size_t count, char *path, size_t size);

#endif
