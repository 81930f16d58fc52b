/* net.c - sockets in the states that tests need.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int port_of(sock_t *s)
{
    int port = 0;

    assert_true(sock_getsockname(s, NULL, 0, &port));
    return port;
}

void tcp_pair(sock_t *pair[2])
{
    sock_t *server = sock_create_listen(0, 1);

    pair[0] = sock_create(AF_INET, SOCK_STREAM, 0);
    assert_true(sock_connect(pair[0], "127.0.0.1", port_of(server)));
    pair[1] = sock_accept(server);
    assert_non_null(pair[1]);
    sock_close(server);
}

void unix_pair(int type, sock_t *pair[2])
{
    assert_true(sock_create_pair(AF_UNIX, type, 0, pair));
}

void close_pair(sock_t *pair[2])
{
    sock_close(pair[0]);
    sock_close(pair[1]);
}

bool full_backlog_at(int domain, const char *address, int port, struct full *f)
{
    memset(f, 0, sizeof *f);
    f->listener = sock_create(domain, SOCK_STREAM, 0);
    if (!sock_bind(f->listener, address, port)) {
        sock_close(f->listener);
        return false;
    }
    assert_true(sock_listen(f->listener, 0));
    assert_true(
        sock_getsockname(f->listener, f->address, sizeof f->address, &f->port));
    for (int i = 0; i < 8; i++) {
        f->fillers[i] = sock_create(domain, SOCK_STREAM, 0);
        sock_set_timeout(f->fillers[i], 50);
        if (!sock_connect(f->fillers[i], f->address, f->port))
            return true;
    }
    fail_msg("the backlog does not fill");
    return false;
}

void full_backlog(int domain, struct full *f)
{
    assert_true(
        full_backlog_at(domain, domain == AF_INET ? "127.0.0.1" : "", 0, f));
}

void close_full(struct full *f)
{
    for (int i = 0; i < 8; i++)
        if (f->fillers[i])
            sock_close(f->fillers[i]);
    sock_close(f->listener);
}

sock_t *full_receiver(char *address, size_t size)
{
    sock_t *s      = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    sock_t *sender = sock_create(AF_UNIX, SOCK_DGRAM, 0);

    assert_true(sock_bind(s, "", 0));
    assert_true(sock_getsockname(s, address, size, NULL));
    while (sock_sendto(sender, "x", 1, MSG_DONTWAIT, address, 0) == 1)
        ;
    assert_int_equal(sock_last_error(sender), EAGAIN);
    sock_close(sender);
    return s;
}

static void send_what_fits(sock_t *s)
{
    static const char block[65536];

    while (sock_send(s, block, sizeof block, MSG_DONTWAIT) > 0)
        ;
    while (sock_send(s, block, 1, MSG_DONTWAIT) > 0)
        ;
    assert_int_equal(sock_last_error(s), EAGAIN);
}

/* What is under way is acknowledged late, and makes room once more. */
static void wait_until_acknowledged(sock_t *s)
{
    struct tcp_info info = {.tcpi_unacked = 1};
    size_t          size = sizeof info;

    for (int i = 0; i < 2000 && info.tcpi_unacked; i++) {
        poll(NULL, 0, 1);
        assert_true(sock_get_option(s, SOL_TCP, TCP_INFO, &info, &size));
    }
}

void fill(sock_t *s)
{
    int protocol = 0;

    sock_get_option_int(s, SOL_SOCKET, SO_PROTOCOL, &protocol);
    send_what_fits(s);
    for (int quiet = 0; quiet < 3 && protocol == IPPROTO_TCP; quiet++) {
        wait_until_acknowledged(s);
        if (sock_send(s, "x", 1, MSG_DONTWAIT) <= 0)
            continue;
        send_what_fits(s);
        quiet = -1;
    }
}

int open_descriptors(void)
{
    DIR *dir   = opendir("/proc/self/fd");
    int  count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 3; /* ".", "..", the folder itself */
}

int running_threads(void)
{
    DIR *dir   = opendir("/proc/self/task");
    int  count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2; /* ".", ".." */
}

void wait_for_threads(int count)
{
    for (int i = 0; i < 10000 && running_threads() != count; i++)
        poll(NULL, 0, 1);
    assert_int_equal(running_threads(), count);
}

int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Asleep twice in a row, a moment apart: not on the way. */
void wait_until_asleep(int tid)
{
    char path[64];
    int  asleep = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", tid);
    for (int i = 0; i < 10000 && asleep < 3; i++) {
        char  line[512] = "";
        FILE *stat      = fopen(path, "r");
        char *end;

        assert_non_null(stat);
        assert_non_null(fgets(line, sizeof line, stat));
        fclose(stat);
        end    = strrchr(line, ')');
        asleep = end && end[2] == 'S' ? asleep + 1 : 0;
        poll(NULL, 0, 1);
    }
    assert_true(asleep >= 3);
}

static int descriptors;

/* So many slots are worth one. */
void have_a_set_kept(void)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t *slots[64];

    for (int i = 0; i < 64; i++)
        slots[i] = s;
    sock_select(slots, 64, NULL, 0, NULL, 0, 0);
    sock_close(s);
}

int count_descriptors(void **state)
{
    (void)state;
    alarm(110); /* what hangs has failed */
    have_a_set_kept();
    descriptors = open_descriptors();
    return 0;
}

int compare_descriptors(void **state)
{
    int now = open_descriptors();

    (void)state;
    if (now == descriptors)
        return 0;
    print_error("%d descriptors before, %d after\n", descriptors, now);
    exit(1); /* a failing teardown does not fail the program */
}
