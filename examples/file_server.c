/* file_server.c - gives the files of one folder to those who may have them.
 *
 * A client says the name of a file and gets "OK SIZE" and its bytes, or "NO".
 * What a server needs that faces strangers: it encrypts, gives nothing to who
 * has no certificate that CA has signed, leaves its folder by no way, gives
 * each client a thread and ten seconds, runs once, and logs. For Linux 5.6 or
 * newer. docs/security-guide.md tells how to make the certificates.
 *
 * Try it: ./file_server FOLDER server.pem ca.pem 127.0.0.1 9443
 *         and in another terminal, where you type the name of a file:
 *         openssl s_client -quiet -CAfile ca.pem -cert client.pem \
 *             -verify_return_error -connect 127.0.0.1:9443
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <linux/openat2.h>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define MAX_CLIENTS 64
#define HANDSHAKE_MS 3000 /* for a stranger */
#define CLIENT_MS 10000   /* for who was let in */

struct client {
    sock_t *sock;
    char    name[LIBSOCK_NAMESTRLEN];
};

static int   root;   /* the folder */
static sem_t places; /* how many more may come */

/* A line of the log: when, who, what. */
static void note(const struct client *c, const char *what, const char *detail)
{
    char      when[32];
    time_t    now = time(NULL);
    struct tm t;

    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &t));
    fprintf(stderr, "%s %s %s %s\n", when, c->name, what, detail);
}

/* Open a file for reading, if it lies below the folder: the system refuses
 * every way out, be it "../", "/" or a symbolic link. */
static int open_below(const char *path, off_t *size)
{
    struct open_how how = {.flags =
                               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    struct stat     file;
    int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);

    if (fd >= 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode)) {
        *size = file.st_size;
        return fd;
    }
    if (fd >= 0) {
        close(fd);
        errno = EINVAL; /* a folder, a pipe, a device */
    }
    return -1;
}

/* Send a file, or say no. */
static void answer(const struct client *c, const char *path)
{
    char    buf[16384];
    off_t   size;
    ssize_t n;
    int     fd = open_below(path, &size);

    if (fd < 0) {
        snprintf(buf, sizeof buf, "%s: %s", path, sock_strerror(errno));
        note(c, "refused", buf);
        sock_printf(c->sock, "NO\n");
        return;
    }
    sock_printf(c->sock, "OK %lld\n", (long long)size);
    while (size > 0 && (n = read(fd, buf, sizeof buf)) > 0) {
        n = n < size ? n : (ssize_t)size;
        if (!sock_write_all(c->sock, buf, (size_t)n, NULL))
            break;
        size -= n;
    }
    note(c, size > 0 ? "broken off" : "served", path);
    close(fd);
}

/* Read the name of a file; false: it is none. Names go into the log, so they
 * have printable characters only. */
static bool read_name(sock_t *sock, char *path, size_t size)
{
    size_t i, length;

    if (sock_stream_get_line(sock, path, size, "\n", &length) != 1 ||
        length == size - 1)
        return false;
    if (length > 0 && path[length - 1] == '\r') /* who types has CRLF */
        path[--length] = '\0';
    for (i = 0; i < length; i++)
        if (!isprint((unsigned char)path[i]))
            return false;
    return true;
}

/* Serve somebody who was let in. */
static void converse(const struct client *c)
{
    char path[256];

    sock_set_deadline(c->sock, CLIENT_MS);
    if (read_name(c->sock, path, sizeof path))
        answer(c, path);
    else
        note(c, "said nothing of use", "");
}

static void *serve(void *argument)
{
    struct client *c = argument;

    sock_set_deadline(c->sock, HANDSHAKE_MS);
    if (sock_stream_enable_crypto(c->sock, true, 0, NULL))
        converse(c);
    else
        note(c, "not let in:", sock_last_message(c->sock));
    sock_shutdown(c->sock, SHUT_RDWR); /* lest unread bytes cost the answer */
    sock_close(c->sock);
    free(c);
    sem_post(&places);
    return NULL;
}

/* Accept one client and give it a thread. */
static void accept_one(sock_t *server)
{
    struct client *c = calloc(1, sizeof *c);
    pthread_t      thread;

    sem_wait(&places);
    if (c &&
        !(c->sock = sock_stream_accept(server, -1, c->name, sizeof c->name))) {
        fprintf(stderr, "%s\n", sock_last_message(server));
    } else if (!c || pthread_create(&thread, NULL, serve, c)) {
        fprintf(stderr, "no memory or no thread for another client\n");
    } else {
        pthread_detach(thread);
        return;
    }
    if (c)
        sock_close(c->sock);
    free(c);
    sem_post(&places);
    poll(NULL, 0, 100); /* out of descriptors or memory: let others end */
}

int main(int argc, char **argv)
{
    sock_context_t *context = sock_context_create();
    char            url[512];
    sock_t         *server;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        usage(argv[0], "FOLDER CERTIFICATE CA ADDRESS PORT", 0);
    if (argc != 6)
        usage(argv[0], "FOLDER CERTIFICATE CA ADDRESS PORT", 2);

    root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || flock(root, LOCK_EX | LOCK_NB) != 0) {
        fprintf(stderr, "%s: %s\n", argv[1],
                errno == EWOULDBLOCK ? "served by another already"
                                     : strerror(errno));
        return 1;
    }
    snprintf(url, sizeof url, "tls://%s:%s", argv[4], argv[5]);
    if (!sock_context_set_string(context, "ssl.local_cert", argv[2]) ||
        !sock_context_set_string(context, "ssl.cafile", argv[3]) ||
        !sock_context_set_bool(context, "ssl.verify_peer", true) ||
        !(server = sock_stream_server(url, 0, context))) {
        fprintf(stderr, "%s\n", sock_last_message(NULL));
        return 1;
    }
    sock_context_free(context);
    sem_init(&places, 0, MAX_CLIENTS);
    for (;;)
        accept_one(server);
}
