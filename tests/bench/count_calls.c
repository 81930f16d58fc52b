/* count_calls.c - the calls that every program lives on, by libsock or bare,
 * for counting instructions: see count_calls.sh.
 *
 *     count_calls WORK raw|sock|libc COUNT
 *     count_calls list
 *
 * Only what measured() calls is counted: what feeds it and what cleans up after
 * it are bare system calls outside. A few rounds go before, so that nothing of
 * a first call is counted.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sock/sock.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/resource.h>

#define BATCH 64    /* calls between two feedings */
#define BLOCK 16384 /* bytes that a reader of lines fetches at once */
#define IDLE_MOST                                                              \
    10000 /* members of the poll set, if there is room for them                \
           */
#define ROUNDS_BEFORE 3

/* What the work is done with: two ends, the first of which is measured. */
static sock_t            *near, *far;
static int                near_fd, far_fd;
static struct sockaddr_in far_name;
static int                far_port;
static sock_t           **many; /* `idle` of them; one has something to read */
static int               *many_fds;
static size_t             idle;
static sock_poll_t       *set;
static int                bare_set;
static FILE              *file;
static char              *line; /* getline()'s own */
static size_t             line_room;

static bool take_ends(void)
{
    near_fd = near ? sock_fd(near) : -1;
    far_fd  = far ? sock_fd(far) : -1;
    return near_fd >= 0 && far_fd >= 0;
}

/* ---- ends ---- */

static bool make_pair(size_t size)
{
    sock_t *pair[2];

    (void)size;
    if (!sock_create_pair(AF_UNIX, SOCK_STREAM, 0, pair))
        return false;
    near = pair[0];
    far  = pair[1];
    return take_ends();
}

static bool learn_name(sock_t *s)
{
    socklen_t len = sizeof far_name;

    if (getsockname(sock_fd(s), (struct sockaddr *)&far_name, &len))
        return false;
    far_port = ntohs(far_name.sin_port);
    return true;
}

static bool make_udp(size_t size)
{
    (void)size;
    near = sock_create(AF_INET, SOCK_DGRAM, 0);
    far  = sock_create(AF_INET, SOCK_DGRAM, 0);
    return sock_bind(near, "127.0.0.1", 0) && sock_bind(far, "127.0.0.1", 0) &&
           learn_name(far) && take_ends();
}

static bool make_listener(size_t size)
{
    (void)size;
    far  = sock_create(AF_INET, SOCK_STREAM, 0);
    near = sock_create(AF_INET, SOCK_STREAM, 0);
    return sock_bind(near, "127.0.0.1", 0) && sock_listen(near, BATCH) &&
           learn_name(near) && take_ends();
}

static bool make_tcp(size_t size)
{
    sock_t *listener;

    if (!make_listener(size) || !sock_connect(far, "127.0.0.1", far_port))
        return false;
    listener = near;
    near     = sock_accept(listener);
    sock_close(listener);
    return take_ends() && (file = fdopen(dup(near_fd), "r")) &&
           !setvbuf(file, NULL, _IOFBF, BLOCK);
}

/* As many as the system lets, callgrind's own aside. */
static bool make_many(size_t size)
{
    struct rlimit most;

    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    idle     = size + 100 < most.rlim_cur ? size : most.rlim_cur - 100;
    many     = calloc(idle, sizeof *many);
    many_fds = calloc(idle, sizeof *many_fds);
    if (!many || !many_fds || !make_pair(0) || send(far_fd, "x", 1, 0) != 1)
        return false;
    many[idle / 2] = near;
    for (size_t i = 0; i < idle; i++) {
        if (!many[i] && !(many[i] = sock_create(AF_INET, SOCK_DGRAM, 0)))
            return false;
        many_fds[i] = sock_fd(many[i]);
    }
    return true;
}

static bool make_sets(size_t size)
{
    struct epoll_event e = {EPOLLIN, {NULL}};

    if (!make_many(size) || !(set = sock_poll_create()))
        return false;
    bare_set = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < idle; i++)
        if (!sock_poll_add(set, many[i], LIBSOCK_POLL_READ, NULL) ||
            epoll_ctl(bare_set, EPOLL_CTL_ADD, many_fds[i], &e))
            return false;
    return true;
}

/* ---- before and after, uncounted ---- */

static bool feed_bytes(size_t size)
{
    static const char bytes[BATCH];

    (void)size;
    return send(far_fd, bytes, BATCH, 0) == BATCH;
}

static bool feed_datagrams(size_t size)
{
    struct sockaddr_in to;
    socklen_t          len = sizeof to;

    (void)size;
    getsockname(near_fd, (struct sockaddr *)&to, &len);
    for (int i = 0; i < BATCH; i++)
        if (sendto(far_fd, "x", 1, 0, (struct sockaddr *)&to, len) != 1)
            return false;
    return true;
}

static bool feed_lines(size_t size)
{
    static char block[BLOCK];
    size_t      len = BLOCK / size * size;

    memset(block, 'x', sizeof block);
    for (size_t i = size - 1; i < len; i += size)
        block[i] = '\n';
    return send(far_fd, block, len, 0) == (ssize_t)len;
}

static bool feed_connections(size_t size)
{
    (void)size;
    for (int i = 0; i < BATCH; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        if (connect(fd, (struct sockaddr *)&far_name, sizeof far_name))
            return false;
        close(fd);
    }
    return true;
}

static bool drain(size_t size)
{
    char bytes[BATCH];

    (void)size;
    while (recv(far_fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    return true;
}

static bool nothing(size_t size)
{
    (void)size;
    return true;
}

/* ---- bytes ---- */

static bool raw_send(size_t i)
{
    (void)i;
    return send(near_fd, "x", 1, MSG_NOSIGNAL) == 1;
}

static bool lib_send(size_t i)
{
    (void)i;
    return sock_send(near, "x", 1, 0) == 1;
}

static bool lib_write(size_t i)
{
    (void)i;
    return sock_write(near, "x", 1) == 1;
}

static bool raw_recv(size_t i)
{
    char byte;

    (void)i;
    return recv(near_fd, &byte, 1, 0) == 1;
}

static bool lib_recv(size_t i)
{
    char byte;

    (void)i;
    return sock_recv(near, &byte, 1, 0) == 1;
}

static bool lib_read(size_t i)
{
    char byte;

    (void)i;
    return sock_read(near, &byte, 1, LIBSOCK_BINARY_READ) == 1;
}

/* ---- datagrams ---- */

static bool raw_sendto(size_t i)
{
    (void)i;
    return sendto(near_fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&far_name,
                  sizeof far_name) == 1;
}

static bool lib_sendto(size_t i)
{
    (void)i;
    return sock_sendto(near, "x", 1, 0, "127.0.0.1", far_port) == 1;
}

static bool raw_recvfrom(size_t i)
{
    struct sockaddr_in from;
    socklen_t          len = sizeof from;
    char               byte;

    (void)i;
    return recvfrom(near_fd, &byte, 1, 0, (struct sockaddr *)&from, &len) == 1;
}

static bool lib_recvfrom(size_t i)
{
    char byte, address[LIBSOCK_ADDRSTRLEN];
    int  port;

    (void)i;
    return sock_recvfrom(near, &byte, 1, 0, address, sizeof address, &port) ==
           1;
}

/* ---- lines ---- */

/* What one would write by hand. */
static ssize_t raw_line(char *out)
{
    static char  bytes[BLOCK];
    static char *at = bytes, *end = bytes;
    char        *feed = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    size_t       len;

    if (!feed) {
        ssize_t n = recv(near_fd, bytes, sizeof bytes, 0);

        at   = bytes;
        end  = bytes + (n > 0 ? n : 0);
        feed = n > 0 ? memchr(at, '\n', (size_t)n) : NULL;
    }
    if (!feed)
        return 0;
    len = (size_t)(feed - at) + 1;
    memcpy(out, at, len);
    at = feed + 1;
    return (ssize_t)len;
}

static bool raw_gets(size_t size)
{
    char out[256];

    return raw_line(out) == (ssize_t)size;
}

static bool lib_gets(size_t size)
{
    char out[256];

    return sock_gets(near, out, sizeof out) == (ssize_t)size;
}

static bool lib_lines(size_t size)
{
    char out[256];

    return sock_read(near, out, sizeof out, LIBSOCK_NORMAL_READ) ==
           (ssize_t)size;
}

static bool libc_gets(size_t size)
{
    return getline(&line, &line_room, file) == (ssize_t)size;
}

/* ---- waiting ---- */

static bool raw_select(size_t size)
{
    static struct pollfd fds[1024];
    size_t               ready = 0;

    (void)size;
    for (size_t i = 0; i < idle; i++)
        fds[i] = (struct pollfd){many_fds[i], POLLIN, 0};
    if (poll(fds, idle, -1) != 1)
        return false;
    for (size_t i = 0; i < idle; i++)
        ready += fds[i].revents != 0;
    return ready == 1;
}

static bool lib_select(size_t size)
{
    static sock_t *read[1024];
    size_t         ready = 0;

    (void)size;
    for (size_t i = 0; i < idle; i++)
        read[i] = many[i];
    if (sock_select(read, idle, NULL, 0, NULL, 0, -1) != 1)
        return false;
    for (size_t i = 0; i < idle; i++)
        ready += read[i] != NULL;
    return ready == 1;
}

static bool raw_wait(size_t size)
{
    struct epoll_event e[BATCH];

    (void)size;
    return epoll_wait(bare_set, e, BATCH, -1) == 1;
}

static bool lib_wait(size_t size)
{
    sock_event_t e[BATCH];

    (void)size;
    return sock_poll_wait(set, e, BATCH, -1) == 1;
}

static bool raw_accept(size_t size)
{
    int fd = accept4(near_fd, NULL, NULL, SOCK_CLOEXEC);

    (void)size;
    return fd >= 0 && !close(fd);
}

static bool lib_accept(size_t size)
{
    sock_t *s = sock_accept(near);

    (void)size;
    return s && sock_close(s);
}

/* ---- the works ---- */

typedef bool step(size_t size);

static const struct work {
    const char *name;
    size_t      size;  /* of a line, or of what is waited for */
    long        batch; /* calls in a round; 0: as many as lines go in a block */
    step       *make, *feed, *clean;
    step       *raw, *sock, *libc;
} works[] = {
    {"send", 0, BATCH, make_pair, nothing, drain, raw_send, lib_send, NULL},
    {"write", 0, BATCH, make_pair, nothing, drain, raw_send, lib_write, NULL},
    {"recv", 0, BATCH, make_pair, feed_bytes, nothing, raw_recv, lib_recv,
     NULL},
    {"read", 0, BATCH, make_pair, feed_bytes, nothing, raw_recv, lib_read,
     NULL},
    {"sendto", 0, BATCH, make_udp, nothing, drain, raw_sendto, lib_sendto,
     NULL},
    {"recvfrom", 0, BATCH, make_udp, feed_datagrams, nothing, raw_recvfrom,
     lib_recvfrom, NULL},
    {"gets_8", 8, 0, make_tcp, feed_lines, nothing, raw_gets, lib_gets,
     libc_gets},
    {"gets_32", 32, 0, make_tcp, feed_lines, nothing, raw_gets, lib_gets,
     libc_gets},
    {"gets_120", 120, 0, make_tcp, feed_lines, nothing, raw_gets, lib_gets,
     libc_gets},
    {"read_line_8", 8, 0, make_tcp, feed_lines, nothing, raw_gets, lib_lines,
     libc_gets},
    {"read_line_32", 32, 0, make_tcp, feed_lines, nothing, raw_gets, lib_lines,
     libc_gets},
    {"read_line_120", 120, 0, make_tcp, feed_lines, nothing, raw_gets,
     lib_lines, libc_gets},
    {"select_10", 10, 1, make_many, nothing, nothing, raw_select, lib_select,
     NULL},
    {"select_1000", 1000, 1, make_many, nothing, nothing, raw_select,
     lib_select, NULL},
    {"poll_wait", IDLE_MOST, 1, make_sets, nothing, nothing, raw_wait, lib_wait,
     NULL},
    {"accept_close", 0, BATCH, make_listener, feed_connections, nothing,
     raw_accept, lib_accept, NULL},
};

/* Its name is what callgrind is told to look for. */
__attribute__((noinline)) static bool measured(step *once, size_t size,
                                               long count)
{
    bool done = true;

    while (done && count--)
        done = once(size);
    return done;
}

__attribute__((noinline)) static bool rehearsed(step *once, size_t size,
                                                long count)
{
    bool done = true;

    for (long i = 0; done && i < count; i++)
        done = once(size);
    return done;
}

static bool run(const struct work *w, step *once, long count)
{
    long batch  = w->batch ? w->batch : (long)(BLOCK / w->size);
    int  before = ROUNDS_BEFORE;
    bool done   = w->make(w->size);

    while (done && (before || count > 0)) {
        done = w->feed(w->size) &&
               (before ? rehearsed : measured)(once, w->size, batch) &&
               w->clean(w->size);
        if (!before)
            count -= batch;
        before -= before > 0;
    }
    return done;
}

static int list(void)
{
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        puts(works[i].name);
    return 0;
}

static step *step_of(const struct work *w, const char *kind)
{
    if (!strcmp(kind, "raw"))
        return w->raw;
    return strcmp(kind, "sock") ? w->libc : w->sock;
}

int main(int argc, char **argv)
{
    long count = argc > 3 ? atol(argv[3]) : 0;

    if (argc == 2 && !strcmp(argv[1], "list"))
        return list();
    for (size_t i = 0; count > 0 && i < sizeof works / sizeof *works; i++)
        if (!strcmp(works[i].name, argv[1])) {
            step *once = step_of(&works[i], argv[2]);

            return !once ? 3 : run(&works[i], once, count) ? 0 : 1;
        }
    return 2;
}
