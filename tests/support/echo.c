/* echo.c - what both echo servers promise.
 *
 * SPDX-License-Identifier: MIT
 */
#include "echo.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>

#define MANY 80
#define MEGABYTE 1048576

static const char *greeting;

void echo_says(const char *text)
{
    greeting = text;
}

int echo_open(void **state)
{
    stage_open_server(state);
    stage_prints("%s on %s:%s\n", greeting, stage_place.address,
                 stage_place.port);
    return 0;
}

void echo_back(int fd, const void *bytes, size_t len)
{
    assert_true(spawn_send(fd, bytes, len));
    assert_true(spawn_expect(fd, bytes, len));
}

void bytes_come_back_as_they_are(void **state)
{
    int fd = stage_enter();

    (void)state;
    echo_back(fd, STAGE_BYTES("hello"));
    echo_back(fd, STAGE_BYTES("\0\r\n\xff\0"));
    echo_back(fd, STAGE_BYTES("x"));
}

void each_client_gets_its_own_bytes(void **state)
{
    int a = stage_enter(), b = stage_enter();

    (void)state;
    assert_true(spawn_send(a, "aaa", 3));
    assert_true(spawn_send(b, "bb", 2));
    assert_true(spawn_expect(b, "bb", 2));
    assert_true(spawn_expect(a, "aaa", 3));
    assert_true(spawn_expect_silence(a));
    assert_true(spawn_expect_silence(b));
}

/* Bytes in which each position is told from its neighbours. */
static char *make_bytes(size_t len)
{
    char  *bytes = malloc(len);
    size_t i;

    assert_non_null(bytes);
    for (i = 0; i < len; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    return bytes;
}

/* Send as much as the system takes at once; how much that was. */
static size_t stuff(int fd, const char *bytes, size_t len)
{
    size_t  done = 0;
    ssize_t n;

    while (done < len && (n = send(fd, bytes + done, len - done,
                                   MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
        done += (size_t)n;
    return done;
}

/* Send all of it and take what comes back meanwhile: is it the same? */
static bool comes_back(int fd, const char *bytes, size_t len)
{
    struct pollfd p    = {.fd = fd};
    size_t        sent = 0, back = 0;
    char          got[16384];
    ssize_t       n = 1;

    while (back < len && n > 0) {
        sent += stuff(fd, bytes + sent, len - sent);
        p.events = (short)(POLLIN | (sent < len ? POLLOUT : 0));
        if (poll(&p, 1, SPAWN_PATIENCE) != 1)
            return false;
        if (!(p.revents & POLLIN))
            continue;
        n = recv(fd, got, sizeof got, 0);
        if (n <= 0 || back + (size_t)n > len ||
            memcmp(got, bytes + back, (size_t)n) != 0)
            return false;
        back += (size_t)n;
    }
    return back == len;
}

void a_megabyte_comes_back_whole(void **state)
{
    char *bytes = make_bytes(MEGABYTE);
    int   fd    = stage_enter();

    (void)state;
    assert_true(comes_back(fd, bytes, MEGABYTE));
    free(bytes);
}

void what_was_sent_before_the_end_comes_back(void **state)
{
    char *bytes = make_bytes(100000);
    int   fd    = stage_enter();

    (void)state;
    assert_true(spawn_send(fd, bytes, 100000));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_true(spawn_expect(fd, bytes, 100000));
    stage_hears_end(fd);
    free(bytes);
}

void a_reset_does_no_harm(void **state)
{
    int other = stage_enter(), fd = stage_enter();

    (void)state;
    echo_back(fd, STAGE_BYTES("x"));
    stage_reset(fd);
    echo_back(other, STAGE_BYTES("still here"));
    echo_back(stage_enter(), STAGE_BYTES("so am I"));
}

/* Such a client is not read from either: what it may send has an end. When it
 * reads at last it has lost nothing. */
void who_does_not_read_harms_nobody(void **state)
{
    const size_t  len   = 64u * MEGABYTE;
    char         *bytes = make_bytes(len);
    int           deaf = stage_enter(), other = stage_enter();
    struct pollfd p    = {.fd = deaf, .events = POLLOUT};
    size_t        sent = 0;
    long          used;

    (void)state;
    do {
        sent += stuff(deaf, bytes + sent, len - sent);
        echo_back(other, STAGE_BYTES("hello"));
    } while (sent < len && poll(&p, 1, 50) == 1);
    assert_true(sent < len);
    used = stage_used();
    assert_true(spawn_expect_silence(other));
    assert_true(spawn_expect_silence(other));
    assert_true(stage_used() - used < 20); /* of 100 ms */
    assert_true(spawn_expect(deaf, bytes, sent));
    echo_back(deaf, STAGE_BYTES("back again"));
    free(bytes);
}

void many_clients_are_served(void **state)
{
    int fd[MANY], i;

    (void)state;
    for (i = 0; i < MANY; i++)
        fd[i] = stage_enter();
    for (i = 0; i < MANY; i++)
        assert_true(spawn_send(fd[i], &i, sizeof i));
    for (i = 0; i < MANY; i++)
        assert_true(spawn_expect(fd[i], &i, sizeof i));
}

/* The system interrupts a wait then. */
void a_stop_is_survived(void **state)
{
    int fd = stage_enter();

    (void)state;
    echo_back(fd, STAGE_BYTES("before"));
    stage_pause();
    stage_resume();
    echo_back(fd, STAGE_BYTES("after"));
    echo_back(stage_enter(), STAGE_BYTES("somebody else"));
}
