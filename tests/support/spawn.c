/* spawn.c - a program under test, and plain sockets to talk to it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "spawn.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/tcp.h>

#include <linux/sockios.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- time ---- */

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait for an event on fd until then; without fd, for a moment. */
static bool wait_for(int fd, short events, long until)
{
    struct pollfd p    = {.fd = fd, .events = events};
    long          left = until - now_ms();

    if (left < 0)
        return false;
    if (fd < 0) {
        (void)poll(NULL, 0, 5);
        return true;
    }
    return poll(&p, 1, (int)left) == 1;
}

/* ---- the program ---- */

static void become(const char *program, char **argv,
                   const struct spawn_setting *setting)
{
    const char *const *more = setting->variables;
    const char        *end;
    char               name[64];

    for (; more && *more && (end = strchr(*more, '=')); more++) {
        (void)snprintf(name, sizeof name, "%.*s", (int)(end - *more), *more);
        (void)setenv(name, end + 1, 1);
    }
    signal(SIGPIPE, SIG_DFL);
    alarm(60);
    if (!setting->folder || chdir(setting->folder) == 0)
        execv(program, argv);
    dprintf(STDERR_FILENO, "%s: %s\n", program, strerror(errno));
    _exit(127);
}

static void redirect(int out, int err)
{
    int null = open("/dev/null", O_RDONLY);

    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(null);
}

bool spawn_start(struct spawn *p, const char *program, const char *const *args)
{
    return spawn_start_in(p, &(struct spawn_setting){0}, program, args);
}

bool spawn_start_in(struct spawn *p, const struct spawn_setting *setting,
                    const char *program, const char *const *args)
{
    char  *argv[16] = {strdup(program)};
    int    out[2], err[2];
    size_t i;

    for (i = 0; args[i] && i + 2 < sizeof argv / sizeof *argv; i++)
        argv[i + 1] = strdup(args[i]);
    *p = (struct spawn){.out = -1, .err = -1, .status = -1};
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
        return false;
    p->pid = fork();
    if (p->pid == 0) {
        redirect(out[1], err[1]);
        become(program, argv, setting);
    }
    close(out[1]);
    close(err[1]);
    p->out = out[0];
    p->err = err[0];
    for (i = 0; argv[i]; i++)
        free(argv[i]);
    return p->pid > 0;
}

/* Has it ended? Keeps the status if so. */
static bool ended(struct spawn *p)
{
    int status;

    if (p->pid <= 0)
        return true;
    if (waitpid(p->pid, &status, WNOHANG) != p->pid)
        return false;
    p->pid    = 0;
    p->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (WIFSIGNALED(status))
        fprintf(stderr, "the program was killed: %s\n",
                strsignal(WTERMSIG(status)));
    return true;
}

int spawn_wait(struct spawn *p)
{
    long until = now_ms() + SPAWN_PATIENCE;

    while (!ended(p))
        if (!wait_for(-1, 0, until))
            return -1;
    return p->status;
}

/* What the program complained about and nobody read. */
static void show_complaints(int err)
{
    char    text[4096];
    ssize_t n;

    fcntl(err, F_SETFL, O_NONBLOCK);
    while ((n = read(err, text, sizeof text)) > 0)
        fwrite(text, 1, (size_t)n, stderr);
}

void spawn_stop(struct spawn *p)
{
    if (!ended(p)) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    if (p->err >= 0) {
        show_complaints(p->err);
        close(p->err);
    }
    if (p->out >= 0)
        close(p->out);
    *p = (struct spawn){.out = -1, .err = -1, .status = -1};
}

/* ---- places ---- */

static int bound(const struct spawn_place *place, int type)
{
    int fd = socket(place->any.sa_family, type | SOCK_CLOEXEC, 0);

    if (fd >= 0 && bind(fd, &place->any, place->size) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Its address as text. in6 has its port where in has it. */
static void spell(struct spawn_place *place)
{
    if (place->any.sa_family == AF_INET)
        inet_ntop(AF_INET, &place->in.sin_addr, place->address,
                  sizeof place->address);
    else
        (void)snprintf(place->address, sizeof place->address, "[::1]");
    (void)snprintf(place->port, sizeof place->port, "%d",
                   ntohs(place->in.sin_port));
}

void spawn_place_of(int fd, struct spawn_place *place)
{
    *place = (struct spawn_place){.size = sizeof place->un};
    getsockname(fd, &place->any, &place->size);
    spell(place);
}

/* Have the system pick a port of TCP; false if it is taken in UDP. */
static bool pick_port(struct spawn_place *place)
{
    int fd;

    place->in.sin_port = 0;
    if ((fd = bound(place, SOCK_STREAM)) < 0)
        return false;
    getsockname(fd, &place->any, &place->size);
    close(fd);
    if ((fd = bound(place, SOCK_DGRAM)) < 0)
        return false;
    close(fd);
    spell(place);
    return true;
}

void spawn_place_pick(struct spawn_place *place)
{
    static unsigned salt;
    unsigned        seed;

    *place = (struct spawn_place){.in   = {.sin_family = AF_INET},
                                  .size = sizeof place->in};
    do {
        seed = (unsigned)getpid() * 2654435761u + (unsigned)now_ms() +
               salt++ * 40503u;
        place->in.sin_addr.s_addr =
            htonl(0x7f000000 | (seed >> 8 & 0xfefefe) | 1);
    } while (!pick_port(place));
}

bool spawn_place_pick6(struct spawn_place *place)
{
    int tries = 100;

    *place = (struct spawn_place){
        .in6  = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT},
        .size = sizeof place->in6};
    while (!pick_port(place))
        if (--tries == 0)
            return false;
    return true;
}

void spawn_place_path(struct spawn_place *place, const char *path)
{
    *place = (struct spawn_place){.un   = {.sun_family = AF_UNIX},
                                  .size = sizeof place->un};
    (void)snprintf(place->un.sun_path, sizeof place->un.sun_path, "%s", path);
}

int spawn_occupy(const struct spawn_place *place, int type)
{
    int fd = bound(place, type);

    if (fd >= 0 && type == SOCK_STREAM)
        listen(fd, 5);
    return fd;
}

/* Have little room for what comes, and the peer soon full. */
static void make_little(int fd)
{
    const int room = 2048, segment = 536;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
}

static int connect_to(struct spawn *p, const struct spawn_place *place,
                      bool little)
{
    struct timeval patience = {.tv_sec = SPAWN_PATIENCE / 1000};
    long           until    = now_ms() + SPAWN_PATIENCE;
    int            fd;

    do {
        fd = socket(place->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (little)
            make_little(fd);
        if (connect(fd, &place->any, place->size) == 0)
            return fd;
        close(fd);
    } while (!ended(p) && wait_for(-1, 0, until));
    fprintf(stderr, "nobody listens at %s:%s\n", place->address, place->port);
    return -1;
}

int spawn_connect(struct spawn *p, const struct spawn_place *place)
{
    return connect_to(p, place, false);
}

int spawn_connect_little(struct spawn *p, const struct spawn_place *place)
{
    return connect_to(p, place, true);
}

/* The address as /proc/net/udp and udp6 write it. */
static void write_listed(const struct spawn_place *place, char *text,
                         size_t size)
{
    const uint32_t *six  = place->in6.sin6_addr.s6_addr32;
    int             port = ntohs(place->in.sin_port);

    if (place->any.sa_family == AF_INET)
        (void)snprintf(text, size, "%08X:%04X", place->in.sin_addr.s_addr,
                       port);
    else
        (void)snprintf(text, size, "%08X%08X%08X%08X:%04X", six[0], six[1],
                       six[2], six[3], port);
}

static bool listed_as_udp(const struct spawn_place *place)
{
    bool  is_6 = place->any.sa_family == AF_INET6;
    FILE *list = fopen(is_6 ? "/proc/net/udp6" : "/proc/net/udp", "r");
    char  line[256], wanted[48], local[48];
    bool  found = false;

    if (!list)
        return false;
    write_listed(place, wanted, sizeof wanted);
    while (!found && fgets(line, sizeof line, list))
        found = sscanf(line, " %*d: %47s", local) == 1 &&
                strcmp(local, wanted) == 0;
    fclose(list);
    return found;
}

bool spawn_has_udp(struct spawn *p, const struct spawn_place *place)
{
    long until = now_ms() + SPAWN_PATIENCE;

    while (!listed_as_udp(place))
        if (ended(p) || !wait_for(-1, 0, until))
            return false;
    return true;
}

int spawn_accept(int listener)
{
    if (!wait_for(listener, POLLIN, now_ms() + SPAWN_PATIENCE))
        return -1;
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

/* ---- bytes ---- */

bool spawn_send(int fd, const void *bytes, size_t len)
{
    const char *at    = bytes;
    long        until = now_ms() + SPAWN_PATIENCE;
    ssize_t     n;

    do {
        if (!wait_for(fd, POLLOUT, until))
            return false;
        n = send(fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            return false;
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    } while (len > 0);
    return true;
}

bool spawn_arrives(int fd)
{
    long until = now_ms() + SPAWN_PATIENCE;
    int  left  = -1;

    while (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0)
        if (!wait_for(-1, 0, until))
            return false;
    return left == 0;
}

static bool complain(const char *what, const void *bytes, size_t len)
{
    fprintf(stderr, "%s: \"", what);
    fwrite(bytes, 1, len, stderr);
    fprintf(stderr, "\"\n");
    return false;
}

bool spawn_expect(int fd, const void *bytes, size_t len)
{
    long    until = now_ms() + SPAWN_PATIENCE;
    char   *got   = malloc(len + 1);
    size_t  have  = 0;
    ssize_t n     = 1;
    bool    equal;

    while (n > 0 && have < len && wait_for(fd, POLLIN, until)) {
        n = read(fd, got + have, len - have);
        have += n > 0 ? (size_t)n : 0;
    }
    equal = have == len && memcmp(got, bytes, len) == 0;
    if (!equal) {
        complain("expected", bytes, len);
        complain("but got", got, have);
    }
    free(got);
    return equal;
}

bool spawn_expect_text(int fd, const char *text)
{
    return spawn_expect(fd, text, strlen(text));
}

ssize_t spawn_read(int fd, void *bytes, size_t size)
{
    if (!wait_for(fd, POLLIN, now_ms() + SPAWN_PATIENCE)) {
        errno = ETIMEDOUT;
        return -1;
    }
    return read(fd, bytes, size);
}

bool spawn_read_line(int fd, char *line, size_t size)
{
    size_t have = 0;

    while (have + 1 < size && spawn_read(fd, line + have, 1) == 1)
        if (line[have++] == '\n')
            break;
    line[have] = '\0';
    return (have > 0 && line[have - 1] == '\n') ||
           complain("expected a line, but got", line, have);
}

bool spawn_expect_end(int fd)
{
    char    more[256];
    ssize_t n;

    if (!wait_for(fd, POLLIN, now_ms() + SPAWN_PATIENCE))
        return complain("expected the end, but got", "", 0);
    n = read(fd, more, sizeof more);
    return n <= 0 ? n == 0
                  : complain("expected the end, but got", more, (size_t)n);
}

bool spawn_expect_cut(int fd)
{
    char    more[256];
    ssize_t n;

    if (!wait_for(fd, POLLIN, now_ms() + SPAWN_PATIENCE))
        return complain("expected to be cut off, but got", "", 0);
    n = recv(fd, more, sizeof more, 0);
    return n <= 0
               ? n == 0 || errno == ECONNRESET
               : complain("expected to be cut off, but got", more, (size_t)n);
}

bool spawn_expect_packet(int fd, const void *bytes, size_t len)
{
    char   *got = malloc(len + 1);
    ssize_t n   = -1;
    bool    equal;

    if (wait_for(fd, POLLIN, now_ms() + SPAWN_PATIENCE))
        n = recv(fd, got, len + 1, 0);
    equal = n == (ssize_t)len && memcmp(got, bytes, len) == 0;
    if (!equal)
        complain("got the packet", got, n > 0 ? (size_t)n : 0);
    free(got);
    return equal;
}

bool spawn_expect_silence(int fd)
{
    return !wait_for(fd, POLLIN, now_ms() + 50);
}

void spawn_reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}
