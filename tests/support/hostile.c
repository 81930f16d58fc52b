/* hostile.c - clients that mean a server no good, and guests beside them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "hostile.h"

#include <sys/socket.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST 64
#define GUESTS 16

struct peer {
    int    fd;
    size_t sent;
    bool   is_cut; /* it has seen the end of its connection */
};

static const struct hostile *now_here; /* the kind of the peers */
static struct peer           peers[MOST];
static int                   count;
static char                  block[65536]; /* what they send, again and again */
static struct guest          guests[GUESTS];

/* ---- the kinds ---- */

/* The same bytes each time. */
static void fill_with_garbage(char *bytes, size_t size)
{
    unsigned seed = 1;

    while (size-- > 0) {
        seed     = seed * 1103515245u + 12345u;
        *bytes++ = (char)(seed >> 16);
    }
}

static void fill_with_nuls(char *bytes, size_t size)
{
    memset(bytes, 0, size);
}

static void fill_with_letters(char *bytes, size_t size)
{
    memset(bytes, 'x', size);
}

static void fill_with_lines(char *bytes, size_t size)
{
    size_t i;

    fill_with_letters(bytes, size);
    for (i = 1999; i < size; i += 2000)
        bytes[i] = '\n';
}

const struct hostile hostile_garbage = {
    .count = 4, .len = sizeof block, .fill = fill_with_garbage};
const struct hostile hostile_nuls = {
    .count = 4, .len = sizeof block, .fill = fill_with_nuls};
const struct hostile hostile_long_lines = {
    .count = 2, .len = 1 << 20, .fill = fill_with_letters};
const struct hostile hostile_half_liners = {
    .count = 12, .len = 2, .fill = fill_with_letters};
const struct hostile hostile_idlers = {.count = 60, .fill = fill_with_nuls};
const struct hostile hostile_half_closers = {.count = 8,
                                             .len   = 2,
                                             .fill  = fill_with_letters,
                                             .end   = HOSTILE_HALF_CLOSES};
const struct hostile hostile_resetters    = {
       .count = 20, .len = 2, .fill = fill_with_letters, .end = HOSTILE_RESETS};
const struct hostile hostile_droppers = {
    .count = 40, .fill = fill_with_nuls, .end = HOSTILE_LEAVES};
const struct hostile hostile_slow_readers = {
    .count = 20, .len = SIZE_MAX, .fill = fill_with_lines, .deaf = true};

/* ---- the hostile ---- */

static void forget(int i)
{
    peers[i] = peers[--count];
}

/* A peer sends what is taken; when it has sent everything, its end comes. */
static void act(int i)
{
    static int   leavers;
    struct peer *p    = &peers[i];
    size_t       at   = p->sent % sizeof block;
    size_t       left = now_here->len - p->sent;
    ssize_t      n    = 0;

    if (left > sizeof block - at)
        left = sizeof block - at;
    if (left > 0)
        n = send(p->fd, block + at, left, MSG_DONTWAIT | MSG_NOSIGNAL);
    p->is_cut = n < 0 && errno != EAGAIN;
    p->sent += n > 0 ? (size_t)n : 0;
    if (p->is_cut || p->sent < now_here->len)
        return;
    if (now_here->end == HOSTILE_HALF_CLOSES) {
        shutdown(p->fd, SHUT_WR);
    } else if (now_here->end != HOSTILE_STAYS) {
        if (now_here->end == HOSTILE_RESETS || leavers++ % 2 == 0)
            stage_reset(p->fd);
        else
            stage_leave(p->fd);
        forget(i);
    }
}

static void throw_away(struct peer *p)
{
    char    trash[65536];
    ssize_t n = recv(p->fd, trash, sizeof trash, MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN))
        p->is_cut = true;
}

void hostile_begin(void)
{
    count = 0;
    for (int i = 0; i < GUESTS; i++)
        guests[i].fd = -1;
}

void hostile_come(const struct hostile *kind, int number)
{
    int i, first = count;

    now_here = kind;
    kind->fill(block, sizeof block);
    while (number-- > 0) {
        assert_true(count < MOST);
        peers[count++] = (struct peer){.fd = kind->deaf ? stage_enter_little()
                                                        : stage_enter()};
    }
    for (i = count; i > first; i--) /* act() may let one go */
        act(i - 1);
}

void hostile_go(void)
{
    while (count > 0)
        stage_leave(peers[--count].fd);
}

int hostile_left(void)
{
    int left = 0;

    for (int i = 0; i < count; i++)
        left += !peers[i].is_cut;
    return left;
}

static bool has_more(const struct peer *p)
{
    return !p->is_cut && p->sent < now_here->len;
}

void hostile_rest(void)
{
    bool more;

    do {
        more = false;
        for (int i = 0; i < count; i++)
            more = more || has_more(&peers[i]);
    } while (more && hostile_move(100));
}

/* ---- the loop ---- */

/* What a guest gets; of very much only the last. */
static void listen_to(struct guest *g)
{
    ssize_t n;

    if (g->have == sizeof g->heard) {
        g->have /= 2;
        memcpy(g->heard, g->heard + g->have, g->have);
    }
    n = recv(g->fd, g->heard + g->have, sizeof g->heard - g->have,
             MSG_DONTWAIT);
    if (n > 0)
        g->have += (size_t)n;
    else if (n == 0 || errno != EAGAIN)
        g->ended = true;
}

/* What each one waits for; the program's output comes first. */
static nfds_t list(struct pollfd *p)
{
    nfds_t n = 0;
    int    i;

    p[n++] = (struct pollfd){.fd = stage.out, .events = POLLIN};
    for (i = 0; i < GUESTS; i++, n++)
        p[n] = (struct pollfd){.fd     = guests[i].ended ? -1 : guests[i].fd,
                               .events = POLLIN};
    for (i = 0; i < count; i++, n++) {
        p[n] = (struct pollfd){.fd = peers[i].is_cut ? -1 : peers[i].fd};
        if (!now_here->deaf)
            p[n].events |= POLLIN;
        if (has_more(&peers[i]))
            p[n].events |= POLLOUT;
    }
    return n;
}

bool hostile_move(int milliseconds)
{
    struct pollfd p[1 + GUESTS + MOST], *of_peers = p + 1 + GUESTS;
    char          trash[65536];
    int           i;

    if (poll(p, list(p), milliseconds) < 1)
        return false;
    if (p[0].revents && read(stage.out, trash, sizeof trash) <= 0)
        fail_msg("the program has ended");
    for (i = 0; i < GUESTS; i++)
        if (p[1 + i].revents)
            listen_to(&guests[i]);
    /* Backwards, as a gap is filled with the last. */
    for (i = count - 1; i >= 0; i--) {
        if (of_peers[i].revents & POLLIN)
            throw_away(&peers[i]);
        if (of_peers[i].revents & (POLLERR | POLLHUP))
            peers[i].is_cut = true;
        else if (of_peers[i].revents & POLLOUT)
            act(i);
    }
    return true;
}

/* Move on until then; false if it is too late. */
static bool move_until(long then)
{
    long left = then - hostile_now();

    if (left > 0)
        (void)hostile_move((int)left);
    return left > 0;
}

/* ---- guests ---- */

struct guest *guest_enters(void)
{
    int i = 0;

    while (guests[i].fd >= 0)
        assert_true(++i < GUESTS);
    guests[i].have  = 0;
    guests[i].ended = false;
    guests[i].fd    = stage_enter();
    return &guests[i];
}

void guest_leaves(struct guest *g)
{
    stage_leave(g->fd);
    g->fd = -1;
}

void guest_says(struct guest *g, const char *text)
{
    assert_true(spawn_send(g->fd, text, strlen(text)));
}

bool guest_has_heard(struct guest *g, const char *text)
{
    size_t len = strlen(text);
    char  *at  = memmem(g->heard, g->have, text, len);

    if (!at)
        return false;
    g->have -= (size_t)(at - g->heard) + len;
    memmove(g->heard, at + len, g->have);
    return true;
}

void guest_hears(struct guest *g, const char *text)
{
    long until = hostile_now() + HOSTILE_PATIENCE;

    while (!guest_has_heard(g, text))
        if (g->ended || !move_until(until))
            fail_msg("expected \"%s\", but %s after \"%.*s\"", text,
                     g->ended ? "it ended" : "nothing came", (int)g->have,
                     g->heard);
}

void guest_hears_end(struct guest *g)
{
    long until = hostile_now() + HOSTILE_PATIENCE;

    while (!g->ended)
        assert_true(move_until(until));
}

/* ---- the program ---- */

int hostile_descriptors(int below)
{
    char           path[64];
    struct dirent *e;
    DIR           *d;
    int            n = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)stage.pid);
    d = opendir(path);
    assert_non_null(d);
    while ((e = readdir(d)))
        n += *e->d_name != '.' && atoi(e->d_name) < below;
    closedir(d);
    return n;
}

void hostile_await_descriptors(int wanted)
{
    long until = hostile_now() + HOSTILE_PATIENCE;
    int  have;

    while ((have = hostile_descriptors(INT_MAX)) != wanted) {
        if (hostile_now() > until)
            fail_msg("%d descriptors, expected %d", have, wanted);
        (void)hostile_move(5);
    }
}

long hostile_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
