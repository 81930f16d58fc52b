/* test_udp_indexed_server.c - the UDP server counts each peer's packets, empty
 * ones too, and answers with the count. */
#include "support/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PROGRAM EXAMPLES_DIR "/udp_indexed_server"

static struct spawn       server;
static struct spawn_place place;

static bool launch(void)
{
    return spawn_start(&server, PROGRAM,
                       (const char *[]){place.address, place.port, NULL});
}

static int start(void **state)
{
    (void)state;
    spawn_place_pick(&place);
    return launch() && spawn_has_udp(&server, &place) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    spawn_stop(&server);
    return 0;
}

/* A peer with an address of its own. */
static int peer(struct spawn_place *own)
{
    int fd;

    spawn_place_pick(own);
    fd = spawn_occupy(own, SOCK_DGRAM);
    assert_int_equal(connect(fd, (struct sockaddr *)&place.in, sizeof place.in),
                     0);
    return fd;
}

/* The packet is answered and printed with this prefix. */
static void counts(int fd, const struct spawn_place *own, const char *packet,
                   const char *prefix)
{
    char printed[256], answer[128];
    int  n = snprintf(answer, sizeof answer, "%s%s", prefix, packet);

    assert_int_equal(send(fd, packet, strlen(packet), 0), strlen(packet));
    assert_true(spawn_expect_packet(fd, answer, (size_t)n));
    (void)snprintf(printed, sizeof printed, "%s:%s %s\n", own->address,
                   own->port, answer);
    assert_true(spawn_expect_text(server.out, printed));
}

static void each_peer_has_its_count(void **state)
{
    struct spawn_place a, b;
    int                one = peer(&a), two = peer(&b);

    (void)state;
    counts(one, &a, "one", "packet 1: ");
    counts(one, &a, "two", "packet 2: ");
    counts(two, &b, "three", "packet 1: ");
    counts(one, &a, "four", "packet 3: ");
    close(one);
    close(two);
}

static void empty_packets_count(void **state)
{
    struct spawn_place a;
    int                one = peer(&a);

    (void)state;
    counts(one, &a, "", "packet 1: ");
    counts(one, &a, "x\n", "packet 2: ");
    close(one);
}

static void nul_bytes_are_kept(void **state)
{
    struct spawn_place a;
    int                one = peer(&a);

    (void)state;
    assert_int_equal(send(one, "\0a\0", 3, 0), 3);
    assert_true(spawn_expect_packet(one, "packet 1: \0a\0", 13));
    assert_true(spawn_expect_text(server.out, a.address));
    assert_true(spawn_expect_text(server.out, ":"));
    assert_true(spawn_expect_text(server.out, a.port));
    assert_true(spawn_expect(server.out, " packet 1: \0a\0\n", 15));
    close(one);
}

static void a_long_packet_is_cut_at_32768(void **state)
{
    struct spawn_place a;
    char              *packet = malloc(40000);
    int                one    = peer(&a);

    (void)state;
    memset(packet, 'y', 40000);
    assert_int_equal(send(one, packet, 40000, 0), 40000);
    memcpy(packet, "packet 1: ", 10);
    assert_true(spawn_expect_packet(one, packet, 10 + 32768));
    free(packet);
    close(one);
}

static void a_peer_that_is_gone_does_no_harm(void **state)
{
    struct spawn_place a, b;
    int                one = peer(&a), two;

    (void)state;
    assert_int_equal(send(one, "bye", 3, 0), 3);
    close(one);
    two = peer(&b);
    assert_int_equal(send(two, "hello", 5, 0), 5);
    assert_true(spawn_expect_packet(two, "packet 1: hello", 15));
    close(two);
}

static void a_taken_port_is_told(void **state)
{
    char text[128];
    int  holder;

    (void)state;
    spawn_place_pick(&place);
    holder = spawn_occupy(&place, SOCK_DGRAM);
    assert_true(launch());
    (void)snprintf(text, sizeof text,
                   "Failed to bind to %s:%s: Address already in use",
                   place.address, place.port);
    assert_true(spawn_expect_text(server.out, text));
    assert_true(spawn_expect_end(server.out));
    assert_int_equal(spawn_wait(&server), 0);
    close(holder);
}

static void help_is_printed(void **state)
{
    (void)state;
    assert_true(
        spawn_start(&server, PROGRAM, (const char *[]){"--help", NULL}));
    assert_true(
        spawn_expect_text(server.out, "usage: " PROGRAM " [ADDRESS [PORT]]\n"));
    assert_int_equal(spawn_wait(&server), 0);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define ALONE(test) cmocka_unit_test_teardown(test, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(each_peer_has_its_count),
        SERVED(empty_packets_count),
        SERVED(nul_bytes_are_kept),
        SERVED(a_long_packet_is_cut_at_32768),
        SERVED(a_peer_that_is_gone_does_no_harm),
        ALONE(a_taken_port_is_told),
        ALONE(help_is_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
