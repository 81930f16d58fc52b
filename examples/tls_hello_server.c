/* tls_hello_server.c - shows every client its own request, encrypted.
 *
 * At start it makes a key and a certificate signed with it, which no client
 * trusts by itself, and writes both to server.pem here, over one that is there.
 * Accepting does not wait for the handshake, which sock_stream_enable_crypto()
 * does here. One client at a time, as in PHP's, and each has a minute in all:
 * file_server.c has threads. A request ends with an empty line and has 1 MiB at
 * most.
 *
 * Try it: ./tls_hello_server 127.0.0.1 9001, and in another terminal
 *         openssl s_client -connect 127.0.0.1:9001, and Enter twice; or
 *         curl -k --http0.9 https://127.0.0.1:9001/, as the answer that the
 *         PHP manual gives begins with "200 OK HTTP/1.1", which is not HTTP
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fcntl.h>
#include <unistd.h>

/* openssl_csr_new() and openssl_csr_sign(): a certificate that the key itself
 * has signed; NULL if anything fails. */
static X509 *make_certificate(EVP_PKEY *key)
{
    static const char *dn[][2] = {{"C", "UK"},
                                  {"ST", "Somerset"},
                                  {"L", "Glastonbury"},
                                  {"O", "The Brain Room Limited"},
                                  {"OU", "PHP Documentation Team"},
                                  {"CN", "Wez Furlong"},
                                  {"emailAddress", "wez@example.com"}};
    X509              *cert    = X509_new();
    X509_NAME         *name    = cert ? X509_get_subject_name(cert) : NULL;
    bool               good    = key && cert;
    size_t             i;

    for (i = 0; good && i < sizeof dn / sizeof *dn; i++)
        good = X509_NAME_add_entry_by_txt(name, dn[i][0], MBSTRING_UTF8,
                                          (const unsigned char *)dn[i][1], -1,
                                          -1, 0);
    if (good && X509_set_version(cert, X509_VERSION_3) &&
        ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), time(NULL)) &&
        X509_gmtime_adj(X509_getm_notBefore(cert), 0) &&
        X509_gmtime_adj(X509_getm_notAfter(cert), 365 * 24 * 3600L) &&
        X509_set_issuer_name(cert, name) && X509_set_pubkey(cert, key) &&
        X509_sign(cert, key, EVP_sha256()))
        return cert;
    X509_free(cert);
    return NULL;
}

/* Write a new certificate and its encrypted key into one file that nobody else
 * may read. */
static bool make_pem(const char *pemfile, const char *passphrase)
{
    EVP_PKEY *key  = EVP_RSA_gen(2048);
    X509     *cert = make_certificate(key);
    FILE     *file = NULL;
    int       fd   = -1;
    bool      good = false;

    if (cert && (unlink(pemfile) == 0 || errno == ENOENT))
        fd = open(pemfile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && (file = fdopen(fd, "w")))
        good =
            PEM_write_X509(file, cert) &&
            PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), passphrase,
                                      (int)strlen(passphrase), NULL, NULL);
    if (file && fclose(file) != 0)
        good = false;
    X509_free(cert);
    EVP_PKEY_free(key);
    return good;
}

/* preg_match('/\r?\n\r?\n/', $buffer): is there an empty line? */
static bool has_empty_line(const char *buffer, size_t len)
{
    return memmem(buffer, len, "\n\n", 2) || memmem(buffer, len, "\n\r\n", 3);
}

/* Read a request up to an empty line, and show it to who sent it. */
static void answer(sock_t *client)
{
    static char     buffer[1048576];
    size_t          len = 0;
    ssize_t         n;
    struct timespec now;

    do {
        n = sock_read(client, buffer + len, sizeof buffer - len,
                      LIBSOCK_BINARY_READ);
        if (n <= 0) /* it has left, or sends without end */
            return;
        len += (size_t)n;
    } while (!has_empty_line(buffer, len));

    clock_gettime(CLOCK_REALTIME, &now);
    sock_printf(client,
                "200 OK HTTP/1.1\r\nConnection: close\r\n"
                "Content-Type: text/html\r\n\r\nHello World! %lld.%04ld<pre>",
                (long long)now.tv_sec, now.tv_nsec / 100000);
    sock_write_all(client, buffer, len, NULL);
    sock_printf(client, "</pre>");
}

int main(int argc, char **argv)
{
    const char     *address = "0.0.0.0", *port = "9001";
    char            url[512];
    const char     *pemfile = "server.pem", *passphrase = "comet";
    char            peer[LIBSOCK_NAMESTRLEN];
    sock_context_t *context;
    sock_t         *server, *client;
    int             code;

    begin(argc, argv, &address, &port);
    snprintf(url, sizeof url, "tls://%s:%s", address, port);

    if (!make_pem(pemfile, passphrase))
        die("%s cannot be written\n", pemfile);
    context = sock_context_create();
    if (!sock_context_set_string(context, "ssl.local_cert", pemfile) ||
        !sock_context_set_string(context, "ssl.passphrase", passphrase))
        die("%s\n", sock_last_message(NULL));

    server = sock_stream_server(url, 0, context);
    sock_context_free(context);
    if (!server) {
        code = sock_last_error(NULL);
        die("%s (%d)<br />\n", sock_strerror(code), code);
    }
    for (;;) {
        printf("waiting...");
        if (!(client = sock_stream_accept(server, -1, peer, sizeof peer)))
            die("%s\n", sock_last_message(server));
        sock_set_deadline(client, 60000);
        if (sock_stream_enable_crypto(client, true, 0, NULL)) {
            printf("accepted %s\n", peer);
            answer(client);
        } else {
            printf("error.\n");
            fprintf(stderr, "%s\n", sock_last_message(client));
        }
        sock_close(client);
    }
}
